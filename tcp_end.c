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
 */
#include "tcp_end.h"

#include <errno.h>

#include "late.h"
#include "log.h"
#include "sock.h"
#include "tcp_batch.h"
#include "tcp_out.h"
#include "tcp_rto.h"
#include "tcp_seg.h"
#include "tcp_state.h"
#include "wire.h"

enum {
	WAIT_US		= 10 * 1000000,
	WAIT_MAX	= CONN_MAX / 4,		/* connections in WAIT at once */
	RETRY_US	= 10 * 1000,
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
 * tcp_end_release() - The end of an entry
 * @c:		Connection whose socket is dealt with already; gone afterwards
 */
void tcp_end_release(struct conn *c)
{
	tcp_batch_drop(c);
	if (c->tcp.phase == PH_WAIT)
		self.waiting--;
	tcp_out_drop(c);
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

/* close_done() - Both halves are done: close, wait for a repeated FIN or not */
static void close_done(struct conn *c, bool wait, uint64_t now)
{
	sock_close(c->fd);
	c->fd = -1;
	tcp_move(c, EV_CLOSED);
	self.waiting++;
	tcp_rto_stop(&c->tcp);
	if (!wait || self.waiting > WAIT_MAX) {
		tcp_end_release(c);
		return;
	}
	c->tcp.check_at = now + WAIT_US;
	tcp_schedule(c);
}

/**
 * tcp_end_settle() - What is left to do when an event was handled
 * @c:		Connection in PH_OPEN, may be gone afterwards
 * @rc:		What the handlers returned: -errno resets
 * @last_out:	half[OUT] before the event
 * @now:	Time, us
 */
void tcp_end_settle(struct conn *c, int rc, uint8_t last_out, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;

	if (rc < 0) {
		tcp_end_reset(c, rc == -ETIMEDOUT ? "timed out" : "host socket failed");
		return;
	}
	if (t->flags & TCPF_ACK_DUE)
		tcp_seg_ack(c);
	tcp_check(c);
	if (t->tail && !(t->flags & TCPF_ARMED)) {
		t->flags &= (uint16_t)~TCPF_WATCH;
		t->check_at = now + RETRY_US;
	}
	if (t->half[OUT] == HALF_DONE && t->half[IN] == HALF_DONE) {
		close_done(c, last_out != HALF_DONE, now);
		return;
	}
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
	c->tcp.check_at = now + TCP_DRAIN_STEP_US;
	tcp_schedule(c);
}
