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
 *   QEMU always inherits a socket that is connected already, whatever the
 *   command line looked like.  A path for QEMU to connect to would be one thing
 *   less to do here, but then nobody could say before the machine boots that
 *   passt is missing, or serves another guest: older versions of QEMU take no
 *   path, newer ones connect in the background and keep quiet.  And a passt
 *   with --one-off would end with the connection that tried it out.
 *
 *   1. The socket.  With the given path, else with /tmp/passt_1.socket and so
 *      on: connect, then ask by ARP for an address that nobody has.  passt
 *      answers for every address, so an answer tells a passt that serves us from
 *      one that has a guest (it closes or lets us wait) and from other programs.
 *      Nobody answers: start passt with one end of a socket pair (--fd), which
 *      makes no name in the file system, and ends passt when QEMU ends.
 *
 *   2. The arguments.  A `socket` back end with fd= gets our number in its place,
 *      anything else of the user is passed on untouched.  What is missing, back
 *      end or network card, is added.  A network that has no fd= is refused: it
 *      would boot, but not with passt.
 *
 *   3. QEMU runs as a child.  Signals that ask us to end are passed on, QEMU's
 *      status becomes ours.  The passt we started detached itself from its
 *      parent, but we asked to inherit orphans (PR_SET_CHILD_SUBREAPER), so that
 *      we see it end too: once we are gone, its ports are free.
 *
 *   The historical command line, `qrap FD COMMAND...`, puts the socket at
 *   descriptor FD and touches no argument.
 *
 *   What it does not do: options of QEMU in files (-readconfig) are not read,
 *   and JSON arguments are not rewritten.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	ARGS_MAX	= 4096,		/* arguments of QEMU, ours included */
	VALUE_MAX	= 4096,		/* an argument that we make */
	PASST_ARGS_MAX	= 64,		/* --passt-arg */
	DEFAULT_PATHS	= 64,		/* /tmp/passt_1.socket to ..._64.socket */
	FRAME_MAX	= 65535 + ETH_HLEN,
	PROBE_MS	= 1000,		/* time for an answer to our question */
	HELP_MS		= 5000,		/* time for QEMU to say what it knows */
	END_S		= 3,		/* time for passt to end after QEMU */
	EXIT_SIGNAL	= 128,		/* added to a signal, as shells do */
};

/* What we call things on the command line of QEMU, unless the user named them */
#define NETDEV_ID	"passt0"

/**
 * enum backend - how QEMU is told about the socket
 * @BACKEND_AUTO:	the newer one that it knows
 * @BACKEND_STREAM:	-netdev stream, QEMU 7.2
 * @BACKEND_SOCKET:	-netdev socket, any version
 */
enum backend { BACKEND_AUTO, BACKEND_STREAM, BACKEND_SOCKET };

/**
 * struct self - what was asked for, and what came of it
 * @socket_path:	--socket, or NULL: the default paths
 * @passt:		--passt, or NULL: looked for
 * @passt_args:		--passt-arg, NULL at the end
 * @npasst_args:	number of them
 * @no_start:		--no-start
 * @backend:		--backend
 * @fixed_fd:		descriptor of the historical command line, -1: other form
 * @qemu:		path of the QEMU to run
 * @args:		its arguments, [0] is its name, NULL at the end
 * @nargs:		number of them
 * @passt_pid:		the passt we started, 0: none, or unknown
 * @started:		we started a passt
 */
static struct {
	const char *socket_path;
	const char *passt;
	const char *passt_args[PASST_ARGS_MAX + 1];
	int npasst_args;
	bool no_start;
	enum backend backend;
	int fixed_fd;
	char qemu[PATH_MAX];
	char *args[ARGS_MAX + 1];
	int nargs;
	pid_t passt_pid;
	bool started;
} self = { .fixed_fd = -1 };

/* say() - One line on stderr */
__attribute__((format(printf, 1, 2)))
static void say(const char *fmt, ...)
{
	char line[VALUE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, "qrap: %s\n", line);
}

/* Something is missing or wrong: say it, and end */
#define fail(...)							\
	do {								\
		say(__VA_ARGS__);					\
		exit(EXIT_FAILURE);					\
	} while (0)

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

