// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * resolv.c - the resolvers and the search list of /etc/resolv.conf
 *
 * Theory of operation
 *
 *   The form is that of resolv.conf(5): one keyword at the beginning of a line,
 *   then words with blanks between.  Of interest are
 *
 *	nameserver ADDRESS[%ZONE]	each one counts
 *	search NAME...			the last of these two lines counts
 *	domain NAME
 *
 *   A word that begins with # or ; ends its line.  Words that are no address, or
 *   no domain name, are left out, as is what there is no room for: a strange
 *   file is no reason not to start.  Of a long file only the beginning is read.
 */
#include "resolv.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
	FILE_LEN	= 64 * 1024,
	WORD_LEN	= RESOLV_NAME,
	LABEL_LEN	= 63,		/* RFC 1035, 2.3.4 */
	NAME_LEN	= 253,		/* 255 bytes on the wire */
};

/**
 * struct scan - text not yet read
 * @p:		next character
 * @end:	behind the last one
 */
struct scan {
	const char *p;
	const char *end;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/*
 * next_word() - Next word of the line, with a terminator
 *
 * One that does not fit is returned as "", which is neither address nor name.
 * Return: false at the end of the line, or where a comment begins
 */
static bool next_word(struct scan *s, char word[static WORD_LEN])
{
	const char *start;

	while (s->p < s->end && is_blank(*s->p))
		s->p++;
	if (s->p == s->end || *s->p == '\n' || *s->p == '#' || *s->p == ';')
		return false;
	start = s->p;
	while (s->p < s->end && !is_blank(*s->p) && *s->p != '\n')
		s->p++;
	if (!util_copy_n(word, WORD_LEN, start, (size_t)(s->p - start)) ||
	    strlen(word) != (size_t)(s->p - start))	/* too long, or a NUL */
		word[0] = '\0';
	return true;
}

/* next_line() - Go behind the end of the line; false if that was the last */
static bool next_line(struct scan *s)
{
	while (s->p < s->end && *s->p != '\n')
		s->p++;
	if (s->p < s->end)
		s->p++;
	return s->p < s->end;
}

/* add_ns() - The word behind `nameserver` */
static void add_ns(struct resolv *r, char *word)
{
	char *zone = strchr(word, '%');

	if (r->nns == RESOLV_NS_MAX)
		return;
	if (zone)
		*zone++ = '\0';
	if (!addr_parse(word, &r->ns[r->nns].addr))
		return;
	if (!util_copy(r->ns[r->nns].zone, RESOLV_ZONE, zone ? zone : ""))
		return;
	r->nns++;
}

/*
 * is_name() - Whether it could be a domain name (RFC 1035, 2.3.4)
 *
 * Names in use have more kinds of characters than RFC 1123 allows; those that
 * could break a line are not among them.
 */
static bool is_name(const char *name)
{
	size_t label = 0, len = strlen(name);

	if (!len || len > NAME_LEN)
		return false;
	for (; *name; name++) {
		if (*name == '.' && !label)
			return false;
		if (*name <= ' ' || *name > '~' || *name == '\\')
			return false;
		label = *name == '.' ? 0 : label + 1;
		if (label > LABEL_LEN)
			return false;
	}
	return label > 0;
}

/* add_search() - A word behind `search` or `domain` */
static void add_search(struct resolv *r, char *word)
{
	size_t len = strlen(word);

	if (len && word[len - 1] == '.')
		word[len - 1] = '\0';
	if (r->nsearch < RESOLV_SEARCH_MAX && is_name(word))
		(void)util_copy(r->search[r->nsearch++], RESOLV_NAME, word);
}

/**
 * resolv_parse() - Read the text of a resolv.conf
 * @text:	Any bytes
 * @len:	How many
 * @r:		Set
 */
void resolv_parse(const char *text, size_t len, struct resolv *r)
{
	struct scan s = { text, text + len };
	char word[WORD_LEN];

	memset(r, 0, sizeof(*r));
	if (!len)
		return;
	do {
		if (is_blank(*s.p) || !next_word(&s, word))
			continue;
		if (!strcmp(word, "nameserver")) {
			if (next_word(&s, word))
				add_ns(r, word);
		} else if (!strcmp(word, "search") || !strcmp(word, "domain")) {
			r->nsearch = 0;
			while (next_word(&s, word))
				add_search(r, word);
		}
	} while (next_line(&s));
}

/**
 * resolv_read() - Read a file
 * @path:	/etc/resolv.conf
 * @r:		Set; on failure it says nothing
 *
 * Return: 0, or -errno, with which one may go on
 */
int resolv_read(const char *path, struct resolv *r)
{
	static char text[FILE_LEN];
	size_t len = 0;
	ssize_t n;
	int fd;

	memset(r, 0, sizeof(*r));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	do {
		n = read(fd, text + len, sizeof(text) - len);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0 && len < sizeof(text));
	n = n < 0 ? -errno : 0;
	(void)close(fd);
	if (n)
		return (int)n;
	resolv_parse(text, len, r);
	return 0;
}
