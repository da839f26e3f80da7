// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fwd.c - what address and port on one side is which on the other
 *
 * Theory of operation
 *
 *   Guest and host share an address, so by its own address neither reaches the
 *   other, and neither has any use for the other's loopback addresses.  A few
 *   addresses of the guest's network stand for places on the host:
 *
 *	the guest names			the host connects to
 *	map_host (or the gateway)	its loopback address
 *	map_guest			the address both share
 *	dns, port 53			its resolver
 *	anything else			the same address
 *
 *	the host's side has		the guest sees
 *	a loopback source		map_host (or the gateway)
 *	a source the guest has too	map_guest (or map_host, or the gateway)
 *	anything else			the same address
 *
 *   For namespaces, a connection from the host's loopback to the host's loopback
 *   needs no segments: fwd_accept() tells its caller to join it to a socket in
 *   the namespace (splice.c).  What is accepted in the namespace always takes
 *   that path.
 */
#include "fwd.h"

#include <errno.h>

#include "count.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "wire.h"

enum {
	DNS_PORT	= 53,
	REFUSE_MAX	= 64,		/* connections refused in one go */
};

/**
 * struct fwd_self - state of this file
 * @conf:	what was asked for
 * @refused:	state of log_allow()
 */
static struct {
	struct fwd_conf conf;
	uint64_t refused;
} self;

/**
 * fwd_init() - Take the options
 * @conf:	Which address stands for what
 */
void fwd_init(const struct fwd_conf *conf)
{
	self.conf = *conf;
	self.refused = 0;
}

/* given_map() - What --map-host-loopback says for a family */
static const struct addr *given_map(bool v4)
{
	return v4 ? &self.conf.map_host4 : &self.conf.map_host6;
}

/* stand_in() - An address for sources of the host's that the guest can not see */
static struct addr stand_in(bool v4)
{
	const struct addr *given = given_map(v4);

	if (!addr_is_none(given))
		return *given;
	return v4 ? net->gw4 : net->gw6;
}

/* is_host() - Whether the guest means the host's loopback by @dst, which is an address */
static bool is_host(const struct addr *dst)
{
	struct addr map = stand_in(addr_is4(dst));

	if (!addr_is_none(given_map(addr_is4(dst))))
		return addr_eq(dst, &map);
	/* Over IPv6 a gateway is known by two addresses, link-local and global */
	return self.conf.map_gw && (addr_eq(dst, &map) || addr_eq(dst, &net->host_gw6));
}

/**
 * fwd_to_host() - Where a destination the guest names is, for the host
 * @proto:	WIRE_TCP, WIRE_UDP, WIRE_ICMP4 or WIRE_ICMP6
 * @dst:	Destination address in the guest's packet, never unspecified
 * @port:	Destination port; 0 for echo requests
 * @host:	Set to the address for the host's socket
 * @hport:	Set to the port for it
 */
void fwd_to_host(uint8_t proto, const struct addr *dst, uint16_t port,
		 struct addr *host, uint16_t *hport)
{
	bool v4 = addr_is4(dst), l4 = proto == WIRE_TCP || proto == WIRE_UDP;

	*host = *dst;
	*hport = port;
	if (l4 && port == DNS_PORT &&
	    addr_eq(dst, v4 ? &self.conf.dns4 : &self.conf.dns6)) {
		const struct addr *dns = net_host_dns(!v4);

		if (dns && !addr_is_none(dns)) {
			*host = *dns;
			return;
		}
	}
	if (is_host(dst))
		*host = v4 ? addr_loop4 : addr_loop6;
	else if (addr_eq(dst, v4 ? &self.conf.map_guest4 : &self.conf.map_guest6))
		*host = v4 ? net->addr4 : net->addr6;
}

/* is_guests() - Whether the guest has this address, or had it a moment ago */
static bool is_guests(const struct addr *a)
{
	const struct addr *of_guest[] = {
		&net->addr4, &net->seen4, &net->addr6, &net->seen6, &net->ll6,
	};

	for (size_t i = 0; i < ARRAY_SIZE(of_guest); i++) {
		if (addr_eq(a, of_guest[i]))
			return true;
	}
	return false;
}

/**
 * fwd_to_guest() - How the guest sees a source address of the host's side
 * @host:	Address as the host's socket has it
 *
 * Return: address for the guest's packets, never one the guest takes for its
 *	   own; addr_none: it can not be shown for want of a gateway
 */
struct addr fwd_to_guest(const struct addr *host)
{
	bool v4 = addr_is4(host);
	const struct addr *map = v4 ? &self.conf.map_guest4 : &self.conf.map_guest6;

	if (addr_is_loopback(host) || addr_is_any(host))
		return stand_in(v4);
	if (!is_guests(host))
		return *host;
	return addr_is_none(map) ? stand_in(v4) : *map;
}

/* guest_addr() - Where the guest is, addr_none: it has no such family */
static struct addr guest_addr(bool v4)
{
	const struct addr *seen = v4 ? &net->seen4 : &net->seen6;
	const struct addr *own = v4 ? &net->addr4 : &net->addr6;

	if (v4 ? !net->has4 : !net->has6)
		return addr_none;
	if (!addr_is_none(seen))
		return *seen;
	return addr_is_none(own) && !v4 ? net->ll6 : *own;
}

