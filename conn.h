/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CONN_H
#define CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "sock_udp.h"
#include "timer.h"

enum { CONN_MAX = TIMER_CONNS };

/* A conn id is the generation in the lower 32 bits and the index above; 0: none */
#define CONN_NONE	UINT64_C(0)

enum conn_kind { CONN_FREE, CONN_TCP, CONN_UDP, CONN_ECHO, CONN_SPLICE, CONN_KIND_NUM };

/* Directions: guest to host, and host to guest.  The same words everywhere. */
enum conn_dir { OUT, IN, DIRS };

/**
 * struct conn_key - what finds a flow, as the guest sees it
 * @guest:	the guest's address
 * @far:	the other end's address, before any mapping to the host's
 * @gport:	the guest's port, host order; echo: the identifier
 * @fport:	the other end's port; echo: 0
 * @proto:	WIRE_TCP, WIRE_UDP, WIRE_ICMP4 or WIRE_ICMP6
 * @zero:	0, so that keys compare as bytes
 */
struct conn_key {
	struct addr guest;
	struct addr far;
	uint16_t gport;
	uint16_t fport;
	uint8_t proto;
	uint8_t zero[3];
};

/**
 * struct tcp_conn - what tcp*.c know of one relayed TCP connection
 * @phase:	enum tcp_phase, how far the two handshakes are; tcp_move() is
 *		the one writer, of @half too
 * @half:	enum tcp_half, state of each direction; meaningful in PH_OPEN only
 * @wscale:	shift of the window the guest advertises, 0..14 (RFC 7323, 2.3)
 * @dupacks:	duplicate acknowledgements since the last new one, 0..255
 * @backoff:	times the retransmission timer ran out without progress, 0..15
 * @carried:	CARRIED_ bits: its socket was made from a checkpoint
 * @slot:	place in the present batch, plus 1; 0: no segment in it
 * @flags:	TCPF_ bits
 * @mss:	payload of a segment to the guest, bytes, 1..65495
 * @mss_syn:	the same as the handshake agreed; @mss is less where larger ones
 *		seem to vanish
 * @una:	oldest byte sent to the guest and not acknowledged
 * @nxt:	next byte to send to the guest
 * @sent:	highest byte ever sent to it, plus one; beyond @nxt after a rewind
 * @recover:	@sent when loss was seen: until then no second fast retransmit
 *		(RFC 6582, section 3.2)
 * @wnd:	the window the guest advertised, bytes, shifted
 * @lwnd:	while recovering from a time-out, bytes that may be in flight
 *		beside what @wnd allows (RFC 5681, section 3.1); 0: no limit
 * @wl1:	sequence number of the segment that last set @wnd
 * @wl2:	its acknowledgement number (RFC 9293, 3.10.7.4)
 * @rcv:	next byte expected from the guest; all before it is with the host
 *		kernel or in the tail
 * @acked:	last acknowledgement number sent to the guest
 * @edge:	right edge of the window the guest may fill, never moves left
 * @told:	the edge as last advertised, at most @edge
 * @room:	size of the host's send queue when last asked for, bytes (B)
 * @grant:	how large a window it may have beyond its share, bytes; 0: its share
 * @tail:	what the socket refused for now: a chain of tail.c; 0: nothing
 * @late:	bytes behind a gap: first range in tail.c; 0: none
 * @srtt:	smoothed round trip to the guest, us; 0: not measured (RFC 6298)
 * @rttvar:	its variation, us
 * @rto:	retransmission time-out before backing off, us
 * @rtt_seq:	byte whose acknowledgement ends the running measurement
 * @rtt_at:	when it was sent, us on the loop's clock; 0: none running
 * @rto_at:	when to retransmit or probe, us on the loop's clock; 0: never
 * @check_at:	when to look at the host socket again, us: draining, stall,
 *		keepalive, handshake, wait; 0: never
 * @ack_at:	when an acknowledgement that waits for bytes to go along with is
 *		sent without them, us on the loop's clock; 0: none waits
 * @seen_ms:	last segment of the guest, or byte of the host, ms, wraps
 * @resent_us:	when una was last sent again in fast recovery, us, wraps
 */
