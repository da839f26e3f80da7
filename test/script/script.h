/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * script.h - what the files of the script runner share; run.c has the format
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "addr.h"
#include "conn.h"
#include "net.h"
#include "ports.h"
#include "wire.h"

enum {
	SCRIPT_CONNS	= 32,			/* connections with a name */
	SCRIPT_SOCKS	= CONN_MAX + 1024,	/* fake descriptors */
	SCRIPT_FD0	= 1000,			/* number of the first of them */
	SCRIPT_TEXT	= 1024,			/* a line, or a packet as text */
	SCRIPT_TOKENS	= 64,
	SCRIPT_OUT	= 4096,			/* frames and calls nobody looked at */
	SCRIPT_FRAME	= 65535 + 14 + 12,
};

/**
 * struct script_conn - a connection scripts speak of
 * @name:	its name there
 * @guest:	the guest's address
 * @far:	the other end's
 * @gport:	the guest's port
 * @fport:	the other end's
 * @gisn:	initial sequence number of the guest, what its numbers count from
 * @gfirst:	first byte of its stream, from @gisn: 1, unless a SYN had another number
 * @oisn:	initial sequence number of the program, learnt from its first SYN
 * @before:	the one of the last connection with these ends
 * @known:	@oisn is
 * @gnext:	behind the last byte the guest sent, from @gisn
 * @gack:	last acknowledgement of the guest, from @oisn
 * @gwin:	window field of the guest's segments
 * @onext:	behind the last byte the program sent, from @oisn
 * @oack:	its last acknowledgement, from @gisn
 * @fd:		fake socket, -1: none yet
 */
struct script_conn {
	char name[16];
	struct addr guest;
	struct addr far;
	uint16_t gport;
	uint16_t fport;
	uint32_t gisn;
	uint32_t gfirst;
	uint32_t oisn;
	uint32_t before;
	bool known;
	uint32_t gnext;
	uint32_t gack;
	uint16_t gwin;
	uint32_t onext;
	uint32_t oack;
	int fd;
};

/**
 * struct script_seg - a TCP segment as scripts write it, or as it came
 * @flags:	TCP_SYN and so on
 * @has_seq:	numbers were given
 * @any_seq:	as "*"
 * @seq:	first number, from the sender's ISN
 * @len:	payload, bytes
 * @has_ack:	an acknowledgement was given
 * @any_ack:	as "*"
 * @ack:	acknowledgement, from the receiver's ISN
 * @win:	window field, -1: not given
 * @opts:	options as text; may be a pattern in what is expected
 * @has_opts:	they were given
 * @tso:	segment size of an unsegmented frame, 0: it is not one
 * @off:	data offset to lie with, words, -1: the truth
 * @iplen:	bytes to lie by in the IP length
 * @cut:	length to cut the frame to, -1: all
 * @split:	size of the pieces the frame is lent in, 0: one
 * @pad:	bytes behind the IP packet
 * @frag:	payload of the first of two fragments it comes in, 0: it is whole
 * @bad_csum:	the checksum is wrong
 * @no_csum:	left to the device
 * @junk:	payload that is none of the stream's
 * @urg:	urgent pointer
 */
struct script_seg {
	uint8_t flags;
	bool has_seq;
	bool any_seq;
	uint32_t seq;
	uint32_t len;
	bool has_ack;
	bool any_ack;
	uint32_t ack;
	int64_t win;
	char opts[256];
	bool has_opts;
	uint32_t tso;
	int off;
	int iplen;
	int cut;
	uint32_t split;
	uint32_t pad;
	uint32_t frag;
	bool bad_csum;
	bool no_csum;
	bool junk;
	uint16_t urg;
};

/**
 * struct script_out - a frame to the guest, or a call of a socket function
 * @at:		when, us
 * @fd:		call: socket
 * @text:	as tcpdump would say, or name and arguments of the call
 * @len:	length of a frame, 0 for a call
 * @data:	the frame, released by who takes the entry
 * @vh:		its offload header
 */
struct script_out {
	uint64_t at;
	int fd;
	char text[SCRIPT_TEXT];
	uint32_t len;
	uint8_t *data;
	struct virtio_net_hdr vh;
};

/**
 * struct script_setup - what the lines without a time ask for
 * @net:	what the guest has
 * @ports:	forwarded ports
 * @caps:	TAP_ bits of the link
 * @size:	limit of send queues, bytes
 * @memory:	what the kernel has for all sockets, bytes; 0: no limit
 * @old:	the kernel has no SO_PEEK_OFF for TCP
 */
struct script_setup {
	struct net net;
	struct ports_table ports;
	unsigned caps;
	uint32_t size;
	uint64_t memory;
	bool old;
};

