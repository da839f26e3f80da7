// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dhcp.c - IPv4 configuration of the guest (RFC 2131, options RFC 2132)
 *
 * Theory of operation
 *
 *   The server has one address to give, net->addr4, and one client, so it keeps
 *   no leases: whoever asks is offered that address, and what a client claims
 *   to have is compared with it.  The same answer comes out before and after a
 *   restart, or on another host.
 *
 *	DISCOVER	OFFER; ACK at once with rapid commit (RFC 4039)
 *	REQUEST		ACK if it names our address, NAK if another, nothing if
 *			it chose another server (RFC 2131, 4.3.2 and table 4)
 *	INFORM		ACK without address and lease (4.3.5)
 *	DECLINE		noted: nobody else is on the link, so the guest has
 *	RELEASE		the address twice or has no more use for it
 *	no type		BOOTP (RFC 951): the same answer, for good (RFC 1534)
 *
 *   Leases are finite, LEASE_S, so that a guest comes back at half of that and
 *   learns what has changed on the host since: a NAK sends it back to the start
 *   if the address is another, an ACK brings new routes and resolvers.  An hour
 *   bounds how long the guest may be wrong; an exchange of two packets in half
 *   an hour costs nothing.
 *
 *   Our own address, the server identifier, is the gateway's: net.c has one
 *   even where the host has none.
 *
 *   Options of a request are indexed by number before anything is decided.  Of
 *   an option that comes twice the first counts: joining those that were split
 *   (RFC 3396) matters for long ones only, and we read none of these.  A
 *   length that lies, or that its option can not have, makes the whole message
 *   bad.  The data stays where it is.
 *
 *   In a reply the client's list of parameters (option 55) sets the order, and
 *   everything else we have follows: if there is not room for all, what it
 *   asked for first is in.  An option is in whole or not at all; one of more
 *   than 255 bytes is split.
 *
 *   Routes: if the gateway is not in the guest's network, as with a prefix of
 *   32 bits, or the host has more routes than the default one, option 121 (RFC
 *   3442) tells all of them, with a route on the link to each next hop first.
 *   A client that knows it must ignore option 3 then, so the default is in it.
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
	PORT_SERVER	= 67,
	PORT_CLIENT	= 68,
	BOOTREQUEST	= 1,
	BOOTREPLY	= 2,
	ETHERNET	= 1,		/* htype, by IANA */
	BROADCAST	= 0x8000,	/* flags: RFC 2131, section 2 */
	LEASE_S		= 3600,
	TTL		= 64,
	UDP_HEAD	= sizeof(struct wire_udp),
	MESSAGE_MIN	= 300,		/* RFC 1542, 2.1: smaller may be dropped */
	MESSAGE_MAX	= 1500 - 28,	/* without IP and UDP headers */
	SIZE_MIN	= 576,		/* any client takes that: RFC 2131, 2 */
	OPTION_MAX	= 255,		/* bytes in one instance of an option */
	DATA_MAX	= NET_SEARCH_MAX * DNSNAME_MAX,
};

