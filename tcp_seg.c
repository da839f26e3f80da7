// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_seg.c - segments: read from the guest, made for it
 *
 * Theory of operation
 *
 *   A segment of the guest is checked once, here, and handed on as a struct
 *   tcp_seg in host order.  One to the guest is a header made from the
 *   connection, with or without payload; every segment but a SYN acknowledges
 *   all we took and announces the window, so each of them clears what was due.
 *
 *   Options are offered as the guest offers them: MSS, and window scaling and
 *   SACK if it has them.  No timestamps, since the clock of a guest that is
 *   restored elsewhere goes back.
 *
 *   The window field is the right edge less what is acknowledged, rounded down
 *   by the scale.  That may take up to 255 bytes back from what was announced
 *   before (RFC 7323, section 2.4), while everything up to the true edge is
 *   still taken.
 */
#include "tcp_seg.h"

#include <string.h>

#include "count.h"
#include "net.h"
#include "pkt.h"
#include "seq.h"
#include "tail.h"
#include "util.h"
#include "wire.h"

enum {
	MSS_MIN		= 48,		/* below it headers are most of a segment */
	MSS_DEFAULT4	= 536,		/* RFC 9293, 3.7.1 */
	MSS_DEFAULT6	= 1220,
	MSS_ETHERNET	= 1460,		/* no send queue is too small for that */
	ISN_TICK_US	= 4,		/* RFC 6528, section 3 */
	CHALLENGE_PER_S	= 100,		/* RFC 5961, section 7 */
	US_PER_S	= 1000000,
	OPT_LEN		= 40,		/* RFC 9293, 3.1: at most */
};

/**
 * struct tcp_seg_self - state of this file
 * @second:	second in which challenge ACKs are counted
 * @challenges:	of them, in that second
 */
static struct {
	uint64_t second;
	uint32_t challenges;
} self;

/* options() - MSS and window scale of a SYN (RFC 9293, 3.2; RFC 7323, 2.2) */
static void options(struct pkt_reader r, struct tcp_seg *s)
{
	while (r.left) {
		uint8_t kind = pkt_u8(&r);
		uint8_t len;
		struct pkt_reader body;

		if (kind == TCPOPT_END)
			return;
		if (kind == TCPOPT_NOP_)
			continue;
		len = pkt_u8(&r);
		if (len < 2)
			return;
		body = pkt_sub(&r, len - 2U);
		if (r.bad)
			return;
		if (kind == TCPOPT_MSS && len == 4)
			s->mss = pkt_be16(&body);
		else if (kind == TCPOPT_WSCALE && len == 3)
			s->wscale = pkt_u8(&body);
		else if (kind == TCPOPT_SACK_OK && len == 2)
			s->sack = true;
	}
}

/**
 * tcp_seg_parse() - Check a segment of the guest
 * @f:		Frame with protocol WIRE_TCP
 * @s:		Filled
 *
 * Return: true if header, ports and checksum are right; false: counted, drop it
 */
bool tcp_seg_parse(const struct frame *f, struct tcp_seg *s)
{
	const struct wire_tcp *h = frame_l4(f, sizeof(*h));
	uint32_t hlen = h ? (uint32_t)(h->off >> 4) * 4 : 0;
	const uint8_t *full = hlen >= sizeof(*h) ? frame_l4(f, hlen) : NULL;

	if (!full || !addr_is_unicast(&f->dst) || addr_is_any(&f->src) ||
	    !get_be16(h->sport) || !get_be16(h->dport)) {
		count(DROP_TCP_HEADER);
		return false;
	}
	if (!frame_csum_ok(f)) {
		count(DROP_CSUM);
		return false;
	}
	*s = (struct tcp_seg){
		.key = { .guest = f->src, .far = f->dst, .gport = get_be16(h->sport),
			 .fport = get_be16(h->dport), .proto = WIRE_TCP },
		.flags = h->flags, .seq = get_be32(h->seq), .ack = get_be32(h->ack),
		.wnd = get_be16(h->wnd), .hlen = hlen, .len = f->l4len - hlen,
		.wscale = -1,
	};
	if (s->flags & TCP_SYN)
		options(pkt_reader(full + sizeof(*h), hlen - sizeof(*h)), s);
	return true;
}

/**
 * tcp_seg_isn() - Initial sequence number (RFC 6528, section 3)
 * @key:	Connection
 * @now:	Time, us
 *
 * Return: a clock, moved by a secret hash of the connection's ends
 */
uint32_t tcp_seg_isn(const struct conn_key *key, uint64_t now)
{
	return (uint32_t)(now / ISN_TICK_US + conn_secret_hash(key, sizeof(*key)));
}

/**
 * tcp_seg_hlen() - Header bytes of a frame with payload, Ethernet's included
 * @c:		Connection
 *
 * Return: bytes, what tcp_seg_head() fills then
 */
unsigned tcp_seg_hlen(const struct conn *c)
{
	return (addr_is4(&c->key.guest) ? sizeof(struct wire_ip4) : sizeof(struct wire_ip6)) +
	       (unsigned)(sizeof(struct wire_eth) + sizeof(struct wire_tcp));
}

