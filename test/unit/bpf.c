// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bpf.c - rows become instructions
 * links: bpf.c log.c util.c
 */
#include "bpf.h"

#include <errno.h>

#include "test/unit/check.h"
#include "util.h"

enum { A, B };

static struct bpf_insn code[BPF_CODE];

static void test_jumps(void)
{
	const struct bpf_row row[] = {
		bpf_if(BPF_JEQ, BPF_REG_1, 5, B),
		bpf_map(BPF_REG_2, 9),
		bpf_go(A),
		bpf_label(A),
		bpf_if32(BPF_JSLE, BPF_REG_1, -1, B),
		bpf_set(BPF_REG_0, 1),
		bpf_label(B),
		bpf_exit(),
	};

	CHECK_EQ(bpf_assemble(row, ARRAY_SIZE(row), code), 7);
	CHECK_EQ(code[0].off, 5);
	CHECK_EQ(code[0].code, BPF_JMP | BPF_JEQ | BPF_K);
	CHECK_EQ(code[1].imm, 9);
	CHECK_EQ(code[1].src_reg, BPF_PSEUDO_MAP_FD);
	CHECK_EQ(code[2].code, 0);
	CHECK_EQ(code[3].off, 0);
	CHECK_EQ(code[4].off, 1);
	CHECK_EQ(code[4].imm, -1);
	CHECK_EQ(code[6].code, BPF_JMP | BPF_EXIT);
}

static void test_refused(void)
{
	const struct bpf_row back[] = {
		bpf_label(A), bpf_set(BPF_REG_0, 1), bpf_go(A), bpf_exit(),
	};
	const struct bpf_row missing[] = { bpf_go(A), bpf_label(B), bpf_exit() };
	const struct bpf_row twice[] = { bpf_go(A), bpf_label(A), bpf_label(A), bpf_exit() };
	const struct bpf_row large[] = { bpf_go(BPF_LABELS), bpf_exit() };
	static struct bpf_row longest[BPF_CODE + 1];

	CHECK_EQ(bpf_assemble(back, ARRAY_SIZE(back), code), -EINVAL);
	CHECK_EQ(bpf_assemble(missing, ARRAY_SIZE(missing), code), -EINVAL);
	CHECK_EQ(bpf_assemble(twice, ARRAY_SIZE(twice), code), -EINVAL);
	CHECK_EQ(bpf_assemble(large, ARRAY_SIZE(large), code), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(longest); i++)
		longest[i] = bpf_exit();
	CHECK_EQ(bpf_assemble(longest, BPF_CODE, code), BPF_CODE);
	CHECK_EQ(bpf_assemble(longest, BPF_CODE + 1, code), -EINVAL);
}

int main(void)
{
	RUN(test_jumps);
	RUN(test_refused);
	return check_done();
}
