// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * icmp.c - unit test of ../../icmp.c, and of echo in udp.c and udp_flow.c
 * links: udp.c udp_flow.c icmp.c frag.c frame.c conn.c timer.c addr.c
 * links: csum.c tap_link.c count.c log.c util.c
 */
#include "test/unit/datagram.h"

struct ping {
	const char *src, *dst;
	uint16_t id, seq;
	uint32_t len;		/* of the payload */
	uint8_t ttl, type;
	bool df, bad_csum;
	int cut;		/* bytes missing at the end */
};

static const struct ping basic = { .src = "192.0.2.2", .dst = "198.51.100.1", .id = 0x1234,
				   .seq = 7, .len = 40, .ttl = 64, .type = ICMP4_ECHO };
static const struct ping basic6 = { .src = "2001:db8::2", .dst = "2001:db8:1::1",
				    .id = 0x4321, .seq = 8, .len = 41, .ttl = 64,
				    .type = ICMP6_ECHO };

static bool is4(const struct ping *p) { return !strchr(p->src, ':'); }

/* message() - What the guest sends behind the IP header; returns its length */
static uint32_t message(const struct ping *p, uint8_t *m)
{
	struct addr src = at(p->src), dst = at(p->dst);
	uint32_t len = 8 + p->len;
	uint16_t sum;

	memset(m, 0, 8);
	m[0] = p->type;
	put_be16(m + 4, p->id);
	put_be16(m + 6, p->seq);
	for (uint32_t i = 0; i < p->len; i++)
		m[8 + i] = (uint8_t)i;
	sum = csum_fold(csum_add(is4(p) ? 0 : frame_pseudo(&src, &dst, WIRE_ICMP6, len),
				 m, len));
	if (p->bad_csum)
		sum ^= 1;
	memcpy(m + 2, &sum, 2);
	return len;
}

static void from_guest(const struct ping *p, uint64_t now)
{
	static uint8_t b[DATA_MAX];
	struct head h = { .src = at(p->src), .dst = at(p->dst), .ttl = p->ttl,
			  .proto = is4(p) ? WIRE_ICMP4 : WIRE_ICMP6,
			  .frag = p->df ? IP4_DF : 0 };
	struct iovec iov = { .iov_base = b };
	struct tap_frame tf = { .iov = &iov, .niov = 1 };
	uint32_t len = 8 + p->len - (uint32_t)p->cut, hlen = put_head(b, &h, len);
	struct frame f;

	(void)message(p, b + hlen);
	iov.iov_len = tf.len = hlen + len;
	CHECK_EQ(frame_parse(&tf, &f), FRAME_IP);
	udp_frame(&f, now);
	udp_flush(now);
}

static struct conn *flow(const struct ping *p)
{
	struct conn_key key = { .guest = at(p->src), .far = at(p->dst), .gport = p->id,
				.proto = is4(p) ? WIRE_ICMP4 : WIRE_ICMP6 };

	return conn_find(&key);
}

/* arrive() - A reply to @p with another identifier waits in the socket */
static void arrive(const struct ping *p, const char *peer)
{
	static uint8_t buf[SOCK_UDP_HEADROOM + DATA_MAX];
	struct ping r = *p;

	r.type = is4(p) ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY;
	r.id = 0x7777;
	memset(buf, 0, SOCK_UDP_HEADROOM);
	t.in[0] = (struct sock_udp_in){ .data = buf + SOCK_UDP_HEADROOM };
	t.in[0].path.peer = at(peer);
	t.in[0].len = message(&r, t.in[0].data);
	t.nin = 1;
}

/* whole() - Checksum over a message to the guest; 0 if it is right */
static uint16_t whole(int i, bool v4)
{
	uint32_t hlen = v4 ? 34 : 54, len = t.frame_len[i] - hlen;
	const uint8_t *b = t.frame[i];
	struct addr src, dst;

	CHECK_EQ(t.vh[i].flags, 0);
	if (v4)
		return csum_fold(csum_add(0, b + hlen, len));
	src = addr_from6(b + 22);
	dst = addr_from6(b + 38);
	return csum_fold(csum_add(frame_pseudo(&src, &dst, WIRE_ICMP6, len), b + hlen, len));
}

