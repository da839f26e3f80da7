// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * resolv.c - resolv.conf as people write it, and as nobody should
 * links: resolv.c dnsname.c addr.c util.c
 */
#include "resolv.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/unit/check.h"

static struct resolv r;

/* parse_n() - Have a copy parsed, of which each byte beyond its end is watched */
static void parse_n(const char *text, size_t len)
{
	char *copy = malloc(len + 1);

	memcpy(copy, text, len);
	resolv_parse(copy, len, &r);
	free(copy);
}

static void parse(const char *text)
{
	parse_n(text, strlen(text));
}

static bool ns_is(unsigned i, const char *text, const char *zone)
{
	char buf[ADDR_TEXT];

	return i < r.nns && !strcmp(addr_text(&r.ns[i].addr, buf), text) &&
	       !strcmp(r.ns[i].zone, zone);
}

static void test_usual(void)
{
	parse("# made by hand\n"
	      "nameserver 192.0.2.53\n"
	      "nameserver\t2001:db8::53   # the other one\r\n"
	      "; no\n"
	      "nameserver fe80::1%eth0\n"
	      "search example.org. lan\tcorp.example.com\n"
	      "options edns0 trust-ad\n"
	      "nameserver 127.0.0.53");
	CHECK_EQ(r.nns, 4);
	CHECK(ns_is(0, "192.0.2.53", ""));
	CHECK(ns_is(1, "2001:db8::53", ""));
	CHECK(ns_is(2, "fe80::1", "eth0"));
	CHECK(ns_is(3, "127.0.0.53", ""));
	CHECK_EQ(r.nsearch, 3);
	CHECK_STR(r.search[0], "example.org");
	CHECK_STR(r.search[1], "lan");
	CHECK_STR(r.search[2], "corp.example.com");
}

static void test_last_counts(void)
{
	parse("search a b\ndomain c\n");
	CHECK_EQ(r.nsearch, 1);
	CHECK_STR(r.search[0], "c");
	parse("domain c\nsearch a b\n");
	CHECK_EQ(r.nsearch, 2);
	parse("search a b\nsearch .\n");
	CHECK_EQ(r.nsearch, 0);
}

static void test_strange(void)
{
	parse("");
	CHECK_EQ(r.nns + r.nsearch, 0);
	parse(" nameserver 192.0.2.1\n#nameserver 192.0.2.2\n"
	      "nameservers 192.0.2.3\nnameserver\nnameserver # 192.0.2.4\n"
	      "nameserver 192.0.2.300\nnameserver 192.0.2\n"
	      "nameserver ::1%\nnameserver fe80::1%an_interface_name\n");
	CHECK_EQ(r.nns, 1);
	CHECK(ns_is(0, "::1", ""));
	parse("search good .bad bad..bad b\\d b\x01\x64 ok_\n");
	CHECK_EQ(r.nsearch, 2);
	CHECK_STR(r.search[0], "good");
	CHECK_STR(r.search[1], "ok_");
	parse_n("nameserver 192.0.2.1\0x\nnameserver 192.0.2.2\n", 44);
	CHECK_EQ(r.nns, 1);
	CHECK(ns_is(0, "192.0.2.2", ""));
}

/* labels() - A line with a name of labels of @n letters, @count of them */
static void labels(char *line, int n, int count)
{
	memcpy(line, "search ", 7);
	line += 7;
	for (int i = 0; i < count; i++) {
		memset(line, 'a', (size_t)n);
		line += n;
		*line++ = i < count - 1 ? '.' : '\n';
	}
	*line = '\0';
}

static void test_lengths(void)
{
	char line[600];

	labels(line, 63, 1);
	parse(line);
	CHECK_EQ(r.nsearch, 1);
	labels(line, 64, 1);
	parse(line);
	CHECK_EQ(r.nsearch, 0);
	labels(line, 1, 127);		/* 253 characters */
	parse(line);
	CHECK_EQ(r.nsearch, 1);
	labels(line, 1, 128);
	parse(line);
	CHECK_EQ(r.nsearch, 0);
	labels(line, 50, 10);
	parse(line);
	CHECK_EQ(r.nsearch, 0);
}

static void test_many(void)
{
	char text[4096];
	size_t n = 0;

	for (int i = 0; i < 40; i++)
		n += (size_t)sprintf(text + n, "nameserver 192.0.2.%d\n", i + 1);
	n += (size_t)sprintf(text + n, "search");
	for (int i = 0; i < 40; i++)
		n += (size_t)sprintf(text + n, " n%d", i);
	parse(text);
	CHECK_EQ(r.nns, RESOLV_NS_MAX);
	CHECK(ns_is(RESOLV_NS_MAX - 1, "192.0.2.16", ""));
	CHECK_EQ(r.nsearch, RESOLV_SEARCH_MAX);
}

static void test_random(void)
{
	static const char *const words[] = {
		"nameserver", "search", "domain", " ", "\t", "\n", "%", ".", "#",
		";", "192.0.2.1", "::", "fe80::1", "eth0", "a.b", "\r\n", "\\",
	};
	char text[300];

	for (int i = 0; i < 100000; i++) {
		size_t n = 0;

		while (n < sizeof(text) - 20) {
			const char *w = words[check_below(ARRAY_SIZE(words))];

			while (*w)
				text[n++] = *w++;
			if (!check_below(9))
				text[n++] = (char)check_rand();
		}
		parse_n(text, check_below(n + 1));
		CHECK(r.nns <= RESOLV_NS_MAX && r.nsearch <= RESOLV_SEARCH_MAX);
		for (unsigned k = 0; k < r.nsearch; k++)
			CHECK(*r.search[k] && strlen(r.search[k]) <= 253);
	}
}

static void test_file(void)
{
	char path[] = "/tmp/resolv-XXXXXX";
	char block[1000];
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, "nameserver 192.0.2.1\n", 21), 21);
	CHECK_EQ(resolv_read(path, &r), 0);
	CHECK(ns_is(0, "192.0.2.1", ""));

	/* A long file: its beginning counts, and nothing breaks */
	memset(block, '\n', sizeof(block));
	for (int i = 0; i < 100; i++)
		CHECK_EQ(write(fd, block, sizeof(block)), sizeof(block));
	CHECK_EQ(write(fd, "nameserver 192.0.2.2\n", 21), 21);
	CHECK_EQ(resolv_read(path, &r), 0);
	CHECK_EQ(r.nns, 1);
	close(fd);
	unlink(path);
	CHECK_EQ(resolv_read(path, &r), -ENOENT);
	CHECK_EQ(r.nns, 0);
	CHECK_EQ(resolv_read("/tmp", &r), -EISDIR);

	/* A FIFO nobody writes to must not keep us waiting */
	CHECK_EQ(mkfifo(path, 0600), 0);
	CHECK_EQ(resolv_read(path, &r), 0);
	unlink(path);
}

int main(void)
{
	RUN(test_usual);
	RUN(test_last_counts);
	RUN(test_strange);
	RUN(test_lengths);
	RUN(test_many);
	RUN(test_random);
	RUN(test_file);
	return check_done();
}
