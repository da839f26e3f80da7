// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn.c - unit test of ../../conn.c
 * links: conn.c timer.c addr.c log.c util.c
 *
 * The oracle is a list of flows that is searched from one end to the other.
 * Ids are kept long after their flow is gone.
 */
#include "test/unit/check.h"

#include "conn.h"
#include "wire.h"

enum { FLOWS = 300, KEYS = 40, IDS = 400, ROUNDS = 30000 };

/**
 * struct flow - what the oracle knows of one entry in use
 * @id:		as conn_id() said
 * @c:		as conn_new() said
 * @kind:	kind
 * @key:	key
 * @hidden:	nobody finds it by its key
 */
static struct flow {
	uint64_t id;
	struct conn *c;
	enum conn_kind kind;
	struct conn_key key;
	bool hidden;
} flow[FLOWS];
static unsigned nflows;

/* key_of() - One of few keys, so that they come again */
static struct conn_key key_of(unsigned n)
{
	static const uint8_t proto[] = { WIRE_TCP, WIRE_UDP, WIRE_ICMP4, 0 };
	struct conn_key k = { .proto = proto[n % 4] };

	k.guest.b[15] = (uint8_t)(n / 4 % 2);
	k.gport = (uint16_t)(n / 8);
	return k;
}

static struct conn_key numbered(uint32_t n)
{
	struct conn_key k = { .proto = WIRE_TCP, .fport = (uint16_t)(n >> 16) };

	k.gport = (uint16_t)n;
	return k;
}

static const struct flow *by_key(const struct conn_key *key)
{
	for (unsigned i = 0; i < nflows; i++) {
		if (!flow[i].hidden && flow[i].key.proto &&
		    !memcmp(&flow[i].key, key, sizeof(*key)))
			return &flow[i];
	}
	return NULL;
}

static const struct flow *by_id(uint64_t id)
{
	for (unsigned i = 0; i < nflows; i++) {
		if (flow[i].id == id)
			return &flow[i];
	}
	return NULL;
}

static void add(void)
{
	struct conn_key key = key_of((unsigned)check_below(KEYS));
	struct flow *f = &flow[nflows];

	if (nflows == FLOWS || by_key(&key))
		return;
	f->kind = (enum conn_kind)(1 + check_below(CONN_KIND_NUM - 1));
	f->key = key;
	f->hidden = false;
	f->c = conn_new(f->kind, &key);
	f->id = conn_id(f->c);
	CHECK(f->id != CONN_NONE);
	CHECK(!by_id(f->id));
	CHECK_EQ(f->c->fd, -1);
	CHECK_EQ(f->c->kind, f->kind);
	CHECK_MEM(&f->c->key, &key, sizeof(key));
	CHECK(!f->c->tcp.una && !f->c->tcp.check_at);
	nflows++;
	memset(&f->c->tcp, 0xa5, sizeof(f->c->tcp));
	timer_set(conn_index(f->c), 5000000);
}

static void drop(unsigned i)
{
	uint32_t index = conn_index(flow[i].c);

	conn_free(flow[i].c);
	CHECK_EQ(timer_due(index), TIMER_NEVER);
	flow[i] = flow[--nflows];
}

/* compare() - Each key, some ids and the numbers against the oracle */
static void compare(const uint64_t *ids, unsigned nids)
{
	unsigned num[CONN_KIND_NUM] = { 0 };

	for (unsigned n = 0; n < KEYS; n++) {
		struct conn_key key = key_of(n);
		const struct flow *f = by_key(&key);

		CHECK(conn_find(&key) == (f ? f->c : NULL));
	}
	for (unsigned n = 0; n < nids; n++) {
		const struct flow *f = by_id(ids[n]);

		CHECK(conn_get(ids[n]) == (f ? f->c : NULL));
	}
	for (unsigned i = 0; i < nflows; i++) {
		num[flow[i].kind]++;
		CHECK(conn_at(conn_index(flow[i].c)) == flow[i].c);
	}
	for (int k = 1; k < CONN_KIND_NUM; k++)
		CHECK_EQ(conn_count((enum conn_kind)k), num[k]);
}

static void test_random(void)
{
	static uint64_t ids[IDS];
	unsigned nids = 0;

	conn_init();
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned what = (unsigned)check_below(16);

		if (what < 8)
			add();
		else if (what < 13 && nflows)
			drop((unsigned)check_below(nflows));
		if (what == 13 && nflows) {
			struct flow *f = &flow[check_below(nflows)];

			conn_hide(f->c);
			f->hidden = true;
		}
		if (what < 8 && nflows)
			ids[nids++ % IDS] = flow[nflows - 1].id;
		if (round % 64 == 0)
			compare(ids, nids < IDS ? nids : IDS);
	}
	while (nflows)
		drop(0);
	compare(ids, IDS);
}

