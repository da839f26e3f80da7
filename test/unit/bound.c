// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bound.c - ports bound in a namespace of a real kernel, and answers that lie
 * links: bound.c netlink.c nlmsg.c addr.c util.c
 */
#include "bound.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ns.h"
#include "sock.h"
#include "test/unit/check.h"
#include "test/unit/netns.h"
#include "wire.h"

enum { TCP = WIRE_TCP, UDP = WIRE_UDP, SOCKS = 300, ROUNDS = 20000 };

enum { DUMPS = 4 };		/* TCP IPv4, TCP IPv6, UDP IPv4, UDP IPv6 */

/* The namespace, which is the host here too: has it netlink? */
static bool has_diag;
static int made = -1;		/* in place of a netlink socket, if not -1 */
static int netlink_fd, closed;

static int open_netlink(int protocol)
{
	CHECK_EQ(protocol, NETLINK_SOCK_DIAG);
	if (!has_diag)
		return -EPROTONOSUPPORT;
	if (made >= 0)
		netlink_fd = dup(made);
	else
		netlink_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	return netlink_fd;
}

int ns_netlink(int protocol)
{
	return open_netlink(protocol);
}

int sock_open(int family, int type, int proto)
{
	CHECK_EQ(family, AF_NETLINK);
	CHECK_EQ(type, SOCK_RAW);
	return open_netlink(proto);
}

void sock_close(int fd)
{
	closed++;
	CHECK_EQ(close(fd), 0);
}

/* begin() - Open one side, with what is there */
static int begin(bool in_ns, bool diag)
{
	int rc;

	has_diag = diag;
	bound_init();
	rc = bound_open(in_ns, WIRE_TCP);
	return rc ? rc : bound_open(in_ns, WIRE_UDP);
}

/* ---- a real kernel ---- */

static int fds[SOCKS], n_fds;
static struct ports want[2];		/* TCP, UDP */

static int bind_to(int family, int type, bool only6, uint16_t *port)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} a = { .sa = { .sa_family = (sa_family_t)family } };
	socklen_t len = family == AF_INET ? sizeof(a.in) : sizeof(a.in6);
	int one = only6, fd = socket(family, type, 0);

	CHECK(fd >= 0);
	a.in.sin_port = htons(*port);	/* where that of IPv6 is, too */
	if (family == AF_INET6)
		CHECK_EQ(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)), 0);
	else
		a.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, &a.sa, len)) {
		close(fd);
		return -1;
	}
	CHECK_EQ(getsockname(fd, &a.sa, &len), 0);
	*port = ntohs(a.in.sin_port);
	return fd;
}

