/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DNSNAME_H
#define DNSNAME_H

#include <stdbool.h>

#include "pkt.h"

enum { DNSNAME_MAX = 255 };	/* bytes on the wire: RFC 1035, section 2.3.4 */

bool	dnsname_put(struct pkt_writer *w, const char *name, bool pack);

#endif /* DNSNAME_H */
