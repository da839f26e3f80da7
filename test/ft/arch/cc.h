/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cc.h - what lwIP wants to know about compiler and platform; functions are in stack.c */
#ifndef LWIP_ARCH_CC_H
#define LWIP_ARCH_CC_H

#include <endian.h>
#include <stdint.h>

uint16_t stack_csum(const void *data, int len);
uint32_t stack_random(void);
void	stack_broken(const char *why, const char *file, int line) __attribute__((noreturn));

#define LWIP_CHKSUM			stack_csum
#define LWIP_RAND()			stack_random()
#define LWIP_PLATFORM_DIAG(x)		do { } while (0)
#define LWIP_PLATFORM_ASSERT(x)		stack_broken(x, __FILE__, __LINE__)

#endif /* LWIP_ARCH_CC_H */
