// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pcap.c - unit test of ../../pcap.c: the file is read back
 * links: pcap.c
 */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "pcap.h"

enum { FRAMES = 200, FRAME_SIZE = 65549, PIECES = 7 };

enum log_level log_level = LOG_LVL_WARN;
static unsigned lines;

void log_write(enum log_level level, int error, const char *fmt, ...)
{
	(void)level;
	(void)error;
	(void)fmt;
	lines++;
}

static char path[] = "/tmp/pcap.XXXXXX";
static uint8_t data[FRAMES * 3000 + FRAME_SIZE];
static uint32_t len[FRAMES];

/* append() - One frame of @data, cut into pieces */
static void append(size_t from, uint32_t n)
{
	struct iovec iov[PIECES];
	uint32_t at = 0;

	for (int i = 0; i < PIECES; i++) {
		uint32_t use = i == PIECES - 1 ? n - at :
			       (uint32_t)check_below(n - at + 1);

		iov[i] = (struct iovec){ data + from + at, use };
		at += use;
	}
	pcap_frame(iov, PIECES, n);
}

/* word() - The next 32 bits, byte order of this machine */
static uint32_t word(FILE *f)
{
	uint32_t w = 0;

	CHECK_EQ(fread(&w, 1, sizeof(w), f), sizeof(w));
	return w;
}

static void test_file(void)
{
	time_t before = time(NULL);
	size_t at = 0;
	uint8_t got[FRAME_SIZE];
	FILE *f;

	check_fill(data, sizeof(data));
	CHECK(!pcap_on());
	CHECK_EQ(pcap_init(open(path, O_WRONLY | O_TRUNC)), 0);
	CHECK(pcap_on());
	for (unsigned i = 0; i < FRAMES; i++) {
		len[i] = i ? (uint32_t)check_below(3000) : FRAME_SIZE;
		append(at, len[i]);
		at += len[i];
	}
	CHECK_EQ(lines, 0);
	f = fopen(path, "rb");
	CHECK(f != NULL);
	if (!f)
		return;
	CHECK_EQ(word(f), 0xa1b2c3d4);
	CHECK_EQ(word(f), 4 << 16 | 2);		/* version 2.4 */
	CHECK_EQ(word(f), 0);
	CHECK_EQ(word(f), 0);
	CHECK(word(f) >= FRAME_SIZE);
	CHECK_EQ(word(f), 1);
	at = 0;
	for (unsigned i = 0; i < FRAMES; i++) {
		uint32_t sec = word(f);

		CHECK(sec >= before && sec <= time(NULL));
		CHECK(word(f) < 1000000);
		CHECK_EQ(word(f), len[i]);
		CHECK_EQ(word(f), len[i]);
		CHECK_EQ(fread(got, 1, len[i], f), len[i]);
		CHECK_MEM(got, data + at, len[i]);
		at += len[i];
	}
	CHECK_EQ(fgetc(f), EOF);
	(void)fclose(f);
}

static void test_errors(void)
{
	struct rlimit small = { 1000, RLIM_INFINITY };

	CHECK_EQ(pcap_init(-1), 0);
	CHECK(!pcap_on());
	CHECK_EQ(pcap_init(open("/dev/full", O_WRONLY)), -ENOSPC);
	/* The file can not grow any more: the capture ends, the program goes on */
	CHECK_EQ(pcap_init(open(path, O_WRONLY | O_TRUNC)), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
	append(0, 500);
	CHECK(pcap_on());
	append(0, 900);
	small.rlim_cur = RLIM_INFINITY;
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
	CHECK(!pcap_on());
	CHECK_EQ(lines, 1);
	lines = 0;
}

int main(void)
{
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	close(fd);
	RUN(test_errors);
	RUN(test_file);
	(void)unlink(path);
	return check_done();
}
