// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frag.c - unit test of ../../frag.c
 * links: frag.c frame.c conn.c timer.c addr.c csum.c tap_link.c count.c log.c util.c
 *
 * Pieces are made byte by byte here and go through frame_parse(), each in
 * memory of exactly its size and cut in two at a random place.  The oracle
 * keeps one flag per byte and knows nothing of units.
 */
#include "test/unit/check.h"

#include <errno.h>

#include "conn.h"
#include "count.h"
#include "csum.h"
#include "frag.h"
#include "net.h"
#include "tap.h"
#include "timer.h"
#include "util.h"
#include "wire.h"

enum { SENT_MAX = 8200, BYTES_MAX = 65536, PIECES_MAX = 8200 };

static struct net test_net = {
	.mac = { 2, 0, 0, 0, 0, 1 }, .guest_mac = { 2, 0, 0, 0, 0, 1 }, .mtu = 1500,
	.has4 = true, .has6 = true,
};
const struct net *const net = &test_net;

/* Frames that went to the guest */
static struct { uint8_t *data; uint32_t len; } sent[SENT_MAX];
static int nsent, send_error;

int tap_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	(void)vh;
	if (send_error)
		return send_error;
	CHECK(nsent < SENT_MAX);
	sent[nsent].data = malloc(len);
	memcpy(sent[nsent].data, frame, len);
	sent[nsent++].len = len;
	return 0;
}

uint32_t tap_head(const struct tap_frame *f, void *copy, uint32_t n)
{
	uint32_t done = 0;

	for (int i = 0; i < f->niov && done < n; i++) {
		uint32_t use = min_u32((uint32_t)f->iov[i].iov_len, n - done);

		memcpy((uint8_t *)copy + done, f->iov[i].iov_base, use);
		done += use;
	}
	return done;
}

static void forget_sent(void)
{
	while (nsent)
		free(sent[--nsent].data);
}

/**
 * struct piece - what to put into a fragment
 * @id:		identification
 * @off:	offset
 * @len:	length
 * @v6:		IPv6
 * @more:	not the last
 * @proto:	protocol
 * @ttl:	time to live
 */
struct piece {
	uint32_t id;
	uint32_t off;
	uint32_t len;
	bool v6;
	bool more;
	uint8_t proto;
	uint8_t ttl;
};

static struct addr guest(bool v6)
{
	struct addr a;

	CHECK(addr_parse(v6 ? "2001:db8::2" : "192.0.2.2", &a));
	return a;
}

static struct addr far(bool v6)
{
	struct addr a;

	CHECK(addr_parse(v6 ? "2001:db8:1::1" : "198.51.100.1", &a));
	return a;
}

/* build() - A fragment as a frame, allocated; returns its length */
static uint32_t build(const struct piece *p, const uint8_t *payload, uint8_t **frame)
{
	uint32_t hlen = p->v6 ? 14 + 40 + 8 : 14 + 20;
	uint8_t *b = calloc(1, hlen + p->len);
	struct addr src = guest(p->v6), dst = far(p->v6);
	uint16_t sum;

	memcpy(b, test_net.mac, 6);
	b[6] = 2;
	b[11] = 9;
	if (p->v6) {
		put_be16(b + 12, WIRE_IP6);
		b[14] = 0x60;
		put_be16(b + 18, (uint16_t)(8 + p->len));
		b[20] = WIRE_FRAGMENT;
		b[21] = p->ttl;
		memcpy(b + 22, src.b, 16);
		memcpy(b + 38, dst.b, 16);
		b[54] = p->proto;
		put_be16(b + 56, (uint16_t)(p->off | p->more));
		put_be32(b + 58, p->id);
	} else {
		put_be16(b + 12, WIRE_IP4);
		b[14] = 0x45;
		put_be16(b + 16, (uint16_t)(20 + p->len));
		put_be16(b + 18, (uint16_t)p->id);
		put_be16(b + 20, (uint16_t)((p->more ? IP4_MF : 0) | p->off / 8));
		b[22] = p->ttl;
		b[23] = p->proto;
		memcpy(b + 26, addr_v4(&src), 4);
		memcpy(b + 30, addr_v4(&dst), 4);
		sum = csum_fold(csum_add(0, b + 14, 20));
		memcpy(b + 24, &sum, 2);
	}
	memcpy(b + hlen, payload, p->len);
	*frame = b;
	return hlen + p->len;
}

