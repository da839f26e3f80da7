// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * repair.c - one TCP socket taken apart and put together again (TCP_REPAIR)
 *
 * Theory of operation
 *
 *   A socket in repair mode shows its sequence numbers, windows and queues; one that
 *   was just made takes them over, connects without a packet, and goes on.  Linux has
 *   this since 3.5 for CRIU (commit ee9952831cfd, net/ipv4/tcp.c); windows since 4.8
 *   (b1ed4c4fa9a5).  What the interface does not carry is in doc/checkpoint.md.
 *
 *   Repair mode is no lock: the socket goes on to take and acknowledge what comes.
 *   So nothing may reach it: block.c drops what comes for its address, or it is made
 *   deaf, by a filter that drops everything.  What the dump does not have was never
 *   acknowledged, and comes again.  A TCP socket takes a filter from who has
 *   CAP_NET_ADMIN only (Linux 6.18), as block.c has; who lacks it has to see to it that
 *   nothing comes, and repair_heard() tells whether something did.
 *
 *   Nor does it keep unsent bytes: small queues and pacing send by a softirq or a timer of
 *   their own.  A socket restored from the dump ignores the acknowledgement of bytes that
 *   it did not send, for ever.  So in a deaf socket with unsent bytes, or an unsent FIN, the
 *   remote end's window is 0 from the dump on, until repair_resume().
 *
 *   While its send queue is selected a timer that comes sends nothing, window or not, but
 *   the kernel takes all for sent (net/ipv4/tcp_output.c, tcp_write_xmit()), and may send it
 *   again: into a closed window only the first segment that is not acknowledged
 *   (__tcp_retransmit_skb()).  So if all that was sent is acknowledged, the first unsent one
 *   may leave, and recount() has it as sent.  Who goes on here waits for that time-out, who
 *   is restored does not.
 *
 *	deaf -> dump, peek -> vanish		handed over, not a packet leaves
 *			   -> resume, hear	not handed over: it goes on
 *
 *	(begin ->) make -> fill -> quiet -> fill -> wait -> go
 *
 *   A socket that was put together waits until the network leads here: what it sent
 *   before would be lost, and wait for a time-out.  In the meantime the remote end's
 *   window is 0 for it, so its unsent bytes stay where they are (repair_quiet()).  And it
 *   is in repair mode again (repair_wait()), so that it goes without a packet however we
 *   end: the connection may go on where it was.
 *
 *   FINs are never made in repair mode: one that was lost would not be sent again.  Ours
 *   is sent anew, at its own number, by shutdown().  The remote end's stays counted in
 *   rcv_nxt, so the kernel never reports it again, and who owns the socket has to know.
 *
 *	state			send queue begins at	repair_go()
 *	SYN-SENT		initial number		connect(): the same SYN again
 *	ESTABLISHED, CLOSE-WAIT	una			unsent bytes
 *	FIN-WAIT-1, CLOSING,	una			unsent bytes, FIN
 *	 LAST-ACK
 *	FIN-WAIT-2		nxt - 1			FIN; its ACK brings the state back
 *	CLOSE, both FINs done	nxt			nothing; it answers repeated FINs
 *
 *   Entering and leaving repair mode needs CAP_NET_ADMIN where the socket was made; who
 *   does not have it asks a helper, which is sent descriptors and a byte: 1 enter,
 *   0 leave, 255 leave without a packet; the byte comes back when it is done for all.
 *   If it can not be done the helper ends.
 */
#include "repair.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sock.h"
#include "util.h"

enum {
	FILL_MAX	= 64 * 1024,	/* more at once is refused: net/ipv4/tcp.c, tcp_send_rcvq() */
	FILL_MIN	= 1024,
	BUFFER_SMALL	= 16 * 1024,	/* fits into any socket's buffer */
	STAMP_SLACK_MS	= 50,		/* two hosts' clocks differ; going back would be fatal */
	STAMP_AWAY_MAX	= 24 * 3600 * 1000,
	MAXSEG_MAX	= 32767,	/* tcp(7): MAX_TCP_WINDOW */
	HELPER_WAIT_S	= 5,
	STEADY_TRIES	= 16,		/* between two packets there is time for one */
	ASK_MAX		= 253,		/* net/scm.h: SCM_MAX_FD */
	OPT_MSS		= 2,		/* codes of TCP options, RFC 9293, 7323, 2018 */
	OPT_WSCALE	= 3,
	OPT_SACK	= 4,
	OPT_STAMP	= 8,
	INFO_USEC	= 1 << 6,	/* linux/tcp.h: TCPI_OPT_USEC_TS, Linux 6.7 */
};

