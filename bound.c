// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bound.c - which ports are bound, on the host or in the namespace
 *
 * Theory of operation
 *
 *   The kernel dumps the sockets of a network namespace by netlink (sock_diag(7)):
 *   for one protocol and family, those that are in one of the states asked for.
 *   With nothing but TCP_LISTEN asked for it looks at no table but the small one of
 *   listening sockets, so that a dump takes some ten microseconds however many
 *   connections there are.  UDP has two states, connected and TCP_CLOSE; a socket
 *   that is not even bound is in no table.
 *
 *	side			dumps
 *	host, namespace		TCP IPv4, TCP IPv6, UDP IPv4, UDP IPv6
 *
 *   There is one netlink socket for each side, opened once, in that namespace.
 *
 *   This is the one way: /proc/net/tcp says the same, but walks the table of all
 *   connections, even if there are none, which takes milliseconds.  Where dumps are
 *   modules (tcp_diag, udp_diag), as in Debian, the first request has the kernel
 *   load them, for everybody and from any namespace: no privilege is asked for
 *   (__sock_diag_cmd() and inet_diag_lock_handler(), request_module()).  Where they
 *   can not be had (ENOENT) each request would start modprobe again, so this is found
 *   out when a side is opened, and they are not asked for any more.
 */
#include "bound.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"
#include "ns.h"
#include "sock.h"
#include "wire.h"

/**
 * struct bound_self - state of this file, by side: the host, the namespace
 * @diag:	netlink socket, -1: none
 * @dumped:	TCP, UDP: the kernel can do it
 * @first:	what came in when it was tried
 */
static struct {
	int diag[2];
	bool dumped[2][2];
	struct ports first;
} self = { .diag = { -1, -1 } };

/**
 * bound_init() - Begin anew: nothing is open
 */
void bound_init(void)
{
	for (int i = 0; i < 2; i++) {
		if (self.diag[i] >= 0)
			sock_close(self.diag[i]);
		self.diag[i] = -1;
	}
	memset(self.dumped, 0, sizeof(self.dumped));
}

/**
 * struct found - what is taken of the sockets that are dumped
 * @set:	their ports, or NULL, and the others count
 * @at:		the ports that are of interest
 * @half:	those at one of them
 * @num:	how many
 * @max:	room for so many
 */
struct found {
	struct ports *set;
	const struct ports *at;
	struct bound_half *half;
	int num;
	int max;
};

/* address() - One of 16 bytes, of which IPv4 has the first four */
static struct addr address(struct pkt_reader *r, uint8_t family)
{
	const uint8_t *p = pkt_take(r, sizeof(struct addr));

	if (!p)
		return addr_none;
	return family == AF_INET ? addr_from4(p) : addr_from6(p);
}

/* add() - Take what is wanted out of a socket's description, struct inet_diag_msg */
static void add(struct pkt_reader body, uint8_t want_family, uint8_t want_state,
		struct found *f)
{
	uint8_t family = pkt_u8(&body), state = pkt_u8(&body);
	struct bound_half h;

	(void)pkt_take(&body, 2);	/* timer, retransmissions */
	h.lport = pkt_be16(&body);	/* 0 if it ends before */
	if (family != want_family || state != want_state || !h.lport)
		return;
	if (f->set) {
		ports_add(f->set, h.lport);
		return;
	}
	h.pport = pkt_be16(&body);
	(void)pkt_take(&body, sizeof(struct addr));
	h.peer = address(&body, family);
	if (ports_has(f->at, h.lport) && f->num < f->max)
		f->half[f->num++] = h;
}

/* dump() - Take what is wanted of one protocol's sockets in a state; 0 or -errno */
static int dump(int fd, uint8_t proto, uint8_t state, struct found *f)
{
	static const uint8_t families[2] = { AF_INET, AF_INET6 };
	struct nlmsg_in in;
	struct nlmsg m;
	int rc = 0;

	for (int i = 0; !rc && i < 2; i++) {
		struct inet_diag_req_v2 req = {
			.sdiag_family = families[i], .sdiag_protocol = proto,
			.idiag_states = 1U << state,
		};

		nlmsg_begin(&m, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &req, sizeof(req));
		netlink_ask(fd, &m);
		while ((rc = netlink_next(&in)) > 0)
			if (in.h.nlmsg_type == SOCK_DIAG_BY_FAMILY)
				add(in.body, families[i], state, f);
	}
	return rc;
}

/* waiting() - The state of sockets that wait for the outside */
static uint8_t waiting(uint8_t proto)
{
	return proto == WIRE_TCP ? TCP_LISTEN : TCP_CLOSE;
}

/**
 * bound_open() - Get ready to look at one side
 * @in_ns:	At the namespace, which is there; else at the host
 * @proto:	WIRE_TCP or WIRE_UDP
 *
 * Return: 0; -errno if these ports can not be had
 */
int bound_open(bool in_ns, uint8_t proto)
{
	int fd = self.diag[in_ns], rc;

	if (fd < 0)
		fd = in_ns ? ns_netlink(NETLINK_SOCK_DIAG) :
			     sock_open(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	self.diag[in_ns] = fd;
	if (fd < 0)
		return fd;
	rc = dump(fd, proto, waiting(proto), &(struct found){ .set = &self.first });
	self.dumped[in_ns][proto == WIRE_UDP] = rc != -ENOENT;
	return rc;
}

/**
 * bound_ports() - Which ports somebody waits on
 * @in_ns:	In the namespace; else on the host
 * @proto:	WIRE_TCP: listening sockets; WIRE_UDP: bound, unconnected ones
 * @set:	Filled, also as far as it goes on failure
 *
 * Return: 0; -errno if they could not be read; -ENOENT if they can not be had
 */
int bound_ports(bool in_ns, uint8_t proto, struct ports *set)
{
	ports_clear(set);
	if (!self.dumped[in_ns][proto == WIRE_UDP])
		return -ENOENT;
	return dump(self.diag[in_ns], proto, waiting(proto), &(struct found){ .set = set });
}

/**
 * bound_half_open() - Handshakes of the host's kernel that are under way
 * @ports:	Ports that are called
 * @half:	Filled, as far as it goes
 * @max:	Room for so many
 *
 * Walks the table of all connections.
 *
 * Return: how many, at most @max; -errno if they could not be read; -ENOENT if they can
 *	   not be had
 */
int bound_half_open(const struct ports *ports, struct bound_half *half, int max)
{
	struct found f = { .at = ports, .half = half, .max = max };
	int rc;

	if (!self.dumped[false][false])
		return -ENOENT;
	rc = dump(self.diag[false], WIRE_TCP, TCP_SYN_RECV, &f);
	return rc ? rc : f.num;
}

/**
 * bound_ephemeral() - Ports the host's kernel gives to whom asks for none
 * @first:	Set
 * @last:	Set
 */
void bound_ephemeral(uint16_t *first, uint16_t *last)
{
	int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC);
	char text[32] = "32768 60999", *rest;	/* the kernel's own default */

	if (fd >= 0) {
		(void)!read(fd, text, sizeof(text) - 1);
		(void)close(fd);
	}
	*first = (uint16_t)strtoul(text, &rest, 10);
	*last = (uint16_t)strtoul(rest, NULL, 10);
}
