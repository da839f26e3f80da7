// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frag.c - IP fragments, from the guest and toward it
 *
 * Theory of operation
 *
 *   From the guest: pieces of a packet are copied to where they belong in a
 *   buffer of 64 KiB, one of FRAG_PACKETS, and noted in a bitmap with one bit
 *   for each 8 bytes, the unit of the offset field (RFC 791, section 3.2;
 *   RFC 8200, section 4.5).  When no bit is missing up to the end of the last
 *   piece, IP and Ethernet headers are made in front, and the packet is parsed
 *   as though it had come whole: everything that is checked of a packet is
 *   checked of this one too, extension headers behind the fragment header
 *   included, and whoever handles it can not tell the difference.
 *
 *	buffer of a packet:
 *	+-----------------+----------------------------------------------+
 *	| Ethernet and IP | payload: pieces at their offsets             |
 *	+-----------------+----------------------------------------------+
 *	  made at the end   bit n: bytes 8n to 8n + 7 are there
 *
 *   Pieces that overlap are an attempt to say two things at once: the packet is
 *   given up, and so are pieces of it that come later (RFC 5722, section 3; the
 *   same policy for IPv4).  A piece that says the same again is a duplicate and
 *   is ignored (RFC 8200, section 4.5).  So is a packet given up whose first
 *   piece does not hold all headers (RFC 7112, section 5; RFC 1858, section 3),
 *   that is longer than a packet can be, or whose pieces disagree on its end.
 *
 *   What is incomplete after 30 s (IPv4, as Linux has it; RFC 1122, 3.3.2 would
 *   allow more) or 60 s (RFC 8200, section 4.5) is forgotten, and the guest
 *   told by who calls frag_timeout().  When all buffers hold incomplete packets
 *   a new one takes the place of that which waits longest for its next piece.
 *   Other than with flows, it is the old that gives way here: pieces of a packet
 *   follow each other closely, so what waits long lost one, and a guest that
 *   sends faster than the link takes loses one of nearly every packet.  Were the
 *   new refused, nothing would get through until the old ones expired.  Buffers
 *   never used are never touched.
 *
 *   Toward the guest: a message that does not fit the MTU is cut.
 *
 * Invariants, for each packet that is OPEN
 *   R1  have is 8 times the number of bits set, less what the last piece lacks
 *   R2  high is the end of the piece that ends last, and have <= high
 *   R3  total is 0 until the last piece came; then high == total
 */
#include "frag.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "conn.h"
#include "count.h"
#include "csum.h"
#include "log.h"
#include "net.h"
#include "timer.h"
#include "util.h"
#include "wire.h"

enum {
	UNIT		= 8,		/* bytes one bit stands for */
	UNITS		= 65536 / UNIT,
	PAYLOAD4_MAX	= FRAME_IP_MAX - 20,
	PAYLOAD6_MAX	= 65535,
	COMPARE_IOV	= 16,		/* pieces of memory a duplicate may lie in */
};

#define TIMEOUT4_US	UINT64_C(30000000)
#define TIMEOUT6_US	UINT64_C(60000000)

/**
 * enum packet_state - what a buffer holds
 * @EMPTY:	nothing
 * @OPEN:	some pieces of a packet
 * @BAD:	nothing, but later pieces of that packet are known to be unwanted
 * @DONE:	a whole packet, in use until frag_release()
 */
enum packet_state { EMPTY, OPEN, BAD, DONE };

/**
 * struct packet - a packet of the guest that comes in pieces
 * @state:	enum packet_state
 * @src:	source address
 * @dst:	destination address
 * @id:		identification
 * @key_proto:	IPv4: protocol, part of what names a packet; IPv6: 0
 * @proto:	protocol in the first piece
 * @ttl:	time to live of the first piece
 * @tos:	type of service of the first piece
 * @total:	bytes of payload, 0: not known yet
 * @have:	bytes of payload that are there
 * @high:	end of the piece that ends last
 * @due:	when it is given up, us
 * @last:	number of the piece of it that came last, as struct frag_self
 *		counts them
 * @bit:	which units of the payload are there
 * @iov:	DONE: the bytes, for @tap
 * @tap:	DONE: what @frame points to
 * @frame:	DONE: the result
 */
struct packet {
	enum packet_state state;
	struct addr src;
	struct addr dst;
	uint32_t id;
	uint8_t key_proto;
	uint8_t proto;
	uint8_t ttl;
	uint8_t tos;
	uint32_t total;
	uint32_t have;
	uint32_t high;
	uint64_t due;
	uint64_t last;
	uint64_t bit[UNITS / 64];
	struct iovec iov;
	struct tap_frame tap;
	struct frame frame;
};

