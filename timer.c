// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timer.c - a hierarchical wheel: many deadlines behind one
 *
 * Theory of operation
 *
 *   G. Varghese, T. Lauck: "Hashed and Hierarchical Timing Wheels", 1987.
 *
 *   Each of TIMER_NUM ids has at most one deadline.  Time is cut into ticks of
 *   1.024 ms.  Level l has 64 slots, each 64^l ticks wide; a deadline sits in
 *   the level of the highest digit, to the base 64, in which its tick differs
 *   from the present one:
 *
 *	level	  slot is	  level reaches
 *	0	  1 ms		  65 ms
 *	1	  65 ms		  4.2 s
 *	2	  4.2 s		  4.5 min
 *	3	  4.5 min	  4.8 h
 *	4	  4.8 h		  12.7 days
 *
 *   What lies beyond waits in the last slot of level 4 and is sorted in again
 *   when that comes up.  A bit per slot says whether it holds anything, so the
 *   next deadline is found with a few instructions per level, and a program
 *   without deadlines is not woken up.
 *
 *   Setting and clearing are O(1).  Nobody needs to clear in a hurry: a module
 *   whose deadline moved later may leave the timer as it is, find at expiry
 *   that it was too early, and set it again.  Hot paths do that.
 *
 *   An id expires once, never before its time and up to a tick later.
 *
 * Invariant
 *   T1  an id is in exactly one slot if its deadline is set, in none if not
 *   T2  a slot's bit is set exactly if its list is not empty
 *   T3  nothing in levels 1 to 4 is due before the wheel's present tick
 */
#include "timer.h"

#include "util.h"

enum { TICK_SHIFT = 10, LEVELS = 5, SLOT_BITS = 6, SLOTS = 1 << SLOT_BITS };

/* What is farther away than this waits in the last slot of the last level */
#define TICKS_MAX	((uint64_t)(SLOTS - 1) << SLOT_BITS * (LEVELS - 1))

/**
 * struct timer_node - one id
 * @due:	deadline, us; 0: not set
 * @next:	next id in the slot, plus 1; 0: last
 * @prev:	previous one, plus 1; 0: first
 * @slot:	level * SLOTS + slot
 */
struct timer_node {
	uint64_t due;
	uint32_t next;
	uint32_t prev;
	uint16_t slot;
};

/**
 * struct timer_self - state of this file
 * @tick:	present tick: everything up to it was handed out
 * @used:	a bit per slot that is not empty
 * @head:	first id in each slot, plus 1
 * @node:	the ids
 */
static struct {
	uint64_t tick;
	uint64_t used[LEVELS];
	uint32_t head[LEVELS * SLOTS];
	struct timer_node node[TIMER_NUM];
} self;

/**
 * timer_init() - Begin anew, nothing set
 * @now:	Time, us
 *
 * Leaves ids that are not set alone, so that memory never used is not touched
 * at start-up.
 */
void timer_init(uint64_t now)
{
	for (unsigned slot = 0; slot < ARRAY_SIZE(self.head); slot++) {
		while (self.head[slot])
			timer_clear(self.head[slot] - 1);
	}
	self.tick = now >> TICK_SHIFT;
}

/* insert() - Put an id that is in no slot into one, at tick @first or later */
static void insert(uint32_t id, uint64_t due, uint64_t first)
{
	struct timer_node *n = &self.node[id];
	/* Round up: never early */
	uint64_t t = (due >> TICK_SHIFT) + !!(due & ((1 << TICK_SHIFT) - 1));
	unsigned level = 0, slot;
	uint32_t head;

	if (t < first)
		t = first;
	if (t - self.tick > TICKS_MAX)
		t = self.tick + TICKS_MAX;
	while (level < LEVELS - 1 &&
	       t >> SLOT_BITS * (level + 1) != self.tick >> SLOT_BITS * (level + 1))
		level++;
	slot = level * SLOTS + (unsigned)(t >> SLOT_BITS * level & (SLOTS - 1));
	head = self.head[slot];
	n->due = due;
	n->slot = (uint16_t)slot;
	n->next = head;
	n->prev = 0;
	if (head)
		self.node[head - 1].prev = id + 1;
	self.head[slot] = id + 1;
	self.used[slot / SLOTS] |= UINT64_C(1) << slot % SLOTS;
}

