// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp.c - what to do with a segment, a socket event, a timeout
 *
 * Theory of operation
 *
 *   The guest's TCP talks to us, the host's kernel talks to the remote end, and
 *   this file joins the two.  It finds the connection, drives the handshakes,
 *   and closes; the two byte streams are tcp_out.c (guest to host) and tcp_in.c
 *   (host to guest), segments are tcp_seg.c, states tcp_fsm.c.
 *
 *	guest opens		 us			    host
 *	SYN ----------------> conn, DIAL -- connect() --------->
 *	    <---- SYN-ACK --- DIALED <------------- EPOLLOUT ---
 *	ACK ----------------> OPEN
 *	    (or RST, ICMP)    DEAD <------------- SO_ERROR ---
 *
 *	remote opens		 us			    host
 *	    <-------- SYN --- conn, CALL <-------- accept() ----
 *	SYN-ACK ------------> OPEN
 *
 *   Frames come in batches.  Each connection that has segments in the batch gets
 *   a slot, where bytes and acknowledgements gather, and is settled once, at the
 *   end: one sendmsg() for the bytes, one recv() to consume what was
 *   acknowledged, one look for more, one acknowledgement if no segment carried
 *   it.  No system call is made per segment.
 *
 *   Closing.  When both halves are done the socket is closed; the kernel does
 *   its TIME-WAIT, and we ours, short, if the guest's FIN was the last and our
 *   acknowledgement of it may be lost.  A RST is relayed, each way; before one
 *   of the guest is, bytes that were acknowledged to it may leave (DRAIN).
 *
 * Timers (rto_at: tcp_rto.c; check_at: here)
 *	phase	rto_at				check_at
 *	DIAL	-				-, the kernel's own ends it
 *	DIALED	SYN-ACK again			-
 *	CALL	SYN again			-
 *	OPEN	retransmit or probe		WATCH_US after bytes went out: does
 *						the host make progress?  else
 *						KEEPALIVE_US: is the guest there?
 *	DRAIN	-				is the host's queue empty?
 *	WAIT	-				over
 */
#include "tcp.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "count.h"
#include "icmp.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "seq.h"
#include "sock.h"
#include "tail.h"
#include "tcp_in.h"
#include "tcp_out.h"
#include "tcp_rto.h"
#include "tcp_seg.h"
#include "tcp_state.h"
#include "wire.h"

enum {
	SYN_RETRIES	= 6,			/* tcp_syn_retries of Linux: 127 s */
	WAIT_US		= 10 * 1000000,
	WAIT_MAX	= CONN_MAX / 4,		/* connections in WAIT at once */
	DRAIN_STEP_US	= 10 * 1000,		/* at first, then a quarter of its age */
	RETRY_US	= 10 * 1000,
	DRAIN_MAX_MS	= 5 * 1000,
	WATCH_US	= 3 * 1000000,
	KEEPALIVE_S	= 2 * 60 * 60,		/* RFC 9293, 3.8.4: no less */
	KEEPALIVE_STEP_S = 75,
	KEEPALIVE_TRIES	= 9,
};

#define US_PER_S	UINT64_C(1000000)

/**
 * struct tcp_self - state of this file
 * @slot:	connections that have segments in the present batch
 * @nslots:	how many
 * @waiting:	connections in PH_WAIT
 * @limit_log:	rate limit of the line about refused connections
 */
static struct {
	struct tcp_batch slot[TAP_BATCH];
	int nslots;
	uint32_t waiting;
	uint64_t limit_log;
} self;

/* tcp_init() - Begin anew */
void tcp_init(void)
{
	self.nslots = 0;
	self.waiting = 0;
	tail_init();
	tcp_in_init();
}

/* release() - The end of an entry; its socket is dealt with already */
static void release(struct conn *c)
{
	if (c->tcp.slot)
		self.slot[c->tcp.slot - 1].c = NULL;
	if (c->tcp.phase == PH_WAIT)
		self.waiting--;
	tcp_out_drop(c);
	tcp_move(c, EV_ABORT);
	conn_free(c);
}