static void test_echo(void)
{
	const struct ping *const ping[] = { &basic, &basic6 };

	for (int i = 0; i < 2; i++) {
		const struct ping *p = ping[i];
		uint32_t hlen = is4(p) ? 34 : 54;
		struct addr far = at(p->dst);
		struct conn *c;

		begin();
		from_guest(p, 1000000);
		CHECK_EQ(t.nsent, 1);
		CHECK(!t.sent[0].to_set && !t.sent[0].seg);
		CHECK_EQ(t.dialled_port, p->id);
		CHECK(addr_eq(&t.dialled.peer, &far));
		CHECK_EQ(t.sent[0].len, 8 + p->len);
		CHECK_EQ(t.sent[0].data[0], p->type);
		CHECK_EQ(get_be16(t.sent[0].data + 6), p->seq);
		CHECK_EQ(t.sent[0].data[8 + 5], 5);
		CHECK_EQ(t.ttl_calls, 0);
		CHECK_EQ(t.last_df, !is4(p));
		c = flow(p);
		CHECK(c != NULL);
		if (!c)
			return;
		CHECK_EQ(timer_due(conn_index(c)), 31000000);
		arrive(p, p->dst);
		udp_socket_event(conn_id(c), EPOLLIN, 2000000);
		CHECK_EQ(t.nframes, 1);
		CHECK_EQ(t.frame_len[0], hlen + 8 + p->len);
		CHECK_EQ(whole(0, is4(p)), 0);
		CHECK_EQ(get_be16(t.frame[0] + hlen + 4), p->id);
		CHECK_EQ(get_be16(t.frame[0] + hlen + 6), p->seq);
		CHECK_MEM(t.frame[0] + (is4(p) ? 26 : 22), is4(p) ? addr_v4(&far) : far.b,
			  is4(p) ? 4 : 16);
		/* From a stranger */
		arrive(p, is4(p) ? "203.0.113.1" : "2001:db8::99");
		udp_socket_event(conn_id(c), EPOLLIN, 2000000);
		CHECK_EQ(t.nframes, 1);
		/* Too short */
		arrive(p, p->dst);
		t.in[0].len = 7;
		udp_socket_event(conn_id(c), EPOLLIN, 2000000);
		CHECK_EQ(t.nframes, 1);
		CHECK_EQ(count_value[DROP_ICMP_HEADER], 2);
	}
}

/* The gateway is the host's loopback; the guest does not see that */
static void test_gateway(void)
{
	struct ping p = basic;
	struct conn *c;

	begin();
	p.dst = "192.0.2.1";
	from_guest(&p, 1000000);
	CHECK(addr_eq(&t.dialled.peer, &addr_loop4));
	c = flow(&p);
	CHECK(c != NULL);
	if (!c)
		return;
	arrive(&p, "127.0.0.1");
	udp_socket_event(conn_id(c), EPOLLIN, 1);
	CHECK_EQ(t.nframes, 1);
	CHECK_MEM(t.frame[0] + 26, addr_v4(&test_net.gw4), 4);
}

static void test_large(void)
{
	struct ping p = basic;
	uint8_t all[4000] = { 0 };
	uint32_t n = 0;
	struct conn *c;

	begin();
	p.len = 3500;
	from_guest(&p, 1000000);
	CHECK_EQ(t.sent[0].len, 3508);
	c = flow(&p);
	CHECK(c != NULL);
	if (!c)
		return;
	arrive(&p, p.dst);
	udp_socket_event(conn_id(c), EPOLLIN, 1);
	CHECK_EQ(t.nframes, 3);
	for (int i = 0; i < t.nframes; i++) {
		memcpy(all + n, t.frame[i] + 34, t.frame_len[i] - 34);
		n += t.frame_len[i] - 34;
	}
	CHECK_EQ(n, 3508);
	CHECK_EQ(csum_fold(csum_add(0, all, n)), 0);
	CHECK_EQ(get_be16(all + 4), p.id);
}

