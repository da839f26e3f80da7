// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pattern.c - bytes that both ends of a stream know: a function of stream and offset
 *
 * Theory of operation
 *
 *   A table of random bytes, the same in each process, is repeated; each stream begins at
 *   another place in it.  So a byte that is lost, doubled, or of another stream shows, unless
 *   by just a multiple of the period.  The table is made once, and belongs to no state: who
 *   sends may refer to it.  test/ns/standin.py has the same table.
 */
#include "pattern.h"

#include <string.h>

enum { STREAM_STEP = 104729 };

static uint8_t table[PATTERN_PERIOD + PATTERN_PIECE];

/* pattern_init() - Make the table */
void pattern_init(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < PATTERN_PERIOD; i++) {
		x = x * 1664525 + 1013904223;
		table[i] = (uint8_t)(x >> 24);
	}
	memcpy(table + PATTERN_PERIOD, table, PATTERN_PIECE);
}

/**
 * pattern_at() - What is in a stream
 * @stream:	Its number
 * @offset:	Where
 *
 * Return: PATTERN_PIECE bytes from there
 */
const uint8_t *pattern_at(uint32_t stream, uint64_t offset)
{
	return table + (offset + (uint64_t)stream * STREAM_STEP) % PATTERN_PERIOD;
}

/**
 * pattern_same() - Compare
 * @stream:	Number of the stream
 * @offset:	Where in it
 * @data:	Bytes that came
 * @len:	Their number
 *
 * Return: @len; else how many are right before the first that is not
 */
size_t pattern_same(uint32_t stream, uint64_t offset, const uint8_t *data, size_t len)
{
	for (size_t done = 0, n; done < len; done += n) {
		const uint8_t *want = pattern_at(stream, offset + done);

		n = len - done < PATTERN_PIECE ? len - done : PATTERN_PIECE;
		if (!memcmp(want, data + done, n))
			continue;
		while (*want++ == data[done])
			done++;
		return done;
	}
	return len;
}
