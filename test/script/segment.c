// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * segment.c - TCP segments of scripts: read, made, compared
 *
 * Numbers count from the initial sequence number of the side they belong to.
 */
#include "script.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tail.h"

enum { TCP_LEN = 20, OPT_MAX = 40 };

static const struct { char c; uint8_t bit; } flag_char[] = {
	{ 'S', TCP_SYN }, { 'F', TCP_FIN }, { 'R', TCP_RST }, { 'P', TCP_PSH },
	{ 'U', TCP_URG }, { '.', TCP_ACK },
};

/* flag_of() - Bit of a letter, 0: none */
static uint8_t flag_of(char c)
{
	for (size_t i = 0; i < ARRAY_SIZE(flag_char); i++) {
		if (flag_char[i].c == c)
			return flag_char[i].bit;
	}
	return 0;
}

/**
 * script_seg_is() - Whether a word is the flags of a segment
 * @word:	Word; "-" is a segment without flags
 *
 * Return: true if so
 */
bool script_seg_is(const char *word)
{
	if (!strcmp(word, "-"))
		return true;
	for (const char *p = word; *p; p++) {
		if (!flag_of(*p))
			return false;
	}
	return *word;
}

/* numbers() - "1:101(100)", "1:*", "*" */
static bool numbers(const char *word, struct script_seg *s)
{
	char *end;
	long long a, b;

	if (!strcmp(word, "*")) {
		s->has_seq = s->any_seq = true;
		return true;
	}
	a = strtoll(word, &end, 10);
	if (end == word || *end != ':')
		return false;
	b = strtoll(end + 1, &end, 10);
	s->has_seq = true;
	s->seq = (uint32_t)a;
	s->len = (uint32_t)(b - a);
	if (*end != '(' || strtoll(end + 1, NULL, 10) != b - a)
		script_fail("'%s': first:last(length)", word);
	return true;
}

/* lone() - A word without argument; false: it is none of these */
static bool lone(const char *word, struct script_seg *s)
{
	if (!strcmp(word, "badsum"))
		s->bad_csum = true;
	else if (!strcmp(word, "nosum"))
		s->no_csum = true;
	else if (!strcmp(word, "junk"))
		s->junk = true;
	else
		return false;
	return true;
}

/* keyed() - A word with its argument */
static void keyed(const char *word, const char *arg, struct script_seg *s)
{
	bool any = arg && !strcmp(arg, "*");

	if (!strcmp(word, "ack")) {
		s->has_ack = true;
		s->any_ack = any;
		s->ack = any ? 0 : (uint32_t)script_num(arg);
	} else if (!strcmp(word, "win")) {
		s->win = any ? -1 : script_num(arg);
	} else if (!strcmp(word, "tso")) {
		s->tso = (uint32_t)script_num(arg);
	} else if (!strcmp(word, "off")) {
		s->off = (int)script_num(arg);
	} else if (!strcmp(word, "iplen")) {
		s->iplen = (int)script_num(arg);
	} else if (!strcmp(word, "cut")) {
		s->cut = (int)script_num(arg);
	} else if (!strcmp(word, "split")) {
		s->split = (uint32_t)script_num(arg);
	} else if (!strcmp(word, "pad")) {
		s->pad = (uint32_t)script_num(arg);
	} else if (!strcmp(word, "frag")) {
		s->frag = (uint32_t)script_num(arg);
	} else if (!strcmp(word, "urg")) {
		s->urg = (uint16_t)script_num(arg);
	} else {
		script_fail("'%s'?", word);
	}
}

/**
 * script_seg_parse() - Read a segment
 * @tok:	Words, the flags first
 * @n:		Their number
 * @s:		Filled
 */
void script_seg_parse(char *const *tok, int n, struct script_seg *s)
{
	int i = 1;

	memset(s, 0, sizeof(*s));
	s->win = s->off = s->cut = -1;
	for (const char *p = tok[0]; *p; p++)
		s->flags |= flag_of(*p);
	if (i < n && numbers(tok[i], s))
		i++;
	for (; i < n; i++) {
		if (tok[i][0] == '<') {
			s->has_opts = true;
			(void)util_copy(s->opts, sizeof(s->opts), tok[i] + 1);
		} else if (!lone(tok[i], s)) {
			keyed(tok[i], i + 1 < n ? tok[i + 1] : NULL, s);
			i++;
		}
	}
}