struct tcp_conn {
	uint8_t phase;
	uint8_t half[DIRS];
	uint8_t wscale;
	uint8_t dupacks;
	uint8_t backoff;
	uint8_t slot;
	uint8_t carried;
	uint16_t flags;
	uint16_t mss;
	uint16_t mss_syn;
	uint32_t una;
	uint32_t nxt;
	uint32_t sent;
	uint32_t recover;
	uint32_t wnd;
	uint32_t lwnd;
	uint32_t wl1;
	uint32_t wl2;
	uint32_t rcv;
	uint32_t acked;
	uint32_t edge;
	uint32_t told;
	uint32_t room;
	uint32_t grant;
	uint32_t tail;
	uint32_t late;
	uint32_t srtt;
	uint32_t rttvar;
	uint32_t rto;
	uint32_t rtt_seq;
	uint64_t rtt_at;
	uint64_t rto_at;
	uint64_t check_at;
	uint64_t ack_at;
	uint32_t seen_ms;
	uint32_t resent_us;
};

/**
 * struct udp_flow - what udp*.c know of one UDP flow, or one row of echo requests
 * @path:	both ends as the host's socket knows them, after mapping: @local is
 *		that which replies leave from, for flows that began at a bound socket
 *		of fwd_listen.c, else addr_none; @port is 0 for echo; @ttl is what was last
 *		set on @fd of the entry
 * @listen:	number of the bound socket in fwd_listen.c, -1: @fd of the entry is all
 * @qlen:	length of the guest's last datagram, as in its UDP header, or of its
 *		last echo request
 * @qcsum:	its checksum as in memory, 0: not known; both for quotes in ICMP
 * @flags:	UDPF_ bits of udp_flow.h
 * @due:	when the flow ends unless used, us on the loop's clock
 * @born:	when it began, us
 */
struct udp_flow {
	struct sock_udp_path path;
	int32_t listen;
	uint16_t qlen;
	uint16_t qcsum;
	uint8_t flags;
	uint64_t due;
	uint64_t born;
};

/**
 * struct splice_way - one direction between two joined sockets
 * @from:	where its bytes come from, -1: none (UDP, accepted side)
 * @to:		where they go
 * @pipe:	read and write end, valid while @piped
 * @held:	bytes in the pipe
 * @piped:	it has a pipe
 * @full:	it waits until @to takes more
 * @bulk:	there was much to move last time
 * @eof:	how far its end of file is: enum in splice.c
 */
struct splice_way {
	int32_t from;
	int32_t to;
	int32_t pipe[2];
	uint32_t held;
	bool piped;
	bool full;
	bool bulk;
	uint8_t eof;
};

/**
 * struct splice_conn - what splice.c knows of two joined sockets
 * @way:	what comes from the accepted, and from the dialled socket; @fd of
 *		the entry is not used
 * @state:	enum in splice.c
 * @replied:	UDP: datagrams went both ways
 * @listen:	UDP: number of the bound socket in fwd_listen.c
 * @due:	UDP: when the flow ends unless used, us on the loop's clock
 */
struct splice_conn {
	struct splice_way way[DIRS];
	uint8_t state;
	bool replied;
	uint16_t listen;
	uint64_t due;
};

/**
 * struct conn - one entry of the table
 * @key:	how the guest's frames find it; all 0 for spliced pairs
 * @gen:	generation of this entry: odd while in use, grows with each use
 * @chain:	next entry in its hash bucket or free list, index + 1; 0: last
 * @fd:		host socket, -1: none
 * @kind:	what it is, which member of the union holds
 * @tcp:	CONN_TCP
 * @udp:	CONN_UDP, CONN_ECHO
 * @splice:	CONN_SPLICE
 *
 * Owner: conn.c of the first members, but @fd; the module named by @kind of the
 * rest.  Pointers are good until conn_free(); what is kept over a return to the
 * loop is the conn id.
 */
struct conn {
	struct conn_key key;
	uint32_t gen;
	uint32_t chain;
	int32_t fd;
	enum conn_kind kind;
	union {
		struct tcp_conn tcp;
		struct udp_flow udp;
		struct splice_conn splice;
	};
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct conn) == 192, "three cache lines");

void	conn_init(void);
struct conn *conn_new(enum conn_kind kind, const struct conn_key *key);
void	conn_free(struct conn *c);
void	conn_hide(struct conn *c);
void	conn_move(struct conn *c, const struct conn_key *key);
struct conn *conn_find(const struct conn_key *key);
struct conn *conn_get(uint64_t id);
struct conn *conn_at(uint32_t index);
struct conn *conn_next(uint32_t *index);
uint64_t conn_id(const struct conn *c);
uint32_t conn_index(const struct conn *c);
uint32_t conn_count(enum conn_kind kind);
uint64_t conn_secret_hash(const void *data, size_t len);
const char *conn_text(const struct conn *c);

#endif /* CONN_H */
