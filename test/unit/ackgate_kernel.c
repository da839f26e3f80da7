// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ackgate_kernel.c - the gate between two real kernels
 * links: ackgate.c ackgate_tcx.c ackgate_prog.c bpf.c netlink.c nlmsg.c addr.c csum.c log.c util.c
 *
 *	+-- this namespace ----------+        +-- remote -------------------+
 *	| gp 10.9.0.1, fd00:9::1     |--veth--| gr 10.9.0.2, fd00:9::2      |
 *	| sockets with marks, a gate |        | sockets; who looks at frames |
 *	+----------------------------+        +-----------------------------+
 *
 * Programs in the kernel want privileges outside of all namespaces.
 * root
 */
#include "ackgate.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bpf.h"
#include "seq.h"
#include "test/unit/check.h"
#include "wire.h"

enum {
	SKIP		= 77,
	SLOTS		= 64,
	MARK		= 0x1000,
	WAIT_MS		= 3000,		/* for what has to happen */
	QUIET_MS	= 300,		/* for what must not: more than a time-out of the kernel */
	RTO_US		= 180000,	/* less than that: nobody waited for it */
	QUEUE		= 1 << 16,
	CHUNK		= 65536,
};

/**
 * struct pair - a connection
 * @near:	socket here
 * @far:	socket of the remote end
 * @slot:	its slot
 * @rcv:	number of the next byte here
 * @ends:	both ends
 */
struct pair {
	int near;
	int far;
	uint32_t slot;
	uint32_t rcv;
	struct ackgate_ends ends;
};

/**
 * struct watch - what who looks at frames has seen; shared
 * @port:	of the remote end, whose connection is looked at
 * @samples:	segments from there with ACK
 * @above:	of these, those that acknowledged more than was committed
 * @ends:	of these, those with FIN or RST
 * @pair:	of who will be killed
 */
struct watch {
	uint32_t port;
	uint32_t samples;
	uint32_t above;
	uint32_t ends;
	struct pair pair;
};

static int here, there;			/* network namespaces */
static pid_t keeper;			/* process in the remote one */
static char pins[64] = "/tmp/ackgate.XXXXXX";
static struct watch *watch;
static uint16_t port = 7000;
static const char *owner = "vm1";

/* -------------------------------------------------------------------- places */

