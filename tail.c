// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tail.c - bytes of the guest that a socket can not have yet
 *
 * Theory of operation
 *
 *   Bytes wait here in pieces of a static pool.  Pieces that hold what follows
 *   without a gap are a chain, named by its first piece, as index + 1; 0 is an
 *   empty one.  When the pool is empty, what does not fit is not taken: the
 *   caller drops it as if it had never come.  The pool is not touched before it
 *   is used.
 *
 *	tail --> piece --next--> piece --next--> 0
 *	         [from, to)	  [from, to)
 *
 *   The tail of a connection is what its socket refused for now.  The window we
 *   advertise says what fits, so that is seldom.  When it happens, those bytes
 *   must not be dropped: the guest would find out by a time-out.  They go to the
 *   socket first when it has room again.
 *
 *   Late bytes came behind a gap: a segment is missing, those behind it are
 *   here.  They are kept, so that only what is missing has to come again, as
 *   ranges in the order of their numbers, each of them a chain:
 *
 *	late --> range --behind--> range --behind--> 0
 *	         [start, + len)	    [start, + len)
 *
 *   Ranges neither overlap nor touch: one that grows up to the next takes it in.
 *   Of a segment only what is not there yet is kept, up to the next range; what
 *   lies behind that comes again.  Two copies of a byte are taken to be equal:
 *   the first one counts, as in any TCP.  When the gap is closed, the first range
 *   is handed over as a tail: the bytes do not move.
 *
 *   All late bytes may be dropped at any time, the guest still has them (RFC
 *   2018, section 8).  So they take at most half of the pool, what a socket
 *   refused may have all.
 *
 *   Each segment stamps the range it belongs to, so that those named to the guest
 *   are the ones that changed last: the loss of one acknowledgement then hides
 *   none of them.
 *
 * Invariants
 *   L1  ranges are in order, with a gap between each two
 *   L2  no chain is without bytes, and its len is what its pieces hold
 */
#include "tail.h"

#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>

#include "seq.h"
#include "util.h"

enum { LATE_RANGES = 64, LATE_PIECES = TAIL_PIECES / 2 };

/**
 * struct tail_piece - some bytes of one connection
 * @next:	next piece of the chain, or of the free list, index + 1; 0: last
 * @from:	first byte that counts
 * @to:		end of those that count
 * @last:	first piece of a chain: its last piece, index + 1
 * @len:	first piece of a chain: bytes in all of it
 * @behind:	first piece of a range: the next range, index + 1; 0: last
 * @start:	first piece of a range: number of the first byte
 * @stamp:	first piece of a range: when a segment came last that is part of
 *		it, counts segments, wraps
 * @data:	the bytes
 */
struct tail_piece {
	uint32_t next;
	uint32_t from;
	uint32_t to;
	uint32_t last;
	uint32_t len;
	uint32_t behind;
	uint32_t start;
	uint32_t stamp;
	uint8_t data[TAIL_PIECE];
};

/**
 * struct tail_self - state of this file
 * @free:	first free piece, index + 1; 0: none
 * @high:	pieces from here on were never used
 * @used:	pieces in use
 * @stamp:	of the next late segment
 * @piece:	the pool
 */
static struct {
	uint32_t free;
	uint32_t high;
	uint32_t used;
	uint32_t stamp;
	struct tail_piece piece[TAIL_PIECES];
} self;

/* tail_init() - Begin anew, all pieces free */
void tail_init(void)
{
	self.free = 0;
	self.high = 0;
	self.used = 0;
	self.stamp = 0;
}

/**
 * tail_used() - How much of the pool is in use
 *
 * Return: pieces, up to TAIL_PIECES
 */
uint32_t tail_used(void)
{
	return self.used;
}

static struct tail_piece *at(uint32_t index)
{
	return &self.piece[index - 1];
}

/* piece() - The piece the next byte of a chain goes to, NULL: there is none left */
static struct tail_piece *piece(uint32_t *tail)
{
	uint32_t last = *tail ? at(*tail)->last : 0;
	uint32_t fresh = self.free;

	if (last && at(last)->to < TAIL_PIECE)
		return at(last);
	if (fresh)
		self.free = at(fresh)->next;
	else if (self.high < TAIL_PIECES)
		fresh = ++self.high;
	else
		return NULL;
	self.used++;
	memset(at(fresh), 0, offsetof(struct tail_piece, data));
	*(last ? &at(last)->next : tail) = fresh;
	at(*tail)->last = fresh;
	return at(fresh);
}

/**
 * tail_put() - Keep bytes
 * @tail:	Chain, may become non-empty
 * @iov:	Bytes
 * @niov:	Number of pieces
 * @skip:	Bytes at their beginning to leave out
 * @len:	Bytes to keep; more than there are: all
 *
 * Return: bytes kept; fewer than there are if the pool is exhausted
 */