/**
 * struct frag_self - state of this file
 * @live:	packets that are OPEN or BAD
 * @done:	packets that are DONE
 * @pieces:	pieces that came so far
 * @next_id:	grows with each packet cut toward the guest
 * @packet:	what is known of each buffer
 * @buf:	headers and payload
 */
static struct {
	unsigned live;
	unsigned done;
	uint64_t pieces;
	uint32_t next_id;
	struct packet packet[FRAG_PACKETS];
	uint8_t buf[FRAG_PACKETS][FRAME_HLEN_MAX + UNITS * UNIT];
} self;

/**
 * frag_init() - Begin anew, forget all packets
 */
void frag_init(void)
{
	for (int i = 0; i < FRAG_PACKETS; i++)
		self.packet[i].state = EMPTY;
	self.live = 0;
	self.done = 0;
	self.pieces = 0;
	self.next_id = 0;
	timer_clear(TIMER_FRAG);
}

/* payload() - Where the bytes of a packet are gathered */
static uint8_t *payload(const struct packet *p)
{
	return self.buf[p - self.packet] + FRAME_HLEN_MAX;
}

/* forget() - A packet that is OPEN or BAD is needed no more */
static void forget(struct packet *p)
{
	p->state = EMPTY;
	if (!--self.live)
		timer_clear(TIMER_FRAG);
}

/* give_up() - The pieces make no sense: drop those there are and those to come */
static void give_up(struct packet *p)
{
	count(DROP_FRAGMENT_BAD);
	p->state = BAD;
}

/* same() - Whether a piece belongs to a packet (RFC 791, 3.2; RFC 8200, 4.5) */
static bool same(const struct packet *p, const struct frame *f)
{
	return p->id == f->frag_id && addr_eq(&p->src, &f->src) &&
	       addr_eq(&p->dst, &f->dst) &&
	       (!addr_is4(&f->src) || p->key_proto == f->proto);
}

/**
 * find() - The packet a piece belongs to
 * @f:		Piece
 *
 * Return: packet that is OPEN or BAD, NULL if there is none
 */
static struct packet *find(const struct frame *f)
{
	for (int i = 0; self.live && i < FRAG_PACKETS; i++) {
		struct packet *p = &self.packet[i];

		if ((p->state == OPEN || p->state == BAD) && same(p, f))
			return p;
	}
	return NULL;
}

/**
 * vacate() - Find room for a packet
 *
 * Return: packet that is EMPTY; NULL if all buffers hold whole packets
 */
static struct packet *vacate(void)
{
	struct packet *oldest = NULL;

	for (int i = 0; i < FRAG_PACKETS; i++) {
		struct packet *p = &self.packet[i];

		if (p->state == EMPTY)
			return p;
		if (p->state != DONE && (!oldest || p->last < oldest->last))
			oldest = p;
	}
	count(DROP_FRAGMENT_FULL);
	if (oldest)
		forget(oldest);
	return oldest;
}

/**
 * begin() - Start to gather a packet
 * @f:		The piece of it that came first
 * @now:	Time, us
 *
 * Return: packet; NULL if there is no room, counted
 */
static struct packet *begin(const struct frame *f, uint64_t now)
{
	struct packet *p = vacate();

	if (!p)
		return NULL;
	memset(p, 0, offsetof(struct packet, iov));
	p->state = OPEN;
	p->src = f->src;
	p->dst = f->dst;
	p->id = f->frag_id;
	p->key_proto = addr_is4(&f->src) ? f->proto : 0;
	p->due = now + (addr_is4(&f->src) ? TIMEOUT4_US : TIMEOUT6_US);
	self.live++;
	if (p->due < timer_due(TIMER_FRAG))
		timer_set(TIMER_FRAG, p->due);
	return p;
}

/**
 * has_headers() - Whether a first piece holds all headers
 * @f:		Piece at offset 0
 *
 * Return: true if the header of the upper protocol is in it to its end
 */
static bool has_headers(const struct frame *f)
{
	uint8_t proto = f->proto;
	uint32_t at = 0;

	while (!addr_is4(&f->src) && (proto == WIRE_HOPOPTS || proto == WIRE_ROUTING ||
				      proto == WIRE_DSTOPTS)) {
		const uint8_t *h = frame_l4(f, at + 2);

		if (!h)
			return false;
		proto = h[at];
		at += (uint32_t)(h[at + 1] + 1) * 8;
	}
	return f->l4len >= at + (proto == WIRE_TCP ? sizeof(struct wire_tcp) :
						     sizeof(struct wire_udp));
}