static void test_nonsense(void)
{
	struct ping p = basic;

	begin();
	p.bad_csum = true;
	from_guest(&p, 1);
	CHECK_EQ(count_value[DROP_CSUM], 1);
	p = basic;
	p.type = ICMP4_ECHO_REPLY;
	from_guest(&p, 1);
	p.type = ICMP4_UNREACH;
	from_guest(&p, 1);
	p = basic6;
	p.type = ICMP4_ECHO;
	from_guest(&p, 1);
	CHECK_EQ(count_value[DROP_ICMP_TYPE], 3);
	p = basic;
	p.len = 0;
	p.cut = 1;
	from_guest(&p, 1);
	p.cut = 0;
	p.src = "0.0.0.0";
	from_guest(&p, 1);
	CHECK_EQ(count_value[DROP_ICMP_HEADER], 2);
	CHECK_EQ(conn_count(CONN_ECHO), 0);
	p.src = basic.src;
	from_guest(&p, 1);
	CHECK_EQ(t.sent[0].len, 8);
}

static void test_refused(void)
{
	struct ping p = basic;

	begin();
	t.dial_error = -EACCES;		/* ping_group_range */
	from_guest(&p, 1000000);
	from_guest(&p, 1000000);
	CHECK_EQ(count_value[DROP_ICMP_SEND], 2);
	CHECK_EQ(t.nframes, 0);
	t.dial_error = -EMFILE;
	from_guest(&p, 1000000);
	CHECK_EQ(count_value[DROP_ICMP_LIMIT], 1);
	t.dial_error = -ENETUNREACH;
	from_guest(&p, 1000000);
	CHECK_EQ(t.nframes, 1);
	CHECK_EQ(t.frame[0][34], 3);
	CHECK_EQ(t.frame[0][35], 0);
	CHECK_EQ(conn_count(CONN_ECHO), 0);
	/* Too long for the path: told if the guest set the flag */
	t.dial_error = 0;
	t.send_error = -EMSGSIZE;
	t.mtu = 1300;
	from_guest(&p, 1000000);
	CHECK_EQ(t.nframes, 1);
	p.df = true;
	from_guest(&p, 1000000);
	CHECK_EQ(t.nframes, 2);
	CHECK_EQ(t.frame[1][35], 4);
	CHECK_EQ(get_be16(t.frame[1] + 40), 1300);
	CHECK_EQ(whole(1, true), 0);
}

/* traceroute: each request with a higher time to live, errors of routers */
static void test_expired(void)
{
	const struct ping *const ping[] = { &basic, &basic6 };

	for (int i = 0; i < 2; i++) {
		struct ping p = *ping[i], as_sent = p;
		bool v4 = is4(&p);
		uint32_t hlen = v4 ? 34 : 54, ip = hlen - 14;
		struct addr src = at(p.src), dst = at(p.dst);
		const uint8_t *q = t.frame[0] + hlen + 8;
		struct conn *c;
		uint64_t sum;

		begin();
		p.ttl = 1;
		from_guest(&p, 1000000);
		CHECK_EQ(t.ttl_calls, 1);
		CHECK_EQ(t.last_ttl, 1);
		from_guest(&p, 1000000);
		CHECK_EQ(t.ttl_calls, 1);
		c = flow(&p);
		CHECK(c != NULL);
		if (!c)
			return;
		as_sent.id = 0x9999;
		t.err[0] = (struct sock_udp_error){ .type = v4 ? 11 : 3,
			.offender = at(v4 ? "203.0.113.7" : "2001:db8::77"),
			.peer = dst };
		t.err[0].len = message(&as_sent, t.err[0].data);
		t.nerr = 1;
		udp_socket_event(conn_id(c), EPOLLERR, 1000000);
		CHECK_EQ(t.nframes, 1);
		CHECK_EQ(whole(0, v4), 0);
		CHECK_EQ(t.frame[0][hlen], v4 ? 11 : 3);
		CHECK_MEM(t.frame[0] + (v4 ? 26 : 22),
			  v4 ? addr_v4(&t.err[0].offender) : t.err[0].offender.b, v4 ? 4 : 16);
		CHECK_EQ(t.frame_len[0], hlen + 8 + ip + 8 + p.len);
		/* The request as the guest sent it, checksum included */
		CHECK_EQ(get_be16(q + ip + 4), p.id);
		CHECK_EQ(get_be16(q + ip + 6), p.seq);
		sum = v4 ? 0 : frame_pseudo(&src, &dst, WIRE_ICMP6, 8 + p.len);
		CHECK_EQ(csum_fold(csum_add(sum, q + ip, 8 + p.len)), 0);
		/* Only its beginning came back */
		t.err[0].len = 8;
		t.nerr = 1;
		udp_socket_event(conn_id(c), EPOLLERR, 1000000);
		CHECK_EQ(t.nframes, 2);
		CHECK_EQ(t.frame_len[1], hlen + 8 + ip + 8);
		if (v4)
			CHECK_EQ(get_be16(t.frame[1] + hlen + 8 + 2), 28 + p.len);
		t.err[0].len = 7;
		t.nerr = 1;
		udp_socket_event(conn_id(c), EPOLLERR, 1000000);
		CHECK_EQ(t.nframes, 2);
	}
}

