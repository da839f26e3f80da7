/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COUNT_H
#define COUNT_H

#include <stdint.h>

/*
 * What is counted, and the name it has in reports
 *
 * The DROP_ ones are frames and messages that were thrown away, by reason.
 * Who throws something away counts it, once.
 */
#define COUNT_TABLE(X)												\
	/* frames of the guest, frame.c */									\
	X(DROP_FRAME_SHORT, "frame-short")		/* ends inside a header */				\
	X(DROP_FRAME_ETHERTYPE, "frame-ethertype")	/* neither ARP, IPv4 nor IPv6 */			\
	X(DROP_FRAME_MAC, "frame-mac")			/* not addressed to us, or source is a group */		\
	X(DROP_IP4_HEADER, "ip4-header")		/* version, length or checksum wrong */			\
	X(DROP_IP6_HEADER, "ip6-header")		/* version, length or extension headers wrong */	\
	X(DROP_IP_SOURCE, "ip-source")			/* group, loopback or broadcast as source */		\
	X(DROP_IP_DEST, "ip-destination")		/* loopback or unspecified as destination */		\
	X(DROP_IP_PROTO, "ip-protocol")			/* no protocol of ours */				\
	X(DROP_CSUM, "checksum")			/* TCP, UDP or ICMP checksum wrong */			\
	X(DROP_FRAGMENT_BAD, "fragment-bad")		/* overlapping, too long or lying fragments */		\
	X(DROP_FRAGMENT_FULL, "fragment-full")		/* pool of reassembly full */				\
	X(DROP_FRAGMENT_TIMEOUT, "fragment-timeout")	/* the rest did not come in time */			\
	/* guest configuration */										\
	X(DROP_ARP_BAD, "arp-bad")										\
	X(DROP_NDP_BAD, "ndp-bad")										\
	X(DROP_DHCP_BAD, "dhcp-bad")										\
	X(DROP_DHCPV6_BAD, "dhcpv6-bad")									\
	/* TCP */												\
	X(DROP_TCP_HEADER, "tcp-header")		/* offset, options or ports wrong */			\
	X(DROP_TCP_NO_CONN, "tcp-no-connection")	/* belongs to no connection; a RST was the answer */	\
	X(DROP_TCP_FLAGS, "tcp-flags")			/* flags that make no sense in that state */		\
	X(DROP_TCP_WINDOW, "tcp-window")		/* outside of the window */				\
	X(DROP_TCP_ORDER, "tcp-order")			/* behind a gap, and not kept, or only in part */	\
	X(DROP_TCP_RST, "tcp-reset")			/* RST that is not at the next number, RFC 5961 */	\
	X(DROP_TCP_TAIL_FULL, "tcp-tail-full")		/* pool for what a socket refused is full */		\
	X(DROP_TCP_LIMIT, "tcp-limit")			/* table, descriptors or ports exhausted */		\
	/* UDP and echo */											\
	X(DROP_UDP_HEADER, "udp-header")									\
	X(DROP_UDP_LIMIT, "udp-limit")										\
	X(DROP_UDP_SEND, "udp-send")			/* the socket refused it */				\
	X(DROP_UDP_SOURCE, "udp-source")		/* from somebody the flow has nothing to do with */	\
	X(DROP_ICMP_HEADER, "icmp-header")									\
	X(DROP_ICMP_TYPE, "icmp-type")										\
	X(DROP_ICMP_LIMIT, "icmp-limit")									\
	X(DROP_ICMP_SEND, "icmp-send")										\
	/* the link */												\
	X(DROP_LINK_FULL, "link-full")			/* toward the guest, no room */				\
	X(DROP_LINK_LENGTH, "link-length")		/* length in front of a frame too large */		\
	X(DROP_LINK_DOWN, "link-down")			/* no guest there */					\
	/* the link between primary and standby: why something was refused, or a session ended */		\
	X(DROP_STANDBY_NO_PEER, "standby-no-peer")	/* speaks something else */				\
	X(DROP_STANDBY_VERSION, "standby-version")								\
	X(DROP_STANDBY_ROLE, "standby-role")		/* has the role of this end */				\
	X(DROP_STANDBY_CLUSTER, "standby-cluster")	/* belongs to others */					\
	X(DROP_STANDBY_KEY, "standby-key")		/* does not have the key */				\
	X(DROP_STANDBY_HANDSHAKE, "standby-handshake")	/* took too long, or too many wanted one */		\
	X(DROP_STANDBY_LENGTH, "standby-length")	/* record too long, or heartbeat with a body */		\
	X(DROP_STANDBY_REFLECTED, "standby-reflected")	/* record of this end */				\
	X(DROP_STANDBY_SESSION, "standby-session")	/* record of another session */				\
	X(DROP_STANDBY_REPLAY, "standby-replay")	/* record that came already */				\
	X(DROP_STANDBY_GAP, "standby-gap")		/* record whose predecessor did not come */		\
	X(DROP_STANDBY_FORGED, "standby-forged")	/* record with a wrong MAC */				\
	X(DROP_STANDBY_ACK, "standby-ack")		/* confirms what was not sent, or less than before */	\
	X(DROP_STANDBY_CUT, "standby-cut")		/* end of the stream inside of something */		\
	X(COUNT_STANDBY_DEAD, "standby-dead")		/* nothing came for some heartbeats */			\
	X(COUNT_STANDBY_LOST, "standby-lost")		/* end of the stream behind a record, or its error */	\
	X(COUNT_STANDBY_SESSIONS, "standby-sessions")								\
	/* what TCP did, toward the guest */									\
	X(COUNT_TCP_OPEN_OUT, "tcp-open-out")									\
	X(COUNT_TCP_OPEN_IN, "tcp-open-in")									\
	X(COUNT_TCP_LATE, "tcp-late")			/* segments kept behind a gap */			\
	X(COUNT_TCP_DUPACK_SENT, "tcp-dupack-sent")								\
	X(COUNT_TCP_CHALLENGE, "tcp-challenge-ack")								\
	X(COUNT_TCP_FAST_RETRANSMIT, "tcp-fast-retransmit")							\
	X(COUNT_TCP_RTO, "tcp-rto")										\
	X(COUNT_TCP_SYN_RETRY, "tcp-syn-retry")									\
	X(COUNT_TCP_PROBE, "tcp-window-probe")		/* of a zero window */					\
	X(COUNT_TCP_WINDOW_UPDATE, "tcp-window-update")								\
	X(COUNT_TCP_TAIL, "tcp-tail-bytes")		/* bytes a socket refused for now */			\
	X(COUNT_TCP_BLACK_HOLE, "tcp-black-hole")	/* smaller segments tried */				\
	X(COUNT_TCP_LATE_ACK, "tcp-ack-unsent")		/* acknowledgement for what was never sent */		\
	X(COUNT_UDP_FLOWS, "udp-flows")										\
	X(COUNT_ECHO_FLOWS, "echo-flows")									\
	X(COUNT_ICMP_ERRORS, "icmp-errors")		/* told to the guest */					\
	X(COUNT_SPLICE_FLOWS, "splice-flows")									\
	X(COUNT_PAUSES, "pauses")			/* to let frames gather */				\
	X(COUNT_WAKEUPS, "wakeups")			/* of the loop */

#define COUNT_ENUM(id, name)	id,
enum count { COUNT_TABLE(COUNT_ENUM) COUNT_NUM };
#undef COUNT_ENUM

extern uint64_t count_value[COUNT_NUM];
extern const char *const count_name[COUNT_NUM];

static inline void count(enum count c)
{
	count_value[c]++;
}

static inline void count_add(enum count c, uint64_t n)
{
	count_value[c] += n;
}

void	count_reset(void);

#endif /* COUNT_H */
