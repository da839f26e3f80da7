// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dhcpv6.c - exchanges byte for byte, identifiers, and messages that lie
 * links: dhcpv6.c dnsname.c addr.c util.c count.c
 */
#include "dhcp.h"

#include "count.h"
#include "test/unit/check.h"
#include "test/unit/guestconf.h"

enum { ROOM = 2048 };

static const struct dhcp_conf all = { .on = true, .dns = true, .search = true };
static const char group[] = "ff02::1:2";
static const char client[] = "fe80::5054:ff:fe12:3456";

static void reset(void)
{
	world_reset();
	count_reset();
	dhcpv6_init(&all);
}

static bool give_bytes(const char *to, const uint8_t *p, size_t len)
{
	struct addr src = world_addr(client), dst = world_addr(to);
	uint8_t udp[ROOM + 8];
	struct frame f;

	world_frame(&f, &src, &dst, WIRE_UDP, udp, world_udp(udp, 546, 547, p, len), 1);
	world.nsent = 0;
	return dhcpv6_frame(&f);
}

static unsigned give_to(const char *to, const char *hex)
{
	uint8_t p[ROOM];

	CHECK(give_bytes(to, p, world_hex(p, hex)));
	return world.nsent;
}

static unsigned give(const char *hex)
{
	return give_to(group, hex);
}

static void sent(const char *hex)
{
	const struct world_sent *s = &world.sent[0];
	struct addr d = world_addr(client);
	uint8_t want[ROOM];
	size_t len = world_hex(want, hex);

	CHECK_EQ(world.nsent, 1);
	CHECK(world_dhcpv6_ok(s));
	CHECK_EQ(s->len, len + 8);
	CHECK_MEM(s->l4 + 8, want, len);
	CHECK(addr_eq(&s->dst, &d));
	CHECK(addr_eq(&s->src, &world.net.gw6));
}

#define XID	"abcdef "
#define CID	"0001 000e 0001 0001 11223344 525400123456 "
#define SID	"0002 000a 0003 0001 9a559a559a55 "
#define OTHER	"0002 000a 0003 0001 9a559a559a56 "
#define ORO	"0006 0004 0017 0018 "
#define IA	"0003 000c 00000001 00000000 00000000 "
#define OURS	"20010db8000000000000000000000010 "
#define NEAR	"20010db8000000000000000000000099 "
#define FAR	"20010db8000000010000000000000010 "
#define LEASE	"0005 0018 " OURS "00000e10 00000e10 "
#define IA_OURS	"0003 0028 00000001 00000708 00000b40 " LEASE
#define IA_WITH(a) "0003 0028 00000001 00000000 00000000 0005 0018" a "00000000 00000000 "
#define TA	"0004 0004 00000002 "
#define PD	"0019 000c 00000003 00000000 00000000 "
#define DNS	"0017 0010 20010db8000000000000000000000053 "
#define LIST	"0018 001f 07 6578616d706c65 03 6f7267 00"			\
		"04 636f7270 07 6578616d706c65 03 6f7267 00 "
#define PREF	"0007 0001 ff "
#define RAPID	"000e 0000 "
#define NOADDRS	"000d 0013 0002 6e6f206d6f726520616464726573736573 "
#define NOPREF	"000d 0012 0006 6e6f2070726566697865732068657265 "
#define NOBIND	"000d 0011 0003 6e6f7420676976656e206279207573 "
#define NOTLINK	"000d 001c 0004 61646472657373206f6620616e6f74686572206e6574776f726b "
#define SUCCESS	"000d 0002 0000 "

