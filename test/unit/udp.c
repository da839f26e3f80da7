// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udp.c - unit test of ../../udp.c, udp_flow.c and udp_seg.c
 * links: udp.c udp_flow.c udp_seg.c icmp.c frag.c frame.c conn.c timer.c addr.c csum.c tap_link.c count.c log.c util.c
 *
 * The guest's frames are made here; sockets, link and forwarding are doubles
 * that note what they are asked for.  A socket is a number from 100 on.
 */
#include "test/unit/check.h"

#include <errno.h>
#include <sys/epoll.h>

#include "conn.h"
#include "count.h"
#include "csum.h"
#include "frag.h"
#include "frame.h"
#include "fwd.h"
#include "icmp.h"
#include "loop.h"
#include "net.h"
#include "sock_udp.h"
#include "tap.h"
#include "timer.h"
#include "udp.h"
#include "util.h"
#include "wire.h"

enum { FD_FIRST = 100, FD_LISTEN = 50, LISTENER = 3, LOG_MAX = 128, DATA_MAX = 70000 };

static struct net test_net = {
	.mac = { 2, 0, 0, 0, 0, 1 }, .guest_mac = { 2, 0, 0, 0, 0, 9 }, .mtu = 1500,
	.has4 = true, .has6 = true, .prefix4 = 24, .if4 = 7, .if6 = 8,
};
const struct net *const net = &test_net;

static struct addr at(const char *text)
{
	struct addr a = addr_none;

	CHECK(addr_parse(text, &a));
	return a;
}

/* What the doubles saw and shall answer */

struct sent {
	int fd;
	uint32_t len;
	uint16_t seg;
	bool to_set;
	struct sock_udp_path to;
	uint8_t data[64];
};

static struct {
	/* asked of the sockets */
	int next_fd, open, shouts, dial_error;
	struct sock_udp_path dialled;
	uint16_t dialled_port;
	struct sent sent[LOG_MAX];
	int nsent, calls;
	int send_error, send_error_at, seg_error;
	int ttl_calls, df_calls, last_ttl, last_df, mtu;
	/* what comes in */
	struct sock_udp_in in[SOCK_UDP_BATCH];
	int nin;
	struct sock_udp_error err[4];
	int nerr;
	/* the link */
	unsigned caps;
	uint8_t frame[LOG_MAX][DATA_MAX];
	uint32_t frame_len[LOG_MAX];
	struct virtio_net_hdr vh[LOG_MAX];
	int nframes;
	/* forwarding */
	struct fwd_listener listener;
	bool listener_gone;
} t;

void sock_close(int fd) { CHECK(fd >= FD_FIRST); t.open--; }
int sock_error(int fd) { (void)fd; return 0; }

int sock_udp_dial(const struct sock_udp_path *to, uint16_t port)
{
	t.dialled = *to;
	t.dialled_port = port;
	if (t.dial_error)
		return t.dial_error;
	t.open++;
	return FD_FIRST + t.next_fd++;
}

int sock_udp_shout(const struct sock_udp_path *to, uint16_t port)
{
	t.shouts++;
	return sock_udp_dial(to, port);
}

/* refuses() - Whether the kernel would, and why */
static int refuses(const struct sock_udp_out *out)
{
	size_t total = 0;

	for (int i = 0; i < out->niov; i++)
		total += out->iov[i].iov_len;
	if (out->seg && t.seg_error)
		return t.seg_error;
	if (out->seg && total > (size_t)out->seg * SOCK_UDP_SEGMENTS)
		return -EINVAL;
	return t.nsent >= t.send_error_at ? t.send_error : 0;
}

/* note() - Keep what was sent */
static void note(struct sent *s, int fd, const struct sock_udp_out *out,
		 const struct sock_udp_path *to)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
	s->seg = out->seg;
	s->to_set = to;
	if (to)
		s->to = *to;
	for (int i = 0; i < out->niov; i++) {
		size_t l = out->iov[i].iov_len;

		if (s->len < sizeof(s->data))
			memcpy(s->data + s->len, out->iov[i].iov_base,
			       min_size(l, sizeof(s->data) - s->len));
		s->len += (uint32_t)l;
	}
}

