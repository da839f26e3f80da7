/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpf.h - programs for the kernel, written as tables of instructions
 *
 * A program is an array of rows, most of them one instruction.  Jumps name labels, which
 * are rows too, numbered by the caller: bpf_program() puts the distances in.  Rows are
 * made by the functions here, that stand in the initialiser of the array:
 *
 *	const struct bpf_row row[] = {
 *		bpf_load(BPF_W, BPF_REG_1, BPF_REG_1, 8),	r1 = *(u32 *)(r1 + 8)
 *		bpf_if(BPF_JEQ, BPF_REG_1, 0, END),		if (r1 == 0) goto END
 *		...
 *		bpf_label(END),
 *		bpf_exit(),
 *	};
 *
 * Operations are BPF_ADD and so on, sizes BPF_B, BPF_H, BPF_W, BPF_DW, registers
 * BPF_REG_0 to BPF_REG_10, all of <linux/bpf.h>.
 */
#ifndef PASST_BPF_H
#define PASST_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BPF_LABELS	= 32,		/* of a program, numbered from 0 */
	BPF_CODE	= 512,		/* instructions of a program at most */
};

/* What a row is */
enum bpf_row_kind {
	BPF_ROW_CODE,		/* an instruction */
	BPF_ROW_JUMP,		/* one that goes to a label */
	BPF_ROW_MAP,		/* the address of a map: two instructions */
	BPF_ROW_LABEL,		/* none: the next one has this label */
};

/**
 * struct bpf_row - a line of a program
 * @insn:	instruction
 * @kind:	enum bpf_row_kind
 * @label:	that a jump goes to, or that this row is
 */
struct bpf_row {
	struct bpf_insn insn;
	uint8_t kind;
	uint8_t label;
};

static inline struct bpf_row bpf_row(unsigned code, unsigned dst, unsigned src,
				     int off, int imm)
{
	return (struct bpf_row){ .insn = {
		.code = (uint8_t)code, .dst_reg = dst & 0xf, .src_reg = src & 0xf,
		.off = (int16_t)off, .imm = imm,
	} };
}

static inline struct bpf_row bpf_jump(unsigned code, unsigned dst, unsigned src, int imm,
				      unsigned to)
{
	struct bpf_row r = bpf_row(code, dst, src, 0, imm);

	r.kind = BPF_ROW_JUMP;
	r.label = (uint8_t)to;
	return r;
}

/* dst = src, 64 bits */
static inline struct bpf_row bpf_mov(unsigned dst, unsigned src)
{
	return bpf_row(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

/* dst = a number */
static inline struct bpf_row bpf_set(unsigned dst, int imm)
{
	return bpf_row(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

/* dst op= a number, 64 bits */
static inline struct bpf_row bpf_op(unsigned op, unsigned dst, int imm)
{
	return bpf_row(BPF_ALU64 | op | BPF_K, dst, 0, 0, imm);
}

/* dst op= a number, 32 bits: the upper ones become 0 */
static inline struct bpf_row bpf_op32(unsigned op, unsigned dst, int imm)
{
	return bpf_row(BPF_ALU | op | BPF_K, dst, 0, 0, imm);
}

/* dst op= src, 32 bits: the upper ones become 0 */
static inline struct bpf_row bpf_opr32(unsigned op, unsigned dst, unsigned src)
{
	return bpf_row(BPF_ALU | op | BPF_X, dst, src, 0, 0);
}

/* dst between network order and the machine's, 16 or 32 bits; the upper ones become 0 */
static inline struct bpf_row bpf_be(unsigned dst, int bits)
{
	return bpf_row(BPF_ALU | BPF_END | BPF_TO_BE, dst, 0, 0, bits);
}

/* dst = *(size *)(base + off) */
static inline struct bpf_row bpf_load(unsigned size, unsigned dst, unsigned base, int off)
{
	return bpf_row(BPF_LDX | BPF_MEM | size, dst, base, off, 0);
}

/* *(size *)(base + off) = src */
static inline struct bpf_row bpf_store(unsigned size, unsigned base, int off, unsigned src)
{
	return bpf_row(BPF_STX | BPF_MEM | size, base, src, off, 0);
}

/* *(size *)(base + off) = a number */
static inline struct bpf_row bpf_put(unsigned size, unsigned base, int off, int imm)
{
	return bpf_row(BPF_ST | BPF_MEM | size, base, 0, off, imm);
}

/* *(u32 *)(base + off) += src, atomically */
static inline struct bpf_row bpf_count(unsigned base, int off, unsigned src)
{
	return bpf_row(BPF_STX | BPF_ATOMIC | BPF_W, base, src, off, BPF_ADD);
}

/* Swap *(u32 *)(base + off) and src, atomically; what stands before is done before */
static inline struct bpf_row bpf_swap(unsigned base, int off, unsigned src)
{
	return bpf_row(BPF_STX | BPF_ATOMIC | BPF_W, base, src, off, BPF_XCHG);
}

/* Call a function of the kernel, BPF_FUNC_: r0 = f(r1..r5), these are gone afterwards */
static inline struct bpf_row bpf_call(int func)
{
	return bpf_row(BPF_JMP | BPF_CALL, 0, 0, 0, func);
}

static inline struct bpf_row bpf_exit(void)
{
	return bpf_row(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static inline struct bpf_row bpf_go(unsigned to)
{
	return bpf_jump(BPF_JMP | BPF_JA, 0, 0, 0, to);
}

/* if (reg op a number) goto a label; 64 bits */
static inline struct bpf_row bpf_if(unsigned op, unsigned reg, int imm, unsigned to)
{
	return bpf_jump(BPF_JMP | op | BPF_K, reg, 0, imm, to);
}

/* The same with 32 bits */
static inline struct bpf_row bpf_if32(unsigned op, unsigned reg, int imm, unsigned to)
{
	return bpf_jump(BPF_JMP32 | op | BPF_K, reg, 0, imm, to);
}

/* dst = a map, for a function that wants one */
static inline struct bpf_row bpf_map(unsigned dst, int fd)
{
	/* BPF_IMM, which is 0 */
	struct bpf_row r = bpf_row(BPF_LD | BPF_DW, dst, BPF_PSEUDO_MAP_FD, 0, fd);

	r.kind = BPF_ROW_MAP;
	return r;
}

static inline struct bpf_row bpf_label(unsigned label)
{
	return (struct bpf_row){ .kind = BPF_ROW_LABEL, .label = (uint8_t)label };
}

int	bpf_array(uint32_t size, uint32_t count);
int	bpf_recent(uint32_t key, uint32_t count);
int	bpf_assemble(const struct bpf_row *row, size_t rows, struct bpf_insn code[BPF_CODE]);
int	bpf_program(const char *name, const struct bpf_row *row, size_t rows);
int	bpf_link_tcx(int program, unsigned ifindex, bool egress);
int	bpf_pin(int fd, const char *path);

#endif /* PASST_BPF_H: BPF_H is a size of <linux/bpf_common.h> */
