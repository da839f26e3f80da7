// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fake_tap.c - in place of tap.c: frames come from the script, and go to it
 */
#include "tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "count.h"
#include "script.h"

enum {
	QUEUE	= 1024,			/* frames of the guest */
	PIECES	= 256,			/* of one frame */
	LEND	= 32,			/* frames lent at once */
};

/**
 * struct queued - a frame of the guest
 * @data:	its bytes, released when it is given back
 * @iov:	its pieces
 * @niov:	how many
 * @len:	length
 * @vh:		offload header
 */
struct queued {
	uint8_t *data;
	struct iovec iov[PIECES];
	int niov;
	uint32_t len;
	struct virtio_net_hdr vh;
};

/**
 * struct fake_tap_self - state of this file
 * @queue:	frames of the guest, a ring
 * @first:	oldest
 * @n:		how many
 * @taken:	borrowed
 * @held:	they are not shown yet
 * @deaf:	the program does not take any for now
 * @tell:	there is room again, to be told
 * @end:	the guest goes
 * @left:	frames there is room for, -1: any number
 * @limit:	frames lent at most
 * @hlen:	header length of the present loan
 * @unit:	payload per frame
 * @lent:	frames lent
 * @given:	of these, given back
 * @slot:	where they are
 */
static struct {
	struct queued queue[QUEUE];
	unsigned first;
	unsigned n;
	int taken;
	bool held;
	bool deaf;
	bool tell;
	bool end;
	int left;
	int limit;
	unsigned hlen;
	uint32_t unit;
	int lent;
	int given;
	uint8_t slot[LEND][SCRIPT_FRAME + TAP_HEAD_MAX];
} self = { .limit = LEND, .left = -1 };

/* fake_tap_queue() - The guest sends a frame, in pieces of @split bytes */
void fake_tap_queue(const uint8_t *frame, uint32_t len, const struct virtio_net_hdr *vh,
		    uint32_t split)
{
	struct queued *q = &self.queue[(self.first + self.n++) % QUEUE];
	uint32_t step = split ? split : len;

	if (self.n > QUEUE)
		script_fail("too many frames at once");
	/* Exactly as large as it is, so that reading beyond it is seen */
	q->data = malloc(len ? len : 1);
	if (!q->data)
		script_fail("no memory");
	if (len / (step ? step : 1) >= PIECES)
		script_fail("too many pieces");
	memcpy(q->data, frame, len);
	q->len = len;
	q->vh = *vh;
	q->niov = 0;
	for (uint32_t at = 0; at < len && q->niov < PIECES; at += step) {
		q->iov[q->niov].iov_base = q->data + at;
		q->iov[q->niov++].iov_len = len - at < step ? len - at : step;
	}
}

/* fake_tap_hold() - Frames wait until fake_tap_release(), to come as one batch */
void fake_tap_hold(void)
{
	self.held = true;
}

void fake_tap_release(void)
{
	self.held = false;
}

/* fake_tap_room() - There is room for so many frames toward the guest, -1: no end */
void fake_tap_room(int frames)
{
	self.tell = !self.left && frames;
	self.left = frames;
}

/* fake_tap_limit() - Lend so many frames at once and no more */
void fake_tap_limit(int frames)
{
	self.limit = frames < LEND ? frames : LEND;
}

/* fake_tap_end() - The guest goes */
void fake_tap_end(void)
{
	self.end = true;
}

/* fake_tap_pending() - What tap_event() would say */
unsigned fake_tap_pending(void)
{
	unsigned what = 0;

	if (self.n && !self.held && !self.deaf)
		what |= TAP_EV_FRAMES;
	if (self.tell)
		what |= TAP_EV_ROOM;
	if (self.end)
		what |= TAP_EV_END;
	return what;
}

int tap_init_qemu(const struct tap_conf *conf)
{
	(void)conf;
	return 0;
}

int tap_init_ns(int fd, unsigned caps)
{
	(void)fd;
	(void)caps;
	return 0;
}

unsigned tap_event(uint64_t id, uint32_t events)
{
	unsigned what = fake_tap_pending();

	(void)id;
	(void)events;
	self.tell = false;
	return what;
}

void tap_trim(void)
{
}

unsigned tap_caps(void)
{
	return script_setup.caps;
}

uint32_t tap_taken(void)
{
	return 0;
}

uint32_t tap_bytes(void)
{
	return 0;
}

bool tap_up(void)
{
	return true;
}

int tap_take(struct tap_frame *f, int max)
{
	int n = 0;

	if (self.taken)
		script_fail("frames taken while others are borrowed");
	for (; n < max && (unsigned)n < self.n && !self.held; n++) {
		const struct queued *q = &self.queue[(self.first + (unsigned)n) % QUEUE];

		f[n] = (struct tap_frame){ .iov = q->iov, .niov = q->niov, .len = q->len,
					   .vh = q->vh };
	}
	self.taken = n;
	return n;
}

void tap_heed(bool on)
{
	self.deaf = !on;
}

void tap_done(int n)
{
	if (n != self.taken)
		script_fail("%i frames given back, %i taken", n, self.taken);
	/* Whoever looks at them later is caught by the sanitizer */
	for (int i = 0; i < n; i++) {
		free(self.queue[self.first].data);
		self.queue[self.first].data = NULL;
		self.first = (self.first + 1) % QUEUE;
		self.n--;
	}
	self.taken = 0;
}

uint32_t tap_head(const struct tap_frame *f, void *copy, uint32_t n)
{
	uint8_t *to = copy;
	uint32_t done = 0;

	for (int i = 0; i < f->niov; i++) {
		for (size_t k = 0; k < f->iov[i].iov_len && done < n; k++)
			to[done++] = ((const uint8_t *)f->iov[i].iov_base)[k];
	}
	return done;
}

int tap_lend(unsigned hlen, uint32_t unit, size_t want, struct iovec *iov, int max)
{
	int n = 0;

	if (!want || hlen > TAP_HEAD_MAX)
		script_fail("tap_lend(%u, %u, %zu)", hlen, unit, want);
	for (; n < max && n < self.limit && n != self.left && want; n++) {
		iov[n].iov_base = self.slot[n] + TAP_HEAD_MAX;
		iov[n].iov_len = min_size(unit, want);
		want -= iov[n].iov_len;
	}
	self.hlen = hlen;
	self.unit = unit;
	self.lent = n;
	self.given = 0;
	return n;
}

/* deliver() - Complete the checksum where the link would, and hand it over */
static void deliver(uint8_t *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	if (self.left > 0)
		self.left--;
	tap_link_csum(frame, len, vh);
	out_frame(frame, len, vh);
}

int tap_give(const void *hdr, unsigned hlen, uint32_t len, const struct virtio_net_hdr *vh)
{
	uint8_t *frame;

	if (self.given >= self.lent)
		script_fail("more frames given than lent");
	if (hlen != self.hlen || len > self.unit)
		script_fail("headers of %u bytes were announced, %u come", self.hlen, hlen);
	frame = self.slot[self.given++] + TAP_HEAD_MAX - hlen;
	memcpy(frame, hdr, hlen);
	if (len < self.unit)
		self.lent = self.given;		/* nothing may follow a short one */
	deliver(frame, hlen + len, vh);
	return 0;
}

int tap_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	static uint8_t copy[SCRIPT_FRAME];

	self.lent = 0;
	if (!self.left) {
		count(DROP_LINK_FULL);
		return -ENOBUFS;
	}
	memcpy(copy, frame, len);
	deliver(copy, len, vh);
	return 0;
}

void tap_flush(void)
{
}
