// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * service.c - what the stand-in guest does over TCP: nothing that can not be checked
 *
 * Theory of operation
 *
 *   The first line of whoever dials says what for:
 *
 *	up S		the pattern of stream S follows, see pattern.c; at end of file the
 *			answer is "up BYTES", or "bad BYTES": so many were right
 *	down S N	N bytes of that pattern are sent, 0: without end; then end of file
 *	count		each line after it is a number, ID; its answer is "ID COUNT", where
 *			COUNT is how many such lines this guest has seen, this one counted
 *	echo		what follows comes back
 *
 *   The guest can dial, too, and be the one that asks: "up S N", "down S N", and "count N",
 *   which asks N times, one after another, and expects each answer.
 *
 *   What is sent lies in the table of pattern.c, and lwIP refers to it; what comes is looked
 *   at at once.  So a connection has no buffers.  What this file writes belongs to the state
 *   of the guest, see state.c.
 */
#include "service.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/tcp.h>

#include "pattern.h"
#include "stack.h"

enum {
	JOBS		= 1064,		/* some less than lwIP has connections: some wait */
	LINE		= 64,		/* bytes of one, at most */
	QUEUE_MAX	= TCP_SND_QUEUELEN - 8,
	POLL		= 1,		/* half seconds: then what failed is tried again */
};

/**
 * enum role - what a connection is for
 * @IDLE:	it is free
 * @ASKED:	it will say what for
 * @SINK:	the pattern comes
 * @SOURCE:	the pattern goes
 * @COUNT:	numbers come
 * @ECHO:	what comes goes back
 * @DIALS:	we do, and will say what for
 * @ANSWER:	all was sent, the answer will come
 * @ASKS:	we ask for numbers
 */
enum role { IDLE, ASKED, SINK, SOURCE, COUNT, ECHO, DIALS, ANSWER, ASKS };

/**
 * struct job - a connection
 * @pcb:	lwIP's
 * @role:	what it is for
 * @ours:	we dialed
 * @eof:	no more comes
 * @broken:	something came that is not right: all after it is ignored
 * @stream:	number of a pattern
 * @at:		offset in it
 * @end:	behind the last byte that is expected, or to be sent; 0: there is none
 * @id:		number asked for last
 * @seen:	the last answer
 * @len:	bytes of @line
 * @line:	a line that comes; what we say first
 */
struct job {
	struct tcp_pcb *pcb;
	enum role role;
	bool ours;
	bool eof;
	bool broken;
	uint32_t stream;
	uint64_t at;
	uint64_t end;
	uint64_t id;
	uint64_t seen;
	size_t len;
	char line[LINE];
};

/**
 * struct service_self - state of this file
 * @job:	connections
 * @open:	how many there are
 * @done:	how many ended well
 * @lost:	how many were reset, or never came to be
 * @bad:	how many had something wrong in them
 * @up:		bytes of patterns that came, and were right
 * @down:	bytes of patterns that went to lwIP
 * @counted:	numbers that came
 * @asked:	numbers that we asked for, and were told
 */
static struct {
	struct job job[JOBS];
	uint32_t open;
	uint32_t done;
	uint32_t lost;
	uint32_t bad;
	uint64_t up;
	uint64_t down;
	uint64_t counted;
	uint64_t asked;
} self;

/* wrong() - Something is not as it should be */
static void wrong(struct job *j)
{
	self.bad += !j->broken;
	j->broken = true;
}

/* release() - The entry is free again */
static void release(struct job *j)
{
	memset(j, 0, sizeof(*j));
	self.open--;
}

/* finish() - Nothing more is to be said */
static void finish(struct job *j)
{
	struct tcp_pcb *pcb = j->pcb;

	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL);
	tcp_poll(pcb, NULL, 0);
	(void)tcp_close(pcb);	/* lwIP tries that again by itself */
	self.done++;
	release(j);
}

/* say() - Send a short line; its answer is awaited before the next: there is room */
static void say(struct job *j, const char *text)
{
	if (tcp_write(j->pcb, text, (u16_t)strlen(text), TCP_WRITE_FLAG_COPY) != ERR_OK)
		wrong(j);
}

/* push() - Send as much of a pattern as lwIP takes; Return: whether that was all */
static bool push(struct job *j)
{
	while (!j->end || j->at < j->end) {
		u32_t room = tcp_sndbuf(j->pcb), n = tcp_mss(j->pcb);

		if (j->end && n > j->end - j->at)
			n = (u32_t)(j->end - j->at);
		/* Whole segments only, lest there be many small ones */
		if (room < n || tcp_sndqueuelen(j->pcb) > QUEUE_MAX)
			return false;
		if (tcp_write(j->pcb, pattern_at(j->stream, j->at), (u16_t)n, 0) != ERR_OK)
			return false;
		j->at += n;
		self.down += n;
	}
	return true;
}

