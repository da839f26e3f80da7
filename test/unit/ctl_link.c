// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_link.c - unit test of ../../ctl_link.c and ../../sock_unix.c
 * links: ctl_link.c sock_unix.c json.c loop.c count.c util.c
 *
 * Sockets and loop are real; clients are hostile.  Requests are answered with their
 * names and arguments; pump() goes on until the loop would sleep, so that what keeps
 * it awake for nothing is found.
 */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl_link.h"
#include "log.h"
#include "loop.h"
#include "sock_unix.h"
#include "util.h"

enum {
	EVENTS		= 8,
	TURNS_MAX	= 100000,	/* of the loop, until it is called a spin */
	REPLY_SIZE	= 1024 * 1024,
	FDS		= 253,		/* SCM_MAX_FD of the kernel */
};

#define MS UINT64_C(1000)
#define HELLO "{\"execute\":\"hello\"}\n"
#define HELLO_REPLY "{\"return\":{\"name\":\"hello\",\"arguments\":\"{}\",\"fd\":false}}\n"

enum log_level log_level = LOG_LVL_ERR;
static unsigned errors, warnings, bugs;

void log_write(enum log_level level, int error, const char *fmt, ...)
{
	(void)error;
	(void)fmt;
	errors += level == LOG_LVL_ERR;
	warnings += level == LOG_LVL_WARN;
}

bool log_allow(uint64_t *state, uint64_t now_us)
{
	*state = now_us;
	return true;
}

void log_bug(const char *file, int line, const char *what)
{
	(void)file;
	(void)line;
	(void)what;
	bugs++;
}

static char dir[] = "/tmp/ctl_link.XXXXXX", path[64];

/* The program's side */

/* Number of the client whose request came last, and of requests */
static uint32_t last_client;
static unsigned served;

/* answer() - Say what was understood, and write "got" to a descriptor */
static void answer(struct ctl_request *r)
{
	static char text[2 * CTL_LINE_MAX + 256], arguments[CTL_LINE_MAX + 1];
	struct json_writer w = json_writer(text, sizeof(text));

	last_client = r->client;
	served++;
	CHECK(util_copy_n(arguments, sizeof(arguments), r->arguments.text, r->arguments.len));
	json_begin_object(&w);
	json_name(&w, "return");
	json_begin_object(&w);
	json_name(&w, "name");
	json_put_string(&w, r->name);
	json_name(&w, "arguments");
	json_put_string(&w, arguments);
	json_name(&w, "fd");
	json_put_bool(&w, r->fd >= 0);
	json_end_object(&w);
	json_end_object(&w);
	CHECK(json_done(&w));
	if (r->fd >= 0) {
		CHECK(fcntl(r->fd, F_GETFD) & FD_CLOEXEC);
		CHECK_EQ(write(r->fd, r->name, strlen(r->name)), strlen(r->name));
		close(r->fd);
	}
	ctl_link_reply(r->client, text);
}

/* turn() - What passt.c does when the loop wakes.  Return: it had a reason to */
static bool turn(bool serve)
{
	struct loop_event ev[EVENTS];
	struct ctl_request r;
	int n = loop_wait(ev, EVENTS, 1, false);

	for (int i = 0; i < n; i++) {
		CHECK_EQ(ev[i].kind, LOOP_CTL);
		ctl_link_event(ev[i].id, ev[i].events);
	}
	while (serve && ctl_link_next(&r))
		answer(&r);
	return n > 0;
}

/* pump() - Turns until it would sleep */
static void pump(void)
{
	int turns = 0;

	while (turn(true) && turns < TURNS_MAX)
		turns++;
	CHECK(turns < TURNS_MAX);
}

static void up(void)
{
	errors = warnings = bugs = served = 0;
	CHECK_EQ(loop_init(), 0);
	CHECK_EQ(ctl_link_open(path), 0);
}

/* fds() - Descriptors open in this process */
static int fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* The clients' side */

