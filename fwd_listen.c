// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fwd_listen.c - the sockets that wait for what comes in
 *
 * Theory of operation
 *
 *   There is one socket per forwarded port and address, in a static table.
 *   Ports asked for by name have to be free; those within a range, or `all',
 *   are taken as far as they are, as long as there is one.  All ports that were
 *   named come first, so that they win over the others.
 *
 *   For namespaces, connections of the host's loopback are joined to a socket in
 *   the namespace (splice.c).  The kernel has no accept() for datagrams, so UDP
 *   gets sockets of its own there, bound to the loopback addresses beside "any".
 *   In the other direction, from the namespace, there is nothing but this path:
 *   sockets in the namespace are bound to its loopback addresses.
 *
 *   `auto' follows the other side: each second its bound ports are read and
 *   sockets made and closed to match.  Two things are left out: ports that are
 *   bound there by us, because they lead back to where we look from, and ports
 *   that are taken on the side where we would wait.  For UDP, numbers the kernel
 *   hands out are left out, and those of listening TCP sockets are added, for
 *   the sake of protocols that use both.
 *
 *   A look reads all that is needed of both sides, each list once, before anything
 *   is done about it: a socket of ours that is closed is not taken for somebody
 *   else's by the next rule.  If all is as it was, that is all there is to do.
 *
 *   Ports that nobody named do not take the last descriptors: a quarter of the
 *   limit is left to connections.
 */
#include "fwd_listen.h"

#include <errno.h>
#include <stdio.h>

#include "bound.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "ns.h"
#include "sock.h"
#include "sock_fwd.h"
#include "sock_udp.h"
#include "timer.h"
#include "wire.h"

enum {
	AUTO_US		= 1000000,	/* between two looks at bound ports */
	NAME_LEN	= ADDR_TEXT + PORTS_IFNAME + 16,
};

/**
 * struct seen - ports of one protocol on one side, as of the last look
 * @bound:	bound by whomever
 * @others:	those of them that are not bound by us
 * @moves:	value of the counter then
 * @wanted:	an `auto' rule depends on it
 * @known:	it could be read at least once
 */
struct seen {
	struct ports bound;
	struct ports others;
	uint32_t moves;
	bool wanted;
	bool known;
};

/**
 * struct fwd_listen_self - state of this file
 * @conf:	what was asked for
 * @listener:	the table; entries from @high on were never used
 * @high:	see above
 * @hint:	no entry before this one is unused
 * @fd_max:	descriptors above it are not spent on ports that nobody named
 * @cut:	ports left out for want of descriptors
 * @full:	the item being opened has had its share of descriptors
 * @eph_first:	range of ports the kernel hands out
 * @eph_last:	its end
 * @moves:	counts sockets opened and closed
 * @retry:	a port could not be followed: try again though nothing changes
 * @seen:	of the host and of the namespace, for TCP and UDP
 * @theirs:	ports to be followed by a rule
 */
static struct {
	struct fwd_listen_conf conf;
	struct fwd_listener listener[FWD_LISTEN_MAX];
	uint32_t high;
	uint32_t hint;
	int64_t fd_max;
	uint32_t cut;
	bool full;
	uint16_t eph_first;
	uint16_t eph_last;
	uint32_t moves;
	bool retry;
	struct seen seen[2][2];
	struct ports theirs;
} self;

/**
 * fwd_listen_init() - Take the options, close all sockets
 * @conf:	What to wait for
 */
void fwd_listen_init(const struct fwd_listen_conf *conf)
{
	for (uint32_t i = 0; i < self.high; i++) {
		if (self.listener[i].fd >= 0)
			sock_close(self.listener[i].fd);
	}
	self.conf = *conf;
	self.high = 0;
	self.hint = 0;
	self.fd_max = (int64_t)sock_fwd_limit() * 3 / 4;
	self.cut = 0;
	self.retry = false;
	memset(self.seen, 0, sizeof(self.seen));
	bound_init();
	bound_ephemeral(&self.eph_first, &self.eph_last);
}

/**
 * fwd_listener() - What a waiting socket is for
 * @n:		Its number
 *
 * Return: entry, NULL if there is none of that number
 */
