// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * image.c - a checkpoint as a stream of bytes: sections, written and read
 *
 * Theory of operation
 *
 *	magic (8)  major (2)  minor (2)  0 (4)
 *	type (2)  0 (2)  length (4)  body (length)  sum (8)	again and again
 *	type IMAGE_END, length 0, sum
 *
 *   All numbers are big endian.  The sum is XXH64 over type to body, with the place of the
 *   section in the stream as seed: it tells damage, not forgery, and also a section that
 *   is missing or in another's place.
 *
 *   A section of a type the reader does not know is an error, unless its type says that
 *   it may be skipped.  Members may be added behind the last one of a section: who
 *   does not know them does not look there, who misses them has a default.
 *
 *   The stream goes through one buffer to and from any descriptor: file, pipe or socket,
 *   blocking or not.  One that makes no progress for IMAGE_STALL_MS is given up.
 *
 * Invariants
 *   M1  len <= sizeof(buf), begin <= len
 *   M2  while an error is noted nothing is read or written any more
 */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "util.h"
#include "xxhash.h"

enum {
	MAGIC_LEN	= 8,
	FILE_HEAD	= MAGIC_LEN + 8,
	HEAD		= 8,		/* of a section */
	SUM		= 8,
	BUFFER		= 256 * 1024,
	PIPE_SIZE	= BUFFER,	/* room in a pipe, if the system lets us */
	ERROR_LEN	= 160,
};

static const uint8_t magic[MAGIC_LEN] = { 'p', 'a', 's', 's', 't', 0x1a, '\r', '\n' };

/**
 * struct image_self - state of this file
 * @fd:		the other end
 * @at:		offset in the stream of buf[0], bytes
 * @begin:	first byte in @buf that was not used yet (reading), or start of the
 *		present section (writing)
 * @len:	bytes in @buf
 * @body:	of the section that is being written
 * @whole:	a file: it takes all at once
 * @rc:		0, or the first error, -errno
 * @error:	what is wrong, empty: nothing
 * @buf:	part of the stream
 */
static struct {
	int fd;
	uint64_t at;
	size_t begin;
	size_t len;
	struct pkt_writer body;
	bool whole;
	int rc;
	char error[ERROR_LEN];
	uint8_t buf[BUFFER];
} self;

_Static_assert(BUFFER >= 2 * (HEAD + IMAGE_BODY_MAX + SUM), "a section fits behind another");

/* byte_at() - Number of a byte in the buffer, in the stream, as printf() wants it */
static unsigned long long byte_at(size_t i)
{
	uint64_t at = self.at + i;

	return at;
}

/* wrong() - Note the first error */
static int __attribute__((format(printf, 2, 3))) wrong(int rc, const char *fmt, ...)
{
	va_list ap;

	if (self.rc)
		return self.rc;
	self.rc = rc;
	va_start(ap, fmt);
	(void)vsnprintf(self.error, sizeof(self.error), fmt, ap);
	va_end(ap);
	return rc;
}

