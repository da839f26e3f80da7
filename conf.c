// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conf.c - reading the command line
 *
 * Theory of operation
 *
 *   Arguments are read strictly from left to right, up to the first that is no
 *   option: behind it is the command to run in the namespace, and its options
 *   are its own.  What comes later wins, where two can not both hold.  `--help'
 *   and `--version' end the reading at once, so a wrong option behind them is
 *   not seen, and one in front of them is.
 *
 *   The forms are those of getopt_long(3), which is fed from the table of option.c
 *   and kept from writing to stderr.  The words for what is no option are its own
 *   too, those of glibc: programs that call us look for them.
 *
 *   What needs two options to be wrong is checked at the end, by check().  An
 *   error is a line of text; only conf_read() shows it and exits, so that the rest
 *   can be tested.
 */
#include "conf.h"

#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "wire.h"

#ifndef VERSION
#define VERSION "0.1"
#endif

enum {
	LONG_FIRST	= 256,		/* what getopt_long() calls the first of the table */
	HELP_COLUMN	= 30,		/* where the text begins */
	SHOWN_MAX	= 16 * 1024,
};

/**
 * struct conf_self - state of this file
 * @text:	what is shown
 * @len:	its length
 * @names:	the table as getopt_long() takes it
 * @letters:	its letters
 */
static struct {
	char text[SHOWN_MAX];
	size_t len;
	struct option names[OPTION_MAX];
	char letters[2 * OPTION_MAX + 2];
} self;

/* feed() - Make of the table what getopt_long() takes */
static void feed(void)
{
	const struct conf_option *o = option_table;
	char *l = self.letters;

	*l++ = '+';		/* stop at the first that is none */
	*l++ = ':';		/* tell what is missing from what is unknown */
	for (int i = 0; o->name; i++, o++) {
		self.names[i] = (struct option){ .name = o->name, .val = LONG_FIRST + i,
						 .has_arg = !!o->arg };
		if (o->letter)
			*l++ = o->letter;
		if (o->letter && o->arg)
			*l++ = ':';
	}
	*l = '\0';
}

/* find() - The option getopt_long() means by a number; the end of the table: none */
static const struct conf_option *find(int id)
{
	const struct conf_option *o = option_table;

	if (id >= LONG_FIRST)
		return &option_table[id - LONG_FIRST];
	while (o->name && o->letter != id)
		o++;
	return o;
}

/* begins() - Whether the name of an option begins so */
static bool begins(const char *text, size_t len)
{
	const struct conf_option *o = option_table;

	while (o->name && strncmp(o->name, text, len) != 0)
		o++;
	return o->name;
}

/**
 * usage() - Say what is wrong with the form, as getopt_long() would
 * @me:		What we were called as
 * @arg:	Argument that was looked at last
 * @missing:	An argument is missing, and nothing else
 */
static enum conf_result usage(const char *me, const char *arg, bool missing)
{
	const char *name = find(optopt)->name;

	if (!optopt && begins(arg + 2, strcspn(arg + 2, "=")))
		(void)option_wrong("%.128s: option '%.66s' is ambiguous", me, arg);
	else if (!optopt)
		(void)option_wrong("%.128s: unrecognized option '%.66s'", me, arg);
	else if (optopt >= LONG_FIRST)
		(void)option_wrong("%.128s: option '--%s' %s an argument", me, name,
				   missing ? "requires" : "doesn't allow");
	else
		(void)option_wrong("%.128s: %s -- '%c'", me, missing ?
				   "option requires an argument" : "invalid option", optopt);
	return CONF_USAGE;
}

/* take() - Do what an option asks for */
static bool take(struct conf *c, const struct conf_option *o, const char *arg)
{
	if (!(o->modes & 1 << c->mode))
		return option_wrong("--%s is for %s mode only", o->name,
				    o->modes == IN_PASST ? "passt" : "pasta");
	return o->parse(c, o, arg);
}

