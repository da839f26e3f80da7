// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conf.c - command lines
 *
 * Command lines: whatever the arguments, a result and one line.
 *
 * Input: arguments, each ended by a newline or a zero byte; the first is the
 * name we are called by.
 *
 * links: conf.c option.c ports.c addr.c util.c log.c
 */
#include "test/fuzz/fuzz.h"

#include <stdlib.h>

#include "conf.h"

enum { ARGS = 128, TEXT = 8192 };

/* check() - What the modules rely on */
static void check(const struct conf *c)
{
	const struct net_conf *n = &c->net;

	if (c->listen.ports.n > PORTS_RULES || n->ndns > (int)ARRAY_SIZE(n->dns) ||
	    n->nsearch > NET_SEARCH_MAX || n->mtu > NET_MTU_MAX || n->prefix4 > 32)
		abort();
	if (n->only4 && n->only6)
		abort();
	for (int i = 0; i < n->nsearch; i++) {
		if (!memchr(n->search[i], '\0', NET_NAME_LEN))
			abort();
	}
	if (!memchr(n->ifname, '\0', sizeof(n->ifname)) ||
	    !memchr(c->sock.if4, '\0', sizeof(c->sock.if4)) ||
	    !memchr(n->fqdn, '\0', sizeof(n->fqdn)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf c;
	static char text[TEXT];
	char *argv[ARGS + 1];
	enum conf_result rc;
	int argc = 0;
	char *p = text;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	while (p < text + size && argc < ARGS) {
		argv[argc++] = p;
		p += strcspn(p, "\n");
		*p++ = '\0';
	}
	argv[argc] = NULL;

	log_level = LOG_LVL_ERR;
	log_stderr(false);
	rc = conf_parse(argc, argv, &c);
	if (rc >= CONF_RESULT_NUM)
		abort();
	if (rc == CONF_RUN)
		check(&c);
	if ((rc == CONF_USAGE || rc == CONF_WRONG) && !*option_error())
		abort();
	return 0;
}
