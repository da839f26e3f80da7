// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dnsname.c - labels, and endings that are shared
 * links: dnsname.c
 *
 * What was packed is unpacked by a reader written from RFC 1035, section 4.1.4,
 * and has to be the names that went in.
 */
#include "dnsname.h"

#include "test/unit/check.h"

/* encode() - Name alone on the wire.  Return: its bytes, 0: refused, nothing written */
static size_t encode(const char *name, uint8_t wire[static DNSNAME_MAX])
{
	struct pkt_writer w = pkt_writer(wire, DNSNAME_MAX);
	bool done = dnsname_put(&w, name, false);

	CHECK_EQ(done, w.len > 0);
	CHECK(!w.bad);
	return w.len;
}

static void test_encode(void)
{
	static const uint8_t want[] = "\7example\3org";
	uint8_t wire[DNSNAME_MAX];

	CHECK_EQ(encode("example.org", wire), sizeof(want));
	CHECK_MEM(wire, want, sizeof(want));
	CHECK_EQ(encode("example.org.", wire), sizeof(want));
	CHECK_MEM(wire, want, sizeof(want));
	CHECK_EQ(encode("a", wire), 3);
}

static void test_refused(void)
{
	static const char *const bad[] = {
		"", ".", "..", ".a", "a..b", "a.b..", "a b", "a\tb", "a\n", "\x7f",
		"caf\xc3\xa9",
	};
	uint8_t wire[DNSNAME_MAX] = { 42 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(encode(bad[i], wire), 0);
		CHECK_EQ(wire[0], 42);
	}
}

/* 63 bytes a label, 255 in all: four labels of 63 are one byte too many */
static void test_limits(void)
{
	uint8_t wire[DNSNAME_MAX];
	char name[260];

	memset(name, 'x', sizeof(name));
	name[63] = '\0';
	CHECK_EQ(encode(name, wire), 65);
	name[63] = 'x';
	name[64] = '\0';
	CHECK_EQ(encode(name, wire), 0);

	for (size_t end = 240; end < sizeof(name); end++) {
		memset(name, 'x', sizeof(name));
		name[63] = name[127] = name[191] = '.';
		name[end] = '\0';
		CHECK_EQ(encode(name, wire), end <= 253 ? end + 2 : 0);
	}
}

/* unpack() - Name at @at as text.  Return: bytes it takes there, 0: malformed */
static size_t unpack(const uint8_t *buf, size_t len, size_t at, char *text)
{
	size_t taken = 0, pos = at, n = 0;

	for (int steps = 0; steps < 200 && pos < len; steps++) {
		if (buf[pos] >> 6 == 3) {
			if (pos + 2 > len)
				return 0;
			if (!taken)
				taken = pos + 2 - at;
			pos = get_be16(buf + pos) & 0x3fff;
			if (pos >= at)		/* forward */
				return 0;
			continue;
		}
		if (!buf[pos]) {
			text[n ? n - 1 : 0] = '\0';
			return taken ? taken : pos + 1 - at;
		}
		if (buf[pos] > 63 || pos + 1 + buf[pos] > len)
			return 0;
		memcpy(text + n, buf + pos + 1, buf[pos]);
		n += buf[pos];
		text[n++] = '.';
		pos += 1U + buf[pos];
	}
	return 0;
}

static void test_pack(void)
{
	static const uint8_t want[] = "\7example\3org\0" "\4corp\300\0" "\3lab\300\15" "\300\10";
	uint8_t buf[64];
	struct pkt_writer w = pkt_writer(buf, sizeof(buf));

	CHECK(dnsname_put(&w, "example.org", true));
	CHECK(dnsname_put(&w, "corp.Example.ORG.", true));
	CHECK(!dnsname_put(&w, "not..a.name", true));
	CHECK(dnsname_put(&w, "lab.corp.example.org", true));
	CHECK(dnsname_put(&w, "org", true));
	CHECK_EQ(w.len, sizeof(want) - 1);
	CHECK_MEM(buf, want, sizeof(want) - 1);
}

/* What does not fit leaves no trace, and what follows may fit */
static void test_pack_full(void)
{
	uint8_t buf[16];
	struct pkt_writer w = pkt_writer(buf, sizeof(buf));

	CHECK(dnsname_put(&w, "abcdef.org", true));
	CHECK_EQ(w.len, 12);
	CHECK(!dnsname_put(&w, "longer.org", true));
	CHECK_EQ(w.len, 12);
	CHECK(!w.bad);
	CHECK(dnsname_put(&w, "x.org", true));
	CHECK_EQ(w.len, 16);
	CHECK(!dnsname_put(&w, "org", true));
}

static void test_pack_random(void)
{
	static const char *const part[] = { "a", "bb", "ccc", "example", "org", "net" };

	for (int round = 0; round < 20000; round++) {
		char name[40][64], got[300];
			uint8_t buf[1024];
		struct pkt_writer w = pkt_writer(buf, sizeof(buf));
		size_t n = check_below(40) + 1, at = 0;

		for (size_t i = 0; i < n; i++) {
			size_t labels = check_below(4) + 1, end = 0;

			for (size_t j = 0; j < labels; j++)
				end += (size_t)snprintf(name[i] + end, sizeof(name[i]) - end,
							"%s%s", j ? "." : "",
							part[check_below(ARRAY_SIZE(part))]);
			CHECK(dnsname_put(&w, name[i], true));
		}
		for (size_t i = 0; i < n; i++) {
			size_t len = unpack(buf, w.len, at, got);

			CHECK(len);
			CHECK_STR(got, name[i]);
			at += len;
		}
		CHECK_EQ(at, w.len);
	}
}

int main(void)
{
	RUN(test_encode);
	RUN(test_refused);
	RUN(test_limits);
	RUN(test_pack);
	RUN(test_pack_full);
	RUN(test_pack_random);
	return check_done();
}
