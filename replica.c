// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * replica.c - the state of the primary, as its journal tells it, ready to go on
 *
 * Theory of operation
 *
 *   A standby that is to go on at any instant has what a checkpoint of this instant
 *   would have.  It gets one whole state, and from then on what changes: bytes that came
 *   and went, and the state of the flows they belong to (journal.h).
 *
 *	JOURNAL_ALL  FLOW TCP IN OUT  FLOW UDP ...  UNIT	a whole state
 *	IN OUT TCP  GONE  ...  UNIT				a change
 *	...
 *	replica_write()						as an image: image.c
 *
 *   Bytes and state only make sense together, so nothing counts before the JOURNAL_UNIT
 *   behind it: a primary that dies in the middle of one has not written it.  Each flow
 *   has its state twice, the one that counts and the next one; and queues hold bytes that
 *   do not count yet behind those that do.
 *
 *	queue: [dropped by the next unit][stays] ok [comes with the next unit]
 *
 *   A whole state does not count before its end either, and takes its time: until then the
 *   one before does, if there is one.  So there are two sets of everything.
 *
 *   What is here was said by who has the key, but may be wrong all the same: each record is
 *   checked for what is relied on here, and one that is wrong ends the journal, with what
 *   counted before untouched.  Whether a flow makes sense is checked when it is restored
 *   (tcp_image.c), as of any image.
 *
 *   Bytes are in pieces of a pool of stated size.  A flow that finds none is lost: it is
 *   left out, and counted, and the others go on.
 *
 * Invariants
 *   P1  ok <= len of each queue
 *   P2  a flow that is touched is in the list of its set, once
 *   P3  the bytes of a flow that counts are as many as its state says
 */
#include "replica.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "image.h"
#include "journal.h"
#include "loop.h"
#include "timer.h"
#include "util.h"

enum {
	FLOWS		= TIMER_CONNS,
	QUEUES		= 2,		/* unread, sent */
	FLOW_MAX	= 48,		/* body of a section FLOW */
	STATE_MAX	= 320,		/* body of a section TCP or UDP */
	NET_MAX		= 256,		/* body of a section NET */
	ERROR_LEN	= 160,
	QUEUE_BODY	= 60 * 1024,	/* bytes of a section QUEUE */
	US_PER_MS	= 1000,
};

/* What is known of a flow: what counts, and what the next unit brings */
enum {
	KNOWN		= 1 << 0,	/* it counts */
	LOST		= 1 << 1,	/* its bytes are not all here */
	TOUCHED		= 1 << 2,	/* the next unit is about it */
	NEXT_STATE	= 1 << 3,	/* has another state */
	NEXT_BYTES	= 1 << 4,	/* has bytes that its next state does not have yet */
	NEXT_GONE	= 1 << 5,	/* has it no more */
};

/**
 * struct piece - some bytes of a queue
 * @next:	next one of the chain, or of the free list, index + 1; 0: last
 * @from:	first byte that counts
 * @to:		behind the last
 */
struct piece {
	uint32_t next;
	uint16_t from;
	uint16_t to;
};

/**
 * struct queue - bytes of one direction
 * @first:	first piece, index + 1; 0: none
 * @last:	last piece
 * @len:	bytes in all
 * @ok:		bytes that count, from the first on
 * @keep:	bytes there shall be behind the next unit: the last ones
 */
struct queue {
	uint32_t first;
	uint32_t last;
	uint32_t len;
	uint32_t ok;
	uint32_t keep;
};

/**
 * struct flow - a flow of the primary
 * @q:		its bytes
 * @flags:	KNOWN and so on
 * @type:	JOURNAL_TCP or JOURNAL_UDP: what the states are; 0: there was none
 * @now:	which of the states counts
 * @len:	length of each
 * @flow_len:	length of @flow
 * @flow:	body of its section FLOW
 * @state:	body of a section TCP or UDP
 */
