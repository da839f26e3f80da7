/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gram.h - datagrams, from the guest, from a socket, and what has to become of them
 */
#ifndef GRAM_H
#define GRAM_H

#include "test/unit/datagram.h"

/* Frames of the guest, borrowed until the batch ends */

struct gram {
	const char *src, *dst;
	uint16_t sport, dport, ttl, gso;
	uint32_t len;
	bool df, no_csum, bad_csum;
	int ulen_off;
	uint8_t fill;
};

static struct { uint8_t b[DATA_MAX]; struct iovec iov; struct tap_frame tap; } borrowed[64];
static int nborrowed;

static inline void from_guest(const struct gram *g, uint64_t now)
{
	struct head h = { .src = at(g->src), .dst = at(g->dst), .proto = WIRE_UDP,
			  .ttl = (uint8_t)(g->ttl ? g->ttl : 64), .frag = g->df ? IP4_DF : 0 };
	uint8_t *b = borrowed[nborrowed].b;
	uint32_t l4len = 8 + g->len, hlen = put_head(b, &h, l4len);
	uint8_t *u = b + hlen;
	struct tap_frame *tf = &borrowed[nborrowed].tap;
	struct frame f;
	uint16_t sum;

	memset(u, 0, 8);
	put_be16(u, g->sport);
	put_be16(u + 2, g->dport);
	put_be16(u + 4, (uint16_t)((int)l4len + g->ulen_off));
	memset(u + 8, g->fill, g->len);
	sum = csum_fold(csum_add(frame_pseudo(&h.src, &h.dst, WIRE_UDP, l4len), u, l4len));
	sum = sum ? sum : UINT16_MAX;
	if (g->bad_csum)
		sum ^= 0x0101;
	if (!g->no_csum)
		memcpy(u + 6, &sum, 2);

	borrowed[nborrowed].iov = (struct iovec){ b, hlen + l4len };
	*tf = (struct tap_frame){ .iov = &borrowed[nborrowed].iov, .niov = 1,
				  .len = hlen + l4len };
	if (g->gso) {
		tf->vh.gso_type = 5;
		tf->vh.gso_size = g->gso;
		tf->vh.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	}
	nborrowed++;
	CHECK_EQ(frame_parse(tf, &f), FRAME_IP);
	udp_frame(&f, now);
	memset(&f, 0xa5, sizeof(f));	/* only the borrowed frame may be used later */
}

static inline void flush(uint64_t now)
{
	udp_flush(now);
	nborrowed = 0;
}

static const struct gram basic = {
	.src = "192.0.2.2", .dst = "198.51.100.1", .sport = 4000, .dport = 5000,
	.len = 100, .fill = 'a',
};
static const struct gram basic6 = {
	.src = "2001:db8::2", .dst = "2001:db8:1::1", .sport = 4000, .dport = 5000,
	.len = 100, .fill = 'b',
};

static inline struct conn *flow(const struct gram *g)
{
	struct conn_key key = { .guest = at(g->src), .far = at(g->dst), .gport = g->sport,
				.fport = g->dport, .proto = WIRE_UDP };

	return conn_find(&key);
}

/* opened() - What the guest sends opens a flow: its entry, NULL after a failed check */
static inline struct conn *opened(const struct gram *g, uint64_t now)
{
	struct conn *c;

	from_guest(g, now);
	flush(now);
	c = flow(g);
	CHECK(c != NULL);
	return c;
}

static inline void arrive(const char *peer, uint16_t port, uint32_t len, uint16_t seg)
{
	static uint8_t buf[SOCK_UDP_BATCH][SOCK_UDP_HEADROOM + DATA_MAX];
	struct sock_udp_in *in = &t.in[t.nin];

	memset(in, 0, sizeof(*in));
	memset(buf[t.nin], 0, SOCK_UDP_HEADROOM);
	in->path.peer = at(peer);
	in->path.port = port;
	in->path.local = at(strchr(peer, ':') ? "2001:db8::9" : "192.0.2.9");
	in->data = buf[t.nin] + SOCK_UDP_HEADROOM;
	in->len = len;
	in->seg = seg;
	for (uint32_t i = 0; i < len; i++)
		in->data[i] = (uint8_t)i;
	t.nin++;
}

