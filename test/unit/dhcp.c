// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dhcp.c - exchanges byte for byte, routes, relays, and messages that lie
 * links: dhcp.c dnsname.c addr.c util.c count.c
 */
#include "dhcp.h"

#include "count.h"
#include "test/unit/check.h"
#include "test/unit/guestconf.h"

enum { BODY = 240, ROOM = 1600 };

static const struct dhcp_conf all = { .on = true, .dns = true, .search = true };

/**
 * struct msg - the fixed part of a message; the rest is options
 * @flags:	flags
 * @ciaddr:	ciaddr
 * @giaddr:	giaddr
 * @src:	source of the packet
 * @dst:	destination of the packet
 */
struct msg {
	uint16_t flags;
	const char *ciaddr;
	const char *giaddr;
	const char *src;
	const char *dst;
};

static const struct msg plain;
static const struct msg bcast = { .flags = 0x8000 };
static const struct msg renew = { .ciaddr = "192.0.2.10", .src = "192.0.2.10",
				  .dst = "192.0.2.1" };
static const struct msg rebind = { .ciaddr = "192.0.2.10", .src = "192.0.2.10" };
static const struct msg relayed = { .giaddr = "192.0.2.77", .src = "192.0.2.77",
				    .dst = "192.0.2.1" };

static void reset(void)
{
	world_reset();
	count_reset();
	dhcp_init(&all);
}

static void put_addr(uint8_t *p, const char *text)
{
	struct addr a = text ? world_addr(text) : addr_any4;

	memcpy(p, addr_v4(&a), 4);
}

/* fixed() - The fixed part.  Return: its length */
static size_t fixed(uint8_t *p, const struct msg *m)
{
	memset(p, 0, BODY);
	(void)world_hex(p, "01 01 06 00 12345678 0007");
	put_be16(p + 10, m->flags);
	put_addr(p + 12, m->ciaddr);
	put_addr(p + 24, m->giaddr);
	(void)world_hex(p + 28, "525400123456");
	(void)world_hex(p + 236, "63825363");
	return BODY;
}

/* give_bytes() - Let the module handle a message.  Return: whether it was its */
static bool give_bytes(const struct msg *m, const uint8_t *p, size_t len)
{
	struct addr src = world_addr(m->src ? m->src : "0.0.0.0");
	struct addr dst = world_addr(m->dst ? m->dst : "255.255.255.255");
	uint8_t udp[ROOM + 8];
	struct frame f;

	world_frame(&f, &src, &dst, WIRE_UDP, udp, world_udp(udp, 68, 67, p, len), 64);
	world.nsent = 0;
	return dhcp_frame(&f);
}

/* give() - The same for one made of @m and options as text.  Return: answers */
static unsigned give(const struct msg *m, const char *hex)
{
	uint8_t p[ROOM];
	size_t len = fixed(p, m);

	len += world_hex(p + len, hex);
	CHECK(give_bytes(m, p, len));
	return world.nsent;
}

/**
 * sent() - Whether exactly this answer went out
 * @dst:	destination
 * @port:	destination port
 * @yiaddr:	address offered
 * @m:		what was asked
 * @options:	options, with the end, without padding
 */
static void sent(const char *dst, uint16_t port, const char *yiaddr, const struct msg *m,
		 const char *options)
{
	const struct world_sent *s = &world.sent[0];
	struct addr d = world_addr(dst);
	uint8_t want[ROOM] = { 0 };
	size_t len = fixed(want, m);

	want[0] = 2;
	want[8] = want[9] = 0;		/* secs */
	put_addr(want + 16, yiaddr);
	len += world_hex(want + len, options);
	if (len < 300)
		len = 300;
	CHECK_EQ(world.nsent, 1);
	CHECK(world_dhcp_ok(s));
	CHECK(world_udp_ok(s, 67, port));
	CHECK_EQ(s->len, len + 8);
	CHECK_MEM(s->l4 + 8, want, len);
	CHECK(addr_eq(&s->dst, &d));
	CHECK(addr_eq(&s->src, &world.net.gw4));
}