static void test_times(void)
{
	struct conn *c;
	uint64_t id;

	begin();
	from_guest(&basic, 1000000);
	c = flow(&basic);
	CHECK(c != NULL);
	if (!c)
		return;
	from_guest(&basic, 20000000);
	udp_flow_timeout(c, 31000000);
	CHECK_EQ(timer_due(conn_index(c)), 50000000);
	id = conn_id(c);
	udp_flow_timeout(c, 50000000);
	CHECK(!conn_get(id));
	CHECK_EQ(t.open, 0);
	udp_socket_event(id, EPOLLIN, 50000000);
}

static void test_limit(void)
{
	struct ping p = basic;

	begin();
	for (uint16_t i = 0; i < 1100; i++) {
		p.id = i;
		from_guest(&p, 1000000);
	}
	CHECK_EQ(conn_count(CONN_ECHO), 1024);
	CHECK_EQ(count_value[DROP_ICMP_LIMIT], 1100 - 1024);
	p.id = 3;
	CHECK(flow(&p) != NULL);
}

static void test_group(void)
{
	struct ping p = basic6;
	struct conn *c;

	begin();
	p.dst = "ff02::1";
	p.ttl = 1;
	from_guest(&p, 1000000);
	CHECK(t.sent[0].to_set);
	CHECK_EQ(t.dialled.scope, 8);
	CHECK_EQ(t.ttl_calls, 0);
	c = flow(&p);
	CHECK(c != NULL);
	if (!c)
		return;
	arrive(&(struct ping){ .src = p.src, .dst = "fe80::5", .id = p.id, .len = 4,
			       .type = ICMP6_ECHO }, "fe80::5");
	udp_socket_event(conn_id(c), EPOLLIN, 1);
	CHECK_EQ(t.nframes, 1);
	CHECK_EQ(t.frame[0][22], 0xfe);
	CHECK_EQ(t.frame[0][37], 5);
}

static struct icmp_error error(const char *src, const char *dst)
{
	static const uint8_t l4[1400] = { 1, 2, 3, 4 };

	return (struct icmp_error){ .src = at(src), .dst = at(dst), .proto = WIRE_UDP,
				    .type = strchr(src, ':') ? 1 : 3, .l4 = l4,
				    .l4have = sizeof(l4), .l4len = sizeof(l4),
				    .now = 10000000 };
}

static void test_error_rules(void)
{
	struct icmp_error e;

	begin();
	e = error("192.0.2.2", "198.51.100.1");
	icmp_error_to_guest(&e);
	CHECK_EQ(t.frame_len[0], 576 + 14);	/* RFC 1812, 4.3.2.3 */
	CHECK_MEM(t.frame[0] + 26, addr_v4(&test_net.gw4), 4);
	e = error("2001:db8::2", "2001:db8:1::1");
	icmp_error_to_guest(&e);
	CHECK_EQ(t.frame_len[1], 1280 + 14);	/* RFC 4443, 2.4 (c) */
	e.type = ICMP6_TOO_BIG;
	e.mtu = 600;
	icmp_error_to_guest(&e);
	CHECK_EQ(get_be32(t.frame[2] + 58), 1280);	/* RFC 8200, section 5 */
	e.type = 4;
	icmp_error_to_guest(&e);
	CHECK_EQ(t.nframes, 3);
	/* Groups, broadcast, nobody; the exception of RFC 4443, 2.4 (e.3) */
	e = error("192.0.2.2", "224.0.0.251");
	icmp_error_to_guest(&e);
	e = error("192.0.2.2", "255.255.255.255");
	icmp_error_to_guest(&e);
	e = error("0.0.0.0", "198.51.100.1");
	icmp_error_to_guest(&e);
	e = error("2001:db8::2", "ff02::1");
	icmp_error_to_guest(&e);
	e = error("192.0.2.2", "198.51.100.1");
	e.l4have = 7;
	icmp_error_to_guest(&e);
	e = error("192.0.2.2", "198.51.100.1");
	e.type = ICMP4_ECHO;
	icmp_error_to_guest(&e);
	CHECK_EQ(t.nframes, 3);
	e = error("2001:db8::2", "ff02::1");
	e.type = ICMP6_TOO_BIG;
	icmp_error_to_guest(&e);
	CHECK_EQ(t.nframes, 4);
	/* No gateway: from the destination itself */
	test_net.gw4 = addr_none;
	e = error("192.0.2.2", "198.51.100.1");
	icmp_error_to_guest(&e);
	CHECK_MEM(t.frame[4] + 26, addr_v4(&e.dst), 4);
}