/**
 * struct repair_self - state of this file
 * @helper:	connection to who may switch repair mode, -1: we do it
 */
static struct {
	int helper;
} self = { .helper = -1 };

/* A receive queue, a send queue; touched by checkpoints only */
static uint8_t queue_buf[2][REPAIR_QUEUE_MAX];

/* set() - A TCP option that is an int; 0, -errno */
static int set(int fd, int name, int value)
{
	return setsockopt(fd, IPPROTO_TCP, name, &value, sizeof(value)) ? -errno : 0;
}

/* get() - The same; *value, 0, -errno */
static int get(int fd, int name, uint32_t *value)
{
	socklen_t len = sizeof(*value);

	return getsockopt(fd, IPPROTO_TCP, name, value, &len) ? -errno : 0;
}

/* repair_init() - Begin anew, without a helper */
void repair_init(void)
{
	if (self.helper >= 0)
		close(self.helper);
	self.helper = -1;
}

/* ask() - Have the helper switch sockets, up to ASK_MAX; 0, -errno */
static int ask(const int *fds, int n, int mode)
{
	union {
		char buf[CMSG_SPACE(ASK_MAX * sizeof(int))];
		struct cmsghdr head;
	} control = { .buf = "" };
	size_t size = (size_t)n * sizeof(int);
	uint8_t byte = (uint8_t)mode, answer = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf, .msg_controllen = CMSG_SPACE(size),
	};
	ssize_t got;

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(&control.head), fds, size);
	got = sendmsg(self.helper, &m, MSG_NOSIGNAL);
	if (got == 1)
		got = recv(self.helper, &answer, 1, 0);
	if (got < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return got && answer == byte ? 0 : -EPROTO;
}

/* set_modes() - Switch sockets ourselves; leaving goes on behind an error; 0, -errno */
static int set_modes(const int *fds, int n, int mode)
{
	int rc = 0;

	for (int i = 0; i < n && (!rc || mode != TCP_REPAIR_ON); i++) {
		int one = set(fds[i], TCP_REPAIR, mode);

		/* Before Linux 4.19 leaving always asks for the window */
		if (one == -EINVAL && mode == TCP_REPAIR_OFF_NO_WP)
			one = set(fds[i], TCP_REPAIR, TCP_REPAIR_OFF);
		rc = rc ? rc : one;
	}
	return rc;
}

/**
 * repair_switch() - Enter or leave repair mode with many sockets at once
 * @fds:	TCP sockets, none of them listening
 * @n:		How many
 * @mode:	TCP_REPAIR_ON, TCP_REPAIR_OFF, TCP_REPAIR_OFF_NO_WP
 *
 * A helper that fails is given up: an answer that comes late would be taken for that
 * to the next question.  We try ourselves from then on.
 *
 * Return: 0; -EPERM: we may not, and have no helper; -EPROTO, -ETIMEDOUT, -EPIPE and
 *	   so on: the helper failed, or one of the sockets; other -errno.  Some may have
 *	   been switched.  The caller that wanted to enter calls repair_leave() for each;
 *	   of the ASK_MAX sockets of one message the helper has taken back what it did
 */
int repair_switch(const int *fds, int n, int mode)
{
	int rc = 0;

	if (self.helper < 0)
		return set_modes(fds, n, mode);
	for (int i = 0; !rc && i < n; i += ASK_MAX)
		rc = ask(fds + i, n - i < ASK_MAX ? n - i : ASK_MAX, mode);
	if (rc)
		repair_init();
	return rc;
}

/* mode() - repair_switch() for one; 0, -errno */
static int mode(int fd, int value)
{
	return repair_switch(&fd, 1, value);
}

