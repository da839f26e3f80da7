// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * late.c - bytes of the guest that came behind a gap
 *
 * Theory of operation
 *
 *   A segment is missing, those behind it are here.  They are kept, so that only
 *   what is missing has to come again: as ranges in the order of their numbers,
 *   each with its bytes in a chain of the pool of tail.c.
 *
 *	late --> [start, len, chain] --next--> [start, len, chain] --> 0
 *
 *   Ranges neither overlap nor touch: one that grows up to the next takes it in.
 *   Of a segment only what is not there yet is kept, up to the next range; what
 *   lies behind that comes again.  Two copies of a byte are taken to be equal:
 *   the first one counts, as in any TCP.
 *
 *   When the gap is closed, the first range is handed over as a tail: the bytes
 *   do not move.
 *
 *   All of it may be dropped at any time, the guest still has it (RFC 2018,
 *   section 8).  So late bytes take at most half of the pool, what a socket
 *   refused may have all.
 *
 *   Each segment stamps the range it belongs to, so that those named to the guest
 *   are the ones that changed last: the loss of one acknowledgement then hides
 *   none of them.
 *
 * Invariants
 *   L1  ranges are in order, with a gap between each two
 *   L2  len is more than 0, and what the chain holds
 *   L3  each range has a piece of the pool, so RANGES are enough for all
 */
#include "late.h"

#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>

#include "seq.h"
#include "tail.h"
#include "util.h"

enum { RANGES_CONN = 64, PIECES_MAX = TAIL_PIECES / 2, RANGES = PIECES_MAX };

/**
 * struct late_range - contiguous bytes of one connection
 * @next:	next range of the connection, or free one, index + 1; 0: last
 * @start:	number of the first byte
 * @len:	bytes
 * @chain:	where they are, in the pool of tail.c
 * @stamp:	when a segment came last that is part of it, counts segments, wraps
 */
struct late_range {
	uint32_t next;
	uint32_t start;
	uint32_t len;
	uint32_t chain;
	uint32_t stamp;
};

/**
 * struct late_self - state of this file
 * @free:	first free range, index + 1; 0: none
 * @high:	ranges from here on were never used
 * @stamp:	of the next segment
 * @range:	the ranges
 */
static struct {
	uint32_t free;
	uint32_t high;
	uint32_t stamp;
	struct late_range range[RANGES];
} self;

/* late_init() - Begin anew; tail_init() frees the bytes */
void late_init(void)
{
	self.free = 0;
	self.high = 0;
	self.stamp = 0;
}

static struct late_range *at(uint32_t index)
{
	return &self.range[index - 1];
}

static uint32_t end_of(uint32_t index)
{
	return at(index)->start + at(index)->len;
}

/* fresh() - A range without bytes, 0: none left */
static uint32_t fresh(uint32_t start, uint32_t next)
{
	uint32_t i = self.free;

	if (i)
		self.free = at(i)->next;
	else if (self.high < RANGES)
		i = ++self.high;
	if (i)
		*at(i) = (struct late_range){ .next = next, .start = start };
	return i;
}

/* release() - Give a range back, its bytes have gone elsewhere */
static void release(uint32_t i)
{
	at(i)->next = self.free;
	self.free = i;
}

/* drop_first() - Forget the first range and its bytes */
static void drop_first(uint32_t *late)
{
	uint32_t i = *late;

	tail_drop(&at(i)->chain, UINT32_MAX);
	*late = at(i)->next;
	release(i);
}

/* merge() - Take the next range in, if this one has grown up to it */
static void merge(uint32_t i)
{
	uint32_t next = at(i)->next;

	if (!next || end_of(i) != at(next)->start)
		return;
	tail_join(&at(i)->chain, at(next)->chain);
	at(i)->len += at(next)->len;
	at(i)->next = at(next)->next;
	release(next);
}

/* full() - The connection has as many ranges as one may */
static bool full(uint32_t late)
{
	int num = 0;

	for (uint32_t i = late; i; i = at(i)->next)
		num++;
	return num >= RANGES_CONN;
}

/**
 * late_put() - Keep a segment
 * @late:	Ranges of the connection, may change
 * @seq:	Number of its first byte, beyond what is expected
 * @iov:	Its bytes
 * @niov:	Number of pieces
 * @len:	Bytes there
 *
 * Return: bytes kept, 0: known already, or no room
 */
uint32_t late_put(uint32_t *late, uint32_t seq, const struct iovec *iov, int niov,
		  uint32_t len)
{
	uint32_t i = 0, next = *late, skip = 0, room = len, kept;

	/* i: last range that begins at or before the segment */
	for (; next && seq_le(at(next)->start, seq); next = at(next)->next)
		i = next;
	if (i && seq_gt(end_of(i), seq))
		skip = end_of(i) - seq;
	if (next && seq_lt(at(next)->start, seq + len))
		room = at(next)->start - seq;
	if (i && skip >= room) {
		at(i)->stamp = self.stamp++;
		return 0;
	}
	if (tail_used() >= PIECES_MAX)
		return 0;
	if (!i || end_of(i) != seq + skip) {
		uint32_t r = full(*late) ? 0 : fresh(seq, next);

		if (!r)
			return 0;
		if (i)
			at(i)->next = r;
		else
			*late = r;
		i = r;
	}
	kept = tail_put(&at(i)->chain, iov, niov, skip, room - skip);
	at(i)->len += kept;
	if (!at(i)->len) {
		/* Nothing was kept: the range just made goes again */
		while (*late != i)
			late = &at(*late)->next;
		drop_first(late);
		return 0;
	}
	at(i)->stamp = self.stamp++;
	merge(i);
	return kept;
}

/**
 * late_take() - Hand over what follows without a gap
 * @late:	Ranges of the connection, may become fewer
 * @next:	Number expected next
 * @tail:	Chain of bytes before @next; the bytes are appended
 *
 * Return: bytes handed over
 */
uint32_t late_take(uint32_t *late, uint32_t next, uint32_t *tail)
{
	uint32_t done = 0;

	while (*late && seq_le(at(*late)->start, next + done)) {
		uint32_t i = *late;
		uint32_t old = next + done - at(i)->start;

		if (old >= at(i)->len) {
			drop_first(late);
			continue;
		}
		tail_drop(&at(i)->chain, old);
		tail_join(tail, at(i)->chain);
		done += at(i)->len - old;
		*late = at(i)->next;
		release(i);
	}
	return done;
}

/**
 * late_blocks() - What is here, for a SACK option (RFC 2018, section 4)
 * @late:	Ranges of the connection
 * @b:		Filled, what changed last first
 *
 * Return: blocks filled, up to LATE_BLOCKS
 */
int late_blocks(uint32_t late, struct late_block b[static LATE_BLOCKS])
{
	uint32_t stamp[LATE_BLOCKS];
	int n = 0;

	for (uint32_t i = late; i; i = at(i)->next) {
		int k = n < LATE_BLOCKS ? n++ : LATE_BLOCKS;

		/* The place among those found so far; the oldest makes room */
		for (; k && seq_gt(at(i)->stamp, stamp[k - 1]); k--) {
			if (k < LATE_BLOCKS) {
				b[k] = b[k - 1];
				stamp[k] = stamp[k - 1];
			}
		}
		if (k < LATE_BLOCKS) {
			b[k] = (struct late_block){ at(i)->start, end_of(i) };
			stamp[k] = at(i)->stamp;
		}
	}
	return n;
}

/**
 * late_drop() - Forget all of it
 * @late:	Ranges of the connection, none afterwards
 */
void late_drop(uint32_t *late)
{
	while (*late)
		drop_first(late);
}
