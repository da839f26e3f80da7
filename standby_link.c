// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * standby_link.c - the stream of records between primary and standby
 *
 * Theory of operation
 *
 *   One connection, TCP or UNIX, that either end may have opened.  What is on it, and why
 *   each end believes the other, stands in standby_auth.c.  Here it is sent and received.
 *
 *		     handshake			   anything wrong, dead, end of stream
 *	STANDBY_LINK_IDLE ------> STANDBY_LINK_UP -------> STANDBY_LINK_ENDED
 *		^							|
 *		+----------------- standby_link_close() ----------------+
 *
 *   Who connects has a place in self.hand, nothing else, until it has proven that it knows
 *   the key: hello and proof have a fixed length, and STANDBY_HAND_MS.  One connection more
 *   than there are places takes that of the oldest, so nobody keeps others out by waiting.
 *   The first who proves it is the peer; the others are closed, and from then on nobody
 *   is accepted until the session was closed: who comes waits in the kernel's queue.
 *
 *   When a session ends what came before is still there to be taken: the last words of a
 *   primary are what matters most.  So it is ENDED until the caller says that it has taken
 *   them.  A new session begins with number 1, and knows nothing of the last one; the
 *   caller makes both ends agree again.
 *
 *   Out: a record is written where it will be sent from, standby_link_begin(), and sealed
 *   by standby_link_end() while it is in the cache.  A record lies in one piece: what does
 *   not fit before the end of the ring begins anew at its beginning.
 *
 *	ring: [free] sent [record][record] cut [unused] | cut_to [record] head [free]
 *
 *   standby_link_flush() gives the kernel all of it with one call; what it does not take
 *   goes when it is ready.  Nothing is kept behind that: TCP sends again what is lost.  If
 *   the other end reads slowly the ring gets full, standby_link_room() says so, and the
 *   caller decides what that means.
 *
 *   In: bytes are received into a ring as well; a record that its end cuts in two is moved
 *   to the beginning.  Records are verified as they come, then lent, in order, and given
 *   back in order.  While none is given back and the ring is full nothing is read.
 *
 *	ring: [free] tail [lent] lent [verified] good [part of one] fill [free]
 *
 *   Each record carries the number up to which its sender confirms; only if no record is
 *   on the way a heartbeat, without body, does.  It also goes when nothing else was sent for
 *   a while.  A peer of which no record came during STANDBY_BEATS of these times is dead,
 *   whatever TCP believes; bytes that are no whole record do not count.  The clock stands
 *   while we do not read, or while we were stopped: what has come is read first.
 *
 *   If sending fails, the peer is gone, but what it sent before may not have been read:
 *   nothing more is sent (mute), and the stream is read to its end.
 *
 * Invariants
 *   L1  sent <= head <= sent + STANDBY_RING; at most one gap, [cut, cut_to), and only between
 *   L2  tail <= lent <= good <= fill <= tail + STANDBY_INPUT; at most one gap, [gap, gap_to),
 *	 between tail and good
 *   L3  state is STANDBY_LINK_UP: fd >= 0, and no handshake is going on; else fd is -1
 *   L4  all before good has the peer's MAC, and is of this session
 *
 * It hides nothing from who listens on the way, and keeps nothing for a peer that comes
 * again.  The end of the stream behind a record looks as the death of the peer does, and
 * who is between both ends can cause it.
 */
#include "standby_link.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "sock_unix.h"
#include "util.h"

enum {
	ID_LISTEN	= 0,			/* of the listening socket; connections have others */
	BACKLOG		= 16,
	ACCEPTS		= 16,			/* in one event */
	READS		= 8,
	READ_MAX	= 256 * 1024,		/* bytes: they are verified while in the cache */
	GREETING	= STANDBY_HELLO + STANDBY_PROOF,
	US_PER_MS	= 1000,
	REST_US		= 100 * 1000,		/* until accept() is tried again */
};

#define NO_GAP UINT64_MAX

_Static_assert(STANDBY_RING >= 4 * STANDBY_RECORD_MAX, "there is room beside a gap");
_Static_assert(STANDBY_INPUT >= 4 * STANDBY_RECORD_MAX, "a cut record can be moved");

/* enum hand_phase - what a handshake waits for; HAND_NONE: there is none */
enum hand_phase { HAND_NONE, HAND_DIAL, HAND_HELLO, HAND_PROOF };

/**
 * struct hand - somebody who may be the peer
 * @phase:	what is waited for
 * @fd:		socket
 * @id:		of it in the loop
 * @until:	when it is given up, us
 * @got:	bytes of @in
 * @ours:	our hello
 * @in:		hello and proof
 */