/* feed() - Hand a frame over in two pieces of memory */
static const struct frame *feed(uint8_t *frame, uint32_t len, uint64_t now)
{
	uint32_t cut = (uint32_t)check_below(len + 1);
	struct iovec iov[2] = { { frame, cut }, { frame + cut, len - cut } };
	struct tap_frame t = { .iov = iov, .niov = 2, .len = len };
	const struct frame *got = NULL;
	struct frame f;

	if (frame_parse(&t, &f) == FRAME_FRAGMENT)
		got = frag_from_guest(&f, now);
	free(frame);
	return got;
}

static const struct frame *give(const struct piece *p, const uint8_t *payload, uint64_t now)
{
	uint8_t *frame = NULL;
	uint32_t len = build(p, payload, &frame);

	return feed(frame, len, now);
}

static void begin(void)
{
	count_reset();
	conn_init();
	timer_init(5000);
	frag_init();
	forget_sent();
	test_net.mtu = 1500;
	send_error = 0;
}

static uint64_t bad_count(void)
{
	return count_value[DROP_FRAGMENT_BAD];
}

/* The ways one packet can be cut and mixed up */

static uint8_t data[BYTES_MAX];

/* cut_up() - Cut @total bytes into pieces of random size, in random order */
static int cut_up(struct piece *p, const struct piece *like, uint32_t total)
{
	uint32_t most = 8 * (1 + (uint32_t)check_below(200));
	int n = 0;

	for (uint32_t off = 0; off < total; n++) {
		uint32_t len = 8 * (1 + (uint32_t)check_below(most / 8));

		/* All headers are in the first: 24 bytes hold any */
		if (!off && len < 24)
			len = 24;
		p[n] = *like;
		p[n].off = off;
		p[n].len = min_u32(len, total - off);
		p[n].more = off + p[n].len < total;
		off += p[n].len;
	}
	for (int i = n - 1; i > 0; i--) {
		int j = (int)check_below((uint64_t)i + 1);
		struct piece swap = p[i];

		p[i] = p[j];
		p[j] = swap;
	}
	return n;
}

static void check_whole(const struct frame *f, const struct piece *like, uint32_t total)
{
	static uint8_t copy[BYTES_MAX];
	struct addr src = guest(like->v6), dst = far(like->v6);

	CHECK(f);
	if (!f)
		return;
	CHECK(addr_eq(&f->src, &src));
	CHECK(addr_eq(&f->dst, &dst));
	CHECK_EQ(f->proto, like->proto);
	CHECK_EQ(f->ttl, like->ttl);
	CHECK_EQ(f->l4len, total);
	CHECK(!f->df);
	CHECK_EQ(frame_copy(f, 0, copy, sizeof(copy)), total);
	CHECK_MEM(copy, data, total);
	CHECK(frame_l4(f, 8) != NULL);
}

static void test_orders(void)
{
	static const uint8_t protos[] = { WIRE_UDP, WIRE_TCP, WIRE_ICMP4 };
	static struct piece p[PIECES_MAX];

	begin();
	for (int round = 0; round < 400; round++) {
		struct piece like = {
			.v6 = check_below(2), .id = (uint32_t)check_rand(),
			.proto = protos[check_below(3)],
			.ttl = (uint8_t)(1 + check_below(255)),
		};
		uint32_t max = like.v6 ? 65535 : 65515;
		uint32_t total = round < 4 ? max : 25 + (uint32_t)check_below(max - 24);
		int n = cut_up(p, &like, total);

		if (n == 1)	/* that is no fragment */
			continue;
		check_fill(data, min_size(total, 3000));
		for (int i = 0; i < n - 1; i++) {
			CHECK(!give(&p[i], data + p[i].off, 5));
			/* The same again changes nothing */
			if (!check_below(8))
				CHECK(!give(&p[i], data + p[i].off, 5));
		}
		check_whole(give(&p[n - 1], data + p[n - 1].off, 5), &like, total);
		CHECK(timer_due(TIMER_FRAG) == TIMER_NEVER);
		frag_release();
	}
	CHECK_EQ(bad_count(), 0);
}

