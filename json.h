/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	JSON_LEN_MAX	= 64 * 1024,	/* longest text that is read, bytes */
	JSON_DEPTH	= 8,		/* objects and arrays within each other, at most */
	JSON_NAMES	= 256,		/* members of all objects that are open at once */
	JSON_ERROR	= 96,		/* longest text of an error, terminator included */
};

/* What a value is */
enum json_type {
	JSON_NONE,		/* there is none */
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_STRING,
	JSON_NUMBER,
	JSON_BOOL,
	JSON_NULL,
};

/**
 * struct json - a value in a text that json_parse() found in order
 * @text:	its first byte in the caller's buffer, NULL: no value
 * @len:	bytes, 1..JSON_LEN_MAX
 */
struct json {
	const char *text;
	size_t len;
};

/**
 * struct json_walk - one member or element of an object or array after the other
 * @name:	of the member, a string; in an array there is none
 * @value:	the member's or element's
 * @next:	where to go on
 * @named:	it is an object that is walked through
 */
struct json_walk {
	struct json name;
	struct json value;
	const char *next;
	bool named;
};

/**
 * struct json_writer - a text that is being made
 * @buf:	where, of the caller
 * @size:	bytes there, 1 or more
 * @len:	bytes written, less than @size
 * @depth:	objects and arrays that are open
 * @comma:	the next value stands behind another
 * @bad:	it did not fit, or more was closed than opened
 */
struct json_writer {
	char *buf;
	size_t size;
	size_t len;
	unsigned depth;
	bool comma;
	bool bad;
};

bool	json_parse(struct json *obj, const char *text, size_t len, char error[static JSON_ERROR]);
enum json_type json_type(const struct json *value);

bool	json_get(const struct json *obj, const char *name, struct json *value);
bool	json_has(const struct json *obj, const char *name);
bool	json_get_string(const struct json *obj, const char *name, char *to, size_t size);
bool	json_get_uint(const struct json *obj, const char *name, uint64_t max, uint64_t *value);
bool	json_get_bool(const struct json *obj, const char *name, bool *value);
bool	json_get_object(const struct json *obj, const char *name, struct json *value);

bool	json_string(const struct json *value, char *to, size_t size);
bool	json_uint(const struct json *value, uint64_t max, uint64_t *to);
bool	json_bool(const struct json *value, bool *to);

struct json_walk json_walk(const struct json *of);
bool	json_next(struct json_walk *w);

struct json_writer json_writer(char *buf, size_t size);
void	json_begin_object(struct json_writer *w);
void	json_end_object(struct json_writer *w);
void	json_begin_array(struct json_writer *w);
void	json_end_array(struct json_writer *w);
void	json_name(struct json_writer *w, const char *name);
void	json_put_string(struct json_writer *w, const char *text);
void	json_put_uint(struct json_writer *w, uint64_t value);
void	json_put_bool(struct json_writer *w, bool value);
bool	json_done(struct json_writer *w);

#endif /* JSON_H */