/* abort_host() - Reset the remote end, forget the connection */
static void abort_host(struct conn *c)
{
	if (c->fd >= 0)
		sock_tcp_abort(c->fd);
	c->fd = -1;
	release(c);
}

/* abort_both() - Reset guest and remote end, forget the connection */
static void abort_both(struct conn *c, const char *why)
{
	debug("%s: reset: %s", conn_text(c), why);
	tcp_seg_send(c, TCP_RST | TCP_ACK, c->tcp.sent);
	abort_host(c);
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
		release(c);
		return;
	}
	c->tcp.check_at = now + WAIT_US;
	tcp_schedule(c);
}

/**
 * settle() - What is left to do when an event was handled
 * @c:		Connection in PH_OPEN, may be gone afterwards
 * @rc:		What the handlers returned: -errno resets
 * @last_out:	half[OUT] before the event
 * @now:	Time, us
 */
static void settle(struct conn *c, int rc, uint8_t last_out, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;

	if (rc < 0) {
		abort_both(c, rc == -ETIMEDOUT ? "timed out" : "host socket failed");
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

/* slot_of() - The slot of a connection in this batch, made if it has none */
static struct tcp_batch *slot_of(struct conn *c)
{
	struct tcp_batch *b;

	if (c->tcp.slot)
		return &self.slot[c->tcp.slot - 1];
	b = &self.slot[self.nslots++];
	b->c = c;
	b->len = b->acked = b->dupacks = 0;
	b->fin = b->resend = false;
	b->niov = 0;
	c->tcp.slot = (uint8_t)self.nslots;
	return b;
}

/* watch() - Look later whether the host makes progress with what it took */
static void watch(struct tcp_conn *t, uint64_t now)
{
	if (t->flags & TCPF_WATCH)
		return;
	t->flags |= TCPF_WATCH;
	t->check_at = now + WATCH_US;
}

/* flush_slot() - Settle one connection; its slot is empty afterwards */
static void flush_slot(struct tcp_batch *b, uint64_t now)
{
	struct conn *c = b->c;
	uint8_t last_out;
	int rc;

	if (!c)
		return;
	b->c = NULL;
	c->tcp.slot = 0;
	last_out = c->tcp.half[OUT];
	rc = tcp_out_flush(c, b);
	if (!rc)
		rc = tcp_in_flush(c, b, now);
	if (!rc && b->len)
		watch(&c->tcp, now);
	for (uint32_t i = 0; !rc && i < b->dupacks; i++) {
		/* What was gathered before the gap is acknowledged first */
		if (!i && c->tcp.flags & TCPF_ACK_DUE)
			tcp_seg_ack(c);
		count(COUNT_TCP_DUPACK_SENT);
		tcp_seg_ack(c);
	}
	settle(c, rc, last_out, now);
}

/**
 * tcp_flush() - End of a batch: settle all connections that had segments in it
 * @now:	Time, us
 *
 * Borrowed frames are not needed afterwards.
 */
void tcp_flush(uint64_t now)
{
	for (int i = 0; i < self.nslots; i++)
		flush_slot(&self.slot[i], now);
	self.nslots = 0;
}

/* key_of() - Key of the connection a segment belongs to */
static struct conn_key key_of(const struct frame *f, const struct tcp_seg *s)
{
	return (struct conn_key){
		.guest = f->src, .far = f->dst,
		.gport = s->sport, .fport = s->dport, .proto = WIRE_TCP,
	};
}

/* refuse() - No entry or descriptor left for a new connection */
static void refuse(const char *what, uint64_t now)
{
	count(DROP_TCP_LIMIT);
	if (log_allow(&self.limit_log, now))
		warn("TCP connection refused: %s", what);
}

/**
 * dial_failed() - Tell the guest as the kernel, or a router, would have
 * @c:		Connection in PH_DIAL, gone afterwards
 * @error:	Positive errno of connect()
 * @now:	Time, us
 */
static void dial_failed(struct conn *c, int error, uint64_t now)
{
	uint8_t l4[8];
	struct icmp_error e = {
		.src = c->key.guest, .dst = c->key.far, .proto = WIRE_TCP,
		.l4 = l4, .l4have = sizeof(l4), .l4len = sizeof(struct wire_tcp),
		.now = now,
	};

	debug("%s: connect: errno %i", conn_text(c), error);
	put_be16(l4, c->key.gport);
	put_be16(l4 + 2, c->key.fport);
	put_be32(l4 + 4, c->tcp.rcv - 1);
	/* Refused by the remote end's TCP, or for want of resources: a RST */
	if (error == ECONNREFUSED || !icmp_error_set(&e, error)) {
		if (error != ETIMEDOUT)
			tcp_seg_send(c, TCP_RST | TCP_ACK, 0);
	} else {
		icmp_error_to_guest(&e);
	}
	abort_host(c);
}

/* begin() - Fields of a fresh connection */
static void begin(struct conn *c, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;

	t->phase = PH_FREE;
	t->una = t->nxt = t->sent = t->recover = tcp_seg_isn(&c->key, now);
	t->seen_ms = (uint32_t)(now / 1000);
	tcp_rto_init(t);
}

/* options() - What a SYN of the guest agrees to */
static void options(struct conn *c, const struct tcp_seg *s)
{
	struct tcp_conn *t = &c->tcp;

	t->mss = t->mss_syn = tcp_seg_mss(c, s);
	t->rcv = t->acked = t->edge = t->told = s->seq + 1;
	if (s->wscale < 0)
		return;
	t->flags |= TCPF_WSCALE;
	/* RFC 7323, section 2.3: larger ones count as 14 */
	t->wscale = (uint8_t)(s->wscale > 14 ? 14 : s->wscale);
}

/* dial() - The guest opens a connection */
static void dial(const struct frame *f, const struct tcp_seg *s, uint64_t now)
{
	struct conn_key key = key_of(f, s);
	struct conn *c = conn_new(CONN_TCP, &key);
	struct addr host;
	uint16_t port;
	int fd;

	if (!c) {
		refuse("table full", now);
		tcp_seg_reset_stray(f, s);
		return;
	}
	begin(c, now);
	options(c, s);
	tcp_move(c, EV_GUEST_SYN);
	fwd_to_host(WIRE_TCP, &key.far, key.fport, &host, &port);
	fd = sock_tcp_dial(&host, port, net->if6);
	if (fd >= 0 && loop_add(fd, LOOP_TCP, conn_id(c), TCP_EVENTS)) {
		sock_close(fd);
		fd = -EMFILE;
	}
	if (fd < 0) {
		if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
			refuse("no descriptor left", now);
		dial_failed(c, -fd, now);
		return;
	}
	c->fd = fd;
}

/**
 * tcp_accept() - A remote end opened a connection to a forwarded port
 * @in:		Its socket and ends; the socket is ours from now on
 * @now:	Time, us
 */
void tcp_accept(const struct fwd_conn *in, uint64_t now)
{
	struct conn_key key = {
		.guest = in->to, .far = in->src,
		.gport = in->to_port, .fport = in->ends.pport, .proto = WIRE_TCP,
	};
	struct conn *c = conn_find(&key);

	if (c && c->tcp.phase == PH_WAIT)
		release(c);
	else if (c) {
		debug("%s: the same again from outside, refused", conn_text(c));
		sock_tcp_abort(in->fd);
		return;
	}
	c = conn_new(CONN_TCP, &key);
	if (!c || loop_add(in->fd, LOOP_TCP, conn_id(c), TCP_EVENTS)) {
		refuse(c ? "no memory in the kernel" : "table full", now);
		sock_tcp_abort(in->fd);
		if (c)
			conn_free(c);
		return;
	}
	begin(c, now);
	c->fd = in->fd;
	c->tcp.flags |= TCPF_FROM_HOST;
	tcp_move(c, EV_HOST_ACCEPT);
	tcp_rto_sent(&c->tcp, c->tcp.nxt, now);
	c->tcp.nxt++;
	c->tcp.sent++;
	tcp_out_window(c);
	tcp_seg_send(c, TCP_SYN, c->tcp.una);
	tcp_schedule(c);
}

/* opened() - Both handshakes are done */
static void opened(struct conn *c, const struct tcp_seg *s, enum tcp_event ev, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;

	t->una = s->ack;
	tcp_in_begin(c, s);
	tcp_move(c, ev);
	tcp_rto_acked(t, s->ack, now);
	t->check_at = now + KEEPALIVE_S * US_PER_S;
	count(ev == EV_GUEST_ACK ? COUNT_TCP_OPEN_OUT : COUNT_TCP_OPEN_IN);
}

/* guest_reset() - A RST of the guest that is at the right place, PH_OPEN */
static void guest_reset(struct conn *c, uint64_t now)
{
	debug("%s: reset by guest", conn_text(c));
	if (sock_tcp_unacked(c->fd) <= 0 && !c->tcp.tail) {
		abort_host(c);
		return;
	}
	tcp_move(c, EV_GUEST_RST);
	conn_hide(c);
	tcp_rto_stop(&c->tcp);
	c->tcp.seen_ms = (uint32_t)(now / 1000);
	c->tcp.check_at = now + DRAIN_STEP_US;
	tcp_schedule(c);
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
		guest_reset(c, now);
	else if (c)
		release(c);
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
	struct tcp_batch *b = slot_of(c);
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
			count(DROP_TCP_ORDER);
			b->dupacks++;
		}
		return;
	}
	tcp_out_gather(&c->tcp, b, f, s);
}

