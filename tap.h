/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TAP_H
#define TAP_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* What the link takes and gives beyond plain frames; tap_caps() */
enum {
	TAP_CSUM	= 1 << 0,	/* checksums may be left to the other end */
	TAP_TSO4	= 1 << 1,	/* TCP over IPv4 beyond the MTU, unsegmented */
	TAP_TSO6	= 1 << 2,
	TAP_USO		= 1 << 3,	/* UDP, equal pieces, both families */
};

enum {
	TAP_BATCH	= 32,		/* frames taken at once */
	TAP_FRAME_MAX	= 65535 + 14,	/* IP packet and Ethernet header */
	TAP_HEAD_MAX	= 128,		/* header bytes of a frame toward the guest */
};

/**
 * struct tap_frame - a frame from the guest, borrowed until tap_done()
 * @iov:	where its bytes are, Ethernet header first; the guest may change
 *		them while we look (vhost-user), so headers are copied first
 * @niov:	number of pieces
 * @len:	bytes in all
 * @vh:		offload: whether the checksum is missing, size of segments;
 *		all 0 on a link without
 */
struct tap_frame {
	const struct iovec *iov;
	int niov;
	uint32_t len;
	struct virtio_net_hdr vh;
};

unsigned tap_caps(void);
bool	tap_up(void);
int	tap_take(struct tap_frame *f, int max);
void	tap_done(int n);
uint32_t tap_head(const struct tap_frame *f, void *copy, uint32_t n);
int	tap_lend(unsigned hlen, uint32_t unit, size_t want, struct iovec *iov, int max);
int	tap_give(const void *hdr, unsigned hlen, uint32_t len,
		 const struct virtio_net_hdr *vh);
int	tap_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh);
void	tap_flush(void);

#endif /* TAP_H */
