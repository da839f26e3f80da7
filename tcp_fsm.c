// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_fsm.c - the life of a relayed TCP connection: tables, and their one writer
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
 *   Nothing is decided here.  Who sees something turns it into an event;
 *   tcp_move() and tcp_half_move() look up what it means, store it and write one
 *   line in a fixed form, which tests read:
 *
 *	<connection>: DIAL -> DIALED by host-up
 *	<connection>: in FLOW -> EOF by eof
 *
 *   An event without an edge is our own fault, never the guest's: what a guest
 *   may do wrong was filtered before.
 *
 *   A connection has two deadlines, rto_at and check_at, and one timer in the
 *   wheel.  tcp_schedule() moves that timer only if it is too late: hot paths
 *   push rto_at ahead many times for each time the timer is touched.
 *
 * Invariants, between two events, for each connection in PH_OPEN
 *   I1  una <= nxt <= sent, in sequence arithmetic.  Not against wnd: a guest
 *	 may shrink its window (RFC 9293, 3.8.6), then nxt is beyond it for a
 *	 while, and nothing is sent
 *   I2  acked <= rcv + 1: nothing is acknowledged that the host's kernel has
 *	 not taken, or the tail pool holds; and the one more is the guest's FIN,
 *	 in HALF_DONE only
 *   I3  half[IN] is HALF_SHUT or HALF_DONE exactly if nxt counts our FIN
 *   I4  told <= edge, the right edge never moves left
 *   I5  the socket holds [una, nxt) unread: what is in flight is peeked, so
 *	 that a retransmission needs no buffer of ours (checked in tests)
 */
#include "tcp_fsm.h"

#include "log.h"
#include "seq.h"

/* Where an event leads; 0, which is PH_FREE: it can not happen here */
static const uint8_t phase_edge[PH_NUM][EV_NUM] = {
	[PH_FREE]	= { [EV_GUEST_SYN]	= PH_DIAL,
			    [EV_HOST_ACCEPT]	= PH_CALL },
	[PH_DIAL]	= { [EV_HOST_UP]	= PH_DIALED,
			    [EV_ABORT]		= PH_DEAD },
	[PH_DIALED]	= { [EV_GUEST_ACK]	= PH_OPEN,
			    [EV_ABORT]		= PH_DEAD },
	[PH_CALL]	= { [EV_GUEST_SYNACK]	= PH_OPEN,
			    [EV_ABORT]		= PH_DEAD },
	[PH_OPEN]	= { [EV_CLOSED]		= PH_WAIT,
			    [EV_GUEST_RST]	= PH_DRAIN,
			    [EV_ABORT]		= PH_DEAD },
	[PH_DRAIN]	= { [EV_ABORT]		= PH_DEAD },
	[PH_WAIT]	= { [EV_ABORT]		= PH_DEAD },
	/* PH_DEAD has no edge: conn_free() is the only way out */
};

/* The same for a direction; 0, which is HALF_FLOW: it can not happen here */
static const uint8_t half_edge[HALF_NUM][HE_NUM] = {
	[HALF_FLOW]	= { [HE_EOF]	= HALF_EOF },
	[HALF_EOF]	= { [HE_SHUT]	= HALF_SHUT },
	[HALF_SHUT]	= { [HE_ACKED]	= HALF_DONE,
			    [HE_REWIND]	= HALF_EOF },
};

const char *const tcp_phase_name[PH_NUM] = {
	[PH_FREE] = "FREE", [PH_DIAL] = "DIAL", [PH_DIALED] = "DIALED",
	[PH_CALL] = "CALL", [PH_OPEN] = "OPEN", [PH_DRAIN] = "DRAIN",
	[PH_WAIT] = "WAIT", [PH_DEAD] = "DEAD",
};
_Static_assert(PH_NUM == 8, "a name each");

static const char *const event_name[EV_NUM] = {
	[EV_GUEST_SYN] = "guest-syn", [EV_HOST_ACCEPT] = "host-accept",
	[EV_HOST_UP] = "host-up", [EV_GUEST_ACK] = "guest-ack",
	[EV_GUEST_SYNACK] = "guest-synack", [EV_GUEST_RST] = "guest-rst",
	[EV_CLOSED] = "closed", [EV_ABORT] = "abort",
};
_Static_assert(EV_NUM == 8, "a name each");

