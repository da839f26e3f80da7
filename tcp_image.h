/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TCP_IMAGE_H
#define TCP_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "conn.h"
#include "image.h"

/* What the bytes of a section IMAGE_QUEUE are; numbers never change meaning */
enum tcp_image_queue {
	TCP_IMAGE_UNREAD	= 0,	/* of the host's socket: came, not consumed */
	TCP_IMAGE_SENT		= 1,	/* sent, not acknowledged */
	TCP_IMAGE_UNSENT	= 2,	/* not sent */
	TCP_IMAGE_TAIL		= 3,	/* taken from the guest, not by the socket yet */
};

int	tcp_image_block(const struct conn *c);
int	tcp_image_hush(const struct conn *c);
int	tcp_image_save_sock(const struct conn *c);
int	tcp_image_save(struct conn *c, bool deaf, uint64_t now);
int	tcp_image_save_running(struct conn *c, uint64_t now);
bool	tcp_image_heard(const struct conn *c);
int	tcp_image_resume(struct conn *c, bool deaf);
void	tcp_image_part(struct conn *c);

int	tcp_image_load_sock(struct conn *c, struct pkt_reader *r);
int	tcp_image_load(struct conn *c, struct pkt_reader *r, uint32_t elapsed_ms, uint64_t now);
int	tcp_image_load_queue(struct conn *c, struct pkt_reader *r);
int	tcp_image_load_end(struct conn *c);
bool	tcp_image_fresh(const struct conn *c);
void	tcp_image_settled(struct conn *c);
int	tcp_image_go(struct conn *c, uint64_t now);
void	tcp_image_push(struct conn *c, uint64_t now);
const char *tcp_image_why(void);

#endif /* TCP_IMAGE_H */
