// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * repair.c - unit test of ../../repair.c
 * links: repair.c sock.c addr.c util.c
 *
 * Sockets of the kernel, in a namespace of its own.  P is dumped, vanishes, and is made
 * again, in each state that a row of the table brings it to; R is the remote end, which
 * must not notice.  Both streams have to arrive whole, and no RST may be sent.
 */
#include "test/unit/check.h"
#include "test/unit/netns.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "repair.h"
#include "sock.h"
#include "util.h"

enum {
	SMALL		= 20000,
	LARGE		= 1500000,
	MORE		= 1000,
	CHUNK		= 65536,
	SETTLE_US	= 20000,
	LIMIT_MS	= 15000,
};

/*
 * struct row - how P gets into its state, step by step
 *
 * @steps:	w, W: P writes SMALL, LARGE; r, R: so does R
 *		f, F: P, R send their FIN
 *		p, P: what comes to P is lost, arrives again; q, Q: the same for R
 *		c: R closes its receive window
 * @state:	P's state then
 */
static const struct row {
	const char *steps;
	uint8_t state;
} row[] = {
	{ "", TCP_ESTABLISHED },
	{ "wr", TCP_ESTABLISHED },
	{ "R", TCP_ESTABLISHED },
	{ "qw", TCP_ESTABLISHED },
	{ "pw", TCP_ESTABLISHED },
	{ "qW", TCP_ESTABLISHED },
	{ "W", TCP_ESTABLISHED },
	{ "WR", TCP_ESTABLISHED },
	{ "pr", TCP_ESTABLISHED },
	{ "qwf", TCP_FIN_WAIT1 },
	{ "qWf", TCP_FIN_WAIT1 },
	{ "pf", TCP_FIN_WAIT1 },
	{ "pwf", TCP_FIN_WAIT1 },
	{ "Rqwf", TCP_FIN_WAIT1 },
	{ "f", TCP_FIN_WAIT2 },
	{ "wfr", TCP_FIN_WAIT2 },
	{ "fpr", TCP_FIN_WAIT2 },
	{ "F", TCP_CLOSE_WAIT },
	{ "rF", TCP_CLOSE_WAIT },
	{ "RF", TCP_ESTABLISHED },
	{ "rFqw", TCP_CLOSE_WAIT },
	{ "qfF", TCP_CLOSING },
	{ "qwfrF", TCP_CLOSING },
	{ "Fqf", TCP_LAST_ACK },
	{ "rFqwf", TCP_LAST_ACK },
	{ "FqWf", TCP_LAST_ACK },
	{ "Fpf", TCP_LAST_ACK },
	{ "Fpwf", TCP_LAST_ACK },
	{ "fF", TCP_CLOSE },
	{ "wfrF", TCP_CLOSE },
};

enum { ROWS = sizeof(row) / sizeof(row[0]) };

/* One end, and what it did */
struct side {
	int fd;
	uint32_t wrote;
	uint32_t got;
	bool fin;
	bool eof;
};

static struct pair {
	uint64_t at;		/* when @dump was made, ms */
	uint32_t mss;		/* of P, then */
	struct side p, r;
	struct repair dump;
} pair[ROWS];

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void nap(long us)
{
	struct timespec t = { .tv_nsec = us * 1000 };

	(void)nanosleep(&t, NULL);
}

static uint8_t pattern(uint32_t at, unsigned salt)
{
	return (uint8_t)(at * 7 + (at >> 8) * 13 + (at >> 16) * 31 + salt);
}

static bool put(struct side *s, unsigned salt, uint32_t n)
{
	static uint8_t buf[CHUNK];

	while (n) {
		uint32_t len = min_u32(n, CHUNK);
		ssize_t done;

		for (uint32_t i = 0; i < len; i++)
			buf[i] = pattern(s->wrote + i, salt);
		done = send(s->fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (done <= 0)
			return done < 0 && errno == EAGAIN;	/* full: so much, then */
		s->wrote += (uint32_t)done;
		n -= (uint32_t)done;
	}
	return true;
}

/* take() - Read what there is; false: wrong bytes, or an error */
static bool take(struct side *s, unsigned salt)
{
	static uint8_t buf[CHUNK];
	ssize_t n;

	while ((n = recv(s->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] != pattern(s->got + (uint32_t)i, salt))
				return false;
		}
		s->got += (uint32_t)n;
	}
	s->eof |= !n;
	return !n || errno == EAGAIN;
}

static int loopback_port(int family, union addr_sock *s, socklen_t *len)
{
	*len = addr_to_sock(s, family == AF_INET ? &addr_loop4 : &addr_loop6, 0, 0);
	return 0;
}

