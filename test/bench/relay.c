// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * relay.c - the least that passes TCP connections on: a mark for the benchmarks
 * links: util.c
 *
 *	relay copy|splice ADDR PORT TO PORT N
 *
 *   Listens on N ports from the first on; what it accepts it connects to the port of
 *   the same number at the other place.  Bytes go by read() and write(), or by
 *   splice() through a pipe for each direction.  The connection to the server is begun
 *   when the client's is there.  No errors are told, no timers.
 *
 *   Ends when standard input does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util.h"

enum {
	EVENTS		= 256,
	FILES		= 1 << 16,
	BUF_SIZE	= 1 << 16,
	PIPE_SIZE	= 1 << 20,
	MORE		= SPLICE_F_MOVE | SPLICE_F_NONBLOCK,
};

/**
 * struct half - what is known of a descriptor
 * @peer:	descriptor of the other end; -1: none
 * @open:	it was writable once: a connection begun here is there
 * @to:		listener: port to connect to, host order; 0: it is a connection
 * @pipe:	splice: what was read here waits in this one
 * @held:	bytes in it
 * @done:	nothing comes from here any more, and the peer was told
 */
static struct half {
	size_t held;
	int peer;
	int pipe[2];
	uint16_t to;
	bool open;
	bool done;
} half[FILES];

static bool splices;
static int ep;
static struct in_addr target;

static _Noreturn void fail(const char *what)
{
	(void)fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int number(const char *s)
{
	char *end;
	long n = strtol(s, &end, 10);

	if (*end || n < 1 || n > UINT16_MAX) {
		errno = EINVAL;
		fail(s);
	}
	return (int)n;
}

static void watch(int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e))
		fail("epoll_ctl");
}

static int socket_new(void)
{
	const int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("socket");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static void join(int fd, int peer)
{
	if (fd >= FILES || peer >= FILES)
		fail("too many");
	half[fd] = (struct half){ .peer = peer };
	half[peer] = (struct half){ .peer = fd };
	for (int i = 0; splices && i < 2; i++) {
		struct half *h = &half[i ? fd : peer];

		if (pipe2(h->pipe, O_NONBLOCK | O_CLOEXEC))
			fail("pipe2");
		fcntl(h->pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
	}
	watch(fd, EPOLLIN | EPOLLOUT | EPOLLET);
	watch(peer, EPOLLIN | EPOLLOUT | EPOLLET);
}

static void part(int fd)
{
	int ends[] = { fd, half[fd].peer };

	for (int i = 0; i < 2; i++) {
		struct half *h = &half[ends[i]];

		if (splices) {
			close(h->pipe[0]);
			close(h->pipe[1]);
		}
		h->peer = -1;
		close(ends[i]);
	}
}

static void accept_all(int fd)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_addr = target, .sin_port = htons(half[fd].to),
	};
	int c;

	while ((c = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		int s = socket_new();

		if (connect(s, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS)
			fail("connect");
		join(c, s);
	}
}

/* end_of() - No more comes from here; false: nor from the other end */
static bool end_of(int from, int to)
{
	half[from].done = true;
	shutdown(to, SHUT_WR);
	return !half[to].done;
}

/* copy() - From one end to the other; false: it is over */
static bool copy(int from, int to)
{
	static char buf[BUF_SIZE];
	ssize_t n = half[from].done ? -1 : read(from, buf, sizeof buf);

	if (n == 0)
		return end_of(from, to);
	/* Short writes do not happen in what this is used for: requests of one byte */
	return n < 0 ? half[from].done || errno == EAGAIN : write(to, buf, (size_t)n) == n;
}

/* pass() - From one end to the other until one has no more, or takes no more */
static bool pass(int from, int to)
{
	struct half *h = &half[from];

	while (!h->done) {
		ssize_t in = splice(from, NULL, h->pipe[1], NULL, PIPE_SIZE, MORE);
		ssize_t out;

		if (!in && !h->held)
			return end_of(from, to);
		h->held += in > 0 ? (size_t)in : 0;
		if (!h->held)
			return true;
		out = splice(h->pipe[0], NULL, to, NULL, h->held, MORE);
		if (out <= 0)
			return out < 0 && errno == EAGAIN;
		h->held -= (size_t)out;
	}
	return true;
}

static void event(int fd, uint32_t events)
{
	int peer = half[fd].peer;
	bool ok = true;

	if (fd == STDIN_FILENO)
		exit(0);
	if (half[fd].to) {
		accept_all(fd);
		return;
	}
	if (peer < 0)
		return;
	half[fd].open |= (events & EPOLLOUT) != 0;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && half[peer].open)
		ok = splices ? pass(fd, peer) : copy(fd, peer);
	if (ok && half[fd].open && events & EPOLLOUT)
		ok = splices ? pass(peer, fd) : copy(peer, fd);
	if (!ok)
		part(fd);
}

int main(int argc, char **argv)
{
	struct epoll_event ev[EVENTS];
	struct sockaddr_in at = { .sin_family = AF_INET };
	const int one = 1;

	if (argc != 7 || inet_pton(AF_INET, argv[2], &at.sin_addr) != 1 ||
	    inet_pton(AF_INET, argv[4], &target) != 1) {
		(void)fputs("usage: relay copy|splice ADDR PORT TO PORT N\n", stderr);
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	splices = !strcmp(argv[1], "splice");
	ep = epoll_create1(EPOLL_CLOEXEC);
	watch(STDIN_FILENO, EPOLLIN);
	for (int i = 0; i < number(argv[6]); i++) {
		int fd = socket_new();

		half[fd].to = (uint16_t)(number(argv[5]) + i);
		at.sin_port = htons((uint16_t)(number(argv[3]) + i));
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
		if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, SOMAXCONN))
			fail("listen");
		watch(fd, EPOLLIN);
	}
	(void)puts("ready");
	(void)fflush(stdout);
	for (;;) {
		int n = epoll_wait(ep, ev, EVENTS, -1);

		for (int i = 0; i < n; i++)
			event(ev[i].data.fd, ev[i].events);
	}
}
