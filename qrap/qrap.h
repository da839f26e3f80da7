/* SPDX-License-Identifier: GPL-2.0-or-later */
/* qrap.h - what the parts of qrap have in common; none of it is passt's */
#ifndef QRAP_H
#define QRAP_H

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>

enum {
	QRAP_VALUE_MAX	= 4096,		/* an argument that we make, or a line we say */
	QRAP_PASST_ARGS	= 64,		/* --passt-arg */
};

/* One line on stderr */
void	qrap_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Something is missing or wrong: say it, and end */
#define fail(...)							\
	do {								\
		qrap_say(__VA_ARGS__);					\
		exit(EXIT_FAILURE);					\
	} while (0)

bool	copy_string(char *to, size_t size, const char *from);

/* program.c: where QEMU and passt are; false: nowhere */
bool	program_find(const char *name, char path[static PATH_MAX]);
bool	program_find_passt(const char *name, char path[static PATH_MAX]);
bool	program_find_qemu(char path[static PATH_MAX]);

/**
 * struct join_conf - which passt to take
 * @path:	of its socket, or NULL: the default paths
 * @passt:	program to start, or NULL: looked for
 * @args:	for the one that is started
 * @nargs:	number of @args
 * @no_start:	start none
 */
struct join_conf {
	const char *path;
	const char *passt;
	char *args[QRAP_PASST_ARGS];
	int nargs;
	bool no_start;
};

/* join.c: a socket that a passt serves.  @passt_pid is 0 unless we started it. */
int	join_passt(const struct join_conf *conf, pid_t *passt_pid);

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
