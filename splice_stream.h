/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SPLICE_STREAM_H
#define SPLICE_STREAM_H

#include <stdbool.h>

#include "conn.h"

/* Which of the two sockets of a pair: LOOP_SPLICE_A or LOOP_SPLICE_B */
enum splice_side { SPLICE_ACCEPTED, SPLICE_DIALLED };

/* What both are watched for, always */
#define SPLICE_STREAM_EVENTS	(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET)

void	splice_stream_init(bool on);
int	splice_stream_move(struct conn *c, enum splice_side from, bool sure);
bool	splice_stream_waits(const struct conn *c, enum splice_side from);
bool	splice_stream_over(const struct conn *c);
void	splice_stream_end(struct conn *c);

#endif /* SPLICE_STREAM_H */
