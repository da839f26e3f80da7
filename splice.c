// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * splice.c - the loopback path: two sockets joined, one on each side
 *
 * Theory of operation
 *
 *   What goes from the loopback of the host to that of the namespace, or the
 *   other way, needs no segments and no tap: the socket that was accepted on one
 *   side is joined to one that we connect on the other.
 *
 *	client --> accepted [side A] ==> dialled [side B] --> server
 *	       <--                   <==                  <--
 *
 * TCP
 *
 *   Each direction, named by the side it comes from, moves bytes in one of two
 *   ways.  It begins with copying: recv() into a buffer all share, send() out of
 *   it.  For a request and its answer that is one system call less than with
 *   splice(2), which does not tell whether a socket is empty, and it needs no
 *   pipe.  When a read fills the buffer there is more to come: the direction
 *   takes a pipe from a pool and uses splice(2) until nothing is left to move.
 *   Bytes the other socket does not take are put into a pipe too.  A direction
 *   that is at rest has no pipe: an open connection costs two descriptors.
 *
 *   Events are edge-triggered and asked for once.  So a direction is moved until
 *   its source has no more, or its destination takes no more, in which case the
 *   pipe is not empty.  After ROUNDS pieces others get their turn, and the edge
 *   is asked for anew.
 *
 *   An end of file is passed on by shutdown() once the pipe is empty.  When both
 *   have passed, the pair is closed.  An error on either side resets both, so a
 *   connection refused by the other side is a connection reset for the client.
 *
 * UDP
 *
 *   A socket bound for forwarding on one side, and a connected socket on the
 *   other for each client: a flow, found by client and bound socket.  Flows end
 *   when they are not used, by the same rule as those of the guest.
 *
 *   Nothing here is told to the guest link, and the program's own counters know
 *   of one number only: how many pairs were joined.
 */
#include "splice.h"

#include <errno.h>

#include "count.h"
#include "log.h"
#include "loop.h"
#include "ns.h"
#include "sock.h"
#include "sock_splice.h"
#include "timer.h"
#include "wire.h"

enum {
	COPY_MAX	= 16 * 1024,	/* bytes of one read; fits in every pipe */
	PIPE_SIZE	= 512 * 1024,
	POOL_FIRST	= 8,		/* pipes made at start */
	POOL_MAX	= 32,		/* pipes kept */
	ROUNDS		= 16,		/* pieces moved before others get their turn */
	DATAGRAMS	= 64,		/* the same for UDP */
	DATAGRAM_MAX	= 65535,
	KEY_HOST	= 255,		/* reserved by IANA, so no flow of the guest's */
	KEY_NS		= 254,		/* one for experiments: nor is that forwarded */
};

static const uint64_t udp_timeout_us = 30000000;	/* as nf_conntrack has it */
static const uint64_t udp_timeout_replied_us = 120000000;

static const uint32_t events_wanted = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

enum splice_state { SPLICE_DIALLING, SPLICE_OPEN, SPLICE_UDP, SPLICE_STATE_NUM };

/* How far the end of one direction is; each follows the one before */
enum splice_eof { EOF_NOT_SEEN, EOF_SEEN, EOF_PASSED, EOF_NUM };

/**
 * struct splice_self - state of this file
 * @pool:	pipes that are not in use, empty
 * @npool:	their number
 * @warned:	state of log_allow()
 * @buf:	bytes on their way
 */
static struct {
	int32_t pool[POOL_MAX][2];
	unsigned npool;
	uint64_t warned;
	uint8_t buf[DATAGRAM_MAX];
} self;

/**
 * splice_init() - Begin anew
 * @on:		There will be pairs to join: make a few pipes
 */
void splice_init(bool on)
{
	while (self.npool)
		sock_splice_close_pipe(self.pool[--self.npool]);
	self.warned = 0;
	if (!on)
		return;
	sock_splice_init();
	while (self.npool < POOL_FIRST &&
	       sock_splice_pipe(self.pool[self.npool], PIPE_SIZE) > 0)
		self.npool++;
}

/* pipe_take() - Give a direction a pipe; false: there is none to be had */
static bool pipe_take(struct splice_conn *s, enum splice_side from)
{
	int32_t *p = s->pipe[from];

	if (s->piped[from])
		return true;
	if (self.npool) {
		self.npool--;
		p[0] = self.pool[self.npool][0];
		p[1] = self.pool[self.npool][1];
	} else if (sock_splice_pipe(p, PIPE_SIZE) < 0) {
		return false;
	}
	s->piped[from] = true;
	return true;
}

