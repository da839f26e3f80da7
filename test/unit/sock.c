// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sock.c - unit test of ../../sock.c, on sockets of the kernel
 * links: sock.c addr.c util.c
 *
 * The remote end is a socket of this program.  Everything stays on the loopback
 * of a network namespace of its own, or of this one where none may be made; the
 * test of --outbound needs the former.  setsockopt() is replaced, so as to play
 * a kernel without SO_PEEK_OFF for TCP.
 */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sock.h"
#include "util.h"

enum { STREAM = 3000000, PEEK_MAX = 200000, WAIT_MS = 5000 };

static bool old_kernel, own_namespace;
static const struct sock_conf no_conf;

int setsockopt(int fd, int level, int optname, const void *optval, socklen_t optlen)
{
	if (old_kernel && level == SOL_SOCKET && optname == SO_PEEK_OFF) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return (int)syscall(SYS_setsockopt, fd, level, optname, optval, optlen);
}

/* wait_for() - Until an event comes.  Return: poll()'s revents */
static int wait_for(int fd, int events)
{
	struct pollfd p = { fd, (short)events, 0 };

	CHECK_EQ(poll(&p, 1, WAIT_MS), 1);
	return p.revents;
}

static uint16_t port_of(int fd)
{
	union addr_sock s;
	socklen_t len = sizeof(s);
	struct addr a;
	uint16_t port = 0;

	CHECK_EQ(getsockname(fd, &s.sa, &len), 0);
	CHECK(addr_from_sock(&s, &a, &port));
	return port;
}

/* listener() - A listening socket at a free port */
static int listener(const struct addr *a)
{
	int fd = sock_open(addr_is4(a) ? AF_INET : AF_INET6, SOCK_STREAM, 0);

	CHECK(fd >= 0);
	CHECK_EQ(sock_tcp_listen(fd, a, 0, NULL), 0);
	return fd;
}

/* A connection: ours was dialled, the remote end was accepted */
static int ours, remote;

static void join_at(const struct addr *a)
{
	int l = listener(a);
	struct sock_ends e;

	CHECK_EQ(sock_tcp_accept(l, &e), -EAGAIN);
	ours = sock_tcp_dial(a, port_of(l), 0);
	CHECK(ours >= 0);
	(void)wait_for(l, POLLIN);
	remote = sock_tcp_accept(l, &e);
	CHECK(remote >= 0);
	CHECK(addr_eq(&e.peer, a) && addr_eq(&e.local, a));
	CHECK_EQ(e.lport, port_of(l));
	CHECK_EQ(e.pport, port_of(ours));
	CHECK(wait_for(ours, POLLOUT) & POLLOUT);
	CHECK_EQ(sock_error(ours), 0);
	sock_close(l);
}

static void join(void)
{
	join_at(&addr_loop4);
}

static void part(void)
{
	sock_close(ours);
	sock_close(remote);
}

