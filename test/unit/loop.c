// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * loop.c - unit test of ../../loop.c
 * links: loop.c count.c
 */
#include "test/unit/check.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "count.h"
#include "loop.h"

enum { EVENTS = 8, ROUNDS = 1000, TRIES = 20 };

#define MS UINT64_C(1000)

static int event_fd(unsigned value)
{
	return eventfd(value, EFD_NONBLOCK | EFD_CLOEXEC);
}

/* Kind and id come back whole, up to the last bit there is room for */
static void test_ids(void)
{
	static const uint64_t id[] = { 0, 1, UINT64_C(0x00ffffff00000001),
				       (UINT64_C(1) << 56) - 1 };
	struct loop_event ev[EVENTS];

	for (int kind = 0; kind < LOOP_KIND_NUM; kind++) {
		for (size_t i = 0; i < sizeof(id) / sizeof(id[0]); i++) {
			int fd = event_fd(1);

			CHECK_EQ(loop_init(), 0);
			CHECK_EQ(loop_add(fd, (enum loop_kind)kind, id[i], EPOLLIN), 0);
			CHECK_EQ(loop_wait(ev, EVENTS, LOOP_NEVER, false), 1);
			CHECK_EQ(ev[0].kind, kind);
			CHECK_EQ(ev[0].id, id[i]);
			CHECK_EQ(ev[0].events, EPOLLIN);
			(void)close(fd);
		}
	}
}

/* Watched for something else, or no more; errors are those of the kernel */
static void test_change(void)
{
	struct loop_event ev[EVENTS];
	int fd = event_fd(1);

	CHECK_EQ(loop_init(), 0);
	CHECK_EQ(loop_mod(fd, LOOP_TCP, 1, EPOLLIN), -ENOENT);
	CHECK_EQ(loop_add(fd, LOOP_TCP, 1, EPOLLIN), 0);
	CHECK_EQ(loop_add(fd, LOOP_TCP, 1, EPOLLIN), -EEXIST);
	CHECK_EQ(loop_mod(fd, LOOP_UDP, 2, EPOLLOUT), 0);
	CHECK_EQ(loop_wait(ev, EVENTS, 1, false), 1);
	CHECK_EQ(ev[0].kind, LOOP_UDP);
	CHECK_EQ(ev[0].id, 2);
	CHECK_EQ(ev[0].events, EPOLLOUT);
	loop_del(fd);
	CHECK_EQ(loop_wait(ev, EVENTS, 1, false), 0);
	(void)close(fd);
	CHECK_EQ(loop_add(fd, LOOP_TCP, 1, EPOLLIN), -EBADF);
}

/* With EPOLLET, asking anew reports again what is ready */
static void test_edge(void)
{
	struct loop_event ev[EVENTS];
	int fd = event_fd(1);

	CHECK_EQ(loop_init(), 0);
	CHECK_EQ(loop_add(fd, LOOP_TCP, 1, EPOLLIN | EPOLLET), 0);
	CHECK_EQ(loop_wait(ev, EVENTS, 1, false), 1);
	CHECK_EQ(loop_wait(ev, EVENTS, 1, false), 0);
	CHECK_EQ(loop_mod(fd, LOOP_TCP, 1, EPOLLIN | EPOLLET), 0);
	CHECK_EQ(loop_wait(ev, EVENTS, 1, false), 1);
	(void)close(fd);
}

/* It waits for the deadline, not shorter; one that passed does not wait */
static void test_deadline(void)
{
	struct loop_event ev[EVENTS];
	uint64_t begin = loop_now(), woken = count_value[COUNT_WAKEUPS];

	CHECK(begin > 0);
	CHECK_EQ(loop_init(), 0);
	CHECK_EQ(loop_wait(ev, EVENTS, begin + 20 * MS, false), 0);
	CHECK(loop_now() >= begin + 20 * MS);
	begin = loop_now();
	CHECK_EQ(loop_wait(ev, EVENTS, 1, false), 0);
	CHECK(loop_now() < begin + 5000 * MS);
	CHECK_EQ(count_value[COUNT_WAKEUPS], woken + 2);
}

/* A pause is counted, and lasts as long as it should */
static void test_pause(void)
{
	uint64_t begin = loop_now(), paused = count_value[COUNT_PAUSES];

	loop_pause(3 * MS);
	CHECK(loop_now() >= begin + 3 * MS);
	CHECK_EQ(count_value[COUNT_PAUSES], paused + 1);
}

/* More is ready than there is room for: the rest comes next */
static void test_many(void)
{
	struct loop_event ev[EVENTS];
	unsigned seen = 0;
	int fd[3 * EVENTS];

	CHECK_EQ(loop_init(), 0);
	for (unsigned i = 0; i < 3 * EVENTS; i++) {
		fd[i] = event_fd(1);
		CHECK_EQ(loop_add(fd[i], LOOP_TCP, i, EPOLLIN), 0);
	}
	for (int round = 0; round < 3; round++) {
		int n = loop_wait(ev, EVENTS, 1, false);

		CHECK_EQ(n, EVENTS);
		for (int i = 0; i < n; i++) {
			seen |= 1U << ev[i].id;
			loop_del(fd[ev[i].id]);
		}
	}
	CHECK_EQ(seen, (1U << 3 * EVENTS) - 1);
	for (unsigned i = 0; i < 3 * EVENTS; i++)
		(void)close(fd[i]);
}

/* usage() - Processor time taken, us, and how often we slept */
static uint64_t usage(long *slept)
{
	struct rusage r;

	CHECK_EQ(getrusage(RUSAGE_SELF, &r), 0);
	*slept = r.ru_nvcsw;
	return (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000 * MS +
	       (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

/* rounds() - Times slept while an event came every 20 us */
static long rounds(bool eager)
{
	const struct itimerspec fast = { { 0, 20000 }, { 0, 20000 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	struct loop_event ev[EVENTS];
	long before, after;
	uint64_t n;

	CHECK_EQ(loop_init(), 0);
	CHECK_EQ(loop_add(fd, LOOP_LINK, 0, EPOLLIN), 0);
	CHECK_EQ(timerfd_settime(fd, 0, &fast, NULL), 0);
	(void)usage(&before);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(loop_wait(ev, EVENTS, LOOP_NEVER, eager), 1);
		CHECK_EQ(read(fd, &n, sizeof(n)), sizeof(n));
	}
	(void)usage(&after);
	(void)close(fd);
	return after - before;
}

/* Events that come soon find us awake, and those that do not let us sleep */
static void test_eager(void)
{
	struct loop_event ev[EVENTS];
	uint64_t begin, end;
	long slept;
	int tries = 0;

	/* On a busy machine both may sleep, or neither */
	while (rounds(true) * 2 > rounds(false) && tries < TRIES)
		tries++;
	CHECK(tries < TRIES);
	begin = usage(&slept);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(loop_wait(ev, EVENTS, loop_now() + 2 * MS, true), 0);
	end = usage(&slept);
	CHECK(end - begin < 50 * MS);
	/* The deadline is kept while polling, too */
	(void)rounds(true);
	begin = loop_now();
	CHECK_EQ(loop_wait(ev, EVENTS, begin + 10, true), 0);
	CHECK(loop_now() >= begin + 10);
}

int main(void)
{
	RUN(test_ids);
	RUN(test_change);
	RUN(test_edge);
	RUN(test_deadline);
	RUN(test_pause);
	RUN(test_many);
	RUN(test_eager);
	return check_done();
}
