// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sock.c - the host's sockets: all there is to ask of the kernel about TCP
 *
 * Theory of operation
 *
 *   A thin layer: one function per thing the program wants, in its words, one
 *   or two system calls in each.  Nothing is decided here and no connection is
 *   known.  Tests replace this file by one that plays the kernel.
 *
 *   Bytes from the remote end stay in the socket's receive queue until the
 *   guest acknowledged them.  They are looked at with MSG_PEEK behind those in
 *   flight: SO_PEEK_OFF does that for TCP since Linux 6.9 (commit 05ea491641d3),
 *   over IPv6 somewhat later; on older kernels a scratch buffer takes the bytes
 *   to be skipped, at the price of copying them.  What was acknowledged is
 *   consumed with MSG_TRUNC, which copies nothing (tcp(7)).
 *
 *   The send queue is given a floor by SO_SNDBUF and then unlocked again by
 *   SO_BUF_LOCK (Linux 5.15, commit 04190bf8944d): a pinned buffer would end
 *   autotuning, and a buffer without floor can make a window smaller than one
 *   segment of a large MTU.
 *
 *   An accepted socket inherits options and sizes of the listening one, but for
 *   SO_PEEK_OFF, which the kernel does not promise.
 *
 *   An AF_INET6 socket bound to "any" takes IPv4 too, unless IPV6_V6ONLY is set
 *   before it is bound: so one socket is enough for a port of both families,
 *   and those who ask for one family get one.
 *
 *   Two UDP sockets of ours may share a port, one bound to "any", the other to
 *   the loopback address: the kernel gives a datagram to the more specific one.
 *   Both have to carry SO_REUSEADDR at the moment the second is bound, and no
 *   longer: while they carry it, other programs could take the port as well.
 */
#include "sock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util.h"

/* Missing in the headers of Debian 12 */
#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif

enum {
	SNDBUF_FLOOR	= 4 * 1024 * 1024,	/* the kernel cuts it to wmem_max */
	BACKLOG		= 4096,			/* the kernel cuts it to somaxconn */
	SCRATCH		= 64 * 1024,
	SKIP_IOV	= 256,			/* scratch may be named this often */
	IOV_MAX_	= 1024,			/* UIO_MAXIOV */
	STALL_BACKOFF	= 2,			/* retransmissions before it is one */
	TCP_MEM_LEN	= 128,
	FLAGS_AT	= 13,			/* in a TCP header: RFC 9293, section 3.1 */
	FLAG_SYN	= 0x02,
	TCP_MEM_GUESS	= 256 * 1024 * 1024,
};

/**
 * struct sock_self - state of this file
 * @conf:	where sockets are bound
 * @peek_off:	the kernel has SO_PEEK_OFF for TCP
 * @memory:	what all TCP sockets of the host may have together, bytes
 * @spare:	a descriptor that is given up to refuse a connection with, 0: none yet
 * @scratch:	bytes nobody reads
 */
static struct {
	struct sock_conf conf;
	bool peek_off;
	uint64_t memory;
	int spare;
	uint8_t scratch[SCRATCH];
} self;

/* set() - An integer option, errors returned */
static int set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

/*
 * spare() - A descriptor to be given up when there is no other.  It is of
 * nothing that anybody waits to see closed.
 */
