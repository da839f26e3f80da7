// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * args.c - the arguments of QEMU
 *
 * Theory of operation
 *
 *   A `socket` back end with fd= gets our number in its place, anything else of
 *   the user is passed on untouched.  What is missing, back end or network card,
 *   is added.  A network that has no fd= is refused: the machine would boot, but
 *   not with passt.
 *
 *   The newer back end, `stream`, is told a connected descriptor too.
 *
 *   What it does not do: options in files (-readconfig) are not read, and JSON
 *   arguments are neither understood nor rewritten.
 */
#include "qrap.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ARGS_MAX	= 4096,		/* arguments of QEMU, ours included */
	HELP_MS		= 5000,		/* time for QEMU to say what it knows */
};

/* What we call things on the command line of QEMU, unless the user named them */
#define NETDEV_ID	"passt0"

/**
 * struct self - state of this file
 * @args:	arguments, [0] is QEMU's path, NULL at the end
 * @nargs:	number of them
 */
static struct {
	char *args[ARGS_MAX + 1];
	int nargs;
} self;

/**
 * is_option() - Is this argument that option?  QEMU takes one dash or two
 * @arg:	Argument, or NULL
 * @name:	Option without dashes
 */
static bool is_option(const char *arg, const char *name)
{
	if (!arg || *arg++ != '-')
		return false;
	return strcmp(arg + (*arg == '-'), name) == 0;
}

/**
 * property() - Find a property in a list as QEMU takes it: a=1,b=2; ,, is a comma
 * @list:	List
 * @name:	Name with the equals sign
 *
 * Return: where its value begins, or NULL: not in there
 */
static const char *property(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; p; p = p ? p + 1 : NULL) {
		if (strncmp(p, name, n) == 0)
			return p + n;
		for (p = strchr(p, ','); p && p[1] == ','; p = strchr(p + 2, ','))
			;
	}
	return NULL;
}

/* value_len() - Length of a value that property() found */
static size_t value_len(const char *value)
{
	const char *p = value;

	for (p = strchrnul(p, ','); p[0] && p[1] == ','; p = strchrnul(p + 2, ','))
		;
	return (size_t)(p - value);
}

/* same_value() - Are two values, each up to its comma, the same? */
static bool same_value(const char *a, const char *b)
{
	return value_len(a) == value_len(b) && memcmp(a, b, value_len(a)) == 0;
}

/**
 * refers() - Find an option with a property of a certain value
 * @option:	Name of the option
 * @name:	Name of the property, with the equals sign
 * @value:	Value, up to a comma or its end
 *
 * Return: true if there is such an argument
 */
static bool refers(const char *option, const char *name, const char *value)
{
	for (int i = 1; i + 1 < self.nargs; i++) {
		const char *v;

		if (!is_option(self.args[i], option))
			continue;
		v = property(self.args[i + 1], name);
		if (v && same_value(v, value))
			return true;
	}
	return false;
}

/* add_arg() - Append an argument; @arg stays ours */
static void add_arg(char *arg)
{
	if (self.nargs >= ARGS_MAX)
		fail("more than %i arguments", ARGS_MAX);
	self.args[self.nargs++] = arg;
	self.args[self.nargs] = NULL;
}

/**
 * put_fd() - Give a list of properties our descriptor in place of its own
 * @arg:	Argument, replaced
 * @fd:		Descriptor
 */
static void put_fd(char **arg, int fd)
{
	static char new[QRAP_VALUE_MAX];
	const char *value = property(*arg, "fd=");
	int n;

	n = snprintf(new, sizeof(new), "%.*s%i%s", (int)(value - *arg), *arg, fd,
		     value + value_len(value));
	if (n < 0 || n >= QRAP_VALUE_MAX)
		fail("argument too long: %s", *arg);
	*arg = new;
}

/**
 * card() - The network card that this machine can have
 *
 * Mainframes have channels in the place of PCI, and microvm has neither.
 */
static const char *card(void)
{
	const char *name = strrchr(self.args[0], '/');

	if (name && strstr(name, "s390x"))
		return "virtio-net-ccw";
	for (int i = 1; i + 1 < self.nargs; i++) {
		const char *value = self.args[i + 1];

		if (!is_option(self.args[i], "M") &&
		    !is_option(self.args[i], "machine"))
			continue;
		if (strncmp(value, "type=", 5) == 0)
			value += 5;
		if (same_value(value, "microvm"))
			return "virtio-net-device";
	}
	return "virtio-net-pci";
}

/**
 * add_device() - Append a network card
 * @id:		Back end it belongs to, up to a comma or its end
 */
static void add_device(const char *id)
{
	static char name[] = "-device", value[QRAP_VALUE_MAX];

	(void)snprintf(value, sizeof(value), "%s,netdev=%.*s", card(),
		       (int)value_len(id), id);
	add_arg(name);
	add_arg(value);
}

/**
 * run_help() - In a child: become a QEMU that lists its back ends
 * @out:	Where to
 */
__attribute__((noreturn))
static void run_help(int out)
{
	static char option[] = "-netdev", value[] = "help";
	char *argv[] = { self.args[0], option, value, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)dup2(null, STDIN_FILENO);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(null, STDERR_FILENO);
	(void)execv(self.args[0], argv);
	_exit(EXIT_FAILURE);
}

/**
 * knows_stream() - Does this QEMU have the `stream` back end (7.2 and later)?
 *
 * It is asked, since version numbers say little about patched packages.  No
 * clear answer is a no: `socket` works everywhere.
 */
