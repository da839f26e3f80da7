// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tail.c - bytes of the guest that a socket refused for now
 *
 * Theory of operation
 *
 *   The window we advertise says what fits, so a socket seldom refuses bytes.
 *   When it does, they must not be dropped: the guest would find out by a time-
 *   out.  They are copied into pieces of a static pool, chained per connection,
 *   and go to the socket first when it has room again.
 *
 *	tail --> piece --next--> piece --next--> 0
 *	         [from, to)	  [from, to)
 *
 *   A chain is named by its first piece, as index + 1; 0 is an empty one.  When
 *   the pool is empty, what does not fit is not taken: the caller drops it as
 *   if it had never come.  The pool is not touched before it is used.
 */
#include "tail.h"

#include <string.h>
#include <sys/uio.h>

#include "util.h"

/**
 * struct tail_piece - some bytes of one connection
 * @next:	next piece of the chain, or of the free list, index + 1; 0: last
 * @last:	in the first piece of a chain: its last piece, index + 1
 * @from:	first byte that counts
 * @to:		end of those that count
 * @data:	the bytes
 */
struct tail_piece {
	uint32_t next;
	uint32_t last;
	uint32_t from;
	uint32_t to;
	uint8_t data[TAIL_PIECE];
};

/**
 * struct tail_self - state of this file
 * @free:	first free piece, index + 1; 0: none
 * @high:	pieces from here on were never used
 * @used:	pieces in use
 * @piece:	the pool
 */
static struct {
	uint32_t free;
	uint32_t high;
	uint32_t used;
	struct tail_piece piece[TAIL_PIECES];
} self;

/* tail_init() - Begin anew, all pieces free */
void tail_init(void)
{
	self.free = 0;
	self.high = 0;
	self.used = 0;
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

/* take() - A fresh piece, 0: none left */
static uint32_t take(void)
{
	uint32_t i = self.free;

	if (i)
		self.free = at(i)->next;
	else if (self.high < TAIL_PIECES)
		i = ++self.high;
	if (i) {
		at(i)->next = at(i)->from = at(i)->to = 0;
		self.used++;
	}
	return i;
}

/* append() - Bytes to the end of a chain; how many fitted */
static uint32_t append(uint32_t *tail, const uint8_t *data, uint32_t len)
{
	uint32_t done = 0;

	while (done < len) {
		uint32_t last = *tail ? at(*tail)->last : 0;
		struct tail_piece *p;
		uint32_t n;

		if (!last || at(last)->to == TAIL_PIECE) {
			uint32_t fresh = take();

			if (!fresh)
				break;
			if (last)
				at(last)->next = fresh;
			else
				*tail = fresh;
			at(*tail)->last = fresh;
			last = fresh;
		}
		p = at(last);
		n = min_u32(len - done, TAIL_PIECE - p->to);
		memcpy(p->data + p->to, data + done, n);
		p->to += n;
		done += n;
	}
	return done;
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

	for (int i = 0; i < niov && done < len; i++) {
		uint32_t from = (uint32_t)min_size(skip, iov[i].iov_len);
		uint32_t want = (uint32_t)min_size(iov[i].iov_len - from, len - done);
		uint32_t got = append(tail, (const uint8_t *)iov[i].iov_base + from, want);

		skip -= from;
		done += got;
		if (got < want)
			break;
	}
	return done;
}

/**
 * tail_join() - Put one chain behind another; no byte moves
 * @tail:	Chain, may be empty
 * @more:	Chain that ends as one of its own
 */
void tail_join(uint32_t *tail, uint32_t more)
{
	if (!*tail) {
		*tail = more;
	} else if (more) {
		at(at(*tail)->last)->next = more;
		at(*tail)->last = at(more)->last;
	}
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
		len -= n;
		if (p->from < p->to)
			return;
		*tail = p->next;
		if (*tail)
			at(*tail)->last = p->last;
		p->next = self.free;
		self.free = i;
		self.used--;
	}
}