/* put_sack() - "sack 101:201 301:401", numbers from @isn, to bytes */
static unsigned put_sack(const char *text, uint32_t isn, uint8_t to[static OPT_MAX])
{
	unsigned n = 2;

	while (*text && n + 8 <= OPT_MAX) {
		char *end;
		uint32_t first = (uint32_t)strtoul(text, &end, 10);

		if (*end != ':')
			script_fail("'%s': first:last first:last", text);
		put_be32(to + n, isn + first);
		put_be32(to + n + 4, isn + (uint32_t)strtoul(end + 1, &end, 10));
		text = end;
		n += 8;
	}
	to[0] = TCPOPT_SACK_;
	to[1] = (uint8_t)n;
	return n;
}

/* put_option() - One option of the guest, as text, to bytes */
static unsigned put_option(const char *text, uint32_t isn, uint8_t to[static OPT_MAX])
{
	unsigned v = 0, n = 0;

	if (!strcmp(text, "nop")) {
		to[0] = TCPOPT_NOP_;
		return 1;
	}
	if (!strcmp(text, "eol")) {
		to[0] = TCPOPT_END;
		return 1;
	}
	if (!strcmp(text, "sackOK")) {
		to[0] = TCPOPT_SACK_OK;
		to[1] = 2;
		return 2;
	}
	if (!strncmp(text, "sack ", 5))
		return put_sack(text + 5, isn, to);
	if (sscanf(text, "mss %u", &v) == 1) {		/* NOLINT(cert-err34-c): our own */
		to[0] = TCPOPT_MSS;
		to[1] = 4;
		put_be16(to + 2, (uint16_t)v);
		return 4;
	}
	if (sscanf(text, "wscale %u", &v) == 1) {	/* NOLINT(cert-err34-c): our own */
		to[0] = TCPOPT_WSCALE;
		to[1] = 3;
		to[2] = (uint8_t)v;
		return 3;
	}
	if (strncmp(text, "hex ", 4))
		script_fail("option '%s'?", text);
	for (const char *p = text + 4; p[0] && p[1]; p += 2) {
		char byte[5] = { '0', 'x', p[0], p[1], '\0' };

		to[n++] = (uint8_t)script_num(byte);
	}
	return n;
}

