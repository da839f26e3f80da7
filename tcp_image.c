// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_image.c - one TCP connection into a checkpoint, and out of it
 *
 * Theory of operation
 *
 *   A connection is what struct tcp_conn knows of the guest's side, a socket of the
 *   host (repair.c), and bytes: in the two queues of the socket, and in the tail that
 *   the socket did not take yet.  What came behind a gap is left out: it was not
 *   acknowledged, and comes again.
 *
 *	IMAGE_TCP		the members of struct tcp_conn and struct repair below
 *	IMAGE_QUEUE ...		bytes, in pieces: unread, sent, unsent, tail, in this order
 *
 *   Times are relative: to the moment of the checkpoint, and then of the restoration.
 *
 *	tcp_image_block() all	nothing comes any more, or
 *	tcp_image_hush() all	nothing that comes is taken
 *	tcp_image_save() each
 *	tcp_image_part()	somebody else has it now: gone without a packet
 *	  or tcp_image_resume()	it goes on here
 *
 *	tcp_image_load_sock()					perhaps: its socket is begun
 *	tcp_image_load(), _load_queue()..., _load_end()		each: it is there, quiet
 *	tcp_image_go(), then of all tcp_image_push()		the network leads here
 *
 *   What is read may come from anybody.  A connection is taken only if this program, as
 *   it was started, could have opened it itself: the remote end is where the guest's
 *   destination leads, or it called a port that is forwarded.  All numbers that others
 *   here rely on are checked.
 */
#include "tcp_image.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "block.h"
#include "fwd.h"
#include "fwd_listen.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "repair.h"
#include "seq.h"
#include "sock.h"
#include "tail.h"
#include "tcp_end.h"
#include "tcp_in.h"
#include "tcp_out.h"
#include "tcp_rto.h"
#include "util.h"
#include "wire.h"

enum {
	PIECE		= 32 * 1024,	/* of a queue, in one section */
	MSS_MAX		= 65495,
	WSCALE_MAX	= 14,
	KIND_NUM	= TCP_IMAGE_TAIL + 1,
	BACKOFF_MAX	= 31,		/* more than is ever tried */
	WHY_LEN		= 120,
	AT_ONCE_US	= 1000,		/* for what was due meanwhile */
	ASK_US		= 600 * 1000,	/* more than an answer to a probe is withheld for */
	FRESH_MS	= 1000,		/* so long an acknowledgement may be on its way */
	FLAGS_HERE	= TCPF_ARMED | TCPF_DRAINED | TCPF_STALLED | TCPF_WATCH,
};

/* struct tcp_conn in IMAGE_TCP; members may be added at the end of the section only */
static const struct image_field tcp_field[] = {
	IMAGE_FIELD(tcp_conn, wscale),
	IMAGE_FIELD(tcp_conn, dupacks),
	IMAGE_FIELD(tcp_conn, backoff),
	IMAGE_FIELD(tcp_conn, flags),
	IMAGE_FIELD(tcp_conn, mss),
	IMAGE_FIELD(tcp_conn, mss_syn),
	IMAGE_FIELD(tcp_conn, una),
	IMAGE_FIELD(tcp_conn, nxt),
	IMAGE_FIELD(tcp_conn, sent),
	IMAGE_FIELD(tcp_conn, recover),
	IMAGE_FIELD(tcp_conn, wnd),
	IMAGE_FIELD(tcp_conn, lwnd),
	IMAGE_FIELD(tcp_conn, wl1),
	IMAGE_FIELD(tcp_conn, wl2),
	IMAGE_FIELD(tcp_conn, rcv),
	IMAGE_FIELD(tcp_conn, acked),
	IMAGE_FIELD(tcp_conn, told),
	IMAGE_FIELD(tcp_conn, srtt),
	IMAGE_FIELD(tcp_conn, rttvar),
	IMAGE_FIELD(tcp_conn, rto),
};

/* struct repair in IMAGE_SOCK */
static const struct image_field ends_field[] = {
	IMAGE_FIELD(repair, local),
	IMAGE_FIELD(repair, peer),
	IMAGE_FIELD(repair, lport),
	IMAGE_FIELD(repair, pport),
};

