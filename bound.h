/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOUND_H
#define BOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "ports.h"

void	bound_init(void);
int	bound_open(bool in_ns, uint8_t proto);
int	bound_ports(bool in_ns, uint8_t proto, struct ports *set);
int	bound_half_open(struct ports *set);
void	bound_ephemeral(uint16_t *first, uint16_t *last);

#endif /* BOUND_H */
