// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * block.c - addresses blocked in a namespace of a real kernel
 * links: block.c nlmsg.c addr.c log.c util.c
 */
#include "block.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sock.h"
#include "test/unit/check.h"
#include "test/unit/netns.h"

enum { WAIT_MS = 3000 };

static int opened_as;		/* answer in place of a socket, -errno; 0: a real one */

int sock_open(int family, int type, int proto)
{
	return opened_as ? opened_as : socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, proto);
}

static struct addr address(const char *text)
{
	struct addr a;

	CHECK(addr_parse(text, &a));
	return a;
}

/* A socket of an address that waits; a datagram socket or one that listens */
static int bound(const struct addr *a, int type, union addr_sock *s)
{
	int fd = socket(addr_is4(a) ? AF_INET : AF_INET6, type | SOCK_NONBLOCK, 0);
	socklen_t len = addr_to_sock(s, a, 0, 0);

	CHECK_EQ(bind(fd, &s->sa, len), 0);
	CHECK_EQ(getsockname(fd, &s->sa, &len), 0);
	if (type == SOCK_STREAM)
		CHECK_EQ(listen(fd, 8), 0);
	return fd;
}

/* Whether a datagram to an address comes; over the loopback it is there at once */
static bool comes(const char *text)
{
	struct addr a = address(text);
	union addr_sock s;
	int to = bound(&a, SOCK_DGRAM, &s), from = socket(s.sa.sa_family, SOCK_DGRAM, 0);
	socklen_t len = addr_is4(&a) ? sizeof(s.in) : sizeof(s.in6);
	char byte = 'x';
	bool came;

	CHECK_EQ(sendto(from, &byte, 1, 0, &s.sa, len), 1);
	came = recv(to, &byte, 1, MSG_DONTWAIT) == 1;
	(void)close(from);
	(void)close(to);
	return came;
}

static bool readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

static void test_addresses(void)
{
	struct addr v4 = address("127.0.0.1"), v6 = address("::1");

	CHECK(!block_complete());
	CHECK(comes("127.0.0.1") && comes("127.0.0.2") && comes("::1"));
	CHECK_EQ(block_addr(&v4), 0);
	CHECK(block_complete());
	CHECK(!comes("127.0.0.1") && comes("127.0.0.2") && comes("::1"));
	CHECK_EQ(block_addr(&v6), 0);
	CHECK_EQ(block_addr(&v4), 0);
	CHECK(!comes("127.0.0.1") && comes("127.0.0.2") && !comes("::1"));
	block_end();
	CHECK(!block_complete());
	CHECK(comes("127.0.0.1") && comes("127.0.0.2") && comes("::1"));
	block_end();
	CHECK_EQ(block_addr(&v6), 0);
	CHECK(comes("127.0.0.1") && !comes("::1"));
	block_end();
}

/* A connection stands still, and goes on; who calls is not answered, nor refused */
static void test_tcp(void)
{
	struct addr a = address("127.0.0.1");
	union addr_sock s;
	int l = bound(&a, SOCK_STREAM, &s), c = socket(AF_INET, SOCK_STREAM, 0), other, r;
	char byte = 'x';

	CHECK_EQ(connect(c, &s.sa, sizeof(s.in)), 0);
	r = accept(l, NULL, NULL);
	CHECK(r >= 0);
	CHECK_EQ(block_addr(&a), 0);
	CHECK_EQ(send(c, &byte, 1, 0), 1);
	other = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK(connect(other, &s.sa, sizeof(s.in)) && errno == EINPROGRESS);
	CHECK(!readable(r, 50));
	CHECK(!readable(l, 0) && !readable(other, 0));
	block_end();
	CHECK(readable(r, WAIT_MS) && readable(l, WAIT_MS));
	(void)close(other);
	(void)close(r);
	(void)close(c);
	(void)close(l);
}

/* What stands still does not send again either, where the address may be elsewhere by now */
static void test_out(void)
{
	struct addr a = address("127.0.0.1"), b = address("127.0.0.2");
	union addr_sock to, from;
	socklen_t len = addr_to_sock(&from, &b, 0, 0);
	int l = bound(&a, SOCK_STREAM, &to), c = socket(AF_INET, SOCK_STREAM, 0), r;
	char byte = 'x';

	CHECK_EQ(bind(c, &from.sa, len), 0);
	CHECK_EQ(connect(c, &to.sa, sizeof(to.in)), 0);
	r = accept(l, NULL, NULL);
	CHECK(r >= 0);
	CHECK_EQ(block_addr(&b), 0);
	CHECK_EQ(send(c, &byte, 1, 0), 1);
	CHECK(!readable(r, 50));
	block_end();
	CHECK(readable(r, WAIT_MS));
	(void)close(r);
	(void)close(c);
	(void)close(l);
}

/* However who blocks ends, nothing is left of it */
static void test_killed(void)
{
	struct addr a = address("127.0.0.1");
	int ready[2], tries = WAIT_MS;
	char byte;
	pid_t pid;

	CHECK_EQ(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		byte = block_addr(&a) ? 'n' : 'y';
		(void)!write(ready[1], &byte, 1);
		for (;;)
			(void)pause();
	}
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	CHECK_EQ(byte, 'y');
	CHECK(!comes("127.0.0.1"));
	/* Two who block do not know of each other */
	CHECK_EQ(block_addr(&a), 0);
	block_end();
	CHECK(!comes("127.0.0.1"));
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	while (!comes("127.0.0.1") && tries--)
		(void)poll(NULL, 0, 1);
	CHECK(comes("127.0.0.1"));
	(void)close(ready[0]);
	(void)close(ready[1]);
}

static void test_many(void)
{
	struct addr a;
	char text[32];

	for (int i = 0; i <= BLOCK_ADDRS; i++) {
		(void)snprintf(text, sizeof(text), "127.0.1.%d", i + 1);
		a = address(text);
		CHECK_EQ(block_addr(&a), i < BLOCK_ADDRS ? 0 : -ENOSPC);
		CHECK_EQ(block_complete(), i < BLOCK_ADDRS);
	}
	CHECK(!comes("127.0.1.1") && !comes("127.0.1.64") && comes("127.0.1.65"));
	block_end();
	CHECK(!block_complete() && comes("127.0.1.1"));
}

/* Who may not, or has a kernel that can not, is told so */
static void test_refused(void)
{
	struct addr a = address("127.0.0.1");
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };
	int status;
	pid_t pid;

	opened_as = -EPROTONOSUPPORT;
	CHECK_EQ(block_addr(&a), -EPROTONOSUPPORT);
	opened_as = 0;
	CHECK(!block_complete() && comes("127.0.0.1"));
	block_end();

	pid = fork();
	if (!pid) {
		if (syscall(SYS_capset, &head, none))
			_exit(2);
		_exit(block_addr(&a) == -EPERM && !block_complete() ? 0 : 1);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK(comes("127.0.0.1"));
}

int main(void)
{
	if (!netns_new())
		return SKIP;
	/* These before there is a socket */
	RUN(test_refused);
	RUN(test_killed);
	RUN(test_addresses);
	RUN(test_tcp);
	RUN(test_out);
	RUN(test_many);
	return check_done();
}
