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
 *	side			lists, one dump each
 *	host, namespace		TCP IPv4, TCP IPv6, UDP IPv4, UDP IPv6
 *
 *   There is one netlink socket for each side, opened once, in that namespace.
 *   Kernels can be built without the dump, or without that of UDP, or have it in
 *   a module that is not there.  So each list is tried when the side is opened;
 *   one that can not be dumped is read from its file in /proc (procnet.c).
 */
#include "bound.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "nlquery.h"
#include "ns.h"
#include "procnet.h"
#include "sock.h"
#include "wire.h"

/* What to ask for each list; the numbers are those of procnet.h */
static const struct list {
	uint8_t family;
	uint8_t protocol;
	uint8_t state;
} lists[PROCNET_NUM] = {
	[PROCNET_TCP4] = { AF_INET, IPPROTO_TCP, TCP_LISTEN },
	[PROCNET_TCP6] = { AF_INET6, IPPROTO_TCP, TCP_LISTEN },
	[PROCNET_UDP4] = { AF_INET, IPPROTO_UDP, TCP_CLOSE },
	[PROCNET_UDP6] = { AF_INET6, IPPROTO_UDP, TCP_CLOSE },
};

/**
 * struct side - where the lists of the host or of the namespace come from
 * @diag:	netlink socket, -1: none
 * @dumped:	by list: it comes from there
 * @file:	by list: else from this file; -1: there is no such list
 */
struct side {
	int diag;
	bool dumped[PROCNET_NUM];
	int file[PROCNET_NUM];
};

/**
 * struct bound_self - state of this file
 * @side:	the host, the namespace
 * @first:	what came in when a list was tried
 */
static struct {
	struct side side[2];
	struct ports first;
} self = {
	.side = {
		{ .diag = -1, .file = { -1, -1, -1, -1 } },
		{ .diag = -1, .file = { -1, -1, -1, -1 } },
	},
};

/* drop() - Close a descriptor there may be */
static void drop(int *fd)
{
	if (*fd >= 0)
		sock_close(*fd);
	*fd = -1;
}

/**
 * bound_init() - Begin anew: nothing is open
 */
void bound_init(void)
{
	for (int i = 0; i < 2; i++) {
		struct side *s = &self.side[i];

		drop(&s->diag);
		for (int k = 0; k < PROCNET_NUM; k++) {
			s->dumped[k] = false;
			drop(&s->file[k]);
		}
	}
}

/* add_port() - Take the port out of a socket's description, struct inet_diag_msg */
static void add_port(struct pkt_reader body, const struct list *l, struct ports *set)
{
	uint8_t family = pkt_u8(&body), state = pkt_u8(&body);
	uint16_t port;

	(void)pkt_take(&body, 2);	/* timer, retransmissions */
	port = pkt_be16(&body);		/* 0 if it ends before */
	if (family == l->family && state == l->state && port)
		ports_add(set, port);
}

/* dump() - Add the ports of one list; 0 or -errno */
static int dump(int fd, const struct list *l, struct ports *set)
{
	struct inet_diag_req_v2 req = {
		.sdiag_family = l->family, .sdiag_protocol = l->protocol,
		.idiag_states = 1U << l->state,
	};
	struct nlmsg_in in;
	struct nlquery q;
	struct nlmsg m;

	nlmsg_begin(&m, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &req, sizeof(req));
	if (nlquery_send(&q, fd, &m))
		while (nlquery_next(&q, &in))
			if (in.type == SOCK_DIAG_BY_FAMILY)
				add_port(in.body, l, set);
	return q.result;
}

/**
 * bound_open() - Open the lists of one side for good
 * @in_ns:	Those of the namespace, which is there; else of the host
 *
 * Return: 0; -errno if there is not even one
 */
int bound_open(bool in_ns)
{
	struct side *s = &self.side[in_ns];
	int opened = 0, rc = 0;

	s->diag = in_ns ? ns_netlink(NETLINK_SOCK_DIAG) :
			  sock_open(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	for (int i = 0; i < PROCNET_NUM; i++) {
		if (s->diag >= 0 && !dump(s->diag, &lists[i], &self.first)) {
			s->dumped[i] = true;
			opened++;
			continue;
		}
		s->file[i] = in_ns ? ns_open_file(procnet_path[i]) :
				     procnet_open((enum procnet_file)i);
		if (s->file[i] >= 0)
			opened++;
		else
			rc = s->file[i];
	}
	return opened ? 0 : rc;
}

/**
 * bound_ports() - Which ports somebody waits on
 * @in_ns:	In the namespace; else on the host
 * @proto:	WIRE_TCP: listening sockets; WIRE_UDP: bound, unconnected ones
 * @set:	Filled, also as far as it goes on failure
 *
 * Return: 0; -errno if a list could not be read; -ENOENT if none is open
 */
int bound_ports(bool in_ns, uint8_t proto, struct ports *set)
{
	const struct side *s = &self.side[in_ns];
	int first = proto == WIRE_TCP ? PROCNET_TCP4 : PROCNET_UDP4;
	int rc = -ENOENT;

	ports_clear(set);
	for (int i = first; i <= first + 1; i++) {
		if (s->dumped[i])
			rc = dump(s->diag, &lists[i], set);
		else if (s->file[i] >= 0)
			rc = procnet_ports(s->file[i], (enum procnet_file)i, set);
		else
			continue;
		if (rc)
			break;
	}
	return rc;
}
