// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * qrap.c - start a QEMU whose network is passt
 *
 * Theory of operation
 *
 *	qrap ---- fork, exec ----> QEMU (socket N)
 *	  |                          |  frames: length, 32 bits big-endian, data
 *	  +-- starts, if needed --> passt
 *
 *   This file reads our own command line, gets a socket that a passt serves, and
 *   looks after QEMU; args.c tells QEMU about the socket.
 *
 *   The socket: with the given path, else with /tmp/passt_1.socket and so on:
 *   connect, then ask by ARP for an address that nobody has.  passt answers for
 *   every address, so an answer tells a passt that serves us from one that has a
 *   guest (it closes, or lets us wait) and from other programs.  What it sends
 *   beside is lost: it is the periodical kind.
 *
 *   Nobody answers: start passt with one end of a socket pair (--fd), which makes
 *   no name in the file system, and ends passt when QEMU ends.  It detaches itself
 *   and its first process ends when it is ready.  We asked to inherit orphans
 *   (PR_SET_CHILD_SUBREAPER), so that we see the detached one end too.
 *
 *   QEMU always inherits a socket that is connected already, whatever the
 *   command line looked like.  A path for QEMU to connect to would be one thing
 *   less to do here, but then nobody could say before the machine boots that
 *   passt is missing, or serves another guest: older versions of QEMU take no
 *   path, newer ones connect in the background and keep quiet.  And a passt
 *   with --one-off would end with the connection that tried it out.
 *
 *   QEMU runs as a child.  Signals that ask us to end are passed on, QEMU's
 *   status becomes ours.  Before we end, the passt that we started has ended:
 *   once we are gone, its ports are free.
 *
 *   The historical command line, `qrap FD COMMAND...`, puts the socket at
 *   descriptor FD and touches no argument.
 */
#include "qrap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PASST_ARGS	= 64,		/* --passt-arg */
	DEFAULT_PATHS	= 64,		/* /tmp/passt_1.socket to ..._64.socket */
	FRAME_MAX	= 65535 + 14,	/* with its Ethernet header */
	PROBE_S		= 1,		/* time for the next frame after our question */
	PROBE_FRAMES	= 64,		/* frames until the answer has to be there */
	END_S		= 3,		/* time for passt to end after QEMU */
	EXIT_SIGNAL	= 128,		/* added to a signal, as shells do */
};

/**
 * struct self - what was asked for, and what runs
 * @path:	--socket, NULL: the default paths
 * @program:	--passt, NULL: looked for
 * @no_start:	--no-start
 * @backend:	--backend
 * @fixed_fd:	descriptor of the historical command line, -1: other form
 * @qemu:	path of the QEMU to run
 * @argv:	arguments of the passt that we start; the first is its path
 * @argc:	how many; there is room for three more
 * @passt:	process of the one that we started, 0: none was, or unknown
 */
static struct {
	char *path;
	char *program;
	bool no_start;
	enum backend backend;
	int fixed_fd;
	char qemu[PATH_MAX];
	char *argv[PASST_ARGS + 5];
	int argc;
	pid_t passt;
} self = { .fixed_fd = -1, .argv[1] = (char[]){ "--quiet" }, .argc = 2 };

/**
 * qrap_say() - Say one line on stderr
 * @fmt:	As for printf(), without newline
 */
void qrap_say(const char *fmt, ...)
{
	char line[PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, "qrap: %s\n", line);
}

/* Programs */

/**
 * find_program() - Find a program the way a shell does
 * @name:	With a slash: a path; without: searched for in PATH
 * @path:	Where it is, untouched if it is nowhere
 *
 * Return: true if it is there
 */
static bool find_program(const char *name, char path[static PATH_MAX])
{
	const char *dir = strchr(name, '/') ? "" : getenv("PATH"), *end;
	char try[PATH_MAX];
	struct stat st;

	for (; dir && *name; dir = *end ? end + 1 : NULL) {
		end = strchrnul(dir, ':');
		if (snprintf(try, sizeof(try), "%.*s%s%s", (int)(end - dir), dir,
			     strchr(name, '/') ? "" : "/", name) < PATH_MAX &&
		    stat(try, &st) == 0 && S_ISREG(st.st_mode) && access(try, X_OK) == 0) {
			(void)snprintf(path, PATH_MAX, "%s", try);
			return true;
		}
	}
	return false;
}

