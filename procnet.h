/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PROCNET_H
#define PROCNET_H

#include <stdint.h>

#include "ports.h"

/* The kernel's lists of sockets, one file each */
enum procnet_file {
	PROCNET_TCP4, PROCNET_TCP6, PROCNET_UDP4, PROCNET_UDP6, PROCNET_NUM,
};

/* To be opened by a process in the network namespace the list is wanted of */
extern const char *const procnet_path[PROCNET_NUM];

int	procnet_open(enum procnet_file file);
int	procnet_ports(int fd, enum procnet_file file, struct ports *set);
void	procnet_ephemeral(uint16_t *first, uint16_t *last);

#endif /* PROCNET_H */
