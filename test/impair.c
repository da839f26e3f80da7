// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * impair.c - a cable between two links, as bad as told
 * links: util.c
 *
 * Theory of operation
 *
 *   Joins two ends, guest and host, and carries Ethernet frames between them in
 *   both directions.  An end is
 *
 *	--netns-tap NAME	a tap device made in this network namespace, or
 *				in another: see usage; the kernel is beyond it
 *	--socket PATH		a UNIX socket where passt listens: frames with
 *				their length in front, 32 bits in network order
 *	--fd N			the same, on a connected descriptor
 *
 *   A tap and a socket stand in for a virtual machine; two taps are a link
 *   between namespaces.  The guest is the tap, or the first of two.
 *
 *   What happens to a frame, in this order:
 *
 *	too long (--drop-longer); lost (--loss); one bit flipped (--corrupt);
 *	copied (--dup); each copy waits for those before it (--rate), unless too
 *	many do (--queue), and travels (--delay-ms), or longer than those behind
 *	it (--reorder, --reorder-ms)
 *
 *   Frames under way are in a heap by time of arrival, in a pool of slots.  A
 *   direction with nothing to do to a frame passes it on at once, and gathers
 *   what goes to a socket into one write().  Back pressure: when that is full,
 *   the other end is not read, so frames are lost where the kernel would lose
 *   them, in the queue of the tap.
 *
 *   All that is random comes from --seed.  Counters are printed at the end,
 *   which is SIGTERM or SIGINT, or the close of a socket: exit status 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

enum {
	FRAME_MAX	= 65536,		/* no link here has longer ones */
	LEN_SIZE	= 4,			/* in front of a frame on a socket */
	BUF_SIZE	= 1 << 20,
	QUEUE_MAX	= 4096,			/* frames under way in a direction */
	SLOTS		= QUEUE_MAX * 2,
	BATCH		= 64,			/* frames of a tap per wake-up */
	PER_CENT	= 100,
	NS_PER_MBIT	= 1000,			/* for one bit at 1 Mbit/s */
};

#define NS_PER_S	UINT64_C(1000000000)
#define NS_PER_MS	UINT64_C(1000000)

enum { GUEST, HOST, ENDS };
enum { OUT, IN, DIRS };			/* OUT: from the guest; IN: toward it */

/**
 * struct end - one end of the cable
 * @fd:		tap device or socket, -1: not given yet
 * @is_tap:	which of the two
 * @in:		socket: bytes received
 * @in_at:	where the first frame not yet taken begins
 * @in_len:	bytes in @in
 * @out:	socket: bytes to send
 * @out_at:	where those not yet sent begin
 * @out_len:	bytes in @out
 */
struct end {
	int fd;
	bool is_tap;
	uint8_t in[BUF_SIZE];
	size_t in_at;
	size_t in_len;
	uint8_t out[BUF_SIZE];
	size_t out_at;
	size_t out_len;
};

/**
 * struct slot - a frame under way
 * @due:	when it arrives, ns on CLOCK_MONOTONIC
 * @order:	number of the frame: what is due at the same time stays in order
 * @len:	its length, bytes
 * @data:	its bytes
 */
struct slot {
	uint64_t due;
	uint64_t order;
	uint32_t len;
	uint8_t data[FRAME_MAX];
};

/**
 * struct counters - what happened in one direction, frames but @bytes
 * @frames:	arrived at the cable
 * @bytes:	in them
 * @lost:	thrown away at random
 * @longer:	thrown away by length
 * @corrupted:	with a bit flipped
 * @dup:	copies made
 * @reordered:	held back
 * @full:	thrown away since too many were waiting
 * @refused:	thrown away by the tap device they went to
 */
struct counters {
	uint64_t frames, bytes, lost, longer, corrupted, dup, reordered, full;
	uint64_t refused;
};

/**
 * struct wire - one direction
 * @active:	impairments apply
 * @free_at:	when the last frame has left the sender, ns
 * @heap:	slots of the frames under way, the next to arrive first
 * @n:		their number
 * @count:	what happened
 */
struct wire {
	bool active;
	uint64_t free_at;
	uint16_t heap[SLOTS];
	unsigned n;
	struct counters count;
};

