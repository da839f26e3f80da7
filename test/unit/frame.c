// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frame.c - unit test of ../../frame.c
 * links: frame.c tap_link.c addr.c csum.c count.c util.c
 *
 * Frames are put together byte by byte from the RFCs' drawings, cut into
 * pieces, and each piece lies in memory of its own, so that AddressSanitizer
 * sees one read too many.  What goes to the guest is taken apart the same way,
 * with a checksum routine of its own.
 */
#include "test/unit/check.h"

#include "count.h"
#include "csum.h"
#include "frame.h"
#include "log.h"
#include "net.h"
#include "wire.h"

enum { FRAME_SIZE = 70000, PIECES = 40, TAP_ERROR = -1234 };

static struct net test_net = {
	.mac = { 0x9a, 0x55, 0, 0, 0, 1 }, .guest_mac = { 0x52, 0x54, 0, 0, 0, 2 },
	.mtu = 1500, .has4 = true, .has6 = true,
};
const struct net *const net = &test_net;
enum log_level log_level = LOG_LVL_ERR;
static unsigned bugs;

void log_bug(const char *file, int line, const char *what)
{
	(void)file;
	(void)line;
	(void)what;
	bugs++;
}

/* What was sent last */
static struct {
	uint8_t data[FRAME_SIZE];
	uint32_t len;
	struct virtio_net_hdr vh;
	unsigned num;
} sent;

int tap_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	memcpy(sent.data, frame, len);
	sent.len = len;
	sent.vh = *vh;
	sent.num++;
	return TAP_ERROR;
}

uint32_t tap_head(const struct tap_frame *f, void *copy, uint32_t n)
{
	uint32_t done = 0;

	for (int i = 0; i < f->niov; i++) {
		for (size_t k = 0; k < f->iov[i].iov_len && done < n; k++)
			((uint8_t *)copy)[done++] = ((uint8_t *)f->iov[i].iov_base)[k];
	}
	return done;
}

