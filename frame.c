// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frame.c - Ethernet and IP headers, from the guest and toward it
 *
 * Theory of operation
 *
 *   From the guest: the first FRAME_HEAD bytes of a frame are copied, then
 *   checked, and headers are read from that copy only, since the guest may
 *   still write to its own memory.  IPv4 options are skipped, IPv6 extension
 *   headers walked as far as the copy goes.  What comes out is a struct frame:
 *   two addresses of one type, a protocol, and where its message begins and
 *   ends.  IPv4 and IPv6 differ no more above this file.
 *
 *   Toward the guest: headers are made in front of a message.  Checksums of
 *   bulk data are left to the link (VIRTIO_NET_HDR_F_NEEDS_CSUM): a tap passes
 *   that on to the guest's kernel, which then never looks; a link without that
 *   offload fills them in.  Those of short messages are computed here.
 *
 *   What is not for us is dropped here: group or loopback addresses as source,
 *   loopback as destination, MAC addresses of others.
 */
#include "frame.h"

#include <string.h>

#include "count.h"
#include "csum.h"
#include "log.h"
#include "net.h"
#include "util.h"
#include "wire.h"

enum { TTL_DEFAULT = 64 };

/**
 * struct frame_self - state of this file
 * @ip4_id:	identification of the next IPv4 packet toward the guest
 */
static struct {
	uint16_t ip4_id;
} self;

/* bad() - Count why a frame is dropped */
static enum frame_kind bad(enum count why)
{
	count(why);
	return FRAME_BAD;
}

/* check_addresses() - FRAME_IP if both may be (RFC 1122, 3.2.1.3), else FRAME_BAD */
static enum frame_kind check_addresses(const struct frame *f)
{
	/* A source may be unspecified: DHCP, duplicate address detection */
	if (!addr_is_any(&f->src) &&
	    (!addr_is_unicast(&f->src) || addr_is_loopback(&f->src)))
		return bad(DROP_IP_SOURCE);
	if (addr_is_any(&f->dst) || addr_is_loopback(&f->dst))
		return bad(DROP_IP_DEST);
	return FRAME_IP;
}

/* parse_ip4() - IPv4 header at f->l3 (RFC 791, section 3.1) */
static enum frame_kind parse_ip4(struct frame *f)
{
	const struct wire_ip4 *ip = (const void *)(f->head + f->l3);
	uint32_t room = f->tap->len - f->l3;
	uint32_t hlen, len;
	uint16_t frag;

	if (f->headlen < f->l3 + sizeof(*ip))
		return bad(DROP_FRAME_SHORT);
	hlen = (uint32_t)(ip->ver_ihl & 15) * 4;
	len = get_be16(ip->len);
	/* A frame of more than 64 KiB with a length of 0 does not exist for us */
	if (ip->ver_ihl >> 4 != 4 || hlen < sizeof(*ip) || len < hlen || len > room ||
	    f->headlen < f->l3 + hlen || csum_fold(csum_add(0, ip, hlen)))
		return bad(DROP_IP4_HEADER);

	f->src = addr_from4(ip->src);
	f->dst = addr_from4(ip->dst);
	f->proto = ip->proto;
	f->ttl = ip->ttl;
	f->tos = ip->tos;
	f->l4 = f->l3 + hlen;
	f->l4len = len - hlen;
	if (check_addresses(f) == FRAME_BAD)
		return FRAME_BAD;

	frag = get_be16(ip->frag);
	f->df = frag & IP4_DF;
	if (frag & (IP4_MF | IP4_OFFSET)) {
		f->frag_off = (uint32_t)(frag & IP4_OFFSET) * 8;
		f->frag_more = frag & IP4_MF;
		f->frag_id = get_be16(ip->id);
		return FRAME_FRAGMENT;
	}
	return FRAME_IP;
}

/* is_extension() - Whether a header of IPv6 has another behind it */
static bool is_extension(uint8_t proto)
{
	return proto == WIRE_HOPOPTS || proto == WIRE_ROUTING ||
	       proto == WIRE_DSTOPTS || proto == WIRE_FRAGMENT;
}

/**
 * walk_ip6() - Extension headers up to the message (RFC 8200, section 4)
 * @f:		Frame; proto, l4 and l4len as after the fixed header, moved on
 *
 * Return: FRAME_IP, FRAME_FRAGMENT with @f at the fragment's payload, FRAME_BAD
 */
