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
 *   Nothing else changes, but by a checkpoint: the host is read once.
 */
#include "net.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "image.h"
#include "log.h"
#include "netlink.h"
#include "resolv.h"
#include "util.h"

enum {
	MTU_LOCAL	= 65520,	/* no interface to take it from */
	MTU_UNTOLD	= 1500,		/* what a guest takes for Ethernet */
	LOCAL_PREFIX4	= 16,
	PREFIX6		= 64,
	BITS4		= 32,
	V4		= 0,
	V6		= 1,
	HOST_ADDRS	= NETLINK_ADDRS / 2,
	HOST_ROUTES	= NET_ROUTE_MAX / 2,
};
_Static_assert((int)NETLINK_ROUTES == NET_ROUTE_MAX + 2, "and two defaults");

static const char resolv_path[] = "/etc/resolv.conf";

/* Local mode, IPv4 (RFC 3927).  IPv6 link-local addresses make themselves. */
static const struct addr local_addr4 = { { [10] = 0xff, 0xff, 169, 254, 2, 1 } };
static const struct addr local_gw4 = { { [10] = 0xff, 0xff, 169, 254, 2, 2 } };

static const uint8_t default_mac[6] = { 0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55 };

/**
 * struct host - what the host has, one family, or what was asked for in its place
 * @link:	interface asked for, or with the default route; @link.index 0: none
 * @gw:		gateway of its default route; addr_none: none, or not of this family
 * @addrs:	@naddrs addresses
 * @routes:	@nroutes further routes
 * @naddrs:	see there
 * @nroutes:	see there
 */
struct host {
	struct netlink_link link;
	struct addr gw;
	struct net_route addrs[HOST_ADDRS];
	struct net_route routes[HOST_ROUTES];
	int naddrs;
	int nroutes;
};

/**
 * struct net_self - state of this file
 * @net:	what others see
 * @kept:	what net_back() brings back
 * @setup:	what a namespace's interface gets
 * @host:	what the host has, by V4 and V6
 * @resolv:	what /etc/resolv.conf said
 * @host_dns:	resolver of the host, by V4 and V6
 */
static struct {
	struct net net;
	struct net kept;
	struct netlink_setup setup;
	struct host host[2];
	struct resolv resolv;
	struct addr host_dns[2];
} self;

const struct net *const net = &self.net;

/* ---- the host ---- */

/* must() - A netlink call that has no reason to fail */
static int must(int rc)
{
	if (rc < 0)
		die_errno(-rc, "Can't read the host's interfaces by netlink");
	return rc;
}

/* read_host() - Read one family, of the interface asked for or with the default route */
static void read_host(int fd, const char *ifname, int family, struct host *h)
{
	struct net_route route;

	if (*ifname) {
		int rc = netlink_link(fd, 0, ifname, &h->link);

		if (rc)
			die_errno(-rc, "Invalid interface name %s", ifname);
	}
	if (must(netlink_list(fd, NETLINK_LIST_DEFAULT, family, h->link.index, &route, 1))) {
		if (!h->link.index)
			must(netlink_link(fd, route.index, NULL, &h->link));
		if (addr_is4(&route.via) == (family == AF_INET))
			h->gw = route.via;
	}
	if (!h->link.index)
		return;
	h->naddrs = must(netlink_list(fd, NETLINK_LIST_ADDR, family, h->link.index, h->addrs,
				      HOST_ADDRS));
	h->nroutes = must(netlink_list(fd, NETLINK_LIST_ROUTE, family, h->link.index,
				       h->routes, HOST_ROUTES));
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
		if (addr_in_prefix(a, &h->addrs[i].dst, h->addrs[i].prefix))
			return h->addrs[i].prefix;
	return first < 128 ? 8 : first < 192 ? 16 : 24;
}

/* replace() - An address, and a gateway, stand in place of what the host has */
static void replace(struct host *h, const struct addr *a, uint8_t prefix,
		    const struct addr *gw)
{
	if (!addr_is_none(a)) {
		h->addrs[0] = (struct net_route){ .dst = *a, .prefix = prefix };
		h->naddrs = 1;
	}
	if (!addr_is_none(gw)) {
		h->gw = *gw;
		h->nroutes = 0;
	}
}

/* ---- which families, and which link ---- */

/* choose_families() - Which are on; in local mode an address for IPv4 */
static void choose_families(const struct net_conf *conf)
{
	struct host *h4 = &self.host[V4];
	bool want4 = !conf->only6, want6 = !conf->only4;
	struct net *n = &self.net;

	n->has4 = want4 && h4->naddrs;
	n->has6 = want6 && self.host[V6].naddrs;
	if (n->has4 || n->has6) {
		if (n->has4 != want4)
			info("IPv4 is off: the host has no default route for it, or no address");
		if (n->has6 != want6)
			info("IPv6 is off: the host has no default route for it, or no address");
		return;
	}
	warn("No interface with a default route and an address (-i names another): "
	     "the guest gets link-local addresses only");
	n->has4 = want4;
	n->has6 = want6;
	replace(h4, &local_addr4, LOCAL_PREFIX4, &addr_none);
	if (addr_is_none(&h4->gw))
		h4->gw = local_gw4;
}

