// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * checkpoint.c - all of the program's state into a stream of bytes, and out of it
 *
 * Theory of operation
 *
 *	here					there
 *						NONE -- load flows --> PREPARED
 *	NONE -- save --> SAVED			NONE, PREPARED -- load --> LOADED
 *			  | part: exits				  | go: NONE
 *			  | resume: NONE			  | forget: exits
 *
 *   save: nobody is heard any more, neither who calls at a port nor what comes for a
 *   connection.  Then each flow is written.  What the host's kernel acknowledged to a
 *   remote end is in the image, and what is not in it comes again.
 *
 *   The network is led from here to there when the image is complete: while SAVED
 *   what comes for our addresses is dropped (block.c), or else each socket drops it, so
 *   that no packet finds a host without its connection, which would reset it.  There the
 *   same addresses are blocked until go.  How the network is led is not for us to know
 *   (doc/migration.md).
 *
 *   In two steps less is left for the time when all stands still: an image of the flows
 *   alone is written while they run, and there their sockets are begun.  The second image
 *   has their state, and both for flows that are new; those it does not have are gone.
 *
 *   Whatever fails while saving, the program goes on as before.  If passt-repair ended in
 *   the middle it does so once there is another one: what is written to a socket that is
 *   in repair mode would come back, and it can not even be closed as it should be.  So all
 *   stands still until then.
 *
 *   While loading, a flow that can not be is left out, and named; or, if asked so, nothing
 *   is taken at all.  Spliced connections end on this host's loopback and are never
 *   carried.
 *
 *   The image: PROGRAM, NET, then for each flow FLOW, with the index by which the
 *   others name it, then TCP and its QUEUEs, or UDP, then END.  That of the flows alone:
 *   FLOW and SOCK.
 */
#include "checkpoint.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "block.h"
#include "bound.h"
#include "conn.h"
#include "fwd_listen.h"
#include "image.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "repair.h"
#include "tcp_fsm.h"
#include "tcp_image.h"
#include "udp_flow.h"
#include "udp_image.h"
#include "util.h"
#include "wire.h"

enum { HALF_MAX = CHECKPOINT_LOST_MAX };

/* What an image has: member of PROGRAM, numbers never change meaning */
enum image_kind {
	KIND_WHOLE	= 0,
	KIND_FLOWS	= 1,		/* no state */
	KIND_STATE	= 2,		/* the state of what is in one of KIND_FLOWS, and new ones */
};

/**
 * struct checkpoint_self - state of this file
 * @state:	see there
 * @report:	of what was done last
 * @mode:	of the image being written
 * @filters:	each socket has a filter
 * @helped:	there was a helper when it was begun
 * @next:	where checkpoint_save_more() goes on in the table
 * @known:	the flow of each entry in the last image of the flows: the lower half of its
 *		conn id, + 1 if it is hidden; 0: it is not there
 * @known_at:	time of that image, ms since 1970; 0: none was written
 * @kind:	what the image being loaded has
 * @at:		time of the image being loaded, ms since 1970; 0: PROGRAM is to come
 * @prepared:	time of the image of the flows that was loaded before; 0: none was
 * @index:	index here, + 1, of what has an index in the image; 0: no such flow
 * @loading:	entry whose sections are being read, + 1; 0: none
 * @stuck:	in CHECKPOINT_SAVED: what was called off has to wait for a helper
 */
static struct {
	enum checkpoint_state state;
	struct checkpoint_report report;
	enum checkpoint_mode mode;
	bool filters;
	bool helped;
	uint32_t next;
	uint32_t known[CONN_MAX];
	uint64_t known_at;
	enum image_kind kind;
	uint64_t at;
	uint64_t prepared;
	uint32_t index[CONN_MAX];
	uint32_t loading;
	bool stuck;
} self;

/* checkpoint_init() - Begin anew */
void checkpoint_init(void)
{
	self.state = CHECKPOINT_NONE;
	self.known_at = 0;
	self.prepared = 0;
	block_end();
	self.stuck = false;
	repair_init();
}

