// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * option.c - the options of the command line, one by one
 *
 * Theory of operation
 *
 *   There is one table, option_table[]: each option with its letter, the modes it
 *   is for, its argument, what it does, and its help.  Everything that is said
 *   about options comes from here: getopt_long() is fed from the table, the help
 *   is printed from it, and the man pages are compared with it.
 *
 *   What an option does is a function for its kind of value, a place in struct
 *   conf, and a number whose meaning is the function's.  The function checks the
 *   argument and stores it.  Nothing is opened or asked of the kernel, and no
 *   option looks at another: what follows from several is up to conf.c.  What
 *   comes later replaces what came before, unless the option can be repeated.
 *   What is wrong is one line that names the option.
 */
#include "option.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "util.h"
#include "wire.h"

enum {
	ERROR_LEN	= 512,
	LOG_SIZE	= 1048576,	/* default of --log-size, bytes */
	SOCKET_LEN	= 107,		/* longest sun_path, terminator excluded */
	TEXT_LEN	= PATH_MAX - 1,
	FD_FIRST	= 3,		/* the others get lost when we detach */
};

/**
 * struct option_self - state of this file
 * @error:	what is wrong, one line
 */
static struct {
	char error[ERROR_LEN];
} self;

/**
 * option_wrong() - Say what is wrong
 * @fmt:	As for printf(), without newline
 *
 * Return: false, for the caller to return
 */
bool option_wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(self.error, sizeof(self.error), fmt, ap);
	va_end(ap);
	return false;
}

/**
 * option_error() - What is wrong
 *
 * Return: the line of the last option_wrong()
 */
const char *option_error(void)
{
	return self.error;
}

/* invalid() - Say that a value is wrong, what it should be, and what the option takes */
static bool invalid(const struct conf_option *o, const char *what, const char *arg,
		    const char *takes)
{
	return option_wrong("Invalid %s%.64s (--%s takes %s)", what, arg, o->name, takes);
}

/* member() - The member of struct conf an option is about */
static void *member(struct conf *c, const struct conf_option *o)
{
	return (char *)c + o->at;
}

/* Kinds of values that several options have */

/* set() - No argument: a bool or other member of one byte becomes the number */
static bool set(struct conf *c, const struct conf_option *o, const char *arg)
{
	uint8_t *to = member(c, o);

	(void)arg;
	*to = (uint8_t)o->value;
	return true;
}

/* set_text() - A string, not empty and no longer than the number */
static bool set_text(struct conf *c, const struct conf_option *o, const char *arg)
{
	const char **to = member(c, o);

	if (!*arg || strlen(arg) > o->value)
		return option_wrong("--%s takes a %s of 1 to %zu characters, not '%.64s'", o->name,
				    o->arg, o->value, arg);
	*to = arg;
	return true;
}

/* set_number() - The number or more */
static bool set_number(struct conf *c, const struct conf_option *o, const char *arg)
{
	uint32_t *to = member(c, o), v;

	if (!util_parse_uint(arg, INT_MAX, &v) || v < o->value)
		return option_wrong("Invalid --%s: %.64s (it takes a number, %zu or more)", o->name,
				    arg, o->value);
	*to = v;
	return true;
}

static bool set_ifname(struct conf *c, const struct conf_option *o, const char *arg)
{
	if (!*arg || strpbrk(arg, "/: \t\n") || !util_copy(member(c, o), PORTS_IFNAME, arg))
		return invalid(o, "interface name ", arg, "one of 1 to 15 characters");
	return true;
}

static bool set_name(struct conf *c, const struct conf_option *o, const char *arg)
{
	if (!*arg || strpbrk(arg, "/ \t\n") || !util_copy(member(c, o), NET_NAME_LEN, arg))
		return invalid(o, "host name: ", arg, "one of 1 to 255 characters");
	return true;
}

