// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ackgate_prog.c - the program in the kernel against one as simple as can be
 * links: ackgate_prog.c bpf.c csum.c log.c util.c
 *
 * The kernel runs it on a packet of ours, which goes nowhere (BPF_PROG_TEST_RUN).
 * Programs in the kernel want privileges outside of all namespaces.
 * root
 */
#include "ackgate_prog.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf.h"
#include "csum.h"
#include "seq.h"
#include "test/unit/check.h"
#include "util.h"
#include "wire.h"

enum {
	SKIP		= 77,
	MARK		= 0x7000,
	SLOTS		= 4,
	TO		= 1,		/* the loopback: nothing gets there */
	PACKETS		= 60000,
	LONG		= 1600,
	PAIRS		= 512,
	BURST		= 100000,
	NEXT		= -1,
	DROPPED		= 2,
	DIVERTED	= 7,
};

/**
 * struct packet - one that leaves
 * @mark:	of its socket
 * @len:	bytes
 * @b:		from its Ethernet header
 */
struct packet {
	uint32_t mark;
	uint32_t len;
	uint8_t b[LONG];
};

static struct ackgate_slot *slot, model[SLOTS];
static uint8_t pair[PAIRS][ACKGATE_PAIR];
static unsigned pairs;
static int prog;

/* -------------------------------------------------------------------- a simple one */

/* key() - Both addresses and ports, as they are noted */
static void key(const struct packet *p, unsigned l4, uint8_t k[ACKGATE_PAIR])
{
	memset(k, 0, ACKGATE_PAIR);
	if (l4 == 34) {
		memcpy(k, p->b + 26, 4);
		memcpy(k + 16, p->b + 30, 4);
	} else {
		memcpy(k, p->b + 22, 32);
	}
	memcpy(k + 32, p->b + l4, 4);
}

static bool noted(const uint8_t k[ACKGATE_PAIR])
{
	for (unsigned i = 0; i < pairs; i++) {
		if (!memcmp(pair[i], k, ACKGATE_PAIR))
			return true;
	}
	return false;
}

/* tcp_at() - Where TCP begins; 0: it is not understood */
static unsigned tcp_at(const struct packet *p)
{
	unsigned l4 = 0;

	if (p->len >= 34 && p->b[14] == 0x45 && p->b[23] == 6 && !(get_be16(p->b + 20) & 0x3fff))
		l4 = 34;
	if (p->len >= 54 && p->b[14] >> 4 == 6 && p->b[20] == 6)
		l4 = 54;
	return l4 && p->len >= l4 + 20 ? l4 : 0;
}

/* sum() - Of TCP, its checksum included; 0 if that is right */
static uint16_t sum(const struct packet *p, unsigned l4)
{
	uint8_t tail[4] = { 0, 6 };
	unsigned n = l4 == 34 ? 8 : 32;

	put_be16(tail + 2, (uint16_t)(p->len - l4));
	return csum_fold(csum_add(csum_add(csum_add(0, p->b + l4 - n, n), tail, 4), p->b + l4,
				  p->len - l4));
}

static int refuse(struct ackgate_slot *s)
{
	s->refused++;
	return DROPPED;
}

static int divert(struct ackgate_slot *s, struct packet *p)
{
	p->b[6] = 3;
	p->b[7] = 0x67;
	put_be32(p->b + 8, (p->mark - MARK) | s->turn << 20);
	s->diverted++;
	return DIVERTED;
}

/* remember() - What the slot knows after a segment */
static void remember(struct ackgate_slot *s, const struct packet *p, unsigned l4,
		     uint32_t payload)
{
	uint32_t end = get_be32(p->b + l4 + 4) + payload + (p->b[l4 + 13] & TCP_FIN);

	if (!s->seen || seq_gt(end, s->nxt))
		s->nxt = end;
	s->seen = 1;
	if (p->b[l4 + 12] >> 4 >= 8 && p->len >= l4 + 32 &&
	    get_be32(p->b + l4 + 20) == 0x0101080a) {
		s->has_ts = 1;
		memcpy(&s->tsval, p->b + l4 + 24, 4);
		memcpy(&s->tsecr, p->b + l4 + 28, 4);
	}
}

