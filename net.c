// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * net.c - what the guest has: addresses, routes, resolvers, MTU
 *
 * Theory of operation
 *
 *   The guest takes the place of the host: unless asked otherwise it gets the
 *   address of the host's interface with the default route, the gateway of that
 *   route, the further routes and the MTU of that interface, and the resolvers
 *   and search list of /etc/resolv.conf.  The two families are looked up apart;
 *   their default routes may leave by different interfaces.
 *
 *	asked for		host has it	result
 *	address			-		that address
 *	nothing			yes		the host's
 *	nothing			no		the family is off
 *	nothing			neither family	local mode: both are on, with
 *						link-local addresses only
 *
 *   A guest without a gateway reaches nobody but us, so there always is one: the
 *   one asked for, the host's, or an address we choose.  We answer for any.  For
 *   IPv6 the guest talks to a link-local address, as router advertisements need
 *   (RFC 4861, section 4.2); if the host's gateway has none, it is ours.
 *
 *   Resolvers on the host's loopback are out of the guest's reach.  They are
 *   replaced by the address that --dns-forward names, or else by the gateway, if
 *   what goes there is mapped to the host's loopback, or else left out.
 *
 *   While running, two things change: the MAC address and the addresses the
 *   guest uses are learnt from its frames.  @version tells who keeps copies.
 *   Nothing else changes: the host is read once.
 */
#include "net.h"

#include <errno.h>
#include <sys/socket.h>

#include "log.h"
#include "netlink.h"
#include "resolv.h"

enum {
	MTU_LOCAL	= 65520,	/* no interface to take it from */
	MTU_UNTOLD	= 1500,		/* what a guest takes for Ethernet */
	PREFIX6		= 64,
	BITS4		= 32,
};
_Static_assert((int)NET_NAME_LEN == (int)RESOLV_NAME, "names fit");
_Static_assert((int)NETLINK_ADDRS >= (int)NET_ADDR_MAX, "addresses fit");
_Static_assert((int)NETLINK_ROUTES >= NET_ROUTE_MAX + 2, "and two defaults");

static const char resolv_path[] = "/etc/resolv.conf";

/* Local mode, IPv4 (RFC 3927).  IPv6 link-local addresses make themselves. */
static const struct addr local_addr4 = { { [10] = 0xff, 0xff, 169, 254, 2, 1 } };
static const struct addr local_gw4 = { { [10] = 0xff, 0xff, 169, 254, 2, 2 } };
enum { LOCAL_PREFIX4 = 16 };

static const uint8_t default_mac[6] = { 0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55 };

/**
 * struct net_self - state of this file
 * @net:	what others see
 * @resolv:	what /etc/resolv.conf said
 * @host_dns:	resolver of the host, IPv4 and IPv6
 */
static struct {
	struct net net;
	struct resolv resolv;
	struct addr host_dns[2];
} self;

const struct net *const net = &self.net;

/**
 * struct host - what the host has, one family
 * @found:	there is an interface
 * @link:	the one asked for, or with the default route
 * @gw:		gateway of its default route; addr_none: none, or not of this family
 * @addrs:	its addresses
 * @naddrs:	how many
 * @routes:	its routes
 * @nroutes:	how many
 */
struct host {
	bool found;
	struct netlink_link link;
	struct addr gw;
	struct netlink_addr addrs[NET_ADDR_MAX];
	int naddrs;
	struct netlink_route routes[NET_ROUTE_MAX];
	int nroutes;
};

/* ---- the host ---- */

/* must() - A netlink call that has no reason to fail */
static int must(int rc)
{
	if (rc < 0)
		die_errno(-rc, "Can't read the host's interfaces by netlink");
	return rc;
}

/* find_link() - The interface asked for, or that with the default route */
static void find_link(int fd, int family, const char *ifname, struct host *h)
{
	struct netlink_route route;
	unsigned index = 0;
	int rc;

	if (*ifname) {
		rc = netlink_link_by_name(fd, ifname, &h->link);
		if (rc)
			die_errno(-rc, "Invalid interface name %s", ifname);
		index = h->link.index;
		h->found = true;
	}
	rc = netlink_default(fd, family, index, &route);
	if (rc == -ENETUNREACH)
		return;
	must(rc);
	if (!h->found)
		must(netlink_link_by_index(fd, route.index, &h->link));
	h->found = true;
	if (addr_is_none(&route.via) || addr_is4(&route.via) != (family == AF_INET))
		return;
	h->gw = route.via;
}

