/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdint.h>

/**
 * enum driver_op - an order of who copies the guest
 * @DRIVER_BEGIN:	the guest stands still: what it sent belongs to the epoch before
 * @DRIVER_COMMIT:	the copy of the oldest open epoch is safe
 * @DRIVER_ABORT:	the copy of the newest open epoch will never be
 * @DRIVER_RELEASE:	no more copies: all goes on
 * @DRIVER_FENCE:	the copy runs: this guest is nobody any more
 */
enum driver_op {
	DRIVER_BEGIN = 1, DRIVER_COMMIT, DRIVER_ABORT, DRIVER_RELEASE, DRIVER_FENCE, DRIVER_OP_END
};

/**
 * struct driver_order - an order, or the answer to one, as it is sent
 * @op:		enum driver_op
 * @rc:		in an answer: 0, or errno
 * @epoch:	number of the epoch; in an order 0: whichever it is
 *
 * Each is one packet of a SOCK_SEQPACKET socket, its numbers in the order of this host, which
 * both ends are on.
 */
struct driver_order {
	uint32_t op;
	uint32_t rc;
	uint64_t epoch;
};

int	driver_attach(int fd);
int	driver_obey(enum driver_op op, uint64_t *epoch, uint64_t now);
const char *driver_why(int rc);
void	driver_event(uint64_t now);

#endif /* DRIVER_H */
