// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * checkpoint_save.c - all of the program's state into a stream of bytes
 *
 * Theory of operation
 *
 *	checkpoint_save(), checkpoint_save_more()...	NONE -> SAVED, or NONE still
 *	  then checkpoint_part()		somebody else has it: the program ends
 *	  or checkpoint_resume()		SAVED -> NONE, as if nothing had been
 *
 *   The order of things, and why, is in checkpoint.c.
 */
#include "checkpoint_save.h"

#include <errno.h>
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
#include "tcp_image.h"
#include "udp_image.h"
#include "wire.h"

enum { HALF_MAX = CHECKPOINT_LOST_MAX };

/**
 * struct checkpoint_save_self - state of this file
 * @report:	of the image being written, or written last
 * @mode:	of that image
 * @kind:	what it has
 * @filters:	each socket has a filter
 * @helped:	there was a helper when it was begun
 * @stuck:	in CHECKPOINT_SAVED: what was called off has to wait for a helper
 * @next:	where checkpoint_save_more() goes on in the table
 * @known:	the flow of each entry in the last image of the flows: the lower half of its
 *		conn id, + 1 if it is hidden; 0: it is not there
 * @known_at:	time of that image, ms since 1970; 0: none was written
 */
static struct {
	struct checkpoint_report *report;
	enum checkpoint_mode mode;
	enum checkpoint_kind kind;
	bool filters;
	bool helped;
	bool stuck;
	uint32_t next;
	uint32_t known[CONN_MAX];
	uint64_t known_at;
} self;

/* checkpoint_save_init() - Begin anew */
void checkpoint_save_init(void)
{
	self.known_at = 0;
	self.stuck = false;
	block_end();
}

/* abandoned() - Sockets wait in repair mode for a helper */
static int abandoned(void)
{
	return checkpoint_failed(-EPIPE, "passt-repair ended in the middle: all stands still until there "
		      "is another one");
}

/* save_program() - Who we are, and when; 0, -errno */
static int save_program(enum checkpoint_kind kind)
{
	struct pkt_writer *w = image_section(IMAGE_PROGRAM);
	uint64_t at = loop_wall_ms();

	pkt_put_be64(w, at);
	pkt_put_u8(w, (uint8_t)kind);
	pkt_put_be64(w, kind == CHECKPOINT_KIND_STATE ? self.known_at : 0);
	if (kind == CHECKPOINT_KIND_FLOWS)
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

/* save_state() - What a flow is doing; 0, -errno of the image */
static int save_state(struct conn *c, uint64_t now)
{
	int rc;

	if (c->kind != CONN_TCP)
		rc = udp_image_save(c, now);
	else if (self.mode == CHECKPOINT_RUN)
		rc = tcp_image_save_running(c, now);
	else
		rc = tcp_image_save(c, self.report->deaf, now);
	if (rc > 0)
		checkpoint_tally(c->kind);
	else if (!rc)
		checkpoint_lost(conn_text(c), tcp_image_why());
	return rc < 0 ? rc : 0;
}

/* save_flow() - One flow, as far as it can be carried; 0, -errno of the image */
static int save_flow(struct conn *c, uint64_t now)
{
	uint32_t *known = &self.known[conn_index(c)];
	int rc = 0;

	if (c->kind == CONN_SPLICE) {
		if (self.mode != CHECKPOINT_FLOWS)
			checkpoint_lost(conn_text(c), "it ends on this host's loopback");
		return 0;
	}
	if (self.kind != CHECKPOINT_KIND_STATE || *known != name(c))
		rc = save_ends(c);
	if (rc || self.kind != CHECKPOINT_KIND_FLOWS)
		return rc ? rc : save_state(c, now);
	checkpoint_tally(c->kind);
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
		checkpoint_lost(text, "its handshake is not complete");
	}
}

/* hush_flow() - What comes for a flow is dropped; 0, -errno */
static int hush_flow(struct conn *c)
{
	if (c->kind == CONN_TCP)
		return tcp_image_block(c);
	return c->kind == CONN_UDP ? udp_image_block(c) : 0;
}

/* hush() - Connections hear nobody any more, if we may see to that ourselves */
static void hush(void)
{
	uint32_t i = 0;
	struct conn *c;
	int rc = 0;

	while (!rc && (c = conn_next(&i)))
		rc = hush_flow(c);
	self.filters = rc;
	if (rc) {
		block_end();
		rc = 0;
		i = 0;
		while (!rc && (c = conn_next(&i)))
			rc = c->kind == CONN_TCP ? tcp_image_hush(c) : 0;
	}
	self.report->deaf = !rc;
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
	if (!*self.report->error)
		(void)checkpoint_failed(rc, "%s", *image_error() ? image_error() : tcp_image_why());
	/* Whoever has part of it can not go on with that */
	if (self.mode == CHECKPOINT_FLOWS)
		self.known_at = 0;
	/* Who called brought all to rest */
	if (!checkpoint_resume())
		unhush();
	return checkpoint_end(rc, "written");
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

	self.report = checkpoint_begin();
	self.mode = mode;
	self.next = 0;
	self.kind = mode == CHECKPOINT_FLOWS ? CHECKPOINT_KIND_FLOWS :
		    known ? CHECKPOINT_KIND_STATE : CHECKPOINT_KIND_WHOLE;
	if (known && !self.known_at)
		rc = checkpoint_failed(-EINVAL, "no image of the flows was written before");
	if (!rc && mode != CHECKPOINT_FLOWS)
		rc = checkpoint_powerless();
	self.helped = repair_helped();
	if (rc)
		return save_failed(rc);
	checkpoint_enter(CHECKPOINT_SAVED);
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
		rc = checkpoint_deserted(self.helped);
	if (rc)
		return save_failed(rc);
	/* Nothing was touched, or goes on already */
	if (self.mode == CHECKPOINT_RUN || self.mode == CHECKPOINT_FLOWS)
		checkpoint_enter(CHECKPOINT_NONE);
	return checkpoint_end(0, self.mode == CHECKPOINT_FLOWS ? "of the flows written" : "written");
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
			return checkpoint_failed(-ESTALE, "%s: something came or was sent since the checkpoint",
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

	if (checkpoint_state() != CHECKPOINT_SAVED)
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
	checkpoint_enter(CHECKPOINT_NONE);
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
		warn("%s", self.report->error);
	else
		info("All goes on");
}
