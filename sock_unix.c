// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sock_unix.c - UNIX sockets: a name in the file system, packets
 *
 * Theory of operation
 *
 *   A socket's name outlives whoever bound it, and bind() refuses a name that exists.
 *   So a name at which nobody listens is removed first; one that is in use, and what is
 *   no socket, stays.
 *
 *   The name appears with the permissions it keeps: there is no moment in which others
 *   could connect.  bind() makes it as open() makes files, with the umask (unix(7)).
 */
#include "sock_unix.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util.h"

/*
 * make_way() - Remove a socket that nobody listens at
 * @a:		Address
 *
 * A datagram socket finds out: who listens, for a stream, never sees it.
 *
 * Return: 0: nothing is there any more; -EADDRINUSE: in use; -ENOTSOCK: it is
 *	   no socket, and so not ours to remove; other -errno
 */
static int make_way(const struct sockaddr_un *a)
{
	struct stat st;
	int fd, rc;

	if (lstat(a->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	rc = connect(fd, (const struct sockaddr *)a, sizeof(*a)) ? -errno : -EADDRINUSE;
	close(fd);
	if (rc == -ECONNREFUSED)
		return unlink(a->sun_path) ? -errno : 0;
	return rc == -EPROTOTYPE ? -EADDRINUSE : rc;
}

/**
 * sock_unix_listen() - Listen at a path, stale sockets out of the way
 * @path:	Path
 * @mode:	Permissions of the name; to connect takes the right to write
 * @backlog:	Connections that may wait
 *
 * Return: stream socket, non-blocking; -EADDRINUSE: somebody listens there;
 *	   -ENOTSOCK: it exists and is no socket; -ENAMETOOLONG; other -errno
 */
int sock_unix_listen(const char *path, mode_t mode, int backlog)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, rc;

	if (!util_copy(a.sun_path, sizeof(a.sun_path), path))
		return -ENAMETOOLONG;
	rc = make_way(&a);
	if (rc)
		return rc;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	mask = umask(~mode & 0777);
	rc = bind(fd, (struct sockaddr *)&a, sizeof(a)) ? -errno : 0;
	(void)umask(mask);
	if (!rc && listen(fd, backlog))
		rc = -errno;
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

/**
 * sock_packets() - Whether a descriptor is what packets are exchanged by
 * @fd:		Descriptor
 *
 * Return: true if it is a UNIX socket of SOCK_SEQPACKET
 */
bool sock_packets(int fd)
{
	int domain, type;
	socklen_t len = sizeof(domain);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) && domain == AF_UNIX &&
	       !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) && type == SOCK_SEQPACKET;
}

/**
 * sock_packet_take() - The next packet that waits
 * @fd:		Of sock_packets()
 * @data:	Filled
 * @len:	Room there; what is longer is cut
 *
 * Return: bytes; 0: the other end is gone; -EAGAIN: none waits; other -errno
 */
int sock_packet_take(int fd, void *data, size_t len)
{
	ssize_t n = recv(fd, data, len, MSG_DONTWAIT);

	return n < 0 ? -errno : (int)n;
}

/**
 * sock_packet_give() - Send a packet
 * @fd:		Of sock_packets()
 * @data:	What is in it
 * @len:	Bytes
 *
 * Return: 0; -EAGAIN: the other end does not read; other -errno
 */
int sock_packet_give(int fd, const void *data, size_t len)
{
	return send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}