/* check_frame() - A whole datagram went to the guest; checksum as the link makes it */
static inline void check_frame(int i, const char *src, uint16_t sport,
			       const char *dst, uint16_t dport, uint32_t len)
{
	bool v4 = !strchr(src, ':');
	uint32_t hlen = v4 ? 34 : 54;
	struct addr s = at(src), d = at(dst);
	uint8_t *b = t.frame[i];
	uint64_t sum = frame_pseudo(&s, &d, WIRE_UDP, len + 8);

	CHECK(i < t.nframes);
	CHECK_EQ(t.frame_len[i], hlen + 8 + len);
	CHECK_MEM(b, test_net.guest_mac, 6);
	CHECK_MEM(v4 ? b + 26 : b + 22, v4 ? addr_v4(&s) : s.b, v4 ? 4 : 16);
	CHECK_MEM(v4 ? b + 30 : b + 38, v4 ? addr_v4(&d) : d.b, v4 ? 4 : 16);
	CHECK_EQ(get_be16(b + hlen), sport);
	CHECK_EQ(get_be16(b + hlen + 2), dport);
	CHECK_EQ(get_be16(b + hlen + 4), len + 8);
	CHECK_EQ(t.vh[i].flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	CHECK_EQ(t.vh[i].csum_start, hlen);
	CHECK_EQ(t.vh[i].csum_offset, 6);
	/* The field holds the pseudo header, as virtio wants it */
	CHECK_MEM(b + hlen + 6, &(uint16_t){ (uint16_t)~csum_fold(sum) }, 2);
}

/* check_icmp() - An error went to the guest, right in each checksum */
static inline void check_icmp(int i, const char *from, uint8_t type, uint8_t code,
			      const struct gram *about)
{
	bool v4 = !strchr(from, ':');
	uint32_t hlen = v4 ? 34 : 54, ip = hlen - 14;
	struct addr s = at(from), d = at(about->src), dst = at(about->dst);
	const uint8_t *b = t.frame[i], *q = b + hlen + 8, *u = q + ip;

	CHECK(i < t.nframes);
	CHECK(t.frame_len[i] <= (v4 ? 576U : 1280U) + 14);
	CHECK_MEM(v4 ? b + 26 : b + 22, v4 ? addr_v4(&s) : s.b, v4 ? 4 : 16);
	CHECK_MEM(v4 ? b + 30 : b + 38, v4 ? addr_v4(&d) : d.b, v4 ? 4 : 16);
	CHECK_EQ(b[v4 ? 23 : 20], v4 ? WIRE_ICMP4 : WIRE_ICMP6);
	CHECK_EQ(b[hlen], type);
	CHECK_EQ(b[hlen + 1], code);
	/* The guest's datagram: addresses and ports as it sent them */
	CHECK_MEM(v4 ? q + 12 : q + 8, v4 ? addr_v4(&d) : d.b, v4 ? 4 : 16);
	CHECK_MEM(v4 ? q + 16 : q + 24, v4 ? addr_v4(&dst) : dst.b, v4 ? 4 : 16);
	if (v4) {
		CHECK_EQ(csum_fold(csum_add(0, q, 20)), 0);
		CHECK_EQ(get_be16(q + 2), 28 + about->len);
	}
	CHECK_EQ(get_be16(u), about->sport);
	CHECK_EQ(get_be16(u + 2), about->dport);
	CHECK_EQ(get_be16(u + 4), about->len + 8);
	/* All of it was quoted, so that its checksum can be looked at */
	if (t.frame_len[i] == hlen + 8 + ip + 8 + about->len)
		CHECK_EQ(csum_fold(csum_add(frame_pseudo(&d, &dst, WIRE_UDP, about->len + 8),
					    u, about->len + 8)), 0);
}

#endif /* GRAM_H */
