// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dhcp_opt.c - options of DHCP messages (RFC 2132)
 *
 * Theory of operation
 *
 *   Options of a request are indexed by number before anything is decided.  Of
 *   an option that comes twice the first counts: joining those that were split
 *   (RFC 3396) matters for long ones only, and we read none of these.  A
 *   length that lies makes the whole message bad.  The data stays where it is,
 *   and its length has to be looked at by who reads it.
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
 *
 */
#include "dhcp_opt.h"

#include <string.h>

#include "dnsname.h"
#include "net.h"

enum {
	OPTION_MAX	= 255,		/* bytes in one instance of an option */
	DATA_MAX	= NET_SEARCH_MAX * DNSNAME_MAX,
};

/* Flags of option 81: RFC 4702, section 2.1 */
enum { FQDN_S = 1, FQDN_O = 2, FQDN_E = 4, FQDN_N = 8 };

/* Not told to the guest, on the link, by a next hop */
enum route_kind { ROUTE_NONE, ROUTE_LINK, ROUTE_VIA };

/* What every client gets, in this order, after what it asked for */
static const uint8_t parameter[] = {
	DHCP_OPT_MASK, DHCP_OPT_ROUTES, DHCP_OPT_ROUTER, DHCP_OPT_DNS,
	DHCP_OPT_HOSTNAME, DHCP_OPT_MTU, DHCP_OPT_FQDN, DHCP_OPT_SEARCH,
};

/**
 * dhcp_opt_read() - Index the options of one field
 * @opt:	By number; gets those that are not there yet
 * @data:	Field
 * @len:	Its length
 *
 * Return: false if an option ends behind the field
 */
bool dhcp_opt_read(struct dhcp_option opt[static DHCP_OPTIONS], const uint8_t *data,
		   size_t len)
{
	struct pkt_reader r = pkt_reader(data, len);

	while (r.left) {
		uint8_t code = pkt_u8(&r);
		const uint8_t *p;
		uint8_t n;

		if (code == DHCP_OPT_PAD)
			continue;
		if (code == DHCP_OPT_END)
			break;
		n = pkt_u8(&r);
		p = pkt_take(&r, n);
		if (p && !opt[code].p)
			opt[code] = (struct dhcp_option){ .p = p, .len = n };
	}
	return !r.bad;
}

/**
 * dhcp_opt_gateway() - Next hop of the default route
 *
 * Return: address, NULL if it has none
 */
const struct addr *dhcp_opt_gateway(void)
{
	return addr_is4(&net->gw4) && !addr_is_any(&net->gw4) ? &net->gw4 : NULL;
}

/* on_link() - Whether the guest reaches an address without a next hop */
static bool on_link(const struct addr *a)
{
	return addr_in_prefix(a, &net->addr4, net->prefix4);
}

/* put_route() - One route (RFC 3442): prefix, its significant bytes, next hop */
static void put_route(struct pkt_writer *w, const struct addr *dst, uint8_t prefix,
		      const struct addr *via)
{
	pkt_put_u8(w, prefix);
	pkt_put(w, addr_v4(dst), (size_t)(prefix + 7) / 8);
	pkt_put(w, addr_v4(via), 4);
}

/**
 * kind_of() - What the guest is told of a route of the host
 * @r:		Route
 *
 * Return: ROUTE_NONE for IPv6, for the default and for the guest's own network,
 *	   which is told in options 3 and 1
 */
static enum route_kind kind_of(const struct net_route *r)
{
	if (!addr_is4(&r->dst) || !r->prefix || r->prefix > 32)
		return ROUTE_NONE;
	if (addr_is4(&r->via) && !addr_is_any(&r->via))
		return ROUTE_VIA;
	return r->prefix == net->prefix4 && on_link(&r->dst) ? ROUTE_NONE : ROUTE_LINK;
}

/* has_link_default() - Whether the host's default route has no next hop */
static bool has_link_default(void)
{
	for (unsigned i = 0; i < net->nroutes; i++) {
		if (addr_is4(&net->routes[i].dst) && !net->routes[i].prefix)
			return !dhcp_opt_gateway();
	}
	return false;
}

/**
 * put_hop() - Route to a next hop, unless the guest has one already
 * @w:		Writer
 * @via:	Next hop
 * @before:	Number of routes whose next hops are done
 */
static void put_hop(struct pkt_writer *w, const struct addr *via, unsigned before)
{
	if (on_link(via))
		return;
	for (unsigned i = 0; i < net->nroutes; i++) {
		const struct net_route *r = &net->routes[i];
		enum route_kind kind = kind_of(r);

		if (kind == ROUTE_LINK && addr_in_prefix(via, &r->dst, r->prefix))
			return;
		if (kind == ROUTE_VIA && i < before && addr_eq(via, &r->via))
			return;
	}
	put_route(w, via, 32, &addr_any4);
}

/**
 * put_routes() - Option 121: what is on the link, next hops, what is behind them
 * @w:		Writer for its data; left empty if options 1 and 3 say enough
 */