/**
 * checkpoint_state() - Whether the program runs
 *
 * Return: CHECKPOINT_NONE if it does; else nothing but checkpoint_*() may be called
 */
enum checkpoint_state checkpoint_state(void)
{
	return self.state;
}

/**
 * checkpoint_report() - What became of the last one
 *
 * Return: report, good until the next checkpoint_save() or checkpoint_load()
 */
const struct checkpoint_report *checkpoint_report(void)
{
	return &self.report;
}

/* begin() - A report begins */
static void begin(void)
{
	memset(&self.report, 0, sizeof(self.report));
	self.report.us = loop_now();
}

/* end() - It is complete; return @rc */
static int end(int rc, const char *what)
{
	struct checkpoint_report *r = &self.report;

	r->us = loop_now() - r->us;
	r->bytes = image_offset();
	/* Who asked for it says so if it failed */
	if (!rc)
		info("Checkpoint %s: %u TCP, %u UDP, %u echo, %u not carried, %llu bytes, %llu us",
		     what, r->tcp, r->udp, r->echo, r->lost,
		     (unsigned long long)r->bytes, (unsigned long long)r->us);
	return rc;
}

/* failed() - All of it is wrong; return @rc */
static int __attribute__((format(printf, 2, 3))) failed(int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(self.report.error, sizeof(self.report.error), fmt, ap);
	va_end(ap);
	return rc;
}

/* lost() - Something is not carried */
static void lost(const char *what, const char *why)
{
	struct checkpoint_report *r = &self.report;

	if (r->lost < CHECKPOINT_LOST_MAX)
		(void)snprintf(r->text[r->lost], CHECKPOINT_TEXT, "%s: %s", what, why);
	r->lost++;
	warn("%s: not carried: %s", what, why);
}

/* powerless() - Nobody can switch repair mode; -EPERM, else 0 */
static int powerless(void)
{
	return repair_possible() ? 0 :
	       failed(-EPERM, "TCP_REPAIR needs CAP_NET_ADMIN, or passt-repair");
}

/* abandoned() - Sockets wait in repair mode for a helper */
static int abandoned(void)
{
	return failed(-EPIPE, "passt-repair ended in the middle: all stands still until there "
		      "is another one");
}

/* deserted() - Whether there was a helper, and is none any more; -EPIPE, else 0 */
static int deserted(bool helped)
{
	return helped && !repair_helped() ? failed(-EPIPE, "passt-repair ended in the middle") : 0;
}

/* ------------------------------------------------------------------------ save */

/* save_program() - Who we are, and when; 0, -errno */
static int save_program(enum image_kind kind)
{
	struct pkt_writer *w = image_section(IMAGE_PROGRAM);
	uint64_t at = loop_wall_ms();

	pkt_put_be64(w, at);
	pkt_put_u8(w, (uint8_t)kind);
	pkt_put_be64(w, kind == KIND_STATE ? self.known_at : 0);
	if (kind == KIND_FLOWS)
		self.known_at = at;
	return image_section_end();
}

/* save_ends() - The section FLOW; 0, -errno */
static int save_ends(const struct conn *c)
{
	struct pkt_writer *w = image_section(IMAGE_FLOW);

	pkt_put_be32(w, conn_index(c));
	pkt_put_u8(w, (uint8_t)c->kind);
	pkt_put_u8(w, c->key.proto);
	pkt_put_be16(w, c->key.gport);
	pkt_put_be16(w, c->key.fport);
	pkt_put(w, &c->key.guest, sizeof(c->key.guest));
	pkt_put(w, &c->key.far, sizeof(c->key.far));
	return image_section_end();
}

/* name() - The flow of an entry, by which @known has it: generations in use are odd */
static uint32_t name(const struct conn *c)
{
	return (uint32_t)conn_id(c) + !c->key.proto;
}

/* tally() - A flow of this kind is carried */
static void tally(enum conn_kind kind)
{
	struct checkpoint_report *r = &self.report;

	*(kind == CONN_TCP ? &r->tcp : kind == CONN_UDP ? &r->udp : &r->echo) += 1;
}