/* struct repair in IMAGE_TCP, behind tcp_field */
static const struct image_field sock_field[] = {
	IMAGE_FIELD(repair, local),
	IMAGE_FIELD(repair, peer),
	IMAGE_FIELD(repair, lport),
	IMAGE_FIELD(repair, pport),
	IMAGE_FIELD(repair, state),
	IMAGE_FIELD(repair, options),
	IMAGE_FIELD(repair, wscale_out),
	IMAGE_FIELD(repair, wscale_in),
	IMAGE_FIELD(repair, mss),
	IMAGE_FIELD(repair, stamp),
	IMAGE_FIELD(repair, write_seq),
	IMAGE_FIELD(repair, rcv_nxt),
	IMAGE_FIELD(repair, window.wl1),
	IMAGE_FIELD(repair, window.wnd),
	IMAGE_FIELD(repair, window.wnd_max),
	IMAGE_FIELD(repair, window.rcv_wnd),
	IMAGE_FIELD(repair, window.rcv_wup),
	IMAGE_FIELD(repair, len[REPAIR_UNREAD]),
	IMAGE_FIELD(repair, len[REPAIR_SENT]),
	IMAGE_FIELD(repair, len[REPAIR_UNSENT]),
};

/* The same, of members that came later: who misses them has 0 */
static const struct image_field later_field[] = {
	IMAGE_FIELD(repair, sndbuf),
	IMAGE_FIELD(repair, rcvbuf),
};

/**
 * struct tcp_image_self - state of this file
 * @dump:	socket of each connection: from tcp_image_block() or _save() to _part() or
 *		_resume(), from tcp_image_load() or, its ends, _load_sock() to _go()
 * @got:	bytes read so far for each queue of the connection being loaded
 * @tail:	bytes there shall be in its tail
 * @out:	it left repair mode
 * @why:	what is wrong with it
 */
static struct {
	struct repair dump[CONN_MAX];
	uint32_t got[KIND_NUM];
	uint32_t tail;
	bool out;
	char why[WHY_LEN];
} self;

/* wrong() - Say what is wrong; return @rc */
static int __attribute__((format(printf, 2, 3))) wrong(int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(self.why, sizeof(self.why), fmt, ap);
	va_end(ap);
	return rc;
}

/**
 * tcp_image_why() - Why the last connection could not be saved or loaded
 *
 * Return: text
 */
const char *tcp_image_why(void)
{
	return self.why;
}

/* block() - Drop what comes for the address of a socket; the loopback is used by others */
static int block(int fd, const struct repair *d)
{
	return addr_is_loopback(&d->local) ? repair_deaf(fd, true) : block_addr(&d->local);
}

/* learn() - The ends of a connection's socket; 0, -errno */
static int learn(const struct conn *c)
{
	struct repair *d = &self.dump[conn_index(c)];

	*d = (struct repair){ .state = TCP_CLOSE, .peer = addr_none };
	return repair_ends(c->fd, d);
}

/**
 * tcp_image_block() - From now on nothing comes in for the address of a connection
 * @c:		Connection
 *
 * Return: 0; -errno: there is tcp_image_hush()
 */
int tcp_image_block(const struct conn *c)
{
	int rc = c->fd >= 0 ? learn(c) : 0;

	return rc || c->fd < 0 ? rc : block(c->fd, &self.dump[conn_index(c)]);
}

/**
 * tcp_image_hush() - From now on the socket drops what comes
 * @c:		Connection
 *
 * Return: 0; -errno
 */
int tcp_image_hush(const struct conn *c)
{
	int rc = c->fd >= 0 ? learn(c) : 0;

	return rc || c->fd < 0 ? rc : repair_deaf(c->fd, true);
}

/* put_time() - A deadline, as microseconds from now; 0: none */
static void put_time(struct pkt_writer *w, uint64_t at, uint64_t now)
{
	uint64_t left = at > now ? at - now : 1;

	pkt_put_be32(w, at ? (uint32_t)min_u64(left, UINT32_MAX) : 0);
}

/* get_time() - The same as a deadline here */
static uint64_t get_time(struct pkt_reader *r, uint64_t now)
{
	uint32_t left = pkt_be32(r);

	return left ? now + max_u32(left, AT_ONCE_US) : 0;
}