struct hand {
	enum hand_phase phase;
	int fd;
	uint64_t id;
	uint64_t until;
	size_t got;
	uint8_t ours[STANDBY_HELLO];
	uint8_t in[GREETING];
};

/**
 * struct standby_link_self - state of this file
 * @ready:	standby_link_init() succeeded
 * @role:	this end's
 * @cluster:	name
 * @secret:	made of the key file
 * @beat:	time between heartbeats, us
 * @listen:	listening socket, -1: none
 * @listening:	the loop knows it
 * @rest:	when to accept again, us; 0: now
 * @count:	of connections so far, for their ids
 * @warned:	state of log_allow()
 * @hand:	handshakes
 * @state:	what there is
 * @why:	counter that moved when the last session ended
 * @sessions:	begun
 * @minor:	version of the peer
 * @fd:		connection of the session
 * @id:		of it in the loop
 * @watched:	events asked of the loop, 0: it does not know the descriptor
 * @mute:	the peer does not take anything more
 * @heard:	when a record came last, us
 * @spoke:	when something was sent last, us
 * @ack:	number up to which the caller confirmed
 * @ack_told:	number up to which a record did
 * @acked:	number up to which the peer confirmed
 * @us:		our direction
 * @them:	the other
 * @sent:	position of the first byte that was not sent
 * @head:	position behind the last record written
 * @cut:	position of the gap at the end of the ring, NO_GAP: none
 * @cut_to:	position behind it
 * @writing:	a record was begun
 * @type:	of it
 * @body:	of it
 * @tail:	position of the first record that was not given back
 * @lent:	position of the first record that was not lent
 * @good:	position of the first byte that was not verified
 * @fill:	position behind the last byte received
 * @gap:	position of the gap at the end of the ring, NO_GAP: none
 * @gap_to:	position behind it
 */
static struct {
	bool ready;
	enum standby_role role;
	char cluster[STANDBY_CLUSTER];
	struct standby_secret secret;
	uint64_t beat;
	int listen;
	bool listening;
	uint64_t rest;
	uint32_t count;
	uint64_t warned;
	struct hand hand[STANDBY_HANDS];
	enum standby_link_state state;
	enum count why;
	uint64_t sessions;
	uint16_t minor;
	int fd;
	uint64_t id;
	uint32_t watched;
	bool mute;
	uint64_t heard;
	uint64_t spoke;
	uint64_t ack;
	uint64_t ack_told;
	uint64_t acked;
	struct standby_lane us;
	struct standby_lane them;
	uint64_t sent;
	uint64_t head;
	uint64_t cut;
	uint64_t cut_to;
	bool writing;
	uint16_t type;
	struct pkt_writer body;
	uint64_t tail;
	uint64_t lent;
	uint64_t good;
	uint64_t fill;
	uint64_t gap;
	uint64_t gap_to;
} self = { .why = COUNT_NUM, .listen = -1, .fd = -1 };

static uint8_t out[STANDBY_RING] __attribute__((aligned(4096)));
static uint8_t in[STANDBY_INPUT] __attribute__((aligned(4096)));

/* check() - Invariants, in debug builds */
static void check(void)
{
#ifdef DEBUG
	(void)BUG_ON(self.sent > self.head || self.head - self.sent > STANDBY_RING);
	(void)BUG_ON(self.cut != NO_GAP && (self.cut < self.sent || self.cut_to > self.head));
	(void)BUG_ON(self.tail > self.lent || self.lent > self.good || self.good > self.fill ||
		     self.fill - self.tail > STANDBY_INPUT);
	(void)BUG_ON(self.gap != NO_GAP && (self.gap < self.tail || self.gap_to > self.good));
	(void)BUG_ON((self.state == STANDBY_LINK_UP) != (self.fd >= 0));
#endif
}

/* counter_of() - What is counted for a fault */
static enum count counter_of(enum standby_fault f)
{
	static const enum count table[] = {
		[STANDBY_NO_PEER] = DROP_STANDBY_NO_PEER,
		[STANDBY_VERSION] = DROP_STANDBY_VERSION,
		[STANDBY_ROLE] = DROP_STANDBY_ROLE,
		[STANDBY_OTHER_CLUSTER] = DROP_STANDBY_CLUSTER,
		[STANDBY_KEY] = DROP_STANDBY_KEY,
		[STANDBY_LENGTH] = DROP_STANDBY_LENGTH,
		[STANDBY_REFLECTED] = DROP_STANDBY_REFLECTED,
		[STANDBY_SESSION] = DROP_STANDBY_SESSION,
		[STANDBY_REPLAY] = DROP_STANDBY_REPLAY,
		[STANDBY_GAP] = DROP_STANDBY_GAP,
		[STANDBY_FORGED] = DROP_STANDBY_FORGED,
	};

