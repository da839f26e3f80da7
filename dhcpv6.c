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
 *	Confirm			Reply that all addresses are of this network, or
 *				not; nothing if there are none in it (18.3.3)
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
 *   A message is a type, a transaction id and options, some of which hold
 *   options.  All of it is checked once, on every level: after that its parts
 *   are readers of bytes that are there.  A length that lies, an identifier that
 *   comes twice or a list of half an entry makes the whole message bad.  Unknown
 *   options are passed over.  Of more than IA_MAX identity associations the rest
 *   gets no answer: the client asks again for what it did not get.
 *
 *   Leases last as long as those of dhcp.c, and for the same reason: the guest
 *   comes back at half of the time and learns what has changed.
 *
 *   Our identifier (DUID) is made of our MAC address, so it is the same after a
 *   restart and on another host.  Messages go from the router's link-local
 *   address, as router advertisements do.
 */
#include "dhcp.h"

#include <string.h>

#include "count.h"
#include "dnsname.h"
#include "log.h"
#include "net.h"
#include "pkt.h"
#include "wire.h"

enum {
	PORT_CLIENT	= 546,
	PORT_SERVER	= 547,
	HOPS		= 64,
	UDP_HEAD	= sizeof(struct wire_udp),
	MESSAGE_MAX	= 1500,		/* of the guest */
	REPLY_MAX	= NET_MTU_MIN6 - 40,	/* with UDP header: fits any MTU */
	IA_MAX		= 8,		/* IAs answered in one message */
	LEASE_S		= 3600,
	T1_S		= LEASE_S / 2,	/* RFC 8415, section 21.4 */
	T2_S		= LEASE_S / 5 * 4,
};

/* RFC 8415, section 7.3 */
enum {
	SOLICIT = 1, ADVERTISE, REQUEST, CONFIRM, RENEW, REBIND, REPLY, RELEASE, DECLINE,
	INFORM = 11,
};

/* Sets of them: those that name no server, those that name one, about a lease */
enum {
	TO_ANY		= 1 << SOLICIT | 1 << CONFIRM | 1 << REBIND,
	TO_ONE		= 1 << REQUEST | 1 << RENEW | 1 << RELEASE | 1 << DECLINE,
	PROLONG		= 1 << RENEW | 1 << REBIND,
	GIVE_BACK	= 1 << RELEASE | 1 << DECLINE,
};

/* RFC 8415, section 21, and where noted */
enum {
	OPT_CLIENTID	= 1,
	OPT_SERVERID	= 2,
	OPT_IA_NA	= 3,
	OPT_IA_TA	= 4,
	OPT_IAADDR	= 5,
	OPT_ORO		= 6,
	OPT_PREFERENCE	= 7,
	OPT_STATUS	= 13,
	OPT_RAPID	= 14,
	OPT_DNS		= 23,		/* RFC 3646 */
	OPT_SEARCH	= 24,		/* RFC 3646 */
	OPT_IA_PD	= 25,
	OPT_REFRESH	= 32,
	OPT_FQDN	= 39,		/* RFC 4704 */
	OPTIONS		= 40,
};

/* RFC 8415, section 21.13 */
enum status { SUCCESS, NOADDRS = 2, NOBINDING, NOTONLINK, USEMULTICAST, NOPREFIX };

static const char *const status_text[] = {
	[SUCCESS]	= "",
	[NOADDRS]	= "no more addresses",
	[NOBINDING]	= "not given by us",
	[NOTONLINK]	= "address of another network",
	[USEMULTICAST]	= "ask the group",
	[NOPREFIX]	= "no prefixes here",
};

/* Lengths of a DUID, and the shortest data of an IA Address: 11.1 and 21.6 */
enum { DUID_MIN = 3, DUID_MAX = 130, IAADDR_MIN = 24 };

/* DUID of type 3, link-layer address, on Ethernet: RFC 8415, section 11.4 */
enum { DUID_LL = 3, DUID_ETHERNET = 1 };

/* Flags of option 39: RFC 4704, section 4.1 */
enum { FQDN_S = 1, FQDN_O = 2, FQDN_N = 4 };

static const struct addr all_servers = { { 0xff, 0x02, [13] = 1, [15] = 2 } };

/**
 * struct v6_ia - an identity association (IA) of a client
 * @type:	OPT_IA_NA, OPT_IA_TA or OPT_IA_PD
 * @id:		its number
 * @opts:	options in it
 * @ours:	it is the one our address was given to: that is in it
 * @far:	an address of another network is
 */
struct v6_ia {
	uint16_t type;
	uint32_t id;
	struct pkt_reader opts;
	bool ours;
	bool far;
};