/* put_queue() - Bytes of a queue, in pieces; 0, -errno of the image */
static int put_queue(const struct conn *c, enum tcp_image_queue q, const uint8_t *data,
		     uint32_t len)
{
	int rc = 0;

	while (len && !rc) {
		struct pkt_writer *w = image_section(IMAGE_QUEUE);
		uint32_t n = min_u32(len, PIECE);

		pkt_put_be32(w, conn_index(c));
		pkt_put_u8(w, (uint8_t)q);
		pkt_put(w, data, n);
		data += n;
		len -= n;
		rc = image_section_end();
	}
	return rc;
}

/* put_tail() - What the socket did not take yet */
static int put_tail(const struct conn *c)
{
	struct iovec iov[TAIL_PIECES];
	int niov = c->tcp.tail ? tail_peek(c->tcp.tail, iov, TAIL_PIECES) : 0, rc = 0;

	for (int i = 0; i < niov && !rc; i++)
		rc = put_queue(c, TCP_IMAGE_TAIL, iov[i].iov_base, (uint32_t)iov[i].iov_len);
	return rc;
}

/* put_state() - The section IMAGE_TCP; 0, -errno of the image */
static int put_state(const struct conn *c, const struct repair *d, uint64_t now)
{
	struct pkt_writer *w = image_section(IMAGE_TCP);
	const struct tcp_conn *t = &c->tcp;

	pkt_put_be32(w, conn_index(c));
	pkt_put_u8(w, t->phase);
	pkt_put_u8(w, t->half[OUT]);
	pkt_put_u8(w, t->half[IN]);
	pkt_put_u8(w, t->carried);
	image_put_fields(w, tcp_field, ARRAY_SIZE(tcp_field), t);
	put_time(w, t->rto_at, now);
	put_time(w, t->check_at, now);
	pkt_put_be32(w, (uint32_t)(now / 1000) - t->seen_ms);
	pkt_put_be32(w, tail_len(t->tail));
	pkt_put_u8(w, c->fd >= 0);
	image_put_fields(w, sock_field, ARRAY_SIZE(sock_field), d);
	image_put_fields(w, later_field, ARRAY_SIZE(later_field), d);
	return image_section_end();
}

/* peek_queues() - Bytes in the socket's queues, of those that have any; 0, -errno */
static int peek_queues(const struct conn *c, struct repair *d, const uint8_t **unread,
		       const uint8_t **send)
{
	int rc = 0;

	if (d->len[REPAIR_UNREAD])
		rc = repair_peek(c->fd, d, false, unread);
	if (!rc && (d->len[REPAIR_SENT] || d->len[REPAIR_UNSENT]))
		rc = repair_peek(c->fd, d, true, send);
	return rc;
}

/* peeked() - Bytes in the receive queue that are in flight to the guest */
static uint32_t peeked(const struct tcp_conn *t)
{
	/* A SYN in flight is none */
	if (t->phase != PH_OPEN)
		return 0;
	return tcp_in_flight(t) - (t->half[IN] >= HALF_SHUT && t->nxt != t->una);
}

/* forgotten() - The kernel does not know any more where a socket leads; we do */
static void forgotten(const struct conn *c, struct repair *d)
{
	d->peer = c->key.far;
	d->pport = c->key.fport;
	if (!(c->tcp.flags & TCPF_FROM_HOST))
		fwd_to_host(WIRE_TCP, &c->key.far, c->key.fport, &d->peer, &d->pport);
}

/* truly() - A socket that was made anew does not know that the remote end is done */
static uint8_t truly(const struct tcp_conn *t, uint8_t state)
{
	bool done = state == TCP_FIN_WAIT2 ||
		    (state == TCP_ESTABLISHED && t->half[OUT] == HALF_DONE);

	return t->carried & CARRIED_EOF && done ? TCP_CLOSE : state;
}

/**
 * tcp_image_save_sock() - Write where the socket of a connection leads, no state
 * @c:		Connection
 *
 * Return: 0; -errno of the image
 */
int tcp_image_save_sock(const struct conn *c)
{
	struct pkt_writer *w;
	struct repair d = { .peer = addr_none };

	/* What can not be begun before its time is made then */
	if (c->fd < 0 || repair_ends(c->fd, &d) || addr_is_none(&d.peer))
		return 0;
	w = image_section(IMAGE_SOCK);
	pkt_put_be32(w, conn_index(c));
	pkt_put_u8(w, !!(c->tcp.flags & TCPF_FROM_HOST));
	image_put_fields(w, ends_field, ARRAY_SIZE(ends_field), &d);
	return image_section_end();
}

