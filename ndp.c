// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ndp.c - IPv6 neighbours of the guest, and the router it has (RFC 4861)
 *
 * Theory of operation
 *
 *   As for ARP, we are the only other station on the link and answer for every
 *   neighbour the guest looks for, except for its own addresses.  A duplicate
 *   address probe (unspecified source, RFC 4862, section 5.4.2) is answered for
 *   the router's address only: the guest may have any other.  What it probes
 *   for it is about to use, so that is learnt: a guest which made an address of
 *   its own out of the prefix, and has not spoken yet, can be reached there.
 *
 *   We are the router, too, and speak from the address of the gateway, which
 *   net.c has made a link-local one, as section 4.2 wants it.  A router
 *   solicitation is answered at once, without the delay of section 6.2.6, which
 *   keeps several routers on one link from answering together.  The guest gets:
 *
 *   prefix	first 64 bits of the host's address, on-link and for autonomous
 *		configuration (flags L and A).  Neighbours in it are reached
 *		through us.
 *   M and O	set if the DHCPv6 server is on.  That gives exactly the host's
 *		address, which no prefix can; a guest that listens to these
 *		flags has both that address and one of its own, and either
 *		works, since what leaves the host has the host's address anyway.
 *		A guest without DHCPv6 is content with the prefix.
 *   lifetimes	of all of it, LIFETIME_S: three intervals of advertisements, the
 *		default for routers (section 6.2.1) and resolvers (RFC 8106,
 *		section 5.1), and for the prefix as well, in place of 30 days:
 *		the host may lose its prefix, and the guest should not keep it
 *		for a month (RFC 9096, section 3.3).
 *
 *   Unsolicited advertisements refresh these lifetimes (section 6.2.4).  They
 *   begin once the guest has shown that it speaks IPv6 and end when the link
 *   goes down, so that a program without such a guest is not woken up.  The
 *   interval is the longest one allowed and not random: with one router on the
 *   link there is nobody to fall into step with.
 *
 *   Not done: redirects, and solicitations of ours.  The guest's MAC address
 *   comes with each of its frames.  Advertisements from the guest are ignored.
 */
#include "ndp.h"

#include <string.h>

#include "count.h"
#include "dnsname.h"
#include "log.h"
#include "net.h"
#include "pkt.h"
#include "tap.h"
#include "timer.h"
#include "wire.h"

enum {
	HOPS		= 255,		/* RFC 4861, section 6.1: not forwarded */
	GUEST_HOPS	= 64,		/* what the guest shall send with */
	INTERVAL_S	= 1800,		/* MaxRtrAdvInterval: the largest allowed */
	LIFETIME_S	= 3 * INTERVAL_S,
	MESSAGE_MAX	= 1500,		/* of the guest; no client sends so much */
	RA_MAX		= NET_MTU_MIN6 - 40,	/* fits any MTU */
};

/*
 * Deadline that is over already: for the first call of ndp_timer(), who is told
 * the time.  0 would do, but reads like "none".
 */
#define AT_ONCE		UINT64_C(1)

/* Flags: RFC 4861, sections 4.2, 4.4 and 4.6.2 */
enum {
	RA_DHCPV6	= 0x80 | 0x40,	/* managed, other */
	NA_ROUTER	= 0x80,
	NA_SOLICITED	= 0x40,
	NA_OVERRIDE	= 0x20,
	PREFIX_64_FLAGS	= 64 << 8 | 0x80 | 0x40,	/* length, on-link, autonomous */
};

/* Options: RFC 4861, section 4.6, and RFC 8106, section 5 */
enum {
	OPT_SOURCE_LL	= 1,
	OPT_TARGET_LL	= 2,
	OPT_PREFIX	= 3,
	OPT_MTU		= 5,
	OPT_RDNSS	= 25,
	OPT_DNSSL	= 31,
};

/**
 * struct ndp_self - state of this file
 * @conf:	what was asked for
 * @awake:	the guest spoke IPv6: unsolicited advertisements are due
 * @running:	the timer is set to the end of an interval
 */
static struct {
	struct ndp_conf conf;
	bool awake;
	bool running;
} self;

/**
 * struct ndp_message - a message of the guest, checked
 * @head:	its beginning, in @buf
 * @target:	of a solicitation or advertisement for a neighbour, in @buf; NULL:
 *		it is for or from a router
 * @ll:		link-layer address of the sender or target, 6 bytes in @buf; NULL:
 *		none came
 * @buf:	the whole of it
 */
struct ndp_message {
	const struct wire_icmp *head;
	const struct addr *target;
	const uint8_t *ll;
	uint8_t buf[MESSAGE_MAX];
};

/**
 * ndp_init() - Begin anew
 * @conf:	What was asked for, copied
 */
void ndp_init(const struct ndp_conf *conf)
{
	memset(&self, 0, sizeof(self));
	self.conf = *conf;
}

