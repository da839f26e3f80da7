// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tap_link.c - what the kinds of guest link have in common
 *
 * Theory of operation
 *
 *   Above the link every frame is made as if the guest's device completed
 *   checksums.  A link whose other end does not calls tap_link_csum() on each
 *   frame just before it leaves.
 */
#include <sys/mman.h>
#include "tap_link.h"

#include <string.h>

#include "csum.h"

/**
 * tap_link_csum() - Complete a checksum in place of the guest's device
 * @frame:	Whole frame, in one piece
 * @len:	Its length
 * @vh:		What was asked for: where to begin, where to store; the field
 *		holds the sum of the pseudo header (virtio 1.2, section 5.1.6.2.1)
 */
void tap_link_csum(uint8_t *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	uint8_t *field = frame + vh->csum_start + vh->csum_offset;
	uint16_t sum;

	if (!(vh->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return;
	sum = csum_fold(csum_add(0, frame + vh->csum_start, len - vh->csum_start));
	/* UDP: 0 means "none was made" (RFC 768).  For TCP the two zeros are one. */
	if (!sum)
		sum = UINT16_MAX;
	memcpy(field, &sum, sizeof(sum));
}

/**
 * tap_link_trim() - Give the memory of a buffer back to the kernel: nothing is in it
 * @buf:	Buffer, its pages are its own
 * @size:	Its size, bytes
 */
void tap_link_trim(void *buf, size_t size)
{
	(void)madvise(buf, size, MADV_DONTNEED);
}