/* save_state() - What a flow is doing; 0, -errno of the image */
static int save_state(struct conn *c, uint64_t now)
{
	int rc;

	if (c->kind != CONN_TCP)
		rc = udp_image_save(c, now);
	else if (self.mode == CHECKPOINT_RUN)
		rc = tcp_image_save_running(c, now);
	else
		rc = tcp_image_save(c, self.report.deaf, now);
	if (rc > 0)
		tally(c->kind);
	else if (!rc)
		lost(conn_text(c), tcp_image_why());
	return rc < 0 ? rc : 0;
}

/* save_flow() - One flow, as far as it can be carried; 0, -errno of the image */
static int save_flow(struct conn *c, uint64_t now)
{
	uint32_t *known = &self.known[conn_index(c)];
	int rc = 0;

	if (c->kind == CONN_SPLICE) {
		if (self.mode != CHECKPOINT_FLOWS)
			lost(conn_text(c), "it ends on this host's loopback");
		return 0;
	}
	if (self.kind != KIND_STATE || *known != name(c))
		rc = save_ends(c);
	if (rc || self.kind != KIND_FLOWS)
		return rc ? rc : save_state(c, now);
	tally(c->kind);
	*known = name(c);
	return c->kind == CONN_TCP ? tcp_image_save_sock(c) : 0;
}

/* save_half() - Handshakes that nobody has completed, and that have no descriptor */
static void save_half(void)
{
	static struct ports ours;
	struct bound_half half[HALF_MAX];
	char text[CHECKPOINT_TEXT], peer[ADDR_TEXT];
	int n;

	fwd_listen_ports(WIRE_TCP, &ours);
	n = bound_half_open(&ours, half, HALF_MAX);
	for (int i = 0; i < n; i++) {
		(void)snprintf(text, sizeof(text), "%s, port %u, calls port %u",
			       addr_text(&half[i].peer, peer), half[i].pport, half[i].lport);
		lost(text, "its handshake is not complete");
	}
}

/* hush() - Connections hear nobody any more, if we may see to that ourselves */
static void hush(void)
{
	uint32_t i = 0;
	struct conn *c;
	int rc = 0;

	while (!rc && (c = conn_next(&i)))
		rc = c->kind == CONN_TCP ? tcp_image_block(c) : 0;
	self.filters = rc;
	if (rc) {
		block_end();
		rc = 0;
		i = 0;
		while (!rc && (c = conn_next(&i)))
			rc = c->kind == CONN_TCP ? tcp_image_hush(c) : 0;
	}
	self.report.deaf = !rc;
	if (rc)
		info("Sockets still hear (%s): the network has to be cut off meanwhile",
		     strerror(-rc));
}

/* unhush() - Hear everybody again */
static void unhush(void)
{
	block_end();
	fwd_listen_hush(false);
}

/* save_failed() - The program goes on as before; return @rc */
static int save_failed(int rc)
{
	if (!*self.report.error)
		(void)failed(rc, "%s", *image_error() ? image_error() : tcp_image_why());
	/* Who called brought all to rest */
	if (!checkpoint_resume())
		unhush();
	return end(rc, "written");
}

/**
 * checkpoint_save() - Begin to write all of the state
 * @fd:		Where to: file, pipe or socket; stays the caller's
 * @mode:	CHECKPOINT_HOLD, _EXIT: stand still afterwards, in CHECKPOINT_SAVED: the caller
 *		has called fwd_listen_hush(); else the program goes on
 * @known:	The reader has the last image of CHECKPOINT_FLOWS
 *
 * Return: 0: checkpoint_save_more() has to follow; -errno, checkpoint_report()->error:
 *	   the program goes on as before
 */
