// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * driver.c - unit test of ../../driver.c, over real packets
 * links: driver.c epoch.c tap_link.c csum.c sock_unix.c loop.c count.c util.c
 */
#include "driver.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "epoch.h"
#include "log.h"
#include "loop.h"
#include "sock.h"
#include "tap.h"
#include "test/unit/check.h"

enum log_level log_level = LOG_LVL_ERR;

void log_write(enum log_level level, int error, const char *fmt, ...)
{
	(void)level, (void)error, (void)fmt;
}

void log_bug(const char *file, int line, const char *what)
{
	(void)file, (void)line, (void)what;
	CHECK(false);
}

void sock_close(int fd) { (void)close(fd); }

/* The guest sends nothing */
int tap_take(struct tap_frame *f, int max) { (void)f, (void)max; return 0; }
void tap_done(int n) { (void)n; }
void tap_heed(bool on) { (void)on; }
uint32_t tap_head(const struct tap_frame *f, void *copy, uint32_t n)
{
	(void)f, (void)copy;
	return n;
}

static int up(void)
{
	int fd[2];

	epoch_init();
	CHECK_EQ(loop_init(), 0);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd), 0);
	CHECK_EQ(driver_attach(fd[0]), 0);
	return fd[1];
}

/* turn() - What passt.c does */
static void turn(void)
{
	struct loop_event ev[4];
	int n = loop_wait(ev, 4, 1, false);

	for (int i = 0; i < n; i++) {
		CHECK_EQ(ev[i].kind, LOOP_DRIVER);
		driver_event(1);
	}
}

/* said() - Send an order.  Return: errno in the answer, -1: there is none */
static int said(int fd, const void *order, size_t len, struct driver_order *answer)
{
	CHECK_EQ(send(fd, order, len, MSG_NOSIGNAL), (ssize_t)len);
	turn();
	if (recv(fd, answer, sizeof(*answer), 0) != sizeof(*answer))
		return -1;
	return (int)answer->rc;
}

static int order(int fd, uint32_t op, uint64_t epoch, uint64_t *number)
{
	struct driver_order o = { .op = op, .epoch = epoch }, a = { 0 };
	int rc = said(fd, &o, sizeof(o), &a);

	CHECK_EQ(a.op, op);
	if (number)
		*number = a.epoch;
	return rc;
}

static void test_orders(void)
{
	int fd = up();
	uint64_t n = 0;

	CHECK_EQ(order(fd, DRIVER_COMMIT, 0, NULL), EPERM);
	CHECK_EQ(order(fd, DRIVER_BEGIN, 0, &n), 0);
	CHECK_EQ(n, 1);
	CHECK_EQ(order(fd, DRIVER_BEGIN, 0, &n), 0);
	CHECK_EQ(n, 2);
	CHECK_EQ(order(fd, DRIVER_COMMIT, 2, NULL), EINVAL);
	CHECK_EQ(order(fd, DRIVER_COMMIT, 0, &n), 0);
	CHECK_EQ(n, 1);
	CHECK_EQ(order(fd, DRIVER_COMMIT, 1, NULL), ESTALE);
	CHECK_EQ(order(fd, DRIVER_ABORT, 2, &n), 0);
	CHECK_EQ(n, 2);
	CHECK_EQ(order(fd, DRIVER_COMMIT, 9, NULL), ENOENT);
	CHECK_EQ(order(fd, DRIVER_RELEASE, 0, NULL), 0);
	CHECK(!epoch_on());
	CHECK_EQ(order(fd, DRIVER_FENCE, 0, NULL), 0);
	CHECK_EQ(order(fd, DRIVER_BEGIN, 0, NULL), EPERM);
	(void)close(fd);
	turn();
}

/* What is no order is answered, and nothing else happens */
static void test_nonsense(void)
{
	struct driver_order o = { .op = DRIVER_BEGIN }, a;
	uint8_t much[100] = { 0 };
	int fd = up();

	CHECK_EQ(order(fd, 0, 0, NULL), EINVAL);
	CHECK_EQ(order(fd, DRIVER_OP_END, 0, NULL), EINVAL);
	CHECK_EQ(order(fd, UINT32_MAX, 0, NULL), EINVAL);
	CHECK_EQ(said(fd, &o, sizeof(o) - 1, &a), EINVAL);
	CHECK_EQ(said(fd, &o, 1, &a), EINVAL);
	CHECK_EQ(said(fd, much, sizeof(much), &a), EINVAL);
	CHECK(!epoch_on());
	CHECK_EQ(order(fd, DRIVER_BEGIN, 0, NULL), 0);
	(void)close(fd);
	turn();
}

/* One that goes leaves all as it is, and another may come; a second one takes its place */
static void test_places(void)
{
	int fd = up(), other[2], wrong[2];
	struct pollfd p;
	char byte;

	CHECK_EQ(order(fd, DRIVER_BEGIN, 0, NULL), 0);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, wrong), 0);
	CHECK_EQ(driver_attach(wrong[0]), -EPROTOTYPE);
	CHECK_EQ(driver_attach(-1), -EPROTOTYPE);
	CHECK_EQ(order(fd, DRIVER_BEGIN, 0, NULL), 0);

	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, other), 0);
	CHECK_EQ(driver_attach(other[0]), 0);
	p = (struct pollfd){ .fd = fd, .events = POLLIN };
	CHECK_EQ(poll(&p, 1, 0), 1);
	CHECK_EQ(recv(fd, &byte, 1, 0), 0);
	CHECK_EQ(order(other[1], DRIVER_COMMIT, 1, NULL), 0);
	(void)close(other[1]);
	turn();
	CHECK(epoch_on());
	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, other), 0);
	CHECK_EQ(driver_attach(other[0]), 0);
	CHECK_EQ(order(other[1], DRIVER_COMMIT, 2, NULL), 0);
	(void)close(other[1]);
	turn();
	(void)close(fd);
	(void)close(wrong[0]);
	(void)close(wrong[1]);
}

/* Who does not read answers can not hold anybody up */
static void test_mute(void)
{
	struct driver_order o = { .op = DRIVER_COMMIT };
	int fd = up(), n = 0;

	while (send(fd, &o, sizeof(o), MSG_NOSIGNAL) == sizeof(o) && n < 1000000) {
		turn();
		n++;
	}
	CHECK(n < 1000000);
	CHECK(errno == EPIPE || errno == ECONNRESET);
	(void)close(fd);
}

int main(void)
{
	RUN(test_orders);
	RUN(test_nonsense);
	RUN(test_places);
	RUN(test_mute);
	return check_done();
}
