/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SOCK_UNIX_H
#define SOCK_UNIX_H

#include <sys/types.h>

int	sock_unix_listen(const char *path, mode_t mode, int backlog);

#endif /* SOCK_UNIX_H */