	return table[f];
}

static const char *role_name(enum standby_role role)
{
	return role == STANDBY_PRIMARY ? "primary" : "standby";
}

/* new_id() - For a descriptor of the loop: no event of an earlier one finds it */
static uint64_t new_id(void)
{
	self.count = self.count % UINT32_MAX + 1;
	return self.count;
}

/* ------------------------------------------------------------------- the session ends */

/* forget() - All positions and numbers of a session */
static void forget(void)
{
	self.sent = self.head = 0;
	self.cut = self.gap = NO_GAP;
	self.tail = self.lent = self.good = self.fill = 0;
	self.ack = self.ack_told = self.acked = 0;
	self.us.number = self.them.number = 0;
	self.writing = self.mute = false;
	self.minor = 0;
}

/* end() - The session is over; what was verified stays */
static void end(enum count why)
{
	count(why);
	warn("standby link: session %llu with the %s ended: %s",
	     (unsigned long long)self.sessions, role_name(standby_other(self.role)),
	     count_name[why]);
	close(self.fd);
	self.fd = -1;
	self.state = STANDBY_LINK_ENDED;
	self.why = why;
	self.writing = false;
	explicit_bzero(&self.us.key, sizeof(self.us.key));
	explicit_bzero(&self.them.key, sizeof(self.them.key));
}

/* -------------------------------------------------------------------- out */

/* unsent() - Bytes of the ring that are in use, a gap included */
static uint64_t unsent(void)
{
	return self.head - self.sent;
}

/* open_record() - Room for a record at the head; false: there is none */
static bool open_record(uint16_t type)
{
	uint64_t at, gap;

	if (!unsent()) {
		self.sent = self.head = 0;
		self.cut = NO_GAP;
	}
	at = self.head % STANDBY_RING;
	gap = STANDBY_RING - at < STANDBY_RECORD_MAX ? STANDBY_RING - at : 0;
	if (unsent() + gap + STANDBY_RECORD_MAX > STANDBY_RING)
		return false;
	if (gap) {
		self.cut = self.head;
		self.cut_to = self.head += gap;
		at = 0;
	}
	self.body = pkt_writer(out + at + STANDBY_HEAD, STANDBY_BODY_MAX);
	self.type = type;
	return true;
}

/* seal() - The record at the head is whole.  Return: its number */
static uint64_t seal(void)
{
	struct standby_head h = {
		.len = (uint32_t)self.body.len, .type = self.type, .ack = self.ack,
	};

	standby_seal(&self.us, &h, out + self.head % STANDBY_RING);
	self.head += STANDBY_OVERHEAD + h.len;
	self.ack_told = self.ack;
	return h.number;
}

/**
 * standby_link_room() - How much may be written
 *
 * Return: bytes: records whose bodies, with STANDBY_OVERHEAD for each, are not more in sum
 *	   can be begun and written; 0: none, or there is no session
 */
size_t standby_link_room(void)
{
	uint64_t used = unsent() + UINT64_C(2) * STANDBY_RECORD_MAX;

	if (self.state != STANDBY_LINK_UP || self.mute || used >= STANDBY_RING)
		return 0;
	return STANDBY_RING - used;
}

/**
 * standby_link_begin() - Begin a record
 * @type:	What it is, not STANDBY_BEAT
 *
 * It has to be ended before the event is over, as no heartbeat can go before it is.
 *
 * Return: writer for its body, which standby_link_end() ends; NULL: no room for a long one,
 *	   or no session (caller: waits, or gives the standby up)
 */
struct pkt_writer *standby_link_begin(uint16_t type)
{
	if (BUG_ON(self.writing || type == STANDBY_BEAT))
		return NULL;
	if (self.state != STANDBY_LINK_UP || self.mute || !open_record(type))
		return NULL;
	self.writing = true;
	return &self.body;
}

/**
 * standby_link_end() - The record that was begun is complete
 *
 * It is sent by standby_link_flush().
 *
 * Return: its number, more than any before; 0: it was too long, or the session ended
 *	   meanwhile: it was not written
 */
uint64_t standby_link_end(void)
{
	bool was = self.writing;

	self.writing = false;
	return was && !self.body.bad ? seal() : 0;
}

/**
 * standby_link_put() - Write a record of what lies elsewhere
 * @type:	As for standby_link_begin()
 * @iov:	Pieces of the body
 * @n:		How many
 *
 * Return: as standby_link_end(); also 0 where standby_link_begin() has no room
 */