/* open_random() - One more socket, in any state, noted if it counts */
static void open_random(void)
{
	int family = check_below(2) ? AF_INET : AF_INET6;
	bool udp = check_below(2), in_use = check_below(3);
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(9),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	uint16_t port = (uint16_t)(check_below(2) ? 0 : 1 + check_below(65535));
	int fd;

	if (n_fds == SOCKS)
		return;
	fd = bind_to(family, udp ? SOCK_DGRAM : SOCK_STREAM, check_below(2), &port);
	if (fd < 0)
		return;
	fds[n_fds++] = fd;
	if (!in_use && udp && family == AF_INET)	/* then it is connected */
		CHECK_EQ(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	else if (udp)
		ports_add(&want[1], port);
	else if (in_use && !listen(fd, 1))
		ports_add(&want[0], port);
}

static void close_all(void)
{
	while (n_fds)
		close(fds[--n_fds]);
	memset(want, 0, sizeof(want));
}

/* agree() - Whether what is found is what was opened */
static void agree(bool in_ns)
{
	struct ports got;

	memset(&got, 0xff, sizeof(got));
	CHECK_EQ(bound_ports(in_ns, TCP, &got), 0);
	CHECK_MEM(&got, &want[0], sizeof(got));
	CHECK_EQ(bound_ports(in_ns, UDP, &got), 0);
	CHECK_MEM(&got, &want[1], sizeof(got));
}

static void test_kernel(void)
{
	for (int in_ns = 0; in_ns < 2; in_ns++) {
		CHECK_EQ(begin(in_ns, true), 0);
		agree(in_ns);
		for (int i = 0; i < SOCKS; i++) {
			open_random();
			if (i % 50 == 0)
				agree(in_ns);
		}
		agree(in_ns);
		close_all();
		agree(in_ns);
	}
}

/* test_none() - Nothing is opened, or it can not be */
static void test_none(void)
{
	struct ports got;

	CHECK_EQ(begin(true, true), 0);
	closed = 0;
	bound_init();
	CHECK_EQ(closed, 1);
	bound_init();
	CHECK_EQ(closed, 1);
	CHECK_EQ(bound_ports(true, TCP, &got), -ENOENT);
	CHECK_EQ(begin(true, false), -EPROTONOSUPPORT);
	CHECK_EQ(bound_ports(true, TCP, &got), -ENOENT);
	CHECK_EQ(bound_ports(false, UDP, &got), -ENOENT);
}

static void test_ephemeral(void)
{
	uint16_t first = 0, last = 0;

	bound_ephemeral(&first, &last);
	CHECK(first >= 1 && first <= last);
}

/* ---- answers that lie ---- */

/* struct answer - a datagram with one socket in it, and its end */
static struct answer {
	struct nlmsghdr h;
	struct inet_diag_msg m;
	struct nlmsghdr done;
	int32_t code;
} answer_of(uint32_t seq, int family, int state, uint16_t port)
{
	return (struct answer){
		.h = { sizeof(struct nlmsghdr) + sizeof(struct inet_diag_msg),
		       SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, seq, 0 },
		.m = { .idiag_family = (uint8_t)family, .idiag_state = (uint8_t)state,
		       .id = { .idiag_sport = htons(port) } },
		.done = { sizeof(struct nlmsghdr) + sizeof(int32_t), NLMSG_DONE,
			  NLM_F_MULTI, seq, 0 },
	};
}

/* test_foreign() - A datagram of somebody who has found our socket */
static void test_foreign(void)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(to);
	struct answer a;
	struct ports got;
	int fd;

	CHECK_EQ(begin(true, true), 0);
	CHECK_EQ(getsockname(netlink_fd, (struct sockaddr *)&to, &len), 0);
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	for (uint32_t first = 0; first < 5000; first += 25) {
		for (uint32_t i = 0; i < 25; i++) {
			a = answer_of(first + i, AF_INET, TCP_LISTEN, 4711);
			CHECK_EQ(sendto(fd, &a, sizeof(a), MSG_DONTWAIT,
					(struct sockaddr *)&to, sizeof(to)),
				 sizeof(a));
		}
		CHECK_EQ(bound_ports(true, TCP, &got), 0);
		CHECK(!ports_has(&got, 4711));
	}
	close(fd);
}

/* The kernel is played by the other end of a pair: answers are there beforehand */
static int peer;
static uint32_t seq;		/* of the request to come */

static void put(const void *data, size_t len)
{
	CHECK_EQ(send(peer, data, len, 0), len);
}

/* drain() - Throw away requests, but for the last number, and answers nobody read */
static void drain(void)
{
	char b[4096];
	struct nlmsghdr h;

	while (recv(peer, b, sizeof(b), MSG_DONTWAIT) >= (ssize_t)sizeof(h)) {
		memcpy(&h, b, sizeof(h));
		seq = h.nlmsg_seq + 1;
	}
	while (recv(made, b, sizeof(b), MSG_DONTWAIT) > 0)
		;
}

