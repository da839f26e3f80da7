// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_fsm.c - unit test of ../../tcp_fsm.c: questions to the tables, their writer
 * links: tcp_fsm.c conn.c timer.c addr.c util.c
 *
 * Nothing here repeats the tables.  They are learned from their one writer, each
 * state with each event.  Then it is asked what must hold of them: where one can
 * get to, that there is a way out, that nothing comes back, and that numbers of
 * edges are what the drawing in tcp_fsm.c has.
 *
 * log.c is replaced: lines are kept, and a fault is counted where the program
 * would abort.
 */
#include "test/unit/check.h"

#include <stdarg.h>

#include "log.h"
#include "tcp_fsm.h"
#include "test/script/rfc.h"
#include "wire.h"

enum { PHASE_EDGES = 13, HALF_EDGES = 4, NO_EDGE = -1, NAME = 16 };

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

/* What the tables say, NO_EDGE: it can not happen; and how it is said */
static int phase_to[PH_NUM][EV_NUM], half_to[HALF_NUM][HE_NUM];
static char phase_name[PH_NUM][NAME], event_name[EV_NUM][NAME];
static char half_name[HALF_NUM][NAME], half_event_name[HE_NUM][NAME];

/* Each phase with each event: what has no edge is a fault of ours, and aborts */
static void learn_phases(void)
{
	for (int p = 0; p < PH_NUM; p++) {
		for (int ev = 0; ev < EV_NUM; ev++) {
			struct conn *c = fresh();
			char to[NAME];

			c->tcp.phase = (uint8_t)p;
			tcp_move(c, (enum tcp_event)ev);
			CHECK(!bugs || c->tcp.phase == PH_DEAD);
			phase_to[p][ev] = bugs ? NO_EDGE : c->tcp.phase;
			CHECK_EQ(sscanf(strstr(said, ": "), ": %15s -> %15s by %15s",
					phase_name[p], to, event_name[ev]), 3);
			CHECK_STR(to, tcp_phase_name[c->tcp.phase]);
		}
	}
}

/* The same for a direction, but there a fault changes nothing, nor the other one */
static void learn_halves(void)
{
	for (int h = 0; h < HALF_NUM; h++) {
		for (int ev = 0; ev < HE_NUM; ev++) {
			struct conn *c = fresh();
			char to[NAME];

			c->tcp.phase = PH_OPEN;
			c->tcp.half[IN] = (uint8_t)h;
			tcp_half_move(c, IN, (enum tcp_half_event)ev);
			CHECK_EQ(c->tcp.half[OUT], HALF_FLOW);
			CHECK_EQ(c->tcp.phase, PH_OPEN);
			half_to[h][ev] = bugs ? NO_EDGE : c->tcp.half[IN];
			if (bugs) {
				CHECK_EQ(c->tcp.half[IN], h);
				continue;
			}
			CHECK_EQ(sscanf(strstr(said, ": "), ": in %15s -> %15s by %15s",
					half_name[h], to, half_event_name[ev]), 3);
			CHECK_STR(to, tcp_half_name[c->tcp.half[IN]]);
		}
	}
}

/* closure() - Phases that can be reached from one, as bits */
static unsigned closure(enum tcp_phase from)
{
	unsigned seen = 1U << from, before = 0;

	while (seen != before) {
		before = seen;
		for (int p = PH_FREE; p < PH_NUM; p++) {
			for (int ev = 0; seen & 1U << p && ev < EV_NUM; ev++)
				seen |= phase_to[p][ev] < 0 ? 0 : 1U << phase_to[p][ev];
		}
	}
	return seen;
}

static bool live(int phase)
{
	return phase > PH_FREE && phase < PH_DEAD;
}

static void test_reach(void)
{
	for (int p = PH_FREE; p < PH_NUM; p++) {
		CHECK(closure(PH_FREE) & 1U << p);
		CHECK(closure((enum tcp_phase)p) & 1U << PH_DEAD);
		/* Nobody becomes a fresh entry again, and nobody rises from the dead */
		CHECK(p == PH_FREE || !(closure((enum tcp_phase)p) & 1U << PH_FREE));
	}
	CHECK_EQ(closure(PH_DEAD), 1U << PH_DEAD);
}

