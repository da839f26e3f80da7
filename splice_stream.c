// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * splice_stream.c - bytes from one socket of a TCP pair to the other
 *
 * Theory of operation
 *
 *   A pair has two directions, each named by the side it comes from.  Each is moved
 *   piece by piece, in one of three ways:
 *
 *	copy	recv() into a buffer all share, send() out of it.  For a request and
 *		its answer this is one system call less than splice(2), which does
 *		not tell whether it emptied a socket, and it takes no pipe.  Bytes
 *		the destination does not take are put into a pipe.
 *	splice	a pipe, filled from the source and drained into the destination: from
 *		a read that filled the buffer until one that moved less (@bulk).
 *	peek	as copy, but bytes leave the source only once the destination took
 *		them: nothing is ever held.  For when no pipe is to be had.
 *
 *   Pipes come from a pool.  A direction at rest has none, so that an open pair
 *   costs two descriptors.
 *
 * Who wakes it up again
 *
 *   Events are edge-triggered: each is told once.  A direction is left alone in one
 *   of these cases only, and each of them has an event that follows:
 *
 *	source empty		EPOLLIN, EPOLLRDHUP or EPOLLPRI of the source
 *	destination full	EPOLLOUT of the destination; @full says that it counts
 *	end of file passed	nothing is left to do
 *	others get their turn	loop_mod(), which tells once more what is there
 *
 *   The last is right for the source only, and only while nothing is held: bytes
 *   that are held with a destination that is not full, no event speaks of.  So
 *   a direction is never interrupted before its pipe is empty or @full is set.
 *
 *   -EAGAIN of splice(2) alone does not tell which end it speaks of.  Here it does:
 *   a pipe is filled when it is empty only, so there it is the source, and
 *   drained when it holds something, so there it is the destination.
 *
 *   recv() that did not fill the buffer has emptied the source, but for two
 *   cases: an end of file is behind, and an urgent mark, where the kernel stops
 *   (tcp(7)) and which splice(2) can not pass.  The events tell of both (@sure).
 */
#include "splice_stream.h"

#include <errno.h>
#include <stdint.h>

#include "loop.h"
#include "sock.h"
#include "sock_splice.h"

enum {
	COPY_MAX	= 16 * 1024,	/* bytes of one read; fits in every pipe */
	PIPE_SIZE	= 512 * 1024,
	POOL_FIRST	= 8,		/* pipes made at start */
	POOL_MAX	= 32,		/* pipes kept */
	ROUNDS		= 16,		/* pieces moved before others get their turn */
};

/* How far the end of one direction is; each follows the one before */
enum splice_eof { EOF_NOT_SEEN, EOF_SEEN, EOF_PASSED, EOF_NUM };

/**
 * struct splice_stream_self - state of this file
 * @pool:	pipes that are not in use, empty
 * @npool:	their number
 * @dry:	no pipe could be made; asked again when a pair has ended
 * @buf:	bytes on their way
 */
static struct {
	int32_t pool[POOL_MAX][2];
	unsigned npool;
	bool dry;
	uint8_t buf[COPY_MAX];
} self;

/**
 * splice_stream_init() - Begin anew
 * @on:		There will be pairs: make a few pipes
 */
void splice_stream_init(bool on)
{
	while (self.npool)
		sock_splice_close_pipe(self.pool[--self.npool]);
	self.dry = false;
	while (on && self.npool < POOL_FIRST &&
	       sock_splice_pipe(self.pool[self.npool], PIPE_SIZE) > 0)
		self.npool++;
}

/* pipe_ready() - Whether the pool has a pipe, or gets one now */
static bool pipe_ready(void)
{
	if (self.npool)
		return true;
	if (self.dry)
		return false;
	self.dry = sock_splice_pipe(self.pool[0], PIPE_SIZE) < 0;
	self.npool = !self.dry;
	return !self.dry;
}

/* pipe_take() - Give a direction a pipe; false: there is none to be had */
static bool pipe_take(struct splice_conn *s, enum splice_side from)
{
	if (!pipe_ready())
		return false;
	self.npool--;
	s->pipe[from][0] = self.pool[self.npool][0];
	s->pipe[from][1] = self.pool[self.npool][1];
	s->piped[from] = true;
	return true;
}

/* pipe_leave() - A direction is at rest, or over */
static void pipe_leave(struct splice_conn *s, enum splice_side from)
{
	const int32_t *p = s->pipe[from];

	if (!s->piped[from])
		return;
	if (s->held[from] || self.npool == POOL_MAX) {
		sock_splice_close_pipe(p);
	} else {
		self.pool[self.npool][0] = p[0];
		self.pool[self.npool][1] = p[1];
		self.npool++;
	}
	s->piped[from] = false;
	s->held[from] = 0;
}

/* source(), dest() - Sockets of a direction */
static int source(const struct conn *c, enum splice_side from)
{
	return from == SPLICE_ACCEPTED ? c->fd : c->splice.fd2;
}

static int dest(const struct conn *c, enum splice_side from)
{
	return from == SPLICE_ACCEPTED ? c->splice.fd2 : c->fd;
}

/*
 * Each function below moves one piece at most, and returns 0: go on; -EAGAIN: no
 * more for now; other -errno: the pair is broken.
 */

/* blocked() - What a destination refused: wait for it if it is full */
static int blocked(struct conn *c, enum splice_side from, ssize_t rc)
{
	c->splice.full[from] = rc == -EAGAIN;
	return (int)rc;
}

/* drain() - From the pipe, which is not empty, to the destination */
static int drain(struct conn *c, enum splice_side from)
{
	struct splice_conn *s = &c->splice;
	ssize_t n = sock_splice_drain(s->pipe[from][0], dest(c, from), s->held[from]);

	if (n < 0)
		return blocked(c, from, n);
	s->held[from] -= (uint32_t)n;
	return n ? 0 : -EPIPE;	/* a pipe that is not empty has no end of file */
}

