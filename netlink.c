// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netlink.c - requests to the kernel by netlink, and their answers (RFC 3549)
 *
 * Theory of operation
 *
 *   A request goes out, messages come back until one of them ends the answer:
 *   NLMSG_DONE after a dump, NLMSG_ERROR (0 is success) after anything else,
 *   since each other request asks for an acknowledgement.  The caller pulls:
 *
 *	netlink_ask(fd, &m);			one datagram out
 *	while ((rc = netlink_next(&in)) > 0)	messages of that answer only
 *		...
 *	return rc;				what the end of it said
 *
 *   There is one buffer: an answer is read to its end before the next one is asked for.
 *   What is left over of an answer that was given up is told from the next one
 *   by its sequence number.
 *
 *   Nothing here waits.  The kernel has answered when send() returns; of a long
 *   dump it makes the next datagram as one is read.  This has to hold for sockets
 *   that came from a namespace too, where somebody hostile may have kept a copy:
 *   that could be set to block, have its answers taken away, or be sent datagrams
 *   without end.  Those that are not the kernel's are passed over, and they are
 *   counted.
 *
 *   Upon that, links, addresses and routes of a network namespace.  A dump during
 *   which the kernel's tables changed may miss entries or have them twice.  It is
 *   read anew, a few times.
 *
 *   The descriptor decides which network namespace is meant: the one its socket
 *   was opened in, whoever uses it.  No answer is kept.
 */
#include "netlink.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

enum {
	ANSWER_MAX	= 32768,	/* what the kernel puts in a datagram at most */
	DATAGRAMS_MAX	= 16384,	/* a million routes take an eighth of that */
	DUMP_TRIES	= 8,
	LOOPBACK	= 1,		/* its number in every namespace */
	NEW		= NLM_F_CREATE | NLM_F_EXCL,
	NO_TABLE	= -ENOENT,	/* a table without routes was never made */
};

/**
 * struct netlink_self - state of this file
 * @fd:		netlink socket the last request went to
 * @seq:	its sequence number
 * @failed:	why it could not be sent, -errno; or 0
 * @datagrams:	how many of its answer were read
 * @interrupted: tables changed during the dump
 * @left:	what is left of the datagram being read
 * @answer:	that datagram
 */
static struct {
	int fd;
	uint32_t seq;
	int failed;
	uint32_t datagrams;
	bool interrupted;
	struct pkt_reader left;
	uint8_t answer[ANSWER_MAX];
} self;

/**
 * netlink_open() - rtnetlink socket of the network namespace we are in
 *
 * Return: descriptor, or -errno
 */
int netlink_open(void)
{
	int one = 1;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;

	/* A refinement: a kernel without it dumps more, and we filter */
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	return fd;
}

/* ---- a request and its answer ---- */

/**
 * netlink_ask() - Send a request
 * @fd:		Netlink socket
 * @m:		Request
 *
 * If it can not be sent, its answer is why.
 */
