// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tap.c - unit test of ../../tap.c: both kinds of link, and what is captured
 * links: tap.c tap_ns.c tap_qemu.c sock_unix.c tap_link.c csum.c count.c util.c
 *
 * pcap.c is replaced: frames are kept here, and compared with what the other
 * end of the link sends and gets.
 */
#include "test/unit/check.h"

#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "pcap.h"
#include "tap.h"
#include "util.h"

enum { SIZE = 4000, VH = sizeof(struct virtio_net_hdr) };

enum log_level log_level = LOG_LVL_ERR;
static unsigned bugs;

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
	exit(1);
}

void log_bug(const char *file, int line, const char *what)
{
	(void)file;
	(void)line;
	(void)what;
	bugs++;
}

int loop_add(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	(void)fd;
	(void)kind;
	(void)id;
	(void)events;
	return 0;
}

int loop_mod(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	return loop_add(fd, kind, id, events);
}

/* The last frame captured */
static struct { uint8_t data[SIZE]; uint32_t len; unsigned num; } seen;

bool pcap_on(void)
{
	return true;
}

void pcap_frame(const struct iovec *iov, int niov, uint32_t len)
{
	seen.len = 0;
	for (int i = 0; i < niov; i++) {
		memcpy(seen.data + seen.len, iov[i].iov_base, iov[i].iov_len);
		seen.len += (uint32_t)iov[i].iov_len;
	}
	CHECK_EQ(seen.len, len);
	seen.num++;
}

/* The other end; and whether a length stands before each frame */
static int guest, ours;
static bool stream;

static void up(bool qemu)
{
	struct tap_conf conf = { .fd = -1 };
	int fd[2];

	stream = qemu;
	CHECK_EQ(socketpair(AF_UNIX, (qemu ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK,
			    0, fd), 0);
	guest = fd[0];
	ours = conf.fd = fd[1];
	CHECK_EQ(qemu ? tap_init_qemu(&conf) : tap_init_ns(ours, 0), 0);
	CHECK(tap_up());
	CHECK_EQ(tap_caps(), 0);
	seen.num = 0;
}

static void down(void)
{
	close(guest);
	close(ours);
}

/* got() - Compare the next frame the guest gets */
static void got(const uint8_t *frame, uint32_t len)
{
	uint8_t buf[SIZE];
	uint32_t head = stream ? 4 : VH;

	tap_flush();
	CHECK_EQ(recv(guest, buf, stream ? head + len : sizeof(buf), 0), head + len);
	if (stream)
		CHECK_EQ(get_be32(buf), len);
	CHECK_MEM(buf + head, frame, len);
}

static void captured(const uint8_t *frame, uint32_t len)
{
	CHECK_EQ(seen.len, len);
	CHECK_MEM(seen.data, frame, len);
}

static void test_in(void)
{
	static const struct virtio_net_hdr vh;
	uint8_t frame[3][SIZE];
	struct iovec iov[3];

	for (int qemu = 0; qemu < 2; qemu++) {
		up(qemu);
		check_fill(frame[0], 60);
		CHECK_EQ(tap_send(frame[0], 60, &vh), 0);
		captured(frame[0], 60);
		got(frame[0], 60);
		CHECK_EQ(tap_lend(54, 1000, 2500, iov, 3), 3);
		for (int i = 0; i < 3; i++) {
			check_fill(frame[i], SIZE);
			memcpy(iov[i].iov_base, frame[i] + 54, iov[i].iov_len);
		}
		for (int i = 0; i < 3; i++) {
			uint32_t len = i == 2 ? 500 : 1000;

			CHECK_EQ(tap_give(frame[i], 54, len, &vh), 0);
			captured(frame[i], 54 + len);
		}
		got(frame[0], 1054);
		got(frame[1], 1054);
		got(frame[2], 554);
		CHECK_EQ(tap_lend(40, 700, 700, iov, 3), 1);
		memcpy(iov[0].iov_base, frame[1] + 40, 700);
		CHECK_EQ(tap_give(frame[1], 40, 700, &vh), 0);
		captured(frame[1], 740);
		got(frame[1], 740);
		CHECK_EQ(seen.num, 5);
		tap_trim();
		down();
	}
}

static void test_out(void)
{
	uint8_t buf[VH + 100] = { [VH - 1] = 100 };
	struct tap_frame f[TAP_BATCH];

	for (int qemu = 0; qemu < 2; qemu++) {
		uint32_t skip = qemu ? VH - 4 : 0;

		up(qemu);
		CHECK_EQ(tap_take(f, TAP_BATCH), 0);
		for (int i = 0; i < 5; i++) {
			uint8_t copy[200];

			check_fill(buf + VH, 100);
			CHECK(send(guest, buf + skip, sizeof(buf) - skip, 0) > 0);
			CHECK_EQ(tap_event((uint64_t)qemu, EPOLLIN), TAP_EV_FRAMES);
			CHECK_EQ(tap_take(f, TAP_BATCH), 1);
			captured(buf + VH, 100);
			CHECK_EQ(tap_head(f, copy, 200), 100);
			CHECK_MEM(copy, buf + VH, 100);
			/* One loan at a time, given back whole */
			bugs = 0;
			CHECK_EQ(tap_take(f, TAP_BATCH), 0);
			tap_done(2);
			CHECK_EQ(bugs, 2);
			tap_done(1);
			CHECK_EQ(bugs, 2);
		}
		down();
	}
}

static void test_head(void)
{
	uint8_t data[30], copy[30];
	struct iovec iov[4] = {
		{ data, 3 }, { data + 3, 0 }, { data + 3, 20 }, { data + 23, 7 },
	};
	struct tap_frame f = { .iov = iov, .niov = 4, .len = 30 };

	check_fill(data, sizeof(data));
	for (uint32_t n = 0; n <= 40; n++) {
		uint32_t want = min_u32(n, 30);
		uint8_t *to = malloc(n ? n : 1);

		CHECK_EQ(tap_head(&f, to, n), want);
		memcpy(copy, to, want);
		CHECK_MEM(copy, data, want);
		free(to);
	}
}

int main(void)
{
	RUN(test_in);
	RUN(test_out);
	RUN(test_head);
	return check_done();
}
