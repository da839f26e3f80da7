/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TAP_NS_H
#define TAP_NS_H

#include "tap_link.h"

int	tap_ns_init(int fd, unsigned caps);
int	tap_ns_take(struct tap_frame *f, int max);
int	tap_ns_lend(unsigned hlen, uint32_t unit, size_t want, struct iovec *iov, int max);
int	tap_ns_give(const void *hdr, unsigned hlen, uint32_t len,
		    const struct virtio_net_hdr *vh);
int	tap_ns_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh);
unsigned tap_ns_event(uint32_t events);
void	tap_ns_trim(void);

#endif /* TAP_NS_H */
