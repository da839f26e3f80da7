// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sha256.c - SHA-256 and HMAC against the vectors of their standards
 * links: util.c
 */
#include "sha256.h"

#include "test/unit/check.h"
#include "util.h"

/* hex() - Bytes of a line of hexadecimal digits */
static void hex(const char *text, uint8_t *to)
{
	for (size_t i = 0; text[2 * i]; i++) {
		char two[3] = { text[2 * i], text[2 * i + 1], '\0' };

		to[i] = (uint8_t)strtoul(two, NULL, 16);
	}
}

/* FIPS 180-2, appendix B, and the empty input */
static void test_standard(void)
{
	static const char *const v[][2] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	uint8_t want[SHA256_LEN], out[SHA256_LEN];
	struct sha256 s;

	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		sha256_begin(&s);
		sha256_add(&s, v[i][0], strlen(v[i][0]));
		sha256_end(&s, out);
		hex(v[i][1], want);
		CHECK_MEM(out, want, sizeof(out));
	}
	hex("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", want);
	sha256_begin(&s);
	for (int i = 0; i < 1000; i++) {
		char a[1000];

		memset(a, 'a', sizeof(a));
		sha256_add(&s, a, sizeof(a));
	}
	sha256_end(&s, out);
	CHECK_MEM(out, want, sizeof(out));
}

/* How the input is cut makes no difference; nor does any length look like another */
static void test_pieces(void)
{
	uint8_t in[200], whole[SHA256_LEN], cut[SHA256_LEN], last[SHA256_LEN] = { 0 };
	struct sha256 s;

	check_fill(in, sizeof(in));
	for (size_t len = 0; len <= sizeof(in); len++) {
		size_t at = check_below(len + 1);

		sha256_begin(&s);
		sha256_add(&s, in, len);
		sha256_end(&s, whole);
		sha256_begin(&s);
		sha256_add(&s, in, at);
		sha256_add(&s, in + at, len - at);
		sha256_end(&s, cut);
		CHECK_MEM(cut, whole, sizeof(cut));
		CHECK(memcmp(whole, last, sizeof(last)) != 0);
		memcpy(last, whole, sizeof(last));
	}
}

/* RFC 4231: test cases 1, 2, and 6, whose key is longer than a block */
static void test_hmac(void)
{
	static uint8_t key1[20], key6[131];
	static char data1[] = "Hi There", data2[] = "what do ya want for nothing?",
		    data6[] = "Test Using Larger Than Block-Size Key - Hash Key First";
	static const struct { const void *key; size_t len; char *data; const char *mac; } v[] = {
		{ key1, sizeof(key1), data1,
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "Jefe", 4, data2,
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ key6, sizeof(key6), data6,
		  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	};
	uint8_t want[SHA256_LEN], out[SHA256_LEN];

	memset(key1, 0x0b, sizeof(key1));
	memset(key6, 0xaa, sizeof(key6));
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		struct iovec iov[2] = { { v[i].data, 3 }, { v[i].data + 3, strlen(v[i].data) - 3 } };

		sha256_hmac(v[i].key, v[i].len, iov, 2, out);
		hex(v[i].mac, want);
		CHECK_MEM(out, want, sizeof(out));
	}
}

int main(void)
{
	RUN(test_standard);
	RUN(test_pieces);
	RUN(test_hmac);
	return check_done();
}
