// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tcp_batch.c - what one batch of frames brought, connection by connection
 *
 * Theory of operation
 *
 *   Frames come in batches.  Each connection that has segments in one gets a
 *   slot, where bytes and acknowledgements gather; at the end of the batch each
 *   is settled once.  There are as many slots as a batch has frames.
 */
#include "tcp_batch.h"

#include "tap_link.h"

/**
 * struct tcp_batch_self - state of this file
 * @slot:	connections that have segments in the present batch
 * @num:	slots given out
 * @next:	first of these that is not settled yet
 */
static struct {
	struct tcp_batch slot[TAP_BATCH];
	int num;
	int next;
} self;

/* tcp_batch_init() - Begin anew */
void tcp_batch_init(void)
{
	self.num = 0;
	self.next = 0;
}

/**
 * tcp_batch_of() - The slot of a connection in this batch, made if it has none
 * @c:		Connection
 *
 * Return: slot
 */
struct tcp_batch *tcp_batch_of(struct conn *c)
{
	struct tcp_batch *b;

	if (c->tcp.slot)
		return &self.slot[c->tcp.slot - 1];
	b = &self.slot[self.num++];
	b->c = c;
	b->len = b->acked = b->dupacks = 0;
	b->fin = b->resend = false;
	b->niov = 0;
	c->tcp.slot = (uint8_t)self.num;
	return b;
}

/**
 * tcp_batch_take() - Empty a slot, to settle its connection
 * @b:		Slot; its contents stay until the next batch
 *
 * Return: connection, NULL: settled already, or ended meanwhile
 */
struct conn *tcp_batch_take(struct tcp_batch *b)
{
	struct conn *c = b->c;

	if (c)
		c->tcp.slot = 0;
	b->c = NULL;
	return c;
}

/**
 * tcp_batch_drop() - A connection ends: nothing of it is to be settled
 * @c:		Connection
 */
void tcp_batch_drop(struct conn *c)
{
	if (c->tcp.slot)
		(void)tcp_batch_take(&self.slot[c->tcp.slot - 1]);
}

/**
 * tcp_batch_next() - The next slot to settle
 *
 * Return: slot; NULL: that was all, the next batch may come
 */
struct tcp_batch *tcp_batch_next(void)
{
	if (self.next < self.num)
		return &self.slot[self.next++];
	self.num = 0;
	self.next = 0;
	return NULL;
}
