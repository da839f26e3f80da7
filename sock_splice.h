/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SOCK_SPLICE_H
#define SOCK_SPLICE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "addr.h"

int	sock_splice_dial(int fd, const struct addr *dst, uint16_t port);
ssize_t	sock_splice_recv(int fd, void *buf, size_t size);
ssize_t	sock_splice_peek(int fd, void *buf, size_t size);
ssize_t	sock_splice_send(int fd, const void *buf, size_t len);
ssize_t	sock_splice_recv_from(int fd, void *buf, size_t size, struct addr *peer,
			      uint16_t *port);
ssize_t	sock_splice_send_to(int fd, const void *buf, size_t len,
			    const struct addr *peer, uint16_t port);

int	sock_splice_pipe(int32_t pipe[static 2], size_t size);
void	sock_splice_close_pipe(const int32_t pipe[static 2]);
ssize_t	sock_splice_stash(int pipe_in, const void *buf, size_t len);
ssize_t	sock_splice_move(int from, int to, size_t max);

#endif /* SOCK_SPLICE_H */
