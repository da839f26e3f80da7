// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * json.c - unit test of ../../json.c
 * links: json.c
 *
 * The oracle knows no state: it turns a text into tokens, and then brackets that
 * contain none into a value, again and again, until nothing changes.
 */
#include "test/unit/check.h"

#include "json.h"
#include "util.h"

enum { TEXT = 2048, TOKENS = TEXT + 1, ROUNDS = 40000 };

/* Texts, and values of them */

/* parse() - Read a text from memory of its own, so that a byte too far is noticed */
static bool parse(struct json *obj, const char *text, size_t len, char error[static JSON_ERROR])
{
	static char *copy;

	free(copy);
	copy = malloc(len ? len : 1);
	if (!copy)
		abort();
	memcpy(copy, text, len);
	return json_parse(obj, copy, len, error);
}

/* good() - Read a text that has to be in order */
static struct json good(const char *text)
{
	char error[JSON_ERROR] = "";
	struct json obj = { NULL, 0 };

	CHECK(parse(&obj, text, strlen(text), error));
	CHECK_STR(error, "");
	return obj;
}

/* bad() - Read one that has not, for this reason */
static void bad(const char *text, const char *why)
{
	char error[JSON_ERROR] = "";
	struct json obj = { "untouched", 9 };

	CHECK(!parse(&obj, text, strlen(text), error));
	CHECK_STR(error, why);
	CHECK_EQ(obj.len, 9);
}