/* choose_mtu() - The link's: if none was asked for, the smallest of those in use */
static void choose_mtu(const struct net_conf *conf)
{
	struct net *n = &self.net;
	uint32_t mtu = n->if4 || n->if6 ? NET_MTU_MAX : MTU_LOCAL;

	if (n->if4)
		mtu = min_u32(mtu, self.host[V4].link.mtu);
	if (n->if6)
		mtu = min_u32(mtu, self.host[V6].link.mtu);
	if (conf->mtu >= 0)
		mtu = conf->mtu ? (uint32_t)conf->mtu : MTU_UNTOLD;
	n->mtu = (uint16_t)max_u32(mtu, NET_MTU_MIN4);
	n->mtu_told = conf->mtu != 0;

	if (!n->has6 || n->mtu >= NET_MTU_MIN6)
		return;
	if (!n->has4)
		die("MTU %i too small for IPv6 (min %i)", n->mtu, NET_MTU_MIN6);
	warn("IPv6 is off: it needs an MTU of %i, this is %i", NET_MTU_MIN6, n->mtu);
	n->has6 = false;
	n->if6 = 0;
}

/* ---- addresses and routes ---- */

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

/* add_all() - Addresses and routes of a family, for who configures the guest */
static void add_all(const struct host *h, const struct addr *any, const struct addr *gw)
{
	struct netlink_setup *s = &self.setup;
	struct net *n = &self.net;

	memcpy(&s->addrs[s->naddrs], h->addrs, sizeof(h->addrs));
	memcpy(&n->routes[n->nroutes], h->routes, sizeof(h->routes));
	memcpy(&s->routes[s->nroutes], h->routes, sizeof(h->routes));
	s->naddrs = (uint8_t)(s->naddrs + h->naddrs);
	n->nroutes = (uint8_t)(n->nroutes + h->nroutes);
	s->nroutes = (uint8_t)(s->nroutes + h->nroutes);
	s->routes[s->nroutes++] = (struct net_route){ .dst = *any, .via = *gw };
}

/* fill4() - Address, network, gateway and routes, IPv4 */
static void fill4(const struct net_conf *conf)
{
	struct host *h = &self.host[V4];
	struct net *n = &self.net;

	if (!n->has4)
		return;
	if (conf->prefix4 >= 0)
		h->addrs[0].prefix = (uint8_t)conf->prefix4;
	n->addr4 = n->seen4 = h->addrs[0].dst;
	n->prefix4 = h->addrs[0].prefix;
	n->gw4 = addr_is_none(&h->gw) ? invent_gw4(&n->addr4, n->prefix4) : h->gw;
	add_all(h, &addr_any4, &n->gw4);
}