static int option(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	CHECK_EQ(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static void test_open(void)
{
	struct addr any6 = addr_none;
	struct sock_ends e;
	int l;

	join();
	CHECK(fcntl(ours, F_GETFL) & O_NONBLOCK);
	CHECK(fcntl(remote, F_GETFL) & O_NONBLOCK);
	CHECK(fcntl(ours, F_GETFD) & FD_CLOEXEC);
	CHECK(fcntl(remote, F_GETFD) & FD_CLOEXEC);
	/* What an accepted socket has is inherited */
	for (int i = 0; i < 2; i++) {
		int fd = i ? remote : ours;

		CHECK_EQ(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
		CHECK_EQ(option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), -1);
		CHECK_EQ(option(fd, SOL_SOCKET, SO_OOBINLINE), 1);
		CHECK_EQ(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
		CHECK(option(fd, SOL_SOCKET, SO_SNDBUF) >= 200000);
	}
	part();
	join_at(&addr_loop6);
	part();
	/* One socket for both families says IPv4 addresses as such */
	l = listener(&any6);
	ours = sock_tcp_dial(&addr_loop4, port_of(l), 0);
	(void)wait_for(l, POLLIN);
	remote = sock_tcp_accept(l, &e);
	CHECK(remote >= 0);
	CHECK(addr_eq(&e.peer, &addr_loop4) && addr_eq(&e.local, &addr_loop4));
	part();
	sock_close(l);
}

static void test_refused(void)
{
	int l = listener(&addr_loop4), fd;
	uint16_t port = port_of(l);

	sock_close(l);
	fd = sock_tcp_dial(&addr_loop4, port, 0);
	if (fd >= 0) {
		(void)wait_for(fd, POLLOUT);
		CHECK_EQ(sock_error(fd), ECONNREFUSED);
		CHECK_EQ(sock_error(fd), 0);
		sock_close(fd);
	} else {
		CHECK_EQ(fd, -ECONNREFUSED);
	}
	CHECK_EQ(sock_open(12345, SOCK_STREAM, 0), -EAFNOSUPPORT);
	CHECK_EQ(sock_error(-1), EBADF);
	CHECK_EQ(sock_tcp_consume(-1, 1), -EBADF);
	CHECK_EQ(sock_tcp_peek(-1, 0, NULL, 0), -EBADF);
	CHECK_EQ(sock_tcp_state(-1), SOCK_TCP_CLOSED);
	CHECK_EQ(sock_tcp_unacked(-1), -EBADF);
	CHECK_EQ(sock_tcp_stalled(-1), -EBADF);
}

static uint8_t stream[STREAM], seen[PEEK_MAX];

/* pour() - The remote end sends what fits of the stream from @at on */
static uint32_t pour(uint32_t at)
{
	uint32_t n = min_u32(STREAM - at, (uint32_t)check_below(100000));
	ssize_t rc = send(remote, stream + at, n, MSG_NOSIGNAL | MSG_DONTWAIT);

	CHECK(rc >= 0 || errno == EAGAIN);
	return rc > 0 ? (uint32_t)rc : 0;
}

/* peek() - Look behind @skip bytes, in pieces.  Return: as sock_tcp_peek() */
static ssize_t peek(uint32_t skip)
{
	uint32_t len = 1 + (uint32_t)check_below(PEEK_MAX);
	struct iovec iov[8];
	uint32_t at = 0;

	for (int i = 0; i < 8; i++) {
		iov[i].iov_base = seen + at;
		iov[i].iov_len = i == 7 ? len - at : (len - at) / 3;
		at += (uint32_t)iov[i].iov_len;
	}
	return sock_tcp_peek(ours, skip, iov, 8);
}

/*
 * The remote end sends; we look at bytes behind those in flight, some are
 * acknowledged and dropped, and at times all in flight are lost and looked at
 * again.  Each byte must be the one of the stream at that place.
 */
static void transfer(void)
{
	uint32_t poured = 0, una = 0, nxt = 0;

	while (una < STREAM) {
		ssize_t n;

		poured += pour(poured);
		n = peek(nxt - una);
		CHECK(n > 0 || n == -EAGAIN);
		if (n > 0) {
			CHECK(nxt + (uint32_t)n <= poured);
			CHECK_MEM(seen, stream + nxt, (size_t)n);
			nxt += (uint32_t)n;
		}
		if (nxt != una && check_below(3)) {
			n = (ssize_t)check_below(nxt - una) + 1;
			CHECK_EQ(sock_tcp_consume(ours, (size_t)n), n);
			una += (uint32_t)n;
		}
		if (!check_below(10)) {
			nxt = una + (uint32_t)check_below(nxt - una + 1);
			CHECK_EQ(sock_tcp_seek(ours, nxt - una), 0);
		}
	}
	CHECK_EQ(peek(0), -EAGAIN);
}

static void test_peek(void)
{
	check_fill(stream, sizeof(stream));
	for (int old = 0; old < 2; old++) {
		old_kernel = old;
		sock_init(&no_conf);
		join();
		transfer();
		part();
	}
	old_kernel = false;
	sock_init(&no_conf);
}

/* End of file behind bytes in flight, and behind none */
static void test_eof(void)
{
	for (int old = 0; old < 2; old++) {
		ssize_t n;

		old_kernel = old;
		sock_init(&no_conf);
		join();
		CHECK_EQ(send(remote, stream, 3, 0), 3);
		CHECK_EQ(sock_tcp_shutdown(remote), 0);
		(void)wait_for(ours, POLLRDHUP);
		n = sock_tcp_peek(ours, 0, &(struct iovec){ seen, 10 }, 1);
		CHECK_EQ(n, 3);
		n = sock_tcp_peek(ours, 3, &(struct iovec){ seen, 10 }, 1);
		CHECK(n == 0 || (old && n == -EAGAIN));
		CHECK_EQ(sock_tcp_consume(ours, 3), 3);
		n = sock_tcp_peek(ours, 0, &(struct iovec){ seen, 10 }, 1);
		CHECK_EQ(n, 0);
		part();
	}
	old_kernel = false;
	sock_init(&no_conf);
}

/* Urgent data is ordinary data in its place (RFC 6093) */
static void test_urgent(void)
{
	uint32_t got = 0;

	join();
	CHECK_EQ(send(remote, "ab", 2, 0), 2);
	CHECK_EQ(send(remote, "cd", 2, MSG_OOB), 2);
	CHECK_EQ(send(remote, "ef", 2, 0), 2);
	for (int i = 0; i < 100 && got < 6; i++) {
		struct iovec iov = { seen + got, 6 - got };
		ssize_t n;

		(void)wait_for(ours, POLLIN);
		n = sock_tcp_peek(ours, got, &iov, 1);
		CHECK(n > 0 || n == -EAGAIN);
		got += n > 0 ? (uint32_t)n : 0;
	}
	CHECK_EQ(got, 6);
	CHECK_MEM(seen, "abcdef", 6);
	part();
}

/* fill() - Send until no more fits.  Return: bytes taken */
static uint32_t fill(void)
{
	uint32_t at = 0;
	ssize_t n = 1;

	while (n > 0) {
		struct iovec iov[2] = { { stream, 1000 }, { stream + 1000, 64000 } };

		n = sock_tcp_send(ours, iov, 2);
		CHECK(n >= 0);
		at += (uint32_t)n;
	}
	return at;
}

static void test_send(void)
{
	struct sock_room empty, full;
	static uint8_t sink[100000];
	uint32_t sent, got = 0;

	join();
	CHECK_EQ(sock_tcp_room(ours, &empty), 0);
	CHECK(empty.size > 0 && !empty.used);
	CHECK_EQ(sock_tcp_unacked(ours), 0);
	sent = fill();
	CHECK(sent > 65000);
	CHECK_EQ(sock_tcp_room(ours, &full), 0);
	CHECK(full.used > full.size / 2);
	CHECK(sock_tcp_unacked(ours) > 0);
	CHECK_EQ(sock_tcp_stalled(ours), 0);
	while (got < sent) {
		ssize_t n;

		(void)wait_for(remote, POLLIN);
		n = recv(remote, sink, sizeof(sink), 0);
		CHECK(n > 0 || errno == EAGAIN);
		got += n > 0 ? (uint32_t)n : 0;
	}
	CHECK_EQ(got, sent);
	for (int i = 0; i < WAIT_MS / 10 && sock_tcp_unacked(ours); i++)
		(void)poll(NULL, 0, 10);
	CHECK_EQ(sock_tcp_unacked(ours), 0);
	CHECK_EQ(sock_tcp_room(ours, &empty), 0);
	CHECK_EQ(empty.used, 0);
	/* A reset remote end is an error, not a full queue */
	sock_tcp_abort(remote);
	(void)wait_for(ours, POLLRDHUP);
	CHECK(sock_tcp_send(ours, &(struct iovec){ stream, 1 }, 1) < 0);
	CHECK_EQ(sock_tcp_state(ours), SOCK_TCP_CLOSED);
	sock_close(ours);
}

/* becomes() - Whether a socket comes to a state soon */
static bool becomes(int fd, enum sock_tcp_state state)
{
	for (int i = 0; i < WAIT_MS / 10 && sock_tcp_state(fd) != state; i++)
		(void)poll(NULL, 0, 10);
	return sock_tcp_state(fd) == state;
}

static void test_states(void)
{
	int fd, l;

	/* Their FIN first: ours is acknowledged by closing */
	join();
	CHECK_EQ(sock_tcp_state(ours), SOCK_TCP_ESTABLISHED);
	CHECK_EQ(sock_tcp_shutdown(remote), 0);
	(void)wait_for(ours, POLLRDHUP);
	CHECK_EQ(sock_tcp_state(ours), SOCK_TCP_ESTABLISHED);
	CHECK(becomes(remote, SOCK_TCP_FIN_ACKED));
	CHECK_EQ(sock_tcp_shutdown(ours), 0);
	(void)wait_for(remote, POLLHUP);
	CHECK(becomes(ours, SOCK_TCP_CLOSED));
	CHECK_EQ(sock_error(ours), 0);
	part();
	/* Ours behind more than they read */
	join();
	(void)fill();
	CHECK_EQ(sock_tcp_shutdown(ours), 0);
	CHECK_EQ(sock_tcp_state(ours), SOCK_TCP_FIN_PENDING);
	sock_tcp_abort(remote);
	(void)wait_for(ours, POLLHUP);
	CHECK_EQ(sock_error(ours), ECONNRESET);
	CHECK_EQ(sock_tcp_shutdown(ours), -ENOTCONN);
	sock_close(ours);
	/* Not connected yet */
	l = listener(&addr_loop4);
	CHECK_EQ(sock_tcp_state(l), SOCK_TCP_OTHER);
	fd = sock_open(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(sock_tcp_state(fd), SOCK_TCP_CLOSED);
	CHECK_EQ(sock_tcp_allow_fragments(fd), 0);
	CHECK_EQ(option(fd, IPPROTO_IP, IP_MTU_DISCOVER), IP_PMTUDISC_DONT);
	sock_close(fd);
	sock_close(l);
}

/* All descriptors are used: who waits is reset, and the one kept is kept on */
static void test_refuse(void)
{
	struct rlimit was, low;
	struct sock_ends e;
	int l = listener(&addr_loop4), fd[4];
	uint16_t port = port_of(l);

	CHECK(!sock_tcp_refuse(l));
	for (int i = 0; i < 4; i++)
		fd[i] = sock_tcp_dial(&addr_loop4, port, 0);
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &was), 0);
	low = was;
	low.rlim_cur = (rlim_t)fd[3] + 1;
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
	(void)wait_for(l, POLLIN);
	CHECK_EQ(sock_tcp_accept(l, &e), -EMFILE);
	for (int i = 0; i < 4; i++)
		CHECK(sock_tcp_refuse(l));
	CHECK(!sock_tcp_refuse(l));
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &was), 0);
	for (int i = 0; i < 4; i++) {
		(void)wait_for(fd[i], POLLHUP);
		CHECK_EQ(sock_error(fd[i]), ECONNRESET);
		sock_close(fd[i]);
	}
	/* A listening socket that was refused from still ends when it is closed */
	sock_close(l);
	fd[0] = sock_tcp_dial(&addr_loop4, port, 0);
	if (fd[0] >= 0) {
		(void)wait_for(fd[0], POLLOUT);
		CHECK_EQ(sock_error(fd[0]), ECONNREFUSED);
		sock_close(fd[0]);
	}
}

