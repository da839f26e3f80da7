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
 *   A pair has two ways, each named by the side it comes from.  An end of file is
 *   passed on behind the last byte, and when both have been, the pair is closed.
 *   An error on either side resets both, so a connection refused by the other
 *   side is a connection reset for the client.  Bytes are moved piece by piece, in
 *   one of three manners:
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
 *   Pipes come from a pool.  A way at rest has none, so that an open pair
 *   costs two descriptors.
 *
 * Who wakes it up again
 *
 *   Events are edge-triggered: each is told once.  A way is left alone in one
 *   of these cases only, and each of them has an event that follows:
 *
 *	source empty		EPOLLIN, EPOLLRDHUP or EPOLLPRI of the source
 *	destination full	EPOLLOUT of the destination; @full says that it counts
 *	end of file passed	nothing is left to do
 *	others get their turn	loop_mod(), which tells once more what is there
 *
 *   The last is right for the source only, and only while nothing is held: bytes
 *   that are held with a destination that is not full, no event speaks of.  So
 *   a way is never interrupted before its pipe is empty or @full is set.
 *
 *   -EAGAIN of splice(2) alone does not tell which end it speaks of.  Here it does:
 *   a pipe is filled when it is empty only, so there it is the source, and
 *   drained when it holds something, so there it is the destination.
 *
 *   recv() that did not fill the buffer has emptied the source, but for two
 *   cases: an end of file is behind, and an urgent mark, where the kernel stops
 *   (tcp(7)) and which splice(2) can not pass.  The events tell of both (@sure).
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

/* What both sockets of a TCP pair are watched for, always */
#define TCP_EVENTS	(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET)

enum {
	COPY_MAX	= 16 * 1024,	/* bytes of one read; fits in every pipe */
	PIPE_SIZE	= 512 * 1024,
	POOL_FIRST	= 8,		/* pipes made at start */
	POOL_MAX	= 32,		/* pipes kept */
	ROUNDS		= 16,		/* pieces moved before others get their turn */
	DATAGRAMS	= 64,		/* moved before others get their turn */
	DATAGRAM_MAX	= 65535,
	KEY_HOST	= 255,		/* reserved by IANA, so no flow of the guest's */
	KEY_NS		= 254,		/* one for experiments: nor is that forwarded */
};

static const uint64_t udp_timeout_us = 30000000;	/* as nf_conntrack has it */
static const uint64_t udp_timeout_replied_us = 120000000;

enum splice_state { SPLICE_DIALLING, SPLICE_OPEN, SPLICE_UDP, SPLICE_STATE_NUM };

/* How far the end of one way is; each follows the one before */
enum splice_eof { EOF_NOT_SEEN, EOF_SEEN, EOF_PASSED, EOF_NUM };

/**
 * struct splice_self - state of this file
 * @pool:	pipes that are not in use, empty
 * @npool:	their number
 * @dry:	no pipe could be made; asked again when a pair has ended
 * @warned:	state of log_allow()
 * @buf:	bytes on their way
 */
static struct {
	int32_t pool[POOL_MAX][2];
	unsigned npool;
	bool dry;
	uint64_t warned;
	uint8_t buf[DATAGRAM_MAX];
} self;

/* pipe_ready() - Whether the pool has a pipe, or gets one now */
static bool pipe_ready(void)
{
	if (!self.npool && !self.dry) {
		self.dry = sock_splice_pipe(self.pool[0], PIPE_SIZE) < 0;
		self.npool = !self.dry;
	}
	return self.npool;
}

/* pipe_take() - Give a way a pipe; false: there is none to be had */
static bool pipe_take(struct splice_way *w)
{
	if (!pipe_ready())
		return false;
	memcpy(w->pipe, self.pool[--self.npool], sizeof(w->pipe));
	w->piped = true;
	return true;
}

/* pipe_leave() - A way is at rest, or over */
static void pipe_leave(struct splice_way *w)
{
	if (!w->piped)
		return;
	if (w->held || self.npool == POOL_MAX)
		sock_splice_close_pipe(w->pipe);
	else
		memcpy(self.pool[self.npool++], w->pipe, sizeof(w->pipe));
	w->piped = false;
	w->held = 0;
}

/**
 * splice_init() - Begin anew
 * @on:		There will be pairs to join: make a few pipes
 */
