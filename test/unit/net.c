// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * net.c - what the guest gets, from hosts that are made up
 * links: net.c image.c addr.c util.c log.c
 */
#include "net.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "netlink.h"
#include "resolv.h"
#include "test/unit/check.h"

/* ---- a host that is made up ---- */

/**
 * struct fake - one interface of it, one family
 * @name:	of the interface, NULL: there is none
 * @mtu:	of the interface
 * @gw:		gateway of the default route, "": on the link, NULL: no such route
 * @addr:	addresses
 * @prefix:	of each
 * @net:	destinations of further routes, /24 or /48
 * @via:	their next hops, NULL: on the link
 */
struct fake {
	const char *name;
	uint32_t mtu;
	const char *gw;
	const char *addr[3];
	uint8_t prefix;
	const char *net[3];
	const char *via[3];
};

enum { ETH4 = 4, ETH6 = 6 };

static struct fake fake4, fake6;
static const char *fake_resolv;

static struct addr parse(const char *text)
{
	struct addr a = addr_none;

	CHECK(!*text || addr_parse(text, &a));
	return a;
}

static const struct fake *of(int family)
{
	return family == AF_INET ? &fake4 : &fake6;
}

int netlink_open(void)
{
	return 99;
}

int netlink_link(int fd, unsigned index, const char *name, struct netlink_link *l)
{
	const struct fake *f;

	CHECK_EQ(fd, 99);
	if (!index && fake4.name && !strcmp(name, fake4.name))
		index = ETH4;
	if (!index && fake6.name && !strcmp(name, fake6.name))
		index = ETH6;
	if (!index)
		return -ENODEV;
	f = of(index == ETH4 ? AF_INET : AF_INET6);
	*l = (struct netlink_link){ .index = index, .mtu = f->mtu };
	CHECK(util_copy(l->name, sizeof(l->name), f->name));
	return 0;
}

/* default_route() - One at most, of the family that the interface has */
static int default_route(int family, struct net_route *route)
{
	if (!of(family)->gw)
		return 0;
	*route = (struct net_route){
		.via = parse(of(family)->gw), .index = family == AF_INET ? ETH4 : ETH6,
	};
	return 1;
}

int netlink_list(int fd, enum netlink_list kind, int family, unsigned index,
		 struct net_route *rows, int max)
{
	const struct fake *f = of(family);
	const char *const *dst = kind == NETLINK_LIST_ADDR ? f->addr : f->net;
	int n = 0;

	CHECK_EQ(fd, 99);
	if (!f->name || (index && index != (family == AF_INET ? ETH4 : ETH6)))
		return 0;
	if (kind == NETLINK_LIST_DEFAULT)
		return default_route(family, rows);
	for (; n < max && n < 3 && dst[n]; n++) {
		rows[n] = (struct net_route){
			.dst = parse(dst[n]), .index = index,
			.prefix = family == AF_INET ? 24 : 48,
		};
		if (kind == NETLINK_LIST_ADDR)
			rows[n].prefix = f->prefix;
		else if (f->via[n])
			rows[n].via = parse(f->via[n]);
	}
	return n;
}

int resolv_read(const char *path, struct resolv *r)
{
	CHECK_STR(path, "/etc/resolv.conf");
	memset(r, 0, sizeof(*r));
	if (!fake_resolv)
		return -ENOENT;
	for (const char *p = fake_resolv; *p; ) {	/* addresses, with blanks */
		size_t n = strcspn(p, " "), zone = strcspn(p, "%");
		char word[64];

		CHECK(util_copy_n(word, sizeof(word), p, zone < n ? zone : n));
		r->ns[r->nns].addr = parse(word);
		if (zone < n)
			CHECK(util_copy_n(r->ns[r->nns].zone, RESOLV_ZONE,
					  p + zone + 1, n - zone - 1));
		r->nns++;
		p += n + (p[n] == ' ');
	}
	CHECK(util_copy(r->search[r->nsearch++], RESOLV_NAME, "example.org"));
	return 0;
}

static void usual_host(void)
{
	fake4 = (struct fake){
		.name = "eth0", .mtu = 1400, .gw = "192.0.2.1",
		.addr = { "192.0.2.2", "192.0.2.3" }, .prefix = 24,
		.net = { "198.51.100.0", "203.0.113.0" },
		.via = { "192.0.2.9", NULL },
	};
	fake6 = (struct fake){
		.name = "wlan0", .mtu = 65536, .gw = "2001:db8::1",
		.addr = { "2001:db8::2" }, .prefix = 56,
		.net = { "2001:db8:9::" }, .via = { "fe80::9" },
	};
	fake_resolv = "192.0.2.53 2001:db8::53";
}

