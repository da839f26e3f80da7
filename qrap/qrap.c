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
 *   join.c gets a socket that a passt serves, args.c tells QEMU about it, and this
 *   file reads our own command line and looks after QEMU.
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

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	END_S		= 3,		/* time for passt to end after QEMU */
	EXIT_SIGNAL	= 128,		/* added to a signal, as shells do */
};

/**
 * struct self - what was asked for
 * @join:	which passt to take
 * @backend:	--backend
 * @fixed_fd:	descriptor of the historical command line, -1: other form
 * @qemu:	path of the QEMU to run
 */
static struct {
	struct join_conf join;
	enum backend backend;
	int fixed_fd;
	char qemu[PATH_MAX];
} self = { .fixed_fd = -1 };

/**
 * qrap_say() - Say one line on stderr
 * @fmt:	As for printf(), without newline
 */
void qrap_say(const char *fmt, ...)
{
	char line[QRAP_VALUE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, "qrap: %s\n", line);
}

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
 * run_qemu() - Start QEMU
 * @fd:		Socket it inherits
 * @mask:	Signal mask it starts with
 *
 * Return: its process number
 */
static pid_t run_qemu(int fd, const sigset_t *mask)
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
	(void)execv(self.qemu, args_get());
	qrap_say("can not run %s: %s", self.qemu, strerror(errno));
	_exit(EXIT_FAILURE);
}

/**
 * supervise() - Pass signals on until QEMU ends
 * @qemu:	Its process number
 * @passt:	Process of our passt; set to 0 when that has ended
 * @set:	Signals, blocked
 *
 * Return: exit status for us
 */
static int supervise(pid_t qemu, pid_t *passt, const sigset_t *set)
{
	siginfo_t sig;
	int status;
	pid_t pid;

	for (;;) {
		if (sigwaitinfo(set, &sig) < 0)
			continue;
		/* The terminal has sent its signals to QEMU as well */
		if (sig.si_signo != SIGCHLD && sig.si_code != SI_KERNEL)
			(void)kill(qemu, sig.si_signo);
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
			if (pid == *passt)
				*passt = 0;
			if (pid != qemu)
				continue;
			if (WIFSIGNALED(status))
				return EXIT_SIGNAL + WTERMSIG(status);
			return WEXITSTATUS(status);
		}
	}
}

/**
 * end_passt() - See the passt that we started end, now that its guest has
 * @passt:	Its process, 0: there is none, or it has ended
 * @set:	Signals, blocked
 */
static void end_passt(pid_t passt, const sigset_t *set)
{
	const struct timespec limit = { .tv_sec = END_S };
	pid_t pid;

	for (int tries = 0; passt && tries < 2; tries++) {
		do {
			while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
				if (pid == passt)
					passt = 0;
		} while (passt && sigtimedwait(set, NULL, &limit) > 0);
		if (passt)
			(void)kill(passt, SIGTERM);
	}
}

/**
 * value_of() - Value of one of our options: --name VALUE or --name=VALUE
 * @argv:	Arguments from the option on; moved on past the value
 * @name:	Option
 *
 * Return: value, or NULL: it is another option
 */
static char *value_of(char ***argv, const char *name)
{
	size_t n = strlen(name);
	char *arg = **argv;

	if (strncmp(arg, name, n) != 0 || (arg[n] && arg[n] != '='))
		return NULL;
	if (arg[n] == '=')
		return arg + n + 1;
	if (!*++*argv)
		fail("%s needs a value", name);
	return **argv;
}

/**
 * parse_backend() - Read the value of --backend
 * @text:	Value
 */
static enum backend parse_backend(const char *text)
{
	if (strcmp(text, "stream") == 0)
		return BACKEND_STREAM;
	if (strcmp(text, "socket") == 0)
		return BACKEND_SOCKET;
	fail("--backend is stream or socket, not '%s'", text);
}

/**
 * parse_options() - Read our own options
 * @argv:	Arguments behind our name
 *
 * Return: first argument that is not ours
 */
static char **parse_options(char **argv)
{
	for (; *argv && strncmp(*argv, "--", 2) == 0; argv++) {
		char *value;

		if (strcmp(*argv, "--") == 0)
			return argv + 1;
		if (strcmp(*argv, "--help") == 0)
			usage(stdout, EXIT_SUCCESS);
		if (strcmp(*argv, "--no-start") == 0) {
			self.join.no_start = true;
		} else if ((value = value_of(&argv, "--passt-arg"))) {
			if (self.join.nargs == QRAP_PASST_ARGS)
				fail("more than %i --passt-arg", QRAP_PASST_ARGS);
			self.join.args[self.join.nargs++] = value;
		} else if ((value = value_of(&argv, "--passt"))) {
			self.join.passt = value;
		} else if ((value = value_of(&argv, "--socket"))) {
			self.join.path = value;
		} else if ((value = value_of(&argv, "--backend"))) {
			self.backend = parse_backend(value);
		} else {
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
		if (fd < 0 || fd > INT_MAX || fd <= STDERR_FILENO)
			fail("the socket can not be descriptor %s", *argv);
		self.fixed_fd = (int)fd;
		argv++;
	}

	if (!program_find(*argv, self.qemu)) {
		if (self.fixed_fd >= 0 ||
		    (**argv != '-' && access(*argv, F_OK) < 0))
			fail("no program %s: is QEMU installed (Debian: "
			     "qemu-system-x86)?", *argv);
		if (!program_find_qemu(self.qemu))
			fail("no QEMU in PATH: is it installed (Debian: "
			     "qemu-system-x86)?");
		argv--;		/* none was named: room for its name */
	}
	*argv = self.qemu;
	args_init(argv);
}

/**
 * place() - Put the socket where the historical command line wants it
 * @fd:		Socket
 *
 * Return: its new number; does not return if that is impossible
 */
static int place(int fd)
{
	if (fd == self.fixed_fd)
		return fd;
	if (dup2(fd, self.fixed_fd) < 0)
		fail("the socket can not be descriptor %i: %s", self.fixed_fd,
		     strerror(errno));
	(void)close(fd);
	return self.fixed_fd;
}

int main(int argc, char **argv)
{
	static const int passed_on[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };
	pid_t qemu, passt;
	sigset_t set, old;
	int fd, status;

	(void)signal(SIGCHLD, SIG_DFL);
	parse_qemu(parse_options(argv + (argc > 0)));
	if (self.fixed_fd < 0)
		args_check();
	fd = join_passt(&self.join, &passt);
	if (self.fixed_fd < 0)
		args_patch(fd, self.backend);
	else
		fd = place(fd);

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		(void)sigaddset(&set, passed_on[i]);
	(void)sigprocmask(SIG_BLOCK, &set, &old);

	qemu = run_qemu(fd, &old);
	(void)close(fd);
	status = supervise(qemu, &passt, &set);

	/* A QEMU that detached itself has only now begun to use passt */
	if (!args_have("daemonize"))
		end_passt(passt, &set);
	return status;
}
