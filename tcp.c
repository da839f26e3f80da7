// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp.c - what to do with a segment, or a socket event
 *
 * Theory of operation
 *
 *   The guest's TCP talks to us, the host's kernel talks to the remote end, and
 *   this file joins the two: it finds the connection and hands what happened to
 *   who knows:
 *
 *	tcp_open.c	handshakes		tcp_seg.c	segments
 *	tcp_out.c	guest to host		tcp_in.c	host to guest
 *	tcp_end.c	closing			tcp_timer.c	time-outs
 *	tcp_fsm.c	states, as tables	tcp_state.c	their one writer
 *
 *   Frames come in batches (tcp_batch.c).  What a batch brought for a connection
 *   is settled once, at its end: one sendmsg() for the bytes, one recv() to
 *   consume what was acknowledged, one look for more, one acknowledgement if no
 *   segment carried it.  No system call is made per segment.
 */
#include "tcp.h"

#include <errno.h>
#include <sys/epoll.h>

#include "count.h"
#include "late.h"
#include "log.h"
#include "seq.h"
#include "sock.h"
#include "tail.h"
#include "tcp_batch.h"
#include "tcp_end.h"
#include "tcp_in.h"
#include "tcp_open.h"
#include "tcp_out.h"
#include "tcp_seg.h"
#include "tcp_state.h"
#include "tcp_timer.h"
#include "wire.h"

/* tcp_init() - Begin anew */
void tcp_init(void)
{
	tail_init();
	late_init();
	tcp_batch_init();
	tcp_in_init();
	tcp_end_init();
}

/* flush_slot() - Settle one connection; its slot is empty afterwards */
static void flush_slot(struct tcp_batch *b, uint64_t now)
{
	struct conn *c = tcp_batch_take(b);
	uint32_t dupacks = b->dupacks;
	uint8_t last_out;
	bool late;
	int rc;

	if (!c)
		return;
	late = c->tcp.late;
	last_out = c->tcp.half[OUT];
	rc = tcp_out_flush(c, b);
	if (!rc)
		rc = tcp_in_flush(c, b, now);
	if (!rc && b->len)
		tcp_timer_watch(&c->tcp, now);
	/* A gap that was closed in the same batch needs no duplicates */
	if (late && !c->tcp.late)
		dupacks = 0;
	for (uint32_t i = 0; !rc && i < dupacks; i++) {
		/* What was gathered before the gap is acknowledged first */
		if (!i && c->tcp.flags & TCPF_ACK_DUE)
			tcp_seg_ack(c);
		count(COUNT_TCP_DUPACK_SENT);
		tcp_seg_ack(c);
	}
	tcp_end_settle(c, rc, last_out, now);
}

/**
 * tcp_flush() - End of a batch: settle all connections that had segments in it
 * @now:	Time, us
 *
 * Borrowed frames are not needed afterwards.
 */
void tcp_flush(uint64_t now)
{
	struct tcp_batch *b;

	while ((b = tcp_batch_next()))
		flush_slot(b, now);
}

/* open_reset() - A RST in PH_OPEN (RFC 5961, section 3.2) */
static void open_reset(struct conn *c, struct tcp_batch *b, const struct tcp_seg *s,
		       uint64_t now)
{
	uint32_t ahead = s->seq - tcp_out_next(&c->tcp, b);
	bool fin = b->fin || c->tcp.half[OUT] == HALF_EOF || c->tcp.half[OUT] == HALF_SHUT;
	uint64_t id = conn_id(c);

	/* A FIN that was taken, but is not acknowledged yet, lies before it */
	if (ahead && !(fin && ahead == 1)) {
		count(DROP_TCP_RST);
		if (tcp_out_fit(&c->tcp, b, s) == TCP_FIT_GAP)
			tcp_seg_challenge(c, now);
		return;
	}
	/* What came before it in this batch counts */
	flush_slot(b, now);
	c = conn_get(id);
	if (c && c->tcp.phase == PH_OPEN)
		tcp_end_drain(c, now);
	else if (c)
		tcp_end_release(c);
}

/**
 * segment_open() - A segment in PH_OPEN
 * @c:		Connection
 * @f:		Its frame
 * @s:		Segment
 * @now:	Time, us
 *
 * RFC 9293, section 3.10.7.4, in its order: sequence, RST, SYN, ACK, text, FIN.
 */
static void segment_open(struct conn *c, const struct frame *f, const struct tcp_seg *s,
			 uint64_t now)
{
	struct tcp_batch *b = tcp_batch_of(c);
	enum tcp_fit fit;

	c->tcp.seen_ms = (uint32_t)(now / 1000);
	if (s->flags & TCP_RST) {
		open_reset(c, b, s, now);
		return;
	}
	if (s->flags & TCP_SYN) {
		tcp_seg_challenge(c, now);
		return;
	}
	fit = tcp_out_fit(&c->tcp, b, s);
	if (fit == TCP_FIT_OLD || fit == TCP_FIT_BEYOND) {
		count(DROP_TCP_WINDOW);
		c->tcp.flags |= TCPF_ACK_DUE;
		return;
	}
	if (!(s->flags & TCP_ACK)) {
		count(DROP_TCP_FLAGS);
		return;
	}
	if (!tcp_in_ack(c, b, s, now))
		return;
	if (fit == TCP_FIT_GAP) {
		if (s->len || s->flags & TCP_FIN) {
			b->dupacks++;
			tcp_out_keep(&c->tcp, f, s);
		}
		return;
	}
	tcp_out_gather(&c->tcp, b, f, s);
}

