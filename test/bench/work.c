// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * work.c - the load of the benchmarks that iperf3 does not know
 * links: util.c
 *
 *	work serve ADDR PORT N		answer on N TCP and UDP ports from PORT on
 *	work rr tcp|udp ADDR PORT SECONDS
 *					one request of one byte at a time
 *	work crr ADDR PORT N COUNT PARALLEL
 *					connect, request, response, close: COUNT times
 *	work hold ADDR PORT N COUNT	open COUNT connections, say "open", keep them
 *	work busy ADDR PORT N COUNT SECONDS
 *					COUNT connections, one request under way on each
 *	work send ADDR PORT SIZE SECONDS MBIT SEGMENTS
 *					UDP datagrams; MBIT 0: as many as it can;
 *					SEGMENTS over 1: so many for each system call
 *	work recv ADDR PORT		count them, until the sender's last
 *
 *   Each prints one line of names and numbers.  Rates are per second, times in
 *   microseconds, unless said otherwise.  serve and hold end when standard input does,
 *   so they never outlive the program that started them.
 *
 *   The client of crr closes first, so TIME_WAIT is on its side: N ports of the
 *   server give it N times as many connections before it runs out of its own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT		103		/* linux/udp.h, 4.18 */
#endif
#ifndef UDP_GRO
#define UDP_GRO			104		/* linux/udp.h, 5.0 */
#endif

enum {
	EVENTS		= 256,			/* taken from epoll_wait() at once */
	BURST		= 64,			/* datagrams read or sent at once */
	DATAGRAM_MAX	= 65536,
	US_MAX		= 1000000,		/* longest time the histogram tells apart */
	WAIT_MS		= 15000,		/* nothing for so long: it failed */
	ENDS		= 20,			/* "no more" datagrams: some may be lost */
	END_GAP_NS	= 5000000,		/* between two of them */
	SPIN_NS		= 100000,		/* rather wait than sleep for so long */
};

#define NS_PER_S	UINT64_C(1000000000)
#define NS_PER_US	UINT64_C(1000)

/**
 * struct header - first bytes of a datagram of send
 * @seq:	number of the datagram from 0; %LAST: no more, @sent tells how many
 * @sent:	datagrams sent, in those with %LAST only
 */
struct header {
	uint64_t seq;
	uint64_t sent;
};
#define LAST		UINT64_MAX

/* Round trips by duration, in microseconds; the last one counts all longer ones */
static uint32_t histogram[US_MAX + 1];

static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "work: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static uint64_t number(const char *s)
{
	char *end;
	uint64_t n = strtoull(s, &end, 10);

	if (*end || end == s) {
		errno = EINVAL;
		fail(s);
	}
	return n;
}

static double seconds(uint64_t ns)
{
	return (double)ns / (double)NS_PER_S;
}

/* --------------------------------------------------------------- addresses */

/**
 * struct where - an address of either family, for the socket calls
 * @u:		the address
 * @len:	its length, bytes
 */
struct where {
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} u;
	socklen_t len;
};

static struct where where(const char *addr, uint64_t port)
{
	struct where w = { .len = sizeof w.u.v4 };

	w.u.v4.sin_family = AF_INET;
	w.u.v4.sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, addr, &w.u.v4.sin_addr) == 1)
		return w;
	w = (struct where){ .len = sizeof w.u.v6 };
	w.u.v6.sin6_family = AF_INET6;
	w.u.v6.sin6_port = htons((uint16_t)port);
	if (inet_pton(AF_INET6, addr, &w.u.v6.sin6_addr) != 1) {
		errno = EINVAL;
		fail(addr);
	}
	return w;
}

static void option(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof value))
		fail("setsockopt");
}

static int socket_of(const struct where *w, int type)
{
	int fd = socket(w->u.sa.sa_family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("socket");
	if ((type & ~SOCK_NONBLOCK) == SOCK_STREAM)
		option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return fd;
}

/* connected() - A socket to where a server is; TCP in the background if nonblocking */
static int connected(const char *addr, uint64_t port, int type)
{
	struct where w = where(addr, port);
	int fd = socket_of(&w, type);

	if (connect(fd, &w.u.sa, w.len) && errno != EINPROGRESS)
		fail("connect");
	return fd;
}

static int bound(const char *addr, uint64_t port, int type)
{
	struct where w = where(addr, port);
	int fd = socket_of(&w, type);

	option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, &w.u.sa, w.len))
		fail("bind");
	return fd;
}

/* many_files() - As many descriptors as the hard limit allows */
static void many_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		fail("getrlimit");
	r.rlim_cur = r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r))
		fail("setrlimit");
}

/* --------------------------------------------------------------- histogram */

