// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * splice_stream.c - a pair of sockets on a kernel made up here
 *
 * What goes wrong on the loopback path does so by timing, and real sockets show it
 * once in many runs.  So sockets, pipes and edges are simulated: calls move as many
 * bytes as chance has it, and an edge is told once, when something changed, and
 * never else.  When no edge is left, what could be delivered has to be.
 *
 * links: splice.c conn.c timer.c addr.c util.c count.c log.c
 */
#include "check.h"

#include <errno.h>
#include <sys/socket.h>

#include "log.h"
#include "loop.h"
#include "ns.h"
#include "sock.h"
#include "sock_splice.h"
#include "splice.h"
#include "timer.h"

enum { SIDES = 2, FD = 100, PIPE_FD = 200, PIPES = 64, PIPE_LEAST = 64 * 1024,
       TURNS = 100, TURNS_MAX = 40, RUNS = 100 };

/**
 * struct sim_sock - one socket of the pair, seen from the program
 * @arrived:	bytes that have come from its peer, ever
 * @read:	of these, how many were read
 * @sent:	bytes that were given to it, ever
 * @room:	bytes it takes before it is full
 * @mark:	an urgent mark before this byte of @arrived, 0: none
 * @events:	edges not told yet
 * @no_space:	it refused bytes, so room will be an edge
 * @peer_eof:	its peer sends no more
 * @shut:	we send no more
 * @open:	not closed
 * @bad:	a byte was not the one it should have been
 */
static struct sim_sock {
	size_t arrived;
	size_t read;
	size_t sent;
	size_t room;
	size_t mark;
	uint32_t events;
	bool no_space;
	bool peer_eof;
	bool shut;
	bool open;
	bool bad;
} sim[SIDES];

/* Bytes in a pipe have consecutive numbers: from the first of one side */
static struct { size_t first, held; bool used; } pipes[PIPES];

/**
 * struct sim_run - what is special about this run
 * @no_pipes:	most pipes are refused
 * @small:	few bytes come at a time
 * @last:	side that was read last
 * @id:		of the pair, as the loop knows it
 */
static struct {
	bool no_pipes;
	bool small;
	int last;
	uint64_t id;
} run;