/**
 * struct self - state of this program
 * @end:	both ends
 * @wire:	both directions
 * @slot:	pool of frames under way
 * @unused:	slots that are free, the one used last on top
 * @n_unused:	their number
 * @order:	frames so far
 * @rand:	state of the random numbers
 */
static struct {
	struct end end[ENDS];
	struct wire wire[DIRS];
	struct slot slot[SLOTS];
	uint16_t unused[SLOTS];
	unsigned n_unused;
	uint64_t order;
	uint64_t rand;
} self;

enum setting {
	DELAY_MS, LOSS, REORDER, REORDER_MS, DUP, CORRUPT, RATE, QUEUE, LONGEST,
	SEED, SETTINGS
};

/**
 * struct set - what can be set by an option with a number
 * @name:	of the option
 * @value:	as given, or what holds if it is not
 * @max:	largest allowed; all begin at 0
 */
static struct {
	const char *name;
	double value;
	double max;
} set[SETTINGS] = {
	[DELAY_MS]	= { "delay-ms", 0, 1e6 },
	[LOSS]		= { "loss", 0, PER_CENT },
	[REORDER]	= { "reorder", 0, PER_CENT },
	[REORDER_MS]	= { "reorder-ms", 3, 1e6 },
	[DUP]		= { "dup", 0, PER_CENT },
	[CORRUPT]	= { "corrupt", 0, PER_CENT },
	[RATE]		= { "rate", 0, 1e6 },
	[QUEUE]		= { "queue", QUEUE_MAX, QUEUE_MAX },
	[LONGEST]	= { "drop-longer", FRAME_MAX, FRAME_MAX },
	[SEED]		= { "seed", 1, 0x1p53 },
};

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fputs("impair: ", stderr);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
	exit(EXIT_FAILURE);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* next_rand() - splitmix64 */
