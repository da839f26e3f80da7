/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ICMP_H
#define ICMP_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "conn.h"
#include "frame.h"

/**
 * struct icmp_error - an error about something the guest sent
 * @src:	source of the guest's packet, as the guest sent it
 * @dst:	its destination; decides whether it is ICMP or ICMPv6
 * @proto:	its protocol
 * @ttl:	time to live to quote, 0: 1, as it is where packets expire
 * @type:	ICMP or ICMPv6 type; see icmp_error_set()
 * @code:	its code
 * @mtu:	for fragmentation needed, and packet too big: of the next hop
 * @from:	who says so, as the guest sees him; addr_none: its gateway
 * @l4:		the guest's message: header, and as much as there is
 * @l4have:	bytes there, 8 or more
 * @l4len:	bytes the message had
 * @now:	time, us
 */
struct icmp_error {
	struct addr src;
	struct addr dst;
	uint8_t proto;
	uint8_t ttl;
	uint8_t type;
	uint8_t code;
	uint32_t mtu;
	struct addr from;
	const void *l4;
	uint32_t l4have;
	uint32_t l4len;
	uint64_t now;
};

void	icmp_init(void);

/* Errors toward the guest */
bool	icmp_error_set(struct icmp_error *e, int err);
void	icmp_error_to_guest(const struct icmp_error *e);
void	icmp_frag_timeout(uint64_t now);

/* Echo: what it has of its own; for the rest its flows are those of UDP */
bool	icmp_echo_request(const struct frame *f);
void	icmp_echo_reply(const struct conn_key *key, uint8_t *msg, uint32_t len);
void	icmp_echo_restore(const struct conn_key *key, uint8_t *msg, uint32_t have,
			  uint32_t len);

#endif /* ICMP_H */