const struct fwd_listener *fwd_listener(uint32_t n)
{
	if (n >= self.high || self.listener[n].fd < 0)
		return NULL;
	return &self.listener[n];
}

/**
 * struct spot - where to bind one socket
 * @family:	AF_INET or AF_INET6
 * @addr:	address, addr_none: any
 * @only6:	IPv6 alone
 * @splice:	UDP: for the loopback path
 */
struct spot {
	int family;
	struct addr addr;
	bool only6;
	bool splice;
};

enum { SPOT_MAX = 4 };

static struct spot spot_at(const struct addr *a, bool splice)
{
	bool v4 = addr_is4(a);

	return (struct spot){ .family = v4 ? AF_INET : AF_INET6, .addr = *a,
			      .only6 = !v4, .splice = splice };
}

/**
 * spots_of() - Where a rule wants sockets
 * @r:		Rule
 * @spot:	Filled, 1 to SPOT_MAX
 *
 * Return: number of them; those behind the first may be impossible
 */
static int spots_of(const struct ports_rule *r, struct spot spot[static SPOT_MAX])
{
	bool both = net->has4 == net->has6, v4 = both || net->has4, v6 = both || net->has6;
	bool udp_lo = r->proto == WIRE_UDP && self.conf.ns && self.conf.splice;
	int n = 0;

	if (r->bound) {
		v4 = addr_is4(&r->addr);
		v6 = !v4;
		spot[n++] = spot_at(&r->addr, r->in_ns ||
				    (udp_lo && addr_is_loopback(&r->addr)));
		if (r->in_ns || !addr_is_any(&r->addr))
			return n;
	} else if (!r->in_ns) {
		spot[n++] = spot_at(v6 ? &addr_none : &addr_any4, false);
		spot[0].only6 = !v4;
	}
	if (r->in_ns || (udp_lo && !*r->ifname)) {
		if (v4)
			spot[n++] = spot_at(&addr_loop4, true);
		if (v6)
			spot[n++] = spot_at(&addr_loop6, true);
	}
	return n;
}

/* open_socket() - A socket on the side of a rule */
static int open_socket(const struct ports_rule *r, int family)
{
	int type = r->proto == WIRE_TCP ? SOCK_STREAM : SOCK_DGRAM;

	return r->in_ns ? ns_socket(family, type) : sock_open(family, type, 0);
}

/* bind_socket() - Make it wait */
static int bind_socket(int fd, const struct ports_rule *r, const struct spot *s,
		       uint16_t port)
{
	int rc = s->only6 ? sock_fwd_only6(fd) : 0;

	if (!rc && self.conf.freebind)
		rc = sock_fwd_free(fd);
	if (rc)
		return rc;
	if (r->proto == WIRE_TCP)
		return sock_tcp_listen(fd, &s->addr, port, r->ifname);
	if (!s->splice)
		sock_udp_prepare(fd);
	return sock_bind(fd, &s->addr, port, r->ifname);
}

/* entry_new() - An unused entry of the table, NULL: all are in use */
static struct fwd_listener *entry_new(void)
{
	while (self.hint < self.high && self.listener[self.hint].fd >= 0)
		self.hint++;
	if (self.hint == FWD_LISTEN_MAX)
		return NULL;
	if (self.hint == self.high)
		self.listener[self.high++].fd = -1;
	return &self.listener[self.hint];
}

static void entry_close(struct fwd_listener *l)
{
	uint32_t n = (uint32_t)(l - self.listener);

	loop_del(l->fd);
	sock_close(l->fd);
	l->fd = -1;
	self.moves++;
	if (n < self.hint)
		self.hint = n;
}

/* bind_beside() - bind_socket(), though our UDP socket @any has the port already */
static int bind_beside(int any, int fd, const struct ports_rule *r,
		       const struct spot *s, uint16_t port)
{
	int rc;

	if (any < 0)
		return bind_socket(fd, r, s, port);
	(void)sock_fwd_share(any, true);
	(void)sock_fwd_share(fd, true);
	rc = bind_socket(fd, r, s, port);
	(void)sock_fwd_share(any, false);
	(void)sock_fwd_share(fd, false);
	return rc;
}

