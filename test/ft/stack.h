/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef FT_STACK_H
#define FT_STACK_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct stack_conf - addresses of the guest, as text
 * @addr4:	IPv4 address
 * @mask4:	network mask
 * @gw4:	router
 * @addr6:	IPv6 address; the router says where it is
 */
struct stack_conf {
	const char *addr4;
	const char *mask4;
	const char *gw4;
	const char *addr6;
};

int	stack_init(const struct stack_conf *c, uint64_t now);
void	stack_frame(const uint8_t *frame, size_t len);
int	stack_tick(uint64_t now);
void	stack_room(void);
void	stack_moved(uint64_t now);
uint32_t stack_time(void);
uint32_t stack_resent(void);
uint32_t stack_dropped(void);

#endif /* FT_STACK_H */
