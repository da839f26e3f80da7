/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NDP_H
#define NDP_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

/**
 * struct ndp_conf - what was asked for
 * @on:		answer neighbour solicitations (--no-ndp: do not)
 * @ra:		send router advertisements (--no-ra: do not)
 * @managed:	a DHCPv6 server is there too: advertise it
 * @dns:	tell resolvers (--no-dhcp-dns: do not)
 * @search:	tell the search list (--no-dhcp-search: do not)
 */
struct ndp_conf {
	bool on;
	bool ra;
	bool managed;
	bool dns;
	bool search;
};

void	ndp_init(const struct ndp_conf *conf);
bool	ndp_frame(const struct frame *f);
void	ndp_timer(uint64_t now);
void	ndp_advertise(void);

#endif /* NDP_H */
