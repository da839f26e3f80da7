// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * passt.c - wiring: start, one loop, one switch
 *
 * Theory of operation
 *
 *   The program translates between a guest's Ethernet frames and sockets of the
 *   host.  One process, one thread, one epoll descriptor:
 *
 *	guest kernel	      this program		  host kernel
 *	+-----+  frames  +-----+ +-------+ +-----+  bytes  +--------+
 *	| TCP | <------> | tap | | frame | | tcp | <-----> | socket |
 *	+-----+		 +-----+ +-------+ | udp |	   +--------+
 *					   | ... |
 *					   +-----+
 *   Start: read the options, learn what the host has, make the guest link, open
 *   forwarded ports, tell the caller that we are ready.  Up to there whatever is
 *   wrong ends the program with a line.  Then the loop, which nothing the guest
 *   or a remote end sends can end:
 *
 *	wait for events or the next deadline
 *	for each event: whose it is decides (the switch in dispatch())
 *	for each deadline that passed: the same (the one in expire())
 *	flush the link
 *
 *   Modules below know nothing of each other beyond doc/LAYERS; what one returns
 *   is handed to the other here.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arp.h"
#include "bound.h"
#include "checkpoint.h"
#include "checkpoint_load.h"
#include "checkpoint_save.h"
#include "conf.h"
#include "conn.h"
#include "control.h"
#include "count.h"
#include "daemon.h"
#include "driver.h"
#include "epoch.h"
#include "frag.h"
#include "frame.h"
#include "icmp.h"
#include "loop.h"
#include "moderate.h"
#include "netlink.h"
#include "pcap.h"
#include "repair.h"
#include "repair_link.h"
#include "sock_udp.h"
#include "splice.h"
#include "tap.h"
#include "tcp.h"
#include "tcp_end.h"
#include "udp.h"
#include "udp_flow.h"
#include "util.h"
#include "wire.h"

enum {
	EVENTS		= 64,		/* handled per wake-up */
	ACCEPTS		= 64,		/* connections per event of a listening socket */
	TAKES		= 8,		/* batches of frames per event of the link */
	BULK_BYTES	= 4096,		/* moved in one wake-up: no small requests */
	CALM_US		= 1000,		/* since then: a wake-up in time matters again */
	HALF_OPEN_US	= 50 * 1000,	/* for handshakes to be completed, before a checkpoint */
	REST_US		= 1000,		/* from one look at them to the next */
	REST_ROUNDS	= 64,		/* of TAKES batches: a guest may send without end */
	HELPER_US	= 5 * 1000000,	/* for passt-repair to call, where it is needed at once */
	TRIM_US		= 2 * 1000000,	/* the link was quiet: give memory back */
};

/**
 * struct passt_self - state of this file
 * @conf:	what was asked for
 * @ns:		namespace, if the guest is one
 * @uid:	user to become, if started as root
 * @gid:	group
 * @signals:	descriptor of signals
 * @busy_at:	when the link last carried something, us
 * @quit:	leave the loop
 * @status:	exit status then
 */
static struct {
	struct conf conf;
	struct ns ns;
	uid_t uid;
	gid_t gid;
	int signals;
	uint64_t busy_at;
	bool quit;
	int status;
} self = { .ns = { .child = -1, .watch = -1 } };

/* quit() - Leave the loop when this event is handled */
static void quit(int status)
{
	self.quit = true;
	self.status = status;
}

/* packet() - One whole IP packet of the guest */
static void packet(const struct frame *f, uint64_t now)
{
	/* Configuration of the guest is not what --no-udp and --no-icmp turn off */
	if (f->proto == WIRE_UDP && (dhcp_frame(f) || dhcpv6_frame(f)))
		return;
	if (f->proto == WIRE_ICMP6 && ndp_frame(f))
		return;
	if (f->proto == WIRE_TCP && !self.conf.listen.no_tcp)
		tcp_frame(f, now);
	else if ((f->proto == WIRE_UDP && !self.conf.listen.no_udp) ||
		 ((f->proto == WIRE_ICMP4 || f->proto == WIRE_ICMP6) &&
		  !self.conf.no_icmp))
		udp_frame(f, now);
	else
		count(DROP_IP_PROTO);
}