/**
 * repair_use_helper() - Somebody offers to switch repair mode for us
 * @fd:		Connection to it, ours from now on; -1: there is none any more
 */
void repair_use_helper(int fd)
{
	struct timeval limit = { .tv_sec = HELPER_WAIT_S };

	repair_init();
	if (fd < 0)
		return;
	/* The loop waits while it works */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	self.helper = fd;
}

/**
 * repair_possible() - Whether repair mode can be switched, by us or a helper
 *
 * Return: true if so
 */
bool repair_possible(void)
{
	int fd = sock_open(AF_INET, SOCK_STREAM, 0), rc = fd;

	if (fd >= 0) {
		rc = mode(fd, TCP_REPAIR_ON);
		close(fd);
	}
	return rc >= 0;
}

/**
 * repair_helped() - Whether there is a helper, which has not failed yet
 *
 * Return: true if so
 */
bool repair_helped(void)
{
	return self.helper >= 0;
}

/**
 * repair_deaf() - Have a socket drop what comes, or hear again
 * @fd:		Socket, connected or listening, of any kind
 * @deaf:	Drop, without an answer
 *
 * Return: 0; -errno
 */
int repair_deaf(int fd, bool deaf)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);

	return sock_filter(fd, &drop, deaf);
}

/**
 * repair_unsent() - Whether bytes wait in the send queue that were never sent
 * @fd:		Socket
 *
 * While its send queue is looked at, in repair mode, an acknowledgement that comes has the
 * kernel take all of them for sent (net/ipv4/tcp_output.c, tcp_write_xmit()): they would
 * wait for a time-out.  Who goes on should not hear meanwhile.
 *
 * Return: true if so
 */
bool repair_unsent(int fd)
{
	int unsent;

	return !ioctl(fd, SIOCOUTQNSD, &unsent) && unsent > 0;
}

/* queue_seq() - Number behind the last byte of a queue; 0, -errno */
static int queue_seq(int fd, int queue, uint32_t *seq)
{
	int rc = set(fd, TCP_REPAIR_QUEUE, queue);

	return rc ? rc : get(fd, TCP_QUEUE_SEQ, seq);
}

/*
 * lengths() - How much there is in the queues, without FINs; 0, -errno
 *
 * Of a socket that hears, less may be unacknowledged at each look: so that comes last.
 */
static int lengths(int fd, struct repair *r)
{
	bool fin = repair_fin_sent(r);
	int unacked, unsent, unread;

	if (ioctl(fd, SIOCINQ, &unread) || ioctl(fd, SIOCOUTQNSD, &unsent) ||
	    ioctl(fd, SIOCOUTQ, &unacked))
		return -errno;
	/* A FIN is the last in its queue, and counts in each it is in */
	unacked -= fin && unacked;
	unsent -= fin && unsent;
	unsent = unsent < unacked ? unsent : unacked;
	if (unsent < 0 || unread < 0 || unacked > REPAIR_QUEUE_MAX || unread > REPAIR_QUEUE_MAX)
		return -EMSGSIZE;
	r->len[REPAIR_UNREAD] = (uint32_t)unread;
	r->len[REPAIR_UNSENT] = (uint32_t)unsent;
	r->len[REPAIR_SENT] = (uint32_t)(unacked - unsent);
	return 0;
}

/* long_queue() - Whether a queue may need more room than a buffer has by itself */
static bool long_queue(const struct repair *r)
{
	return r->len[REPAIR_UNREAD] > BUFFER_SMALL ||
	       r->len[REPAIR_SENT] + r->len[REPAIR_UNSENT] > BUFFER_SMALL;
}

/* recount() - What may leave as the send queue was selected counts as sent; 0, -errno */
static int recount(int fd, struct repair *r)
{
	bool fin = repair_fin_sent(r);
	uint32_t left, taken;
	int unsent;

	if (ioctl(fd, SIOCOUTQNSD, &unsent))
		return -errno;
	left = (uint32_t)(unsent - (fin && unsent));
	taken = r->len[REPAIR_UNSENT] - min_u32(left, r->len[REPAIR_UNSENT]);
	if (r->closed)
		taken = r->len[REPAIR_SENT] ? 0 : min_u32(taken, r->mss);
	r->len[REPAIR_UNSENT] -= taken;
	r->len[REPAIR_SENT] += taken;
	return 0;
}

