// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_end.c - how connections end, and what is left to do after each event
 *
 * Theory of operation
 *
 *   When both halves are done the socket is closed: the kernel does its own
 *   TIME-WAIT.  We do one toward the guest, short, if the guest's FIN was the
 *   last, since our acknowledgement of it may be lost.
 *
 *   A RST is relayed, each way.  Before one of the guest is, bytes that were
 *   acknowledged to it may leave: the connection drains, unknown to the guest,
 *   which may use the same ports again.
 *
 *   tcp_end_settle() closes each event of a connection in PH_OPEN: it sends the
 *   acknowledgement that is due and no segment carried, ends what is done, and
 *   sees to the timer.
 *
 *   Time-outs end what makes no progress.  Each connection has two deadlines and
 *   one timer in the wheel, which may run out too early: deadlines move more often
 *   than it does.
 *
 *	phase	rto_at (tcp_rto.c)		check_at
 *	DIAL	-				-, the kernel's own ends it
 *	DIALED	SYN-ACK again			-
 *	CALL	SYN again			-
 *	OPEN	retransmit or probe		RETRY_US after the kernel had no
 *						memory for the tail: has it now?
 *						WATCH_US after bytes went out: does
 *						the host make progress?  else
 *						TCP_KEEPALIVE_US: is the guest there?
 *	DRAIN	-				is the host's queue empty?
 *	WAIT	-				over
 */
#include "tcp_end.h"

#include <errno.h>

#include "count.h"
#include "fwd.h"
#include "log.h"
#include "repair.h"
#include "sock.h"
#include "tail.h"
#include "tcp_in.h"
#include "tcp_out.h"
#include "tcp_rto.h"
#include "util.h"
#include "wire.h"

enum {
	WAIT_US		= 10 * 1000000,
	TIME_WAIT_US	= 60 * 1000000,		/* as Linux: TCP_TIMEWAIT_LEN */
	WAIT_MAX	= CONN_MAX / 4,		/* connections in WAIT at once */
	RETRY_US	= 10 * 1000,
	SYN_RETRIES	= 6,			/* tcp_syn_retries of Linux: 127 s */
	DRAIN_STEP_US	= 10 * 1000,		/* at first, then a quarter of its age */
	DRAIN_MAX_MS	= 5 * 1000,
	WATCH_US	= 3 * 1000000,
	KEEPALIVE_STEP_US = 75 * 1000000,
	KEEPALIVE_TRIES	= 9,
};

/**
 * struct tcp_end_self - state of this file
 * @waiting:	connections in PH_WAIT
 */
static struct {
	uint32_t waiting;
} self;

/* tcp_end_init() - Begin anew */
void tcp_end_init(void)
{
	self.waiting = 0;
}

/**
 * tcp_end_adopted() - A connection has the state it had elsewhere, from a checkpoint
 * @c:		Connection
 */
void tcp_end_adopted(const struct conn *c)
{
	self.waiting += c->tcp.phase == PH_WAIT;
}

/**
 * tcp_end_release() - The end of an entry
 * @c:		Connection whose socket is dealt with already, or goes without a
 *		packet; gone afterwards
 */
void tcp_end_release(struct conn *c)
{
	if (c->tcp.phase == PH_WAIT)
		self.waiting--;
	if (c->fd >= 0)
		repair_vanish(c->fd);
	c->fd = -1;
	late_drop(&c->tcp.late);
	tail_drop(&c->tcp.tail, UINT32_MAX);
	tcp_out_rest(&c->tcp);
	tcp_move(c, EV_ABORT);
	conn_free(c);
}

/**
 * tcp_end_abort() - Reset the remote end, forget the connection
 * @c:		Connection, gone afterwards
 */
void tcp_end_abort(struct conn *c)
{
	if (c->fd >= 0)
		sock_tcp_abort(c->fd);
	c->fd = -1;
	tcp_end_release(c);
}

/**
 * tcp_end_reset() - Reset guest and remote end, forget the connection
 * @c:		Connection, gone afterwards
 * @why:	For the log
 */
