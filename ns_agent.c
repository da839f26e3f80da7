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
 *   With a command, the agent is init of its PID namespace: it collects orphans,
 *   the terminal's signals do not reach it (they are the command's, which has a
 *   process group of its own if it has the terminal), and when it ends, with the command's
 *   status, the kernel ends everything in there.  Else it is in a session of its
 *   own, so that no terminal reaches it.
 *
 *   The command is root in the agent's user namespace, but the agent's memory and
 *   descriptors are none of its business: a process that is not dumpable is kept
 *   from those who do not have the rights of the namespace it was executed in
 *   (ptrace(2), access mode checking).
 *
 *   The agent says nothing: what fails goes to the daemon as an error, and the
 *   daemon knows the words.  It never waits but for an order, or its children.
 */
#include "ns_agent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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

static const char tun_path[] = "/dev/net/tun";

/**
 * struct agent - state of the agent, in its own process
 * @conf:	as asked for
 * @netlink:	socket in the namespace
 * @link:	the tap's inner end
 * @signals:	signalfd for SIGCHLD if there is a command, else -1
 * @command:	PID of it, 0: not yet
 */
struct agent {
	const struct ns_conf *conf;
	int netlink;
	struct netlink_link link;
	int signals;
	pid_t command;
};

/* ---- the tap ---- */

/* What to try, the best first.  The kernel takes all of a set, or refuses it. */
static const struct {
	unsigned flags;
	unsigned caps;
} offload[] = {
	{ TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_USO4 | TUN_F_USO6,
	  TAP_CSUM | TAP_TSO4 | TAP_TSO6 | TAP_USO },
	{ TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6, TAP_CSUM | TAP_TSO4 | TAP_TSO6 },
	{ TUN_F_CSUM, TAP_CSUM },
	{ 0, 0 },
};

/* set_offload() - As much as the kernel grants; TAP_ bits */
static unsigned set_offload(int fd)
{
	int size = sizeof(struct virtio_net_hdr);

	(void)ioctl(fd, TUNSETVNETHDRSZ, &size);
	for (size_t i = 0; i < ARRAY_SIZE(offload); i++)
		if (!ioctl(fd, TUNSETOFFLOAD, (unsigned long)offload[i].flags))
			return TAP_VNET | offload[i].caps;
	return TAP_VNET;
}

/*
 * long_queue() - Room in the device for what many connections send at once
 *
 * Frames that find no room are lost, and nobody is told: with thousands of busy
 * connections the usual 1000 do not do.  The sizes of windows bound what lies
 * there; the queue itself is 8 bytes a frame.
 */
static void long_queue(const struct agent *a)
{
	(void)netlink_set_queue(a->netlink, a->link.index, QUEUE_FRAMES);
}

/* make_tap() - Make the device in the namespace we are in; descriptor or -errno */
static int make_tap(struct agent *a, enum ns_stage *stage, unsigned *caps)
{
	struct ifreq req = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	const char *name = *a->conf->ifname ? a->conf->ifname : "tap0";
	int fd, rc;

	*stage = NS_STAGE_OPEN_TUN;
	fd = open(tun_path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;

	*stage = NS_STAGE_MAKE_TAP;
	(void)util_copy(req.ifr_name, sizeof(req.ifr_name), name);
	*caps = 0;
	if (!ioctl(fd, TUNSETIFF, &req)) {
		*caps = set_offload(fd);
	} else {
		req.ifr_flags = IFF_TAP | IFF_NO_PI;
		if (errno != EINVAL || ioctl(fd, TUNSETIFF, &req)) {
			rc = -errno;
			goto fail;
		}
	}

	*stage = NS_STAGE_NETLINK;
	a->netlink = rc = netlink_open();
	if (rc >= 0)
		rc = netlink_link(a->netlink, 0, req.ifr_name, &a->link);
	if (rc < 0)
		goto fail;
	long_queue(a);
	return fd;
fail:
	(void)close(fd);
	return rc;
}

/* ---- replies ---- */

/* reply() - Send it, with descriptors, which are closed here then */
static void reply(const struct ns_agent_reply *r, const int *fds, int n)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(NS_AGENT_FDS * sizeof(int))];
	} control = { .buf = { 0 } };
	struct ns_agent_reply copy = *r;
	struct iovec iov = { &copy, sizeof(copy) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	size_t len = (size_t)n * sizeof(int);

	if (n) {
		struct cmsghdr *c;

		mh.msg_control = control.buf;
		mh.msg_controllen = CMSG_SPACE(len);
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(len);
		memcpy(CMSG_DATA(c), fds, len);
	}
	if (sendmsg(SOCK_FD, &mh, MSG_NOSIGNAL) < 0)
		_exit(EXIT_FAILURE);
	while (n > 0)
		(void)close(fds[--n]);
}

