// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_fsm.c - unit test of ../../tcp_fsm.c: questions to the tables
 * links: tcp_fsm.c
 *
 * Nothing here repeats the tables.  It is asked what must hold of them: where
 * one can get to, that there is a way out, that nothing comes back, and that
 * numbers of edges are what the drawing in tcp_fsm.c has.
 */
#include "test/unit/check.h"

#include "tcp_fsm.h"

enum { PHASE_EDGES = 13, HALF_EDGES = 4 };

/* closure() - Phases that can be reached from one, as bits */
static unsigned closure(enum tcp_phase from)
{
	unsigned seen = 1U << from, before = 0;

	while (seen != before) {
		before = seen;
		for (int p = PH_FREE; p < PH_NUM; p++) {
			for (int ev = 0; seen & 1U << p && ev < EV_NUM; ev++)
				seen |= 1U << tcp_fsm_phase((enum tcp_phase)p,
							    (enum tcp_event)ev);
		}
	}
	return seen & ~(1U << PH_NONE);
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
			enum tcp_phase to = tcp_fsm_phase((enum tcp_phase)p,
							  (enum tcp_event)ev);

			CHECK(to == PH_NONE || !(closure(to) & 1U << p));
		}
	}
}

static void test_abort(void)
{
	for (int p = PH_NONE; p < PH_NUM; p++) {
		enum tcp_phase to = tcp_fsm_phase((enum tcp_phase)p, EV_ABORT);

		CHECK_EQ(to, live(p) ? PH_DEAD : PH_NONE);
	}
}

/* Each phase with each event: a phase or none, as many edges as drawn */
static void test_edges(void)
{
	unsigned edges = 0, used[EV_NUM] = { 0 };

	for (int p = PH_NONE; p < PH_NUM; p++) {
		for (int ev = 0; ev < EV_NUM; ev++) {
			enum tcp_phase to = tcp_fsm_phase((enum tcp_phase)p,
							  (enum tcp_event)ev);

			CHECK(to < PH_NUM);
			CHECK(to == PH_NONE || to > PH_FREE);
			CHECK(p != PH_NONE || to == PH_NONE);
			edges += to != PH_NONE;
			used[ev] += to != PH_NONE;
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
		p = tcp_fsm_phase(p, *ev++);
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
			int to = tcp_fsm_half((enum tcp_half)h,
					      (enum tcp_half_event)ev);

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
	CHECK_EQ(tcp_fsm_half(HALF_FLOW, HE_EOF), HALF_EOF);
	CHECK_EQ(tcp_fsm_half(HALF_EOF, HE_SHUT), HALF_SHUT);
	CHECK_EQ(tcp_fsm_half(HALF_SHUT, HE_ACKED), HALF_DONE);
}

/* unique() - Each of @n names is there and differs from those before it */
static void unique(const char *const *name, int n)
{
	for (int i = 0; i < n; i++) {
		CHECK(name[i] && *name[i]);
		for (int k = 0; k < i; k++)
			CHECK(name[i] && name[k] && strcmp(name[i], name[k]) != 0);
	}
}

static void test_names(void)
{
	const char *phase[PH_NUM], *event[EV_NUM], *half[HALF_NUM], *he[HE_NUM];

	for (int i = 0; i < PH_NUM; i++)
		phase[i] = tcp_fsm_phase_name((enum tcp_phase)i);
	for (int i = 0; i < EV_NUM; i++)
		event[i] = tcp_fsm_event_name((enum tcp_event)i);
	for (int i = 0; i < HALF_NUM; i++)
		half[i] = tcp_fsm_half_name((enum tcp_half)i);
	for (int i = 0; i < HE_NUM; i++)
		he[i] = tcp_fsm_half_event_name((enum tcp_half_event)i);
	unique(phase, PH_NUM);
	unique(event, EV_NUM);
	unique(half, HALF_NUM);
	unique(he, HE_NUM);
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
			CHECK_STR(tcp_fsm_rfc_name(PH_OPEN, (enum tcp_half)out,
						   (enum tcp_half)in),
				  rfc((enum tcp_half)out, (enum tcp_half)in));
	}
	CHECK_STR(tcp_fsm_rfc_name(PH_DIAL, HALF_FLOW, HALF_FLOW), "SYN-RECEIVED");
	CHECK_STR(tcp_fsm_rfc_name(PH_DIALED, HALF_FLOW, HALF_FLOW), "SYN-RECEIVED");
	CHECK_STR(tcp_fsm_rfc_name(PH_CALL, HALF_FLOW, HALF_FLOW), "SYN-SENT");
	CHECK_STR(tcp_fsm_rfc_name(PH_WAIT, HALF_DONE, HALF_DONE), "TIME-WAIT");
	CHECK_STR(tcp_fsm_rfc_name(PH_FREE, HALF_FLOW, HALF_FLOW), "CLOSED");
	CHECK_STR(tcp_fsm_rfc_name(PH_DRAIN, HALF_FLOW, HALF_FLOW), "CLOSED");
	CHECK_STR(tcp_fsm_rfc_name(PH_DEAD, HALF_FLOW, HALF_FLOW), "CLOSED");
}

int main(void)
{
	RUN(test_reach);
	RUN(test_forward);
	RUN(test_abort);
	RUN(test_edges);
	RUN(test_lives);
	RUN(test_half);
	RUN(test_names);
	RUN(test_rfc);
	return check_done();
}