uint64_t standby_link_put(uint16_t type, const struct iovec *iov, int n)
{
	struct pkt_writer *w = standby_link_begin(type);

	if (!w)
		return 0;
	for (int i = 0; i < n; i++)
		pkt_put(w, iov[i].iov_base, iov[i].iov_len);
	return standby_link_end();
}

/* heartbeat() - If it is time for one, or the peer waits for a number: write it */
static void heartbeat(uint64_t now)
{
	if (unsent() || self.writing)
		return;
	if (self.ack == self.ack_told && now < self.spoke + self.beat)
		return;
	if (open_record(STANDBY_BEAT))
		(void)seal();
}

/* send_ring() - One sendmsg() with all there is */
static void send_ring(uint64_t now)
{
	bool two = self.cut != NO_GAP;
	uint64_t first = (two ? self.cut : self.head) - self.sent;
	struct iovec iov[2] = {
		{ out + self.sent % STANDBY_RING, first }, { out, two ? self.head - self.cut_to : 0 },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = two ? 2 : 1 };
	ssize_t n;

	if (!unsent())
		return;
	n = sendmsg(self.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0) {
		self.mute = errno != EAGAIN && errno != EINTR && errno != ENOBUFS;
		return;
	}
	self.spoke = now;
	self.sent += (uint64_t)n;
	if (two && self.sent >= self.cut) {
		self.sent += self.cut_to - self.cut;
		self.cut = NO_GAP;
	}
}

/* -------------------------------------------------------------------- in */

/*
 * make_room() - Where to receive
 * @to:		Set
 *
 * A record that the end of the ring cuts in two is moved, if there is room for it.
 *
 * Return: bytes there, 0: nothing can be read
 */
static size_t make_room(uint8_t **to)
{
	uint64_t at, part = self.fill - self.good;

	if (self.tail == self.fill) {
		self.tail = self.lent = self.good = self.fill = 0;
		self.gap = NO_GAP;
	}
	at = self.fill % STANDBY_INPUT;
	if (!at && part) {
		uint64_t old = self.good;

		if (self.fill + part > self.tail + STANDBY_INPUT)
			return 0;
		memcpy(in, in + old % STANDBY_INPUT, part);
		self.good = self.fill;
		self.fill += part;
		self.gap = self.tail == old ? NO_GAP : old;
		self.gap_to = self.good;
		self.tail = self.tail == old ? self.good : self.tail;
		self.lent = self.lent == old ? self.good : self.lent;
		at = part;
	}
	*to = in + at;
	return min_size(STANDBY_INPUT - at, self.tail + STANDBY_INPUT - self.fill);
}

/* behind() - Position of the record behind one */
static uint64_t behind(uint64_t at, const struct standby_head *h)
{
	at += STANDBY_OVERHEAD + h->len;
	return at == self.gap ? self.gap_to : at;
}

/* move_tail() - All before a position was given back */
static void move_tail(uint64_t to)
{
	self.tail = to;
	if (self.gap != NO_GAP && self.tail >= self.gap_to)
		self.gap = NO_GAP;
}

/* look() - The header at a position that was verified */
static struct standby_head look(uint64_t at)
{
	struct standby_head h;

	standby_peek(in + at % STANDBY_INPUT, &h);
	return h;
}

/* believe() - What a verified record says to this file; false: nonsense, it ended */
static bool believe(const struct standby_head *h, uint64_t now)
{
	if (h->ack < self.acked || h->ack > self.us.number) {
		end(DROP_STANDBY_ACK);
		return false;
	}
	if (h->type == STANDBY_BEAT && h->len) {
		end(DROP_STANDBY_LENGTH);
		return false;
	}
	self.acked = h->ack;
	if (!self.mute)
		self.heard = now;
	return true;
}

/* verify() - Whole records among what was received; false: the session ended */
static bool verify(uint64_t now)
{
	while (self.good != self.fill) {
		struct standby_head h;
		enum standby_fault f = standby_open(&self.them, in + self.good % STANDBY_INPUT,
						    self.fill - self.good, &h);
		uint64_t at = self.good;

		if (f == STANDBY_PARTIAL)
			break;
		if (f != STANDBY_FINE) {
			end(counter_of(f));
			return false;
		}
		if (!believe(&h, now))
			return false;
		self.good += STANDBY_OVERHEAD + h.len;
		/* Nobody has to take a heartbeat that comes alone */
		if (h.type == STANDBY_BEAT && self.lent == at) {
			self.lent = self.good;
			if (self.tail == at)
				move_tail(self.good);
		}
	}
	return true;
}

