/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

void	daemon_raise_limits(void);
int	daemon_fork(void);
void	daemon_ready(int parent);
void	daemon_null(void);
int	daemon_open(const char *path, int how);
int	daemon_open_read(const char *path);
void	daemon_pid_write(int fd);
int	daemon_signals(const int *list, size_t n);
int	daemon_signal_next(int fd);
bool	daemon_real_root(void);
int	daemon_find_user(const char *text, uid_t *uid, gid_t *gid);
int	daemon_change_user(uid_t uid, gid_t gid);
int	daemon_harden(void);

#endif /* DAEMON_H */
