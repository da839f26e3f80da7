/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DHCP_OPT_H
#define DHCP_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "pkt.h"

/* RFC 2132, and where noted */
enum {
	DHCP_OPT_PAD		= 0,
	DHCP_OPT_MASK		= 1,
	DHCP_OPT_ROUTER		= 3,
	DHCP_OPT_DNS		= 6,
	DHCP_OPT_HOSTNAME	= 12,
	DHCP_OPT_MTU		= 26,
	DHCP_OPT_REQUESTED	= 50,
	DHCP_OPT_LEASE		= 51,
	DHCP_OPT_OVERLOAD	= 52,
	DHCP_OPT_TYPE		= 53,
	DHCP_OPT_SERVER		= 54,
	DHCP_OPT_PARAMETERS	= 55,
	DHCP_OPT_TEXT		= 56,
	DHCP_OPT_SIZE		= 57,
	DHCP_OPT_CLIENT		= 61,
	DHCP_OPT_RAPID		= 80,		/* RFC 4039 */
	DHCP_OPT_FQDN		= 81,		/* RFC 4702 */
	DHCP_OPT_RELAY		= 82,		/* RFC 3046 */
	DHCP_OPT_SEARCH		= 119,		/* RFC 3397 */
	DHCP_OPT_ROUTES		= 121,		/* RFC 3442 */
	DHCP_OPT_END		= 255,
	DHCP_OPTIONS		= 256,
};

/**
 * struct dhcp_option - an option of a request
 * @p:		its data in the message, NULL: not there
 * @len:	bytes
 */
struct dhcp_option {
	const uint8_t *p;
	uint8_t len;
};

bool	dhcp_opt_read(struct dhcp_option opt[static DHCP_OPTIONS], const uint8_t *data,
		      size_t len);
void	dhcp_opt_put(struct pkt_writer *w, uint8_t code, const uint8_t *data, size_t len);
void	dhcp_opt_put_parameters(struct pkt_writer *w,
				const struct dhcp_option asked[static DHCP_OPTIONS],
				bool dns, bool search);
const struct addr *dhcp_opt_gateway(void);

#endif /* DHCP_OPT_H */
