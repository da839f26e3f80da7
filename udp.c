// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udp.c - datagrams and echo between the guest and the host's sockets
 *
 * Theory of operation
 *
 *   Which socket a datagram belongs to is udp_flow.c's business; here they move.
 *   An echo request is a datagram without ports: icmp.c knows what is in it.
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
 *   the datagrams of an entry are entries of a batch of its own.
 *
 *   The guest's time to live and don't-fragment flag are set on the socket when
 *   they change; frames that differ in them are sent apart.
 *
 *   In: datagrams are read in batches and made into frames in place: headers are
 *   written in front of the payload, where sock_udp_recv() left room, and the link
 *   takes the frame from there.  Three cases:
 *
 *	several datagrams of one size (UDP_GRO)	  one frame that the link's other
 *						  end cuts, if it can (TAP_USO);
 *						  else frame by frame, headers
 *						  over the end of the last one,
 *						  which has left
 *	a datagram that fits the MTU		  one frame
 *	a longer one				  IP fragments, by frag.c
 *
 *   Checksums are left to the link, as everywhere, but for fragments: nobody
 *   behind us sees the whole datagram before the guest does.
 *
 *   What the link can not take is lost, as on any link.  Datagrams from anybody but
 *   the other end of a flow are dropped: they can be there because a socket is
 *   bound a moment before it is connected.
 */
#include "udp.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "count.h"
#include "frag.h"
#include "fwd.h"
#include "icmp.h"
#include "log.h"
#include "net.h"
#include "sock_udp.h"
#include "tap.h"
#include "udp_flow.h"
#include "util.h"
#include "wire.h"

enum {
	IOV_NUM		= 8 * TAP_BATCH, /* pieces of memory of a batch */
	ERRORS_MAX	= 16,		/* errors read per event */
	SEGMENTS_MAX	= 64,		/* a guest's kernel may refuse more in one frame */
	GSO_UDP_L4	= 5,	/* VIRTIO_NET_HDR_GSO_UDP_L4, missing in old headers */
};

_Static_assert((int)TAP_BATCH <= (int)SOCK_UDP_BATCH, "frames of one flow are one batch");

/**
 * struct udp_self - state of this file
 * @num:	frames gathered
 * @gram:	those; id is CONN_NONE once they are in @out
 * @niov:	entries of @iov in use
 * @iov:	their payload
 * @out:	what is sent of one flow
 * @out_iov:	payload of @out
 */
static struct {
	int num;
	struct udp_gram gram[TAP_BATCH];
	int niov;
	struct iovec iov[IOV_NUM];
	struct sock_udp_out out[TAP_BATCH];
	struct iovec out_iov[IOV_NUM];
} self;

/**
 * udp_init() - Begin anew
 * @flows_max:	Flows the guest may begin, a descriptor each: a share of those the
 *		program may have; 0: half the table
 */
void udp_init(uint32_t flows_max)
{
	memset(&self, 0, sizeof(self));
	udp_flow_init(flows_max);
}

/* Out */

/**
 * look_udp() - Check a datagram of the guest
 * @f:		Frame
 * @key:	Ports are filled
 * @g:		All but flow, pieces, @ttl and @df are filled
 *
 * Return: false: dropped, counted
 */