const char *const tcp_half_name[HALF_NUM] = {
	[HALF_FLOW] = "FLOW", [HALF_EOF] = "EOF", [HALF_SHUT] = "SHUT",
	[HALF_DONE] = "DONE",
};
_Static_assert(HALF_NUM == 4, "a name each");

static const char *const half_event_name[HE_NUM] = {
	[HE_EOF] = "eof", [HE_SHUT] = "shut", [HE_ACKED] = "acked",
	[HE_REWIND] = "rewind",
};
_Static_assert(HE_NUM == 4, "a name each");

/**
 * tcp_move() - Change the phase of a connection
 * @c:		Connection
 * @ev:		What happened; one that has no edge is our fault, and aborts
 */
void tcp_move(struct conn *c, enum tcp_event ev)
{
	uint8_t from = c->tcp.phase, to = phase_edge[from][ev];

	if (BUG_ON(!to))
		to = PH_DEAD;
	c->tcp.phase = to;
	debug("%s: %s -> %s by %s", conn_text(c), tcp_phase_name[from],
	      tcp_phase_name[to], event_name[ev]);
}

/**
 * tcp_half_move() - Change the state of one direction
 * @c:		Connection
 * @dir:	OUT or IN
 * @ev:		What happened; one that has no edge is our fault, and ignored
 */
void tcp_half_move(struct conn *c, enum conn_dir dir, enum tcp_half_event ev)
{
	uint8_t from = c->tcp.half[dir], to = half_edge[from][ev];

	if (BUG_ON(!to))
		return;
	c->tcp.half[dir] = to;
	debug("%s: %s %s -> %s by %s", conn_text(c), dir == OUT ? "out" : "in",
	      tcp_half_name[from], tcp_half_name[to], half_event_name[ev]);
}

/**
 * tcp_adopt() - Give a fresh connection the state it had elsewhere
 * @c:		Connection in PH_FREE
 * @phase:	As read from a checkpoint, may be anything
 * @out:	half[OUT]
 * @in:		half[IN]
 *
 * Return: true; false: no connection can be in that state
 */
bool tcp_adopt(struct conn *c, uint8_t phase, uint8_t out, uint8_t in)
{
	bool open = phase == PH_OPEN || phase == PH_DRAIN || phase == PH_WAIT;

	if (phase == PH_FREE || phase >= PH_DEAD || out >= HALF_NUM || in >= HALF_NUM ||
	    (!open && (out || in)))
		return false;
	c->tcp.phase = phase;
	c->tcp.half[OUT] = out;
	c->tcp.half[IN] = in;
	debug("%s: adopted, %s %s %s", conn_text(c), tcp_phase_name[phase],
	      tcp_half_name[out], tcp_half_name[in]);
	return true;
}

/**
 * tcp_schedule() - Make sure that the timer runs out in time
 * @c:		Connection whose rto_at or check_at may have changed
 */
void tcp_schedule(struct conn *c)
{
	uint64_t due = c->tcp.rto_at ? c->tcp.rto_at : TIMER_NEVER;

	if (c->tcp.check_at && c->tcp.check_at < due)
		due = c->tcp.check_at;
	if (c->tcp.ack_at && c->tcp.ack_at < due)
		due = c->tcp.ack_at;
	if (due < timer_due(conn_index(c)))
		timer_set(conn_index(c), due);
}

/**
 * tcp_check() - Check the invariants above, in debug builds
 * @c:		Connection
 */
void tcp_check(const struct conn *c)
{
#ifdef DEBUG
	const struct tcp_conn *t = &c->tcp;
	bool fin = t->half[IN] == HALF_SHUT || t->half[IN] == HALF_DONE;

	if (t->phase != PH_OPEN)
		return;
	(void)BUG_ON(seq_gt(t->una, t->nxt) || seq_gt(t->nxt, t->sent));
	(void)BUG_ON(seq_gt(t->acked, tcp_ack_number(t)));
	(void)BUG_ON(fin && t->nxt != t->sent);
	(void)BUG_ON(seq_gt(t->told, t->edge));
	(void)BUG_ON(t->wscale > 14 || !t->mss);
#else
	(void)c;
#endif
}