static void test_exchange(void)
{
	reset();
	CHECK_EQ(give("01" XID CID ORO "0008 0002 0000" IA), 1);
	sent("02" XID CID SID PREF IA_OURS DNS LIST);
	CHECK_EQ(give("03" XID CID SID ORO IA_WITH(OURS)), 1);
	sent("07" XID CID SID IA_OURS DNS LIST);
	CHECK_EQ(give("01" XID CID ORO RAPID IA), 1);
	sent("07" XID CID SID RAPID IA_OURS DNS LIST);
	CHECK_EQ(give("05" XID CID SID ORO IA_WITH(OURS)), 1);
	sent("07" XID CID SID IA_OURS DNS LIST);
	CHECK_EQ(give("06" XID CID ORO IA_WITH(OURS)), 1);
	sent("07" XID CID SID IA_OURS DNS LIST);
	CHECK_EQ(count_value[DROP_DHCPV6_BAD], 0);
}

/* An address that we gave before the host's changed */
static void test_changed(void)
{
	static const char answer[] = "07" XID CID SID
		"0003 0044 00000001 00000708 00000b40 " LEASE
		"0005 0018" FAR "00000000 00000000";

	reset();
	CHECK_EQ(give("05" XID CID SID "0006 0000" IA_WITH(FAR)), 1);
	sent(answer);
	CHECK_EQ(give("06" XID CID "0006 0000" IA_WITH(FAR)), 1);
	sent(answer);
	CHECK_EQ(give("03" XID CID SID "0006 0000" IA_WITH(FAR)), 1);
	sent("07" XID CID SID "0003 002c 00000001 00000000 00000000" NOTLINK);
	/* Of the right network, but not ours: ours in its place */
	CHECK_EQ(give("03" XID CID SID "0006 0000" IA_WITH(NEAR)), 1);
	sent("07" XID CID SID IA_OURS);
}

static void test_other_ias(void)
{
	reset();
	CHECK_EQ(give("01" XID CID "0006 0000" TA PD IA
		      "0003 000c 00000009 00000000 00000000"), 1);
	sent("02" XID CID SID PREF
	     "0004 001b 00000002" NOADDRS
	     "0019 0022 00000003 00000000 00000000" NOPREF
	     IA_OURS
	     "0003 0023 00000009 00000000 00000000" NOADDRS);
	CHECK_EQ(give("05" XID CID SID "0006 0000" TA PD), 1);
	sent("07" XID CID SID
	     "0004 0019 00000002" NOBIND
	     "0019 0021 00000003 00000000 00000000" NOBIND);
	/* No address to give */
	world.net.addr6 = addr_none;
	CHECK_EQ(give("01" XID CID "0006 0000" IA), 1);
	sent("02" XID CID SID PREF "0003 0023 00000001 00000000 00000000" NOADDRS);
	CHECK_EQ(give("05" XID CID SID "0006 0000" IA_WITH(OURS)), 1);
	sent("07" XID CID SID "0003 0021 00000001 00000000 00000000" NOBIND);
}

static void test_confirm(void)
{
	reset();
	CHECK_EQ(give("04" XID CID IA_WITH(OURS)), 1);
	sent("07" XID CID SID SUCCESS);
	CHECK_EQ(give("04" XID CID IA_WITH(NEAR)), 1);
	sent("07" XID CID SID SUCCESS);
	CHECK_EQ(give("04" XID CID IA_WITH(NEAR) IA_WITH(FAR)), 1);
	sent("07" XID CID SID NOTLINK);
	CHECK_EQ(give("04" XID CID IA), 0);
	CHECK_EQ(give("04" XID CID), 0);
	CHECK_EQ(count_value[DROP_DHCPV6_BAD], 0);
}

static void test_release(void)
{
	static const char *const type[] = { "08", "09" };

	for (size_t i = 0; i < ARRAY_SIZE(type); i++) {
		char hex[600];

		reset();
		(void)snprintf(hex, sizeof(hex), "%s%s", type[i], XID CID SID IA_WITH(OURS));
		CHECK_EQ(give(hex), 1);
		sent("07" XID CID SID SUCCESS);
		(void)snprintf(hex, sizeof(hex), "%s%s", type[i],
			       XID CID SID IA_WITH(NEAR) IA_WITH(OURS) TA);
		CHECK_EQ(give(hex), 1);
		sent("07" XID CID SID SUCCESS
		     "0003 0021 00000001 00000000 00000000" NOBIND
		     "0004 0019 00000002" NOBIND);
	}
}

