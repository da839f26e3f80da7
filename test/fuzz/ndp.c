// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ndp.c - neighbour discovery of the guest
 * links: ndp.c dnsname.c addr.c util.c count.c
 *
 * The first byte of an input chooses addresses and hop limit, the rest is an
 * ICMPv6 message.  An answer has to be well formed.
 */
#include "ndp.h"

#include "test/fuzz/fuzz.h"
#include "test/unit/guestconf.h"

enum { UNSPECIFIED = 1, UNICAST = 2, ROUTERS = 4, FAR = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ndp_conf conf = {
		.on = true, .ra = true, .managed = true, .dns = true, .search = true,
	};
	struct addr src, dst;
	struct frame f;

	if (size < 1 || size > 65000)
		return 0;
	world_reset();
	ndp_init(&conf);
	src = data[0] & UNSPECIFIED ? addr_none : world_addr("fe80::5054:ff:fe12:3456");
	if (data[0] & UNICAST)
		dst = world.net.gw6;
	else if (data[0] & ROUTERS)
		dst = world_addr("ff02::2");
	else
		dst = world_addr("ff02::1:ff00:99");
	world_frame(&f, &src, &dst, WIRE_ICMP6, data + 1, size - 1, data[0] & FAR ? 64 : 255);
	(void)ndp_frame(&f);
	if (world.nsent > 1 || (world.nsent && !world_ndp_ok(&world.sent[0])))
		abort();
	return 0;
}
