// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tap_qemu.c - guest link to QEMU: frames in a stream on a UNIX socket
 *
 * Theory of operation
 *
 *   QEMU's "stream" netdev sends each frame behind its length, 32 bits, big
 *   endian.  Neither side may lose count: a length is always followed by that
 *   many bytes, however reads and writes are cut.
 *
 *   From the guest: one recv() fills a buffer with as many frames as there are.
 *   Whole frames are lent out where they lie; what is cut at the end is moved to
 *   the front before the next recv().  A frame longer than any we take is
 *   skipped, byte by byte, and the stream goes on behind it: a guest can make
 *   QEMU send frames of 69632 bytes.  A length that QEMU never sends means that
 *   the other end speaks something else: the link is closed.
 *
 *	buf: [lent out, or done with][begin: whole frames][cut frame][end: free ...]
 *
 *   What was lent out stays where it is until the next call takes frames.
 *
 *   To the guest: frames are put behind each other in one buffer, their length
 *   in front, and leave with one send() per batch.  What the socket does not
 *   take stays there, and goes first when it has room again.  While that
 *   lasts new frames are still taken up to the end of the buffer; of its room
 *   a part is kept for short ones, so that an acknowledgement is not lost
 *   behind bulk data.
 *
 *   Two things have to be told though the socket has no news: that there is room
 *   again when a flush made it, and that frames received long ago wait in the
 *   buffer, where epoll does not see them.  While one of the two is so, EPOLLOUT
 *   is watched for, which comes at once.
 *
 *   One guest at a time.  While one is connected others are turned away; when
 *   it goes, the next may come, unless the link is for one only.
 */
#include "tap_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "count.h"
#include "log.h"
#include "loop.h"
#include "pcap.h"
#include "sock_unix.h"
#include "util.h"

enum {
	LEN_SIZE	= 4,
	OUT_SIZE	= 1024 * 1024,
	IN_SIZE		= 4 * 1024 * 1024,
	IN_RESERVE	= 256 * 1024,	/* of IN_SIZE, for tap_qemu_send() only */
	LEN_SANE	= 1024 * 1024,	/* no frame of QEMU comes near */
	SOCK_BUF	= 4 * 1024 * 1024,
	DEFAULT_PATHS	= 64,		/* /tmp/passt_1.socket and so on */
};

/* Descriptors of the link, as ids for the loop */
enum { LINK_LISTEN, LINK_CONN };

/**
 * struct bytes - those in a buffer that wait
 * @begin:	the first
 * @end:	behind the last
 */
struct bytes {
	uint32_t begin;
	uint32_t end;
};

/**
 * struct tap_qemu_self - state of this file
 * @listen:	listening socket, -1: the link was given as a descriptor
 * @fd:		connected socket, -1: no guest
 * @one_off:	the first guest is the last
 * @out:	received: behind the frames lent out, to the end of what came
 * @skip:	bytes of a frame too long that are still to come
 * @iov:	frames lent out
 * @in:		to be sent: what QEMU has not got
 * @unit:	what was lent per frame, bytes, @lend_hlen before each
 * @lend_hlen:	room for headers before each
 * @armed:	EPOLLOUT is watched for
 * @wanted:	somebody was refused room
 * @broken:	the other end makes no sense: the next event ends it
 * @deaf:	nobody takes frames for now
 * @out_buf:	from the guest
 * @in_buf:	to the guest
 */
static struct {
	int listen;
	int fd;
	bool one_off;
	struct bytes out;
	uint32_t skip;
	struct iovec iov[TAP_BATCH];
	struct bytes in;
	uint32_t unit;
	unsigned lend_hlen;
	bool armed;
	bool wanted;
	bool broken;
	bool deaf;
	uint8_t out_buf[OUT_SIZE];
	uint8_t in_buf[IN_SIZE];
} self;

/* rewind_all() - Forget every byte: a new stream begins */
static void rewind_all(void)
{
	self.out = self.in = (struct bytes){ 0 };
	self.skip = 0;
	self.armed = self.wanted = self.broken = false;
}

/* adopt() - A guest is connected */
static int adopt(int fd)
{
	int size = SOCK_BUF, rc;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	rc = loop_add(fd, LOOP_LINK, LINK_CONN, EPOLLRDHUP | (self.deaf ? 0 : EPOLLIN));
	if (rc)
		return rc;
	rewind_all();
	self.fd = fd;
	return 0;
}

/* listen_at() - Bind and listen at one path, stale sockets out of the way */
static int listen_at(const char *path)
{
	/* QEMU may run as another user; who may enter the directory decides */
	int fd = sock_unix_listen(path, 0666, 1);

	if (fd < 0)
		return fd;
	info("UNIX domain socket bound at %s", path);
	self.listen = fd;
	return 0;
}

/* listen_default() - The first default path that is free */
static int listen_default(void)
{
	int rc = -EADDRINUSE;

	for (int i = 1; i <= DEFAULT_PATHS && rc; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/tmp/passt_%i.socket", i);
		rc = listen_at(path);
	}
	return rc;
}

