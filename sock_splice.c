// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sock_splice.c - pipes, splice(2), and the sockets at both ends of them
 *
 * Theory of operation
 *
 *   splice(2) moves pages from a socket into a pipe, and from a pipe into a
 *   socket, without copying them.  A pipe holds a number of pieces, each at
 *   most a page or a fragment of a received packet, so a pipe of n bytes may be
 *   full with fewer.
 *
 *   splice(2) has no MSG_NOSIGNAL: a socket whose other end is gone raises
 *   SIGPIPE, which passt.c ignores.
 */
#include "sock_splice.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAGE = 4096, PIPE_SIZE_LEAST = 16 * PAGE };

/* result() - What a call returned, an error as -errno */
static ssize_t result(ssize_t n)
{
	return n < 0 ? -errno : n;
}

/**
 * sock_splice_dial() - Begin to connect, TCP or UDP
 * @fd:		Socket, not blocking
 * @dst:	Destination
 * @port:	Its port
 *
 * Return: 0: under way or done; -errno
 */
int sock_splice_dial(int fd, const struct addr *dst, uint16_t port)
{
	union addr_sock s;
	socklen_t len = addr_to_sock(&s, dst, port, 0);
	int on = 1;

	/* What one end sent at once leaves at once; no harm if it is UDP */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* Urgent data is ordinary data here, as on accepted sockets */
	(void)setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	if (connect(fd, &s.sa, len) && errno != EINPROGRESS)
		return -errno;
	return 0;
}

/**
 * sock_splice_recv() - Read from a connected socket
 * @fd:		Socket
 * @buf:	Filled
 * @size:	Bytes there
 *
 * Return: bytes, 0: end of file (TCP); -EAGAIN: nothing there; other -errno
 */
ssize_t sock_splice_recv(int fd, void *buf, size_t size)
{
	return result(recv(fd, buf, size, MSG_DONTWAIT));
}

/**
 * sock_splice_peek() - Read from a connected socket what stays there
 * @fd:		Socket
 * @buf:	Filled
 * @size:	Bytes there
 *
 * Return: as sock_splice_recv()
 */
ssize_t sock_splice_peek(int fd, void *buf, size_t size)
{
	int off = -1;	/* each time from the first byte, also where sock.c says else */

	(void)setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &off, sizeof(off));
	return result(recv(fd, buf, size, MSG_DONTWAIT | MSG_PEEK));
}

/**
 * sock_splice_send() - Write to a connected socket
 * @fd:		Socket
 * @buf:	Bytes
 * @len:	Their number
 *
 * Return: bytes taken; -EAGAIN: none, it is full; other -errno
 */
ssize_t sock_splice_send(int fd, const void *buf, size_t len)
{
	return result(send(fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL));
}

/**
 * sock_splice_recv_from() - Read a datagram from a bound socket
 * @fd:		Socket
 * @buf:	Filled
 * @size:	Bytes there
 * @peer:	Set on success: where it came from
 * @port:	Set on success: from which port
 *
 * Return: bytes, 0 or more; -EAGAIN: nothing there; other -errno: an earlier
 *	   datagram could not be delivered, there may be more to read
 */
ssize_t sock_splice_recv_from(int fd, void *buf, size_t size, struct addr *peer,
			      uint16_t *port)
{
	union addr_sock s;
	socklen_t len = sizeof(s);
	ssize_t n = recvfrom(fd, buf, size, MSG_DONTWAIT, &s.sa, &len);

	if (n < 0)
		return -errno;
	return addr_from_sock(&s, peer, port) ? n : -EAFNOSUPPORT;
}

/**
 * sock_splice_send_to() - Write a datagram to somebody
 * @fd:		Socket
 * @buf:	Payload
 * @len:	Its length
 * @peer:	Destination
 * @port:	Its port
 *
 * Return: bytes; -errno: it is lost
 */
ssize_t sock_splice_send_to(int fd, const void *buf, size_t len,
			    const struct addr *peer, uint16_t port)
{
	union addr_sock s;
	socklen_t slen = addr_to_sock(&s, peer, port, 0);

	return result(sendto(fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL, &s.sa, slen));
}

/**
 * sock_splice_pipe() - Make a pipe
 * @pipe:	Set on success: read end, write end
 * @size:	Bytes it should hold, a power of two
 *
 * The size wanted may be refused (pipe-user-pages-soft, pipe(7)), then half of it
 * is tried, and so on.
 *
 * Return: bytes it holds, at least 64 KiB; -errno (-EMFILE: no descriptors;
 *	   -EPERM: our user has too much in pipes)
 */
int sock_splice_pipe(int32_t pipe[static 2], size_t size)
{
	int fd[2], n = -1;

	if (pipe2(fd, O_NONBLOCK | O_CLOEXEC))
		return -errno;
	for (; n < 0 && size >= PIPE_SIZE_LEAST; size /= 2)
		n = fcntl(fd[1], F_SETPIPE_SZ, (int)size);
	if (n < 0) {
		close(fd[0]);
		close(fd[1]);
		return -EPERM;
	}
	pipe[0] = fd[0];
	pipe[1] = fd[1];
	return n;
}

/**
 * sock_splice_close_pipe() - Close a pipe, and lose what is in it
 * @pipe:	Both ends
 */
void sock_splice_close_pipe(const int32_t pipe[static 2])
{
	close(pipe[0]);
	close(pipe[1]);
}

/**
 * sock_splice_stash() - Put bytes into a pipe
 * @pipe_in:	Write end
 * @buf:	Bytes
 * @len:	Their number
 *
 * Return: bytes taken; -errno
 */
ssize_t sock_splice_stash(int pipe_in, const void *buf, size_t len)
{
	return result(write(pipe_in, buf, len));
}

/**
 * sock_splice_move() - Move bytes from a socket into a pipe, or out of one into it
 * @from:	Socket, or read end of a pipe
 * @to:		Write end of a pipe, or socket
 * @max:	Bytes at most
 *
 * Return: bytes; 0: end of file; -EAGAIN: nothing at @from, or @to is full;
 *	   other -errno
 */
ssize_t sock_splice_move(int from, int to, size_t max)
{
	return result(splice(from, NULL, to, NULL, max,
			     SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
}
