// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ns_agent.c - the process that lives in the namespace, for the daemon
 *
 * Theory of operation
 *
 *   A process can be in one network namespace only, and the daemon is in the
 *   host's.  What has to happen in the other is done by this process: a fork of
 *   the daemon that enters the namespace, makes the tap device, and then makes
 *   and hands over what is ordered, until the socket that joins it to the daemon
 *   is closed.  It lives no longer than the daemon does.
 *
 *	daemon				agent
 *	ns_agent_fork()			enters, makes the tap
 *				<--	reply, tap
 *	request SETUP		-->	addresses, routes
 *				<--	reply
 *	request SOCKET		-->	16 sockets at once
 *				<--	reply, sockets
 *	request START		-->	forks the command
 *				<--	reply
 *	exit status		<--	the command has ended
 *
 *   For a command there is one clone3() that makes all its namespaces: user,
 *   network, mount, IPC, UTS and PID (see namespaces(7)).  The agent maps the user
 *   to root, so that the command may configure its network, and mounts /proc and
 *   /sys anew, so that they show the new processes and interfaces.  A mount that
 *   is refused, as inside of some containers, is done without.  The agent is init
 *   there: it collects orphans, the terminal's signals do not reach it (they are
 *   the command's, which has a process group of its own if it has the terminal),
 *   and when it ends, with the command's status, the kernel ends everything in
 *   there.
 *
 *   Others' namespaces are joined in the order user, network: rights in the
 *   first give rights in the second.  The user namespace is the one named; or that
 *   of the process; or, for a path, the owner of the network namespace, if that
 *   is below ours.  It is left out if it is the one we are in, which one can not
 *   join.  The agent is in a session of its own then, so that no terminal reaches
 *   it.
 *
 *   The command is root in the agent's user namespace, but the agent's memory and
 *   descriptors are none of its business: a process that is not dumpable is kept
 *   from those who do not have the rights of the namespace it was executed in
 *   (ptrace(2), access mode checking).
 *
 *   The agent says nothing: what fails goes to the daemon as an error and its
 *   words, and the daemon says them.  It never waits but for an order, or its
 *   children.
 */
#include "ns_agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon.h"
#include "log.h"
#include "tap_link.h"
#include "util.h"

/* UDP segmentation, Linux 6.2; one works with the other only */
#ifndef TUN_F_USO4
#define TUN_F_USO4	0x20
#define TUN_F_USO6	0x40
#endif

enum {
	SOCK_FD		= 3,		/* of the agent, all others are closed */
	SIGNALED	= 128,		/* added to a signal, as shells do */
	NOT_FOUND	= 127,
	NOT_RUNNABLE	= 126,
	QUEUE_FRAMES	= 16384,
};

/**
 * struct agent_self - state of the agent, in its own process
 * @conf:	as asked for
 * @netlink:	socket in the namespace
 * @link:	the tap's inner end
 * @signals:	signalfd for SIGCHLD if there is a command, else -1
 * @command:	PID of it, 0: not yet
 */
static struct {
	const struct ns_conf *conf;
	int netlink;
	struct netlink_link link;
	int signals;
	pid_t command;
} self = { .signals = -1 };

/* ---- replies ---- */

/*
 * reply() - Send an answer
 * @r:		Answer, but for its result
 * @fds:	Descriptors to go with it, closed here then
 * @n:		Their number, or -errno: the result
 */
static void reply(struct ns_agent_reply *r, const int *fds, int n)
{
	union {
		struct cmsghdr head;
		char buf[CMSG_SPACE(NS_AGENT_FDS * sizeof(int))];
	} control = { .buf = { 0 } };
	struct iovec iov = { r, sizeof(*r) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	r->result = n < 0 ? n : 0;
	if (n > 0) {
		size_t len = (size_t)n * sizeof(int);

		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(len);
		memcpy(CMSG_DATA(&control.head), fds, len);
		mh.msg_control = control.buf;
		mh.msg_controllen = CMSG_SPACE(len);
	}
	if (sendmsg(SOCK_FD, &mh, MSG_NOSIGNAL) < 0)
		_exit(EXIT_FAILURE);
	while (n > 0)
		(void)close(fds[--n]);
}

/* fail() - Reply that the agent can not do its work: @error and what it is about */
__attribute__((format(printf, 2, 3)))
static _Noreturn void fail(int error, const char *fmt, ...)
{
	struct ns_agent_reply r = { 0 };
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(r.text, sizeof(r.text), fmt, ap);
	va_end(ap);
	reply(&r, NULL, -error);
	_exit(EXIT_FAILURE);
}

/* ---- the namespaces ---- */

/* write_file() - Write a short text to a file of the kernel; 0 or -errno */
static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		rc = -errno;
	(void)close(fd);
	return rc;
}

