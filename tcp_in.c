// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_in.c - the byte stream from host to guest
 *
 * Theory of operation
 *
 *   Here we are the sending TCP.  The retransmission queue is the socket's own
 *   receive queue: bytes are peeked into frames, stay where they are, and are
 *   consumed when the guest acknowledged them.
 *
 *	     consumed	| peeked, in flight |	not looked at yet
 *	----------------+-------------------+----------------------- socket
 *			una		    nxt
 *
 *   The remote end's window so follows the guest's: what the guest does not
 *   read fills the receive queue, and the kernel closes its window.
 *
 *   There is no congestion window.  Between us and the guest is one link that
 *   nobody shares and that never queues; what limits the sender is the window of
 *   the receiver.  Only after a time-out, the one sign that the link may not
 *   carry what is sent, do bytes in flight grow from one segment again, as in
 *   slow start (RFC 5681, section 3.1), until what was lost is acknowledged.
 *
 *   Loss: three duplicate acknowledgements send the segment at una again, and
 *   each partial acknowledgement the next one, until all that was sent by then
 *   is acknowledged (RFC 6582, section 3.2).  If duplicates go on for longer than
 *   a round trip, what was sent again was lost again.  A time-out goes back to
 *   una.  If segments vanish again and again, smaller ones are tried (RFC 4821,
 *   section 7.7, in short).
 *
 *   End of file is a peek that returns 0; our FIN follows the last byte.
 *
 *   When the link has no room the connection waits in line, see
 *   tcp_in_unstall().
 */
#include "tcp_in.h"

#include <errno.h>

#include "count.h"
#include "log.h"
#include "seq.h"
#include "sock.h"
#include "tcp_rto.h"
#include "util.h"
#include "wire.h"

enum {
	PUSH_FRAMES	= 16,		/* frames per look at the socket */
	FLIGHT_MAX	= 20 * 65536,	/* toward a guest that is near, bytes */
	NEAR_US		= 2000,		/* round trip of one that is */
	DUPACKS		= 3,		/* RFC 5681, section 3.2 */
	REORDER_US	= 5000,		/* what a link may be late by, and not have lost */
	HOLE_BACKOFF	= 3,		/* time-outs before smaller segments are tried */
	PROBE_LIMIT_MS	= 15 * 60 * 1000,	/* a guest silent for so long is gone */
	STALL_MAX	= 16 * 1024,
};

/**
 * struct tcp_in_self - state of this file
 * @stalled:	ids of connections the link had no room for, a ring
 * @first:	the oldest there, counts all that there ever were, wraps
 * @next:	where the next one goes, the same
 */
static struct {
	uint64_t stalled[STALL_MAX];
	uint32_t first;
	uint32_t next;
} self;

/* tcp_in_init() - Begin anew */
void tcp_in_init(void)
{
	self.first = 0;
	self.next = 0;
}

/* stall() - Wait for room on the link; if the line is full, for a timer */
static void stall(struct conn *c, uint64_t now)
{
	if (c->tcp.flags & TCPF_STALLED)
		return;
	if (self.next - self.first == STALL_MAX) {
		/* With bytes in flight the retransmission timer runs anyway */
		if (c->tcp.nxt == c->tcp.una)
			tcp_rto_probe(&c->tcp, now);
		return;
	}
	self.stalled[self.next++ % STALL_MAX] = conn_id(c);
	c->tcp.flags |= TCPF_STALLED;
}

/**
 * tcp_in_unstall() - The next connection in line for room on the link
 *
 * Return: connection, for tcp_in_push(); NULL: none waits
 */
struct conn *tcp_in_unstall(void)
{
	while (self.first != self.next) {
		struct conn *c = conn_get(self.stalled[self.first++ % STALL_MAX]);

		if (c) {
			c->tcp.flags &= (uint16_t)~TCPF_STALLED;
			return c;
		}
	}
	return NULL;
}

/* window() - Take over the window of a segment (RFC 9293, 3.10.7.4); changed? */
static bool window(struct tcp_conn *t, const struct tcp_seg *s)
{
	uint32_t wnd = s->wnd << t->wscale;
	bool changed;

	if (seq_gt(t->wl1, s->seq) || (t->wl1 == s->seq && seq_gt(t->wl2, s->ack)))
		return false;
	changed = t->wnd != wnd;
	t->wnd = wnd;
	t->wl1 = s->seq;
	t->wl2 = s->ack;
	if (wnd && t->flags & TCPF_PROBE && t->nxt == t->una) {
		t->backoff = 0;
		tcp_rto_stop(t);
	}
	return changed;
}

