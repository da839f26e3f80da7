// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * repair_timer.c - unit test of ../../repair.c: sockets that send by a timer
 * links: repair.c sock.c addr.c util.c
 *
 *	P --- t0 ===== this test ===== t0 --- R		two namespaces, two TUN devices
 *
 * P has much to send, and room in the window and the congestion window, but waits: for
 * the timer of its pacing, or for the queue of its interface, which tbf empties slowly
 * (TCP small queues).  It is dumped while packets pass, held for a time in which some 100
 * of them could leave, and goes on, here or as another socket.  Each packet is looked at:
 * no number leaves that the dump has as unsent.
 */
#include "test/unit/check.h"
#include "test/unit/netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <time.h>

#include "repair.h"
#include "seq.h"
#include "sock.h"
#include "util.h"

enum {
	MUCH		= 2000000,	/* more than the send queue takes */
	BUFFER		= 400000,
	RATE		= 4000000,	/* bytes/s */
	RATE_FIN	= 100000,
	FIRST		= 20 * 1448,
	ONCE		= 2 * 1448,	/* 29 ms of RATE_FIN */
	PORT		= 5001,
	MTU		= 1500,
	RUN_MS		= 40,
	HOLD_MS		= 50,
	LOST_MS		= 500,		/* there is a retransmission time-out */
	TRIES		= 4,
	TRIES_MAX	= 20,
	BEGIN_MS	= 100,		/* less than any retransmission time-out */
	LIMIT_MS	= 5000,
	IP_HEAD		= 20,
};

/* How P is kept from sending */
enum how { PACED, BBR, QUEUED };

/**
 * struct wire - between the two devices
 * @tun:	P's, R's
 * @cut:	what R sends is lost
 * @fins:	FINs of P that passed
 * @nxt:	number behind the last one that left P
 */
static struct {
	int tun[2];
	bool cut;
	unsigned fins;
	uint32_t nxt;
} wire;

/* P and R, how many bytes were written and read, and when P was dumped, us */
static struct {
	int p, r;
	uint64_t at;
	uint32_t wrote;
	uint32_t got;
	bool eof;
} pair;

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t ms_since(uint64_t us)
{
	return (now_us() - us) / 1000;
}

static uint8_t pattern(uint32_t at)
{
	return (uint8_t)(at * 7 + (at >> 8) * 13 + (at >> 16) * 31);
}

/* ---- the network ---- */

