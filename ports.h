/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PORTS_H
#define PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

enum { PORTS_NUM = 65536 };

/**
 * struct ports - a set of ports
 * @bit:	one bit each
 */
struct ports {
	uint64_t bit[PORTS_NUM / 64];
};

#endif /* PORTS_H */