/* has_option() - Whether the answer has this option, as text */
static bool has_option(const char *hex)
{
	const struct world_sent *s = &world.sent[0];
	uint8_t want[600];
	size_t n = world_hex(want, hex);

	for (size_t i = 8 + BODY; i < s->len && s->l4[i] != 255; i += 2U + s->l4[i + 1]) {
		if (s->l4[i] == want[0] && (n == 1 || !memcmp(s->l4 + i, want, n)))
			return true;
	}
	return false;
}

#define ASK_ALL "37 07 01 79 03 06 0c 1a 77 "
#define DISCOVER "35 01 01 "
#define REQUEST	"35 01 03 "
#define MINE	"32 04 c000020a "
#define OTHER	"32 04 c0000263 "
#define US	"36 04 c0000201 "
#define OFFER	"35 01 02 36 04 c0000201 33 04 00000e10 "
#define ACK	"35 01 05 36 04 c0000201 33 04 00000e10 "
#define NAK	"35 01 06 36 04 c0000201 38 15 "				\
		"61646472657373206e6f7420617661696c61626c65 "
#define MASK	"01 04 ffffff00 "
#define ROUTER	"03 04 c0000201 "
#define DNS	"06 08 c0000235 c6336435 "
#define NAME	"0c 02 766d "
#define MTU	"1a 02 05dc "
#define LIST	"77 14 07 6578616d706c65 03 6f7267 00 04 636f7270 c000 "
#define CONFIG	MASK ROUTER DNS NAME MTU LIST

static void test_exchange(void)
{
	uint8_t mac[6];

	reset();
	CHECK_EQ(give(&plain, DISCOVER ASK_ALL "ff"), 1);
	sent("192.0.2.10", 68, "192.0.2.10", &plain, OFFER CONFIG "ff");
	(void)world_hex(mac, "525400123456");
	CHECK_MEM(world.mac, mac, 6);
	CHECK_EQ(give(&plain, REQUEST US MINE ASK_ALL "ff"), 1);
	sent("192.0.2.10", 68, "192.0.2.10", &plain, ACK CONFIG "ff");
	/* Nothing asked for, no end of options: the same */
	CHECK_EQ(give(&plain, DISCOVER), 1);
	sent("192.0.2.10", 68, "192.0.2.10", &plain, OFFER CONFIG "ff");
	/* The order is the client's */
	CHECK_EQ(give(&plain, DISCOVER "37 06 77 1a 06 1a fe 01 ff"), 1);
	sent("192.0.2.10", 68, "192.0.2.10", &plain,
	     OFFER LIST MTU DNS MASK ROUTER NAME "ff");
	CHECK_EQ(count_value[DROP_DHCP_BAD], 0);
}

static void test_flags(void)
{
	reset();
	CHECK_EQ(give(&bcast, DISCOVER "ff"), 1);
	sent("255.255.255.255", 68, "192.0.2.10", &bcast, OFFER CONFIG "ff");
	CHECK_EQ(give(&plain, DISCOVER "50 00 ff"), 1);
	sent("192.0.2.10", 68, "192.0.2.10", &plain, ACK "50 00" CONFIG "ff");
	/* The client's identifier comes back: RFC 6842 */
	CHECK_EQ(give(&plain, DISCOVER "3d 07 01 525400123456 ff"), 1);
	sent("192.0.2.10", 68, "192.0.2.10", &plain,
	     OFFER CONFIG "3d 07 01 525400123456 ff");
}

/* RFC 2131, section 4.3.2 and table 4 */
static void test_request(void)
{
	static const struct msg moved = { .ciaddr = "192.0.2.99", .src = "192.0.2.99" };
	static const struct msg moved_nak = { 0 };

	reset();
	CHECK_EQ(give(&plain, REQUEST US OTHER "ff"), 1);		/* SELECTING */
	sent("255.255.255.255", 68, NULL, &plain, NAK "ff");
	CHECK_EQ(give(&plain, REQUEST "36 04 c0000202" MINE "ff"), 0);
	CHECK_EQ(give(&plain, REQUEST MINE "ff"), 1);			/* INIT-REBOOT */
	sent("192.0.2.10", 68, "192.0.2.10", &plain, ACK CONFIG "ff");
	CHECK_EQ(give(&plain, REQUEST OTHER "3d 02 0001 ff"), 1);
	sent("255.255.255.255", 68, NULL, &plain, NAK "3d 02 0001 ff");
	CHECK_EQ(give(&renew, REQUEST "ff"), 1);			/* RENEWING */
	sent("192.0.2.10", 68, "192.0.2.10", &renew, ACK CONFIG "ff");
	CHECK_EQ(give(&rebind, REQUEST "ff"), 1);			/* REBINDING */
	sent("192.0.2.10", 68, "192.0.2.10", &rebind, ACK CONFIG "ff");
	CHECK_EQ(give(&moved, REQUEST "ff"), 1);
	sent("255.255.255.255", 68, NULL, &moved_nak, NAK "ff");
	CHECK_EQ(count_value[DROP_DHCP_BAD], 0);
	CHECK_EQ(give(&plain, REQUEST "ff"), 0);
	CHECK_EQ(count_value[DROP_DHCP_BAD], 1);
}

