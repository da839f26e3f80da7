// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * block.c - packets to addresses of the host are dropped for a while (nf_tables)
 *
 * Theory of operation
 *
 *   While connections are handed over, a packet that came for one would be acknowledged
 *   by a host that has been copied already, or reset by one that does not know it yet.
 *   So TCP and UDP to their addresses are dropped where they come in: silently, so that
 *   they are sent again.  Nor does TCP leave from there: a retransmission, whose time has
 *   come, has an acknowledgement in it, and is seen where the address may be elsewhere by
 *   now.  The host's own connections at these addresses wait as well.
 *
 *	table inet passt-PORT { flags owner;
 *		chain in { type filter hook input priority -400; policy accept;
 *			ip daddr A meta l4proto 6-17 drop
 *			...
 *		}
 *		chain out { type filter hook output priority -400; policy accept;
 *			ip saddr A meta l4proto 6 drop
 *			...
 *	} }
 *
 *   One transaction for the table and its first rules, one for each further address: a
 *   hundredth of the time that filters on ten thousand sockets take.  The table has an
 *   owner, our netlink socket (Linux 5.12): the kernel removes it when that is closed,
 *   however this process ends.  PORT is the port of that socket, which no other has.
 *
 *   It needs CAP_NET_ADMIN, and a kernel that has nf_tables; who calls has another way.
 *
 *   A transaction is one datagram: begin, messages, end; then an answer for each message
 *   that failed, and for each that asked for one (nfnetlink_rcv_batch()).  All are there
 *   when send() returns.  Numbers in attributes are big endian, in headers they are not.
 */
#include "block.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "nlmsg.h"
#include "sock.h"
#include "util.h"
#include "wire.h"

enum {
	BATCH_MAX	= 4096,		/* bytes of a transaction */
	ANSWER_MAX	= 8192,		/* an error has the message that caused it */
	NAME_LEN	= 32,		/* of the table */
	EARLY		= -400,		/* priority: before any other filter, NF_IP_PRI_RAW is -300 */
};

/**
 * struct block_chain - one of the two that the table has
 * @name:	of it
 * @hook:	where packets pass by it
 * @at4:	offset of the address that matters in a header of IPv4
 * @at6:	of IPv6
 * @last:	protocols dropped: from WIRE_TCP to this one
 */
static const struct block_chain {
	const char *name;
	uint32_t hook;
	uint32_t at4;
	uint32_t at6;
	uint8_t last;
} chain[] = {
	{ "in", NF_INET_LOCAL_IN, 16, 24, WIRE_UDP },
	/* Whoever sends datagrams would be told that they were dropped */
	{ "out", NF_INET_LOCAL_OUT, 12, 8, WIRE_TCP },
};

/**
 * struct block_self - state of this file
 * @fd:		netlink socket, owner of the table; -1: it was not needed yet
 * @seq:	sequence number of the last message
 * @name:	of the table
 * @addr:	addresses that have a rule
 * @num:	how many
 * @missed:	an address could not be blocked
 * @batch:	transaction being written
 * @len:	bytes in it
 */
static struct {
	int fd;
	uint32_t seq;
	char name[NAME_LEN];
	struct addr addr[BLOCK_ADDRS];
	uint32_t num;
	bool missed;
	uint8_t batch[BATCH_MAX];
	size_t len;
} self = { .fd = -1 };

/* -------------------------------------------------------------------- messages */

/* begin() - A message about nf_tables, or around a transaction */
static void begin(struct nlmsg *m, unsigned type, uint8_t family, uint16_t flags)
{
	struct nfgenmsg fixed = { .nfgen_family = family, .version = NFNETLINK_V0 };

	if (type == NFNL_MSG_BATCH_BEGIN || type == NFNL_MSG_BATCH_END)
		fixed.res_id = htons(NFNL_SUBSYS_NFTABLES);
	else
		type |= NFNL_SUBSYS_NFTABLES << 8;
	nlmsg_begin(m, (uint16_t)type, flags, &fixed, sizeof(fixed));
	m->h.nlmsg_flags &= (uint16_t)~NLM_F_ACK;
}

/* add() - It is complete: the next one of the transaction */
static void add(struct nlmsg *m)
{
	if (BUG_ON(m->w.bad || self.len + m->w.len > BATCH_MAX))
		return;
	m->h.nlmsg_len = (uint32_t)m->w.len;
	m->h.nlmsg_seq = ++self.seq;
	memcpy(self.batch + self.len, m->buf, m->w.len);
	self.len += m->w.len;
}

static void put_number(struct nlmsg *m, unsigned type, uint32_t value)
{
	nlmsg_put_u32(m, type, htonl(value));
}

