/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TAIL_H
#define TAIL_H

#include <stdint.h>

struct iovec;

enum { TAIL_PIECE = 16 * 1024, TAIL_PIECES = 512 };

void	tail_init(void);
uint32_t tail_put(uint32_t *tail, const struct iovec *iov, int niov, uint32_t skip,
		  uint32_t len);
void	tail_join(uint32_t *tail, uint32_t more);
uint32_t tail_used(void);
int	tail_peek(uint32_t tail, struct iovec *iov, int max);
void	tail_drop(uint32_t *tail, uint32_t len);

#endif /* TAIL_H */
