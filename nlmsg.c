// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nlmsg.c - rtnetlink messages: written, taken apart (RFC 3549)
 *
 * Theory of operation
 *
 *   A datagram is a row of messages; a message is a header, a fixed part that
 *   depends on its type, and a row of attributes, some of which hold attributes
 *   again.  Messages and attributes carry their own lengths and begin at
 *   multiples of four.  All is read through pkt.h, by copy: a length that does
 *   not fit ends the row it stands in, and no alignment of memory is assumed.
 *   Lengths and numbers are in the machine's own byte order, addresses in network
 *   order.
 *
 *   Attributes are noted by their type first, and looked up then: those that are
 *   not known are passed over, and of two of one type the last one counts.
 *
 *   This file knows bytes; netlink.c knows sockets.
 */
#include "nlmsg.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

enum {
	BITS4	= 32,
	BITS6	= 128,
	ATTRS	= 20,			/* the last we want is RTA_VIA, 18 */
};

/**
 * struct attrs - the attributes of a message
 * @v:		values by type; @v.p of what is missing is NULL
 */
struct attrs {
	struct pkt_reader v[ATTRS];
};

/* ---- writing ---- */

/* put_padded() - Append bytes up to the next multiple of four */
static void put_padded(struct nlmsg *m, const void *data, size_t len)
{
	pkt_put(&m->w, data, len);
	pkt_put_zero(&m->w, NLMSG_ALIGN(len) - len);
}

/**
 * nlmsg_begin() - Header of a request, and the fixed part behind it
 * @m:		Begun anew; length and sequence number are set by who sends it
 * @type:	RTM_GETLINK and so on
 * @flags:	NLM_F_ bits beside NLM_F_REQUEST; all but dumps are acknowledged
 * @fixed:	Fixed part
 * @len:	Its length, bytes
 */
void nlmsg_begin(struct nlmsg *m, uint16_t type, uint16_t flags,
		 const void *fixed, size_t len)
{
	bool dump = (flags & NLM_F_DUMP) == NLM_F_DUMP;

	m->w = pkt_writer(m->buf, sizeof(m->buf));
	pkt_put_zero(&m->w, sizeof(m->h));
	m->h.nlmsg_type = type;
	m->h.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags | (dump ? 0 : NLM_F_ACK));
	put_padded(m, fixed, len);
}

/**
 * nlmsg_put() - Append an attribute
 * @m:		Request
 * @type:	Of the attribute
 * @data:	Its value
 * @len:	Length of that, bytes
 */
void nlmsg_put(struct nlmsg *m, unsigned type, const void *data, size_t len)
{
	struct rtattr a = {
		.rta_type = (uint16_t)type,
		.rta_len = (uint16_t)(sizeof(a) + len),
	};

	pkt_put(&m->w, &a, sizeof(a));
	put_padded(m, data, len);
}

/* nlmsg_put_u32() - Append an attribute that is a number */
void nlmsg_put_u32(struct nlmsg *m, unsigned type, uint32_t value)
{
	nlmsg_put(m, type, &value, sizeof(value));
}

/**
 * nlmsg_nest() - Append an attribute that holds those that are put from now on
 * @m:		Request
 * @type:	Of the attribute
 *
 * Return: what nlmsg_nest_end() wants to know
 */
size_t nlmsg_nest(struct nlmsg *m, unsigned type)
{
	size_t nest = m->w.len;

	nlmsg_put(m, type | NLA_F_NESTED, NULL, 0);
	return nest;
}

/* nlmsg_nest_end() - It is complete */
void nlmsg_nest_end(struct nlmsg *m, size_t nest)
{
	uint16_t len = (uint16_t)(m->w.len - nest);

	/* The length is the first member of struct rtattr */
	if (!m->w.bad)
		memcpy(m->buf + nest, &len, sizeof(len));
}

/* nlmsg_put_addr() - Append an attribute that is an address */
void nlmsg_put_addr(struct nlmsg *m, unsigned type, const struct addr *a)
{
	if (addr_is4(a))
		nlmsg_put(m, type, addr_v4(a), 4);
	else
		nlmsg_put(m, type, a->b, sizeof(a->b));
}

/* ---- reading ---- */

/* read_struct() - Copy a fixed part out; false if the bytes are not there */
static bool read_struct(struct pkt_reader *r, void *to, size_t len)
{
	const uint8_t *p = pkt_take(r, len);

	if (p)
		memcpy(to, p, len);
	return p;
}

