/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CSUM_H
#define CSUM_H

#include <stddef.h>
#include <stdint.h>

struct iovec;

uint64_t csum_add(uint64_t sum, const void *data, size_t len);
uint64_t csum_add_iov(uint64_t sum, const struct iovec *iov, int niov,
		      size_t skip, size_t len);
uint16_t csum_fold(uint64_t sum);

#endif /* CSUM_H */