/* segment_wait() - A segment after the end; true: it opens a new connection */
static bool segment_wait(struct conn *c, const struct tcp_seg *s)
{
	if (s->flags & TCP_RST)
		return false;
	if (s->flags & TCP_SYN && !(s->flags & TCP_ACK) && seq_gt(s->seq, c->tcp.rcv)) {
		tcp_end_release(c);
		return true;
	}
	tcp_seg_ack(c);
	return false;
}

/* stray() - A segment that belongs to no connection */
static void stray(const struct frame *f, const struct tcp_seg *s, uint64_t now)
{
	if ((s->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN) {
		tcp_open_dial(f, s, now);
		return;
	}
	count(DROP_TCP_NO_CONN);
	if (!(s->flags & TCP_RST))
		tcp_seg_reset_stray(f, s);
}

/**
 * tcp_frame() - A segment from the guest
 * @f:		Frame of FRAME_IP with protocol WIRE_TCP, borrowed until tcp_flush()
 * @now:	Time, us
 */
void tcp_frame(const struct frame *f, uint64_t now)
{
	struct conn_key key;
	struct tcp_seg s;
	struct conn *c;

	if (!tcp_seg_parse(f, &s))
		return;
	key = tcp_seg_key(f, &s);
	c = conn_find(&key);
	if (!c) {
		stray(f, &s, now);
		return;
	}
	/* A slot has room for so many pieces of frames, then it is settled early */
	if (c->tcp.slot && !tcp_out_fits_batch(tcp_batch_of(c), f)) {
		uint64_t id = conn_id(c);

		tcp_flush(now);
		c = conn_get(id);
		if (!c) {
			stray(f, &s, now);
			return;
		}
	}

	switch ((enum tcp_phase)c->tcp.phase) {
	case PH_DIAL:
		tcp_open_dialing(c, f, &s, now);
		break;
	case PH_DIALED:
		if (tcp_open_dialed(c, f, &s, now))
			segment_open(c, f, &s, now);
		break;
	case PH_CALL:
		tcp_open_called(c, f, &s, now);
		break;
	case PH_OPEN:
		segment_open(c, f, &s, now);
		break;
	case PH_WAIT:
		if (segment_wait(c, &s))
			tcp_open_dial(f, &s, now);
		break;
	case PH_NONE:
	case PH_FREE:
	case PH_DRAIN:
	case PH_DEAD:
	case PH_NUM:
		log_bug(__FILE__, __LINE__, "segment for a hidden or dead connection");
		break;
	}
}

/* event_open() - Something happened to the socket in PH_OPEN */
static void event_open(struct conn *c, uint32_t events, uint64_t now)
{
	uint8_t last_out = c->tcp.half[OUT];
	int rc = 0;

	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP))
		c->tcp.flags &= (uint16_t)~TCPF_DRAINED;
	if (events & EPOLLERR) {
		/* What came before a RST goes first; the error shows behind it */
		rc = tcp_in_push(c, now);
		if (!rc)
			rc = -sock_error(c->fd);
	}
	if (!rc && events & EPOLLOUT)
		rc = tcp_out_ready(c);
	if (!rc && c->tcp.half[OUT] != HALF_FLOW)
		rc = tcp_out_finish(c);
	if (!rc)
		rc = tcp_in_push(c, now);
	tcp_end_settle(c, rc, last_out, now);
}

/**
 * tcp_socket_event() - Something happened to the socket of a connection
 * @id:		Conn id, perhaps stale
 * @events:	EPOLLIN and so on
 * @now:	Time, us
 */
void tcp_socket_event(uint64_t id, uint32_t events, uint64_t now)
{
	struct conn *c = conn_get(id);
	int error;

	if (!c || c->kind != CONN_TCP)
		return;
	/* Told once, in whichever phase: with the end of connect() at the earliest */
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLPRI))
		c->tcp.flags |= TCPF_UNEVEN;
	switch ((enum tcp_phase)c->tcp.phase) {
	case PH_DIAL:
		error = sock_error(c->fd);
		if (error)
			tcp_open_failed(c, error, now);
		else if (events & EPOLLOUT)
			tcp_open_connected(c, now);
		break;
	case PH_DIALED:
	case PH_CALL:
		/* Bytes of the guest will ask anew */
		if (events & EPOLLOUT)
			c->tcp.flags &= (uint16_t)~TCPF_ARMED;
		if (events & (EPOLLERR | EPOLLHUP))
			tcp_end_reset(c, "reset by remote end before it was open");
		break;
	case PH_OPEN:
		event_open(c, events, now);
		break;
	case PH_DRAIN:
		if (events & (EPOLLERR | EPOLLHUP))
			tcp_end_abort(c);
		break;
	case PH_WAIT:
	case PH_NONE:
	case PH_FREE:
	case PH_DEAD:
	case PH_NUM:
		break;
	}
}

/**
 * tcp_link_ready() - The link has room again, or a guest came
 * @now:	Time, us
 */
void tcp_link_ready(uint64_t now)
{
	struct conn *c;

	while ((c = tcp_in_unstall())) {
		uint8_t last_out = c->tcp.half[OUT];
		int rc;

		if (c->tcp.phase != PH_OPEN)
			continue;
		rc = tcp_in_push(c, now);
		tcp_end_settle(c, rc, last_out, now);
		/* Room was not enough: it is in line again, and so wait the others */
		if (conn_get(conn_id(c)) && c->tcp.flags & TCPF_STALLED)
			return;
	}
}
