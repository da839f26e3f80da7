// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * scale.c - many connections at once
 */
#include "script.h"

void scale_run(uint32_t conns)
{
	(void)conns;
}