static void test_good(void)
{
	static const char *const text[] = {
		"{}", " \t\r\n{ } \n", "{\"a\":1}", "{\"\":[]}", "{\"a\":[1,2 , 3]}",
		"{\"a\":-0.5e+10,\"b\":1E2,\"c\":0,\"d\":-0,\"e\":10.25}",
		"{\"a\":{\"a\":{\"a\":null}},\"b\":[true,false,null,\"\"]}",
		"{\"a\":[[[[[[[]]]]]]]}", "{\"\xc3\xa4\":\"\xe2\x82\xac\xf0\x9f\x98\x80\"}",
		"{\"\\u0000\":\"\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
		"{\"x\":\"\x7f\xf4\x8f\xbf\xbf\xee\x80\x80\xed\x9f\xbf\"}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		(void)good(text[i]);
}

static void test_bad(void)
{
	bad("", "byte 1: no object");
	bad("  ", "byte 3: no object");
	bad("[]", "byte 1: no object");
	bad("\xef\xbb\xbf{}", "byte 1: no object");
	bad("{", "byte 2: it ends too early");
	bad("{}x", "byte 3: something behind the object");
	bad("{}{}", "byte 3: something behind the object");
	bad("{]", "byte 2: no name in quotes");
	bad("{,}", "byte 2: no name in quotes");
	bad("{a:1}", "byte 2: no name in quotes");
	bad("{\"a\":1,}", "byte 8: no name in quotes");
	bad("{\"a\"}", "byte 5: no ':' behind a name");
	bad("{\"a\" 1}", "byte 6: no ':' behind a name");
	bad("{\"a\":}", "byte 6: no value");
	bad("{\"a\":", "byte 6: it ends where a value should be");
	bad("{\"a\":1 \"b\":2}", "byte 8: no ',' or '}' behind a value");
	bad("{\"a\":1]", "byte 7: no ',' or '}' behind a value");
	bad("{\"a\":[1}", "byte 8: no ',' or ']' behind a value");
	bad("{\"a\":[1,]}", "byte 9: no value");
	bad("{\"a\":[,1]}", "byte 7: no value");
	bad("{\"a\":+1}", "byte 6: no value");
	bad("{\"a\":.5}", "byte 6: no value");
	bad("{\"a\":-}", "byte 7: number without digits");
	bad("{\"a\":01}", "byte 7: no ',' or '}' behind a value");
	bad("{\"a\":1.}", "byte 8: no digit behind the point");
	bad("{\"a\":1e}", "byte 8: exponent without digits");
	bad("{\"a\":True}", "byte 6: no value");
	bad("{\"a\":tru", "byte 6: no value");
	bad("{\"a\":nullx}", "byte 10: no ',' or '}' behind a value");
	bad("{\"a\":'b'}", "byte 6: no value");
	bad("{\"a\":\"b", "byte 8: string without end");
	bad("{\"a\":\"b\\\"}", "byte 11: string without end");
	bad("{\"a\":\"\n\"}", "byte 7: control character in a string");
	bad("{\"a\":\"\\x\"}", "byte 7: bad escape sequence");
	bad("{\"a\":\"\\u12g4\"}", "byte 7: bad escape sequence");
	bad("{\"a\":\"\\u123", "byte 7: bad escape sequence");
	bad("{\"a\":\"\\", "byte 7: bad escape sequence");
	bad("{\"a\":\"\\ud800\"}", "byte 7: bad escape sequence");
	bad("{\"a\":\"\\ud800\\n\"}", "byte 7: bad escape sequence");
	bad("{\"a\":\"\\ud800\\ud800\"}", "byte 7: bad escape sequence");
	bad("{\"a\":\"\\udc00\\ud800\"}", "byte 7: bad escape sequence");
	bad("{\"a\":\"\x80\"}", "byte 7: not UTF-8");
	bad("{\"a\":\"\xc0\xaf\"}", "byte 7: not UTF-8");
	bad("{\"a\":\"\xe0\x80\xaf\"}", "byte 7: not UTF-8");
	bad("{\"a\":\"\xed\xa0\x80\"}", "byte 7: not UTF-8");
	bad("{\"a\":\"\xf4\x90\x80\x80\"}", "byte 7: not UTF-8");
	bad("{\"a\":\"\xf8\x88\x80\x80\x80\"}", "byte 7: not UTF-8");
	bad("{\"a\":\"\xe2\x82", "byte 7: not UTF-8");
	bad("{\"a\":1,\"b\":2,\"a\":3}", "byte 14: second member of that name");
	bad("{\"a\":1,\"\\u0061\":3}", "byte 8: second member of that name");
	bad("{\"b\":{\"\\n\":1,\"\\u000a\":3}}", "byte 14: second member of that name");
	bad("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":3}", "byte 19: second member of that name");
	bad("{\"a\":[[[[[[[[]]]]]]]]}", "byte 13: too many brackets within each other");
}

/* Limits hold exactly */
static void test_limits(void)
{
	static char text[JSON_LEN_MAX + 2];
	char error[JSON_ERROR] = "";
	struct json obj;
	size_t len = 0;

	memset(text, ' ', sizeof(text));
	text[0] = '{';
	text[JSON_LEN_MAX - 1] = '}';
	CHECK(parse(&obj, text, JSON_LEN_MAX, error));
	CHECK(!parse(&obj, text, JSON_LEN_MAX + 1, error));
	CHECK_STR(error, "byte 65537: too long");

	for (int i = 0; i <= JSON_NAMES; i++) {
		len += (size_t)sprintf(text + len, "%c\"%d\":{\"in\":0}", i ? ',' : '{', i);
		if (i == JSON_NAMES - 2) {
			text[len] = '}';
			CHECK(parse(&obj, text, len + 1, error));
		}
	}
	text[len] = '}';
	CHECK(!parse(&obj, text, len + 1, error));
	CHECK(strstr(error, ": too many members"));
}

static void test_get(void)
{
	struct json obj = good("{ \"n\" : 17,\"s\":\"a\\u00e4\\n\", \"t\":true,\"f\" :false, "
			       "\"o\":{\"n\":[{\"n\":3}],\"}\":\"]\"},\"z\":null,"
			       "\"a\":[ 1,\"x\" ,{} ],"
			       "\"big\":18446744073709551615,\"more\":18446744073709551616,"
			       "\"neg\":-1,\"point\":1.0,\"exp\":1e2,"
			       "\"nul\":\"a\\u0000b\",\"e\":\"\"}");
	char s[8] = "before";
	struct json v, w;
	uint64_t n = 5;
	bool b = false;

	CHECK(json_get_uint(&obj, "n", 17, &n) && n == 17);
	CHECK(!json_get_uint(&obj, "n", 16, &n));
	CHECK(json_get_uint(&obj, "big", UINT64_MAX, &n) && n == UINT64_MAX);
	CHECK(!json_get_uint(&obj, "more", UINT64_MAX, &n) && n == UINT64_MAX);
	CHECK(!json_get_uint(&obj, "neg", 9, &n) && !json_get_uint(&obj, "point", 9, &n) &&
	      !json_get_uint(&obj, "exp", 999, &n) && !json_get_uint(&obj, "s", 9, &n) &&
	      !json_get_uint(&obj, "missing", 9, &n));
	CHECK(!json_get_string(&obj, "nul", s, sizeof(s)) &&
	      !json_get_string(&obj, "n", s, sizeof(s)) && !json_get_string(&obj, "s", s, 4));
	CHECK_STR(s, "before");
	CHECK(json_get_string(&obj, "s", s, 5));
	CHECK_STR(s, "a\xc3\xa4\n");
	CHECK(json_get_string(&obj, "e", s, 1) && !*s);
	CHECK(json_get_bool(&obj, "t", &b) && b);
	CHECK(json_get_bool(&obj, "f", &b) && !b);
	CHECK(!json_get_bool(&obj, "n", &b) && !json_get_bool(&obj, "z", &b));
	CHECK(!json_get_object(&obj, "n", &v) && !json_get_object(&obj, "a", &v));
	CHECK(json_get_object(&obj, "o", &v) && json_has(&v, "n") && !json_has(&v, "z"));
	CHECK(json_get_string(&v, "}", s, sizeof(s)));
	CHECK_STR(s, "]");
	CHECK(json_get(&v, "n", &w) && json_type(&w) == JSON_ARRAY && !json_has(&w, "n"));
	CHECK(json_has(&obj, "z") && !json_has(&obj, "") && !json_has(&obj, "nn"));
	CHECK(json_get(&obj, "z", &v) && json_type(&v) == JSON_NULL && !json_has(&v, "z"));
	v = (struct json){ NULL, 0 };
	CHECK_EQ(json_type(&v), JSON_NONE);
	CHECK(!json_has(&v, "x") && !json_string(&v, s, sizeof(s)) && !json_bool(&v, &b));
}

static void test_walk(void)
{
	static const enum json_type type[] = { JSON_NUMBER, JSON_STRING, JSON_OBJECT,
					       JSON_ARRAY, JSON_BOOL, JSON_NULL };
	struct json obj = good("{\"a\":[ -1.5e3 ,\"]\\\"\",{\"b\":[]},[{},{}],false,null ]}"), a;
	struct json_walk w;
	size_t n = 0;

	CHECK(json_get(&obj, "a", &a));
	for (w = json_walk(&a); json_next(&w); n++) {
		CHECK(n < ARRAY_SIZE(type) && json_type(&w.value) == type[n]);
		CHECK(!w.name.text);
		if (n == 0)
			CHECK_EQ(w.value.len, 6);
		if (n == 3)
			CHECK_EQ(w.value.len, 7);
	}
	CHECK_EQ(n, ARRAY_SIZE(type));
	CHECK(!json_next(&w));
}

/* The writer */

static void test_write(void)
{
	char buf[256];
	struct json_writer w = json_writer(buf, sizeof(buf));

	json_begin_object(&w);
	json_name(&w, "a\"");
	json_put_string(&w, "\\\n\x01\xc3\xa4\xff\xe2\x82");
	json_name(&w, "list");
	json_begin_array(&w);
	json_put_uint(&w, UINT64_MAX);
	json_begin_object(&w);
	json_end_object(&w);
	json_put_bool(&w, true);
	json_begin_array(&w);
	json_end_array(&w);
	json_end_array(&w);
	json_name(&w, "no");
	json_put_bool(&w, false);
	json_end_object(&w);
	CHECK(json_done(&w));
	CHECK_STR(buf, "{\"a\\\"\":\"\\\\\\u000a\\u0001\xc3\xa4"
		  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\","
		  "\"list\":[18446744073709551615,{},true,[]],\"no\":false}");
	(void)good(buf);
}

/* It fits to the byte or not at all, and what is not closed is no text */
static void test_write_limits(void)
{
	for (size_t size = 1; size < 16; size++) {
		char *buf = malloc(size);
		struct json_writer w = json_writer(buf, size);

		json_begin_object(&w);
		json_name(&w, "n");
		json_put_string(&w, "1234");
		json_end_object(&w);
		CHECK_EQ(json_done(&w), size > strlen("{\"n\":\"1234\"}"));
		CHECK_STR(buf, size > strlen("{\"n\":\"1234\"}") ? "{\"n\":\"1234\"}" : "");
		free(buf);
	}
	for (int how = 0; how < 4; how++) {
		char buf[64];
		struct json_writer w = json_writer(buf, sizeof(buf));

		if (how == 3)
			json_end_array(&w);
		for (int i = 0; i < (how == 2 ? JSON_DEPTH + 1 : 1); i++)
			json_begin_array(&w);
		for (int i = 0; how && i < (how == 2 ? JSON_DEPTH + 1 : 3 - how); i++)
			json_end_array(&w);
		CHECK(!json_done(&w));
		CHECK_STR(buf, "");
	}
}

/* The oracle */

/**
 * struct token - piece of a text
 * @kind:	itself, or 's', or 'v' for any other value
 * @chars:	number of characters of a string
 * @code:	these
 */
struct token {
	char kind;
	size_t chars;
	uint32_t code[32];
};

static struct token token[TOKENS];
static size_t ntokens;

/* encode() - UTF-8 as the table in RFC 3629 draws it */
static size_t encode(uint32_t c, uint8_t b[static 4])
{
	if (c < 0x80) {
		b[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		b[0] = (uint8_t)(0xc0 + c / 64);
		b[1] = (uint8_t)(0x80 + c % 64);
		return 2;
	}
	if (c < 0x10000) {
		b[0] = (uint8_t)(0xe0 + c / 4096);
		b[1] = (uint8_t)(0x80 + c / 64 % 64);
		b[2] = (uint8_t)(0x80 + c % 64);
		return 3;
	}
	b[0] = (uint8_t)(0xf0 + c / 262144);
	b[1] = (uint8_t)(0x80 + c / 4096 % 64);
	b[2] = (uint8_t)(0x80 + c / 64 % 64);
	b[3] = (uint8_t)(0x80 + c % 64);
	return 4;
}

/* utf8() - Bytes of the character at @s, whose code is put to @c; 0: there is none */
static size_t utf8(const char *s, size_t left, uint32_t *c)
{
	const uint8_t *b = (const uint8_t *)s;
	uint32_t guess[4];
	uint8_t back[4];

	for (size_t n = 1; n <= 4 && n <= left; n++) {
		guess[0] = b[0];
		guess[1] = n < 2 ? 0 : (uint32_t)(b[0] % 32 * 64 + b[1] % 64);
		guess[2] = n < 3 ? 0 : (uint32_t)(b[0] % 16 * 4096 + b[1] % 64 * 64 + b[2] % 64);
		guess[3] = n < 4 ? 0 : (uint32_t)(b[0] % 8 * 262144 + b[1] % 64 * 4096 +
						  b[2] % 64 * 64 + b[3] % 64);
		*c = guess[n - 1];
		if (*c <= 0x10ffff && *c / 0x800 != 0xd800 / 0x800 && encode(*c, back) == n &&
		    !memcmp(back, b, n))
			return n;
	}
	return 0;
}

/* hex() - Code of a \uXXXX at @s, -1: none */
static int hex(const char *s, size_t left)
{
	char digits[5] = "";

	if (left < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	memcpy(digits, s + 2, 4);
	if (strspn(digits, "0123456789abcdefABCDEF") != 4)
		return -1;
	return (int)strtol(digits, NULL, 16);
}

/* character() - Bytes of the next character of a string, 0: none */
static size_t character(const char *s, size_t left, uint32_t *c)
{
	static const char plain[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	int a = hex(s, left), b = left > 6 ? hex(s + 6, left - 6) : -1;

	if (a >= 0xd800 && a < 0xdc00 && b >= 0xdc00 && b < 0xe000) {
		*c = (uint32_t)(0x10000 + (a - 0xd800) * 1024 + b - 0xdc00);
		return 12;
	}
	*c = (uint32_t)a;
	if (a >= 0)
		return a / 0x800 == 0xd800 / 0x800 ? 0 : 6;
	if ((uint8_t)*s < 32)
		return 0;
	if (*s != '\\')
		return utf8(s, left, c);
	for (size_t i = 0; left > 1 && i + 1 < sizeof(plain); i += 2) {
		*c = (uint8_t)plain[i + 1];
		if (s[1] == plain[i])
			return 2;
	}
	return 0;
}

/* string() - Bytes of a string at @s, 0: none */
static size_t string(const char *s, size_t left, struct token *t)
{
	size_t at = 1;

	t->chars = 0;
	while (at < left && s[at] != '"') {
		uint32_t c;
		size_t n = character(s + at, left - at, &c);

		if (!n)
			return 0;
		if (t->chars < ARRAY_SIZE(t->code))
			t->code[t->chars] = c;
		t->chars++;
		at += n;
	}
	return at < left ? at + 1 : 0;
}

/* count_digits() - How many there are at @s */
static size_t count_digits(const char *s, size_t left)
{
	size_t n = 0;

	while (n < left && s[n] >= '0' && s[n] <= '9')
		n++;
	return n;
}

/* word() - Bytes of a number, true, false or null at @s, 0: none */
static size_t word(const char *s, size_t left)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t at, n;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (left >= strlen(words[i]) && !strncmp(s, words[i], strlen(words[i])))
			return strlen(words[i]);
	}
	at = *s == '-';
	n = count_digits(s + at, left - at);
	if (!n)
		return 0;
	at += s[at] == '0' ? 1 : n;
	if (at < left && s[at] == '.') {
		n = count_digits(s + at + 1, left - at - 1);
		if (!n)
			return 0;
		at += 1 + n;
	}
	if (at < left && (s[at] == 'e' || s[at] == 'E')) {
		size_t sign = at + 1 < left && (s[at + 1] == '+' || s[at + 1] == '-');

		n = count_digits(s + at + 1 + sign, left - at - 1 - sign);
		if (!n)
			return 0;
		at += 1 + sign + n;
	}
	return at;
}

/* is_one_of() - Whether a string has a character, the one that ends it excluded */
static bool is_one_of(const char *set, char c)
{
	while (*set && *set != c)
		set++;
	return *set;
}

/* tokens() - Turn a text into tokens.  Return: it consists of such, not too deep */
static bool tokens(const char *s, size_t len)
{
	int depth = 0;

	ntokens = 0;
	for (size_t at = 0, n; at < len; at += n) {
		struct token *t = &token[ntokens];

		n = 1;
		if (is_one_of(" \t\r\n", s[at]))
			continue;
		t->kind = s[at];
		if (s[at] == '"') {
			t->kind = 's';
			n = string(s + at, len - at, t);
		} else if (!is_one_of("{}[]:,", s[at])) {
			t->kind = 'v';
			n = word(s + at, len - at);
		}
		depth += (t->kind == '{') + (t->kind == '[') - (t->kind == '}') - (t->kind == ']');
		if (!n || depth > JSON_DEPTH)
			return false;
		ntokens++;
	}
	return true;
}

static bool same_name(const struct token *a, const struct token *b)
{
	return a->chars == b->chars && !memcmp(a->code, b->code, a->chars * sizeof(a->code[0]));
}

/* members() - Whether this is the inside of an object, or of an array */
static bool members(const struct token *t, size_t n, bool object)
{
	size_t step = object ? 4 : 2;

	if (!n)
		return true;
	if ((n + 1) % step)
		return false;
	for (size_t i = 0; i < n; i += step) {
		const struct token *value = &t[i + step - 2];

		if (object && (t[i].kind != 's' || t[i + 1].kind != ':'))
			return false;
		if ((value->kind != 's' && value->kind != 'v') ||
		    (i + step - 1 < n && t[i + step - 1].kind != ','))
			return false;
		for (size_t j = 0; object && j < i; j += step) {
			if (same_name(&t[i], &t[j]))
				return false;
		}
	}
	return true;
}

/* reduce() - Put a value in place of the first brackets that have none in them */
static bool reduce(void)
{
	size_t to = 0, from;

	while (to < ntokens && token[to].kind != '}' && token[to].kind != ']')
		to++;
	for (from = to; from && token[from].kind != '{' && token[from].kind != '['; from--)
		;
	if (to == ntokens || token[from].kind != (token[to].kind == '}' ? '{' : '[') ||
	    !members(token + from + 1, to - from - 1, token[from].kind == '{'))
		return false;
	token[from].kind = 'v';
	memmove(token + from + 1, token + to + 1, (ntokens - to - 1) * sizeof(token[0]));
	ntokens -= to - from;
	return true;
}

/* oracle() - Whether a text is an object */
static bool oracle(const char *s, size_t len)
{
	if (!tokens(s, len) || !ntokens || token[0].kind != '{')
		return false;
	while (ntokens > 1) {
		if (!reduce())
			return false;
	}
	return token[0].kind == 'v';
}

/* Texts made up */

static char made[TEXT];
static size_t made_len;

static void add(const char *s)
{
	while (*s && made_len < sizeof(made))
		made[made_len++] = *s++;
}

static void add_blank(void)
{
	static const char *const blank[] = { "", "", "", "", "", " ", "\t", "\n\r" };

	add(blank[check_below(ARRAY_SIZE(blank))]);
}

static void add_string(void)
{
	static const char *const piece[] = {
		"a", "b", "c", "{", "]", ",", "\\\"", "\\\\", "\\u0061", "\\u00E4", "\xc3\xa4",
		"\\ud83d\\ude00", "\xf0\x9f\x98\x80", "\\n", "\\/", "\xe2\x82\xac", "\\u0000",
	};

	add("\"");
	for (uint64_t n = check_below(5); n; n--)
		add(piece[check_below(ARRAY_SIZE(piece))]);
	add("\"");
}

/* add_name() - A name, if this is an object */
static void add_name(char closing)
{
	if (closing != '}')
		return;
	add_string();
	add_blank();
	add(":");
}

/* make() - A text: an object at random, closed at the end */
static void make(void)
{
	static const char *const scalar[] = { "0", "-1", "17.5", "1e9", "true", "false", "null" };
	char open[JSON_DEPTH + 1] = "}";
	uint64_t steps = check_below(24);
	unsigned depth = 1;
	bool first = true;

	made_len = 0;
	add_blank();
	for (add("{"); depth; first = false) {
		add_blank();
		if (!steps || !check_below(5)) {
			add(open[--depth] == '}' ? "}" : "]");
			continue;
		}
		steps--;
		if (!first)
			add(",");
		add_blank();
		add_name(open[depth - 1]);
		while (depth < JSON_DEPTH && !check_below(3)) {
			open[depth] = check_below(2) ? '}' : ']';
			add(open[depth++] == '}' ? "{" : "[");
			add_name(open[depth - 1]);
		}
		if (check_below(2))
			add_string();
		else
			add(scalar[check_below(ARRAY_SIZE(scalar))]);
	}
	add_blank();
}

/* spoil() - Change a byte, or take it away, or swap two, or cut */
static void spoil(void)
{
	static const char byte[] = "{}[]:,\"\\ux0a19.-e \n\x80\xc3\xff\xed\xa0";
	size_t at = check_below(made_len), other = check_below(made_len);
	char c = made[at];

	switch (check_below(4)) {
	case 0:
		made[at] = byte[check_below(sizeof(byte))];
		break;
	case 1:
		memmove(made + at, made + at + 1, --made_len - at);
		break;
	case 2:
		made[at] = made[other];
		made[other] = c;
		break;
	default:
		made_len = at;
	}
}

/* compare() - Members of an object in order with those the oracle sees */
static void compare(const struct json *obj)
{
	struct json_walk w = json_walk(obj);
	int depth = 0;

	CHECK(tokens(made, made_len));
	for (size_t i = 0; i < ntokens; i++) {
		uint8_t want[4 * ARRAY_SIZE(token[i].code) + 1];
		char name[sizeof(want)];
		struct json value;
		size_t n = 0;

		depth += (token[i].kind == '{') + (token[i].kind == '[');
		depth -= (token[i].kind == '}') + (token[i].kind == ']');
		if (depth != 1 || token[i].kind != ':')
			continue;
		CHECK(json_next(&w));
		for (size_t k = 0; k < token[i - 1].chars; k++)
			n += encode(token[i - 1].code[k], want + n);
		want[n] = 0;
		if (memchr(want, 0, n)) {
			CHECK(!json_string(&w.name, name, sizeof(name)));
			continue;
		}
		CHECK(json_string(&w.name, name, sizeof(name)));
		CHECK_STR(name, (char *)want);
		CHECK(json_get(obj, name, &value));
		CHECK(value.text == w.value.text && value.len == w.value.len);
	}
	CHECK(!json_next(&w));
}

/* Texts in order are accepted, others are not, and who says so is not this code */
static void test_oracle(void)
{
	unsigned taken = 0;

	for (int i = 0; i < ROUNDS; i++) {
		char error[JSON_ERROR] = "";
		struct json obj;
		bool got;

		make();
		for (uint64_t n = check_below(3); n && made_len; n--)
			spoil();
		got = parse(&obj, made, made_len, error);
		CHECK_EQ(got, oracle(made, made_len));
		CHECK_EQ(got, !*error);
		if (!got)
			continue;
		taken++;
		compare(&obj);
	}
	CHECK(taken > ROUNDS / 8 && taken < ROUNDS * 7 / 8);
}

int main(void)
{
	RUN(test_good);
	RUN(test_bad);
	RUN(test_limits);
	RUN(test_get);
	RUN(test_walk);
	RUN(test_write);
	RUN(test_write_limits);
	RUN(test_oracle);
	return check_done();
}
