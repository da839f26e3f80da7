/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seq.h - sequence number arithmetic, modulo 2^32 (RFC 9293, section 3.4)
 *
 * Right as long as the two numbers are less than 2^31 apart, which the largest
 * window, 2^30, guarantees for numbers of one connection.
 */
#ifndef SEQ_H
#define SEQ_H

#include <stdbool.h>
#include <stdint.h>

static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static inline bool seq_lt(uint32_t a, uint32_t b) { return seq_diff(a, b) < 0; }
static inline bool seq_le(uint32_t a, uint32_t b) { return seq_diff(a, b) <= 0; }
static inline bool seq_gt(uint32_t a, uint32_t b) { return seq_diff(a, b) > 0; }
static inline bool seq_ge(uint32_t a, uint32_t b) { return seq_diff(a, b) >= 0; }

static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_gt(a, b) ? a : b;
}

/* How far a is ahead of b, 0 if it is not */
static inline uint32_t seq_ahead(uint32_t a, uint32_t b)
{
	return seq_gt(a, b) ? a - b : 0;
}

#endif /* SEQ_H */
