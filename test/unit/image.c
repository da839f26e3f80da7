// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * image.c - unit test of ../../image.c: what is written is read, by later versions too
 * links: image.c util.c
 *
 * Descriptors are real.  seal() puts sums right where a test has changed a byte.
 */
#include "test/unit/check.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image.h"
#include "log.h"
#include "util.h"
#include "wire.h"
#include "xxhash.h"

enum {
	FILE_HEAD	= 16,
	HEAD		= 8,
	SUM		= 8,
	MAJOR_AT	= 8,
	MINOR_AT	= 10,
	STRANGE		= 99,		/* a type that nobody knows */
	IMAGE_SIZE	= 1 << 20,
};

void log_bug(const char *file, int line, const char *what)
{
	(void)file, (void)line, (void)what;
	CHECK(false);
}

static uint8_t image[IMAGE_SIZE];
static size_t size;
static int fd;

static int put_section(unsigned type, const char *text)
{
	pkt_put(image_section((enum image_type)type), text, strlen(text));
	return image_section_end();
}

/* written() - Have in @image what was written to @fd since begin() */
static void written(void)
{
	ssize_t n = pread(fd, image, sizeof(image), 0);

	CHECK(n > FILE_HEAD && n < IMAGE_SIZE);
	size = n > 0 ? (size_t)n : 0;
}

/* write_some() - An image of three sections, the second one of a type */
static void write_some(unsigned type)
{
	CHECK(!ftruncate(fd, 0) && !lseek(fd, 0, SEEK_SET));
	CHECK_EQ(image_write_begin(fd), 0);
	CHECK_EQ(put_section(IMAGE_PROGRAM, "first"), 0);
	CHECK_EQ(put_section(type, "second, a longer one"), 0);
	CHECK_EQ(put_section(IMAGE_NET, ""), 0);
	CHECK_EQ(image_write_end(), 0);
	written();
	CHECK_EQ(image_offset(), size);
}

/* seal() - Put the sums of all sections right */
static void seal(void)
{
	for (size_t i = FILE_HEAD, len; i + HEAD + SUM <= size; i += HEAD + len + SUM) {
		uint64_t s;

		len = get_be32(image + i + 4);
		if (len > size - i - HEAD - SUM)
			return;
		s = xxh64(image + i, HEAD + len, i);
		put_be32(image + i + HEAD + len, (uint32_t)(s >> 32));
		put_be32(image + i + HEAD + len + 4, (uint32_t)s);
	}
}

/* open_image() - Begin to read @image; as image_read_begin() */
static int open_image(void)
{
	CHECK(!ftruncate(fd, 0) && pwrite(fd, image, size, 0) == (ssize_t)size);
	CHECK(!lseek(fd, 0, SEEK_SET));
	return image_read_begin(fd);
}

/* reads() - The next section is this one */
static void reads(unsigned type, const char *text, uint64_t at)
{
	struct image_section s = { 0 };

	CHECK_EQ(image_next(&s), 1);
	CHECK_EQ(s.type, type);
	CHECK_EQ(s.at, at);
	CHECK_EQ(s.body.left, strlen(text));
	CHECK(s.body.left == strlen(text) && !memcmp(s.body.p, text, strlen(text)));
}

/* refuses() - Reading fails from here on, and says why */
static void refuses(int rc, const char *why)
{
	struct image_section s;

	CHECK_EQ(image_next(&s), rc);
	CHECK_STR(image_error(), why);
	CHECK_EQ(image_next(&s), rc);
}

/* As it was written: header, and sections with their places */
static void test_same(void)
{
	static const uint8_t head[FILE_HEAD] = "passt\x1a\r\n\0\1\0\0\0\0\0";
	struct image_section s;

	write_some(IMAGE_FLOW);
	CHECK(!memcmp(image, head, sizeof(head)));
	CHECK_EQ(size, FILE_HEAD + 4 * (HEAD + SUM) + 5 + 20);
	CHECK_EQ(open_image(), 0);
	reads(IMAGE_PROGRAM, "first", FILE_HEAD);
	reads(IMAGE_FLOW, "second, a longer one", FILE_HEAD + 21);
	reads(IMAGE_NET, "", FILE_HEAD + 21 + 36);
	CHECK_EQ(image_next(&s), 0);
	CHECK_EQ(image_offset(), size);
	CHECK_STR(image_error(), "");
}

/* A later minor version is read, another major one is not */
static void test_version(void)
{
	write_some(IMAGE_FLOW);
	put_be16(image + MINOR_AT, IMAGE_MINOR + 7);
	CHECK_EQ(open_image(), 0);
	reads(IMAGE_PROGRAM, "first", FILE_HEAD);
	put_be16(image + MAJOR_AT, IMAGE_MAJOR + 1);
	CHECK_EQ(open_image(), -EPROTONOSUPPORT);
	CHECK_STR(image_error(), "version 2, not 1, byte 8");
	put_be16(image + MAJOR_AT, 0);
	CHECK_EQ(open_image(), -EPROTONOSUPPORT);
	put_be16(image + MAJOR_AT, IMAGE_MAJOR);
	image[1]++;
	CHECK_EQ(open_image(), -EINVAL);
	CHECK_STR(image_error(), "it is no checkpoint of this program, byte 0");
}