static enum frame_kind walk_ip6(struct frame *f)
{
	while (is_extension(f->proto)) {
		const uint8_t *h = f->head + f->l4;
		uint8_t type = f->proto;
		uint32_t len;

		if (f->l4len < 8 || f->headlen < f->l4 + 8)
			return bad(DROP_IP6_HEADER);
		len = type == WIRE_FRAGMENT ? 8 : (uint32_t)(h[1] + 1) * 8;
		/* A routing header that wants us to forward: RFC 8200, 4.4 */
		if (len > f->l4len || (type == WIRE_ROUTING && h[3]))
			return bad(DROP_IP6_HEADER);
		f->proto = h[0];
		f->l4 += len;
		f->l4len -= len;
		/* An atomic fragment is a whole packet: RFC 6946 */
		if (type == WIRE_FRAGMENT && get_be16(h + 2) & 0xfff9) {
			f->frag_off = get_be16(h + 2) & 0xfff8;
			f->frag_more = h[3] & 1;
			f->frag_id = get_be32(h + 4);
			return FRAME_FRAGMENT;
		}
	}
	return FRAME_IP;
}

/* parse_ip6() - IPv6 header at f->l3 (RFC 8200, section 3) */
static enum frame_kind parse_ip6(struct frame *f)
{
	const struct wire_ip6 *ip = (const void *)(f->head + f->l3);
	uint32_t room = f->tap->len - f->l3;
	uint32_t len;

	if (f->headlen < f->l3 + sizeof(*ip))
		return bad(DROP_FRAME_SHORT);
	len = get_be16(ip->len);
	if (ip->ver_class_flow[0] >> 4 != 6 || len > room - sizeof(*ip))
		return bad(DROP_IP6_HEADER);
	f->src = addr_from6(ip->src);
	f->dst = addr_from6(ip->dst);
	/* Mapped addresses never stand on the wire: RFC 4942, section 2.2 */
	if (addr_is4(&f->src))
		return bad(DROP_IP_SOURCE);
	if (addr_is4(&f->dst))
		return bad(DROP_IP_DEST);
	f->proto = ip->next;
	f->ttl = ip->hops;
	f->tos = (uint8_t)(get_be16(ip->ver_class_flow) >> 4);
	f->df = true;
	f->l4 = f->l3 + (uint32_t)sizeof(*ip);
	f->l4len = len;
	if (check_addresses(f) == FRAME_BAD)
		return FRAME_BAD;
	return walk_ip6(f);
}

/* mac_ok() - Whether a frame is meant for us, from a source that can be one */
static bool mac_ok(const struct frame *f)
{
	static const uint8_t zero[6];

	if (f->smac[0] & 1 || !memcmp(f->smac, zero, sizeof(zero)))
		return false;
	return f->dmac[0] & 1 || !memcmp(f->dmac, net->mac, sizeof(net->mac));
}

/**
 * frame_parse() - Check the headers of a frame from the guest
 * @t:		Frame, borrowed; must outlive @f
 * @f:		Filled, but for frag_ members if the result is not FRAME_FRAGMENT
 *
 * Return: FRAME_ARP: ARP packet at f->l3, length not checked; FRAME_IP: whole
 *	   packet; FRAME_FRAGMENT: piece of one, for frag.c; FRAME_BAD: dropped,
 *	   counted
 */
enum frame_kind frame_parse(const struct tap_frame *t, struct frame *f)
{
	const struct wire_eth *eth = (const void *)f->head;

	f->tap = t;
	f->l3 = sizeof(*eth);
	f->headlen = tap_head(t, f->head, sizeof(f->head));
	if (f->headlen < sizeof(*eth))
		return bad(DROP_FRAME_SHORT);
	memcpy(f->smac, eth->src, sizeof(f->smac));
	memcpy(f->dmac, eth->dst, sizeof(f->dmac));
	if (!mac_ok(f))
		return bad(DROP_FRAME_MAC);

	switch (get_be16(eth->type)) {
	case WIRE_ARP:
		return FRAME_ARP;
	case WIRE_IP4:
		return net->has4 ? parse_ip4(f) : bad(DROP_FRAME_ETHERTYPE);
	case WIRE_IP6:
		return net->has6 ? parse_ip6(f) : bad(DROP_FRAME_ETHERTYPE);
	default:
		return bad(DROP_FRAME_ETHERTYPE);
	}
}

/**
 * frame_l4() - Header of the message in a frame
 * @f:		Frame
 * @n:		Bytes wanted
 *
 * Return: pointer to @n bytes in the copy, NULL if the message is shorter or
 *	   they lie beyond the copy (caller: drop and count)
 */
const void *frame_l4(const struct frame *f, uint32_t n)
{
	if (n > f->l4len || f->l4 + n > f->headlen)
		return NULL;
	return f->head + f->l4;
}

/**
 * frame_pseudo() - Sum over the pseudo header (RFC 9293, 3.1; RFC 8200, 8.1)
 * @src:	Source address
 * @dst:	Destination address
 * @proto:	Protocol
 * @l4len:	Length of the message
 *
 * Return: running sum as csum_add() takes it
 */
