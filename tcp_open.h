/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TCP_OPEN_H
#define TCP_OPEN_H

#include <stdbool.h>
#include <stdint.h>

#include "conn.h"
#include "frame.h"
#include "fwd.h"
#include "tcp_seg.h"

void	tcp_open_dial(const struct frame *f, const struct tcp_seg *s, uint64_t now);
void	tcp_open_accept(const struct fwd_conn *in, uint64_t now);
void	tcp_open_connected(struct conn *c, uint64_t now);
void	tcp_open_failed(struct conn *c, int error, uint64_t now);
void	tcp_open_dialing(struct conn *c, const struct frame *f, const struct tcp_seg *s,
			 uint64_t now);
bool	tcp_open_dialed(struct conn *c, const struct frame *f, const struct tcp_seg *s,
			uint64_t now);
void	tcp_open_called(struct conn *c, const struct frame *f, const struct tcp_seg *s,
			uint64_t now);

#endif /* TCP_OPEN_H */