/* segment_dialed() - A segment while our SYN-ACK is not acknowledged */
static void segment_dialed(struct conn *c, const struct frame *f,
			   const struct tcp_seg *s, uint64_t now)
{
	if (s->flags & TCP_RST) {
		if (s->seq == c->tcp.rcv)
			abort_host(c);
		else
			count(DROP_TCP_RST);
		return;
	}
	if (s->flags & TCP_SYN) {
		/* Ours was lost, it seems */
		tcp_seg_send(c, TCP_SYN | TCP_ACK, c->tcp.una);
		return;
	}
	if (!(s->flags & TCP_ACK)) {
		count(DROP_TCP_FLAGS);
		return;
	}
	if (s->ack != c->tcp.nxt) {
		tcp_seg_reset_stray(f, s);
		return;
	}
	opened(c, s, EV_GUEST_ACK, now);
	segment_open(c, f, s, now);
}

/* segment_call() - A segment while our SYN is not answered */
static void segment_call(struct conn *c, const struct frame *f,
			 const struct tcp_seg *s, uint64_t now)
{
	if (s->flags & TCP_ACK && s->ack != c->tcp.nxt) {
		if (!(s->flags & TCP_RST))
			tcp_seg_reset_stray(f, s);
		return;
	}
	if (s->flags & TCP_RST) {
		/* Nobody listens there.  Without ACK it proves nothing. */
		if (s->flags & TCP_ACK)
			abort_host(c);
		return;
	}
	/* A bare SYN is a simultaneous open: its SYN-ACK follows, by our SYN */
	if ((s->flags & (TCP_SYN | TCP_ACK)) != (TCP_SYN | TCP_ACK)) {
		count(DROP_TCP_FLAGS);
		return;
	}
	options(c, s);
	tcp_out_window(c);
	opened(c, s, EV_GUEST_SYNACK, now);
	c->tcp.flags |= TCPF_ACK_DUE;
	(void)slot_of(c);
}

