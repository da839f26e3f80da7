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
static void wait_ready(int fd, pid_t child)
{
	int status;
	char byte;

	for (;;) {
		ssize_t n = read(fd, &byte, 1);

		if (n == 1)
			_exit(EXIT_SUCCESS);
		if (!n || errno != EINTR)
			break;
	}
	if (waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	    WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
	_exit(EXIT_FAILURE);
}

/**
 * daemon_fork() - Go on in a child, whose parent waits until it is ready
 *
 * Return: in the child: descriptor for daemon_ready(); -errno.  The parent does
 *	   not return.
 */
int daemon_fork(void)
{
	int fd[2];
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0) {
		int rc = -errno;

		close(fd[0]);
		close(fd[1]);
		return rc;
	}
	if (pid) {
		close(fd[1]);
		wait_ready(fd[0], pid);
	}
	close(fd[0]);
	(void)setsid();
	return fd[1];
}

/**
 * daemon_ready() - Let go of the terminal, and of the parent
 * @parent:	Descriptor of daemon_fork()
 *
 * Log lines no longer go to stderr when this is called.
 */
void daemon_ready(int parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	ssize_t n;

	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		(void)dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	n = write(parent, "", 1);
	(void)n;
	close(parent);
}

/**
 * daemon_log_open() - Open a log file, at its end
 * @path:	Its path
 *
 * Return: descriptor; -errno
 */
int daemon_log_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

/**
 * daemon_pid_open() - Make the PID file, while we may
 * @path:	Its path
 *
 * Return: descriptor; -errno
 */
int daemon_pid_open(const char *path)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

/**
 * daemon_pid_write() - Write our PID and a newline, in one piece
 * @fd:		Descriptor of daemon_pid_open(), closed afterwards
 */
void daemon_pid_write(int fd)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%i\n", (int)getpid());
	ssize_t n = write(fd, text, (size_t)len);

	(void)n;
	close(fd);
}

/**
 * daemon_signals() - Take the signals that end us, or ask for a report, by descriptor
 *
 * Return: descriptor for the loop; -errno
 */
int daemon_signals(void)
{
	static const int ours[] = { SIGTERM, SIGQUIT, SIGINT, SIGHUP, SIGUSR1 };
	sigset_t set;
	int fd;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		(void)sigaddset(&set, ours[i]);
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

/* next_number() - Number at *@p, which moves behind it; false: there is none */
static bool next_number(char **p, unsigned long *value)
{
	char *begin = *p;

	*value = strtoul(begin, p, 10);
	return *p != begin;
}

/**
 * daemon_real_root() - Whether we are root of the host, not of a user namespace
 *
 * Return: true if so: more power than the job needs
 */
bool daemon_real_root(void)
{
	unsigned long inside, outside, num;
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
	if (n <= 0 || !next_number(&p, &inside) || !next_number(&p, &outside) ||
	    !next_number(&p, &num))
		return true;
	return !inside && !outside && num == UINT32_MAX;
}

/* number() - A user or group given as a number; false: it is a name */
static bool number(const char *text, uint32_t *id)
{
	return util_parse_uint(text, INT32_MAX, id);
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
	pw = number(name, &u) ? getpwuid(u) : getpwnam(name);
	if (pw)
		u = pw->pw_uid;
	else if (text && !number(name, &u))
		return -ENOENT;
	g = pw ? pw->pw_gid : u;
	if (colon && !number(colon + 1, &g)) {
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