int sock_udp_send(int fd, const struct sock_udp_out *out, int n,
		  const struct sock_udp_path *to)
{
	int done = 0;

	t.calls++;
	CHECK(n > 0);
	for (; done < n && done < SOCK_UDP_BATCH && t.nsent < LOG_MAX; done++) {
		int rc = refuses(&out[done]);

		if (rc)
			return done ? done : rc;
		note(&t.sent[t.nsent++], fd, &out[done], to);
	}
	return done;
}

int sock_udp_recv(int fd, struct sock_udp_in *in, int max)
{
	int n = t.nin;

	(void)fd;
	CHECK(n <= max);
	memcpy(in, t.in, sizeof(*in) * (size_t)n);
	t.nin = 0;
	return n;
}

int sock_udp_recv_error(int fd, struct sock_udp_error *e)
{
	(void)fd;
	if (!t.nerr)
		return 0;
	*e = t.err[--t.nerr];
	return 1;
}

uint8_t sock_udp_ttl(bool want6) { (void)want6; return 64; }

int sock_udp_set_ttl(int fd, const struct addr *peer, uint8_t ttl)
{
	(void)fd;
	(void)peer;
	t.ttl_calls++;
	t.last_ttl = ttl;
	return 0;
}

int sock_udp_set_df(int fd, const struct addr *peer, bool df)
{
	(void)fd;
	(void)peer;
	t.df_calls++;
	t.last_df = df;
	return 0;
}

int sock_udp_mtu(int fd, const struct addr *peer) { (void)fd; (void)peer; return t.mtu; }
int sock_ping_open(const struct sock_udp_path *to, uint16_t ident)
{
	(void)to;
	(void)ident;
	return -EACCES;
}

int loop_add(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	CHECK(fd >= FD_FIRST && kind == LOOP_UDP && conn_get(id) && events == EPOLLIN);
	return 0;
}

void fwd_to_host(uint8_t proto, const struct addr *dst, uint16_t port,
		 struct addr *host, uint16_t *hport)
{
	CHECK_EQ(proto, WIRE_UDP);
	*host = addr_eq(dst, &test_net.gw4) ? addr_loop4 : *dst;
	*hport = port;
}

struct addr fwd_to_guest(const struct addr *host)
{
	return addr_is_loopback(host) ? test_net.gw4 : *host;
}

bool fwd_incoming(const struct fwd_listener *l, const struct addr *peer,
		  struct addr *src, struct addr *to)
{
	*src = fwd_to_guest(peer);
	*to = addr_is4(peer) ? test_net.addr4 : test_net.addr6;
	return l == &t.listener;
}

const struct fwd_listener *fwd_listener(uint32_t n)
{
	return n == LISTENER && !t.listener_gone ? &t.listener : NULL;
}

unsigned tap_caps(void) { return t.caps; }

int tap_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	CHECK(t.nframes < LOG_MAX && len <= DATA_MAX);
	memcpy(t.frame[t.nframes], frame, len);
	t.frame_len[t.nframes] = len;
	t.vh[t.nframes++] = *vh;
	return 0;
}

uint32_t tap_head(const struct tap_frame *f, void *copy, uint32_t n)
{
	n = min_u32(n, f->len);
	memcpy(copy, f->iov->iov_base, n);
	return n;
}

static void begin(void)
{
	const struct udp_conf conf = { .flows_max = 40 };

	memset(&t, 0, sizeof(t));
	t.listener = (struct fwd_listener){ .fd = FD_LISTEN, .proto = WIRE_UDP,
					    .port = 5000, .to_port = 5001 };
	test_net.addr4 = test_net.seen4 = at("192.0.2.2");
	test_net.gw4 = at("192.0.2.1");
	test_net.addr6 = test_net.seen6 = at("2001:db8::2");
	test_net.gw6 = at("fe80::1");
	test_net.mtu = 1500;
	count_reset();
	conn_init();
	timer_init(5000);
	frag_init();
	icmp_init();
	udp_init(&conf);
}

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

