/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FT_SERVICE_H
#define FT_SERVICE_H

#include <stddef.h>
#include <stdint.h>

int	service_init(uint16_t port);
int	service_dial(const char *addr, uint16_t port, const char *text);
int	service_status(char *buf, size_t size);

#endif /* FT_SERVICE_H */
