// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * control.c - what is asked for over the control socket, and what is answered
 *
 * Theory of operation
 *
 *   ctl_link.c brings requests, one JSON object each; here is what they mean:
 *
 *	checkpoint	arguments: mode ("flows", "run", "hold", "exit"), known (the reader
 *			has the last one of mode "flows"), progress; with a descriptor
 *	restore		arguments: hold, strict; with a descriptor
 *	commit		ends a hold: it was handed over, or the network leads here
 *	abort		ends a hold: it stays where it was
 *	status		what there is
 *	epoch-begin, -commit, -abort, -release, -fence
 *			orders of driver.c; argument: epoch, which but for -begin
 *	epoch-attach	the descriptor with it brings such orders from now on
 *
 *   To be handed over the program has to be at rest, which is not for this file to see
 *   to: so control_next() tells who drives the loop to do that, and to call
 *   control_save().
 *   An argument that is not one of these, or of another type, is refused: an order that
 *   meant something else can not be taken back.
 *   Who asks for progress gets events before the reply: {"event": "progress", ...}.
 *   During a hold nothing but this socket is looked at: control_hold().
 */
#include "control.h"

#include <errno.h>
#include <string.h>

#include "checkpoint.h"
#include "checkpoint_load.h"
#include "checkpoint_save.h"
#include "conn.h"
#include "ctl_link.h"
#include "driver.h"
#include "epoch.h"
#include "json.h"
#include "log.h"
#include "sock.h"

enum {
	REPLY_MAX	= 16 * 1024,
	ARGUMENT	= 32,		/* of the name of an argument, terminator included */
	HOLD_MS		= 100,		/* signals are looked at so often meanwhile */
};

/**
 * struct control_self - state of this file
 * @asked:	request that waits for control_save()
 * @mode:	what it asked for
 * @known:	the same
 * @progress:	the same
 * @text:	a reply
 */
static struct {
	struct ctl_request asked;
	enum checkpoint_mode mode;
	bool known;
	bool progress;
	char text[REPLY_MAX];
} self;

/**
 * control_init() - Have the control socket
 * @path:	--control
 *
 * Return: 0; -errno
 */
int control_init(const char *path)
{
	checkpoint_init();
	checkpoint_save_init();
	checkpoint_load_init();
	return path ? ctl_link_open(path) : 0;
}

/* control_end() - Take it away */
void control_end(void)
{
	ctl_link_close();
}

/**
 * control_event() - Something happened to a descriptor of the control socket
 * @id:		As registered
 * @events:	EPOLLIN and so on
 */
void control_event(uint64_t id, uint32_t events)
{
	ctl_link_event(id, events);
}

/* reply_begin() - A reply that is an object */
static struct json_writer reply_begin(void)
{
	struct json_writer w = json_writer(self.text, sizeof(self.text));

	json_begin_object(&w);
	json_name(&w, "return");
	json_begin_object(&w);
	return w;
}

/* reply_end() - It is complete: send it */
static void reply_end(uint32_t client, struct json_writer *w)
{
	json_end_object(w);
	json_end_object(w);
	if (json_done(w))
		ctl_link_reply(client, self.text);
	else
		ctl_link_error(client, "the reply is too long");
}

/* put() - A number with a name */
static void put(struct json_writer *w, const char *name, uint64_t value)
{
	json_name(w, name);
	json_put_uint(w, value);
}

/* put_losses() - Which flows are not carried */
static void put_losses(struct json_writer *w)
{
	const struct checkpoint_report *r = checkpoint_report();

	json_name(w, "not-carried");
	json_begin_array(w);
	for (uint32_t i = 0; i < r->lost && i < CHECKPOINT_LOST_MAX; i++)
		json_put_string(w, r->text[i]);
	json_end_array(w);
}

/* report() - What became of a checkpoint */
static void report(uint32_t client, int rc)
{
	const struct checkpoint_report *r = checkpoint_report();
	struct json_writer w;

	if (rc) {
		warn("Checkpoint: %s", r->error);
		ctl_link_error(client, "%s", r->error);
		return;
	}
	w = reply_begin();
	put(&w, "tcp", r->tcp);
	put(&w, "udp", r->udp);
	put(&w, "echo", r->echo);
	put(&w, "lost", r->lost);
	put(&w, "bytes", r->bytes);
	put(&w, "us", r->us);
	json_name(&w, "blocked");
	json_put_bool(&w, r->deaf);
	put_losses(&w);
	reply_end(client, &w);
}

