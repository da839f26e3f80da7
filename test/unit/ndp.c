// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ndp.c - neighbours, the router, what is learnt, and when we wake up
 * links: ndp.c dnsname.c addr.c util.c count.c
 */
#include "ndp.h"

#include "count.h"
#include "test/unit/check.h"
#include "test/unit/guestconf.h"

#define LL	"fe80000000000000505400fffe123456 "	/* the guest's */
#define GW	"fe800000000000000000000000000001 "
#define OTHER	"20010db8000000000000000000000099 "
#define OURS	"20010db8000000000000000000000010 "	/* the guest's global one */
#define SLLA	"0101 525400123456 "
#define TLLA	"0201 9a559a559a55 "

static const struct ndp_conf all = {
	.on = true, .ra = true, .managed = true, .dns = true, .search = true,
};

static void reset(void)
{
	world_reset();
	world.net.ll6 = world_addr("fe80::5054:ff:fe12:3456");
	count_reset();
	ndp_init(&all);
}

/**
 * struct from - how a message comes
 * @src:	source
 * @dst:	destination
 * @hops:	hop limit
 */
struct from {
	const char *src;
	const char *dst;
	uint8_t hops;
};

static const struct from group = { "fe80::5054:ff:fe12:3456", "ff02::1:ff00:99", 255 };
static const struct from unicast = { "fe80::5054:ff:fe12:3456", "fe80::1", 255 };
static const struct from routers = { "fe80::5054:ff:fe12:3456", "ff02::2", 255 };
static const struct from probe = { "::", "ff02::1:ff00:99", 255 };

static bool give_bytes(const struct from *from, const uint8_t *p, size_t len)
{
	struct addr src = world_addr(from->src), dst = world_addr(from->dst);
	struct frame f;

	world_frame(&f, &src, &dst, WIRE_ICMP6, p, len, from->hops);
	world.nsent = 0;
	return ndp_frame(&f);
}

/* give() - Let the module handle a message, which is its.  Return: answers */
static unsigned give(const struct from *from, const char *hex)
{
	uint8_t buf[2048];

	CHECK(give_bytes(from, buf, world_hex(buf, hex)));
	return world.nsent;
}

static void sent(unsigned i, const char *src, const char *dst, const char *hex)
{
	struct addr s = world_addr(src), d = world_addr(dst);
	uint8_t want[2048];

	CHECK(i < world.nsent);
	CHECK_EQ(world_hex(want, hex), world.sent[i].len);
	CHECK_MEM(world.sent[i].l4, want, world.sent[i].len);
	CHECK(addr_eq(&world.sent[i].src, &s));
	CHECK(addr_eq(&world.sent[i].dst, &d));
	CHECK_EQ(world.sent[i].ttl, 255);
	CHECK(world_ndp_ok(&world.sent[i]));
}

#define NS	"87 00 1111 00000000 "
#define NA_S	"88 00 0000 60000000 "	/* solicited, override */
#define NA_RS	"88 00 0000 e0000000 "	/* router as well */
#define NA_R	"88 00 0000 a0000000 "	/* router, override */
#define RS	"85 00 1111 00000000 "
#define RA_HEAD	"86 00 0000 40 c0 1518 00000000 00000000 0101 9a559a559a55 "
#define RA_MTU	"0501 0000 000005dc "
#define RA_PIO	"0304 40 c0 00001518 00001518 00000000 20010db8000000000000000000000000 "
#define RA_DNS	"1903 0000 00001518 20010db8000000000000000000000053 "
#define RA_LIST	"1f05 0000 00001518 "						\
		"07 6578616d706c65 03 6f7267 00 "				\
		"04 636f7270 07 6578616d706c65 03 6f7267 00 00"
#define RA	RA_HEAD RA_MTU RA_PIO RA_DNS RA_LIST

