/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TCP_SEG_H
#define TCP_SEG_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "tap.h"
#include "tcp_fsm.h"

enum {
	TCP_BATCH_IOV	= 64,	/* pieces of frames settled at once */
	TCP_WSCALE	= 8,	/* what is offered to the guest: windows of up to 16 MiB */
};

/**
 * struct tcp_seg - a segment of the guest, its header checked
 * @key:	of the connection it belongs to
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
	struct conn_key key;
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

/**
 * struct tcp_batch - what one batch of frames brought for one connection
 * @id:		conn id, which may have ended meanwhile; CONN_NONE: settled
 * @len:	bytes of the guest in @iov, behind rcv without a gap
 * @acked:	bytes of the remote end that the guest acknowledged
 * @dupacks:	segments behind a gap: each gets a duplicate ACK
 * @fin:	the guest's FIN follows the bytes
 * @resend:	the segment at una is lost: send it again
 * @niov:	entries used
 * @iov:	where the bytes are, in borrowed frames
 */
struct tcp_batch {
	uint64_t id;
	uint32_t len;
	uint32_t acked;
	uint32_t dupacks;
	bool fin;
	bool resend;
	int niov;
	struct iovec iov[TCP_BATCH_IOV];
};

bool	tcp_seg_parse(const struct frame *f, struct tcp_seg *s);
uint32_t tcp_seg_isn(const struct conn_key *key, uint64_t now);
uint16_t tcp_seg_mss(const struct conn *c, uint16_t option);
uint32_t tcp_seg_offer(const struct tcp_conn *t);
unsigned tcp_seg_hlen(const struct conn *c);
uint32_t tcp_seg_unit(const struct conn *c);
unsigned tcp_seg_head(struct conn *c, uint8_t h[static TAP_HEAD_MAX], uint32_t seq,
		      uint8_t flags, uint32_t len, struct virtio_net_hdr *vh);
void	tcp_seg_send(struct conn *c, uint8_t flags, uint32_t seq);
void	tcp_seg_ack(struct conn *c);
void	tcp_seg_challenge(struct conn *c, uint64_t now);
void	tcp_seg_reset_stray(const struct tcp_seg *s);

#endif /* TCP_SEG_H */
