// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sock_fwd.c - what only sockets that wait for the outside need of the kernel
 *
 * Theory of operation
 *
 *   An AF_INET6 socket bound to "any" takes IPv4 too, unless IPV6_V6ONLY is set
 *   before it is bound: so one socket is enough for a port of both families,
 *   and those who ask for one family get one.
 *
 *   Two UDP sockets of ours may share a port, one bound to "any", the other to
 *   the loopback address: the kernel gives a datagram to the more specific one.
 *   Both have to carry SO_REUSEADDR at the moment the second is bound, and no
 *   longer: while they carry it, other programs could take the port as well.
 */
#include "sock_fwd.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

/**
 * sock_fwd_only6() - Keep IPv4 away from an AF_INET6 socket
 * @fd:		Socket, not bound yet
 *
 * Return: 0; -errno
 */
int sock_fwd_only6(int fd)
{
	int on = 1;

	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		return -errno;
	return 0;
}

/**
 * sock_fwd_free() - Let a socket bind an address the host does not have (yet)
 * @fd:		Socket, not bound yet
 *
 * Return: 0; -errno
 */
int sock_fwd_free(int fd)
{
	int on = 1;

	/* Counts for both families (ip(7)) */
	if (setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)))
		return -errno;
	return 0;
}

/**
 * sock_fwd_share() - Let another UDP socket bind an address that overlaps
 * @fd:		Socket
 * @on:		Whether it may
 *
 * Return: 0; -errno
 */
int sock_fwd_share(int fd, bool on)
{
	int value = on;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof(value)))
		return -errno;
	return 0;
}

/**
 * sock_fwd_limit() - How many descriptors we may have
 *
 * Return: the soft limit, at most UINT32_MAX
 */
uint32_t sock_fwd_limit(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) || lim.rlim_cur > UINT32_MAX)
		return UINT32_MAX;
	return (uint32_t)lim.rlim_cur;
}
