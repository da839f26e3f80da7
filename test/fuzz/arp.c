// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * arp.c - ARP packets of the guest
 * links: arp.c addr.c util.c count.c
 *
 * An input is a packet.  An answer must not be for the guest's own address.
 */
#include "arp.h"

#include "test/fuzz/fuzz.h"
#include "test/unit/guestconf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame f;

	world_reset();
	world_frame(&f, &addr_none, &addr_none, 0, data, min_size(size, 2000), 0);
	arp_frame(&f);
	if (!world.nsent)
		return 0;
	if (world.nsent > 1 || get_be16(world.sent[0].l4 + 6) != 2 ||
	    !memcmp(world.sent[0].l4 + 14, addr_v4(&world.net.addr4), 4))
		abort();
	return 0;
}