/**
 * rules_ok() - What a message has to be like (RFC 4861, 6.1.1, 7.1.1 and 7.1.2)
 * @f:		Frame
 * @m:		Message in it
 *
 * Return: true if it is
 */
static bool rules_ok(const struct frame *f, const struct ndp_message *m)
{
	static const struct addr solicited = { { 0xff, 0x02, [11] = 0x01, 0xff } };
	bool anonymous = addr_is_any(&f->src);

	if (!m->target)		/* of the guest as a router we want to know nothing */
		return m->head->type == ICMP6_RA || !anonymous || !m->ll;
	if (addr_is_multicast(m->target) || addr_is_any(m->target))
		return false;
	if (m->head->type == ICMP6_NA)
		return !anonymous && !(addr_is_multicast(&f->dst) &&
				       m->head->rest[0] & NA_SOLICITED);
	return !anonymous || (addr_in_prefix(&f->dst, &solicited, 104) && !m->ll);
}

/**
 * read_message() - Check a message
 * @f:		Frame with an ICMPv6 message of type 133 to 136
 * @m:		Set
 *
 * Return: true if it follows the rules
 */
static bool read_message(const struct frame *f, struct ndp_message *m)
{
	struct pkt_reader r = pkt_reader(m->buf, frame_copy(f, 0, m->buf, sizeof(m->buf)));
	uint8_t kind;

	m->head = (const void *)pkt_take(&r, sizeof(*m->head));
	m->target = NULL;
	m->ll = NULL;
	if (!m->head)
		return false;
	kind = m->head->type;
	if (kind == ICMP6_NS || kind == ICMP6_NA)
		m->target = (const void *)pkt_take(&r, sizeof(*m->target));
	else if (kind == ICMP6_RA)
		(void)pkt_take(&r, 8);

	while (r.left) {
		uint8_t type = pkt_u8(&r);
		/* A length of 0 turns into more than there can be */
		struct pkt_reader opt = pkt_sub(&r, pkt_u8(&r) * (size_t)8 - 2);

		if (type != (kind == ICMP6_NA ? OPT_TARGET_LL : OPT_SOURCE_LL))
			continue;
		if (opt.left != sizeof(net->mac))
			return false;
		m->ll = opt.p;
	}
	return !r.bad && !m->head->code && f->ttl == HOPS && f->l4len <= sizeof(m->buf) &&
	       frame_csum_ok(f) && rules_ok(f, m);
}

/**
 * send_na() - Neighbour advertisement (RFC 4861, section 4.4)
 * @target:	Whose MAC address we tell
 * @dst:	Who asked; all nodes if nobody did, or nobody with an address
 * @flags:	NA_SOLICITED or 0
 */
static void send_na(const struct addr *target, const struct addr *dst, uint8_t flags)
{
	struct { struct wire_icmp head; struct addr target; uint8_t type, units, ll[6]; } m = {
		.head = { .type = ICMP6_NA, .rest = { flags | NA_OVERRIDE } },
		.target = *target, .type = OPT_TARGET_LL, .units = 1,
	};

	memcpy(m.ll, net->mac, sizeof(m.ll));
	/* Without this flag the guest would take us off its list of routers */
	if (addr_eq(target, &net->gw6))
		m.head.rest[0] |= NA_ROUTER;
	(void)frame_send(target, dst, WIRE_ICMP6, &m, sizeof(m), HOPS);
}

/* begin() - Option up to its first number, its length not known.  Return: its place */
static size_t begin(struct pkt_writer *w, uint8_t type, uint16_t flags, uint32_t first)
{
	size_t at = w->len;

	pkt_put_u8(w, type);
	pkt_put_u8(w, 0);
	pkt_put_be16(w, flags);
	pkt_put_be32(w, first);
	return at;
}

/* end() - Fill up the option at @at to a multiple of 8 bytes, the unit of lengths */
static void end(struct pkt_writer *w, size_t at)
{
	pkt_put_zero(w, (8 - (w->len - at) % 8) % 8);
	if (!w->bad)
		w->buf[at + 1] = (uint8_t)((w->len - at) / 8);
}

/* put_link() - MTU and prefix of the link (RFC 4861, sections 4.6.4 and 4.6.2) */
static void put_link(struct pkt_writer *w)
{
	if (net->mtu_told && net->mtu >= NET_MTU_MIN6)
		end(w, begin(w, OPT_MTU, 0, net->mtu));
	if (!addr_is_any(&net->addr6) && !addr_is_linklocal(&net->addr6)) {
		size_t at = begin(w, OPT_PREFIX, PREFIX_64_FLAGS, LIFETIME_S);	/* valid */

		pkt_put_be32(w, LIFETIME_S);	/* preferred */
		pkt_put_zero(w, 4);
		pkt_put(w, net->addr6.b, 8);
		pkt_put_zero(w, 8);
		end(w, at);
	}
}