static bool look_udp(const struct frame *f, struct conn_key *key, struct udp_gram *g)
{
	uint8_t gso = f->tap->vh.gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
	bool partial = f->tap->vh.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	const struct wire_udp *udp = frame_l4(f, sizeof(*udp));
	struct frame cut;
	uint32_t l4len;

	if (!udp || addr_is_any(&f->src))
		goto bad;
	key->gport = get_be16(udp->sport);	/* may be 0: RFC 768 */
	key->fport = get_be16(udp->dport);
	g->ulen = get_be16(udp->len);
	if (g->ulen < sizeof(*udp) || g->ulen > f->l4len || !key->fport)
		goto bad;
	if (gso != GSO_UDP_L4 && gso != VIRTIO_NET_HDR_GSO_NONE)
		goto bad;
	l4len = gso ? f->l4len : g->ulen;
	g->out.len = l4len - (uint32_t)sizeof(*udp);
	if (gso && f->tap->vh.gso_size < g->out.len)
		g->out.seg = f->tap->vh.gso_size;
	if (partial)
		return true;
	memcpy(&g->csum, udp->csum, sizeof(g->csum));
	/* No checksum was made: fine in IPv4 only (RFC 768; RFC 8200, section 8.1) */
	if (!g->csum && addr_is4(&f->src))
		return true;
	if (l4len != f->l4len) {	/* what follows belongs to nobody */
		cut = *f;
		cut.l4len = l4len;
		f = &cut;
	}
	if (g->csum && frame_csum_ok(f))
		return true;
	count(DROP_CSUM);
	return false;
bad:
	count(DROP_UDP_HEADER);
	return false;
}

/* look_echo() - The same for what may be an echo request */
static bool look_echo(const struct frame *f, struct conn_key *key, struct udp_gram *g)
{
	const struct wire_icmp *h;

	if (!icmp_echo_request(f))
		return false;
	h = frame_l4(f, sizeof(*h));
	key->gport = get_be16(h->rest);
	g->out.len = f->l4len;
	g->ulen = (uint16_t)f->l4len;
	return true;
}

/**
 * udp_frame() - A datagram or ICMP message from the guest
 * @f:		Whole packet of WIRE_UDP, WIRE_ICMP4 or WIRE_ICMP6; the frame it
 *		points to is borrowed until udp_flush(), @f itself is not needed
 *		after the call
 * @now:	Time, us
 */
void udp_frame(const struct frame *f, uint64_t now)
{
	struct conn_key key = { .guest = f->src, .far = f->dst, .proto = f->proto };
	struct udp_gram g = { .ttl = f->ttl, .df = f->df };
	bool echo = f->proto != WIRE_UDP;
	const struct conn *c;

	if (!(echo ? look_echo(f, &key, &g) : look_udp(f, &key, &g)))
		return;
	if (self.num == TAP_BATCH || self.niov + f->tap->niov > IOV_NUM)
		udp_flush(now);
	g.out.iov = self.iov + self.niov;
	g.out.niov = frame_payload(f, echo ? 0 : (uint32_t)sizeof(struct wire_udp),
				   g.out.len, g.out.iov, IOV_NUM - self.niov);
	if (g.out.len && !g.out.niov) {
		count(echo ? DROP_ICMP_HEADER : DROP_UDP_HEADER);
		return;
	}
	c = udp_flow_of(&key, &g, now);
	if (!c)
		return;
	g.id = conn_id(c);
	self.gram[self.num++] = g;
	self.niov += g.out.niov;
}

/**
 * path_of() - Where the datagrams of a flow go
 * @c:		Flow
 * @ttl:	Time to live, for the socket of a forwarded port
 *
 * Return: as sock_udp_send() wants it
 */
static struct sock_udp_path path_of(const struct conn *c, uint8_t ttl)
{
	struct sock_udp_path to = c->udp.path;

	to.ttl = c->udp.listen < 0 ? 0 : ttl;
	if (c->udp.listen < 0 && !(c->udp.flags & UDPF_GROUP))
		to.peer = addr_none;
	return to;
}

/* options() - Set what is asked for a frame on the flow's own socket */
static void options(struct conn *c, const struct udp_gram *g)
{
	uint8_t want = g->df ? UDPF_DF : UDPF_MAYFRAG;
	struct udp_flow *u = &c->udp;

	if (c->fd < 0)
		return;
	if (g->ttl && g->ttl != u->path.ttl) {
		(void)sock_udp_set_ttl(c->fd, &u->path.peer, g->ttl);
		u->path.ttl = g->ttl;
	}
	if (!(u->flags & want)) {
		(void)sock_udp_set_df(c->fd, &u->path.peer, g->df);
		u->flags = (uint8_t)((u->flags & ~(UDPF_DF | UDPF_MAYFRAG)) | want);
	}
}

