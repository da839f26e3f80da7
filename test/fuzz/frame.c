// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frame.c - frames of a guest, and all that is asked of one
 * links: frame.c tap_link.c addr.c csum.c count.c log.c util.c
 *
 * An input is a frame, but for its first two bytes: where it is cut into two
 * pieces, and flags of the offload header, of which bit 7 asks for the checksum
 * of an IPv4 header to be filled in.  Each piece lies in memory of exactly its
 * size.
 */
#include "test/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "count.h"
#include "csum.h"
#include "frame.h"
#include "net.h"
#include "tap.h"
#include "util.h"
#include "wire.h"

enum { PREFIX = 2, L4_MAX = 64, COPY_MAX = 70000 };

static struct net test_net = {
	.mac = { 0x9a, 0x55, 0x9a, 0x55, 0x9a, 0x55 }, .mtu = 1500,
	.has4 = true, .has6 = true,
};
const struct net *const net = &test_net;

static void must(bool cond)
{
	if (!cond)
		abort();
}

int tap_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	(void)frame;
	(void)len;
	(void)vh;
	return 0;
}

uint32_t tap_head(const struct tap_frame *f, void *copy, uint32_t n)
{
	uint32_t done = 0;

	for (int i = 0; i < f->niov && done < n; i++) {
		uint32_t use = (uint32_t)min_size(f->iov[i].iov_len, n - done);

		memcpy((uint8_t *)copy + done, f->iov[i].iov_base, use);
		done += use;
	}
	return done;
}

/* pieces() - Payload from @skip on, in place and copied: the same bytes */
static void pieces(const struct frame *f, uint32_t skip)
{
	static uint8_t copy[COPY_MAX];
	uint32_t len = f->l4len - skip, at = 0;
	struct iovec iov[2];
	int n = frame_payload(f, skip, len, iov, 2);

	must(frame_copy(f, skip, copy, len) == len);
	for (int i = 0; i < n; i++) {
		must(iov[i].iov_len <= len - at);
		must(!memcmp(copy + at, iov[i].iov_base, iov[i].iov_len));
		at += (uint32_t)iov[i].iov_len;
	}
	must(at == len);
}

/* ask() - Each question that modules above ask */
static void ask(const struct frame *f, enum frame_kind kind)
{
	uint8_t head[L4_MAX];

	must(f->l4 + f->l4len <= f->tap->len);
	must(addr_is4(&f->src) == addr_is4(&f->dst));
	must(!addr_is_loopback(&f->dst) && !addr_is_loopback(&f->src));
	must(!addr_is_multicast(&f->src));
	if (kind == FRAME_FRAGMENT)
		must(f->frag_off % 8 == 0 && (f->frag_off || f->frag_more));
	for (uint32_t n = 0; n <= L4_MAX; n++) {
		const void *p = frame_l4(f, n);

		if (p)
			memcpy(head, p, n);
	}
	pieces(f, 0);
	pieces(f, f->l4len / 2);
	pieces(f, f->l4len);
	(void)frame_csum_ok(f);
}

/* seal() - Checksum of an IPv4 header, which few inputs would have right */
static void seal(uint8_t *frame, uint32_t len)
{
	struct wire_ip4 *ip = (void *)(frame + sizeof(struct wire_eth));
	size_t hlen = (size_t)(ip->ver_ihl & 15) * 4;
	uint16_t sum;

	if (hlen < sizeof(*ip) || len < sizeof(struct wire_eth) + hlen)
		return;
	memset(ip->csum, 0, sizeof(ip->csum));
	sum = csum_fold(csum_add(0, ip, hlen));
	memcpy(ip->csum, &sum, sizeof(sum));
}

/* piece() - Bytes in memory of exactly their number */
static struct iovec piece(const uint8_t *p, size_t n)
{
	struct iovec v = { malloc(n ? n : 1), n };

	must(v.iov_base);
	memcpy(v.iov_base, p, n);
	return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[TAP_FRAME_MAX];
	struct tap_frame t = { .niov = 2 };
	struct iovec iov[2];
	enum frame_kind kind;
	struct frame f = { .tap = NULL };
	size_t cut;

	if (size < PREFIX || size > TAP_FRAME_MAX)
		return 0;
	count_reset();
	t.vh.flags = data[1] & 127;
	t.len = (uint32_t)(size - PREFIX);
	memcpy(frame, data + PREFIX, t.len);
	if (data[1] & 128)
		seal(frame, t.len);
	cut = min_size(data[0], t.len);
	iov[0] = piece(frame, cut);
	iov[1] = piece(frame + cut, t.len - cut);
	t.iov = iov;

	kind = frame_parse(&t, &f);
	if (kind == FRAME_IP || kind == FRAME_FRAGMENT)
		ask(&f, kind);
	free(iov[0].iov_base);
	free(iov[1].iov_base);
	return 0;
}
