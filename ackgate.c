// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ackgate.c - the host's kernel acknowledges only what is safe elsewhere
 *
 * Theory of operation
 *
 *   The kernel acknowledges bytes of a remote end when they arrive.  If this host dies
 *   before they are at the standby, the remote end believes them delivered, and nobody
 *   ever sends them again.  So its acknowledgements pass a gate: up to a committed number
 *   they leave, above it they wait until the number has risen.
 *
 *   Each connection and each listener has a slot, and its sockets have the slot's mark
 *   (SO_MARK), set before connect() or listen().  The life of one that calls:
 *
 *	ackgate_hold(s)			nothing is acknowledged; its SYN leaves
 *	connect(), it is writable	the kernel's first acknowledgement is held
 *	ackgate_begin(s, IRS + 1)	once the standby knows the connection
 *	ackgate_commit(s, n) ...	bytes below n are at the standby; memory is written,
 *	ackgate_flush()			and once for many of these: what waited leaves
 *	ackgate_may_end(s)		its FIN or RST may leave, or else is thrown away
 *	ackgate_free(s)			when the kernel has nothing more to say: closed, and
 *					its FIN acknowledged; not used again for a while
 *
 *   And of one that is called.  An accepted socket has the listener's mark at first, and
 *   so have its packets before that:
 *
 *	ackgate_hold(l, true)
 *	ackgate_event() = 1		a SYN-ACK is held: with all the standby has to know
 *	ackgate_release(l, ends, ack)	it knows; the SYN-ACK leaves, now or when it is sent
 *					again, which shows it again
 *	accept(), SO_MARK of slot s	s is held already
 *	ackgate_begin(s, ...)
 *	ackgate_adopt(l, ends, s)	what it sent before it had its mark belongs to s now
 *
 *   What waits is in a static pool, a list for each slot, in the order in which the kernel
 *   sent it, and leaves in that order, all of it: a sender counts acknowledgements.  When
 *   it is full the latest of a slot takes the place of the one before it, which it
 *   includes.  What finds no place is lost, as any packet may be; nothing leaves for want
 *   of room.
 *
 *   By the time it leaves, later segments may have left, since those with payload do not
 *   wait.  A number and a timestamp that are older than theirs would make the remote end
 *   ignore it (RFC 9293, 3.10.7.4; RFC 7323, 5.3), so it gets theirs.
 *
 *   A segment with payload left with its acknowledgement lowered.  Nobody will ever
 *   acknowledge what was left out, if nothing else happens: the remote end would wait for
 *   its time-out, and send it again.  When that is committed, an acknowledgement is written
 *   here from the headers of that segment.  See ackgate_prog.c for how none is missed.
 *
 * Invariants
 *
 *   I1  what is in a slot's list was sent in that order, unless it was replaced
 *   I2  a packet leaves from the list only if its acknowledgement is <= committed, or it
 *       was asked for with ackgate_release(), or its slot is free
 *   I3  committed does not go back
 *
 * It does not do
 *
 *   Anything about a path on which a packet leaves without passing one of the interfaces:
 *   the caller names all of them.
 */
#include "ackgate.h"

#include <errno.h>
#include <string.h>

#include "csum.h"
#include "log.h"
#include "pkt.h"
#include "seq.h"
#include "util.h"
#include "wire.h"

enum {
	NONE		= 0,		/* no packet: they are numbered from 1 */
	PER_SLOT	= ACKGATE_HELD / 4,	/* packets of one slot at most */
	BYTES		= 128,		/* of a packet: Ethernet, IPv6, TCP with all options */
	TS_AT		= sizeof(struct wire_tcp) + 4,	/* where the kernel puts tsval */
	TS_LEN		= 12,
	TCPOPT_TS	= 8,
	OFF_PLAIN	= 5 << 4,	/* header of TCP: 5 words */
	OFF_TS		= 8 << 4,
	IP_LEN4		= sizeof(struct wire_ip4),
	IP_LEN6		= sizeof(struct wire_ip6),
	L2		= sizeof(struct wire_eth),
	ECN_BITS	= 3,		/* of the traffic class (RFC 3168) */
};
_Static_assert(L2 + IP_LEN6 + 60 <= BYTES, "a packet without payload fits");

