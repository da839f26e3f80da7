/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COUNT_H
#define COUNT_H

#include <stdint.h>

/**
 * enum count - what is counted; one name each in count.c
 *
 * The DROP_ ones are frames and messages that were thrown away, by reason.
 * Who throws something away counts it, once.
 */
enum count {
	/* frames of the guest, frame.c */
	DROP_FRAME_SHORT,	/* ends inside a header */
	DROP_FRAME_ETHERTYPE,	/* neither ARP, IPv4 nor IPv6 */
	DROP_FRAME_MAC,		/* not addressed to us, or source is a group */
	DROP_IP4_HEADER,	/* version, length or checksum wrong */
	DROP_IP6_HEADER,	/* version, length or extension headers wrong */
	DROP_IP_SOURCE,		/* group, loopback or broadcast as source */
	DROP_IP_DEST,		/* loopback or unspecified as destination */
	DROP_IP_PROTO,		/* no protocol of ours */
	DROP_CSUM,		/* TCP, UDP or ICMP checksum wrong */
	DROP_FRAGMENT_BAD,	/* overlapping, too long or lying fragments */
	DROP_FRAGMENT_FULL,	/* pool of reassembly full */
	DROP_FRAGMENT_TIMEOUT,	/* the rest did not come in time */
	/* guest configuration */
	DROP_ARP_BAD,
	DROP_NDP_BAD,
	DROP_DHCP_BAD,
	DROP_DHCPV6_BAD,
	/* TCP */
	DROP_TCP_HEADER,	/* offset, options or ports wrong */
	DROP_TCP_NO_CONN,	/* belongs to no connection; a RST was the answer */
	DROP_TCP_FLAGS,		/* flags that make no sense in that state */
	DROP_TCP_WINDOW,	/* outside of the window */
	DROP_TCP_ORDER,		/* behind a gap, and not kept, or only in part */
	DROP_TCP_RST,		/* RST that is not at the next number, RFC 5961 */
	DROP_TCP_TAIL_FULL,	/* pool for what a socket refused is full */
	DROP_TCP_LIMIT,		/* table, descriptors or ports exhausted */
	/* UDP and echo */
	DROP_UDP_HEADER,
	DROP_UDP_LIMIT,
	DROP_UDP_SEND,		/* the socket refused it */
	DROP_UDP_SOURCE,	/* from somebody the flow has nothing to do with */
	DROP_ICMP_HEADER,
	DROP_ICMP_TYPE,
	DROP_ICMP_LIMIT,
	DROP_ICMP_SEND,
	/* the link */
	DROP_LINK_FULL,		/* toward the guest, no room */
	DROP_LINK_LENGTH,	/* length in front of a frame too large */
	DROP_LINK_DOWN,		/* no guest there */
	/* what TCP did, toward the guest */
	COUNT_TCP_OPEN_OUT,
	COUNT_TCP_OPEN_IN,
	COUNT_TCP_LATE,		/* segments kept behind a gap */
	COUNT_TCP_DUPACK_SENT,
	COUNT_TCP_CHALLENGE,
	COUNT_TCP_FAST_RETRANSMIT,
	COUNT_TCP_RTO,
	COUNT_TCP_SYN_RETRY,
	COUNT_TCP_PROBE,	/* of a zero window */
	COUNT_TCP_WINDOW_UPDATE,
	COUNT_TCP_TAIL,		/* bytes a socket refused for now */
	COUNT_TCP_BLACK_HOLE,	/* smaller segments tried */
	COUNT_TCP_LATE_ACK,	/* acknowledgement for what was never sent */
	COUNT_UDP_FLOWS,
	COUNT_ECHO_FLOWS,
	COUNT_ICMP_ERRORS,	/* told to the guest */
	COUNT_SPLICE_FLOWS,
	COUNT_WAKEUPS,		/* of the loop */
	COUNT_NUM
};

extern uint64_t count_value[COUNT_NUM];

static inline void count(enum count c)
{
	count_value[c]++;
}

static inline void count_add(enum count c, uint64_t n)
{
	count_value[c] += n;
}

const char *count_name(enum count c);
void	count_reset(void);

#endif /* COUNT_H */
