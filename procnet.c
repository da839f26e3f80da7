// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * procnet.c - which ports are bound, on the host or in the namespace
 *
 * Theory of operation
 *
 *   The kernel lists the sockets of a network namespace in /proc/net/tcp and
 *   its like (proc(5)), one line each:
 *
 *	  sl  local_address rem_address   st tx_queue rx_queue ...
 *	   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 ...
 *
 *   An open descriptor keeps to the namespace of who opened it, so they are
 *   opened once, before the sandbox closes, and read from offset 0 each time.
 *   Of TCP, listening sockets are wanted; the kernel lists them before all
 *   others, so the rest of a long file is not read.  Of UDP, those that are
 *   bound and not connected.
 *
 *   The file is read by pieces into a buffer of fixed size; a line is a few
 *   fields of hexadecimal digits, and one that is not is skipped.
 */
#include "procnet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "wire.h"

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
 * @fd:		descriptors, of the host and of the namespace; -1: not there
 * @buf:	piece of a file
 */
static struct {
	int fd[2][PROCNET_NUM];
	char buf[READ_SIZE];
} self = { .fd = { { -1, -1, -1, -1 }, { -1, -1, -1, -1 } } };

/**
 * procnet_init() - Begin anew: nothing is open
 */
void procnet_init(void)
{
	for (int side = 0; side < 2; side++) {
		for (int i = 0; i < PROCNET_NUM; i++)
			procnet_set(side, (enum procnet_file)i, -1);
	}
}

/**
 * procnet_set() - Say where a list is read from
 * @in_ns:	It is one of the namespace; else of the host
 * @file:	Which
 * @fd:		Descriptor, ours from now on; -1: none
 */
void procnet_set(bool in_ns, enum procnet_file file, int fd)
{
	int *at = &self.fd[in_ns][file];

	if (*at >= 0)
		close(*at);
	*at = fd;
}

/**
 * procnet_open_host() - Open the lists of the namespace we are in
 *
 * Return: 0; -errno if there is not even one
 */
int procnet_open_host(void)
{
	int opened = 0, rc = 0;

	for (int i = 0; i < PROCNET_NUM; i++) {
		int fd = open(procnet_path[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			rc = -errno;
		else
			opened++;
		procnet_set(false, (enum procnet_file)i, fd);
	}
	return opened ? 0 : rc;
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

/* read_list() - Add the ports one file has */
static int read_list(int fd, unsigned long wanted, bool sorted, struct ports *set)
{
	size_t have = 0;
	off_t pos = 0;

	while (pos < READ_MAX) {
		ssize_t n = pread(fd, self.buf + have, sizeof(self.buf) - have, pos);

		if (n < 0)
			return -errno;
		pos += n;
		have += (size_t)n;
		if (!n || !take_lines(&have, wanted, sorted, set))
			break;
	}
	return 0;
}

/**
 * procnet_ports() - Which ports somebody waits on
 * @in_ns:	In the namespace; else on the host
 * @proto:	WIRE_TCP: listening sockets; WIRE_UDP: bound, unconnected ones
 * @set:	Filled, also as far as it goes on failure
 *
 * Return: 0; -errno if a list could not be read; -ENOENT if none is open
 */
int procnet_ports(bool in_ns, uint8_t proto, struct ports *set)
{
	bool tcp = proto == WIRE_TCP;
	int first = tcp ? PROCNET_TCP4 : PROCNET_UDP4;
	int rc = -ENOENT;

	ports_clear(set);
	for (int i = first; i <= first + 1; i++) {
		if (self.fd[in_ns][i] < 0)
			continue;
		rc = read_list(self.fd[in_ns][i], tcp ? TCP_LISTEN_ : UDP_UNCONNECTED,
			       tcp, set);
		if (rc)
			break;
	}
	return rc;
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
