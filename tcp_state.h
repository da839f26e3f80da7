/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TCP_STATE_H
#define TCP_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "conn.h"
#include "tcp_fsm.h"

/* Bits of tcp_conn.flags */
enum {
	TCPF_WSCALE	= 1 << 0,	/* the guest offered window scaling */
	TCPF_ACK_DUE	= 1 << 1,	/* something to acknowledge or to announce */
	TCPF_ARMED	= 1 << 2,	/* an event follows when the send queue drains */
	TCPF_DRAINED	= 1 << 3,	/* the receive queue held nothing new */
	TCPF_STALLED	= 1 << 4,	/* in the list of those the link had no room for */
	TCPF_RECOVERY	= 1 << 5,	/* fast recovery, until @recover is acknowledged */
	TCPF_WATCH	= 1 << 6,	/* check_at looks whether the host stalls */
	TCPF_FRAGMENT	= 1 << 7,	/* black hole: the host's routers may fragment */
	TCPF_FROM_HOST	= 1 << 8,	/* the remote end opened it */
	TCPF_PROBE	= 1 << 9,	/* rto_at is to probe a closed window */
	TCPF_FIN_SENT	= 1 << 10,	/* @sent counts our FIN, perhaps rewound */
	TCPF_UNEVEN	= 1 << 11,	/* a FIN or an urgent mark is in the receive
					 * queue: a short peek is not the end of it */
	TCPF_SACK	= 1 << 12,	/* the guest understands SACK options */
};

/* What is watched for on the socket of a connection, always */
#define TCP_EVENTS	(EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET)

/* What is offered to the guest: windows of up to 16 MiB */
enum { TCP_WSCALE = 8 };

void	tcp_move(struct conn *c, enum tcp_event ev);
void	tcp_half_move(struct conn *c, enum conn_dir dir, enum tcp_half_event ev);
void	tcp_schedule(struct conn *c);
void	tcp_check(const struct conn *c);
const char *tcp_state_name(const struct conn *c);

/* First number behind all the guest sent that we took: what to acknowledge */
static inline uint32_t tcp_ack_number(const struct tcp_conn *t)
{
	return t->rcv + (t->half[OUT] == HALF_DONE);
}

/* Bytes, and our FIN, that are in flight to the guest */
static inline uint32_t tcp_in_flight(const struct tcp_conn *t)
{
	return t->nxt - t->una;
}

#endif /* TCP_STATE_H */
