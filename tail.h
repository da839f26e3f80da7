/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TAIL_H
#define TAIL_H

#include <stdint.h>

struct iovec;

enum {
	TAIL_PIECE	= 16 * 1024,
	TAIL_PIECES	= 512,
	LATE_BLOCKS	= 4,		/* RFC 2018, section 3: as many as fit */
};

/**
 * struct late_block - bytes that came behind a gap
 * @start:	number of the first
 * @end:	number behind the last
 */
struct late_block {
	uint32_t start;
	uint32_t end;
};

/* What a socket refused: one chain */
void	tail_init(void);
uint32_t tail_put(uint32_t *tail, const struct iovec *iov, int niov, uint32_t skip,
		  uint32_t len);
uint32_t tail_len(uint32_t tail);
uint32_t tail_used(void);
int	tail_peek(uint32_t tail, struct iovec *iov, int max);
void	tail_drop(uint32_t *tail, uint32_t len);

/* What came behind a gap: a chain per range */
uint32_t late_put(uint32_t *late, uint32_t seq, const struct iovec *iov, int niov,
		  uint32_t len);
uint32_t late_take(uint32_t *late, uint32_t next, uint32_t *tail);
int	late_blocks(uint32_t late, struct late_block b[static LATE_BLOCKS]);
void	late_drop(uint32_t *late);

#endif /* TAIL_H */
