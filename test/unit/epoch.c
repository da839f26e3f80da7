// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * epoch.c - the gate against a list of frames that is as simple as can be
 * links: epoch.c tap_link.c csum.c util.c
 */
#include "epoch.h"

#include <errno.h>

#include "log.h"
#include "tap.h"
#include "test/unit/check.h"

enum {
	FRAMES		= 1 << 20,	/* sent in one run */
	STEPS		= 40000,
	LONG		= TAP_FRAME_MAX,
};

/**
 * struct sent - a frame as the guest sent it
 * @len:	its length
 * @seed:	what its bytes are made of
 */
struct sent {
	uint32_t len;
	uint32_t seed;
};

static struct sent frame[FRAMES];
static uint32_t sent, taken, seen;	/* by the guest, from the link, behind the gate */
static bool heeded = true, gone;
static uint8_t bytes[TAP_BATCH][LONG];
static struct iovec lent[TAP_BATCH];
static int out;				/* borrowed from the link */
static unsigned bugs;

enum log_level log_level = LOG_LVL_ERR;

void log_write(enum log_level level, int error, const char *fmt, ...)
{
	(void)level, (void)error, (void)fmt;
}

void log_bug(const char *file, int line, const char *what)
{
	printf("BUG at %s:%i: %s\n", file, line, what);
	bugs++;
}

/* The begin and the end of a frame, and one byte in each KiB */
static uint8_t byte_of(const struct sent *s, uint32_t at)
{
	return (uint8_t)(s->seed + at * 7 + (at >> 8));
}

int tap_take(struct tap_frame *f, int max)
{
	int n = 0;

	CHECK(!out && heeded);
	if (gone)
		return -EIO;
	for (; n < max && n < TAP_BATCH && taken < sent; n++, taken++) {
		const struct sent *s = &frame[taken];

		for (uint32_t i = 0; i < s->len; i += i < 64 || i + 1024 >= s->len ? 1 : 1024)
			bytes[n][i] = byte_of(s, i);
		lent[n] = (struct iovec){ bytes[n], s->len };
		f[n] = (struct tap_frame){ .iov = &lent[n], .niov = 1, .len = s->len,
					   .vh = { .gso_size = (uint16_t)s->seed } };
	}
	out = n;
	return n;
}

void tap_done(int n)
{
	CHECK_EQ(n, out);
	out = 0;
}

uint32_t tap_head(const struct tap_frame *f, void *copy, uint32_t n)
{
	memcpy(copy, f->iov[0].iov_base, n);
	return n;
}

void tap_heed(bool on)
{
	CHECK(on != heeded);
	heeded = on;
}

static void begin_anew(void)
{
	epoch_init();
	sent = taken = seen = 0;
	heeded = true;
	gone = false;
}

/* The guest sends some frames */
static void guest_sends(uint32_t n, uint32_t longest)
{
	for (; n && sent < FRAMES; n--, sent++)
		frame[sent] = (struct sent){ 1 + (uint32_t)check_rand() % longest,
					     (uint32_t)check_rand() };
}

/* Take all frames that are released: as they were sent, in order */
static void drain(int max)
{
	struct tap_frame f[TAP_BATCH];
	int n;

	while ((n = epoch_take(f, max)) > 0) {
		for (int i = 0; i < n; i++, seen++) {
			const struct sent *s = &frame[seen];
			const uint8_t *b = f[i].iov->iov_base;

			CHECK_EQ(f[i].len, s->len);
			CHECK_EQ(f[i].iov->iov_len, s->len);
			CHECK_EQ(f[i].vh.gso_size, (uint16_t)s->seed);
			CHECK_EQ(b[0], byte_of(s, 0));
			CHECK_EQ(b[s->len - 1], byte_of(s, s->len - 1));
		}
		epoch_done(n);
	}
	CHECK(!epoch_ready());
}

static uint64_t begin(void)
{
	uint64_t n = 0;

	CHECK_EQ(epoch_begin(1, &n), 0);
	return n;
}

static int commit(uint64_t n)
{
	return epoch_commit(1, &n);
}

static int abandon(uint64_t n)
{
	return epoch_abort(&n);
}

static void test_off(void)
{
	begin_anew();
	CHECK(!epoch_on() && !epoch_ready());
	CHECK_EQ(commit(0), -EPERM);
	CHECK_EQ(abandon(0), -EPERM);
	CHECK_EQ(epoch_release(), -EPERM);
	CHECK(!epoch_stalled(UINT64_MAX));
}

