// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tap_ns.c - unit test of ../../tap_ns.c
 * links: tap_ns.c tap_link.c pcap.c csum.c count.c util.c log.c
 *
 * A pair of datagram sockets stands for the device: as there, each read() is
 * one frame and each write() is one.
 */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "count.h"
#include "loop.h"
#include "tap_link.h"
#include "util.h"

enum { VH = sizeof(struct virtio_net_hdr), ROUNDS = 300 };

static int watched = -1;
static uint32_t heeded;

int loop_add(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	CHECK_EQ(kind, LOOP_LINK);
	CHECK_EQ(id, 0);
	CHECK_EQ(events, EPOLLIN);
	watched = fd;
	return 0;
}

int loop_mod(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	CHECK_EQ(kind, LOOP_LINK);
	CHECK_EQ(id, 0);
	CHECK_EQ(fd, watched);
	heeded = events;
	return 0;
}

/* The guest's end, and ours */
static int guest, ours;

static void up(unsigned caps)
{
	int fd[2], size = 4 * 1024 * 1024;

	CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fd), 0);
	guest = fd[0];
	ours = fd[1];
	(void)setsockopt(guest, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	CHECK_EQ(tap_ns_init(ours, caps), 0);
	CHECK_EQ(watched, ours);
	count_reset();
}

static void down(void)
{
	close(guest);
	close(ours);
}

/* A frame of random bytes, behind a virtio_net_hdr of such */
static uint8_t buf[VH + TAP_FRAME_MAX + 1];

/* from_guest() - The guest sends a frame of @len bytes */
static void from_guest(uint32_t len)
{
	check_fill(buf, min_size(VH + len, 100));
	CHECK_EQ(send(guest, buf, VH + len, 0), VH + len);
}

/* Frames of all lengths come whole, with the header that belongs to them */
static void test_take(void)
{
	struct tap_frame f[TAP_BATCH];

	up(TAP_CSUM);
	CHECK_EQ(tap_ns_take(f, TAP_BATCH), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t len = TAP_FRAME_MAX;

		if (i)
			len = 1 + (uint32_t)check_below(check_below(4) ? 1514 : TAP_FRAME_MAX);
		from_guest(len);
		CHECK_EQ(tap_ns_take(f, TAP_BATCH), 1);
		CHECK_EQ(f[0].len, len);
		CHECK_EQ(f[0].niov, 1);
		CHECK_EQ(f[0].iov->iov_len, len);
		CHECK_MEM(f[0].iov->iov_base, buf + VH, len);
		CHECK_MEM(&f[0].vh, buf, VH);
	}
	down();
}

static void test_batch(void)
{
	struct tap_frame f[TAP_BATCH + 4];
	uint32_t next = 1;

	up(0);
	/* More would wait in the socket: net.unix.max_dgram_qlen is 10 */
	for (uint32_t i = 1; i <= 9; i++)
		from_guest(i);
	CHECK_EQ(tap_ns_take(f, 4), 4);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(f[i].len, next++);
	CHECK_EQ(tap_ns_take(f, TAP_BATCH + 4), 5);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(f[i].len, next++);
	CHECK_EQ(tap_ns_take(f, 4), 0);
	down();
}

/* Shorter than its own header: nothing, and no harm */
static void test_runt(void)
{
	struct tap_frame f[TAP_BATCH];

	up(0);
	for (uint32_t len = 1; len <= VH; len++) {
		CHECK_EQ(send(guest, buf, len, 0), len);
		CHECK_EQ(tap_ns_take(f, TAP_BATCH), 0);
	}
	from_guest(60);
	CHECK_EQ(tap_ns_take(f, TAP_BATCH), 1);
	CHECK_EQ(f[0].len, 60);
	down();
}

/* A device that is gone says so, after the frames it still had */
static void test_gone(void)
{
	struct tap_frame f[TAP_BATCH];
	int fd = open("/dev/null", O_WRONLY);

	CHECK_EQ(tap_ns_init(fd, 0), 0);
	CHECK_EQ(tap_ns_take(f, TAP_BATCH), -EBADF);
	close(fd);
	CHECK_EQ(tap_ns_event(EPOLLIN), TAP_EV_FRAMES);
	CHECK_EQ(tap_ns_event(EPOLLIN | EPOLLERR), TAP_EV_FRAMES);
	CHECK_EQ(tap_ns_event(EPOLLERR), TAP_EV_END);
	CHECK_EQ(tap_ns_event(EPOLLHUP), TAP_EV_END);
}

