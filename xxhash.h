/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xxhash.h - XXH64, a fast checksum: it tells damage, not forgery
 *
 * Y. Collet: "xxHash fast digest algorithm", 2016 to 2023, whose names these are.  Four
 * lanes of 8 bytes at once: about five times as fast as siphash.h.
 */
#ifndef XXHASH_H
#define XXHASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define XXH_PRIME_1	UINT64_C(0x9e3779b185ebca87)
#define XXH_PRIME_2	UINT64_C(0xc2b2ae3d27d4eb4f)
#define XXH_PRIME_3	UINT64_C(0x165667b19e3779f9)
#define XXH_PRIME_4	UINT64_C(0x85ebca77c2b2ae63)
#define XXH_PRIME_5	UINT64_C(0x27d4eb2f165667c5)

static inline uint64_t xxh_rotl(uint64_t x, unsigned b)
{
	return x << b | x >> (64 - b);
}

/* A lane as the specification has it: the lowest address least significant */
static inline uint64_t xxh_lane(const uint8_t *p, size_t n)
{
	uint64_t w = 0;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	memcpy(&w, p, n);
#else
	for (size_t i = 0; i < n; i++)
		w |= (uint64_t)p[i] << 8 * i;
#endif
	return w;
}

static inline uint64_t xxh_round(uint64_t acc, uint64_t lane)
{
	return xxh_rotl(acc + lane * XXH_PRIME_2, 31) * XXH_PRIME_1;
}

/* xxh_lanes() - All whole stripes of 32 bytes; at least one */
static inline uint64_t xxh_lanes(const uint8_t **p, size_t *left, uint64_t seed)
{
	uint64_t acc[4] = {
		seed + XXH_PRIME_1 + XXH_PRIME_2, seed + XXH_PRIME_2, seed, seed - XXH_PRIME_1,
	};
	uint64_t all;

	for (; *left >= 32; *left -= 32, *p += 32) {
		for (size_t i = 0; i < 4; i++)
			acc[i] = xxh_round(acc[i], xxh_lane(*p + 8 * i, 8));
	}
	all = xxh_rotl(acc[0], 1) + xxh_rotl(acc[1], 7) + xxh_rotl(acc[2], 12) +
	      xxh_rotl(acc[3], 18);
	for (int i = 0; i < 4; i++)
		all = (all ^ xxh_round(0, acc[i])) * XXH_PRIME_1 + XXH_PRIME_4;
	return all;
}

/**
 * xxh64() - Checksum
 * @data:	Input
 * @len:	Its length, bytes
 * @seed:	Other ones give other sums of the same input
 *
 * Return: sum
 */
static inline uint64_t xxh64(const void *data, size_t len, uint64_t seed)
{
	const uint8_t *p = data;
	size_t left = len;
	uint64_t acc = len >= 32 ? xxh_lanes(&p, &left, seed) : seed + XXH_PRIME_5;

	acc += len;
	for (; left >= 8; left -= 8, p += 8)
		acc = xxh_rotl(acc ^ xxh_round(0, xxh_lane(p, 8)), 27) * XXH_PRIME_1 + XXH_PRIME_4;
	if (left >= 4) {
		acc = xxh_rotl(acc ^ xxh_lane(p, 4) * XXH_PRIME_1, 23) * XXH_PRIME_2 + XXH_PRIME_3;
		left -= 4;
		p += 4;
	}
	for (; left; left--, p++)
		acc = xxh_rotl(acc ^ *p * XXH_PRIME_5, 11) * XXH_PRIME_1;
	acc = (acc ^ acc >> 33) * XXH_PRIME_2;
	acc = (acc ^ acc >> 29) * XXH_PRIME_3;
	return acc ^ acc >> 32;
}

#endif /* XXHASH_H */
