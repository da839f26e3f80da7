// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * standby_auth.c - how primary and standby know each other, and each other's records
 *
 * Theory of operation
 *
 *   Both ends have the same secret, and one role each.  Both begin with a hello, without
 *   waiting for the other's, and answer the other's with a proof; numbers are big endian:
 *
 *	hello	"passtsby" (8)  major (2)  minor (2)  role (1)  0 (3)
 *		nonce (32)  cluster (64, zeros behind the name)
 *	proof	HMAC(S, "proof...", role of who proves, T)
 *
 *   S is HMAC("passt standby", content of the key file) and T the primary's hello followed
 *   by the standby's, as they came; HMAC is that of SHA-256.  So a proof is one of the
 *   secret, the role, both versions, both names of the cluster and both nonces: it says
 *   nothing about any other handshake, and can not be one's own, sent back.  Each end
 *   chose its nonce at random, so nothing that was recorded before is of use.  The same
 *   T makes the session, with "record.." and "session." in place of "proof...":
 *
 *	key of a direction	first 16 bytes, role is the sender's
 *	number of the session	first 8 bytes, role is 0
 *
 *   Then come records:
 *
 *	length of the body (4)  type (2)  role of the sender (1)  0 (1)
 *	number (8)  confirmed number (8)  session (8)  body  MAC (16)
 *
 *   The MAC is SipHash-2-4 with 128 bits, over header and body.  Numbers grow by one from
 *   1, in each direction.  Reflected, replayed, missing and old records are found by their
 *   MAC, as each direction of each session has its key, or by their number; role, session
 *   and number are looked at first, so that what is wrong has a name.  Who only wants to do
 *   harm can choose the name, not more.
 *
 *   Why this MAC.  It has to be computed over all that the guest receives and sends, twice,
 *   at 10 Gbit/s: 1.25 GB/s beside everything else.  SipHash-2-4 does 3.4 GB/s on a
 *   processor of 2.6 GHz, in C without tables, branches or instructions of a certain
 *   processor; HMAC-SHA-256 a tenth of that at best, in C.  What it promises is what is
 *   wanted here: a pseudorandom function under a key of 128 bits that nobody but the two
 *   ends has; a MAC that is guessed is right once in 2^128, and the first wrong one ends the
 *   session and its keys.  Polynomial MACs (Poly1305, GHASH) would be faster with vector
 *   instructions only, and must never see a nonce twice.  The secret of the file is never a
 *   key of SipHash: what lives for long stands behind HMAC-SHA-256 with all of its bytes.
 *
 *   It hides nothing: who can listen on the way reads along.
 *
 * Nothing here makes a system call, keeps state, or logs.
 */
#include "standby_auth.h"

#include <string.h>

#include "util.h"

enum { MAGIC_LEN = 8, LABEL_LEN = 8, AT_MAJOR = 8, AT_MINOR = 10, AT_ROLE = 12, AT_NONCE = 16,
       AT_CLUSTER = AT_NONCE + STANDBY_NONCE };

static const uint8_t magic[MAGIC_LEN] = { 'p', 'a', 's', 's', 't', 's', 'b', 'y' };

static void put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4, (uint32_t)v);
}

static uint64_t get_be64(const uint8_t *p)
{
	return (uint64_t)get_be32(p) << 32 | get_be32(p + 4);
}

/* standby_other() - The role of who talks to that role */
enum standby_role standby_other(enum standby_role role)
{
	return role == STANDBY_PRIMARY ? STANDBY_STANDBY : STANDBY_PRIMARY;
}

/* piece() - Bytes that are only read, as struct iovec wants them */
static struct iovec piece(const void *p, size_t len)
{
	union {
		const void *in;
		void *out;
	} u = { .in = p };

	return (struct iovec){ u.out, len };
}

/**
 * standby_secret() - What is made of the content of a key file
 * @s:		Filled
 * @content:	All of it
 * @len:	Its length, bytes; who calls says how few are too few
 */