/**
 * timer_clear() - Forget the deadline of an id
 * @id:		Below TIMER_NUM; not set is fine
 */
void timer_clear(uint32_t id)
{
	struct timer_node *n = &self.node[id];

	if (!n->due)
		return;
	if (n->next)
		self.node[n->next - 1].prev = n->prev;
	if (n->prev)
		self.node[n->prev - 1].next = n->next;
	else
		self.head[n->slot] = n->next;
	if (!self.head[n->slot])
		self.used[n->slot / SLOTS] &= ~(UINT64_C(1) << n->slot % SLOTS);
	n->due = 0;
}

/**
 * timer_set() - Set or move the deadline of an id
 * @id:		Below TIMER_NUM
 * @due:	When, us on the loop's clock, more than 0; TIMER_NEVER: clear
 */
void timer_set(uint32_t id, uint64_t due)
{
	timer_clear(id);
	if (due != TIMER_NEVER)
		insert(id, due, self.tick + 1);
}

/**
 * timer_due() - The deadline of an id
 * @id:		Below TIMER_NUM
 *
 * Return: us, TIMER_NEVER if it has none
 */
uint64_t timer_due(uint32_t id)
{
	return self.node[id].due ? self.node[id].due : TIMER_NEVER;
}

/* next_tick() - First tick at which a slot comes up; 0: all are empty */
static uint64_t next_tick(void)
{
	/* Not all of the present slot was taken out */
	if (self.head[self.tick & (SLOTS - 1)])
		return self.tick;
	for (unsigned level = 0; level < LEVELS; level++) {
		unsigned shift = SLOT_BITS * level;
		uint64_t present = self.tick >> shift;
		unsigned by = (unsigned)(present + 1) % SLOTS;
		uint64_t bits = self.used[level];

		/* Rotate, so that bit 0 is the slot after the present one */
		bits = bits >> by | bits << (SLOTS - by) % SLOTS;
		if (bits)
			return (present + 1 + (unsigned)__builtin_ctzll(bits)) << shift;
	}
	return 0;
}

/**
 * timer_next() - When timer_expired() has to be called next
 *
 * May be earlier than the first deadline, when ids have to be sorted into finer
 * slots.
 *
 * Return: us; TIMER_NEVER if nothing is set
 */
uint64_t timer_next(void)
{
	uint64_t t = next_tick();

	return t ? t << TICK_SHIFT : TIMER_NEVER;
}

/* sort_in() - Spread the slots that begin at the present tick to finer ones */
static void sort_in(void)
{
	for (unsigned level = LEVELS - 1; level > 0; level--) {
		unsigned shift = SLOT_BITS * level;
		uint32_t slot, id;

		if (self.tick & ((UINT64_C(1) << shift) - 1))
			continue;
		slot = level * SLOTS + (uint32_t)(self.tick >> shift & (SLOTS - 1));
		while ((id = self.head[slot])) {
			uint64_t due = self.node[id - 1].due;

			timer_clear(id - 1);
			insert(id - 1, due, self.tick);
		}
	}
}

/**
 * timer_expired() - The next id whose time has come
 * @now:	Time, us
 *
 * Call until there is none.  The deadline of the id is forgotten.
 *
 * Return: id, -1: none is due
 */
int64_t timer_expired(uint64_t now)
{
	uint64_t end = now >> TICK_SHIFT;

	for (;;) {
		uint32_t id = self.head[self.tick & (SLOTS - 1)];
		uint64_t next;

		if (id) {
			timer_clear(id - 1);
			return id - 1;
		}
		next = next_tick();
		if (!next || next > end) {
			if (self.tick < end)
				self.tick = end;
			return -1;
		}
		self.tick = next;
		sort_in();
	}
}