/* Types that nobody knows come as they are: whether to skip them is for the caller */
static void test_unknown(void)
{
	static const unsigned types[] = { STRANGE, STRANGE | IMAGE_SKIP, 0x7fff, 0xffff };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		write_some(types[i]);
		CHECK_EQ(open_image(), 0);
		reads(IMAGE_PROGRAM, "first", FILE_HEAD);
		reads(types[i], "second, a longer one", FILE_HEAD + 21);
		reads(IMAGE_NET, "", FILE_HEAD + 21 + 36);
	}
}

/* Members that nobody knows stand behind those that are; those that miss show */
static void test_members(void)
{
	struct old { uint8_t a; uint16_t b; uint32_t c; } is = { 1, 2, 3 }, was = { 0 };
	static const struct image_field f[] = {
		IMAGE_FIELD(old, a), IMAGE_FIELD(old, b), IMAGE_FIELD(old, c),
	};
	struct image_section s;
	struct pkt_writer *w;

	CHECK(!ftruncate(fd, 0) && !lseek(fd, 0, SEEK_SET));
	CHECK_EQ(image_write_begin(fd), 0);
	image_put_fields(image_section(IMAGE_TCP), f, 3, &is);
	CHECK_EQ(image_section_end(), 0);
	w = image_section(IMAGE_TCP);
	image_put_fields(w, f, 3, &is);
	pkt_put(w, "more", 4);
	CHECK_EQ(image_section_end(), 0);
	image_put_fields(image_section(IMAGE_TCP), f, 2, &is);
	CHECK_EQ(image_section_end(), 0);
	CHECK_EQ(image_write_end(), 0);
	written();
	CHECK(!memcmp(image + FILE_HEAD + HEAD, "\1\0\2\0\0\0\3", 7));
	CHECK_EQ(open_image(), 0);
	for (int i = 0; i < 2; i++) {
		was = (struct old){ 0 };
		CHECK_EQ(image_next(&s), 1);
		image_get_fields(&s.body, f, 3, &was);
		CHECK(!s.body.bad && was.a == 1 && was.b == 2 && was.c == 3);
		CHECK_EQ(s.body.left, i ? 4 : 0);
	}
	CHECK_EQ(image_next(&s), 1);
	image_get_fields(&s.body, f, 3, &was);
	CHECK(s.body.bad);
}

/* Damage is found, whatever is damaged, and told with its byte */
static void test_damage(void)
{
	for (size_t i = FILE_HEAD; i < FILE_HEAD + HEAD + 5 + SUM; i++) {
		struct image_section s;

		write_some(IMAGE_FLOW);
		image[i] ^= 0x10;
		CHECK_EQ(open_image(), 0);
		CHECK(image_next(&s) < 0);
		CHECK(*image_error());
	}
	write_some(IMAGE_FLOW);
	image[FILE_HEAD + 21 + HEAD]++;
	CHECK_EQ(open_image(), 0);
	reads(IMAGE_PROGRAM, "first", FILE_HEAD);
	refuses(-EBADMSG, "damaged in the section at byte 37");

	/* One that misses: all sums are right, but not at that place */
	write_some(IMAGE_FLOW);
	size -= 21;
	memmove(image + FILE_HEAD, image + FILE_HEAD + 21, size - FILE_HEAD);
	CHECK_EQ(open_image(), 0);
	refuses(-EBADMSG, "damaged in the section at byte 16");

	/* With the sum put right another type is just that */
	write_some(IMAGE_FLOW);
	image[FILE_HEAD + 21 + 1] = STRANGE;
	seal();
	CHECK_EQ(open_image(), 0);
	reads(IMAGE_PROGRAM, "first", FILE_HEAD);
	reads(STRANGE, "second, a longer one", FILE_HEAD + 21);

	write_some(IMAGE_FLOW);
	put_be32(image + FILE_HEAD + 21 + 4, IMAGE_BODY_MAX + 1);
	CHECK_EQ(open_image(), 0);
	reads(IMAGE_PROGRAM, "first", FILE_HEAD);
	refuses(-EINVAL, "section of 65537 bytes at byte 37");
}

/* One that ends too soon says where */
static void test_short(void)
{
	char why[64];

	write_some(IMAGE_FLOW);
	for (size_t n = size; --n; ) {
		struct image_section s;
		int rc;

		size = n;
		rc = open_image();
		while (rc >= 0 && (rc = image_next(&s)) > 0)
			;
		(void)snprintf(why, sizeof(why), "it ends at byte %zu, in the middle", n);
		CHECK_EQ(rc, -ENODATA);
		CHECK_STR(image_error(), why);
	}
}

int main(void)
{
	fd = memfd_create("image", 0);
	CHECK(fd >= 0);
	RUN(test_same);
	RUN(test_version);
	RUN(test_unknown);
	RUN(test_members);
	RUN(test_damage);
	RUN(test_short);
	close(fd);
	return check_done();
}
