/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SPLICE_H
#define SPLICE_H

#include <stdbool.h>
#include <stdint.h>

#include "conn.h"
#include "fwd.h"

/* Which of the two sockets of a pair: LOOP_SPLICE_A or LOOP_SPLICE_B */
enum splice_side { SPLICE_ACCEPTED, SPLICE_DIALLED };

void	splice_init(bool on);
void	splice_accept(const struct fwd_conn *f, uint64_t now);
void	splice_udp(uint32_t n, uint64_t now);
void	splice_event(uint64_t id, enum splice_side side, uint32_t events, uint64_t now);
void	splice_timeout(struct conn *c, uint64_t now);

#endif /* SPLICE_H */
