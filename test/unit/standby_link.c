// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * standby_link.c - unit test of ../../standby_link.c and ../../standby_auth.c
 * links: standby_link.c standby_auth.c sock_unix.c addr.c loop.c count.c util.c
 *
 * Sockets and loop are real, time is not.  The other end is that of standby_peer.h,
 * which says what it likes; pump() goes on until the loop would sleep, so that what keeps
 * it awake for nothing is found.  In test_both_ends() there are two real ends.
 */
#include "test/unit/standby_peer.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "standby_link.h"
#include "test/unit/check.h"
#include "test/unit/netns.h"
#include "util.h"

enum {
	EVENTS		= 8,
	TURNS_MAX	= 100000,	/* of the loop, until it is called a spin */
	BEAT_MS		= 100,
	RECORD		= PEER_HEAD + STANDBY_BODY_MAX + 4096,
	PORT		= 5151,
};

#define MS UINT64_C(1000)
#define CLUSTER "left-right"

enum log_level log_level = LOG_LVL_ERR;
static unsigned warnings, bugs;
static uint64_t now = 1000000;
static char dir[] = "/tmp/standby-XXXXXX";
static char key_path[64], sock_path[64];
static const uint8_t key[40] = "0123456789abcdefghijklmnopqrstuvwxyz!?.\n";

void log_write(enum log_level level, int error, const char *fmt, ...)
{
	(void)error;
	(void)fmt;
	warnings += level == LOG_LVL_WARN;
}

bool log_allow(uint64_t *state, uint64_t now_us)
{
	*state = now_us;
	return true;
}

void log_bug(const char *file, int line, const char *what)
{
	printf("# BUG %s:%d: %s\n", file, line, what);
	bugs++;
}

static struct standby_status status(void)
{
	struct standby_status s;

	standby_link_status(&s);
	return s;
}

/* pump() - The loop, until it would sleep */
static void pump(void)
{
	struct loop_event ev[EVENTS];
	int n;

	for (int turn = 0; (n = loop_wait(ev, EVENTS, 0, false)) > 0; turn++) {
		if (turn == TURNS_MAX) {
			CHECK(!"the loop spins");
			return;
		}
		for (int i = 0; i < n; i++) {
			CHECK_EQ(ev[i].kind, LOOP_STANDBY);
			standby_link_event(ev[i].id, ev[i].events, now);
		}
	}
}

