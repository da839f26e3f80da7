// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sock_udp.c - all there is to ask of the kernel about UDP and echo
 *
 * Theory of operation
 *
 *   As sock.c: one function per thing the program wants, nothing is decided
 *   here, no flow is known.  Tests replace this file.
 *
 *   Datagrams go and come in batches: sendmmsg() and recvmmsg(), and one entry
 *   of a batch may stand for up to 64 datagrams of one size, which the kernel
 *   cuts apart (UDP_SEGMENT, Linux 4.18) or has put together (UDP_GRO, Linux
 *   5.0).  What comes in is put into static buffers with room for headers in
 *   front of it.
 *
 *   ICMP errors are read from the error queue (IP_RECVERR, ip(7)): it keeps the
 *   type and code, who sent the error, and the beginning of what it is about.
 *   The kernel reports the same error a second time as the result of the next
 *   call on the socket, whichever that is.  So a call that fails is tried once
 *   more: what fails then is that call itself.
 *
 *   Echo goes through "ping sockets" (Linux 3.0, commit c319b4d76b9e): SOCK_DGRAM
 *   with the protocol number of ICMP.  The kernel puts in the identifier, which
 *   is the port the socket is bound to, and the checksum; it lets those use them
 *   whose group is within net.ipv4.ping_group_range.
 *
 *   A socket of IPv6 that is bound to any address may speak IPv4 as well; then
 *   its addresses are written in the mapped form, as struct addr has them.
 */
#include "sock_udp.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "util.h"

enum {
	DATA_MAX	= 65536,
	RECEIVE_MAX	= 1 << 20,	/* bytes in a receive queue; the kernel doubles it */
	CONTROL_MAX	= 256,
	SKIP_ERRORS	= 16,		/* local errors passed over in one go */
	TTL_FALLBACK	= 64,		/* RFC 1700, "IP time to live" */
};

/**
 * struct control - control messages of one datagram
 * @b:		bytes
 */
struct control {
	_Alignas(struct cmsghdr) uint8_t b[CONTROL_MAX];
};

/**
 * struct sock_udp_self - state of this file
 * @conf:	where sockets are bound
 * @scope:	index of the interface that option --outbound-if6 names, 0: none
 * @ttl:	default time to live of the host's sockets, IPv4 and IPv6
 * @name:	other end of each datagram of a batch
 * @control:	its control messages
 * @iov:	where it is
 * @msg:	the batch
 * @data:	what came in
 */
static struct {
	struct sock_conf conf;
	unsigned scope;
	uint8_t ttl[2];
	union addr_sock name[SOCK_UDP_BATCH];
	struct control control[SOCK_UDP_BATCH];
	struct iovec iov[SOCK_UDP_BATCH];
	struct mmsghdr msg[SOCK_UDP_BATCH];
	uint8_t data[SOCK_UDP_BATCH][SOCK_UDP_HEADROOM + DATA_MAX];
} self;

/* set() - An integer option, errors returned */
static int set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

/* get() - An integer option; -errno */
static int get(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = 0;

	return getsockopt(fd, level, name, &value, &len) ? -errno : value;
}

