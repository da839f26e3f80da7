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
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arp.h"
#include "conf.h"
#include "conn.h"
#include "count.h"
#include "daemon.h"
#include "frag.h"
#include "frame.h"
#include "icmp.h"
#include "loop.h"
#include "netlink.h"
#include "pcap.h"
#include "sock_fwd.h"
#include "sock_udp.h"
#include "splice.h"
#include "tap.h"
#include "tcp.h"
#include "tcp_end.h"
#include "udp.h"
#include "wire.h"

enum {
	EVENTS		= 64,		/* handled per wake-up */
	ACCEPTS		= 64,		/* connections per event of a listening socket */
	TAKES		= 8,		/* batches of frames per event of the link */
	TRIM_US		= 2 * 1000000,	/* the link was quiet: give memory back */
};

/**
 * struct passt_self - state of this file
 * @ns:		namespace, if the guest is one
 * @uid:	user to become, if started as root
 * @gid:	group
 * @signals:	descriptor of signals
 * @busy_at:	when the link last carried something, us
 * @no_tcp:	packets of that protocol are dropped
 * @no_udp:	the same
 * @no_icmp:	the same, echo only
 * @quit:	leave the loop
 * @status:	exit status then
 */
static struct {
	struct ns ns;
	uid_t uid;
	gid_t gid;
	int signals;
	uint64_t busy_at;
	bool no_tcp;
	bool no_udp;
	bool no_icmp;
	bool quit;
	int status;
} self = { .signals = -1 };

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
	switch (f->proto) {
	case WIRE_TCP:
		if (!self.no_tcp) {
			tcp_frame(f, now);
			return;
		}
		break;
	case WIRE_UDP:
		if (!self.no_udp) {
			udp_frame(f, now);
			return;
		}
		break;
	case WIRE_ICMP4:
	case WIRE_ICMP6:
		if (!self.no_icmp) {
			icmp_frame(f, now);
			return;
		}
		break;
	default:
		break;
	}
	count(DROP_IP_PROTO);
}

/* frame() - One frame of the guest */
static void frame(const struct tap_frame *t, struct frame *f, uint64_t now)
{
	const struct frame *whole;
	enum frame_kind kind = frame_parse(t, f);

	if (kind == FRAME_BAD)
		return;
	if (memcmp(f->smac, net->guest_mac, sizeof(f->smac)))
		net_learn_mac(f->smac);
	switch (kind) {
	case FRAME_ARP:
		arp_frame(f);
		break;
	case FRAME_IP:
		net_learn_addr(&f->src);
		packet(f, now);
		break;
	case FRAME_FRAGMENT:
		whole = frag_from_guest(f, now);
		if (whole)
			packet(whole, now);
		break;
	case FRAME_BAD:
		break;
	}
}

/* frames() - All frames that wait, up to some batches */
static void frames(uint64_t now)
{
	static struct frame f[TAP_BATCH];
	struct tap_frame t[TAP_BATCH];

	for (int i = 0; i < TAKES; i++) {
		int n = tap_take(t, TAP_BATCH);

		if (n < 0)
			quit(self.status);
		if (n <= 0)
			break;
		for (int k = 0; k < n; k++)
			frame(&t[k], &f[k], now);
		tcp_flush(now);
		udp_flush(now);
		frag_release();
		tap_done(n);
	}
	self.busy_at = now;
	if (timer_due(TIMER_LINK) == TIMER_NEVER)
		timer_set(TIMER_LINK, now + TRIM_US);
}

/* link_event() - Something happened to a descriptor of the guest link */
static void link_event(const struct loop_event *ev, uint64_t now)
{
	unsigned what = tap_event(ev->id, ev->events);

	if (what & TAP_EV_END)
		quit(EXIT_SUCCESS);
	if (what & TAP_EV_FRAMES)
		frames(now);
	if (what & (TAP_EV_ROOM | TAP_EV_UP))
		tcp_link_ready(now);
}

