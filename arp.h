/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ARP_H
#define ARP_H

#include "frame.h"

void	arp_frame(const struct frame *f);
void	arp_announce(void);

#endif /* ARP_H */