/* test_requests() - What is asked for; no answer ends it too */
static void test_requests(void)
{
	struct {
		struct nlmsghdr h;
		struct inet_diag_req_v2 q;
	} r;
	struct answer a;
	int pair[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	made = pair[0];
	peer = pair[1];
	CHECK_EQ(begin(true, true), -ETIMEDOUT);
	drain();
	for (uint32_t i = 0; i < DUMPS; i++) {
		a = answer_of(seq + i, AF_INET, TCP_LISTEN, 1);
		put(&a, sizeof(a));
	}
	CHECK_EQ(begin(true, true), 0);
	for (int i = 0; i < DUMPS; i++) {
		CHECK_EQ(recv(peer, &r, sizeof(r), 0), sizeof(r));
		CHECK_EQ(r.h.nlmsg_type, SOCK_DIAG_BY_FAMILY);
		CHECK_EQ(r.h.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
		CHECK_EQ(r.q.sdiag_family, i % 2 ? AF_INET6 : AF_INET);
		CHECK_EQ(r.q.sdiag_protocol, i < 2 ? IPPROTO_TCP : IPPROTO_UDP);
		CHECK_EQ(r.q.idiag_states, 1U << (i < 2 ? TCP_LISTEN : TCP_CLOSE));
	}
	seq = r.h.nlmsg_seq + 1;
}

/* test_partly() - A kernel that dumps TCP alone */
static void test_partly(void)
{
	struct {
		struct nlmsghdr h;
		int32_t code;
	} no = { { sizeof(no), NLMSG_ERROR, 0, seq + 2, 0 }, -ENOENT };
	struct answer a;
	struct ports got;

	for (uint32_t i = 0; i < 2; i++) {
		a = answer_of(seq + i, AF_INET, TCP_LISTEN, 1);
		put(&a, sizeof(a));
	}
	put(&no, sizeof(no));
	CHECK_EQ(begin(true, true), -ENOENT);
	drain();
	CHECK_EQ(bound_ports(true, UDP, &got), -ENOENT);	/* asks nobody */
	CHECK_EQ(recv(peer, &a, sizeof(a), MSG_DONTWAIT), -1);
}

/* dumps() - Have TCP dumped with this for IPv4; whether it has port 80 and no other */
static bool dumps(const void *data, size_t len, int result)
{
	struct answer v6 = answer_of(seq + 1, AF_INET, TCP_LISTEN, 81);
	struct ports got, empty;

	put(data, len);
	put(&v6, sizeof(v6));			/* of another family than asked for */
	CHECK_EQ(bound_ports(true, TCP, &got), result);
	drain();
	ports_clear(&empty);
	if (!memcmp(&got, &empty, sizeof(got)))
		return false;
	ports_add(&empty, 80);
	CHECK_MEM(&got, &empty, sizeof(got));
	return true;
}

static void test_lies(void)
{
	struct answer a = answer_of(seq, AF_INET, TCP_LISTEN, 80);

	CHECK(dumps(&a, sizeof(a), 0));
	a = answer_of(seq, AF_INET, TCP_ESTABLISHED, 80);
	CHECK(!dumps(&a, sizeof(a), 0));
	a = answer_of(seq, AF_INET6, TCP_LISTEN, 80);
	CHECK(!dumps(&a, sizeof(a), 0));
	a = answer_of(seq, AF_INET, TCP_LISTEN, 0);
	CHECK(!dumps(&a, sizeof(a), 0));
	a = answer_of(seq, AF_INET, TCP_LISTEN, 80);
	a.h.nlmsg_type = SOCK_DESTROY;
	CHECK(!dumps(&a, sizeof(a), 0));
	a = answer_of(seq, AF_INET, TCP_LISTEN, 80);
	CHECK(dumps(&a, sizeof(a.h) + sizeof(a.m) + 1, -EBADMSG));
	a = answer_of(seq, AF_INET, TCP_LISTEN, 80);
	a.code = -ENOBUFS;
	CHECK(dumps(&a, sizeof(a), -ENOBUFS));
	a = answer_of(seq, AF_INET, TCP_LISTEN, 80);
	a.h.nlmsg_len = 0;
	CHECK(!dumps(&a, sizeof(a), -EBADMSG));
	a = answer_of(seq, AF_INET, TCP_LISTEN, 80);
	a.done.nlmsg_seq++;			/* never ends */
	CHECK(dumps(&a, sizeof(a), -ETIMEDOUT));
}

/* test_short() - Descriptions that end early */
static void test_short(void)
{
	for (size_t n = 0; n <= sizeof(struct inet_diag_msg); n++) {
		struct answer a = answer_of(seq, AF_INET, TCP_LISTEN, 80);
		uint8_t b[sizeof(a) + 4] = { 0 };
		size_t len = sizeof(a.h) + (n + 3) / 4 * 4;

		a.h.nlmsg_len = (uint32_t)(sizeof(a.h) + n);
		memcpy(b, &a, sizeof(a.h) + n);
		memcpy(b + len, &a.done, sizeof(a.done) + sizeof(a.code));
		CHECK_EQ(dumps(b, len + sizeof(a.done) + sizeof(a.code), 0), n >= 6);
	}
}

static void test_random(void)
{
	struct ports got;

	for (int i = 0; i < ROUNDS; i++) {
		struct answer a = answer_of(seq, AF_INET, TCP_LISTEN, 80);
		uint8_t b[sizeof(a)];

		memcpy(b, &a, sizeof(a));
		for (uint64_t k = 1 + check_below(5); k > 0; k--)
			b[check_below(sizeof(b))] = (uint8_t)check_rand();
		put(b, 1 + check_below(sizeof(b)));
		(void)bound_ports(true, TCP, &got);
		drain();
	}
}

/* A handshake whose last segment never came is found at its port, and nowhere else */
static void test_half_open(void)
{
	struct sock_filter only_syn[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = { ARRAY_SIZE(only_syn), only_syn };
	static const int families[] = { AF_INET, AF_INET6 };
	uint16_t port[2] = { 0, 0 }, mine[2] = { 0, 0 };
	struct bound_half half[4];
	struct ports at;
	int fd[4];

	CHECK_EQ(begin(false, true), 0);
	ports_clear(&at);
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
		struct sockaddr_in a4 = {
			.sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) },
		};

		fd[i] = bind_to(families[i], SOCK_STREAM, true, &port[i]);
		CHECK_EQ(listen(fd[i], 8), 0);
		CHECK_EQ(setsockopt(fd[i], SOL_SOCKET, SO_ATTACH_FILTER, &filter,
				    sizeof(filter)), 0);
		fd[2 + i] = bind_to(families[i], SOCK_STREAM, true, &mine[i]);
		a4.sin_port = a6.sin6_port = htons(port[i]);
		CHECK_EQ(i ? connect(fd[3], (struct sockaddr *)&a6, sizeof(a6)) :
			     connect(fd[2], (struct sockaddr *)&a4, sizeof(a4)), 0);
	}
	ports_add(&at, mine[0]);
	CHECK_EQ(bound_half_open(&at, half, 4), 0);
	ports_add(&at, port[1]);
	CHECK_EQ(bound_half_open(&at, half, 4), 1);
	CHECK_EQ(half[0].lport, port[1]);
	CHECK_EQ(half[0].pport, mine[1]);
	CHECK(addr_is_loopback(&half[0].peer) && !addr_is4(&half[0].peer));
	ports_add(&at, port[0]);
	CHECK_EQ(bound_half_open(&at, half, 1), 1);
	CHECK_EQ(bound_half_open(&at, half, 4), 2);
	CHECK_EQ(half[0].pport, mine[0]);
	CHECK(addr_is_loopback(&half[0].peer) && addr_is4(&half[0].peer));
	for (int i = 0; i < 4; i++)
		(void)close(fd[i]);
	CHECK_EQ(begin(false, false), -EPROTONOSUPPORT);
	CHECK_EQ(bound_half_open(&at, half, 4), -ENOENT);
}

int main(void)
{
	if (!netns_new())
		return SKIP;
	RUN(test_kernel);
	RUN(test_half_open);
	RUN(test_none);
	RUN(test_ephemeral);
	RUN(test_foreign);
	RUN(test_requests);
	RUN(test_partly);
	RUN(test_lies);
	RUN(test_short);
	RUN(test_random);
	return check_done();
}