/* An event for the flow before finds nobody, though the entry is the same */
static void test_stale(void)
{
	struct conn_key key = numbered(1);
	struct conn *c;
	uint64_t old;

	conn_init();
	CHECK(!conn_get(CONN_NONE));
	CHECK(!conn_get(UINT64_MAX));
	CHECK(!conn_at(0));
	c = conn_new(CONN_TCP, &key);
	old = conn_id(c);
	CHECK(conn_get(old) == c);
	CHECK(!conn_get(old + 1));
	conn_free(c);
	CHECK(!conn_get(old));
	CHECK(!conn_get(old + 1));
	CHECK(!conn_at(0));
	CHECK(conn_new(CONN_UDP, &key) == c);
	CHECK(!conn_get(old));
	CHECK(conn_get(conn_id(c)) == c);
}

/* thin_out() - Take flows out of a full table, where chains are long; others stay */
static void thin_out(void)
{
	uint32_t lost = 0;

	for (uint32_t i = 0; i < CONN_MAX; i += 3)
		conn_free(conn_at(i));
	for (uint32_t i = 0; i < CONN_MAX; i++) {
		struct conn_key key = numbered(i == 4711 ? CONN_MAX : i);
		const struct conn *c = conn_find(&key);

		lost += i % 3 ? !c || conn_index(c) != i : c != NULL;
	}
	CHECK_EQ(lost, 0);
}

/* A full table refuses, keeps all, and goes on when one went */
static void test_full(void)
{
	struct conn_key key;
	struct conn *c;

	conn_init();
	for (uint32_t i = 0; i < CONN_MAX; i++) {
		key = numbered(i);
		c = conn_new(CONN_TCP, &key);
		if (!c || conn_index(c) != i)
			break;
	}
	CHECK_EQ(conn_count(CONN_TCP), CONN_MAX);
	key = numbered(CONN_MAX);
	CHECK(!conn_new(CONN_TCP, &key));
	CHECK(!conn_find(&key));
	for (uint32_t i = 0; i < CONN_MAX; i++) {
		key = numbered(i);
		c = conn_find(&key);
		if (!c || conn_index(c) != i)
			break;
	}
	CHECK(c && conn_index(c) == CONN_MAX - 1);
	conn_free(conn_at(4711));
	key = numbered(CONN_MAX);
	c = conn_new(CONN_TCP, &key);
	CHECK(c && conn_index(c) == 4711);
	CHECK(conn_find(&key) == c);
	CHECK(!conn_new(CONN_TCP, &key));
	thin_out();
	conn_init();
	CHECK_EQ(conn_count(CONN_TCP), 0);
	for (uint32_t i = 0; i < CONN_MAX; i++)
		CHECK(!conn_at(i));
	CHECK(!conn_find(&key));
}

/* The same addresses may be used again beside a hidden flow */
static void test_hide(void)
{
	struct conn_key key = numbered(7);
	struct conn *a, *b;

	conn_init();
	a = conn_new(CONN_TCP, &key);
	conn_hide(a);
	CHECK(!conn_find(&key));
	CHECK(conn_get(conn_id(a)) == a);
	conn_hide(a);
	b = conn_new(CONN_TCP, &key);
	CHECK(conn_find(&key) == b);
	conn_free(a);
	CHECK(conn_find(&key) == b);
	CHECK_EQ(conn_count(CONN_TCP), 1);
	conn_free(b);
	CHECK(!conn_find(&key));
}

/* Found by its new ends, and no more by the old ones; its id stays */
static void test_move(void)
{
	struct conn_key from = numbered(7), to = numbered(8), other = numbered(9);
	struct conn *c;
	uint64_t id;

	conn_init();
	(void)conn_new(CONN_TCP, &other);
	c = conn_new(CONN_TCP, &from);
	id = conn_id(c);
	CHECK(conn_find(&from) == c);
	conn_move(c, &to);
	CHECK(!conn_find(&from));
	CHECK(conn_find(&to) == c);
	CHECK(conn_find(&other) && conn_find(&other) != c);
	CHECK(conn_get(id) == c);
	conn_free(c);
	CHECK(!conn_find(&to));
}

static void test_text(void)
{
	struct conn_key key = { .proto = WIRE_TCP, .gport = 40000, .fport = 80 };
	struct conn *c;

	conn_init();
	CHECK(addr_parse("192.0.2.2", &key.guest));
	CHECK(addr_parse("2001:db8::1", &key.far));
	c = conn_new(CONN_TCP, &key);
	CHECK_STR(conn_text(c), "0.1 tcp 192.0.2.2:40000 > 2001:db8::1:80");
	conn_free(c);
	c = conn_new(CONN_SPLICE, &key);
	CHECK_STR(conn_text(c), "0.2 splice 192.0.2.2:40000 > 2001:db8::1:80");
}

/* Secret: another one each time; a hash: the same each time within one */
static void test_secret(void)
{
	uint64_t one;

	conn_init();
	one = conn_secret_hash("abc", 3);
	CHECK(conn_secret_hash("abc", 3) == one);
	CHECK(conn_secret_hash("abd", 3) != one);
	conn_init();
	CHECK(conn_secret_hash("abc", 3) != one);
}

int main(void)
{
	timer_init(1000000);
	RUN(test_random);
	RUN(test_stale);
	RUN(test_full);
	RUN(test_hide);
	RUN(test_move);
	RUN(test_text);
	RUN(test_secret);
	return check_done();
}