static void run(char *const argv[])
{
	int status = 1;
	pid_t pid = fork();

	if (!pid) {
		(void)execvp(argv[0], argv);
		_exit(1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && !status);
}
#define RUN_IP(...) run((char *const[]){ "ip", __VA_ARGS__, NULL })

/* born() - fork() of a process that ends with this one */
static pid_t born(void)
{
	pid_t pid = fork();

	if (!pid)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void enter(int ns)
{
	CHECK_EQ(setns(ns, CLONE_NEWNET), 0);
}

static int ns_of(pid_t pid)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool places(void)
{
	int pipes[2];
	char text[16], byte = 0;

	if (geteuid() || unshare(CLONE_NEWNET | CLONE_NEWNS))
		return false;
	(void)mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	if (!mkdtemp(pins) || mount("bpf", pins, "bpf", 0, NULL) || pipe(pipes))
		return false;
	here = ns_of(getpid());
	keeper = born();
	if (!keeper) {
		byte = unshare(CLONE_NEWNET) ? 'n' : 'y';
		(void)!write(pipes[1], &byte, 1);
		for (;;)
			(void)pause();
	}
	CHECK_EQ(read(pipes[0], &byte, 1), 1);
	there = ns_of(keeper);
	(void)snprintf(text, sizeof(text), "%d", (int)keeper);
	RUN_IP("link", "set", "lo", "up");
	RUN_IP("link", "add", "gp", "type", "veth", "peer", "name", "gr", "netns", text);
	RUN_IP("addr", "add", "10.9.0.1/24", "dev", "gp");
	RUN_IP("addr", "add", "fd00:9::1/64", "dev", "gp", "nodad");
	RUN_IP("link", "set", "gp", "up");
	enter(there);
	RUN_IP("addr", "add", "10.9.0.2/24", "dev", "gr");
	RUN_IP("addr", "add", "fd00:9::2/64", "dev", "gr", "nodad");
	RUN_IP("link", "set", "gr", "up");
	enter(here);
	return byte == 'y';
}

/* offload() - Checksums and segments of an interface: by nobody (veth), or by the kernel */
static void offload(bool on)
{
	static const uint32_t what[] = { ETHTOOL_STXCSUM, ETHTOOL_SSG, ETHTOOL_STSO, ETHTOOL_SGSO };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		struct ethtool_value v = { .cmd = what[i], .data = on };
		struct ifreq req = { .ifr_name = "gp" };

		req.ifr_data = (char *)&v;
		CHECK_EQ(ioctl(fd, SIOCETHTOOL, &req), 0);
	}
	(void)close(fd);
}

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* gate() - A gate of an owner */
static int gate(const char *name)
{
	const struct ackgate_conf conf = {
		.owner = name, .ifname = { "gp" }, .ifs = 1, .slots = SLOTS, .mark = MARK,
		.pin = pins,
	};

	return ackgate_open(&conf, ACKGATE_TCX);
}

static unsigned pinned(void)
{
	DIR *d = opendir(pins);
	unsigned n = 0;
	struct dirent *e;

	while (d && (e = readdir(d)))
		n += !strncmp(e->d_name, "passt-", 6);
	if (d)
		(void)closedir(d);
	return n;
}

/* take_in() - All that waits at the gate; 1: a listener's packet */
static int take_in(struct ackgate_seen *seen)
{
	struct ackgate_seen ignored;

	return ackgate_event(0, seen ? seen : &ignored);
}

/* -------------------------------------------------------------------- connections */

static struct addr address(bool v6, bool far)
{
	struct addr a;

	CHECK(addr_parse(v6 ? far ? "fd00:9::2" : "fd00:9::1" : far ? "10.9.0.2" : "10.9.0.1",
			 &a));
	return a;
}

static int tcp(bool v6)
{
	int one = 1, fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static bool ready(int fd, short what, int ms)
{
	struct pollfd p = { .fd = fd, .events = what };

	return poll(&p, 1, ms) == 1;
}

static int number(int fd, int what)
{
	int v = 0;
	socklen_t len = sizeof(v);

	CHECK_EQ(getsockopt(fd, IPPROTO_TCP, what, &v, &len), 0);
	return v;
}

static void put_number(int fd, int level, int what, int v)
{
	CHECK_EQ(setsockopt(fd, level, what, &v, sizeof(v)), 0);
}

/* queue_seq() - Number of the next byte of a queue */
static uint32_t queue_seq(int fd, int queue)
{
	uint32_t seq;

	put_number(fd, IPPROTO_TCP, TCP_REPAIR, 1);
	put_number(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, queue);
	seq = (uint32_t)number(fd, TCP_QUEUE_SEQ);
	put_number(fd, IPPROTO_TCP, TCP_REPAIR, -1);
	return seq;
}

static uint8_t wscale(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	CHECK_EQ(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	return info.tcpi_rcv_wscale;
}

static uint32_t retransmitted(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	CHECK_EQ(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	return info.tcpi_total_retrans;
}

/* unacked() - Bytes of a socket that the other side has not acknowledged */
static int unacked(int fd)
{
	int n = -1;

	CHECK_EQ(ioctl(fd, SIOCOUTQ, &n), 0);
	return n;
}

/* acked_within() - Wait until all is acknowledged; us, or more than the limit */
static uint64_t acked_within(int fd, int ms)
{
	uint64_t begin = now_us();

	while (unacked(fd) && now_us() - begin <= (uint64_t)ms * 1000)
		(void)take_in(NULL);
	return now_us() - begin;
}

/* call_out() - A connection from here, up to where the gate holds its last acknowledgement */
static struct pair call_out(uint32_t slot, bool v6)
{
	struct pair c = { .slot = slot };
	union addr_sock to;
	int l;
	socklen_t len;

	c.ends = (struct ackgate_ends){ address(v6, false), address(v6, true), 0, ++port };
	len = addr_to_sock(&to, &c.ends.remote, port, 0);
	enter(there);
	l = tcp(v6);
	CHECK_EQ(bind(l, &to.sa, len), 0);
	CHECK_EQ(listen(l, 8), 0);
	enter(here);
	c.near = tcp(v6);
	ackgate_hold(slot, false);
	put_number(c.near, SOL_SOCKET, SO_MARK, (int)ackgate_mark(slot));
	CHECK(connect(c.near, &to.sa, len) && errno == EINPROGRESS);
	CHECK(ready(c.near, POLLOUT, WAIT_MS));
	CHECK(ready(ackgate_fd(0), POLLIN, WAIT_MS));
	CHECK(!ready(l, POLLIN, 20));
	CHECK_EQ(take_in(NULL), 0);
	c.rcv = queue_seq(c.near, TCP_RECV_QUEUE);
	ackgate_begin(slot, c.rcv, wscale(c.near));
	CHECK(!ready(l, POLLIN, 20));
	ackgate_flush();
	CHECK(ready(l, POLLIN, WAIT_MS));
	c.far = accept(l, NULL, NULL);
	CHECK(c.far >= 0);
	put_number(c.far, IPPROTO_TCP, TCP_NODELAY, 1);
	CHECK_EQ(fcntl(c.far, F_SETFL, O_NONBLOCK), 0);
	(void)close(l);
	return c;
}

/* hang_up() - Both sockets end without a packet, and the slot */
static void hang_up(struct pair *c)
{
	put_number(c->near, IPPROTO_TCP, TCP_REPAIR, 1);
	(void)close(c->near);
	put_number(c->far, IPPROTO_TCP, TCP_REPAIR, 1);
	(void)close(c->far);
	ackgate_hold(c->slot, false);
	ackgate_free(c->slot);
}

/* -------------------------------------------------------------------- tests */

static bool both[] = { false, true };
#define EACH_FAMILY(v6) for (unsigned f_ = 0; f_ < 2; f_++) \
	for (bool v6 = both[f_], once_ = true; once_; once_ = false)

/* A byte is acknowledged when it is committed, not before; in order, all acknowledgements */
static void test_pure(void)
{
	char byte = 'x', in[8];

	CHECK_EQ(gate(owner), ACKGATE_TCX);
	EACH_FAMILY(v6) {
		struct pair c = call_out(3, v6);

		for (int i = 0; i < 3; i++) {
			CHECK_EQ(send(c.far, &byte, 1, 0), 1);
			CHECK(ready(c.near, POLLIN, WAIT_MS));
			CHECK_EQ(recv(c.near, in, sizeof(in), 0), 1);
			(void)poll(NULL, 0, 60);	/* longer than an ACK is delayed */
			CHECK_EQ(take_in(NULL), 0);
		}
		CHECK_EQ(unacked(c.far), 3);
		ackgate_commit(c.slot, c.rcv + 2);
		ackgate_commit(c.slot, c.rcv + 1);	/* it does not go back */
		CHECK_EQ(unacked(c.far), 3);
		ackgate_flush();
		CHECK_EQ(unacked(c.far), 1);
		ackgate_commit(c.slot, c.rcv + 3);
		ackgate_flush();
		CHECK_EQ(unacked(c.far), 0);
		hang_up(&c);
	}
	CHECK(ackgate_counts()->released >= 8);
	CHECK_EQ(ackgate_counts()->lost, 0);
	ackgate_close();
}

/* An acknowledgement that went with an answer is given when it is committed */
static void test_owed(void)
{
	char bytes[100] = "x", in[200];

	CHECK_EQ(gate(owner), ACKGATE_TCX);
	EACH_FAMILY(v6) {
		struct pair c = call_out(3, v6);

		for (int i = 0; i < 20; i++) {
			uint64_t us;

			CHECK_EQ(send(c.far, bytes, sizeof(bytes), 0), 100);
			CHECK(ready(c.near, POLLIN, WAIT_MS));
			CHECK_EQ(recv(c.near, in, sizeof(in), 0), 100);
			CHECK_EQ(send(c.near, bytes, sizeof(bytes), 0), 100);
			CHECK(ready(c.far, POLLIN, WAIT_MS));
			CHECK_EQ(recv(c.far, in, sizeof(in), 0), 100);
			CHECK_EQ(unacked(c.far), 100);
			(void)poll(NULL, 0, 2);
			c.rcv += 100;
			ackgate_commit(c.slot, c.rcv);
			ackgate_flush();
			us = acked_within(c.far, WAIT_MS);
			CHECK(us < RTO_US);
		}
		CHECK(ackgate_slot(c.slot)->lowered >= 1);
		CHECK_EQ(retransmitted(c.far), 0);
		hang_up(&c);
	}
	CHECK(ackgate_counts()->written >= 2);
	ackgate_close();
}

/* look() - Look at frames of the remote end, for ever */
static void look(void)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), size = 64 << 20;
	uint8_t b[256];

	a.sll_ifindex = (int)if_nametoindex("gr");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)))
		_exit(1);
	for (;;) {
		struct sockaddr_ll from = { 0 };
		socklen_t len = sizeof(from);
		const struct ackgate_slot *s = ackgate_slot(3);
		ssize_t n = recvfrom(fd, b, sizeof(b), 0, (struct sockaddr *)&from, &len);
		size_t l4 = b[14] >> 4 == 4 ? 34 : 54;
		const struct wire_tcp *t = (const struct wire_tcp *)(b + l4);

		if (!s || n < 54 || from.sll_pkttype == PACKET_OUTGOING ||
		    get_be16(t->dport) != watch->port)
			continue;
		watch->ends += (t->flags & (TCP_FIN | TCP_RST)) != 0;
		watch->samples += (t->flags & TCP_ACK) != 0;
		if (t->flags & TCP_ACK &&
		    seq_gt(get_be32(t->ack), __atomic_load_n(&s->committed, __ATOMIC_ACQUIRE)))
			watch->above++;
	}
}

