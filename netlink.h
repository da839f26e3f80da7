/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETLINK_H
#define NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "nlmsg.h"

/* Room in one set-up */
enum { NETLINK_ADDRS = 18, NETLINK_ROUTES = 36 };

/**
 * struct netlink_change - what to change of a link
 * @mtu:	bytes, 0: leave it
 * @txqlen:	length of its queue, frames, 0: leave it
 * @mac:	all 0: leave it
 * @no_autoll:	the kernel makes no link-local address of its own
 * @up:		set it up
 */
struct netlink_change {
	uint32_t mtu;
	uint32_t txqlen;
	uint8_t mac[6];
	bool no_autoll;
	bool up;
};

/**
 * struct netlink_setup - all that a namespace's interface gets
 * @mac:	all 0: keep the device's own
 * @full:	the rest is set too; else only the loopback is set up, and @mac
 * @has6:	with a link-local address that is usable at once
 * @mtu:	bytes
 * @addrs:	@naddrs addresses
 * @routes:	@nroutes routes, default ones too; of each only @dst, @prefix
 *		and @via count
 * @naddrs:	see there
 * @nroutes:	see there
 */
struct netlink_setup {
	uint8_t mac[6];
	bool full;
	bool has6;
	uint16_t mtu;
	struct netlink_addr addrs[NETLINK_ADDRS];
	struct netlink_route routes[NETLINK_ROUTES];
	uint8_t naddrs;
	uint8_t nroutes;
};

int	netlink_open(void);
void	netlink_close(int fd);

int	netlink_link_by_name(int fd, const char *name, struct netlink_link *l);
int	netlink_link_by_index(int fd, unsigned index, struct netlink_link *l);
int	netlink_addrs(int fd, int family, unsigned index,
		      struct netlink_addr *addrs, int max);
int	netlink_default(int fd, int family, unsigned index,
			struct netlink_route *route);
int	netlink_routes(int fd, int family, unsigned index,
		       struct netlink_route *routes, int max);

int	netlink_link_change(int fd, unsigned index, const struct netlink_change *c);
int	netlink_addr_add(int fd, unsigned index, const struct netlink_addr *a);
int	netlink_route_add(int fd, unsigned index, const struct netlink_route *r,
			  bool onlink);
int	netlink_setup(int fd, unsigned index, const struct netlink_setup *s);

#endif /* NETLINK_H */
