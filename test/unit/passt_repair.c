// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * passt_repair.c - what passt-repair can not do, and for whom it does nothing
 *
 * The program, but for its main(), is included as it is.  Who listens is what
 * getsockopt() says, which is replaced: there is but one user here.  All else about it
 * is in test/ns/repair-helper.sh.
 */
#include "test/unit/check.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static uid_t peer_uid;

/* As getsockopt(), but SO_PEERCRED says what the test wants */
static int fake_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int rc = getsockopt(fd, level, name, value, len);

	if (!rc && level == SOL_SOCKET && name == SO_PEERCRED)
		((struct ucred *)value)->uid = peer_uid;
	return rc;
}

int passt_repair_main(int argc, char **argv);

#define main passt_repair_main
#define getsockopt fake_getsockopt
#include "passt-repair/passt-repair.c"	/* NOLINT(bugprone-suspicious-include): see above */
#undef main
#undef getsockopt

enum { OWNER = 4711, OTHER = 4712, KILLED = 256, CONN = 100, ELSEWHERE = 101 };

/* ended() - Exit status of a child, or KILLED and the signal */
static int ended(pid_t pid)
{
	int status = -1;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? KILLED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* call() - How a process ends that makes one system call when it is locked */
static int call(long nr, long a, long b, long c)
{
	pid_t pid = fork();

	if (!pid) {
		static char buf[64];

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
			_exit(1);
		lock(CONN);
		(void)syscall(nr, a, b, c, buf, sizeof(buf), 0);
		_exit(0);
	}
	return ended(pid);
}

static void test_lock(void)
{
	static const long forbidden[] = {
		SYS_read, SYS_openat, SYS_socket, SYS_connect, SYS_accept4, SYS_recvfrom,
		SYS_sendmsg, SYS_execve, SYS_clone, SYS_mmap, SYS_mprotect, SYS_prctl, SYS_dup3,
		SYS_fcntl, SYS_ioctl, SYS_kill, SYS_ptrace, SYS_setuid, SYS_capset, SYS_bpf,
		SYS_getsockopt, SYS_unlinkat, SYS_exit, 100000,
#ifdef __x86_64__
		0x40000000 | SYS_close,		/* x32 */
#endif
	};
	const int sys = KILLED + SIGSYS;

	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		int how = call(forbidden[i], 0, 0, 0);

		if (how != sys)
			printf("# system call %li\n", forbidden[i]);
		CHECK_EQ(how, sys);
	}
	/* What is allowed, with other arguments */
	CHECK_EQ(call(SYS_close, ELSEWHERE, 0, 0), 0);
	CHECK_EQ(call(SYS_recvmsg, CONN, 0, 0), 0);
	CHECK_EQ(call(SYS_recvmsg, ELSEWHERE, 0, 0), sys);
	CHECK_EQ(call(SYS_sendto, CONN, 0, 0), 0);
	CHECK_EQ(call(SYS_sendto, ELSEWHERE, 0, 0), sys);
	CHECK_EQ(call(SYS_write, STDERR_FILENO, 0, 0), 0);
	CHECK_EQ(call(SYS_write, STDOUT_FILENO, 0, 0), sys);
	CHECK_EQ(call(SYS_write, CONN, 0, 0), sys);
	CHECK_EQ(call(SYS_setsockopt, ELSEWHERE, IPPROTO_TCP, TCP_REPAIR), 0);
	CHECK_EQ(call(SYS_setsockopt, ELSEWHERE, IPPROTO_TCP, TCP_NODELAY), sys);
	CHECK_EQ(call(SYS_setsockopt, ELSEWHERE, SOL_SOCKET, TCP_REPAIR), sys);
}

/* served() - How it ends when a user listens at a socket of OWNER; *said: one line */
static int served(uid_t uid, char *said, size_t size)
{
	int pair[2] = { -1, -1 }, out[2] = { -1, -1 };
	ssize_t n;
	pid_t pid;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pipe(out), 0);
	peer_uid = uid;
	pid = fork();
	if (!pid) {
		(void)dup2(out[1], STDERR_FILENO);
		check_peer(pair[0], "PATH", OWNER);
		_exit(0);
	}
	(void)close(out[1]);
	n = read(out[0], said, size - 1);
	said[n > 0 ? n : 0] = '\0';
	(void)close(out[0]);
	(void)close(pair[0]);
	(void)close(pair[1]);
	return ended(pid);
}

static void test_peer(void)
{
	char said[LINE_LEN];

	CHECK_EQ(served(0, said, sizeof(said)), 0);
	CHECK_EQ(served(OWNER, said, sizeof(said)), 0);
	CHECK_EQ(served(getuid(), said, sizeof(said)), 0);
	CHECK_STR(said, "");
	CHECK_EQ(served(OTHER, said, sizeof(said)), 1);
	CHECK_STR(said, "passt-repair: user 4712 listens at PATH, which is of user 4711: refused\n");
}

int main(void)
{
	(void)fflush(stdout);
	RUN(test_lock);
	RUN(test_peer);
	return check_done();
}
