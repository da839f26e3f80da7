// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_seg.c - unit test of ../../tcp_seg.c
 * links: tcp_seg.c tail.c frame.c tap_link.c conn.c timer.c addr.c csum.c count.c util.c
 *
 * Segments to the guest are decoded here from RFC 9293, figure 1, and those of
 * the guest are put together the same way.
 */
#include "test/unit/check.h"

#include <sys/uio.h>

#include "count.h"
#include "log.h"
#include "net.h"
#include "tail.h"
#include "tap.h"
#include "tcp_seg.h"
#include "util.h"
#include "wire.h"

enum { SIZE = 2048, GUEST = 40000, FAR = 80 };

static struct net test_net = {
	.mac = { 2, 0, 0, 0, 0, 1 }, .guest_mac = { 2, 0, 0, 0, 0, 2 }, .mtu = 1500,
	.has4 = true, .has6 = true,
};
const struct net *const net = &test_net;
enum log_level log_level = LOG_LVL_ERR;
static unsigned caps;

void log_bug(const char *file, int line, const char *what)
{
	(void)fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

void log_die(int error, const char *fmt, ...)
{
	(void)error;
	(void)fputs(fmt, stderr);
	exit(1);
}

/* What was sent last */
static struct {
	uint8_t data[SIZE];
	uint32_t len;
	struct virtio_net_hdr vh;
	unsigned num;
} sent;

int tap_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	CHECK(len <= SIZE);
	memcpy(sent.data, frame, len);
	tap_link_csum(sent.data, len, vh);
	sent.len = len;
	sent.vh = *vh;
	sent.num++;
	return 0;
}

unsigned tap_caps(void)
{
	return caps;
}

uint32_t tap_head(const struct tap_frame *f, void *copy, uint32_t n)
{
	n = min_u32(n, f->len);
	memcpy(copy, f->iov->iov_base, n);
	return n;
}