/**
 * tcp_image_save() - Write a connection
 * @c:		Connection in any phase
 * @deaf:	It was blocked or hushed
 * @now:	Time, us
 *
 * Its socket is in repair mode afterwards, whatever is returned: tcp_image_part() or
 * tcp_image_resume() has to follow.
 *
 * Return: 1; 0: it can not be carried, tcp_image_why(); -errno: the image failed
 */
int tcp_image_save(struct conn *c, bool deaf, uint64_t now)
{
	struct repair *d = &self.dump[conn_index(c)];
	const uint8_t *unread = NULL, *send = NULL;
	int rc = 0;

	if (c->fd >= 0)
		rc = repair_dump(c->fd, deaf, d);
	else
		*d = (struct repair){ .state = TCP_CLOSE };
	if (rc == -EMSGSIZE)
		return wrong(0, "its queues are longer than %u bytes", REPAIR_QUEUE_MAX);
	if (rc)
		return wrong(0, "%s", strerror(-rc));
	if (c->fd >= 0 && d->state == TCP_CLOSE && sock_broken(c->fd))
		return wrong(0, "the remote end has reset it");
	if (c->fd >= 0 && addr_is_none(&d->peer))
		forgotten(c, d);
	d->state = truly(&c->tcp, d->state);
	/* How much was sent is certain behind a look only */
	rc = peek_queues(c, d, &unread, &send);
	/* Where nothing was looked at the kernel still knows */
	if (d->len[REPAIR_UNREAD])
		(void)sock_tcp_seek(c->fd, peeked(&c->tcp));
	if (!rc)
		rc = put_state(c, d, now);
	if (!rc && unread)
		rc = put_queue(c, TCP_IMAGE_UNREAD, unread, d->len[REPAIR_UNREAD]);
	if (!rc && send)
		rc = put_queue(c, TCP_IMAGE_SENT, send, d->len[REPAIR_SENT]);
	if (!rc && send)
		rc = put_queue(c, TCP_IMAGE_UNSENT, send + d->len[REPAIR_SENT],
			       d->len[REPAIR_UNSENT]);
	if (!rc)
		rc = put_tail(c);
	return rc ? rc : 1;
}

/**
 * tcp_image_save_running() - Write a connection that goes on at once
 * @c:		Connection in any phase
 * @now:	Time, us
 *
 * Return: as tcp_image_save(); -EPIPE: it could not leave repair mode, tcp_image_resume()
 *	   has to follow
 */
int tcp_image_save_running(struct conn *c, uint64_t now)
{
	bool hush = c->fd >= 0 && repair_unsent(c->fd) && !repair_deaf(c->fd, true);
	int rc = tcp_image_save(c, false, now);

	if (c->fd >= 0 && repair_leave(c->fd))
		rc = wrong(-EPIPE, "%s: it is still in repair mode", conn_text(c));
	if (hush)
		(void)repair_deaf(c->fd, false);
	return rc;
}

/**
 * tcp_image_heard() - Whether something came for a connection since it was saved
 * @c:		Connection
 *
 * Return: true if so: it must not be handed over, whoever has the image lacks it
 */
bool tcp_image_heard(const struct conn *c)
{
	return c->fd >= 0 && repair_heard(c->fd, &self.dump[conn_index(c)]);
}

/**
 * tcp_image_resume() - Not handed over: it goes on here
 * @c:		Connection, perhaps saved
 * @deaf:	tcp_image_hush() was called
 *
 * Return: 0; -errno: it must not be touched before this was called again, and succeeded
 */
int tcp_image_resume(struct conn *c, bool deaf)
{
	if (c->fd < 0)
		return 0;
	if (deaf || addr_is_loopback(&self.dump[conn_index(c)].local))
		(void)repair_deaf(c->fd, false);
	return repair_resume(c->fd, &self.dump[conn_index(c)]);
}

/**
 * tcp_image_part() - Somebody else has it now
 * @c:		Connection, saved or not; gone afterwards, without a packet
 */
