// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * checkpoint.c - a checkpoint that anybody may have written, taken over and gone on with
 * links: checkpoint.c checkpoint_load.c checkpoint_save.c image.c tcp_image.c udp_image.c conn.c timer.c tcp.c tcp_fsm.c
 * links: tcp_end.c tcp_in.c tcp_out.c tcp_rto.c tcp_seg.c tail.c udp_flow.c fwd.c net.c
 * links: netlink.c nlmsg.c resolv.c dnsname.c frame.c addr.c csum.c count.c log.c util.c
 *
 * An input is an image, but for its sums, which are put right first: few inputs would
 * get beyond them.  Sockets are replaced by what a kernel would allow for: so many unread
 * bytes as were put in, of which no more can be peeked or consumed.  What was taken over
 * goes on through some time-outs, is written again, and read again.
 */
#include "test/fuzz/fuzz.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "block.h"
#include "bound.h"
#include "checkpoint.h"
#include "checkpoint_load.h"
#include "checkpoint_save.h"
#include "conn.h"
#include "epoch.h"
#include "fwd.h"
#include "fwd_listen.h"
#include "icmp.h"
#include "image.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "pkt.h"
#include "repair.h"
#include "sock.h"
#include "sock_udp.h"
#include "tap.h"
#include "tap_link.h"
#include "tcp.h"
#include "tcp_end.h"
#include "timer.h"
#include "udp_flow.h"
#include "util.h"
#include "wire.h"
#include "xxhash.h"

enum {
	MAGIC_HEAD	= 16,
	HEAD		= 8,
	SUM		= 8,
	AT		= MAGIC_HEAD + HEAD,	/* time in PROGRAM, which comes first */
	BASE		= AT + 9,	/* time of the image that this one goes on with */
	MTU_AT		= 12,		/* in a section NET: behind two MAC addresses */
	NET_BODY	= 256,
	FDS		= 4096,
	FD_FIRST	= 10000,	/* none that the process has */
	PORT_LAST	= 5999,		/* of those that are forwarded */
	TICKS		= 40,
	TICK_US		= 250000,
	IMAGE_MAX	= 1 << 21,
	SEND_MAX	= 1 << 16,	/* a kernel's send queue */
	SLOTS		= 16,
	SLOT		= 65536 + TAP_HEAD_MAX,
};

/*
 * struct fake - a socket
 * @used:	it is open
 * @shut:	our FIN is behind what was sent
 * @waits:	it has all, and waits for repair_go()
 * @unread:	bytes in the receive queue
 * @peek:	where the next look begins
 * @state:	as dumped
 */
static struct fake {
	bool used;
	bool shut;
	bool waits;
	uint32_t unread;
	uint32_t peek;
	struct repair dump;
} fake[FDS];

static uint64_t now;
static int clock_calls;

static void must(bool cond)
{
	if (!cond)
		abort();
}

static struct fake *at(int fd)
{
	must(fd >= FD_FIRST && fd < FD_FIRST + FDS && fake[fd - FD_FIRST].used);
	return &fake[fd - FD_FIRST];
}

static int new_fd(void)
{
	for (int i = 0; i < FDS; i++) {
		if (!fake[i].used) {
			memset(&fake[i], 0, sizeof(fake[i]));
			fake[i].used = true;
			return FD_FIRST + i;
		}
	}
	return -EMFILE;
}

/* ------------------------------------------------------------- in place of repair.c */

void repair_init(void) {}
bool repair_unsent(int fd) { (void)at(fd); return true; }
bool repair_possible(void) { return true; }
bool repair_helped(void) { return false; }
int repair_deaf(int fd, bool deaf) { (void)deaf; (void)at(fd); return 0; }
bool repair_heard(int fd, const struct repair *r)
{
	(void)fd, (void)r;
	return false;
}

int repair_leave(int fd) { (void)at(fd); return 0; }
int repair_resume(int fd, const struct repair *r) { (void)r; return repair_leave(fd); }
int repair_quiet(int fd, const struct repair *r) { (void)r; (void)at(fd); return 0; }

int repair_begin(const struct repair *r)
{
	int fd = new_fd();

	if (fd >= 0)
		at(fd)->dump = *r;
	return fd;
}

int repair_make(int fd, const struct repair *r, uint32_t elapsed_ms)
{
	(void)elapsed_ms;
	if (fd < 0)
		fd = repair_begin(r);
	if (fd >= 0)
		at(fd)->dump = *r;
	return fd;
}

int repair_ends(int fd, struct repair *r)
{
	r->local = at(fd)->dump.local;
	r->lport = at(fd)->dump.lport;
	r->peer = at(fd)->dump.peer;
	r->pport = at(fd)->dump.pport;
	return 0;
}