/* joins() - Whether a datagram can be one more of those that are in an entry */
static bool joins(const struct conn *c, const struct sock_udp_out *o,
		  const struct sock_udp_out *more)
{
	uint32_t max = addr_is4(&c->udp.path.peer) ? SOCK_UDP_MAX4 : SOCK_UDP_MAX6;
	uint32_t seg = o->seg ? o->seg : o->len;

	return !(c->udp.flags & UDPF_PLAIN) && !more->seg && more->len && more->len <= seg &&
	       o->len % seg == 0 && o->len / seg < SOCK_UDP_SEGMENTS &&
	       o->len + more->len <= max;
}

/**
 * fill() - Move frames that can be sent together to self.out
 * @c:		Their flow
 * @like:	The first of them, in self.gram
 *
 * Return: entries there
 */
static int fill(const struct conn *c, const struct udp_gram *like)
{
	const uint64_t id = like->id;
	struct iovec *iov = self.out_iov;
	struct sock_udp_out *o = NULL;
	int n = 0;

	for (int i = (int)(like - self.gram); i < self.num; i++) {
		struct udp_gram *g = &self.gram[i];

		if (g->id != id || g->ttl != like->ttl || g->df != like->df)
			continue;
		g->id = CONN_NONE;
		if (o && joins(c, o, &g->out)) {
			o->seg = (uint16_t)(o->seg ? o->seg : o->len);
		} else {
			o = &self.out[n++];
			*o = (struct sock_udp_out){ .iov = iov, .seg = g->out.seg };
		}
		memcpy(iov, g->out.iov, (size_t)g->out.niov * sizeof(*iov));
		iov += g->out.niov;
		o->niov += g->out.niov;
		o->len += g->out.len;
	}
	return n;
}

/**
 * slice() - Take the next datagrams off an entry
 * @whole:	Entry, its pieces of memory are used up
 * @out:	Filled, SOCK_UDP_BATCH entries
 * @iov:	Their payload, room for one piece more each than @whole has
 *
 * Return: entries filled, 0: nothing is left
 */
static int slice(struct sock_udp_out *whole, struct sock_udp_out *out, struct iovec *iov)
{
	int n = 0;

	for (; n < SOCK_UDP_BATCH && whole->niov; n++) {
		out[n] = (struct sock_udp_out){ .iov = iov };
		while (whole->niov && out[n].len < whole->seg) {
			struct iovec *v = whole->iov;
			size_t use = min_size(v->iov_len, whole->seg - out[n].len);

			*iov++ = (struct iovec){ .iov_base = v->iov_base, .iov_len = use };
			out[n].niov++;
			out[n].len += (uint32_t)use;
			v->iov_base = (uint8_t *)v->iov_base + use;
			v->iov_len -= use;
			if (!v->iov_len) {
				whole->iov++;
				whole->niov--;
			}
		}
	}
	return n;
}

/**
 * send_cut() - Send an entry datagram by datagram, until one fails
 * @c:		Flow
 * @fd:		Socket
 * @to:		Where to
 * @g:		The entry
 * @now:	Time, us
 */
static void send_cut(const struct conn *c, int fd, const struct sock_udp_path *to,
		     struct udp_gram *g, uint64_t now)
{
	struct iovec iov[SOCK_UDP_BATCH + IOV_NUM];
	struct sock_udp_out out[SOCK_UDP_BATCH];
	struct udp_gram rest = *g;
	int n, done;

	while ((n = slice(&g->out, out, iov))) {
		for (int i = 0; i < n; i += done) {
			done = sock_udp_send(fd, out + i, n - i, to);
			if (done <= 0) {
				rest.out.iov = out[i].iov;
				rest.out.niov = out[i].niov;
				udp_flow_failed(c, &rest, -done, now);
				return;
			}
			for (int k = 0; k < done; k++)
				rest.out.len -= out[i + k].len;
		}
	}
}

