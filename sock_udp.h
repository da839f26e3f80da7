/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SOCK_UDP_H
#define SOCK_UDP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "addr.h"
#include "sock.h"

enum {
	SOCK_UDP_BATCH		= 32,	/* datagrams per system call */
	SOCK_UDP_HEADROOM	= 64,	/* bytes free in front of what came in */
	SOCK_UDP_SEGMENTS	= 64,	/* UDP_MAX_SEGMENTS of older kernels */
	SOCK_UDP_QUOTE		= 1280,	/* bytes kept of what an error is about */
	SOCK_UDP_MAX4		= 65535 - 20 - 8,
	SOCK_UDP_MAX6		= 65535 - 8,
};

/**
 * enum sock_udp_kind - what a flow's own socket is for
 * @SOCK_UDP_DIAL:	datagrams to and from one other end: connected
 * @SOCK_UDP_SHOUT:	datagrams to a group or to everybody: not connected, so that
 *			whoever answers is heard; what other processes of the host
 *			get from groups is not (IP_MULTICAST_ALL)
 * @SOCK_UDP_PING:	echo requests of one identifier: connected, unless to a group
 */
enum sock_udp_kind { SOCK_UDP_DIAL, SOCK_UDP_SHOUT, SOCK_UDP_PING };

/**
 * struct sock_udp_path - the two ends of a datagram, as the host sees them
 * @peer:	the other end; addr_none to send to: what the socket is connected to
 * @local:	the host's address it came to, or shall leave from; addr_none:
 *		not known, or: the kernel chooses
 * @scope:	interface index if @peer is link-local or a group, else 0
 * @port:	port of @peer, host order
 * @ttl:	time to live to send with, 0: the socket's
 */
struct sock_udp_path {
	struct addr peer;
	struct addr local;
	uint32_t scope;
	uint16_t port;
	uint8_t ttl;
};

/**
 * struct sock_udp_out - something to send
 * @iov:	payload
 * @niov:	pieces of it, 0 if it is empty
 * @len:	bytes in all
 * @seg:	cut it into datagrams of this many bytes (UDP_SEGMENT), at most
 *		SOCK_UDP_SEGMENTS; 0: it is one datagram
 */
struct sock_udp_out {
	struct iovec *iov;
	int niov;
	uint32_t len;
	uint16_t seg;
};

/**
 * struct sock_udp_in - something that came
 * @path:	from where, to where (@ttl is not set)
 * @data:	payload, SOCK_UDP_HEADROOM bytes in front of it may be written
 *		over; good until the next sock_udp_recv()
 * @len:	its length, bytes
 * @seg:	it is several datagrams of this many bytes each, the last of which
 *		may be shorter (UDP_GRO); 0: it is one
 * @group:	it was sent to a group or to everybody, not to @path.local alone
 */
struct sock_udp_in {
	struct sock_udp_path path;
	uint8_t *data;
	uint32_t len;
	uint16_t seg;
	bool group;
};

/**
 * struct sock_udp_error - an ICMP error about something sent earlier
 * @type:	ICMP or ICMPv6 type, by the family of @peer
 * @code:	its code
 * @mtu:	next-hop MTU, if @type has one
 * @offender:	who sent the error, addr_none: not known
 * @peer:	where the datagram was sent to
 * @port:	its port
 * @data:	the beginning of what was sent: payload of a datagram; whole ICMP
 *		message of a ping socket
 * @len:	bytes there, may be 0
 */
struct sock_udp_error {
	uint8_t type;
	uint8_t code;
	uint32_t mtu;
	struct addr offender;
	struct addr peer;
	uint16_t port;
	uint32_t len;
	uint8_t data[SOCK_UDP_QUOTE];
};

void	sock_udp_init(const struct sock_conf *conf);

int	sock_udp_open(const struct sock_udp_path *to, uint16_t port,
		      enum sock_udp_kind kind);
void	sock_udp_prepare(int fd);
int	sock_udp_send(int fd, const struct sock_udp_out *out, int n,
		      const struct sock_udp_path *to);
int	sock_udp_recv(int fd, struct sock_udp_in in[static SOCK_UDP_BATCH]);
int	sock_udp_recv_error(int fd, struct sock_udp_error *e);
uint8_t	sock_udp_ttl(bool want6);
int	sock_udp_set_ttl(int fd, const struct addr *peer, uint8_t ttl);
int	sock_udp_set_df(int fd, const struct addr *peer, bool df);
int	sock_udp_mtu(int fd, const struct addr *peer);

#endif /* SOCK_UDP_H */
