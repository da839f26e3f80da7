/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guestconf.h - a link, a network and a log for tests of guest configuration
 *
 * Takes the place of frame.c, net.c, log.c, tap.c and timer.c for one program:
 * a message is wrapped into a struct frame, what the module sends is kept, and
 * so is what it learns.  The bytes of a message are in memory of exactly their
 * number, so that AddressSanitizer sees one read too many.
 *
 * The world_ functions at the end tell whether a message that was sent is well
 * formed.  They are written from the RFCs, not from the code under test.
 */
#ifndef GUESTCONF_H
#define GUESTCONF_H

#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "log.h"
#include "net.h"
#include "tap.h"
#include "timer.h"
#include "wire.h"

enum { WORLD_SENT = 4, WORLD_HEAD = 54 };

/**
 * struct world_sent - a message toward the guest
 * @src:	source address
 * @dst:	destination address
 * @dmac:	destination MAC address, ARP only
 * @proto:	protocol, 0: ARP
 * @ttl:	time to live or hop limit
 * @len:	bytes of the message
 * @l4:		the message
 */
struct world_sent {
	struct addr src;
	struct addr dst;
	uint8_t dmac[6];
	uint8_t proto;
	uint8_t ttl;
	uint32_t len;
	uint8_t l4[2048];
};

/**
 * struct world - what a module under test sees and does
 * @net:	what the guest has
 * @sent:	the first messages sent
 * @nsent:	how many were, more than WORLD_SENT too
 * @body:	bytes of the message being handled, exactly as many
 * @mac:	MAC address last learnt
 * @addr:	address last learnt
 * @nmac:	MAC addresses learnt
 * @naddr:	addresses learnt
 * @due:	TIMER_RA
 * @up:		the link is up
 * @csum_ok:	what frame_csum_ok() says
 */
static struct world {
	struct net net;
	struct world_sent sent[WORLD_SENT];
	unsigned nsent;
	uint8_t *body;
	uint8_t mac[6];
	struct addr addr;
	unsigned nmac;
	unsigned naddr;
	uint64_t due;
	bool up;
	bool csum_ok;
} world;

const struct net *const net = &world.net;
enum log_level log_level = LOG_LVL_ERR;

void log_write(enum log_level level, int err, const char *fmt, ...)
{
	(void)level;
	(void)err;
	(void)fmt;
}

void log_bug(const char *file, int line, const char *what)
{
	(void)file;
	(void)line;
	(void)what;
	abort();
}

/* As in net.c, what can not be a station's is not learnt */
void net_learn_mac(const uint8_t mac[static 6])
{
	static const uint8_t none[6];

	if (mac[0] & 1 || !memcmp(mac, none, sizeof(none)))
		return;
	memcpy(world.mac, mac, sizeof(world.mac));
	world.nmac++;
}

void net_learn_addr(const struct addr *src)
{
	if (!addr_is_unicast(src) || addr_is_loopback(src))
		return;
	world.addr = *src;
	world.naddr++;
}

bool tap_up(void)
{
	return world.up;
}

void timer_set(uint32_t id, uint64_t due)
{
	if (id == TIMER_RA)
		world.due = due;
}

const void *frame_l4(const struct frame *f, uint32_t n)
{
	return n > f->l4len || f->l4 + n > f->headlen ? NULL : f->head + f->l4;
}

uint32_t frame_copy(const struct frame *f, uint32_t skip, void *to, uint32_t len)
{
	if (skip >= f->l4len)
		return 0;
	len = min_u32(len, f->l4len - skip);
	memcpy(to, world.body + skip, len);
	return len;
}

bool frame_csum_ok(const struct frame *f)
{
	(void)f;
	return world.csum_ok;
}

static void world_send(const struct addr *src, const struct addr *dst,
		       const uint8_t *dmac, uint8_t proto, const void *data,
		       uint32_t len, uint8_t ttl)
{
	struct world_sent *s = &world.sent[world.nsent];

	if (world.nsent++ >= WORLD_SENT)
		return;
	if (len > sizeof(s->l4))
		abort();
	s->src = *src;
	s->dst = *dst;
	memcpy(s->dmac, dmac, sizeof(s->dmac));
	s->proto = proto;
	s->ttl = ttl;
	s->len = len;
	memcpy(s->l4, data, len);
}

