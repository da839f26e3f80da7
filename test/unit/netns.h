/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netns.h - a network namespace of its own for a unit test
 */
#ifndef NETNS_H
#define NETNS_H

#include <linux/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SKIP = 77 };		/* exit status: the test can not be run here */

/* netns_new() - Enter one in which the loopback is up.  Return: false: none can be had */
static inline bool netns_new(void)
{
	struct ifreq req = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	bool up = false;

	if (!unshare(CLONE_NEWUSER | CLONE_NEWNET)) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		up = fd >= 0 && !ioctl(fd, SIOCSIFFLAGS, &req);
		(void)close(fd);
	}
	if (!up)
		(void)fputs("no user namespaces\n", stderr);
	return up;
}

#endif /* NETNS_H */
