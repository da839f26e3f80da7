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
 *   Our own address, the server identifier, is the gateway's.  A host whose
 *   default route has no gateway (a point-to-point interface) has none to show;
 *   then it is the dummy address of RFC 7600, which nobody else can have.
 *
 *   What stands in options is the matter of dhcp_opt.c.
 */
#include "dhcp.h"

#include <string.h>

#include "count.h"
#include "dhcp_opt.h"
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
	MESSAGE_MIN	= 300,		/* RFC 1542, 2.1: smaller may be dropped */
	MESSAGE_MAX	= 1500 - 28,	/* without IP and UDP headers */
	SIZE_MIN	= 576,		/* any client takes that: RFC 2131, 2 */
};

/* RFC 2132, section 9.6 */
enum {
	TYPE_BOOTP	= 0,		/* no such option */
	DISCOVER	= 1,
	OFFER		= 2,
	REQUEST		= 3,
	DECLINE		= 4,
	ACK		= 5,
	NAK		= 6,
	RELEASE		= 7,
	INFORM		= 8,
};

/* Values of option 52: RFC 2132, section 9.3 */
enum { OVERLOAD_FILE = 1, OVERLOAD_SNAME = 2 };

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
static const struct addr dummy4 = { { [10] = 0xff, 0xff, 192, 0, 0, 8 } };

/**
 * struct dhcp_request - a message of a client, checked
 * @type:	DISCOVER and so on, TYPE_BOOTP
 * @ciaddr:	address the client says it has, 0.0.0.0 if none
 * @giaddr:	relay it came through, 0.0.0.0 if none
 * @msg:	its fixed part
 * @opt:	its options by number
 * @buf:	the whole of it
 */
