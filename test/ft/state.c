// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * state.c - the whole state of the stand-in guest, copied in one go
 *
 * Theory of operation
 *
 *   lwIP, stack.c and service.c are the guest; all that they write is in two sections of this
 *   program, ft_data and ft_bss: their objects were told so when they were made.  The program
 *   is not position independent, so that a pointer in the state means the same in another
 *   process of the same program.  To copy the state is memcpy().
 *
 *	guest			area: a file both map	standby
 *	state_save(n) ------>	[slot n % 2]
 *							state_keep(n): into a copy of its own
 *							state_load(): it is the guest
 *
 *   The area is what a connection between two hosts is otherwise; it should be in memory.  A slot has its number
 *   behind and before what it holds; the number before is 0 while it is written.  Of the
 *   copies that the standby has of its own one is always whole.
 */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	SLOTS		= 2,
	SLOT_SIZE	= 8 * 1024 * 1024,
};

/* Made by the linker, by names that C leaves to it */
extern uint8_t data_begin[] __asm__("__start_ft_data"), data_end[] __asm__("__stop_ft_data");
extern uint8_t bss_begin[] __asm__("__start_ft_bss"), bss_end[] __asm__("__stop_ft_bss");

/**
 * struct slot - a copy of the state
 * @number:	which, 0: none that is whole
 * @size:	of the state, bytes
 * @code:	where a function of this program is: another program has it elsewhere
 * @bytes:	the state
 * @end:	@number again
 */
struct slot {
	_Atomic uint64_t number;
	uint64_t size;
	uint64_t code;
	uint8_t bytes[SLOT_SIZE];
	_Atomic uint64_t end;
};

/**
 * struct state_self - state of this file
 * @area:	what both processes see, SLOTS
 * @last:	which of @kept is whole, -1: none
 */
static struct {
	struct slot *area;
	int last;
} self = { .last = -1 };

/* Copies of our own */
static struct slot kept[2];

/* size_of() - Size of what lies between two addresses */
static size_t size_of(const uint8_t *begin, const uint8_t *end)
{
	return (size_t)((uintptr_t)end - (uintptr_t)begin);
}

/**
 * state_init() - Have the area
 * @path:	File, made if it is not there
 *
 * Return: 0; -errno
 */
int state_init(const char *path)
{
	size_t size = SLOTS * sizeof(struct slot);
	void *p;
	int fd;

	if (state_size() > SLOT_SIZE)
		return -EFBIG;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	p = ftruncate(fd, (off_t)size) ? MAP_FAILED :
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return -errno;
	/* Page faults are for now, not for when the guest is paused */
	(void)madvise(p, size, MADV_POPULATE_WRITE);
	self.area = p;
	return 0;
}

/* state_size() - Return size of the state, bytes */
size_t state_size(void)
{
	return size_of(data_begin, data_end) + size_of(bss_begin, bss_end);
}

/**
 * state_save() - Copy the state into the area
 * @number:	Which copy it is, not 0; the one two before it is overwritten
 */
void state_save(uint64_t number)
{
	struct slot *s = &self.area[number % SLOTS];
	size_t data = size_of(data_begin, data_end);

	atomic_store(&s->number, 0);
	s->size = state_size();
	s->code = (uintptr_t)&state_save;
	memcpy(s->bytes, data_begin, data);
	memcpy(s->bytes + data, bss_begin, size_of(bss_begin, bss_end));
	atomic_store(&s->end, number);
	atomic_store(&s->number, number);
}

/**
 * state_keep() - Have a copy of our own of what is in the area
 * @number:	Which
 *
 * Return: 0; -ENOENT: it is not there, or not whole; -EPROTO: of another program
 */
int state_keep(uint64_t number)
{
	const struct slot *from = &self.area[number % SLOTS];
	int other = self.last != 0 ? 0 : 1;
	struct slot *to = &kept[other];

	if (atomic_load(&from->number) != number || atomic_load(&from->end) != number)
		return -ENOENT;
	if (from->size != state_size() || from->code != (uintptr_t)&state_save)
		return -EPROTO;
	memcpy(to->bytes, from->bytes, from->size);
	if (atomic_load(&from->number) != number)
		return -ENOENT;
	to->number = number;
	self.last = other;
	return 0;
}

/**
 * state_load() - Be what the last copy says that was kept
 * @number:	Set to which it was
 *
 * Return: 0; -ENOENT: none was
 */
int state_load(uint64_t *number)
{
	size_t data = size_of(data_begin, data_end);
	const struct slot *s = &kept[self.last < 0 ? 0 : self.last];

	if (self.last < 0)
		return -ENOENT;
	memcpy(data_begin, s->bytes, data);
	memcpy(bss_begin, s->bytes + data, size_of(bss_begin, bss_end));
	*number = s->number;
	return 0;
}