/**
 * send_like() - Send frames of one flow that ask for the same options
 * @c:		Flow
 * @like:	The first of them, in self.gram
 * @now:	Time, us
 */
static void send_like(struct conn *c, const struct udp_gram *like, uint64_t now)
{
	struct sock_udp_path to = path_of(c, like->ttl);
	int n = fill(c, like), fd = udp_flow_fd(c), done;

	options(c, like);
	for (int i = 0; i < n && fd >= 0; i += done) {
		struct udp_gram g = *like;

		g.out = self.out[i];
		if (g.out.seg && (c->udp.flags & UDPF_PLAIN ||
				  g.out.len > (uint32_t)g.out.seg * SOCK_UDP_SEGMENTS))
			done = -EMSGSIZE;	/* nothing the kernel could cut */
		else
			done = sock_udp_send(fd, &self.out[i], n - i, &to);
		if (done > 0)
			continue;
		if (g.out.seg && (done == -EIO || done == -EINVAL || done == -EMSGSIZE)) {
			if (done != -EMSGSIZE)
				c->udp.flags |= UDPF_PLAIN;
			send_cut(c, fd, &to, &g, now);
		} else {
			udp_flow_failed(c, &g, -done, now);
		}
		done = 1;
	}
}

/**
 * udp_flush() - The batch is over: send what was gathered
 * @now:	Time, us
 */
void udp_flush(uint64_t now)
{
	for (int i = 0; i < self.num; i++) {
		struct conn *c = conn_get(self.gram[i].id);

		if (c)
			send_like(c, &self.gram[i], now);
	}
	self.num = 0;
	self.niov = 0;
}

/* In */

/* ip_len() - Bytes of an IP packet with @len bytes of UDP payload */
static uint32_t ip_len(const struct conn_key *key, uint32_t len)
{
	return len + (uint32_t)sizeof(struct wire_udp) +
	       (addr_is4(&key->guest) ? (uint32_t)sizeof(struct wire_ip4) :
					(uint32_t)sizeof(struct wire_ip6));
}

/**
 * send_one() - Send one datagram to the guest, or several in one frame
 * @key:	Whom to, whom from
 * @udp:	Where its header goes; payload behind it, room in front
 * @len:	Bytes of payload
 * @seg:	The link's other end cuts it into pieces of this many bytes; 0: it is
 *		one, and a frame whose checksum the link completes if it fits the MTU
 *
 * Return: as for tap_send()
 */
static int send_one(const struct conn_key *key, struct wire_udp *udp, uint32_t len,
		    uint16_t seg)
{
	struct virtio_net_hdr vh = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM };
	uint32_t l4len = (uint32_t)sizeof(*udp) + len;
	uint8_t head[FRAME_HLEN_MAX];
	uint16_t sum;
	unsigned h;

	put_be16(udp->sport, key->fport);
	put_be16(udp->dport, key->gport);
	put_be16(udp->len, (uint16_t)l4len);
	if (!seg && ip_len(key, len) > net->mtu)
		return frag_send(&key->far, &key->guest, WIRE_UDP, udp, l4len);

	h = frame_head(head, &key->far, &key->guest, WIRE_UDP, l4len, 0, 0);
	memcpy((uint8_t *)udp - h, head, h);
	sum = frame_partial(&key->far, &key->guest, WIRE_UDP, l4len);
	memcpy(udp->csum, &sum, sizeof(sum));
	vh.csum_start = (uint16_t)h;
	vh.csum_offset = offsetof(struct wire_udp, csum);
	if (seg) {
		vh.gso_type = GSO_UDP_L4;
		vh.gso_size = seg;
		vh.hdr_len = (uint16_t)(h + sizeof(*udp));
	}
	return tap_send((uint8_t *)udp - h, h + l4len, &vh);
}

/**
 * to_guest() - Send what came from a socket to the guest
 * @key:	The flow: from @far and @fport to @guest and @gport
 * @in:		One or more datagrams: they, and what is in front, are written over
 *
 * What the link does not take is lost, counted there.
 */