/**
 * struct v6_request - a message of a client, checked
 * @type:	SOLICIT and so on
 * @is:		its bit in sets of types
 * @xid:	transaction id, 3 bytes
 * @opt:	options but for IAs, by number, the last of each; NULL in @opt.p:
 *		not there
 * @ia:		identity associations
 * @nia:	entries of @ia
 * @any:	there are addresses in IAs, other than those for prefixes
 * @far:	there are some of another network
 */
struct v6_request {
	uint8_t type;
	unsigned is;
	const uint8_t *xid;
	struct pkt_reader opt[OPTIONS];
	struct v6_ia ia[IA_MAX];
	unsigned nia;
	bool any;
	bool far;
};

/**
 * struct dhcpv6_self - state of this file
 * @conf:	what was asked for
 * @duid:	our identifier
 */
static struct {
	struct dhcp_conf conf;
	uint8_t duid[10];
} self;

/**
 * dhcpv6_init() - Begin anew
 * @conf:	What was asked for, copied
 *
 * To be called after net_init(), which knows our MAC address.
 */
void dhcpv6_init(const struct dhcp_conf *conf)
{
	self.conf = *conf;
	put_be16(self.duid, DUID_LL);
	put_be16(self.duid + 2, DUID_ETHERNET);
	memcpy(self.duid + 4, net->mac, sizeof(net->mac));
}

/* ---- reading ---- */

/**
 * next_option() - Next option of a list
 * @list:	List, moved behind the option
 * @code:	Set
 * @opt:	Set to its data
 *
 * Return: false at the end of the list; bad, if an option ends behind it
 */
static bool next_option(struct pkt_reader *list, uint16_t *code, struct pkt_reader *opt)
{
	if (!list->left)
		return false;
	*code = pkt_be16(list);
	*opt = pkt_sub(list, pkt_be16(list));
	return !list->bad;
}

/**
 * read_ia() - Check an identity association and note it
 * @rq:		Request
 * @type:	OPT_IA_NA, OPT_IA_TA or OPT_IA_PD
 * @opt:	Its data
 *
 * Return: false if it is too short, or what is in it lies about its length
 */
static bool read_ia(struct v6_request *rq, uint16_t type, struct pkt_reader opt)
{
	struct v6_ia ia = { .type = type, .id = pkt_be32(&opt) };
	struct pkt_reader sub;
	uint16_t code;

	if (type != OPT_IA_TA)
		(void)pkt_take(&opt, 8);	/* T1 and T2 are hints at most */
	ia.opts = opt;
	while (next_option(&opt, &code, &sub)) {
		const struct addr *a = (const void *)sub.p;

		if (code == OPT_IAADDR && sub.left < IAADDR_MIN)
			return false;
		if (code != OPT_IAADDR || type == OPT_IA_PD)
			continue;
		rq->any = true;
		ia.ours = ia.ours || (type == OPT_IA_NA && addr_eq(a, &net->addr6));
		ia.far = ia.far || !addr_in_prefix(a, &net->addr6, 64);
	}
	rq->far = rq->far || ia.far;
	if (!opt.bad && rq->nia < IA_MAX)
		rq->ia[rq->nia++] = ia;
	return !opt.bad;
}

/**
 * read_option() - Check an option of a message and note it
 * @rq:		Request
 * @code:	Which option
 * @opt:	Its data
 *
 * Return: false if it is malformed
 */
static bool read_option(struct v6_request *rq, uint16_t code, struct pkt_reader opt)
{
	bool again;

	if (code == OPT_IA_NA || code == OPT_IA_TA || code == OPT_IA_PD)
		return read_ia(rq, code, opt);
	if (code >= OPTIONS)
		return true;
	again = rq->opt[code].p;
	rq->opt[code] = opt;
	switch (code) {
	case OPT_CLIENTID:
	case OPT_SERVERID:
		return !again && opt.left >= DUID_MIN && opt.left <= DUID_MAX;
	case OPT_ORO:
		return opt.left % 2 == 0;
	case OPT_RAPID:
		return !opt.left;
	case OPT_FQDN:
		return opt.left > 0;
	default:
		return true;
	}
}

/**
 * read_request() - Check a message of a client
 * @rq:		Filled
 * @r:		Message, has to outlive @rq
 *
 * Return: false if anything in it ends too early, or the identifiers do not fit
 *	   its type (RFC 8415, sections 16.2 to 16.12); messages that servers do
 *	   not get have none that do
 */
