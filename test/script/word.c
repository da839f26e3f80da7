// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * word.c - the words of a script line
 *
 * Words are separated by blanks.  What stands in double quotes, or between < and
 * >, is one word.  A comment begins with #.
 */
#include "script.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { QUOTE = 0x22 };

/* end_of() - Where a word ends; quotes are taken off */
static char *end_of(char **word)
{
	char *p = *word;

	if (*p == QUOTE || *p == '<') {
		p = strchr(p + 1, *p == '<' ? '>' : QUOTE);
		if (!p)
			script_fail("no end of %s", *word);
		if (*p == QUOTE)
			++*word;
		return p;
	}
	while (*p && !isspace((unsigned char)*p))
		p++;
	return p;
}

/**
 * script_split() - Cut a line into words
 * @line:	Line, written over
 * @tok:	Filled; the word of options keeps what it begins with
 *
 * Return: number of words
 */
int script_split(char *line, char **tok)
{
	int n = 0;

	for (;;) {
		char *end;

		while (isspace((unsigned char)*line))
			line++;
		if (!*line || *line == '#')
			return n;
		if (n == SCRIPT_TOKENS)
			script_fail("too many words");
		tok[n] = line;
		end = end_of(&tok[n++]);
		if (!*end)
			return n;
		*end = '\0';
		line = end + 1;
	}
}

/**
 * script_num() - A number, perhaps negative
 * @text:	Decimal, or with 0x
 *
 * Return: its value; fails if there is none
 */
int64_t script_num(const char *text)
{
	char *end;
	long long v;

	if (!text)
		script_fail("a number is missing");
	v = strtoll(text, &end, 0);
	if (end == text || *end)
		script_fail("'%s' is no number", text);
	return v;
}

/**
 * script_addr() - An address
 * @text:	As text
 *
 * Return: address; fails if it is none
 */
struct addr script_addr(const char *text)
{
	struct addr a;

	if (!text || !addr_parse(text, &a))
		script_fail("'%s' is no address", text ? text : "");
	return a;
}

/**
 * script_addr_port() - An address and a port, as 192.0.2.1:80 or [2001:db8::1]:80
 * @text:	Text
 * @a:		Set
 *
 * Return: port; fails if there is none
 */
uint16_t script_addr_port(const char *text, struct addr *a)
{
	char copy[SCRIPT_TEXT];
	char *colon, *from = copy;

	if (!text || !util_copy(copy, sizeof(copy), text))
		script_fail("an address is missing");
	colon = strrchr(copy, ':');
	if (!colon)
		script_fail("'%s' has no port", text);
	*colon = '\0';
	if (*from == '[') {
		from++;
		colon[-1] = '\0';
	}
	*a = script_addr(from);
	return (uint16_t)script_num(colon + 1);
}

/* Errors that scripts speak of */
static const struct { const char *name; int e; } errors[] = {
	{ "ECONNREFUSED", ECONNREFUSED }, { "ECONNRESET", ECONNRESET },
	{ "ETIMEDOUT", ETIMEDOUT }, { "ENETUNREACH", ENETUNREACH },
	{ "EHOSTUNREACH", EHOSTUNREACH }, { "EMFILE", EMFILE }, { "ENFILE", ENFILE },
	{ "EACCES", EACCES }, { "EMSGSIZE", EMSGSIZE }, { "EPIPE", EPIPE },
	{ "EADDRNOTAVAIL", EADDRNOTAVAIL }, { "ENOMEM", ENOMEM },
	{ "ECONNABORTED", ECONNABORTED }, { "ENOPROTOOPT", ENOPROTOOPT },
};

/**
 * script_errno() - Number of an error
 * @name:	As in errno.h
 *
 * Return: positive errno; fails if it is not known here
 */
int script_errno(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(errors); i++) {
		if (!strcmp(name, errors[i].name))
			return errors[i].e;
	}
	script_fail("'%s' is no error", name ? name : "");
}