/* looker() - A process that looks at frames of a connection */
static pid_t looker(uint16_t of_port)
{
	pid_t pid;

	*watch = (struct watch){ .port = of_port };
	enter(there);
	pid = born();
	if (!pid)
		look();
	enter(here);
	(void)poll(NULL, 0, 20);
	return pid;
}

static void stop(pid_t pid)
{
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

/**
 * struct later - what will be committed
 * @at:		when, us
 * @seq:	up to where
 */
struct later {
	uint64_t at;
	uint32_t seq;
};

/* stream() - Bytes both ways, committed some time after they came; bytes received here */
static uint64_t stream(struct pair *c, uint64_t delay_us, uint64_t run_us, bool back)
{
	static struct later q[QUEUE];
	static uint8_t buf[CHUNK], out[CHUNK];
	uint64_t begin = now_us(), end = begin + run_us, got = 0, sent = 0, bad = 0;
	uint32_t head = 0, tail = 0;

	for (uint64_t t = begin; t < end; t = now_us()) {
		ssize_t n;

		for (size_t i = 0; i < sizeof(out); i++)
			out[i] = (uint8_t)((sent + i) % 251);
		n = send(c->far, out, sizeof(out), 0);
		sent += n > 0 ? (uint64_t)n : 0;
		n = recv(c->near, buf, sizeof(buf), 0);
		if (n > 0 && tail - head < QUEUE) {
			for (size_t i = 0; i < (size_t)n; i++)
				bad += buf[i] != (uint8_t)((got + i) % 251);
			got += (uint64_t)n;
			c->rcv += (uint32_t)n;
			q[tail++ % QUEUE] = (struct later){ t + delay_us, c->rcv };
		}
		if (back) {
			(void)send(c->near, buf, 3000, 0);
			(void)recv(c->far, buf, sizeof(buf), 0);
		}
		while (head != tail && q[head % QUEUE].at <= t)
			ackgate_commit(c->slot, q[head++ % QUEUE].seq);
		ackgate_flush();
		(void)take_in(NULL);
	}
	while (head != tail)
		ackgate_commit(c->slot, q[head++ % QUEUE].seq);
	ackgate_flush();
	CHECK_EQ(bad, 0);
	return got;
}

/* Of many acknowledgements none is above what is committed, whoever makes checksums */
static void test_above(void)
{
	CHECK_EQ(gate(owner), ACKGATE_TCX);
	for (int off = 0; off < 2; off++) {
		offload(!off);
		EACH_FAMILY(v6) {
			for (int back = 0; back < 2; back++) {
				struct pair c = call_out(3, v6);
				pid_t pid = looker(0);
				struct sockaddr_in6 a = { 0 };
				socklen_t len = sizeof(a);
				uint64_t got;

				CHECK_EQ(getpeername(c.near, (struct sockaddr *)&a, &len), 0);
				watch->port = ntohs(a.sin6_port);
				got = stream(&c, 500, 700000, back);
				(void)poll(NULL, 0, 20);
				stop(pid);
				printf("# IPv%d offload %d both ways %d: %.0f Mbit/s, %u samples, "
				       "%u above, %u diverted, %u lowered\n", v6 ? 6 : 4, !off, back,
				       (double)got * 8 / 700000, watch->samples, watch->above,
				       ackgate_slot(3)->diverted, ackgate_slot(3)->lowered);
				CHECK(got > 1000000);
				CHECK(watch->samples > 100);
				CHECK_EQ(watch->above, 0);
				CHECK(ackgate_slot(3)->diverted > 0);
				CHECK(!back || ackgate_slot(3)->lowered > 0);
				hang_up(&c);
			}
		}
	}
	offload(true);
	CHECK_EQ(ackgate_counts()->lost, 0);
	ackgate_close();
}

/* Who is called: the SYN-ACK says all, and waits; what came early belongs to the child */
static void test_listen(void)
{
	char bytes[100] = "x";

	CHECK_EQ(gate(owner), ACKGATE_TCX);
	EACH_FAMILY(v6) {
		struct addr a = address(v6, false);
		union addr_sock to;
		struct ackgate_seen seen = { 0 }, more;
		int l = tcp(v6), far, near;
		socklen_t len = addr_to_sock(&to, &a, ++port, 0);
		uint32_t rcv;

		ackgate_hold(1, true);
		put_number(l, SOL_SOCKET, SO_MARK, (int)ackgate_mark(1));
		CHECK_EQ(bind(l, &to.sa, len), 0);
		CHECK_EQ(listen(l, 8), 0);
		enter(there);
		far = tcp(v6);
		enter(here);
		CHECK(connect(far, &to.sa, len) && errno == EINPROGRESS);
		CHECK(ready(ackgate_fd(0), POLLIN, WAIT_MS));
		CHECK_EQ(take_in(&seen), 1);
		CHECK(seen.syn && seen.slot == 1 && seen.sack && seen.ts && seen.wscale > 0);
		CHECK_EQ(seen.mss, v6 ? 1440 : 1460);
		CHECK(addr_eq(&seen.ends.local, &a) && seen.ends.lport == port);
		CHECK_EQ(take_in(&more), 0);
		CHECK(!ready(far, POLLOUT, 50));
		ackgate_release(1, &seen.ends, seen.ack);
		CHECK(ready(far, POLLOUT, WAIT_MS));
		CHECK_EQ(send(far, bytes, sizeof(bytes), 0), 100);
		CHECK(ready(l, POLLIN, WAIT_MS));
		CHECK(ready(ackgate_fd(0), POLLIN, WAIT_MS));
		CHECK_EQ(take_in(&more), 1);
		CHECK(!more.syn && more.ack == seen.ack + 100);

		near = accept(l, NULL, NULL);
		ackgate_hold(2, false);
		put_number(near, SOL_SOCKET, SO_MARK, (int)ackgate_mark(2));
		rcv = queue_seq(near, TCP_RECV_QUEUE);
		CHECK_EQ(rcv, seen.ack + 100);
		CHECK_EQ(queue_seq(near, TCP_SEND_QUEUE), seen.seq + 1);
		CHECK_EQ(wscale(near), seen.wscale);
		ackgate_begin(2, seen.ack, wscale(near));
		ackgate_adopt(1, &seen.ends, 2);
		ackgate_flush();
		CHECK_EQ(unacked(far), 100);
		ackgate_commit(2, rcv);
		ackgate_flush();
		CHECK_EQ(unacked(far), 0);
		ackgate_may_end(2, true);
		(void)close(far);
		(void)close(near);
		(void)close(l);
		ackgate_free(1);
		ackgate_free(2);
	}
	ackgate_close();
}

/* A FIN leaves when it may, and acknowledges no more than it may */
static void test_end(void)
{
	char byte = 'x';

	CHECK_EQ(gate(owner), ACKGATE_TCX);
	EACH_FAMILY(v6) {
		struct pair c = call_out(3, v6);

		CHECK_EQ(send(c.far, &byte, 1, 0), 1);
		CHECK(ready(c.near, POLLIN, WAIT_MS));
		CHECK_EQ(recv(c.near, &byte, 1, 0), 1);
		CHECK_EQ(shutdown(c.near, SHUT_WR), 0);
		CHECK(!ready(c.far, POLLIN, QUIET_MS));
		CHECK(ackgate_slot(3)->refused >= 1);
		ackgate_may_end(3, true);
		CHECK(ready(c.far, POLLIN, WAIT_MS));
		CHECK_EQ(recv(c.far, &byte, 1, 0), 0);
		CHECK_EQ(take_in(NULL), 0);
		CHECK_EQ(unacked(c.far), 1);
		ackgate_commit(3, c.rcv + 1);
		ackgate_flush();
		CHECK(acked_within(c.far, WAIT_MS) < RTO_US);
		hang_up(&c);
	}
	ackgate_close();
}

/* victim() - A process with a gate and a connection; killed, it says nothing more */
static void victim(const char *name, bool v6, bool unread, bool kill_it)
{
	char byte = 'x';
	int up[2];
	pid_t pid, other;
	struct pair *c = &watch->pair;
	int far;

	/* The remote end is ours, the near one of who is killed */
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, up), 0);
	other = looker(0);
	pid = born();
	if (!pid) {
		struct msghdr m = { 0 };
		union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int))]; } u = { 0 };
		struct iovec v = { &byte, 1 };

		if (gate(name) != ACKGATE_TCX)
			_exit(1);
		*c = call_out(3, v6);
		m = (struct msghdr){ .msg_iov = &v, .msg_iovlen = 1, .msg_control = &u,
				     .msg_controllen = sizeof(u) };
		u.h = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&u.h), &c->far, sizeof(int));
		(void)!sendmsg(up[0], &m, 0);
		for (;;) {
			(void)poll(NULL, 0, 1);
			if (!unread)
				(void)recv(c->near, &byte, 1, 0);
			(void)take_in(NULL);
		}
	}
	{
		union { struct cmsghdr h; char b[CMSG_SPACE(sizeof(int))]; } u = { 0 };
		struct iovec v = { &byte, 1 };
		struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &u,
				    .msg_controllen = sizeof(u) };

		CHECK_EQ(recvmsg(up[1], &m, 0), 1);
		memcpy(&far, CMSG_DATA(&u.h), sizeof(far));
	}
	watch->port = c->ends.rport;
	CHECK_EQ(send(far, &byte, 1, 0), 1);
	(void)poll(NULL, 0, 100);
	CHECK_EQ(unacked(far), 1);
	if (kill_it) {
		CHECK_EQ(pinned(), 1);
		stop(pid);
		CHECK(!ready(far, POLLIN, QUIET_MS));
		CHECK_EQ(send(far, &byte, 1, 0), 1);
		CHECK(!ready(far, POLLIN, 3 * QUIET_MS));
		CHECK_EQ(unacked(far), 2);
		CHECK_EQ(watch->ends, 0);
	}
	stop(other);
	if (!kill_it)
		stop(pid);
	put_number(far, IPPROTO_TCP, TCP_REPAIR, 1);
	(void)close(far);
	(void)close(up[0]);
	(void)close(up[1]);
}

