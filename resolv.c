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
 *   no domain name, are left out, as are lines with a NUL in them and what there is
 *   no room for: a strange file is no reason not to start.  Of a long file only the
 *   beginning is read.
 */
#include "resolv.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "dnsname.h"

enum { FILE_LEN = 64 * 1024 };

static const char blanks[] = " \t\r";

/* next_word() - Next word of the line, taken off it; NULL: its end, or a comment */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, blanks);

	*line = word + strcspn(word, blanks);
	if (**line)
		*(*line)++ = '\0';
	return strchr("#;", *word) ? NULL : word;	/* it finds the terminator too */
}

/* add_ns() - The word behind `nameserver` */
static void add_ns(struct resolv *r, char *word)
{
	char *zone = strchr(word, '%');

	if (r->nns == RESOLV_NS_MAX)
		return;
	if (zone)
		*zone++ = '\0';
	if (addr_parse(word, &r->ns[r->nns].addr) &&
	    util_copy(r->ns[r->nns].zone, RESOLV_ZONE, zone ? zone : ""))
		r->nns++;
}

/*
 * add_search() - A word behind `search` or `domain`
 *
 * Names in use have more kinds of characters than RFC 1123 allows; those that
 * could break a line are not among them.
 */
static void add_search(struct resolv *r, const char *word)
{
	size_t len = strlen(word);
	uint8_t wire[DNSNAME_MAX];
	struct pkt_writer w = pkt_writer(wire, sizeof(wire));

	if (r->nsearch == RESOLV_SEARCH_MAX || strchr(word, '\\') ||
	    !dnsname_put(&w, word, false))
		return;
	(void)util_copy_n(r->search[r->nsearch++], RESOLV_NAME, word,
			  word[len - 1] == '.' ? len - 1 : len);
}

/* take_line() - Read a line, which is cut into words */
static void take_line(char *line, struct resolv *r)
{
	bool indented = strspn(line, blanks);
	char *word = next_word(&line);

	if (indented || !word)
		return;
	if (!strcmp(word, "nameserver")) {
		word = next_word(&line);
		if (word)
			add_ns(r, word);
	} else if (!strcmp(word, "search") || !strcmp(word, "domain")) {
		r->nsearch = 0;
		while ((word = next_word(&line)))
			add_search(r, word);
	}
}

/**
 * resolv_parse() - Read the text of a resolv.conf
 * @text:	Any bytes, changed on the way; there is room for one more at the end
 * @len:	How many
 * @r:		Set
 */
void resolv_parse(char *text, size_t len, struct resolv *r)
{
	char *end = text + len;

	memset(r, 0, sizeof(*r));
	while (text < end) {
		char *nl = memchr(text, '\n', (size_t)(end - text));

		nl = nl ? nl : end;
		*nl = '\0';
		if (strlen(text) == (size_t)(nl - text))	/* else it has a NUL */
			take_line(text, r);
		text = nl + 1;
	}
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
	static char text[FILE_LEN + 1];
	size_t len = 0;
	ssize_t n;
	int fd;

	memset(r, 0, sizeof(*r));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	while (len < FILE_LEN && (n = read(fd, text + len, FILE_LEN - len)) > 0)
		len += (size_t)n;
	n = n < 0 ? -errno : 0;
	(void)close(fd);
	if (!n)
		resolv_parse(text, len, r);
	return (int)n;
}
