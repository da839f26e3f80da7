/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * siphash.h - SipHash-2-4, a keyed hash for short inputs
 *
 * J.-P. Aumasson, D. J. Bernstein: "SipHash: a fast short-input PRF", 2012.
 * Keyed, so that a guest that chooses its addresses and ports can not choose
 * where they collide in a table, nor guess an initial sequence number.
 */
#ifndef SIPHASH_H
#define SIPHASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct siphash_key {
	uint64_t k[2];
};

static inline uint64_t sip_rotl(uint64_t x, unsigned b)
{
	return x << b | x >> (64 - b);
}

static inline void sip_round(uint64_t v[static 4])
{
	v[0] += v[1]; v[1] = sip_rotl(v[1], 13); v[1] ^= v[0]; v[0] = sip_rotl(v[0], 32);
	v[2] += v[3]; v[3] = sip_rotl(v[3], 16); v[3] ^= v[2];
	v[0] += v[3]; v[3] = sip_rotl(v[3], 21); v[3] ^= v[0];
	v[2] += v[1]; v[1] = sip_rotl(v[1], 17); v[1] ^= v[2]; v[2] = sip_rotl(v[2], 32);
}

/* Words of 8 bytes, the lowest address least significant, as the paper has it */
static inline uint64_t sip_word(const uint8_t *p, size_t n)
{
	uint64_t w = 0;

	for (size_t i = 0; i < n; i++)
		w |= (uint64_t)p[i] << 8 * i;
	return w;
}

/**
 * siphash() - 64 bits of SipHash-2-4
 * @key:	Secret, random
 * @data:	Input
 * @len:	Its length, bytes
 *
 * Return: hash
 */
static inline uint64_t siphash(const struct siphash_key *key, const void *data,
			       size_t len)
{
	uint64_t v[4] = {
		key->k[0] ^ 0x736f6d6570736575, key->k[1] ^ 0x646f72616e646f6d,
		key->k[0] ^ 0x6c7967656e657261, key->k[1] ^ 0x7465646279746573,
	};
	const uint8_t *p = data;
	size_t left = len;
	uint64_t w;

	for (; left >= 8; left -= 8, p += 8) {
		w = sip_word(p, 8);
		v[3] ^= w;
		sip_round(v);
		sip_round(v);
		v[0] ^= w;
	}
	w = sip_word(p, left) | (uint64_t)(len & 0xff) << 56;
	v[3] ^= w;
	sip_round(v);
	sip_round(v);
	v[0] ^= w;

	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif /* SIPHASH_H */