/* Nothing is seen twice: no way leads back to where it began */
static void test_forward(void)
{
	for (int p = PH_FREE; p < PH_NUM; p++) {
		for (int ev = 0; ev < EV_NUM; ev++) {
			int to = phase_to[p][ev];

			CHECK(to < 0 || !(closure((enum tcp_phase)to) & 1U << p));
		}
	}
}

static void test_abort(void)
{
	for (int p = PH_FREE; p < PH_NUM; p++)
		CHECK_EQ(phase_to[p][EV_ABORT], live(p) ? PH_DEAD : NO_EDGE);
}

/* Each phase with each event: a phase or none, as many edges as drawn */
static void test_edges(void)
{
	unsigned edges = 0, used[EV_NUM] = { 0 };

	for (int p = PH_FREE; p < PH_NUM; p++) {
		for (int ev = 0; ev < EV_NUM; ev++) {
			int to = phase_to[p][ev];

			CHECK(to < PH_NUM);
			CHECK(to == NO_EDGE || to > PH_FREE);
			edges += to >= 0;
			used[ev] += to >= 0;
		}
	}
	CHECK_EQ(edges, PHASE_EDGES);
	/* All but an abort mean one thing: they have one place */
	for (int ev = 0; ev < EV_NUM; ev++)
		CHECK_EQ(used[ev], ev == EV_ABORT ? PH_DEAD - PH_DIAL : 1);
}

/* walk() - Follow events from the beginning.  Return: where they lead */
static enum tcp_phase walk(const enum tcp_event *ev, size_t n)
{
	enum tcp_phase p = PH_FREE;

	while (n--)
		p = (enum tcp_phase)phase_to[p][*ev++];
	return p;
}

static void test_lives(void)
{
	static const enum tcp_event out[] = {
		EV_GUEST_SYN, EV_HOST_UP, EV_GUEST_ACK, EV_CLOSED, EV_ABORT,
	};
	static const enum tcp_event in[] = {
		EV_HOST_ACCEPT, EV_GUEST_SYNACK, EV_GUEST_RST, EV_ABORT,
	};
	static const enum tcp_phase outs[] = {
		PH_FREE, PH_DIAL, PH_DIALED, PH_OPEN, PH_WAIT, PH_DEAD,
	};
	static const enum tcp_phase ins[] = {
		PH_FREE, PH_CALL, PH_OPEN, PH_DRAIN, PH_DEAD,
	};

	for (size_t n = 0; n <= sizeof(out) / sizeof(out[0]); n++)
		CHECK_EQ(walk(out, n), outs[n]);
	for (size_t n = 0; n <= sizeof(in) / sizeof(in[0]); n++)
		CHECK_EQ(walk(in, n), ins[n]);
}

static void test_half(void)
{
	unsigned edges = 0;

	for (int h = 0; h < HALF_NUM; h++) {
		for (int ev = 0; ev < HE_NUM; ev++) {
			int to = half_to[h][ev];

			CHECK(to >= -1 && to < HALF_NUM);
			edges += to >= 0;
			/* One step ahead, or the one edge back */
			CHECK(to < 0 || to == h + 1 ||
			      (h == HALF_SHUT && ev == HE_REWIND && to == HALF_EOF));
			/* What was acknowledged stays so */
			CHECK(h != HALF_DONE || to < 0);
		}
	}
	CHECK_EQ(edges, HALF_EDGES);
	CHECK_EQ(half_to[HALF_FLOW][HE_EOF], HALF_EOF);
	CHECK_EQ(half_to[HALF_EOF][HE_SHUT], HALF_SHUT);
	CHECK_EQ(half_to[HALF_SHUT][HE_ACKED], HALF_DONE);
}

/* unique() - Each of @n names is there and differs from those before it */
static void unique(char (*name)[NAME], int n)
{
	for (int i = 0; i < n; i++) {
		CHECK(*name[i]);
		for (int k = 0; k < i; k++)
			CHECK(strcmp(name[i], name[k]) != 0);
	}
}

