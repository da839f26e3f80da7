// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tap_qemu.c - unit test of ../../tap_qemu.c
 * links: tap_qemu.c sock_unix.c tap_link.c pcap.c csum.c count.c util.c
 *
 * The other end of a real socket is QEMU.  loop.c is replaced: wake() asks
 * poll() for what the loop would report, and nothing else tells the link that
 * there is work, so what waits without an event is found.
 */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "count.h"
#include "log.h"
#include "loop.h"
#include "tap_link.h"
#include "util.h"

enum {
	IDLE		= -1,		/* wake(): the loop would sleep */
	STREAM_MAX	= 8 * 1024 * 1024,
	FRAMES_MAX	= 40000,
	WAIT_MS		= 5000,
	QUEUE_MAX	= 3 * 1024 * 1024,	/* less than the link keeps for QEMU */
};

enum log_level log_level = LOG_LVL_ERR;
static jmp_buf dead;
static unsigned bugs;

void log_write(enum log_level level, int error, const char *fmt, ...)
{
	(void)level;
	(void)error;
	(void)fmt;
}

void log_die(int error, const char *fmt, ...)
{
	(void)error;
	(void)fmt;
	longjmp(dead, 1);
}

void log_bug(const char *file, int line, const char *what)
{
	(void)file;
	(void)line;
	(void)what;
	bugs++;
}

/* Descriptors watched, by their id; 0: none */
static struct { int fd; uint32_t events; } watched[2];

int loop_add(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	CHECK_EQ(kind, LOOP_LINK);
	watched[id].fd = fd;
	watched[id].events = events;
	return 0;
}

int loop_mod(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	CHECK_EQ(watched[id].fd, fd);
	return loop_add(fd, kind, id, events);
}

/* wake() - What the next turn of the loop brings: TAP_EV_ bits, or IDLE */
static int wake(void)
{
	int what = IDLE;

	for (uint64_t id = 0; id < ARRAY_SIZE(watched); id++) {
		struct pollfd p = { watched[id].fd, (short)watched[id].events, 0 };
		unsigned ev;

		if (!p.fd || poll(&p, 1, 0) != 1)
			continue;
		ev = tap_qemu_event(id, (uint16_t)p.revents);
		if (ev & TAP_EV_DOWN)
			watched[id].fd = 0;
		what = (what == IDLE ? 0 : what) | (int)ev;
	}
	return what;
}

/* QEMU's end, and ours */
static int qemu, ours;

/* up() - Begin with a descriptor given */
static void up(void)
{
	struct tap_conf conf = { .fd = -1 };
	int fd[2];

	memset(watched, 0, sizeof(watched));
	count_reset();
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	ours = conf.fd = fd[0];
	qemu = fd[1];
	CHECK_EQ(fcntl(qemu, F_SETFL, O_NONBLOCK), 0);
	CHECK_EQ(tap_qemu_init(&conf), 0);
	CHECK(tap_qemu_up());
}

/* down() - QEMU goes, and so does the link */
static void down(void)
{
	close(qemu);
	CHECK_EQ(wake(), TAP_EV_DOWN | TAP_EV_END);
	CHECK(!tap_qemu_up());
}

/* A stream of frames: all its bytes, and where each frame lies */
static uint8_t stream[STREAM_MAX];
static uint32_t stream_len;
static struct { uint32_t at, len; } frame[FRAMES_MAX];
static unsigned nframes;

static void begin(void)
{
	stream_len = 0;
	nframes = 0;
}

/* length() - The length in front of a frame */
static void length(uint32_t len)
{
	put_be32(stream + stream_len, len);
	stream_len += 4;
}

/* add() - A frame of random bytes; @taken: it is one that must come out */
static void add(uint32_t len, bool taken)
{
	length(len);
	check_fill(stream + stream_len, len < 64 ? len : 64);
	if (taken) {
		frame[nframes].at = stream_len;
		frame[nframes++].len = len;
	}
	stream_len += len;
}

/* put() - QEMU sends bytes of the stream */
static uint32_t put(uint32_t from, uint32_t to)
{
	ssize_t n = send(qemu, stream + from, to - from, MSG_NOSIGNAL);

	CHECK(n >= 0 || errno == EAGAIN);
	return n > 0 ? (uint32_t)n : 0;
}

/**
 * take() - Take frames as passt.c does, and compare with those of the stream
 * @from:	number of the first that can come
 * @takes:	batches at most
 *
 * Return: number of the next one
 */
