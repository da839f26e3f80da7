/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FT_STATE_H
#define FT_STATE_H

#include <stddef.h>
#include <stdint.h>

int	state_init(const char *path);
size_t	state_size(void);
void	state_save(uint64_t number);
int	state_keep(uint64_t number);
int	state_load(uint64_t *number);

#endif /* FT_STATE_H */
