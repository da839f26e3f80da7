// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * line.c - what the lines of a script do
 *
 * One function per first word, found in a table.  The format is in run.c.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "count.h"
#include "driver.h"
#include "loop.h"
#include "script.h"
#include "tail.h"
#include "tap.h"
#include "tcp.h"
#include "test/script/rfc.h"
#include "timer.h"

enum { GPORT = 40000, FPORT = 80, SNDBUF = 262144, MTU = 1500, GISN = 0x600,
       ISN_SLACK = 1000 };

/**
 * struct line_self - state of this file
 * @conn:	connections; the first has no name
 * @n:		how many
 * @done:	connections are left on purpose
 */
static struct {
	struct script_conn conn[SCRIPT_CONNS];
	int n;
	bool done;
} self;

struct script_setup script_setup;

/* add() - One more connection */
static void add(const char *name, const char *guest, uint16_t gport, const char *far,
		uint16_t fport)
{
	struct script_conn *c = &self.conn[0];

	if (*name)
		c = &self.conn[self.n++];
	if (self.n > SCRIPT_CONNS)
		script_fail("too many connections");
	memset(c, 0, sizeof(*c));
	(void)util_copy(c->name, sizeof(c->name), name);
	c->guest = script_addr(guest);
	c->far = script_addr(far);
	c->gport = gport;
	c->fport = fport;
	/* So that numbers wrap soon */
	c->gisn = UINT32_MAX - GISN;
	c->gfirst = 1;
	c->gwin = UINT16_MAX;
	c->fd = -1;
}

/* script_set_up_defaults() - What holds unless the script says otherwise */
void script_set_up_defaults(void)
{
	struct net *n = &script_setup.net;

	memset(n, 0, sizeof(*n));
	(void)util_parse_mac("9a:55:9a:55:9a:55", n->mac);
	(void)util_parse_mac("52:54:00:12:34:56", n->guest_mac);
	n->version = 1;
	n->mtu = MTU;
	n->mtu_told = true;
	n->has4 = n->has6 = true;
	n->addr4 = n->seen4 = script_addr("192.0.2.2");
	n->prefix4 = 24;
	n->gw4 = script_addr("192.0.2.1");
	n->addr6 = n->seen6 = script_addr("2001:db8::2");
	n->gw6 = script_addr("fe80::1");
	n->dns4[0] = script_addr("192.0.2.1");
	n->ndns4 = 1;
	script_setup.size = SNDBUF;
	self.n = 1;
	add("", "192.0.2.2", GPORT, "198.51.100.1", FPORT);
}

/* caps() - Words of "caps" */
static void caps(char *const *tok, int n)
{
	for (int i = 1; i < n; i++) {
		if (!strcmp(tok[i], "csum"))
			script_setup.caps |= TAP_CSUM;
		else if (!strcmp(tok[i], "tso"))
			script_setup.caps |= TAP_TSO4 | TAP_TSO6;
		else
			script_fail("caps %s?", tok[i]);
	}
}

/* another() - conn NAME GPORT FAR FPORT [GUEST] */
static void another(char *const *tok, int n)
{
	const char *guest = strchr(tok[3], ':') ? "2001:db8::2" : "192.0.2.2";

	add(strcmp(tok[1], "-") ? tok[1] : "", n == 6 ? tok[5] : guest,
	    (uint16_t)script_num(tok[2]), tok[3], (uint16_t)script_num(tok[4]));
}

