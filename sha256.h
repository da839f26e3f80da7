/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sha256.h - SHA-256 (FIPS 180-4) and HMAC with it (RFC 2104)
 *
 * For what happens once in a while: keys are made of a secret with it.  It is written to
 * be short, and some thirty times slower than SipHash: messages are not for it.
 */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

enum { SHA256_LEN = 32, SHA256_BLOCK = 64 };

/**
 * struct sha256 - a hash of what came so far
 * @h:		state
 * @len:	bytes that came
 * @block:	those that make no whole block yet
 */
struct sha256 {
	uint32_t h[8];
	uint64_t len;
	uint8_t block[SHA256_BLOCK];
};

static inline uint32_t sha256_rotr(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

/* sha256_take() - One block (FIPS 180-4, section 6.2.2) */
static inline void sha256_take(struct sha256 *s, const uint8_t *p)
{
	static const uint32_t k[64] = {
		0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
		0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
		0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
		0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
		0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
		0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
		0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
		0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
		0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
		0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
		0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
	};
	uint32_t w[64], v[8];

	for (size_t i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
		       (uint32_t)p[4 * i + 2] << 8 | (uint32_t)p[4 * i + 3];
	for (unsigned i = 16; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
		       (sha256_rotr(w[i - 15], 7) ^ sha256_rotr(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       (sha256_rotr(w[i - 2], 17) ^ sha256_rotr(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(v, s->h, sizeof(v));
	for (unsigned i = 0; i < 64; i++) {
		uint32_t t1 = v[7] + k[i] + w[i] + ((v[4] & v[5]) ^ (~v[4] & v[6])) +
			      (sha256_rotr(v[4], 6) ^ sha256_rotr(v[4], 11) ^
			       sha256_rotr(v[4], 25));
		uint32_t t2 = ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2])) +
			      (sha256_rotr(v[0], 2) ^ sha256_rotr(v[0], 13) ^
			       sha256_rotr(v[0], 22));

		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (unsigned i = 0; i < 8; i++)
		s->h[i] += v[i];
}

/* sha256_begin() - A hash of nothing yet */
static inline void sha256_begin(struct sha256 *s)
{
	*s = (struct sha256){ .h = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	} };
}

/**
 * sha256_add() - More of the input
 * @s:		Hash that was begun
 * @data:	Next bytes
 * @len:	How many
 */
static inline void sha256_add(struct sha256 *s, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len) {
		size_t have = s->len % SHA256_BLOCK, n = SHA256_BLOCK - have;

		n = n < len ? n : len;
		memcpy(s->block + have, p, n);
		s->len += n;
		p += n;
		len -= n;
		if (have + n == SHA256_BLOCK)
			sha256_take(s, s->block);
	}
}

/**
 * sha256_end() - The hash of what came
 * @s:		Hash; it is used up
 * @out:	Filled
 */
static inline void sha256_end(struct sha256 *s, uint8_t out[static SHA256_LEN])
{
	static const uint8_t pad[SHA256_BLOCK] = { 0x80 };
	uint64_t bits = s->len * 8;
	uint8_t length[8];

	for (unsigned i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_add(s, pad, 1 + (SHA256_BLOCK + 55 - s->len % SHA256_BLOCK) % SHA256_BLOCK);
	sha256_add(s, length, sizeof(length));
	for (unsigned i = 0; i < SHA256_LEN; i++)
		out[i] = (uint8_t)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}

/**
 * sha256_hmac() - HMAC-SHA-256 of pieces
 * @key:	Secret
 * @len:	Its length, bytes
 * @iov:	Pieces
 * @n:		How many
 * @out:	Filled
 */
static inline void sha256_hmac(const void *key, size_t len, const struct iovec *iov, int n,
			       uint8_t out[static SHA256_LEN])
{
	uint8_t pad[SHA256_BLOCK] = { 0 };
	struct sha256 s;

	if (len > sizeof(pad)) {
		sha256_begin(&s);
		sha256_add(&s, key, len);
		sha256_end(&s, pad);
	} else {
		memcpy(pad, key, len);
	}
	for (unsigned i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36;
	sha256_begin(&s);
	sha256_add(&s, pad, sizeof(pad));
	for (int i = 0; i < n; i++)
		sha256_add(&s, iov[i].iov_base, iov[i].iov_len);
	sha256_end(&s, out);
	for (unsigned i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5c;
	sha256_begin(&s);
	sha256_add(&s, pad, sizeof(pad));
	sha256_add(&s, out, SHA256_LEN);
	sha256_end(&s, out);
}

#endif /* SHA256_H */