static bool set_mac(struct conf *c, const struct conf_option *o, const char *arg)
{
	static const uint8_t none[6];
	uint8_t mac[6];

	if (!util_parse_mac(arg, mac) || mac[0] & 1 || !memcmp(mac, none, sizeof(mac)))
		return invalid(o, "MAC address: ", arg, "one of a host, like 52:54:00:12:34:56");
	memcpy(member(c, o), mac, sizeof(mac));
	return true;
}

/* parse_host() - An address one host can have */
static bool parse_host(const char *text, struct addr *a)
{
	return addr_parse(text, a) && addr_is_unicast(a);
}

/* Two addresses, one option: set_addr() takes the second to be behind the first */
#define PAIR(s, a, b)	(offsetof(struct s, b) == offsetof(struct s, a) + sizeof(struct addr))

_Static_assert(PAIR(net_conf, gw4, gw6) && PAIR(net_conf, dns_host4, dns_host6) &&
	       PAIR(sock_conf, out4, out6) && PAIR(fwd_conf, map_host4, map_host6) &&
	       PAIR(fwd_conf, map_guest4, map_guest6) && PAIR(fwd_conf, dns4, dns6),
	       "IPv4 first, IPv6 behind it");

/* set_addr() - One of two addresses: that of IPv4 stands before that of IPv6 */
static bool set_addr(struct conf *c, const struct conf_option *o, const char *arg)
{
	struct addr *pair = member(c, o), a;

	if (!parse_host(arg, &a))
		return invalid(o, "address: ", arg, "an IPv4 or IPv6 address");
	pair[!addr_is4(&a)] = a;
	return true;
}

/* set_map() - As set_addr(), or `none' for both; number: without the gateway's too */
static bool set_map(struct conf *c, const struct conf_option *o, const char *arg)
{
	struct addr *pair = member(c, o);

	if (strcmp(arg, "none"))
		return set_addr(c, o, arg);
	pair[0] = pair[1] = addr_none;
	c->fwd.map_gw &= !o->value;
	return true;
}

/* set_ports() - Specification of ports; number: PORTS_ bits */
static bool set_ports(struct conf *c, const struct conf_option *o, const char *arg)
{
	bool udp = o->value & PORTS_UDP, in_ns = o->value & PORTS_IN_NS;
	struct ports_table *t = &c->listen.ports;
	unsigned before = t->n;
	const char *why = ports_parse(t, udp ? WIRE_UDP : WIRE_TCP, in_ns, arg);

	for (unsigned i = before; !why && i < t->n; i++) {
		const struct ports_rule *r = &t->rule[i];

		if (r->mode == PORTS_AUTO && c->mode != CONF_PASTA)
			why = "'auto' is for pasta mode only";
		else if (in_ns && r->bound && !addr_is_loopback(&r->addr))
			why = "not a loopback address before '/'";
	}
	if (why)
		return option_wrong("Invalid port specifier '%.128s' (--%s: %s)", arg, o->name,
				    why);
	c->ports_given[o->value] = true;
	return true;
}

/* ignore() - Function that is not there, and does no harm; number: it never will be */
static bool ignore(struct conf *c, const struct conf_option *o, const char *arg)
{
	(void)c;
	(void)arg;
	warn("--%s %s", o->name,
	     o->value ? "will be dropped soon" : "has no effect in this version");
	return true;
}

/* refuse() - Function that is not there, and which who asks for it can not do without */
static bool refuse(struct conf *c, const struct conf_option *o, const char *arg)
{
	(void)c;
	(void)arg;
	return option_wrong("--%s is not supported by this version", o->name);
}

/* Values of one option each */

static bool set_address(struct conf *c, const struct conf_option *o, const char *arg)
{
	const char *slash = strchrnul(arg, '/');
	uint32_t prefix = 0;
	char text[ADDR_TEXT];
	struct addr a;
	bool is4;

	if (!util_copy_n(text, sizeof(text), arg, (size_t)(slash - arg)) ||
	    !parse_host(text, &a) || addr_is_loopback(&a))
		return invalid(o, "guest address: ", arg, "an IPv4 or IPv6 address");
	is4 = addr_is4(&a);
	if (*slash && (!util_parse_uint(slash + 1, is4 ? 32 : 128, &prefix) || !prefix))
		return invalid(o, "prefix length: ", arg,
			       is4 ? "ADDRESS/1 to 32" : "ADDRESS/1 to 128");
	*(is4 ? &c->net.addr4 : &c->net.addr6) = a;
	if (is4 && prefix)
		c->net.prefix4 = (int)prefix;
	return true;
}

