// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udp_in.c - unit test of ../../udp.c and udp_flow.c: what comes in, and how long
 * links: udp.c udp_flow.c icmp.c frag.c frame.c conn.c timer.c addr.c
 * links: csum.c tap_link.c count.c log.c util.c
 */
#include "test/unit/gram.h"

static void test_in(void)
{
	struct conn *c;

	begin();
	c = opened(&basic, 1);
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
	c = opened(&basic6, 1);
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

static void test_in_long(void)
{
	struct addr s = at(basic.dst), d = at(basic.src);
	uint8_t all[4000] = { 0 };
	struct conn *c;
	uint32_t n = 0;

	begin();
	c = opened(&basic, 1);
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
	c = opened(&basic, s);
	if (!c)
		return;
	CHECK_EQ(timer_due(conn_index(c)), 31 * s);
	arrive(basic.dst, 5000, 10, 0);		/* a reply within 2 s: as before */
	udp_socket_event(conn_id(c), EPOLLIN, 2 * s);
	CHECK_EQ(c->udp.due, 32 * s);
	CHECK_EQ(timer_due(conn_index(c)), 31 * s);
	timer_clear(conn_index(c));
	udp_flow_timeout(c, 31 * s);			/* too early: set again */
	CHECK_EQ(timer_due(conn_index(c)), 32 * s);
	from_guest(&basic, 10 * s);		/* a stream */
	flush(10 * s);
	CHECK_EQ(c->udp.due, 130 * s);
	id = conn_id(c);
	udp_flow_timeout(c, 130 * s);
	CHECK(!conn_get(id));
	CHECK_EQ(t.open, 0);

	dns.dport = 53;
	c = opened(&dns, 200 * s);
	if (!c)
		return;
	arrive(basic.dst, 53, 10, 0);
	udp_socket_event(conn_id(c), EPOLLIN, 203 * s);
	CHECK_EQ(c->udp.due, 208 * s);
	CHECK_EQ(timer_due(conn_index(c)), 208 * s);
}

static void test_queued_errors(void)
{
	struct conn *c;
	struct gram g = basic;

	begin();
	c = opened(&g, 1000000);
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
	c = opened(&g, 1000000);
	if (!c)
		return;
	CHECK(addr_eq(&c->udp.path.peer, &addr_loop4));
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
		CHECK_EQ(t.opened[SOCK_UDP_SHOUT], i + 1);
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

int main(void)
{
	RUN(test_in);
	RUN(test_gro);
	RUN(test_in_long);
	RUN(test_times);
	RUN(test_queued_errors);
	RUN(test_groups);
	RUN(test_calls);
	return check_done();
}
