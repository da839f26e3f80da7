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
 *   The forms are those of getopt_long(3): `--name value', `--name=value', names
 *   cut short as long as one fits, `-n value', `-nvalue', and `-abc'.  So are
 *   the words for what is no option, which programs that call us look for.
 *   getopt_long() itself writes to stderr, keeps state and wants tables of its
 *   own, so it is not used: the table of option.c is.
 *
 *   What needs two options to be wrong is checked at the end, by check().  An
 *   error is a line of text; only conf_read() shows it and exits, so that the rest
 *   can be tested.
 */
#include "conf.h"

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
	TEXT_LEN	= 256,
	HELP_COLUMN	= 30,		/* where the text begins */
	SHOWN_MAX	= 16 * 1024,
};

/**
 * struct conf_self - state of this file
 * @text:	what is shown
 * @len:	its length
 */
static struct {
	char text[SHOWN_MAX];
	size_t len;
} self;

/* find_letter() - The option of a letter, NULL: none */
static const struct option *find_letter(char letter)
{
	const struct option *o;

	for (size_t i = 0; (o = option_at(i)); i++) {
		if (o->letter && o->letter == letter)
			break;
	}
	return o;
}

/**
 * find_name() - The option of a name, or of the beginning of one
 * @name:	Text
 * @len:	Its length
 * @several:	Set: more than one begins so
 *
 * Return: option; NULL: none, or several
 */
static const struct option *find_name(const char *name, size_t len, bool *several)
{
	const struct option *found = NULL, *o;

	*several = false;
	for (size_t i = 0; (o = option_at(i)); i++) {
		if (strncmp(o->name, name, len))
			continue;
		if (!o->name[len]) {
			*several = false;
			return o;
		}
		if (found)
			*several = true;
		found = o;
	}
	return *several ? NULL : found;
}

/**
 * struct reader - where in the arguments we are
 * @argc:	number of arguments
 * @argv:	the arguments
 * @next:	the one to read next
 * @cluster:	letters left in the one being read, NULL: none
 */
struct reader {
	int argc;
	char **argv;
	int next;
	const char *cluster;
};

/* usage() - Say what is wrong with the form, as getopt_long() would */
__attribute__((format(printf, 2, 3)))
static enum conf_result usage(const struct reader *r, const char *fmt, ...)
{
	char text[TEXT_LEN];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)option_wrong("%.128s: %s", r->argv[0], text);
	return CONF_USAGE;
}

/* take() - Do what an option asks for */
static enum conf_result take(struct conf *c, const struct option *o, const char *arg)
{
	enum conf_mode only = o->modes == IN_PASST ? CONF_PASST : CONF_PASTA;

	if (!(o->modes & 1 << c->mode)) {
		(void)option_wrong("--%s is for %s mode only", o->name,
			    only == CONF_PASST ? "passt" : "pasta");
		return CONF_WRONG;
	}
	switch (o->parse(c, o, arg)) {
	case OPTION_OK:
		return CONF_RUN;
	case OPTION_HELP:
		return CONF_HELP;
	case OPTION_VERSION:
		return CONF_VERSION;
	case OPTION_WRONG:
	case OPTION_VERDICT_NUM:
	default:
		return CONF_WRONG;
	}
}

/* read_long() - An argument that begins with two dashes */
static enum conf_result read_long(struct reader *r, struct conf *c)
{
	const char *name = r->argv[r->next++] + 2, *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	const struct option *o;
	bool several;

	o = find_name(name, len, &several);
	if (several)
		return usage(r, "option '--%.64s' is ambiguous", name);
	if (!o)
		return usage(r, "unrecognized option '--%.64s'", name);
	if (!o->arg && eq)
		return usage(r, "option '--%s' doesn't allow an argument", o->name);
	if (!o->arg)
		return take(c, o, NULL);
	if (eq)
		return take(c, o, eq + 1);
	if (r->next == r->argc)
		return usage(r, "option '--%s' requires an argument", o->name);
	return take(c, o, r->argv[r->next++]);
}

/* read_letter() - The next letter of an argument that begins with one dash */
static enum conf_result read_letter(struct reader *r, struct conf *c)
{
	char letter = *r->cluster++;
	const struct option *o = find_letter(letter);
	const char *rest = r->cluster;

	if (!*rest)
		r->cluster = NULL;
	if (!o)
		return usage(r, "invalid option -- '%c'", letter);
	if (!o->arg)
		return take(c, o, NULL);
	r->cluster = NULL;
	if (*rest)
		return take(c, o, rest);
	if (r->next == r->argc)
		return usage(r, "option requires an argument -- '%c'", letter);
	return take(c, o, r->argv[r->next++]);
}

/* read_options() - All options, up to the first argument that is none */
static enum conf_result read_options(struct reader *r, struct conf *c)
{
	enum conf_result rc = CONF_RUN;

