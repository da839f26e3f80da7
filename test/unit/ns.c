// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ns.c - namespaces of a real kernel: made, joined, watched, left
 * links: ns.c ns_agent.c daemon.c netlink.c nlmsg.c addr.c util.c log.c
 */
#include "ns.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "netlink.h"
#include "tap_link.h"
#include "test/unit/check.h"

enum { WAIT_MS = 10000, SOCKETS = 40, SKIP = 77 };

static char *sh_argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, NULL, NULL };

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, WAIT_MS) == 1;
}

/* setup() - An interface with addresses of documentation */
static void setup(struct netlink_setup *s)
{
	*s = (struct netlink_setup){
		.full = true, .has6 = true, .mtu = 1400, .naddrs = 2, .nroutes = 1,
		.addrs = { { .prefix = 24 }, { .prefix = 64 } },
		.routes = { { .dst = addr_any4 } },
	};
	CHECK(addr_parse("192.0.2.2", &s->addrs[0].dst));
	CHECK(addr_parse("2001:db8::2", &s->addrs[1].dst));
	CHECK(addr_parse("192.0.2.1", &s->routes[0].via));
}

/* run_argv() - Spawn a command without a shell; its exit status */
static int run_argv(char **argv)
{
	struct ns_conf conf = { .argv = argv };
	struct ns ns;
	int status;

	ns_open(&conf, &ns);
	CHECK(ns.child >= 0 && ns.watch == -1);
	ns_start();
	CHECK(readable(ns.child));
	status = ns_child_status(ns.child);
	close(ns.child);
	close(ns.tap);
	return status;
}

/* run() - Spawn sh -c TEXT; its exit status */
static int run(const char *text)
{
	static char copy[200];

	CHECK(util_copy(copy, sizeof(copy), text));
	sh_argv[2] = copy;
	return run_argv(sh_argv);
}

static void test_status(void)
{
	char *none[] = { (char[]){ "/nonexistent" }, NULL };
	char *plain[] = { (char[]){ "/etc/passwd" }, NULL };
	char *mask[] = {
		(char[]){ "grep" }, (char[]){ "-q" }, (char[]){ "^SigBlk:.0*$" },
		(char[]){ "/proc/self/status" }, NULL,
	};

	CHECK_EQ(run("exit 0"), 0);
	CHECK_EQ(run("exit 7"), 7);
	CHECK_EQ(run("kill -9 $$"), 137);
	CHECK_EQ(run("kill -TERM $$"), 143);
	CHECK_EQ(run("sleep 1000 & exit 3"), 3);	/* does not wait for that */
	CHECK_EQ(run("(sleep 0.05; exit 1) & exec sleep 0.1"), 0);
	CHECK_EQ(run("test $(id -u) = 0 && test $$ = 2"), 0);
	CHECK_EQ(run("grep -q tap0: /proc/net/dev"), 0);

	/* The agent is not for the command to look into */
	CHECK_EQ(run("test \"$(readlink /proc/1/fd/3)\""), 1);
	CHECK_EQ(run("test \"$(readlink /proc/$$/fd/0)\""), 0);

	CHECK_EQ(run_argv(none), 127);
	CHECK_EQ(run_argv(plain), 126);
	CHECK_EQ(run_argv(mask), 0);		/* a shell would have cleared it */
}

/* child_of() - PID of the process of a descriptor */
static pid_t child_of(int pidfd)
{
	char path[64], text[256] = "";
	const char *pid;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	fd = open(path, O_RDONLY);
	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	pid = strstr(text, "Pid:");
	return pid ? (pid_t)strtol(pid + 4, NULL, 10) : -1;
}

/* has() - Whether a file of the network namespace of a process has this text */
static bool has(pid_t pid, const char *name, const char *text)
{
	static char buf[65536];
	char path[64];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/net/%s", pid, name);
	fd = open(path, O_RDONLY);

	CHECK(fd >= 0);
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	buf[n < 0 ? 0 : n] = '\0';
	return strstr(buf, text);
}

