/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TIMER_H
#define TIMER_H

#include <stdint.h>

/* One timer per entry of the connection table, and a few for modules */
enum {
	TIMER_CONNS	= 256 * 1024,
	TIMER_RA	= TIMER_CONNS,	/* next unsolicited router advertisement */
	TIMER_FRAG,			/* oldest incomplete packet */
	TIMER_PORTS,			/* next look at ports for `auto` */
	TIMER_LINK,			/* memory of the link given back when quiet */
	TIMER_NUM
};

#define TIMER_NEVER	UINT64_MAX

void	timer_init(uint64_t now);
void	timer_set(uint32_t id, uint64_t due);
void	timer_clear(uint32_t id);
uint64_t timer_due(uint32_t id);
uint64_t timer_next(void);
int64_t	timer_expired(uint64_t now);

#endif /* TIMER_H */
