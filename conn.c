// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn.c - the table of flows
 *
 * Theory of operation
 *
 *   A static array of CONN_MAX entries, a hash table of chains that begins with
 *   one 32-bit index per bucket, and a list of free entries:
 *
 *	bucket[hash(key)] --> entry --chain--> entry --chain--> 0
 *	free              --> entry --chain--> entry --chain--> 0
 *	high              first entry that was never used
 *
 *   Entries beyond @high are neither on a list nor written, so memory that was
 *   never needed is never touched: the table costs nothing at start.
 *
 *   The hash is SipHash with a key made at start: a guest or a remote end that
 *   chooses ports can not choose collisions.  There are four buckets for each
 *   entry in use, so a look-up passes 0.13 entries of others, each of which
 *   would be a cache miss.  As keys are random, any number of buckets soon has
 *   all its memory touched: so there are as many as were ever needed.  They grow
 *   one at a time (W. Litwin: "Linear Hashing", 1980): with each entry used for
 *   the first time four buckets are split, so no insertion takes long, and
 *   nothing is moved at once.
 *
 *	[0, split)		addressed by one more bit of the hash
 *	[split, level)		by log2(level) bits
 *	[level, level + split)	what was split off the first
 *
 *   A conn id names an entry and its generation.  The generation is odd while
 *   the entry is in use and grows at allocation and release, so an event that
 *   was under way when its entry was freed finds nobody, even if the entry has
 *   a new owner already.  24 bits of index and 32 of generation fit in what the
 *   loop carries.
 *
 *   Flows are never evicted: when the table is full, new ones are refused.
 *
 * Invariants
 *   C1  gen is odd exactly if kind is not CONN_FREE
 *   C2  an entry in use is on the chain of its bucket, unless its key has no
 *	 protocol (spliced pairs); a free one below @high is on the free list
 *   C3  no two entries in use have the same key
 */
#include "conn.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "log.h"
#include "siphash.h"

enum {
	PER_ENTRY	= 4,			/* buckets, in the long run */
	BUCKETS		= PER_ENTRY * CONN_MAX,
	LEVEL_FIRST	= 1024,
	CONN_TEXT	= 160,
};

_Static_assert(CONN_MAX < 1 << 24, "an index has 24 bits in a conn id");
_Static_assert((BUCKETS & (BUCKETS - 1)) == 0, "levels are powers of two");

/**
 * struct conn_self - state of this file
 * @key:	secret of the hash
 * @isn_key:	another one, for conn_secret_hash(): what that gives leaves us
 * @free:	first free entry, index + 1; 0: none
 * @high:	entries from here on were never used
 * @found:	index of the entry last found; it may be free or another one by now,
 *		but where its key is, there it is (C3)
 * @num:	entries in use, per kind
 * @level:	buckets addressed by the fewer bits, a power of two
 * @split:	next bucket to be split, below @level
 * @bucket:	first entry of each chain, index + 1; 0: empty
 * @entry:	the table
 */
static struct {
	struct siphash_key key;
	struct siphash_key isn_key;
	uint32_t free;
	uint32_t high;
	uint32_t found;
	uint32_t num[CONN_KIND_NUM];
	uint32_t level;
	uint32_t split;
	uint32_t bucket[BUCKETS];
	struct conn entry[CONN_MAX];
} self;

/**
 * conn_init() - Begin anew: an empty table, a new secret
 */
void conn_init(void)
{
	if (self.high) {
		memset(self.bucket, 0, sizeof(self.bucket));
		memset(self.entry, 0, self.high * sizeof(self.entry[0]));
	}
	self.free = 0;
	self.high = 0;
	self.found = 0;
	self.level = LEVEL_FIRST;
	self.split = 0;
	memset(self.num, 0, sizeof(self.num));
	if (getrandom(&self.key, sizeof(self.key), 0) != sizeof(self.key) ||
	    getrandom(&self.isn_key, sizeof(self.isn_key), 0) != sizeof(self.isn_key))
		die("No random numbers from the kernel");
}

/**
 * conn_secret_hash() - Keyed hash of anything, for initial sequence numbers
 * @data:	Input
 * @len:	Bytes
 *
 * Return: 64 bits
 */
uint64_t conn_secret_hash(const void *data, size_t len)
{
	return siphash(&self.isn_key, data, len);
}

static uint32_t *bucket_of(const struct conn_key *key)
{
	uint64_t hash = siphash(&self.key, key, sizeof(*key));
	uint64_t i = hash & (self.level - 1);

	if (i < self.split)
		i = hash & (2 * self.level - 1);
	return &self.bucket[i];
}

/* split() - One bucket more: some entries of the one at @split go there */
static void split(void)
{
	uint32_t i = self.bucket[self.split];

	self.bucket[self.split++] = 0;
	while (i) {
		struct conn *c = &self.entry[i - 1];
		uint32_t next = c->chain, *b = bucket_of(&c->key);

		c->chain = *b;
		*b = i;
		i = next;
	}
	if (self.split == self.level) {
		self.level *= 2;
		self.split = 0;
	}
}

/**
 * conn_find() - The flow a frame belongs to
 * @key:	As the guest sees it
 *
 * Return: entry, NULL if there is none
 */
struct conn *conn_find(const struct conn_key *key)
{
	struct conn *c = &self.entry[self.found];
	uint32_t i;

