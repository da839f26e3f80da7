/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef RESOLV_H
#define RESOLV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

enum {
	RESOLV_NS_MAX		= 16,
	RESOLV_SEARCH_MAX	= 8,
	RESOLV_NAME		= 256,	/* a domain name and its terminator */
	RESOLV_ZONE		= 16,	/* an interface's name and its terminator */
};

/**
 * struct resolv - what /etc/resolv.conf says
 * @ns:		resolvers, in order
 * @ns.addr:	address, either family
 * @ns.zone:	what stood behind its %, or empty (RFC 4007, section 11)
 * @nns:	how many
 * @search:	search list, names without trailing dot
 * @nsearch:	how many
 */
struct resolv {
	struct {
		struct addr addr;
		char zone[RESOLV_ZONE];
	} ns[RESOLV_NS_MAX];
	unsigned nns;
	char search[RESOLV_SEARCH_MAX][RESOLV_NAME];
	unsigned nsearch;
};

void	resolv_parse(char *text, size_t len, struct resolv *r);
int	resolv_read(const char *path, struct resolv *r);

#endif /* RESOLV_H */