static bool connected(int family, int *p, int *r)
{
	union addr_sock s;
	socklen_t len;
	int l = socket(family, SOCK_STREAM, 0), one = 1;

	(void)loopback_port(family, &s, &len);
	*p = socket(family, SOCK_STREAM, 0);
	*r = -1;
	if (!bind(l, &s.sa, len) && !listen(l, 1) && !getsockname(l, &s.sa, &len) &&
	    !connect(*p, &s.sa, len))
		*r = accept(l, NULL, NULL);
	(void)setsockopt(*r, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(*p, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)close(l);
	return *r >= 0;
}

static struct tcp_info info(int fd)
{
	struct tcp_info ti = { 0 };
	socklen_t len = sizeof(ti);

	(void)getsockopt(fd, IPPROTO_TCP, TCP_INFO, &ti, &len);
	return ti;
}

static uint8_t state(int fd)
{
	return info(fd).tcpi_state;
}

static void step(struct pair *x, char c)
{
	switch (c) {
	case 'w': case 'W':
		CHECK(put(&x->p, 1, c == 'w' ? SMALL : LARGE));
		break;
	case 'r': case 'R':
		CHECK(put(&x->r, 2, c == 'r' ? SMALL : LARGE));
		break;
	case 'f':
		CHECK_EQ(shutdown(x->p.fd, SHUT_WR), 0);
		x->p.fin = true;
		break;
	case 'F':
		CHECK_EQ(shutdown(x->r.fd, SHUT_WR), 0);
		x->r.fin = true;
		break;
	case 'p': case 'P':
		CHECK_EQ(repair_deaf(x->p.fd, c == 'p'), 0);
		break;
	case 'q': case 'Q':
		CHECK_EQ(repair_deaf(x->r.fd, c == 'q'), 0);
		break;
	default:
		CHECK(false);
	}
	nap(SETTLE_US);
}

/* save() - Dump P, and keep its queues where the test can put them back from */
static uint8_t *save(struct pair *x)
{
	struct repair *d = &x->dump;
	size_t unread, queued;
	const uint8_t *data;
	uint8_t *copy;

	x->at = now_ms();
	x->mss = info(x->p.fd).tcpi_snd_mss;
	CHECK_EQ(repair_deaf(x->p.fd, true), 0);
	CHECK_EQ(repair_ends(x->p.fd, &x->dump), 0);
	CHECK_EQ(repair_dump(x->p.fd, true, &x->dump), 0);
	unread = d->len[REPAIR_UNREAD];
	queued = (size_t)d->len[REPAIR_SENT] + d->len[REPAIR_UNSENT];
	copy = malloc(unread + queued + 1);
	CHECK_EQ(repair_peek(x->p.fd, d, false, &data), 0);
	memcpy(copy, data, unread);
	CHECK_EQ(repair_peek(x->p.fd, d, true, &data), 0);
	memcpy(copy + unread, data, queued);
	return copy;
}

static void make(struct pair *x, const uint8_t *copy)
{
	const struct repair *d = &x->dump;
	const uint8_t *sent = copy + d->len[REPAIR_UNREAD];

	/* In two steps, or in one */
	x->p.fd = repair_make(addr_is4(&d->peer) ? -1 : repair_begin(d), d,
			      (uint32_t)(now_ms() - x->at));
	CHECK(x->p.fd >= 0);
	CHECK_EQ(repair_fill(x->p.fd, REPAIR_UNREAD, copy, d->len[REPAIR_UNREAD]), 0);
	CHECK_EQ(repair_fill(x->p.fd, REPAIR_SENT, sent, d->len[REPAIR_SENT]), 0);
	CHECK_EQ(repair_quiet(x->p.fd, d), 0);
	/* What was agreed to, and nothing else: no clock that ticks in us */
	CHECK_EQ(info(x->p.fd).tcpi_options, d->options);
	/* 32767 can be set; it may have been less, as half of a small window */
	CHECK(info(x->p.fd).tcpi_snd_mss >= min_u32(x->mss, 32700));
	CHECK_EQ(repair_fill(x->p.fd, REPAIR_UNSENT, sent + d->len[REPAIR_SENT],
			     d->len[REPAIR_UNSENT]), 0);
	CHECK_EQ(repair_wait(x->p.fd, d), 0);
}

/* finish() - Both ends write a little more and close; what arrives is read; done? */
static bool finish(struct pair *x)
{
	bool came = repair_fin_came(&x->dump);

	if (!x->p.fin)
		CHECK(put(&x->p, 1, MORE) && !shutdown(x->p.fd, SHUT_WR));
	if (!x->r.fin)
		CHECK(put(&x->r, 2, MORE) && !shutdown(x->r.fd, SHUT_WR));
	x->p.fin = x->r.fin = true;
	CHECK(take(&x->p, 2));
	CHECK(take(&x->r, 1));
	return x->r.eof && x->r.got == x->p.wrote && (x->p.eof || came) &&
	       x->p.got == x->r.wrote;
}

static long resets(void)
{
	char line[512], head[512] = "";
	FILE *f = fopen("/proc/self/net/snmp", "r");
	long out = -1;

	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "Tcp:", 4) && *head) {
			char *names, *values;
			char *n = strtok_r(head, " \n", &names);
			char *v = strtok_r(line, " \n", &values);

			for (; n && v; n = strtok_r(NULL, " \n", &names),
			     v = strtok_r(NULL, " \n", &values)) {
				if (!strcmp(n, "OutRsts"))
					out = strtol(v, NULL, 10);
			}
		} else if (!strncmp(line, "Tcp:", 4)) {
			memcpy(head, line, sizeof(head));
		}
	}
	if (f)
		(void)fclose(f);
	return out;
}

