// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * control.c - unit test of ../../control.c
 * links: control.c checkpoint.c ctl_link.c sock_unix.c json.c loop.c count.c util.c
 *
 * The control socket is real; what is asked for is only noted, and does what the test
 * says.
 */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "checkpoint.h"
#include "checkpoint_load.h"
#include "checkpoint_save.h"
#include "conn.h"
#include "control.h"
#include "driver.h"
#include "epoch.h"
#include "image.h"
#include "log.h"
#include "loop.h"
#include "repair.h"
#include "sock.h"
#include "util.h"

enum { EVENTS = 8, REPLY_SIZE = 128 * 1024, FLOWS = 3 };

enum log_level log_level = LOG_LVL_ERR;

void log_write(enum log_level level, int error, const char *fmt, ...)
{
	(void)level, (void)error, (void)fmt;
}

bool log_allow(uint64_t *state, uint64_t now_us)
{
	*state = now_us;
	return true;
}

void log_bug(const char *file, int line, const char *what)
{
	(void)file, (void)line, (void)what;
	CHECK(false);
}

/* In place of what control.c has done */

/* What was done, as letters: s save, l load, g go, p part, r resume, f forget */
static char done[64];
static bool all_or_none;
static uint32_t steps, lost_by_load, lost_by_go, flows;

static void note(char c)
{
	size_t n = strlen(done);

	CHECK(n + 1 < sizeof(done));
	done[n] = c;
	done[n + 1] = '\0';
}

static void lose(uint32_t n, const char *why)
{
	char what[32];

	for (uint32_t i = 0; i < n; i++) {
		(void)snprintf(what, sizeof(what), "flow %u", i);
		checkpoint_lost(what, why);
	}
}

void repair_init(void) {}
bool repair_possible(void) { return true; }
bool repair_helped(void) { return false; }
uint64_t image_offset(void) { return 7; }
void checkpoint_save_init(void) {}
void checkpoint_load_init(void) {}
void sock_close(int fd) { close(fd); }

uint32_t conn_count(enum conn_kind kind)
{
	return kind == CONN_TCP ? flows : 0;
}

int checkpoint_save(int fd, enum checkpoint_mode mode, bool known)
{
	(void)known;
	CHECK(fd >= 0);
	note('s');
	(void)checkpoint_begin();
	if (mode == CHECKPOINT_HOLD)
		checkpoint_enter(CHECKPOINT_SAVED);
	return 0;
}

int checkpoint_save_more(uint64_t now)
{
	(void)now;
	return steps && steps--;
}

int checkpoint_part(void)
{
	note('p');
	return 0;
}

int checkpoint_resume(void)
{
	note('r');
	checkpoint_enter(CHECKPOINT_NONE);
	return 0;
}

int checkpoint_load(int fd, bool strict, uint64_t now)
{
	(void)now;
	CHECK(fd >= 0);
	note('l');
	all_or_none = strict;
	(void)checkpoint_begin();
	lose(lost_by_load, "there");
	checkpoint_enter(CHECKPOINT_LOADED);
	return 0;
}

int checkpoint_go(uint64_t now)
{
	(void)now;
	note('g');
	lose(lost_by_go, "it refuses");
	checkpoint_enter(CHECKPOINT_NONE);
	return 0;
}

void checkpoint_forget(void)
{
	note('f');
	checkpoint_enter(CHECKPOINT_NONE);
}

/* The program's loop, and a client */

/* Of epochs: the last order, and what becomes of the next */
static enum driver_op ordered;
static uint64_t ordered_epoch;
static int order_rc, attached = -1, attach_rc;

bool epoch_on(void)
{
	return ordered == DRIVER_BEGIN;
}

void epoch_status(struct epoch_status *s)
{
	*s = (struct epoch_status){ .state = EPOCH_ON, .begun = 7, .committed = 5, .open = 2,
				    .held = 1234, .full = true };
}

