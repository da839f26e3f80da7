/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SOCK_H
#define SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "addr.h"

struct sock_filter;

/**
 * struct sock_conf - where sockets toward the world are bound
 * @out4:	--outbound, IPv4; addr_none: the kernel chooses
 * @out6:	--outbound, IPv6
 * @if4:	--outbound-if4, interface name; empty: any
 * @if6:	--outbound-if6
 */
struct sock_conf {
	struct addr out4;
	struct addr out6;
	char if4[16];
	char if6[16];
};

/**
 * struct sock_room - how full a send queue is, both in truesize (design of the window)
 * @size:	limit, bytes of memory (B)
 * @used:	bytes of memory queued (Q)
 */
struct sock_room {
	uint32_t size;
	uint32_t used;
};

/**
 * struct sock_ends - both ends of an accepted connection, as the host sees them
 * @peer:	address of who called
 * @local:	address that was called
 * @pport:	port of @peer, host order
 * @lport:	port of @local
 */
struct sock_ends {
	struct addr peer;
	struct addr local;
	uint16_t pport;
	uint16_t lport;
};

/* States of a host socket that tcp.c asks about */
enum sock_tcp_state {
	SOCK_TCP_OTHER,
	SOCK_TCP_ESTABLISHED,
	SOCK_TCP_FIN_PENDING,	/* our FIN is not acknowledged */
	SOCK_TCP_FIN_ACKED,	/* our FIN and all before it are */
	SOCK_TCP_CLOSED,
};

/**
 * enum sock_option - what a socket that waits for the outside may need
 * @SOCK_ONLY6:		keep IPv4 away from an AF_INET6 socket that is not bound yet
 * @SOCK_FREEBIND:	let it bind an address the host does not have (yet)
 * @SOCK_SHARE:		let another UDP socket bind an address that overlaps
 */
enum sock_option { SOCK_ONLY6, SOCK_FREEBIND, SOCK_SHARE };

void	sock_init(const struct sock_conf *conf);
void	sock_close(int fd);
int	sock_error(int fd);
bool	sock_broken(int fd);
int	sock_local(int fd, struct addr *a, uint16_t *port);
int	sock_open(int family, int type, int proto);
int	sock_bind(int fd, const struct addr *a, uint16_t port, const char *ifname);
int	sock_bind_as(int fd, const struct addr *a, uint16_t port, unsigned scope, bool out);
int	sock_buffers(int fd, uint32_t *out, uint32_t *in);
void	sock_unlock(int fd);
int	sock_filter(int fd, struct sock_filter *code, unsigned short len);
int	sock_set(int fd, enum sock_option what, bool on);
uint32_t sock_limit(void);

void	sock_tcp_options(int fd);
int	sock_tcp_dial(const struct addr *dst, uint16_t port, unsigned scope);
int	sock_tcp_listen(int fd, const struct addr *a, uint16_t port, const char *ifname);
int	sock_tcp_accept(int listen_fd, struct sock_ends *ends);
bool	sock_tcp_refuse(int listen_fd);
int	sock_tcp_no_calls(int listen_fd, bool hush);
void	sock_tcp_abort(int fd);
int	sock_tcp_shutdown(int fd);
ssize_t	sock_tcp_send(int fd, struct iovec *iov, int niov);
ssize_t	sock_tcp_peek(int fd, uint32_t skip, struct iovec *iov, int niov);
int	sock_tcp_seek(int fd, uint32_t skip);
ssize_t	sock_tcp_consume(int fd, size_t n);
int	sock_tcp_room(int fd, struct sock_room *room);
uint64_t sock_tcp_memory(void);
int	sock_tcp_unacked(int fd);
enum sock_tcp_state sock_tcp_state(int fd);
int	sock_tcp_stalled(int fd);
int	sock_tcp_allow_fragments(int fd);

#endif /* SOCK_H */
