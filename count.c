// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * count.c - named counters
 *
 * Theory of operation
 *
 *   One 64-bit number per thing that is worth counting, and its name.  Nothing
 *   is thrown away without one of them moving.  They only grow.
 */
#include "count.h"

#include <string.h>

uint64_t count_value[COUNT_NUM];

static const char *const name[] = {
	[DROP_FRAME_SHORT]		= "frame-short",
	[DROP_FRAME_ETHERTYPE]		= "frame-ethertype",
	[DROP_FRAME_MAC]		= "frame-mac",
	[DROP_IP4_HEADER]		= "ip4-header",
	[DROP_IP6_HEADER]		= "ip6-header",
	[DROP_IP_SOURCE]		= "ip-source",
	[DROP_IP_DEST]			= "ip-destination",
	[DROP_IP_PROTO]			= "ip-protocol",
	[DROP_CSUM]			= "checksum",
	[DROP_FRAGMENT_BAD]		= "fragment-bad",
	[DROP_FRAGMENT_FULL]		= "fragment-full",
	[DROP_FRAGMENT_TIMEOUT]		= "fragment-timeout",
	[DROP_ARP_BAD]			= "arp-bad",
	[DROP_NDP_BAD]			= "ndp-bad",
	[DROP_DHCP_BAD]			= "dhcp-bad",
	[DROP_DHCPV6_BAD]		= "dhcpv6-bad",
	[DROP_TCP_HEADER]		= "tcp-header",
	[DROP_TCP_NO_CONN]		= "tcp-no-connection",
	[DROP_TCP_FLAGS]		= "tcp-flags",
	[DROP_TCP_WINDOW]		= "tcp-window",
	[DROP_TCP_ORDER]		= "tcp-order",
	[DROP_TCP_RST]			= "tcp-reset",
	[DROP_TCP_TAIL_FULL]		= "tcp-tail-full",
	[DROP_TCP_LIMIT]		= "tcp-limit",
	[DROP_UDP_HEADER]		= "udp-header",
	[DROP_UDP_LIMIT]		= "udp-limit",
	[DROP_UDP_SEND]			= "udp-send",
	[DROP_UDP_SOURCE]		= "udp-source",
	[DROP_ICMP_HEADER]		= "icmp-header",
	[DROP_ICMP_TYPE]		= "icmp-type",
	[DROP_ICMP_LIMIT]		= "icmp-limit",
	[DROP_ICMP_SEND]		= "icmp-send",
	[DROP_LINK_FULL]		= "link-full",
	[DROP_LINK_LENGTH]		= "link-length",
	[DROP_LINK_DOWN]		= "link-down",
	[COUNT_TCP_OPEN_OUT]		= "tcp-open-out",
	[COUNT_TCP_OPEN_IN]		= "tcp-open-in",
	[COUNT_TCP_LATE]		= "tcp-late",
	[COUNT_TCP_DUPACK_SENT]		= "tcp-dupack-sent",
	[COUNT_TCP_CHALLENGE]		= "tcp-challenge-ack",
	[COUNT_TCP_FAST_RETRANSMIT]	= "tcp-fast-retransmit",
	[COUNT_TCP_RTO]			= "tcp-rto",
	[COUNT_TCP_SYN_RETRY]		= "tcp-syn-retry",
	[COUNT_TCP_PROBE]		= "tcp-window-probe",
	[COUNT_TCP_WINDOW_UPDATE]	= "tcp-window-update",
	[COUNT_TCP_TAIL]		= "tcp-tail-bytes",
	[COUNT_TCP_BLACK_HOLE]		= "tcp-black-hole",
	[COUNT_TCP_LATE_ACK]		= "tcp-ack-unsent",
	[COUNT_UDP_FLOWS]		= "udp-flows",
	[COUNT_ECHO_FLOWS]		= "echo-flows",
	[COUNT_ICMP_ERRORS]		= "icmp-errors",
	[COUNT_SPLICE_FLOWS]		= "splice-flows",
	[COUNT_WAKEUPS]			= "wakeups",
};
_Static_assert(sizeof(name) / sizeof(name[0]) == COUNT_NUM, "a name each");

/**
 * count_name() - What a counter is called
 * @c:		Counter
 *
 * Return: name
 */
const char *count_name(enum count c)
{
	return name[c];
}

/* count_reset() - All to 0, for tests */
void count_reset(void)
{
	memset(count_value, 0, sizeof(count_value));
}
