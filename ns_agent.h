/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef NS_AGENT_H
#define NS_AGENT_H

#include <stdint.h>
#include <sys/types.h>

#include "netlink.h"
#include "ns_enter.h"

enum {
	NS_AGENT_FDS	= 16,		/* descriptors in a reply at most */
	NS_AGENT_PATH	= 64,
};

enum ns_agent_op {
	NS_AGENT_SETUP,		/* @setup; 0 or -errno */
	NS_AGENT_SOCKET,	/* @count of @family, @type, @protocol; descriptors */
	NS_AGENT_OPEN,		/* @path, for reading; one descriptor */
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
 * @path:	file, with terminator
 * @setup:	what the tap's interface shall have
 */
struct ns_agent_request {
	enum ns_agent_op op;
	int family;
	int type;
	int protocol;
	int count;
	bool foreground;
	char path[NS_AGENT_PATH];
	struct netlink_setup setup;
};

/**
 * struct ns_agent_reply - the answer; its descriptors come beside it
 * @result:	0, or -errno
 * @stage:	how far it came; first reply only, as are the rest
 * @caps:	offload granted: TAP_ bits of tap_link.h
 * @mac:	address of the interface in the namespace
 */
struct ns_agent_reply {
	int result;
	enum ns_stage stage;
	unsigned caps;
	uint8_t mac[6];
};

int	ns_agent_fork(const struct ns_conf *conf, int sock, int *pidfd);

#endif /* NS_AGENT_H */
