// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * csum.c - the Internet checksum against a sum made byte by byte
 * links: csum.c
 */
#include "csum.h"

#include <sys/uio.h>

#include "test/unit/check.h"
#include "util.h"

enum { ROOM = 70000, PIECES = 16 };

static uint8_t data[ROOM];

/* oracle() - RFC 1071, section 1, taken literally: even bytes count 256 */
static uint16_t oracle(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)~sum;
}

/* folded() - What csum_fold() stores, as a number */
static uint16_t folded(uint64_t sum)
{
	uint16_t c = csum_fold(sum);

	return get_be16(&c);
}

/* Numbers of RFC 1071, section 3: the sum is ddf2, its complement 220d */
static void test_rfc1071(void)
{
	static const uint8_t b[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	CHECK_EQ(folded(csum_add(0, b, sizeof(b))), 0x220d);
	CHECK_EQ(folded(0), 0xffff);
}

static void test_lengths(void)
{
	check_fill(data, sizeof(data));
	for (size_t len = 0; len < 300; len++)
		for (size_t at = 0; at < 9; at++)
			CHECK_EQ(folded(csum_add(0, data + at, len)),
				 oracle(data + at, len));
	CHECK_EQ(folded(csum_add(0, data, 65535)), oracle(data, 65535));
}

/* All ones are where carries go wrong */
static void test_carries(void)
{
	memset(data, 0xff, sizeof(data));
	for (size_t len = 1; len < 200; len++)
		CHECK_EQ(folded(csum_add(0, data, len)), oracle(data, len));
	CHECK_EQ(folded(csum_add(0, data, ROOM)), oracle(data, ROOM));
	CHECK_EQ(folded(UINT64_MAX), 0);
	CHECK_EQ(csum_fold(UINT64_C(0xfffffffeffffffff)), 1);
	CHECK_EQ(csum_fold(UINT64_C(0xffffffff00000001)), 0xfffe);
}

static void test_running(void)
{
	check_fill(data, sizeof(data));
	for (int i = 0; i < 1000; i++) {
		size_t len = check_below(3000);
		size_t cut = check_below(len + 1) & ~(size_t)1;
		uint64_t sum = csum_add(0, data, cut);

		CHECK_EQ(folded(csum_add(sum, data + cut, len - cut)),
			 oracle(data, len));
	}
}

/* A packet that carries its own checksum folds to 0 */
static void test_verifies(void)
{
	for (int i = 0; i < 1000; i++) {
		size_t len = 20 + check_below(1500);
		size_t at = check_below(len / 2 - 1) * 2;
		uint16_t c;

		check_fill(data, len);
		memset(data + at, 0, 2);
		c = csum_fold(csum_add(0, data, len));
		memcpy(data + at, &c, 2);
		CHECK_EQ(csum_fold(csum_add(0, data, len)), 0);
		data[check_below(len)] ^= 0x10;
		CHECK(csum_fold(csum_add(0, data, len)) != 0);
	}
}

/* split() - Split @len bytes of data at random, empty and odd pieces included */
static int split(struct iovec iov[static PIECES], size_t len)
{
	int n = 1 + (int)check_below(PIECES);
	size_t at = 0;

	for (int i = 0; i < n; i++) {
		size_t left = len - at;

		iov[i].iov_base = data + at;
		iov[i].iov_len = i == n - 1 ? left : check_below(left / 2 + 2);
		iov[i].iov_len = min_size(iov[i].iov_len, left);
		at += iov[i].iov_len;
	}
	return n;
}

static void test_iov(void)
{
	struct iovec iov[PIECES];

	check_fill(data, sizeof(data));
	for (int i = 0; i < 20000; i++) {
		size_t len = check_below(200);
		size_t skip = check_below(len + 1);
		size_t take = check_below(len + 10);
		int n = split(iov, len);

		CHECK_EQ(folded(csum_add_iov(0, iov, n, skip, take)),
			 oracle(data + skip, min_size(take, len - skip)));
	}
}

/* With bytes in front, as a pseudo header is */
static void test_iov_after_sum(void)
{
	struct iovec iov[PIECES];

	check_fill(data, sizeof(data));
	for (int i = 0; i < 5000; i++) {
		size_t len = 40 + check_below(2000);
		uint64_t sum = csum_add(0, data, 40);
		int n = split(iov, len);

		CHECK_EQ(folded(csum_add_iov(sum, iov, n, 40, len)),
			 oracle(data, len));
	}
}

int main(void)
{
	RUN(test_rfc1071);
	RUN(test_lengths);
	RUN(test_carries);
	RUN(test_running);
	RUN(test_verifies);
	RUN(test_iov);
	RUN(test_iov_after_sum);
	return check_done();
}