void splice_init(bool on)
{
	while (self.npool)
		sock_splice_close_pipe(self.pool[--self.npool]);
	self.dry = false;
	self.warned = 0;
	if (!on)
		return;
	while (self.npool < POOL_FIRST &&
	       sock_splice_pipe(self.pool[self.npool], PIPE_SIZE) > 0)
		self.npool++;
}

/* finish() - Close both sockets, in order or by a reset, and free the entry */
static void finish(struct conn *c, bool reset)
{
	debug("%s: %s", conn_text(c), reset ? "reset" : "closed");
	for (int i = 0; i < DIRS; i++) {
		struct splice_way *w = &c->splice.way[i];

		pipe_leave(w);
		if (w->from >= 0 && reset)
			sock_tcp_abort(w->from);
		else if (w->from >= 0)
			sock_close(w->from);
	}
	self.dry = false;	/* descriptors become free */
	conn_free(c);
}

/* TCP */

/*
 * Each function below moves one piece at most, and returns 0: go on; -EAGAIN: no
 * more for now; other -errno: the pair is broken.
 */

/* blocked() - What a destination refused: wait for it if it is full */
static int blocked(struct splice_way *w, ssize_t rc)
{
	w->full = rc == -EAGAIN;
	return (int)rc;
}

/* drain() - From the pipe, which is not empty, to the destination */
static int drain(struct splice_way *w)
{
	ssize_t n = sock_splice_move(w->pipe[0], w->to, w->held);

	if (n < 0)
		return blocked(w, n);
	w->held -= (uint32_t)n;
	return n ? 0 : -EPIPE;	/* a pipe that is not empty has no end of file */
}

/* fill() - From the source to the pipe, which is empty */
static int fill(struct splice_way *w, bool sure)
{
	ssize_t n = sock_splice_move(w->from, w->pipe[1], PIPE_SIZE);

	if (n < 0 && (n != -EAGAIN || !sure))
		return (int)n;
	w->bulk = n >= COPY_MAX;
	if (n > 0)
		w->held = (uint32_t)n;
	else if (!n)
		w->eof = EOF_SEEN;
	else
		pipe_leave(w);	/* empty, or an urgent mark: copying tells */
	return 0;
}

/* copy() - From the source to the destination; what that refuses is held, or left */
static int copy(struct splice_way *w, bool sure)
{
	bool hold = pipe_ready();
	ssize_t n = hold ? sock_splice_recv(w->from, self.buf, COPY_MAX) :
		    sock_splice_peek(w->from, self.buf, COPY_MAX);
	ssize_t sent;
	size_t rest;

	if (!n)
		w->eof = EOF_SEEN;
	if (n <= 0)
		return (int)n;
	sent = sock_splice_send(w->to, self.buf, (size_t)n);
	if (sent < 0 && (sent != -EAGAIN || !hold))
		return blocked(w, sent);
	if (!hold) {
		n = sock_tcp_consume(w->from, (size_t)sent);
		return n == sent ? 0 : n < 0 ? (int)n : -EPIPE;
	}
	w->bulk = n == COPY_MAX;
	if (sent == n)
		return n == COPY_MAX || sure ? 0 : -EAGAIN;
	rest = (size_t)(sent < 0 ? n : n - sent);
	if (!pipe_take(w) ||
	    sock_splice_stash(w->pipe[1], self.buf + (size_t)n - rest, rest) != (ssize_t)rest)
		return -ENOBUFS;	/* never: it is empty, and large enough */
	w->held = (uint32_t)rest;
	return 0;	/* drain() will see whether it is full */
}

/* over() - Whether both ends of file were passed on: the sockets may be closed */
static bool over(const struct conn *c)
{
	return c->splice.way[SPLICE_ACCEPTED].eof == EOF_PASSED &&
	       c->splice.way[SPLICE_DIALLED].eof == EOF_PASSED;
}

/* step() - Move one piece, in the manner that suits, or the end of file behind all */
static int step(struct conn *c, struct splice_way *w, bool sure)
{
	if (w->held)
		return drain(w);
	if (w->eof == EOF_SEEN) {
		int rc;

		w->eof = EOF_PASSED;
		rc = over(c) ? 0 : sock_tcp_shutdown(w->to);	/* close() will do at the end */
		return rc ? rc : -EAGAIN;
	}
	if (w->eof == EOF_PASSED)
		return -EAGAIN;
	if (w->piped || (w->bulk && pipe_take(w)))
		return fill(w, sure);
	return copy(w, sure);
}

