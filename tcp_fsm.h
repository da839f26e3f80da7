/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TCP_FSM_H
#define TCP_FSM_H

#include <stdbool.h>
#include <stdint.h>

#include "conn.h"

/* How far the two handshakes of a connection are */
enum tcp_phase {
	PH_FREE,	/* fresh entry of the table; no edge leads here */
	PH_DIAL,	/* guest's SYN came, the host's socket is connecting */
	PH_DIALED,	/* that is connected, our SYN-ACK went to the guest */
	PH_CALL,	/* the host accepted, our SYN went to the guest */
	PH_OPEN,	/* both handshakes are done, the halves say the rest */
	PH_DRAIN,	/* guest reset it: the host's queue may still run out */
	PH_WAIT,	/* both sides closed: a last FIN may be repeated */
	PH_DEAD,	/* about to be freed */
	PH_NUM
};

enum tcp_event {
	EV_GUEST_SYN,
	EV_HOST_ACCEPT,
	EV_HOST_UP,
	EV_GUEST_ACK,
	EV_GUEST_SYNACK,
	EV_GUEST_RST,
	EV_CLOSED,
	EV_ABORT,
	EV_NUM
};

/* State of one direction, in PH_OPEN */
enum tcp_half {
	HALF_FLOW,	/* bytes may come; no edge leads here */
	HALF_EOF,	/* the sender's FIN was seen, not passed on yet */
	HALF_SHUT,	/* it was passed on */
	HALF_DONE,	/* and was acknowledged */
	HALF_NUM
};

enum tcp_half_event {
	HE_EOF,
	HE_SHUT,
	HE_ACKED,
	HE_REWIND,
	HE_NUM
};

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
	TCPF_TURNS	= 1 << 14,	/* guest and remote end take turns */
	TCPF_ASKED	= 1 << 15,	/* the guest sent last */
	TCPF_FIN_LAST	= 1 << 13,	/* the guest's FIN was the last: it may be
					 * repeated when both halves are done */
};

/* Bits of tcp_conn.carried; the kernel's idea of a socket that was made anew is less */
enum {
	CARRIED_EOF	= 1 << 0,	/* the remote end's FIN came before: the kernel does
					 * not tell, it follows the last byte */
	CARRIED_SILENT	= 1 << 1,	/* to be closed without a packet, after a while */
	CARRIED_FRESH	= 1 << 2,	/* somebody waits for it: not in an image */
	CARRIED_ASK	= 1 << 3,	/* its window was shut: ask again at @check_at; the same */
};

extern const char *const tcp_phase_name[PH_NUM];
extern const char *const tcp_half_name[HALF_NUM];

void	tcp_move(struct conn *c, enum tcp_event ev);
void	tcp_half_move(struct conn *c, enum conn_dir dir, enum tcp_half_event ev);
bool	tcp_adopt(struct conn *c, uint8_t phase, uint8_t out, uint8_t in);
void	tcp_schedule(struct conn *c);
void	tcp_check(const struct conn *c);

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

#endif /* TCP_FSM_H */
