// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netlink.c - links, addresses and routes of a network namespace, by rtnetlink
 *
 * Theory of operation
 *
 *   Each function here is a request and its answer (nlquery.c), read to the end.
 *   A dump during which the kernel's tables changed may miss entries or have them
 *   twice.  It is read anew, a few times.
 *
 *   The descriptor decides which network namespace is meant: the one its socket
 *   was opened in, whoever uses it.  No answer is kept.
 */
#include "netlink.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nlquery.h"

enum {
	DUMP_TRIES	= 8,
	RANKED_MAX	= 64,
	LOOPBACK	= 1,		/* its number in every namespace */
	NO_TABLE	= -ENOENT,	/* a table without routes was never made */
};

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

/**
 * netlink_close() - Close what netlink_open() gave
 * @fd:		Descriptor
 */
void netlink_close(int fd)
{
	(void)close(fd);
}

/* just_ack() - Send a request that only has an acknowledgement; 0 or -errno */
static int just_ack(int fd, struct nlmsg *m)
{
	struct nlmsg_in in;
	struct nlquery q;

	if (nlquery_send(&q, fd, m))
		while (nlquery_next(&q, &in))
			;
	return q.result;
}

/* ---- links ---- */

/* get_link() - Send a request for one link and read it; 0 or -errno */
static int get_link(int fd, struct nlmsg *m, struct netlink_link *l)
{
	bool found = false;
	struct nlmsg_in in;
	struct nlquery q;

	if (nlquery_send(&q, fd, m))
		while (nlquery_next(&q, &in))
			if (in.type == RTM_NEWLINK && nlmsg_link(in.body, l))
				found = true;
	if (q.result)
		return q.result;
	return found ? 0 : -ENODEV;
}

/**
 * netlink_link_by_name() - Look up an interface
 * @fd:		Netlink socket
 * @name:	Its name
 * @l:		Set on success
 *
 * Return: 0, -ENODEV if there is none, or another -errno
 */
int netlink_link_by_name(int fd, const char *name, struct netlink_link *l)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct nlmsg m;

	if (!*name || strlen(name) >= NLMSG_NAME)
		return -ENODEV;
	nlmsg_begin(&m, RTM_GETLINK, 0, &info, sizeof(info));
	nlmsg_put(&m, IFLA_IFNAME, name, strlen(name) + 1);
	return get_link(fd, &m, l);
}

/**
 * netlink_link_by_index() - Look up an interface
 * @fd:		Netlink socket
 * @index:	Its number
 * @l:		Set on success
 *
 * Return: 0, -ENODEV if there is none, or another -errno
 */
int netlink_link_by_index(int fd, unsigned index, struct netlink_link *l)
{
	struct ifinfomsg info = { .ifi_index = (int)index };
	struct nlmsg m;

	if (!index)
		return -ENODEV;
	nlmsg_begin(&m, RTM_GETLINK, 0, &info, sizeof(info));
	return get_link(fd, &m, l);
}

/* put_no_autoll() - The attribute for it: nested twice, padded to 4 bytes */
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
 * netlink_link_change() - Set properties of an interface
 * @fd:		Netlink socket
 * @index:	Which
 * @c:		What
 *
 * Return: 0 or -errno
 */
int netlink_link_change(int fd, unsigned index, const struct netlink_change *c)
{
	static const uint8_t none[sizeof(c->mac)];
	struct ifinfomsg info = {
		.ifi_index = (int)index,
		.ifi_flags = c->up ? IFF_UP : 0,
		.ifi_change = c->up ? IFF_UP : 0,
	};
	struct nlmsg m;

	nlmsg_begin(&m, RTM_NEWLINK, 0, &info, sizeof(info));
	if (c->mtu)
		nlmsg_put_u32(&m, IFLA_MTU, c->mtu);
	if (c->txqlen)
		nlmsg_put_u32(&m, IFLA_TXQLEN, c->txqlen);
	if (memcmp(c->mac, none, sizeof(none)))
		nlmsg_put(&m, IFLA_ADDRESS, c->mac, sizeof(c->mac));
	if (c->no_autoll)
		put_no_autoll(&m);
	return just_ack(fd, &m);
}

/* ---- addresses ---- */

/* insert() - Into a list sorted by rank, behind those of the same; new length */
static int insert(struct netlink_addr *addrs, uint8_t *rank, int n, int max,
		  const struct netlink_addr *a, int r)
{
	int i;

	if (n == max && (!n || rank[n - 1] <= r))
		return n;
	for (i = n < max ? n++ : n - 1; i > 0 && rank[i - 1] > r; i--) {
		addrs[i] = addrs[i - 1];
		rank[i] = rank[i - 1];
	}
	addrs[i] = *a;
	rank[i] = (uint8_t)r;
	return n;
}

