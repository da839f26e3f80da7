// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * json.c - a text that should be one JSON object
 *
 * JSON: whatever the text, nothing outside is read; what is accepted can be walked
 * through, and written anew it is accepted again and means the same.
 *
 * Input: the text.
 *
 * links: json.c
 */
#include "test/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"

enum { WRITTEN = 8 * JSON_LEN_MAX };

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* decode() - A string, one without U+0000 into @to */
static bool decode(const struct json *string, char to[static JSON_LEN_MAX])
{
	return json_string(string, to, JSON_LEN_MAX);
}

/* put() - A value that is no object or array */
static void put(struct json_writer *w, const struct json *value)
{
	static char text[JSON_LEN_MAX];
	uint64_t n = 0;
	bool b = false;

	if (json_bool(value, &b))
		json_put_bool(w, b);
	else if (json_uint(value, UINT64_MAX, &n))
		json_put_uint(w, n);
	else if (decode(value, text))
		json_put_string(w, text);
	else
		json_put_bool(w, false);
}

/**
 * rewrite() - Walk through an object, writing it anew
 * @w:		Writer
 * @obj:	Object
 *
 * Return: false: it has a name that can not be written: with U+0000
 */
static bool rewrite(struct json_writer *w, const struct json *obj)
{
	struct json_walk walk[JSON_DEPTH];
	static char name[JSON_LEN_MAX];
	int depth = 0;

	walk[0] = json_walk(obj);
	json_begin_object(w);
	while (depth >= 0) {
		struct json_walk *k = &walk[depth];
		bool named = k->named;

		if (!json_next(k)) {
			if (named)
				json_end_object(w);
			else
				json_end_array(w);
			depth--;
			continue;
		}
		must(k->value.text > obj->text && k->value.len &&
		     k->value.text + k->value.len < obj->text + obj->len);
		if (named && !decode(&k->name, name))
			return false;
		if (named)
			json_name(w, name);
		if (json_type(&k->value) != JSON_OBJECT && json_type(&k->value) != JSON_ARRAY) {
			put(w, &k->value);
			continue;
		}
		must(depth + 1 < JSON_DEPTH);
		walk[++depth] = json_walk(&k->value);
		if (walk[depth].named)
			json_begin_object(w);
		else
			json_begin_array(w);
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char once[WRITTEN], twice[WRITTEN];
	char error[JSON_ERROR] = "";
	struct json_writer w = json_writer(once, sizeof(once));
	struct json obj;

	if (!json_parse(&obj, (const char *)data, size, error)) {
		must(!strncmp(error, "byte ", 5) && strlen(error) < JSON_ERROR - 1);
		return 0;
	}
	must(!*error && json_type(&obj) == JSON_OBJECT);
	if (!rewrite(&w, &obj))
		return 0;
	must(json_done(&w));
	/* Escape sequences may have made it longer */
	if (w.len > JSON_LEN_MAX)
		return 0;
	must(json_parse(&obj, once, w.len, error));
	w = json_writer(twice, sizeof(twice));
	must(rewrite(&w, &obj) && json_done(&w) && !strcmp(once, twice));
	return 0;
}