/* --- Finding programs -------------------------------------------------------- */

/* copy() - Copy a string if it fits; outputs are untouched if it does not */
static bool copy(char *to, size_t size, const char *from)
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
 * find_program() - Find a program the way a shell does
 * @name:	With a slash: a path; without: searched for in PATH
 * @path:	Where it is
 *
 * Return: true if it is there
 */
static bool find_program(const char *name, char path[static PATH_MAX])
{
	const char *dir = getenv("PATH"), *end;
	char try[PATH_MAX];

	if (strchr(name, '/'))
		return is_program(name) && copy(path, PATH_MAX, name);

	for (; dir && *name; dir = *end ? end + 1 : NULL) {
		end = strchrnul(dir, ':');
		if (snprintf(try, sizeof(try), "%.*s/%s", (int)(end - dir), dir,
			     name) < PATH_MAX && is_program(try))
			return copy(path, PATH_MAX, try);
	}
	return false;
}

/**
 * find_passt() - Find the passt to start: the given one, ours, or any in PATH
 * @path:	Where it is
 *
 * Return: true if there is one
 */
static bool find_passt(char path[static PATH_MAX])
{
	static const char *const beside[] = { "/passt", "/../passt" };
	char here[PATH_MAX - sizeof("/../passt")], try[PATH_MAX];
	ssize_t n;

	if (self.passt)
		return find_program(self.passt, path);

	n = readlink("/proc/self/exe", here, sizeof(here) - 1);
	here[n > 0 ? n : 0] = 0;
	if (strrchr(here, '/'))
		*strrchr(here, '/') = 0;
	for (size_t i = 0; *here && i < 2; i++) {
		(void)snprintf(try, sizeof(try), "%s%s", here, beside[i]);
		if (is_program(try))
			return copy(path, PATH_MAX, try);
	}
	return find_program("passt", path);
}

/**
 * find_qemu() - Find a QEMU for this kind of machine, if none was named
 *
 * Return: true if there is one
 */
static bool find_qemu(void)
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
		if (find_program(names[i], self.qemu))
			return true;
	return false;
}

/* --- The socket --------------------------------------------------------------- */

/**
 * exact() - Read so many bytes and no more, within a time
 * @fd:		Socket
 * @to:		Buffer
 * @n:		Bytes
 * @until:	CLOCK_MONOTONIC, ms
 *
 * Return: true if they came
 */