static void test_information(void)
{
	reset();
	CHECK_EQ(give("0b" XID ORO), 1);
	sent("07" XID SID DNS LIST);
	CHECK_EQ(give("0b" XID CID SID "0006 0004 0020 0018"), 1);
	sent("07" XID CID SID "0020 0004 00000e10" LIST);
	CHECK_EQ(give("0b" XID CID "0006 0000"), 1);
	sent("07" XID CID SID);
	CHECK_EQ(give("0b" XID CID), 1);
	sent("07" XID CID SID DNS "0020 0004 00000e10" LIST);
}

static void test_options(void)
{
#define NAME "02 766d 07 6578616d706c65 03 6f7267 00"
	struct dhcp_conf conf = { .on = true };

	reset();
	CHECK_EQ(give("0b" XID CID "0006 0002 0027"), 1);
	sent("07" XID CID SID "0027 0011 04" NAME);
	CHECK_EQ(give("0b" XID CID "0006 0002 0099 0027 0004 01 02 766d"), 1);
	sent("07" XID CID SID "0027 0011 06" NAME);
	world.net.fqdn[0] = '\0';
	CHECK_EQ(give("0b" XID CID "0006 0002 0027"), 1);
	sent("07" XID CID SID);
	dhcpv6_init(&conf);
	CHECK_EQ(give("0b" XID CID ORO), 1);
	sent("07" XID CID SID);
	reset();
	world.net.ndns6 = world.net.nsearch = 0;
	CHECK_EQ(give("0b" XID CID ORO), 1);
	sent("07" XID CID SID);
}

/* RFC 8415, section 16 */
static void test_ids(void)
{
	static const char *const bad[] = {
		"01" XID IA, "01" XID CID SID IA,
		"02" XID CID SID IA,
		"03" XID CID IA, "03" XID SID IA, "03" XID CID OTHER IA,
		"04" XID IA_WITH(OURS), "04" XID CID SID IA_WITH(OURS),
		"05" XID CID IA, "05" XID SID IA, "05" XID CID OTHER IA,
		"06" XID IA, "06" XID CID SID IA,
		"07" XID CID SID IA,
		"08" XID CID IA, "08" XID SID IA, "08" XID CID OTHER IA,
		"09" XID CID IA, "09" XID SID IA, "09" XID CID OTHER IA,
		"0a" XID CID SID,
		"0b" XID CID OTHER, "0b" XID CID IA, "0b" XID CID TA, "0b" XID CID PD,
		"0c" XID CID, "0d" XID CID, "00" XID CID, "ff" XID CID,
		"01" XID CID CID IA, "03" XID CID SID SID IA,
		"01" XID "0001 0002 0003" IA, "01" XID "0001 0000" IA,
	};

	reset();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(give(bad[i]), 0);
		CHECK_EQ(count_value[DROP_DHCPV6_BAD], i + 1);
	}
}

static void test_unicast(void)
{
	static const char refuse[] = "07" XID CID SID
		"000d 000f 0005 61736b207468652067726f7570";

	reset();
	CHECK_EQ(give_to("fe80::1", "01" XID CID IA), 0);
	CHECK_EQ(give_to("fe80::1", "04" XID CID IA_WITH(OURS)), 0);
	CHECK_EQ(give_to("fe80::1", "06" XID CID IA_WITH(OURS)), 0);
	CHECK_EQ(give_to("fe80::1", "0b" XID CID SID), 0);
	CHECK_EQ(give_to("fe80::1", "03" XID CID SID IA), 1);
	sent(refuse);
	CHECK_EQ(give_to("fe80::1", "05" XID CID SID IA), 1);
	sent(refuse);
	CHECK_EQ(give_to("fe80::1", "08" XID CID SID IA), 1);
	sent(refuse);
}

