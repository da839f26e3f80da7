// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * run.c - runs a script: the whole program against a fake host, link and clock
 *
 * links: test/script/word.c test/script/line.c test/script/segment.c
 * links: test/script/packet.c test/script/out.c test/script/program.c
 * links: test/script/fake_loop.c test/script/fake_tap.c test/script/fake_sock.c
 * links: test/script/fake_udp.c test/script/random.c test/script/scale.c
 * links: addr.c arp.c bound.c conf.c conn.c count.c csum.c daemon.c dhcp.c
 * links: dhcpv6.c dnsname.c frag.c frame.c fwd.c
 * links: fwd_listen.c icmp.c log.c moderate.c ndp.c net.c netlink.c nlmsg.c ns.c
 * links: ns_agent.c option.c pcap.c ports.c resolv.c
 * links: sock_splice.c splice.c tail.c tap_link.c
 * links: tcp.c tcp_end.c tcp_fsm.c tcp_in.c tcp_out.c tcp_rto.c
 * links: tcp_seg.c timer.c
 * links: udp.c udp_flow.c util.c
 * links: block.c checkpoint.c checkpoint_load.c checkpoint_save.c control.c ctl_link.c image.c json.c repair.c repair_link.c
 * links: driver.c epoch.c sock_unix.c tcp_image.c udp_image.c
 *
 * Theory of operation
 *
 *   Everything but sock.c, sock_udp.c, loop.c and tap.c is the program
 *   itself, down to its loop.  The fakes have the same symbols; what they report is
 *   in a script, and what is asked of them is held against it.
 *
 *	script --> loop_wait() returns --> the program --> frames, calls --> script
 *
 *   The script goes on whenever the loop has nothing left to do.  A test fails when
 *   something expected does not come or differs, and also when something comes that
 *   nobody expects.  Every byte of both streams is verified, and so are lengths and
 *   checksums of each frame.  At the end no connection, no socket and no deadline
 *   may be left, and no bytes of the guest that wait.
 *
 * The format
 *
 *   A line begins with a time in ms, `+5' after the line before, or `500' after the
 *   beginning, and then says what happens, or has to.  Before the first of these
 *   there may be lines without time, that set things up (program starts after them):
 *
 *	ip 6				the connection is IPv6
 *	conn NAME GPORT FAR FPORT [GUEST]
 *					another connection; the first has no name:
 *					192.0.2.2:40000 > 198.51.100.1:80
 *					NAME -: these ends for the first
 *	include FILE			the lines of another script, anywhere
 *	isn N				initial sequence number of the guest
 *	mtu N				of the link
 *	caps csum tso			the link takes unsegmented frames
 *	forward SPEC			as --tcp-ports
 *	forward-udp SPEC		as --udp-ports
 *	sndbuf N			limit of send queues
 *	memory N			that the kernel has for all sockets; no limit
 *	kernel old			before Linux 6.9: no SO_PEEK_OFF for TCP
 *
 *   What happens:
 *
 *	guest SEGMENT			a segment of the guest
 *	guest udp A:P > A:P [len N] [ttl N]
 *	guest ping A > A [id N] [seq N] [len N] [ttl N]
 *	guest arp who-has A
 *	guest hex BYTES			a whole frame
 *	flood FIRST:LAST SIZE		segments of the guest with these bytes, of SIZE each
 *	hold, go			segments in between come as one batch
 *	host connected			connect() succeeded
 *	host error ENAME		connect() failed, or the socket died
 *	host broken ENAME		it died, but there was no event yet
 *	host accept PORT		somebody connects to a forwarded port
 *	host data N			bytes of the remote end
 *	host fin			its FIN
 *	host take N			the send queue takes N bytes more; all: no limit
 *	host room SIZE USED		what it reports
 *	host hold			bytes are not acknowledged at once any more
 *	host acked N			the remote end acknowledged so many
 *	host finacked			and our FIN, with all before it
 *	host stalled			the kernel retransmits without progress
 *	host nosocket ENAME		the next socket can not be made
 *	host nowatch ENAME		or not be watched
 *	host datagram N [A:P]		a datagram came; echo reply: bytes of the message
 *	host icmp TYPE CODE MTU A	an ICMP error of A came for the last datagram
 *	host event ID			a stale event, of a connection long gone
 *	link full, link room [N]	toward the guest; for N frames
 *	link lend N			so many frames at once
 *	epoch [refused] ORDER [N]	begin (as number N), commit, abort, release, fence
 *
 *   What has to be, and nothing else may:
 *
 *	expect SEGMENT			to the guest
 *	expect "PATTERN"		another frame, in the words of packet.c
 *	burst FIRST:LAST SIZE		segments of SIZE that carry these bytes
 *	call connect A:P		a socket was made and connects; it is the
 *					connection's from now on
 *	call send N [of M], shutdown, close, abort, allow-fragments, refuse,
 *	     udp-connect A:P, udp-send N [by SEG], ping-connect A:P, ttl N
 *	state PHASE [OUT IN [RFC]]	as tcp_fsm.c names it; none: it is gone
 *	count NAME N			a counter, as count.c names it
 *	unread N			bytes the program did not consume
 *	flows N				entries of the table in use
 *	pool N				pieces in use of what the guest's bytes wait in
 *	idle				no deadline is pending
 *	isn N				the program's is N more than for the connection
 *					before, with these ends (about)
 *	due MS				its timer runs out in MS ms, or later
 *	quiet				nothing came (until the time of this line)
 *	end open N			so many connections are left on purpose
 *	random SEED N			N things by chance, see random.c
 *	scale N, rate N			see scale.c
 *
 *   A name of a connection may stand behind the time: it is about that one.  Before
 *   that, `within MS' lets what is expected be late, and `times N' does the rest of
 *   the line so often.
 *
 *   SEGMENT is flags, of SFRPU and . for ACK, or - for none; first:last(length);
 *   ack N; win N, unscaled; <options>: mss N, wscale N, nop, eol, sackOK,
 *   sack FIRST:LAST FIRST:LAST, hex BYTES; tso N: unsegmented.  Numbers count from the
 *   initial ones of their side.  In what is expected, * fits anything, and what is left
 *   out follows: no payload, the next number, the same acknowledgement as before;
 *   windows and options only count if given, <> is none.  The guest may also send:
 *   badsum, nosum (left to the device), junk (other bytes), urg N, split N (in pieces),
 *   pad N (behind the packet), and lie: off N (data offset, words), iplen N (added to
 *   the IP length), cut N (frame length), frag N (two fragments, N bytes in the first).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "script.h"