static bool exact(int fd, void *to, size_t n, int64_t until)
{
	uint8_t *p = to;

	while (n) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };
		struct timespec ts;
		int64_t left;
		ssize_t got;

		(void)clock_gettime(CLOCK_MONOTONIC, &ts);
		left = until - (ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
		if (left <= 0 || poll(&pfd, 1, (int)left) <= 0)
			return false;
		got = recv(fd, p, n, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

/**
 * struct arp_frame - ARP for IPv4 on Ethernet, RFC 826, as the stream carries it
 * @len:	bytes that follow
 * @eth:	Ethernet header
 * @arp:	types, sizes, operation
 * @sha:	MAC address of the sender
 * @sip:	its IPv4 address
 * @tha:	MAC address of whom it is for
 * @tip:	its IPv4 address
 */
struct arp_frame {
	uint32_t len;
	struct ether_header eth;
	struct arphdr arp;
	uint8_t sha[ETH_ALEN];
	uint8_t sip[4];
	uint8_t tha[ETH_ALEN];
	uint8_t tip[4];
} __attribute__((packed));

_Static_assert(sizeof(struct arp_frame) == 4 + ETH_HLEN + 28, "RFC 826");

/**
 * answers() - Is there a passt at the other end, with time for us?
 * @fd:		Connected socket.  Whole frames are read from it, no half ones, so
 *		that QEMU can go on with it.
 *
 * The question is for an address out of a block that is never assigned (RFC 3927,
 * section 2.1), from another one of it.
 */
static bool answers(int fd)
{
	static const struct arp_frame question = {
		.len = 0,
		.eth = {
			.ether_dhost = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
			.ether_shost = { 0x02, 'q', 'r', 'a', 'p', 1 },
		},
		.sha = { 0x02, 'q', 'r', 'a', 'p', 1 },
		.sip = { 169, 254, 0, 2 },
		.tip = { 169, 254, 0, 1 },
	};
	static union {
		struct arp_frame arp;
		uint8_t bytes[FRAME_MAX + sizeof(uint32_t)];
	} in;
	struct arp_frame out = question;
	struct timespec ts;
	int64_t until;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	until = ts.tv_sec * 1000 + ts.tv_nsec / 1000000 + PROBE_MS;

	out.len = htonl(sizeof(out) - sizeof(out.len));
	out.eth.ether_type = htons(ETHERTYPE_ARP);
	out.arp.ar_hrd = htons(ARPHRD_ETHER);
	out.arp.ar_pro = htons(ETHERTYPE_IP);
	out.arp.ar_hln = ETH_ALEN;
	out.arp.ar_pln = sizeof(out.sip);
	out.arp.ar_op = htons(ARPOP_REQUEST);
	if (send(fd, &out, sizeof(out), MSG_NOSIGNAL) != sizeof(out))
		return false;

	while (exact(fd, in.bytes, sizeof(uint32_t), until)) {
		size_t len = ntohl(in.arp.len);

		if (len > FRAME_MAX ||
		    !exact(fd, in.bytes + sizeof(uint32_t), len, until))
			return false;
		if (len >= sizeof(in.arp) - sizeof(uint32_t) &&
		    in.arp.eth.ether_type == htons(ETHERTYPE_ARP) &&
		    in.arp.arp.ar_op == htons(ARPOP_REPLY) &&
		    memcmp(in.arp.sip, out.tip, sizeof(out.tip)) == 0)
			return true;
	}
	return false;
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

	if (!copy(to.sun_path, sizeof(to.sun_path), path))
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
 * join_default() - Connect to the first passt at a default path that serves us
 *
 * Return: socket, or -ENOENT: there is none
 */
static int join_default(void)
{
	char path[sizeof("/tmp/passt_64.socket")];

	for (int i = 1; i <= DEFAULT_PATHS; i++) {
		int fd;

		(void)snprintf(path, sizeof(path), "/tmp/passt_%i.socket", i);
		fd = join(path);
		if (fd >= 0)
			return fd;
	}
	return -ENOENT;
}

/* --- Starting passt -------------------------------------------------------------- */

/**
 * only_child() - Process we inherited from a child that has ended
 *
 * Return: its number, 0: there is none, or this kernel does not tell
 */
static pid_t only_child(void)
{
	char path[64], text[16] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%i/children",
		       (int)getpid());
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	(void)fclose(f);
	return (pid_t)strtol(text, NULL, 10);
}

/**
 * run_passt() - In a child: become passt
 * @path:	Program
 * @fd:		Its end of the socket pair
 */
__attribute__((noreturn))
static void run_passt(char *path, int fd)
{
	static char name_fd[] = "--fd", name_quiet[] = "--quiet";
	char *argv[PASST_ARGS_MAX + 5], number[16];
	int n = 0, null;

	(void)snprintf(number, sizeof(number), "%i", fd);
	argv[n++] = path;
	argv[n++] = name_quiet;
	for (int i = 0; i < self.npasst_args; i++)
		memcpy(&argv[n++], &self.passt_args[i], sizeof(char *));
	argv[n++] = name_fd;
	argv[n++] = number;
	argv[n] = NULL;

	/* The terminal belongs to QEMU */
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0)
		(void)dup2(null, STDIN_FILENO);
	(void)fcntl(fd, F_SETFD, 0);
	(void)execv(path, argv);
	say("can not run %s: %s", path, strerror(errno));
	_exit(EXIT_FAILURE);
}

/**
 * start_passt() - Start a passt for this guest alone, and wait until it is ready
 *
 * Return: socket connected to it; does not return if there is no passt
 */
static int start_passt(void)
{
	char path[PATH_MAX];
	int pair[2], status;
	pid_t pid;

	if (!find_passt(path))
		fail("no passt is running, and %s%s: start one, or give --passt",
		     self.passt ? "there is no program " :
		     "none is installed beside qrap or in PATH",
		     self.passt ? self.passt : "");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		fail("can not make a socket pair: %s", strerror(errno));
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);

	pid = fork();
	if (pid < 0)
		fail("can not fork: %s", strerror(errno));
	if (pid == 0)
		run_passt(path, pair[1]);
	(void)close(pair[1]);

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		fail("%s ended by signal %i at start", path, WTERMSIG(status));
	if (WEXITSTATUS(status))
		fail("%s did not start, its exit status is %i", path,
		     WEXITSTATUS(status));
	self.started = true;
	self.passt_pid = only_child();
	return pair[0];
}