/* units_set() - How many of @n bits from @from on are set */
static uint32_t units_set(const struct packet *p, uint32_t from, uint32_t n)
{
	uint32_t set = 0;

	for (uint32_t u = from; u < from + n; u++)
		set += (uint32_t)(p->bit[u / 64] >> u % 64 & 1);
	return set;
}

/* repeats() - Whether a piece says what is there already */
static bool repeats(const struct packet *p, const struct frame *f)
{
	const uint8_t *at = payload(p) + f->frag_off;
	struct iovec iov[COMPARE_IOV];
	int n = frame_payload(f, 0, f->l4len, iov, COMPARE_IOV);

	for (int i = 0; i < n; i++) {
		if (memcmp(at, iov[i].iov_base, iov[i].iov_len))
			return false;
		at += iov[i].iov_len;
	}
	return n > 0;
}

/**
 * plausible() - Whether a piece can be one of any packet
 * @f:		Piece
 *
 * Return: true if offset and length make sense, and headers are not cut
 */
static bool plausible(const struct frame *f)
{
	uint32_t max = addr_is4(&f->src) ? PAYLOAD4_MAX : PAYLOAD6_MAX;

	if (!f->l4len || f->frag_off + f->l4len > max)
		return false;
	if (f->frag_more && f->l4len % UNIT)
		return false;
	return f->frag_off || has_headers(f);
}

/* fits() - Whether a piece and those before it agree on where the packet ends */
static bool fits(const struct packet *p, const struct frame *f)
{
	uint32_t end = f->frag_off + f->l4len;

	if (f->frag_more)
		return !p->total || end < p->total;
	return (!p->total || end == p->total) && p->high <= end;
}

/**
 * add() - Put a piece where it belongs
 * @p:		Packet that is OPEN
 * @f:		Piece of it
 *
 * Return: true if the packet became complete by it
 */
static bool add(struct packet *p, const struct frame *f)
{
	uint32_t n = (f->l4len + UNIT - 1) / UNIT, from = f->frag_off / UNIT;
	uint32_t set;

	if (!plausible(f) || !fits(p, f)) {
		give_up(p);
		return false;
	}
	set = units_set(p, from, n);
	if (set == n && repeats(p, f))
		return false;
	if (set) {
		give_up(p);
		return false;
	}
	if (frame_copy(f, 0, payload(p) + f->frag_off, f->l4len) != f->l4len)
		return false;
	for (uint32_t u = from; u < from + n; u++)
		p->bit[u / 64] |= UINT64_C(1) << u % 64;
	p->have += f->l4len;
	p->high = max_u32(p->high, f->frag_off + f->l4len);
	if (!f->frag_more)
		p->total = p->high;
	if (!f->frag_off) {
		p->proto = f->proto;
		p->ttl = f->ttl;
		p->tos = f->tos;
	}
	return p->total && p->have == p->total;
}

/* make_ip4() - IPv4 header of a packet that is complete */
static void make_ip4(const struct packet *p, struct wire_ip4 *ip)
{
	uint16_t sum;

	memset(ip, 0, sizeof(*ip));
	ip->ver_ihl = 0x45;
	ip->tos = p->tos;
	put_be16(ip->len, (uint16_t)(sizeof(*ip) + p->total));
	put_be16(ip->id, (uint16_t)p->id);
	ip->ttl = p->ttl;
	ip->proto = p->proto;
	memcpy(ip->src, addr_v4(&p->src), sizeof(ip->src));
	memcpy(ip->dst, addr_v4(&p->dst), sizeof(ip->dst));
	sum = csum_fold(csum_add(0, ip, sizeof(*ip)));
	memcpy(ip->csum, &sum, sizeof(sum));
}

/* make_ip6() - IPv6 header of a packet that is complete */
static void make_ip6(const struct packet *p, struct wire_ip6 *ip)
{
	put_be32(ip->ver_class_flow, UINT32_C(6) << 28 | (uint32_t)p->tos << 20);
	put_be16(ip->len, (uint16_t)p->total);
	ip->next = p->proto;
	ip->hops = p->ttl;
	memcpy(ip->src, p->src.b, sizeof(ip->src));
	memcpy(ip->dst, p->dst.b, sizeof(ip->dst));
}