int frame_send(const struct addr *src, const struct addr *dst, uint8_t proto,
	       const void *l4, uint32_t l4len, uint8_t ttl)
{
	world_send(src, dst, world.net.guest_mac, proto, l4, l4len, ttl);
	return 0;
}

int frame_send_arp(const uint8_t dmac[static 6], const void *arp)
{
	world_send(&addr_none, &addr_none, dmac, 0, arp, sizeof(struct wire_arp), 0);
	return 0;
}

/* world_addr() - Address from text that is one */
static inline struct addr world_addr(const char *text)
{
	struct addr a;

	if (!addr_parse(text, &a))
		abort();
	return a;
}

/* world_reset() - A guest with everything, and nothing sent or learnt yet */
static inline void world_reset(void)
{
	static const uint8_t ours[6] = { 0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55 };
	static const uint8_t guest[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
	struct net *n = &world.net;

	free(world.body);
	memset(&world, 0, sizeof(world));
	world.up = world.csum_ok = true;
	world.due = TIMER_NEVER;
	memcpy(n->mac, ours, sizeof(ours));
	memcpy(n->guest_mac, guest, sizeof(guest));
	n->mtu = 1500;
	n->mtu_told = n->has4 = n->has6 = true;
	n->addr4 = n->seen4 = world_addr("192.0.2.10");
	n->prefix4 = 24;
	n->gw4 = world_addr("192.0.2.1");
	n->addr6 = n->seen6 = world_addr("2001:db8::10");
	n->gw6 = world_addr("fe80::1");
	n->dns4[n->ndns4++] = world_addr("192.0.2.53");
	n->dns4[n->ndns4++] = world_addr("198.51.100.53");
	n->dns6[n->ndns6++] = world_addr("2001:db8::53");
	strcpy(n->search[n->nsearch++], "example.org");
	strcpy(n->search[n->nsearch++], "corp.example.org");
	strcpy(n->hostname, "vm");
	strcpy(n->fqdn, "vm.example.org");
}

/**
 * world_frame() - A frame from the guest
 * @f:		Filled
 * @src:	Source address
 * @dst:	Destination address
 * @proto:	Protocol, 0: ARP
 * @l4:		Message
 * @len:	Its length
 * @ttl:	Time to live or hop limit
 */
static inline void world_frame(struct frame *f, const struct addr *src,
			       const struct addr *dst, uint8_t proto, const void *l4,
			       size_t len, uint8_t ttl)
{
	memset(f, 0, sizeof(*f));
	free(world.body);
	world.body = malloc(len ? len : 1);
	if (!world.body)
		abort();
	if (len)
		memcpy(world.body, l4, len);
	f->src = *src;
	f->dst = *dst;
	f->proto = proto;
	f->ttl = ttl;
	f->l3 = sizeof(struct wire_eth);
	f->l4 = proto ? WORLD_HEAD : f->l3;
	f->l4len = (uint32_t)len;
	f->headlen = min_u32(FRAME_HEAD, f->l4 + f->l4len);
	memcpy(f->head + f->l4, world.body, f->headlen - f->l4);
}

/* world_udp() - Put a UDP header in front of a message.  Return: bytes in all */
static inline size_t world_udp(uint8_t *to, uint16_t sport, uint16_t dport,
			       const void *data, size_t len)
{
	put_be16(to, sport);
	put_be16(to + 2, dport);
	put_be16(to + 4, (uint16_t)(len + 8));
	put_be16(to + 6, 0x1234);
	if (len)
		memmove(to + 8, data, len);
	return len + 8;
}

/**
 * world_hex() - Bytes from text
 * @to:		Filled
 * @text:	Pairs of digits, blanks between them
 *
 * Return: bytes
 */
static inline size_t world_hex(uint8_t *to, const char *text)
{
	size_t n = 0;

	for (; *text; text++) {
		char pair[3] = { text[0], text[1] };

		if (*text == ' ')
			continue;
		to[n++] = (uint8_t)strtoul(pair, NULL, 16);
		text++;
	}
	return n;
}

/* world_udp_ok() - Whether a message sent is a datagram between these ports */
static inline bool world_udp_ok(const struct world_sent *s, uint16_t sport, uint16_t dport)
{
	return s->proto == WIRE_UDP && s->len >= 8 && get_be16(s->l4) == sport &&
	       get_be16(s->l4 + 2) == dport && get_be16(s->l4 + 4) == s->len &&
	       !get_be16(s->l4 + 6);
}

/**
 * world_dhcp_ok() - Whether a message sent is a DHCP reply
 * @s:		Message
 *
 * Return: true if its fixed part is one, its options end where they say, once
 */
static inline bool world_dhcp_ok(const struct world_sent *s)
{
	static const uint8_t magic[4] = { 0x63, 0x82, 0x53, 0x63 };
	size_t i = 8 + 240;

	if (!world_udp_ok(s, 67, 68) && !world_udp_ok(s, 67, 67))
		return false;
	if (s->len < 8 + 300 || s->l4[8] != 2 || s->l4[9] != 1 || s->l4[10] != 6 ||
	    memcmp(s->l4 + 8 + 236, magic, 4))
		return false;
	while (i < s->len && s->l4[i] != 255) {
		if (i + 2 > s->len || i + 2 + s->l4[i + 1] > s->len)
			return false;
		i += 2U + s->l4[i + 1];
	}
	if (i >= s->len)
		return false;
	while (++i < s->len) {
		if (s->l4[i])
			return false;
	}
	return true;
}

/* world_tlv6_fixed() - Bytes in front of the options in a DHCPv6 option; @n: none */
static inline size_t world_tlv6_fixed(uint16_t code, size_t n)
{
	switch (code) {
	case 3:
	case 25:
		return 12;
	case 4:
		return 4;
	case 5:
		return 24;
	default:
		return n;
	}
}

/**
 * world_tlv6_ok() - Whether DHCPv6 options fill a space, and those in them theirs
 * @p:		Options
 * @len:	Their length
 *
 * Return: true if they do
 */
static inline bool world_tlv6_ok(const uint8_t *p, size_t len)
{
	size_t end[16] = { len };	/* of the space on each level */
	size_t at = 0, depth = 0;

	for (;;) {
		size_t n, inner;

		while (depth && at == end[depth])
			depth--;
		if (at == len)
			return true;
		if (at + 4 > end[depth])
			return false;
		n = get_be16(p + at + 2);
		inner = world_tlv6_fixed(get_be16(p + at), n);
		at += 4;
		if (n > end[depth] - at || inner > n || depth == ARRAY_SIZE(end) - 1)
			return false;
		end[++depth] = at + n;
		at += inner;
	}
}

/* world_dhcpv6_ok() - Whether a message sent is an Advertise or a Reply */
static inline bool world_dhcpv6_ok(const struct world_sent *s)
{
	return world_udp_ok(s, 547, 546) && s->len >= 8 + 4 && s->len <= 1280 - 40 &&
	       (s->l4[8] == 2 || s->l4[8] == 7) && world_tlv6_ok(s->l4 + 12, s->len - 12);
}

/* world_ndp_ok() - Whether a message sent is an advertisement of some kind */
static inline bool world_ndp_ok(const struct world_sent *s)
{
	size_t i = s->l4[0] == 134 ? 16 : 24;

	if (s->proto != WIRE_ICMP6 || s->ttl != 255 || s->len > 1280 - 40 ||
	    (s->l4[0] != 134 && s->l4[0] != 136))
		return false;
	while (i < s->len) {
		if (i + 2 > s->len || !s->l4[i + 1])
			return false;
		i += (size_t)s->l4[i + 1] * 8;
	}
	return i == s->len;
}

#endif /* GUESTCONF_H */
