// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_state.c - unit test of ../../tcp_state.c
 * links: tcp_state.c tcp_fsm.c conn.c timer.c addr.c util.c
 *
 * log.c is replaced: lines are kept, and a fault is counted where the program
 * would abort.
 */
#include "test/unit/check.h"

#include <stdarg.h>

#include "log.h"
#include "tcp_state.h"
#include "wire.h"

enum log_level log_level = LOG_LVL_DEBUG;
static unsigned bugs;
static char said[512];

void log_write(enum log_level level, int error, const char *fmt, ...)
{
	va_list ap;

	(void)error;
	if (level > log_level)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

void log_bug(const char *file, int line, const char *what)
{
	(void)file;
	(void)line;
	(void)what;
	bugs++;
}

void log_die(int error, const char *fmt, ...)
{
	(void)error;
	(void)fputs(fmt, stderr);
	exit(1);
}

static struct conn *fresh(void)
{
	struct conn_key key = { .proto = WIRE_TCP, .gport = 40000, .fport = 80 };
	struct conn *c;

	conn_init();
	timer_init(1000000);
	bugs = 0;
	said[0] = '\0';
	CHECK(addr_parse("192.0.2.2", &key.guest));
	CHECK(addr_parse("192.0.2.1", &key.far));
	c = conn_new(CONN_TCP, &key);
	c->tcp.phase = PH_FREE;
	c->tcp.mss = 1460;
	return c;
}

/* Each phase with each event: as the table says, or a fault of ours that aborts */
static void test_phases(void)
{
	for (int p = PH_FREE; p < PH_NUM; p++) {
		for (int ev = 0; ev < EV_NUM; ev++) {
			enum tcp_phase to = tcp_fsm_phase((enum tcp_phase)p,
							  (enum tcp_event)ev);
			struct conn *c = fresh();

			c->tcp.phase = (uint8_t)p;
			tcp_move(c, (enum tcp_event)ev);
			CHECK_EQ(c->tcp.phase, to ? to : PH_DEAD);
			CHECK_EQ(bugs, !to);
		}
	}
}

/* The same for a direction, but there a fault changes nothing, nor the other one */
static void test_halves(void)
{
	for (int h = 0; h < HALF_NUM; h++) {
		for (int ev = 0; ev < HE_NUM; ev++) {
			int to = tcp_fsm_half((enum tcp_half)h, (enum tcp_half_event)ev);
			struct conn *c = fresh();

			c->tcp.phase = PH_OPEN;
			c->tcp.half[IN] = (uint8_t)h;
			tcp_half_move(c, IN, (enum tcp_half_event)ev);
			CHECK_EQ(c->tcp.half[IN], to < 0 ? h : to);
			CHECK_EQ(c->tcp.half[OUT], HALF_FLOW);
			CHECK_EQ(c->tcp.phase, PH_OPEN);
			CHECK_EQ(bugs, to < 0);
		}
	}
}

static void test_lines(void)
{
	struct conn *c = fresh();

	tcp_move(c, EV_GUEST_SYN);
	CHECK_STR(said, "0.1 tcp 192.0.2.2:40000 > 192.0.2.1:80: FREE -> DIAL by guest-syn");
	tcp_move(c, EV_HOST_UP);
	tcp_move(c, EV_GUEST_ACK);
	CHECK_STR(tcp_state_name(c), "ESTABLISHED");
	tcp_half_move(c, OUT, HE_EOF);
	CHECK_STR(said, "0.1 tcp 192.0.2.2:40000 > 192.0.2.1:80: out FLOW -> EOF by eof");
	CHECK_STR(tcp_state_name(c), "CLOSE-WAIT");
	tcp_half_move(c, IN, HE_EOF);
	CHECK_STR(said, "0.1 tcp 192.0.2.2:40000 > 192.0.2.1:80: in FLOW -> EOF by eof");
	CHECK_EQ(bugs, 0);
}

/* The timer runs out at the earlier of the two, and is moved if it is too late only */
static void test_schedule(void)
{
	struct conn *c = fresh();
	uint32_t id = conn_index(c);

	tcp_schedule(c);
	CHECK_EQ(timer_due(id), TIMER_NEVER);
	c->tcp.check_at = 9000000;
	tcp_schedule(c);
	CHECK_EQ(timer_due(id), 9000000);
	c->tcp.rto_at = 3000000;
	tcp_schedule(c);
	CHECK_EQ(timer_due(id), 3000000);
	c->tcp.rto_at = 4000000;
	tcp_schedule(c);
	CHECK_EQ(timer_due(id), 3000000);
	c->tcp.rto_at = 0;
	c->tcp.check_at = 2000000;
	tcp_schedule(c);
	CHECK_EQ(timer_due(id), 2000000);
}

static void test_numbers(void)
{
	struct tcp_conn t = { .rcv = UINT32_MAX, .una = UINT32_MAX - 9, .nxt = 10 };

	CHECK_EQ(tcp_ack_number(&t), UINT32_MAX);
	t.half[OUT] = HALF_SHUT;
	CHECK_EQ(tcp_ack_number(&t), UINT32_MAX);
	t.half[OUT] = HALF_DONE;
	CHECK_EQ(tcp_ack_number(&t), 0);
	CHECK_EQ(tcp_in_flight(&t), 20);
}

/* faults() - How many invariants tcp_check() finds broken */
static unsigned faults(const struct conn *c)
{
	bugs = 0;
	tcp_check(c);
	return bugs;
}

/* Each invariant, broken alone, with numbers that wrap; in debug builds */
static void test_invariants(void)
{
#ifdef DEBUG
	struct conn *c = fresh();
	struct tcp_conn *t = &c->tcp, good;

	t->phase = PH_OPEN;
	t->una = UINT32_MAX - 100;
	t->nxt = UINT32_MAX - 50;
	t->sent = 50;
	t->rcv = t->acked = UINT32_MAX;
	t->edge = t->told = 5000;
	good = *t;
	CHECK_EQ(faults(c), 0);

	t->una = t->nxt + 1;
	CHECK(faults(c));
	*t = good;
	t->nxt = t->sent + 1;
	CHECK(faults(c));
	*t = good;
	t->acked = t->rcv + 1;
	CHECK(faults(c));
	t->half[OUT] = HALF_DONE;
	CHECK_EQ(faults(c), 0);
	*t = good;
	t->told = t->edge + 1;
	CHECK(faults(c));
	*t = good;
	t->tail_len = 1;
	CHECK(faults(c));
	t->tail = 1;
	CHECK_EQ(faults(c), 0);
	t->tail_len = 0;
	CHECK(faults(c));
	*t = good;
	t->half[IN] = HALF_SHUT;
	CHECK(faults(c));
	t->nxt = t->sent;
	CHECK_EQ(faults(c), 0);
	*t = good;
	t->wscale = 15;
	CHECK(faults(c));
	/* Outside of PH_OPEN they say nothing */
	t->phase = PH_WAIT;
	CHECK_EQ(faults(c), 0);
#else
	CHECK(!faults(fresh()));
#endif
}

int main(void)
{
	RUN(test_phases);
	RUN(test_halves);
	RUN(test_lines);
	RUN(test_schedule);
	RUN(test_numbers);
	RUN(test_invariants);
	return check_done();
}