static int spare(void)
{
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* tcp_memory() - The second number of tcp_mem, in bytes; a guess if it is hidden */
static uint64_t tcp_memory(void)
{
	int fd = open("/proc/sys/net/ipv4/tcp_mem", O_RDONLY | O_CLOEXEC);
	char text[TCP_MEM_LEN] = "", *second = text;
	uint64_t pages = 0;

	if (fd < 0)
		return TCP_MEM_GUESS;
	if (read(fd, text, sizeof(text) - 1) > 0) {
		(void)strtoull(text, &second, 10);
		pages = strtoull(second, NULL, 10);
	}
	close(fd);
	return pages ? pages * (uint64_t)sysconf(_SC_PAGESIZE) : TCP_MEM_GUESS;
}

/* has_peek_off() - Whether TCP sockets of a family take SO_PEEK_OFF, or are none */
static bool has_peek_off(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has;

	if (fd < 0)
		return errno == EAFNOSUPPORT;
	has = !set(fd, SOL_SOCKET, SO_PEEK_OFF, 0);
	close(fd);
	return has;
}

/**
 * sock_init() - Take the options, ask the kernel what it can do
 * @conf:	Where sockets toward the world are bound
 */
void sock_init(const struct sock_conf *conf)
{
	self.conf = *conf;
	self.memory = tcp_memory();
	/* IPv6 got it two versions later: it counts when both families have it */
	self.peek_off = has_peek_off(AF_INET) && has_peek_off(AF_INET6);
	if (self.spare <= 0)
		self.spare = spare();
}

/**
 * sock_close() - Close a socket the ordinary way
 * @fd:		Socket
 */
void sock_close(int fd)
{
	close(fd);
}

/**
 * sock_error() - Fetch and clear the pending error
 * @fd:		Socket
 *
 * Return: positive errno, 0 if there is none
 */
int sock_error(int fd)
{
	socklen_t len = sizeof(int);
	int e = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len))
		return errno;
	return e;
}

/**
 * sock_broken() - Whether an error is pending, which stays
 * @fd:		Socket
 *
 * Return: true if so
 */
bool sock_broken(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) > 0 && p.revents & POLLERR;
}

/**
 * sock_local() - Where a socket is bound to
 * @fd:		Socket; of echo: the identifier is its port
 * @a:		Set to the address; one of addr_is_any(): none
 * @port:	Set to the port, host order; 0: none
 *
 * Return: 0; -errno
 */
int sock_local(int fd, struct addr *a, uint16_t *port)
{
	union addr_sock s;
	socklen_t len = sizeof(s);

	if (getsockname(fd, &s.sa, &len))
		return -errno;
	return addr_from_sock(&s, a, port) ? 0 : -EAFNOSUPPORT;
}

/**
 * sock_open() - A socket that neither blocks nor survives exec()
 * @family:	AF_INET or AF_INET6
 * @type:	SOCK_STREAM or SOCK_DGRAM
 * @proto:	0, or IPPROTO_ICMP, IPPROTO_ICMPV6
 *
 * Return: descriptor; -errno (-EMFILE, -ENFILE: caller refuses the new flow)
 */
int sock_open(int family, int type, int proto)
{
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, proto);

	return fd < 0 ? -errno : fd;
}

/* bind_device() - SO_BINDTODEVICE, nothing to do for an empty name */
static int bind_device(int fd, const char *ifname)
{
	if (!ifname || !*ifname)
		return 0;
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname,
		       (socklen_t)strlen(ifname) + 1))
		return -errno;
	return 0;
}

/**
 * sock_bind() - Bind to a local address
 * @fd:		Socket
 * @a:		Address; addr_none: any, both families on an AF_INET6 socket
 * @port:	Host order, 0: the kernel chooses
 * @ifname:	Interface to bind to, NULL or empty: any
 *
 * Return: 0; -errno (-EADDRINUSE, -EACCES: caller names address and port)
 */
int sock_bind(int fd, const struct addr *a, uint16_t port, const char *ifname)
{
	union addr_sock s;
	socklen_t len = addr_to_sock(&s, a, port, 0);
	int rc = bind_device(fd, ifname);

	if (rc)
		return rc;
	return bind(fd, &s.sa, len) ? -errno : 0;
}

/* bind_out() - Bind a socket toward the world as the options ask */
static int bind_out(int fd, const struct addr *like)
{
	bool v4 = addr_is4(like);
	const struct addr *a = v4 ? &self.conf.out4 : &self.conf.out6;
	const char *ifname = v4 ? self.conf.if4 : self.conf.if6;

	if (addr_is_loopback(like))
		return 0;
	if (addr_is_none(a))
		return bind_device(fd, ifname);
	/* The port is chosen at connect(), when more is known: ip(7) */
	(void)set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	return sock_bind(fd, a, 0, ifname);
}

