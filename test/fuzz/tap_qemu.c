// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tap_qemu.c - a stream of bytes where QEMU should be
 * links: tap_qemu.c sock_unix.c tap_link.c pcap.c csum.c count.c util.c
 *
 * Input: records of what the other end does, each begun by one byte:
 *
 *	0 to 127	sends that many bytes, which follow; 127: 4096 times as many
 *			zeros
 *	128 to 254	reads some of what we sent, while we send a frame
 *	255		goes away
 *
 * A parser as simple as can be reads the same bytes and says which frames have
 * to come out.  After each record the loop runs until it would sleep.
 */
#include "test/fuzz/fuzz.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "count.h"
#include "log.h"
#include "loop.h"
#include "tap_link.h"
#include "util.h"

enum { STREAM = 1 << 22, ZEROS = 127 * 4096, SANE = 1024 * 1024, TURNS = 2000 };

enum log_level log_level = LOG_LVL_ERR;

static void must(bool cond)
{
	if (!cond)
		abort();
}

void log_write(enum log_level level, int error, const char *fmt, ...)
{
	(void)level;
	(void)error;
	(void)fmt;
}

void log_die(int error, const char *fmt, ...)
{
	(void)error;
	(void)fmt;
	abort();
}

void log_bug(const char *file, int line, const char *what)
{
	(void)file;
	(void)line;
	(void)what;
	abort();
}

/* The connection, as the loop knows it */
static struct pollfd watched;

int loop_add(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	must(kind == LOOP_LINK && id == 1);
	watched.fd = fd;
	watched.events = (short)events;
	return 0;
}

int loop_mod(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	return loop_add(fd, kind, id, events);
}

/**
 * struct world - both ends of the stream
 * @fd:		the other end
 * @stream:	all bytes it sent
 * @len:	their number
 * @at:		first of them that the simple parser did not look at
 * @down:	the link went down
 */
static struct {
	int fd;
	uint8_t stream[STREAM];
	uint32_t len;
	uint32_t at;
	bool down;
} world;

/* expected() - Where the next frame has to lie; NULL: none.  @len: set */
static const uint8_t *expected(uint32_t *len)
{
	while (world.len - world.at >= 4) {
		uint32_t n = get_be32(world.stream + world.at);

		if (n > SANE || n > world.len - world.at - 4)
			return NULL;
		world.at += 4 + n;
		*len = n;
		if (n && n <= TAP_FRAME_MAX)
			return world.stream + world.at - n;
	}
	return NULL;
}

/* take() - Frames, as passt.c takes them */
static void take(void)
{
	struct tap_frame f[TAP_BATCH];
	int n;

	for (int i = 0; i < 8 && (n = tap_qemu_take(f, TAP_BATCH)) > 0; i++) {
		for (int k = 0; k < n; k++) {
			uint32_t len = 0;
			const uint8_t *p = expected(&len);

			must(p && f[k].len == len && f[k].iov->iov_len == len);
			must(!memcmp(p, f[k].iov->iov_base, len));
		}
	}
}

/* run() - The loop, until it would sleep */
static void run(void)
{
	for (int turn = 0; !world.down; turn++) {
		unsigned ev;

		must(turn < TURNS);
		if (poll(&watched, 1, 0) != 1)
			return;
		ev = tap_qemu_event(1, (uint16_t)watched.revents);
		world.down = ev & TAP_EV_DOWN;
		if (ev & TAP_EV_FRAMES)
			take();
		tap_qemu_flush();
	}
}

/* put() - The other end sends */
static void put(const uint8_t *p, uint32_t n)
{
	ssize_t done;

	if (n > STREAM - world.len)
		return;
	done = send(world.fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (done > 0) {
		memcpy(world.stream + world.len, p, (size_t)done);
		world.len += (uint32_t)done;
	}
}

/* get() - The other end reads, we send */
static void get(uint8_t how)
{
	static const struct virtio_net_hdr vh = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 6,
	};
	static uint8_t buf[65536];
	struct iovec iov[4];
	int n = tap_qemu_lend(54, 300, (size_t)how * 9, iov, 4);

	for (int i = 0; i < n; i++)
		(void)tap_qemu_give(buf, 54, (uint32_t)iov[i].iov_len, &vh);
	(void)tap_qemu_send(buf, 60, &vh);
	(void)recv(world.fd, buf, how, MSG_DONTWAIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t zeros[ZEROS];
	struct tap_conf conf = { .path = NULL };
	uint32_t len;
	int fd[2];

	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	world.fd = fd[0];
	world.len = world.at = 0;
	world.down = false;
	count_reset();
	conf.fd = fd[1];
	must(!tap_qemu_init(&conf));
	while (size && !world.down) {
		uint8_t what = *data++;

		size--;
		if (what == 255)
			break;
		len = (uint32_t)min_size(what, size);
		if (what == 127) {
			put(zeros, ZEROS);
		} else if (what < 127) {
			put(data, len);
			data += len;
			size -= len;
		} else {
			get(what);
		}
		run();
	}
	if (!world.down)
		must(!expected(&len));
	close(world.fd);
	run();
	must(world.down && !tap_qemu_up());
	return 0;
}
