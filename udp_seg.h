/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UDP_SEG_H
#define UDP_SEG_H

#include <stdint.h>

#include "conn.h"

enum { UDP_SEG_HEADROOM = 14 + 40 + 8 };	/* Ethernet, IPv6, UDP */

int	udp_seg_send(const struct conn_key *key, uint8_t *data, uint32_t len,
		     uint16_t seg);

#endif /* UDP_SEG_H */
