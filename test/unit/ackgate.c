// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ackgate.c - what waits at the gate, against lists that are as simple as can be
 * links: ackgate.c addr.c csum.c log.c util.c
 */
#include "ackgate.h"

#include <errno.h>

#include "csum.h"
#include "log.h"
#include "seq.h"
#include "test/unit/check.h"
#include "util.h"
#include "wire.h"

enum {
	SLOTS		= 5,
	QUEUE		= 1 << 16,
	STEPS		= 200000,
	ACKS		= 1 << 16,
};

/**
 * struct sent - a frame between program and process
 * @slot:	its slot
 * @len:	bytes
 * @b:		from its Ethernet header
 */
struct sent {
	uint32_t slot;
	uint32_t len;
	uint8_t b[ACKGATE_FRAME];
};

static struct ackgate_slot slot[SLOTS];
static struct sent in[QUEUE], last;
static uint32_t head, tail;
static uint32_t left[ACKS * 2], lefts;	/* acknowledgements, in the order in which they left */
static int opens_as;
static const struct ackgate_conf conf = { .owner = "x", .ifs = 1, .slots = SLOTS };

/* -------------------------------------------------------------------- in place of the kernel */

int ackgate_tcx_open(const struct ackgate_conf *c, struct ackgate_slot **slots)
{
	(void)c;
	memset(slot, 0, sizeof(slot));
	head = tail = 0;
	*slots = slot;
	return opens_as;
}

void ackgate_tcx_close(void) { }
uint32_t ackgate_tcx_mark(void) { return 1000; }
int ackgate_tcx_fd(unsigned i) { return (int)i; }
int ackgate_tcx_which(uint32_t ifindex) { return ifindex == 7 ? 0 : -1; }

ssize_t ackgate_tcx_read(unsigned i, uint8_t frame[ACKGATE_FRAME], uint32_t *s)
{
	(void)i;
	if (head == tail)
		return 0;
	*s = in[head % QUEUE].slot;
	memcpy(frame, in[head % QUEUE].b, ACKGATE_FRAME);
	return in[head++ % QUEUE].len;
}

/* tcp_in() - Where TCP is */
static unsigned tcp_in(const uint8_t *b)
{
	return b[14] >> 4 == 4 ? 34 : 54;
}

/* right() - Whether the checksums of a frame are */
static bool right(const uint8_t *b, size_t len)
{
	unsigned l4 = tcp_in(b), n = l4 == 34 ? 8 : 32;
	uint8_t tail4[4] = { 0, 6 };

	put_be16(tail4 + 2, (uint16_t)(len - l4));
	if (l4 == 34 && (csum_fold(csum_add(0, b + 14, 20)) || get_be16(b + 16) != len - 14))
		return false;
	if (l4 == 54 && get_be16(b + 18) != len - 54)
		return false;
	return !csum_fold(csum_add(csum_add(csum_add(0, b + l4 - n, n), tail4, 4), b + l4,
				   len - l4));
}

bool ackgate_tcx_write(unsigned i, const uint8_t *frame, size_t len)
{
	(void)i;
	CHECK(right(frame, len));
	last.len = (uint32_t)len;
	memcpy(last.b, frame, len);
	left[lefts++ % ARRAY_SIZE(left)] = get_be32(frame + tcp_in(frame) + 8);
	return true;
}

/* -------------------------------------------------------------------- frames */

/* finish() - Lengths and checksums of a frame whose TCP header has @hlen bytes */
static void finish(uint8_t *b, size_t len)
{
	unsigned l4 = tcp_in(b), n = l4 == 34 ? 8 : 32;
	uint8_t tail4[4] = { 0, 6 };
	uint16_t c;

	put_be16(tail4 + 2, (uint16_t)(len - l4));
	put_be16(b + (l4 == 34 ? 16 : 18), (uint16_t)(len - (l4 == 34 ? 14 : 54)));
	b[l4 + 12] = (uint8_t)((len - l4) << 2);
	memset(b + l4 + 16, 0, 2);
	c = csum_fold(csum_add(csum_add(csum_add(0, b + l4 - n, n), tail4, 4), b + l4, len - l4));
	memcpy(b + l4 + 16, &c, sizeof(c));
	if (l4 == 34) {
		memset(b + 24, 0, 2);
		c = csum_fold(csum_add(0, b + 14, 20));
		memcpy(b + 24, &c, sizeof(c));
	}
}