int checkpoint_save(int fd, enum checkpoint_mode mode, bool known)
{
	int rc = 0;

	begin();
	self.mode = mode;
	self.next = 0;
	self.kind = mode == CHECKPOINT_FLOWS ? KIND_FLOWS : known ? KIND_STATE : KIND_WHOLE;
	if (known && !self.known_at)
		rc = failed(-EINVAL, "no image of the flows was written before");
	if (!rc && mode != CHECKPOINT_FLOWS)
		rc = powerless();
	self.helped = repair_helped();
	if (rc)
		return save_failed(rc);
	self.state = CHECKPOINT_SAVED;
	/* Who goes on loses nothing by what comes meanwhile */
	if (mode == CHECKPOINT_HOLD || mode == CHECKPOINT_EXIT) {
		hush();
		save_half();
	}
	if (mode == CHECKPOINT_FLOWS)
		memset(self.known, 0, sizeof(self.known));
	rc = image_write_begin(fd);
	if (!rc)
		rc = save_program(self.kind);
	if (!rc)
		rc = net_save();
	return rc ? save_failed(rc) : 0;
}

/**
 * checkpoint_save_more() - Go on with that: CHECKPOINT_STEP flows
 * @now:	Time, us
 *
 * Return: 1: there are more; 0: it is complete; -errno, checkpoint_report()->error: the
 *	   program goes on as before
 */
int checkpoint_save_more(uint64_t now)
{
	struct conn *c = NULL;
	int rc = 0;

	for (int n = 0; n < CHECKPOINT_STEP && !rc && (c = conn_next(&self.next)); n++)
		rc = save_flow(c, now);
	if (!rc && c)
		return 1;
	if (!rc)
		rc = image_write_end();
	if (!rc)
		rc = deserted(self.helped);
	if (rc)
		return save_failed(rc);
	/* Nothing was touched, or goes on already */
	if (self.mode == CHECKPOINT_RUN || self.mode == CHECKPOINT_FLOWS)
		self.state = CHECKPOINT_NONE;
	return end(0, self.mode == CHECKPOINT_FLOWS ? "of the flows written" : "written");
}

/**
 * checkpoint_part() - It was handed over: all sockets go, without a packet
 *
 * The caller ends the program.
 *
 * Return: 0; -ESTALE, checkpoint_report()->error: something came meanwhile, which who
 *	   has the image lacks; -EPIPE: it was called off; everything is as before the call
 */
int checkpoint_part(void)
{
	uint32_t i = 0;
	struct conn *c;

	if (self.stuck)
		return abandoned();
	while ((c = conn_next(&i))) {
		if (c->kind == CONN_TCP && tcp_image_heard(c))
			return failed(-ESTALE, "%s: something came since the checkpoint",
				      conn_text(c));
	}
	i = 0;
	while ((c = conn_next(&i))) {
		if (c->kind == CONN_TCP)
			tcp_image_part(c);
	}
	return 0;
}

/**
 * checkpoint_resume() - It was not handed over: the program goes on
 *
 * Return: 0; -errno, checkpoint_report()->error: it can not yet, checkpoint_helped() will
 */
int checkpoint_resume(void)
{
	uint32_t i = 0, left = 0;
	struct conn *c;

	if (self.state != CHECKPOINT_SAVED)
		return 0;
	while ((c = conn_next(&i))) {
		if (c->kind == CONN_TCP)
			left += tcp_image_resume(c, self.filters) < 0;
	}
	self.stuck = left;
	if (left)
		return abandoned();
	self.filters = false;
	if (self.mode == CHECKPOINT_HOLD || self.mode == CHECKPOINT_EXIT)
		unhush();
	self.state = CHECKPOINT_NONE;
	return 0;
}

/**
 * checkpoint_helped() - There is a helper: what waited for one goes on
 */
void checkpoint_helped(void)
{
	if (!self.stuck)
		return;
	if (checkpoint_resume())
		warn("%s", self.report.error);
	else
		info("All goes on");
}

/* ------------------------------------------------------------------------ load */