uint64_t frame_pseudo(const struct addr *src, const struct addr *dst,
		      uint8_t proto, uint32_t l4len)
{
	uint8_t tail[8] = { [7] = proto };
	uint64_t sum;

	put_be32(tail, l4len);
	sum = csum_add(0, tail, sizeof(tail));
	if (addr_is4(src))
		return csum_add(csum_add(sum, addr_v4(src), 4), addr_v4(dst), 4);
	return csum_add(csum_add(sum, src->b, 16), dst->b, 16);
}

/**
 * frame_csum_ok() - Whether the checksum of the message is right
 * @f:		Frame of FRAME_IP, TCP, UDP or ICMP
 *
 * One that the guest left to its device was never made, and memory does not
 * flip bits on the way (virtio 1.2, section 5.1.6.2).
 *
 * Return: true if it is, or need not be looked at
 */
bool frame_csum_ok(const struct frame *f)
{
	uint64_t sum = 0;

	if (f->tap->vh.flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID))
		return true;
	if (f->proto != WIRE_ICMP4)
		sum = frame_pseudo(&f->src, &f->dst, f->proto, f->l4len);
	return !csum_fold(csum_add_iov(sum, f->tap->iov, f->tap->niov, f->l4, f->l4len));
}

/**
 * cut() - The part of a range that lies in one piece
 * @v:		Piece
 * @from:	Where the range begins, bytes from the beginning of @v; moved to the
 *		next piece
 * @left:	Bytes of the range; lessened
 *
 * Return: part, perhaps empty
 */
static struct iovec cut(const struct iovec *v, size_t *from, size_t *left)
{
	size_t skip = min_size(*from, v->iov_len);
	struct iovec part = { (uint8_t *)v->iov_base + skip,
			      min_size(v->iov_len - skip, *left) };

	*from -= skip;
	*left -= part.iov_len;
	return part;
}

/**
 * frame_payload() - Where bytes of the message are
 * @f:		Frame
 * @skip:	Bytes of the message to leave out
 * @len:	Bytes wanted; @skip + @len is at most f->l4len
 * @iov:	Filled
 * @max:	Entries there
 *
 * Return: entries filled, 0 if @len is 0 or they do not fit
 */
int frame_payload(const struct frame *f, uint32_t skip, uint32_t len,
		  struct iovec *iov, int max)
{
	size_t from = f->l4 + skip, left = len;
	int n = 0;

	for (int i = 0; i < f->tap->niov && left; i++) {
		struct iovec part = cut(&f->tap->iov[i], &from, &left);

		if (!part.iov_len)
			continue;
		if (n == max)
			return 0;
		iov[n++] = part;
	}
	return n;
}

/**
 * frame_copy() - Copy bytes of the message
 * @f:		Frame
 * @skip:	Bytes of the message to leave out
 * @to:		Destination
 * @len:	Bytes there
 *
 * Return: bytes copied, fewer than @len if the message ends before
 */
uint32_t frame_copy(const struct frame *f, uint32_t skip, void *to, uint32_t len)
{
	size_t from = f->l4 + skip, left;
	uint8_t *p = to;

	if (skip >= f->l4len)
		return 0;
	left = min_u32(len, f->l4len - skip);
	for (int i = 0; i < f->tap->niov && left; i++) {
		struct iovec part = cut(&f->tap->iov[i], &from, &left);

		p = mempcpy(p, part.iov_base, part.iov_len);
	}
	return (uint32_t)(p - (uint8_t *)to);
}

/* guest_mac() - Where a packet goes: groups have their own (RFC 1112, RFC 2464) */
static void guest_mac(uint8_t mac[static 6], const struct addr *dst)
{
	if (addr_eq(dst, &addr_bcast4)) {
		memset(mac, 0xff, 6);
	} else if (!addr_is_multicast(dst)) {
		memcpy(mac, net->guest_mac, 6);
	} else {
		const uint8_t *b = addr_v4(dst);	/* the last 4 bytes, of either family */
		const uint8_t group4[] = { 0x01, 0x00, 0x5e, b[1] & 0x7f, b[2], b[3] };
		const uint8_t group6[] = { 0x33, 0x33, b[0], b[1], b[2], b[3] };

		memcpy(mac, addr_is4(dst) ? group4 : group6, 6);
	}
}

/**
 * frame_head() - Ethernet and IP header of a packet to the guest
 * @h:		Filled
 * @src:	Source address
 * @dst:	Destination address, of the same family
 * @proto:	Protocol of the message
 * @l4len:	Its length, bytes
 * @ttl:	Time to live or hop limit, 0: 64
 * @tos:	Type of service or traffic class
 *
 * Return: bytes filled: 34 or 54
 */