/* payload() - What an IP packet of some length has for it */
static uint32_t payload(const struct conn *c, uint32_t len)
{
	return len + (uint32_t)sizeof(struct wire_eth) - tcp_seg_hlen(c);
}

/**
 * tcp_seg_mss() - Payload of a segment to the guest
 * @c:		Connection
 * @option:	Option of the guest's SYN; 0: absent, or not to be relied on
 *
 * Return: bytes, MSS_MIN or more
 */
uint16_t tcp_seg_mss(const struct conn *c, uint16_t option)
{
	uint32_t mss = addr_is4(&c->key.guest) ? MSS_DEFAULT4 : MSS_DEFAULT6;

	if (option)
		mss = option;
	return (uint16_t)max_u32(min_u32(mss, payload(c, net->mtu)), MSS_MIN);
}

/**
 * tcp_seg_unit() - Payload of a frame to the guest
 * @c:		Connection
 *
 * Return: bytes; a multiple of the MSS where the link takes unsegmented frames
 */
uint32_t tcp_seg_unit(const struct conn *c)
{
	unsigned tso = addr_is4(&c->key.guest) ? TAP_TSO4 : TAP_TSO6;
	uint32_t room = payload(c, FRAME_IP_MAX);

	if (!(tap_caps() & tso))
		return c->tcp.mss;
	return room - room % c->tcp.mss;
}

/* field() - The window as it stands in a header that acknowledges @ack */
static uint16_t field(const struct tcp_conn *t, uint32_t ack, unsigned shift)
{
	return (uint16_t)min_u32(seq_ahead(t->edge, ack) >> shift, UINT16_MAX);
}

/* told() - The edge that a window amounts to; behind a FIN it moves no more */
static uint32_t told(const struct tcp_conn *t, uint32_t ack, unsigned shift)
{
	if (seq_gt(ack, t->edge))
		return t->edge;
	return ack + ((uint32_t)field(t, ack, shift) << shift);
}

/* scale() - How many bits windows to the guest are shifted, but in a SYN */
static unsigned scale(const struct tcp_conn *t)
{
	return t->flags & TCPF_WSCALE ? TCP_WSCALE : 0;
}

/**
 * tcp_seg_offer() - The edge that an acknowledgement sent now would announce
 * @t:		Connection
 *
 * Return: sequence number, the right edge as far as the header can say it
 */
uint32_t tcp_seg_offer(const struct tcp_conn *t)
{
	return told(t, tcp_ack_number(t), scale(t));
}

/* syn_options() - What we offer, or take up (RFC 7323, 2.2) */
static unsigned syn_options(const struct conn *c, uint8_t opt[static OPT_LEN])
{
	/* What the link takes, and a window of the least size; see tcp_out.c */
	uint32_t mss = min_u32(payload(c, net->mtu), max_u32(c->tcp.room / 8, MSS_ETHERNET));
	struct pkt_writer w = pkt_writer(opt, OPT_LEN);

	pkt_put_be16(&w, TCPOPT_MSS << 8 | 4);
	pkt_put_be16(&w, (uint16_t)mss);
	if (c->tcp.flags & (TCPF_WSCALE | TCPF_FROM_HOST)) {
		pkt_put_be16(&w, TCPOPT_NOP_ << 8 | TCPOPT_WSCALE);
		pkt_put_be16(&w, 3 << 8 | TCP_WSCALE);
	}
	if (c->tcp.flags & (TCPF_SACK | TCPF_FROM_HOST)) {
		pkt_put_be16(&w, TCPOPT_NOP_ << 8 | TCPOPT_NOP_);
		pkt_put_be16(&w, TCPOPT_SACK_OK << 8 | 2);
	}
	return (unsigned)w.len;
}

/* sack_option() - What came behind a gap, so that only the gap is sent again */
static unsigned sack_option(const struct tcp_conn *t, uint8_t opt[static OPT_LEN])
{
	struct pkt_writer w = pkt_writer(opt, OPT_LEN);
	struct late_block b[LATE_BLOCKS];
	int n = late_blocks(t->late, b);

	if (!n)
		return 0;
	pkt_put_be16(&w, TCPOPT_NOP_ << 8 | TCPOPT_NOP_);
	pkt_put_be16(&w, (uint16_t)(TCPOPT_SACK_ << 8 | (2 + 8 * n)));
	for (int i = 0; i < n; i++) {
		pkt_put_be32(&w, b[i].start);
		pkt_put_be32(&w, b[i].end);
	}
	return (unsigned)w.len;
}

/**
 * tcp_seg_head() - All headers of a segment to the guest
 * @c:		Connection; what was due is not due any more
 * @h:		Filled
 * @seq:	Sequence number
 * @flags:	TCP_SYN and so on; TCP_ACK decides about the acknowledgement
 * @len:	Payload that follows, bytes
 * @vh:		Set: checksum and segmentation left to the link
 *
 * Return: bytes filled
 */