void standby_secret(struct standby_secret *s, const void *content, size_t len)
{
	static const char salt[] = "passt standby";
	struct iovec iov = piece(content, len);

	sha256_hmac(salt, sizeof(salt) - 1, &iov, 1, s->key);
}

/**
 * standby_hello() - What one end says first
 * @hello:	Filled
 * @role:	This end's
 * @nonce:	Random, never used before
 * @cluster:	Name that both ends have, at most STANDBY_CLUSTER - 1 bytes
 */
void standby_hello(uint8_t hello[static STANDBY_HELLO], enum standby_role role,
		   const uint8_t nonce[static STANDBY_NONCE], const char *cluster)
{
	memset(hello, 0, STANDBY_HELLO);
	memcpy(hello, magic, MAGIC_LEN);
	put_be16(hello + AT_MAJOR, STANDBY_MAJOR);
	put_be16(hello + AT_MINOR, STANDBY_MINOR);
	hello[AT_ROLE] = (uint8_t)role;
	memcpy(hello + AT_NONCE, nonce, STANDBY_NONCE);
	(void)util_copy((char *)hello + AT_CLUSTER, STANDBY_CLUSTER, cluster);
}

/**
 * standby_hello_check() - Is this a hello of the end we look for?
 * @theirs:	What came
 * @len:	How much, at most STANDBY_HELLO bytes
 * @ours:	Our hello
 * @minor:	Set to their minor version, if all came
 *
 * Nothing of it is proven yet: the proof covers it.
 *
 * Return: STANDBY_FINE; STANDBY_PARTIAL; STANDBY_NO_PEER, which a few bytes may show;
 *	   STANDBY_VERSION, STANDBY_ROLE, STANDBY_OTHER_CLUSTER
 */
enum standby_fault standby_hello_check(const uint8_t *theirs, size_t len,
				       const uint8_t ours[static STANDBY_HELLO],
				       uint16_t *minor)
{
	if (memcmp(theirs, magic, min_size(len, MAGIC_LEN)))
		return STANDBY_NO_PEER;
	if (len >= AT_MINOR && get_be16(theirs + AT_MAJOR) != STANDBY_MAJOR)
		return STANDBY_VERSION;
	if (len < STANDBY_HELLO)
		return STANDBY_PARTIAL;
	if (theirs[AT_ROLE] != standby_other(ours[AT_ROLE]))
		return STANDBY_ROLE;
	if (memcmp(theirs + AT_CLUSTER, ours + AT_CLUSTER, STANDBY_CLUSTER))
		return STANDBY_OTHER_CLUSTER;
	*minor = get_be16(theirs + AT_MINOR);
	return STANDBY_FINE;
}

/* derive() - HMAC(S, label, role, T); the hellos may come in any order */
static void derive(uint8_t out[static SHA256_LEN], const struct standby_secret *s,
		   const char label[static LABEL_LEN], uint8_t role, const uint8_t *a,
		   const uint8_t *b)
{
	bool first = a[AT_ROLE] == STANDBY_PRIMARY;
	struct iovec iov[] = {
		piece(label, LABEL_LEN), piece(&role, 1),
		piece(first ? a : b, STANDBY_HELLO), piece(first ? b : a, STANDBY_HELLO),
	};

	sha256_hmac(s->key, sizeof(s->key), iov, ARRAY_SIZE(iov), out);
}

/**
 * standby_proof() - What shows that somebody has the secret
 * @proof:	Filled
 * @s:		Secret
 * @role:	Of who proves
 * @a:		One hello
 * @b:		The other, in any order
 */
void standby_proof(uint8_t proof[static STANDBY_PROOF], const struct standby_secret *s,
		   enum standby_role role, const uint8_t a[static STANDBY_HELLO],
		   const uint8_t b[static STANDBY_HELLO])
{
	derive(proof, s, "proof...", (uint8_t)role, a, b);
}

/**
 * standby_same() - Whether two strings of bytes are the same
 * @a:		One
 * @b:		Other
 * @n:		Length of both
 *
 * How long it takes says nothing about where they differ.
 *
 * Return: true if so
 */
