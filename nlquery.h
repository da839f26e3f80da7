/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NLQUERY_H
#define NLQUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "nlmsg.h"

/**
 * struct nlquery - a request that was sent, and its answer so far
 * @fd:		netlink socket
 * @seq:	its sequence number
 * @left:	what is left of the datagram being read
 * @datagrams:	how many were read
 * @interrupted: tables changed during the dump
 * @result:	at the end: 0, or -errno
 */
struct nlquery {
	int fd;
	uint32_t seq;
	struct pkt_reader left;
	uint32_t datagrams;
	bool interrupted;
	int result;
};

bool	nlquery_send(struct nlquery *q, int fd, struct nlmsg *m);
bool	nlquery_next(struct nlquery *q, struct nlmsg_in *in);

#endif /* NLQUERY_H */
