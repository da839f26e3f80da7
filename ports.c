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
 *   where ports are taken out of it.  All items are read first, exclusions into a
 *   set of ports, the others each as the rule it were alone.  Then each of these
 *   is walked, port by port, and gives a rule for each run of ports that are left.
 *   A port that two items of one specification name is an error: which of the two
 *   is meant can not be told.
 *
 *   "none" takes back what was asked before for the same protocol and side.
 *
 *   Text comes from the command line, later from a control socket: nothing here
 *   trusts it, and the table is changed only once all of it was understood.
 */
#include "ports.h"

enum { SPEC_LEN = 16 * 1024, PORT_MAX = PORTS_NUM - 1 };

/**
 * struct draft - what a specification came to so far
 * @text:	copy of it, cut up
 * @item:	items that name ports, each as one rule
 * @n:		their number
 * @out:	excluded ports
 * @seen:	ports named by an item
 * @table:	table to become the new one
 */
struct draft {
	char text[SPEC_LEN];
	struct ports_rule item[PORTS_RULES];
	unsigned n;
	struct ports out;
	struct ports seen;
	struct ports_table table;
};

/* forget() - Take back all rules of a protocol and side */
static void forget(struct ports_table *t, uint8_t proto, bool in_ns)
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
	char *low = strsep(&text, "-");

	return parse_port(low, first) && parse_port(text ? text : low, last) && *first <= *last;
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
 * parse_to() - What follows the first colon of an item: where it leads
 * @text:	Address, ports, or both with a colon between; cut
 * @r:		Its range is known; target and delta are set
 *
 * Return: NULL; what is wrong with it
 */
static const char *parse_to(char *text, struct ports_rule *r)
{
	uint16_t first, last;

	if (text[0] == '[' || strchr(text, '.')) {
		char *target = text;

		text = text[0] == '[' ? strchrnul(text, ']') : text;
		(void)strsep(&text, ":");
		if (!parse_addr(target, &r->target) || !addr_is_unicast(&r->target))
			return "not an address of a host";
	}
	if (!text)
		return NULL;
	if (!parse_range(text, &first, &last))
		return "not a port or range after ':'";
	if (last - first != r->last - r->first)
		return "ranges of different length";
	r->delta = (uint16_t)(first - r->first);
	return NULL;
}

/**
 * parse_item() - One item
 * @text:	It alone; cut
 * @like:	What holds for all items of the specification
 * @d:		Ports to exclude, or one more rule in @item
 *
 * Return: NULL; what is wrong with it
 */
static const char *parse_item(char *text, const struct ports_rule *like, struct draft *d)
{
	bool all = !strcmp(text, "all"), out = text[0] == '~';
	struct ports_rule r = *like;
	const char *wrong = NULL;

	if (!strcmp(text, "none"))
		return "'none' stands alone";
	if (all || !strcmp(text, "auto")) {
		r.mode = all ? PORTS_ALL : PORTS_AUTO;
		r.first = 1;
		r.last = PORT_MAX;
	} else {
		if (!parse_range(strsep(&text, ":") + out, &r.first, &r.last))
			return "not a port or range";
		if (text)
			wrong = out ? "excluded ports lead nowhere" : parse_to(text, &r);
	}
	if (wrong)
		return wrong;
	for (uint32_t p = r.first; out && p <= r.last; p++)
		ports_add(&d->out, (uint16_t)p);
	if (out)
		return NULL;
	if (d->n == PORTS_RULES)
		return "too many ranges";
	r.single = r.first == r.last;
	d->item[d->n++] = r;
	return NULL;
}

/**
 * parse_bind() - What stands in front of the slash
 * @text:	It alone; cut
 * @like:	Address, whether there is one, and interface are set
 *
 * Return: NULL; what is wrong with it
 */
static const char *parse_bind(char *text, struct ports_rule *like)
{
	char *ifname = text, *addr = strsep(&ifname, "%");

	if (ifname && (!*ifname || !util_copy(like->ifname, sizeof(like->ifname), ifname)))
		return "not an interface name after '%'";
	like->bound = !ifname || *addr;
	if (like->bound && !parse_addr(addr, &like->addr))
		return "not an address before '/'";
	return NULL;
}

/**
 * add_item() - Rules for an item: one for each run of ports that are not excluded
 * @d:		Excluded ports are complete
 * @item:	It, as one rule
 *
 * Return: NULL; why it can not be
 */
static const char *add_item(struct draft *d, const struct ports_rule *item)
{
	struct ports_table *t = &d->table;
	struct ports_rule *r = NULL;

	for (uint32_t p = item->first; p <= item->last; p++) {
		if (ports_has(&d->out, (uint16_t)p)) {
			r = NULL;
			continue;
		}
		if (ports_has(&d->seen, (uint16_t)p))
			return "names a port twice";
		ports_add(&d->seen, (uint16_t)p);
		if (!r) {
			if (t->n == PORTS_RULES)
				return "too many ranges";
			r = &t->rule[t->n++];
			*r = *item;
			r->item = t->items;
			r->first = (uint16_t)p;
		}
		r->last = (uint16_t)p;
	}
	t->items++;
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
const char *ports_parse(struct ports_table *t, uint8_t proto, bool in_ns, const char *spec)
{
	static struct draft d;	/* too large for the stack */
	struct ports_rule like = { .proto = proto, .in_ns = in_ns };
	const char *wrong = NULL;
	char *items = d.text;

	if (!strcmp(spec, "none")) {
		forget(t, proto, in_ns);
		return NULL;
	}
	memset(&d, 0, sizeof(d));
	d.table = *t;
	if (!util_copy(d.text, sizeof(d.text), spec))
		return "too long";
	if (strchr(items, '/'))
		wrong = parse_bind(strsep(&items, "/"), &like);
	while (!wrong && items)
		wrong = parse_item(strsep(&items, ","), &like, &d);
	if (!wrong && !d.n) {
		char all[] = "all";

		wrong = parse_item(all, &like, &d);
	}
	for (unsigned i = 0; !wrong && i < d.n; i++)
		wrong = add_item(&d, &d.item[i]);
	if (!wrong)
		*t = d.table;
	return wrong;
}