void tcp_image_part(struct conn *c)
{
	if (c->tcp.phase != PH_FREE) {
		tcp_end_release(c);
		return;
	}
	/* A fresh entry has no state yet that could end */
	if (c->fd >= 0)
		repair_vanish(c->fd);
	conn_free(c);
}

/* numbers() - Whether the numbers toward the guest can be (tcp_fsm.c, invariants) */
static bool numbers(const struct tcp_conn *t, uint32_t unread)
{
	bool fin = t->flags & TCPF_FIN_SENT;
	uint32_t flight = t->sent - t->una;

	/* Without signs: half of all numbers away is neither before nor behind */
	if (t->nxt - t->una > flight || flight > INT32_MAX ||
	    tcp_ack_number(t) - t->acked > INT32_MAX ||
	    seq_diff(t->told, t->acked) > (0xffff << TCP_WSCALE) ||
	    t->wnd > UINT32_C(0xffff) << WSCALE_MAX || t->lwnd > INT32_MAX)
		return false;
	/* A SYN takes a number too */
	if (t->phase != PH_OPEN)
		return flight <= unread + 1;
	switch ((enum tcp_half)t->half[IN]) {
	case HALF_FLOW:
		return !fin && flight <= unread;
	case HALF_EOF:
		return flight >= fin && flight - fin <= unread && t->nxt - t->una <= flight - fin;
	case HALF_SHUT:
		return fin && t->nxt == t->sent && flight && flight - 1 <= unread;
	case HALF_DONE:
	case HALF_NUM:
		break;
	}
	return fin && !flight;
}

/* state_can_be() - Whether a connection can have a socket in this state */
static bool state_can_be(const struct tcp_conn *t, uint8_t state)
{
	/* This one calls for real: only where the guest asked for it */
	if (state == TCP_SYN_SENT)
		return t->phase == PH_DIAL && !(t->flags & TCPF_FROM_HOST);
	return state == TCP_ESTABLISHED || state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 ||
	       state == TCP_CLOSE || state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK ||
	       state == TCP_CLOSING;
}

/* sane() - Whether the numbers that others rely on can be; else says what is not */
static bool sane(const struct tcp_conn *t, const struct repair *d, bool sock)
{
	/* Of a guest that has not answered our SYN nothing is known */
	uint32_t least = t->phase != PH_CALL;

	if (t->wscale > WSCALE_MAX || t->mss < least || t->mss > MSS_MAX ||
	    t->mss_syn < least || t->mss_syn > MSS_MAX || t->backoff > BACKOFF_MAX)
		return wrong(0, "segment size, window scale or retries out of range");
	for (int i = 0; i < REPAIR_QUEUES; i++) {
		if (d->len[i] > REPAIR_QUEUE_MAX)
			return wrong(0, "a queue of %u bytes", d->len[i]);
	}
	if (!sock)
		return t->phase == PH_WAIT || wrong(0, "an open connection without a socket");
	if (!numbers(t, d->len[REPAIR_UNREAD]))
		return wrong(0, "sequence numbers contradict each other");
	if (!state_can_be(t, d->state))
		return wrong(0, "its socket is in state %u", d->state);
	if (d->state == TCP_CLOSE && t->half[OUT] < HALF_SHUT)
		return wrong(0, "the guest's half is open, and its socket is not");
	return true;
}

/* allowed() - Whether we, as we were started, could have such a connection */
static bool allowed(const struct conn *c, const struct repair *d)
{
	struct addr host;
	uint16_t port;

	if (c->tcp.flags & TCPF_FROM_HOST) {
		/* Of one that only keeps bytes for the guest the port may be any */
		if (d->state != TCP_CLOSE && !fwd_listen_may(WIRE_TCP, &d->local, d->lport))
			return wrong(0, "port %u is not forwarded here", d->lport);
		if (!fwd_may_come(&d->peer, &c->key.far))
			return wrong(0, "its source is another one toward the guest here");
		return true;
	}
	fwd_to_host(WIRE_TCP, &c->key.far, c->key.fport, &host, &port);
	if (!addr_eq(&host, &d->peer) || port != d->pport)
		return wrong(0, "the guest's destination leads elsewhere here");
	return true;
}

