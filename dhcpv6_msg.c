// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dhcpv6_msg.c - reading DHCPv6 messages of clients (RFC 8415, section 8)
 *
 * Theory of operation
 *
 *   A message is a type, a transaction id and options, some of which hold
 *   options.  What the server looks at is found and checked here, once, on every
 *   level: after that its parts are readers of bytes that are there, and nobody
 *   has to ask for a length again.  A length that lies, an identifier that
 *   comes twice or a list of half an entry makes the whole message bad.
 *
 *   Which identifiers a message must have is up to dhcpv6.c.  Unknown options
 *   are passed over.  Of more than V6_IA_MAX identity associations the rest is
 *   ignored: the client asks again for what it did not get.
 */
#include "dhcpv6_msg.h"

#include <string.h>

/* Lengths of a DUID: RFC 8415, section 11.1 */
enum { DUID_MIN = 3, DUID_MAX = 130 };

/* Shortest data of an IA Address option: section 21.6 */
enum { IAADDR_MIN = 24 };

/**
 * take_option() - Next option of a list
 * @list:	List, moved behind the option
 * @code:	Set
 * @opt:	Set to its data
 *
 * Return: false at the end of the list; bad, if an option ends behind it
 */
static bool take_option(struct pkt_reader *list, uint16_t *code, struct pkt_reader *opt)
{
	if (!list->left)
		return false;
	*code = pkt_be16(list);
	*opt = pkt_sub(list, pkt_be16(list));
	return !list->bad;
}

/**
 * dhcpv6_msg_address() - Next address of an IA for addresses
 * @list:	Options of the IA, checked
 * @a:		Set
 *
 * Return: false if there is no other
 */
bool dhcpv6_msg_address(struct pkt_reader *list, struct addr *a)
{
	struct pkt_reader opt;
	uint16_t code;

	while (take_option(list, &code, &opt)) {
		if (code == V6_OPT_IAADDR) {
			*a = addr_from6(opt.p);
			return true;
		}
	}
	return false;
}

/**
 * read_ia() - Check an identity association and note it
 * @rq:		Request
 * @type:	V6_OPT_IA_NA, V6_OPT_IA_TA or V6_OPT_IA_PD
 * @opt:	Its data
 *
 * Return: false if it is too short, or what is in it lies about its length
 */
static bool read_ia(struct v6_request *rq, uint16_t type, struct pkt_reader opt)
{
	struct v6_ia ia = { .type = type, .id = pkt_be32(&opt) };
	struct pkt_reader sub, list;
	uint16_t code;

	if (type != V6_OPT_IA_TA)
		(void)pkt_take(&opt, 8);	/* T1 and T2 are hints at most */
	if (opt.bad)
		return false;
	ia.opts = list = opt;
	while (take_option(&list, &code, &sub)) {
		if (code == V6_OPT_IAADDR && sub.left < IAADDR_MIN)
			return false;
	}
	if (list.bad)
		return false;
	if (rq->nia < V6_IA_MAX)
		rq->ia[rq->nia++] = ia;
	return true;
}

/**
 * read_duid() - Check an identifier, which may come once
 * @duid:	Set if it was empty
 * @opt:	Data of the option
 *
 * Return: false if it came before, or its length can not be
 */
static bool read_duid(struct pkt_reader *duid, struct pkt_reader opt)
{
	if (duid->p || opt.left < DUID_MIN || opt.left > DUID_MAX)
		return false;
	*duid = opt;
	return true;
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
	switch (code) {
	case V6_OPT_CLIENTID:
		return read_duid(&rq->client, opt);
	case V6_OPT_SERVERID:
		return read_duid(&rq->server, opt);
	case V6_OPT_IA_NA:
	case V6_OPT_IA_TA:
	case V6_OPT_IA_PD:
		return read_ia(rq, code, opt);
	case V6_OPT_ORO:
		rq->oro = opt;
		rq->has_oro = true;
		return opt.left % 2 == 0;
	case V6_OPT_RAPID:
		rq->rapid = true;
		return !opt.left;
	case V6_OPT_FQDN:
		rq->fqdn = opt;
		rq->has_fqdn = true;
		return opt.left >= 1;
	default:
		return true;
	}
}

/**
 * dhcpv6_msg_read() - Check a message of a client, whatever its type
 * @rq:		Filled
 * @data:	Message, has to outlive @rq
 * @len:	Its length
 *
 * Return: false if anything in it ends too early
 */
bool dhcpv6_msg_read(struct v6_request *rq, const uint8_t *data, size_t len)
{
	struct pkt_reader r = pkt_reader(data, len);
	struct pkt_reader opt;
	const uint8_t *xid;
	uint16_t code;

	memset(rq, 0, sizeof(*rq));
	rq->type = pkt_u8(&r);
	xid = pkt_take(&r, sizeof(rq->xid));
	if (!xid)
		return false;
	memcpy(rq->xid, xid, sizeof(rq->xid));
	while (take_option(&r, &code, &opt)) {
		if (!read_option(rq, code, opt))
			return false;
	}
	return !r.bad;
}

/**
 * dhcpv6_msg_asks() - Whether the client wants an option
 * @rq:		Request
 * @code:	Which option
 *
 * Return: true if its list has that option, or it sent no list
 */
bool dhcpv6_msg_asks(const struct v6_request *rq, uint16_t code)
{
	struct pkt_reader list = rq->oro;

	while (list.left) {
		if (pkt_be16(&list) == code)
			return true;
	}
	return !rq->has_oro;
}
