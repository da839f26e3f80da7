// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tail.c - unit test of ../../tail.c: what a socket refused
 * links: tail.c
 *
 * The oracle is a queue of bytes per chain and a number of pieces left.
 */
#include "test/unit/check.h"

#include <sys/uio.h>

#include "tail.h"

enum {
	CHAINS = 5, ROUNDS = 3000, IOV = 600,
	POOL = TAIL_PIECE * TAIL_PIECES,
};

/**
 * struct queue - what one chain should hold
 * @tail:	the chain
 * @len:	bytes
 * @byte:	the bytes
 */
static struct queue {
	uint32_t tail;
	size_t len;
	uint8_t byte[POOL];
} queue[CHAINS];

static uint8_t input[POOL];

static void compare(const struct queue *q)
{
	struct iovec iov[IOV];
	int n = tail_peek(q->tail, iov, IOV);
	size_t at = 0;

	CHECK_EQ(!q->tail, !q->len);
	for (int i = 0; i < n; i++) {
		CHECK(iov[i].iov_len > 0 && iov[i].iov_len <= q->len - at);
		if (iov[i].iov_len > q->len - at)
			return;
		CHECK_MEM(iov[i].iov_base, q->byte + at, iov[i].iov_len);
		at += iov[i].iov_len;
	}
	CHECK_EQ(at, q->len);
}

/* put() - Random bytes in some pieces, the first few taken by the socket */
static void put(struct queue *q, size_t size)
{
	size_t len = check_below(size + 1), skip = check_below(len + 1);
	size_t a = check_below(len + 1), b = a + check_below(len - a + 1);
	struct iovec iov[] = {
		{ input, a }, { input + a, b - a }, { input + b, 0 },
		{ input + b, len - b },
	};
	uint32_t got;

	check_fill(input, len < 64 ? len : 64);
	got = tail_put(&q->tail, iov, 4, (uint32_t)skip, UINT32_MAX);
	CHECK(got <= len - skip);
	memcpy(q->byte + q->len, input + skip, got);
	q->len += got;
}

static void drop(struct queue *q, size_t len)
{
	size_t n = len < q->len ? len : q->len;

	tail_drop(&q->tail, (uint32_t)len);
	memmove(q->byte, q->byte + n, q->len - n);
	q->len -= n;
}

static void reset(void)
{
	tail_init();
	for (int i = 0; i < CHAINS; i++)
		queue[i].tail = 0, queue[i].len = 0;
}

static void test_random(void)
{
	reset();
	check_fill(input, sizeof(input));
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct queue *q = &queue[check_below(CHAINS)];
		size_t size = check_below(8) ? 40000 : 400000;

		if (check_below(2) && q->len + size < POOL)
			put(q, size);
		else
			drop(q, check_below(2 * size));
		compare(q);
	}
	for (int i = 0; i < CHAINS; i++)
		drop(&queue[i], POOL);
	/* No piece was lost */
	CHECK_EQ(tail_put(&queue[0].tail, &(struct iovec){ input, POOL }, 1, 0, UINT32_MAX), POOL);
}

/* The pool ends: what fits is kept, the rest is not, and nobody else suffers */
static void test_exhausted(void)
{
	struct iovec all = { input, POOL }, little = { input, 10 };

	reset();
	check_fill(input, sizeof(input));
	CHECK_EQ(tail_put(&queue[1].tail, &little, 1, 0, UINT32_MAX), 10);
	memcpy(queue[1].byte, input, 10);
	queue[1].len = 10;
	CHECK_EQ(tail_put(&queue[0].tail, &all, 1, 0, UINT32_MAX), POOL - TAIL_PIECE);
	CHECK_EQ(tail_put(&queue[2].tail, &little, 1, 0, UINT32_MAX), 0);
	CHECK_EQ(queue[2].tail, 0);
	/* There is room left in the piece it has */
	CHECK_EQ(tail_put(&queue[1].tail, &little, 1, 0, UINT32_MAX), 10);
	memcpy(queue[1].byte + 10, input, 10);
	queue[1].len = 20;
	compare(&queue[1]);
	tail_drop(&queue[0].tail, TAIL_PIECE - 1);
	CHECK_EQ(tail_put(&queue[2].tail, &little, 1, 0, UINT32_MAX), 0);
	tail_drop(&queue[0].tail, 1);
	CHECK_EQ(tail_put(&queue[2].tail, &little, 1, 0, UINT32_MAX), 10);
	tail_drop(&queue[0].tail, UINT32_MAX);
	CHECK_EQ(queue[0].tail, 0);
	compare(&queue[1]);
}

/* What stops in the middle of several pieces is a beginning of them */
static void test_prefix(void)
{
	struct iovec iov[] = { { input, POOL - 100 }, { input, 200 }, { input, 50 } };

	reset();
	CHECK_EQ(tail_put(&queue[0].tail, iov, 3, 0, UINT32_MAX), POOL);
	CHECK_EQ(tail_put(&queue[1].tail, iov, 3, 0, UINT32_MAX), 0);
	CHECK_EQ(tail_put(&queue[1].tail, iov, 3, UINT32_MAX, UINT32_MAX), 0);
}

static void test_peek(void)
{
	struct iovec all = { input, (size_t)5 * TAIL_PIECE }, iov[3];

	reset();
	CHECK_EQ(tail_peek(0, iov, 3), 0);
	CHECK_EQ(tail_put(&queue[0].tail, &all, 1, 7, UINT32_MAX), 5 * TAIL_PIECE - 7);
	CHECK_EQ(tail_peek(queue[0].tail, iov, 3), 3);
	CHECK_EQ(iov[2].iov_len, TAIL_PIECE);
	tail_drop(&queue[0].tail, 0);
	CHECK_EQ(tail_peek(queue[0].tail, iov, 0), 0);
}

int main(void)
{
	RUN(test_random);
	RUN(test_exhausted);
	RUN(test_prefix);
	RUN(test_peek);
	return check_done();
}