/* read_state() - The members of a section IMAGE_TCP; 0, -EINVAL */
static int read_state(struct conn *c, struct pkt_reader *r, struct repair *d, bool *sock,
		      uint64_t now)
{
	uint8_t phase = pkt_u8(r), out = pkt_u8(r), in = pkt_u8(r);
	struct tcp_conn *t = &c->tcp;
	uint32_t idle;

	t->carried = pkt_u8(r) & (CARRIED_EOF | CARRIED_SILENT);
	image_get_fields(r, tcp_field, ARRAY_SIZE(tcp_field), t);
	t->rto_at = get_time(r, now);
	t->check_at = get_time(r, now);
	idle = pkt_be32(r);
	t->seen_ms = (uint32_t)(now / 1000) - idle;
	t->carried |= idle < FRESH_MS ? CARRIED_FRESH : 0;
	self.tail = pkt_be32(r);
	*sock = pkt_u8(r);
	memset(d, 0, sizeof(*d));
	image_get_fields(r, sock_field, ARRAY_SIZE(sock_field), d);
	if (r->left)
		image_get_fields(r, later_field, ARRAY_SIZE(later_field), d);
	if (r->bad)
		return wrong(-EINVAL, "the section is too short");
	if (!tcp_adopt(c, phase, out, in))
		return wrong(-EINVAL, "no connection can be in state %u, %u, %u", phase, out, in);
	tcp_end_adopted(c);
	t->flags &= (uint16_t)~FLAGS_HERE;
	t->edge = t->told;
	t->rto = min_u32(max_u32(t->rto, TCP_RTO_MIN_US), TCP_RTO_MAX_US);
	return sane(t, d, *sock) ? 0 : -EINVAL;
}

/* begin() - Begin a socket, and hear nobody at its address, which is ours; or -1 */
static int begin(const struct conn *c, struct repair *d)
{
	int fd;

	/* The interface has another number here */
	d->scope = net->if6;
	d->out = !(c->tcp.flags & TCPF_FROM_HOST);
	fd = repair_begin(d);
	if (fd < 0)
		return -1;
	if (!addr_is_loopback(&d->local))
		(void)block_addr(&d->local);
	return fd;
}

/**
 * tcp_image_load_sock() - Begin the socket of a connection, whose state comes later
 * @c:		Fresh entry with its key
 * @r:		Body of a section IMAGE_SOCK behind the index
 *
 * If it can not be begun that shows later.
 *
 * Return: 0; -EINVAL
 */
int tcp_image_load_sock(struct conn *c, struct pkt_reader *r)
{
	struct repair *d = &self.dump[conn_index(c)];

	memset(d, 0, sizeof(*d));
	c->tcp.flags = pkt_u8(r) ? TCPF_FROM_HOST : 0;
	image_get_fields(r, ends_field, ARRAY_SIZE(ends_field), d);
	if (r->bad)
		return -EINVAL;
	if (!allowed(c, d))
		return 0;
	c->fd = begin(c, d);
	return 0;
}

/* begun() - The socket that tcp_image_load_sock() began, if it leads to the same; or begin() */
static int begun(struct conn *c, const struct repair *was, struct repair *d)
{
	int fd = c->fd;

	c->fd = -1;
	d->scope = was->scope;
	d->out = was->out;
	if (fd >= 0 && addr_eq(&was->local, &d->local) && addr_eq(&was->peer, &d->peer) &&
	    was->lport == d->lport && was->pport == d->pport)
		return fd;
	if (fd >= 0)
		repair_vanish(fd);
	return begin(c, d);
}

/**
 * tcp_image_load() - Make a connection out of a section IMAGE_TCP
 * @c:		Entry with its key, perhaps from tcp_image_load_sock(); if this fails
 *		tcp_image_part() takes it away
 * @r:		Body of the section behind the index
 * @elapsed_ms:	Time since the checkpoint was made
 * @now:	Time, us
 *
 * Return: 0; -errno, tcp_image_why()
 */