static int committing(struct ackgate_slot *s, struct packet *p, unsigned l4, uint32_t payload)
{
	uint8_t *t = p->b + l4, flags = t[13];
	uint32_t ack = get_be32(t + 8), above = ack - s->committed, wnd;

	remember(s, p, l4, payload);
	if (p->b[l4 + 12] >> 4 >= 8 && p->len < l4 + 32)
		return refuse(s);
	if (!(flags & TCP_ACK))
		return NEXT;
	if (!seq_gt(ack, s->committed)) {
		if (s->owed && seq_ge(ack, s->owed_ack))
			s->owed = 0;
		return NEXT;
	}
	if (!payload && !(flags & (TCP_FIN | TCP_SYN | TCP_RST)))
		return divert(s, p);
	s->owed = 1;
	s->owed_ack = ack;
	s->ifindex = 1;
	s->hlen = l4;
	memcpy(s->head, p->b, l4 + 20);
	wnd = get_be16(t + 14) + (above >> s->wscale);
	put_be16(t + 14, wnd < 65535 ? (uint16_t)wnd : 65535);
	put_be32(t + 8, s->committed);
	s->lowered++;
	return NEXT;
}

/* judge() - What becomes of a packet, and of all that is known */
static int judge(struct packet *p)
{
	struct ackgate_slot *s = p->mark - MARK < SLOTS ? &model[p->mark - MARK] : NULL;
	unsigned l4 = tcp_at(p);
	uint8_t k[ACKGATE_PAIR], flags = p->b[l4 + 13];
	uint32_t payload = p->len - l4 - (p->b[l4 + 12] >> 4) * 4U;

	if (s && s->mode == ACKGATE_FREE)
		return NEXT;
	if (!l4)
		return s ? refuse(s) : NEXT;
	key(p, l4, k);
	if (!s)
		return flags & TCP_RST && noted(k) ? DROPPED : NEXT;
	if (flags & (TCP_FIN | TCP_RST) && !s->may_end) {
		if (!noted(k) && pairs < PAIRS)
			memcpy(pair[pairs++], k, sizeof(k));
		return refuse(s);
	}
	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return NEXT;
	if (s->mode == ACKGATE_COMMIT)
		return committing(s, p, l4, payload);
	if (flags & TCP_RST)
		return NEXT;
	return flags & TCP_FIN || payload ? refuse(s) : divert(s, p);
}

/* -------------------------------------------------------------------- packets */

/* chance() - True once in n times */
static bool chance(unsigned n)
{
	return !check_below(n);
}

static uint8_t some_flags(void)
{
	static const uint8_t usual[] = {
		TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH, TCP_SYN, TCP_SYN | TCP_ACK,
		TCP_FIN | TCP_ACK, TCP_RST, TCP_RST | TCP_ACK,
	};

	return chance(8) ? (uint8_t)check_below(256) : usual[check_below(ARRAY_SIZE(usual))];
}

/* near() - A number about another one */
static uint32_t near(uint32_t n)
{
	static const uint32_t apart[] = { 1, 2, 3, 100, 70000, UINT32_C(1) << 30 };

	n += (uint32_t)check_below(apart[check_below(ARRAY_SIZE(apart))]);
	return n - (uint32_t)check_below(apart[check_below(ARRAY_SIZE(apart))]);
}

/* make() - A packet, most often one that makes sense */
static struct packet make(void)
{
	bool v6 = chance(2), ts = !chance(3);
	unsigned l4 = v6 ? 54 : 34, hlen = ts ? 32 : 20;
	unsigned n = chance(2) ? 0 : (unsigned)check_below(1400);
	struct packet p = { .mark = MARK + (uint32_t)check_below(SLOTS), .len = l4 + hlen + n };
	uint32_t base = p.mark - MARK < SLOTS ? model[p.mark - MARK].committed : 0;
	uint8_t *t = p.b + l4;
	uint16_t c;

	if (chance(3))
		p.mark = chance(2) ? 0 : MARK + SLOTS - 1 + (uint32_t)check_below(3);
	check_fill(p.b, p.len);
	put_be16(p.b + 12, v6 ? WIRE_IP6 : WIRE_IP4);
	p.b[14] = v6 ? 0x60 : 0x45;
	p.b[v6 ? 20 : 23] = WIRE_TCP;
	put_be16(p.b + (v6 ? 18 : 16), (uint16_t)(p.len - (v6 ? 54 : 14)));
	if (!v6)
		put_be16(p.b + 20, IP4_DF);
	/* Few pairs, so that they come again */
	memset(t - (v6 ? 32 : 8), 7, v6 ? 32 : 8);
	memset(t + 16, 0, 2);
	put_be32(t, (uint32_t)check_below(8));
	put_be32(t + 4, near(model[0].nxt));
	put_be32(t + 8, near(base));
	t[12] = (uint8_t)(hlen << 2);
	t[13] = some_flags();
	if (chance(3))
		put_be16(t + 14, (uint16_t)check_below(200));
	if (ts && !chance(8))
		put_be32(t + 20, 0x0101080a);
	c = sum(&p, l4);
	memcpy(t + 16, &c, sizeof(c));
	/* And some that do not */
	if (chance(10))
		p.b[14 + check_below(p.len - 14)] = (uint8_t)check_rand();
	if (chance(20))			/* the kernel takes none without IP header */
		p.len = l4 + (uint32_t)check_below(p.len - l4);
	return p;
}

