// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * qrap.c - what qrap makes of the arguments of QEMU
 *
 * links: qrap/args.c
 *
 * Each case is a line: arguments in, arguments out, words separated by a blank.
 * The socket is descriptor 7.  The program itself, but for its main(), is included
 * as it is, for how it finds programs.
 */
#include "test/unit/check.h"

int qrap_main(int argc, char **argv);

#define main qrap_main
#include "qrap/qrap.c"	/* NOLINT(bugprone-suspicious-include): on purpose, see above */
#undef main

enum { WORDS = 32, TEXT = 512 };

/* give() - Give args.c the words of a line, which is cut up */
static void give(char *line)
{
	char *words[WORDS + 1], *rest = NULL;
	int n = 0;

	for (char *w = strtok_r(line, " ", &rest); w && n < WORDS;
	     w = strtok_r(NULL, " ", &rest))
		words[n++] = w;
	words[n] = NULL;
	args_init(words);
}

/* gives() - The line that comes out for another one */
static const char *gives(const char *in, enum backend backend)
{
	static char out[TEXT];
	static char line[TEXT];

	(void)snprintf(line, sizeof(line), "%s", in);
	give(line);
	args_check();
	args_patch(7, backend);

	out[0] = 0;
	for (char **a = args_get(); *a; a++) {
		size_t n = strlen(out);

		(void)snprintf(out + n, sizeof(out) - n, "%s%s", n ? " " : "", *a);
	}
	return out;
}

/* refused() - Whether the arguments end in a message instead */
static bool refused(const char *in)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)gives(in, BACKEND_SOCKET);
		_exit(0);
	}
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE;
}

/* Nothing about the network: both parts are added */
static void test_add_both(void)
{
	CHECK_STR(gives("/q -m 1 a.img", BACKEND_SOCKET),
		  "/q -m 1 a.img -netdev socket,id=passt0,fd=7 "
		  "-device virtio-net-pci,netdev=passt0");
	CHECK_STR(gives("/q", BACKEND_STREAM),
		  "/q -netdev stream,id=passt0,server=off,addr.type=fd,addr.str=7 "
		  "-device virtio-net-pci,netdev=passt0");
}

/* The card depends on the machine */
static void test_card(void)
{
	CHECK_STR(gives("/x/qemu-system-s390x", BACKEND_SOCKET),
		  "/x/qemu-system-s390x -netdev socket,id=passt0,fd=7 "
		  "-device virtio-net-ccw,netdev=passt0");
	CHECK_STR(gives("/q -machine microvm,pit=off", BACKEND_SOCKET),
		  "/q -machine microvm,pit=off -netdev socket,id=passt0,fd=7 "
		  "-device virtio-net-device,netdev=passt0");
	CHECK_STR(gives("/q -M type=microvm", BACKEND_SOCKET),
		  "/q -M type=microvm -netdev socket,id=passt0,fd=7 "
		  "-device virtio-net-device,netdev=passt0");
	CHECK_STR(gives("/q -M q35", BACKEND_SOCKET),
		  "/q -M q35 -netdev socket,id=passt0,fd=7 "
		  "-device virtio-net-pci,netdev=passt0");
}

/* A descriptor of the user is replaced, and nothing else of the value */
static void test_replace(void)
{
	CHECK_STR(gives("/q -net socket,fd=5 -net nic,model=virtio", BACKEND_AUTO),
		  "/q -net socket,fd=7 -net nic,model=virtio");
	CHECK_STR(gives("/q -nic socket,fd=123,mac=2:0:0:0:0:1", BACKEND_AUTO),
		  "/q -nic socket,fd=7,mac=2:0:0:0:0:1");
	CHECK_STR(gives("/q --netdev socket,id=n,fd=0 --device e1000,netdev=n",
			BACKEND_AUTO),
		  "/q --netdev socket,id=n,fd=7 --device e1000,netdev=n");
	CHECK_STR(gives("/q -netdev socket,fd=sock,id=n", BACKEND_AUTO),
		  "/q -netdev socket,fd=7,id=n -device virtio-net-pci,netdev=n");
	/* Only the first one, and a card of its own */
	CHECK_STR(gives("/q -netdev socket,id=a,fd=5 -netdev socket,id=b,fd=6 "
			"-device e1000,netdev=b", BACKEND_AUTO),
		  "/q -netdev socket,id=a,fd=7 -netdev socket,id=b,fd=6 "
		  "-device e1000,netdev=b -device virtio-net-pci,netdev=a");
	/* Another network beside ours is none of our business */
	CHECK_STR(gives("/q -netdev user,id=u -device e1000,netdev=u "
			"-net socket,fd=5 -net nic", BACKEND_AUTO),
		  "/q -netdev user,id=u -device e1000,netdev=u "
		  "-net socket,fd=7 -net nic");
}

