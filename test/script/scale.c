// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * scale.c - many connections at once: memory, rate of opening, a full table
 *
 * The line `scale N' opens N connections, in the way of the loop but without it,
 * and checks, with the numbers on standard output:
 *
 *	memory		what the process grew by, per connection, and the size of the
 *			tables: less than 256 bytes
 *	rate		time to open and reset one, with 100 open and with N open.  The
 *			sockets are fakes that cost nothing, so what is compared is the
 *			program's own part; SLOWER_MAX is generous since the sanitizer
 *			and other tests are at work.  build/script/run is not for
 *			measuring, but what is not O(1) shows
 *	full table	the next is refused, an old one still works
 *	ids		of ended connections find nobody, even where others are now
 *	the end		nothing is left, no deadline is pending
 *
 * The line `rate N', for build/rate/run, which is optimised and has no sanitizer,
 * checks that connections are opened as fast with N open as with FEW: RATE_SLOWER at
 * most, with a socket of the kernel made and closed for each, the least that opening
 * asks of it; and OWN_SLOWER at most for the program alone, beside sockets that cost
 * nothing: there each look at memory beyond the caches counts for a fifth.
 *
 * A child process keeps the FEW.  Parent and child measure in turns, so that whatever
 * else the machine does meets both; of the processor's time, since the clock goes on
 * while others run.  The fastest round of each is what the program needs, the rest is
 * disturbance: rounds go on until these two are near enough, RATE_ROUNDS of each at
 * most.  Every round opens other connections, as what is in the processor's caches is
 * what differs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "count.h"
#include "frame.h"
#include "log.h"
#include "script.h"
#include "tap.h"
#include "tcp.h"
#include "timer.h"

enum {
	FEW		= 100,
	ROUNDS		= 20000,	/* connections per measurement */
	REPEATS		= 5,		/* of which the fastest counts */
	BYTES_MAX	= 256,
	SLOWER_MAX	= 2,
	RATE_OPEN	= 2000,		/* connections per round of `rate' */
	RATE_ROUNDS	= 1000,
	RATE_LEAST	= 30,		/* rounds, even if the first are near enough */
	PORTS		= 50000,
	PORT_FIRST	= 10000,
	GISN		= 7,
	PAGE		= 4096,
};

#define RATE_SLOWER	1.2
#define OWN_SLOWER	2.0

bool script_lean;

/**
 * struct rate - the processor's time to open one connection
 * @own:	of the program alone, ns
 * @all:	with what a socket takes in the kernel, ns
 */
struct rate {
	double own;
	double all;
};

/**
 * struct scale_self - state of this file
 * @last:	last frame of the program: its TCP header
 * @frames:	frames it sent
 */
static struct {
	struct wire_tcp last;
	uint64_t frames;
} self;

/* scale_frame() - The program sent a frame */
void scale_frame(const uint8_t *frame, uint32_t len)
{
	uint32_t at = 14 + (get_be16(frame + 12) == WIRE_IP4 ? 20 : 40);

	self.frames++;
	if (len >= at + sizeof(self.last))
		memcpy(&self.last, frame + at, sizeof(self.last));
}

/* now_ns() - A real clock */
static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* resident() - Memory of the process, bytes */
static uint64_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long all = 0, rss = 0;

	if (!f || fscanf(f, "%lu %lu", &all, &rss) != 2)	/* NOLINT(cert-err34-c): no user input */
		script_fail("no /proc/self/statm");
	(void)fclose(f);
	return (uint64_t)rss * PAGE;
}

/* key_of() - Ends of a connection by number: no two the same */
static struct conn_key key_of(uint32_t i)
{
	struct conn_key k = {
		.guest = script_setup.net.addr4, .far = script_setup.net.addr4,
		.gport = (uint16_t)(PORT_FIRST + i % PORTS), .proto = WIRE_TCP,
	};

	put_be32(k.far.b + 12, 0xc6336401 + i / PORTS);		/* 198.51.100.1 */
	k.fport = 80;
	return k;
}