	while (rc == CONF_RUN) {
		const char *arg = r->next < r->argc ? r->argv[r->next] : "";

		if (r->cluster) {
			rc = read_letter(r, c);
		} else if (!strcmp(arg, "--")) {
			r->next++;
			break;
		} else if (!strncmp(arg, "--", 2)) {
			rc = read_long(r, c);
		} else if (arg[0] == '-' && arg[1]) {
			r->cluster = arg + 1;
			r->next++;
		} else {
			break;
		}
	}
	return rc;
}

/* What is not an option, and what needs more than one to be wrong */

/* set_command() - A PID, or a command and its arguments */
static enum option_verdict set_command(const struct reader *r, struct conf *c)
{
	char **rest = r->argv + r->next;
	int n = r->argc - r->next;
	uint32_t pid;

	if (!n)
		return OPTION_OK;
	if (c->mode == CONF_PASST)
		return option_wrong("Extra non-option argument: %.128s", rest[0]);
	if (c->ns.netns)
		return option_wrong("Both --netns and PID or command given: %.128s", rest[0]);
	if (n == 1 && util_parse_uint(rest[0], INT_MAX, &pid)) {
		if (!pid)
			return option_wrong("Invalid PID: %.128s", rest[0]);
		c->ns.pid = (pid_t)pid;
		return OPTION_OK;
	}
	c->ns.argv = rest;
	return OPTION_OK;
}

/* check() - What only shows when all options are known */
static enum option_verdict check(const struct conf *c)
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
	return OPTION_OK;
}

/* complete() - What follows from the options, and is wanted by several modules */
static void complete(struct conf *c)
{
	bool ns = c->mode == CONF_PASTA;

	for (int i = 0; ns && i < PORTS_OPTIONS; i++) {
		if (!c->ports_given[i])
			(void)ports_parse(&c->listen.ports,
					  i & PORTS_UDP ? WIRE_UDP : WIRE_TCP,
					  i & PORTS_IN_NS, "auto");
	}
	c->listen.splice = ns && c->listen.splice;
	c->listen.no_tcp = c->no_tcp;
	c->listen.no_udp = c->no_udp;
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

/* find_mode() - What we are called; false: neither */
static bool find_mode(const char *argv0, enum conf_mode *mode)
{
	const char *slash = strrchr(argv0, '/'), *base = slash ? slash + 1 : argv0;

	if (strstr(base, "pasta"))
		*mode = CONF_PASTA;
	else if (strstr(base, "passt"))
		*mode = CONF_PASST;
	else
		return false;
	return true;
}

/**
 * conf_parse() - Read the arguments
 * @argc:	Their number
 * @argv:	Arguments; @c points into them
 * @c:		Filled
 *
 * Return: what to do; option_error() has the line that says what is wrong
 */
enum conf_result conf_parse(int argc, char **argv, struct conf *c)
{
	struct reader r = { .argc = argc, .argv = argv, .next = 1 };
	enum conf_mode mode = CONF_PASST;
	enum conf_result rc;

	if (argc < 1 || !find_mode(argv[0], &mode)) {
		(void)option_wrong("Cannot determine mode, invoke as \"passt\" or \"pasta\"");
		return CONF_WRONG;
	}
	option_begin(c, mode);
	rc = read_options(&r, c);
	if (rc != CONF_RUN)
		return rc;
	if (set_command(&r, c) == OPTION_WRONG || check(c) == OPTION_WRONG)
		return CONF_WRONG;
	complete(c);
	return CONF_RUN;
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
static void add_option(const struct option *o)
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
	const struct option *o;

	(void)add("\n%s:\n", title);
	for (size_t i = 0; (o = option_at(i)); i++) {
		if (o->modes == modes)
			add_option(o);
	}
}

/* add_help() - All of the options of a mode */
static void add_help(enum conf_mode mode, const char *argv0)
{
	if (mode == CONF_PASTA)
		(void)add("Usage: %.256s [OPTION]... [COMMAND [ARGUMENT]...]\n"
			  "       %.256s [OPTION]... PID\n"
			  "       %.256s [OPTION]... --netns PATH|NAME\n\n"
			  "Without COMMAND, PID or --netns, a shell is started in new\n"
			  "user and network namespaces.\n", argv0, argv0, argv0);
	else
		(void)add("Usage: %.256s [OPTION]...\n", argv0);
	add_group("Options", IN_BOTH);
	if (mode == CONF_PASTA)
		add_group("Options for namespaces", IN_PASTA);
	else
		add_group("Options for virtual machines", IN_PASST);
}

static void add_version(enum conf_mode mode)
{
	(void)add("%s " VERSION "\n"
		  "Copyright the authors of this program\n"
		  "License GPL-2.0-or-later: GNU General Public License version 2 or\n"
		  "later <https://www.gnu.org/licenses/old-licenses/gpl-2.0.html>\n"
		  "This is free software: you are free to change and redistribute it.\n"
		  "There is NO WARRANTY, to the extent permitted by law.\n\n",
		  mode == CONF_PASTA ? "pasta" : "passt");
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
		add_version(mode);
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
