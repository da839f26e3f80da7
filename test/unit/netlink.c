// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netlink.c - answers that are good, that lie, and that a real kernel gave
 * links: netlink.c nlmsg.c addr.c util.c
 */
#include "netlink.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/unit/check.h"

enum { INDEX = 7, ROOM = 1024, FUZZ_ROUNDS = 200000 };

/**
 * struct bytes - a message being made by hand
 * @b:		its bytes
 * @n:		how many
 */
struct bytes {
	uint8_t b[ROOM];
	size_t n;
};

static void add(struct bytes *m, const void *data, size_t len)
{
	memcpy(m->b + m->n, data, len);
	m->n += len;
}

static void pad(struct bytes *m)
{
	while (m->n % 4)
		m->b[m->n++] = 0;
}

static void attr(struct bytes *m, unsigned type, const void *data, size_t len)
{
	struct rtattr a = { (uint16_t)(sizeof(a) + len), (uint16_t)type };

	add(m, &a, sizeof(a));
	add(m, data, len);
	pad(m);
}

static void attr_u32(struct bytes *m, unsigned type, uint32_t v)
{
	attr(m, type, &v, sizeof(v));
}

static void attr_addr(struct bytes *m, unsigned type, const char *text)
{
	struct addr a;

	CHECK(addr_parse(text, &a));
	if (addr_is4(&a))
		attr(m, type, addr_v4(&a), 4);
	else
		attr(m, type, a.b, 16);
}

static struct pkt_reader reader(const struct bytes *m)
{
	return pkt_reader(m->b, m->n);
}

static bool is(const struct addr *a, const char *text)
{
	struct addr b = addr_none;

	return (!text || addr_parse(text, &b)) && addr_eq(a, &b);
}

/* ---- one message ---- */

static void make_link(struct bytes *m)
{
	struct ifinfomsg info = {
		.ifi_type = ARPHRD_ETHER, .ifi_index = INDEX, .ifi_flags = 1,
	};

	m->n = 0;
	add(m, &info, sizeof(info));
	attr(m, 4711, "unknown", 7);
	attr(m, IFLA_IFNAME, "eth0", 5);
	attr_u32(m, IFLA_MTU, 1400);
	attr(m, IFLA_ADDRESS, "\2\0\0\0\0\1", 6);
}

static void test_link(void)
{
	struct netlink_link l = { 0 };
	struct bytes m;

	make_link(&m);
	CHECK(nlmsg_link(reader(&m), &l));
	CHECK_EQ(l.index, INDEX);
	CHECK_EQ(l.mtu, 1400);
	CHECK_STR(l.name, "eth0");
	CHECK_MEM(l.mac, "\2\0\0\0\0\1", 6);

	/* A name without terminator, and one that is too long */
	make_link(&m);
	attr(&m, IFLA_IFNAME, "wlan0", 5);
	CHECK(nlmsg_link(reader(&m), &l));
	CHECK_STR(l.name, "wlan0");
	attr(&m, IFLA_IFNAME, "0123456789abcdef", 16);
	CHECK(!nlmsg_link(reader(&m), &l));
	CHECK_STR(l.name, "wlan0");
}

/* parse_addr() - Rank of an address, -1: it is refused */
static int parse_addr(int family, unsigned flags, unsigned scope, const char *text,
		      struct net_route *a)
{
	struct ifaddrmsg info = {
		.ifa_family = (uint8_t)family, .ifa_prefixlen = 24,
		.ifa_scope = (uint8_t)scope, .ifa_index = INDEX,
	};
	struct bytes m = { .n = 0 };

	add(&m, &info, sizeof(info));
	attr_addr(&m, IFA_ADDRESS, text);
	attr_u32(&m, IFA_FLAGS, flags);
	return nlmsg_addr(reader(&m), family, INDEX, a) ? (int)a->rank : -1;
}