static void test_neighbour(void)
{
	reset();
	CHECK_EQ(give(&group, NS OTHER SLLA), 1);
	sent(0, "2001:db8::99", "fe80::5054:ff:fe12:3456", NA_S OTHER TLLA);
	CHECK_EQ(give(&group, NS GW SLLA), 1);
	sent(0, "fe80::1", "fe80::5054:ff:fe12:3456", NA_RS GW TLLA);
	/* Reachability is asked for without a group or an option */
	CHECK_EQ(give(&unicast, NS GW), 1);
	sent(0, "fe80::1", "fe80::5054:ff:fe12:3456", NA_RS GW TLLA);
	/* Unknown options are passed over */
	CHECK_EQ(give(&group, NS OTHER "0e01 010203040506" SLLA), 1);
}

static void test_left_alone(void)
{
	struct ndp_conf off = all;

	reset();
	CHECK_EQ(give(&group, NS OURS SLLA), 0);
	CHECK_EQ(give(&group, NS LL SLLA), 0);
	world.net.seen6 = world_addr("2001:db8::99");
	CHECK_EQ(give(&group, NS OTHER SLLA), 0);
	CHECK_EQ(give(&unicast, "88 00 1111 60000000" LL "0201 525400123456"), 0);
	CHECK_EQ(give(&unicast, "86 00 1111 40000000 00000000 00000000" SLLA), 0);
	off.on = off.ra = false;
	ndp_init(&off);
	CHECK_EQ(give(&group, NS GW SLLA), 0);
	CHECK_EQ(give(&routers, RS SLLA), 0);
	CHECK_EQ(world.due, 1);		/* from before */
	CHECK_EQ(count_value[DROP_NDP_BAD], 0);
}

static void test_probe(void)
{
	struct addr other = world_addr("2001:db8::99");

	reset();
	CHECK_EQ(give(&probe, NS OTHER), 0);
	CHECK_EQ(give(&probe, NS OURS), 0);
	CHECK_EQ(give(&probe, NS LL), 0);
	CHECK_EQ(give(&probe, NS GW), 1);
	sent(0, "fe80::1", "ff02::1", NA_R GW TLLA);
	/* What it probes for will be its own, but for the router's */
	CHECK_EQ(world.naddr, 3);
	(void)give(&probe, NS OTHER);
	CHECK(addr_eq(&world.addr, &other));
	CHECK_EQ(world.nmac, 0);
}

static void test_learn(void)
{
	struct from liar = { "fe80::1", "ff02::1:ff00:99", 255 };
	struct addr ll = world_addr("fe80::5054:ff:fe12:3456");
	uint8_t mac[6];

	reset();
	CHECK_EQ(give(&group, NS OTHER "0101 525400abcdef"), 1);
	(void)world_hex(mac, "525400abcdef");
	CHECK_MEM(world.mac, mac, 6);
	CHECK(addr_eq(&world.addr, &ll));
	(void)give(&group, NS OTHER "0101 ffffffffffff");
	(void)give(&group, NS OTHER "0101 000000000000");
	(void)give(&liar, NS OTHER "0101 525400abcdef");
	CHECK_EQ(world.nmac, 1);
	CHECK_EQ(world.naddr, 3);
}

static void test_router(void)
{
	struct from anon = { "::", "ff02::2", 255 };

	reset();
	CHECK_EQ(give(&routers, RS SLLA), 1);
	sent(0, "fe80::1", "fe80::5054:ff:fe12:3456", RA);
	CHECK_EQ(give(&anon, RS), 1);
	sent(0, "fe80::1", "ff02::1", RA);
}

/* Each part of an advertisement comes and goes by itself */
static void test_router_parts(void)
{
	struct ndp_conf conf = all;

	reset();
	world.net.mtu_told = false;
	(void)give(&routers, RS);
	sent(0, "fe80::1", group.src, RA_HEAD RA_PIO RA_DNS RA_LIST);

	reset();
	world.net.addr6 = addr_none;
	(void)give(&routers, RS);
	sent(0, "fe80::1", group.src, RA_HEAD RA_MTU RA_DNS RA_LIST);

	reset();
	conf.dns = conf.search = false;
	ndp_init(&conf);
	(void)give(&routers, RS);
	sent(0, "fe80::1", group.src, RA_HEAD RA_MTU RA_PIO);

	reset();
	world.net.nsearch = 1;
	strcpy(world.net.search[0], "not..a.name");
	world.net.ndns6 = 0;
	(void)give(&routers, RS);
	sent(0, "fe80::1", group.src, RA_HEAD RA_MTU RA_PIO);

	/* No DHCPv6 */
	reset();
	conf.managed = false;
	ndp_init(&conf);
	(void)give(&routers, RS);
	sent(0, "fe80::1", group.src,
	     "86 00 0000 40 00 1518 00000000 00000000 0101 9a559a559a55" RA_MTU RA_PIO);
}

