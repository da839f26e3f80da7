/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NET_H
#define NET_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "nlmsg.h"
#include "pkt.h"

enum {
	NET_DNS_MAX	= 8,
	NET_SEARCH_MAX	= 8,
	NET_NAME_LEN	= 256,		/* a domain name and its terminator */
	NET_ROUTE_MAX	= 32,
	NET_MTU_MIN4	= 68,		/* RFC 791, section 3.2 */
	NET_MTU_MIN6	= 1280,		/* RFC 8200, section 5 */
	NET_MTU_MAX	= 65521,	/* IP packet length limit less Ethernet header */
};

/**
 * struct net - what the guest has now
 * @version:	grows with each change of anything below
 * @mac:	ours, the one the guest sees for every neighbour
 * @guest_mac:	the guest's: given, or learnt from its frames
 * @mtu:	of the link, bytes of an IP packet, NET_MTU_MIN4..NET_MTU_MAX
 * @mtu_told:	tell it to the guest (option --mtu 0: do not)
 * @has4:	IPv4 is on
 * @has6:	IPv6 is on
 * @addr4:	the guest's address (the host's own, unless given); DHCP offers it
 * @prefix4:	length of its network, 0..32
 * @gw4:	its default gateway
 * @addr6:	the guest's global address; DHCPv6 offers it, router advertisements
 *		tell its first 64 bits
 * @gw6:	next hop for IPv6: link-local, the source of our advertisements
 * @host_gw6:	the host's default gateway for IPv6, or the one asked for: may be
 *		global, and is what --config-net sets; addr_none: none, @gw6 counts
 * @ll6:	the guest's link-local address as last seen, addr_none before
 * @seen4:	IPv4 source address the guest last used, @addr4 before; what is
 *		forwarded to the guest goes there
 * @seen6:	the same for IPv6, global addresses only
 * @dns4:	resolvers told by DHCP
 * @dns6:	resolvers told by router advertisements and DHCPv6
 * @ndns4:	how many in @dns4
 * @ndns6:	how many in @dns6
 * @search:	search list
 * @nsearch:	how many names in it
 * @hostname:	name of the guest, told by DHCP; empty: none
 * @fqdn:	full name of the guest; empty: none
 * @routes:	routes of the host's interface, for --config-net and option 121;
 *		none that follows from an address, and no default route; of each
 *		only @dst, @prefix and @via count
 * @nroutes:	how many
 * @ifname:	name of the host's interface with the default route, IPv4's if
 *		there are two; empty: none
 * @if4:	host interface index of the IPv4 default route, 0: none
 * @if6:	the same for IPv6
 *
 * Owner: net.c; everybody else reads.  Addresses are addr_none where unknown.
 */
struct net {
	uint32_t version;
	uint8_t mac[6];
	uint8_t guest_mac[6];
	uint16_t mtu;
	bool mtu_told;
	bool has4;
	bool has6;
	struct addr addr4;
	uint8_t prefix4;
	struct addr gw4;
	struct addr addr6;
	struct addr gw6;
	struct addr host_gw6;
	struct addr ll6;
	struct addr seen4;
	struct addr seen6;
	struct addr dns4[NET_DNS_MAX];
	struct addr dns6[NET_DNS_MAX];
	uint8_t ndns4;
	uint8_t ndns6;
	char search[NET_SEARCH_MAX][NET_NAME_LEN];
	uint8_t nsearch;
	char hostname[NET_NAME_LEN];
	char fqdn[NET_NAME_LEN];
	struct net_route routes[NET_ROUTE_MAX];
	uint8_t nroutes;
	char ifname[16];
	unsigned if4;
	unsigned if6;
};

/**
 * struct net_conf - what was asked for; members that are unset come from the host
 * @ifname:	interface whose addresses and routes are taken; empty: the one
 *		with the default route
 * @addr4:	--address, IPv4; addr_none: the host's
 * @prefix4:	--netmask, or -1
 * @addr6:	--address, IPv6
 * @gw4:	--gateway, IPv4
 * @gw6:	--gateway, IPv6
 * @mac:	--mac-addr: ours; all 0: 9a:55:9a:55:9a:55, locally administered
 * @guest_mac:	--ns-mac-addr; all 0: chosen by the guest
 * @mtu:	--mtu, -1: the host's, 0: tell none
 * @only4:	--ipv4-only
 * @only6:	--ipv6-only
 * @dns:	--dns
 * @ndns:	how many in @dns; -1: those of /etc/resolv.conf
 * @search:	--search
 * @nsearch:	how many in @search; -1: those of /etc/resolv.conf
 * @hostname:	--hostname, or empty
 * @fqdn:	--fqdn, or empty
 * @dns_forward4: address the guest's resolver gets in place of a host resolver
 *		that is on the loopback; addr_none: the gateway, if mapped
 * @dns_forward6: the same for IPv6
 * @dns_host4:	--dns-host: resolver --dns-forward leads to; addr_none: the first
 *		one in /etc/resolv.conf
 * @dns_host6:	the same for IPv6
 * @map_gw:	the gateway's address reaches the host, so that a resolver on the
 *		host's loopback can be offered as the gateway
 */
struct net_conf {
	char ifname[16];
	struct addr addr4;
	int prefix4;
	struct addr addr6;
	struct addr gw4;
	struct addr gw6;
	uint8_t mac[6];
	uint8_t guest_mac[6];
	int mtu;
	bool only4;
	bool only6;
	struct addr dns[NET_DNS_MAX * 2];
	int ndns;
	char search[NET_SEARCH_MAX][NET_NAME_LEN];
	int nsearch;
	char hostname[NET_NAME_LEN];
	char fqdn[NET_NAME_LEN];
	struct addr dns_forward4;
	struct addr dns_forward6;
	struct addr dns_host4;
	struct addr dns_host6;
	bool map_gw;
};

struct netlink_setup;

extern const struct net *const net;

void	net_init(const struct net_conf *conf);
void	net_fill_setup(struct netlink_setup *s, bool full);
void	net_learn_mac(const uint8_t mac[static 6]);
void	net_learn_addr(const struct addr *src);

int	net_save(void);
int	net_load(struct pkt_reader *r);
void	net_keep(void);
void	net_back(void);

/* The resolver of the host that --dns-forward leads to; addr_none: there is none */
const struct addr *net_host_dns(bool want6);

#endif /* NET_H */