/**
 * repair_ends() - Both addresses; the remote one of a socket not connected is unknown
 * @fd:		Socket
 * @r:		@local, @lport, @peer, @pport, @scope are set, as far as they are known
 *
 * Return: 0; -errno
 */
int repair_ends(int fd, struct repair *r)
{
	union addr_sock s = { .sa.sa_family = AF_UNSPEC };
	socklen_t len = sizeof(s);
	int rc = sock_local(fd, &r->local, &r->lport);

	if (rc)
		return rc;
	if (!getpeername(fd, &s.sa, &len)) {
		(void)addr_from_sock(&s, &r->peer, &r->pport);
		r->scope = s.sa.sa_family == AF_INET6 ? s.in6.sin6_scope_id : 0;
	}
	return 0;
}

/**
 * repair_heard() - Whether something came since a socket was dumped
 * @fd:		Socket in repair mode
 * @r:		Its dump
 *
 * Return: true if so: who has the dump lacks it, and it was acknowledged; or, as a
 *	   window came, bytes were sent that are unsent there
 */
bool repair_heard(int fd, const struct repair *r)
{
	uint32_t seq;
	int unsent;

	if (queue_seq(fd, TCP_RECV_QUEUE, &seq) || seq != r->rcv_nxt)
		return true;
	return !r->closed && r->len[REPAIR_UNSENT] &&
	       (ioctl(fd, SIOCOUTQNSD, &unsent) || (uint32_t)unsent < r->len[REPAIR_UNSENT]);
}

/* set_window() - TCP_REPAIR_WINDOW, with the remote end's window or none; 0, -errno */
static int set_window(int fd, const struct repair *r, bool closed)
{
	const struct repair_window *v = &r->window;
	struct tcp_repair_window w = {
		v->wl1, closed ? 0 : v->wnd, v->wnd_max, v->rcv_wnd, v->rcv_wup,
	};

	return setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &w, sizeof(w)) ? -errno : 0;
}

/**
 * repair_dump() - Learn all about a socket, which stays in repair mode
 * @fd:		Socket, in any state but LISTEN
 * @deaf:	Nothing reaches it, and repair_ends() filled @r
 * @r:		Filled on success; @peer is addr_none if the kernel has forgotten it
 *
 * Return: 0; -EMSGSIZE: its queues are too long; other -errno; the caller calls
 *	   repair_resume() then
 */
int repair_dump(int fd, bool deaf, struct repair *r)
{
	struct tcp_repair_window w = { 0 };
	socklen_t wlen = sizeof(w), len;
	struct tcp_info ti = { 0 };
	int rc = mode(fd, TCP_REPAIR_ON);

	if (!deaf)
		*r = (struct repair){ .peer = addr_none };
	if (!rc && !deaf)
		rc = repair_ends(fd, r);
	if (rc)
		return rc;
	len = sizeof(ti);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &ti, &len) ||
	    getsockopt(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &w, &wlen))
		return -errno;
	r->state = ti.tcpi_state;
	r->options = ti.tcpi_options;
	r->wscale_out = ti.tcpi_snd_wscale;
	r->wscale_in = ti.tcpi_rcv_wscale;
	r->window = (struct repair_window){
		w.snd_wl1, w.snd_wnd, w.max_window, w.rcv_wnd, w.rcv_wup,
	};
	r->closed = deaf && r->state != TCP_SYN_SENT && repair_unsent(fd);
	if (r->closed)
		rc = set_window(fd, r, true);
	if (rc || (rc = get(fd, TCP_MAXSEG, &r->mss)) ||
	    (rc = get(fd, TCP_TIMESTAMP, &r->stamp)) || (rc = lengths(fd, r)) ||
	    (rc = queue_seq(fd, TCP_SEND_QUEUE, &r->write_seq)))
		return rc;
	if (long_queue(r))
		(void)sock_buffers(fd, &r->sndbuf, &r->rcvbuf);
	/* Of a socket that hears what is unread has to fit to the number behind it */
	for (int i = 0; i < STEADY_TRIES; i++) {
		rc = queue_seq(fd, TCP_RECV_QUEUE, &r->rcv_nxt);
		if (!rc)
			rc = deaf ? recount(fd, r) : lengths(fd, r);
		if (rc || deaf || !repair_heard(fd, r))
			return rc;
	}
	return -EAGAIN;
}

