// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ackgate_prog.c - the program in the kernel that decides what leaves
 *
 * Theory of operation
 *
 *   It runs for each packet that leaves by an interface (tcx), a segment of up to 64 KiB
 *   before it is cut.  A mark of ours (SO_MARK) names a slot, and by what stands there:
 *
 *	segment			HOLD, LISTEN	COMMIT
 *	FIN, RST, not allowed	thrown away, and its address pair is noted
 *	SYN without ACK		leaves		leaves
 *	RST, allowed		leaves		leaves, its ACK lowered if above
 *	ACK <= committed	-		leaves
 *	ACK above, no payload	diverted	diverted
 *	ACK above, payload, FIN	thrown away	leaves, its ACK lowered
 *	not understood		thrown away	thrown away
 *
 *   In HOLD every ACK is above.  Not understood is what is no TCP, a fragment, has options
 *   of IPv4 or extensions of IPv6.
 *
 *   Diverted: the number of the slot, and whose turn it is there, become the last four
 *   bytes of its Ethernet source address, ACKGATE_MARKER the first two, and it goes to
 *   another interface.  The first byte is odd, as no source address may be.
 *
 *   Lowered: the acknowledgement becomes what is committed.  The kernel counts segments
 *   with payload that are on their way, and would stop if they were held (TCP Small
 *   Queues).  The window is raised by as much, as far as 16 bits go, so that the right edge
 *   stays where it was.  Nobody would acknowledge later what was left out, so the slot
 *   notes it as owed, with the segment's headers; who commits sends what is owed.
 *
 *   That note and @committed are a pair: the program makes the note and then reads the
 *   number again, the process writes the number and then looks for the note; each has a
 *   barrier in between.  So at least one of the two sees the other.
 *
 *   Why address pairs are noted: after a RST, thrown away or not, the kernel has no socket
 *   any more.  What the remote end sends next is answered with a RST that has no mark.
 *   That is thrown away too: it costs every packet of the host a look at its flags.
 *
 *   Everything else that has no mark of ours passes, to other programs at the interface.
 *
 * Invariants
 *
 *   In COMMIT no segment leaves with an acknowledgement above @committed as it was when
 *   the program began; in HOLD and LISTEN none leaves that has one, but for a RST.
 */
#include "ackgate_prog.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "bpf.h"
#include "log.h"
#include "util.h"
#include "wire.h"

/* What a program at an interface answers: enum tcx_action_base, not in older headers */
enum { TCX_NEXT = -1, TCX_DROP = 2 };

/* Offsets in struct __sk_buff */
enum {
	SKB_LEN		= offsetof(struct __sk_buff, len),
	SKB_MARK	= offsetof(struct __sk_buff, mark),
	SKB_IFINDEX	= offsetof(struct __sk_buff, ifindex),
};

/* What is where on the program's stack, below its end */
enum {
	ST_KEY		= -4,		/* number of the slot */
	ST_ACK		= -8,		/* acknowledgement to be written, network order */
	ST_WND		= -10,		/* window to be written, network order */
	ST_IP		= -56,		/* header of IPv4 or IPv6 */
	ST_TCP		= -80,		/* of TCP, 20 bytes */
	ST_TS		= -96,		/* its first 12 bytes of options */
	ST_PAIR		= -136,		/* both addresses, both ports, 4 bytes of 0 */
	ST_MAC		= -142,		/* source address, 6 bytes: the number is aligned */
};
_Static_assert(ST_PAIR + ACKGATE_PAIR == ST_TS, "a pair has its place");