/* pipe_leave() - A direction is at rest, or over */
static void pipe_leave(struct splice_conn *s, enum splice_side from)
{
	int32_t *p = s->pipe[from];

	if (!s->piped[from])
		return;
	s->piped[from] = false;
	if (s->held[from] || self.npool == POOL_MAX) {
		sock_splice_close_pipe(p);
	} else {
		self.pool[self.npool][0] = p[0];
		self.pool[self.npool][1] = p[1];
		self.npool++;
	}
	s->held[from] = 0;
}

/* other() - The side that faces @side */
static enum splice_side other(enum splice_side side)
{
	return side == SPLICE_ACCEPTED ? SPLICE_DIALLED : SPLICE_ACCEPTED;
}

static int side_fd(const struct conn *c, enum splice_side side)
{
	return side == SPLICE_ACCEPTED ? c->fd : c->splice.fd2;
}

static enum loop_kind side_kind(enum splice_side side)
{
	return side == SPLICE_ACCEPTED ? LOOP_SPLICE_A : LOOP_SPLICE_B;
}

/* finish() - Close both sockets, in order or by a reset, and free the entry */
static void finish(struct conn *c, bool reset)
{
	int fd[] = { c->fd, c->splice.fd2 };

	debug("%s: %s", conn_text(c), reset ? "reset" : "closed");
	pipe_leave(&c->splice, SPLICE_ACCEPTED);
	pipe_leave(&c->splice, SPLICE_DIALLED);
	for (int i = 0; i < 2; i++) {
		if (fd[i] < 0)
			continue;
		if (reset)
			sock_tcp_abort(fd[i]);
		else
			sock_close(fd[i]);
	}
	conn_free(c);
}

/* TCP */

/* far_socket() - A socket on the side where @in_ns is not true */
static int far_socket(bool in_ns, const struct addr *to, int type)
{
	int family = addr_is4(to) ? AF_INET : AF_INET6;

	return in_ns ? sock_open(family, type, 0) : ns_socket(family, type);
}

/**
 * splice_accept() - Join an accepted connection to one on the other side
 * @f:		Connection, its socket is ours from now on
 * @now:	Time, us
 *
 * If that can not be, the connection is reset.
 */
void splice_accept(const struct fwd_conn *f, uint64_t now)
{
	static const struct conn_key no_key;
	int fd2 = far_socket(f->in_ns, &f->to, SOCK_STREAM);
	struct conn *c = fd2 < 0 ? NULL : conn_new(CONN_SPLICE, &no_key);
	int rc = 0;

	if (!c) {
		count(DROP_TCP_LIMIT);
		if (log_allow(&self.warned, now))
			warn("Loopback connection reset: no descriptor or entry left");
		if (fd2 >= 0)
			sock_close(fd2);
		sock_tcp_abort(f->fd);
		return;
	}
	c->fd = f->fd;
	c->splice.fd2 = fd2;
	c->splice.state = SPLICE_DIALLING;
	rc = sock_splice_dial(fd2, &f->to, f->to_port);
	if (!rc)
		rc = loop_add(c->fd, LOOP_SPLICE_A, conn_id(c), events_wanted);
	if (!rc)
		rc = loop_add(fd2, LOOP_SPLICE_B, conn_id(c), events_wanted);
	if (rc) {
		finish(c, true);
		return;
	}
	count(COUNT_SPLICE_FLOWS);
	debug("%s: to port %u", conn_text(c), f->to_port);
}

/**
 * copy() - Move one piece through the buffer
 * @c:		Entry, no pipe in that direction
 * @from:	Side it comes from
 * @end:	An end of file is there, behind the last byte
 *
 * Return: 0: go on; -EAGAIN: that was all for now; other -errno: broken
 */
static int copy(struct conn *c, enum splice_side from, bool end)
{
	struct splice_conn *s = &c->splice;
	ssize_t n, sent;

	n = sock_splice_recv(side_fd(c, from), self.buf, COPY_MAX);
	if (n < 0)
		return (int)n;
	if (!n) {
		s->eof[from] = EOF_SEEN;
		return 0;
	}
	sent = sock_splice_send(side_fd(c, other(from)), self.buf, (size_t)n);
	if (sent < 0 && sent != -EAGAIN)
		return (int)sent;
	if (sent < 0)
		sent = 0;
	if (sent < n) {
		size_t rest = (size_t)(n - sent);

		if (!pipe_take(s, from) ||
		    sock_splice_stash(s->pipe[from][1], self.buf + sent, rest) !=
		    (ssize_t)rest)
			return -ENOBUFS;
		s->held[from] = (uint32_t)rest;
		return 0;
	}
	if (n == COPY_MAX)
		(void)pipe_take(s, from);	/* copying will do as well */
	return n == COPY_MAX || end ? 0 : -EAGAIN;
}

