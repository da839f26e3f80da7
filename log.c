// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log.c - what the program says, and where
 *
 * Theory of operation
 *
 *   A line has a level; lines above log_level are not made.  A line goes to
 *   stderr until the program detaches, and to the sink, if one was given: a
 *   file, or the datagram socket of syslog, which wants its priority in front
 *   (RFC 3164, section 4.1.1).  Each line is one write(), so that lines of two
 *   processes do not mix.  A sink that is full or gone loses lines: saying
 *   something never blocks and never ends the program.
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
#include <unistd.h>

enum { LINE_LEN = 1024, SYSLOG_DAEMON = 3 << 3 };

/* Lines allowed per second by log_allow(), per place in the code */
enum { ALLOW_PER_S = 4, US_PER_S = 1000000 };

enum log_level log_level = LOG_LVL_INFO;

/**
 * struct log_self - state of this file
 * @fd:		sink, -1: none
 * @is_syslog:	the sink wants a priority in front of each line
 * @to_stderr:	lines go to stderr too
 * @bugs:	calls of log_bug()
 */
static struct {
	int fd;
	bool is_syslog;
	bool to_stderr;
	uint64_t bugs;
} self = { .fd = -1, .to_stderr = true };

/**
 * log_init() - Begin anew: stderr only
 * @level:	Lines above it are not made
 */
void log_init(enum log_level level)
{
	log_level = level;
	self.fd = -1;
	self.is_syslog = false;
	self.to_stderr = true;
	self.bugs = 0;
}

/**
 * log_stderr() - Say whether lines go to stderr
 * @on:		false once stderr belongs to nobody
 */
void log_stderr(bool on)
{
	self.to_stderr = on;
}

/**
 * log_sink() - Set where lines go beside stderr
 * @fd:		Descriptor, ours from now on; -1: nowhere
 * @is_syslog:	It is the datagram socket of syslog
 */
void log_sink(int fd, bool is_syslog)
{
	self.fd = fd;
	self.is_syslog = is_syslog;
}

/* syslog's severities, RFC 3164, table 2: err, warning, info, debug, debug */
static const uint8_t severity[] = {
	[LOG_LVL_ERR] = 3, [LOG_LVL_WARN] = 4, [LOG_LVL_INFO] = 6,
	[LOG_LVL_DEBUG] = 7, [LOG_LVL_TRACE] = 7,
};

/* put() - Write one line; what can not be written is lost, on purpose */
static void put(int fd, const char *line, size_t len)
{
	ssize_t n = write(fd, line, len);

	(void)n;
}

/* vline() - Make a line and send it everywhere it has to go */
__attribute__((format(printf, 3, 0)))
static void vline(enum log_level level, int error, const char *fmt, va_list ap)
{
	char line[LINE_LEN];
	int head, n;

	head = snprintf(line, sizeof(line), "<%d>passt: ",
			SYSLOG_DAEMON | severity[level]);
	n = head + vsnprintf(line + head, sizeof(line) - (size_t)head, fmt, ap);
	if (error && n < LINE_LEN)
		n += snprintf(line + n, sizeof(line) - (size_t)n, ": %s",
			      strerrordesc_np(error) ? strerrordesc_np(error) :
			      "unknown error");
	if (n > LINE_LEN - 2)
		n = LINE_LEN - 2;
	line[n++] = '\n';

	if (self.to_stderr)
		put(STDERR_FILENO, line + head, (size_t)(n - head));
	if (self.fd >= 0 && self.is_syslog)
		put(self.fd, line, (size_t)n);
	else if (self.fd >= 0)
		put(self.fd, line + head, (size_t)(n - head));
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
	vline(level, error, fmt, ap);
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
	vline(LOG_LVL_ERR, error, fmt, ap);
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
	put(status ? STDERR_FILENO : STDOUT_FILENO, text, strlen(text));
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
	self.bugs++;
	err("BUG at %s:%i: %s", file, line, what);
#ifdef DEBUG
	abort();
#endif
}

/**
 * log_bugs() - How often log_bug() was called
 *
 * Return: number, 0 in a program without faults
 */
uint64_t log_bugs(void)
{
	return self.bugs;
}
