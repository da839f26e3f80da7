// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udp.c - datagrams between the guest and the host's sockets
 *
 * Theory of operation
 *
 *   Which socket a datagram belongs to is udp_flow.c's business; here they move.
 *
 *   Out: frames of a batch are gathered, and sent flow by flow when it ends:
 *   one system call per flow, in which runs of datagrams of one size are one
 *   entry (UDP_SEGMENT), and so is a frame that the guest left uncut (USO):
 *
 *	batch		a1 b1 a2 a3 b2		sizes: a 100 100 60, b 50 500
 *	flow a		one entry of 260 bytes, to be cut every 100
 *	flow b		two entries
 *
 *   The payload stays where the guest put it until then.  Where the kernel can
 *   not cut (old network devices, IPsec, a path narrower than the datagrams),
 *   each is named by itself.
 *
 *   The guest's time to live and don't-fragment flag are set on the socket when
 *   they change; frames that differ in them are sent apart.
 *
 *   In: datagrams are read in batches and made into frames by udp_seg.c.  What
 *   the link can not take is lost, as on any link.  Datagrams from anybody but
 *   the other end of a flow are dropped: they can be there because a socket is
 *   bound a moment before it is connected.
 *
 *   Errors come in two ways: at once, when the host has no route or the path is
 *   too narrow, or later through the error queue of the socket.  Both become
 *   ICMP to the guest.
 */
#include "udp.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "count.h"
#include "fwd.h"
#include "icmp.h"
#include "log.h"
#include "sock_udp.h"
#include "udp_flow.h"
#include "udp_seg.h"
#include "util.h"
#include "wire.h"

enum {
	IOV_NUM		= 8 * TAP_BATCH, /* pieces of memory of a batch */
	ERRORS_MAX	= 16,		/* errors read per event */
	GSO_UDP_L4	= 5,		/* VIRTIO_NET_HDR_GSO_UDP_L4 */
};

/**
 * struct gathered - a frame of the batch that waits to be sent
 * @id:		flow
 * @gram:	what is to be sent
 * @taken:	it is in the queue, or sent
 */
struct gathered {
	uint64_t id;
	struct udp_gram gram;
	bool taken;
};

/**
 * struct run - one entry of the batch for the kernel
 * @first:	what it begins with, in the order of sending
 * @num:	how many gathered frames it consists of
 */
struct run {
	int first;
	int num;
};

/**
 * struct udp_self - state of this file
 * @num:	frames gathered
 * @gathered:	those
 * @niov:	entries of @iov in use
 * @iov:	their payload
 * @queue:	frames of the flow being sent, in order
 * @out:	the same for the kernel
 * @run:	what each of @out is made of
 * @out_iov:	payload of @out
 */
static struct {
	int num;
	struct gathered gathered[TAP_BATCH];
	int niov;
	struct iovec iov[IOV_NUM];
	const struct udp_gram *queue[TAP_BATCH];
	struct sock_udp_out out[TAP_BATCH];
	struct run run[TAP_BATCH];
	struct iovec out_iov[IOV_NUM];
} self;

/**
 * udp_init() - Begin anew
 * @conf:	Limits
 */
void udp_init(const struct udp_conf *conf)
{
	memset(&self, 0, sizeof(self));
	udp_flow_init(conf->flows_max);
}

/**
 * look() - Check a datagram of the guest
 * @f:		Frame
 * @key:	Filled: its flow
 * @g:		Filled, but for where its payload is
 *
 * Return: false: dropped, counted
 */