/* Offsets in headers, lengths, values */
enum {
	IP4_PROTO	= offsetof(struct wire_ip4, proto),
	IP4_FRAG	= offsetof(struct wire_ip4, frag),
	IP4_SRC		= offsetof(struct wire_ip4, src),
	IP4_DST		= offsetof(struct wire_ip4, dst),
	IP6_NEXT	= offsetof(struct wire_ip6, next),
	IP6_SRC		= offsetof(struct wire_ip6, src),
	T_SEQ		= offsetof(struct wire_tcp, seq),
	T_ACK		= offsetof(struct wire_tcp, ack),
	T_OFF		= offsetof(struct wire_tcp, off),
	T_FLAGS		= offsetof(struct wire_tcp, flags),
	T_WND		= offsetof(struct wire_tcp, wnd),
	T_CSUM		= offsetof(struct wire_tcp, csum),
	T_LEN		= sizeof(struct wire_tcp),
	L2		= sizeof(struct wire_eth),
	L2_SRC		= offsetof(struct wire_eth, src),
	L4_IN4		= L2 + sizeof(struct wire_ip4),
	L4_IN6		= L2 + sizeof(struct wire_ip6),
	/* Two NOP, then a timestamp, 10 bytes: so the kernel writes it (RFC 7323, appendix A) */
	TS_HEAD		= 0x0101080a,
	TS_LEN		= 12,
	TS_OFF		= (T_LEN + TS_LEN) / 4 << 4,	/* T_OFF with that, or more */
	WND_MAX		= 0xffff,
};
_Static_assert(L4_IN6 + T_LEN <= ACKGATE_HEAD, "headers fit");

/* Short names, as in every description of these programs */
enum {
	R0 = BPF_REG_0, R1 = BPF_REG_1, R2 = BPF_REG_2, R3 = BPF_REG_3, R4 = BPF_REG_4,
	R5 = BPF_REG_5, R6 = BPF_REG_6, R7 = BPF_REG_7, R8 = BPF_REG_8, R9 = BPF_REG_9,
	FP = BPF_REG_10,
};
#define SLOT(member) ((int)offsetof(struct ackgate_slot, member))

/* Places of the program */
enum {
	PARSE, OTHER, V4, TCP, OURS, NOT_END, COMMIT, HIGHEST, NOT_HIGHEST, TIMED, SETTLE,
	LOWER, ABOVE, NARROW, DIVERT, REFUSE, ODD, DROP, PASS,
};

/* load_bytes(packet, r2, &stack[to], n), or it is odd; r1 to r5 are gone */
#define COPY_OUT(to, n)				\
	bpf_mov(R1, R6),			\
	bpf_mov(R3, FP),			\
	bpf_op(BPF_ADD, R3, (to)),		\
	bpf_set(R4, (n)),			\
	bpf_call(BPF_FUNC_skb_load_bytes),	\
	bpf_if(BPF_JNE, R0, 0, ODD)

/* store_bytes(packet, r2, &stack[from], n, 0), or it can not leave; r1 to r5 are gone */
#define COPY_IN(from, n)			\
	bpf_mov(R1, R6),			\
	bpf_mov(R3, FP),			\
	bpf_op(BPF_ADD, R3, (from)),		\
	bpf_set(R4, (n)),			\
	bpf_set(R5, 0),				\
	bpf_call(BPF_FUNC_skb_store_bytes),	\
	bpf_if(BPF_JNE, R0, 0, DROP)

/* The checksum follows a change of n bytes from r3 to r4; r1 to r5 are gone */
#define FIX_CSUM(n)				\
	bpf_mov(R1, R6),			\
	bpf_mov(R2, R7),			\
	bpf_op(BPF_ADD, R2, T_CSUM),		\
	bpf_set(R5, (n)),			\
	bpf_call(BPF_FUNC_l4_csum_replace),	\
	bpf_if(BPF_JNE, R0, 0, DROP)

/* r1 = map, r2 = &stack[key] */
#define MAP_KEY(map, key)			\
	bpf_map(R1, (map)),			\
	bpf_mov(R2, FP),			\
	bpf_op(BPF_ADD, R2, (key))

/* slot->member++; r1 is gone */
#define COUNT(member)				\
	bpf_set(R1, 1),				\
	bpf_count(R8, SLOT(member), R1)

/**
 * struct ackgate_prog_self - the program being put together
 * @row:	its rows
 * @rows:	how many
 */
static struct {
	struct bpf_row row[BPF_CODE];
	size_t rows;
} self;

/*
 * In registers that calls leave alone, all of the time: r6 the packet, r7 where TCP begins
 * in it, r8 the slot or 0, r9 bytes of payload.
 */