/* segment() - A segment of the guest, through frame.c and tcp.c */
static void segment(const struct conn_key *k, uint8_t flags, uint32_t seq, uint32_t ack)
{
	static struct frame f;
	uint8_t buf[14 + 20 + 20];
	uint32_t at = packet_head(buf, &k->guest, &k->far, WIRE_TCP, 20, 0);
	struct iovec iov = { buf, sizeof(buf) };
	struct tap_frame t = { .iov = &iov, .niov = 1, .len = sizeof(buf),
			       .vh.flags = VIRTIO_NET_HDR_F_DATA_VALID };
	struct wire_tcp *h = (void *)(buf + at);

	memset(h, 0, sizeof(*h));
	put_be16(h->sport, k->gport);
	put_be16(h->dport, k->fport);
	put_be32(h->seq, seq);
	put_be32(h->ack, ack);
	h->off = 5 << 4;
	h->flags = flags;
	put_be16(h->wnd, UINT16_MAX);
	if (frame_parse(&t, &f) != FRAME_IP)
		script_fail("frame_parse()");
	tcp_frame(&f, fake_clock);
	tcp_flush(fake_clock);
}

/* open_one() - The whole handshake; false: it was refused */
static bool open_one(uint32_t i)
{
	struct conn_key k = key_of(i);
	struct conn *c;

	segment(&k, TCP_SYN, GISN, 0);
	c = conn_find(&k);
	if (!c)
		return false;
	fake_sock_connected(c->fd);
	tcp_socket_event(conn_id(c), EPOLLOUT, fake_clock);
	segment(&k, TCP_ACK, GISN + 1, get_be32(self.last.seq) + 1);
	return true;
}

/* open_up_to() - Open those from @from on until there are @to */
static void open_up_to(uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		if (!open_one(i))
			script_fail("connection %u was refused", i);
	}
}

/* reset_one() - The guest resets it */
static void reset_one(uint32_t i)
{
	struct conn_key k = key_of(i);

	segment(&k, TCP_RST, GISN + 1, 0);
}

/* measure() - Time to open and reset one with as many open as there are, ns */
static double measure(uint32_t first)
{
	double best = 0;

	for (int r = 0; r < REPEATS; r++) {
		uint64_t begin = now_ns(CLOCK_MONOTONIC);
		double each;

		for (uint32_t i = 0; i < ROUNDS; i++) {
			open_up_to(first + i, first + i + 1);
			reset_one(first + i);
		}
		each = (double)(now_ns(CLOCK_MONOTONIC) - begin) / ROUNDS;
		if (!r || each < best)
			best = each;
	}
	return best;
}

/* fill() - Fill the table; the next one is refused, the oldest still works */
static uint32_t fill(uint32_t n)
{
	struct conn_key k = key_of(0), over;
	uint64_t frames;

	open_up_to(n, CONN_MAX);
	n = CONN_MAX;
	if (open_one(n))
		script_fail("more connections than there can be");
	over = key_of(n);
	if (self.last.flags != (TCP_RST | TCP_ACK) || get_be16(self.last.dport) != over.gport)
		script_fail("the one too many was not reset");
	if (count_value[DROP_TCP_LIMIT] != 1)
		script_fail("it was not counted");
	frames = self.frames;
	segment(&k, TCP_ACK | TCP_FIN, GISN + 1, 0);
	if (self.frames == frames)
		script_fail("an old connection does not answer");
	return n;
}

/* close_all() - Reset them all, and use some of the entries again */
static void close_all(uint32_t n)
{
	struct conn_key k = key_of(n / 2);
	uint64_t stale = conn_id(conn_find(&k));

	reset_one(n / 2);
	if (conn_get(stale))
		script_fail("an id finds a connection that is gone");
	(void)open_one(n / 2);
	if (conn_get(stale) || conn_id(conn_find(&k)) == stale)
		script_fail("an id finds the successor of its connection");
	for (uint32_t i = 0; i < n; i++)
		reset_one(i);
	if (script_left() || fake_sock_open())
		script_fail("%u connections are left", script_left());
	if (timer_next() != TIMER_NEVER)
		script_fail("a deadline is pending");
}

