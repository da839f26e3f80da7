// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udp_seg.c - datagrams toward the guest
 *
 * Theory of operation
 *
 *   What a socket gave is made into frames in place: headers are written in
 *   front of the payload, where sock_udp_recv() left room, and the link takes
 *   the frame from there.  Three cases:
 *
 *	several datagrams of one size (UDP_GRO)	  one frame that the link's other
 *						  end cuts, if it can (TAP_USO);
 *						  else frame by frame, headers
 *						  over the end of the last one,
 *						  which has left
 *	a datagram that fits the MTU		  one frame
 *	a longer one				  IP fragments, by frag.c
 *
 *   Checksums are left to the link, as everywhere, but for fragments: nobody
 *   behind us sees the whole datagram before the guest does.
 */
#include "udp_seg.h"

#include <string.h>

#include "addr.h"
#include "csum.h"
#include "frag.h"
#include "frame.h"
#include "log.h"
#include "net.h"
#include "tap.h"
#include "util.h"
#include "wire.h"

enum {
	SEGMENTS_MAX	= 64,	/* a guest's kernel may refuse more in one frame */
	GSO_UDP_L4	= 5,	/* VIRTIO_NET_HDR_GSO_UDP_L4, missing in old headers */
};

/* ip_len() - Bytes of an IP packet with @len bytes of UDP payload */
static uint32_t ip_len(const struct conn_key *key, uint32_t len)
{
	return len + (uint32_t)sizeof(struct wire_udp) +
	       (addr_is4(&key->guest) ? (uint32_t)sizeof(struct wire_ip4) :
					(uint32_t)sizeof(struct wire_ip6));
}

/* put_udp() - UDP header of @len bytes of payload, checksum field 0 */
static void put_udp(const struct conn_key *key, struct wire_udp *udp, uint32_t len)
{
	put_be16(udp->sport, key->fport);
	put_be16(udp->dport, key->gport);
	put_be16(udp->len, (uint16_t)(sizeof(*udp) + len));
	memset(udp->csum, 0, sizeof(udp->csum));
}

/**
 * send_whole() - One frame, whose checksum the link completes
 * @key:	Whom to, whom from
 * @udp:	Where its header goes; payload behind it, room in front
 * @len:	Bytes of payload
 * @seg:	The link's other end cuts it into pieces of this many bytes, 0: no
 *
 * Return: as for tap_send()
 */
static int send_whole(const struct conn_key *key, struct wire_udp *udp, uint32_t len,
		      uint16_t seg)
{
	struct virtio_net_hdr vh = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM };
	uint32_t l4len = (uint32_t)sizeof(*udp) + len;
	uint8_t head[FRAME_HLEN_MAX];
	uint16_t sum;
	unsigned h;

	put_udp(key, udp, len);
	h = frame_head(head, &key->far, &key->guest, WIRE_UDP, l4len, 0, 0);
	memcpy((uint8_t *)udp - h, head, h);
	sum = frame_partial(&key->far, &key->guest, WIRE_UDP, l4len);
	memcpy(udp->csum, &sum, sizeof(sum));
	vh.csum_start = (uint16_t)h;
	vh.csum_offset = offsetof(struct wire_udp, csum);
	if (seg) {
		vh.gso_type = GSO_UDP_L4;
		vh.gso_size = seg;
		vh.hdr_len = (uint16_t)(h + sizeof(*udp));
	}
	return tap_send((uint8_t *)udp - h, h + l4len, &vh);
}

/* send_pieces() - The same for a datagram that does not fit the MTU */
static int send_pieces(const struct conn_key *key, struct wire_udp *udp, uint32_t len)
{
	uint32_t l4len = (uint32_t)sizeof(*udp) + len;
	uint64_t sum = frame_pseudo(&key->far, &key->guest, WIRE_UDP, l4len);
	uint16_t csum;

	put_udp(key, udp, len);
	csum = csum_fold(csum_add(sum, udp, l4len));
	if (!csum)	/* 0 would mean that none was made (RFC 768) */
		csum = UINT16_MAX;
	memcpy(udp->csum, &csum, sizeof(csum));
	return frag_send(&key->far, &key->guest, WIRE_UDP, udp, l4len, 0);
}

/**
 * udp_seg_send() - Send what came from a socket to the guest
 * @key:	The flow: from @far and @fport to @guest and @gport
 * @data:	Payload; UDP_SEG_HEADROOM bytes in front of it, and all of it, are
 *		written over
 * @len:	Its length, bytes
 * @seg:	It is datagrams of this many bytes, the last may be shorter; 0: one
 *
 * Return: 0; -errno of the link: some of it is lost, counted
 */
int udp_seg_send(const struct conn_key *key, uint8_t *data, uint32_t len, uint16_t seg)
{
	uint32_t step = seg ? seg : len, done = 0;
	int rc = 0;

	if (BUG_ON(addr_is4(&key->guest) != addr_is4(&key->far)))
		return 0;
	if (seg && len > seg && tap_caps() & TAP_USO && ip_len(key, seg) <= net->mtu &&
	    ip_len(key, len) <= FRAME_IP_MAX && len <= (uint32_t)seg * SEGMENTS_MAX)
		return send_whole(key, (void *)(data - sizeof(struct wire_udp)), len, seg);

	do {	/* an empty datagram is one, too */
		uint32_t n = min_u32(step, len - done);
		struct wire_udp *udp = (void *)(data + done - sizeof(*udp));
		int one = ip_len(key, n) <= net->mtu ? send_whole(key, udp, n, 0) :
						       send_pieces(key, udp, n);

		rc = rc ? rc : one;
		done += n;
	} while (done < len);
	return rc;
}
