// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * arp.c - IPv4 neighbours of the guest (RFC 826)
 *
 * Theory of operation
 *
 *   There is one station on the link besides the guest, and that is us.  Each
 *   address the guest takes for a neighbour is reached through us, so we answer
 *   for all of them, with our MAC address: whatever the guest's idea of its
 *   network is, it works.
 *
 *   What is left alone:
 *   - the guest's own addresses, the one that we give it and the one that it
 *     uses: an answer would tell the guest that somebody else has it;
 *   - probes (sender 0.0.0.0, RFC 5227, section 1.1) for anything but the
 *     gateway: the guest is about to take that address, and may;
 *   - announcements (sender equals target): they ask nothing;
 *   - targets that no host can have.
 *
 *   Each well-formed packet teaches us the guest's MAC and IPv4 addresses,
 *   except where it claims to be the gateway, which is what we are.
 *
 *   There is no table and no timer: we send no requests, because there is but
 *   one guest, and its MAC address comes with each of its frames.
 */
#include "arp.h"

#include <string.h>

#include "count.h"
#include "log.h"
#include "net.h"
#include "wire.h"

/* By IANA: hardware type Ethernet, protocol IPv4, the lengths of their addresses */
static const uint8_t kind[6] = { 0, 1, WIRE_IP4 >> 8, WIRE_IP4 & 0xff, 6, 4 };
enum { ARP_REQUEST = 1, ARP_REPLY = 2 };

/**
 * is_ours() - Whether we answer for an address
 * @target:	Address asked for
 * @sender:	Address of who asks, 0.0.0.0 in a probe
 *
 * Return: true to answer
 */
static bool is_ours(const struct addr *target, const struct addr *sender)
{
	if (!addr_is_unicast(target) || addr_is_loopback(target) ||
	    addr_eq(target, &net->addr4) || addr_eq(target, &net->seen4))
		return false;
	if (addr_is_any(sender))
		return addr_eq(target, &net->gw4);
	return !addr_eq(target, sender);
}

/**
 * send_arp() - Tell the guest that an address is at our MAC address
 * @op:		ARP_REPLY, or ARP_REQUEST for an announcement
 * @address:	4 bytes
 * @dmac:	To whom
 * @tha:	Target, 6 bytes: 0 in an announcement
 * @tpa:	Its address, 4 bytes
 *
 * What is lost the guest asks for again.
 */
static void send_arp(uint8_t op, const uint8_t *address, const uint8_t dmac[static 6],
		     const uint8_t *tha, const uint8_t *tpa)
{
	struct wire_arp a = { .op = { 0, op } };

	memcpy(&a, kind, sizeof(kind));
	memcpy(a.sha, net->mac, sizeof(a.sha));
	memcpy(a.spa, address, sizeof(a.spa));
	memcpy(a.tha, tha, sizeof(a.tha));
	memcpy(a.tpa, tpa, sizeof(a.tpa));
	(void)frame_send_arp(dmac, &a);
}

/**
 * arp_frame() - Handle an ARP packet of the guest
 * @f:		Frame of kind FRAME_ARP
 *
 * It is malformed if it is none for IPv4 over Ethernet, or its sender can not be
 * a station.
 */
void arp_frame(const struct frame *f)
{
	const struct wire_arp *a = (const void *)(f->head + f->l3);
	static const uint8_t zero[6];
	struct addr sender, target;

	if (f->headlen < f->l3 + sizeof(*a) || memcmp(a, kind, sizeof(kind)) ||
	    a->sha[0] & 1 || !memcmp(a->sha, zero, sizeof(zero))) {
		count(DROP_ARP_BAD);
		debug("arp: malformed packet dropped");
		return;
	}
	if (!net->has4)
		return;

	sender = addr_from4(a->spa);
	target = addr_from4(a->tpa);
	if (!addr_eq(&sender, &net->gw4)) {
		net_learn_mac(a->sha);
		net_learn_addr(&sender);
	}
	if (get_be16(a->op) == ARP_REQUEST && is_ours(&target, &sender))
		send_arp(ARP_REPLY, a->tpa, a->sha, a->sha, a->spa);
}

/**
 * arp_announce() - Tell the guest that the gateway is at our MAC address
 *
 * An announcement (RFC 5227, section 3), for when the guest may remember
 * another one: after a change of the gateway, or a move to another host.
 */
void arp_announce(void)
{
	static const uint8_t everyone[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, zero[6];
	const uint8_t *gw = addr_v4(&net->gw4);

	if (net->has4 && !addr_is_any(&net->gw4))
		send_arp(ARP_REQUEST, gw, everyone, zero, gw);
}