/**
 * sock_bind_as() - Bind to what a socket elsewhere was bound to
 * @fd:		Socket
 * @a:		Address
 * @port:	Host order
 * @scope:	Interface index if @a is link-local
 * @out:	It is one toward the world: the interface is that of the options
 *
 * Return: 0; -EPERM: the options want another address; other -errno
 */
int sock_bind_as(int fd, const struct addr *a, uint16_t port, unsigned scope, bool out)
{
	bool v4 = addr_is4(a);
	const struct addr *want = v4 ? &self.conf.out4 : &self.conf.out6;
	union addr_sock s;
	socklen_t len = addr_to_sock(&s, a, port, scope);
	int rc = 0;

	if (out && !addr_is_loopback(a)) {
		if (!addr_is_none(want) && !addr_eq(want, a))
			return -EPERM;
		rc = bind_device(fd, v4 ? self.conf.if4 : self.conf.if6);
	}
	if (rc)
		return rc;
	return bind(fd, &s.sa, len) ? -errno : 0;
}

/**
 * sock_set() - Set or clear an option of a socket that waits for the outside
 * @fd:		Socket
 * @what:	Option
 * @on:		Whether it is set
 *
 * Return: 0; -errno
 */
int sock_set(int fd, enum sock_option what, bool on)
{
	static const struct { int level, name; } option[] = {
		[SOCK_ONLY6] = { IPPROTO_IPV6, IPV6_V6ONLY },
		[SOCK_FREEBIND] = { IPPROTO_IP, IP_FREEBIND },	/* both families: ip(7) */
		[SOCK_SHARE] = { SOL_SOCKET, SO_REUSEADDR },
	};

	return set(fd, option[what].level, option[what].name, on);
}

/**
 * sock_limit() - How many descriptors we may have
 *
 * Return: the soft limit, at most UINT32_MAX
 */
uint32_t sock_limit(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim) || lim.rlim_cur > UINT32_MAX)
		return UINT32_MAX;
	return (uint32_t)lim.rlim_cur;
}

/**
 * sock_filter() - Attach a filter to a socket, or take it away
 * @fd:		Socket
 * @code:	Classic BPF (linux/filter.h)
 * @len:	Instructions, 0: take it away
 *
 * Return: 0; -EPERM: of a TCP socket that needs CAP_NET_ADMIN; other -errno
 */
int sock_filter(int fd, struct sock_filter *code, unsigned short len)
{
	struct sock_fprog prog = { .len = len, .filter = code };
	int none = 0, rc;

	if (len)
		rc = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
	else
		rc = setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none));
	return rc ? -errno : 0;
}

/**
 * sock_tcp_no_calls() - Have a listening socket ignore who calls, or hear again
 * @listen_fd:	Listening socket
 * @hush:	Ignore SYNs, and nothing else: handshakes under way are completed
 *
 * A filter of a TCP socket sees the segment from the TCP header on.
 *
 * Return: 0; -errno as sock_filter()
 */
int sock_tcp_no_calls(int listen_fd, bool hush)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS_AT),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FLAG_SYN, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};

	return sock_filter(listen_fd, code, hush ? ARRAY_SIZE(code) : 0);
}

/* memory_of() - What the kernel spends for a socket, by SK_MEMINFO_; 0, -errno */
static int memory_of(int fd, uint32_t mem[static SK_MEMINFO_VARS])
{
	socklen_t len = SK_MEMINFO_VARS * sizeof(*mem);

	return getsockopt(fd, SOL_SOCKET, SO_MEMINFO, mem, &len) ? -errno : 0;
}

/**
 * sock_buffers() - Sizes of a socket's buffers
 * @fd:		Socket
 * @out:	Set to that of the send buffer, bytes as the kernel counts, overhead and all
 * @in:		Set to that of the receive buffer
 *
 * Return: 0; -errno
 */
int sock_buffers(int fd, uint32_t *out, uint32_t *in)
{
	uint32_t mem[SK_MEMINFO_VARS];
	int rc = memory_of(fd, mem);

	if (rc)
		return rc;
	*out = mem[SK_MEMINFO_SNDBUF];
	*in = mem[SK_MEMINFO_RCVBUF];
	return 0;
}