/**
 * repair_peek() - Bytes in the queues of a dumped socket
 * @fd:		Socket in repair mode
 * @r:		Its dump; with @send, more may be sent and less unsent afterwards
 * @send:	The send queue: first what was sent, then what was not; else what is unread
 * @data:	Set on success; good until the next call with the same @send
 *
 * Where the next sock_tcp_peek() begins is lost: call sock_tcp_seek().
 *
 * What was acknowledged meanwhile, by a socket that hears, is nobody's concern any
 * more: there are zeros.
 *
 * Return: 0; -errno: it has less than it said, or not at all
 */
int repair_peek(int fd, struct repair *r, bool send, const uint8_t **data)
{
	size_t want = send ? (size_t)r->len[REPAIR_SENT] + r->len[REPAIR_UNSENT] :
			     r->len[REPAIR_UNREAD];
	uint8_t *buf = queue_buf[send];
	size_t have = 0;
	int rc = set(fd, TCP_REPAIR_QUEUE, send ? TCP_SEND_QUEUE : TCP_RECV_QUEUE);

	*data = buf;
	if (!rc && !send)
		rc = sock_tcp_seek(fd, 0);
	/* An urgent mark ends a peek: the next one goes on behind it */
	while (!rc && have < want) {
		struct iovec iov = { buf + have, want - have };
		/* The send queue gives all at once, and knows no place to begin at */
		ssize_t n = sock_tcp_peek(fd, (uint32_t)have, &iov, 1);

		if (n > 0)
			have += (size_t)n;
		else if (!send || (n && n != -EAGAIN))
			rc = n ? (int)n : -ENODATA;
		if (send)
			break;
	}
	/* See repair_unsent(): for who could not be made deaf */
	if (set(fd, TCP_REPAIR_QUEUE, TCP_NO_QUEUE) && !rc)
		rc = -errno;
	if (!rc && have < want) {
		memmove(buf + want - have, buf, have);
		memset(buf, 0, want - have);
	}
	return rc || !send ? rc : recount(fd, r);
}

/*
 * share_port() - As an accepted one: a listener may be opened beside it (socket(7))
 *
 * Who leaves repair mode does not share any more: net/ipv4/tcp.c, TCP_REPAIR_OFF.
 */
static int share_port(int fd)
{
	static const int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ? -errno : 0;
}

/**
 * repair_leave() - The socket goes on as before; no packet is sent for that
 * @fd:		Socket, in repair mode or not
 *
 * Return: 0; -errno: it is still in repair mode, where nobody may use it: what is
 *	   written would come back
 */
int repair_leave(int fd)
{
	uint32_t on;
	int rc = get(fd, TCP_REPAIR, &on);

	if (!rc && on)
		rc = mode(fd, TCP_REPAIR_OFF_NO_WP);
	return rc ? rc : share_port(fd);
}

/**
 * repair_resume() - As repair_leave(), for one that was dumped: what was unsent goes out
 * @fd:		Socket
 * @r:		Its dump, complete or not
 *
 * Return: as repair_leave()
 */
int repair_resume(int fd, const struct repair *r)
{
	int rc;

	if (!r->closed)
		return repair_leave(fd);
	(void)set_window(fd, r, false);
	rc = repair_leave(fd);
	/* Nothing else would: the timer went by.  See repair_go() */
	return rc ? rc : set(fd, TCP_NODELAY, 1);
}

/**
 * repair_vanish() - Close a socket without a packet: somebody else has it now
 * @fd:		Socket
 */
void repair_vanish(int fd)
{
	(void)mode(fd, TCP_REPAIR_ON);
	close(fd);
}

