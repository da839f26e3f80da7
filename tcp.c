// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp.c - TCP: what a segment or a socket event means, phase by phase
 *
 * Theory of operation
 *
 *   The guest's TCP talks to us, the host's kernel talks to the remote end, and
 *   this file joins the two.  It does the handshakes, and hands what happens to
 *   open connections to who knows:
 *
 *	tcp_out.c	guest to host		tcp_in.c	host to guest
 *	tcp_end.c	closing, time-outs	tcp_seg.c	segments
 *	tcp_fsm.c	states			tcp_rto.c	the retransmission timer
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
 *   The guest is answered only when the remote end was: so it sees a refused or
 *   unreachable one as its own kernel would.  A remote end was answered by the
 *   host's kernel before we could ask the guest; if that refuses, it is reset.
 *
 *   When the table or the descriptors are exhausted the new connection is
 *   refused; open ones are never given up for it.
 *
 *   Frames come in batches.  Each connection that has segments in one gets a
 *   slot, where bytes and acknowledgements gather.  It is settled once, at the end
 *   of the batch: one sendmsg() for the bytes, one recv() to consume what was
 *   acknowledged, one look for more, one acknowledgement if no segment carried
 *   it.  No system call is made per segment.
 */
#include "tcp.h"

#include <errno.h>

#include "count.h"
#include "icmp.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "seq.h"
#include "sock.h"
#include "tail.h"
#include "tcp_end.h"
#include "tcp_in.h"
#include "tcp_out.h"
#include "tcp_rto.h"
#include "util.h"
#include "wire.h"

enum { WSCALE_MAX = 14 };	/* RFC 7323, section 2.3: larger ones count as that */

/**
 * struct tcp_self - state of this file
 * @limit_log:	rate limit of the line about refused connections
 * @num:	slots given out in the present batch; it has no more frames than these
 * @slot:	connections that have segments in it
 */
static struct {
	uint64_t limit_log;
	uint8_t num;
	struct tcp_batch slot[TAP_BATCH];
} self;

/* tcp_init() - Begin anew */
void tcp_init(void)
{
	self.num = 0;
	tail_init();
	tcp_in_init();
	tcp_out_init();
	tcp_end_init();
}

/* batch_of() - The slot of a connection in this batch, made if it has none */
static struct tcp_batch *batch_of(struct conn *c)
{
	if (!c->tcp.slot) {
		struct tcp_batch *b = &self.slot[self.num];

		memset(b, 0, offsetof(struct tcp_batch, iov));
		b->id = conn_id(c);
		c->tcp.slot = ++self.num;
	}
	return &self.slot[c->tcp.slot - 1];
}

/* flush_slot() - Settle one connection; its slot is empty afterwards */
static void flush_slot(struct tcp_batch *b, uint64_t now)
{
	struct conn *c = conn_get(b->id);
	bool late;
	int rc;

	if (!c)
		return;
	b->id = CONN_NONE;
	c->tcp.slot = 0;
	late = c->tcp.late;
	rc = tcp_out_flush(c, b);
	if (!rc)
		rc = tcp_in_flush(c, b, now);
	if (!rc && b->len)
		tcp_end_watch(&c->tcp, now);
	/* A gap that was closed in the same batch needs no duplicates */
	if (late && !c->tcp.late)
		b->dupacks = 0;
	/* What was gathered before the gap is acknowledged first */
	if (!rc && b->dupacks && c->tcp.flags & TCPF_ACK_DUE)
		tcp_seg_ack(c);
	while (!rc && b->dupacks--) {
		count(COUNT_TCP_DUPACK_SENT);
		tcp_seg_ack(c);
	}
	tcp_end_settle(c, rc, now);
}

/**
 * tcp_flush() - End of a batch: settle all connections that had segments in it
 * @now:	Time, us
 *
 * Borrowed frames are not needed afterwards.
 */
void tcp_flush(uint64_t now)
{
	for (int i = 0; i < self.num; i++)
		flush_slot(&self.slot[i], now);
	self.num = 0;
}

/* refuse() - No entry or descriptor left for a new connection */
static void refuse(const char *what, uint64_t now)
{
	count(DROP_TCP_LIMIT);
	if (log_allow(&self.limit_log, now))
		warn("TCP connection refused: %s", what);
}

/* begin() - Fields of a fresh connection */
static void begin(struct conn *c, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;

	t->una = t->nxt = t->sent = tcp_seg_isn(&c->key, now);
	t->seen_ms = (uint32_t)(now / 1000);
	t->rto = TCP_RTO_FIRST_US;
}

