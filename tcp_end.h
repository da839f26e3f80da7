/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TCP_END_H
#define TCP_END_H

#include <stdint.h>

#include "conn.h"

enum { TCP_DRAIN_STEP_US = 10 * 1000 };	/* at first, then a quarter of its age */

void	tcp_end_init(void);
void	tcp_end_release(struct conn *c);
void	tcp_end_abort(struct conn *c);
void	tcp_end_reset(struct conn *c, const char *why);
void	tcp_end_settle(struct conn *c, int rc, uint8_t last_out, uint64_t now);
void	tcp_end_drain(struct conn *c, uint64_t now);

#endif /* TCP_END_H */
