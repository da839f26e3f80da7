// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tap_link.c - unit test of ../../tap_link.c
 * links: tap_link.c csum.c
 */
#include "test/unit/check.h"

#include "tap_link.h"

enum { SIZE = 2000, ROUNDS = 3000 };

/* sum16() - RFC 1071, byte by byte */
static uint32_t sum16(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* What the device does: the sum from @csum_start on, pseudo header in the field */
static void test_random(void)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		static uint8_t before[SIZE], after[SIZE];
		uint32_t start = 2 * (uint32_t)check_below(40);
		uint32_t offset = 2 * (uint32_t)check_below(10);
		uint32_t len = start + offset + 2 + (uint32_t)check_below(1500);
		struct virtio_net_hdr vh = {
			.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
			.csum_start = (uint16_t)start, .csum_offset = (uint16_t)offset,
		};
		uint32_t at = start + offset, sum;
		uint8_t *frame = malloc(len);

		check_fill(before, len);
		memcpy(frame, before, len);
		tap_link_csum(frame, len, &vh);
		memcpy(after, frame, len);
		free(frame);
		CHECK_MEM(before, after, at);
		CHECK_MEM(before + at + 2, after + at + 2, len - at - 2);
		sum = 0xffff - sum16(before + start, len - start);
		CHECK_EQ(after[at] << 8 | after[at + 1], sum ? sum : 0xffff);
	}
}

/* A sum of 0 is written as its other form: 0 says that there is none (RFC 768) */
static void test_zero(void)
{
	uint8_t frame[] = { 1, 2, 3, 4, 0, 0, 0xff, 0xff };
	struct virtio_net_hdr vh = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 4,
	};

	tap_link_csum(frame, sizeof(frame), &vh);
	CHECK_EQ(frame[4], 0xff);
	CHECK_EQ(frame[5], 0xff);
}

static void test_none(void)
{
	uint8_t frame[64], before[64];
	struct virtio_net_hdr vh = { .csum_start = 34, .csum_offset = 6 };

	check_fill(frame, sizeof(frame));
	memcpy(before, frame, sizeof(frame));
	tap_link_csum(frame, sizeof(frame), &vh);
	CHECK_MEM(frame, before, sizeof(frame));
}

int main(void)
{
	RUN(test_random);
	RUN(test_zero);
	RUN(test_none);
	return check_done();
}