static void write_key(const void *p, size_t len, mode_t mode)
{
	int fd;

	(void)unlink(key_path);
	fd = open(key_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	CHECK_EQ(write(fd, p, len), (ssize_t)len);
	CHECK(!fchmod(fd, mode));
	close(fd);
}

static int init(enum standby_role role)
{
	struct standby_conf c = { .role = role, .key = key_path, .cluster = CLUSTER,
				  .beat_ms = BEAT_MS };

	count_reset();
	warnings = 0;
	CHECK(!loop_init());
	return standby_link_init(&c);
}

/* counted() - Refusals and ends, of all kinds */
static uint64_t counted(void)
{
	uint64_t n = 0;

	for (int c = DROP_STANDBY_NO_PEER; c < COUNT_STANDBY_SESSIONS; c++)
		n += count_value[c];
	return n;
}

/* ended() - The session ended for this reason, which was counted, and no other was */
static void ended(enum count why)
{
	if (status().state != STANDBY_LINK_ENDED || status().why != why)
		printf("# ended: state %d, %s instead of %s\n", (int)status().state,
		       status().why < COUNT_NUM ? count_name[status().why] : "nothing",
		       count_name[why]);
	CHECK_EQ(status().state, STANDBY_LINK_ENDED);
	CHECK_EQ(status().why, why);
	CHECK_EQ(count_value[why], 1);
	CHECK_EQ(counted(), 1);
	CHECK_EQ(warnings, 1);
	CHECK(!standby_link_room() && !standby_link_begin(1));
}

/* Nobody became the peer, for this reason */
static void turned_away(enum count why)
{
	CHECK_EQ(status().state, STANDBY_LINK_IDLE);
	CHECK_EQ(count_value[why], 1);
	CHECK_EQ(counted(), 1);
	CHECK_EQ(count_value[COUNT_STANDBY_SESSIONS], 0);
	CHECK_EQ(standby_link_deadline() == LOOP_NEVER, true);
}

/* talk() - The other end sends */
static void talk(const struct peer *p, const void *data, size_t len)
{
	CHECK_EQ(send(p->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT), (ssize_t)len);
}

/* hear() - The other end receives exactly that many bytes; false: they are not there */
static bool hear(const struct peer *p, void *to, size_t len)
{
	return recv(p->fd, to, len, MSG_DONTWAIT | MSG_WAITALL) == (ssize_t)len;
}

/* gone() - Our end has closed the connection, and nothing is left to read */
static bool gone(const struct peer *p)
{
	char c;
	ssize_t n = recv(p->fd, &c, 1, MSG_DONTWAIT);

	return !n || (n < 0 && errno != EAGAIN);
}

/* meet() - A connection, and the hello of our end */
static void meet(struct peer *p, int role)
{
	int fd[2];

	*p = (struct peer){ .role = role, .secret_len = sizeof(key) };
	memcpy(p->secret, key, sizeof(key));
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	p->fd = fd[0];
	peer_hello(p, CLUSTER, 7);
	CHECK(!standby_link_add(fd[1], now));
	CHECK(hear(p, p->theirs, PEER_HELLO));
}

/* shake() - The rest of a handshake, as it has to be */
static void shake(struct peer *p)
{
	uint8_t theirs[PEER_PROOF], proof[PEER_PROOF], want[PEER_PROOF];

	talk(p, p->hello, PEER_HELLO);
	pump();
	CHECK(hear(p, theirs, PEER_PROOF));
	peer_derive(p, "proof...", 3 - p->role, want);
	CHECK_MEM(theirs, want, PEER_PROOF);
	peer_derive(p, "proof...", p->role, proof);
	talk(p, proof, PEER_PROOF);
	peer_keys(p);
	pump();
}

/* begin() - A session */
static void begin(struct peer *p, int role)
{
	CHECK_EQ(init(role == PEER_PRIMARY ? STANDBY_STANDBY : STANDBY_PRIMARY), 0);
	meet(p, role);
	CHECK_EQ(status().state, STANDBY_LINK_IDLE);
	shake(p);
	CHECK_EQ(status().state, STANDBY_LINK_UP);
	CHECK_EQ(counted(), 0);
}

/* say() - The other end's next record, as it has to be */
static void say(struct peer *p, unsigned type, const void *body, size_t len)
{
	static uint8_t r[RECORD];

	talk(p, r, peer_record(p, r, type, body, len));
}

/* listen_to() - A record of our end.  Return: length of the body, -1: none, or wrong */
static int listen_to(struct peer *p, unsigned *type, uint8_t *body)
{
	static uint8_t r[RECORD];
	uint8_t mac[PEER_MAC];
	size_t len;

	if (!hear(p, r, PEER_HEAD))
		return -1;
	len = (size_t)peer_get(r, 4);
	if (len > STANDBY_BODY_MAX || !hear(p, r + PEER_HEAD, len + PEER_MAC))
		return -1;
	peer_mac(p->in_key, r, PEER_HEAD + len, mac);
	if (memcmp(mac, r + PEER_HEAD + len, PEER_MAC) || memcmp(r + 24, p->session, 8) ||
	    r[6] != 3 - p->role || r[7] || peer_get(r + 8, 8) != p->seen + 1)
		return -1;
	p->seen++;
	*type = (unsigned)peer_get(r + 4, 2);
	memcpy(body, r + PEER_HEAD, len);
	return (int)len;
}

/* take() - Our end takes a record; it has to be this one */
static void take(uint64_t number, unsigned type, const void *body, size_t len)
{
	struct standby_record r = { .type = 0 };

	CHECK(standby_link_next(&r));
	CHECK_EQ(r.number, number);
	CHECK_EQ(r.type, type);
	CHECK_EQ(r.len, len);
	if (r.len == len && len)
		CHECK_MEM(r.body, body, len);
	standby_link_done(r.number, now);
}

static bool nothing(void)
{
	struct standby_record r;

	return !standby_link_next(&r);
}

static void leave(const struct peer *p)
{
	close(p->fd);
	pump();
	standby_link_close();
	CHECK_EQ(status().state, STANDBY_LINK_IDLE);
}

/* --------------------------------------------------------------------- the key file */

static void test_key_file(void)
{
	static const struct { size_t len; mode_t mode; int rc; } v[] = {
		{ 0, 0600, -ENODATA }, { 31, 0600, -ENODATA }, { 32, 0600, 0 }, { 32, 0400, 0 },
		{ 4096, 0600, 0 }, { 4097, 0600, -EFBIG }, { 32, 0640, -EPERM },
		{ 32, 0604, -EPERM }, { 32, 0644, -EPERM }, { 32, 0620, -EPERM },
	};
	static const uint8_t content[4097];
	struct standby_conf c = { .role = STANDBY_PRIMARY, .key = dir, .cluster = CLUSTER };
	struct standby_place at = { .path = sock_path };
	char longer[STANDBY_CLUSTER + 1];
	int fd[2];

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		write_key(content, v[i].len, v[i].mode);
		CHECK_EQ(init(STANDBY_PRIMARY), v[i].rc);
	}
	write_key(key, sizeof(key), 0600);
	CHECK_EQ(standby_link_init(&c), -EINVAL);
	c.key = "/nonexistent";
	CHECK_EQ(standby_link_init(&c), -ENOENT);
	c.key = key_path;
	c.cluster = "";
	CHECK_EQ(standby_link_init(&c), -EINVAL);
	memset(longer, 'x', sizeof(longer));
	longer[STANDBY_CLUSTER] = '\0';
	c.cluster = longer;
	CHECK_EQ(standby_link_init(&c), -ENAMETOOLONG);
	longer[STANDBY_CLUSTER - 1] = '\0';
	CHECK_EQ(standby_link_init(&c), 0);
	/* Without a key nothing begins */
	c.cluster = "";
	CHECK_EQ(standby_link_init(&c), -EINVAL);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	CHECK_EQ(standby_link_add(fd[0], now), -EINVAL);
	CHECK_EQ(standby_link_listen(&at), -EINVAL);
	CHECK_EQ(standby_link_dial(&at, now), -EINVAL);
	close(fd[1]);
}

/* --------------------------------------------------------------------- what has to work */

