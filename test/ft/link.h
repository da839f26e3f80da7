/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FT_LINK_H
#define FT_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iovec;

int	link_attach(const char *path);
void	link_detach(void);
int	link_fd(void);
int	link_read(void);
const uint8_t *link_next(size_t *len);
bool	link_put(const struct iovec *iov, int n);
bool	link_flush(void);
bool	link_waits(void);

#endif /* FT_LINK_H */