unsigned tcp_seg_head(struct conn *c, uint8_t h[static TAP_HEAD_MAX], uint32_t seq,
		      uint8_t flags, uint32_t len, struct virtio_net_hdr *vh)
{
	struct tcp_conn *t = &c->tcp;
	const struct addr *src = &c->key.far, *dst = &c->key.guest;
	uint32_t ack = flags & TCP_ACK ? tcp_ack_number(t) : 0;
	unsigned shift = flags & TCP_SYN ? 0 : scale(t);
	uint8_t opt[OPT_LEN];
	unsigned optlen = 0, ip, hlen;
	struct wire_tcp *tcp;
	uint32_t l4len;
	uint16_t sum;

	if (flags & TCP_SYN)
		optlen = syn_options(c, opt);
	else if (t->late && t->flags & TCPF_SACK && flags == TCP_ACK && !len)
		optlen = sack_option(t, opt);
	l4len = (uint32_t)sizeof(*tcp) + optlen + len;
	ip = frame_head(h, src, dst, WIRE_TCP, l4len, 0, 0);
	sum = frame_partial(src, dst, WIRE_TCP, l4len);
	hlen = ip + (unsigned)sizeof(*tcp) + optlen;
	tcp = (void *)(h + ip);
	put_be16(tcp->sport, c->key.fport);
	put_be16(tcp->dport, c->key.gport);
	put_be32(tcp->seq, seq);
	put_be32(tcp->ack, ack);
	tcp->off = (uint8_t)((sizeof(*tcp) + optlen) / 4 << 4);
	tcp->flags = flags;
	put_be16(tcp->wnd, field(t, ack, shift));
	/* Rounding may take a little back; what was told once is taken */
	t->told = seq_max(t->told, told(t, ack, shift));
	memcpy(tcp->csum, &sum, sizeof(sum));
	memset(tcp->urg, 0, sizeof(tcp->urg));
	if (optlen)
		memcpy(h + ip + sizeof(*tcp), opt, optlen);

	*vh = (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = (uint16_t)ip,
		.csum_offset = offsetof(struct wire_tcp, csum),
	};
	if (len > t->mss) {
		vh->gso_type = addr_is4(dst) ? VIRTIO_NET_HDR_GSO_TCPV4 :
					       VIRTIO_NET_HDR_GSO_TCPV6;
		vh->gso_size = t->mss;
		vh->hdr_len = (uint16_t)hlen;
	}
	if (flags & TCP_ACK) {
		t->acked = ack;
		t->ack_at = 0;
		t->flags &= (uint16_t)~TCPF_ACK_DUE;
	}
	return hlen;
}

/**
 * tcp_seg_send() - Send a segment without payload
 * @c:		Connection
 * @flags:	TCP_SYN and so on
 * @seq:	Sequence number
 *
 * If the link has no room it is lost: whoever needs it will ask again.
 */
void tcp_seg_send(struct conn *c, uint8_t flags, uint32_t seq)
{
	uint8_t h[TAP_HEAD_MAX];
	struct virtio_net_hdr vh;
	unsigned hlen = tcp_seg_head(c, h, seq, flags, 0, &vh);

	(void)tap_send(h, hlen, &vh);
}

/**
 * tcp_seg_ack() - Send an acknowledgement, and with it the window
 * @c:		Connection
 */
void tcp_seg_ack(struct conn *c)
{
	/* After a rewind nxt is old to the guest, and would be refused */
	tcp_seg_send(c, TCP_ACK, c->tcp.sent);
}

/**
 * tcp_seg_challenge() - Answer a SYN, RST or ACK that may be forged
 * @c:		Connection
 * @now:	Time, us
 *
 * A true peer answers with what we wait for; of a forged one nothing came but
 * this (RFC 5961, sections 3.2, 4.2, 5.2).
 */
void tcp_seg_challenge(struct conn *c, uint64_t now)
{
	if (self.second != now / US_PER_S) {
		self.second = now / US_PER_S;
		self.challenges = 0;
	}
	if (self.challenges++ >= CHALLENGE_PER_S)
		return;
	count(COUNT_TCP_CHALLENGE);
	tcp_seg_ack(c);
}

/**
 * tcp_seg_reset_stray() - Answer a segment that belongs to no connection
 * @s:		Segment; without TCP_RST
 *
 * RFC 9293, section 3.10.7.1.
 */
void tcp_seg_reset_stray(const struct tcp_seg *s)
{
	struct wire_tcp tcp = { .off = sizeof(tcp) / 4 << 4, .flags = TCP_RST };
	uint32_t len = s->len + !!(s->flags & TCP_SYN) + !!(s->flags & TCP_FIN);

	put_be16(tcp.sport, s->key.fport);
	put_be16(tcp.dport, s->key.gport);
	if (s->flags & TCP_ACK) {
		put_be32(tcp.seq, s->ack);
	} else {
		tcp.flags |= TCP_ACK;
		put_be32(tcp.ack, s->seq + len);
	}
	(void)frame_send(&s->key.far, &s->key.guest, WIRE_TCP, &tcp, sizeof(tcp), 0);
}