/* read_host() - All we want to know of one family */
static void read_host(int fd, int family, const char *ifname, struct host *h)
{
	memset(h, 0, sizeof(*h));
	find_link(fd, family, ifname, h);
	if (!h->found)
		return;
	h->naddrs = must(netlink_addrs(fd, family, h->link.index, h->addrs,
				       NET_ADDR_MAX));
	h->nroutes = must(netlink_routes(fd, family, h->link.index, h->routes,
					 NET_ROUTE_MAX));
}

/* ---- which families, and which link ---- */

/* choose_families() - Which are on.  Return: true in local mode */
static bool choose_families(const struct net_conf *conf, const struct host *h4,
			    const struct host *h6)
{
	bool can4 = h4->naddrs || !addr_is_none(&conf->addr4);
	bool can6 = h6->naddrs || !addr_is_none(&conf->addr6);
	struct net *n = &self.net;

	n->has4 = !conf->only6 && can4;
	n->has6 = !conf->only4 && can6;
	if (n->has4 || n->has6) {
		if (!can4 && !conf->only6)
			info("IPv4 is off: the host has no IPv4 route or address");
		if (!can6 && !conf->only4)
			info("IPv6 is off: the host has no IPv6 route or address");
		return false;
	}
	n->has4 = !conf->only6;
	n->has6 = !conf->only4;
	warn("No interface with a route and an address: "
	     "the guest gets link-local addresses only");
	return true;
}

/* host_mtu() - Smallest of the interfaces in use, as far as the link can do it */
static uint16_t host_mtu(const struct host *h4, const struct host *h6)
{
	uint32_t mtu = NET_MTU_MAX;

	if (!self.net.if4 && !self.net.if6)
		return MTU_LOCAL;
	if (self.net.if4)
		mtu = min_u32(mtu, h4->link.mtu);
	if (self.net.if6)
		mtu = min_u32(mtu, h6->link.mtu);
	return (uint16_t)max_u32(mtu, NET_MTU_MIN4);
}

/* choose_mtu() - The link's MTU; too small a one turns IPv6 off */
static void choose_mtu(const struct net_conf *conf, const struct host *h4,
		       const struct host *h6)
{
	struct net *n = &self.net;

	if (conf->mtu > NET_MTU_MAX)
		die("MTU %i too large (max %i), --mtu", conf->mtu, NET_MTU_MAX);
	if (conf->mtu > 0 && conf->mtu < NET_MTU_MIN4)
		die("MTU %i too small (min %i), --mtu", conf->mtu, NET_MTU_MIN4);

	n->mtu_told = conf->mtu != 0;
	if (conf->mtu < 0)
		n->mtu = host_mtu(h4, h6);
	else
		n->mtu = conf->mtu ? (uint16_t)conf->mtu : MTU_UNTOLD;

	if (!n->has6 || n->mtu >= NET_MTU_MIN6)
		return;
	if (!n->has4)
		die("MTU %i too small for IPv6 (min %i)", n->mtu, NET_MTU_MIN6);
	warn("IPv6 is off: it needs an MTU of %i, this is %i", NET_MTU_MIN6, n->mtu);
	n->has6 = false;
	n->if6 = 0;
}

/* ---- addresses and routes ---- */

/* add_addr() - To the list of --config-net */
static void add_addr(const struct addr *a, uint8_t prefix)
{
	struct net *n = &self.net;

	if (n->naddrs == NET_ADDR_MAX)
		return;
	n->addrs[n->naddrs].addr = *a;
	n->addrs[n->naddrs++].prefix = prefix;
}