/* Records of all lengths, numbers and confirmations, in both directions and roles */
static void session(int role)
{
	static const size_t length[] = { 0, 1, 7, 8, 100, 1500, STANDBY_BODY_MAX };
	static uint8_t body[STANDBY_BODY_MAX], got[STANDBY_BODY_MAX];
	uint8_t *reserved;
	unsigned type = 0;
	struct pkt_writer *w;
	struct peer p;

	begin(&p, role);
	for (size_t i = 0; i < ARRAY_SIZE(length); i++) {
		struct iovec iov[2] = { { body, length[i] / 3 },
					{ body + length[i] / 3, length[i] - length[i] / 3 } };

		check_fill(body, length[i]);
		p.ack = i;
		say(&p, (unsigned)i + 1, body, length[i]);
		pump();
		CHECK_EQ(status().acked, i);
		take(i + 1, (unsigned)i + 1, body, length[i]);
		CHECK(nothing());
		standby_link_ack(i + 1);
		CHECK_EQ(standby_link_put((uint16_t)(i + 1), iov, 2), i + 1);
		standby_link_flush(now);
		CHECK_EQ(listen_to(&p, &type, got), (int)length[i]);
		CHECK_EQ(type, i + 1);
		CHECK_MEM(got, body, length[i]);
	}
	/* One that is too long was never begun */
	w = standby_link_begin(1);
	CHECK(w && pkt_room(w, STANDBY_BODY_MAX) && !pkt_room(w, 1));
	CHECK_EQ(standby_link_end(), 0);
	w = standby_link_begin(9);
	reserved = pkt_room(w, 3);
	CHECK(reserved);
	memset(reserved, 7, 3);
	CHECK_EQ(standby_link_end(), ARRAY_SIZE(length) + 1);
	CHECK_EQ(standby_link_end(), 0);
	standby_link_flush(now);
	CHECK_EQ(listen_to(&p, &type, got), 3);
	CHECK_EQ(status().written, ARRAY_SIZE(length) + 1);
	CHECK_EQ(status().received, ARRAY_SIZE(length));
	CHECK_EQ(status().unsent, 0);
	CHECK_EQ(status().kept, 0);
	close(p.fd);
	pump();
	ended(COUNT_STANDBY_LOST);
	standby_link_close();
}

static void test_session(void)
{
	session(PEER_PRIMARY);
	session(PEER_STANDBY);
}

/* A later minor version, a hello and records that come byte by byte */
static void test_trickle(void)
{
	uint8_t proof[PEER_PROOF], theirs[PEER_PROOF], r[200];
	struct peer p;
	size_t len;

	CHECK_EQ(init(STANDBY_STANDBY), 0);
	meet(&p, PEER_PRIMARY);
	p.hello[11] = 9;
	for (size_t i = 0; i < PEER_HELLO; i++) {
		talk(&p, p.hello + i, 1);
		pump();
	}
	CHECK(hear(&p, theirs, PEER_PROOF));
	peer_derive(&p, "proof...", p.role, proof);
	for (size_t i = 0; i < PEER_PROOF; i++) {
		CHECK_EQ(status().state, STANDBY_LINK_IDLE);
		talk(&p, proof + i, 1);
		pump();
	}
	CHECK_EQ(status().state, STANDBY_LINK_UP);
	CHECK_EQ(status().minor, 9);
	peer_keys(&p);
	len = peer_record(&p, r, 5, "trickle", 7);
	for (size_t i = 0; i < len; i++) {
		CHECK(nothing());
		talk(&p, r + i, 1);
		pump();
	}
	take(1, 5, "trickle", 7);
	leave(&p);
}

/* Everything in one piece: what is behind the proof is not lost */
static void test_one_piece(void)
{
	uint8_t all[400];
	size_t len = PEER_HELLO + PEER_PROOF;
	struct peer p;

	CHECK_EQ(init(STANDBY_STANDBY), 0);
	meet(&p, PEER_PRIMARY);
	memcpy(all, p.hello, PEER_HELLO);
	peer_derive(&p, "proof...", p.role, all + PEER_HELLO);
	peer_keys(&p);
	len += peer_record(&p, all + len, 3, "first", 5);
	len += peer_record(&p, all + len, 4, "last", 4);
	talk(&p, all, len);
	CHECK(!shutdown(p.fd, SHUT_WR));
	pump();
	take(1, 3, "first", 5);
	take(2, 4, "last", 4);
	CHECK(nothing());
	ended(COUNT_STANDBY_LOST);
	leave(&p);
}

/* --------------------------------------------------------------------- what is refused */

/* try() - A hello with something wrong */
static void try(int role, const char *cluster, size_t at, uint8_t value, enum count why)
{
	struct peer p;

	CHECK_EQ(init(STANDBY_STANDBY), 0);
	meet(&p, PEER_PRIMARY);
	p.role = role;
	peer_hello(&p, cluster, 7);
	if (at < PEER_HELLO)
		p.hello[at] = value;
	talk(&p, p.hello, PEER_HELLO);
	pump();
	turned_away(why);
	CHECK(gone(&p));
	leave(&p);
}

static void test_bad_hello(void)
{
	try(PEER_PRIMARY, CLUSTER, 0, 'P', DROP_STANDBY_NO_PEER);
	try(PEER_PRIMARY, CLUSTER, 9, 2, DROP_STANDBY_VERSION);
	try(PEER_PRIMARY, CLUSTER, 9, 0, DROP_STANDBY_VERSION);
	try(PEER_STANDBY, CLUSTER, PEER_HELLO, 0, DROP_STANDBY_ROLE);
	try(PEER_PRIMARY, CLUSTER, 12, 0, DROP_STANDBY_ROLE);
	try(PEER_PRIMARY, "left-righ", PEER_HELLO, 0, DROP_STANDBY_CLUSTER);
	try(PEER_PRIMARY, CLUSTER, 111, 1, DROP_STANDBY_CLUSTER);
}

/* What speaks something else is known by its first byte */
static void test_other_protocol(void)
{
	struct peer p;

	CHECK_EQ(init(STANDBY_PRIMARY), 0);
	meet(&p, PEER_STANDBY);
	talk(&p, "GET / HTTP/1.0\r\n\r\n", 18);
	pump();
	turned_away(DROP_STANDBY_NO_PEER);
	leave(&p);
}