static void put_ip4(uint8_t *b, const struct gram *g, uint32_t l4len)
{
	struct addr src = at(g->src), dst = at(g->dst);
	uint16_t sum;

	put_be16(b + 12, WIRE_IP4);
	b[14] = 0x45;
	put_be16(b + 16, (uint16_t)(20 + l4len));
	put_be16(b + 20, g->df ? IP4_DF : 0);
	b[22] = (uint8_t)(g->ttl ? g->ttl : 64);
	b[23] = WIRE_UDP;
	memcpy(b + 26, addr_v4(&src), 4);
	memcpy(b + 30, addr_v4(&dst), 4);
	sum = csum_fold(csum_add(0, b + 14, 20));
	memcpy(b + 24, &sum, 2);
}

static void put_ip6(uint8_t *b, const struct gram *g, uint32_t l4len)
{
	struct addr src = at(g->src), dst = at(g->dst);

	put_be16(b + 12, WIRE_IP6);
	b[14] = 0x60;
	put_be16(b + 18, (uint16_t)l4len);
	b[20] = WIRE_UDP;
	b[21] = (uint8_t)(g->ttl ? g->ttl : 64);
	memcpy(b + 22, src.b, 16);
	memcpy(b + 38, dst.b, 16);
}

static void from_guest(const struct gram *g, uint64_t now)
{
	bool v4 = !strchr(g->src, ':');
	uint32_t hlen = v4 ? 34 : 54, l4len = 8 + g->len;
	struct addr src = at(g->src), dst = at(g->dst);
	uint8_t *b = borrowed[nborrowed].b, *u = b + hlen;
	struct tap_frame *tf = &borrowed[nborrowed].tap;
	struct frame f;
	uint16_t sum;

	memset(b, 0, hlen + 8);
	memcpy(b, test_net.mac, 6);
	b[6] = 2;
	if (v4)
		put_ip4(b, g, l4len);
	else
		put_ip6(b, g, l4len);
	put_be16(u, g->sport);
	put_be16(u + 2, g->dport);
	put_be16(u + 4, (uint16_t)((int)l4len + g->ulen_off));
	memset(u + 8, g->fill, g->len);
	sum = csum_fold(csum_add(frame_pseudo(&src, &dst, WIRE_UDP, l4len), u, l4len));
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

static void flush(uint64_t now)
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

static struct conn *flow(const struct gram *g)
{
	struct conn_key key = { .guest = at(g->src), .far = at(g->dst), .gport = g->sport,
				.fport = g->dport, .proto = WIRE_UDP };

	return conn_find(&key);
}

static void arrive(const char *peer, uint16_t port, uint32_t len, uint16_t seg)
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
static void check_frame(int i, const char *src, uint16_t sport, const char *dst,
			uint16_t dport, uint32_t len)
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
static void check_icmp(int i, const char *from, uint8_t type, uint8_t code,
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

static void test_out(void)
{
	struct gram b = basic6;

	begin();
	from_guest(&basic, 1000);
	CHECK_EQ(t.nsent, 0);
	from_guest(&b, 1000);
	flush(1000);
	CHECK_EQ(t.nsent, 2);
	CHECK_EQ(t.sent[0].len, 100);
	CHECK_EQ(t.sent[0].data[0], 'a');
	CHECK_EQ(t.sent[1].data[0], 'b');
	CHECK(t.sent[0].fd != t.sent[1].fd);
	CHECK(!t.sent[0].to_set);
	CHECK_EQ(t.dialled_port, 4000);
	CHECK_EQ(t.dialled.port, 5000);
	CHECK_EQ(count_value[COUNT_UDP_FLOWS], 2);
	CHECK_EQ(t.ttl_calls, 0);
	/* The next one finds its socket */
	from_guest(&basic, 1001);
	flush(1001);
	CHECK_EQ(t.open, 2);
	CHECK_EQ(t.sent[2].fd, t.sent[0].fd);
}

static void test_batch(void)
{
	struct gram g = basic, h = basic;

	begin();
	/* 3 of 100, one of 60: one entry; then 200, and 50 joins it; then empty ones */
	for (int i = 0; i < 3; i++)
		from_guest(&g, 1);
	h.sport = 4001;
	from_guest(&h, 1);
	g.len = 60;
	from_guest(&g, 1);
	g.len = 200;
	from_guest(&g, 1);
	g.len = 50;
	from_guest(&g, 1);
	g.len = 0;
	from_guest(&g, 1);
	from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.calls, 2);
	CHECK_EQ(t.nsent, 5);
	CHECK_EQ(t.sent[0].len, 360);
	CHECK_EQ(t.sent[0].seg, 100);
	CHECK_EQ(t.sent[1].len, 250);
	CHECK_EQ(t.sent[1].seg, 200);
	CHECK_EQ(t.sent[2].len, 0);
	CHECK_EQ(t.sent[2].seg, 0);
	CHECK_EQ(t.sent[4].len, 100);
	CHECK_EQ(t.sent[4].fd, t.sent[0].fd + 1);
	/* Only the last of a run is shorter */
	t.nsent = 0;
	g.len = 100;
	from_guest(&g, 1);
	g.len = 60;
	from_guest(&g, 1);
	from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.nsent, 2);
	CHECK_EQ(t.sent[0].len, 160);
	/* A run is no longer than a packet */
	t.nsent = 0;
	g.len = 30000;
	for (int i = 0; i < 3; i++)
		from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.nsent, 2);
	CHECK_EQ(t.sent[0].len, 60000);
}

