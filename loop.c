// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * loop.c - the epoll descriptor and the clock
 *
 * Theory of operation
 *
 *   Each registered descriptor carries a kind and an id in the 64 bits that
 *   epoll hands back: 8 bits of kind, 56 of id.  The id of a connection holds a
 *   generation, so an event that was fetched before its descriptor was closed
 *   and used again finds nobody.  The loop knows no handlers: it returns what
 *   is ready, passt.c has the switch.
 *
 *   To wake a process that sleeps takes the kernel 5 to 50 us, most of it if the
 *   processor sleeps too.  Where each side waits for the other, as with requests and
 *   responses, that is most of the round trip.  So loop_wait() can poll for POLL_US
 *   after the last event before it sleeps, while events come fast enough for that
 *   to help, as KVM does it for processors that halt.  An idle program never polls.
 *
 *   The clock is CLOCK_MONOTONIC in microseconds, read once per wake-up by who
 *   drives the loop and handed down as an argument.
 */
#include "loop.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "count.h"
#include "util.h"

enum {
	ID_BITS		= 56,
	READY_MAX	= 128,
	US_PER_S	= 1000000,
	NS_PER_US	= 1000,
	POLL_US		= 50,		/* longest time to poll instead of sleeping */
	HOPE_MAX	= 8,
};

/**
 * struct loop_self - state of this file
 * @fd:		epoll descriptor
 * @hope:	how often of late an event came within POLL_US, less how often none
 *		did, 0..HOPE_MAX; 0: it makes no sense to poll
 * @no_pwait2:	the kernel lacks epoll_pwait2(), before Linux 5.11
 */
static struct {
	int fd;
	uint8_t hope;
	bool no_pwait2;
} self = { .fd = -1 };

/**
 * loop_init() - Make the epoll descriptor
 *
 * Return: 0; -errno
 */
int loop_init(void)
{
	if (self.fd >= 0)
		close(self.fd);
	self.fd = epoll_create1(EPOLL_CLOEXEC);
	return self.fd < 0 ? -errno : 0;
}

/* ctl() - One epoll_ctl() with kind and id packed */
static int ctl(int op, int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	struct epoll_event ev = { .events = events };

	ev.data.u64 = (uint64_t)kind << ID_BITS | id;
	return epoll_ctl(self.fd, op, fd, &ev) ? -errno : 0;
}

/**
 * loop_add() - Begin to watch a descriptor
 * @fd:		Descriptor
 * @kind:	Whose it is
 * @id:		What its owner knows it by, below 2^56
 * @events:	EPOLLIN and so on
 *
 * Return: 0; -errno (-ENOSPC, -ENOMEM: caller refuses the new one)
 */
int loop_add(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	return ctl(EPOLL_CTL_ADD, fd, kind, id, events);
}

/**
 * loop_mod() - Watch a descriptor for something else, or ask anew
 * @fd:		Descriptor, added before
 * @kind:	As for loop_add()
 * @id:		As for loop_add()
 * @events:	As for loop_add()
 *
 * With EPOLLET this also reports at once what is ready by now.
 *
 * Return: 0; -errno
 */
int loop_mod(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	return ctl(EPOLL_CTL_MOD, fd, kind, id, events);
}

/**
 * loop_del() - Stop to watch a descriptor that stays open
 * @fd:		Descriptor; one that is closed needs no call
 */
void loop_del(int fd)
{
	(void)epoll_ctl(self.fd, EPOLL_CTL_DEL, fd, NULL);
}

/* wait_until() - epoll_pwait2(), or epoll_wait() rounded up to milliseconds */
static int wait_until(struct epoll_event *ev, int max, uint64_t deadline)
{
	bool never = deadline == LOOP_NEVER;
	uint64_t now = never ? deadline : loop_now();
	uint64_t us = deadline > now ? deadline - now : 0;
	struct timespec ts = {
		.tv_sec = (time_t)(us / US_PER_S),
		.tv_nsec = (long)(us % US_PER_S) * NS_PER_US,
	};
	int n = -1;

	if (!self.no_pwait2) {
		n = (int)syscall(SYS_epoll_pwait2, self.fd, ev, max, never ? NULL : &ts, NULL, 0);
		self.no_pwait2 = n < 0 && errno == ENOSYS;
	}
	if (self.no_pwait2)
		n = epoll_wait(self.fd, ev, max,
			       never ? -1 : (int)min_u64((us + 999) / 1000, 3600000));
	return n;
}

/*
 * poll_awhile() - Look again and again for a short time; 0: nothing happened
 *
 * Others that could use the processor go first.
 */
static int poll_awhile(struct epoll_event *ev, int max, uint64_t until)
{
	do {
		int n = epoll_wait(self.fd, ev, max, 0);

		if (n)
			return n;
		(void)sched_yield();
	} while (loop_now() < until);
	return 0;
}

/* wait_eagerly() - Poll before sleeping, as long as events come soon enough for it */
static int wait_eagerly(struct epoll_event *ev, int max, uint64_t deadline)
{
	uint64_t begin = loop_now(), until = begin + POLL_US;
	int n = 0;

	if (self.hope)
		n = poll_awhile(ev, max, min_u64(until, deadline));
	if (!n)
		n = wait_until(ev, max, deadline);
	if (loop_now() >= until)
		self.hope = (uint8_t)(self.hope - (self.hope > 0));
	else if (n > 0 && self.hope < HOPE_MAX)
		self.hope++;
	return n;
}

/**
 * loop_wait() - Wait for something to happen
 * @ev:		Filled with what is ready
 * @max:	Entries there
 * @deadline:	When to return in any case, us; LOOP_NEVER: only with events
 * @eager:	A wake-up late by some microseconds matters now
 *
 * Return: number of entries filled, 0 at the deadline or after a signal
 */
int loop_wait(struct loop_event *ev, int max, uint64_t deadline, bool eager)
{
	struct epoll_event ready[READY_MAX];
	int n;

	max = max < READY_MAX ? max : READY_MAX;
	n = eager ? wait_eagerly(ready, max, deadline) : wait_until(ready, max, deadline);
	count(COUNT_WAKEUPS);
	if (n < 0)
		return 0;
	for (int i = 0; i < n; i++) {
		ev[i].kind = (enum loop_kind)(ready[i].data.u64 >> ID_BITS);
		ev[i].id = ready[i].data.u64 & ((UINT64_C(1) << ID_BITS) - 1);
		ev[i].events = ready[i].events;
	}
	return n;
}

/**
 * loop_pause() - Look at nothing for a while
 * @us:		How long, less than a second; the timer's slack (50 us) may follow
 */
void loop_pause(uint32_t us)
{
	struct timespec ts = { .tv_nsec = (long)us * NS_PER_US };

	count(COUNT_PAUSES);
	(void)nanosleep(&ts, NULL);
}

/**
 * loop_now() - The time
 *
 * Return: us on CLOCK_MONOTONIC, more than 0
 */
uint64_t loop_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * US_PER_S + (uint64_t)ts.tv_nsec / NS_PER_US;
}

/**
 * loop_wall_ms() - The time of day, the one clock that two hosts have together
 *
 * Return: ms since 1970; may jump
 */
uint64_t loop_wall_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / NS_PER_US / 1000;
}
