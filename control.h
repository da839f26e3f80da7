/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>
#include <stdint.h>

/* What the one who drives the loop has to do next */
enum control_wish {
	CONTROL_NONE,		/* nothing */
	CONTROL_SAVE,		/* control_save() */
	CONTROL_REST,		/* bring everything to rest, then control_save() */
	CONTROL_END,		/* leave: somebody else has it all, or nobody wants it */
};

int	control_init(const char *path);
void	control_event(uint64_t id, uint32_t events);
enum control_wish control_next(uint64_t now);
enum control_wish control_save(uint64_t now);
enum control_wish control_hold(uint64_t now);
void	control_end(void);

#endif /* CONTROL_H */
