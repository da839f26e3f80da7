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
 *   ending stood before, counted from the beginning of the option's data.  A
 *   pack remembers which text stands where; what does not fit into its memory
 *   is written in full, which is right too, only longer.  Everything else that
 *   carries names forbids compression and takes dnsname_encode().
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
 * label_len() - Length of the first label of a text
 * @text:	Name, or ending of one
 *
 * Return: bytes before the next dot or the end; 0 if they make no label
 */
static size_t label_len(const char *text)
{
	size_t n = 0;

	for (; text[n] && text[n] != '.'; n++) {
		if (text[n] <= ' ' || text[n] > '~' || n == LABEL_MAX)
			return 0;
	}
	return n;
}

/* next_label() - What follows the first label, which has @n bytes */
static const char *next_label(const char *text, size_t n)
{
	return text[n] == '.' ? text + n + 1 : text + n;
}

/**
 * dnsname_encode() - Name as labels, without compression
 * @name:	Text, with or without the last dot
 * @wire:	Filled on success
 *
 * Return: bytes of @wire; 0 if @name is no domain name, or the root alone
 */
size_t dnsname_encode(const char *name, uint8_t wire[static DNSNAME_MAX])
{
	uint8_t out[DNSNAME_MAX];
	size_t len = 0;

	do {
		size_t n = label_len(name);

		if (!n || len + 1 + n + 1 > sizeof(out))
			return 0;
		out[len++] = (uint8_t)n;
		memcpy(out + len, name, n);
		len += n;
		name = next_label(name, n);
	} while (*name);
	out[len++] = 0;
	memcpy(wire, out, len);
	return len;
}

/**
 * same_name() - Whether two texts name the same domain
 * @a:		Text, with or without the last dot
 * @b:		The same
 *
 * Return: true if they differ in the case of letters at most (RFC 1035, 2.3.3)
 */
static bool same_name(const char *a, const char *b)
{
	size_t alen = strlen(a), blen = strlen(b);

	if (alen && a[alen - 1] == '.')
		alen--;
	if (blen && b[blen - 1] == '.')
		blen--;
	return alen == blen && !strncasecmp(a, b, alen);
}

/* find_ending() - Where @text was written before, or POINTER if nowhere */
static uint16_t find_ending(const struct dnsname_pack *p, const char *text)
{
	for (size_t i = 0; i < p->n; i++) {
		if (same_name(p->known[i].text, text))
			return p->known[i].at;
	}
	return POINTER;
}

/* remember() - Let later names point to @text, which is about to be written */
static void remember(struct dnsname_pack *p, const char *text, size_t at)
{
	if (p->n == DNSNAME_KNOWN || at > POINTER_MAX)
		return;
	p->known[p->n].text = text;
	p->known[p->n].at = (uint16_t)at;
	p->n++;
}

/**
 * dnsname_pack_add() - Write a name that may point into those before it
 * @p:		Pack, all zero for the first name
 * @w:		Writer that holds the names of @p and nothing else
 * @name:	Text, has to stay in place as long as @p is used
 *
 * Return: true if @name was written; false if it is no domain name or does not
 *	   fit: @w and @p are as before
 */
bool dnsname_pack_add(struct dnsname_pack *p, struct pkt_writer *w, const char *name)
{
	uint8_t wire[DNSNAME_MAX];
	struct pkt_writer old = *w;
	size_t known = p->n;

	if (!dnsname_encode(name, wire))
		return false;
	while (*name) {
		uint16_t at = find_ending(p, name);
		size_t n = label_len(name);

		if (at != POINTER) {
			pkt_put_be16(w, (uint16_t)(POINTER | at));
			break;
		}
		remember(p, name, w->len);
		pkt_put_u8(w, (uint8_t)n);
		pkt_put(w, name, n);
		name = next_label(name, n);
		if (!*name)
			pkt_put_u8(w, 0);
	}
	if (!w->bad)
		return true;
	*w = old;
	p->n = known;
	return false;
}