/* default_ttl() - What a fresh socket sends with */
static uint8_t default_ttl(bool want6)
{
	int fd = sock_open(want6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	int ttl = -1;

	if (fd >= 0) {
		ttl = want6 ? get(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS) :
			      get(fd, IPPROTO_IP, IP_TTL);
		sock_close(fd);
	}
	return ttl > 0 && ttl <= UINT8_MAX ? (uint8_t)ttl : TTL_FALLBACK;
}

/**
 * sock_udp_init() - Take the options, ask the kernel for defaults
 * @conf:	Where sockets toward the world are bound
 */
void sock_udp_init(const struct sock_conf *conf)
{
	self.conf = *conf;
	self.scope = conf->if6[0] ? if_nametoindex(conf->if6) : 0;
	for (int i = 0; i < 2; i++)
		self.ttl[i] = default_ttl(i);
}

/**
 * sock_udp_ttl() - Time to live of the host's sockets unless set
 * @want6:	Hop limit of IPv6
 *
 * Return: 1..255
 */
uint8_t sock_udp_ttl(bool want6)
{
	return self.ttl[want6];
}

/* name_of() - Other end as the socket calls want it, returns its length */
static socklen_t name_of(union addr_sock *s, const struct sock_udp_path *to)
{
	return addr_to_sock(s, &to->peer, to->port,
			    self.scope ? self.scope : to->scope);
}

/**
 * bind_out() - Bind toward the world, to the port asked for if that can be had
 * @fd:		Socket
 * @like:	Destination: decides the family; loopback is left alone
 * @port:	Port or identifier, 0: any
 *
 * Return: 0; -errno
 */
static int bind_out(int fd, const struct addr *like, uint16_t port)
{
	bool v4 = addr_is4(like), lo = addr_is_loopback(like);
	const struct addr *a = v4 ? &self.conf.out4 : &self.conf.out6;
	const char *ifname = lo ? NULL : v4 ? self.conf.if4 : self.conf.if6;
	int rc;

	if (lo || addr_is_none(a))
		a = v4 ? &addr_any4 : &addr_none;
	rc = sock_bind(fd, a, port, ifname);
	/* Taken, or reserved: the guest's port is a wish, not a condition */
	if (port && (rc == -EADDRINUSE || rc == -EACCES))
		rc = sock_bind(fd, a, 0, ifname);
	return rc;
}

/* errors_on() - Errors of the network shall be queued with all that is known */
static void errors_on(int fd)
{
	(void)set(fd, IPPROTO_IP, IP_RECVERR, 1);
	(void)set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
}

/* info_on() - The address a datagram came to shall be told */
static void info_on(int fd)
{
	(void)set(fd, IPPROTO_IP, IP_PKTINFO, 1);
	(void)set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

/*
 * bulk_options() - Datagrams of one size come together, and may wait for us
 *
 * The usual buffer of 208 KiB is full of frames of 1500 bytes within 1 ms at 1
 * Gbit/s, and sometimes it takes that long until we run.
 */
static void bulk_options(int fd)
{
	(void)set(fd, IPPROTO_UDP, UDP_GRO, 1);
	(void)set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_MAX);
}

/* shout_options() - Broadcast and groups: to be heard on @to->scope, not to listen in */
static void shout_options(int fd, const struct sock_udp_path *to)
{
	struct ip_mreqn group = { .imr_ifindex = (int)to->scope };

	info_on(fd);
	(void)set(fd, SOL_SOCKET, SO_BROADCAST, 1);
	if (!addr_is4(&to->peer)) {
		(void)set(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
		return;
	}
	(void)set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
	if (to->scope && !self.conf.if4[0])
		(void)setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof(group));
}

/**
 * sock_udp_open() - A socket for one flow that the guest began
 * @to:		Destination; @local: to be bound to, addr_none: as the options ask; @ttl does
 *		not count; @port is 0 for echo
 * @port:	The guest's source port or identifier: ours too, if it can be had
 * @kind:	What for
 *
 * Return: descriptor; -errno (-EMFILE, -ENFILE: refuse the new flow; -EACCES for
 *	   echo: not allowed by net.ipv4.ping_group_range; else tell the guest)
 */
int sock_udp_open(const struct sock_udp_path *to, uint16_t port, enum sock_udp_kind kind)
{
	bool v4 = addr_is4(&to->peer), ping = kind == SOCK_UDP_PING;
	bool open = kind == SOCK_UDP_SHOUT || (ping && addr_is_multicast(&to->peer));
	int proto = !ping ? 0 : v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	int fd = sock_open(v4 ? AF_INET : AF_INET6, SOCK_DGRAM, proto);
	union addr_sock name;
	socklen_t len = name_of(&name, to);
	int rc;

	if (fd < 0)
		return fd;
	errors_on(fd);
	if (!ping) {
		if (!v4)
			(void)set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
		/* Flows of one port of the guest share it on the host */
		(void)set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		bulk_options(fd);
	}
	if (kind == SOCK_UDP_SHOUT)
		shout_options(fd, to);
	rc = addr_is_none(&to->local) ? bind_out(fd, &to->peer, port) :
		sock_bind_as(fd, &to->local, port, to->scope, true);
	/* EACCES is kept for the permission to have a ping socket at all */
	if (!rc && !open && connect(fd, &name.sa, len))
		rc = ping && errno == EACCES ? -EHOSTUNREACH : -errno;
	if (rc)
		sock_close(fd);
	return rc ? rc : fd;
}

/**
 * sock_udp_prepare() - Set up a bound socket of a forwarded port
 * @fd:		UDP socket, of the host or of the namespace
 *
 * Makes sock_udp_recv() tell the address a datagram came to, errors be queued,
 * and datagrams of one size come together.
 */
void sock_udp_prepare(int fd)
{
	info_on(fd);
	errors_on(fd);
	bulk_options(fd);
}

/* control_put() - Append a control message to @m, whose buffer is large enough */
static void control_put(struct msghdr *m, int level, int type, const void *data,
			size_t len)
{
	uint8_t *base = m->msg_control;
	struct cmsghdr *c = (void *)(base + m->msg_controllen);

	memset(c, 0, CMSG_SPACE(len));
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	m->msg_controllen += CMSG_SPACE(len);
}

/**
 * put_path() - Where one datagram goes, and what it leaves as
 * @m:		Message; @msg_name has room
 * @to:		Both ends
 * @family:	Of the socket
 */
static void put_path(struct msghdr *m, const struct sock_udp_path *to, int family)
{
	bool v4 = addr_is4(&to->peer);
	union addr_sock *name = m->msg_name;
	int ttl = to->ttl;

	m->msg_namelen = name_of(name, to);
	if (v4 && family == AF_INET6) {
		memset(name, 0, sizeof(*name));
		name->in6.sin6_family = AF_INET6;
		name->in6.sin6_port = htons(to->port);
		memcpy(&name->in6.sin6_addr, to->peer.b, sizeof(to->peer.b));
		m->msg_namelen = sizeof(name->in6);
	}
	if (!addr_is_none(&to->local) && family == AF_INET6) {
		struct in6_pktinfo i = { .ipi6_ifindex = to->scope };

		memcpy(&i.ipi6_addr, to->local.b, sizeof(to->local.b));
		control_put(m, IPPROTO_IPV6, IPV6_PKTINFO, &i, sizeof(i));
	} else if (!addr_is_none(&to->local)) {
		struct in_pktinfo i = { 0 };

		memcpy(&i.ipi_spec_dst, addr_v4(&to->local), sizeof(i.ipi_spec_dst));
		control_put(m, IPPROTO_IP, IP_PKTINFO, &i, sizeof(i));
	}
	if (ttl)
		control_put(m, v4 ? IPPROTO_IP : IPPROTO_IPV6,
			    v4 ? IP_TTL : IPV6_HOPLIMIT, &ttl, sizeof(ttl));
}

/**
 * sock_udp_send() - Send a batch
 * @fd:		Socket
 * @out:	What to send
 * @n:		Entries, 1..SOCK_UDP_BATCH
 * @to:		Where to, and from where
 *
 * Return: entries sent, 1 or more: if fewer than @n, call again with the rest;
 *	   -errno: why the first was not sent (-EAGAIN, -ENOBUFS: no room;
 *	   -EINVAL, -EIO, -EMSGSIZE with @seg: the kernel can not cut it, send
 *	   its datagrams one by one)
 */
int sock_udp_send(int fd, const struct sock_udp_out *out, int n,
		  const struct sock_udp_path *to)
{
	bool connected = addr_is_none(&to->peer);
	int family = connected ? AF_UNSPEC : get(fd, SOL_SOCKET, SO_DOMAIN);
	int rc = -1;

	for (int i = 0; i < n; i++) {
		struct msghdr *m = &self.msg[i].msg_hdr;

		*m = (struct msghdr){ .msg_iov = out[i].iov,
				      .msg_iovlen = (size_t)out[i].niov };
		m->msg_control = self.control[i].b;
		if (!connected) {
			m->msg_name = &self.name[i];
			put_path(m, to, family);
		}
		if (out[i].seg)
			control_put(m, IPPROTO_UDP, UDP_SEGMENT, &out[i].seg,
				    sizeof(out[i].seg));
		if (!m->msg_controllen)
			m->msg_control = NULL;
	}
	for (int tries = 0; rc < 0 && tries < 2; tries++) {
		rc = sendmmsg(fd, self.msg, (unsigned)n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (rc < 0 && errno == EAGAIN)
			break;
	}
	return rc < 0 ? -errno : rc;
}

/* read_control() - What the kernel says about a datagram that came */
static void read_control(struct msghdr *m, struct sock_udp_in *in)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo i;

			memcpy(&i, CMSG_DATA(c), sizeof(i));
			in->path.local = addr_from4(&i.ipi_spec_dst);
			in->group = i.ipi_addr.s_addr != i.ipi_spec_dst.s_addr;
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
			   c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo i;
			struct addr a;

			memcpy(&i, CMSG_DATA(c), sizeof(i));
			a = addr_from6(&i.ipi6_addr);
			if (addr_is4(&a))	/* IP_PKTINFO knows better */
				continue;
			in->group = in->group || !addr_is_unicast(&a);
			if (addr_is_unicast(&a))
				in->path.local = a;
		} else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
			int seg;

			memcpy(&seg, CMSG_DATA(c), sizeof(seg));
			in->seg = seg > 0 && (uint32_t)seg < in->len ?
				  (uint16_t)seg : 0;
		}
	}
}