static void put_text(struct nlmsg *m, unsigned type, const char *text)
{
	nlmsg_put(m, type, text, strlen(text) + 1);
}

/* put_value() - A value to compare with, or to load */
static void put_value(struct nlmsg *m, unsigned type, const void *data, size_t len)
{
	size_t nest = nlmsg_nest(m, type);

	nlmsg_put(m, NFTA_DATA_VALUE, data, len);
	nlmsg_nest_end(m, nest);
}

/**
 * struct expression - one that is being written
 * @elem:	begin of the element of the list
 * @data:	begin of its members
 */
struct expression {
	size_t elem;
	size_t data;
};

static struct expression expression(struct nlmsg *m, const char *name)
{
	struct expression e;

	e.elem = nlmsg_nest(m, NFTA_LIST_ELEM);
	put_text(m, NFTA_EXPR_NAME, name);
	e.data = nlmsg_nest(m, NFTA_EXPR_DATA);
	return e;
}

static void expression_end(struct nlmsg *m, struct expression e)
{
	nlmsg_nest_end(m, e.data);
	nlmsg_nest_end(m, e.elem);
}

/* load_meta() - Into the register: NFT_META_ of the packet */
static void load_meta(struct nlmsg *m, uint32_t key)
{
	struct expression e = expression(m, "meta");

	put_number(m, NFTA_META_DREG, NFT_REG_1);
	put_number(m, NFTA_META_KEY, key);
	expression_end(m, e);
}

