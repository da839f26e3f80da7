// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * icmp.c - ICMP errors toward the guest, and messages of echo
 *
 * Theory of operation
 *
 *   Echo: for each triple of guest address, destination and identifier there is
 *   a flow with a ping socket, bound to the guest's identifier if that is free;
 *   udp_flow.c keeps it, and udp.c moves its messages like datagrams.  Here is
 *   what they look like.  A request goes out as it is, but for identifier and
 *   checksum, which are the kernel's; a reply gets the guest's identifier back.
 *   Sequence numbers are left alone, so nothing has to be remembered of a request.
 *
 *   Errors: whoever learns that something the guest sent failed calls
 *   icmp_error_to_guest() and describes the guest's packet.  The error quotes
 *   it with the guest's own addresses and ports, as it was before any mapping:
 *   the guest's kernel finds its socket by them (RFC 1122, section 3.2.2;
 *   RFC 4443, section 2.4 (d)).  No error is sent about what went to a group or
 *   came from no single host (RFC 1122, section 3.2.2; RFC 4443, section 2.4
 *   (e)).  Their rate is limited by a token bucket (RFC 1812, section 4.3.2.8;
 *   RFC 4443, section 2.4 (f)).
 *
 *   What the guest sends beyond echo requests is dropped: its errors are about
 *   packets whose sender is a socket of the host's peers, out of our reach.
 *   Neighbour discovery does not come here.
 */
#include "icmp.h"

#include <errno.h>
#include <string.h>

#include "count.h"
#include "csum.h"
#include "frag.h"
#include "net.h"
#include "util.h"
#include "wire.h"

enum {
	FRAG_QUOTE	= 64,		/* bytes told of a packet that stayed incomplete */
	ERROR4_MAX	= 576,		/* RFC 1812, section 4.3.2.3 */
	ERROR6_MAX	= 1280,		/* RFC 4443, section 2.4 (c) */
	BUCKET_US	= 1000,		/* time in which a token grows */
	BUCKET_MAX	= 100,		/* tokens that can be saved */
	ICMP6_ROUTE	= 0,
	ICMP6_ADMIN	= 1,
	ICMP6_ADDRESS	= 3,
	ICMP6_PORT	= 4,
	ICMP4_NET	= 0,
	ICMP4_HOST	= 1,
	ICMP4_PROTO	= 2,
	ICMP4_PORT	= 3,
	ICMP4_FRAG	= 4,
	ICMP4_ADMIN	= 13,
	TIME_FRAGMENTS	= 1,		/* code: reassembly, both families */
};

/**
 * struct reason - what an error of a host socket is for the guest
 * @err:	positive errno
 * @code4:	code of ICMP4_UNREACH
 * @code6:	code of ICMP6_UNREACH; EMSGSIZE: of ICMP6_TOO_BIG
 */
static const struct reason {
	int err;
	uint8_t code4;
	uint8_t code6;
} reasons[] = {
	{ ENETUNREACH,		ICMP4_NET,	ICMP6_ROUTE },
	{ ENETDOWN,		ICMP4_NET,	ICMP6_ROUTE },
	{ ENODEV,		ICMP4_NET,	ICMP6_ROUTE },
	{ EHOSTUNREACH,		ICMP4_HOST,	ICMP6_ADDRESS },
	{ EHOSTDOWN,		ICMP4_HOST,	ICMP6_ADDRESS },
	{ ETIMEDOUT,		ICMP4_HOST,	ICMP6_ADDRESS },
	{ EADDRNOTAVAIL,	ICMP4_HOST,	ICMP6_ADDRESS },
	{ EINVAL,		ICMP4_HOST,	ICMP6_ADDRESS },
	{ ECONNREFUSED,		ICMP4_PORT,	ICMP6_PORT },
	{ ENOPROTOOPT,		ICMP4_PROTO,	ICMP6_PORT },
	{ EACCES,		ICMP4_ADMIN,	ICMP6_ADMIN },
	{ EPERM,		ICMP4_ADMIN,	ICMP6_ADMIN },
	{ EMSGSIZE,		ICMP4_FRAG,	0 },
};