static uint64_t next_rand(void)
{
	uint64_t z = self.rand += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* chance() - True in so many percent of all calls as a setting says */
static bool chance(enum setting s)
{
	return set[s].value > 0 &&
	       (double)(next_rand() >> 11) < set[s].value / PER_CENT * 0x1p53;
}

/* milliseconds() - A setting in nanoseconds */
static uint64_t milliseconds(enum setting s)
{
	return (uint64_t)(set[s].value * (double)NS_PER_MS);
}

/* ----------------------------------------------------------------- the ends */

/* end_room() - Whether one more frame can be given to an end */
static bool end_room(const struct end *e)
{
	return e->is_tap || BUF_SIZE - e->out_len >= FRAME_MAX + LEN_SIZE;
}

/* end_put() - Give a frame to an end that has room.  Return: false if refused */
static bool end_put(struct end *e, const uint8_t *frame, uint32_t len)
{
	if (e->is_tap)
		return write(e->fd, frame, len) == (ssize_t)len;
	put_be32(e->out + e->out_len, len);
	memcpy(e->out + e->out_len + LEN_SIZE, frame, len);
	e->out_len += LEN_SIZE + len;
	return true;
}

/* end_flush() - Send what a socket takes.  Return: false if it is gone */
static bool end_flush(struct end *e)
{
	while (e->out_at < e->out_len) {
		ssize_t n = send(e->fd, e->out + e->out_at, e->out_len - e->out_at,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		e->out_at += (size_t)n;
	}
	e->out_at = e->out_len = 0;
	return true;
}

/* end_fill() - Receive what there is.  Return: false if the socket is closed */
static bool end_fill(struct end *e)
{
	ssize_t n;

	if (e->in_at) {
		e->in_len -= e->in_at;
		memmove(e->in, e->in + e->in_at, e->in_len);
		e->in_at = 0;
	}
	if (e->in_len == BUF_SIZE)
		return true;
	n = recv(e->fd, e->in + e->in_len, BUF_SIZE - e->in_len, MSG_DONTWAIT);
	if (n > 0)
		e->in_len += (size_t)n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/**
 * end_next() - Next frame of an end
 * @e:		End
 * @len:	Set to its length
 *
 * Return: frame, until the next call; NULL if there is none now
 */
static const uint8_t *end_next(struct end *e, uint32_t *len)
{
	size_t left = e->in_len - e->in_at;

	if (e->is_tap) {
		static uint8_t frame[FRAME_MAX];
		ssize_t n = read(e->fd, frame, sizeof(frame));

		if (n <= 0)
			return NULL;
		*len = (uint32_t)n;
		return frame;
	}
	if (left < LEN_SIZE)
		return NULL;
	*len = get_be32(e->in + e->in_at);
	if (*len > FRAME_MAX)
		die("frame of %u bytes on a socket: out of step", *len);
	if (left < LEN_SIZE + *len)
		return NULL;
	e->in_at += LEN_SIZE + *len;
	return e->in + e->in_at - *len;
}

/* ------------------------------------------------------------------- the wire */

static bool sooner(uint16_t a, uint16_t b)
{
	const struct slot *x = &self.slot[a], *y = &self.slot[b];

	return x->due != y->due ? x->due < y->due : x->order < y->order;
}

static void heap_push(struct wire *w, uint16_t s)
{
	unsigned i = w->n++;

	for (; i && sooner(s, w->heap[(i - 1) / 2]); i = (i - 1) / 2)
		w->heap[i] = w->heap[(i - 1) / 2];
	w->heap[i] = s;
}

static uint16_t heap_pop(struct wire *w)
{
	uint16_t top = w->heap[0], last = w->heap[--w->n];
	unsigned i = 0, child;

	while ((child = 2 * i + 1) < w->n) {
		if (child + 1 < w->n && sooner(w->heap[child + 1], w->heap[child]))
			child++;
		if (!sooner(w->heap[child], last))
			break;
		w->heap[i] = w->heap[child];
		i = child;
	}
	w->heap[i] = last;
	return top;
}

/* when() - Time of arrival of a frame that is sent now */
static uint64_t when(struct wire *w, uint32_t len, uint64_t now)
{
	uint64_t at = now;

	if (set[RATE].value > 0) {
		at = w->free_at > now ? w->free_at : now;
		at += (uint64_t)(len * 8 * NS_PER_MBIT / set[RATE].value);
		w->free_at = at;
	}
	at += milliseconds(DELAY_MS);
	if (chance(REORDER)) {
		w->count.reordered++;
		at += milliseconds(REORDER_MS);
	}
	return at;
}

/* send_off() - Put one copy of a frame on its way */
static struct slot *send_off(struct wire *w, const uint8_t *frame, uint32_t len,
			     uint64_t now)
{
	uint16_t index;
	struct slot *s;

	if (w->n >= set[QUEUE].value || !self.n_unused) {
		w->count.full++;
		return NULL;
	}
	index = self.unused[--self.n_unused];
	s = &self.slot[index];
	s->order = self.order++;
	s->len = len;
	memcpy(s->data, frame, len);
	s->due = when(w, len, now);
	heap_push(w, index);
	return s;
}

/* enter() - A frame enters a wire that does something to it */
static void enter(struct wire *w, const uint8_t *frame, uint32_t len, uint64_t now)
{
	bool corrupt = chance(CORRUPT);
	struct slot *s;

	if (len > set[LONGEST].value) {
		w->count.longer++;
		return;
	}
	if (chance(LOSS)) {
		w->count.lost++;
		return;
	}
	s = send_off(w, frame, len, now);
	if (s && corrupt) {
		w->count.corrupted++;
		s->data[next_rand() % len] ^= (uint8_t)(1 << next_rand() % 8);
	}
	if (chance(DUP)) {
		w->count.dup++;
		(void)send_off(w, frame, len, now);
	}
}

/* arrive() - Give out what has arrived */
static void arrive(int dir, uint64_t now)
{
	struct end *to = &self.end[dir == OUT ? HOST : GUEST];
	struct wire *w = &self.wire[dir];

	while (w->n && self.slot[w->heap[0]].due <= now && end_room(to)) {
		uint16_t s = heap_pop(w);

		if (!end_put(to, self.slot[s].data, self.slot[s].len))
			w->count.refused++;
		self.unused[self.n_unused++] = s;
	}
}

/* take() - Take what an end has to send */
static void take(int dir, uint64_t now)
{
	struct end *from = &self.end[dir == OUT ? GUEST : HOST];
	struct end *to = &self.end[dir == OUT ? HOST : GUEST];
	struct wire *w = &self.wire[dir];

	for (int i = 0; !from->is_tap || i < BATCH; i++) {
		const uint8_t *frame;
		uint32_t len;

		if (!w->active && !end_room(to))
			return;
		frame = end_next(from, &len);
		if (!frame)
			return;
		w->count.frames++;
		w->count.bytes += len;
		if (w->active)
			enter(w, frame, len, now);
		else if (!end_put(to, frame, len))
			w->count.refused++;
	}
}

/* --------------------------------------------------------------------- the loop */

/* wait_for() - Time until the next frame arrives, NULL: none is under way */
static const struct timespec *wait_for(uint64_t now)
{
	static struct timespec t;
	uint64_t due = UINT64_MAX;

	for (int dir = 0; dir < DIRS; dir++) {
		const struct wire *w = &self.wire[dir];
		const struct end *to = &self.end[dir == OUT ? HOST : GUEST];

		if (w->n && end_room(to))
			due = min_u64(due, self.slot[w->heap[0]].due);
	}
	if (due == UINT64_MAX)
		return NULL;
	due = due > now ? due - now : 0;
	t.tv_sec = (time_t)(due / NS_PER_S);
	t.tv_nsec = (long)(due % NS_PER_S);
	return &t;
}

/* events() - What to wait for at an end */
static short events(int which)
{
	const struct end *e = &self.end[which];
	bool can_take = self.wire[which == GUEST ? OUT : IN].active ||
			end_room(&self.end[!which]);

	return (short)((can_take ? POLLIN : 0) |
		       (e->out_at < e->out_len ? POLLOUT : 0));
}

/* step() - Move what can be moved.  Return: false if an end is gone */
static bool step(const struct pollfd p[static ENDS])
{
	uint64_t now = now_ns();
	bool open = true;

	for (int i = 0; i < ENDS; i++) {
		struct end *e = &self.end[i];

		if (!e->is_tap && p[i].revents & (POLLIN | POLLHUP | POLLERR))
			open = end_fill(e) && open;
		take(i == GUEST ? OUT : IN, now);
	}
	for (int dir = 0; dir < DIRS; dir++)
		arrive(dir, now);
	for (int i = 0; i < ENDS; i++)
		if (!self.end[i].is_tap)
			open = end_flush(&self.end[i]) && open;
	return open;
}

static void run(int signals)
{
	struct pollfd p[ENDS + 1] = { [ENDS] = { .fd = signals, .events = POLLIN } };

	do {
		for (int i = 0; i < ENDS; i++) {
			p[i].fd = self.end[i].fd;
			p[i].events = events(i);
		}
		if (ppoll(p, ENDS + 1, wait_for(now_ns()), NULL) < 0)
			die("poll: %s", strerrordesc_np(errno));
	} while (!p[ENDS].revents && step(p));
}

static void report(const char *name, const struct counters *c)
{
	(void)printf("%s: frames %ju bytes %ju lost %ju longer %ju corrupted %ju "
		     "duplicated %ju reordered %ju full %ju refused %ju\n", name,
		     (uintmax_t)c->frames, (uintmax_t)c->bytes,
		     (uintmax_t)c->lost, (uintmax_t)c->longer,
		     (uintmax_t)c->corrupted, (uintmax_t)c->dup,
		     (uintmax_t)c->reordered, (uintmax_t)c->full,
		     (uintmax_t)c->refused);
}

/* ---------------------------------------------------------------- setting it up */

/* open_tap() - Tap device by name, in the namespace at a path, if one is given */
static int open_tap(const char *spec)
{
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	const char *at = strchr(spec, '@');
	size_t len = at ? (size_t)(at - spec) : strlen(spec);
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int there = at ? open(at + 1, O_RDONLY | O_CLOEXEC) : -1;
	int fd;

	if (!util_copy_n(r.ifr_name, sizeof(r.ifr_name), spec, len))
		die("name too long: %s", spec);
	if (at && (there < 0 || setns(there, CLONE_NEWNET)))
		die("%s: %s", at + 1, strerrordesc_np(errno));
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &r))
		die("tap device %s: %s", spec, strerrordesc_np(errno));
	if (at && setns(here, CLONE_NEWNET))
		die("%s", strerrordesc_np(errno));
	(void)close(here);
	if (there >= 0)
		(void)close(there);
	return fd;
}

static int open_socket(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!util_copy(sun.sun_path, sizeof(sun.sun_path), path))
		die("path too long: %s", path);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&sun, sizeof(sun)))
		die("%s: %s", path, strerrordesc_np(errno));
	return fd;
}

