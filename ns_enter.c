// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ns_enter.c - make namespaces, or join those of others
 *
 * Theory of operation
 *
 *   For a command there is one clone3() that makes all its namespaces: user,
 *   network, mount, IPC, UTS and PID (see namespaces(7)).  The new process is
 *   init there.  It maps the user to root, so that the command may configure its
 *   network, and mounts /proc and /sys anew, so that they show the new processes
 *   and interfaces.  A mount that is refused, as inside of some containers, is
 *   done without.
 *
 *   Others' namespaces are joined in the order user, network: rights in the
 *   first give rights in the second.  The user namespace is the one named; or that
 *   of the process; or, for a path, the owner of the network namespace, if that
 *   is below ours.  It is left out if it is the one we are in, which one can not
 *   join.
 *
 *   All of this is for a process of its own.  The daemon stays where it is.
 */
#include "ns_enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"

static const char netns_dir[] = "/run/netns/";

/* ns_enter_spawns() - Whether there is a command, or a shell, to be spawned */
bool ns_enter_spawns(const struct ns_conf *conf)
{
	return conf->argv || (!conf->pid && !conf->netns);
}

/* pid_path() - Namespace of the process to be joined */
static void pid_path(const struct ns_conf *conf, const char *kind,
		     char path[static NS_PATH])
{
	(void)snprintf(path, NS_PATH, "/proc/%i/ns/%s", conf->pid, kind);
}

/**
 * ns_enter_path() - Where the network namespace to be joined is
 * @conf:	One that does not spawn
 * @path:	Filled
 *
 * Return: false if it is too long
 */
bool ns_enter_path(const struct ns_conf *conf, char path[static NS_PATH])
{
	int n;

	if (conf->pid) {
		pid_path(conf, "net", path);
		return true;
	}
	n = snprintf(path, NS_PATH, "%s%s",
		     strchr(conf->netns, '/') ? "" : netns_dir, conf->netns);
	return n < NS_PATH;
}

/**
 * ns_enter_clone() - Fork into new namespaces, or just fork to join others
 * @conf:	What is asked for
 * @pidfd:	Set in the parent: descriptor of the child
 *
 * libc does not know of this fork: no handlers run, and the child should not
 * make threads.
 *
 * Return: 0 in the child, its PID in the parent, or -errno
 */
pid_t ns_enter_clone(const struct ns_conf *conf, int *pidfd)
{
	int fd = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&fd,
		.exit_signal = SIGCHLD,
	};
	long pid;

	if (ns_enter_spawns(conf))
		args.flags |= CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWIPC |
			      CLONE_NEWUTS | CLONE_NEWPID;
	if (ns_enter_spawns(conf) && !conf->netns_only)
		args.flags |= CLONE_NEWUSER;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return -errno;
	if (pid > 0)
		*pidfd = fd;
	return (pid_t)pid;
}

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

/* map_root() - Be root in the user namespace we are in; 0 or -errno */
static int map_root(uid_t uid, gid_t gid)
{
	char text[32];
	int rc;

	(void)snprintf(text, sizeof(text), "0 %u 1\n", uid);
	rc = write_file("/proc/self/uid_map", text);
	if (rc)
		return rc;

	/* Without it the next would need a privilege (user_namespaces(7)) */
	rc = write_file("/proc/self/setgroups", "deny\n");
	if (rc && rc != -ENOENT)
		return rc;
	(void)snprintf(text, sizeof(text), "0 %u 1\n", gid);
	return write_file("/proc/self/gid_map", text);
}

/**
 * ns_enter_settle() - Become at home in the namespaces of ns_enter_clone()
 * @conf:	One that spawns
 * @uid:	User we were in the parent
 * @gid:	Group
 *
 * Return: 0, or -errno if we can not become root
 */
int ns_enter_settle(const struct ns_conf *conf, uid_t uid, gid_t gid)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	int rc = conf->netns_only ? 0 : map_root(uid, gid);

	if (rc)
		return rc;

	/* What is mounted on the host later shows up here, not the reverse */
	if (!mount("", "/", NULL, MS_SLAVE | MS_REC, NULL)) {
		(void)mount("proc", "/proc", "proc", flags, NULL);
		(void)mount("sysfs", "/sys", "sysfs", flags, NULL);
	}

	/* Ping without privileges for the one group there is */
	(void)write_file("/proc/sys/net/ipv4/ping_group_range", "0 0\n");
	return 0;
}

/* is_ours() - Whether a user namespace is the one we are in */
static bool is_ours(int userns)
{
	struct stat theirs, ours;

	return !fstat(userns, &theirs) && !stat("/proc/self/ns/user", &ours) &&
	       theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

/*
 * open_userns() - The user namespace to be joined
 *
 * Return: descriptor, -errno, or -ENOENT with @optional set: none is needed, or
 * none is to be had
 */
static int open_userns(const struct ns_conf *conf, int netns, bool *optional)
{
	char path[NS_PATH];
	int fd;

	*optional = !conf->userns;
	if (conf->netns_only)
		return -ENOENT;
	if (conf->userns) {
		fd = open(conf->userns, O_RDONLY | O_CLOEXEC);
	} else if (conf->pid) {
		pid_path(conf, "user", path);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	} else {
		fd = ioctl(netns, NS_GET_USERNS);
	}
	if (fd < 0)
		return -errno;
	if (is_ours(fd)) {
		(void)close(fd);
		*optional = true;
		return -ENOENT;
	}
	return fd;
}

/* join_userns() - Join it if there is one to join; 0 or -errno */
static int join_userns(const struct ns_conf *conf, int netns, enum ns_stage *stage)
{
	bool optional;
	int fd, rc = 0;

	*stage = NS_STAGE_OPEN_USERNS;
	fd = open_userns(conf, netns, &optional);
	if (fd < 0)
		return optional ? 0 : fd;

	*stage = NS_STAGE_JOIN_USERNS;
	if (setns(fd, CLONE_NEWUSER) && !optional)
		rc = -errno;
	(void)close(fd);
	return rc;
}

/**
 * ns_enter_join() - Join the namespaces asked for
 * @conf:	One that does not spawn
 * @stage:	Set: what was being done
 *
 * A user namespace that was derived and can not be joined is left out: if its
 * rights are needed, joining the network namespace says so.
 *
 * Return: 0 or -errno
 */
int ns_enter_join(const struct ns_conf *conf, enum ns_stage *stage)
{
	char path[NS_PATH];
	int fd, rc;

	*stage = NS_STAGE_OPEN_NETNS;
	if (!ns_enter_path(conf, path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;

	rc = join_userns(conf, fd, stage);
	if (!rc) {
		*stage = NS_STAGE_JOIN_NETNS;
		if (setns(fd, CLONE_NEWNET))
			rc = -errno;
	}
	(void)close(fd);
	return rc;
}
