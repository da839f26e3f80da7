// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log.c - unit test of ../../log.c
 * links: log.c
 *
 * Lines are read back from a pipe that is the log file.
 */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

enum { LONG = 5000, SECOND = 1000000 };

static int sink[2];
static char line[2 * LONG];

static void begin(enum log_level level)
{
	if (sink[0])
		(void)close(sink[0]);
	if (pipe2(sink, O_NONBLOCK | O_CLOEXEC))
		abort();
	log_level = level;
	log_stderr(false);
	log_file(sink[1], UINT32_MAX);
}

/* said() - What was written since, "" for nothing */
static const char *said(void)
{
	ssize_t n = read(sink[0], line, sizeof(line) - 1);

	line[n > 0 ? n : 0] = '\0';
	return line;
}

/* What is above the level is not made, and its arguments are not looked at */
static void test_levels(void)
{
	int asked = 0;

	begin(LOG_LVL_INFO);
	err("one %i", 1);
	warn("two");
	info("three");
	debug("%i", ++asked);
	CHECK_STR(said(), "one 1\ntwo\nthree\n");
	CHECK_EQ(asked, 0);
	begin(LOG_LVL_DEBUG);
	debug("%i", ++asked);
	begin(LOG_LVL_DEBUG);
	debug("%i", ++asked);
	CHECK_STR(said(), "2\n");
	begin(LOG_LVL_ERR);
	warn("no");
	err_errno(ENOENT, "yes");
	CHECK_STR(said(), "yes: No such file or directory\n");
}

/* A line that is too long is cut, and still is a line; a strange errno has a text */
static void test_long(void)
{
	static char text[LONG];
	size_t len;

	memset(text, 'x', sizeof(text) - 1);
	begin(LOG_LVL_INFO);
	err("%s", text);
	len = strlen(said());
	CHECK(len > 500 && len < 1100);
	CHECK_EQ(line[len - 1], '\n');
	CHECK_EQ(strchr(line, '\n') - line, (long)len - 1);
	err_errno(EIO, "%s", text);
	CHECK_EQ(line[strlen(said()) - 1], '\n');
	err_errno(123456, "e");
	CHECK_STR(said(), "e: unknown error\n");
}

/* A sink that takes nothing more loses lines, and nothing else happens */
static void test_full(void)
{
	begin(LOG_LVL_INFO);
	for (int i = 0; i < 100000; i++)
		info("line %i", i);
	CHECK_MEM(said(), "line 0\nline 1\n", 14);
}

/* A file that would be larger than it may begins anew, also with what was in it */
static void test_size(void)
{
	char text[64] = "";
	int fd = memfd_create("log", 0);

	CHECK_EQ(write(fd, "old\n", 4), 4);
	CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND), 0);
	log_file(fd, 10);
	info("12345");
	CHECK_EQ(pread(fd, text, sizeof(text), 0), 10);
	CHECK_MEM(text, "old\n12345\n", 10);
	info("new");
	CHECK_EQ(pread(fd, text, sizeof(text), 0), 4);
	CHECK_MEM(text, "new\n", 4);
	info("longer than it may be");
	info("x");
	CHECK_EQ(pread(fd, text, sizeof(text), 0), 2);
	log_file(-1, 0);
	CHECK_EQ(close(fd), 0);
}

/* Four lines a second from one place, anew each second */
static void test_allow(void)
{
	uint64_t here = 0, there = 0;

	for (unsigned second = 0; second < 3; second++) {
		int lines = 0;

		for (uint64_t us = 0; us < SECOND; us += SECOND / 50)
			lines += log_allow(&here, (uint64_t)second * SECOND + us);
		CHECK_EQ(lines, 4);
	}
	CHECK(log_allow(&there, 0));
}

/* child() - Exit status of what dies */
static int child(void (*what)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (!pid) {
		what();
		_exit(99);
	}
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void dies(void)
{
	die_errno(EACCES, "no %s", "way");
}

static void has_bug(void)
{
	(void)BUG_ON(1 + 1 == 2);
}

/* die() says one line and exits 1; a BUG aborts in debug builds, as this is one */
static void test_ends(void)
{
	begin(LOG_LVL_ERR);
	CHECK_EQ(child(dies), 1);
	CHECK_STR(said(), "no way: Permission denied\n");
	CHECK_EQ(child(has_bug), -SIGABRT);
	CHECK(strstr(said(), "BUG at ") == line);
	CHECK(strstr(line, "1 + 1 == 2"));
	CHECK(!BUG_ON(1 + 1 == 3));
}

int main(void)
{
	RUN(test_levels);
	RUN(test_long);
	RUN(test_full);
	RUN(test_size);
	RUN(test_allow);
	RUN(test_ends);
	return check_done();
}
