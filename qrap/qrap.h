/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qrap.h - what the parts of qrap have in common; none of it is passt's */
#ifndef QRAP_H
#define QRAP_H

#include <stdbool.h>
#include <stdlib.h>

/* One line on stderr */
void	qrap_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Something is missing or wrong: say it, and end */
#define fail(...)							\
	do {								\
		qrap_say(__VA_ARGS__);					\
		exit(EXIT_FAILURE);					\
	} while (0)

/**
 * enum backend - how QEMU is told about the socket
 * @BACKEND_AUTO:	the newer one that it knows
 * @BACKEND_STREAM:	-netdev stream, QEMU 7.2
 * @BACKEND_SOCKET:	-netdev socket, any version
 */
enum backend { BACKEND_AUTO, BACKEND_STREAM, BACKEND_SOCKET };

/* args.c: the arguments of QEMU, [0] is its path, NULL at the end */
void	args_init(char *const *argv);
bool	args_have(const char *option);
void	args_check(void);
void	args_patch(int fd, enum backend backend);
char	**args_get(void);

#endif /* QRAP_H */