static void test_gso(void)
{
	struct gram g = basic;

	begin();
	g.gso = 1000;
	g.len = 5500;
	from_guest(&g, 1);
	g.gso = 10;		/* more pieces than the kernel cuts */
	g.len = 1001;
	from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.sent[0].len, 5500);
	CHECK_EQ(t.sent[0].seg, 1000);
	CHECK_EQ(t.nsent, 1 + 101);
	CHECK_EQ(t.sent[1].len, 10);
	CHECK_EQ(t.sent[101].len, 1);
	CHECK_EQ(count_value[DROP_UDP_SEND], 0);
	/* The kernel can not: datagram by datagram, and it is not asked again */
	t.nsent = t.calls = 0;
	t.seg_error = -EIO;
	g.gso = 1000;
	g.len = 2500;
	from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.nsent, 3);
	CHECK_EQ(t.sent[2].len, 500);
	CHECK_EQ(t.calls, 2);
	g.gso = 0;
	g.len = 100;
	from_guest(&g, 1);
	from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.nsent, 5);
	CHECK_EQ(t.calls, 3);
}

static void test_options(void)
{
	struct gram g = basic;

	begin();
	g.ttl = 3;
	from_guest(&g, 1);
	from_guest(&g, 1);
	g.ttl = 4;
	from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.ttl_calls, 2);
	CHECK_EQ(t.last_ttl, 4);
	CHECK_EQ(t.calls, 2);
	CHECK_EQ(t.df_calls, 1);
	CHECK_EQ(t.last_df, 0);
	g.df = true;
	from_guest(&g, 1);
	from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.df_calls, 2);
	CHECK_EQ(t.last_df, 1);
	CHECK_EQ(t.ttl_calls, 2);
	begin();
	from_guest(&basic6, 1);
	flush(1);
	CHECK_EQ(t.last_df, 1);	/* IPv6 never fragments on the way */
}

static void test_nonsense(void)
{
	struct gram g = basic;

	begin();
	g.dport = 0;
	from_guest(&g, 1);
	g = basic;
	g.ulen_off = 1;
	from_guest(&g, 1);
	g.ulen_off = -101;
	from_guest(&g, 1);
	CHECK_EQ(count_value[DROP_UDP_HEADER], 3);
	g = basic;
	g.src = "0.0.0.0";
	from_guest(&g, 1);
	CHECK_EQ(count_value[DROP_UDP_HEADER], 4);
	g = basic;
	g.bad_csum = true;
	from_guest(&g, 1);
	g = basic6;
	g.bad_csum = true;
	from_guest(&g, 1);
	g = basic6;
	g.no_csum = true;	/* RFC 8200, section 8.1 */
	from_guest(&g, 1);
	CHECK_EQ(count_value[DROP_CSUM], 3);
	CHECK_EQ(conn_count(CONN_UDP), 0);
	g = basic;
	g.no_csum = true;
	from_guest(&g, 1);
	g = basic;
	g.sport = 0;		/* RFC 768: no reply expected */
	from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.nsent, 2);
	CHECK_EQ(t.dialled_port, 0);
	/* A length field shorter than the packet: the rest belongs to nobody */
	g = basic;
	g.no_csum = true;
	g.ulen_off = -40;
	from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.sent[2].len, 60);
}

