// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * addr.c - addresses of both families: text, classes, prefixes, sockets
 * links: addr.c
 */
#include "addr.h"

#include <arpa/inet.h>

#include "test/unit/check.h"

/* A() - Address from text that is known to be one */
static struct addr A(const char *known)
{
	struct addr a = { { 0 } };

	CHECK(addr_parse(known, &a));
	return a;
}

static void test_text(void)
{
	static const char *const good[] = {
		"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1",
		"2001:db8::1", "fe80::5054:ff:fe12:3456",
		"2001:db8:1:2:3:4:5:6",
	};
	char text[ADDR_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct addr a = A(good[i]);

		CHECK_STR(addr_text(&a, text), good[i]);
	}
}

static void test_text_refused(void)
{
	static const char *const bad[] = {
		"", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.4 ", "1.2.3.x",
		" 1.2.3.4", ":", ":::", "2001:db8", "2001:db8::1::2", "[::1]",
		"fe80::1%eth0", "12345::", "1.2.3.4/24", "localhost",
	};
	struct addr a = addr_loop4;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!addr_parse(bad[i], &a));
	CHECK(addr_eq(&a, &addr_loop4));
}

static void test_families(void)
{
	struct addr four = addr_from4("\xc0\x00\x02\x01");
	struct addr six = addr_from6("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1");
	struct addr mapped = A("::ffff:192.0.2.1");
	struct addr want4 = A("192.0.2.1"), want6 = A("2001:db8::1");

	CHECK(addr_eq(&four, &want4));
	CHECK(addr_eq(&six, &want6));
	CHECK(addr_is4(&four));
	CHECK(!addr_is4(&six));
	CHECK(addr_eq(&mapped, &four));
	CHECK_MEM(addr_v4(&four), "\xc0\x00\x02\x01", 4);
	CHECK(addr_is_none(&addr_none));
	CHECK(!addr_is4(&addr_none));
	CHECK(!addr_is_none(&addr_any4));
}

/**
 * struct sample - what an address is
 * @text:	address
 * @traits:	letters: a any, l loopback, m multicast, k link-local, u unicast
 */
struct sample {
	const char *text;
	const char *traits;
};

static void test_classes(void)
{
	static const struct sample c[] = {
		{ "0.0.0.0", "a" }, { "::", "a" }, { "0.0.0.1", "" },
		{ "127.0.0.1", "lu" }, { "127.255.255.255", "lu" },
		{ "126.255.255.255", "u" }, { "128.0.0.0", "u" }, { "::1", "lu" },
		{ "::2", "u" }, { "1::1", "u" },
		{ "223.255.255.255", "u" }, { "224.0.0.0", "m" },
		{ "239.255.255.255", "m" }, { "240.0.0.0", "" },
		{ "255.255.255.255", "" }, { "ff00::", "m" }, { "ff02::1", "m" },
		{ "feff::", "u" }, { "169.254.0.0", "ku" },
		{ "169.254.255.255", "ku" }, { "169.253.255.255", "u" },
		{ "169.255.0.0", "u" }, { "fe80::", "ku" }, { "febf::1", "ku" },
		{ "fec0::", "u" }, { "fe7f::", "u" }, { "192.0.2.1", "u" },
		{ "2001:db8::1", "u" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(c); i++) {
		struct addr a = A(c[i].text);
		char is[6] = "", *p = is;

		if (addr_is_any(&a))
			*p++ = 'a';
		if (addr_is_loopback(&a))
			*p++ = 'l';
		if (addr_is_multicast(&a))
			*p++ = 'm';
		if (addr_is_linklocal(&a))
			*p++ = 'k';
		if (addr_is_unicast(&a))
			*p++ = 'u';
		*p = '\0';
		CHECK_STR(is, c[i].traits);
	}
}

/* in_prefix_naive() - Bit by bit */
static bool in_prefix_naive(const struct addr *a, const struct addr *net,
			    unsigned prefix)
{
	unsigned first = addr_is4(net) ? 96 : 0;

	if (addr_is4(a) != addr_is4(net))
		return false;
	for (unsigned i = first; i < first + prefix; i++)
		if ((a->b[i / 8] ^ net->b[i / 8]) & 0x80 >> i % 8)
			return false;
	return true;
}

static void test_prefix_random(void)
{
	unsigned inside = 0;

	for (int i = 0; i < 20000; i++) {
		bool four = check_below(2);
		unsigned prefix = (unsigned)check_below(four ? 33 : 129);
		unsigned flip = (unsigned)check_below(four ? 32 : 128);
		struct addr a, net;
		bool want;

		check_fill(&net, sizeof(net));
		if (four)
			net = addr_from4(net.b);
		a = net;
		a.b[four ? 12 + flip / 8 : flip / 8] ^= (uint8_t)(0x80 >> flip % 8);
		want = in_prefix_naive(&a, &net, prefix);
		inside += want;
		CHECK_EQ(addr_in_prefix(&a, &net, prefix), want);
	}
	CHECK(inside > 1000 && inside < 19000);
}

static void test_prefix_edges(void)
{
	struct addr a = A("192.0.2.1"), b = A("10.0.0.1"), c = A("2001:db8::1");

	CHECK(addr_in_prefix(&a, &b, 0));
	CHECK(addr_in_prefix(&a, &a, 32));
	CHECK(!addr_in_prefix(&a, &a, 33));
	CHECK(addr_in_prefix(&c, &c, 128));
	CHECK(!addr_in_prefix(&c, &c, 129));
	CHECK(!addr_in_prefix(&a, &addr_none, 0));
	CHECK(!addr_in_prefix(&c, &addr_any4, 0));
}

static void test_mask(void)
{
	for (unsigned i = 0; i <= 32; i++) {
		struct addr m = addr_mask4(i);
		unsigned back = 99;

		CHECK_EQ(get_be32(addr_v4(&m)), i ? UINT32_MAX << (32 - i) : 0);
		CHECK(addr_mask4_prefix(&m, &back));
		CHECK_EQ(back, i);
	}
}

static void test_mask_refused(void)
{
	static const char *const bad[] = {
		"0.0.0.1", "255.0.255.0", "255.255.255.1", "127.0.0.0",
		"255.255.0.128",
	};
	struct addr six = A("ffff::");
	unsigned n = 99;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct addr m = A(bad[i]);

		CHECK(!addr_mask4_prefix(&m, &n));
	}
	CHECK(!addr_mask4_prefix(&six, &n));
	CHECK_EQ(n, 99);
}

