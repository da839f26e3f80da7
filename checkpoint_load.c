// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * checkpoint_load.c - all of the program's state out of a stream of bytes
 *
 * Theory of operation
 *
 *	checkpoint_load()		NONE -> PREPARED, or NONE, PREPARED -> LOADED
 *	  then checkpoint_go()		LOADED -> NONE: everything goes on here
 *	  or checkpoint_forget()	-> NONE, without a packet: it goes on elsewhere
 *
 *   The order of things, and why, is in checkpoint.c.  An image may come from anybody:
 *   sections are taken in the order they come, each is checked for what others rely on,
 *   and one about a flow that was given up is passed over.  What the guest has (net.c) is
 *   taken before its flows, which are checked against it, and given back if they fail.
 */
#include "checkpoint_load.h"

#include <errno.h>
#include <string.h>

#include "block.h"
#include "conn.h"
#include "image.h"
#include "loop.h"
#include "net.h"
#include "pkt.h"
#include "repair.h"
#include "tap.h"
#include "tcp_fsm.h"
#include "tcp_image.h"
#include "udp_flow.h"
#include "udp_image.h"
#include "util.h"
#include "wire.h"

/**
 * struct checkpoint_load_self - state of this file
 * @report:	of the image being loaded, or loaded last
 * @kind:	what the image being loaded has
 * @at:		time of that image, ms since 1970; 0: PROGRAM is to come
 * @prepared:	time of the image of the flows that was loaded before; 0: none was
 * @id:		conn id of what has an index in the image; CONN_NONE: no such flow
 * @loading:	entry whose sections are being read, + 1; 0: none
 */
static struct {
	struct checkpoint_report *report;
	enum checkpoint_kind kind;
	uint64_t at;
	uint64_t prepared;
	uint64_t id[CONN_MAX];
	uint32_t loading;
} self;

/* checkpoint_load_init() - Begin anew */
void checkpoint_load_init(void)
{
	self.prepared = 0;
}

/* give_up() - The flow that is being loaded can not be */
static void give_up(struct conn *c, const char *why)
{
	checkpoint_lost(conn_text(c), why);
	self.loading = 0;
	if (c->kind == CONN_TCP)
		tcp_image_part(c);
	else
		conn_free(c);
}

/* complete() - All sections of the flow being loaded were read, if there is one */
static void complete(void)
{
	struct conn *c = self.loading ? conn_at(self.loading - 1) : NULL;

	self.loading = 0;
	if (!c)
		return;
	if (tcp_image_load_end(c))
		give_up(c, tcp_image_why());
	else
		checkpoint_tally(CONN_TCP);
}

/* has_state() - More is known of a flow than that there is one */
static bool has_state(const struct conn *c)
{
	return c->kind == CONN_TCP ? c->tcp.phase != PH_FREE : c->udp.born != 0;
}

/* sweep() - Flows that no state came for: they are gone, or could not be carried */
static void sweep(void)
{
	uint32_t i = 0;
	struct conn *c;

	while ((c = conn_next(&i))) {
		if (has_state(c))
			continue;
		if (c->kind == CONN_TCP)
			tcp_image_part(c);
		else
			conn_free(c);
	}
}

/* load_program() - Who wrote it, and when; 0, -EINVAL, -ESTALE */
static int load_program(struct pkt_reader *r)
{
	uint64_t at = pkt_be64(r), base;
	uint8_t kind = pkt_u8(r);

	base = pkt_be64(r);
	if (r->bad || self.at || !at || kind > CHECKPOINT_KIND_STATE)
		return -EINVAL;
	if (kind == CHECKPOINT_KIND_STATE && (!self.prepared || base != self.prepared))
		return checkpoint_failed(-ESTALE, "it is the state of flows that are not known here");
	if (kind != CHECKPOINT_KIND_STATE) {
		sweep();
		memset(self.id, 0, sizeof(self.id));
	}
	self.kind = (enum checkpoint_kind)kind;
	self.at = at;
	self.prepared = kind == CHECKPOINT_KIND_FLOWS ? at : 0;
	return 0;
}

/* make_room() - A flow of an earlier image is not what it was; 0, -EINVAL: it is */
static int make_room(struct conn *c)
{
	if (!c)
		return 0;
	if (self.kind != CHECKPOINT_KIND_STATE || has_state(c))
		return -EINVAL;
	if (c->kind == CONN_TCP)
		tcp_image_part(c);
	else
		conn_free(c);
	return 0;
}