/**
 * struct held - a packet that waits
 * @next:	the one after it in its list, or NONE
 * @len:	its length
 * @iface:	by which it leaves
 * @l4:		where its TCP header begins
 * @ack:	what it acknowledges
 * @b:		from its Ethernet header
 */
struct held {
	uint16_t next;
	uint16_t len;
	uint8_t iface;
	uint8_t l4;
	uint32_t ack;
	uint8_t b[BYTES];
};

/**
 * struct list - packets of a slot that wait
 * @first:	NONE if there are none
 * @last:	likewise
 * @count:	how many
 * @pending:	it is in the list of slots for ackgate_flush()
 * @next:	the slot after it there, plus 1
 */
struct list {
	uint16_t first;
	uint16_t last;
	uint16_t count;
	bool pending;
	uint32_t next;
};

/**
 * struct ackgate_self - state of this file
 * @slot:	all slots, shared with the kernel; NULL: there is no gate
 * @slots:	how many
 * @pending:	first slot that ackgate_flush() has to look at, plus 1
 * @unused:	first packet of the pool that is not used
 * @counts:	what happened
 * @list:	by slot
 * @held:	the pool; the first is not used
 */
static struct {
	struct ackgate_slot *slot;
	uint32_t slots;
	uint32_t pending;
	uint16_t unused;
	struct ackgate_counts counts;
	struct list list[ACKGATE_SLOTS];
	struct held held[ACKGATE_HELD + 1];
} self;
_Static_assert(ACKGATE_HELD < UINT16_MAX, "numbers of packets fit");
_Static_assert(ACKGATE_SLOTS < 1 << ACKGATE_NUMBER, "numbers of slots fit");

