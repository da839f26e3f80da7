/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DNSNAME_H
#define DNSNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pkt.h"

enum {
	DNSNAME_MAX	= 255,		/* bytes on the wire, RFC 1035, 2.3.4 */
	DNSNAME_KNOWN	= 64,		/* labels a pointer may lead to */
};

/**
 * struct dnsname_pack - names that share their endings in one message
 * @n:		entries of @known
 * @known:	endings written so far
 * @known.text:	the ending, as given: it has to stay where it is
 * @known.at:	where it stands, bytes from the beginning of the writer
 */
struct dnsname_pack {
	size_t n;
	struct {
		const char *text;
		uint16_t at;
	} known[DNSNAME_KNOWN];
};

size_t	dnsname_encode(const char *name, uint8_t wire[static DNSNAME_MAX]);
bool	dnsname_pack_add(struct dnsname_pack *p, struct pkt_writer *w, const char *name);

#endif /* DNSNAME_H */
