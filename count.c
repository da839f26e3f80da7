// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * count.c - named counters
 *
 * Theory of operation
 *
 *   One 64-bit number per thing that is worth counting, and its name: both come
 *   from the one table in count.h.  Nothing is thrown away without one of them
 *   moving.  They only grow.
 */
#include "count.h"

#include <string.h>

uint64_t count_value[COUNT_NUM];

#define COUNT_NAME(id, name)	[id] = (name),
const char *const count_name[COUNT_NUM] = { COUNT_TABLE(COUNT_NAME) };

/* count_reset() - All to 0, for tests */
void count_reset(void)
{
	memset(count_value, 0, sizeof(count_value));
}
