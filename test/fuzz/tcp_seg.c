// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_seg.c - TCP segments of a guest
 * links: tcp_seg.c tail.c frame.c tap_link.c conn.c timer.c addr.c csum.c count.c log.c util.c
 *
 * Input: the segment, behind one byte whose lowest bit says IPv6.  What comes
 * out is within what there is, and the answer to it as a stray one is a segment.
 */
#include "test/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "count.h"
#include "net.h"
#include "tap.h"
#include "tcp_seg.h"
#include "util.h"
#include "wire.h"

static struct net test_net = { .mtu = 1500, .has4 = true, .has6 = true };
const struct net *const net = &test_net;
static unsigned sent;

static void must(bool cond)
{
	if (!cond)
		abort();
}

int tap_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	const uint8_t *p = frame;
	uint32_t l4 = get_be16(p + 12) == WIRE_IP4 ? 34 : 54;

	must(vh && len == l4 + sizeof(struct wire_tcp) && p[l4 + 13] & TCP_RST);
	sent++;
	return 0;
}

unsigned tap_caps(void)
{
	return 0;
}

uint32_t tap_head(const struct tap_frame *f, void *copy, uint32_t n)
{
	n = min_u32(n, f->len);
	memcpy(copy, f->iov->iov_base, n);
	return n;
}

/* as_frame() - What frame_parse() would have made of it */
static void as_frame(struct frame *f, const struct tap_frame *t, bool v6)
{
	memset(f, 0, sizeof(*f));
	f->tap = t;
	f->proto = WIRE_TCP;
	f->src.b[15] = 2;
	f->dst.b[15] = 3;
	if (!v6) {
		f->src = addr_from4((const uint8_t[]){ 192, 0, 2, 2 });
		f->dst = addr_from4((const uint8_t[]){ 192, 0, 2, 1 });
	}
	f->l4len = t->len;
	f->headlen = tap_head(t, f->head, sizeof(f->head));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tap_frame t = { .niov = 1 };
	struct conn_key key = { .proto = WIRE_TCP };
	struct iovec iov;
	struct tcp_seg s;
	struct frame f;

	if (!size || size > 65536)
		return 0;
	count_reset();
	conn_init();
	iov.iov_len = size - 1;
	iov.iov_base = malloc(iov.iov_len ? iov.iov_len : 1);
	must(iov.iov_base);
	memcpy(iov.iov_base, data + 1, iov.iov_len);
	t.iov = &iov;
	t.len = (uint32_t)iov.iov_len;
	/* Most inputs would end at the checksum */
	t.vh.flags = data[0] & 2 ? 0 : VIRTIO_NET_HDR_F_NEEDS_CSUM;
	as_frame(&f, &t, data[0] & 1);
	if (tcp_seg_parse(&f, &s)) {
		struct conn *c;

		must(s.hlen >= sizeof(struct wire_tcp) && s.hlen + s.len == t.len);
		must(s.key.gport && s.key.fport && s.wscale >= -1 && s.wscale <= UINT8_MAX);
		key.guest = f.src;
		key.far = f.dst;
		c = conn_new(CONN_TCP, &key);
		c->tcp.mss = tcp_seg_mss(c, s.mss);
		must(c->tcp.mss >= 48 && c->tcp.mss <= 1460);
		sent = 0;
		tcp_seg_reset_stray(&s);
		must(sent == 1);
	}
	free(iov.iov_base);
	return 0;
}