/* put_options() - All options; padded with the end of the list */
static unsigned put_options(const struct script_conn *c, const struct script_seg *s,
			    uint8_t opt[static OPT_MAX])
{
	uint8_t one[sizeof(s->opts)];
	char copy[sizeof(s->opts)], *save = NULL;
	unsigned n = 0;

	memset(opt, 0, OPT_MAX);
	memcpy(copy, s->opts, sizeof(copy));
	for (char *p = strtok_r(copy, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
		unsigned len;

		while (*p == ' ')
			p++;
		len = put_option(p, c->oisn, one);
		if (n + len > OPT_MAX)
			script_fail("too many options");
		memcpy(opt + n, one, len);
		n += len;
	}
	return (n + 3) / 4 * 4;
}

/* defaults() - What was not said follows from what the guest sent before */
static void defaults(struct script_conn *c, struct script_seg *s)
{
	uint32_t end;

	if (!s->has_seq)
		s->seq = c->gnext;
	if (s->flags & TCP_ACK && !s->has_ack)
		s->ack = c->gack;
	if (s->win < 0)
		s->win = c->gwin;
	if (s->flags & TCP_SYN && !c->known)
		c->gfirst = s->seq + 1;
	end = s->seq + s->len + !!(s->flags & TCP_SYN) + !!(s->flags & TCP_FIN);
	if (s->junk || s->bad_csum || s->flags & TCP_RST || s->cut >= 0 || s->off >= 0)
		return;
	if ((int32_t)(end - c->gnext) > 0)
		c->gnext = end;
	if (s->flags & TCP_ACK && (int32_t)(s->ack - c->gack) > 0)
		c->gack = s->ack;
	c->gwin = (uint16_t)s->win;
}

/* payload() - Bytes of the guest's stream, which begins behind its SYN */
static void payload(uint8_t *p, const struct script_conn *c, const struct script_seg *s)
{
	for (uint32_t i = 0; i < s->len; i++)
		p[i] = (uint8_t)(script_byte(OUT, s->seq - c->gfirst + i) ^ (s->junk ? 0xff : 0));
}

/* lie() - What is wrong on purpose */
static uint32_t lie(uint8_t *frame, uint32_t len, const struct script_seg *s)
{
	bool v4 = get_be16(frame + 12) == WIRE_IP4;
	uint8_t *field = frame + 14 + (v4 ? 2 : 4);

	if (s->iplen) {
		uint16_t was = get_be16(field);

		put_be16(field, (uint16_t)(was + s->iplen));
		if (v4) {	/* its checksum stays right, so that this is what counts */
			uint32_t sum = (uint16_t)~get_be16(frame + 24) +
				       (uint32_t)(uint16_t)~was + get_be16(field);

			sum = (sum & 0xffff) + (sum >> 16);
			sum = (sum & 0xffff) + (sum >> 16);
			put_be16(frame + 24, (uint16_t)~sum);
		}
	}
	memset(frame + len, 0xee, s->pad);
	len += s->pad;
	return s->cut >= 0 && (uint32_t)s->cut < len ? (uint32_t)s->cut : len;
}

/**
 * script_seg_build() - Make a segment of the guest
 * @c:		Connection, told what was sent
 * @s:		Segment; what was left out is filled in
 * @frame:	Filled, SCRIPT_FRAME bytes
 * @vh:		Filled
 *
 * Return: length of the frame
 */
uint32_t script_seg_build(struct script_conn *c, struct script_seg *s, uint8_t *frame,
			  struct virtio_net_hdr *vh)
{
	uint8_t opt[OPT_MAX];
	unsigned optlen = put_options(c, s, opt);
	uint32_t head, l4len;
	uint8_t *t;

	defaults(c, s);
	l4len = TCP_LEN + optlen + s->len;
	head = packet_head(frame, &c->guest, &c->far, WIRE_TCP, l4len, 0);
	t = frame + head;
	memset(t, 0, TCP_LEN);
	put_be16(t, c->gport);
	put_be16(t + 2, c->fport);
	put_be32(t + 4, c->gisn + s->seq);
	if (s->flags & TCP_ACK)
		put_be32(t + 8, c->oisn + s->ack);
	t[12] = (uint8_t)((s->off >= 0 ? (unsigned)s->off : (TCP_LEN + optlen) / 4) << 4);
	t[13] = s->flags;
	put_be16(t + 14, (uint16_t)s->win);
	put_be16(t + 18, s->urg);
	memcpy(t + TCP_LEN, opt, optlen);
	payload(t + TCP_LEN + optlen, c, s);
	put_be16(t + 16, (uint16_t)(packet_csum(frame, head, l4len, WIRE_TCP) ^ s->bad_csum));

	memset(vh, 0, sizeof(*vh));
	if (s->no_csum || s->tso) {
		put_be16(t + 16, 0xbad);
		vh->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		vh->csum_start = (uint16_t)head;
		vh->csum_offset = 16;
	}
	if (s->tso) {
		vh->gso_type = addr_is4(&c->far) ? VIRTIO_NET_HDR_GSO_TCPV4 :
						   VIRTIO_NET_HDR_GSO_TCPV6;
		vh->gso_size = (uint16_t)s->tso;
		vh->hdr_len = (uint16_t)(head + TCP_LEN + optlen);
	}
	return lie(frame, head + l4len, s);
}

/* check_blocks() - What a SACK option names lies behind the gap, and is apart */
static void check_blocks(const struct late_block *b, int n, uint32_t ack)
{
	for (int i = 0; i < n; i++) {
		bool good = (int32_t)(b[i].start - ack) > 0 && (int32_t)(b[i].end - b[i].start) > 0;

		for (int k = 0; k < i; k++)
			good &= (int32_t)(b[i].start - b[k].end) > 0 ||
				(int32_t)(b[k].start - b[i].end) > 0;
		if (!good)
			script_fail("block %u:%u of the SACK option", b[i].start, b[i].end);
	}
}

/* sack_text() - A SACK option, checked, as text; its length there */
static size_t sack_text(const uint8_t *p, uint32_t isn, uint32_t ack, char *text,
			size_t size)
{
	struct late_block b[OPT_MAX / 8];
	const uint8_t *at = p + 2;
	size_t n = (size_t)snprintf(text, size, "sack");
	int num = (p[1] - 2) / 8;

	if (!num || num * 8 + 2 != p[1])
		script_fail("length of the SACK option");
	for (int i = 0; i < num; i++, at += 8) {
		b[i].start = get_be32(at) - isn;
		b[i].end = get_be32(at + 4) - isn;
		n += (size_t)snprintf(text + n, size - n, " %u:%u", b[i].start, b[i].end);
	}
	check_blocks(b, num, ack);
	return n;
}

/* option_text() - One option that has a length, as text; its length there */
static size_t option_text(const uint8_t *p, const char *comma, uint32_t isn, uint32_t ack,
			  char *text, size_t size)
{
	size_t n = (size_t)snprintf(text, size, "%s", comma);

	text += n;
	size -= n;
	if (p[0] == TCPOPT_MSS)
		return n + (size_t)snprintf(text, size, "mss %u", get_be16(p + 2));
	if (p[0] == TCPOPT_WSCALE)
		return n + (size_t)snprintf(text, size, "wscale %u", p[2]);
	if (p[0] == TCPOPT_SACK_OK)
		return n + (size_t)snprintf(text, size, "sackOK");
	if (p[0] == TCPOPT_SACK_)
		return n + sack_text(p, isn, ack, text, size);
	return n + (size_t)snprintf(text, size, "kind %u", p[0]);
}

/* options_text() - Options of the program's, as scripts write them */
static void options_text(const uint8_t *p, uint32_t len, uint32_t isn, uint32_t ack,
			 char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < len && n < size;) {
		const char *comma = n ? "," : "";

		if (p[i] == TCPOPT_NOP_ || p[i] == TCPOPT_END) {
			n += (size_t)snprintf(text + n, size - n, "%s%s", comma,
					      p[i] == TCPOPT_NOP_ ? "nop" : "eol");
			i++;
			continue;
		}
		if (i + 1 >= len || p[i + 1] < 2 || i + p[i + 1] > len)
			script_fail("options of the frame above");
		n += option_text(p + i, comma, isn, ack, text + n, size - n);
		i += p[i + 1];
	}
}

