// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * util.c - numbers and strings: what is accepted, what is refused
 * links: util.c
 */
#include "util.h"

#include "test/unit/check.h"

static void test_uint_accepts(void)
{
	uint32_t v = 7;

	CHECK(util_parse_uint("0", 0, &v));
	CHECK_EQ(v, 0);
	CHECK(util_parse_uint("65535", 65535, &v));
	CHECK_EQ(v, 65535);
	CHECK(util_parse_uint("4294967295", UINT32_MAX, &v));
	CHECK_EQ(v, UINT32_MAX);
	CHECK(util_parse_uint("0000000000000000000000042", 42, &v));
	CHECK_EQ(v, 42);
}

static void test_uint_refuses(void)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "+1", "-1", "0x1", "1a", "a1", "1.0",
		"4294967296", "18446744073709551617", "99999999999999999999999",
	};
	uint32_t v = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!util_parse_uint(bad[i], UINT32_MAX, &v));
	CHECK(!util_parse_uint("65536", 65535, &v));
	CHECK(!util_parse_uint("1", 0, &v));
	CHECK_EQ(v, 7);
}

/* Against printf(): what it writes comes back, one more than max does not */
static void test_uint_random(void)
{
	for (int i = 0; i < 10000; i++) {
		uint32_t n = (uint32_t)(check_rand() >> (32 + check_below(32)));
		char text[16];
		uint32_t v = 0;

		(void)snprintf(text, sizeof(text), "%" PRIu32, n);
		CHECK(util_parse_uint(text, n, &v));
		CHECK_EQ(v, n);
		if (n)
			CHECK(!util_parse_uint(text, n - 1, &v));
	}
}

static void test_copy(void)
{
	char to[6] = "guard";

	CHECK(util_copy(to, 4, "abc"));
	CHECK_MEM(to, "abc\0d", 6);
	CHECK(!util_copy(to, 4, "abcd"));
	CHECK_STR(to, "abc");
	CHECK(util_copy(to, 1, ""));
	CHECK_STR(to, "");
	CHECK(!util_copy(to, 1, "x"));
	CHECK(util_copy_n(to, sizeof(to), "12345678", 5));
	CHECK_STR(to, "12345");
	CHECK(!util_copy_n(to, sizeof(to), "12345678", 6));
	CHECK(!util_copy_n(to, sizeof(to), "12345678", SIZE_MAX));
}

static void test_mac_accepts(void)
{
	static const uint8_t want[6] = { 0x52, 0x54, 0x00, 0xaB, 0xcd, 0xEf };
	uint8_t mac[6] = { 0 };

	CHECK(util_parse_mac("52:54:00:aB:cd:Ef", mac));
	CHECK_MEM(mac, want, 6);
}

static void test_mac_refuses(void)
{
	static const char *const bad[] = {
		"", ":", "5", "52", "52:", "52:54:00:12:34", "52:54:00:12:34:",
		"52:54:00:12:34:5", "52:54:00:12:34:567", "52:54:00:12:34:56:",
		"52-54-00-12-34-56", "5254:00:12:34:56", "g2:54:00:12:34:56",
		"5g:54:00:12:34:56", " 52:54:00:12:34:56", "52:54:00:12:34:56 ",
		"2:54:00:12:34:56", "::::::",
	};
	uint8_t mac[6] = { 1, 2, 3, 4, 5, 6 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!util_parse_mac(bad[i], mac));
	CHECK_MEM(mac, "\1\2\3\4\5\6", 6);
}

static void test_be(void)
{
	uint8_t b[8] = { 0 };

	put_be16(b + 1, 0xfedc);
	put_be32(b + 3, 0x89abcdef);
	CHECK_MEM(b, "\0\xfe\xdc\x89\xab\xcd\xef\0", 8);
	CHECK_EQ(get_be16(b + 1), 0xfedc);
	CHECK_EQ(get_be32(b + 3), 0x89abcdef);
}

static void test_min(void)
{
	CHECK_EQ(min_size(SIZE_MAX, 1), 1);
	CHECK_EQ(min_u32(UINT32_MAX, 2), 2);
	CHECK_EQ(max_u32(UINT32_MAX, 2), UINT32_MAX);
	CHECK_EQ(min_u64(3, UINT64_MAX), 3);
}

int main(void)
{
	RUN(test_uint_accepts);
	RUN(test_uint_refuses);
	RUN(test_uint_random);
	RUN(test_copy);
	RUN(test_mac_accepts);
	RUN(test_mac_refuses);
	RUN(test_be);
	RUN(test_min);
	return check_done();
}
