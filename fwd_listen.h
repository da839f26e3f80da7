/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FWD_LISTEN_H
#define FWD_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "ports.h"

enum { FWD_LISTEN_MAX = 65535 };	/* sockets that wait, of either protocol */

/**
 * struct fwd_listen_conf - what to wait for
 * @ports:	rules
 * @splice:	the guest is a namespace, and loopback connections are joined by
 *		splice.c: not --no-splice
 * @freebind:	--freebind: addresses may be bound that the host does not have
 * @no_tcp:	--no-tcp: nobody waits for connections
 * @no_udp:	--no-udp
 */
struct fwd_listen_conf {
	struct ports_table ports;
	bool splice;
	bool freebind;
	bool no_tcp;
	bool no_udp;
};

/**
 * struct fwd_listener - one socket that waits for the outside, or for the namespace
 * @fd:		listening (TCP) or bound (UDP) socket, -1: unused entry
 * @proto:	WIRE_TCP or WIRE_UDP
 * @in_ns:	it is a socket of the namespace (-T, -U); else of the host
 * @splice:	UDP: it is bound to a loopback address and its datagrams go to
 *		splice.c; else to udp.c
 * @rule:	number of the rule it stems from
 * @addr:	bound address, addr_none: any
 * @port:	bound port
 * @to_port:	port on the other side
 * @to:		address on the other side; addr_none: the guest's own, or the
 *		loopback for spliced connections
 */
struct fwd_listener {
	int fd;
	uint8_t proto;
	bool in_ns;
	bool splice;
	uint16_t rule;
	struct addr addr;
	uint16_t port;
	uint16_t to_port;
	struct addr to;
};

void	fwd_listen_init(const struct fwd_listen_conf *conf);
int	fwd_listen_open(uint64_t now);
void	fwd_listen_timeout(uint64_t now);
const struct fwd_listener *fwd_listener(uint32_t n);
uint32_t fwd_listen_high(void);
void	fwd_listen_ports(uint8_t proto, struct ports *set);
bool	fwd_listen_may(uint8_t proto, const struct addr *a, uint16_t port);
int	fwd_listen_find(uint8_t proto, uint16_t port);
void	fwd_listen_hush(bool hush);

#endif /* FWD_LISTEN_H */
