// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dhcp.c - messages of a DHCP client
 * links: dhcp.c dnsname.c addr.c util.c count.c
 *
 * The first byte of an input chooses the network and the way, the rest is a
 * message.  An answer has to be well formed and for the one who asked.
 */
#include "dhcp.h"

#include "test/fuzz/fuzz.h"
#include "test/unit/guestconf.h"

enum { UNICAST = 1, PREFIX32 = 2, NO_RESOLVER = 4, ROUTES = 8 };

static void add_routes(void)
{
	struct net_route *r = world.net.routes;

	r[0] = (struct net_route){ .dst = world_addr("0.0.0.0") };
	r[1] = (struct net_route){
		.dst = world_addr("10.0.0.0"), .prefix = 8, .via = world_addr("203.0.113.1"),
	};
	r[2] = (struct net_route){ .dst = world_addr("169.254.0.0"), .prefix = 16 };
	world.net.nroutes = 3;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dhcp_conf conf = { .on = true, .dns = true, .search = true };
	static uint8_t udp[65536];
	struct addr dst;
	struct frame f;

	if (size < 1 || size > 60000)
		return 0;
	world_reset();
	dhcp_init(&conf);
	if (data[0] & PREFIX32)
		world.net.prefix4 = 32;
	if (data[0] & NO_RESOLVER)
		world.net.ndns4 = 0;
	if (data[0] & ROUTES)
		add_routes();
	dst = data[0] & UNICAST ? world.net.gw4 : addr_bcast4;
	world_frame(&f, &addr_any4, &dst, WIRE_UDP, udp,
		    world_udp(udp, 68, 67, data + 1, size - 1), 64);
	if (!dhcp_frame(&f) && addr_is4(&dst))
		abort();
	if (world.nsent > 1)
		abort();
	if (world.nsent && (!world_dhcp_ok(&world.sent[0]) ||
			    memcmp(world.sent[0].l4 + 8 + 4, data + 1 + 4, 4)))
		abort();
	return 0;
}
