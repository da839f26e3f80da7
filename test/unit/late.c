// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * late.c - unit test of ../../tail.c: bytes behind a gap
 * links: tail.c
 *
 * The oracle is a map of the bytes of one stream: which are there.  What a byte
 * is follows from its number, so that the contents can be checked as well.
 */
#include "test/unit/check.h"

#include <sys/uio.h>

#include "seq.h"
#include "tail.h"

enum { STREAM = 60000, SEG = 3000, STREAMS = 400, BASE_NEAR_WRAP = 20000 };

static bool there[STREAM];
static uint32_t touched[STREAM];	/* when a segment began there, 0: never */
static uint32_t now;
static uint8_t input[STREAM];

static uint8_t byte_at(uint32_t i)
{
	return (uint8_t)(i * 31 ^ i >> 8);
}

static void begin(void)
{
	tail_init();
	memset(there, 0, sizeof(there));
	memset(touched, 0, sizeof(touched));
	now = 0;
	for (uint32_t i = 0; i < STREAM; i++)
		input[i] = byte_at(i);
}

/* take_all() - What late_take() gives at @next must be there, whole, and right */
static uint32_t take_all(uint32_t *late, uint32_t base, uint32_t next)
{
	struct iovec iov[64];
	uint32_t tail = 0, want = 0, at = next;
	uint32_t got = late_take(late, base + next, &tail);

	while (next + want < STREAM && there[next + want])
		want++;
	CHECK_EQ(got, want);
	while (tail_peek(tail, iov, 64)) {
		CHECK_MEM(iov[0].iov_base, input + at, iov[0].iov_len);
		at += (uint32_t)iov[0].iov_len;
		tail_drop(&tail, (uint32_t)iov[0].iov_len);
	}
	CHECK_EQ(at, next + got);
	return got;
}

/* newest_before() - Of all ranges from @next on, the one that changed last, before @limit */
static uint32_t newest_before(uint32_t next, uint32_t limit, struct late_block *b)
{
	uint32_t best = 0, end;

	for (uint32_t i = next; i < STREAM; i = end + 1) {
		uint32_t when = 0;

		for (end = i; end < STREAM && there[end]; end++)
			when = touched[end] > when ? touched[end] : when;
		if (when > best && when < limit) {
			best = when;
			*b = (struct late_block){ i, end };
		}
	}
	return best;
}

/* check_blocks() - What changed last first, whole, and as many as there are */
static void check_blocks(uint32_t late, uint32_t base, uint32_t next)
{
	struct late_block b[LATE_BLOCKS], want = { 0, 0 };
	int n = late_blocks(late, b), i = 0;
	uint32_t when = UINT32_MAX;

	for (; i < n; i++) {
		when = newest_before(next, when, &want);
		CHECK(when);
		CHECK_EQ(b[i].start - base, want.start);
		CHECK_EQ(b[i].end - base, want.end);
	}
	if (n < LATE_BLOCKS)
		CHECK(!newest_before(next, when, &want));
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
				/* In order: it does not go through tail.c */
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
			touched[from] = ++now;
			check_blocks(late, base, next);
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

	/* In the other order, it is no more */
	for (uint32_t i = 2000; i; i--)
		CHECK_EQ(late_put(&late, 10 + 4 * i, &(struct iovec){ input, 1 }, 1, 1),
			 2000 - i < kept);
	CHECK_EQ(tail_used(), kept);
	late_drop(&late);
	CHECK_EQ(tail_used(), 0);

	kept = 0;
	for (uint32_t i = 0; i < 2 * TAIL_PIECES; i++)
		kept += late_put(&late, 10 + i * TAIL_PIECE,
				 &(struct iovec){ input, TAIL_PIECE }, 1, TAIL_PIECE);
	CHECK_EQ(kept, TAIL_PIECES / 2 * TAIL_PIECE);
	/* What is known already is no news when the pool is used up either */
	CHECK_EQ(late_put(&late, 10, &(struct iovec){ input, 5 }, 1, 5), 0);
	late_drop(&late);
	CHECK_EQ(tail_used(), 0);
}

/* In pieces that nobody could name: nothing is kept, and nothing is left of it */
static void test_no_bytes(void)
{
	struct iovec iov = { input, 10 };
	struct late_block b[LATE_BLOCKS];
	uint32_t late = 0;

	begin();
	CHECK_EQ(late_put(&late, 100, NULL, 0, 10), 0);
	CHECK_EQ(late_put(&late, 100, &iov, 1, 0), 0);
	CHECK_EQ(late, 0);
	CHECK_EQ(late_put(&late, 100, &iov, 1, 10), 10);
	CHECK_EQ(late_put(&late, 200, NULL, 0, 10), 0);
	CHECK_EQ(late_put(&late, 110, NULL, 0, 10), 0);
	CHECK_EQ(late_blocks(late, b), 1);
	CHECK_EQ(b[0].end, 110);
	late_drop(&late);
	CHECK_EQ(tail_used(), 0);
}

int main(void)
{
	RUN(test_random);
	RUN(test_take_middle);
	RUN(test_take_old);
	RUN(test_limits);
	RUN(test_no_bytes);
	return check_done();
}
