// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * daemon.c - unit test of ../../daemon.c
 * links: daemon.c util.c
 *
 * What a caller of the program sees is seen by a child of this program, which
 * calls daemon_fork() and so has a child of its own.
 */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon.h"
#include "util.h"

enum { WAIT_MS = 10000, DIED = 3 };

/* What the process in the background does once it is there */
enum deed { READY, EXIT_0, EXIT_3, KILLED };

/**
 * background() - In a child: go to the background, do it, and stay if ready
 * @deed:	what to do
 * @hold:	pipe whose closing ends the process that stays
 */
static void background(enum deed deed, const int hold[2])
{
	struct pollfd p = { hold[0], 0, 0 };
	int fd = daemon_fork();

	close(hold[1]);
	if (fd < 0)
		_exit(99);
	switch (deed) {
	case READY:
		daemon_ready(fd);
		(void)poll(&p, 1, WAIT_MS);
		_exit(0);
	case EXIT_0:
		_exit(0);
	case EXIT_3:
		_exit(DIED);
	case KILLED:
		(void)raise(SIGKILL);
	}
}

/**
 * caller() - What who starts the program sees
 * @deed:	what that does
 * @eof:	set: it let go of what it inherited as stderr
 *
 * Return: exit status
 */
static int caller(enum deed deed, bool *eof)
{
	int out[2], hold[2], status = -1;
	struct pollfd p;
	char byte;
	pid_t pid;

	CHECK_EQ(pipe(out) | pipe(hold), 0);
	pid = fork();
	if (!pid) {
		(void)dup2(out[1], STDERR_FILENO);
		close(out[0]);
		close(out[1]);
		background(deed, hold);
	}
	close(out[1]);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	p = (struct pollfd){ out[0], POLLIN, 0 };
	*eof = poll(&p, 1, WAIT_MS) == 1 && !read(out[0], &byte, 1);
	close(out[0]);
	close(hold[0]);
	close(hold[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_fork(void)
{
	static const struct { enum deed deed; int status; } want[] = {
		{ READY, 0 }, { EXIT_0, 1 }, { EXIT_3, DIED }, { KILLED, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		bool eof = false;

		CHECK_EQ(caller(want[i].deed, &eof), want[i].status);
		CHECK(eof);
	}
}

static void test_pid_file(void)
{
	char path[] = "/tmp/daemon.XXXXXX", text[32] = "", want[32];
	int fd = mkstemp(path);
	struct stat st;

	CHECK_EQ(write(fd, "something longer than a number\n", 31), 31);
	(void)snprintf(want, sizeof(want), "%d\n", (int)getpid());
	daemon_pid_write(daemon_open(path, O_TRUNC));
	CHECK(pread(fd, text, sizeof(text) - 1, 0) > 0);
	CHECK_STR(text, want);
	close(fd);
	CHECK_EQ(unlink(path), 0);
	fd = daemon_open(path, O_TRUNC);
	CHECK_EQ(fstat(fd, &st), 0);
	CHECK_EQ(st.st_mode & 077, 0);
	close(fd);
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(daemon_open("/nowhere/pid", O_TRUNC), -ENOENT);
}

static void test_signals(void)
{
	static const int ours[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1 };
	int fd = daemon_signals(ours, ARRAY_SIZE(ours)), p[2];

	CHECK(fd >= 0);
	CHECK_EQ(daemon_signal_next(fd), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
		CHECK_EQ(raise(ours[i]), 0);
		CHECK_EQ(daemon_signal_next(fd), ours[i]);
		CHECK_EQ(daemon_signal_next(fd), 0);
	}
	close(fd);
	/* Nobody reads what we write: an error, not the end */
	CHECK_EQ(pipe(p), 0);
	close(p[0]);
	CHECK_EQ(write(p[1], "x", 1), -1);
	CHECK_EQ(errno, EPIPE);
	close(p[1]);
}

static void test_limits(void)
{
	struct rlimit lim;

	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &lim), 0);
	lim.rlim_cur = 64;
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &lim), 0);
	daemon_raise_limits();
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &lim), 0);
	CHECK_EQ(lim.rlim_cur, lim.rlim_max);
}

/* write_file() - One line to a file of /proc */
static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t n = write(fd, text, strlen(text));

	close(fd);
	return n == (ssize_t)strlen(text);
}

/* Root of a user namespace is nobody special; root of the host is */
static void test_root(void)
{
	char map[32];
	pid_t pid;
	int status;

	if (geteuid())
		CHECK(!daemon_real_root());
	(void)snprintf(map, sizeof(map), "0 %u 1\n", (unsigned)geteuid());
	pid = fork();
	if (!pid) {
		if (unshare(CLONE_NEWUSER) || !write_file("/proc/self/uid_map", map))
			_exit(0);
		_exit(daemon_real_root() || geteuid() ? 1 : 0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

/* Names and numbers; a number needs no entry anywhere, a name does */
static void test_find_user(void)
{
	static const struct { const char *text; uid_t uid; gid_t gid; } good[] = {
		{ "root", 0, 0 }, { "0", 0, 0 }, { "root:12345", 0, 12345 },
		{ "987654:4711", 987654, 4711 }, { "987654", 987654, 987654 },
		{ "987654:root", 987654, 0 }, { "root:root", 0, 0 },
	};
	static const char *const bad[] = {
		"no such user", "", ":", "root:", ":0", "root:no such group", "-1",
		"4294967295", "0:-1", "0:4294967295", "root:0:0", "1.5",
		"a-name-that-is-much-longer-than-any-name-of-a-user-is-allowed-to-be",
	};
	uid_t uid;
	gid_t gid;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uid = gid = 7;
		CHECK_EQ(daemon_find_user(good[i].text, &uid, &gid), 0);
		CHECK_EQ(uid, good[i].uid);
		CHECK_EQ(gid, good[i].gid);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uid = gid = 7;
		if (daemon_find_user(bad[i], &uid, &gid) != -ENOENT)
			CHECK_STR(bad[i], "refused");
		CHECK(uid == 7 && gid == 7);
	}
	CHECK_EQ(daemon_find_user(NULL, &uid, &gid), 0);
	CHECK(uid && gid);
}

/* In children, as there is no way back */
static void test_identity(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		bool root = !geteuid();
		int rc = daemon_change_user(65534, 65534);

		if (root)
			_exit(rc || geteuid() != 65534 || getegid() != 65534 ||
			      getuid() != 65534 || !setuid(0) ? 1 : 0);
		_exit(rc == -EPERM ? 0 : 1);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	pid = fork();
	if (!pid)
		_exit(daemon_harden() || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 ||
		      prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 ? 1 : 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
}

int main(void)
{
	RUN(test_fork);
	RUN(test_pid_file);
	RUN(test_limits);
	RUN(test_root);
	RUN(test_find_user);
	RUN(test_identity);
	RUN(test_signals);
	return check_done();
}