/* What lies before a boundary comes behind its commit, not before, and nothing else */
static void test_order(void)
{
	begin_anew();
	guest_sends(5, 1500);
	CHECK_EQ(begin(), 1);
	CHECK(epoch_on());
	guest_sends(7, 1500);
	CHECK_EQ(epoch_fill(), 0);
	drain(TAP_BATCH);
	CHECK_EQ(seen, 0);
	CHECK_EQ(begin(), 2);
	guest_sends(3, 1500);
	CHECK_EQ(begin(), 3);
	CHECK_EQ(commit(1), 0);
	drain(2);
	CHECK_EQ(seen, 5);
	CHECK_EQ(commit(0), 0);
	drain(TAP_BATCH);
	CHECK_EQ(seen, 12);
	/* Not taken at once: the next commit comes on top */
	guest_sends(1, 1500);
	CHECK_EQ(begin(), 4);
	CHECK_EQ(commit(3), 0);
	CHECK_EQ(commit(4), 0);
	drain(TAP_BATCH);
	CHECK_EQ(seen, 16);
}

static void test_refused(void)
{
	struct epoch_status s, t;

	begin_anew();
	guest_sends(2, 100);
	CHECK_EQ(begin(), 1);
	CHECK_EQ(begin(), 2);
	CHECK_EQ(begin(), 3);
	epoch_status(&s);
	CHECK_EQ(commit(2), -EINVAL);
	CHECK_EQ(commit(4), -ENOENT);
	CHECK_EQ(abandon(4), -ENOENT);
	epoch_status(&t);
	CHECK(s.open == t.open && s.held == t.held && s.committed == t.committed &&
	      s.begun == t.begun);
	CHECK_EQ(commit(1), 0);
	CHECK_EQ(commit(1), -ESTALE);
	CHECK_EQ(abandon(1), -ESTALE);
	CHECK_EQ(commit(2), 0);
	CHECK_EQ(commit(3), 0);
	CHECK_EQ(commit(3), -ESTALE);
	CHECK_EQ(commit(0), -ENOENT);
	CHECK_EQ(abandon(0), -ENOENT);
	for (int i = 0; i < EPOCH_OPEN; i++)
		(void)begin();
	CHECK_EQ(epoch_begin(1, &(uint64_t){ 0 }), -ENOSPC);
	gone = true;
	CHECK_EQ(commit(0), 0);
	CHECK_EQ(epoch_begin(1, &(uint64_t){ 0 }), -EIO);
}

/* A copy that failed: its epoch is part of the next one, of none before */
static void test_abort(void)
{
	begin_anew();
	guest_sends(1, 100);
	(void)begin();
	guest_sends(1, 100);
	(void)begin();
	guest_sends(1, 100);
	(void)begin();
	guest_sends(1, 100);
	(void)begin();
	CHECK_EQ(abandon(2), 0);
	CHECK_EQ(abandon(2), -EINVAL);
	CHECK_EQ(commit(1), 0);
	drain(TAP_BATCH);
	CHECK_EQ(seen, 1);
	CHECK_EQ(abandon(0), 0);		/* 4 */
	CHECK_EQ(commit(2), -ESTALE);
	CHECK_EQ(commit(3), 0);
	drain(TAP_BATCH);
	CHECK_EQ(seen, 3);
	CHECK_EQ(commit(0), -ENOENT);
	CHECK_EQ(begin(), 5);
	CHECK_EQ(commit(5), 0);
	drain(TAP_BATCH);
	CHECK_EQ(seen, 4);
}

/* A full ring: nothing is lost, the rest stays at the link until there is room */
static void test_full(void)
{
	struct epoch_status s;
	uint32_t most;

	begin_anew();
	(void)begin();
	guest_sends(3000, LONG);
	CHECK_EQ(begin(), 2);
	CHECK(!heeded && taken < sent);
	epoch_status(&s);
	CHECK(s.full && s.held > EPOCH_RING - 40 * LONG && s.held <= EPOCH_RING);
	most = taken;
	/* The rest belongs to the next one */
	CHECK_EQ(commit(1), 0);
	drain(TAP_BATCH);
	CHECK_EQ(seen, 0);
	CHECK_EQ(commit(2), 0);
	drain(TAP_BATCH);
	CHECK_EQ(seen, most);
	CHECK(heeded);
	(void)begin();
	CHECK_EQ(commit(0), 0);
	drain(TAP_BATCH);
	for (int i = 0; i < 4 && seen < sent; i++) {
		(void)begin();
		CHECK_EQ(commit(0), 0);
		drain(TAP_BATCH);
	}
	CHECK_EQ(seen, sent);
}

/* Protection ends: what is held comes, then frames do not come by here any more */
static void test_release(void)
{
	begin_anew();
	guest_sends(40, 1500);
	(void)begin();
	guest_sends(40, 1500);
	CHECK_EQ(epoch_fill(), 0);
	CHECK_EQ(epoch_release(), 0);
	CHECK(epoch_on());
	/* What comes meanwhile waits at the link */
	guest_sends(1, 1500);
	CHECK_EQ(epoch_fill(), 0);
	CHECK_EQ(taken, 80);
	drain(7);
	CHECK_EQ(seen, 80);
	CHECK(!epoch_on());
	seen += 1;
	taken += 1;
	/* And may begin again, with other numbers */
	guest_sends(1, 1500);
	CHECK_EQ(begin(), 2);
	CHECK_EQ(commit(2), 0);
	drain(TAP_BATCH);
	CHECK_EQ(seen, sent);
	CHECK_EQ(epoch_release(), 0);
	CHECK(!epoch_on());
}

