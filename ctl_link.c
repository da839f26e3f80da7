// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_link.c - the control socket: requests come in, replies go out
 *
 * Theory of operation
 *
 *   A UNIX stream socket of the user's own, mode 0600.  A request is a line, as is a
 *   reply; which commands there are is not known here:
 *
 *	{"execute": "NAME", "arguments": {...}}
 *	{"return": {...}}		{"error": {"desc": "..."}}
 *
 *   as QMP has it, without greeting and "id", and slirp4netns.  What is no request is
 *   answered with an error, and the next line counts again.  Before a reply there may be
 *   lines that are none: ctl_link_tell().
 *
 *   A line may come with one descriptor (SCM_RIGHTS), sent with any of its bytes.  The
 *   kernel hands over what several sendmsg() sent as one piece, and a descriptor with
 *   all of it, so what is there is looked at first (MSG_PEEK) and received up to the
 *   end of one line: the descriptor can only be that line's.
 *
 *   So a client has one line in memory, and while it is whole and nobody took it nothing
 *   is read behind it: a client that sends without end waits.  One that does not read its
 *   replies is dropped when CTL_REPLY_MAX bytes of them wait.  A client that shut down
 *   its sending side gets what it is owed, then the connection is closed.
 *
 *	       bytes		  end of line	      in order		ctl_link_next()
 *	(none) -----> LINE_PART ------------> LINE_WHOLE ----> LINE_REQUEST ----> (none)
 *
 *   While a checkpoint holds everything else, ctl_link_wait() serves these sockets alone.
 *
 *   A client is known by a number that no other gets for a long time: a reply to one
 *   that went reaches nobody.
 *
 * Invariants
 *   C1  fd >= 0 exactly while there is a client; len, owed, passed mean nothing without
 *   C2  state is LINE_PART: len <= CTL_LINE_MAX; there is room to read at least a byte
 *   C3  skip: state is LINE_PART, len is 0 and passed is -1
 *   C4  a client that sent its end, asks for nothing, is owed nothing and has read
 *	 everything is closed
 */
#include "ctl_link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "loop.h"
#include "sock_unix.h"
#include "util.h"

enum {
	ID_LISTEN	= 0,		/* of the listening socket; clients have others */
	SLOT_BITS	= 2,		/* of a client's number: which of self.client */
	READS		= 32,		/* per client and event */
	DESC_MAX	= 512,		/* text of an error, bytes */
	PATH_SIZE	= 108,		/* sun_path */
};

_Static_assert(CTL_CLIENTS <= 1 << SLOT_BITS, "a client's place is part of its number");
_Static_assert((int)CTL_LINE_MAX <= (int)JSON_LEN_MAX, "a line can be read");
_Static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT, "one handler for both");

enum line_state { LINE_PART, LINE_WHOLE, LINE_REQUEST };

/**
 * struct client - a connection
 * @fd:		socket, -1: none
 * @id:		number of the client, as its requests have it
 * @state:	of the line
 * @skip:	bytes up to the next end of line are dropped
 * @eof:	it will send nothing more
 * @owed:	requests taken that were not replied to
 * @watched:	events asked of the loop, 0: it does not know the descriptor
 * @passed:	descriptor that came with the line, -1: none
 * @len:	bytes in @line
 * @begin:	first byte in @out that was not sent
 * @end:	behind the last one
 * @request:	what the line says, in state LINE_REQUEST
 * @line:	what came, with the newline
 * @out:	replies
 */
struct client {
	int fd;
	uint32_t id;
	enum line_state state;
	bool skip;
	bool eof;
	uint32_t owed;
	uint32_t watched;
	int passed;
	size_t len;
	size_t begin;
	size_t end;
	struct ctl_request request;
	char line[CTL_LINE_MAX + 1];
	char out[CTL_REPLY_MAX];
};

/**
 * struct ctl_link_self - state of this file
 * @open:	ctl_link_open() succeeded
 * @listen:	listening socket
 * @spare:	descriptor to give up when there is none to accept with
 * @dev:	device and
 * @ino:	number of the socket's name: ours to remove
 * @count:	of clients so far, for their numbers
 * @warned:	state of log_allow()
 * @path:	name of the socket
 * @text:	line of the request that was taken last
 * @client:	connections
 */
static struct {
	bool open;
	int listen;
	int spare;
	dev_t dev;
	ino_t ino;
	uint32_t count;
	uint64_t warned;
	char path[PATH_SIZE];
	char text[CTL_LINE_MAX + 1];
	struct client client[CTL_CLIENTS];
} self;