/*
 * take_rest() - What a length leaves behind a header of @hlen bytes
 *
 * Steps over the padding too, which may be missing at the end.  Return: false if
 * the length is shorter than the header or reaches too far
 */
static bool take_rest(struct pkt_reader *r, size_t len, size_t hlen,
		      struct pkt_reader *rest)
{
	if (len < hlen)
		return false;
	*rest = pkt_sub(r, len - hlen);
	(void)pkt_take(r, min_size(NLMSG_ALIGN(len) - len, r->left));
	return !rest->bad;
}

/**
 * nlmsg_next() - Next message of a datagram
 * @datagram:	What is left of it
 * @in:		Set
 *
 * Return: false at the end; with bytes left over or @datagram bad where a length
 * is wrong
 */
bool nlmsg_next(struct pkt_reader *datagram, struct nlmsg_in *in)
{
	return read_struct(datagram, &in->h, sizeof(in->h)) &&
	       take_rest(datagram, in->h.nlmsg_len, sizeof(in->h), &in->body);
}

/* nlmsg_result() - What NLMSG_ERROR or NLMSG_DONE say: 0, or -errno; or -EBADMSG */
int nlmsg_result(struct pkt_reader body)
{
	int32_t code;

	if (!read_struct(&body, &code, sizeof(code)) || code > 0)
		return -EBADMSG;
	return code;
}

/* read_attrs() - All attributes, up to the end, or to where a length is wrong */
static struct attrs read_attrs(struct pkt_reader r)
{
	struct attrs attrs = { 0 };
	struct pkt_reader v;
	struct rtattr a;

	while (read_struct(&r, &a, sizeof(a)) &&
	       take_rest(&r, a.rta_len, sizeof(a), &v)) {
		unsigned type = a.rta_type & (unsigned)NLA_TYPE_MASK;

		if (type < ATTRS)
			attrs.v[type] = v;
	}
	return attrs;
}

/* get_u32() - Number, @missing if it is not there; 0 if it has another length */
static uint32_t get_u32(const struct attrs *attrs, unsigned type, uint32_t missing)
{
	struct pkt_reader v = attrs->v[type];
	uint32_t n = v.p ? 0 : missing;

	if (v.left == sizeof(n))
		(void)read_struct(&v, &n, sizeof(n));
	return n;
}

/* get_addr() - Address, as it was if there is no value; false: malformed */
static bool get_addr(struct pkt_reader v, int family, struct addr *a)
{
	if (!v.p)
		return true;
	if (family == AF_INET && v.left == 4)
		*a = addr_from4(v.p);
	else if (family == AF_INET6 && v.left == 16)
		*a = addr_from6(v.p);
	else
		return false;
	return true;
}

/* get_via() - The same for a next hop, which may name a family of its own */
static bool get_via(const struct attrs *attrs, int family, struct addr *via)
{
	struct pkt_reader v = attrs->v[RTA_VIA];
	uint16_t own;

	if (v.p)
		return read_struct(&v, &own, sizeof(own)) && get_addr(v, own, via);
	return get_addr(attrs->v[RTA_GATEWAY], family, via);
}

/**
 * nlmsg_link() - RTM_NEWLINK
 * @body:	What is behind the header
 * @link:	Set on success
 *
 * Return: false if it is malformed
 */
bool nlmsg_link(struct pkt_reader body, struct netlink_link *link)
{
	struct netlink_link l = { 0 };
	struct pkt_reader name, mac;
	struct ifinfomsg info;
	struct attrs attrs;

	if (!read_struct(&body, &info, sizeof(info)) || info.ifi_index <= 0)
		return false;
	attrs = read_attrs(body);
	name = attrs.v[IFLA_IFNAME];
	mac = attrs.v[IFLA_ADDRESS];

	l.index = (unsigned)info.ifi_index;
	l.mtu = get_u32(&attrs, IFLA_MTU, 0);
	if (name.left && !util_copy_n(l.name, sizeof(l.name), (const char *)name.p,
				      strnlen((const char *)name.p, name.left)))
		return false;
	if (mac.left == sizeof(l.mac))
		memcpy(l.mac, mac.p, sizeof(l.mac));
	*link = l;
	return true;
}

/* usable() - Whether an address may be given to the guest as its own */
static bool usable(const struct addr *a, uint32_t flags)
{
	if (flags & (IFA_F_DEPRECATED | IFA_F_TENTATIVE | IFA_F_DADFAILED))
		return false;
	if (!addr_is_unicast(a) || addr_is_loopback(a))
		return false;
	return addr_is4(a) || !addr_is_linklocal(a);
}

