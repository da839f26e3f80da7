// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_out.c - the byte stream from guest to host
 *
 * Theory of operation
 *
 *   Segments of one batch that follow each other are gathered, and go to the
 *   host's socket with one sendmsg().  What the kernel took is acknowledged to
 *   the guest: from then on the kernel retransmits it.  Nothing is kept here
 *   but the tail that a socket refused, which the window should make rare, and what
 *   came behind a gap, until the gap is closed (tail.c).
 *
 *   The window
 *
 *	What fits into the send queue is not its size: the kernel accounts
 *	memory (truesize), 1.08 to 1.25 bytes of it for each byte when large
 *	pieces are sent, more for small ones.  With B the limit of the queue and
 *	Q what is in it, both in memory, a window of (B - Q) / 2 is taken whole:
 *
 *	taken ........ rcv ............ edge = max(edge, taken + (B - Q) / 2)
 *	      in the	   what the guest
 *	      tail	   may send
 *
 *	taken is what the kernel has.  The edge never moves left of what the guest
 *	was told, and not at all while there is a tail.  With many connections
 *	each window is at most its share of what the kernel has for all sockets;
 *	those that are busy are granted more, out of a pool, until they rest: so
 *	many quiet ones do not make the window of a busy one small.
 *
 *	When less than B / 7 is open, the loop is asked to tell when the queue
 *	drains.  Asking with EPOLL_CTL_MOD matters: polling a socket that is full
 *	is what makes the kernel set SOCK_NOSPACE, and without that neither
 *	EPOLLOUT nor the autotuning of the buffer ever comes (net/ipv4/tcp.c,
 *	tcp_poll(); tcp_input.c, tcp_new_space()).  It fires at once while Q is
 *	up to 2/3 of B, when B / 6 is open: a threshold above that would make it
 *	spin.  The MSS offered to the guest is at most B / 8, so that a window
 *	too small for one segment is always below the threshold.
 *
 *	A window that opens is told to the guest when it grew by two segments or
 *	B / 48 (RFC 9293, 3.8.6.2.2), or goes along with other segments.  The
 *	event may come when it grew by B / 6 - B / 7 only.
 *
 *   Acknowledgements
 *
 *	go out at the end of each batch, but for one case: where guest and remote
 *	end take turns, as with requests and responses, the answer is soon there
 *	for the acknowledgement to go along with (RFC 9293, 3.8.6.3).  It waits 40
 *	ms at most, the time of Linux; once it waited in vain it does so no more
 *	until the remote end has answered again.  So it never holds up a guest that
 *	sends without waiting for answers.
 *
 *   The guest's FIN
 *
 *	is passed on by shutdown() when all before it is with the kernel, and is
 *	acknowledged only when the remote end acknowledged ours: so a guest whose
 *	close() returned knows that its bytes arrived.  The kernel tells by an
 *	event when the socket reaches FIN-WAIT-2 or CLOSE; no timer is needed.
 */
#include "tcp_out.h"

#include "count.h"
#include "loop.h"
#include "seq.h"
#include "sock.h"
#include "tail.h"
#include "util.h"
#include "wire.h"

enum {
	ARM_PART	= 7,		/* of B: less open than that, ask for an event */
	UPDATE_PART	= 48,		/* of B: opened by that much, tell the guest */
	SHARED_PART	= 8,		/* of the memory of all sockets: the same for each */
	GRANTED_PART	= 4,		/* another part: for those that are busy */
	WINDOW_LEAST	= 0xffff,
	ACK_DELAY_US	= 40000,	/* as Linux, net/ipv4: TCP_DELACK_MIN */
	EDGE_MAX	= 0xffff << TCP_WSCALE,
};

/**
 * struct tcp_out_self - state of this file
 * @granted:	sum of @grant of all connections, bytes
 */
static struct {
	uint64_t granted;
} self;

/* tcp_out_init() - Begin anew */
void tcp_out_init(void)
{
	self.granted = 0;
}

/**
 * tcp_out_next() - The sequence number expected next
 * @t:		Connection
 * @b:		What this batch brought so far
 *
 * Return: sequence number, beyond the guest's FIN if that is done
 */