/**
 * netlink_addrs() - Addresses of an interface that are fit for use
 * @fd:		Netlink socket
 * @family:	AF_INET or AF_INET6
 * @index:	Interface
 * @addrs:	Filled: global ones first, temporary and secondary ones later;
 *		none that is link-local (IPv6), deprecated, tentative or duplicate
 * @max:	Room there, up to 64
 *
 * Return: how many, or -errno
 */
int netlink_addrs(int fd, int family, unsigned index,
		  struct netlink_addr *addrs, int max)
{
	struct ifaddrmsg info = {
		.ifa_family = (uint8_t)family, .ifa_index = index,
	};
	uint8_t rank[RANKED_MAX];
	struct netlink_addr a;
	int n, r, tries = 0;
	struct nlmsg_in in;
	struct nlquery q;
	struct nlmsg m;

	max = max < RANKED_MAX ? max : RANKED_MAX;
	do {
		n = 0;
		nlmsg_begin(&m, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info));
		if (!nlquery_send(&q, fd, &m))
			break;
		while (nlquery_next(&q, &in)) {
			if (in.type != RTM_NEWADDR)
				continue;
			r = nlmsg_addr(in.body, family, index, &a);
			if (r >= 0)
				n = insert(addrs, rank, n, max, &a, r);
		}
	} while (q.result == -EINTR && ++tries < DUMP_TRIES);

	return q.result ? q.result : n;
}

/**
 * netlink_addr_add() - Add an address to an interface
 * @fd:		Netlink socket
 * @index:	Which
 * @a:		Address; IPv6 is usable at once: nobody else is on our links, so
 *		that looking for duplicates (RFC 4862, 5.4) only costs a second
 *
 * Return: 0, -EEXIST if it is there, or another -errno
 */
int netlink_addr_add(int fd, unsigned index, const struct netlink_addr *a)
{
	bool is4 = addr_is4(&a->addr);
	struct ifaddrmsg info = {
		.ifa_family = is4 ? AF_INET : AF_INET6,
		.ifa_prefixlen = a->prefix,
		.ifa_flags = is4 ? 0 : IFA_F_NODAD,
		.ifa_scope = addr_is_linklocal(&a->addr) ? RT_SCOPE_LINK :
			     RT_SCOPE_UNIVERSE,
		.ifa_index = index,
	};
	struct nlmsg m;

	nlmsg_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	nlmsg_put_addr(&m, IFA_LOCAL, &a->addr);
	nlmsg_put_addr(&m, IFA_ADDRESS, &a->addr);
	return just_ack(fd, &m);
}

/* ---- routes ---- */

/*
 * ask_routes() - Request a dump of the main table
 *
 * Not of one interface: with that filter the kernel may leave out routes with
 * several next hops, of which only a later one is there.
 */
static bool ask_routes(struct nlquery *q, int fd, int family)
{
	struct rtmsg info = {
		.rtm_family = (uint8_t)family, .rtm_table = RT_TABLE_MAIN,
	};
	struct nlmsg m;

	nlmsg_begin(&m, RTM_GETROUTE, NLM_F_DUMP, &info, sizeof(info));
	return nlquery_send(q, fd, &m);
}

/**
 * netlink_default() - The default route that packets take
 * @fd:		Netlink socket
 * @family:	AF_INET or AF_INET6
 * @index:	Interface it has to leave by, 0: any but the loopback
 * @route:	Set on success: that of the lowest metric, the first of several
 *
 * Return: 0, -ENETUNREACH if there is none, or another -errno
 */
int netlink_default(int fd, int family, unsigned index,
		    struct netlink_route *route)
{
	struct netlink_route r, best = { 0 };
	struct nlmsg_in in;
	struct nlquery q;
	int tries = 0;

	do {
		best.index = 0;
		if (!ask_routes(&q, fd, family))
			break;
		while (nlquery_next(&q, &in)) {
			if (in.type != RTM_NEWROUTE ||
			    !nlmsg_route(in.body, family, index, &r) ||
			    r.prefix || (!index && r.index == LOOPBACK))
				continue;
			if (!best.index || r.metric < best.metric)
				best = r;
		}
	} while (q.result == -EINTR && ++tries < DUMP_TRIES);

	if (q.result && q.result != NO_TABLE)
		return q.result;
	if (!best.index)
		return -ENETUNREACH;
	*route = best;
	return 0;
}

/**
 * netlink_routes() - Routes of an interface, beside the default ones
 * @fd:		Netlink socket
 * @family:	AF_INET or AF_INET6
 * @index:	Interface
 * @routes:	Filled; none that the kernel made for an address
 * @max:	Room there; further ones are left out
 *
 * Return: how many, or -errno
 */