/**
 * open_spot() - One socket, bound, in the table and in the loop
 * @rule:	Number of its rule
 * @s:		Where
 * @port:	Port
 * @any:	Our UDP socket that has the port on any address, -1: none
 *
 * Return: its number; -errno
 */
static int open_spot(unsigned rule, const struct spot *s, uint16_t port, int any)
{
	const struct ports_rule *r = &self.conf.ports.rule[rule];
	struct fwd_listener *l = entry_new();
	int fd, rc;

	if (!l)
		return -EMFILE;
	fd = open_socket(r, s->family);
	if (fd < 0)
		return fd;
	rc = r->single || fd < self.fd_max ? 0 : -EMFILE;
	if (!rc)
		rc = bind_beside(any, fd, r, s, port);
	if (!rc)
		rc = loop_add(fd, LOOP_LISTEN, (uint64_t)(l - self.listener), EPOLLIN);
	if (rc) {
		sock_close(fd);
		return rc;
	}
	*l = (struct fwd_listener){
		.fd = fd, .proto = r->proto, .in_ns = r->in_ns, .splice = s->splice,
		.rule = (uint16_t)rule, .addr = s->addr, .port = port,
		.to_port = (uint16_t)(port + r->delta), .to = r->target,
	};
	self.moves++;
	return (int)(l - self.listener);
}

/**
 * open_port() - All sockets a rule wants for one port
 * @rule:	Number of the rule
 * @port:	Port
 *
 * One of them is enough: a family may be missing.  But what is taken by somebody
 * else on one of them is taken.
 *
 * Return: 0; -errno, and none is open
 */
static int open_port(unsigned rule, uint16_t port)
{
	struct spot spot[SPOT_MAX];
	int n = spots_of(&self.conf.ports.rule[rule], spot);
	int num[SPOT_MAX], done = 0, rc = 0, any = -1;

	for (int i = 0; i < n && rc != -EADDRINUSE && rc != -EMFILE; i++) {
		rc = open_spot(rule, &spot[i], port, any);
		if (rc == -EAFNOSUPPORT && spot[i].family == AF_INET6 && !spot[i].only6) {
			spot[i] = spot_at(&addr_any4, false);
			rc = open_spot(rule, &spot[i], port, any);
		}
		if (rc < 0)
			continue;
		if (!spot[i].splice)
			any = self.listener[rc].fd;
		num[done++] = rc;
	}
	if (done && rc != -EADDRINUSE && rc != -EMFILE)
		return 0;
	while (done)
		entry_close(&self.listener[num[--done]]);
	return rc;
}

/* What was asked for, at start */

/* rule_text() - A port and where it is bound, as the user wrote it */
static const char *rule_text(const struct ports_rule *r, uint16_t port,
			     char text[static NAME_LEN])
{
	char a[ADDR_TEXT] = "";

	if (r->bound)
		(void)addr_text(&r->addr, a);
	(void)snprintf(text, NAME_LEN, "%s%s%s%s%u", a, *r->ifname ? "%" : "",
		       r->ifname, r->bound || *r->ifname ? "/" : "", port);
	return text;
}

/* fail() - Say that a port can not be had */
static int fail(const struct ports_rule *r, uint16_t port, int rc)
{
	char text[NAME_LEN];

	err_errno(-rc, "Listen failed for %s %s port %s", r->in_ns ? "NAMESPACE" : "HOST",
		  r->proto == WIRE_TCP ? "TCP" : "UDP", rule_text(r, port, text));
	if (rc == -EACCES)
		err("Lower net.ipv4.ip_unprivileged_port_start, or use a higher port");
	if (rc == -EMFILE || rc == -ENFILE)
		err("Raise the limit of open files (ulimit -n), or forward fewer ports");
	return rc;
}

/* is_ephemeral() - Whether the kernel hands out this port */
static bool is_ephemeral(uint16_t port)
{
	return port >= self.eph_first && port <= self.eph_last;
}

/**
 * open_rule() - The sockets of one rule, as far as ports are free
 * @rule:	Its number, not of an `auto' rule
 * @why:	Set to the last error, if there was one
 *
 * Return: ports open, 0 or more
 */