/* run() - Let the kernel judge; ns of one of @times */
static uint32_t run(struct packet *p, int *verdict, unsigned times)
{
	static struct packet out;
	struct __sk_buff ctx = { .mark = p->mark };
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)prog;
	attr.test.data_in = (uintptr_t)p->b;
	attr.test.data_size_in = p->len;
	attr.test.data_out = (uintptr_t)out.b;
	attr.test.data_size_out = sizeof(out.b);
	attr.test.ctx_in = (uintptr_t)&ctx;
	attr.test.ctx_size_in = sizeof(ctx);
	attr.test.repeat = times;
	CHECK_EQ(syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)), 0);
	CHECK_EQ(attr.test.data_size_out, p->len);
	memcpy(p->b, out.b, p->len);
	*verdict = (int)attr.test.retval;
	return attr.test.duration;
}

/* change() - What the process may change about a slot */
static void change(void)
{
	struct ackgate_slot *s = &model[check_below(SLOTS)];

	if (chance(2)) {
		s->committed = near(s->committed);
	} else {
		s->mode = (uint32_t)check_below(4);
		if (chance(2))
			s->mode = ACKGATE_COMMIT;
		s->may_end = chance(2);
		s->wscale = (uint32_t)check_below(15);
		s->turn = (uint32_t)check_rand();
		s->owed &= chance(2);
		s->seen &= chance(2);
	}
}

static void test_judge(void)
{
	unsigned seen[3] = { 0 }, lowered = 0;

	for (unsigned i = 0; i < PACKETS; i++) {
		struct packet p = make(), is, want;
		int is_verdict, verdict;
		unsigned l4;

		if (chance(4))
			change();
		memcpy(slot, model, sizeof(model));
		is = want = p;
		verdict = judge(&want);
		(void)run(&is, &is_verdict, 1);
		CHECK_EQ(is_verdict, verdict);
		/* A checksum is as right as it was */
		l4 = tcp_at(&p);
		if (l4 && memcmp(is.b + l4 + 8, p.b + l4 + 8, 4)) {
			CHECK_EQ(sum(&is, l4), sum(&p, l4));
			memcpy(want.b + l4 + 16, is.b + l4 + 16, 2);
		}
		CHECK_MEM(is.b, want.b, p.len);
		CHECK_MEM(slot, model, sizeof(model));
		seen[verdict == NEXT ? 0 : verdict == DROPPED ? 1 : 2]++;
	}
	for (unsigned i = 0; i < SLOTS; i++)
		lowered += model[i].lowered;
	printf("# %u left, %u were thrown away, %u were diverted; %u lowered, %u pairs\n", seen[0],
	       seen[1], seen[2], lowered, pairs);
	CHECK(seen[0] > 1000 && seen[1] > 1000 && seen[2] > 1000 && lowered > 1000 && pairs > 4);
}

/* What it costs, for who wants to know */
static void test_cost(void)
{
	static const struct { const char *name; uint32_t mark, above, payload; } row[] = {
		{ "no mark", 0, 0, 1000 }, { "below", MARK, 0, 1000 }, { "lowered", MARK, 9, 1000 },
		{ "diverted", MARK, 9, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		struct packet p = { .mark = row[i].mark, .len = 14 + 20 + 32 + row[i].payload };
		int verdict;

		put_be16(p.b + 12, WIRE_IP4);
		p.b[14] = 0x45;
		p.b[23] = WIRE_TCP;
		p.b[46] = 0x80;
		p.b[47] = TCP_ACK;
		put_be32(p.b + 42, row[i].above);
		put_be32(p.b + 54, 0x0101080a);
		memset(slot, 0, sizeof(model));
		slot->mode = ACKGATE_COMMIT;
		printf("# %s: %u ns\n", row[i].name, run(&p, &verdict, BURST));
		CHECK_EQ(verdict, row[i].above && !row[i].payload ? DIVERTED : NEXT);
	}
}

int main(void)
{
	struct ackgate_prog p = { .mark = MARK, .slots = SLOTS, .to = TO };

	p.array = bpf_array(sizeof(*slot), SLOTS);
	p.ended = bpf_recent(ACKGATE_PAIR, PAIRS * 64);
	if (p.array == -EPERM) {
		(void)fputs("not root: no programs in the kernel\n", stderr);
		return SKIP;
	}
	slot = mmap(NULL, sizeof(model), PROT_READ | PROT_WRITE, MAP_SHARED, p.array, 0);
	prog = ackgate_prog_egress(&p);
	CHECK(prog >= 0 && slot != MAP_FAILED);
	RUN(test_judge);
	RUN(test_cost);
	return check_done();
}
