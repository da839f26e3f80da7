/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap_link.h - the kinds of guest link: what they have in common, and what each
 * of them does for tap.c, where functions of these names are described
 */
#ifndef TAP_LINK_H
#define TAP_LINK_H

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

/* What an event of the link means; tap_event() */
enum {
	TAP_EV_FRAMES	= 1 << 0,	/* there may be frames to take */
	TAP_EV_ROOM	= 1 << 1,	/* there is room again, where there was none */
	TAP_EV_UP	= 1 << 2,	/* a guest came */
	TAP_EV_DOWN	= 1 << 3,	/* it went, another may come */
	TAP_EV_END	= 1 << 4,	/* it went, and that was the last */
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

/**
 * struct tap_conf - the guest link asked for
 * @path:	UNIX socket to listen on; NULL: the first free default one
 * @fd:		connected descriptor to use instead, -1: none
 * @one_off:	end when the first guest goes
 */
struct tap_conf {
	const char *path;
	int fd;
	bool one_off;
};

void	tap_link_trim(void *buf, size_t size);
void	tap_link_csum(uint8_t *frame, uint32_t len, const struct virtio_net_hdr *vh);

/* A tap device in a network namespace: tap_ns.c */
int	tap_ns_init(int fd, unsigned caps);
unsigned tap_ns_event(uint32_t events);
int	tap_ns_take(struct tap_frame *f, int max);
int	tap_ns_lend(uint32_t unit, size_t want, struct iovec *iov, int max);
int	tap_ns_give(const void *hdr, unsigned hlen, uint32_t len, const struct virtio_net_hdr *vh);
int	tap_ns_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh);
void	tap_ns_heed(bool on);
void	tap_ns_trim(void);

/* A stream to QEMU: tap_qemu.c */
int	tap_qemu_init(const struct tap_conf *conf);
bool	tap_qemu_up(void);
unsigned tap_qemu_event(uint64_t id, uint32_t events);
int	tap_qemu_take(struct tap_frame *f, int max);
int	tap_qemu_lend(unsigned hlen, uint32_t unit, size_t want, struct iovec *iov, int max);
int	tap_qemu_give(const void *hdr, unsigned hlen, uint32_t len, const struct virtio_net_hdr *vh);
int	tap_qemu_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh);
void	tap_qemu_flush(void);
void	tap_qemu_heed(bool on);
void	tap_qemu_trim(void);

#endif /* TAP_LINK_H */