static bool read_request(struct v6_request *rq, struct pkt_reader r)
{
	const struct pkt_reader *server = &rq->opt[OPT_SERVERID];
	struct pkt_reader opt;
	uint16_t code;
	bool ours;

	memset(rq, 0, sizeof(*rq));
	rq->type = pkt_u8(&r);
	rq->is = rq->type <= INFORM ? 1U << rq->type : 0;
	rq->xid = pkt_take(&r, 3);
	while (next_option(&r, &code, &opt)) {
		if (!read_option(rq, code, opt))
			return false;
	}
	if (r.bad)
		return false;
	ours = server->left == sizeof(self.duid) &&
	       !memcmp(server->p, self.duid, sizeof(self.duid));
	if (rq->type == INFORM)
		return !rq->nia && (!server->p || ours);
	return rq->opt[OPT_CLIENTID].p &&
	       ((rq->is & TO_ANY && !server->p) || (rq->is & TO_ONE && ours));
}

/* asks() - Whether the client wants an option: it is in its list, or there is none */
static bool asks(const struct v6_request *rq, uint16_t code)
{
	struct pkt_reader list = rq->opt[OPT_ORO];

	while (list.left) {
		if (pkt_be16(&list) == code)
			return true;
	}
	return !list.p;
}

/* ---- answering ---- */

/* begin() - Head of an option whose length is not known yet.  Return: its place */
static size_t begin(struct pkt_writer *w, uint16_t code)
{
	pkt_put_be16(w, code);
	pkt_put_be16(w, 0);
	return w->len;
}

