/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef UDP_IMAGE_H
#define UDP_IMAGE_H

#include <stdint.h>

#include "conn.h"
#include "image.h"

int	udp_image_block(const struct conn *c);
int	udp_image_save(const struct conn *c, uint64_t now);
int	udp_image_load(struct conn *c, struct pkt_reader *r, uint64_t now);

#endif /* UDP_IMAGE_H */
