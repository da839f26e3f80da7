/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DHCPV6_H
#define DHCPV6_H

#include <stdbool.h>

#include "frame.h"

/**
 * struct dhcpv6_conf - what was asked for
 * @on:		answer (--no-dhcpv6: do not)
 * @dns:	tell resolvers (--no-dhcp-dns: do not)
 * @search:	tell the search list (--no-dhcp-search: do not)
 */
struct dhcpv6_conf {
	bool on;
	bool dns;
	bool search;
};

void	dhcpv6_init(const struct dhcpv6_conf *conf);
bool	dhcpv6_frame(const struct frame *f);

#endif /* DHCPV6_H */
