// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * util.c - numbers and strings, bounded
 *
 * Theory of operation
 *
 *   What several modules need and libc leaves too loose: strtoul() takes signs,
 *   blanks and rests of lines, strncpy() may leave no terminator.  Nothing here
 *   knows the program, keeps state or makes a system call.
 *
 *   Each function leaves its output untouched when it returns false.
 */
#include "util.h"

#include <ctype.h>
#include <stdlib.h>

/**
 * util_parse_uint() - Decimal digits, all of them and nothing else
 * @text:	String
 * @max:	Largest value accepted
 * @value:	Set on success
 *
 * Return: true if @text is 1 or more digits worth at most @max
 */
bool util_parse_uint(const char *text, uint32_t max, uint32_t *value)
{
	uint64_t v = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		v = v * 10 + (uint64_t)(*text - '0');
		if (v > max)
			return false;
	}
	*value = (uint32_t)v;
	return true;
}

/**
 * util_copy_n() - Copy the first bytes of a string, with a terminator
 * @to:		Destination
 * @size:	Bytes there, 1 or more
 * @from:	Source, at least @len bytes
 * @len:	Bytes to copy
 *
 * Return: true if they fit
 */
bool util_copy_n(char *to, size_t size, const char *from, size_t len)
{
	if (len >= size)
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	return true;
}

/**
 * util_copy() - Copy a string if it fits whole
 * @to:		Destination
 * @size:	Bytes there, 1 or more
 * @from:	String
 *
 * Return: true if it fitted
 */
bool util_copy(char *to, size_t size, const char *from)
{
	return util_copy_n(to, size, from, strlen(from));
}

/**
 * util_parse_mac() - Six bytes as 52:54:00:12:34:56
 * @text:	String
 * @mac:	Set on success
 *
 * Return: true if @text has that form
 */
bool util_parse_mac(const char *text, uint8_t mac[static 6])
{
	uint8_t m[6];

	for (size_t i = 0; i < sizeof(m); i++, text += 3) {
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
		    text[2] != (i < 5 ? ':' : '\0'))
			return false;
		m[i] = (uint8_t)strtoul(text, NULL, 16);
	}
	memcpy(mac, m, sizeof(m));
	return true;
}