static bool look(const struct frame *f, struct conn_key *key, struct udp_gram *g)
{
	uint8_t gso = f->tap->vh.gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
	bool partial = f->tap->vh.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	const struct wire_udp *udp = frame_l4(f, sizeof(*udp));
	struct frame cut;
	uint32_t l4len;

	*key = (struct conn_key){ .guest = f->src, .far = f->dst, .proto = WIRE_UDP };
	if (!udp || addr_is_any(&f->src))
		goto bad;
	key->gport = get_be16(udp->sport);	/* may be 0: RFC 768 */
	key->fport = get_be16(udp->dport);
	l4len = get_be16(udp->len);
	if (l4len < sizeof(*udp) || l4len > f->l4len || !key->fport)
		goto bad;
	if (gso == GSO_UDP_L4)
		l4len = f->l4len;
	else if (gso != VIRTIO_NET_HDR_GSO_NONE)
		goto bad;

	*g = (struct udp_gram){ .len = l4len - (uint32_t)sizeof(*udp), .ttl = f->ttl,
				.df = f->df, .ulen = get_be16(udp->len) };
	if (!partial)
		memcpy(&g->csum, udp->csum, sizeof(g->csum));
	if (gso && f->tap->vh.gso_size && f->tap->vh.gso_size < g->len)
		g->seg = f->tap->vh.gso_size;
	/* No checksum was made: fine in IPv4 only (RFC 768; RFC 8200, section 8.1) */
	if (!partial && !g->csum && addr_is4(&f->src))
		return true;
	if (l4len != f->l4len) {	/* what follows belongs to nobody */
		cut = *f;
		cut.l4len = l4len;
		f = &cut;
	}
	if ((!partial && !g->csum) || !frame_csum_ok(f)) {
		count(DROP_CSUM);
		return false;
	}
	return true;
bad:
	count(DROP_UDP_HEADER);
	return false;
}

/**
 * flow_of() - The flow a datagram of the guest belongs to, or a new one
 * @key:	Its key
 * @g:		The datagram
 * @now:	Time, us
 *
 * Return: entry, NULL: there is none, counted
 */
static struct conn *flow_of(const struct conn_key *key, const struct udp_gram *g,
			    uint64_t now)
{
	struct conn *c = conn_find(key);

	if (c && BUG_ON(c->kind != CONN_UDP))
		return NULL;
	if (c && c->udp.listen >= 0) {
		const struct fwd_listener *l = fwd_listener((uint32_t)c->udp.listen);

		if (!l || l->fd < 0 || l->proto != WIRE_UDP) {
			udp_flow_close(c);	/* that port is not forwarded any more */
			c = NULL;
		}
	}
	return c ? c : udp_flow_open(key, g, now);
}

/**
 * udp_frame() - A datagram from the guest
 * @f:		Whole packet of WIRE_UDP; the frame it points to is borrowed until
 *		udp_flush(), @f itself is not needed after the call
 * @now:	Time, us
 */
void udp_frame(const struct frame *f, uint64_t now)
{
	struct udp_gram g;
	struct conn_key key;
	struct conn *c;

	if (!look(f, &key, &g))
		return;
	if (self.num == TAP_BATCH || self.niov == IOV_NUM)
		udp_flush(now);
	g.iov = self.iov + self.niov;
	g.niov = frame_payload(f, sizeof(struct wire_udp), g.len, g.iov,
			       IOV_NUM - self.niov);
	if (g.len && !g.niov && self.num) {
		udp_flush(now);
		g.iov = self.iov;
		g.niov = frame_payload(f, sizeof(struct wire_udp), g.len, g.iov, IOV_NUM);
	}
	if (g.len && !g.niov) {
		count(DROP_UDP_HEADER);
		return;
	}
	c = flow_of(&key, &g, now);
	if (!c)
		return;
	c->udp.qlen = g.ulen;
	c->udp.qcsum = g.csum;
	udp_flow_touch(c, OUT, now);
	self.gathered[self.num++] = (struct gathered){ .id = conn_id(c), .gram = g };
	self.niov += g.niov;
}

/**
 * via() - What sends the datagrams of a flow
 * @c:		Flow
 * @to:		Filled with the other end, if the socket is not connected
 * @ttl:	Time to live, for the socket of a forwarded port
 * @fd:		Set: the socket, -1: it is gone
 *
 * Return: @to, or NULL for a connected socket
 */
static const struct sock_udp_path *via(const struct conn *c, struct sock_udp_path *to,
				       uint8_t ttl, int *fd)
{
	const struct udp_flow *u = &c->udp;
	const struct fwd_listener *l;

	*fd = c->fd;
	if (u->listen >= 0) {
		l = fwd_listener((uint32_t)u->listen);
		*fd = l ? l->fd : -1;
	} else if (!(u->flags & UDPF_GROUP)) {
		return NULL;
	}
	*to = (struct sock_udp_path){ .peer = u->peer, .port = u->pport,
				      .local = u->local, .scope = u->scope };
	if (u->listen >= 0)
		to->ttl = ttl;
	return to;
}