static void test_not_ours(void)
{
	static const uint8_t solicit[] = { 1, 2, 3, 4 };
	struct dhcp_conf off = { 0 };
	struct addr dst = world_addr(group), src = world_addr(client);
	uint8_t udp[32];
	struct frame f;
	size_t len;

	reset();
	CHECK(!give_bytes("2001:db8::1", solicit, 4));
	CHECK(!give_bytes("ff02::1", solicit, 4));
	len = world_udp(udp, 546, 546, solicit, 4);
	world_frame(&f, &src, &dst, WIRE_UDP, udp, len, 1);
	CHECK(!dhcpv6_frame(&f));
	put_be16(udp + 2, 547);
	world_frame(&f, &src, &dst, WIRE_TCP, udp, len, 1);
	CHECK(!dhcpv6_frame(&f));
	for (size_t n = 0; n < 8; n++) {
		world_frame(&f, &src, &dst, WIRE_UDP, udp, n, 1);
		CHECK(!dhcpv6_frame(&f));
	}
	world_frame(&f, &addr_none, &dst, WIRE_UDP, udp, len, 1);
	CHECK(dhcpv6_frame(&f));
	CHECK_EQ(count_value[DROP_DHCPV6_BAD], 1);
	dhcpv6_init(&off);
	CHECK(!give_bytes(group, solicit, 4));
	CHECK_EQ(world.nsent, 0);
}

static void test_malformed(void)
{
	static const char *const bad[] = {
		"01", "01 abcd",
		"01" XID CID IA "00", "01" XID CID IA "0099 00", "01" XID CID IA "0099 0001",
		"01" XID CID "0003 000b 00000001 00000000 000000",
		"01" XID CID "0004 0003 000000", "01" XID CID "0019 000b 00000001 00000000 000000",
		"01" XID CID "0003 0010 00000001 00000000 00000000 0005 0018",
		"01" XID CID "0003 0010 00000001 00000000 00000000 0005 0000",
		"01" XID CID "0003 000d 00000001 00000000 00000000 00",
		"01" XID CID IA "0006 0003 001700", "01" XID CID IA "000e 0001 00",
		"01" XID CID IA "0027 0000",
	};
	uint8_t big[1600] = { 1 };

	reset();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(give(bad[i]), 0);
		CHECK_EQ(count_value[DROP_DHCPV6_BAD], i + 1);
	}
	CHECK(give_bytes(group, big, sizeof(big)));
	CHECK_EQ(world.nsent, 0);
	world.csum_ok = false;
	CHECK_EQ(give("01" XID CID IA), 0);
	CHECK_EQ(count_value[DROP_DHCPV6_BAD], ARRAY_SIZE(bad) + 2);
}

/* More than fits: long names are left out, more IAs than we answer are, too */
static void test_full(void)
{
	uint8_t p[ROOM];
	size_t len;

	reset();
	world.net.nsearch = NET_SEARCH_MAX;
	for (int i = 0; i < NET_SEARCH_MAX; i++) {
		memset(world.net.search[i], 'x', 250);
		for (int j = 40; j < 250; j += 40)
			world.net.search[i][j] = '.';
		world.net.search[i][250] = '\0';
	}
	len = world_hex(p, "01" XID CID);
	for (int i = 0; i < 60; i++)
		len += world_hex(p + len, IA);
	CHECK(give_bytes(group, p, len));
	CHECK_EQ(world.nsent, 1);
	CHECK(world_dhcpv6_ok(&world.sent[0]));
	CHECK(world.sent[0].len > 1000);
	/* What has to come back is more than a reply holds */
	len = world_hex(p, "05" XID CID SID "0003 03f0 00000001 00000000 00000000");
	for (int i = 0; i < 36; i++)
		len += world_hex(p + len, "0005 0018" FAR "00000000 00000000");
	put_be16(p + 4 + 18 + 14 + 2, (uint16_t)(len - 4 - 18 - 14 - 4));
	CHECK(give_bytes(group, p, len));
	CHECK_EQ(world.nsent, 1);
	for (int i = 0; i < 9; i++)
		len += world_hex(p + len, "0005 0018" FAR "00000000 00000000");
	put_be16(p + 4 + 18 + 14 + 2, (uint16_t)(len - 4 - 18 - 14 - 4));
	CHECK(give_bytes(group, p, len));
	CHECK_EQ(world.nsent, 0);
	CHECK_EQ(count_value[DROP_DHCPV6_BAD], 1);
}

