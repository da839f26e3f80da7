// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timer.c - unit test of ../../timer.c
 * links: timer.c
 *
 * The oracle is an array of deadlines, searched from one end to the other.
 * Time goes on as the loop lets it: to what timer_next() says, or to some event
 * before that, or far beyond it, as after the machine slept.
 */
#include "test/unit/check.h"

#include "timer.h"

enum {
	IDS = 200, ROUNDS = 200000,
	TICK = 1024,
	LATE = TICK + TICK / 16,	/* 1.1 ms */
};
static const uint64_t second = 1000000, day = UINT64_C(86400) * 1000000;

/* Deadlines, 0: none; and the same, but not before the time they were set at */
static uint64_t due[IDS], from[IDS];

/* id_of() - Ids are spread over all there are, those of modules among them */
static uint32_t id_of(unsigned i)
{
	return i ? TIMER_NUM - 1 - i * 1301 : TIMER_RA;
}

static int index_of(int64_t id)
{
	for (unsigned i = 0; i < IDS; i++) {
		if (id_of(i) == id)
			return (int)i;
	}
	return -1;
}

static uint64_t first_due(void)
{
	uint64_t first = TIMER_NEVER;

	for (unsigned i = 0; i < IDS; i++) {
		if (due[i] && from[i] < first)
			first = from[i];
	}
	return first;
}

static void reset(uint64_t now)
{
	timer_init(now);
	memset(due, 0, sizeof(due));
}

/* distance() - From some us to some weeks, each order of size as often */
static uint64_t distance(void)
{
	return check_below(UINT64_C(2) << check_below(42));
}

static void set(unsigned i, uint64_t at, uint64_t now)
{
	timer_set(id_of(i), at);
	due[i] = at;
	from[i] = at > now ? at : now;
}

/**
 * expire() - Take out what is due and compare
 * @now:	Time
 * @exact:	the loop slept until timer_next() at most: nothing is late
 */
static void expire(uint64_t now, bool exact)
{
	int64_t id;

	while ((id = timer_expired(now)) >= 0) {
		int i = index_of(id);

		CHECK(i >= 0 && due[i] && due[i] <= now);
		if (i < 0)
			return;
		if (exact)
			CHECK(now - from[i] <= LATE);
		CHECK_EQ(timer_due((uint32_t)id), TIMER_NEVER);
		due[i] = 0;
	}
	/* What is left is due in the future, or within the present tick */
	CHECK(first_due() > now || now - first_due() < TICK);
}

static void compare(uint64_t now)
{
	uint64_t first = first_due(), next = timer_next();

	CHECK_EQ(next == TIMER_NEVER, first == TIMER_NEVER);
	if (first == TIMER_NEVER)
		return;
	CHECK(next <= (first > now ? first : now) + LATE);
	CHECK(next > now);
	for (unsigned i = 0; i < IDS; i++) {
		if (timer_due(id_of(i)) != (due[i] ? due[i] : TIMER_NEVER))
			CHECK_EQ(timer_due(id_of(i)), due[i]);
	}
}

static void test_random(void)
{
	uint64_t now = 5 * day + 12345;

	reset(now);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned i = (unsigned)check_below(IDS);
		uint64_t next = timer_next();
		bool exact = true;

		switch (check_below(8)) {
		case 0:
		case 1:
			set(i, now + distance(), now);
			continue;
		case 2:
			set(i, now - check_below(4096), now);
			continue;
		case 3:
			timer_clear(id_of(i));
			due[i] = 0;
			continue;
		case 4:		/* an event comes before the deadline */
			now += check_below(3000);
			exact = now <= next;
			break;
		case 5:		/* the machine slept */
			if (check_below(64))
				continue;
			now += distance();
			exact = now <= next;
			break;
		default:	/* nothing comes */
			if (next == TIMER_NEVER)
				continue;
			now = next > now ? next : now;
			break;
		}
		expire(now, exact);
		if (round % 8 == 0)
			compare(now);
	}
}

