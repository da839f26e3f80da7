/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FRAME_H
#define FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "addr.h"
#include "tap.h"

enum {
	FRAME_HEAD	= 256,		/* bytes copied from the front of a frame */
	FRAME_HLEN_MAX	= 14 + 40,	/* Ethernet and IP header toward the guest */
	FRAME_IP_MAX	= 65535,
};

enum frame_kind { FRAME_BAD, FRAME_ARP, FRAME_IP, FRAME_FRAGMENT };

/**
 * struct frame - a frame from the guest, its headers checked
 * @tap:	where its bytes are
 * @src:	source address (FRAME_IP, FRAME_FRAGMENT)
 * @dst:	destination address
 * @smac:	source MAC address
 * @dmac:	destination MAC address
 * @proto:	protocol after IPv6 extension headers, WIRE_TCP and so on
 * @ttl:	time to live or hop limit
 * @tos:	type of service or traffic class
 * @df:		do not fragment; always for IPv6
 * @l3:		offset of the IP or ARP header, bytes from the frame's beginning
 * @l4:		offset of what follows the IP headers
 * @l4len:	bytes from there to the end of the IP packet; padding is not in it
 * @frag_off:	FRAME_FRAGMENT: where this piece begins in the payload, bytes
 * @frag_more:	FRAME_FRAGMENT: it is not the last
 * @frag_id:	FRAME_FRAGMENT: identification
 * @headlen:	bytes in @head
 * @head:	copy of the beginning, the only place headers are read from
 */
struct frame {
	const struct tap_frame *tap;
	struct addr src;
	struct addr dst;
	uint8_t smac[6];
	uint8_t dmac[6];
	uint8_t proto;
	uint8_t ttl;
	uint8_t tos;
	bool df;
	uint32_t l3;
	uint32_t l4;
	uint32_t l4len;
	uint32_t frag_off;
	bool frag_more;
	uint32_t frag_id;
	uint32_t headlen;
	uint8_t head[FRAME_HEAD];
};

/* From the guest */
enum frame_kind frame_parse(const struct tap_frame *t, struct frame *f);
const void *frame_l4(const struct frame *f, uint32_t n);
bool	frame_csum_ok(const struct frame *f);
int	frame_payload(const struct frame *f, uint32_t skip, uint32_t len,
		      struct iovec *iov, int max);
uint32_t frame_copy(const struct frame *f, uint32_t skip, void *to, uint32_t len);

/* Toward the guest */
unsigned frame_head(uint8_t h[static FRAME_HLEN_MAX], const struct addr *src,
		    const struct addr *dst, uint8_t proto, uint32_t l4len,
		    uint8_t ttl, uint8_t tos);
uint64_t frame_pseudo(const struct addr *src, const struct addr *dst,
		      uint8_t proto, uint32_t l4len);
uint16_t frame_partial(const struct addr *src, const struct addr *dst,
		       uint8_t proto, uint32_t l4len);
int	frame_send(const struct addr *src, const struct addr *dst, uint8_t proto,
		   const void *l4, uint32_t l4len, uint8_t ttl);
int	frame_send_arp(const uint8_t dmac[static 6], const void *arp);

#endif /* FRAME_H */