/* load_header() - Into the register: bytes of the IP header */
static void load_header(struct nlmsg *m, uint32_t at, uint32_t len)
{
	struct expression e = expression(m, "payload");

	put_number(m, NFTA_PAYLOAD_DREG, NFT_REG_1);
	put_number(m, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	put_number(m, NFTA_PAYLOAD_OFFSET, at);
	put_number(m, NFTA_PAYLOAD_LEN, len);
	expression_end(m, e);
}

/* compare() - The rule goes on if the register is NFT_CMP_ to a value */
static void compare(struct nlmsg *m, uint32_t op, const void *value, size_t len)
{
	struct expression e = expression(m, "cmp");

	put_number(m, NFTA_CMP_SREG, NFT_REG_1);
	put_number(m, NFTA_CMP_OP, op);
	put_value(m, NFTA_CMP_DATA, value, len);
	expression_end(m, e);
}

/* drop() - What came so far is dropped */
static void drop(struct nlmsg *m)
{
	struct expression e = expression(m, "immediate");
	size_t data, verdict;

	put_number(m, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = nlmsg_nest(m, NFTA_IMMEDIATE_DATA);
	verdict = nlmsg_nest(m, NFTA_DATA_VERDICT);
	put_number(m, NFTA_VERDICT_CODE, NF_DROP);
	nlmsg_nest_end(m, verdict);
	nlmsg_nest_end(m, data);
	expression_end(m, e);
}

/* -------------------------------------------------------------------- the table */

static void add_table(void)
{
	struct nlmsg m;

	begin(&m, NFT_MSG_NEWTABLE, NFPROTO_INET, NLM_F_CREATE | NLM_F_EXCL);
	put_text(&m, NFTA_TABLE_NAME, self.name);
	put_number(&m, NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
	add(&m);
}

static void add_chain(const struct block_chain *c)
{
	struct nlmsg m;
	size_t hook;

	begin(&m, NFT_MSG_NEWCHAIN, NFPROTO_INET, NLM_F_CREATE | NLM_F_EXCL);
	put_text(&m, NFTA_CHAIN_TABLE, self.name);
	put_text(&m, NFTA_CHAIN_NAME, c->name);
	put_text(&m, NFTA_CHAIN_TYPE, "filter");
	hook = nlmsg_nest(&m, NFTA_CHAIN_HOOK);
	put_number(&m, NFTA_HOOK_HOOKNUM, c->hook);
	put_number(&m, NFTA_HOOK_PRIORITY, (uint32_t)EARLY);
	nlmsg_nest_end(&m, hook);
	add(&m);
}

/* add_rule() - What has one of the chain's protocols, and an address, is dropped */
static void add_rule(const struct block_chain *c, const struct addr *a)
{
	uint8_t family = addr_is4(a) ? NFPROTO_IPV4 : NFPROTO_IPV6;
	uint8_t first = WIRE_TCP;
	size_t list;
	struct nlmsg m;

	begin(&m, NFT_MSG_NEWRULE, NFPROTO_INET, NLM_F_CREATE | NLM_F_APPEND);
	put_text(&m, NFTA_RULE_TABLE, self.name);
	put_text(&m, NFTA_RULE_CHAIN, c->name);
	list = nlmsg_nest(&m, NFTA_RULE_EXPRESSIONS);
	load_meta(&m, NFT_META_NFPROTO);
	compare(&m, NFT_CMP_EQ, &family, sizeof(family));
	if (addr_is4(a)) {
		load_header(&m, c->at4, 4);
		compare(&m, NFT_CMP_EQ, addr_v4(a), 4);
	} else {
		load_header(&m, c->at6, sizeof(a->b));
		compare(&m, NFT_CMP_EQ, a->b, sizeof(a->b));
	}
	load_meta(&m, NFT_META_L4PROTO);
	compare(&m, NFT_CMP_GTE, &first, sizeof(first));
	compare(&m, NFT_CMP_LTE, &c->last, sizeof(c->last));
	drop(&m);
	nlmsg_nest_end(&m, list);
	add(&m);
}

/* answers() - What became of a transaction; 0, the first -errno */
static int answers(void)
{
	static uint8_t buf[ANSWER_MAX];
	int rc = 0;
	ssize_t n;

	while ((n = recv(self.fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		struct pkt_reader r = pkt_reader(buf, (size_t)n);
		struct nlmsg_in in;

		while (!rc && nlmsg_next(&r, &in)) {
			if (in.h.nlmsg_type == NLMSG_ERROR)
				rc = nlmsg_result(in.body);
		}
	}
	return rc;
}

/* commit() - Carry out what was added; 0, -errno: nothing was */
static int commit(void)
{
	struct nlmsg m;
	ssize_t n;

	begin(&m, NFNL_MSG_BATCH_END, AF_UNSPEC, 0);
	add(&m);
	n = send(self.fd, self.batch, self.len, 0);
	if (n < 0)
		return -errno;
	return answers();
}

/* transaction() - A new one */
static void transaction(void)
{
	struct nlmsg m;

	self.len = 0;
	begin(&m, NFNL_MSG_BATCH_BEGIN, AF_UNSPEC, 0);
	add(&m);
}

/* open_socket() - The netlink socket, and with it the table's name; 0, -errno */
static int open_socket(void)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(a);
	int fd = sock_open(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);

	if (fd < 0)
		return fd;
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) ||
	    getsockname(fd, (struct sockaddr *)&a, &len)) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	self.fd = fd;
	(void)snprintf(self.name, sizeof(self.name), "passt-%u", a.nl_pid);
	return 0;
}

/* add_addr() - block_addr() for one that is not blocked yet; 0, -errno */
static int add_addr(const struct addr *a)
{
	int rc = 0;

	if (self.num == BLOCK_ADDRS)
		return -ENOSPC;
	if (self.fd < 0)
		rc = open_socket();
	if (rc)
		return rc;
	transaction();
	if (!self.num)
		add_table();
	for (size_t i = 0; i < ARRAY_SIZE(chain); i++) {
		if (!self.num)
			add_chain(&chain[i]);
		add_rule(&chain[i], a);
	}
	rc = commit();
	if (!rc)
		self.addr[self.num++] = *a;
	return rc;
}

/**
 * block_addr() - From now on drop what comes for an address, and TCP from it
 * @a:		Address of this host; one that is blocked already costs nothing
 *
 * Return: 0; -ENOSPC: there are BLOCK_ADDRS already; other -errno: we may not, or the
 *	   kernel can not; what was blocked before still is
 */
int block_addr(const struct addr *a)
{
	int rc;

	/* The last one is most often the same: many connections, few addresses */
	for (uint32_t i = self.num; i-- > 0;) {
		if (addr_eq(&self.addr[i], a))
			return 0;
	}
	rc = add_addr(a);
	self.missed |= rc != 0;
	return rc;
}

/**
 * block_complete() - Whether all is blocked that was asked for since block_end()
 *
 * Return: true if so, and if there was anything
 */
bool block_complete(void)
{
	return self.num && !self.missed;
}

/**
 * block_end() - Let everything in again, at once
 */
void block_end(void)
{
	struct nlmsg m;

	/*
	 * The socket stays: closing it would wait for the kernel to be done with the table,
	 * a grace period of RCU (nft_rcv_nl_event()), 12 ms in which nobody is served.
	 */
	if (self.num) {
		transaction();
		begin(&m, NFT_MSG_DELTABLE, NFPROTO_INET, 0);
		put_text(&m, NFTA_TABLE_NAME, self.name);
		add(&m);
		(void)commit();
	}
	self.num = 0;
	self.missed = false;
}
