/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DHCPV6_MSG_H
#define DHCPV6_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "pkt.h"

/* RFC 8415, section 7.3 */
enum {
	V6_SOLICIT	= 1,
	V6_ADVERTISE	= 2,
	V6_REQUEST	= 3,
	V6_CONFIRM	= 4,
	V6_RENEW	= 5,
	V6_REBIND	= 6,
	V6_REPLY	= 7,
	V6_RELEASE	= 8,
	V6_DECLINE	= 9,
	V6_INFORM	= 11,
};

/* RFC 8415, section 21, and where noted */
enum {
	V6_OPT_CLIENTID		= 1,
	V6_OPT_SERVERID		= 2,
	V6_OPT_IA_NA		= 3,
	V6_OPT_IA_TA		= 4,
	V6_OPT_IAADDR		= 5,
	V6_OPT_ORO		= 6,
	V6_OPT_PREFERENCE	= 7,
	V6_OPT_STATUS		= 13,
	V6_OPT_RAPID		= 14,
	V6_OPT_DNS		= 23,		/* RFC 3646 */
	V6_OPT_SEARCH		= 24,		/* RFC 3646 */
	V6_OPT_IA_PD		= 25,
	V6_OPT_REFRESH		= 32,
	V6_OPT_FQDN		= 39,		/* RFC 4704 */
};

enum { V6_IA_MAX = 8 };		/* IAs answered in one message */

/**
 * struct v6_ia - an identity association of a client
 * @type:	V6_OPT_IA_NA, V6_OPT_IA_TA or V6_OPT_IA_PD
 * @id:		its number
 * @opts:	options in it
 */
struct v6_ia {
	uint16_t type;
	uint32_t id;
	struct pkt_reader opts;
};

/**
 * struct v6_request - a message of a client, checked
 * @type:	V6_SOLICIT and so on
 * @xid:	transaction id, 3 bytes
 * @client:	its DUID, empty if none came
 * @server:	DUID of the server it is for, empty if none came
 * @oro:	list of options asked for
 * @has_oro:	there was such a list
 * @rapid:	rapid commit asked for
 * @fqdn:	client's name, with flags
 * @has_fqdn:	it brought that up
 * @ia:		identity associations
 * @nia:	entries of @ia
 */
struct v6_request {
	uint8_t type;
	uint8_t xid[3];
	struct pkt_reader client;
	struct pkt_reader server;
	struct pkt_reader oro;
	bool has_oro;
	bool rapid;
	struct pkt_reader fqdn;
	bool has_fqdn;
	struct v6_ia ia[V6_IA_MAX];
	unsigned nia;
};

bool	dhcpv6_msg_read(struct v6_request *rq, const uint8_t *data, size_t len);
bool	dhcpv6_msg_asks(const struct v6_request *rq, uint16_t code);
bool	dhcpv6_msg_address(struct pkt_reader *list, struct addr *a);

#endif /* DHCPV6_MSG_H */