/* Numbers that are shared with the program: read and written once, whole */
static uint32_t get(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void set(uint32_t *p, uint32_t v)
{
	volatile uint32_t *at = p;

	__atomic_thread_fence(__ATOMIC_RELEASE);
	*at = v;
}

/* -------------------------------------------------------------------- packets */

/* Two NOP, then a timestamp, 10 bytes: so the kernel writes it (RFC 7323, appendix A) */
static const uint8_t ts_head[4] = { TCPOPT_NOP_, TCPOPT_NOP_, TCPOPT_TS, 10 };

/* tcp_of() - TCP header of a packet */
static struct wire_tcp *tcp_of(uint8_t *b, unsigned l4)
{
	return (struct wire_tcp *)(b + l4);
}

/* put_csum() - Compute the checksum of a segment without payload */
static void put_csum(uint8_t *b, unsigned l4, unsigned len)
{
	bool is4 = l4 == L2 + IP_LEN4;
	struct wire_tcp *t = tcp_of(b, l4);
	uint8_t pseudo[4] = { 0, WIRE_TCP };
	unsigned addrs = is4 ? 8 : 32;
	uint64_t sum;
	uint16_t c;

	memset(t->csum, 0, sizeof(t->csum));
	put_be16(pseudo + 2, (uint16_t)(len - l4));
	sum = csum_add(0, b + l4 - addrs, addrs);
	sum = csum_add(sum, pseudo, sizeof(pseudo));
	c = csum_fold(csum_add(sum, t, len - l4));
	memcpy(t->csum, &c, sizeof(c));
}

/* has_ts() - Whether a timestamp is where the kernel puts it */
static bool has_ts(const struct wire_tcp *t, size_t len)
{
	return t->off >= OFF_TS && len >= sizeof(*t) + TS_LEN &&
	       !memcmp(t + 1, ts_head, sizeof(ts_head));
}

/* renew() - A packet that waited is not older than what left meanwhile */
static void renew(const struct ackgate_slot *s, struct held *h)
{
	struct wire_tcp *t = tcp_of(h->b, h->l4);
	uint32_t nxt = get(&s->nxt), tsval = get(&s->tsval);
	bool changed = false;

	if (t->flags & TCP_SYN)
		return;
	if (get(&s->seen) && seq_lt(get_be32(t->seq), nxt)) {
		put_be32(t->seq, nxt);
		changed = true;
	}
	if (get(&s->has_ts) && has_ts(t, (size_t)(h->len - h->l4)) &&
	    seq_lt(get_be32(h->b + h->l4 + TS_AT), get_be32(&tsval))) {
		memcpy(h->b + h->l4 + TS_AT, &tsval, sizeof(tsval));
		changed = true;
	}
	if (changed)
		put_csum(h->b, h->l4, h->len);
}

/* parse() - Where TCP begins, in frames of the program; 0: it is not such a frame */
static uint8_t parse(const uint8_t *b, size_t len)
{
	const struct wire_ip4 *ip = (const struct wire_ip4 *)(b + L2);
	unsigned l4 = 0;

	if (len >= L2 + IP_LEN4 && ip->ver_ihl == 0x45 && ip->proto == WIRE_TCP)
		l4 = L2 + IP_LEN4;
	else if (len >= L2 + IP_LEN6 && b[L2] >> 4 == 6 &&
		 b[L2 + offsetof(struct wire_ip6, next)] == WIRE_TCP)
		l4 = L2 + IP_LEN6;
	return len >= l4 + sizeof(struct wire_tcp) && len <= BYTES ? (uint8_t)l4 : 0;
}

/* read_ends() - Whose packet it is */
static struct ackgate_ends read_ends(const struct held *h)
{
	const struct wire_tcp *t = (const struct wire_tcp *)(h->b + h->l4);
	const uint8_t *end = h->b + h->l4;
	bool is4 = h->l4 == L2 + IP_LEN4;

	return (struct ackgate_ends){
		.local = is4 ? addr_from4(end - 8) : addr_from6(end - 32),
		.remote = is4 ? addr_from4(end - 4) : addr_from6(end - 16),
		.lport = get_be16(t->sport),
		.rport = get_be16(t->dport),
	};
}

/* same_ends() - Whether a packet is of this connection */
static bool same_ends(const struct held *h, const struct ackgate_ends *e)
{
	struct ackgate_ends is = read_ends(h);

	return is.lport == e->lport && is.rport == e->rport &&
	       addr_eq(&is.local, &e->local) && addr_eq(&is.remote, &e->remote);
}

/* read_option() - Note one of the options of a SYN-ACK */
static void read_option(struct ackgate_seen *seen, uint8_t type, struct pkt_reader v)
{
	if (type == TCPOPT_MSS)
		seen->mss = pkt_be16(&v);
	if (type == TCPOPT_WSCALE)
		seen->wscale = (int8_t)pkt_u8(&v);
	if (type == TCPOPT_SACK_OK)
		seen->sack = true;
	if (type == TCPOPT_TS) {
		seen->ts = true;
		seen->tsval = pkt_be32(&v);
		seen->tsecr = pkt_be32(&v);
	}
}

/* show() - What a packet says that is held for a listener */
static void show(uint32_t slot, const struct held *h, struct ackgate_seen *seen)
{
	const struct wire_tcp *t = (const struct wire_tcp *)(h->b + h->l4);
	struct pkt_reader r = pkt_reader(t + 1, h->len - h->l4 - sizeof(*t));

	*seen = (struct ackgate_seen){
		.slot = slot, .ends = read_ends(h), .seq = get_be32(t->seq), .ack = h->ack,
		.syn = t->flags & TCP_SYN, .wscale = -1,
	};
	while (seen->syn && r.left) {
		uint8_t type = pkt_u8(&r), len;

		if (type == TCPOPT_END)
			break;
		if (type == TCPOPT_NOP_)
			continue;
		len = pkt_u8(&r);
		if (len < 2)
			break;
		read_option(seen, type, pkt_sub(&r, len - 2U));
	}
}

/* -------------------------------------------------------------------- what waits */

/* unlink_first() - Take the first packet out of a list */
static struct held *unlink_first(struct list *l)
{
	struct held *h = &self.held[l->first];

	l->first = h->next;
	l->count--;
	if (l->first == NONE)
		l->last = NONE;
	return h;
}

/* append() - Put a packet at the end of a list */
static void append(struct list *l, struct held *h)
{
	uint16_t n = (uint16_t)(h - self.held);

	h->next = NONE;
	if (l->last == NONE)
		l->first = n;
	else
		self.held[l->last].next = n;
	l->last = n;
	l->count++;
}

/* discard() - Its place in the pool is free */
static void discard(struct held *h)
{
	h->next = self.unused;
	self.unused = (uint16_t)(h - self.held);
}

/* leave() - A packet that is in no list any more leaves */
static void leave(struct held *h)
{
	if (ackgate_tcx_write(h->iface, h->b, h->len))
		self.counts.released++;
	else
		self.counts.lost++;
	discard(h);
}

/* put_ip() - The IP header of a segment made of another one's: no payload, no ECN */
static void put_ip(struct held *h)
{
	struct wire_ip4 *ip = (struct wire_ip4 *)(h->b + L2);
	uint16_t c;

	if (h->l4 != L2 + IP_LEN4) {
		put_be16(h->b + L2 + offsetof(struct wire_ip6, len),
			 (uint16_t)(h->len - h->l4));
		h->b[L2 + 1] &= (uint8_t)~(ECN_BITS << 4);
		return;
	}
	ip->tos &= (uint8_t)~ECN_BITS;
	put_be16(ip->len, (uint16_t)(h->len - L2));
	memset(ip->csum, 0, sizeof(ip->csum));
	c = csum_fold(csum_add(0, ip, sizeof(*ip)));
	memcpy(ip->csum, &c, sizeof(c));
}

/* make_owed() - An acknowledgement of the headers that were noted; false: they are not whole */
static bool make_owed(const struct ackgate_slot *s, struct held *h)
{
	struct wire_tcp *t;

	h->l4 = (uint8_t)get(&s->hlen);
	if (BUG_ON(h->l4 != L2 + IP_LEN4 && h->l4 != L2 + IP_LEN6))
		return false;
	t = tcp_of(h->b, h->l4);
	memcpy(h->b, s->head, h->l4 + sizeof(*t));
	h->len = (uint16_t)(h->l4 + sizeof(*t));
	put_be32(t->seq, get(&s->nxt));
	put_be32(t->ack, h->ack);
	t->off = OFF_PLAIN;
	t->flags = TCP_ACK;
	memset(t->urg, 0, sizeof(t->urg));
	if (get(&s->has_ts)) {
		uint8_t *o = h->b + h->len;
		uint32_t tsval = get(&s->tsval), tsecr = get(&s->tsecr);

		memcpy(o, ts_head, sizeof(ts_head));
		memcpy(o + 4, &tsval, sizeof(tsval));
		memcpy(o + 8, &tsecr, sizeof(tsecr));
		h->len += TS_LEN;
		t->off = OFF_TS;
	}
	put_ip(h);
	put_csum(h->b, h->l4, h->len);
	/* The program may have noted another one meanwhile */
	return get(&s->owed_ack) == h->ack;
}

/*
 * write_owed() - Give the acknowledgement that is owed, if that may leave
 *
 * The note is cleared first: what the program notes from then on is not lost.
 */
static void write_owed(struct ackgate_slot *s)
{
	int iface = ackgate_tcx_which(get(&s->ifindex)), tries = 4;
	struct held h = { 0 };

	if (!get(&s->owed) || iface < 0)
		return;
	__atomic_exchange_n(&s->owed, 0, __ATOMIC_SEQ_CST);
	do {
		h.ack = get(&s->owed_ack);
		if (s->mode != ACKGATE_FREE && seq_gt(h.ack, s->committed)) {
			__atomic_exchange_n(&s->owed, 1, __ATOMIC_SEQ_CST);
			return;
		}
	} while (!make_owed(s, &h) && --tries);
	if (tries && ackgate_tcx_write((unsigned)iface, h.b, h.len))
		self.counts.written++;
}

/* settle() - All of a slot that may leave, leaves */
static void settle(uint32_t n)
{
	struct ackgate_slot *s = &self.slot[n];
	struct list *l = &self.list[n];

	while (l->first != NONE && (s->mode == ACKGATE_FREE ||
				    seq_le(self.held[l->first].ack, s->committed))) {
		struct held *h = unlink_first(l);

		renew(s, h);
		/* What is owed is in here: a second one would look like a loss */
		if (get(&s->owed) && seq_ge(h->ack, get(&s->owed_ack)))
			set(&s->owed, 0);
		leave(h);
	}
	write_owed(s);
}

/* pend() - ackgate_flush() has to look at a slot */
static void pend(uint32_t n)
{
	struct list *l = &self.list[n];

	if (l->pending)
		return;
	l->pending = true;
	l->next = self.pending;
	self.pending = n + 1;
}

/* forget() - What waits is thrown away: its connection is another one */
static void forget(uint32_t n)
{
	struct list *l = &self.list[n];

	while (l->first != NONE)
		discard(unlink_first(l));
}

/* place_for() - Where to put the next packet of a slot; NULL: nowhere */
static struct held *place_for(uint32_t n)
{
	struct list *l = &self.list[n];
	struct held *h;

	if (self.unused != NONE && l->count < PER_SLOT) {
		h = &self.held[self.unused];
		self.unused = h->next;
		append(l, h);
		return h;
	}
	/* A listener's are of many connections: the later does not include the earlier */
	if (l->last == NONE || self.slot[n].mode != ACKGATE_COMMIT) {
		self.counts.lost++;
		return NULL;
	}
	self.counts.replaced++;
	return &self.held[l->last];
}

/* keep() - A packet that was diverted waits; NULL: it does not, there is no place */
static struct held *keep(uint32_t n, unsigned iface, const uint8_t *b, size_t len)
{
	uint8_t l4 = parse(b, len);
	uint16_t next;
	struct held *h;

	if (BUG_ON(!l4))
		return NULL;
	self.counts.held++;
	h = place_for(n);
	if (!h)
		return NULL;
	next = h->next;
	*h = (struct held){
		.next = next, .len = (uint16_t)len, .iface = (uint8_t)iface, .l4 = l4,
		.ack = get_be32(((const struct wire_tcp *)(b + l4))->ack),
	};
	memcpy(h->b, b, len);
	return h;
}

/* -------------------------------------------------------------------- from outside */

/* known() - Whether there is a gate, and such a slot */
static bool known(uint32_t slot)
{
	return self.slot && !BUG_ON(slot >= self.slots);
}

/**
 * ackgate_open() - Set up the best gate that there can be
 * @conf:	Where, for whom; conf->slots up to ACKGATE_SLOTS
 * @best:	No better one than this
 *
 * It says which one it is.
 *
 * Return: enum ackgate_kind: ACKGATE_NONE: caller decides whether to go on without;
 *	   -EADDRINUSE: this owner has a gate already; -EINVAL: conf is wrong
 */
int ackgate_open(const struct ackgate_conf *conf, enum ackgate_kind best)
{
	int rc;

	if (!conf->ifs || conf->ifs > ACKGATE_IFS || !conf->slots || conf->slots > ACKGATE_SLOTS)
		return -EINVAL;
	ackgate_close();
	self.slots = conf->slots;
	for (int i = 1; i < ACKGATE_HELD; i++)
		self.held[i].next = (uint16_t)(i + 1);
	self.held[ACKGATE_HELD].next = NONE;
	self.unused = 1;
	if (best == ACKGATE_NONE)
		return ACKGATE_NONE;
	rc = ackgate_tcx_open(conf, &self.slot);
	if (rc == -EADDRINUSE || rc == -EINVAL)
		return rc;
	if (rc) {
		warn_errno(-rc, "No gate for acknowledgements, as root there could be one");
		return ACKGATE_NONE;
	}
	info("Acknowledgements wait at a program in the kernel, marks %#x to %#x%s",
	     ackgate_mark(0), ackgate_mark(conf->slots - 1),
	     conf->pin ? ", which outlives this process" : "");
	return ACKGATE_TCX;
}

/**
 * ackgate_close() - No gate any more: the kernel may send what it likes
 *
 * What waits is thrown away.  May be called again.
 */
void ackgate_close(void)
{
	ackgate_tcx_close();
	self.slot = NULL;
	self.pending = 0;
	memset(self.list, 0, self.slots * sizeof(self.list[0]));
	self.counts = (struct ackgate_counts){ 0 };
}

/* ackgate_fd() - Descriptor of an interface, readable: call ackgate_event() */
int ackgate_fd(unsigned i)
{
	return ackgate_tcx_fd(i);
}

/* ackgate_mark() - What SO_MARK is set to on sockets of a slot; 0: there is no gate */
uint32_t ackgate_mark(uint32_t slot)
{
	return known(slot) ? ackgate_tcx_mark() + slot : 0;
}

/* ackgate_counts() - What happened so far */
const struct ackgate_counts *ackgate_counts(void)
{
	return &self.counts;
}

/* ackgate_slot() - What is known of a slot; NULL: there is no gate */
const struct ackgate_slot *ackgate_slot(uint32_t slot)
{
	return known(slot) ? &self.slot[slot] : NULL;
}

/**
 * ackgate_free() - All packets of a slot leave from now on, and what waits does too
 * @slot:	Which
 */
void ackgate_free(uint32_t slot)
{
	if (!known(slot))
		return;
	set(&self.slot[slot].mode, ACKGATE_FREE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	settle(slot);
}

/**
 * ackgate_hold() - A slot begins: nothing is acknowledged
 * @slot:	Which; its sockets get its mark after this
 * @listener:	What is held is shown by ackgate_event()
 */
void ackgate_hold(uint32_t slot, bool listener)
{
	struct ackgate_slot *s;
	uint32_t turn;

	if (!known(slot))
		return;
	s = &self.slot[slot];
	forget(slot);
	turn = s->turn + 1;
	set(&s->mode, listener ? ACKGATE_LISTEN : ACKGATE_HOLD);
	memset(&s->committed, 0, sizeof(*s) - offsetof(struct ackgate_slot, committed));
	set(&s->turn, turn);
}

/**
 * ackgate_begin() - From now on what is committed may be acknowledged
 * @slot:	That is held
 * @committed:	Number of the next byte; IRS + 1 at first
 * @wscale:	Shift of the window that this kernel announces, 0 if there is none
 *
 * ackgate_flush() lets leave what may.
 */
void ackgate_begin(uint32_t slot, uint32_t committed, uint8_t wscale)
{
	struct ackgate_slot *s;

	if (!known(slot))
		return;
	s = &self.slot[slot];
	set(&s->committed, committed);
	set(&s->wscale, wscale);
	set(&s->mode, ACKGATE_COMMIT);
	pend(slot);
}

/**
 * ackgate_commit() - The remote end's bytes are safe up to here
 * @slot:	After ackgate_begin()
 * @committed:	Number of the byte after them; one that is not higher changes nothing
 *
 * Costs no system call.  What waits for it leaves with ackgate_flush().
 */
void ackgate_commit(uint32_t slot, uint32_t committed)
{
	struct ackgate_slot *s;
	struct list *l;

	if (!known(slot))
		return;
	s = &self.slot[slot];
	l = &self.list[slot];
	if (s->mode != ACKGATE_COMMIT || !seq_gt(committed, s->committed))
		return;
	set(&s->committed, committed);
	/* Written before the note is looked for: see ackgate_prog.c */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (l->first != NONE || get(&s->owed))
		pend(slot);
}

/* ackgate_may_end() - Whether FIN and RST of a slot may leave; not at first */
void ackgate_may_end(uint32_t slot, bool may)
{
	if (known(slot))
		set(&self.slot[slot].may_end, may);
}

/**
 * ackgate_flush() - All that was committed since the last time leaves
 */
void ackgate_flush(void)
{
	while (self.pending) {
		uint32_t n = self.pending - 1;

		self.pending = self.list[n].next;
		self.list[n].pending = false;
		settle(n);
	}
}

/**
 * ackgate_event() - Take in what was diverted; call it until it returns 0
 * @i:		Interface whose descriptor is readable
 * @seen:	Set if it returns 1
 *
 * Return: 0: nothing more; 1: a packet is held for a listener: ackgate_release() or
 *	   ackgate_adopt() when that may leave, there may be more; -errno: the device is
 *	   gone, nothing is acknowledged any more
 */
int ackgate_event(unsigned i, struct ackgate_seen *seen)
{
	uint8_t frame[ACKGATE_FRAME];
	struct held *h;
	uint32_t n;
	ssize_t len;

	if (!self.slot)
		return 0;
	while ((len = ackgate_tcx_read(i, frame, &n)) > 0) {
		if (n >= self.slots)
			continue;
		h = keep(n, i, frame, (size_t)len);
		if (h && self.slot[n].mode == ACKGATE_LISTEN) {
			show(n, h, seen);
			return 1;
		}
		if (self.slot[n].mode == ACKGATE_COMMIT || self.slot[n].mode == ACKGATE_FREE)
			settle(n);
	}
	return (int)len;
}

/* take() - Packets of a connection, up to a number, out of a listener's list into another */
static void take(uint32_t slot, const struct ackgate_ends *ends, uint32_t upto, bool all,
		 struct list *to)
{
	struct list *l = &self.list[slot], rest = { 0 };

	while (l->first != NONE) {
		struct held *h = unlink_first(l);

		if (same_ends(h, ends) && (all || seq_le(h->ack, upto)))
			append(to, h);
		else
			append(&rest, h);
	}
	l->first = rest.first;
	l->last = rest.last;
	l->count = rest.count;
}

/**
 * ackgate_release() - Let leave what a listener holds of a connection
 * @slot:	Of the listener
 * @ends:	The connection
 * @upto:	If it acknowledges no more than this; of the SYN-ACK what was shown
 */
void ackgate_release(uint32_t slot, const struct ackgate_ends *ends, uint32_t upto)
{
	struct list out = { 0 };

	if (!known(slot))
		return;
	take(slot, ends, upto, false, &out);
	while (out.first != NONE)
		leave(unlink_first(&out));
}

/**
 * ackgate_adopt() - What a listener holds of a connection belongs to its own slot now
 * @listener:	Slot of the listener
 * @ends:	The connection, whose socket has the mark of @slot already
 * @slot:	After ackgate_begin(); what is committed leaves with ackgate_flush()
 */
void ackgate_adopt(uint32_t listener, const struct ackgate_ends *ends, uint32_t slot)
{
	struct list early = { 0 }, late;

	if (!known(listener) || !known(slot))
		return;
	/* They were sent before what it holds itself */
	take(listener, ends, 0, true, &early);
	late = self.list[slot];
	while (late.first != NONE)
		append(&early, unlink_first(&late));
	self.list[slot].first = early.first;
	self.list[slot].last = early.last;
	self.list[slot].count = early.count;
	pend(slot);
}
