// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xxhash.c - XXH64 against published sums and a second implementation
 * links:
 */
#include "xxhash.h"

#include "test/unit/check.h"

enum { LONGEST = 300, ROUNDS = 5000 };

/* Sums that others publish with their implementations */
static void test_vectors(void)
{
	static const struct { const char *text; uint64_t sum; } v[] = {
		{ "", UINT64_C(0xef46db3751d8e999) },
		{ "a", UINT64_C(0xd24ec4f1a98c6e5b) },
		{ "abc", UINT64_C(0x44bc2cf5ad770999) },
		{ "Nobody inspects the spammish repetition", UINT64_C(0xfbcea83c8a378bf1) },
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		CHECK_EQ(xxh64(v[i].text, strlen(v[i].text), 0), v[i].sum);
}

static uint64_t turn(uint64_t x, int by)
{
	while (by--)
		x = x << 1 | x >> 63;
	return x;
}

static uint64_t number(const uint8_t *p, int n)
{
	uint64_t x = 0;

	while (n--)
		x = 256 * x + p[n];
	return x;
}

/* The specification step by step, one lane at a time */
static uint64_t naive(const uint8_t *in, size_t len, uint64_t seed)
{
	const uint64_t P[] = { 0, XXH_PRIME_1, XXH_PRIME_2, XXH_PRIME_3, XXH_PRIME_4, XXH_PRIME_5 };
	uint64_t lane[4] = { seed + P[1] + P[2], seed + P[2], seed, seed - P[1] };
	size_t at = 0, stripes = len / 32 * 32;
	uint64_t sum = seed + P[5];

	for (int i = 0; i < 4; i++) {
		for (at = 8 * (size_t)i; at < stripes; at += 32)
			lane[i] = turn(lane[i] + number(in + at, 8) * P[2], 31) * P[1];
	}
	if (stripes) {
		sum = turn(lane[0], 1) + turn(lane[1], 7) + turn(lane[2], 12) + turn(lane[3], 18);
		for (int i = 0; i < 4; i++)
			sum = (sum ^ turn(lane[i] * P[2], 31) * P[1]) * P[1] + P[4];
	}
	sum += len;
	at = stripes;
	while (at < len) {
		if (len - at >= 8) {
			sum ^= turn(number(in + at, 8) * P[2], 31) * P[1];
			sum = turn(sum, 27) * P[1] + P[4];
			at += 8;
		} else if (len - at >= 4) {
			sum = turn(sum ^ number(in + at, 4) * P[1], 23) * P[2] + P[3];
			at += 4;
		} else {
			sum = turn(sum ^ in[at++] * P[5], 11) * P[1];
		}
	}
	sum ^= sum >> 33;
	sum *= P[2];
	sum ^= sum >> 29;
	sum *= P[3];
	return sum ^ sum >> 32;
}

static void test_naive(void)
{
	uint8_t in[LONGEST];

	for (int i = 0; i < ROUNDS; i++) {
		size_t len = check_below(LONGEST + 1);
		uint64_t seed = check_rand();

		for (size_t k = 0; k < len; k++)
			in[k] = (uint8_t)check_rand();
		CHECK_EQ(xxh64(in, len, seed), naive(in, len, seed));
	}
}

/* Another bit, length or seed is another sum */
static void test_differs(void)
{
	uint8_t in[100] = { 0 };
	uint64_t sum = xxh64(in, sizeof(in), 7);

	for (size_t bit = 0; bit < 8 * sizeof(in); bit++) {
		in[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK(xxh64(in, sizeof(in), 7) != sum);
		in[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CHECK(xxh64(in, sizeof(in) - 1, 7) != sum);
	CHECK(xxh64(in, sizeof(in), 8) != sum);
}

int main(void)
{
	RUN(test_vectors);
	RUN(test_naive);
	RUN(test_differs);
	return check_done();
}
