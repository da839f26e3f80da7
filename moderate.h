/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODERATE_H
#define MODERATE_H

#include <stdbool.h>
#include <stdint.h>

void	moderate_init(void);
uint32_t moderate(bool alone, uint32_t bytes, uint64_t now);

#endif /* MODERATE_H */