static void test_other_types(void)
{
	static const struct msg liar = { .ciaddr = "224.0.0.1" };

	reset();
	CHECK_EQ(give(&rebind, "35 01 08 ff"), 1);	/* INFORM */
	sent("192.0.2.10", 68, NULL, &rebind, "35 01 05" US CONFIG "ff");
	CHECK_EQ(give(&plain, "35 01 04" US MINE "ff"), 0);
	CHECK_EQ(give(&renew, "35 01 07" US "ff"), 0);
	/* BOOTP: no type, no lease */
	CHECK_EQ(give(&plain, "ff"), 1);
	sent("192.0.2.10", 68, "192.0.2.10", &plain, CONFIG "ff");
	CHECK_EQ(count_value[DROP_DHCP_BAD], 0);
	CHECK_EQ(give(&plain, "35 01 08 ff"), 0);
	CHECK_EQ(give(&plain, "35 01 02 ff"), 0);
	CHECK_EQ(give(&plain, "35 01 09 ff"), 0);
	CHECK_EQ(give(&liar, "35 01 08 ff"), 0);
	CHECK_EQ(count_value[DROP_DHCP_BAD], 4);
}

static void test_relay(void)
{
	struct msg nak = relayed;

	reset();
	CHECK_EQ(give(&relayed, DISCOVER "52 04 0102 0304 3d 02 0001 ff"), 1);
	sent("192.0.2.77", 67, "192.0.2.10", &relayed,
	     OFFER CONFIG "3d 02 0001 52 04 0102 0304 ff");
	CHECK_EQ(world.nmac, 0);
	nak.flags = 0x8000;
	CHECK_EQ(give(&relayed, REQUEST OTHER "52 04 0102 0304 ff"), 1);
	sent("192.0.2.77", 67, NULL, &nak, NAK "52 04 0102 0304 ff");
}

static void test_absent(void)
{
	struct dhcp_conf conf = { .on = true };

	reset();
	dhcp_init(&conf);
	world.net.mtu_told = false;
	world.net.hostname[0] = '\0';
	CHECK_EQ(give(&plain, DISCOVER ASK_ALL "ff"), 1);
	sent("192.0.2.10", 68, "192.0.2.10", &plain, OFFER MASK ROUTER "ff");
}

/* RFC 4702: our name, only if the client brought it up */
static void test_fqdn(void)
{
#define WIRE "02 766d 07 6578616d706c65 03 6f7267 00"
#define TEXT "766d2e6578616d706c652e6f7267"
	reset();
	CHECK_EQ(give(&plain, DISCOVER "51 03 040000 ff"), 1);
	CHECK(has_option("51 13 0c ffff" WIRE));
	CHECK_EQ(give(&plain, DISCOVER "51 05 05 0000 0161 ff"), 1);
	CHECK(has_option("51 13 0e ffff" WIRE));
	CHECK_EQ(give(&plain, DISCOVER "51 04 01 0000 61 ff"), 1);
	CHECK(has_option("51 11 0a ffff" TEXT));
	CHECK_EQ(give(&plain, DISCOVER "37 01 51 ff"), 1);
	CHECK(has_option("51 13 0c ffff" WIRE));
	world.net.fqdn[0] = '\0';
	CHECK_EQ(give(&plain, DISCOVER "51 03 040000 ff"), 1);
	CHECK(!has_option("51"));
}

static void add_route(const char *dst, uint8_t prefix, const char *via)
{
	struct net_route *r = &world.net.routes[world.net.nroutes++];

	r->dst = world_addr(dst);
	r->prefix = prefix;
	r->via = via ? world_addr(via) : addr_none;
}

