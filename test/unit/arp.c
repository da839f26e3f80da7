// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * arp.c - who is answered, who is not, what is learnt
 * links: arp.c addr.c util.c count.c
 */
#include "arp.h"

#include "count.h"
#include "test/unit/check.h"
#include "test/unit/guestconf.h"

#define HEAD	"0001 0800 06 04 "
#define OURS	"9a559a559a55 "
#define GUEST	"525400123456 "
#define ZERO	"000000000000 "
#define IP	"c000020a "	/* the guest's */
#define GW	"c0000201 "
#define OTHER	"c0000263 "

/* give() - Let the module handle a packet.  Return: packets it sent */
static unsigned give_bytes(const uint8_t *p, size_t len)
{
	struct frame f;

	world_frame(&f, &addr_none, &addr_none, 0, p, len, 0);
	world.nsent = 0;
	arp_frame(&f);
	return world.nsent;
}

static unsigned give(const char *hex)
{
	uint8_t buf[64];

	return give_bytes(buf, world_hex(buf, hex));
}

/* sent() - Whether exactly this packet went out, to this MAC address */
static void sent(const char *hex, const char *mac)
{
	uint8_t want[64], dmac[6];

	CHECK_EQ(world.nsent, 1);
	CHECK_EQ(world_hex(want, hex), world.sent[0].len);
	CHECK_MEM(world.sent[0].l4, want, world.sent[0].len);
	(void)world_hex(dmac, mac);
	CHECK_MEM(world.sent[0].dmac, dmac, 6);
}

static void test_reply(void)
{
	world_reset();
	CHECK_EQ(give(HEAD "0001" GUEST IP ZERO GW), 1);
	sent(HEAD "0002" OURS GW GUEST IP, GUEST);
	CHECK_EQ(give(HEAD "0001" GUEST IP ZERO OTHER), 1);
	sent(HEAD "0002" OURS OTHER GUEST IP, GUEST);
	/* Padding of a short frame does not matter */
	CHECK_EQ(give(HEAD "0001" GUEST IP ZERO GW "000000000000000000"), 1);
}

static void test_left_alone(void)
{
	static const char *const quiet[] = {
		HEAD "0001" GUEST "00000000" ZERO IP,		/* probe, its own */
		HEAD "0001" GUEST "00000000" ZERO OTHER,	/* probe, another */
		HEAD "0001" GUEST IP ZERO IP,			/* announcement */
		HEAD "0001" GUEST OTHER ZERO OTHER,
		HEAD "0001" GUEST OTHER ZERO IP,		/* for its own */
		HEAD "0002" GUEST IP OURS GW,			/* reply */
		HEAD "0003" GUEST IP OURS GW,			/* RARP */
		HEAD "0001" GUEST IP ZERO "00000000",
		HEAD "0001" GUEST IP ZERO "7f000001",
		HEAD "0001" GUEST IP ZERO "e0000001",
		HEAD "0001" GUEST IP ZERO "ffffffff",
	};

	world_reset();
	for (size_t i = 0; i < ARRAY_SIZE(quiet); i++)
		CHECK_EQ(give(quiet[i]), 0);
	world.net.seen4 = world_addr("192.0.2.99");
	CHECK_EQ(give(HEAD "0001" GUEST IP ZERO OTHER), 0);
	CHECK_EQ(give(HEAD "0001" GUEST OTHER ZERO IP), 0);
	world.net.has4 = false;
	CHECK_EQ(give(HEAD "0001" GUEST IP ZERO GW), 0);
	CHECK_EQ(count_value[DROP_ARP_BAD], 0);
}

/* The gateway is there already: who probes for it is told */
static void test_probe_gateway(void)
{
	world_reset();
	CHECK_EQ(give(HEAD "0001" GUEST "00000000" ZERO GW), 1);
	sent(HEAD "0002" OURS GW GUEST "00000000", GUEST);
}

