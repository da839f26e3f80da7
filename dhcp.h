/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DHCP_H
#define DHCP_H

#include <stdbool.h>

#include "frame.h"

/**
 * struct dhcp_conf - what was asked for, of either server
 * @on:		answer (--no-dhcp and --no-dhcpv6: do not)
 * @dns:	tell resolvers (--no-dhcp-dns: do not)
 * @search:	tell the search list (--no-dhcp-search: do not)
 */
struct dhcp_conf {
	bool on;
	bool dns;
	bool search;
};

void	dhcp_init(const struct dhcp_conf *conf);
bool	dhcp_frame(const struct frame *f);

/* dhcpv6.c */
void	dhcpv6_init(const struct dhcp_conf *conf);
bool	dhcpv6_frame(const struct frame *f);

#endif /* DHCP_H */
