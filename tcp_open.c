// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_open.c - handshakes: the guest dials, or the host accepts
 *
 * Theory of operation
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
 */
#include "tcp_open.h"

#include <errno.h>

#include "count.h"
#include "icmp.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "sock.h"
#include "tcp_batch.h"
#include "tcp_end.h"
#include "tcp_in.h"
#include "tcp_out.h"
#include "tcp_rto.h"
#include "tcp_state.h"
#include "tcp_timer.h"
#include "wire.h"

/**
 * struct tcp_open_self - state of this file
 * @limit_log:	rate limit of the line about refused connections
 */
static struct {
	uint64_t limit_log;
} self;

/* refuse() - No entry or descriptor left for a new connection */
static void refuse(const char *what, uint64_t now)
{
	count(DROP_TCP_LIMIT);
	if (log_allow(&self.limit_log, now))
		warn("TCP connection refused: %s", what);
}

/**
 * tcp_open_failed() - Tell the guest as the kernel, or a router, would have
 * @c:		Connection in PH_DIAL, gone afterwards
 * @error:	Positive errno of connect()
 * @now:	Time, us
 */
void tcp_open_failed(struct conn *c, int error, uint64_t now)
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
	tcp_end_abort(c);
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
	if (s->sack)
		t->flags |= TCPF_SACK;
	if (s->wscale < 0)
		return;
	t->flags |= TCPF_WSCALE;
	/* RFC 7323, section 2.3: larger ones count as 14 */
	t->wscale = (uint8_t)(s->wscale > 14 ? 14 : s->wscale);
}

/**
 * tcp_open_dial() - The guest opens a connection
 * @f:		Frame with its SYN
 * @s:		The SYN
 * @now:	Time, us
 */
void tcp_open_dial(const struct frame *f, const struct tcp_seg *s, uint64_t now)
{
	struct conn_key key = tcp_seg_key(f, s);
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
		tcp_open_failed(c, -fd, now);
		return;
	}
	c->fd = fd;
}

/**
 * tcp_open_accept() - A remote end opened a connection to a forwarded port
 * @in:		Its socket and ends; the socket is ours from now on
 * @now:	Time, us
 */
void tcp_open_accept(const struct fwd_conn *in, uint64_t now)
{
	struct conn_key key = {
		.guest = in->to, .far = in->src,
		.gport = in->to_port, .fport = in->ends.pport, .proto = WIRE_TCP,
	};
	struct conn *c = conn_find(&key);

	if (c && c->tcp.phase == PH_WAIT)
		tcp_end_release(c);
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
	tcp_timer_opened(t, now);
	count(ev == EV_GUEST_ACK ? COUNT_TCP_OPEN_OUT : COUNT_TCP_OPEN_IN);
}

/**
 * tcp_open_connected() - connect() succeeded
 * @c:		Connection in PH_DIAL
 * @now:	Time, us
 */
void tcp_open_connected(struct conn *c, uint64_t now)
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

/**
 * tcp_open_dialing() - A segment while connect() is under way
 * @c:		Connection in PH_DIAL, may be gone afterwards
 * @f:		Frame
 * @s:		Segment
 * @now:	Time, us
 */
void tcp_open_dialing(struct conn *c, const struct frame *f,
			 const struct tcp_seg *s, uint64_t now)
{
	bool syn = (s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;

	if (syn && s->seq + 1 == c->tcp.rcv)
		return;		/* the same again, it can not know */
	if (syn || (s->flags & TCP_RST && s->seq == c->tcp.rcv)) {
		tcp_end_abort(c);
		if (syn)
			tcp_open_dial(f, s, now);
		return;
	}
	count(DROP_TCP_FLAGS);
}

/**
 * tcp_open_dialed() - A segment while our SYN-ACK is not acknowledged
 * @c:		Connection in PH_DIALED, may be gone afterwards
 * @f:		Frame
 * @s:		Segment
 * @now:	Time, us
 *
 * Return: true if it opened the connection: then what it carries counts too
 */
bool tcp_open_dialed(struct conn *c, const struct frame *f,
			   const struct tcp_seg *s, uint64_t now)
{
	if (s->flags & TCP_RST) {
		if (s->seq == c->tcp.rcv)
			tcp_end_abort(c);
		else
			count(DROP_TCP_RST);
		return false;
	}
	if (s->flags & TCP_SYN) {
		/* Ours was lost, it seems */
		tcp_seg_send(c, TCP_SYN | TCP_ACK, c->tcp.una);
		return false;
	}
	if (!(s->flags & TCP_ACK)) {
		count(DROP_TCP_FLAGS);
		return false;
	}
	if (s->ack != c->tcp.nxt) {
		tcp_seg_reset_stray(f, s);
		return false;
	}
	opened(c, s, EV_GUEST_ACK, now);
	return true;
}

/**
 * tcp_open_called() - A segment while our SYN is not answered
 * @c:		Connection in PH_CALL, may be gone afterwards
 * @f:		Frame
 * @s:		Segment
 * @now:	Time, us
 */
void tcp_open_called(struct conn *c, const struct frame *f,
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
			tcp_end_abort(c);
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
	(void)tcp_batch_of(c);
}
