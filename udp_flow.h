/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UDP_FLOW_H
#define UDP_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "conn.h"
#include "sock_udp.h"

/* Flags of a flow */
enum {
	UDPF_REPLIED	= 1 << 0,	/* datagrams went both ways */
	UDPF_GROUP	= 1 << 1,	/* to a group or to everybody */
	UDPF_DF		= 1 << 2,	/* fragmenting is forbidden on the socket */
	UDPF_MAYFRAG	= 1 << 3,	/* it is allowed; neither: never set */
	UDPF_PLAIN	= 1 << 4,	/* the kernel can not cut for this one; echo */
};

/**
 * struct udp_gram - a datagram of the guest, or several that it left uncut
 * @id:		flow, CONN_NONE: not known yet, or nothing is to be done any more
 * @out:	payload, in the borrowed frame; of echo: the whole message
 * @ulen:	length field of the UDP header; of echo: length of the message
 * @csum:	its checksum, memory order, 0: none, or not complete
 * @ttl:	time to live
 * @df:		do not fragment
 */
struct udp_gram {
	uint64_t id;
	struct sock_udp_out out;
	uint16_t ulen;
	uint16_t csum;
	uint8_t ttl;
	bool df;
};

void	udp_flow_init(uint32_t flows_max);
struct conn *udp_flow_of(const struct conn_key *key, const struct udp_gram *g,
			 uint64_t now);
struct conn *udp_flow_called(uint32_t listener, const struct sock_udp_path *path,
			     bool make, uint64_t now);
int	udp_flow_fd(const struct conn *c);
bool	udp_flow_is_peer(const struct conn *c, const struct sock_udp_path *path);
int	udp_flow_adopt(struct conn *c, int32_t listener, uint16_t port, uint64_t now);
void	udp_flow_touch(struct conn *c, enum conn_dir dir, uint64_t now);
void	udp_flow_end(struct conn *c);
void	udp_flow_timeout(struct conn *c, uint64_t now);
void	udp_flow_failed(const struct conn *c, const struct udp_gram *g, int err,
			uint64_t now);
void	udp_flow_error(const struct conn *c, struct sock_udp_error *q, uint64_t now);

#endif /* UDP_FLOW_H */
