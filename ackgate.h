/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACKGATE_H
#define ACKGATE_H

#include <stdbool.h>
#include <stdint.h>

#include "ackgate_tcx.h"
#include "addr.h"

enum {
	ACKGATE_SLOTS	= 257 * 1024,	/* connections of the table, and listeners */
	ACKGATE_HELD	= 16384,	/* packets that wait, of all slots */
};

/* What it is made of, from the best to the last */
enum ackgate_kind {
	ACKGATE_TCX,		/* a program in the kernel */
	ACKGATE_NONE,		/* nothing: all leaves */
};

/**
 * struct ackgate_ends - both ends of a connection
 * @local:	the kernel's, whose packets are held
 * @remote:	the other one
 * @lport:	port of @local
 * @rport:	of @remote
 */
struct ackgate_ends {
	struct addr local;
	struct addr remote;
	uint16_t lport;
	uint16_t rport;
};

/**
 * struct ackgate_seen - a packet that is held for a listener
 * @slot:	of the listener
 * @ends:	whose
 * @seq:	its number; of a SYN: ISS
 * @ack:	what it acknowledges; with a SYN: IRS + 1
 * @syn:	it is a SYN-ACK; what follows is valid only then
 * @sack:	selective acknowledgements are permitted
 * @ts:		there is a timestamp
 * @mss:	0: it is not said
 * @wscale:	shift of the window that the kernel will announce; -1: not said, none
 * @tsval:	timestamp
 * @tsecr:	what it answers
 */
struct ackgate_seen {
	uint32_t slot;
	struct ackgate_ends ends;
	uint32_t seq;
	uint32_t ack;
	bool syn;
	bool sack;
	bool ts;
	uint16_t mss;
	int8_t wscale;
	uint32_t tsval;
	uint32_t tsecr;
};

/**
 * struct ackgate_counts - what happened so far, in this process
 * @held:	packets that were diverted to us
 * @released:	of these, those that left
 * @replaced:	of these, those whose place was taken by a later one, for want of room
 * @lost:	of these, those for which there was no room, here or on the way out
 * @written:	acknowledgements that were owed and written
 */
struct ackgate_counts {
	uint64_t held;
	uint64_t released;
	uint64_t replaced;
	uint64_t lost;
	uint64_t written;
};

int	ackgate_open(const struct ackgate_conf *conf, enum ackgate_kind best);
void	ackgate_close(void);
int	ackgate_fd(unsigned i);
uint32_t ackgate_mark(uint32_t slot);
const struct ackgate_counts *ackgate_counts(void);
const struct ackgate_slot *ackgate_slot(uint32_t slot);

void	ackgate_free(uint32_t slot);
void	ackgate_hold(uint32_t slot, bool listener);
void	ackgate_begin(uint32_t slot, uint32_t committed, uint8_t wscale);
void	ackgate_commit(uint32_t slot, uint32_t committed);
void	ackgate_may_end(uint32_t slot, bool may);
void	ackgate_flush(void);

int	ackgate_event(unsigned i, struct ackgate_seen *seen);
void	ackgate_release(uint32_t slot, const struct ackgate_ends *ends, uint32_t upto);
void	ackgate_adopt(uint32_t listener, const struct ackgate_ends *ends, uint32_t slot);

#endif /* ACKGATE_H */