/* map_root() - Be root in the user namespace we are in */
static void map_root(uid_t uid, gid_t gid)
{
	char users[32], groups[32];
	int rc;

	(void)snprintf(users, sizeof(users), "0 %u 1\n", uid);
	(void)snprintf(groups, sizeof(groups), "0 %u 1\n", gid);
	rc = write_file("/proc/self/uid_map", users);
	/* Without it the next would need a privilege (user_namespaces(7)) */
	if (!rc)
		rc = write_file("/proc/self/setgroups", "deny\n");
	if (!rc)
		rc = write_file("/proc/self/gid_map", groups);
	if (rc)
		fail(-rc, "Can't become root in a new user namespace: allow it by sysctl "
		     "kernel.apparmor_restrict_unprivileged_userns=0, or run as root");
}

/* settle() - Become at home in new namespaces, as the user that was @uid outside */
static void settle(uid_t uid, gid_t gid)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	static const int child[] = { SIGCHLD };

	self.signals = daemon_signals(child, ARRAY_SIZE(child));
	if (self.signals < 0)
		fail(-self.signals, "Can't receive signals by descriptor");
	if (!self.conf->netns_only)
		map_root(uid, gid);

	/* What is mounted on the host later shows up here, not the reverse */
	if (!mount("", "/", NULL, MS_SLAVE | MS_REC, NULL)) {
		(void)mount("proc", "/proc", "proc", flags, NULL);
		(void)mount("sysfs", "/sys", "sysfs", flags, NULL);
	}

	/* Ping without privileges for the one group there is */
	(void)write_file("/proc/sys/net/ipv4/ping_group_range", "0 0\n");
}

/* is_ours() - Whether a user namespace is the one we are in */
static bool is_ours(int userns)
{
	struct stat theirs, ours;

	return !fstat(userns, &theirs) && !stat("/proc/self/ns/user", &ours) &&
	       theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

/*
 * join_userns() - Join the user namespace that goes with a network namespace
 *
 * One that was not named and can not be joined is left out: if its rights are
 * needed, joining the network namespace says so.
 */
static void join_userns(int netns)
{
	const char *name = self.conf->userns;
	char path[NS_PATH];
	int fd;

	if (self.conf->netns_only)
		return;
	if (!name && self.conf->pid)
		(void)snprintf(path, sizeof(path), "/proc/%i/ns/user", self.conf->pid);
	if (name || self.conf->pid)
		fd = open(name ? name : path, O_RDONLY | O_CLOEXEC);
	else
		fd = ioctl(netns, NS_GET_USERNS);
	if (fd < 0 && name)
		fail(errno, "Can't open user namespace %s (--userns)", name);
	if (fd < 0)
		return;
	if (!is_ours(fd) && setns(fd, CLONE_NEWUSER) && name)
		fail(errno, "Can't join user namespace %s (--userns): be the user who made it, "
		     "or root", name);
	(void)close(fd);
}

/* join() - Join the namespaces asked for, of which that of the network is at @path */
static void join(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && self.conf->pid)
		fail(errno, "Can't open the network namespace of PID %i", self.conf->pid);
	if (fd < 0)
		fail(errno, "Can't open network namespace %s (--netns)", path);
	join_userns(fd);
	if (setns(fd, CLONE_NEWNET))
		fail(errno, "Can't join network namespace %s: name its user namespace by --userns, "
		     "or run as root", path);
	(void)close(fd);
}

/* ---- the tap ---- */

/* set_offload() - As much as the kernel grants, all of a set or nothing; TAP_ bits */
static unsigned set_offload(int fd)
{
	const unsigned long tso = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
	int size = sizeof(struct virtio_net_hdr);

	(void)ioctl(fd, TUNSETVNETHDRSZ, &size);
	if (!ioctl(fd, TUNSETOFFLOAD, tso | TUN_F_USO4 | TUN_F_USO6))
		return TAP_CSUM | TAP_TSO4 | TAP_TSO6 | TAP_USO;
	return ioctl(fd, TUNSETOFFLOAD, tso) ? 0 : TAP_CSUM | TAP_TSO4 | TAP_TSO6;
}