int tcp_image_load(struct conn *c, struct pkt_reader *r, uint32_t elapsed_ms, uint64_t now)
{
	struct repair *d = &self.dump[conn_index(c)], was = *d;
	bool sock;
	int rc;

	memset(self.got, 0, sizeof(self.got));
	self.out = false;
	rc = read_state(c, r, d, &sock, now);
	if (!rc && sock && !allowed(c, d))
		rc = -EPERM;
	if (rc)
		return rc;
	if (!sock) {
		if (c->fd >= 0)
			repair_vanish(c->fd);
		c->fd = -1;
		return 0;
	}
	rc = repair_make(begun(c, &was, d), d, elapsed_ms);
	if (rc < 0)
		return wrong(rc, "its socket: %s", strerror(-rc));
	c->fd = rc;
	if (repair_fin_came(d))
		c->tcp.carried |= CARRIED_EOF | CARRIED_SILENT;
	/* Both ends are done, as the kernel knew there, and will not know here */
	if (d->state == TCP_CLOSE && c->tcp.half[OUT] == HALF_SHUT)
		tcp_half_move(c, OUT, HE_ACKED);
	/* A short look is not the end: the end of file does not show by itself */
	if (c->tcp.carried & CARRIED_EOF)
		c->tcp.flags |= TCPF_UNEVEN;
	return 0;
}

/* leave() - What has to be put in while in repair mode is complete; 0, -errno */
static int leave(const struct conn *c)
{
	const struct repair *d = &self.dump[conn_index(c)];
	int rc;

	if (self.out || c->fd < 0)
		return 0;
	if (self.got[TCP_IMAGE_UNREAD] != d->len[REPAIR_UNREAD] ||
	    self.got[TCP_IMAGE_SENT] != d->len[REPAIR_SENT])
		return wrong(-EINVAL, "its queues are not complete");
	rc = repair_quiet(c->fd, d);
	self.out = !rc;
	return rc ? wrong(rc, "its socket: %s", strerror(-rc)) : 0;
}

/* keep() - Bytes that wait for the socket to have room; 0, -ENOBUFS */
static int keep(struct conn *c, const uint8_t *data, uint32_t len)
{
	struct iovec iov = { .iov_len = len };

	memcpy(&iov.iov_base, &data, sizeof(data));	/* which only reads */
	return tail_put(&c->tcp.tail, &iov, 1, 0, UINT32_MAX) == len ? 0 : -ENOBUFS;
}

/* fill() - Bytes into a queue of the socket; 0, -errno */
static int fill(struct conn *c, enum repair_queue q, const uint8_t *data, uint32_t len)
{
	ssize_t left = len;

	if (q != REPAIR_UNSENT || !c->tcp.tail)
		left = repair_fill(c->fd, q, data, len);
	if (left <= 0)
		return (int)left;
	/* Without privileges a buffer may be shorter here; behind a FIN nothing can follow */
	if (q != REPAIR_UNSENT || repair_fin_sent(&self.dump[conn_index(c)]))
		return -ENOBUFS;
	return keep(c, data + (len - (uint32_t)left), (uint32_t)left);
}

/**
 * tcp_image_load_queue() - Bytes of the connection that is being loaded
 * @c:		Connection
 * @r:		Body of a section IMAGE_QUEUE behind the index
 *
 * Return: 0; -errno, tcp_image_why()
 */
int tcp_image_load_queue(struct conn *c, struct pkt_reader *r)
{
	static const enum repair_queue queue[] = {
		[TCP_IMAGE_UNREAD] = REPAIR_UNREAD, [TCP_IMAGE_SENT] = REPAIR_SENT,
		[TCP_IMAGE_UNSENT] = REPAIR_UNSENT,
	};
	uint8_t q = pkt_u8(r);
	uint32_t len = (uint32_t)r->left;
	const uint8_t *data = pkt_take(r, len);
	const struct repair *d = &self.dump[conn_index(c)];
	int rc;

	if (!data || q >= KIND_NUM || c->fd < 0 ||
	    len > (q == TCP_IMAGE_TAIL ? self.tail : d->len[queue[q]]) - self.got[q] ||
	    (self.out && q < TCP_IMAGE_UNSENT))
		return wrong(-EINVAL, "bytes that do not belong to it");
	rc = q >= TCP_IMAGE_UNSENT ? leave(c) : 0;
	if (rc)
		return rc;
	self.got[q] += len;
	rc = q == TCP_IMAGE_TAIL ? keep(c, data, len) : fill(c, queue[q], data, len);
	return rc ? wrong(rc, "a queue: %s", strerror(-rc)) : 0;
}

/*
 * rests() - Neither end waits for anything, and nothing was on its way at the checkpoint
 *
 * So nobody has to hear of the move.  Most of thousands do, and a packet to either end
 * costs more than all the rest.
 */
