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

/* The authors' table for 128 bits, as bytes */
static void test_vectors_long(void)
{
	static const struct { size_t len; uint8_t mac[SIPHASH_MAC + 1]; } v[] = {
		{ 0, "\xA3\x81\x7F\x04\xBA\x25\xA8\xE6\x6D\xF6\x72\x14\xC7\x55\x02\x93" },
		{ 1, "\xDA\x87\xC1\xD8\x6B\x99\xAF\x44\x34\x76\x59\x11\x9B\x22\xFC\x45" },
		{ 2, "\x81\x77\x22\x8D\xA4\xA4\x5D\xC7\xFC\xA3\x8B\xDE\xF6\x0A\xFF\xE4" },
		{ 3, "\x9C\x70\xB6\x0C\x52\x67\xA9\x4E\x5F\x33\xB6\xB0\x29\x85\xED\x51" },
		{ 7, "\xA1\xF1\xEB\xBE\xD8\xDB\xC1\x53\xC0\xB8\x4A\xA6\x1F\xF0\x82\x39" },
		{ 8, "\x3B\x62\xA9\xBA\x62\x58\xF5\x61\x0F\x83\xE2\x64\xF3\x14\x97\xB4" },
		{ 9, "\x26\x44\x99\x06\x0A\xD9\xBA\xAB\xC4\x7F\x8B\x02\xBB\x6D\x71\xED" },
		{ 63, "\x51\x50\xD1\x77\x2F\x50\x83\x4A\x50\x3E\x06\x9A\x97\x3F\xBD\x7C" },
	};
	uint8_t in[64], mac[SIPHASH_MAC];
	struct iovec iov = { in, 0 };

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		iov.iov_len = v[i].len;
		siphash_iov(&counting, &iov, 1, mac);
		CHECK_MEM(mac, v[i].mac, SIPHASH_MAC);
	}
}

/* naive_rounds() - SipRound, one operation at a time */
static void naive_rounds(uint64_t v[4], int rounds)
{
	static const struct { int to, from, by, swap; } step[] = {
		{ 0, 1, 13, 0 }, { 2, 3, 16, -1 }, { 0, 3, 21, -1 },
		{ 2, 1, 17, 2 },
	};

	for (int r = 0; r < rounds * 4; r++) {
		int to = step[r % 4].to, from = step[r % 4].from;
		int by = step[r % 4].by;

		v[to] += v[from];
		v[from] = v[from] << by | v[from] >> (64 - by);
		v[from] ^= v[to];
		if (step[r % 4].swap >= 0)
			v[to] = v[to] << 32 | v[to] >> 32;
	}
}

/* naive() - The paper's definition, one byte at a time; @more: of 128 bits the 2nd half */
static uint64_t naive(const uint64_t key[2], const uint8_t *in, size_t len,
		      uint64_t *more)
{
	static const char constant[] = "somepseudorandomlygeneratedbytes";
	uint64_t v[4] = { 0 }, first;

	for (int i = 0; i < 32; i++)
		v[i / 8] = v[i / 8] << 8 | (uint8_t)constant[i];
	for (int i = 0; i < 4; i++)
		v[i] ^= key[i % 2];
	v[1] ^= more ? 0xee : 0;
	for (size_t w = 0; w <= len / 8; w++) {
		uint64_t m = 0;

		for (size_t i = w * 8; i < w * 8 + 8; i++)
			m |= (uint64_t)(i < len ? in[i] : i % 8 == 7 ?
					(uint8_t)len : 0) << i % 8 * 8;
		v[3] ^= m;
		naive_rounds(v, 2);
		v[0] ^= m;
	}
	v[2] ^= more ? 0xee : 0xff;
	naive_rounds(v, 4);
	first = v[0] ^ v[1] ^ v[2] ^ v[3];
	if (more) {
		v[1] ^= 0xdd;
		naive_rounds(v, 4);
		*more = v[0] ^ v[1] ^ v[2] ^ v[3];
	}
	return first;
}

static void test_random(void)
{
	uint8_t in[300];

	for (int i = 0; i < 3000; i++) {
		struct siphash_key key = { { check_rand(), check_rand() } };
		size_t len = check_below(sizeof(in) + 1);

		check_fill(in, sizeof(in));
		CHECK_EQ(siphash(&key, in, len), naive(key.k, in, len, NULL));
	}
}

/* The long form, its input cut anywhere */
static void test_random_pieces(void)
{
	uint8_t in[300], mac[SIPHASH_MAC];

	for (int i = 0; i < 3000; i++) {
		struct siphash_key key = { { check_rand(), check_rand() } };
		uint64_t half[2] = { 0 };
		struct iovec iov[6];
		size_t at = 0;

		check_fill(in, sizeof(in));
		for (size_t k = 0; k < ARRAY_SIZE(iov); k++) {
			iov[k] = (struct iovec){ in + at, check_below(k % 2 ? 6 : 90) };
			at += iov[k].iov_len;
		}
		siphash_iov(&key, iov, ARRAY_SIZE(iov), mac);
		half[0] = naive(key.k, in, at, &half[1]);
		for (size_t k = 0; k < SIPHASH_MAC; k++)
			CHECK_EQ(mac[k], half[k / 8] >> 8 * (k % 8) & 0xff);
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
	RUN(test_vectors_long);
	RUN(test_random);
	RUN(test_random_pieces);
	RUN(test_each_bit);
	return check_done();
}