/* frame() - One frame of the guest */
static void frame(const struct tap_frame *t, struct frame *f, uint64_t now)
{
	const struct frame *whole = f;
	enum frame_kind kind = frame_parse(t, f);

	if (kind == FRAME_BAD)
		return;
	if (memcmp(f->smac, net->guest_mac, sizeof(f->smac)))
		net_learn_mac(f->smac);
	if (kind == FRAME_ARP) {
		arp_frame(f);
		return;
	}
	if (kind == FRAME_FRAGMENT)
		whole = frag_from_guest(f, now);
	else
		net_learn_addr(&f->src);
	if (whole)
		packet(whole, now);
}

/* frames() - All frames that wait, up to some batches; return whether there may be more */
static bool frames(uint64_t now)
{
	static struct frame f[TAP_BATCH];
	struct tap_frame t[TAP_BATCH];
	int i;

	for (i = 0; i < TAKES; i++) {
		bool gate = epoch_on();
		int n = gate ? epoch_take(t, TAP_BATCH) : tap_take(t, TAP_BATCH);

		if (n < 0)
			quit(self.status);
		if (n <= 0)
			break;
		for (int k = 0; k < n; k++)
			frame(&t[k], &f[k], now);
		tcp_flush(now);
		udp_flush(now);
		frag_release();
		if (gate)
			epoch_done(n);
		else
			tap_done(n);
		/* One frame is all there was, most often: the loop tells if not */
		if (n == 1)
			break;
	}
	self.busy_at = now;
	if (timer_due(TIMER_LINK) == TIMER_NEVER)
		timer_set(TIMER_LINK, now + TRIM_US);
	return i == TAKES;
}

/* hold() - Frames that wait at the link wait in the gate instead */
static void hold(void)
{
	if (epoch_fill() < 0)
		quit(self.status);
}

/* link_event() - Something happened to a descriptor of the guest link */
static void link_event(const struct loop_event *ev, uint64_t now)
{
	unsigned what = tap_event(ev->id, ev->events);

	if (what & TAP_EV_END)
		quit(EXIT_SUCCESS);
	if (what & TAP_EV_FRAMES && epoch_on())
		hold();
	else if (what & TAP_EV_FRAMES)
		(void)frames(now);
	if (what & (TAP_EV_ROOM | TAP_EV_UP))
		tcp_link_ready(now);
}

/* listen_event() - Somebody knocks at a forwarded port */
static void listen_event(const struct loop_event *ev, uint64_t now)
{
	uint32_t id = (uint32_t)ev->id;
	const struct fwd_listener *l = fwd_listener(id);
	struct fwd_conn c;

	if (!l)
		return;
	if (l->proto == WIRE_UDP && l->splice)
		splice_udp(id, now);
	else if (l->proto == WIRE_UDP)
		udp_listen_event(id, ev->events, now);
	for (int i = 0; l->proto == WIRE_TCP && i < ACCEPTS && fwd_accept(id, &c) > 0; i++) {
		if (c.splice)
			splice_accept(&c, now);
		else
			tcp_accept(&c, now);
	}
}

/* report() - What was asked for by SIGUSR1: counters that are not 0 */
static void report(void)
{
	info("flows: %u TCP, %u UDP, %u echo, %u spliced", conn_count(CONN_TCP),
	     conn_count(CONN_UDP), conn_count(CONN_ECHO), conn_count(CONN_SPLICE));
	for (int i = 0; i < COUNT_NUM; i++) {
		if (count_value[i])
			info("count %s %llu", count_name[i],
			     (unsigned long long)count_value[i]);
	}
}

/* signal_event() - SIGUSR1 asks for a report, the others for the end */
static void signal_event(void)
{
	int sig;

	while ((sig = daemon_signal_next(self.signals))) {
		if (sig == SIGUSR1)
			report();
		else if (sig == SIGINT && self.ns.child >= 0)
			debug("SIGINT is left to the command");
		else
			quit(EXIT_SUCCESS);
	}
}

/*
 * pending() - Take all calls that are complete; return whether some were not, before
 *
 * Looked at in this order: none that is completed in between is missed.
 */
