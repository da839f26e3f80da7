/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SOCK_UNIX_H
#define SOCK_UNIX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

int	sock_unix_listen(const char *path, mode_t mode, int backlog);

bool	sock_packets(int fd);
int	sock_packet_take(int fd, void *data, size_t len);
int	sock_packet_give(int fd, const void *data, size_t len);

#endif /* SOCK_UNIX_H */
