// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * passt-repair.c - switch TCP repair mode of sockets for a passt that may not
 *
 * Theory of operation
 *
 *	passt, unprivileged		passt-repair, CAP_NET_ADMIN
 *	listens at PATH	 <------------	connects, checks who that is
 *	command, descriptors ------->	setsockopt(TCP_REPAIR) on each
 *	reads the answer <------------	the same byte: all are switched
 *	closes		 ------------>	end of file: ends
 *
 *   Connections move to another host with their socket taken apart and put together
 *   (tcp(7) has no word on TCP_REPAIR; net/ipv4/tcp.c, tcp_repair_set()).  Entering
 *   and leaving repair mode needs CAP_NET_ADMIN in the user namespace that owns the
 *   socket's network; nothing else of that does.  So this program can do that one
 *   thing, and nothing besides.
 *
 *   A command is one signed byte, 1, 0 or -1 as the kernel numbers them, with 1 to 253
 *   descriptors (SCM_RIGHTS, unix(7)).  This is what passt-repair of passt and those
 *   who start it, KubeVirt for one, agreed on.  There is no answer but success: after
 *   any failure we say why and end, and passt sees the connection end.
 *
 *   If entering fails, sockets of that message which did enter leave again, without a
 *   packet.  If leaving fails, the others leave all the same: who stays in repair mode
 *   without a helper stays for good.
 *
 *   Privileges, given up as soon as may be:
 *
 *	start		nothing to gain by exec, no tracing, and of the capabilities we
 *			have only CAP_NET_ADMIN and what reaching PATH may take: a mode
 *			of 0600, /proc/PID/root of another user
 *	connected	only CAP_NET_ADMIN; only the system calls of the loop, with the
 *			arguments of the loop; any other ends the process
 *
 *   It is no error to have no CAP_NET_ADMIN: who made a user namespace has it there
 *   without (user_namespaces(7)), and no program can tell before it tries.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef VERSION
#define VERSION "0.1"
#endif

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#error "AUDIT_ARCH_ of this machine, see linux/audit.h, has to be added here"
#endif

enum {
	LINE_LEN	= 1024,
	FDS_MAX		= 253,		/* net/scm.h: SCM_MAX_FD */
	DIR_BUF		= 4096,
	RETRY_MS	= 20,		/* between bind() and listen() a socket refuses */
	RETRIES		= 100,
};

/* What reaching a path may take, and what we are here for */
static const uint32_t path_caps = 1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH |
				  1U << CAP_SYS_PTRACE;
static const uint32_t repair_caps = 1U << CAP_NET_ADMIN;

static const char suffix[] = ".repair";

/* fail() - Say one line, and end with status 1.  Whatever came along is closed by that. */
__attribute__((format(printf, 1, 2), noreturn))
static void fail(const char *fmt, ...)
{
	static const char head[] = "passt-repair: ";
	char line[LINE_LEN] = "passt-repair: ";
	int n = sizeof(head) - 1;
	va_list ap;

	va_start(ap, fmt);
	n += vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
	va_end(ap);
	if (n > LINE_LEN - 1)
		n = LINE_LEN - 1;
	line[n++] = '\n';
	(void)!write(STDERR_FILENO, line, (size_t)n);
	_exit(1);
}

/* text() - What an errno means */
static const char *text(int error)
{
	return strerrordesc_np(error) ? strerrordesc_np(error) : "unknown error";
}

/* Privileges */

/**
 * keep() - Give up capabilities, if we have them
 * @wanted:	Bits of those that stay, all numbered below 32
 *
 * Source: capabilities(7), capset(2)
 */
static void keep(uint32_t wanted)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (syscall(SYS_capget, &head, data))
		fail("can not read capabilities: %s", text(errno));
	data[0].permitted &= wanted;
	data[0].effective = data[0].permitted;
	data[0].inheritable = 0;
	memset(&data[1], 0, sizeof(data[1]));
	if (syscall(SYS_capset, &head, data))
		fail("can not give up capabilities: %s", text(errno));
}

/* prepare() - Before anything from outside is looked at */
static void prepare(void)
{
	struct rlimit files;
	int fd;

	/* What we open must not be taken for standard error */
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
	/* One message has up to FDS_MAX */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		fail("can not restrict ourselves: %s", text(errno));
	keep(repair_caps | path_caps);
}