/*
 * make_tap() - Make the device in the namespace we are in; its descriptor
 *
 * It has room for what many connections send at once.  Frames that find none are
 * lost, and nobody is told: with thousands of busy connections the usual 1000 do
 * not do.  The sizes of windows bound what lies there; the queue itself is 8
 * bytes a frame.
 */
static int make_tap(void)
{
	struct ifreq req = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	const char *name = *self.conf->ifname ? self.conf->ifname : "tap0";
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), rc;

	if (fd < 0 && (errno == EACCES || errno == EPERM))
		fail(errno, "Can't open /dev/net/tun: as root, chmod 666 /dev/net/tun");
	if (fd < 0)
		fail(errno, "Can't open /dev/net/tun: as root, modprobe tun, "
		     "or mknod -m 666 /dev/net/tun c 10 200");
	(void)util_copy(req.ifr_name, sizeof(req.ifr_name), name);
	rc = ioctl(fd, TUNSETIFF, &req) ? errno : 0;
	if (rc == EPERM)
		fail(rc, "No right to make an interface in the namespace: "
		     "name its user namespace by --userns, or run as root");
	if (rc)
		fail(rc, "Can't make tap %s in the namespace: choose another name "
		     "by --ns-ifname", name);

	self.netlink = rc = netlink_open();
	if (rc >= 0)
		rc = netlink_link(self.netlink, 0, req.ifr_name, &self.link);
	if (rc < 0)
		fail(-rc, "Can't read interfaces in the namespace");
	(void)netlink_set_queue(self.netlink, self.link.index, QUEUE_FRAMES);
	return fd;
}

/* ---- orders ---- */

/* open_sockets() - As many as can be had; their number, at least one, or -errno */
static int open_sockets(const struct ns_agent_request *q, int *fds)
{
	int n = 0;

	for (; n < q->count && n < NS_AGENT_FDS; n++) {
		fds[n] = socket(q->family, q->type | SOCK_NONBLOCK | SOCK_CLOEXEC, q->protocol);
		if (fds[n] < 0)
			return n ? n : -errno;
	}
	return n;
}

/*
 * take_terminal() - Be the process group in the foreground
 *
 * The group we come from has no number in here, which shells do not expect.
 */
static void take_terminal(void)
{
	(void)setpgid(0, 0);
	(void)signal(SIGTTOU, SIG_IGN);		/* we are in the background yet */
	(void)tcsetpgrp(STDIN_FILENO, getpid());
	(void)signal(SIGTTOU, SIG_DFL);
}

/* run_command() - In the process that becomes it */
static _Noreturn void run_command(char **argv)
{
	char *shell[] = { getenv("SHELL"), NULL };
	static char sh[] = "/bin/sh";
	int error;

	if (!shell[0] || !*shell[0])
		shell[0] = sh;
	if (!argv)
		argv = shell;
	(void)execvp(argv[0], argv);
	error = errno;
	log_stderr(true);
	err_errno(error, "Can't run %s", argv[0]);
	_exit(error == ENOENT ? NOT_FOUND : NOT_RUNNABLE);
}

/*
 * start_command() - Fork it; 0 or -errno
 *
 * With the terminal, the command is to be an orphaned process group: its parent is
 * in another session, and the terminal can not stop it.  Nobody would be left to
 * wake it up.  It inherits the terminal from our session, so that we leave that
 * after the fork; it waits until we have.
 */
static int start_command(bool foreground)
{
	int gate[2], rc = 0;
	sigset_t none;
	char c;

	if (self.signals < 0 || self.command)
		return -EINVAL;
	if (pipe2(gate, O_CLOEXEC))
		return -errno;
	self.command = fork();
	if (!self.command) {
		(void)sigemptyset(&none);
		(void)sigprocmask(SIG_SETMASK, &none, NULL);
		(void)signal(SIGPIPE, SIG_DFL);
		(void)signal(SIGXFSZ, SIG_DFL);
		if (foreground)
			take_terminal();
		(void)close(gate[1]);
		(void)!read(gate[0], &c, sizeof(c));	/* until it is closed */
		run_command(self.conf->argv);
	}
	if (self.command < 0)
		rc = -errno;
	else if (foreground)
		(void)setsid();
	daemon_null();
	(void)close(gate[0]);
	(void)close(gate[1]);
	return rc;
}

/*
 * configure() - Give the tap's inner end what it shall have; 0 or -errno
 *
 * The namespace gets the host's addresses from us, and none besides, made from
 * the prefix in our router advertisements.  The advertisements themselves stay
 * welcome, for routes and MTU.  Where the kernel has no IPv6 there is no such
 * file.
 */