static void test_addr(void)
{
	struct net_route a = { 0 };
	struct bytes m = { .n = 0 };
	struct ifaddrmsg ptp = { .ifa_family = AF_INET, .ifa_index = INDEX };

	CHECK_EQ(parse_addr(AF_INET, 0, 0, "192.0.2.2", &a), 0);
	CHECK(is(&a.dst, "192.0.2.2"));
	CHECK_EQ(a.prefix, 24);
	CHECK_EQ(parse_addr(AF_INET6, 0, 0, "2001:db8::1", &a), 0);
	CHECK_EQ(parse_addr(AF_INET6, IFA_F_TEMPORARY, 0, "2001:db8::2", &a), 1);
	CHECK_EQ(parse_addr(AF_INET, 0, RT_SCOPE_LINK, "169.254.3.4", &a), 2);
	CHECK(is(&a.dst, "169.254.3.4"));

	CHECK_EQ(parse_addr(AF_INET6, IFA_F_TENTATIVE, 0, "2001:db8::3", &a), -1);
	CHECK_EQ(parse_addr(AF_INET6, IFA_F_DEPRECATED, 0, "2001:db8::3", &a), -1);
	CHECK_EQ(parse_addr(AF_INET6, IFA_F_DADFAILED, 0, "2001:db8::3", &a), -1);
	CHECK_EQ(parse_addr(AF_INET6, 0, RT_SCOPE_LINK, "fe80::1", &a), -1);
	CHECK_EQ(parse_addr(AF_INET, 0, RT_SCOPE_HOST, "127.0.0.1", &a), -1);
	CHECK_EQ(parse_addr(AF_INET, 0, 0, "2001:db8::3", &a), -1);
	CHECK(is(&a.dst, "169.254.3.4"));

	/* A peer's address comes as IFA_ADDRESS, in either order */
	add(&m, &ptp, sizeof(ptp));
	attr_addr(&m, IFA_LOCAL, "10.0.0.1");
	attr_addr(&m, IFA_ADDRESS, "10.0.0.2");
	CHECK(nlmsg_addr(reader(&m), AF_INET, INDEX, &a));
	CHECK_EQ(a.rank, 0);
	CHECK(is(&a.dst, "10.0.0.1"));
	CHECK(!nlmsg_addr(reader(&m), AF_INET, INDEX + 1, &a));
	m.b[1] = 33;				/* prefix length */
	CHECK(!nlmsg_addr(reader(&m), AF_INET, INDEX, &a));
}

static void begin_route(struct bytes *m, int family, unsigned prefix)
{
	struct rtmsg info = {
		.rtm_family = (uint8_t)family, .rtm_dst_len = (uint8_t)prefix,
		.rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST,
	};

	m->n = 0;
	add(m, &info, sizeof(info));
}

static void test_route(void)
{
	struct net_route r = { 0 };
	uint16_t family6 = AF_INET6;
	uint8_t via[18] = { 0 };
	struct bytes m;

	begin_route(&m, AF_INET, 0);
	attr_addr(&m, RTA_GATEWAY, "192.0.2.1");
	attr_u32(&m, RTA_OIF, INDEX);
	attr_u32(&m, RTA_PRIORITY, 100);
	CHECK(nlmsg_route(reader(&m), AF_INET, 0, &r));
	CHECK(is(&r.dst, "0.0.0.0") && is(&r.via, "192.0.2.1"));
	CHECK_EQ(r.prefix, 0);
	CHECK_EQ(r.rank, 100);
	CHECK_EQ(r.index, INDEX);
	CHECK(nlmsg_route(reader(&m), AF_INET, INDEX, &r));
	CHECK(!nlmsg_route(reader(&m), AF_INET, INDEX + 1, &r));
	CHECK(!nlmsg_route(reader(&m), AF_INET6, 0, &r));

	/* The attribute counts, not the header's 8 bits */
	attr_u32(&m, RTA_TABLE, 1000);
	CHECK(!nlmsg_route(reader(&m), AF_INET, 0, &r));

	/* On the link, and a next hop of the other family */
	begin_route(&m, AF_INET, 24);
	attr_addr(&m, RTA_DST, "198.51.100.0");
	attr_u32(&m, RTA_OIF, INDEX);
	CHECK(nlmsg_route(reader(&m), AF_INET, 0, &r));
	CHECK(is(&r.dst, "198.51.100.0") && is(&r.via, NULL));
	memcpy(via, &family6, 2);
	via[2] = 0xfe;
	via[3] = 0x80;
	via[17] = 1;
	attr(&m, RTA_VIA, via, 18);
	CHECK(nlmsg_route(reader(&m), AF_INET, 0, &r));
	CHECK(is(&r.via, "fe80::1"));
	attr(&m, RTA_VIA, via, 17);
	CHECK(!nlmsg_route(reader(&m), AF_INET, 0, &r));
}

