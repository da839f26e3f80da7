/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wire.h - headers and numbers as they stand on the wire
 *
 * One structure per header, packed, multi-byte members as arrays of bytes or
 * network-order integers that are read with get_be16() and get_be32() only.
 * They are copied or pointed to after their length was checked, never before.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdint.h>

enum { ETH_MIN_LEN = 60 };

/* Ethernet II; EtherTypes by IANA */
enum { WIRE_IP4 = 0x0800, WIRE_ARP = 0x0806, WIRE_IP6 = 0x86dd };

struct wire_eth {
	uint8_t dst[6];
	uint8_t src[6];
	uint8_t type[2];
} __attribute__((packed));

/* RFC 826, for Ethernet and IPv4 */
struct wire_arp {
	uint8_t htype[2];
	uint8_t ptype[2];
	uint8_t hlen;
	uint8_t plen;
	uint8_t op[2];
	uint8_t sha[6];
	uint8_t spa[4];
	uint8_t tha[6];
	uint8_t tpa[4];
} __attribute__((packed));

/* RFC 791 */
struct wire_ip4 {
	uint8_t ver_ihl;
	uint8_t tos;
	uint8_t len[2];
	uint8_t id[2];
	uint8_t frag[2];
	uint8_t ttl;
	uint8_t proto;
	uint8_t csum[2];
	uint8_t src[4];
	uint8_t dst[4];
} __attribute__((packed));

enum { IP4_DF = 0x4000, IP4_MF = 0x2000, IP4_OFFSET = 0x1fff };

/* RFC 8200 */
struct wire_ip6 {
	uint8_t ver_class_flow[4];
	uint8_t len[2];
	uint8_t next;
	uint8_t hops;
	uint8_t src[16];
	uint8_t dst[16];
} __attribute__((packed));

/* RFC 8200, section 4.5 */
struct wire_ip6_frag {
	uint8_t next;
	uint8_t reserved;
	uint8_t offset[2];
	uint8_t id[4];
} __attribute__((packed));

/* Protocol numbers by IANA; IPv6 extension headers share the space */
enum {
	WIRE_HOPOPTS = 0, WIRE_ICMP4 = 1, WIRE_TCP = 6, WIRE_UDP = 17,
	WIRE_ROUTING = 43, WIRE_FRAGMENT = 44, WIRE_ICMP6 = 58,
	WIRE_NONE = 59, WIRE_DSTOPTS = 60,
};

/* RFC 9293, section 3.1 */
struct wire_tcp {
	uint8_t sport[2];
	uint8_t dport[2];
	uint8_t seq[4];
	uint8_t ack[4];
	uint8_t off;		/* upper 4 bits: words of 4 bytes */
	uint8_t flags;
	uint8_t wnd[2];
	uint8_t csum[2];
	uint8_t urg[2];
} __attribute__((packed));

enum {
	TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08,
	TCP_ACK = 0x10, TCP_URG = 0x20,
};

/* TCP options: RFC 9293, 3.2, RFC 7323 and RFC 2018 */
enum { TCPOPT_END = 0, TCPOPT_NOP_ = 1, TCPOPT_MSS = 2, TCPOPT_WSCALE = 3,
       TCPOPT_SACK_OK = 4, TCPOPT_SACK_ = 5 };

/* RFC 768 */
struct wire_udp {
	uint8_t sport[2];
	uint8_t dport[2];
	uint8_t len[2];
	uint8_t csum[2];
} __attribute__((packed));

/* RFC 792 and RFC 4443: the first 8 bytes are of one form */
struct wire_icmp {
	uint8_t type;
	uint8_t code;
	uint8_t csum[2];
	uint8_t rest[4];	/* echo: identifier, sequence */
} __attribute__((packed));

enum {
	ICMP4_ECHO_REPLY = 0, ICMP4_UNREACH = 3, ICMP4_ECHO = 8, ICMP4_TIME = 11,
	ICMP6_UNREACH = 1, ICMP6_TOO_BIG = 2, ICMP6_TIME = 3,
	ICMP6_ECHO = 128, ICMP6_ECHO_REPLY = 129,
	ICMP6_RS = 133, ICMP6_RA = 134, ICMP6_NS = 135, ICMP6_NA = 136,
};

_Static_assert(sizeof(struct wire_eth) == 14, "Ethernet header");
_Static_assert(sizeof(struct wire_arp) == 28, "ARP for IPv4 over Ethernet");
_Static_assert(sizeof(struct wire_ip4) == 20, "IPv4 header without options");
_Static_assert(sizeof(struct wire_ip6) == 40, "IPv6 header");
_Static_assert(sizeof(struct wire_tcp) == 20, "TCP header without options");
_Static_assert(sizeof(struct wire_udp) == 8, "UDP header");
_Static_assert(sizeof(struct wire_icmp) == 8, "ICMP header");

#endif /* WIRE_H */
