// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dhcpv6.c - the host's IPv6 address for the guest (RFC 8415)
 *
 * Theory of operation
 *
 *   As in dhcp.c there is one address, net->addr6, and one client, so there are
 *   no leases to keep: an identity association (IA) is answered by comparing
 *   the addresses in it with the one we have.  A client that brings several
 *   IAs gets the address in the first one for non-temporary addresses.
 *
 *	Solicit			Advertise with preference 255, so that the client
 *				does not wait for other servers; Reply at once
 *				with rapid commit
 *	Request			Reply; NotOnLink if an address in it is of another
 *				network (18.3.2)
 *	Renew, Rebind		Reply; an address that is no longer ours comes back
 *				with lifetimes of 0, and ours beside it (18.3.4)
 *	Confirm			Reply that the addresses are of this network, or
 *				not (18.3.3)
 *	Release, Decline	Reply; NoBinding for IAs without our address
 *				(18.3.7, 18.3.8)
 *	Information-request	Reply without address (18.3.6)
 *
 *   Temporary addresses and prefixes are not to be had, and the client is told:
 *   NoAddrsAvail, NoPrefixAvail, or NoBinding if it believes to have some.
 *   A message that must come to the group but came to our address is answered
 *   with UseMulticast, or not at all (18.4).  Relays are not served: nothing in
 *   front of the guest could be one.
 *
 *   Leases last as long as those of dhcp.c, and for the same reason: the guest
 *   comes back at half of the time and learns what has changed.
 *
 *   Our identifier (DUID) is made of our MAC address, so it is the same after a
 *   restart and on another host.  Messages go from the router's link-local
 *   address, see ndp_router().
 */
#include "dhcpv6.h"

#include <string.h>

#include "count.h"
#include "dhcpv6_msg.h"
#include "dnsname.h"
#include "log.h"
#include "ndp.h"
#include "net.h"
#include "pkt.h"
#include "wire.h"

enum {
	PORT_CLIENT	= 546,
	PORT_SERVER	= 547,
	HOPS		= 64,
	MESSAGE_MAX	= 1500,		/* of the guest */
	REPLY_MAX	= NET_MTU_MIN6 - 40 - 8,	/* fits any MTU */
	LEASE_S		= 3600,
	T1_S		= LEASE_S / 2,	/* RFC 8415, section 21.4 */
	T2_S		= LEASE_S / 5 * 4,
};

/* RFC 8415, section 21.13 */
enum {
	STATUS_SUCCESS		= 0,
	STATUS_NOADDRS		= 2,
	STATUS_NOBINDING	= 3,
	STATUS_NOTONLINK	= 4,
	STATUS_USEMULTICAST	= 5,
	STATUS_NOPREFIX		= 6,
};

/* Flags of option 39: RFC 4704, section 4.1 */
enum { FQDN_S = 1, FQDN_O = 2, FQDN_N = 4 };

/* DUID of type 3, link-layer address, on Ethernet: RFC 8415, section 11.4 */
enum { DUID_LL = 3, DUID_ETHERNET = 1, DUID_LL_LEN = 10 };

static const struct addr all_servers = { { 0xff, 0x02, [13] = 1, [15] = 2 } };

/**
 * struct dhcpv6_self - state of this file
 * @conf:	what was asked for
 */
static struct {
	struct dhcpv6_conf conf;
} self;

/**
 * dhcpv6_init() - Begin anew
 * @conf:	What was asked for, copied
 */
void dhcpv6_init(const struct dhcpv6_conf *conf)
{
	self.conf = *conf;
}

/* make_duid() - Our identifier */
static void make_duid(uint8_t duid[static DUID_LL_LEN])
{
	put_be16(duid, DUID_LL);
	put_be16(duid + 2, DUID_ETHERNET);
	memcpy(duid + 4, net->mac, sizeof(net->mac));
}

/* has_address() - Whether we have an address to give */
static bool has_address(void)
{
	return !addr_is4(&net->addr6) && !addr_is_any(&net->addr6);
}

/* for_us() - Whether the server the client names is this one */
static bool for_us(const struct v6_request *rq)
{
	uint8_t duid[DUID_LL_LEN];

	make_duid(duid);
	return rq->server.left == sizeof(duid) && !memcmp(rq->server.p, duid, sizeof(duid));
}

/**
 * ids_ok() - Whether the identifiers in a message fit its type
 * @rq:		Request
 *
 * Return: true if they follow RFC 8415, sections 16.2 to 16.12; messages that
 *	   servers do not get never do
 */
