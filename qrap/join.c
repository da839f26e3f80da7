// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * join.c - a socket that leads to passt
 *
 * Theory of operation
 *
 *   With the given path, else with /tmp/passt_1.socket and so on: connect, then
 *   ask by ARP for an address that nobody has.  passt answers for every address,
 *   so an answer tells a passt that serves us from one that has a guest (it
 *   closes, or lets us wait) and from other programs.  What it sends beside is
 *   lost: it is the periodical kind.
 *
 *   Nobody answers: start passt with one end of a socket pair (--fd), which makes
 *   no name in the file system, and ends passt when QEMU ends.  It detaches itself
 *   and its first process ends when it is ready.  We asked to inherit orphans
 *   (PR_SET_CHILD_SUBREAPER), so that we see the detached one end too.
 */
#include "qrap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	DEFAULT_PATHS	= 64,		/* /tmp/passt_1.socket to ..._64.socket */
	FRAME_MAX	= 65535 + ETH_HLEN,
	PROBE_MS	= 1000,		/* time for an answer to our question */
};

/**
 * exact() - Read so many bytes and no more, within a time
 * @fd:		Socket
 * @to:		Buffer
 * @n:		Bytes
 * @until:	CLOCK_MONOTONIC, ms
 *
 * Return: true if they came
 */
