// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ports.c - port specifications
 *
 * Port specifications: fixed examples, then random ones against an oracle that
 * knows nothing of rules: where each of the 65536 ports leads.
 *
 * links: ports.c addr.c util.c
 */
#include "check.h"

#include "ports.h"
#include "wire.h"

enum { LOOPS = 3000, TEXT = 2048, ITEMS = 12 };

static struct ports_table t;

static const char *parse(const char *spec)
{
	memset(&t, 0, sizeof(t));
	return ports_parse(&t, WIRE_TCP, false, spec);
}

/* spread() - Where each port leads by the rules; false: two rules name one */
static bool spread(uint16_t map[PORTS_NUM])
{
	memset(map, 0, PORTS_NUM * sizeof(map[0]));
	for (unsigned i = 0; i < t.n; i++) {
		const struct ports_rule *r = &t.rule[i];

		for (uint32_t p = r->first; p <= r->last; p++) {
			if (map[p])
				return false;
			map[p] = (uint16_t)(p + r->delta);
		}
	}
	return true;
}

static void check_rule(unsigned n, unsigned first, unsigned last, unsigned to)
{
	const struct ports_rule *r = &t.rule[n];

	CHECK_EQ(r->first, first);
	CHECK_EQ(r->last, last);
	CHECK_EQ((uint16_t)(r->first + r->delta), to);
}

static void test_single(void)
{
	CHECK(!parse("22"));
	CHECK_EQ(t.n, 1);
	check_rule(0, 22, 22, 22);
	CHECK(t.rule[0].single && !t.rule[0].bound && !t.rule[0].in_ns);
	CHECK_EQ(t.rule[0].mode, PORTS_GIVEN);
	CHECK_EQ(t.rule[0].proto, WIRE_TCP);

	CHECK(!parse("22:23"));
	check_rule(0, 22, 22, 23);
	CHECK(!parse("8000-8000:80-80"));
	check_rule(0, 8000, 8000, 80);
	CHECK(t.rule[0].single);
	CHECK(!parse("65535:1"));
	check_rule(0, 65535, 65535, 1);
}

static void test_lists(void)
{
	CHECK(!parse("22,25"));
	CHECK_EQ(t.n, 2);
	CHECK(t.rule[0].item != t.rule[1].item);
	CHECK(!parse("22-80:32-90"));
	check_rule(0, 22, 80, 32);
	CHECK(!t.rule[0].single);
	CHECK(!parse("2000-5000,~3000-3010"));
	CHECK_EQ(t.n, 2);
	check_rule(0, 2000, 2999, 2000);
	check_rule(1, 3011, 5000, 3011);
	CHECK_EQ(t.rule[0].item, t.rule[1].item);
	CHECK(!parse("~25,20-30"));
	CHECK_EQ(t.n, 2);
	CHECK(!parse("1-3,~1-3"));
	CHECK_EQ(t.n, 0);
}

static void test_words(void)
{
	CHECK(!parse("all"));
	check_rule(0, 1, 65535, 1);
	CHECK_EQ(t.rule[0].mode, PORTS_ALL);
	CHECK(!parse("~20000-20010"));
	CHECK_EQ(t.n, 2);
	CHECK_EQ(t.rule[1].mode, PORTS_ALL);
	check_rule(1, 20011, 65535, 20011);
	CHECK(!parse("auto,~22"));
	CHECK_EQ(t.n, 2);
	CHECK_EQ(t.rule[0].mode, PORTS_AUTO);
	CHECK(!parse("none"));
	CHECK_EQ(t.n, 0);
}

/* test_none() - It takes back what was asked for one protocol and side only */
static void test_none(void)
{
	memset(&t, 0, sizeof(t));
	CHECK(!ports_parse(&t, WIRE_TCP, false, "1"));
	CHECK(!ports_parse(&t, WIRE_UDP, false, "2"));
	CHECK(!ports_parse(&t, WIRE_TCP, true, "3"));
	CHECK(!ports_parse(&t, WIRE_TCP, false, "4"));
	CHECK_EQ(t.n, 4);
	CHECK(!ports_parse(&t, WIRE_TCP, false, "none"));
	CHECK_EQ(t.n, 2);
	CHECK_EQ(t.rule[0].first, 2);
	CHECK_EQ(t.rule[1].first, 3);
	CHECK(t.rule[1].in_ns);
}