uint32_t tcp_out_next(const struct tcp_conn *t, const struct tcp_batch *b)
{
	return tcp_ack_number(t) + b->len;
}

/**
 * tcp_out_fit() - Where a segment lies (RFC 9293, 3.10.7.4, first check)
 * @t:		Connection
 * @b:		What this batch brought so far
 * @s:		Segment
 *
 * Return: verdict
 */
enum tcp_fit tcp_out_fit(const struct tcp_conn *t, const struct tcp_batch *b,
			 const struct tcp_seg *s)
{
	uint32_t next = tcp_out_next(t, b);
	uint32_t len = s->len + !!(s->flags & TCP_FIN);

	if (seq_gt(s->seq, next))
		return seq_le(s->seq, t->edge) ? TCP_FIT_GAP : TCP_FIT_NOT;
	return s->seq == next || seq_gt(s->seq + len, next) ? TCP_FIT_OK : TCP_FIT_NOT;
}

/**
 * tcp_out_ack_now() - Something has to be acknowledged, or told, at once
 * @t:		Connection
 */
void tcp_out_ack_now(struct tcp_conn *t)
{
	t->flags = (uint16_t)((t->flags | TCPF_ACK_DUE) & ~TCPF_TURNS);
}

/**
 * tcp_out_ack_waits() - Whether an acknowledgement may wait for bytes to go along with
 * @t:		Connection with TCPF_ACK_DUE; ack_at is set if so
 * @now:	Time, us
 *
 * Return: true: nothing to send yet
 */
bool tcp_out_ack_waits(struct tcp_conn *t, uint64_t now)
{
	if (!(t->flags & TCPF_TURNS) || t->half[OUT] != HALF_FLOW || t->late || t->tail ||
	    seq_ahead(t->rcv, t->acked) >= 2U * t->mss)
		return false;
	if (!t->ack_at)
		t->ack_at = now + ACK_DELAY_US;
	return true;
}

/**
 * tcp_out_gather() - Take the new part of a segment into the batch
 * @t:		Connection
 * @b:		Batch, with room
 * @f:		Frame that holds the segment
 * @s:		Segment that is TCP_FIT_OK
 */
void tcp_out_gather(struct tcp_conn *t, struct tcp_batch *b, const struct frame *f,
		    const struct tcp_seg *s)
{
	uint32_t next = tcp_out_next(t, b);
	uint32_t old = next - s->seq;
	uint32_t fresh = s->len > old ? s->len - old : 0;
	uint32_t n = min_u32(fresh, seq_ahead(t->edge, next));

	if (old && s->len)
		tcp_out_ack_now(t);		/* our last one was lost, it seems */
	else if (s->len || s->flags & TCP_FIN)
		t->flags |= TCPF_ACK_DUE;
	/* Nothing follows a FIN */
	if (b->fin || t->half[OUT] != HALF_FLOW)
		return;
	if (n) {
		int niov = frame_payload(f, s->hlen + old, n, b->iov + b->niov,
					 TCP_BATCH_IOV - b->niov);

		/* In more pieces than a batch can name: as if it had not come */
		if (!niov) {
			count(DROP_TCP_LIMIT);
			return;
		}
		b->niov += niov;
		b->len += n;
	}
	if (n < fresh)
		count(DROP_TCP_WINDOW);
	else if (s->flags & TCP_FIN)
		b->fin = true;
}

/**
 * tcp_out_keep() - Keep a segment behind a gap, until the gap is closed
 * @t:		Connection
 * @f:		Frame that holds the segment
 * @s:		Segment that is TCP_FIT_GAP
 *
 * A FIN is not kept: it comes again, with or without data before it.
 */
