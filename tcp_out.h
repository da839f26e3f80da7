/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TCP_OUT_H
#define TCP_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "tcp_seg.h"

/* What is watched for on the socket of a connection, always */
#define TCP_EVENTS	(EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET)

/* Verdict about the sequence number of a segment */
enum tcp_fit {
	TCP_FIT_OK,		/* it begins at or before what is expected */
	TCP_FIT_GAP,		/* in the window, but something is missing before it */
	TCP_FIT_NOT,		/* outside of the window: all of it came before, or it
				 * begins beyond; acknowledge, drop */
};

void	tcp_out_init(void);
void	tcp_out_rest(struct tcp_conn *t);
enum tcp_fit tcp_out_fit(const struct tcp_conn *t, const struct tcp_batch *b,
			 const struct tcp_seg *s);
uint32_t tcp_out_next(const struct tcp_conn *t, const struct tcp_batch *b);
void	tcp_out_gather(struct tcp_conn *t, struct tcp_batch *b, const struct frame *f,
		       const struct tcp_seg *s);
void	tcp_out_keep(struct tcp_conn *t, const struct frame *f, const struct tcp_seg *s);
int	tcp_out_flush(struct conn *c, struct tcp_batch *b);
void	tcp_out_window(struct conn *c);
void	tcp_out_ack_now(struct tcp_conn *t);
bool	tcp_out_ack_waits(struct tcp_conn *t, uint64_t now);
int	tcp_out_ready(struct conn *c);
int	tcp_out_finish(struct conn *c);

#endif /* TCP_OUT_H */
