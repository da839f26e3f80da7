// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conf.c - the command line
 *
 * The command line: what callers pass, what is refused and in which words, and
 * properties of the table of options.
 *
 * links: conf.c option.c ports.c addr.c util.c log.c
 */
#include "check.h"

#include "conf.h"
#include "wire.h"

enum { ARGS = 64, TEXT = 1024 };

static struct conf c;

/* parse() - Split a line at blanks; "_" stands for an empty argument */
static enum conf_result parse(const char *line)
{
	static char text[TEXT], empty[1];
	static char *argv[ARGS + 1];
	char *rest;
	int argc = 0;

	(void)snprintf(text, sizeof(text), "%s", line);
	for (char *w = strtok_r(text, " ", &rest); w && argc < ARGS;
	     w = strtok_r(NULL, " ", &rest))
		argv[argc++] = strcmp(w, "_") ? w : empty;
	argv[argc] = NULL;
	return conf_parse(argc, argv, &c);
}

static void check_wrong(const char *line, const char *error)
{
	if (!check_one(parse(line) == CONF_WRONG, __FILE__, __LINE__, "refused"))
		printf("#   '%s'\n", line);
	CHECK_STR(option_error(), error);
}

static void check_begins(const char *line, const char *error)
{
	if (!check_one(parse(line) == CONF_WRONG, __FILE__, __LINE__, "refused"))
		printf("#   '%s'\n", line);
	if (!check_one(!strncmp(option_error(), error, strlen(error)), __FILE__, __LINE__,
		       "words"))
		printf("#   '%s'\n#   '%s'\n", option_error(), error);
}

static void check_usage(const char *line, const char *error)
{
	CHECK_EQ(parse(line), CONF_USAGE);
	CHECK_STR(option_error(), error);
}

static void check_addr(const struct addr *a, const char *text)
{
	char got[ADDR_TEXT];

	CHECK_STR(addr_text(a, got), text);
}

static void test_defaults(void)
{
	CHECK_EQ(parse("passt"), CONF_RUN);
	CHECK_EQ(c.mode, CONF_PASST);
	CHECK_EQ(c.level, LOG_LVL_INFO);
	CHECK_EQ(c.net.mtu, -1);
	CHECK_EQ(c.net.prefix4, -1);
	CHECK_EQ(c.net.ndns, -1);
	CHECK_EQ(c.net.nsearch, -1);
	CHECK_EQ(c.tap.fd, -1);
	CHECK_EQ(c.log_size, 1048576);
	CHECK_EQ(c.listen.ports.n, 0);
	CHECK(c.dhcp.on && c.dhcpv6.on && c.ndp.on && c.ndp.ra && c.ndp.managed);
	CHECK(c.dhcp.dns && c.dhcpv6.dns && c.ndp.dns && c.ndp.search);
	CHECK(c.fwd.map_gw && c.net.map_gw && !c.fwd.splice && !c.listen.splice);

	CHECK_EQ(parse("/usr/bin/pasta.avx2"), CONF_RUN);
	CHECK_EQ(c.mode, CONF_PASTA);
	CHECK_EQ(c.listen.ports.n, 4);
	CHECK_EQ(c.listen.ports.rule[0].mode, PORTS_AUTO);
	CHECK(!c.dhcp.dns && !c.ndp.dns && !c.dhcpv6.search);
	CHECK(c.fwd.splice && c.listen.splice && !c.ns.argv && !c.ns.pid);
	check_wrong("/pasta/qrap", "Cannot determine mode, invoke as \"passt\" or \"pasta\"");
}

/* Left to right: what ends the reading, what wins */
static void test_order(void)
{
	CHECK_EQ(parse("pasta --host-lo-to-ns-lo --version"), CONF_VERSION);
	CHECK_EQ(parse("passt --version --bogus"), CONF_VERSION);
	check_usage("passt --bogus --version", "passt: unrecognized option '--bogus'");
	CHECK_EQ(parse("passt --help -t foo"), CONF_HELP);
	CHECK_EQ(parse("passt -4 -6"), CONF_RUN);
	CHECK(c.net.only6 && !c.net.only4);
	CHECK_EQ(parse("passt -6 -4"), CONF_RUN);
	CHECK(c.net.only4 && !c.net.only6);
	CHECK_EQ(parse("passt -a 192.0.2.1 -a 192.0.2.2"), CONF_RUN);
	check_addr(&c.net.addr4, "192.0.2.2");
	CHECK_EQ(parse("passt -q -d"), CONF_RUN);
	CHECK_EQ(c.level, LOG_LVL_DEBUG);
	CHECK_EQ(parse("passt --no-dhcp-dns --dhcp-dns"), CONF_RUN);
	CHECK(c.dhcp.dns);
}

