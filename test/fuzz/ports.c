// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ports.c - port specifications
 *
 * Port specifications: whatever the text, the table stays in order.
 *
 * Input: specifications, one per line, added to one table one after another.
 *
 * links: ports.c addr.c util.c
 */
#include "test/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "ports.h"
#include "wire.h"

enum { SPEC = 4096 };

/* check() - What holds for each rule, and for the rules of one item */
static void check(const struct ports_table *t, unsigned from)
{
	static struct ports seen;

	if (t->n > PORTS_RULES)
		abort();
	ports_clear(&seen);
	for (unsigned i = from; i < t->n; i++) {
		const struct ports_rule *r = &t->rule[i];

		if (!r->first || r->first > r->last || r->mode >= PORTS_MODE_NUM)
			abort();
		if (!memchr(r->ifname, '\0', sizeof(r->ifname)))
			abort();
		if ((uint16_t)(r->first + r->delta) > (uint16_t)(r->last + r->delta))
			abort();
		for (uint32_t p = r->first; p <= r->last; p++) {
			if (ports_has(&seen, (uint16_t)p))
				abort();
			ports_add(&seen, (uint16_t)p);
		}
	}
}

/* same() - Whether two pieces of memory agree, padding included */
static bool same(const void *a, const void *b, size_t n)
{
	return !memcmp(a, b, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ports_table t;
	static uint8_t was[sizeof(t)];
	char spec[SPEC];

	memset(&t, 0, sizeof(t));
	for (int line = 0; size && line < 16; line++) {
		const uint8_t *nl = memchr(data, '\n', size);
		size_t len = nl ? (size_t)(nl - data) : size;
		unsigned before = t.n;
		const char *wrong;

		memcpy(was, &t, sizeof(t));
		if (!util_copy_n(spec, sizeof(spec), (const char *)data, len))
			return 0;
		wrong = ports_parse(&t, line & 1 ? WIRE_UDP : WIRE_TCP, line & 2, spec);
		if (wrong && !same(was, &t, sizeof(t)))
			abort();
		check(&t, wrong || t.n < before ? t.n : before);
		len += !!nl;
		data += len;
		size -= len;
	}
	return 0;
}