/* Instructions of the filter: the kernel compares the lower half of an argument, too */
#define LOAD(what)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what))
#define RETURN(what)	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_##what)
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, skip)
#define ALLOW(call)	UNLESS(__NR_##call, 1), RETURN(ALLOW)
#define ALLOW_FD(call, fd)						\
	UNLESS(__NR_##call, 4), LOAD(args[0]), UNLESS(fd, 1), RETURN(ALLOW),	\
	RETURN(KILL_PROCESS)

/**
 * lock() - From here on only what serve() and fail() do
 * @conn:	Connection
 *
 * Source: seccomp(2).  Calls of the x32 ABI have other numbers, so they are forbidden.
 */
static void lock(int conn)
{
	struct sock_filter code[] = {
		LOAD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0),
		RETURN(KILL_PROCESS),
		LOAD(nr),
		ALLOW_FD(recvmsg, conn),
		ALLOW_FD(sendto, conn),
		ALLOW_FD(write, STDERR_FILENO),
		ALLOW(close),
		ALLOW(rt_sigreturn),
		ALLOW(exit_group),
#ifdef DEBUG
		ALLOW(sigaltstack),	/* sanitizers, before what does not return */
#endif
		UNLESS(__NR_setsockopt, 5),
		LOAD(args[1]),
		UNLESS(IPPROTO_TCP, 3),
		LOAD(args[2]),
		UNLESS(TCP_REPAIR, 1),
		RETURN(ALLOW),
		RETURN(KILL_PROCESS),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0))
		fail("can not install a seccomp filter: %s", text(errno));
}

/* The connection */

/**
 * check_peer() - End unless a listener is one to work for
 * @conn:	Connected to it
 * @path:	Its name, for messages
 * @owner:	Who owns the socket's file
 *
 * Root, who started us, or who owns the file: nobody else had to do with it.
 */
static void check_peer(int conn, const char *path, uid_t owner)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		fail("can not tell who listens at %s: %s", path, text(errno));
	if (peer.uid && peer.uid != owner && peer.uid != getuid())
		fail("user %u listens at %s, which is of user %u: refused",
		     (unsigned)peer.uid, path, (unsigned)owner);
}

/**
 * join() - Connect to a socket
 * @dir:	Directory, or AT_FDCWD
 * @path:	Name in there
 *
 * What is checked is what is connected to, and paths may be long: the file is opened
 * and connected to by its descriptor.  Symbolic links are no sockets here.
 *
 * Return: connection; -ENOTSOCK; -ECONNREFUSED: nobody listens, or not yet; -ENOENT;
 *	   other -errno
 */
static int join(int dir, const char *path)
{
	int file = openat(dir, path, O_PATH | O_NOFOLLOW | O_CLOEXEC), conn, rc = 0;
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct stat st;

	if (file < 0)
		return -errno;
	conn = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (conn < 0 || fstat(file, &st))
		fail("can not connect to %s: %s", path, text(errno));
	(void)snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%i", file);
	if (!S_ISSOCK(st.st_mode))
		rc = -ENOTSOCK;
	else if (connect(conn, (const struct sockaddr *)&to, sizeof(to)))
		rc = -errno;
	(void)close(file);
	if (rc) {
		(void)close(conn);
		return rc;
	}
	check_peer(conn, path, st.st_uid);
	return conn;
}

/**
 * look() - Connect to one of the sockets in a directory
 * @path:	Of the directory
 *
 * Return: connection; -ECONNREFUSED: nobody listens at the one that is there;
 *	   -ENOENT: there is none
 */
static int look(const char *path)
{
	static _Alignas(struct dirent64) char buf[DIR_BUF];
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), conn = -ENOENT;
	const struct dirent64 *d;
	ssize_t n;

	if (dir < 0)
		fail("can not read %s: %s", path, text(errno));
	while (conn < 0 && (n = getdents64(dir, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; conn < 0 && at < n; at += d->d_reclen) {
			size_t len;
			int rc;

			d = (const void *)(buf + at);
			len = strlen(d->d_name);
			if (len < sizeof(suffix) - 1 ||
			    strcmp(d->d_name + len - (sizeof(suffix) - 1), suffix) != 0)
				continue;
			rc = join(dir, d->d_name);
			if (rc >= 0 || rc == -ECONNREFUSED)
				conn = rc;
			else if (rc != -ENOTSOCK && rc != -ENOENT)
				fail("can not connect to %s/%s: %s", path, d->d_name, text(-rc));
		}
	}
	(void)close(dir);
	return conn;
}

/**
 * wait_in() - Wait for a socket in a directory
 * @path:	Of the directory
 *
 * Events only wake us: what is there is looked at each time, and before the first.
 * A socket that nobody listens at may be a stale one: it is tried for a while.
 *
 * Return: connection
 */
