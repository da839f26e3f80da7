/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pkt.h - bounded reading and writing of wire formats
 *
 * A reader that runs out of bytes turns bad and stays bad: it returns zeros
 * from then on, and the caller asks once, at the end, or where a length decides
 * something.  A writer that runs out of room turns bad in the same way and
 * writes nothing more.  So a parser reads like the drawing in the RFC, without
 * a check per field, and still can not leave its buffer.
 */
#ifndef PKT_H
#define PKT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "util.h"

/**
 * struct pkt_reader - bytes not yet read
 * @p:		next byte
 * @left:	bytes from there to the end
 * @bad:	something was asked for that was not there
 */
struct pkt_reader {
	const uint8_t *p;
	size_t left;
	bool bad;
};

/**
 * struct pkt_writer - room for a message
 * @buf:	its beginning
 * @len:	bytes written
 * @size:	bytes there are
 * @bad:	something did not fit
 */
struct pkt_writer {
	uint8_t *buf;
	size_t len;
	size_t size;
	bool bad;
};

static inline struct pkt_reader pkt_reader(const void *data, size_t len)
{
	return (struct pkt_reader){ .p = data, .left = len };
}

/**
 * pkt_take() - The next bytes, where they are
 * @r:		Reader
 * @n:		How many
 *
 * Return: pointer to @n bytes, NULL if there are fewer: the reader is bad
 */
static inline const uint8_t *pkt_take(struct pkt_reader *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || n > r->left) {
		r->bad = true;
		r->left = 0;
		return NULL;
	}
	r->p += n;
	r->left -= n;
	return p;
}

static inline uint8_t pkt_u8(struct pkt_reader *r)
{
	const uint8_t *p = pkt_take(r, 1);

	return p ? *p : 0;
}

static inline uint16_t pkt_be16(struct pkt_reader *r)
{
	const uint8_t *p = pkt_take(r, 2);

	return p ? get_be16(p) : 0;
}

static inline uint32_t pkt_be32(struct pkt_reader *r)
{
	const uint8_t *p = pkt_take(r, 4);

	return p ? get_be32(p) : 0;
}

static inline uint64_t pkt_be64(struct pkt_reader *r)
{
	uint64_t high = pkt_be32(r);

	return high << 32 | pkt_be32(r);
}

/**
 * pkt_sub() - The next bytes as a reader of their own
 * @r:		Reader
 * @n:		How many
 *
 * Return: reader of @n bytes; empty and bad if there are fewer, as is @r then
 */
static inline struct pkt_reader pkt_sub(struct pkt_reader *r, size_t n)
{
	const uint8_t *p = pkt_take(r, n);

	return (struct pkt_reader){ .p = p, .left = p ? n : 0, .bad = !p };
}

static inline struct pkt_writer pkt_writer(void *buf, size_t size)
{
	return (struct pkt_writer){ .buf = buf, .size = size };
}

/**
 * pkt_room() - Reserve the next bytes
 * @w:		Writer
 * @n:		How many
 *
 * Return: pointer to @n bytes to fill, NULL if they do not fit: @w is bad
 */
static inline uint8_t *pkt_room(struct pkt_writer *w, size_t n)
{
	/* Of a writer without buffer nothing is computed, not even for no bytes */
	uint8_t *p = w->buf ? w->buf + w->len : NULL;

	if (w->bad || n > w->size - w->len) {
		w->bad = true;
		return NULL;
	}
	w->len += n;
	return p;
}

static inline void pkt_put(struct pkt_writer *w, const void *data, size_t n)
{
	uint8_t *p = pkt_room(w, n);

	if (p && n)
		memcpy(p, data, n);
}

static inline void pkt_put_zero(struct pkt_writer *w, size_t n)
{
	uint8_t *p = pkt_room(w, n);

	if (p && n)
		memset(p, 0, n);
}

static inline void pkt_put_u8(struct pkt_writer *w, uint8_t v)
{
	pkt_put(w, &v, 1);
}

static inline void pkt_put_be16(struct pkt_writer *w, uint16_t v)
{
	uint8_t b[sizeof(v)];

	put_be16(b, v);
	pkt_put(w, b, sizeof(b));
}

static inline void pkt_put_be32(struct pkt_writer *w, uint32_t v)
{
	uint8_t b[sizeof(v)];

	put_be32(b, v);
	pkt_put(w, b, sizeof(b));
}

static inline void pkt_put_be64(struct pkt_writer *w, uint64_t v)
{
	pkt_put_be32(w, (uint32_t)(v >> 32));
	pkt_put_be32(w, (uint32_t)v);
}

#endif /* PKT_H */