/* From empty to empty, waking up only when told */
static void test_drain(void)
{
	uint64_t now = 3 * second;
	unsigned wakeups = 0;

	reset(now);
	for (unsigned i = 0; i < IDS; i++)
		set(i, now + 1 + distance(), now);
	while (timer_next() != TIMER_NEVER && wakeups < 100000) {
		now = timer_next();
		expire(now, true);
		wakeups++;
	}
	CHECK_EQ(first_due(), TIMER_NEVER);
	/* Each deadline, and each time it is sorted into a finer slot */
	CHECK(wakeups <= IDS * 6);
}

static void test_never(void)
{
	reset(second);
	CHECK_EQ(timer_next(), TIMER_NEVER);
	CHECK_EQ(timer_expired(second), -1);
	CHECK_EQ(timer_expired(100 * day), -1);
	CHECK_EQ(timer_due(7), TIMER_NEVER);
	timer_clear(7);
	timer_set(7, 101 * day);
	CHECK_EQ(timer_due(7), 101 * day);
	timer_set(7, TIMER_NEVER);
	CHECK_EQ(timer_due(7), TIMER_NEVER);
	CHECK_EQ(timer_next(), TIMER_NEVER);
}

/* Beyond what the wheel reaches: nothing early, nothing lost, few wake-ups */
static void test_days(void)
{
	static const uint64_t days[] = { 1, 12, 13, 25, 26, 400, 36500 };
	uint64_t now = 77 * second;

	for (size_t k = 0; k < sizeof(days) / sizeof(days[0]); k++) {
		unsigned wakeups = 0;
		uint64_t at;

		reset(now);
		at = now + days[k] * day + 333;
		set(3, at, now);
		while (due[3] && wakeups < 10000) {
			CHECK(timer_next() > now && timer_next() < at + LATE);
			now = timer_next();
			expire(now, true);
			wakeups++;
		}
		CHECK(now >= at && now - at <= LATE);
		CHECK(wakeups < 8 + days[k] / 12);
		CHECK_EQ(timer_next(), TIMER_NEVER);
	}
}

/* Each offset around each place where a level ends */
static void test_edges(void)
{
	for (unsigned shift = 10; shift <= 34; shift += 6) {
		for (int off = -2; off <= 2; off++) {
			uint64_t now = (UINT64_C(8) << shift) - UINT64_C(5) * TICK;
			uint64_t at = (UINT64_C(10) << shift) + (uint64_t)off * TICK;

			reset(now);
			set(0, at, now);
			set(1, at + 1, now);
			while (timer_next() != TIMER_NEVER) {
				CHECK(timer_next() > now);
				now = timer_next();
				expire(now, true);
			}
			CHECK_EQ(first_due(), TIMER_NEVER);
		}
	}
}

/* Not taking out all that is due delays nothing */
static void test_partly(void)
{
	reset(second);
	for (unsigned i = 0; i < 10; i++)
		set(i, second + 5000, second);
	CHECK(timer_expired(second + 7000) >= 0);
	CHECK(timer_next() <= second + 7000 + LATE);
	for (unsigned i = 0; i < 9; i++)
		CHECK(timer_expired(second + 7000) >= 0);
	CHECK_EQ(timer_expired(second + 7000), -1);
	CHECK_EQ(timer_next(), TIMER_NEVER);
}

/* A clock that stands still, or goes back, which it must not, does no harm */
static void test_back(void)
{
	reset(10 * second);
	set(1, 11 * second, 10 * second);
	CHECK_EQ(timer_expired(2 * second), -1);
	CHECK_EQ(timer_expired(10 * second), -1);
	CHECK_EQ(timer_expired(11 * second + LATE), id_of(1));
}

/* Each beginning is a beginning, whatever the time was at the one before */
static void test_init(void)
{
	timer_init(0);
	timer_set(9, 5000);
	timer_set(10, 90 * second);
	timer_init(second);
	CHECK_EQ(timer_due(9), TIMER_NEVER);
	CHECK_EQ(timer_due(10), TIMER_NEVER);
	CHECK_EQ(timer_next(), TIMER_NEVER);
	CHECK_EQ(timer_expired(day), -1);
}

int main(void)
{
	RUN(test_random);
	RUN(test_drain);
	RUN(test_never);
	RUN(test_days);
	RUN(test_edges);
	RUN(test_partly);
	RUN(test_back);
	RUN(test_init);
	return check_done();
}