/* fill6() - The same, IPv6; in local mode there is no address but link-local */
static void fill6(void)
{
	const struct host *h = &self.host[V6];
	struct net *n = &self.net;

	if (!n->has6)
		return;
	if (h->naddrs)
		n->addr6 = n->seen6 = h->addrs[0].dst;
	n->host_gw6 = h->gw;
	n->gw6 = addr_is_linklocal(&h->gw) ? h->gw : addr_ll_from_mac(n->mac);
	add_all(h, &addr_none, addr_is_none(&h->gw) ? &n->gw6 : &h->gw);
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
static bool is_our_zone(const char *zone)
{
	const struct netlink_link *link = &self.host[self.net.if6 ? V6 : V4].link;
	uint32_t index;

	return !*zone || !strcmp(zone, link->name) ||
	       (util_parse_uint(zone, INT32_MAX, &index) && index == link->index);
}

/* offer_dns() - Offer a resolver of the host, or what stands for it */
static void offer_dns(const struct net_conf *conf, const struct addr *a,
		      const char *zone)
{
	bool is4 = addr_is4(a);
	const struct addr *fwd = is4 ? &conf->dns_forward4 : &conf->dns_forward6;

	if (!addr_is_loopback(a) && !addr_is_any(a)) {
		if (is4 || !addr_is_linklocal(a) || is_our_zone(zone))
			add_dns(a);
	} else if (!addr_is_none(fwd)) {
		add_dns(fwd);
	} else if (conf->map_gw) {
		add_dns(is4 ? &self.net.gw4 : &self.net.gw6);
	}
}

/* fill_dns() - Resolvers of the guest, and that of the host: the first, if none given */
static void fill_dns(const struct net_conf *conf)
{
	const struct resolv *r = &self.resolv;

	self.host_dns[V4] = conf->dns_host4;
	self.host_dns[V6] = conf->dns_host6;
	for (unsigned i = 0; i < r->nns; i++) {
		const struct addr *a = &r->ns[i].addr;
		struct addr *host_dns = &self.host_dns[addr_is4(a) ? V4 : V6];

		if (addr_is_none(host_dns))
			*host_dns = *a;
		if (conf->ndns < 0)
			offer_dns(conf, a, r->ns[i].zone);
	}
	for (int i = 0; i < conf->ndns; i++)
		add_dns(&conf->dns[i]);
	if (conf->ndns < 0 && !self.net.ndns4)
		add_dns(&conf->dns_forward4);
	if (conf->ndns < 0 && !self.net.ndns6)
		add_dns(&conf->dns_forward6);
}

/* fill_names() - Search list and the guest's own name */
static void fill_names(const struct net_conf *conf)
{
	bool given = conf->nsearch >= 0;
	struct net *n = &self.net;

	_Static_assert(sizeof(self.resolv.search) == sizeof(n->search) &&
		       sizeof(conf->search) == sizeof(n->search), "names fit");
	memcpy(n->search, given ? conf->search[0] : self.resolv.search[0],
	       sizeof(n->search));
	n->nsearch = (uint8_t)(given ? (unsigned)conf->nsearch : self.resolv.nsearch);
	memcpy(n->hostname, conf->hostname, sizeof(n->hostname));
	memcpy(n->fqdn, conf->fqdn, sizeof(n->fqdn));
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
	struct host *h4 = &self.host[V4], *h6 = &self.host[V6];
	struct net *n = &self.net;
	int fd, rc;

	memset(&self, 0, sizeof(self));
	n->version = 1;
	memcpy(n->mac, memcmp(conf->mac, none, 6) ? conf->mac : default_mac, 6);
	memcpy(n->guest_mac, conf->guest_mac, sizeof(n->guest_mac));

	fd = must(netlink_open());
	read_host(fd, conf->ifname, AF_INET, h4);
	read_host(fd, conf->ifname, AF_INET6, h6);
	(void)close(fd);
	rc = resolv_read(resolv_path, &self.resolv);
	if (rc && conf->ndns < 0)
		warn_errno(-rc, "Can't read %s: no resolvers from there", resolv_path);

	replace(h4, &conf->addr4, guess_prefix4(&conf->addr4, h4), &conf->gw4);
	replace(h6, &conf->addr6, PREFIX6, &conf->gw6);
	choose_families(conf);
	n->if4 = n->has4 ? h4->link.index : 0;
	n->if6 = n->has6 ? h6->link.index : 0;
	choose_mtu(conf);
	if (n->if4 || n->if6)
		memcpy(n->ifname, n->if4 ? h4->link.name : h6->link.name, sizeof(n->ifname));

	fill4(conf);
	fill6();
	memcpy(self.setup.mac, conf->guest_mac, sizeof(self.setup.mac));
	self.setup.has6 = n->has6;
	self.setup.mtu = n->mtu_told ? n->mtu : 0;
	fill_dns(conf);
	fill_names(conf);
}

/**
 * net_fill_setup() - What the interface in a namespace shall have
 * @s:		Filled
 * @full:	All of it (--config-net); else the MAC address asked for
 */
void net_fill_setup(struct netlink_setup *s, bool full)
{
	*s = self.setup;
	s->full = full;
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

/* What the guest relies on: who we are to it, and who it is */
static const struct image_field net_field[] = {
	IMAGE_FIELD(net, mac),
	IMAGE_FIELD(net, guest_mac),
	IMAGE_FIELD(net, mtu),
	IMAGE_FIELD(net, addr4),
	IMAGE_FIELD(net, prefix4),
	IMAGE_FIELD(net, gw4),
	IMAGE_FIELD(net, addr6),
	IMAGE_FIELD(net, gw6),
	IMAGE_FIELD(net, ll6),
	IMAGE_FIELD(net, seen4),
	IMAGE_FIELD(net, seen6),
};

/**
 * net_save() - Write what the guest relies on into a checkpoint
 *
 * Return: 0; -errno of the image
 */
int net_save(void)
{
	image_put_fields(image_section(IMAGE_NET), net_field, ARRAY_SIZE(net_field), &self.net);
	return image_section_end();
}

/**
 * net_load() - Take it over from a checkpoint
 * @r:		Body of a section IMAGE_NET
 *
 * Addresses and MTU count as leases do: the guest has them already.
 *
 * Return: 0; -EINVAL: nothing was taken over
 */
int net_load(struct pkt_reader *r)
{
	struct net n = self.net;

	image_get_fields(r, net_field, ARRAY_SIZE(net_field), &n);
	if (r->bad || n.mac[0] & 1 || n.guest_mac[0] & 1 || n.prefix4 > BITS4 ||
	    n.mtu < NET_MTU_MIN4 || n.mtu > NET_MTU_MAX)
		return -EINVAL;
	n.version++;
	self.net = n;
	return 0;
}

/**
 * net_keep() - Remember all of it: what is loaded next may have to go again
 */
void net_keep(void)
{
	self.kept = self.net;
}

/**
 * net_back() - As when net_keep() was called
 */
void net_back(void)
{
	uint32_t version = self.net.version;

	if (version == self.kept.version)
		return;
	self.net = self.kept;
	self.net.version = version + 1;
}