static void test_fence(void)
{
	uint64_t n;

	begin_anew();
	guest_sends(40, 1500);
	(void)begin();
	CHECK_EQ(commit(0), 0);
	guest_sends(40, 1500);
	(void)begin();
	epoch_fence();
	guest_sends(40, 1500);
	CHECK_EQ(epoch_fill(), 0);
	CHECK_EQ(taken, sent);
	drain(TAP_BATCH);
	CHECK_EQ(seen, 0);
	CHECK(epoch_on() && !epoch_stalled(UINT64_MAX));
	CHECK_EQ(epoch_begin(1, &n), -EPERM);
	CHECK_EQ(commit(0), -EPERM);
	CHECK_EQ(epoch_release(), -EPERM);
}

/* Held for longer than is usual: the guest may have answered */
static void test_stalled(void)
{
	uint64_t now = 1000, n;

	begin_anew();
	CHECK_EQ(epoch_begin(now, &n), 0);
	CHECK(!epoch_stalled(now + 1000000));
	guest_sends(1, 100);
	CHECK_EQ(epoch_fill(), 0);
	CHECK(!epoch_stalled(now + 50000));
	CHECK(epoch_stalled(now + 1000000));
	/* It is not in the epoch that is committed now, but in the next one */
	CHECK_EQ(epoch_begin(now + 900000, &n), 0);
	CHECK_EQ(epoch_commit(now + 900000, &(uint64_t){ 0 }), 0);
	CHECK(epoch_stalled(now + 900000));
	CHECK_EQ(epoch_commit(now + 900000, &(uint64_t){ 0 }), 0);
	CHECK(!epoch_stalled(now + 900000));
	drain(1);

	/* Where each takes half a second that is no stall; and then it is again */
	for (int i = 0; i < 200; i++) {
		guest_sends(1, 100);
		now += i < 100 ? 500000 : 20000;
		CHECK_EQ(epoch_begin(now, &n), 0);
		CHECK_EQ(epoch_commit(now, &n), 0);
		drain(1);
		guest_sends(1, 100);
		CHECK_EQ(epoch_fill(), 0);
		if (i > 50 && i < 100)
			CHECK(!epoch_stalled(now + 1000000) && epoch_stalled(now + 3000000));
		if (i > 180)
			CHECK(!epoch_stalled(now + 100000) && epoch_stalled(now + 300000));
	}
}

/**
 * struct list - what the gate holds, as simple as can be
 * @number:	of each boundary
 * @edge:	frames sent before it
 * @open:	how many there are
 * @free_to:	frames that were released
 */
static struct list {
	uint64_t number[EPOCH_OPEN];
	uint32_t edge[EPOCH_OPEN];
	uint32_t open;
	uint32_t free_to;
} list;

static void list_remove(uint32_t k)
{
	list.open--;
	for (; k < list.open; k++) {
		list.number[k] = list.number[k + 1];
		list.edge[k] = list.edge[k + 1];
	}
}

static void random_begin(void)
{
	if (list.open == EPOCH_OPEN || (!heeded && list.open))
		return;
	list.number[list.open] = begin();
	list.edge[list.open++] = taken;
}

static void random_end(bool good)
{
	uint32_t k = good ? 0 : (uint32_t)check_rand() % (list.open + !list.open);

	if (!list.open)
		return;
	if (good) {
		CHECK_EQ(commit(check_rand() % 2 ? list.number[0] : 0), 0);
		list.free_to = list.edge[0];
	} else {
		CHECK_EQ(abandon(list.number[k]), 0);
	}
	list_remove(k);
}

static void random_step(uint32_t what)
{
	if (what < 2)
		guest_sends((uint32_t)check_rand() % 40, what ? LONG : 200);
	else if (what == 2 && heeded)
		CHECK_EQ(epoch_fill(), 0);
	else if (what == 3)
		random_begin();
	else if (what < 6)
		random_end(true);
	else if (what == 6 && check_rand() % 4 == 0)
		random_end(false);
	if (what == 7 || !heeded) {
		drain(1 + (int)(check_rand() % TAP_BATCH));
		CHECK_EQ(seen, list.free_to);
	}
	/* Full, and nothing to commit: the driver begins another one */
	if (!heeded)
		random_begin();
}

/* Whatever happens in whatever order */
static void test_random(void)
{
	begin_anew();
	random_begin();
	for (int i = 0; i < STEPS; i++)
		random_step((uint32_t)check_rand() % 8);
	CHECK(sent > STEPS / 2 && seen > sent / 2);
	CHECK_EQ(bugs, 0);
}

int main(void)
{
	RUN(test_off);
	RUN(test_order);
	RUN(test_refused);
	RUN(test_abort);
	RUN(test_full);
	RUN(test_release);
	RUN(test_fence);
	RUN(test_stalled);
	RUN(test_random);
	return check_done();
}