static void all(int family)
{
	static uint8_t *copy[ROWS];
	long rst = resets();
	int left = ROWS;

	memset(pair, 0, sizeof(pair));
	for (int i = 0; i < ROWS; i++) {
		if (!connected(family, &pair[i].p.fd, &pair[i].r.fd)) {
			CHECK(false);
			return;
		}
		for (const char *s = row[i].steps; *s; s++)
			step(&pair[i], *s);
		CHECK_EQ(state(pair[i].p.fd), row[i].state);
		copy[i] = save(&pair[i]);
		/* The kernel has forgotten where a socket led that is done */
		if (addr_is_none(&pair[i].dump.peer)) {
			union addr_sock s;
			socklen_t len = sizeof(s);

			CHECK_EQ(row[i].state, TCP_CLOSE);
			CHECK_EQ(getsockname(pair[i].r.fd, &s.sa, &len), 0);
			CHECK(addr_from_sock(&s, &pair[i].dump.peer, &pair[i].dump.pport));
		}
	}
	for (int i = 0; i < ROWS; i++)
		repair_vanish(pair[i].p.fd);
	for (int i = 0; i < ROWS; i++) {
		make(&pair[i], copy[i]);
		free(copy[i]);
	}
	for (int i = 0; i < ROWS; i++) {
		CHECK_EQ(repair_deaf(pair[i].r.fd, false) == 0 || errno == ENOENT, 1);
		CHECK_EQ(repair_go(pair[i].p.fd, &pair[i].dump, true), 0);
	}
	for (int ms = 0; left && ms < LIMIT_MS; ms += 10) {
		left = 0;
		for (int i = 0; i < ROWS; i++)
			left += !finish(&pair[i]);
		nap(10000);
	}
	for (int i = 0; i < ROWS; i++) {
		const struct pair *x = &pair[i];

		if (!finish(&pair[i]))
			printf("# %s: P wrote %u, R got %u %s; R wrote %u, P got %u %s\n",
			       row[i].steps, x->p.wrote, x->r.got, x->r.eof ? "EOF" : "",
			       x->r.wrote, x->p.got, x->p.eof ? "EOF" : "");
		CHECK(finish(&pair[i]));
		repair_vanish(x->p.fd);
		(void)close(x->r.fd);
	}
	CHECK_EQ(resets(), rst);
}

static void test_states4(void) { all(AF_INET); }
static void test_states6(void) { all(AF_INET6); }

/* A SYN nobody answered goes out again from the new socket, with the same number */
static void test_syn_sent(void)
{
	union addr_sock s;
	socklen_t len;
	int l = socket(AF_INET, SOCK_STREAM, 0), p, r;
	struct repair d;
	struct pollfd w;

	(void)loopback_port(AF_INET, &s, &len);
	CHECK(!bind(l, &s.sa, len) && !listen(l, 1) && !getsockname(l, &s.sa, &len));
	CHECK_EQ(repair_deaf(l, true), 0);
	p = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK(connect(p, &s.sa, len) && errno == EINPROGRESS);
	CHECK_EQ(repair_dump(p, false, &d), 0);
	CHECK_EQ(d.state, TCP_SYN_SENT);
	CHECK(addr_from_sock(&s, &d.peer, &d.pport));
	repair_vanish(p);
	p = repair_make(-1, &d, 0);
	CHECK(p >= 0);
	CHECK_EQ(repair_quiet(p, &d), 0);
	CHECK_EQ(repair_wait(p, &d), 0);
	CHECK_EQ(repair_deaf(l, false), 0);
	CHECK_EQ(repair_go(p, &d, true), 0);
	w = (struct pollfd){ .fd = p, .events = POLLOUT };
	CHECK_EQ(poll(&w, 1, 3000), 1);
	CHECK_EQ(state(p), TCP_ESTABLISHED);
	CHECK_EQ(repair_dump(p, false, &d), 0);
	r = accept(l, NULL, NULL);
	CHECK(r >= 0);
	(void)close(p);
	(void)close(r);
	(void)close(l);
}

