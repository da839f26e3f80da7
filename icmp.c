// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * icmp.c - echo requests of the guest, and ICMP errors toward it
 *
 * Theory of operation
 *
 *   Echo: for each triple of guest address, destination and identifier there is
 *   a ping socket, connected, bound to the guest's identifier if that is free.
 *   A request goes out as it is, but for identifier and checksum, which are the
 *   kernel's; a reply gets the guest's identifier back.  Sequence numbers are
 *   left alone, so nothing has to be remembered of a request.  A flow ends
 *   after 30 s without a request or reply (nf_conntrack: the same).
 *
 *   The guest's time to live is set on the socket when it changes.  When it
 *   runs out on the way, the router's error comes through the socket's error
 *   queue and is told to the guest under that router's address: traceroute.
 *
 *   Errors: whoever learns that something the guest sent failed calls
 *   icmp_error_to_guest() and describes the guest's packet.  The error quotes
 *   it with the guest's own addresses and ports, as it was before any mapping:
 *   the guest's kernel finds its socket by them (RFC 1122, section 3.2.2;
 *   RFC 4443, section 2.4 (d)).  No error is sent about what went to a group or
 *   came from no single host (RFC 1122, section 3.2.2; RFC 4443, section 2.4
 *   (e)).  Their rate is limited by a token bucket (RFC 1812, section 4.3.2.8;
 *   RFC 4443, section 2.4 (f)).
 *
 *   What the guest sends beyond echo requests is dropped: its errors are about
 *   packets whose sender is a socket of the host's peers, out of our reach.
 *   Neighbour discovery does not come here.
 */
#include "icmp.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "count.h"
#include "csum.h"
#include "frag.h"
#include "fwd.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "sock_udp.h"
#include "timer.h"
#include "util.h"
#include "wire.h"

enum {
	ECHO_IOV	= 64,		/* pieces of memory a request may lie in */
	ECHO_FLOWS	= 1024,		/* so that pings leave descriptors to others */
	ECHO_BATCH	= 16,		/* replies and errors handled per event */
	ERROR4_MAX	= 576,		/* RFC 1812, section 4.3.2.3 */
	ERROR6_MAX	= 1280,		/* RFC 4443, section 2.4 (c) */
	DF_UNSET	= 2,
	BUCKET_US	= 1000,		/* time in which a token grows */
	BUCKET_MAX	= 100,		/* tokens that can be saved */
	ICMP6_ADMIN	= 1,
	ICMP6_ADDRESS	= 3,
	ICMP6_PORT	= 4,
	ICMP4_NET	= 0,
	ICMP4_HOST	= 1,
	ICMP4_PROTO	= 2,
	ICMP4_PORT	= 3,
	ICMP4_FRAG	= 4,
	ICMP4_ADMIN	= 13,
	TIME_FRAGMENTS	= 1,		/* code: reassembly, both families */
};

#define TIMEOUT_US	UINT64_C(30000000)

/**
 * struct icmp_self - state of this file
 * @bucket:	when the token bucket would have been empty, us: its fill is the
 *		time since then, in units of BUCKET_US
 * @warn_range:	rate of the warning about ping_group_range
 * @warn_limit:	rate of the warning about too many flows
 */
static struct {
	uint64_t bucket;
	uint64_t warn_range;
	uint64_t warn_limit;
} self;

/**
 * icmp_init() - Begin anew
 */
void icmp_init(void)
{
	memset(&self, 0, sizeof(self));
}

/* allowed() - Take a token, if there is one */
static bool allowed(uint64_t now)
{
	uint64_t full = (uint64_t)BUCKET_MAX * BUCKET_US;

	if (now > full && self.bucket < now - full)
		self.bucket = now - full;
	if (self.bucket + BUCKET_US > now)
		return false;
	self.bucket += BUCKET_US;
	return true;
}

/**
 * icmp_error_set() - Type and code for an error of a host socket
 * @e:		@dst is set; @type and @code are filled
 * @err:	Positive errno
 *
 * Return: false if the guest is not to be told: nothing is wrong with its packet
 */
