// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * moderate.c - when to let frames of the guest gather, as network cards do
 *
 * Theory of operation
 *
 *   A machine whose processor is emulated sends frame by frame.  Each wakes us, and is
 *   acknowledged by itself, which wakes the machine: the wake-ups cost both more than
 *   the bytes.  A pause before the next look lets frames gather.
 *
 *   A pause helps a guest that goes on to send meanwhile, and harms one that waits for
 *   us: because its window is full, or its buffer, or since it has asked something.  So
 *
 *	- there is none unless the link alone woke us for a while, and no socket: with
 *	  requests and responses, sockets have something to say
 *	- it is an experiment: how much comes is measured without a pause, and then with
 *	  one, again and again.  Unless clearly more comes with a look, and as much in
 *	  a second, there is none for a second
 *
 *	looks	MEASURE x 16 --> PAUSE x 16 --> PAUSE x 16 ... --> MEASURE
 *		  base		  | longer while little comes,	   after a second
 *				  | shorter while much does
 *
 *   A guest that waits loses sixteen short pauses a second.
 */
#include "moderate.h"

#include <string.h>

#include "util.h"

enum {
	BASE_LOOKS	= 16,		/* to measure what comes without a pause */
	LOOKS		= 16,		/* the same with one */
	BYTES_LEAST	= 1024,		/* less is no bulk */
	BYTES_ENOUGH	= 8192,		/* with a look: no longer pause */
	PAUSE_FIRST_US	= 256,
	PAUSE_MAX_US	= 512,
	CALM_US		= 20 * 1000,	/* no socket had anything to say for so long */
	AGAIN_US	= 1000 * 1000,
	MORE_TENTHS	= 15,		/* bytes with a look that make a pause worth it */
	RATE_TENTHS	= 7,		/* bytes in a time that are no loss: rates vary */
};

/**
 * struct moderate_self - state of this file
 * @busy_at:	when a socket last woke us, us
 * @look_at:	when the guest last woke us with bulk, us
 * @again_at:	no pause before, us: it did not help
 * @begun_at:	when the present measurement began, us
 * @looks:	in it, without the one it began with
 * @sum:	bytes that came with these
 * @base:	bytes with a look without a pause
 * @base_rate:	bytes in 1024 us without a pause
 * @pause:	present pause, us; 0: none
 */
static struct {
	uint64_t busy_at;
	uint64_t look_at;
	uint64_t again_at;
	uint64_t begun_at;
	uint32_t looks;
	uint32_t sum;
	uint32_t base;
	uint64_t base_rate;
	uint32_t pause;
} self;

/* measure() - Begin to measure, with this look */
static void measure(uint64_t now)
{
	self.begun_at = now;
	self.looks = 0;
	self.sum = 0;
}

/* moderate_init() - Begin anew */
void moderate_init(void)
{
	memset(&self, 0, sizeof(self));
}

/* rate() - Bytes in 1024 us, of the measurement that is complete */
static uint64_t rate(uint64_t now)
{
	return ((uint64_t)self.sum << 10) / (now - self.begun_at + 1);
}

/* adapt() - Some looks with a pause: go on, longer, shorter, or not */
static void adapt(uint64_t now)
{
	uint32_t bytes = self.sum / LOOKS;

	if (bytes * 10 < self.base * MORE_TENTHS ||
	    rate(now) * 10 < self.base_rate * RATE_TENTHS) {
		self.pause = 0;
		self.again_at = now + AGAIN_US;
	} else if (bytes > 2 * BYTES_ENOUGH) {
		self.pause /= 2;
		if (self.pause < PAUSE_FIRST_US / 4)
			self.pause = 0;
	} else if (bytes < BYTES_ENOUGH) {
		self.pause = min_u32(2 * self.pause, PAUSE_MAX_US);
	}
}

/**
 * moderate() - How long to pause before the next look
 * @alone:	The guest's link alone woke us
 * @bytes:	That came from the guest
 * @now:	Time, us
 *
 * Called for each wake-up but those by a deadline.
 *
 * Return: us, 0..PAUSE_MAX_US
 */
uint32_t moderate(bool alone, uint32_t bytes, uint64_t now)
{
	if (!alone)
		self.busy_at = now;
	if (now - self.busy_at < CALM_US || now - self.look_at > CALM_US ||
	    now < self.again_at || bytes < BYTES_LEAST) {
		self.look_at = bytes < BYTES_LEAST ? self.look_at : now;
		self.pause = 0;
		measure(now);
		return 0;
	}
	self.look_at = now;
	self.sum += bytes;
	self.looks++;
	if (self.pause && self.looks == LOOKS) {
		adapt(now);
		measure(now);
	} else if (!self.pause && self.looks == BASE_LOOKS) {
		self.base = self.sum / BASE_LOOKS;
		self.base_rate = rate(now);
		/* Enough comes with each look as it is */
		self.pause = self.base < BYTES_ENOUGH ? PAUSE_FIRST_US : 0;
		measure(now);
	}
	return self.pause;
}