/* find_passt() - Find the passt to start: the given one, ours, any in PATH */
static bool find_passt(char path[static PATH_MAX])
{
	static const char *const beside[] = { "passt", "../passt" };
	char here[PATH_MAX - sizeof("../passt")], try[PATH_MAX];
	ssize_t n;

	if (self.program)
		return find_program(self.program, path);

	/* Who built both wants those two to work together */
	n = readlink("/proc/self/exe", here, sizeof(here));
	while (n > 0 && here[n - 1] != '/')
		n--;
	for (size_t i = 0; n > 0 && i < 2; i++) {
		(void)snprintf(try, sizeof(try), "%.*s%s", (int)n, here, beside[i]);
		if (find_program(try, path))
			return true;
	}
	return find_program("passt", path);
}

/* find_qemu() - Find a QEMU for this kind of machine, if none was named */
static bool find_qemu(char path[static PATH_MAX])
{
	struct utsname host = { .machine = "" };
	char name[sizeof("qemu-system-") + sizeof(host.machine)];
	const char *names[] = { name, "qemu-kvm", "/usr/libexec/qemu-kvm", "kvm", "qemu" };
	const char *machine = host.machine;

	(void)uname(&host);
	if (strncmp(machine, "arm", 3) == 0)
		machine = "arm";
	else if (strncmp(machine, "ppc64", 5) == 0)
		machine = "ppc64";
	else if (*machine == 'i' && strcmp(machine + 2, "86") == 0)
		machine = "i386";
	(void)snprintf(name, sizeof(name), "qemu-system-%s", machine);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (find_program(names[i], path))
			return true;
	return false;
}

/**
 * run() - Start a program that inherits the socket
 * @argv:	Its arguments, the first is its path
 * @fd:		Socket
 * @mask:	Signal mask it starts with, NULL: ours
 *
 * Return: its process number
 */
static pid_t run(char **argv, int fd, const sigset_t *mask)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		fail("can not fork: %s", strerror(errno));
	if (pid > 0)
		return pid;

	/* Nobody would pass signals on any more once we were killed */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	(void)fcntl(fd, F_SETFD, 0);
	(void)execv(argv[0], argv);
	qrap_say("can not run %s: %s", argv[0], strerror(errno));
	_exit(EXIT_FAILURE);
}

/* The socket */

/*
 * ARP on Ethernet (RFC 826), as the stream carries it.  The address asked for is
 * out of a block that is never assigned (RFC 3927, section 2.1), and so is that of
 * the one who asks.
 */
static const uint8_t question[] = {
	0, 0, 0, 42,							/* bytes that follow */
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 'q', 'r', 'a', 'p', 1,	/* to all, from */
	8, 6, 0, 1, 8, 0, 6, 4, 0, 1,					/* ARP for IPv4: request */
	2, 'q', 'r', 'a', 'p', 1, 169, 254, 0, 2,			/* of whom */
	0, 0, 0, 0, 0, 0, 169, 254, 0, 1,				/* for whose address */
};
static const uint8_t answer[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 2 };	/* the same, but a reply */

/* Where that and the address are in an answer, and the address in the question */
enum { ANSWER_TYPE = 4 + 12, ANSWER_FOR = ANSWER_TYPE + 10 + 6, QUESTION_FOR = 4 + 14 + 24 };

/**
 * answers() - Is there a passt at the other end, with time for us?
 * @fd:		Connected socket.  Whole frames are read from it, no half ones, so
 *		that QEMU can go on with it.
 */
static bool answers(int fd)
{
	const struct timeval limit = { .tv_sec = PROBE_S }, none = { 0 };
	static uint8_t in[4 + FRAME_MAX];
	bool found = false;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (send(fd, question, sizeof(question), MSG_NOSIGNAL) != sizeof(question))
		return false;
	for (int i = 0; !found && i < PROBE_FRAMES; i++) {
		uint32_t len;

		if (recv(fd, in, 4, MSG_WAITALL) != 4)
			break;
		memcpy(&len, in, 4);
		len = ntohl(len);
		if (len > FRAME_MAX || recv(fd, in + 4, len, MSG_WAITALL) != (ssize_t)len)
			break;
		found = len >= sizeof(question) - 4 &&
			memcmp(in + ANSWER_TYPE, answer, sizeof(answer)) == 0 &&
			memcmp(in + ANSWER_FOR, question + QUESTION_FOR, 4) == 0;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none));
	return found;
}

/**
 * join() - Connect to a passt
 * @path:	Of its socket
 *
 * Return: socket that passt serves; -errno: not connected; -EBUSY: connected, but
 * nobody who speaks ARP answers
 */
