// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - replays inputs through a fuzz target, without libFuzzer
 *
 * Linked with one target in place of libFuzzer's main().  Each file named on
 * the command line is run twice in a row: what an input leaves behind in the
 * program's state shows up in the second run.  Before a run the input is copied
 * into memory of exactly its size, so that AddressSanitizer sees each byte read
 * beyond it.  A failure ends the program: the last name printed is the input.
 */
#include "test/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1 << 20, RUNS = 2 };

/**
 * load() - Read a whole file
 * @path:	File
 * @size:	Set to its length
 *
 * Return: its bytes, to be freed; NULL if it can not be read or is too long
 */
static uint8_t *load(const char *path, size_t *size)
{
	static uint8_t buf[INPUT_MAX];
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t n;

	if (!f) {
		perror(path);
		return NULL;
	}
	n = fread(buf, 1, sizeof(buf), f);
	if (ferror(f) || n == sizeof(buf))
		(void)fprintf(stderr, "%s: unreadable or too long\n", path);
	else
		data = malloc(n ? n : 1);
	(void)fclose(f);
	if (data) {
		memcpy(data, buf, n);
		*size = n;
	}
	return data;
}

int main(int argc, char **argv)
{
	size_t size = 0;

	for (int i = 1; i < argc; i++) {
		for (int run = 0; run < RUNS; run++) {
			uint8_t *data = load(argv[i], &size);

			if (!data)
				return EXIT_FAILURE;
			if (!run)
				(void)printf("%s, %zu bytes\n", argv[i], size);
			(void)fflush(stdout);
			(void)LLVMFuzzerTestOneInput(data, size);
			free(data);
		}
	}
	(void)printf("%d inputs, each %d times\n", argc - 1, RUNS);
	return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
