/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef OPTION_H
#define OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dhcp.h"
#include "fwd.h"
#include "log.h"
#include "ndp.h"
#include "net.h"
#include "ns.h"
#include "sock.h"
#include "tap_link.h"

/* Who we are called as: a guest on a UNIX socket, or one that is a namespace */
enum conf_mode { CONF_PASST, CONF_PASTA, CONF_MODE_NUM };

/* Specifications of ports: one bit for the protocol, one for the side */
enum { PORTS_UDP = 1 << 0, PORTS_IN_NS = 1 << 1, PORTS_OPTIONS = 1 << 2 };

/**
 * struct conf - all that was asked for on the command line
 * @mode:	by the name the program was called by
 * @level:	--quiet, --debug, --trace
 * @foreground:	--foreground
 * @log_file:	--log-file, NULL: none
 * @log_size:	--log-size, bytes, 1 or more
 * @pid_file:	--pid, NULL: none
 * @pcap_file:	--pcap, NULL: none
 * @runas:	--runas, as given, NULL: not given
 * @no_tcp:	--no-tcp
 * @no_udp:	--no-udp
 * @no_icmp:	--no-icmp
 * @config_net:	--config-net: set up the interface in the namespace
 * @tap:	--socket, --fd, --one-off
 * @net:	what the guest shall have
 * @ns:		the namespace
 * @sock:	--outbound and its like
 * @listen:	ports to forward
 * @ports_given: a specification was given: by PORTS_ bits
 * @fwd:	addresses to map
 * @dhcp:	for that module
 * @dhcpv6:	for that module
 * @ndp:	for that module
 *
 * Pointers lead into the arguments of main().
 */
struct conf {
	enum conf_mode mode;
	enum log_level level;
	bool foreground;
	const char *log_file;
	uint32_t log_size;
	const char *pid_file;
	const char *pcap_file;
	const char *runas;
	bool no_tcp;
	bool no_udp;
	bool no_icmp;
	bool config_net;
	struct tap_conf tap;
	struct net_conf net;
	struct ns_conf ns;
	struct sock_conf sock;
	struct fwd_listen_conf listen;
	bool ports_given[PORTS_OPTIONS];
	struct fwd_conf fwd;
	struct dhcp_conf dhcp;
	struct dhcp_conf dhcpv6;
	struct ndp_conf ndp;
};

/* Modes an option is for */
enum { IN_PASST = 1 << CONF_PASST, IN_PASTA = 1 << CONF_PASTA, IN_BOTH = 3 };

/* What an option came to */
enum option_verdict {
	OPTION_OK,
	OPTION_WRONG,		/* option_error() says why */
	OPTION_HELP,		/* --help */
	OPTION_VERSION,		/* --version */
	OPTION_VERDICT_NUM
};

/**
 * struct option - one option
 * @name:	long name, without dashes
 * @letter:	short name, 0: none
 * @modes:	IN_ bits
 * @value:	for @parse
 * @arg:	what its argument is, for the help; NULL: there is none
 * @parse:	what it does
 * @at:		member of struct conf it is about, for @parse
 * @help:	one or more lines
 */
struct option {
	const char *name;
	char letter;
	uint8_t modes;
	uint8_t value;
	const char *arg;
	enum option_verdict (*parse)(struct conf *c, const struct option *o,
				     const char *arg);
	size_t at;
	const char *help;
};

void	option_begin(struct conf *c, enum conf_mode mode);
const struct option *option_at(size_t n);
enum option_verdict option_wrong(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
const char *option_error(void);

#endif /* OPTION_H */