static void test_configure(void)
{
	struct ns_conf conf = { .argv = sh_argv, .ifname = "test7" };
	static char text[] = "cat";
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
	uint8_t frame[2048];
	struct netlink_setup s;
	struct ns ns;

	sh_argv[2] = text;
	ns_open(&conf, &ns);
	CHECK(ns.caps & TAP_CSUM);
	CHECK(has(child_of(ns.child), "dev", "test7:"));
	CHECK(!has(child_of(ns.child), "dev", "tap0:"));
	CHECK(!has(child_of(ns.child), "if_inet6", "test7"));

	setup(&s);
	memcpy(s.mac, mac, sizeof(mac));
	ns_configure(&s);
	CHECK(has(child_of(ns.child), "fib_trie", "192.0.2.2"));
	/* address, index, prefix, scope, flags: permanent and nodad, not tentative */
	CHECK(has(child_of(ns.child), "if_inet6", "20010db8000000000000000000000002"));
	CHECK(has(child_of(ns.child), "if_inet6", "00 82    test7"));
	CHECK(has(child_of(ns.child), "if_inet6", "fe80000000000000000000fffe000007"));
	CHECK(!has(child_of(ns.child), "if_inet6", " 40    test7"));
	CHECK(!has(child_of(ns.child), "if_inet6", " c0    test7"));
	CHECK(has(child_of(ns.child), "route", "test7\t00000000\t010200C0"));

	/* The kernel has something to say on a link that is up */
	CHECK(readable(ns.tap));
	CHECK(read(ns.tap, frame, sizeof(frame)) > 10 + 14);
	CHECK_MEM(frame + 10 + 6, mac, 6);
	close(ns.child);
	close(ns.tap);
}

static void test_sockets(void)
{
	struct ns_conf conf = { .argv = sh_argv };
	union addr_sock sa;
	struct netlink_setup s;
	int fd[SOCKETS * 2];
	struct ns ns;

	ns_open(&conf, &ns);
	setup(&s);
	ns_configure(&s);
	for (int i = 0; i < SOCKETS * 2; i++) {
		fd[i] = ns_socket(i % 2 ? AF_INET6 : AF_INET, SOCK_STREAM);
		CHECK(fd[i] >= 0);
		CHECK(fcntl(fd[i], F_GETFL) & O_NONBLOCK);
		CHECK(fcntl(fd[i], F_GETFD) & FD_CLOEXEC);
	}

	/* An address that is not the host's, a list that shows it */
	CHECK(!has(child_of(ns.child), "tcp", "020200C0:1F90"));
	CHECK_EQ(bind(fd[0], &sa.sa, addr_to_sock(&sa, &s.addrs[0].dst, 8080, 0)), 0);
	CHECK_EQ(listen(fd[0], 1), 0);
	CHECK(has(child_of(ns.child), "tcp", "020200C0:1F90"));
	CHECK_EQ(bind(fd[1], &sa.sa, addr_to_sock(&sa, &s.addrs[1].dst, 8080, 0)), 0);
	for (int i = 0; i < SOCKETS * 2; i++)
		close(fd[i]);

	fd[0] = ns_socket(AF_INET, SOCK_DGRAM);
	CHECK_EQ(bind(fd[0], &sa.sa, addr_to_sock(&sa, &s.addrs[0].dst, 53, 0)), 0);
	close(fd[0]);
	CHECK(ns_socket(AF_INET, 4711) < 0);
	CHECK(ns_socket(AF_INET, SOCK_DGRAM) >= 0);	/* that was no reason to part */
	close(ns.child);
	close(ns.tap);
}

/* stranger() - A process in namespaces of its own, root there */
static pid_t stranger(void)
{
	int p[2];
	pid_t pid;
	char c;

	CHECK_EQ(pipe(p), 0);
	pid = fork();
	if (!pid) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) || write(p[1], "", 1) < 1)
			_exit(1);
		(void)prctl(PR_SET_DUMPABLE, 1);
		for (;;)
			pause();
	}
	CHECK_EQ(read(p[0], &c, 1), 1);
	close(p[0]);
	close(p[1]);
	return pid;
}

static void test_join_pid(void)
{
	struct ns_conf conf = { .pid = stranger() };
	struct netlink_setup s;
	struct ns ns;

	ns_open(&conf, &ns);
	CHECK_EQ(ns.child, -1);
	setup(&s);
	ns_configure(&s);
	CHECK(has(conf.pid, "fib_trie", "192.0.2.2"));
	kill(conf.pid, SIGKILL);
	CHECK(readable(ns.watch));
	CHECK(ns_gone(ns.watch));
	close(ns.watch);
	close(ns.tap);
	CHECK_EQ(waitpid(conf.pid, NULL, 0), conf.pid);
}

