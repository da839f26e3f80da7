// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fake_sock.c - in place of sock.c: a kernel that does what the script says
 *
 * A socket is a model of what the program can see of the kernel's:
 *
 *	receive queue	as offsets into the stream of the remote end, whose bytes
 *			follow from their offset; SO_PEEK_OFF as the kernel moves
 *			it, and checked against what the program believes
 *	send queue	what was sent must be the guest's stream, byte for byte;
 *			how much is taken, and what is reported as room, is said
 *			by the script.  Bytes are acknowledged at once, unless it
 *			says otherwise
 *	events		SOCK_NOSPACE as in the kernel: a writer that found it full,
 *			or a poll that did, is woken up when it is a third empty
 */
#include "sock.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>


#include "loop.h"
#include "script.h"

enum kind { FREE, CONNECTING, OPEN, CLOSED, LISTENING, DATAGRAM };

enum { KNOCKS = 64, FD_LIMIT = 20000 };

/**
 * struct fake - a socket
 * @kind:	enum kind
 * @error:	pending error
 * @fin_in:	the remote end's FIN is in the receive queue
 * @fin_out:	ours was sent
 * @fin_acked:	and acknowledged
 * @nospace:	somebody waits for room in the send queue
 * @hold:	bytes are acknowledged when the script says so
 * @stall:	the kernel retransmits without progress
 * @port:	of a listening socket
 * @in_end:	bytes of the remote end that came
 * @in_taken:	of these, consumed
 * @peek:	SO_PEEK_OFF: bytes behind @in_taken
 * @sent:	bytes of the guest that were taken
 * @unacked:	of these, not acknowledged
 * @size:	limit of the send queue
 * @used:	what is reported to be in it beside @unacked
 * @take:	bytes that are taken before it is full, -1: no limit
 */
struct fake {
	uint8_t kind;
	bool fin_in;
	bool fin_out;
	bool fin_acked;
	bool nospace;
	bool hold;
	bool stall;
	uint16_t port;
	int error;
	uint32_t in_end;
	uint32_t in_taken;
	uint32_t peek;
	uint32_t sent;
	uint32_t unacked;
	uint32_t size;
	uint32_t used;
	int64_t take;
};

/**
 * struct knock - a connection that waits to be accepted
 * @port:	at which port
 * @ends:	both ends of it
 * @conn:	whose
 */
struct knock {
	uint16_t port;
	struct sock_ends ends;
	struct script_conn *conn;
};

/**
 * struct fake_sock_self - state of this file
 * @fd:		the sockets
 * @free:	a stack of those that are not in use: the last one is used first
 * @nfree:	how many
 * @open:	those in use, without listening ones
 * @fail:	error of the next function that makes a socket
 * @knock:	connections that wait
 * @nknocks:	how many
 */
static struct {
	struct fake fd[SCRIPT_SOCKS];
	int free[SCRIPT_SOCKS];
	uint32_t nfree;
	uint32_t open;
	int fail;
	struct knock knock[KNOCKS];
	int nknocks;
} self;

void fake_sock_init(void)
{
	for (uint32_t i = 0; i < SCRIPT_SOCKS; i++)
		self.free[i] = SCRIPT_FD0 + SCRIPT_SOCKS - 1 - (int)i;
	self.nfree = SCRIPT_SOCKS;
}

/* at() - A socket that is in use */
static struct fake *at(int fd)
{
	if (fd < SCRIPT_FD0 || fd >= SCRIPT_FD0 + SCRIPT_SOCKS ||
	    self.fd[fd - SCRIPT_FD0].kind == FREE)
		script_fail("socket %i is not open", fd);
	return &self.fd[fd - SCRIPT_FD0];
}

/* make() - A new socket; -errno if the script wants it to fail */
static int make(enum kind kind)
{
	struct fake *s;
	int fd;

	if (self.fail) {
		fd = -self.fail;
		self.fail = 0;
		return fd;
	}
	fd = self.free[--self.nfree];
	s = &self.fd[fd - SCRIPT_FD0];
	memset(s, 0, sizeof(*s));
	s->kind = (uint8_t)kind;
	s->size = script_setup.size;
	s->take = -1;
	self.open++;
	return fd;
}

/* fake_sock_new() - A socket for datagrams; fake_udp.c knows more of it */
int fake_sock_new(void)
{
	return make(DATAGRAM);
}

void fake_sock_free(int fd)
{
	struct fake *s = at(fd);

	if (s->kind != LISTENING)
		self.open--;
	if (s->kind == DATAGRAM)
		fake_udp_close(fd);
	s->kind = FREE;
	loop_del(fd);
	self.free[self.nfree++] = fd;
}