/* end() - Fill in the length of the option whose data began at @at; none: no option */
static void end(struct pkt_writer *w, size_t at)
{
	if (w->bad)
		return;
	if (w->len == at)
		w->len -= 4;
	else
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
static void put_status(struct pkt_writer *w, enum status status)
{
	size_t at = begin(w, OPT_STATUS);

	pkt_put_be16(w, (uint16_t)status);
	pkt_put(w, status_text[status], strlen(status_text[status]));
	end(w, at);
}

/* put_address() - An address in an IA; @lease is 0 to take it away */
static void put_address(struct pkt_writer *w, const struct addr *a, uint32_t lease)
{
	size_t at = begin(w, OPT_IAADDR);

	pkt_put(w, a->b, sizeof(a->b));
	pkt_put_be32(w, lease);		/* preferred */
	pkt_put_be32(w, lease);		/* valid */
	end(w, at);
}

/**
 * put_ia() - What the client gets for an IA
 * @w:		Writer
 * @rq:		Request
 * @ia:		IA of it
 * @status:	SUCCESS: our address; else the reason why not
 */
static void put_ia(struct pkt_writer *w, const struct v6_request *rq, const struct v6_ia *ia,
		   enum status status)
{
	struct pkt_reader list = ia->opts, opt;
	size_t at = begin(w, ia->type);
	uint16_t code;

	pkt_put_be32(w, ia->id);
	if (ia->type != OPT_IA_TA) {
		pkt_put_be32(w, status ? 0 : T1_S);
		pkt_put_be32(w, status ? 0 : T2_S);
	}
	if (status)
		put_status(w, status);
	else
		put_address(w, &net->addr6, LEASE_S);
	while (!status && rq->is & PROLONG && next_option(&list, &code, &opt)) {
		const struct addr *a = (const void *)opt.p;

		if (code == OPT_IAADDR && !addr_eq(a, &net->addr6))
			put_address(w, a, 0);
	}
	end(w, at);
}

/**
 * put_ias() - What the client gets for each of its IAs
 * @w:		Writer
 * @rq:		Request
 */
static void put_ias(struct pkt_writer *w, const struct v6_request *rq)
{
	bool giving = !addr_is_none(&net->addr6) && !(rq->is & GIVE_BACK);

	for (unsigned i = 0; i < rq->nia; i++) {
		const struct v6_ia *ia = &rq->ia[i];
		enum status status = ia->type == OPT_IA_PD ? NOPREFIX : NOADDRS;

		if (rq->is & GIVE_BACK && ia->ours)
			continue;
		if (ia->type == OPT_IA_NA && giving) {
			/* Told to begin anew, whether or not we know a better one */
			status = rq->type == REQUEST && ia->far ? NOTONLINK : SUCCESS;
			giving = false;
		} else if (rq->is & (PROLONG | GIVE_BACK)) {
			status = NOBINDING;
		}
		put_ia(w, rq, ia, status);
	}
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
	struct pkt_reader theirs = rq->opt[OPT_FQDN];
	size_t at = begin(w, OPT_FQDN);

	pkt_put_u8(w, pkt_u8(&theirs) & FQDN_S ? FQDN_N | FQDN_O : FQDN_N);
	if (!dnsname_put(w, net->fqdn, false))
		w->len = at;
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

	if (self.conf.dns && asks(rq, OPT_DNS) && net->ndns6)	/* RFC 3646, section 3 */
		put_option(w, OPT_DNS, net->dns6, net->ndns6 * sizeof(net->dns6[0]));
	if (rq->opt[OPT_FQDN].p || (rq->opt[OPT_ORO].p && asks(rq, OPT_FQDN)))
		put_fqdn(w, rq);
	/* RFC 8415, section 21.23: for clients without a lease to renew */
	if (rq->type == INFORM && asks(rq, OPT_REFRESH))
		put_option(w, OPT_REFRESH, refresh, sizeof(refresh));
	/* RFC 3646, section 4: names that do not fit are left out */
	if (self.conf.search && asks(rq, OPT_SEARCH) && w->size - w->len > 4) {
		size_t at = begin(w, OPT_SEARCH);

		for (unsigned i = 0; i < net->nsearch; i++)
			(void)dnsname_put(w, net->search[i], false);
		end(w, at);
	}
}

/**
 * put_head() - UDP header, message type, transaction and identifiers
 * @w:		Writer
 * @rq:		Request
 * @type:	ADVERTISE or REPLY
 */
static void put_head(struct pkt_writer *w, const struct v6_request *rq, uint8_t type)
{
	const struct pkt_reader *client = &rq->opt[OPT_CLIENTID];

	pkt_put_be16(w, PORT_SERVER);
	pkt_put_be16(w, PORT_CLIENT);
	pkt_put_be32(w, 0);		/* length, set at last; checksum */
	pkt_put_u8(w, type);
	pkt_put(w, rq->xid, 3);
	if (client->p)
		put_option(w, OPT_CLIENTID, client->p, client->left);
	put_option(w, OPT_SERVERID, self.duid, sizeof(self.duid));
}

/**
 * answer() - Answer a message, if an answer is due
 * @f:		Frame it came in
 * @rq:		Request
 */
static void answer(const struct frame *f, const struct v6_request *rq)
{
	uint8_t type = rq->type == SOLICIT && !rq->opt[OPT_RAPID].p ? ADVERTISE : REPLY;
	uint8_t buf[REPLY_MAX];
	struct pkt_writer w = pkt_writer(buf, sizeof(buf));

	put_head(&w, rq, type);
	if (!addr_eq(&f->dst, &all_servers)) {
		if (!(rq->is & TO_ONE))
			return;
		put_status(&w, USEMULTICAST);
	} else if (rq->type == CONFIRM) {
		if (!rq->any || addr_is_none(&net->addr6))
			return;
		put_status(&w, rq->far ? NOTONLINK : SUCCESS);
	} else if (rq->is & GIVE_BACK) {
		put_status(&w, SUCCESS);
		put_ias(&w, rq);
	} else {
		if (type == ADVERTISE)
			put_option(&w, OPT_PREFERENCE, "\xff", 1);
		else if (rq->type == SOLICIT)
			put_option(&w, OPT_RAPID, NULL, 0);
		put_ias(&w, rq);
		put_parameters(&w, rq);
	}
	if (w.bad) {
		count(DROP_DHCPV6_BAD);
		debug("dhcpv6: client asks for more than fits, dropped");
		return;
	}
	put_be16(buf + offsetof(struct wire_udp, len), (uint16_t)w.len);
	debug("dhcpv6: message of type %u answered with type %u", rq->type, type);
	(void)frame_send(&net->gw6, &f->src, WIRE_UDP, buf, (uint32_t)w.len, HOPS);
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
	uint8_t buf[MESSAGE_MAX];
	struct v6_request rq;
	uint32_t len;

	if (!self.conf.on || f->proto != WIRE_UDP || addr_is4(&f->dst) || !udp ||
	    get_be16(udp->dport) != PORT_SERVER)
		return false;
	if (!addr_eq(&f->dst, &all_servers) && !addr_eq(&f->dst, &net->gw6))
		return false;

	len = get_be16(udp->len) - (uint32_t)UDP_HEAD;	/* huge, if it lies */
	if (addr_is_any(&f->src) || len > frame_copy(f, UDP_HEAD, buf, sizeof(buf)) ||
	    !frame_csum_ok(f) || !read_request(&rq, pkt_reader(buf, len))) {
		count(DROP_DHCPV6_BAD);
		debug("dhcpv6: message malformed or not for this server, dropped");
		return true;
	}
	answer(f, &rq);
	return true;
}