/* resize() - Give a buffer a size, as far as the system allows: half of what it then has */
static void resize(int fd, int force, int name, uint32_t size)
{
	int value = (int)size;

	if (setsockopt(fd, SOL_SOCKET, force, &value, sizeof(value)))
		(void)setsockopt(fd, SOL_SOCKET, name, &value, sizeof(value));
}

/* make_room() - For queues that are longer than what a buffer has by itself */
static void make_room(int fd, const struct repair *r)
{
	uint32_t out = r->len[REPAIR_SENT] + r->len[REPAIR_UNSENT], in = r->len[REPAIR_UNREAD];
	uint32_t sndbuf, rcvbuf;

	if (!long_queue(r) || sock_buffers(fd, &sndbuf, &rcvbuf))
		return;
	if (sndbuf / 2 < out)
		resize(fd, SO_SNDBUFFORCE, SO_SNDBUF, out);
	if (rcvbuf / 2 < in)
		resize(fd, SO_RCVBUFFORCE, SO_RCVBUF, in);
	/* A size that was set ends autotuning, unless it is unlocked */
	sock_unlock(fd);
}

/* settle() - Buffers that were made larger for their queues: else these grow at each move */
static void settle(int fd, const struct repair *r)
{
	uint32_t sndbuf, rcvbuf;

	if (!long_queue(r) || sock_buffers(fd, &sndbuf, &rcvbuf))
		return;
	if (r->sndbuf >= BUFFER_SMALL && r->sndbuf < sndbuf)
		resize(fd, SO_SNDBUFFORCE, SO_SNDBUF, r->sndbuf / 2);
	if (r->rcvbuf >= BUFFER_SMALL && r->rcvbuf < rcvbuf)
		resize(fd, SO_RCVBUFFORCE, SO_RCVBUF, r->rcvbuf / 2);
	sock_unlock(fd);
}

/* first_seqs() - Numbers of the first bytes in the queues of a fresh socket; 0, -errno */
static int first_seqs(int fd, const struct repair *r)
{
	uint32_t queued = r->len[REPAIR_SENT] + r->len[REPAIR_UNSENT];
	/* Our FIN takes a number; where both are done it stays acknowledged */
	bool fin = repair_fin_sent(r) && r->state != TCP_CLOSE;
	uint32_t send = r->write_seq - queued - (fin || r->state == TCP_SYN_SENT);
	uint32_t recv = r->rcv_nxt - r->len[REPAIR_UNREAD];
	int rc = set(fd, TCP_REPAIR_QUEUE, TCP_SEND_QUEUE);

	if (!rc)
		rc = set(fd, TCP_QUEUE_SEQ, (int)send);
	if (!rc && r->state != TCP_SYN_SENT)
		rc = set(fd, TCP_REPAIR_QUEUE, TCP_RECV_QUEUE);
	if (!rc && r->state != TCP_SYN_SENT)
		rc = set(fd, TCP_QUEUE_SEQ, (int)recv);
	return rc;
}

/* connect_to() - To the remote end: in repair mode without a packet; 0, -errno */
static int connect_to(int fd, const struct repair *r)
{
	union addr_sock s;
	socklen_t len = addr_to_sock(&s, &r->peer, r->pport, r->scope);

	return connect(fd, &s.sa, len) && errno != EINPROGRESS ? -errno : 0;
}

/*
 * stamp_after() - Our clock for TCP timestamps, some time after the dump
 *
 * Since Linux 6.7 the lowest bit is no part of it: set, it ticks in us (net/ipv4/tcp.c,
 * TCP_TIMESTAMP, with TCPI_OPT_USEC_TS), which the remote end would see leap.
 */
static uint32_t stamp_after(const struct repair *r, uint32_t elapsed_ms)
{
	uint32_t away = min_u32(elapsed_ms, STAMP_AWAY_MAX) + STAMP_SLACK_MS;

	if (r->options & INFO_USEC)
		return (r->stamp + away * 1000) | 1;
	return (r->stamp + away) & ~UINT32_C(1);
}

