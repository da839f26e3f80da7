// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bpf.c - maps, programs and where they are attached: bpf(2), without a library
 *
 * Theory of operation
 *
 *   A map is memory that a program in the kernel and this process share: an array whose
 *   elements are also mapped into our address space, so that to write a number there costs
 *   no system call; or a table of what was seen most recently, which programs alone use.
 *
 *   A program is a table of rows (bpf.h).  The kernel reads it before it takes it, and
 *   follows each way through it: a program that could read what is not there is refused,
 *   with a text that says where.  We show the end of that text, the rest is of no use to
 *   anybody but the program's author, who sees it with --debug.
 *
 *   A program runs when it is attached, here to an interface for each packet that leaves
 *   or comes (tcx, Linux 6.6).  The link is a descriptor: the program stays there as long
 *   as somebody has it, or as it has a name in a file system of type bpf (a pin).  That is
 *   how it outlives a process.
 *
 *   All of it wants CAP_BPF and CAP_NET_ADMIN of the initial user namespace.
 */
#include "bpf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "util.h"

enum {
	LOG_SIZE	= 65536,	/* what the kernel says about a program */
	LOG_TAIL	= 300,		/* of which we show that much */
	TCX_INGRESS	= 46,		/* enum bpf_attach_type, not in older headers */
	TCX_EGRESS	= 47,
};

/* call() - bpf(2); what it returns, or -errno */
static int call(enum bpf_cmd cmd, union bpf_attr *attr)
{
	long rc = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return rc < 0 ? -errno : (int)rc;
}

static uint64_t pointer(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/**
 * bpf_array() - An array that can be mapped by mmap(), shared
 * @size:	Of an element, bytes: a multiple of 8
 * @count:	Elements
 *
 * Return: descriptor, -errno
 */
int bpf_array(uint32_t size, uint32_t count)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = sizeof(uint32_t);
	attr.value_size = size;
	attr.max_entries = count;
	attr.map_flags = BPF_F_MMAPABLE;
	return call(BPF_MAP_CREATE, &attr);
}

/**
 * bpf_recent() - A table of keys, of which the oldest go when it is full
 * @key:	Size of a key, bytes; what belongs to one is a number of 32 bits
 * @count:	Keys
 *
 * Return: descriptor, -errno
 */
int bpf_recent(uint32_t key, uint32_t count)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_LRU_HASH;
	attr.key_size = key;
	attr.value_size = sizeof(uint32_t);
	attr.max_entries = count;
	return call(BPF_MAP_CREATE, &attr);
}

/* place() - Where each label is, as the number of an instruction; how many there are, or -1 */
static int place(const struct bpf_row *row, size_t rows, int at[BPF_LABELS])
{
	int n = 0;

	for (int i = 0; i < BPF_LABELS; i++)
		at[i] = -1;
	for (size_t i = 0; i < rows; i++) {
		if (row[i].kind == BPF_ROW_LABEL) {
			if (row[i].label >= BPF_LABELS || at[row[i].label] >= 0)
				return -1;
			at[row[i].label] = n;
		} else {
			n += row[i].kind == BPF_ROW_MAP ? 2 : 1;
		}
	}
	return n;
}

/**
 * bpf_assemble() - Make instructions of rows
 * @row:	Program
 * @rows:	Its rows
 * @code:	Set
 *
 * Return: instructions; -EINVAL: a label is missing, there twice, or behind who goes there,
 *	   or the program too long
 */
int bpf_assemble(const struct bpf_row *row, size_t rows, struct bpf_insn code[BPF_CODE])
{
	int at[BPF_LABELS];
	int len = place(row, rows, at), n = 0;

	if (len < 0 || len > BPF_CODE)
		return -EINVAL;
	for (size_t i = 0; i < rows; i++) {
		if (row[i].kind == BPF_ROW_LABEL)
			continue;
		code[n] = row[i].insn;
		if (row[i].kind == BPF_ROW_JUMP) {
			int to = row[i].label < BPF_LABELS ? at[row[i].label] : -1;

			/* Forward only: then it ends, whatever the packet */
			if (to <= n)
				return -EINVAL;
			code[n].off = (int16_t)(to - n - 1);
		}
		n++;
		if (row[i].kind == BPF_ROW_MAP)
			code[n++] = (struct bpf_insn){ 0 };
	}
	return n;
}

/* complain() - Why the kernel does not take a program: the end of what it wrote */
static void complain(const char *name, int error, const char *text)
{
	size_t len = strlen(text), skip = len > LOG_TAIL ? len - LOG_TAIL : 0;

	warn_errno(error, "The kernel does not take the program %s%s%s", name,
		   len ? ": ..." : "", text + skip);
	debug("All that it says: %s", text);
}

/**
 * bpf_program() - Load a program that looks at packets of an interface
 * @name:	Of it, up to 15 letters, for who lists programs and for our messages
 * @row:	What it does
 * @rows:	How many
 *
 * It is told why the kernel refuses it, unless we simply may not.
 *
 * Return: descriptor, -errno; -EINVAL: BUG, too, if its labels are not right
 */
int bpf_program(const char *name, const struct bpf_row *row, size_t rows)
{
	static char text[LOG_SIZE];
	static struct bpf_insn code[BPF_CODE];
	union bpf_attr attr;
	int n = bpf_assemble(row, rows, code), rc;

	if (BUG_ON(n < 0))
		return n;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
	attr.insns = pointer(code);
	attr.insn_cnt = (uint32_t)n;
	attr.license = pointer("GPL");
	(void)util_copy(attr.prog_name, sizeof(attr.prog_name), name);
	rc = call(BPF_PROG_LOAD, &attr);
	if (rc >= 0 || rc == -EPERM)
		return rc;
	/* Once more, now with the reason: writing it takes longer than to load */
	text[0] = '\0';
	attr.log_buf = pointer(text);
	attr.log_size = sizeof(text);
	attr.log_level = 1;
	rc = call(BPF_PROG_LOAD, &attr);
	if (rc < 0)
		complain(name, -rc, text);
	return rc;
}

/**
 * bpf_link_tcx() - Let a program see each packet of an interface
 * @program:	Its descriptor
 * @ifindex:	Interface
 * @egress:	Packets that leave; else those that come in
 *
 * Return: descriptor: closed and not pinned, the program is gone; -errno: -EOPNOTSUPP
 *	   before Linux 6.6
 */
int bpf_link_tcx(int program, unsigned ifindex, bool egress)
{
	union bpf_attr attr;
	int rc;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.target_ifindex = ifindex;
	attr.link_create.attach_type = egress ? TCX_EGRESS : TCX_INGRESS;
	rc = call(BPF_LINK_CREATE, &attr);
	return rc == -EINVAL ? -EOPNOTSUPP : rc;
}

/**
 * bpf_pin() - Give a link a name by which it stays when nobody has it open
 * @fd:		Its descriptor
 * @path:	In a file system of type bpf; unlink() takes the name away
 *
 * Return: 0, -errno
 */
int bpf_pin(int fd, const char *path)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = pointer(path);
	attr.bpf_fd = (uint32_t)fd;
	return call(BPF_OBJ_PIN, &attr);
}