static void put_routes(struct pkt_writer *w)
{
	const struct addr *gw = dhcp_opt_gateway();
	const struct net_route *r = net->routes;

	for (unsigned i = 0; i < net->nroutes; i++) {
		if (kind_of(&r[i]) == ROUTE_LINK)
			put_route(w, &r[i].dst, r[i].prefix, &addr_any4);
	}
	for (unsigned i = 0; i < net->nroutes; i++) {
		if (kind_of(&r[i]) == ROUTE_VIA)
			put_hop(w, &r[i].via, i);
	}
	if (gw)
		put_hop(w, gw, net->nroutes);
	for (unsigned i = 0; i < net->nroutes; i++) {
		if (kind_of(&r[i]) == ROUTE_VIA)
			put_route(w, &r[i].dst, r[i].prefix, &r[i].via);
	}
	if (has_link_default())
		put_route(w, &addr_any4, 0, &addr_any4);
	else if (gw && w->len)
		put_route(w, &addr_any4, 0, gw);
}

/**
 * put_fqdn() - Option 81 (RFC 4702, section 4)
 * @w:		Writer for its data; left empty if the client did not bring it up
 * @asked:	Options of the request
 *
 * The client must not expect updates of the DNS from us (flag N), its wish for
 * them (flag S) is overruled (flag O).
 */
static void put_fqdn(struct pkt_writer *w, const struct dhcp_option *asked)
{
	const struct dhcp_option *o = &asked[DHCP_OPT_FQDN];
	const struct dhcp_option *list = &asked[DHCP_OPT_PARAMETERS];
	uint8_t wire[DNSNAME_MAX];
	size_t len = dnsname_encode(net->fqdn, wire);
	uint8_t theirs = FQDN_E;

	if (o->p && o->len)
		theirs = *o->p;
	else if (!list->p || !memchr(list->p, DHCP_OPT_FQDN, list->len))
		return;
	if (!len)
		return;
	pkt_put_u8(w, (uint8_t)(FQDN_N | (theirs & FQDN_E) | (theirs & FQDN_S ? FQDN_O : 0)));
	pkt_put_be16(w, 0xffff);	/* RCODE1 and 2 mean nothing: section 2.2 */
	if (theirs & FQDN_E)
		pkt_put(w, wire, len);
	else				/* deprecated text: section 2.3.1 */
		pkt_put(w, net->fqdn, strlen(net->fqdn));
}

/* put_search() - Option 119, compressed names */
static void put_search(struct pkt_writer *w)
{
	struct dnsname_pack pack = { 0 };

	for (unsigned i = 0; i < net->nsearch; i++)
		(void)dnsname_pack_add(&pack, w, net->search[i]);
}

/**
 * put_data() - Data of an option of a reply
 * @w:		Writer for it, left empty if there is none
 * @code:	Which option
 * @asked:	Options of the request
 */
static void put_data(struct pkt_writer *w, uint8_t code, const struct dhcp_option *asked)
{
	struct addr mask = addr_mask4(net->prefix4);
	const struct addr *gw = dhcp_opt_gateway();

	switch (code) {
	case DHCP_OPT_MASK:
		pkt_put(w, addr_v4(&mask), 4);
		break;
	case DHCP_OPT_ROUTER:
		if (gw)
			pkt_put(w, addr_v4(gw), 4);
		break;
	case DHCP_OPT_DNS:
		for (unsigned i = 0; i < net->ndns4; i++)
			pkt_put(w, addr_v4(&net->dns4[i]), 4);
		break;
	case DHCP_OPT_HOSTNAME:
		pkt_put(w, net->hostname, min_size(strlen(net->hostname), OPTION_MAX));
		break;
	case DHCP_OPT_MTU:
		if (net->mtu_told)
			pkt_put_be16(w, net->mtu);
		break;
	case DHCP_OPT_FQDN:
		put_fqdn(w, asked);
		break;
	case DHCP_OPT_SEARCH:
		put_search(w);
		break;
	case DHCP_OPT_ROUTES:
		put_routes(w);
		break;
	default:
		break;
	}
}

/**
 * dhcp_opt_put() - One option, in several instances if it is long (RFC 3396)
 * @w:		Reply; the option is left out if it does not fit
 * @code:	Which option
 * @data:	Its data
 * @len:	Bytes, 0: left out
 */
void dhcp_opt_put(struct pkt_writer *w, uint8_t code, const uint8_t *data, size_t len)
{
	size_t heads = (len + OPTION_MAX - 1) / OPTION_MAX * 2;

	if (w->bad || len + heads > w->size - w->len)
		return;
	while (len) {
		size_t n = min_size(len, OPTION_MAX);

		pkt_put_u8(w, code);
		pkt_put_u8(w, (uint8_t)n);
		pkt_put(w, data, n);
		data += n;
		len -= n;
	}
}

/**
 * dhcp_opt_put_parameters() - Everything the client should know
 * @w:		Reply; what does not fit is left out
 * @asked:	Options of the request
 * @dns:	Tell resolvers
 * @search:	Tell the search list
 */
void dhcp_opt_put_parameters(struct pkt_writer *w,
			     const struct dhcp_option asked[static DHCP_OPTIONS],
			     bool dns, bool search)
{
	const struct dhcp_option *list = &asked[DHCP_OPT_PARAMETERS];
	bool done[DHCP_OPTIONS] = { [DHCP_OPT_DNS] = !dns, [DHCP_OPT_SEARCH] = !search };
	size_t wanted = list->p ? list->len : 0;

	for (size_t i = 0; i < wanted + ARRAY_SIZE(parameter); i++) {
		uint8_t code = i < wanted ? list->p[i] : parameter[i - wanted];
		uint8_t data[DATA_MAX];
		struct pkt_writer d = pkt_writer(data, sizeof(data));

		if (done[code])
			continue;
		done[code] = true;
		put_data(&d, code, asked);
		dhcp_opt_put(w, code, data, d.len);
	}
}