static unsigned take(unsigned from, int takes)
{
	struct tap_frame f[TAP_BATCH];
	int n = 1;

	while (takes-- > 0 && (n = tap_qemu_take(f, TAP_BATCH)) > 0) {
		CHECK(n <= TAP_BATCH);
		for (int i = 0; i < n; i++, from++) {
			CHECK(from < nframes);
			if (from >= nframes)
				return from;
			CHECK_EQ(f[i].len, frame[from].len);
			CHECK_EQ(f[i].niov, 1);
			CHECK_EQ(f[i].iov->iov_len, f[i].len);
			CHECK_MEM(f[i].iov->iov_base, stream + frame[from].at,
				  f[i].len);
			CHECK(!f[i].vh.flags && !f[i].vh.gso_type);
		}
	}
	CHECK(n >= 0);
	return from;
}

/* run() - Turns of the loop until there is nothing to do.  Return: next frame */
static unsigned run(unsigned from)
{
	int ev;

	while ((ev = wake()) != IDLE) {
		if (ev & TAP_EV_FRAMES)
			from = take(from, 8);
		tap_qemu_flush();
	}
	return from;
}

/* Two frames, cut at each byte: none comes early, none is lost */
static void test_each_cut(void)
{
	up();
	begin();
	add(60, true);
	add(71, true);
	for (uint32_t cut = 0; cut <= stream_len; cut++) {
		unsigned n;

		CHECK_EQ(put(0, cut), cut);
		n = run(0);
		CHECK_EQ(n, cut == stream_len ? 2 : cut >= 64 ? 1 : 0);
		CHECK_EQ(put(cut, stream_len), stream_len - cut);
		CHECK_EQ(run(n), 2);
	}
	for (uint32_t i = 0; i < stream_len; i++) {
		CHECK_EQ(put(i, i + 1), 1);
		CHECK_EQ(run(i >= 64), i + 1 == stream_len ? 2 : i >= 63);
	}
	down();
}

/* feed() - The stream in random pieces.  Return: frames that came out */
static unsigned feed(void)
{
	uint32_t at = 0;
	unsigned next = 0;

	while (at < stream_len) {
		uint32_t n = 1 + (uint32_t)check_below(check_below(4) ? 100000 : 9);

		n = min_u32(n, stream_len - at);
		at += put(at, at + n);
		if (!check_below(3))
			next = run(next);
	}
	return run(next);
}

static void test_random(void)
{
	up();
	for (unsigned round = 0; round < 30; round++) {
		unsigned skipped = 0;

		count_reset();
		begin();
		while (stream_len < STREAM_MAX / 8) {
			uint32_t kind = (uint32_t)check_below(100);

			if (kind == 0) {
				add(TAP_FRAME_MAX + 1 +
				    (uint32_t)check_below(200000), false);
				skipped++;
			} else if (kind == 1) {
				add(0, false);
				skipped++;
			} else if (kind < 10) {
				add(TAP_FRAME_MAX - (uint32_t)check_below(2), true);
			} else {
				add(1 + (uint32_t)check_below(1514), true);
			}
		}
		CHECK_EQ(feed(), nframes);
		CHECK_EQ(count_value[DROP_LINK_LENGTH], skipped);
	}
	down();
}

/* As many frames as fit in one recv() and more than are taken at a time */
static void test_burst(void)
{
	uint32_t at;

	up();
	begin();
	for (unsigned i = 0; i < 3000; i++)
		add(54, true);
	at = put(0, stream_len);
	CHECK_EQ(at, stream_len);
	CHECK_EQ(run(0), nframes);
	CHECK_EQ(wake(), IDLE);
	/* QEMU is gone before all was looked at: all was sent, so all comes */
	CHECK_EQ(put(0, stream_len), stream_len);
	close(qemu);
	CHECK_EQ(take(0, 8), 8 * TAP_BATCH);
	at = 8 * TAP_BATCH;
	for (int ev = wake(); ev & TAP_EV_FRAMES; ev = wake()) {
		at = take(at, 8);
		tap_qemu_flush();
	}
	CHECK_EQ(at, nframes);
	CHECK(!tap_qemu_up());
}

