/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdint.h>

#include "pkt.h"

enum {
	IMAGE_MAJOR	= 1,		/* a reader refuses others */
	IMAGE_MINOR	= 0,		/* grows with sections and members that may be skipped */
	IMAGE_BODY_MAX	= 64 * 1024,	/* of one section, bytes */
	IMAGE_STALL_MS	= 5000,		/* other end of the descriptor makes no progress */
};

/* What a section is; doc/checkpoint.md has the members.  Numbers never change meaning. */
enum image_type {
	IMAGE_END	= 0,		/* nothing follows */
	IMAGE_PROGRAM	= 1,		/* who wrote it, when */
	IMAGE_NET	= 2,		/* what the guest has and how we are known to it */
	IMAGE_FLOW	= 3,		/* a flow: its ends, no state */
	IMAGE_TCP	= 4,		/* state of a TCP flow, and of its socket */
	IMAGE_QUEUE	= 5,		/* bytes of a queue of the last IMAGE_TCP */
	IMAGE_UDP	= 6,		/* state of a UDP or echo flow */
	IMAGE_SOCK	= 7,		/* ends of the socket of a TCP flow whose state comes later */
	IMAGE_SKIP	= 0x8000,	/* a bit: who does not know the type may go on */
};

/**
 * struct image_section - a section that was read
 * @type:	enum image_type; may be one that nobody knows, if it may be skipped
 * @body:	what is in it, in a buffer that is good until the next call
 * @at:		offset of the section in the image, bytes
 */
struct image_section {
	uint16_t type;
	struct pkt_reader body;
	uint64_t at;
};

/**
 * struct image_field - a member of a struct, as it stands in a section
 * @at:		its offset in the struct
 * @size:	1, 2, 4: a number; other: bytes
 */
struct image_field {
	uint16_t at;
	uint8_t size;
};

#define IMAGE_FIELD(type, member)						\
	{ offsetof(struct type, member), sizeof(((struct type *)0)->member) }

void	image_put_fields(struct pkt_writer *w, const struct image_field *f, int n,
			 const void *from);
void	image_get_fields(struct pkt_reader *r, const struct image_field *f, int n, void *to);

int	image_write_begin(int fd);
struct pkt_writer *image_section(enum image_type type);
int	image_section_end(void);
int	image_write_end(void);

int	image_read_begin(int fd);
int	image_next(struct image_section *s);
uint64_t image_offset(void);
const char *image_error(void);

#endif /* IMAGE_H */
