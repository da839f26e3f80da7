/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NS_H
#define NS_H

#include <stdbool.h>
#include <stdint.h>

#include "ns_agent.h"

/**
 * struct ns - the namespace that was made or joined
 * @tap:	descriptor of the tap device in it
 * @caps:	offload granted: TAP_ bits of tap_link.h
 * @child:	pidfd that is readable when the spawned command has ended, -1:
 *		there is no command
 * @watch:	descriptor that is readable when ns_gone() should be asked, -1:
 *		the namespace is ours, or we stay when it goes
 * @guest_mac:	MAC address of the tap's inner end
 */
struct ns {
	int tap;
	unsigned caps;
	int child;
	int watch;
	uint8_t guest_mac[6];
};

bool	ns_spawns(const struct ns_conf *conf);
void	ns_open(const struct ns_conf *conf, struct ns *ns);
void	ns_configure(const struct netlink_setup *setup);
void	ns_start(void);
int	ns_socket(int family, int type);
int	ns_netlink(int protocol);
bool	ns_gone(int watch);
int	ns_child_status(int pidfd);

#endif /* NS_H */