/* options() - Set what is asked for a frame on the flow's own socket */
static void options(struct conn *c, const struct udp_gram *g)
{
	uint8_t want = g->df ? UDPF_DF : UDPF_MAYFRAG;
	struct udp_flow *u = &c->udp;

	if (c->fd < 0)
		return;
	if (g->ttl && g->ttl != u->ttl) {
		(void)sock_udp_set_ttl(c->fd, &u->peer, g->ttl);
		u->ttl = g->ttl;
	}
	if (!(u->flags & want)) {
		(void)sock_udp_set_df(c->fd, &u->peer, g->df);
		u->flags = (uint8_t)((u->flags & ~(UDPF_DF | UDPF_MAYFRAG)) | want);
	}
}

/**
 * slice() - Name part of a payload
 * @g:		Frame
 * @from:	First byte
 * @len:	Bytes
 * @iov:	Filled
 * @max:	Entries there
 *
 * Return: entries filled, 0 if they do not fit, or @len is 0
 */
static int slice(const struct udp_gram *g, size_t from, size_t len, struct iovec *iov,
		 int max)
{
	int n = 0;

	for (int i = 0; i < g->niov && len; i++) {
		size_t skip = min_size(from, g->iov[i].iov_len);
		size_t use = min_size(g->iov[i].iov_len - skip, len);

		from -= skip;
		if (!use)
			continue;
		if (n == max)
			return 0;
		iov[n].iov_base = (uint8_t *)g->iov[i].iov_base + skip;
		iov[n++].iov_len = use;
		len -= use;
	}
	return n;
}

/**
 * send_cut() - Send one uncut frame datagram by datagram
 * @c:		Flow
 * @g:		Frame
 * @now:	Time, us
 *
 * An error is told once: it would be the same for all.
 */
static void send_cut(struct conn *c, const struct udp_gram *g, uint64_t now)
{
	struct sock_udp_out out[SOCK_UDP_BATCH];
	struct iovec iov[2 * SOCK_UDP_BATCH];
	struct sock_udp_path path;
	const struct sock_udp_path *to;
	uint32_t step = g->seg ? g->seg : g->len;
	int fd, done, n, used;

	to = via(c, &path, g->ttl, &fd);
	for (uint32_t at = 0; fd >= 0 && at < g->len; ) {
		for (n = used = 0; n < SOCK_UDP_BATCH && at < g->len; n++) {
			out[n] = (struct sock_udp_out){ .iov = iov + used };
			out[n].niov = slice(g, at, min_u32(step, g->len - at), iov + used,
					    2 * SOCK_UDP_BATCH - used);
			if (!out[n].niov)
				break;
			used += out[n].niov;
			at += step;
		}
		if (!n)
			return;
		for (int i = 0; i < n; i += done) {
			done = sock_udp_send(fd, out + i, n - i, to);
			if (done < 0) {
				udp_flow_failed(c, g, -done, now);
				return;
			}
		}
	}
}

/* joins() - Whether @g can continue a run of @num frames, @total bytes so far */
static bool joins(const struct conn *c, const struct udp_gram *first,
		  const struct udp_gram *last, const struct udp_gram *g, int num,
		  uint32_t total)
{
	uint32_t max = addr_is4(&c->udp.peer) ? SOCK_UDP_MAX4 : SOCK_UDP_MAX6;

	return !(c->udp.flags & UDPF_PLAIN) && !first->seg && !g->seg && g->len &&
	       g->len <= first->len && last->len == first->len &&
	       num < SOCK_UDP_SEGMENTS && total + g->len <= max;
}

/**
 * make_runs() - Prepare frames of a flow for the kernel
 * @c:		Flow
 * @queue:	Frames
 * @n:		Their number
 *
 * Fills self.out and self.run.
 *
 * Return: entries there
 */