static void test_in(void)
{
	struct conn *c;

	begin();
	from_guest(&basic, 1);
	flush(1);
	c = flow(&basic);
	CHECK(c != NULL);
	if (!c)
		return;
	arrive(basic.dst, 5000, 10, 0);
	arrive("203.0.113.5", 5000, 10, 0);	/* a stranger */
	arrive(basic.dst, 5001, 10, 0);
	arrive(basic.dst, 5000, 0, 0);
	udp_socket_event(conn_id(c), EPOLLIN, 2);
	CHECK_EQ(t.nframes, 2);
	CHECK_EQ(count_value[DROP_UDP_SOURCE], 2);
	check_frame(0, basic.dst, 5000, basic.src, 4000, 10);
	check_frame(1, basic.dst, 5000, basic.src, 4000, 0);
	/* A flow that is gone */
	udp_socket_event(conn_id(c) + 2, EPOLLIN, 2);
	CHECK_EQ(t.nframes, 2);
}

static void test_gro(void)
{
	struct conn *c;

	begin();
	from_guest(&basic6, 1);
	flush(1);
	c = flow(&basic6);
	CHECK(c != NULL);
	if (!c)
		return;
	/* A link that can not cut: frame by frame */
	arrive(basic6.dst, 5000, 2500, 1000);
	udp_socket_event(conn_id(c), EPOLLIN, 2);
	CHECK_EQ(t.nframes, 3);
	check_frame(0, basic6.dst, 5000, basic6.src, 4000, 1000);
	check_frame(2, basic6.dst, 5000, basic6.src, 4000, 500);
	for (uint32_t i = 0; i < 2500; i++)
		CHECK(t.frame[i / 1000][62 + i % 1000] == (uint8_t)i);
	/* One that can */
	t.nframes = 0;
	t.caps = TAP_CSUM | TAP_USO;
	arrive(basic6.dst, 5000, 2500, 1000);
	udp_socket_event(conn_id(c), EPOLLIN, 2);
	CHECK_EQ(t.nframes, 1);
	check_frame(0, basic6.dst, 5000, basic6.src, 4000, 2500);
	CHECK_EQ(t.vh[0].gso_type, 5);
	CHECK_EQ(t.vh[0].gso_size, 1000);
	CHECK_EQ(t.vh[0].hdr_len, 62);
	/* But not into pieces beyond the MTU */
	t.nframes = 0;
	arrive(basic6.dst, 5000, 4000, 2000);
	udp_socket_event(conn_id(c), EPOLLIN, 2);
	CHECK_EQ(t.nframes, 4);
	CHECK_EQ(t.frame[0][20], WIRE_FRAGMENT);
}

/* A datagram beyond the MTU comes in fragments, its checksum complete */
static void test_in_long(void)
{
	struct addr s = at(basic.dst), d = at(basic.src);
	uint8_t all[4000] = { 0 };
	struct conn *c;
	uint32_t n = 0;

	begin();
	from_guest(&basic, 1);
	flush(1);
	c = flow(&basic);
	CHECK(c != NULL);
	if (!c)
		return;
	arrive(basic.dst, 5000, 3000, 0);
	udp_socket_event(conn_id(c), EPOLLIN, 2);
	CHECK_EQ(t.nframes, 3);
	for (int i = 0; i < t.nframes; i++) {
		CHECK_EQ((get_be16(t.frame[i] + 20) & IP4_OFFSET) * 8U, n);
		CHECK_EQ(t.vh[i].flags, 0);
		memcpy(all + n, t.frame[i] + 34, t.frame_len[i] - 34);
		n += t.frame_len[i] - 34;
	}
	CHECK_EQ(n, 3008);
	CHECK_EQ(csum_fold(csum_add(frame_pseudo(&s, &d, WIRE_UDP, n), all, n)), 0);
}