/* divert() - The program diverts a segment without payload */
static void divert(uint32_t s, bool v6, uint8_t flags, uint32_t seq, uint32_t ack,
		   const uint8_t *options, size_t n, uint16_t rport)
{
	struct sent *p = &in[tail++ % QUEUE];
	unsigned l4 = v6 ? 54 : 34;

	memset(p, 0, sizeof(*p));
	p->slot = s;
	p->len = (uint32_t)(l4 + 20 + n);
	p->b[14] = v6 ? 0x60 : 0x45;
	p->b[v6 ? 20 : 23] = WIRE_TCP;
	memset(p->b + l4 - (v6 ? 32 : 8), 1, v6 ? 16 : 4);
	memset(p->b + l4 - (v6 ? 16 : 4), 2, v6 ? 16 : 4);
	put_be16(p->b + l4, 80);
	put_be16(p->b + l4 + 2, rport);
	put_be32(p->b + l4 + 4, seq);
	put_be32(p->b + l4 + 8, ack);
	p->b[l4 + 13] = flags;
	if (n)
		memcpy(p->b + l4 + 20, options, n);
	finish(p->b, p->len);
}

static void take_in(void)
{
	struct ackgate_seen seen;

	while (ackgate_event(0, &seen) > 0)
		;
}

/* -------------------------------------------------------------------- tests */

/* Acknowledgements leave when they may, in order, each of them, whatever happens when */
static void test_order(void)
{
	static uint32_t wait[SLOTS][ACKS], n[SLOTS];
	static uint32_t ack[SLOTS], committed[SLOTS];
	uint64_t released = 0;

	CHECK_EQ(ackgate_open(&conf, ACKGATE_TCX), ACKGATE_TCX);
	for (uint32_t s = 0; s < SLOTS; s++) {
		ack[s] = committed[s] = (uint32_t)check_rand();
		ackgate_hold(s, false);
		ackgate_begin(s, committed[s], 0);
	}
	ackgate_flush();
	for (int i = 0; i < STEPS; i++) {
		uint32_t s = (uint32_t)check_below(SLOTS), k = 0;

		lefts = 0;
		if (check_below(3)) {
			ack[s] += (uint32_t)check_below(100);
			divert(s, check_below(2), TCP_ACK, 1, ack[s], NULL, 0, 1);
			take_in();
			wait[s][n[s]++] = ack[s];
		} else {
			uint32_t to = committed[s] + (uint32_t)check_below(200);

			ackgate_commit(s, to);
			if (seq_gt(to, ack[s]))
				ack[s] = to;
			committed[s] = to;
			CHECK_EQ(lefts, 0);
			ackgate_flush();
		}
		while (k < n[s] && !seq_gt(wait[s][k], committed[s])) {
			CHECK(k < lefts);
			CHECK_EQ(left[k], wait[s][k]);
			k++;
		}
		CHECK_EQ(lefts, k);
		n[s] -= k;
		memmove(wait[s], wait[s] + k, n[s] * sizeof(wait[s][0]));
		released += k;
	}
	CHECK_EQ(ackgate_counts()->released, released);
	CHECK_EQ(ackgate_counts()->lost + ackgate_counts()->replaced, 0);
	ackgate_close();
}

/* No more is held than there is room: then the latest of a slot stands for those before it */
static void test_full(void)
{
	uint32_t i;

	CHECK_EQ(ackgate_open(&conf, ACKGATE_TCX), ACKGATE_TCX);
	for (uint32_t s = 0; s < SLOTS; s++) {
		ackgate_hold(s, false);
		ackgate_begin(s, 0, 0);
	}
	for (uint32_t s = 0; s < SLOTS; s++) {
		for (i = 1; i <= ACKGATE_HELD / 4 + 10; i++) {
			divert(s, false, TCP_ACK, 1, i, NULL, 0, 1);
			take_in();
		}
	}
	/* The last one of the slots found no room at all */
	CHECK_EQ(ackgate_counts()->lost, ACKGATE_HELD / 4 + 10);
	CHECK_EQ(ackgate_counts()->replaced, 40);
	lefts = 0;
	ackgate_commit(0, i - 2);
	ackgate_flush();
	CHECK_EQ(lefts, ACKGATE_HELD / 4 - 1);
	ackgate_commit(0, i - 1);
	ackgate_flush();
	CHECK_EQ(lefts, ACKGATE_HELD / 4);
	CHECK_EQ(left[lefts - 1], i - 1);
	ackgate_close();
}

