/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NS_ENTER_H
#define NS_ENTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { NS_PATH = 256 };

/**
 * struct ns_conf - the namespace asked for; the first of these that is set counts
 * @argv:	command to spawn in new namespaces; NULL: the others count, or
 *		$SHELL is spawned if they are unset too
 * @pid:	process whose namespaces are joined, 0: none
 * @netns:	path or name (below /run/netns) of a network namespace, or NULL
 * @userns:	path of the user namespace that owns it, or NULL
 * @netns_only:	do not join or make a user namespace
 * @no_quit:	stay when the namespace at @netns goes away
 * @ifname:	name of the tap there; empty: tap0
 */
struct ns_conf {
	char **argv;
	pid_t pid;
	const char *netns;
	const char *userns;
	bool netns_only;
	bool no_quit;
	char ifname[16];
};

/* How far we came when something failed: ns.c has a line for each */
enum ns_stage {
	NS_STAGE_CLONE,		/* making namespaces */
	NS_STAGE_MAP,		/* becoming root in them */
	NS_STAGE_OPEN_NETNS,
	NS_STAGE_OPEN_USERNS,
	NS_STAGE_JOIN_USERNS,
	NS_STAGE_JOIN_NETNS,
	NS_STAGE_OPEN_TUN,	/* /dev/net/tun */
	NS_STAGE_MAKE_TAP,
	NS_STAGE_NETLINK,
	NS_STAGE_NUM
};

bool	ns_enter_spawns(const struct ns_conf *conf);
bool	ns_enter_path(const struct ns_conf *conf, char path[static NS_PATH]);
pid_t	ns_enter_clone(const struct ns_conf *conf, int *pidfd);
int	ns_enter_settle(const struct ns_conf *conf, uid_t uid, gid_t gid);
int	ns_enter_join(const struct ns_conf *conf, enum ns_stage *stage);

#endif /* NS_ENTER_H */
