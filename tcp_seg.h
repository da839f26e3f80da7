/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TCP_SEG_H
#define TCP_SEG_H

#include <stdbool.h>
#include <stdint.h>

#include "conn.h"
#include "frame.h"
#include "tap.h"

/**
 * struct tcp_seg - a segment of the guest, its header checked
 * @sport:	source port, the guest's
 * @dport:	destination port
 * @flags:	TCP_FIN and so on
 * @seq:	sequence number
 * @ack:	acknowledgement number, meaningful with TCP_ACK
 * @wnd:	window as it stands in the header, not shifted
 * @hlen:	length of the header with options, bytes
 * @len:	length of the payload, bytes
 * @mss:	option of a SYN, 0: absent
 * @wscale:	option of a SYN, -1: absent
 * @sack:	option of a SYN: SACK is understood
 */
struct tcp_seg {
	uint16_t sport;
	uint16_t dport;
	uint8_t flags;
	uint32_t seq;
	uint32_t ack;
	uint32_t wnd;
	uint32_t hlen;
	uint32_t len;
	uint16_t mss;
	int wscale;
	bool sack;
};

bool	tcp_seg_parse(const struct frame *f, struct tcp_seg *s);
struct conn_key tcp_seg_key(const struct frame *f, const struct tcp_seg *s);
uint32_t tcp_seg_isn(const struct conn_key *key, uint64_t now);
uint16_t tcp_seg_mss(const struct conn *c, const struct tcp_seg *syn);
uint32_t tcp_seg_offer(const struct tcp_conn *t);
unsigned tcp_seg_hlen(const struct conn *c);
uint32_t tcp_seg_unit(const struct conn *c);
unsigned tcp_seg_head(struct conn *c, uint8_t h[static TAP_HEAD_MAX], uint32_t seq,
		      uint8_t flags, uint32_t len, struct virtio_net_hdr *vh);
void	tcp_seg_send(struct conn *c, uint8_t flags, uint32_t seq);
void	tcp_seg_ack(struct conn *c);
void	tcp_seg_challenge(struct conn *c, uint64_t now);
void	tcp_seg_reset_stray(const struct frame *f, const struct tcp_seg *s);

#endif /* TCP_SEG_H */
