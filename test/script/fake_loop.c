// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fake_loop.c - in place of loop.c: events and clock come from the script
 *
 * Like epoll, with EPOLLET: a descriptor that was woken up is reported once, with
 * all that is ready by then, and is woken up at registration if anything is.
 * When nothing is ready the script goes on, or the clock jumps to the deadline.
 */
#include "loop.h"

#include <errno.h>

#include "count.h"
#include "script.h"

enum { SPIN_MAX = 200000 };

uint64_t fake_clock = UINT64_C(1000000000);

/**
 * struct watched - a descriptor the loop watches
 * @id:		as registered
 * @events:	the same
 * @kind:	the same
 * @on:		it is registered
 * @ready:	it waits to be reported
 */
struct watched {
	uint64_t id;
	uint32_t events;
	uint8_t kind;
	bool on;
	bool ready;
};

/**
 * struct fake_loop_self - state of this file
 * @fd:		what is watched
 * @queue:	descriptors to be reported, a ring
 * @first:	oldest there
 * @n:		how many there are
 * @at:		clock at the last return
 * @spin:	returns since then
 * @fail:	error of the next loop_add()
 * @poked:	something happened that is no event of these
 */
static struct {
	struct watched fd[SCRIPT_SOCKS];
	int queue[SCRIPT_SOCKS];
	uint32_t first;
	uint32_t n;
	uint64_t at;
	uint32_t spin;
	int fail;
	bool poked;
} self;

int loop_init(void)
{
	return 0;
}

uint64_t loop_now(void)
{
	return fake_clock;
}

/* watched() - Entry of a descriptor */
static struct watched *watched(int fd)
{
	if (fd < SCRIPT_FD0 || fd >= SCRIPT_FD0 + SCRIPT_SOCKS)
		script_fail("descriptor %i was never made", fd);
	return &self.fd[fd - SCRIPT_FD0];
}

/* fake_loop_wake() - Something happened to a descriptor */
void fake_loop_wake(int fd)
{
	struct watched *w = watched(fd);

	if (!w->on || w->ready || !fake_sock_poll(fd))
		return;
	w->ready = true;
	self.queue[(self.first + self.n++) % SCRIPT_SOCKS] = fd;
}

int loop_add(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	struct watched *w = watched(fd);

	if (self.fail) {
		int rc = -self.fail;

		self.fail = 0;
		return rc;
	}
	if (w->on)
		return -EEXIST;
	*w = (struct watched){ .id = id, .events = events, .kind = (uint8_t)kind, .on = true,
			       .ready = w->ready };
	fake_loop_wake(fd);
	return 0;
}

int loop_mod(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	struct watched *w = watched(fd);

	if (!w->on)
		return -ENOENT;
	w->kind = (uint8_t)kind;
	w->id = id;
	w->events = events;
	fake_loop_wake(fd);
	return 0;
}

void loop_del(int fd)
{
	watched(fd)->on = false;
}

/* fake_loop_fail_next() - The next descriptor can not be watched */
void fake_loop_fail_next(int error)
{
	self.fail = error;
}

/* fake_loop_touch() - Have the memory now, so that it is not taken for the program's */
void fake_loop_touch(void)
{
	for (int i = 0; i < SCRIPT_SOCKS; i++) {
		self.fd[i].ready = self.fd[i].ready || self.fd[i].id == UINT64_MAX;
		self.queue[(self.first + self.n + (uint32_t)i) % SCRIPT_SOCKS] = 0;
	}
}

/* next_ready() - One event, false: none */
static bool next_ready(struct loop_event *ev)
{
	while (self.n) {
		int fd = self.queue[self.first];
		struct watched *w = watched(fd);

		self.first = (self.first + 1) % SCRIPT_SOCKS;
		self.n--;
		w->ready = false;
		if (!w->on)
			continue;
		ev->events = fake_sock_poll(fd) & (w->events | EPOLLERR | EPOLLHUP);
		if (!ev->events)
			continue;
		ev->kind = (enum loop_kind)w->kind;
		ev->id = w->id;
		return true;
	}
	return false;
}

/* collect() - All that is ready now */
static int collect(struct loop_event *ev, int max)
{
	int n = 0;

	if (fake_tap_pending())
		ev[n++] = (struct loop_event){ .kind = LOOP_LINK, .events = EPOLLIN };
	while (n < max && next_ready(&ev[n]))
		n++;
	return n;
}

/* level() - Listening sockets are not EPOLLET: report them as long as it takes */
static void level(const struct loop_event *ev, int n)
{
	for (int i = 0; i < n; i++) {
		if (ev[i].kind != LOOP_LISTEN)
			continue;
		for (int k = 0; k < SCRIPT_SOCKS; k++) {
			if (self.fd[k].on && self.fd[k].kind == LOOP_LISTEN)
				fake_loop_wake(k + SCRIPT_FD0);
		}
	}
}

/* Time stands still: what gathers meanwhile is in the script anyway */
void loop_pause(uint32_t us)
{
	(void)us;
	count(COUNT_PAUSES);
}

uint64_t loop_wall_ms(void)
{
	return fake_clock / 1000;
}

/* fake_loop_poke() - Something happened by another way: the program wakes up */
void fake_loop_poke(void)
{
	self.poked = true;
}

int loop_wait(struct loop_event *ev, int max, uint64_t deadline, bool eager)
{
	(void)eager;
	count(COUNT_WAKEUPS);
	if (self.at != fake_clock)
		self.spin = 0;
	self.at = fake_clock;
	if (self.spin++ > SPIN_MAX)
		script_fail("the loop spins");
	for (;;) {
		int n = collect(ev, max);

		level(ev, n);
		if (n || self.poked || !script_step(deadline)) {
			self.poked = false;
			return n;
		}
	}
}