/**
 * finish() - Make a frame of a packet that is complete
 * @p:		Packet; DONE or EMPTY afterwards
 * @f:		The piece that completed it
 *
 * Return: frame, NULL if the whole is no packet of ours; counted by frame.c
 */
static const struct frame *finish(struct packet *p, const struct frame *f)
{
	bool v4 = addr_is4(&p->src);
	uint32_t hlen = v4 ? sizeof(struct wire_ip4) : sizeof(struct wire_ip6);
	uint8_t *ip = payload(p) - hlen;
	struct wire_eth *eth = (void *)(ip - sizeof(*eth));

	memcpy(eth->dst, f->dmac, sizeof(eth->dst));
	memcpy(eth->src, f->smac, sizeof(eth->src));
	put_be16(eth->type, v4 ? WIRE_IP4 : WIRE_IP6);
	if (v4)
		make_ip4(p, (void *)ip);
	else
		make_ip6(p, (void *)ip);

	p->iov.iov_base = eth;
	p->iov.iov_len = sizeof(*eth) + hlen + p->total;
	p->tap = (struct tap_frame){ .iov = &p->iov, .niov = 1,
				     .len = (uint32_t)p->iov.iov_len };
	forget(p);
	switch (frame_parse(&p->tap, &p->frame)) {
	case FRAME_IP:
		break;
	case FRAME_FRAGMENT:	/* a fragment header inside of fragments */
		count(DROP_FRAGMENT_BAD);
		return NULL;
	case FRAME_BAD:
	case FRAME_ARP:
	default:
		return NULL;
	}
	/* Who cuts a packet up himself does not mind that others do */
	p->frame.df = false;
	p->state = DONE;
	self.done++;
	return &p->frame;
}

/**
 * frag_from_guest() - Take a piece of a packet
 * @f:		Frame that frame_parse() found to be FRAME_FRAGMENT
 * @now:	Time, us
 *
 * Return: the whole packet, if this was what it lacked, good until
 *	   frag_release(); NULL if pieces are still missing, or dropped and counted
 */
const struct frame *frag_from_guest(const struct frame *f, uint64_t now)
{
	struct packet *p = find(f);

	if (!p) {
		if (!plausible(f)) {
			count(DROP_FRAGMENT_BAD);
			return NULL;
		}
		p = begin(f, now);
		if (!p)
			return NULL;
	}
	if (p->state == BAD) {
		count(DROP_FRAGMENT_BAD);
		return NULL;
	}
	p->last = ++self.pieces;
	return add(p, f) ? finish(p, f) : NULL;
}

/**
 * frag_release() - The batch is over, no frame from here is needed any more
 */
void frag_release(void)
{
	for (int i = 0; self.done && i < FRAG_PACKETS; i++) {
		if (self.packet[i].state == DONE) {
			self.packet[i].state = EMPTY;
			self.done--;
		}
	}
}

/**
 * expire() - Give up a packet whose time is over
 * @p:		Packet that is OPEN or BAD
 * @x:		Filled if that is worth telling
 *
 * Return: true if the guest is to be told: the first piece is known (RFC 792;
 *	   RFC 4443, section 3.3)
 */
static bool expire(struct packet *p, struct frag_expired *x)
{
	bool tell = p->state == OPEN && p->bit[0] & 1;
	uint32_t run = 0;

	if (p->state == OPEN)
		count(DROP_FRAGMENT_TIMEOUT);
	forget(p);
	if (!tell)
		return false;
	while (run < FRAG_QUOTE / UNIT && p->bit[0] >> run & 1)
		run++;
	x->src = p->src;
	x->dst = p->dst;
	x->proto = p->proto;
	x->ttl = p->ttl;
	x->len = p->high;
	x->have = min_u32(run * UNIT, min_u32(p->high, FRAG_QUOTE));
	memcpy(x->l4, payload(p), x->have);
	return true;
}

/**
 * frag_timeout() - TIMER_FRAG ran out: forget what is too old
 * @now:	Time, us
 * @x:		Filled if the result is true
 *
 * Call until the result is false; that call sets the timer again.
 *
 * Return: true if @x is to be told to the guest as ICMP time exceeded, code 1
 */
bool frag_timeout(uint64_t now, struct frag_expired *x)
{
	uint64_t next = TIMER_NEVER;

	for (int i = 0; i < FRAG_PACKETS; i++) {
		struct packet *p = &self.packet[i];

		if (p->state != OPEN && p->state != BAD)
			continue;
		if (p->due > now)
			next = min_u64(next, p->due);
		else if (expire(p, x))
			return true;
	}
	timer_set(TIMER_FRAG, next);
	return false;
}