/**
 * struct oracle - a packet, one flag per byte
 * @there:	byte is there
 * @dead:	given up
 * @total:	0: not known
 * @high:	end of what is there
 * @begun:	a piece was accepted
 */
struct oracle {
	bool there[BYTES_MAX + 8];
	bool dead;
	uint32_t total;
	uint32_t high;
	bool begun;
};

/* expect() - Tell what has to happen: 1: complete, 0: no answer */
static int expect(struct oracle *o, const struct piece *p, const uint8_t *bytes)
{
	uint32_t end = p->off + p->len, max = p->v6 ? 65535 : 65515, have = 0, is = 0;
	bool ok = p->len && end <= max && !(p->more && p->len % 8) &&
		  (p->off || p->len >= 8);

	if (!o->begun && !ok)
		return 0;
	o->begun = true;
	if (o->total && (p->more ? end >= o->total : end != o->total))
		ok = false;
	if (!p->more && o->high > end)
		ok = false;
	if (!ok)
		o->dead = true;
	if (o->dead)
		return 0;
	for (uint32_t i = p->off; i < end; i++)
		have += o->there[i];
	if (have == p->len && !memcmp(bytes, data + p->off, p->len))
		return 0;
	if (have) {
		o->dead = true;
		return 0;
	}
	memcpy(data + p->off, bytes, p->len);
	for (uint32_t i = p->off; i < end; i++)
		o->there[i] = true;
	o->high = max_u32(o->high, end);
	if (!p->more)
		o->total = end;
	for (uint32_t i = 0; i < o->total; i++)
		is += o->there[i];
	return o->total && is == o->total;
}

/* any_piece() - One that may overlap, repeat or contradict others; its @bytes */
static void any_piece(struct piece *p, uint32_t range, const struct oracle *o,
		      uint8_t *bytes)
{
	p->off = 8 * (uint32_t)check_below(range);
	p->len = 8 * (1 + (uint32_t)check_below(check_below(4) ? 2 : range));
	p->len = min_u32(p->len, 60000);
	p->more = p->off + p->len < range * 8;
	if (!check_below(100))
		p->more = !p->more;
	if (!p->more)
		p->len -= (uint32_t)check_below(8);
	else if (!check_below(200))
		p->len--;
	memcpy(bytes, data + min_u32(p->off, 60000), min_u32(p->len, 5000));
	if (!o->there[p->off] || !check_below(50))
		check_fill(bytes, min_u32(p->len, 200));
	p->len = min_u32(p->len, BYTES_MAX - p->off);
}

/* random_packet() - Up to 60 pieces of one; returns 1: complete, -1: given up, 0 */
static int random_packet(uint32_t round)
{
	static uint8_t bytes[BYTES_MAX];
	static struct oracle o;
	struct piece p = { .v6 = check_below(2), .id = round, .proto = WIRE_UDP, .ttl = 9 };
	uint32_t range = 1 + (uint32_t)check_below(round % 50 ? 12 : 8191);

	memset(&o, 0, sizeof(o));
	for (int i = 0; i < 60; i++) {
		const struct frame *f;
		int want;

		any_piece(&p, range, &o, bytes);
		if (!p.off && !p.more)	/* that is no fragment at all */
			continue;
		want = expect(&o, &p, bytes);
		f = give(&p, bytes, (uint64_t)round * 2000000 + 1000000);
		CHECK_EQ(f != NULL, want);
		if (f) {
			check_whole(f, &p, o.total);
			frag_release();
			return 1;
		}
	}
	return o.dead ? -1 : 0;
}

