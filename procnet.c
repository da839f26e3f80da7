// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * procnet.c - which ports are bound, by the lists in /proc
 *
 * Theory of operation
 *
 *   The kernel lists the sockets of a network namespace in /proc/net/tcp and
 *   its like (proc(5)), one line each:
 *
 *	  sl  local_address rem_address   st tx_queue rx_queue ...
 *	   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 ...
 *
 *   They are read where the kernel has nothing better (bound.c): for TCP, it goes
 *   through the table of all connections, even if there are none, which takes
 *   milliseconds.
 *
 *   An open descriptor keeps to the namespace of who opened it, so they are
 *   opened once, and read from offset 0 each time.  Of TCP, listening sockets are
 *   wanted; the kernel lists them before all others, so the rest of a long file is
 *   not read.  Of UDP, those that are bound and not connected.
 *
 *   The file is read by pieces into a buffer of fixed size; a line is a few
 *   fields of hexadecimal digits, and one that is not is skipped.
 */
#include "procnet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	READ_SIZE	= 16 * 1024,
	READ_MAX	= 16 * 1024 * 1024,	/* of one file */
	TCP_LISTEN_	= 0x0a,			/* include/net/tcp_states.h */
	UDP_UNCONNECTED	= 0x07,
	EPHEMERAL_FIRST	= 32768,		/* the kernel's own default */
	EPHEMERAL_LAST	= 60999,
	HEX		= 16,
};

const char *const procnet_path[PROCNET_NUM] = {
	[PROCNET_TCP4] = "/proc/thread-self/net/tcp",
	[PROCNET_TCP6] = "/proc/thread-self/net/tcp6",
	[PROCNET_UDP4] = "/proc/thread-self/net/udp",
	[PROCNET_UDP6] = "/proc/thread-self/net/udp6",
};

/**
 * struct procnet_self - state of this file
 * @buf:	piece of a file
 */
static struct {
	char buf[READ_SIZE];
} self;

/**
 * procnet_open() - Open a list of the namespace we are in
 * @file:	Which
 *
 * Return: descriptor, or -errno
 */
int procnet_open(enum procnet_file file)
{
	int fd = open(procnet_path[file], O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return fd;
}

/* take_hex() - Number of hexadecimal digits up to a character, moved behind it */
static bool take_hex(const char **p, char end, unsigned long *value)
{
	char *rest;

	*value = strtoul(*p, &rest, HEX);
	if (rest == *p || *rest != end)
		return false;
	*p = rest + 1;
	return true;
}

/**
 * parse_line() - Local port and state of one socket
 * @line:	Terminated
 * @port:	Set on success
 * @state:	Set on success
 *
 * Return: true if it is such a line: the heading is not
 */
static bool parse_line(const char *line, unsigned long *port, unsigned long *state)
{
	const char *p = strchr(line, ':');

	if (!p || p[1] != ' ')
		return false;
	p = strchr(p + 1, ':');		/* behind the local address */
	if (!p++ || !take_hex(&p, ' ', port) || *port >= PORTS_NUM)
		return false;
	p = strchr(p, ' ');		/* behind the remote address and port */
	return p++ && take_hex(&p, ' ', state);
}

/**
 * take_lines() - Take the ports out of the complete lines in the buffer
 * @len:	Bytes there, changed to those of the last line, moved to the front
 * @wanted:	State
 * @sorted:	Sockets of that state come first
 * @set:	Ports are added
 *
 * Return: false if there will be no more of that state
 */
static bool take_lines(size_t *len, unsigned long wanted, bool sorted,
		       struct ports *set)
{
	char *line = self.buf, *end = self.buf + *len, *nl;

	while ((nl = memchr(line, '\n', (size_t)(end - line)))) {
		unsigned long port, state;

		*nl = '\0';
		if (parse_line(line, &port, &state)) {
			if (state == wanted && port)
				ports_add(set, (uint16_t)port);
			else if (state != wanted && sorted)
				return false;
		}
		line = nl + 1;
	}
	*len = (size_t)(end - line);
	memmove(self.buf, line, *len);
	return *len < sizeof(self.buf);	/* a line without end: not the kernel's */
}

/**
 * procnet_ports() - Add the ports one list has that somebody waits on
 * @fd:		Descriptor
 * @file:	Which list that is.  TCP: listening sockets; UDP: bound and
 *		unconnected ones
 * @set:	Ports are added, also as far as it goes on failure
 *
 * Return: 0; -errno if it could not be read
 */
int procnet_ports(int fd, enum procnet_file file, struct ports *set)
{
	bool tcp = file == PROCNET_TCP4 || file == PROCNET_TCP6;
	unsigned long wanted = tcp ? TCP_LISTEN_ : UDP_UNCONNECTED;
	size_t have = 0;
	off_t pos = 0;

	while (pos < READ_MAX) {
		ssize_t n = pread(fd, self.buf + have, sizeof(self.buf) - have, pos);

		if (n < 0)
			return -errno;
		pos += n;
		have += (size_t)n;
		if (!n || !take_lines(&have, wanted, tcp, set))
			break;
	}
	return 0;
}

/**
 * procnet_ephemeral() - Ports the host's kernel gives to whom asks for none
 * @first:	Set
 * @last:	Set
 */
void procnet_ephemeral(uint16_t *first, uint16_t *last)
{
	int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC);
	unsigned long a, b;
	ssize_t n = 0;
	char *rest;

	*first = EPHEMERAL_FIRST;
	*last = EPHEMERAL_LAST;
	if (fd < 0)
		return;
	n = read(fd, self.buf, sizeof(self.buf) - 1);
	close(fd);
	if (n <= 0)
		return;
	self.buf[n] = '\0';
	a = strtoul(self.buf, &rest, 10);
	b = strtoul(rest, NULL, 10);
	if (a && a <= b && b < PORTS_NUM) {
		*first = (uint16_t)a;
		*last = (uint16_t)b;
	}
}