struct flow {
	struct queue q[QUEUES];
	uint8_t flags;
	uint8_t type;
	uint8_t now;
	uint8_t flow_len;
	uint16_t len[2];
	uint8_t flow[FLOW_MAX];
	uint8_t state[2][STATE_MAX];
};

/**
 * struct set - a whole state
 * @counts:	at least one unit is complete
 * @high:	no flow has this index, or a higher one
 * @touched:	flows that the next unit is about
 * @touches:	how many
 * @epoch:	last boundary, 0: there was none
 * @net_len:	length of each @net
 * @net:	body of the section NET: what counts, and the next one
 * @flow:	by index
 */
struct set {
	bool counts;
	uint32_t high;
	uint32_t touches;
	uint64_t epoch;
	uint32_t net_len[2];
	uint8_t net[2][NET_MAX];
	uint32_t touched[FLOWS];
	struct flow flow[FLOWS];
};

/**
 * struct replica_self - state of this file
 * @now:	the set that counts
 * @next:	the set that records are about: another one while it is not complete
 * @begun:	records are about some set
 * @units:	complete ones
 * @at:		when the last one came, us
 * @free:	free pieces, index + 1; 0: none but those never used
 * @high:	pieces that were ever used
 * @used:	pieces in use
 * @error:	what was wrong with the last record that was
 * @set:	both
 * @piece:	chains
 * @data:	bytes of each piece
 */
static struct replica_self {
	uint8_t now;
	uint8_t next;
	bool begun;
	uint64_t units;
	uint64_t at;
	uint32_t free;
	uint32_t high;
	uint32_t used;
	char error[ERROR_LEN];
	struct set set[2];
	struct piece piece[REPLICA_PIECES];
	uint8_t data[REPLICA_PIECES][REPLICA_PIECE];
} *self;

/* wrong() - Say what is wrong with a record */
static int __attribute__((format(printf, 1, 2))) wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(self->error, sizeof(self->error), fmt, ap);
	va_end(ap);
	return -EPROTO;
}

/**
 * replica_error() - What was wrong with a record that replica_record() refused
 *
 * Return: text
 */
const char *replica_error(void)
{
	return self->error;
}

/* -------------------------------------------------------------------- queues */

static struct piece *piece_at(uint32_t index)
{
	return &self->piece[index - 1];
}

/* new_piece() - An empty piece, 0: there is none left */
static uint32_t new_piece(void)
{
	uint32_t p = self->free;

	if (p)
		self->free = piece_at(p)->next;
	else if (self->high < REPLICA_PIECES)
		p = ++self->high;
	else
		return 0;
	self->used++;
	*piece_at(p) = (struct piece){ 0 };
	return p;
}

/* drop() - The first bytes of a queue go; as many as it has, at most */
static void drop(struct queue *q, uint32_t n)
{
	while (n) {
		struct piece *p = piece_at(q->first);
		uint32_t has = (uint32_t)(p->to - p->from), use = min_u32(n, has), old = q->first;

		p->from = (uint16_t)(p->from + use);
		q->len -= use;
		n -= use;
		if (use < has)
			break;
		q->first = p->next;
		p->next = self->free;
		self->free = old;
		self->used--;
	}
	if (!q->first)
		q->last = 0;
}

/* append() - Bytes behind the others; false: there is no room */
static bool append(struct queue *q, const uint8_t *data, size_t len)
{
	while (len) {
		struct piece *p = q->last ? piece_at(q->last) : NULL;
		size_t n;

		if (!p || p->to == REPLICA_PIECE) {
			uint32_t fresh = new_piece();

			if (!fresh)
				return false;
			*(p ? &p->next : &q->first) = fresh;
			q->last = fresh;
			p = piece_at(fresh);
		}
		n = min_size(len, REPLICA_PIECE - p->to);
		memcpy(self->data[q->last - 1] + p->to, data, n);
		p->to = (uint16_t)(p->to + n);
		q->len += (uint32_t)n;
		data += n;
		len -= n;
	}
	return true;
}

/* -------------------------------------------------------------------- flows */