/**
 * get_socket() - Connect to a passt that is running, or start one
 *
 * Return: socket; does not return if that fails
 */
static int get_socket(void)
{
	int fd = self.socket_path ? join(self.socket_path) : join_default();

	if (fd >= 0)
		return fd;
	if (self.socket_path && fd == -EBUSY)
		fail("no passt answers at %s: it has another guest, or is none",
		     self.socket_path);
	if (self.socket_path && fd != -ENOENT && fd != -ECONNREFUSED)
		fail("can not connect to %s: %s", self.socket_path, strerror(-fd));
	if (self.no_start && self.socket_path)
		fail("no passt listens at %s: start one with: passt --socket %s",
		     self.socket_path, self.socket_path);
	if (self.no_start)
		fail("no passt answers at /tmp/passt_1.socket to "
		     "/tmp/passt_%i.socket: start one", DEFAULT_PATHS);
	return start_passt();
}

/* --- The arguments --------------------------------------------------------------- */

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
	static char new[VALUE_MAX];
	const char *value = property(*arg, "fd=");
	int n;

	n = snprintf(new, sizeof(new), "%.*s%i%s", (int)(value - *arg), *arg, fd,
		     value + value_len(value));
	if (n < 0 || n >= VALUE_MAX)
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
	const char *name = strrchr(self.qemu, '/');

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
	static char name[] = "-device", value[VALUE_MAX];

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
	char *argv[] = { self.qemu, option, value, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)dup2(null, STDIN_FILENO);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(null, STDERR_FILENO);
	(void)execv(self.qemu, argv);
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
	char text[VALUE_MAX] = "";
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
 */