void tcp_out_keep(struct tcp_conn *t, const struct frame *f, const struct tcp_seg *s)
{
	struct iovec iov[TCP_BATCH_IOV];
	uint32_t n = min_u32(s->len, seq_ahead(t->edge, s->seq)), kept = 0;

	if (n && t->half[OUT] == HALF_FLOW) {
		int niov = frame_payload(f, s->hlen, n, iov, TCP_BATCH_IOV);

		kept = late_put(&t->late, s->seq, iov, niov, n);
	}
	if (n < s->len)
		count(DROP_TCP_WINDOW);
	else if (kept < n || s->flags & TCP_FIN)
		count(DROP_TCP_ORDER);
	else
		count(COUNT_TCP_LATE);
}

/* give_tail() - What waits goes first; -errno: connection dead */
static int give_tail(struct conn *c)
{
	struct tcp_conn *t = &c->tcp;
	struct iovec iov[TCP_BATCH_IOV];

	while (t->tail) {
		int niov = tail_peek(t->tail, iov, TCP_BATCH_IOV);
		ssize_t n = sock_tcp_send(c->fd, iov, niov);

		if (n < 0)
			return (int)n;
		if (!n)
			break;
		tail_drop(&t->tail, (uint32_t)n);
	}
	return 0;
}

/* give() - Bytes of a batch to the socket, the rest to the tail */
static int give(struct conn *c, struct tcp_batch *b)
{
	struct tcp_conn *t = &c->tcp;
	uint32_t taken = 0, kept;

	if (!t->tail) {
		ssize_t n = sock_tcp_send(c->fd, b->iov, b->niov);

		if (n < 0)
			return (int)n;
		taken = (uint32_t)n;
	}
	kept = taken < b->len ? tail_put(&t->tail, b->iov, b->niov, taken, UINT32_MAX) : 0;
	t->rcv += taken + kept;
	count_add(COUNT_TCP_TAIL, kept);
	/* What was not taken comes again, and so does the FIN behind it */
	if (taken + kept < b->len) {
		count(DROP_TCP_TAIL_FULL);
		b->fin = false;
	}
	return 0;
}

/**
 * tcp_out_flush() - Give what a batch brought to the host's kernel
 * @c:		Connection in PH_OPEN
 * @b:		Batch
 *
 * Moves rcv, the window, and half[OUT]; leaves TCPF_ACK_DUE set if there is
 * something to acknowledge.
 *
 * Return: 0; -errno: the socket is dead (caller: reset both ends)
 */
int tcp_out_flush(struct conn *c, struct tcp_batch *b)
{
	struct tcp_conn *t = &c->tcp;
	int rc = b->len ? give(c, b) : 0;

	if (rc)
		return rc;
	/* Nothing follows a FIN */
	if (b->fin)
		late_drop(&t->late);
	if (b->len) {
		/* The gap is closed, perhaps: what was behind it follows */
		uint32_t late = late_take(&t->late, t->rcv, &t->tail);

		t->rcv += late;
		rc = late ? give_tail(c) : 0;
		if (rc)
			return rc;
		t->flags |= TCPF_ACK_DUE | TCPF_ASKED;
		tcp_out_window(c);
	}
	if (b->fin && t->half[OUT] == HALF_FLOW) {
		tcp_half_move(c, OUT, HE_EOF);
		tcp_out_rest(t);
	}
	return tcp_out_finish(c);
}

/*
 * most() - The largest window a connection may have
 *
 * Each queue has room, but the kernel has less memory than all of them together;
 * when that is short a socket refuses what its own queue would take.  So each has its
 * share of one part of it, and what it was granted out of another.
 */
static uint32_t most(const struct tcp_conn *t)
{
	uint64_t share = sock_tcp_memory() / SHARED_PART / (conn_count(CONN_TCP) + 1);
	uint32_t least = max_u32((uint32_t)min_u64(share, EDGE_MAX), WINDOW_LEAST);

	return max_u32(least, t->grant);
}

/*
 * grow() - Its share is small, since many are open, but this one is busy: grant it more
 *
 * Twice as much each time that it used half of what was open; never more than half
 * of what is left for all.
 */
static void grow(struct tcp_conn *t, uint32_t now)
{
	uint64_t pool = sock_tcp_memory() / GRANTED_PART;
	uint32_t more = min_u32(2 * now, EDGE_MAX) - t->grant;

	if (pool <= self.granted)
		return;
	more = (uint32_t)min_u64(more, (pool - self.granted) / 2);
	if (t->grant + more <= now)
		return;
	t->grant += more;
	self.granted += more;
}

