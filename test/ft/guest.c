// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest.c - a stand-in for a virtual machine, whose whole state is copied in a millisecond
 *
 *	guest [--link SOCKET | --standby] --control SOCKET --area FILE
 *	      [--addr4 A] [--mask4 M] [--gw4 A] [--addr6 A] [--port N]
 *
 * Theory of operation
 *
 *   The guest is lwIP and the services of service.c, behind the cable of link.c.  It is told
 *   what to do over a control socket, SOCK_SEQPACKET, any number of clients; each order is one
 *   packet, and so is its answer, "ok ..." or "error ...":
 *
 *	pause		stand still; what was sent is on the wire
 *	resume		go on
 *	snapshot N	copy the state into the area as number N: "ok BYTES MICROSECONDS"
 *	keep N		standby: have a copy of our own of that
 *	go SOCKET	standby: be the guest, from the last copy kept: "ok N"
 *	link SOCKET	have a cable to there; "-": none
 *	dial ADDR PORT WORDS...	see service_dial()
 *	status		"ok running|paused|standby ..."
 *	quit
 *
 *   While it is paused no frame is read, and time does not go on.  A standby is a process of
 *   the same program that does nothing until it is told to.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "link.h"
#include "pattern.h"
#include "service.h"
#include "stack.h"
#include "state.h"

enum {
	CLIENTS		= 8,
	TEXT		= 512,
	FLUSH_MS	= 2,		/* a wire that takes nothing is not waited for longer */
	US_PER_S	= 1000 * 1000,
	NS_PER_US	= 1000,
};

/* What the options without a short form return */
enum { OPT_LINK = 1, OPT_STANDBY, OPT_CONTROL, OPT_AREA, OPT_ADDR4, OPT_MASK4, OPT_GW4,
       OPT_ADDR6, OPT_PORT };

/* What is polled: the listening socket, the cable, clients */
enum { POLL_LISTEN, POLL_LINK, POLL_CLIENT, POLL_NUM = POLL_CLIENT + CLIENTS };

/**
 * enum what - what the process does
 * @RUNS:	it is the guest
 * @PAUSED:	it is, and stands still
 * @STANDBY:	it waits to be one
 */
enum what { RUNS, PAUSED, STANDBY };

/**
 * struct guest_self - state of this file, which is none of the guest
 * @what:	what we do
 * @quit:	we were told to end
 * @fd:		what is polled
 */
static struct {
	enum what what;
	bool quit;
	struct pollfd fd[POLL_NUM];
} self;

/* now_us() - The clock of this machine, us */
static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * US_PER_S + (uint64_t)t.tv_nsec / NS_PER_US;
}

/* die() - The command line, or what it names, makes no sense */
static void __attribute__((noreturn)) die(const char *what, int rc)
{
	(void)fprintf(stderr, "guest: %s: %s\n", what, strerror(-rc));
	exit(1);
}

/* listen_at() - Have the control socket */
static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(addr.sun_path))
		die(path, fd < 0 ? -errno : -ENAMETOOLONG);
	memcpy(addr.sun_path, path, strlen(path));
	(void)unlink(path);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, CLIENTS))
		die(path, -errno);
	return fd;
}

/* frames() - Give the guest what is on the wire */
static void frames(void)
{
	const uint8_t *frame;
	size_t len;

	if (link_read())
		return;
	while ((frame = link_next(&len)))
		stack_frame(frame, len);
}

/* flush() - Put on the wire what it takes */
static void flush(void)
{
	if (!link_waits())
		return;
	while (link_flush()) {
		/* What lwIP could not send before it can now; it may be more than fits */
		stack_room();
		if (!link_waits())
			break;
	}
}

/* pause_guest() - Stand still, with all that was sent on the wire */
static void pause_guest(void)
{
	if (self.what != RUNS)
		return;
	for (int i = 0; i < FLUSH_MS && !link_flush(); i++) {
		struct pollfd p = { .fd = link_fd(), .events = POLLOUT };

		(void)poll(&p, 1, 1);
	}
	self.what = PAUSED;
}