bool icmp_error_set(struct icmp_error *e, int err)
{
	bool v4 = addr_is4(&e->dst);

	e->type = v4 ? ICMP4_UNREACH : ICMP6_UNREACH;
	switch (err) {
	case ENETUNREACH:
	case ENETDOWN:
	case ENODEV:
		e->code = v4 ? ICMP4_NET : 0;
		return true;
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ETIMEDOUT:
	case EADDRNOTAVAIL:
	case EINVAL:
		e->code = v4 ? ICMP4_HOST : ICMP6_ADDRESS;
		return true;
	case ECONNREFUSED:
		e->code = v4 ? ICMP4_PORT : ICMP6_PORT;
		return true;
	case ENOPROTOOPT:
		e->code = v4 ? ICMP4_PROTO : ICMP6_PORT;
		return true;
	case EACCES:
	case EPERM:
		e->code = v4 ? ICMP4_ADMIN : ICMP6_ADMIN;
		return true;
	case EMSGSIZE:
		if (!v4)
			e->type = ICMP6_TOO_BIG;
		e->code = v4 ? ICMP4_FRAG : 0;
		return true;
	default:
		return false;
	}
}

/* worth_telling() - Whether an error may be sent at all */
static bool worth_telling(const struct icmp_error *e)
{
	bool too_big = !addr_is4(&e->dst) && e->type == ICMP6_TOO_BIG;

	if (addr_is4(&e->src) != addr_is4(&e->dst) || !addr_is_unicast(&e->src))
		return false;
	if (e->l4have < sizeof(struct wire_icmp) || !e->type)
		return false;
	if (addr_is4(&e->dst) ? e->type != ICMP4_UNREACH && e->type != ICMP4_TIME :
				e->type > ICMP6_TIME)
		return false;
	return addr_is_unicast(&e->dst) || too_big;
}

/* quote() - The guest's IP header and what there is of its message, to @to */
static uint32_t quote(const struct icmp_error *e, uint8_t *to, uint32_t room)
{
	uint8_t head[FRAME_HLEN_MAX];
	unsigned hlen = frame_head(head, &e->src, &e->dst, e->proto, e->l4len,
				   e->ttl ? e->ttl : 1, 0);
	uint32_t ip = hlen - (uint32_t)sizeof(struct wire_eth);
	uint32_t n = min_u32(e->l4have, room - ip);

	memcpy(to, head + sizeof(struct wire_eth), ip);
	memcpy(to + ip, e->l4, n);
	return ip + n;
}

/**
 * icmp_error_to_guest() - Tell the guest that something it sent failed
 * @e:		What, and why
 *
 * Silent if the rules forbid it, or there were too many lately.
 */
void icmp_error_to_guest(const struct icmp_error *e)
{
	bool v4 = addr_is4(&e->dst);
	uint32_t ip = v4 ? sizeof(struct wire_ip4) : sizeof(struct wire_ip6);
	const struct addr *from = &e->from;
	uint8_t msg[ERROR6_MAX] = { 0 };
	struct wire_icmp *icmp = (void *)msg;
	uint32_t len;

	if (!worth_telling(e) || !allowed(e->now))
		return;
	if (addr_is_none(from) || addr_is4(from) != v4)
		from = v4 ? &net->gw4 : &net->gw6;
	if (addr_is_none(from))
		from = &e->dst;

	icmp->type = e->type;
	icmp->code = e->code;
	if (v4 && e->type == ICMP4_UNREACH && e->code == ICMP4_FRAG)
		put_be16(icmp->rest + 2, (uint16_t)min_u32(e->mtu, UINT16_MAX));
	else if (!v4 && e->type == ICMP6_TOO_BIG)
		put_be32(icmp->rest, max_u32(e->mtu, NET_MTU_MIN6));
	len = sizeof(*icmp);
	len += quote(e, msg + len, (v4 ? ERROR4_MAX : ERROR6_MAX) - ip - len);
	(void)frame_send(from, &e->src, v4 ? WIRE_ICMP4 : WIRE_ICMP6, msg, len, 0);
	count(COUNT_ICMP_ERRORS);
}

