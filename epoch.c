// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * epoch.c - frames of the guest wait until what made them is safe elsewhere
 *
 * Theory of operation
 *
 *   A guest whose state is copied to a standby again and again may be the one that
 *   goes on at any time.  So nobody may have seen what it did since the last copy:
 *   its output waits (Remus, Cully et al., NSDI 2008; sch_plug in Linux is the same
 *   for a qdisc).  Time is cut into epochs:
 *
 *	the driver pauses the guest, and copies its state
 *	epoch_begin()		a boundary: all that it sent so far lies before it
 *	the guest goes on
 *	the copy is safe
 *	epoch_commit()		all before the oldest boundary goes on to the sockets
 *	  or epoch_abort()	it never will be: that epoch is part of the next one
 *
 *   Several may be open, as copies may take longer than an epoch.
 *
 *	ring: [done with] tail [released] free_to [epoch n] edge [epoch n + 1] head [room]
 *			  epoch_take()	  the oldest boundary
 *
 *   Frames are copied into the ring and given back to the link at once: else the guest's
 *   own queue would be full, and it would notice.  When the ring is full the link is not
 *   read, so that nothing is lost; there is room again when frames that were released are
 *   done with.  Frames that epoch_begin() could not read for that reason belong to the
 *   next epoch: they wait longer than they had to.
 *
 *   What goes toward the guest does not come by here: if the guest is not the one that
 *   goes on, nobody has seen it.  It answers by frames, which wait; so who waits for an
 *   answer of the guest has to be patient while something is held that should have gone on
 *   by now (epoch_stalled()): longer than commits have let frames wait of late.
 *
 *   While it is off frames go directly from the link to frame.c.  The ring is not touched
 *   before it is used, and given back to the kernel when protection ends.
 *
 * Invariants
 *   E1  tail <= free_to <= head <= tail + EPOCH_RING, all of them positions that only grow
 *   E2  boundaries are in order, none is before free_to or behind head
 *   E3  a frame lies in one piece, and is borrowed or not borrowed as a whole
 *
 * It does not know where copies are, nor whether they are safe: who orders a commit does.
 */
#include "epoch.h"

#include <errno.h>
#include <string.h>

#include "log.h"
#include "tap.h"
#include "util.h"

enum {
	ALIGN		= 16,
	STALL_US	= 100 * 1000,	/* beyond what is usual: no answer can have come */
	WAIT_MAX_US	= 1000 * 1000,	/* what counts as usual */
	WAIT_SHIFT	= 3,		/* weight of the last one, as of round trips: 1/8 */
};

/**
 * struct epoch_frame - what lies before a frame in the ring
 * @len:	of the frame, bytes; 0: the next one is at the begin of the ring
 * @vh:		as it came with it
 */
struct epoch_frame {
	uint32_t len;
	struct virtio_net_hdr vh;
} __attribute__((aligned(ALIGN)));
_Static_assert(sizeof(struct epoch_frame) == ALIGN, "one fits wherever the ring is cut");

/**
 * struct epoch_edge - a boundary
 * @number:	of the epoch before it
 * @at:		position
 * @since:	when it was made, us
 */
struct epoch_edge {
	uint64_t number;
	uint64_t at;
	uint64_t since;
};

/**
 * struct epoch_self - state of this file
 * @state:	what is done with frames
 * @full:	the link is not read
 * @begun:	number of the last boundary made
 * @committed:	number of the last one committed
 * @tail:	position of the oldest frame that is not done with
 * @lent:	position behind the frames that are borrowed
 * @borrowed:	how many are
 * @free_to:	position behind the frames released
 * @head:	position behind the newest frame
 * @since:	no frame that is held came before, us
 * @stalled_at:	when a stall ended, us; 0: there was none
 * @wait:	how long frames waited for their commits of late, us, smoothed
 * @first:	index of the oldest boundary
 * @open:	how many there are
 * @edge:	boundaries, a ring
 * @iov:	places of the frames borrowed
 */
static struct {
	enum epoch_state state;
	bool full;
	uint64_t begun;
	uint64_t committed;
	uint64_t tail;
	uint64_t lent;
	int borrowed;
	uint64_t free_to;
	uint64_t head;
	uint64_t since;
	uint64_t stalled_at;
	uint32_t wait;
	uint32_t first;
	uint32_t open;
	struct epoch_edge edge[EPOCH_OPEN];
	struct iovec iov[TAP_BATCH];
} self;

/* Frames, each behind a struct epoch_frame */
static uint8_t ring[EPOCH_RING] __attribute__((aligned(4096)));

/* epoch_init() - Begin anew: it is off */
void epoch_init(void)
{
	memset(&self, 0, sizeof(self));
}

/* nth() - The n-th oldest boundary */
static struct epoch_edge *nth(uint32_t n)
{
	return &self.edge[(self.first + n) % EPOCH_OPEN];
}

