// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_fsm.c - the life of a relayed TCP connection, as tables
 *
 * Theory of operation
 *
 *   Two conversations are relayed, one with the guest in segments, one with the
 *   host's kernel through a socket.  The state of the pair is not the product
 *   of two RFC 9293 machines, but three small ones:
 *
 *	phase		how far the two handshakes are
 *	half[OUT]	the byte stream from guest to host
 *	half[IN]	the byte stream from host to guest
 *
 *	FREE --guest-syn--> DIAL --host-up--> DIALED --guest-ack--> OPEN
 *	  \                                                          ^
 *	   `---host-accept---> CALL -------------guest-synack--------'
 *
 *	OPEN --closed--> WAIT		both halves are done
 *	OPEN --guest-rst--> DRAIN	bytes acknowledged to the guest are
 *					still on their way
 *	any --abort--> DEAD
 *
 *   A half means something in OPEN only.  It moves from left to right, with one
 *   edge back, because a FIN that we sent to the guest can be lost:
 *
 *	FLOW --eof--> EOF --shut--> SHUT --acked--> DONE
 *		       ^              |
 *		       `----rewind----'
 *
 *   Nothing is decided here.  Who sees something turns it into an event; the one
 *   writer, in tcp_state.c, looks up what follows.  An event without an edge is
 *   our own fault, never the guest's: what a guest may do wrong was filtered
 *   before.  The names of RFC 9293, figure 5, are derived for people to read.
 */
#include "tcp_fsm.h"

#include <stddef.h>

static const uint8_t phase_edge[PH_NUM][EV_NUM] = {
	[PH_FREE] = {
		[EV_GUEST_SYN]		= PH_DIAL,
		[EV_HOST_ACCEPT]	= PH_CALL,
	},
	[PH_DIAL] = {
		[EV_HOST_UP]		= PH_DIALED,
		[EV_ABORT]		= PH_DEAD,
	},
	[PH_DIALED] = {
		[EV_GUEST_ACK]		= PH_OPEN,
		[EV_ABORT]		= PH_DEAD,
	},
	[PH_CALL] = {
		[EV_GUEST_SYNACK]	= PH_OPEN,
		[EV_ABORT]		= PH_DEAD,
	},
	[PH_OPEN] = {
		[EV_CLOSED]		= PH_WAIT,
		[EV_GUEST_RST]		= PH_DRAIN,
		[EV_ABORT]		= PH_DEAD,
	},
	[PH_DRAIN] = {
		[EV_ABORT]		= PH_DEAD,
	},
	[PH_WAIT] = {
		[EV_ABORT]		= PH_DEAD,
	},
	/* PH_DEAD has no edge: conn_free() is the only way out */
};

/* Plus 1, so that 0 is "no edge" */
static const uint8_t half_edge[HALF_NUM][HE_NUM] = {
	[HALF_FLOW]	= { [HE_EOF]	= HALF_EOF + 1 },
	[HALF_EOF]	= { [HE_SHUT]	= HALF_SHUT + 1 },
	[HALF_SHUT]	= { [HE_ACKED]	= HALF_DONE + 1, [HE_REWIND] = HALF_EOF + 1 },
};

static const char *const phase_name[] = {
	[PH_NONE] = "NONE", [PH_FREE] = "FREE", [PH_DIAL] = "DIAL",
	[PH_DIALED] = "DIALED", [PH_CALL] = "CALL", [PH_OPEN] = "OPEN",
	[PH_DRAIN] = "DRAIN", [PH_WAIT] = "WAIT", [PH_DEAD] = "DEAD",
};
_Static_assert(sizeof(phase_name) / sizeof(phase_name[0]) == PH_NUM, "a name each");