/* read_options() - All options, up to the first argument that is none */
static enum conf_result read_options(int argc, char **argv, struct conf *c)
{
	feed();
	opterr = 0;
	optind = 0;		/* begin anew */
	while (c->ask == CONF_RUN) {
		int id = getopt_long(argc, argv, self.letters, self.names, NULL);

		if (id == -1)
			break;
		if (id == '?' || id == ':')
			return usage(argv[0], argv[optind - 1], id == ':');
		if (!take(c, find(id), optarg))
			return CONF_WRONG;
	}
	return (enum conf_result)c->ask;
}

/* What is not an option, and what needs more than one to be wrong */

/* set_command() - A PID, or a command and its arguments: NULL at the end */
static bool set_command(char **rest, struct conf *c)
{
	uint32_t pid;

	if (!rest[0])
		return true;
	if (c->mode == CONF_PASST)
		return option_wrong("Extra non-option argument: %.128s", rest[0]);
	if (c->ns.netns)
		return option_wrong("Both --netns and PID or command given: %.128s", rest[0]);
	if (rest[1] || !util_parse_uint(rest[0], INT_MAX, &pid))
		c->ns.argv = rest;
	else if (pid)
		c->ns.pid = (pid_t)pid;
	else
		return option_wrong("Invalid PID: %.128s", rest[0]);
	return true;
}

/* check() - What only shows when all options are known */
static bool check(const struct conf *c)
{
	const struct net_conf *n = &c->net;

	if (c->ns.userns && !c->ns.netns && !c->ns.pid)
		return option_wrong("--userns needs --netns or a PID");
	if (c->ns.userns && c->ns.netns_only)
		return option_wrong("Both --userns and --netns-only given");
	if (c->tap.path && c->tap.fd >= 0)
		return option_wrong("Both --socket and --fd given");
	if (n->only6 && n->mtu > 0 && n->mtu < NET_MTU_MIN6)
		return option_wrong("MTU %i too small (min %i with --ipv6-only)", n->mtu,
				    NET_MTU_MIN6);
	if (n->only4 && !addr_is_none(&n->addr6))
		return option_wrong("--address is of IPv6, but --ipv4-only was given");
	if (n->only6 && !addr_is_none(&n->addr4))
		return option_wrong("--address is of IPv4, but --ipv6-only was given");
	if (n->only6 && n->prefix4 >= 0)
		return option_wrong("--netmask is of IPv4, but --ipv6-only was given");
	return true;
}

/* complete() - What follows from the options, and is wanted by several modules */
static void complete(struct conf *c)
{
	bool ns = c->mode == CONF_PASTA;

	for (int i = 0; ns && i < PORTS_OPTIONS; i++) {
		if (!c->ports_given[i])
			(void)ports_parse(&c->listen.ports, i & PORTS_UDP ? WIRE_UDP : WIRE_TCP,
					  i & PORTS_IN_NS, "auto");
	}
	c->tap.one_off |= c->tap.fd >= 0;
	c->net.only4 = c->only == 4;
	c->net.only6 = c->only == 6;
	c->net.map_gw = c->fwd.map_gw;
	c->net.dns_forward4 = c->fwd.dns4;
	c->net.dns_forward6 = c->fwd.dns6;
	c->listen.splice = ns && c->listen.splice;
	c->fwd.splice = c->listen.splice;
	c->dhcpv6.dns = c->ndp.dns = c->dhcp.dns;
	c->dhcpv6.search = c->ndp.search = c->dhcp.search;
	c->ndp.managed = c->dhcpv6.on;
	if (c->ns.netns && !c->ns.userns)
		c->ns.netns_only = true;
	if (!*c->net.ifname)
		memcpy(c->net.ifname, *c->sock.if4 ? c->sock.if4 : c->sock.if6,
		       sizeof(c->net.ifname));
}

/**
 * conf_parse() - Read the arguments
 * @argc:	Their number
 * @argv:	Arguments, NULL at the end; @c points into them
 * @c:		Filled
 *
 * Return: what to do; option_error() has the line that says what is wrong
 */
enum conf_result conf_parse(int argc, char **argv, struct conf *c)
{
	const char *me = argc ? argv[0] : "", *slash = strrchr(me, '/');
	bool pasta = strstr(slash ? slash : me, "pasta");
	enum conf_result rc;

