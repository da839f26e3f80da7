// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udp_flow.c - UDP and echo flows: how they begin and end, what is said of failures
 *
 * Theory of operation
 *
 *   UDP has no connections, but a socket has one address and port, so there is
 *   a flow for each pair of ends that the guest sees, kept as a NAT keeps them:
 *
 *	began with		socket
 *	a datagram of the	its own, connected, bound to the guest's port if
 *	guest to one host	that can be had: several flows of that port share it
 *	... to a group or	its own, not connected: whoever answers is passed on
 *	everybody		under his own address (UDPF_GROUP)
 *	an echo request of	its own ping socket, bound to the guest's identifier
 *	the guest		if that can be had (CONN_ECHO; no ports)
 *	a datagram from		that of the forwarded port: what the guest answers
 *	outside			leaves from the address that the first one came to
 *
 *   A flow ends by time alone, with the times of nf_conntrack: 30 s, or 120 s
 *   if datagrams, not echo, went both ways for more than 2 s; 5 s after the reply
 *   of a name server, since a resolver takes a new port for each question.  Flows
 *   are never evicted: at the limit the new one is refused.
 *
 *   Callers from outside whose addresses the guest can not see (the host's own)
 *   look alike to it.  Should two of them use one port, the second gets another
 *   one toward the guest.
 *
 *   When a datagram fails, the guest is told by ICMP: at once where the host has
 *   no route or the path is too narrow, or when the error queue of the socket says
 *   so.  To quote its UDP header, length and checksum of a flow's last datagram are
 *   kept.
 *
 * Invariants, for each entry of kind CONN_UDP or CONN_ECHO
 *   U1  fd is -1 exactly if udp.listen is not
 *   U2  its timer is set, no later than udp.due
 */
#include "udp_flow.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "count.h"
#include "fwd.h"
#include "icmp.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "timer.h"
#include "util.h"
#include "wire.h"

enum {
	FLOWS_MAX	= CONN_MAX / 2,	/* begun by the guest, unless fewer are asked for */
	CALLS_MAX	= CONN_MAX / 4,	/* begun outside, at forwarded ports */
	ECHO_MAX	= 1024,		/* so that pings leave descriptors to others */
	DNS_PORT	= 53,
	PORT_TRIES	= 8,		/* for callers that look alike */
	PORT_OTHERS	= 32768,	/* where ports for them are taken */
};

#define UNREPLIED_US	UINT64_C(30000000)
#define STREAM_US	UINT64_C(120000000)
#define STREAM_AGE_US	UINT64_C(2000000)
#define ANSWERED_US	UINT64_C(5000000)

/**
 * struct udp_flow_self - state of this file
 * @flows_max:	limit of UDP flows that the guest begins, a descriptor each
 * @calls:	UDP flows that began outside; the other ones the guest began
 * @warn:	rate of the warning that a limit is reached: UDP, echo
 * @warn_range:	rate of the warning about ping_group_range
 */
static struct {
	uint32_t flows_max;
	uint32_t calls;
	uint64_t warn[2];
	uint64_t warn_range;
} self;

/**
 * udp_flow_init() - Begin anew
 * @flows_max:	Flows the guest may begin, 0: as many as half the table
 */
void udp_flow_init(uint32_t flows_max)
{
	memset(&self, 0, sizeof(self));
	self.flows_max = flows_max ? min_u32(flows_max, FLOWS_MAX) : FLOWS_MAX;
}

/**
 * udp_flow_end() - End a flow
 * @c:		Entry of kind CONN_UDP or CONN_ECHO, gone afterwards
 */
void udp_flow_end(struct conn *c)
{
	debug("%s: ends", conn_text(c));
	if (c->udp.listen >= 0)
		self.calls--;
	if (c->fd >= 0)
		sock_close(c->fd);
	conn_free(c);
}

/**
 * udp_flow_fd() - The socket by which the guest's datagrams leave
 * @c:		Flow
 *
 * Return: descriptor; -1 if that port is not forwarded any more
 */
int udp_flow_fd(const struct conn *c)
{
	const struct fwd_listener *l;

	if (c->udp.listen < 0)
		return c->fd;
	l = fwd_listener((uint32_t)c->udp.listen);
	return l && l->proto == WIRE_UDP ? l->fd : -1;
}

/**
 * udp_flow_is_peer() - Whether somebody is the other end of a flow
 * @c:		Flow
 * @path:	@peer and @port count
 *
 * Return: true if so
 */
bool udp_flow_is_peer(const struct conn *c, const struct sock_udp_path *path)
{
	return c->udp.path.port == path->port && addr_eq(&c->udp.path.peer, &path->peer);
}

/**
 * udp_flow_touch() - A flow is in use
 * @c:		Flow
 * @dir:	Which way a datagram went
 * @now:	Time, us
 */
void udp_flow_touch(struct conn *c, enum conn_dir dir, uint64_t now)
{
	struct udp_flow *u = &c->udp;
	uint64_t span = UNREPLIED_US;

	if (c->kind == CONN_UDP && (dir == IN) == (u->listen < 0))
		u->flags |= UDPF_REPLIED;
	if (c->key.fport == DNS_PORT)
		span = dir == IN ? ANSWERED_US : UNREPLIED_US;
	else if (u->flags & UDPF_REPLIED && now > u->born + STREAM_AGE_US)
		span = STREAM_US;
	u->due = now + span;
	if (u->due < timer_due(conn_index(c)))
		timer_set(conn_index(c), u->due);
}

/**
 * udp_flow_timeout() - A flow's timer ran out
 * @c:		Entry of kind CONN_UDP or CONN_ECHO
 * @now:	Time, us
 */
void udp_flow_timeout(struct conn *c, uint64_t now)
{
	if (now < c->udp.due)
		timer_set(conn_index(c), c->udp.due);
	else
		udp_flow_end(c);
}

/* refuse() - One more flow is one too many */
static void refuse(bool echo, uint64_t now)
{
	count(echo ? DROP_ICMP_LIMIT : DROP_UDP_LIMIT);
	if (!log_allow(&self.warn[echo], now))
		return;
	if (echo)
		warn("Too many pings at once, or no descriptor left: one is refused");
	else
		warn("UDP: no room for a new flow (%u from the guest, %u from outside)",
		     conn_count(CONN_UDP) - self.calls, self.calls);
}

/* is_group() - Whether a datagram to @a may be answered by anybody */
static bool is_group(const struct addr *a)
{
	uint32_t host;

	if (addr_is_multicast(a) || addr_eq(a, &addr_bcast4))
		return true;
	/* Broadcast of the guest's network, unless it is one of RFC 3021 */
	if (!addr_is4(a) || net->prefix4 > 30 ||
	    !addr_in_prefix(a, &net->addr4, net->prefix4))
		return false;
	host = UINT32_MAX >> net->prefix4;
	return (get_be32(addr_v4(a)) & host) == host;
}

/* scope_of() - Interface for a destination that needs one */
static uint32_t scope_of(const struct addr *a)
{
	if (addr_is4(a))
		return addr_is_multicast(a) ? net->if4 : 0;
	return addr_is_linklocal(a) || addr_is_multicast(a) ? net->if6 : 0;
}

/**
 * tell() - Send the guest an ICMP error about a datagram of a flow
 * @c:		Flow
 * @why:	@type, @code, @mtu, @ttl and @from count
 * @iov:	The datagram's payload, or the echo request, as much as there is
 * @len:	Bytes there
 * @now:	Time, us
 */
static void tell(const struct conn *c, const struct icmp_error *why,
		 const struct iovec *iov, uint32_t len, uint64_t now)
{
	uint8_t l4[sizeof(struct wire_udp) + SOCK_UDP_QUOTE];
	struct wire_udp *udp = (void *)l4;
	struct icmp_error e = *why;
	uint32_t n = 0;

	if (c->kind == CONN_UDP) {
		put_be16(udp->sport, c->key.gport);
		put_be16(udp->dport, c->key.fport);
		put_be16(udp->len, c->udp.qlen);
		memcpy(udp->csum, &c->udp.qcsum, sizeof(udp->csum));
		n = sizeof(*udp);
	}
	len = min_u32(len, (uint32_t)sizeof(l4) - n);
	for (size_t use; len; iov++) {
		use = min_size(iov->iov_len, len);
		memcpy(l4 + n, iov->iov_base, use);
		n += (uint32_t)use;
		len -= (uint32_t)use;
	}
	e.src = c->key.guest;
	e.dst = c->key.far;
	e.proto = c->key.proto;
	e.l4 = l4;
	e.l4have = n;
	e.l4len = max_u32(n, c->udp.qlen);
	e.now = now;
	icmp_error_to_guest(&e);
}

/**
 * udp_flow_failed() - Something of the guest could not be sent
 * @c:		Flow
 * @g:		Datagram, or several
 * @err:	Why, positive errno
 * @now:	Time, us
 *
 * Counts them, and tells the guest once if it can do something about it: it would
 * be the same for all.
 */
void udp_flow_failed(const struct conn *c, const struct udp_gram *g, int err,
		     uint64_t now)
{
	struct icmp_error e = { .dst = c->key.far, .ttl = g->ttl };
	const struct sock_udp_out *out = &g->out;

	count_add(c->kind == CONN_ECHO ? DROP_ICMP_SEND : DROP_UDP_SEND,
		  out->seg ? (out->len + out->seg - 1) / out->seg : 1);
	if (!icmp_error_set(&e, err))
		return;
	if (err == EMSGSIZE) {
		int mtu = c->fd >= 0 ? sock_udp_mtu(c->fd, &c->udp.path.peer) : -EMSGSIZE;

		if (!g->df || mtu <= 0)
			return;
		e.mtu = (uint32_t)mtu;
	}
	tell(c, &e, out->iov, out->seg ? out->seg : out->len, now);
}

/**
 * udp_flow_error() - Tell the guest an error that came for one of its datagrams
 * @c:		Flow
 * @q:		From the error queue of the socket, changed
 * @now:	Time, us
 */
void udp_flow_error(const struct conn *c, struct sock_udp_error *q, uint64_t now)
{
	struct icmp_error e = { .type = q->type, .code = q->code, .mtu = q->mtu };
	struct iovec iov = { .iov_base = q->data, .iov_len = q->len };

	if (!addr_is_none(&q->offender))
		e.from = addr_eq(&q->offender, &c->udp.path.peer) ?
			 c->key.far : fwd_to_guest(&q->offender);
	if (c->kind == CONN_ECHO)
		icmp_echo_restore(&c->key, q->data, q->len, max_u32(q->len, c->udp.qlen));
	tell(c, &e, &iov, q->len, now);
}

/* begins() - A flow is complete */
static void begins(struct conn *c, uint64_t now)
{
	c->udp.born = now;
	count(c->kind == CONN_ECHO ? COUNT_ECHO_FLOWS : COUNT_UDP_FLOWS);
	debug("%s: begins", conn_text(c));
}

/**
 * open_socket() - Make the socket of a flow that the guest begins
 * @c:		Fresh entry; fd and udp are filled
 * @port:	Port, or identifier, that it would best have on the host
 * @now:	Time, us
 *
 * Return: 0; -errno: the guest is to be told, or -EMFILE and the like
 */
static int open_socket(struct conn *c, uint16_t port, uint64_t now)
{
	enum sock_udp_kind kind = SOCK_UDP_DIAL;
	struct sock_udp_path *to = &c->udp.path;
	int fd, rc;

	c->udp.listen = -1;
	fwd_to_host(c->key.proto, &c->key.far, c->key.fport, &to->peer, &to->port);
	to->scope = scope_of(&to->peer);
	to->ttl = addr_is_multicast(&to->peer) ? 1 : sock_udp_ttl(!addr_is4(&to->peer));
	if (is_group(&to->peer)) {
		c->udp.flags |= UDPF_GROUP;
		kind = SOCK_UDP_SHOUT;
	}
	if (c->kind == CONN_ECHO) {
		c->udp.flags |= UDPF_PLAIN;
		kind = SOCK_UDP_PING;
	}
	fd = sock_udp_open(to, port, kind);
	if (fd < 0)
		return fd;
	rc = loop_add(fd, LOOP_UDP, conn_id(c), EPOLLIN);
	if (rc) {
		sock_close(fd);
		return rc;
	}
	c->fd = fd;
	begins(c, now);
	return 0;
}

/**
 * not_open() - A flow that the guest wanted can not be
 * @c:		Its entry, freed; NULL: there was none left
 * @g:		The datagram that was to begin it
 * @echo:	It is an echo request
 * @err:	Why, positive errno
 * @now:	Time, us
 */
static void not_open(struct conn *c, const struct udp_gram *g, bool echo, int err,
		     uint64_t now)
{
	bool full = err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM ||
		    err == ENOSPC;

	if (echo && (err == EACCES || err == EPERM)) {
		count(DROP_ICMP_SEND);
		if (log_allow(&self.warn_range, now))
			warn("The guest can not ping: sysctl net.ipv4.ping_group_range "
			     "does not include our group");
	} else if (!full) {
		udp_flow_failed(c, g, err, now);
	}
	if (c)
		conn_free(c);
	if (full)
		refuse(echo, now);
}

/**
 * udp_flow_of() - The flow a datagram of the guest belongs to, or a new one
 * @key:	Its key
 * @g:		The datagram
 * @now:	Time, us
 *
 * Return: entry; NULL if refused: counted, the guest told if that helps it
 */
struct conn *udp_flow_of(const struct conn_key *key, const struct udp_gram *g, uint64_t now)
{
	bool echo = key->proto != WIRE_UDP;
	struct conn *c = conn_find(key);
	int rc = 0;

	if (c && udp_flow_fd(c) < 0) {
		udp_flow_end(c);
		c = NULL;
	}
	if (!c) {
		bool room = echo ? conn_count(CONN_ECHO) < ECHO_MAX :
				   conn_count(CONN_UDP) - self.calls < self.flows_max;

		c = room ? conn_new(echo ? CONN_ECHO : CONN_UDP, key) : NULL;
		rc = c ? open_socket(c, key->gport, now) : -ENOSPC;
	}
	if (c) {
		c->udp.qlen = g->ulen;
		c->udp.qcsum = g->csum;
	}
	if (rc) {
		not_open(c, g, echo, -rc, now);
		return NULL;
	}
	udp_flow_touch(c, OUT, now);
	return c;
}

/**
 * udp_flow_adopt() - A flow that was somewhere else goes on here
 * @c:		Fresh entry with its key, of CONN_UDP or CONN_ECHO, and with udp.path if
 *		it began outside, else the @local of that; the caller frees it if this fails
 * @listener:	Number of the bound socket it began at; -1: it has its own
 * @port:	Port of its own socket there, host order
 * @now:	Time, us
 *
 * Return: 0; -errno
 */
int udp_flow_adopt(struct conn *c, int32_t listener, uint16_t port, uint64_t now)
{
	uint32_t begun = conn_count(CONN_UDP) - self.calls;

	if (listener >= 0) {
		if (self.calls >= CALLS_MAX)
			return -ENOSPC;
		c->udp.listen = listener;
		self.calls++;
		begins(c, now);
	} else if (c->kind == CONN_ECHO ? conn_count(CONN_ECHO) > ECHO_MAX :
					  begun > self.flows_max) {
		return -ENOSPC;
	} else {
		int rc = open_socket(c, port, now);

		if (rc)
			return rc;
		/* It is bound: datagrams need not say it again */
		c->udp.path.local = addr_none;
	}
	udp_flow_touch(c, OUT, now);
	return 0;
}

/**
 * udp_flow_called() - The flow that a datagram from outside belongs to
 * @listener:	Number of the socket it came in by
 * @path:	From where, to where
 * @make:	Begin one if there is none
 * @now:	Time, us
 *
 * Return: entry; NULL if there is none, or it was refused and counted
 */
struct conn *udp_flow_called(uint32_t listener, const struct sock_udp_path *path,
			     bool make, uint64_t now)
{
	const struct fwd_listener *l = fwd_listener(listener);
	struct conn_key key = { .gport = l->to_port, .proto = WIRE_UDP };
	struct conn *c = NULL;

	if (!fwd_incoming(l, &path->peer, &key.far, &key.guest)) {
		count(DROP_UDP_LIMIT);
		return NULL;
	}
	key.fport = path->port;
	for (uint32_t i = 0; i < PORT_TRIES; i++) {
		struct { struct addr a; uint32_t n[2]; } in = { path->peer, { path->port, i } };

		c = conn_find(&key);
		if (!c || udp_flow_is_peer(c, path))
			break;
		/* A caller that looks like another one: the same port each time */
		key.fport = (uint16_t)(PORT_OTHERS +
				       conn_secret_hash(&in, sizeof(in)) % PORT_OTHERS);
	}
	if (!make)
		return c;
	if (!c && self.calls < CALLS_MAX && key.fport) {
		c = conn_new(CONN_UDP, &key);
		if (c) {
			c->udp.path = *path;
			self.calls++;
			begins(c, now);
		}
	}
	if (!c || !udp_flow_is_peer(c, path)) {
		refuse(false, now);
		return NULL;
	}
	if (c->fd < 0) {	/* it came this way now */
		c->udp.listen = (int32_t)listener;
		c->udp.path = *path;
	}
	return c;
}
