// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * option.c - the options of the command line, one by one
 *
 * Theory of operation
 *
 *   There is one table, option[]: each option with its letter, its argument, the
 *   modes it is for, its help, and what it does: a function, a place in struct
 *   conf, and a value.  Everything that is said about options comes from here:
 *   the help is printed from the table, and the man pages are compared with it.
 *
 *   Each function checks the argument of one option, or of one kind of option,
 *   and stores it.  Nothing is opened or asked of the kernel, and no option looks
 *   at another.  What comes later replaces what came before, unless the option
 *   can be repeated.  What is wrong is one line that names the option.
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
	SOCKET_PATH	= 108,		/* sun_path, terminator included */
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
 * Return: OPTION_WRONG
 */
enum option_verdict option_wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(self.error, sizeof(self.error), fmt, ap);
	va_end(ap);
	return OPTION_WRONG;
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

/* Two addresses, one option: set_pair() takes the second to be behind the first */
#define PAIR(s, a, b)	(offsetof(struct s, b) == offsetof(struct s, a) + sizeof(struct addr))

_Static_assert(PAIR(net_conf, gw4, gw6) && PAIR(net_conf, dns_host4, dns_host6) &&
	       PAIR(sock_conf, out4, out6) && PAIR(fwd_conf, map_host4, map_host6) &&
	       PAIR(fwd_conf, map_guest4, map_guest6) && PAIR(fwd_conf, dns4, dns6),
	       "IPv4 first, IPv6 behind it");

/* member() - The member of struct conf an option is about */
static void *member(struct conf *c, const struct option *o)
{
	return (char *)c + o->at;
}

/* The kinds of options; what each does is said at the table */

static enum option_verdict set_flag(struct conf *c, const struct option *o, const char *arg)
{
	bool *flag = member(c, o);

	(void)arg;
	*flag = o->value;
	return OPTION_OK;
}

static enum option_verdict set_text(struct conf *c, const struct option *o, const char *arg)
{
	const char **text = member(c, o);

	if (!*arg)
		return option_wrong("--%s needs a %s that is not empty", o->name, o->arg);
	*text = arg;
	return OPTION_OK;
}

static enum option_verdict set_ifname(struct conf *c, const struct option *o, const char *arg)
{
	if (!*arg || strpbrk(arg, "/: \t\n") || !util_copy(member(c, o), PORTS_IFNAME, arg))
		return option_wrong("Invalid interface name %.64s (--%s takes one of 1 to 15 "
			     "characters)", arg, o->name);
	return OPTION_OK;
}

static enum option_verdict set_name(struct conf *c, const struct option *o, const char *arg)
{
	if (!*arg || strpbrk(arg, "/ \t\n") || !util_copy(member(c, o), NET_NAME_LEN, arg))
		return option_wrong("Invalid host name '%.64s' (--%s takes one of 1 to 255 "
			     "characters)", arg, o->name);
	return OPTION_OK;
}

static enum option_verdict set_mac(struct conf *c, const struct option *o, const char *arg)
{
	static const uint8_t none[6];
	uint8_t mac[6];

	if (!util_parse_mac(arg, mac) || mac[0] & 1 || !memcmp(mac, none, 6))
		return option_wrong("Invalid MAC address: %.64s (--%s takes one of a host, like "
			     "52:54:00:12:34:56)", arg, o->name);
	memcpy(member(c, o), mac, sizeof(mac));
	return OPTION_OK;
}

static enum option_verdict set_level(struct conf *c, const struct option *o, const char *arg)
{
	(void)arg;
	c->level = (enum log_level)o->value;
	return OPTION_OK;
}

/* parse_host_addr() - An address one host can have */
static bool parse_host_addr(const char *text, struct addr *a)
{
	struct addr got;

	if (!addr_parse(text, &got) || !addr_is_unicast(&got))
		return false;
	*a = got;
	return true;
}

