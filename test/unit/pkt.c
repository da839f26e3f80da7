// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pkt.c - bounded reading and writing: never past the end, bad stays bad
 * links:
 *
 * Buffers are exactly as long as said and from malloc(), so that one byte too
 * far ends the test by AddressSanitizer.
 */
#include "pkt.h"

#include "test/unit/check.h"

static void test_read(void)
{
	static const uint8_t in[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	struct pkt_reader r = pkt_reader(in, sizeof(in));
	struct pkt_reader s;

	CHECK_EQ(pkt_u8(&r), 1);
	CHECK_EQ(pkt_be16(&r), 0x0203);
	CHECK_EQ(pkt_be32(&r), 0x04050607);
	CHECK_EQ(r.left, 2);
	s = pkt_sub(&r, 1);
	CHECK_EQ(pkt_u8(&s), 8);
	CHECK(!s.bad && !s.left);
	CHECK(pkt_take(&r, 1) == in + 8);
	CHECK(!r.bad && !r.left);
	CHECK(pkt_take(&r, 0) == in + sizeof(in));
	CHECK(!r.bad);
}

/* What did not fit is not there, nor is anything after it */
static void test_read_bad_stays(void)
{
	static const uint8_t in[] = { 1, 2, 3 };
	struct pkt_reader r = pkt_reader(in, sizeof(in));
	struct pkt_reader s;

	CHECK_EQ(pkt_be32(&r), 0);
	CHECK(r.bad && !r.left);
	CHECK_EQ(pkt_u8(&r), 0);
	CHECK_EQ(pkt_be16(&r), 0);
	CHECK(!pkt_take(&r, 0));
	s = pkt_sub(&r, 0);
	CHECK(s.bad && !s.left);
	CHECK_EQ(pkt_u8(&s), 0);

	r = pkt_reader(in, sizeof(in));
	CHECK(!pkt_take(&r, SIZE_MAX));
	CHECK(r.bad);
}

static void test_sub_bounds(void)
{
	static const uint8_t in[] = { 1, 2, 3, 4 };
	struct pkt_reader r = pkt_reader(in, sizeof(in));
	struct pkt_reader s = pkt_sub(&r, 2);

	CHECK_EQ(pkt_be32(&s), 0);
	CHECK(s.bad && !r.bad);
	CHECK_EQ(pkt_be16(&r), 0x0304);
	s = pkt_sub(&r, 1);
	CHECK(s.bad && r.bad);
}

static void test_empty(void)
{
	struct pkt_reader r = pkt_reader(NULL, 0);
	struct pkt_writer w = pkt_writer(NULL, 0);

	CHECK(!r.bad && !w.bad);
	pkt_put(&w, NULL, 0);
	pkt_put_zero(&w, 0);
	CHECK(!w.bad && !w.len);
	CHECK_EQ(pkt_u8(&r), 0);
	pkt_put_u8(&w, 1);
	CHECK(r.bad && w.bad);
}

static void test_write(void)
{
	uint8_t out[11];
	struct pkt_writer w = pkt_writer(out, sizeof(out));

	pkt_put_u8(&w, 1);
	pkt_put_be16(&w, 0x0203);
	pkt_put_be32(&w, 0x04050607);
	pkt_put(&w, "\x08\x09", 2);
	pkt_put_zero(&w, 2);
	CHECK(!w.bad);
	CHECK_EQ(w.len, 11);
	CHECK_MEM(out, "\1\2\3\4\5\6\7\10\11\0\0", 11);
}

static void test_write_bad_stays(void)
{
	uint8_t out[4] = { 9, 9, 9, 9 };
	struct pkt_writer w = pkt_writer(out, 3);

	pkt_put_be32(&w, 1);
	CHECK(w.bad && !w.len);
	pkt_put_u8(&w, 1);
	pkt_put_be16(&w, 1);
	pkt_put(&w, "x", 1);
	pkt_put_zero(&w, 1);
	CHECK(!pkt_room(&w, 0));
	CHECK_EQ(w.len, 0);
	CHECK_MEM(out, "\x9\x9\x9\x9", 4);

	w = pkt_writer(out, 4);
	pkt_put_u8(&w, 8);
	CHECK(!pkt_room(&w, SIZE_MAX));		/* 1 + SIZE_MAX is 0 */
	CHECK(w.bad);
	CHECK_EQ(w.len, 1);
}

/* model_read() - Take @n bytes as the contract has it: bytes or bad */
static bool model_read(size_t *at, size_t len, bool *bad, size_t n)
{
	if (*bad || n > len - *at) {
		*bad = true;
		return false;
	}
	*at += n;
	return true;
}

static void test_read_random(void)
{
	for (int i = 0; i < 5000; i++) {
		size_t len = check_below(24), at = 0;
		uint8_t *in = malloc(len ? len : 1);
		struct pkt_reader r = pkt_reader(in, len);
		bool bad = false;

		if (!in)
			abort();
		check_fill(in, len);
		for (int step = 0; step < 12; step++) {
			size_t n = (size_t)1 << check_below(3);
			size_t had = at;
			uint32_t v, want = 0;

			v = n == 1 ? pkt_u8(&r) : n == 2 ? pkt_be16(&r) : pkt_be32(&r);
			if (model_read(&at, len, &bad, n))
				for (size_t k = 0; k < n; k++)
					want = want << 8 | in[had + k];
			CHECK_EQ(v, want);
			CHECK_EQ(r.bad, bad);
			if (!bad)
				CHECK_EQ(r.left, len - at);
		}
		free(in);
	}
}

static void test_write_random(void)
{
	for (int i = 0; i < 5000; i++) {
		size_t size = check_below(24), at = 0;
		uint8_t *out = malloc(size ? size : 1);
		struct pkt_writer w = pkt_writer(out, size);
		uint8_t want[24], piece[9];
		bool bad = false;

		for (int step = 0; step < 8; step++) {
			size_t n = check_below(sizeof(piece) + 1), had = at;

			check_fill(piece, sizeof(piece));
			pkt_put(&w, piece, n);
			if (model_read(&at, size, &bad, n))
				memcpy(want + had, piece, n);
			CHECK_EQ(w.bad, bad);
			CHECK_EQ(w.len, at);
		}
		CHECK_MEM(out, want, at);
		free(out);
	}
}

int main(void)
{
	RUN(test_read);
	RUN(test_read_bad_stays);
	RUN(test_sub_bounds);
	RUN(test_empty);
	RUN(test_write);
	RUN(test_write_bad_stays);
	RUN(test_read_random);
	RUN(test_write_random);
	return check_done();
}
