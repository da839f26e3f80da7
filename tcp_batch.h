/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TCP_BATCH_H
#define TCP_BATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "conn.h"

enum { TCP_BATCH_IOV = 64 };

/**
 * struct tcp_batch - what one batch of frames brought for one connection
 * @c:		connection, NULL: it ended meanwhile
 * @len:	bytes of the guest in @iov, behind rcv without a gap
 * @acked:	bytes of the remote end that the guest acknowledged
 * @dupacks:	segments behind a gap: each gets a duplicate ACK
 * @fin:	the guest's FIN follows the bytes
 * @resend:	the segment at una is lost: send it again
 * @niov:	entries used
 * @iov:	where the bytes are, in borrowed frames
 */
struct tcp_batch {
	struct conn *c;
	uint32_t len;
	uint32_t acked;
	uint32_t dupacks;
	bool fin;
	bool resend;
	int niov;
	struct iovec iov[TCP_BATCH_IOV];
};

void	tcp_batch_init(void);
struct tcp_batch *tcp_batch_of(struct conn *c);
struct conn *tcp_batch_take(struct tcp_batch *b);
void	tcp_batch_drop(struct conn *c);
struct tcp_batch *tcp_batch_next(void);

#endif /* TCP_BATCH_H */