#include "tail.h"

enum {
	LINES		= 4096,
	TOLERANCE_US	= 2500,		/* the wheel's ticks */
	US_PER_MS	= 1000,
	DEPTH		= 4,		/* of included scripts */
	AFTER_US	= 70 * 1000000,	/* how long deadlines may last after the end */
};

/**
 * struct run_self - state of this file
 * @name:	of the script
 * @line:	its lines
 * @number:	number of each in the file
 * @n:		how many
 * @next:	the next one
 * @shown:	it was printed
 * @base:	time that `+' counts from
 * @start:	time of the beginning
 * @late:	by how much what is expected may be late, us
 * @over:	all lines were done
 */
static struct {
	const char *name;
	char *line[LINES];
	int number[LINES];
	int n;
	int next;
	bool shown;
	uint64_t base;
	uint64_t start;
	uint64_t late;
	bool over;
} self;

/**
 * script_note() - Say what goes on; seen when a script fails
 * @fmt:	As for printf()
 */
void script_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}

/**
 * script_fail() - The script fails
 * @fmt:	Why, as for printf()
 */
void script_fail(const char *fmt, ...)
{
	int i = self.next < self.n ? self.next : self.n - 1;
	va_list ap;

	(void)fflush(stdout);
	if (self.n)
		(void)fprintf(stderr, "%s:%i: %s\n", self.name, self.number[i],
			      self.line[i]);
	(void)fprintf(stderr, "FAILED at %llu.%03llu ms: ",
		      (unsigned long long)(fake_clock - self.start) / US_PER_MS,
		      (unsigned long long)(fake_clock - self.start) % US_PER_MS);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	_exit(EXIT_FAILURE);
}

/* time_of() - Time of a line; moves the text behind it */
static uint64_t time_of(char **text)
{
	char *end;
	bool more = **text == '+';
	unsigned long ms = strtoul(*text + more, &end, 10);

	if (end == *text + more)
		script_fail("a line begins with a time");
	*text = end;
	return (more ? self.base : self.start) + ms * US_PER_MS;
}

/* unexpected() - Something came that no line asks for */
static void unexpected(void)
{
	for (int frame = 0; frame < 2; frame++) {
		const struct script_out *o = out_first(frame);

		if (o)
			script_fail("unexpected %s: %s", frame ? "segment" : "call", o->text);
	}
}

/* jump() - Let the clock run to a deadline of the program's; true: it is due */
static bool jump(uint64_t deadline, uint64_t limit)
{
	if (deadline > limit)
		return false;
	if (deadline > fake_clock)
		fake_clock = deadline;
	return true;
}

/* finish() - After the last line; false: the program shall go on */
static bool finish(uint64_t deadline)
{
	unexpected();
	if (!script_done()) {
		if (jump(deadline, self.base + AFTER_US))
			return false;
		if (deadline != UINT64_MAX)
			script_fail("a deadline is pending after the end");
		if (script_left())
			script_fail("%u flows are left", script_left());
		if (tail_used())
			script_fail("%u pieces of the guest's bytes are left", tail_used());
		if (fake_sock_open())
			script_fail("%u sockets are left open", fake_sock_open());
	}
	self.over = true;
	fake_tap_end();
	return true;
}