/* add() - The next part */
static void add(const struct bpf_row *row, size_t rows)
{
	if (BUG_ON(rows > ARRAY_SIZE(self.row) - self.rows))
		return;
	memcpy(self.row + self.rows, row, rows * sizeof(*row));
	self.rows += rows;
}

/* add_whose() - To which slot it belongs */
static void add_whose(const struct ackgate_prog *p)
{
	const struct bpf_row row[] = {
		bpf_mov(R6, R1),
		bpf_load(BPF_W, R7, R6, SKB_MARK),
		bpf_op32(BPF_SUB, R7, (int)p->mark),
		bpf_if(BPF_JGE, R7, (int)p->slots, OTHER),
		bpf_store(BPF_W, FP, ST_KEY, R7),
		MAP_KEY(p->array, ST_KEY),
		bpf_call(BPF_FUNC_map_lookup_elem),
		bpf_if(BPF_JEQ, R0, 0, PASS),	/* it is there, but the kernel wants to see it */
		bpf_mov(R8, R0),
		bpf_load(BPF_W, R1, R8, SLOT(mode)),
		bpf_if(BPF_JEQ, R1, ACKGATE_FREE, PASS),
		bpf_go(PARSE),
		bpf_label(OTHER),
		bpf_set(R8, 0),
	};

	add(row, ARRAY_SIZE(row));
}

/* add_ip() - Its address pair, and where TCP begins */
static void add_ip(void)
{
	const struct bpf_row row[] = {
		bpf_label(PARSE),
		bpf_set(R2, L2),
		COPY_OUT(ST_IP, sizeof(struct wire_ip4)),
		bpf_load(BPF_B, R1, FP, ST_IP),
		bpf_if(BPF_JEQ, R1, 0x45, V4),
		bpf_op(BPF_RSH, R1, 4),
		bpf_if(BPF_JNE, R1, 6, ODD),

		bpf_set(R2, L2),
		COPY_OUT(ST_IP, sizeof(struct wire_ip6)),
		bpf_load(BPF_B, R1, FP, ST_IP + IP6_NEXT),
		bpf_if(BPF_JNE, R1, WIRE_TCP, ODD),
		bpf_load(BPF_DW, R1, FP, ST_IP + IP6_SRC),
		bpf_store(BPF_DW, FP, ST_PAIR, R1),
		bpf_load(BPF_DW, R1, FP, ST_IP + IP6_SRC + 8),
		bpf_store(BPF_DW, FP, ST_PAIR + 8, R1),
		bpf_load(BPF_DW, R1, FP, ST_IP + IP6_SRC + 16),
		bpf_store(BPF_DW, FP, ST_PAIR + 16, R1),
		bpf_load(BPF_DW, R1, FP, ST_IP + IP6_SRC + 24),
		bpf_store(BPF_DW, FP, ST_PAIR + 24, R1),
		bpf_set(R7, L4_IN6),
		bpf_go(TCP),

		bpf_label(V4),
		bpf_load(BPF_B, R1, FP, ST_IP + IP4_PROTO),
		bpf_if(BPF_JNE, R1, WIRE_TCP, ODD),
		bpf_load(BPF_H, R1, FP, ST_IP + IP4_FRAG),
		bpf_be(R1, 16),
		bpf_op(BPF_AND, R1, IP4_MF | IP4_OFFSET),
		bpf_if(BPF_JNE, R1, 0, ODD),
		bpf_load(BPF_W, R1, FP, ST_IP + IP4_SRC),
		bpf_store(BPF_DW, FP, ST_PAIR, R1),
		bpf_put(BPF_DW, FP, ST_PAIR + 8, 0),
		bpf_load(BPF_W, R1, FP, ST_IP + IP4_DST),
		bpf_store(BPF_DW, FP, ST_PAIR + 16, R1),
		bpf_put(BPF_DW, FP, ST_PAIR + 24, 0),
		bpf_set(R7, L4_IN4),
	};

	add(row, ARRAY_SIZE(row));
}