static unsigned open_rule(unsigned rule, int *why)
{
	const struct ports_rule *r = &self.conf.ports.rule[rule];
	unsigned opened = 0;

	for (uint32_t p = r->first; p <= r->last; p++) {
		int rc;

		if (r->mode == PORTS_ALL && is_ephemeral((uint16_t)p))
			continue;
		rc = self.full && !r->single ? -EMFILE : open_port(rule, (uint16_t)p);
		if (!rc)
			opened++;
		else
			*why = rc;
		if (rc == -EMFILE && !r->single) {
			self.full = true;
			self.cut++;
		}
	}
	return opened;
}

/* is_off() - Whether a rule is of a protocol or a side that is not there */
static bool is_off(const struct ports_rule *r)
{
	if (r->in_ns && (!self.conf.ns || !self.conf.splice))
		return true;
	return r->proto == WIRE_TCP ? self.conf.no_tcp : self.conf.no_udp;
}

/**
 * open_item() - The rules of one item, of which at least one port has to open
 * @first:	Number of the first of them
 *
 * Return: 0; -errno after saying why
 */
static int open_item(unsigned first)
{
	const struct ports_table *t = &self.conf.ports;
	const struct ports_rule *r = &t->rule[first];
	unsigned opened = 0;
	int why = 0;

	self.full = false;
	for (unsigned i = first; i < t->n && t->rule[i].item == r->item; i++)
		opened += open_rule(i, &why);
	return opened || !why ? 0 : fail(r, r->first, why);
}

/* begins_item() - Whether a rule is the first of an item that is opened at start */
static bool begins_item(unsigned i, bool single)
{
	const struct ports_rule *r = &self.conf.ports.rule[i];

	if (i && r[-1].item == r->item)
		return false;
	return r->mode != PORTS_AUTO && r->single == single && !is_off(r);
}

/* open_items() - All items, those with one named port or all others */
static int open_items(bool single)
{
	const struct ports_table *t = &self.conf.ports;
	int64_t all = self.fd_max, num = 0, k = 0;

	for (unsigned i = 0; i < t->n; i++)
		num += begins_item(i, single);
	for (unsigned i = 0; i < t->n; i++) {
		int rc;

		if (!begins_item(i, single))
			continue;
		/* What is scarce is shared: one `all' leaves something to the next */
		self.fd_max = all * ++k / num;
		rc = open_item(i);
		if (rc)
			return rc;
	}
	return 0;
}

/* is_auto() - Whether a rule follows the other side */
static bool is_auto(const struct ports_rule *r)
{
	return r->mode == PORTS_AUTO && !is_off(r);
}

/* seen_of() - What was seen for a protocol on a side */
static struct seen *seen_of(bool in_ns, uint8_t proto)
{
	return &self.seen[in_ns][proto == WIRE_UDP];
}

/* want_auto() - Note what `auto' rules depend on; false: there are none */
static bool want_auto(void)
{
	const struct ports_table *t = &self.conf.ports;
	bool any = false;

	for (unsigned i = 0; i < t->n; i++) {
		const struct ports_rule *r = &t->rule[i];

		if (!is_auto(r))
			continue;
		any = true;
		seen_of(r->in_ns, r->proto)->wanted = true;
		seen_of(!r->in_ns, r->proto)->wanted = true;
		seen_of(!r->in_ns, WIRE_TCP)->wanted = true;	/* for UDP too */
	}
	return any;
}

/* begin_auto() - Open the lists of bound ports for good, look for the first time */
static void begin_auto(uint64_t now)
{
	int rc = bound_open(false);

	if (rc)
		warn_errno(-rc, "Ports of the host can not be followed (as root: "
			   "modprobe tcp_diag udp_diag)");
	rc = bound_open(true);
	if (rc)
		warn_errno(-rc, "Ports of the namespace can not be followed (as "
			   "root: modprobe tcp_diag udp_diag)");
	fwd_listen_timeout(now);
}

/**
 * fwd_listen_open() - Open the sockets for what was asked for
 * @now:	Time, us
 *
 * Addresses of the guest and the namespace are known by now.
 *
 * Return: 0; -errno after saying which port can not be had (caller exits)
 */
