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
 *   Else ports that are no longer wanted are closed; opening is the same for all
 *   rules: what is wanted, as far as it can be had.
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
#include "sock_udp.h"
#include "timer.h"
#include "wire.h"

enum { AUTO_US = 1000000 };		/* between two looks at bound ports */

/**
 * struct seen - ports of one protocol on one side, as of the last look
 * @bound:	bound by whomever
 * @others:	those of them that are not bound by us
 * @wanted:	an `auto' rule depends on it
 * @known:	it could be read at least once
 */
struct seen {
	struct ports bound;
	struct ports others;
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
 * @eph_first:	range of ports the kernel hands out
 * @eph_last:	its end
 * @again:	since the last look, sockets were opened or closed, or a port could not
 *		be had: there is something to do though the other side is as it was
 * @follows:	there are `auto' rules
 * @seen:	of the host and of the namespace, for TCP and UDP
 * @now:	what is being read
 */
static struct {
	struct fwd_listen_conf conf;
	struct fwd_listener listener[FWD_LISTEN_MAX];
	uint32_t high;
	uint32_t hint;
	int64_t fd_max;
	uint32_t cut;
	uint16_t eph_first;
	uint16_t eph_last;
	bool again;
	bool follows;
	struct seen seen[2][2];
	struct ports now;
} self;

/* seen_of() - What was seen for a protocol on a side */
static struct seen *seen_of(bool in_ns, uint8_t proto)
{
	return &self.seen[in_ns][proto == WIRE_UDP];
}

/* is_off() - Whether a rule is of a protocol or a side that is not there */
static bool is_off(const struct ports_rule *r)
{
	if (r->in_ns && !self.conf.splice)
		return true;
	return r->proto == WIRE_TCP ? self.conf.no_tcp : self.conf.no_udp;
}

/**
 * fwd_listen_init() - Take the options, close all sockets
 * @conf:	What to wait for
 */
void fwd_listen_init(const struct fwd_listen_conf *conf)
{
	struct ports_table *t = &self.conf.ports;

	for (uint32_t i = 0; i < self.high; i++) {
		if (self.listener[i].fd >= 0)
			sock_close(self.listener[i].fd);
	}
	self.conf = *conf;
	self.high = 0;
	self.hint = 0;
	self.fd_max = (int64_t)sock_limit() * 3 / 4;
	self.cut = 0;
	self.again = false;
	self.follows = false;
	memset(self.seen, 0, sizeof(self.seen));
	t->n = 0;
	for (unsigned i = 0; i < conf->ports.n; i++) {
		const struct ports_rule *r = &conf->ports.rule[i];

		if (is_off(r))
			continue;
		t->rule[t->n++] = *r;
		if (r->mode != PORTS_AUTO)
			continue;
		self.follows = true;
		seen_of(r->in_ns, r->proto)->wanted = true;
		seen_of(!r->in_ns, r->proto)->wanted = true;
		seen_of(!r->in_ns, WIRE_TCP)->wanted = true;	/* for UDP too */
	}
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
 * fwd_listen_high() - Above the numbers of all waiting sockets
 *
 * Return: 0..FWD_LISTEN_MAX
 */
uint32_t fwd_listen_high(void)
{
	return self.high;
}

/**
 * fwd_listen_ports() - At which ports of the host sockets of ours wait
 * @proto:	WIRE_TCP or WIRE_UDP
 * @set:	Filled
 */
void fwd_listen_ports(uint8_t proto, struct ports *set)
{
	ports_clear(set);
	for (uint32_t n = 0; n < self.high; n++) {
		const struct fwd_listener *l = &self.listener[n];

		if (l->fd >= 0 && l->proto == proto && !l->in_ns)
			ports_add(set, l->port);
	}
}

/* covers() - Whether what is bound to an address takes what comes for another */
static bool covers(const struct addr *bound, const struct addr *a)
{
	return addr_is_none(bound) || addr_eq(bound, &addr_any4) || addr_eq(bound, a);
}

/**
 * fwd_listen_may() - Whether a socket of ours waits there, or may at times
 * @proto:	WIRE_TCP or WIRE_UDP
 * @a:		Address of the host
 * @port:	Port
 *
 * Return: true if so
 */
bool fwd_listen_may(uint8_t proto, const struct addr *a, uint16_t port)
{
	const struct ports_table *t = &self.conf.ports;
	static uint32_t last;

	/* Of many that are asked for most have called the same one */
	for (uint32_t n = 0; n <= self.high; n++) {
		uint32_t at = n ? n - 1 : last;
		const struct fwd_listener *l = &self.listener[at];

		if (at < self.high && l->fd >= 0 && l->proto == proto && !l->in_ns &&
		    l->port == port && covers(&l->addr, a)) {
			last = at;
			return true;
		}
	}
	for (unsigned i = 0; i < t->n; i++) {
		const struct ports_rule *r = &t->rule[i];

		if (r->mode == PORTS_AUTO && r->proto == proto && !r->in_ns && !is_off(r) &&
		    port >= r->first && port <= r->last && (!r->bound || covers(&r->addr, a)))
			return true;
	}
	return false;
}

/**
 * fwd_listen_find() - The socket of the host that waits at a port
 * @proto:	WIRE_TCP or WIRE_UDP
 * @port:	Port
 *
 * Return: its number, the first if there are several; -1: none waits there
 */
int fwd_listen_find(uint8_t proto, uint16_t port)
{
	for (uint32_t n = 0; n < self.high; n++) {
		const struct fwd_listener *l = &self.listener[n];

		if (l->fd >= 0 && l->proto == proto && l->port == port && !l->in_ns && !l->splice)
			return (int)n;
	}
	return -1;
}

/**
 * fwd_listen_hush() - Have nobody open a connection, or have them again
 * @hush:	Who tries is not answered, and tries again
 *
 * Handshakes that began are completed.
 */
void fwd_listen_hush(bool hush)
{
	for (uint32_t n = 0; n < self.high; n++) {
		const struct fwd_listener *l = &self.listener[n];

		if (l->fd >= 0 && l->proto == WIRE_TCP)
			(void)sock_tcp_no_calls(l->fd, hush);
	}
}

/**
 * struct spot - where to bind one socket
 * @addr:	address, addr_none: any
 * @only6:	IPv6 alone
 * @splice:	UDP: for the loopback path
 */
struct spot {
	struct addr addr;
	bool only6;
	bool splice;
};

enum { SPOT_MAX = 4 };

static struct spot spot_at(const struct addr *a, bool splice)
{
	return (struct spot){ .addr = *a, .only6 = !addr_is4(a), .splice = splice };
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
	bool udp_lo = r->proto == WIRE_UDP && self.conf.splice;
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

/* bind_socket() - Make it wait */
static int bind_socket(int fd, const struct ports_rule *r, const struct spot *s,
		       uint16_t port)
{
	int rc = s->only6 ? sock_set(fd, SOCK_ONLY6, true) : 0;

	if (!rc && self.conf.freebind)
		rc = sock_set(fd, SOCK_FREEBIND, true);
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
	self.again = true;
	if (n < self.hint)
		self.hint = n;
}

/* share() - While @fd is bound, it may have the port of our UDP socket @any, if any */
static void share(int any, int fd, bool on)
{
	if (any < 0)
		return;
	(void)sock_set(any, SOCK_SHARE, on);
	(void)sock_set(fd, SOCK_SHARE, on);
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
	int type = r->proto == WIRE_TCP ? SOCK_STREAM : SOCK_DGRAM;
	int family = addr_is4(&s->addr) ? AF_INET : AF_INET6;
	struct fwd_listener *l = entry_new();
	int fd, rc = -EMFILE;

	if (!l)
		return rc;
	fd = r->in_ns ? ns_socket(family, type) : sock_open(family, type, 0);
	if (fd < 0)
		return fd;
	if (r->single || fd < self.fd_max) {
		share(any, fd, true);
		rc = bind_socket(fd, r, s, port);
		share(any, fd, false);
	}
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
	self.again = true;
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
		if (rc == -EAFNOSUPPORT && addr_is_none(&spot[i].addr) && !spot[i].only6) {
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

/* is_ephemeral() - Whether the kernel hands out this port */
static bool is_ephemeral(uint16_t port)
{
	return port >= self.eph_first && port <= self.eph_last;
}

/* is_theirs() - Whether somebody waits for it on the side an `auto' rule follows */
static bool is_theirs(const struct ports_rule *r, uint16_t port)
{
	return ports_has(&seen_of(!r->in_ns, WIRE_TCP)->others, port) ||
	       (ports_has(&seen_of(!r->in_ns, r->proto)->others, port) && !is_ephemeral(port));
}

/* is_wanted() - Whether a port of a rule's range is to be opened */
static bool is_wanted(const struct ports_rule *r, uint16_t port)
{
	if (r->mode == PORTS_AUTO)
		return is_theirs(r, port) &&
		       !ports_has(&seen_of(r->in_ns, r->proto)->bound, port);
	return r->mode == PORTS_GIVEN || !is_ephemeral(port);
}

/**
 * open_rule() - The sockets of one rule that are wanted, as far as ports are free
 * @rule:	Its number
 * @why:	Set to the last error, if there was one; -EMFILE: there is nothing left
 *		to be had, try no more
 *
 * Return: ports open, 0 or more
 */
static unsigned open_rule(unsigned rule, int *why)
{
	const struct ports_rule *r = &self.conf.ports.rule[rule];
	unsigned opened = 0;

	for (uint32_t p = r->first; p <= r->last; p++) {
		int rc;

		if (!is_wanted(r, (uint16_t)p))
			continue;
		rc = *why == -EMFILE ? *why : open_port(rule, (uint16_t)p);
		if (!rc) {
			opened++;
			if (r->mode == PORTS_AUTO)
				debug("port %u: bound, forwarded", p);
			continue;
		}
		*why = rc;
		self.cut += rc == -EMFILE;
		self.again |= rc != -EACCES;	/* no right, no more than before */
	}
	return opened;
}

/* What was asked for, at start */

/* fail() - Say that a port can not be had, and what to do */
static int fail(const struct ports_rule *r, int rc)
{
	const char *hint = rc == -EACCES ? "; use a higher port, or lower sysctl "
					   "net.ipv4.ip_unprivileged_port_start" :
			   rc == -EMFILE || rc == -ENFILE ? "; raise the limit of open files "
					   "(ulimit -n), or forward fewer ports" : "";
	bool tcp = r->proto == WIRE_TCP;
	char a[ADDR_TEXT] = "";

	if (r->bound)
		(void)addr_text(&r->addr, a);
	err("Couldn't listen on requested ports (--%s-%s): "
	    "Listen failed for %s %s port %s%s%s%s%u: %s%s", tcp ? "tcp" : "udp",
	    r->in_ns ? "ns" : "ports", r->in_ns ? "NAMESPACE" : "HOST", tcp ? "TCP" : "UDP",
	    a, *r->ifname ? "%" : "", r->ifname, r->bound || *r->ifname ? "/" : "",
	    r->first, strerror(-rc), hint);
	return rc;
}

/* begins_item() - Whether a rule is the first of an item that is opened at start */
static bool begins_item(unsigned i, bool single)
{
	const struct ports_rule *r = &self.conf.ports.rule[i];

	return (!i || r[-1].item != r->item) && r->mode != PORTS_AUTO && r->single == single;
}

/**
 * open_items() - All items, of each of which at least one port has to open
 * @single:	Those with one named port; else all others
 *
 * Return: 0; -errno after saying why
 */
static int open_items(bool single)
{
	const struct ports_table *t = &self.conf.ports;
	int64_t all = self.fd_max, num = 0, k = 0;

	for (unsigned i = 0; i < t->n; i++)
		num += begins_item(i, single);
	for (unsigned i = 0; i < t->n; i++) {
		unsigned opened = 0;
		int why = 0;

		if (!begins_item(i, single))
			continue;
		/* What is scarce is shared: one `all' leaves something to the next */
		self.fd_max = all * ++k / num;
		for (unsigned j = i; j < t->n && t->rule[j].item == t->rule[i].item; j++)
			opened += open_rule(j, &why);
		if (!opened && why)
			return fail(&t->rule[i], why);
	}
	return 0;
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
		     self.cut, sock_limit());
	if (!self.follows)
		return 0;
	for (int i = 0; i < 4; i++) {
		bool in_ns = i & 1, udp = i & 2;

		rc = seen_of(in_ns, udp ? WIRE_UDP : WIRE_TCP)->wanted ?
		     bound_open(in_ns, udp ? WIRE_UDP : WIRE_TCP) : 0;
		if (rc)
			warn_errno(-rc, "%s ports of the %s can not be followed (as root: modprobe %s)",
				   udp ? "UDP" : "TCP", in_ns ? "namespace" : "host",
				   udp ? "udp_diag" : "tcp_diag");
	}
	fwd_listen_timeout(now);
	return 0;
}

