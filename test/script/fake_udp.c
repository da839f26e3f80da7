// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fake_udp.c - in place of sock_udp.c: datagrams and ping sockets of the script
 *
 * Each socket has at most a few datagrams and one error waiting.
 */
#include "sock_udp.h"

#include <string.h>
#include <sys/epoll.h>

#include "script.h"

enum { SOCKS = 64, WAITING = 8, MTU = 1500, TTL = 64 };

/**
 * struct waiting - a datagram that came
 * @path:	from where
 * @len:	payload
 */
struct waiting {
	struct sock_udp_path path;
	uint32_t len;
};

/**
 * struct fake_udp - a socket for datagrams
 * @fd:		its descriptor, 0: unused entry
 * @n:		datagrams that wait
 * @wait:	these
 * @error:	an error that waits, if @failed
 * @peer:	where it is connected to
 * @port:	the other end's port
 * @ident:	identifier of echo requests
 * @seq:	number of the last one
 * @ping:	for echo requests, of this family
 * @failed:	see @error
 */
struct fake_udp {
	int fd;
	int n;
	struct waiting wait[WAITING];
	struct sock_udp_error error;
	struct addr peer;
	uint16_t port;
	uint16_t ident;
	uint16_t seq;
	uint8_t ping;
	bool failed;
};

static struct fake_udp sock[SOCKS];

/* at() - Entry of a descriptor, made if it is a new one */
static struct fake_udp *at(int fd)
{
	struct fake_udp *empty = NULL;

	for (int i = 0; i < SOCKS; i++) {
		if (sock[i].fd == fd)
			return &sock[i];
		if (!sock[i].fd && !empty)
			empty = &sock[i];
	}
	if (!empty)
		script_fail("too many sockets for datagrams");
	memset(empty, 0, sizeof(*empty));
	empty->fd = fd;
	return empty;
}

void fake_udp_close(int fd)
{
	at(fd)->fd = 0;
}

uint32_t fake_udp_poll(int fd)
{
	const struct fake_udp *u = at(fd);

	return EPOLLOUT | (u->n ? (uint32_t)EPOLLIN : 0) |
	       (u->failed ? (uint32_t)EPOLLERR : 0);
}

/* fake_udp_datagram() - A datagram, or echo reply, of @len bytes comes */
void fake_udp_datagram(int fd, uint32_t len, const struct addr *from, uint16_t port)
{
	struct fake_udp *u = at(fd);
	struct waiting *w = &u->wait[u->n++];

	if (u->n > WAITING)
		script_fail("too many datagrams wait");
	memset(w, 0, sizeof(*w));
	w->len = len;
	w->path.peer = from ? *from : u->peer;
	w->path.port = from ? port : u->port;
	w->path.local = addr_is4(&w->path.peer) ? net->addr4 : net->addr6;
	fake_loop_wake(fd);
}

/* fake_udp_error() - An ICMP error comes for what was sent last */
void fake_udp_error(int fd, uint8_t type, uint8_t code, uint32_t mtu,
		    const struct addr *from)
{
	struct fake_udp *u = at(fd);

	u->failed = true;
	memset(&u->error, 0, sizeof(u->error));
	u->error.type = type;
	u->error.code = code;
	u->error.mtu = mtu;
	u->error.offender = *from;
	u->error.peer = u->peer;
	u->error.port = u->port;
	if (u->ping) {
		u->error.len = 8;
		u->error.data[0] = u->ping == WIRE_ICMP4 ? ICMP4_ECHO : ICMP6_ECHO;
		put_be16(u->error.data + 4, u->ident);
		put_be16(u->error.data + 6, u->seq);
	}
	fake_loop_wake(fd);
}

void sock_udp_init(const struct sock_conf *conf)
{
	(void)conf;
}

int sock_udp_open(const struct sock_udp_path *to, uint16_t port, enum sock_udp_kind kind)
{
	static const char *const what[] = {
		[SOCK_UDP_DIAL] = "udp-connect", [SOCK_UDP_SHOUT] = "udp-shout",
		[SOCK_UDP_PING] = "ping-connect",
	};
	int fd = fake_sock_new();
	char text[ADDR_TEXT];
	struct fake_udp *u;

	if (fd < 0)
		return fd;
	u = at(fd);
	u->peer = to->peer;
	u->port = to->port;
	u->ident = port;
	if (kind == SOCK_UDP_PING)
		u->ping = addr_is4(&to->peer) ? WIRE_ICMP4 : WIRE_ICMP6;
	out_call(fd, addr_is4(&to->peer) ? "%s %s:%u" : "%s [%s]:%u", what[kind],
		 addr_text(&to->peer, text), to->port);
	return fd;
}

void sock_udp_prepare(int fd)
{
	(void)fd;
}

int sock_udp_send(int fd, const struct sock_udp_out *out, int n,
		  const struct sock_udp_path *to)
{
	struct fake_udp *u = at(fd);

	(void)to;
	for (int i = 0; i < n; i++) {
		if (u->ping && out[i].niov && out[i].iov[0].iov_len >= 8)
			u->seq = get_be16((const uint8_t *)out[i].iov[0].iov_base + 6);
		out_call(fd, out[i].seg ? "udp-send %u by %u" : "udp-send %u", out[i].len,
			 out[i].seg);
	}
	return n;
}

int sock_udp_recv(int fd, struct sock_udp_in in[static SOCK_UDP_BATCH])
{
	static uint8_t buf[WAITING][SOCK_UDP_HEADROOM + SCRIPT_FRAME];
	struct fake_udp *u = at(fd);
	int n = 0;

	for (; n < u->n; n++) {
		uint8_t *p = &buf[n][SOCK_UDP_HEADROOM];

		in[n] = (struct sock_udp_in){ .path = u->wait[n].path, .data = p,
					      .len = u->wait[n].len };
		for (uint32_t i = 0; i < in[n].len; i++)
			p[i] = script_byte(IN, i);
		if (!u->ping)
			continue;
		memset(p, 0, 8);
		p[0] = u->ping == WIRE_ICMP4 ? ICMP4_ECHO_REPLY : ICMP6_ECHO_REPLY;
		put_be16(p + 4, u->ident);
		put_be16(p + 6, u->seq);
	}
	memmove(u->wait, u->wait + n, (size_t)(u->n - n) * sizeof(u->wait[0]));
	u->n -= n;
	return n;
}

int sock_udp_recv_error(int fd, struct sock_udp_error *e)
{
	struct fake_udp *u = at(fd);

	if (!u->failed)
		return 0;
	u->failed = false;
	*e = u->error;
	return 1;
}

uint8_t sock_udp_ttl(bool want6)
{
	(void)want6;
	return TTL;
}

int sock_udp_set_ttl(int fd, const struct addr *peer, uint8_t ttl)
{
	(void)peer;
	out_call(fd, "ttl %u", ttl);
	return 0;
}

int sock_udp_set_df(int fd, const struct addr *peer, bool df)
{
	(void)fd;
	(void)peer;
	(void)df;
	return 0;
}

int sock_udp_mtu(int fd, const struct addr *peer)
{
	(void)fd;
	(void)peer;
	return MTU;
}
