/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NETLINK_H
#define NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "nlmsg.h"

/* Room in one set-up */
enum { NETLINK_ADDRS = 32, NETLINK_ROUTES = 34 };

/* What can be listed */
enum netlink_list {
	NETLINK_LIST_ADDR,	/* addresses fit for use: none that is link-local
				 * (IPv6), deprecated, tentative or duplicate */
	NETLINK_LIST_DEFAULT,	/* default routes */
	NETLINK_LIST_ROUTE,	/* the others, but for those that follow from an
				 * address, and those whose next hop is of the
				 * other family; their ranks are all 0 */
};

/**
 * struct netlink_setup - all that a namespace's interface gets
 * @mac:	all 0: keep the device's own
 * @full:	the rest is set too; else only the loopback is set up, and @mac
 * @has6:	with a link-local address that is usable at once
 * @mtu:	bytes
 * @addrs:	@naddrs addresses; of each only @dst and @prefix count
 * @routes:	@nroutes routes, default ones too; of each only @dst, @prefix
 *		and @via count, which are of one family
 * @naddrs:	see there
 * @nroutes:	see there
 */
struct netlink_setup {
	uint8_t mac[6];
	bool full;
	bool has6;
	uint16_t mtu;
	struct net_route addrs[NETLINK_ADDRS];
	struct net_route routes[NETLINK_ROUTES];
	uint8_t naddrs;
	uint8_t nroutes;
};

int	netlink_open(void);
void	netlink_ask(int fd, struct nlmsg *m);
int	netlink_next(struct nlmsg_in *in);

int	netlink_link(int fd, unsigned index, const char *name, struct netlink_link *l);
int	netlink_list(int fd, enum netlink_list kind, int family, unsigned index,
		     struct net_route *rows, int max);
int	netlink_set_queue(int fd, unsigned index, uint32_t frames);
int	netlink_up(int fd, unsigned index);
int	netlink_setup(int fd, const struct netlink_link *link,
		      const struct netlink_setup *s);

#endif /* NETLINK_H */