static uint8_t byte_at(size_t pos)
{
	return (uint8_t)(pos * 2654435761U >> 13);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* some() - How much a call moves of what it could: often all, at least one byte */
static size_t some(size_t n)
{
	return n && check_below(3) ? 1 + check_below(n) : n;
}

/* level() - What epoll finds if it looks now */
static uint32_t level(const struct sim_sock *s)
{
	return (s->arrived > s->read || s->peer_eof ? EPOLLIN : 0U) |
	       (s->room ? EPOLLOUT : 0U) | (s->peer_eof ? EPOLLRDHUP : 0U) |
	       (s->peer_eof && s->shut ? EPOLLHUP : 0U) |
	       (s->mark && s->read <= s->mark && s->arrived > s->mark ? EPOLLPRI : 0U);
}

/* readable() - Bytes one read may return, from a place: up to an urgent mark */
static size_t readable(const struct sim_sock *s, size_t from)
{
	return s->mark > from && s->mark < s->arrived ? s->mark - from : s->arrived - from;
}

/* take() - Bytes for a socket, in a buffer or, by number, in a pipe */
static ssize_t take(struct sim_sock *s, const uint8_t *buf, size_t first, size_t len)
{
	size_t n = some(least(len, s->room));

	CHECK(s->open && !s->shut);
	if (n < len && n == s->room)
		s->no_space = true;
	if (!n)
		return -EAGAIN;
	s->bad |= buf ? buf[0] != byte_at(s->sent) || buf[n - 1] != byte_at(s->sent + n - 1) :
			first != s->sent;
	s->sent += n;
	s->room -= n;
	return (ssize_t)n;
}

static void give(struct sim_sock *s, uint8_t *buf, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf[i] = byte_at(s->read + i);
}

/* ------------------------------------------------ doubles of lower modules */

ssize_t sock_splice_peek(int fd, void *buf, size_t size)
{
	struct sim_sock *s = &sim[fd - FD];
	size_t n = least(readable(s, s->read), size);

	if (!n)
		return s->peer_eof ? 0 : -EAGAIN;
	give(s, buf, n);
	return (ssize_t)n;
}

ssize_t sock_splice_recv(int fd, void *buf, size_t size)
{
	ssize_t n = sock_splice_peek(fd, buf, size);

	if (n > 0)
		sim[fd - FD].read += (size_t)n;
	run.last = fd - FD;
	return n;
}

ssize_t sock_tcp_consume(int fd, size_t n)
{
	sim[fd - FD].read += n;
	CHECK(sim[fd - FD].read <= sim[fd - FD].arrived);
	return (ssize_t)n;
}

ssize_t sock_splice_send(int fd, const void *buf, size_t len)
{
	return take(&sim[fd - FD], buf, 0, len);
}

int sock_splice_pipe(int32_t pipe[static 2], size_t size)
{
	(void)size;
	if (run.no_pipes && check_below(4))
		return -EMFILE;
	for (int i = 0; i < PIPES; i++) {
		if (pipes[i].used)
			continue;
		pipes[i].used = true;
		pipes[i].held = 0;
		pipe[0] = pipe[1] = PIPE_FD + i;
		return PIPE_LEAST;
	}
	return -EMFILE;
}

void sock_splice_close_pipe(const int32_t pipe[static 2])
{
	pipes[pipe[0] - PIPE_FD].used = false;
}

ssize_t sock_splice_stash(int pipe_in, const void *buf, size_t len)
{
	const uint8_t *b = buf;
	size_t pos = sim[run.last].read - len;	/* the rest of what was read */

	CHECK(b[0] == byte_at(pos) && b[len - 1] == byte_at(pos + len - 1));
	CHECK_EQ(pipes[pipe_in - PIPE_FD].held, 0);
	pipes[pipe_in - PIPE_FD].first = pos;
	pipes[pipe_in - PIPE_FD].held = len;
	return (ssize_t)len;
}

static ssize_t fill(int fd, int pipe_in, size_t max)
{
	struct sim_sock *s = &sim[fd - FD];
	size_t n = some(least(readable(s, s->read), least(max, PIPE_LEAST)));

	CHECK_EQ(pipes[pipe_in - PIPE_FD].held, 0);
	if (s->mark && s->read == s->mark)
		return -EAGAIN;		/* splice(2) can not pass it */
	if (!n)
		return s->peer_eof ? 0 : -EAGAIN;
	pipes[pipe_in - PIPE_FD].first = s->read;
	pipes[pipe_in - PIPE_FD].held = n;
	s->read += n;
	return (ssize_t)n;
}

static ssize_t drain(int pipe_out, int fd, size_t len)
{
	ssize_t n;

	CHECK_EQ(pipes[pipe_out - PIPE_FD].held, len);
	n = take(&sim[fd - FD], NULL, pipes[pipe_out - PIPE_FD].first, len);
	if (n > 0) {
		pipes[pipe_out - PIPE_FD].first += (size_t)n;
		pipes[pipe_out - PIPE_FD].held -= (size_t)n;
	}
	return n;
}

ssize_t sock_splice_move(int from, int to, size_t max)
{
	return from < PIPE_FD ? fill(from, to, max) : drain(from, to, max);
}

int sock_tcp_shutdown(int fd)
{
	CHECK(!sim[fd - FD].shut);
	sim[fd - FD].shut = true;
	sim[fd - FD].events |= level(&sim[fd - FD]);
	return 0;
}

void sock_close(int fd)
{
	sim[fd - FD].open = false;
	sim[fd - FD].shut = true;
}

void sock_tcp_abort(int fd)
{
	CHECK(fd < 0);		/* nothing is broken here */
}

int loop_add(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	CHECK_EQ(kind, fd == FD ? LOOP_SPLICE_A : LOOP_SPLICE_B);
	CHECK(events & EPOLLET);
	run.id = id;
	sim[fd - FD].events = level(&sim[fd - FD]);
	return 0;
}

int loop_mod(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	return loop_add(fd, kind, id, events);
}

int ns_socket(int family, int type)
{
	(void)family;
	(void)type;
	return FD + 1;
}

int sock_open(int family, int type, int proto)
{
	(void)proto;
	return ns_socket(family, type);
}

int sock_error(int fd)
{
	(void)fd;
	return 0;
}

int sock_splice_dial(int fd, const struct addr *dst, uint16_t port)
{
	(void)fd;
	(void)dst;
	(void)port;
	return 0;
}

/* UDP is not used here */
const struct fwd_listener *fwd_listener(uint32_t n)
{
	(void)n;
	return NULL;
}

struct addr fwd_splice_to(const struct fwd_listener *l, const struct addr *peer)
{
	(void)l;
	return *peer;
}

ssize_t sock_splice_recv_from(int fd, void *buf, size_t size, struct addr *peer,
			      uint16_t *port)
{
	(void)fd;
	(void)buf;
	(void)size;
	*peer = addr_none;
	*port = 0;
	return -EAGAIN;
}

ssize_t sock_splice_send_to(int fd, const void *buf, size_t len,
			    const struct addr *peer, uint16_t port)
{
	(void)fd;
	(void)buf;
	(void)peer;
	(void)port;
	return (ssize_t)len;
}

/* ------------------------------------------------------------------- tests */

/* tell() - Tell edges, in any order, until there are none or that is enough */
static void tell(unsigned max)
{
	while (max-- && (sim[0].events || sim[1].events)) {
		unsigned side = (unsigned)check_below(SIDES);
		uint32_t events = level(&sim[side]);	/* as epoll does: all there is */

		if (!sim[side].events)
			continue;
		sim[side].events = 0;
		splice_event(run.id, side ? SPLICE_DIALLED : SPLICE_ACCEPTED, events, 1);
	}
}

/* happen() - A peer does something */
static void happen(struct sim_sock *s)
{
	size_t n = check_below(run.small ? 100 : 300000);

	switch (check_below(12)) {
	case 0:
		if (!s->mark && !s->peer_eof && s->arrived)
			s->mark = s->arrived;	/* the next byte is urgent */
		break;
	case 1:
		s->peer_eof |= !check_below(20);
		s->events |= s->peer_eof && s->open ? level(s) : 0;
		break;
	case 2: case 3: case 4: case 5: case 6:
		if (!s->peer_eof && s->arrived - s->read < 4000000) {
			s->arrived += n + 1;
			s->events |= level(s);
		}
		break;
	default:			/* its peer reads */
		if (s->room < 500000)
			s->room += n;
		if (s->room && s->no_space) {
			s->no_space = false;
			s->events |= level(s);
		}
	}
	if (s->mark && s->read > s->mark)
		s->mark = 0;
}

/* settle() - Nothing new: all that came is delivered, as far as there is room */
static void settle(void)
{
	tell(UINT32_MAX);
	for (int i = 0; i < SIDES; i++) {
		CHECK(!sim[!i].room || sim[!i].sent == sim[i].arrived);
		CHECK_EQ(sim[!i].shut || !sim[!i].open,
			 sim[i].peer_eof && sim[!i].sent == sim[i].arrived);
		CHECK(!sim[i].bad);
	}
}

static void begin(void)
{
	struct fwd_conn f = { .fd = FD, .in_ns = true, .splice = true, .to = addr_loop4 };

	for (int i = 0; i < SIDES; i++)
		sim[i] = (struct sim_sock){ .open = true, .room = 1 };
	splice_accept(&f, 1);
	tell(1);
}

/* finish() - Everything is read and ended: the pair has to end as well */
static void finish(void)
{
	for (int i = 0; i < SIDES; i++) {
		sim[i].room = SIZE_MAX / 2;
		sim[i].peer_eof = true;
		if (sim[i].open)
			sim[i].events = level(&sim[i]);
	}
	settle();
	CHECK_EQ(conn_count(CONN_SPLICE), 0);
	CHECK(!sim[0].open && !sim[1].open);
}

static void any_order(bool no_pipes)
{
	for (int i = 0; i < RUNS; i++) {
		run.no_pipes = no_pipes;
		run.small = !check_below(4);
		splice_init(true);
		begin();
		for (int j = 0; j < TURNS; j++) {
			for (uint64_t k = check_below(TURNS_MAX); k; k--)
				happen(&sim[check_below(SIDES)]);
			tell((unsigned)check_below(3));
			if (!check_below(10))
				settle();
		}
		finish();
	}
	splice_init(false);
	for (int i = 0; i < PIPES; i++)
		CHECK(!pipes[i].used);
}

static void test_any_order(void)
{
	any_order(false);
}

static void test_no_pipes(void)
{
	any_order(true);
}

int main(void)
{
	log_level = LOG_LVL_INFO;
	timer_init(1);
	conn_init();
	RUN(test_any_order);
	RUN(test_no_pipes);
	return check_done();
}