	/* Frames of one flow often follow each other */
	if (c->key.proto && !memcmp(&c->key, key, sizeof(*key)))
		return c;
	for (i = *bucket_of(key); i; i = c->chain) {
		c = &self.entry[i - 1];
		if (!memcmp(&c->key, key, sizeof(*key))) {
			self.found = i - 1;
			return c;
		}
	}
	return NULL;
}

/* link() - Have the hash find an entry */
static void link(struct conn *c)
{
	uint32_t *b = bucket_of(&c->key);

	c->chain = *b;
	*b = conn_index(c) + 1;
}

/**
 * conn_new() - Take an entry
 * @kind:	What it will be
 * @key:	Flow, not in the table yet; one without protocol is not hashed
 *
 * Return: entry, zeroed but for its key, kind and fd (-1); NULL: table full,
 *	   the caller refuses the new flow
 */
struct conn *conn_new(enum conn_kind kind, const struct conn_key *key)
{
	struct conn *c;
	uint32_t gen;

	if (self.free) {
		c = &self.entry[self.free - 1];
		self.free = c->chain;
	} else if (self.high < CONN_MAX) {
		c = &self.entry[self.high++];
		while (self.level + self.split < PER_ENTRY * self.high)
			split();
	} else {
		return NULL;
	}
	gen = c->gen;
	memset(c, 0, sizeof(*c));
	c->gen = gen + 1;
	c->kind = kind;
	c->fd = -1;
	c->key = *key;
	if (key->proto)
		link(c);
	self.num[kind]++;
	return c;
}

/**
 * conn_hide() - Take a flow out of the hash: only its id finds it from now on
 * @c:		Entry in use
 *
 * For connections that have an end to come to on the host's side only, while
 * the guest may use the same addresses and ports again.
 */
void conn_hide(struct conn *c)
{
	uint32_t me = conn_index(c) + 1;
	uint32_t *p;

	if (!c->key.proto)
		return;
	p = bucket_of(&c->key);
	while (*p != me)
		p = &self.entry[*p - 1].chain;
	*p = c->chain;
	c->key.proto = 0;
}

/**
 * conn_move() - A flow has other ends than it was begun with
 * @c:		Entry in use, not hidden
 * @key:	Flow, not in the table yet
 */
void conn_move(struct conn *c, const struct conn_key *key)
{
	conn_hide(c);
	c->key = *key;
	link(c);
}

/**
 * conn_free() - Give an entry back
 * @c:		Entry; its descriptors are closed already
 *
 * Clears its timer.  Every id and pointer to it is stale from now on.
 */
void conn_free(struct conn *c)
{
	uint32_t me = conn_index(c) + 1;

	if (BUG_ON(c->kind == CONN_FREE))
		return;
	conn_hide(c);
	timer_clear(conn_index(c));
	self.num[c->kind]--;
	c->kind = CONN_FREE;
	c->gen++;
	c->chain = self.free;
	self.free = me;
}

/**
 * conn_index() - Place of an entry in the table, and id of its timer
 * @c:		Entry
 *
 * Return: 0..CONN_MAX - 1
 */
uint32_t conn_index(const struct conn *c)
{
	return (uint32_t)(c - self.entry);
}

/**
 * conn_id() - What to keep in place of a pointer
 * @c:		Entry in use
 *
 * Return: conn id, never CONN_NONE
 */
uint64_t conn_id(const struct conn *c)
{
	return (uint64_t)conn_index(c) << 32 | c->gen;
}

/**
 * conn_get() - Entry of a conn id
 * @id:		Conn id, perhaps of long ago
 *
 * Return: entry, NULL if that flow is gone
 */
struct conn *conn_get(uint64_t id)
{
	struct conn *c = conn_at((uint32_t)(id >> 32));

	return c && c->gen == (uint32_t)id ? c : NULL;
}

/**
 * conn_at() - Entry at a place in the table
 * @index:	Any number
 *
 * Return: entry, NULL if it is free
 */
struct conn *conn_at(uint32_t index)
{
	if (index >= self.high || self.entry[index].kind == CONN_FREE)
		return NULL;
	return &self.entry[index];
}

/**
 * conn_next() - All entries in use, one after the other
 * @index:	Where to look from; 0 at first, moves behind what is returned
 *
 * Return: entry; NULL: there are no more
 */
struct conn *conn_next(uint32_t *index)
{
	while (*index < self.high) {
		struct conn *c = conn_at((*index)++);

		if (c)
			return c;
	}
	return NULL;
}

/**
 * conn_count() - How many there are
 * @kind:	Of what kind
 *
 * Return: entries in use
 */
uint32_t conn_count(enum conn_kind kind)
{
	return self.num[kind];
}

/**
 * conn_text() - How a flow is named in log lines
 * @c:		Entry in use
 *
 * Return: text like "17.3 tcp 192.0.2.2:40000 > 192.0.2.1:80"; index, use of
 *	   that index, protocol, guest, far end.  Good until the next call.
 */
const char *conn_text(const struct conn *c)
{
	static const char *const kind[] = {
		[CONN_FREE] = "free", [CONN_TCP] = "tcp", [CONN_UDP] = "udp",
		[CONN_ECHO] = "echo", [CONN_SPLICE] = "splice",
	};
	static char text[CONN_TEXT];
	char guest[ADDR_TEXT], far[ADDR_TEXT];

	(void)snprintf(text, sizeof(text), "%u.%u %s %s:%u > %s:%u", conn_index(c),
		       c->gen / 2 + 1, kind[c->kind], addr_text(&c->key.guest, guest),
		       c->key.gport, addr_text(&c->key.far, far), c->key.fport);
	return text;
}
