// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sock_udp.c - unit test of ../../sock_udp.c, and of sock_set() and sock_limit()
 * links: sock_udp.c sock.c addr.c util.c
 *
 * Real sockets on the loopback, of both families where the host has them.
 */
#include "test/unit/check.h"

#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sock.h"
#include "sock_udp.h"

enum { WAIT_MS = 2000 };

static const struct addr *const loop[] = { &addr_loop4, &addr_loop6 };

/* bound() - A UDP socket on the loopback, its port; -1: no such family here */
static int bound(int six, uint16_t *port)
{
	union addr_sock s;
	socklen_t len = sizeof(s);
	struct addr a;
	int fd = sock_open(six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);

	if (fd < 0)
		return -1;
	if (sock_bind(fd, loop[six], 0, NULL) || getsockname(fd, &s.sa, &len) ||
	    !addr_from_sock(&s, &a, port)) {
		sock_close(fd);
		return -1;
	}
	return fd;
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, WAIT_MS) == 1;
}

/* A port that is shared can be bound again, one that is not can not */
static void test_share(void)
{
	for (int six = 0; six < 2; six++) {
		uint16_t port;
		int fd = bound(six, &port), other;

		if (fd < 0)
			continue;
		other = sock_open(six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
		CHECK_EQ(sock_bind(other, loop[six], port, NULL), -EADDRINUSE);
		CHECK_EQ(sock_set(fd, SOCK_SHARE, true), 0);
		CHECK_EQ(sock_set(other, SOCK_SHARE, true), 0);
		CHECK_EQ(sock_bind(other, loop[six], port, NULL), 0);
		sock_close(fd);
		sock_close(other);
	}
}

/* An IPv6 socket that is only that leaves the port to IPv4 */
static void test_only6(void)
{
	uint16_t port;
	int four = bound(0, &port);
	int six = sock_open(AF_INET6, SOCK_DGRAM, 0);

	if (four >= 0 && six >= 0) {
		CHECK_EQ(sock_bind(six, &addr_none, port, NULL), -EADDRINUSE);
		CHECK_EQ(sock_set(six, SOCK_ONLY6, true), 0);
		CHECK_EQ(sock_bind(six, &addr_none, port, NULL), 0);
	}
	sock_close(four);
	sock_close(six);
}

/* With IP_FREEBIND an address need not be there */
static void test_free(void)
{
	struct addr foreign;
	int fd = sock_open(AF_INET, SOCK_DGRAM, 0);

	CHECK(addr_parse("192.0.2.99", &foreign));
	CHECK_EQ(sock_bind(fd, &foreign, 0, NULL), -EADDRNOTAVAIL);
	CHECK_EQ(sock_set(fd, SOCK_FREEBIND, true), 0);
	CHECK_EQ(sock_bind(fd, &foreign, 0, NULL), 0);
	sock_close(fd);
}

static void test_limit(void)
{
	struct rlimit lim;

	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &lim), 0);
	CHECK(sock_limit() == lim.rlim_cur || lim.rlim_cur > UINT32_MAX);
}

/* A flow to a bound socket: what is sent arrives, from the port that was asked for */
static void test_dial(void)
{
	for (int six = 0; six < 2; six++) {
		struct sock_udp_path to = { .peer = *loop[six] };
		union addr_sock from;
		socklen_t len = sizeof(from);
		uint16_t own, port;
		struct addr a;
		char text[8];
		int server = bound(six, &to.port), spare = bound(six, &own), fd;

		if (server < 0 || spare < 0)
			continue;
		sock_close(spare);
		fd = sock_udp_open(&to, own, SOCK_UDP_DIAL);
		CHECK(fd >= 0);
		CHECK_EQ(send(fd, "hello", 5, 0), 5);
		CHECK(readable(server));
		CHECK_EQ(recvfrom(server, text, sizeof(text), 0, &from.sa, &len), 5);
		CHECK_MEM(text, "hello", 5);
		CHECK(addr_from_sock(&from, &a, &port));
		CHECK_EQ(port, own);
		sock_close(fd);
		sock_close(server);
	}
}

/* Nobody listens: the error comes with the one who says so */
static void test_error(void)
{
	struct sock_udp_path to = { .peer = addr_loop4 };
	struct sock_udp_error e;
	int gone = bound(0, &to.port), fd;

	sock_close(gone);
	fd = sock_udp_open(&to, 0, SOCK_UDP_DIAL);
	CHECK(fd >= 0);
	CHECK_EQ(send(fd, "x", 1, 0), 1);
	CHECK(readable(fd));
	CHECK_EQ(sock_udp_recv_error(fd, &e), 1);
	CHECK_EQ(e.type, 3);	/* RFC 792: unreachable, port */
	CHECK_EQ(e.code, 3);
	CHECK(addr_eq(&e.offender, &addr_loop4));
	CHECK_EQ(e.port, to.port);
	CHECK_EQ(sock_udp_recv_error(fd, &e) > 0, 0);
	CHECK_EQ(sock_udp_mtu(fd, &addr_loop4) > 1000, 1);
	sock_close(fd);
}

int main(void)
{
	static const struct sock_conf conf;

	sock_init(&conf);
	sock_udp_init(&conf);
	RUN(test_share);
	RUN(test_only6);
	RUN(test_free);
	RUN(test_limit);
	RUN(test_dial);
	RUN(test_error);
	return check_done();
}