static void no_host(void)
{
	fake4 = fake6 = (struct fake){ 0 };
	fake_resolv = NULL;
}

static struct net_conf conf;

static void usual_conf(void)
{
	conf = (struct net_conf){
		.prefix4 = -1, .mtu = -1, .ndns = -1, .nsearch = -1,
	};
}

static bool is(const struct addr *a, const char *text)
{
	char buf[ADDR_TEXT];

	if (!*text)
		return addr_is_none(a);
	if (!strcmp(addr_text(a, buf), text))
		return true;
	(void)printf("# %s, not %s\n", buf, text);
	return false;
}

/* dies() - net_init() ends 1, with this line */
static void dies(const char *line)
{
	char said[300] = "";
	int p[2], status;
	pid_t pid;

	CHECK_EQ(pipe(p), 0);
	(void)fflush(stdout);
	pid = fork();
	if (!pid) {
		dup2(p[1], 2);
		close(p[1]);
		net_init(&conf);
		_exit(0);
	}
	close(p[1]);
	CHECK(read(p[0], said, sizeof(said) - 1) > 0);
	close(p[0]);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	said[strcspn(said, "\n")] = '\0';
	CHECK_STR(said, line);
}

/* ---- tests ---- */

static void test_of_host(void)
{
	struct netlink_setup s;

	usual_host();
	usual_conf();
	net_init(&conf);
	CHECK(net->has4 && net->has6 && net->mtu_told);
	CHECK_EQ(net->mtu, 1400);
	CHECK_MEM(net->mac, "\x9a\x55\x9a\x55\x9a\x55", 6);
	CHECK(is(&net->addr4, "192.0.2.2") && is(&net->seen4, "192.0.2.2"));
	CHECK_EQ(net->prefix4, 24);
	CHECK(is(&net->gw4, "192.0.2.1"));
	CHECK(is(&net->addr6, "2001:db8::2") && is(&net->seen6, "2001:db8::2"));
	CHECK(is(&net->gw6, "fe80::9855:9aff:fe55:9a55"));
	CHECK(is(&net->host_gw6, "2001:db8::1"));
	CHECK(is(&net->ll6, ""));
	net_fill_setup(&s, true);
	CHECK_EQ(s.naddrs, 3);
	CHECK_EQ(s.addrs[2].prefix, 56);
	CHECK_EQ(net->nroutes, 3);
	CHECK(is(&net->routes[0].via, "192.0.2.9"));
	CHECK(is(&net->routes[1].dst, "203.0.113.0") && is(&net->routes[1].via, ""));
	CHECK(is(&net->routes[2].dst, "2001:db8:9::"));
	CHECK_EQ(net->if4, ETH4);
	CHECK_EQ(net->if6, ETH6);
	CHECK_STR(net->ifname, "eth0");
	CHECK_EQ(net->ndns4, 1);
	CHECK(is(&net->dns4[0], "192.0.2.53") && is(&net->dns6[0], "2001:db8::53"));
	CHECK_EQ(net->nsearch, 1);
	CHECK_STR(net->search[0], "example.org");

	fake6.gw = "fe80::1";			/* link-local: it is ours too */
	net_init(&conf);
	CHECK(is(&net->gw6, "fe80::1") && is(&net->host_gw6, "fe80::1"));
}

static void test_asked(void)
{
	struct netlink_setup s;

	usual_host();
	usual_conf();
	conf.addr4 = parse("192.0.2.77");
	conf.addr6 = parse("2001:db8:5::7");
	conf.gw6 = parse("2001:db8:5::1");
	conf.mtu = 65520;
	memcpy(conf.mac, "\x52\x54\0\0\0\1", 6);
	net_init(&conf);
	CHECK(is(&net->addr4, "192.0.2.77") && is(&net->gw4, "192.0.2.1"));
	CHECK_EQ(net->prefix4, 24);		/* it lies in the host's network */
	CHECK(is(&net->gw6, "fe80::5054:ff:fe00:1"));
	CHECK(is(&net->host_gw6, "2001:db8:5::1"));
	net_fill_setup(&s, true);
	CHECK_EQ(s.naddrs, 2);
	CHECK_EQ(net->nroutes, 2);		/* a gateway asked for stands alone */
	CHECK_EQ(net->mtu, 65520);

	conf.addr4 = parse("10.0.2.100");
	net_init(&conf);
	CHECK_EQ(net->prefix4, 8);
	conf.addr4 = parse("172.16.0.1");
	net_init(&conf);
	CHECK_EQ(net->prefix4, 16);
	conf.prefix4 = 28;
	conf.mtu = 0;
	net_init(&conf);
	CHECK_EQ(net->prefix4, 28);
	net_fill_setup(&s, true);
	CHECK_EQ(s.addrs[0].prefix, 28);
	CHECK(!net->mtu_told);
	CHECK_EQ(net->mtu, 1500);
}