int driver_obey(enum driver_op op, uint64_t *epoch, uint64_t now)
{
	(void)now;
	ordered = op;
	ordered_epoch = *epoch;
	*epoch = 42;
	return order_rc;
}

const char *driver_why(int rc)
{
	return rc == -ESTALE ? "stale" : "?";
}

int driver_attach(int fd)
{
	attached = attach_rc ? -1 : fd;
	return attach_rc;
}

static char dir[] = "/tmp/control.XXXXXX", path[64];

/* turn() - What passt.c does when the loop wakes.  Return: it had a reason to */
static bool turn(enum control_wish *wish)
{
	struct loop_event ev[EVENTS];
	int n = loop_wait(ev, EVENTS, 1, false);

	for (int i = 0; i < n; i++)
		control_event(ev[i].id, ev[i].events);
	if (*wish == CONTROL_NONE)
		*wish = control_next(loop_now());
	return n > 0;
}

/* pump() - Turns until it would sleep.  Return: what is to be done */
static enum control_wish pump(void)
{
	enum control_wish wish = CONTROL_NONE;

	while (turn(&wish))
		;
	return wish;
}

static void up(void)
{
	memset(done, 0, sizeof(done));
	flows = steps = lost_by_load = lost_by_go = 0;
	all_or_none = false;
	CHECK_EQ(loop_init(), 0);
	CHECK_EQ(control_init(path), 0);
}

static int client(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK(util_copy(a.sun_path, sizeof(a.sun_path), path));
	CHECK_EQ(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

/* say() - Send a line, with a descriptor */
static void say(int fd, const char *order, const char *arguments)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	char line[512];
	int n = snprintf(line, sizeof(line), "{\"execute\":\"%s\",\"arguments\":{%s}}\n", order,
			 arguments);
	struct iovec iov = { line, (size_t)n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control.room) };

	control.h.cmsg_level = SOL_SOCKET;
	control.h.cmsg_type = SCM_RIGHTS;
	control.h.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.h), &fd, sizeof(fd));
	CHECK_EQ(sendmsg(fd, &msg, MSG_NOSIGNAL), n);
}

/* hear() - All that came, NULL: the connection ended */
static const char *hear(int fd)
{
	static char text[REPLY_SIZE];
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, text + len, sizeof(text) - 1 - len, 0)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return n && errno == EAGAIN ? text : len ? text : NULL;
}

/* told() - Give an order, have it carried out.  Return: the reply */
static const char *told(int fd, const char *order, const char *arguments)
{
	enum control_wish wish;

	say(fd, order, arguments);
	wish = pump();
	if (wish == CONTROL_REST || wish == CONTROL_SAVE)
		(void)control_save(loop_now());
	return hear(fd);
}

#define REFUSED(text) "{\"error\":{\"desc\":\"" text "\"}}\n"

