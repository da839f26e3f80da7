// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frag.c - fragments of a guest in any order, of any kind
 * links: frag.c frame.c conn.c timer.c addr.c csum.c tap_link.c count.c log.c util.c
 *
 * An input is a row of records of 6 bytes, one fragment each:
 *
 *	0	bit 0 IPv6, bit 1 more, bits 2-4 identification, bit 5 TCP,
 *		bit 6 destination options, bit 7: end the batch, look at the timer
 *	1-2	offset in units of 8, upper 3 bits ignored
 *	3-4	length in bytes
 *	5	first byte of the payload, the others count up from it
 *
 * Each fragment lies in memory of exactly its size.  What comes out whole must
 * be as long as it says, in one piece, and can be cut for the way back.
 */
#include "test/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "count.h"
#include "csum.h"
#include "frag.h"
#include "net.h"
#include "tap.h"
#include "timer.h"
#include "util.h"
#include "wire.h"

enum { RECORD = 6, RECORDS_MAX = 4096, STEP_US = 3000000 };

static struct net test_net = {
	.mac = { 2, 0, 0, 0, 0, 1 }, .mtu = 576, .has4 = true, .has6 = true,
};
const struct net *const net = &test_net;

static void must(bool cond)
{
	if (!cond)
		abort();
}

int tap_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	uint8_t *copy = malloc(len);

	must(copy && vh && len <= test_net.mtu + sizeof(struct wire_eth));
	memcpy(copy, frame, len);	/* each byte must be there */
	free(copy);
	return 0;
}

uint32_t tap_head(const struct tap_frame *f, void *copy, uint32_t n)
{
	n = min_u32(n, f->len);
	memcpy(copy, f->iov->iov_base, n);
	return n;
}

/* put_ip() - IP header, and fragment header for IPv6, at @b; what a record says */
static void put_ip(uint8_t *b, const uint8_t *r, uint32_t len)
{
	uint16_t off = (uint16_t)(get_be16(r + 1) & IP4_OFFSET);
	uint8_t proto = r[0] & 64 ? WIRE_DSTOPTS : r[0] & 32 ? WIRE_TCP : WIRE_UDP;
	bool more = r[0] & 2;
	uint8_t id = r[0] >> 2 & 7;
	uint16_t sum;

	if (r[0] & 1) {
		b[0] = 0x60;
		put_be16(b + 4, (uint16_t)(sizeof(struct wire_ip6_frag) + len));
		b[6] = WIRE_FRAGMENT;
		b[7] = 64;
		b[8] = b[24] = 0xfd;
		b[23] = 1;
		b[39] = 2;
		b[40] = proto;
		put_be16(b + 42, (uint16_t)(off << 3 | more));
		b[47] = id;
		return;
	}
	b[0] = 0x45;
	put_be16(b + 2, (uint16_t)(sizeof(struct wire_ip4) + len));
	b[5] = id;
	put_be16(b + 6, (uint16_t)((more ? IP4_MF : 0) | off));
	b[8] = 64;
	b[9] = proto;
	b[12] = b[16] = 10;
	b[15] = 1;
	b[19] = 2;
	sum = csum_fold(csum_add(0, b, sizeof(struct wire_ip4)));
	memcpy(b + 10, &sum, sizeof(sum));
}

/* use() - Do with a whole packet what the program does */
static void use(const struct frame *f)
{
	uint8_t *all = malloc(f->l4len + 1);

	must(all && frame_copy(f, 0, all, f->l4len + 1) == f->l4len);
	must(f->tap->niov == 1 && f->tap->iov->iov_len == f->tap->len);
	must(f->l4 + f->l4len == f->tap->len);
	(void)frame_csum_ok(f);
	(void)frame_l4(f, sizeof(struct wire_tcp));
	(void)frag_send(&f->dst, &f->src, f->proto, all, f->l4len);
	free(all);
}

static void end_batch(uint64_t now)
{
	const struct frame *f;
	uint8_t first[512];

	frag_release();
	while ((f = frag_timeout(now)))
		must(frame_copy(f, 0, first, sizeof(first)) <= f->l4len);
}

static void one(const uint8_t *r, uint64_t now)
{
	uint32_t ip = r[0] & 1 ? 40 + 8 : 20;
	uint32_t len = min_u32(get_be16(r + 3), 65535 - ip);
	uint8_t *b = calloc(1, 14 + ip + len);
	struct iovec iov = { b, 14 + ip + len };
	struct tap_frame t = { .iov = &iov, .niov = 1, .len = (uint32_t)iov.iov_len };
	const struct frame *whole = NULL;
	struct frame f = { .tap = NULL };

	must(b != NULL);
	memcpy(b, test_net.mac, sizeof(test_net.mac));
	b[6] = 2;
	put_be16(b + 12, r[0] & 1 ? WIRE_IP6 : WIRE_IP4);
	put_ip(b + 14, r, len);
	for (uint32_t i = 0; i < len; i++)
		b[14 + ip + i] = (uint8_t)(r[5] + i);
	if (frame_parse(&t, &f) == FRAME_FRAGMENT)
		whole = frag_from_guest(&f, now);
	free(b);
	if (whole)
		use(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;
	uint64_t now = STEP_US;

	/* Once: it looks at each of its ids, and frag_init() clears the one in use */
	if (!begun)
		timer_init(now);
	begun = true;
	count_reset();
	conn_init();
	frag_init();
	for (size_t i = 0; i < size / RECORD && i < RECORDS_MAX; i++) {
		const uint8_t *r = data + i * RECORD;

		one(r, now);
		if (r[0] & 128) {
			now += STEP_US;
			end_batch(now);
		}
	}
	end_batch(UINT64_C(1) << 60);
	must(timer_due(TIMER_FRAG) == TIMER_NEVER);
	return 0;
}
