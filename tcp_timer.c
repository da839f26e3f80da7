// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_timer.c - what to do when the timer of a connection runs out
 *
 * Theory of operation
 *
 *   Each connection has two deadlines and one timer in the wheel, which may run
 *   out too early: deadlines move more often than it does.
 *
 *	phase	rto_at (tcp_rto.c)		check_at
 *	DIAL	-				-, the kernel's own ends it
 *	DIALED	SYN-ACK again			-
 *	CALL	SYN again			-
 *	OPEN	retransmit or probe		WATCH_US after bytes went out: does
 *						the host make progress?  else
 *						KEEPALIVE_S: is the guest there?
 *	DRAIN	-				is the host's queue empty?
 *	WAIT	-				over
 */
#include "tcp_timer.h"

#include <errno.h>

#include "count.h"
#include "log.h"
#include "sock.h"
#include "tcp_end.h"
#include "tcp_in.h"
#include "tcp_out.h"
#include "tcp_rto.h"
#include "tcp_seg.h"
#include "tcp_state.h"
#include "util.h"
#include "wire.h"

enum {
	SYN_RETRIES	= 6,			/* tcp_syn_retries of Linux: 127 s */
	DRAIN_MAX_MS	= 5 * 1000,
	WATCH_US	= 3 * 1000000,
	KEEPALIVE_S	= 2 * 60 * 60,		/* RFC 9293, 3.8.4: no less */
	KEEPALIVE_STEP_S = 75,
	KEEPALIVE_TRIES	= 9,
};

#define US_PER_S	UINT64_C(1000000)

/**
 * tcp_timer_opened() - Both handshakes are done
 * @t:		Connection
 * @now:	Time, us
 */
void tcp_timer_opened(struct tcp_conn *t, uint64_t now)
{
	t->check_at = now + KEEPALIVE_S * US_PER_S;
}

/**
 * tcp_timer_watch() - Bytes went to the host: look later whether it makes progress
 * @t:		Connection
 * @now:	Time, us
 */
void tcp_timer_watch(struct tcp_conn *t, uint64_t now)
{
	if (t->flags & TCPF_WATCH)
		return;
	t->flags |= TCPF_WATCH;
	t->check_at = now + WATCH_US;
}

/* timeout_rto() - The retransmission timer ran out; false: the connection ended */
static bool timeout_rto(struct conn *c, uint64_t now)
{
	uint8_t last_out = c->tcp.half[OUT];
	uint64_t id = conn_id(c);
	uint8_t flags = TCP_SYN;

	if (c->tcp.phase == PH_OPEN) {
		tcp_end_settle(c, tcp_in_timeout(c, now), last_out, now);
		return conn_get(id);
	}
	if (c->tcp.phase != PH_CALL && c->tcp.phase != PH_DIALED) {
		tcp_rto_stop(&c->tcp);
		return true;
	}
	if (c->tcp.backoff >= SYN_RETRIES) {
		tcp_end_reset(c, "guest does not answer");
		return false;
	}
	count(COUNT_TCP_SYN_RETRY);
	tcp_rto_expired(&c->tcp, now);
	if (c->tcp.phase == PH_DIALED)
		flags |= TCP_ACK;
	tcp_seg_send(c, flags, c->tcp.una);
	return true;
}

/* draining() - Has the host's queue run out after the guest's RST? */
static bool draining(struct conn *c, uint64_t now)
{
	uint32_t age = (uint32_t)(now / 1000) - c->tcp.seen_ms;
	int left;

	if (c->tcp.tail) {
		c->tcp.flags |= TCPF_ARMED;
		if (tcp_out_ready(c))
			age = DRAIN_MAX_MS;
	}
	left = sock_tcp_unacked(c->fd);
	if ((left <= 0 && !c->tcp.tail) || age >= DRAIN_MAX_MS) {
		tcp_end_abort(c);
		return false;
	}
	c->tcp.check_at = now + max_u32(TCP_DRAIN_STEP_US, age * 1000 / 4);
	return true;
}

/* black_hole() - Large packets of the host may vanish on their way (RFC 2923) */
static void black_hole(struct conn *c, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;

	t->flags &= (uint16_t)~TCPF_WATCH;
	if (sock_tcp_unacked(c->fd) <= 0)
		return;
	if (!(t->flags & TCPF_FRAGMENT) && addr_is4(&c->key.guest) &&
	    sock_tcp_stalled(c->fd) > 0) {
		count(COUNT_TCP_BLACK_HOLE);
		debug("%s: no progress, fragmentation allowed", conn_text(c));
		(void)sock_tcp_allow_fragments(c->fd);
		t->flags |= TCPF_FRAGMENT;
	}
	tcp_timer_watch(t, now);
}

/* keepalive() - Is the guest there?  false: the connection ended */
static bool keepalive(struct conn *c, uint64_t now)
{
	uint32_t quiet_s = ((uint32_t)(now / 1000) - c->tcp.seen_ms) / 1000;

	if (quiet_s < KEEPALIVE_S) {
		c->tcp.check_at = now + (KEEPALIVE_S - quiet_s) * US_PER_S;
		return true;
	}
	if (quiet_s >= KEEPALIVE_S + KEEPALIVE_TRIES * KEEPALIVE_STEP_S) {
		tcp_end_reset(c, "guest is silent");
		return false;
	}
	tcp_seg_send(c, TCP_ACK, c->tcp.una - 1);
	c->tcp.check_at = now + KEEPALIVE_STEP_S * US_PER_S;
	return true;
}

/* retry() - The kernel had no memory for the tail: has it now?  false: ended */
static bool retry(struct conn *c, uint64_t now)
{
	uint8_t last_out = c->tcp.half[OUT];
	uint64_t id = conn_id(c);
	int rc;

	c->tcp.flags |= TCPF_ARMED;
	rc = tcp_out_ready(c);
	if (!rc)
		rc = tcp_out_finish(c);
	tcp_timer_watch(&c->tcp, now);
	tcp_end_settle(c, rc, last_out, now);
	return conn_get(id);
}

/* timeout_check() - It is time to look; false: the connection ended */
static bool timeout_check(struct conn *c, uint64_t now)
{
	c->tcp.check_at = 0;
	if (c->tcp.phase == PH_WAIT) {
		tcp_end_release(c);
		return false;
	}
	if (c->tcp.phase == PH_DRAIN)
		return draining(c, now);
	if (c->tcp.phase != PH_OPEN)
		return true;
	if (c->tcp.tail && !(c->tcp.flags & TCPF_ARMED))
		return retry(c, now);
	if (c->tcp.flags & TCPF_WATCH) {
		black_hole(c, now);
		if (c->tcp.check_at)
			return true;
	}
	return keepalive(c, now);
}

/**
 * tcp_timeout() - The timer of a connection ran out, perhaps too early
 * @c:		Connection
 * @now:	Time, us
 */
void tcp_timeout(struct conn *c, uint64_t now)
{
	if (c->tcp.rto_at && now >= c->tcp.rto_at && !timeout_rto(c, now))
		return;
	if (c->tcp.check_at && now >= c->tcp.check_at && !timeout_check(c, now))
		return;
	tcp_schedule(c);
}