/**
 * sock_unlock() - Let the kernel choose the sizes of buffers again, from here on
 * @fd:		Socket
 */
void sock_unlock(int fd)
{
	(void)set(fd, SOL_SOCKET, SO_BUF_LOCK, 0);
}

/**
 * sock_tcp_options() - What every socket of a connection gets, or inherits
 * @fd:		Socket
 */
void sock_tcp_options(int fd)
{
	static const struct { int level, name, value; } option[] = {
		/* Segments of the guest were cut by its own Nagle already */
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		/* The window is made from the size of the queue: no other limit may refuse */
		{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, -1 },
		/* Urgent data is ordinary data here (RFC 6093, section 4) */
		{ SOL_SOCKET, SO_OOBINLINE, 1 },
		/* A remote end that vanished is noticed, as the guest's own would */
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ SOL_SOCKET, SO_SNDBUF, SNDBUF_FLOOR / 2 },
		{ SOL_SOCKET, SO_BUF_LOCK, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(option); i++)
		(void)set(fd, option[i].level, option[i].name, option[i].value);
}

/**
 * sock_tcp_dial() - Open a socket and begin to connect it
 * @dst:	Destination
 * @port:	Its port
 * @scope:	Interface index for a link-local destination
 *
 * Return: descriptor, EPOLLOUT tells when it is connected; -errno, to be told to
 *	   who asked
 */
int sock_tcp_dial(const struct addr *dst, uint16_t port, unsigned scope)
{
	union addr_sock s;
	socklen_t len = addr_to_sock(&s, dst, port, scope);
	int fd = sock_open(s.sa.sa_family, SOCK_STREAM, 0);
	int rc;

	if (fd < 0)
		return fd;
	rc = bind_out(fd, dst);
	if (!rc) {
		sock_tcp_options(fd);
		(void)sock_tcp_seek(fd, 0);
		rc = connect(fd, &s.sa, len) && errno != EINPROGRESS ? -errno : 0;
	}
	if (rc)
		close(fd);
	return rc ? rc : fd;
}

/**
 * sock_tcp_listen() - Make a socket wait for connections
 * @fd:		Socket
 * @a:		Address, addr_none: any, both families on an AF_INET6 socket
 * @port:	Host order
 * @ifname:	Interface, NULL or empty: any
 *
 * Return: 0; -errno (caller names address and port)
 */
int sock_tcp_listen(int fd, const struct addr *a, uint16_t port, const char *ifname)
{
	int rc;

	/* So that a restart does not wait for old connections in TIME-WAIT */
	(void)set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	rc = sock_bind(fd, a, port, ifname);
	if (rc)
		return rc;
	/* Sizes must be there before the handshake is */
	sock_tcp_options(fd);
	return listen(fd, BACKLOG) ? -errno : 0;
}

/**
 * sock_tcp_accept() - Take the next connection that waits
 * @listen_fd:	Listening socket
 * @ends:	Set on success: both ends
 *
 * Return: descriptor; -EAGAIN: none waits; -EMFILE, -ENFILE: no descriptor left,
 *	   caller calls sock_tcp_refuse(); other -errno: that one is gone already
 */
