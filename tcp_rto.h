/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TCP_RTO_H
#define TCP_RTO_H

#include <stdint.h>

#include "conn.h"

enum {
	TCP_RTO_FIRST_US	= 1000000,	/* RFC 6298, 2.1 */
	TCP_RTO_MIN_US		= 200000,	/* 2.4 says 1 s: see tcp_rto.c */
	TCP_RTO_MAX_US		= 60000000,	/* 2.5 */
	TCP_RTO_RETRIES		= 15,		/* RFC 9293, 3.8.3: R2 of 100 s at least */
};

void	tcp_rto_sent(struct tcp_conn *t, uint32_t len, uint64_t now);
void	tcp_rto_acked(struct tcp_conn *t, uint64_t now);
void	tcp_rto_expired(struct tcp_conn *t, uint64_t now);
void	tcp_rto_probe(struct tcp_conn *t, uint64_t now);
void	tcp_rto_stop(struct tcp_conn *t);

#endif /* TCP_RTO_H */
