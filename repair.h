/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPAIR_H
#define REPAIR_H

#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "addr.h"

/* Bytes of a send queue that can be dumped: the kernel shows it in one piece only */
enum { REPAIR_QUEUE_MAX = 32 * 1024 * 1024 };

/* Which queue bytes are of */
enum repair_queue {
	REPAIR_UNREAD,		/* came, not consumed */
	REPAIR_SENT,		/* sent, perhaps, and not acknowledged */
	REPAIR_UNSENT,		/* not sent yet */
	REPAIR_QUEUES
};

/**
 * struct repair_window - TCP_REPAIR_WINDOW: what the two ends told each other
 * @wl1:	sequence number of the segment that last set @wnd
 * @wnd:	the remote end's window, bytes
 * @wnd_max:	the largest it ever was
 * @rcv_wnd:	the window we told
 * @rcv_wup:	rcv_nxt when we told it
 */
struct repair_window {
	uint32_t wl1;
	uint32_t wnd;
	uint32_t wnd_max;
	uint32_t rcv_wnd;
	uint32_t rcv_wup;
};

/**
 * struct repair - all there is to know of a TCP socket, but the bytes in its queues
 * @local:	our address
 * @peer:	the remote end's
 * @lport:	port of @local, host order
 * @pport:	port of @peer
 * @scope:	interface index if an end is link-local, which is another one elsewhere
 * @out:	we opened it: it leaves as --outbound and so on say; for repair_begin(), _make()
 * @closed:	repair_dump() has closed the remote end's window, which @window still has
 * @state:	TCP_ESTABLISHED and so on, as the kernel numbers them (netinet/tcp.h)
 * @options:	TCPI_OPT_ bits: what both ends agreed to
 * @wscale_out:	shift of the remote end's windows, 0..14
 * @wscale_in:	shift of ours
 * @mss:	largest segment the remote end takes, bytes
 * @stamp:	our clock for TCP timestamps when @at was
 * @write_seq:	number behind the last byte in the send queue, our FIN counted
 * @rcv_nxt:	number expected from the remote end next, its FIN counted
 * @window:	windows
 * @sndbuf:	size of its send buffer, bytes as the kernel counts; 0: unknown
 * @rcvbuf:	size of its receive buffer
 * @len:	bytes in each queue, FINs not counted
 */
struct repair {
	struct addr local;
	struct addr peer;
	uint16_t lport;
	uint16_t pport;
	uint32_t scope;
	bool out;
	bool closed;
	uint8_t state;
	uint8_t options;
	uint8_t wscale_out;
	uint8_t wscale_in;
	uint32_t mss;
	uint32_t stamp;
	uint32_t write_seq;
	uint32_t rcv_nxt;
	struct repair_window window;
	uint32_t sndbuf;
	uint32_t rcvbuf;
	uint32_t len[REPAIR_QUEUES];
};

/* Our FIN was sent, or is in the queue */
static inline bool repair_fin_sent(const struct repair *r)
{
	return r->state == TCP_FIN_WAIT1 || r->state == TCP_FIN_WAIT2 ||
	       r->state == TCP_LAST_ACK || r->state == TCP_CLOSING || r->state == TCP_CLOSE;
}

/* The remote end's came: the kernel of a socket that is made anew will not tell */
static inline bool repair_fin_came(const struct repair *r)
{
	return r->state == TCP_CLOSE_WAIT || r->state == TCP_LAST_ACK ||
	       r->state == TCP_CLOSING || r->state == TCP_CLOSE;
}

void	repair_init(void);
bool	repair_possible(void);
void	repair_use_helper(int fd);
bool	repair_helped(void);
int	repair_switch(const int *fds, int n, int mode);

int	repair_deaf(int fd, bool deaf);
bool	repair_unsent(int fd);
int	repair_ends(int fd, struct repair *r);
int	repair_dump(int fd, bool deaf, struct repair *r);
int	repair_peek(int fd, struct repair *r, bool send, const uint8_t **data);
bool	repair_heard(int fd, const struct repair *r);
int	repair_leave(int fd);
int	repair_resume(int fd, const struct repair *r);
void	repair_vanish(int fd);

int	repair_begin(const struct repair *r);
int	repair_make(int fd, const struct repair *r, uint32_t elapsed_ms);
ssize_t	repair_fill(int fd, enum repair_queue q, const uint8_t *data, size_t len);
int	repair_quiet(int fd, const struct repair *r);
int	repair_wait(int fd, const struct repair *r);
int	repair_go(int fd, const struct repair *r, bool ask);
void	repair_ask(int fd);

#endif /* REPAIR_H */
