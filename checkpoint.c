// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * checkpoint.c - all of the program's state into a stream of bytes, and out of it
 *
 * Theory of operation
 *
 *	here					there
 *	NONE -- save --> SAVED			NONE -- load --> LOADED
 *			  | part: exits				  | go: NONE
 *			  | resume: NONE			  | forget: exits
 *
 *   save: nobody is heard any more, neither who calls at a port nor what comes for a
 *   connection.  Then each flow is written.  What the host's kernel acknowledged to a
 *   remote end is in the image, and what is not in it comes again.
 *
 *   The network is led from here to there when the image is complete: while SAVED
 *   sockets are open they drop what comes, so that no packet finds a host without its
 *   connection, which would reset it.  How it is led is not for us to know
 *   (doc/migration.md).
 *
 *   Whatever fails while saving, the program goes on as before.  While loading, a flow
 *   that can not be is left out, and named; or, if asked so, nothing is taken at all.
 *   Spliced connections end on this host's loopback and are never carried.
 *
 *   The image: PROGRAM, NET, then for each flow FLOW, with the index by which the
 *   others name it, then TCP and its QUEUEs, or UDP, then END.
 */
#include "checkpoint.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

/**
 * struct checkpoint_self - state of this file
 * @state:	see there
 * @report:	of what was done last
 * @at:		time of the image being loaded, ms since 1970
 * @index:	index here, + 1, of what has an index in the image; 0: no such flow
 * @loading:	entry whose sections are being read, + 1; 0: none
 */
static struct {
	enum checkpoint_state state;
	struct checkpoint_report report;
	uint64_t at;
	uint32_t index[CONN_MAX];
	uint32_t loading;
} self;