/**
 * script_step() - The program is idle: go on with the script
 * @deadline:	Its next deadline, us
 *
 * Return: true: something may have happened; false: the deadline has come
 */
bool script_step(uint64_t deadline)
{
	char copy[SCRIPT_TEXT], *text = copy, *word[SCRIPT_TOKENS], **tok = word;
	uint64_t at;
	int n, waits;

	if (self.over)
		script_fail("the program does not end");
	if (self.next == self.n)
		return finish(deadline);
	(void)util_copy(copy, sizeof(copy), self.line[self.next]);
	at = time_of(&text);
	n = script_split(text, tok);
	if (!n)
		script_fail("nothing behind the time");
	self.late = TOLERANCE_US;
	if (!strcmp(tok[0], "within") && n > 2) {
		self.late += (uint64_t)script_num(tok[1]) * US_PER_MS;
		tok += 2;
		n -= 2;
	}
	if (!strcmp(tok[0], "random") && n == 3) {
		waits = script_random((uint64_t)script_num(tok[1]),
				      (uint32_t)script_num(tok[2]), deadline);
		self.next += waits < 0;
		self.base = fake_clock;
		return waits;
	}
	waits = script_waits(tok, n);
	if (!waits) {
		unexpected();
		if (jump(deadline, at))
			return false;
		if (at > fake_clock)
			fake_clock = at;
	} else if (!out_first(waits == 1)) {
		if (jump(deadline, at + self.late))
			return false;
		if (deadline == UINT64_MAX)
			script_fail("nothing came, and nothing will");
		script_fail("nothing came; next deadline at %llu ms",
			    (unsigned long long)(deadline - self.start) / US_PER_MS);
	}
	script_note("%s:%i: %s", self.name, self.number[self.next], self.line[self.next]);
	self.base = at;
	script_line(tok, n);
	self.next++;
	return true;
}

/**
 * script_came() - What is expected came: is that the time for it?
 * @o:		What came
 */
void script_came(const struct script_out *o)
{
	uint64_t want = self.base;

	if (o->at > want + self.late || o->at + TOLERANCE_US < want)
		script_fail("came at %llu ms", (unsigned long long)(o->at - self.start) /
			    US_PER_MS);
	self.base = o->at;
}

/* add_line() - Keep a line */
static void add_line(const char *text, int number)
{
	if (self.n == LINES)
		script_fail("too many lines");
	self.line[self.n] = strdup(text);
	self.number[self.n++] = number;
}

/* open_script() - A script, and those it includes, are a stack */
static FILE *open_script(const char *name)
{
	FILE *f = fopen(name, "re");

	if (f)
		return f;
	(void)fprintf(stderr, "can not open %s\n", name);
	exit(EXIT_FAILURE);
}

/* load() - Read a script; what it includes is beside it */
static void load(const char *name)
{
	const char *slash = strrchr(name, '/');
	int dir = slash ? (int)(slash - name) + 1 : 0;
	FILE *f[DEPTH] = { open_script(name) };
	int number[DEPTH] = { 0 }, top = 0;

	while (top >= 0) {
		char buf[SCRIPT_TEXT];
		const char *p = buf;

		if (!fgets(buf, sizeof(buf), f[top])) {
			(void)fclose(f[top--]);
			continue;
		}
		buf[strcspn(buf, "\n")] = '\0';
		p += strspn(p, " \t");
		number[top]++;
		if (!strncmp(p, "include ", 8) && top < DEPTH - 1) {
			char path[2 * SCRIPT_TEXT];

			(void)snprintf(path, sizeof(path), "%.*s%s", dir, name, p + 8);
			f[++top] = open_script(path);
			number[top] = 0;
		} else if (*p && *p != '#') {
			add_line(p, number[top]);
		}
	}
}

/* set_up() - The lines without a time */
static void set_up(void)
{
	for (; self.next < self.n; self.next++) {
		char copy[SCRIPT_TEXT], *tok[SCRIPT_TOKENS];
		char c = self.line[self.next][0];

		if (c == '+' || (c >= '0' && c <= '9'))
			return;
		(void)util_copy(copy, sizeof(copy), self.line[self.next]);
		script_set_up(tok, script_split(copy, tok));
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fprintf(stderr, "usage: run SCRIPT\n");
		return EXIT_FAILURE;
	}
	log_level = LOG_LVL_DEBUG;
	fake_sock_init();
	self.base = self.start = fake_clock;
	script_set_up_defaults();
	self.name = argv[1];
	load(argv[1]);
	set_up();
	if (program_run())
		script_fail("the program ended by itself");
	if (!self.over)
		script_fail("the program ended too early");
	for (int i = 0; i < self.n; i++)
		free(self.line[i]);
	(void)printf("ok %s: %i lines\n", self.name, self.n);
	return EXIT_SUCCESS;
}