/**
 * struct icmp_self - state of this file
 * @bucket:	when the token bucket would have been empty, us: its fill is the
 *		time since then, in units of BUCKET_US
 */
static struct {
	uint64_t bucket;
} self;

/**
 * icmp_init() - Begin anew
 */
void icmp_init(void)
{
	self.bucket = 0;
}

/* allowed() - Take a token, if there is one */
static bool allowed(uint64_t now)
{
	uint64_t full = (uint64_t)BUCKET_MAX * BUCKET_US;

	if (now > full && self.bucket < now - full)
		self.bucket = now - full;
	if (self.bucket + BUCKET_US > now)
		return false;
	self.bucket += BUCKET_US;
	return true;
}

/**
 * icmp_error_set() - Type and code for an error of a host socket
 * @e:		@dst is set; @type and @code are filled
 * @err:	Positive errno
 *
 * Return: false if the guest is not to be told: nothing is wrong with its packet
 */
bool icmp_error_set(struct icmp_error *e, int err)
{
	bool v4 = addr_is4(&e->dst);

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (reasons[i].err != err)
			continue;
		e->type = v4 ? ICMP4_UNREACH :
			  err == EMSGSIZE ? ICMP6_TOO_BIG : ICMP6_UNREACH;
		e->code = v4 ? reasons[i].code4 : reasons[i].code6;
		return true;
	}
	return false;
}

/* worth_telling() - Whether an error may be sent at all */
static bool worth_telling(const struct icmp_error *e)
{
	bool v4 = addr_is4(&e->dst), too_big = !v4 && e->type == ICMP6_TOO_BIG;
	bool known = v4 ? e->type == ICMP4_UNREACH || e->type == ICMP4_TIME :
			  e->type && e->type <= ICMP6_TIME;

	return known && e->l4have >= sizeof(struct wire_icmp) &&
	       addr_is4(&e->src) == v4 && addr_is_unicast(&e->src) &&
	       (addr_is_unicast(&e->dst) || too_big);
}

/**
 * icmp_error_to_guest() - Tell the guest that something it sent failed
 * @e:		What, and why
 *
 * Silent if the rules forbid it, or there were too many lately.
 */
void icmp_error_to_guest(const struct icmp_error *e)
{
	uint8_t head[FRAME_HLEN_MAX], msg[ERROR6_MAX] = { 0 };
	struct wire_icmp *icmp = (void *)msg;
	uint8_t *quote = msg + sizeof(*icmp);
	const struct addr *from = &e->from;
	bool v4 = addr_is4(&e->dst);
	uint32_t ip, have;

	if (!worth_telling(e) || !allowed(e->now))
		return;
	if (addr_is_none(from) || addr_is4(from) != v4)
		from = v4 ? &net->gw4 : &net->gw6;
	if (addr_is_none(from))
		from = &e->dst;

	icmp->type = e->type;
	icmp->code = e->code;
	if (v4 && e->type == ICMP4_UNREACH && e->code == ICMP4_FRAG)
		put_be16(icmp->rest + 2, (uint16_t)min_u32(e->mtu, UINT16_MAX));
	else if (!v4 && e->type == ICMP6_TOO_BIG)
		put_be32(icmp->rest, max_u32(e->mtu, NET_MTU_MIN6));
	/* The guest's IP header as it was, and what there is of its message */
	ip = frame_head(head, &e->src, &e->dst, e->proto, e->l4len, e->ttl ? e->ttl : 1, 0) -
	     (uint32_t)sizeof(struct wire_eth);
	have = (v4 ? ERROR4_MAX : ERROR6_MAX) - (uint32_t)sizeof(*icmp) - 2 * ip;
	have = min_u32(e->l4have, have);
	memcpy(quote, head + sizeof(struct wire_eth), ip);
	memcpy(quote + ip, e->l4, have);
	(void)frame_send(from, &e->src, v4 ? WIRE_ICMP4 : WIRE_ICMP6, msg,
			 (uint32_t)sizeof(*icmp) + ip + have, 0);
	count(COUNT_ICMP_ERRORS);
}