static void test_rate(void)
{
	struct icmp_error e;

	begin();
	e = error("192.0.2.2", "198.51.100.1");
	for (int i = 0; i < 150; i++)
		icmp_error_to_guest(&e);
	CHECK_EQ(t.nframes, 100);
	e.now += 10500;			/* a thousand a second */
	for (int i = 0; i < 150; i++)
		icmp_error_to_guest(&e);
	CHECK_EQ(t.nframes, 110);
	e.now += 3600000000;		/* no more than that is saved up */
	for (int i = 0; i < 110; i++)
		icmp_error_to_guest(&e);
	CHECK_EQ(t.nframes, 210);
	CHECK_EQ(count_value[COUNT_ICMP_ERRORS], 210);
}

static void test_errnos(void)
{
	struct icmp_error e = error("192.0.2.2", "198.51.100.1");
	struct icmp_error e6 = error("2001:db8::2", "2001:db8:1::1");

	CHECK(icmp_error_set(&e, ECONNREFUSED) && e.type == 3 && e.code == 3);
	CHECK(icmp_error_set(&e6, ECONNREFUSED) && e6.type == 1 && e6.code == 4);
	CHECK(icmp_error_set(&e, EHOSTUNREACH) && e.type == 3 && e.code == 1);
	CHECK(icmp_error_set(&e6, EHOSTUNREACH) && e6.type == 1 && e6.code == 3);
	CHECK(icmp_error_set(&e6, EMSGSIZE) && e6.type == 2 && e6.code == 0);
	CHECK(icmp_error_set(&e6, EPERM) && e6.type == 1 && e6.code == 1);
	CHECK(!icmp_error_set(&e, EAGAIN));
	CHECK(!icmp_error_set(&e, ENOBUFS));
}

/* A packet whose pieces did not all come (RFC 792; RFC 4443, section 3.3) */
static void test_reassembly(void)
{
	static uint8_t b[54];
	struct iovec iov = { b, 14 + 20 + 16 };
	struct tap_frame tf = { .iov = &iov, .niov = 1, .len = 14 + 20 + 16 };
	struct head h = { .src = at("192.0.2.2"), .dst = at("198.51.100.1"),
			  .proto = WIRE_UDP, .ttl = 64, .frag = IP4_MF };
	struct frame f;

	begin();
	(void)put_head(b, &h, 16);
	memset(b + 34, 0x5a, 16);
	CHECK_EQ(frame_parse(&tf, &f), FRAME_FRAGMENT);
	CHECK(!frag_from_guest(&f, 1000000));
	icmp_frag_timeout(31000000);
	CHECK_EQ(t.nframes, 1);
	CHECK_EQ(t.frame[0][34], 11);
	CHECK_EQ(t.frame[0][35], 1);
	CHECK_MEM(t.frame[0] + 34 + 8 + 20, b + 34, 16);
	CHECK_EQ(whole(0, true), 0);
}

int main(void)
{
	RUN(test_echo);
	RUN(test_gateway);
	RUN(test_large);
	RUN(test_nonsense);
	RUN(test_refused);
	RUN(test_expired);
	RUN(test_times);
	RUN(test_limit);
	RUN(test_group);
	RUN(test_error_rules);
	RUN(test_rate);
	RUN(test_errnos);
	RUN(test_reassembly);
	return check_done();
}