/* What is written to streams, so that each byte tells where it belongs */
static inline uint8_t script_byte(enum conn_dir dir, uint32_t offset)
{
	return (uint8_t)(offset * UINT32_C(2654435761) >> 21 ^ offset ^ (unsigned)dir << 6);
}

extern struct script_setup script_setup;

/* run.c */
void	script_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void	script_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool	script_step(uint64_t deadline);
void	script_came(const struct script_out *o);

/* line.c: what a line says to do */
void	script_set_up_defaults(void);
void	script_set_up(char *const *tok, int n);
void	script_line(char *const *tok, int n);
int	script_waits(char *const *tok, int n);
void	script_describe(const struct script_out *o, const char *flags, char *text);
bool	script_done(void);
uint32_t script_left(void);

/* word.c: words of a line */
int	script_split(char *line, char **tok);
int64_t	script_num(const char *text);
struct addr script_addr(const char *text);
uint16_t script_addr_port(const char *text, struct addr *a);
int	script_errno(const char *name);

/* segment.c */
void	script_seg_parse(char *const *tok, int n, struct script_seg *s);
bool	script_seg_is(const char *word);
uint32_t script_seg_build(struct script_conn *c, struct script_seg *s, uint8_t *frame,
			  struct virtio_net_hdr *vh);
bool	script_seg_read(const struct script_out *o, struct script_conn *c,
			struct script_seg *s);
void	script_seg_check(const struct script_out *o, struct script_conn *c,
			 const struct script_seg *want);

/* packet.c */
uint32_t packet_head(uint8_t *frame, const struct addr *src, const struct addr *dst,
		     uint8_t proto, uint32_t l4len, uint8_t ttl);
uint16_t packet_csum(const uint8_t *frame, uint32_t l4, uint32_t l4len, uint8_t proto);
void	packet_check(const uint8_t *frame, uint32_t len, const struct virtio_net_hdr *vh);
void	packet_text(const uint8_t *frame, uint32_t len, char text[static SCRIPT_TEXT]);
bool	packet_l4(const uint8_t *frame, uint32_t len, uint8_t proto, uint32_t *at,
		  uint32_t *l4len, struct addr *src, struct addr *dst);
void	packet_fragment(const uint8_t *frame, uint32_t len, uint32_t cut);
uint32_t packet_build(char *const *tok, int n, uint8_t *frame);

/* out.c: what the program did */
void	out_frame(const uint8_t *frame, uint32_t len, const struct virtio_net_hdr *vh);
void	out_call(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const struct script_out *out_first(bool frame);
void	out_take(bool frame);

/* fake_loop.c */
extern uint64_t fake_clock;
void	fake_loop_wake(int fd);
void	fake_loop_poke(void);
void	fake_loop_touch(void);
void	fake_loop_fail_next(int error);

/* fake_tap.c */
void	fake_tap_queue(const uint8_t *frame, uint32_t len, const struct virtio_net_hdr *vh,
		       uint32_t split);
void	fake_tap_release(void);
void	fake_tap_hold(void);
void	fake_tap_room(int frames);
void	fake_tap_limit(int frames);
unsigned fake_tap_pending(void);
void	fake_tap_end(void);

/* fake_sock.c */
void	fake_sock_init(void);
uint32_t fake_sock_poll(int fd);
bool	fake_sock_level(int fd);
uint32_t fake_sock_open(void);
void	fake_sock_connected(int fd);
void	fake_sock_error(int fd, int error, bool tell);

void	fake_sock_data(int fd, uint32_t n);
void	fake_sock_fin(int fd);
void	fake_sock_acked(int fd, uint32_t n);
void	fake_sock_fin_acked(int fd);
void	fake_sock_hold_acks(int fd);
void	fake_sock_room(int fd, uint32_t size, uint32_t used);
void	fake_sock_take(int fd, int64_t n);
void	fake_sock_stall(int fd);
void	fake_sock_fail_next(int error);
void	fake_sock_knock(uint16_t port, struct script_conn *c);
uint32_t fake_sock_unread(int fd);
bool	fake_sock_connecting(int fd);
void	fake_sock_ack_all(int fd, bool fin);
int	fake_sock_new(void);
void	fake_sock_touch(void);
void	fake_sock_free(int fd);

/* fake_udp.c */
void	fake_udp_datagram(int fd, uint32_t len, const struct addr *from, uint16_t port);
void	fake_udp_error(int fd, uint8_t type, uint8_t code, uint32_t mtu,
		       const struct addr *from);
uint32_t fake_udp_poll(int fd);
void	fake_udp_close(int fd);

/* program.c */
int	program_run(void);

/* random.c */
int	script_random(uint64_t seed, uint32_t n, uint64_t deadline);

/* scale.c */
extern bool script_lean;
void	scale_frame(const uint8_t *frame, uint32_t len);
void	scale_run(uint32_t conns);
void	scale_rate(uint32_t conns);

#endif /* SCRIPT_H */