/* tun_up() - A device in this namespace, with an address; descriptor, -1 */
static int tun_up(const char *address)
{
	struct ifreq req = { .ifr_name = "t0", .ifr_flags = IFF_TUN | IFF_NO_PI };
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	bool ok = fd >= 0 && !ioctl(fd, TUNSETIFF, &req);

	(void)inet_pton(AF_INET, address, &a.sin_addr);
	memcpy(&req.ifr_addr, &a, sizeof(a));
	ok = ok && !ioctl(s, SIOCSIFADDR, &req);
	(void)inet_pton(AF_INET, "255.255.255.0", &a.sin_addr);
	memcpy(&req.ifr_netmask, &a, sizeof(a));
	ok = ok && !ioctl(s, SIOCSIFNETMASK, &req);
	req.ifr_flags = IFF_UP | IFF_RUNNING;
	ok = ok && !ioctl(s, SIOCSIFFLAGS, &req);
	(void)close(s);
	if (ok || fd < 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* attr() - Append an attribute to a message */
static struct rtattr *attr(struct nlmsghdr *h, unsigned short type, const void *data, size_t len)
{
	struct rtattr *a = (void *)((char *)h + NLMSG_ALIGN(h->nlmsg_len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	h->nlmsg_len = NLMSG_ALIGN(h->nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

/* tbf() - P's device sends RATE bytes a second, or as much as it can; false: it can not */
static bool tbf(bool on)
{
	struct {
		_Alignas(4) struct nlmsghdr head;
		struct tcmsg tc;
		char room[256];
	} m = {
		.head = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(m.tc)),
			.nlmsg_type = on ? RTM_NEWQDISC : RTM_DELQDISC,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | (on ? NLM_F_CREATE : 0),
		},
		.tc.tcm_parent = TC_H_ROOT,
	};
	struct ifreq req = { .ifr_name = "t0" };
	struct tc_tbf_qopt q = {
		.rate = { .rate = RATE, .linklayer = 1 }, .limit = MUCH,
	};
	uint32_t burst = 2 * MTU;
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct { struct nlmsghdr head; struct nlmsgerr e; char room[512]; } answer = { 0 };
	bool ok = fd >= 0 && !ioctl(fd, SIOCGIFINDEX, &req);

	m.tc.tcm_ifindex = req.ifr_ifindex;
	if (on) {
		struct rtattr *a;

		(void)attr(&m.head, TCA_KIND, "tbf", sizeof("tbf"));
		a = attr(&m.head, TCA_OPTIONS, NULL, 0);
		(void)attr(&m.head, TCA_TBF_PARMS, &q, sizeof(q));
		(void)attr(&m.head, TCA_TBF_BURST, &burst, sizeof(burst));
		a->rta_len = (unsigned short)((char *)&m + m.head.nlmsg_len - (char *)a);
	}
	ok = ok && send(fd, &m, m.head.nlmsg_len, 0) > 0 &&
	     recv(fd, &answer, sizeof(answer), 0) > 0 && !answer.e.error;
	(void)close(fd);
	return ok;
}

/* look() - A packet that P sent */
static void look(const uint8_t *p, size_t len)
{
	size_t head = IP_HEAD + (size_t)(p[IP_HEAD + 12] >> 4) * 4;
	bool fin = p[IP_HEAD + 13] & 1, syn = p[IP_HEAD + 13] & 2;
	uint32_t edge = get_be32(p + IP_HEAD + 4) + (uint32_t)(len - head) + fin + syn;

	if (syn)
		wire.nxt = edge;
	wire.fins += fin;
	if ((len > head || fin) && seq_lt(wire.nxt, edge))
		wire.nxt = edge;
}

/* pass() - Packets pass, both ways, as long as there are any */
static void pass(void)
{
	uint8_t buf[MTU];
	ssize_t n;
	bool any;

	do {
		any = false;
		for (int i = 0; i < 2; i++) {
			while ((n = read(wire.tun[i], buf, sizeof(buf))) > 0) {
				any = true;
				if (buf[0] >> 4 != 4)
					continue;
				if (!i)
					look(buf, (size_t)n);
				if (!i || !wire.cut)
					CHECK_EQ(write(wire.tun[!i], buf, (size_t)n), n);
			}
		}
	} while (any);
}

/* take() - R reads what there is, and it is right */
static void take(void)
{
	static uint8_t buf[65536];
	ssize_t n;

	while ((n = recv(pair.r, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		ssize_t good = 0;

		while (good < n && buf[good] == pattern(pair.got + (uint32_t)good))
			good++;
		CHECK_EQ(good, n);
		pair.got += (uint32_t)n;
	}
	pair.eof |= !n;
}

/* spend() - Packets pass for a while */
static void spend(uint64_t ms)
{
	uint64_t start = now_us();

	while (ms_since(start) < ms) {
		struct timespec t = { .tv_nsec = 200000 };

		pass();
		take();
		(void)nanosleep(&t, NULL);
	}
}

/* ---- the connection ---- */

static void write_bytes(uint32_t n)
{
	static uint8_t buf[MUCH];
	ssize_t done;

	for (uint32_t i = 0; i < n; i++)
		buf[i] = pattern(pair.wrote + i);
	done = send(pair.p, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	CHECK(done > 0);
	pair.wrote += done > 0 ? (uint32_t)done : 0;
}

static void pace(uint64_t rate)
{
	CHECK_EQ(setsockopt(pair.p, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate)), 0);
}

/* begin() - A connection; R's end was made to listen as @l, in its namespace */
static void begin(int l, enum how how)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	static const char bbr[] = "bbr", cubic[] = "cubic";
	const char *name = how == BBR ? bbr : cubic;
	int size = BUFFER, one = 1;

	wire.cut = false;
	wire.fins = 0;
	pair.wrote = pair.got = 0;
	pair.eof = false;
	(void)inet_pton(AF_INET, "192.0.2.2", &a.sin_addr);
	pair.p = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_EQ(setsockopt(pair.p, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	CHECK_EQ(setsockopt(pair.p, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), 0);
	if (how != PACED)
		(void)setsockopt(pair.p, IPPROTO_TCP, TCP_CONGESTION, name,
				 (socklen_t)strlen(name));
	CHECK(connect(pair.p, (struct sockaddr *)&a, sizeof(a)) && errno == EINPROGRESS);
	spend(5);
	pair.r = accept(l, NULL, NULL);
	CHECK(pair.r >= 0);
}

static void end(void)
{
	repair_vanish(pair.p);
	(void)close(pair.r);
	spend(1);
}

/* save() - As a checkpoint does; what is in the send queue, which the caller frees */
static uint8_t *save(struct repair *d)
{
	const uint8_t *data;
	uint8_t *copy;
	size_t n;

	pass();
	pair.at = now_us();
	CHECK_EQ(repair_deaf(pair.p, true), 0);
	CHECK_EQ(repair_ends(pair.p, d), 0);
	CHECK_EQ(repair_dump(pair.p, true, d), 0);
	CHECK_EQ(repair_peek(pair.p, d, true, &data), 0);
	n = (size_t)d->len[REPAIR_SENT] + d->len[REPAIR_UNSENT];
	copy = malloc(n + 1);
	memcpy(copy, data, n);
	return copy;
}

/* restore() - P again, from what was saved */
static void restore(const struct repair *d, const uint8_t *copy)
{
	pair.p = repair_make(-1, d, (uint32_t)ms_since(pair.at));
	CHECK(pair.p >= 0);
	CHECK_EQ(repair_fill(pair.p, REPAIR_SENT, copy, d->len[REPAIR_SENT]), 0);
	CHECK_EQ(repair_quiet(pair.p, d), 0);
	CHECK_EQ(repair_fill(pair.p, REPAIR_UNSENT, copy + d->len[REPAIR_SENT],
			     d->len[REPAIR_UNSENT]), 0);
	CHECK_EQ(repair_wait(pair.p, d), 0);
	wire.cut = false;
	CHECK_EQ(repair_go(pair.p, d, true), 0);
}

/* arrive() - Until R has all of it; ms */
static uint64_t arrive(void)
{
	uint64_t start = now_us();

	while (pair.got < pair.wrote && ms_since(start) < LIMIT_MS)
		spend(1);
	CHECK_EQ(pair.got, pair.wrote);
	return ms_since(start);
}

/* is_full() - In the congestion window is no room; so if all was taken for sent */
static bool is_full(void)
{
	struct tcp_info ti = { 0 };
	socklen_t len = sizeof(ti);

	CHECK_EQ(getsockopt(pair.p, IPPROTO_TCP, TCP_INFO, &ti, &len), 0);
	return ti.tcpi_unacked >= ti.tcpi_snd_cwnd;
}

/* first() - Until something new left P; ms */
static uint64_t first(uint32_t edge)
{
	uint64_t start = now_us();

	while (!seq_lt(edge, wire.nxt) && ms_since(start) < LIMIT_MS)
		spend(1);
	return ms_since(start);
}

/* held() - Dumped while much is unsent, and then it goes on: @anew, as another socket */
static void held(int l, enum how how, bool anew)
{
	static const char *const name[] = { "paced", "bbr", "queued" };
	uint64_t first_ms, all_ms;
	struct repair d = { 0 };
	uint32_t edge, unsent;
	uint8_t *copy;
	bool full;

	begin(l, how);
	if (how != QUEUED)
		pace(RATE);
	write_bytes(1);
	spend(5);
	CHECK_EQ(pair.got, 1);
	write_bytes(MUCH);
	spend(RUN_MS);
	copy = save(&d);
	unsent = d.len[REPAIR_UNSENT];
	edge = d.write_seq - unsent;
	full = is_full();
	CHECK(unsent > BUFFER / 4);
	CHECK(pair.got > 1);
	spend(HOLD_MS);
	CHECK(!seq_lt(edge, wire.nxt));
	/* All that was sent has arrived, or the test looks at the wrong numbers */
	CHECK(seq_diff(edge, wire.nxt) <= (int)d.mss);
	CHECK_EQ(pair.got + (d.write_seq - wire.nxt), pair.wrote);
	if (anew) {
		wire.cut = true;
		repair_vanish(pair.p);
		restore(&d, copy);
	} else {
		CHECK_EQ(repair_deaf(pair.p, false), 0);
		CHECK_EQ(repair_resume(pair.p, &d), 0);
	}
	first_ms = first(edge);
	all_ms = arrive();
	printf("# %s, %s: %u unsent%s; going on takes %u ms, then all of it %u ms\n", name[how],
	       anew ? "restored" : "resumed", unsent, full ? " behind a full window" : "",
	       (unsigned)first_ms, (unsigned)all_ms);
	/* What was in flight is not acknowledged, nor sent again before a time-out */
	CHECK(first_ms < (full && !anew ? LOST_MS : BEGIN_MS));
	end();
	free(copy);
}

static int listener;

static void test_paced(void)
{
	held(listener, PACED, false);
	held(listener, PACED, true);
}

static void test_bbr(void)
{
	held(listener, BBR, false);
	held(listener, BBR, true);
}

static void test_queued(void)
{
	if (!tbf(true)) {
		puts("# no tbf here");
		return;
	}
	held(listener, QUEUED, false);
	held(listener, QUEUED, true);
	CHECK(tbf(false));
}

/* All was sent but the FIN, which waits for the timer: it is kept, and not forgotten */
static void test_fin(void)
{
	for (int anew = 0; anew < 2; anew++) {
		struct repair d = { 0 };
		uint64_t start;
		uint8_t *copy;

		begin(listener, PACED);
		/* The first ten segments are not paced */
		write_bytes(FIRST);
		spend(5);
		pace(RATE_FIN);
		write_bytes(ONCE);
		pass();
		CHECK_EQ(shutdown(pair.p, SHUT_WR), 0);
		pass();
		CHECK(repair_unsent(pair.p));
		copy = save(&d);
		CHECK_EQ(d.state, TCP_FIN_WAIT1);
		CHECK_EQ(d.len[REPAIR_UNSENT], 0);
		spend(HOLD_MS);
		CHECK_EQ(wire.fins, 0);
		CHECK_EQ(pair.got, FIRST + ONCE);
		CHECK(!pair.eof);
		if (anew) {
			wire.cut = true;
			repair_vanish(pair.p);
			restore(&d, copy);
		} else {
			CHECK_EQ(repair_deaf(pair.p, false), 0);
			CHECK_EQ(repair_resume(pair.p, &d), 0);
		}
		start = now_us();
		while (!pair.eof && ms_since(start) < LIMIT_MS)
			spend(1);
		CHECK(pair.eof);
		printf("# %s: the FIN is there after %u ms\n", anew ? "restored" : "resumed",
		       (unsigned)ms_since(start));
		CHECK(ms_since(start) < BEGIN_MS);
		end();
		free(copy);
	}
}

/*
 * The timer comes while the send queue is looked at: all is taken for sent, and the first
 * segment of it may leave by a time-out, with nothing before it, if all was acknowledged
 */
static void test_taken(void)
{
	unsigned taken = 0;

	/* It comes between two looks now and then */
	for (int i = 0; i < TRIES || (!taken && i < TRIES_MAX); i++) {
		bool anew = i & 1;
		struct repair d = { 0 };
		uint32_t unsent;
		uint64_t start, ms;
		uint8_t *copy;

		begin(listener, PACED);
		write_bytes(FIRST);
		spend(5);
		pace(RATE);
		write_bytes(MUCH);
		spend(RUN_MS);
		copy = save(&d);
		unsent = d.len[REPAIR_UNSENT];
		start = now_us();
		while (ms_since(start) < RUN_MS && repair_unsent(pair.p)) {
			const uint8_t *data;

			CHECK_EQ(repair_peek(pair.p, &d, true, &data), 0);
		}
		CHECK(unsent > BUFFER / 4);
		taken += !repair_unsent(pair.p);
		spend(LOST_MS);
		printf("# %u of %u bytes count as sent, %d left\n", unsent - d.len[REPAIR_UNSENT],
		       unsent, seq_diff(wire.nxt, d.write_seq - unsent));
		CHECK(!seq_lt(d.write_seq - d.len[REPAIR_UNSENT], wire.nxt));
		CHECK(d.len[REPAIR_UNSENT] + d.mss >= unsent);
		if (anew) {
			wire.cut = true;
			repair_vanish(pair.p);
			restore(&d, copy);
		} else {
			CHECK_EQ(repair_deaf(pair.p, false), 0);
			CHECK_EQ(repair_resume(pair.p, &d), 0);
		}
		ms = arrive();
		printf("# %s: all of it is there after %u ms\n", anew ? "restored" : "resumed",
		       (unsigned)ms);
		CHECK(!anew || ms < LOST_MS);
		end();
		free(copy);
	}
	CHECK(taken);
}

/* listen_there() - R's end, in another namespace, with its device; descriptor, -1 */
static int listen_there(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	wire.tun[1] = tun_up("192.0.2.2");
	if (wire.tun[1] >= 0 && !bind(fd, (struct sockaddr *)&a, sizeof(a)) && !listen(fd, 1))
		return fd;
	(void)close(fd);
	return -1;
}

/* network() - Both namespaces; the listening socket, -1 */
static int network(void)
{
	int home = open("/proc/self/ns/net", O_RDONLY), l = -1;

	wire.tun[0] = tun_up("192.0.2.1");
	if (home >= 0 && wire.tun[0] >= 0 && !unshare(CLONE_NEWNET)) {
		l = listen_there();
		CHECK_EQ(setns(home, CLONE_NEWNET), 0);
	}
	(void)close(home);
	return l;
}

int main(void)
{
	static const struct sock_conf conf;

	if (!netns_new())
		return SKIP;
	listener = network();
	if (listener < 0) {
		(void)fputs("no access to /dev/net/tun\n", stderr);
		return SKIP;
	}
	sock_init(&conf);
	repair_init();
	if (!repair_possible()) {
		(void)fputs("no TCP_REPAIR\n", stderr);
		return SKIP;
	}
	RUN(test_paced);
	RUN(test_bbr);
	RUN(test_queued);
	RUN(test_fin);
	RUN(test_taken);
	return check_done();
}
