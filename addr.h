/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ADDR_H
#define ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "util.h"

/**
 * struct addr - an IPv4 or IPv6 address
 * @b:		network order; IPv4 as ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2)
 *
 * All zero is the unspecified IPv6 address and stands for "none" where an
 * address is optional.
 */
struct addr {
	uint8_t b[16];
};

/**
 * union addr_sock - an address as the socket calls want it
 * @sa:		what is passed
 * @in:		if @sa.sa_family is AF_INET
 * @in6:	if it is AF_INET6
 */
union addr_sock {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

enum { ADDR_TEXT = INET6_ADDRSTRLEN };

extern const struct addr addr_none, addr_any4, addr_loop4, addr_loop6,
			 addr_bcast4, addr_all_nodes;

static inline bool addr_eq(const struct addr *a, const struct addr *b)
{
	return !memcmp(a->b, b->b, sizeof(a->b));
}

static inline bool addr_is4(const struct addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(a->b, mapped, sizeof(mapped));
}

static inline bool addr_is_none(const struct addr *a)
{
	return addr_eq(a, &addr_none);
}

/* The 4 bytes of an IPv4 address, network order, as they stand in a header */
static inline const uint8_t *addr_v4(const struct addr *a)
{
	return a->b + 12;
}

struct addr addr_from4(const void *net4);
struct addr addr_from6(const void *net16);
bool	addr_parse(const char *text, struct addr *a);
const char *addr_text(const struct addr *a, char text[static ADDR_TEXT]);
bool	addr_is_any(const struct addr *a);
bool	addr_is_loopback(const struct addr *a);
bool	addr_is_multicast(const struct addr *a);
bool	addr_is_linklocal(const struct addr *a);
bool	addr_is_unicast(const struct addr *a);
bool	addr_in_prefix(const struct addr *a, const struct addr *net, unsigned prefix);
struct addr addr_mask4(unsigned prefix);
bool	addr_mask4_prefix(const struct addr *mask, unsigned *prefix);
struct addr addr_ll_from_mac(const uint8_t mac[static 6]);
socklen_t addr_to_sock(union addr_sock *s, const struct addr *a, uint16_t port,
		       unsigned scope);
bool	addr_from_sock(const union addr_sock *s, struct addr *a, uint16_t *port);

#endif /* ADDR_H */
