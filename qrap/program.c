// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * program.c - where QEMU and passt are
 *
 * Theory of operation
 *
 *   A name with a slash is a path, one without is searched for in PATH, as a
 *   shell does it.  passt is taken from beside qrap first: who built both wants
 *   those two to work together.
 */
#include "qrap.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/**
 * copy_string() - Copy a string if it fits
 * @to:		Buffer, untouched if it does not
 * @size:	Its size
 * @from:	String
 *
 * Return: true if it fits
 */
bool copy_string(char *to, size_t size, const char *from)
{
	size_t n = strlen(from) + 1;

	if (n > size)
		return false;
	memcpy(to, from, n);
	return true;
}

/**
 * is_program() - Is this a file that can be executed?
 * @path:	File, any
 */
static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

/**
 * program_find() - Find a program the way a shell does
 * @name:	With a slash: a path; without: searched for in PATH
 * @path:	Where it is
 *
 * Return: true if it is there
 */
bool program_find(const char *name, char path[static PATH_MAX])
{
	const char *dir = getenv("PATH"), *end;
	char try[PATH_MAX];

	if (strchr(name, '/'))
		return is_program(name) && copy_string(path, PATH_MAX, name);

	for (; dir && *name; dir = *end ? end + 1 : NULL) {
		end = strchrnul(dir, ':');
		if (snprintf(try, sizeof(try), "%.*s/%s", (int)(end - dir), dir,
			     name) < PATH_MAX && is_program(try))
			return copy_string(path, PATH_MAX, try);
	}
	return false;
}

/**
 * program_find_passt() - Find the passt to start: the given one, ours, any in PATH
 * @name:	Given one, or NULL
 * @path:	Where it is
 *
 * Return: true if there is one
 */
bool program_find_passt(const char *name, char path[static PATH_MAX])
{
	static const char *const beside[] = { "/passt", "/../passt" };
	char here[PATH_MAX - sizeof("/../passt")], try[PATH_MAX];
	ssize_t n;

	if (name)
		return program_find(name, path);

	n = readlink("/proc/self/exe", here, sizeof(here) - 1);
	here[n > 0 ? n : 0] = 0;
	if (strrchr(here, '/'))
		*strrchr(here, '/') = 0;
	for (size_t i = 0; *here && i < 2; i++) {
		(void)snprintf(try, sizeof(try), "%s%s", here, beside[i]);
		if (is_program(try))
			return copy_string(path, PATH_MAX, try);
	}
	return program_find("passt", path);
}

/**
 * program_find_qemu() - Find a QEMU for this kind of machine, if none was named
 * @path:	Where it is
 *
 * Return: true if there is one
 */
bool program_find_qemu(char path[static PATH_MAX])
{
	static const char *const names[] = {
#if defined(__x86_64__)
		"qemu-system-x86_64",
#elif defined(__i386__)
		"qemu-system-i386",
#elif defined(__aarch64__)
		"qemu-system-aarch64",
#elif defined(__arm__)
		"qemu-system-arm",
#elif defined(__powerpc64__)
		"qemu-system-ppc64",
#elif defined(__riscv)
		"qemu-system-riscv64",
#elif defined(__s390x__)
		"qemu-system-s390x",
#endif
		"qemu-kvm", "/usr/libexec/qemu-kvm", "kvm", "qemu",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (program_find(names[i], path))
			return true;
	return false;
}