/* A length no QEMU sends: frames before it count, then the link ends, and says so */
static void test_insane(void)
{
	static const uint32_t insane[] = { 1024 * 1024 + 1, UINT32_MAX, 0x47455420 };

	for (size_t i = 0; i < ARRAY_SIZE(insane); i++) {
		up();
		begin();
		add(60, true);
		add(61, true);
		length(insane[i]);
		memset(stream + stream_len, 0, 100);
		stream_len += 100;
		put(0, stream_len);
		CHECK_EQ(wake(), TAP_EV_FRAMES);
		CHECK_EQ(take(0, 8), 2);
		tap_qemu_flush();
		CHECK_EQ(wake(), TAP_EV_DOWN | TAP_EV_END);
		CHECK(!tap_qemu_up());
		CHECK_EQ(count_value[DROP_LINK_LENGTH], 0);
		close(qemu);
	}
}

/* What QEMU read */
static struct {
	uint8_t buf[STREAM_MAX];
	uint32_t len;
} reader;

/* get() - QEMU reads up to @max bytes */
static void get(size_t max)
{
	ssize_t n = recv(qemu, reader.buf + reader.len, max, MSG_DONTWAIT);

	if (n > 0)
		reader.len += (uint32_t)n;
}

/* compare() - What QEMU has is the stream, to the end if @whole */
static void compare(bool whole)
{
	CHECK(reader.len <= stream_len);
	CHECK_MEM(reader.buf, stream, min_u32(reader.len, stream_len));
	if (whole)
		CHECK_EQ(reader.len, stream_len);
}

static const struct virtio_net_hdr plain;

/* out() - Send a frame that must be accepted or refused whole.  Return: as sent */
static int out(uint32_t len)
{
	uint32_t at = stream_len;
	int rc;

	add(len, true);
	rc = tap_qemu_send(stream + at + 4, len, &plain);
	if (rc) {
		CHECK_EQ(rc, -ENOBUFS);
		stream_len = at;
		nframes--;
	}
	return rc;
}