static const char *const whole[] = {
	"01" XID CID ORO "0008 0002 0000" IA TA PD RAPID,
	"03" XID CID SID IA_WITH(OURS) "0027 0004 01 02 766d" ORO,
	"05" XID CID SID IA_WITH(FAR) TA,
	"06" XID CID IA_WITH(FAR) PD,
	"04" XID CID IA_WITH(OURS) IA_WITH(NEAR),
	"08" XID CID SID IA_WITH(OURS) IA_WITH(NEAR),
	"0b" XID CID SID ORO,
};

/* Cut between two options a message is whole, cut within one never */
static void test_truncated(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		uint8_t p[ROOM];
		size_t len = world_hex(p, whole[i]);

		reset();
		for (size_t n = 0; n <= len; n++) {
			bool fits = n >= 4 && world_tlv6_ok(p + 4, n - 4);

			count_reset();
			CHECK(give_bytes(group, p, n));
			CHECK(world.nsent + count_value[DROP_DHCPV6_BAD] <= 1);
			if (!fits)
				CHECK_EQ(count_value[DROP_DHCPV6_BAD], 1);
		}
		CHECK_EQ(world.nsent, 1);
	}
}

static void test_lying(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		uint8_t p[ROOM];
		size_t len = world_hex(p, whole[i]);

		reset();
		for (size_t at = 4; at < len; at++) {
			uint8_t was = p[at];

			for (unsigned v = 0; v < 256; v++) {
				p[at] = (uint8_t)v;
				CHECK(give_bytes(group, p, len));
				CHECK(world.nsent <= 1);
				if (!world.nsent)
					continue;
				CHECK(world_dhcpv6_ok(&world.sent[0]));
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
		size_t len = world_hex(p, whole[check_below(ARRAY_SIZE(whole))]);

		for (size_t n = check_below(5); n; n--)
			p[check_below(len)] = (uint8_t)check_rand();
		if (!check_below(8))
			len = check_below(len + 1);
		CHECK(give_bytes(group, p, len));
		if (!world.nsent)
			continue;
		answers++;
		CHECK_EQ(world.nsent, 1);
		CHECK(world_dhcpv6_ok(&world.sent[0]));
		CHECK_MEM(world.sent[0].l4 + 8 + 1, p + 1, 3);
	}
	CHECK(answers > 1000);
}

/* The header of UDP lies */
static void test_udp_length(void)
{
	struct addr src = world_addr(client), dst = world_addr(group);
	uint8_t p[ROOM], udp[ROOM];
	size_t len = world_hex(p, "0b" XID CID);
	struct frame f;

	reset();
	for (unsigned n = 0; n < 65536; n++) {
		world_frame(&f, &src, &dst, WIRE_UDP, udp, world_udp(udp, 546, 547, p, len), 1);
		put_be16(f.head + f.l4 + 4, (uint16_t)n);
		world.nsent = 0;
		CHECK(dhcpv6_frame(&f));
		CHECK_EQ(world.nsent, n == 12 || n == len + 8);
	}
}

int main(void)
{
	RUN(test_exchange);
	RUN(test_changed);
	RUN(test_other_ias);
	RUN(test_confirm);
	RUN(test_release);
	RUN(test_information);
	RUN(test_options);
	RUN(test_ids);
	RUN(test_unicast);
	RUN(test_not_ours);
	RUN(test_malformed);
	RUN(test_full);
	RUN(test_truncated);
	RUN(test_lying);
	RUN(test_random);
	RUN(test_udp_length);
	world_reset();
	return check_done();
}