/* progress() - New bytes were acknowledged */
static void progress(struct conn *c, struct tcp_batch *b, uint32_t ack, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;
	uint32_t bytes = ack - t->una;
	bool fin = t->flags & TCPF_FIN_SENT && ack == t->sent;

	b->acked += bytes - fin;
	t->una = ack;
	/* More than was sent since a rewind: larger segments had arrived, only late */
	if (seq_gt(ack, t->nxt))
		t->mss = t->mss_syn;
	/* After a rewind the guest may have had more than we remember */
	t->nxt = seq_max(t->nxt, ack);
	t->dupacks = 0;
	tcp_rto_acked(t, now);
	/* The guest has our FIN, perhaps a copy sent before a rewind */
	if (fin && t->half[IN] == HALF_EOF)
		tcp_half_move(c, IN, HE_SHUT);
	if (fin && t->half[IN] == HALF_SHUT)
		tcp_half_move(c, IN, HE_ACKED);
	if (seq_ge(ack, t->recover)) {
		t->lwnd = 0;
		t->flags &= (uint16_t)~TCPF_RECOVERY;
		return;
	}
	if (t->lwnd)
		t->lwnd += bytes;
	if (t->flags & TCPF_RECOVERY)
		b->resend = true;
}

/* overdue() - What was sent again should have been acknowledged by now: lost too */
static bool overdue(const struct tcp_conn *t, uint64_t now)
{
	uint32_t wait = t->srtt + max_u32(4 * t->rttvar, REORDER_US);

	/* Nothing measured: only the time-out knows */
	return t->srtt && (uint32_t)now - t->resent_us > wait;
}

/**
 * tcp_in_ack() - Take the acknowledgement and window of a segment
 * @c:		Connection in PH_OPEN
 * @b:		Batch: what is to be consumed or sent again is noted there
 * @s:		Segment with TCP_ACK, in the window
 * @now:	Time, us
 *
 * Return: true; false: it acknowledges what was never sent, or long ago: drop it
 */
bool tcp_in_ack(struct conn *c, struct tcp_batch *b, const struct tcp_seg *s,
		uint64_t now)
{
	struct tcp_conn *t = &c->tcp;
	bool moved;

	if (seq_gt(s->ack, t->sent)) {
		count(COUNT_TCP_LATE_ACK);
		tcp_seg_challenge(c, now);
		return false;
	}
	if (seq_lt(s->ack, t->una)) {
		/* Older than any window allows: blind injection (RFC 5961, 5.2) */
		if (t->una - s->ack > UINT32_C(0xffff) << t->wscale) {
			count(DROP_TCP_WINDOW);
			tcp_seg_challenge(c, now);
			return false;
		}
		return true;
	}
	moved = window(t, s);
	if (s->ack != t->una) {
		progress(c, b, s->ack, now);
		return true;
	}
	/* RFC 5681, section 2: what counts as a duplicate */
	if (s->len || moved || s->flags & TCP_FIN || t->sent == t->una)
		return true;
	if (t->dupacks < UINT8_MAX)
		t->dupacks++;
	if (t->flags & TCPF_RECOVERY) {
		b->resend |= t->dupacks > DUPACKS && overdue(t, now);
	} else if (t->dupacks == DUPACKS && !t->lwnd) {
		count(COUNT_TCP_FAST_RETRANSMIT);
		t->recover = t->sent;
		t->flags |= TCPF_RECOVERY;
		b->resend = true;
	}
	return true;
}

/* data_end() - First number behind the bytes sent so far, our FIN left out */
static uint32_t data_end(const struct tcp_conn *t)
{
	return t->sent - !!(t->flags & TCPF_FIN_SENT);
}

/* send_fin() - Our FIN behind the last byte, for the first time or again */
static void send_fin(struct conn *c, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;

	tcp_seg_send(c, TCP_FIN | TCP_ACK, t->nxt);
	tcp_rto_sent(t, 1, now);
	t->flags |= TCPF_FIN_SENT;
	tcp_half_move(c, IN, HE_SHUT);
}

/**
 * put_frames() - Give back lent frames that hold peeked bytes
 * @c:		Connection
 * @seq:	Number of the first byte
 * @len:	Bytes
 * @unit:	Bytes per frame
 * @push:	Nothing is known to follow: the last one says so
 */