/**
 * tcp_out_rest() - Nothing comes from the guest, for now or any more
 * @t:		Connection; what its guest was told stays open to it, but others may
 *		have as much
 */
void tcp_out_rest(struct tcp_conn *t)
{
	self.granted -= t->grant;
	t->grant = 0;
}

/**
 * tcp_out_window() - Move the right edge to what fits, ask for an event if little
 * @c:		Connection with a connected socket
 */
void tcp_out_window(struct conn *c)
{
	struct tcp_conn *t = &c->tcp;
	uint32_t taken = t->rcv - tail_len(t->tail);
	uint32_t fits, limit = most(t);
	struct sock_room r;
	int32_t few;

	/* After shutdown() it is always writable, and asking would make the loop spin */
	if (t->half[OUT] > HALF_EOF || sock_tcp_room(c->fd, &r))
		return;
	t->room = r.size;
	fits = r.size > r.used ? (r.size - r.used) / 2 : 0;
	if (fits > limit && seq_ahead(t->edge, taken) <= limit / 2 && t->phase == PH_OPEN)
		grow(t, limit);
	if (!t->tail)
		t->edge = seq_max(t->told, taken + min_u32(fits, most(t)));
	if (t->flags & TCPF_ARMED)
		return;
	few = (int32_t)min_u32(min_u32(r.size, EDGE_MAX) / ARM_PART, most(t));
	/* Refused with half of the queue free: the kernel has no memory, it says
	 * writable all the time; tcp_end.c tries again later */
	if (t->tail && r.used < r.size / 2)
		return;
	if ((t->tail || seq_diff(t->edge, taken) < few) &&
	    !loop_mod(c->fd, LOOP_TCP, conn_id(c), TCP_EVENTS))
		t->flags |= TCPF_ARMED;
}

/**
 * tcp_out_ready() - The send queue drained
 * @c:		Connection in PH_OPEN
 *
 * Return: 0; -errno: the socket is dead (caller: reset both ends)
 */
int tcp_out_ready(struct conn *c)
{
	struct tcp_conn *t = &c->tcp;
	uint32_t step;
	int rc;

	if (!(t->flags & TCPF_ARMED))
		return 0;
	t->flags &= (uint16_t)~TCPF_ARMED;
	rc = give_tail(c);
	if (rc)
		return rc;
	tcp_out_window(c);
	step = min_u32(2U * t->mss, t->room / UPDATE_PART);
	if (seq_diff(tcp_seg_offer(t), t->told) >= (int32_t)step &&
	    t->half[OUT] == HALF_FLOW) {
		count(COUNT_TCP_WINDOW_UPDATE);
		tcp_out_ack_now(t);
	}
	return 0;
}

/**
 * tcp_out_finish() - Pass the guest's FIN on, and see whether it arrived
 * @c:		Connection in PH_OPEN
 *
 * Return: 0; -errno: the socket is dead (caller: reset both ends)
 */
int tcp_out_finish(struct conn *c)
{
	struct tcp_conn *t = &c->tcp;
	enum sock_tcp_state state;
	int error;

	if (t->half[OUT] == HALF_EOF && !t->tail) {
		int rc = sock_tcp_shutdown(c->fd);

		if (rc)
			return rc;
		tcp_half_move(c, OUT, HE_SHUT);
	}
	if (t->half[OUT] != HALF_SHUT)
		return 0;
	state = sock_tcp_state(c->fd);
	error = state == SOCK_TCP_CLOSED ? sock_error(c->fd) : 0;
	if (error)
		return -error;
	if (state == SOCK_TCP_CLOSED || state == SOCK_TCP_FIN_ACKED) {
		tcp_half_move(c, OUT, HE_ACKED);
		t->flags |= TCPF_ACK_DUE;
		if (t->half[IN] == HALF_DONE)
			t->flags |= TCPF_FIN_LAST;
	}
	return 0;
}