int fwd_listen_open(uint64_t now)
{
	int rc = open_items(true);

	if (!rc)
		rc = open_items(false);
	if (rc)
		return rc;
	if (self.cut)
		warn("%u ports are not forwarded: the limit of open files is %u",
		     self.cut, sock_fwd_limit());
	if (want_auto())
		begin_auto(now);
	return 0;
}

/* Following the other side */

/* drop_own() - Take the ports we wait on out of a set */
static void drop_own(struct ports *set, bool in_ns, uint8_t proto)
{
	for (uint32_t i = 0; i < self.high; i++) {
		const struct fwd_listener *l = &self.listener[i];

		if (l->fd >= 0 && l->in_ns == in_ns && l->proto == proto)
			ports_remove(set, l->port);
	}
}

/**
 * look() - Read what is bound for one protocol on one side
 * @in_ns:	In the namespace; else on the host
 * @proto:	WIRE_TCP or WIRE_UDP
 *
 * What can not be read this time is as it was.
 *
 * Return: true if it differs, or may do so, from what was seen before
 */
static bool look(bool in_ns, uint8_t proto)
{
	struct seen *s = seen_of(in_ns, proto);
	struct ports *now = &self.theirs;

	if (!s->wanted || bound_ports(in_ns, proto, now))
		return false;
	if (s->known && s->moves == self.moves &&
	    !memcmp(&s->bound, now, sizeof(*now)))
		return false;
	s->known = true;
	s->moves = self.moves;
	s->bound = *now;
	s->others = *now;
	drop_own(&s->others, in_ns, proto);
	return true;
}

/* find_theirs() - Which ports a rule is to follow; false: that is unknown */
static bool find_theirs(const struct ports_rule *r)
{
	const struct seen *s = seen_of(!r->in_ns, r->proto);
	const struct seen *tcp = seen_of(!r->in_ns, WIRE_TCP);

	if (!s->known || !seen_of(r->in_ns, r->proto)->known)
		return false;
	self.theirs = s->others;
	if (r->proto == WIRE_TCP)
		return true;

	for (uint32_t p = self.eph_first; p <= self.eph_last; p++)
		ports_remove(&self.theirs, (uint16_t)p);
	for (size_t i = 0; i < ARRAY_SIZE(tcp->others.bit); i++)
		self.theirs.bit[i] |= tcp->others.bit[i];
	return true;
}

/* close_unused() - Close what nobody waits for any longer on the other side */
static void close_unused(unsigned rule)
{
	for (uint32_t i = 0; i < self.high; i++) {
		struct fwd_listener *l = &self.listener[i];

		if (l->fd < 0 || l->rule != rule)
			continue;
		if (!ports_has(&self.theirs, l->port)) {
			debug("port %u: no longer bound, not forwarded", l->port);
			entry_close(l);
		}
	}
}

/* open_new() - Open what somebody waits for on the other side, and nobody here */
static void open_new(unsigned rule)
{
	const struct ports_rule *r = &self.conf.ports.rule[rule];
	const struct ports *ours = &seen_of(r->in_ns, r->proto)->bound;
	int rc = 0;

	for (uint32_t p = r->first; p <= r->last && rc != -EMFILE; p++) {
		if (!ports_has(&self.theirs, (uint16_t)p) ||
		    ports_has(ours, (uint16_t)p))
			continue;
		rc = open_port(rule, (uint16_t)p);
		if (!rc)
			debug("port %u: bound, forwarded", p);
		else if (rc != -EACCES)		/* no right, no more than before */
			self.retry = true;
	}
}

/**
 * fwd_listen_timeout() - TIMER_PORTS: look at the other side and follow it
 * @now:	Time, us
 */
void fwd_listen_timeout(uint64_t now)
{
	const struct ports_table *t = &self.conf.ports;
	bool changed = self.retry;

	for (int side = 0; side < 2; side++) {
		changed |= look(side, WIRE_TCP);
		changed |= look(side, WIRE_UDP);
	}
	self.retry = false;
	for (unsigned i = 0; changed && i < t->n; i++) {
		if (!is_auto(&t->rule[i]) || !find_theirs(&t->rule[i]))
			continue;
		close_unused(i);
		open_new(i);
	}
	timer_set(TIMER_PORTS, now + AUTO_US);
}