/**
 * nlmsg_addr() - RTM_NEWADDR, if the guest can have that address
 * @body:	What is behind the header
 * @family:	AF_INET or AF_INET6, others are refused
 * @index:	Interface, others are refused
 * @addr:	Set on success
 *
 * Return: false if it is malformed or not to be used
 */
bool nlmsg_addr(struct pkt_reader body, int family, unsigned index,
		struct net_route *addr)
{
	struct net_route o = { .index = index };
	struct pkt_reader local;
	struct ifaddrmsg info;
	struct attrs attrs;
	uint32_t flags;

	if (!read_struct(&body, &info, sizeof(info)) ||
	    info.ifa_family != family || info.ifa_index != index ||
	    info.ifa_prefixlen > (family == AF_INET ? BITS4 : BITS6))
		return false;
	attrs = read_attrs(body);
	flags = get_u32(&attrs, IFA_FLAGS, info.ifa_flags);	/* it has more bits */

	/* Where there is a local address, the other one is the peer's */
	local = attrs.v[attrs.v[IFA_LOCAL].p ? IFA_LOCAL : IFA_ADDRESS];
	if (!get_addr(local, family, &o.dst) || !usable(&o.dst, flags))
		return false;
	o.prefix = info.ifa_prefixlen;
	if (info.ifa_scope >= RT_SCOPE_LINK)
		o.rank = 2;
	else if (flags & IFA_F_SECONDARY)	/* the same bit as IFA_F_TEMPORARY */
		o.rank = 1;
	*addr = o;
	return true;
}

/*
 * read_nexthops() - The first of several next hops that is alive
 *
 * With @index, the first one on that interface.
 */
static bool read_nexthops(struct pkt_reader r, int family, unsigned index,
			  struct net_route *route)
{
	struct pkt_reader rest;
	struct rtnexthop hop;
	struct attrs attrs;

	while (read_struct(&r, &hop, sizeof(hop)) &&
	       take_rest(&r, hop.rtnh_len, sizeof(hop), &rest)) {
		if (hop.rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN) ||
		    (index && (unsigned)hop.rtnh_ifindex != index))
			continue;
		attrs = read_attrs(rest);
		route->index = (unsigned)hop.rtnh_ifindex;
		return get_via(&attrs, family, &route->via);
	}
	return false;
}

/**
 * nlmsg_route() - RTM_NEWROUTE, if it is a unicast route of the main table
 * @body:	What is behind the header
 * @family:	AF_INET or AF_INET6, others are refused
 * @index:	Interface it has to leave by, 0: any
 * @route:	Set on success
 *
 * Return: false if it is malformed, dead, or of another kind
 */
bool nlmsg_route(struct pkt_reader body, int family, unsigned index,
		 struct net_route *route)
{
	struct net_route o = { .dst = family == AF_INET ? addr_any4 : addr_none };
	struct attrs attrs;
	struct rtmsg info;
	uint32_t table;

	if (!read_struct(&body, &info, sizeof(info)) ||
	    info.rtm_family != family || info.rtm_type != RTN_UNICAST ||
	    info.rtm_src_len || info.rtm_tos ||
	    info.rtm_dst_len > (family == AF_INET ? BITS4 : BITS6) ||
	    info.rtm_flags & (RTM_F_CLONED | RTNH_F_DEAD | RTNH_F_LINKDOWN))
		return false;
	attrs = read_attrs(body);
	table = get_u32(&attrs, RTA_TABLE, info.rtm_table);	/* it has more bits */
	o.index = get_u32(&attrs, RTA_OIF, 0);
	o.rank = get_u32(&attrs, RTA_PRIORITY, 0);
	o.prefix = info.rtm_dst_len;
	o.by_kernel = info.rtm_protocol == RTPROT_KERNEL;
	if (!get_addr(attrs.v[RTA_DST], family, &o.dst) ||
	    !get_via(&attrs, family, &o.via) ||
	    (attrs.v[RTA_MULTIPATH].p &&
	     !read_nexthops(attrs.v[RTA_MULTIPATH], family, index, &o)))
		return false;
	if (table != RT_TABLE_MAIN || !o.index || o.index > INT32_MAX ||
	    (index && o.index != index))
		return false;
	*route = o;
	return true;
}
