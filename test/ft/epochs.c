// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * epochs.c - the driver: copies the stand-in guest to a standby, epoch after epoch
 *
 *	epochs --passt CONTROL --guest CONTROL --standby CONTROL [--interval US] [--count N]
 *	       [--no-commit]
 *
 * Theory of operation
 *
 *	guest		pause		what it sent is on the wire
 *	passt		begin		boundary n
 *	guest		snapshot n, resume
 *	standby		keep n		the copy is safe
 *	passt		commit		what was sent before boundary n goes on
 *
 *   Once in each interval, if that is long enough; else one after another.  A driver that was
 *   there before may have left the guest paused, which does not matter, and boundaries without
 *   commit: they are committed with our first copy, which is newer.
 *
 *   On SIGTERM or SIGINT, or after --count epochs, it ends between two epochs, and says how
 *   long things took.
 *   Anything that goes wrong ends it at once: nothing is committed that is not safe.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "driver.h"

enum {
	TEXT		= 512,
	INTERVAL_US	= 25 * 1000,
	US_PER_S	= 1000 * 1000,
	NS_PER_US	= 1000,
	BUCKETS		= 100 * 1000,
};

/**
 * struct span - how long something took
 * @name:	what
 * @sum:	of all, us
 * @max:	the longest, us
 * @n:		how many
 * @of:		how many took so long, by us; the last: that or longer
 */
struct span {
	const char *name;
	uint64_t sum;
	uint64_t max;
	uint64_t n;
	uint32_t of[BUCKETS];
};

static struct span stood = { .name = "pause" }, begun = { .name = "begin" },
		   copied = { .name = "copy" }, paused = { .name = "paused" },
		   kept = { .name = "keep" }, whole = { .name = "to commit" };
static volatile sig_atomic_t told_to_end;

/* end_soon() - A signal */
static void end_soon(int sig)
{
	told_to_end = sig;
}

/* die() - Something went wrong */
static void __attribute__((noreturn)) die(const char *what, const char *why)
{
	(void)fprintf(stderr, "epochs: %s: %s\n", what, why);
	exit(1);
}

/* now_us() - The clock, us */
static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * US_PER_S + (uint64_t)t.tv_nsec / NS_PER_US;
}

/* took() - Count how long something took */
static void took(struct span *s, uint64_t us)
{
	s->n++;
	s->sum += us;
	s->of[us < BUCKETS ? us : BUCKETS - 1]++;
	if (us > s->max)
		s->max = us;
}

/* quantile() - Return what that part of all was not longer than, us */
static uint64_t quantile(const struct span *s, uint64_t percent)
{
	uint64_t seen = 0, us = 0;

	while (us < BUCKETS - 1 && (seen += s->of[us]) * 100 < s->n * percent)
		us++;
	return us;
}

/* dial() - Connect to a socket */
static int dial(const char *path, int type)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(addr.sun_path))
		die(path, "no socket");
	memcpy(addr.sun_path, path, strlen(path));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die(path, strerror(errno));
	return fd;
}

/* attach() - Have passt take orders; Return: the socket for them */
static int attach(const char *path)
{
	static char request[] = "{\"execute\": \"epoch-attach\"}\n";
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} u = { 0 };
	struct iovec iov = { .iov_base = request, .iov_len = sizeof(request) - 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = u.buf,
			    .msg_controllen = sizeof(u.buf) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	char said[TEXT] = "";
	int fd = dial(path, SOCK_STREAM), pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		die("socketpair()", strerror(errno));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &pair[1], sizeof(int));
	if (sendmsg(fd, &m, 0) < 0 || recv(fd, said, sizeof(said) - 1, 0) <= 0 ||
	    !strstr(said, "\"return\""))
		die(path, said);
	close(pair[1]);
	close(fd);
	return pair[0];
}

/* order() - Give passt an order; Return: the number of the epoch */
static uint64_t order(int fd, enum driver_op op, uint64_t epoch)
{
	struct driver_order o = { .op = op, .epoch = epoch };

	if (send(fd, &o, sizeof(o), MSG_NOSIGNAL) != sizeof(o) ||
	    recv(fd, &o, sizeof(o), 0) != sizeof(o))
		die("passt", "it is gone");
	if (o.rc)
		die("passt", strerror((int)o.rc));
	return o.epoch;
}

