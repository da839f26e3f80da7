/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NS_AGENT_H
#define NS_AGENT_H

#include <stdint.h>
#include <sys/types.h>

#include "netlink.h"

enum {
	NS_PATH		= 256,		/* of a namespace */
	NS_AGENT_FDS	= 16,		/* descriptors in a reply at most */
};

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

enum ns_agent_op {
	NS_AGENT_SETUP,		/* @setup; 0 or -errno */
	NS_AGENT_SOCKET,	/* @count of @family, @type, @protocol; descriptors */
	NS_AGENT_START,		/* the command, maybe in the @foreground */
};

/**
 * struct ns_agent_request - what the daemon asks the agent to do
 * @op:		what; the other members belong to one kind each
 * @family:	AF_INET, AF_INET6 or AF_NETLINK
 * @type:	SOCK_STREAM, SOCK_DGRAM or SOCK_RAW
 * @protocol:	as in socket(2), 0: what @type stands for
 * @count:	1..NS_AGENT_FDS
 * @foreground:	the daemon's standard input is a terminal, and its to read
 * @setup:	what the tap's interface shall have
 */
struct ns_agent_request {
	enum ns_agent_op op;
	int family;
	int type;
	int protocol;
	int count;
	bool foreground;
	struct netlink_setup setup;
};

/**
 * struct ns_agent_reply - the answer; its descriptors come beside it
 * @result:	0, or -errno
 * @text:	what failed and what to do about it; first reply only, as the rest
 * @caps:	offload granted: TAP_ bits of tap_link.h
 * @mac:	address of the interface in the namespace
 */
struct ns_agent_reply {
	int result;
	char text[NS_PATH + 128];
	unsigned caps;
	uint8_t mac[6];
};

int	ns_agent_fork(const struct ns_conf *conf, const char *path, int sock);

#endif /* NS_AGENT_H */