static void test_random(void)
{
	int complete = 0, dead = 0;

	begin();
	for (uint32_t round = 0; round < 3000; round++) {
		int rc = random_packet(round);

		complete += rc > 0;
		dead += rc < 0;
	}
	CHECK(complete > 100);
	CHECK(dead > 100);
	printf("# %d packets complete, %d given up\n", complete, dead);
}

/* One packet at a time */

static const struct piece first = { .id = 7, .proto = WIRE_UDP, .ttl = 64, .len = 16,
				    .more = true };

static void test_overlap(void)
{
	struct piece a = first, b = first, c = first;

	begin();
	memset(data, 1, sizeof(data));
	b.off = 8;
	c.off = 16;
	c.more = false;
	CHECK(!give(&a, data, 5));
	CHECK(!give(&b, data, 5));
	CHECK_EQ(bad_count(), 1);
	/* What comes later of it is swallowed (RFC 5722) */
	CHECK(!give(&c, data, 5));
	CHECK(!give(&a, data, 5));
	CHECK_EQ(bad_count(), 3);
	/* A different packet is not concerned */
	a.id = c.id = 8;
	CHECK(!give(&a, data, 5));
	CHECK(give(&c, data, 5) != NULL);
}

/* Pieces that do not overlap, but do not agree on where the packet ends */
static void test_ends(void)
{
	struct piece p = first;

	begin();
	CHECK(!give(&p, data, 5));
	p.off = 32;
	p.len = 9;
	p.more = false;
	CHECK(!give(&p, data, 5));
	p.off = 48;		/* beyond the end */
	p.len = 16;
	p.more = true;
	CHECK(!give(&p, data, 5));
	CHECK_EQ(bad_count(), 1);
	p.off = 16;		/* what was missing */
	CHECK(!give(&p, data, 5));
	CHECK_EQ(bad_count(), 2);

	p = first;
	p.id = 8;
	CHECK(!give(&p, data, 5));
	p.off = 48;
	CHECK(!give(&p, data, 5));
	p.off = 16;		/* the last, though there is one behind it */
	p.more = false;
	CHECK(!give(&p, data, 5));
	CHECK_EQ(bad_count(), 3);

	p = first;
	p.id = 9;
	CHECK(!give(&p, data, 5));
	p.off = 32;		/* two that are the last */
	p.more = false;
	CHECK(!give(&p, data, 5));
	p.off = 16;
	p.len = 8;
	CHECK(!give(&p, data, 5));
	CHECK_EQ(bad_count(), 4);
}

static void test_keys(void)
{
	struct piece a = first, z = first;

	begin();
	z.off = 16;
	z.more = false;
	CHECK(!give(&a, data, 5));
	z.proto = WIRE_TCP;	/* IPv4: another packet */
	CHECK(!give(&z, data, 5));
	z.proto = WIRE_UDP;
	z.id = 9;
	CHECK(!give(&z, data, 5));
	z.id = a.id;
	CHECK(give(&z, data, 5) != NULL);

	a.v6 = z.v6 = true;
	CHECK(!give(&a, data, 5));
	z.proto = WIRE_TCP;	/* IPv6: only that of the first piece counts */
	CHECK(give(&z, data, 5) != NULL);
}

static void test_nonsense(void)
{
	struct piece p = first;

	begin();
	p.len = 15;
	CHECK(!give(&p, data, 5));
	p.len = 0;
	CHECK(!give(&p, data, 5));
	p.len = 16;
	p.off = 65512;
	p.more = false;
	CHECK(!give(&p, data, 5));
	CHECK_EQ(bad_count(), 3);
	CHECK(timer_due(TIMER_FRAG) == TIMER_NEVER);
	p = first;
	p.proto = WIRE_TCP;	/* 16 bytes do not hold a TCP header */
	CHECK(!give(&p, data, 5));
	p.v6 = true;
	p.proto = WIRE_DSTOPTS;
	memset(data, 0, 16);
	data[0] = WIRE_TCP;	/* nor do 16 with options before it */
	CHECK(!give(&p, data, 5));
	data[1] = 200;		/* nor options that do not end here */
	CHECK(!give(&p, data, 5));
	CHECK_EQ(bad_count(), 6);
	CHECK(timer_due(TIMER_FRAG) == TIMER_NEVER);
}