/* give_up() - The flow that is being loaded can not be */
static void give_up(struct conn *c, const char *why)
{
	lost(conn_text(c), why);
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
		tally(CONN_TCP);
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
	if (r->bad || self.at || !at || kind > KIND_STATE)
		return -EINVAL;
	if (kind == KIND_STATE && (!self.prepared || base != self.prepared))
		return failed(-ESTALE, "it is the state of flows that are not known here");
	if (kind != KIND_STATE) {
		sweep();
		memset(self.index, 0, sizeof(self.index));
	}
	self.kind = (enum image_kind)kind;
	self.at = at;
	self.prepared = kind == KIND_FLOWS ? at : 0;
	return 0;
}

/* make_room() - A flow of an earlier image is not what it was; 0, -EINVAL: it is */
static int make_room(struct conn *c)
{
	if (!c)
		return 0;
	if (self.kind != KIND_STATE || has_state(c))
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
	if (self.index[index] && make_room(conn_at(self.index[index] - 1)))
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
	self.index[index] = conn_index(c) + 1;
	if (self.kind == KIND_FLOWS)
		tally(c->kind);
	return 0;
}

/* flow_of() - The entry a section is about, NULL: it was given up; 0, -EINVAL: of none */
static int flow_of(struct pkt_reader *r, struct conn **c)
{
	uint32_t index = pkt_be32(r);

	if (r->bad || index >= CONN_MAX || !self.index[index])
		return -EINVAL;
	*c = conn_at(self.index[index] - 1);
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
		tally(c->kind);
	return rc == -EINVAL ? rc : 0;
}

/* load_section() - One section; 0, -errno */
static int load_section(struct image_section *s, uint64_t now)
{
	bool state = self.kind != KIND_FLOWS;

	if (s->type != IMAGE_QUEUE)
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
		if (rc && !*self.report.error)
			(void)failed(rc, "section %u at byte %llu: %s", s.type,
				     (unsigned long long)s.at, strerror(-rc));
	}
	if (!rc && !more)
		complete();
	if (!rc && more < 0)
		rc = more;
	if (!rc && !self.at)
		rc = failed(-EINVAL, "it is empty");
	if (rc && !*self.report.error)
		(void)failed(rc, "%s", image_error());
	if (!rc)
		rc = deserted(helped);
	return rc;
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
 * Return: 0; -errno, checkpoint_report()->error: nothing was taken over, and nothing
 *	   that was prepared is left
 */
int checkpoint_load(int fd, bool strict, uint64_t now)
{
	int rc;

	begin();
	self.at = 0;
	self.loading = 0;
	tcp_image_load_begin();
	rc = powerless();
	self.state = CHECKPOINT_LOADED;
	if (!rc)
		rc = load_all(fd, now);
	if (!rc && self.kind == KIND_FLOWS)
		self.state = CHECKPOINT_PREPARED;
	else
		sweep();
	if (!rc && strict && self.report.lost)
		rc = failed(-ECANCELED, "%u flows can not be carried", self.report.lost);
	self.report.deaf = block_complete();
	if (rc)
		checkpoint_forget();
	return end(rc, self.kind == KIND_FLOWS ? "of the flows taken over" : "taken over");
}

/* leave_load() - What was loaded is a matter of the past */
static void leave_load(void)
{
	block_end();
	self.prepared = 0;
	self.state = CHECKPOINT_NONE;
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

	if (self.state != CHECKPOINT_LOADED)
		return 0;
	rc = powerless();
	if (rc)
		return rc;
	leave_load();
	while ((c = conn_next(&i))) {
		if (c->kind == CONN_TCP && tcp_image_go(c, now))
			give_up(c, tcp_image_why());
	}
	return 0;
}

/**
 * checkpoint_forget() - It stays where it was: what was loaded goes, without a packet
 */
void checkpoint_forget(void)
{
	uint32_t i = 0;
	struct conn *c;

	if (self.state != CHECKPOINT_LOADED && self.state != CHECKPOINT_PREPARED)
		return;
	sweep();
	while ((c = conn_next(&i))) {
		if (c->kind == CONN_TCP)
			tcp_image_part(c);
		else if (c->kind == CONN_UDP || c->kind == CONN_ECHO)
			udp_flow_end(c);
	}
	leave_load();
}