/* add_end() - The first tap is the guest's, the first socket the host's end */
static void add_end(int fd, bool is_tap)
{
	int which = is_tap ? GUEST : HOST;
	struct end *e;

	if (self.end[which].fd >= 0)
		which = !which;
	e = &self.end[which];
	if (e->fd >= 0)
		die("more than two ends");
	e->fd = fd;
	e->is_tap = is_tap;
}

/* number() - An option's argument */
static double number(const char *text, double max)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= 0 && v <= max))
		die("not a number from 0 to %g: %s", max, text);
	return v;
}

static const char usage[] =
"usage: impair END END [OPTION]...\n"
"  --netns-tap NAME[@PATH]  end: a tap device, made here or in that namespace\n"
"  --socket PATH            end: passt's socket\n"
"  --fd N                   end: such a socket, connected\n"
"  --delay-ms N             each frame travels so long\n"
"  --loss PERCENT           frames lost\n"
"  --reorder PERCENT        frames that travel longer\n"
"  --reorder-ms N           by so much, 3 if not given\n"
"  --dup PERCENT            frames that arrive twice\n"
"  --corrupt PERCENT        frames with one bit flipped\n"
"  --rate MBIT              per second, in each direction\n"
"  --queue FRAMES           under way in a direction, the rest is lost: 4096\n"
"  --drop-longer BYTES      frames longer than that are lost\n"
"  --seed N                 of the random numbers, 1 if not given\n"
"  --only in|out            impair what goes to the guest, or comes from it\n";

