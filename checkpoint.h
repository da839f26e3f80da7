/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CHECKPOINT_H
#define CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

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

enum {
	CHECKPOINT_STEP		= 1024,	/* flows written by one checkpoint_save_more() */
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
const struct checkpoint_report *checkpoint_report(void);

int	checkpoint_save(int fd, enum checkpoint_mode mode, bool known);
int	checkpoint_save_more(uint64_t now);
int	checkpoint_part(void);
int	checkpoint_resume(void);
void	checkpoint_helped(void);

int	checkpoint_load(int fd, bool strict, uint64_t now);
int	checkpoint_go(uint64_t now);
void	checkpoint_forget(void);

#endif /* CHECKPOINT_H */
