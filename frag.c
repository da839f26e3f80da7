// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frag.c - IP fragments, from the guest and toward it
 *
 * Theory of operation
 *
 *   From the guest: pieces of a packet are copied to where they belong in a
 *   buffer of 64 KiB, one of FRAG_PACKETS, and noted in a row of flags, one for
 *   each 8 bytes, the unit of the offset field (RFC 791, section 3.2; RFC 8200,
 *   section 4.5).  When no flag is missing up to the end of the last piece, IP and
 *   Ethernet headers are made in front, and the packet is parsed as though it had
 *   come whole: everything that is checked of a packet is checked of this one too,
 *   extension headers behind the fragment header included, and whoever handles it
 *   can not tell the difference.
 *
 *	buffer of a packet:
 *	+-----------------+----------------------------------------------+
 *	| Ethernet and IP | payload: pieces at their offsets             |
 *	+-----------------+----------------------------------------------+
 *	  made at the end   flag n: bytes 8n to 8n + 7 are there
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
 *   R1  have is 8 times the number of flags set, less what the last piece lacks
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
#include "net.h"
#include "timer.h"
#include "util.h"
#include "wire.h"

enum {
	UNIT		= 8,		/* bytes one flag stands for */
	UNITS		= 65536 / UNIT,
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
 * @frame:	OPEN, BAD: addresses, identification, and what the first piece says
 *		of the rest (before it comes: some other piece); DONE: the result
 * @total:	bytes of payload, 0: not known yet
 * @have:	bytes of payload that are there
 * @high:	end of the piece that ends last
 * @due:	when it is given up, us
 * @last:	number of the piece of it that came last, as struct frag_self
 *		counts them
 * @there:	which units of the payload are there, 0 or 1 each
 * @iov:	the bytes of @frame, for @tap
 * @tap:	what @frame points to, where it goes out of this file
 */
struct packet {
	enum packet_state state;
	struct frame frame;
	uint32_t total;
	uint32_t have;
	uint32_t high;
	uint64_t due;
	uint64_t last;
	uint8_t there[UNITS];
	struct iovec iov;
	struct tap_frame tap;
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
static bool give_up(struct packet *p)
{
	count(DROP_FRAGMENT_BAD);
	p->state = BAD;
	return false;
}

/* is_live() - Whether later pieces of a packet are looked for */
static bool is_live(const struct packet *p)
{
	return p->state == OPEN || p->state == BAD;
}

/*
 * same() - Whether a piece belongs to a packet: the protocol counts in IPv4 alone
 * (RFC 791, section 3.2; RFC 8200, section 4.5)
 */
static bool same(const struct frame *a, const struct frame *b)
{
	return a->frag_id == b->frag_id && addr_eq(&a->src, &b->src) &&
	       addr_eq(&a->dst, &b->dst) && (!addr_is4(&a->src) || a->proto == b->proto);
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

		if (is_live(p) && same(&p->frame, f))
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
	memset(p, 0, sizeof(*p));
	p->state = OPEN;
	p->frame = *f;
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

/* payload_max() - Longest message of a packet, by an address of its family */
static uint32_t payload_max(const struct addr *a)
{
	return FRAME_IP_MAX - (addr_is4(a) ? (uint32_t)sizeof(struct wire_ip4) : 0);
}

/**
 * plausible() - Whether a piece can be one of any packet
 * @f:		Piece
 *
 * Return: true if offset and length make sense, and headers are not cut
 */
static bool plausible(const struct frame *f)
{
	if (!f->l4len || f->frag_off + f->l4len > payload_max(&f->src))
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
	uint8_t *there = p->there + f->frag_off / UNIT;
	size_t n = (f->l4len + UNIT - 1) / UNIT;

	if (!plausible(f) || !fits(p, f))
		return give_up(p);
	if (memchr(there, 1, n))
		return memchr(there, 0, n) || !repeats(p, f) ? give_up(p) : false;
	if (frame_copy(f, 0, payload(p) + f->frag_off, f->l4len) != f->l4len)
		return false;
	memset(there, 1, n);
	p->have += f->l4len;
	p->high = max_u32(p->high, f->frag_off + f->l4len);
	if (!f->frag_more)
		p->total = p->high;
	if (!f->frag_off) {
		p->frame.proto = f->proto;
		p->frame.ttl = f->ttl;
		p->frame.tos = f->tos;
	}
	return p->total && p->have == p->total;
}

/**
 * lay_out() - Make bytes of a buffer those that @p->frame points to
 * @p:		Packet
 * @from:	First of them
 * @len:	Their number
 */
static void lay_out(struct packet *p, void *from, uint32_t len)
{
	p->iov = (struct iovec){ .iov_base = from, .iov_len = len };
	p->tap = (struct tap_frame){ .iov = &p->iov, .niov = 1, .len = len };
	p->frame.tap = &p->tap;
}

/**
 * finish() - Make a frame of a packet that is complete
 * @p:		Packet; DONE or EMPTY afterwards
 *
 * Return: frame, NULL if the whole is no packet of ours; counted by frame.c
 */
static const struct frame *finish(struct packet *p)
{
	struct frame *f = &p->frame;
	uint8_t head[FRAME_HLEN_MAX];
	uint8_t ttl = f->ttl;
	unsigned hlen = frame_head(head, &f->src, &f->dst, f->proto, p->total, ttl, f->tos);
	struct wire_eth *eth = (void *)(payload(p) - hlen);
	enum frame_kind kind;

	memcpy(eth, head, hlen);
	memcpy(eth->dst, f->dmac, sizeof(eth->dst));
	memcpy(eth->src, f->smac, sizeof(eth->src));
	lay_out(p, eth, hlen + p->total);
	forget(p);
	kind = frame_parse(&p->tap, f);
	if (kind == FRAME_FRAGMENT)	/* a fragment header inside of fragments */
		count(DROP_FRAGMENT_BAD);
	if (kind != FRAME_IP)
		return NULL;
	f->ttl = ttl;			/* frame_head() has a default for 0 */
	/* Who cuts a packet up himself does not mind that others do */
	f->df = false;
	p->state = DONE;
	self.done++;
	return f;
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

	if (p ? p->state == BAD : !plausible(f)) {
		count(DROP_FRAGMENT_BAD);
		return NULL;
	}
	if (!p)
		p = begin(f, now);
	if (!p)
		return NULL;
	p->last = ++self.pieces;
	return add(p, f) ? finish(p) : NULL;
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
 *
 * Return: true if the guest is to be told of what is in @p->frame: the first
 *	   piece is known (RFC 792; RFC 4443, section 3.3)
 */
static bool expire(struct packet *p)
{
	bool tell = p->state == OPEN && p->there[0];
	uint32_t run = 0;

	if (p->state == OPEN)
		count(DROP_FRAGMENT_TIMEOUT);
	forget(p);
	while (run < UNITS && p->there[run])
		run++;
	lay_out(p, payload(p), min_u32(run * UNIT, p->high));
	p->frame.l4 = 0;
	p->frame.l4len = p->high;
	return tell;
}

/**
 * frag_timeout() - TIMER_FRAG ran out: forget what is too old
 * @now:	Time, us
 *
 * Call until the result is NULL; that call sets the timer again.
 *
 * Return: a packet to be told to the guest as ICMP time exceeded, code 1:
 *	   addresses, protocol and time to live, length as far as it is known, and
 *	   for frame_copy() its first bytes; good until the next call here.
 *	   NULL: no more
 */
const struct frame *frag_timeout(uint64_t now)
{
	uint64_t next = TIMER_NEVER;

	for (int i = 0; i < FRAG_PACKETS; i++) {
		struct packet *p = &self.packet[i];

		if (!is_live(p))
			continue;
		if (p->due > now)
			next = min_u64(next, p->due);
		else if (expire(p))
			return &p->frame;
	}
	timer_set(TIMER_FRAG, next);
	return NULL;
}

/**
 * piece_head() - Headers of one piece toward the guest
 * @h:		Filled: Ethernet, IP, and fragment header for IPv6
 * @src:	Source address
 * @dst:	Destination address
 * @proto:	Protocol of the message
 * @off:	Offset of this piece in the message, a multiple of 8
 * @len:	Bytes of the message in this piece
 * @more:	It is not the last
 * @id:		Identification
 *
 * Return: bytes filled
 */
static unsigned piece_head(uint8_t *h, const struct addr *src, const struct addr *dst,
			   uint8_t proto, uint32_t off, uint32_t len, bool more,
			   uint32_t id)
{
	struct wire_ip6_frag *fh;
	struct wire_ip4 *ip;
	unsigned hlen;
	uint16_t sum;

	if (!addr_is4(dst)) {
		hlen = frame_head(h, src, dst, WIRE_FRAGMENT,
				  len + (uint32_t)sizeof(*fh), 0, 0);
		fh = (void *)(h + hlen);
		fh->next = proto;
		fh->reserved = 0;
		put_be16(fh->offset, (uint16_t)(off | more));
		put_be32(fh->id, id);
		return hlen + (unsigned)sizeof(*fh);
	}
	hlen = frame_head(h, src, dst, proto, len, 0, 0);
	ip = (void *)(h + hlen - sizeof(*ip));
	put_be16(ip->id, (uint16_t)id);
	put_be16(ip->frag, (uint16_t)((more ? IP4_MF : 0) | off / UNIT));
	memset(ip->csum, 0, sizeof(ip->csum));
	sum = csum_fold(csum_add(0, ip, sizeof(*ip)));
	memcpy(ip->csum, &sum, sizeof(sum));
	return hlen;
}

/* put_csum() - Complete the checksum of a UDP or ICMP message */
static void put_csum(const struct addr *src, const struct addr *dst, uint8_t proto,
		     uint8_t *l4, uint32_t l4len)
{
	uint8_t *field = l4 + (proto == WIRE_UDP ? offsetof(struct wire_udp, csum) :
						   offsetof(struct wire_icmp, csum));
	uint64_t pseudo = proto == WIRE_ICMP4 ? 0 : frame_pseudo(src, dst, proto, l4len);
	uint16_t sum;

	memset(field, 0, sizeof(sum));
	sum = csum_fold(csum_add(pseudo, l4, l4len));
	if (!sum && proto == WIRE_UDP)	/* 0 would mean that none was made (RFC 768) */
		sum = UINT16_MAX;
	memcpy(field, &sum, sizeof(sum));
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
 * @proto:	WIRE_UDP, WIRE_ICMP4 or WIRE_ICMP6
 * @l4:		Message; its checksum may be filled in, whatever stands there
 * @l4len:	Its length, bytes
 *
 * Return: 0; -EMSGSIZE if no packet can be that long, counted by nobody;
 *	   -errno of tap_send(): the pieces from there on are lost
 */
int frag_send(const struct addr *src, const struct addr *dst, uint8_t proto, void *l4,
	      uint32_t l4len)
{
	static uint8_t frame[FRAME_HLEN_MAX + sizeof(struct wire_ip6_frag) + FRAME_IP_MAX];
	const struct virtio_net_hdr vh = { 0 };
	bool v4 = addr_is4(dst);
	uint32_t hlen = v4 ? sizeof(struct wire_ip4) : sizeof(struct wire_ip6);
	uint32_t step, n, id;
	int rc = 0;

	if (l4len > payload_max(dst))
		return -EMSGSIZE;
	if (hlen + l4len <= net->mtu)
		return frame_send(src, dst, proto, l4, l4len, 0);

	if (!v4)
		hlen += (uint32_t)sizeof(struct wire_ip6_frag);
	step = (net->mtu - hlen) & ~(uint32_t)(UNIT - 1);
	put_csum(src, dst, proto, l4, l4len);
	id = new_id(src, dst);
	for (uint32_t off = 0; !rc && off < l4len; off += n) {
		unsigned h;

		n = min_u32(step, l4len - off);
		h = piece_head(frame, src, dst, proto, off, n, off + n < l4len, id);
		memcpy(frame + h, (const uint8_t *)l4 + off, n);
		rc = tap_send(frame, h + n, &vh);
	}
	return rc;
}
