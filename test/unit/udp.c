// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udp.c - unit test of ../../udp.c and udp_flow.c: what the guest sends
 * links: udp.c udp_flow.c icmp.c frag.c frame.c conn.c timer.c addr.c
 * links: csum.c tap_link.c count.c log.c util.c
 */
#include "test/unit/gram.h"

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
	/* What follows an uncut frame can be the last of its datagrams */
	t.nsent = 0;
	g.gso = 1000;
	g.len = 2000;
	from_guest(&g, 1);
	g.gso = 0;
	g.len = 300;
	from_guest(&g, 1);
	from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.nsent, 2);
	CHECK_EQ(t.sent[0].len, 2300);
	CHECK_EQ(t.sent[0].seg, 1000);
	/* A path too narrow for an entry: each by itself */
	t.nsent = 0;
	t.seg_error = -EMSGSIZE;
	from_guest(&g, 1);
	from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.nsent, 2);
	CHECK_EQ(t.sent[1].len, 300);
	t.seg_error = 0;
	from_guest(&g, 1);
	from_guest(&g, 1);
	flush(1);
	CHECK_EQ(t.nsent, 3);	/* it is asked again */
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

static void test_limits(void)
{
	struct gram g = basic;

	begin();
	for (uint16_t i = 0; i < 45; i++) {
		g.sport = (uint16_t)(1000 + i);
		from_guest(&g, 1);
		flush(1);
	}
	CHECK_EQ(conn_count(CONN_UDP), FLOWS_LIMIT);
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
	/* A run fails as one, of three */
	begin();
	for (int i = 0; i < 3; i++)
		from_guest(&basic, 1000000);
	t.send_error = -ENETUNREACH;
	flush(1000000);
	CHECK_EQ(count_value[DROP_UDP_SEND], 3);
	CHECK_EQ(t.calls, 1);
	CHECK_EQ(t.nframes, 1);
	check_icmp(0, "192.0.2.1", 3, 0, &basic);
}

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
	RUN(test_limits);
	RUN(test_local_errors);
	RUN(test_error_in_batch);
	RUN(test_overflow);
	return check_done();
}