/* fake_sock_touch() - Have the memory now, so that it is not taken for the program's */
void fake_sock_touch(void)
{
	for (uint32_t i = 0; i < SCRIPT_SOCKS; i++) {
		if (self.fd[i].kind == FREE)
			self.fd[i].take = -1;
	}
}

/* fake_sock_open() - How many are in use, listening ones left out */
uint32_t fake_sock_open(void)
{
	return self.open;
}

void fake_sock_fail_next(int error)
{
	self.fail = error;
}

static bool writable(const struct fake *s)
{
	uint32_t used = s->used + s->unacked;

	return s->take && used < s->size && s->size - used >= used / 2;
}

/* knocks() - Whether anybody waits at a port */
static bool knocks(uint16_t port)
{
	for (int i = 0; i < self.nknocks; i++) {
		if (self.knock[i].port == port)
			return true;
	}
	return false;
}

/* fake_sock_poll() - As the poll function of the kernel */
uint32_t fake_sock_poll(int fd)
{
	struct fake *s = &self.fd[fd - SCRIPT_FD0];
	uint32_t ev = s->error ? EPOLLERR : 0;

	switch ((enum kind)s->kind) {
	case FREE:
		return 0;
	case LISTENING:
		return knocks(s->port) ? EPOLLIN : 0;
	case DATAGRAM:
		return fake_udp_poll(fd);
	case CLOSED:
		return ev | EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP;
	case CONNECTING:
		return ev;
	case OPEN:
		break;
	}
	if (s->in_end != s->in_taken || s->fin_in)
		ev |= EPOLLIN;
	if (s->fin_in)
		ev |= EPOLLRDHUP;
	if (s->fin_in && s->fin_out)
		ev |= EPOLLHUP;
	if (s->fin_out || writable(s))
		ev |= EPOLLOUT;
	else
		s->nospace = true;
	return ev;
}

/* What the script makes happen */

void fake_sock_connected(int fd)
{
	at(fd)->kind = OPEN;
	fake_loop_wake(fd);
}

void fake_sock_error(int fd, int error, bool tell)
{
	struct fake *s = at(fd);

	s->error = error;
	s->kind = CLOSED;
	s->unacked = 0;
	if (tell)
		fake_loop_wake(fd);
}

void fake_sock_data(int fd, uint32_t n)
{
	at(fd)->in_end += n;
	fake_loop_wake(fd);
}

void fake_sock_fin(int fd)
{
	struct fake *s = at(fd);

	s->fin_in = true;
	if (s->fin_acked)
		s->kind = CLOSED;
	fake_loop_wake(fd);
}

/* wake_writer() - Room in the send queue: does anybody wait for it? */
static void wake_writer(int fd)
{
	struct fake *s = at(fd);

	if (!s->nospace || !writable(s))
		return;
	s->nospace = false;
	fake_loop_wake(fd);
}

void fake_sock_acked(int fd, uint32_t n)
{
	struct fake *s = at(fd);

	if (n > s->unacked)
		script_fail("only %u bytes are not acknowledged", s->unacked);
	s->unacked -= n;
	wake_writer(fd);
}

void fake_sock_fin_acked(int fd)
{
	struct fake *s = at(fd);

	if (!s->fin_out)
		script_fail("no FIN was sent");
	s->unacked = 0;
	s->fin_acked = true;
	if (s->fin_in)
		s->kind = CLOSED;
	fake_loop_wake(fd);
}

/* fake_sock_ack_all() - All was acknowledged, and our FIN, if there is one */
void fake_sock_ack_all(int fd, bool fin)
{
	if (fin && at(fd)->fin_out)
		fake_sock_fin_acked(fd);
	else
		fake_sock_acked(fd, at(fd)->unacked);
}

void fake_sock_hold_acks(int fd)
{
	at(fd)->hold = true;
}

void fake_sock_room(int fd, uint32_t size, uint32_t used)
{
	struct fake *s = at(fd);

	s->size = size;
	s->used = used;
	wake_writer(fd);
}

void fake_sock_take(int fd, int64_t n)
{
	at(fd)->take = n;
	wake_writer(fd);
}

void fake_sock_stall(int fd)
{
	at(fd)->stall = true;
}

bool fake_sock_connecting(int fd)
{
	return at(fd)->kind == CONNECTING;
}

uint32_t fake_sock_unread(int fd)
{
	return at(fd)->in_end - at(fd)->in_taken;
}