static void test_forms(void)
{
	CHECK_EQ(parse("passt -qf4m1280 -t22 --mtu=1400 --netm 24 --log-s=5"), CONF_RUN);
	CHECK(c.foreground && c.net.only4);
	CHECK_EQ(c.level, LOG_LVL_WARN);
	CHECK_EQ(c.net.mtu, 1400);
	CHECK_EQ(c.net.prefix4, 24);
	CHECK_EQ(c.log_size, 5);
	CHECK_EQ(c.listen.ports.rule[0].first, 22);
	check_usage("passt --no-d", "passt: option '--no-d' is ambiguous");
	check_usage("passt --no-dhcp=1", "passt: option '--no-dhcp' doesn't allow an argument");
	check_usage("passt --mtu", "passt: option '--mtu' requires an argument");
	check_usage("passt -qm", "passt: option requires an argument -- 'm'");
	check_usage("passt -qZ", "passt: invalid option -- 'Z'");
	CHECK_EQ(parse("passt --no-dhcp"), CONF_RUN);	/* though others begin so */
	CHECK(!c.dhcp.on && c.dhcpv6.on);
}

static void test_words(void)
{
	check_begins("passt -t foo", "Invalid port specifier 'foo'");
	check_begins("passt -a bogus", "Invalid guest address: bogus");
	check_wrong("passt -m 70000", "MTU 70000 too large (max 65521), --mtu");
	check_wrong("passt -m 67", "MTU 67 too small (min 68), --mtu");
	check_wrong("passt --netns x", "--netns is for pasta mode only");
	check_wrong("pasta --socket x", "--socket is for passt mode only");
	check_wrong("passt x", "Extra non-option argument: x");
	check_wrong("passt --vhost-user", "--vhost-user is not supported by this version");
	check_wrong("pasta --netns x 5", "Both --netns and PID or command given: 5");
	check_begins("passt -u auto", "Invalid port specifier 'auto' (--udp-ports: 'auto' is");
	check_begins("pasta -T 192.0.2.1/80", "Invalid port specifier '192.0.2.1/80' (--tcp-ns");
	check_begins("passt -i 0123456789abcdef", "Invalid interface name 0123456789abcdef");
}

/* Each of these is refused with a line that names the option */
static void test_bad_values(void)
{
	static const char *const bad[][2] = {
		{ "mtu", "x" }, { "mtu", "-1" }, { "mtu", "_" }, { "address", "0.0.0.0" },
		{ "address", "127.0.0.1" }, { "address", "224.0.0.1" }, { "address", "::" },
		{ "address", "10.0.0.1/33" }, { "address", "10.0.0.1/0" },
		{ "address", "10.0.0.1/" }, { "address", "10.0.0.1/x" }, { "netmask", "33" },
		{ "netmask", "255.0.255.0" }, { "netmask", "0" }, { "netmask", "_" },
		{ "netmask", "::1" }, { "mac-addr", "1:2:3:4:5:6" },
		{ "mac-addr", "01:00:00:00:00:00" }, { "mac-addr", "00:00:00:00:00:00" },
		{ "gateway", "x" }, { "gateway", "255.255.255.255" }, { "interface", "_" },
		{ "interface", "a/b" }, { "outbound", "ff02::1" }, { "outbound-if4", "_" },
		{ "dns", "x" }, { "dns-forward", "none" }, { "dns-host", "1" },
		{ "hostname", "_" }, { "map-host-loopback", "x" }, { "map-guest-addr", "_" },
		{ "fd", "2" }, { "fd", "x" }, { "fd", "4294967296" }, { "socket", "_" },
		{ "log-size", "0" }, { "log-file", "_" }, { "pid", "_" }, { "runas", "_" },
	};
	char line[TEXT], name[TEXT];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(line, sizeof(line), "passt --%s %s", bad[i][0], bad[i][1]);
		(void)snprintf(name, sizeof(name), "--%s", bad[i][0]);
		if (!check_one(parse(line) == CONF_WRONG && strstr(option_error(), name) &&
			       !strchr(option_error(), '\n'), __FILE__, __LINE__, "named"))
			printf("#   '%s': '%s'\n", line, option_error());
	}
	CHECK_EQ(parse("passt --fd 3"), CONF_RUN);
	CHECK(c.tap.fd == 3 && c.tap.one_off);
}

