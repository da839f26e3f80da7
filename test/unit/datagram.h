/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * datagram.h - what the tests of udp.c, udp_flow.c and icmp.c share
 *
 * Frames of the guest are made here; sockets, link and forwarding are doubles that
 * note in @t what they are asked for, and answer what stands there.  A socket is a
 * number from FD_FIRST on.  begin() begins anew.
 */
#ifndef DATAGRAM_H
#define DATAGRAM_H

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
#include "udp_flow.h"
#include "util.h"
#include "wire.h"

enum {
	FD_FIRST = 100, FD_LISTEN = 50, LISTENER = 3, SENT_MAX = 128, FRAMES_MAX = 256,
	FRAME_ROOM = 4096, DATA_MAX = 70000, FLOWS_LIMIT = 40,
};

static struct net test_net = {
	.mac = { 2, 0, 0, 0, 0, 1 }, .guest_mac = { 2, 0, 0, 0, 0, 9 }, .mtu = 1500,
	.has4 = true, .has6 = true, .prefix4 = 24, .if4 = 7, .if6 = 8,
};
const struct net *const net = &test_net;

static inline struct addr at(const char *text)
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
	int next_fd, open, opened[SOCK_UDP_PING + 1], dial_error;
	struct sock_udp_path dialled;
	uint16_t dialled_port;
	struct sent sent[SENT_MAX];
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
	uint8_t frame[FRAMES_MAX][FRAME_ROOM];
	uint32_t frame_len[FRAMES_MAX];
	struct virtio_net_hdr vh[FRAMES_MAX];
	int nframes;
	/* forwarding */
	struct fwd_listener listener;
	bool listener_gone;
} t;

void sock_close(int fd) { CHECK(fd >= FD_FIRST); t.open--; }
int sock_error(int fd) { (void)fd; return 0; }

int sock_udp_open(const struct sock_udp_path *to, uint16_t port, enum sock_udp_kind kind)
{
	t.opened[kind]++;
	t.dialled = *to;
	t.dialled_port = port;
	if (t.dial_error)
		return t.dial_error;
	t.open++;
	return FD_FIRST + t.next_fd++;
}

/* refuses() - Whether the kernel would, and why */
static inline int refuses(const struct sock_udp_out *out)
{
	if (out->seg && t.seg_error)
		return t.seg_error;
	if (out->seg && out->len > (uint32_t)out->seg * SOCK_UDP_SEGMENTS)
		return -EINVAL;
	return t.nsent >= t.send_error_at ? t.send_error : 0;
}

/* note() - Keep what was sent */
static inline void note(struct sent *s, int fd, const struct sock_udp_out *out,
		 const struct sock_udp_path *to)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
	s->seg = out->seg;
	s->to_set = !addr_is_none(&to->peer);
	s->to = *to;
	for (int i = 0; i < out->niov; i++) {
		size_t l = out->iov[i].iov_len;

		if (s->len < sizeof(s->data))
			memcpy(s->data + s->len, out->iov[i].iov_base,
			       min_size(l, sizeof(s->data) - s->len));
		s->len += (uint32_t)l;
	}
	CHECK_EQ(s->len, out->len);
}

int sock_udp_send(int fd, const struct sock_udp_out *out, int n,
		  const struct sock_udp_path *to)
{
	int done = 0;

	t.calls++;
	CHECK(n > 0 && n <= SOCK_UDP_BATCH);
	for (; done < n; done++) {
		int rc = refuses(&out[done]);

		if (rc)
			return done ? done : rc;
		note(&t.sent[t.nsent % SENT_MAX], fd, &out[done], to);
		t.nsent++;
	}
	return done;
}

int sock_udp_recv(int fd, struct sock_udp_in in[static SOCK_UDP_BATCH])
{
	int n = t.nin;

	(void)fd;
	CHECK(n <= SOCK_UDP_BATCH);
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

int loop_add(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	CHECK(fd >= FD_FIRST && kind == LOOP_UDP && conn_get(id) && events == EPOLLIN);
	return 0;
}

void fwd_to_host(uint8_t proto, const struct addr *dst, uint16_t port,
		 struct addr *host, uint16_t *hport)
{
	CHECK(proto == WIRE_UDP || proto == (addr_is4(dst) ? WIRE_ICMP4 : WIRE_ICMP6));
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
	CHECK(t.nframes < FRAMES_MAX && len <= FRAME_ROOM);
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

static inline void begin(void)
{
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
	udp_init(FLOWS_LIMIT);
}

/* Headers of the guest */

struct head {
	struct addr src, dst;
	uint8_t proto, ttl;
	uint16_t frag;
};

/* put_head() - Ethernet and IP header in front of @l4len bytes; returns its length */
static inline uint32_t put_head(uint8_t *b, const struct head *h, uint32_t l4len)
{
	uint16_t sum;

	memset(b, 0, 54);
	memcpy(b, test_net.mac, 6);
	b[6] = 2;
	if (!addr_is4(&h->src)) {
		put_be16(b + 12, WIRE_IP6);
		b[14] = 0x60;
		put_be16(b + 18, (uint16_t)l4len);
		b[20] = h->proto;
		b[21] = h->ttl;
		memcpy(b + 22, h->src.b, 16);
		memcpy(b + 38, h->dst.b, 16);
		return 54;
	}
	put_be16(b + 12, WIRE_IP4);
	b[14] = 0x45;
	put_be16(b + 16, (uint16_t)(20 + l4len));
	put_be16(b + 20, h->frag);
	b[22] = h->ttl;
	b[23] = h->proto;
	memcpy(b + 26, addr_v4(&h->src), 4);
	memcpy(b + 30, addr_v4(&h->dst), 4);
	sum = csum_fold(csum_add(0, b + 14, 20));
	memcpy(b + 24, &sum, 2);
	return 34;
}

#endif /* DATAGRAM_H */
