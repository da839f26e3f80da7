// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * moderate.c - unit test of ../../moderate.c
 * links: moderate.c util.c
 *
 * Guests are simulated: each has a clock of its own, and something to send.
 */
#include "test/unit/check.h"

#include "moderate.h"
#include "util.h"

enum { FRAME = 1514, HANDLE_US = 10 };

#define SECOND UINT64_C(1000000)

/**
 * struct guest - how a guest sends
 * @gap:	us for a frame
 * @window:	bytes it sends before it waits for us, 0: it never waits
 * @request:	a socket has something to say each so many us, 0: never
 */
struct guest {
	uint32_t gap;
	uint32_t window;
	uint32_t request;
};

/* What came of a second or more */
struct outcome {
	uint64_t bytes;
	uint64_t looks;
	uint64_t paused;
	uint64_t us;
};

/* run() - Have a guest send for some seconds; what it does depends on our pauses */
static struct outcome run(const struct guest *g, unsigned seconds)
{
	uint64_t now = SECOND, end = now + seconds * SECOND, ready = now;
	uint64_t asked = now;
	struct outcome o = { .us = seconds * SECOND };

	moderate_init();
	if (g->request)
		CHECK_EQ(moderate(false, 0, now), 0);
	while (now < end) {
		uint32_t frames, pause;
		bool alone = true;

		/* It sleeps until there is a frame, and finds what is there by then */
		now = now > ready + g->gap ? now : ready + g->gap;
		frames = (uint32_t)((now - ready) / g->gap);
		if (g->window)
			frames = min_u32(frames, g->window / FRAME);
		if (g->request && now - asked >= g->request) {
			asked = now;
			alone = false;
		}
		now += HANDLE_US;
		o.looks++;
		o.bytes += (uint64_t)frames * FRAME;
		pause = moderate(alone, frames * FRAME, now);
		/* Who waits for us goes on now; who does not went on before */
		ready = g->window ? now : ready + (uint64_t)frames * g->gap;
		now += pause;
		o.paused += pause;
		CHECK(pause <= 512);
	}
	return o;
}

/* One that goes on to send is looked at less often, and sends as much */
static void test_free(void)
{
	static const uint32_t gaps[] = { 20, 50, 100, 150 };

	for (size_t i = 0; i < ARRAY_SIZE(gaps); i++) {
		struct guest g = { .gap = gaps[i] };
		struct outcome o = run(&g, 10);

		CHECK(o.bytes * 100 >= o.us / g.gap * FRAME * 98);
		CHECK(o.looks * 2 < o.us / g.gap);
	}
}

/* One that waits for us is hardly ever kept waiting */
static void test_waits(void)
{
	for (uint32_t window = 1; window < 6; window++) {
		struct guest g = { .gap = 20, .window = window * FRAME };
		struct outcome o = run(&g, 10);

		CHECK(o.paused * 200 < o.us);
	}
}

/* Beside requests there is no pause; nor where frames come as slowly as pauses are long */
static void test_none(void)
{
	struct guest busy = { .gap = 100, .request = 5000 };
	struct guest slow = { .gap = 700 };
	struct outcome o = run(&busy, 5);

	CHECK_EQ(o.paused, 0);
	o = run(&slow, 10);
	CHECK(o.paused * 100 < o.us);
}

/* Small ones are no bulk, large ones are enough as they are */
static void test_bytes(void)
{
	moderate_init();
	for (uint64_t now = SECOND; now < 2 * SECOND; now += 100)
		CHECK_EQ(moderate(true, 200, now), 0);
	for (uint64_t now = 2 * SECOND; now < 3 * SECOND; now += 100)
		CHECK_EQ(moderate(true, 20000, now), 0);
}

int main(void)
{
	RUN(test_free);
	RUN(test_waits);
	RUN(test_none);
	RUN(test_bytes);
	return check_done();
}