static bool rests(const struct tcp_conn *t, const struct repair *d)
{
	return t->phase == PH_OPEN && t->half[OUT] == HALF_FLOW && t->half[IN] == HALF_FLOW &&
	       !t->carried && t->nxt == t->una && !t->tail && d->window.wnd >= d->mss &&
	       !d->len[REPAIR_UNREAD] && !d->len[REPAIR_SENT] && !d->len[REPAIR_UNSENT];
}

/**
 * tcp_image_load_end() - All of a connection was read
 * @c:		Connection; the caller gives it up if this fails
 *
 * Return: 0; -errno, tcp_image_why()
 */
int tcp_image_load_end(struct conn *c)
{
	const struct repair *d = &self.dump[conn_index(c)];
	int rc = leave(c);

	if (!rc && c->fd >= 0 && (self.got[TCP_IMAGE_UNSENT] != d->len[REPAIR_UNSENT] ||
				  self.got[TCP_IMAGE_TAIL] != self.tail))
		rc = wrong(-EINVAL, "its queues are not complete");
	if (!rc && c->fd >= 0) {
		rc = repair_wait(c->fd, d);
		if (rc)
			return wrong(rc, "its socket: %s", strerror(-rc));
	}
	if (!rests(&c->tcp, d))
		c->tcp.carried |= CARRIED_FRESH;
	return rc;
}

/**
 * tcp_image_fresh() - Whether somebody waits for a loaded connection to go on
 * @c:		Connection, until tcp_image_settled()
 *
 * Return: true if so; false: it rests
 */
bool tcp_image_fresh(const struct conn *c)
{
	return c->tcp.carried & CARRIED_FRESH;
}

/* tcp_image_settled() - It went on: it is like others from now on */
void tcp_image_settled(struct conn *c)
{
	c->tcp.carried &= (uint8_t)~CARRIED_FRESH;
}

/**
 * tcp_image_go() - The network leads here: the connection goes on
 * @c:		Connection that was loaded; may be gone afterwards if it is dead already
 * @now:	Time, us
 *
 * Return: 0; -errno: its socket refuses, the caller gives it up
 */
int tcp_image_go(struct conn *c, uint64_t now)
{
	const struct repair *d = &self.dump[conn_index(c)];
	bool rest = !tcp_image_fresh(c);
	int rc;

	if (c->fd < 0) {
		tcp_schedule(c);
		return 0;
	}
	rc = repair_go(c->fd, d, !rest);
	if (!rc)
		rc = sock_tcp_seek(c->fd, peeked(&c->tcp));
	if (!rc)
		rc = loop_add(c->fd, LOOP_TCP, conn_id(c), TCP_EVENTS);
	if (rc)
		return wrong(rc, "its socket: %s", strerror(-rc));
	if (c->tcp.flags & TCPF_FRAGMENT)
		(void)sock_tcp_allow_fragments(c->fd);
	if (c->tcp.phase != PH_DIAL)
		tcp_out_window(c);
	/* The time it may take to drain begins anew: nothing could while it was moved */
	if (c->tcp.phase == PH_DRAIN)
		c->tcp.seen_ms = (uint32_t)(now / 1000);
	if (c->tcp.phase != PH_OPEN || rest) {
		tcp_schedule(c);
		return 0;
	}
	/* Frames that were on their way to the guest stayed behind, and acknowledgements */
	tcp_in_lost(c);
	if (d->len[REPAIR_UNSENT] && d->window.wnd < d->mss) {
		c->tcp.carried |= CARRIED_ASK;
		c->tcp.check_at = now + ASK_US;
	}
	tcp_out_ack_now(&c->tcp);
	tcp_end_settle(c, 0, now);
	return 0;
}

/**
 * tcp_image_push() - The guest gets what waits for it
 * @c:		Connection behind tcp_image_go(), may be gone afterwards
 * @now:	Time, us
 *
 * When all have gone on: a guest takes long for these bytes, and what it may send on
 * other connections, by an acknowledgement behind them, would wait so long.
 */
void tcp_image_push(struct conn *c, uint64_t now)
{
	if (c->fd >= 0 && c->tcp.phase == PH_OPEN)
		tcp_end_settle(c, tcp_in_push(c, now), now);
}
