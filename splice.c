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
 *   splice_stream.c moves the bytes.  Here pairs begin and end: an end of file is
 *   passed on behind the last byte, and when both have been, the pair is closed.
 *   An error on either side resets both, so a connection refused by the other
 *   side is a connection reset for the client.
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
	DATAGRAMS	= 64,		/* moved before others get their turn */
	DATAGRAM_MAX	= 65535,
	KEY_HOST	= 255,		/* reserved by IANA, so no flow of the guest's */
	KEY_NS		= 254,		/* one for experiments: nor is that forwarded */
};

static const uint64_t udp_timeout_us = 30000000;	/* as nf_conntrack has it */
static const uint64_t udp_timeout_replied_us = 120000000;

enum splice_state { SPLICE_DIALLING, SPLICE_OPEN, SPLICE_UDP, SPLICE_STATE_NUM };

/**
 * struct splice_self - state of this file
 * @warned:	state of log_allow()
 * @buf:	a datagram on its way
 */
static struct {
	uint64_t warned;
	uint8_t buf[DATAGRAM_MAX];
} self;

/**
 * splice_init() - Begin anew
 * @on:		There will be pairs to join
 */
void splice_init(bool on)
{
	self.warned = 0;
	splice_stream_init(on);
	if (on)
		sock_splice_init();
}

/* finish() - Close both sockets, in order or by a reset, and free the entry */
static void finish(struct conn *c, bool reset)
{
	int fd[] = { c->fd, c->splice.fd2 };

	debug("%s: %s", conn_text(c), reset ? "reset" : "closed");
	splice_stream_end(c);
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
		rc = loop_add(c->fd, LOOP_SPLICE_A, conn_id(c), SPLICE_STREAM_EVENTS);
	if (!rc)
		rc = loop_add(fd2, LOOP_SPLICE_B, conn_id(c), SPLICE_STREAM_EVENTS);
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

	if (events & (EPOLLIN | more) && !splice_stream_waits(c, side))
		rc = splice_stream_move(c, side, events & more);
	if (!rc && events & EPOLLOUT && splice_stream_waits(c, back))
		rc = splice_stream_move(c, back, true);
	return rc;
}

/* dialled() - First event of the dialled socket */
static int dialled(struct conn *c, uint32_t events)
{
	int rc = -sock_error(c->splice.fd2);

	if (rc)
		return rc;
	c->splice.state = SPLICE_OPEN;
	/* What the client sent in the meantime had its edge already */
	rc = splice_stream_move(c, SPLICE_ACCEPTED, true);
	return rc ? rc : opened(c, SPLICE_DIALLED, events);
}

/* tcp_event() - Something happened to one of the two sockets */
static void tcp_event(struct conn *c, enum splice_side side, uint32_t events)
{
	int rc = 0;

	if (events & EPOLLERR)
		rc = -ECONNRESET;
	else if (c->splice.state == SPLICE_OPEN)
		rc = opened(c, side, events);
	else if (side == SPLICE_DIALLED && events & (EPOLLOUT | EPOLLHUP))
		rc = dialled(c, events);
	if (rc || splice_stream_over(c))
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
