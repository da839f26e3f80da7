// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ports.c - what ports to forward: from text to rules
 *
 * Theory of operation
 *
 *   A specification, the argument of --tcp-ports and its like, is
 *
 *	spec	= "none" / [ bind "/" ] item *( "," item )
 *	bind	= address [ "%" interface ] / "%" interface
 *	item	= "all" / "auto" / "~" range / range [ ":" to ]
 *	to	= range / target / target ":" range
 *	target	= IPv4 address / "[" IPv4 or IPv6 address "]"
 *	range	= port [ "-" port ]
 *
 *   where the address may stand in brackets too.  Items that begin with "~" take
 *   ports out of all others of the same specification, wherever they stand; if
 *   there are no others, "all" is meant.  A range maps to one of equal length.
 *
 *   A rule is one contiguous range that is mapped in one way, so an item is cut
 *   where ports are taken out of it.  The excluded ports are collected first,
 *   then each item is walked, port by port, and gives a rule for each run of
 *   ports that are left.  A port that two items of one specification name is an
 *   error: which of the two is meant can not be told.
 *
 *   "none" takes back what was asked before for the same protocol and side.
 *
 *   Text comes from the command line, later from a control socket: nothing here
 *   trusts it, and the table is changed only once all of it was understood.
 */
#include "ports.h"

enum { ITEM_LEN = 128, PORT_MAX = PORTS_NUM - 1 };

/**
 * struct item - one item of a specification, parsed
 * @first:	first port
 * @last:	last port
 * @to:		where @first is mapped to
 * @target:	address on the other side, or addr_none
 * @mode:	enum ports_mode
 * @exclude:	take the range out of all others
 */
struct item {
	uint16_t first;
	uint16_t last;
	uint16_t to;
	struct addr target;
	enum ports_mode mode;
	bool exclude;
};

/**
 * struct draft - what a specification came to so far
 * @like:	rule that each rule begins as: what holds for all items
 * @out:	excluded ports
 * @seen:	ports named by an item
 * @table:	table to become the new one
 */
struct draft {
	struct ports_rule like;
	struct ports out;
	struct ports seen;
	struct ports_table table;
};

/**
 * ports_forget() - Take back all rules of a protocol and side
 * @t:		Table
 * @proto:	WIRE_TCP or WIRE_UDP
 * @in_ns:	Those that listen in the namespace; else those on the host
 */
void ports_forget(struct ports_table *t, uint8_t proto, bool in_ns)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < t->n; i++) {
		if (t->rule[i].proto != proto || t->rule[i].in_ns != in_ns)
			t->rule[kept++] = t->rule[i];
	}
	t->n = kept;
}

/* parse_port() - One port, 1..65535 */
static bool parse_port(const char *text, uint16_t *port)
{
	uint32_t v;

	if (!util_parse_uint(text, PORT_MAX, &v) || !v)
		return false;
	*port = (uint16_t)v;
	return true;
}

/* parse_range() - A port or two with a dash between; @text is cut there */
static bool parse_range(char *text, uint16_t *first, uint16_t *last)
{
	char *dash = strchr(text, '-');
	uint16_t a, b;

	if (dash)
		*dash++ = '\0';
	if (!parse_port(text, &a) || !parse_port(dash ? dash : text, &b) || b < a)
		return false;
	*first = a;
	*last = b;
	return true;
}

/* parse_addr() - An address, in brackets or not; @text is cut at the bracket */
static bool parse_addr(char *text, struct addr *a)
{
	size_t len = strlen(text);

	if (text[0] != '[')
		return addr_parse(text, a);
	if (text[len - 1] != ']')
		return false;
	text[len - 1] = '\0';
	return addr_parse(text + 1, a);
}

/**
 * parse_target() - The address in front of mapped ports, if there is one
 * @text:	What follows the first colon of an item; cut
 * @a:		Set if there is an address
 * @rest:	Set to the ports after it, NULL: there are none
 *
 * Return: false if there is an address that is none, or nowhere to send to
 */
static bool parse_target(char *text, struct addr *a, char **rest)
{
	char *end;

	*rest = text;
	if (text[0] == '[')
		end = strchr(text, ']');
	else if (strchr(text, '.'))
		end = text + strcspn(text, ":") - 1;
	else
		return true;
	if (!end || (end[1] && end[1] != ':'))
		return false;
	*rest = end[1] ? end + 2 : NULL;
	end[1] = '\0';
	return parse_addr(text, a) && addr_is_unicast(a);
}

/* parse_map() - What follows the first colon of an item: where it leads */
static const char *parse_map(char *text, struct item *it)
{
	uint16_t first, last;
	char *ports;

	if (!parse_target(text, &it->target, &ports))
		return "not an address of a host";
	if (!ports)
		return NULL;
	if (!parse_range(ports, &first, &last))
		return "not a port or range after ':'";
	if (last - first != it->last - it->first)
		return "ranges of different length";
	it->to = first;
	return NULL;
}

/**
 * parse_item() - One item
 * @text:	It alone; changed
 * @it:		Filled
 *
 * Return: NULL; what is wrong with it
 */
