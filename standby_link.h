/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STANDBY_LINK_H
#define STANDBY_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "addr.h"
#include "count.h"
#include "pkt.h"
#include "standby_auth.h"

enum {
	STANDBY_RING	= 32 * 1024 * 1024,	/* bytes of records that wait to be sent */
	STANDBY_INPUT	= 2 * 1024 * 1024,	/* bytes received and not given back */
	STANDBY_KEY_MIN	= 32,			/* of a key file, bytes */
	STANDBY_KEY_MAX	= 4096,
	STANDBY_HANDS	= 4,			/* handshakes at once */
	STANDBY_HAND_MS	= 2000,			/* for a handshake, connecting included */
	STANDBY_BEAT_MS	= 250,			/* between heartbeats, if not told otherwise */
	STANDBY_BEATS	= 4,			/* without a record: the peer is dead */
	STANDBY_BEAT	= 0,			/* type of a heartbeat; users have the others */
};

/**
 * enum standby_link_state - what there is
 * @STANDBY_LINK_IDLE:	no session; handshakes may be going on
 * @STANDBY_LINK_UP:	a session
 * @STANDBY_LINK_ENDED:	there was one; records of it may be left to take
 */
enum standby_link_state { STANDBY_LINK_IDLE, STANDBY_LINK_UP, STANDBY_LINK_ENDED };

/**
 * struct standby_conf - what both ends have to agree on, and which one this is
 * @role:	this end's
 * @key:	path of the key file
 * @cluster:	name, 1 to STANDBY_CLUSTER - 1 bytes
 * @beat_ms:	between heartbeats, ms; 0: STANDBY_BEAT_MS
 */
struct standby_conf {
	enum standby_role role;
	const char *key;
	const char *cluster;
	uint32_t beat_ms;
};

/**
 * struct standby_place - where to listen, or whom to call
 * @path:	of a UNIX socket; NULL: TCP
 * @addr:	address; to listen, addr_none: any
 * @port:	its port, host order
 * @scope:	interface index, for a link-local address
 */
struct standby_place {
	const char *path;
	struct addr addr;
	uint16_t port;
	unsigned scope;
};

/**
 * struct standby_record - a record that was received
 * @type:	1..UINT16_MAX
 * @number:	it grows, not always by one
 * @body:	its bytes, until standby_link_done()
 * @len:	their number, 0..STANDBY_BODY_MAX
 */
struct standby_record {
	uint16_t type;
	uint64_t number;
	const uint8_t *body;
	uint32_t len;
};

/**
 * struct standby_status - how it stands
 * @state:	what there is
 * @why:	counter that moved when the last session ended; COUNT_NUM: none did yet
 * @sessions:	that were begun since standby_link_init()
 * @minor:	version of the peer
 * @written:	number of the last record written in this session
 * @acked:	number up to which the peer confirmed
 * @received:	number of the last record that came
 * @unsent:	bytes in the ring
 * @kept:	bytes received that were not given back
 */
struct standby_status {
	enum standby_link_state state;
	enum count why;
	uint64_t sessions;
	uint16_t minor;
	uint64_t written;
	uint64_t acked;
	uint64_t received;
	uint32_t unsent;
	uint32_t kept;
};

int	standby_link_init(const struct standby_conf *conf);
void	standby_link_exit(void);
int	standby_link_listen(const struct standby_place *at);
int	standby_link_dial(const struct standby_place *to, uint64_t now);
int	standby_link_add(int fd, uint64_t now);
void	standby_link_close(void);

void	standby_link_event(uint64_t id, uint32_t events, uint64_t now);
uint64_t standby_link_deadline(void);
void	standby_link_timer(uint64_t now);
void	standby_link_status(struct standby_status *s);

size_t	standby_link_room(void);
struct pkt_writer *standby_link_begin(uint16_t type);
uint64_t standby_link_end(void);
uint64_t standby_link_put(uint16_t type, const struct iovec *iov, int n);
void	standby_link_flush(uint64_t now);

bool	standby_link_next(struct standby_record *r);
void	standby_link_done(uint64_t number, uint64_t now);
void	standby_link_ack(uint64_t number);

#endif /* STANDBY_LINK_H */
