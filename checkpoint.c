// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * checkpoint.c - the state of the program in a stream of bytes: what saving and loading share
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
 *
 *   checkpoint_save.c and checkpoint_load.c are the two sides; here is where the program
 *   stands, and the report about the last one.
 */
#include "checkpoint.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "image.h"
#include "log.h"
#include "loop.h"
#include "repair.h"

/**
 * struct checkpoint_self - state of this file
 * @state:	see there
 * @report:	of what was done last
 */
static struct {
	enum checkpoint_state state;
	struct checkpoint_report report;
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
 * checkpoint_enter() - It does, or does not any more
 * @state:	What it is from now on
 *
 * For checkpoint_save.c and checkpoint_load.c alone.
 */
void checkpoint_enter(enum checkpoint_state state)
{
	self.state = state;
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

/**
 * checkpoint_begin() - A report begins
 *
 * Return: it, empty; what is found out is noted there, or by the functions below
 */
struct checkpoint_report *checkpoint_begin(void)
{
	memset(&self.report, 0, sizeof(self.report));
	self.report.us = loop_now();
	return &self.report;
}

/**
 * checkpoint_end() - It is complete: log it if all went well
 * @rc:		What became of it: 0, -errno
 * @what:	What was done with the checkpoint, for the log
 *
 * Return: @rc
 */
int checkpoint_end(int rc, const char *what)
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

/**
 * checkpoint_failed() - All of it is wrong
 * @rc:		-errno
 * @fmt:	Why, for who asked
 *
 * Return: @rc
 */
int checkpoint_failed(int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(self.report.error, sizeof(self.report.error), fmt, ap);
	va_end(ap);
	return rc;
}

/**
 * checkpoint_lost() - Something is not carried
 * @what:	A flow
 * @why:	Why not
 */
void checkpoint_lost(const char *what, const char *why)
{
	struct checkpoint_report *r = &self.report;

	if (r->lost < CHECKPOINT_LOST_MAX)
		(void)snprintf(r->text[r->lost], CHECKPOINT_TEXT, "%s: %s", what, why);
	r->lost++;
	warn("%s: not carried: %s", what, why);
}

/**
 * checkpoint_lost_anew() - What was lost so far is known: the report begins with what comes
 */
void checkpoint_lost_anew(void)
{
	self.report.lost = 0;
}

/**
 * checkpoint_powerless() - Whether nobody can switch repair mode
 *
 * Return: -EPERM, checkpoint_report()->error: so it is; 0: we can, or a helper
 */
int checkpoint_powerless(void)
{
	return repair_possible() ? 0 :
	       checkpoint_failed(-EPERM, "TCP_REPAIR needs CAP_NET_ADMIN, or passt-repair");
}

/**
 * checkpoint_deserted() - Whether a helper ended in the middle
 * @helped:	There was one at the beginning
 *
 * Return: -EPIPE, checkpoint_report()->error: so it is; 0
 */
int checkpoint_deserted(bool helped)
{
	if (!helped || repair_helped())
		return 0;
	return checkpoint_failed(-EPIPE, "passt-repair ended in the middle");
}

/**
 * checkpoint_tally() - A flow is carried
 * @kind:	CONN_TCP, CONN_UDP or CONN_ECHO
 */
void checkpoint_tally(enum conn_kind kind)
{
	struct checkpoint_report *r = &self.report;

	*(kind == CONN_TCP ? &r->tcp : kind == CONN_UDP ? &r->udp : &r->echo) += 1;
}