/* What an order does not know, or has as something else, is refused, and nothing is done */
static void test_arguments(void)
{
	static const struct {
		const char *order;
		const char *arguments;
		const char *reply;
	} wrong[] = {
		{ "checkpoint", "\"mode\":1", REFUSED("checkpoint: 'mode' is a text") },
		{ "checkpoint", "\"mode\":null", REFUSED("checkpoint: 'mode' is a text") },
		{ "checkpoint", "\"mode\":\"hold it for a while\"",
		  REFUSED("checkpoint: mode is one of flows, run, hold, exit") },
		{ "checkpoint", "\"known\":1", REFUSED("checkpoint: 'known' is true or false") },
		{ "checkpoint", "\"progress\":\"yes\"",
		  REFUSED("checkpoint: 'progress' is true or false") },
		{ "checkpoint", "\"hold\":true", REFUSED("checkpoint: it has no argument 'hold'") },
		{ "checkpoint", "\"mode\":\"run\",\"kown\":true",
		  REFUSED("checkpoint: it has no argument 'kown'") },
		{ "restore", "\"hold\":1", REFUSED("restore: 'hold' is true or false") },
		{ "restore", "\"hold\":\"true\"", REFUSED("restore: 'hold' is true or false") },
		{ "restore", "\"hold\":{}", REFUSED("restore: 'hold' is true or false") },
		{ "restore", "\"strict\":[true]", REFUSED("restore: 'strict' is true or false") },
		{ "restore", "\"mode\":\"hold\"", REFUSED("restore: it has no argument 'mode'") },
		{ "restore", "\"Hold\":true", REFUSED("restore: it has no argument 'Hold'") },
		{ "restore", "\"a name that is longer than any of ours\":true",
		  REFUSED("restore: it has no argument '?'") },
		{ "commit", "\"hold\":true", REFUSED("commit: it has no argument 'hold'") },
		{ "abort", "\"force\":true", REFUSED("abort: it has no argument 'force'") },
		{ "status", "\"of\":1", REFUSED("status: it has no argument 'of'") },
		{ "epoch-begin", "\"epoch\":1", REFUSED("epoch-begin: it has no argument 'epoch'") },
		{ "epoch-commit", "\"epoch\":\"1\"", REFUSED("epoch-commit: 'epoch' is a number") },
		{ "epoch-commit", "\"epoch\":-1",
		  REFUSED("epoch-commit: 'epoch' is the number of one") },
		{ "epoch-commit", "\"epoch\":1.5",
		  REFUSED("epoch-commit: 'epoch' is the number of one") },
		{ "epoch-explode", "", REFUSED("epoch-explode: no such request") },
		{ "explode", "\"hold\":1", REFUSED("explode: no such request") },
	};
	int fd;

	up();
	fd = client();
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		CHECK_STR(told(fd, wrong[i].order, wrong[i].arguments), wrong[i].reply);
	CHECK_STR(done, "");
	CHECK_EQ(checkpoint_state(), CHECKPOINT_NONE);

	(void)told(fd, "restore", "\"hold\":true,\"strict\":true");
	CHECK_STR(done, "l");
	CHECK(all_or_none);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		(void)told(fd, wrong[i].order, wrong[i].arguments);
	CHECK_STR(done, "l");
	CHECK_EQ(checkpoint_state(), CHECKPOINT_LOADED);
	(void)told(fd, "commit", "");
	CHECK_STR(done, "lg");
	(void)told(fd, "restore", "\"hold\":false");
	CHECK_STR(done, "lglg");
	CHECK(!all_or_none);
	(void)told(fd, "checkpoint", "\"mode\":\"run\",\"known\":false,\"progress\":false");
	CHECK_STR(done, "lglgs");
	close(fd);
	control_end();
}

