// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * out.c - what the program did, until a script looks at it
 *
 * Two lines, one of frames to the guest and one of calls of socket functions;
 * each is in order, but scripts need not say how they mix.
 */
#include "script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * struct out_line - one of the two
 * @o:		entries, a ring
 * @first:	oldest
 * @n:		how many
 */
static struct out_line {
	struct script_out o[SCRIPT_OUT];
	unsigned first;
	unsigned n;
} line[2];

/* add() - Room for one more */
static struct script_out *add(bool frame)
{
	struct out_line *l = &line[frame];
	struct script_out *o = &l->o[(l->first + l->n) % SCRIPT_OUT];

	if (l->n++ == SCRIPT_OUT)
		script_fail("the program does not stop to send");
	memset(o, 0, sizeof(*o));
	o->at = fake_clock;
	return o;
}

/* tcp_text() - A segment, with whose numbers it has */
static void tcp_text(const struct script_out *o, char *text)
{
	static const char letter[] = "FSRPU";
	static const uint8_t bit[] = { TCP_FIN, TCP_SYN, TCP_RST, TCP_PSH, TCP_URG };
	struct addr src, dst;
	uint32_t at = 0, l4len = 0;
	const uint8_t *t;
	char flags[8], *p = flags;

	if (!packet_l4(o->data, o->len, WIRE_TCP, &at, &l4len, &src, &dst)) {
		packet_text(o->data, o->len, text);
		return;
	}
	t = o->data + at;
	for (size_t i = 0; i < sizeof(bit); i++) {
		if (t[13] & bit[i])
			*p++ = letter[i];
	}
	if (t[13] & TCP_ACK)
		*p++ = '.';
	*p = '\0';
	script_describe(o, flags, text);
}

/**
 * out_frame() - The program sent a frame to the guest
 * @frame:	Frame
 * @len:	Its length
 * @vh:		Its offload header
 */
void out_frame(const uint8_t *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	struct script_out *o;

	if (script_lean) {
		scale_frame(frame, len);
		return;
	}
	o = add(true);
	o->data = malloc(len ? len : 1);
	if (!o->data)
		script_fail("no memory");
	memcpy(o->data, frame, len);
	o->len = len;
	o->vh = *vh;
	tcp_text(o, o->text);
	script_note("\t\t> %s", o->text);
	packet_check(o->data, len, vh);
}

/**
 * out_call() - The program called a function of the host's sockets
 * @fd:		Socket
 * @fmt:	Name and arguments, as for printf()
 */
void out_call(int fd, const char *fmt, ...)
{
	struct script_out *o;
	va_list ap;

	if (script_lean)
		return;
	o = add(false);
	o->fd = fd;
	va_start(ap, fmt);
	(void)vsnprintf(o->text, sizeof(o->text), fmt, ap);
	va_end(ap);
	script_note("\t\t* %s (%i)", o->text, fd);
}

/**
 * out_first() - The oldest thing nobody looked at
 * @frame:	A frame, else a call
 *
 * Return: entry, NULL if there is none
 */
const struct script_out *out_first(bool frame)
{
	return line[frame].n ? &line[frame].o[line[frame].first] : NULL;
}

/**
 * out_take() - It was looked at
 * @frame:	A frame, else a call
 */
void out_take(bool frame)
{
	struct out_line *l = &line[frame];

	free(l->o[l->first].data);
	l->o[l->first].data = NULL;
	l->first = (l->first + 1) % SCRIPT_OUT;
	l->n--;
}
