/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UDP_H
#define UDP_H

#include <stdint.h>

#include "conn.h"
#include "frame.h"

/**
 * struct udp_conf - limits
 * @flows_max:	flows the guest may begin, a descriptor each: a share of those the
 *		program may have; 0: half the table
 */
struct udp_conf {
	uint32_t flows_max;
};

void	udp_init(const struct udp_conf *conf);
void	udp_frame(const struct frame *f, uint64_t now);
void	udp_flush(uint64_t now);
void	udp_socket_event(uint64_t id, uint32_t events, uint64_t now);
void	udp_listen_event(uint32_t listener, uint32_t events, uint64_t now);
void	udp_timeout(struct conn *c, uint64_t now);

#endif /* UDP_H */
