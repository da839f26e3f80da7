// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * driver.c - orders of who copies the guest to a standby, epoch after epoch
 *
 * Theory of operation
 *
 *   The driver pauses the guest, orders "begin", and lets it go on when that is answered;
 *   when the copy is safe it orders "commit".  It may do so over the control socket, by
 *   lines of JSON, or by packets of 16 bytes over a descriptor that it sends there once:
 *   forty times a second, with the guest paused, that matters.
 *
 *	driver				this program
 *	pause the guest
 *	begin		--------->	the link is read empty: boundary n
 *			<---------	n
 *	the guest goes on
 *	... the copy is safe
 *	commit n	--------->	frames before n go to the sockets
 *			<---------	n
 *
 *   Each order is answered, in order.  One that can not be carried out changes nothing.  A
 *   driver that goes away leaves everything as it is: nothing is released that nobody
 *   committed.  Another one may come, and takes its place.
 */
#include "driver.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "epoch.h"
#include "log.h"
#include "loop.h"
#include "sock.h"
#include "sock_unix.h"

/**
 * struct driver_self - state of this file
 * @fd:		descriptor of the driver, -1: none
 */
static struct {
	int fd;
} self = { .fd = -1 };

/* part() - The driver went, or is replaced */
static void part(const char *why)
{
	if (self.fd < 0)
		return;
	info("Driver of epochs: %s", why);
	loop_del(self.fd);
	sock_close(self.fd);
	self.fd = -1;
}

/**
 * driver_attach() - From now on take orders from a descriptor
 * @fd:		Connected SOCK_SEQPACKET socket, ours if this succeeds; takes the place of the
 *		one before
 *
 * Return: 0; -EPROTOTYPE: it is no such socket; -errno of the loop
 */
int driver_attach(int fd)
{
	int rc;

	if (!sock_packets(fd))
		return -EPROTOTYPE;
	part("another one took its place");
	rc = loop_add(fd, LOOP_DRIVER, 0, EPOLLIN | EPOLLRDHUP);
	if (!rc)
		self.fd = fd;
	return rc;
}

/**
 * driver_obey() - Carry out an order
 * @op:		Which
 * @epoch:	Number of the epoch, 0: whichever it is; set to it
 * @now:	Time, us
 *
 * Return: 0; -errno as epoch.c has it, nothing changed; -EINVAL: there is no such order
 */
int driver_obey(enum driver_op op, uint64_t *epoch, uint64_t now)
{
	switch (op) {
	case DRIVER_BEGIN:
		return epoch_begin(now, epoch);
	case DRIVER_COMMIT:
		return epoch_commit(now, epoch);
	case DRIVER_ABORT:
		return epoch_abort(epoch);
	case DRIVER_RELEASE:
		return epoch_release();
	case DRIVER_FENCE:
		epoch_fence();
		return 0;
	case DRIVER_OP_END:
		break;
	}
	return -EINVAL;
}

/**
 * driver_why() - What is wrong with an order that was refused
 * @rc:		As driver_obey() returned it
 *
 * Return: text
 */
const char *driver_why(int rc)
{
	switch (rc) {
	case -ENOENT:
		return "there is no such epoch";
	case -ESTALE:
		return "that epoch is not open any more";
	case -EINVAL:
		return "that epoch is not the oldest that is open";
	case -ENOSPC:
		return "too many epochs are open";
	case -EPERM:
		return epoch_on() ? "the guest is fenced" : "no epoch was begun";
	default:
		return strerror(-rc);
	}
}

/**
 * driver_event() - Orders wait, or the driver went
 * @now:	Time, us
 */
void driver_event(uint64_t now)
{
	struct driver_order o;
	int n = 0;

	while (self.fd >= 0 && (n = sock_packet_take(self.fd, &o, sizeof(o))) > 0) {
		int rc = -EINVAL;

		if (n == sizeof(o) && o.op < DRIVER_OP_END)
			rc = driver_obey((enum driver_op)o.op, &o.epoch, now);
		o.rc = (uint32_t)-rc;
		/* Who does not read what it is told can not go on either */
		if (sock_packet_give(self.fd, &o, sizeof(o)))
			part("it does not read answers");
	}
	if (n != -EAGAIN)
		part("it went");
}
