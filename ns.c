// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ns.c - a network namespace as the guest, seen from the daemon
 *
 * Theory of operation
 *
 *   The daemon enters no namespace.  What it needs of one are descriptors: the
 *   tap device, sockets for spliced connections and for netlink.  They come
 *   from the agent (ns_agent.c), a process in there, over a pair of sockets that
 *   is the one thing both hold.  The order at start:
 *
 *	ns_open()	the namespaces and the tap are there
 *	ns_configure()	addresses, routes, loopback
 *	ns_start()	everything else is ready: the command may run
 *
 *   These end the program with one line if they fail, which says what to do.
 *   Afterwards only ns_socket() talks to the agent.  It waits for the answer, in
 *   the loop, which takes some ten microseconds; TCP sockets are fetched in
 *   batches.  If the agent does not answer in time it is given up for good.
 *
 *   The agent shares a user namespace with the command, so that its answers are
 *   not believed: number and kind of descriptors are checked.
 *
 *   When a namespace goes: for one we made, the command's end is the end.  For
 *   that of a process, we watch the process; for a path, the directory it is in.
 *   A path that leads elsewhere now is as good as gone.
 */
#include "ns.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "ns_agent.h"

enum { ANSWER_WAIT_S = 2, SIGNALED = 128, POOLS = 2 };

/**
 * struct ns_self - state of this file
 * @foreground:	the command has got the terminal from us
 * @agent:	socket to the agent, -1: there is none, or no more
 * @pool:	TCP sockets of the namespace, for IPv4 and IPv6
 * @pool.fd:	@pool.n descriptors
 * @watch_pid:	what is watched is a process
 * @dir:	directory of the path watched
 * @base:	the path's last component
 * @st:		the namespace there, when we joined it
 */
static struct {
	bool foreground;
	int agent;
	struct pool {
		int fd[NS_AGENT_FDS];
		int n;
	} pool[POOLS];
	bool watch_pid;
	int dir;
	char base[NS_PATH];
	struct stat st;
} self = { .agent = -1 };

/* ---- talking to the agent ---- */

/* give_up() - The agent is out of step, or dead; @rc */
static int give_up(int rc)
{
	(void)close(self.agent);
	self.agent = -1;
	return rc;
}

/*
 * answer() - Read a reply
 * @r:		Set on success
 * @fds:	Filled
 * @max:	Room there, up to NS_AGENT_FDS; the kernel closes what is beyond
 *
 * Return: number of descriptors, or -errno; not what the reply says
 */
static int answer(struct ns_agent_reply *r, int *fds, int max)
{
	union {
		struct cmsghdr head;	/* nothing but SCM_RIGHTS was asked for */
		char buf[CMSG_SPACE(NS_AGENT_FDS * sizeof(int))];
	} control;
	struct iovec iov = { r, sizeof(*r) };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf,
		.msg_controllen = CMSG_LEN((size_t)max * sizeof(int)),
	};
	ssize_t len;
	int n = 0;

	do {
		len = recvmsg(self.agent, &mh, MSG_CMSG_CLOEXEC);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return give_up(errno == EAGAIN ? -ETIMEDOUT : -errno);
	if (CMSG_FIRSTHDR(&mh)) {
		n = (int)((control.head.cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(&control.head), (size_t)n * sizeof(int));
	}
	if (len == sizeof(*r) && !(mh.msg_flags & MSG_TRUNC) && r->result <= 0)
		return n;
	while (n > 0)
		(void)close(fds[--n]);
	return give_up(len ? -EBADMSG : -EPIPE);
}

/* ask() - Send a request and read the reply; number of descriptors, or -errno */
static int ask(const struct ns_agent_request *q, int *fds, int max)
{
	struct ns_agent_reply r;
	int n;

	if (self.agent < 0)
		return -ENOTCONN;
	if (send(self.agent, q, sizeof(*q), MSG_NOSIGNAL) < 0)
		return give_up(-errno);
	n = answer(&r, fds, max);
	return n < 0 || !r.result ? n : r.result;
}

/* ---- which one it is, and whether it is still there ---- */

/**
 * ns_spawns() - Whether there is a command, or a shell, to be spawned
 * @conf:	What is asked for
 *
 * Return: false if a namespace is joined
 */
bool ns_spawns(const struct ns_conf *conf)
{
	return conf->argv || (!conf->pid && !conf->netns);
}

/* find_path() - Where the network namespace to be joined is; empty: none is */
static void find_path(const struct ns_conf *conf, char path[static NS_PATH])
{
	*path = '\0';
	if (ns_spawns(conf))
		return;
	if (conf->pid)
		(void)snprintf(path, NS_PATH, "/proc/%i/ns/net", conf->pid);
	else if (snprintf(path, NS_PATH, "%s%s", strchr(conf->netns, '/') ? "" : "/run/netns/",
			  conf->netns) >= NS_PATH)
		die_errno(ENAMETOOLONG, "Can't open network namespace %s (--netns)", path);
}

/* watch_path() - Watch a path in a file system; descriptor or -errno */
static int watch_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[NS_PATH];
	int fd, rc;

	(void)util_copy_n(dir, sizeof(dir), path, (size_t)(slash - path) + 1);
	(void)util_copy(self.base, sizeof(self.base), slash + 1);
	self.dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (self.dir < 0 || fstatat(self.dir, self.base, &self.st, 0))
		return -errno;
	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (inotify_add_watch(fd, dir, IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF |
			      IN_MOVE_SELF | IN_ONLYDIR) >= 0)
		return fd;
	rc = -errno;
	(void)close(fd);
	return rc;
}