/* agreed() - What the handshake agreed to; 0, -errno */
static int agreed(int fd, const struct repair *r, uint32_t elapsed_ms)
{
	struct tcp_repair_opt o[4] = { { OPT_MSS, r->mss } };
	unsigned n = 1;

	if (r->options & TCPI_OPT_SACK)
		o[n++] = (struct tcp_repair_opt){ OPT_SACK, 0 };
	/* Shifts of 0 too: else connect()'s idea of ours stays, and windows look tiny */
	o[n++] = (struct tcp_repair_opt){ OPT_WSCALE, r->wscale_out |
					  (uint32_t)r->wscale_in << 16 };
	if (r->options & TCPI_OPT_TIMESTAMPS)
		o[n++] = (struct tcp_repair_opt){ OPT_STAMP, 0 };
	if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_OPTIONS, o, n * (socklen_t)sizeof(o[0])))
		return -errno;
	if (!(r->options & TCPI_OPT_TIMESTAMPS))
		return 0;
	return set(fd, TCP_TIMESTAMP, (int)stamp_after(r, elapsed_ms));
}

/* begin() - A socket at a port of ours, in repair mode; descriptor, -errno */
static int begin(const struct repair *r, uint16_t port)
{
	int fd = sock_open(addr_is4(&r->peer) ? AF_INET : AF_INET6, SOCK_STREAM, 0);
	int rc;

	if (fd < 0)
		return fd;
	sock_tcp_options(fd);
	/* In repair mode a port can be bound that others use too: by other connections */
	rc = mode(fd, TCP_REPAIR_ON);
	if (!rc)
		rc = sock_bind_as(fd, &r->local, port, r->scope, r->out);
	if (rc)
		repair_vanish(fd);
	return rc ? rc : fd;
}

/* finish() - What begin() made becomes what was dumped; @fd, -errno: it is gone */
static int finish(int fd, const struct repair *r, uint32_t elapsed_ms)
{
	int rc;

	if (fd < 0)
		return fd;
	make_room(fd, r);
	rc = first_seqs(fd, r);
	if (!rc && r->state != TCP_SYN_SENT) {
		/* Else connect() begins with segments of 536, and nothing makes them larger */
		(void)set(fd, TCP_MAXSEG, (int)min_u32(r->mss, MAXSEG_MAX));
		rc = connect_to(fd, r);
		if (!rc)
			rc = agreed(fd, r, elapsed_ms);
	}
	if (rc)
		repair_vanish(fd);
	return rc ? rc : fd;
}

/**
 * repair_begin() - What can be done of repair_make() before there is a dump
 * @r:		@local, @lport, @peer: final already
 *
 * Return: descriptor; -errno: that may well be another time
 */
int repair_begin(const struct repair *r)
{
	return begin(r, r->lport);
}

/**
 * repair_make() - Make a socket out of a dump, but for the bytes in its queues
 * @fd:		From repair_begin(), with the same ends; -1: none
 * @r:		Dump, its addresses checked
 * @elapsed_ms:	Time since it was made
 *
 * Return: descriptor, in repair mode; -EADDRNOTAVAIL: the host does not have the
 *	   address; other -errno.  @fd is gone if it fails
 */
int repair_make(int fd, const struct repair *r, uint32_t elapsed_ms)
{
	int rc = finish(fd >= 0 ? fd : begin(r, r->lport), r, elapsed_ms);

	/*
	 * Both ends are done, on this very host: its kernel is in TIME-WAIT and answers.
	 * What is left to us are unread bytes, and no packet that would show our port.
	 */
	if (rc == -EADDRNOTAVAIL && r->state == TCP_CLOSE)
		rc = finish(begin(r, 0), r, elapsed_ms);
	return rc;
}

/**
 * repair_fill() - Put bytes into a queue, in order: unread and sent ones first
 * @fd:		Socket in repair mode; out of it, by repair_quiet(), for REPAIR_UNSENT
 * @q:		Which queue
 * @data:	Bytes
 * @len:	How many
 *
 * Return: how many there was no room for; -errno
 */