/* sum16() - RFC 1071, the way the section's example in C does it */
static uint32_t sum16(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* pseudo() - Sum over addresses, length and protocol */
static uint32_t pseudo(const struct addr *src, const struct addr *dst, uint8_t proto,
		       uint32_t len)
{
	uint8_t b[40] = { 0 };

	memcpy(b, src->b, 16);
	memcpy(b + 16, dst->b, 16);
	/* 10 bytes 0 and 2 of 0xff in each IPv4 address */
	if (addr_is4(src))
		memset(b, 0, 12), memset(b + 16, 0, 12);
	b[32] = (uint8_t)(len >> 24);
	b[33] = (uint8_t)(len >> 16);
	b[34] = (uint8_t)(len >> 8);
	b[35] = (uint8_t)len;
	b[39] = proto;
	return sum16(0, b, sizeof(b));
}

/* A frame in the making, and as the link lends it */
static uint8_t raw[FRAME_SIZE];
static uint32_t raw_len;
static uint8_t *piece[PIECES];
static struct iovec iov[PIECES];
static struct tap_frame tap;
static struct frame f;

static void cut(int pieces)
{
	uint32_t at = 0;

	for (int i = 0; i < PIECES; i++) {
		free(piece[i]);
		piece[i] = NULL;
	}
	tap = (struct tap_frame){ .iov = iov, .niov = pieces, .len = raw_len };
	for (int i = 0; i < pieces; i++) {
		uint32_t n = i == pieces - 1 ? raw_len - at :
			     (uint32_t)check_below((raw_len - at) / 2 + 2);

		if (n > raw_len - at)
			n = raw_len - at;
		piece[i] = malloc(n ? n : 1);
		memcpy(piece[i], raw + at, n);
		iov[i] = (struct iovec){ piece[i], n };
		at += n;
	}
}

/* parse() - Look at the frame, in one piece and in several */
static enum frame_kind parse(void)
{
	enum frame_kind kind;

	cut(1);
	kind = frame_parse(&tap, &f);
	cut(1 + (int)check_below(6));
	CHECK_EQ(frame_parse(&tap, &f), kind);
	return kind;
}

/* dropped() - Whether the frame is dropped, for this reason and no other */
static bool dropped(enum count why)
{
	uint64_t all = 0;

	count_reset();
	cut(1);
	if (frame_parse(&tap, &f) != FRAME_BAD)
		return false;
	for (int i = 0; i < COUNT_NUM; i++)
		all += count_value[i];
	return all == 1 && count_value[why] == 1;
}

static void ether(uint16_t type)
{
	memcpy(raw, test_net.mac, 6);
	memcpy(raw + 6, test_net.guest_mac, 6);
	put_be16(raw + 12, type);
	raw_len = 14;
}

/* seal() - IPv4 header checksum of @hlen bytes */
static void seal(uint32_t hlen)
{
	put_be16(raw + 24, 0);
	put_be16(raw + 24, (uint16_t)~sum16(0, raw + 14, hlen));
}

/* make4() - Frame with an IPv4 packet of random payload */
static void make4(uint32_t optlen, uint8_t proto, uint32_t len)
{
	ether(0x0800);
	memset(raw + 14, 0, 20 + optlen);
	raw[14] = (uint8_t)(0x45 + optlen / 4);
	raw[15] = 0xb8;
	put_be16(raw + 16, (uint16_t)(20 + optlen + len));
	put_be16(raw + 18, 0x1234);
	raw[22] = 61;
	raw[23] = proto;
	put_be32(raw + 26, 0xc0000202);
	put_be32(raw + 30, 0xc0000201);
	memset(raw + 34, 1, optlen);
	seal(20 + optlen);
	check_fill(raw + 34 + optlen, len);
	raw_len = 34 + optlen + len;
}

/* make6() - Frame with an IPv6 packet, @body with extension headers in front */
static void make6(uint8_t next, const uint8_t *ext, uint32_t extlen, uint32_t len)
{
	ether(0x86dd);
	memset(raw + 14, 0, 40);
	put_be32(raw + 14, 0x6ab12345);
	put_be16(raw + 18, (uint16_t)(extlen + len));
	raw[20] = next;
	raw[21] = 61;
	raw[22] = raw[38] = 0xfd;
	raw[37] = 2;
	raw[53] = 1;
	if (extlen)
		memcpy(raw + 54, ext, extlen);
	check_fill(raw + 54 + extlen, len);
	raw_len = 54 + extlen + len;
}

static void test_ip4(void)
{
	static const uint8_t src[] = { 192, 0, 2, 2 }, dst[] = { 192, 0, 2, 1 };

	for (uint32_t opt = 0; opt <= 40; opt += 4) {
		make4(opt, WIRE_UDP, 100);
		raw_len += 7;		/* padding of the device */
		CHECK_EQ(parse(), FRAME_IP);
		CHECK_EQ(f.l3, 14);
		CHECK_EQ(f.l4, 34 + opt);
		CHECK_EQ(f.l4len, 100);
		CHECK_EQ(f.proto, WIRE_UDP);
		CHECK_EQ(f.ttl, 61);
		CHECK_EQ(f.tos, 0xb8);
		CHECK(!f.df);
		CHECK(addr_is4(&f.src) && addr_is4(&f.dst));
		CHECK_MEM(addr_v4(&f.src), src, 4);
		CHECK_MEM(addr_v4(&f.dst), dst, 4);
		CHECK_MEM(f.smac, test_net.guest_mac, 6);
		CHECK_MEM(f.dmac, test_net.mac, 6);
		CHECK_MEM(frame_l4(&f, 8), raw + 34 + opt, 8);
	}
	make4(0, WIRE_UDP, 8);
	put_be16(raw + 20, 0x4000);
	seal(20);
	CHECK_EQ(parse(), FRAME_IP);
	CHECK(f.df);
}

static void test_ip4_bad(void)
{
	make4(0, WIRE_TCP, 40);
	raw[24] ^= 1;
	CHECK(dropped(DROP_IP4_HEADER));
	make4(0, WIRE_TCP, 40);
	raw[14] = 0x55;
	seal(20);
	CHECK(dropped(DROP_IP4_HEADER));
	raw[14] = 0x44;
	seal(16);
	CHECK(dropped(DROP_IP4_HEADER));
	raw[14] = 0x4f;		/* 60 bytes, of which there are 60 */
	seal(60);
	CHECK(!dropped(DROP_IP4_HEADER));
	raw_len--;
	CHECK(dropped(DROP_IP4_HEADER));
	make4(0, WIRE_TCP, 40);
	put_be16(raw + 16, 61);
	seal(20);
	CHECK(dropped(DROP_IP4_HEADER));
	put_be16(raw + 16, 19);
	seal(20);
	CHECK(dropped(DROP_IP4_HEADER));
	put_be16(raw + 16, 0);
	seal(20);
	CHECK(dropped(DROP_IP4_HEADER));
	put_be16(raw + 16, 20);
	seal(20);
	CHECK(!dropped(DROP_IP4_HEADER));
	CHECK_EQ(f.l4len, 0);
	CHECK(!frame_l4(&f, 1));
	raw_len = 33;
	CHECK(dropped(DROP_FRAME_SHORT));
}

/**
 * struct verdict - an address and what becomes of a packet with it
 * @addr:	text
 * @src:	reason if it is the source, COUNT_NUM: none
 * @dst:	reason if it is the destination
 */
struct verdict {
	const char *addr;
	enum count src;
	enum count dst;
};

static void try_addresses(const struct verdict *v)
{
	struct addr a;
	bool v4;

	CHECK(addr_parse(v->addr, &a));
	v4 = addr_is4(&a);
	for (int dst = 0; dst < 2; dst++) {
		enum count want = dst ? v->dst : v->src;

		if (v4) {
			make4(0, WIRE_UDP, 8);
			memcpy(raw + (dst ? 30 : 26), addr_v4(&a), 4);
			seal(20);
		} else {
			make6(WIRE_UDP, NULL, 0, 8);
			memcpy(raw + (dst ? 38 : 22), a.b, 16);
		}
		if (want == COUNT_NUM)
			CHECK_EQ(parse(), FRAME_IP);
		else if (!dropped(want))
			CHECK_STR(v->addr, dst ? "bad destination" : "bad source");
	}
}

static void test_addresses(void)
{
	static const struct verdict verdict[] = {
		{ "0.0.0.0", COUNT_NUM, DROP_IP_DEST },
		{ "127.0.0.1", DROP_IP_SOURCE, DROP_IP_DEST },
		{ "127.255.255.254", DROP_IP_SOURCE, DROP_IP_DEST },
		{ "255.255.255.255", DROP_IP_SOURCE, COUNT_NUM },
		{ "224.0.0.1", DROP_IP_SOURCE, COUNT_NUM },
		{ "239.255.255.250", DROP_IP_SOURCE, COUNT_NUM },
		{ "0.1.2.3", DROP_IP_SOURCE, COUNT_NUM },
		{ "10.0.0.1", COUNT_NUM, COUNT_NUM },
		{ "::", COUNT_NUM, DROP_IP_DEST },
		{ "::1", DROP_IP_SOURCE, DROP_IP_DEST },
		{ "ff02::1", DROP_IP_SOURCE, COUNT_NUM },
		{ "fe80::1", COUNT_NUM, COUNT_NUM },
		{ "2001:db8::1", COUNT_NUM, COUNT_NUM },
	};

	for (size_t i = 0; i < ARRAY_SIZE(verdict); i++)
		try_addresses(&verdict[i]);
	/* An IPv4 address in an IPv6 header would reach the host's loopback */
	make6(WIRE_UDP, NULL, 0, 8);
	memcpy(raw + 38, addr_loop4.b, 16);
	CHECK(dropped(DROP_IP_DEST));
	make6(WIRE_UDP, NULL, 0, 8);
	memcpy(raw + 22, addr_loop4.b, 16);
	CHECK(dropped(DROP_IP_SOURCE));
}

static void test_fragment4(void)
{
	make4(0, WIRE_UDP, 80);
	put_be16(raw + 20, 0x2000);
	seal(20);
	CHECK_EQ(parse(), FRAME_FRAGMENT);
	CHECK(f.frag_more && !f.frag_off);
	CHECK_EQ(f.frag_id, 0x1234);
	put_be16(raw + 20, 0x1fff);
	seal(20);
	CHECK_EQ(parse(), FRAME_FRAGMENT);
	CHECK(!f.frag_more);
	CHECK_EQ(f.frag_off, 0x1fff * 8);
	CHECK_EQ(f.proto, WIRE_UDP);
	CHECK_EQ(f.l4len, 80);
}

static void test_ip6(void)
{
	make6(WIRE_TCP, NULL, 0, 100);
	raw_len += 3;
	CHECK_EQ(parse(), FRAME_IP);
	CHECK_EQ(f.l4, 54);
	CHECK_EQ(f.l4len, 100);
	CHECK_EQ(f.proto, WIRE_TCP);
	CHECK_EQ(f.ttl, 61);
	CHECK_EQ(f.tos, 0xab);
	CHECK(f.df);
	CHECK_MEM(f.src.b, raw + 22, 16);
	CHECK_MEM(f.dst.b, raw + 38, 16);

	put_be16(raw + 18, 104);
	CHECK(dropped(DROP_IP6_HEADER));
	put_be16(raw + 18, 100);
	raw[14] = 0x70;
	CHECK(dropped(DROP_IP6_HEADER));
	raw_len = 53;
	CHECK(dropped(DROP_FRAME_SHORT));
	make6(WIRE_NONE, NULL, 0, 0);
	CHECK_EQ(parse(), FRAME_IP);
	CHECK_EQ(f.proto, WIRE_NONE);
}

static void test_extensions(void)
{
	static const uint8_t all[] = {
		WIRE_ROUTING, 1, 1, 12, [15] = 0,		/* hop by hop, 16 */
		WIRE_DSTOPTS, 0, 4, 0, 0, 0, 0, 0,		/* nothing left */
		WIRE_FRAGMENT, 0, 1, 4, 0, 0, 0, 0,
		WIRE_DSTOPTS, 0, 0, 0, 0, 0, 0, 9,		/* atomic */
		WIRE_UDP, 0, 1, 4, 0, 0, 0, 0,
	};
	uint8_t ext[sizeof(all)];

	make6(WIRE_HOPOPTS, all, sizeof(all), 20);
	CHECK_EQ(parse(), FRAME_IP);
	CHECK_EQ(f.proto, WIRE_UDP);
	CHECK_EQ(f.l4, 54 + sizeof(all));
	CHECK_EQ(f.l4len, 20);
	CHECK_MEM(frame_l4(&f, 20), raw + f.l4, 20);

	/* The whole chain cut at each byte, the length in the header with it */
	for (uint32_t n = 0; n < sizeof(all); n++) {
		make6(WIRE_HOPOPTS, all, n, 0);
		CHECK(dropped(DROP_IP6_HEADER) || f.l4len == 0);
	}
	memcpy(ext, all, sizeof(all));
	ext[19] = 1;		/* segments left: we are no router */
	make6(WIRE_HOPOPTS, ext, sizeof(ext), 20);
	CHECK(dropped(DROP_IP6_HEADER));
	memcpy(ext, all, sizeof(all));
	ext[1] = 200;
	make6(WIRE_HOPOPTS, ext, sizeof(ext), 20);
	CHECK(dropped(DROP_IP6_HEADER));
	/* A true fragment ends the walk */
	memcpy(ext, all, sizeof(all));
	put_be16(ext + 34, 8 << 3 | 1);
	make6(WIRE_HOPOPTS, ext, sizeof(ext), 24);
	CHECK_EQ(parse(), FRAME_FRAGMENT);
	CHECK_EQ(f.frag_off, 64);
	CHECK(f.frag_more);
	CHECK_EQ(f.frag_id, 9);
	CHECK_EQ(f.proto, WIRE_DSTOPTS);
	CHECK_EQ(f.l4len, 8 + 24);
	/* So does the first one, and the last one */
	put_be16(ext + 34, 1);
	make6(WIRE_HOPOPTS, ext, sizeof(ext), 24);
	CHECK_EQ(parse(), FRAME_FRAGMENT);
	CHECK(!f.frag_off && f.frag_more);
	put_be16(ext + 34, 8 << 3);
	make6(WIRE_HOPOPTS, ext, sizeof(ext), 24);
	CHECK_EQ(parse(), FRAME_FRAGMENT);
	CHECK(f.frag_off == 64 && !f.frag_more);
}

/* Headers beyond what is copied are not looked at, though they are there */
static void test_long_chain(void)
{
	uint8_t ext[400] = { 0 };

	for (size_t i = 0; i < sizeof(ext); i += 8)
		ext[i] = WIRE_DSTOPTS;
	make6(WIRE_DSTOPTS, ext, sizeof(ext), 20);
	CHECK(dropped(DROP_IP6_HEADER));
	ext[0] = WIRE_UDP;
	ext[1] = 24;
	make6(WIRE_DSTOPTS, ext, 200, 20);
	CHECK_EQ(parse(), FRAME_IP);
	CHECK_EQ(f.l4len, 20);
	CHECK(!frame_l4(&f, 8));
	CHECK(frame_l4(&f, 2));
}

static void test_ether(void)
{
	ether(WIRE_ARP);
	raw_len = 60;
	CHECK_EQ(parse(), FRAME_ARP);
	for (raw_len = 0; raw_len < 14; raw_len++)
		CHECK(dropped(DROP_FRAME_SHORT));
	make4(0, WIRE_UDP, 8);
	raw[5] ^= 1;
	CHECK(dropped(DROP_FRAME_MAC));
	raw[0] = 0x01;		/* a group, of which we are */
	CHECK_EQ(parse(), FRAME_IP);
	memset(raw, 0xff, 6);
	CHECK_EQ(parse(), FRAME_IP);
	raw[6] = 0x53;
	CHECK(dropped(DROP_FRAME_MAC));
	memset(raw + 6, 0, 6);
	CHECK(dropped(DROP_FRAME_MAC));
	for (unsigned type = 0; type < 0x10000; type += 7) {
		ether((uint16_t)type);
		raw_len = 60;
		if (type != 0x0800 && type != 0x0806 && type != 0x86dd)
			CHECK(dropped(DROP_FRAME_ETHERTYPE));
	}
	test_net.has4 = false;
	make4(0, WIRE_UDP, 8);
	CHECK(dropped(DROP_FRAME_ETHERTYPE));
	make6(WIRE_UDP, NULL, 0, 8);
	CHECK_EQ(parse(), FRAME_IP);
	test_net.has4 = true;
	test_net.has6 = false;
	CHECK(dropped(DROP_FRAME_ETHERTYPE));
	test_net.has6 = true;
}

/* look() - Use everything a struct frame offers, against bytes one by one */
static void look(void)
{
	uint32_t skip = (uint32_t)check_below(f.l4len + 1);
	uint32_t len = (uint32_t)check_below(f.l4len - skip + 1);
	struct iovec v[PIECES];
	static uint8_t copy[FRAME_SIZE];
	uint32_t at = f.l4 + skip, n;

	CHECK(f.l4 + f.l4len <= raw_len);
	n = frame_copy(&f, skip, copy, len + 9);
	CHECK_EQ(n, f.l4len - skip < len + 9 ? f.l4len - skip : len + 9);
	CHECK_MEM(copy, raw + at, n);
	n = (uint32_t)frame_payload(&f, skip, len, v, PIECES);
	for (uint32_t i = 0; i < n; i++) {
		CHECK(v[i].iov_len > 0 && v[i].iov_len <= len);
		CHECK_MEM(v[i].iov_base, raw + at, v[i].iov_len);
		at += (uint32_t)v[i].iov_len;
		len -= (uint32_t)v[i].iov_len;
	}
	CHECK_EQ(len, 0);
	(void)frame_csum_ok(&f);
	for (uint32_t k = 0; k < 70; k++) {
		const void *p = frame_l4(&f, k);

		CHECK_EQ(p != NULL, k <= f.l4len && f.l4 + k <= FRAME_HEAD);
		if (p)
			CHECK_MEM(p, raw + f.l4, k);
	}
}

/* make_any() - Some good frame */
static void make_any(void)
{
	static const uint8_t ext[] = {
		WIRE_DSTOPTS, 0, 1, 4, 0, 0, 0, 0, WIRE_FRAGMENT, 1, 1, 12, [23] = 0,
		WIRE_UDP, 0, 0, 0, 0, 0, 0, 7,
	};
	uint32_t len = (uint32_t)check_below(check_below(8) ? 300 : 60000);

	if (check_below(2))
		make4((uint32_t)check_below(11) * 4, WIRE_UDP, len);
	else if (check_below(2))
		make6(WIRE_TCP, NULL, 0, len);
	else
		make6(WIRE_HOPOPTS, ext, sizeof(ext), len);
}

static void test_mutations(void)
{
	unsigned good = 0, rounds = 20000;

	for (unsigned i = 0; i < rounds; i++) {
		enum frame_kind kind;
		bool four;

		make_any();
		for (unsigned k = (unsigned)check_below(4); k && raw_len; k--)
			raw[14 + check_below(raw_len < 120 ? raw_len : 106)] =
				(uint8_t)check_rand();
		if (!check_below(3))
			raw_len = (uint32_t)check_below(raw_len + 1);
		four = raw_len > 34 && get_be16(raw + 12) == 0x0800;
		if (four && check_below(4))
			seal((uint32_t)(raw[14] & 15) * 4);
		cut(1 + (int)check_below(PIECES / 2));
		kind = frame_parse(&tap, &f);
		if (kind == FRAME_IP || kind == FRAME_FRAGMENT) {
			look();
			good++;
		}
	}
	CHECK(good > rounds / 4 && good < rounds);
}

static void test_payload_limits(void)
{
	struct iovec v[3];

	make4(0, WIRE_UDP, 1000);
	cut(1);
	CHECK_EQ(frame_parse(&tap, &f), FRAME_IP);
	CHECK_EQ(frame_payload(&f, 0, 0, v, 3), 0);
	CHECK_EQ(frame_payload(&f, 1000, 0, v, 3), 0);
	CHECK_EQ(frame_payload(&f, 999, 1, v, 1), 1);
	CHECK_EQ(frame_copy(&f, 1000, raw, 10), 0);
	CHECK_EQ(frame_copy(&f, UINT32_MAX, raw, 10), 0);
	CHECK_EQ(frame_copy(&f, 0, raw, 0), 0);
	/* More pieces than entries: none, rather than some */
	for (size_t i = 0; i < 4; i++)
		iov[i] = (struct iovec){ piece[0] + i * 258, i == 3 ? 260 : 258 };
	tap.niov = 4;
	CHECK_EQ(frame_payload(&f, 0, 1000, v, 3), 0);
	CHECK_EQ(frame_payload(&f, 0, 500, v, 3), 3);
}

/* Each kind of checksum: right, wrong in one bit, left to the device */
static void test_csum_in(void)
{
	for (unsigned i = 0; i < 400; i++) {
		bool v4 = check_below(2);
		uint32_t len = 20 + (uint32_t)check_below(300);
		uint8_t proto = check_below(2) ? WIRE_TCP : v4 ? WIRE_ICMP4 : WIRE_ICMP6;
		uint32_t at = proto == WIRE_TCP ? 16 : 2, l4 = v4 ? 34 : 54, sum = 0;

		if (v4)
			make4(0, proto, len);
		else
			make6(proto, NULL, 0, len);
		CHECK_EQ(parse(), FRAME_IP);
		put_be16(raw + l4 + at, 0);
		if (proto != WIRE_ICMP4)
			sum = pseudo(&f.src, &f.dst, proto, len);
		put_be16(raw + l4 + at, (uint16_t)~sum16(sum, raw + l4, len));
		CHECK_EQ(parse(), FRAME_IP);
		CHECK(frame_csum_ok(&f));
		raw[l4 + check_below(len)] ^= 0x10;
		CHECK_EQ(parse(), FRAME_IP);
		CHECK(!frame_csum_ok(&f));
		tap.vh.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		CHECK(frame_csum_ok(&f));
		tap.vh.flags = VIRTIO_NET_HDR_F_DATA_VALID;
		CHECK(frame_csum_ok(&f));
	}
}

/* check_sent() - The last frame: its IP header, its checksum, its message */
static void check_sent(const struct addr *src, const struct addr *dst, uint8_t proto,
		       const uint8_t *l4, uint32_t len, uint8_t ttl)
{
	bool v4 = addr_is4(dst);
	uint32_t at = v4 ? 34 : 54;
	uint32_t field = proto == WIRE_TCP ? 16 : proto == WIRE_UDP ? 6 : 2;
	uint32_t sum = proto == WIRE_ICMP4 ? 0 : pseudo(src, dst, proto, len);
	const uint8_t *ip = sent.data + 14;

	CHECK_EQ(sent.len, at + len);
	CHECK_MEM(sent.data + 6, test_net.mac, 6);
	CHECK_EQ(get_be16(sent.data + 12), v4 ? 0x0800 : 0x86dd);
	if (v4) {
		CHECK_EQ(ip[0], 0x45);
		CHECK_EQ(get_be16(ip + 2), 20 + len);
		CHECK_EQ(get_be16(ip + 6), 0);
		CHECK_EQ(ip[8], ttl);
		CHECK_EQ(ip[9], proto);
		CHECK_EQ(sum16(0, ip, 20), 0xffff);
		CHECK_MEM(ip + 12, addr_v4(src), 4);
		CHECK_MEM(ip + 16, addr_v4(dst), 4);
	} else {
		CHECK_EQ(get_be32(ip), 0x60000000);
		CHECK_EQ(get_be16(ip + 4), len);
		CHECK_EQ(ip[6], proto);
		CHECK_EQ(ip[7], ttl);
		CHECK_MEM(ip + 8, src->b, 16);
		CHECK_MEM(ip + 24, dst->b, 16);
	}
	CHECK_EQ(sent.vh.flags, 0);
	CHECK_EQ(sent.vh.gso_type, 0);
	CHECK(get_be16(sent.data + at + field) != 0);
	CHECK_EQ(sum16(sum, sent.data + at, len), 0xffff);
	CHECK_MEM(sent.data + at, l4, field);
	CHECK_MEM(sent.data + at + field + 2, l4 + field + 2, len - field - 2);
}

static void test_send(void)
{
	static const uint8_t proto4[] = { WIRE_TCP, WIRE_UDP, WIRE_ICMP4 };
	static const uint8_t proto6[] = { WIRE_TCP, WIRE_UDP, WIRE_ICMP6 };
	static uint8_t l4[65536];

	for (unsigned i = 0; i < 300; i++) {
		struct addr src, dst;
		bool v4 = check_below(2);
		uint8_t proto = (v4 ? proto4 : proto6)[check_below(3)];
		uint8_t ttl = (uint8_t)check_below(256);
		uint32_t len = 20 + (uint32_t)check_below(check_below(4) ? 1500 : 65496);

		check_fill(l4, len);
		CHECK(addr_parse(v4 ? "198.51.100.7" : "2001:db8::7", &src));
		CHECK(addr_parse(v4 ? "192.0.2.2" : "fd00::2", &dst));
		CHECK_EQ(frame_send(&src, &dst, proto, l4, len, ttl), TAP_ERROR);
		CHECK_MEM(sent.data, test_net.guest_mac, 6);
		check_sent(&src, &dst, proto, l4, len, ttl ? ttl : 64);
	}
	sent.num = 0;
	CHECK_EQ(frame_send(&addr_loop4, &addr_loop4, WIRE_UDP, l4, 65516, 0), 0);
	CHECK_EQ(sent.num, 0);
	CHECK_EQ(bugs, 1);
}

/* destination() - MAC address that a packet to an address goes to */
static const uint8_t *destination(const char *text)
{
	static uint8_t h[FRAME_HLEN_MAX];
	struct addr a;

	CHECK(addr_parse(text, &a));
	CHECK_EQ(frame_head(h, &a, &a, WIRE_UDP, 8, 0, 0x20), addr_is4(&a) ? 34 : 54);
	if (addr_is4(&a))
		CHECK_EQ(h[15], 0x20);
	else
		CHECK_EQ(get_be32(h + 14), 0x62000000);
	return h;
}

static void test_mac(void)
{
	static const uint8_t all[] = { 255, 255, 255, 255, 255, 255 };
	static const uint8_t mdns[] = { 1, 0, 0x5e, 0x7f, 0xff, 0xfb };
	static const uint8_t group6[] = { 0x33, 0x33, 0xff, 0x12, 0x34, 0x56 };

	CHECK_MEM(destination("192.0.2.2"), test_net.guest_mac, 6);
	CHECK_MEM(destination("2001:db8::1"), test_net.guest_mac, 6);
	CHECK_MEM(destination("255.255.255.255"), all, 6);
	CHECK_MEM(destination("239.255.255.251"), mdns, 6);
	CHECK_MEM(destination("ff02::1:ff12:3456"), group6, 6);
}

static void test_arp(void)
{
	static const uint8_t dmac[] = { 2, 3, 4, 5, 6, 7 }, zero[18];
	uint8_t arp[28];

	check_fill(arp, sizeof(arp));
	CHECK_EQ(frame_send_arp(dmac, arp), TAP_ERROR);
	CHECK_EQ(sent.len, 60);
	CHECK_MEM(sent.data, dmac, 6);
	CHECK_MEM(sent.data + 6, test_net.mac, 6);
	CHECK_EQ(get_be16(sent.data + 12), 0x0806);
	CHECK_MEM(sent.data + 14, arp, 28);
	CHECK_MEM(sent.data + 42, zero, 18);
	CHECK_EQ(sent.vh.flags, 0);
}

int main(void)
{
	RUN(test_ip4);
	RUN(test_ip4_bad);
	RUN(test_addresses);
	RUN(test_fragment4);
	RUN(test_ip6);
	RUN(test_extensions);
	RUN(test_long_chain);
	RUN(test_ether);
	RUN(test_mutations);
	RUN(test_payload_limits);
	RUN(test_csum_in);
	RUN(test_send);
	RUN(test_mac);
	RUN(test_arp);
	raw_len = 0;
	cut(0);
	return check_done();
}