/**
 * icmp_frag_timeout() - TIMER_FRAG ran out: forget packets, tell the guest
 * @now:	Time, us
 */
void icmp_frag_timeout(uint64_t now)
{
	struct frag_expired x;

	while (frag_timeout(now, &x)) {
		struct icmp_error e = {
			.src = x.src, .dst = x.dst, .proto = x.proto, .ttl = x.ttl,
			.type = addr_is4(&x.dst) ? ICMP4_TIME : ICMP6_TIME,
			.code = TIME_FRAGMENTS,
			.l4 = x.l4, .l4have = x.have, .l4len = x.len, .now = now,
		};

		icmp_error_to_guest(&e);
	}
}

/* close_flow() - End a flow */
static void close_flow(struct conn *c)
{
	debug("%s: ends", conn_text(c));
	if (c->fd >= 0)
		sock_close(c->fd);
	conn_free(c);
}

/* touch() - A flow is in use */
static void touch(struct conn *c, uint64_t now)
{
	c->echo.due = now + TIMEOUT_US;
	if (timer_due(conn_index(c)) == TIMER_NEVER)
		timer_set(conn_index(c), c->echo.due);
}

/**
 * icmp_timeout() - A flow's timer ran out
 * @c:		Entry of kind CONN_ECHO
 * @now:	Time, us
 */
void icmp_timeout(struct conn *c, uint64_t now)
{
	if (now < c->echo.due)
		timer_set(conn_index(c), c->echo.due);
	else
		close_flow(c);
}

/* refuse() - Tell the guest that a request failed here, for @err, positive */
static void refuse(const struct frame *f, const struct conn *c, int err, uint64_t now)
{
	uint8_t l4[FRAG_QUOTE];
	struct icmp_error e = {
		.src = f->src, .dst = f->dst, .proto = f->proto, .ttl = f->ttl,
		.l4 = l4, .l4len = f->l4len, .now = now,
	};

	count(DROP_ICMP_SEND);
	e.l4have = frame_copy(f, 0, l4, sizeof(l4));
	if (!icmp_error_set(&e, err))
		return;
	if (err == EMSGSIZE) {
		int mtu = c ? sock_udp_mtu(c->fd, &c->echo.peer) : -EMSGSIZE;
		if (!f->df || mtu <= 0)
			return;
		e.mtu = (uint32_t)mtu;
	}
	icmp_error_to_guest(&e);
}

/* no_room() - One more flow is one too many */
static void no_room(uint64_t now)
{
	count(DROP_ICMP_LIMIT);
	if (log_allow(&self.warn_limit, now))
		warn("Too many pings at once, or no descriptor left: one is refused");
}

/**
 * no_socket() - A ping socket was not to be had
 * @f:		The request
 * @err:	Why, positive errno
 * @now:	Time, us
 */
static void no_socket(const struct frame *f, int err, uint64_t now)
{
	switch (err) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		no_room(now);
		return;
	case EACCES:
	case EPERM:
		count(DROP_ICMP_SEND);
		if (log_allow(&self.warn_range, now))
			warn("The guest can not ping: sysctl net.ipv4.ping_group_range does not include our group");
		return;
	default:
		refuse(f, NULL, err, now);
	}
}

/* scope_of() - Interface for a destination that needs one */
static uint32_t scope_of(const struct addr *a)
{
	if (addr_is4(a))
		return addr_is_multicast(a) ? net->if4 : 0;
	return addr_is_linklocal(a) || addr_is_multicast(a) ? net->if6 : 0;
}

/**
 * open_flow() - Begin a flow
 * @key:	Its key, not in the table
 * @f:		The request
 * @now:	Time, us
 *
 * Return: entry; NULL if refused: counted, the guest told if that helps it
 */
