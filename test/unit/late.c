// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * late.c - unit test of ../../late.c
 * links: late.c tail.c
 *
 * The oracle is a map of the bytes of one stream: which are there.  What a byte
 * is follows from its number, so that the contents can be checked as well.
 */
#include "test/unit/check.h"

#include <sys/uio.h>

#include "late.h"
#include "seq.h"
#include "tail.h"

enum { STREAM = 60000, SEG = 3000, STREAMS = 400, BASE_NEAR_WRAP = 20000 };

static bool there[STREAM];
static uint8_t input[STREAM];

static uint8_t byte_at(uint32_t i)
{
	return (uint8_t)(i * 31 ^ i >> 8);
}

static void begin(void)
{
	tail_init();
	late_init();
	memset(there, 0, sizeof(there));
	for (uint32_t i = 0; i < STREAM; i++)
		input[i] = byte_at(i);
}

/* take_all() - What late_take() gives at @next must be there, whole, and right */
static uint32_t take_all(uint32_t *late, uint32_t base, uint32_t next)
{
	struct iovec iov[64];
	uint32_t tail = 0, want = 0, at = next;
	uint32_t got = late_take(late, base + next, &tail);
	int n;

	while (next + want < STREAM && there[next + want])
		want++;
	CHECK_EQ(got, want);
	while ((n = tail_peek(tail, iov, 64))) {
		CHECK_MEM(iov[0].iov_base, input + at, iov[0].iov_len);
		at += (uint32_t)iov[0].iov_len;
		tail_drop(&tail, (uint32_t)iov[0].iov_len);
	}
	CHECK_EQ(at, next + got);
	return got;
}

/* check_blocks() - In order but for the first, apart, and there */
static void check_blocks(uint32_t late, uint32_t base, uint32_t newest)
{
	struct late_block b[LATE_BLOCKS];
	int n = late_blocks(late, base + newest, b);

	CHECK_EQ(!n, !late);
	for (int i = 0; i < n; i++) {
		uint32_t from = b[i].start - base, to = b[i].end - base;

		CHECK(from < to && to <= STREAM);
		for (uint32_t k = from; k < to && k < STREAM; k++)
			CHECK(there[k]);
		CHECK(to == STREAM || !there[to]);
		CHECK(!from || !there[from - 1]);
		if (i > 1)
			CHECK(seq_lt(b[i - 1].end, b[i].start));
	}
	if (n && there[newest])
		CHECK(newest >= b[0].start - base && newest < b[0].end - base);
}

/* Segments in any order, overlapping, again and again, until all is taken */
static void test_random(void)
{
	for (int round = 0; round < STREAMS; round++) {
		uint32_t base = UINT32_MAX - BASE_NEAR_WRAP, late = 0, next = 0;

		begin();
		for (int i = 0; next < STREAM && i < 4000; i++) {
			uint32_t ahead = (uint32_t)check_below(STREAM - next);
			uint32_t from = next + (i % 3 ? ahead % (4 * SEG) : 0);
			uint32_t len, kept, skip = 0, room;

			if (from >= STREAM)
				continue;
			len = (uint32_t)check_below(STREAM - from < SEG ? STREAM - from : SEG) + 1;
			if (from == next) {
				/* In order: it does not go through late.c */
				memset(there + from, 1, len);
				next += len;
				next += take_all(&late, base, next);
				continue;
			}
			while (skip < len && there[from + skip])
				skip++;
			for (room = skip; room < len && !there[from + room]; room++)
				;
			kept = late_put(&late, base + from, &(struct iovec){ input + from, len },
					1, len);
			CHECK_EQ(kept, room - skip);
			memset(there + from + skip, 1, kept);
			check_blocks(late, base, from + skip < STREAM ? from + skip : from);
		}
		CHECK_EQ(next, STREAM);
		late_drop(&late);
		CHECK_EQ(tail_used(), 0);
	}
}

/* What is expected next lies in the middle of a range */
static void test_take_middle(void)
{
	uint32_t late = 0;

	begin();
	CHECK_EQ(late_put(&late, 100, &(struct iovec){ input + 100, 50 }, 1, 50), 50);
	memset(there + 100, 1, 50);
	CHECK_EQ(late_take(&late, 99, &(uint32_t){ 0 }), 0);
	CHECK_EQ(take_all(&late, 0, 120), 30);
	CHECK_EQ(late, 0);
	CHECK_EQ(tail_used(), 0);
}

/* A range that is old altogether is forgotten */
static void test_take_old(void)
{
	uint32_t late = 0, tail = 0;

	begin();
	CHECK_EQ(late_put(&late, 100, &(struct iovec){ input, 50 }, 1, 50), 50);
	CHECK_EQ(late_take(&late, 150, &tail), 0);
	CHECK_EQ(late, 0);
	CHECK_EQ(tail_used(), 0);
}

/* Half of the pool is for others; ranges per connection are limited */
static void test_limits(void)
{
	uint32_t late = 0, kept = 0;

	begin();
	for (uint32_t i = 0; i < 2000; i++)
		kept += late_put(&late, 10 + 4 * i, &(struct iovec){ input, 1 }, 1, 1);
	CHECK(kept > 32 && kept < 256);
	late_drop(&late);
	CHECK_EQ(tail_used(), 0);

	kept = 0;
	for (uint32_t i = 0; i < 2 * TAIL_PIECES; i++)
		kept += late_put(&late, 10 + i * TAIL_PIECE,
				 &(struct iovec){ input, TAIL_PIECE }, 1, TAIL_PIECE);
	CHECK_EQ(kept, TAIL_PIECES / 2 * TAIL_PIECE);
	late_drop(&late);
	CHECK_EQ(tail_used(), 0);
}

int main(void)
{
	RUN(test_random);
	RUN(test_take_middle);
	RUN(test_take_old);
	RUN(test_limits);
	return check_done();
}
