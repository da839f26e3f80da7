// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * replica.c - a journal by chance, against a primary that is as simple as can be
 * links: replica.c util.c
 *
 * image.c is replaced: what is written is held against what the model has at the end of
 * the last unit that was complete.
 */
#include "replica.h"

#include <errno.h>

#include "image.h"
#include "journal.h"
#include "loop.h"
#include "test/unit/check.h"
#include "timer.h"

enum {
	FLOWS		= 40,
	QUEUE_MAX	= 100000,
	BODY		= 60,		/* of states, at most; the index first */
	UNITS		= 3000,
	WRITTEN		= 32 * 1024 * 1024,
	MOST		= IMAGE_BODY_MAX,
};

/* -------------------------------------------------------------------- in place of image.c */

static uint8_t written[WRITTEN];
static size_t written_len;
static struct { enum image_type type; size_t at, len; } section[4096];
static size_t sections;
static struct pkt_writer writer;

int image_write_begin(int fd)
{
	CHECK_EQ(fd, 5);
	written_len = sections = 0;
	return 0;
}

struct pkt_writer *image_section(enum image_type type)
{
	section[sections].type = type;
	section[sections].at = written_len;
	writer = pkt_writer(written + written_len, MOST);
	return &writer;
}

int image_section_end(void)
{
	CHECK(!writer.bad);
	section[sections++].len = writer.len;
	written_len += writer.len;
	return 0;
}

int image_write_end(void)
{
	return 0;
}

uint64_t loop_wall_ms(void)
{
	return 1000000;
}

/* -------------------------------------------------------------------- the primary */

/**
 * struct model - what the primary knows of a flow
 * @there:	it has one
 * @tcp:	of this kind
 * @fresh:	it began in this unit
 * @changed:	something happened in this unit
 * @went:	it ended in this unit
 * @len:	bytes in each queue
 * @q:		these
 * @body_len:	length of @body
 * @body:	its state
 */
struct model {
	bool there, tcp, fresh, changed, went;
	uint32_t len[2];
	uint8_t q[2][QUEUE_MAX];
	uint32_t body_len;
	uint8_t body[BODY];
};

static struct model now[FLOWS], counts[FLOWS];
static bool any;
static uint64_t epoch;

static int give(uint32_t type, const struct pkt_writer *w)
{
	struct pkt_reader r = pkt_reader(w->buf, w->len);

	CHECK(!w->bad);
	return replica_record(type, &r, 7000);
}

static void put_all(void)
{
	struct pkt_reader r = pkt_reader(NULL, 0);

	CHECK_EQ(replica_record(JOURNAL_ALL, &r, 1), 0);
}

static int unit_of(uint64_t number)
{
	uint8_t buf[8];
	struct pkt_writer w = pkt_writer(buf, sizeof(buf));

	pkt_put_be64(&w, number);
	return give(JOURNAL_UNIT, &w);
}

/* The body of a section FLOW: only the index matters */
static int put_flow(uint32_t i)
{
	uint8_t buf[42] = { 0 };
	struct pkt_writer w = pkt_writer(buf, sizeof(buf));

	pkt_put_be32(&w, i);
	pkt_put_u8(&w, now[i % FLOWS].tcp ? 1 : 2);
	pkt_put_zero(&w, sizeof(buf) - w.len);
	return give(JOURNAL_FLOW, &w);
}

static int put_index(uint32_t type, uint32_t i)
{
	uint8_t buf[4];
	struct pkt_writer w = pkt_writer(buf, sizeof(buf));

	pkt_put_be32(&w, i);
	return give(type, &w);
}

static int put_bytes(uint32_t i, int queue, const uint8_t *data, uint32_t len)
{
	static uint8_t buf[4 + QUEUE_MAX];
	struct pkt_writer w = pkt_writer(buf, sizeof(buf));

	pkt_put_be32(&w, i);
	pkt_put(&w, data, len);
	return give(queue ? JOURNAL_OUT : JOURNAL_IN, &w);
}

static int put_state(uint32_t i)
{
	struct model *m = &now[i];
	uint8_t buf[8 + BODY];
	struct pkt_writer w = pkt_writer(buf, sizeof(buf));

	m->body_len = 4 + (uint32_t)check_below(BODY - 4);
	put_be32(m->body, i);
	check_fill(m->body + 4, m->body_len - 4);
	if (m->tcp) {
		pkt_put_be32(&w, m->len[0]);
		pkt_put_be32(&w, m->len[1]);
	}
	pkt_put(&w, m->body, m->body_len);
	return give(m->tcp ? JOURNAL_TCP : JOURNAL_UDP, &w);
}