/* fill() - From the source to the pipe, which is empty */
static int fill(struct conn *c, enum splice_side from, bool sure)
{
	struct splice_conn *s = &c->splice;
	ssize_t n = sock_splice_fill(source(c, from), s->pipe[from][1], PIPE_SIZE);

	if (n < 0 && (n != -EAGAIN || !sure))
		return (int)n;
	s->bulk[from] = n >= COPY_MAX;
	if (n > 0)
		s->held[from] = (uint32_t)n;
	else if (!n)
		s->eof[from] = EOF_SEEN;
	else
		pipe_leave(s, from);	/* empty, or an urgent mark: copying tells */
	return 0;
}

/* peek() - From the source to the destination, which takes it or leaves it there */
static int peek(struct conn *c, enum splice_side from)
{
	ssize_t sent, n = sock_splice_peek(source(c, from), self.buf, COPY_MAX);

	if (n < 0)
		return (int)n;
	if (!n) {
		c->splice.eof[from] = EOF_SEEN;
		return 0;
	}
	sent = sock_splice_send(dest(c, from), self.buf, (size_t)n);
	if (sent < 0)
		return blocked(c, from, sent);
	n = sock_tcp_consume(source(c, from), (size_t)sent);
	if (n < 0)
		return (int)n;
	return n == sent ? 0 : -EPIPE;
}

/* copy() - From the source to the destination, to a pipe if that is full */
static int copy(struct conn *c, enum splice_side from, bool sure)
{
	struct splice_conn *s = &c->splice;
	ssize_t n = sock_splice_recv(source(c, from), self.buf, COPY_MAX);
	ssize_t sent;
	size_t rest;

	if (n < 0)
		return (int)n;
	if (!n) {
		s->eof[from] = EOF_SEEN;
		return 0;
	}
	sent = sock_splice_send(dest(c, from), self.buf, (size_t)n);
	if (sent < 0 && sent != -EAGAIN)
		return (int)sent;
	s->bulk[from] = n == COPY_MAX;
	if (sent == n)
		return n == COPY_MAX || sure ? 0 : -EAGAIN;
	rest = (size_t)(sent < 0 ? n : n - sent);
	if (!pipe_take(s, from) ||
	    sock_splice_stash(s->pipe[from][1], self.buf + (size_t)n - rest, rest) !=
	    (ssize_t)rest)
		return -ENOBUFS;	/* never: it is empty, and large enough */
	s->held[from] = (uint32_t)rest;
	return 0;	/* drain() will see whether it is full */
}

/* pass_eof() - No more bytes will come in that direction, and none are held */
static int pass_eof(struct conn *c, enum splice_side from)
{
	int rc = 0;

	c->splice.eof[from] = EOF_PASSED;
	if (!splice_stream_over(c))	/* close() will do, otherwise */
		rc = sock_tcp_shutdown(dest(c, from));
	return rc ? rc : -EAGAIN;
}

/* step() - Move one piece, in the way that suits */
static int step(struct conn *c, enum splice_side from, bool sure)
{
	struct splice_conn *s = &c->splice;

	if (s->held[from])
		return drain(c, from);
	if (s->eof[from] == EOF_SEEN)
		return pass_eof(c, from);
	if (s->eof[from] == EOF_PASSED)
		return -EAGAIN;
	if (s->piped[from] || (s->bulk[from] && pipe_take(s, from)))
		return fill(c, from, sure);
	return pipe_ready() ? copy(c, from, sure) : peek(c, from);
}

/**
 * splice_stream_move() - Move what there is in one direction
 * @c:		Entry, both sockets are connected
 * @from:	Side it comes from
 * @sure:	Look until the source says that it is empty: unless the event was
 *		one of the source, and nothing but EPOLLIN
 *
 * Return: 0; -errno: broken, caller resets both
 */
int splice_stream_move(struct conn *c, enum splice_side from, bool sure)
{
	struct splice_conn *s = &c->splice;
	int rc = 0;

	s->full[from] = false;
	for (int i = 0; (i < ROUNDS || s->held[from]) && !rc; i++)
		rc = step(c, from, sure);
	if (!rc)
		return loop_mod(source(c, from), from == SPLICE_ACCEPTED ? LOOP_SPLICE_A :
				LOOP_SPLICE_B, conn_id(c), SPLICE_STREAM_EVENTS);
	if (rc != -EAGAIN)
		return rc;
	if (!s->held[from])
		pipe_leave(s, from);
	return 0;
}

/**
 * splice_stream_waits() - Whether a direction waits for its destination
 * @c:		Entry
 * @from:	Side it comes from
 *
 * Return: true: call splice_stream_move() at the destination's EPOLLOUT, and not for
 *	   events of the source
 */
bool splice_stream_waits(const struct conn *c, enum splice_side from)
{
	return c->splice.full[from];
}

/**
 * splice_stream_over() - Whether both ends of file were passed on
 * @c:		Entry
 *
 * Return: true: the sockets may be closed
 */
bool splice_stream_over(const struct conn *c)
{
	return c->splice.eof[SPLICE_ACCEPTED] == EOF_PASSED &&
	       c->splice.eof[SPLICE_DIALLED] == EOF_PASSED;
}

/**
 * splice_stream_end() - The pair ends: give its pipes back
 * @c:		Entry
 */
void splice_stream_end(struct conn *c)
{
	pipe_leave(&c->splice, SPLICE_ACCEPTED);
	pipe_leave(&c->splice, SPLICE_DIALLED);
	self.dry = false;	/* descriptors become free */
}