static void note(uint64_t ns)
{
	uint64_t us = ns / NS_PER_US;

	histogram[us < US_MAX ? us : US_MAX]++;
}

/* quantile() - Microseconds that a part of the round trips, in 1/1000, stayed below */
static unsigned quantile(uint64_t total, unsigned part)
{
	uint64_t sum = 0;
	unsigned us;

	for (us = 0; us < US_MAX; us++) {
		sum += histogram[us];
		if (sum * 1000 >= total * part)
			break;
	}
	return us;
}

static void print_rate(uint64_t done, uint64_t took)
{
	(void)printf("rate %.0f p50 %u p99 %u p999 %u\n", (double)done / seconds(took),
	       quantile(done, 500), quantile(done, 990), quantile(done, 999));
}

/* ------------------------------------------------------------------- serve */

static void watch(int ep, int fd, uint32_t events, uint32_t kind)
{
	struct epoll_event e = {
		.events = events,
		.data.u64 = (uint64_t)kind << 32 | (uint32_t)fd,
	};

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e))
		fail("epoll_ctl");
}

enum { LISTENER, STREAM, DATAGRAMS, STDIN };

static void serve_event(int ep, uint32_t kind, int fd)
{
	char buf[DATAGRAM_MAX];
	struct where from;
	ssize_t n;
	int c;

	switch (kind) {
	case LISTENER:
		while ((c = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
			option(c, IPPROTO_TCP, TCP_NODELAY, 1);
			watch(ep, c, EPOLLIN, STREAM);
		}
		break;
	case STREAM:
		n = read(fd, buf, sizeof buf);
		if ((n < 0 && errno != EAGAIN) || n == 0 ||
		    (n > 0 && write(fd, buf, (size_t)n) != n))
			close(fd);
		break;
	case DATAGRAMS:
		from.len = sizeof from.u;
		n = recvfrom(fd, buf, sizeof buf, MSG_DONTWAIT, &from.u.sa, &from.len);
		if (n >= 0)
			sendto(fd, buf, (size_t)n, MSG_DONTWAIT, &from.u.sa, from.len);
		break;
	case STDIN:
	default:
		exit(0);
	}
}

static void serve(const char *addr, uint64_t port, uint64_t ports)
{
	struct epoll_event ev[EVENTS];
	int ep = epoll_create1(EPOLL_CLOEXEC);

	watch(ep, STDIN_FILENO, EPOLLIN, STDIN);
	for (uint64_t p = port; p < port + ports; p++) {
		int fd = bound(addr, p, SOCK_STREAM | SOCK_NONBLOCK);

		if (listen(fd, SOMAXCONN))
			fail("listen");
		watch(ep, fd, EPOLLIN, LISTENER);
		watch(ep, bound(addr, p, SOCK_DGRAM | SOCK_NONBLOCK), EPOLLIN, DATAGRAMS);
	}
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;) {
		int n = epoll_wait(ep, ev, EVENTS, -1);

		for (int i = 0; i < n; i++)
			serve_event(ep, (uint32_t)(ev[i].data.u64 >> 32),
				    (int)(uint32_t)ev[i].data.u64);
	}
}

/* ---------------------------------------------------------------------- rr */

static void rr(const char *proto, const char *addr, uint64_t port, uint64_t duration)
{
	bool udp = !strcmp(proto, "udp");
	int fd = connected(addr, port, udp ? SOCK_DGRAM : SOCK_STREAM);
	struct timeval limit = { .tv_sec = 1 };
	uint64_t begin, last, done = 0, lost = 0;
	char c = 'x';

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit))
		fail("SO_RCVTIMEO");
	begin = last = now();
	while (last - begin < duration * NS_PER_S) {
		uint64_t t;

		if (send(fd, &c, 1, 0) != 1)
			fail("send");
		if (recv(fd, &c, 1, 0) != 1) {
			if (!udp || errno != EAGAIN)
				fail("recv");
			lost++;
			last = now();
			continue;
		}
		t = now();
		note(t - last);
		last = t;
		done++;
	}
	if (lost)
		(void)printf("lost %llu ", (unsigned long long)lost);
	print_rate(done, last - begin);
}

/* --------------------------------------------- many connections of a client */

/**
 * struct client - connections that do something, each for itself
 * @ep:		epoll instance
 * @addr:	server
 * @port:	its first port
 * @ports:	how many it has; taken in turn
 * @opened:	connections begun so far
 * @since:	when the request under way on a descriptor was begun, ns
 */
struct client {
	int ep;
	const char *addr;
	uint64_t port;
	uint64_t ports;
	uint64_t opened;
	uint64_t since[1 << 16];
};
static struct client cl;

