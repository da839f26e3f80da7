/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef STANDBY_AUTH_H
#define STANDBY_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sha256.h"
#include "siphash.h"

enum {
	STANDBY_MAJOR	= 1,		/* a peer of another one is refused */
	STANDBY_MINOR	= 0,		/* grows with what a peer may ignore */
	STANDBY_BODY_MAX = 64 * 1024,	/* of a record, bytes */
	STANDBY_HEAD	= 32,		/* before it */
	STANDBY_OVERHEAD = STANDBY_HEAD + SIPHASH_MAC,
	STANDBY_RECORD_MAX = STANDBY_BODY_MAX + STANDBY_OVERHEAD,
	STANDBY_CLUSTER	= 64,		/* name, with its terminator */
	STANDBY_NONCE	= 32,
	STANDBY_HELLO	= 16 + STANDBY_NONCE + STANDBY_CLUSTER,
	STANDBY_PROOF	= SHA256_LEN,
};

/* Who somebody is.  The numbers are those on the wire. */
enum standby_role { STANDBY_PRIMARY = 1, STANDBY_STANDBY = 2 };

/* enum standby_fault - what is wrong with what came; STANDBY_FINE: nothing */
enum standby_fault {
	STANDBY_FINE,
	STANDBY_PARTIAL,		/* nothing yet: more bytes are needed */
	STANDBY_NO_PEER,		/* it speaks something else */
	STANDBY_VERSION,
	STANDBY_ROLE,
	STANDBY_OTHER_CLUSTER,
	STANDBY_KEY,			/* proof of another key, or of another handshake */
	STANDBY_LENGTH,
	STANDBY_REFLECTED,		/* record of this end */
	STANDBY_SESSION,		/* record of another session */
	STANDBY_REPLAY,			/* number that came already */
	STANDBY_GAP,			/* number whose predecessor did not come */
	STANDBY_FORGED,			/* wrong MAC */
};

/**
 * struct standby_secret - what a key file is good for
 * @key:	made of its content
 */
struct standby_secret {
	uint8_t key[SHA256_LEN];
};

/**
 * struct standby_lane - one direction of a session
 * @key:	of its MACs
 * @role:	who sends
 * @session:	which session, the same for both directions
 * @number:	of the last record, 0: there was none
 */
struct standby_lane {
	struct siphash_key key;
	enum standby_role role;
	uint64_t session;
	uint64_t number;
};

/**
 * struct standby_head - what stands before a body
 * @len:	of the body, bytes
 * @type:	what it is, the users' business
 * @number:	of the record
 * @ack:	number up to which the sender confirms what it received
 */
struct standby_head {
	uint32_t len;
	uint16_t type;
	uint64_t number;
	uint64_t ack;
};

enum standby_role standby_other(enum standby_role role);
void	standby_secret(struct standby_secret *s, const void *content, size_t len);
void	standby_hello(uint8_t hello[static STANDBY_HELLO], enum standby_role role,
		      const uint8_t nonce[static STANDBY_NONCE], const char *cluster);
enum standby_fault standby_hello_check(const uint8_t *theirs, size_t len,
				       const uint8_t ours[static STANDBY_HELLO],
				       uint16_t *minor);
void	standby_proof(uint8_t proof[static STANDBY_PROOF], const struct standby_secret *s,
		      enum standby_role role, const uint8_t a[static STANDBY_HELLO],
		      const uint8_t b[static STANDBY_HELLO]);
bool	standby_same(const uint8_t *a, const uint8_t *b, size_t n);
void	standby_lane(struct standby_lane *l, const struct standby_secret *s,
		     enum standby_role role, const uint8_t a[static STANDBY_HELLO],
		     const uint8_t b[static STANDBY_HELLO]);
void	standby_seal(struct standby_lane *l, struct standby_head *h, uint8_t *record);
enum standby_fault standby_open(struct standby_lane *l, const uint8_t *record, size_t len,
				struct standby_head *h);
void	standby_peek(const uint8_t *record, struct standby_head *h);

#endif /* STANDBY_AUTH_H */
