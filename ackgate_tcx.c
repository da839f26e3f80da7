// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ackgate_tcx.c - the gate in the kernel: a program at each interface, a tap device behind it
 *
 * Theory of operation
 *
 *	socket (SO_MARK: slot) --> TCP --> IP --> program at egress ---> interface
 *							|  ^
 *				what has to wait	|  | egress again, without a mark
 *							v  |
 *						     tap device <--> this process
 *
 *   ackgate_prog.c is the program, and says what has to wait.  That comes out of a tap
 *   device, one for each interface, whole Ethernet frames of headers only, with checksums.
 *   Their source address has been replaced by the number of the slot, and is put back here.
 *   What is written to the device goes on to where it had been on its way: a second program
 *   takes it there.  So no route, neighbour, or setting of the host matters.
 *
 * When the process is dead
 *
 *   Its tap devices are gone, and what is diverted is thrown away.  If there is a
 *   directory for it, links are pinned there, and the program goes on: it lets out no more
 *   than what was committed.
 *
 * Who has what
 *
 *   An owner is locked by an abstract socket of that name, which ends with its process,
 *   and so is a range of marks: the first that neither somebody has, nor a pinned link is
 *   named after.  Both are of a network namespace, like the interfaces.  Pins are named
 *   passt-NAMESPACE-OWNER-RANGE-INTERFACE.  Who starts finds those of a dead process of
 *   the same owner and removes them: from then on the kernel may say what it likes about
 *   connections of that process.  So first the address has to be elsewhere, or they are
 *   given up.
 *
 * It does not do
 *
 *   Interfaces without Ethernet headers; VLAN tags that are in the frame already.
 */
#include "ackgate_tcx.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bpf.h"
#include "log.h"
#include "netlink.h"
#include "util.h"
#include "wire.h"

enum {
	RANGES		= 64,		/* of marks: gates of a host */
	ENDED		= 16384,	/* address pairs whose end was thrown away */
	TAP_QUEUE	= 8192,		/* frames: what does not fit is lost, as on a wire */
	PATH_LEN	= 300,
	NAME_LEN	= 80,		/* of a pin */
	OWNER_MAX	= 32,
	NUMBER_AT	= offsetof(struct wire_eth, src) + 2,
};

#define PIN_NAME	"passt-"
#define NUMBER_MASK	((UINT32_C(1) << ACKGATE_NUMBER) - 1)

/**
 * struct gate_if - an interface that is watched
 * @link:	as it was found
 * @tap:	tap device: what is diverted from there
 * @egress:	link of the program
 * @back:	link of the program of the tap device
 * @path:	name of @egress, empty: none
 */
struct gate_if {
	struct netlink_link link;
	int tap;
	int egress;
	int back;
	char path[PATH_LEN];
};

/**
 * struct ackgate_tcx_self - state of this file
 * @netlink:	rtnetlink socket, while it is opened
 * @owner:	abstract socket: this owner is here
 * @claim:	abstract socket: this range of marks is ours
 * @range:	its number
 * @prog:	what the programs know
 * @slot:	the map, where it is in our memory
 * @space:	number of the network namespace
 * @ifs:	of @iface
 * @iface:	interfaces
 */
static struct {
	int netlink;
	int owner;
	int claim;
	unsigned range;
	struct ackgate_prog prog;
	struct ackgate_slot *slot;
	unsigned long space;
	unsigned ifs;
	struct gate_if iface[ACKGATE_IFS];
} self = { .netlink = -1, .owner = -1, .claim = -1, .prog = { .array = -1, .ended = -1 } };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* -------------------------------------------------------------------- who has what */

/* lock() - An abstract socket of a name that nobody else can have; descriptor, -errno */
static int lock(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd, rc;

	if (BUG_ON(len + 1 > sizeof(a.sun_path)))
		return -EINVAL;
	memcpy(a.sun_path + 1, name, len);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!bind(fd, (const struct sockaddr *)&a,
		  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)))
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/* owner_ok() - Whether it can be part of a name */
static bool owner_ok(const char *owner)
{
	size_t len = strlen(owner);

	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)owner[i]))
			return false;
	}
	return len && len < OWNER_MAX;
}

/* take_number() - The number that a name goes on with, and the '-' after it, if any */
static bool take_number(const char **name, unsigned long *n)
{
	char *end;

	if (!isdigit((unsigned char)**name))
		return false;
	*n = strtoul(*name, &end, 10);
	*name = *end == '-' ? end + 1 : end;
	return true;
}

/* read_pin() - Take the name of a pin apart; false: none of this namespace */
static bool read_pin(const char *name, char owner[OWNER_MAX], unsigned long *range)
{
	unsigned long space, index;
	size_t len;

	if (strncmp(name, PIN_NAME, strlen(PIN_NAME)))
		return false;
	name += strlen(PIN_NAME);
	if (!take_number(&name, &space) || space != self.space)
		return false;
	len = strcspn(name, "-");
	if (!util_copy_n(owner, OWNER_MAX, name, len) || !owner_ok(owner) || !name[len])
		return false;
	name += len + 1;
	return take_number(&name, range) && *range < RANGES && take_number(&name, &index) &&
	       !*name;
}