/* fake_sock_knock() - Somebody connects to a listening socket */
void fake_sock_knock(uint16_t port, struct script_conn *c)
{
	struct knock *k = &self.knock[self.nknocks++];

	if (self.nknocks > KNOCKS)
		script_fail("too many connections wait");
	k->port = port;
	k->conn = c;
	k->ends.peer = c->far;
	k->ends.pport = c->fport;
	k->ends.local = addr_is4(&c->far) ? net->addr4 : net->addr6;
	k->ends.lport = port;
	for (int i = 0; i < SCRIPT_SOCKS; i++) {
		if (self.fd[i].kind == LISTENING && self.fd[i].port == port) {
			fake_loop_wake(i + SCRIPT_FD0);
			return;
		}
	}
	script_fail("nobody listens at port %u", port);
}

/* next_knock() - Take the first that waits at a port; false: none */
static bool next_knock(uint16_t port, struct knock *k)
{
	for (int i = 0; i < self.nknocks; i++) {
		if (self.knock[i].port != port)
			continue;
		*k = self.knock[i];
		memmove(&self.knock[i], &self.knock[i + 1],
			(size_t)(--self.nknocks - i) * sizeof(*k));
		return true;
	}
	return false;
}

/* What the program calls */

void sock_init(const struct sock_conf *conf)
{
	(void)conf;
}

void sock_close(int fd)
{
	if (at(fd)->kind != LISTENING)
		out_call(fd, "close");
	fake_sock_free(fd);
}

int sock_error(int fd)
{
	int e = at(fd)->error;

	at(fd)->error = 0;
	return e;
}

int sock_open(int family, int type, int proto)
{
	(void)family;
	(void)type;
	(void)proto;
	return make(OPEN);
}

int sock_bind_as(int fd, const struct addr *a, uint16_t port, unsigned scope, bool out)
{
	(void)scope, (void)out;
	return sock_bind(fd, a, port, NULL);
}

int sock_bind(int fd, const struct addr *a, uint16_t port, const char *ifname)
{
	(void)a;
	(void)ifname;
	at(fd)->kind = LISTENING;
	at(fd)->port = port;
	self.open--;
	return 0;
}

int sock_tcp_dial(const struct addr *dst, uint16_t port, unsigned scope)
{
	int fd = make(CONNECTING);

	(void)scope;
	if (fd >= 0) {
		char text[ADDR_TEXT];

		out_call(fd, addr_is4(dst) ? "connect %s:%u" : "connect [%s]:%u",
			 addr_text(dst, text), port);
	}
	return fd;
}

int sock_tcp_listen(int fd, const struct addr *a, uint16_t port, const char *ifname)
{
	return sock_bind(fd, a, port, ifname);
}

int sock_tcp_accept(int listen_fd, struct sock_ends *ends)
{
	uint16_t port = at(listen_fd)->port;
	struct knock k;
	int fd;

	if (!knocks(port))
		return -EAGAIN;
	fd = make(OPEN);
	if (fd < 0 || !next_knock(port, &k))
		return fd;
	if (k.conn)
		k.conn->fd = fd;
	*ends = k.ends;
	return fd;
}

bool sock_tcp_refuse(int listen_fd)
{
	struct knock k;

	if (!next_knock(at(listen_fd)->port, &k))
		return false;
	out_call(listen_fd, "refuse");
	return true;
}

void sock_tcp_abort(int fd)
{
	out_call(fd, "abort");
	fake_sock_free(fd);
}

int sock_tcp_shutdown(int fd)
{
	struct fake *s = at(fd);

	if (s->kind != OPEN)
		return -ENOTCONN;
	if (s->fin_out)
		script_fail("a second FIN");
	out_call(fd, "shutdown");
	s->fin_out = true;
	return 0;
}

/* verify() - What is sent is the guest's stream, where it stopped */
static void verify(uint32_t from, const struct iovec *iov, int niov)
{
	for (int i = 0; i < niov; i++) {
		const uint8_t *p = iov[i].iov_base;

		for (size_t k = 0; k < iov[i].iov_len; k++, from++) {
			if (p[k] != script_byte(OUT, from))
				script_fail("byte %u of the guest's stream is wrong", from);
		}
	}
}