static void test_times(void)
{
	const uint64_t s = 1000000;
	struct gram dns = basic;
	struct conn *c;
	uint64_t id;

	begin();
	from_guest(&basic, s);
	flush(s);
	c = flow(&basic);
	CHECK(c != NULL);
	if (!c)
		return;
	CHECK_EQ(timer_due(conn_index(c)), 31 * s);
	arrive(basic.dst, 5000, 10, 0);		/* a reply within 2 s: as before */
	udp_socket_event(conn_id(c), EPOLLIN, 2 * s);
	CHECK_EQ(c->udp.due, 32 * s);
	CHECK_EQ(timer_due(conn_index(c)), 31 * s);
	timer_clear(conn_index(c));
	udp_timeout(c, 31 * s);			/* too early: set again */
	CHECK_EQ(timer_due(conn_index(c)), 32 * s);
	from_guest(&basic, 10 * s);		/* a stream */
	flush(10 * s);
	CHECK_EQ(c->udp.due, 130 * s);
	id = conn_id(c);
	udp_timeout(c, 130 * s);
	CHECK(!conn_get(id));
	CHECK_EQ(t.open, 0);

	dns.dport = 53;
	from_guest(&dns, 200 * s);
	flush(200 * s);
	c = flow(&dns);
	CHECK(c != NULL);
	if (!c)
		return;
	arrive(basic.dst, 53, 10, 0);
	udp_socket_event(conn_id(c), EPOLLIN, 203 * s);
	CHECK_EQ(c->udp.due, 208 * s);
	CHECK_EQ(timer_due(conn_index(c)), 208 * s);
}

static void test_limits(void)
{
	struct gram g = basic;

	begin();
	for (uint16_t i = 0; i < 45; i++) {
		g.sport = (uint16_t)(1000 + i);
		from_guest(&g, 1);
		flush(1);
	}
	CHECK_EQ(conn_count(CONN_UDP), 40);
	CHECK_EQ(count_value[DROP_UDP_LIMIT], 5);
	CHECK_EQ(t.nframes, 0);
	g.sport = 1000;
	CHECK(flow(&g) != NULL);	/* the old ones are kept */
	begin();
	t.dial_error = -EMFILE;
	from_guest(&basic, 1);
	flush(1);
	CHECK_EQ(count_value[DROP_UDP_LIMIT], 1);
	CHECK_EQ(conn_count(CONN_UDP), 0);
	CHECK_EQ(t.nframes, 0);
}

static void test_local_errors(void)
{
	struct gram g = basic;

	begin();
	t.dial_error = -ENETUNREACH;
	from_guest(&g, 1000000);
	from_guest(&basic6, 1000000);
	t.dial_error = -EACCES;
	from_guest(&g, 1000000);
	flush(1000000);
	CHECK_EQ(conn_count(CONN_UDP), 0);
	CHECK_EQ(t.nframes, 3);
	check_icmp(0, "192.0.2.1", 3, 0, &g);
	check_icmp(1, "fe80::1", 1, 0, &basic6);
	check_icmp(2, "192.0.2.1", 3, 13, &g);
	/* Too long: with the flag of the guest only */
	t.dial_error = 0;
	t.nframes = 0;
	t.send_error = -EMSGSIZE;
	t.mtu = 1400;
	from_guest(&g, 2000000);
	flush(2000000);
	CHECK_EQ(t.nframes, 0);
	g.df = true;
	from_guest(&g, 2000000);
	from_guest(&basic6, 2000000);
	flush(2000000);
	CHECK_EQ(t.nframes, 2);
	check_icmp(0, "192.0.2.1", 3, 4, &g);
	CHECK_EQ(get_be16(t.frame[0] + 34 + 6), 1400);
	check_icmp(1, "fe80::1", 2, 0, &basic6);
	CHECK_EQ(get_be32(t.frame[1] + 54 + 4), 1400);
	/* No room is no fault of the datagram */
	t.nframes = 0;
	t.send_error = -EAGAIN;
	from_guest(&g, 2000000);
	from_guest(&g, 2000000);
	flush(2000000);
	CHECK_EQ(t.nframes, 0);
	CHECK_EQ(count_value[DROP_UDP_SEND], 3 + 3 + 2);
}