/* Following the other side */

/**
 * look() - Read what is bound on both sides, each list once
 *
 * What can not be read this time is as it was.
 *
 * Return: true if there may be something to do
 */
static bool look(void)
{
	bool changed = self.again;

	self.again = false;
	for (int i = 0; i < 4; i++) {
		struct seen *s = &self.seen[i / 2][i % 2];

		if (!s->wanted ||
		    bound_ports(i / 2, i % 2 ? WIRE_UDP : WIRE_TCP, &self.now))
			continue;
		changed |= !s->known || memcmp(&s->bound, &self.now, sizeof(s->bound));
		s->known = true;
		s->bound = s->others = self.now;
	}
	for (uint32_t i = 0; changed && i < self.high; i++) {
		const struct fwd_listener *l = &self.listener[i];

		if (l->fd >= 0)
			ports_remove(&seen_of(l->in_ns, l->proto)->others, l->port);
	}
	return changed;
}

/* close_unused() - Close what nobody waits for any longer on the other side */
static void close_unused(unsigned rule)
{
	for (uint32_t i = 0; i < self.high; i++) {
		struct fwd_listener *l = &self.listener[i];

		if (l->fd < 0 || l->rule != rule ||
		    is_theirs(&self.conf.ports.rule[rule], l->port))
			continue;
		debug("port %u: no longer bound, not forwarded", l->port);
		entry_close(l);
	}
}

/**
 * fwd_listen_timeout() - TIMER_PORTS: look at the other side and follow it
 * @now:	Time, us
 */
void fwd_listen_timeout(uint64_t now)
{
	const struct ports_table *t = &self.conf.ports;
	bool changed = look();

	for (unsigned i = 0; changed && i < t->n; i++) {
		const struct ports_rule *r = &t->rule[i];
		int why = 0;

		if (r->mode != PORTS_AUTO || !seen_of(true, r->proto)->known ||
		    !seen_of(false, r->proto)->known)
			continue;
		close_unused(i);
		(void)open_rule(i, &why);
	}
	timer_set(TIMER_PORTS, now + AUTO_US);
}