static bool pending(const struct ports *ours, uint64_t now)
{
	struct bound_half half;
	bool some = bound_half_open(ours, &half, 1) > 0;
	uint32_t before;

	do {
		before = conn_count(CONN_TCP) + conn_count(CONN_SPLICE);
		for (uint32_t n = 0; n < fwd_listen_high(); n++)
			listen_event(&(struct loop_event){ .id = n }, now);
	} while (conn_count(CONN_TCP) + conn_count(CONN_SPLICE) != before);
	return some;
}

/*
 * rest() - Before a checkpoint: no frame waits, and no handshake is under way
 *
 * A handshake of the kernel with a remote end has no descriptor: it can only be
 * completed, by who has the last segment of it.
 */
static void rest(uint64_t now)
{
	uint64_t until = now + HALF_OPEN_US;
	static struct ports ours;

	for (int i = 0; i < REST_ROUNDS && frames(now); i++)
		;
	fwd_listen_hush(true);
	fwd_listen_ports(WIRE_TCP, &ours);
	while (pending(&ours, now) && loop_now() < until)
		loop_pause(REST_US);
	tap_flush();
}

/* take_helper() - Somebody called who may switch repair mode for us, -errno: or may not */
static void take_helper(int fd)
{
	if (fd < 0)
		return;
	repair_use_helper(fd);
	checkpoint_helped();
}

/*
 * obey() - Do what is asked for over the control socket
 *
 * While everything stands still between two steps of a hand-over, nothing else is
 * looked at but signals and helpers.
 */
static void obey(uint64_t now)
{
	while (!self.quit) {
		bool held = checkpoint_state() != CHECKPOINT_NONE;
		enum control_wish wish = held ? control_hold(loop_now()) : control_next(now);

		if (held)
			take_helper(repair_link_accept());
		if (wish == CONTROL_REST)
			rest(now);
		if (wish == CONTROL_REST || wish == CONTROL_SAVE)
			wish = control_save(now);
		if (wish == CONTROL_END)
			quit(EXIT_SUCCESS);
		else if (checkpoint_state() != CHECKPOINT_NONE)
			signal_event();
		else if (wish == CONTROL_NONE && !held)
			return;
	}
}

/* dispatch() - One event to whom it belongs */
static void dispatch(const struct loop_event *ev, uint64_t now)
{
	switch (ev->kind) {
	case LOOP_LINK:
		link_event(ev, now);
		break;
	case LOOP_TCP:
		tcp_socket_event(ev->id, ev->events, now);
		break;
	case LOOP_UDP:
		udp_socket_event(ev->id, ev->events, now);
		break;
	case LOOP_SPLICE_A:
		splice_event(ev->id, SPLICE_ACCEPTED, ev->events, now);
		break;
	case LOOP_SPLICE_B:
		splice_event(ev->id, SPLICE_DIALLED, ev->events, now);
		break;
	case LOOP_LISTEN:
		listen_event(ev, now);
		break;
	case LOOP_SIGNAL:
		signal_event();
		break;
	case LOOP_CHILD:
		quit(ns_child_status(self.ns.child));
		break;
	case LOOP_NETNS:
		if (ns_gone(self.ns.watch))
			quit(EXIT_SUCCESS);
		break;
	case LOOP_CTL:
		control_event(ev->id, ev->events);
		obey(now);
		break;
	case LOOP_REPAIR:
		take_helper(repair_link_accept());
		break;
	case LOOP_DRIVER:
		driver_event(now);
		break;
	case LOOP_STANDBY:		/* no option opens one yet */
	case LOOP_KIND_NUM:
		break;
	}
}

/* trim() - The link was busy a while ago: is it quiet now? */
static void trim(uint64_t now)
{
	if (now - self.busy_at < TRIM_US)
		timer_set(TIMER_LINK, self.busy_at + TRIM_US);
	else
		tap_trim();
}

/* expire_flow() - The timer of a flow ran out */
static void expire_flow(struct conn *c, uint64_t now)
{
	switch (c->kind) {
	case CONN_TCP:
		tcp_end_timeout(c, now);
		break;
	case CONN_UDP:
	case CONN_ECHO:
		udp_flow_timeout(c, now);
		break;
	case CONN_SPLICE:
		splice_timeout(c, now);
		break;
	case CONN_FREE:
	case CONN_KIND_NUM:
		break;
	}
}

