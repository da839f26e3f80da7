// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * addr.c - IPv4 and IPv6 addresses as one type
 *
 * Theory of operation
 *
 *   An IPv4 address is kept as the IPv6 address that maps it, so that tables,
 *   hashes and comparisons know one form.  Prefix lengths are those of the
 *   family: 24 means /24 of IPv4, not /120.  Ports are in host order.
 */
#include "addr.h"

#include <arpa/inet.h>

const struct addr addr_none;
const struct addr addr_any4 = { { [10] = 0xff, 0xff } };
const struct addr addr_loop4 = { { [10] = 0xff, 0xff, 127, 0, 0, 1 } };
const struct addr addr_loop6 = { { [15] = 1 } };
const struct addr addr_bcast4 = { { [10] = 0xff, 0xff, 255, 255, 255, 255 } };
const struct addr addr_all_nodes = { { 0xff, 0x02, [15] = 1 } };

/**
 * addr_from4() - Address from the 4 bytes in a header
 * @net4:	4 bytes, network order
 *
 * Return: address
 */
struct addr addr_from4(const void *net4)
{
	struct addr a = addr_any4;

	memcpy(a.b + 12, net4, 4);
	return a;
}

/**
 * addr_from6() - Address from the 16 bytes in a header
 * @net16:	16 bytes, network order
 *
 * Return: address
 */
struct addr addr_from6(const void *net16)
{
	struct addr a;

	memcpy(a.b, net16, sizeof(a.b));
	return a;
}

/**
 * addr_parse() - Address from text, either family
 * @text:	192.0.2.1 or 2001:db8::1, without zone or brackets
 * @a:		Set on success
 *
 * Return: true if @text is an address
 */
bool addr_parse(const char *text, struct addr *a)
{
	uint8_t raw[16];

	if (inet_pton(AF_INET, text, raw) == 1)
		*a = addr_from4(raw);
	else if (inet_pton(AF_INET6, text, raw) == 1)
		*a = addr_from6(raw);
	else
		return false;
	return true;
}

/**
 * addr_text() - Address as text
 * @a:		Address
 * @text:	Filled
 *
 * Return: @text
 */
const char *addr_text(const struct addr *a, char text[static ADDR_TEXT])
{
	return addr_is4(a) ? inet_ntop(AF_INET, addr_v4(a), text, ADDR_TEXT) :
			     inet_ntop(AF_INET6, a->b, text, ADDR_TEXT);
}

/* addr_is_any() - 0.0.0.0 or :: */
bool addr_is_any(const struct addr *a)
{
	return addr_eq(a, &addr_any4) || addr_is_none(a);
}

/* addr_is_loopback() - 127.0.0.0/8 (RFC 1122, 3.2.1.3) or ::1 (RFC 4291, 2.5.3) */
bool addr_is_loopback(const struct addr *a)
{
	return addr_is4(a) ? addr_v4(a)[0] == 127 : addr_eq(a, &addr_loop6);
}

/* addr_is_multicast() - 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291, 2.7) */
bool addr_is_multicast(const struct addr *a)
{
	return addr_is4(a) ? addr_v4(a)[0] >> 4 == 14 : a->b[0] == 0xff;
}

/* addr_is_linklocal() - 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291, 2.5.6) */
bool addr_is_linklocal(const struct addr *a)
{
	if (addr_is4(a))
		return addr_v4(a)[0] == 169 && addr_v4(a)[1] == 254;
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* addr_is_unicast() - May stand for one host: no wildcard, group or broadcast */
bool addr_is_unicast(const struct addr *a)
{
	if (addr_is_any(a) || addr_is_multicast(a))
		return false;
	return !addr_is4(a) || (addr_v4(a)[0] != 0 && addr_v4(a)[0] < 240);
}

/**
 * addr_in_prefix() - Whether an address is in a network
 * @a:		Address
 * @net:	Any address of the network
 * @prefix:	Its length in bits, 0..32 or 0..128 by the family of @net
 *
 * Return: true if both are of one family and the first @prefix bits agree
 */
bool addr_in_prefix(const struct addr *a, const struct addr *net, unsigned prefix)
{
	unsigned bits = addr_is4(net) ? 96 + prefix : prefix;

	if (addr_is4(a) != addr_is4(net) || bits > 128 || memcmp(a->b, net->b, bits / 8))
		return false;
	return bits == 128 || !((a->b[bits / 8] ^ net->b[bits / 8]) & 0xff00 >> bits % 8);
}

/**
 * addr_mask4() - Prefix length as a netmask
 * @prefix:	0..32
 *
 * Return: 255.255.255.0 for 24, and so on
 */
struct addr addr_mask4(unsigned prefix)
{
	uint8_t net4[4];

	put_be32(net4, prefix ? UINT32_MAX << (32 - prefix) : 0);
	return addr_from4(net4);
}

/**
 * addr_mask4_prefix() - Netmask as a prefix length
 * @mask:	IPv4 address
 * @prefix:	Set on success, 0..32
 *
 * Return: true if the ones of @mask are contiguous
 */
bool addr_mask4_prefix(const struct addr *mask, unsigned *prefix)
{
	uint32_t zeros = ~get_be32(addr_v4(mask));

	/* Contiguous: one more than the zeros is a single bit, or none */
	if (!addr_is4(mask) || zeros & (zeros + 1))
		return false;
	*prefix = 32 - (unsigned)__builtin_popcount(zeros);
	return true;
}

/**
 * addr_ll_from_mac() - Link-local address by modified EUI-64 (RFC 4291, app. A)
 * @mac:	6 bytes
 *
 * Return: address in fe80::/64
 */
struct addr addr_ll_from_mac(const uint8_t mac[static 6])
{
	struct addr a = { { 0xfe, 0x80, [8] = mac[0] ^ 2, mac[1], mac[2], 0xff,
			    0xfe, mac[3], mac[4], mac[5] } };

	return a;
}

/**
 * addr_to_sock() - Address and port as the socket calls want them
 * @s:		Filled
 * @a:		Address; its form decides the family
 * @port:	Host order
 * @scope:	Interface index for link-local IPv6, else 0
 *
 * Return: length to pass along
 */
socklen_t addr_to_sock(union addr_sock *s, const struct addr *a, uint16_t port,
		       unsigned scope)
{
	memset(s, 0, sizeof(*s));
	if (addr_is4(a)) {
		s->in.sin_family = AF_INET;
		s->in.sin_port = htons(port);
		memcpy(&s->in.sin_addr, addr_v4(a), 4);
		return sizeof(s->in);
	}
	s->in6.sin6_family = AF_INET6;
	s->in6.sin6_port = htons(port);
	memcpy(&s->in6.sin6_addr, a->b, 16);
	if (addr_is_linklocal(a) || addr_is_multicast(a))
		s->in6.sin6_scope_id = scope;
	return sizeof(s->in6);
}

/**
 * addr_from_sock() - Address and port from what a socket call returned
 * @s:		Address of the kernel
 * @a:		Set on success
 * @port:	Set on success, host order
 *
 * Return: true if the family is one of ours
 */
bool addr_from_sock(const union addr_sock *s, struct addr *a, uint16_t *port)
{
	if (s->sa.sa_family == AF_INET) {
		*a = addr_from4(&s->in.sin_addr);
		*port = ntohs(s->in.sin_port);
	} else if (s->sa.sa_family == AF_INET6) {
		*a = addr_from6(&s->in6.sin6_addr);
		*port = ntohs(s->in6.sin6_port);
	} else {
		return false;
	}
	return true;
}
