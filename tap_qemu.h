/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TAP_QEMU_H
#define TAP_QEMU_H

#include "tap_link.h"

int	tap_qemu_init(const struct tap_conf *conf);
bool	tap_qemu_up(void);
int	tap_qemu_take(struct tap_frame *f, int max);
int	tap_qemu_lend(unsigned hlen, uint32_t unit, size_t want, struct iovec *iov,
		      int max);
int	tap_qemu_give(const void *hdr, unsigned hlen, uint32_t len,
		      const struct virtio_net_hdr *vh);
int	tap_qemu_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh);
void	tap_qemu_flush(void);
unsigned tap_qemu_event(uint64_t id, uint32_t events);
void	tap_qemu_trim(void);

#endif /* TAP_QEMU_H */