/* segment_wait() - A segment after the end; true: it opens a new connection */
static bool segment_wait(struct conn *c, const struct tcp_seg *s)
{
	if (s->flags & TCP_RST)
		return false;
	if (s->flags & TCP_SYN && !(s->flags & TCP_ACK) && seq_gt(s->seq, c->tcp.rcv)) {
		release(c);
		return true;
	}
	tcp_seg_ack(c);
	return false;
}

/* stray() - A segment that belongs to no connection */
static void stray(const struct frame *f, const struct tcp_seg *s, uint64_t now)
{
	if ((s->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN) {
		dial(f, s, now);
		return;
	}
	count(DROP_TCP_NO_CONN);
	if (!(s->flags & TCP_RST))
		tcp_seg_reset_stray(f, s);
}

/* segment_dial() - A segment while connect() is under way */
static void segment_dial(struct conn *c, const struct frame *f,
			 const struct tcp_seg *s, uint64_t now)
{
	bool syn = (s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;

	if (syn && s->seq + 1 == c->tcp.rcv)
		return;		/* the same again, it can not know */
	if (syn || (s->flags & TCP_RST && s->seq == c->tcp.rcv)) {
		abort_host(c);
		if (syn)
			dial(f, s, now);
		return;
	}
	count(DROP_TCP_FLAGS);
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
	key = key_of(f, &s);
	c = conn_find(&key);
	if (!c) {
		stray(f, &s, now);
		return;
	}
	/* A slot has room for so many pieces of frames, then it is settled early */
	if (c->tcp.slot && !tcp_out_fits_batch(&self.slot[c->tcp.slot - 1], f)) {
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
		segment_dial(c, f, &s, now);
		break;
	case PH_DIALED:
		segment_dialed(c, f, &s, now);
		break;
	case PH_CALL:
		segment_call(c, f, &s, now);
		break;
	case PH_OPEN:
		segment_open(c, f, &s, now);
		break;
	case PH_WAIT:
		if (segment_wait(c, &s))
			dial(f, &s, now);
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

/* host_up() - connect() succeeded */
static void host_up(struct conn *c, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;

	tcp_move(c, EV_HOST_UP);
	tcp_out_window(c);
	tcp_rto_sent(t, t->nxt, now);
	t->nxt++;
	t->sent++;
	tcp_seg_send(c, TCP_SYN | TCP_ACK, t->una);
	tcp_schedule(c);
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
	settle(c, rc, last_out, now);
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
			dial_failed(c, error, now);
		else if (events & EPOLLOUT)
			host_up(c, now);
		break;
	case PH_DIALED:
	case PH_CALL:
		if (events & (EPOLLERR | EPOLLHUP))
			abort_both(c, "reset by remote end before it was open");
		break;
	case PH_OPEN:
		event_open(c, events, now);
		break;
	case PH_DRAIN:
		if (events & (EPOLLERR | EPOLLHUP))
			abort_host(c);
		break;
	case PH_WAIT:
	case PH_NONE:
	case PH_FREE:
	case PH_DEAD:
	case PH_NUM:
		break;
	}
}

/* timeout_rto() - The retransmission timer ran out; false: the connection ended */
static bool timeout_rto(struct conn *c, uint64_t now)
{
	uint8_t last_out = c->tcp.half[OUT];
	uint64_t id = conn_id(c);
	uint8_t flags = TCP_SYN;

	if (c->tcp.phase == PH_OPEN) {
		settle(c, tcp_in_timeout(c, now), last_out, now);
		return conn_get(id);
	}
	if (c->tcp.phase != PH_CALL && c->tcp.phase != PH_DIALED) {
		tcp_rto_stop(&c->tcp);
		return true;
	}
	if (c->tcp.backoff >= SYN_RETRIES) {
		abort_both(c, "guest does not answer");
		return false;
	}
	count(COUNT_TCP_SYN_RETRY);
	tcp_rto_expired(&c->tcp, now);
	if (c->tcp.phase == PH_DIALED)
		flags |= TCP_ACK;
	tcp_seg_send(c, flags, c->tcp.una);
	return true;
}

/* drain() - Has the host's queue run out after the guest's RST? */
static bool drain(struct conn *c, uint64_t now)
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
		abort_host(c);
		return false;
	}
	c->tcp.check_at = now + max_u32(DRAIN_STEP_US, age * 1000 / 4);
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
	watch(t, now);
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
		abort_both(c, "guest is silent");
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
	watch(&c->tcp, now);
	settle(c, rc, last_out, now);
	return conn_get(id);
}

/* timeout_check() - It is time to look; false: the connection ended */
static bool timeout_check(struct conn *c, uint64_t now)
{
	c->tcp.check_at = 0;
	if (c->tcp.phase == PH_WAIT) {
		release(c);
		return false;
	}
	if (c->tcp.phase == PH_DRAIN)
		return drain(c, now);
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
		settle(c, rc, last_out, now);
		/* Room was not enough: it is in line again, and so wait the others */
		if (conn_get(conn_id(c)) && c->tcp.flags & TCPF_STALLED)
			return;
	}
}