/* options() - What a SYN of the guest agrees to */
static void options(struct conn *c, const struct tcp_seg *s)
{
	struct tcp_conn *t = &c->tcp;

	t->mss = t->mss_syn = tcp_seg_mss(c, s->mss);
	t->rcv = t->acked = t->edge = t->told = s->seq + 1;
	if (s->sack)
		t->flags |= TCPF_SACK;
	if (s->wscale < 0)
		return;
	t->flags |= TCPF_WSCALE;
	t->wscale = (uint8_t)min_u32((uint32_t)s->wscale, WSCALE_MAX);
}

/* send_syn() - Our SYN, or SYN-ACK, for the first time */
static void send_syn(struct conn *c, uint8_t flags, uint64_t now)
{
	tcp_out_window(c);
	tcp_rto_sent(&c->tcp, 1, now);
	tcp_seg_send(c, flags, c->tcp.una);
	tcp_schedule(c);
}

/* opened() - Both handshakes are done */
static void opened(struct conn *c, const struct tcp_seg *s, enum tcp_event ev, uint64_t now)
{
	struct tcp_conn *t = &c->tcp;

	t->una = t->recover = s->ack;
	/* The window of a SYN is never scaled: RFC 7323, section 2.2 */
	t->wnd = s->flags & TCP_SYN ? s->wnd : s->wnd << t->wscale;
	t->wl1 = s->seq;
	t->wl2 = s->ack;
	t->check_at = now + TCP_KEEPALIVE_US;
	tcp_move(c, ev);
	tcp_rto_acked(t, now);
	count(ev == EV_GUEST_ACK ? COUNT_TCP_OPEN_OUT : COUNT_TCP_OPEN_IN);
}

/* dial_failed() - Tell the guest as the kernel, or a router, would have; @error: positive */
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
	if (error != ECONNREFUSED && icmp_error_set(&e, error))
		icmp_error_to_guest(&e);
	else if (error != ETIMEDOUT)
		tcp_seg_send(c, TCP_RST | TCP_ACK, 0);
	tcp_end_abort(c);
}