static void put_frames(struct conn *c, uint32_t seq, uint32_t len, uint32_t unit,
		       bool push)
{
	while (len) {
		uint32_t n = min_u32(len, unit);
		uint8_t flags = push && n == len ? TCP_ACK | TCP_PSH : TCP_ACK;
		uint8_t h[TAP_HEAD_MAX];
		struct virtio_net_hdr vh;
		unsigned hlen = tcp_seg_head(c, h, seq, flags, n, &vh);

		(void)tap_give(h, hlen, n, &vh);
		seq += n;
		len -= n;
	}
}

/* resend() - The segment at una again; nothing else moves; -errno: socket dead */
static int resend(struct conn *c, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;
	uint32_t unit = tcp_seg_unit(c);
	uint32_t want = min_u32(unit, data_end(t) - t->una);
	uint32_t peeked = t->nxt - t->una - (t->half[IN] >= HALF_SHUT);
	struct iovec iov[1];
	ssize_t got;

	/* Karn: what is sent again is not measured; what is behind it may be */
	if (seq_lt(t->rtt_seq, t->una + want))
		t->rtt_at = 0;
	t->resent_us = (uint32_t)now;
	if (!want) {
		if (t->half[IN] == HALF_SHUT)
			tcp_seg_send(c, TCP_FIN | TCP_ACK, t->una);
		return 0;
	}
	if (!tap_lend(tcp_seg_hlen(c), unit, want, iov, 1))
		return 0;
	(void)sock_tcp_seek(c->fd, 0);
	got = sock_tcp_peek(c->fd, 0, iov, 1);
	(void)sock_tcp_seek(c->fd, peeked);
	if (got > 0)
		put_frames(c, t->una, (uint32_t)got, unit, true);
	return got < 0 && got != -EAGAIN ? (int)got : 0;
}

/*
 * open_window() - Bytes that may be sent now
 *
 * What is in flight lies in the host's receive queue, which the kernel walks at each
 * look, and is read again by the guest.  So more than what fills the link, as windows
 * of some MB do, costs time, and throws the first copy out of the cache before the
 * second is made.
 */
static uint32_t open_window(const struct tcp_conn *t)
{
	uint32_t flight = tcp_in_flight(t);
	uint32_t limit = t->lwnd ? min_u32(t->lwnd, t->wnd) : t->wnd;
	uint32_t room;

	if (t->srtt < NEAR_US)
		limit = min_u32(limit, FLIGHT_MAX);
	room = limit > flight ? limit - flight : 0;

	/*
	 * No silly windows (RFC 9293, 3.8.6.2.1): a rest less than a segment and
	 * than half of the window can wait for the next acknowledgement.
	 */
	return flight && room < t->mss && room < t->wnd / 2 ? 0 : room;
}

/* may_peek() - Whether there may be bytes to send: fresh ones, or rewound ones */
static bool may_peek(const struct tcp_conn *t)
{
	if (t->half[IN] == HALF_FLOW)
		return !(t->flags & TCPF_DRAINED);
	return t->half[IN] == HALF_EOF && t->nxt != data_end(t);
}

/**
 * push_once() - One look at the socket, as many frames as it gives
 * @c:		Connection
 * @now:	Time, us
 *
 * Return: 1: there may be more; 0: not now; -errno: the socket is dead
 */
static int push_once(struct conn *c, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;
	uint32_t unit = tcp_seg_unit(c);
	uint32_t want = open_window(t);
	struct iovec iov[PUSH_FRAMES];
	uint32_t lent;
	ssize_t got;
	int n;

	if (!want) {
		if (t->nxt == t->una)
			tcp_rto_probe(t, now);
		return 0;
	}
	if (t->half[IN] == HALF_EOF)
		want = min_u32(want, data_end(t) - t->nxt);
	n = tap_lend(tcp_seg_hlen(c), unit, want, iov, PUSH_FRAMES);
	if (!n) {
		stall(c, now);
		return 0;
	}
	lent = min_u32(want, (uint32_t)n * unit);
	got = sock_tcp_peek(c->fd, tcp_in_flight(t), iov, n);
	if (got == -EAGAIN && t->carried & CARRIED_EOF)
		got = 0;
	if (got == -EAGAIN) {
		/* A FIN behind bytes in flight may show later: see sock_tcp_peek() */
		if (!(t->flags & TCPF_UNEVEN) || !tcp_in_flight(t))
			t->flags |= TCPF_DRAINED;
		return 0;
	}
	if (got < 0)
		return (int)got;
	if (!got) {
		if (t->half[IN] == HALF_FLOW)
			tcp_half_move(c, IN, HE_EOF);
		return 0;
	}
	/* A short answer means empty; a peek also ends before a FIN or urgent mark */
	if ((uint32_t)got < lent && !(t->flags & TCPF_UNEVEN))
		t->flags |= TCPF_DRAINED;
	if (t->flags & TCPF_ASKED)
		t->flags = (uint16_t)((t->flags | TCPF_TURNS) & ~TCPF_ASKED);
	put_frames(c, t->nxt, (uint32_t)got, unit, (uint32_t)got < lent);
	tcp_rto_sent(t, (uint32_t)got, now);
	return 1;
}