/**
 * piece_head() - Headers of one piece toward the guest
 * @h:		Filled: Ethernet, IP, and fragment header for IPv6
 * @src:	Source address
 * @dst:	Destination address
 * @proto:	Protocol of the message
 * @ttl:	Time to live, 0: the default
 * @off:	Offset of this piece in the message, a multiple of 8
 * @len:	Bytes of the message in this piece
 * @more:	It is not the last
 * @id:		Identification
 *
 * Return: bytes filled
 */
static unsigned piece_head(uint8_t *h, const struct addr *src, const struct addr *dst,
			   uint8_t proto, uint8_t ttl, uint32_t off, uint32_t len,
			   bool more, uint32_t id)
{
	struct wire_ip6_frag *fh;
	struct wire_ip4 *ip;
	unsigned hlen;
	uint16_t sum;

	if (!addr_is4(dst)) {
		hlen = frame_head(h, src, dst, WIRE_FRAGMENT,
				  len + (uint32_t)sizeof(*fh), ttl, 0);
		fh = (void *)(h + hlen);
		fh->next = proto;
		fh->reserved = 0;
		put_be16(fh->offset, (uint16_t)(off | more));
		put_be32(fh->id, id);
		return hlen + (unsigned)sizeof(*fh);
	}
	hlen = frame_head(h, src, dst, proto, len, ttl, 0);
	ip = (void *)(h + hlen - sizeof(*ip));
	put_be16(ip->id, (uint16_t)id);
	put_be16(ip->frag, (uint16_t)((more ? IP4_MF : 0) | off / UNIT));
	memset(ip->csum, 0, sizeof(ip->csum));
	sum = csum_fold(csum_add(0, ip, sizeof(*ip)));
	memcpy(ip->csum, &sum, sizeof(sum));
	return hlen;
}

/**
 * new_id() - Identification of a packet that is cut
 * @src:	Source address
 * @dst:	Destination address
 *
 * Different for any two packets of a pair of addresses as far apart as the field
 * allows (RFC 6864, section 4.3), and not to be guessed from those of another
 * pair (RFC 7739, section 5.3).
 *
 * Return: number
 */
static uint32_t new_id(const struct addr *src, const struct addr *dst)
{
	struct addr pair[2] = { *src, *dst };

	return (uint32_t)conn_secret_hash(pair, sizeof(pair)) + self.next_id++;
}

/**
 * frag_send() - Send one message to the guest, in pieces if it is too long
 * @src:	Source address
 * @dst:	Destination address, of the same family
 * @proto:	Protocol
 * @l4:		Message, its checksum complete
 * @l4len:	Its length, bytes
 * @ttl:	Time to live or hop limit, 0: the default
 *
 * Return: 0; -EMSGSIZE if no packet can be that long, counted by nobody;
 *	   -errno of tap_send(): the pieces from there on are lost
 */
int frag_send(const struct addr *src, const struct addr *dst, uint8_t proto,
	      const void *l4, uint32_t l4len, uint8_t ttl)
{
	static uint8_t frame[FRAME_HLEN_MAX + sizeof(struct wire_ip6_frag) + FRAME_IP_MAX];
	const struct virtio_net_hdr vh = { 0 };
	bool v4 = addr_is4(dst);
	uint32_t hlen = v4 ? sizeof(struct wire_ip4) : sizeof(struct wire_ip6);
	uint32_t step, n, id;

	if (l4len > (v4 ? PAYLOAD4_MAX : PAYLOAD6_MAX))
		return -EMSGSIZE;
	if (hlen + l4len <= net->mtu)
		return frame_send(src, dst, proto, l4, l4len, ttl);

	if (!v4)
		hlen += (uint32_t)sizeof(struct wire_ip6_frag);
	if (BUG_ON(net->mtu < hlen + UNIT))
		return -EMSGSIZE;
	step = (net->mtu - hlen) & ~(uint32_t)(UNIT - 1);
	id = new_id(src, dst);
	for (uint32_t off = 0; off < l4len; off += n) {
		unsigned h;
		int rc;

		n = min_u32(step, l4len - off);
		h = piece_head(frame, src, dst, proto, ttl, off, n, off + n < l4len, id);
		memcpy(frame + h, (const uint8_t *)l4 + off, n);
		rc = tap_send(frame, h + n, &vh);
		if (rc)
			return rc;
	}
	return 0;
}
