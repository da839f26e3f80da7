/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PORTS_H
#define PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

enum {
	PORTS_NUM	= 65536,
	PORTS_RULES	= 256,		/* in a table */
	PORTS_IFNAME	= 16,		/* IFNAMSIZ, terminator included */
};

/**
 * struct ports - a set of ports
 * @bit:	one bit each
 */
struct ports {
	uint64_t bit[PORTS_NUM / 64];
};

static inline bool ports_has(const struct ports *s, uint16_t port)
{
	return s->bit[port / 64] >> port % 64 & 1;
}

static inline void ports_add(struct ports *s, uint16_t port)
{
	s->bit[port / 64] |= UINT64_C(1) << port % 64;
}

static inline void ports_remove(struct ports *s, uint16_t port)
{
	s->bit[port / 64] &= ~(UINT64_C(1) << port % 64);
}

static inline void ports_clear(struct ports *s)
{
	memset(s, 0, sizeof(*s));
}

/**
 * enum ports_mode - which ports of its range a rule is about
 * @PORTS_GIVEN:	each of them was asked for
 * @PORTS_ALL:		all but the ephemeral ones, as far as they are free
 * @PORTS_AUTO:		those bound on the other side, as that changes
 */
enum ports_mode { PORTS_GIVEN, PORTS_ALL, PORTS_AUTO, PORTS_MODE_NUM };

/**
 * struct ports_rule - a range of ports to listen on, and where they lead
 * @addr:	address to bind to, counts if @bound is set
 * @target:	address on the other side; addr_none: the guest's own
 * @ifname:	interface to bind to; empty: any
 * @first:	first port, 1..65535
 * @last:	last port, @first or above
 * @delta:	what is added to a port, modulo 2^16, for the port at the target
 * @item:	number of the item of the specification the rule stems from:
 *		exclusions cut one item into several rules
 * @proto:	WIRE_TCP or WIRE_UDP
 * @mode:	enum ports_mode
 * @in_ns:	listen in the namespace; else on the host
 * @bound:	an address was given; else any, of each family that is on
 * @single:	the item named one port: it has to be free
 */
struct ports_rule {
	struct addr addr;
	struct addr target;
	char ifname[PORTS_IFNAME];
	uint16_t first;
	uint16_t last;
	uint16_t delta;
	uint16_t item;
	uint8_t proto;
	uint8_t mode;
	bool in_ns;
	bool bound;
	bool single;
};

/**
 * struct ports_table - rules, in the order they were asked for
 * @rule:	the rules
 * @n:		their number
 * @items:	items so far, for @item of the next
 */
struct ports_table {
	struct ports_rule rule[PORTS_RULES];
	unsigned n;
	uint16_t items;
};

const char *ports_parse(struct ports_table *t, uint8_t proto, bool in_ns, const char *spec);

#endif /* PORTS_H */
