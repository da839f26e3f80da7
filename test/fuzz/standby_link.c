// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * standby_link.c - a stream of bytes, and of records, where the peer should be
 * links: standby_link.c standby_auth.c sock_unix.c addr.c count.c util.c
 *
 * Input: what the other end does, each thing begun by one byte:
 *
 *	0 to 63		sends that many bytes, which follow
 *	64		sends a hello as it has to be
 *	65		sends a proof as it has to be
 *	66		sends a good record; 2 bytes of length and 1 of type follow
 *	67		sends a good record, but for one byte: 2 bytes say which, 1 how;
 *			length and type as above come first
 *	68		sends the last record once more
 *	69		reads all there is
 *	70		goes away; another one comes if this end takes it
 *	71		confirms all it has been sent, from the next record on
 *	72		time passes: 1 byte, 16 ms each
 *	73		our end writes a record; 2 bytes of length
 *	74		our end takes records; 1 byte, how many of them it keeps
 *	75		our end says that it has seen the end of a session
 *
 * Only what was sent as a good record, and stood in its place, may be taken, once and in
 * order.  After each thing the loop runs until it would sleep.
 */
#include "test/unit/standby_peer.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "standby_link.h"
#include "test/fuzz/fuzz.h"
#include "util.h"

enum { TURNS = 5000, SENT_MAX = 4096, WATCHED = 8 };

#define MS UINT64_C(1000)

enum log_level log_level = LOG_LVL_ERR;
static const uint8_t secret[32] = "a key that everybody knows, here";

static void must(bool cond)
{
	if (!cond)
		abort();
}

void log_write(enum log_level level, int error, const char *fmt, ...)
{
	(void)level;
	(void)error;
	(void)fmt;
}

bool log_allow(uint64_t *state, uint64_t now_us)
{
	*state = now_us;
	return false;
}

void log_bug(const char *file, int line, const char *what)
{
	(void)file;
	(void)line;
	(void)what;
	abort();
}

/* What the loop knows */
static struct watched {
	uint64_t id;
	int fd;
	uint32_t events;
} watched[WATCHED];

int loop_add(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	int i = 0;

	must(kind == LOOP_STANDBY);
	while (watched[i].events && watched[i].fd != fd)
		must(++i < WATCHED);
	watched[i] = (struct watched){ id, fd, events };
	return 0;
}

int loop_mod(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	return loop_add(fd, kind, id, events);
}

void loop_del(int fd)
{
	for (int i = 0; i < WATCHED; i++) {
		if (watched[i].fd == fd)
			watched[i].events = 0;
	}
}

/**
 * struct world - the other end, and what has to come of it
 * @peer:	it
 * @now:	time, us
 * @sent:	its good records, by number: 0: none, 1: a heartbeat, else length + 2
 * @taken:	number of the last one taken
 * @last:	the last record, for another time
 * @last_len:	of it
 */
static struct {
	struct peer peer;
	uint64_t now;
	uint32_t sent[SENT_MAX];
	uint64_t taken;
	uint8_t last[PEER_HEAD + STANDBY_BODY_MAX + PEER_MAC];
	size_t last_len;
} world;

static struct standby_status status(void)
{
	struct standby_status s;

	standby_link_status(&s);
	return s;
}

/* run() - The loop, until it would sleep */
static void run(void)
{
	int turn = 0;

	for (;;) {
		bool any = false;

		for (int i = 0; i < WATCHED; i++) {
			struct pollfd p = { .fd = watched[i].fd, .events = (short)watched[i].events };

			/* A closed descriptor leaves the loop by itself */
			if (watched[i].events && fcntl(p.fd, F_GETFD) < 0)
				watched[i].events = 0;
			if (!watched[i].events || poll(&p, 1, 0) != 1)
				continue;
			any = true;
			standby_link_event(watched[i].id, (uint16_t)p.revents, world.now);
		}
		if (!any)
			return;
		must(++turn < TURNS);
	}
}

/* connect_peer() - Another connection, if our end takes it */
static void connect_peer(void)
{
	struct peer *p = &world.peer;
	int fd[2];

	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	*p = (struct peer){ .fd = fd[0], .role = PEER_PRIMARY, .secret_len = sizeof(secret) };
	memcpy(p->secret, secret, sizeof(secret));
	peer_hello(p, "fuzz", 1);
	if (!standby_link_add(fd[1], world.now)) {
		must(recv(p->fd, p->theirs, PEER_HELLO, MSG_DONTWAIT) == PEER_HELLO);
		peer_keys(p);
		memset(world.sent, 0, sizeof(world.sent));
		world.taken = 0;
		world.last_len = 0;
	}
}

