/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FWD_H
#define FWD_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "sock.h"

/**
 * struct fwd_listener - one socket that waits for the outside, or for the namespace
 * @fd:		listening (TCP) or bound (UDP) socket, -1: unused entry
 * @proto:	WIRE_TCP or WIRE_UDP
 * @in_ns:	it is a socket of the namespace (-T, -U); else of the host
 * @addr:	bound address, addr_none: any, both families
 * @port:	bound port
 * @to_port:	port on the other side
 * @to:		address on the other side; addr_none: the guest's own, or the
 *		loopback for spliced connections
 */
struct fwd_listener {
	int fd;
	uint8_t proto;
	bool in_ns;
	struct addr addr;
	uint16_t port;
	uint16_t to_port;
	struct addr to;
};

/**
 * struct fwd_conn - a connection accepted by fwd_accept()
 * @fd:		its socket, the caller's from now on
 * @ends:	both ends as the kernel of that side sees them
 * @splice:	join it to a socket on the other side's loopback; else it goes to
 *		the guest as segments
 * @in_ns:	accepted in the namespace
 * @src:	source address as the guest shall see it (not @splice)
 * @to:		where it goes: the guest's address, or an address for splice
 * @to_port:	and its port
 */
struct fwd_conn {
	int fd;
	struct sock_ends ends;
	bool splice;
	bool in_ns;
	struct addr src;
	struct addr to;
	uint16_t to_port;
};

/* Guest to host: where a destination the guest names is, for the host */
void	fwd_to_host(uint8_t proto, const struct addr *dst, uint16_t port,
		    struct addr *host, uint16_t *hport);
/* Host to guest: how the guest sees a source address of the host's side */
struct addr fwd_to_guest(const struct addr *host);

const struct fwd_listener *fwd_listener(uint32_t n);
int	fwd_accept(uint32_t n, struct fwd_conn *c);

#endif /* FWD_H */