/**
 * sock_udp_recv() - Take datagrams, or messages of a ping socket
 * @fd:		Socket
 * @in:		Filled
 *
 * Return: entries filled, 0: none is there; -errno: an error that was pending,
 *	   and is not any more
 */
int sock_udp_recv(int fd, struct sock_udp_in in[static SOCK_UDP_BATCH])
{
	int n;

	for (int i = 0; i < SOCK_UDP_BATCH; i++) {
		self.iov[i].iov_base = self.data[i] + SOCK_UDP_HEADROOM;
		self.iov[i].iov_len = DATA_MAX;
		self.msg[i].msg_hdr = (struct msghdr){
			.msg_name = &self.name[i],
			.msg_namelen = sizeof(self.name[i]),
			.msg_iov = &self.iov[i], .msg_iovlen = 1,
			.msg_control = self.control[i].b,
			.msg_controllen = sizeof(self.control[i].b),
		};
	}
	n = recvmmsg(fd, self.msg, SOCK_UDP_BATCH, MSG_DONTWAIT, NULL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		struct sock_udp_in *e = &in[i];

		memset(e, 0, sizeof(*e));
		(void)addr_from_sock(&self.name[i], &e->path.peer, &e->path.port);
		if (self.name[i].sa.sa_family == AF_INET6)
			e->path.scope = self.name[i].in6.sin6_scope_id;
		e->data = self.data[i] + SOCK_UDP_HEADROOM;
		e->len = self.msg[i].msg_len;
		read_control(&self.msg[i].msg_hdr, e);
	}
	return n;
}