/* order_snapshot() - The order "snapshot" */
static int order_snapshot(uint64_t n, char *said, size_t size)
{
	uint64_t from = now_us();

	if (self.what != PAUSED || !n)
		return -EBUSY;
	state_save(n);
	(void)snprintf(said, size, "ok %zu %llu", state_size(),
		       (unsigned long long)(now_us() - from));
	return 0;
}

/* order_go() - The order "go" */
static int order_go(const char *path, char *said, size_t size)
{
	uint64_t n;
	int rc;

	if (self.what != STANDBY)
		return -EBUSY;
	rc = link_attach(path);
	if (rc)
		return rc;
	rc = state_load(&n);
	if (rc) {
		link_detach();
		return rc;
	}
	stack_moved(now_us());
	self.what = RUNS;
	(void)snprintf(said, size, "ok %llu", (unsigned long long)n);
	return 0;
}

/* order_dial() - The order "dial" */
static int order_dial(const char *words)
{
	size_t n = strcspn(words, " ");
	unsigned long port;
	char addr[TEXT];
	char *end;

	if (self.what == STANDBY)
		return -EBUSY;
	if (n >= sizeof(addr))
		return -EINVAL;
	memcpy(addr, words, n);
	addr[n] = '\0';
	port = strtoul(words + n, &end, 10);
	if (!port || port > UINT16_MAX || *end != ' ')
		return -EINVAL;
	return service_dial(addr, (uint16_t)port, end + 1);
}

/* order_status() - The order "status" */
static void order_status(char *said, size_t size)
{
	static const char *const name[] = { "running", "paused", "standby" };
	int n = snprintf(said, size, "ok %s ", name[self.what]);

	(void)service_status(said + n, size - (size_t)n);
}

/* after() - Whether a text begins with a word; what follows it then */
static const char *after(const char *text, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(text, word, n) != 0 || (text[n] && text[n] != ' '))
		return NULL;
	return text[n] ? text + n + 1 : text + n;
}

/* obey() - Carry out an order; 0, or -errno; what to answer if that is not "ok" */
static int obey(const char *order, char *said, size_t size)
{
	const char *p;

	if (after(order, "pause")) {
		pause_guest();
		return self.what == PAUSED ? 0 : -EBUSY;
	}
	if (after(order, "resume")) {
		if (self.what == STANDBY)
			return -EBUSY;
		self.what = RUNS;
		return 0;
	}
	p = after(order, "snapshot");
	if (p)
		return order_snapshot(strtoull(p, NULL, 10), said, size);
	p = after(order, "keep");
	if (p)
		return self.what == STANDBY ? state_keep(strtoull(p, NULL, 10)) : -EBUSY;
	p = after(order, "go");
	if (p)
		return order_go(p, said, size);
	p = after(order, "dial");
	if (p)
		return order_dial(p);
	p = after(order, "link");
	if (p && strcmp(p, "-") != 0)
		return link_attach(p);
	if (p) {
		link_detach();
		return 0;
	}
	if (after(order, "status")) {
		order_status(said, size);
		return 0;
	}
	self.quit = after(order, "quit") != NULL;
	return self.quit ? 0 : -EINVAL;
}