static void hop(struct bytes *m, int index, unsigned flags, const char *gateway)
{
	struct rtnexthop h = {
		.rtnh_flags = (uint8_t)flags, .rtnh_ifindex = index,
	};
	size_t at = m->n;

	add(m, &h, sizeof(h));
	attr_addr(m, RTA_GATEWAY, gateway);
	h.rtnh_len = (uint16_t)(m->n - at);
	memcpy(m->b + at, &h, sizeof(h));
}

static void test_multipath(void)
{
	struct bytes hops = { .n = 0 }, m;
	struct net_route r = { 0 };

	hop(&hops, 3, RTNH_F_DEAD, "192.0.2.3");
	hop(&hops, 4, 0, "192.0.2.4");
	hop(&hops, INDEX, 0, "192.0.2.7");
	begin_route(&m, AF_INET, 0);
	attr(&m, RTA_MULTIPATH, hops.b, hops.n);
	CHECK(nlmsg_route(reader(&m), AF_INET, 0, &r));
	CHECK_EQ(r.index, 4);
	CHECK(is(&r.via, "192.0.2.4"));
	CHECK(nlmsg_route(reader(&m), AF_INET, INDEX, &r));
	CHECK(is(&r.via, "192.0.2.7"));
	CHECK(!nlmsg_route(reader(&m), AF_INET, 3, &r));

	/* Lengths of next hops: 0 must not loop, too long must not be read */
	for (unsigned len = 0; len < 600; len++) {
		memcpy(hops.b, &(uint16_t){ (uint16_t)len }, 2);
		begin_route(&m, AF_INET, 0);
		attr(&m, RTA_MULTIPATH, hops.b, hops.n);
		CHECK(len == 16 || !nlmsg_route(reader(&m), AF_INET, 0, &r) ||
		      r.index == INDEX || r.index == 4);
	}
}

/* ---- hostile bytes ---- */

/* run_all() - Give them to each parser; a sanitizer sees what is wrong */
static void run_all(const uint8_t *b, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);	/* so that its end is watched */
	struct pkt_reader r = pkt_reader(copy, n), d = r;
	struct net_route route;
	struct netlink_link link;
	struct nlmsg_in in;
	size_t left;

	memcpy(copy, b, n);
	(void)nlmsg_link(r, &link);
	for (int family = AF_INET; family; family = family == AF_INET ? AF_INET6 : 0) {
		if (nlmsg_addr(r, family, INDEX, &route))
			CHECK(route.rank <= 2 && route.prefix <= 128);
		if (nlmsg_route(r, family, 0, &route))
			CHECK(route.index && route.index <= INT32_MAX &&
			      route.prefix <= 128);
	}
	for (left = d.left; nlmsg_next(&d, &in); left = d.left) {
		CHECK(d.left < left);		/* it gets on */
		CHECK(in.body.left < n);
	}
	free(copy);
}

static void test_truncated(void)
{
	struct bytes m, hops = { .n = 0 };

	hop(&hops, INDEX, 0, "192.0.2.7");
	for (int kind = 0; kind < 2; kind++) {
		if (kind) {
			begin_route(&m, AF_INET, 0);
			attr(&m, RTA_MULTIPATH, hops.b, hops.n);
			attr_addr(&m, RTA_GATEWAY, "192.0.2.1");
			attr_u32(&m, RTA_OIF, INDEX);
		} else {
			make_link(&m);
		}
		for (size_t n = 0; n <= m.n; n++)
			run_all(m.b, n);
	}
}

static void test_random(void)
{
	struct bytes hops = { .n = 0 }, m;

	hop(&hops, INDEX, 0, "192.0.2.7");
	begin_route(&m, AF_INET, 0);
	attr(&m, RTA_MULTIPATH, hops.b, hops.n);
	attr_u32(&m, RTA_OIF, INDEX);
	for (int i = 0; i < FUZZ_ROUNDS; i++) {
		struct bytes x = m;

		for (uint64_t k = check_below(6); k > 0; k--)
			x.b[check_below(x.n)] = (uint8_t)check_rand();
		run_all(x.b, check_below(4) ? x.n : check_below(x.n + 1));
	}
}