/* add_tcp() - Its payload; what has no slot is done with here */
static void add_tcp(const struct ackgate_prog *p)
{
	const struct bpf_row row[] = {
		bpf_label(TCP),
		bpf_mov(R2, R7),
		COPY_OUT(ST_TCP, T_LEN),
		bpf_load(BPF_W, R1, FP, ST_TCP),	/* both ports */
		bpf_store(BPF_DW, FP, ST_PAIR + 32, R1),
		bpf_load(BPF_B, R1, FP, ST_TCP + T_FLAGS),
		bpf_if(BPF_JNE, R8, 0, OURS),

		/* A RST of a connection whose end was thrown away goes the same way */
		bpf_op(BPF_AND, R1, TCP_RST),
		bpf_if(BPF_JEQ, R1, 0, PASS),
		MAP_KEY(p->ended, ST_PAIR),
		bpf_call(BPF_FUNC_map_lookup_elem),
		bpf_if(BPF_JEQ, R0, 0, PASS),
		bpf_go(DROP),

		/* Payload: all of it, less where TCP begins, less its header */
		bpf_label(OURS),
		bpf_load(BPF_W, R9, R6, SKB_LEN),
		bpf_opr32(BPF_SUB, R9, R7),
		bpf_load(BPF_B, R2, FP, ST_TCP + T_OFF),
		bpf_op(BPF_RSH, R2, 4),
		bpf_op(BPF_LSH, R2, 2),
		bpf_opr32(BPF_SUB, R9, R2),
	};

	add(row, ARRAY_SIZE(row));
}

/* add_ends() - r1: flags.  The end of a connection, which has to be allowed; the begin */
static void add_ends(const struct ackgate_prog *p)
{
	const struct bpf_row row[] = {
		bpf_mov(R2, R1),
		bpf_op(BPF_AND, R2, TCP_FIN | TCP_RST),
		bpf_if(BPF_JEQ, R2, 0, NOT_END),
		bpf_load(BPF_W, R3, R8, SLOT(may_end)),
		bpf_if(BPF_JNE, R3, 0, NOT_END),
		MAP_KEY(p->ended, ST_PAIR),
		bpf_mov(R3, FP),
		bpf_op(BPF_ADD, R3, ST_KEY),
		bpf_set(R4, BPF_ANY),
		bpf_call(BPF_FUNC_map_update_elem),
		bpf_go(REFUSE),

		bpf_label(NOT_END),
		bpf_mov(R2, R1),
		bpf_op(BPF_AND, R2, TCP_SYN | TCP_ACK),
		bpf_if(BPF_JEQ, R2, TCP_SYN, PASS),
		bpf_load(BPF_W, R2, R8, SLOT(mode)),
		bpf_if(BPF_JEQ, R2, ACKGATE_COMMIT, COMMIT),

		/* HOLD, LISTEN */
		bpf_mov(R2, R1),
		bpf_op(BPF_AND, R2, TCP_RST),
		bpf_if(BPF_JNE, R2, 0, PASS),
		bpf_op(BPF_AND, R1, TCP_FIN),
		bpf_if(BPF_JNE, R1, 0, REFUSE),
		bpf_if(BPF_JNE, R9, 0, REFUSE),
		bpf_go(DIVERT),
	};

	add(row, ARRAY_SIZE(row));
}