static void test_wrong_key(void)
{
	uint8_t proof[PEER_PROOF];
	struct peer p;

	for (size_t at = 0; at < sizeof(key); at += 13) {
		CHECK_EQ(init(STANDBY_STANDBY), 0);
		meet(&p, PEER_PRIMARY);
		p.secret[at] ^= 1;
		talk(&p, p.hello, PEER_HELLO);
		peer_derive(&p, "proof...", p.role, proof);
		talk(&p, proof, sizeof(proof));
		pump();
		turned_away(DROP_STANDBY_KEY);
		leave(&p);
	}
	/* As is one that lacks the last byte */
	CHECK_EQ(init(STANDBY_STANDBY), 0);
	meet(&p, PEER_PRIMARY);
	p.secret_len--;
	talk(&p, p.hello, PEER_HELLO);
	peer_derive(&p, "proof...", p.role, proof);
	talk(&p, proof, sizeof(proof));
	pump();
	turned_away(DROP_STANDBY_KEY);
	leave(&p);
}

/* Our own hello and proof, sent back; a whole handshake that was heard before */
static void test_old_handshake(void)
{
	uint8_t proof[PEER_PROOF], greeting[PEER_HELLO + PEER_PROOF];
	struct peer p;

	CHECK_EQ(init(STANDBY_STANDBY), 0);
	meet(&p, PEER_PRIMARY);
	talk(&p, p.theirs, PEER_HELLO);
	pump();
	turned_away(DROP_STANDBY_ROLE);
	leave(&p);

	CHECK_EQ(init(STANDBY_STANDBY), 0);
	meet(&p, PEER_PRIMARY);
	talk(&p, p.hello, PEER_HELLO);
	pump();
	CHECK(hear(&p, proof, sizeof(proof)));
	talk(&p, proof, sizeof(proof));
	pump();
	turned_away(DROP_STANDBY_KEY);
	leave(&p);

	begin(&p, PEER_PRIMARY);
	memcpy(greeting, p.hello, PEER_HELLO);
	peer_derive(&p, "proof...", p.role, greeting + PEER_HELLO);
	leave(&p);
	CHECK_EQ(init(STANDBY_STANDBY), 0);
	meet(&p, PEER_PRIMARY);
	talk(&p, greeting, sizeof(greeting));
	pump();
	turned_away(DROP_STANDBY_KEY);
	leave(&p);
}

/**
 * struct tape - what a peer sends in a session, bytes
 * @data:	hello, proof, records
 * @len:	all
 * @end:	where each record ends
 */
struct tape {
	uint8_t data[1024];
	size_t len;
	size_t end[4];
};

static const size_t tape_body[4] = { 5, 0, 1, 130 };

/* record() - A session as it has to be, not sent yet */
static void record(struct peer *p, struct tape *t)
{
	static const uint8_t zeros[130];

	CHECK_EQ(init(STANDBY_STANDBY), 0);
	meet(p, PEER_PRIMARY);
	memcpy(t->data, p->hello, PEER_HELLO);
	peer_derive(p, "proof...", p->role, t->data + PEER_HELLO);
	t->len = PEER_HELLO + PEER_PROOF;
	peer_keys(p);
	for (int i = 0; i < 4; i++) {
		t->len += peer_record(p, t->data + t->len, (unsigned)i + 1, zeros, tape_body[i]);
		t->end[i] = t->len;
	}
}

/* whole() - Records that end before a byte are taken; none else is there */
static void whole(const struct tape *t, size_t at)
{
	static const uint8_t zeros[130];

	for (unsigned i = 0; i < 4 && t->end[i] <= at; i++)
		take(i + 1, i + 1, zeros, tape_body[i]);
	CHECK(nothing());
}

/* Each bit of a session is wrong once: what is before it counts, nothing else */
static void test_flip_each_bit(void)
{
	struct tape t;
	struct peer p;
	size_t len = PEER_HELLO;

	for (size_t bit = 0; bit < len * 8; bit++) {
		size_t at = bit / 8;

		record(&p, &t);
		len = t.len;
		t.data[at] ^= (uint8_t)(1 << bit % 8);
		talk(&p, t.data, t.len);
		CHECK(!shutdown(p.fd, SHUT_WR));
		pump();
		whole(&t, at);
		CHECK_EQ(count_value[COUNT_STANDBY_SESSIONS], at >= PEER_HELLO + PEER_PROOF);
		CHECK_EQ(counted(), 1);
		CHECK_EQ(count_value[COUNT_STANDBY_LOST], 0);
		leave(&p);
	}
}

static void test_cut_each_byte(void)
{
	struct tape t;
	struct peer p;
	size_t len = PEER_HELLO;

	for (size_t at = 0; at <= len; at++) {
		bool edge = at == PEER_HELLO + PEER_PROOF;

		record(&p, &t);
		len = t.len;
		for (int i = 0; i < 4; i++)
			edge |= at == t.end[i];
		talk(&p, t.data, at);
		CHECK(!shutdown(p.fd, SHUT_WR));
		pump();
		whole(&t, at);
		CHECK_EQ(counted(), 1);
		CHECK_EQ(count_value[edge ? COUNT_STANDBY_LOST : DROP_STANDBY_CUT], 1);
		leave(&p);
	}
}

/* refuse() - After one good record, bytes that are none */
static void refuse(struct peer *p, const uint8_t *r, size_t len, enum count why)
{
	talk(p, r, len);
	say(p, 1, "later", 5);
	pump();
	take(1, 8, "good", 4);
	CHECK(nothing());
	ended(why);
	CHECK(gone(p));
	leave(p);
}

static void start(struct peer *p)
{
	begin(p, PEER_PRIMARY);
	say(p, 8, "good", 4);
}