/* Clients come and go */

/* drop_passed() - Close the descriptor that came with a line, if any */
static void drop_passed(struct client *c)
{
	if (c->passed >= 0)
		close(c->passed);
	c->passed = -1;
}

/* drop() - End a connection */
static void drop(struct client *c)
{
	debug("control client %u: closed", c->id);
	drop_passed(c);
	close(c->fd);
	c->fd = -1;
}

/* find() - Client of a number, NULL: it went */
static struct client *find(uint64_t id)
{
	struct client *c = &self.client[id & ((1U << SLOT_BITS) - 1)];

	return self.open && c->fd >= 0 && c->id == id ? c : NULL;
}

/* watch() - Ask the loop for these events and no others */
static void watch(struct client *c, uint32_t events)
{
	int rc = 0;

	if (events == c->watched)
		return;
	/* Without events the loop would still tell of a hang-up, again and again */
	if (!events)
		loop_del(c->fd);
	else if (!c->watched)
		rc = loop_add(c->fd, LOOP_CTL, c->id, events);
	else
		rc = loop_mod(c->fd, LOOP_CTL, c->id, events);
	c->watched = events;
	if (rc)
		drop(c);
}

/* settle() - After something happened: wait for the right events, or close (C4) */
static void settle(struct client *c)
{
	bool unsent = c->begin != c->end;

	if (c->fd < 0)
		return;
	if (c->eof && c->state == LINE_PART && !c->owed && !unsent)
		drop(c);
	else
		watch(c, (c->eof ? 0 : EPOLLIN) | (unsent ? EPOLLOUT : 0));
}

/* flush() - Send what the socket takes */
static void flush(struct client *c)
{
	while (c->fd >= 0 && c->begin < c->end) {
		ssize_t n = send(c->fd, c->out + c->begin, c->end - c->begin,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0) {
			if (errno != EAGAIN && errno != EINTR)
				drop(c);
			return;
		}
		c->begin += (size_t)n;
	}
	c->begin = c->end = 0;
}

/* put_line() - Send a line, now or later; who does not read is dropped */
static void put_line(struct client *c, const char *text)
{
	size_t n = strlen(text);

	if (c->begin) {
		c->end -= c->begin;
		memmove(c->out, c->out + c->begin, c->end);
		c->begin = 0;
	}
	if (n >= CTL_REPLY_MAX - c->end) {
		if (log_allow(&self.warned, loop_now()))
			warn("control client %u does not read its replies: dropped", c->id);
		drop(c);
		return;
	}
	memcpy(c->out + c->end, text, n);
	c->out[c->end + n] = '\n';
	c->end += n + 1;
	flush(c);
}

/* error_text() - An error as a reply */
static const char *error_text(const char *desc)
{
	/* Each byte may become six */
	static char text[6 * DESC_MAX + 64];
	struct json_writer w = json_writer(text, sizeof(text));

	json_begin_object(&w);
	json_name(&w, "error");
	json_begin_object(&w);
	json_name(&w, "desc");
	json_put_string(&w, desc);
	json_end_object(&w);
	json_end_object(&w);
	(void)BUG_ON(!json_done(&w));
	return text;
}

/* turn_away() - Say why, and close a connection that was never a client's */
static void turn_away(int fd, const char *why)
{
	const char *text = error_text(why);

	(void)send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)send(fd, "\n", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

/*
 * accept_last() - Accept with the descriptor that was kept for this, to say no
 *
 * A connection that nobody can accept would keep the loop awake.
 */
static void accept_last(void)
{
	int fd;

	if (self.spare >= 0)
		close(self.spare);
	fd = accept4(self.listen, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		turn_away(fd, "the limit of open files is reached");
	self.spare = fcntl(self.listen, F_DUPFD_CLOEXEC, 0);
}

/* client_came() - Somebody connected */
static void client_came(void)
{
	int fd = accept4(self.listen, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
	unsigned slot = 0;
	struct client *c;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			accept_last();
		return;
	}
	while (slot < CTL_CLIENTS && self.client[slot].fd >= 0)
		slot++;
	if (slot == CTL_CLIENTS) {
		turn_away(fd, "too many clients are connected");
		return;
	}
	/* A byte out of band is one more byte; else it would show as one that is not there */
	(void)setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	c = &self.client[slot];
	self.count = self.count % (UINT32_MAX >> SLOT_BITS) + 1;
	c->fd = fd;
	c->id = self.count << SLOT_BITS | slot;
	c->state = LINE_PART;
	c->skip = c->eof = false;
	c->owed = c->watched = 0;
	c->passed = -1;
	c->len = c->begin = c->end = 0;
	debug("control client %u: connected", c->id);
	settle(c);
}

/* Bytes become lines */

/* refuse() - Answer a line with an error, forget it; what is left of it is skipped */
static void refuse(struct client *c, bool whole, const char *why)
{
	drop_passed(c);
	c->state = LINE_PART;
	c->skip = !whole;
	c->len = 0;
	put_line(c, error_text(why));
}

/* take_passed() - Descriptors of a message.  Return: there were too many */
static bool take_passed(struct client *c, struct msghdr *msg)
{
	bool more = msg->msg_flags & MSG_CTRUNC;

	for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h; h = CMSG_NXTHDR(msg, h)) {
		int fd;

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(fd) <= h->cmsg_len; at += sizeof(fd)) {
			memcpy(&fd, (const uint8_t *)h + at, sizeof(fd));
			if (c->passed < 0) {
				c->passed = fd;
			} else {
				close(fd);
				more = true;
			}
		}
	}
	return more;
}

