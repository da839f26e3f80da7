/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CHECKPOINT_H
#define CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "conn.h"

/* What to do when a checkpoint is written */
enum checkpoint_mode {
	CHECKPOINT_RUN,		/* go on */
	CHECKPOINT_HOLD,	/* stand still until commit or abort */
	CHECKPOINT_EXIT,	/* it was handed over */
	CHECKPOINT_FLOWS,	/* go on: it has no state, only which flows there are */
};

/* What the program is to a checkpoint */
enum checkpoint_state {
	CHECKPOINT_NONE,	/* it runs */
	CHECKPOINT_SAVED,	/* it stands still, somebody else may have it */
	CHECKPOINT_PREPARED,	/* it knows which flows there are, their state is to come */
	CHECKPOINT_LOADED,	/* it has all, but the network does not lead here yet */
};

/* What an image has: member of the section PROGRAM, numbers never change meaning */
enum checkpoint_kind {
	CHECKPOINT_KIND_WHOLE	= 0,
	CHECKPOINT_KIND_FLOWS	= 1,	/* no state */
	CHECKPOINT_KIND_STATE	= 2,	/* that of flows in one of _FLOWS, and new ones */
};

enum {
	CHECKPOINT_LOST_MAX	= 32,	/* reasons kept; all are counted, and logged */
	CHECKPOINT_TEXT		= 240,
};

/**
 * struct checkpoint_report - what became of a checkpoint
 * @tcp:	connections carried
 * @udp:	UDP flows carried
 * @echo:	flows of echo requests carried
 * @lost:	flows that could not be carried
 * @deaf:	nothing is heard meanwhile: by our own doing
 * @bytes:	length of the image
 * @us:		time it took, us
 * @text:	the first of those that were not carried: which, and why
 * @error:	what went wrong with all of it; empty: nothing
 */
struct checkpoint_report {
	uint32_t tcp;
	uint32_t udp;
	uint32_t echo;
	uint32_t lost;
	bool deaf;
	uint64_t bytes;
	uint64_t us;
	char text[CHECKPOINT_LOST_MAX][CHECKPOINT_TEXT];
	char error[CHECKPOINT_TEXT];
};

void	checkpoint_init(void);
enum checkpoint_state checkpoint_state(void);
void	checkpoint_enter(enum checkpoint_state state);

const struct checkpoint_report *checkpoint_report(void);
struct checkpoint_report *checkpoint_begin(void);
int	checkpoint_end(int rc, const char *what);
int	checkpoint_failed(int rc, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void	checkpoint_lost(const char *what, const char *why);
void	checkpoint_lost_anew(void);
void	checkpoint_tally(enum conn_kind kind);
int	checkpoint_powerless(void);
int	checkpoint_deserted(bool helped);

#endif /* CHECKPOINT_H */