/* ask() - Ask for the next number, or end */
static void ask(struct job *j)
{
	char text[LINE];

	if (j->id == j->end) {
		finish(j);
		return;
	}
	(void)snprintf(text, sizeof(text), "%llu\n", (unsigned long long)++j->id);
	say(j, text);
}

/* go_on() - Do what can be done now; the connection may be gone then */
static void go_on(struct job *j)
{
	struct tcp_pcb *pcb = j->pcb;

	if (j->role == SOURCE && push(j)) {
		if (!j->ours) {
			finish(j);
		} else if (tcp_shutdown(pcb, 0, 1) == ERR_OK) {
			j->role = ANSWER;
		}
	}
	if (j->role == IDLE || j->role == ASKED || !j->eof)
		return;
	if (j->role == SINK && !j->ours) {
		char text[LINE];

		(void)snprintf(text, sizeof(text), "%s %llu\n", j->broken ? "bad" : "up",
			       (unsigned long long)j->at);
		say(j, text);
	}
	if (j->role == SINK && j->ours && j->end && j->at != j->end)
		wrong(j);
	if (j->role == ANSWER || j->role == ASKS)
		wrong(j);	/* which would have been the end of it */
	if (j->role != SOURCE)
		finish(j);
}

/* number() - The number at a place of a line, and what is behind it */
static uint64_t number(const char **p)
{
	char *end;
	uint64_t n = strtoull(*p, &end, 10);

	*p = end;
	return n;
}

/* told() - We were told what a connection is for */
static void told(struct job *j)
{
	const char *p;

	if (!strncmp(j->line, "up ", 3)) {
		p = j->line + 3;
		j->role = SINK;
		j->stream = (uint32_t)number(&p);
	} else if (!strncmp(j->line, "down ", 5)) {
		p = j->line + 5;
		j->stream = (uint32_t)number(&p);
		j->end = number(&p);
		j->role = SOURCE;
	} else if (!strcmp(j->line, "count")) {
		j->role = COUNT;
	} else if (!strcmp(j->line, "echo")) {
		j->role = ECHO;
	} else {
		wrong(j);
	}
}

/* line() - A line came; the connection may be gone then */
static void line(struct job *j)
{
	const char *p = j->line;
	char text[LINE];
	uint64_t n;

	switch (j->role) {
	case ASKED:
		told(j);
		break;
	case COUNT:
		n = number(&p);
		(void)snprintf(text, sizeof(text), "%llu %llu\n", (unsigned long long)n,
			       (unsigned long long)++self.counted);
		say(j, text);
		break;
	case ANSWER:
		(void)snprintf(text, sizeof(text), "up %llu", (unsigned long long)j->end);
		if (strcmp(j->line, text) != 0)
			wrong(j);
		finish(j);
		break;
	case ASKS:
		n = number(&p);
		if (n != j->id || number(&p) <= j->seen)
			wrong(j);
		p = j->line;
		(void)number(&p);
		j->seen = number(&p);
		self.asked++;
		ask(j);
		break;
	case IDLE: case SINK: case SOURCE: case ECHO: case DIALS:
		wrong(j);
		break;
	}
}

/* takes_lines() - Whether lines are what comes now */
static bool takes_lines(const struct job *j)
{
	return j->role == ASKED || j->role == COUNT || j->role == ANSWER || j->role == ASKS;
}

/* take() - Bytes came; Return: how many were taken, all if the connection is gone */
static size_t take(struct job *j, const uint8_t *data, size_t len)
{
	size_t n = 0;

	while (n < len && j->role != IDLE && !j->broken && takes_lines(j)) {
		char c = (char)data[n++];

		if (c != '\n' && j->len < LINE - 1) {
			j->line[j->len++] = c;
			continue;
		}
		j->line[j->len] = '\0';
		j->len = 0;
		line(j);
	}
	if (n == len || j->role == IDLE || j->broken)
		return len;
	data += n;
	len -= n;
	if (j->role == SINK) {
		size_t same = pattern_same(j->stream, j->at, data, len);

		j->at += same;
		self.up += same;
		if (same < len || (j->end && j->at > j->end))
			wrong(j);
	} else if (j->role == ECHO) {
		if (tcp_write(j->pcb, data, (u16_t)len, TCP_WRITE_FLAG_COPY) != ERR_OK)
			wrong(j);
	} else {
		wrong(j);
	}
	return n + len;
}