static int make_runs(const struct conn *c, const struct udp_gram *const *queue, int n)
{
	int runs = 0, iovs = 0;

	for (int i = 0; i < n; runs++) {
		struct sock_udp_out *out = &self.out[runs];
		uint32_t total = 0;
		int first = i;

		*out = (struct sock_udp_out){ .iov = self.out_iov + iovs };
		do {
			memcpy(self.out_iov + iovs, queue[i]->iov,
			       (size_t)queue[i]->niov * sizeof(struct iovec));
			iovs += queue[i]->niov;
			out->niov += queue[i]->niov;
			total += queue[i]->len;
			i++;
		} while (i < n && joins(c, queue[first], queue[i - 1], queue[i],
					i - first, total));
		out->seg = i - first > 1 ? (uint16_t)queue[first]->len : queue[first]->seg;
		self.run[runs] = (struct run){ .first = first, .num = i - first };
	}
	return runs;
}

/**
 * send_run() - Send what the kernel refused to take in one piece
 * @c:		Flow
 * @queue:	Frames
 * @run:	Which of them
 * @err:	What it said, positive; 0: it was not asked
 * @now:	Time, us
 */
static void send_run(struct conn *c, const struct udp_gram *const *queue,
		     const struct run *run, int err, uint64_t now)
{
	if (run->num == 1 && !queue[run->first]->seg) {
		udp_flow_failed(c, queue[run->first], err, now);
		return;
	}
	if (err == EAGAIN || err == ENOBUFS) {
		count_add(DROP_UDP_SEND, (uint64_t)run->num);
		return;
	}
	if (err == EIO || err == EINVAL)
		c->udp.flags |= UDPF_PLAIN;
	for (int i = 0; i < run->num; i++)
		send_cut(c, queue[run->first + i], now);
}

/* can_cut() - Whether an entry may be given to the kernel as it is */
static bool can_cut(const struct conn *c, const struct sock_udp_out *out, uint32_t len)
{
	return !out->seg || (!(c->udp.flags & UDPF_PLAIN) &&
			     len <= (uint32_t)out->seg * SOCK_UDP_SEGMENTS);
}

/**
 * send_queue() - Send frames of one flow that ask for the same options
 * @c:		Flow
 * @queue:	Frames
 * @n:		Their number, 1 or more
 * @now:	Time, us
 */
static void send_queue(struct conn *c, const struct udp_gram *const *queue, int n,
		       uint64_t now)
{
	const struct sock_udp_path *to;
	struct sock_udp_path path;
	int fd, runs, sent;

	options(c, queue[0]);
	to = via(c, &path, queue[0]->ttl, &fd);
	if (fd < 0)
		return;
	runs = make_runs(c, queue, n);
	for (int i = 0; i < runs; i += sent) {
		const struct run *r = &self.run[i];

		sent = 1;
		if (!can_cut(c, &self.out[i], queue[r->first]->len)) {
			send_run(c, queue, r, 0, now);
			continue;
		}
		sent = sock_udp_send(fd, self.out + i, runs - i, to);
		if (sent < 0) {
			send_run(c, queue, r, -sent, now);
			sent = 1;
		}
	}
}

/**
 * take_alike() - Move frames that can be sent together to self.queue
 * @first:	The first of them, index; the others come after it
 *
 * Return: how many there are
 */
static int take_alike(int first)
{
	const struct gathered *like = &self.gathered[first];
	int n = 0;

	for (int i = first; i < self.num; i++) {
		struct gathered *g = &self.gathered[i];

		if (g->id != like->id || g->gram.ttl != like->gram.ttl ||
		    g->gram.df != like->gram.df)
			continue;
		g->taken = true;
		self.queue[n++] = &g->gram;
	}
	return n;
}

/**
 * udp_flush() - The batch is over: send what was gathered
 * @now:	Time, us
 */
void udp_flush(uint64_t now)
{
	for (int i = 0; i < self.num; i++) {
		struct conn *c = conn_get(self.gathered[i].id);

		if (c && !self.gathered[i].taken)
			send_queue(c, self.queue, take_alike(i), now);
	}
	self.num = 0;
	self.niov = 0;
}

/**
 * udp_timeout() - A flow's timer ran out
 * @c:		Entry of kind CONN_UDP
 * @now:	Time, us
 */
void udp_timeout(struct conn *c, uint64_t now)
{
	udp_flow_timeout(c, now);
}

/**
 * relay_error() - Tell the guest an error that came for one of its datagrams
 * @c:		Flow
 * @q:		From the error queue of the socket
 * @now:	Time, us
 */