/* add_host_addrs() - All of the host's; IPv6 gets its share of the room */
static void add_host_addrs(const struct host *h)
{
	int room = NET_ADDR_MAX / 2;

	for (int i = 0; i < h->naddrs && i < room; i++)
		add_addr(&h->addrs[i].addr, h->addrs[i].prefix);
}

/* add_routes() - Those whose next hop is of their own family */
static void add_routes(const struct host *h)
{
	struct net *n = &self.net;
	int room = NET_ROUTE_MAX / 2;

	for (int i = 0; i < h->nroutes && room; i++) {
		const struct netlink_route *r = &h->routes[i];

		if (!addr_is_none(&r->via) && addr_is4(&r->via) != addr_is4(&r->dst))
			continue;
		n->routes[n->nroutes++] = (struct net_route){
			.dst = r->dst, .via = r->via, .prefix = r->prefix,
		};
		room--;
	}
}

/*
 * guess_prefix4() - Network of an address given without --netmask
 *
 * The host's, if the address lies in it, or else that of its class (RFC 791,
 * section 3.2), which is what a user who names a private address means.
 */
static uint8_t guess_prefix4(const struct addr *a, const struct host *h)
{
	uint8_t first = addr_v4(a)[0];

	for (int i = 0; i < h->naddrs; i++)
		if (addr_in_prefix(a, &h->addrs[i].addr, h->addrs[i].prefix))
			return h->addrs[i].prefix;
	return first < 128 ? 8 : first < 192 ? 16 : 24;
}

/*
 * invent_gw4() - A gateway where none is known: the first address of the network
 *
 * The second if the first is the guest's.  Networks of less than four addresses
 * have no room for us, and get one from elsewhere.
 */
static struct addr invent_gw4(const struct addr *a, uint8_t prefix)
{
	uint32_t mask, guest = get_be32(addr_v4(a)), gw;
	uint8_t net4[4];

	if (!prefix || prefix > BITS4 - 2)
		return local_gw4;
	mask = UINT32_MAX << (BITS4 - prefix);
	gw = (guest & mask) + 1;
	put_be32(net4, gw == guest ? gw + 1 : gw);
	return addr_from4(net4);
}

/* fill4() - Address, network, gateway and routes, IPv4 */
static void fill4(const struct net_conf *conf, const struct host *h, bool local)
{
	bool given = !addr_is_none(&conf->addr4);
	struct net *n = &self.net;

	if (!n->has4)
		return;
	if (given) {
		n->addr4 = conf->addr4;
		n->prefix4 = guess_prefix4(&conf->addr4, h);
	} else {
		n->addr4 = local ? local_addr4 : h->addrs[0].addr;
		n->prefix4 = local ? LOCAL_PREFIX4 : h->addrs[0].prefix;
	}
	if (conf->prefix4 >= 0)
		n->prefix4 = (uint8_t)conf->prefix4;

	if (given || local)
		add_addr(&n->addr4, n->prefix4);
	else
		add_host_addrs(h);
	n->addrs[0].prefix = n->prefix4;

	if (!addr_is_none(&conf->gw4)) {
		n->gw4 = conf->gw4;
		return;
	}
	if (addr_is_none(&h->gw))
		n->gw4 = local ? local_gw4 : invent_gw4(&n->addr4, n->prefix4);
	else
		n->gw4 = h->gw;
	add_routes(h);
}

/* fill6() - The same, IPv6; in local mode there is no address but link-local */
static void fill6(const struct net_conf *conf, const struct host *h, bool local)
{
	struct net *n = &self.net;

	if (!n->has6)
		return;
	n->prefix6 = PREFIX6;
	if (!addr_is_none(&conf->addr6)) {
		n->addr6 = conf->addr6;
		add_addr(&n->addr6, PREFIX6);
	} else if (!local) {
		n->addr6 = h->addrs[0].addr;
		add_host_addrs(h);
	}

	n->host_gw6 = addr_is_none(&conf->gw6) ? h->gw : conf->gw6;
	n->gw6 = addr_is_linklocal(&n->host_gw6) ? n->host_gw6 :
		 addr_ll_from_mac(n->mac);
	if (addr_is_none(&conf->gw6))
		add_routes(h);
}