/* Orders of a driver are handed on, with the number they name */
static void test_epochs(void)
{
	static const struct { const char *name; enum driver_op op; } order[] = {
		{ "epoch-begin", DRIVER_BEGIN }, { "epoch-commit", DRIVER_COMMIT },
		{ "epoch-abort", DRIVER_ABORT }, { "epoch-release", DRIVER_RELEASE },
		{ "epoch-fence", DRIVER_FENCE },
	};
	int fd;

	up();
	fd = client();
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		CHECK_STR(told(fd, order[i].name, ""), "{\"return\":{\"epoch\":42}}\n");
		CHECK_EQ(ordered, order[i].op);
		CHECK_EQ(ordered_epoch, 0);
	}
	(void)told(fd, "epoch-commit", "\"epoch\":18446744073709551615");
	CHECK_EQ(ordered_epoch, UINT64_MAX);
	order_rc = -ESTALE;
	CHECK_STR(told(fd, "epoch-abort", "\"epoch\":3"), REFUSED("epoch-abort: stale"));
	order_rc = 0;
	CHECK(!strstr(told(fd, "status", ""), "epoch"));
	(void)told(fd, "epoch-begin", "");
	CHECK(strstr(told(fd, "status", ""), "\"epoch\":{\"state\":\"on\",\"begun\":7,"
		     "\"committed\":5,\"open\":2,\"held\":1234,\"full\":true}"));
	ordered = DRIVER_OP_END;

	CHECK_STR(told(fd, "epoch-attach", ""), "{\"return\":{}}\n");
	CHECK(attached >= 0 && fcntl(attached, F_GETFD) >= 0);
	close(attached);
	attach_rc = -EPROTOTYPE;
	CHECK_STR(told(fd, "epoch-attach", ""),
		  REFUSED("epoch-attach: it is no UNIX socket of packets"));
	attach_rc = 0;
	close(fd);
	control_end();
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* A client that sent its end, as "socat -" does, hears how far it is, and then the reply */
static void test_progress(void)
{
	const char *text;
	int fd, events = 0;

	up();
	flows = 3000;
	steps = 3;
	fd = client();
	say(fd, "checkpoint", "\"mode\":\"hold\",\"progress\":true");
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	CHECK_EQ(pump(), CONTROL_REST);
	/* All is brought to rest: the end of what it sends is seen */
	CHECK_EQ(pump(), CONTROL_NONE);
	CHECK_EQ(control_save(loop_now()), CONTROL_NONE);
	text = hear(fd);
	CHECK(text);
	while (text && begins(text, "{\"event\":\"progress\",\"data\":{")) {
		events++;
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	CHECK_EQ(events, 3);
	CHECK(text && begins(text, "{\"return\":{\"tcp\":0,"));
	CHECK(text && strchr(text, '\n') && !strchr(text, '\n')[1]);
	CHECK_EQ(pump(), CONTROL_NONE);
	CHECK(!hear(fd));
	close(fd);

	/* One that is still there gets as many, and the next reply is that of the next order */
	fd = client();
	CHECK_STR(told(fd, "abort", ""), "{\"return\":{}}\n");
	steps = 1;
	text = told(fd, "checkpoint", "\"progress\":true");
	CHECK(text && strstr(text, "}\n{\"return\":"));
	CHECK_STR(told(fd, "abort", ""), REFUSED("abort: nothing is held"));
	close(fd);
	control_end();
}

/* What refuses to go on is named by the reply to the order that has it go on */
static void test_losses(void)
{
	const char *text;
	int fd, named = 0;

	up();
	fd = client();
	lost_by_load = 2;
	lost_by_go = 1;
	text = told(fd, "restore", "\"hold\":true");
	CHECK(text && strstr(text, "\"lost\":2,"));
	CHECK(text && strstr(text, "\"not-carried\":[\"flow 0: there\",\"flow 1: there\"]"));
	CHECK_STR(told(fd, "commit", ""),
		  "{\"return\":{\"lost\":1,\"not-carried\":[\"flow 0: it refuses\"]}}\n");
	/* As many as restoring may name: those of commit have room all the same */
	lost_by_load = CHECKPOINT_LOST_MAX + 1;
	lost_by_go = CHECKPOINT_LOST_MAX + 2;
	(void)told(fd, "restore", "\"hold\":true");
	text = told(fd, "commit", "");
	CHECK(text && strstr(text, "{\"lost\":34,"));
	for (; text && (text = strstr(text, "it refuses")); text++)
		named++;
	CHECK_EQ(named, CHECKPOINT_LOST_MAX);
	/* At once: all of them in one reply */
	lost_by_load = lost_by_go = 1;
	text = told(fd, "restore", "");
	CHECK(text && strstr(text, "\"lost\":2,"));
	CHECK(text && strstr(text, "[\"flow 0: there\",\"flow 0: it refuses\"]"));
	lost_by_load = lost_by_go = 0;
	(void)told(fd, "restore", "\"hold\":true");
	CHECK_STR(told(fd, "commit", ""), "{\"return\":{\"lost\":0,\"not-carried\":[]}}\n");
	close(fd);
	control_end();
}

int main(void)
{
	if (!mkdtemp(dir))
		return EXIT_FAILURE;
	(void)snprintf(path, sizeof(path), "%s/ctl", dir);
	RUN(test_arguments);
	RUN(test_epochs);
	RUN(test_progress);
	RUN(test_losses);
	(void)rmdir(dir);
	return check_done();
}