static int wait_in(const char *path)
{
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), conn, tries = 0;
	struct pollfd p = { .fd = watch, .events = POLLIN };
	static char buf[DIR_BUF];

	if (watch < 0 || inotify_add_watch(watch, path, IN_CREATE | IN_MOVED_TO | IN_ATTRIB |
					   IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR) < 0)
		fail("can not wait in %s: %s", path, text(errno));
	while ((conn = look(path)) < 0) {
		bool again = conn == -ECONNREFUSED && tries++ < RETRIES;

		if (poll(&p, 1, again ? RETRY_MS : -1) <= 0)
			continue;
		while (read(watch, buf, sizeof(buf)) > 0)
			tries = 0;
	}
	(void)close(watch);
	return conn;
}

/* reach() - Connection to a path, or in a directory */
static int reach(const char *path)
{
	struct stat st;
	int conn;

	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return wait_in(path);
	conn = join(AT_FDCWD, path);
	if (conn == -ENOTSOCK)
		fail("%s is neither a socket nor a directory", path);
	if (conn < 0)
		fail("can not connect to %s: %s", path, text(-conn));
	return conn;
}

/* Commands */

/* set() - Switch a socket; 0, -errno */
static int set(int fd, int mode)
{
	if (!setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &mode, sizeof(mode)))
		return 0;
	/* Before Linux 4.19 leaving always asks for the window */
	if (errno != EINVAL || mode != TCP_REPAIR_OFF_NO_WP)
		return -errno;
	mode = TCP_REPAIR_OFF;
	return setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &mode, sizeof(mode)) ? -errno : 0;
}

/**
 * switch_all() - Switch sockets and close them, or end
 * @fd:		Sockets, or something else
 * @n:		How many, 1 or more
 * @mode:	TCP_REPAIR_ON and its like
 */
static void switch_all(const int *fd, int n, int mode)
{
	int failed = -1, error = 0, i;

	for (i = 0; i < n && (failed < 0 || mode != TCP_REPAIR_ON); i++) {
		int rc = set(fd[i], mode);

		if (rc && failed < 0) {
			failed = i;
			error = -rc;
		}
	}
	for (i = 0; i < failed && mode == TCP_REPAIR_ON; i++)
		(void)set(fd[i], TCP_REPAIR_OFF_NO_WP);
	for (i = 0; i < n; i++)
		(void)close(fd[i]);
	if (failed >= 0)
		fail("can not %s repair mode of descriptor %i of %i: %s",
		     mode == TCP_REPAIR_ON ? "enter" : "leave", failed + 1, n, text(error));
}

/**
 * serve() - Take one command, do it, answer
 * @conn:	Connection
 *
 * Return: false at end of file
 */
static bool serve(int conn)
{
	union {
		char buf[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr head;
	} control;
	/* Room for two, so that more than one shows */
	int8_t command[2] = { 0 };
	struct iovec iov = { command, sizeof(command) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf, .msg_controllen = sizeof(control.buf),
	};
	const struct cmsghdr *c;
	int fd[FDS_MAX], count;
	ssize_t n;

	do
		n = recvmsg(conn, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (!n)
		return false;
	if (n < 0)
		fail("can not receive a command: %s", text(errno));
	if (n > 1)
		fail("several bytes came where a command is one");
	if (m.msg_flags & MSG_CTRUNC)
		fail("descriptors were lost: too many for our limit of open files");
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len < CMSG_LEN(sizeof(int)))
		fail("command %i came without descriptors", command[0]);
	if (command[0] != TCP_REPAIR_ON && command[0] != TCP_REPAIR_OFF &&
	    command[0] != TCP_REPAIR_OFF_NO_WP)
		fail("command %i is unknown", command[0]);
	count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	memcpy(fd, CMSG_DATA(c), (size_t)count * sizeof(int));
	switch_all(fd, count, command[0]);
	if (send(conn, command, 1, MSG_NOSIGNAL) != 1)
		fail("can not answer: %s", text(errno));
	return true;
}

/* Our command line */

/* print() - Print something, and end well */
__attribute__((noreturn))
static void print(const char *what)
{
	_exit(write(STDOUT_FILENO, what, strlen(what)) < 0 ? 1 : 0);
}

int main(int argc, char **argv)
{
	int conn;

	if (argc == 2 && !strcmp(argv[1], "--help"))
		print("Usage: passt-repair PATH\n"
		      "Switch TCP repair mode for the passt that listens at PATH, a UNIX socket,\n"
		      "or at the first one named *.repair in PATH, a directory.\n"
		      "\n"
		      "  --version          print the version\n"
		      "  --help             this text\n");
	if (argc == 2 && !strcmp(argv[1], "--version"))
		print("passt-repair " VERSION "\n");
	if (argc == 2 && argv[1][0] == '-')
		fail("unknown option %s, see --help", argv[1]);
	if (argc != 2 || !*argv[1])
		fail("one PATH is needed, of a socket or a directory, see --help");
	prepare();
	conn = reach(argv[1]);
	keep(repair_caps);
	lock(conn);
	while (serve(conn))
		;
	_exit(0);
}