/* shrink() - A socket that takes as little as the kernel allows */
static void shrink(void)
{
	int size = 1;

	CHECK_EQ(setsockopt(ours, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
}

/* A socket that takes little: what was cut goes on where it was cut */
static void test_full(void)
{
	unsigned refused = 0;

	up();
	begin();
	reader.len = 0;
	shrink();
	while (stream_len < STREAM_MAX - TAP_FRAME_MAX - 4) {
		uint32_t len = 1 + (uint32_t)check_below(check_below(2) ? 100 :
							 TAP_FRAME_MAX);
		int rc = out(len);

		refused += rc == -ENOBUFS;
		if (refused > 50)
			break;
		if (!check_below(3))
			tap_qemu_flush();
		if (rc || !check_below(9))
			get(1 + check_below(300000));
		if (rc)
			(void)run(0);
	}
	CHECK(refused > 0);
	CHECK_EQ(count_value[DROP_LINK_FULL], refused);
	tap_qemu_flush();
	while (reader.len < stream_len) {
		uint32_t before = reader.len;

		get(1 + check_below(20000));
		if (wake() == IDLE && reader.len == before)
			break;
	}
	compare(true);
	CHECK_EQ(wake(), IDLE);
	down();
}

/* lend() - Ask for room, fill and give back @want bytes.  Return: bytes that left */
static size_t lend(unsigned hlen, uint32_t unit, size_t want)
{
	struct virtio_net_hdr vh = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
				     .csum_start = 2, .csum_offset = 4 };
	uint8_t hdr[TAP_HEAD_MAX];
	struct iovec iov[40];
	int n = tap_qemu_lend(hlen, unit, want, iov, 40);
	size_t left = want, done = 0;

	for (int i = 0; i < n; i++) {
		CHECK_EQ(iov[i].iov_len, left < unit ? left : unit);
		check_fill(iov[i].iov_base, iov[i].iov_len);
		left -= iov[i].iov_len;
	}
	for (int i = 0; i < n; i++) {
		uint32_t len = (uint32_t)iov[i].iov_len;
		uint8_t *f;

		check_fill(hdr, hlen);
		length(hlen + len);
		f = stream + stream_len;
		memcpy(f, hdr, hlen);
		memcpy(f + hlen, iov[i].iov_base, len);
		tap_link_csum(f, hlen + len, &vh);
		stream_len += hlen + len;
		CHECK_EQ(tap_qemu_give(hdr, hlen, len, &vh), 0);
		done += len;
	}
	return done;
}

/* Bulk frames and short ones mixed; each has its checksum completed */
static void test_lend(void)
{
	up();
	begin();
	reader.len = 0;
	for (unsigned i = 0; i < 600 && stream_len < QUEUE_MAX; i++) {
		unsigned hlen = 20 + (unsigned)check_below(TAP_HEAD_MAX - 20);
		uint32_t unit = 1 + (uint32_t)check_below(1500);
		size_t want = 1 + check_below(20000);

		CHECK_EQ(lend(hlen, unit, want), want < (size_t)unit * 40 ? want :
						 (size_t)unit * 40);
		CHECK_EQ(out(60), 0);
		if (!check_below(3))
			tap_qemu_flush();
		get(check_below(40000));
		(void)run(0);
	}
	tap_qemu_flush();
	while (reader.len < stream_len) {
		get(500000);
		(void)run(0);
	}
	compare(true);
	CHECK_EQ(bugs, 0);
	CHECK_EQ(tap_qemu_give("", 1, 1, &plain), -EINVAL);
	CHECK_EQ(bugs, 1);
	bugs = 0;
	down();
}

/* Bulk data never takes the last room: short frames still get through */
static void test_reserve(void)
{
	struct iovec iov;
	unsigned n = 0;
	int ev;

	up();
	shrink();
	begin();
	reader.len = 0;
	while (lend(54, 60000, 60000))
		tap_qemu_flush();
	while (stream_len < STREAM_MAX - 100 && !out(60))
		n++;
	CHECK(n > 1000);
	CHECK_EQ(tap_qemu_lend(54, 1, 1, &iov, 1), 0);
	/* QEMU reads: there is room for bulk data again, and somebody says so */
	for (ev = 0; !(ev > 0 && ev & TAP_EV_ROOM) && reader.len < stream_len;
	     ev = wake())
		get(100000);
	CHECK(ev & TAP_EV_ROOM);
	CHECK_EQ(tap_qemu_lend(54, 1, 1, &iov, 1), 1);
	while (reader.len < stream_len) {
		get(500000);
		(void)run(0);
	}
	compare(true);
	down();
}

/* Who was refused room hears of it even if one flush makes all of it */
static void test_room(void)
{
	int ev, waited = 0;
	struct iovec iov;
	pid_t pid;

	up();
	begin();
	while (lend(54, 60000, 60000))
		;
	/* A QEMU fast enough: a process that reads all */
	pid = fork();
	if (!pid) {
		static uint8_t sink[65536];

		close(ours);
		(void)fcntl(qemu, F_SETFL, 0);
		while (recv(qemu, sink, sizeof(sink), 0) > 0)
			;
		_exit(0);
	}
	for (ev = IDLE; ev == IDLE && waited < WAIT_MS; waited++) {
		(void)poll(NULL, 0, 1);
		tap_qemu_flush();
		ev = wake();
	}
	CHECK(ev != IDLE && ev & TAP_EV_ROOM);
	CHECK_EQ(tap_qemu_lend(54, 1, 1, &iov, 1), 1);
	CHECK_EQ(run(0), 0);
	CHECK_EQ(shutdown(ours, SHUT_WR), 0);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
	down();
}

/* connected() - A new QEMU at a path.  Return: its descriptor */
static int connected(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	CHECK(util_copy(a.sun_path, sizeof(a.sun_path), path));
	CHECK_EQ(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* listening() - A link at a path; false: it died */
static bool listening(const char *path, bool one_off)
{
	struct tap_conf conf = { .path = path, .fd = -1, .one_off = one_off };

	memset(watched, 0, sizeof(watched));
	if (setjmp(dead))
		return false;
	CHECK_EQ(tap_qemu_init(&conf), 0);
	CHECK(!tap_qemu_up());
	return true;
}

static char path[] = "/tmp/tap_qemu.XXXXXX/socket";

static void test_reconnect(void)
{
	struct iovec iov;
	uint8_t byte;

	CHECK(listening(path, false));
	CHECK_EQ(wake(), IDLE);
	count_reset();
	CHECK_EQ(tap_qemu_send("x", 1, &plain), -ENETDOWN);
	CHECK_EQ(count_value[DROP_LINK_DOWN], 1);
	CHECK_EQ(tap_qemu_lend(54, 1, 1, &iov, 1), 0);
	for (int i = 0; i < 3; i++) {
		int other;

		qemu = connected(path);
		CHECK_EQ(wake(), TAP_EV_UP | TAP_EV_FRAMES);
		/* A second one is turned away, the first goes on */
		other = connected(path);
		CHECK_EQ(wake(), 0);
		CHECK_EQ(recv(other, &byte, 1, 0), 0);
		close(other);
		begin();
		add(100, true);
		add(200, true);
		put(0, stream_len);
		CHECK_EQ(run(0), 2);
		/* It goes in the middle of a frame: the next begins anew */
		put(0, 50 + (uint32_t)i * 60);
		CHECK_EQ(out(300), 0);
		CHECK_EQ(run(0), i == 1 || i == 2);
		close(qemu);
		CHECK_EQ(wake(), TAP_EV_DOWN);
		CHECK(!tap_qemu_up());
	}
	close(watched[0].fd);
}

static void test_one_off(void)
{
	CHECK(listening(path, true));
	qemu = connected(path);
	CHECK_EQ(wake(), TAP_EV_UP | TAP_EV_FRAMES);
	close(qemu);
	CHECK_EQ(wake(), TAP_EV_DOWN | TAP_EV_END);
	close(watched[0].fd);
}

/* A socket nobody listens at is replaced; anything else is left alone */
static void test_path(void)
{
	struct tap_conf conf = { .fd = -1 };
	int first, fd;

	CHECK(listening(path, false));
	first = watched[0].fd;
	CHECK(!listening(path, false));
	close(first);
	CHECK(listening(path, false));
	close(watched[0].fd);
	CHECK_EQ(unlink(path), 0);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	CHECK(!listening(path, false));
	CHECK_EQ(access(path, F_OK), 0);
	close(fd);
	CHECK_EQ(unlink(path), 0);
	CHECK(!listening("/nowhere/at/all", false));
	/* A descriptor that can not be a link */
	conf.fd = open("/dev/null", O_RDONLY);
	if (!setjmp(dead)) {
		(void)tap_qemu_init(&conf);
		CHECK(conf.fd < 0);	/* a file is no link */
	}
	close(conf.fd);
	conf.fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (!setjmp(dead)) {
		(void)tap_qemu_init(&conf);
		CHECK(conf.fd < 0);	/* datagrams are no stream */
	}
	close(conf.fd);
}

/* Memory is given back only when nothing is in it */
static void test_trim(void)
{
	up();
	begin();
	add(100, true);
	put(0, 50);
	CHECK_EQ(run(0), 0);
	tap_qemu_trim();
	put(50, stream_len);
	CHECK_EQ(run(0), 1);
	tap_qemu_trim();
	put(0, stream_len);
	CHECK_EQ(run(0), 1);
	begin();
	reader.len = 0;
	CHECK_EQ(out(90), 0);
	tap_qemu_trim();
	tap_qemu_flush();
	get(1000);
	compare(true);
	tap_qemu_trim();
	CHECK_EQ(out(91), 0);
	tap_qemu_flush();
	get(1000);
	compare(true);
	down();
}

/* While nobody takes frames there are none, received or not; then all of them */
static void test_heed(void)
{
	unsigned done;

	up();
	begin();
	for (int i = 0; i < 2 * TAP_BATCH; i++)
		add(100, true);
	CHECK_EQ(put(0, stream_len - 50), stream_len - 50);
	CHECK_EQ(wake(), TAP_EV_FRAMES);
	done = take(0, 1);
	CHECK_EQ(done, TAP_BATCH);
	tap_qemu_heed(false);
	tap_qemu_flush();
	CHECK_EQ(wake(), IDLE);
	CHECK_EQ(put(stream_len - 50, stream_len), 50);
	CHECK_EQ(wake(), IDLE);
	tap_qemu_heed(true);
	tap_qemu_flush();
	CHECK(wake() & TAP_EV_FRAMES);
	CHECK_EQ(take(done, 9), 2 * TAP_BATCH);
	tap_qemu_heed(false);
	(void)put(0, 200);
	/* Nor does it hang on to a guest that went */
	down();
	tap_qemu_heed(true);
}

int main(void)
{
	char *slash = strrchr(path, '/');

	RUN(test_each_cut);
	RUN(test_random);
	RUN(test_burst);
	RUN(test_insane);
	RUN(test_full);
	RUN(test_lend);
	RUN(test_reserve);
	RUN(test_room);
	RUN(test_heed);
	*slash = '\0';
	CHECK(mkdtemp(path) != NULL);
	*slash = '/';
	RUN(test_reconnect);
	RUN(test_one_off);
	RUN(test_path);
	*slash = '\0';
	(void)rmdir(path);
	RUN(test_trim);
	return check_done();
}