/* Bytes come behind, or leave from the front */
static void queue_changes(uint32_t i)
{
	struct model *m = &now[i];
	int k = (int)check_below(2);
	uint32_t n = (uint32_t)check_below(check_below(3) ? 200 : 20000);

	if (check_below(2)) {
		n = n < m->len[k] ? n : m->len[k];
		m->len[k] -= n;
		memmove(m->q[k], m->q[k] + n, m->len[k]);
	} else if (m->len[k] + n <= QUEUE_MAX) {
		check_fill(m->q[k] + m->len[k], n);
		CHECK_EQ(put_bytes(i, k, m->q[k] + m->len[k], n), 0);
		m->len[k] += n;
	}
	m->changed = true;
}

static void something(uint32_t i)
{
	struct model *m = &now[i];

	if (m->went)
		return;
	if (!m->there) {
		*m = (struct model){ .there = true, .tcp = check_below(4) != 0, .changed = true };
		CHECK_EQ(put_flow(i), 0);
	} else if (!check_below(10)) {
		CHECK_EQ(put_index(JOURNAL_GONE, i), 0);
		*m = (struct model){ .went = true };
	} else if (m->tcp) {
		queue_changes(i);
	} else {
		m->changed = true;
	}
}

/* The state of each flow that changed, and the end of the unit */
static void end_unit(void)
{
	for (uint32_t i = 0; i < FLOWS; i++) {
		if (now[i].there && now[i].changed)
			CHECK_EQ(put_state(i), 0);
	}
	if (!check_below(3))
		CHECK_EQ(unit_of(++epoch), 0);
	else
		CHECK_EQ(unit_of(0), 0);
	for (uint32_t i = 0; i < FLOWS; i++)
		now[i].changed = now[i].went = false;
	memcpy(counts, now, sizeof(now));
	any = true;
}

/* The same in one go, as after a new connection to the standby */
static void whole(bool complete)
{
	put_all();
	for (uint32_t i = 0; i < FLOWS; i++) {
		now[i].went = now[i].changed = false;
		if (!now[i].there)
			continue;
		CHECK_EQ(put_flow(i), 0);
		for (int k = 0; k < 2 && now[i].tcp; k++)
			CHECK_EQ(put_bytes(i, k, now[i].q[k], now[i].len[k]), 0);
		now[i].changed = true;
		if (!complete && !check_below(FLOWS))
			return;
	}
	epoch = 0;
	if (complete)
		end_unit();
}

/* -------------------------------------------------------------------- what is written */

static size_t written_queue(size_t n, const struct model *m, uint32_t i, uint8_t k)
{
	uint32_t done = 0;

	for (; n < sections && section[n].type == IMAGE_QUEUE && written[section[n].at + 4] == k;
	     n++) {
		const uint8_t *b = written + section[n].at;
		uint32_t len = (uint32_t)section[n].len - 5;

		CHECK_EQ(get_be32(b), i);
		CHECK(len && done + len <= m->len[k]);
		CHECK(!memcmp(b + 5, m->q[k] + done, len));
		done += len;
	}
	CHECK_EQ(done, m->len[k]);
	return n;
}

static void compare(void)
{
	size_t n = 1;

	if (!any) {
		CHECK_EQ(replica_write(5, 8000), -ENODATA);
		return;
	}
	CHECK_EQ(replica_write(5, 8000), 0);
	CHECK_EQ(section[0].type, IMAGE_PROGRAM);
	CHECK_EQ(get_be32(written + 4), 1000000 - 1);
	for (uint32_t i = 0; i < FLOWS; i++) {
		const struct model *m = &counts[i];

		if (!m->there)
			continue;
		CHECK_EQ(section[n].type, IMAGE_FLOW);
		CHECK_EQ(get_be32(written + section[n].at), i);
		CHECK_EQ(section[n++].len, 42);
		CHECK_EQ(section[n].type, m->tcp ? IMAGE_TCP : IMAGE_UDP);
		CHECK_EQ(section[n].len, m->body_len);
		CHECK(!memcmp(written + section[n++].at, m->body, m->body_len));
		for (uint8_t k = 0; m->tcp && k < 2; k++)
			n = written_queue(n, m, i, k);
	}
	CHECK_EQ(n, sections);
}

static void begin_anew(void)
{
	CHECK_EQ(replica_init(), 0);
	memset(now, 0, sizeof(now));
	memset(counts, 0, sizeof(counts));
	any = false;
	epoch = 0;
}

/* Units, some of which never end: then the link broke, and all comes again */
static void test_random(void)
{
	begin_anew();
	compare();
	whole(true);
	for (int i = 0; i < UNITS; i++) {
		for (uint64_t k = check_below(30); k; k--)
			something((uint32_t)check_below(FLOWS));
		if (check_below(20)) {
			end_unit();
		} else {
			compare();
			while (check_below(2)) {
				whole(false);
				compare();
			}
			whole(true);
		}
		if (!check_below(10))
			compare();
	}
	compare();
	/* All pieces come back */
	for (uint32_t i = 0; i < FLOWS; i++) {
		if (now[i].there)
			CHECK_EQ(put_index(JOURNAL_GONE, i), 0);
		now[i] = (struct model){ 0 };
	}
	end_unit();
	compare();
	{
		struct replica_status s;

		replica_status(&s);
		CHECK_EQ(s.pieces, 0);
		CHECK_EQ(s.flows, 0);
		CHECK_EQ(s.lost, 0);
	}
}