int repair_dump(int fd, bool deaf, struct repair *r)
{
	must(deaf);
	*r = at(fd)->dump;
	r->len[REPAIR_UNREAD] = at(fd)->unread;
	r->len[REPAIR_SENT] = r->len[REPAIR_UNSENT] = 0;
	return 0;
}

int repair_peek(int fd, struct repair *r, bool send, const uint8_t **data)
{
	static const uint8_t queue[IMAGE_MAX];

	(void)at(fd);
	*data = queue;
	return send || r->len[REPAIR_UNREAD] > IMAGE_MAX ? -ENODATA : 0;
}

void repair_vanish(int fd)
{
	at(fd)->used = false;
}

ssize_t repair_fill(int fd, enum repair_queue q, const uint8_t *data, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += data[i];			/* each byte must be there */
	if (q == REPAIR_UNREAD)
		at(fd)->unread += (uint32_t)len;
	must(sum != UINT32_MAX && at(fd)->unread <= REPAIR_QUEUE_MAX);
	return 0;
}

int repair_wait(int fd, const struct repair *r)
{
	(void)r;
	at(fd)->waits = true;
	return 0;
}

void repair_ask(int fd) { (void)at(fd); }
int repair_go(int fd, const struct repair *r, bool ask)
{
	(void)ask;
	must(at(fd)->waits);
	at(fd)->shut = repair_fin_sent(r);
	return 0;
}

/* --------------------------------------------------------------- in place of sock.c */

void sock_close(int fd) { at(fd)->used = false; }
void sock_tcp_abort(int fd) { at(fd)->used = false; }
int sock_error(int fd) { (void)at(fd); return 0; }
bool sock_broken(int fd) { (void)at(fd); return false; }
int sock_buffers(int fd, uint32_t *out, uint32_t *in)
{
	(void)at(fd);
	*out = *in = 0;
	return 0;
}

int sock_open(int family, int type, int proto)
{
	(void)family;
	(void)type;
	(void)proto;
	return new_fd();
}

/* Of two addresses the host has one */
int sock_bind_as(int fd, const struct addr *a, uint16_t port, unsigned scope, bool out)
{
	(void)at(fd);
	(void)port;
	(void)scope;
	(void)out;
	return a->b[15] & 1 ? 0 : -EADDRNOTAVAIL;
}

bool epoch_stalled_since(uint64_t at) { (void)at; return false; }

int sock_local(int fd, struct addr *a, uint16_t *port)
{
	(void)at(fd);
	*a = addr_none;
	*port = PORT_LAST;
	return 0;
}
uint64_t sock_tcp_memory(void) { return 0; }
int sock_tcp_unacked(int fd) { return at(fd)->shut ? 0 : 1; }
int sock_tcp_stalled(int fd) { (void)at(fd); return 1; }
int sock_tcp_allow_fragments(int fd) { (void)at(fd); return 0; }
int sock_tcp_accept(int fd, struct sock_ends *e) { (void)fd; (void)e; return -EAGAIN; }
bool sock_tcp_refuse(int fd) { (void)fd; return false; }

int sock_tcp_dial(const struct addr *dst, uint16_t port, unsigned scope)
{
	(void)dst;
	(void)port;
	(void)scope;
	return new_fd();
}

int sock_tcp_shutdown(int fd)
{
	at(fd)->shut = true;
	return 0;
}

ssize_t sock_tcp_send(int fd, struct iovec *iov, int niov)
{
	(void)at(fd);
	return niov ? (ssize_t)min_size(iov->iov_len, SEND_MAX) : 0;
}

int sock_tcp_seek(int fd, uint32_t skip)
{
	must(skip <= at(fd)->unread);
	at(fd)->peek = skip;
	return 0;
}

ssize_t sock_tcp_peek(int fd, uint32_t skip, struct iovec *iov, int niov)
{
	struct fake *f = at(fd);
	uint32_t left = f->unread - f->peek, n = 0;

	(void)skip;
	for (int i = 0; i < niov && n < left; i++) {
		uint32_t take = (uint32_t)min_size(iov[i].iov_len, left - n);

		memset(iov[i].iov_base, 'x', take);
		n += take;
	}
	f->peek += n;
	return n ? (ssize_t)n : -EAGAIN;
}

ssize_t sock_tcp_consume(int fd, size_t n)
{
	struct fake *f = at(fd);

	must(n <= f->unread);
	f->unread -= (uint32_t)n;
	f->peek -= min_u32(f->peek, (uint32_t)n);
	return (ssize_t)n;
}

int sock_tcp_room(int fd, struct sock_room *room)
{
	(void)at(fd);
	*room = (struct sock_room){ .size = SEND_MAX };
	return 0;
}