static const char *parse_item(char *text, struct item *it)
{
	char *colon = strchr(text, ':');

	*it = (struct item){ .first = 1, .last = PORT_MAX, .to = 1 };
	if (!strcmp(text, "all") || !strcmp(text, "auto")) {
		it->mode = strcmp(text, "all") ? PORTS_AUTO : PORTS_ALL;
		return NULL;
	}
	if (!strcmp(text, "none"))
		return "'none' stands alone";

	it->exclude = text[0] == '~';
	if (colon)
		*colon++ = '\0';
	if (!parse_range(text + it->exclude, &it->first, &it->last))
		return "not a port or range";
	it->to = it->first;
	if (!colon)
		return NULL;
	return it->exclude ? "excluded ports lead nowhere" : parse_map(colon, it);
}

/**
 * next_item() - Cut the next item off a specification
 * @pos:	Where it begins, moved behind it, NULL: that was the last
 * @it:		Filled
 *
 * Return: NULL; what is wrong with it
 */
static const char *next_item(const char **pos, struct item *it)
{
	size_t len = strcspn(*pos, ",");
	char text[ITEM_LEN];

	if (!util_copy_n(text, sizeof(text), *pos, len))
		return "too long";
	*pos = (*pos)[len] ? *pos + len + 1 : NULL;
	return parse_item(text, it);
}

/**
 * parse_bind() - What stands in front of the slash
 * @spec:	Specification
 * @like:	@addr, @bound and @ifname are set
 * @items:	Set to what follows the slash
 *
 * Return: NULL; what is wrong with it
 */
static const char *parse_bind(const char *spec, struct ports_rule *like,
			      const char **items)
{
	size_t len = strcspn(spec, "/");
	char text[ITEM_LEN];
	char *ifname;

	*items = spec;
	if (!spec[len])
		return NULL;
	*items = spec + len + 1;
	if (!util_copy_n(text, sizeof(text), spec, len))
		return "too long";

	ifname = strchr(text, '%');
	if (ifname) {
		*ifname++ = '\0';
		if (!*ifname || !util_copy(like->ifname, sizeof(like->ifname), ifname))
			return "not an interface name after '%'";
	}
	if (ifname && !*text)
		return NULL;
	if (!*text || !parse_addr(text, &like->addr))
		return "not an address before '/'";
	like->bound = true;
	return NULL;
}

/* add_run() - One more rule */
static bool add_run(struct draft *d, const struct item *it, uint16_t first,
		    uint16_t last)
{
	struct ports_table *t = &d->table;
	struct ports_rule *r = &t->rule[t->n];

	if (t->n == PORTS_RULES)
		return false;
	*r = d->like;
	r->first = first;
	r->last = last;
	r->delta = (uint16_t)(it->to - it->first);
	r->target = it->target;
	r->mode = (uint8_t)it->mode;
	r->single = it->first == it->last;
	r->item = t->items;
	t->n++;
	return true;
}

/**
 * add_item() - Rules for an item
 * @d:		Excluded ports are complete
 * @it:		Item, not one that excludes
 *
 * Return: NULL; why it can not be
 */
static const char *add_item(struct draft *d, const struct item *it)
{
	uint32_t begin = 0;	/* of the run, 0: in none */

	for (uint32_t p = it->first; p <= (uint32_t)it->last + 1; p++) {
		bool in = p <= it->last && !ports_has(&d->out, (uint16_t)p);

		if (in && ports_has(&d->seen, (uint16_t)p))
			return "names a port twice";
		if (in)
			ports_add(&d->seen, (uint16_t)p);
		if (in && !begin)
			begin = p;
		if (in || !begin)
			continue;
		if (!add_run(d, it, (uint16_t)begin, (uint16_t)(p - 1)))
			return "too many ranges";
		begin = 0;
	}
	d->table.items++;
	return NULL;
}

/**
 * exclude() - First walk: collect what is excluded, find what is wrong
 * @items:	Text
 * @d:		@out is filled
 * @only:	Set to whether there is nothing but exclusions
 *
 * Return: NULL; what is wrong
 */
static const char *exclude(const char *items, struct draft *d, bool *only)
{
	struct item it;

	*only = true;
	while (items) {
		const char *wrong = next_item(&items, &it);
		if (wrong)
			return wrong;
		*only &= it.exclude;
		for (uint32_t p = it.first; it.exclude && p <= it.last; p++)
			ports_add(&d->out, (uint16_t)p);
	}
	return NULL;
}

/* include() - Second walk: make the rules */
static const char *include(const char *items, struct draft *d)
{
	struct item it;

	while (items) {
		const char *wrong = next_item(&items, &it);
		if (!wrong && !it.exclude)
			wrong = add_item(d, &it);
		if (wrong)
			return wrong;
	}
	return NULL;
}

/**
 * ports_parse() - Add what a specification asks for to a table
 * @t:		Table, unchanged on failure
 * @proto:	WIRE_TCP or WIRE_UDP
 * @in_ns:	Listen in the namespace; else on the host
 * @spec:	Text
 *
 * Return: NULL; what is wrong, a few words (caller names option and argument)
 */
const char *ports_parse(struct ports_table *t, uint8_t proto, bool in_ns,
			const char *spec)
{
	static struct draft d;	/* 30 KiB: too large for the stack */
	const char *items, *wrong;
	bool only;

	if (!strcmp(spec, "none")) {
		ports_forget(t, proto, in_ns);
		return NULL;
	}
	memset(&d, 0, sizeof(d));
	d.table = *t;
	d.like.proto = proto;
	d.like.in_ns = in_ns;

	wrong = parse_bind(spec, &d.like, &items);
	if (!wrong)
		wrong = exclude(items, &d, &only);
	if (!wrong)
		wrong = include(only ? "all" : items, &d);
	if (wrong)
		return wrong;
	*t = d.table;
	return NULL;
}