static void client_init(char *const *arg)
{
	many_files();
	cl.ep = epoll_create1(EPOLL_CLOEXEC);
	cl.addr = arg[0];
	cl.port = number(arg[1]);
	cl.ports = number(arg[2]);
}

/* client_open() - Begin one more connection; it is writable when it is there */
static void client_open(void)
{
	int fd = connected(cl.addr, cl.port + cl.opened % cl.ports,
			   SOCK_STREAM | SOCK_NONBLOCK);

	if (fd >= (int)ARRAY_SIZE(cl.since)) {
		errno = EMFILE;
		fail("connect");
	}
	cl.opened++;
	cl.since[fd] = now();
	watch(cl.ep, fd, EPOLLOUT, STREAM);
}

/* client_request() - Connected: send the first byte, wait for the answer from now on */
static void client_request(int fd)
{
	struct epoll_event e = {
		.events = EPOLLIN,
		.data.u64 = (uint64_t)STREAM << 32 | (uint32_t)fd,
	};

	if (send(fd, "x", 1, 0) != 1)
		fail("connection");
	if (epoll_ctl(cl.ep, EPOLL_CTL_MOD, fd, &e))
		fail("epoll_ctl");
}

static void client_answer(int fd)
{
	char c;

	if (recv(fd, &c, 1, 0) != 1)
		fail("answer");
}

static int client_wait(struct epoll_event *ev)
{
	int n = epoll_wait(cl.ep, ev, EVENTS, WAIT_MS);

	if (n <= 0) {
		errno = n ? errno : ETIMEDOUT;
		fail("epoll_wait");
	}
	return n;
}

static void crr(uint64_t count, uint64_t parallel)
{
	struct epoll_event ev[EVENTS];
	uint64_t begin = now(), done = 0;

	for (uint64_t i = 0; i < parallel; i++)
		client_open();
	while (done < count) {
		int n = client_wait(ev);

		for (int i = 0; i < n; i++) {
			int fd = (int)(uint32_t)ev[i].data.u64;

			if (ev[i].events & EPOLLOUT) {
				client_request(fd);
				continue;
			}
			client_answer(fd);
			close(fd);
			note(now() - cl.since[fd]);
			done++;
			if (cl.opened < count)
				client_open();
		}
	}
	print_rate(done, now() - begin);
}

/* client_fill() - Open so many, no more than a burst at once, and ask once on each */
static void client_fill(uint64_t count)
{
	struct epoll_event ev[EVENTS];
	uint64_t done = 0;

	while (done < count) {
		while (cl.opened < count && cl.opened - done < BURST)
			client_open();
		for (int n = client_wait(ev), i = 0; i < n; i++) {
			int fd = (int)(uint32_t)ev[i].data.u64;

			if (ev[i].events & EPOLLOUT) {
				client_request(fd);
			} else {
				client_answer(fd);
				done++;
			}
		}
	}
}

static void hold(uint64_t count)
{
	char c;

	client_fill(count);
	(void)puts("open");
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
}

static void busy(uint64_t count, uint64_t duration)
{
	struct epoll_event ev[EVENTS];
	uint64_t begin, t, done = 0;

	client_fill(count);
	begin = t = now();
	for (int fd = 0; fd < (int)ARRAY_SIZE(cl.since); fd++) {
		if (!cl.since[fd])
			continue;
		cl.since[fd] = begin;
		client_request(fd);
	}
	while (t - begin < duration * NS_PER_S) {
		int n = client_wait(ev);

		t = now();
		for (int i = 0; i < n; i++) {
			int fd = (int)(uint32_t)ev[i].data.u64;

			client_answer(fd);
			note(t - cl.since[fd]);
			done++;
			cl.since[fd] = t;
			if (send(fd, "x", 1, 0) != 1)
				fail("send");
		}
	}
	print_rate(done, t - begin);
}

/* --------------------------------------------------------------- datagrams */

static void rest(uint64_t ns)
{
	const struct timespec t = { .tv_nsec = (long)ns };

	(void)nanosleep(&t, NULL);
}

/* wait_until() - Sleep if it is long, spin if not: a sleep is 50 us late */
static void wait_until(uint64_t when)
{
	for (uint64_t t = now(); t < when; t = now())
		if (when - t > SPIN_NS)
			rest(when - t - SPIN_NS);
}

/**
 * datagrams() - Send some, in one call or in one with UDP_SEGMENT
 * @fd:		Connected socket
 * @seq:	Number of the first
 * @n:		How many, up to %BURST
 * @size:	Of each, bytes
 * @segment:	The kernel cuts one large one
 */