/* Extension headers behind the fragment header are walked in the whole packet */
static void test_extension(void)
{
	struct piece a = first, z = first;
	const struct frame *f;

	begin();
	memset(data, 0, 64);
	data[0] = WIRE_UDP;
	a.v6 = z.v6 = true;
	a.proto = z.proto = WIRE_DSTOPTS;
	z.off = 16;
	z.more = false;
	CHECK(!give(&a, data, 5));
	f = give(&z, data + 16, 5);
	CHECK(f != NULL);
	if (f) {
		CHECK_EQ(f->proto, WIRE_UDP);
		CHECK_EQ(f->l4len, 24);
	}
	/* A fragment in fragments is none */
	data[0] = WIRE_FRAGMENT;
	data[8] = WIRE_UDP;
	data[11] = 1;
	a.id = z.id = 77;
	CHECK(!give(&a, data, 5));
	CHECK(!give(&z, data + 16, 5));
	CHECK_EQ(bad_count(), 1);
}

static void test_timeout(void)
{
	struct piece a = first, b = first, c = first;
	const struct frame *x;
	uint8_t l4[32];
	struct addr src = guest(false);

	begin();
	for (int i = 0; i < 16; i++)
		data[i] = (uint8_t)i;
	CHECK(!give(&a, data, 1000));
	b.id = 8;
	b.off = 800;		/* the first piece of this one never came */
	CHECK(!give(&b, data, 1000));
	c.v6 = true;
	CHECK(!give(&c, data, 1000));
	CHECK_EQ(timer_due(TIMER_FRAG), 30001000);
	CHECK(!frag_timeout(30000000));
	CHECK_EQ(count_value[DROP_FRAGMENT_TIMEOUT], 0);
	x = frag_timeout(30001000);
	CHECK(x != NULL);
	if (!x)
		return;
	CHECK(addr_eq(&x->src, &src));
	CHECK_EQ(x->proto, WIRE_UDP);
	CHECK_EQ(x->ttl, 64);
	CHECK_EQ(x->l4len, 16);
	CHECK_EQ(frame_copy(x, 0, l4, sizeof(l4)), 16);
	CHECK_MEM(l4, data, 16);
	CHECK(!frag_timeout(30001000));
	CHECK_EQ(count_value[DROP_FRAGMENT_TIMEOUT], 2);
	CHECK_EQ(timer_due(TIMER_FRAG), 60001000);	/* RFC 8200, 4.5 */
	CHECK(frag_timeout(60001000));
	CHECK(!frag_timeout(60001000));
	CHECK(timer_due(TIMER_FRAG) == TIMER_NEVER);
}

static void test_full(void)
{
	struct piece p = first;

	begin();
	for (uint32_t i = 0; i < FRAG_PACKETS; i++) {
		p.id = 100 + i;
		CHECK(!give(&p, data, 1000 + i));
	}
	CHECK_EQ(count_value[DROP_FRAGMENT_FULL], 0);
	/* The one that waits longest makes room: 101, since 100 is not idle */
	p.id = 100;
	p.off = 16;
	CHECK(!give(&p, data, 2000));
	p.id = 999;
	p.off = 0;
	CHECK(!give(&p, data, 2000));
	CHECK_EQ(count_value[DROP_FRAGMENT_FULL], 1);
	p.off = 16;
	p.more = false;
	CHECK(give(&p, data, 2000) != NULL);
	p.off = 32;
	p.id = 100;
	CHECK(give(&p, data, 2000) != NULL);
	p.off = 16;
	p.id = 101;
	CHECK(!give(&p, data, 2000));
	CHECK_EQ(count_value[DROP_FRAGMENT_FULL], 2);
	p.id = 131;
	CHECK(give(&p, data, 2000) != NULL);
}