static void add_netdev(const char *id, int fd)
{
	static char name[] = "-netdev", value[VALUE_MAX];
	enum backend backend = self.backend;
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
 * struct network - what the user's arguments say about the network
 * @link:	where the first `socket` back end with fd= is in self.args, 0: nowhere
 * @other:	where the first other network is, 0: nowhere
 * @dangling:	back end that a network card names, but nobody makes; or NULL
 */
struct network {
	int link;
	int other;
	const char *dangling;
};

/**
 * look() - Find out what the user's arguments say about the network
 *
 * Return: what we know; does not return if there is a network, but no place in
 * it for passt
 */
static struct network look(void)
{
	static const char *const backends[] = { "netdev", "net", "nic" };
	struct network found = { 0 };

	for (int i = 1; i + 1 < self.nargs; i++) {
		const char *value = self.args[i + 1], *id;

		if (is_option(self.args[i], "device")) {
			id = property(value, "netdev=");
			if (id && !refers("netdev", "id=", id) && !found.dangling)
				found.dangling = id;
			continue;
		}
		for (size_t j = 0; j < sizeof(backends) / sizeof(*backends); j++) {
			if (!is_option(self.args[i], backends[j]))
				continue;
			if (strncmp(value, "socket,", 7) == 0 &&
			    property(value, "fd=")) {
				if (!found.link)
					found.link = i + 1;
			} else if (strncmp(value, "nic", 3) != 0 && !found.other) {
				found.other = i + 1;
			}
		}
	}

	if (found.other && !found.link && !found.dangling)
		fail("'%s %s' is a network without passt: leave it out, or give "
		     "-netdev socket,id=NAME,fd=0", self.args[found.other - 1],
		     self.args[found.other]);
	return found;
}

/**
 * patch() - Join QEMU's arguments to our socket
 * @net:	What they say now
 * @fd:		Socket, at the number that QEMU will see
 */
static void patch(const struct network *net, int fd)
{
	if (net->link) {
		const char *id = property(self.args[net->link], "id=");

		put_fd(&self.args[net->link], fd);
		if (!is_option(self.args[net->link - 1], "netdev"))
			return;
		if (id && !refers("device", "netdev=", id) &&
		    !refers("net", "netdev=", id))
			add_device(id);
	} else if (net->dangling) {
		add_netdev(net->dangling, fd);
	} else {
		add_netdev(NETDEV_ID, fd);
		add_device(NETDEV_ID);
	}
}

/* --- Running QEMU ------------------------------------------------------------------ */

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
	(void)execv(self.qemu, self.args);
	say("can not run %s: %s", self.qemu, strerror(errno));
	_exit(EXIT_FAILURE);
}

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
	pid_t pid;

	for (;;) {
		if (sigwaitinfo(set, &sig) < 0)
			continue;
		/* The terminal has sent its signals to QEMU as well */
		if (sig.si_signo != SIGCHLD && sig.si_code != SI_KERNEL)
			(void)kill(qemu, sig.si_signo);
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
			if (pid == self.passt_pid)
				self.passt_pid = 0;
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
 * @set:	Signals, blocked
 */
static void end_passt(const sigset_t *set)
{
	const struct timespec limit = { .tv_sec = END_S };
	pid_t pid;

	for (int tries = 0; self.passt_pid && tries < 2; tries++) {
		do {
			while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
				if (pid == self.passt_pid)
					self.passt_pid = 0;
		} while (self.passt_pid && sigtimedwait(set, NULL, &limit) > 0);
		if (self.passt_pid)
			(void)kill(self.passt_pid, SIGTERM);
	}
}

/* --- The command line ---------------------------------------------------------------- */

/**
 * value_of() - Value of one of our options: --name VALUE or --name=VALUE
 * @argv:	Arguments from the option on; moved on past the value
 * @name:	Option
 *
 * Return: value, or NULL: it is another option
 */
static const char *value_of(char ***argv, const char *name)
{
	size_t n = strlen(name);
	const char *arg = **argv;

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
		const char *value;

		if (strcmp(*argv, "--") == 0)
			return argv + 1;
		if (strcmp(*argv, "--help") == 0)
			usage(stdout, EXIT_SUCCESS);
		if (strcmp(*argv, "--no-start") == 0) {
			self.no_start = true;
		} else if ((value = value_of(&argv, "--passt-arg"))) {
			if (self.npasst_args == PASST_ARGS_MAX)
				fail("more than %i --passt-arg", PASST_ARGS_MAX);
			self.passt_args[self.npasst_args++] = value;
		} else if ((value = value_of(&argv, "--passt"))) {
			self.passt = value;
		} else if ((value = value_of(&argv, "--socket"))) {
			self.socket_path = value;
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

	if (find_program(*argv, self.qemu)) {
		argv++;
	} else if (self.fixed_fd >= 0 ||
		   (**argv != '-' && access(*argv, F_OK) < 0)) {
		fail("no program %s: is QEMU installed (Debian: "
		     "qemu-system-x86)?", *argv);
	} else if (!find_qemu()) {
		fail("no QEMU in PATH: is it installed (Debian: "
		     "qemu-system-x86)?");
	}

	add_arg(self.qemu);
	while (*argv)
		add_arg(*argv++);
}

int main(int argc, char **argv)
{
	struct network net = { 0 };
	sigset_t set, old;
	int fd, status;
	pid_t qemu;

	(void)signal(SIGCHLD, SIG_DFL);
	parse_qemu(parse_options(argv + (argc > 0)));
	if (self.fixed_fd < 0)
		net = look();
	fd = get_socket();
	if (self.fixed_fd < 0) {
		patch(&net, fd);
	} else if (fd != self.fixed_fd) {
		if (dup2(fd, self.fixed_fd) < 0)
			fail("the socket can not be descriptor %i: %s",
			     self.fixed_fd, strerror(errno));
		(void)close(fd);
		fd = self.fixed_fd;
	}

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGQUIT);
	(void)sigprocmask(SIG_BLOCK, &set, &old);

	qemu = run_qemu(fd, &old);
	(void)close(fd);
	status = supervise(qemu, &set);

	/* A QEMU with -daemonize has only now begun to use passt */
	for (int i = 1; i < self.nargs; i++)
		if (is_option(self.args[i], "daemonize"))
			return status;
	if (self.started)
		end_passt(&set);
	return status;
}