/* add_commit() - r1: flags.  What is remembered of each segment, and what its ACK may say */
static void add_commit(void)
{
	const struct bpf_row row[] = {
		/* if (!seen || nxt < its end) nxt = its end */
		bpf_label(COMMIT),
		bpf_load(BPF_W, R2, FP, ST_TCP + T_SEQ),
		bpf_be(R2, 32),
		bpf_opr32(BPF_ADD, R2, R9),
		bpf_op(BPF_AND, R1, TCP_FIN),
		bpf_opr32(BPF_ADD, R2, R1),
		bpf_load(BPF_W, R3, R8, SLOT(seen)),
		bpf_if(BPF_JEQ, R3, 0, HIGHEST),
		bpf_load(BPF_W, R3, R8, SLOT(nxt)),
		bpf_opr32(BPF_SUB, R3, R2),
		bpf_if32(BPF_JSGE, R3, 0, NOT_HIGHEST),
		bpf_label(HIGHEST),
		bpf_store(BPF_W, R8, SLOT(nxt), R2),
		bpf_put(BPF_W, R8, SLOT(seen), 1),
		bpf_label(NOT_HIGHEST),

		/* Timestamp, if it is where the kernel puts it */
		bpf_load(BPF_B, R1, FP, ST_TCP + T_OFF),
		bpf_if(BPF_JLT, R1, TS_OFF, TIMED),
		bpf_mov(R2, R7),
		bpf_op(BPF_ADD, R2, T_LEN),
		COPY_OUT(ST_TS, TS_LEN),
		bpf_load(BPF_W, R1, FP, ST_TS),
		bpf_be(R1, 32),
		bpf_if32(BPF_JNE, R1, TS_HEAD, TIMED),
		bpf_load(BPF_W, R1, FP, ST_TS + 4),
		bpf_store(BPF_W, R8, SLOT(tsval), R1),
		bpf_load(BPF_W, R1, FP, ST_TS + 8),
		bpf_store(BPF_W, R8, SLOT(tsecr), R1),
		bpf_put(BPF_W, R8, SLOT(has_ts), 1),
		bpf_label(TIMED),

		/* Its acknowledgement, if it has one: r2, and how far above: r3 */
		bpf_load(BPF_B, R1, FP, ST_TCP + T_FLAGS),
		bpf_mov(R2, R1),
		bpf_op(BPF_AND, R2, TCP_ACK),
		bpf_if(BPF_JEQ, R2, 0, PASS),
		bpf_load(BPF_W, R2, FP, ST_TCP + T_ACK),
		bpf_be(R2, 32),
		bpf_load(BPF_W, R4, R8, SLOT(committed)),
		bpf_mov(R3, R2),
		bpf_opr32(BPF_SUB, R3, R4),
		bpf_if32(BPF_JSLE, R3, 0, SETTLE),
		bpf_if(BPF_JNE, R9, 0, LOWER),
		bpf_op(BPF_AND, R1, TCP_FIN | TCP_SYN | TCP_RST),
		bpf_if(BPF_JNE, R1, 0, LOWER),
		bpf_go(DIVERT),

		/* It says all that is owed, or more */
		bpf_label(SETTLE),
		bpf_load(BPF_W, R1, R8, SLOT(owed)),
		bpf_if(BPF_JEQ, R1, 0, PASS),
		bpf_load(BPF_W, R1, R8, SLOT(owed_ack)),
		bpf_opr32(BPF_SUB, R2, R1),
		bpf_if32(BPF_JSLT, R2, 0, PASS),
		bpf_put(BPF_W, R8, SLOT(owed), 0),
		bpf_go(PASS),
	};

	add(row, ARRAY_SIZE(row));
}

/* add_lower() - r2: the acknowledgement, above what is committed; here it is lowered */
static void add_lower(void)
{
	const struct bpf_row row[] = {
		/* Note that it is owed, before @committed is read again */
		bpf_label(LOWER),
		bpf_store(BPF_W, FP, ST_ACK, R2),
		bpf_load(BPF_W, R1, R6, SKB_IFINDEX),
		bpf_store(BPF_W, R8, SLOT(ifindex), R1),
		bpf_store(BPF_W, R8, SLOT(hlen), R7),
		bpf_mov(R1, R6),
		bpf_set(R2, 0),
		bpf_mov(R3, R8),
		bpf_op(BPF_ADD, R3, SLOT(head)),
		bpf_mov(R4, R7),
		bpf_op(BPF_ADD, R4, T_LEN),
		bpf_call(BPF_FUNC_skb_load_bytes),
		bpf_if(BPF_JNE, R0, 0, DROP),
		bpf_load(BPF_W, R2, FP, ST_ACK),
		bpf_store(BPF_W, R8, SLOT(owed_ack), R2),
		bpf_set(R1, 1),
		bpf_swap(R8, SLOT(owed), R1),

		/* By now it may be committed */
		bpf_load(BPF_W, R9, R8, SLOT(committed)),
		bpf_mov(R3, R2),
		bpf_opr32(BPF_SUB, R3, R9),
		bpf_if32(BPF_JSGT, R3, 0, ABOVE),
		bpf_put(BPF_W, R8, SLOT(owed), 0),
		bpf_go(PASS),

		/* The right edge stays: window + (distance >> wscale), up to 65535 */
		bpf_label(ABOVE),
		bpf_load(BPF_W, R4, R8, SLOT(wscale)),
		bpf_opr32(BPF_RSH, R3, R4),
		bpf_load(BPF_H, R1, FP, ST_TCP + T_WND),
		bpf_be(R1, 16),
		bpf_opr32(BPF_ADD, R3, R1),
		bpf_if(BPF_JLE, R3, WND_MAX, NARROW),
		bpf_set(R3, WND_MAX),
		bpf_label(NARROW),
		bpf_be(R3, 16),
		bpf_store(BPF_H, FP, ST_WND, R3),
		bpf_be(R9, 32),
		bpf_store(BPF_W, FP, ST_ACK, R9),
	};

	add(row, ARRAY_SIZE(row));
}