unsigned frame_head(uint8_t h[static FRAME_HLEN_MAX], const struct addr *src,
		    const struct addr *dst, uint8_t proto, uint32_t l4len,
		    uint8_t ttl, uint8_t tos)
{
	struct wire_eth *eth = (void *)h;
	struct wire_ip4 *ip4 = (void *)(h + sizeof(*eth));
	struct wire_ip6 *ip6 = (void *)(h + sizeof(*eth));
	uint16_t sum;

	guest_mac(eth->dst, dst);
	memcpy(eth->src, net->mac, sizeof(eth->src));
	if (!ttl)
		ttl = TTL_DEFAULT;
	if (!addr_is4(dst)) {
		put_be16(eth->type, WIRE_IP6);
		put_be32(ip6->ver_class_flow, UINT32_C(6) << 28 | (uint32_t)tos << 20);
		put_be16(ip6->len, (uint16_t)l4len);
		ip6->next = proto;
		ip6->hops = ttl;
		memcpy(ip6->src, src->b, sizeof(ip6->src));
		memcpy(ip6->dst, dst->b, sizeof(ip6->dst));
		return sizeof(*eth) + sizeof(*ip6);
	}
	put_be16(eth->type, WIRE_IP4);
	*ip4 = (struct wire_ip4){ .ver_ihl = 0x45, .tos = tos, .ttl = ttl, .proto = proto };
	put_be16(ip4->len, (uint16_t)(sizeof(*ip4) + l4len));
	put_be16(ip4->id, self.ip4_id++);
	memcpy(ip4->src, addr_v4(src), sizeof(ip4->src));
	memcpy(ip4->dst, addr_v4(dst), sizeof(ip4->dst));
	sum = csum_fold(csum_add(0, ip4, sizeof(*ip4)));
	memcpy(ip4->csum, &sum, sizeof(sum));
	return sizeof(*eth) + sizeof(*ip4);
}

/**
 * frame_partial() - What stands in a checksum field that the link completes
 * @src:	Source address
 * @dst:	Destination address
 * @proto:	Protocol
 * @l4len:	Length of the message
 *
 * Return: sum of the pseudo header, not complemented, memory order
 */
uint16_t frame_partial(const struct addr *src, const struct addr *dst,
		       uint8_t proto, uint32_t l4len)
{
	return (uint16_t)~csum_fold(frame_pseudo(src, dst, proto, l4len));
}

static const struct virtio_net_hdr plain;	/* nothing is left to the link */

/**
 * frame_send() - Send one packet to the guest, at most the MTU long
 * @src:	Source address
 * @dst:	Destination address
 * @proto:	WIRE_TCP, WIRE_UDP, WIRE_ICMP4 or WIRE_ICMP6
 * @l4:		Message; its checksum is filled in, whatever stands there
 * @l4len:	Its length
 * @ttl:	Time to live or hop limit, 0: 64
 *
 * For answers of our own and other short messages.  Their checksum is computed
 * here and not left to the link: DHCP clients read raw packets, and not all of
 * them know that a checksum may be missing.
 *
 * Return: 0; -ENOBUFS: the link is full, -ENETDOWN: no guest; dropped and counted
 */
int frame_send(const struct addr *src, const struct addr *dst, uint8_t proto,
	       const void *l4, uint32_t l4len, uint8_t ttl)
{
	struct virtio_net_hdr vh = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM };
	uint8_t buf[FRAME_HLEN_MAX + FRAME_IP_MAX];
	unsigned hlen = frame_head(buf, src, dst, proto, l4len, ttl, 0);
	uint16_t sum = 0;

	if (BUG_ON(l4len > FRAME_IP_MAX - sizeof(struct wire_ip4)))
		return 0;
	memcpy(buf + hlen, l4, l4len);
	if (proto != WIRE_ICMP4)
		sum = frame_partial(src, dst, proto, l4len);
	vh.csum_start = (uint16_t)hlen;
	vh.csum_offset = proto == WIRE_TCP ? offsetof(struct wire_tcp, csum) :
			 proto == WIRE_UDP ? offsetof(struct wire_udp, csum) :
					     offsetof(struct wire_icmp, csum);
	memcpy(buf + hlen + vh.csum_offset, &sum, sizeof(sum));
	tap_link_csum(buf, hlen + l4len, &vh);
	return tap_send(buf, hlen + l4len, &plain);
}

/**
 * frame_send_arp() - Send one ARP packet to the guest
 * @dmac:	Destination MAC address
 * @arp:	struct wire_arp
 *
 * Return: as for frame_send()
 */
int frame_send_arp(const uint8_t dmac[static 6], const void *arp)
{
	uint8_t buf[ETH_MIN_LEN] = { 0 };
	struct wire_eth *eth = (void *)buf;

	memcpy(eth->dst, dmac, sizeof(eth->dst));
	memcpy(eth->src, net->mac, sizeof(eth->src));
	put_be16(eth->type, WIRE_ARP);
	memcpy(buf + sizeof(*eth), arp, sizeof(struct wire_arp));
	return tap_send(buf, sizeof(buf), &plain);
}
