/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NS_H
#define NS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct ns_conf - the namespace asked for; the first of these that is set counts
 * @argv:	command to spawn in new namespaces; NULL: the others count, or
 *		$SHELL is spawned if they are unset too
 * @pid:	process whose namespaces are joined, 0: none
 * @netns:	path or name (below /run/netns) of a network namespace, or NULL
 * @userns:	path of the user namespace that owns it, or NULL
 * @netns_only:	do not join or make a user namespace
 * @no_quit:	stay when the namespace at @netns goes away
 * @config_net:	set addresses, routes and links up in the namespace
 * @ifname:	name of the tap there; empty: that of the host's interface
 */
struct ns_conf {
	char **argv;
	pid_t pid;
	const char *netns;
	const char *userns;
	bool netns_only;
	bool no_quit;
	bool config_net;
	char ifname[16];
};

/**
 * struct ns - the namespace that was made or joined
 * @tap:	descriptor of the tap device in it
 * @vnet:	offload granted: TAP_ bits of tap.h, 0: IFF_VNET_HDR was refused
 * @child:	pidfd of the spawned command, -1: none
 * @watch:	inotify descriptor that fires when the namespace's path goes, -1
 * @guest_mac:	MAC address of the tap's inner end
 */
struct ns {
	int tap;
	unsigned vnet;
	int child;
	int watch;
	uint8_t guest_mac[6];
};

int	ns_open(const struct ns_conf *conf, struct ns *ns);
int	ns_configure(const struct ns_conf *conf);
int	ns_socket(int family, int type);
int	ns_start(void);
bool	ns_gone(void);
int	ns_child_status(int pidfd);

#endif /* NS_H */