	if (!pasta && !strstr(slash ? slash : me, "passt")) {
		(void)option_wrong("Cannot determine mode, invoke as \"passt\" or \"pasta\"");
		return CONF_WRONG;
	}
	option_begin(c, pasta ? CONF_PASTA : CONF_PASST);
	rc = read_options(argc, argv, c);
	if (rc != CONF_RUN)
		return rc;
	if (!set_command(argv + optind, c))
		return CONF_WRONG;
	complete(c);
	return check(c) ? CONF_RUN : CONF_WRONG;
}

/* Showing */

/* add() - Append to the text that is shown */
__attribute__((format(printf, 1, 2)))
static int add(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(self.text + self.len, sizeof(self.text) - self.len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(self.text) - self.len)
		return 0;
	self.len += (size_t)n;
	return n;
}

/* add_option() - Its names, then its help from a column of its own */
static void add_option(const struct conf_option *o)
{
	const char *text = o->help;
	int n = o->letter ? add("  -%c, ", o->letter) : add("      ");

	n += add("--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
	if (n >= HELP_COLUMN)
		n = add("\n") - 1;
	while (*text) {
		size_t len = strcspn(text, "\n");

		(void)add("%*s%.*s\n", HELP_COLUMN - n, "", (int)len, text);
		text += len + (text[len] != '\0');
		n = 0;
	}
}

/* add_group() - Options of exactly these modes */
static void add_group(const char *title, uint8_t modes)
{
	(void)add("\n%s:\n", title);
	for (const struct conf_option *o = option_table; o->name; o++) {
		if (o->modes == modes)
			add_option(o);
	}
}

/* add_help() - All of the options of a mode */
static void add_help(enum conf_mode mode, const char *me)
{
	bool ns = mode == CONF_PASTA;

	(void)add("Usage: %.256s [OPTION]...%s\n", me, ns ? " [COMMAND [ARGUMENT]...]" : "");
	if (ns)
		(void)add("       %.256s [OPTION]... PID\n"
			  "       %.256s [OPTION]... --netns PATH|NAME\n\n"
			  "Without COMMAND, PID or --netns, a shell is started in new\n"
			  "user and network namespaces.\n", me, me);
	add_group("Options", IN_BOTH);
	add_group(ns ? "Options for namespaces" : "Options for virtual machines",
		  ns ? IN_PASTA : IN_PASST);
}

/**
 * conf_text() - What to show, if the program shall not go on
 * @result:	Of conf_parse()
 * @mode:	In which mode
 * @argv0:	What we were called as
 *
 * Return: one or more lines, good until the next call
 */
const char *conf_text(enum conf_result result, enum conf_mode mode, const char *argv0)
{
	self.len = 0;
	self.text[0] = '\0';
	if (result == CONF_VERSION)
		(void)add("%s " VERSION "\n"
			  "Copyright the authors of this program\n"
			  "License GPL-2.0-or-later: GNU General Public License version 2 or\n"
			  "later <https://www.gnu.org/licenses/old-licenses/gpl-2.0.html>\n"
			  "This is free software: you are free to change and redistribute it.\n"
			  "There is NO WARRANTY, to the extent permitted by law.\n\n",
			  mode == CONF_PASTA ? "pasta" : "passt");
	if (result == CONF_USAGE || result == CONF_WRONG)
		(void)add("%s\n", option_error());
	if (result == CONF_USAGE || result == CONF_HELP)
		add_help(mode, argv0);
	return self.text;
}

/**
 * conf_read() - Read the arguments, and exit if that is what they ask for
 * @argc:	Their number
 * @argv:	Arguments; @c points into them
 * @c:		Filled
 *
 * Exits 0 after --help and --version, 1 after saying what is wrong.
 */
void conf_read(int argc, char **argv, struct conf *c)
{
	enum conf_result rc = conf_parse(argc, argv, c);

	if (rc != CONF_RUN)
		log_exit(rc == CONF_USAGE || rc == CONF_WRONG,
			 conf_text(rc, c->mode, argc ? argv[0] : ""));
}
