/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef EPOCH_H
#define EPOCH_H

#include <stdbool.h>
#include <stdint.h>

#include "tap_link.h"

enum {
	EPOCH_RING	= 64 * 1024 * 1024,	/* bytes of frames held, their headers counted */
	EPOCH_OPEN	= 64,			/* boundaries at once */
};

/**
 * enum epoch_state - what the gate does with frames of the guest
 * @EPOCH_OFF:	nothing: they do not come by here
 * @EPOCH_ON:	holds them until the epoch they belong to is committed
 * @EPOCH_LAST:	protection ended: what is held goes on, then it is off
 * @EPOCH_FENCED: drops all, for good: somebody else is the guest now
 */
enum epoch_state { EPOCH_OFF, EPOCH_ON, EPOCH_LAST, EPOCH_FENCED };

/**
 * struct epoch_status - how it stands
 * @state:	what the gate does
 * @begun:	number of the epoch that began last, 0: none
 * @committed:	number of the one that was committed last, 0: none
 * @open:	boundaries that wait for commit
 * @held:	bytes that wait, released or not
 * @full:	the link is not read, as the ring is full
 */
struct epoch_status {
	enum epoch_state state;
	uint64_t begun;
	uint64_t committed;
	uint32_t open;
	uint32_t held;
	bool full;
};

void	epoch_init(void);
bool	epoch_on(void);
int	epoch_begin(uint64_t now, uint64_t *number);
int	epoch_commit(uint64_t now, uint64_t *number);
int	epoch_abort(uint64_t *number);
int	epoch_release(void);
void	epoch_fence(void);
int	epoch_fill(void);
bool	epoch_ready(void);
int	epoch_take(struct tap_frame *f, int max);
void	epoch_done(int n);
bool	epoch_stalled(uint64_t now);
bool	epoch_stalled_since(uint64_t at);
void	epoch_status(struct epoch_status *s);

#endif /* EPOCH_H */