int sock_tcp_accept(int listen_fd, struct sock_ends *ends)
{
	union addr_sock peer, local;
	socklen_t len = sizeof(peer);
	struct sock_ends e;
	int fd;

	fd = accept4(listen_fd, &peer.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return -errno;
	len = sizeof(local);
	if (getsockname(fd, &local.sa, &len) ||
	    !addr_from_sock(&peer, &e.peer, &e.pport) ||
	    !addr_from_sock(&local, &e.local, &e.lport)) {
		close(fd);
		return -ECONNABORTED;
	}
	(void)sock_tcp_seek(fd, 0);
	*ends = e;
	return fd;
}

/**
 * sock_tcp_refuse() - Reset the next connection that waits, without a descriptor
 * @listen_fd:	Listening socket
 *
 * Without this, a listening socket with a connection nobody can accept would
 * keep the loop awake.
 *
 * Return: true if one was refused; false: none waits, or even that failed
 */
bool sock_tcp_refuse(int listen_fd)
{
	int fd;

	if (self.spare >= 0)
		close(self.spare);
	fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		sock_tcp_abort(fd);
	self.spare = spare();
	return fd >= 0;
}

/**
 * sock_tcp_abort() - Reset a connection and close its socket
 * @fd:		Socket
 */
void sock_tcp_abort(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

/**
 * sock_tcp_shutdown() - No more bytes from the guest: send a FIN after the last
 * @fd:		Socket
 *
 * Return: 0; -errno (-ENOTCONN: reset in the meantime)
 */
int sock_tcp_shutdown(int fd)
{
	return shutdown(fd, SHUT_WR) ? -errno : 0;
}

/**
 * sock_tcp_send() - Give bytes of the guest to the kernel
 * @fd:		Socket
 * @iov:	Pieces, in order
 * @niov:	Their number, up to 1024
 *
 * Return: bytes taken, 0 or more: the rest did not fit; -errno: connection dead
 */
ssize_t sock_tcp_send(int fd, struct iovec *iov, int niov)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = (size_t)niov };
	ssize_t n = sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0)
		return n;
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS || errno == ENOMEM)
		return 0;
	return -errno;
}

/* peek_skipping() - Peek behind bytes in flight on a kernel without SO_PEEK_OFF */
static ssize_t peek_skipping(int fd, uint32_t skip, const struct iovec *iov, int niov)
{
	struct iovec v[IOV_MAX_];
	struct msghdr m = { .msg_iov = v };
	uint32_t left = skip;
	ssize_t n;

	for (; left && m.msg_iovlen < SKIP_IOV; m.msg_iovlen++) {
		v[m.msg_iovlen].iov_base = self.scratch;
		v[m.msg_iovlen].iov_len = min_size(left, SCRATCH);
		left -= (uint32_t)v[m.msg_iovlen].iov_len;
	}
	if (left)
		return -EAGAIN;
	for (int i = 0; i < niov && m.msg_iovlen < IOV_MAX_; i++)
		v[m.msg_iovlen++] = iov[i];
	n = recvmsg(fd, &m, MSG_PEEK | MSG_DONTWAIT);
	if (n < 0)
		return -errno;
	if ((size_t)n > skip)
		return n - (ssize_t)skip;
	return -EAGAIN;
}

/**
 * sock_tcp_peek() - Look at bytes of the remote end that are not in flight yet
 * @fd:		Socket
 * @skip:	Bytes in flight: peeked before and not consumed
 * @iov:	Where to put them
 * @niov:	Pieces, up to 768
 *
 * End of file shows only when nothing is left unread, in flight or not: with
 * bytes in flight the answer at the end is -EAGAIN on older kernels.
 *
 * Return: bytes, 1 or more; 0: end of file; -EAGAIN: nothing new;
 *	   other -errno: connection dead
 */
ssize_t sock_tcp_peek(int fd, uint32_t skip, struct iovec *iov, int niov)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = (size_t)niov };
	ssize_t n;

	if (!self.peek_off && skip)
		return peek_skipping(fd, skip, iov, niov);
	n = recvmsg(fd, &m, MSG_PEEK | MSG_DONTWAIT);
	return n < 0 ? -errno : n;
}

/**
 * sock_tcp_seek() - Say where the next peek begins, for a retransmission
 * @fd:		Socket
 * @skip:	Bytes behind the first unconsumed one
 *
 * Peeking moves that place on, consuming moves it back: in order, no call is
 * needed.
 *
 * Return: 0; -errno
 */
int sock_tcp_seek(int fd, uint32_t skip)
{
	return self.peek_off ? set(fd, SOL_SOCKET, SO_PEEK_OFF, (int)skip) : 0;
}