ssize_t repair_fill(int fd, enum repair_queue q, const uint8_t *data, size_t len)
{
	size_t most = FILL_MAX;
	int rc = 0;

	if (q != REPAIR_UNSENT)
		rc = set(fd, TCP_REPAIR_QUEUE, q == REPAIR_SENT ? TCP_SEND_QUEUE : TCP_RECV_QUEUE);
	if (rc)
		return rc;
	while (len) {
		size_t n = min_size(len, most);
		ssize_t done = send(fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (done > 0) {
			data += done;
			len -= (size_t)done;
		} else if (done < 0 && (errno == ENOMEM || errno == ENOBUFS) && most > FILL_MIN) {
			most /= 2;
		} else {
			return done < 0 && errno != EAGAIN && errno != ENOMEM && errno != ENOBUFS ?
			       -errno : (ssize_t)len;
		}
	}
	return 0;
}

/* stays() - Out of repair mode unsent bytes are put in, and a call begins: else it stays */
static bool stays(const struct repair *r)
{
	return r->state != TCP_SYN_SENT && !r->len[REPAIR_UNSENT];
}

/**
 * repair_quiet() - Leave repair mode, but send nothing yet
 * @fd:		Socket that has what is unread and what was sent
 * @r:		Its dump
 *
 * Return: 0; -errno
 */
int repair_quiet(int fd, const struct repair *r)
{
	int rc = r->state == TCP_SYN_SENT ? 0 : set_window(fd, r, true);

	return rc || stays(r) ? rc : mode(fd, TCP_REPAIR_OFF_NO_WP);
}

/**
 * repair_wait() - Wait for the network to lead here, or for the end, which nobody notices
 * @fd:		Socket that has all of its queues
 * @r:		Its dump
 *
 * Return: 0; -errno
 */
int repair_wait(int fd, const struct repair *r)
{
	/* One that is not connected has nothing to say at its end */
	return r->state == TCP_SYN_SENT || stays(r) ? 0 : mode(fd, TCP_REPAIR_ON);
}

/**
 * repair_go() - The network leads here: begin
 * @fd:		Socket that waits
 * @r:		Its dump
 * @ask:	Ask the remote end for its window, which it may have changed meanwhile
 *
 * Return: 0; -errno
 */
int repair_go(int fd, const struct repair *r, bool ask)
{
	int rc;

	if (r->state == TCP_SYN_SENT)
		return connect_to(fd, r);
	/* Else reading would tell a window to who is done, or gone: then a RST comes */
	if (repair_fin_came(r) && shutdown(fd, SHUT_RD))
		return -errno;
	/* Both ends are done: a packet could only be answered by a RST */
	if (r->state == TCP_CLOSE)
		return mode(fd, TCP_REPAIR_OFF_NO_WP);
	rc = set_window(fd, r, false);
	if (!rc)
		rc = mode(fd, ask ? TCP_REPAIR_OFF : TCP_REPAIR_OFF_NO_WP);
	if (!rc)
		rc = share_port(fd);
	settle(fd, r);
	if (!rc && repair_fin_sent(r))
		return sock_tcp_shutdown(fd);
	/* Sends what is unsent: net/ipv4/tcp.c, __tcp_sock_set_nodelay() */
	return rc ? rc : set(fd, TCP_NODELAY, 1);
}

/**
 * repair_ask() - Ask the remote end for its window once more, if it is shut
 * @fd:		Socket that went on a while ago
 *
 * The answer to a probe may be withheld: it is given twice a second at most
 * (tcp_oow_rate_limited()), and the next probe of a socket that knows no round trip is
 * seconds away.  A segment would be answered, but be in flight: a window that opens later
 * would wait for its time-out.
 */
void repair_ask(int fd)
{
	struct tcp_repair_window w = { 0 };
	socklen_t len = sizeof(w);
	uint32_t mss = 0;

	/* A helper that ends in between would leave it in repair mode */
	if (repair_helped() || mode(fd, TCP_REPAIR_ON))
		return;
	(void)get(fd, TCP_MAXSEG, &mss);
	(void)getsockopt(fd, IPPROTO_TCP, TCP_REPAIR_WINDOW, &w, &len);
	(void)mode(fd, w.snd_wnd < mss ? TCP_REPAIR_OFF : TCP_REPAIR_OFF_NO_WP);
	(void)share_port(fd);
}