/* dial() - The guest opens a connection */
static void dial(const struct tcp_seg *s, uint64_t now)
{
	struct conn *c = conn_new(CONN_TCP, &s->key);
	struct addr host;
	uint16_t port;
	int fd;

	if (!c) {
		refuse("table full", now);
		tcp_seg_reset_stray(s);
		return;
	}
	begin(c, now);
	options(c, s);
	tcp_move(c, EV_GUEST_SYN);
	fwd_to_host(WIRE_TCP, &s->key.far, s->key.fport, &host, &port);
	fd = sock_tcp_dial(&host, port, net->if6);
	if (fd >= 0 && loop_add(fd, LOOP_TCP, conn_id(c), TCP_EVENTS)) {
		sock_close(fd);
		fd = -EMFILE;
	}
	if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
		refuse("no descriptor left", now);
	if (fd < 0)
		dial_failed(c, -fd, now);
	else
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

	if (c && c->tcp.phase == PH_WAIT) {
		tcp_end_release(c);
	} else if (c) {
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
	send_syn(c, TCP_SYN, now);
}

/* segment_dial() - A segment while connect() is under way */
static void segment_dial(struct conn *c, const struct tcp_seg *s, uint64_t now)
{
	bool syn = (s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;

	if (syn && s->seq + 1 == c->tcp.rcv)
		return;		/* the same again, it can not know */
	if (!syn && !(s->flags & TCP_RST && s->seq == c->tcp.rcv)) {
		count(DROP_TCP_FLAGS);
		return;
	}
	tcp_end_abort(c);
	if (syn)
		dial(s, now);
}

/*
 * segment_dialed() - A segment while our SYN-ACK is not acknowledged; true: it
 * opened the connection, what it carries counts too
 */
static bool segment_dialed(struct conn *c, const struct tcp_seg *s, uint64_t now)
{
	if (s->flags & TCP_RST) {
		if (s->seq == c->tcp.rcv)
			tcp_end_abort(c);
		else
			count(DROP_TCP_RST);
	} else if (s->flags & TCP_SYN) {
		/* Ours was lost, it seems */
		tcp_seg_send(c, TCP_SYN | TCP_ACK, c->tcp.una);
	} else if (!(s->flags & TCP_ACK)) {
		count(DROP_TCP_FLAGS);
	} else if (s->ack != c->tcp.nxt) {
		tcp_seg_reset_stray(s);
	} else {
		opened(c, s, EV_GUEST_ACK, now);
		return true;
	}
	return false;
}

/* segment_call() - A segment while our SYN is not answered */
static void segment_call(struct conn *c, const struct tcp_seg *s, uint64_t now)
{
	if (s->flags & TCP_ACK && s->ack != c->tcp.nxt) {
		if (!(s->flags & TCP_RST))
			tcp_seg_reset_stray(s);
	} else if (s->flags & TCP_RST) {
		/* Nobody listens there.  Without ACK it proves nothing. */
		if (s->flags & TCP_ACK)
			tcp_end_abort(c);
	} else if ((s->flags & (TCP_SYN | TCP_ACK)) != (TCP_SYN | TCP_ACK)) {
		/* A bare SYN is a simultaneous open: its SYN-ACK follows, by our SYN */
		count(DROP_TCP_FLAGS);
	} else {
		options(c, s);
		tcp_out_window(c);
		opened(c, s, EV_GUEST_SYNACK, now);
		c->tcp.flags |= TCPF_ACK_DUE;
		(void)batch_of(c);
	}
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
	struct tcp_batch *b = batch_of(c);
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
	if (fit == TCP_FIT_NOT) {
		count(DROP_TCP_WINDOW);
		tcp_out_ack_now(&c->tcp);
		return;
	}
	if (!(s->flags & TCP_ACK)) {
		count(DROP_TCP_FLAGS);
		return;
	}
	if (!tcp_in_ack(c, b, s, now))
		return;
	if (fit == TCP_FIT_OK) {
		tcp_out_gather(&c->tcp, b, f, s);
	} else if (s->len || s->flags & TCP_FIN) {
		b->dupacks++;
		tcp_out_keep(&c->tcp, f, s);
	}
}

/* segment_wait() - A segment after the end, which may open a new connection */
static void segment_wait(struct conn *c, const struct tcp_seg *s, uint64_t now)
{
	if (s->flags & TCP_RST)
		return;
	if (s->flags & TCP_SYN && !(s->flags & TCP_ACK) && seq_gt(s->seq, c->tcp.rcv)) {
		tcp_end_release(c);
		dial(s, now);
		return;
	}
	tcp_seg_ack(c);
}

/* stray() - A segment that belongs to no connection */
static void stray(const struct tcp_seg *s, uint64_t now)
{
	if ((s->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN) {
		dial(s, now);
		return;
	}
	count(DROP_TCP_NO_CONN);
	if (!(s->flags & TCP_RST))
		tcp_seg_reset_stray(s);
}

/**
 * tcp_frame() - A segment from the guest
 * @f:		Frame of FRAME_IP with protocol WIRE_TCP, borrowed until tcp_flush()
 * @now:	Time, us
 */
void tcp_frame(const struct frame *f, uint64_t now)
{
	struct tcp_seg s;
	struct conn *c;

	if (!tcp_seg_parse(f, &s))
		return;
	c = conn_find(&s.key);
	/* A slot has room for so many pieces of frames, then it is settled early */
	if (c && c->tcp.slot && batch_of(c)->niov + f->tap->niov > TCP_BATCH_IOV) {
		tcp_flush(now);
		c = conn_find(&s.key);
	}
	if (!c) {
		stray(&s, now);
		return;
	}
	switch (c->tcp.phase) {
	case PH_DIAL:
		segment_dial(c, &s, now);
		break;
	case PH_DIALED:
		if (segment_dialed(c, &s, now))
			segment_open(c, f, &s, now);
		break;
	case PH_CALL:
		segment_call(c, &s, now);
		break;
	case PH_OPEN:
		segment_open(c, f, &s, now);
		break;
	case PH_WAIT:
		segment_wait(c, &s, now);
		break;
	default:
		log_bug(__FILE__, __LINE__, "segment for a hidden or dead connection");
		break;
	}
}

/* event_open() - Something happened to the socket in PH_OPEN */
static void event_open(struct conn *c, uint32_t events, uint64_t now)
{
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
	tcp_end_settle(c, rc, now);
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

	if (!c)
		return;
	/* Told once, in whichever phase: with the end of connect() at the earliest */
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLPRI))
		c->tcp.flags |= TCPF_UNEVEN;
	switch (c->tcp.phase) {
	case PH_DIAL:
		error = sock_error(c->fd);
		if (error) {
			dial_failed(c, error, now);
		} else if (events & EPOLLOUT) {
			tcp_move(c, EV_HOST_UP);
			send_syn(c, TCP_SYN | TCP_ACK, now);
		}
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
	default:
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
		if (c->tcp.phase != PH_OPEN)
			continue;
		tcp_end_settle(c, tcp_in_push(c, now), now);
		/* Room was not enough: it is in line again, and so wait the others */
		if (conn_get(conn_id(c)) && c->tcp.flags & TCPF_STALLED)
			return;
	}
}