/* Long names fill the message, never more */
static void test_router_full(void)
{
	reset();
	world.net.ndns6 = NET_DNS_MAX;
	world.net.nsearch = NET_SEARCH_MAX;
	for (int i = 0; i < NET_SEARCH_MAX; i++) {
		size_t len = 253 - check_below(40);

		for (size_t j = 0; j < len; j++)
			world.net.search[i][j] = j % 8 == 7 ? '.' : 'x';
		world.net.search[i][len - 1] = 'x';
		world.net.search[i][len] = '\0';
	}
	CHECK_EQ(give(&routers, RS), 1);
	CHECK(world_ndp_ok(&world.sent[0]));
	CHECK(world.sent[0].len > 900);
}

static void test_timer(void)
{
	const uint64_t second = 1000000;

	/* Nothing is due before the guest speaks, nor without the option */
	reset();
	CHECK_EQ(world.due, TIMER_NEVER);
	ndp_timer(5 * second);
	CHECK_EQ(world.due, TIMER_NEVER);

	(void)give(&routers, RS SLLA);
	CHECK_EQ(world.due, 1);
	world.nsent = 0;
	ndp_timer(10 * second);
	CHECK_EQ(world.nsent, 0);
	CHECK_EQ(world.due, 1810 * second);
	(void)give(&group, NS GW SLLA);
	CHECK_EQ(world.due, 1810 * second);
	world.nsent = 0;
	ndp_timer(1810 * second);
	CHECK_EQ(world.nsent, 1);
	sent(0, "fe80::1", "ff02::1", RA);
	CHECK_EQ(world.due, 3610 * second);

	/* The link goes down: no more of it until the guest is back */
	world.up = false;
	world.nsent = 0;
	world.due = TIMER_NEVER;
	ndp_timer(3610 * second);
	CHECK_EQ(world.nsent, 0);
	CHECK_EQ(world.due, TIMER_NEVER);
	world.up = true;
	(void)give(&group, NS GW SLLA);
	CHECK_EQ(world.due, 1);
}

static void test_advertise(void)
{
	struct ndp_conf conf = all;

	reset();
	ndp_advertise();
	CHECK_EQ(world.nsent, 2);
	sent(0, "fe80::1", "ff02::1", RA);
	sent(1, "fe80::1", "ff02::1", NA_R GW TLLA);
	reset();
	conf.ra = false;
	ndp_init(&conf);
	ndp_advertise();
	CHECK_EQ(world.nsent, 1);
	reset();
	world.net.has6 = false;
	ndp_advertise();
	CHECK_EQ(world.nsent, 0);
}

static void test_not_ours(void)
{
	static const uint8_t echo[] = { 128, 0, 0, 0, 0, 1, 0, 1 };
	struct frame f;

	reset();
	CHECK(!give_bytes(&unicast, echo, sizeof(echo)));
	CHECK(!give_bytes(&unicast, echo, 0));
	CHECK(!give_bytes(&unicast, (const uint8_t[]){ 137, 0, 0, 0 }, 4));
	world_frame(&f, &addr_any4, &addr_bcast4, WIRE_ICMP6, "\x87", 1, 255);
	CHECK(!ndp_frame(&f));
	world_frame(&f, &addr_none, &addr_all_nodes, WIRE_UDP, "\x87", 1, 255);
	CHECK(!ndp_frame(&f));
}