void tcp_end_reset(struct conn *c, const char *why)
{
	debug("%s: reset: %s", conn_text(c), why);
	tcp_seg_send(c, TCP_RST | TCP_ACK, c->tcp.sent);
	tcp_end_abort(c);
}

/**
 * tcp_end_watch() - Bytes went to the host: look later whether it makes progress
 * @t:		Connection
 * @now:	Time, us
 */
void tcp_end_watch(struct tcp_conn *t, uint64_t now)
{
	if (t->flags & TCPF_WATCH)
		return;
	t->flags |= TCPF_WATCH;
	t->check_at = now + WATCH_US;
}

/* close_done() - Both halves are done: close, wait for a repeated FIN or not */
static void close_done(struct conn *c, uint64_t now)
{
	bool silent = c->tcp.carried & CARRIED_SILENT;

	/* The kernel does not know that it should be in TIME-WAIT: its socket stays */
	if (!silent) {
		sock_close(c->fd);
		c->fd = -1;
	}
	tcp_move(c, EV_CLOSED);
	self.waiting++;
	tcp_rto_stop(&c->tcp);
	if ((!silent && !(c->tcp.flags & TCPF_FIN_LAST)) || self.waiting > WAIT_MAX) {
		tcp_end_release(c);
		return;
	}
	c->tcp.check_at = now + (silent ? TIME_WAIT_US : WAIT_US);
	tcp_schedule(c);
}

/**
 * tcp_end_settle() - What is left to do when an event was handled
 * @c:		Connection in PH_OPEN, may be gone afterwards
 * @rc:		What the handlers returned: -errno resets
 * @now:	Time, us
 */
void tcp_end_settle(struct conn *c, int rc, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;

	if (rc < 0) {
		tcp_end_reset(c, rc == -ETIMEDOUT ? "timed out" : "host socket failed");
		return;
	}
	if (t->flags & TCPF_ACK_DUE && !tcp_out_ack_waits(t, now))
		tcp_seg_ack(c);
	tcp_check(c);
	if (t->tail && !(t->flags & TCPF_ARMED)) {
		t->flags &= (uint16_t)~TCPF_WATCH;
		t->check_at = now + RETRY_US;
	}
	if (t->half[OUT] == HALF_DONE && t->half[IN] == HALF_DONE)
		close_done(c, now);
	else
		tcp_schedule(c);
}

/**
 * tcp_end_drain() - The guest reset the connection, at the right number
 * @c:		Connection in PH_OPEN, may be gone afterwards
 * @now:	Time, us
 */
void tcp_end_drain(struct conn *c, uint64_t now)
{
	debug("%s: reset by guest", conn_text(c));
	if (sock_tcp_unacked(c->fd) <= 0 && !c->tcp.tail) {
		tcp_end_abort(c);
		return;
	}
	late_drop(&c->tcp.late);
	tcp_move(c, EV_GUEST_RST);
	conn_hide(c);
	tcp_rto_stop(&c->tcp);
	c->tcp.seen_ms = (uint32_t)(now / 1000);
	c->tcp.check_at = now + DRAIN_STEP_US;
	tcp_schedule(c);
}

/* draining() - Has the host's queue run out after the guest's RST? */
static void draining(struct conn *c, uint64_t now)
{
	uint32_t age = (uint32_t)(now / 1000) - c->tcp.seen_ms;
	int rc = 0;

	if (c->tcp.tail) {
		c->tcp.flags |= TCPF_ARMED;
		rc = tcp_out_ready(c);
	}
	if (rc || age >= DRAIN_MAX_MS || (sock_tcp_unacked(c->fd) <= 0 && !c->tcp.tail))
		tcp_end_abort(c);
	else
		c->tcp.check_at = now + max_u32(DRAIN_STEP_US, age * 1000 / 4);
}

/* retry() - The kernel had no memory for the tail: has it now? */
static void retry(struct conn *c, uint64_t now)
{
	int rc;

	c->tcp.flags |= TCPF_ARMED;
	rc = tcp_out_ready(c);
	if (!rc)
		rc = tcp_out_finish(c);
	tcp_end_watch(&c->tcp, now);
	tcp_end_settle(c, rc, now);
}