static void test_routes(void)
{
	/* What is implied is not told */
	reset();
	add_route("0.0.0.0", 0, "192.0.2.1");
	add_route("192.0.2.0", 24, NULL);
	add_route("2001:db8::", 64, NULL);
	CHECK_EQ(give(&plain, DISCOVER "ff"), 1);
	CHECK(!has_option("79"));

	/* A gateway outside of the network */
	reset();
	world.net.prefix4 = 32;
	CHECK_EQ(give(&plain, DISCOVER "ff"), 1);
	CHECK(has_option("01 04 ffffffff"));
	CHECK(has_option("79 0e 20c0000201 00000000 00 c0000201"));
	CHECK(has_option("03 04 c0000201"));

	/* The same, and the host has that route */
	add_route("192.0.2.1", 32, NULL);
	add_route("0.0.0.0", 0, "192.0.2.1");
	CHECK_EQ(give(&plain, DISCOVER "ff"), 1);
	CHECK(has_option("79 0e 20c0000201 00000000 00 c0000201"));

	/* All kinds: on the link, by one of the network, by one outside, twice */
	reset();
	add_route("10.0.0.0", 8, "192.0.2.2");
	add_route("172.16.0.0", 12, "198.51.100.1");
	add_route("192.168.128.0", 17, "198.51.100.1");
	add_route("169.254.0.0", 16, NULL);
	add_route("10.9.9.9", 32, "169.254.1.1");
	CHECK_EQ(give(&plain, DISCOVER "ff"), 1);
	CHECK(has_option("79 33"
			 "10 a9fe 00000000"
			 "20 c6336401 00000000"
			 "08 0a c0000202"
			 "0c ac10 c6336401"
			 "11 c0a880 c6336401"
			 "20 0a090909 a9fe0101"
			 "00 c0000201"));
}

/* Option 57 and the MTU bound the answer; what was asked for first is in */
static void test_size(void)
{
	reset();
	world.net.nsearch = NET_SEARCH_MAX;
	for (int i = 0; i < NET_SEARCH_MAX; i++)
		(void)snprintf(world.net.search[i], NET_NAME_LEN,
			       "%c%057d.%060d.net", 'a' + i, i, i);
	world.net.nroutes = 0;
	for (int i = 0; i < 20; i++)
		add_route("10.1.2.3", 32, "192.0.2.2");
	CHECK_EQ(give(&plain, DISCOVER "37 02 77 79 ff"), 1);
	CHECK(world.sent[0].len <= 576 - 20);
	CHECK(!has_option("77"));
	CHECK(has_option("79 b9"));
	CHECK_EQ(give(&plain, DISCOVER "37 02 77 79 39 02 0200 ff"), 1);
	CHECK(world.sent[0].len <= 576 - 20);
	CHECK_EQ(give(&plain, DISCOVER "37 02 77 79 39 02 ffff ff"), 1);
	CHECK(world.sent[0].len <= 1500 - 20);
	CHECK(has_option("77 ff"));		/* in several instances: RFC 3396 */
	CHECK(has_option("79 b9"));
	CHECK(world_dhcp_ok(&world.sent[0]));
	for (unsigned mtu = 500; mtu < 1600; mtu++) {
		world.net.mtu = (uint16_t)mtu;
		CHECK_EQ(give(&plain, DISCOVER "37 02 77 79 39 02 ffff ff"), 1);
		CHECK(world_dhcp_ok(&world.sent[0]));
		CHECK(world.sent[0].len + 20 <= (mtu < 576 ? 576 : mtu));
	}
	world.net.mtu = 700;
	CHECK_EQ(give(&plain, DISCOVER "37 02 77 79 39 02 ffff ff"), 1);
	CHECK(world.sent[0].len <= 700 - 20);
	CHECK(!has_option("77"));
}