enum sock_tcp_state sock_tcp_state(int fd)
{
	return at(fd)->shut ? SOCK_TCP_FIN_ACKED : SOCK_TCP_ESTABLISHED;
}

int sock_udp_open(const struct sock_udp_path *to, uint16_t port, enum sock_udp_kind kind)
{
	(void)port;
	(void)kind;
	return to->port || addr_is4(&to->peer) ? new_fd() : -EADDRNOTAVAIL;
}

uint8_t sock_udp_ttl(bool want6) { (void)want6; return 0; }

int sock_udp_mtu(int fd, const struct addr *peer)
{
	(void)fd;
	(void)peer;
	return NET_MTU_MAX;
}

/* ------------------------------------------------------ in place of the rest of it */

int loop_add(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	(void)kind;
	(void)events;
	must(conn_get(id));
	(void)at(fd);
	return 0;
}

int loop_mod(int fd, enum loop_kind kind, uint64_t id, uint32_t events)
{
	return loop_add(fd, kind, id, events);
}

uint64_t loop_now(void) { return now; }
uint64_t loop_wall_ms(void) { return now / 1000 + (uint64_t)clock_calls++; }

int block_addr(const struct addr *a) { return addr_is_none(a) ? -EINVAL : 0; }
bool block_complete(void) { return true; }
void block_end(void) {}
int bound_half_open(const struct ports *ports, struct bound_half *half, int max)
{
	(void)ports, (void)half, (void)max;
	return -ENOENT;
}

static struct fwd_listener listener = { .fd = FD_FIRST, .port = PORT_LAST };

const struct fwd_listener *fwd_listener(uint32_t n) { return n ? NULL : &listener; }
void fwd_listen_hush(bool hush) { (void)hush; }

int fwd_listen_find(uint8_t proto, uint16_t port)
{
	listener.proto = proto;
	return port <= PORT_LAST ? 0 : -1;
}

void fwd_listen_ports(uint8_t proto, struct ports *set)
{
	(void)proto;
	ports_clear(set);
	for (int port = 1; port <= PORT_LAST; port++)
		ports_add(set, (uint16_t)port);
}

bool fwd_listen_may(uint8_t proto, const struct addr *a, uint16_t port)
{
	(void)proto, (void)a;
	return port <= PORT_LAST;
}

bool icmp_error_set(struct icmp_error *e, int err) { (void)e; (void)err; return false; }
void icmp_error_to_guest(const struct icmp_error *e) { (void)e; }

void icmp_echo_restore(const struct conn_key *key, uint8_t *msg, uint32_t have, uint32_t len)
{
	(void)key;
	memset(msg, 0, min_u32(have, len));
}

static uint8_t slot[SLOTS][SLOT];
static int lent;

unsigned tap_caps(void) { return 0; }
void tap_flush(void) {}

int tap_lend(unsigned hlen, uint32_t unit, size_t want, struct iovec *iov, int max)
{
	must(hlen <= TAP_HEAD_MAX && unit && unit + hlen <= SLOT && want);
	for (lent = 0; lent < max && lent < SLOTS && want; lent++) {
		iov[lent].iov_base = slot[lent] + TAP_HEAD_MAX;
		iov[lent].iov_len = min_size(unit, want);
		want -= iov[lent].iov_len;
	}
	return lent;
}

int tap_give(const void *hdr, unsigned hlen, uint32_t len, const struct virtio_net_hdr *vh)
{
	(void)len;
	must(lent-- > 0);
	return tap_send(hdr, hlen, vh);
}

int tap_send(const void *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	uint8_t *copy = malloc(len);

	must(copy && vh);
	memcpy(copy, frame, len);		/* each byte must be there */
	free(copy);
	return 0;
}

uint32_t tap_head(const struct tap_frame *f, void *copy, uint32_t n)
{
	(void)f;
	(void)copy;
	(void)n;
	return 0;
}

void tap_link_csum(uint8_t *frame, uint32_t len, const struct virtio_net_hdr *vh)
{
	(void)vh;
	memset(frame, 0, len);
}

/* ----------------------------------------------------------------------- the target */

/* seal() - Put the sums of all sections right */
static void seal(uint8_t *p, size_t size)
{
	size_t i = MAGIC_HEAD;

	while (i + HEAD + SUM <= size) {
		uint32_t len = get_be32(p + i + 4);
		uint64_t s;

		if (len > size - i - HEAD - SUM)
			return;
		s = xxh64(p + i, HEAD + len, i);
		put_be32(p + i + HEAD + len, (uint32_t)(s >> 32));
		put_be32(p + i + HEAD + len + 4, (uint32_t)s);
		i += HEAD + len + SUM;
	}
}