/**
 * to_guest() - Compare the frame that the guest gets
 * @frame:	as it should be, but for the checksum
 * @len:	its length
 * @vh:		what was asked for
 * @caps:	what the device does
 */
static void to_guest(uint8_t *frame, uint32_t len, const struct virtio_net_hdr *vh,
		     unsigned caps)
{
	static uint8_t got[VH + TAP_FRAME_MAX + 1];
	struct virtio_net_hdr want = *vh;

	CHECK_EQ(recv(guest, got, sizeof(got), 0), VH + len);
	if (!(caps & TAP_CSUM)) {
		tap_link_csum(frame, len, vh);
		want.flags = 0;
	}
	CHECK_MEM(got, &want, VH);
	CHECK_MEM(got + VH, frame, len);
}

static const unsigned all_caps[] = { 0, TAP_CSUM | TAP_TSO4 | TAP_TSO6 };

static void test_send(void)
{
	struct virtio_net_hdr vh = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 6,
	};

	for (size_t k = 0; k < ARRAY_SIZE(all_caps); k++) {
		up(all_caps[k]);
		for (unsigned i = 0; i < 100; i++) {
			uint32_t len = 60 + (uint32_t)check_below(TAP_FRAME_MAX - 59);

			check_fill(buf, 200);
			CHECK_EQ(tap_ns_send(buf, len, &vh), 0);
			to_guest(buf, len, &vh, all_caps[k]);
		}
		down();
	}
}

/* lend_some() - Borrow, fill and give back once */
static void lend_some(unsigned caps)
{
	struct virtio_net_hdr vh = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 4, .csum_offset = 2,
	};
	unsigned hlen = 20 + (unsigned)check_below(TAP_HEAD_MAX - 19);
	uint32_t unit = 1 + (uint32_t)check_below(check_below(2) ? 1460 : TAP_FRAME_MAX - hlen);
	size_t want = 1 + check_below((size_t)unit * 8);
	struct iovec iov[8];
	int n = tap_ns_lend(unit, want, iov, 8);

	CHECK_EQ(n, (want + unit - 1) / unit);
	for (int i = 0; i < n; i++) {
		CHECK_EQ(iov[i].iov_len, min_size(want, unit));
		want -= iov[i].iov_len;
		memset(iov[i].iov_base, i + 1, iov[i].iov_len);
	}
	for (int i = 0; i < n; i++) {
		uint32_t len = (uint32_t)iov[i].iov_len;

		check_fill(buf, hlen);
		memset(buf + hlen, i + 1, len);
		CHECK_EQ(tap_ns_give(buf, hlen, len, &vh), 0);
		to_guest(buf, hlen + len, &vh, caps);
	}
}

static void test_lend(void)
{
	struct iovec iov[64];

	for (size_t k = 0; k < ARRAY_SIZE(all_caps); k++) {
		up(all_caps[k]);
		for (unsigned i = 0; i < ROUNDS; i++)
			lend_some(all_caps[k]);
		down();
	}
	CHECK_EQ(tap_ns_lend(1000, 3000, iov, 2), 2);
	CHECK(tap_ns_lend(1000, 1000000, iov, 64) >= 8);
	tap_ns_trim();
}

/* A device that is down or does not take it: counted, nothing waits */
static void test_refused(void)
{
	static const struct virtio_net_hdr vh;
	uint64_t lost = 0;
	int rc;

	up(0);
	while (!(rc = tap_ns_send(buf, 60, &vh)))
		;
	CHECK_EQ(rc, -EAGAIN);
	close(guest);
	CHECK(tap_ns_send(buf, 60, &vh) < 0);
	lost = count_value[DROP_LINK_FULL] + count_value[DROP_LINK_DOWN];
	CHECK_EQ(lost, 2);
	close(ours);
}

static void test_heed(void)
{
	up(0);
	tap_ns_heed(false);
	CHECK_EQ(heeded, 0);
	tap_ns_heed(true);
	CHECK_EQ(heeded, EPOLLIN);
	close(guest);
	close(ours);
}

int main(void)
{
	RUN(test_take);
	RUN(test_batch);
	RUN(test_runt);
	RUN(test_gone);
	RUN(test_send);
	RUN(test_lend);
	RUN(test_refused);
	RUN(test_heed);
	return check_done();
}