static void test_together(void)
{
	check_wrong("passt -6 -m 1000", "MTU 1000 too small (min 1280 with --ipv6-only)");
	check_wrong("passt -s x -F 5", "Both --socket and --fd given");
	check_wrong("pasta --userns x", "--userns needs --netns or a PID");
	check_wrong("pasta --userns x --netns-only 5", "Both --userns and --netns-only given");
	check_begins("passt -4 -a 2001:db8::1", "--address is of IPv6");
	check_begins("passt -6 -n 24", "--netmask is of IPv4");
	CHECK_EQ(parse("pasta --netns x"), CONF_RUN);
	CHECK(c.ns.netns_only);
	CHECK_EQ(parse("pasta --netns x --userns y"), CONF_RUN);
	CHECK(!c.ns.netns_only);
	CHECK_EQ(parse("passt --outbound-if6 eth1"), CONF_RUN);
	CHECK_STR(c.net.ifname, "eth1");
	CHECK_EQ(parse("passt --outbound-if6 eth1 -i eth0"), CONF_RUN);
	CHECK_STR(c.net.ifname, "eth0");
	CHECK_EQ(parse("pasta --no-dhcpv6 --no-splice"), CONF_RUN);
	CHECK(!c.ndp.managed && !c.fwd.splice);
}

/* Command lines of programs that call us */
static void test_podman(void)
{
	CHECK_EQ(parse("pasta --config-net -t 8000-8000:80-80 -t ::1/90-91:90-91 "
		       "--dns-forward 169.254.1.1 -u none -T none -U none --no-map-gw "
		       "--quiet --netns /run/x --map-guest-addr 169.254.1.2"), CONF_RUN);
	CHECK(c.config_net && !c.fwd.map_gw && !c.net.map_gw);
	CHECK_EQ(c.listen.ports.n, 2);
	CHECK_EQ(c.listen.ports.rule[0].delta, (uint16_t)(80 - 8000));
	check_addr(&c.listen.ports.rule[1].addr, "::1");
	check_addr(&c.fwd.dns4, "169.254.1.1");
	check_addr(&c.net.dns_forward4, "169.254.1.1");
	check_addr(&c.fwd.map_guest4, "169.254.1.2");
	CHECK_STR(c.ns.netns, "/run/x");
}

static void test_rootlesskit(void)
{
	log_stderr(false);
	CHECK_EQ(parse("pasta --stderr --ns-ifname=tap0 --mtu=65520 --config-net "
		       "--address=10.0.2.100 --netmask=24 --gateway=10.0.2.2 "
		       "--dns-forward=10.0.2.3 --ipv4-only --tcp-ports=auto "
		       "--udp-ports=none --host-lo-to-ns-lo 4711"), CONF_RUN);
	log_stderr(true);
	CHECK_STR(c.ns.ifname, "tap0");
	CHECK_EQ(c.net.mtu, 65520);
	check_addr(&c.net.addr4, "10.0.2.100");
	check_addr(&c.net.gw4, "10.0.2.2");
	CHECK_EQ(c.ns.pid, 4711);
	CHECK_EQ(c.listen.ports.n, 3);	/* and the two from the namespace */
}

static void test_qemu(void)
{
	CHECK_EQ(parse("passt --quiet --mtu 1500 --address 10.0.0.5/16 --dns 192.0.2.53 "
		       "--dns 2001:db8::53 --search a.example --search b.example "
		       "--map-host-loopback none --map-guest-addr 10.0.0.9 "
		       "--mac-addr 02:00:00:00:00:01 -H guest --fqdn guest.example "
		       "--tcp-ports 22,80:8080 --udp-ports %eth0/all --pid /tmp/p --fd 3"),
		 CONF_RUN);
	CHECK_EQ(c.net.prefix4, 16);
	CHECK_EQ(c.net.ndns, 2);
	check_addr(&c.net.dns[1], "2001:db8::53");
	CHECK_EQ(c.net.nsearch, 2);
	CHECK_STR(c.net.search[1], "b.example");
	CHECK(!c.fwd.map_gw);
	CHECK_EQ(c.net.mac[5], 1);
	CHECK_STR(c.net.fqdn, "guest.example");
	CHECK_STR(c.pid_file, "/tmp/p");
	CHECK_EQ(c.listen.ports.n, 3);
	CHECK_EQ(c.listen.ports.rule[2].proto, WIRE_UDP);
}