static int client(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK(util_copy(a.sun_path, sizeof(a.sun_path), path));
	CHECK_EQ(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

/* say_with() - Send bytes, with copies of a descriptor */
static void say_with(int fd, const char *text, int passed, size_t copies)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(FDS * sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec iov = { NULL, strlen(text) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	char *copy = strdup(text);

	iov.iov_base = copy;
	if (copies) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(copies * sizeof(int));
		control.h.cmsg_level = SOL_SOCKET;
		control.h.cmsg_type = SCM_RIGHTS;
		control.h.cmsg_len = CMSG_LEN(copies * sizeof(int));
		for (size_t i = 0; i < copies; i++)
			memcpy(CMSG_DATA(&control.h) + i * sizeof(int), &passed, sizeof(int));
	}
	CHECK_EQ(sendmsg(fd, &msg, MSG_NOSIGNAL), strlen(text));
	free(copy);
}

static void say(int fd, const char *text)
{
	say_with(fd, text, -1, 0);
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

static void bye(int fd)
{
	close(fd);
	pump();
}

/* says() - A line, and what has to be the reply */
static void says(int fd, const char *text, const char *reply)
{
	say(fd, text);
	pump();
	CHECK_STR(hear(fd), reply);
}

#define ERROR(text) "{\"error\":{\"desc\":\"" text "\"}}\n"

/* The socket in the file system */
static void test_name(void)
{
	char other[80], longer[200];
	mode_t mask = umask(0);
	struct stat st;
	int fd;

	up();
	CHECK_EQ(lstat(path, &st), 0);
	CHECK_EQ(st.st_mode, S_IFSOCK | 0600);
	CHECK_EQ(umask(mask), 0);
	CHECK_EQ(sock_unix_listen(path, 0600, 1), -EADDRINUSE);

	/* A stale one is replaced, and only what is ours is removed */
	(void)snprintf(other, sizeof(other), "%s/other", dir);
	CHECK_EQ(rename(path, other), 0);
	ctl_link_close();
	CHECK_EQ(lstat(other, &st), 0);
	CHECK_EQ(rename(other, path), 0);
	CHECK_EQ(ctl_link_open(path), 0);
	CHECK_EQ(rename(path, other), 0);
	fd = sock_unix_listen(path, 0600, 1);
	CHECK(fd >= 0);
	ctl_link_close();
	CHECK_EQ(lstat(path, &st), 0);
	close(fd);
	CHECK_EQ(unlink(other), 0);
	CHECK_EQ(ctl_link_open(path), 0);
	CHECK_EQ(errors, 0);
	ctl_link_close();
	CHECK(lstat(path, &st) && errno == ENOENT);
	ctl_link_close();

	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	CHECK_EQ(ctl_link_open(path), -ENOTSOCK);
	CHECK_EQ(lstat(path, &st), 0);
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(symlink("/nowhere", path), 0);
	CHECK_EQ(ctl_link_open(path), -ENOTSOCK);
	CHECK_EQ(unlink(path), 0);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	CHECK_EQ(ctl_link_open(longer), -ENAMETOOLONG);
	CHECK_EQ(ctl_link_open("/nowhere/at/all"), -ENOENT);
	CHECK_EQ(errors, 4);
}

/* What is a request, and what is said about what is none */
static void test_requests(void)
{
	int fd;

	up();
	fd = client();
	says(fd, HELLO, HELLO_REPLY);
	says(fd, "{ \"arguments\" : { \"a\" : 1 }, \"execute\" : \"hello\" }\r\n",
	     "{\"return\":{\"name\":\"hello\",\"arguments\":\"{ \\\"a\\\" : 1 }\","
	     "\"fd\":false}}\n");
	says(fd, "\n  \r\n\t\n", "");
	says(fd, HELLO HELLO "\n" HELLO, HELLO_REPLY HELLO_REPLY HELLO_REPLY);
	says(fd, "hello\n", ERROR("byte 1: no object"));
	says(fd, "{}\n", ERROR("'execute' is not the name of a command"));
	says(fd, "{\"execute\":5}\n", ERROR("'execute' is not the name of a command"));
	says(fd, "{\"execute\":\"01234567890123456789012345678901\"}\n",
	     ERROR("'execute' is not the name of a command"));
	says(fd, "{\"execute\":\"a\",\"arguments\":[]}\n", ERROR("'arguments' is no object"));
	says(fd, "{\"execute\":\"a\",\"argument\":{}}\n",
	     ERROR("a request has no member 'argument'"));
	says(fd, "{\"\\\"\\n\":1}\n", ERROR("a request has no member '\\\"\\u000a'"));
	says(fd, "{\"execute\":\"a\"}}\n" HELLO,
	     ERROR("byte 16: something behind the object") HELLO_REPLY);
	CHECK_EQ(served, 6);
	bye(fd);
	ctl_link_close();
}

/* However lines are cut */
static void test_pieces(void)
{
	int fd, before;

	up();
	fd = client();
	for (const char *p = HELLO; *p; p++) {
		char byte[2] = { *p, '\0' };

		says(fd, byte, *p == '\n' ? HELLO_REPLY : "");
	}
	says(fd, "{\"execute\"", "");
	says(fd, ":\"hello\"}\n{\"exec", HELLO_REPLY);
	before = fds();
	bye(fd);
	CHECK_EQ(fds(), before - 2);
	CHECK_EQ(served, 2);

	/* The last line needs no end if nothing follows; what is owed is sent */
	fd = client();
	say(fd, HELLO "{\"execute\":\"hello\"}");
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	pump();
	CHECK_STR(hear(fd), HELLO_REPLY HELLO_REPLY);
	CHECK(!hear(fd));
	bye(fd);
	fd = client();
	say(fd, "{\"execute\":\"hel");
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	pump();
	CHECK_STR(hear(fd), ERROR("byte 16: string without end"));
	CHECK(!hear(fd));
	bye(fd);
	ctl_link_close();
}

/* A byte out of band is a byte, not a reason to stay awake */
static void test_out_of_band(void)
{
	int fd;

	up();
	fd = client();
	pump();
	says(fd, "{\"execute\":\"hel", "");
	(void)send(fd, "l", 1, MSG_OOB | MSG_NOSIGNAL);
	pump();
	(void)hear(fd);
	says(fd, "o\"}\n", HELLO_REPLY);
	bye(fd);
	ctl_link_close();
}

/* long_line() - A request of so many bytes, its newline not counted */
static char *long_line(size_t len)
{
	char *text = malloc(len + 2);

	CHECK(len > 20);
	memset(text, ' ', len);
	memcpy(text, HELLO, strlen(HELLO) - 2);
	text[len - 1] = '}';
	text[len] = '\n';
	text[len + 1] = '\0';
	return text;
}

static void test_long(void)
{
	static char junk[64 * 1024];
	char *text = long_line(CTL_LINE_MAX);
	size_t sent = 0;
	int fd;

	up();
	fd = client();
	says(fd, text, HELLO_REPLY);
	text[CTL_LINE_MAX] = '\0';
	says(fd, text, "");
	says(fd, "\n", HELLO_REPLY);
	free(text);
	text = long_line(CTL_LINE_MAX + 1);
	says(fd, text, ERROR("a request may have 8192 bytes"));
	says(fd, HELLO, HELLO_REPLY);
	free(text);

	/* 10 MB are one error */
	memset(junk, '{', sizeof(junk));
	while (sent < 160 * sizeof(junk)) {
		ssize_t n = send(fd, junk, sizeof(junk), MSG_NOSIGNAL);

		CHECK(n > 0 || errno == EAGAIN);
		sent += n > 0 ? (size_t)n : 0;
		(void)turn(true);
	}
	pump();
	says(fd, "\n" HELLO, ERROR("a request may have 8192 bytes") HELLO_REPLY);
	bye(fd);
	ctl_link_close();
}

/* gets_pipe() - What was written to the pipe */
static const char *gets_pipe(const int pipes[2])
{
	static char text[64];
	ssize_t n = read(pipes[0], text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

#define TOO_MANY ERROR("a request may come with one descriptor, and there has to be "	\
		       "one left below the limit of open files")
#define FD_REPLY(name) "{\"return\":{\"name\":\"" name "\",\"arguments\":\"{}\",\"fd\":true}}\n"

/* A descriptor belongs to the line it came with, and none stays open */
static void test_descriptors(void)
{
	int fd, pipes[2], before;

	up();
	CHECK_EQ(pipe2(pipes, O_NONBLOCK), 0);
	fd = client();
	pump();
	before = fds();
	say_with(fd, "{\"execute\":\"a\"}\n", pipes[1], 1);
	pump();
	CHECK_STR(hear(fd), FD_REPLY("a"));
	CHECK_STR(gets_pipe(pipes), "a");

	/* All of this is there before the first byte is read */
	say(fd, HELLO);
	say_with(fd, "{\"execute\":\"b\"}\n", pipes[1], 1);
	say(fd, HELLO);
	say(fd, "{\"execute\":");
	say_with(fd, "\"c\"", pipes[1], 1);
	say(fd, "}\n" HELLO);
	pump();
	CHECK_STR(hear(fd), HELLO_REPLY FD_REPLY("b") HELLO_REPLY FD_REPLY("c") HELLO_REPLY);
	CHECK_STR(gets_pipe(pipes), "bc");

	/* Too many, at once or one after the other */
	say_with(fd, "{\"execute\":\"d\"}\n", pipes[1], 2);
	say_with(fd, "{\"execute\":", pipes[1], 1);
	say_with(fd, "\"e\"", pipes[1], 1);
	say(fd, "}\n" HELLO);
	pump();
	CHECK_STR(hear(fd), TOO_MANY TOO_MANY HELLO_REPLY);
	for (int i = 0; i < 20; i++)
		say_with(fd, i % 2 ? "{" : "\n", pipes[1], FDS);
	pump();
	(void)hear(fd);
	says(fd, "\n" HELLO, HELLO_REPLY);

	/* With nothing, with nonsense, with a line too long, and left behind */
	say_with(fd, "\n", pipes[1], 1);
	say_with(fd, "nonsense\n", pipes[1], 1);
	pump();
	CHECK_STR(hear(fd), ERROR("byte 1: no object") ERROR("byte 1: no object"));
	say_with(fd, "{\"execute\":\"f\"", pipes[1], 1);
	CHECK_EQ(fds(), before);
	pump();
	CHECK_EQ(fds(), before + 1);
	for (int i = 0; i < 2 * CTL_LINE_MAX / 32; i++) {
		say_with(fd, "                                ", pipes[1], i > CTL_LINE_MAX / 32);
		pump();
	}
	(void)hear(fd);
	CHECK_EQ(fds(), before);
	say_with(fd, "\n{", pipes[1], 1);
	say_with(fd, "\"", pipes[1], 1);
	pump();
	bye(fd);
	CHECK_EQ(fds(), before - 2);
	CHECK_STR(gets_pipe(pipes), "");

	/* One whose client goes before anybody asks for its request */
	fd = client();
	(void)turn(true);
	say_with(fd, HELLO, pipes[1], 1);
	(void)turn(false);
	CHECK_EQ(ctl_link_wait(0), 1);
	ctl_link_close();
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
	CHECK_EQ(fds(), before - 2 - 2 - 2);
}

static void test_clients(void)
{
	struct ctl_request r;
	int fd[CTL_CLIENTS], other, before;
	uint32_t gone;

	up();
	before = fds();
	for (int i = 0; i < CTL_CLIENTS; i++) {
		fd[i] = client();
		says(fd[i], HELLO, HELLO_REPLY);
	}
	other = client();
	say(other, HELLO);
	pump();
	CHECK_STR(hear(other), ERROR("too many clients are connected"));
	CHECK(!hear(other));
	bye(other);

	/* Each in its turn, and nobody gets what was another's */
	for (int i = 0; i < CTL_CLIENTS; i++)
		say(fd[i], HELLO HELLO);
	(void)turn(false);
	for (int i = 0, seen = 0; i < CTL_CLIENTS; i++) {
		CHECK(ctl_link_next(&r) && !(seen & 1 << (r.client & 3)));
		seen |= 1 << (r.client & 3);
		answer(&r);
	}
	pump();
	for (int i = 0; i < CTL_CLIENTS; i++)
		CHECK_STR(hear(fd[i]), HELLO_REPLY HELLO_REPLY);
	says(fd[1], HELLO, HELLO_REPLY);
	gone = last_client;
	bye(fd[1]);
	fd[1] = client();
	pump();
	ctl_link_reply(gone, NULL);
	ctl_link_error(gone, "late");
	ctl_link_event(gone, EPOLLIN);
	ctl_link_event(4711, EPOLLIN);
	CHECK_STR(hear(fd[1]), "");
	says(fd[1], HELLO, HELLO_REPLY);
	CHECK((last_client & 3) == (gone & 3) && last_client != gone);
	for (int i = 0; i < CTL_CLIENTS; i++)
		bye(fd[i]);
	CHECK_EQ(fds(), before);
	ctl_link_close();
	ctl_link_reply(last_client, NULL);
	CHECK(!ctl_link_next(&r));
}

/* Replies that are late, empty, errors, or too long */
static void test_replies(void)
{
	static char text[CTL_REPLY_MAX + 1];
	struct ctl_request r;
	int fd;

	up();
	fd = client();
	say(fd, HELLO "{\"execute\":\"x\"}\n");
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	while (turn(false))
		CHECK(!ctl_link_next(&r) || served++ < 2);
	while (ctl_link_next(&r))
		served++;
	CHECK_EQ(served, 2);
	CHECK(!turn(false));
	CHECK_STR(hear(fd), "");
	ctl_link_reply(r.client, NULL);
	CHECK_STR(hear(fd), "{\"return\":{}}\n");
	ctl_link_error(r.client, "\"%s\" %d\n", "\xff", 5);
	CHECK_STR(hear(fd), ERROR("\\\"\xef\xbf\xbd\\\" 5\\u000a"));
	CHECK(!hear(fd));
	close(fd);

	fd = client();
	memset(text, '\x01', sizeof(text) - 1);
	says(fd, HELLO, HELLO_REPLY);
	ctl_link_reply(last_client, text);
	CHECK_STR(hear(fd), ERROR("the reply is too long"));
	ctl_link_error(last_client, "%s", text);
	CHECK_EQ(strlen(hear(fd)), strlen(ERROR("")) + strlen("\\u0001") * 511);
	bye(fd);
	CHECK_EQ(bugs, 0);
	ctl_link_close();
}

/* Who does not read is dropped, in time and alone */
static void test_deaf(void)
{
	int fd, other, before;
	unsigned n = 0;

	up();
	other = client();
	says(other, HELLO, HELLO_REPLY);
	before = fds();
	fd = client();
	while (n < 100000 && send(fd, HELLO, strlen(HELLO), MSG_NOSIGNAL) > 0) {
		pump();
		n++;
	}
	CHECK(n > CTL_REPLY_MAX / strlen(HELLO_REPLY) && n < 100000);
	CHECK_EQ(warnings, 1);
	CHECK_EQ(fds(), before + 1);
	says(other, HELLO, HELLO_REPLY);
	close(fd);

	/* One that reads at last gets all of it, however it was cut */
	n -= CTL_REPLY_MAX / (unsigned)strlen(HELLO_REPLY) / 2;
	fd = client();
	for (unsigned i = 0; i < n; i++) {
		CHECK_EQ(send(fd, HELLO, strlen(HELLO), MSG_NOSIGNAL), strlen(HELLO));
		pump();
	}
	for (size_t left = strlen(HELLO_REPLY) * n; left; pump()) {
		const char *text = hear(fd);
		size_t len = text ? strlen(text) : 0;

		CHECK(len && len <= left);
		if (!len || len > left)
			break;
		left -= len;
	}
	CHECK_EQ(warnings, 1);
	CHECK_STR(hear(fd), "");
	bye(fd);
	bye(other);
	CHECK_EQ(fds(), before - 2);
	ctl_link_close();
}

/* Without a descriptor for it a client is told so, and the loop sleeps again */
static void test_no_descriptor(void)
{
	struct rlimit was, low;
	int fd[2];

	up();
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &was), 0);
	fd[0] = client();
	fd[1] = client();
	low = was;
	low.rlim_cur = (rlim_t)fd[1] + 1;
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
	pump();
	for (int i = 0; i < 2; i++) {
		CHECK_STR(hear(fd[i]), ERROR("the limit of open files is reached"));
		close(fd[i]);
	}
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &was), 0);
	fd[0] = client();
	says(fd[0], HELLO, HELLO_REPLY);
	bye(fd[0]);
	ctl_link_close();
}

