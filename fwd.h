/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FWD_H
#define FWD_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "fwd_listen.h"
#include "sock.h"

/**
 * struct fwd_conf - which address stands for what
 * @map_host4:	--map-host-loopback: the guest reaches the host's loopback by this
 *		address; addr_none: the gateway's, if @map_gw
 * @map_host6:	the same for IPv6
 * @map_guest4:	--map-guest-addr: the guest reaches by this address the one the
 *		host and it share; addr_none: by none
 * @map_guest6:	the same for IPv6
 * @dns4:	--dns-forward: what goes to port 53 there goes to the host's
 *		resolver; addr_none: no address does so
 * @dns6:	the same for IPv6
 * @map_gw:	the gateway's address leads to the host: not --no-map-gw
 * @splice:	the guest is a namespace, and sockets of loopback connections are
 *		joined: not --no-splice
 * @lo_to_lo:	what comes from the host's loopback goes to the namespace's; else
 *		to its own address, if one is known
 */
struct fwd_conf {
	struct addr map_host4;
	struct addr map_host6;
	struct addr map_guest4;
	struct addr map_guest6;
	struct addr dns4;
	struct addr dns6;
	bool map_gw;
	bool splice;
	bool lo_to_lo;
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

void	fwd_init(const struct fwd_conf *conf);

/* Guest to host: where a destination the guest names is, for the host */
void	fwd_to_host(uint8_t proto, const struct addr *dst, uint16_t port,
		    struct addr *host, uint16_t *hport);
/* Host to guest: how the guest sees a source address of the host's side */
struct addr fwd_to_guest(const struct addr *host);
/* Host to guest: both ends of what comes in, as the guest shall see them */
bool	fwd_guest_moved(struct addr *guest);
bool	fwd_may_come(const struct addr *peer, const struct addr *src);
bool	fwd_incoming(const struct fwd_listener *l, const struct addr *peer,
		     struct addr *src, struct addr *to);
/* Loopback path: where it leads on the other side */
struct addr fwd_splice_to(const struct fwd_listener *l, const struct addr *peer);

int	fwd_accept(uint32_t n, struct fwd_conn *c);

#endif /* FWD_H */