/* watch_ns() - Watch the namespace we joined; descriptor, -1: none */
static int watch_ns(const char *path)
{
	static const char proc[] = "/proc/";
	bool in_proc = !strncmp(path, proc, sizeof(proc) - 1);
	pid_t pid = in_proc ? (pid_t)strtol(path + sizeof(proc) - 1, NULL, 10) : 0;
	int fd;

	self.watch_pid = pid > 0;
	fd = pid ? (int)syscall(SYS_pidfd_open, pid, 0) : watch_path(path);
	if (pid && fd < 0)
		fd = -errno;
	if (fd >= 0)
		return fd;
	warn_errno(-fd, "Can't watch %s: we stay when it goes", path);
	return -1;
}

/**
 * ns_gone() - Whether the namespace went away; when that fires:
 * @watch:	Of struct ns
 *
 * Return: true if it did
 */
bool ns_gone(int watch)
{
	char events[sizeof(struct inotify_event) + NS_PATH]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	struct stat st;

	if (self.watch_pid)
		return true;
	while (read(watch, events, sizeof(events)) > 0)
		;
	return fstatat(self.dir, self.base, &st, 0) || st.st_dev != self.st.st_dev ||
	       st.st_ino != self.st.st_ino;
}

/* ---- at start ---- */

/**
 * ns_open() - Make or join a namespace, with a tap device in it
 * @conf:	What is asked for; has to stay, the command is read later
 * @ns:		Set
 *
 * To be called by the process that will run the loop, if there is a command: it
 * has to be the parent of it.
 *
 * Ends the program with a line if it fails.
 */
void ns_open(const struct ns_conf *conf, struct ns *ns)
{
	struct timeval wait = { .tv_sec = ANSWER_WAIT_S };
	struct ns_agent_reply r = { 0 };
	int pair[2], pidfd, n;
	char path[NS_PATH];

	find_path(conf, path);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		die_errno(errno, "Can't make a pair of sockets");
	(void)signal(SIGCHLD, SIG_DFL);	/* ignored, it would lose the exit status */
	pidfd = ns_agent_fork(conf, path, pair[1]);
	(void)close(pair[1]);

	memset(&self, 0, sizeof(self));
	self.agent = pair[0];
	(void)setsockopt(self.agent, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));

	n = answer(&r, &ns->tap, 1);
	if (n < 0)
		die_errno(-n, "The process in the namespace ended");
	if (r.result || n != 1)
		die_errno(-r.result, "%s", r.text);
	ns->caps = r.caps;
	memcpy(ns->guest_mac, r.mac, sizeof(ns->guest_mac));

	ns->watch = *path && !conf->no_quit ? watch_ns(path) : -1;
	ns->child = *path ? -1 : pidfd;
	if (*path)
		(void)close(pidfd);
}