static const char *const event_name[] = {
	[EV_GUEST_SYN] = "guest-syn", [EV_HOST_ACCEPT] = "host-accept",
	[EV_HOST_UP] = "host-up", [EV_GUEST_ACK] = "guest-ack",
	[EV_GUEST_SYNACK] = "guest-synack", [EV_GUEST_RST] = "guest-rst",
	[EV_CLOSED] = "closed", [EV_ABORT] = "abort",
};
_Static_assert(sizeof(event_name) / sizeof(event_name[0]) == EV_NUM, "a name each");

static const char *const half_name[] = {
	[HALF_FLOW] = "FLOW", [HALF_EOF] = "EOF", [HALF_SHUT] = "SHUT",
	[HALF_DONE] = "DONE",
};
_Static_assert(sizeof(half_name) / sizeof(half_name[0]) == HALF_NUM, "a name each");

static const char *const half_event_name[] = {
	[HE_EOF] = "eof", [HE_SHUT] = "shut", [HE_ACKED] = "acked",
	[HE_REWIND] = "rewind",
};
_Static_assert(sizeof(half_event_name) / sizeof(half_event_name[0]) == HE_NUM,
	       "a name each");

/**
 * tcp_fsm_phase() - Where an event leads
 * @from:	Phase now
 * @ev:		What happened
 *
 * Return: next phase, PH_NONE: this can not happen here
 */
enum tcp_phase tcp_fsm_phase(enum tcp_phase from, enum tcp_event ev)
{
	return (enum tcp_phase)phase_edge[from][ev];
}

/**
 * tcp_fsm_half() - Where an event leads one direction
 * @from:	State now
 * @ev:		What happened
 *
 * Return: next enum tcp_half, -1: this can not happen here
 */
int tcp_fsm_half(enum tcp_half from, enum tcp_half_event ev)
{
	return half_edge[from][ev] - 1;
}

/* tcp_fsm_phase_name() - Phase as text */
const char *tcp_fsm_phase_name(enum tcp_phase phase)
{
	return phase_name[phase];
}

/* tcp_fsm_half_name() - State of a direction as text */
const char *tcp_fsm_half_name(enum tcp_half half)
{
	return half_name[half];
}

/* tcp_fsm_event_name() - Event as text */
const char *tcp_fsm_event_name(enum tcp_event ev)
{
	return event_name[ev];
}

/* tcp_fsm_half_event_name() - Event of a direction as text */
const char *tcp_fsm_half_event_name(enum tcp_half_event ev)
{
	return half_event_name[ev];
}

/*
 * Our side of the conversation with the guest, by what happened first: the
 * guest's FIN counts from when it came (RFC 9293, figure 5).
 */
static const char *const open_name[HALF_NUM][HALF_NUM] = {
	/* half[OUT] */	      /* half[IN]: FLOW, EOF, SHUT, DONE */
	[HALF_FLOW] = { "ESTABLISHED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2" },
	[HALF_EOF]  = { "CLOSE-WAIT", "CLOSE-WAIT", "CLOSING", "TIME-WAIT" },
	[HALF_SHUT] = { "CLOSE-WAIT", "CLOSE-WAIT", "CLOSING", "TIME-WAIT" },
	[HALF_DONE] = { "CLOSE-WAIT", "CLOSE-WAIT", "LAST-ACK", "TIME-WAIT" },
};

/**
 * tcp_fsm_rfc_name() - State toward the guest in the words of RFC 9293
 * @phase:	Phase
 * @out:	State of guest to host
 * @in:		State of host to guest
 *
 * Return: name
 */
const char *tcp_fsm_rfc_name(enum tcp_phase phase, enum tcp_half out, enum tcp_half in)
{
	switch (phase) {
	case PH_DIAL:
	case PH_DIALED:
		return "SYN-RECEIVED";
	case PH_CALL:
		return "SYN-SENT";
	case PH_OPEN:
		return open_name[out][in];
	case PH_WAIT:
		return "TIME-WAIT";
	case PH_NONE:
	case PH_FREE:
	case PH_DRAIN:
	case PH_DEAD:
	case PH_NUM:
		break;
	}
	return "CLOSED";
}
