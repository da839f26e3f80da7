/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PCAP_H
#define PCAP_H

#include <stdbool.h>
#include <stdint.h>

struct iovec;

int	pcap_init(int fd);
void	pcap_frame(const struct iovec *iov, int niov, uint32_t len);
bool	pcap_on(void);

#endif /* PCAP_H */