static bool ids_ok(const struct v6_request *rq)
{
	switch (rq->type) {
	case V6_SOLICIT:
	case V6_CONFIRM:
	case V6_REBIND:
		return rq->client.p && !rq->server.p;
	case V6_REQUEST:
	case V6_RENEW:
	case V6_RELEASE:
	case V6_DECLINE:
		return rq->client.p && for_us(rq);
	case V6_INFORM:
		return !rq->nia && (!rq->server.p || for_us(rq));
	default:
		return false;
	}
}

/* begin() - Head of an option whose length is not known yet.  Return: its place */
static size_t begin(struct pkt_writer *w, uint16_t code)
{
	pkt_put_be16(w, code);
	pkt_put_be16(w, 0);
	return w->len;
}

/* end() - Fill in the length of the option that begin() placed at @at */
static void end(struct pkt_writer *w, size_t at)
{
	if (!w->bad)
		put_be16(w->buf + at - 2, (uint16_t)(w->len - at));
}

/* put_option() - An option with data that is there */
static void put_option(struct pkt_writer *w, uint16_t code, const void *data, size_t len)
{
	pkt_put_be16(w, code);
	pkt_put_be16(w, (uint16_t)len);
	pkt_put(w, data, len);
}

/* put_status() - Status code (RFC 8415, section 21.13) */
static void put_status(struct pkt_writer *w, uint16_t status, const char *text)
{
	size_t at = begin(w, V6_OPT_STATUS);

	pkt_put_be16(w, status);
	pkt_put(w, text, strlen(text));
	end(w, at);
}

/* put_address() - An address in an IA; @lease is 0 to take it away */
static void put_address(struct pkt_writer *w, const struct addr *a, uint32_t lease)
{
	size_t at = begin(w, V6_OPT_IAADDR);

	pkt_put(w, a->b, sizeof(a->b));
	pkt_put_be32(w, lease);		/* preferred */
	pkt_put_be32(w, lease);		/* valid */
	end(w, at);
}

/* begin_ia() - Head of an IA in a reply; T1 and T2 are 0 without an address */
static size_t begin_ia(struct pkt_writer *w, const struct v6_ia *ia, bool lease)
{
	size_t at = begin(w, ia->type);

	pkt_put_be32(w, ia->id);
	if (ia->type != V6_OPT_IA_TA) {
		pkt_put_be32(w, lease ? T1_S : 0);
		pkt_put_be32(w, lease ? T2_S : 0);
	}
	return at;
}

/* put_refusal() - An IA with nothing but a status */
static void put_refusal(struct pkt_writer *w, const struct v6_ia *ia, uint16_t status,
			const char *text)
{
	size_t at = begin_ia(w, ia, false);

	put_status(w, status, text);
	end(w, at);
}

/* of_our_link() - Whether an address is one of the guest's network */
static bool of_our_link(const struct addr *a)
{
	return has_address() && addr_in_prefix(a, &net->addr6, 64);
}

/**
 * put_lease() - An IA with our address
 * @w:		Writer
 * @rq:		Request
 * @ia:		IA of it
 */
static void put_lease(struct pkt_writer *w, const struct v6_request *rq,
		      const struct v6_ia *ia)
{
	struct pkt_reader list = ia->opts;
	struct addr a;
	size_t at;

	/* Told to begin anew by this, whether or not we know a better address */
	while (rq->type == V6_REQUEST && dhcpv6_msg_address(&list, &a)) {
		if (!of_our_link(&a)) {
			put_refusal(w, ia, STATUS_NOTONLINK, "address of another network");
			return;
		}
	}
	at = begin_ia(w, ia, true);
	put_address(w, &net->addr6, LEASE_S);
	list = ia->opts;
	while ((rq->type == V6_RENEW || rq->type == V6_REBIND) && dhcpv6_msg_address(&list, &a)) {
		if (!addr_eq(&a, &net->addr6))
			put_address(w, &a, 0);
	}
	end(w, at);
}

/**
 * put_none() - An IA that gets no address
 * @w:		Writer
 * @rq:		Request
 * @ia:		IA of it
 */
static void put_none(struct pkt_writer *w, const struct v6_request *rq,
		     const struct v6_ia *ia)
{
	if (rq->type == V6_RENEW || rq->type == V6_REBIND)
		put_refusal(w, ia, STATUS_NOBINDING, "not given by us");
	else if (ia->type == V6_OPT_IA_PD)
		put_refusal(w, ia, STATUS_NOPREFIX, "no prefixes here");
	else
		put_refusal(w, ia, STATUS_NOADDRS, "no more addresses");
}

/**
 * put_ias() - What the client gets for each of its IAs
 * @w:		Writer
 * @rq:		Request
 */
