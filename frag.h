/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FRAG_H
#define FRAG_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

enum {
	FRAG_PACKETS	= 32,	/* incomplete packets kept at once */
	FRAG_QUOTE	= 64,	/* bytes kept of an incomplete one, for ICMP */
};

/**
 * struct frag_expired - an incomplete packet that was given up
 * @src:	its source, in the guest
 * @dst:	its destination
 * @proto:	protocol, as the first fragment names it
 * @ttl:	time to live of the first fragment
 * @len:	payload bytes of the packet that are known to exist
 * @have:	how many of them are in @l4
 * @l4:		the first bytes
 */
struct frag_expired {
	struct addr src;
	struct addr dst;
	uint8_t proto;
	uint8_t ttl;
	uint32_t len;
	uint32_t have;
	uint8_t l4[FRAG_QUOTE];
};

void	frag_init(void);
const struct frame *frag_from_guest(const struct frame *f, uint64_t now);
void	frag_release(void);
bool	frag_timeout(uint64_t now, struct frag_expired *x);
int	frag_send(const struct addr *src, const struct addr *dst, uint8_t proto,
		  const void *l4, uint32_t l4len, uint8_t ttl);

#endif /* FRAG_H */
