// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dhcpv6.c - messages of a DHCPv6 client
 * links: dhcpv6.c dnsname.c addr.c util.c count.c
 *
 * The first byte of an input chooses the network and the way, the rest is a
 * message.  An answer has to be well formed and for the one who asked.
 */
#include "dhcp.h"

#include "test/fuzz/fuzz.h"
#include "test/unit/guestconf.h"

enum { UNICAST = 1, NO_ADDRESS = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dhcp_conf conf = { .on = true, .dns = true, .search = true };
	static uint8_t udp[65536];
	struct addr src, dst;
	struct frame f;

	if (size < 1 || size > 60000)
		return 0;
	world_reset();
	dhcpv6_init(&conf);
	if (data[0] & NO_ADDRESS)
		world.net.addr6 = addr_none;
	src = world_addr("fe80::5054:ff:fe12:3456");
	dst = data[0] & UNICAST ? world.net.gw6 : world_addr("ff02::1:2");
	world_frame(&f, &src, &dst, WIRE_UDP, udp,
		    world_udp(udp, 546, 547, data + 1, size - 1), 1);
	if (!dhcpv6_frame(&f) || world.nsent > 1)
		abort();
	if (world.nsent && (!world_dhcpv6_ok(&world.sent[0]) ||
			    memcmp(world.sent[0].l4 + 8 + 1, data + 1 + 1, 3)))
		abort();
	return 0;
}
