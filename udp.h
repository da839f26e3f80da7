/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UDP_H
#define UDP_H

#include <stdint.h>

#include "frame.h"

void	udp_init(uint32_t flows_max);
void	udp_frame(const struct frame *f, uint64_t now);
void	udp_flush(uint64_t now);
void	udp_socket_event(uint64_t id, uint32_t events, uint64_t now);
void	udp_listen_event(uint32_t listener, uint32_t events, uint64_t now);

#endif /* UDP_H */
