/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NLMSG_H
#define NLMSG_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "pkt.h"

enum {
	NLMSG_NAME	= 16,		/* an interface's name and its terminator */
	NLMSG_REQUEST	= 1024,		/* longest request */
};

/**
 * struct netlink_link - a network interface
 * @index:	its number, 1 or more
 * @mtu:	bytes of an IP packet
 * @name:	with terminator
 * @mac:	all 0: it has none
 */
struct netlink_link {
	unsigned index;
	uint32_t mtu;
	char name[NLMSG_NAME];
	uint8_t mac[6];
};

/**
 * struct net_route - a unicast route of the main table, or an address
 * @dst:	network; addr_any4 or addr_none with a @prefix of 0: the default;
 *		of an address, the address itself
 * @via:	next hop, maybe of the other family (RFC 8950); addr_none: on the
 *		link
 * @rank:	the lower the better: metric of a route; of an address 0, 1 if it
 *		is temporary or secondary, 2 if it is not global
 * @index:	interface; of several next hops, the one that was chosen
 * @prefix:	length of the network, 0..32 or 0..128 by the family of @dst
 * @by_kernel:	the route follows from an address
 */
struct net_route {
	struct addr dst;
	struct addr via;
	uint32_t rank;
	unsigned index;
	uint8_t prefix;
	bool by_kernel;
};

/**
 * struct nlmsg - a request being written
 * @w:		writer of @buf
 * @h:		header
 * @buf:	all its bytes, of which @w.len count
 */
struct nlmsg {
	struct pkt_writer w;
	union {
		struct nlmsghdr h;
		uint8_t buf[NLMSG_REQUEST];
	};
};

/**
 * struct nlmsg_in - a message as it came in
 * @h:		header
 * @body:	what is behind it
 */
struct nlmsg_in {
	struct nlmsghdr h;
	struct pkt_reader body;
};

void	nlmsg_begin(struct nlmsg *m, uint16_t type, uint16_t flags,
		    const void *fixed, size_t len);
void	nlmsg_put(struct nlmsg *m, unsigned type, const void *data, size_t len);
void	nlmsg_put_u32(struct nlmsg *m, unsigned type, uint32_t value);
size_t	nlmsg_nest(struct nlmsg *m, unsigned type);
void	nlmsg_nest_end(struct nlmsg *m, size_t nest);
void	nlmsg_put_addr(struct nlmsg *m, unsigned type, const struct addr *a);

bool	nlmsg_next(struct pkt_reader *datagram, struct nlmsg_in *in);
int	nlmsg_result(struct pkt_reader body);
bool	nlmsg_link(struct pkt_reader body, struct netlink_link *link);
bool	nlmsg_addr(struct pkt_reader body, int family, unsigned index,
		   struct net_route *addr);
bool	nlmsg_route(struct pkt_reader body, int family, unsigned index,
		    struct net_route *route);

#endif /* NLMSG_H */