/* set_pair() - One of two addresses: that of IPv4 stands before that of IPv6 */
static enum option_verdict set_pair(struct conf *c, const struct option *o, const char *arg)
{
	struct addr *pair = member(c, o), a;

	if (!parse_host_addr(arg, &a))
		return option_wrong("Invalid address: %.64s (--%s takes an IPv4 or IPv6 address)",
			     arg, o->name);
	pair[!addr_is4(&a)] = a;
	return OPTION_OK;
}

/* set_map() - As set_pair(), or `none' for both */
static enum option_verdict set_map(struct conf *c, const struct option *o, const char *arg)
{
	struct addr *pair = member(c, o);

	if (strcmp(arg, "none"))
		return set_pair(c, o, arg);
	pair[0] = addr_none;
	pair[1] = addr_none;
	if (o->value) {
		c->fwd.map_gw = false;
		c->net.map_gw = false;
	}
	return OPTION_OK;
}

static enum option_verdict set_no_map_gw(struct conf *c, const struct option *o, const char *arg)
{
	(void)o;
	(void)arg;
	c->fwd.map_gw = false;
	c->net.map_gw = false;
	return OPTION_OK;
}

static enum option_verdict set_dns_forward(struct conf *c, const struct option *o,
				    const char *arg)
{
	enum option_verdict v = set_pair(c, o, arg);

	c->net.dns_forward4 = c->fwd.dns4;
	c->net.dns_forward6 = c->fwd.dns6;
	return v;
}

static enum option_verdict set_address(struct conf *c, const struct option *o, const char *arg)
{
	char text[ADDR_TEXT];
	const char *slash = strchr(arg, '/');
	size_t len = slash ? (size_t)(slash - arg) : strlen(arg);
	uint32_t prefix = 0;
	struct addr a;

	if (!util_copy_n(text, sizeof(text), arg, len) || !parse_host_addr(text, &a) ||
	    addr_is_loopback(&a))
		return option_wrong("Invalid guest address: %.64s (--%s takes an IPv4 or IPv6 "
			     "address)", arg, o->name);
	if (slash && (!util_parse_uint(slash + 1, addr_is4(&a) ? 32 : 128, &prefix) ||
		      !prefix))
		return option_wrong("Invalid prefix length: %.64s (--%s takes ADDRESS/1 to %i)",
			     arg, o->name, addr_is4(&a) ? 32 : 128);
	if (!addr_is4(&a)) {
		c->net.addr6 = a;
		return OPTION_OK;
	}
	c->net.addr4 = a;
	if (slash)
		c->net.prefix4 = (int)prefix;
	return OPTION_OK;
}

static enum option_verdict set_netmask(struct conf *c, const struct option *o, const char *arg)
{
	struct addr mask;
	uint32_t bits;
	unsigned prefix = 0;

	if (util_parse_uint(arg, 32, &bits))
		prefix = bits;
	else if (!addr_parse(arg, &mask) || !addr_is4(&mask) ||
		 !addr_mask4_prefix(&mask, &prefix))
		prefix = 0;
	if (!prefix)
		return option_wrong("Invalid netmask: %.64s (--%s takes one like 255.255.255.0, "
			     "or 1 to 32)", arg, o->name);
	c->net.prefix4 = (int)prefix;
	return OPTION_OK;
}

static enum option_verdict set_mtu(struct conf *c, const struct option *o, const char *arg)
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
	return OPTION_OK;
}

static enum option_verdict set_dns(struct conf *c, const struct option *o, const char *arg)
{
	struct net_conf *n = &c->net;
	struct addr a;

	if (!strcmp(arg, "none")) {
		n->ndns = 0;
		return OPTION_OK;
	}
	if (!parse_host_addr(arg, &a))
		return option_wrong("Invalid DNS address: %.64s (--%s takes an IPv4 or IPv6 "
			     "address, or 'none')", arg, o->name);
	if (n->ndns < 0)
		n->ndns = 0;
	if (n->ndns == (int)ARRAY_SIZE(n->dns))
		return option_wrong("Too many resolvers: %.64s (--%s can be given %i times)", arg,
			     o->name, (int)ARRAY_SIZE(n->dns));
	n->dns[n->ndns++] = a;
	return OPTION_OK;
}