/* ---- whole answers, over a socket ---- */

static int peer, fd;
static uint32_t seq;		/* of the request to come */

/* part() - Append a message to a datagram */
static void part(struct bytes *d, uint16_t type, uint16_t flags, uint32_t s,
		 const void *body, size_t len)
{
	struct nlmsghdr h = {
		.nlmsg_len = (uint32_t)(sizeof(h) + len), .nlmsg_type = type,
		.nlmsg_flags = flags, .nlmsg_seq = s,
	};

	add(d, &h, sizeof(h));
	add(d, body, len);
	pad(d);
}

static void put(struct bytes *d)
{
	CHECK_EQ(send(peer, d->b, d->n, 0), d->n);
	d->n = 0;
}

/* drain() - Throw away requests and answers nobody read */
static void drain(void)
{
	uint8_t b[ROOM];

	while (recv(peer, b, sizeof(b), MSG_DONTWAIT) > 0)
		;
	while (recv(fd, b, sizeof(b), MSG_DONTWAIT) > 0)
		;
}

static void test_answers(void)
{
	struct bytes d = { .n = 0 }, body;
	struct netlink_link l = { 0 };
	int code = 0;

	make_link(&body);
	/* leftovers of another request come first, in the same datagram */
	part(&d, NLMSG_ERROR, 0, seq + 99, &code, sizeof(code));
	part(&d, RTM_NEWLINK, 0, seq, body.b, body.n);
	put(&d);
	part(&d, NLMSG_ERROR, 0, seq++, &code, sizeof(code));
	put(&d);
	CHECK_EQ(netlink_link(fd, 0, "eth0", &l), 0);
	CHECK_EQ(l.index, INDEX);

	code = -ENODEV;
	part(&d, NLMSG_ERROR, 0, seq++, &code, sizeof(code));
	put(&d);
	CHECK_EQ(netlink_link(fd, 0, "nope0", &l), -ENODEV);

	code = 0;				/* success, and nothing in it */
	part(&d, NLMSG_ERROR, 0, seq++, &code, sizeof(code));
	put(&d);
	CHECK_EQ(netlink_link(fd, 3, NULL, &l), -ENODEV);

	part(&d, NLMSG_ERROR, 0, seq++, &code, 3);
	put(&d);
	CHECK_EQ(netlink_link(fd, 3, NULL, &l), -EBADMSG);

	part(&d, RTM_NEWLINK, 0, seq++, body.b, body.n);
	d.b[0] = 0xff;				/* length reaches too far */
	put(&d);
	CHECK_EQ(netlink_link(fd, 3, NULL, &l), -EBADMSG);
	drain();

	seq++;					/* no answer at all */
	CHECK_EQ(netlink_link(fd, 3, NULL, &l), -ETIMEDOUT);
	CHECK_EQ(netlink_link(fd, 0, "", &l), -ENODEV);
	CHECK_EQ(netlink_link(fd, 0, "a_name_too_long_0", &l), -ENODEV);
	drain();
}

static void test_interrupted(void)
{
	static const uint8_t via6[18] = { AF_INET6, [2] = 0xfe, 0x80, [17] = 1 };
	struct bytes d = { .n = 0 }, body;
	struct net_route r[4];
	int code = 0;

	/* First time it has a route twice and is interrupted: not believed */
	begin_route(&body, AF_INET, 24);
	attr_addr(&body, RTA_DST, "198.51.100.0");
	attr_u32(&body, RTA_OIF, INDEX);
	part(&d, RTM_NEWROUTE, NLM_F_MULTI, seq, body.b, body.n);
	part(&d, RTM_NEWROUTE, NLM_F_MULTI | NLM_F_DUMP_INTR, seq, body.b, body.n);
	put(&d);
	part(&d, NLMSG_DONE, NLM_F_MULTI, seq++, &code, sizeof(code));
	put(&d);
	part(&d, RTM_NEWROUTE, NLM_F_MULTI, seq, body.b, body.n);
	attr(&body, RTA_VIA, via6, sizeof(via6));	/* not the guest's to use */
	part(&d, RTM_NEWROUTE, NLM_F_MULTI, seq, body.b, body.n);
	part(&d, NLMSG_DONE, NLM_F_MULTI, seq++, &code, sizeof(code));
	put(&d);
	CHECK_EQ(netlink_list(fd, NETLINK_LIST_ROUTE, AF_INET, INDEX, r, 4), 1);
	CHECK(is(&r[0].via, NULL));

	/* It ends if that never does */
	for (int i = 0; i < 8; i++) {
		part(&d, NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, seq++, &code,
		     sizeof(code));
		put(&d);
	}
	CHECK_EQ(netlink_list(fd, NETLINK_LIST_ROUTE, AF_INET, INDEX, r, 4), -EINTR);
	drain();
}

