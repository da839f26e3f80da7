/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LATE_H
#define LATE_H

#include <stdint.h>

struct iovec;

enum { LATE_BLOCKS = 4 };	/* RFC 2018, section 3: as many as fit */

/**
 * struct late_block - bytes that came behind a gap
 * @start:	number of the first
 * @end:	number behind the last
 */
struct late_block {
	uint32_t start;
	uint32_t end;
};

void	late_init(void);
uint32_t late_put(uint32_t *late, uint32_t seq, const struct iovec *iov, int niov,
		  uint32_t len);
uint32_t late_take(uint32_t *late, uint32_t next, uint32_t *tail);
int	late_blocks(uint32_t late, struct late_block b[static LATE_BLOCKS]);
void	late_drop(uint32_t *late);

#endif /* LATE_H */