/* listen_or_die() - Listen at the path asked for, or at a default one */
static void listen_or_die(const char *path)
{
	int rc = path ? listen_at(path) : listen_default();

	if (rc == -EADDRINUSE && path)
		die("Socket path %s already in use: choose another by --socket", path);
	if (rc == -ENOTSOCK && path)
		die("%s exists and is not a socket: not removed", path);
	if (rc)
		die_errno(-rc, "Cannot listen on socket %s (--socket)",
			  path ? path : "/tmp/passt_N.socket");
}

/**
 * tap_qemu_init() - Listen, or take the descriptor given, and begin to watch it
 * @conf:	What was asked for; dies if it can not be had
 *
 * Return: 0; -errno of the loop
 */
int tap_qemu_init(const struct tap_conf *conf)
{
	int type;
	socklen_t len = sizeof(type);

	self.one_off = conf->one_off || conf->fd >= 0;
	self.listen = self.fd = -1;
	if (conf->fd < 0) {
		listen_or_die(conf->path);
		return loop_add(self.listen, LOOP_LINK, LINK_LISTEN, EPOLLIN);
	}
	if (getsockopt(conf->fd, SOL_SOCKET, SO_TYPE, &type, &len))
		die_errno(errno, "--fd %i is no socket", conf->fd);
	if (type != SOCK_STREAM)
		die("--fd %i is no stream socket", conf->fd);
	return adopt(conf->fd);
}

/* tap_qemu_up() - As tap_up() */
bool tap_qemu_up(void)
{
	return self.fd >= 0;
}

/* hang_up() - The guest went, or has to go */
static unsigned hang_up(const char *why)
{
	info("Guest link closed: %s", why);
	close(self.fd);
	self.fd = -1;
	rewind_all();
	return self.one_off ? TAP_EV_DOWN | TAP_EV_END : TAP_EV_DOWN;
}

/* parse() - Lend whole frames out of what was received; their number */
static int parse(struct tap_frame *f, int max)
{
	int n = 0;

	while (n < max && n < TAP_BATCH && !self.broken) {
		uint32_t gone = min_u32(self.skip, self.out.end - self.out.begin), have, len;
		uint8_t *p = self.out_buf + self.out.begin + gone;

		self.skip -= gone;
		self.out.begin += gone;
		have = self.out.end - self.out.begin;
		if (have < LEN_SIZE)
			break;
		len = get_be32(p);
		if (len > LEN_SANE) {
			self.broken = true;
			/* So that there is an event, which tells the caller */
			(void)shutdown(self.fd, SHUT_RDWR);
		} else if (len > TAP_FRAME_MAX || !len) {
			count(DROP_LINK_LENGTH);
			self.skip = LEN_SIZE + len;
		} else if (len <= have - LEN_SIZE) {
			self.iov[n] = (struct iovec){ p + LEN_SIZE, len };
			f[n] = (struct tap_frame){ .iov = &self.iov[n], .niov = 1, .len = len };
			self.out.begin += LEN_SIZE + len;
			n++;
		} else {
			break;
		}
	}
	return n;
}

/* waiting() - Whether parse() would find something in what was received */
static bool waiting(void)
{
	uint32_t have = self.out.end - self.out.begin, len;

	if (self.broken || self.deaf || have < LEN_SIZE)
		return false;
	len = get_be32(self.out_buf + self.out.begin);
	return len > TAP_FRAME_MAX || len <= have - LEN_SIZE;
}

/* to_front() - Move bytes to the front of their buffer */
static void to_front(struct bytes *b, uint8_t *buf)
{
	if (!b->begin)
		return;
	b->end -= b->begin;
	memmove(buf, buf + b->begin, b->end);
	b->begin = 0;
}

/* fill() - Receive behind what is there; false: nothing.  An event tells of an end. */
static bool fill(void)
{
	ssize_t n;

	to_front(&self.out, self.out_buf);
	n = recv(self.fd, self.out_buf + self.out.end, OUT_SIZE - self.out.end, MSG_DONTWAIT);
	if (n > 0)
		self.out.end += (uint32_t)n;
	return n > 0;
}

/**
 * tap_qemu_take() - Frames that came; as tap_take()
 * @f:		Filled, good until the next call
 * @max:	Entries there
 *
 * One recv() per call: others want their turn.
 *
 * Return: frames, 0: none waits or the link is down
 */
int tap_qemu_take(struct tap_frame *f, int max)
{
	int n = parse(f, max);

	if (!n && self.fd >= 0 && !self.broken && fill())
		n = parse(f, max);
	return n;
}

/* tap_qemu_lend() - As tap_lend() */
int tap_qemu_lend(unsigned hlen, uint32_t unit, size_t want, struct iovec *iov, int max)
{
	uint32_t stride = LEN_SIZE + hlen + unit;
	uint32_t limit = IN_SIZE - IN_RESERVE;
	int n = 0;

	if (self.fd < 0)
		return 0;
	if (self.in.end + stride > limit)
		to_front(&self.in, self.in_buf);
	for (; n < max && want; n++) {
		uint32_t at = self.in.end + (uint32_t)n * stride;

		if (at + stride > limit)
			break;
		iov[n].iov_base = self.in_buf + at + LEN_SIZE + hlen;
		iov[n].iov_len = min_size(unit, want);
		want -= iov[n].iov_len;
	}
	self.lend_hlen = hlen;
	self.unit = unit;
	self.wanted = self.wanted || !n;
	return n;
}