/* check() - Invariants, in debug builds */
static void check(void)
{
#ifdef DEBUG
	uint64_t last = self.free_to;

	(void)BUG_ON(self.tail > self.free_to || self.free_to > self.head ||
		     self.head - self.tail > EPOCH_RING);
	for (uint32_t i = 0; i < self.open; last = nth(i++)->at)
		(void)BUG_ON(nth(i)->at < last || nth(i)->at > self.head);
#endif
}

/* enter() - The one writer of @state */
static void enter(enum epoch_state state)
{
	static const char *const text[] = {
		[EPOCH_OFF] = "off", [EPOCH_ON] = "on: frames of the guest wait for commits",
		[EPOCH_LAST] = "ends: frames go on", [EPOCH_FENCED] = "fenced: frames are dropped",
	};

	if (self.state != state)
		info("Epochs: %s", text[state]);
	self.state = state;
}

/* heed() - Read the link, or let frames wait there */
static void heed(bool on)
{
	if (self.full == !on)
		return;
	self.full = !on;
	tap_heed(on);
}

/* drop_all() - Nothing is held any more */
static void drop_all(void)
{
	self.tail = self.lent = self.free_to = self.head;
	self.open = 0;
	heed(true);
	tap_link_trim(ring, sizeof(ring));
}

/**
 * epoch_on() - Whether frames come by here
 *
 * Return: true: epoch_fill() and epoch_take() take the place of tap_take()
 */
bool epoch_on(void)
{
	return self.state != EPOCH_OFF;
}

/* stride() - What a frame takes in the ring */
static uint32_t stride(uint32_t len)
{
	return (uint32_t)(sizeof(struct epoch_frame) + len + ALIGN - 1) & ~(uint32_t)(ALIGN - 1);
}

/* place() - Where a frame of a length goes, behind the newest; NULL: the ring is full */
static struct epoch_frame *place(uint32_t len)
{
	uint32_t need = stride(len);
	uint32_t at = (uint32_t)(self.head % EPOCH_RING), left = EPOCH_RING - at;
	uint32_t skip = left < need ? left : 0;

	if (self.head - self.tail + skip + need > EPOCH_RING)
		return NULL;
	if (skip) {
		((struct epoch_frame *)(void *)(ring + at))->len = 0;
		self.head += skip;
		at = 0;
	}
	self.head += need;
	return (void *)(ring + at);
}

/* put() - Hold a frame: there is room */
static void put(const struct tap_frame *f)
{
	struct epoch_frame *e = place(f->len);

	if (BUG_ON(!e))
		return;
	e->len = f->len;
	e->vh = f->vh;
	(void)tap_head(f, e + 1, f->len);
}

/* room() - For whatever one call of tap_take() may bring */
static bool room(void)
{
	/* One more for what is skipped at the end */
	uint64_t most = (uint64_t)(TAP_BATCH + 1) * stride(TAP_FRAME_MAX);

	return self.head - self.tail + most <= EPOCH_RING;
}

/**
 * epoch_fill() - Read the link empty, or until the ring is full
 *
 * Return: 0; -errno: the link is gone for good
 */
int epoch_fill(void)
{
	struct tap_frame f[TAP_BATCH];

	/* What was held before goes first */
	if (self.state == EPOCH_LAST)
		return 0;
	while (room()) {
		int n = tap_take(f, TAP_BATCH);

		if (n <= 0)
			return n;
		for (int i = 0; i < n && self.state != EPOCH_FENCED; i++)
			put(&f[i]);
		tap_done(n);
		check();
	}
	heed(false);
	return 0;
}

/**
 * epoch_begin() - Make a boundary: what the guest sent so far lies before it
 * @now:	Time, us
 * @number:	Set to the number of the epoch that ends here
 *
 * The guest does not run, and is let go on only behind this.  The first one switches the
 * gate on.
 *
 * Return: 0; -ENOSPC: EPOCH_OPEN are open already; -EPERM: it was fenced; other -errno: the
 *	   link is gone
 */
int epoch_begin(uint64_t now, uint64_t *number)
{
	int rc;

	if (self.state == EPOCH_FENCED)
		return -EPERM;
	if (self.open == EPOCH_OPEN)
		return -ENOSPC;
	if (self.state != EPOCH_ON)
		self.since = now;
	enter(EPOCH_ON);
	rc = epoch_fill();
	if (rc < 0)
		return rc;
	*nth(self.open++) = (struct epoch_edge){ ++self.begun, self.head, now };
	*number = self.begun;
	return 0;
}

/* named() - Whether a number is that of a boundary, 0 standing for it; 0, -errno */
static int named(uint64_t number, const struct epoch_edge *e)
{
	if (self.state != EPOCH_ON)
		return -EPERM;
	if (number > self.begun || (!self.open && !number))
		return -ENOENT;
	if (!self.open)
		return -ESTALE;
	if (!number || number == e->number)
		return 0;
	return number < nth(0)->number ? -ESTALE : -EINVAL;
}

/* waited() - A commit came: that is how long frames wait */
static void waited(uint64_t now)
{
	int64_t usual = self.wait, last = (int64_t)min_u64(now - self.since, WAIT_MAX_US);

	self.wait = (uint32_t)(usual + (last - usual) / (1 << WAIT_SHIFT));
}

