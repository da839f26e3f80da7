/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TCP_END_H
#define TCP_END_H

#include <stdint.h>

#include "conn.h"

#define TCP_KEEPALIVE_US	UINT64_C(7200000000)	/* RFC 9293, 3.8.4: no less */

void	tcp_end_init(void);
void	tcp_end_adopted(const struct conn *c);
void	tcp_end_release(struct conn *c);
void	tcp_end_abort(struct conn *c);
void	tcp_end_reset(struct conn *c, const char *why);
void	tcp_end_watch(struct tcp_conn *t, uint64_t now);
void	tcp_end_settle(struct conn *c, int rc, uint64_t now);
void	tcp_end_drain(struct conn *c, uint64_t now);
void	tcp_end_timeout(struct conn *c, uint64_t now);

#endif /* TCP_END_H */