/* A killed process: nothing of it leaves, and what it left is removed by the next one */
static void test_killed(void)
{
	EACH_FAMILY(v6) {
		for (int unread = 0; unread < 2; unread++) {
			port++;
			victim(owner, v6, unread, true);
			CHECK_EQ(pinned(), 1);
			/* Another owner leaves it alone, and has other marks */
			CHECK_EQ(gate("vm2"), ACKGATE_TCX);
			CHECK_EQ(ackgate_mark(0), MARK + SLOTS);
			CHECK_EQ(pinned(), 2);
			ackgate_close();
			CHECK_EQ(pinned(), 1);
			CHECK_EQ(gate(owner), ACKGATE_TCX);
			CHECK_EQ(ackgate_mark(0), MARK);
			CHECK_EQ(pinned(), 1);
			ackgate_close();
			ackgate_close();
			CHECK_EQ(pinned(), 0);
		}
	}
}

/* second() - Another process, while there is a gate of the owner; its exit status */
static int second(int told, int tell)
{
	char byte;
	struct pair c;
	bool ok;

	(void)!read(told, &byte, 1);
	port = 9000;
	check.failed = 0;
	ok = gate(owner) == -EADDRINUSE && gate("vm 2") == -EINVAL;
	ok = ok && gate("vm2") == ACKGATE_TCX && ackgate_mark(3) == MARK + SLOTS + 3;
	if (ok) {
		c = call_out(3, true);
		ok = send(c.far, &byte, 1, 0) == 1;
		(void)poll(NULL, 0, 100);
		ok = ok && unacked(c.far) == 1 && !check.failed;
	}
	(void)!write(tell, &byte, 1);
	(void)!read(told, &byte, 1);
	if (ok) {
		ackgate_commit(3, c.rcv + 1);
		ok = acked_within(c.far, WAIT_MS) < 1000000 && ackgate_slot(3)->diverted;
		hang_up(&c);
	}
	ackgate_close();
	return !ok;
}