static void test_error_in_batch(void)
{
	struct gram g = basic;

	begin();
	for (uint32_t i = 0; i < 4; i++) {	/* growing: no runs */
		g.len = 100 + i;
		from_guest(&g, 1000000);
	}
	t.send_error = -EHOSTUNREACH;
	t.send_error_at = 2;
	flush(1000000);
	CHECK_EQ(t.nsent, 2);
	CHECK_EQ(count_value[DROP_UDP_SEND], 2);
	CHECK_EQ(t.nframes, 2);
	CHECK_EQ(t.frame[0][35], 1);
}

static void test_queued_errors(void)
{
	struct conn *c;
	struct gram g = basic;

	begin();
	from_guest(&g, 1000000);
	flush(1000000);
	c = flow(&g);
	CHECK(c != NULL);
	if (!c)
		return;
	t.err[0] = (struct sock_udp_error){ .type = 11, .offender = at("203.0.113.9"),
					    .peer = at(g.dst), .port = 5000, .len = 100 };
	memset(t.err[0].data, g.fill, 100);
	t.err[1] = t.err[0];
	t.err[1].type = 3;
	t.err[1].code = 4;
	t.err[1].mtu = 1280;
	t.err[1].len = 0;	/* nothing of it was quoted */
	t.nerr = 2;
	udp_socket_event(conn_id(c), EPOLLERR, 1000000);
	CHECK_EQ(t.nframes, 2);
	check_icmp(0, "203.0.113.9", 3, 4, &g);
	CHECK_EQ(get_be16(t.frame[0] + 40), 1280);
	check_icmp(1, "203.0.113.9", 11, 0, &g);
	/* The other end, which the guest knows by another address */
	g.dst = "192.0.2.1";
	from_guest(&g, 1000000);
	flush(1000000);
	c = flow(&g);
	CHECK(c != NULL);
	if (!c)
		return;
	CHECK(addr_eq(&c->udp.peer, &addr_loop4));
	t.nframes = 0;
	t.err[0] = (struct sock_udp_error){ .type = 3, .code = 3, .offender = addr_loop4,
					    .peer = addr_loop4, .port = 5000 };
	t.nerr = 1;
	udp_socket_event(conn_id(c), EPOLLERR, 1000000);
	check_icmp(0, "192.0.2.1", 3, 3, &g);
}

static void test_groups(void)
{
	static const char *const dst[] = { "239.1.2.3", "255.255.255.255", "192.0.2.255" };
	struct gram g = basic;
	struct conn *c;

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(dst); i++) {
		g.dst = dst[i];
		from_guest(&g, 1);
		flush(1);
		CHECK_EQ(t.shouts, i + 1);
		CHECK(t.sent[i].to_set);
		CHECK_EQ(t.dialled.scope, i ? 0 : 7);
	}
	g = basic6;
	g.dst = "ff02::fb";
	g.ttl = 1;
	from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.dialled.scope, 8);
	CHECK_EQ(t.ttl_calls, 1);	/* 64 for the first group, 1 is what groups have */
	/* Whoever answers, but not our own voice */
	c = flow(&g);
	CHECK(c != NULL);
	if (!c)
		return;
	arrive("2001:db8::77", 5353, 10, 0);
	arrive("2001:db8::9", 4000, 10, 0);
	t.in[1].group = true;
	udp_socket_event(conn_id(c), EPOLLIN, 2);
	CHECK_EQ(t.nframes, 1);
	check_frame(0, "2001:db8::77", 5353, g.src, 4000, 10);
	/* No errors about groups */
	t.nframes = 0;
	t.send_error = -ENETUNREACH;
	from_guest(&g, 3);
	flush(3);
	CHECK_EQ(t.nframes, 0);
}