/**
 * move() - Move what there is in one way
 * @c:		Entry, both sockets are connected
 * @from:	Side it comes from
 * @sure:	Look until the source says that it is empty: unless the event was
 *		one of the source, and nothing but EPOLLIN
 *
 * Return: 0; -errno: broken, caller resets both
 */
static int move(struct conn *c, enum splice_side from, bool sure)
{
	struct splice_way *w = &c->splice.way[from];
	int rc = 0;

	w->full = false;
	for (int i = 0; (i < ROUNDS || w->held) && !rc; i++)
		rc = step(c, w, sure);
	if (!rc)
		return loop_mod(w->from, from == SPLICE_ACCEPTED ? LOOP_SPLICE_A :
				LOOP_SPLICE_B, conn_id(c), TCP_EVENTS);
	if (rc != -EAGAIN)
		return rc;
	if (!w->held)
		pipe_leave(w);
	return 0;
}

/* far_socket() - A socket on the side where @in_ns is not true */
static int far_socket(bool in_ns, const struct addr *to, int type)
{
	int family = addr_is4(to) ? AF_INET : AF_INET6;

	return in_ns ? sock_open(family, type, 0) : ns_socket(family, type);
}

/* join() - Fill a new entry; @fd is -1 for UDP, @state is an enum splice_state */
static void join(struct conn *c, int fd, int fd2, uint8_t state)
{
	c->splice.way[SPLICE_ACCEPTED] = (struct splice_way){ .from = fd, .to = fd2 };
	c->splice.way[SPLICE_DIALLED] = (struct splice_way){ .from = fd2, .to = fd };
	c->splice.state = state;
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
	join(c, f->fd, fd2, SPLICE_DIALLING);
	rc = sock_splice_dial(fd2, &f->to, f->to_port);
	if (!rc)
		rc = loop_add(f->fd, LOOP_SPLICE_A, conn_id(c), TCP_EVENTS);
	if (!rc)
		rc = loop_add(fd2, LOOP_SPLICE_B, conn_id(c), TCP_EVENTS);
	if (rc) {
		finish(c, true);
		return;
	}
	count(COUNT_SPLICE_FLOWS);
	debug("%s: to port %u", conn_text(c), f->to_port);
}

/* opened() - An event of a pair that is open: move what it speaks of */
static int opened(struct conn *c, enum splice_side side, uint32_t events)
{
	static const uint32_t more = EPOLLRDHUP | EPOLLHUP | EPOLLPRI;
	enum splice_side back = side == SPLICE_ACCEPTED ? SPLICE_DIALLED : SPLICE_ACCEPTED;
	int rc = 0;

	/* A way that waits for its destination moves at the EPOLLOUT of that, only */
	if (events & (EPOLLIN | more) && !c->splice.way[side].full)
		rc = move(c, side, events & more);
	if (!rc && events & EPOLLOUT && c->splice.way[back].full)
		rc = move(c, back, true);
	return rc;
}

/* tcp_event() - Something happened to one of the two sockets */
static void tcp_event(struct conn *c, enum splice_side side, uint32_t events)
{
	int rc = (events & EPOLLERR) ? -ECONNRESET : 0;

	if (!rc && c->splice.state == SPLICE_DIALLING && side == SPLICE_DIALLED &&
	    events & (EPOLLOUT | EPOLLHUP)) {
		c->splice.state = SPLICE_OPEN;
		rc = -sock_error(c->splice.way[SPLICE_DIALLED].from);
		/* What the client sent in the meantime had its edge already */
		if (!rc)
			rc = move(c, SPLICE_ACCEPTED, true);
	}
	if (!rc && c->splice.state == SPLICE_OPEN)
		rc = opened(c, side, events);
	if (rc || over(c))
		finish(c, rc);
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
	join(c, -1, fd2, SPLICE_UDP);
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
		if (sock_splice_send(c->splice.way[SPLICE_DIALLED].from, self.buf, (size_t)len) < 0)
			count(DROP_UDP_SEND);
	}
}

/* udp_event() - Answers wait on the socket of a flow */
static void udp_event(struct conn *c, uint64_t now)
{
	const struct fwd_listener *l = fwd_listener(c->splice.listen);
	int fd2 = c->splice.way[SPLICE_DIALLED].from;

	if (!l || l->proto != WIRE_UDP || !l->splice) {
		finish(c, false);	/* no longer forwarded */
		return;
	}
	for (int i = 0; i < DATAGRAMS; i++) {
		ssize_t len = sock_splice_recv(fd2, self.buf, sizeof(self.buf));

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
