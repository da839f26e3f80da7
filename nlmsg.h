/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NLMSG_H
#define NLMSG_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "pkt.h"

enum {
	NLMSG_NAME	= 16,		/* an interface's name and its terminator */
	NLMSG_REQUEST	= 256,		/* longest request */
};

/**
 * struct netlink_link - a network interface
 * @index:	its number, 1 or more
 * @mtu:	bytes of an IP packet
 * @name:	with terminator
 * @has_mac:	@mac is an Ethernet address
 * @mac:	see there
 * @loopback:	it is the loopback interface
 * @up:		it is administratively up
 */
struct netlink_link {
	unsigned index;
	uint32_t mtu;
	char name[NLMSG_NAME];
	bool has_mac;
	uint8_t mac[6];
	bool loopback;
	bool up;
};

/**
 * struct netlink_addr - an address of an interface
 * @addr:	local address
 * @prefix:	length of its network, 0..32 or 0..128 by the family of @addr
 */
struct netlink_addr {
	struct addr addr;
	uint8_t prefix;
};

/**
 * struct netlink_route - a unicast route of the main table
 * @dst:	network; addr_any4 or addr_none with a @prefix of 0: the default
 * @via:	next hop, maybe of the other family (RFC 8950); addr_none: on the
 *		link
 * @metric:	the lower the better
 * @index:	interface; of several next hops, the one that was chosen
 * @prefix:	length of @dst, 0..32 or 0..128 by its family
 * @by_kernel:	it follows from an address
 */
struct netlink_route {
	struct addr dst;
	struct addr via;
	uint32_t metric;
	unsigned index;
	uint8_t prefix;
	bool by_kernel;
};

/**
 * struct nlmsg - a request being written
 * @w:		writer of @buf
 * @buf:	its bytes
 */
struct nlmsg {
	struct pkt_writer w;
	uint8_t buf[NLMSG_REQUEST];
};

/**
 * struct nlmsg_in - a message as it came in
 * @type:	RTM_NEWLINK and so on
 * @flags:	NLM_F_ bits
 * @seq:	sequence number of the request it answers
 * @body:	what is behind the header
 */
struct nlmsg_in {
	uint16_t type;
	uint16_t flags;
	uint32_t seq;
	struct pkt_reader body;
};

void	nlmsg_begin(struct nlmsg *m, uint16_t type, uint16_t flags,
		    const void *fixed, size_t len);
void	nlmsg_put(struct nlmsg *m, unsigned type, const void *data, size_t len);
void	nlmsg_put_u32(struct nlmsg *m, unsigned type, uint32_t value);
void	nlmsg_put_addr(struct nlmsg *m, unsigned type, const struct addr *a);
void	nlmsg_put_via(struct nlmsg *m, const struct addr *a);
bool	nlmsg_end(struct nlmsg *m, uint32_t seq);

bool	nlmsg_next(struct pkt_reader *datagram, struct nlmsg_in *in);
bool	nlmsg_code(struct pkt_reader body, int *code);
bool	nlmsg_link(struct pkt_reader body, struct netlink_link *link);
int	nlmsg_addr(struct pkt_reader body, int family, unsigned index,
		   struct netlink_addr *addr);
bool	nlmsg_route(struct pkt_reader body, int family, unsigned index,
		    struct netlink_route *route);

#endif /* NLMSG_H */