/**
 * icmp_frag_timeout() - TIMER_FRAG ran out: forget packets, tell the guest
 * @now:	Time, us
 */
void icmp_frag_timeout(uint64_t now)
{
	const struct frame *f;

	while ((f = frag_timeout(now))) {
		uint8_t l4[FRAG_QUOTE];
		struct icmp_error e = {
			.src = f->src, .dst = f->dst, .proto = f->proto, .ttl = f->ttl,
			.type = addr_is4(&f->dst) ? ICMP4_TIME : ICMP6_TIME,
			.code = TIME_FRAGMENTS, .l4 = l4, .l4len = f->l4len, .now = now,
			.l4have = frame_copy(f, 0, l4, sizeof(l4)),
		};

		icmp_error_to_guest(&e);
	}
}

/**
 * icmp_echo_request() - Check a message of the guest
 * @f:		Whole packet of WIRE_ICMP4 or WIRE_ICMP6
 *
 * Return: true if it is an echo request, its header in frame_l4(); false:
 *	   dropped, counted
 */
bool icmp_echo_request(const struct frame *f)
{
	bool v4 = addr_is4(&f->src);
	const struct wire_icmp *h = frame_l4(f, sizeof(*h));
	enum count why;

	if (!h || addr_is_any(&f->src))
		why = DROP_ICMP_HEADER;
	else if (f->proto != (v4 ? WIRE_ICMP4 : WIRE_ICMP6) || h->code ||
		 h->type != (v4 ? ICMP4_ECHO : ICMP6_ECHO))
		why = DROP_ICMP_TYPE;
	else if (!frame_csum_ok(f))
		why = DROP_CSUM;
	else
		return true;
	count(why);
	return false;
}

/**
 * icmp_echo_restore() - Put the guest's identifier and a checksum into a request
 * @key:	The flow
 * @msg:	Request as it left the host, or the beginning of it; changed
 * @have:	Bytes there; a header may be written in any case
 * @len:	Bytes it had
 *
 * The checksum is made to fit (RFC 1624, section 3).  That of ICMPv6 covers the
 * host's address, which is not known here, so it is summed up again, and is right
 * if all of the request is there.
 */
void icmp_echo_restore(const struct conn_key *key, uint8_t *msg, uint32_t have,
		       uint32_t len)
{
	struct wire_icmp *h = (void *)msg;
	uint8_t minus[4] = { (uint8_t)~h->csum[0], (uint8_t)~h->csum[1],
			     (uint8_t)~h->rest[0], (uint8_t)~h->rest[1] };
	uint64_t sum = csum_add(0, minus, sizeof(minus));
	uint16_t csum;

	put_be16(h->rest, key->gport);
	if (addr_is4(&key->far)) {
		csum = csum_fold(csum_add(sum, h->rest, 2));
	} else {
		memset(h->csum, 0, sizeof(h->csum));
		sum = frame_pseudo(&key->guest, &key->far, WIRE_ICMP6, len);
		csum = csum_fold(csum_add(sum, msg, have));
	}
	memcpy(h->csum, &csum, sizeof(csum));
}

/**
 * icmp_echo_reply() - Pass a message of a ping socket to the guest
 * @key:	The flow: from @far to @guest
 * @msg:	Message, changed
 * @len:	Its length, bytes
 *
 * What is no reply is dropped and counted.
 */
void icmp_echo_reply(const struct conn_key *key, uint8_t *msg, uint32_t len)
{
	struct wire_icmp *h = (void *)msg;

	if (len < sizeof(*h) ||
	    h->type != (addr_is4(&key->guest) ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY)) {
		count(DROP_ICMP_HEADER);
		return;
	}
	put_be16(h->rest, key->gport);
	(void)frag_send(&key->far, &key->guest, key->proto, msg, len);
}