/**
 * epoch_commit() - The state at the oldest boundary is safe: release what is before it
 * @now:	Time, us
 * @number:	Of that epoch, 0: whichever it is; set to it
 *
 * Return: 0: epoch_take() has frames; -ENOENT: that epoch never began; -ESTALE: it is no
 *	   longer open; -EINVAL: it is not the oldest; -EPERM: the gate is not on
 */
int epoch_commit(uint64_t now, uint64_t *number)
{
	const struct epoch_edge *e = nth(0);
	int rc = named(*number, e);

	if (rc)
		return rc;
	if (epoch_stalled(now))
		self.stalled_at = now;
	waited(now);
	self.free_to = e->at;
	self.since = e->since;
	self.committed = *number = e->number;
	self.first = (self.first + 1) % EPOCH_OPEN;
	self.open--;
	check();
	return 0;
}

/**
 * epoch_abort() - The state at a boundary will never be safe: it is none
 * @number:	Of that epoch, 0: the newest; set to it
 *
 * Its frames wait for the next one.
 *
 * Return: 0; -errno as epoch_commit(), -EINVAL: it is not open
 */
int epoch_abort(uint64_t *number)
{
	uint32_t n = self.open ? self.open - 1 : 0;
	int rc;

	while (*number && n && nth(n)->number > *number)
		n--;
	rc = named(*number, nth(n));
	if (rc)
		return rc;
	*number = nth(n)->number;
	for (self.open--; n < self.open; n++)
		*nth(n) = *nth(n + 1);
	return 0;
}

/**
 * epoch_release() - Protection ends: everything goes on, and the gate is off when it has
 *
 * Return: 0; -EPERM: the gate is not on
 */
int epoch_release(void)
{
	if (self.state != EPOCH_ON)
		return -EPERM;
	self.open = 0;
	self.free_to = self.head;
	enter(EPOCH_LAST);
	epoch_done(0);
	return 0;
}

/**
 * epoch_fence() - Somebody else is the guest: drop what is held, and all that comes
 */
void epoch_fence(void)
{
	if (BUG_ON(self.borrowed))
		return;
	enter(EPOCH_FENCED);
	drop_all();
}

/**
 * epoch_ready() - Whether epoch_take() has frames
 *
 * Return: true if so; no event tells that
 */
bool epoch_ready(void)
{
	return self.tail != self.free_to;
}

/* next() - The frame at a position, behind what is skipped there; NULL: it is not released */
static const struct epoch_frame *next(uint64_t *at)
{
	const struct epoch_frame *e = (const void *)(ring + *at % EPOCH_RING);

	if (*at < self.free_to && !e->len) {
		*at += EPOCH_RING - *at % EPOCH_RING;
		e = (const void *)ring;
	}
	return *at < self.free_to ? e : NULL;
}

/**
 * epoch_take() - Borrow the oldest frames that were released
 * @f:		Filled, good until epoch_done()
 * @max:	Entries there, up to TAP_BATCH are used
 *
 * Return: frames, 0: none
 */
int epoch_take(struct tap_frame *f, int max)
{
	const struct epoch_frame *e;
	int n = 0;

	if (BUG_ON(self.borrowed))
		return 0;
	self.lent = self.tail;
	for (; n < max && n < TAP_BATCH && (e = next(&self.lent)); n++) {
		uint8_t *data = ring + self.lent % EPOCH_RING + sizeof(*e);

		self.iov[n] = (struct iovec){ data, e->len };
		f[n] = (struct tap_frame){ &self.iov[n], 1, e->len, e->vh };
		self.lent += stride(e->len);
	}
	self.borrowed = n;
	return n;
}

/**
 * epoch_done() - Give back what epoch_take() lent
 * @n:		As it returned
 */
void epoch_done(int n)
{
	if (BUG_ON(n != self.borrowed))
		return;
	self.borrowed = 0;
	if (n)
		self.tail = self.lent;
	check();
	if (self.state == EPOCH_LAST && self.tail == self.head) {
		enter(EPOCH_OFF);
		drop_all();
	}
	if (self.full && room())
		heed(true);
}

/**
 * epoch_stalled() - Whether what the guest answered may be held
 * @now:	Time, us
 *
 * Return: true: for longer than usual, so timers that wait for the guest shall not run
 */
bool epoch_stalled(uint64_t now)
{
	return self.state == EPOCH_ON && self.free_to != self.head &&
	       now - self.since > STALL_US + 4 * (uint64_t)self.wait;
}

/**
 * epoch_stalled_since() - Whether an answer that came now may have been held for long
 * @at:		When it was asked for, us
 *
 * Return: true if so: it tells nothing about round trips
 */
bool epoch_stalled_since(uint64_t at)
{
	return self.stalled_at >= at;
}

/**
 * epoch_status() - How it stands
 * @s:		Filled
 */
void epoch_status(struct epoch_status *s)
{
	*s = (struct epoch_status){
		self.state, self.begun, self.committed, self.open,
		(uint32_t)(self.head - self.tail), self.full,
	};
}
