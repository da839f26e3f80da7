/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TAP_H
#define TAP_H

#include "tap_link.h"

int	tap_init_qemu(const struct tap_conf *conf);
int	tap_init_ns(int fd, unsigned caps);
unsigned tap_event(uint64_t id, uint32_t events);
void	tap_trim(void);
unsigned tap_caps(void);
bool	tap_up(void);
uint32_t tap_bytes(void);
uint32_t tap_taken(void);
int	tap_take(struct tap_frame *f, int max);
void	tap_done(int n);
void	tap_heed(bool on);
uint32_t tap_head(const struct tap_frame *f, void *copy, uint32_t n);
int	tap_lend(unsigned hlen, uint32_t unit, size_t want, struct iovec *iov, int max);
int	tap_give(const void *hdr, unsigned hlen, uint32_t len,
		 const struct virtio_net_hdr *vh);
int	tap_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh);
void	tap_flush(void);

#endif /* TAP_H */
