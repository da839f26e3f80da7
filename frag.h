/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FRAG_H
#define FRAG_H

#include <stdint.h>

#include "frame.h"

enum { FRAG_PACKETS = 32 };	/* incomplete packets kept at once */

void	frag_init(void);
const struct frame *frag_from_guest(const struct frame *f, uint64_t now);
void	frag_release(void);
const struct frame *frag_timeout(uint64_t now);
int	frag_send(const struct addr *src, const struct addr *dst, uint8_t proto,
		  void *l4, uint32_t l4len);

#endif /* FRAG_H */