static struct conn *open_flow(const struct conn_key *key, const struct frame *f,
			      uint64_t now)
{
	struct sock_udp_path to = { 0 };
	struct conn *c = NULL;
	int fd;

	if (conn_count(CONN_ECHO) >= ECHO_FLOWS) {
		no_room(now);
		return NULL;
	}
	fwd_to_host(f->proto, &f->dst, 0, &to.peer, &to.port);
	to.scope = scope_of(&to.peer);
	fd = sock_ping_open(&to, key->gport);
	if (fd < 0) {
		no_socket(f, -fd, now);
		return NULL;
	}
	c = conn_new(CONN_ECHO, key);
	if (!c || loop_add(fd, LOOP_ECHO, conn_id(c), EPOLLIN)) {
		if (c)
			conn_free(c);
		sock_close(fd);
		no_room(now);
		return NULL;
	}
	c->fd = fd;
	c->echo.peer = to.peer;
	c->echo.scope = to.scope;
	c->echo.ttl = addr_is_multicast(&to.peer) ? 1 : sock_udp_ttl(!addr_is4(&to.peer));
	c->echo.df = DF_UNSET;
	count(COUNT_ECHO_FLOWS);
	debug("%s: begins", conn_text(c));
	return c;
}

/* send_request() - Pass a request on; its header is the first 8 bytes */
static int send_request(struct conn *c, const struct frame *f, const struct wire_icmp *h)
{
	struct wire_icmp head = *h;
	struct sock_udp_path to = { .peer = c->echo.peer, .scope = c->echo.scope };
	struct iovec iov[1 + ECHO_IOV] = { { &head, sizeof(head) } };
	uint32_t len = f->l4len - (uint32_t)sizeof(head);
	struct sock_udp_out out = { .iov = iov };
	int n;

	if (f->ttl != c->echo.ttl && f->ttl) {
		(void)sock_udp_set_ttl(c->fd, &c->echo.peer, f->ttl);
		c->echo.ttl = f->ttl;
	}
	if (f->df != c->echo.df) {
		(void)sock_udp_set_df(c->fd, &c->echo.peer, f->df);
		c->echo.df = f->df;
	}
	out.niov = 1 + frame_payload(f, sizeof(head), len, iov + 1, ECHO_IOV);
	if (len && out.niov == 1)
		return -EMSGSIZE;
	c->echo.qlen = (uint16_t)f->l4len;
	n = sock_udp_send(c->fd, &out, 1, addr_is_multicast(&to.peer) ? &to : NULL);
	return n < 0 ? n : 0;
}

/* is_request() - Whether a message is an echo request of its family */
static bool is_request(const struct frame *f, const struct wire_icmp *h)
{
	bool v4 = addr_is4(&f->src);

	return f->proto == (v4 ? WIRE_ICMP4 : WIRE_ICMP6) &&
	       h->type == (v4 ? ICMP4_ECHO : ICMP6_ECHO) && !h->code;
}

/**
 * icmp_frame() - An ICMP or ICMPv6 message from the guest
 * @f:		Whole packet of WIRE_ICMP4 or WIRE_ICMP6
 * @now:	Time, us
 */
void icmp_frame(const struct frame *f, uint64_t now)
{
	const struct wire_icmp *h = frame_l4(f, sizeof(*h));
	struct conn_key key = { .guest = f->src, .far = f->dst, .proto = f->proto };
	struct conn *c;
	int rc;

	if (!h || addr_is_any(&f->src)) {
		count(DROP_ICMP_HEADER);
		return;
	}
	if (!is_request(f, h)) {
		count(DROP_ICMP_TYPE);
		return;
	}
	if (!frame_csum_ok(f)) {
		count(DROP_CSUM);
		return;
	}
	key.gport = get_be16(h->rest);
	c = conn_find(&key);
	if (!c)
		c = open_flow(&key, f, now);
	if (!c)
		return;
	touch(c, now);
	rc = send_request(c, f, h);
	if (rc)
		refuse(f, c, -rc, now);
}

/**
 * reply() - Pass a reply to the guest
 * @c:		Flow
 * @in:		ICMP message from the ping socket
 * @now:	Time, us
 */