/* receive() - What there is */
static void receive(uint64_t now)
{
	for (int i = 0; i < READS && self.state == STANDBY_LINK_UP; i++) {
		uint8_t *to = NULL;
		size_t size = min_size(make_room(&to), READ_MAX);
		ssize_t n;

		if (!size)
			return;
		n = recv(self.fd, to, size, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			end(self.fill != self.good ? DROP_STANDBY_CUT : COUNT_STANDBY_LOST);
			return;
		}
		self.fill += (uint64_t)n;
		if (!verify(now) || (size_t)n < size)
			return;
	}
}

/* full() - Nothing is read, as nothing was given back */
static bool full(void)
{
	return !(self.watched & EPOLLIN);
}

/* settle() - After something happened: wait for the right events */
static void settle(void)
{
	uint32_t events = 0;
	uint8_t *to;
	int rc = 0;

	check();
	if (self.state != STANDBY_LINK_UP)
		return;
	if (make_room(&to))
		events |= EPOLLIN;
	if (unsent() && !self.mute)
		events |= EPOLLOUT;
	if (events == self.watched)
		return;
	/* Without events the loop would still tell of a hang-up, again and again */
	if (!events)
		loop_del(self.fd);
	else if (!self.watched)
		rc = loop_add(self.fd, LOOP_STANDBY, self.id, events);
	else
		rc = loop_mod(self.fd, LOOP_STANDBY, self.id, events);
	self.watched = events;
	if (rc)
		end(COUNT_STANDBY_LOST);
}

/**
 * standby_link_flush() - Send what was written, and what is owed
 * @now:	Time of the event being handled, us
 *
 * To be called after records were written, and after standby_link_ack().
 */
void standby_link_flush(uint64_t now)
{
	if (self.state != STANDBY_LINK_UP)
		return;
	if (!self.mute) {
		heartbeat(now);
		send_ring(now);
	}
	if (self.mute)
		receive(now);
	settle();
}

/**
 * standby_link_next() - Borrow the next record
 * @r:		Filled
 *
 * Also after the session ended, until standby_link_close().
 *
 * Return: false: there is none
 */
bool standby_link_next(struct standby_record *r)
{
	while (self.lent != self.good) {
		uint64_t at = self.lent;
		struct standby_head h = look(at);

		self.lent = behind(at, &h);
		if (h.type != STANDBY_BEAT) {
			*r = (struct standby_record){
				.type = h.type, .number = h.number, .len = h.len,
				.body = in + at % STANDBY_INPUT + STANDBY_HEAD,
			};
			return true;
		}
		if (self.tail == at)
			move_tail(self.lent);
	}
	return false;
}

/**
 * standby_link_done() - Give records back
 * @number:	Of the last one that is not used any more
 * @now:	Time of the event being handled, us
 */
void standby_link_done(uint64_t number, uint64_t now)
{
	while (self.tail != self.lent) {
		struct standby_head h = look(self.tail);

		if (h.number > number && h.type != STANDBY_BEAT)
			break;
		move_tail(behind(self.tail, &h));
	}
	if (self.state == STANDBY_LINK_UP && full()) {
		self.heard = now;
		settle();
	}
}

/**
 * standby_link_ack() - Confirm to the peer all records up to a number
 * @number:	Of a record that came; one that is less than before changes nothing
 *
 * The next record tells it, or standby_link_flush() if there is none.
 */
void standby_link_ack(uint64_t number)
{
	if (BUG_ON(number > self.them.number))
		return;
	if (number > self.ack)
		self.ack = number;
}

/* ---------------------------------------------------------------- handshakes */

/* drop() - Somebody is not the peer */
static void drop(struct hand *h, enum count why, uint64_t now)
{
	count(why);
	if (log_allow(&self.warned, now))
		warn("standby link: no session: %s", count_name[why]);
	close(h->fd);
	h->phase = HAND_NONE;
}

/* hush() - End all handshakes but one, without a word */
static void hush(const struct hand *but)
{
	for (struct hand *h = self.hand; h < self.hand + STANDBY_HANDS; h++) {
		if (h == but || h->phase == HAND_NONE)
			continue;
		close(h->fd);
		h->phase = HAND_NONE;
	}
}

/* take_hand() - A free place, or that of the oldest */
static struct hand *take_hand(uint64_t now)
{
	struct hand *oldest = self.hand;

	for (struct hand *h = self.hand; h < self.hand + STANDBY_HANDS; h++) {
		if (h->phase == HAND_NONE)
			return h;
		if (h->until < oldest->until)
			oldest = h;
	}
	drop(oldest, DROP_STANDBY_HANDSHAKE, now);
	return oldest;
}