/* expire() - One deadline that passed to whom it belongs */
static void expire(uint32_t id, uint64_t now)
{
	struct conn *c;

	switch (id) {
	case TIMER_RA:
		ndp_timer(now);
		break;
	case TIMER_FRAG:
		icmp_frag_timeout(now);
		break;
	case TIMER_PORTS:
		fwd_listen_timeout(now);
		break;
	case TIMER_LINK:
		trim(now);
		break;
	default:
		c = conn_at(id);
		if (c)
			expire_flow(c, now);
	}
}

/* pause_link() - Let frames of a machine gather, if that helps */
static void pause_link(const struct loop_event *ev, int n, uint32_t bytes, uint64_t now)
{
	uint32_t us;

	/* A namespace's kernel is as fast as we are, and gathers by itself */
	if (self.conf.mode != CONF_PASST || !n)
		return;
	us = moderate(n == 1 && ev->kind == LOOP_LINK, bytes, now);
	if (us)
		loop_pause(us);
}

/* deadline() - When to wake up though nothing happens */
static uint64_t deadline(uint64_t now)
{
	if (epoch_ready())
		return now;
	return epoch_stalled(now) ? LOOP_NEVER : timer_next();
}

/* run() - The loop */
static void run(void)
{
	struct loop_event ev[EVENTS];
	uint64_t now = loop_now(), bulk_at = 0;

	while (!self.quit) {
		uint32_t bytes = tap_bytes(), taken = tap_taken();
		int n = loop_wait(ev, EVENTS, deadline(now), now - bulk_at > CALM_US);
		int64_t id;

		now = loop_now();
		for (int i = 0; i < n && !self.quit; i++)
			dispatch(&ev[i], now);
		if (epoch_ready())
			(void)frames(now);
		while (!epoch_stalled(now) && (id = timer_expired(now)) >= 0)
			expire((uint32_t)id, now);
		tap_flush();
		if (tap_bytes() - bytes > BULK_BYTES)
			bulk_at = now;
		pause_link(ev, n, tap_taken() - taken, now);
	}
}

/* must() - What has to succeed at start: @rc, or a line about @what */
static int must(int rc, const char *what)
{
	if (rc < 0)
		die_errno(-rc, "%s", what);
	return rc;
}

/* open_file() - File named by an option; descriptor, -1: none was named */
static int open_file(const char *path, int how, const char *what, const char *option)
{
	int fd = path ? daemon_open(path, how) : -1;

	if (path && fd < 0)
		die_errno(-fd, "Cannot %s %s (%s)", what, path, option);
	return fd;
}

/* detach() - Into the background; descriptor of who waits there, -1: nobody */
static int detach(const struct conf *c)
{
	/* With a command to spawn we stay in front: its end and status are ours */
	if (c->foreground || (c->mode == CONF_PASTA && ns_spawns(&c->ns)))
		return -1;
	return must(daemon_fork(), "Cannot go to the background");
}

/* init_base() - What the guest link needs */
static void init_base(const struct conf *c, uint64_t now)
{
	must(loop_init(), "No epoll descriptor");
	timer_init(now);
	conn_init();
	epoch_init();
	sock_init(&c->sock);
	sock_udp_init(&c->sock);
	net_init(&c->net);
}

/* open_ns() - The guest is a namespace, to be made or joined */
static void open_ns(struct conf *c)
{
	static const char what[] = "Cannot watch the namespace";
	struct netlink_setup setup;

	if (!*c->ns.ifname)
		(void)util_copy(c->ns.ifname, sizeof(c->ns.ifname), net->ifname);
	ns_open(&c->ns, &self.ns);
	net_fill_setup(&setup, c->config_net);
	net_learn_mac(self.ns.guest_mac);
	net_learn_mac(setup.mac);		/* if one was asked for */
	ns_configure(&setup);
	must(tap_init_ns(self.ns.tap, self.ns.caps), what);
	if (self.ns.child >= 0)
		must(loop_add(self.ns.child, LOOP_CHILD, 0, EPOLLIN), what);
	if (self.ns.watch >= 0)
		must(loop_add(self.ns.watch, LOOP_NETNS, 0, EPOLLIN), what);
}

/* open_link() - The guest: a socket, or a namespace */
static void open_link(struct conf *c)
{
	if (c->mode == CONF_PASST)
		must(tap_init_qemu(&c->tap), "Cannot watch the guest link");
	else
		open_ns(c);
}