/* checkpoint_init() - Begin anew */
void checkpoint_init(void)
{
	self.state = CHECKPOINT_NONE;
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

/* lost() - A flow is not carried */
static void lost(const struct conn *c, const char *why)
{
	struct checkpoint_report *r = &self.report;

	if (r->lost < CHECKPOINT_LOST_MAX)
		(void)snprintf(r->text[r->lost], CHECKPOINT_TEXT, "%s: %s", conn_text(c), why);
	r->lost++;
	warn("%s: not carried: %s", conn_text(c), why);
}

/* ------------------------------------------------------------------------ save */

/* save_program() - Who we are, and when; 0, -errno */
static int save_program(void)
{
	struct pkt_writer *w = image_section(IMAGE_PROGRAM);
	uint64_t at = loop_wall_ms();

	pkt_put_be32(w, (uint32_t)(at >> 32));
	pkt_put_be32(w, (uint32_t)at);
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

/* save_flow() - One flow, as far as it can be carried; 0, -errno of the image */
static int save_flow(struct conn *c, uint64_t now)
{
	int rc;

	if (c->kind == CONN_SPLICE) {
		lost(c, "it ends on this host's loopback");
		return 0;
	}
	rc = save_ends(c);
	if (rc)
		return rc;
	if (c->kind != CONN_TCP) {
		rc = udp_image_save(c, now);
		*(c->kind == CONN_UDP ? &self.report.udp : &self.report.echo) += 1;
		return rc;
	}
	rc = tcp_image_save(c, now);
	if (!rc)
		lost(c, tcp_image_why());
	self.report.tcp += rc > 0;
	return rc < 0 ? rc : 0;
}

/* save_all() - The whole image; 0, -errno */
static int save_all(int fd, uint64_t now)
{
	uint32_t i = 0;
	struct conn *c;
	int rc = image_write_begin(fd);

	if (!rc)
		rc = save_program();
	if (!rc)
		rc = net_save();
	while (!rc && (c = conn_next(&i)))
		rc = save_flow(c, now);
	if (!rc)
		rc = image_write_end();
	if (!rc)
		return 0;
	return failed(rc, "%s", *image_error() ? image_error() : tcp_image_why());
}

/* hush() - Hear nobody any more, if we may see to that ourselves */
static void hush(void)
{
	uint32_t i = 0;
	struct conn *c;
	int rc = 0;

	fwd_listen_hush(true);
	while (!rc && (c = conn_next(&i)))
		rc = c->kind == CONN_TCP ? tcp_image_hush(c) : 0;
	if (rc)
		info("Sockets still hear (%s): the network has to be cut off meanwhile",
		     strerror(-rc));
}

/**
 * checkpoint_save() - Write all of the state
 * @fd:		Where to: file, pipe or socket; stays the caller's
 * @mode:	CHECKPOINT_RUN: go on afterwards; else stand still, in CHECKPOINT_SAVED
 * @now:	Time, us
 *
 * Return: 0; -errno, checkpoint_report()->error: the program goes on as before
 */
int checkpoint_save(int fd, enum checkpoint_mode mode, uint64_t now)
{
	int rc = 0;

	begin();
	if (!repair_possible())
		rc = failed(-EPERM, "TCP_REPAIR needs CAP_NET_ADMIN, or passt-repair");
	if (!rc) {
		self.state = CHECKPOINT_SAVED;
		/* Who goes on loses nothing by what comes meanwhile */
		if (mode != CHECKPOINT_RUN)
			hush();
		rc = save_all(fd, now);
	}
	if (rc || mode == CHECKPOINT_RUN)
		checkpoint_resume();
	/* The caller brought them to rest */
	if (rc)
		fwd_listen_hush(false);
	return end(rc, "written");
}

/**
 * checkpoint_part() - It was handed over: all sockets go, without a packet
 *
 * The caller ends the program.
 *
 * Return: 0; -ESTALE, checkpoint_report()->error: something came meanwhile, which who
 *	   has the image lacks: everything is as before the call
 */
int checkpoint_part(void)
{
	uint32_t i = 0;
	struct conn *c;

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
 */
void checkpoint_resume(void)
{
	uint32_t i = 0;
	struct conn *c;

	if (self.state != CHECKPOINT_SAVED)
		return;
	while ((c = conn_next(&i))) {
		if (c->kind == CONN_TCP)
			tcp_image_resume(c);
	}
	fwd_listen_hush(false);
	self.state = CHECKPOINT_NONE;
}

/* ------------------------------------------------------------------------ load */

/* give_up() - The flow that is being loaded can not be */
static void give_up(struct conn *c, const char *why)
{
	lost(c, why);
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
		self.report.tcp++;
}

/* load_program() - Who wrote it, and when; 0, -EINVAL */
static int load_program(struct pkt_reader *r)
{
	self.at = (uint64_t)pkt_be32(r) << 32;
	self.at |= pkt_be32(r);
	return r->bad ? -EINVAL : 0;
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
	if (r->bad || index >= CONN_MAX || self.index[index])
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
	if (!hidden && conn_find(&key))
		return -EEXIST;
	c = conn_new((enum conn_kind)kind, &key);
	if (!c)
		return -ENOSPC;
	if (hidden)
		conn_hide(c);
	self.index[index] = conn_index(c) + 1;
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
		*(c->kind == CONN_UDP ? &self.report.udp : &self.report.echo) += 1;
	return rc == -EINVAL ? rc : 0;
}

/* load_section() - One section; 0, -errno */
static int load_section(struct image_section *s, uint64_t now)
{
	if (s->type != IMAGE_QUEUE)
		complete();
	switch (s->type) {
	case IMAGE_PROGRAM:
		return load_program(&s->body);
	case IMAGE_NET:
		return net_load(&s->body);
	case IMAGE_FLOW:
		return load_ends(&s->body);
	case IMAGE_TCP:
		return load_tcp(&s->body, now);
	case IMAGE_QUEUE:
		return load_queue(&s->body);
	case IMAGE_UDP:
		return load_udp(&s->body, now);
	default:
		return s->type & IMAGE_SKIP ? 0 : -EPROTONOSUPPORT;
	}
}

/* sweep() - Entries that no state came for: they could not be carried from there */
static void sweep(void)
{
	uint32_t i = 0;
	struct conn *c;

	while ((c = conn_next(&i))) {
		if (c->kind == CONN_TCP ? c->tcp.phase == PH_FREE : !c->udp.born)
			conn_free(c);
	}
}

/**
 * checkpoint_load() - Take over all of the state
 * @fd:		Where from; stays the caller's
 * @strict:	All flows, or nothing
 * @now:	Time, us
 *
 * For a program that has no flows yet.  In CHECKPOINT_LOADED afterwards.
 *
 * Return: 0; -errno, checkpoint_report()->error: nothing was taken over
 */
int checkpoint_load(int fd, bool strict, uint64_t now)
{
	struct image_section s;
	int rc, more = 0;

	begin();
	memset(self.index, 0, sizeof(self.index));
	self.loading = 0;
	if (!repair_possible())
		return end(failed(-EPERM, "TCP_REPAIR needs CAP_NET_ADMIN, or passt-repair"),
			   "taken over");
	self.state = CHECKPOINT_LOADED;
	rc = image_read_begin(fd);
	while (!rc && (more = image_next(&s)) > 0) {
		rc = load_section(&s, now);
		if (rc)
			(void)failed(rc, "section %u at byte %llu: %s", s.type,
				     (unsigned long long)s.at, strerror(-rc));
	}
	if (!rc && !more)
		complete();
	if (!rc && more < 0)
		rc = more;
	sweep();
	if (rc && !*self.report.error)
		(void)failed(rc, "%s", image_error());
	if (!rc && strict && self.report.lost)
		rc = failed(-ECANCELED, "%u flows can not be carried", self.report.lost);
	if (rc)
		checkpoint_forget();
	return end(rc, "taken over");
}

/**
 * checkpoint_go() - The network leads here now: everything goes on
 * @now:	Time, us
 */
void checkpoint_go(uint64_t now)
{
	uint32_t i = 0;
	struct conn *c;

	if (self.state != CHECKPOINT_LOADED)
		return;
	self.state = CHECKPOINT_NONE;
	while ((c = conn_next(&i))) {
		if (c->kind == CONN_TCP && tcp_image_go(c, now))
			give_up(c, tcp_image_why());
	}
}

/**
 * checkpoint_forget() - It stays where it was: what was loaded goes, without a packet
 */
void checkpoint_forget(void)
{
	uint32_t i = 0;
	struct conn *c;

	if (self.state != CHECKPOINT_LOADED)
		return;
	self.state = CHECKPOINT_NONE;
	while ((c = conn_next(&i))) {
		if (c->kind == CONN_TCP)
			tcp_image_part(c);
		else if (c->kind == CONN_UDP || c->kind == CONN_ECHO)
			udp_flow_end(c);
	}
}
