// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tap_ns.c - guest link to a network namespace: a tap device
 *
 * Theory of operation
 *
 *   Each read() of the device brings one frame, each write() delivers one, and
 *   in the same call the guest's kernel handles it, up to its socket.  There is
 *   no queue in between on the way in, so a write is never refused for want of
 *   room, and nothing has to be flushed.
 *
 *   The device has IFF_VNET_HDR: a virtio_net_hdr precedes each frame.  It is read
 *   and written as a piece of its own, so that IP headers stay aligned.  TCP frames
 *   are up to 64 KiB long whatever the MTU, in both directions: nobody computes
 *   a checksum or cuts segments (drivers/net/tun.c, tun_get_user()).
 *
 *   Buffers are static, and their memory is given back to the kernel by
 *   tap_ns_trim() when the link has been quiet.
 */
#include "tap_link.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "count.h"
#include "loop.h"
#include "pcap.h"
#include "util.h"

enum {
	LEND_SLOTS	= 16,
	SLOT_SIZE	= 68 * 1024,	/* header room and longest frame, whole pages */
};
_Static_assert(TAP_HEAD_MAX + TAP_FRAME_MAX <= SLOT_SIZE, "a frame fits");

/**
 * struct tap_ns_self - state of this file
 * @fd:		tap device, not blocking
 * @complete:	checksums are to be completed here: the kernel would not
 * @given:	slots lent that were given back filled
 * @iov:	place of each frame taken
 * @out:	frames from the guest
 * @in:		payload toward the guest, TAP_HEAD_MAX bytes from each beginning
 */
static struct {
	int fd;
	bool complete;
	int given;
	struct iovec iov[TAP_BATCH];
	uint8_t out[TAP_BATCH][SLOT_SIZE] __attribute__((aligned(4096)));
	uint8_t in[LEND_SLOTS][SLOT_SIZE] __attribute__((aligned(4096)));
} self;

/**
 * tap_ns_init() - Take a tap device, and begin to watch it
 * @fd:		Descriptor, not blocking
 * @caps:	TAP_ bits that hold for it
 *
 * Return: 0; -errno
 */
int tap_ns_init(int fd, unsigned caps)
{
	self.fd = fd;
	self.complete = !(caps & TAP_CSUM);
	return loop_add(fd, LOOP_LINK, 0, EPOLLIN);
}

/**
 * tap_ns_take() - Read frames
 * @f:		Filled, good until the next call
 * @max:	Entries there, up to TAP_BATCH are used
 *
 * Return: frames, 0: none waits; -errno: the device is gone
 */
int tap_ns_take(struct tap_frame *f, int max)
{
	int n = 0;

	for (; n < max && n < TAP_BATCH; n++) {
		uint8_t *buf = self.out[n] + 2;	/* IP header on 4 bytes */
		struct iovec v[2] = {
			{ &f[n].vh, sizeof(f[n].vh) }, { buf, TAP_FRAME_MAX },
		};
		ssize_t len = readv(self.fd, v, 2);

		if (len < 0 && errno != EAGAIN && errno != EINTR && !n)
			return -errno;
		if (len <= (ssize_t)sizeof(f[n].vh))
			break;
		f[n].len = (uint32_t)len - (uint32_t)sizeof(f[n].vh);
		self.iov[n] = (struct iovec){ buf, f[n].len };
		f[n].iov = &self.iov[n];
		f[n].niov = 1;
	}
	return n;
}

/* put() - Write one frame, in one piece */
static int put(uint8_t *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	struct virtio_net_hdr h = *vh;
	struct iovec v[2] = { { &h, sizeof(h) }, { frame, len } };

	if (pcap_on())
		pcap_frame(v + 1, 1, len);
	if (self.complete) {
		tap_link_csum(frame, len, vh);
		h.flags = 0;
	}
	if (writev(self.fd, v, 2) >= 0)
		return 0;
	/* EIO: the guest set the device down */
	count(errno == EIO ? DROP_LINK_DOWN : DROP_LINK_FULL);
	return -errno;
}

/* tap_ns_lend() - As tap_lend(); there is room for any headers */
int tap_ns_lend(uint32_t unit, size_t want, struct iovec *iov, int max)
{
	int n = 0;

	for (; n < max && n < LEND_SLOTS && want; n++) {
		iov[n].iov_base = self.in[n] + TAP_HEAD_MAX;
		iov[n].iov_len = min_size(unit, want);
		want -= iov[n].iov_len;
	}
	self.given = 0;
	return n;
}

/* tap_ns_give() - As tap_give() */
int tap_ns_give(const void *hdr, unsigned hlen, uint32_t len,
		const struct virtio_net_hdr *vh)
{
	uint8_t *frame = self.in[self.given++] + TAP_HEAD_MAX - hlen;

	memcpy(frame, hdr, hlen);
	return put(frame, hlen + len, vh);
}

/* tap_ns_send() - As tap_send() */
int tap_ns_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	uint8_t buf[TAP_FRAME_MAX];

	memcpy(buf, frame, len);
	return put(buf, len, vh);
}

/* tap_ns_event() - As tap_event() */
unsigned tap_ns_event(uint32_t events)
{
	if (events & (EPOLLERR | EPOLLHUP) && !(events & EPOLLIN))
		return TAP_EV_END;
	return TAP_EV_FRAMES;
}

/* tap_ns_heed() - As tap_heed() */
void tap_ns_heed(bool on)
{
	(void)loop_mod(self.fd, LOOP_LINK, 0, on ? EPOLLIN : 0);
}

/* tap_ns_trim() - Give the memory of the buffers back */
void tap_ns_trim(void)
{
	tap_link_trim(self.out, sizeof(self.out));
	tap_link_trim(self.in, sizeof(self.in));
}