/*
 * leftovers() - What dead processes left in the directory of pins
 *
 * Removes what has our owner's name.  Return: bits of ranges that others have
 */
static uint64_t leftovers(const struct ackgate_conf *conf)
{
	DIR *dir = conf->pin ? opendir(conf->pin) : NULL;
	uint64_t taken = 0;
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		char owner[OWNER_MAX];
		unsigned long range;

		if (!read_pin(e->d_name, owner, &range))
			continue;
		if (strcmp(owner, conf->owner)) {
			taken |= UINT64_C(1) << range;
			continue;
		}
		info("A gate of an earlier process of %s is removed: %s", owner, e->d_name);
		(void)unlinkat(dirfd(dir), e->d_name, 0);
	}
	if (dir)
		(void)closedir(dir);
	return taken;
}

/* claim() - This owner, and a range of marks; 0, -errno: -EADDRINUSE: somebody else has it */
static int claim(const struct ackgate_conf *conf)
{
	char name[NAME_LEN];
	struct stat st;
	uint64_t taken;

	if (!owner_ok(conf->owner) || stat("/proc/self/ns/net", &st))
		return -EINVAL;
	self.space = st.st_ino;
	(void)snprintf(name, sizeof(name), "passt-gate-owner-%s", conf->owner);
	self.owner = lock(name);
	if (self.owner < 0)
		return self.owner;
	taken = leftovers(conf);
	for (self.range = 0; self.range < RANGES; self.range++) {
		if (taken >> self.range & 1)
			continue;
		(void)snprintf(name, sizeof(name), "passt-gate-range-%u", self.range);
		self.claim = lock(name);
		if (self.claim >= 0)
			break;
	}
	if (self.claim < 0)
		return self.claim;
	self.prog.mark = conf->mark + self.range * conf->slots;
	self.prog.slots = conf->slots;
	return 0;
}

/* -------------------------------------------------------------------- one interface */

/* open_tap() - A tap device, which ends with its descriptor; 0, -errno */
static int open_tap(struct gate_if *i, struct netlink_link *tap)
{
	struct ifreq req = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int rc;

	(void)snprintf(req.ifr_name, sizeof(req.ifr_name), "gate%u-%%d", self.range);
	i->tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (i->tap < 0 || ioctl(i->tap, TUNSETIFF, &req))
		return -errno;
	rc = netlink_link(self.netlink, 0, req.ifr_name, tap);
	if (rc)
		return rc;
	/* Before it is up: the ring is made as long as this */
	(void)netlink_set_queue(self.netlink, tap->index, TAP_QUEUE);
	return netlink_up(self.netlink, tap->index);
}

/* open_back() - What we write to the tap device leaves by the interface; 0, -errno */
static int open_back(struct gate_if *i, const struct netlink_link *tap)
{
	int prog = ackgate_prog_back(i->link.index);

	if (prog < 0)
		return prog;
	i->back = bpf_link_tcx(prog, tap->index, false);
	close(prog);
	return i->back < 0 ? i->back : 0;
}

/* open_egress() - The program decides from now on; 0, -errno */
static int open_egress(const struct ackgate_conf *conf, struct gate_if *i,
		       const struct netlink_link *tap)
{
	int prog, n;

	self.prog.to = tap->index;
	prog = ackgate_prog_egress(&self.prog);
	if (prog < 0)
		return prog;
	i->egress = bpf_link_tcx(prog, i->link.index, true);
	close(prog);
	if (i->egress < 0)
		return i->egress;
	if (!conf->pin)
		return 0;
	n = snprintf(i->path, sizeof(i->path), "%s/" PIN_NAME "%lu-%s-%u-%u", conf->pin, self.space,
		     conf->owner, self.range, i->link.index);
	if (n < 0 || (size_t)n >= sizeof(i->path))
		n = -ENAMETOOLONG;
	else
		n = bpf_pin(i->egress, i->path);
	if (n < 0)
		i->path[0] = '\0';
	return n;
}

/* open_if() - All of an interface; 0, -errno */
static int open_if(const struct ackgate_conf *conf, unsigned which)
{
	static const uint8_t none[6];
	struct gate_if *i = &self.iface[which];
	struct netlink_link tap = { 0 };
	int rc;

	*i = (struct gate_if){ .tap = -1, .egress = -1, .back = -1 };
	self.ifs++;
	rc = netlink_link(self.netlink, 0, conf->ifname[which], &i->link);
	if (rc)
		return rc;
	/* No address: no Ethernet; the frames would not be what the program expects */
	if (!memcmp(i->link.mac, none, sizeof(none)))
		return -EPFNOSUPPORT;
	rc = open_tap(i, &tap);
	if (!rc)
		rc = open_back(i, &tap);
	return rc ? rc : open_egress(conf, i, &tap);
}