/**
 * ns_configure() - Give the tap's inner end what it shall have
 * @setup:	What
 *
 * Ends the program with a line if it fails.
 */
void ns_configure(const struct netlink_setup *setup)
{
	struct ns_agent_request q = { .op = NS_AGENT_SETUP, .setup = *setup };
	int rc = ask(&q, NULL, 0);

	if (rc < 0)
		die_errno(-rc, "Can't configure the interface in the namespace%s",
			  setup->full ? " (--config-net)" : "");
}

/**
 * ns_start() - Run the command: all is ready
 *
 * Ends the program with a line if no process can be made for it.  A command that
 * does not exist ends at once with status 127, as from a shell.
 */
void ns_start(void)
{
	struct ns_agent_request q = {
		.op = NS_AGENT_START,
		.foreground = tcgetpgrp(STDIN_FILENO) == getpgrp(),
	};
	int rc = ask(&q, NULL, 0);

	if (rc < 0)
		die_errno(-rc, "Can't start the command in the namespace");
	self.foreground = q.foreground;
}

/* ---- sockets ---- */

/* is_socket() - Whether a descriptor is what was ordered */
static bool is_socket(int fd, const struct ns_agent_request *q)
{
	int family = 0, type = 0, protocol = 0;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) ||
	    getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len))
		return false;
	return family == q->family && type == q->type &&
	       (!q->protocol || protocol == q->protocol) &&
	       fcntl(fd, F_GETFL) & O_NONBLOCK;
}

/* fetch() - Order sockets; number, at least one, or -errno */
static int fetch(int family, int type, int protocol, int count, int *fds)
{
	struct ns_agent_request q = {
		.op = NS_AGENT_SOCKET, .family = family, .type = type,
		.protocol = protocol, .count = count,
	};
	int n = ask(&q, fds, count), good = 0;

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		if (is_socket(fds[i], &q))
			fds[good++] = fds[i];
		else
			(void)close(fds[i]);
	}
	return good ? good : -EMFILE;	/* no room for any here, most likely */
}

/**
 * ns_socket() - Socket of the namespace
 * @family:	AF_INET or AF_INET6
 * @type:	SOCK_STREAM or SOCK_DGRAM
 *
 * Return: descriptor, non-blocking, the caller's from now on; or -errno
 */
int ns_socket(int family, int type)
{
	struct pool *pool = &self.pool[family == AF_INET6];
	int fd = -1, n;

	if (type != SOCK_STREAM) {
		n = fetch(family, type, 0, 1, &fd);
		return n < 0 ? n : fd;
	}
	if (!pool->n) {
		n = fetch(family, type, 0, NS_AGENT_FDS, pool->fd);
		if (n < 0)
			return n;
		pool->n = n;
	}
	return pool->fd[--pool->n];
}

/**
 * ns_netlink() - Netlink socket of the namespace
 * @protocol:	NETLINK_SOCK_DIAG and so on
 *
 * Return: descriptor, non-blocking, the caller's from now on; or -errno
 */
int ns_netlink(int protocol)
{
	int fd = -1, n = fetch(AF_NETLINK, SOCK_RAW, protocol, 1, &fd);

	return n < 0 ? n : fd;
}

/* ---- at the end ---- */

/**
 * ns_child_status() - Exit status of the command, when @child of struct ns fires
 * @pidfd:	@child
 *
 * Takes the terminal back, too.
 *
 * Return: 0..255, 128 and the signal's number if one ended it; -errno
 */
int ns_child_status(int pidfd)
{
	siginfo_t si = { 0 };

	if (waitid(P_PIDFD, (id_t)pidfd, &si, WEXITED))
		return -errno;
	if (self.foreground) {
		(void)signal(SIGTTOU, SIG_IGN);
		(void)tcsetpgrp(STDIN_FILENO, getpgrp());
	}
	return si.si_code == CLD_EXITED ? si.si_status : SIGNALED + si.si_status;
}