uint32_t tail_put(uint32_t *tail, const struct iovec *iov, int niov, uint32_t skip,
		  uint32_t len)
{
	uint32_t done = 0;

	for (; niov && done < len; iov++, niov--) {
		size_t from = min_size(skip, iov->iov_len);

		skip -= (uint32_t)from;
		while (from < iov->iov_len && done < len) {
			struct tail_piece *p = piece(tail);
			uint32_t n = (uint32_t)min_size(iov->iov_len - from, len - done);

			if (!p)
				return done;
			n = min_u32(n, TAIL_PIECE - p->to);
			memcpy(p->data + p->to, (const uint8_t *)iov->iov_base + from, n);
			p->to += n;
			at(*tail)->len += n;
			from += n;
			done += n;
		}
	}
	return done;
}

/**
 * tail_len() - How much waits
 * @tail:	Chain
 *
 * Return: bytes
 */
uint32_t tail_len(uint32_t tail)
{
	return tail ? at(tail)->len : 0;
}

/**
 * tail_peek() - Where the first bytes are
 * @tail:	Chain
 * @iov:	Filled
 * @max:	Entries there
 *
 * Return: entries filled
 */
int tail_peek(uint32_t tail, struct iovec *iov, int max)
{
	int n = 0;

	for (; tail && n < max; tail = at(tail)->next, n++) {
		iov[n].iov_base = at(tail)->data + at(tail)->from;
		iov[n].iov_len = at(tail)->to - at(tail)->from;
	}
	return n;
}

/**
 * tail_drop() - The socket took some, or nobody wants them any more
 * @tail:	Chain, may become empty
 * @len:	Bytes; more than there are: all
 */
void tail_drop(uint32_t *tail, uint32_t len)
{
	while (*tail && len) {
		uint32_t i = *tail;
		struct tail_piece *p = at(i);
		uint32_t n = min_u32(len, p->to - p->from);

		p->from += n;
		p->len -= n;
		len -= n;
		if (p->from < p->to)
			return;
		*tail = p->next;
		if (*tail) {
			at(*tail)->last = p->last;
			at(*tail)->len = p->len;
		}
		p->next = self.free;
		self.free = i;
		self.used--;
	}
}

/* join() - Put one chain behind another; no byte moves */
static void join(uint32_t *tail, uint32_t more)
{
	if (!*tail) {
		*tail = more;
		return;
	}
	at(at(*tail)->last)->next = more;
	at(*tail)->last = at(more)->last;
	at(*tail)->len += at(more)->len;
}

static uint32_t end_of(uint32_t range)
{
	return at(range)->start + at(range)->len;
}

/* merge() - Take the next range in, if this one has grown up to it */
static void merge(uint32_t range)
{
	uint32_t next = at(range)->behind;

	if (!next || end_of(range) != at(next)->start)
		return;
	at(range)->behind = at(next)->behind;
	join(&range, next);
}

/* full() - The connection has as many ranges as one may */
static bool full(uint32_t late)
{
	int num = 0;

	for (uint32_t i = late; i; i = at(i)->behind)
		num++;
	return num >= LATE_RANGES;
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
	uint32_t before = 0, next = *late, skip = 0, room = len, range, kept;

	for (; next && seq_le(at(next)->start, seq); next = at(next)->behind)
		before = next;
	if (before && seq_gt(end_of(before), seq))
		skip = end_of(before) - seq;
	if (next && seq_lt(at(next)->start, seq + len))
		room = at(next)->start - seq;
	if (before && skip >= room) {
		at(before)->stamp = self.stamp++;
		return 0;
	}
	/* It goes on where the one before it ends, or is a range of its own */
	range = before && end_of(before) == seq + skip ? before : 0;
	if (self.used >= LATE_PIECES || (!range && full(*late)))
		return 0;
	kept = tail_put(&range, iov, niov, skip, room - skip);
	if (!range)
		return 0;
	if (range != before) {
		at(range)->start = seq;
		at(range)->behind = next;
		*(before ? &at(before)->behind : late) = range;
	}
	at(range)->stamp = self.stamp++;
	merge(range);
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
		uint32_t chain = *late, old = next + done - at(chain)->start;

		*late = at(chain)->behind;
		tail_drop(&chain, old);
		if (chain) {
			done += at(chain)->len;
			join(tail, chain);
		}
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
	uint32_t before = self.stamp;
	int n = 0;

	for (; n < LATE_BLOCKS; n++) {
		uint32_t last = 0;

		for (uint32_t i = late; i; i = at(i)->behind) {
			if (seq_lt(at(i)->stamp, before) &&
			    (!last || seq_gt(at(i)->stamp, at(last)->stamp)))
				last = i;
		}
		if (!last)
			break;
		b[n] = (struct late_block){ at(last)->start, end_of(last) };
		before = at(last)->stamp;
	}
	return n;
}

/**
 * late_drop() - Forget all of it
 * @late:	Ranges of the connection, none afterwards
 */
void late_drop(uint32_t *late)
{
	while (*late) {
		uint32_t chain = *late;

		*late = at(chain)->behind;
		tail_drop(&chain, UINT32_MAX);
	}
}
