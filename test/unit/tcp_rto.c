// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_rto.c - unit test of ../../tcp_rto.c
 * links: tcp_rto.c
 *
 * RFC 6298, section 2, in floating point is the oracle.
 */
#include "test/unit/check.h"

#include "epoch.h"
#include "tcp_fsm.h"
#include "tcp_rto.h"

enum { SAMPLES = 2000, ROUNDS = 200, SLACK_US = 10, STALLED = 1 };

/**
 * struct oracle - the estimator as the RFC writes it
 * @srtt:	us, below 0: none yet
 * @rttvar:	us
 * @rto:	us
 */
struct oracle {
	double srtt;
	double rttvar;
	double rto;
};

bool epoch_stalled_since(uint64_t at) { return at == STALLED; }

static double clamp(double v, double low, double high)
{
	return v < low ? low : v > high ? high : v;
}

static void oracle_sample(struct oracle *o, double r)
{
	double off = o->srtt > r ? o->srtt - r : r - o->srtt;

	if (o->srtt < 0) {
		o->srtt = r;
		o->rttvar = r / 2;
	} else {
		o->rttvar = 0.75 * o->rttvar + 0.25 * off;
		o->srtt = 0.875 * o->srtt + 0.125 * r;
	}
	o->rto = o->srtt + (4 * o->rttvar > 1024 ? 4 * o->rttvar : 1024);
	o->rto = clamp(o->rto, TCP_RTO_MIN_US, TCP_RTO_MAX_US);
}

/* near() - The same but for integers rounded down, again and again */
static bool near(double a, double b)
{
	return a - b < SLACK_US && b - a < SLACK_US;
}

/* fresh() - A connection with nothing in flight */
static struct tcp_conn fresh(uint32_t seq)
{
	return (struct tcp_conn){ .una = seq, .nxt = seq, .sent = seq,
				  .rto = TCP_RTO_FIRST_US };
}

/* put() - Bytes leave, for the first time or again */
static void put(struct tcp_conn *t, uint32_t len, uint64_t now)
{
	uint32_t before = t->nxt, most = t->sent;

	tcp_rto_sent(t, len, now);
	CHECK_EQ(t->nxt, before + len);
	CHECK_EQ(t->sent, (int32_t)(t->nxt - most) > 0 ? t->nxt : most);
}

static void acked(struct tcp_conn *t, uint32_t ack, uint64_t now)
{
	t->una = ack;
	tcp_rto_acked(t, now);
}

/* Round trips of one kind, with the odd one in between */
static void test_estimator(void)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct tcp_conn t = fresh((uint32_t)check_rand());
		struct oracle o = { .srtt = -1 };
		uint64_t now = 1 + check_below(UINT64_C(1) << 40);
		uint64_t base = 1 + (UINT64_C(1) << check_below(26));

		CHECK_EQ(t.rto, TCP_RTO_FIRST_US);
		for (unsigned i = 0; i < SAMPLES / ROUNDS * 10; i++) {
			uint64_t r = base + check_below(base);

			if (!check_below(50))
				r = check_below(UINT64_C(100000000));
			put(&t, 1000, now);
			now += r;
			acked(&t, t.nxt, now);
			/* 1 us more, so that 0 is no round trip */
			oracle_sample(&o, clamp((double)r + 1, 0, TCP_RTO_MAX_US));
			CHECK(near(t.srtt, o.srtt));
			CHECK(near(t.rttvar, o.rttvar));
			CHECK(near(t.rto / 5.0, o.rto / 5));
			CHECK(t.rto >= TCP_RTO_MIN_US && t.rto <= TCP_RTO_MAX_US);
			CHECK_EQ(t.rto_at, 0);
		}
	}
}

/* Of many bytes in flight the first is measured, then the next one sent */
static void test_one_at_a_time(void)
{
	struct tcp_conn t = fresh(UINT32_MAX - 500);

	put(&t, 1000, 1000000);
	put(&t, 1000, 1200000);
	CHECK_EQ(t.rtt_seq, UINT32_MAX - 500);
	CHECK_EQ(t.rtt_at, 1000000);
	/* What lies before the measured byte says nothing about it */
	acked(&t, t.rtt_seq, 1250000);
	CHECK_EQ(t.srtt, 0);
	acked(&t, t.rtt_seq + 1000, 1300000);
	CHECK(near(t.srtt, 300000));
	CHECK_EQ(t.rtt_at, 0);
	put(&t, 1, 1400000);
	CHECK_EQ(t.rtt_at, 1400000);
}

/* An answer that was held while no commit came says nothing about round trips */
static void test_stalled(void)
{
	struct tcp_conn t = fresh(1);

	put(&t, 1000, STALLED);
	acked(&t, t.nxt, 60000000);
	CHECK_EQ(t.srtt, 0);
	CHECK_EQ(t.rtt_at, 0);
	put(&t, 1000, 60000000);
	acked(&t, t.nxt, 60100000);
	CHECK(near(t.srtt, 100000));
}