static void test_order(void)
{
	uint8_t r[200], old[200];
	size_t len;
	struct peer p;

	/* A record once more; an older one */
	begin(&p, PEER_PRIMARY);
	len = peer_record(&p, r, 8, "good", 4);
	talk(&p, r, len);
	refuse(&p, r, len, DROP_STANDBY_REPLAY);
	/* One is missing: two in the wrong order */
	start(&p);
	p.number++;
	len = peer_record(&p, r, 1, "x", 1);
	refuse(&p, r, len, DROP_STANDBY_GAP);
	/* One of ours */
	start(&p);
	CHECK_EQ(standby_link_put(8, &(struct iovec){ r, 4 }, 1), 1);
	standby_link_flush(now);
	CHECK(hear(&p, r, PEER_HEAD + 4 + PEER_MAC));
	refuse(&p, r, PEER_HEAD + 4 + PEER_MAC, DROP_STANDBY_REFLECTED);
	/* The same with its role changed */
	start(&p);
	CHECK_EQ(standby_link_put(8, &(struct iovec){ r, 4 }, 1), 1);
	CHECK_EQ(standby_link_put(8, &(struct iovec){ r, 4 }, 1), 2);
	standby_link_flush(now);
	len = PEER_HEAD + 4 + PEER_MAC;
	CHECK(hear(&p, r, len) && hear(&p, r, len));
	r[6] = PEER_PRIMARY;
	refuse(&p, r, len, DROP_STANDBY_FORGED);
	/* The record with that number of another session; the same with this one's number */
	for (int fix = 0; fix < 2; fix++) {
		start(&p);
		len = peer_record(&p, old, 2, "old", 3);
		leave(&p);
		start(&p);
		if (fix)
			memcpy(old + 24, p.session, 8);
		refuse(&p, old, len, fix ? DROP_STANDBY_FORGED : DROP_STANDBY_SESSION);
	}
}

static void test_bad_record(void)
{
	uint8_t r[200];
	size_t len;
	struct peer p;

	start(&p);
	len = peer_record(&p, r, 1, "x", 1);
	peer_put(r, STANDBY_BODY_MAX + 1, 4);
	refuse(&p, r, len, DROP_STANDBY_LENGTH);
	start(&p);
	len = peer_record(&p, r, 1, "x", 1);
	peer_put(r, UINT32_MAX, 4);
	refuse(&p, r, len, DROP_STANDBY_LENGTH);
	start(&p);
	p.ack = 1;
	len = peer_record(&p, r, 1, "x", 1);
	refuse(&p, r, len, DROP_STANDBY_ACK);
	start(&p);
	len = peer_record(&p, r, STANDBY_BEAT, "x", 1);
	refuse(&p, r, len, DROP_STANDBY_LENGTH);
	/* A confirmation is taken back */
	start(&p);
	CHECK_EQ(standby_link_put(8, &(struct iovec){ r, 4 }, 1), 1);
	p.ack = 1;
	say(&p, STANDBY_BEAT, NULL, 0);
	p.ack = 0;
	len = peer_record(&p, r, 1, "x", 1);
	refuse(&p, r, len, DROP_STANDBY_ACK);
}

/* --------------------------------------------------------------------- time */

static void test_handshake_timeout(void)
{
	struct peer p[STANDBY_HANDS + 2];

	/* Silent, and slow: what comes in time does not prolong it */
	for (int slow = 0; slow < 2; slow++) {
		CHECK_EQ(init(STANDBY_STANDBY), 0);
		meet(&p[0], PEER_PRIMARY);
		CHECK_EQ(standby_link_deadline(), now + STANDBY_HAND_MS * MS);
		for (unsigned i = 0; i < 100; i++, now += STANDBY_HAND_MS * MS / 100) {
			if (slow)
				talk(&p[0], p[0].hello + i, 1);
			pump();
			standby_link_timer(now);
			CHECK(!counted());
		}
		standby_link_timer(now);
		turned_away(DROP_STANDBY_HANDSHAKE);
		CHECK(gone(&p[0]));
		leave(&p[0]);
	}
	/* Who only waits keeps nobody out */
	CHECK_EQ(init(STANDBY_STANDBY), 0);
	for (int i = 0; i < STANDBY_HANDS + 1; i++, now++)
		meet(&p[i], PEER_PRIMARY);
	CHECK_EQ(count_value[DROP_STANDBY_HANDSHAKE], 1);
	CHECK(gone(&p[0]) && !gone(&p[1]));
	shake(&p[2]);
	CHECK_EQ(status().state, STANDBY_LINK_UP);
	for (int i = 0; i < STANDBY_HANDS + 1; i++) {
		CHECK(gone(&p[i]) == (i != 2));
		close(p[i].fd);
	}
	pump();
	standby_link_close();
}

/* later() - Some time passes, the timer is called when it wants to */
static void later(uint64_t us)
{
	uint64_t end = now + us;

	for (int i = 0; standby_link_deadline() <= end; i++) {
		if (i == 1000) {
			CHECK(!"the timer spins");
			return;
		}
		now = standby_link_deadline() > now ? standby_link_deadline() : now;
		standby_link_timer(now);
		pump();
	}
	now = end;
}

static void test_heartbeat(void)
{
	uint8_t got[16], r[200];
	unsigned type = 9, beats = 0;
	struct standby_record r1 = { .number = 0 };
	struct peer p;
	size_t len;

	begin(&p, PEER_PRIMARY);
	/* A living peer; ours tells it that it lives */
	for (int i = 0; i < 30; i++) {
		later(BEAT_MS * MS);
		say(&p, STANDBY_BEAT, NULL, 0);
		pump();
		while (listen_to(&p, &type, got) == 0) {
			CHECK_EQ(type, STANDBY_BEAT);
			beats++;
		}
	}
	CHECK(beats >= 29 && beats <= 31);
	CHECK(nothing());
	CHECK_EQ(status().state, STANDBY_LINK_UP);
	CHECK_EQ(status().kept, 0);
	/* A confirmation goes at once, and once; a heartbeat behind a record needs nobody */
	say(&p, 1, "x", 1);
	say(&p, STANDBY_BEAT, NULL, 0);
	pump();
	CHECK(standby_link_next(&r1) && r1.number == 31);
	CHECK(nothing());
	CHECK_EQ(status().kept, 2 * STANDBY_OVERHEAD + 1);
	standby_link_done(31, now);
	CHECK_EQ(status().kept, 0);
	standby_link_ack(31);
	standby_link_flush(now);
	CHECK(hear(&p, r, PEER_HEAD + PEER_MAC));
	CHECK_EQ(peer_get(r + 16, 8), 31);
	standby_link_flush(now);
	CHECK(!hear(&p, r, 1));
	/* One that is stopped just now, or that we did not listen to, is not dead */
	say(&p, STANDBY_BEAT, NULL, 0);
	now += MS * BEAT_MS * 100;
	standby_link_timer(now);
	CHECK_EQ(status().state, STANDBY_LINK_UP);
	/* Bytes that are no record do not make it live longer */
	len = peer_record(&p, r, 1, "0123456789", 10);
	for (size_t i = 0; i < STANDBY_BEATS; i++) {
		CHECK_EQ(status().state, STANDBY_LINK_UP);
		CHECK(i < len);
		talk(&p, r + i, 1);
		pump();
		later(BEAT_MS * MS);
	}
	ended(COUNT_STANDBY_DEAD);
	leave(&p);
}

