// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ns_agent.c - an agent that was taken over: answers the daemon must survive
 * links: ns.c addr.c util.c log.c
 */
#include "ns_agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "ns.h"
#include "test/unit/check.h"

/* What the agent does with each order but the first reply */
enum lie {
	LIE_NONE,		/* good sockets */
	LIE_FEW,		/* one of them */
	LIE_NO_FDS,		/* success, and nothing */
	LIE_MANY,		/* more than ordered */
	LIE_KIND,		/* pipes, UDP, sockets that block */
	LIE_RESULT,		/* a positive error */
	LIE_SHORT,		/* half a reply, with descriptors */
	LIE_LONG,		/* a reply and a half */
	LIE_EMPTY,		/* a reply of no bytes */
	LIE_DEAD,		/* it ends */
	LIE_SILENT,		/* it does not answer */
	LIE_NUM
};

static enum lie lie;
static pid_t agent;

/* give() - Send bytes and descriptors */
static void give(int sock, const void *data, size_t len, const int *fds, int n)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(64 * sizeof(int))];
	} control = { .buf = { 0 } };
	struct ns_agent_reply copy[2] = { { 0 } };
	struct iovec iov = { copy, len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	memcpy(copy, data, len < sizeof(copy[0]) ? len : sizeof(copy[0]));
	if (n) {
		struct cmsghdr *c;

		mh.msg_control = control.buf;
		mh.msg_controllen = CMSG_SPACE((size_t)n * sizeof(int));
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, (size_t)n * sizeof(int));
	}
	(void)!sendmsg(sock, &mh, MSG_NOSIGNAL);
	while (n > 0)
		close(fds[--n]);
}

/* wrong_kinds() - Descriptors of which the last is what was ordered; how many */
static int wrong_kinds(int family, int *fds)
{
	const int type = SOCK_STREAM | SOCK_NONBLOCK;

	if (pipe(fds))
		_exit(1);
	fds[2] = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	fds[3] = socket(AF_UNIX, type, 0);
	fds[4] = socket(family, SOCK_STREAM, 0);
	fds[5] = socket(family, type, 0);
	return 6;
}

/* make() - Descriptors for an answer; how many */
static int make(int family, int *fds)
{
	static const int count[LIE_NUM] = { [LIE_FEW] = 1, [LIE_MANY] = 40 };
	int n = count[lie] ? count[lie] : NS_AGENT_FDS;

	if (lie == LIE_NO_FDS)
		return 0;
	if (lie == LIE_KIND)
		return wrong_kinds(family, fds);
	for (int i = 0; i < n; i++)
		fds[i] = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	return n;
}

/* serve() - The agent: a good first reply, then what @lie says */
static void serve(int sock)
{
	static const size_t len[LIE_NUM] = {
		[LIE_SHORT] = sizeof(struct ns_agent_reply) / 2,
		[LIE_LONG] = sizeof(struct ns_agent_reply) * 3 / 2,
	};
	struct ns_agent_reply ok = { .result = 0 };
	struct ns_agent_request q;
	int fds[64];

	fds[0] = open("/dev/null", O_RDWR);
	give(sock, &ok, sizeof(ok), fds, 1);
	ok.result = lie == LIE_RESULT;
	while (recv(sock, &q, sizeof(q), 0) > 0) {
		if (lie == LIE_DEAD)
			break;
		if (lie == LIE_SILENT)
			continue;
		if (lie == LIE_EMPTY)
			give(sock, &ok, 0, fds, 0);
		else
			give(sock, &ok, len[lie] ? len[lie] : sizeof(ok), fds,
			     make(q.family, fds));
	}
	_exit(0);
}

int ns_agent_fork(const struct ns_conf *conf, const char *path, int sock)
{
	(void)conf;
	(void)path;
	agent = fork();
	if (!agent) {
		int s = dup2(sock, 3);

		for (int fd = 4; fd < 100; fd++)
			close(fd);
		serve(s);
	}
	return -1;
}

/* open_fds() - How many descriptors we have */
static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1000; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/*
 * try() - Order sockets from such an agent
 *
 * No descriptor may be left when they are closed.  Return: how many came
 */
static int try(enum lie l, int orders, int *error)
{
	struct ns_conf conf = { .netns = "/proc/self/ns/net", .no_quit = true };
	int fd[100], n = 0, before = open_fds();
	struct ns ns;

	lie = l;
	ns_open(&conf, &ns);
	*error = 0;
	for (int i = 0; i < orders; i++) {
		fd[n] = ns_socket(AF_INET, SOCK_STREAM);
		if (fd[n] < 0)
			*error = -fd[n];
		else
			n++;
	}
	for (int i = 0; i < n; i++)
		close(fd[i]);
	close(ns.tap);
	/* beside our end, which may have been given up */
	CHECK(open_fds() - before <= (*error == EMFILE || !*error));
	kill(agent, SIGKILL);
	CHECK_EQ(waitpid(agent, NULL, 0), agent);
	return n;
}

static void test_good(void)
{
	int error;

	CHECK_EQ(try(LIE_NONE, 4 * NS_AGENT_FDS, &error), 4 * NS_AGENT_FDS);
	CHECK_EQ(error, 0);
	CHECK_EQ(try(LIE_FEW, 3, &error), 3);
	CHECK_EQ(error, 0);
}

static void test_fds(void)
{
	int error;

	CHECK_EQ(try(LIE_NO_FDS, 2, &error), 0);
	CHECK_EQ(error, EMFILE);
	CHECK_EQ(try(LIE_MANY, NS_AGENT_FDS, &error), NS_AGENT_FDS);
	CHECK_EQ(error, 0);
	CHECK_EQ(try(LIE_KIND, 2, &error), 2);	/* the one that is good, twice */
	CHECK_EQ(error, 0);
}

static void test_broken(void)
{
	static const enum lie lies[] = {
		LIE_RESULT, LIE_SHORT, LIE_LONG, LIE_EMPTY, LIE_DEAD,
	};
	int error;

	for (unsigned i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		CHECK_EQ(try(lies[i], 2, &error), 0);
		CHECK_EQ(error, ENOTCONN);	/* given up for good */
	}
}

static void test_silent(void)
{
	int error;

	CHECK_EQ(try(LIE_SILENT, 1, &error), 0);
	CHECK_EQ(error, ETIMEDOUT);
	CHECK_EQ(try(LIE_SILENT, 3, &error), 0);	/* it is waited for once */
	CHECK_EQ(error, ENOTCONN);
}

int main(void)
{
	log_level = LOG_LVL_ERR;
	RUN(test_good);
	RUN(test_fds);
	RUN(test_broken);
	RUN(test_silent);
	return check_done();
}
