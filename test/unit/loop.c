// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * loop.c - unit test of ../../loop.c
 * links: loop.c count.c
 */
#include "test/unit/check.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "count.h"
#include "loop.h"

enum { EVENTS = 8 };

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
			CHECK_EQ(loop_wait(ev, EVENTS, LOOP_NEVER), 1);
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
	CHECK_EQ(loop_wait(ev, EVENTS, 1), 1);
	CHECK_EQ(ev[0].kind, LOOP_UDP);
	CHECK_EQ(ev[0].id, 2);
	CHECK_EQ(ev[0].events, EPOLLOUT);
	loop_del(fd);
	CHECK_EQ(loop_wait(ev, EVENTS, 1), 0);
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
	CHECK_EQ(loop_wait(ev, EVENTS, 1), 1);
	CHECK_EQ(loop_wait(ev, EVENTS, 1), 0);
	CHECK_EQ(loop_mod(fd, LOOP_TCP, 1, EPOLLIN | EPOLLET), 0);
	CHECK_EQ(loop_wait(ev, EVENTS, 1), 1);
	(void)close(fd);
}

/* It waits for the deadline, not shorter; one that passed does not wait */
static void test_deadline(void)
{
	struct loop_event ev[EVENTS];
	uint64_t begin = loop_now(), woken = count_value[COUNT_WAKEUPS];

	CHECK(begin > 0);
	CHECK_EQ(loop_init(), 0);
	CHECK_EQ(loop_wait(ev, EVENTS, begin + 20 * MS), 0);
	CHECK(loop_now() >= begin + 20 * MS);
	begin = loop_now();
	CHECK_EQ(loop_wait(ev, EVENTS, 1), 0);
	CHECK(loop_now() < begin + 5000 * MS);
	CHECK_EQ(count_value[COUNT_WAKEUPS], woken + 2);
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
		int n = loop_wait(ev, EVENTS, 1);

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

int main(void)
{
	RUN(test_ids);
	RUN(test_change);
	RUN(test_edge);
	RUN(test_deadline);
	RUN(test_many);
	return check_done();
}