/* begin() - Another image, on another descriptor */
static void begin(int fd)
{
	struct stat st;

	self.fd = fd;
	self.whole = !fstat(fd, &st) && S_ISREG(st.st_mode);
	/* Of a pipe: fewer turns between who writes and who reads */
	(void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
	self.at = 0;
	self.begin = 0;
	self.len = 0;
	self.rc = 0;
	self.error[0] = '\0';
}

/* sum() - Checksum of a section: of @len bytes, at an offset of the stream */
static uint64_t sum(const uint8_t *p, size_t len, uint64_t at)
{
	return xxh64(p, len, at);
}

/* ready() - Wait until the descriptor takes or has bytes; 0, -errno */
static int ready(short events)
{
	struct pollfd p = { .fd = self.fd, .events = events };
	int n;

	do {
		n = poll(&p, 1, IMAGE_STALL_MS);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n ? 0 : -ETIMEDOUT;
}

/*
 * put() - Write what a descriptor that is ready takes, also if it would block for more
 *
 * O_NONBLOCK is not ours to set: others may have the other copies of the descriptor.
 */
static ssize_t put(const uint8_t *data, size_t len)
{
	ssize_t n = send(self.fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	struct iovec iov = { .iov_len = len };

	if (n >= 0 || errno != ENOTSOCK)
		return n;
	if (self.whole)
		return write(self.fd, data, len);
	memcpy(&iov.iov_base, &data, sizeof(data));	/* which is only read */
	n = pwritev2(self.fd, &iov, 1, -1, RWF_NOWAIT);
	if (n >= 0 || errno != EOPNOTSUPP)
		return n;
	/* Before Linux 6.5; a pipe that is ready has room for so much: pipe(7) */
	return write(self.fd, data, min_size(len, PIPE_BUF));
}

/* flush() - Write all of the buffer; 0, -errno */
static int flush(void)
{
	size_t done = 0;

	while (!self.rc && done < self.len) {
		int rc = ready(POLLOUT);
		ssize_t n = rc ? -1 : put(self.buf + done, self.len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (rc || (errno != EAGAIN && errno != EINTR))
			wrong(rc ? rc : -errno, "write at byte %llu: %s",
			      byte_at(done), strerror(rc ? -rc : errno));
	}
	self.at += done;
	self.begin = 0;
	self.len = 0;
	return self.rc;
}

/**
 * image_put_fields() - Append members of a struct to a section
 * @w:		Body of the section
 * @f:		Which members, in this order
 * @n:		How many
 * @from:	The struct
 */
void image_put_fields(struct pkt_writer *w, const struct image_field *f, int n, const void *from)
{
	for (; n > 0; n--, f++) {
		const uint8_t *p = (const uint8_t *)from + f->at;
		uint16_t half;
		uint32_t word;

		switch (f->size) {
		case sizeof(half):
			memcpy(&half, p, sizeof(half));
			pkt_put_be16(w, half);
			break;
		case sizeof(word):
			memcpy(&word, p, sizeof(word));
			pkt_put_be32(w, word);
			break;
		default:
			pkt_put(w, p, f->size);
			break;
		}
	}
}

/**
 * image_get_fields() - Read members of a struct from a section
 * @r:		Body of the section; @r->bad is set if it is too short
 * @f:		Which members, in this order
 * @n:		How many
 * @to:		The struct
 */
void image_get_fields(struct pkt_reader *r, const struct image_field *f, int n, void *to)
{
	for (; n > 0; n--, f++) {
		const uint8_t *from = pkt_take(r, f->size);
		uint8_t *p = (uint8_t *)to + f->at;
		uint16_t half;
		uint32_t word;

		if (!from)
			return;
		switch (f->size) {
		case sizeof(half):
			half = get_be16(from);
			memcpy(p, &half, sizeof(half));
			break;
		case sizeof(word):
			word = get_be32(from);
			memcpy(p, &word, sizeof(word));
			break;
		default:
			memcpy(p, from, f->size);
			break;
		}
	}
}

/**
 * image_write_begin() - Write an image
 * @fd:		Where to
 *
 * Return: 0; -errno, see image_error()
 */
int image_write_begin(int fd)
{
	begin(fd);
	memcpy(self.buf, magic, MAGIC_LEN);
	put_be16(self.buf + MAGIC_LEN, IMAGE_MAJOR);
	put_be16(self.buf + MAGIC_LEN + 2, IMAGE_MINOR);
	put_be32(self.buf + MAGIC_LEN + 4, 0);
	self.len = self.begin = FILE_HEAD;
	return 0;
}

/**
 * image_section() - Begin a section
 * @type:	What it is
 *
 * Return: writer for its body, IMAGE_BODY_MAX bytes at most; good until image_section_end()
 */
struct pkt_writer *image_section(enum image_type type)
{
	uint8_t *p;

	if (self.len + HEAD + IMAGE_BODY_MAX + SUM > BUFFER)
		(void)flush();
	self.begin = self.len;
	p = self.buf + self.begin;
	put_be16(p, (uint16_t)type);
	put_be16(p + 2, 0);
	self.body = pkt_writer(p + HEAD, IMAGE_BODY_MAX);
	return &self.body;
}

/**
 * image_section_end() - The body is complete
 *
 * Return: 0; -errno: writing failed, now or before, see image_error()
 */
int image_section_end(void)
{
	uint8_t *p = self.buf + self.begin;
	uint64_t s;

	if (self.rc)
		return self.rc;
	if (self.body.bad)
		return wrong(-EMSGSIZE, "section of type %u is too long", get_be16(p));
	put_be32(p + 4, (uint32_t)self.body.len);
	s = sum(p, HEAD + self.body.len, self.at + self.begin);
	put_be32(p + HEAD + self.body.len, (uint32_t)(s >> 32));
	put_be32(p + HEAD + self.body.len + 4, (uint32_t)s);
	self.len = self.begin + HEAD + self.body.len + SUM;
	return 0;
}

/**
 * image_write_end() - The image is complete
 *
 * Return: 0: all is written; -errno, see image_error()
 */
int image_write_end(void)
{
	(void)image_section(IMAGE_END);
	(void)image_section_end();
	return flush();
}

/* fill() - Have at least @n unused bytes in the buffer, from @begin on; 0, -errno */
static int fill(size_t n)
{
	if (self.begin + n > BUFFER) {
		memmove(self.buf, self.buf + self.begin, self.len - self.begin);
		self.at += self.begin;
		self.len -= self.begin;
		self.begin = 0;
	}
	while (!self.rc && self.len - self.begin < n) {
		int rc = ready(POLLIN);
		ssize_t got = rc ? -1 : read(self.fd, self.buf + self.len, BUFFER - self.len);

		if (got > 0)
			self.len += (size_t)got;
		else if (!got)
			wrong(-ENODATA, "it ends at byte %llu, in the middle",
			      byte_at(self.len));
		else if (rc || (errno != EAGAIN && errno != EINTR))
			wrong(rc ? rc : -errno, "read at byte %llu: %s",
			      byte_at(self.len),
			      strerror(rc ? -rc : errno));
	}
	return self.rc;
}

/**
 * image_read_begin() - Read an image
 * @fd:		Where from
 *
 * Return: 0; -errno, see image_error(): it is none, or of another version
 */
int image_read_begin(int fd)
{
	const uint8_t *p = self.buf;

	begin(fd);
	if (fill(FILE_HEAD))
		return self.rc;
	if (memcmp(p, magic, MAGIC_LEN))
		return wrong(-EINVAL, "it is no checkpoint of this program, byte 0");
	if (get_be16(p + MAGIC_LEN) != IMAGE_MAJOR)
		return wrong(-EPROTONOSUPPORT, "version %u, not %u, byte %u",
			     get_be16(p + MAGIC_LEN), IMAGE_MAJOR, MAGIC_LEN);
	self.begin = FILE_HEAD;
	return 0;
}

/**
 * image_next() - The next section
 * @s:		Set on success, its body checked for damage
 *
 * Return: 1; 0: that was the end; -errno, see image_error()
 */
int image_next(struct image_section *s)
{
	uint64_t at = self.at + self.begin;
	const uint8_t *p;
	uint32_t len;

	if (fill(HEAD + SUM))
		return self.rc;
	p = self.buf + self.begin;
	len = get_be32(p + 4);
	if (len > IMAGE_BODY_MAX)
		return wrong(-EINVAL, "section of %u bytes at byte %llu", len,
			     (unsigned long long)at);
	if (fill(HEAD + len + SUM))
		return self.rc;
	p = self.buf + self.begin;
	if (sum(p, HEAD + len, at) != ((uint64_t)get_be32(p + HEAD + len) << 32 |
				       get_be32(p + HEAD + len + 4)))
		return wrong(-EBADMSG, "damaged in the section at byte %llu",
			     (unsigned long long)at);
	s->type = get_be16(p);
	s->body = pkt_reader(p + HEAD, len);
	s->at = at;
	self.begin += HEAD + len + SUM;
	return s->type != IMAGE_END;
}

/**
 * image_offset() - How far the stream was written, or used
 *
 * Return: bytes
 */
uint64_t image_offset(void)
{
	return self.at + self.begin;
}

/**
 * image_error() - What is wrong
 *
 * Return: text, empty if nothing is; good until the next image begins
 */
const char *image_error(void)
{
	return self.error;
}