/**
 * sock_tcp_consume() - Drop bytes that the guest acknowledged
 * @fd:		Socket
 * @n:		Bytes, at most those peeked
 *
 * One call does, but for an urgent mark, where the kernel stops.
 *
 * Return: bytes dropped; -errno
 */
ssize_t sock_tcp_consume(int fd, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t rc = recv(fd, NULL, n - done, MSG_TRUNC | MSG_DONTWAIT);

		if (rc < 0)
			return -errno;
		if (!rc)
			break;
		done += (size_t)rc;
	}
	return (ssize_t)done;
}

/**
 * sock_tcp_room() - How full the send queue is
 * @fd:		Socket
 * @room:	Set on success
 *
 * Return: 0; -errno
 */
int sock_tcp_room(int fd, struct sock_room *room)
{
	uint32_t mem[SK_MEMINFO_VARS];
	int rc = memory_of(fd, mem);

	if (rc)
		return rc;
	room->size = mem[SK_MEMINFO_SNDBUF];
	room->used = mem[SK_MEMINFO_WMEM_QUEUED];
	return 0;
}

/**
 * sock_tcp_memory() - What the kernel gives to all TCP sockets together
 *
 * Return: bytes, from where on it gets short (tcp(7), tcp_mem)
 */
uint64_t sock_tcp_memory(void)
{
	return self.memory;
}

/**
 * sock_tcp_unacked() - Bytes the remote end has not acknowledged, sent or not
 * @fd:		Socket
 *
 * Return: bytes, our FIN counts as one; -errno
 */
int sock_tcp_unacked(int fd)
{
	int n;

	return ioctl(fd, SIOCOUTQ, &n) ? -errno : n;
}

/* tcp_info() - TCP_INFO, as much as the kernel has of it */
static int tcp_info(int fd, struct tcp_info *ti)
{
	socklen_t len = sizeof(*ti);

	memset(ti, 0, sizeof(*ti));
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ti, &len) ? -errno : 0;
}

/**
 * sock_tcp_state() - What became of our FIN
 * @fd:		Socket
 *
 * A socket that was closed in order, by LAST-ACK or from CLOSING, ends in CLOSE
 * without a pending error: its FIN was acknowledged.
 *
 * Return: state, in the terms tcp.c needs
 */
enum sock_tcp_state sock_tcp_state(int fd)
{
	static const uint8_t state[] = {
		[TCP_ESTABLISHED] = SOCK_TCP_ESTABLISHED,
		[TCP_CLOSE_WAIT] = SOCK_TCP_ESTABLISHED,
		[TCP_FIN_WAIT1] = SOCK_TCP_FIN_PENDING,
		[TCP_LAST_ACK] = SOCK_TCP_FIN_PENDING,
		[TCP_CLOSING] = SOCK_TCP_FIN_PENDING,
		[TCP_FIN_WAIT2] = SOCK_TCP_FIN_ACKED,
		[TCP_TIME_WAIT] = SOCK_TCP_FIN_ACKED,
		[TCP_CLOSE] = SOCK_TCP_CLOSED,
	};
	struct tcp_info ti;

	if (tcp_info(fd, &ti))
		return SOCK_TCP_CLOSED;
	return ti.tcpi_state < ARRAY_SIZE(state) ? state[ti.tcpi_state] : SOCK_TCP_OTHER;
}

/**
 * sock_tcp_stalled() - Whether the kernel retransmits without progress
 * @fd:		Socket
 *
 * Return: 1 if so, 0 if not; -errno
 */
int sock_tcp_stalled(int fd)
{
	struct tcp_info ti;
	int rc = tcp_info(fd, &ti);

	return rc ? rc : ti.tcpi_unacked && ti.tcpi_retransmits >= STALL_BACKOFF;
}

/**
 * sock_tcp_allow_fragments() - Let routers fragment what this socket sends
 * @fd:		Socket
 *
 * The way out of a black hole, where large packets vanish and nobody says so
 * (RFC 2923, section 2.1).  IPv4 only: IPv6 routers never fragment.
 *
 * Return: 0; -errno
 */
int sock_tcp_allow_fragments(int fd)
{
	return set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
}