/* done() - A reply without content */
static void done(uint32_t client)
{
	struct json_writer w = reply_begin();

	reply_end(client, &w);
}

/* went_on() - What was lost when everything went on, beside what restoring had lost */
static void went_on(uint32_t client)
{
	struct json_writer w = reply_begin();

	put(&w, "lost", checkpoint_report()->lost);
	put_losses(&w);
	reply_end(client, &w);
}

/* put_epoch() - How the gate stands */
static void put_epoch(struct json_writer *w)
{
	static const char *const state[] = {
		[EPOCH_OFF] = "off", [EPOCH_ON] = "on", [EPOCH_LAST] = "last",
		[EPOCH_FENCED] = "fenced",
	};
	struct epoch_status s;

	epoch_status(&s);
	json_name(w, "epoch");
	json_begin_object(w);
	json_name(w, "state");
	json_put_string(w, state[s.state]);
	put(w, "begun", s.begun);
	put(w, "committed", s.committed);
	put(w, "open", s.open);
	put(w, "held", s.held);
	json_name(w, "full");
	json_put_bool(w, s.full);
	json_end_object(w);
}

/* status() - What there is */
static void status(uint32_t client)
{
	static const char *const state[] = {
		[CHECKPOINT_NONE] = "running", [CHECKPOINT_SAVED] = "held",
		[CHECKPOINT_PREPARED] = "prepared", [CHECKPOINT_LOADED] = "restored",
	};
	struct json_writer w = reply_begin();

	json_name(&w, "state");
	json_put_string(&w, state[checkpoint_state()]);
	put(&w, "tcp", conn_count(CONN_TCP));
	put(&w, "udp", conn_count(CONN_UDP));
	put(&w, "echo", conn_count(CONN_ECHO));
	put(&w, "spliced", conn_count(CONN_SPLICE));
	if (epoch_on())
		put_epoch(&w);
	reply_end(client, &w);
}

/* save() - The request "checkpoint": it waits until all is at rest */
static enum control_wish save(const struct ctl_request *r)
{
	static const char *const mode[] = {
		[CHECKPOINT_RUN] = "run", [CHECKPOINT_HOLD] = "hold",
		[CHECKPOINT_EXIT] = "exit", [CHECKPOINT_FLOWS] = "flows",
	};
	enum checkpoint_mode m = CHECKPOINT_RUN;
	char text[8] = "run";

	/* One that is too long is none either */
	if (json_has(&r->arguments, "mode") &&
	    !json_get_string(&r->arguments, "mode", text, sizeof(text)))
		text[0] = '\0';
	while (m < ARRAY_SIZE(mode) && strcmp(text, mode[m]) != 0)
		m++;
	self.known = self.progress = false;
	(void)json_get_bool(&r->arguments, "known", &self.known);
	(void)json_get_bool(&r->arguments, "progress", &self.progress);
	self.mode = m;
	if (m == ARRAY_SIZE(mode)) {
		ctl_link_error(r->client, "checkpoint: mode is one of flows, run, hold, exit");
	} else if (checkpoint_state() != CHECKPOINT_NONE) {
		ctl_link_error(r->client, "checkpoint: commit or abort comes first");
	} else if (r->fd < 0) {
		ctl_link_error(r->client, "checkpoint: no descriptor came with it");
	} else {
		self.asked = *r;
		return m == CHECKPOINT_HOLD || m == CHECKPOINT_EXIT ? CONTROL_REST : CONTROL_SAVE;
	}
	return CONTROL_NONE;
}

/* flows() - How many flows there are */
static uint32_t flows(void)
{
	return conn_count(CONN_TCP) + conn_count(CONN_UDP) + conn_count(CONN_ECHO) +
	       conn_count(CONN_SPLICE);
}

/* load() - The request "restore" */
static void load(const struct ctl_request *r, uint64_t now)
{
	bool prepared = checkpoint_state() == CHECKPOINT_PREPARED;
	bool hold = false, strict = false;
	int rc;

	(void)json_get_bool(&r->arguments, "hold", &hold);
	(void)json_get_bool(&r->arguments, "strict", &strict);
	if (checkpoint_state() != CHECKPOINT_NONE && !prepared) {
		ctl_link_error(r->client, "restore: commit or abort comes first");
	} else if (r->fd < 0) {
		ctl_link_error(r->client, "restore: no descriptor came with it");
	} else if (flows() && !prepared) {
		ctl_link_error(r->client, "restore: there are %u flows already", flows());
	} else {
		rc = checkpoint_load(r->fd, strict, now);
		if (!rc && !hold)
			rc = checkpoint_go(now);
		report(r->client, rc);
	}
}

