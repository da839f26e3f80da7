/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SOCK_FWD_H
#define SOCK_FWD_H

#include <stdbool.h>
#include <stdint.h>

int	sock_fwd_only6(int fd);
int	sock_fwd_free(int fd);
int	sock_fwd_share(int fd, bool on);
uint32_t sock_fwd_limit(void);

#endif /* SOCK_FWD_H */