/* only() - Switch one direction's impairments off */
static void only(const char *dir)
{
	if (strcmp(dir, "in") && strcmp(dir, "out"))
		die("--only in or --only out");
	self.wire[strcmp(dir, "in") ? IN : OUT].active = false;
}

/* options() - Table for getopt_long(): the settings, by index, then the rest */
static const struct option *options(void)
{
	static struct option table[SETTINGS + 6] = {
		[SETTINGS] =
		{ "netns-tap",	required_argument, NULL, 't' },
		{ "socket",	required_argument, NULL, 's' },
		{ "fd",		required_argument, NULL, 'f' },
		{ "only",	required_argument, NULL, 'o' },
		{ "help",	no_argument, NULL, 'h' },
	};

	for (int i = 0; i < SETTINGS; i++)
		table[i] = (struct option){ set[i].name, required_argument, NULL, i };
	return table;
}

static void parse(int argc, char **argv)
{
	const char *one = NULL;
	int o;

	while ((o = getopt_long(argc, argv, "", options(), NULL)) != -1) {
		if (o < SETTINGS && o >= 0) {
			set[o].value = number(optarg, set[o].max);
		} else if (o == 't') {
			add_end(open_tap(optarg), true);
		} else if (o == 's') {
			add_end(open_socket(optarg), false);
		} else if (o == 'f') {
			add_end((int)number(optarg, INT32_MAX), false);
		} else if (o == 'o') {
			one = optarg;
		} else {
			(void)fputs(usage, o == 'h' ? stdout : stderr);
			exit(o == 'h' ? EXIT_SUCCESS : EXIT_FAILURE);
		}
	}
	if (optind != argc || self.end[GUEST].fd < 0 || self.end[HOST].fd < 0)
		die("two ends are needed, see --help");
	for (int i = 0; i < SETTINGS; i++)
		if (i == LONGEST ? set[i].value < FRAME_MAX : set[i].value > 0 &&
		    i != REORDER_MS && i != QUEUE && i != SEED)
			self.wire[OUT].active = self.wire[IN].active = true;
	if (one)
		only(one);
}

int main(int argc, char **argv)
{
	sigset_t signals;

	self.end[GUEST].fd = self.end[HOST].fd = -1;
	for (unsigned i = 0; i < SLOTS; i++)
		self.unused[self.n_unused++] = (uint16_t)(SLOTS - 1 - i);
	parse(argc, argv);
	self.rand = (uint64_t)set[SEED].value;

	(void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	run(signalfd(-1, &signals, SFD_CLOEXEC));

	report("out", &self.wire[OUT].count);
	report("in", &self.wire[IN].count);
	return EXIT_SUCCESS;
}