/* init_flows() - What carries the guest's flows */
static void init_flows(const struct conf *c)
{
	fwd_init(&c->fwd);
	fwd_listen_init(&c->listen);
	frag_init();
	ndp_init(&c->ndp);
	dhcp_init(&c->dhcp);
	dhcpv6_init(&c->dhcpv6);
	icmp_init();
	udp_init(sock_limit() / 2);
	splice_init(c->fwd.splice);
	tcp_init();
}

/* take_signals() - From now on they are events */
static void take_signals(void)
{
	static const int taken[] = { SIGTERM, SIGQUIT, SIGINT, SIGHUP, SIGUSR1 };
	static const char what[] = "Cannot receive signals by descriptor";

	self.signals = must(daemon_signals(taken, ARRAY_SIZE(taken)), what);
	must(loop_add(self.signals, LOOP_SIGNAL, 0, EPOLLIN), what);
}

/* open_control() - The sockets by which others have a say, or help */
static void open_control(const struct conf *c)
{
	static const char what[] = "Cannot open the socket for passt-repair (--repair-path)";

	if (c->repair && strcmp(c->repair, "none"))
		must(loop_add(must(repair_link_open(c->repair), what), LOOP_REPAIR, 0, EPOLLIN),
		     what);
	must(control_init(c->control), "Cannot open the control socket (--control)");
	/* To see handshakes that are under way: best effort */
	if (c->control)
		(void)bound_open(false, WIRE_TCP);
}

/* await_helper() - Who could switch repair mode for us has a moment to call */
static void await_helper(void)
{
	uint64_t until = loop_now() + HELPER_US;

	while (!repair_possible() && loop_now() < until && repair_link_wait(HELPER_US / 1000))
		take_helper(repair_link_accept());
}

/* restore() - Go on where another process ended */
static void restore(const struct conf *c)
{
	int fd;

	if (!c->restore)
		return;
	fd = daemon_open_read(c->restore);
	if (fd < 0)
		die_errno(-fd, "Cannot read checkpoint %s (--restore)", c->restore);
	await_helper();
	if (checkpoint_load(fd, false, loop_now()) || checkpoint_go(loop_now()))
		die("Cannot restore (--restore): %s", checkpoint_report()->error);
	if (checkpoint_state() != CHECKPOINT_NONE)
		die("Cannot restore (--restore): it has no state, only which flows there are");
	sock_close(fd);
}

/* drop_privileges() - Root's powers are for the start only */
static void drop_privileges(const char *who)
{
	if (daemon_real_root()) {
		int rc;

		info("Started as root, will change to %s.", who);
		rc = daemon_change_user(self.uid, self.gid);
		if (rc)
			die_errno(-rc, "Cannot change to user %s (--runas)", who);
	}
	(void)daemon_harden();
}

/* ready() - All is there: let the command run, and tell who waits for it */
static void ready(int pid_fd, int parent)
{
	if (self.ns.child >= 0)
		ns_start();
	if (pid_fd >= 0)
		daemon_pid_write(pid_fd);
	if (parent >= 0) {
		log_stderr(false);
		daemon_ready(parent);
	}
}

int main(int argc, char **argv)
{
	struct conf *c = &self.conf;
	int parent, pid_fd;

	conf_read(argc, argv, c);
	log_level = c->level;
	log_file(open_file(c->log_file, O_APPEND, "open log file", "--log-file"), c->log_size);
	/* While nothing is made yet that would be left */
	if (daemon_find_user(c->runas, &self.uid, &self.gid))
		die("Cannot run as %s (--runas): no such user or group", c->runas);
	parent = detach(c);
	pid_fd = open_file(c->pid_file, O_TRUNC, "write PID file", "--pid");
	must(pcap_init(open_file(c->pcap_file, O_TRUNC, "write capture file", "--pcap")),
	     "Cannot write capture file (--pcap)");
	init_base(c, loop_now());
	open_link(c);
	/* After the namespace was made: a command there keeps the caller's limits */
	daemon_raise_limits();
	init_flows(c);
	if (fwd_listen_open(loop_now()))
		return EXIT_FAILURE;
	take_signals();
	open_control(c);
	restore(c);
	drop_privileges(c->runas ? c->runas : "nobody");
	ready(pid_fd, parent);
	run();
	control_end();
	repair_link_close();
	return self.status;
}