static enum option_verdict set_search(struct conf *c, const struct option *o, const char *arg)
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
	return OPTION_OK;
}

static enum option_verdict set_family(struct conf *c, const struct option *o, const char *arg)
{
	(void)arg;
	c->net.only4 = o->value == 4;
	c->net.only6 = o->value == 6;
	return OPTION_OK;
}

static enum option_verdict set_log_size(struct conf *c, const struct option *o, const char *arg)
{
	if (!util_parse_uint(arg, INT_MAX, &c->log_size) || !c->log_size)
		return option_wrong("Invalid size: %.64s (--%s takes a number of bytes)", arg,
			     o->name);
	return OPTION_OK;
}

static enum option_verdict set_socket(struct conf *c, const struct option *o, const char *arg)
{
	if (!*arg || strlen(arg) >= SOCKET_PATH)
		return option_wrong("Invalid socket path: %.64s (--%s takes one of 1 to %i "
			     "characters)", arg, o->name, SOCKET_PATH - 1);
	c->tap.path = arg;
	return OPTION_OK;
}

static enum option_verdict set_fd(struct conf *c, const struct option *o, const char *arg)
{
	uint32_t fd;

	if (!util_parse_uint(arg, INT_MAX, &fd) || fd < FD_FIRST)
		return option_wrong("Invalid --%s: %.64s (it takes the number of an open socket, "
			     "%i or more)", o->name, arg, FD_FIRST);
	c->tap.fd = (int)fd;
	c->tap.one_off = true;
	return OPTION_OK;
}

static enum option_verdict set_ports(struct conf *c, const struct option *o, const char *arg)
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
		return option_wrong("Invalid port specifier '%.128s' (--%s: %s)", arg, o->name, why);
	c->ports_given[o->value] = true;
	return OPTION_OK;
}

static enum option_verdict set_stderr(struct conf *c, const struct option *o, const char *arg)
{
	(void)c;
	(void)o;
	(void)arg;
	warn("--stderr will be dropped soon");
	return OPTION_OK;
}

/* ignore() - Options whose function is not there, and whose absence does no harm */
static enum option_verdict ignore(struct conf *c, const struct option *o, const char *arg)
{
	(void)c;
	(void)arg;
	warn("--%s has no effect in this version", o->name);
	return OPTION_OK;
}

/* refuse() - Options whose function is not there, and which nobody can do without */
static enum option_verdict refuse(struct conf *c, const struct option *o, const char *arg)
{
	(void)c;
	(void)arg;
	return option_wrong("--%s is not supported by this version", o->name);
}

static enum option_verdict ask_help(struct conf *c, const struct option *o, const char *arg)
{
	(void)c;
	(void)arg;
	return o->value ? OPTION_VERSION : OPTION_HELP;
}

#define AT(m)	offsetof(struct conf, m)