/**
 * fill() - Move one piece from a socket into the empty pipe
 * @c:		Entry
 * @from:	Side it comes from
 *
 * Return: 0: go on; -EAGAIN: nothing there; other -errno: broken
 */
static int fill(struct conn *c, enum splice_side from)
{
	struct splice_conn *s = &c->splice;
	ssize_t n = sock_splice_fill(side_fd(c, from), s->pipe[from][1], PIPE_SIZE);

	if (n < 0)
		return (int)n;
	if (n)
		s->held[from] = (uint32_t)n;
	else
		s->eof[from] = EOF_SEEN;
	return 0;
}

/* drain() - Move what the pipe holds into a socket; returns as fill() */
static int drain(struct conn *c, enum splice_side from)
{
	struct splice_conn *s = &c->splice;
	ssize_t n = sock_splice_drain(s->pipe[from][0], side_fd(c, other(from)), s->held[from]);

	if (n < 0)
		return (int)n;
	s->held[from] -= (uint32_t)n;
	return n ? 0 : -EPIPE;	/* a pipe that is not empty has no end of file */
}

/* pass_eof() - No more bytes will come in that direction, and none are held */
static int pass_eof(struct conn *c, enum splice_side from)
{
	int rc = sock_tcp_shutdown(side_fd(c, other(from)));

	pipe_leave(&c->splice, from);
	c->splice.eof[from] = EOF_PASSED;
	return rc ? rc : -EAGAIN;
}

/**
 * move() - Move what there is in one direction
 * @c:		Entry
 * @from:	Side it comes from
 * @end:	The event says that the source has an end of file
 *
 * Return: 0; -errno: broken
 */
static int move(struct conn *c, enum splice_side from, bool end)
{
	struct splice_conn *s = &c->splice;
	int rc = 0;

	/* Bytes in the pipe are left there only if an edge of the destination follows */
	for (int i = 0; (i < ROUNDS || s->held[from]) && !rc; i++) {
		if (s->held[from])
			rc = drain(c, from);
		else if (s->eof[from] == EOF_SEEN)
			rc = pass_eof(c, from);
		else if (s->eof[from] == EOF_PASSED)
			rc = -EAGAIN;
		else
			rc = s->piped[from] ? fill(c, from) : copy(c, from, end);
	}
	if (!rc)	/* there is more: ask for the edge that was used up */
		return loop_mod(side_fd(c, from), side_kind(from), conn_id(c),
				events_wanted);
	if (rc == -EAGAIN && !s->held[from])
		pipe_leave(s, from);
	return rc == -EAGAIN ? 0 : rc;
}

/* dialled() - First event of the dialled socket: both directions may move */
static int dialled(struct conn *c)
{
	int rc = -sock_error(c->splice.fd2);

	if (rc)
		return rc;
	c->splice.state = SPLICE_OPEN;
	/* What the client sent in the meantime had its edge already */
	rc = move(c, SPLICE_ACCEPTED, true);
	return rc ? rc : move(c, SPLICE_DIALLED, true);
}

/* tcp_event() - Something happened to one of the two sockets */
static void tcp_event(struct conn *c, enum splice_side side, uint32_t events)
{
	struct splice_conn *s = &c->splice;
	bool end = events & (EPOLLRDHUP | EPOLLHUP);
	int rc = 0;

	if (events & EPOLLERR) {
		rc = -ECONNRESET;
	} else if (s->state == SPLICE_DIALLING) {
		if (side == SPLICE_DIALLED && events & (EPOLLOUT | EPOLLHUP))
			rc = dialled(c);
	} else {
		if (end || events & EPOLLIN)
			rc = move(c, side, end);
		if (!rc && s->held[other(side)] && events & EPOLLOUT)
			rc = move(c, other(side), true);
	}
	if (rc)
		finish(c, true);
	else if (s->eof[SPLICE_ACCEPTED] == EOF_PASSED &&
		 s->eof[SPLICE_DIALLED] == EOF_PASSED)
		finish(c, false);
}