/* start() - The program as it is before it reads */
static void start(void)
{
	static const struct fwd_conf conf;
	uint8_t body[NET_BODY] = "";
	struct pkt_reader r = pkt_reader(body, sizeof(body));

	log_level = LOG_LVL_ERR;
	memset(fake, 0, sizeof(fake));
	now = UINT64_C(1000000000);
	clock_calls = 0;
	timer_init(now);
	conn_init();
	put_be16(body + MTU_AT, NET_MTU_MAX);
	must(!net_load(&r));
	fwd_init(&conf);
	udp_flow_init(FDS);
	tcp_init();
	checkpoint_init();
	checkpoint_save_init();
	checkpoint_load_init();
}

/* run() - Some time passes */
static void run(void)
{
	for (int i = 0; i < TICKS; i++) {
		int64_t id;

		now += TICK_US;
		while ((id = timer_expired(now)) >= 0) {
			struct conn *c = conn_at((uint32_t)id);

			if (c && c->kind == CONN_TCP)
				tcp_end_timeout(c, now);
			else if (c)
				udp_flow_timeout(c, now);
		}
	}
}

static bool same(const void *a, const void *b, size_t n)
{
	return !memcmp(a, b, n);
}

/* load() - Take over what is in a file; true: it was; false: what the guest has stays */
static bool load(int fd)
{
	bool prepared = checkpoint_state() == CHECKPOINT_PREPARED;
	struct net was = *net;

	must(lseek(fd, 0, SEEK_SET) == 0);
	if (checkpoint_load(fd, false, now)) {
		must(*checkpoint_report()->error);
		must(checkpoint_state() == (prepared ? CHECKPOINT_PREPARED : CHECKPOINT_NONE));
		was.version = net->version;
		must(same(&was, net, sizeof(was)));
		return false;
	}
	return true;
}

/* fill() - Have a file with these bytes */
static void fill(int fd, const uint8_t *data, size_t size)
{
	must(!ftruncate(fd, 0) && pwrite(fd, data, size, 0) == (ssize_t)size);
}

/* empty() - Nothing was taken over, or all was given up */
static void empty(void)
{
	must(!conn_count(CONN_TCP) && !conn_count(CONN_UDP) && !conn_count(CONN_ECHO));
	for (int i = 0; i < FDS; i++)
		must(!fake[i].used);
}

/* save() - Write all there is; true: it was written */
static bool save(int fd, enum checkpoint_mode mode, bool known)
{
	int rc;

	must(!ftruncate(fd, 0) && lseek(fd, 0, SEEK_SET) == 0);
	rc = checkpoint_save(fd, mode, known);
	if (!rc) {
		while ((rc = checkpoint_save_more(now)) > 0)
			;
	}
	return !rc;
}

/*
 * split() - Where a second image begins, that of the state, if there is one
 *
 * The times by which it refers to the first one are put right.
 */
static size_t split(uint8_t *p, size_t size)
{
	static const uint8_t magic[] = "passt\x1a\r\n";
	uint8_t *q = size > AT + 1 ? memmem(p + 1, size - 1, magic, sizeof(magic) - 1) : NULL;

	if (!q)
		return size;
	if (size - (size_t)(q - p) >= BASE + 8)
		memcpy(q + BASE, p + AT, 8);
	return (size_t)(q - p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t image[IMAGE_MAX];
	static int fd = -1, flows = -1;
	size_t first;

	if (size > IMAGE_MAX)
		return 0;
	if (fd < 0) {
		fd = memfd_create("image", MFD_CLOEXEC);
		flows = memfd_create("flows", MFD_CLOEXEC);
	}
	memcpy(image, data, size);
	first = split(image, size);
	seal(image, first);
	seal(image + first, size - first);
	fill(fd, image, first);

	start();
	if (!load(fd)) {
		empty();
		return 0;
	}
	if (checkpoint_state() == CHECKPOINT_PREPARED) {
		fill(fd, image + first, size - first);
		if (!load(fd) || checkpoint_state() != CHECKPOINT_LOADED) {
			checkpoint_forget();
			empty();
			return 0;
		}
	}
	must(checkpoint_state() == CHECKPOINT_LOADED);
	checkpoint_go(now);
	run();
	/* Written in two steps, by what it has become, and read once more */
	if (!save(flows, CHECKPOINT_FLOWS, false))
		return 0;
	run();
	if (save(fd, CHECKPOINT_EXIT, true)) {
		checkpoint_part();
		start();
		must(load(flows) && checkpoint_state() == CHECKPOINT_PREPARED);
		must(load(fd) && checkpoint_state() == CHECKPOINT_LOADED);
		checkpoint_go(now);
		run();
	}
	return 0;
}