static void check_addr(const struct addr *a, const char *text)
{
	char got[ADDR_TEXT];

	CHECK_STR(addr_text(a, got), text);
}

static void test_bind(void)
{
	CHECK(!parse("192.0.2.1/22"));
	CHECK(t.rule[0].bound);
	check_addr(&t.rule[0].addr, "192.0.2.1");
	CHECK(!parse("192.0.2.1%eth0/20-30,~25"));
	CHECK_EQ(t.n, 2);
	CHECK_STR(t.rule[1].ifname, "eth0");
	check_addr(&t.rule[1].addr, "192.0.2.1");
	CHECK(!parse("%eth0/all"));
	CHECK(!t.rule[0].bound);
	CHECK_STR(t.rule[0].ifname, "eth0");
	CHECK(!parse("2001:db8::1/8080:80"));
	check_addr(&t.rule[0].addr, "2001:db8::1");
	check_rule(0, 8080, 8080, 80);
	CHECK(!parse("[::]/80"));
	CHECK(t.rule[0].bound);
	check_addr(&t.rule[0].addr, "::");
	CHECK(!parse("fe80::1%eth0/80"));
	CHECK_STR(t.rule[0].ifname, "eth0");
}

static void test_target(void)
{
	CHECK(!parse("8080:192.0.2.7:80"));
	check_rule(0, 8080, 8080, 80);
	check_addr(&t.rule[0].target, "192.0.2.7");
	CHECK(!parse("127.0.0.1/8080-8081:[2001:db8::7]:80-81"));
	check_rule(0, 8080, 8081, 80);
	check_addr(&t.rule[0].target, "2001:db8::7");
	CHECK(!parse("22:[192.0.2.7],23:192.0.2.8"));
	CHECK_EQ(t.n, 2);
	check_rule(0, 22, 22, 22);
	check_addr(&t.rule[0].target, "192.0.2.7");
	check_addr(&t.rule[1].target, "192.0.2.8");
}

static void test_wrong(void)
{
	static const char *const bad[] = {
		"", "foo", ",", "22,", ",22", "0", "65536", "-1", "1-", "-", "5-4", "+5",
		" 5", "5 ", "1-2-3", "0x10", "~", "~~1", "~1:2", "22:", "22:0", "1-2:3",
		"1-2:3-5", "22:foo", "22,22", "1-10,5:6", "all,5", "auto,all", "none,5",
		"5,none", "/22", "foo/22", "%/22", "192.0.2.1%/22", "%0123456789abcdef/22",
		"300.0.0.1/22", "[::1/22", "::1]/22", "[]/22", "[/22", "1/2/3", "22:[::1",
		"22:[:80", "22:[]:80", "22:[::1]80", "22:192.0.2.1:", "22:192.0.2.1:0",
		"22:0.0.0.0:80", "22:[ff02::1]:80", "22:224.0.0.1", "22:.", "22::.", "22::80",
		"22:1.2.3.4:80:90", "all:80", "auto:80", "ALL", "99999999999999999999",
	};
	static const struct ports_table before = { .n = 1, .rule[0].first = 7 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		t = before;
		if (!check_one(ports_parse(&t, WIRE_UDP, true, bad[i]), __FILE__,
			       __LINE__, "refused"))
			printf("#   '%s'\n", bad[i]);
		CHECK_MEM(&t, &before, sizeof(t));
	}
}

