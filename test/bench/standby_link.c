// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * standby_link.c - how much the link to a standby carries, and what its MAC costs
 * links: standby_link.c standby_auth.c sock_unix.c addr.c log.c loop.c count.c util.c
 *
 * usage: standby_link mac
 *	  standby_link listen KEY PLACE
 *	  standby_link send KEY PLACE BYTES SECONDS [one]
 *
 *	mac	GB/s of the MAC, over records of 1, 16 and 64 KiB
 *	listen	takes records at PLACE, confirms them, until the other end goes
 *	send	records of so many bytes, copied in; "one": each when the one before it
 *		was confirmed
 *
 * PLACE is a path, or ADDRESS/PORT.  Each end prints one line: bytes of bodies that were
 * confirmed, Gbit/s, processor time as a share of the wall's; with "one" also us for a
 * record and its confirmation.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "log.h"
#include "loop.h"
#include "siphash.h"
#include "standby_link.h"
#include "util.h"

enum { EVENTS = 16, MAC_MS = 500, UNSENT_MAX = 512 * 1024 };

static struct standby_status status(void)
{
	struct standby_status s;

	standby_link_status(&s);
	return s;
}

/* mac() - Time the MAC, on bytes that are in the cache */
static void mac(void)
{
	static const size_t len[] = { 1024, 16384, 65536 };
	static uint8_t data[65536];
	struct siphash_key key = { { 1, 2 } };
	uint8_t out[SIPHASH_MAC];

	for (size_t i = 0; i < ARRAY_SIZE(len); i++) {
		uint64_t begin = loop_now(), n = 0, now;
		struct iovec iov = { data, len[i] };

		do {
			for (int k = 0; k < 64; k++, n++) {
				siphash_iov(&key, &iov, 1, out);
				memcpy(data, out, sizeof(out));
			}
			now = loop_now();
		} while (now < begin + (uint64_t)MAC_MS * 1000);
		printf("mac %zu bytes: %.2f GB/s\n", len[i],
		       (double)n * (double)len[i] / (double)(now - begin) / 1000);
	}
}

static double cpu_s(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* turn() - Wait for something, and handle it.  Return: the time then */
static uint64_t turn(uint64_t until)
{
	struct loop_event ev[EVENTS];
	int n = loop_wait(ev, EVENTS, min_u64(until, standby_link_deadline()), false);
	uint64_t now = loop_now();

	for (int i = 0; i < n; i++)
		standby_link_event(ev[i].id, ev[i].events, now);
	if (now >= standby_link_deadline())
		standby_link_timer(now);
	return now;
}

static void report(const char *who, uint64_t bytes, uint64_t us, double cpu)
{
	printf("%s: %llu bytes, %.2f Gbit/s, processor %.0f %%", who, (unsigned long long)bytes,
	       (double)bytes * 8 / (double)us / 1000, cpu / (double)us * 1e8);
}

static void take_all(const struct standby_place *at)
{
	uint64_t begin = 0, bytes = 0, now = 0;
	double cpu = 0;

	if (standby_link_listen(at))
		die("can not listen there");
	while (status().state != STANDBY_LINK_ENDED) {
		struct standby_record r = { .number = 0 };

		now = turn(LOOP_NEVER);
		while (standby_link_next(&r)) {
			if (!begin) {
				begin = now;
				cpu = cpu_s();
			}
			bytes += r.len;
			standby_link_ack(r.number);
		}
		if (r.number)
			standby_link_done(r.number, now);
		standby_link_flush(now);
	}
	report("listen", bytes, now - begin, cpu_s() - cpu);
	putchar('\n');
}

static void send_all(const struct standby_place *to, size_t len, uint64_t us, bool one)
{
	static uint8_t body[STANDBY_BODY_MAX];
	struct iovec iov = { body, len };
	uint64_t begin = 0, now = loop_now(), written = 0, acked = 0;
	double cpu = 0;

	memset(body, 0x5a, sizeof(body));
	if (standby_link_dial(to, now))
		die("nobody listens there");
	while (!begin || now < begin + us) {
		now = turn(begin ? begin + us : LOOP_NEVER);
		if (status().state != STANDBY_LINK_UP) {
			if (begin || standby_link_deadline() == LOOP_NEVER)
				die("no session");
			continue;
		}
		if (!begin) {
			begin = now;
			cpu = cpu_s();
		}
		acked = status().acked;
		if (one && written && acked != written)
			continue;
		/* What waits stays in the cache */
		while (status().unsent < UNSENT_MAX && standby_link_room()) {
			written = standby_link_put(1, &iov, 1);
			if (one)
				break;
		}
		standby_link_flush(now);
	}
	report("send", acked * len, now - begin, cpu_s() - cpu);
	if (one && acked)
		printf(", %.1f us", (double)(now - begin) / (double)acked);
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct standby_conf conf = { .cluster = "bench" };
	struct standby_place place = { .path = argc > 3 ? argv[3] : NULL };
	bool sends = argc > 5 && !strcmp(argv[1], "send");
	char *slash;
	uint32_t port, len = 1, seconds = 1;

	log_stderr(true);
	log_level = LOG_LVL_ERR;
	if (argc == 2 && !strcmp(argv[1], "mac")) {
		mac();
		return EXIT_SUCCESS;
	}
	if (!sends && (argc != 4 || strcmp(argv[1], "listen") != 0))
		die("usage: standby_link mac | listen KEY PLACE | "
		    "send KEY PLACE BYTES SECONDS [one]");
	slash = strrchr(argv[3], '/');
	if (argv[3][0] != '/' && slash) {
		*slash = '\0';
		if (!addr_parse(argv[3], &place.addr) ||
		    !util_parse_uint(slash + 1, UINT16_MAX, &port))
			die("no address and port: %s", argv[3]);
		place.path = NULL;
		place.port = (uint16_t)port;
	}
	if (sends && (!util_parse_uint(argv[4], STANDBY_BODY_MAX, &len) || !len ||
		      !util_parse_uint(argv[5], 3600, &seconds)))
		die("bytes or seconds make no sense");
	conf.role = sends ? STANDBY_PRIMARY : STANDBY_STANDBY;
	conf.key = argv[2];
	if (loop_init() || standby_link_init(&conf))
		die("the key can not be used: %s", argv[2]);
	if (sends)
		send_all(&place, len, (uint64_t)seconds * 1000000, argc > 6);
	else
		take_all(&place);
	return EXIT_SUCCESS;
}
