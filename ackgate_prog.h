/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACKGATE_PROG_H
#define ACKGATE_PROG_H

#include <stdint.h>

enum {
	ACKGATE_HEAD	= 76,		/* Ethernet, IPv6 and TCP without options, rounded up */
	ACKGATE_MARKER	= 0x6703,	/* first two bytes of the source address of what is
					 * diverted, as they stand in memory: 3, 0x67 */
	ACKGATE_PAIR	= 40,		/* key of the map of address pairs */
	ACKGATE_NUMBER	= 20,		/* bits of a slot's number, in front of them @turn */
};

/* What the packets of a slot may do */
enum ackgate_mode {
	ACKGATE_FREE,		/* leave, all of them */
	ACKGATE_HOLD,		/* wait, but for a SYN: of who calls */
	ACKGATE_LISTEN,		/* the same; they are shown: of who is called */
	ACKGATE_COMMIT,		/* acknowledge up to a number */
};

/**
 * struct ackgate_slot - what program and process know of a connection; shared
 * @mode:	enum ackgate_mode
 * @committed:	what may be acknowledged: the number of the next byte
 * @wscale:	shift of the window that the kernel announces
 * @may_end:	not 0: FIN and RST may leave
 * @seen:	@nxt is valid
 * @nxt:	end of the highest byte that left
 * @owed:	not 0: an acknowledgement was lowered, and none followed that was not
 * @owed_ack:	the number it had
 * @has_ts:	@tsval and @tsecr are valid
 * @tsval:	of the last segment that left, network order
 * @tsecr:	likewise
 * @ifindex:	by which the lowered one left
 * @hlen:	of @head: up to where its TCP header begins
 * @diverted:	how many segments were given to us
 * @lowered:	how many acknowledgements were lowered
 * @refused:	how many segments were thrown away
 * @head:	headers of the segment whose acknowledgement was lowered, as the kernel had
 *		made it: with @owed_ack, and the window that belongs to it
 * @turn:	tells what this connection diverted from what the one before did
 *
 * Numbers are in the machine's order unless said otherwise.  The process writes the first
 * four and @turn, and clears @owed; the program writes the others.
 */
struct ackgate_slot {
	uint32_t mode;			/* first: the rest begins anew behind it */
	uint32_t committed;
	uint32_t wscale;
	uint32_t may_end;
	uint32_t seen;
	uint32_t nxt;
	uint32_t owed;
	uint32_t owed_ack;
	uint32_t has_ts;
	uint32_t tsval;
	uint32_t tsecr;
	uint32_t ifindex;
	uint32_t hlen;
	uint32_t diverted;
	uint32_t lowered;
	uint32_t refused;
	uint8_t head[ACKGATE_HEAD];
	uint32_t turn;
};
_Static_assert(sizeof(struct ackgate_slot) % 8 == 0, "elements of a map are aligned");

/**
 * struct ackgate_prog - what the program at an interface has to know
 * @mark:	mark of the first slot
 * @slots:	how many
 * @array:	map of them
 * @ended:	map of address pairs whose end was thrown away
 * @to:		interface to which packets are diverted
 */
struct ackgate_prog {
	uint32_t mark;
	uint32_t slots;
	int array;
	int ended;
	unsigned to;
};

int	ackgate_prog_egress(const struct ackgate_prog *p);
int	ackgate_prog_back(unsigned ifindex);

#endif /* ACKGATE_PROG_H */
