/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CTL_LINK_H
#define CTL_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "json.h"

enum {
	CTL_CLIENTS	= 4,		/* at once */
	CTL_LINE_MAX	= 8 * 1024,	/* longest request, bytes, without its newline */
	CTL_REPLY_MAX	= 64 * 1024,	/* replies a client has not read, bytes */
	CTL_NAME	= 32,		/* of a command, terminator included */
};

/**
 * struct ctl_request - what a client asks for
 * @client:	who
 * @name:	command
 * @arguments:	an object, empty if there are none; good until the next ctl_link_next()
 * @fd:		descriptor that came with it, now the caller's; -1: none
 */
struct ctl_request {
	uint32_t client;
	char name[CTL_NAME];
	struct json arguments;
	int fd;
};

int	ctl_link_open(const char *path);
void	ctl_link_close(void);
void	ctl_link_event(uint64_t id, uint32_t events);
int	ctl_link_wait(int timeout_ms);
bool	ctl_link_next(struct ctl_request *r);
void	ctl_link_tell(uint32_t client, const char *json_text);
void	ctl_link_reply(uint32_t client, const char *json_text);
void	ctl_link_error(uint32_t client, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* CTL_LINK_H */