static void test_default(void)
{
	struct bytes d = { .n = 0 }, body;
	struct net_route r;

	for (uint32_t metric = 300; metric; metric -= 100) {
		begin_route(&body, AF_INET, 0);
		attr_u32(&body, RTA_OIF, metric);
		attr_u32(&body, RTA_PRIORITY, metric == 100 ? 250 : metric);
		part(&d, RTM_NEWROUTE, NLM_F_MULTI, seq, body.b, body.n);
	}
	begin_route(&body, AF_INET, 1);
	attr_u32(&body, RTA_OIF, 1);
	part(&d, RTM_NEWROUTE, NLM_F_MULTI, seq, body.b, body.n);
	part(&d, NLMSG_DONE, NLM_F_MULTI, seq++, &(int){ 0 }, sizeof(int));
	put(&d);
	CHECK_EQ(netlink_list(fd, NETLINK_LIST_DEFAULT, AF_INET, 0, &r, 1), 1);
	CHECK_EQ(r.index, 200);

	part(&d, NLMSG_DONE, NLM_F_MULTI, seq++, &(int){ 0 }, sizeof(int));
	put(&d);
	CHECK_EQ(netlink_list(fd, NETLINK_LIST_DEFAULT, AF_INET, 0, &r, 1), 0);
	drain();
}

static void test_ranks(void)
{
	static const unsigned flags[] = {
		IFA_F_TEMPORARY, 0, IFA_F_TENTATIVE, IFA_F_TEMPORARY, 0, 0,
	};
	struct bytes d = { .n = 0 }, body;
	struct net_route a[4];

	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++) {
		struct ifaddrmsg info = {
			.ifa_family = AF_INET6, .ifa_index = INDEX,
			.ifa_prefixlen = 64,
		};
		uint8_t raw[16] = { 0x20, 1, 0xd, 0xb8, [15] = (uint8_t)i };

		body.n = 0;
		add(&body, &info, sizeof(info));
		attr(&body, IFA_ADDRESS, raw, 16);
		attr_u32(&body, IFA_FLAGS, flags[i]);
		part(&d, RTM_NEWADDR, NLM_F_MULTI, seq, body.b, body.n);
	}
	part(&d, NLMSG_DONE, NLM_F_MULTI, seq++, &(int){ 0 }, sizeof(int));
	put(&d);
	CHECK_EQ(netlink_list(fd, NETLINK_LIST_ADDR, AF_INET6, INDEX, a, 4), 4);
	CHECK_EQ(a[0].dst.b[15], 1);
	CHECK_EQ(a[1].dst.b[15], 4);
	CHECK_EQ(a[2].dst.b[15], 5);
	CHECK_EQ(a[3].dst.b[15], 0);
	drain();
}

/* ---- the kernel ---- */

/* is_up() - Whether an interface is administratively up */
static bool is_up(const char *name)
{
	struct ifreq req = { .ifr_flags = 0 };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK(util_copy(req.ifr_name, sizeof(req.ifr_name), name));
	CHECK_EQ(ioctl(s, SIOCGIFFLAGS, &req), 0);
	close(s);
	return req.ifr_flags & IFF_UP;
}