/* The wait that needs no loop */
static void test_wait(void)
{
	uint64_t begin = loop_now();
	struct ctl_request r;
	int fd, status;
	pid_t pid;

	CHECK_EQ(ctl_link_wait(1), 0);
	up();
	CHECK_EQ(ctl_link_wait(20), 0);
	CHECK(loop_now() >= begin + 20 * MS && loop_now() < begin + 10000 * MS);
	fd = client();
	CHECK_EQ(ctl_link_wait(0), 0);
	say(fd, "nonsense\n\n{\"arguments\":{\"a\":17},\"execute\":\"hello\"}\n{\"exe");
	CHECK_EQ(ctl_link_wait(-1), 1);
	CHECK_EQ(ctl_link_wait(-1), 1);
	CHECK(ctl_link_next(&r));

	/* What one holds is not touched by what comes meanwhile */
	say(fd, "cute\":\"other\"}\n");
	CHECK_EQ(ctl_link_wait(5000), 1);
	answer(&r);
	CHECK(ctl_link_next(&r));
	answer(&r);
	CHECK_STR(hear(fd), ERROR("byte 1: no object")
		  "{\"return\":{\"name\":\"hello\",\"arguments\":\"{\\\"a\\\":17}\","
		  "\"fd\":false}}\n"
		  "{\"return\":{\"name\":\"other\",\"arguments\":\"{}\",\"fd\":false}}\n");
	CHECK_EQ(ctl_link_wait(0), 0);

	/* Somebody who never stops does not keep us */
	pid = fork();
	if (!pid) {
		CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
		for (;;) {
			static char sink[4096];

			(void)send(fd, "x\n\n", 3, MSG_NOSIGNAL);
			(void)recv(fd, sink, sizeof(sink), MSG_DONTWAIT);
		}
	}
	begin = loop_now();
	CHECK_EQ(ctl_link_wait(50), 0);
	CHECK(loop_now() >= begin + 50 * MS && loop_now() < begin + 5000 * MS);
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	close(fd);
	CHECK_EQ(ctl_link_wait(20), 0);
	ctl_link_close();
}

int main(void)
{
	if (!mkdtemp(dir))
		return EXIT_FAILURE;
	(void)snprintf(path, sizeof(path), "%s/ctl", dir);
	RUN(test_name);
	RUN(test_requests);
	RUN(test_pieces);
	RUN(test_out_of_band);
	RUN(test_long);
	RUN(test_descriptors);
	RUN(test_clients);
	RUN(test_replies);
	RUN(test_deaf);
	RUN(test_no_descriptor);
	RUN(test_wait);
	(void)rmdir(dir);
	return check_done();
}
