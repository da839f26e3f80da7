// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log.c - what the program says, and where
 *
 * Theory of operation
 *
 *   A line has a level; lines above log_level are not made.  A line goes to
 *   stderr until the program detaches, and to the log file, if there is one.
 *   Each line is one write(), so that lines of two processes do not mix.  A file
 *   system that is full loses lines: saying something never ends the program.  The
 *   log file begins anew when it would be larger than it may.
 *
 *   Who decides what to do about an error says it, once.  Lines that a guest or
 *   a remote end can cause at will pass log_allow() first.
 *
 *   Writing is the one system call made this low: see doc/LAYERS.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


enum { LINE_LEN = 1024 };

/* Lines allowed per second by log_allow(), per place in the code */
enum { ALLOW_PER_S = 4, US_PER_S = 1000000 };

enum log_level log_level = LOG_LVL_INFO;

/**
 * struct log_self - state of this file
 * @file:	log file, -1: none
 * @size:	its largest size, bytes
 * @left:	bytes until it has that, less after a line that was longer
 * @quiet:	lines do not go to stderr
 */
static struct {
	int file;
	uint32_t size;
	int64_t left;
	bool quiet;
} self = { .file = -1 };

/**
 * log_stderr() - Say whether lines go to stderr, as they do at first
 * @on:		false once stderr belongs to nobody
 */
void log_stderr(bool on)
{
	self.quiet = !on;
}

/**
 * log_file() - Set where lines go beside stderr
 * @fd:		Descriptor that appends, ours from now on; -1: nowhere
 * @size:	Bytes it may hold: then what is in it is thrown away
 */
void log_file(int fd, uint32_t size)
{
	struct stat st = { 0 };

	self.file = fd;
	self.size = size;
	self.left = fd < 0 || fstat(fd, &st) ? size : size - st.st_size;
}

/* to_file() - A line to the log file, which may begin anew with it */
static void to_file(const char *line, int n)
{
	/* Something else than a file can not be cut, and need not be */
	if (n > self.left && !ftruncate(self.file, 0))
		self.left = self.size;
	self.left -= n;
	(void)!write(self.file, line, (size_t)n);
}

/* vline() - Make a line and send it everywhere it has to go, or lose it */
__attribute__((format(printf, 2, 0)))
static void vline(int error, const char *fmt, va_list ap)
{
	char line[LINE_LEN];
	int n = vsnprintf(line, sizeof(line), fmt, ap);

	if (error && n < LINE_LEN)
		n += snprintf(line + n, sizeof(line) - (size_t)n, ": %s",
			      strerrordesc_np(error) ? strerrordesc_np(error) : "unknown error");
	if (n > LINE_LEN - 2)
		n = LINE_LEN - 2;
	line[n++] = '\n';

	if (!self.quiet)
		(void)!write(STDERR_FILENO, line, (size_t)n);
	if (self.file >= 0)
		to_file(line, n);
}

/**
 * log_write() - Say something; use the macros
 * @level:	How much it matters
 * @error:	errno whose text is appended, 0: none
 * @fmt:	As for printf(), without newline
 */
void log_write(enum log_level level, int error, const char *fmt, ...)
{
	va_list ap;

	if (level > log_level)
		return;
	va_start(ap, fmt);
	vline(error, fmt, ap);
	va_end(ap);
}

/**
 * log_die() - Say why we can not start, and exit 1; use the macros
 * @error:	errno whose text is appended, 0: none
 * @fmt:	As for printf(), without newline
 */
void log_die(int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vline(error, fmt, ap);
	va_end(ap);
	exit(EXIT_FAILURE);
}

/**
 * log_exit() - Say something as it is, and exit
 * @status:	Exit status; with 0 the text goes to stdout, else to stderr
 * @text:	Lines
 */
void log_exit(int status, const char *text)
{
	(void)!write(status ? STDERR_FILENO : STDOUT_FILENO, text, strlen(text));
	exit(status);
}

/**
 * log_allow() - Limit lines that somebody else can cause
 * @state:	One static variable per place, 0 at first
 * @now_us:	Time of the event, us
 *
 * The state is the second in the upper bits and the lines in it in the lower 8.
 *
 * Return: true if the line may be written
 */
bool log_allow(uint64_t *state, uint64_t now_us)
{
	uint64_t second = now_us / US_PER_S + 1;

	if (*state >> 8 != second)
		*state = second << 8;
	if ((*state & 0xff) >= ALLOW_PER_S)
		return false;
	++*state;
	return true;
}

/**
 * log_bug() - A condition that our own code should have excluded; use BUG_ON()
 * @file:	Where
 * @line:	Where
 * @what:	The condition, as text
 */
void log_bug(const char *file, int line, const char *what)
{
	err("BUG at %s:%i: %s", file, line, what);
#ifdef DEBUG
	abort();
#endif
}
