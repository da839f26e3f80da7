/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FT_PATTERN_H
#define FT_PATTERN_H

#include <stddef.h>
#include <stdint.h>

enum {
	PATTERN_PERIOD	= 1048573,	/* a prime: no buffer size divides it */
	PATTERN_PIECE	= 128 * 1024,	/* bytes that lie in one piece wherever they begin */
};

void	pattern_init(void);
const uint8_t *pattern_at(uint32_t stream, uint64_t offset);
size_t	pattern_same(uint32_t stream, uint64_t offset, const uint8_t *data, size_t len);

#endif /* FT_PATTERN_H */
