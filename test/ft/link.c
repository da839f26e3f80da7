// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * link.c - the cable of the stand-in guest: what QEMU speaks on a UNIX socket
 *
 * Theory of operation
 *
 *   Each frame is behind its length, 32 bits, big endian.  Two buffers, one for each
 *   direction, none of them part of the guest's state: what is in them is on the wire, and
 *   lost if the guest goes on elsewhere.  A frame is taken as a whole or not at all.
 *
 * It does not know what frames mean.
 */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	LEN_SIZE	= 4,
	FRAME_MAX	= 65535,
	BUF_SIZE	= 1024 * 1024,
	SOCK_BUF	= 4 * 1024 * 1024,
};

/**
 * struct bytes - those in a buffer that wait
 * @begin:	the first
 * @end:	behind the last
 * @buf:	the buffer
 */
struct bytes {
	size_t begin;
	size_t end;
	uint8_t buf[BUF_SIZE];
};

/**
 * struct link_self - state of this file
 * @fd:		socket, -1: there is no cable
 */
static struct {
	int fd;
} self = { .fd = -1 };

/* To the guest, and of the guest */
static struct bytes in, out;

/* front() - Move what waits to the begin of its buffer */
static void front(struct bytes *b)
{
	if (b->begin)
		memmove(b->buf, b->buf + b->begin, b->end - b->begin);
	b->end -= b->begin;
	b->begin = 0;
}

/**
 * link_attach() - Lay a cable
 * @path:	Socket of passt
 *
 * Return: 0; -errno
 */
int link_attach(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int size = SOCK_BUF, fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	link_detach();
	self.fd = fd;
	return 0;
}

/* link_detach() - Take it away, with what is on the wire */
void link_detach(void)
{
	if (self.fd >= 0)
		close(self.fd);
	self.fd = -1;
	in.begin = in.end = out.begin = out.end = 0;
}

/* link_fd() - Return its descriptor, -1: there is none */
int link_fd(void)
{
	return self.fd;
}

/**
 * link_read() - Take what is on the wire
 *
 * Return: 0, then there may be frames for link_next(); -EAGAIN: nothing is; -errno, it is
 *	   taken away then
 */
int link_read(void)
{
	ssize_t n;

	if (self.fd < 0)
		return -EAGAIN;
	front(&in);
	n = recv(self.fd, in.buf + in.end, BUF_SIZE - in.end, MSG_DONTWAIT);
	if (n > 0) {
		in.end += (size_t)n;
		return 0;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	link_detach();
	return -ECONNRESET;
}

/**
 * link_next() - The next frame that was read
 * @len:	Its length, set if there is one
 *
 * Return: the frame, until the next link_read(); NULL: there is none
 */
const uint8_t *link_next(size_t *len)
{
	const uint8_t *p = in.buf + in.begin;
	size_t waits = in.end - in.begin;
	uint32_t n;

	if (waits < LEN_SIZE)
		return NULL;
	memcpy(&n, p, LEN_SIZE);
	n = ntohl(n);
	if (n > FRAME_MAX) {
		link_detach();
		return NULL;
	}
	if (waits - LEN_SIZE < n)
		return NULL;
	in.begin += LEN_SIZE + n;
	*len = n;
	return p + LEN_SIZE;
}

/**
 * link_put() - Send a frame
 * @iov:	Its parts
 * @n:		Their number
 *
 * Return: whether it was taken; if not, there is room after link_flush() returned true
 */
bool link_put(const struct iovec *iov, int n)
{
	uint32_t len = 0, wire;
	uint8_t *p;

	if (self.fd < 0)
		return true;	/* A cable that is not there loses what is sent */
	for (int i = 0; i < n; i++)
		len += (uint32_t)iov[i].iov_len;
	if (out.end + LEN_SIZE + len > BUF_SIZE)
		(void)link_flush();
	if (out.end + LEN_SIZE + len > BUF_SIZE)
		return false;
	p = out.buf + out.end;
	wire = htonl(len);
	memcpy(p, &wire, LEN_SIZE);
	p += LEN_SIZE;
	for (int i = 0; i < n; p += iov[i++].iov_len)
		memcpy(p, iov[i].iov_base, iov[i].iov_len);
	out.end += LEN_SIZE + len;
	return true;
}

/**
 * link_flush() - Give the wire what it takes of what was sent
 *
 * Return: whether it took all
 */
bool link_flush(void)
{
	while (self.fd >= 0 && out.begin < out.end) {
		ssize_t n = send(self.fd, out.buf + out.begin,
				 out.end - out.begin, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			link_detach();
		if (n < 0)
			break;
		out.begin += (size_t)n;
	}
	front(&out);
	return !out.end;
}

/* link_waits() - Whether something waits that was sent */
bool link_waits(void)
{
	return out.begin < out.end;
}