static void test_derived(void)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
	struct addr ll = addr_ll_from_mac(mac);
	struct addr want = A("fe80::5054:ff:fe12:3456");

	CHECK(addr_eq(&ll, &want));
}

static void test_sock4(void)
{
	struct addr a = A("192.0.2.1"), back = addr_none;
	union addr_sock s;
	uint16_t port = 0;

	memset(&s, 0xff, sizeof(s));
	CHECK_EQ(addr_to_sock(&s, &a, 80, 5), sizeof(struct sockaddr_in));
	CHECK_EQ(s.in.sin_family, AF_INET);
	CHECK_EQ(ntohs(s.in.sin_port), 80);
	CHECK_EQ(ntohl(s.in.sin_addr.s_addr), 0xc0000201);
	CHECK_MEM(s.in.sin_zero, "\0\0\0\0\0\0\0\0", 8);
	CHECK(addr_from_sock(&s, &back, &port));
	CHECK(addr_eq(&back, &a));
	CHECK_EQ(port, 80);
}

static void test_sock6(void)
{
	static const struct { const char *text; unsigned scope; } v[] = {
		{ "2001:db8::1", 0 }, { "fe80::1", 5 }, { "ff02::1", 5 }, { "::1", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct addr a = A(v[i].text), back = addr_none;
		union addr_sock s;
		uint16_t port = 0;

		memset(&s, 0xff, sizeof(s));
		CHECK_EQ(addr_to_sock(&s, &a, 65535, 5), sizeof(struct sockaddr_in6));
		CHECK_EQ(s.in6.sin6_family, AF_INET6);
		CHECK_EQ(s.in6.sin6_scope_id, v[i].scope);
		CHECK_EQ(s.in6.sin6_flowinfo, 0);
		CHECK(addr_from_sock(&s, &back, &port));
		CHECK(addr_eq(&back, &a));
		CHECK_EQ(port, 65535);
	}
}

static void test_sock_refused(void)
{
	struct addr a = addr_loop6;
	union addr_sock s;
	uint16_t port = 7;

	memset(&s, 0, sizeof(s));
	s.sa.sa_family = AF_UNIX;
	CHECK(!addr_from_sock(&s, &a, &port));
	CHECK(addr_eq(&a, &addr_loop6));
	CHECK_EQ(port, 7);
}

int main(void)
{
	RUN(test_text);
	RUN(test_text_refused);
	RUN(test_families);
	RUN(test_classes);
	RUN(test_prefix_random);
	RUN(test_prefix_edges);
	RUN(test_mask);
	RUN(test_mask_refused);
	RUN(test_derived);
	RUN(test_sock4);
	RUN(test_sock6);
	RUN(test_sock_refused);
	return check_done();
}