static void datagrams(int fd, uint64_t seq, unsigned n, size_t size, bool segment)
{
	static char buf[BURST][DATAGRAM_MAX / BURST * 2];
	static char large[DATAGRAM_MAX];
	struct iovec iov[BURST], whole = { .iov_base = large, .iov_len = n * size };
	struct mmsghdr m[BURST];

	memset(m, 0, sizeof m);
	for (unsigned i = 0; i < n; i++) {
		const struct header h = { .seq = seq + i };
		char *p = segment ? &large[i * size] : buf[i];

		memcpy(p, &h, sizeof h);
		iov[i] = (struct iovec){ .iov_base = p, .iov_len = size };
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	if (segment) {
		m[0].msg_hdr.msg_iov = &whole;
		n = 1;
	}
	for (unsigned i = 0; i < n;) {
		int r = sendmmsg(fd, m + i, n - i, 0);

		if (r < 0 && errno != ECONNREFUSED && errno != ENOBUFS)
			fail("sendmmsg");
		i += r < 0 ? 0 : (unsigned)r;
	}
}

static void send_all(int fd, size_t size, uint64_t duration, uint64_t mbit, unsigned segments)
{
	unsigned burst = segments > 1 ? segments : mbit ? 1 : BURST;
	uint64_t begin = now(), end = begin + duration * NS_PER_S, seq = 0;
	struct header last = { .seq = LAST };

	if (segments > 1)
		option(fd, IPPROTO_UDP, UDP_SEGMENT, (int)size);
	while (now() < end) {
		if (mbit)
			wait_until(begin + seq * size * 8 * NS_PER_US / mbit);
		datagrams(fd, seq, burst, size, segments > 1);
		seq += burst;
	}
	last.sent = seq;
	(void)printf("sent %llu gbit %.3f\n", (unsigned long long)seq,
	       (double)(seq * size * 8) / (double)(now() - begin));
	for (int i = 0; i < ENDS; i++) {
		rest(END_GAP_NS);
		(void)!send(fd, &last, sizeof last, MSG_DONTWAIT);
	}
}

static void recv_all(int fd)
{
	static char buf[BURST][DATAGRAM_MAX];
	struct mmsghdr m[BURST];
	struct iovec iov[BURST];
	uint64_t begin = 0, last = 0, got = 0, bytes = 0;

	option(fd, SOL_SOCKET, SO_RCVBUF, 4 << 20);
	memset(m, 0, sizeof m);
	for (unsigned i = 0; i < BURST; i++) {
		iov[i] = (struct iovec){ .iov_base = buf[i], .iov_len = sizeof buf[i] };
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;) {
		int n = recvmmsg(fd, m, BURST, MSG_WAITFORONE, NULL);

		if (n < 0)
			fail("recvmmsg");
		for (int i = 0; i < n; i++) {
			struct header h;

			memcpy(&h, buf[i], sizeof h);
			if (h.seq == LAST) {
				printf("gbit %.3f loss %.3f\n",
				       got ? (double)(bytes * 8) / (double)(last - begin) : 0,
				       h.sent ? 100 - 100 * (double)got / (double)h.sent : 0);
				exit(0);
			}
			got++;
			bytes += m[i].msg_len;
		}
		last = now();
		begin = begin ? begin : last;
	}
}

/* -------------------------------------------------------------------- main */

int main(int argc, char **argv)
{
	static const struct { const char *name; int args; } commands[] = {
		{ "serve", 3 }, { "rr", 4 }, { "crr", 5 }, { "hold", 4 },
		{ "busy", 5 }, { "send", 6 }, { "recv", 2 },
	};
	const char *what = argc > 1 ? argv[1] : "";
	char **arg = argv + 2;
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		known |= !strcmp(what, commands[i].name) && argc - 2 == commands[i].args;
	if (!known) {
		(void)fputs("usage: see the head of test/bench/work.c\n", stderr);
		return 2;
	}
	if (!strcmp(what, "serve")) {
		many_files();
		serve(arg[0], number(arg[1]), number(arg[2]));
	} else if (!strcmp(what, "rr")) {
		rr(arg[0], arg[1], number(arg[2]), number(arg[3]));
	} else if (!strcmp(what, "crr")) {
		client_init(arg);
		crr(number(arg[3]), number(arg[4]));
	} else if (!strcmp(what, "hold")) {
		client_init(arg);
		hold(number(arg[3]));
	} else if (!strcmp(what, "busy")) {
		client_init(arg);
		busy(number(arg[3]), number(arg[4]));
	} else if (!strcmp(what, "send")) {
		send_all(connected(arg[0], number(arg[1]), SOCK_DGRAM), number(arg[2]),
			 number(arg[3]), number(arg[4]), (unsigned)number(arg[5]));
	} else {
		recv_all(bound(arg[0], number(arg[1]), SOCK_DGRAM));
	}
	return 0;
}
