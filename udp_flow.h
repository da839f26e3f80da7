/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UDP_FLOW_H
#define UDP_FLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "conn.h"
#include "icmp.h"
#include "sock_udp.h"

/* Flags of a flow */
enum {
	UDPF_REPLIED	= 1 << 0,	/* datagrams went both ways */
	UDPF_GROUP	= 1 << 1,	/* to a group or to everybody */
	UDPF_DF		= 1 << 2,	/* fragmenting is forbidden on the socket */
	UDPF_MAYFRAG	= 1 << 3,	/* it is allowed; neither: never set */
	UDPF_PLAIN	= 1 << 4,	/* the kernel can not cut for this one */
};

/**
 * struct udp_gram - a datagram of the guest, or several that it left uncut
 * @iov:	payload, in the borrowed frame
 * @niov:	pieces, 0 if it is empty
 * @len:	bytes of payload
 * @seg:	the guest left it uncut: bytes of each datagram; 0: it is one
 * @ulen:	length field of the UDP header
 * @csum:	its checksum, memory order, 0: none, or not complete
 * @ttl:	time to live
 * @df:		do not fragment
 */
struct udp_gram {
	struct iovec *iov;
	int niov;
	uint32_t len;
	uint16_t seg;
	uint16_t ulen;
	uint16_t csum;
	uint8_t ttl;
	bool df;
};

void	udp_flow_init(uint32_t flows_max);
struct conn *udp_flow_open(const struct conn_key *key, const struct udp_gram *g,
			   uint64_t now);
struct conn *udp_flow_called(uint32_t listener, const struct sock_udp_path *path,
			     bool make, uint64_t now);
void	udp_flow_close(struct conn *c);
void	udp_flow_touch(struct conn *c, enum conn_dir dir, uint64_t now);
void	udp_flow_timeout(struct conn *c, uint64_t now);
void	udp_flow_tell(const struct conn *c, const struct icmp_error *why,
		      const void *data, uint32_t n, uint64_t now);
void	udp_flow_failed(const struct conn *c, const struct udp_gram *g, int err,
			uint64_t now);

#endif /* UDP_FLOW_H */