/* append() - Account for a frame whose bytes stand at the end of @in, + LEN_SIZE */
static void append(uint32_t len, const struct virtio_net_hdr *vh)
{
	uint8_t *p = self.in_buf + self.in.end;

	put_be32(p, len);
	if (pcap_on())
		pcap_frame(&(struct iovec){ p + LEN_SIZE, len }, 1, len);
	tap_link_csum(p + LEN_SIZE, len, vh);
	self.in.end += LEN_SIZE + len;
}

/* tap_qemu_give() - As tap_give() */
int tap_qemu_give(const void *hdr, unsigned hlen, uint32_t len,
		  const struct virtio_net_hdr *vh)
{
	if (BUG_ON(hlen != self.lend_hlen || len > self.unit))
		return -EINVAL;
	memcpy(self.in_buf + self.in.end + LEN_SIZE, hdr, hlen);
	append(hlen + len, vh);
	return 0;
}

/* tap_qemu_send() - As tap_send() */
int tap_qemu_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	if (self.fd < 0) {
		count(DROP_LINK_DOWN);
		return -ENETDOWN;
	}
	if (self.in.end + LEN_SIZE + len > IN_SIZE)
		to_front(&self.in, self.in_buf);
	if (self.in.end + LEN_SIZE + len > IN_SIZE) {
		count(DROP_LINK_FULL);
		return -ENOBUFS;
	}
	memcpy(self.in_buf + self.in.end + LEN_SIZE, frame, len);
	append(len, vh);
	return 0;
}

/* watch() - Say what is waited for: frames, unless nobody takes any, and room */
static int watch(bool room)
{
	uint32_t in = self.deaf ? 0 : EPOLLIN, out = room ? EPOLLOUT : 0;

	return loop_mod(self.fd, LOOP_LINK, LINK_CONN, EPOLLRDHUP | in | out);
}

/* arm() - Watch for room, or no more */
static void arm(bool on)
{
	if (self.armed != on && !watch(on))
		self.armed = on;
}

/* tap_qemu_heed() - As tap_heed() */
void tap_qemu_heed(bool on)
{
	self.deaf = !on;
	if (self.fd >= 0)
		(void)watch(self.armed);
}

/* tap_qemu_flush() - As tap_flush() */
void tap_qemu_flush(void)
{
	while (self.fd >= 0 && self.in.begin < self.in.end) {
		ssize_t n = send(self.fd, self.in_buf + self.in.begin,
				 self.in.end - self.in.begin, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0) {
			/* A dead link shows as an event of its own */
			arm(errno == EAGAIN || errno == ENOBUFS);
			return;
		}
		self.in.begin += (uint32_t)n;
	}
	self.in.begin = self.in.end = 0;
	if (self.fd >= 0)
		arm(self.wanted || waiting());
}

/* guest_came() - Somebody connected */
static unsigned guest_came(void)
{
	int fd = accept4(self.listen, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return 0;
	if (self.fd >= 0 || adopt(fd)) {
		close(fd);
		return 0;
	}
	info("Guest link connected");
	return TAP_EV_UP | TAP_EV_FRAMES;
}

/**
 * tap_qemu_event() - As tap_event()
 * @id:		LINK_LISTEN or LINK_CONN
 * @events:	EPOLLIN and so on
 *
 * Return: TAP_EV_ bits
 */
unsigned tap_qemu_event(uint64_t id, uint32_t events)
{
	unsigned ev = 0;
	uint8_t byte;

	if (id == LINK_LISTEN)
		return guest_came();
	if (self.fd < 0)
		return 0;
	if (self.broken)
		return hang_up("length of a frame makes no sense");
	if (events & EPOLLOUT) {
		tap_qemu_flush();
		if (self.wanted && self.in.end - self.in.begin < IN_SIZE / 2) {
			self.wanted = false;
			ev |= TAP_EV_ROOM;
		}
	}
	if (events & EPOLLIN || waiting())
		ev |= TAP_EV_FRAMES;
	/* Frames sent just before hanging up still count, if somebody takes them */
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR) && !waiting() &&
	    (self.deaf || recv(self.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0))
		ev = hang_up("closed by QEMU");
	return ev;
}

/* trim() - Give the memory of a buffer back, if nothing is in it */
static void trim(struct bytes *b, uint8_t *buf, size_t size)
{
	if (b->begin != b->end)
		return;
	b->begin = b->end = 0;
	tap_link_trim(buf, size);
}

/* tap_qemu_trim() - As tap_trim() */
void tap_qemu_trim(void)
{
	trim(&self.out, self.out_buf, sizeof(self.out_buf));
	trim(&self.in, self.in_buf, sizeof(self.in_buf));
}
