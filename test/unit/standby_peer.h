/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * standby_peer.h - the other end of a link to a standby, as simple as can be
 *
 * A second implementation of doc comments in standby_auth.c: framing, keys and MAC, byte
 * by byte.  Of the program it uses SHA-256, which has vectors of its own.
 */
#ifndef STANDBY_PEER_H
#define STANDBY_PEER_H

#include <stdint.h>
#include <string.h>

#include "sha256.h"

enum {
	PEER_HELLO	= 112,
	PEER_PROOF	= 32,
	PEER_HEAD	= 32,
	PEER_MAC	= 16,
	PEER_PRIMARY	= 1,
	PEER_STANDBY	= 2,
};

/**
 * struct peer - the other end
 * @fd:		its socket
 * @role:	PEER_PRIMARY or PEER_STANDBY
 * @secret:	content of its key file
 * @secret_len:	bytes
 * @hello:	what it said
 * @theirs:	what it was told
 * @out_key:	of its records
 * @in_key:	of those of the other
 * @session:	number, as it stands in records
 * @number:	of its last record
 * @seen:	of the last one it read
 * @ack:	what it confirms
 */
struct peer {
	int fd;
	int role;
	uint8_t secret[64];
	size_t secret_len;
	uint8_t hello[PEER_HELLO];
	uint8_t theirs[PEER_HELLO];
	uint8_t out_key[16];
	uint8_t in_key[16];
	uint8_t session[8];
	uint64_t number;
	uint64_t seen;
	uint64_t ack;
};

static inline void peer_put(uint8_t *p, uint64_t v, int bytes)
{
	while (bytes--) {
		p[bytes] = (uint8_t)v;
		v >>= 8;
	}
}

static inline uint64_t peer_get(const uint8_t *p, int bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | *p++;
	return v;
}

/* peer_hash() - SHA-256 of two strings */
static inline void peer_hash(const void *a, size_t na, const void *b, size_t nb, uint8_t *to)
{
	struct sha256 s;

	sha256_begin(&s);
	sha256_add(&s, a, na);
	sha256_add(&s, b, nb);
	sha256_end(&s, to);
}

/* peer_hmac() - RFC 2104, for keys up to 64 bytes */
static inline void peer_hmac(const uint8_t *key, size_t klen, const void *text, size_t len,
			     uint8_t *to)
{
	uint8_t ipad[64], opad[64], inner[32];

	for (size_t i = 0; i < 64; i++) {
		uint8_t k = i < klen ? key[i] : 0;

		ipad[i] = k ^ 0x36;
		opad[i] = k ^ 0x5c;
	}
	peer_hash(ipad, 64, text, len, inner);
	peer_hash(opad, 64, inner, 32, to);
}

/* peer_derive() - HMAC(S, label, role, T) */
static inline void peer_derive(const struct peer *p, const char *label, int role, uint8_t *to)
{
	static const char salt[] = "passt standby";
	uint8_t s[32], text[8 + 1 + 2 * PEER_HELLO];
	const uint8_t *mine = p->hello, *other = p->theirs;

	peer_hmac((const uint8_t *)salt, strlen(salt), p->secret, p->secret_len, s);
	memcpy(text, label, 8);
	text[8] = (uint8_t)role;
	memcpy(text + 9, p->role == PEER_PRIMARY ? mine : other, PEER_HELLO);
	memcpy(text + 9 + PEER_HELLO, p->role == PEER_PRIMARY ? other : mine, PEER_HELLO);
	peer_hmac(s, 32, text, sizeof(text), to);
}

/* peer_hello() - Make its hello; tests change bytes of it then */
static inline void peer_hello(struct peer *p, const char *cluster, uint8_t nonce)
{
	memset(p->hello, 0, PEER_HELLO);
	memcpy(p->hello, "passtsby", 8);
	peer_put(p->hello + 8, 1, 2);
	p->hello[12] = (uint8_t)p->role;
	memset(p->hello + 16, nonce, 32);
	memcpy(p->hello + 48, cluster, strlen(cluster));
}

/* peer_keys() - Both hellos are known */
static inline void peer_keys(struct peer *p)
{
	uint8_t h[32];

	peer_derive(p, "record..", p->role, h);
	memcpy(p->out_key, h, 16);
	peer_derive(p, "record..", 3 - p->role, h);
	memcpy(p->in_key, h, 16);
	peer_derive(p, "session.", 0, h);
	memcpy(p->session, h, 8);
}

/* peer_round() - One SipRound, as drawn in the paper */
static inline void peer_round(uint64_t v[4])
{
	static const struct { int to, from, by, swap; } quarter[] = {
		{ 0, 1, 13, 0 }, { 2, 3, 16, -1 }, { 0, 3, 21, -1 }, { 2, 1, 17, 2 },
	};

	for (int i = 0; i < 4; i++) {
		int to = quarter[i].to, from = quarter[i].from;

		v[to] += v[from];
		v[from] = v[from] << quarter[i].by | v[from] >> (64 - quarter[i].by);
		v[from] ^= v[to];
		if (quarter[i].swap >= 0)
			v[to] = v[to] << 32 | v[to] >> 32;
	}
}

/* peer_mac() - SipHash-2-4 with 128 bits; key bytes are two big endian numbers */
static inline void peer_mac(const uint8_t *key, const uint8_t *p, size_t len, uint8_t *to)
{
	uint64_t v[4] = { 0x736f6d6570736575, 0x646f72616e646f6d, 0x6c7967656e657261,
			  0x7465646279746573 };

	for (size_t i = 0; i < 4; i++)
		v[i] ^= peer_get(key + i % 2 * 8, 8);
	v[1] ^= 0xee;
	for (size_t w = 0; w <= len / 8; w++) {
		uint64_t m = 0;

		for (size_t i = w * 8; i < w * 8 + 8; i++)
			m |= (uint64_t)(i < len ? p[i] : i % 8 == 7 ? (uint8_t)len : 0) << i % 8 * 8;
		v[3] ^= m;
		peer_round(v);
		peer_round(v);
		v[0] ^= m;
	}
	for (int half = 0; half < 2; half++) {
		uint64_t h;

		v[half ? 1 : 2] ^= half ? 0xdd : 0xee;
		for (int i = 0; i < 4; i++)
			peer_round(v);
		h = v[0] ^ v[1] ^ v[2] ^ v[3];
		for (int i = 0; i < 8; i++)
			to[half * 8 + i] = (uint8_t)(h >> 8 * i);
	}
}

/* peer_frame() - Its next record, without MAC.  Return: bytes of header and body */
static inline size_t peer_frame(struct peer *p, uint8_t *r, unsigned type, const void *body,
				size_t len)
{
	memset(r, 0, PEER_HEAD);
	peer_put(r, len, 4);
	peer_put(r + 4, type, 2);
	r[6] = (uint8_t)p->role;
	peer_put(r + 8, ++p->number, 8);
	peer_put(r + 16, p->ack, 8);
	memcpy(r + 24, p->session, 8);
	if (len)
		memcpy(r + PEER_HEAD, body, len);
	return PEER_HEAD + len;
}

/* peer_record() - Its next record.  Return: bytes of it */
static inline size_t peer_record(struct peer *p, uint8_t *r, unsigned type, const void *body,
				 size_t len)
{
	size_t at = peer_frame(p, r, type, body, len);

	peer_mac(p->out_key, r, at, r + at);
	return at + PEER_MAC;
}

#endif /* STANDBY_PEER_H */
