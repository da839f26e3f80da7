// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * splice.c - the loopback path, with real sockets
 *
 * The loopback path with real sockets and a real loop.  Both sides are in one
 * namespace here: splice.c does not see the difference.
 *
 * links: splice.c sock_splice.c sock.c loop.c conn.c timer.c addr.c util.c count.c log.c
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "count.h"
#include "log.h"
#include "loop.h"
#include "ns.h"
#include "sock.h"
#include "sock_splice.h"
#include "splice.h"
#include "timer.h"
#include "wire.h"

enum { BULK = 24 << 20, CHUNK = 100000, QUIET_US = 2000, EVENTS = 64, PAIRS = 50,
       FDS = 1000 };

static struct fwd_listener listener;	/* the UDP socket */
static uint64_t now;

int ns_socket(int family, int type)
{
	return sock_open(family, type, 0);
}

const struct fwd_listener *fwd_listener(uint32_t n)
{
	return n == 7 && listener.fd >= 0 ? &listener : NULL;
}

struct addr fwd_splice_to(const struct fwd_listener *l, const struct addr *peer)
{
	(void)l;
	return addr_is4(peer) ? addr_loop4 : addr_loop6;
}

/* run() - Handle events until there are none for a moment */
static void run(void)
{
	struct loop_event ev[EVENTS];
	int n;

	while ((n = loop_wait(ev, EVENTS, loop_now() + QUIET_US, false)) > 0) {
		now = loop_now();
		for (int i = 0; i < n; i++) {
			if (ev[i].kind == LOOP_LISTEN)
				splice_udp((uint32_t)ev[i].id, now);
			else
				splice_event(ev[i].id, ev[i].kind == LOOP_SPLICE_A ?
					     SPLICE_ACCEPTED : SPLICE_DIALLED,
					     ev[i].events, now);
		}
	}
}