static void test_release(void)
{
	struct piece a = first, z = first;
	const struct frame *f[FRAG_PACKETS];

	begin();
	z.off = 16;
	z.more = false;
	for (uint32_t i = 0; i < FRAG_PACKETS; i++) {
		a.id = z.id = i;
		data[0] = (uint8_t)i;
		CHECK(!give(&a, data, 5));
		f[i] = give(&z, data, 5);
	}
	a.id = 99;
	CHECK(!give(&a, data, 5));
	CHECK_EQ(count_value[DROP_FRAGMENT_FULL], 1);
	for (uint32_t i = 0; i < FRAG_PACKETS; i++) {
		uint8_t b = 0;

		CHECK(f[i] != NULL);
		if (f[i])
			CHECK_EQ(frame_copy(f[i], 0, &b, 1), 1);
		CHECK_EQ(b, i);
	}
	frag_release();
	CHECK(!give(&a, data, 5));
	CHECK_EQ(count_value[DROP_FRAGMENT_FULL], 1);
}

/* Toward the guest: what is cut can be put together again */
static void test_send(void)
{
	static const uint16_t mtus[] = { 68, 576, 1280, 1500, 9000, 65520 };

	begin();
	for (int round = 0; round < 300; round++) {
		bool v6 = check_below(2);
		struct piece like = { .v6 = v6, .proto = WIRE_UDP, .ttl = 64 };
		struct addr a = guest(v6), b = far(v6);
		uint32_t max = v6 ? 65535 : 65515, total;
		const struct frame *f = NULL;

		test_net.mtu = mtus[check_below(ARRAY_SIZE(mtus))];
		total = test_net.mtu - 19 + (uint32_t)check_below(max - test_net.mtu + 20);
		total = min_u32(total, max);
		check_fill(data, 100);
		CHECK_EQ(frag_send(&a, &b, WIRE_UDP, data, total), 0);
		if (v6 && nsent == 1)	/* a whole one: nothing to put together */
			total = 0;
		for (int i = 0; i < nsent; i++) {
			CHECK(sent[i].len <= 14U + test_net.mtu);
			CHECK(!f);
			if (nsent > 1)
				f = feed(sent[i].data, sent[i].len, 5);
			else
				free(sent[i].data);
		}
		if (nsent > 1)
			check_whole(f, &like, total);
		nsent = 0;
		frag_release();
	}
	CHECK_EQ(bad_count(), 0);
}

static void test_send_limits(void)
{
	struct addr a = guest(false), b = far(false), c = guest(true), d = far(true);

	begin();
	CHECK_EQ(frag_send(&a, &b, WIRE_UDP, data, 65516), -EMSGSIZE);
	CHECK_EQ(frag_send(&c, &d, WIRE_UDP, data, 65536), -EMSGSIZE);
	CHECK_EQ(nsent, 0);
	/* Fits exactly: not cut */
	CHECK_EQ(frag_send(&a, &b, WIRE_UDP, data, 1480), 0);
	CHECK_EQ(frag_send(&c, &d, WIRE_UDP, data, 1460), 0);
	CHECK_EQ(nsent, 2);
	forget_sent();
	CHECK_EQ(frag_send(&a, &b, WIRE_UDP, data, 1481), 0);
	CHECK_EQ(nsent, 2);
	if (nsent == 2) {
		CHECK_EQ(get_be16(sent[0].data + 20), IP4_MF);
		CHECK_EQ(get_be16(sent[1].data + 20), 1480 / 8);
		CHECK_EQ(get_be16(sent[0].data + 18), get_be16(sent[1].data + 18));
	}
	send_error = -ENOBUFS;
	CHECK_EQ(frag_send(&a, &b, WIRE_UDP, data, 9000), -ENOBUFS);
}

int main(void)
{
	RUN(test_orders);
	RUN(test_random);
	RUN(test_overlap);
	RUN(test_ends);
	RUN(test_keys);
	RUN(test_nonsense);
	RUN(test_extension);
	RUN(test_timeout);
	RUN(test_full);
	RUN(test_release);
	RUN(test_send);
	RUN(test_send_limits);
	forget_sent();
	return check_done();
}