int netlink_routes(int fd, int family, unsigned index,
		   struct netlink_route *routes, int max)
{
	struct netlink_route r;
	struct nlmsg_in in;
	int n, tries = 0;
	struct nlquery q;

	do {
		n = 0;
		if (!ask_routes(&q, fd, family))
			break;
		while (nlquery_next(&q, &in)) {
			if (in.type == RTM_NEWROUTE && n < max &&
			    nlmsg_route(in.body, family, index, &r) &&
			    r.prefix && !r.by_kernel)
				routes[n++] = r;
		}
	} while (q.result == -EINTR && ++tries < DUMP_TRIES);

	return q.result && q.result != NO_TABLE ? q.result : n;
}

/**
 * netlink_route_add() - Add a route through an interface
 * @fd:		Netlink socket
 * @index:	Which
 * @r:		Route; of it only @dst, @prefix and @via count
 * @onlink:	The next hop is a neighbour even if no address says so
 *
 * Return: 0, -EEXIST if it is there, or another -errno
 */
int netlink_route_add(int fd, unsigned index, const struct netlink_route *r,
		      bool onlink)
{
	bool is4 = addr_is4(&r->dst), has_via = !addr_is_none(&r->via);
	struct rtmsg info = {
		.rtm_family = is4 ? AF_INET : AF_INET6,
		.rtm_dst_len = r->prefix,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_BOOT,
		.rtm_scope = is4 && !has_via ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
		.rtm_flags = onlink ? RTNH_F_ONLINK : 0,
	};
	struct nlmsg m;

	nlmsg_begin(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	nlmsg_put_u32(&m, RTA_OIF, index);
	if (r->prefix)
		nlmsg_put_addr(&m, RTA_DST, &r->dst);
	if (has_via && addr_is4(&r->via) == is4)
		nlmsg_put_addr(&m, RTA_GATEWAY, &r->via);
	else if (has_via)
		nlmsg_put_via(&m, &r->via);
	return just_ack(fd, &m);
}

/* ---- all at once ---- */

/* add_addr() - It may be there already */
static int add_addr(int fd, unsigned index, const struct netlink_addr *a)
{
	int rc = netlink_addr_add(fd, index, a);

	return rc == -EEXIST ? 0 : rc;
}

/* add_ll6() - A link-local address, made from the MAC address as the kernel does */
static int add_ll6(int fd, unsigned index)
{
	struct netlink_addr ll = { .prefix = 64 };
	struct netlink_link link;
	int rc;

	rc = netlink_link_by_index(fd, index, &link);
	if (rc)
		return rc;
	ll.addr = addr_ll_from_mac(link.mac);
	return add_addr(fd, index, &ll);
}

/* add_route() - It may be there already; the next hop may be behind no address */
static int add_route(int fd, unsigned index, const struct netlink_route *r)
{
	int rc = netlink_route_add(fd, index, r, false);

	if (rc && rc != -EEXIST && !addr_is_none(&r->via))
		rc = netlink_route_add(fd, index, r, true);
	return rc == -EEXIST ? 0 : rc;
}

/* add_routes() - Those on the link first, since the others need them */
static int add_routes(int fd, unsigned index, const struct netlink_setup *s)
{
	int rc = 0;

	for (int i = 0; !rc && i < s->nroutes; i++)
		if (addr_is_none(&s->routes[i].via))
			rc = add_route(fd, index, &s->routes[i]);
	for (int i = 0; !rc && i < s->nroutes; i++)
		if (!addr_is_none(&s->routes[i].via))
			rc = add_route(fd, index, &s->routes[i]);
	return rc;
}

/**
 * netlink_setup() - Give an interface all that it shall have
 * @fd:		Netlink socket
 * @index:	Interface
 * @s:		What
 *
 * The loopback of that namespace is set up too.  What is there already is left
 * as it is.  All addresses are usable when this returns.
 *
 * Return: 0, or -errno of what failed first
 */
int netlink_setup(int fd, unsigned index, const struct netlink_setup *s)
{
	static const struct netlink_change manual = { .no_autoll = true };
	static const struct netlink_change up = { .up = true };
	struct netlink_change c = { .mtu = s->full ? s->mtu : 0 };
	int rc;

	memcpy(c.mac, s->mac, sizeof(c.mac));
	rc = netlink_link_change(fd, LOOPBACK, &up);
	if (!rc)
		rc = netlink_link_change(fd, index, &c);
	if (rc || !s->full)
		return rc;

	/* Without IPv6 in the kernel this is refused, and not needed */
	(void)netlink_link_change(fd, index, &manual);
	rc = netlink_link_change(fd, index, &up);
	if (!rc && s->has6)
		rc = add_ll6(fd, index);
	for (int i = 0; !rc && i < s->naddrs; i++)
		rc = add_addr(fd, index, &s->addrs[i]);
	return rc ? rc : add_routes(fd, index, s);
}