static bool set_netmask(struct conf *c, const struct conf_option *o, const char *arg)
{
	unsigned prefix = 0;
	struct addr mask;

	if (!util_parse_uint(arg, 32, &prefix) && addr_parse(arg, &mask) && addr_is4(&mask))
		(void)addr_mask4_prefix(&mask, &prefix);
	if (!prefix)
		return invalid(o, "netmask: ", arg, "one like 255.255.255.0, or 1 to 32");
	c->net.prefix4 = (int)prefix;
	return true;
}

static bool set_mtu(struct conf *c, const struct conf_option *o, const char *arg)
{
	uint32_t mtu;

	if (!util_parse_uint(arg, UINT32_MAX, &mtu))
		return option_wrong("Invalid MTU: %.64s (--%s takes %i to %i, or 0)", arg, o->name,
				    NET_MTU_MIN4, NET_MTU_MAX);
	if (mtu > NET_MTU_MAX)
		return option_wrong("MTU %u too large (max %i), --mtu", mtu, NET_MTU_MAX);
	if (mtu && mtu < NET_MTU_MIN4)
		return option_wrong("MTU %u too small (min %i), --mtu", mtu, NET_MTU_MIN4);
	c->net.mtu = (int)mtu;
	return true;
}

static bool set_dns(struct conf *c, const struct conf_option *o, const char *arg)
{
	struct net_conf *n = &c->net;
	bool none = !strcmp(arg, "none");
	struct addr a;

	if (n->ndns < 0 || none)
		n->ndns = 0;
	if (none)
		return true;
	if (!parse_host(arg, &a))
		return invalid(o, "DNS address: ", arg, "an IPv4 or IPv6 address, or 'none'");
	if (n->ndns == (int)ARRAY_SIZE(n->dns))
		return option_wrong("Too many resolvers: %.64s (--%s can be given %i times)", arg,
				    o->name, (int)ARRAY_SIZE(n->dns));
	n->dns[n->ndns++] = a;
	return true;
}

static bool set_search(struct conf *c, const struct conf_option *o, const char *arg)
{
	struct net_conf *n = &c->net;
	bool none = !strcmp(arg, "none");

	if (n->nsearch < 0 || none)
		n->nsearch = 0;
	while (!none && *(arg += strspn(arg, " "))) {
		size_t len = strcspn(arg, " ");

		if (n->nsearch == NET_SEARCH_MAX)
			return option_wrong("Too many search domains: %.64s (--%s takes %i)", arg,
					    o->name, NET_SEARCH_MAX);
		if (!util_copy_n(n->search[n->nsearch], NET_NAME_LEN, arg, len))
			return option_wrong("Search domain too long: %.64s... (--%s takes names of "
					    "255 characters)", arg, o->name);
		n->nsearch++;
		arg += len;
	}
	return true;
}

#define AT(m)	offsetof(struct conf, m)

/*
 * Name, letter, modes, argument, what it does, where to, number; help.
 * In the order of the help.
 */