/* load_ends() - A section FLOW: its entry; 0, -errno */
static int load_ends(struct pkt_reader *r)
{
	uint32_t index = pkt_be32(r);
	uint8_t kind = pkt_u8(r);
	struct conn_key key = { .proto = pkt_u8(r) };
	const uint8_t *guest, *far;
	bool hidden = !key.proto;
	struct conn *c;

	key.gport = pkt_be16(r);
	key.fport = pkt_be16(r);
	guest = pkt_take(r, sizeof(key.guest));
	far = pkt_take(r, sizeof(key.far));
	if (r->bad || index >= CONN_MAX)
		return -EINVAL;
	if (make_room(conn_get(self.id[index])))
		return -EINVAL;
	memcpy(&key.guest, guest, sizeof(key.guest));
	memcpy(&key.far, far, sizeof(key.far));
	if (hidden && kind == CONN_TCP)
		key.proto = WIRE_TCP;
	if (!(kind == CONN_TCP && key.proto == WIRE_TCP) &&
	    !(kind == CONN_UDP && key.proto == WIRE_UDP) &&
	    !(kind == CONN_ECHO && (key.proto == WIRE_ICMP4 || key.proto == WIRE_ICMP6)))
		return -EINVAL;
	/* A hidden one may have the key of another that came after it */
	if (!hidden && make_room(conn_find(&key)))
		return -EEXIST;
	c = conn_new((enum conn_kind)kind, &key);
	if (!c)
		return -ENOSPC;
	if (hidden)
		conn_hide(c);
	self.id[index] = conn_id(c);
	if (self.kind == CHECKPOINT_KIND_FLOWS)
		checkpoint_tally(c->kind);
	return 0;
}

/* flow_of() - The entry a section is about, NULL: it was given up; 0, -EINVAL: of none */
static int flow_of(struct pkt_reader *r, struct conn **c)
{
	uint32_t index = pkt_be32(r);

	if (r->bad || index >= CONN_MAX || self.id[index] == CONN_NONE)
		return -EINVAL;
	*c = conn_get(self.id[index]);
	return 0;
}

/* load_sock() - A section SOCK; 0, -EINVAL */
static int load_sock(struct pkt_reader *r)
{
	struct conn *c;

	if (flow_of(r, &c) || !c || c->kind != CONN_TCP || c->fd >= 0)
		return -EINVAL;
	return tcp_image_load_sock(c, r);
}

/* load_tcp() - A section TCP; 0, -EINVAL; a flow that can not be is given up */
static int load_tcp(struct pkt_reader *r, uint64_t now)
{
	uint64_t wall = loop_wall_ms();
	uint32_t away = (uint32_t)min_u64(wall > self.at ? wall - self.at : 0, UINT32_MAX);
	struct conn *c;

	if (flow_of(r, &c) || !c || c->kind != CONN_TCP || c->tcp.phase)
		return -EINVAL;
	if (tcp_image_load(c, r, away, now))
		give_up(c, tcp_image_why());
	else
		self.loading = conn_index(c) + 1;
	return 0;
}

/* load_queue() - A section QUEUE; 0, -EINVAL; a flow that can not be is given up */
static int load_queue(struct pkt_reader *r)
{
	struct conn *c;

	if (flow_of(r, &c))
		return -EINVAL;
	if (!c)
		return 0;
	if (self.loading != conn_index(c) + 1)
		return -EINVAL;
	if (tcp_image_load_queue(c, r))
		give_up(c, tcp_image_why());
	return 0;
}

/* load_udp() - A section UDP; 0, -EINVAL; a flow that can not be is given up */
static int load_udp(struct pkt_reader *r, uint64_t now)
{
	struct conn *c;
	int rc;

	if (flow_of(r, &c) || !c || (c->kind != CONN_UDP && c->kind != CONN_ECHO) || c->udp.born)
		return -EINVAL;
	rc = udp_image_load(c, r, now);
	if (rc)
		give_up(c, strerror(-rc));
	else
		checkpoint_tally(c->kind);
	return rc == -EINVAL ? rc : 0;
}

/* load_section() - One section; 0, -errno */
static int load_section(struct image_section *s, uint64_t now)
{
	bool state = self.kind != CHECKPOINT_KIND_FLOWS;

	/* One that nobody here knows does not end a flow either */
	if (s->type != IMAGE_QUEUE && !(s->type & IMAGE_SKIP))
		complete();
	if (s->type == IMAGE_PROGRAM)
		return load_program(&s->body);
	if (!self.at)
		return -EINVAL;
	if (s->type == IMAGE_NET)
		return net_load(&s->body);
	if (s->type == IMAGE_FLOW)
		return load_ends(&s->body);
	if (s->type == IMAGE_SOCK && !state)
		return load_sock(&s->body);
	if (s->type == IMAGE_TCP && state)
		return load_tcp(&s->body, now);
	if (s->type == IMAGE_QUEUE && state)
		return load_queue(&s->body);
	if (s->type == IMAGE_UDP && state)
		return load_udp(&s->body, now);
	return s->type & IMAGE_SKIP ? 0 : -EPROTONOSUPPORT;
}

