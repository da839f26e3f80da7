// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * siphash.c - SipHash-2-4 against its paper and a second implementation
 * links:
 */
#include "siphash.h"

#include "test/unit/check.h"
#include "util.h"

static const struct siphash_key counting = {	/* bytes 00 01 .. 0f */
	{ UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) }
};

/* Appendix A of the paper: key 00..0f, input 00..0e */
static void test_paper(void)
{
	uint8_t in[15];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	CHECK_EQ(siphash(&counting, in, 15), UINT64_C(0xa129ca6149be45e5));
}

/* The authors' table of vectors: input 00..n-1; some lengths around a word */
static void test_vectors(void)
{
	static const struct { size_t len; uint64_t hash; } v[] = {
		{ 0, UINT64_C(0x726fdb47dd0e0e31) },
		{ 1, UINT64_C(0x74f839c593dc67fd) },
		{ 2, UINT64_C(0x0d6c8009d9a94f5a) },
		{ 3, UINT64_C(0x85676696d7fb7e2d) },
		{ 7, UINT64_C(0xab0200f58b01d137) },
		{ 8, UINT64_C(0x93f5f5799a932462) },
		{ 9, UINT64_C(0x9e0082df0ba9e4b0) },
		{ 63, UINT64_C(0x958a324ceb064572) },
	};
	uint8_t in[64];

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		CHECK_EQ(siphash(&counting, in, v[i].len), v[i].hash);
}

/* naive() - The paper's definition, one byte and one operation at a time */
static uint64_t naive(const uint64_t key[2], const uint8_t *in, size_t len)
{
	static const char constant[] = "somepseudorandomlygeneratedbytes";
	static const struct { int to, from, by, swap; } step[] = {
		{ 0, 1, 13, 0 }, { 2, 3, 16, -1 }, { 0, 3, 21, -1 },
		{ 2, 1, 17, 2 },
	};
	size_t words = len / 8 + 1;
	uint64_t v[4] = { 0 };

	for (int i = 0; i < 32; i++)
		v[i / 8] = v[i / 8] << 8 | (uint8_t)constant[i];
	for (int i = 0; i < 4; i++)
		v[i] ^= key[i % 2];
	for (size_t w = 0; w < words + 2; w++) {
		int rounds = w < words ? 2 : w == words ? 4 : 0;
		uint64_t m = 0;

		for (size_t i = w * 8; w < words && i < w * 8 + 8; i++)
			m |= (uint64_t)(i < len ? in[i] : i % 8 == 7 ?
					(uint8_t)len : 0) << i % 8 * 8;
		v[3] ^= m;
		v[2] ^= w == words ? 0xff : 0;
		for (int r = 0; r < rounds * 4; r++) {
			int to = step[r % 4].to, from = step[r % 4].from;
			int by = step[r % 4].by;

			v[to] += v[from];
			v[from] = v[from] << by | v[from] >> (64 - by);
			v[from] ^= v[to];
			if (step[r % 4].swap >= 0)
				v[to] = v[to] << 32 | v[to] >> 32;
		}
		v[0] ^= m;
	}
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void test_random(void)
{
	uint8_t in[300];

	for (int i = 0; i < 3000; i++) {
		struct siphash_key key = { { check_rand(), check_rand() } };
		size_t len = check_below(sizeof(in) + 1);

		check_fill(in, sizeof(in));
		CHECK_EQ(siphash(&key, in, len), naive(key.k, in, len));
	}
}

/* Each bit of key and input matters: no two differ in one bit and agree */
static void test_each_bit(void)
{
	uint8_t in[40] = { 0 };
	uint64_t h = siphash(&counting, in, sizeof(in));

	for (size_t i = 0; i < sizeof(in) * 8; i++) {
		in[i / 8] ^= (uint8_t)(1 << i % 8);
		CHECK(siphash(&counting, in, sizeof(in)) != h);
		in[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t i = 0; i < 128; i++) {
		struct siphash_key key = counting;

		key.k[i / 64] ^= UINT64_C(1) << i % 64;
		CHECK(siphash(&key, in, sizeof(in)) != h);
	}
	CHECK(siphash(&counting, in, sizeof(in) - 1) != h);
}

int main(void)
{
	RUN(test_paper);
	RUN(test_vectors);
	RUN(test_random);
	RUN(test_each_bit);
	return check_done();
}
