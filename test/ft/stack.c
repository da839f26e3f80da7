// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stack.c - lwIP in the stand-in guest: its device, its clock, its checksums
 *
 * Theory of operation
 *
 *   Frames come from and go to link.c.  Time is virtual: it is that of this machine, from
 *   where it was when the guest began, or went on elsewhere.  So it never goes back, and does
 *   not count while nobody was there.  Nothing else here depends on the machine: of two
 *   guests that see the same frames at the same times both do the same.
 *
 *   What this file writes belongs to the state of the guest, see state.c.
 */
#include "stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/nd6.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/stats.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>

#include "csum.h"
#include "link.h"

enum {
	PARTS	= 8,		/* of a frame */
	MTU	= 65520,
	US_PER_MS = 1000,
};

static const uint8_t mac[ETH_HWADDR_LEN] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

/**
 * struct stack_self - state of this file
 * @netif:	the device
 * @time:	virtual time, us
 * @offset:	to be added to the clock of this machine, us
 * @random:	state of a generator
 * @dropped:	frames that there was no memory for
 */
static struct {
	struct netif netif;
	uint64_t time;
	uint64_t offset;
	uint64_t random;
	uint32_t dropped;
} self;

/* stack_csum() - For lwIP: sum of 16 bit words, in memory order, not inverted */
uint16_t stack_csum(const void *data, int len)
{
	return (uint16_t)~csum_fold(csum_add(0, data, (size_t)len));
}

/* stack_random() - For lwIP: a number; nobody attacks this guest */
uint32_t stack_random(void)
{
	self.random = self.random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(self.random >> 32);
}

/* stack_broken() - For lwIP: an assertion failed */
void stack_broken(const char *why, const char *file, int line)
{
	(void)fprintf(stderr, "guest: %s:%d: %s\n", file, line, why);
	abort();
}

/* sys_now() - For lwIP: time, ms */
u32_t sys_now(void)
{
	return (u32_t)(self.time / US_PER_MS);
}

/* transmit() - For lwIP: send a frame; what is not taken lwIP sends again */
static err_t transmit(struct netif *netif, struct pbuf *p)
{
	struct iovec iov[PARTS];
	int n = 0;

	(void)netif;
	for (const struct pbuf *q = p; q; q = q->next) {
		if (n == PARTS)
			return ERR_BUF;
		iov[n].iov_base = q->payload;
		iov[n++].iov_len = q->len;
	}
	return link_put(iov, n) ? ERR_OK : ERR_MEM;
}

/* device() - For lwIP: what the device is */
static err_t device(struct netif *netif)
{
	netif->name[0] = 'e';
	netif->name[1] = 'n';
	netif->output = etharp_output;
	netif->output_ip6 = ethip6_output;
	netif->linkoutput = transmit;
	netif->mtu = MTU;
	netif->hwaddr_len = ETH_HWADDR_LEN;
	memcpy(netif->hwaddr, mac, sizeof(mac));
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
	return ERR_OK;
}

/**
 * stack_init() - Begin
 * @c:		Addresses
 * @now:	Clock of this machine, us
 *
 * Return: 0; -EINVAL: something is no address
 */
int stack_init(const struct stack_conf *c, uint64_t now)
{
	ip4_addr_t addr, mask, gw;
	ip6_addr_t addr6;

	if (!ip4addr_aton(c->addr4, &addr) || !ip4addr_aton(c->mask4, &mask) ||
	    !ip4addr_aton(c->gw4, &gw) || !ip6addr_aton(c->addr6, &addr6))
		return -EINVAL;
	self.random = 1;
	self.offset = -now;
	lwip_init();
	if (!netif_add(&self.netif, &addr, &mask, &gw, NULL, device, netif_input))
		return -EINVAL;
	netif_set_default(&self.netif);
	netif_create_ip6_linklocal_address(&self.netif, 1);
	netif_ip6_addr_set_state(&self.netif, 0, IP6_ADDR_PREFERRED);
	netif_ip6_addr_set(&self.netif, 1, &addr6);
	netif_ip6_addr_set_state(&self.netif, 1, IP6_ADDR_PREFERRED);
	netif_set_up(&self.netif);
	netif_set_link_up(&self.netif);
	return 0;
}

/**
 * stack_frame() - A frame came
 * @frame:	The frame
 * @len:	Its length
 */
void stack_frame(const uint8_t *frame, size_t len)
{
	struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_RAM);

	if (!p) {
		self.dropped++;
		return;
	}
	(void)pbuf_take(p, frame, (u16_t)len);
	if (self.netif.input(p, &self.netif) != ERR_OK)
		pbuf_free(p);
}

/**
 * stack_tick() - Time goes on
 * @now:	Clock of this machine, us
 *
 * Return: ms until it has to be called again
 */
int stack_tick(uint64_t now)
{
	self.time = now + self.offset;
	sys_check_timeouts();
	return (int)sys_timeouts_sleeptime();
}

/* stack_room() - The link has room again */
void stack_room(void)
{
	tcp_txnow();
}

/**
 * stack_moved() - The guest goes on where its state was loaded
 * @now:	Clock of this machine, us
 */
void stack_moved(uint64_t now)
{
	self.offset = self.time - now;
}

/* stack_time() - Return virtual time, ms */
uint32_t stack_time(void)
{
	return sys_now();
}

/* stack_resent() - Return how many segments were sent again */
uint32_t stack_resent(void)
{
	return lwip_stats.mib2.tcpretranssegs;
}

/* stack_dropped() - Return how many frames there was no memory for */
uint32_t stack_dropped(void)
{
	return self.dropped;
}
