/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TCP_IN_H
#define TCP_IN_H

#include "tcp_seg.h"

void	tcp_in_init(void);
bool	tcp_in_ack(struct conn *c, struct tcp_batch *b, const struct tcp_seg *s,
		   uint64_t now);
int	tcp_in_flush(struct conn *c, const struct tcp_batch *b, uint64_t now);
int	tcp_in_push(struct conn *c, uint64_t now);
void	tcp_in_lost(struct conn *c);
int	tcp_in_timeout(struct conn *c, uint64_t now);
struct conn *tcp_in_unstall(void);

#endif /* TCP_IN_H */
