// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * random.c - a guest, a host and a link that do anything at all
 *
 * The line `random SEED N' does N things by chance, on a few connections: segments
 * with numbers that fit, nearly fit or do not, whatever the remote end can do, a link
 * without room, time that passes.  Nothing is expected in particular; what fails is
 * what always does: bytes of a stream that are wrong, a frame that is, BUG_ON(), the
 * sanitizers, a loop that spins, and at the end connections, sockets or deadlines that
 * are left when the host has closed everything.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "script.h"

enum { CONNS = 6, FROM_HOST = 3, PORT = 8080, FAR_PORT = 1000, CLOSE_US = 100 * 1000000 };

/**
 * struct random_self - state of this file
 * @state:	of the generator
 * @left:	things still to be done
 * @conn:	the connections; those from FROM_HOST on are opened by the remote end
 * @begun:	they are set up
 * @until:	when all has to have ended
 */
static struct {
	uint64_t state;
	uint32_t left;
	struct script_conn conn[CONNS];
	bool begun;
	uint64_t until;
} self;

/* below() - A number from 0 to n - 1: xorshift64 */
static uint32_t below(uint32_t n)
{
	self.state ^= self.state << 13;
	self.state ^= self.state >> 7;
	self.state ^= self.state << 17;
	return (uint32_t)((self.state >> 20) % n);
}

/* begin() - Connections, of both families and kinds */
static void begin(uint64_t seed, uint32_t n)
{
	self.state = seed * 2654435761 + 88172645463325252;
	self.left = n;
	self.begun = true;
	for (int i = 0; i < CONNS; i++) {
		struct script_conn *c = &self.conn[i];
		bool v4 = i % 3;

		memset(c, 0, sizeof(*c));
		c->guest = v4 ? script_setup.net.addr4 : script_setup.net.addr6;
		c->far = script_addr(v4 ? "198.51.100.1" : "2001:db8:1::1");
		c->gport = i < FROM_HOST ? (uint16_t)(40000 + i) : 80;
		c->fport = (uint16_t)(FAR_PORT + i);
		c->gisn = below(2) ? UINT32_MAX - below(100000) : below(UINT32_MAX);
		c->gfirst = 1;
		c->fd = -1;
	}
}

/* took_frame() - What the guest learns from a frame */
static void took_frame(const struct script_out *o)
{
	struct script_seg s;

	for (int i = 0; i < CONNS; i++) {
		struct script_conn *c = &self.conn[i];

		if (!script_seg_read(o, c, &s))
			continue;
		if (s.flags & TCP_SYN && s.seq) {	/* the next one with these ends */
			c->known = false;
			(void)script_seg_read(o, c, &s);
			c->gnext = 1;
		}
		if (s.flags & TCP_SYN)
			c->onext = 1;
		else if (!(s.flags & TCP_RST) && (int32_t)(s.seq + s.len - c->onext) > 0)
			c->onext = s.seq + s.len + !!(s.flags & TCP_FIN);
		if (s.flags & TCP_ACK && below(4) && (int32_t)(s.ack - c->gnext) < 0)
			c->gnext = s.ack;		/* what was lost comes again */
		return;
	}
}

/* took_call() - Which socket belongs to whom */
static void took_call(const struct script_out *o)
{
	const char *port = strrchr(o->text, ':');

	for (int i = 0; i < CONNS; i++) {
		struct script_conn *c = &self.conn[i];

		if (!strncmp(o->text, "connect", 7) && port && script_num(port + 1) == c->fport)
			c->fd = o->fd;
		else if (c->fd == o->fd && (!strcmp(o->text, "close") ||
					    !strcmp(o->text, "abort")))
			c->fd = -1;
	}
}

/* collect() - All that the program did */
static void collect(void)
{
	const struct script_out *o;

	while ((o = out_first(false))) {
		took_call(o);
		out_take(false);
	}
	while ((o = out_first(true))) {
		took_frame(o);
		out_take(true);
	}
}

/* about() - A number that fits, or is a bit off, or far */
static uint32_t about(uint32_t right)
{
	if (!below(50))
		return below(UINT32_MAX);
	if (!below(6))
		right -= below(5000);
	if (!below(10))
		right += below(3000);
	return right;
}

/* segment() - A segment, more or less right */
static struct script_seg segment(const struct script_conn *c)
{
	static const uint8_t flags[] = {
		TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH, TCP_ACK | TCP_PSH,
		TCP_ACK | TCP_FIN, TCP_SYN, TCP_SYN, TCP_SYN | TCP_ACK, TCP_SYN | TCP_ACK,
		TCP_RST, TCP_RST | TCP_ACK, TCP_FIN, 0, TCP_SYN | TCP_FIN, 0x3f,
	};
	static const char *const opts[] = { "mss 1460,nop,wscale 7", "mss 500", "",
		"mss 1460,nop,wscale 7,nop,nop,sackOK", "nop,nop,sackOK" };
	struct script_seg s = { .flags = flags[below(sizeof(flags))], .has_seq = true,
				.has_ack = true, .off = -1, .cut = -1 };

	if (s.flags & TCP_RST && below(8))
		s.flags = TCP_ACK;
	s.ack = about(c->onext);
	s.win = below(5) ? UINT16_MAX : below(300);
	s.bad_csum = !below(60);
	s.split = below(10) ? 0 : 1 + below(200);
	if (s.flags & TCP_SYN) {
		(void)util_copy(s.opts, sizeof(s.opts), opts[below(ARRAY_SIZE(opts))]);
		return s;
	}
	s.seq = about(c->gnext);
	/* Some bytes are missing before it, up to a few segments of them */
	if (!below(6))
		s.seq += 1 + below(12000);
	/* Bytes before the first are no part of the stream */
	if ((int32_t)s.seq > 0)
		s.len = below(3) ? 0 : below(1460);
	return s;
}

/* guest() - Send it, or lose it */
static void guest(struct script_conn *c)
{
	static uint8_t frame[SCRIPT_FRAME];
	struct script_seg s = segment(c);
	struct virtio_net_hdr vh;
	uint32_t len = script_seg_build(c, &s, frame, &vh);

	if (s.split && len / s.split > 200)
		s.split = 0;
	if (!below(100))
		len = below(len);
	if (below(30))
		fake_tap_queue(frame, len, &vh, s.split);
}

/* host() - Something the remote end can do now */
static void host(struct script_conn *c, bool remote)
{
	if (c->fd < 0) {
		if (remote && !below(4))
			fake_sock_knock(PORT, c);
		return;
	}
	if (fake_sock_connecting(c->fd)) {
		if (below(5))
			fake_sock_connected(c->fd);
		else
			fake_sock_error(c->fd, ECONNREFUSED, true);
		return;
	}
	switch (below(9)) {
	case 0:
	case 1:
	case 2:
		fake_sock_data(c->fd, below(10) ? below(3000) : below(60000));
		break;
	case 3:
		if (!below(6))
			fake_sock_fin(c->fd);
		break;
	case 4:
		fake_sock_take(c->fd, below(2) ? -1 : (int64_t)below(2000));
		break;
	case 5:
		fake_sock_room(c->fd, 60000, below(60000));
		break;
	case 6:
		fake_sock_hold_acks(c->fd);
		break;
	case 7:
		fake_sock_ack_all(c->fd, below(3));
		break;
	default:
		if (!below(15))
			fake_sock_error(c->fd, below(2) ? ECONNRESET : ETIMEDOUT, below(4));
	}
}

/* clear_link() - Frames flow again */
static void clear_link(void)
{
	fake_tap_room(-1);
	fake_tap_release();
}

/* one() - One thing */
static void one(void)
{
	struct script_conn *c = &self.conn[below(CONNS)];

	switch (below(20)) {
	case 0:
		fake_tap_room(below(3) ? -1 : (int)below(4));
		break;
	case 1:
		fake_tap_hold();
		break;
	case 2:
	case 3:
		fake_tap_release();
		break;
	case 4:
	case 5:
	case 6:
	case 7:
	case 8:
	case 9:
		host(c, c - self.conn >= FROM_HOST);
		break;
	default:
		guest(c);
	}
}

/**
 * script_random() - The program is idle, and a line says `random'
 * @seed:	Of the generator
 * @n:		Things to do
 * @deadline:	The program's next one, us
 *
 * Return: 1: something was done; 0: the deadline has come; -1: that was all
 */
int script_random(uint64_t seed, uint32_t n, uint64_t deadline)
{
	if (!self.begun)
		begin(seed, n);
	collect();
	if (self.left) {
		uint64_t step = below(4) ? 0 : below(8) ? below(300000) : below(70000000);

		if (step && deadline <= fake_clock + step) {
			if (deadline > fake_clock)
				fake_clock = deadline;
			return 0;
		}
		fake_clock += step;
		self.left--;
		one();
		if (!self.left) {
			clear_link();
			self.until = fake_clock + CLOSE_US;
		}
		return 1;
	}
	for (int i = 0; i < CONNS; i++) {
		if (self.conn[i].fd < 0)
			continue;
		fake_sock_error(self.conn[i].fd, ECONNRESET, true);
		return 1;
	}
	if (deadline <= self.until) {
		if (deadline > fake_clock)
			fake_clock = deadline;
		return 0;
	}
	self.begun = false;
	return -1;
}