/* What has to be given back comes before anything else, or there is no answer */
static void test_give_back_long(void)
{
	uint8_t p[ROOM];
	size_t len = fixed(p, &plain);

	reset();
	len += world_hex(p + len, DISCOVER);
	p[len++] = 61;
	p[len++] = 255;
	memset(p + len, 'c', 255);
	len += 255;
	CHECK(give_bytes(&plain, p, len));
	CHECK_EQ(world.nsent, 1);
	CHECK(has_option("3d ff 63636363"));
	CHECK(has_option(MASK));
	p[len++] = 82;
	p[len++] = 255;
	memset(p + len, 'r', 255);
	len += 255;
	CHECK(give_bytes(&plain, p, len));
	CHECK_EQ(world.nsent, 0);
	CHECK_EQ(count_value[DROP_DHCP_BAD], 1);
	len += world_hex(p + len, "39 02 05dc");
	CHECK(give_bytes(&plain, p, len));
	CHECK_EQ(world.nsent, 1);
	CHECK(has_option("52 ff 72727272"));
}

/* Options in the fields for names */
static void test_overload(void)
{
	uint8_t p[ROOM];
	size_t len = fixed(p, &plain);

	reset();
	len += world_hex(p + len, "34 01 03 ff");
	(void)world_hex(p + 108, REQUEST US "ff");	/* file */
	(void)world_hex(p + 44, MINE "ff");		/* sname */
	CHECK(give_bytes(&plain, p, len));
	sent("192.0.2.10", 68, "192.0.2.10", &plain, ACK CONFIG "ff");
	p[len - 2] = 1;					/* file only: no address */
	CHECK(give_bytes(&plain, p, len));
	CHECK_EQ(world.nsent, 0);
	for (unsigned v = 0; v < 256; v++) {
		if (v >= 1 && v <= 3)
			continue;
		count_reset();
		p[len - 2] = (uint8_t)v;
		CHECK(give_bytes(&plain, p, len));
		CHECK_EQ(count_value[DROP_DHCP_BAD], 1);
	}
	p[len - 2] = 1;
	p[108 + 3] = 200;				/* length that lies */
	p[108 + 4] = 200;
	count_reset();
	CHECK(give_bytes(&plain, p, len));
	CHECK_EQ(count_value[DROP_DHCP_BAD], 1);
}

static void test_not_ours(void)
{
	static const struct msg elsewhere = { .dst = "198.51.100.1" };
	struct dhcp_conf off = { 0 };
	uint8_t p[ROOM], udp[ROOM];
	struct frame f;
	size_t len = fixed(p, &plain);

	reset();
	CHECK(!give_bytes(&elsewhere, p, len));
	len = world_udp(udp, 68, 66, p, len);
	world_frame(&f, &addr_any4, &addr_bcast4, WIRE_UDP, udp, len, 64);
	CHECK(!dhcp_frame(&f));
	put_be16(udp + 2, 67);
	world_frame(&f, &addr_any4, &addr_bcast4, WIRE_TCP, udp, len, 64);
	CHECK(!dhcp_frame(&f));
	for (size_t n = 0; n < 8; n++) {
		world_frame(&f, &addr_any4, &addr_bcast4, WIRE_UDP, udp, n, 64);
		CHECK(!dhcp_frame(&f));
	}
	dhcp_init(&off);
	CHECK(!give_bytes(&plain, p, BODY));
	dhcp_init(&all);
	world.net.addr4 = addr_none;
	CHECK(!give_bytes(&plain, p, BODY));
	CHECK_EQ(world.nsent, 0);
}

static void test_malformed(void)
{
	static const struct { size_t at; uint8_t value; } wrong[] = {
		{ 0, 2 }, { 1, 6 }, { 2, 5 }, { 2, 16 }, { 28, 0x53 }, { 236, 0 }, { 239, 0 },
	};
	static const char *const bad[] = {
		"35 00 ff", "35 02 0101 ff", "35 01", "35", DISCOVER "32 03 000000 ff",
		REQUEST "32 05 c000020a00 ff", REQUEST "36 03 c00002 ff",
		DISCOVER "39 01 ff ff", DISCOVER "34 02 0101 ff", DISCOVER "37 08 01",
		DISCOVER "3d ff 01", DISCOVER "52 02 01",
	};
	uint8_t p[ROOM], udp[ROOM + 8];
	struct frame f;
	size_t len;

	reset();
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		len = fixed(p, &plain);
		p[wrong[i].at] = wrong[i].value;
		CHECK(give_bytes(&plain, p, len));
		CHECK_EQ(count_value[DROP_DHCP_BAD], i + 1);
	}
	count_reset();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(give(&plain, bad[i]), 0);
		CHECK_EQ(count_value[DROP_DHCP_BAD], i + 1);
	}
	/* The header of UDP lies */
	count_reset();
	len = fixed(p, &plain) + world_hex(p + BODY, DISCOVER "ff");
	for (unsigned n = 0; n < 65536; n++) {
		world_frame(&f, &addr_any4, &addr_bcast4, WIRE_UDP, udp,
			    world_udp(udp, 68, 67, p, len), 64);
		put_be16(f.head + f.l4 + 4, (uint16_t)n);
		world.nsent = 0;
		CHECK(dhcp_frame(&f));
		CHECK_EQ(world.nsent, n == 8 + BODY || (n >= 8 + BODY + 3 && n <= len + 8));
	}
	world.csum_ok = false;
	CHECK_EQ(give(&plain, DISCOVER), 0);
}