/* empty() - A flow's bytes go */
static void empty(struct flow *f)
{
	for (int i = 0; i < QUEUES; i++) {
		drop(&f->q[i], f->q[i].len);
		f->q[i] = (struct queue){ 0 };
	}
}

/* forget() - A set is empty */
static void forget(struct set *s)
{
	for (uint32_t i = 0; i < s->high; i++) {
		empty(&s->flow[i]);
		s->flow[i].flags = 0;
	}
	s->high = s->touches = s->net_len[0] = s->net_len[1] = 0;
	s->epoch = 0;
	s->counts = false;
}

/**
 * replica_init() - Begin anew: nothing is known
 *
 * The memory for all there may be, some 650 MiB, is taken the first time, and touched when
 * it is used.
 *
 * Return: 0; -ENOMEM
 */
int replica_init(void)
{
	void *p = self;

	if (!p)
		p = mmap(NULL, sizeof(*self), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	self = p;
	forget(&self->set[0]);
	forget(&self->set[1]);
	self->now = self->next = 0;
	self->begun = false;
	self->units = self->at = 0;
	self->error[0] = '\0';
	return 0;
}

/* touch() - The next unit is about a flow */
static void touch(struct set *s, struct flow *f)
{
	if (f->flags & TOUCHED)
		return;
	f->flags |= TOUCHED;
	s->touched[s->touches++] = (uint32_t)(f - s->flow);
}

/* flow_of() - The flow that a record is about, which there has to be; NULL: there is not */
static struct flow *flow_of(struct set *s, struct pkt_reader *r)
{
	uint32_t index = pkt_be32(r);
	struct flow *f = index < s->high ? &s->flow[index] : NULL;

	if (r->bad || !f || !f->flow_len || f->flags & NEXT_GONE ||
	    !(f->flags & (KNOWN | TOUCHED)))
		return NULL;
	return f;
}

/* begin_flow() - JOURNAL_FLOW; 0, -EPROTO */
static int begin_flow(struct set *s, struct pkt_reader *r)
{
	const uint8_t *body = r->p;
	size_t len = r->left;
	uint32_t index = pkt_be32(r);
	struct flow *f;

	if (r->bad || index >= FLOWS || len > FLOW_MAX)
		return wrong("a flow of %zu bytes", len);
	while (s->high <= index)
		s->flow[s->high++] = (struct flow){ .flags = 0 };
	f = &s->flow[index];
	if (f->flags & (KNOWN | TOUCHED))
		return wrong("flow %u began, and had not ended in a unit before", index);
	f->flags = 0;
	f->type = 0;
	f->flow_len = (uint8_t)len;
	memcpy(f->flow, body, len);
	touch(s, f);
	return 0;
}

/* state() - JOURNAL_TCP, JOURNAL_UDP; 0, -EPROTO */
static int state(struct set *s, uint32_t type, struct pkt_reader *r)
{
	uint32_t keep[QUEUES] = { 0, 0 };
	struct pkt_reader body;
	struct flow *f;
	uint8_t next;

	for (int i = 0; type == JOURNAL_TCP && i < QUEUES; i++)
		keep[i] = pkt_be32(r);
	body = *r;
	f = flow_of(s, r);
	if (!f)
		return wrong("the state of a flow that there is not");
	if (body.left > STATE_MAX || (f->type && f->type != type))
		return wrong("flow %u has a state of another kind", (uint32_t)(f - s->flow));
	for (int i = 0; i < QUEUES && !(f->flags & LOST); i++) {
		if (keep[i] > f->q[i].len)
			return wrong("flow %u: %u bytes in a queue that has %u",
				     (uint32_t)(f - s->flow), keep[i], f->q[i].len);
		f->q[i].keep = keep[i];
	}
	next = !f->now;
	f->type = (uint8_t)type;
	f->len[next] = (uint16_t)body.left;
	memcpy(f->state[next], body.p, body.left);
	f->flags |= NEXT_STATE;
	f->flags &= (uint8_t)~NEXT_BYTES;
	touch(s, f);
	return 0;
}

/* bytes() - JOURNAL_IN, JOURNAL_OUT; 0, -EPROTO */
static int bytes(struct set *s, int queue, struct pkt_reader *r)
{
	struct flow *f = flow_of(s, r);

	if (!f || f->type == JOURNAL_UDP)
		return wrong("bytes of a flow that there is not");
	f->flags |= NEXT_BYTES;
	touch(s, f);
	if (!(f->flags & LOST) && !append(&f->q[queue], r->p, r->left)) {
		empty(f);
		f->flags |= LOST;
	}
	return 0;
}

/* gone() - JOURNAL_GONE; 0, -EPROTO */
static int gone(struct set *s, struct pkt_reader *r)
{
	struct flow *f = flow_of(s, r);

	if (!f)
		return wrong("the end of a flow that there is not");
	f->flags |= NEXT_GONE;
	touch(s, f);
	return 0;
}

/* settle() - What a unit says about a flow counts from now on */
static void settle(struct flow *f)
{
	if (f->flags & NEXT_GONE) {
		empty(f);
		f->flags = 0;
		return;
	}
	for (int i = 0; i < QUEUES && f->type == JOURNAL_TCP && !(f->flags & LOST); i++) {
		struct queue *q = &f->q[i];

		drop(q, q->len - q->keep);
		q->ok = q->len;
	}
	if (f->flags & NEXT_STATE)
		f->now = !f->now;
	f->flags = KNOWN | (f->flags & LOST);
}

/* unit() - JOURNAL_UNIT: all that came since the last one counts, or nothing; 0, -EPROTO */
static int unit(struct set *s, struct pkt_reader *r, uint64_t now)
{
	uint64_t epoch = pkt_be64(r);

	if (r->bad)
		return wrong("a unit without a number");
	if (epoch && epoch <= s->epoch)
		return wrong("epoch %llu behind %llu", (unsigned long long)epoch,
			     (unsigned long long)s->epoch);
	for (uint32_t i = 0; i < s->touches; i++) {
		const struct flow *f = &s->flow[s->touched[i]];

		if (f->flags & NEXT_BYTES && !(f->flags & NEXT_GONE))
			return wrong("flow %u: bytes without its state behind them", s->touched[i]);
	}
	for (uint32_t i = 0; i < s->touches; i++)
		settle(&s->flow[s->touched[i]]);
	s->touches = 0;
	memcpy(s->net[0], s->net[1], s->net_len[1]);
	s->net_len[0] = s->net_len[1];
	s->epoch = epoch ? epoch : s->epoch;
	s->counts = true;
	if (self->now != self->next)
		forget(&self->set[self->now]);
	self->now = self->next;
	self->units++;
	self->at = now;
	return 0;
}

/* all() - JOURNAL_ALL: a whole state begins; the one that counts stays until it is complete */
static int all(void)
{
	self->next = self->set[self->now].counts ? !self->now : self->now;
	forget(&self->set[self->next]);
	self->begun = true;
	return 0;
}

/* put_net() - JOURNAL_NET; 0, -EPROTO */
static int put_net(struct set *s, const struct pkt_reader *r)
{
	if (r->left > NET_MAX)
		return wrong("a network of %zu bytes", r->left);
	memcpy(s->net[1], r->p, r->left);
	s->net_len[1] = (uint32_t)r->left;
	return 0;
}

/**
 * replica_record() - The next record of the journal
 * @type:	enum journal_record
 * @body:	What is in it
 * @now:	Time, us
 *
 * Return: 0; -EPROTO: it makes no sense, replica_error(): what counted still does, and
 *	   nothing is taken before the next JOURNAL_ALL
 */
int replica_record(uint32_t type, struct pkt_reader *body, uint64_t now)
{
	struct set *s = &self->set[self->next];
	int rc = -EPROTO;

	if (type != JOURNAL_ALL && !self->begun)
		return wrong("a record, and no whole state before it");
	switch (type) {
	case JOURNAL_ALL:
		return all();
	case JOURNAL_NET:
		rc = put_net(s, body);
		break;
	case JOURNAL_FLOW:
		rc = begin_flow(s, body);
		break;
	case JOURNAL_TCP:
	case JOURNAL_UDP:
		rc = state(s, type, body);
		break;
	case JOURNAL_IN:
	case JOURNAL_OUT:
		rc = bytes(s, type == JOURNAL_OUT, body);
		break;
	case JOURNAL_GONE:
		rc = gone(s, body);
		break;
	case JOURNAL_UNIT:
		rc = unit(s, body, now);
		break;
	default:
		rc = wrong("a record of type %u", type);
	}
	if (rc)
		self->begun = false;
	return rc;
}

/* -------------------------------------------------------------------- the image */

/* write_body() - A section with the body of a record; 0, -errno */
static int write_body(enum image_type type, const uint8_t *body, size_t len)
{
	pkt_put(image_section(type), body, len);
	return image_section_end();
}

/* write_queue() - Sections QUEUE of a flow; 0, -errno */
static int write_queue(const struct flow *f, int queue)
{
	const struct queue *q = &f->q[queue];
	uint32_t left = q->ok;
	int rc = 0;

	for (uint32_t p = q->first; left && !rc;) {
		struct pkt_writer *w = image_section(IMAGE_QUEUE);
		uint32_t room = QUEUE_BODY;

		pkt_put(w, f->flow, 4);
		pkt_put_u8(w, (uint8_t)queue);
		while (left && room >= REPLICA_PIECE) {
			const struct piece *x = piece_at(p);
			uint32_t n = min_u32((uint32_t)(x->to - x->from), left);

			pkt_put(w, self->data[p - 1] + x->from, n);
			room -= n;
			left -= n;
			p = x->next;
		}
		rc = image_section_end();
	}
	return rc;
}

/* write_flow() - All that counts of a flow; 0, -errno */
static int write_flow(const struct flow *f)
{
	bool tcp = f->type == JOURNAL_TCP;
	int rc = write_body(IMAGE_FLOW, f->flow, f->flow_len);

	if (!rc && f->type)
		rc = write_body(tcp ? IMAGE_TCP : IMAGE_UDP, f->state[f->now], f->len[f->now]);
	for (int i = 0; tcp && i < QUEUES && !rc; i++)
		rc = write_queue(f, i);
	return rc;
}

/**
 * replica_write() - Write what counts as an image, from which all can go on
 * @fd:		Where to
 * @now:	Time, us
 *
 * Return: 0; -ENODATA: there never was a whole state; -errno of the image, image_error()
 */
int replica_write(int fd, uint64_t now)
{
	const struct set *s = &self->set[self->now];
	struct pkt_writer *w;
	int rc;

	if (!s->counts)
		return -ENODATA;
	rc = image_write_begin(fd);
	if (rc)
		return rc;
	w = image_section(IMAGE_PROGRAM);
	pkt_put_be64(w, loop_wall_ms() - (now - self->at) / US_PER_MS);
	pkt_put_u8(w, 0);
	pkt_put_be64(w, 0);
	rc = image_section_end();
	if (!rc && s->net_len[0])
		rc = write_body(IMAGE_NET, s->net[0], s->net_len[0]);
	for (uint32_t i = 0; i < s->high && !rc; i++) {
		if ((s->flow[i].flags & (KNOWN | LOST)) == KNOWN)
			rc = write_flow(&s->flow[i]);
	}
	return rc ? rc : image_write_end();
}

/**
 * replica_status() - What there is
 * @st:		Filled
 */
void replica_status(struct replica_status *st)
{
	const struct set *s = &self->set[self->now];

	*st = (struct replica_status){ .pieces = self->used, .units = self->units,
				       .epoch = s->epoch };
	for (uint32_t i = 0; s->counts && i < s->high; i++) {
		st->flows += (s->flow[i].flags & (KNOWN | LOST)) == KNOWN;
		st->lost += (s->flow[i].flags & (KNOWN | LOST)) == (KNOWN | LOST);
	}
}