/* seen_from() - A caller as the guest sees it, in a family; addr_none: it can not */
static struct addr seen_from(const struct addr *peer, bool v4)
{
	return addr_is4(peer) == v4 ? fwd_to_guest(peer) : stand_in(v4);
}

/**
 * fwd_incoming() - Both ends of what comes in, as the guest shall see them
 * @l:		Socket it came in by
 * @peer:	Source address
 * @src:	Set on success: source address toward the guest
 * @to:		Set on success: destination
 *
 * The source stays what it is, if the guest can see it.  If the guest has no
 * address of that family, or the target is of the other one, the source is the
 * address that stands for the host.
 *
 * Return: false if there is no way to show it to the guest
 */
bool fwd_incoming(const struct fwd_listener *l, const struct addr *peer,
		  struct addr *src, struct addr *to)
{
	struct addr dst = l->to, from;

	if (addr_is_none(&dst))
		dst = guest_addr(addr_is4(peer));
	if (addr_is_none(&dst))
		dst = guest_addr(!addr_is4(peer));
	from = seen_from(peer, addr_is4(&dst));
	if (addr_is_none(&dst) || addr_is_none(&from))
		return false;
	*src = from;
	*to = dst;
	return true;
}

/**
 * fwd_guest_moved() - Whether the guest has another address than it was meant to have
 * @guest:	Address that something is sent to; set to where the guest is by now
 *
 * Return: true if so; false: @guest is as before
 */
bool fwd_guest_moved(struct addr *guest)
{
	bool v4 = addr_is4(guest);
	struct addr now = guest_addr(v4);

	if (!addr_eq(guest, v4 ? &net->addr4 : &net->addr6) || addr_is_none(&now) ||
	    addr_eq(guest, &now))
		return false;
	*guest = now;
	return true;
}

/**
 * fwd_may_come() - Whether the guest would see a caller like this
 * @peer:	Source address on the host
 * @src:	Source address toward the guest
 *
 * Return: true if so, now and with an address the guest has
 */
bool fwd_may_come(const struct addr *peer, const struct addr *src)
{
	struct addr from = seen_from(peer, addr_is4(src));

	return !addr_is_none(&from) && addr_eq(&from, src);
}

/**
 * fwd_splice_to() - Where a spliced connection or flow leads
 * @l:		Socket it came in by
 * @peer:	Its source, which is a loopback address
 *
 * Return: address on the other side
 */
struct addr fwd_splice_to(const struct fwd_listener *l, const struct addr *peer)
{
	bool v4 = addr_is4(peer);
	struct addr own = addr_none;

	if (!addr_is_none(&l->to))
		return l->to;
	if (!l->in_ns && !self.conf.lo_to_lo)
		own = guest_addr(v4);
	if (!addr_is_none(&own) && !addr_is_linklocal(&own))
		return own;
	return v4 ? addr_loop4 : addr_loop6;
}

/* Connections */

/* refuse() - No descriptor left: reset what waits, keep what there is */
static void refuse(int listen_fd)
{
	count(DROP_TCP_LIMIT);
	if (log_allow(&self.refused, loop_now()))
		warn("Connection refused: no descriptor left, see ulimit -n");
	for (int i = 0; i < REFUSE_MAX; i++) {
		if (!sock_tcp_refuse(listen_fd))
			break;
	}
}

/* route() - Decide where an accepted connection goes; false: nowhere */
static bool route(const struct fwd_listener *l, struct fwd_conn *c)
{
	c->in_ns = l->in_ns;
	c->to_port = l->to_port;
	c->splice = l->in_ns || (self.conf.splice &&
				 addr_is_loopback(&c->ends.peer) &&
				 addr_is_loopback(&c->ends.local));
	if (c->splice) {
		c->src = c->ends.peer;
		c->to = fwd_splice_to(l, &c->ends.peer);
		return true;
	}
	return fwd_incoming(l, &c->ends.peer, &c->src, &c->to);
}

/**
 * fwd_accept() - Take the next connection that waits on a socket
 * @n:		Number of the socket, as LOOP_LISTEN has it
 * @c:		Filled if there is one
 *
 * Return: 1: there is one; 0: none waits; -errno: out of descriptors, what
 *	   waited was refused, as far as possible (caller: nothing)
 */
int fwd_accept(uint32_t n, struct fwd_conn *c)
{
	const struct fwd_listener *l = fwd_listener(n);

	if (!l || l->proto != WIRE_TCP)
		return 0;
	for (int i = 0; i < REFUSE_MAX; i++) {
		int fd = sock_tcp_accept(l->fd, &c->ends);
		if (fd == -EAGAIN)
			return 0;
		if (fd == -EMFILE || fd == -ENFILE || fd == -ENOBUFS || fd == -ENOMEM) {
			refuse(l->fd);
			return fd;
		}
		if (fd < 0)
			continue;	/* that one is gone already */
		c->fd = fd;
		if (route(l, c))
			return 1;
		debug("port %u: guest has no address to connect to", l->port);
		count(DROP_TCP_LIMIT);
		sock_tcp_abort(fd);
	}
	return 0;
}