static void test_lists(void)
{
	char *argv[] = { (char[]){ "passt" }, (char[]){ "-S" }, (char[]){ " a  b c " }, NULL };

	CHECK_EQ(conf_parse(3, argv, &c), CONF_RUN);
	CHECK_EQ(c.net.nsearch, 3);
	CHECK_STR(c.net.search[2], "c");
	CHECK_EQ(parse("passt -S a -S none"), CONF_RUN);
	CHECK_EQ(c.net.nsearch, 0);
	CHECK_EQ(parse("passt -D 192.0.2.1 -D none"), CONF_RUN);
	CHECK_EQ(c.net.ndns, 0);
	CHECK_EQ(parse("passt -S a -S b -S c -S d -S e -S f -S g -S h -S i"), CONF_WRONG);
	CHECK_EQ(parse("passt -D1.1.1.1 -D1.1.1.1 -D1.1.1.1 -D1.1.1.1 -D1.1.1.1 -D1.1.1.1 "
		       "-D1.1.1.1 -D1.1.1.1 -D1.1.1.1 -D1.1.1.1 -D1.1.1.1 -D1.1.1.1 "
		       "-D1.1.1.1 -D1.1.1.1 -D1.1.1.1 -D1.1.1.1 -D1.1.1.1"), CONF_WRONG);
}

static void test_command(void)
{
	CHECK_EQ(parse("pasta -q sh -c --bogus"), CONF_RUN);
	CHECK_STR(c.ns.argv[0], "sh");
	CHECK_STR(c.ns.argv[2], "--bogus");
	CHECK(!c.ns.argv[3]);
	CHECK_EQ(parse("pasta -- --x"), CONF_RUN);
	CHECK_STR(c.ns.argv[0], "--x");
	CHECK_EQ(parse("pasta 12 13"), CONF_RUN);
	CHECK_STR(c.ns.argv[0], "12");
	check_wrong("pasta 0", "Invalid PID: 0");
	CHECK_EQ(parse("pasta -"), CONF_RUN);
	CHECK_STR(c.ns.argv[0], "-");
}

/* The table itself: names and letters are unique, every option can be reached */
static void test_table(void)
{
	static const char letters[] = "dqfelhscFIpPmaMngioDSH461tuTU";
	const struct conf_option *o, *p;
	char line[TEXT];

	for (o = option_table; o->name; o++) {
		CHECK(*o->name && strlen(o->name) < 24 && o->parse);
		CHECK(o->modes && !(o->modes & ~IN_BOTH));
		CHECK(!o->letter || strchr(letters, o->letter));
		for (p = option_table; p < o; p++) {
			CHECK(strcmp(o->name, p->name));
			CHECK(!o->letter || o->letter != p->letter);
		}
		(void)snprintf(line, sizeof(line), "%s --%s",
			       o->modes & IN_PASST ? "passt" : "pasta", o->name);
		log_stderr(false);
		CHECK_EQ(parse(line) == CONF_USAGE, !!o->arg);
		log_stderr(true);
	}
	for (size_t i = 0; letters[i]; i++) {
		bool found = false;

		for (o = option_table; o->name; o++)
			found |= o->letter == letters[i];
		if (!check_one(found, __FILE__, __LINE__, "letter"))
			printf("#   -%c\n", letters[i]);
	}
}

static void test_shown(void)
{
	const struct conf_option *o;
	char name[TEXT];
	const char *text;

	for (int mode = 0; mode < CONF_MODE_NUM; mode++) {
		text = conf_text(CONF_HELP, (enum conf_mode)mode, "me");
		CHECK(!strncmp(text, "Usage: me [OPTION]...", 21));
		CHECK_EQ(text[strlen(text) - 1], '\n');	/* nothing was cut off */
		for (o = option_table; o->name; o++) {
			(void)snprintf(name, sizeof(name), "--%s%s", o->name,
				       o->arg ? " " : "");
			CHECK_EQ(!!strstr(text, name), !!(o->modes & 1 << mode));
		}
	}
	text = conf_text(CONF_VERSION, CONF_PASTA, "me");
	CHECK(!strncmp(text, "pasta ", 6));
	CHECK(strstr(text, "GPL"));
	CHECK_STR(text + strlen(text) - 2, "\n\n");
	CHECK_EQ(parse("passt x"), CONF_WRONG);
	CHECK_STR(conf_text(CONF_WRONG, CONF_PASST, "me"),
		  "Extra non-option argument: x\n");
}

int main(void)
{
	RUN(test_defaults);
	RUN(test_order);
	RUN(test_forms);
	RUN(test_words);
	RUN(test_bad_values);
	RUN(test_together);
	RUN(test_podman);
	RUN(test_rootlesskit);
	RUN(test_qemu);
	RUN(test_lists);
	RUN(test_command);
	RUN(test_table);
	RUN(test_shown);
	return check_done();
}
