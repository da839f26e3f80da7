/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LVL_ERR, LOG_LVL_WARN, LOG_LVL_INFO, LOG_LVL_DEBUG };

extern enum log_level log_level;

void	log_stderr(bool on);
void	log_file(int fd, uint32_t size);
void	log_write(enum log_level level, int error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void	log_die(int error, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));
void	log_exit(int status, const char *text) __attribute__((noreturn));
bool	log_allow(uint64_t *state, uint64_t now_us);
void	log_bug(const char *file, int line, const char *what);

/* The forms with _errno append the text of an error, given as a positive errno */
#define err(...)	log_write(LOG_LVL_ERR, 0, __VA_ARGS__)
#define warn(...)	log_write(LOG_LVL_WARN, 0, __VA_ARGS__)
#define info(...)	log_write(LOG_LVL_INFO, 0, __VA_ARGS__)
#define err_errno(e, ...)	log_write(LOG_LVL_ERR, (e), __VA_ARGS__)
#define warn_errno(e, ...)	log_write(LOG_LVL_WARN, (e), __VA_ARGS__)

/* This stands on hot paths: its arguments are not evaluated when it is off */
#define debug(...)							\
	do {								\
		if (log_level >= LOG_LVL_DEBUG)				\
			log_write(LOG_LVL_DEBUG, 0, __VA_ARGS__);	\
	} while (0)

/* One clear line and exit 1: wrong host or options, before the sandbox closes */
#define die(...)		log_die(0, __VA_ARGS__)
#define die_errno(e, ...)	log_die((e), __VA_ARGS__)

/* What can only be a fault of ours: abort in debug builds, else say so */
#define BUG_ON(cond)							\
	((cond) ? (log_bug(__FILE__, __LINE__, #cond), true) : false)

#endif /* LOG_H */