/* Karn: what went out again is not measured, neither copy */
static void test_karn(void)
{
	struct tcp_conn t = fresh(100);

	put(&t, 1000, 1000000);
	put(&t, 1000, 1000000);
	tcp_rto_expired(&t, 2000000);
	t.nxt = t.una;
	put(&t, 1000, 2000000);
	put(&t, 1000, 2000000);
	CHECK_EQ(t.rtt_at, 0);
	acked(&t, t.nxt, 2000100);
	CHECK_EQ(t.srtt, 0);
	/* The first new bytes are */
	put(&t, 1000, 3000000);
	acked(&t, t.nxt, 3050000);
	CHECK(near(t.srtt, 50000));
}

/*
 * A guest that takes longer than the first time-out to answer: if the time-out
 * fell back at each acknowledgement, each segment would go out twice for ever.
 */
static void test_slow_guest(void)
{
	struct tcp_conn t = fresh(1);
	uint64_t now = 1000000;
	const uint64_t rtt = 3500000;
	unsigned again = 0;

	for (unsigned i = 0; i < 10; i++) {
		uint64_t answer = now + rtt;

		put(&t, 1000, now);
		while (t.rto_at < answer) {
			now = t.rto_at;
			tcp_rto_expired(&t, now);
			t.nxt = t.una;
			put(&t, 1000, now);
			again++;
		}
		now = answer;
		acked(&t, t.nxt, now);
	}
	CHECK(again > 0 && again <= 3);
	CHECK(near(t.srtt, (double)rtt));
}

/* Each time the timer runs out the next is twice as far, up to a minute */
static void test_backoff(void)
{
	struct tcp_conn t = fresh(1);
	uint64_t now = 5000000, step = TCP_RTO_FIRST_US;

	put(&t, 100, now);
	for (unsigned i = 0; i < 300; i++) {
		CHECK_EQ(t.rto_at - now, step);
		now = t.rto_at;
		tcp_rto_expired(&t, now);
		step = step * 2 > TCP_RTO_MAX_US ? TCP_RTO_MAX_US : step * 2;
		CHECK(t.backoff <= 15);
	}
	CHECK_EQ(t.backoff, 15);
	acked(&t, t.nxt, now);
	CHECK_EQ(t.backoff, 0);
	CHECK_EQ(t.rto_at, 0);
	/* Retransmissions before R2: 100 s at least (RFC 9293, 3.8.3) */
	now = 0;
	step = TCP_RTO_MIN_US;
	for (unsigned i = 0; i < TCP_RTO_RETRIES; i++) {
		now += step;
		step = step * 2 > TCP_RTO_MAX_US ? TCP_RTO_MAX_US : step * 2;
	}
	CHECK(now >= 100000000);
}

/* RFC 6298, 5.1 to 5.3: started by the first, left alone, started anew, stopped */
static void test_timer(void)
{
	struct tcp_conn t = fresh(1);

	put(&t, 100, 1000);
	CHECK_EQ(t.rto_at, 1000 + TCP_RTO_FIRST_US);
	put(&t, 100, 2000);
	CHECK_EQ(t.rto_at, 1000 + TCP_RTO_FIRST_US);
	acked(&t, 101, 60000);
	CHECK_EQ(t.rto_at, 60000 + TCP_RTO_MIN_US);
	CHECK_EQ(t.rto, TCP_RTO_MIN_US);
	acked(&t, 201, 61000);
	CHECK_EQ(t.rto_at, 0);
	put(&t, 100, 70000);
	tcp_rto_stop(&t);
	CHECK_EQ(t.rto_at, 0);
	CHECK_EQ(t.rtt_at, 0);
}

/* The persist timer is the same timer, until bytes leave */
static void test_probe(void)
{
	struct tcp_conn t = fresh(1);
	uint64_t now = 1000;

	tcp_rto_probe(&t, now);
	CHECK(t.flags & TCPF_PROBE);
	CHECK_EQ(t.rto_at, now + TCP_RTO_FIRST_US);
	tcp_rto_probe(&t, now + 5000);
	CHECK_EQ(t.rto_at, now + TCP_RTO_FIRST_US);
	tcp_rto_expired(&t, t.rto_at);
	CHECK_EQ(t.backoff, 1);
	t.backoff = 0;
	now = 3000000;
	put(&t, 100, now);
	CHECK(!(t.flags & TCPF_PROBE));
	CHECK_EQ(t.rto_at, now + TCP_RTO_FIRST_US);
	tcp_rto_probe(&t, now);
	tcp_rto_stop(&t);
	CHECK(!(t.flags & TCPF_PROBE) && !t.rto_at);
	/* How long a window was closed says nothing about the way */
	tcp_rto_probe(&t, now);
	t.backoff = 6;
	acked(&t, t.nxt, now + 100);
	CHECK(t.rto <= TCP_RTO_FIRST_US);
}

int main(void)
{
	RUN(test_estimator);
	RUN(test_one_at_a_time);
	RUN(test_stalled);
	RUN(test_karn);
	RUN(test_slow_guest);
	RUN(test_backoff);
	RUN(test_timer);
	RUN(test_probe);
	return check_done();
}