/* black_hole() - Large packets of the host may vanish on their way (RFC 2923) */
static void black_hole(struct conn *c, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;

	t->flags &= (uint16_t)~TCPF_WATCH;
	if (sock_tcp_unacked(c->fd) <= 0) {
		tcp_out_rest(t);
		return;
	}
	if (!(t->flags & TCPF_FRAGMENT) && addr_is4(&c->key.guest) &&
	    sock_tcp_stalled(c->fd) > 0) {
		count(COUNT_TCP_BLACK_HOLE);
		debug("%s: no progress, fragmentation allowed", conn_text(c));
		(void)sock_tcp_allow_fragments(c->fd);
		t->flags |= TCPF_FRAGMENT;
	}
	tcp_end_watch(t, now);
}

/* keepalive() - Is the guest there? */
static void keepalive(struct conn *c, uint64_t now)
{
	uint64_t quiet = (uint64_t)((uint32_t)(now / 1000) - c->tcp.seen_ms) * 1000;

	if (quiet < TCP_KEEPALIVE_US) {
		c->tcp.check_at = now + TCP_KEEPALIVE_US - quiet;
	} else if (quiet < TCP_KEEPALIVE_US + KEEPALIVE_TRIES * (uint64_t)KEEPALIVE_STEP_US) {
		tcp_seg_send(c, TCP_ACK, c->tcp.una - 1);
		c->tcp.check_at = now + KEEPALIVE_STEP_US;
	} else {
		tcp_end_reset(c, "guest is silent");
	}
}

/*
 * aim() - A call that the guest has not answered goes to where the guest is by now
 *
 * Before it was heard of it is called at the address it was meant to have.
 */
static void aim(struct conn *c)
{
	struct conn_key key = c->key;

	if (fwd_guest_moved(&key.guest) && !conn_find(&key)) {
		debug("%s: the guest is elsewhere", conn_text(c));
		conn_move(c, &key);
	}
}

/* timeout_rto() - The retransmission timer ran out */
static void timeout_rto(struct conn *c, uint64_t now)
{
	if (c->tcp.phase == PH_OPEN) {
		tcp_end_settle(c, tcp_in_timeout(c, now), now);
		return;
	}
	if (c->tcp.backoff >= SYN_RETRIES) {
		tcp_end_reset(c, "guest does not answer");
		return;
	}
	count(COUNT_TCP_SYN_RETRY);
	tcp_rto_expired(&c->tcp, now);
	if (c->tcp.phase == PH_CALL)
		aim(c);
	tcp_seg_send(c, c->tcp.phase == PH_DIALED ? TCP_SYN | TCP_ACK : TCP_SYN, c->tcp.una);
}

/* timeout_check() - It is time to look */
static void timeout_check(struct conn *c, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;

	t->check_at = 0;
	if (t->carried & CARRIED_ASK) {
		t->carried &= (uint8_t)~CARRIED_ASK;
		repair_ask(c->fd);
	}
	if (t->phase == PH_WAIT) {
		tcp_end_release(c);
	} else if (t->phase == PH_DRAIN) {
		draining(c, now);
	} else if (t->tail && !(t->flags & TCPF_ARMED)) {
		retry(c, now);
	} else {
		if (t->flags & TCPF_WATCH)
			black_hole(c, now);
		if (!t->check_at)
			keepalive(c, now);
	}
}

/**
 * tcp_end_timeout() - The timer of a connection ran out, perhaps too early
 * @c:		Connection, may be gone afterwards
 * @now:	Time, us
 */
void tcp_end_timeout(struct conn *c, uint64_t now)
{
	uint64_t id = conn_id(c);

	if (c->tcp.rto_at && now >= c->tcp.rto_at)
		timeout_rto(c, now);
	c = conn_get(id);
	if (c && c->tcp.check_at && now >= c->tcp.check_at)
		timeout_check(c, now);
	c = conn_get(id);
	if (c && c->tcp.ack_at && now >= c->tcp.ack_at) {
		c->tcp.flags &= (uint16_t)~TCPF_TURNS;
		tcp_seg_ack(c);
	}
	if (c)
		tcp_schedule(c);
}