static void put_ias(struct pkt_writer *w, const struct v6_request *rq)
{
	bool given = !has_address();

	for (unsigned i = 0; i < rq->nia; i++) {
		const struct v6_ia *ia = &rq->ia[i];

		if (ia->type != V6_OPT_IA_NA || given) {
			put_none(w, rq, ia);
		} else {
			put_lease(w, rq, ia);
			given = true;
		}
	}
}

/**
 * holds_address() - Whether an IA is the one our address was given to
 * @ia:		IA of a client
 *
 * Return: true if our address is among those in it
 */
static bool holds_address(const struct v6_ia *ia)
{
	struct pkt_reader list = ia->opts;
	struct addr a;

	while (ia->type == V6_OPT_IA_NA && dhcpv6_msg_address(&list, &a)) {
		if (addr_eq(&a, &net->addr6))
			return true;
	}
	return false;
}

/**
 * put_release() - Answer to Release and Decline (RFC 8415, 18.3.7 and 18.3.8)
 * @w:		Writer
 * @rq:		Request
 */
static void put_release(struct pkt_writer *w, const struct v6_request *rq)
{
	put_status(w, STATUS_SUCCESS, "");
	for (unsigned i = 0; i < rq->nia; i++) {
		if (!holds_address(&rq->ia[i]))
			put_refusal(w, &rq->ia[i], STATUS_NOBINDING, "not given by us");
	}
}

/**
 * put_confirm() - Answer to Confirm (RFC 8415, section 18.3.3)
 * @w:		Writer
 * @rq:		Request
 *
 * Return: false if no answer is due: no address in it, or we know no network
 */
static bool put_confirm(struct pkt_writer *w, const struct v6_request *rq)
{
	bool any = false, all = true;
	struct addr a;

	for (unsigned i = 0; i < rq->nia; i++) {
		struct pkt_reader list = rq->ia[i].opts;

		while (rq->ia[i].type != V6_OPT_IA_PD && dhcpv6_msg_address(&list, &a)) {
			any = true;
			all = all && of_our_link(&a);
		}
	}
	if (!any || !has_address())
		return false;
	if (all)
		put_status(w, STATUS_SUCCESS, "");
	else
		put_status(w, STATUS_NOTONLINK, "address of another network");
	return true;
}

/* put_dns() - Resolvers (RFC 3646, section 3) */
static void put_dns(struct pkt_writer *w)
{
	size_t at;

	if (!net->ndns6)
		return;
	at = begin(w, V6_OPT_DNS);
	for (unsigned i = 0; i < net->ndns6; i++)
		pkt_put(w, net->dns6[i].b, sizeof(net->dns6[i].b));
	end(w, at);
}

/**
 * put_search() - Search list (RFC 3646, section 4)
 * @w:		Writer; names that do not fit are left out
 */
static void put_search(struct pkt_writer *w)
{
	struct pkt_writer old = *w;
	size_t at = begin(w, V6_OPT_SEARCH);

	for (unsigned i = 0; i < net->nsearch; i++) {
		uint8_t wire[DNSNAME_MAX];
		size_t len = dnsname_encode(net->search[i], wire);

		if (len <= w->size - w->len)
			pkt_put(w, wire, len);
	}
	end(w, at);
	if (w->bad || w->len == at)
		*w = old;
}

/**
 * put_fqdn() - Name of the guest (RFC 4704, section 6)
 * @w:		Writer
 * @rq:		Request
 *
 * As in DHCP: no updates of the DNS by us, and the client's wish overruled.
 */
static void put_fqdn(struct pkt_writer *w, const struct v6_request *rq)
{
	struct pkt_reader theirs = rq->fqdn;
	uint8_t wire[DNSNAME_MAX];
	size_t len = dnsname_encode(net->fqdn, wire);
	size_t at;

	if (!len)
		return;
	at = begin(w, V6_OPT_FQDN);
	pkt_put_u8(w, pkt_u8(&theirs) & FQDN_S ? FQDN_N | FQDN_O : FQDN_N);
	pkt_put(w, wire, len);
	end(w, at);
}

/**
 * put_parameters() - Everything but addresses
 * @w:		Writer
 * @rq:		Request
 */
static void put_parameters(struct pkt_writer *w, const struct v6_request *rq)
{
	static const uint8_t refresh[4] = { 0, 0, LEASE_S >> 8, LEASE_S & 0xff };

	if (self.conf.dns && dhcpv6_msg_asks(rq, V6_OPT_DNS))
		put_dns(w);
	if (rq->has_fqdn || (rq->has_oro && dhcpv6_msg_asks(rq, V6_OPT_FQDN)))
		put_fqdn(w, rq);
	/* RFC 8415, section 21.23: for clients without a lease to renew */
	if (rq->type == V6_INFORM && dhcpv6_msg_asks(rq, V6_OPT_REFRESH))
		put_option(w, V6_OPT_REFRESH, refresh, sizeof(refresh));
	if (self.conf.search && dhcpv6_msg_asks(rq, V6_OPT_SEARCH))
		put_search(w);
}

