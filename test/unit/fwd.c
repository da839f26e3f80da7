// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fwd.c - address mapping and waiting sockets
 *
 * Address mapping, waiting sockets and `auto', against a kernel made of a list
 * of bound ports.
 *
 * links: fwd.c fwd_listen.c ports.c addr.c util.c count.c log.c
 */
#include "check.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bound.h"
#include "count.h"
#include "fwd.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "ns.h"
#include "sock.h"
#include "sock_udp.h"
#include "timer.h"
#include "wire.h"

enum { SOCKS = 70000, TCP = WIRE_TCP, UDP = WIRE_UDP };

/* The kernel: sockets by descriptor, and who else has what port */
static struct fake {
	bool open, bound, in_ns, only6, shared, watched, prepared;
	int family, type;
	struct addr addr;
	uint16_t port;
	char ifname[16];
} sk[SOCKS];
static struct ports theirs[2][2];	/* [in_ns][is UDP]: bound by others */
static struct ports low;		/* ports nobody may bind */
static uint8_t used[PORTS_NUM];		/* sockets that were ever bound to a port */
static unsigned asked;			/* bound_open(): one bit for each side and protocol */
static int fd_next, fd_limit, fd_low, open_count, aborts, refusals;
static int opens, looks;		/* how often that was asked for */
static bool no_ipv6, unreadable;
static uint64_t timer_at;
static struct sock_ends waiting;	/* connection to be accepted */
static int accept_result;

static int fake_open(bool in_ns, int family, int type)
{
	int fd = fd_low;

	opens++;
	while (fd < fd_limit && sk[fd].open)
		fd++;
	fd_low = fd;
	if (fd == fd_limit)
		return -EMFILE;
	if (family == AF_INET6 && no_ipv6)
		return -EAFNOSUPPORT;
	sk[fd] = (struct fake){ .open = true, .in_ns = in_ns, .family = family,
				.type = type };
	open_count++;
	return fd;
}

int sock_open(int family, int type, int proto)
{
	CHECK_EQ(proto, 0);
	return fake_open(false, family, type);
}

int ns_socket(int family, int type)
{
	return fake_open(true, family, type);
}

static bool clash(const struct fake *a, const struct fake *b)
{
	bool any = addr_is_any(&a->addr) || addr_is_any(&b->addr);

	if (!b->bound || a->in_ns != b->in_ns || a->type != b->type ||
	    a->port != b->port || strcmp(a->ifname, b->ifname))
		return false;
	if (a->family != b->family && (a->only6 || b->only6))
		return false;
	if (a->type == SOCK_DGRAM && a->shared && b->shared)
		return false;
	return any || addr_eq(&a->addr, &b->addr);
}

int sock_bind(int fd, const struct addr *a, uint16_t port, const char *ifname)
{
	struct fake *s = &sk[fd];

	s->addr = *a;
	s->port = port;
	(void)util_copy(s->ifname, sizeof(s->ifname), ifname ? ifname : "");
	if (ports_has(&low, port))
		return -EACCES;
	if (ports_has(&theirs[s->in_ns][s->type == SOCK_DGRAM], port))
		return -EADDRINUSE;
	for (int i = 3; used[port] && i < fd_next; i++) {
		if (i != fd && sk[i].open && clash(s, &sk[i]))
			return -EADDRINUSE;
	}
	used[port] = 1;
	s->bound = true;
	if (fd >= fd_next)
		fd_next = fd + 1;
	return 0;
}

int sock_tcp_listen(int fd, const struct addr *a, uint16_t port, const char *ifname)
{
	CHECK_EQ(sk[fd].type, SOCK_STREAM);
	return sock_bind(fd, a, port, ifname);
}

void sock_close(int fd)
{
	CHECK(sk[fd].open);
	sk[fd].open = false;
	fd_low = fd < fd_low ? fd : fd_low;
	open_count--;
}

void sock_tcp_abort(int fd)
{
	aborts++;
	sock_close(fd);
}

int sock_tcp_accept(int listen_fd, struct sock_ends *ends)
{
	int rc = accept_result;

	(void)listen_fd;
	accept_result = -EAGAIN;
	if (rc)
		return rc;
	*ends = waiting;
	return fake_open(false, AF_INET, SOCK_STREAM);
}

bool sock_tcp_refuse(int listen_fd)
{
	(void)listen_fd;
	return ++refusals < 3;
}

void sock_udp_prepare(int fd)
{
	sk[fd].prepared = true;
}

int sock_tcp_no_calls(int listen_fd, bool hush)
{
	(void)listen_fd, (void)hush;
	return 0;
}

int sock_set(int fd, enum sock_option what, bool on)
{
	if (what == SOCK_ONLY6)
		sk[fd].only6 = on;
	if (what == SOCK_SHARE)
		sk[fd].shared = on;
	return 0;
}

uint32_t sock_limit(void)
{
	return (uint32_t)fd_limit;
}

int loop_add(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	CHECK_EQ(kind, LOOP_LISTEN);
	CHECK(id < FWD_LISTEN_MAX);
	CHECK_EQ(events, EPOLLIN);
	sk[fd].watched = true;
	return 0;
}

void loop_del(int fd)
{
	sk[fd].watched = false;
}

uint64_t loop_now(void)
{
	return 1;
}

void timer_set(uint32_t id, uint64_t due)
{
	CHECK_EQ(id, TIMER_PORTS);
	timer_at = due;
}

int bound_ports(bool in_ns, uint8_t proto, struct ports *set)
{
	looks++;
	ports_clear(set);
	if (unreadable)
		return -ENOBUFS;
	*set = theirs[in_ns][proto == UDP];
	for (int i = 3; i < fd_next; i++) {
		if (sk[i].open && sk[i].bound && sk[i].in_ns == in_ns &&
		    (sk[i].type == SOCK_DGRAM) == (proto == UDP))
			ports_add(set, sk[i].port);
	}
	return 0;
}

void bound_init(void)
{
}

int bound_open(bool in_ns, uint8_t proto)
{
	asked |= 1U << (in_ns + 2 * (proto == UDP));
	return 0;
}

void bound_ephemeral(uint16_t *first, uint16_t *last)
{
	*first = 32768;
	*last = 60999;
}

static struct net world;
const struct net *const net = &world;
static struct addr dns_of_host[2];

const struct addr *net_host_dns(bool want6)
{
	return &dns_of_host[want6];
}

/* What the tests do */

static struct fwd_listen_conf lc;
static struct fwd_conf fc;

static struct addr A(const char *text)
{
	struct addr a = addr_none;

	if (*text)
		CHECK(addr_parse(text, &a));
	return a;
}

static void check_addr(struct addr a, const char *text)
{
	char got[ADDR_TEXT];

	CHECK_STR(addr_is_none(&a) ? "" : addr_text(&a, got), text);
}

static void reset(bool ns)
{
	memset(&lc, 0, sizeof(lc));
	memset(&fc, 0, sizeof(fc));
	fd_limit = SOCKS;
	fwd_listen_init(&lc);	/* closes what the test before left */
	CHECK_EQ(open_count, 0);
	memset(sk, 0, sizeof(sk));
	memset(theirs, 0, sizeof(theirs));
	memset(&low, 0, sizeof(low));
	memset(&world, 0, sizeof(world));
	memset(dns_of_host, 0, sizeof(dns_of_host));
	memset(used, 0, sizeof(used));
	fd_next = 3;
	fd_low = 3;
	no_ipv6 = false;
	unreadable = false;
	timer_at = 0;
	aborts = refusals = 0;
	count_reset();
	log_stderr(false);
	lc.splice = fc.splice = ns;
	fc.map_gw = true;
	fc.lo_to_lo = true;
	world.has4 = world.has6 = true;
	world.addr4 = A("192.0.2.10");
	world.gw4 = A("192.0.2.1");
	world.addr6 = A("2001:db8::10");
	world.gw6 = A("fe80::1");
	world.host_gw6 = A("2001:db8::1");
}

static int listen_on(const char *tcp, const char *udp)
{
	if (tcp)
		CHECK(!ports_parse(&lc.ports, TCP, false, tcp));
	if (udp)
		CHECK(!ports_parse(&lc.ports, UDP, false, udp));
	fwd_listen_init(&lc);
	fwd_init(&fc);
	return fwd_listen_open(1000);
}

/* bound() - How many sockets of ours wait on a port */
static int bound(bool in_ns, uint8_t proto, uint16_t port)
{
	int n = 0;

	for (uint32_t i = 0; i < FWD_LISTEN_MAX; i++) {
		const struct fwd_listener *l = fwd_listener(i);

		if (!l || l->in_ns != in_ns || l->proto != proto || l->port != port)
			continue;
		CHECK(sk[l->fd].open && sk[l->fd].bound && sk[l->fd].watched);
		CHECK(!sk[l->fd].shared);
		CHECK_EQ(sk[l->fd].prepared, proto == UDP && !l->splice);
		n++;
	}
	return n;
}

static void to_host(uint8_t proto, const char *dst, uint16_t port, const char *want)
{
	struct addr d = A(dst), host;
	uint16_t hport;

	fwd_to_host(proto, &d, port, &host, &hport);
	check_addr(host, want);
	CHECK_EQ(hport, port);
}

static struct addr to_guest(const char *host)
{
	struct addr a = A(host);

	return fwd_to_guest(&a);
}

static void test_to_host(void)
{
	reset(false);
	fc.map_guest4 = A("169.254.1.2");
	fc.dns4 = A("169.254.1.1");
	dns_of_host[0] = A("127.0.0.53");
	fwd_init(&fc);
	to_host(TCP, "198.51.100.1", 80, "198.51.100.1");
	to_host(TCP, "192.0.2.1", 80, "127.0.0.1");
	to_host(WIRE_ICMP4, "192.0.2.1", 0, "127.0.0.1");
	to_host(UDP, "fe80::1", 80, "::1");
	to_host(UDP, "2001:db8::1", 80, "::1");
	to_host(TCP, "169.254.1.2", 80, "192.0.2.10");
	to_host(UDP, "169.254.1.1", 53, "127.0.0.53");
	to_host(TCP, "169.254.1.1", 53, "127.0.0.53");
	to_host(UDP, "169.254.1.1", 54, "169.254.1.1");
	to_host(WIRE_ICMP4, "169.254.1.1", 53, "169.254.1.1");

	fc.map_host4 = A("192.0.2.99");
	fwd_init(&fc);
	to_host(TCP, "192.0.2.99", 80, "127.0.0.1");
	to_host(TCP, "192.0.2.1", 80, "192.0.2.1");
	fc.map_gw = false;
	fc.map_host4 = addr_none;
	fwd_init(&fc);
	to_host(TCP, "192.0.2.1", 80, "192.0.2.1");
	to_host(TCP, "2001:db8::1", 80, "2001:db8::1");
	/* A resolver there is none of: the query goes where the guest sent it */
	dns_of_host[0] = addr_none;
	to_host(UDP, "169.254.1.1", 53, "169.254.1.1");
}

static void test_to_guest(void)
{
	reset(false);
	world.seen4 = A("192.0.2.77");
	world.ll6 = A("fe80::77");
	fwd_init(&fc);
	check_addr(to_guest("198.51.100.1"), "198.51.100.1");
	check_addr(to_guest("127.0.0.1"), "192.0.2.1");
	check_addr(to_guest("127.1.2.3"), "192.0.2.1");
	check_addr(to_guest("::1"), "fe80::1");
	check_addr(to_guest("192.0.2.10"), "192.0.2.1");
	check_addr(to_guest("192.0.2.77"), "192.0.2.1");
	check_addr(to_guest("2001:db8::10"), "fe80::1");
	check_addr(to_guest("fe80::77"), "fe80::1");
	fc.map_guest4 = A("169.254.1.2");
	fc.map_host4 = A("192.0.2.99");
	fwd_init(&fc);
	check_addr(to_guest("192.0.2.10"), "169.254.1.2");
	check_addr(to_guest("127.0.0.1"), "192.0.2.99");
	world.gw6 = addr_none;
	check_addr(to_guest("::1"), "");
}

/* test_inverse() - A guest that answers a mapped source reaches who sent it */
static void test_inverse(void)
{
	static const char *const host[] = { "127.0.0.1", "::1", "198.51.100.1", "192.0.2.10" };

	reset(false);
	fc.map_guest4 = A("169.254.1.2");
	fwd_init(&fc);
	for (size_t i = 0; i < ARRAY_SIZE(host); i++) {
		struct addr seen = to_guest(host[i]), back;
		uint16_t port;

		fwd_to_host(TCP, &seen, 1, &back, &port);
		check_addr(back, host[i]);
	}
}

static void test_listen_any(void)
{
	const struct fwd_listener *l;

	reset(false);
	CHECK_EQ(listen_on("22:2222", "53"), 0);
	CHECK_EQ(open_count, 2);
	l = fwd_listener(0);
	CHECK(l && l->to_port == 2222 && addr_is_none(&l->addr));
	CHECK_EQ(sk[l->fd].family, AF_INET6);
	CHECK(!sk[l->fd].only6);
	CHECK_EQ(bound(false, UDP, 53), 1);
	CHECK(!fwd_listener(2) && !fwd_listener(UINT32_MAX));
	CHECK_EQ(timer_at, 0);

	reset(false);
	world.has6 = false;
	CHECK_EQ(listen_on("22", NULL), 0);
	CHECK_EQ(sk[fwd_listener(0)->fd].family, AF_INET);

	reset(false);
	world.has4 = false;
	CHECK_EQ(listen_on("22", NULL), 0);
	CHECK(sk[fwd_listener(0)->fd].only6);

	reset(false);
	no_ipv6 = true;
	CHECK_EQ(listen_on("22", NULL), 0);
	CHECK_EQ(sk[fwd_listener(0)->fd].family, AF_INET);
}

static void test_listen_bound(void)
{
	reset(false);
	CHECK_EQ(listen_on("192.0.2.10%eth0/22", NULL), 0);
	CHECK_STR(sk[fwd_listener(0)->fd].ifname, "eth0");
	reset(false);
	CHECK(!ports_parse(&lc.ports, TCP, false, "0.0.0.0/80"));
	CHECK_EQ(listen_on("[::]/80", NULL), 0);
	CHECK_EQ(bound(false, TCP, 80), 2);
	reset(false);
	lc.no_tcp = true;
	CHECK_EQ(listen_on("22", "22"), 0);
	CHECK_EQ(open_count, 1);
}

static void test_clash(void)
{
	reset(false);
	ports_add(&theirs[0][0], 80);
	CHECK_EQ(listen_on("80", NULL), -EADDRINUSE);
	reset(false);
	ports_add(&theirs[0][0], 80);
	CHECK_EQ(listen_on("8080:80,80-82", NULL), 0);
	CHECK_EQ(open_count, 3);
	reset(false);
	for (uint16_t p = 80; p <= 82; p++)
		ports_add(&theirs[0][0], p);
	CHECK_EQ(listen_on("80-82", NULL), -EADDRINUSE);
	/* Exclusions cut an item in two: one half is enough */
	reset(false);
	for (uint16_t p = 80; p <= 82; p++)
		ports_add(&theirs[0][0], p);
	CHECK_EQ(listen_on("80-90,~83", NULL), 0);
	CHECK_EQ(open_count, 7);
	reset(false);
	ports_add(&low, 80);
	CHECK_EQ(listen_on("80", NULL), -EACCES);
}

/* test_one_line() - What can not be had is named in one line, with what to do */
static void test_one_line(void)
{
	int fd = memfd_create("log", 0);
	char text[512] = "";
	ssize_t n;

	reset(false);
	ports_add(&low, 80);
	log_file(fd, UINT32_MAX);
	CHECK_EQ(listen_on("192.0.2.10%eth0/80", NULL), -EACCES);
	log_file(-1, 0);
	n = pread(fd, text, sizeof(text) - 1, 0);
	CHECK(n > 0 && strchr(text, '\n') == text + n - 1);
	CHECK(strstr(text, "Couldn't listen on requested ports (--tcp-ports)"));
	CHECK(strstr(text, "HOST TCP port 192.0.2.10%eth0/80: Permission denied"));
	CHECK(strstr(text, "net.ipv4.ip_unprivileged_port_start"));
	close(fd);
}

static void test_all(void)
{
	reset(false);
	for (uint16_t p = 1; p < 1024; p++)
		ports_add(&low, p);
	CHECK(!ports_parse(&lc.ports, TCP, false, "all,~2000"));
	CHECK_EQ(listen_on("3000:4000", NULL), 0);
	CHECK_EQ(open_count, 65535 - 1023 - 1 - (60999 - 32768 + 1));
	CHECK_EQ(bound(false, TCP, 2000), 0);
	CHECK_EQ(bound(false, TCP, 40000), 0);
	CHECK_EQ(bound(false, TCP, 61000), 1);
	/* A port that was named wins, though it was named later */
	CHECK_EQ(fwd_listener(0)->port, 3000);
	CHECK_EQ(fwd_listener(0)->to_port, 4000);
}

/* test_limit() - With few descriptors, some are left for connections */
static void test_limit(void)
{
	reset(false);
	fd_limit = 1000;
	CHECK_EQ(listen_on("all", NULL), 0);
	CHECK_EQ(open_count, 747);
	reset(false);
	fd_limit = 4;
	CHECK_EQ(listen_on("all", NULL), -EMFILE);
	CHECK_EQ(open_count, 0);
}

static void test_ns_udp(void)
{
	int splice = 0;

	reset(true);
	CHECK_EQ(listen_on(NULL, "53"), 0);
	CHECK_EQ(bound(false, UDP, 53), 3);
	for (uint32_t i = 0; i < 3; i++)
		splice += fwd_listener(i)->splice;
	CHECK_EQ(splice, 2);
	reset(true);
	CHECK_EQ(listen_on(NULL, "127.0.0.1/53"), 0);
	CHECK(fwd_listener(0)->splice);
	CHECK_EQ(open_count, 1);
	reset(true);
	CHECK_EQ(listen_on(NULL, "0.0.0.0/53"), 0);
	CHECK_EQ(open_count, 2);
	reset(true);
	lc.splice = false;
	CHECK_EQ(listen_on(NULL, "53"), 0);
	CHECK_EQ(open_count, 1);
	/* Somebody on the loopback address only: the port is taken */
	reset(true);
	sk[3] = (struct fake){ .open = true, .bound = true, .family = AF_INET,
			       .type = SOCK_DGRAM, .addr = A("127.0.0.1"), .port = 53 };
	used[53] = 1;
	fd_next = 4;
	open_count++;
	CHECK_EQ(listen_on(NULL, "53"), -EADDRINUSE);
	CHECK_EQ(open_count, 1);
	sock_close(3);
	/* On the last of the addresses only: what was open by then is closed again */
	reset(true);
	CHECK(!ports_parse(&lc.ports, TCP, true, "53"));
	sk[3] = (struct fake){ .open = true, .bound = true, .in_ns = true, .family = AF_INET6,
			       .type = SOCK_STREAM, .addr = A("::1"), .port = 53 };
	used[53] = 1;
	fd_next = 4;
	open_count++;
	CHECK_EQ(listen_on(NULL, NULL), -EADDRINUSE);
	CHECK_EQ(open_count, 1);
	sock_close(3);
}

static void test_ns_out(void)
{
	reset(true);
	CHECK(!ports_parse(&lc.ports, TCP, true, "80"));
	CHECK(!ports_parse(&lc.ports, UDP, true, "53"));
	CHECK_EQ(listen_on(NULL, NULL), 0);
	CHECK_EQ(bound(true, TCP, 80), 2);
	CHECK_EQ(bound(true, UDP, 53), 2);
	CHECK_EQ(open_count, 4);
	reset(false);
	CHECK(!ports_parse(&lc.ports, TCP, true, "80"));
	CHECK_EQ(listen_on(NULL, NULL), 0);
	CHECK_EQ(open_count, 0);
}

/* tick() - A second has passed; how many sockets it took */
static int tick(void)
{
	uint64_t due = timer_at;
	int before = opens;

	fwd_listen_timeout(due);
	CHECK_EQ(timer_at, due + 1000000);
	return opens - before;
}

static void test_auto(void)
{
	reset(true);
	CHECK(!ports_parse(&lc.ports, TCP, true, "auto"));
	CHECK(!ports_parse(&lc.ports, UDP, false, "auto"));
	ports_add(&theirs[0][0], 80);		/* host */
	ports_add(&theirs[1][0], 8080);		/* namespace */
	ports_add(&theirs[1][0], 22);
	ports_add(&theirs[0][0], 22);
	ports_add(&theirs[1][1], 53);
	ports_add(&theirs[1][1], 40000);
	CHECK_EQ(listen_on("auto,~9000", NULL), 0);
	CHECK_EQ(timer_at, 1000 + 1000000);
	CHECK_EQ(bound(false, TCP, 8080), 1);
	CHECK_EQ(bound(true, TCP, 80), 2);
	CHECK_EQ(bound(false, TCP, 22) + bound(true, TCP, 22), 0);
	CHECK_EQ(bound(false, UDP, 53), 3);
	CHECK_EQ(bound(false, UDP, 8080), 3);	/* as of TCP */
	CHECK_EQ(bound(false, UDP, 40000), 0);	/* handed out by the kernel */

	/* Nothing moves when nothing changed, though our own ports are bound now */
	tick();
	for (int i = 0; i < 3; i++) {
		int before = open_count;

		CHECK_EQ(tick(), 0);
		CHECK_EQ(open_count, before);
	}
	ports_add(&theirs[1][0], 9000);
	ports_add(&theirs[1][0], 9001);
	ports_remove(&theirs[1][0], 8080);
	ports_remove(&theirs[0][0], 80);
	fwd_listen_timeout(timer_at);
	CHECK_EQ(bound(false, TCP, 8080) + bound(true, TCP, 80), 0);
	CHECK_EQ(bound(false, UDP, 8080), 0);
	CHECK_EQ(bound(false, TCP, 9000), 0);
	CHECK_EQ(bound(false, TCP, 9001), 1);
}

/* test_auto_again() - What can not be opened is tried as long as that makes sense */
static void test_auto_again(void)
{
	reset(true);
	fd_limit = 20;			/* of which rules may have 15 */
	ports_add(&theirs[1][0], 80);
	ports_add(&low, 80);
	CHECK_EQ(listen_on("auto", NULL), 0);
	CHECK_EQ(bound(false, TCP, 80), 0);
	CHECK_EQ(tick(), 0);
	ports_remove(&low, 80);
	CHECK_EQ(tick(), 0);
	ports_add(&theirs[1][0], 81);	/* a change: all are tried */
	CHECK_EQ(tick(), 2);
	CHECK_EQ(bound(false, TCP, 80) + bound(false, TCP, 81), 2);

	/* One descriptor at a time, and the rest when there is room again */
	for (uint16_t p = 1000; p < 1100; p++)
		ports_add(&theirs[1][0], p);
	CHECK_EQ(tick(), 11);
	CHECK_EQ(tick(), 1);
	CHECK_EQ(tick(), 1);
	ports_remove(&theirs[1][0], 80);
	CHECK_EQ(tick(), 2);
	CHECK_EQ(open_count, 12);
}

/* test_auto_looks() - Each list is read once, only if it counts */
static void test_auto_looks(void)
{
	reset(true);
	ports_add(&theirs[1][0], 8080);
	CHECK_EQ(listen_on("auto,~9000,~9002", NULL), 0);	/* three rules */
	looks = 0;
	tick();
	CHECK_EQ(looks, 2);
	reset(true);
	CHECK_EQ(listen_on(NULL, "auto"), 0);
	looks = 0;
	tick();
	CHECK_EQ(looks, 3);

	/* What can not be read leaves all as it is */
	reset(true);
	ports_add(&theirs[1][0], 8080);
	CHECK_EQ(listen_on("auto", "auto"), 0);
	unreadable = true;
	tick();
	tick();
	CHECK_EQ(bound(false, TCP, 8080), 1);
	CHECK_EQ(bound(false, UDP, 8080), 3);
	unreadable = false;
	ports_remove(&theirs[1][0], 8080);
	tick();
	CHECK_EQ(open_count, 0);
}

/* test_auto_both() - A socket of ours that closes is not followed back */
static void test_auto_both(void)
{
	reset(true);
	CHECK(!ports_parse(&lc.ports, TCP, true, "auto"));
	ports_add(&theirs[1][0], 8080);
	ports_add(&theirs[0][0], 9090);
	asked = 0;
	CHECK_EQ(listen_on("auto", NULL), 0);
	CHECK_EQ(asked, 3U);			/* TCP on both sides, not UDP */
	CHECK_EQ(bound(false, TCP, 8080), 1);
	CHECK_EQ(bound(true, TCP, 9090), 2);
	ports_remove(&theirs[1][0], 8080);
	ports_remove(&theirs[0][0], 9090);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(tick(), 0);
		CHECK_EQ(open_count, 0);
	}
}

/* accept_from() - A connection comes in by the first socket */
static int accept_from(const char *peer, const char *local, struct fwd_conn *c)
{
	waiting = (struct sock_ends){ .peer = A(peer), .local = A(local), .pport = 4,
				      .lport = 22 };
	accept_result = 0;
	memset(c, 0, sizeof(*c));
	if (fwd_accept(0, c) != 1)
		return 0;
	sock_close(c->fd);	/* which is the caller's */
	return 1;
}

static void test_accept(void)
{
	struct fwd_conn c;

	reset(false);
	CHECK_EQ(listen_on("22:2222", NULL), 0);
	CHECK_EQ(accept_from("198.51.100.1", "192.0.2.10", &c), 1);
	CHECK(!c.splice && !c.in_ns && c.fd > 2);
	check_addr(c.src, "198.51.100.1");
	check_addr(c.to, "192.0.2.10");
	CHECK_EQ(c.to_port, 2222);
	world.seen4 = A("192.0.2.20");
	CHECK_EQ(accept_from("127.0.0.1", "127.0.0.1", &c), 1);
	CHECK(!c.splice);
	check_addr(c.src, "192.0.2.1");
	check_addr(c.to, "192.0.2.20");
	CHECK_EQ(accept_from("2001:db8:1::1", "2001:db8::10", &c), 1);
	check_addr(c.to, "2001:db8::10");
	/* A guest without IPv6: the host stands in for the client */
	world.has6 = false;
	CHECK_EQ(accept_from("2001:db8:1::1", "2001:db8::10", &c), 1);
	check_addr(c.src, "192.0.2.1");
	check_addr(c.to, "192.0.2.20");
	/* And without a gateway there is no way to show it */
	world.gw4 = addr_none;
	CHECK_EQ(accept_from("2001:db8:1::1", "2001:db8::10", &c), 0);
	CHECK_EQ(aborts, 1);
	CHECK_EQ(open_count, 1);
	CHECK_EQ(fwd_accept(7, &c), 0);
}

static void test_accept_ns(void)
{
	struct fwd_conn c;

	reset(true);
	CHECK_EQ(listen_on("22:2222", NULL), 0);
	CHECK_EQ(accept_from("127.0.0.1", "127.0.0.5", &c), 1);
	CHECK(c.splice);
	check_addr(c.to, "127.0.0.1");
	CHECK_EQ(accept_from("::1", "::1", &c), 1);
	check_addr(c.to, "::1");
	CHECK_EQ(accept_from("192.0.2.10", "192.0.2.10", &c), 1);
	CHECK(!c.splice);
	check_addr(c.src, "192.0.2.1");
	fc.lo_to_lo = false;
	fwd_init(&fc);
	CHECK_EQ(accept_from("127.0.0.1", "127.0.0.1", &c), 1);
	check_addr(c.to, "192.0.2.10");
	fc.splice = false;
	fwd_init(&fc);
	CHECK_EQ(accept_from("127.0.0.1", "127.0.0.1", &c), 1);
	CHECK(!c.splice);
}

static void test_accept_target(void)
{
	struct fwd_conn c;

	reset(false);
	CHECK_EQ(listen_on("22:192.0.2.50:80", NULL), 0);
	CHECK_EQ(accept_from("198.51.100.1", "192.0.2.10", &c), 1);
	check_addr(c.to, "192.0.2.50");
	CHECK_EQ(c.to_port, 80);
	CHECK_EQ(accept_from("2001:db8:1::1", "2001:db8::10", &c), 1);
	check_addr(c.src, "192.0.2.1");
}

static void test_exhausted(void)
{
	struct fwd_conn c;

	reset(false);
	CHECK_EQ(listen_on("22", NULL), 0);
	accept_result = -EMFILE;
	CHECK_EQ(fwd_accept(0, &c), -EMFILE);
	CHECK_EQ(refusals, 3);
	CHECK_EQ(count_value[DROP_TCP_LIMIT], 1);
	accept_result = -ECONNABORTED;	/* that one is gone, no more wait */
	CHECK_EQ(fwd_accept(0, &c), 0);
}

int main(void)
{
	RUN(test_to_host);
	RUN(test_to_guest);
	RUN(test_inverse);
	RUN(test_listen_any);
	RUN(test_listen_bound);
	RUN(test_clash);
	RUN(test_one_line);
	RUN(test_all);
	RUN(test_limit);
	RUN(test_ns_udp);
	RUN(test_ns_out);
	RUN(test_auto);
	RUN(test_auto_again);
	RUN(test_auto_looks);
	RUN(test_auto_both);
	RUN(test_accept);
	RUN(test_accept_ns);
	RUN(test_accept_target);
	RUN(test_exhausted);
	return check_done();
}