/**
 * tcp_in_push() - Send what the socket holds, as far as the window allows
 * @c:		Connection in PH_OPEN
 * @now:	Time, us
 *
 * Return: 0; -errno: the host reset the connection (caller: tell the guest)
 */
int tcp_in_push(struct conn *c, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;
	int rc = 1;

	/* Ends at the guest's window: acknowledgements are not seen in between */
	while (rc > 0 && may_peek(t))
		rc = push_once(c, now);
	if (rc < 0)
		return rc;
	if (t->half[IN] == HALF_EOF && t->nxt == data_end(t))
		send_fin(c, now);
	return 0;
}

/**
 * tcp_in_flush() - Do what a batch of acknowledgements asks for
 * @c:		Connection in PH_OPEN
 * @b:		Batch
 * @now:	Time, us
 *
 * Return: 0; -errno: the host reset the connection (caller: tell the guest)
 */
int tcp_in_flush(struct conn *c, const struct tcp_batch *b, uint64_t now)
{
	int rc = 0;

	if (b->acked) {
		ssize_t n = sock_tcp_consume(c->fd, b->acked);

		if (n < 0)
			return (int)n;
		if (BUG_ON((size_t)n != b->acked))
			return -EPROTO;
	}
	if (b->resend && seq_lt(c->tcp.una, c->tcp.sent))
		rc = resend(c, now);
	return rc ? rc : tcp_in_push(c, now);
}

/* rewind() - All that is in flight goes out again, from una on */
static void rewind(struct conn *c)
{
	struct tcp_conn *t = &c->tcp;

	if (t->half[IN] == HALF_SHUT)
		tcp_half_move(c, IN, HE_REWIND);
	t->flags &= (uint16_t)~(TCPF_RECOVERY | TCPF_DRAINED);
	t->dupacks = 0;
	t->recover = t->sent;
	t->nxt = t->una;
	(void)sock_tcp_seek(c->fd, 0);
}

/**
 * tcp_in_timeout() - The retransmission or persist timer ran out
 * @c:		Connection in PH_OPEN
 * @now:	Time, us
 *
 * Return: 0; -ETIMEDOUT: the guest is gone; other -errno: the socket is dead
 *	   (caller: reset both ends)
 */
int tcp_in_timeout(struct conn *c, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;

	if (t->flags & TCPF_PROBE) {
		if ((uint32_t)(now / 1000) - t->seen_ms > PROBE_LIMIT_MS)
			return -ETIMEDOUT;
		count(COUNT_TCP_PROBE);
		/* Out of the window on purpose: it must be answered */
		tcp_seg_send(c, TCP_ACK, t->una - 1);
		tcp_rto_expired(t, now);
		return 0;
	}
	if (t->nxt == t->una) {
		tcp_rto_stop(t);
		return 0;
	}
	if (t->backoff >= TCP_RTO_RETRIES)
		return -ETIMEDOUT;
	count(COUNT_TCP_RTO);
	tcp_rto_expired(t, now);
	/* Segments vanish again and again: they may be too large */
	if (t->backoff == HOLE_BACKOFF && t->mss > tcp_seg_mss(c, 0)) {
		t->mss = tcp_seg_mss(c, 0);
		count(COUNT_TCP_BLACK_HOLE);
	}
	rewind(c);
	t->lwnd = t->mss;
	return tcp_in_push(c, now);
}

/**
 * tcp_in_lost() - What is in flight is lost, for another reason than the link
 * @c:		Connection in PH_OPEN; tcp_in_push() has to follow
 */
void tcp_in_lost(struct conn *c)
{
	if (c->tcp.nxt == c->tcp.una)
		return;
	rewind(c);
	tcp_rto_stop(&c->tcp);
}