bool standby_same(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint8_t differs = 0;

	for (size_t i = 0; i < n; i++)
		differs |= (uint8_t)(a[i] ^ b[i]);
	return !differs;
}

/**
 * standby_lane() - One direction of a new session
 * @l:		Filled
 * @s:		Secret
 * @role:	Of who sends
 * @a:		One hello
 * @b:		The other, in any order
 */
void standby_lane(struct standby_lane *l, const struct standby_secret *s,
		  enum standby_role role, const uint8_t a[static STANDBY_HELLO],
		  const uint8_t b[static STANDBY_HELLO])
{
	uint8_t out[SHA256_LEN];

	derive(out, s, "record..", (uint8_t)role, a, b);
	*l = (struct standby_lane){
		.key = { { get_be64(out), get_be64(out + 8) } }, .role = role,
	};
	derive(out, s, "session.", 0, a, b);
	l->session = get_be64(out);
}

/* mac() - MAC of a record whose body has so many bytes */
static void mac(const struct standby_lane *l, const uint8_t *record, size_t len,
		uint8_t out[static SIPHASH_MAC])
{
	struct iovec iov = piece(record, STANDBY_HEAD + len);

	siphash_iov(&l->key, &iov, 1, out);
}

/**
 * standby_seal() - Make a record of a body
 * @l:		Direction: it has a record more
 * @h:		Header; the number is filled in
 * @record:	@h->len bytes of body at STANDBY_HEAD, room for the header before them, and
 *		for the MAC behind
 */
void standby_seal(struct standby_lane *l, struct standby_head *h, uint8_t *record)
{
	h->number = ++l->number;
	put_be32(record, h->len);
	put_be16(record + 4, h->type);
	record[6] = (uint8_t)l->role;
	record[7] = 0;
	put_be64(record + 8, h->number);
	put_be64(record + 16, h->ack);
	put_be64(record + 24, l->session);
	mac(l, record, h->len, record + STANDBY_HEAD + h->len);
}

/**
 * standby_peek() - Read the header of a record
 * @record:	STANDBY_HEAD bytes
 * @h:		Filled
 */
void standby_peek(const uint8_t *record, struct standby_head *h)
{
	h->len = get_be32(record);
	h->type = get_be16(record + 4);
	h->number = get_be64(record + 8);
	h->ack = get_be64(record + 16);
}

/**
 * standby_open() - Is this the next record of that direction?
 * @l:		Direction: if so, it has a record more
 * @record:	What came
 * @len:	How much, bytes
 * @h:		Filled if so
 *
 * Return: STANDBY_FINE; STANDBY_PARTIAL: nothing is known to be wrong, and more bytes are
 *	   needed; STANDBY_LENGTH, STANDBY_REFLECTED, STANDBY_SESSION, STANDBY_REPLAY,
 *	   STANDBY_GAP, STANDBY_FORGED
 */
enum standby_fault standby_open(struct standby_lane *l, const uint8_t *record, size_t len,
				struct standby_head *h)
{
	uint8_t want[SIPHASH_MAC];
	struct standby_head in;

	if (len < STANDBY_HEAD)
		return STANDBY_PARTIAL;
	standby_peek(record, &in);
	if (record[6] != l->role)
		return record[6] == standby_other(l->role) ? STANDBY_REFLECTED : STANDBY_FORGED;
	if (get_be64(record + 24) != l->session)
		return STANDBY_SESSION;
	if (in.number != l->number + 1)
		return in.number <= l->number ? STANDBY_REPLAY : STANDBY_GAP;
	if (in.len > STANDBY_BODY_MAX)
		return STANDBY_LENGTH;
	if (len < STANDBY_OVERHEAD + in.len)
		return STANDBY_PARTIAL;
	mac(l, record, in.len, want);
	if (!standby_same(want, record + STANDBY_HEAD + in.len, SIPHASH_MAC))
		return STANDBY_FORGED;
	l->number = in.number;
	*h = in;
	return STANDBY_FINE;
}