static void reply(struct conn *c, const struct sock_udp_in *in, uint64_t now)
{
	bool v4 = addr_is4(&c->key.guest), group = addr_is_multicast(&c->echo.peer);
	struct wire_icmp *h = (void *)in->data;
	struct addr src = c->key.far;
	uint64_t sum = 0;
	uint16_t csum;

	if (in->len < sizeof(*h) || h->type != (v4 ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY) ||
	    (!group && !addr_eq(&in->path.peer, &c->echo.peer))) {
		count(DROP_ICMP_HEADER);
		return;
	}
	if (group)
		src = fwd_to_guest(&in->path.peer);
	touch(c, now);
	put_be16(h->rest, c->key.gport);
	memset(h->csum, 0, sizeof(h->csum));
	if (!v4)
		sum = frame_pseudo(&src, &c->key.guest, WIRE_ICMP6, in->len);
	csum = csum_fold(csum_add(sum, h, in->len));
	memcpy(h->csum, &csum, sizeof(csum));
	(void)frag_send(&src, &c->key.guest, c->key.proto, h, in->len, 0);
}

/* put_ident() - Change the identifier, and the checksum with it (RFC 1624, 3) */
static void put_ident(struct wire_icmp *h, uint16_t ident)
{
	uint8_t minus[4] = { (uint8_t)~h->csum[0], (uint8_t)~h->csum[1],
			     (uint8_t)~h->rest[0], (uint8_t)~h->rest[1] };
	uint16_t csum;

	put_be16(h->rest, ident);
	csum = csum_fold(csum_add(csum_add(0, minus, sizeof(minus)), h->rest, 2));
	memcpy(h->csum, &csum, sizeof(csum));
}

/**
 * relay_error() - Tell the guest an error that came for one of its requests
 * @c:		Flow
 * @q:		From the socket's error queue; the request as it left the host,
 *		changed
 * @now:	Time, us
 *
 * The guest's identifier is put back and the checksum made to fit.  That of
 * ICMPv6 covers the host's address, which is not known here, so it is summed up
 * again, and is right if the error quoted all.
 */
static void relay_error(struct conn *c, struct sock_udp_error *q, uint64_t now)
{
	struct wire_icmp *h = (void *)q->data;
	struct icmp_error e = {
		.src = c->key.guest, .dst = c->key.far, .proto = c->key.proto,
		.type = q->type, .code = q->code, .mtu = q->mtu,
		.l4 = q->data, .l4have = q->len,
		.l4len = max_u32(q->len, c->echo.qlen), .now = now,
	};

	if (q->len < sizeof(*h))
		return;
	if (!addr_is_none(&q->offender))
		e.from = addr_eq(&q->offender, &c->echo.peer) ?
			 c->key.far : fwd_to_guest(&q->offender);
	put_ident(h, c->key.gport);
	if (!addr_is4(&e.dst)) {
		uint64_t sum = frame_pseudo(&e.src, &e.dst, WIRE_ICMP6, e.l4len);
		uint16_t csum;

		memset(h->csum, 0, sizeof(h->csum));
		csum = csum_fold(csum_add(sum, h, q->len));
		memcpy(h->csum, &csum, sizeof(csum));
	}
	icmp_error_to_guest(&e);
}

/**
 * icmp_socket_event() - Something happened to a ping socket
 * @id:		Conn id, perhaps of a flow that is gone
 * @events:	EPOLLIN, EPOLLERR
 * @now:	Time, us
 */
void icmp_socket_event(uint64_t id, uint32_t events, uint64_t now)
{
	struct sock_udp_in in[ECHO_BATCH];
	struct conn *c = conn_get(id);
	struct sock_udp_error q;
	int n;

	if (!c || c->kind != CONN_ECHO)
		return;
	if (events & EPOLLERR) {
		for (n = 0; n < ECHO_BATCH && sock_udp_recv_error(c->fd, &q) > 0; n++)
			relay_error(c, &q, now);
		if (!n)
			(void)sock_error(c->fd);
	}
	n = sock_udp_recv(c->fd, in, ECHO_BATCH);
	for (int i = 0; i < n; i++)
		reply(c, &in[i], now);
}