/* --------------------------------------------------------------------- slow ends */

/* gather() - The next record of our end, whose socket holds less than it; -1: none */
static int gather(const struct peer *p, uint8_t *r)
{
	size_t at = 0, len = PEER_HEAD;

	while (at < len) {
		ssize_t n;

		pump();
		n = recv(p->fd, r + at, len - at, MSG_DONTWAIT);
		if (n <= 0) {
			CHECK(!at);
			return -1;
		}
		at += (size_t)n;
		if (at == PEER_HEAD)
			len += (size_t)peer_get(r, 4) + PEER_MAC;
	}
	return (int)(len - PEER_HEAD - PEER_MAC);
}

/* has_mac() - Whether a record of our end has the right one */
static bool has_mac(const struct peer *p, const uint8_t *r)
{
	uint8_t mac[PEER_MAC];
	size_t len = PEER_HEAD + (size_t)peer_get(r, 4);

	peer_mac(p->in_key, r, len, mac);
	return !memcmp(mac, r + len, PEER_MAC);
}

/* The other end reads when it likes: the ring fills, and everything arrives */
static void test_slow_reader(void)
{
	static uint8_t body[STANDBY_BODY_MAX], got[RECORD];
	uint64_t wrote = 0, read = 0, full = 0;
	bool drain = false;
	struct peer p;

	begin(&p, PEER_PRIMARY);
	memset(body, 0x5a, sizeof(body));
	while (read < 9000) {
		size_t room = standby_link_room(), len = check_below(STANDBY_BODY_MAX);

		if (!drain && room && wrote < 9000) {
			/* As much as was promised, at least */
			while (room > len + STANDBY_OVERHEAD) {
				struct iovec iov = { body, len };

				peer_put(body, wrote + 1, 8);
				CHECK_EQ(standby_link_put((uint16_t)(1 + wrote % 1000), &iov, 1),
					 wrote + 1);
				wrote++;
				room -= len + STANDBY_OVERHEAD;
				len = check_below(STANDBY_BODY_MAX);
			}
			while (standby_link_put((uint16_t)(1 + wrote % 1000),
						&(struct iovec){ body, 8 }, 1))
				wrote++;
			CHECK_EQ(standby_link_room(), 0);
			standby_link_flush(now);
			full++;
			drain = true;
			continue;
		}
		for (uint64_t i = 0, n = 1 + check_below(700); i < n && read < wrote; i++) {
			if (gather(&p, got) < 0)
				break;
			CHECK_EQ(peer_get(got + 8, 8), ++read);
			CHECK_EQ(peer_get(got + 4, 2), 1 + (read - 1) % 1000);
			CHECK(read % 64 || has_mac(&p, got));
		}
		drain = read != wrote && check_below(8);
	}
	CHECK(full >= 2);
	leave(&p);
}

