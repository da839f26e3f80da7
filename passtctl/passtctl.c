// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * passtctl.c - ask a passt or pasta that runs to do something
 *
 * Theory of operation
 *
 *	passtctl ---- {"execute": NAME, "arguments": ...}, a descriptor ----> passt
 *		 <--- {"return": ...} or {"error": {"desc": ...}} ----------
 *
 *   One request is one line on the control socket (--control of passt), and so is the
 *   reply.  passt can open no files once it runs.  So what a checkpoint is written to or
 *   read from is opened here, with the rights of who calls, and its descriptor goes
 *   along.  It is opened only when somebody answers on the socket.
 *
 *   A checkpoint of yesterday is not lost for the sake of one that is refused, and that of
 *   a moment ago may be all there is: it is held.  So a file is written beside it, and takes
 *   its name once the reply says that all is there.  What was refused is removed; what
 *   nobody replied about stays there, as it may have been done.  What is no file (a pipe, a
 *   device), or where none can be put beside it, is written to as it is, from its
 *   beginning; a file is cut behind the image then, not before.
 *
 *   A reply is printed for people: a line for each value, and one for each element of
 *   a list.  What is in a reply is not known here, so new values need no new passtctl.
 *   Before it lines may come that say how far it is: {"event": "progress", ...}.
 *   If the checkpoint itself goes to standard output the reply goes to standard error.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "util.h"

enum {
	REQUEST_MAX	= 8 * 1024,	/* as passt takes it, bytes */
	TIMEOUT_S	= 60,
	TIMEOUT_MAX_S	= 7 * 24 * 3600,
	PREFIX_MAX	= 256,		/* names of objects around a value */
	LINE_SIZE	= 256,
};

/**
 * struct self - what was asked for
 * @path:	of the socket
 * @timeout_s:	for all of it, 0: as long as it takes
 * @json:	print replies as they came
 * @mode:	--run, --hold, --exit or --flows, NULL: none of them
 * @known:	--known
 * @strict:	--strict
 * @progress:	--progress, or somebody is looking
 * @out:	where replies are printed
 */
static struct {
	const char *path;
	uint32_t timeout_s;
	bool json;
	const char *mode;
	bool known;
	bool strict;
	bool progress;
	FILE *out;
} self = { .timeout_s = TIMEOUT_S };

/**
 * struct output - a file that a checkpoint is written to
 * @path:	where it shall be, links resolved; empty: the file has its name already
 * @beside:	its name until then
 * @refused:	nothing was written, so nobody needs it
 */
static struct {
	char path[PATH_MAX];
	char beside[PATH_MAX + 8];
	bool refused;
} output;

