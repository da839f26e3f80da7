/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * siphash.h - SipHash-2-4, a keyed hash: 64 bits for tables, 128 bits for messages
 *
 * J.-P. Aumasson, D. J. Bernstein: "SipHash: a fast short-input PRF", 2012.
 * Keyed, so that a guest that chooses its addresses and ports can not choose
 * where they collide in a table, nor guess an initial sequence number; and, with
 * 128 bits, so that nobody without the key can make a message that is believed.
 *
 * The form with 128 bits is that of the authors' reference code.  Its input may
 * come in pieces, where they are.
 */
#ifndef SIPHASH_H
#define SIPHASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/uio.h>

enum { SIPHASH_MAC = 16 };		/* bytes of the long form */

struct siphash_key {
	uint64_t k[2];
};

/**
 * struct siphash_stream - a hash of what came so far
 * @v:		state
 * @word:	bytes that make no whole word yet, the first least significant
 * @len:	bytes that came
 */
struct siphash_stream {
	uint64_t v[4];
	uint64_t word;
	uint64_t len;
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

/* A whole one: the compilers make one load of it, where the loop stays a loop */
static inline uint64_t sip_load(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	       (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 |
	       (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static inline void sip_store(uint8_t *p, uint64_t w)
{
	for (unsigned i = 0; i < sizeof(w); i++)
		p[i] = (uint8_t)(w >> 8 * i);
}

/* One word of input */
static inline void sip_take(uint64_t v[static 4], uint64_t w)
{
	v[3] ^= w;
	sip_round(v);
	sip_round(v);
	v[0] ^= w;
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

	for (; left >= 8; left -= 8, p += 8)
		sip_take(v, sip_load(p));
	sip_take(v, sip_word(p, left) | (uint64_t)(len & 0xff) << 56);

	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/**
 * siphash_begin() - A hash of 128 bits, of nothing yet
 * @s:		Filled
 * @key:	Secret, random
 */
static inline void siphash_begin(struct siphash_stream *s, const struct siphash_key *key)
{
	*s = (struct siphash_stream){ .v = {
		key->k[0] ^ 0x736f6d6570736575, key->k[1] ^ 0x646f72616e646f6d ^ 0xee,
		key->k[0] ^ 0x6c7967656e657261, key->k[1] ^ 0x7465646279746573,
	} };
}

/**
 * siphash_add() - More of the input
 * @s:		Hash that was begun
 * @data:	Next bytes
 * @len:	How many; how the input is cut makes no difference
 */
static inline void siphash_add(struct siphash_stream *s, const void *data, size_t len)
{
	/* What is on the stack and whose address nobody has is kept in registers */
	uint64_t v[4] = { s->v[0], s->v[1], s->v[2], s->v[3] };
	unsigned have = (unsigned)s->len % 8;
	const uint8_t *p = data;
	size_t n = have ? 8 - have : 0;

	s->len += len;
	if (n) {
		n = n < len ? n : len;
		s->word |= sip_word(p, n) << 8 * have;
		p += n;
		len -= n;
		if (have + n < 8)
			return;
		sip_take(v, s->word);
		s->word = 0;
	}
	for (; len >= 8; len -= 8, p += 8)
		sip_take(v, sip_load(p));
	if (len)
		s->word = sip_word(p, len);
	memcpy(s->v, v, sizeof(v));
}

/**
 * siphash_end() - The hash of what came
 * @s:		Hash; it is used up
 * @mac:	Filled
 */
static inline void siphash_end(struct siphash_stream *s, uint8_t mac[static SIPHASH_MAC])
{
	uint64_t *v = s->v;

	sip_take(v, s->word | s->len << 56);
	v[2] ^= 0xee;
	for (size_t half = 0; half < 2; half++) {
		for (int i = 0; i < 4; i++)
			sip_round(v);
		sip_store(mac + half * 8, v[0] ^ v[1] ^ v[2] ^ v[3]);
		v[1] ^= 0xdd;
	}
}

/**
 * siphash_iov() - 128 bits of SipHash-2-4 over pieces, where they are
 * @key:	Secret, random
 * @iov:	Pieces
 * @n:		How many
 * @mac:	Filled
 */
static inline void siphash_iov(const struct siphash_key *key, const struct iovec *iov, int n,
			       uint8_t mac[static SIPHASH_MAC])
{
	struct siphash_stream s;

	siphash_begin(&s, key);
	for (int i = 0; i < n; i++)
		siphash_add(&s, iov[i].iov_base, iov[i].iov_len);
	siphash_end(&s, mac);
}

#endif /* SIPHASH_H */