static void put(const void *data, size_t len)
{
	(void)send(world.peer.fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* put_record() - A record, of which one byte may be wrong */
static void put_record(size_t len, unsigned type, size_t at, uint8_t wrong)
{
	static uint8_t body[STANDBY_BODY_MAX];
	struct iovec iov = { world.last, 0 };
	struct peer *p = &world.peer;
	struct siphash_key key = { { peer_get(p->out_key, 8), peer_get(p->out_key + 8, 8) } };

	if (p->number + 1 >= SENT_MAX)
		return;
	memset(body, (int)(p->number + 1) & 0xff, len);
	/* The quick MAC: the slow one is for the unit test */
	iov.iov_len = peer_frame(p, world.last, type, body, type ? len : 0);
	siphash_iov(&key, &iov, 1, world.last + iov.iov_len);
	world.last_len = iov.iov_len + PEER_MAC;
	if (at < world.last_len)
		world.last[at] ^= wrong;
	else
		wrong = 0;
	put(world.last, world.last_len);
	if (!wrong)
		world.sent[p->number] = type ? (uint32_t)len + 2 : 1;
}

/* take() - Our end takes all there is, and keeps the last few */
static void take(uint64_t keep)
{
	struct standby_record r;

	while (standby_link_next(&r)) {
		must(r.number > world.taken && r.number < SENT_MAX);
		while (++world.taken < r.number)
			must(world.sent[world.taken] == 1);
		must(r.type && world.sent[r.number] == r.len + 2);
		for (uint32_t i = 0; i < r.len; i++)
			must(r.body[i] == (uint8_t)r.number);
		standby_link_ack(r.number);
	}
	if (world.taken > keep)
		standby_link_done(world.taken - keep, world.now);
	standby_link_flush(world.now);
}

/* step() - One thing; more of the input may belong to it */
static void step(uint8_t what, struct pkt_reader *in)
{
	static uint8_t buf[STANDBY_BODY_MAX];
	struct peer *p = &world.peer;
	size_t len;

	switch (what) {
	case 64:
		put(p->hello, PEER_HELLO);
		break;
	case 65:
		peer_derive(p, "proof...", p->role, buf);
		put(buf, PEER_PROOF);
		break;
	case 66:
	case 67:
		len = pkt_be16(in);
		buf[0] = pkt_u8(in);
		if (what == 66) {
			put_record(len, buf[0], SIZE_MAX, 0);
		} else {
			size_t at = pkt_be16(in);

			put_record(len, buf[0], at, pkt_u8(in));
		}
		break;
	case 68:
		put(world.last, world.last_len);
		break;
	case 69:
		while (recv(p->fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			run();
		break;
	case 70:
		close(p->fd);
		run();
		take(0);
		run();
		connect_peer();
		break;
	case 71:
		p->ack = status().written;
		break;
	case 72:
		world.now += (uint64_t)pkt_u8(in) * 16 * MS;
		if (world.now >= standby_link_deadline())
			standby_link_timer(world.now);
		break;
	case 73: {
		struct iovec iov = { buf, pkt_be16(in) };
		uint64_t before = status().written;
		bool room = standby_link_room() > iov.iov_len + STANDBY_OVERHEAD;
		uint64_t n = standby_link_put(1, &iov, 1);

		must(n == before + 1 || (!n && !room));
		standby_link_flush(world.now);
		break;
	}
	case 74:
		take(pkt_u8(in));
		break;
	case 75:
		if (status().state == STANDBY_LINK_ENDED)
			standby_link_close();
		break;
	default:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct standby_conf conf = { .role = STANDBY_STANDBY, .cluster = "fuzz" };
	struct pkt_reader in = pkt_reader(data, size);
	static char path[32];

	if (!*path) {
		int fd = memfd_create("key", MFD_CLOEXEC);

		must(fd >= 0 && write(fd, secret, sizeof(secret)) == (ssize_t)sizeof(secret));
		must(!fchmod(fd, 0600));
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	memset(watched, 0, sizeof(watched));
	memset(&world.peer, 0, sizeof(world.peer));
	world.now = MS;
	count_reset();
	conf.key = path;
	must(!standby_link_init(&conf));
	connect_peer();
	while (in.left) {
		uint8_t what = pkt_u8(&in);

		if (what < 64) {
			size_t n = min_size(what, in.left);

			put(pkt_take(&in, n), n);
		} else {
			step(what, &in);
		}
		run();
	}
	close(world.peer.fd);
	run();
	/* What is left in the socket may be more than fits at once */
	for (int turn = 0; status().state == STANDBY_LINK_UP; turn++) {
		must(turn < TURNS);
		take(0);
		run();
	}
	take(0);
	standby_link_exit();
	return 0;
}