/* What waited is not older than what left meanwhile; what is owed is given once */
static void test_renewed(void)
{
	static const uint8_t ts[12] = { 1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 9 };

	for (int v6 = 0; v6 < 2; v6++) {
		unsigned l4 = v6 ? 54 : 34;

		CHECK_EQ(ackgate_open(&conf, ACKGATE_TCX), ACKGATE_TCX);
		ackgate_hold(2, false);
		ackgate_begin(2, 100, 0);
		divert(2, v6, TCP_ACK, 50, 110, ts, sizeof(ts), 1);
		take_in();
		slot[2].seen = slot[2].has_ts = 1;
		slot[2].nxt = 70;
		put_be32(&slot[2].tsval, 8);
		put_be32(&slot[2].tsecr, 11);
		lefts = 0;
		ackgate_commit(2, 110);
		ackgate_flush();
		CHECK_EQ(lefts, 1);
		CHECK_EQ(get_be32(last.b + l4 + 4), 70);
		CHECK_EQ(get_be32(last.b + l4 + 24), 8);
		CHECK_EQ(get_be32(last.b + l4 + 28), 9);

		/* A segment with payload of 64 KiB left, and its acknowledgement did not */
		divert(2, v6, TCP_ACK | TCP_PSH, 70, 130, NULL, 0, 1);
		memcpy(slot[2].head, in[--tail % QUEUE].b, l4 + 20);
		put_be16(slot[2].head + (v6 ? 18 : 16), 60000);
		slot[2].hlen = l4;
		slot[2].owed = 1;
		slot[2].owed_ack = 130;
		slot[2].ifindex = 7;
		slot[2].nxt = 60070;
		ackgate_commit(2, 129);
		ackgate_flush();
		CHECK_EQ(lefts, 1);
		CHECK_EQ(slot[2].owed, 1);
		ackgate_commit(2, 131);
		CHECK_EQ(lefts, 1);
		ackgate_flush();
		CHECK_EQ(lefts, 2);
		CHECK_EQ(left[1], 130);
		CHECK_EQ(last.len, l4 + 32);
		CHECK_EQ(get_be32(last.b + l4 + 4), 60070);
		CHECK_EQ(get_be32(last.b + l4 + 24), 8);
		CHECK_EQ(get_be32(last.b + l4 + 28), 11);
		CHECK_EQ(last.b[l4 + 13], TCP_ACK);
		CHECK_EQ(slot[2].owed, 0);

		/* One that waits says what is owed */
		divert(2, v6, TCP_ACK, 60070, 140, NULL, 0, 1);
		take_in();
		slot[2].owed = 1;
		slot[2].owed_ack = 140;
		ackgate_commit(2, 140);
		ackgate_flush();
		CHECK_EQ(lefts, 3);
		CHECK_EQ(slot[2].owed, 0);
		ackgate_close();
	}
}

/* A listener's are shown, and leave by connection, or go to the slot of the child */
static void test_shown(void)
{
	static const uint8_t all[] = {
		2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7,
	};
	static const uint8_t mss[] = { 2, 4, 5, 0xb4 };
	struct ackgate_seen a, b, c;

	CHECK_EQ(ackgate_open(&conf, ACKGATE_TCX), ACKGATE_TCX);
	ackgate_hold(1, true);
	divert(1, false, TCP_SYN | TCP_ACK, 1000, 2001, all, sizeof(all), 5);
	divert(1, true, TCP_SYN | TCP_ACK, 3000, 4001, mss, sizeof(mss), 5);
	divert(1, false, TCP_ACK, 1001, 2050, NULL, 0, 5);
	CHECK_EQ(ackgate_event(0, &a), 1);
	CHECK_EQ(ackgate_event(0, &b), 1);
	CHECK_EQ(ackgate_event(0, &c), 1);
	CHECK(a.syn && a.seq == 1000 && a.ack == 2001 && a.mss == 1460 && a.sack && a.ts &&
	      a.wscale == 7 && a.tsval == 1 && a.tsecr == 2 && a.ends.lport == 80 &&
	      a.ends.rport == 5 && addr_is4(&a.ends.local));
	CHECK(b.syn && b.mss == 1460 && !b.sack && !b.ts && b.wscale == -1 &&
	      !addr_is4(&b.ends.local));
	CHECK(!c.syn && c.ack == 2050 && addr_eq(&c.ends.remote, &a.ends.remote));
	CHECK_EQ(ackgate_event(0, &c), 0);
	lefts = 0;
	ackgate_release(1, &a.ends, a.ack);
	CHECK(lefts == 1 && left[0] == 2001);
	ackgate_hold(2, false);
	ackgate_begin(2, 2001, 7);
	divert(2, false, TCP_ACK, 1001, 2060, NULL, 0, 5);
	take_in();
	ackgate_adopt(1, &a.ends, 2);
	ackgate_flush();
	CHECK_EQ(lefts, 1);
	ackgate_commit(2, 2060);
	ackgate_flush();
	CHECK(lefts == 3 && left[1] == 2050 && left[2] == 2060);
	ackgate_release(1, &a.ends, UINT32_C(1) << 30);
	CHECK_EQ(lefts, 3);
	ackgate_release(1, &b.ends, b.ack);
	CHECK(lefts == 4 && left[3] == 4001);
	ackgate_close();
}