static int join(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd, e;

	if (snprintf(to.sun_path, sizeof(to.sun_path), "%s", path) >= (int)sizeof(to.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		e = errno;
	else if (!answers(fd))
		e = EBUSY;
	else
		return fd;
	(void)close(fd);
	return -e;
}

/**
 * only_child() - Process we inherited from a child that has ended
 *
 * Return: its number, 0: there is none, or this kernel does not tell
 */
static pid_t only_child(void)
{
	char path[64], text[16] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%i/children", (int)getpid());
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	(void)fclose(f);
	return (pid_t)strtol(text, NULL, 10);
}

/**
 * start_passt() - Start a passt for this guest alone, and wait until it is ready
 *
 * Return: socket connected to it; does not return if there is no passt
 */
static int start_passt(void)
{
	static char path[PATH_MAX], number[16], name[] = "--fd";
	int pair[2], status = 0;

	if (!find_passt(path))
		fail("no passt is running, and %s%s: start one, or give --passt",
		     self.program ? "there is no program " :
		     "none is installed beside qrap or in PATH",
		     self.program ? self.program : "");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		fail("can not make a socket pair: %s", strerror(errno));
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);

	(void)snprintf(number, sizeof(number), "%i", pair[1]);
	self.argv[0] = path;
	self.argv[self.argc] = name;
	self.argv[self.argc + 1] = number;
	(void)waitpid(run(self.argv, pair[1], NULL), &status, 0);
	(void)close(pair[1]);
	if (WIFSIGNALED(status))
		fail("%s ended by signal %i at start", path, WTERMSIG(status));
	if (WEXITSTATUS(status))
		fail("%s did not start, its exit status is %i", path, WEXITSTATUS(status));
	self.passt = only_child();
	return pair[0];
}

/* join_passt() - Socket of a passt that runs, or is started; no return if that fails */
static int join_passt(void)
{
	int fd = self.path ? join(self.path) : -ENOENT;
	char path[64];

	for (int i = 1; !self.path && fd < 0 && i <= DEFAULT_PATHS; i++) {
		(void)snprintf(path, sizeof(path), "/tmp/passt_%i.socket", i);
		fd = join(path);
	}
	if (fd >= 0)
		return fd;
	if (self.path && fd == -EBUSY)
		fail("no passt answers at %s: it has another guest, or is none", self.path);
	if (self.path && fd != -ENOENT && fd != -ECONNREFUSED)
		fail("can not connect to %s: %s", self.path, strerror(-fd));
	if (self.no_start && self.path)
		fail("no passt listens at %s: start one with: passt --socket %s", self.path,
		     self.path);
	if (self.no_start)
		fail("no passt answers at /tmp/passt_1.socket to /tmp/passt_%i.socket: start one",
		     DEFAULT_PATHS);
	return start_passt();
}

/* Our command line */

/* usage() - Say how we are called, and end */
static void usage(FILE *to, int status)
{
	(void)fputs(
"Usage: qrap [OPTION]... [QEMU] [QEMU_ARGUMENT]...\n"
"       qrap FD QEMU [QEMU_ARGUMENT]...\n"
"Start QEMU with its network joined to passt, and passt if none is running.\n"
"\n"
"  --socket PATH      passt listens here; default: the first that answers of\n"
"                     /tmp/passt_1.socket to /tmp/passt_64.socket\n"
"  --passt PROGRAM    passt to start; default: beside qrap, or in PATH\n"
"  --passt-arg ARG    argument for the passt that is started; repeatable\n"
"  --no-start         start none: fail if no passt answers\n"
"  --backend NAME     of QEMU: stream, socket; default: stream, if it knows it\n"
"  --help             this text\n", to);
	exit(status);
}

/**
 * take() - Read one of our options that have a value: --name VALUE or --name=VALUE
 * @argv:	Arguments from the option on; moved on past the value
 * @name:	Option
 * @value:	Set if it is that option
 *
 * Return: true if it is
 */
static bool take(char ***argv, const char *name, char **value)
{
	size_t n = strlen(name);
	char *arg = **argv;

	if (strncmp(arg, name, n) != 0 || (arg[n] && arg[n] != '='))
		return false;
	if (!arg[n] && !*++*argv)
		fail("%s needs a value", name);
	*value = arg[n] ? arg + n + 1 : **argv;
	return true;
}

/**
 * parse_options() - Read our own options
 * @argv:	Arguments behind our name
 *
 * Return: first argument that is not ours
 */
static char **parse_options(char **argv)
{
	char *value;

	for (; *argv && strncmp(*argv, "--", 2) == 0; argv++) {
		if (strcmp(*argv, "--") == 0)
			return argv + 1;
		if (strcmp(*argv, "--help") == 0)
			usage(stdout, EXIT_SUCCESS);
		if (strcmp(*argv, "--no-start") == 0) {
			self.no_start = true;
		} else if (take(&argv, "--passt-arg", &value)) {
			if (self.argc == PASST_ARGS + 2)
				fail("more than %i --passt-arg", PASST_ARGS);
			self.argv[self.argc++] = value;
		} else if (take(&argv, "--backend", &value)) {
			self.backend = strcmp(value, "stream") ? BACKEND_SOCKET : BACKEND_STREAM;
			if (self.backend == BACKEND_SOCKET && strcmp(value, "socket") != 0)
				fail("--backend is stream or socket, not '%s'", value);
		} else if (!take(&argv, "--passt", &self.program) &&
			   !take(&argv, "--socket", &self.path)) {
			return argv;
		}
	}
	return argv;
}

/**
 * parse_qemu() - Read which QEMU to run, and its arguments
 * @argv:	Arguments behind our options
 */
static void parse_qemu(char **argv)
{
	char *end;
	long fd;

	if (!*argv)
		usage(stderr, EXIT_FAILURE);

	fd = strtol(*argv, &end, 10);
	if (end != *argv && !*end && argv[1]) {
		if (fd > INT_MAX || fd <= STDERR_FILENO)
			fail("the socket can not be descriptor %s", *argv);
		self.fixed_fd = (int)fd;
		argv++;
	}

	if (!find_program(*argv, self.qemu)) {
		if (self.fixed_fd >= 0 || (**argv != '-' && access(*argv, F_OK) < 0))
			fail("no program %s: is QEMU installed (Debian: qemu-system-x86)?", *argv);
		if (!find_qemu(self.qemu))
			fail("no QEMU in PATH: is it installed (Debian: qemu-system-x86)?");
		argv--;		/* none was named: room for its name */
	}
	*argv = self.qemu;
	args_init(argv);
}

/* place() - Put the socket where the historical command line wants it */
static int place(int fd)
{
	if (fd == self.fixed_fd)
		return fd;
	if (dup2(fd, self.fixed_fd) < 0)
		fail("the socket can not be descriptor %i: %s", self.fixed_fd, strerror(errno));
	(void)close(fd);
	return self.fixed_fd;
}

/* Looking after QEMU */

/**
 * supervise() - Pass signals on until QEMU ends
 * @qemu:	Its process number
 * @set:	Signals, blocked
 *
 * Return: exit status for us
 */
static int supervise(pid_t qemu, const sigset_t *set)
{
	siginfo_t sig;
	int status;

	while (waitpid(qemu, &status, WNOHANG) != qemu) {
		/* The terminal has sent its signals to QEMU as well */
		if (sigwaitinfo(set, &sig) > 0 && sig.si_signo != SIGCHLD &&
		    sig.si_code != SI_KERNEL)
			(void)kill(qemu, sig.si_signo);
	}
	return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/**
 * end_passt() - See the passt that we started end, now that its guest has
 * @set:	Signals, blocked
 */
static void end_passt(const sigset_t *set)
{
	const struct timespec limit = { .tv_sec = END_S };

	for (int tries = 0; tries < 2 && waitpid(self.passt, NULL, WNOHANG) == 0; ) {
		if (sigtimedwait(set, NULL, &limit) < 0 && tries++ == 0)
			(void)kill(self.passt, SIGTERM);
	}
}

int main(int argc, char **argv)
{
	static const int passed_on[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	sigset_t set, old;
	int fd, status;
	pid_t qemu;

	(void)signal(SIGCHLD, SIG_DFL);
	parse_qemu(parse_options(argv + (argc > 0)));
	if (self.fixed_fd < 0)
		args_check();
	fd = join_passt();
	if (self.fixed_fd < 0)
		args_patch(fd, self.backend);
	else
		fd = place(fd);

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		(void)sigaddset(&set, passed_on[i]);
	(void)sigprocmask(SIG_BLOCK, &set, &old);

	qemu = run(args_get(), fd, &old);
	(void)close(fd);
	status = supervise(qemu, &set);

	/* A QEMU that detached itself has only now begun to use passt */
	if (self.passt && !args_have("daemonize"))
		end_passt(&set);
	return status;
}
