// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tap.c - the guest link, whichever kind it is
 *
 * Theory of operation
 *
 *   One guest, one link: a stream of frames to QEMU, or a tap device in a
 *   network namespace.  Everything above speaks of frames; only this file knows
 *   which kind carries them, and a third kind fits in here.
 *
 *   From the guest, frames are borrowed where they lie and given back together:
 *
 *	while ((n = tap_take(f, TAP_BATCH)) > 0) {
 *		... f[0] to f[n - 1], in order ...
 *		tap_done(n);
 *	}
 *
 *   To the guest, short frames are copied by tap_send().  For bulk data the
 *   link lends the places where payloads of @unit bytes will leave from, so
 *   that a socket is read straight into them, then each frame is given back
 *   with its headers, in order, all full but the last:
 *
 *	n = tap_lend(hlen, unit, want, iov, max);
 *	got = ... recvmsg() into iov[0] to iov[n - 1] ...
 *	for each unit of got:
 *		tap_give(hdr, hlen, len, &vh);
 *
 *   tap_flush() after a batch pushes out what the link has gathered.  If
 *   tap_lend() lends nothing, TAP_EV_ROOM follows when there is room again, or
 *   TAP_EV_UP when a guest comes.
 *
 *   Frames are made as if the guest's device completed checksums and cut
 *   segments; tap_caps() says which of the two a link leaves to the guest.
 *   Checksums are completed here where it does not; segments longer than its
 *   MTU must not be given to a link without TAP_TSO4 and so on.
 */
#include "tap.h"

#include <string.h>

#include "log.h"
#include "pcap.h"
#include "util.h"

/**
 * struct tap_self - state of this file
 * @qemu:	the link is a stream to QEMU, else a tap device
 * @caps:	TAP_ bits of the link
 * @borrowed:	frames taken and not given back
 * @bytes:	see tap_bytes()
 * @taken:	see tap_taken()
 */
static struct {
	bool qemu;
	unsigned caps;
	int borrowed;
	uint32_t bytes;
	uint32_t taken;
} self;

/**
 * tap_init_qemu() - The link is a stream to QEMU
 * @conf:	Path or descriptor; dies if it can not be had
 *
 * Return: 0; -errno of the loop
 */
int tap_init_qemu(const struct tap_conf *conf)
{
	self.qemu = true;
	self.caps = 0;
	self.borrowed = 0;
	return tap_qemu_init(conf);
}

/**
 * tap_init_ns() - The link is a tap device
 * @fd:		Its descriptor
 * @caps:	TAP_ bits granted for it
 *
 * Return: 0; -errno of the loop
 */
int tap_init_ns(int fd, unsigned caps)
{
	self.qemu = false;
	self.caps = caps;
	self.borrowed = 0;
	return tap_ns_init(fd, caps);
}

/**
 * tap_event() - Something happened to a descriptor of the link
 * @id:		Which, as registered with the loop
 * @events:	EPOLLIN and so on
 *
 * Return: TAP_EV_ bits: what the caller has to do
 */
unsigned tap_event(uint64_t id, uint32_t events)
{
	return self.qemu ? tap_qemu_event(id, events) : tap_ns_event(events);
}

/**
 * tap_caps() - What the link does in place of us
 *
 * Return: TAP_ bits
 */
unsigned tap_caps(void)
{
	return self.caps;
}

/**
 * tap_up() - Whether a guest is there
 *
 * Return: true if frames would reach one
 */
bool tap_up(void)
{
	return !self.qemu || tap_qemu_up();
}

/**
 * tap_bytes() - How much went over the link, but for what tap_send() copied
 *
 * Return: bytes since the start, in both directions; wraps
 */
uint32_t tap_bytes(void)
{
	return self.bytes + self.taken;
}

/**
 * tap_taken() - How much came from the guest
 *
 * Return: bytes since the start; wraps
 */
uint32_t tap_taken(void)
{
	return self.taken;
}

/**
 * tap_take() - Borrow the oldest frames from the guest
 * @f:		Filled
 * @max:	Entries there
 *
 * Nothing may be borrowed when it is called.
 *
 * Return: frames, 0: none waits; -errno: the link is gone for good
 */