/* client() - Orders of a client wait */
static void client(struct pollfd *p)
{
	char order[TEXT];
	ssize_t n = recv(p->fd, order, sizeof(order) - 1, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		char said[TEXT] = "ok";
		int rc;

		order[n] = '\0';
		order[strcspn(order, "\n")] = '\0';
		rc = obey(order, said, sizeof(said));
		if (rc)
			(void)snprintf(said, sizeof(said), "error %s", strerror(-rc));
		if (send(p->fd, said, strlen(said), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return;
	}
	close(p->fd);
	p->fd = -1;
}

/* newcomer() - Somebody wants to give orders; if there are too many, not now */
static void newcomer(void)
{
	int fd = accept4(self.fd[POLL_LISTEN].fd, NULL, NULL, SOCK_CLOEXEC);

	for (int i = POLL_CLIENT; fd >= 0 && i < POLL_NUM; i++) {
		if (self.fd[i].fd >= 0)
			continue;
		self.fd[i].fd = fd;
		return;
	}
	if (fd >= 0)
		close(fd);
}

/* turn() - Wait, and do what is to be done */
static void turn(void)
{
	int wait = -1;

	if (self.what == RUNS) {
		wait = stack_tick(now_us());
		flush();
	}
	self.fd[POLL_LINK].fd = self.what == STANDBY ? -1 : link_fd();
	self.fd[POLL_LINK].events = (short)((self.what == RUNS ? POLLIN : 0) |
					    (link_waits() ? POLLOUT : 0));
	if (poll(self.fd, POLL_NUM, wait) < 0)
		return;
	/* Orders first: who gives them waits */
	for (int i = POLL_CLIENT; i < POLL_NUM; i++)
		if (self.fd[i].fd >= 0 && self.fd[i].revents)
			client(&self.fd[i]);
	if (self.fd[POLL_LISTEN].revents)
		newcomer();
	if (self.what == RUNS && self.fd[POLL_LINK].revents & (POLLIN | POLLHUP | POLLERR)) {
		(void)stack_tick(now_us());
		frames();
	} else if (self.what == PAUSED) {
		(void)link_flush();
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "link", required_argument, NULL, OPT_LINK },
		{ "standby", no_argument, NULL, OPT_STANDBY },
		{ "control", required_argument, NULL, OPT_CONTROL },
		{ "area", required_argument, NULL, OPT_AREA },
		{ "addr4", required_argument, NULL, OPT_ADDR4 },
		{ "mask4", required_argument, NULL, OPT_MASK4 },
		{ "gw4", required_argument, NULL, OPT_GW4 },
		{ "addr6", required_argument, NULL, OPT_ADDR6 },
		{ "port", required_argument, NULL, OPT_PORT },
		{ NULL, 0, NULL, 0 },
	};
	const char *arg[OPT_PORT + 1] = {
		[OPT_ADDR4] = "192.0.2.1", [OPT_MASK4] = "255.255.255.0",
		[OPT_GW4] = "192.0.2.2", [OPT_ADDR6] = "2001:db8::1", [OPT_PORT] = "7000",
	};
	int opt, rc = 0;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt < OPT_LINK || opt > OPT_PORT)
			return 1;
		arg[opt] = optarg ? optarg : "";
	}
	if (!arg[OPT_CONTROL] || !arg[OPT_AREA])
		die("--control and --area", -EINVAL);
	for (int i = 0; i < POLL_NUM; i++)
		self.fd[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	self.what = arg[OPT_STANDBY] ? STANDBY : RUNS;
	pattern_init();
	rc = state_init(arg[OPT_AREA]);
	if (rc)
		die(arg[OPT_AREA], rc);
	rc = arg[OPT_LINK] ? link_attach(arg[OPT_LINK]) : 0;
	if (rc)
		die(arg[OPT_LINK], rc);
	if (self.what == RUNS) {
		const struct stack_conf conf = { arg[OPT_ADDR4], arg[OPT_MASK4], arg[OPT_GW4],
						 arg[OPT_ADDR6] };

		rc = stack_init(&conf, now_us());
		if (!rc)
			rc = service_init((uint16_t)strtoul(arg[OPT_PORT], NULL, 10));
		if (rc)
			die("addresses, port", rc);
	}
	self.fd[POLL_LISTEN].fd = listen_at(arg[OPT_CONTROL]);
	while (!self.quit)
		turn();
	return 0;
}
