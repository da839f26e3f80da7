/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BOUND_H
#define BOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "ports.h"

/**
 * struct bound_half - a TCP handshake that a remote end began
 * @peer:	who calls
 * @pport:	its port, host order
 * @lport:	the port that is called
 */
struct bound_half {
	struct addr peer;
	uint16_t pport;
	uint16_t lport;
};

void	bound_init(void);
int	bound_open(bool in_ns, uint8_t proto);
int	bound_ports(bool in_ns, uint8_t proto, struct ports *set);
int	bound_half_open(const struct ports *ports, struct bound_half *half, int max);
void	bound_ephemeral(uint16_t *first, uint16_t *last);

#endif /* BOUND_H */