static void __attribute__((format(printf, 1, 2), noreturn)) fail(const char *fmt, ...)
{
	char line[JSON_LEN_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	/* What the other end says is no business of the terminal */
	for (char *p = line; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	if (output.refused)
		(void)unlink(output.beside);
	if (*output.path && !output.refused)
		(void)fprintf(stderr, "passtctl: %s (what was written, if anything, is in %s)\n",
			      line, output.beside);
	else
		(void)fprintf(stderr, "passtctl: %s\n", line);
	exit(EXIT_FAILURE);
}

/* Talking to passt */

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* join() - Connect to the control socket.  Return: socket, non-blocking */
static int join(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const struct timeval limit = { .tv_sec = self.timeout_s };
	int fd;

	if (!util_copy(to.sun_path, sizeof(to.sun_path), self.path))
		fail("the path of a socket has at most %zu bytes: %s", sizeof(to.sun_path) - 1,
		     self.path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fail("no socket: %s", strerror(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)))
		fail("can not connect to %s: %s%s", self.path, strerror(errno),
		     errno == ECONNREFUSED || errno == ENOENT ?
		     " (is passt or pasta running with --control?)" : "");
	return fd;
}

/* wait_for() - Wait for the socket until time is up */
static void wait_for(int fd, short events, int64_t end)
{
	struct pollfd p = { fd, events, 0 };
	int n;

	do {
		int64_t left = end - now_ms();

		if (self.timeout_s && left <= 0)
			n = 0;
		else
			n = poll(&p, 1, self.timeout_s ? (int)left : -1);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		fail("no reply within %u s (--timeout)", self.timeout_s);
}

/**
 * ask() - Send a request, with a descriptor if there is one
 * @fd:		Socket
 * @line:	Request, with its newline
 * @len:	Bytes
 * @passed:	Descriptor, -1: none
 * @end:	When to give up, ms
 */
static void ask(int fd, const char *line, size_t len, int passed, int64_t end)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	char copy[REQUEST_MAX + 1];
	struct iovec iov = { copy, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	memcpy(copy, line, len);
	if (passed >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.room);
		control.h.cmsg_level = SOL_SOCKET;
		control.h.cmsg_type = SCM_RIGHTS;
		control.h.cmsg_len = CMSG_LEN(sizeof(passed));
		memcpy(CMSG_DATA(&control.h), &passed, sizeof(passed));
	}
	while (iov.iov_len) {
		ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);

		/* Who turns us away says why before: read that */
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			fail("can not send to %s: %s", self.path, strerror(errno));
		if (n < 0) {
			wait_for(fd, POLLOUT, end);
			continue;
		}
		iov.iov_base = (char *)iov.iov_base + n;
		iov.iov_len -= (size_t)n;
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
	}
}

/**
 * struct inbox - what came
 * @text:	lines, the last one perhaps not whole
 * @len:	bytes
 * @line:	length of the first one with its newline, when hear() has returned it
 */
struct inbox {
	char text[JSON_LEN_MAX];
	size_t len;
	size_t line;
};

/**
 * hear() - Read the next line
 * @fd:		Socket
 * @in:		What came, zeroed before the first one; the line is at the beginning
 * @end:	When to give up, ms
 *
 * Return: bytes, without newline
 */
static size_t hear(int fd, struct inbox *in, int64_t end)
{
	const char *newline;
	size_t seen = 0;

	in->len -= in->line;
	memmove(in->text, in->text + in->line, in->len);
	while (!(newline = memchr(in->text + seen, '\n', in->len - seen))) {
		ssize_t n;

		seen = in->len;
		if (in->len == sizeof(in->text))
			fail("the reply is too long");
		wait_for(fd, POLLIN, end);
		n = recv(fd, in->text + in->len, sizeof(in->text) - in->len, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			fail("the connection ended without a reply%s%s", n ? ": " : "",
			     n ? strerror(errno) : "");
		in->len += (size_t)n;
	}
	in->line = (size_t)(newline - in->text) + 1;
	return in->line - 1;
}

/* Replies for people */

/* print_scalar() - A value that is no object or array, controls made harmless */
static void print_scalar(const struct json *value)
{
	static char text[JSON_LEN_MAX];

	if (!json_string(value, text, sizeof(text)))
		(void)snprintf(text, sizeof(text), "%.*s", (int)value->len, value->text);
	for (const char *p = text; *p; p++)
		(void)putc((unsigned char)*p < ' ' || *p == 0x7f ? '?' : *p, self.out);
}

/**
 * struct place - where in a reply a value stands
 * @walk:	through what is around it
 * @prefix:	bytes of the names around that
 */
struct place {
	struct json_walk walk;
	size_t prefix;
};

/**
 * print_value() - A line about a member or element, or what there is before its own
 * @k:		Where it stands
 * @prefix:	Names around it
 * @depth:	How deep
 * @lists:	How many of the levels around are lists
 *
 * Return: true if it has members or elements to print next
 */
static bool print_value(const struct place *k, char prefix[static PREFIX_MAX], int depth, int lists)
{
	enum json_type type = json_type(&k->walk.value);
	char name[LINE_SIZE] = "?";

	if (k->walk.named) {
		(void)json_string(&k->walk.name, name, sizeof(name));
		(void)snprintf(prefix + k->prefix, PREFIX_MAX - k->prefix, "%s%s",
			       k->prefix ? "." : "", name);
	}
	if (type == JSON_OBJECT && k->walk.named && !lists)
		return true;
	if (type == JSON_ARRAY && k->walk.named && !lists)
		(void)fprintf(self.out, "%s:\n", prefix);
	if (type == JSON_OBJECT || type == JSON_ARRAY)
		return true;
	if (lists)
		(void)fputs("  ", self.out);
	else
		(void)fprintf(self.out, "%-24s ", depth ? prefix : name);
	print_scalar(&k->walk.value);
	if (!lists || !k->walk.named)
		(void)putc('\n', self.out);
	return false;
}

/**
 * print_reply() - A line for each value: "a.b  value", and for each element of a list
 * @of:		What was returned
 */
static void print_reply(const struct json *of)
{
	char prefix[PREFIX_MAX] = "";
	struct place at[JSON_DEPTH];
	int depth = 0, lists = json_type(of) == JSON_ARRAY;

	at[0] = (struct place){ .walk = json_walk(of) };
	while (depth >= 0) {
		struct place *k = &at[depth];
		bool named = k->walk.named;

		if (!json_next(&k->walk)) {
			/* A line about an element that is an object ends here */
			if (named && lists)
				(void)putc('\n', self.out);
			lists -= !named;
			depth--;
		} else if (print_value(k, prefix, depth, lists)) {
			size_t used = strlen(prefix);

			at[++depth] = (struct place){ .walk = json_walk(&k->walk.value),
						      .prefix = used };
			lists += !at[depth].walk.named;
		}
	}
}

/* is_event() - Whether a line is no reply: it is printed, if it says how far it is */
static bool is_event(const char *line, size_t len)
{
	uint64_t done, of;
	char why[JSON_ERROR];
	struct json obj, what;

	if (!json_parse(&obj, line, len, why) || !json_has(&obj, "event"))
		return false;
	if (self.json)
		(void)fprintf(self.out, "%.*s\n", (int)len, line);
	else if (json_get_object(&obj, "data", &what) && json_get_uint(&what, "done", UINT64_MAX, &done) &&
		 json_get_uint(&what, "of", UINT64_MAX, &of))
		(void)fprintf(stderr, "passtctl: %llu of %llu\n", (unsigned long long)done,
			      (unsigned long long)of);
	return true;
}

/**
 * report() - Print a reply; end if it is an error
 * @line:	Reply
 * @len:	Bytes
 * @raw:	Print it as it came
 */
static void report(const char *line, size_t len, bool raw)
{
	char why[JSON_ERROR];
	struct json obj, what;

	if (!json_parse(&obj, line, len, why))
		fail("the reply makes no sense: %s", why);
	if (raw)
		(void)fprintf(self.out, "%.*s\n", (int)len, line);
	if (json_get_object(&obj, "error", &what)) {
		static char desc[JSON_LEN_MAX];

		output.refused = *output.path;
		if (!json_get_string(&what, "desc", desc, sizeof(desc)))
			fail("refused without a reason");
		fail("%s", desc);
	}
	if (!raw)
		print_reply(json_get(&obj, "return", &what) ? &what : &obj);
	if (fflush(self.out))
		fail("can not print the reply: %s", strerror(errno));
}

/* The command line */

static void usage(FILE *to, int status)
{
	(void)fputs(
"Usage: passtctl [OPTION]... SOCKET COMMAND [ARGUMENT]\n"
"       passtctl [OPTION]... --socket SOCKET COMMAND [ARGUMENT]\n"
"Ask a passt or pasta that was started with --control SOCKET to do something.\n"
"\n"
"  checkpoint FILE    write its connections to a file, - is standard output, and\n"
"    --run            go on (default)\n"
"    --hold           wait for commit or abort\n"
"    --exit           end\n"
"    --flows          go on; only which there are, the first of two steps\n"
"    --known          the second step: what --flows wrote has been restored\n"
"  restore FILE       take over connections from a file, - is standard input\n"
"    --hold           wait for commit or abort\n"
"    --strict         all of them or none\n"
"  commit             what was held is given up here, or goes on here\n"
"  abort              what was held is as if nothing had been asked\n"
"  status             what it does\n"
"  raw JSON           send a request, print the reply as it came\n"
"\n"
"  -s, --socket PATH  control socket\n"
"  -t, --timeout S    seconds to wait for the reply, 0: no limit; default 60\n"
"  -j, --json         print the reply as it came\n"
"  -p, --progress     say how far it is\n"
"  -h, --help         this text\n", to);
	exit(status);
}

/* open_output() - What a checkpoint is written to; descriptor, -1 */
static int open_output(const char *name)
{
	struct stat st;
	int fd = -1;
	bool here = !stat(name, &st);

	if (here ? S_ISREG(st.st_mode) && realpath(name, output.path) :
		   lstat(name, &st) && util_copy(output.path, sizeof(output.path), name)) {
		(void)snprintf(output.beside, sizeof(output.beside), "%s.XXXXXX", output.path);
		fd = mkostemp(output.beside, O_CLOEXEC);
	}
	if (fd >= 0)
		return fd;
	output.path[0] = '\0';
	return open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

/* to_disk() - Who hears that it is done may turn this machine off */
static void to_disk(int fd, const char *name)
{
	if (fsync(fd) && errno != EINVAL && errno != EROFS)
		fail("can not write %s to disk: %s", name, strerror(errno));
}

/**
 * finish_output() - All of the checkpoint is written: so it gets its name
 * @fd:		Descriptor
 * @name:	As it was given
 */
static void finish_output(int fd, const char *name)
{
	off_t end = strcmp(name, "-") != 0 ? lseek(fd, 0, SEEK_CUR) : -1;
	struct stat st;
	char *base;

	/* It may have been longer before */
	if (!*output.path && end > 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) &&
	    ftruncate(fd, end))
		fail("can not cut %s behind the checkpoint: %s", name, strerror(errno));
	to_disk(fd, name);
	if (!*output.path)
		return;
	if (rename(output.beside, output.path))
		fail("can not name it %s: %s", output.path, strerror(errno));
	base = strrchr(output.path, '/');
	*(base ? base + 1 : output.path) = '\0';
	fd = open(base ? output.path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*output.path = '\0';
	if (fd >= 0)
		to_disk(fd, name);
}

/**
 * open_image() - The file of a checkpoint
 * @name:	Its name, "-": standard output or input
 * @restore:	It is read from
 *
 * Return: descriptor
 */
static int open_image(const char *name, bool restore)
{
	int fd;

	if (!strcmp(name, "-")) {
		fd = restore ? STDIN_FILENO : STDOUT_FILENO;
		if (isatty(fd))
			fail("a checkpoint is no text: give a file, or redirect standard %s",
			     restore ? "input" : "output");
		return fd;
	}
	fd = restore ? open(name, O_RDONLY | O_CLOEXEC) : open_output(name);
	if (fd < 0)
		fail("can not open %s: %s", name, strerror(errno));
	return fd;
}

/**
 * struct command - what can be asked for
 * @name:	command
 * @argument:	what its argument is, NULL: it has none
 * @modes:	options it may have
 */
struct command {
	const char *name;
	const char *argument;
	const char *modes;
};

/* may_have() - End if an option was given that a command does not have */
static void may_have(const struct command *c, bool given, const char *option)
{
	if (given && !strstr(c->modes, option))
		fail("%s has no --%s", c->name, option);
}

/**
 * find_command() - The command of a command line
 * @name:	Its name
 * @argument:	Argument, empty: none
 *
 * Return: command; does not return if it is none or called in a wrong way
 */
static const struct command *find_command(const char *name, const char *argument)
{
	static const struct command commands[] = {
		{ "checkpoint", "a FILE", "run hold exit flows known" },
		{ "restore", "a FILE", "hold strict" },
		{ "commit", NULL, "" },
		{ "abort", NULL, "" },
		{ "status", NULL, "" },
		{ "raw", "a request", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];

		if (strcmp(c->name, name) != 0)
			continue;
		if (c->argument && !*argument)
			fail("%s needs %s", name, c->argument);
		if (!c->argument && *argument)
			fail("%s has no argument: '%s'", name, argument);
		may_have(c, self.mode, self.mode);
		may_have(c, self.known, "known");
		may_have(c, self.strict, "strict");
		return c;
	}
	fail("no such command: '%s' (see --help)", name);
}

static void put_flag(struct json_writer *w, const char *name, bool value)
{
	if (!value)
		return;
	json_name(w, name);
	json_put_bool(w, true);
}

/**
 * make_request() - What to send for a command
 * @name:	Command
 * @argument:	Its argument
 * @line:	Filled, with a newline
 *
 * Return: bytes
 */
static size_t make_request(const char *name, const char *argument,
			   char line[static REQUEST_MAX + 1])
{
	struct json_writer w = json_writer(line, REQUEST_MAX);

	if (!strcmp(name, "raw")) {
		char why[JSON_ERROR];
		struct json obj;

		if (!json_parse(&obj, argument, strlen(argument), why))
			fail("no JSON: %s", why);
		if (!util_copy_n(line, REQUEST_MAX, obj.text, obj.len))
			fail("a request may have %i bytes", REQUEST_MAX);
		/* In order as it is, this is a blank between two things */
		for (char *p = line; (p = strchr(p, '\n')); )
			*p = ' ';
		w.len = obj.len;
	} else {
		json_begin_object(&w);
		json_name(&w, "execute");
		json_put_string(&w, name);
		json_name(&w, "arguments");
		json_begin_object(&w);
		if (!strcmp(name, "checkpoint")) {
			json_name(&w, "mode");
			json_put_string(&w, self.mode ? self.mode : "run");
			put_flag(&w, "known", self.known);
			put_flag(&w, "progress", self.progress);
		} else if (!strcmp(name, "restore")) {
			put_flag(&w, "hold", self.mode);
			put_flag(&w, "strict", self.strict);
		}
		json_end_object(&w);
		json_end_object(&w);
		(void)json_done(&w);
	}
	line[w.len] = '\n';
	return w.len + 1;
}

/* set_mode() - One of --run, --hold, --exit, --flows */
static void set_mode(const char *mode)
{
	if (self.mode && strcmp(mode, self.mode) != 0)
		fail("--%s or --%s: one of them", self.mode, mode);
	self.mode = mode;
}

/* parse_options() - Read our options; arguments are what getopt leaves */
static void parse_options(int argc, char **argv)
{
	static const char *const modes[] = { "run", "hold", "exit", "flows" };
	enum { MODE = 256 };
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "timeout", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "progress", no_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ "run", no_argument, NULL, MODE },
		{ "hold", no_argument, NULL, MODE + 1 },
		{ "exit", no_argument, NULL, MODE + 2 },
		{ "flows", no_argument, NULL, MODE + 3 },
		{ "known", no_argument, NULL, 'k' },
		{ "strict", no_argument, NULL, 'S' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "s:t:jph", options, NULL)) >= 0) {
		switch (c) {
		case 's':
			self.path = optarg;
			break;
		case 't':
			if (!util_parse_uint(optarg, TIMEOUT_MAX_S, &self.timeout_s))
				fail("--timeout is a number of seconds, at most %i: '%s'",
				     TIMEOUT_MAX_S, optarg);
			break;
		case 'j':
			self.json = true;
			break;
		case 'p':
			self.progress = true;
			break;
		case 'k':
			self.known = true;
			break;
		case 'S':
			self.strict = true;
			break;
		case 'h':
			usage(stdout, EXIT_SUCCESS);
			break;
		default:
			if (c < MODE)
				exit(EXIT_FAILURE);	/* getopt said why */
			set_mode(modes[c - MODE]);
		}
	}
}