static void test_kernel(void)
{
	struct netlink_setup s = { .full = true, .naddrs = 2, .nroutes = 4 };
	struct netlink_link l = { 0 };
	struct net_route r[8];
	struct net_route a[8];
	int nl;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET)) {
		printf("# no namespaces here\n");
		return;
	}
	nl = netlink_open();
	CHECK(nl >= 0);
	CHECK_EQ(netlink_link(nl, 0, "lo", &l), 0);
	CHECK(l.index == 1 && !memcmp(l.mac, "\0\0\0\0\0\0", 6));
	CHECK(!is_up("lo"));
	CHECK_EQ(netlink_link(nl, 0, "nope0", &l), -ENODEV);
	CHECK_EQ(netlink_link(nl, 4711, NULL, &l), -ENODEV);

	CHECK_EQ(netlink_list(nl, NETLINK_LIST_DEFAULT, AF_INET, 0, r, 1), 0);
	CHECK_EQ(netlink_list(nl, NETLINK_LIST_ROUTE, AF_INET, 1, r, 8), 0);

	/* The next hop comes before what leads to it, and behind no address */
	CHECK(addr_parse("192.0.2.2", &s.addrs[0].dst));
	CHECK(addr_parse("2001:db8::2", &s.addrs[1].dst));
	s.addrs[0].prefix = 32;
	s.addrs[1].prefix = 64;
	s.mtu = 65520;
	s.routes[0].dst = addr_any4;
	CHECK(addr_parse("198.51.100.1", &s.routes[0].via));
	CHECK(addr_parse("198.51.100.0", &s.routes[1].dst));
	s.routes[1].prefix = 24;
	CHECK(addr_parse("2001:db8:9::", &s.routes[2].dst));
	s.routes[2].prefix = 48;
	CHECK(addr_parse("10.0.0.0", &s.routes[3].dst));
	CHECK(addr_parse("203.0.113.1", &s.routes[3].via));
	s.routes[3].prefix = 8;
	CHECK_EQ(netlink_setup(nl, &l, &s), 0);
	CHECK_EQ(netlink_setup(nl, &l, &s), 0);	/* all is there already */

	CHECK_EQ(netlink_link(nl, 1, NULL, &l), 0);
	CHECK(is_up("lo"));
	CHECK_EQ(l.mtu, 65520);
	CHECK_EQ(netlink_list(nl, NETLINK_LIST_ADDR, AF_INET, 1, a, 8), 1);
	CHECK(is(&a[0].dst, "192.0.2.2"));
	CHECK_EQ(netlink_list(nl, NETLINK_LIST_ADDR, AF_INET6, 1, a, 8), 1);
	CHECK(is(&a[0].dst, "2001:db8::2"));
	CHECK_EQ(netlink_list(nl, NETLINK_LIST_ROUTE, AF_INET, 1, r, 8), 2);
	CHECK(is(&r[0].dst, "10.0.0.0") && is(&r[0].via, "203.0.113.1"));
	CHECK(is(&r[1].dst, "198.51.100.0") && is(&r[1].via, NULL));
	CHECK_EQ(netlink_list(nl, NETLINK_LIST_ROUTE, AF_INET6, 1, r, 8), 1);
	CHECK(is(&r[0].dst, "2001:db8:9::") && is(&r[0].via, NULL));
	CHECK_EQ(netlink_list(nl, NETLINK_LIST_DEFAULT, AF_INET, 1, r, 1), 1);
	CHECK(is(&r[0].via, "198.51.100.1"));
	CHECK_EQ(netlink_list(nl, NETLINK_LIST_DEFAULT, AF_INET, 0, r, 1), 0);
	CHECK_EQ(netlink_list(nl, NETLINK_LIST_DEFAULT, AF_INET6, 1, r, 1), 0);
	close(nl);
}

int main(void)
{
	struct timeval soon = { .tv_usec = 50000 };
	int pair[2];

	RUN(test_link);
	RUN(test_addr);
	RUN(test_route);
	RUN(test_multipath);
	RUN(test_truncated);
	RUN(test_random);

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
		return 1;
	fd = pair[0];
	peer = pair[1];
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	seq = 1;
	RUN(test_answers);
	RUN(test_interrupted);
	RUN(test_default);
	RUN(test_ranks);
	close(fd);
	close(peer);
	RUN(test_kernel);
	return check_done();
}
