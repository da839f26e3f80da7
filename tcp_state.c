// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_state.c - the one writer of a connection's state, its invariants, its timer
 *
 * Theory of operation
 *
 *   tcp_move() and tcp_half_move() look up what an event means (tcp_fsm.c),
 *   store it and write one line in a fixed form, which tests read:
 *
 *	<connection>: DIAL -> DIALED by host-up
 *	<connection>: in FLOW -> EOF by eof
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
 *   I5  tail_len is 0 exactly if tail is 0
 *   I6  the socket holds [una, nxt) unread: what is in flight is peeked, so
 *	 that a retransmission needs no buffer of ours (checked in tests)
 */
#include "tcp_state.h"

#include "log.h"
#include "seq.h"

static const char *const dir_name[] = { [OUT] = "out", [IN] = "in" };

/**
 * tcp_move() - Change the phase of a connection
 * @c:		Connection
 * @ev:		What happened; one that has no edge is our fault, and aborts
 */
void tcp_move(struct conn *c, enum tcp_event ev)
{
	enum tcp_phase from = (enum tcp_phase)c->tcp.phase;
	enum tcp_phase to = tcp_fsm_phase(from, ev);

	if (BUG_ON(to == PH_NONE))
		to = PH_DEAD;
	c->tcp.phase = (uint8_t)to;
	debug("%s: %s -> %s by %s", conn_text(c), tcp_fsm_phase_name(from),
	      tcp_fsm_phase_name(to), tcp_fsm_event_name(ev));
}

/**
 * tcp_half_move() - Change the state of one direction
 * @c:		Connection
 * @dir:	OUT or IN
 * @ev:		What happened; one that has no edge is our fault, and ignored
 */
void tcp_half_move(struct conn *c, enum conn_dir dir, enum tcp_half_event ev)
{
	enum tcp_half from = (enum tcp_half)c->tcp.half[dir];
	int to = tcp_fsm_half(from, ev);

	if (BUG_ON(to < 0))
		return;
	c->tcp.half[dir] = (uint8_t)to;
	debug("%s: %s %s -> %s by %s", conn_text(c), dir_name[dir],
	      tcp_fsm_half_name(from), tcp_fsm_half_name((enum tcp_half)to),
	      tcp_fsm_half_event_name(ev));
}

/**
 * tcp_schedule() - Make sure that the timer runs out in time
 * @c:		Connection whose rto_at or check_at may have changed
 */
void tcp_schedule(struct conn *c)
{
	uint64_t due = TIMER_NEVER;

	if (c->tcp.rto_at)
		due = c->tcp.rto_at;
	if (c->tcp.check_at && c->tcp.check_at < due)
		due = c->tcp.check_at;
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
	(void)BUG_ON(!t->tail != !t->tail_len);
	(void)BUG_ON(t->wscale > 14 || !t->mss);
#else
	(void)c;
#endif
}

/**
 * tcp_state_name() - State toward the guest in the words of RFC 9293
 * @c:		Connection
 *
 * Return: name
 */
const char *tcp_state_name(const struct conn *c)
{
	return tcp_fsm_rfc_name((enum tcp_phase)c->tcp.phase,
				(enum tcp_half)c->tcp.half[OUT],
				(enum tcp_half)c->tcp.half[IN]);
}