/* script_set_up() - A line without time */
void script_set_up(char *const *tok, int n)
{
	const char *arg = n > 1 ? tok[1] : "";

	if (!strcmp(tok[0], "ip") && !strcmp(arg, "6")) {
		add("", "2001:db8::2", GPORT, "2001:db8:1::1", FPORT);
	} else if (!strcmp(tok[0], "conn") && (n == 5 || n == 6)) {
		another(tok, n);
	} else if (!strcmp(tok[0], "isn")) {
		self.conn[0].gisn = (uint32_t)script_num(arg);
	} else if (!strcmp(tok[0], "mtu")) {
		script_setup.net.mtu = (uint16_t)script_num(arg);
	} else if (!strcmp(tok[0], "caps")) {
		caps(tok, n);
	} else if (!strcmp(tok[0], "forward") || !strcmp(tok[0], "forward-udp")) {
		const char *why = ports_parse(&script_setup.ports, tok[0][7] ? WIRE_UDP : WIRE_TCP,
					      false, arg);

		if (why)
			script_fail("forward: %s", why);
	} else if (!strcmp(tok[0], "sndbuf")) {
		script_setup.size = (uint32_t)script_num(arg);
	} else if (!strcmp(tok[0], "memory")) {
		script_setup.memory = (uint64_t)script_num(arg);
	} else if (!strcmp(tok[0], "kernel") && !strcmp(arg, "old")) {
		script_setup.old = true;
	} else {
		script_fail("'%s'?", tok[0]);
	}
}

/* conn_by() - Connection of two ends, NULL: none has a name */
static struct script_conn *conn_by(const struct script_out *o)
{
	struct script_seg s;

	for (int i = 0; i < self.n; i++) {
		if (script_seg_read(o, &self.conn[i], &s))
			return &self.conn[i];
	}
	return NULL;
}

/* script_describe() - A segment of the program's as text */
void script_describe(const struct script_out *o, const char *flags, char *text)
{
	struct script_conn *c = conn_by(o);
	struct script_seg s;
	int n;

	if (!c) {
		(void)snprintf(text, SCRIPT_TEXT, "%s of no known connection", flags);
		return;
	}
	(void)script_seg_read(o, c, &s);
	n = snprintf(text, SCRIPT_TEXT, "%s%s%s %i:%i(%u)", c->name, *c->name ? " " : "",
		     flags, (int)s.seq, (int)(s.seq + s.len), s.len);
	if (s.flags & TCP_ACK)
		n += snprintf(text + n, SCRIPT_TEXT - (size_t)n, " ack %i", (int)s.ack);
	n += snprintf(text + n, SCRIPT_TEXT - (size_t)n, " win %i", (int)s.win);
	if (*s.opts)
		n += snprintf(text + n, SCRIPT_TEXT - (size_t)n, " <%s>", s.opts);
	if (s.tso)
		(void)snprintf(text + n, SCRIPT_TEXT - (size_t)n, " tso %u", s.tso);
}

/* entry() - The program's entry of a connection, NULL: it has none */
static struct conn *entry(const struct script_conn *c)
{
	struct conn_key key = { .guest = c->guest, .far = c->far, .gport = c->gport,
				.fport = c->fport, .proto = WIRE_TCP };
	struct conn *e = conn_find(&key);

	key.proto = 0;			/* hidden: conn_hide() */
	for (uint32_t i = 0; !e && i < CONN_MAX; i++) {
		e = conn_at(i);
		if (e && memcmp(&e->key, &key, sizeof(key)))
			e = NULL;
	}
	return e;
}

/* What happens */