struct dhcp_request {
	uint8_t type;
	struct addr ciaddr;
	struct addr giaddr;
	const struct wire_dhcp *msg;
	struct dhcp_option opt[DHCP_OPTIONS];
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

/* server() - Our own address */
static const struct addr *server(void)
{
	const struct addr *gw = dhcp_opt_gateway();

	return gw ? gw : &dummy4;
}

/* fixed_len() - Whether an option is not there, or has exactly @len bytes */
static bool fixed_len(const struct dhcp_request *rq, uint8_t code, uint8_t len)
{
	return !rq->opt[code].p || rq->opt[code].len == len;
}

/* read_overload() - Options in the fields for names (RFC 2132, section 9.3) */
static bool read_overload(struct dhcp_request *rq)
{
	uint8_t where;

	if (!rq->opt[DHCP_OPT_OVERLOAD].p)
		return true;
	if (rq->opt[DHCP_OPT_OVERLOAD].len != 1)
		return false;
	where = *rq->opt[DHCP_OPT_OVERLOAD].p;
	if (!where || where > (OVERLOAD_FILE | OVERLOAD_SNAME))
		return false;
	if (where & OVERLOAD_FILE &&
	    !dhcp_opt_read(rq->opt, rq->msg->file, sizeof(rq->msg->file)))
		return false;
	return !(where & OVERLOAD_SNAME) ||
	       dhcp_opt_read(rq->opt, rq->msg->sname, sizeof(rq->msg->sname));
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
	static const uint8_t zero[6];
	uint32_t len = get_be16(udp->len);
	const struct wire_dhcp *m;

	memset(rq->opt, 0, sizeof(rq->opt));
	if (len < sizeof(*udp) + sizeof(*m) || len > sizeof(*udp) + sizeof(rq->buf))
		return false;
	len -= (uint32_t)sizeof(*udp);
	if (frame_copy(f, sizeof(*udp), rq->buf, len) != len)
		return false;
	if (get_be16(udp->csum) && !frame_csum_ok(f))	/* 0: none was made */
		return false;

	m = rq->msg = (const void *)rq->buf;
	if (m->op != BOOTREQUEST || m->htype != ETHERNET || m->hlen != 6 ||
	    memcmp(m->cookie, cookie, sizeof(cookie)))
		return false;
	if (m->chaddr[0] & 1 || !memcmp(m->chaddr, zero, sizeof(zero)))
		return false;
	if (!dhcp_opt_read(rq->opt, rq->buf + sizeof(*m), len - sizeof(*m)) ||
	    !read_overload(rq))
		return false;
	if (!fixed_len(rq, DHCP_OPT_TYPE, 1) || !fixed_len(rq, DHCP_OPT_REQUESTED, 4) ||
	    !fixed_len(rq, DHCP_OPT_SERVER, 4) || !fixed_len(rq, DHCP_OPT_SIZE, 2))
		return false;
	rq->type = rq->opt[DHCP_OPT_TYPE].p ? *rq->opt[DHCP_OPT_TYPE].p : TYPE_BOOTP;
	rq->ciaddr = addr_from4(m->ciaddr);
	rq->giaddr = addr_from4(m->giaddr);
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
	if (rq->opt[DHCP_OPT_SERVER].p && !option_is(rq, DHCP_OPT_SERVER, server()))
		return 0;
	/* SELECTING, or INIT-REBOOT without a server identifier */
	if (rq->opt[DHCP_OPT_REQUESTED].p)
		return option_is(rq, DHCP_OPT_REQUESTED, &net->addr4) ? ACK : NAK;
	/* RENEWING or REBINDING */
	if (!addr_is_any(&rq->ciaddr))
		return addr_eq(&rq->ciaddr, &net->addr4) ? ACK : NAK;
	count(DROP_DHCP_BAD);
	return 0;
}

/**
 * room() - How long a reply may be
 * @rq:		Request
 *
 * Return: bytes without IP and UDP headers, which option 57 and the MTU include
 */
static size_t room(const struct dhcp_request *rq)
{
	size_t size = SIZE_MIN;

	if (rq->opt[DHCP_OPT_SIZE].p && get_be16(rq->opt[DHCP_OPT_SIZE].p) > SIZE_MIN)
		size = get_be16(rq->opt[DHCP_OPT_SIZE].p);
	size = min_size(size, max_u32(net->mtu, SIZE_MIN));
	return min_size(size - sizeof(struct wire_ip4) - sizeof(struct wire_udp),
			MESSAGE_MAX);
}

/* put_header() - Fixed part of a reply (RFC 2131, table 3) */
static void put_header(struct pkt_writer *w, const struct dhcp_request *rq, uint8_t type)
{
	struct wire_dhcp m = {
		.op = BOOTREPLY, .htype = ETHERNET, .hlen = 6,
	};

	memcpy(m.xid, rq->msg->xid, sizeof(m.xid));
	memcpy(m.flags, rq->msg->flags, sizeof(m.flags));
	memcpy(m.giaddr, rq->msg->giaddr, sizeof(m.giaddr));
	memcpy(m.chaddr, rq->msg->chaddr, sizeof(m.chaddr));
	memcpy(m.cookie, cookie, sizeof(m.cookie));
	if (type == ACK)
		memcpy(m.ciaddr, rq->msg->ciaddr, sizeof(m.ciaddr));
	if (type != NAK && rq->type != INFORM)
		memcpy(m.yiaddr, addr_v4(&net->addr4), sizeof(m.yiaddr));
	/* The relay has to broadcast a NAK: RFC 2131, section 4.3.2 */
	if (type == NAK && !addr_is_any(&rq->giaddr))
		m.flags[0] |= BROADCAST >> 8;
	pkt_put(w, &m, sizeof(m));
}

/* put_server() - Type, server identifier and lease, unless it is for BOOTP */
static void put_server(struct pkt_writer *w, const struct dhcp_request *rq, uint8_t type)
{
	uint8_t lease[4];

	put_be32(lease, LEASE_S);
	if (rq->type == TYPE_BOOTP)
		return;
	dhcp_opt_put(w, DHCP_OPT_TYPE, &type, sizeof(type));
	dhcp_opt_put(w, DHCP_OPT_SERVER, addr_v4(server()), 4);
	if (type != NAK && rq->type != INFORM)
		dhcp_opt_put(w, DHCP_OPT_LEASE, lease, sizeof(lease));
	if (type == ACK && rq->type == DISCOVER) {
		pkt_put_u8(w, DHCP_OPT_RAPID);
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
	const struct dhcp_option *client = &rq->opt[DHCP_OPT_CLIENT];
	const struct dhcp_option *relay = &rq->opt[DHCP_OPT_RELAY];
	size_t size = w->size;
	size_t aside = 1U + (client->len ? 2U + client->len : 0) +
		       (relay->len ? 2U + relay->len : 0);

	put_header(w, rq, type);
	put_server(w, rq, type);
	if (w->bad || size - w->len < aside) {
		w->bad = true;
		return;
	}
	w->size -= aside;
	if (type == NAK)
		dhcp_opt_put(w, DHCP_OPT_TEXT, (const uint8_t *)why, sizeof(why) - 1);
	else
		dhcp_opt_put_parameters(w, rq->opt, self.conf.dns, self.conf.search);
	w->size = size;
	dhcp_opt_put(w, DHCP_OPT_CLIENT, client->p, client->len);
	dhcp_opt_put(w, DHCP_OPT_RELAY, relay->p, relay->len);
	pkt_put_u8(w, DHCP_OPT_END);
	if (w->len < MESSAGE_MIN)
		pkt_put_zero(w, MESSAGE_MIN - w->len);
}

/**
 * destination() - Where a reply goes (RFC 2131, section 4.1)
 * @rq:		What is answered
 * @type:	OFFER, ACK or NAK
 * @port:	Set
 *
 * Return: address
 */
static struct addr destination(const struct dhcp_request *rq, uint8_t type, uint16_t *port)
{
	*port = PORT_CLIENT;
	if (!addr_is_any(&rq->giaddr)) {
		*port = PORT_SERVER;
		return rq->giaddr;
	}
	if (type == NAK)
		return addr_bcast4;
	if (!addr_is_any(&rq->ciaddr))
		return rq->ciaddr;
	if (get_be16(rq->msg->flags) & BROADCAST)
		return addr_bcast4;
	return net->addr4;
}

/**
 * reply() - Answer a request
 * @rq:		Request
 * @type:	OFFER, ACK or NAK
 */
static void reply(const struct dhcp_request *rq, uint8_t type)
{
	uint8_t buf[sizeof(struct wire_udp) + MESSAGE_MAX];
	struct wire_udp *udp = (void *)buf;
	struct pkt_writer w = pkt_writer(udp + 1, room(rq));
	struct addr dst;
	uint16_t port;

	dst = destination(rq, type, &port);
	if (!addr_is_unicast(&dst) && !addr_eq(&dst, &addr_bcast4)) {
		count(DROP_DHCP_BAD);
		return;
	}
	put_reply(&w, rq, type);
	if (w.bad) {
		count(DROP_DHCP_BAD);
		debug("dhcp: client or relay asks for more than fits, dropped");
		return;
	}
	/* The answer goes to the hardware address in the message, not the frame */
	if (addr_is_any(&rq->giaddr))
		net_learn_mac(rq->msg->chaddr);
	put_be16(udp->sport, PORT_SERVER);
	put_be16(udp->dport, port);
	put_be16(udp->len, (uint16_t)(sizeof(*udp) + w.len));
	put_be16(udp->csum, 0);
	debug("dhcp: message of type %u answered with type %u", rq->type, type);
	(void)frame_send(server(), &dst, WIRE_UDP, buf,
			 (uint32_t)(sizeof(*udp) + w.len), TTL);
}

/**
 * answer() - Decide about a request
 * @rq:		Request
 */
static void answer(const struct dhcp_request *rq)
{
	uint8_t type;

	switch (rq->type) {
	case TYPE_BOOTP:
		reply(rq, ACK);
		break;
	case DISCOVER:
		reply(rq, rq->opt[DHCP_OPT_RAPID].p ? ACK : OFFER);
		break;
	case REQUEST:
		type = judge_request(rq);
		if (type)
			reply(rq, type);
		break;
	case INFORM:
		if (addr_is_any(&rq->ciaddr) && addr_is_any(&rq->giaddr))
			count(DROP_DHCP_BAD);
		else
			reply(rq, ACK);
		break;
	case DECLINE:
		debug("dhcp: the guest says that its address is in use");
		break;
	case RELEASE:
		debug("dhcp: the guest gave back its address");
		break;
	default:
		count(DROP_DHCP_BAD);
		debug("dhcp: message of type %u dropped", rq->type);
		break;
	}
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

	if (!self.conf.on || !addr_is4(&net->addr4) || addr_is_any(&net->addr4))
		return false;
	if (f->proto != WIRE_UDP || !udp || get_be16(udp->dport) != PORT_SERVER)
		return false;
	if (!addr_eq(&f->dst, &addr_bcast4) && !addr_eq(&f->dst, server()))
		return false;
	if (!read_request(&self.rq, f, udp)) {
		count(DROP_DHCP_BAD);
		debug("dhcp: malformed message dropped");
		return true;
	}
	answer(&self.rq);
	return true;
}