ssize_t sock_tcp_send(int fd, struct iovec *iov, int niov)
{
	struct fake *s = at(fd);
	size_t len = 0, n;
	int e = s->error;

	for (int i = 0; i < niov; i++)
		len += iov[i].iov_len;
	s->error = 0;
	if (e)
		return -e;
	if (s->kind != OPEN || s->fin_out)
		return -EPIPE;
	verify(s->sent, iov, niov);
	n = s->take >= 0 ? min_size(len, (size_t)s->take) : len;
	out_call(fd, n < len ? "send %zu of %zu" : "send %zu", n, len);
	if (s->take >= 0)
		s->take -= (int64_t)n;
	if (n < len)
		s->nospace = true;
	s->sent += (uint32_t)n;
	if (s->hold)
		s->unacked += (uint32_t)n;
	return (ssize_t)n;
}

ssize_t sock_tcp_peek(int fd, uint32_t skip, struct iovec *iov, int niov)
{
	struct fake *s = at(fd);
	uint32_t place, left;
	int e = s->error;
	ssize_t n = 0;

	if (!script_setup.old && skip != s->peek)
		script_fail("SO_PEEK_OFF is %u, the program takes it for %u", s->peek, skip);
	place = s->in_taken + skip;
	left = s->in_end - place;
	if (skip > s->in_end - s->in_taken)
		script_fail("%u bytes in flight, %u are there", skip, s->in_end - s->in_taken);
	if (!left && script_setup.old && skip)
		return -EAGAIN;
	if (!left && e && !s->fin_in) {
		s->error = 0;
		return -e;
	}
	if (!left && (s->fin_in || s->kind == CLOSED))
		return 0;
	if (!left)
		return -EAGAIN;
	for (int i = 0; i < niov; i++) {
		for (size_t k = 0; k < iov[i].iov_len && left; k++, left--, n++)
			((uint8_t *)iov[i].iov_base)[k] = script_byte(IN, place++);
	}
	s->peek = skip + (uint32_t)n;
	return n;
}

int sock_tcp_seek(int fd, uint32_t skip)
{
	at(fd)->peek = skip;
	return 0;
}

ssize_t sock_tcp_consume(int fd, size_t n)
{
	struct fake *s = at(fd);
	uint32_t there = s->in_end - s->in_taken;
	int e = s->error;

	if (!there) {
		s->error = 0;
		return e ? -e : s->fin_in || s->kind == CLOSED ? 0 : -EAGAIN;
	}
	if (n > there)
		n = there;
	s->in_taken += (uint32_t)n;
	s->peek = s->peek > n ? s->peek - (uint32_t)n : 0;
	return (ssize_t)n;
}

uint64_t sock_tcp_memory(void)
{
	return script_setup.memory ? script_setup.memory : UINT64_MAX;
}

int sock_tcp_room(int fd, struct sock_room *room)
{
	const struct fake *s = at(fd);

	room->size = s->size;
	/* What takes nothing more is full, whatever was said before */
	room->used = s->take ? s->used + s->unacked : s->size;
	return 0;
}

int sock_tcp_unacked(int fd)
{
	const struct fake *s = at(fd);

	return (int)(s->unacked + (s->fin_out && !s->fin_acked));
}

enum sock_tcp_state sock_tcp_state(int fd)
{
	const struct fake *s = at(fd);

	if (s->kind == CLOSED)
		return SOCK_TCP_CLOSED;
	if (s->kind != OPEN)
		return SOCK_TCP_OTHER;
	if (!s->fin_out)
		return SOCK_TCP_ESTABLISHED;
	return s->fin_acked ? SOCK_TCP_FIN_ACKED : SOCK_TCP_FIN_PENDING;
}

int sock_tcp_stalled(int fd)
{
	return at(fd)->stall && at(fd)->unacked;
}

int sock_tcp_allow_fragments(int fd)
{
	out_call(fd, "allow-fragments");
	return 0;
}

int sock_set(int fd, enum sock_option what, bool on)
{
	(void)fd;
	(void)what;
	(void)on;
	return 0;
}

uint32_t sock_limit(void)
{
	return FD_LIMIT;
}

/* What only checkpoints ask for, which no script makes */
void sock_tcp_options(int fd)
{
	(void)fd;
}

void sock_unlock(int fd)
{
	(void)fd;
}

int sock_filter(int fd, struct sock_filter *code, unsigned short len)
{
	(void)fd, (void)code, (void)len;
	return -EPERM;
}

int sock_tcp_no_calls(int listen_fd, bool hush)
{
	(void)listen_fd, (void)hush;
	return -EPERM;
}

bool sock_broken(int fd)
{
	(void)fd;
	return false;
}

int sock_buffers(int fd, uint32_t *out, uint32_t *in)
{
	(void)fd;
	*out = *in = 0;
	return 0;
}

int sock_local(int fd, struct addr *a, uint16_t *port)
{
	(void)fd;
	*a = addr_none;
	*port = 0;
	return 0;
}
