// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nlquery.c - a netlink request and its answer (RFC 3549)
 *
 * Theory of operation
 *
 *   A request goes out, messages come back until one of them ends the answer:
 *   NLMSG_DONE after a dump, NLMSG_ERROR (0 is success) after anything else,
 *   since each other request asks for an acknowledgement.  The caller pulls:
 *
 *	if (nlquery_send(&q, fd, &m))		one datagram out
 *		while (nlquery_next(&q, &in))	messages of that answer only
 *			...
 *	return q.result;			what the end of it said
 *
 *   There is one buffer: a query is read to its end before the next one is sent.
 *   What is left over of an answer that was given up is told from the next one
 *   by its sequence number.
 *
 *   Nothing here waits.  The kernel has answered when send() returns; of a long
 *   dump it makes the next datagram as one is read.  This has to hold for sockets
 *   that came from a namespace too, where somebody hostile may have kept a copy:
 *   that could be set to block, have its answers taken away, or be sent datagrams
 *   without end.  Those that are not the kernel's are passed over, and they are
 *   counted.
 */
#include "nlquery.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>

enum {
	ANSWER_MAX	= 32768,	/* what the kernel puts in a datagram at most */
	DATAGRAMS_MAX	= 16384,	/* a million routes take an eighth of that */
};

/**
 * struct nlquery_self - state of this file
 * @seq:	sequence number of the last request
 * @answer:	datagram being read
 */
static struct {
	uint32_t seq;
	uint8_t answer[ANSWER_MAX];
} self;

/**
 * nlquery_send() - Send a request
 * @q:		Begun anew
 * @fd:		Netlink socket
 * @m:		Request, but for its end
 *
 * Return: false on failure: the query is over, with its result set
 */
bool nlquery_send(struct nlquery *q, int fd, struct nlmsg *m)
{
	*q = (struct nlquery){ .fd = fd, .seq = ++self.seq };

	if (!nlmsg_end(m, q->seq))
		q->result = -EMSGSIZE;
	else if (send(fd, m->buf, m->w.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		q->result = -errno;
	return !q->result;
}

/* next_datagram() - Read the next datagram; 0 or -errno */
static int next_datagram(struct nlquery *q)
{
	struct iovec iov = { self.answer, sizeof(self.answer) };
	struct sockaddr_nl from = { .nl_family = AF_NETLINK };
	struct msghdr mh = {
		.msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &iov, .msg_iovlen = 1,
	};
	ssize_t n;

	if (q->datagrams++ == DATAGRAMS_MAX)
		return -EOVERFLOW;
	do {
		n = recvmsg(q->fd, &mh, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	if (n == 0)
		return -EPIPE;
	if (mh.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	if (mh.msg_namelen == sizeof(from) && from.nl_pid)
		n = 0;				/* not from the kernel */
	q->left = pkt_reader(self.answer, (size_t)n);
	return 0;
}

/* end_of_answer() - What the message that ends an answer says: 0 or -errno */
static int end_of_answer(const struct nlquery *q, const struct nlmsg_in *in)
{
	int code;

	if (!nlmsg_code(in->body, &code))
		return -EBADMSG;
	return code ? code : q->interrupted ? -EINTR : 0;
}

/**
 * nlquery_next() - Next message of an answer
 * @q:		Query that was sent
 * @in:		Set, valid until the next one is asked for
 *
 * Return: false at the end, with the result of @q set: 0, what the kernel said,
 * -EINTR if a dump was interrupted, or why nothing more could be read
 */
bool nlquery_next(struct nlquery *q, struct nlmsg_in *in)
{
	for (;;) {
		if (!q->left.left) {
			q->result = next_datagram(q);
			if (q->result)
				return false;
			continue;
		}
		if (!nlmsg_next(&q->left, in)) {
			q->result = -EBADMSG;
			return false;
		}
		if (in->seq != q->seq || in->type == NLMSG_NOOP)
			continue;
		if (in->flags & NLM_F_DUMP_INTR)
			q->interrupted = true;
		if (in->type != NLMSG_DONE && in->type != NLMSG_ERROR)
			return true;
		q->result = end_of_answer(q, in);
		return false;
	}
}
