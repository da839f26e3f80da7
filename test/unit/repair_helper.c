// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * repair_helper.c - unit test of ../../repair.c with a helper
 * links: repair.c sock.c addr.c util.c
 *
 * We have no privileges, the child that plays the helper has: in a user namespace of
 * ours.  It notes what it was asked, and can be told to fail.
 */
#include "test/unit/check.h"
#include "test/unit/netns.h"

#include <errno.h>
#include <linux/capability.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "repair.h"
#include "sock.h"

enum { MANY = 600, FDS = 253, NOTES = 32 };

/* What the helper was asked, and what it answers instead of the truth; 0: that */
static struct notes {
	int messages;
	int mode[NOTES];
	int count[NOTES];
	uint8_t lie;
	bool end;
} *notes;

static pid_t child;

/* play() - Be the helper, to the end of the connection */
static void play(int conn)
{
	union {
		char buf[CMSG_SPACE(FDS * sizeof(int))];
		struct cmsghdr head;
	} control;
	uint8_t byte = 0;

	for (;;) {
		struct iovec iov = { &byte, 1 };
		struct msghdr m = {
			.msg_iov = &iov, .msg_iovlen = 1,
			.msg_control = control.buf, .msg_controllen = sizeof(control.buf),
		};
		int fd[FDS], n, mode;

		if (recvmsg(conn, &m, 0) != 1 || notes->end || notes->messages == NOTES)
			_exit(0);
		mode = byte == UINT8_MAX ? TCP_REPAIR_OFF_NO_WP : byte;
		n = (int)((control.head.cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fd, CMSG_DATA(&control.head), (size_t)n * sizeof(int));
		notes->mode[notes->messages] = mode;
		notes->count[notes->messages++] = n;
		for (int i = 0; i < n; i++) {
			if (setsockopt(fd[i], IPPROTO_TCP, TCP_REPAIR, &mode, sizeof(mode)))
				_exit(1);
			(void)close(fd[i]);
		}
		byte = notes->lie ? notes->lie : byte;
		(void)send(conn, &byte, 1, MSG_NOSIGNAL);
	}
}

/* privileges() - Have CAP_NET_ADMIN in effect, or not */
static bool privileges(bool on)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (syscall(SYS_capget, &head, data))
		return false;
	data[0].effective = on ? data[0].permitted : 0;
	data[1].effective = 0;
	return !syscall(SYS_capset, &head, data);
}

/* hire() - Begin with a helper */
static void hire(void)
{
	int pair[2];

	memset(notes, 0, sizeof(*notes));
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	child = fork();
	if (!child) {
		(void)close(pair[0]);
		if (!privileges(true))
			_exit(1);
		play(pair[1]);
	}
	(void)close(pair[1]);
	repair_use_helper(pair[0]);
}