static void test_names(void)
{
	/* Nothing leaves HALF_DONE: it is never said as where one comes from */
	(void)snprintf(half_name[HALF_DONE], NAME, "%s", tcp_half_name[HALF_DONE]);
	unique(phase_name, PH_NUM);
	unique(event_name, EV_NUM);
	unique(half_name, HALF_NUM);
	unique(half_event_name, HE_NUM);
	for (int p = 0; p < PH_NUM; p++)
		CHECK_STR(phase_name[p], tcp_phase_name[p]);
	for (int h = 0; h < HALF_NUM; h++)
		CHECK_STR(half_name[h], tcp_half_name[h]);
}

/* rfc() - State by figure 5 of RFC 9293, from who closed and who was acknowledged */
static const char *rfc(enum tcp_half out, enum tcp_half in)
{
	bool theirs = out != HALF_FLOW, ours = in >= HALF_SHUT, acked = in == HALF_DONE;

	if (!theirs && !ours)
		return "ESTABLISHED";
	if (!theirs)
		return acked ? "FIN-WAIT-2" : "FIN-WAIT-1";
	if (!ours)
		return "CLOSE-WAIT";
	if (acked)
		return "TIME-WAIT";
	/* We acknowledged their FIN, then sent ours; or both at the same time */
	return out == HALF_DONE ? "LAST-ACK" : "CLOSING";
}

static void test_rfc(void)
{
	for (int out = 0; out < HALF_NUM; out++) {
		for (int in = 0; in < HALF_NUM; in++)
			CHECK_STR(rfc_name(PH_OPEN, (enum tcp_half)out, (enum tcp_half)in),
				  rfc((enum tcp_half)out, (enum tcp_half)in));
	}
	CHECK_STR(rfc_name(PH_DIAL, HALF_FLOW, HALF_FLOW), "SYN-RECEIVED");
	CHECK_STR(rfc_name(PH_DIALED, HALF_FLOW, HALF_FLOW), "SYN-RECEIVED");
	CHECK_STR(rfc_name(PH_CALL, HALF_FLOW, HALF_FLOW), "SYN-SENT");
	CHECK_STR(rfc_name(PH_WAIT, HALF_DONE, HALF_DONE), "TIME-WAIT");
	CHECK_STR(rfc_name(PH_FREE, HALF_FLOW, HALF_FLOW), "CLOSED");
	CHECK_STR(rfc_name(PH_DRAIN, HALF_FLOW, HALF_FLOW), "CLOSED");
	CHECK_STR(rfc_name(PH_DEAD, HALF_FLOW, HALF_FLOW), "CLOSED");
}

static const char *rfc_of(const struct conn *c)
{
	return rfc_name((enum tcp_phase)c->tcp.phase, (enum tcp_half)c->tcp.half[OUT],
			(enum tcp_half)c->tcp.half[IN]);
}

static void test_lines(void)
{
	struct conn *c = fresh();

	tcp_move(c, EV_GUEST_SYN);
	CHECK_STR(said, "0.1 tcp 192.0.2.2:40000 > 192.0.2.1:80: FREE -> DIAL by guest-syn");
	tcp_move(c, EV_HOST_UP);
	tcp_move(c, EV_GUEST_ACK);
	CHECK_STR(rfc_of(c), "ESTABLISHED");
	tcp_half_move(c, OUT, HE_EOF);
	CHECK_STR(said, "0.1 tcp 192.0.2.2:40000 > 192.0.2.1:80: out FLOW -> EOF by eof");
	CHECK_STR(rfc_of(c), "CLOSE-WAIT");
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
	RUN(learn_phases);
	RUN(learn_halves);
	RUN(test_reach);
	RUN(test_forward);
	RUN(test_abort);
	RUN(test_edges);
	RUN(test_lives);
	RUN(test_half);
	RUN(test_names);
	RUN(test_rfc);
	RUN(test_lines);
	RUN(test_schedule);
	RUN(test_numbers);
	RUN(test_invariants);
	return check_done();
}
