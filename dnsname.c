// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dnsname.c - domain names as labels (RFC 1035, section 3.1)
 *
 * Theory of operation
 *
 *   A name is text here, "example.org" or "example.org.", and a chain of
 *   labels on the wire: a length byte before each, a zero byte at the end.
 *   Names come from files and options of the user, so they are checked: labels
 *   of 1 to 63 bytes, printable, 255 bytes in all.
 *
 *   DHCP option 119 asks for the compression of RFC 1035, section 4.1.4 (RFC
 *   3397, section 2): the ending of a name may be a pointer to where the same
 *   ending stood before, counted from the beginning of the option's data.  What
 *   is written so far is searched for it, label by label: a search list is
 *   short.  Everything else that carries names forbids compression.
 *
 *   Internationalised names must come in their ASCII form (RFC 5890).
 */
#include "dnsname.h"

#include <strings.h>

enum {
	LABEL_MAX	= 63,		/* RFC 1035, section 2.3.4 */
	POINTER		= 0xc000,	/* two upper bits of a length */
	POINTER_MAX	= 0x3fff,
};

/**
 * encode() - Name as labels, without compression
 * @name:	Text, with or without the last dot
 * @wire:	Filled
 *
 * Return: bytes of @wire; 0 if @name is no domain name, or the root alone
 */
static size_t encode(const char *name, uint8_t wire[static DNSNAME_MAX])
{
	size_t len = 0;

	do {
		size_t n = 0;

		for (; name[n] && name[n] != '.'; n++) {
			if (name[n] <= ' ' || name[n] > '~' || n == LABEL_MAX)
				return 0;
		}
		if (!n || len + 1 + n + 1 > DNSNAME_MAX)
			return 0;
		wire[len] = (uint8_t)n;
		memcpy(wire + len + 1, name, n);
		len += 1 + n;
		name += name[n] ? n + 1 : n;
	} while (*name);
	wire[len++] = 0;
	return len;
}

/**
 * is_name() - Whether two chains of labels name the same domain
 * @buf:	Names, of which the pointers count from here
 * @at:		Where one stands in @buf: at a label
 * @name:	The other, without pointers
 *
 * Return: true if they differ in the case of letters at most (RFC 1035, 2.3.3),
 *	   which is no matter for lengths: there is no letter below 64
 */
static bool is_name(const uint8_t *buf, size_t at, const uint8_t *name)
{
	size_t n;

	do {
		if (buf[at] >= POINTER >> 8)
			at = get_be16(buf + at) & POINTER_MAX;
		n = 1U + buf[at];
		if (strncasecmp((const char *)buf + at, (const char *)name, n))
			return false;
		at += n;
		name += n;
	} while (n > 1);
	return true;
}

/* find() - Where a name stands among those written, @w->len: nowhere */
static size_t find(const struct pkt_writer *w, const uint8_t *name)
{
	size_t at = 0;

	while (at < w->len && !is_name(w->buf, at, name))
		at += w->buf[at] >= POINTER >> 8 ? 2 : 1U + w->buf[at];
	return at <= POINTER_MAX ? at : w->len;
}

/**
 * dnsname_put() - Write a name as labels
 * @w:		Writer; if @pack, it holds names and nothing else
 * @name:	Text, with or without the last dot
 * @pack:	Let an ending that stands in @w already be a pointer to it
 *
 * Return: true if @name was written; false if it is no domain name or does not
 *	   fit: @w is as before
 */
bool dnsname_put(struct pkt_writer *w, const char *name, bool pack)
{
	uint8_t wire[DNSNAME_MAX];
	size_t len = encode(name, wire);

	for (size_t n = 0; pack && len && wire[n]; n += 1U + wire[n]) {
		size_t at = find(w, wire + n);

		if (at < w->len) {
			put_be16(wire + n, (uint16_t)(POINTER | at));
			len = n + 2;
			break;
		}
	}
	if (!len || w->bad || len > w->size - w->len)
		return false;
	pkt_put(w, wire, len);
	return true;
}