/* finish() - The requests "commit" and "abort" */
static enum control_wish finish(const struct ctl_request *r, bool commit, uint64_t now)
{
	bool saved = checkpoint_state() == CHECKPOINT_SAVED, goes = !saved && commit;
	int rc = 0;

	if (checkpoint_state() == CHECKPOINT_NONE) {
		ctl_link_error(r->client, "%s: nothing is held", r->name);
		return CONTROL_NONE;
	}
	if (checkpoint_state() == CHECKPOINT_PREPARED && commit) {
		ctl_link_error(r->client, "commit: the state of the flows comes first (restore)");
		return CONTROL_NONE;
	}
	if (goes)
		checkpoint_lost_anew();
	if (saved)
		rc = commit ? checkpoint_part() : checkpoint_resume();
	else if (commit)
		rc = checkpoint_go(now);
	else
		checkpoint_forget();
	if (rc) {
		ctl_link_error(r->client, "%s", checkpoint_report()->error);
		return CONTROL_NONE;
	}
	if (goes)
		went_on(r->client);
	else
		done(r->client);
	return saved == commit ? CONTROL_END : CONTROL_NONE;
}

/* What a request may be about, and its arguments */
enum ask { ASK_CHECKPOINT, ASK_RESTORE, ASK_COMMIT, ASK_ABORT, ASK_STATUS, ASK_EPOCH, ASK_ATTACH };
enum { ARGUMENTS = 3 };

/**
 * struct order - a request that there is
 * @name:	its name
 * @ask:	what it is
 * @op:		of ASK_EPOCH: which order
 * @argument:	arguments that it may have; a name of NULL: none
 */
static const struct order {
	const char *name;
	enum ask ask;
	enum driver_op op;
	struct {
		const char *name;
		enum json_type type;
	} argument[ARGUMENTS];
} order[] = {
	{ "checkpoint", ASK_CHECKPOINT, DRIVER_OP_END, { { "mode", JSON_STRING },
	  { "known", JSON_BOOL }, { "progress", JSON_BOOL } } },
	{ "restore", ASK_RESTORE, DRIVER_OP_END, { { "hold", JSON_BOOL },
	  { "strict", JSON_BOOL } } },
	{ "commit", ASK_COMMIT, DRIVER_OP_END, { { NULL, JSON_NONE } } },
	{ "abort", ASK_ABORT, DRIVER_OP_END, { { NULL, JSON_NONE } } },
	{ "status", ASK_STATUS, DRIVER_OP_END, { { NULL, JSON_NONE } } },
	{ "epoch-begin", ASK_EPOCH, DRIVER_BEGIN, { { NULL, JSON_NONE } } },
	{ "epoch-commit", ASK_EPOCH, DRIVER_COMMIT, { { "epoch", JSON_NUMBER } } },
	{ "epoch-abort", ASK_EPOCH, DRIVER_ABORT, { { "epoch", JSON_NUMBER } } },
	{ "epoch-release", ASK_EPOCH, DRIVER_RELEASE, { { NULL, JSON_NONE } } },
	{ "epoch-fence", ASK_EPOCH, DRIVER_FENCE, { { NULL, JSON_NONE } } },
	{ "epoch-attach", ASK_ATTACH, DRIVER_OP_END, { { NULL, JSON_NONE } } },
};

/* wrong() - Arguments of a request: refuse those that are not as they should be */
static bool wrong(const struct ctl_request *r, const struct order *o)
{
	static const char *const type[] = {
		[JSON_BOOL] = "true or false", [JSON_STRING] = "a text", [JSON_NUMBER] = "a number",
	};
	struct json_walk w = json_walk(&r->arguments);

	while (json_next(&w)) {
		char name[ARGUMENT] = "?";
		size_t i = 0;

		(void)json_string(&w.name, name, sizeof(name));
		while (i < ARGUMENTS && o->argument[i].name && strcmp(o->argument[i].name, name) != 0)
			i++;
		if (i == ARGUMENTS || !o->argument[i].name) {
			ctl_link_error(r->client, "%s: it has no argument '%s'", r->name, name);
			return true;
		}
		if (json_type(&w.value) != o->argument[i].type) {
			ctl_link_error(r->client, "%s: '%s' is %s", r->name, name,
				       type[o->argument[i].type]);
			return true;
		}
	}
	return false;
}

