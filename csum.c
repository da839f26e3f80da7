// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * csum.c - the Internet checksum (RFC 1071)
 *
 * Theory of operation
 *
 *   The one's complement sum of 16-bit words does not depend on the order of
 *   bytes in a word, only on which of the two a byte is (RFC 1071, section 2,
 *   B), so memory is summed as it stands, 32 bits at a time, into 64 bits: that
 *   can not overflow below 2^32 words.  Several independent sums let the
 *   compiler use vector registers.
 *
 *   A running sum is a uint64_t in memory order.  csum_fold() turns it into the
 *   complement, as 16 bits to be stored with memcpy(), in memory order again.
 *   A sum over a correct packet, its checksum included, folds to 0.
 */
#include "csum.h"

#include <string.h>
#include <sys/uio.h>

#include "util.h"

enum { LANES = 8 };

/**
 * csum_add() - Add bytes to a running sum
 * @sum:	Sum so far, 0 at first
 * @data:	Bytes; they begin at an even offset of what is summed
 * @len:	Their number; odd only for the last piece
 *
 * Return: new sum
 */
uint64_t csum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t lane[LANES] = { 0 };
	uint32_t w[LANES];

	for (; len >= sizeof(w); len -= sizeof(w), p += sizeof(w)) {
		memcpy(w, p, sizeof(w));
		for (int i = 0; i < LANES; i++)
			lane[i] += w[i];
	}
	for (int i = 0; i < LANES; i++)
		sum += lane[i];

	for (; len >= 4; len -= 4, p += 4) {
		memcpy(w, p, 4);
		sum += w[0];
	}
	if (len) {
		w[0] = 0;
		memcpy(w, p, len);
		sum += w[0];
	}
	return sum;
}

/**
 * csum_fold() - Finish a sum
 * @sum:	Running sum
 *
 * Return: its complement in 16 bits, memory order
 */
uint16_t csum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~sum;
}

/* swap() - The sum of the same bytes, moved by one byte (RFC 1071, 2, B) */
static uint64_t swap(uint64_t sum)
{
	uint16_t s = (uint16_t)~csum_fold(sum);

	return (uint16_t)(s << 8 | s >> 8);
}

/**
 * csum_add_iov() - Add scattered bytes to a running sum
 * @sum:	Sum so far, over an even number of bytes
 * @iov:	Pieces, of any length
 * @niov:	Number of pieces
 * @skip:	Bytes to leave out at the beginning
 * @len:	Bytes to add; fewer if the pieces end before
 *
 * Return: new sum
 */
uint64_t csum_add_iov(uint64_t sum, const struct iovec *iov, int niov,
		      size_t skip, size_t len)
{
	size_t done = 0;

	for (int i = 0; i < niov && done < len; i++) {
		size_t from = min_size(skip, iov[i].iov_len);
		size_t n = min_size(iov[i].iov_len - from, len - done);
		uint64_t part;

		skip -= from;
		part = csum_add(0, (const uint8_t *)iov[i].iov_base + from, n);
		sum += done % 2 ? swap(part) : part;
		done += n;
	}
	return sum;
}