static bool knows_stream(void)
{
	struct pollfd pfd = { .events = POLLIN };
	char text[QRAP_VALUE_MAX] = "";
	size_t len = 0;
	int out[2];
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (pid == 0)
		run_help(out[1]);
	(void)close(out[1]);

	pfd.fd = out[0];
	while (pid > 0 && len < sizeof(text) - 1 &&
	       poll(&pfd, 1, HELP_MS) == 1) {
		ssize_t n = read(out[0], text + len, sizeof(text) - 1 - len);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	(void)close(out[0]);
	if (pid > 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	return strstr(text, "\nstream\n");
}

/**
 * add_netdev() - Append a back end for our socket
 * @id:		Its name, up to a comma or its end
 * @fd:		Socket
 * @backend:	Kind
 */
static void add_netdev(const char *id, int fd, enum backend backend)
{
	static char name[] = "-netdev", value[QRAP_VALUE_MAX];
	int n = (int)value_len(id);

	if (backend == BACKEND_AUTO)
		backend = knows_stream() ? BACKEND_STREAM : BACKEND_SOCKET;
	if (backend == BACKEND_STREAM)
		(void)snprintf(value, sizeof(value), "stream,id=%.*s,server=off,"
			       "addr.type=fd,addr.str=%i", n, id, fd);
	else
		(void)snprintf(value, sizeof(value), "socket,id=%.*s,fd=%i", n, id,
			       fd);
	add_arg(name);
	add_arg(value);
}

/**
 * add_hub() - Append a back end for the cards of -net
 * @fd:		Socket
 */
static void add_hub(int fd)
{
	static char name[] = "-net", value[QRAP_VALUE_MAX];

	(void)snprintf(value, sizeof(value), "socket,fd=%i", fd);
	add_arg(name);
	add_arg(value);
}

/**
 * struct network - what the user's arguments say about the network
 * @link:	where the first `socket` back end with fd= is in self.args, 0: nowhere
 * @other:	where the first other network is, 0: nowhere
 * @dangling:	back end that a network card names, but nobody makes; or NULL
 * @nic:	there is a card (-net nic) that waits for a -net back end
 */
struct network {
	int link;
	int other;
	const char *dangling;
	bool nic;
};

/**
 * look_card() - Note a network card
 * @found:	What we know so far
 * @value:	Properties of a device
 *
 * Return: true if it names its back end
 */
static bool look_card(struct network *found, const char *value)
{
	const char *id = property(value, "netdev=");

	if (id && !refers("netdev", "id=", id) && !found->dangling)
		found->dangling = id;
	return id;
}

/* look() - Find out what the user's arguments say about the network */
static struct network look(void)
{
	static const char *const backends[] = { "netdev", "net", "nic" };
	struct network found = { 0 };

	for (int i = 1; i + 1 < self.nargs; i++) {
		const char *value = self.args[i + 1];
		bool is_card = strncmp(value, "nic", 3) == 0;

		if (is_option(self.args[i], "device"))
			(void)look_card(&found, value);
		if (is_option(self.args[i], "net") && is_card) {
			if (!look_card(&found, value))
				found.nic = true;
			continue;
		}
		for (size_t j = 0; j < sizeof(backends) / sizeof(*backends); j++) {
			if (!is_option(self.args[i], backends[j]))
				continue;
			if (strncmp(value, "socket,", 7) == 0 &&
			    property(value, "fd=")) {
				if (!found.link)
					found.link = i + 1;
			} else if (!found.other) {
				found.other = i + 1;
			}
		}
	}
	return found;
}

/**
 * args_init() - Take the arguments of QEMU
 * @argv:	[0] is its path, NULL at the end; the strings stay the caller's
 */
void args_init(char *const *argv)
{
	self.nargs = 0;
	while (*argv)
		add_arg(*argv++);
}

/**
 * args_have() - Is there an option?
 * @option:	Without dashes
 */
bool args_have(const char *option)
{
	for (int i = 1; i < self.nargs; i++)
		if (is_option(self.args[i], option))
			return true;
	return false;
}

/**
 * args_check() - End with a message if there is a network, but no place for passt
 */
void args_check(void)
{
	struct network net = look();

	if (net.other && !net.link && !net.dangling)
		fail("'%s %s' is a network without passt: leave it out, or give "
		     "-netdev socket,id=NAME,fd=0", self.args[net.other - 1],
		     self.args[net.other]);
}

/**
 * args_patch() - Join QEMU to a socket
 * @fd:		Socket, at the number that QEMU will see
 * @backend:	Kind of back end to add, if one has to be
 */
void args_patch(int fd, enum backend backend)
{
	struct network net = look();

	if (net.link) {
		const char *id = property(self.args[net.link], "id=");

		put_fd(&self.args[net.link], fd);
		if (is_option(self.args[net.link - 1], "netdev") && id &&
		    !refers("device", "netdev=", id) &&
		    !refers("net", "netdev=", id))
			add_device(id);
	} else if (net.dangling) {
		add_netdev(net.dangling, fd, backend);
	} else if (net.nic) {
		add_hub(fd);
	} else {
		add_netdev(NETDEV_ID, fd, backend);
		add_device(NETDEV_ID);
	}
}

/* args_get() - The arguments as they are now, NULL at the end */
char **args_get(void)
{
	return self.args;
}