/* put_names() - Resolvers, and the search list as far as it fits (RFC 8106, section 5) */
static void put_names(struct pkt_writer *w)
{
	size_t at;

	if (self.conf.dns && net->ndns6) {
		at = begin(w, OPT_RDNSS, 0, LIFETIME_S);
		pkt_put(w, net->dns6, net->ndns6 * sizeof(net->dns6[0]));
		end(w, at);
	}
	if (self.conf.search) {
		at = begin(w, OPT_DNSSL, 0, LIFETIME_S);
		for (unsigned i = 0; i < net->nsearch; i++)
			(void)dnsname_put(w, net->search[i], false);
		end(w, at);
		if (w->len == at + 8)	/* no name in it */
			w->len = at;
	}
}

/**
 * send_ra() - Router advertisement (RFC 4861, section 4.2)
 * @dst:	Who asked, or all nodes
 */
static void send_ra(const struct addr *dst)
{
	uint8_t buf[RA_MAX];
	struct pkt_writer w = pkt_writer(buf, sizeof(buf));

	pkt_put_u8(&w, ICMP6_RA);
	pkt_put_zero(&w, 3);
	pkt_put_u8(&w, GUEST_HOPS);
	pkt_put_u8(&w, self.conf.managed ? RA_DHCPV6 : 0);
	pkt_put_be16(&w, LIFETIME_S);
	pkt_put_zero(&w, 8);		/* reachable and retransmission time */
	pkt_put_u8(&w, OPT_SOURCE_LL);
	pkt_put_u8(&w, 1);
	pkt_put(&w, net->mac, sizeof(net->mac));
	put_link(&w);
	put_names(&w);
	if (BUG_ON(w.bad))
		return;
	(void)frame_send(&net->gw6, dst, WIRE_ICMP6, buf, (uint32_t)w.len, HOPS);
}

/**
 * learn() - Remember the guest's MAC and IPv6 addresses
 * @f:		Frame
 * @m:		Message in it
 */
static void learn(const struct frame *f, const struct ndp_message *m)
{
	bool probe = m->head->type == ICMP6_NS && addr_is_any(&f->src);
	const struct addr *a = probe ? m->target : &f->src;

	if (addr_eq(a, &net->gw6))
		return;
	if (m->ll)
		net_learn_mac(m->ll);
	net_learn_addr(a);
}

/**
 * answer_ns() - Neighbour solicitation (RFC 4861, 7.2.3 and 7.2.4)
 * @f:		Frame
 * @target:	Address asked for
 */
static void answer_ns(const struct frame *f, const struct addr *target)
{
	bool probe = addr_is_any(&f->src);

	if (probe && addr_eq(target, &net->gw6))
		send_na(target, &addr_all_nodes, 0);
	if (probe || addr_eq(target, &net->addr6) || addr_eq(target, &net->seen6) ||
	    addr_eq(target, &net->ll6) || addr_eq(target, &f->src))
		return;
	send_na(target, &f->src, NA_SOLICITED);
}

/**
 * ndp_frame() - Handle a message of the guest, if it is one of ours
 * @f:		Frame of kind FRAME_IP
 *
 * Return: true if @f was neighbour discovery, handled or dropped
 */
bool ndp_frame(const struct frame *f)
{
	const uint8_t *type = frame_l4(f, 1);
	struct ndp_message m;

	if (f->proto != WIRE_ICMP6 || addr_is4(&f->dst) || !type ||
	    *type < ICMP6_RS || *type > ICMP6_NA)
		return false;
	if (!read_message(f, &m)) {
		count(DROP_NDP_BAD);
		debug("ndp: malformed message of type %u dropped", *type);
		return true;
	}
	if (m.head->type == ICMP6_RA)
		return true;

	learn(f, &m);
	if (self.conf.ra && !self.awake) {
		self.awake = true;
		timer_set(TIMER_RA, AT_ONCE);
	}
	if (m.head->type == ICMP6_NS && self.conf.on)
		answer_ns(f, m.target);
	else if (m.head->type == ICMP6_RS && self.conf.ra)
		send_ra(addr_is_any(&f->src) ? &addr_all_nodes : &f->src);
	return true;
}

/**
 * ndp_timer() - The timer for unsolicited advertisements is due
 * @now:	Time, us
 *
 * Sends one, unless this is the first call since the guest spoke: then it has
 * just solicited one, or is about to.
 */
void ndp_timer(uint64_t now)
{
	if (!self.awake)
		return;
	if (!tap_up()) {
		self.awake = self.running = false;
		return;
	}
	if (self.running)
		send_ra(&addr_all_nodes);
	self.running = true;
	timer_set(TIMER_RA, now + INTERVAL_S * UINT64_C(1000000));
}

/**
 * ndp_advertise() - Tell the guest at once what has changed, or who we are
 *
 * For a new prefix, router or resolver, or after a move to another host.
 */
void ndp_advertise(void)
{
	if (!net->has6)
		return;
	if (self.conf.ra)
		send_ra(&addr_all_nodes);
	if (self.conf.on)
		send_na(&net->gw6, &addr_all_nodes, 0);
}