static unsigned interfaces(void)
{
	struct if_nameindex *all = if_nameindex();
	unsigned n = 0;

	while (all && all[n].if_index)
		n++;
	if_freenameindex(all);
	return n;
}

/* Two owners at once; one owner is there once; closed, all goes on as if nothing had been */
static void test_owners(void)
{
	unsigned before = interfaces();
	int told[2] = { -1, -1 }, tell[2] = { -1, -1 }, status = 1;
	char byte = 'x';
	struct pair c;
	pid_t pid;

	CHECK(!pipe(told) && !pipe(tell));
	pid = born();
	if (!pid)
		_exit(second(told[0], tell[1]));
	CHECK_EQ(gate(owner), ACKGATE_TCX);
	CHECK_EQ(interfaces(), before + 1);
	c = call_out(3, false);
	CHECK_EQ(write(told[1], &byte, 1), 1);
	CHECK_EQ(read(tell[0], &byte, 1), 1);
	CHECK_EQ(pinned(), 2);
	CHECK_EQ(send(c.far, &byte, 1, 0), 1);
	(void)poll(NULL, 0, 100);
	CHECK_EQ(unacked(c.far), 1);
	ackgate_close();
	CHECK_EQ(pinned(), 1);
	CHECK(acked_within(c.far, WAIT_MS) < 1000000);
	CHECK_EQ(write(told[1], &byte, 1), 1);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(pinned(), 0);
	CHECK_EQ(interfaces(), before);
	hang_up(&c);
	for (size_t i = 0; i < 2; i++)
		(void)(close(told[i]) | close(tell[i]));
}

int main(void)
{
	int array, zero = open("/dev/zero", O_RDWR | O_CLOEXEC);

	watch = mmap(NULL, sizeof(*watch), PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);
	(void)close(zero);
	array = bpf_array(8, 1);
	if (array == -EPERM) {
		(void)fputs("not root: no programs in the kernel\n", stderr);
		return SKIP;
	}
	(void)close(array);
	CHECK(places());
	RUN(test_pure);
	RUN(test_owed);
	RUN(test_listen);
	RUN(test_end);
	RUN(test_above);
	RUN(test_killed);
	RUN(test_owners);
	(void)kill(keeper, SIGKILL);
	(void)umount2(pins, MNT_DETACH);
	(void)rmdir(pins);
	return check_done();
}