/* tell() - Give a guest an order; Return: what it answered behind "ok" */
static const char *tell(int fd, const char *what, uint64_t number)
{
	static char text[TEXT];
	ssize_t n;

	(void)snprintf(text, sizeof(text), number ? "%s %llu" : "%s", what,
		       (unsigned long long)number);
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		die(what, "it is gone");
	do {
		n = recv(fd, text, sizeof(text) - 1, 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		die(what, "it is gone");
	text[n] = '\0';
	if (strncmp(text, "ok", 2) != 0)
		die(what, text);
	return text + 2;
}

/* epoch() - One of them */
static void epoch(int passt, int guest, int standby, bool commit)
{
	uint64_t from = now_us(), t, n;
	const char *said;

	(void)tell(guest, "pause", 0);
	t = now_us();
	took(&stood, t - from);
	n = order(passt, DRIVER_BEGIN, 0);
	took(&begun, now_us() - t);
	said = tell(guest, "snapshot", n);
	/* "BYTES MICROSECONDS" */
	said += strspn(said, " ");
	took(&copied, strtoull(said + strcspn(said, " "), NULL, 10));
	(void)tell(guest, "resume", 0);
	t = now_us();
	took(&paused, t - from);
	(void)tell(standby, "keep", n);
	took(&kept, now_us() - t);
	while (commit && order(passt, DRIVER_COMMIT, 0) != n)
		;
	took(&whole, now_us() - from);
}

/* run() - One after another, until we are told to end */
static void run(int passt, int guest, int standby, bool commit, uint64_t interval,
		uint64_t count)
{
	uint64_t begin = now_us(), due = begin, n = 0;
	double s;

	while (!told_to_end && (!count || n < count)) {
		uint64_t now = now_us();

		if (now < due) {
			struct timespec t = { .tv_nsec = (long)(due - now) * NS_PER_US };

			(void)nanosleep(&t, NULL);
			continue;
		}
		epoch(passt, guest, standby, commit);
		n++;
		due += interval;
		/* What was missed is not made up for */
		if (due < now)
			due = now + interval;
	}
	s = (double)(now_us() - begin) / US_PER_S;
	(void)printf("%llu epochs in %.1f s, %.1f a second\n", (unsigned long long)n, s,
		     (double)n / s);
}

/* report() - Say how long things took */
static void report(const struct span *s)
{
	(void)printf("%-9s mean %5llu  median %5llu  99%% %5llu  max %5llu us\n", s->name,
		     (unsigned long long)(s->n ? s->sum / s->n : 0),
		     (unsigned long long)quantile(s, 50), (unsigned long long)quantile(s, 99),
		     (unsigned long long)s->max);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "passt", required_argument, NULL, 'p' },
		{ "guest", required_argument, NULL, 'g' },
		{ "standby", required_argument, NULL, 's' },
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'c' },
		{ "no-commit", no_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	const char *passt = NULL, *guest = NULL, *standby = NULL;
	const struct sigaction act = { .sa_handler = end_soon, .sa_flags = SA_RESTART };
	uint64_t interval = INTERVAL_US, count = 0;
	bool commit = true;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'p': passt = optarg; break;
		case 'g': guest = optarg; break;
		case 's': standby = optarg; break;
		case 'i': interval = strtoull(optarg, NULL, 10); break;
		case 'c': count = strtoull(optarg, NULL, 10); break;
		case 'n': commit = false; break;
		default: return 1;
		}
	}
	if (!passt || !guest || !standby || !interval || interval >= US_PER_S)
		die("usage", "--passt, --guest, --standby; an interval below a second");
	(void)sigaction(SIGTERM, &act, NULL);
	(void)sigaction(SIGINT, &act, NULL);
	run(attach(passt), dial(guest, SOCK_SEQPACKET), dial(standby, SOCK_SEQPACKET), commit,
	    interval, count);
	report(&stood);
	report(&begun);
	report(&copied);
	report(&paused);
	report(&kept);
	report(&whole);
	return 0;
}