int main(int argc, char **argv)
{
	static char request[REQUEST_MAX + 1];
	static struct inbox in;
	const char *name, *argument;
	const struct command *c;
	int fd, image = -1;
	int64_t end;
	size_t len;

	self.progress = isatty(STDERR_FILENO);
	parse_options(argc, argv);
	argv += optind;
	if (!self.path && *argv)
		self.path = *argv++;
	if (!*argv)
		usage(stderr, EXIT_FAILURE);
	name = argv[0];
	argument = argv[1] ? argv[1] : "";
	if (argv[1] && argv[2])
		fail("'%s' is one argument too many", argv[2]);
	c = find_command(name, argument);
	len = make_request(name, argument, request);

	end = now_ms() + (int64_t)self.timeout_s * 1000;
	fd = join();
	if (c->argument && *c->modes)
		image = open_image(argument, !strcmp(name, "restore"));
	self.out = image == STDOUT_FILENO ? stderr : stdout;
	ask(fd, request, len, image, end);
	do
		len = hear(fd, &in, end);
	while (is_event(in.text, len));
	report(in.text, len, self.json || !strcmp(name, "raw"));
	if (image >= 0 && !strcmp(name, "checkpoint"))
		finish_output(image, argument);
	return EXIT_SUCCESS;
}