const struct conf_option option_table[] = {
	{ "debug", 'd', IN_BOTH, NULL, set, AT(level), LOG_LVL_DEBUG, "Say more" },
	{ "trace", 0, IN_BOTH, NULL, set, AT(level), LOG_LVL_DEBUG, "As --debug" },
	{ "quiet", 'q', IN_BOTH, NULL, set, AT(level), LOG_LVL_WARN,
	  "Say nothing but warnings and errors" },
	{ "stats", 0, IN_BOTH, "SECONDS", ignore, 0, 0, "Accepted, without effect" },
	{ "foreground", 'f', IN_BOTH, NULL, set, AT(foreground), true,
	  "Do not run in the background" },
	{ "stderr", 'e', IN_BOTH, NULL, ignore, 0, true, "Accepted, without effect" },
	{ "log-file", 'l', IN_BOTH, "PATH", set_text, AT(log_file), TEXT_LEN, "Log to a file" },
	{ "log-size", 0, IN_BOTH, "BYTES", set_number, AT(log_size), 1,
	  "Size at which the log file begins anew\ndefault: 1 MiB" },
	{ "runas", 0, IN_BOTH, "UID|UID:GID|LOGIN|LOGIN:GROUP", set_text, AT(runas), TEXT_LEN,
	  "User to run as, if started as root\ndefault: nobody" },
	{ "help", 'h', IN_BOTH, NULL, set, AT(ask), CONF_HELP, "Show this, and exit" },
	{ "version", 0, IN_BOTH, NULL, set, AT(ask), CONF_VERSION, "Show the version, and exit" },
	{ "pcap", 'p', IN_BOTH, "PATH", set_text, AT(pcap_file), TEXT_LEN,
	  "Capture what passes the guest's link" },
	{ "pid", 'P', IN_BOTH, "PATH", set_text, AT(pid_file), TEXT_LEN,
	  "Write the process number to a file" },
	{ "mtu", 'm', IN_BOTH, "MTU", set_mtu, 0, 0,
	  "MTU of the guest's link, 0: tell it none\ndefault: that of the host's interface" },
	{ "address", 'a', IN_BOTH, "ADDRESS[/PREFIX]", set_address, 0, 0,
	  "Address of the guest, once for each family\ndefault: that of the host's interface" },
	{ "netmask", 'n', IN_BOTH, "MASK", set_netmask, 0, 0,
	  "IPv4 network mask of the guest, dotted or in bits\n"
	  "default: that of the host's interface" },
	{ "mac-addr", 'M', IN_BOTH, "MAC", set_mac, AT(net.mac), 0,
	  "Our MAC address toward the guest\ndefault: 9a:55:9a:55:9a:55" },
	{ "gateway", 'g', IN_BOTH, "ADDRESS", set_addr, AT(net.gw4), 0,
	  "Default gateway of the guest, once for each family\ndefault: that of the host" },
	{ "interface", 'i', IN_BOTH, "NAME", set_ifname, AT(net.ifname), 0,
	  "Host interface to take addresses and routes from\n"
	  "default: the one with the default route" },
	{ "outbound", 'o', IN_BOTH, "ADDRESS", set_addr, AT(sock.out4), 0,
	  "Source address for the guest's traffic on the host,\nonce for each family\n"
	  "default: by the host's routes" },
	{ "outbound-if4", 0, IN_BOTH, "NAME", set_ifname, AT(sock.if4), 0,
	  "Host interface the guest's IPv4 traffic is bound to" },
	{ "outbound-if6", 0, IN_BOTH, "NAME", set_ifname, AT(sock.if6), 0,
	  "Host interface the guest's IPv6 traffic is bound to" },
	{ "dns", 'D', IN_BOTH, "ADDRESS", set_dns, 0, 0,
	  "Resolver to tell the guest, can be repeated,\n'none' for none\n"
	  "default: those of /etc/resolv.conf" },
	{ "dns-forward", 0, IN_BOTH, "ADDRESS", set_addr, AT(fwd.dns4), 0,
	  "Queries to port 53 of this address go to the host's\n"
	  "resolver, once for each family" },
	{ "dns-host", 0, IN_BOTH, "ADDRESS", set_addr, AT(net.dns_host4), 0,
	  "The resolver --dns-forward leads to\ndefault: the first of /etc/resolv.conf" },
	{ "search", 'S', IN_BOTH, "LIST", set_search, 0, 0,
	  "Search domains to tell the guest, 'none' for none\n"
	  "default: those of /etc/resolv.conf" },
	{ "no-dhcp-dns", 0, IN_BOTH, NULL, set, AT(dhcp.dns), false,
	  "Tell no resolvers (default for pasta)" },
	{ "dhcp-dns", 0, IN_BOTH, NULL, set, AT(dhcp.dns), true,
	  "Tell resolvers (default for passt)" },
	{ "no-dhcp-search", 0, IN_BOTH, NULL, set, AT(dhcp.search), false,
	  "Tell no search domains (default for pasta)" },
	{ "dhcp-search", 0, IN_BOTH, NULL, set, AT(dhcp.search), true,
	  "Tell search domains (default for passt)" },
	{ "hostname", 'H', IN_BOTH, "NAME", set_name, AT(net.hostname), 0,
	  "Host name to tell the guest" },
	{ "fqdn", 0, IN_BOTH, "NAME", set_name, AT(net.fqdn), 0, "Full name to tell the guest" },
	{ "no-tcp", 0, IN_BOTH, NULL, set, AT(listen.no_tcp), true, "No TCP" },
	{ "no-udp", 0, IN_BOTH, NULL, set, AT(listen.no_udp), true, "No UDP" },
	{ "no-icmp", 0, IN_BOTH, NULL, set, AT(no_icmp), true, "No echo over ICMP and ICMPv6" },
	{ "no-dhcp", 0, IN_BOTH, NULL, set, AT(dhcp.on), false, "No DHCP server" },
	{ "no-ndp", 0, IN_BOTH, NULL, set, AT(ndp.on), false, "No answers to neighbour discovery" },
	{ "no-dhcpv6", 0, IN_BOTH, NULL, set, AT(dhcpv6.on), false, "No DHCPv6 server" },
	{ "no-ra", 0, IN_BOTH, NULL, set, AT(ndp.ra), false, "No router advertisements" },
	{ "freebind", 0, IN_BOTH, NULL, set, AT(listen.freebind), true,
	  "Ports may be bound to addresses the host does not have" },
	{ "map-host-loopback", 0, IN_BOTH, "ADDRESS", set_map, AT(fwd.map_host4), true,
	  "By this address the guest reaches the host's loopback,\n"
	  "once for each family, 'none' for none\ndefault: the gateway's" },
	{ "no-map-gw", 0, IN_BOTH, NULL, set, AT(fwd.map_gw), false,
	  "The gateway's address does not lead to the host" },
	{ "map-guest-addr", 0, IN_BOTH, "ADDRESS", set_map, AT(fwd.map_guest4), false,
	  "By this address the guest reaches the one it shares with\n"
	  "the host, once for each family, 'none' for none\ndefault: none" },
	{ "ipv4-only", '4', IN_BOTH, NULL, set, AT(only), 4, "No IPv6" },
	{ "ipv6-only", '6', IN_BOTH, NULL, set, AT(only), 6, "No IPv4" },

	{ "socket", 's', IN_PASST, "PATH", set_text, AT(tap.path), SOCKET_LEN,
	  "UNIX socket to wait for the guest on\n"
	  "default: the first free one of /tmp/passt_1.socket and so on" },
	{ "socket-path", 0, IN_PASST, "PATH", set_text, AT(tap.path), SOCKET_LEN,
	  "The same as --socket" },
	{ "fd", 'F', IN_PASST, "FD", set_number, AT(tap.fd), FD_FIRST,
	  "Open socket that leads to the guest; implies --one-off" },
	{ "one-off", '1', IN_PASST, NULL, set, AT(tap.one_off), true,
	  "Exit when the guest closes the socket" },
	{ "vhost-user", 0, IN_BOTH, NULL, refuse, 0, 0, "Not supported" },
	{ "print-capabilities", 0, IN_PASST, NULL, refuse, 0, 0, "Not supported" },
	{ "control", 'c', IN_BOTH, "PATH", set_text, AT(control), SOCKET_LEN,
	  "UNIX socket to take orders on: passtctl(1)\ndefault: none" },
	{ "repair-path", 0, IN_BOTH, "PATH", set_text, AT(repair), SOCKET_LEN,
	  "UNIX socket where passt-repair(1) offers its help,\n'none' for none (default)" },
	{ "restore", 0, IN_BOTH, "PATH", set_text, AT(restore), TEXT_LEN,
	  "Take over the connections of a checkpoint" },
	{ "tcp-ports", 't', IN_BOTH, "SPEC", set_ports, 0, 0,
	  "TCP ports of the host to forward to the guest, can be\n"
	  "repeated:\n"
	  "  none           no ports (default for passt)\n"
	  "  all            all free ports but ephemeral ones\n"
	  "  auto           those bound in the namespace (default\n"
	  "                 for pasta)\n"
	  "  [ADDRESS][%NAME]/PORTS[:PORTS],~PORTS,...\n"
	  "                 ports or ranges like 22 or 80-89; what is\n"
	  "                 bound to an address or interface; other\n"
	  "                 ports of the guest behind ':'; excluded\n"
	  "                 ones behind '~'" },
	{ "udp-ports", 'u', IN_BOTH, "SPEC", set_ports, 0, PORTS_UDP, "The same for UDP" },

	{ "ns-ifname", 'I', IN_PASTA, "NAME", set_ifname, AT(ns.ifname), 0,
	  "Interface in the namespace\ndefault: as that of the host" },
	{ "tcp-ns", 'T', IN_PASTA, "SPEC", set_ports, 0, PORTS_IN_NS,
	  "TCP ports of the namespace to forward to the host,\nas for --tcp-ports\n"
	  "default: auto" },
	{ "udp-ns", 'U', IN_PASTA, "SPEC", set_ports, 0, PORTS_IN_NS | PORTS_UDP,
	  "The same for UDP" },
	{ "host-lo-to-ns-lo", 0, IN_PASTA, NULL, set, AT(fwd.lo_to_lo), true,
	  "From the host's loopback to the namespace's (default)" },
	{ "userns", 0, IN_PASTA, "PATH", set_text, AT(ns.userns), TEXT_LEN,
	  "User namespace to join" },
	{ "netns", 0, IN_PASTA, "PATH|NAME", set_text, AT(ns.netns), TEXT_LEN,
	  "Network namespace to join" },
	{ "netns-only", 0, IN_PASTA, NULL, set, AT(ns.netns_only), true,
	  "Join or make no user namespace" },
	{ "no-netns-quit", 0, IN_PASTA, NULL, set, AT(ns.no_quit), true,
	  "Stay when the namespace given by --netns is gone" },
	{ "config-net", 0, IN_PASTA, NULL, set, AT(config_net), true,
	  "Set up the interface in the namespace" },
	{ "no-copy-routes", 0, IN_PASTA, NULL, ignore, 0, 0, "Accepted, without effect" },
	{ "no-copy-addrs", 0, IN_PASTA, NULL, ignore, 0, 0, "Accepted, without effect" },
	{ "ns-mac-addr", 0, IN_PASTA, "MAC", set_mac, AT(net.guest_mac), 0,
	  "MAC address of the interface in the namespace" },
	{ "no-splice", 0, IN_PASTA, NULL, set, AT(listen.splice), false,
	  "No direct path between loopback addresses" },
	{ 0 }
};

_Static_assert(ARRAY_SIZE(option_table) <= OPTION_MAX, "conf.c has room for these");

/**
 * option_begin() - Nothing was asked for: what holds by itself
 * @c:		Filled
 * @mode:	What the program was called as
 */
void option_begin(struct conf *c, enum conf_mode mode)
{
	bool vm = mode == CONF_PASST;

	*c = (struct conf){
		.mode = mode,
		.level = LOG_LVL_INFO,
		.log_size = LOG_SIZE,
		.tap.fd = -1,
		.net = { .prefix4 = -1, .mtu = -1, .ndns = -1, .nsearch = -1 },
		.fwd = { .map_gw = true, .lo_to_lo = true },
		.listen.splice = true,
		.dhcp = { .on = true, .dns = vm, .search = vm },
		.dhcpv6.on = true,
		.ndp = { .on = true, .ra = true },
	};
}