/* Bytes that were not sent stay so while a deaf socket is looked at, and one that hears? */
static void test_unsent(void)
{
	static const int little = 4096;

	for (int deaf = 0; deaf < 2; deaf++) {
		int p, r, l = socket(AF_INET, SOCK_STREAM, 0);
		struct sockaddr_in a = {
			.sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) },
		};
		socklen_t len = sizeof(a);
		struct side s = { 0 };
		const uint8_t *data;
		uint8_t buf[CHUNK];
		struct repair d;

		CHECK_EQ(setsockopt(l, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little)), 0);
		CHECK_EQ(bind(l, (struct sockaddr *)&a, len) || listen(l, 1), 0);
		CHECK_EQ(getsockname(l, (struct sockaddr *)&a, &len), 0);
		p = socket(AF_INET, SOCK_STREAM, 0);
		CHECK_EQ(connect(p, (struct sockaddr *)&a, len), 0);
		r = accept(l, NULL, NULL);
		s.fd = p;
		CHECK(put(&s, 1, LARGE));
		nap(SETTLE_US);
		CHECK(repair_unsent(p));
		if (deaf)
			CHECK_EQ(repair_deaf(p, true), 0);
		CHECK_EQ(repair_dump(p, false, &d), 0);
		CHECK_EQ(repair_peek(p, &d, true, &data), 0);
		/* Which opens the window, and says so */
		while (recv(r, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			nap(1000);
		CHECK_EQ(repair_unsent(p), deaf);
		repair_vanish(p);
		(void)close(r);
		(void)close(l);
	}
}

/* Not handed over: it leaves repair mode, hears again, and nothing was lost */
static void test_leave(void)
{
	struct pair x = { .p.fd = -1 };
	int reuse = 1;
	socklen_t len = sizeof(reuse);
	uint8_t *copy;

	CHECK(connected(AF_INET, &x.p.fd, &x.r.fd));
	CHECK_EQ(setsockopt(x.p.fd, SOL_SOCKET, SO_REUSEADDR, &reuse, len), 0);
	step(&x, 'q');
	step(&x, 'w');
	step(&x, 'r');
	copy = save(&x);
	CHECK(put(&x.r, 2, SMALL));
	CHECK_EQ(repair_leave(x.p.fd), 0);
	CHECK_EQ(repair_deaf(x.p.fd, false), 0);
	/* Else a listener that it belongs to could not be opened again */
	CHECK_EQ(getsockopt(x.p.fd, SOL_SOCKET, SO_REUSEADDR, &reuse, &len), 0);
	CHECK_EQ(reuse, 1);
	step(&x, 'Q');
	for (int ms = 0; !finish(&x) && ms < LIMIT_MS; ms += 10)
		nap(10000);
	CHECK(finish(&x));
	(void)close(x.p.fd);
	(void)close(x.r.fd);
	free(copy);
}

/* What waits can end, as a process that is killed does: nobody notices */
static void test_wait(void)
{
	struct pair x = { .p.fd = -1 };
	long rst = resets();
	uint8_t *copy, byte;

	CHECK(connected(AF_INET, &x.p.fd, &x.r.fd));
	step(&x, 'q');
	step(&x, 'w');
	step(&x, 'r');
	copy = save(&x);
	repair_vanish(x.p.fd);
	make(&x, copy);
	step(&x, 'Q');
	(void)close(x.p.fd);
	CHECK_EQ(recv(x.r.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT), -1);
	CHECK_EQ(errno, EAGAIN);
	make(&x, copy);
	CHECK_EQ(repair_go(x.p.fd, &x.dump, true), 0);
	for (int ms = 0; !finish(&x) && ms < LIMIT_MS; ms += 10)
		nap(10000);
	CHECK(finish(&x));
	repair_vanish(x.p.fd);
	(void)close(x.r.fd);
	free(copy);
	CHECK_EQ(resets(), rst);
}

int main(void)
{
	static const struct sock_conf conf;

	if (!netns_new())
		return SKIP;
	sock_init(&conf);
	repair_init();
	if (!repair_possible()) {
		(void)fputs("no TCP_REPAIR\n", stderr);
		return SKIP;
	}
	RUN(test_states4);
	RUN(test_states6);
	RUN(test_syn_sent);
	RUN(test_leave);
	RUN(test_unsent);
	RUN(test_wait);
	return check_done();
}