void netlink_ask(int fd, struct nlmsg *m)
{
	self.fd = fd;
	self.left = pkt_reader(NULL, 0);
	self.datagrams = 0;
	self.interrupted = false;
	self.failed = 0;

	m->h.nlmsg_len = (uint32_t)m->w.len;
	m->h.nlmsg_seq = ++self.seq;
	if (m->w.bad)
		self.failed = -EMSGSIZE;
	else if (send(fd, m->buf, m->w.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		self.failed = -errno;
}

/* next_datagram() - Read the next datagram; 0 or -errno */
static int next_datagram(void)
{
	struct sockaddr_nl from = { .nl_family = AF_NETLINK };
	socklen_t from_len = sizeof(from);
	ssize_t n;

	if (self.datagrams++ == DATAGRAMS_MAX)
		return -EOVERFLOW;
	do {
		n = recvfrom(self.fd, self.answer, sizeof(self.answer),
			     MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &from_len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	if (n == 0)
		return -EPIPE;
	if ((size_t)n > sizeof(self.answer))
		return -EMSGSIZE;
	if (from_len == sizeof(from) && from.nl_pid)
		n = 0;				/* not from the kernel */
	self.left = pkt_reader(self.answer, (size_t)n);
	return 0;
}

/**
 * netlink_next() - Next message of the answer
 * @in:		Set, valid until the next one is asked for
 *
 * Return: 1; at the end 0, or what the kernel said, -EINTR if a dump was interrupted,
 * or why the request could not be sent, or nothing more be read
 */
int netlink_next(struct nlmsg_in *in)
{
	int rc = self.failed;

	while (!rc) {
		if (!self.left.left) {
			rc = next_datagram();
			continue;
		}
		if (!nlmsg_next(&self.left, in))
			return -EBADMSG;
		if (in->h.nlmsg_seq != self.seq || in->h.nlmsg_type == NLMSG_NOOP)
			continue;
		self.interrupted |= in->h.nlmsg_flags & NLM_F_DUMP_INTR;
		if (in->h.nlmsg_type != NLMSG_DONE && in->h.nlmsg_type != NLMSG_ERROR)
			return 1;
		rc = nlmsg_result(in->body);
		return rc || !self.interrupted ? rc : -EINTR;
	}
	return rc;
}

/*
 * do_request() - Send a request that only has an acknowledgement
 *
 * Return: 0, also if what is to be added is there already; or -errno
 */
static int do_request(int fd, struct nlmsg *m)
{
	struct nlmsg_in in;
	int rc;

	netlink_ask(fd, m);
	while ((rc = netlink_next(&in)) > 0)
		;
	return rc == -EEXIST ? 0 : rc;
}

/* ---- links ---- */

/**
 * netlink_link() - Look up an interface
 * @fd:		Netlink socket
 * @index:	Its number, 0: it is looked up by its name
 * @name:	Name, counts if @index is 0
 * @l:		Set on success
 *
 * Return: 0, -ENODEV if there is none, or another -errno
 */
int netlink_link(int fd, unsigned index, const char *name, struct netlink_link *l)
{
	struct ifinfomsg info = { .ifi_index = (int)index };
	bool found = false;
	struct nlmsg_in in;
	struct nlmsg m;
	int rc;

	if (!index && (!*name || strlen(name) >= NLMSG_NAME))
		return -ENODEV;
	nlmsg_begin(&m, RTM_GETLINK, 0, &info, sizeof(info));
	if (!index)
		nlmsg_put(&m, IFLA_IFNAME, name, strlen(name) + 1);
	netlink_ask(fd, &m);
	while ((rc = netlink_next(&in)) > 0)
		found |= in.h.nlmsg_type == RTM_NEWLINK && nlmsg_link(in.body, l);
	return rc || found ? rc : -ENODEV;
}

/* begin_change() - Request to change an interface, and to set flags, IFF_UP or none */
static void begin_change(struct nlmsg *m, unsigned index, unsigned flags)
{
	struct ifinfomsg info = {
		.ifi_index = (int)index, .ifi_flags = flags, .ifi_change = flags,
	};

	nlmsg_begin(m, RTM_NEWLINK, 0, &info, sizeof(info));
}

/**
 * netlink_set_queue() - Set the length of an interface's queue
 * @fd:		Netlink socket
 * @index:	Which
 * @frames:	How many
 *
 * For the ioctl() one has to be privileged outside the namespace too.
 *
 * Return: 0 or -errno
 */
int netlink_set_queue(int fd, unsigned index, uint32_t frames)
{
	struct nlmsg m;

	begin_change(&m, index, 0);
	nlmsg_put_u32(&m, IFLA_TXQLEN, frames);
	return do_request(fd, &m);
}

/* ---- lists of addresses and routes ---- */

/*
 * ask_list() - Request a dump of an interface's addresses, or of the main table
 *
 * Routes are not asked for by interface: with that filter the kernel may leave out
 * those with several next hops, of which only a later one is there.
 */
static void ask_list(int fd, enum netlink_list kind, int family, unsigned index)
{
	struct ifaddrmsg addr = { .ifa_family = (uint8_t)family, .ifa_index = index };
	struct rtmsg route = {
		.rtm_family = (uint8_t)family, .rtm_table = RT_TABLE_MAIN,
	};
	struct nlmsg m;

	if (kind == NETLINK_LIST_ADDR)
		nlmsg_begin(&m, RTM_GETADDR, NLM_F_DUMP, &addr, sizeof(addr));
	else
		nlmsg_begin(&m, RTM_GETROUTE, NLM_F_DUMP, &route, sizeof(route));
	netlink_ask(fd, &m);
}

/* read_row() - Take a message of the list apart; false if it is not wanted */
static bool read_row(const struct nlmsg_in *in, enum netlink_list kind, int family,
		     unsigned index, struct net_route *row)
{
	if (kind == NETLINK_LIST_ADDR)
		return in->h.nlmsg_type == RTM_NEWADDR &&
		       nlmsg_addr(in->body, family, index, row);
	if (in->h.nlmsg_type != RTM_NEWROUTE ||
	    !nlmsg_route(in->body, family, index, row))
		return false;
	if (kind == NETLINK_LIST_DEFAULT)
		return !row->prefix && (index || row->index != LOOPBACK);
	row->rank = 0;
	return row->prefix && !row->by_kernel &&
	       (addr_is_none(&row->via) || addr_is4(&row->via) == addr_is4(&row->dst));
}

/* insert() - Into a list sorted by rank, behind those of the same; new length */
static int insert(struct net_route *rows, int n, int max,
		  const struct net_route *row)
{
	int i;

	if (n == max && (!n || rows[n - 1].rank <= row->rank))
		return n;
	for (i = n < max ? n++ : n - 1; i > 0 && rows[i - 1].rank > row->rank; i--)
		rows[i] = rows[i - 1];
	rows[i] = *row;
	return n;
}

/**
 * netlink_list() - Addresses or routes of an interface
 * @fd:		Netlink socket
 * @kind:	Which
 * @family:	AF_INET or AF_INET6
 * @index:	Interface; 0 for routes: any, but no default route by the loopback
 * @rows:	Filled: those of the lowest rank first, else in the kernel's order
 * @max:	Room there; further ones are left out
 *
 * Return: how many, or -errno
 */
int netlink_list(int fd, enum netlink_list kind, int family, unsigned index,
		 struct net_route *rows, int max)
{
	struct net_route row;
	int n, rc, tries = 0;
	struct nlmsg_in in;

	do {
		n = 0;
		ask_list(fd, kind, family, index);
		while ((rc = netlink_next(&in)) > 0)
			if (read_row(&in, kind, family, index, &row))
				n = insert(rows, n, max, &row);
	} while (rc == -EINTR && ++tries < DUMP_TRIES);

	return rc && rc != NO_TABLE ? rc : n;
}

/* ---- all of an interface at once ---- */

/*
 * add_addr() - Add an address
 *
 * IPv6 is usable at once: nobody else is on our links, so that looking for
 * duplicates (RFC 4862, 5.4) only costs a second.
 */
static int add_addr(int fd, unsigned index, const struct addr *a, uint8_t prefix)
{
	bool is4 = addr_is4(a);
	struct ifaddrmsg info = {
		.ifa_family = is4 ? AF_INET : AF_INET6,
		.ifa_prefixlen = prefix,
		.ifa_flags = is4 ? 0 : IFA_F_NODAD,
		.ifa_scope = addr_is_linklocal(a) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.ifa_index = index,
	};
	struct nlmsg m;

	nlmsg_begin(&m, RTM_NEWADDR, NEW, &info, sizeof(info));
	nlmsg_put_addr(&m, IFA_LOCAL, a);
	nlmsg_put_addr(&m, IFA_ADDRESS, a);
	return do_request(fd, &m);
}

/* add_route() - Add a route; by RTNH_F_ONLINK the next hop is a neighbour regardless */
static int add_route(int fd, unsigned index, const struct net_route *r,
		     unsigned flags)
{
	bool is4 = addr_is4(&r->dst), has_via = !addr_is_none(&r->via);
	struct rtmsg info = {
		.rtm_family = is4 ? AF_INET : AF_INET6,
		.rtm_dst_len = r->prefix,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_BOOT,
		.rtm_scope = is4 && !has_via ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
		.rtm_flags = flags,
	};
	struct nlmsg m;

	nlmsg_begin(&m, RTM_NEWROUTE, NEW, &info, sizeof(info));
	nlmsg_put_u32(&m, RTA_OIF, index);
	if (r->prefix)
		nlmsg_put_addr(&m, RTA_DST, &r->dst);
	if (has_via)
		nlmsg_put_addr(&m, RTA_GATEWAY, &r->via);
	return do_request(fd, &m);
}

/* add_routes() - Those on the link, or those with a next hop, which need the others */
static int add_routes(int fd, unsigned index, const struct netlink_setup *s, bool via)
{
	int rc = 0;

	for (int i = 0; !rc && i < s->nroutes; i++) {
		if (addr_is_none(&s->routes[i].via) == via)
			continue;
		rc = add_route(fd, index, &s->routes[i], 0);
		if (rc && via)		/* it may be behind no address */
			rc = add_route(fd, index, &s->routes[i], RTNH_F_ONLINK);
	}
	return rc;
}

/* put_no_autoll() - No link-local address by the kernel: nested twice, padded to 4 */
static void put_no_autoll(struct nlmsg *m)
{
	struct {
		struct rtattr inet6;
		struct rtattr mode;
		uint8_t value[4];
	} spec = {
		.inet6 = { sizeof(spec), AF_INET6 },
		.mode = { sizeof(spec.mode) + 1, IFLA_INET6_ADDR_GEN_MODE },
		.value = { IN6_ADDR_GEN_MODE_NONE },
	};

	nlmsg_put(m, IFLA_AF_SPEC, &spec, sizeof(spec));
}

/**
 * netlink_up() - Set an interface up that carries nothing of the host's own
 * @fd:		Netlink socket
 * @index:	Which
 *
 * Without a link-local address, the kernel says nothing there by itself, or little.
 *
 * Return: 0 or -errno
 */
int netlink_up(int fd, unsigned index)
{
	struct nlmsg m;

	begin_change(&m, index, 0);
	put_no_autoll(&m);
	(void)do_request(fd, &m);	/* refused without IPv6, and not needed */
	begin_change(&m, index, IFF_UP);
	return do_request(fd, &m);
}

/**
 * netlink_setup() - Give an interface all that it shall have
 * @fd:		Netlink socket
 * @link:	Interface
 * @s:		What
 *
 * The loopback of that namespace is set up too.  What is there already is left
 * as it is.  All addresses are usable when this returns.
 *
 * Return: 0, or -errno of what failed first
 */
int netlink_setup(int fd, const struct netlink_link *link, const struct netlink_setup *s)
{
	static const uint8_t none[sizeof(s->mac)];
	bool has_mac = memcmp(s->mac, none, sizeof(none));
	struct addr ll = addr_ll_from_mac(has_mac ? s->mac : link->mac);
	struct nlmsg m;
	int rc;

	begin_change(&m, LOOPBACK, IFF_UP);
	rc = do_request(fd, &m);
	if (rc)
		return rc;
	if (s->full) {
		begin_change(&m, link->index, 0);
		put_no_autoll(&m);
		(void)do_request(fd, &m);	/* refused without IPv6, and not needed */
	}
	begin_change(&m, link->index, s->full ? IFF_UP : 0);
	if (has_mac)
		nlmsg_put(&m, IFLA_ADDRESS, s->mac, sizeof(s->mac));
	if (s->full && s->mtu)
		nlmsg_put_u32(&m, IFLA_MTU, s->mtu);
	rc = do_request(fd, &m);
	if (rc || !s->full)
		return rc;

	if (s->has6)
		rc = add_addr(fd, link->index, &ll, 64);
	for (int i = 0; !rc && i < s->naddrs; i++)
		rc = add_addr(fd, link->index, &s->addrs[i].dst, s->addrs[i].prefix);
	if (!rc)
		rc = add_routes(fd, link->index, s, false);
	return rc ? rc : add_routes(fd, link->index, s, true);
}