/* A card whose back end is missing gets it */
static void test_dangling(void)
{
	CHECK_STR(gives("/q -device e1000,netdev=x,mac=2:0:0:0:0:1", BACKEND_SOCKET),
		  "/q -device e1000,netdev=x,mac=2:0:0:0:0:1 "
		  "-netdev socket,id=x,fd=7");
	CHECK_STR(gives("/q -netdev user,id=xy -device e1000,netdev=xy "
			"-device e1000,netdev=x", BACKEND_SOCKET),
		  "/q -netdev user,id=xy -device e1000,netdev=xy "
		  "-device e1000,netdev=x -netdev socket,id=x,fd=7");
}

/* A card of the old kind gets a back end of that kind */
static void test_old_card(void)
{
	CHECK_STR(gives("/q -net nic,model=virtio", BACKEND_STREAM),
		  "/q -net nic,model=virtio -net socket,fd=7");
	CHECK_STR(gives("/q -net nic,netdev=n", BACKEND_SOCKET),
		  "/q -net nic,netdev=n -netdev socket,id=n,fd=7");
	CHECK_STR(gives("/q -net nic,netdev=n -netdev socket,id=n,fd=5", BACKEND_AUTO),
		  "/q -net nic,netdev=n -netdev socket,id=n,fd=7");
}

/* Commas in values are doubled */
static void test_commas(void)
{
	CHECK_STR(gives("/q -device e1000,netdev=a,,fd=1,mac=1", BACKEND_SOCKET),
		  "/q -device e1000,netdev=a,,fd=1,mac=1 "
		  "-netdev socket,id=a,,fd=1,fd=7");
	CHECK_STR(gives("/q -netdev socket,id=n,,fd=1,fd=2 -device e,netdev=n,,fd=1",
			BACKEND_SOCKET),
		  "/q -netdev socket,id=n,,fd=1,fd=7 -device e,netdev=n,,fd=1");
	CHECK_STR(gives("/q -device a,netdev=x,, -device b,netdev=x", BACKEND_SOCKET),
		  "/q -device a,netdev=x,, -device b,netdev=x "
		  "-netdev socket,id=x,,,fd=7");
}

/* A network that has no place for the socket */
static void test_refused(void)
{
	CHECK(refused("/q -netdev user,id=n -device e1000,netdev=n"));
	CHECK(refused("/q -nic none"));
	CHECK(refused("/q -net none"));
	CHECK(refused("/q -netdev socket,id=n,listen=:1"));
	CHECK(refused("/q -netdev {\"type\":\"socket\",\"fd\":\"5\",\"id\":\"n\"}"));
	CHECK(refused("/q -net nic -net user"));
	CHECK(!refused("/q -net nic"));
	CHECK(!refused("/q -netdev"));		/* QEMU's error, not ours */
}

static void test_have(void)
{
	static char line[] = "/daemonize -name daemonize --daemonize";

	give(line);
	CHECK(args_have("daemonize"));
	CHECK(!args_have("name daemonize"));
	CHECK(!args_have("nam"));
}

/* find_given() - Find the passt that --passt names */
static bool find_given(const char *name, char path[static PATH_MAX])
{
	char program[TEXT];
	bool found;

	(void)snprintf(program, sizeof(program), "%s", name);
	self.program = program;
	found = find_passt(path);
	self.program = NULL;
	return found;
}

/* Programs, by path and by name */
static void test_program(void)
{
	char path[PATH_MAX] = "untouched";

	CHECK(setenv("PATH", "/nowhere:/usr/bin:/bin", 1) == 0);
	CHECK(!find_program("no-such-program", path));
	CHECK(!find_program("", path));
	CHECK(!find_program("/bin", path));
	CHECK(!find_program("/etc/passwd", path));
	CHECK_STR(path, "untouched");
	CHECK(find_program("/bin/sh", path));
	CHECK_STR(path, "/bin/sh");
	CHECK(find_program("sh", path));
	CHECK_STR(path, "/usr/bin/sh");
	CHECK(find_given("/bin/sh", path));
	CHECK(!find_given("/bin/no-such-program", path));
	CHECK(unsetenv("PATH") == 0);
	CHECK(!find_program("sh", path));
}

int main(void)
{
	RUN(test_add_both);
	RUN(test_card);
	RUN(test_replace);
	RUN(test_dangling);
	RUN(test_old_card);
	RUN(test_commas);
	RUN(test_refused);
	RUN(test_have);
	RUN(test_program);
	return check_done();
}