/* -------------------------------------------------------------------- from outside */

/* open_maps() - What is shared with the programs; 0, -errno */
static int open_maps(void)
{
	size_t len = sizeof(*self.slot) * self.prog.slots;
	void *p;

	self.prog.array = bpf_array(sizeof(*self.slot), self.prog.slots);
	if (self.prog.array < 0)
		return self.prog.array;
	self.prog.ended = bpf_recent(ACKGATE_PAIR, ENDED);
	if (self.prog.ended < 0)
		return self.prog.ended;
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, self.prog.array, 0);
	if (p == MAP_FAILED)
		return -errno;
	self.slot = p;
	return 0;
}

/**
 * ackgate_tcx_open() - Set the gate up
 * @conf:	Where, for whom
 * @slots:	Set to all slots, each of which is free
 *
 * Return: 0; -EADDRINUSE: this owner has a gate, or all ranges are taken; other -errno: it
 *	   can not be had here, nothing of it is left
 */
int ackgate_tcx_open(const struct ackgate_conf *conf, struct ackgate_slot **slots)
{
	int rc = claim(conf);

	if (!rc)
		rc = open_maps();
	if (!rc) {
		self.netlink = netlink_open();
		rc = self.netlink < 0 ? self.netlink : 0;
	}
	for (unsigned i = 0; !rc && i < conf->ifs; i++)
		rc = open_if(conf, i);
	close_fd(&self.netlink);
	if (rc)
		ackgate_tcx_close();
	else
		*slots = self.slot;
	return rc;
}

/**
 * ackgate_tcx_close() - Leave the host as it was; may be called again
 */
void ackgate_tcx_close(void)
{
	for (unsigned i = 0; i < self.ifs; i++) {
		if (self.iface[i].path[0])
			(void)unlink(self.iface[i].path);
		close_fd(&self.iface[i].egress);
		close_fd(&self.iface[i].back);
		close_fd(&self.iface[i].tap);
	}
	self.ifs = 0;
	if (self.slot)
		(void)munmap(self.slot, sizeof(*self.slot) * self.prog.slots);
	self.slot = NULL;
	close_fd(&self.prog.array);
	close_fd(&self.prog.ended);
	close_fd(&self.claim);
	close_fd(&self.owner);
}

/* ackgate_tcx_mark() - Mark of the first slot */
uint32_t ackgate_tcx_mark(void)
{
	return self.prog.mark;
}

/* ackgate_tcx_fd() - Descriptor that is readable when something was diverted, of interface @i */
int ackgate_tcx_fd(unsigned i)
{
	return self.iface[i].tap;
}

/* ackgate_tcx_which() - The interface that has this index; -1: none of them */
int ackgate_tcx_which(uint32_t ifindex)
{
	for (unsigned i = 0; i < self.ifs; i++) {
		if (self.iface[i].link.index == ifindex)
			return (int)i;
	}
	return -1;
}

/**
 * ackgate_tcx_read() - The next frame that was diverted
 * @i:		Interface
 * @frame:	Set: as the kernel would have sent it
 * @slot:	Set: to which slot it belongs
 *
 * Return: its length; 0: none waits; -errno: the device is gone
 */
ssize_t ackgate_tcx_read(unsigned i, uint8_t frame[ACKGATE_FRAME], uint32_t *slot)
{
	static const uint8_t marker[2] = { ACKGATE_MARKER & 0xff, ACKGATE_MARKER >> 8 };
	const struct gate_if *g = &self.iface[i];
	struct wire_eth *e = (struct wire_eth *)frame;

	for (;;) {
		uint32_t number;
		ssize_t n = read(g->tap, frame, ACKGATE_FRAME);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		/*
		 * Whatever else the kernel has to say there is not for us, nor is what a
		 * connection diverted that had the slot before
		 */
		if (n < (ssize_t)sizeof(*e) || memcmp(e->src, marker, sizeof(marker)))
			continue;
		number = get_be32(frame + NUMBER_AT);
		*slot = number & NUMBER_MASK;
		memcpy(e->src, g->link.mac, sizeof(e->src));
		if (*slot < self.prog.slots &&
		    !((self.slot[*slot].turn << ACKGATE_NUMBER ^ number) & ~NUMBER_MASK))
			return n;
	}
}

/**
 * ackgate_tcx_write() - Let a frame leave
 * @i:		Interface
 * @frame:	From its Ethernet header
 * @len:	Its length
 *
 * Return: false: it is lost, as any frame may be
 */
bool ackgate_tcx_write(unsigned i, const uint8_t *frame, size_t len)
{
	return write(self.iface[i].tap, frame, len) == (ssize_t)len;
}
