// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udp_image.c - one UDP or echo flow into a checkpoint, and out of it
 *
 * Theory of operation
 *
 *   A flow is its ends, and the address and port it has on the host: whoever answers,
 *   answers there.  Datagrams that wait in a queue are not carried, as any may be lost.
 *   What comes meanwhile is dropped, as for TCP: nobody may hear that the port is closed.
 *
 *   What is read may come from anybody: where a flow leads follows from the guest's
 *   destination, as for a new one; a flow that began outside needs a port that is
 *   forwarded here, and a caller whom the guest may send to.
 */
#include "udp_image.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "block.h"
#include "fwd.h"
#include "net.h"
#include "sock.h"
#include "udp_flow.h"
#include "util.h"
#include "wire.h"

enum { US_PER_MS = 1000 };

/* ends() - The address and port a flow has on the host; addr_none: none of its own */
static struct addr ends(const struct conn *c, uint16_t *port)
{
	struct addr local = c->udp.path.local;

	*port = 0;
	if (c->udp.listen >= 0)
		*port = fwd_listener((uint32_t)c->udp.listen)->port;
	else if (c->fd < 0 || sock_local(c->fd, &local, port) || addr_is_any(&local))
		local = addr_none;
	return local;
}

/* block() - Datagrams to an address are dropped; 0, -errno */
static int block(const struct addr *local)
{
	return addr_is_none(local) || addr_is_loopback(local) ? 0 : block_addr(local);
}

/**
 * udp_image_block() - Whoever sends to a flow is not heard, block_end() ends that
 * @c:		Entry of CONN_UDP
 *
 * Return: 0; -errno of block_addr(): the caller has another way, or none
 */
int udp_image_block(const struct conn *c)
{
	uint16_t port;
	struct addr local = ends(c, &port);

	return block(&local);
}

/**
 * udp_image_save() - Write a flow
 * @c:		Entry of CONN_UDP or CONN_ECHO
 * @now:	Time, us
 *
 * Return: 1; -errno of the image
 */
int udp_image_save(const struct conn *c, uint64_t now)
{
	const struct udp_flow *u = &c->udp;
	struct pkt_writer *w = image_section(IMAGE_UDP);
	uint16_t port;
	struct addr local = ends(c, &port);
	int rc;

	pkt_put_be32(w, conn_index(c));
	pkt_put_u8(w, u->listen >= 0);
	pkt_put_be16(w, port);
	pkt_put_u8(w, u->flags & UDPF_REPLIED);
	pkt_put_be16(w, u->qlen);
	pkt_put(w, &u->qcsum, sizeof(u->qcsum));
	pkt_put_be32(w, (uint32_t)min_u64((now - u->born) / US_PER_MS, UINT32_MAX));
	pkt_put(w, &u->path.peer, sizeof(u->path.peer));
	pkt_put_be16(w, u->path.port);
	pkt_put(w, &local, sizeof(local));
	rc = image_section_end();
	return rc ? rc : 1;
}

/* here() - Whether the host has an address; or it does not matter */
static bool here(const struct addr *local)
{
	int fd, rc;

	if (addr_is_none(local))
		return true;
	fd = sock_open(addr_is4(local) ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
	if (fd < 0)
		return false;
	rc = sock_bind_as(fd, local, 0, net->if6, false);
	sock_close(fd);
	return !rc;
}

/*
 * may_call() - Whether this one could have called, and the guest may send to it
 *
 * What a flow says about its beginning may be made up: through a stand-in, as the gateway
 * is for the host's loopback, it leads only where the guest itself could call.
 */
static bool may_call(const struct conn *c, const struct addr *peer, uint16_t pport)
{
	struct addr host;
	uint16_t port;

	if (!fwd_may_come(peer, &c->key.far))
		return false;
	fwd_to_host(WIRE_UDP, &c->key.far, c->key.fport, &host, &port);
	return addr_eq(peer, &c->key.far) || (addr_eq(peer, &host) && pport == port);
}

/**
 * udp_image_load() - Make a flow out of a section IMAGE_UDP
 * @c:		Fresh entry with its key; the caller frees it if this fails
 * @r:		Body of the section behind the index
 * @now:	Time, us
 *
 * Return: 0; -EINVAL: the section is wrong; -EPERM: the port is not forwarded here, or
 *	   the options want another address; -EADDRNOTAVAIL: its address is not here;
 *	   other -errno: no socket
 */
int udp_image_load(struct conn *c, struct pkt_reader *r, uint64_t now)
{
	bool called = pkt_u8(r);
	uint16_t port = pkt_be16(r);
	uint8_t flags = pkt_u8(r) & UDPF_REPLIED;
	uint16_t qlen = pkt_be16(r);
	const uint8_t *csum = pkt_take(r, sizeof(c->udp.qcsum));
	uint64_t age = (uint64_t)pkt_be32(r) * US_PER_MS;
	const uint8_t *peer = pkt_take(r, sizeof(struct addr));
	uint16_t pport = pkt_be16(r);
	const uint8_t *local = pkt_take(r, sizeof(struct addr));
	struct addr from = addr_none;
	int listener = -1, rc;

	if (r->bad || (called && c->kind != CONN_UDP))
		return -EINVAL;
	memcpy(&from, local, sizeof(from));
	if (called) {
		listener = fwd_listen_find(WIRE_UDP, port);
		memcpy(&c->udp.path.peer, peer, sizeof(c->udp.path.peer));
		if (listener < 0 || !may_call(c, &c->udp.path.peer, pport))
			return -EPERM;
		c->udp.path.port = pport;
		if (!here(&from))
			return -EADDRNOTAVAIL;
	}
	c->udp.path.local = from;
	rc = udp_flow_adopt(c, listener, port, now);
	if (rc)
		return rc;
	/* Not sooner: it may be any address */
	if (c->kind == CONN_UDP)
		(void)block(&from);
	c->udp.flags |= flags;
	c->udp.qlen = qlen;
	memcpy(&c->udp.qcsum, csum, sizeof(c->udp.qcsum));
	c->udp.born = now - min_u64(age, now - 1);
	return 0;
}
