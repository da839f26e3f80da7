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
 *   Unknown attributes are stepped over.  Lengths and numbers are in the
 *   machine's own byte order, addresses in network order.
 *
 *   This file knows bytes; netlink.c knows sockets.
 */
#include "nlmsg.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#ifndef RTNH_F_LINKDOWN
#define RTNH_F_LINKDOWN	16
#endif

enum { ALIGN = 4, BITS4 = 32, BITS6 = 128 };

/* ---- writing ---- */

/* put_padded() - Append bytes up to the next multiple of four */
static void put_padded(struct nlmsg *m, const void *data, size_t len)
{
	pkt_put(&m->w, data, len);
	pkt_put_zero(&m->w, (ALIGN - len % ALIGN) % ALIGN);
}

/**
 * nlmsg_begin() - Header of a request, and the fixed part behind it
 * @m:		Begun anew
 * @type:	RTM_GETLINK and so on
 * @flags:	NLM_F_ bits beside NLM_F_REQUEST; all but dumps are acknowledged
 * @fixed:	Fixed part
 * @len:	Its length, bytes
 */
void nlmsg_begin(struct nlmsg *m, uint16_t type, uint16_t flags,
		 const void *fixed, size_t len)
{
	struct nlmsghdr h = {
		.nlmsg_type = type,
		.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
	};

	if ((flags & NLM_F_DUMP) != NLM_F_DUMP)
		h.nlmsg_flags |= NLM_F_ACK;
	m->w = pkt_writer(m->buf, sizeof(m->buf));
	pkt_put(&m->w, &h, sizeof(h));
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

/* nlmsg_put_addr() - Append an attribute that is an address */
void nlmsg_put_addr(struct nlmsg *m, unsigned type, const struct addr *a)
{
	if (addr_is4(a))
		nlmsg_put(m, type, addr_v4(a), 4);
	else
		nlmsg_put(m, type, a->b, sizeof(a->b));
}

/* nlmsg_put_via() - Append a next hop that is not of the route's family */
void nlmsg_put_via(struct nlmsg *m, const struct addr *a)
{
	struct {
		uint16_t family;
		uint8_t addr[16];
	} via = { .family = addr_is4(a) ? AF_INET : AF_INET6 };
	size_t len = addr_is4(a) ? 4 : sizeof(via.addr);

	memcpy(via.addr, addr_is4(a) ? addr_v4(a) : a->b, len);
	nlmsg_put(m, RTA_VIA, &via, sizeof(via.family) + len);
}

/**
 * nlmsg_end() - Fill in what was not known before
 * @m:		Request
 * @seq:	Its sequence number
 *
 * Return: true if it is whole: @w.len bytes of @buf are to be sent
 */
bool nlmsg_end(struct nlmsg *m, uint32_t seq)
{
	struct nlmsghdr h;

	memcpy(&h, m->buf, sizeof(h));
	h.nlmsg_len = (uint32_t)m->w.len;
	h.nlmsg_seq = seq;
	memcpy(m->buf, &h, sizeof(h));
	return !m->w.bad;
}

/* ---- reading ---- */

/* read_struct() - Copy a fixed part out; false if the bytes are not there */
static bool read_struct(struct pkt_reader *r, void *to, size_t len)
{
	const uint8_t *p = pkt_take(r, len);

	if (!p)
		return false;
	memcpy(to, p, len);
	return true;
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
	size_t pad = (ALIGN - len % ALIGN) % ALIGN;

	if (len < hlen)
		return false;
	*rest = pkt_sub(r, len - hlen);
	(void)pkt_take(r, min_size(pad, r->left));
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
	struct nlmsghdr h;

	if (!read_struct(datagram, &h, sizeof(h)) ||
	    !take_rest(datagram, h.nlmsg_len, sizeof(h), &in->body))
		return false;
	in->type = h.nlmsg_type;
	in->flags = h.nlmsg_flags;
	in->seq = h.nlmsg_seq;
	return true;
}

/* nlmsg_code() - What NLMSG_ERROR or NLMSG_DONE say: 0 or -errno; false: nothing */
bool nlmsg_code(struct pkt_reader body, int *code)
{
	int32_t c;

	if (!read_struct(&body, &c, sizeof(c)) || c > 0)
		return false;
	*code = c;
	return true;
}

/* next_attr() - Next attribute; false at the end, or where a length is wrong */
static bool next_attr(struct pkt_reader *r, unsigned *type, struct pkt_reader *value)
{
	struct rtattr a;

	if (!read_struct(r, &a, sizeof(a)) ||
	    !take_rest(r, a.rta_len, sizeof(a), value))
		return false;
	*type = a.rta_type & (unsigned)NLA_TYPE_MASK;
	return true;
}

/* attr_u32() - Value as a number; 0 if it has another length */
static uint32_t attr_u32(struct pkt_reader v)
{
	uint32_t n = 0;

	if (v.left == sizeof(n))
		(void)read_struct(&v, &n, sizeof(n));
	return n;
}

/* attr_addr() - Value as an address; false if it has another length */
static bool attr_addr(struct pkt_reader v, int family, struct addr *a)
{
	if (family == AF_INET && v.left == 4)
		*a = addr_from4(v.p);
	else if (family == AF_INET6 && v.left == 16)
		*a = addr_from6(v.p);
	else
		return false;
	return true;
}

/* attr_via() - Next hop of any family: the family, then the address */
static bool attr_via(struct pkt_reader v, struct addr *via)
{
	uint16_t family;

	return read_struct(&v, &family, sizeof(family)) &&
	       attr_addr(v, family, via);
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
	struct ifinfomsg info;
	struct pkt_reader v;
	unsigned type;

	if (!read_struct(&body, &info, sizeof(info)) || info.ifi_index <= 0)
		return false;
	l.index = (unsigned)info.ifi_index;
	l.loopback = info.ifi_flags & IFF_LOOPBACK;
	l.up = info.ifi_flags & IFF_UP;

	while (next_attr(&body, &type, &v)) {
		if (type == IFLA_MTU) {
			l.mtu = attr_u32(v);
		} else if (type == IFLA_IFNAME && v.left) {
			const char *name = (const char *)v.p;

			if (!util_copy_n(l.name, sizeof(l.name), name,
					 strnlen(name, v.left)))
				return false;
		} else if (type == IFLA_ADDRESS && v.left == sizeof(l.mac) &&
			   info.ifi_type == ARPHRD_ETHER) {
			memcpy(l.mac, v.p, sizeof(l.mac));
			l.has_mac = true;
		}
	}
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
 * Return: 0 for a good one, 1 for a temporary or secondary one, 2 for one that
 * is not global; -1 if it is malformed or not to be used
 */
int nlmsg_addr(struct pkt_reader body, int family, unsigned index,
	       struct netlink_addr *addr)
{
	bool have_local = false, have_any = false;
	struct netlink_addr a = { 0 };
	struct ifaddrmsg info;
	struct pkt_reader v;
	uint32_t flags;
	unsigned type;

	if (!read_struct(&body, &info, sizeof(info)) ||
	    info.ifa_family != family || info.ifa_index != index ||
	    info.ifa_prefixlen > (family == AF_INET ? BITS4 : BITS6))
		return -1;
	flags = info.ifa_flags;
	a.prefix = info.ifa_prefixlen;

	while (next_attr(&body, &type, &v)) {
		if (type == IFA_FLAGS)		/* has bits the header has no room for */
			flags = attr_u32(v);
		else if (type == IFA_LOCAL)	/* then IFA_ADDRESS is the peer's */
			have_local = attr_addr(v, family, &a.addr);
		else if (type == IFA_ADDRESS && !have_local)
			have_any = attr_addr(v, family, &a.addr);
	}
	if ((!have_local && !have_any) || !usable(&a.addr, flags))
		return -1;
	*addr = a;
	if (info.ifa_scope >= RT_SCOPE_LINK)
		return 2;
	return (flags & IFA_F_SECONDARY) ? 1 : 0;	/* the same bit as IFA_F_TEMPORARY */
}

/*
 * read_nexthops() - The first of several next hops that is alive
 *
 * With @index, the first one on that interface.
 */
static bool read_nexthops(struct pkt_reader r, int family, unsigned index,
			  struct netlink_route *route)
{
	struct pkt_reader attrs, v;
	struct rtnexthop hop;
	unsigned type;

	while (read_struct(&r, &hop, sizeof(hop)) &&
	       take_rest(&r, hop.rtnh_len, sizeof(hop), &attrs)) {
		struct addr via = addr_none;

		if (hop.rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN) ||
		    (index && (unsigned)hop.rtnh_ifindex != index))
			continue;
		while (next_attr(&attrs, &type, &v)) {
			if (type == RTA_GATEWAY)
				(void)attr_addr(v, family, &via);
			else if (type == RTA_VIA)
				(void)attr_via(v, &via);
		}
		route->via = via;
		route->index = (unsigned)hop.rtnh_ifindex;
		return true;
	}
	return false;
}

/* read_route_attr() - One attribute of a route; false if it spoils the route */
static bool read_route_attr(unsigned type, struct pkt_reader v, int family,
			    unsigned index, struct netlink_route *o)
{
	switch (type) {
	case RTA_OIF:
		o->index = attr_u32(v);
		return true;
	case RTA_PRIORITY:
		o->metric = attr_u32(v);
		return true;
	case RTA_DST:
		return attr_addr(v, family, &o->dst);
	case RTA_GATEWAY:
		return attr_addr(v, family, &o->via);
	case RTA_VIA:
		return attr_via(v, &o->via);
	case RTA_MULTIPATH:
		return read_nexthops(v, family, index, o);
	default:
		return true;
	}
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
		 struct netlink_route *route)
{
	struct netlink_route o = { 0 };
	struct pkt_reader v;
	struct rtmsg info;
	uint32_t table;
	unsigned type;

	if (!read_struct(&body, &info, sizeof(info)) ||
	    info.rtm_family != family || info.rtm_type != RTN_UNICAST ||
	    info.rtm_src_len || info.rtm_tos ||
	    info.rtm_dst_len > (family == AF_INET ? BITS4 : BITS6) ||
	    info.rtm_flags & (RTM_F_CLONED | RTNH_F_DEAD | RTNH_F_LINKDOWN))
		return false;
	table = info.rtm_table;
	o.prefix = info.rtm_dst_len;
	o.dst = family == AF_INET ? addr_any4 : addr_none;
	o.by_kernel = info.rtm_protocol == RTPROT_KERNEL;

	while (next_attr(&body, &type, &v)) {
		if (type == RTA_TABLE)
			table = attr_u32(v);
		else if (!read_route_attr(type, v, family, index, &o))
			return false;
	}
	if (table != RT_TABLE_MAIN || !o.index || o.index > INT32_MAX ||
	    (index && o.index != index))
		return false;
	*route = o;
	return true;
}