static void test_gateway(void)
{
	usual_host();
	usual_conf();
	fake4.gw = "";				/* the default is on the link */
	net_init(&conf);
	CHECK(is(&net->gw4, "192.0.2.1"));
	fake4.addr[0] = "192.0.2.1";
	net_init(&conf);
	CHECK(is(&net->gw4, "192.0.2.2"));
	fake4.prefix = 32;
	net_init(&conf);
	CHECK(is(&net->gw4, "169.254.2.2"));
	fake4.gw = "fe80::1";
	net_init(&conf);
	CHECK(is(&net->gw4, "169.254.2.2"));
}

static void test_families(void)
{
	usual_host();
	usual_conf();
	fake6 = (struct fake){ 0 };
	net_init(&conf);
	CHECK(net->has4 && !net->has6);
	CHECK(is(&net->addr6, "") && is(&net->gw6, ""));
	conf.addr6 = parse("2001:db8::7");
	net_init(&conf);
	CHECK(net->has6);
	CHECK(is(&net->host_gw6, "") && addr_is_linklocal(&net->gw6));

	usual_host();
	usual_conf();
	conf.only6 = true;
	net_init(&conf);
	CHECK(!net->has4 && net->has6);
	CHECK_EQ(net->mtu, NET_MTU_MAX);
	CHECK_EQ(net->if4, 0);
	CHECK_STR(net->ifname, "wlan0");
	CHECK(is(&net->addr4, ""));
}

static void test_local(void)
{
	struct netlink_setup s;

	no_host();
	usual_conf();
	net_init(&conf);
	CHECK(net->has4 && net->has6);
	CHECK(is(&net->addr4, "169.254.2.1") && is(&net->gw4, "169.254.2.2"));
	CHECK_EQ(net->prefix4, 16);
	CHECK(is(&net->addr6, "") && is(&net->gw6, "fe80::9855:9aff:fe55:9a55"));
	CHECK_EQ(net->mtu, 65520);
	net_fill_setup(&s, true);
	CHECK_EQ(s.naddrs, 1);
	CHECK_STR(net->ifname, "");
	conf.only4 = true;
	net_init(&conf);
	CHECK(net->has4 && !net->has6);
	conf.addr4 = parse("10.0.2.100");
	net_init(&conf);
	CHECK(is(&net->addr4, "10.0.2.100") && is(&net->gw4, "10.0.0.1"));
}

static void test_interface(void)
{
	usual_host();
	usual_conf();
	CHECK(util_copy(conf.ifname, sizeof(conf.ifname), "wlan0"));
	net_init(&conf);
	CHECK(!net->has4 && net->has6);
	CHECK(util_copy(conf.ifname, sizeof(conf.ifname), "nope0"));
	dies("Invalid interface name nope0: No such device");
}

static void test_mtu(void)
{
	usual_host();
	usual_conf();
	conf.mtu = 1279;
	net_init(&conf);
	CHECK(net->has4 && !net->has6);
	conf.only6 = true;
	dies("MTU 1279 too small for IPv6 (min 1280)");
}

static void test_dns(void)
{
	usual_host();
	usual_conf();
	fake_resolv = "127.0.0.53 ::1 192.0.2.53 127.0.0.1 fe80::53%wlan0 "
		      "fe80::54%eth7 fe80::55%6";
	net_init(&conf);
	CHECK_EQ(net->ndns4, 1);
	CHECK(is(&net->dns4[0], "192.0.2.53"));
	CHECK_EQ(net->ndns6, 2);
	CHECK(is(&net->dns6[0], "fe80::53") && is(&net->dns6[1], "fe80::55"));
	CHECK(is(net_host_dns(false), "127.0.0.53") && is(net_host_dns(true), "::1"));

	conf.map_gw = true;
	net_init(&conf);
	CHECK_EQ(net->ndns4, 2);
	CHECK(is(&net->dns4[0], "192.0.2.1") && is(&net->dns4[1], "192.0.2.53"));
	CHECK(is(&net->dns6[0], "fe80::9855:9aff:fe55:9a55"));

	conf.dns_forward4 = parse("169.254.1.1");
	conf.dns_host4 = parse("10.1.1.1");
	net_init(&conf);
	CHECK(is(&net->dns4[0], "169.254.1.1"));
	CHECK(is(net_host_dns(false), "10.1.1.1"));

	conf.ndns = 1;
	conf.dns[0] = parse("2001:db8::5");
	net_init(&conf);
	CHECK_EQ(net->ndns4, 0);
	CHECK(is(&net->dns6[0], "2001:db8::5"));
	conf.ndns = conf.nsearch = 0;
	net_init(&conf);
	CHECK_EQ(net->ndns6 + net->nsearch, 0);
}