/* ---- names ---- */

/* add_dns() - To the list of its family, once */
static void add_dns(const struct addr *a)
{
	bool is4 = addr_is4(a);
	struct addr *list = is4 ? self.net.dns4 : self.net.dns6;
	uint8_t *n = is4 ? &self.net.ndns4 : &self.net.ndns6;

	if (*n == NET_DNS_MAX || addr_is_none(a))
		return;
	for (unsigned i = 0; i < *n; i++)
		if (addr_eq(&list[i], a))
			return;
	list[(*n)++] = *a;
}

/* is_our_zone() - Whether a link-local resolver is on the link we stand for */
static bool is_our_zone(const char *zone, const struct netlink_link *link)
{
	uint32_t index;

	if (!*zone || !strcmp(zone, link->name))
		return true;
	return util_parse_uint(zone, INT32_MAX, &index) && index == link->index;
}

/* offer_dns() - Offer a resolver of the host, or what stands for it */
static void offer_dns(const struct net_conf *conf, const struct addr *a,
		      const char *zone, const struct netlink_link *link)
{
	bool is4 = addr_is4(a);
	const struct addr *fwd = is4 ? &conf->dns_forward4 : &conf->dns_forward6;

	if (addr_is_loopback(a) || addr_is_any(a)) {
		if (!addr_is_none(fwd))
			add_dns(fwd);
		else if (conf->map_gw)
			add_dns(is4 ? &self.net.gw4 : &self.net.gw6);
		return;
	}
	if (is4 || !addr_is_linklocal(a) || is_our_zone(zone, link))
		add_dns(a);
}

/* fill_dns() - Resolvers of the guest, and that of the host */
static void fill_dns(const struct net_conf *conf, const struct netlink_link *link)
{
	const struct resolv *r = &self.resolv;

	self.host_dns[0] = conf->dns_host4;
	self.host_dns[1] = conf->dns_host6;
	for (unsigned i = r->nns; i-- > 0; ) {
		bool is6 = !addr_is4(&r->ns[i].addr);

		if (addr_is_none(is6 ? &conf->dns_host6 : &conf->dns_host4))
			self.host_dns[is6] = r->ns[i].addr;
	}

	if (conf->ndns >= 0) {
		for (int i = 0; i < conf->ndns; i++)
			add_dns(&conf->dns[i]);
		return;
	}
	for (unsigned i = 0; i < r->nns; i++)
		offer_dns(conf, &r->ns[i].addr, r->ns[i].zone, link);
	if (!self.net.ndns4)
		add_dns(&conf->dns_forward4);
	if (!self.net.ndns6)
		add_dns(&conf->dns_forward6);
}

/* fill_names() - Search list and the guest's own name */
static void fill_names(const struct net_conf *conf)
{
	bool given = conf->nsearch >= 0;
	unsigned max = given ? (unsigned)conf->nsearch : self.resolv.nsearch;
	struct net *n = &self.net;

	for (unsigned i = 0; i < max && n->nsearch < NET_SEARCH_MAX; i++)
		if (util_copy(n->search[n->nsearch], NET_NAME_LEN,
			      given ? conf->search[i] : self.resolv.search[i]))
			n->nsearch++;
	(void)util_copy(n->hostname, NET_NAME_LEN, conf->hostname);
	(void)util_copy(n->fqdn, NET_NAME_LEN, conf->fqdn);
}

/* ---- for others ---- */

/**
 * net_init() - Read the host, and decide what the guest gets
 * @conf:	What was asked for
 *
 * Ends the program with a line if @conf can not be met.
 */