/* At the end of the ring: nothing that was not sent is written over, however little it is */
static void test_ring_end(void)
{
	static uint8_t body[STANDBY_BODY_MAX], got[RECORD];
	uint64_t wrote = 0, read = 0, late = 0;
	int small = 4096, fd[2];
	struct peer p;

	CHECK_EQ(init(STANDBY_STANDBY), 0);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	CHECK(!setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
	p = (struct peer){ .fd = fd[0], .role = PEER_PRIMARY, .secret_len = sizeof(key) };
	memcpy(p.secret, key, sizeof(key));
	peer_hello(&p, CLUSTER, 7);
	CHECK(!standby_link_add(fd[1], now));
	CHECK(hear(&p, p.theirs, PEER_HELLO));
	shake(&p);
	memset(body, 0x11, sizeof(body));
	while (standby_link_put(1, &(struct iovec){ body, wrote < 40 ? 1000 : sizeof(body) }, 1))
		wrote++;
	standby_link_flush(now);
	while (gather(&p, got) >= 0) {
		CHECK_EQ(peer_get(got + 8, 8), ++read);
		CHECK(has_mac(&p, got));
		if (late < 100) {
			memset(body, (int)++late, sizeof(body));
			wrote += standby_link_put(1, &(struct iovec){ body, sizeof(body) }, 1) > 0;
			standby_link_flush(now);
		}
	}
	CHECK_EQ(read, wrote);
	leave(&p);
}

/**
 * struct talker - an other end that sends as much as it can
 * @p:		it
 * @r:		record that is being sent
 * @len:	of it
 * @at:		bytes that went
 */
struct talker {
	struct peer p;
	uint8_t r[RECORD];
	size_t len;
	size_t at;
};

/* talk_on() - Records, each full of its number, until nothing is read any more */
static void talk_on(struct talker *t)
{
	static uint8_t body[STANDBY_BODY_MAX];

	for (;;) {
		ssize_t n;

		if (t->at == t->len) {
			size_t len = check_below(3) ? 1 + check_below(STANDBY_BODY_MAX) : 9;
			unsigned type = check_below(10) ? 7 : STANDBY_BEAT;

			memset(body, (int)(t->p.number + 1), len);
			t->len = peer_record(&t->p, t->r, type, body, type ? len : 0);
			t->at = 0;
		}
		n = send(t->p.fd, t->r + t->at, t->len - t->at, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			return;
		t->at += (size_t)n;
		pump();
	}
}

/* Our caller takes when it likes: nothing is read meanwhile, nobody is dead, nothing lost */
static void test_slow_caller(void)
{
	static struct talker t;
	uint64_t taken = 0;
	unsigned stalls;

	begin(&t.p, PEER_PRIMARY);
	t.at = t.len = 0;
	for (stalls = 0; taken < 600; stalls++) {
		struct standby_record got;

		talk_on(&t);
		CHECK(status().kept > STANDBY_INPUT - 2 * (int)STANDBY_RECORD_MAX);
		now += MS * BEAT_MS * 1000;
		standby_link_timer(now);
		CHECK_EQ(status().state, STANDBY_LINK_UP);
		CHECK(standby_link_deadline() > now);
		pump();
		for (uint64_t i = 0, n = check_below(80); i < n && standby_link_next(&got); i++) {
			CHECK(got.number > taken && got.type == 7 && got.len > 0);
			CHECK_EQ(got.body[0], (uint8_t)got.number);
			CHECK_EQ(got.body[got.len - 1], (uint8_t)got.number);
			taken = got.number;
		}
		/* The last few may be needed for longer */
		standby_link_done(taken - min_u64(taken, check_below(20)), now);
		pump();
	}
	CHECK(stalls > 5);
	leave(&t.p);
}

/* The peer is gone, and was read to its end nevertheless */
static void test_last_words(void)
{
	uint8_t big[4096] = { 0 };
	struct peer p;

	begin(&p, PEER_PRIMARY);
	say(&p, 1, "last", 4);
	say(&p, 2, "words", 5);
	close(p.fd);
	CHECK_EQ(standby_link_put(1, &(struct iovec){ big, sizeof(big) }, 1), 1);
	standby_link_flush(now);
	pump();
	CHECK_EQ(status().state, STANDBY_LINK_ENDED);
	take(1, 1, "last", 4);
	take(2, 2, "words", 5);
	CHECK(nothing());
	CHECK_EQ(standby_link_deadline() == LOOP_NEVER, true);
	standby_link_close();
}

/* The same while the caller has not taken what came before */
static void test_last_words_full(void)
{
	static uint8_t body[STANDBY_BODY_MAX];
	static uint8_t r[RECORD];
	uint64_t n = 0;
	struct standby_record got;
	struct peer p;

	begin(&p, PEER_PRIMARY);
	do {
		size_t len = peer_record(&p, r, 3, body, 1000);
		ssize_t done;

		if (n++)
			pump();
		done = send(p.fd, r, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (done != (ssize_t)len)
			break;
	} while (n < 10000);
	close(p.fd);
	pump();
	CHECK_EQ(standby_link_put(1, &(struct iovec){ body, 100 }, 1), 1);
	standby_link_flush(now);
	pump();
	CHECK_EQ(status().state, STANDBY_LINK_UP);
	CHECK(!standby_link_room());
	for (uint64_t i = 1; i < n; i++) {
		CHECK(standby_link_next(&got));
		CHECK_EQ(got.number, i);
		standby_link_done(i, now);
		if (!(i % 97))
			pump();
	}
	pump();
	CHECK(nothing());
	CHECK_EQ(status().state, STANDBY_LINK_ENDED);
	standby_link_close();
}

/* --------------------------------------------------------------------- again */

static int call(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK(util_copy(a.sun_path, sizeof(a.sun_path), sock_path));
	CHECK(!connect(fd, (struct sockaddr *)&a, sizeof(a)));
	return fd;
}

/* Who calls during a session waits; a new session knows nothing of the old one */
static void test_again(void)
{
	struct standby_place at = { .path = sock_path };
	struct peer p = { .role = PEER_PRIMARY, .secret_len = sizeof(key) }, q;
	struct stat st;

	CHECK_EQ(init(STANDBY_STANDBY), 0);
	CHECK_EQ(standby_link_listen(&at), 0);
	CHECK_EQ(standby_link_listen(&at), -EBUSY);
	CHECK(!stat(sock_path, &st) && (st.st_mode & 0777) == 0600);
	memcpy(p.secret, key, sizeof(key));
	peer_hello(&p, CLUSTER, 1);
	q = p;
	for (uint64_t round = 1; round < 4; round++) {
		p = q;
		p.fd = call();
		pump();
		CHECK(hear(&p, p.theirs, PEER_HELLO));
		shake(&p);
		CHECK_EQ(status().sessions, round);
		say(&p, 1, &round, sizeof(round));
		q.fd = call();
		pump();
		CHECK(!hear(&q, q.theirs, 1));
		CHECK_EQ(standby_link_put(1, &(struct iovec){ &round, 8 }, 1), 1);
		CHECK_EQ(standby_link_dial(&at, now), -EBUSY);
		CHECK_EQ(standby_link_add(call(), now), -EBUSY);
		close(p.fd);
		pump();
		CHECK_EQ(status().state, STANDBY_LINK_ENDED);
		CHECK(!hear(&q, q.theirs, 1));
		take(1, 1, &round, sizeof(round));
		standby_link_close();
		pump();
		CHECK(hear(&q, q.theirs, PEER_HELLO));
		close(q.fd);
		pump();
	}
	standby_link_exit();
	CHECK(unlink(sock_path) == 0);
}

/* Without descriptors left nobody is accepted, and the loop sleeps */
static void test_no_descriptors(void)
{
	struct standby_place at = { .path = sock_path };
	struct rlimit old, few;
	int fd[3];

	CHECK_EQ(init(STANDBY_STANDBY), 0);
	CHECK_EQ(standby_link_listen(&at), 0);
	for (int i = 0; i < 3; i++)
		fd[i] = call();
	CHECK(!getrlimit(RLIMIT_NOFILE, &old));
	few = old;
	few.rlim_cur = (rlim_t)fd[2] + 1;
	CHECK(!setrlimit(RLIMIT_NOFILE, &few));
	pump();
	CHECK(standby_link_deadline() != LOOP_NEVER);
	CHECK(!setrlimit(RLIMIT_NOFILE, &old));
	later(500 * MS);
	for (int i = 0; i < 3; i++) {
		uint8_t hello[PEER_HELLO];

		CHECK_EQ(recv(fd[i], hello, sizeof(hello), MSG_DONTWAIT), PEER_HELLO);
		close(fd[i]);
	}
	pump();
	standby_link_exit();
	CHECK(unlink(sock_path) == 0);
}

/* serve() - A real standby: confirms what it gets, and sends it back */
static void serve(const struct standby_place *at)
{
	struct loop_event ev[EVENTS];
	struct standby_record r;

	if (init(STANDBY_STANDBY) || standby_link_listen(at))
		_exit(1);
	for (;;) {
		uint64_t t = standby_link_deadline();
		int n = loop_wait(ev, EVENTS, t, false);

		t = loop_now();
		for (int i = 0; i < n; i++)
			standby_link_event(ev[i].id, ev[i].events, t);
		standby_link_timer(t);
		while (standby_link_room() > STANDBY_RECORD_MAX && standby_link_next(&r)) {
			uint8_t copy[256];
			struct iovec iov = { copy, min_size(r.len, sizeof(copy)) };

			memcpy(copy, r.body, iov.iov_len);
			standby_link_ack(r.number);
			if (!standby_link_put(r.type, &iov, 1))
				_exit(2);
			standby_link_done(r.number, t);
		}
		standby_link_flush(t);
		if (status().state == STANDBY_LINK_ENDED)
			_exit(status().why == COUNT_STANDBY_LOST ? 0 : 3);
	}
}

/* both_ends() - Two real ends at some place: 3000 records there, as many back */
static void both_ends(const struct standby_place *at)
{
	enum { RECORDS = 3000 };
	static uint8_t body[STANDBY_BODY_MAX];
	struct loop_event ev[EVENTS];
	uint64_t wrote = 0, got = 0, begun = loop_now(), t = begun;
	struct standby_record r;
	pid_t child = fork();
	int wstatus = 0;

	if (!child)
		serve(at);
	CHECK_EQ(init(STANDBY_PRIMARY), 0);
	while (status().acked < RECORDS && t < begun + 20000 * MS) {
		int n = 0;

		if (status().state == STANDBY_LINK_IDLE && standby_link_deadline() == LOOP_NEVER) {
			(void)standby_link_dial(at, t);
			n = loop_wait(ev, EVENTS, t + 10 * MS, false);
		} else {
			n = loop_wait(ev, EVENTS, standby_link_deadline(), false);
		}
		t = loop_now();
		for (int i = 0; i < n; i++)
			standby_link_event(ev[i].id, ev[i].events, t);
		standby_link_timer(t);
		while (wrote < RECORDS && standby_link_room()) {
			struct iovec iov = { body, 8 + check_below(20000) };

			peer_put(body, ++wrote, 8);
			if (!standby_link_put((uint16_t)wrote, &iov, 1)) {
				wrote--;
				break;
			}
		}
		while (standby_link_next(&r)) {
			got++;
			CHECK_EQ(r.type, (uint16_t)got);
			CHECK_EQ(peer_get(r.body, 8), got);
			standby_link_ack(r.number);
			standby_link_done(r.number, t);
		}
		standby_link_flush(t);
		if (status().state == STANDBY_LINK_ENDED)
			break;
	}
	CHECK_EQ(status().state, STANDBY_LINK_UP);
	CHECK_EQ(wrote, RECORDS);
	CHECK_EQ(got, RECORDS);
	standby_link_exit();
	CHECK_EQ(waitpid(child, &wstatus, 0), child);
	CHECK_EQ(wstatus, 0);
}

static void test_both_ends(void)
{
	struct standby_place unix_at = { .path = sock_path };
	struct standby_place four = { .addr = addr_loop4, .port = PORT };
	struct standby_place six = { .addr = addr_loop6, .port = PORT };

	both_ends(&unix_at);
	both_ends(&four);
	both_ends(&six);
}

int main(void)
{
	if (!netns_new())
		return SKIP;
	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(key_path, sizeof(key_path), "%s/key", dir);
	(void)snprintf(sock_path, sizeof(sock_path), "%s/sock", dir);
	RUN(test_key_file);
	RUN(test_session);
	RUN(test_trickle);
	RUN(test_one_piece);
	RUN(test_bad_hello);
	RUN(test_other_protocol);
	RUN(test_wrong_key);
	RUN(test_old_handshake);
	RUN(test_flip_each_bit);
	RUN(test_cut_each_byte);
	RUN(test_order);
	RUN(test_bad_record);
	RUN(test_handshake_timeout);
	RUN(test_heartbeat);
	RUN(test_slow_reader);
	RUN(test_ring_end);
	RUN(test_slow_caller);
	RUN(test_last_words);
	RUN(test_last_words_full);
	RUN(test_again);
	RUN(test_no_descriptors);
	RUN(test_both_ends);
	CHECK_EQ(bugs, 0);
	(void)unlink(sock_path);
	(void)unlink(key_path);
	(void)rmdir(dir);
	return check_done();
}
