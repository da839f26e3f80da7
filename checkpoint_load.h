/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CHECKPOINT_LOAD_H
#define CHECKPOINT_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "checkpoint.h"

void	checkpoint_load_init(void);
int	checkpoint_load(int fd, bool strict, uint64_t now);
int	checkpoint_go(uint64_t now);
void	checkpoint_forget(void);

#endif /* CHECKPOINT_LOAD_H */