/* RFC 2132, section 9.6; no such option is BOOTP */
enum { TYPE_BOOTP, DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

/* RFC 2132, and where noted */
enum {
	OPT_PAD		= 0,
	OPT_MASK	= 1,
	OPT_ROUTER	= 3,
	OPT_DNS		= 6,
	OPT_HOSTNAME	= 12,
	OPT_MTU		= 26,
	OPT_REQUESTED	= 50,
	OPT_LEASE	= 51,
	OPT_OVERLOAD	= 52,
	OPT_TYPE	= 53,
	OPT_SERVER	= 54,
	OPT_PARAMETERS	= 55,
	OPT_TEXT	= 56,
	OPT_SIZE	= 57,
	OPT_CLIENT	= 61,
	OPT_RAPID	= 80,		/* RFC 4039 */
	OPT_FQDN	= 81,		/* RFC 4702 */
	OPT_RELAY	= 82,		/* RFC 3046 */
	OPT_SEARCH	= 119,		/* RFC 3397 */
	OPT_ROUTES	= 121,		/* RFC 3442 */
	OPT_END		= 255,
	OPTIONS		= 256,
};

/* Lengths that are fixed, of those options of a request that we read */
static const uint8_t fixed_len[OPTIONS] = {
	[OPT_TYPE] = 1, [OPT_OVERLOAD] = 1, [OPT_SIZE] = 2, [OPT_REQUESTED] = 4,
	[OPT_SERVER] = 4,
};

/* What every client gets, in this order, after what it asked for */
static const uint8_t parameter[] = {
	OPT_MASK, OPT_ROUTES, OPT_ROUTER, OPT_DNS, OPT_HOSTNAME, OPT_MTU, OPT_FQDN,
	OPT_SEARCH,
};

/* Values of option 52: RFC 2132, section 9.3 */
enum { OVERLOAD_FILE = 1, OVERLOAD_SNAME = 2 };

/* Flags of option 81: RFC 4702, section 2.1 */
enum { FQDN_S = 1, FQDN_O = 2, FQDN_E = 4, FQDN_N = 8 };

/* RFC 2131, section 2, and the cookie of section 3 */
struct wire_dhcp {
	uint8_t op;
	uint8_t htype;
	uint8_t hlen;
	uint8_t hops;
	uint8_t xid[4];
	uint8_t secs[2];
	uint8_t flags[2];
	uint8_t ciaddr[4];
	uint8_t yiaddr[4];
	uint8_t siaddr[4];
	uint8_t giaddr[4];
	uint8_t chaddr[16];
	uint8_t sname[64];
	uint8_t file[128];
	uint8_t cookie[4];
} __attribute__((packed));
_Static_assert(sizeof(struct wire_dhcp) == 240, "BOOTP header and cookie");

static const uint8_t cookie[4] = { 99, 130, 83, 99 };

/**
 * struct dhcp_request - a message of a client, checked
 * @type:	DISCOVER and so on, TYPE_BOOTP
 * @ciaddr:	address the client says it has, 0.0.0.0 if none
 * @giaddr:	relay it came through, 0.0.0.0 if none
 * @msg:	its fixed part
 * @opt:	its options by number, NULL in @opt.p: not there
 * @buf:	the whole of it
 */
struct dhcp_request {
	uint8_t type;
	struct addr ciaddr;
	struct addr giaddr;
	const struct wire_dhcp *msg;
	struct pkt_reader opt[OPTIONS];
	uint8_t buf[MESSAGE_MAX];
};

/**
 * struct dhcp_self - state of this file
 * @conf:	what was asked for
 * @rq:		message being answered; nothing of it is kept
 */
static struct {
	struct dhcp_conf conf;
	struct dhcp_request rq;
} self;

/**
 * dhcp_init() - Begin anew
 * @conf:	What was asked for, copied
 */
void dhcp_init(const struct dhcp_conf *conf)
{
	memset(&self, 0, sizeof(self));
	self.conf = *conf;
}

/**
 * read_options() - Index the options of one field
 * @opt:	By number; gets those that are not there yet
 * @data:	Field
 * @len:	Its length
 *
 * Return: false if an option ends behind the field, or has a length it can not have
 */
static bool read_options(struct pkt_reader opt[static OPTIONS], const uint8_t *data, size_t len)
{
	struct pkt_reader r = pkt_reader(data, len);

	while (r.left) {
		uint8_t code = pkt_u8(&r);
		struct pkt_reader field;

		if (code == OPT_PAD)
			continue;
		if (code == OPT_END)
			break;
		field = pkt_sub(&r, pkt_u8(&r));
		if (opt[code].p)
			continue;
		if (fixed_len[code] && field.left != fixed_len[code])
			return false;
		opt[code] = field;
	}
	return !r.bad;
}

/* read_overload() - Options in the fields for names (RFC 2132, section 9.3) */
static bool read_overload(struct dhcp_request *rq)
{
	const uint8_t *where = rq->opt[OPT_OVERLOAD].p;
	const struct wire_dhcp *m = rq->msg;

	if (!where)
		return true;
	return *where && *where <= (OVERLOAD_FILE | OVERLOAD_SNAME) &&
	       (!(*where & OVERLOAD_FILE) || read_options(rq->opt, m->file, sizeof(m->file))) &&
	       (!(*where & OVERLOAD_SNAME) || read_options(rq->opt, m->sname, sizeof(m->sname)));
}

/**
 * read_request() - Check a message of a client
 * @rq:		Filled
 * @f:		Frame with a datagram to the server's port
 * @udp:	Its header
 *
 * Return: false if it is no BOOTP over Ethernet, or ends too early anywhere
 */
static bool read_request(struct dhcp_request *rq, const struct frame *f,
			 const struct wire_udp *udp)
{
	uint32_t len = get_be16(udp->len) - (uint32_t)UDP_HEAD;	/* huge, if it lies */
	const struct wire_dhcp *m = (const void *)rq->buf;
	static const uint8_t zero[6];

	if (len > frame_copy(f, UDP_HEAD, rq->buf, sizeof(rq->buf)) || len < sizeof(*m) ||
	    (get_be16(udp->csum) && !frame_csum_ok(f)))		/* 0: none was made */
		return false;
	if (m->op != BOOTREQUEST || m->htype != ETHERNET || m->hlen != 6 ||
	    memcmp(m->cookie, cookie, sizeof(cookie)) ||
	    m->chaddr[0] & 1 || !memcmp(m->chaddr, zero, sizeof(zero)))
		return false;

	memset(rq->opt, 0, sizeof(rq->opt));
	rq->msg = m;
	rq->ciaddr = addr_from4(m->ciaddr);
	rq->giaddr = addr_from4(m->giaddr);
	if (!read_options(rq->opt, rq->buf + sizeof(*m), len - sizeof(*m)) ||
	    !read_overload(rq))
		return false;
	rq->type = rq->opt[OPT_TYPE].p ? *rq->opt[OPT_TYPE].p : TYPE_BOOTP;
	return true;
}

/* option_is() - Whether an option of 4 bytes holds this address */
static bool option_is(const struct dhcp_request *rq, uint8_t code, const struct addr *a)
{
	return rq->opt[code].p && !memcmp(rq->opt[code].p, addr_v4(a), 4);
}

/**
 * judge_request() - What to say to a REQUEST (RFC 2131, 4.3.2 and table 4)
 * @rq:		Request
 *
 * Return: ACK, NAK, or 0 to say nothing
 */
static uint8_t judge_request(const struct dhcp_request *rq)
{
	/* SELECTING; one that names another server declines our offer */
	if (rq->opt[OPT_SERVER].p && !option_is(rq, OPT_SERVER, &net->gw4))
		return 0;
	/* SELECTING, or INIT-REBOOT without a server identifier */
	if (rq->opt[OPT_REQUESTED].p)
		return option_is(rq, OPT_REQUESTED, &net->addr4) ? ACK : NAK;
	/* RENEWING or REBINDING */
	if (!addr_is_any(&rq->ciaddr))
		return addr_eq(&rq->ciaddr, &net->addr4) ? ACK : NAK;
	count(DROP_DHCP_BAD);
	return 0;
}

/**
 * judge() - What to say to a message
 * @rq:		Request
 *
 * Return: OFFER, ACK, NAK, or 0 to say nothing
 */
static uint8_t judge(const struct dhcp_request *rq)
{
	switch (rq->type) {
	case TYPE_BOOTP:
		return ACK;
	case DISCOVER:
		return rq->opt[OPT_RAPID].p ? ACK : OFFER;
	case REQUEST:
		return judge_request(rq);
	case INFORM:
		if (!addr_is_any(&rq->ciaddr) || !addr_is_any(&rq->giaddr))
			return ACK;
		break;
	case DECLINE:
		debug("dhcp: the guest says that its address is in use");
		return 0;
	case RELEASE:
		debug("dhcp: the guest gave back its address");
		return 0;
	default:
		break;
	}
	count(DROP_DHCP_BAD);
	debug("dhcp: message of type %u dropped", rq->type);
	return 0;
}

/* put_route() - One route (RFC 3442): prefix, its significant bytes, next hop or 0 */
static void put_route(struct pkt_writer *w, const struct net_route *r)
{
	pkt_put_u8(w, r->prefix);
	pkt_put(w, addr_v4(&r->dst), (size_t)(r->prefix + 7) / 8);
	pkt_put(w, addr_v4(&r->via), 4);
}

/* reaches() - Whether one of some routes leads to an address */
static bool reaches(const struct net_route *list, unsigned n, const struct addr *a)
{
	for (unsigned i = 0; i < n; i++) {
		if (addr_in_prefix(a, &list[i].dst, list[i].prefix))
			return true;
	}
	return false;
}

/**
 * put_routes() - Option 121: what is on the link, next hops, what is behind them
 * @w:		Writer for its data; left empty if options 1 and 3 say enough
 *
 * First on the link is the guest's own network, which option 1 tells, and last
 * of what is behind a next hop the default route, which option 3 tells.
 */
static void put_routes(struct pkt_writer *w)
{
	struct net_route beside[NET_ROUTE_MAX + 2], behind[NET_ROUTE_MAX + 1];
	unsigned nbeside = 1, nbehind = 0;

	beside[0] = (struct net_route){ .dst = net->addr4, .prefix = net->prefix4 };
	for (unsigned i = 0; i < net->nroutes; i++) {
		const struct net_route *r = &net->routes[i];

		if (!addr_is4(&r->dst) || !r->prefix)
			continue;
		if (!addr_is_any(&r->via))
			behind[nbehind++] = *r;
		else if (r->prefix != net->prefix4 || !reaches(beside, 1, &r->dst))
			beside[nbeside++] = *r;
	}
	behind[nbehind++] = (struct net_route){ .dst = addr_any4, .via = net->gw4 };
	for (unsigned i = 0; i < nbehind; i++) {
		struct net_route hop = { .dst = behind[i].via, .prefix = 32 };

		if (!reaches(beside, nbeside, &hop.dst))
			beside[nbeside++] = hop;
	}

	if (nbeside == 1 && nbehind == 1)
		return;
	for (unsigned i = 1; i < nbeside; i++)
		put_route(w, &beside[i]);
	for (unsigned i = 0; i < nbehind; i++)
		put_route(w, &behind[i]);
}

/**
 * put_fqdn() - Option 81 (RFC 4702, section 4)
 * @w:		Writer for its data; left empty if the client did not bring it up
 * @asked:	Options of the request
 *
 * The client must not expect updates of the DNS from us (flag N), its wish for
 * them (flag S) is overruled (flag O).
 */
static void put_fqdn(struct pkt_writer *w, const struct pkt_reader *asked)
{
	struct pkt_reader o = asked[OPT_FQDN], list = asked[OPT_PARAMETERS];
	uint8_t theirs = o.left ? *o.p : FQDN_E;

	if (!o.left && (!list.left || !memchr(list.p, OPT_FQDN, list.left)))
		return;
	pkt_put_u8(w, (uint8_t)(FQDN_N | (theirs & FQDN_E) | (theirs & FQDN_S ? FQDN_O : 0)));
	pkt_put_be16(w, 0xffff);	/* RCODE1 and 2 mean nothing: section 2.2 */
	if (!dnsname_put(w, net->fqdn, false)) {
		w->len = 0;
	} else if (!(theirs & FQDN_E)) {	/* deprecated text: section 2.3.1 */
		w->len = 3;
		pkt_put(w, net->fqdn, strlen(net->fqdn));
	}
}

/**
 * put_data() - Data of an option of a reply
 * @w:		Writer for it, left empty if there is none
 * @code:	Which option
 * @asked:	Options of the request
 */
static void put_data(struct pkt_writer *w, uint8_t code, const struct pkt_reader *asked)
{
	struct addr mask = addr_mask4(net->prefix4);

	switch (code) {
	case OPT_MASK:
		pkt_put(w, addr_v4(&mask), 4);
		break;
	case OPT_ROUTER:
		pkt_put(w, addr_v4(&net->gw4), 4);
		break;
	case OPT_DNS:
		for (unsigned i = 0; self.conf.dns && i < net->ndns4; i++)
			pkt_put(w, addr_v4(&net->dns4[i]), 4);
		break;
	case OPT_HOSTNAME:
		pkt_put(w, net->hostname, min_size(strlen(net->hostname), OPTION_MAX));
		break;
	case OPT_MTU:
		if (net->mtu_told)
			pkt_put_be16(w, net->mtu);
		break;
	case OPT_FQDN:
		put_fqdn(w, asked);
		break;
	case OPT_SEARCH:
		for (unsigned i = 0; self.conf.search && i < net->nsearch; i++)
			(void)dnsname_put(w, net->search[i], true);
		break;
	case OPT_ROUTES:
		put_routes(w);
		break;
	default:
		break;
	}
}

/**
 * put_option() - One option, in several instances if it is long (RFC 3396)
 * @w:		Reply; the option is left out if it does not fit
 * @code:	Which option
 * @data:	Its data
 * @len:	Bytes, 0: left out
 */
static void put_option(struct pkt_writer *w, uint8_t code, const void *data, size_t len)
{
	struct pkt_reader r = pkt_reader(data, len);
	struct pkt_writer old = *w;

	while (r.left) {
		size_t n = min_size(r.left, OPTION_MAX);

		pkt_put_u8(w, code);
		pkt_put_u8(w, (uint8_t)n);
		pkt_put(w, pkt_take(&r, n), n);
	}
	if (w->bad)
		*w = old;
}

/**
 * put_parameters() - Everything the client should know
 * @w:		Reply; what does not fit is left out
 * @asked:	Options of the request
 */
static void put_parameters(struct pkt_writer *w, const struct pkt_reader *asked)
{
	const struct pkt_reader *list = &asked[OPT_PARAMETERS];
	bool done[OPTIONS] = { false };

	for (size_t i = 0; i < list->left + ARRAY_SIZE(parameter); i++) {
		uint8_t code = i < list->left ? list->p[i] : parameter[i - list->left];
		uint8_t data[DATA_MAX];
		struct pkt_writer d = pkt_writer(data, sizeof(data));

		if (done[code])
			continue;
		done[code] = true;
		put_data(&d, code, asked);
		put_option(w, code, data, d.len);
	}
}

/**
 * put_head() - What stands first in every reply (RFC 2131, table 3)
 * @w:		Writer
 * @rq:		What is answered
 * @type:	OFFER, ACK or NAK
 *
 * The fixed part; unless it is for BOOTP type, server identifier and lease, too.
 */
static void put_head(struct pkt_writer *w, const struct dhcp_request *rq, uint8_t type)
{
	static const uint8_t lease[4] = { 0, 0, LEASE_S >> 8, LEASE_S & 0xff };
	bool leased = type != NAK && rq->type != INFORM;
	struct wire_dhcp m = { .op = BOOTREPLY, .htype = ETHERNET, .hlen = 6 };

	memcpy(m.xid, rq->msg->xid, sizeof(m.xid));
	memcpy(m.flags, rq->msg->flags, sizeof(m.flags));
	memcpy(m.giaddr, rq->msg->giaddr, sizeof(m.giaddr));
	memcpy(m.chaddr, rq->msg->chaddr, sizeof(m.chaddr));
	memcpy(m.cookie, cookie, sizeof(m.cookie));
	if (type == ACK)
		memcpy(m.ciaddr, rq->msg->ciaddr, sizeof(m.ciaddr));
	if (leased)
		memcpy(m.yiaddr, addr_v4(&net->addr4), sizeof(m.yiaddr));
	/* The relay has to broadcast a NAK: RFC 2131, section 4.3.2 */
	if (type == NAK && !addr_is_any(&rq->giaddr))
		m.flags[0] |= BROADCAST >> 8;
	pkt_put(w, &m, sizeof(m));

	if (rq->type == TYPE_BOOTP)
		return;
	put_option(w, OPT_TYPE, &type, sizeof(type));
	put_option(w, OPT_SERVER, addr_v4(&net->gw4), 4);
	if (leased)
		put_option(w, OPT_LEASE, lease, sizeof(lease));
	if (type == ACK && rq->type == DISCOVER) {
		pkt_put_u8(w, OPT_RAPID);
		pkt_put_u8(w, 0);
	}
}

/**
 * put_reply() - A whole message
 * @w:		Writer
 * @rq:		What is answered
 * @type:	OFFER, ACK or NAK
 *
 * Room for what has to be given back is set aside first: the client's identity
 * (RFC 6842), and what a relay added, which comes last (RFC 3046, section 2.2).
 * Both are given back as they came, so they take no more room than in the
 * request; if that is not there, @w turns bad.
 */
static void put_reply(struct pkt_writer *w, const struct dhcp_request *rq, uint8_t type)
{
	static const char why[] = "address not available";
	uint8_t back[2 * (2 + OPTION_MAX) + 1];
	struct pkt_writer last = pkt_writer(back, sizeof(back));
	size_t size = w->size;

	put_option(&last, OPT_CLIENT, rq->opt[OPT_CLIENT].p, rq->opt[OPT_CLIENT].left);
	put_option(&last, OPT_RELAY, rq->opt[OPT_RELAY].p, rq->opt[OPT_RELAY].left);
	pkt_put_u8(&last, OPT_END);

	put_head(w, rq, type);
	w->size -= min_size(last.len, w->size - w->len);
	if (type == NAK)
		put_option(w, OPT_TEXT, why, sizeof(why) - 1);
	else
		put_parameters(w, rq->opt);
	w->size = size;
	pkt_put(w, back, last.len);
	if (w->len < UDP_HEAD + MESSAGE_MIN)
		pkt_put_zero(w, UDP_HEAD + MESSAGE_MIN - w->len);
}

/* destination() - Where a reply goes (RFC 2131, section 4.1) */
static struct addr destination(const struct dhcp_request *rq, uint8_t type)
{
	if (!addr_is_any(&rq->giaddr))
		return rq->giaddr;
	if (type == NAK)
		return addr_bcast4;
	if (!addr_is_any(&rq->ciaddr))
		return rq->ciaddr;
	return get_be16(rq->msg->flags) & BROADCAST ? addr_bcast4 : net->addr4;
}

/**
 * reply() - Answer a request
 * @rq:		Request
 * @type:	OFFER, ACK or NAK
 *
 * Option 57 and the MTU bound the length of the IP packet.
 */
static void reply(const struct dhcp_request *rq, uint8_t type)
{
	struct pkt_reader limit = rq->opt[OPT_SIZE];	/* reads as 0 if not there */
	size_t room = min_u32(max_u32(pkt_be16(&limit), SIZE_MIN), max_u32(net->mtu, SIZE_MIN));
	struct addr dst = destination(rq, type);
	bool relayed = !addr_is_any(&rq->giaddr);
	uint8_t buf[UDP_HEAD + MESSAGE_MAX];
	struct pkt_writer w = pkt_writer(buf, min_size(room - sizeof(struct wire_ip4),
						       sizeof(buf)));

	if (!addr_is_unicast(&dst) && !addr_eq(&dst, &addr_bcast4)) {
		count(DROP_DHCP_BAD);
		return;
	}
	pkt_put_be16(&w, PORT_SERVER);
	pkt_put_be16(&w, relayed ? PORT_SERVER : PORT_CLIENT);
	pkt_put_be32(&w, 0);		/* length, set below; checksum */
	put_reply(&w, rq, type);
	if (w.bad) {
		count(DROP_DHCP_BAD);
		debug("dhcp: client or relay asks for more than fits, dropped");
		return;
	}
	put_be16(buf + offsetof(struct wire_udp, len), (uint16_t)w.len);
	/* The answer goes to the hardware address in the message, not the frame */
	if (!relayed)
		net_learn_mac(rq->msg->chaddr);
	debug("dhcp: message of type %u answered with type %u", rq->type, type);
	(void)frame_send(&net->gw4, &dst, WIRE_UDP, buf, (uint32_t)w.len, TTL);
}

/**
 * dhcp_frame() - Handle a datagram of the guest, if it is for this server
 * @f:		Frame of kind FRAME_IP
 *
 * Datagrams to the server's port of other addresses are not touched: the guest
 * may well talk to a server elsewhere.
 *
 * Return: true if it was, answered or dropped
 */
bool dhcp_frame(const struct frame *f)
{
	const struct wire_udp *udp = frame_l4(f, sizeof(*udp));
	uint8_t type;

	if (!self.conf.on || !addr_is4(&net->addr4) || f->proto != WIRE_UDP || !udp ||
	    get_be16(udp->dport) != PORT_SERVER)
		return false;
	if (!addr_eq(&f->dst, &addr_bcast4) && !addr_eq(&f->dst, &net->gw4))
		return false;
	if (!read_request(&self.rq, f, udp)) {
		count(DROP_DHCP_BAD);
		debug("dhcp: malformed message dropped");
		return true;
	}
	type = judge(&self.rq);
	if (type)
		reply(&self.rq, type);
	return true;
}