static void relay_error(const struct conn *c, const struct sock_udp_error *q,
			uint64_t now)
{
	struct icmp_error e = { .type = q->type, .code = q->code, .mtu = q->mtu };

	if (!addr_is_none(&q->offender))
		e.from = addr_eq(&q->offender, &c->udp.peer) ?
			 c->key.far : fwd_to_guest(&q->offender);
	udp_flow_tell(c, &e, q->data, q->len, now);
}

/**
 * arrived() - Pass what came from a socket to the guest
 * @c:		Flow
 * @in:		One or more datagrams
 * @now:	Time, us
 */
static void arrived(struct conn *c, const struct sock_udp_in *in, uint64_t now)
{
	const struct udp_flow *u = &c->udp;
	struct conn_key key = c->key;

	if (u->flags & UDPF_GROUP) {
		key.far = fwd_to_guest(&in->path.peer);
		key.fport = in->path.port;
	} else if (u->listen < 0 && (in->path.port != u->pport ||
				     !addr_eq(&in->path.peer, &u->peer))) {
		count(DROP_UDP_SOURCE);
		return;
	}
	/* What we sent to a group ourselves; nobody to show; a port nobody has */
	if ((u->flags & UDPF_GROUP && in->group) || addr_is_none(&key.far) || !key.gport) {
		count(DROP_UDP_SOURCE);
		return;
	}
	udp_flow_touch(c, IN, now);
	(void)udp_seg_send(&key, in->data, in->len, in->seg);
}

/**
 * udp_socket_event() - Something happened to the socket of a flow
 * @id:		Conn id, perhaps of a flow that is gone
 * @events:	EPOLLIN, EPOLLERR
 * @now:	Time, us
 */
void udp_socket_event(uint64_t id, uint32_t events, uint64_t now)
{
	struct sock_udp_in in[SOCK_UDP_BATCH];
	struct conn *c = conn_get(id);
	struct sock_udp_error q;
	int n;

	if (!c || c->kind != CONN_UDP || c->fd < 0)
		return;
	if (events & EPOLLERR) {
		for (n = 0; n < ERRORS_MAX && sock_udp_recv_error(c->fd, &q) > 0; n++)
			relay_error(c, &q, now);
		if (!n)	/* or it would wake us up for ever */
			(void)sock_error(c->fd);
	}
	n = sock_udp_recv(c->fd, in, SOCK_UDP_BATCH);
	for (int i = 0; i < n; i++)
		arrived(c, &in[i], now);
}

/* listen_errors() - Errors about what left by the socket of a forwarded port */
static void listen_errors(uint32_t listener, int fd, uint64_t now)
{
	struct sock_udp_error q;
	int n;

	for (n = 0; n < ERRORS_MAX && sock_udp_recv_error(fd, &q) > 0; n++) {
		struct sock_udp_path path = { .peer = q.peer, .port = q.port };
		const struct conn *c = udp_flow_called(listener, &path, false, now);

		if (c)
			relay_error(c, &q, now);
	}
	if (!n)
		(void)sock_error(fd);
}

/**
 * udp_listen_event() - Something happened to the socket of a forwarded port
 * @listener:	Its number in fwd.c; one that splice.c has nothing to do with
 * @events:	EPOLLIN, EPOLLERR
 * @now:	Time, us
 */
void udp_listen_event(uint32_t listener, uint32_t events, uint64_t now)
{
	const struct fwd_listener *l = fwd_listener(listener);
	struct sock_udp_in in[SOCK_UDP_BATCH];
	int n;

	if (!l || l->fd < 0 || l->proto != WIRE_UDP)
		return;
	if (events & EPOLLERR)
		listen_errors(listener, l->fd, now);
	n = sock_udp_recv(l->fd, in, SOCK_UDP_BATCH);
	for (int i = 0; i < n; i++) {
		struct conn *c = udp_flow_called(listener, &in[i].path, true, now);

		if (!c)
			continue;
		if (c->udp.listen >= 0) {
			c->udp.local = in[i].path.local;
			c->udp.scope = in[i].path.scope;
			c->udp.listen = (int32_t)listener;
		}
		arrived(c, &in[i], now);
	}
}