static int configure(const struct netlink_setup *setup)
{
	char path[sizeof("/proc/sys/net/ipv6/conf//autoconf") + IFNAMSIZ];

	(void)snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/autoconf", self.link.name);
	if (setup->full)
		(void)write_file(path, "0");
	return netlink_setup(self.netlink, &self.link, setup);
}

/* obey() - Read an order and see to it; none is left if the daemon has gone */
static void obey(void)
{
	struct ns_agent_reply r = { 0 };
	int fds[NS_AGENT_FDS], n = -EINVAL;
	struct ns_agent_request q;
	ssize_t len = recv(SOCK_FD, &q, sizeof(q), 0);

	if (len < 0 && errno == EINTR)
		return;
	if (len != sizeof(q))
		_exit(EXIT_SUCCESS);

	switch (q.op) {
	case NS_AGENT_SETUP:
		n = configure(&q.setup);
		break;
	case NS_AGENT_SOCKET:
		n = open_sockets(&q, fds);
		break;
	case NS_AGENT_START:
		n = start_command(q.foreground);
		break;
	}
	reply(&r, fds, n);
}

/* reap() - Collect children; with the command we end, and all that is left here */
static void reap(void)
{
	int status;
	pid_t pid;

	(void)daemon_signal_next(self.signals);
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == self.command)
			_exit(WIFSIGNALED(status) ? SIGNALED + WTERMSIG(status) :
			      WEXITSTATUS(status));
}

/* serve() - What the agent does from now on */
static _Noreturn void serve(void)
{
	struct pollfd p[] = {
		{ .fd = SOCK_FD, .events = POLLIN },
		{ .fd = self.signals, .events = POLLIN },
	};

	for (;;) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0)
			continue;
		if (p[1].revents)
			reap();
		if (p[0].revents)
			obey();
	}
}

/* ---- its beginning ---- */

/* isolate() - Keep nothing of the daemon but one socket, and the terminal */
static void isolate(int sock, bool spawns)
{
	log_stderr(false);
	log_file(-1, 0);
	if (sock != SOCK_FD && dup3(sock, SOCK_FD, O_CLOEXEC) < 0)
		_exit(EXIT_FAILURE);
	(void)close_range(SOCK_FD + 1, UINT_MAX, 0);

	(void)prctl(PR_SET_NAME, "pasta-ns");
	if (!spawns) {
		(void)setsid();
		daemon_null();
	}
}

/* die_clone() - Namespaces could not be made */
static _Noreturn void die_clone(int error)
{
	if (error == EPERM || error == EACCES)
		die_errno(error, "Can't make namespaces: allow it by sysctl "
			  "kernel.unprivileged_userns_clone=1, or run as root");
	if (error == ENOSPC || error == EUSERS)
		die_errno(error, "Can't make namespaces: raise sysctl "
			  "user.max_user_namespaces and user.max_net_namespaces");
	die_errno(error, "Can't make namespaces: the kernel lacks CONFIG_USER_NS, "
		  "CONFIG_NET_NS or clone3()");
}

/**
 * ns_agent_fork() - Start the agent
 * @conf:	Namespaces asked for
 * @path:	Network namespace to be joined; empty: new ones, with a command
 * @sock:	Its end of a pair of SOCK_SEQPACKET sockets; the caller closes it
 *
 * The first reply comes without a request.  Ends the program with a line if there
 * can be no such process.  libc does not know of this fork: no handlers run, and
 * the child should not make threads.
 *
 * Return: descriptor of the process.  If there is a command, its exit status will
 *	   be the command's.
 */
int ns_agent_fork(const struct ns_conf *conf, const char *path, int sock)
{
	const uint64_t new = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS |
			     CLONE_NEWPID | (conf->netns_only ? 0 : CLONE_NEWUSER);
	struct ns_agent_reply r = { 0 };
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int pidfd = -1, tap;
	struct clone_args args = {
		.flags = CLONE_PIDFD | (*path ? 0 : new),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0)
		die_clone(errno);
	if (pid > 0)
		return pidfd;

	self.conf = conf;
	isolate(sock, !*path);
	if (*path)
		join(path);
	else
		settle(uid, gid);
	tap = make_tap();
	/* Before, /proc/self would have been closed to ourselves */
	(void)prctl(PR_SET_DUMPABLE, 0);
	r.caps = set_offload(tap);
	memcpy(r.mac, self.link.mac, sizeof(r.mac));
	reply(&r, &tap, 1);
	serve();
}
