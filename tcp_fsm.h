/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TCP_FSM_H
#define TCP_FSM_H

#include <stdint.h>

/* How far the two handshakes of a connection are */
enum tcp_phase {
	PH_NONE,	/* no edge: never stored */
	PH_FREE,	/* fresh entry of the table */
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
	HALF_FLOW,	/* bytes may come */
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

enum tcp_phase tcp_fsm_phase(enum tcp_phase from, enum tcp_event ev);
int	tcp_fsm_half(enum tcp_half from, enum tcp_half_event ev);
const char *tcp_fsm_phase_name(enum tcp_phase phase);
const char *tcp_fsm_half_name(enum tcp_half half);
const char *tcp_fsm_event_name(enum tcp_event ev);
const char *tcp_fsm_half_event_name(enum tcp_half_event ev);
const char *tcp_fsm_rfc_name(enum tcp_phase phase, enum tcp_half out, enum tcp_half in);

#endif /* TCP_FSM_H */