/* received() - For lwIP: something came, or the end of file */
static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct job *j = arg;

	(void)err;
	if (!p) {
		j->eof = true;
	} else {
		/* First: a connection with bytes that nobody took is closed by a reset */
		tcp_recved(pcb, p->tot_len);
		for (const struct pbuf *q = p; q && j->role != IDLE; q = q->next)
			(void)take(j, q->payload, q->len);
		pbuf_free(p);
	}
	if (j->role != IDLE)
		go_on(j);
	return ERR_OK;
}

/* sent() - For lwIP: there is room */
static err_t sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	(void)pcb;
	(void)len;
	go_on(arg);
	return ERR_OK;
}

/* polled() - For lwIP: some time went by */
static err_t polled(void *arg, struct tcp_pcb *pcb)
{
	return sent(arg, pcb, 0);
}

/* gone() - For lwIP: the connection is no more */
static void gone(void *arg, err_t err)
{
	(void)err;
	if (!arg)
		return;
	self.lost++;
	release(arg);
}

/* begin() - An entry for a connection; NULL: all are taken */
static struct job *begin(struct tcp_pcb *pcb, enum role role)
{
	for (struct job *j = self.job; j < self.job + JOBS; j++) {
		if (j->role != IDLE)
			continue;
		j->role = role;
		j->pcb = pcb;
		self.open++;
		tcp_arg(pcb, j);
		tcp_recv(pcb, received);
		tcp_sent(pcb, sent);
		tcp_err(pcb, gone);
		tcp_poll(pcb, polled, POLL);
		tcp_nagle_disable(pcb);
		return j;
	}
	return NULL;
}

/* accepted() - For lwIP: somebody dialed */
static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg;
	if (err == ERR_OK && pcb && begin(pcb, ASKED))
		return ERR_OK;
	self.lost++;
	return ERR_MEM;
}

/**
 * service_init() - Begin to listen
 * @port:	Where
 *
 * Return: 0; -ENOMEM
 */
int service_init(uint16_t port)
{
	struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);

	if (!pcb || tcp_bind(pcb, IP_ANY_TYPE, port) != ERR_OK)
		return -ENOMEM;
	pcb = tcp_listen(pcb);
	if (!pcb)
		return -ENOMEM;
	tcp_accept(pcb, accepted);
	return 0;
}

/* dialed() - For lwIP: somebody is there: say what for */
static err_t dialed(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct job *j = arg;
	const char *p = j->line;
	char text[LINE];

	(void)pcb;
	(void)err;
	j->len = 0;
	if (!strncmp(p, "count ", 6)) {
		p += 6;
		j->end = number(&p);
		j->role = ASKS;
		say(j, "count\n");
		ask(j);
		return ERR_OK;
	}
	j->role = *p == 'u' ? SOURCE : SINK;
	p += strcspn(p, " ");
	j->stream = (uint32_t)number(&p);
	j->end = number(&p);
	if (j->role == SOURCE)
		(void)snprintf(text, sizeof(text), "up %u\n", j->stream);
	else
		(void)snprintf(text, sizeof(text), "down %u %llu\n", j->stream,
			       (unsigned long long)j->end);
	say(j, text);
	go_on(j);
	return ERR_OK;
}

/**
 * service_dial() - Be the one that asks
 * @addr:	Address
 * @port:	Port
 * @text:	"up S N", "down S N" or "count N"
 *
 * Return: 0; -EINVAL: that makes no sense; -ENOMEM
 */
int service_dial(const char *addr, uint16_t port, const char *text)
{
	struct tcp_pcb *pcb;
	struct job *j;
	ip_addr_t to;

	if (!ipaddr_aton(addr, &to) || strlen(text) >= LINE ||
	    (strncmp(text, "up ", 3) != 0 && strncmp(text, "down ", 5) != 0 &&
	     strncmp(text, "count ", 6) != 0))
		return -EINVAL;
	pcb = tcp_new_ip_type(IP_GET_TYPE(&to));
	j = pcb ? begin(pcb, DIALS) : NULL;
	if (j) {
		j->ours = true;
		memcpy(j->line, text, strlen(text));
		if (tcp_connect(pcb, &to, port, dialed) == ERR_OK)
			return 0;
		release(j);
	}
	if (pcb) {
		tcp_err(pcb, NULL);
		(void)tcp_close(pcb);
	}
	return -ENOMEM;
}

/**
 * service_status() - Say how it stands
 * @buf:	For names and numbers
 * @size:	Its size
 *
 * Return: as snprintf()
 */
int service_status(char *buf, size_t size)
{
	return snprintf(buf, size,
			"open %u done %u lost %u bad %u up %llu down %llu counted %llu asked %llu "
			"resent %u dropped %u time %u", self.open, self.done, self.lost, self.bad,
			(unsigned long long)self.up, (unsigned long long)self.down,
			(unsigned long long)self.counted, (unsigned long long)self.asked,
			stack_resent(), stack_dropped(), stack_time());
}