static void test_learn(void)
{
	static const char *const not_learnt[] = {
		"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::", "::1",
		"ff02::1", "192.0.2.2", "2001:db8::2",
	};
	struct addr a;
	uint32_t v;

	usual_host();
	usual_conf();
	net_init(&conf);
	v = net->version;
	for (unsigned i = 0; i < ARRAY_SIZE(not_learnt); i++) {
		a = parse(not_learnt[i]);
		net_learn_addr(&a);
	}
	net_learn_mac((const uint8_t *)"\1\0\0\0\0\0");
	net_learn_mac((const uint8_t *)"\0\0\0\0\0\0");
	CHECK_EQ(net->version, v);
	CHECK(is(&net->seen4, "192.0.2.2") && is(&net->seen6, "2001:db8::2"));

	net_learn_mac((const uint8_t *)"\2\0\0\0\0\1");
	net_learn_mac((const uint8_t *)"\2\0\0\0\0\1");
	CHECK_EQ(net->version, v + 1);
	a = parse("10.1.2.3");
	net_learn_addr(&a);
	a = parse("2001:db8::77");
	net_learn_addr(&a);
	a = parse("fe80::77");
	net_learn_addr(&a);
	CHECK_EQ(net->version, v + 4);
	CHECK(is(&net->seen4, "10.1.2.3") && is(&net->seen6, "2001:db8::77"));
	CHECK(is(&net->ll6, "fe80::77") && is(&net->addr4, "192.0.2.2"));
	CHECK_MEM(net->guest_mac, "\2\0\0\0\0\1", 6);
}

/* What a checkpoint brought goes again, if the rest of it is no good */
static void test_back(void)
{
	uint8_t body[] = {
		2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x05, 0,	/* MAC addresses, MTU 1280 */
		[14 + 16] = 24, [14 + 16 + 1 + 6 * 16 - 1] = 0,	/* addresses: all :: */
	};
	struct pkt_reader r = pkt_reader(body, sizeof(body));
	struct net was;
	struct addr a;

	usual_host();
	usual_conf();
	net_init(&conf);
	a = parse("10.1.2.3");
	net_learn_addr(&a);
	was = *net;
	net_keep();
	net_back();
	CHECK_MEM(net, &was, sizeof(was));
	CHECK_EQ(net_load(&r), 0);
	CHECK(net->mtu == 1280 && addr_is_none(&net->seen4));
	net_back();
	CHECK(net->version > was.version + 1);
	CHECK(is(&net->seen4, "10.1.2.3") && is(&net->addr6, "2001:db8::2"));
	was.version = net->version;
	CHECK_MEM(net, &was, sizeof(was));
	/* Not whole: nothing was taken, and nothing has to go */
	r = pkt_reader(body, sizeof(body) - 1);
	net_keep();
	CHECK_EQ(net_load(&r), -EINVAL);
	net_back();
	CHECK_MEM(net, &was, sizeof(was));
}

static void test_setup(void)
{
	struct netlink_setup s;

	usual_host();
	usual_conf();
	memcpy(conf.guest_mac, "\2\0\0\0\0\7", 6);
	net_init(&conf);
	net_fill_setup(&s, true);
	CHECK(s.full && s.has6);
	CHECK_EQ(s.mtu, 1400);
	CHECK_MEM(s.mac, "\2\0\0\0\0\7", 6);
	CHECK_EQ(s.naddrs, 3);
	CHECK_EQ(s.nroutes, 5);
	CHECK(is(&s.routes[2].dst, "0.0.0.0") && is(&s.routes[2].via, "192.0.2.1"));
	CHECK_EQ(s.routes[2].prefix, 0);
	CHECK(is(&s.routes[4].via, "2001:db8::1"));
	net_fill_setup(&s, false);
	CHECK(!s.full);

	no_host();
	net_init(&conf);
	net_fill_setup(&s, true);
	CHECK_EQ(s.nroutes, 2);
	CHECK(is(&s.routes[1].via, "fe80::9855:9aff:fe55:9a55"));
}

int main(void)
{
	log_level = LOG_LVL_ERR;
	RUN(test_of_host);
	RUN(test_asked);
	RUN(test_gateway);
	RUN(test_families);
	RUN(test_local);
	RUN(test_interface);
	RUN(test_mtu);
	RUN(test_dns);
	RUN(test_learn);
	RUN(test_back);
	RUN(test_setup);
	return check_done();
}