static void test_calls(void)
{
	struct gram g = { .src = "192.0.2.2", .dst = "203.0.113.5", .sport = 5001,
			  .dport = 1234, .len = 20, .ttl = 9 };
	struct conn *c;

	begin();
	arrive("203.0.113.5", 1234, 10, 0);
	arrive("203.0.113.5", 1234, 11, 0);
	udp_listen_event(LISTENER, EPOLLIN, 1);
	CHECK_EQ(t.nframes, 2);
	check_frame(0, "203.0.113.5", 1234, "192.0.2.2", 5001, 10);
	CHECK_EQ(conn_count(CONN_UDP), 1);
	/* The answer leaves by the same socket, from the address asked */
	from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.nsent, 1);
	CHECK_EQ(t.sent[0].fd, FD_LISTEN);
	CHECK(t.sent[0].to_set);
	CHECK_EQ(t.sent[0].to.port, 1234);
	CHECK_EQ(t.sent[0].to.ttl, 9);
	CHECK(addr_eq(&t.sent[0].to.local, &(struct addr){ { [10] = 255, 255, 192, 0, 2, 9 } }));
	CHECK_EQ(t.ttl_calls, 0);
	/* Two callers that look alike to the guest are told apart by port */
	t.nframes = 0;
	arrive("127.0.0.1", 777, 10, 0);
	arrive("127.0.0.2", 777, 12, 0);
	arrive("127.0.0.1", 777, 13, 0);
	arrive("127.0.0.2", 777, 14, 0);
	udp_listen_event(LISTENER, EPOLLIN, 1);
	CHECK_EQ(t.nframes, 4);
	CHECK_EQ(get_be16(t.frame[0] + 34), 777);
	CHECK(get_be16(t.frame[1] + 34) != 777);
	CHECK_EQ(get_be16(t.frame[2] + 34), 777);
	CHECK_EQ(get_be16(t.frame[3] + 34), get_be16(t.frame[1] + 34));
	g.dst = "192.0.2.1";
	g.dport = get_be16(t.frame[1] + 34);
	from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.nsent, 2);
	CHECK_EQ(t.sent[1].to.port, 777);
	CHECK_EQ(t.sent[1].to.peer.b[15], 2);
	/* An error about the answer */
	t.nframes = 0;
	t.err[0] = (struct sock_udp_error){ .type = 3, .code = 3, .peer = at("127.0.0.2"),
					    .port = 777, .offender = at("127.0.0.2") };
	t.nerr = 1;
	udp_listen_event(LISTENER, EPOLLERR, 1000000);
	check_icmp(0, "192.0.2.1", 3, 3, &g);
	/* The port is closed: what the guest sends begins a flow of its own */
	t.listener_gone = true;
	from_guest(&g, 1);
	flush(1);
	c = flow(&g);
	CHECK(c && c->udp.listen < 0 && c->fd >= FD_FIRST);
	udp_listen_event(LISTENER, EPOLLIN, 1);
}

/* More frames than a batch holds, cut into more pieces than there is room for */
static void test_overflow(void)
{
	struct gram g = basic;

	begin();
	for (uint32_t i = 0; i < 40; i++) {
		g.len = i + 1;
		from_guest(&g, 1);
	}
	CHECK_EQ(t.nsent, (40 - 1) / TAP_BATCH * TAP_BATCH);
	flush(1);
	CHECK_EQ(t.nsent, 40);
	for (int i = 0; i < 40; i++)
		CHECK_EQ(t.sent[i].len, i + 1);
}

int main(void)
{
	RUN(test_out);
	RUN(test_batch);
	RUN(test_gso);
	RUN(test_options);
	RUN(test_nonsense);
	RUN(test_in);
	RUN(test_gro);
	RUN(test_in_long);
	RUN(test_times);
	RUN(test_limits);
	RUN(test_local_errors);
	RUN(test_error_in_batch);
	RUN(test_queued_errors);
	RUN(test_groups);
	RUN(test_calls);
	RUN(test_overflow);
	return check_done();
}