static void test_bind(void)
{
	struct addr other;
	int a = listener(&addr_loop4), b = sock_open(AF_INET, SOCK_STREAM, 0);

	CHECK_EQ(sock_tcp_listen(b, &addr_loop4, port_of(a), NULL), -EADDRINUSE);
	CHECK(addr_parse("198.51.100.77", &other));
	CHECK_EQ(sock_bind(b, &other, 0, NULL), -EADDRNOTAVAIL);
	CHECK_EQ(sock_bind(b, &addr_loop4, 0, "no-such-if"), -ENODEV);
	CHECK_EQ(sock_bind(b, &addr_loop4, 0, ""), 0);
	CHECK(port_of(b) != 0);
	sock_close(a);
	sock_close(b);
}

/* --outbound: the address and interface asked for, but on the loopback */
static void test_outbound(void)
{
	struct sock_conf conf = { .if4 = "lo" };
	union addr_sock s;
	socklen_t len = sizeof(s);
	struct addr far, a;
	uint16_t port;
	int l, fd;

	if (!own_namespace)
		return;
	CHECK(addr_parse("192.0.2.1", &far));
	CHECK(addr_parse("127.0.0.9", &conf.out4));
	sock_init(&conf);
	l = listener(&far);
	fd = sock_tcp_dial(&far, port_of(l), 0);
	CHECK(fd >= 0);
	(void)wait_for(fd, POLLOUT);
	CHECK_EQ(getsockname(fd, &s.sa, &len), 0);
	CHECK(addr_from_sock(&s, &a, &port));
	CHECK(addr_eq(&a, &conf.out4));
	sock_close(fd);
	sock_close(l);
	join();
	part();
	memcpy(conf.if4, "nowhere", 8);
	sock_init(&conf);
	CHECK_EQ(sock_tcp_dial(&far, 80, 0), -ENODEV);
	sock_init(&no_conf);
}

/* interface() - Set the loopback up, and give it one more address */
static bool interface(void)
{
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct ifreq more = { .ifr_name = "lo:1" };
	union addr_sock s;
	struct addr a;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	bool ok;

	CHECK(addr_parse("192.0.2.1", &a));
	(void)addr_to_sock(&s, &a, 0, 0);
	more.ifr_addr = s.sa;
	ok = !ioctl(fd, SIOCSIFFLAGS, &up) && !ioctl(fd, SIOCSIFADDR, &more);
	close(fd);
	return ok;
}

int main(void)
{
	own_namespace = !unshare(CLONE_NEWUSER | CLONE_NEWNET) && interface();
	sock_init(&no_conf);
	RUN(test_open);
	RUN(test_refused);
	RUN(test_peek);
	RUN(test_eof);
	RUN(test_urgent);
	RUN(test_send);
	RUN(test_states);
	RUN(test_refuse);
	RUN(test_bind);
	RUN(test_outbound);
	return check_done();
}
