/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLICA_H
#define REPLICA_H

#include <stdint.h>

#include "pkt.h"

enum {
	REPLICA_PIECE	= 4 * 1024,	/* bytes of a queue lie together */
	REPLICA_PIECES	= 64 * 1024,	/* of them, for all queues: 256 MiB */
};

/**
 * struct replica_status - what there is
 * @flows:	flows that could go on here
 * @lost:	flows that could not: there was no room for their bytes
 * @pieces:	pieces of REPLICA_PIECE in use
 * @units:	units that are complete
 * @epoch:	number of the last boundary among them, 0: none
 */
struct replica_status {
	uint32_t flows;
	uint32_t lost;
	uint32_t pieces;
	uint64_t units;
	uint64_t epoch;
};

int	replica_init(void);
int	replica_record(uint32_t type, struct pkt_reader *body, uint64_t now);
const char *replica_error(void);
int	replica_write(int fd, uint64_t now);
void	replica_status(struct replica_status *s);

#endif /* REPLICA_H */