/* Options that do not end, or lie about their length, are read as far as there are any */
static void test_options(void)
{
	struct ackgate_seen seen;
	uint8_t o[40];

	CHECK_EQ(ackgate_open(&conf, ACKGATE_TCX), ACKGATE_TCX);
	ackgate_hold(1, true);
	for (int i = 0; i < 20000; i++) {
		size_t n = check_below(11) * 4;

		for (size_t k = 0; k < sizeof(o); k++)
			o[k] = (uint8_t)check_below(check_below(2) ? 11 : 256);
		divert(1, check_below(2), TCP_SYN | TCP_ACK, 1, 2, o, n, 5);
		CHECK_EQ(ackgate_event(0, &seen), 1);
		ackgate_release(1, &seen.ends, 2);
	}
	CHECK_EQ(ackgate_counts()->released, 20000);
	ackgate_close();
}

/* A slot that is free lets all leave, one that begins anew nothing of before */
static void test_slots(void)
{
	CHECK_EQ(ackgate_open(&conf, ACKGATE_TCX), ACKGATE_TCX);
	CHECK_EQ(ackgate_mark(3), 1003);
	lefts = 0;
	for (int again = 0; again < 2; again++) {
		ackgate_hold(0, false);
		CHECK_EQ(ackgate_slot(0)->turn, 1 + 2 * again);
		divert(0, false, TCP_ACK, 1, 10, NULL, 0, 1);
		take_in();
		CHECK_EQ(lefts, again);
		ackgate_hold(0, false);
		divert(0, false, TCP_ACK, 1, 20, NULL, 0, 1);
		take_in();
		ackgate_commit(0, 30);		/* it has not begun */
		ackgate_flush();
		CHECK_EQ(lefts, again);
		ackgate_may_end(0, true);
		CHECK_EQ(ackgate_slot(0)->may_end, 1);
		ackgate_free(0);
		CHECK(lefts == 1U + (unsigned)again && left[lefts - 1] == 20);
	}
	ackgate_close();
}

/* Without a gate nothing is done, and who can have none is told so */
static void test_none(void)
{
	struct ackgate_conf wrong = conf;
	struct ackgate_seen seen;

	CHECK_EQ(ackgate_open(&conf, ACKGATE_NONE), ACKGATE_NONE);
	CHECK_EQ(ackgate_mark(1), 0);
	CHECK(!ackgate_slot(1));
	ackgate_hold(1, false);
	ackgate_begin(1, 1, 0);
	ackgate_commit(1, 2);
	ackgate_flush();
	ackgate_free(1);
	CHECK_EQ(ackgate_event(0, &seen), 0);
	opens_as = -EPERM;
	CHECK_EQ(ackgate_open(&conf, ACKGATE_TCX), ACKGATE_NONE);
	opens_as = -EADDRINUSE;
	CHECK_EQ(ackgate_open(&conf, ACKGATE_TCX), -EADDRINUSE);
	opens_as = 0;
	wrong.ifs = ACKGATE_IFS + 1;
	CHECK_EQ(ackgate_open(&wrong, ACKGATE_TCX), -EINVAL);
	wrong = conf;
	wrong.slots = ACKGATE_SLOTS + 1;
	CHECK_EQ(ackgate_open(&wrong, ACKGATE_TCX), -EINVAL);
}

int main(void)
{
	log_level = LOG_LVL_ERR;
	RUN(test_order);
	RUN(test_full);
	RUN(test_renewed);
	RUN(test_shown);
	RUN(test_options);
	RUN(test_slots);
	RUN(test_none);
	return check_done();
}
