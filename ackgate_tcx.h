/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACKGATE_TCX_H
#define ACKGATE_TCX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ackgate_prog.h"

enum {
	ACKGATE_IFS	= 4,		/* interfaces at most */
	ACKGATE_FRAME	= 256,		/* a frame that is held: all headers, and no payload */
};

/**
 * struct ackgate_conf - what the gate is to watch
 * @owner:	name of who is protected: letters and digits
 * @ifname:	interfaces by which connections leave, @ifs of them
 * @ifs:	how many
 * @slots:	connections and listeners
 * @mark:	first mark of all gates of this host; the Nth gate has the Nth @slots of them
 * @pin:	directory in a file system of type bpf; NULL: the gate ends with the process
 */
struct ackgate_conf {
	const char *owner;
	const char *ifname[ACKGATE_IFS];
	unsigned ifs;
	uint32_t slots;
	uint32_t mark;
	const char *pin;
};

int	ackgate_tcx_open(const struct ackgate_conf *conf, struct ackgate_slot **slots);
void	ackgate_tcx_close(void);
uint32_t ackgate_tcx_mark(void);
int	ackgate_tcx_fd(unsigned i);
int	ackgate_tcx_which(uint32_t ifindex);
ssize_t	ackgate_tcx_read(unsigned i, uint8_t frame[ACKGATE_FRAME], uint32_t *slot);
bool	ackgate_tcx_write(unsigned i, const uint8_t *frame, size_t len);

#endif /* ACKGATE_TCX_H */