static void test_limits(void)
{
	static char text[64 * 1024];
	size_t len = 0;

	for (unsigned i = 0; i < PORTS_RULES; i++)
		len += (size_t)sprintf(text + len, "%s%u", i ? "," : "", i * 2 + 1);
	CHECK(!parse(text));
	CHECK_EQ(t.n, PORTS_RULES);
	CHECK_STR(ports_parse(&t, WIRE_TCP, false, "9"), "too many ranges");
	CHECK_EQ(t.n, PORTS_RULES);
	(void)sprintf(text + len, ",1001");
	CHECK_STR(parse(text), "too many ranges");

	memset(text, '1', sizeof(text) - 1);
	CHECK_STR(parse(text), "too long");
	text[sizeof(text) - 2] = '/';
	CHECK_STR(parse(text), "too long");
}

/* A random specification and what it means */
struct guess {
	char text[TEXT];
	uint16_t map[PORTS_NUM];
	bool twice;
};

static void guess_item(struct guess *g, size_t *len, bool out[PORTS_NUM])
{
	unsigned n = (unsigned)check_below(check_below(2) ? 20 : 3000);
	unsigned a = 1 + (unsigned)check_below(65535 - n), b, to;

	b = a + n;
	if (!check_below(3)) {
		for (unsigned p = a; p <= b; p++)
			out[p] = true;
		*len += (size_t)sprintf(g->text + *len, ",~%u-%u", a, b);
		return;
	}
	*len += (size_t)sprintf(g->text + *len, n ? ",%u-%u" : ",%u", a, b);
	if (check_below(2)) {
		to = 1 + (unsigned)check_below(65535 - (b - a));
		*len += (size_t)sprintf(g->text + *len, n ? ":%u-%u" : ":%u", to, to + b - a);
	} else {
		to = a;
	}
	for (unsigned p = a; p <= b; p++)
		g->map[p] = (uint16_t)(to + p - a);
}

/* guess() - Items one by one; whether one clashes is known when all are */
static void guess(struct guess *g)
{
	static bool out[PORTS_NUM], twice[PORTS_NUM];
	static uint16_t once[PORTS_NUM];
	unsigned n = 1 + (unsigned)check_below(ITEMS);
	size_t len = 0;

	memset(g, 0, sizeof(*g));
	memset(out, 0, sizeof(out));
	memset(twice, 0, sizeof(twice));
	memset(once, 0, sizeof(once));
	while (n--) {
		memset(g->map, 0, sizeof(g->map));
		guess_item(g, &len, out);
		for (unsigned p = 0; p < PORTS_NUM; p++) {
			twice[p] |= g->map[p] && once[p];
			once[p] = g->map[p] ? g->map[p] : once[p];
		}
	}
	for (unsigned p = 0; p < PORTS_NUM; p++) {
		g->twice |= twice[p] && !out[p];
		g->map[p] = out[p] ? 0 : once[p];
	}
}

static void test_random(void)
{
	static uint16_t map[PORTS_NUM];
	static struct guess g;
	unsigned fine = 0, twice = 0;

	for (int i = 0; i < LOOPS; i++) {
		const char *wrong, *p;
		bool only = true;

		guess(&g);
		for (p = g.text; (p = strchr(p, ',')); p++)
			only &= p[1] == '~';
		wrong = parse(g.text + 1);
		CHECK_EQ(!!wrong, g.twice);
		twice += g.twice;
		if (wrong || only)
			continue;
		fine++;
		CHECK(spread(map));
		CHECK_MEM(map, g.map, sizeof(map));
	}
	CHECK(fine > LOOPS / 4);
	CHECK(twice > LOOPS / 20);
}

static void test_set(void)
{
	static struct ports s;

	ports_clear(&s);
	for (unsigned p = 0; p < PORTS_NUM; p += 3)
		ports_add(&s, (uint16_t)p);
	for (unsigned p = 0; p < PORTS_NUM; p += 6)
		ports_remove(&s, (uint16_t)p);
	for (unsigned p = 0; p < PORTS_NUM; p++)
		CHECK_EQ(ports_has(&s, (uint16_t)p), p % 6 == 3);
}

int main(void)
{
	RUN(test_single);
	RUN(test_lists);
	RUN(test_words);
	RUN(test_none);
	RUN(test_bind);
	RUN(test_target);
	RUN(test_wrong);
	RUN(test_limits);
	RUN(test_set);
	RUN(test_random);
	return check_done();
}
