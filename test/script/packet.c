// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet.c - frames, as the guest's kernel would make and read them
 *
 * Written apart from the program's own frame.c, in the plainest way, so that one
 * can be held against the other: each frame of the program is checked here, all
 * lengths and checksums, before a script looks at it.
 */
#include "script.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum {
	ETH = 14, IP4 = 20, IP6 = 40, TTL = 64,
	UDP_LEN = 8, ICMP_LEN = 8,
};

/* ones() - Ones' complement sum of 16-bit words (RFC 1071) */
static uint32_t ones(uint32_t sum, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static bool is4(const uint8_t *frame)
{
	return get_be16(frame + 12) == WIRE_IP4;
}

/* pseudo() - Sum of the pseudo header */
static uint32_t pseudo(const uint8_t *frame, uint32_t l4len, uint8_t proto)
{
	uint32_t sum = proto + (l4len & 0xffff) + (l4len >> 16);

	if (proto == WIRE_ICMP4)
		return 0;
	if (is4(frame))
		return ones(sum, frame + ETH + 12, 8);
	return ones(sum, frame + ETH + 8, 32);
}

/**
 * packet_csum() - Checksum of a message
 * @frame:	Frame it is in
 * @l4:		Where it begins; its checksum field is 0, or the result is
 * @l4len:	Its length
 * @proto:	Protocol
 *
 * Return: what the field has to be, host order
 */
uint16_t packet_csum(const uint8_t *frame, uint32_t l4, uint32_t l4len, uint8_t proto)
{
	uint32_t sum = ones(pseudo(frame, l4len, proto), frame + l4, l4len);

	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/**
 * packet_head() - Ethernet and IP header of a packet of the guest
 * @frame:	Filled
 * @src:	Source
 * @dst:	Destination
 * @proto:	Protocol
 * @l4len:	Length of what follows
 * @ttl:	Time to live, 0: 64
 *
 * Return: bytes filled
 */
uint32_t packet_head(uint8_t *frame, const struct addr *src, const struct addr *dst,
		     uint8_t proto, uint32_t l4len, uint8_t ttl)
{
	uint8_t *ip = frame + ETH;
	uint32_t sum;

	memset(frame, 0, ETH + IP6);
	memcpy(frame, net->mac, 6);
	memcpy(frame + 6, script_setup.net.guest_mac, 6);
	put_be16(frame + 12, addr_is4(dst) ? WIRE_IP4 : WIRE_IP6);
	if (!addr_is4(dst)) {
		ip[0] = 6 << 4;
		put_be16(ip + 4, (uint16_t)l4len);
		ip[6] = proto;
		ip[7] = ttl ? ttl : TTL;
		memcpy(ip + 8, src->b, 16);
		memcpy(ip + 24, dst->b, 16);
		return ETH + IP6;
	}
	ip[0] = 0x45;
	put_be16(ip + 2, (uint16_t)(IP4 + l4len));
	put_be16(ip + 6, IP4_DF);
	ip[8] = ttl ? ttl : TTL;
	ip[9] = proto;
	memcpy(ip + 12, addr_v4(src), 4);
	memcpy(ip + 16, addr_v4(dst), 4);
	sum = ones(0, ip, IP4);
	put_be16(ip + 10, (uint16_t)~sum);
	return ETH + IP4;
}

/**
 * packet_l4() - Find the message of one protocol in a frame
 * @frame:	Frame
 * @len:	Its length
 * @proto:	Protocol wanted
 * @at:		Set: where the message begins
 * @l4len:	Set: its length by the IP header
 * @src:	Set: source
 * @dst:	Set: destination
 *
 * Return: false if the frame has no such message
 */
bool packet_l4(const uint8_t *frame, uint32_t len, uint8_t proto, uint32_t *at,
	       uint32_t *l4len, struct addr *src, struct addr *dst)
{
	const uint8_t *ip = frame + ETH;

	if (len >= ETH + IP4 && get_be16(frame + 12) == WIRE_IP4 && ip[9] == proto) {
		*at = ETH + IP4;
		*l4len = get_be16(ip + 2) - (uint32_t)IP4;
		*src = addr_from4(ip + 12);
		*dst = addr_from4(ip + 16);
		return true;
	}
	if (len >= ETH + IP6 && get_be16(frame + 12) == WIRE_IP6 && ip[6] == proto) {
		*at = ETH + IP6;
		*l4len = get_be16(ip + 4);
		*src = addr_from6(ip + 8);
		*dst = addr_from6(ip + 24);
		return true;
	}
	return false;
}

/* check_ip() - The IP header of a frame of ours; where the message begins */
static uint32_t check_ip(const uint8_t *frame, uint32_t len, uint8_t *proto)
{
	const uint8_t *ip = frame + ETH;

	if (!is4(frame)) {
		if (len < ETH + IP6 || ip[0] >> 4 != 6)
			script_fail("IPv6 header of the frame above");
		if (get_be16(ip + 4) != len - ETH - IP6)
			script_fail("IPv6 length of the frame above");
		*proto = ip[6];
		return ETH + IP6;
	}
	if (len < ETH + IP4 || ip[0] != 0x45)
		script_fail("IPv4 header of the frame above");
	if (get_be16(ip + 2) != len - ETH)
		script_fail("IPv4 length of the frame above");
	if (ones(0, ip, IP4) != 0xffff)
		script_fail("IPv4 checksum of the frame above");
	*proto = ip[9];
	return ETH + IP4;
}

/**
 * packet_check() - Hold a frame of the program against the RFCs
 * @frame:	Frame, checksums completed unless it is to be segmented
 * @len:	Its length
 * @vh:		Its offload header
 *
 * Fails if anything about it is wrong.
 */
void packet_check(const uint8_t *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	uint16_t type = len >= ETH ? get_be16(frame + 12) : 0;
	uint8_t proto = 0;
	uint32_t l4;

	if (memcmp(frame + 6, net->mac, 6))
		script_fail("source MAC address of the frame above");
	if (type == WIRE_ARP)
		return;
	if (type != WIRE_IP4 && type != WIRE_IP6)
		script_fail("ethertype of the frame above");
	l4 = check_ip(frame, len, &proto);
	if (vh->gso_type != VIRTIO_NET_HDR_GSO_NONE && proto == WIRE_TCP &&
	    (!(vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || !vh->gso_size ||
	     vh->hdr_len != l4 + (uint32_t)(frame[l4 + 12] >> 4) * 4))
		script_fail("offload header of the frame above");
	if (vh->gso_type == VIRTIO_NET_HDR_GSO_NONE && len > (uint32_t)net->mtu + ETH)
		script_fail("the frame above is larger than the MTU");
	if (get_be16(frame + ETH + 6) & (IP4_MF | IP4_OFFSET) && is4(frame))
		return;
	if (proto == WIRE_UDP && is4(frame) && !get_be16(frame + l4 + 6))
		return;
	if (proto == WIRE_TCP || proto == WIRE_UDP || proto == WIRE_ICMP4 ||
	    proto == WIRE_ICMP6) {
		if (packet_csum(frame, l4, len - l4, proto))
			script_fail("checksum of the frame above");
	}
}

/* ends() - "192.0.2.1:80 > 192.0.2.2:40000" */
static int ends(char *text, size_t size, const struct addr *src, unsigned sport,
		const struct addr *dst, unsigned dport)
{
	char a[ADDR_TEXT], b[ADDR_TEXT];
	bool v4 = addr_is4(src);

	(void)addr_text(src, a);
	(void)addr_text(dst, b);
	return snprintf(text, size, v4 ? "%s:%u > %s:%u" : "[%s]:%u > [%s]:%u",
			a, sport, b, dport);
}

/* icmp_text() - Type, code, who; for errors what they are about */
static void icmp_text(const uint8_t *p, uint32_t len, const struct addr *src,
		      const struct addr *dst, char text[static SCRIPT_TEXT])
{
	char a[ADDR_TEXT], b[ADDR_TEXT], quote[SCRIPT_TEXT / 2] = "";
	bool v4 = addr_is4(src), error = v4 ? p[0] == 3 || p[0] == 11 : p[0] < 128;
	uint32_t skip = ICMP_LEN + (v4 ? IP4 : IP6);
	const uint8_t *ip = p + ICMP_LEN;

	(void)addr_text(src, a);
	(void)addr_text(dst, b);
	if (error && len >= skip + 8) {
		uint8_t proto = v4 ? ip[9] : ip[6];
		struct addr from = v4 ? addr_from4(ip + 12) : addr_from6(ip + 8);
		struct addr to = v4 ? addr_from4(ip + 16) : addr_from6(ip + 24);
		bool ports = proto == WIRE_TCP || proto == WIRE_UDP;
		int n = snprintf(quote, sizeof(quote), " about proto %u ", proto);

		(void)ends(quote + n, sizeof(quote) - (size_t)n, &from,
			   ports ? get_be16(p + skip) : 0, &to,
			   ports ? get_be16(p + skip + 2) : 0);
		n = (int)strlen(quote);
		if (proto == WIRE_TCP)
			(void)snprintf(quote + n, sizeof(quote) - (size_t)n, " seq %u",
				       get_be32(p + skip + 4));
	}
	if (error)
		(void)snprintf(text, SCRIPT_TEXT, "icmp %u/%u %s > %s mtu %u%s", p[0], p[1],
			       a, b, get_be32(p + 4), quote);
	else
		(void)snprintf(text, SCRIPT_TEXT, "icmp %u/%u %s > %s id %u seq %u len %u",
			       p[0], p[1], a, b, get_be16(p + 4), get_be16(p + 6),
			       len - ICMP_LEN);
}

/**
 * packet_text() - A frame in a line, for all but TCP
 * @frame:	Frame
 * @len:	Its length
 * @text:	Filled
 */
void packet_text(const uint8_t *frame, uint32_t len, char text[static SCRIPT_TEXT])
{
	struct addr src, dst;
	uint32_t at, l4len;

	if (get_be16(frame + 12) == WIRE_ARP) {
		const uint8_t *p = frame + ETH;
		char a[ADDR_TEXT], b[ADDR_TEXT];

		src = addr_from4(p + 14);
		dst = addr_from4(p + 24);
		(void)snprintf(text, SCRIPT_TEXT, "arp %u %s > %s", get_be16(p + 6),
			       addr_text(&src, a), addr_text(&dst, b));
	} else if (packet_l4(frame, len, WIRE_UDP, &at, &l4len, &src, &dst)) {
		int n = snprintf(text, SCRIPT_TEXT, "udp ");

		n += ends(text + n, SCRIPT_TEXT - (size_t)n, &src, get_be16(frame + at),
			  &dst, get_be16(frame + at + 2));
		(void)snprintf(text + n, SCRIPT_TEXT - (size_t)n, " len %u",
			       l4len - UDP_LEN);
	} else if (packet_l4(frame, len, WIRE_ICMP4, &at, &l4len, &src, &dst) ||
		   packet_l4(frame, len, WIRE_ICMP6, &at, &l4len, &src, &dst)) {
		icmp_text(frame + at, l4len, &src, &dst, text);
	} else {
		(void)snprintf(text, SCRIPT_TEXT, "ethertype %#x length %u",
			       get_be16(frame + 12), len);
	}
}

/**
 * packet_fragment() - The guest sends an IPv4 packet in two fragments
 * @frame:	Whole frame
 * @len:	Its length
 * @cut:	Payload of the first, a multiple of 8
 */
void packet_fragment(const uint8_t *frame, uint32_t len, uint32_t cut)
{
	struct virtio_net_hdr vh = { 0 };
	const uint32_t head = ETH + IP4;
	static uint16_t id;
	uint32_t from = 0;

	id++;
	if (!is4(frame) || cut % 8 || head + cut >= len)
		script_fail("it can not be cut there");
	for (int i = 0; i < 2; i++) {
		uint32_t n = i ? len - head - cut : cut;
		uint8_t buf[SCRIPT_FRAME], *ip = buf + ETH;

		memcpy(buf, frame, head);
		memcpy(buf + head, frame + head + from, n);
		put_be16(ip + 2, (uint16_t)(IP4 + n));
		put_be16(ip + 4, id);
		put_be16(ip + 6, (uint16_t)(i ? from / 8 : IP4_MF));
		put_be16(ip + 10, 0);
		put_be16(ip + 10, (uint16_t)~ones(0, ip, IP4));
		fake_tap_queue(buf, head + n, &vh, 0);
		from += n;
	}
}

/* build_l4() - "udp A:P > A:P len N", or "ping A > A id N seq N len N" */
static uint32_t build_l4(char *const *tok, int n, uint8_t *frame)
{
	bool udp = !strcmp(tok[0], "udp");
	uint8_t m[SCRIPT_FRAME] = { 0 }, ttl = 0, proto = WIRE_UDP;
	uint32_t len = ICMP_LEN, head;
	struct addr src, dst;

	if (n < 4)
		script_fail("%s FROM > TO ...", tok[0]);
	if (udp) {
		put_be16(m, script_addr_port(tok[1], &src));
		put_be16(m + 2, script_addr_port(tok[3], &dst));
	} else {
		src = script_addr(tok[1]);
		dst = script_addr(tok[3]);
		proto = addr_is4(&dst) ? WIRE_ICMP4 : WIRE_ICMP6;
		m[0] = addr_is4(&dst) ? ICMP4_ECHO : ICMP6_ECHO;
	}
	for (int i = 4; i + 1 < n; i += 2) {
		uint32_t v = (uint32_t)script_num(tok[i + 1]);

		if (!strcmp(tok[i], "len"))
			len += v;
		else if (!strcmp(tok[i], "ttl"))
			ttl = (uint8_t)v;
		else if (!strcmp(tok[i], "id"))
			put_be16(m + 4, (uint16_t)v);
		else if (!strcmp(tok[i], "seq"))
			put_be16(m + 6, (uint16_t)v);
		else
			script_fail("'%s'?", tok[i]);
	}
	for (uint32_t i = ICMP_LEN; i < len; i++)
		m[i] = script_byte(OUT, i - ICMP_LEN);
	if (udp)
		put_be16(m + 4, (uint16_t)len);
	head = packet_head(frame, &src, &dst, proto, len, ttl);
	memcpy(frame + head, m, len);
	put_be16(frame + head + (udp ? 6 : 2), packet_csum(frame, head, len, proto));
	return head + len;
}

/* build_arp() - "arp who-has A" */
static uint32_t build_arp(char *const *tok, int n, uint8_t *frame)
{
	static const uint8_t fixed[8] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	struct addr target;

	if (n != 3)
		script_fail("arp who-has ADDR");
	target = script_addr(tok[2]);
	memset(frame, 0xff, 6);
	memcpy(frame + 6, script_setup.net.guest_mac, 6);
	put_be16(frame + 12, WIRE_ARP);
	memcpy(frame + ETH, fixed, sizeof(fixed));
	memcpy(frame + ETH + 8, script_setup.net.guest_mac, 6);
	memcpy(frame + ETH + 14, addr_v4(&script_setup.net.addr4), 4);
	memset(frame + ETH + 18, 0, 6);
	memcpy(frame + ETH + 24, addr_v4(&target), 4);
	return ETH + 28;
}

/* build_hex() - Bytes as they are, blanks between them as one likes */
static uint32_t build_hex(char *const *tok, int n, uint8_t *frame)
{
	uint32_t len = 0;

	for (int i = 1; i < n; i++) {
		for (const char *p = tok[i]; p[0] && p[1]; p += 2) {
			char byte[5] = { '0', 'x', p[0], p[1], '\0' };

			frame[len++] = (uint8_t)script_num(byte);
		}
	}
	return len;
}

/**
 * packet_build() - Any frame of the guest but a TCP segment
 * @tok:	Words behind "guest"
 * @n:		Their number
 * @frame:	Filled, SCRIPT_FRAME bytes
 *
 * Return: its length; fails if the words make no sense
 */
uint32_t packet_build(char *const *tok, int n, uint8_t *frame)
{
	if (!strcmp(tok[0], "udp") || !strcmp(tok[0], "ping"))
		return build_l4(tok, n, frame);
	if (!strcmp(tok[0], "arp"))
		return build_arp(tok, n, frame);
	if (!strcmp(tok[0], "hex"))
		return build_hex(tok, n, frame);
	script_fail("guest %s?", tok[0]);
}