static void test_learn(void)
{
	uint8_t mac[6];
	struct addr ip = world_addr("192.0.2.99");

	world_reset();
	(void)give(HEAD "0001" "525400abcdef" OTHER ZERO OTHER);
	(void)world_hex(mac, "525400abcdef");
	CHECK_MEM(world.mac, mac, 6);
	CHECK_EQ(world.naddr, 1);
	CHECK(addr_eq(&world.addr, &ip));
	/* A probe teaches no address */
	(void)give(HEAD "0001" GUEST "00000000" ZERO OTHER);
	CHECK_EQ(world.nmac, 2);
	CHECK_EQ(world.naddr, 1);
	(void)give(HEAD "0001" GUEST "7f000001" ZERO OTHER);
	(void)give(HEAD "0001" GUEST "e0000001" ZERO OTHER);
	CHECK_EQ(world.naddr, 1);
	/* Who claims to be the gateway teaches nothing */
	(void)give(HEAD "0001" GUEST GW ZERO GW);
	CHECK_EQ(world.nmac, 4);
	CHECK_EQ(world.naddr, 1);
}

static void test_malformed(void)
{
	static const char *const bad[] = {
		"0006 0800 06 04 0001" GUEST IP ZERO GW,	/* not Ethernet */
		"0001 86dd 06 04 0001" GUEST IP ZERO GW,
		"0001 0800 07 04 0001" GUEST IP ZERO GW,
		"0001 0800 06 10 0001" GUEST IP ZERO GW,
		HEAD "0001" ZERO IP ZERO GW,
		HEAD "0001" "ffffffffffff" IP ZERO GW,
		HEAD "0001" "01005e000001" IP ZERO GW,
	};
	uint8_t good[28];

	world_reset();
	count_reset();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(give(bad[i]), 0);
	CHECK_EQ(count_value[DROP_ARP_BAD], ARRAY_SIZE(bad));
	CHECK_EQ(world_hex(good, HEAD "0001" GUEST IP ZERO GW), sizeof(good));
	count_reset();
	for (size_t len = 0; len < sizeof(good); len++)
		CHECK_EQ(give_bytes(good, len), 0);
	CHECK_EQ(count_value[DROP_ARP_BAD], sizeof(good));
	CHECK_EQ(world.nmac, 0);
	CHECK_EQ(give_bytes(good, sizeof(good)), 1);
}

static void test_random(void)
{
	uint8_t good[28], p[28];
	unsigned replies = 0;

	world_reset();
	(void)world_hex(good, HEAD "0001" GUEST IP ZERO GW);
	for (int i = 0; i < 300000; i++) {
		memcpy(p, good, sizeof(p));
		for (size_t n = check_below(4); n; n--)
			p[check_below(sizeof(p))] = (uint8_t)check_rand();
		if (!give_bytes(p, check_below(8) ? sizeof(p) : check_below(sizeof(p))))
			continue;
		replies++;
		CHECK_EQ(world.nsent, 1);
		CHECK_EQ(world.sent[0].l4[7], 2);
		CHECK_MEM(world.sent[0].l4 + 8, world.net.mac, 6);
		CHECK(memcmp(world.sent[0].l4 + 14, addr_v4(&world.net.addr4), 4));
		CHECK(!(world.sent[0].dmac[0] & 1));
	}
	CHECK(replies > 1000);
}

static void test_announce(void)
{
	world_reset();
	arp_announce();
	sent(HEAD "0001" OURS GW ZERO GW, "ffffffffffff");
	world_reset();
	world.net.gw4 = addr_none;
	arp_announce();
	CHECK_EQ(world.nsent, 0);
	world_reset();
	world.net.has4 = false;
	arp_announce();
	CHECK_EQ(world.nsent, 0);
}

int main(void)
{
	RUN(test_reply);
	RUN(test_left_alone);
	RUN(test_probe_gateway);
	RUN(test_learn);
	RUN(test_malformed);
	RUN(test_random);
	RUN(test_announce);
	world_reset();
	return check_done();
}