static void to_guest(const struct conn_key *key, const struct sock_udp_in *in)
{
	uint32_t step = in->seg ? in->seg : in->len, done = 0;
	uint8_t *udp = in->data - sizeof(struct wire_udp);
	uint16_t seg = 0;

	if (BUG_ON(addr_is4(&key->guest) != addr_is4(&key->far)))
		return;
	if (in->seg && tap_caps() & TAP_USO && ip_len(key, step) <= net->mtu &&
	    ip_len(key, in->len) <= FRAME_IP_MAX && in->len <= step * SEGMENTS_MAX) {
		seg = in->seg;
		step = in->len;
	}
	do {	/* an empty datagram is one, too */
		uint32_t n = min_u32(step, in->len - done);

		(void)send_one(key, (void *)(udp + done), n, seg);
		done += n;
	} while (done < in->len);
}

/**
 * arrived() - Pass what came from a socket to the guest
 * @c:		Flow
 * @in:		One or more datagrams, or one message of a ping socket
 * @now:	Time, us
 */
static void arrived(struct conn *c, const struct sock_udp_in *in, uint64_t now)
{
	bool group = c->udp.flags & UDPF_GROUP, echo = c->kind == CONN_ECHO;
	struct conn_key key = c->key;

	if (group) {
		key.far = fwd_to_guest(&in->path.peer);
		key.fport = in->path.port;
	}
	/* What we sent to a group ourselves, or a stranger; nobody to show; no port */
	if ((group ? in->group : !udp_flow_is_peer(c, &in->path)) ||
	    addr_is_none(&key.far) || (!key.gport && !echo)) {
		count(echo ? DROP_ICMP_HEADER : DROP_UDP_SOURCE);
		return;
	}
	udp_flow_touch(c, IN, now);
	if (echo)
		icmp_echo_reply(&key, in->data, in->len);
	else
		to_guest(&key, in);
}

/**
 * event() - Take what waits in a socket: errors, then datagrams
 * @fd:		Socket
 * @c:		Its flow, NULL: it is that of a forwarded port
 * @listener:	Number of that port
 * @events:	EPOLLIN, EPOLLERR
 * @now:	Time, us
 */
static void event(int fd, struct conn *c, uint32_t listener, uint32_t events, uint64_t now)
{
	struct sock_udp_in in[SOCK_UDP_BATCH];
	struct sock_udp_error q;
	struct conn *to = c;
	int n = 0;

	while (events & EPOLLERR && n < ERRORS_MAX && sock_udp_recv_error(fd, &q) > 0) {
		struct sock_udp_path path = { .peer = q.peer, .port = q.port };

		n++;
		if (!c)
			to = udp_flow_called(listener, &path, false, now);
		if (to)
			udp_flow_error(to, &q, now);
	}
	if (events & EPOLLERR && !n)	/* or it would wake us up for ever */
		(void)sock_error(fd);
	n = sock_udp_recv(fd, in);
	for (int i = 0; i < n; i++) {
		if (!c)
			to = udp_flow_called(listener, &in[i].path, true, now);
		if (to)
			arrived(to, &in[i], now);
	}
}

/**
 * udp_socket_event() - Something happened to the socket of a flow
 * @id:		Conn id, perhaps of a flow that is gone
 * @events:	EPOLLIN, EPOLLERR
 * @now:	Time, us
 */
void udp_socket_event(uint64_t id, uint32_t events, uint64_t now)
{
	struct conn *c = conn_get(id);

	if (c)
		event(c->fd, c, 0, events, now);
}

/**
 * udp_listen_event() - Something happened to the socket of a forwarded port
 * @listener:	Its number in fwd_listen.c; one that splice.c has nothing to do with
 * @events:	EPOLLIN, EPOLLERR
 * @now:	Time, us
 */
void udp_listen_event(uint32_t listener, uint32_t events, uint64_t now)
{
	const struct fwd_listener *l = fwd_listener(listener);

	if (l)
		event(l->fd, NULL, listener, events, now);
}
