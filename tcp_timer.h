/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TCP_TIMER_H
#define TCP_TIMER_H

#include <stdint.h>

#include "conn.h"

void	tcp_timer_opened(struct tcp_conn *t, uint64_t now);
void	tcp_timer_watch(struct tcp_conn *t, uint64_t now);
void	tcp_timeout(struct conn *c, uint64_t now);

#endif /* TCP_TIMER_H */