/* UDP */

/* touch() - A flow was used */
static void touch(struct conn *c, uint64_t now)
{
	c->splice.due = now + (c->splice.replied ? udp_timeout_replied_us :
			       udp_timeout_us);
	timer_set(conn_index(c), c->splice.due);
}

/**
 * udp_flow() - The flow of a client, an old or a new one
 * @l:		Bound socket
 * @key:	Client and bound socket
 *
 * Return: entry, NULL: no descriptor or entry left
 */
static struct conn *udp_flow(const struct fwd_listener *l, const struct conn_key *key)
{
	struct conn *c = conn_find(key);
	struct addr to;
	int fd2;

	if (c)
		return c;
	to = fwd_splice_to(l, &key->guest);
	fd2 = far_socket(l->in_ns, &to, SOCK_DGRAM);
	if (fd2 < 0)
		return NULL;
	c = conn_new(CONN_SPLICE, key);
	if (!c || sock_splice_dial(fd2, &to, l->to_port) ||
	    loop_add(fd2, LOOP_SPLICE_B, conn_id(c), EPOLLIN)) {
		sock_close(fd2);
		if (c)
			conn_free(c);
		return NULL;
	}
	c->splice.fd2 = fd2;
	c->splice.state = SPLICE_UDP;
	count(COUNT_SPLICE_FLOWS);
	debug("%s: to port %u", conn_text(c), l->to_port);
	return c;
}

/**
 * splice_udp() - Datagrams wait on a bound socket of the loopback path
 * @n:		Number of the socket, one with @splice set
 * @now:	Time, us
 */
void splice_udp(uint32_t n, uint64_t now)
{
	const struct fwd_listener *l = fwd_listener(n);
	struct conn_key key = { .proto = 0 };
	struct conn *c;

	if (!l)
		return;
	key.far = l->addr;
	key.fport = l->port;
	key.proto = l->in_ns ? KEY_NS : KEY_HOST;
	for (int i = 0; i < DATAGRAMS; i++) {
		ssize_t len = sock_splice_recv_from(l->fd, self.buf, sizeof(self.buf),
						    &key.guest, &key.gport);

		if (len == -EAGAIN)
			break;
		if (len < 0)
			continue;	/* an error of an earlier answer */
		c = udp_flow(l, &key);
		if (!c) {
			count(DROP_UDP_LIMIT);
			continue;
		}
		c->splice.listen = (uint16_t)n;
		touch(c, now);
		if (sock_splice_send(c->splice.fd2, self.buf, (size_t)len) < 0)
			count(DROP_UDP_SEND);
	}
}

/* udp_event() - Answers wait on the socket of a flow */
static void udp_event(struct conn *c, uint64_t now)
{
	const struct fwd_listener *l = fwd_listener(c->splice.listen);

	if (!l || l->proto != WIRE_UDP || !l->splice) {
		finish(c, false);	/* no longer forwarded */
		return;
	}
	for (int i = 0; i < DATAGRAMS; i++) {
		ssize_t len = sock_splice_recv(c->splice.fd2, self.buf, sizeof(self.buf));

		if (len == -EAGAIN)
			break;
		if (len < 0)
			continue;	/* nobody there: the client will see no answer */
		c->splice.replied = true;
		touch(c, now);
		if (sock_splice_send_to(l->fd, self.buf, (size_t)len, &c->key.guest,
					c->key.gport) < 0)
			count(DROP_UDP_SEND);
	}
}

/**
 * splice_event() - Something happened to a socket of a pair
 * @id:		Conn id, perhaps of one that is gone
 * @side:	Which of its two sockets
 * @events:	EPOLLIN and so on
 * @now:	Time, us
 */
void splice_event(uint64_t id, enum splice_side side, uint32_t events, uint64_t now)
{
	struct conn *c = conn_get(id);

	if (!c || c->kind != CONN_SPLICE)
		return;
	if (c->splice.state == SPLICE_UDP)
		udp_event(c, now);
	else
		tcp_event(c, side, events);
}

/**
 * splice_timeout() - The timer of a pair ran out: a UDP flow nobody uses
 * @c:		Entry of kind CONN_SPLICE
 * @now:	Time, us
 */
void splice_timeout(struct conn *c, uint64_t now)
{
	if (c->splice.state != SPLICE_UDP)
		return;
	if (now < c->splice.due)
		timer_set(conn_index(c), c->splice.due);
	else
		finish(c, false);
}