/* reply_result() - Reply without more than that */
static void reply_result(int result)
{
	reply(&(struct ns_agent_reply){ .result = result }, NULL, 0);
}

/* ---- orders ---- */

/* give_sockets() - NS_AGENT_SOCKET: as many as can be had, at least one */
static void give_sockets(const struct ns_agent_request *q)
{
	int fds[NS_AGENT_FDS], n = 0, rc = 0;

	while (n < q->count && n < NS_AGENT_FDS) {
		int fd = socket(q->family, q->type | SOCK_NONBLOCK | SOCK_CLOEXEC,
				q->protocol);

		if (fd < 0) {
			rc = -errno;
			break;
		}
		fds[n++] = fd;
	}
	if (n)
		reply(&(struct ns_agent_reply){ .result = 0 }, fds, n);
	else
		reply_result(rc);
}

/* give_file() - NS_AGENT_OPEN */
static void give_file(const struct ns_agent_request *q)
{
	int fd = open(q->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		reply_result(-errno);
	else
		reply(&(struct ns_agent_reply){ .result = 0 }, &fd, 1);
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

/* set_null() - Let go of descriptors 0 to 2, which are somebody's terminal or pipe */
static void set_null(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	for (int i = 0; i <= STDERR_FILENO; i++)
		(void)dup2(fd, i);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

/*
 * start_command() - NS_AGENT_START
 *
 * With the terminal, the command is to be an orphaned process group: its parent is
 * in another session, and the terminal can not stop it.  Nobody would be left to
 * wake it up.  It inherits the terminal from our session, so that we leave that
 * after the fork; it waits until we have.
 */
static void start_command(struct agent *a, bool foreground)
{
	int gate[2];
	sigset_t none;
	pid_t pid;
	char c;

	if (a->signals < 0 || a->command) {
		reply_result(-EINVAL);
		return;
	}
	if (pipe2(gate, O_CLOEXEC)) {
		reply_result(-errno);
		return;
	}
	pid = fork();
	if (!pid) {
		(void)sigemptyset(&none);
		(void)sigprocmask(SIG_SETMASK, &none, NULL);
		(void)signal(SIGPIPE, SIG_DFL);
		if (foreground)
			take_terminal();
		(void)close(gate[1]);
		(void)!read(gate[0], &c, sizeof(c));	/* until it is closed */
		run_command(a->conf->argv);
	}
	if (pid > 0) {
		a->command = pid;
		if (foreground)
			(void)setsid();
		set_null();
	}
	reply_result(pid < 0 ? -errno : 0);
	(void)close(gate[0]);
	(void)close(gate[1]);
}

/*
 * no_autoconf() - The namespace gets the host's addresses from us: none besides
 *		   made from the prefix in our router advertisements
 *
 * The advertisements themselves stay welcome, for routes and MTU.  Where the
 * kernel has no IPv6 there is no such file.
 */
static void no_autoconf(const char *ifname)
{
	char path[sizeof("/proc/sys/net/ipv6/conf//autoconf") + IFNAMSIZ];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/autoconf", ifname);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, "0", 1);
	(void)close(fd);
}

/* obey() - Read an order and see to it; none is left if the daemon has gone */
static void obey(struct agent *a)
{
	struct ns_agent_request q;
	ssize_t n;

	do {
		n = recv(SOCK_FD, &q, sizeof(q), 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		_exit(EXIT_SUCCESS);
	if (n != sizeof(q)) {
		reply_result(-EBADMSG);
		return;
	}
	q.path[sizeof(q.path) - 1] = '\0';

	switch (q.op) {
	case NS_AGENT_SETUP:
		if (q.setup.full)
			no_autoconf(a->link.name);
		reply_result(netlink_setup(a->netlink, &a->link, &q.setup));
		return;
	case NS_AGENT_SOCKET:
		give_sockets(&q);
		return;
	case NS_AGENT_OPEN:
		give_file(&q);
		return;
	case NS_AGENT_START:
		start_command(a, q.foreground);
		return;
	}
	reply_result(-EINVAL);
}

/* reap() - Collect children; with the command we end, and all that is left here */
static void reap(struct agent *a)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	(void)!read(a->signals, &info, sizeof(info));
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != a->command)
			continue;
		_exit(WIFSIGNALED(status) ? SIGNALED + WTERMSIG(status) :
		      WEXITSTATUS(status));
	}
}

/* serve() - What the agent does from now on */
static _Noreturn void serve(struct agent *a)
{
	struct pollfd p[] = {
		{ .fd = SOCK_FD, .events = POLLIN },
		{ .fd = a->signals, .events = POLLIN },
	};

	for (;;) {
		if (poll(p, ARRAY_SIZE(p), -1) < 0)
			continue;
		if (p[1].revents)
			reap(a);
		if (p[0].revents)
			obey(a);
	}
}

/* ---- its beginning ---- */

/* isolate() - Keep nothing of the daemon but one socket, and the terminal */
static void isolate(int sock, bool spawns)
{
	log_stderr(false);
	log_sink(-1, false);
	if (sock == SOCK_FD)
		(void)fcntl(sock, F_SETFD, FD_CLOEXEC);
	else if (dup3(sock, SOCK_FD, O_CLOEXEC) < 0)
		_exit(EXIT_FAILURE);
	(void)close_range(SOCK_FD + 1, UINT_MAX, 0);

	(void)prctl(PR_SET_NAME, "pasta-ns");
	if (!spawns) {
		(void)setsid();
		set_null();
	}
}

/* watch_children() - Descriptor that says when one has ended, or -errno */
static int watch_children(void)
{
	sigset_t set;
	int fd;

	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* enter() - The namespaces; 0 or -errno */
static int enter(struct agent *a, uid_t uid, gid_t gid, enum ns_stage *stage)
{
	if (!ns_enter_spawns(a->conf))
		return ns_enter_join(a->conf, stage);

	*stage = NS_STAGE_MAP;
	a->signals = watch_children();
	if (a->signals < 0)
		return a->signals;
	return ns_enter_settle(a->conf, uid, gid);
}

/* agent_main() - All of the agent's life */
static _Noreturn void agent_main(const struct ns_conf *conf, int sock,
				 uid_t uid, gid_t gid)
{
	struct agent a = { .conf = conf, .netlink = -1, .signals = -1 };
	struct ns_agent_reply r = { 0 };
	int tap = -1;

	isolate(sock, ns_enter_spawns(conf));
	r.result = enter(&a, uid, gid, &r.stage);
	if (!r.result)
		tap = r.result = make_tap(&a, &r.stage, &r.caps);
	if (r.result < 0) {
		reply(&r, NULL, 0);
		_exit(EXIT_FAILURE);
	}

	/* Before, /proc/self would have been closed to ourselves */
	(void)prctl(PR_SET_DUMPABLE, 0);
	r.result = 0;
	memcpy(r.mac, a.link.mac, sizeof(r.mac));
	reply(&r, &tap, 1);
	serve(&a);
}

/**
 * ns_agent_fork() - Start the agent
 * @conf:	Namespaces asked for
 * @sock:	Its end of a pair of SOCK_SEQPACKET sockets; the caller closes it
 * @pidfd:	Set: descriptor of the process.  If there is a command, its exit
 *		status will be the command's.
 *
 * The first reply comes without a request.
 *
 * Return: 0, or -errno, which stands for NS_STAGE_CLONE
 */
int ns_agent_fork(const struct ns_conf *conf, int sock, int *pidfd)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	pid_t pid;

	pid = ns_enter_clone(conf, pidfd);
	if (pid < 0)
		return pid;
	if (!pid)
		agent_main(conf, sock, uid, gid);
	return 0;
}
