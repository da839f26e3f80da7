/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CHECKPOINT_SAVE_H
#define CHECKPOINT_SAVE_H

#include <stdbool.h>
#include <stdint.h>

#include "checkpoint.h"

enum { CHECKPOINT_STEP = 1024 };	/* flows written by one checkpoint_save_more() */

void	checkpoint_save_init(void);
int	checkpoint_save(int fd, enum checkpoint_mode mode, bool known);
int	checkpoint_save_more(uint64_t now);
int	checkpoint_part(void);
int	checkpoint_resume(void);
void	checkpoint_helped(void);

#endif /* CHECKPOINT_SAVE_H */