/**
 * read_error() - What the kernel says about an error
 * @c:		Control message of the error queue
 * @e:		@type, @code, @mtu and @offender filled if it came by ICMP
 *
 * Return: true if so; false if it is an error of this host, or something else
 */
static bool read_error(const struct cmsghdr *c, struct sock_udp_error *e)
{
	struct { struct sock_extended_err ee; union addr_sock who; } got = { 0 };
	size_t len = c->cmsg_len - CMSG_LEN(0);
	uint16_t port;

	if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
	    !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
		return false;
	memcpy(&got, CMSG_DATA(c), min_size(len, sizeof(got)));
	if (got.ee.ee_origin != SO_EE_ORIGIN_ICMP && got.ee.ee_origin != SO_EE_ORIGIN_ICMP6)
		return false;
	e->type = got.ee.ee_type;
	e->code = got.ee.ee_code;
	e->mtu = got.ee.ee_info;
	if (!addr_from_sock(&got.who, &e->offender, &port))
		e->offender = addr_none;
	return true;
}

/**
 * sock_udp_recv_error() - Take the next ICMP error from the queue
 * @fd:		UDP or ping socket
 * @e:		Filled
 *
 * Return: 1; 0: there is none
 */
int sock_udp_recv_error(int fd, struct sock_udp_error *e)
{
	for (int i = 0; i < SKIP_ERRORS; i++) {
		struct iovec iov = { .iov_base = e->data, .iov_len = sizeof(e->data) };
		union addr_sock name;
		struct control control;
		struct msghdr m = {
			.msg_name = &name, .msg_namelen = sizeof(name),
			.msg_iov = &iov, .msg_iovlen = 1,
			.msg_control = control.b, .msg_controllen = sizeof(control.b),
		};
		ssize_t n = recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);

		if (n < 0)
			return 0;
		e->len = (uint32_t)n;
		if (!addr_from_sock(&name, &e->peer, &e->port))
			continue;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
			if (read_error(c, e))
				return 1;
		}
	}
	return 0;
}

/**
 * sock_udp_set_ttl() - Time to live of all that is sent from now on
 * @fd:		UDP or ping socket
 * @peer:	Destination, decides which of the kernel's four options it is
 * @ttl:	1..255
 *
 * Return: 0; -errno
 */
int sock_udp_set_ttl(int fd, const struct addr *peer, uint8_t ttl)
{
	bool group = addr_is_multicast(peer);

	if (addr_is4(peer))
		return set(fd, IPPROTO_IP, group ? IP_MULTICAST_TTL : IP_TTL, ttl);
	return set(fd, IPPROTO_IPV6, group ? IPV6_MULTICAST_HOPS : IPV6_UNICAST_HOPS, ttl);
}

/**
 * sock_udp_set_df() - Whether what is sent from now on may be fragmented
 * @fd:		UDP or ping socket
 * @peer:	Destination, decides the family
 * @df:		It may not: sending fails with -EMSGSIZE where the path is too
 *		narrow; else this host fragments, and IPv4 routers may
 *
 * Return: 0; -errno
 */
int sock_udp_set_df(int fd, const struct addr *peer, bool df)
{
	if (addr_is4(peer))
		return set(fd, IPPROTO_IP, IP_MTU_DISCOVER,
			   df ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT);
	return set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
		   df ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_WANT);
}

/**
 * sock_udp_mtu() - Longest packet of the path, as the kernel knows it
 * @fd:		Connected socket
 * @peer:	Destination, decides the family
 *
 * Return: bytes; -errno
 */
int sock_udp_mtu(int fd, const struct addr *peer)
{
	return addr_is4(peer) ? get(fd, IPPROTO_IP, IP_MTU) :
				get(fd, IPPROTO_IPV6, IPV6_MTU);
}