/* In the order of the help.  Flags are set to their value. */
static const struct option option[] = {
	{ "debug", 'd', IN_BOTH, LOG_LVL_DEBUG, NULL, set_level, 0,
	  "Say more" },
	{ "trace", 0, IN_BOTH, LOG_LVL_TRACE, NULL, set_level, 0,
	  "Say even more, each packet" },
	{ "quiet", 'q', IN_BOTH, LOG_LVL_WARN, NULL, set_level, 0,
	  "Say nothing but warnings and errors" },
	{ "stats", 0, IN_BOTH, 0, "SECONDS", ignore, 0,
	  "Accepted, without effect" },
	{ "foreground", 'f', IN_BOTH, true, NULL, set_flag, AT(foreground),
	  "Do not run in the background" },
	{ "stderr", 'e', IN_BOTH, 0, NULL, set_stderr, 0,
	  "Accepted, without effect" },
	{ "log-file", 'l', IN_BOTH, 0, "PATH", set_text, AT(log_file),
	  "Log to a file" },
	{ "log-size", 0, IN_BOTH, 0, "BYTES", set_log_size, 0,
	  "Largest size of the log file\ndefault: 1 MiB" },
	{ "runas", 0, IN_BOTH, 0, "UID|UID:GID|LOGIN|LOGIN:GROUP", set_text, AT(runas),
	  "User to run as, if started as root\ndefault: nobody" },
	{ "help", 'h', IN_BOTH, 0, NULL, ask_help, 0,
	  "Show this, and exit" },
	{ "version", 0, IN_BOTH, true, NULL, ask_help, 0,
	  "Show the version, and exit" },
	{ "pcap", 'p', IN_BOTH, 0, "PATH", set_text, AT(pcap_file),
	  "Capture what passes the guest's link" },
	{ "pid", 'P', IN_BOTH, 0, "PATH", set_text, AT(pid_file),
	  "Write the process number to a file" },
	{ "mtu", 'm', IN_BOTH, 0, "MTU", set_mtu, 0,
	  "MTU of the guest's link, 0: tell it none\n"
	  "default: that of the host's interface" },
	{ "address", 'a', IN_BOTH, 0, "ADDRESS[/PREFIX]", set_address, 0,
	  "Address of the guest, once for each family\n"
	  "default: that of the host's interface" },
	{ "netmask", 'n', IN_BOTH, 0, "MASK", set_netmask, 0,
	  "IPv4 network mask of the guest, dotted or in bits\n"
	  "default: that of the host's interface" },
	{ "mac-addr", 'M', IN_BOTH, 0, "MAC", set_mac, AT(net.mac),
	  "Our MAC address toward the guest\ndefault: 9a:55:9a:55:9a:55" },
	{ "gateway", 'g', IN_BOTH, 0, "ADDRESS", set_pair, AT(net.gw4),
	  "Default gateway of the guest, once for each family\n"
	  "default: that of the host" },
	{ "interface", 'i', IN_BOTH, 0, "NAME", set_ifname, AT(net.ifname),
	  "Host interface to take addresses and routes from\n"
	  "default: the one with the default route" },
	{ "outbound", 'o', IN_BOTH, 0, "ADDRESS", set_pair, AT(sock.out4),
	  "Source address for the guest's traffic on the host,\n"
	  "once for each family\ndefault: by the host's routes" },
	{ "outbound-if4", 0, IN_BOTH, 0, "NAME", set_ifname, AT(sock.if4),
	  "Host interface the guest's IPv4 traffic is bound to" },
	{ "outbound-if6", 0, IN_BOTH, 0, "NAME", set_ifname, AT(sock.if6),
	  "Host interface the guest's IPv6 traffic is bound to" },
	{ "dns", 'D', IN_BOTH, 0, "ADDRESS", set_dns, 0,
	  "Resolver to tell the guest, can be repeated,\n'none' for none\n"
	  "default: those of /etc/resolv.conf" },
	{ "dns-forward", 0, IN_BOTH, 0, "ADDRESS", set_dns_forward, AT(fwd.dns4),
	  "Queries to port 53 of this address go to the host's\nresolver, once "
	  "for each family" },
	{ "dns-host", 0, IN_BOTH, 0, "ADDRESS", set_pair, AT(net.dns_host4),
	  "The resolver --dns-forward leads to\n"
	  "default: the first of /etc/resolv.conf" },
	{ "search", 'S', IN_BOTH, 0, "LIST", set_search, 0,
	  "Search domains to tell the guest, 'none' for none\n"
	  "default: those of /etc/resolv.conf" },
	{ "no-dhcp-dns", 0, IN_BOTH, false, NULL, set_flag, AT(dhcp.dns),
	  "Tell no resolvers (default for pasta)" },
	{ "dhcp-dns", 0, IN_BOTH, true, NULL, set_flag, AT(dhcp.dns),
	  "Tell resolvers (default for passt)" },
	{ "no-dhcp-search", 0, IN_BOTH, false, NULL, set_flag, AT(dhcp.search),
	  "Tell no search domains (default for pasta)" },
	{ "dhcp-search", 0, IN_BOTH, true, NULL, set_flag, AT(dhcp.search),
	  "Tell search domains (default for passt)" },
	{ "hostname", 'H', IN_BOTH, 0, "NAME", set_name, AT(net.hostname),
	  "Host name to tell the guest" },
	{ "fqdn", 0, IN_BOTH, 0, "NAME", set_name, AT(net.fqdn),
	  "Full name to tell the guest" },
	{ "no-tcp", 0, IN_BOTH, true, NULL, set_flag, AT(no_tcp), "No TCP" },
	{ "no-udp", 0, IN_BOTH, true, NULL, set_flag, AT(no_udp), "No UDP" },
	{ "no-icmp", 0, IN_BOTH, true, NULL, set_flag, AT(no_icmp),
	  "No echo over ICMP and ICMPv6" },
	{ "no-dhcp", 0, IN_BOTH, false, NULL, set_flag, AT(dhcp.on), "No DHCP server" },
	{ "no-ndp", 0, IN_BOTH, false, NULL, set_flag, AT(ndp.on),
	  "No answers to neighbour discovery" },
	{ "no-dhcpv6", 0, IN_BOTH, false, NULL, set_flag, AT(dhcpv6.on),
	  "No DHCPv6 server" },
	{ "no-ra", 0, IN_BOTH, false, NULL, set_flag, AT(ndp.ra),
	  "No router advertisements" },
	{ "freebind", 0, IN_BOTH, true, NULL, set_flag, AT(listen.freebind),
	  "Ports may be bound to addresses the host does not have" },
	{ "map-host-loopback", 0, IN_BOTH, true, "ADDRESS", set_map, AT(fwd.map_host4),
	  "By this address the guest reaches the host's loopback,\nonce for each "
	  "family, 'none' for none\ndefault: the gateway's" },
	{ "no-map-gw", 0, IN_BOTH, 0, NULL, set_no_map_gw, 0,
	  "The gateway's address does not lead to the host" },
	{ "map-guest-addr", 0, IN_BOTH, false, "ADDRESS", set_map, AT(fwd.map_guest4),
	  "By this address the guest reaches the one it shares with\nthe host, "
	  "once for each family, 'none' for none\ndefault: none" },
	{ "ipv4-only", '4', IN_BOTH, 4, NULL, set_family, 0, "No IPv6" },
	{ "ipv6-only", '6', IN_BOTH, 6, NULL, set_family, 0, "No IPv4" },

	{ "socket", 's', IN_PASST, 0, "PATH", set_socket, 0,
	  "UNIX socket to wait for the guest on\n"
	  "default: the first free one of /tmp/passt_1.socket and so on" },
	{ "socket-path", 0, IN_PASST, 0, "PATH", set_socket, 0,
	  "The same as --socket" },
	{ "fd", 'F', IN_PASST, 0, "FD", set_fd, 0,
	  "Open socket that leads to the guest; implies --one-off" },
	{ "one-off", '1', IN_PASST, true, NULL, set_flag, AT(tap.one_off),
	  "Exit when the guest closes the socket" },
	{ "vhost-user", 0, IN_BOTH, 0, NULL, refuse, 0, "Not supported" },
	{ "print-capabilities", 0, IN_PASST, 0, NULL, refuse, 0, "Not supported" },
	{ "repair-path", 0, IN_PASST, 0, "PATH", ignore, 0,
	  "Accepted, without effect" },
	{ "control", 'c', IN_BOTH, 0, "PATH", refuse, 0, "Not supported" },
	{ "tcp-ports", 't', IN_BOTH, 0, "SPEC", set_ports, 0,
	  "TCP ports of the host to forward to the guest, can be\nrepeated:\n"
	  "  none           no ports (default for passt)\n"
	  "  all            all free ports but ephemeral ones\n"
	  "  auto           those bound in the namespace (default\n"
	  "                 for pasta)\n"
	  "  [ADDRESS][%NAME]/PORTS[:PORTS],~PORTS,...\n"
	  "                 ports or ranges like 22 or 80-89; what is\n"
	  "                 bound to an address or interface; other\n"
	  "                 ports of the guest behind ':'; excluded\n"
	  "                 ones behind '~'" },
	{ "udp-ports", 'u', IN_BOTH, PORTS_UDP, "SPEC", set_ports, 0,
	  "The same for UDP" },

	{ "ns-ifname", 'I', IN_PASTA, 0, "NAME", set_ifname, AT(ns.ifname),
	  "Interface in the namespace\ndefault: as that of the host" },
	{ "tcp-ns", 'T', IN_PASTA, PORTS_IN_NS, "SPEC", set_ports, 0,
	  "TCP ports of the namespace to forward to the host,\n"
	  "as for --tcp-ports\ndefault: auto" },
	{ "udp-ns", 'U', IN_PASTA, PORTS_IN_NS | PORTS_UDP, "SPEC", set_ports, 0,
	  "The same for UDP" },
	{ "host-lo-to-ns-lo", 0, IN_PASTA, true, NULL, set_flag, AT(fwd.lo_to_lo),
	  "From the host's loopback to the namespace's (default)" },
	{ "userns", 0, IN_PASTA, 0, "PATH", set_text, AT(ns.userns),
	  "User namespace to join" },
	{ "netns", 0, IN_PASTA, 0, "PATH|NAME", set_text, AT(ns.netns),
	  "Network namespace to join" },
	{ "netns-only", 0, IN_PASTA, true, NULL, set_flag, AT(ns.netns_only),
	  "Join or make no user namespace" },
	{ "no-netns-quit", 0, IN_PASTA, true, NULL, set_flag, AT(ns.no_quit),
	  "Stay when the namespace given by --netns is gone" },
	{ "config-net", 0, IN_PASTA, true, NULL, set_flag, AT(config_net),
	  "Set up the interface in the namespace" },
	{ "no-copy-routes", 0, IN_PASTA, 0, NULL, ignore, 0,
	  "Accepted, without effect" },
	{ "no-copy-addrs", 0, IN_PASTA, 0, NULL, ignore, 0,
	  "Accepted, without effect" },
	{ "ns-mac-addr", 0, IN_PASTA, 0, "MAC", set_mac, AT(net.guest_mac),
	  "MAC address of the interface in the namespace" },
	{ "no-splice", 0, IN_PASTA, false, NULL, set_flag, AT(listen.splice),
	  "No direct path between loopback addresses" },
};

/**
 * option_begin() - Nothing was asked for: what holds by itself
 * @c:		Filled
 * @mode:	What the program was called as
 */
void option_begin(struct conf *c, enum conf_mode mode)
{
	memset(c, 0, sizeof(*c));
	c->mode = mode;
	c->level = LOG_LVL_INFO;
	c->log_size = LOG_SIZE;
	c->tap.fd = -1;
	c->net.prefix4 = -1;
	c->net.mtu = -1;
	c->net.ndns = -1;
	c->net.nsearch = -1;
	c->net.map_gw = true;
	c->fwd.map_gw = true;
	c->fwd.lo_to_lo = true;
	c->listen.splice = true;
	c->dhcp.on = true;
	c->dhcp.dns = mode == CONF_PASST;
	c->dhcp.search = mode == CONF_PASST;
	c->dhcpv6.on = true;
	c->ndp.on = true;
	c->ndp.ra = true;
}

/**
 * option_at() - The table, one by one
 * @n:		0, 1, 2 ...
 *
 * Return: option, NULL: there are no more
 */
const struct option *option_at(size_t n)
{
	return n < ARRAY_SIZE(option) ? &option[n] : NULL;
}