/* start() - FEW connections, before there are @conns */
static void start(uint32_t conns)
{
	if (conns <= FEW || conns >= CONN_MAX)
		script_fail("not so many");
	script_lean = true;
	log_level = LOG_LVL_WARN;
	fake_sock_touch();
	fake_loop_touch();
	open_up_to(0, FEW);
}

/* end() - Close all @n */
static void end(uint32_t n)
{
	close_all(n);
	log_level = LOG_LVL_DEBUG;
	script_lean = false;
}

/* rate_round() - Open some, make as many sockets of the kernel, reset the first */
static struct rate rate_round(uint32_t first)
{
	uint64_t begin = now_ns(CLOCK_PROCESS_CPUTIME_ID), opened;
	struct rate r;

	open_up_to(first, first + RATE_OPEN);
	opened = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (uint32_t i = 0; i < RATE_OPEN; i++)
		(void)close(socket(AF_INET, SOCK_STREAM, 0));
	r.all = (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - begin) / RATE_OPEN;
	r.own = (double)(opened - begin) / RATE_OPEN;
	for (uint32_t i = 0; i < RATE_OPEN; i++)
		reset_one(first + i);
	return r;
}

/* rate_child() - Measure with few open, each time a number comes; ends with the pipe */
static void rate_child(int in, int out)
{
	uint32_t first;

	while (read(in, &first, sizeof(first)) == sizeof(first)) {
		struct rate r = rate_round(first);

		if (write(out, &r, sizeof(r)) != sizeof(r))
			break;
	}
	_exit(EXIT_SUCCESS);
}

/* rate_best() - The fastest of all rounds */
static void rate_best(struct rate *best, const struct rate *r)
{
	best->own = r->own < best->own ? r->own : best->own;
	best->all = r->all < best->all ? r->all : best->all;
}

/* scale_rate() - Opening with @conns open is about as fast as with FEW */
void scale_rate(uint32_t conns)
{
	struct rate few = { 1e9, 1e9 }, many = few, r;
	int ask[2], answer[2], round = 0;
	bool near = false;
	pid_t child;

	start(conns);
	if (pipe(ask) || pipe(answer) || (child = fork()) < 0)
		script_fail("no child process");
	if (!child) {
		(void)close(ask[1]);
		rate_child(ask[0], answer[1]);
	}
	open_up_to(FEW, conns);
	for (; round < RATE_LEAST || (round < RATE_ROUNDS && !near); round++) {
		uint32_t first = conns + (uint32_t)round * RATE_OPEN;

		if (write(ask[1], &first, sizeof(first)) != sizeof(first) ||
		    read(answer[0], &r, sizeof(r)) != sizeof(r))
			script_fail("the child process ended");
		rate_best(&few, &r);
		r = rate_round(first);
		rate_best(&many, &r);
		near = many.own < OWN_SLOWER * few.own && many.all < RATE_SLOWER * few.all;
	}
	(void)close(ask[1]);
	(void)waitpid(child, NULL, 0);
	(void)printf("%u connections: %.0f ns to open one, with a socket %.0f ns; %u: %.0f ns, "
		     "%.0f ns; %i rounds\n", conns, many.own, many.all, (unsigned)FEW, few.own,
		     few.all, round);
	if (!near)
		script_fail("opening is %.2f times as slow, with a socket %.2f times",
			    many.own / few.own, many.all / few.all);
	end(conns);
}

/* scale_run() - All of it, with @conns connections */
void scale_run(uint32_t conns)
{
	uint64_t before, grown;
	uint32_t n = FEW;
	double few, many;

	start(conns);
	few = measure(n);
	/* Entries used by the measurement are in memory already */
	before = resident();
	open_up_to(n, conns);
	n = conns;
	grown = (resident() - before) / (conns - FEW - 1);
	many = measure(n);
	(void)printf("%u connections: %llu bytes each (entry %zu), %.0f ns to open and "
		     "reset one; %u: %.0f ns\n", conns, (unsigned long long)grown,
		     sizeof(struct conn), many, (unsigned)FEW, few);
	if (grown >= BYTES_MAX)
		script_fail("%llu bytes per connection", (unsigned long long)grown);
	if (many > SLOWER_MAX * few)
		script_fail("opening is %.2f times as slow", many / few);
	end(fill(n));
}