/* fits() - Whether options end where the message does, by a reading of its own */
static bool fits(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i += 2U + p[i + 1]) {
		while (i < len && !p[i])
			i++;
		if (i >= len || p[i] == 255)
			return true;
		if (i + 2 > len || i + 2 + p[i + 1] > len)
			return false;
	}
	return true;
}

static const char *const whole[] = {
	DISCOVER ASK_ALL "3d 07 01 525400123456 39 02 05dc 51 03 040000 ff",
	REQUEST US MINE ASK_ALL "00 00 52 04 01020304 50 00 ff",
	"35 01 08 37 02 06 77 34 01 03 ff",
	"ff",
};

static void test_truncated(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		uint8_t p[ROOM];
		size_t len = fixed(p, &rebind);

		reset();
		len += world_hex(p + len, whole[i]);
		for (size_t n = 0; n <= len; n++) {
			count_reset();
			CHECK(give_bytes(&rebind, p, n));
			CHECK_EQ(world.nsent, n >= BODY && fits(p + BODY, n - BODY));
			CHECK_EQ(world.nsent + count_value[DROP_DHCP_BAD], 1);
		}
	}
}

/* Every byte after the fixed part, lengths among them, takes every value */
static void test_lying(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		uint8_t p[ROOM];
		size_t len = fixed(p, &rebind);

		reset();
		len += world_hex(p + len, whole[i]);
		for (size_t at = BODY; at < len; at++) {
			uint8_t was = p[at];

			for (unsigned v = 0; v < 256; v++) {
				p[at] = (uint8_t)v;
				CHECK(give_bytes(&rebind, p, len));
				CHECK(world.nsent <= 1);
				if (!fits(p + BODY, len - BODY))
					CHECK_EQ(world.nsent, 0);
				else if (world.nsent)
					CHECK(world_dhcp_ok(&world.sent[0]));
			}
			p[at] = was;
		}
	}
}

static void test_random(void)
{
	unsigned answers = 0;

	reset();
	for (int i = 0; i < 200000; i++) {
		uint8_t p[ROOM];
		size_t len = fixed(p, &plain);

		len += world_hex(p + len, whole[check_below(ARRAY_SIZE(whole))]);
		for (size_t n = check_below(6); n; n--)
			p[check_below(2) ? BODY + check_below(len - BODY) : check_below(len)] =
				(uint8_t)check_rand();
		if (!check_below(8))
			len = check_below(len + 1);
		CHECK(give_bytes(&plain, p, len));
		if (!world.nsent)
			continue;
		answers++;
		CHECK_EQ(world.nsent, 1);
		CHECK(world_dhcp_ok(&world.sent[0]));
		CHECK_MEM(world.sent[0].l4 + 8 + 4, p + 4, 4);
		CHECK_MEM(world.sent[0].l4 + 8 + 28, p + 28, 6);
	}
	CHECK(answers > 1000);
}

int main(void)
{
	RUN(test_exchange);
	RUN(test_flags);
	RUN(test_request);
	RUN(test_other_types);
	RUN(test_relay);
	RUN(test_absent);
	RUN(test_fqdn);
	RUN(test_routes);
	RUN(test_size);
	RUN(test_give_back_long);
	RUN(test_overload);
	RUN(test_not_ours);
	RUN(test_malformed);
	RUN(test_truncated);
	RUN(test_lying);
	RUN(test_random);
	world_reset();
	return check_done();
}
