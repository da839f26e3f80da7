// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * json.c - one JSON object, read strictly; and a writer of such
 *
 * Theory of operation
 *
 *   A text is checked once, as a whole, where it lies: json_parse().  It is one object
 *   of RFC 8259 and nothing else, no longer, deeper and with no more members than
 *   json.h says, in UTF-8 without errors, and no object has two members of one name
 *   (section 4 leaves open what those would mean).  Names are compared as what they
 *   stand for: "a" is "\u0061".
 *
 *   Nothing is built of it.  A value is a piece of the text, and what asks for one by
 *   name looks through the object.  That is quick enough for requests of a few members,
 *   and there is no memory to run out of.  Since the text is in order, these functions
 *   only look for ends.
 *
 *   Numbers are read as what this program has: integers from 0 on.  Others are in
 *   order, but nobody can ask for their value.
 *
 *   The writer puts commas where they belong and escapes what has to be.  Bytes that
 *   are no UTF-8 become U+FFFD, so that what it wrote can always be read.  One that runs
 *   out of room writes nothing more, and json_done() says so, once.
 */
#include "json.h"

#include <stdio.h>
#include <string.h>

#include "util.h"

enum {
	BAD_CHAR	= -1,		/* no UTF-8, or no escape sequence */
	CHAR_MAX_UTF8	= 4,		/* bytes of the longest character */
	REPLACEMENT	= 0xfffd,
};

/* UTF-8 and escape sequences */

/**
 * take_utf8() - Next character of a text that stands for itself (RFC 3629, section 3)
 * @p:		Where; moved behind it
 * @end:	Behind the text, beyond *@p
 *
 * Return: code point; BAD_CHAR: none, or written longer than need be; @p is as it was
 */
static int32_t take_utf8(const char **p, const char *end)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const uint8_t *b = (const uint8_t *)*p;
	uint32_t c = b[0];
	int more = c < 0x80 ? 0 : c < 0xc0 ? -1 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf8 ? 3 : -1;

	if (more < 0 || end - *p <= more)
		return BAD_CHAR;
	if (more)
		c &= 0x3fU >> more;
	for (int i = 1; i <= more; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return BAD_CHAR;
		c = c << 6 | (b[i] & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return BAD_CHAR;
	*p += 1 + more;
	return (int32_t)c;
}

/* put_utf8() - Bytes of a character.  Return: how many */
static size_t put_utf8(char to[static CHAR_MAX_UTF8], int32_t c)
{
	uint32_t u = (uint32_t)c;
	size_t more = u < 0x80 ? 0 : u < 0x800 ? 1 : u < 0x10000 ? 2 : 3;
	static const uint8_t mark[] = { 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = more; i; i--) {
		to[i] = (char)(0x80 | (u & 0x3f));
		u >>= 6;
	}
	to[0] = (char)(mark[more] | u);
	return 1 + more;
}

/* take_hex() - Four hexadecimal digits, or BAD_CHAR */
static int32_t take_hex(const char **p, const char *end)
{
	int32_t v = 0;

	if (end - *p < 4)
		return BAD_CHAR;
	for (int i = 0; i < 4; i++) {
		char c = (*p)[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (c - '0');
		else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
			v = v << 4 | ((c & 7) + 9);
		else
			return BAD_CHAR;
	}
	*p += 4;
	return v;
}

/* take_unicode() - What stands behind \u, both halves of a surrogate pair */
static int32_t take_unicode(const char **p, const char *end)
{
	int32_t high = take_hex(p, end), low;

	if (high < 0xd800 || high >= 0xe000)
		return high;
	if (high >= 0xdc00 || end - *p < 2 || (*p)[0] != '\\' || (*p)[1] != 'u')
		return BAD_CHAR;
	*p += 2;
	low = take_hex(p, end);
	if (low < 0xdc00 || low >= 0xe000)
		return BAD_CHAR;
	return 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00));
}

/**
 * take_char() - Next character within a string (RFC 8259, section 7)
 * @p:		Where, not at the closing quote; moved behind it if there is one
 * @end:	Behind the text, beyond *@p
 *
 * Return: code point, BAD_CHAR
 */