/* sum16() - RFC 1071, byte by byte, complemented */
static uint16_t sum16(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* pseudo() - What the pseudo header of a packet adds, from its IP header */
static uint32_t pseudo(const uint8_t *ip, uint32_t l4len)
{
	bool v4 = ip[0] >> 4 == 4;

	return WIRE_TCP + l4len +
	       (uint16_t)~sum16(0, ip + (v4 ? 12 : 8), v4 ? 8 : 32);
}

/**
 * struct decoded - a segment as it stands in a frame
 * @v4:		IPv4
 * @sport:	source port
 * @dport:	destination port
 * @seq:	sequence number
 * @ack:	acknowledgement number
 * @hlen:	header length
 * @flags:	flags
 * @wnd:	window field
 * @mss:	option, 0: none
 * @wscale:	option, -1: none
 * @sack_ok:	option
 * @nsack:	blocks of a SACK option, 0: none
 * @sack:	their ends
 * @len:	length of the payload by the IP header
 */
struct decoded {
	bool v4;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint32_t hlen;
	uint8_t flags;
	uint16_t wnd;
	uint16_t mss;
	int wscale;
	bool sack_ok;
	unsigned nsack;
	uint32_t sack[4][2];
	uint32_t len;
};

/* blocks() - Decode a SACK option (RFC 2018, section 3), aligned */
static void blocks(struct decoded *d, const uint8_t *p, uint32_t at)
{
	CHECK(!d->nsack && at % 4 == 2);
	CHECK(p[1] == 10 || p[1] == 18 || p[1] == 26 || p[1] == 34);
	d->nsack = p[1] / 8;
	p += 2;
	for (unsigned i = 0; i < d->nsack && i < 4; i++, p += 8) {
		d->sack[i][0] = get_be32(p);
		d->sack[i][1] = get_be32(p + 4);
	}
}

/* options() - Decode what stands behind the fixed header; each at most once */
static void options(struct decoded *d, const uint8_t *p, uint32_t len)
{
	d->mss = 0;
	d->wscale = -1;
	for (uint32_t i = 0; i < len && p[i]; i += p[i] == 1 ? 1 : p[i + 1]) {
		if (p[i] == 1)
			continue;
		CHECK(i + 1 < len && p[i + 1] >= 2 && i + p[i + 1] <= len);
		if (p[i] == 2) {
			CHECK(p[i + 1] == 4 && !d->mss);
			d->mss = get_be16(p + i + 2);
		} else if (p[i] == 4) {
			CHECK(p[i + 1] == 2 && !d->sack_ok);
			d->sack_ok = true;
		} else if (p[i] == 5) {
			blocks(d, p + i, i);
		} else {
			CHECK(p[i] == 3 && p[i + 1] == 3 && d->wscale < 0);
			d->wscale = p[i + 2];
		}
	}
}

/* decode() - Headers at @f; the IP header says how much follows */
static struct decoded decode(const uint8_t *f)
{
	struct decoded d = { .v4 = get_be16(f + 12) == 0x0800 };
	const uint8_t *tcp = f + (d.v4 ? 34 : 54);

	CHECK(d.v4 || get_be16(f + 12) == 0x86dd);
	CHECK_EQ(f[d.v4 ? 23 : 20], WIRE_TCP);
	if (d.v4)
		CHECK_EQ(sum16(0, f + 14, 20), 0);
	d.sport = get_be16(tcp);
	d.dport = get_be16(tcp + 2);
	d.seq = get_be32(tcp + 4);
	d.ack = get_be32(tcp + 8);
	d.hlen = (uint32_t)(tcp[12] >> 4) * 4;
	CHECK_EQ(tcp[12] & 15, 0);
	d.flags = tcp[13];
	d.wnd = get_be16(tcp + 14);
	CHECK_EQ(get_be16(tcp + 18), 0);
	d.len = (d.v4 ? get_be16(f + 16) - 20U : get_be16(f + 18)) - d.hlen;
	options(&d, tcp + 20, d.hlen - 20);
	return d;
}

/* last() - Decode what was sent last, which carries no payload */
static struct decoded last(void)
{
	struct decoded d = decode(sent.data);
	uint32_t l4 = d.v4 ? 34 : 54;

	CHECK_EQ(d.len, 0);
	CHECK_EQ(sent.len, l4 + d.hlen);
	CHECK_EQ(sum16(pseudo(sent.data + 14, d.hlen), sent.data + l4, d.hlen), 0);
	CHECK_EQ(sent.vh.gso_type, 0);
	return d;
}

/* fresh() - A connection in the middle of its life */
static struct conn *fresh(bool v4)
{
	struct conn_key key = { .proto = WIRE_TCP, .gport = GUEST, .fport = FAR };
	struct conn *c;

	conn_init();
	sent.num = 0;
	CHECK(addr_parse(v4 ? "192.0.2.2" : "2001:db8::2", &key.guest));
	CHECK(addr_parse(v4 ? "198.51.100.1" : "2001:db8:1::1", &key.far));
	c = conn_new(CONN_TCP, &key);
	c->tcp.phase = PH_OPEN;
	c->tcp.flags = TCPF_WSCALE | TCPF_ACK_DUE;
	c->tcp.mss = v4 ? 1460 : 1440;
	c->tcp.rcv = 1000000;
	c->tcp.edge = 1000000 + 300000;
	c->tcp.una = c->tcp.nxt = c->tcp.sent = 5000;
	return c;
}

static void test_plain(void)
{
	for (int v4 = 0; v4 < 2; v4++) {
		struct conn *c = fresh(v4);
		struct decoded d;

		tcp_seg_send(c, TCP_ACK, 4711);
		CHECK_EQ(sent.num, 1);
		d = last();
		CHECK_EQ(d.v4, v4);
		CHECK_MEM(sent.data, test_net.guest_mac, 6);
		if (v4) {
			CHECK_MEM(sent.data + 26, addr_v4(&c->key.far), 4);
			CHECK_MEM(sent.data + 30, addr_v4(&c->key.guest), 4);
		} else {
			CHECK_MEM(sent.data + 22, c->key.far.b, 16);
			CHECK_MEM(sent.data + 38, c->key.guest.b, 16);
		}
		CHECK_EQ(d.sport, FAR);
		CHECK_EQ(d.dport, GUEST);
		CHECK_EQ(d.seq, 4711);
		CHECK_EQ(d.ack, 1000000);
		CHECK_EQ(d.flags, TCP_ACK);
		CHECK_EQ(d.hlen, 20);
		CHECK_EQ(d.wnd, 300000 >> 8);
		CHECK_EQ(c->tcp.acked, 1000000);
		CHECK(!(c->tcp.flags & TCPF_ACK_DUE));
		/* The guest's FIN counts once all before it is done */
		c->tcp.half[OUT] = HALF_DONE;
		tcp_seg_ack(c);
		CHECK_EQ(last().ack, 1000001);
	}
}

/* Without TCP_ACK nothing is acknowledged, and what is due stays due */
static void test_no_ack(void)
{
	struct conn *c = fresh(true);

	tcp_seg_send(c, TCP_RST, 99);
	CHECK_EQ(last().ack, 0);
	CHECK(c->tcp.flags & TCPF_ACK_DUE);
	CHECK_EQ(c->tcp.acked, 0);
}

/* Options in a SYN only; the window there is not shifted (RFC 7323, 2.2) */
static void test_syn(void)
{
	for (int v4 = 0; v4 < 2; v4++) {
		struct conn *c = fresh(v4);
		struct decoded d;

		tcp_seg_send(c, TCP_SYN | TCP_ACK, 1);
		d = last();
		CHECK_EQ(d.mss, v4 ? 1460 : 1440);
		CHECK_EQ(d.wscale, 8);
		CHECK(!d.sack_ok);
		CHECK_EQ(d.wnd, 65535);
		c->tcp.flags |= TCPF_SACK;
		tcp_seg_send(c, TCP_SYN | TCP_ACK, 1);
		CHECK(last().sack_ok && last().wscale == 8);
		/* The guest did not offer scaling: neither do we, ever again */
		c->tcp.flags = 0;
		tcp_seg_send(c, TCP_SYN | TCP_ACK, 1);
		d = last();
		CHECK_EQ(d.wscale, -1);
		CHECK(!d.sack_ok);
		CHECK_EQ(d.mss, v4 ? 1460 : 1440);
		tcp_seg_send(c, TCP_ACK, 1);
		CHECK_EQ(last().wnd, 65535);
		CHECK_EQ(last().hlen, 20);
		/* We offer it where we are the first to speak */
		c->tcp.flags = TCPF_FROM_HOST;
		tcp_seg_send(c, TCP_SYN, 1);
		CHECK_EQ(last().wscale, 8);
		CHECK(last().sack_ok);
		test_net.mtu = 9000;
		c->tcp.room = 1 << 20;
		tcp_seg_send(c, TCP_SYN, 1);
		CHECK_EQ(last().mss, v4 ? 8960 : 8940);
		/* A small send queue: no window of it is below one segment */
		c->tcp.room = 8 * 2000;
		tcp_seg_send(c, TCP_SYN, 1);
		CHECK_EQ(last().mss, 2000);
		test_net.mtu = 1500;
	}
}

/* Late bytes are named to a guest that understands it, in segments without payload */
static void test_sack(void)
{
	for (int v4 = 0; v4 < 2; v4++) {
		struct conn *c = fresh(v4);

		tail_init();
		for (uint32_t i = 1; i < 7; i++) {
			struct iovec iov = { sent.data, 10 };
			struct decoded d;

			CHECK_EQ(late_put(&c->tcp.late, 1000000 + 100 * i, &iov, 1, 10), 10);
			tcp_seg_ack(c);
			CHECK_EQ(last().nsack, 0);
			c->tcp.flags |= TCPF_SACK;
			tcp_seg_ack(c);
			d = last();
			CHECK_EQ(d.nsack, i < 4 ? i : 4);
			CHECK_EQ(d.hlen, 20 + 4 + 8 * d.nsack);
			CHECK_EQ(d.sack[0][0], 1000000 + 100 * i);
			CHECK_EQ(d.sack[0][1], 1000010 + 100 * i);
			tcp_seg_send(c, TCP_RST | TCP_ACK, 1);
			CHECK_EQ(last().nsack, 0);
			tcp_seg_send(c, TCP_FIN | TCP_ACK, 1);
			CHECK_EQ(last().nsack, 0);
			c->tcp.flags &= (uint16_t)~TCPF_SACK;
		}
		late_drop(&c->tcp.late);
		c->tcp.flags |= TCPF_SACK;
		tcp_seg_ack(c);
		CHECK_EQ(last().hlen, 20);
	}
}

/* The edge announced is the true one or up to 255 bytes before it, never beyond */
static void test_window(void)
{
	struct conn *c = fresh(true);
	struct tcp_conn *t = &c->tcp;

	for (unsigned i = 0; i < 5000; i++) {
		uint32_t open = (uint32_t)check_below(UINT64_C(1) << check_below(31));
		bool scale = check_below(2);
		uint32_t shift = scale ? 8 : 0;
		struct decoded d;

		t->flags = scale ? TCPF_WSCALE : 0;
		t->rcv = (uint32_t)check_rand();
		t->edge = t->rcv + open;
		t->told = t->rcv;
		tcp_seg_ack(c);
		d = last();
		CHECK_EQ(t->told, d.ack + ((uint32_t)d.wnd << shift));
		CHECK((int32_t)(t->told - t->edge) <= 0);
		CHECK(t->edge - t->told < 1U << shift || d.wnd == 65535);
	}
	/* What was told once stays, though rounding announces less now */
	t->flags = TCPF_WSCALE;
	t->rcv = t->edge - 10000;
	t->told = t->edge;
	tcp_seg_ack(c);
	CHECK_EQ(t->told, t->edge);
	/* The guest sent more than there was room for, or its FIN fills the rest */
	t->edge = t->told = t->rcv - 1;
	tcp_seg_ack(c);
	CHECK_EQ(last().wnd, 0);
	CHECK_EQ(t->told, t->edge);
}

/* Headers of data frames: lengths, and what the link has to do */
static void test_head(void)
{
	for (unsigned i = 0; i < 2000; i++) {
		bool v4 = check_below(2);
		struct conn *c = fresh(v4);
		uint32_t len = (uint32_t)check_below(65000);
		uint8_t *h = malloc(TAP_HEAD_MAX);
		struct virtio_net_hdr vh;
		uint32_t l4 = v4 ? 34 : 54;
		struct decoded d;

		if (!check_below(4))
			len = c->tcp.mss + (uint32_t)check_below(2);
		CHECK_EQ(tcp_seg_head(c, h, 77, TCP_ACK | TCP_PSH, len, &vh), l4 + 20);
		d = decode(h);
		CHECK_EQ(d.len, len);
		CHECK_EQ(d.seq, 77);
		CHECK_EQ(d.flags, TCP_ACK | TCP_PSH);
		CHECK_EQ(vh.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
		CHECK_EQ(vh.csum_start, l4);
		CHECK_EQ(vh.csum_offset, 16);
		/* In the field stands the sum of the pseudo header */
		CHECK_EQ((uint16_t)~get_be16(h + l4 + 16),
			 sum16(pseudo(h + 14, 20 + len), h, 0));
		if (len > c->tcp.mss) {
			CHECK_EQ(vh.gso_type, v4 ? VIRTIO_NET_HDR_GSO_TCPV4 :
						   VIRTIO_NET_HDR_GSO_TCPV6);
			CHECK_EQ(vh.gso_size, c->tcp.mss);
			CHECK_EQ(vh.hdr_len, l4 + 20);
		} else {
			CHECK_EQ(vh.gso_type, VIRTIO_NET_HDR_GSO_NONE);
		}
		free(h);
	}
}

/* Frames in whole segments, and an IP packet is never longer than its length field */
static void test_unit(void)
{
	for (int v4 = 0; v4 < 2; v4++) {
		struct conn *c = fresh(v4);

		caps = 0;
		CHECK_EQ(tcp_seg_unit(c), c->tcp.mss);
		caps = v4 ? TAP_TSO6 : TAP_TSO4;
		CHECK_EQ(tcp_seg_unit(c), c->tcp.mss);
		caps = TAP_TSO4 | TAP_TSO6;
		for (uint16_t mss = 48; mss < 65475; mss = (uint16_t)(mss + 13)) {
			uint32_t unit;

			c->tcp.mss = mss;
			unit = tcp_seg_unit(c);
			CHECK(unit && unit % mss == 0);
			CHECK(unit + 40 <= 65535);
			CHECK(unit + mss + 60 > 65535);
		}
		caps = 0;
	}
}

static void test_mss(void)
{
	for (int v4 = 0; v4 < 2; v4++) {
		struct conn *c = fresh(v4);
		struct tcp_seg s = { .mss = 0 };

		CHECK_EQ(tcp_seg_mss(c, s.mss), v4 ? 536 : 1220);
		s.mss = 65535;
		CHECK_EQ(tcp_seg_mss(c, s.mss), v4 ? 1460 : 1440);
		s.mss = 1000;
		CHECK_EQ(tcp_seg_mss(c, s.mss), 1000);
		s.mss = 1;
		CHECK_EQ(tcp_seg_mss(c, s.mss), 48);
	}
}

/* RFC 6528: a clock of 4 us per connection, the same for one, far apart for two */
static void test_isn(void)
{
	struct conn_key key = { .gport = 1 }, other = { .gport = 2 };
	uint32_t isn = tcp_seg_isn(&key, 1000000);
	unsigned near = 0;

	CHECK_EQ(tcp_seg_isn(&key, 1000000), isn);
	CHECK_EQ(tcp_seg_isn(&key, 2000000) - isn, 250000);
	CHECK_EQ(tcp_seg_isn(&key, 1000000 + (UINT64_C(4) << 32)), isn);
	for (uint16_t port = 3; port < 1000; port++) {
		key.gport = port;
		other.gport = (uint16_t)(port + 1);
		near += tcp_seg_isn(&key, 0) - tcp_seg_isn(&other, 0) + 65536 < 131072;
	}
	CHECK(near < 3);
	key.gport = 1;
	conn_init();
	CHECK(tcp_seg_isn(&key, 1000000) != isn);
}

/* A frame of the guest */
static uint8_t *raw;
static struct iovec raw_iov;
static struct tap_frame raw_tap;
static struct frame frame;

/**
 * from_guest() - Put a segment into a frame of exactly its size, and parse that
 * @v4:		IPv4
 * @tcp:	header with options, and payload; its checksum is filled in
 * @len:	bytes there
 */
static void from_guest(bool v4, const uint8_t *tcp, uint32_t len)
{
	uint32_t l4 = v4 ? 34 : 54;

	free(raw);
	raw = calloc(1, l4 + len);
	memcpy(raw, test_net.mac, 6);
	memcpy(raw + 6, test_net.guest_mac, 6);
	put_be16(raw + 12, v4 ? 0x0800 : 0x86dd);
	if (v4) {
		raw[14] = 0x45;
		put_be16(raw + 16, (uint16_t)(20 + len));
		raw[22] = 64;
		raw[23] = WIRE_TCP;
		put_be32(raw + 26, 0xc0000202);
		put_be32(raw + 30, 0xc6336401);
		put_be16(raw + 24, sum16(0, raw + 14, 20));
	} else {
		raw[14] = 0x60;
		put_be16(raw + 18, (uint16_t)len);
		raw[20] = WIRE_TCP;
		raw[21] = 64;
		raw[22] = raw[38] = 0xfd;
		raw[37] = 2;
		raw[53] = 1;
	}
	memcpy(raw + l4, tcp, len);
	if (len >= 18) {
		put_be16(raw + l4 + 16, 0);
		put_be16(raw + l4 + 16, sum16(pseudo(raw + 14, len), raw + l4, len));
	}
	raw_iov = (struct iovec){ raw, l4 + len };
	raw_tap = (struct tap_frame){ .iov = &raw_iov, .niov = 1, .len = l4 + len };
	CHECK_EQ(frame_parse(&raw_tap, &frame), FRAME_IP);
}

/* header() - 20 bytes of a header at @h */
static void header(uint8_t *h, uint32_t hlen, uint8_t flags)
{
	put_be16(h, GUEST);
	put_be16(h + 2, FAR);
	put_be32(h + 4, 0x11223344);
	put_be32(h + 8, 0x55667788);
	h[12] = (uint8_t)(hlen / 4 << 4);
	h[13] = flags;
	put_be16(h + 14, 0xfedc);
	put_be16(h + 18, 0);
}

static void test_parse(void)
{
	uint8_t h[200];

	for (int v4 = 0; v4 < 2; v4++) {
		for (uint32_t hlen = 20; hlen <= 60; hlen += 4) {
			struct tcp_seg s;

			memset(h, 1, sizeof(h));
			header(h, hlen, TCP_ACK | TCP_PSH);
			from_guest(v4, h, hlen + 33);
			CHECK(tcp_seg_parse(&frame, &s));
			CHECK_EQ(s.key.gport, GUEST);
			CHECK_EQ(s.key.fport, FAR);
			CHECK_EQ(s.flags, TCP_ACK | TCP_PSH);
			CHECK_EQ(s.seq, 0x11223344);
			CHECK_EQ(s.ack, 0x55667788);
			CHECK_EQ(s.wnd, 0xfedc);
			CHECK_EQ(s.hlen, hlen);
			CHECK_EQ(s.len, 33);
			CHECK_EQ(s.mss, 0);
			CHECK_EQ(s.wscale, -1);
		}
	}
}

/* refused() - Whether a segment is dropped for this reason */
static bool refused(const uint8_t *h, uint32_t len, enum count why)
{
	struct tcp_seg s;

	count_reset();
	from_guest(true, h, len);
	return !tcp_seg_parse(&frame, &s) && count_value[why] == 1;
}

static void test_parse_bad(void)
{
	uint8_t h[60] = { 0 };
	struct tcp_seg s;

	header(h, 20, TCP_ACK);
	for (uint32_t len = 0; len < 20; len++)
		CHECK(refused(h, len, DROP_TCP_HEADER));
	for (uint32_t hlen = 0; hlen < 64; hlen += 4) {
		header(h, hlen, TCP_ACK);
		CHECK_EQ(refused(h, 40, DROP_TCP_HEADER), hlen < 20 || hlen > 40);
	}
	header(h, 20, TCP_ACK);
	put_be16(h, 0);
	CHECK(refused(h, 40, DROP_TCP_HEADER));
	header(h, 20, TCP_ACK);
	put_be16(h + 2, 0);
	CHECK(refused(h, 40, DROP_TCP_HEADER));
	header(h, 20, TCP_ACK);
	from_guest(true, h, 60);
	raw[34 + 50] ^= 4;
	count_reset();
	CHECK(!tcp_seg_parse(&frame, &s));
	CHECK_EQ(count_value[DROP_CSUM], 1);
	/* Nobody connects to a group, or from nowhere */
	from_guest(true, h, 60);
	frame.dst = addr_bcast4;
	CHECK(!tcp_seg_parse(&frame, &s));
	from_guest(false, h, 60);
	frame.dst = addr_all_nodes;
	CHECK(!tcp_seg_parse(&frame, &s));
	from_guest(true, h, 60);
	frame.src = addr_any4;
	CHECK(!tcp_seg_parse(&frame, &s));
}

/**
 * struct opt_case - options of a SYN and what they mean
 * @len:	bytes, filled up with zeros
 * @wscale:	expected
 * @mss:	expected
 * @sack:	expected
 * @byte:	options
 */
static const struct opt_case {
	uint32_t len;
	int wscale;
	uint16_t mss;
	bool sack;
	uint8_t byte[40];
} opt_case[] = {
	{ 0, -1, 0, false, { 0 } },
	{ 4, -1, 1460, false, { 2, 4, 5, 180 } },
	{ 8, 7, 1460, false, { 2, 4, 5, 180, 1, 3, 3, 7 } },
	{ 8, 255, 1460, false, { 3, 3, 255, 1, 2, 4, 5, 180 } },
	{ 20, 7, 1460, true,
	  { 2, 4, 5, 180, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0, 1, 3, 3, 7 } },
	{ 4, -1, 0, true, { 1, 1, 4, 2 } },
	{ 4, -1, 0, false, { 1, 4, 3, 2 } },		/* of another length */
	{ 8, -1, 0, false, { 0, 2, 4, 5, 180, 3, 3, 7 } },	/* behind the end */
	{ 4, -1, 0, false, { 2, 0, 5, 180 } },			/* a length of 0 or 1 */
	{ 4, -1, 0, false, { 2, 1, 5, 180 } },
	{ 4, -1, 0, false, { 99, 0, 0, 0 } },
	{ 4, -1, 0, false, { 2, 5, 5, 180 } },			/* longer than there is */
	{ 4, -1, 0, false, { 1, 1, 1, 2 } },			/* no length at all */
	{ 4, -1, 0, false, { 1, 1, 2, 4 } },
	{ 8, 9, 0, false, { 2, 3, 5, 1, 3, 3, 9, 0 } },	/* of another length */
	{ 8, 9, 0, false, { 2, 5, 5, 180, 1, 3, 3, 9 } },
	{ 8, -1, 0, false, { 3, 4, 7, 7, 3, 2, 0, 0 } },
	{ 8, -1, 0, false, { 77, 255, 2, 4, 5, 180, 3, 3 } },
	{ 8, -1, 300, false, { 2, 4, 5, 180, 2, 4, 1, 44 } },	/* twice: the last */
	{ 40, -1, 0, false, { 1, 1, 1, [39] = 1 } },
};

static void test_options(void)
{
	struct tcp_seg s;
	uint8_t h[80];

	for (size_t i = 0; i < ARRAY_SIZE(opt_case); i++) {
		const struct opt_case *o = &opt_case[i];

		header(h, 20 + o->len, TCP_SYN);
		memcpy(h + 20, o->byte, o->len);
		from_guest(i % 2, h, 20 + o->len);
		CHECK(tcp_seg_parse(&frame, &s));
		CHECK_EQ(s.mss, o->mss);
		CHECK_EQ(s.wscale, o->wscale);
		CHECK_EQ(s.sack, o->sack);
		/* Outside of a SYN they say nothing */
		header(h, 20 + o->len, TCP_ACK);
		from_guest(i % 2, h, 20 + o->len);
		CHECK(tcp_seg_parse(&frame, &s));
		CHECK(!s.mss && s.wscale == -1 && !s.sack);
	}
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t len = (uint32_t)check_below(11) * 4;

		check_fill(h, sizeof(h));
		for (uint32_t k = 20; k < 60; k++)
			h[k] = (uint8_t)check_below(check_below(2) ? 5 : 44);
		header(h, 20 + len, TCP_SYN);
		from_guest(true, h, 20 + len);
		CHECK(tcp_seg_parse(&frame, &s));
		CHECK(s.wscale >= -1 && s.wscale <= 255);
	}
}

/* Answers to a segment of no connection (RFC 9293, 3.10.7.1) */
static void test_stray(void)
{
	for (int v4 = 0; v4 < 2; v4++) {
		uint8_t h[50] = { 0 };
		struct tcp_seg s;
		struct decoded d;

		header(h, 20, TCP_ACK);
		from_guest(v4, h, 30);
		CHECK(tcp_seg_parse(&frame, &s));
		tcp_seg_reset_stray(&s);
		d = last();
		CHECK_EQ(d.v4, v4);
		CHECK_EQ(d.flags, TCP_RST);
		CHECK_EQ(d.seq, 0x55667788);
		CHECK_EQ(d.sport, FAR);
		CHECK_EQ(d.dport, GUEST);
		CHECK_EQ(d.hlen, 20);
		header(h, 20, TCP_SYN | TCP_FIN);
		from_guest(v4, h, 30);
		CHECK(tcp_seg_parse(&frame, &s));
		tcp_seg_reset_stray(&s);
		d = last();
		CHECK_EQ(d.flags, TCP_RST | TCP_ACK);
		CHECK_EQ(d.seq, 0);
		CHECK_EQ(d.ack, 0x11223344 + 12);
		CHECK_MEM(sent.data + (v4 ? 26 : 22), raw + (v4 ? 30 : 38), v4 ? 4 : 16);
		CHECK_MEM(sent.data + (v4 ? 30 : 38), raw + (v4 ? 26 : 22), v4 ? 4 : 16);
	}
}

/* No more than so many a second (RFC 5961, section 7), whatever comes */
static void test_challenge(void)
{
	struct conn *c = fresh(true);

	for (uint64_t second = 5; second < 8; second++) {
		count_reset();
		sent.num = 0;
		for (unsigned i = 0; i < 1000; i++)
			tcp_seg_challenge(c, second * 1000000 + UINT64_C(999) * i);
		CHECK_EQ(sent.num, 100);
		CHECK_EQ(count_value[COUNT_TCP_CHALLENGE], 100);
		CHECK_EQ(last().flags, TCP_ACK);
	}
}

int main(void)
{
	conn_init();
	RUN(test_plain);
	RUN(test_no_ack);
	RUN(test_syn);
	RUN(test_sack);
	RUN(test_window);
	RUN(test_head);
	RUN(test_unit);
	RUN(test_mss);
	RUN(test_isn);
	RUN(test_parse);
	RUN(test_parse_bad);
	RUN(test_options);
	RUN(test_stray);
	RUN(test_challenge);
	free(raw);
	return check_done();
}