static void do_guest(struct script_conn *c, char *const *tok, int n)
{
	static uint8_t frame[SCRIPT_FRAME];
	struct virtio_net_hdr vh = { 0 };
	struct script_seg s = { 0 };
	uint32_t len;

	if (n < 2)
		script_fail("guest what?");
	if (script_seg_is(tok[1])) {
		script_seg_parse(tok + 1, n - 1, &s);
		/* A connection that begins anew has new numbers on both sides */
		if ((s.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && !entry(c)) {
			c->known = false;
			c->gnext = c->gack = c->onext = c->oack = 0;
		}
		len = script_seg_build(c, &s, frame, &vh);
	} else {
		len = packet_build(tok + 1, n - 1, frame);
	}
	if (s.frag)
		packet_fragment(frame, len, s.frag);
	else
		fake_tap_queue(frame, len, &vh, s.split);
}

static void do_flood(struct script_conn *c, char *const *tok, int n)
{
	const char *colon = n == 3 ? strchr(tok[1], ':') : NULL;
	static uint8_t frame[SCRIPT_FRAME];
	uint32_t first, last, size;

	if (!colon)
		script_fail("flood FIRST:LAST SIZE");
	first = (uint32_t)strtoul(tok[1], NULL, 10);
	last = (uint32_t)script_num(colon + 1);
	size = (uint32_t)script_num(tok[2]);
	while (first != last) {
		struct script_seg s = { .flags = TCP_ACK, .has_seq = true, .seq = first,
					.win = -1, .off = -1, .cut = -1 };
		struct virtio_net_hdr vh;
		uint32_t len;

		s.len = min_u32(size, last - first);
		len = script_seg_build(c, &s, frame, &vh);
		fake_tap_queue(frame, len, &vh, 0);
		first += s.len;
	}
}

static void do_hold(struct script_conn *c, char *const *tok, int n)
{
	(void)c;
	(void)tok;
	(void)n;
	fake_tap_hold();
}

static void do_go(struct script_conn *c, char *const *tok, int n)
{
	(void)c;
	(void)tok;
	(void)n;
	fake_tap_release();
}

/* host_accept() - Somebody connects */
static void host_accept(struct script_conn *c, uint16_t port)
{
	c->known = false;
	c->gnext = c->gack = c->onext = c->oack = 0;
	fake_sock_knock(port, c);
}

/* host_datagram() - "host datagram N [A:P]" */
static void host_datagram(int fd, char *const *tok, int n)
{
	struct addr from;
	uint16_t port = n > 3 ? script_addr_port(tok[3], &from) : 0;

	fake_udp_datagram(fd, (uint32_t)script_num(tok[2]), n > 3 ? &from : NULL, port);
}

/* host_stream() - What the remote end, or its kernel, does; false: none of these */
static bool host_stream(int fd, char *const *tok, int n)
{
	const char *what = tok[1], *arg = n > 2 ? tok[2] : NULL;

	if (!strcmp(what, "data"))
		fake_sock_data(fd, (uint32_t)script_num(arg));
	else if (!strcmp(what, "fin"))
		fake_sock_fin(fd);
	else if (!strcmp(what, "take"))
		fake_sock_take(fd, arg && !strcmp(arg, "all") ? -1 : script_num(arg));
	else if (!strcmp(what, "room") && n == 4)
		fake_sock_room(fd, (uint32_t)script_num(arg), (uint32_t)script_num(tok[3]));
	else if (!strcmp(what, "hold"))
		fake_sock_hold_acks(fd);
	else if (!strcmp(what, "acked"))
		fake_sock_acked(fd, (uint32_t)script_num(arg));
	else if (!strcmp(what, "finacked"))
		fake_sock_fin_acked(fd);
	else if (!strcmp(what, "stalled"))
		fake_sock_stall(fd);
	else
		return false;
	return true;
}

/* host_fails() - "host WHAT ENAME"; false: none of these */
static bool host_fails(int fd, char *const *tok, int n)
{
	const char *what = tok[1], *arg = n > 2 ? tok[2] : NULL;

	if (!strcmp(what, "error"))
		fake_sock_error(fd, script_errno(arg), true);
	else if (!strcmp(what, "broken"))
		fake_sock_error(fd, script_errno(arg), false);
	else if (!strcmp(what, "nowatch"))
		fake_loop_fail_next(script_errno(arg));
	else if (!strcmp(what, "nosocket"))
		fake_sock_fail_next(script_errno(arg));
	else
		return false;
	return true;
}

static void do_host(struct script_conn *c, char *const *tok, int n)
{
	const char *what = n > 1 ? tok[1] : "";

	if (!strcmp(what, "connected")) {
		fake_sock_connected(c->fd);
	} else if (!strcmp(what, "accept") && n == 3) {
		host_accept(c, (uint16_t)script_num(tok[2]));
	} else if (!strcmp(what, "datagram") && n > 2) {
		host_datagram(c->fd, tok, n);
	} else if (!strcmp(what, "icmp") && n == 6) {
		struct addr from = script_addr(tok[5]);

		fake_udp_error(c->fd, (uint8_t)script_num(tok[2]),
			       (uint8_t)script_num(tok[3]), (uint32_t)script_num(tok[4]), &from);
	} else if (!strcmp(what, "event") && n == 3) {
		tcp_socket_event((uint64_t)script_num(tok[2]),
				 EPOLLIN | EPOLLOUT | EPOLLHUP, fake_clock);
	} else if (n < 2 || (!host_stream(c->fd, tok, n) && !host_fails(c->fd, tok, n))) {
		script_fail("host %s?", what);
	}
}

static void do_link(struct script_conn *c, char *const *tok, int n)
{
	(void)c;
	if (n == 2 && !strcmp(tok[1], "full"))
		fake_tap_room(0);
	else if (n >= 2 && !strcmp(tok[1], "room"))
		fake_tap_room(n > 2 ? (int)script_num(tok[2]) : -1);
	else if (n == 3 && !strcmp(tok[1], "lend"))
		fake_tap_limit((int)script_num(tok[2]));
	else
		script_fail("link what?");
}

/* Orders of who copies the guest: epoch ORDER [N]; epoch refused ORDER [N] */
static void do_epoch(struct script_conn *c, char *const *tok, int n)
{
	static const char *const order[] = {
		[DRIVER_BEGIN] = "begin", [DRIVER_COMMIT] = "commit", [DRIVER_ABORT] = "abort",
		[DRIVER_RELEASE] = "release", [DRIVER_FENCE] = "fence",
	};
	bool refused = n > 1 && !strcmp(tok[1], "refused");
	const char *what = n > 1 + refused ? tok[1 + refused] : "";
	uint64_t number = n > 2 + refused ? (uint64_t)script_num(tok[2 + refused]) : 0;
	uint64_t got = number;
	unsigned op = DRIVER_BEGIN;
	int rc;

	(void)c;
	while (op < DRIVER_OP_END && strcmp(what, order[op]) != 0)
		op++;
	if (op == DRIVER_OP_END)
		script_fail("epoch what?");
	rc = driver_obey((enum driver_op)op, &got, loop_now());
	fake_loop_poke();
	if (!rc == refused)
		script_fail("epoch %s: %s", what, rc ? strerror(-rc) : "was not refused");
	if (!rc && op == DRIVER_BEGIN && number && got != number)
		script_fail("epoch %u began", (unsigned)got);
}

/* What has to be */

static void do_expect(struct script_conn *c, char *const *tok, int n)
{
	const struct script_out *o = out_first(true);
	struct script_seg s;

	if (n < 2)
		script_fail("expect what?");
	script_came(o);
	if (!script_seg_is(tok[1])) {
		if (fnmatch(tok[1], o->text, 0))
			script_fail("came: %s", o->text);
	} else {
		script_seg_parse(tok + 1, n - 1, &s);
		script_seg_check(o, c, &s);
	}
	out_take(true);
}

static void do_burst(struct script_conn *c, char *const *tok, int n)
{
	const char *colon = n == 3 ? strchr(tok[1], ':') : NULL;
	uint32_t first, last, size;

	if (!colon)
		script_fail("burst FIRST:LAST SIZE");
	first = (uint32_t)strtoul(tok[1], NULL, 10);
	last = (uint32_t)script_num(colon + 1);
	size = (uint32_t)script_num(tok[2]);
	while (first != last) {
		const struct script_out *o = out_first(true);
		struct script_seg s = { .has_seq = true, .seq = first, .win = -1 }, came;

		if (!o)
			script_fail("burst ends before %u", first);
		script_came(o);
		s.len = min_u32(size, last - first);
		if (!script_seg_read(o, c, &came))
			script_fail("came: %s", o->text);
		s.flags = TCP_ACK | (came.flags & TCP_PSH);
		script_seg_check(o, c, &s);
		out_take(true);
		first += s.len;
	}
}

static void do_call(struct script_conn *c, char *const *tok, int n)
{
	const struct script_out *o = out_first(false);
	char want[SCRIPT_TEXT] = "";
	size_t len = 0;

	script_came(o);
	for (int i = 1; i < n; i++)
		len += (size_t)snprintf(want + len, sizeof(want) - len, "%s%s",
					i > 1 ? " " : "", tok[i]);
	if (strcmp(want, o->text))
		script_fail("came: %s", o->text);
	if (n > 1 && strstr(tok[1], "connect"))
		c->fd = o->fd;
	else if (n > 1 && strcmp(tok[1], "refuse") && c->fd != o->fd)
		script_fail("it came for another socket");
	if (n > 1 && (!strcmp(tok[1], "close") || !strcmp(tok[1], "abort")))
		c->fd = -1;
	out_take(false);
}

static void do_state(struct script_conn *c, char *const *tok, int n)
{
	const struct conn *e = entry(c);
	const char *phase = e ? tcp_phase_name[e->tcp.phase] : "none";
	const char *out, *in, *rfc;

	if (n < 2 || strcmp(tok[1], phase))
		script_fail("it is %s", phase);
	if (!e || n < 4)
		return;
	out = tcp_half_name[e->tcp.half[OUT]];
	in = tcp_half_name[e->tcp.half[IN]];
	if (strcmp(tok[2], out) || strcmp(tok[3], in))
		script_fail("it is out %s, in %s", out, in);
	rfc = rfc_name((enum tcp_phase)e->tcp.phase, (enum tcp_half)e->tcp.half[OUT],
		       (enum tcp_half)e->tcp.half[IN]);
	if (n > 4 && strcmp(tok[4], rfc))
		script_fail("it is %s", rfc);
}

static void do_count(struct script_conn *c, char *const *tok, int n)
{
	(void)c;
	if (n != 3)
		script_fail("count NAME N");
	for (int i = 0; i < COUNT_NUM; i++) {
		if (strcmp(tok[1], count_name[i]))
			continue;
		if (count_value[i] != (uint64_t)script_num(tok[2]))
			script_fail("it is %llu", (unsigned long long)count_value[i]);
		return;
	}
	script_fail("no counter has that name");
}

static void do_unread(struct script_conn *c, char *const *tok, int n)
{
	if (n != 2 || fake_sock_unread(c->fd) != (uint32_t)script_num(tok[1]))
		script_fail("it is %u", fake_sock_unread(c->fd));
}

/* script_left() - Entries of the table in use */
uint32_t script_left(void)
{
	return conn_count(CONN_TCP) + conn_count(CONN_UDP) + conn_count(CONN_ECHO) +
	       conn_count(CONN_SPLICE);
}

static void do_flows(struct script_conn *c, char *const *tok, int n)
{
	(void)c;
	if (n != 2 || script_left() != (uint32_t)script_num(tok[1]))
		script_fail("it is %u", script_left());
}

static void do_pool(struct script_conn *c, char *const *tok, int n)
{
	(void)c;
	if (n != 2 || tail_used() != (uint32_t)script_num(tok[1]))
		script_fail("it is %u", tail_used());
}

static void do_idle(struct script_conn *c, char *const *tok, int n)
{
	(void)c;
	(void)tok;
	(void)n;
	if (timer_next() != TIMER_NEVER)
		script_fail("a deadline is pending");
}

static void do_isn(struct script_conn *c, char *const *tok, int n)
{
	int64_t off = n == 2 ? (int64_t)(c->oisn - c->before) - script_num(tok[1]) : 1;

	if (off < -ISN_SLACK || off > ISN_SLACK)
		script_fail("it is %u more", c->oisn - c->before);
}

static void do_due(struct script_conn *c, char *const *tok, int n)
{
	const struct conn *e = entry(c);
	uint64_t due = e ? timer_due(conn_index(e)) : 0;

	if (n != 2 || !e)
		script_fail("due MS, of a connection that is there");
	if (due < fake_clock + (uint64_t)script_num(tok[1]) * 1000)
		script_fail("its timer runs out in %llu ms",
			    (unsigned long long)(due - fake_clock) / 1000);
}

static void do_quiet(struct script_conn *c, char *const *tok, int n)
{
	(void)c;
	(void)tok;
	(void)n;
}

static void do_end(struct script_conn *c, char *const *tok, int n)
{
	(void)c;
	if (n != 3 || strcmp(tok[1], "open"))
		script_fail("end open N");
	if (script_left() != (uint32_t)script_num(tok[2]))
		script_fail("it is %u", script_left());
	self.done = true;
}

/* script_done() - Whether "end open" was said */
bool script_done(void)
{
	return self.done;
}

static void do_scale(struct script_conn *c, char *const *tok, int n)
{
	(void)c;
	if (n != 2)
		script_fail("scale N");
	scale_run((uint32_t)script_num(tok[1]));
}

static void do_rate(struct script_conn *c, char *const *tok, int n)
{
	(void)c;
	if (n != 2)
		script_fail("rate N");
	scale_rate((uint32_t)script_num(tok[1]));
}

/* A first word, what it does, and whether it waits for something of the program */
static const struct {
	const char *word;
	void (*act)(struct script_conn *c, char *const *tok, int n);
	bool waits;
} words[] = {
	{ "guest", do_guest, false }, { "flood", do_flood, false },
	{ "hold", do_hold, false }, { "go", do_go, false },
	{ "host", do_host, false }, { "link", do_link, false },
	{ "epoch", do_epoch, false },
	{ "expect", do_expect, true }, { "burst", do_burst, true },
	{ "call", do_call, true }, { "state", do_state, false },
	{ "count", do_count, false }, { "unread", do_unread, false },
	{ "flows", do_flows, false }, { "pool", do_pool, false }, { "idle", do_idle, false },
	{ "due", do_due, false }, { "isn", do_isn, false },
	{ "quiet", do_quiet, false }, { "end", do_end, false },
	{ "scale", do_scale, false }, { "rate", do_rate, false },
};

/* word_at() - Entry of the table; the name of a connection is skipped */
static size_t word_at(char *const **tok, int *n, struct script_conn **c)
{
	*c = &self.conn[0];
	for (int i = 1; i < self.n; i++) {
		if (*n > 1 && !strcmp((*tok)[0], self.conn[i].name)) {
			*c = &self.conn[i];
			++*tok;
			--*n;
			break;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(words[i].word, (*tok)[0]))
			return i;
	}
	script_fail("'%s'?", (*tok)[0]);
}

/* times() - "times N ..." the rest of the line so often; 1: it is not said */
static int times(char *const **tok, int *n)
{
	int t = 1;

	if (*n > 2 && !strcmp((*tok)[0], "times")) {
		t = (int)script_num((*tok)[1]);
		*tok += 2;
		*n -= 2;
	}
	return t;
}

/**
 * script_waits() - What a line waits for
 * @tok:	Words behind the time
 * @n:		Their number
 *
 * Return: 0: for nothing; 1: a frame; 2: a call
 */
int script_waits(char *const *tok, int n)
{
	struct script_conn *c;
	size_t i;

	(void)times(&tok, &n);
	i = word_at(&tok, &n, &c);
	return !words[i].waits ? 0 : words[i].act == do_call ? 2 : 1;
}

/**
 * script_line() - Do what a line says
 * @tok:	Words behind the time
 * @n:		Their number
 */
void script_line(char *const *tok, int n)
{
	int t = times(&tok, &n);
	struct script_conn *c;
	size_t i = word_at(&tok, &n, &c);

	while (t--) {
		if (words[i].waits && !out_first(words[i].act != do_call))
			script_fail("%i more were to come", t + 1);
		words[i].act(c, tok, n);
	}
}