static bool exact(int fd, void *to, size_t n, int64_t until)
{
	uint8_t *p = to;

	while (n) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		struct timespec ts;
		int64_t left;
		ssize_t got;

		(void)clock_gettime(CLOCK_MONOTONIC, &ts);
		left = until - (ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
		if (left <= 0 || poll(&pfd, 1, (int)left) <= 0)
			return false;
		got = recv(fd, p, n, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

/**
 * struct arp_frame - ARP for IPv4 on Ethernet, RFC 826, as the stream carries it
 * @len:	bytes that follow
 * @eth:	Ethernet header
 * @arp:	types, sizes, operation
 * @sha:	MAC address of the sender
 * @sip:	its IPv4 address
 * @tha:	MAC address of whom it is for
 * @tip:	its IPv4 address
 */
struct arp_frame {
	uint32_t len;
	struct ether_header eth;
	struct arphdr arp;
	uint8_t sha[ETH_ALEN];
	uint8_t sip[4];
	uint8_t tha[ETH_ALEN];
	uint8_t tip[4];
} __attribute__((packed));

_Static_assert(sizeof(struct arp_frame) == 4 + ETH_HLEN + 28, "RFC 826");

/**
 * answers() - Is there a passt at the other end, with time for us?
 * @fd:		Connected socket.  Whole frames are read from it, no half ones, so
 *		that QEMU can go on with it.
 *
 * The question is for an address out of a block that is never assigned (RFC 3927,
 * section 2.1), from another one of it.
 */
static bool answers(int fd)
{
	static const struct arp_frame question = {
		.len = 0,
		.eth = {
			.ether_dhost = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
			.ether_shost = { 0x02, 'q', 'r', 'a', 'p', 1 },
		},
		.sha = { 0x02, 'q', 'r', 'a', 'p', 1 },
		.sip = { 169, 254, 0, 2 },
		.tip = { 169, 254, 0, 1 },
	};
	static union {
		struct arp_frame arp;
		uint8_t bytes[FRAME_MAX + sizeof(uint32_t)];
	} in;
	struct arp_frame out = question;
	struct timespec ts;
	int64_t until;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	until = ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + PROBE_MS;

	out.len = htonl(sizeof(out) - sizeof(out.len));
	out.eth.ether_type = htons(ETHERTYPE_ARP);
	out.arp.ar_hrd = htons(ARPHRD_ETHER);
	out.arp.ar_pro = htons(ETHERTYPE_IP);
	out.arp.ar_hln = ETH_ALEN;
	out.arp.ar_pln = sizeof(out.sip);
	out.arp.ar_op = htons(ARPOP_REQUEST);
	if (send(fd, &out, sizeof(out), MSG_NOSIGNAL) != sizeof(out))
		return false;

	while (exact(fd, in.bytes, sizeof(uint32_t), until)) {
		size_t len = ntohl(in.arp.len);

		if (len > FRAME_MAX ||
		    !exact(fd, in.bytes + sizeof(uint32_t), len, until))
			return false;
		if (len >= sizeof(in.arp) - sizeof(uint32_t) &&
		    in.arp.eth.ether_type == htons(ETHERTYPE_ARP) &&
		    in.arp.arp.ar_op == htons(ARPOP_REPLY) &&
		    memcmp(in.arp.sip, out.tip, sizeof(out.tip)) == 0)
			return true;
	}
	return false;
}

/**
 * join() - Connect to a passt
 * @path:	Of its socket
 *
 * Return: socket that passt serves; -errno: not connected; -EBUSY: connected, but
 * nobody who speaks ARP answers
 */
static int join(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd, e;

	if (!copy_string(to.sun_path, sizeof(to.sun_path), path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		e = errno;
	else if (!answers(fd))
		e = EBUSY;
	else
		return fd;
	(void)close(fd);
	return -e;
}

/**
 * join_default() - Connect to the first passt at a default path that serves us
 *
 * Return: socket, or -ENOENT: there is none
 */
static int join_default(void)
{
	char path[64];

	for (int i = 1; i <= DEFAULT_PATHS; i++) {
		int fd;

		(void)snprintf(path, sizeof(path), "/tmp/passt_%i.socket", i);
		fd = join(path);
		if (fd >= 0)
			return fd;
	}
	return -ENOENT;
}

/**
 * only_child() - Process we inherited from a child that has ended
 *
 * Return: its number, 0: there is none, or this kernel does not tell
 */
static pid_t only_child(void)
{
	char path[64], text[16] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%i/children",
		       (int)getpid());
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	(void)fclose(f);
	return (pid_t)strtol(text, NULL, 10);
}

/**
 * run_passt() - In a child: become passt
 * @conf:	What was asked for
 * @path:	Program
 * @fd:		Its end of the socket pair
 */
__attribute__((noreturn))
static void run_passt(const struct join_conf *conf, char *path, int fd)
{
	static char name_fd[] = "--fd", name_quiet[] = "--quiet";
	char *argv[QRAP_PASST_ARGS + 5], number[16];
	int n = 0, null;

	(void)snprintf(number, sizeof(number), "%i", fd);
	argv[n++] = path;
	argv[n++] = name_quiet;
	for (int i = 0; i < conf->nargs; i++)
		argv[n++] = conf->args[i];
	argv[n++] = name_fd;
	argv[n++] = number;
	argv[n] = NULL;

	/* The terminal belongs to QEMU */
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0)
		(void)dup2(null, STDIN_FILENO);
	(void)fcntl(fd, F_SETFD, 0);
	(void)execv(path, argv);
	qrap_say("can not run %s: %s", path, strerror(errno));
	_exit(EXIT_FAILURE);
}

/**
 * start_passt() - Start a passt for this guest alone, and wait until it is ready
 * @conf:	What was asked for
 * @passt_pid:	Its process, which became our child; 0: unknown
 *
 * Return: socket connected to it; does not return if there is no passt
 */
static int start_passt(const struct join_conf *conf, pid_t *passt_pid)
{
	char path[PATH_MAX];
	int pair[2], status;
	pid_t pid;

	if (!program_find_passt(conf->passt, path))
		fail("no passt is running, and %s%s: start one, or give --passt",
		     conf->passt ? "there is no program " :
		     "none is installed beside qrap or in PATH",
		     conf->passt ? conf->passt : "");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		fail("can not make a socket pair: %s", strerror(errno));
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);

	pid = fork();
	if (pid < 0)
		fail("can not fork: %s", strerror(errno));
	if (pid == 0)
		run_passt(conf, path, pair[1]);
	(void)close(pair[1]);

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		fail("%s ended by signal %i at start", path, WTERMSIG(status));
	if (WEXITSTATUS(status))
		fail("%s did not start, its exit status is %i", path,
		     WEXITSTATUS(status));
	*passt_pid = only_child();
	return pair[0];
}

/**
 * join_passt() - Connect to a passt that is running, or start one
 * @conf:	What was asked for
 * @passt_pid:	Process of the one that was started; 0: none was, or unknown
 *
 * Return: socket; does not return if that fails
 */
int join_passt(const struct join_conf *conf, pid_t *passt_pid)
{
	int fd = conf->path ? join(conf->path) : join_default();

	*passt_pid = 0;
	if (fd >= 0)
		return fd;
	if (conf->path && fd == -EBUSY)
		fail("no passt answers at %s: it has another guest, or is none",
		     conf->path);
	if (conf->path && fd != -ENOENT && fd != -ECONNREFUSED)
		fail("can not connect to %s: %s", conf->path, strerror(-fd));
	if (conf->no_start && conf->path)
		fail("no passt listens at %s: start one with: passt --socket %s",
		     conf->path, conf->path);
	if (conf->no_start)
		fail("no passt answers at /tmp/passt_1.socket to "
		     "/tmp/passt_%i.socket: start one", DEFAULT_PATHS);
	return start_passt(conf, passt_pid);
}
