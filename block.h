/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BLOCK_H
#define BLOCK_H

#include <stdbool.h>

#include "addr.h"

enum { BLOCK_ADDRS = 64 };	/* addresses at most */

int	block_addr(const struct addr *a);
bool	block_complete(void);
void	block_end(void);

#endif /* BLOCK_H */
