/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/**
 * enum loop_kind - what a descriptor is, and so whose event it is
 *
 * passt.c has the one switch over it.  @id means, by kind:
 */
enum loop_kind {
	LOOP_LINK,		/* guest link: which of its descriptors */
	LOOP_TCP,		/* socket of a connection: conn id */
	LOOP_UDP,		/* socket of a UDP or echo flow: conn id */
	LOOP_SPLICE_A,		/* accepted side of a spliced pair: conn id */
	LOOP_SPLICE_B,		/* dialled side: conn id */
	LOOP_LISTEN,		/* listening or bound socket of fwd_listen.c: its number */
	LOOP_SIGNAL,		/* signalfd */
	LOOP_CHILD,		/* pidfd or pipe of the process in the namespace */
	LOOP_NETNS,		/* inotify on the path of the namespace */
	LOOP_CTL,		/* control socket or a client of it: see ctl_link.c */
	LOOP_REPAIR,		/* socket that passt-repair calls at */
	LOOP_DRIVER,		/* orders of who copies the guest: driver.c */
	LOOP_STANDBY,		/* link to the standby, or to the primary: see standby_link.c */
	LOOP_KIND_NUM
};

/**
 * struct loop_event - something happened to a descriptor
 * @id:		as registered, up to 56 bits
 * @kind:	as registered
 * @events:	EPOLLIN and so on
 */
struct loop_event {
	uint64_t id;
	enum loop_kind kind;
	uint32_t events;
};

#define LOOP_NEVER	UINT64_MAX

int	loop_init(void);
int	loop_add(int fd, enum loop_kind kind, uint64_t id, uint32_t events);
int	loop_mod(int fd, enum loop_kind kind, uint64_t id, uint32_t events);
void	loop_del(int fd);
int	loop_wait(struct loop_event *ev, int max, uint64_t deadline, bool eager);
void	loop_pause(uint32_t us);
uint64_t loop_now(void);
uint64_t loop_wall_ms(void);

#endif /* LOOP_H */
