// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * daemon.c - the process: background, signals, identity, limits
 *
 * Theory of operation
 *
 *   The caller starts us and waits; what it waits for is "ready": sockets bound,
 *   namespace configured, PID file written.  So the fork comes first, and the
 *   parent stays behind, reading from a pipe: a byte means ready, and it exits
 *   0; end of file means that the child died, having said why on the stderr it
 *   inherited, and it exits 1.  The child lets go of stdin, stdout and stderr
 *   when it is ready, so a caller that reads them to the end is released.
 *
 *   All that is made before the loop begins (the namespace's helper process,
 *   the spawned command) is so made by the process that stays.
 *
 *   Signals arrive through a descriptor of the loop, not as interruptions.
 */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

enum { USER_LEN = 256, NOBODY = 65534 };

/**
 * daemon_raise_limits() - As many descriptors as the system lets us have
 *
 * A connection is a descriptor; the soft limit is for programs that use
 * select(), which we do not.
 */
void daemon_raise_limits(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim))
		return;
	lim.rlim_cur = lim.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &lim);
}

/* wait_ready() - What the parent does; its exit status is what the caller sees */
static _Noreturn void wait_ready(int fd, pid_t child)
{
	int status;
	char byte;

	if (read(fd, &byte, 1) == 1)
		_exit(EXIT_SUCCESS);
	if (waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
	_exit(EXIT_FAILURE);
}

/**
 * daemon_fork() - Go on in a child, whose parent waits until it is ready
 *
 * Return: in the child: descriptor for daemon_ready(); -errno: the caller gives
 *	   up.  The parent does not return.
 */
int daemon_fork(void)
{
	pid_t pid = -1;
	int fd[2];

	if (!pipe2(fd, O_CLOEXEC))
		pid = fork();
	if (pid < 0)
		return -errno;
	close(fd[pid ? 1 : 0]);
	if (pid)
		wait_ready(fd[0], pid);
	(void)setsid();
	return fd[1];
}

/**
 * daemon_null() - Let go of descriptors 0 to 2, which are somebody's terminal or pipe
 */
void daemon_null(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		(void)dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

/**
 * daemon_ready() - Let go of the terminal, and of the parent
 * @parent:	Descriptor of daemon_fork()
 *
 * Log lines no longer go to stderr when this is called.
 */
void daemon_ready(int parent)
{
	daemon_null();
	(void)!write(parent, "", 1);
	close(parent);
}

/**
 * daemon_open() - Open a file to be written, made if it is not there
 * @path:	Its path
 * @how:	O_APPEND: behind what it holds, O_TRUNC: in place of that
 *
 * Return: descriptor; -errno
 */
int daemon_open(const char *path, int how)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | how, 0600);

	return fd < 0 ? -errno : fd;
}

/**
 * daemon_open_read() - Open a file to be read
 * @path:	Its path
 *
 * Return: descriptor; -errno
 */
int daemon_open_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/**
 * daemon_pid_write() - Write our PID and a newline, in one piece
 * @fd:		Descriptor of the PID file, closed afterwards
 */
void daemon_pid_write(int fd)
{
	(void)dprintf(fd, "%i\n", (int)getpid());
	close(fd);
}

/**
 * daemon_signals() - Take signals by descriptor
 * @list:	Their numbers
 * @n:		How many
 *
 * Nobody reading what we write is an error of that write, no signal.
 *
 * Return: descriptor for daemon_signal_next(), not blocking; -errno
 */
int daemon_signals(const int *list, size_t n)
{
	sigset_t set;
	int fd;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)sigemptyset(&set);
	while (n > 0)
		(void)sigaddset(&set, list[--n]);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/**
 * daemon_signal_next() - The next signal that came
 * @fd:		Descriptor of daemon_signals()
 *
 * Return: its number, 0: none
 */
int daemon_signal_next(int fd)
{
	struct signalfd_siginfo si;

	return read(fd, &si, sizeof(si)) == sizeof(si) ? (int)si.ssi_signo : 0;
}

/**
 * daemon_real_root() - Whether we are root of the host, not of a user namespace
 *
 * Return: true if so: more power than the job needs
 */
bool daemon_real_root(void)
{
	/* Users from 0 on are those from 0 on outside, all of them */
	static const unsigned long whole[] = { 0, 0, UINT32_MAX };
	char line[64] = "", *p = line;
	ssize_t n;
	int fd;

	if (geteuid())
		return false;
	fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	for (size_t i = 0; n > 0 && i < ARRAY_SIZE(whole); i++)
		if (strtoul(p, &p, 10) != whole[i])
			return false;
	return true;
}

/**
 * daemon_find_user() - Whom to become
 * @text:	USER or USER:GROUP, names or numbers; NULL: nobody
 * @uid:	Set on success
 * @gid:	Set on success: the group given, or the user's own
 *
 * Return: 0; -ENOENT: there is no such user or group
 */
int daemon_find_user(const char *text, uid_t *uid, gid_t *gid)
{
	const char *colon = text ? strchr(text, ':') : NULL;
	char name[USER_LEN] = "nobody";
	const struct passwd *pw;
	const struct group *gr;
	uint32_t u = NOBODY, g;

	if (text && !util_copy_n(name, sizeof(name), text,
				 colon ? (size_t)(colon - text) : strlen(text)))
		return -ENOENT;
	pw = util_parse_uint(name, INT32_MAX, &u) ? getpwuid(u) : getpwnam(name);
	if (pw)
		u = pw->pw_uid;
	else if (text && !util_parse_uint(name, INT32_MAX, &u))
		return -ENOENT;
	g = pw ? pw->pw_gid : u;
	if (colon && !util_parse_uint(colon + 1, INT32_MAX, &g)) {
		gr = getgrnam(colon + 1);
		if (!gr)
			return -ENOENT;
		g = gr->gr_gid;
	}
	*uid = u;
	*gid = g;
	return 0;
}

/**
 * daemon_change_user() - Become somebody else for good
 * @uid:	User
 * @gid:	Group
 *
 * Return: 0; -errno: still who we were
 */
int daemon_change_user(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return -errno;
	return 0;
}

/**
 * daemon_harden() - Nothing more to gain, nothing to look at
 *
 * No program we could ever start gets privileges, and nobody of our own user
 * can trace us or read our memory.
 *
 * Return: 0; -errno
 */
int daemon_harden(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return -errno;
	return 0;
}