/* listen_event() - Somebody knocks at a forwarded port */
static void listen_event(const struct loop_event *ev, uint64_t now)
{
	const struct fwd_listener *l = fwd_listener((uint32_t)ev->id);
	struct fwd_conn c;

	if (!l)
		return;
	if (l->proto == WIRE_UDP) {
		if (l->splice)
			splice_udp((uint32_t)ev->id, now);
		else
			udp_listen_event((uint32_t)ev->id, ev->events, now);
		return;
	}
	for (int i = 0; i < ACCEPTS && fwd_accept((uint32_t)ev->id, &c) > 0; i++) {
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
			info("count %s %llu", count_name((enum count)i),
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
	case LOOP_ECHO:
		icmp_socket_event(ev->id, ev->events, now);
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
		if (ns_gone())
			quit(EXIT_SUCCESS);
		break;
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
		udp_timeout(c, now);
		break;
	case CONN_ECHO:
		icmp_timeout(c, now);
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

/* run() - The loop */
static void run(void)
{
	struct loop_event ev[EVENTS];

	while (!self.quit) {
		int n = loop_wait(ev, EVENTS, timer_next());
		uint64_t now = loop_now();
		int64_t id;

		for (int i = 0; i < n && !self.quit; i++)
			dispatch(&ev[i], now);
		while ((id = timer_expired(now)) >= 0)
			expire((uint32_t)id, now);
		tap_flush();
	}
}

/* open_log() - Where lines go when stderr is gone */
static void open_log(const struct conf *c)
{
	int fd;

	log_level = c->level;
	if (!c->log_file)
		return;
	fd = daemon_log_open(c->log_file);
	if (fd < 0)
		die_errno(-fd, "Cannot open log file %s (--log-file)", c->log_file);
	log_sink(fd, false);
}

/* open_link() - The guest: a socket, or a namespace */
static void open_link(struct conf *c)
{
	struct netlink_setup setup;
	int rc;

	if (c->mode == CONF_PASST) {
		rc = tap_init_qemu(&c->tap);
		if (rc)
			die_errno(-rc, "Cannot watch the guest link");
		return;
	}
	if (!*c->ns.ifname)
		(void)util_copy(c->ns.ifname, sizeof(c->ns.ifname), net->ifname);
	ns_open(&c->ns, &self.ns);
	net_learn_mac(self.ns.guest_mac);
	net_fill_setup(&setup, c->config_net);
	ns_configure(&setup);
	rc = tap_init_ns(self.ns.tap, self.ns.caps);
	if (!rc && self.ns.child >= 0)
		rc = loop_add(self.ns.child, LOOP_CHILD, 0, EPOLLIN);
	if (!rc && self.ns.watch >= 0)
		rc = loop_add(self.ns.watch, LOOP_NETNS, 0, EPOLLIN);
	if (rc)
		die_errno(-rc, "Cannot watch the namespace");
}

/* init_base() - What the guest link needs */
static void init_base(const struct conf *c, uint64_t now)
{
	int rc = loop_init();

	if (rc)
		die_errno(-rc, "No epoll descriptor");
	timer_init(now);
	conn_init();
	sock_init(&c->sock);
	sock_udp_init(&c->sock);
	net_init(&c->net);
}

/* init_flows() - What carries the guest's flows */
static void init_flows(const struct conf *c)
{
	struct udp_conf udp = { .flows_max = sock_fwd_limit() / 2 };

	self.no_tcp = c->no_tcp;
	self.no_udp = c->no_udp;
	self.no_icmp = c->no_icmp;
	fwd_init(&c->fwd);
	fwd_listen_init(&c->listen);
	frag_init();
	ndp_init(&c->ndp);
	dhcp_init(&c->dhcp);
	dhcpv6_init(&c->dhcpv6);
	icmp_init();
	udp_init(&udp);
	splice_init(c->fwd.splice);
	tcp_init();
}

/* choose_user() - Whom to become, while nothing is made yet that would be left */
static void choose_user(const struct conf *c)
{
	if (daemon_find_user(c->runas, &self.uid, &self.gid))
		die("Cannot run as %s (--runas): no such user or group", c->runas);
}

/* drop_privileges() - Root's powers are for the start only */
static void drop_privileges(const struct conf *c)
{
	const char *who = c->runas ? c->runas : "nobody";
	int rc;

	if (!daemon_real_root())
		return;
	info("Started as root, will change to %s.", who);
	rc = daemon_change_user(self.uid, self.gid);
	if (rc)
		die_errno(-rc, "Cannot change to user %s (--runas)", who);
}

int main(int argc, char **argv)
{
	static struct conf c;
	int parent = -1, pid_fd = -1;

	log_init(LOG_LVL_INFO);
	conf_read(argc, argv, &c);
	open_log(&c);
	choose_user(&c);

	/* With a command to spawn we stay in front: its end and status are ours */
	if (!c.foreground && (c.mode == CONF_PASST || !ns_enter_spawns(&c.ns)))
		parent = daemon_fork();
	if (c.pid_file) {
		pid_fd = daemon_pid_open(c.pid_file);
		if (pid_fd < 0)
			die_errno(-pid_fd, "Cannot write PID file %s (--pid)", c.pid_file);
	}
	if (c.pcap_file) {
		int rc = pcap_open(c.pcap_file);

		if (rc)
			die_errno(-rc, "Cannot write capture file %s (--pcap)", c.pcap_file);
	}

	self.ns.child = self.ns.watch = -1;
	init_base(&c, loop_now());
	open_link(&c);
	/* After the namespace was made: a command there keeps the caller's limits */
	daemon_raise_limits();
	init_flows(&c);
	if (fwd_listen_open(loop_now()))
		die("Couldn't listen on requested ports (--tcp-ports, --udp-ports)");
	self.signals = daemon_signals();
	if (self.signals < 0 || loop_add(self.signals, LOOP_SIGNAL, 0, EPOLLIN))
		die("Cannot receive signals by descriptor");
	drop_privileges(&c);
	(void)daemon_harden();
	if (self.ns.child >= 0)
		ns_start();
	if (pid_fd >= 0)
		daemon_pid_write(pid_fd);
	if (parent >= 0) {
		log_stderr(false);
		daemon_ready(parent);
	}
	run();
	return self.status;
}
