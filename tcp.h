/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TCP_H
#define TCP_H

#include <stdint.h>

#include "frame.h"
#include "fwd.h"

void	tcp_init(void);
void	tcp_frame(const struct frame *f, uint64_t now);
void	tcp_flush(uint64_t now);
void	tcp_accept(const struct fwd_conn *in, uint64_t now);
void	tcp_socket_event(uint64_t id, uint32_t events, uint64_t now);
void	tcp_link_ready(uint64_t now);

#endif /* TCP_H */
