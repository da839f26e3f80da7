// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_rto.c - retransmission timer toward the guest (RFC 6298)
 *
 * Theory of operation
 *
 *   A fresh connection has TCP_RTO_FIRST_US as its time-out, and nothing else set.
 *   The timer is told what happened and decides itself when it has to run out:
 *
 *	told		by whom				does
 *	sent		who sent bytes or a SYN		moves nxt and sent; starts it,
 *							unless it runs
 *	acked		who saw new bytes acknowledged	starts it anew, or stops it
 *	expired		who was called by it		backs off
 *	probe		who found the window closed	starts it as persist timer
 *
 *   One byte at a time is measured: the round trip is known when that is
 *   acknowledged.  A retransmission ends the measurement, since nobody can tell
 *   which copy was acknowledged (Karn's algorithm, section 3).  Until the next
 *   one ends, the time-out stays as long as backing off made it (section 5): else
 *   a guest that answers later than that would never be measured.  Timestamps
 *   are not offered to the guest.
 *
 *   The lower bound is 200 ms, as in the kernels on both sides, and not the 1 s
 *   of section 2.4: the guest is on this machine, its delayed acknowledgements
 *   take 40 ms, and a lost frame should not stop a stream for a second.
 */
#include "tcp_rto.h"

#include "epoch.h"
#include "seq.h"
#include "tcp_fsm.h"
#include "util.h"

/* Variation below which the clock counts for nothing: one tick of the wheel */
enum { GRANULARITY_US = 1024, BACKOFF_MAX = 15 };

/* interval() - How long the timer runs, backing off included, us */
static uint64_t interval(const struct tcp_conn *t)
{
	return min_u64((uint64_t)t->rto << t->backoff, TCP_RTO_MAX_US);
}

/**
 * tcp_rto_sent() - Bytes, or a SYN or FIN, went to the guest
 * @t:		Connection; nxt, the number of the first, moves behind the last
 * @len:	How many
 * @now:	Time, us
 */
void tcp_rto_sent(struct tcp_conn *t, uint32_t len, uint64_t now)
{
	if (!t->rto_at || t->flags & TCPF_PROBE) {
		t->flags &= (uint16_t)~TCPF_PROBE;
		t->rto_at = now + interval(t);
	}
	/* What goes out again is not measured */
	if (!t->rtt_at && t->nxt == t->sent) {
		t->rtt_at = now;
		t->rtt_seq = t->nxt;
	}
	t->nxt += len;
	t->sent = seq_max(t->sent, t->nxt);
}

/* measure() - One round trip is known (RFC 6298, 2.2 and 2.3) */
static void measure(struct tcp_conn *t, uint32_t r)
{
	if (!t->srtt) {
		t->srtt = r;
		t->rttvar = r / 2;
	} else {
		uint32_t err = r > t->srtt ? r - t->srtt : t->srtt - r;

		t->rttvar = t->rttvar - t->rttvar / 4 + err / 4;
		t->srtt = t->srtt - t->srtt / 8 + r / 8;
	}
	t->rto = t->srtt + max_u32(GRANULARITY_US, 4 * t->rttvar);
	t->rto = min_u32(max_u32(t->rto, TCP_RTO_MIN_US), TCP_RTO_MAX_US);
}

/**
 * tcp_rto_acked() - The guest acknowledged something new
 * @t:		Connection, una is moved already
 * @now:	Time, us
 */
void tcp_rto_acked(struct tcp_conn *t, uint64_t now)
{
	if (t->rtt_at && seq_gt(t->una, t->rtt_seq)) {
		if (!epoch_stalled_since(t->rtt_at))
			measure(t, (uint32_t)min_u64(now - t->rtt_at + 1, TCP_RTO_MAX_US));
		t->rtt_at = 0;
	} else if (!(t->flags & TCPF_PROBE)) {
		t->rto = (uint32_t)interval(t);
	}
	t->backoff = 0;
	t->rto_at = t->nxt != t->una ? now + interval(t) : 0;
}

/**
 * tcp_rto_expired() - The timer ran out, something goes out again
 * @t:		Connection
 * @now:	Time, us
 */
void tcp_rto_expired(struct tcp_conn *t, uint64_t now)
{
	if (t->backoff < BACKOFF_MAX)
		t->backoff++;
	t->rtt_at = 0;
	t->rto_at = now + interval(t);
}

/**
 * tcp_rto_probe() - Nothing is in flight, bytes wait, the window is closed
 * @t:		Connection
 * @now:	Time, us
 *
 * The persist timer of RFC 9293, section 3.8.6.1; it is the same timer, as
 * there is nothing to retransmit.
 */
void tcp_rto_probe(struct tcp_conn *t, uint64_t now)
{
	t->flags |= TCPF_PROBE;
	if (!t->rto_at)
		t->rto_at = now + interval(t);
}

/**
 * tcp_rto_stop() - Nothing to wait for
 * @t:		Connection
 */
void tcp_rto_stop(struct tcp_conn *t)
{
	t->flags &= (uint16_t)~TCPF_PROBE;
	t->rto_at = 0;
	t->rtt_at = 0;
}
