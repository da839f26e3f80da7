/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.h - what a unit test needs: checks, a list of tests, a result
 *
 * A unit test is a program of its own:
 *
 *	static void test_x(void) { CHECK_EQ(1 + 1, 2); }
 *	int main(void) { RUN(test_x); return check_done(); }
 *
 * A failed check says where, with both values, and the test goes on: one fault
 * should not hide the next.  After CHECK_MAX of them the program gives up.
 * Output is one "ok" or "not ok" line for each test, then a summary.  A program
 * that checked nothing has failed.
 *
 * check_rand() gives the same numbers in each run, unless CHECK_SEED in the
 * environment says otherwise, so that what failed once can be seen again.
 */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHECK_MAX = 20 };

/**
 * struct check_state - what happened so far
 * @checks:	checks done
 * @failed:	those that failed
 * @tests:	tests run
 * @tests_failed: those with a failed check
 * @rand:	state of check_rand(); 0: not begun
 */
static struct check_state {
	unsigned checks;
	unsigned failed;
	unsigned tests;
	unsigned tests_failed;
	uint64_t rand;
} check;

/**
 * check_one() - Note the result of one check
 * @ok:		whether it held
 * @file:	where it stands
 * @line:	in that file
 * @text:	the condition as written
 *
 * Return: @ok
 */
static inline bool check_one(bool ok, const char *file, int line,
			     const char *text)
{
	check.checks++;
	if (ok)
		return true;
	check.failed++;
	printf("# %s:%d: %s\n", file, line, text);
	if (check.failed < CHECK_MAX)
		return false;
	printf("# %d checks failed: giving up\n", CHECK_MAX);
	exit(1);
}

static inline void check_eq(long long a, long long b, const char *file, int line,
			    const char *text)
{
	if (!check_one(a == b, file, line, text))
		printf("#   left  %lld (%#llx)\n#   right %lld (%#llx)\n",
		       a, (unsigned long long)a, b, (unsigned long long)b);
}

static inline void check_hex(const char *side, const void *data, size_t n)
{
	const unsigned char *p = data;
	size_t i;

	printf("#   %s", side);
	for (i = 0; i < n && i < 64; i++)
		printf(" %02x", p[i]);
	puts(i < n ? " ..." : "");
}

static inline void check_mem(const void *a, const void *b, size_t n,
			     const char *file, int line, const char *text)
{
	const unsigned char *x = a, *y = b;
	size_t i;

	if (check_one(!n || !memcmp(a, b, n), file, line, text))
		return;
	for (i = 0; x[i] == y[i]; i++)
		;
	printf("#   of %zu bytes the first that differs is number %zu\n", n, i);
	check_hex("left ", x + i, n - i);
	check_hex("right", y + i, n - i);
}

static inline void check_str(const char *a, const char *b, const char *file,
			     int line, const char *text)
{
	bool same = a && b ? !strcmp(a, b) : a == b;

	if (!check_one(same, file, line, text))
		printf("#   left  \"%s\"\n#   right \"%s\"\n", a ? a : "(null)",
		       b ? b : "(null)");
}

static inline void check_run(void (*test)(void), const char *name)
{
	unsigned before = check.failed;

	test();
	check.tests++;
	if (check.failed != before)
		check.tests_failed++;
	printf("%sok %u - %s\n", check.failed == before ? "" : "not ",
	       check.tests, name);
	(void)fflush(stdout);
}

/* check_done() - Summary.  Return: exit status for main() */
static inline int check_done(void)
{
	printf("# %u tests, %u checks, %u failed\n", check.tests, check.checks,
	       check.failed);
	return check.failed || !check.checks;
}

/* check_rand() - Return: next number of the sequence (splitmix64) */
static inline uint64_t check_rand(void)
{
	uint64_t z;

	if (!check.rand) {
		const char *seed = getenv("CHECK_SEED");

		check.rand = seed ? strtoull(seed, NULL, 0) : 1;
		printf("# CHECK_SEED=%" PRIu64 "\n", check.rand);
	}
	check.rand += UINT64_C(0x9e3779b97f4a7c15);
	z = check.rand;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* check_below() - Return: a number in 0..@n - 1 */
static inline uint64_t check_below(uint64_t n)
{
	return check_rand() % n;
}

/* check_fill() - Put random bytes into @n bytes at @p */
static inline void check_fill(void *p, size_t n)
{
	unsigned char *b = p;

	while (n--)
		*b++ = (unsigned char)check_rand();
}

#define CHECK(cond)	((void)check_one((cond), __FILE__, __LINE__, #cond))
#define CHECK_EQ(a, b)	check_eq((long long)(a), (long long)(b),		\
				 __FILE__, __LINE__, #a " == " #b)
#define CHECK_MEM(a, b, n) check_mem((a), (b), (n),				\
				     __FILE__, __LINE__, #a " == " #b)
#define CHECK_STR(a, b)	check_str((a), (b), __FILE__, __LINE__, #a " == " #b)
#define RUN(test)	check_run((test), #test)

#endif /* CHECK_H */
