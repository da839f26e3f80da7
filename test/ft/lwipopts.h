/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lwipopts.h - what lwIP is in the stand-in guest
 *
 * All memory is static, and little: it is copied forty times a second.  Windows are large,
 * as an acknowledgement may wait for an epoch.  Data that is sent is not copied, see
 * service.c; what came is done with at once: so no buffer as large as a window is needed.
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define NO_SYS				1
#define SYS_LIGHTWEIGHT_PROT		0
#define LWIP_SOCKET			0
#define LWIP_NETCONN			0

#define MEM_LIBC_MALLOC			0
#define MEMP_MEM_MALLOC			0
#define MEM_ALIGNMENT			16
#define MEM_SIZE			(1536 * 1024)
#define MEMP_NUM_TCP_PCB		1100
#define MEMP_NUM_TCP_PCB_LISTEN		4
#define MEMP_NUM_TCP_SEG		8192
#define MEMP_NUM_PBUF			8192
#define PBUF_POOL_SIZE			4
#define PBUF_POOL_BUFSIZE		1600

#define LWIP_IPV4			1
#define LWIP_IPV6			1
#define LWIP_ARP			1
#define ARP_QUEUEING			1		/* the answer may take an epoch */
#define ARP_QUEUE_LEN			64
#define MEMP_NUM_ARP_QUEUE		64
#define MEMP_NUM_ND6_QUEUE		64
#define LWIP_ICMP			1
#define LWIP_RAW			0
#define LWIP_UDP			0
#define LWIP_DHCP			0
#define LWIP_IPV6_MLD			0
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS	0
#define LWIP_ND6_NUM_DESTINATIONS	32
#define IP_REASSEMBLY			0
#define IP_FRAG				0
#define LWIP_IPV6_REASS			0
#define LWIP_IPV6_FRAG			0

#define LWIP_TCP			1
#define TCP_MSS				65480		/* an MTU of 65520, IPv4 */
#define LWIP_WND_SCALE			1
#define TCP_RCV_SCALE			7
#define TCP_WND				(4 * 1024 * 1024)
#define TCP_SND_BUF			(4 * 1024 * 1024)
#define TCP_SND_QUEUELEN		2048
#define TCP_OVERSIZE			0
#define TCP_QUEUE_OOSEQ			1
#define LWIP_TCP_SACK_OUT		1
#define TCP_LISTEN_BACKLOG		0
#define LWIP_DISABLE_TCP_SANITY_CHECKS	1		/* of windows that 16 bits count */

#define LWIP_STATS			1
#define MIB2_STATS			1

#endif /* LWIPOPTS_H */