static void test_join_path(void)
{
	char dir[] = "/tmp/ns-XXXXXX", path[64], other[64], target[64], user[64];
	pid_t pid = stranger();
	struct ns_conf conf = { .netns = path };
	struct ns ns;

	CHECK(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/net", dir);
	(void)snprintf(other, sizeof(other), "%s/other", dir);
	(void)snprintf(target, sizeof(target), "/proc/%d/ns/net", pid);
	(void)snprintf(user, sizeof(user), "/proc/%d/ns/user", pid);
	CHECK_EQ(symlink(target, path), 0);
	CHECK_EQ(mkdir(other, 0700), 0);

	ns_open(&conf, &ns);			/* finds the user namespace */
	CHECK(has(pid, "dev", "tap0:"));
	CHECK_EQ(rmdir(other), 0);
	CHECK(readable(ns.watch));
	CHECK(!ns_gone(ns.watch));
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(symlink("/proc/self/ns/net", path), 0);
	CHECK(readable(ns.watch));
	CHECK(ns_gone(ns.watch));			/* replaced by another */
	close(ns.watch);
	close(ns.tap);

	conf.no_quit = true;
	conf.netns = target;
	conf.userns = user;
	util_copy(conf.ifname, sizeof(conf.ifname), "tap1");
	ns_open(&conf, &ns);
	CHECK_EQ(ns.watch, -1);
	close(ns.tap);
	unlink(path);
	rmdir(dir);
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

/* test_daemon_dies() - What was spawned does not outlive the daemon */
static void test_daemon_dies(void)
{
	static char text[] = "printf x; exec sleep 1000";
	struct ns_conf conf = { .argv = sh_argv };
	int p[2], status;
	struct ns ns;
	pid_t pid;
	char c;

	sh_argv[2] = text;
	CHECK_EQ(pipe(p), 0);
	pid = fork();
	if (!pid) {
		dup2(p[1], 1);
		close(p[0]);
		close(p[1]);
		ns_open(&conf, &ns);
		ns_start();
		for (;;)
			pause();
	}
	close(p[1]);
	CHECK_EQ(read(p[0], &c, 1), 1);
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(readable(p[0]));
	CHECK_EQ(read(p[0], &c, 1), 0);		/* no one holds the pipe any more */
	close(p[0]);
}

/*
 * test_terminal() - The command has it: ^C is for it alone, ^Z has no effect
 *
 * The daemon gets it back in the end.
 */
static void test_terminal(void)
{
	static char ready[] = "ready";
	size_t seen = 0;
	int tty, status;
	pid_t pid;
	char c;

	pid = forkpty(&tty, NULL, NULL, NULL);
	if (!pid) {
		/* Of a job in the background it is ignored, and a shell keeps it so */
		(void)signal(SIGINT, SIG_DFL);
		status = run("trap 'exit 4' INT; echo ready; while :; do sleep 0.1; done");
		_exit(tcgetpgrp(0) == getpgrp() ? status : 99);
	}
	while (seen < sizeof(ready) - 1 && readable(tty) && read(tty, &c, 1) == 1)
		seen = c == ready[seen] ? seen + 1 : 0;
	CHECK_EQ(seen, sizeof(ready) - 1);
	CHECK_EQ(write(tty, "\x1a", 1), 1);
	CHECK_EQ(poll(NULL, 0, 200), 0);
	CHECK_EQ(write(tty, "\x03", 1), 1);
	while (readable(tty) && read(tty, &c, 1) == 1)
		;
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 4);
	close(tty);
}

/* dies() - ns_open() ends 1, with a line that begins like this */
static void dies(const struct ns_conf *conf, const char *line)
{
	char said[300] = "";
	int p[2], status;
	struct ns ns;
	pid_t pid;

	CHECK_EQ(pipe(p), 0);
	(void)fflush(stdout);
	pid = fork();
	if (!pid) {
		dup2(p[1], 2);
		close(p[0]);
		close(p[1]);
		ns_open(conf, &ns);
		_exit(0);
	}
	close(p[1]);
	CHECK(read(p[0], said, sizeof(said) - 1) > 0);
	CHECK_EQ(read(p[0], said + 299, 1), 0);	/* one line; nobody else has stderr */
	close(p[0]);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	said[strlen(line)] = '\0';
	CHECK_STR(said, line);
}

static void test_errors(void)
{
	dies(&(struct ns_conf){ .netns = "nope" },
	     "Can't open network namespace /run/netns/nope (--netns): No such file");
	dies(&(struct ns_conf){ .netns = "/dev/null" },
	     "Can't join network namespace /dev/null: ");
	dies(&(struct ns_conf){ .pid = INT32_MAX },
	     "Can't open the network namespace of PID 2147483647: No such file");
	dies(&(struct ns_conf){ .netns = "/proc/self/ns/net", .userns = "/nope" },
	     "Can't open user namespace /nope (--userns): No such file");
	dies(&(struct ns_conf){ .argv = sh_argv, .ifname = "lo" },
	     "Can't make tap lo in the namespace: choose another name by --ns-ifname");
}

int main(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNET) ? 1 : 0);
	if (waitpid(pid, &status, 0) != pid || status) {
		(void)fputs("no user namespaces\n", stderr);
		return SKIP;
	}
	if (access("/dev/net/tun", R_OK | W_OK)) {
		(void)fputs("no access to /dev/net/tun\n", stderr);
		return SKIP;
	}
	log_level = LOG_LVL_ERR;
	RUN(test_status);
	RUN(test_configure);
	RUN(test_sockets);
	RUN(test_join_pid);
	RUN(test_join_path);
	RUN(test_daemon_dies);
	RUN(test_terminal);
	RUN(test_errors);
	return check_done();
}