int tap_take(struct tap_frame *f, int max)
{
	int n;

	if (BUG_ON(self.borrowed))
		return 0;
	n = self.qemu ? tap_qemu_take(f, max) : tap_ns_take(f, max);
	for (int i = 0; i < n; i++) {
		if (pcap_on())
			pcap_frame(f[i].iov, f[i].niov, f[i].len);
		self.taken += f[i].len;
	}
	if (n > 0)
		self.borrowed = n;
	return n;
}

/**
 * tap_heed() - Read the link, or leave it alone for now
 * @on:		Whether frames are taken: while they are not, they wait at the guest, and no
 *		TAP_EV_FRAMES comes
 */
void tap_heed(bool on)
{
	if (self.qemu)
		tap_qemu_heed(on);
	else
		tap_ns_heed(on);
}

/**
 * tap_done() - Give back what tap_take() lent
 * @n:		As it returned
 */
void tap_done(int n)
{
	if (BUG_ON(n != self.borrowed))
		return;
	self.borrowed = 0;
}

/**
 * tap_head() - Copy the beginning of a frame
 * @f:		Frame
 * @copy:	Destination
 * @n:		Bytes there
 *
 * Return: bytes copied, fewer if the frame is shorter
 */
uint32_t tap_head(const struct tap_frame *f, void *copy, uint32_t n)
{
	uint8_t *to = copy;
	uint32_t done = 0;

	for (int i = 0; i < f->niov && done < n; i++) {
		uint32_t use = (uint32_t)min_size(f->iov[i].iov_len, n - done);

		memcpy(to + done, f->iov[i].iov_base, use);
		done += use;
	}
	return done;
}

/**
 * tap_lend() - Borrow room for payload toward the guest
 * @hlen:	Header bytes that will go before each piece, up to TAP_HEAD_MAX
 * @unit:	Largest payload of a frame, bytes
 * @want:	Payload in all, bytes, 1 or more
 * @iov:	Filled; pieces of @unit bytes, the last may be shorter
 * @max:	Entries there
 *
 * The loan ends at the next call of this or of tap_send().
 *
 * Return: pieces; 0: no room, wait for TAP_EV_ROOM or TAP_EV_UP
 */
int tap_lend(unsigned hlen, uint32_t unit, size_t want, struct iovec *iov, int max)
{
	return self.qemu ? tap_qemu_lend(hlen, unit, want, iov, max) :
			   tap_ns_lend(unit, want, iov, max);
}

/**
 * tap_give() - Send a frame whose payload stands in the next piece lent
 * @hdr:	Ethernet, IP and TCP or UDP header
 * @hlen:	Its length, as given to tap_lend()
 * @len:	Payload, bytes: a full unit in all frames but the last
 * @vh:		Checksum to be completed, segments to be cut
 *
 * Return: 0; -errno: lost on the way, as on any wire, and counted
 */
int tap_give(const void *hdr, unsigned hlen, uint32_t len,
	     const struct virtio_net_hdr *vh)
{
	self.bytes += len;
	return self.qemu ? tap_qemu_give(hdr, hlen, len, vh) : tap_ns_give(hdr, hlen, len, vh);
}

/**
 * tap_send() - Send a frame to the guest, copying it
 * @frame:	All of it, without any padding needed
 * @len:	Its length, up to TAP_FRAME_MAX
 * @vh:		Checksum to be completed, segments to be cut
 *
 * Return: 0; -ENOBUFS: no room, -ENETDOWN: no guest; counted, caller relies on
 *	   whoever repeats such things
 */
int tap_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	return self.qemu ? tap_qemu_send(frame, len, vh) : tap_ns_send(frame, len, vh);
}

/**
 * tap_flush() - Push out what was gathered
 */
void tap_flush(void)
{
	if (self.qemu)
		tap_qemu_flush();
}

/**
 * tap_trim() - The link was quiet for long: give memory back
 */
void tap_trim(void)
{
	if (self.qemu)
		tap_qemu_trim();
	else
		tap_ns_trim();
}