static int32_t take_char(const char **p, const char *end)
{
	static const char escape[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if ((uint8_t)**p < ' ')
		return BAD_CHAR;
	if (**p != '\\')
		return take_utf8(p, end);
	if (end - *p < 2 || !(*p)[1])
		return BAD_CHAR;
	*p += 2;
	if ((*p)[-1] == 'u')
		return take_unicode(p, end);
	found = strchr(escape, (*p)[-1]);
	return found ? meaning[found - escape] : BAD_CHAR;
}

/* The reader */

/**
 * struct parser - how far a text was looked at
 * @begin:	first byte
 * @p:		next byte
 * @end:	behind the last
 * @error:	what is wrong at @p, NULL: nothing
 * @depth:	objects and arrays open at @p, 0..JSON_DEPTH
 * @fresh:	the innermost has no member yet
 * @close:	by depth: the bracket that ends it
 * @names_at:	by depth: its first one in @name
 * @names:	names of members of open objects
 * @name:	where each of them begins, behind its quote
 */
struct parser {
	const char *begin;
	const char *p;
	const char *end;
	const char *error;
	unsigned depth;
	bool fresh;
	char close[JSON_DEPTH];
	uint16_t names_at[JSON_DEPTH];
	uint16_t names;
	const char *name[JSON_NAMES];
};

static bool wrong(struct parser *s, const char *error)
{
	s->error = error;
	return false;
}

/* at() - Whether the next byte is this one */
static bool at(const struct parser *s, char c)
{
	return s->p < s->end && *s->p == c;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_blanks(struct parser *s)
{
	while (s->p < s->end && is_blank(*s->p))
		s->p++;
}

static bool open_bracket(struct parser *s)
{
	if (s->depth == JSON_DEPTH)
		return wrong(s, "too many brackets within each other");
	s->close[s->depth] = *s->p++ == '{' ? '}' : ']';
	s->names_at[s->depth++] = s->names;
	s->fresh = true;
	return true;
}

static void close_bracket(struct parser *s)
{
	s->p++;
	s->names = s->names_at[--s->depth];
	s->fresh = false;
}

static bool parse_string(struct parser *s)
{
	s->p++;
	while (s->p < s->end && *s->p != '"') {
		const char *p = s->p;

		if ((uint8_t)*p < ' ')
			return wrong(s, "control character in a string");
		if (take_char(&p, s->end) == BAD_CHAR)
			return wrong(s, *s->p == '\\' ? "bad escape sequence" : "not UTF-8");
		s->p = p;
	}
	if (s->p == s->end)
		return wrong(s, "string without end");
	s->p++;
	return true;
}

/* same() - Whether two strings in order, from behind their quotes, mean the same */
static bool same(const char *a, const char *b, const char *end)
{
	while (*a != '"' && *b != '"') {
		if (take_char(&a, end) != take_char(&b, end))
			return false;
	}
	return *a == *b;
}

/* parse_name() - Name of a member, and the colon */
static bool parse_name(struct parser *s)
{
	const char *name = s->p + 1;

	if (!at(s, '"'))
		return wrong(s, "no name in quotes");
	if (s->names == JSON_NAMES)
		return wrong(s, "too many members");
	if (!parse_string(s))
		return false;
	for (uint16_t i = s->names_at[s->depth - 1]; i < s->names; i++) {
		if (same(s->name[i], name, s->end)) {
			s->p = name - 1;
			return wrong(s, "second member of that name");
		}
	}
	s->name[s->names++] = name;
	skip_blanks(s);
	if (!at(s, ':'))
		return wrong(s, "no ':' behind a name");
	s->p++;
	skip_blanks(s);
	return true;
}

/* skip_digits() - One digit or more */
static bool skip_digits(struct parser *s)
{
	const char *p = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > p;
}

/* parse_number() - RFC 8259, section 6 */
static bool parse_number(struct parser *s)
{
	s->p += *s->p == '-';
	if (at(s, '0'))
		s->p++;
	else if (!skip_digits(s))
		return wrong(s, "number without digits");
	if (at(s, '.')) {
		s->p++;
		if (!skip_digits(s))
			return wrong(s, "no digit behind the point");
	}
	if (at(s, 'e') || at(s, 'E')) {
		s->p++;
		if (at(s, '+') || at(s, '-'))
			s->p++;
		if (!skip_digits(s))
			return wrong(s, "exponent without digits");
	}
	return true;
}

/* parse_word() - One of the three words there are */
static bool parse_word(struct parser *s)
{
	static const char *const word[] = { "true", "false", "null" };

	for (size_t i = 0; i < ARRAY_SIZE(word); i++) {
		size_t len = strlen(word[i]);

		if ((size_t)(s->end - s->p) >= len && !memcmp(s->p, word[i], len)) {
			s->p += len;
			return true;
		}
	}
	return wrong(s, "no value");
}

/* parse_value() - A value; of an object or array only that it begins */
static bool parse_value(struct parser *s)
{
	if (s->p == s->end)
		return wrong(s, "it ends where a value should be");
	if (*s->p == '{' || *s->p == '[')
		return open_bracket(s);
	s->fresh = false;
	if (*s->p == '"')
		return parse_string(s);
	if (*s->p == '-' || (*s->p >= '0' && *s->p <= '9'))
		return parse_number(s);
	return parse_word(s);
}

/* parse_item() - The next member or element of the innermost object or array, or its end */
static bool parse_item(struct parser *s)
{
	char closing = s->close[s->depth - 1];

	skip_blanks(s);
	if (s->p == s->end)
		return wrong(s, "it ends too early");
	if (*s->p == closing) {
		close_bracket(s);
		return true;
	}
	if (!s->fresh) {
		if (*s->p != ',')
			return wrong(s, closing == '}' ? "no ',' or '}' behind a value" :
							 "no ',' or ']' behind a value");
		s->p++;
		skip_blanks(s);
	}
	return (closing != '}' || parse_name(s)) && parse_value(s);
}

/* parse() - The whole text: one object */
static bool parse(struct parser *s)
{
	if (s->end - s->p > JSON_LEN_MAX) {
		s->p += JSON_LEN_MAX;
		return wrong(s, "too long");
	}
	skip_blanks(s);
	if (!at(s, '{'))
		return wrong(s, "no object");
	s->begin = s->p;
	if (!open_bracket(s))
		return false;
	while (s->depth) {
		if (!parse_item(s))
			return false;
	}
	return true;
}

/**
 * json_parse() - Read a text: is it one JSON object (RFC 8259)?
 * @obj:	Set to the object, which lies where the text does
 * @text:	Text, needs no terminator
 * @len:	Bytes
 * @error:	If not, filled with what is wrong at which byte, the first being 1
 *
 * Return: true if it is one, within the limits of json.h, with nothing but blanks
 *	   around it and no name twice in one object
 */
bool json_parse(struct json *obj, const char *text, size_t len, char error[static JSON_ERROR])
{
	struct parser s = { .begin = text, .p = text, .end = text + len };

	if (parse(&s)) {
		const struct json whole = { s.begin, (size_t)(s.p - s.begin) };

		skip_blanks(&s);
		if (s.p == s.end) {
			*obj = whole;
			return true;
		}
		s.error = "something behind the object";
	}
	(void)snprintf(error, JSON_ERROR, "byte %zu: %s", (size_t)(s.p - text) + 1, s.error);
	return false;
}

/* Values */

/**
 * json_type() - What a value is
 * @value:	Value
 *
 * Return: as enum json_type says
 */
enum json_type json_type(const struct json *value)
{
	switch (value->text ? *value->text : '\0') {
	case '\0':	return JSON_NONE;
	case '{':	return JSON_OBJECT;
	case '[':	return JSON_ARRAY;
	case '"':	return JSON_STRING;
	case 't':
	case 'f':	return JSON_BOOL;
	case 'n':	return JSON_NULL;
	default:	return JSON_NUMBER;
	}
}

/* string_end() - Behind a string that begins here */
static const char *string_end(const char *p)
{
	for (p++; *p != '"'; p++)
		p += *p == '\\';
	return p + 1;
}

/* value_end() - Behind a value that begins here, within an object or array */
static const char *value_end(const char *p)
{
	unsigned depth = 0;

	do {
		if (*p == '"') {
			p = string_end(p);
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		p++;
	} while (depth || (p[-1] != '}' && p[-1] != ']' && p[-1] != '"' &&
			   !is_blank(*p) && *p != ',' && *p != '}' && *p != ']'));
	return p;
}

/* skip_between() - What stands between names and values */
static const char *skip_between(const char *p)
{
	while (is_blank(*p) || *p == ',' || *p == ':')
		p++;
	return p;
}

/**
 * json_walk() - Begin to go through an object or array
 * @of:		It; another value has no members
 *
 * Return: for json_next()
 */
struct json_walk json_walk(const struct json *of)
{
	enum json_type type = json_type(of);
	bool some = type == JSON_OBJECT || type == JSON_ARRAY;

	return (struct json_walk){ .next = some ? of->text + 1 : NULL,
				   .named = type == JSON_OBJECT };
}

/**
 * json_next() - The next member or element
 * @w:		Of json_walk(); its @name and @value are set
 *
 * Return: false: there is none
 */
bool json_next(struct json_walk *w)
{
	const char *p = w->next;

	if (!p)
		return false;
	p = skip_between(p);
	if (*p == '}' || *p == ']') {
		w->next = NULL;
		return false;
	}
	if (w->named) {
		w->name.text = p;
		p = string_end(p);
		w->name.len = (size_t)(p - w->name.text);
		p = skip_between(p);
	}
	w->value.text = p;
	w->next = value_end(p);
	w->value.len = (size_t)(w->next - p);
	return true;
}

/* is_named() - Whether a string means this name */
static bool is_named(const struct json *string, const char *name)
{
	const char *p = string->text + 1, *end = string->text + string->len - 1;

	while (p < end) {
		char utf8[CHAR_MAX_UTF8];
		size_t n = put_utf8(utf8, take_char(&p, end));

		if (strncmp(name, utf8, n) != 0 || !*utf8)
			return false;
		name += n;
	}
	return !*name;
}

/**
 * json_get() - Member of an object
 * @obj:	Object; another value has no members
 * @name:	Its name, UTF-8
 * @value:	Set to its value
 *
 * Return: true if it is there
 */
bool json_get(const struct json *obj, const char *name, struct json *value)
{
	struct json_walk w = json_walk(obj);

	if (!w.named)
		return false;
	while (json_next(&w)) {
		if (is_named(&w.name, name)) {
			*value = w.value;
			return true;
		}
	}
	return false;
}

/**
 * json_has() - Whether an object has a member, of whatever type
 * @obj:	Object
 * @name:	Name
 *
 * Return: true if so
 */
bool json_has(const struct json *obj, const char *name)
{
	struct json value;

	return json_get(obj, name, &value);
}

/**
 * json_string() - What a string stands for
 * @value:	Value
 * @to:		Filled: UTF-8 with a terminator
 * @size:	Bytes there
 *
 * Return: true if it is a string, fits, and has no character U+0000, which C could
 *	   not tell from its end
 */
bool json_string(const struct json *value, char *to, size_t size)
{
	char utf8[CHAR_MAX_UTF8];
	const char *end;
	size_t len = 0;

	if (json_type(value) != JSON_STRING)
		return false;
	end = value->text + value->len - 1;
	for (const char *p = value->text + 1; p < end; ) {
		len += put_utf8(utf8, take_char(&p, end));
		if (!*utf8)
			return false;
	}
	if (len >= size)
		return false;
	for (const char *p = value->text + 1; p < end; to += len) {
		len = put_utf8(utf8, take_char(&p, end));
		memcpy(to, utf8, len);
	}
	*to = '\0';
	return true;
}

/**
 * json_uint() - What a number is worth
 * @value:	Value
 * @max:	Largest value accepted
 * @to:		Set
 *
 * Return: true if it is an integer of 0..@max, written without sign, point and exponent
 */
bool json_uint(const struct json *value, uint64_t max, uint64_t *to)
{
	uint64_t v = 0;

	if (json_type(value) != JSON_NUMBER)
		return false;
	for (size_t i = 0; i < value->len; i++) {
		uint64_t digit = (uint64_t)value->text[i] - '0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	if (v > max)
		return false;
	*to = v;
	return true;
}

/**
 * json_bool() - Whether a value is true
 * @value:	Value
 * @to:		Set
 *
 * Return: true if it is true or false
 */
bool json_bool(const struct json *value, bool *to)
{
	if (json_type(value) != JSON_BOOL)
		return false;
	*to = *value->text == 't';
	return true;
}

/**
 * json_get_string() - Member that is a string
 * @obj:	Object
 * @name:	Name
 * @to:		As for json_string()
 * @size:	As for json_string()
 *
 * Return: true if it is there and as json_string() wants it
 */
bool json_get_string(const struct json *obj, const char *name, char *to, size_t size)
{
	struct json value;

	return json_get(obj, name, &value) && json_string(&value, to, size);
}

/**
 * json_get_uint() - Member that is a number
 * @obj:	Object
 * @name:	Name
 * @max:	As for json_uint()
 * @value:	As for json_uint()
 *
 * Return: true if it is there and as json_uint() wants it
 */
bool json_get_uint(const struct json *obj, const char *name, uint64_t max, uint64_t *value)
{
	struct json v;

	return json_get(obj, name, &v) && json_uint(&v, max, value);
}

/**
 * json_get_bool() - Member that is true or false
 * @obj:	Object
 * @name:	Name
 * @value:	Set
 *
 * Return: true if it is there and is one of the two
 */
bool json_get_bool(const struct json *obj, const char *name, bool *value)
{
	struct json v;

	return json_get(obj, name, &v) && json_bool(&v, value);
}

/**
 * json_get_object() - Member that is an object
 * @obj:	Object
 * @name:	Name
 * @value:	Set
 *
 * Return: true if it is there and is one
 */
bool json_get_object(const struct json *obj, const char *name, struct json *value)
{
	struct json v;

	if (!json_get(obj, name, &v) || json_type(&v) != JSON_OBJECT)
		return false;
	*value = v;
	return true;
}

/* The writer */

/**
 * json_writer() - Begin a text
 * @buf:	Where; a terminated string once json_done() was called
 * @size:	Bytes there, 1 or more
 *
 * Return: writer
 */
struct json_writer json_writer(char *buf, size_t size)
{
	return (struct json_writer){ .buf = buf, .size = size };
}

/* put() - Bytes as they are */
static void put(struct json_writer *w, const char *data, size_t n)
{
	w->bad |= n >= w->size - w->len;
	if (w->bad)
		return;
	memcpy(w->buf + w->len, data, n);
	w->len += n;
}

/* put_value() - A comma, if there has to be one, and the beginning of a value */
static void put_value(struct json_writer *w, const char *data, size_t n)
{
	if (w->comma)
		put(w, ",", 1);
	put(w, data, n);
	w->comma = true;
}

static void open_group(struct json_writer *w, const char *bracket)
{
	put_value(w, bracket, 1);
	w->comma = false;
	w->bad |= ++w->depth > JSON_DEPTH;
}

static void close_group(struct json_writer *w, const char *bracket)
{
	w->bad |= !w->depth--;
	put(w, bracket, 1);
	w->comma = true;
}

/**
 * json_begin_object() - Open an object
 * @w:		Writer
 */
void json_begin_object(struct json_writer *w)
{
	open_group(w, "{");
}

/**
 * json_end_object() - Close it
 * @w:		Writer
 */
void json_end_object(struct json_writer *w)
{
	close_group(w, "}");
}

/**
 * json_begin_array() - Open an array
 * @w:		Writer
 */
void json_begin_array(struct json_writer *w)
{
	open_group(w, "[");
}

/**
 * json_end_array() - Close it
 * @w:		Writer
 */
void json_end_array(struct json_writer *w)
{
	close_group(w, "]");
}

/**
 * json_put_string() - A string
 * @w:		Writer
 * @text:	What it says
 */
void json_put_string(struct json_writer *w, const char *text)
{
	const char *end_of_text = text + strlen(text);

	put_value(w, "\"", 1);
	while (text < end_of_text && !w->bad) {
		const char *from = text;
		int32_t c = take_utf8(&text, end_of_text);
		char out[sizeof("\\u0000")] = "";

		if (c == '"' || c == '\\') {
			out[0] = '\\';
			out[1] = (char)c;
			put(w, out, 2);
		} else if (c >= 0 && c < ' ') {
			put(w, out, (size_t)snprintf(out, sizeof(out), "\\u%04x", (unsigned)c));
		} else if (c == BAD_CHAR) {
			text++;
			put(w, out, put_utf8(out, REPLACEMENT));
		} else {
			put(w, from, (size_t)(text - from));
		}
	}
	put(w, "\"", 1);
}

/**
 * json_name() - Name of a member, whose value has to follow
 * @w:		Writer
 * @name:	Name; that the object has it once is the caller's business
 */
void json_name(struct json_writer *w, const char *name)
{
	json_put_string(w, name);
	put(w, ":", 1);
	w->comma = false;
}

/**
 * json_put_uint() - A number
 * @w:		Writer
 * @value:	It
 */
void json_put_uint(struct json_writer *w, uint64_t value)
{
	char digits[24] = "";
	int n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);

	put_value(w, digits, (size_t)n);
}

/**
 * json_put_bool() - true or false
 * @w:		Writer
 * @value:	Which
 */
void json_put_bool(struct json_writer *w, bool value)
{
	put_value(w, value ? "true" : "false", value ? 4 : 5);
}

/**
 * json_done() - End a text: it is a terminated string now
 * @w:		Writer
 *
 * Return: true if all of it fitted and everything that was opened is closed; else the
 *	   string is empty
 */
bool json_done(struct json_writer *w)
{
	w->bad |= w->depth != 0;
	if (w->bad)
		w->len = 0;
	w->buf[w->len] = '\0';
	return !w->bad;
}
