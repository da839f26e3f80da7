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
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ARGS_MAX	= 4096,		/* arguments of QEMU, ours included */
	TEXT_MAX	= 16 * 1024,	/* bytes of those that we make */
	HELP_LEN	= 4096,		/* of the text in which QEMU says what it knows */
	HELP_MS		= 5000,		/* time for it to do so */
};

/* What we call things on the command line of QEMU, unless the user named them */
#define NETDEV_ID	"passt0"

/**
 * struct self - state of this file
 * @args:	arguments, [0] is QEMU's path, NULL at the end
 * @nargs:	number of them
 * @text:	where those are that we made
 * @used:	bytes of @text
 */
static struct {
	char *args[ARGS_MAX + 1];
	int nargs;
	char text[TEXT_MAX];
	size_t used;
} self;

/**
 * is_option() - Is this argument that option?  QEMU takes one dash or two
 * @i:		Number of the argument
 * @name:	Option without dashes
 */
static bool is_option(int i, const char *name)
{
	const char *arg = self.args[i];

	if (!arg || *arg++ != '-')
		return false;
	return strcmp(arg + (*arg == '-'), name) == 0;
}

/* value_of() - The value of an argument, if it is that option and has one, or NULL */
static const char *value_of(int i, const char *name)
{
	return is_option(i, name) ? self.args[i + 1] : NULL;
}

/**
 * property() - Find a property in a list as QEMU takes it: a=1,b=2; ,, is a comma
 * @list:	List, or NULL
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

/* value_len() - Length of a value that property() found: up to a comma or its end */
static int value_len(const char *value)
{
	const char *p = value;

	for (p = strchrnul(p, ','); p[0] && p[1] == ','; p = strchrnul(p + 2, ','))
		;
	return (int)(p - value);
}

/* same_value() - Are two values, each up to its comma, the same? */
static bool same_value(const char *a, const char *b)
{
	return value_len(a) == value_len(b) && memcmp(a, b, (size_t)value_len(a)) == 0;
}

/**
 * refers() - Is there an option with a property of a certain value?
 * @option:	Name of the option
 * @name:	Name of the property, with the equals sign
 * @value:	Value, up to a comma or its end
 */
static bool refers(const char *option, const char *name, const char *value)
{
	for (int i = 1; i < self.nargs; i++) {
		const char *v = property(value_of(i, option), name);

		if (v && same_value(v, value))
			return true;
	}
	return false;
}

/* make() - A string that stays, as printf() would write it */
__attribute__((format(printf, 1, 2)))
static char *make(const char *fmt, ...)
{
	char *made = self.text + self.used;
	size_t room = sizeof(self.text) - self.used;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(made, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room)
		fail("argument too long: %s", made);
	self.used += (size_t)n + 1;
	return made;
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
 * card() - The network card that this machine can have
 *
 * Mainframes have channels in the place of PCI, and microvm has neither.
 */
static const char *card(void)
{
	const char *name = strrchr(self.args[0], '/');

	if (name && strstr(name, "s390x"))
		return "virtio-net-ccw";
	for (int i = 1; i < self.nargs; i++) {
		const char *value = value_of(i, "M");

		if (!value)
			value = value_of(i, "machine");
		if (value && same_value(value + (strncmp(value, "type=", 5) ? 0 : 5), "microvm"))
			return "virtio-net-device";
	}
	return "virtio-net-pci";
}

/* add_device() - Append a network card; @id is the back end it belongs to */
static void add_device(const char *id)
{
	add_arg(make("-device"));
	add_arg(make("%s,netdev=%.*s", card(), value_len(id), id));
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
	char text[HELP_LEN] = "";
	size_t len = 0;
	int out[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		char *argv[] = { self.args[0], make("-netdev"), make("help"), NULL };
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		(void)dup2(null, STDIN_FILENO);
		(void)dup2(out[1], STDOUT_FILENO);
		(void)dup2(null, STDERR_FILENO);
		(void)execv(argv[0], argv);
		_exit(EXIT_FAILURE);
	}
	(void)close(out[1]);

	pfd.fd = out[0];
	while (poll(&pfd, 1, HELP_MS) == 1 &&
	       (n = read(out[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
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
	int n = value_len(id);

	if (backend == BACKEND_AUTO)
		backend = knows_stream() ? BACKEND_STREAM : BACKEND_SOCKET;
	add_arg(make("-netdev"));
	if (backend == BACKEND_STREAM)
		add_arg(make("stream,id=%.*s,server=off,addr.type=fd,addr.str=%i", n, id, fd));
	else
		add_arg(make("socket,id=%.*s,fd=%i", n, id, fd));
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

/* look() - Find out what the user's arguments say about the network */
static struct network look(void)
{
	struct network found = { 0 };

	for (int i = 1; i + 1 < self.nargs; i++) {
		const char *value = self.args[i + 1], *id = property(value, "netdev=");
		bool nic = is_option(i, "net") && strncmp(value, "nic", 3) == 0;

		if (nic || is_option(i, "device")) {
			if (id && !found.dangling && !refers("netdev", "id=", id))
				found.dangling = id;
			found.nic |= nic && !id;
		} else if (is_option(i, "netdev") || is_option(i, "net") || is_option(i, "nic")) {
			bool ours = strncmp(value, "socket,", 7) == 0 && property(value, "fd=");
			int *at = ours ? &found.link : &found.other;

			*at = *at ? *at : i + 1;
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
	self.used = 0;
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
		if (is_option(i, option))
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
		const char *list = self.args[net.link], *id = property(list, "id=");
		const char *old = property(list, "fd=");

		self.args[net.link] = make("%.*s%i%s", (int)(old - list), list, fd,
					   old + value_len(old));
		if (is_option(net.link - 1, "netdev") && id &&
		    !refers("device", "netdev=", id) && !refers("net", "netdev=", id))
			add_device(id);
	} else if (net.dangling) {
		add_netdev(net.dangling, fd, backend);
	} else if (net.nic) {
		add_arg(make("-net"));
		add_arg(make("socket,fd=%i", fd));
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