/**
 * put_head() - Message type, transaction and identifiers
 * @w:		Writer
 * @rq:		Request
 * @type:	V6_ADVERTISE or V6_REPLY
 */
static void put_head(struct pkt_writer *w, const struct v6_request *rq, uint8_t type)
{
	uint8_t duid[DUID_LL_LEN];

	make_duid(duid);
	pkt_put_u8(w, type);
	pkt_put(w, rq->xid, sizeof(rq->xid));
	if (rq->client.p)
		put_option(w, V6_OPT_CLIENTID, rq->client.p, rq->client.left);
	put_option(w, V6_OPT_SERVERID, duid, sizeof(duid));
}

/**
 * put_answer() - The whole answer to a message
 * @w:		Writer
 * @rq:		Request, its identifiers fit
 * @group:	It came to the servers' group
 *
 * Return: false if none is due
 */
static bool put_answer(struct pkt_writer *w, const struct v6_request *rq, bool group)
{
	bool rapid = rq->type == V6_SOLICIT && rq->rapid;

	put_head(w, rq, rq->type == V6_SOLICIT && !rapid ? V6_ADVERTISE : V6_REPLY);
	if (!group) {
		put_status(w, STATUS_USEMULTICAST, "ask the group");
		return rq->server.p && rq->type != V6_INFORM;
	}
	switch (rq->type) {
	case V6_RELEASE:
	case V6_DECLINE:
		put_release(w, rq);
		return true;
	case V6_CONFIRM:
		return put_confirm(w, rq);
	case V6_SOLICIT:
		if (rapid)
			put_option(w, V6_OPT_RAPID, NULL, 0);
		else
			put_option(w, V6_OPT_PREFERENCE, "\xff", 1);
		break;
	default:
		break;
	}
	put_ias(w, rq);
	put_parameters(w, rq);
	return true;
}

/**
 * answer() - Answer a message
 * @f:		Frame it came in
 * @rq:		Request, its identifiers fit
 */
static void answer(const struct frame *f, const struct v6_request *rq)
{
	uint8_t buf[sizeof(struct wire_udp) + REPLY_MAX];
	struct wire_udp *udp = (void *)buf;
	struct pkt_writer w = pkt_writer(udp + 1, REPLY_MAX);
	struct addr src = ndp_router();

	if (!put_answer(&w, rq, addr_eq(&f->dst, &all_servers)))
		return;
	if (w.bad) {
		count(DROP_DHCPV6_BAD);
		debug("dhcpv6: client asks for more than fits, dropped");
		return;
	}
	put_be16(udp->sport, PORT_SERVER);
	put_be16(udp->dport, PORT_CLIENT);
	put_be16(udp->len, (uint16_t)(sizeof(*udp) + w.len));
	put_be16(udp->csum, 0);
	debug("dhcpv6: message of type %u answered with type %u", rq->type,
	      buf[sizeof(*udp)]);
	(void)frame_send(&src, &f->src, WIRE_UDP, buf,
			 (uint32_t)(sizeof(*udp) + w.len), HOPS);
}

/**
 * dhcpv6_frame() - Handle a datagram of the guest, if it is for this server
 * @f:		Frame of kind FRAME_IP
 *
 * Return: true if it was, answered or dropped
 */
bool dhcpv6_frame(const struct frame *f)
{
	const struct wire_udp *udp = frame_l4(f, sizeof(*udp));
	struct addr ours = ndp_router();
	uint8_t buf[MESSAGE_MAX];
	struct v6_request rq;
	uint32_t len;

	if (!self.conf.on || f->proto != WIRE_UDP || addr_is4(&f->dst) || !udp ||
	    get_be16(udp->dport) != PORT_SERVER)
		return false;
	if (!addr_eq(&f->dst, &all_servers) && !addr_eq(&f->dst, &ours))
		return false;

	len = get_be16(udp->len);
	if (addr_is_any(&f->src) || len < sizeof(*udp) || len > f->l4len ||
	    len > sizeof(*udp) + sizeof(buf) || !frame_csum_ok(f) ||
	    !dhcpv6_msg_read(&rq, buf, frame_copy(f, sizeof(*udp), buf,
					       len - (uint32_t)sizeof(*udp))) ||
	    !ids_ok(&rq)) {
		count(DROP_DHCPV6_BAD);
		debug("dhcpv6: message malformed or not for this server, dropped");
		return true;
	}
	answer(f, &rq);
	return true;
}