/* add_write() - Both into the segment, and into its checksum */
static void add_write(void)
{
	const struct bpf_row row[] = {
		bpf_load(BPF_W, R3, FP, ST_TCP + T_ACK),
		bpf_load(BPF_W, R4, FP, ST_ACK),
		FIX_CSUM(4),
		bpf_load(BPF_H, R3, FP, ST_TCP + T_WND),
		bpf_load(BPF_H, R4, FP, ST_WND),
		FIX_CSUM(2),
		bpf_mov(R2, R7),
		bpf_op(BPF_ADD, R2, T_ACK),
		COPY_IN(ST_ACK, 4),
		bpf_mov(R2, R7),
		bpf_op(BPF_ADD, R2, T_WND),
		COPY_IN(ST_WND, 2),
		COUNT(lowered),
		bpf_go(PASS),
	};

	add(row, ARRAY_SIZE(row));
}

/* add_ways() - All the ways out */
static void add_ways(const struct ackgate_prog *p)
{
	const struct bpf_row row[] = {
		bpf_label(DIVERT),
		bpf_put(BPF_H, FP, ST_MAC, ACKGATE_MARKER),
		bpf_load(BPF_W, R2, FP, ST_KEY),
		bpf_load(BPF_W, R1, R8, SLOT(turn)),
		bpf_op32(BPF_LSH, R1, ACKGATE_NUMBER),
		bpf_opr32(BPF_OR, R1, R2),
		bpf_be(R1, 32),
		bpf_store(BPF_W, FP, ST_MAC + 2, R1),
		bpf_set(R2, L2_SRC),
		COPY_IN(ST_MAC, 6),
		COUNT(diverted),
		bpf_set(R1, (int)p->to),
		bpf_set(R2, 0),
		bpf_call(BPF_FUNC_redirect),
		bpf_exit(),

		bpf_label(ODD),
		bpf_if(BPF_JEQ, R8, 0, PASS),
		bpf_label(REFUSE),
		COUNT(refused),
		bpf_label(DROP),
		bpf_set(R0, TCX_DROP),
		bpf_exit(),

		bpf_label(PASS),
		bpf_set(R0, TCX_NEXT),
		bpf_exit(),
	};

	add(row, ARRAY_SIZE(row));
}

/**
 * ackgate_prog_egress() - Load the program that decides what leaves by an interface
 * @p:		What it has to know
 *
 * Return: descriptor, -errno
 */
int ackgate_prog_egress(const struct ackgate_prog *p)
{
	self.rows = 0;
	add_whose(p);
	add_ip();
	add_tcp(p);
	add_ends(p);
	add_commit();
	add_lower();
	add_write();
	add_ways(p);
	return bpf_program("ackgate", self.row, self.rows);
}

/**
 * ackgate_prog_back() - Load the program that lets leave what we hand back
 * @ifindex:	Interface by which it leaves, whatever comes in where this is attached
 *
 * Return: descriptor, -errno
 */
int ackgate_prog_back(unsigned ifindex)
{
	const struct bpf_row row[] = {
		bpf_set(R1, (int)ifindex),
		bpf_set(R2, 0),
		bpf_call(BPF_FUNC_redirect),
		bpf_exit(),
	};

	return bpf_program("ackgate_back", row, ARRAY_SIZE(row));
}