/* fds() - How many descriptors are open */
static int fds(void)
{
	int n = 0;

	for (int fd = 0; fd < FDS; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int server_socket(struct addr a, int type, uint16_t *port)
{
	int fd = sock_open(addr_is4(&a) ? AF_INET : AF_INET6, type, 0);
	union addr_sock s;
	socklen_t len = sizeof(s);

	*port = 0;
	CHECK(fd >= 0);
	if (type == SOCK_STREAM)
		CHECK_EQ(sock_tcp_listen(fd, &a, 0, NULL), 0);
	else
		CHECK_EQ(sock_bind(fd, &a, 0, NULL), 0);
	CHECK(!getsockname(fd, &s.sa, &len) && addr_from_sock(&s, &a, port));
	return fd;
}

/* The four ends: client -- accepted == dialled -- server */
struct pair {
	int client;
	int server;
};

/* begin() - A client that was accepted, joined to a port */
static int begin(struct addr a, uint16_t port)
{
	uint16_t front_port;
	int front = server_socket(a, SOCK_STREAM, &front_port);
	int client = sock_open(addr_is4(&a) ? AF_INET : AF_INET6, SOCK_STREAM, 0);
	struct fwd_conn f = { .splice = true, .to = a, .to_port = port };

	CHECK_EQ(sock_splice_dial(client, &a, front_port), 0);
	f.fd = sock_tcp_accept(front, &f.ends);
	CHECK(f.fd >= 0);
	sock_close(front);
	splice_accept(&f, now);
	return client;
}

static struct pair join(struct addr a)
{
	struct sock_ends ends;
	struct pair p;
	uint16_t port;
	int back = server_socket(a, SOCK_STREAM, &port);

	p.client = begin(a, port);
	run();
	p.server = sock_tcp_accept(back, &ends);
	CHECK(p.server >= 0);
	sock_close(back);
	return p;
}

static void say(int fd, const char *text)
{
	CHECK_EQ(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	run();
}

static void hear(int fd, const char *text)
{
	char buf[100] = "";

	CHECK_EQ(recv(fd, buf, sizeof(buf) - 1, 0), (ssize_t)strlen(text));
	CHECK_STR(buf, text);
}

static void hear_end(int fd)
{
	char b;

	CHECK_EQ(recv(fd, &b, 1, 0), 0);
}

static void hear_reset(int fd)
{
	char b;

	CHECK_EQ(recv(fd, &b, 1, 0), -1);
	CHECK_EQ(errno, ECONNRESET);
}

static void test_small(void)
{
	struct addr both[] = { addr_loop4, addr_loop6 };
	int before = fds();

	for (int i = 0; i < 2; i++) {
		struct pair p = join(both[i]);

		for (int j = 0; j < 10; j++) {
			say(p.client, "question");
			hear(p.server, "question");
			say(p.server, "answer");
			hear(p.client, "answer");
		}
		/* At rest: two sockets of ours and the two ends, no pipes */
		CHECK_EQ(fds(), before + 4);
		CHECK_EQ(conn_count(CONN_SPLICE), 1);
		sock_close(p.client);
		run();
		hear_end(p.server);
		sock_close(p.server);
		run();
		CHECK_EQ(conn_count(CONN_SPLICE), 0);
		CHECK_EQ(fds(), before);
	}
}

static void test_half_close(void)
{
	struct pair p = join(addr_loop4);

	say(p.client, "last words");
	CHECK_EQ(shutdown(p.client, SHUT_WR), 0);
	run();
	hear(p.server, "last words");
	hear_end(p.server);
	say(p.server, "the answer comes after");
	hear(p.client, "the answer comes after");
	CHECK_EQ(conn_count(CONN_SPLICE), 1);
	sock_close(p.server);
	run();
	hear_end(p.client);
	CHECK_EQ(conn_count(CONN_SPLICE), 0);
	sock_close(p.client);
}

/* test_early() - All was said and closed before the other side answered */
static void test_early(void)
{
	uint16_t port;
	int back = server_socket(addr_loop4, SOCK_STREAM, &port);
	int client = begin(addr_loop4, port), server;
	struct sock_ends ends;

	CHECK_EQ(send(client, "hello", 5, 0), 5);
	CHECK_EQ(shutdown(client, SHUT_WR), 0);
	run();
	server = sock_tcp_accept(back, &ends);
	hear(server, "hello");
	hear_end(server);
	sock_close(server);
	run();
	hear_end(client);
	sock_close(client);
	sock_close(back);
	CHECK_EQ(conn_count(CONN_SPLICE), 0);
}

static void test_refused(void)
{
	uint16_t port;
	int back = server_socket(addr_loop4, SOCK_STREAM, &port), client;

	sock_close(back);
	client = begin(addr_loop4, port);
	run();
	hear_reset(client);
	sock_close(client);
	CHECK_EQ(conn_count(CONN_SPLICE), 0);
}

static void test_reset(void)
{
	struct pair p = join(addr_loop4);

	sock_tcp_abort(p.server);
	run();
	hear_reset(p.client);
	sock_close(p.client);
	p = join(addr_loop4);
	sock_tcp_abort(p.client);
	run();
	hear_reset(p.server);
	sock_close(p.server);
	CHECK_EQ(conn_count(CONN_SPLICE), 0);
}

/* One direction of a transfer: bytes that are known by their offset */
struct flow {
	int from, to;
	size_t sent, got, size;
	bool bad;
};

static uint8_t byte_at(size_t pos)
{
	return (uint8_t)(pos * 2654435761U >> 13);
}

static void push(struct flow *f, size_t max)
{
	static uint8_t buf[CHUNK];
	size_t want = 1 + check_below(max);
	ssize_t n;

	if (want > f->size - f->sent)
		want = f->size - f->sent;
	for (size_t i = 0; i < want; i++)
		buf[i] = byte_at(f->sent + i);
	n = want ? send(f->from, buf, want, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
	if (n > 0)
		f->sent += (size_t)n;
}

static void pull(struct flow *f, size_t max)
{
	static uint8_t buf[CHUNK];
	ssize_t n = recv(f->to, buf, 1 + check_below(max), MSG_DONTWAIT);

	for (ssize_t i = 0; i < n; i++)
		f->bad |= buf[i] != byte_at(f->got + (size_t)i);
	if (n > 0)
		f->got += (size_t)n;
}

static void transfer(struct flow *f, int n, size_t max)
{
	size_t left = 1, last = 0;

	/* Gives up when nothing has moved for a while */
	for (int turn = 0, idle = 0; left && idle < 500; turn++) {
		idle = left == last ? idle + 1 : 0;
		last = left;
		left = 0;
		for (int i = 0; i < n; i++) {
			push(&f[i], max);
			if (check_below(3))	/* readers are a little slower */
				pull(&f[i], max);
			left += f[i].size - f[i].got;
		}
		if (turn % 4 == 0)
			run();
	}
	for (int i = 0; i < n; i++) {
		CHECK_EQ(f[i].got, f[i].size);
		CHECK(!f[i].bad);
	}
}

static void test_bulk(void)
{
	struct pair p = join(addr_loop4);
	struct flow f[] = {
		{ .from = p.client, .to = p.server, .size = BULK },
		{ .from = p.server, .to = p.client, .size = BULK },
	};

	transfer(f, 2, CHUNK);
	sock_close(p.client);
	sock_close(p.server);
	run();
	CHECK_EQ(conn_count(CONN_SPLICE), 0);
}

/* test_stuck() - A reader that does not read, and a writer of small pieces */
static void test_stuck(void)
{
	struct pair p = join(addr_loop6);
	struct flow f = { .from = p.client, .to = p.server, .size = SIZE_MAX };
	int before = fds();

	for (size_t last = 1; last != f.sent;) {
		last = f.sent;
		for (int i = 0; i < 100; i++) {
			push(&f, 3000);
			if (i % 10 == 0)
				run();
		}
		run();
	}
	CHECK(f.sent > 100000);
	CHECK_EQ(f.got, 0);
	f.size = f.sent;
	CHECK_EQ(shutdown(p.client, SHUT_WR), 0);
	transfer(&f, 1, CHUNK);
	run();
	hear_end(p.server);
	say(p.server, "x");
	hear(p.client, "x");
	CHECK(fds() <= before);		/* its pipe went back to the pool */
	sock_close(p.server);
	run();
	sock_close(p.client);
	CHECK_EQ(conn_count(CONN_SPLICE), 0);
}

/* test_urgent() - An urgent byte is one of the stream, and what is behind it comes */
static void test_urgent(void)
{
	struct pair p = join(addr_loop4);
	int end[] = { p.client, p.server };

	for (int i = 0; i < 2; i++) {
		CHECK_EQ(send(end[i], "before", 6, 0), 6);
		CHECK_EQ(send(end[i], "!", 1, MSG_OOB), 1);
		say(end[i], "behind");
		hear(end[!i], "before!behind");
		say(end[i], "more");
		hear(end[!i], "more");
	}
	sock_close(p.client);
	sock_close(p.server);
	run();
	CHECK_EQ(conn_count(CONN_SPLICE), 0);
}

/* test_no_pipes() - There is no descriptor left for a pipe */
static void test_no_pipes(void)
{
	struct pair p;
	struct flow f[2];
	struct rlimit old, few;

	splice_init(false);
	p = join(addr_loop4);
	f[0] = (struct flow){ .from = p.client, .to = p.server, .size = BULK / 2 };
	f[1] = (struct flow){ .from = p.server, .to = p.client, .size = BULK / 2 };
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = 0;
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
	transfer(f, 2, CHUNK);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
	CHECK_EQ(shutdown(p.client, SHUT_WR), 0);
	run();
	hear_end(p.server);
	say(p.server, "x");
	hear(p.client, "x");
	sock_close(p.client);
	sock_close(p.server);
	run();
	CHECK_EQ(conn_count(CONN_SPLICE), 0);
	splice_init(true);
}

static void test_many(void)
{
	static struct pair p[PAIRS];
	static struct flow f[2 * PAIRS];
	int before = fds();

	for (int i = 0; i < PAIRS; i++) {
		p[i] = join(i % 2 ? addr_loop4 : addr_loop6);
		f[(size_t)i * 2] = (struct flow){ .from = p[i].client, .to = p[i].server,
					  .size = 200000 };
		f[(size_t)i * 2 + 1] = (struct flow){ .from = p[i].server, .to = p[i].client,
					      .size = 300000 };
	}
	transfer(f, 2 * PAIRS, CHUNK);
	for (int i = 0; i < PAIRS; i++) {
		sock_close(p[i].client);
		if (i % 2)
			run();
		sock_close(p[i].server);
	}
	run();
	CHECK_EQ(conn_count(CONN_SPLICE), 0);
	CHECK(fds() <= before + 2 * 32);	/* POOL_MAX of */
}

static void test_stale(void)
{
	struct pair p = join(addr_loop4);
	uint64_t id = 0;

	for (uint32_t i = 0; i < CONN_MAX; i++)
		id = conn_at(i) ? conn_id(conn_at(i)) : id;
	sock_close(p.client);
	sock_close(p.server);
	run();
	CHECK_EQ(conn_count(CONN_SPLICE), 0);
	splice_event(id, SPLICE_ACCEPTED, EPOLLIN, now);
	splice_event(id, SPLICE_DIALLED, EPOLLERR, now);
	splice_event(CONN_NONE, SPLICE_DIALLED, EPOLLERR, now);
}

static void test_udp(void)
{
	uint16_t server_port, front_port, port;
	int server = server_socket(addr_loop4, SOCK_DGRAM, &server_port);
	int front = server_socket(addr_loop4, SOCK_DGRAM, &front_port);
	int client[2], before = fds();
	struct addr a;
	char buf[20];
	int64_t id;

	listener = (struct fwd_listener){ .fd = front, .proto = WIRE_UDP, .splice = true,
					  .addr = addr_loop4, .port = front_port,
					  .to_port = server_port };
	CHECK_EQ(loop_add(front, LOOP_LISTEN, 7, EPOLLIN), 0);
	for (int i = 0; i < 2; i++) {
		client[i] = sock_open(AF_INET, SOCK_DGRAM, 0);
		CHECK_EQ(sock_splice_dial(client[i], &addr_loop4, front_port), 0);
	}
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 2; i++) {
			say(client[i], i ? "two" : "one");
			CHECK_EQ(sock_splice_recv_from(server, buf, 20, &a, &port), 3);
			CHECK_MEM(buf, i ? "two" : "one", 3);
			CHECK_EQ(sock_splice_send_to(server, "reply", 5, &a, port), 5);
			CHECK_EQ(sock_splice_send_to(server, "", 0, &a, port), 0);
			run();
			hear(client[i], "reply");
			hear(client[i], "");
			CHECK_EQ(recv(client[!i], buf, 20, 0), -1);
		}
	}
	CHECK_EQ(conn_count(CONN_SPLICE), 2);
	CHECK_EQ(fds(), before + 4);

	while ((id = timer_expired(now + 1000000)) >= 0)
		splice_timeout(conn_at((uint32_t)id), now + 1000000);
	CHECK_EQ(conn_count(CONN_SPLICE), 2);
	while ((id = timer_expired(now + 130000000)) >= 0)
		splice_timeout(conn_at((uint32_t)id), now + 130000000);
	CHECK_EQ(conn_count(CONN_SPLICE), 0);

	/* Nobody there, and then a socket that is no longer forwarded */
	sock_close(server);
	say(client[0], "one");
	CHECK_EQ(conn_count(CONN_SPLICE), 1);
	sock_close(front);
	listener.fd = -1;
	for (uint32_t i = 0; i < CONN_MAX; i++) {
		if (conn_at(i))
			splice_event(conn_id(conn_at(i)), SPLICE_DIALLED, EPOLLIN, now);
	}
	CHECK_EQ(conn_count(CONN_SPLICE), 0);
	sock_close(client[0]);
	sock_close(client[1]);
	CHECK_EQ(fds(), before - 2);
}

int main(void)
{
	static const struct sock_conf conf;

	log_level = LOG_LVL_INFO;
	sock_init(&conf);
	CHECK_EQ(loop_init(), 0);
	now = loop_now();
	timer_init(now);
	conn_init();
	listener.fd = -1;
	splice_init(true);
	RUN(test_small);
	RUN(test_half_close);
	RUN(test_early);
	RUN(test_refused);
	RUN(test_reset);
	RUN(test_bulk);
	RUN(test_stuck);
	RUN(test_urgent);
	RUN(test_no_pipes);
	RUN(test_many);
	RUN(test_stale);
	RUN(test_udp);
	splice_init(false);
	return check_done();
}