void net_init(const struct net_conf *conf)
{
	static const uint8_t none[6];
	static struct host h4, h6;
	struct net *n = &self.net;
	bool local;
	int fd, rc;

	memset(&self, 0, sizeof(self));
	n->version = 1;
	memcpy(n->mac, memcmp(conf->mac, none, 6) ? conf->mac : default_mac, 6);
	memcpy(n->guest_mac, conf->guest_mac, sizeof(n->guest_mac));

	fd = must(netlink_open());
	read_host(fd, AF_INET, conf->ifname, &h4);
	read_host(fd, AF_INET6, conf->ifname, &h6);
	netlink_close(fd);
	rc = resolv_read(resolv_path, &self.resolv);
	if (rc && conf->ndns < 0)
		warn_errno(-rc, "Can't read %s: no resolvers from there", resolv_path);

	local = choose_families(conf, &h4, &h6);
	n->if4 = n->has4 && h4.found ? h4.link.index : 0;
	n->if6 = n->has6 && h6.found ? h6.link.index : 0;
	choose_mtu(conf, &h4, &h6);
	if (n->if4 || n->if6)
		(void)util_copy(n->ifname, sizeof(n->ifname),
				n->if4 ? h4.link.name : h6.link.name);

	fill4(conf, &h4, local);
	fill6(conf, &h6, local);
	n->seen4 = n->addr4;
	n->seen6 = n->addr6;
	fill_dns(conf, n->if6 ? &h6.link : &h4.link);
	fill_names(conf);
}

/* put_default() - The default route of one family */
static void put_default(struct netlink_setup *s, const struct addr *dst,
			const struct addr *via)
{
	struct netlink_route *r = &s->routes[s->nroutes++];

	r->dst = *dst;
	r->via = *via;
}

/**
 * net_fill_setup() - What the interface in a namespace shall have
 * @s:		Filled
 * @full:	All of it (--config-net); else the MAC address asked for
 */
void net_fill_setup(struct netlink_setup *s, bool full)
{
	const struct net *n = &self.net;

	memset(s, 0, sizeof(*s));
	memcpy(s->mac, n->guest_mac, sizeof(s->mac));
	s->full = full;
	s->has6 = n->has6;
	s->mtu = n->mtu_told ? n->mtu : 0;
	for (; s->naddrs < n->naddrs; s->naddrs++) {
		s->addrs[s->naddrs].addr = n->addrs[s->naddrs].addr;
		s->addrs[s->naddrs].prefix = n->addrs[s->naddrs].prefix;
	}
	for (; s->nroutes < n->nroutes; s->nroutes++) {
		s->routes[s->nroutes].dst = n->routes[s->nroutes].dst;
		s->routes[s->nroutes].via = n->routes[s->nroutes].via;
		s->routes[s->nroutes].prefix = n->routes[s->nroutes].prefix;
	}
	if (n->has4)
		put_default(s, &addr_any4, &n->gw4);
	if (n->has6)
		put_default(s, &addr_none,
			    addr_is_none(&n->host_gw6) ? &n->gw6 : &n->host_gw6);
}

/**
 * net_learn_mac() - A frame of the guest came from this MAC address
 * @mac:	6 bytes; group addresses and 0 are not learnt
 */
void net_learn_mac(const uint8_t mac[static 6])
{
	static const uint8_t none[6];

	if (mac[0] & 1 || !memcmp(mac, none, 6) ||
	    !memcmp(mac, self.net.guest_mac, 6))
		return;
	memcpy(self.net.guest_mac, mac, 6);
	self.net.version++;
}

/**
 * net_learn_addr() - A packet of the guest came from this address
 * @src:	Any; those which can not be the guest's are not learnt
 */
void net_learn_addr(const struct addr *src)
{
	struct addr *seen;

	if (!addr_is_unicast(src) || addr_is_loopback(src))
		return;
	if (addr_is4(src))
		seen = &self.net.seen4;
	else
		seen = addr_is_linklocal(src) ? &self.net.ll6 : &self.net.seen6;
	if (addr_eq(seen, src))
		return;
	*seen = *src;
	self.net.version++;
}

/**
 * net_host_dns() - Resolver of the host that --dns-forward leads to
 * @want6:	That of IPv6
 *
 * Return: address, addr_none: there is none
 */
const struct addr *net_host_dns(bool want6)
{
	return &self.host_dns[want6];
}

/**
 * net_set_for_test() - Set all of it, without a host
 * @n:		What the guest has
 */
void net_set_for_test(const struct net *n)
{
	memset(&self, 0, sizeof(self));
	self.net = *n;
}