/* say() - Send hello or proof: a new connection has room for them */
static bool say(const struct hand *h, const void *p, size_t len)
{
	return send(h->fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

/* greet() - Say hello; it may have ended then */
static void greet(struct hand *h, uint64_t now)
{
	uint8_t nonce[STANDBY_NONCE];

	if (getrandom(nonce, sizeof(nonce), 0) != sizeof(nonce)) {
		drop(h, DROP_STANDBY_HANDSHAKE, now);
		return;
	}
	standby_hello(h->ours, self.role, nonce, self.cluster);
	h->phase = HAND_HELLO;
	if (!say(h, h->ours, sizeof(h->ours)))
		drop(h, COUNT_STANDBY_LOST, now);
}

/* shake() - Begin a handshake on a descriptor, which is ours from here on; 0, -errno */
static int shake(int fd, enum hand_phase phase, uint64_t now)
{
	struct hand *h = take_hand(now);
	uint32_t events = phase == HAND_DIAL ? EPOLLOUT : EPOLLIN;
	int on = 1, rc;

	/* Fails for UNIX sockets, which need none */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	*h = (struct hand){
		.phase = phase, .fd = fd, .id = new_id(),
		.until = now + (uint64_t)STANDBY_HAND_MS * US_PER_MS,
	};
	rc = loop_add(fd, LOOP_STANDBY, h->id, events);
	if (rc) {
		close(fd);
		h->phase = HAND_NONE;
		return rc;
	}
	if (phase == HAND_HELLO)
		greet(h, now);
	return 0;
}

/* hear_accept() - Accept if there may be a new session, and only then */
static void hear_accept(void)
{
	bool want = self.listen >= 0 && self.state == STANDBY_LINK_IDLE && !self.rest;

	if (want == self.listening)
		return;
	if (want)
		want = !loop_add(self.listen, LOOP_STANDBY, ID_LISTEN, EPOLLIN);
	else
		loop_del(self.listen);
	self.listening = want;
}

/* adopt() - Who has proven it is the peer */
static void adopt(struct hand *h, uint64_t now)
{
	forget();
	standby_lane(&self.us, &self.secret, self.role, h->ours, h->in);
	standby_lane(&self.them, &self.secret, standby_other(self.role), h->ours, h->in);
	(void)standby_hello_check(h->in, STANDBY_HELLO, h->ours, &self.minor);
	self.fd = h->fd;
	self.id = h->id;
	self.watched = EPOLLIN;
	self.heard = self.spoke = now;
	self.state = STANDBY_LINK_UP;
	self.sessions++;
	count(COUNT_STANDBY_SESSIONS);
	hush(h);
	h->phase = HAND_NONE;
	hear_accept();
	info("standby link: session %llu with the %s, version %d.%u",
	     (unsigned long long)self.sessions, role_name(standby_other(self.role)),
	     STANDBY_MAJOR, (unsigned)self.minor);
}

/* judge() - What a handshake says so far; false: it ended, or became the session */
static bool judge(struct hand *h, uint64_t now)
{
	uint8_t proof[STANDBY_PROOF];
	uint16_t minor;

	if (h->phase == HAND_HELLO) {
		enum standby_fault f = standby_hello_check(h->in, h->got, h->ours, &minor);

		if (f == STANDBY_PARTIAL)
			return true;
		if (f != STANDBY_FINE) {
			drop(h, counter_of(f), now);
			return false;
		}
		standby_proof(proof, &self.secret, self.role, h->ours, h->in);
		h->phase = HAND_PROOF;
		if (say(h, proof, sizeof(proof)))
			return true;
		drop(h, COUNT_STANDBY_LOST, now);
		return false;
	}
	if (h->got < GREETING)
		return true;
	standby_proof(proof, &self.secret, standby_other(self.role), h->ours, h->in);
	if (standby_same(proof, h->in + STANDBY_HELLO, sizeof(proof)))
		adopt(h, now);
	else
		drop(h, DROP_STANDBY_KEY, now);
	return false;
}

/* hand_event() - Something happened to a handshake */
static void hand_event(struct hand *h, uint64_t now)
{
	if (h->phase == HAND_DIAL) {
		int e = 0;
		socklen_t len = sizeof(e);

		if (getsockopt(h->fd, SOL_SOCKET, SO_ERROR, &e, &len) || e ||
		    loop_mod(h->fd, LOOP_STANDBY, h->id, EPOLLIN))
			drop(h, COUNT_STANDBY_LOST, now);
		else
			greet(h, now);
		return;
	}
	for (;;) {
		size_t want = (h->phase == HAND_HELLO ? STANDBY_HELLO : GREETING) - h->got;
		ssize_t n = recv(h->fd, h->in + h->got, want, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			drop(h, DROP_STANDBY_CUT, now);
			return;
		}
		h->got += (size_t)n;
		if (!judge(h, now))
			return;
	}
}

/* accept_some() - Who called */
static void accept_some(uint64_t now)
{
	for (int i = 0; i < ACCEPTS && self.listening; i++) {
		int fd = accept4(self.listen, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			(void)shake(fd, HAND_HELLO, now);
			continue;
		}
		/* Without descriptors left the loop would not sleep any more */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			self.rest = now + REST_US;
		break;
	}
	hear_accept();
}

/* ------------------------------------------------------------- open, close, events */

/* read_key() - The key file; 0, -errno as standby_link_init() */
static int read_key(const char *path)
{
	uint8_t content[STANDBY_KEY_MAX + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc = 0;
	struct stat st;
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		rc = -errno;
	else if (!S_ISREG(st.st_mode))
		rc = -EINVAL;
	else if (st.st_mode & (S_IRWXG | S_IRWXO))
		rc = -EPERM;
	while (!rc && len < sizeof(content)) {
		n = read(fd, content + len, sizeof(content) - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	if (!rc && n < 0)
		rc = -errno;
	close(fd);
	if (!rc && len < STANDBY_KEY_MIN)
		rc = -ENODATA;
	if (!rc && len > STANDBY_KEY_MAX)
		rc = -EFBIG;
	if (!rc)
		standby_secret(&self.secret, content, len);
	explicit_bzero(content, sizeof(content));
	return rc;
}

/**
 * standby_link_exit() - End everything, and forget the key
 *
 * The name of a UNIX socket stays, as others' may have its place.
 */
void standby_link_exit(void)
{
	hush(NULL);
	if (self.fd >= 0)
		close(self.fd);
	if (self.listen >= 0)
		close(self.listen);
	explicit_bzero(&self, sizeof(self));
	self.fd = self.listen = -1;
	self.why = COUNT_NUM;
	forget();
}

/**
 * standby_link_init() - Begin anew: no session, no listening socket
 * @conf:	Which end this is; it is not used later
 *
 * All bytes of the key file count, a newline at its end too.
 *
 * Return: 0; -EPERM: not only its owner may read, write or execute the key file; -ENODATA:
 *	   it has less than STANDBY_KEY_MIN bytes; -EFBIG: more than STANDBY_KEY_MAX;
 *	   -EINVAL: it is no file, or the name of the cluster is empty; -ENAMETOOLONG: that
 *	   is too long; other -errno of opening and reading the file
 */
int standby_link_init(const struct standby_conf *conf)
{
	int rc;

	standby_link_exit();
	if (!*conf->cluster)
		return -EINVAL;
	if (!util_copy(self.cluster, sizeof(self.cluster), conf->cluster))
		return -ENAMETOOLONG;
	rc = read_key(conf->key);
	if (rc)
		return rc;
	self.role = conf->role;
	self.beat = (uint64_t)(conf->beat_ms ? conf->beat_ms : STANDBY_BEAT_MS) * US_PER_MS;
	self.ready = true;
	return 0;
}

/* stream() - A stream socket that neither blocks nor survives exec(); -errno */
static int stream(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	return fd;
}

/* listen_tcp() - Listen at an address; descriptor, -errno */
static int listen_tcp(const struct standby_place *at)
{
	union addr_sock s;
	socklen_t len = addr_to_sock(&s, &at->addr, at->port, at->scope);
	int fd = stream(s.sa.sa_family), on = 1, rc;

	if (fd < 0)
		return fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(fd, &s.sa, len) && !listen(fd, BACKLOG))
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/**
 * standby_link_listen() - Wait for the peer to call
 * @at:		Where
 *
 * Return: 0; -EBUSY: it does already; -EINVAL: without standby_link_init(); other -errno:
 *	   caller names the place
 */
int standby_link_listen(const struct standby_place *at)
{
	int fd;

	if (!self.ready)
		return -EINVAL;
	if (self.listen >= 0)
		return -EBUSY;
	fd = at->path ? sock_unix_listen(at->path, 0600, BACKLOG) : listen_tcp(at);
	if (fd < 0)
		return fd;
	self.listen = fd;
	hear_accept();
	return 0;
}

/**
 * standby_link_add() - Begin a handshake on a connection
 * @fd:		Stream socket that is connected; it is this file's from here on
 * @now:	Time of the event being handled, us
 *
 * Return: 0, what becomes of it shows later; -EINVAL: without standby_link_init(); -EBUSY:
 *	   there is a session, or one that was not closed; other -errno: in each case it is
 *	   closed
 */
int standby_link_add(int fd, uint64_t now)
{
	if (self.ready && self.state == STANDBY_LINK_IDLE)
		return shake(fd, HAND_HELLO, now);
	close(fd);
	return self.ready ? -EBUSY : -EINVAL;
}

/**
 * standby_link_dial() - Call the peer
 * @to:		Where it listens
 * @now:	Time of the event being handled, us
 *
 * If nothing comes of it within STANDBY_HAND_MS the caller calls again.
 *
 * Return: as standby_link_add(); -ENAMETOOLONG, and what connect() may say
 */
int standby_link_dial(const struct standby_place *to, uint64_t now)
{
	struct sockaddr_un u = { .sun_family = AF_UNIX };
	union addr_sock s;
	socklen_t len = to->path ? 0 : addr_to_sock(&s, &to->addr, to->port, to->scope);
	int fd, rc;

	if (!self.ready || self.state != STANDBY_LINK_IDLE)
		return self.ready ? -EBUSY : -EINVAL;
	if (to->path && !util_copy(u.sun_path, sizeof(u.sun_path), to->path))
		return -ENAMETOOLONG;
	fd = stream(to->path ? AF_UNIX : s.sa.sa_family);
	if (fd < 0)
		return fd;
	rc = to->path ? connect(fd, (const struct sockaddr *)&u, sizeof(u)) :
			connect(fd, &s.sa, len);
	if (!rc || errno == EINPROGRESS)
		return shake(fd, HAND_DIAL, now);
	rc = -errno;
	close(fd);
	return rc;
}

/**
 * standby_link_close() - End the session if there is one; a new one may begin
 *
 * What was not taken is forgotten.  Handshakes that are going on end as well.
 */
void standby_link_close(void)
{
	hush(NULL);
	if (self.fd >= 0)
		close(self.fd);
	self.fd = -1;
	self.state = STANDBY_LINK_IDLE;
	forget();
	hear_accept();
}

/**
 * standby_link_event() - Something happened to a descriptor of LOOP_STANDBY
 * @id:		As the loop has it
 * @events:	EPOLLIN and so on
 * @now:	Time of the event, us
 *
 * The caller looks at standby_link_status() then, and calls standby_link_next() until it
 * returns false.
 */
void standby_link_event(uint64_t id, uint32_t events, uint64_t now)
{
	if (id == ID_LISTEN) {
		accept_some(now);
		return;
	}
	if (self.state == STANDBY_LINK_UP && id == self.id) {
		if (events & ~(uint32_t)EPOLLOUT)
			receive(now);
		standby_link_flush(now);
		return;
	}
	for (struct hand *h = self.hand; h < self.hand + STANDBY_HANDS; h++) {
		if (h->phase != HAND_NONE && h->id == id) {
			hand_event(h, now);
			return;
		}
	}
}

/**
 * standby_link_deadline() - When standby_link_timer() has to be called
 *
 * Return: us on the loop's clock, LOOP_NEVER
 */
uint64_t standby_link_deadline(void)
{
	uint64_t at = self.rest ? self.rest : LOOP_NEVER;

	for (const struct hand *h = self.hand; h < self.hand + STANDBY_HANDS; h++) {
		if (h->phase != HAND_NONE)
			at = min_u64(at, h->until);
	}
	if (self.state != STANDBY_LINK_UP)
		return at;
	if (!unsent() && !self.mute)
		at = min_u64(at, self.spoke + self.beat);
	if (!full())
		at = min_u64(at, self.heard + STANDBY_BEATS * self.beat);
	return at;
}

/* dead() - Whether nothing came for too long */
static bool dead(uint64_t now)
{
	return self.state == STANDBY_LINK_UP && !full() &&
	       now >= self.heard + STANDBY_BEATS * self.beat;
}

/**
 * standby_link_timer() - It may be time for something
 * @now:	Time, us
 *
 * The caller goes on as after standby_link_event().
 */
void standby_link_timer(uint64_t now)
{
	for (struct hand *h = self.hand; h < self.hand + STANDBY_HANDS; h++) {
		if (h->phase != HAND_NONE && now >= h->until)
			drop(h, DROP_STANDBY_HANDSHAKE, now);
	}
	if (self.rest && now >= self.rest) {
		self.rest = 0;
		hear_accept();
	}
	/* It may have spoken while we were stopped */
	if (dead(now)) {
		receive(now);
		settle();
	}
	if (dead(now))
		end(COUNT_STANDBY_DEAD);
	standby_link_flush(now);
}

/**
 * standby_link_status() - How it stands
 * @s:		Filled
 */
void standby_link_status(struct standby_status *s)
{
	*s = (struct standby_status){
		.state = self.state, .why = self.why, .sessions = self.sessions,
		.minor = self.minor, .written = self.us.number, .acked = self.acked,
		.received = self.them.number, .unsent = (uint32_t)unsent(),
		.kept = (uint32_t)(self.good - self.tail),
	};
}