/**
 * receive() - What there is, up to the end of one line, with its descriptors
 * @c:		Client
 * @to:		Where, within its line
 * @size:	Bytes there
 * @more:	Set if more descriptors came than a line may have
 *
 * Return: bytes, 0: nothing more will come; -errno
 */
static ssize_t receive(struct client *c, char *to, size_t size, bool *more)
{
	union {
		struct cmsghdr h;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { to, size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = CMSG_LEN(sizeof(int)) };
	ssize_t n = recv(c->fd, to, size, MSG_PEEK | MSG_DONTWAIT);
	const char *end;

	if (n <= 0)
		return n ? -errno : 0;
	end = memchr(to, '\n', (size_t)n);
	iov.iov_len = end ? (size_t)(end - to) + 1 : (size_t)n;
	n = recvmsg(c->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return -errno;
	*more = take_passed(c, &msg);
	return n;
}

/* ended() - The client sends nothing more: what it sent last is a line */
static void ended(struct client *c)
{
	c->eof = true;
	if (c->len)
		c->state = LINE_WHOLE;
	else
		drop_passed(c);
}

/* read_some() - One recvmsg().  Return: there may be more, and room for it */
static bool read_some(struct client *c)
{
	char *to = c->line + c->len;
	bool more = false, whole;
	ssize_t n = receive(c, to, sizeof(c->line) - c->len, &more);

	if (n == -EAGAIN || n == -EINTR)
		return false;
	if (n < 0) {
		drop(c);
		return false;
	}
	if (!n) {
		ended(c);
		return false;
	}
	whole = to[n - 1] == '\n';
	c->len += (size_t)n;
	if (c->skip) {
		drop_passed(c);
		c->skip = !whole;
		c->len = 0;
	} else if (more) {
		refuse(c, whole, "a request may come with one descriptor, and there has to be "
				 "one left below the limit of open files");
	} else if (whole) {
		c->state = LINE_WHOLE;
	} else if (c->len > CTL_LINE_MAX) {
		refuse(c, false, "a request may have 8192 bytes");
	}
	return c->fd >= 0 && c->state == LINE_PART;
}

_Static_assert(CTL_LINE_MAX == 8192, "as the text above has it");

/* serve() - Events of a client */
static void serve(struct client *c, uint32_t events)
{
	/* After a hang-up nobody will ever read what is left: this finds out */
	if (events & (EPOLLOUT | EPOLLHUP))
		flush(c);
	for (int i = 0; i < READS && c->fd >= 0 && !c->eof && c->state == LINE_PART; i++) {
		if (!read_some(c))
			break;
	}
	settle(c);
}

/**
 * ctl_link_event() - Something happened to a descriptor of LOOP_CTL
 * @id:		As the loop has it
 * @events:	EPOLLIN and so on
 *
 * The caller calls ctl_link_next() then, until it returns false.
 */
void ctl_link_event(uint64_t id, uint32_t events)
{
	struct client *c = find(id);

	if (id == ID_LISTEN && self.open)
		client_came();
	else if (c)
		serve(c, events);
}

/* Lines become requests */

/* Arguments of a request that has none */
static const struct json none = { "{}", 2 };

/* is_blank() - Whether there is nothing in a line */
static bool is_blank(const struct client *c)
{
	return c->passed < 0 && strspn(c->line, " \t\r\n") >= c->len;
}

/**
 * read_request() - Read what a line says
 * @r:		Filled
 * @c:		Client whose line it is
 * @why:	If not, filled with what is wrong
 *
 * Return: true if it is a request
 */
static bool read_request(struct ctl_request *r, const struct client *c,
			 char why[static JSON_ERROR])
{
	struct json_walk w;
	struct json obj;

	if (!json_parse(&obj, c->line, c->len - (c->line[c->len - 1] == '\n'), why))
		return false;
	*r = (struct ctl_request){ .client = c->id, .arguments = none, .fd = c->passed };
	w = json_walk(&obj);
	while (json_next(&w)) {
		char name[CTL_NAME] = "?";

		(void)json_string(&w.name, name, sizeof(name));
		if (!strcmp(name, "execute")) {
			if (!json_string(&w.value, r->name, sizeof(r->name)))
				r->name[0] = '\0';
		} else if (strcmp(name, "arguments") != 0) {
			(void)snprintf(why, JSON_ERROR, "a request has no member '%s'", name);
			return false;
		} else if (!json_get_object(&obj, name, &r->arguments)) {
			(void)snprintf(why, JSON_ERROR, "'arguments' is no object");
			return false;
		}
	}
	if (!*r->name)
		(void)snprintf(why, JSON_ERROR, "'execute' is not the name of a command");
	return *r->name;
}

/* check() - A line is whole: is it a request? */
static bool check(struct client *c)
{
	char why[JSON_ERROR];

	if (is_blank(c)) {
		c->state = LINE_PART;
		c->len = 0;
	} else if (read_request(&c->request, c, why)) {
		c->state = LINE_REQUEST;
		return true;
	} else {
		refuse(c, true, why);
	}
	settle(c);
	return false;
}

/*
 * find_request() - A client with a request, NULL: none has
 *
 * Each has one line at most until bytes are read again, of all: no client's requests
 * go before those of another for long.
 */
static struct client *find_request(void)
{
	for (unsigned i = 0; self.open && i < CTL_CLIENTS; i++) {
		struct client *c = &self.client[i];

		if (c->fd < 0)
			continue;
		if (c->state == LINE_REQUEST || (c->state == LINE_WHOLE && check(c)))
			return c;
	}
	return NULL;
}

/**
 * ctl_link_next() - Take the next request
 * @r:		Filled
 *
 * Each has to be replied to, once: ctl_link_reply() or ctl_link_error().  The caller
 * closes the descriptor.
 *
 * Return: false: there is none
 */
bool ctl_link_next(struct ctl_request *r)
{
	struct client *c = find_request();

	if (!c)
		return false;
	*r = c->request;
	/* The client's next line comes while this one is looked at */
	memcpy(self.text, c->line, c->len);
	if (r->arguments.text != none.text)
		r->arguments.text = self.text + (r->arguments.text - c->line);
	c->state = LINE_PART;
	c->passed = -1;
	c->len = 0;
	c->owed++;
	settle(c);
	return true;
}

/**
 * wait_once() - Wait for anything on our sockets, and see to it
 * @timeout_ms:	As for poll()
 *
 * Return: 1: something happened; 0: time is up; -errno
 */
static int wait_once(int timeout_ms)
{
	struct pollfd p[CTL_CLIENTS + 1];
	int n;

	for (unsigned i = 0; i < CTL_CLIENTS; i++) {
		const struct client *c = &self.client[i];
		bool on = self.open && c->fd >= 0 && c->watched;

		p[i] = (struct pollfd){ on ? c->fd : -1, (short)c->watched, 0 };
	}
	p[CTL_CLIENTS] = (struct pollfd){ self.open ? self.listen : -1, POLLIN, 0 };
	n = poll(p, ARRAY_SIZE(p), timeout_ms);
	if (n <= 0)
		return n ? -errno : 0;
	for (unsigned i = 0; i < CTL_CLIENTS; i++) {
		if (p[i].revents)
			serve(&self.client[i], (uint16_t)p[i].revents);
	}
	/* Last: it may take the place of a client that went */
	if (p[CTL_CLIENTS].revents)
		client_came();
	return 1;
}

/**
 * ctl_link_wait() - Serve the control socket and its clients, and nothing else
 * @timeout_ms:	For how long at most, -1: as long as it takes
 *
 * Return: 1: there is a request to take; 0: time is up; -EINTR: a signal came, caller
 *	   calls again; other -errno
 */
int ctl_link_wait(int timeout_ms)
{
	uint64_t until = timeout_ms < 0 ? LOOP_NEVER : loop_now() + (uint64_t)timeout_ms * 1000;
	int left = timeout_ms;

	while (!find_request()) {
		int rc = wait_once(left);

		if (rc <= 0)
			return rc;
		if (until != LOOP_NEVER) {
			uint64_t now = loop_now();

			/* Somebody who goes on to talk nonsense does not keep us */
			if (now >= until)
				return find_request() != NULL;
			left = (int)((until - now + 999) / 1000);
		}
	}
	return 1;
}

/* answered() - A client that is owed one reply less; NULL: it went */
static struct client *answered(uint32_t client)
{
	struct client *c = find(client);

	if (c && c->owed)
		c->owed--;
	return c;
}

/**
 * ctl_link_reply() - Reply to a request
 * @client:	As the request has it; one that went is no error
 * @json_text:	The reply, one object without newline: "return" and whatever else callers
 *		look for; NULL: {"return":{}}
 */
void ctl_link_reply(uint32_t client, const char *json_text)
{
	struct client *c = answered(client);

	if (!c)
		return;
	if (json_text && strlen(json_text) >= CTL_REPLY_MAX)
		json_text = error_text("the reply is too long");
	put_line(c, json_text ? json_text : "{\"return\":{}}");
	settle(c);
}

/**
 * ctl_link_tell() - Tell a client something before the reply, which is still owed
 * @client:	As the request has it; one that went is no error
 * @json_text:	One object without newline, in which there is neither "return" nor "error"
 */
void ctl_link_tell(uint32_t client, const char *json_text)
{
	struct client *c = find(client);

	if (!c)
		return;
	put_line(c, json_text);
	settle(c);
}

/**
 * ctl_link_error() - Reply to a request that it failed
 * @client:	As the request has it; one that went is no error
 * @fmt:	As for printf(): what is wrong; cut behind DESC_MAX bytes
 */
void ctl_link_error(uint32_t client, const char *fmt, ...)
{
	struct client *c = answered(client);
	char desc[DESC_MAX];
	va_list ap;

	if (!c)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(desc, sizeof(desc), fmt, ap);
	va_end(ap);
	put_line(c, error_text(desc));
	settle(c);
}

/**
 * ctl_link_open() - Listen for clients
 * @path:	Of the socket; one that nobody listens at is replaced
 *
 * The loop reports events as LOOP_CTL from now on.
 *
 * Return: 0; -errno after saying why (caller exits)
 */
int ctl_link_open(const char *path)
{
	struct stat st;
	int fd, rc;

	ctl_link_close();
	fd = sock_unix_listen(path, 0600, CTL_CLIENTS);
	if (fd == -EADDRINUSE)
		err("Control socket %s is in use: choose another by --control", path);
	else if (fd == -ENOTSOCK)
		err("%s exists and is not a socket: not removed (--control)", path);
	else if (fd < 0)
		err_errno(-fd, "Cannot listen on control socket %s (--control)", path);
	if (fd < 0)
		return fd;
	rc = loop_add(fd, LOOP_CTL, ID_LISTEN, EPOLLIN);
	if (rc) {
		err_errno(-rc, "Cannot watch control socket %s", path);
		close(fd);
		return rc;
	}
	self.open = true;
	self.listen = fd;
	self.spare = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	for (unsigned i = 0; i < CTL_CLIENTS; i++)
		self.client[i].fd = -1;
	self.path[0] = '\0';
	if (!lstat(path, &st) && util_copy(self.path, sizeof(self.path), path)) {
		self.dev = st.st_dev;
		self.ino = st.st_ino;
	}
	info("Control socket bound at %s", path);
	return 0;
}

/**
 * ctl_link_close() - Close the socket and all connections, remove the name if it is
 * still ours
 */
void ctl_link_close(void)
{
	struct stat st;

	if (!self.open)
		return;
	for (unsigned i = 0; i < CTL_CLIENTS; i++) {
		if (self.client[i].fd < 0)
			continue;
		flush(&self.client[i]);
		if (self.client[i].fd >= 0)
			drop(&self.client[i]);
	}
	if (*self.path && !lstat(self.path, &st) && st.st_dev == self.dev &&
	    st.st_ino == self.ino)
		(void)unlink(self.path);
	close(self.listen);
	if (self.spare >= 0)
		close(self.spare);
	self.open = false;
}