/* One flow with some bytes, in a complete unit */
static void some(void)
{
	begin_anew();
	put_all();
	now[3] = (struct model){ .there = true, .tcp = true, .changed = true, .len = { 100, 50 } };
	CHECK_EQ(put_flow(3), 0);
	CHECK_EQ(put_bytes(3, 0, now[3].q[0], 100), 0);
	CHECK_EQ(put_bytes(3, 1, now[3].q[1], 50), 0);
	epoch = 4;
	CHECK_EQ(put_state(3), 0);
	CHECK_EQ(unit_of(5), 0);
	now[3].changed = false;
	memcpy(counts, now, sizeof(now));
	any = true;
	compare();
}

/* refused() - A record made no sense: what counted does, and nothing is taken any more */
static void refused(int rc, const char *why)
{
	CHECK_EQ(rc, -EPROTO);
	CHECK_STR(replica_error(), why);
	compare();
	CHECK_EQ(unit_of(0), -EPROTO);
	CHECK_STR(replica_error(), "a record, and no whole state before it");
	compare();
	whole(true);
	compare();
}

static void test_refused(void)
{
	static uint8_t much[400] = { 0, 0, 0, 3 };
	struct pkt_writer w = { 0 };

	begin_anew();
	CHECK_EQ(put_flow(3), -EPROTO);
	some();
	refused(put_flow(3), "flow 3 began, and had not ended in a unit before");
	some();
	CHECK_EQ(put_index(JOURNAL_GONE, 3), 0);
	refused(put_flow(3), "flow 3 began, and had not ended in a unit before");
	some();
	CHECK_EQ(put_index(JOURNAL_GONE, 3), 0);
	refused(put_bytes(3, 0, much, 5), "bytes of a flow that there is not");
	some();
	refused(put_bytes(4, 0, much, 5), "bytes of a flow that there is not");
	some();
	refused(put_bytes(UINT32_MAX, 1, much, 5), "bytes of a flow that there is not");
	some();
	refused(put_index(JOURNAL_GONE, 2), "the end of a flow that there is not");
	some();
	refused(unit_of(5), "epoch 5 behind 5");
	some();
	refused(unit_of(4), "epoch 4 behind 5");
	some();
	CHECK_EQ(put_bytes(3, 0, much, 5), 0);
	refused(unit_of(6), "flow 3: bytes without its state behind them");
	some();
	now[3].len[1] = 51;
	refused((put_state(3)), "flow 3: 51 bytes in a queue that has 50");
	some();
	refused(give(99, &w), "a record of type 99");
	some();
	refused(give(JOURNAL_UNIT, &w), "a unit without a number");
	some();
	refused(give(JOURNAL_TCP, &w), "the state of a flow that there is not");
	some();
	w = (struct pkt_writer){ .buf = much, .len = 300 };
	refused(give(JOURNAL_FLOW, &w), "a flow of 300 bytes");
	some();
	refused(give(JOURNAL_UDP, &w), "flow 3 has a state of another kind");
	some();
	refused(give(JOURNAL_NET, &w), "a network of 300 bytes");
}

/* What finds no room is lost; the others are not */
static void test_full(void)
{
	static uint8_t much[QUEUE_MAX];
	struct replica_status s;
	uint64_t room = (uint64_t)REPLICA_PIECES * REPLICA_PIECE;

	some();
	for (uint32_t i = 4; i < 6; i++) {
		now[i] = (struct model){ .there = true, .tcp = true };
		CHECK_EQ(put_flow(i), 0);
	}
	for (uint64_t n = 0; n < room; n += sizeof(much))
		CHECK_EQ(put_bytes(4, 0, much, sizeof(much)), 0);
	CHECK_EQ(put_bytes(5, 0, much, 1000), 0);
	now[5].len[0] = 1000;
	memcpy(now[5].q[0], much, 1000);
	CHECK_EQ(put_state(4), 0);
	CHECK_EQ(put_state(5), 0);
	CHECK_EQ(unit_of(6), 0);
	now[4].there = false;
	memcpy(counts, now, sizeof(now));
	compare();
	replica_status(&s);
	CHECK_EQ(s.flows, 2);
	CHECK_EQ(s.lost, 1);
	CHECK_EQ(s.epoch, 6);
	CHECK_EQ(put_index(JOURNAL_GONE, 4), 0);
	CHECK_EQ(unit_of(0), 0);
	compare();
	replica_status(&s);
	CHECK_EQ(s.lost, 0);
}

int main(void)
{
	RUN(test_random);
	RUN(test_refused);
	RUN(test_full);
	return check_done();
}