/* load_all() - All sections; 0, -errno */
static int load_all(int fd, uint64_t now)
{
	struct image_section s;
	bool helped = repair_helped();
	int rc = image_read_begin(fd), more = 0;

	while (!rc && (more = image_next(&s)) > 0) {
		rc = load_section(&s, now);
		if (rc && !*self.report->error)
			(void)checkpoint_failed(rc, "section %u at byte %llu: %s", s.type,
				     (unsigned long long)s.at, strerror(-rc));
	}
	if (!rc && !more)
		complete();
	if (!rc && more < 0)
		rc = more;
	if (!rc && !self.at)
		rc = checkpoint_failed(-EINVAL, "it is empty");
	if (rc && !*self.report->error)
		(void)checkpoint_failed(rc, "%s", image_error());
	if (!rc)
		rc = checkpoint_deserted(helped);
	return rc;
}

/* give_up_all() - All flows go, without a packet */
static void give_up_all(void)
{
	uint32_t i = 0;
	struct conn *c;

	sweep();
	while ((c = conn_next(&i))) {
		if (c->kind == CONN_TCP)
			tcp_image_part(c);
		else if (c->kind == CONN_UDP || c->kind == CONN_ECHO)
			udp_flow_end(c);
	}
	self.prepared = 0;
}

/* leave_load() - What was loaded is a matter of the past */
static void leave_load(void)
{
	block_end();
	self.prepared = 0;
	checkpoint_enter(CHECKPOINT_NONE);
}

/**
 * checkpoint_load() - Take over all of the state, or prepare for it
 * @fd:		Where from; stays the caller's
 * @strict:	All flows, or nothing
 * @now:	Time, us
 *
 * For a program that has no flows yet, or is in CHECKPOINT_PREPARED.  Afterwards in
 * CHECKPOINT_LOADED, or in CHECKPOINT_PREPARED if the image has no state.
 *
 * Return: 0; -errno, checkpoint_report()->error: nothing was taken over.  Who was in
 *	   CHECKPOINT_PREPARED still is, and drops what comes: the address may lead here
 *	   already.  If the image was none at all the flows are known as before
 */
int checkpoint_load(int fd, bool strict, uint64_t now)
{
	bool prepared = checkpoint_state() == CHECKPOINT_PREPARED;
	int rc;

	self.report = checkpoint_begin();
	self.at = 0;
	self.loading = 0;
	net_keep();
	rc = checkpoint_powerless();
	checkpoint_enter(CHECKPOINT_LOADED);
	if (!rc)
		rc = load_all(fd, now);
	if (!rc && self.kind == CHECKPOINT_KIND_FLOWS)
		checkpoint_enter(CHECKPOINT_PREPARED);
	else if (!rc)
		sweep();
	if (!rc && strict && self.report->lost)
		rc = checkpoint_failed(-ECANCELED, "%u flows can not be carried", self.report->lost);
	self.report->deaf = block_complete();
	if (rc)
		net_back();
	if (rc && (self.at || !prepared))
		give_up_all();
	if (rc && prepared)
		checkpoint_enter(CHECKPOINT_PREPARED);
	else if (rc)
		leave_load();
	return checkpoint_end(rc, self.kind == CHECKPOINT_KIND_FLOWS ?
				  "of the flows taken over" : "taken over");
}

/* go() - A connection goes on, or is given up */
static void go(struct conn *c, uint64_t now)
{
	if (tcp_image_go(c, now))
		give_up(c, tcp_image_why());
}

/**
 * checkpoint_go() - The network leads here now: everything goes on
 * @now:	Time, us
 *
 * In CHECKPOINT_LOADED, else nothing happens.
 *
 * Return: 0; -EPERM, checkpoint_report()->error: everything is as before the call
 */
int checkpoint_go(uint64_t now)
{
	uint32_t i = 0;
	struct conn *c;
	int rc;

	if (checkpoint_state() != CHECKPOINT_LOADED)
		return 0;
	rc = checkpoint_powerless();
	if (rc)
		return rc;
	leave_load();
	/* Who rests can wait: of thousands most do */
	while ((c = conn_next(&i))) {
		if (c->kind == CONN_TCP && tcp_image_fresh(c))
			go(c, now);
	}
	tap_flush();
	i = 0;
	while ((c = conn_next(&i))) {
		if (c->kind == CONN_TCP && tcp_image_fresh(c))
			tcp_image_push(c, now);
	}
	tap_flush();
	i = 0;
	while ((c = conn_next(&i))) {
		if (c->kind == CONN_TCP && !tcp_image_fresh(c))
			go(c, now);
		else if (c->kind == CONN_TCP)
			tcp_image_settled(c);
	}
	return 0;
}

/**
 * checkpoint_forget() - It stays where it was: what was loaded goes, without a packet
 */
void checkpoint_forget(void)
{
	if (checkpoint_state() != CHECKPOINT_LOADED && checkpoint_state() != CHECKPOINT_PREPARED)
		return;
	give_up_all();
	leave_load();
}