/* epoch() - An order about epochs */
static void epoch(const struct ctl_request *r, enum driver_op op, uint64_t now)
{
	struct json_writer w;
	uint64_t number = 0;
	int rc;

	if (json_has(&r->arguments, "epoch") &&
	    !json_get_uint(&r->arguments, "epoch", UINT64_MAX, &number)) {
		ctl_link_error(r->client, "%s: 'epoch' is the number of one", r->name);
		return;
	}
	rc = driver_obey(op, &number, now);
	if (rc) {
		ctl_link_error(r->client, "%s: %s", r->name, driver_why(rc));
		return;
	}
	w = reply_begin();
	put(&w, "epoch", number);
	reply_end(r->client, &w);
}

/* attach() - The request "epoch-attach": its descriptor stays, or not */
static void attach(struct ctl_request *r)
{
	int rc = r->fd < 0 ? -EBADF : driver_attach(r->fd);

	if (rc == -EBADF) {
		ctl_link_error(r->client, "epoch-attach: no descriptor came with it");
	} else if (rc) {
		ctl_link_error(r->client, "epoch-attach: %s", rc == -EPROTOTYPE ?
			       "it is no UNIX socket of packets" : strerror(-rc));
	} else {
		r->fd = -1;
		done(r->client);
	}
}

/* handle() - One request */
static enum control_wish handle(struct ctl_request *r, uint64_t now)
{
	const struct order *o = order;

	while (o < order + ARRAY_SIZE(order) && strcmp(o->name, r->name) != 0)
		o++;
	if (o == order + ARRAY_SIZE(order)) {
		ctl_link_error(r->client, "%s: no such request", r->name);
		return CONTROL_NONE;
	}
	if (wrong(r, o))
		return CONTROL_NONE;
	switch (o->ask) {
	case ASK_CHECKPOINT:
		return save(r);
	case ASK_COMMIT:
	case ASK_ABORT:
		return finish(r, o->ask == ASK_COMMIT, now);
	case ASK_RESTORE:
		load(r, now);
		break;
	case ASK_STATUS:
		status(r->client);
		break;
	case ASK_EPOCH:
		epoch(r, o->op, now);
		break;
	case ASK_ATTACH:
		attach(r);
		break;
	}
	return CONTROL_NONE;
}

/**
 * control_next() - Answer what was asked
 * @now:	Time, us
 *
 * Return: what is to be done; call again until it is CONTROL_NONE
 */
enum control_wish control_next(uint64_t now)
{
	enum control_wish wish = CONTROL_NONE;
	struct ctl_request r;

	while (wish == CONTROL_NONE && ctl_link_next(&r)) {
		wish = handle(&r, now);
		if (r.fd >= 0 && wish != CONTROL_SAVE && wish != CONTROL_REST)
			sock_close(r.fd);
	}
	return wish;
}

/* progress() - Tell who wants to know how far it is */
static void progress(void)
{
	const struct checkpoint_report *r = checkpoint_report();
	struct json_writer w = json_writer(self.text, sizeof(self.text));

	json_begin_object(&w);
	json_name(&w, "event");
	json_put_string(&w, "progress");
	json_name(&w, "data");
	json_begin_object(&w);
	put(&w, "done", r->tcp + r->udp + r->echo + r->lost);
	put(&w, "of", flows());
	json_end_object(&w);
	json_end_object(&w);
	if (json_done(&w))
		ctl_link_tell(self.asked.client, self.text);
}

/**
 * control_save() - The program is at rest: write the checkpoint that was asked for
 * @now:	Time, us
 *
 * Return: CONTROL_END if it was handed over
 */
enum control_wish control_save(uint64_t now)
{
	int rc = checkpoint_save(self.asked.fd, self.mode, self.known);
	bool more = !rc, end;

	while (more) {
		rc = checkpoint_save_more(now);
		more = rc > 0;
		if (more && self.progress)
			progress();
	}
	sock_close(self.asked.fd);
	end = !rc && self.mode == CHECKPOINT_EXIT;
	if (end) {
		rc = checkpoint_part();
		if (rc)
			(void)checkpoint_resume();
	}
	report(self.asked.client, rc);
	return end && !rc ? CONTROL_END : CONTROL_NONE;
}

/**
 * control_hold() - Wait for what ends a hold, some time
 * @now:	Time, us
 *
 * Return: as control_next()
 */
enum control_wish control_hold(uint64_t now)
{
	(void)ctl_link_wait(HOLD_MS);
	return control_next(now);
}