/* dismiss() - How the helper ended, once it is let go */
static int dismiss(void)
{
	int status = -1;

	repair_use_helper(-1);
	CHECK_EQ(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int in_repair(const int *fd, int n)
{
	int in = 0;

	for (int i = 0; i < n; i++) {
		int on = 0;
		socklen_t len = sizeof(on);

		CHECK_EQ(getsockopt(fd[i], IPPROTO_TCP, TCP_REPAIR, &on, &len), 0);
		in += on;
	}
	return in;
}

static int many[MANY];

/* Nobody helps: we may not, unless we have the capability */
static void test_alone(void)
{
	int fd;

	CHECK(!repair_possible());
	CHECK_EQ(repair_switch(many, 3, TCP_REPAIR_ON), -EPERM);
	CHECK(privileges(true));
	CHECK_EQ(repair_switch(many, MANY, TCP_REPAIR_ON), 0);
	CHECK_EQ(in_repair(many, MANY), MANY);
	/* Leaving goes on behind an error, entering does not */
	fd = many[1];
	many[1] = -1;
	CHECK_EQ(repair_switch(many, MANY, TCP_REPAIR_OFF_NO_WP), -EBADF);
	CHECK_EQ(in_repair(many + 2, MANY - 2), 0);
	CHECK_EQ(repair_switch(many, MANY, TCP_REPAIR_ON), -EBADF);
	CHECK_EQ(in_repair(many, 1), 1);
	CHECK_EQ(in_repair(many + 2, MANY - 2), 0);
	many[1] = fd;
	CHECK_EQ(repair_switch(many, MANY, TCP_REPAIR_OFF), 0);
	CHECK(privileges(false));
	CHECK_EQ(in_repair(many, MANY), 0);
}

/* One message for as many as it carries */
static void test_many(void)
{
	static const int mode[] = { TCP_REPAIR_ON, TCP_REPAIR_OFF_NO_WP, TCP_REPAIR_ON,
				    TCP_REPAIR_OFF };

	hire();
	CHECK(repair_possible());
	CHECK_EQ(notes->messages, 1);
	CHECK_EQ(notes->count[0], 1);
	notes->messages = 0;
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(repair_switch(many, MANY, mode[i]), 0);
		CHECK_EQ(in_repair(many, MANY), i % 2 ? 0 : MANY);
		CHECK_EQ(notes->messages, 3 * i + 3);
		for (int j = 0; j < 3; j++) {
			CHECK_EQ(notes->mode[3 * i + j], mode[i]);
			CHECK_EQ(notes->count[3 * i + j], j < 2 ? FDS : MANY - 2 * FDS);
		}
	}
	notes->messages = 0;
	CHECK_EQ(repair_switch(many, FDS, TCP_REPAIR_ON), 0);
	CHECK_EQ(repair_switch(many, FDS, TCP_REPAIR_OFF), 0);
	CHECK_EQ(notes->messages, 2);
	CHECK_EQ(repair_switch(many, 0, TCP_REPAIR_ON), 0);
	CHECK_EQ(notes->messages, 2);
	CHECK_EQ(dismiss(), 0);
}

/* The other functions come through here too: a socket that goes from one to the next */
static void test_one(void)
{
	static const char said[] = "not lost";
	union addr_sock s;
	socklen_t len = addr_to_sock(&s, &addr_loop4, 0, 0);
	int l, p, r;
	char got[sizeof(said)] = "";
	const uint8_t *data;
	struct repair d;

	hire();
	l = socket(AF_INET, SOCK_STREAM, 0);
	p = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(!bind(l, &s.sa, len) && !listen(l, 1) && !getsockname(l, &s.sa, &len) &&
	      !connect(p, &s.sa, len));
	r = accept(l, NULL, NULL);
	CHECK_EQ(send(r, said, sizeof(said), 0), sizeof(said));
	CHECK_EQ(recv(p, got, 1, MSG_PEEK), 1);
	CHECK_EQ(repair_dump(p, false, &d), 0);
	CHECK_EQ(notes->mode[0], TCP_REPAIR_ON);
	CHECK_EQ(repair_leave(p), 0);
	CHECK_EQ(notes->mode[1], TCP_REPAIR_OFF_NO_WP);
	CHECK_EQ(in_repair(&p, 1), 0);
	CHECK_EQ(repair_dump(p, false, &d), 0);
	CHECK_EQ(d.len[REPAIR_UNREAD], sizeof(said));
	CHECK_EQ(repair_peek(p, &d, false, &data), 0);
	CHECK_MEM(data, said, sizeof(said));
	repair_vanish(p);
	p = repair_make(-1, &d, 0);
	CHECK(p >= 0);
	CHECK_EQ(repair_fill(p, REPAIR_UNREAD, (const uint8_t *)said, sizeof(said)), 0);
	CHECK_EQ(repair_quiet(p, &d), 0);
	CHECK_EQ(repair_wait(p, &d), 0);
	CHECK_EQ(repair_go(p, &d, true), 0);
	CHECK_EQ(in_repair(&p, 1), 0);
	CHECK_EQ(recv(p, got, sizeof(got), 0), sizeof(said));
	CHECK_STR(got, said);
	CHECK_EQ(send(p, said, sizeof(said), 0), sizeof(said));
	CHECK_EQ(recv(r, got, sizeof(got), 0), sizeof(said));
	(void)close(p);
	(void)close(r);
	(void)close(l);
	CHECK_EQ(dismiss(), 0);
}

/* A helper that ends or lies is given up: then it is us, who may not */
static void test_failure(void)
{
	for (int i = 0; i < 2; i++) {
		hire();
		notes->end = i == 0;
		notes->lie = i ? 5 : 0;
		CHECK_EQ(repair_switch(many, MANY, TCP_REPAIR_ON), -EPROTO);
		CHECK_EQ(notes->messages, i);
		CHECK_EQ(repair_switch(many, 1, TCP_REPAIR_ON), -EPERM);
		CHECK_EQ(dismiss(), 0);
		CHECK(privileges(true));
		CHECK_EQ(repair_switch(many, MANY, TCP_REPAIR_OFF), 0);
		CHECK(privileges(false));
	}
	/* One that is no socket: it says so by ending */
	hire();
	CHECK_EQ(repair_switch(&(int){ STDOUT_FILENO }, 1, TCP_REPAIR_ON), -EPROTO);
	CHECK_EQ(dismiss(), 1);
}

int main(void)
{
	static const struct sock_conf conf;

	if (!netns_new())
		return SKIP;
	sock_init(&conf);
	repair_init();
	if (!repair_possible()) {
		(void)fputs("no TCP_REPAIR\n", stderr);
		return SKIP;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	notes = mmap(NULL, sizeof(*notes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     0, 0);
	if (notes == MAP_FAILED || !privileges(false))
		return 1;
	for (int i = 0; i < MANY; i++)
		many[i] = sock_open(i % 2 ? AF_INET : AF_INET6, SOCK_STREAM, 0);
	RUN(test_alone);
	RUN(test_many);
	RUN(test_one);
	RUN(test_failure);
	return check_done();
}