static void test_malformed(void)
{
	static const struct from far = { "fe80::2", "fe80::1", 254 };
	static const struct from no_group = { "::", "ff02::1", 255 };
	static const struct from nodes = { "fe80::2", "ff02::1", 255 };
	static const struct from anon = { "::", "fe80::1", 255 };
	static const struct { const struct from *from; const char *hex; } bad[] = {
		{ &far, NS GW SLLA },
		{ &far, RS SLLA },
		{ &group, "87 01 1111 00000000" GW },			/* code */
		{ &routers, "85 01 1111 00000000" },
		{ &group, NS "ff020000000000000000000000000001" },	/* target */
		{ &group, NS "00000000000000000000000000000000" },
		{ &no_group, NS OTHER },
		{ &probe, NS OTHER SLLA },
		{ &anon, RS SLLA },
		{ &anon, "88 00 1111 20000000" OTHER },
		{ &nodes, "88 00 1111 60000000" OTHER },
		{ &group, NS OTHER "0100 525400123456" },		/* options */
		{ &group, NS OTHER "0e00" },
		{ &group, NS OTHER "01" },
		{ &group, NS OTHER "0102 525400123456" },
		{ &group, NS OTHER "0102 525400123456 0000000000000000" },
		{ &group, NS OTHER SLLA "0eff" },
		{ &unicast, "86 00 1111 40000000 00000000" },		/* RA, short */
	};
	uint8_t big[1608];

	reset();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(give(bad[i].from, bad[i].hex), 0);
		CHECK_EQ(count_value[DROP_NDP_BAD], i + 1);
	}
	/* Longer than we look at, and right in all of that */
	(void)world_hex(big, NS OTHER);
	memset(big + 24, 1, sizeof(big) - 24);
	for (size_t i = 24; i < sizeof(big); i += 8)
		big[i] = 14;
	CHECK(give_bytes(&group, big, sizeof(big)));
	CHECK_EQ(count_value[DROP_NDP_BAD], ARRAY_SIZE(bad) + 1);
	world.csum_ok = false;
	CHECK_EQ(give(&group, NS OTHER SLLA), 0);
	CHECK_EQ(count_value[DROP_NDP_BAD], ARRAY_SIZE(bad) + 2);
	CHECK_EQ(world.naddr + world.nmac, 0);
	CHECK_EQ(world.due, TIMER_NEVER);
}

static void test_truncated(void)
{
	static const char *const whole[] = {
		NS OTHER SLLA, RS SLLA, "88 00 1111 20000000" OTHER "0201 525400123456",
	};

	reset();
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		size_t fixed = i == 1 ? 8 : 24;
		uint8_t buf[64];
		size_t len = world_hex(buf, whole[i]);

		for (size_t n = 1; n < len; n++) {
			count_reset();
			CHECK(give_bytes(&group, buf, n));
			/* Without its option it is whole again */
			CHECK_EQ(count_value[DROP_NDP_BAD], n != fixed);
			CHECK_EQ(world.nsent, n == fixed && i < 2);
		}
	}
}

static void test_random(void)
{
	static const char *const whole[] = {
		NS OTHER SLLA, RS SLLA, NS GW SLLA "0e01 010203040506",
		"88 00 1111 20000000" OTHER "0201 525400123456",
	};
	static const struct from *const way[] = { &group, &unicast, &routers, &probe };
	unsigned answers = 0;

	reset();
	for (int i = 0; i < 300000; i++) {
		uint8_t buf[64];
		size_t len = world_hex(buf, whole[check_below(ARRAY_SIZE(whole))]);

		for (size_t n = check_below(4); n; n--)
			buf[check_below(len)] = (uint8_t)check_rand();
		if (!check_below(4))
			len = check_below(len + 1);
		(void)give_bytes(way[check_below(ARRAY_SIZE(way))], buf, len);
		CHECK(world.nsent <= 1);
		if (!world.nsent)
			continue;
		answers++;
		CHECK(world_ndp_ok(&world.sent[0]));
		CHECK(!addr_is_any(&world.sent[0].dst));
	}
	CHECK(answers > 1000);
}

int main(void)
{
	RUN(test_neighbour);
	RUN(test_left_alone);
	RUN(test_probe);
	RUN(test_learn);
	RUN(test_router);
	RUN(test_router_parts);
	RUN(test_router_full);
	RUN(test_timer);
	RUN(test_advertise);
	RUN(test_not_ours);
	RUN(test_malformed);
	RUN(test_truncated);
	RUN(test_random);
	world_reset();
	return check_done();
}