/* verify() - Payload to the guest is what the remote end sent at that place */
static void verify(const uint8_t *p, const struct script_seg *s)
{
	for (uint32_t i = 0; i < s->len; i++) {
		if (p[i] != script_byte(IN, s->seq - 1 + i))
			script_fail("byte %u of the stream to the guest is not what was sent",
				    s->seq - 1 + i);
	}
}

/**
 * script_seg_read() - Read a segment of the program's
 * @o:		Frame
 * @c:		Connection it should belong to; learns the ISN
 * @s:		Filled
 *
 * Return: false if it belongs to another one, or is no segment
 */
bool script_seg_read(const struct script_out *o, struct script_conn *c,
		     struct script_seg *s)
{
	struct addr src, dst;
	uint32_t at, l4len, hlen;
	const uint8_t *t;

	if (!packet_l4(o->data, o->len, WIRE_TCP, &at, &l4len, &src, &dst))
		return false;
	t = o->data + at;
	if (!addr_eq(&src, &c->far) || !addr_eq(&dst, &c->guest) ||
	    get_be16(t) != c->fport || get_be16(t + 2) != c->gport)
		return false;
	memset(s, 0, sizeof(*s));
	hlen = (uint32_t)(t[12] >> 4) * 4;
	if (hlen < TCP_LEN || hlen > l4len)
		script_fail("data offset of the frame above");
	s->flags = t[13];
	if (s->flags & TCP_SYN && !c->known) {
		c->before = c->oisn;
		c->oisn = get_be32(t + 4);
		c->known = true;
	}
	s->seq = get_be32(t + 4) - (c->known ? c->oisn : 0);
	s->len = l4len - hlen;
	s->ack = s->flags & TCP_ACK ? get_be32(t + 8) - c->gisn : 0;
	s->win = get_be16(t + 14);
	s->tso = o->vh.gso_type == VIRTIO_NET_HDR_GSO_NONE ? 0 : o->vh.gso_size;
	options_text(t + TCP_LEN, hlen - TCP_LEN, c->gisn, s->ack, s->opts,
		     sizeof(s->opts));
	verify(t + hlen, s);
	return true;
}

/* differ() - A part of the segment is not as expected */
__attribute__((noreturn))
static void differ(const char *what, const struct script_out *o)
{
	script_fail("%s differs, came: %s", what, o->text);
}

/**
 * script_seg_check() - Compare the program's segment with what is expected
 * @o:		Frame
 * @c:		Connection; told what was sent
 * @want:	Expected; numbers left out follow from what was sent before
 */
void script_seg_check(const struct script_out *o, struct script_conn *c,
		      const struct script_seg *want)
{
	struct script_seg s;
	uint32_t seq = want->has_seq ? want->seq : c->onext;
	uint32_t ack = want->has_ack ? want->ack : c->oack;
	uint32_t end;

	if (!script_seg_read(o, c, &s))
		differ("connection", o);
	if (s.flags != want->flags)
		differ("flags", o);
	if (!want->any_seq && (s.seq != seq || s.len != want->len))
		differ("sequence", o);
	if (s.flags & TCP_ACK && !want->any_ack && s.ack != ack)
		differ("acknowledgement", o);
	if (want->win >= 0 && s.win != want->win)
		differ("window", o);
	if (want->has_opts && fnmatch(want->opts, s.opts, 0))
		differ("options", o);
	if (s.tso != want->tso)
		differ("segment size", o);
	end = s.seq + s.len + !!(s.flags & TCP_SYN) + !!(s.flags & TCP_FIN);
	if ((int32_t)(end - c->onext) > 0 && !(s.flags & TCP_RST))
		c->onext = end;
	if (s.flags & TCP_ACK)
		c->oack = s.ack;
}
