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

/* What to do after the arguments were read; conf_parse() */
enum conf_result {
	CONF_RUN,		/* go on */
	CONF_HELP,		/* --help came first */
	CONF_VERSION,		/* --version came first */
	CONF_USAGE,		/* wrong: say so, then how the options are */
	CONF_WRONG,		/* wrong: say so */
	CONF_RESULT_NUM
};

/**
 * struct conf - all that was asked for on the command line
 * @mode:	by the name the program was called by
 * @ask:	enum conf_result: --help, --version
 * @level:	enum log_level: --quiet, --debug, --trace
 * @only:	4: --ipv4-only, 6: --ipv6-only, 0: neither
 * @foreground:	--foreground
 * @log_file:	--log-file, NULL: none
 * @log_size:	--log-size, bytes, 1 or more
 * @pid_file:	--pid, NULL: none
 * @pcap_file:	--pcap, NULL: none
 * @control:	--control, NULL: none
 * @repair:	--repair-path, NULL or "none": none
 * @restore:	--restore, NULL: none
 * @runas:	--runas, as given, NULL: not given
 * @no_icmp:	--no-icmp
 * @config_net:	--config-net: set up the interface in the namespace
 * @tap:	--socket, --fd, --one-off
 * @net:	what the guest shall have
 * @ns:		the namespace
 * @sock:	--outbound and its like
 * @listen:	ports to forward, --no-tcp, --no-udp
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
	uint8_t ask;
	uint8_t level;
	uint8_t only;
	bool foreground;
	const char *log_file;
	uint32_t log_size;
	const char *pid_file;
	const char *pcap_file;
	const char *control;
	const char *repair;
	const char *restore;
	const char *runas;
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

enum { OPTION_MAX = 128 };	/* in the table, its end included */

/**
 * struct conf_option - one option, a row of the table
 * @name:	long name, without dashes; NULL: the end of the table
 * @letter:	short name, 0: none
 * @modes:	IN_ bits
 * @arg:	what its argument is, for the help; NULL: there is none
 * @parse:	checks the argument and stores it; false: option_error() says why
 * @at:		member of struct conf it is about, for @parse
 * @value:	for @parse
 * @help:	one or more lines
 */
struct conf_option {
	const char *name;
	char letter;
	uint8_t modes;
	const char *arg;
	bool (*parse)(struct conf *c, const struct conf_option *o, const char *arg);
	size_t at;
	size_t value;
	const char *help;
};

extern const struct conf_option option_table[];

void	option_begin(struct conf *c, enum conf_mode mode);
bool	option_wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *option_error(void);

#endif /* OPTION_H */
