// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * repair_link.c - where a helper that may switch TCP repair mode finds us
 *
 * Theory of operation
 *
 *   We listen at a path; passt-repair, or whoever speaks like it, connects, and says
 *   nothing until it is asked (repair.c).  One helper at a time: it is asked and waited
 *   for, so a second one could only sit there.
 *
 *   A helper gets our sockets, and could read and write them, so who connects matters:
 *
 *   - The path has mode 0600 from the moment it exists.  Who connects is our user, or
 *     was privileged over its files (CAP_DAC_OVERRIDE), and could have traced us too.
 *   - SO_PEERCRED has to name root or our own user, which holds as well where modes do
 *     not, on some shared file systems.
 *   - From inside a user namespace everybody without a number there, host's root among
 *     them, is OVERFLOW_UID.  That says nothing by itself: it is accepted if the mode
 *     was found to be 0600 after bind(), and only then.
 *
 *   A socket left behind by one that was killed is removed before.  Whether somebody
 *   still listens there is asked with a datagram socket, which is refused in either
 *   case, for another reason (net/unix/af_unix.c, unix_find_bsd()): a connection would
 *   take the place of that one's helper.
 *
 *   Who uses the connection closes it, and does not tell.  So we remember which socket
 *   it was by its cookie: if its descriptor is another socket, or none, it is gone.
 */
#include "repair_link.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sock_unix.h"
#include "util.h"

enum { OVERFLOW_UID = 65534 };	/* user_namespaces(7) */

/**
 * struct repair_link_self - state of this file
 * @listen:	listening socket, -1: none
 * @path:	its path
 * @dev:	of the file there
 * @ino:	the same
 * @private:	nobody but its owner, and privileged ones, can connect
 * @conn:	connection handed out last, -1: none was
 * @cookie:	which socket that is
 */
static struct {
	int listen;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	dev_t dev;
	ino_t ino;
	bool private;
	int conn;
	uint64_t cookie;
} self = { .listen = -1, .conn = -1 };

/**
 * repair_link_open() - Listen for a helper, and nowhere else any more
 * @path:	Where, at most 107 bytes
 *
 * Return: descriptor to watch for EPOLLIN: repair_link_accept() then; it stays ours.
 *	   -ENOTSOCK: the path is a file, which stays; -EADDRINUSE: somebody listens
 *	   there; -ENAMETOOLONG; other -errno: all for the caller to say
 */
int repair_link_open(const char *path)
{
	struct stat st = { 0 };
	int fd;

	repair_link_close();
	if (!util_copy(self.path, sizeof(self.path), path))
		return -ENAMETOOLONG;
	fd = sock_unix_listen(path, S_IRUSR | S_IWUSR, 1);
	if (fd < 0)
		return fd;
	if (lstat(path, &st)) {
		int rc = -errno;

		(void)close(fd);
		return rc;
	}
	self.listen = fd;
	self.dev = st.st_dev;
	self.ino = st.st_ino;
	self.private = st.st_uid == geteuid() && !(st.st_mode & (S_IRWXG | S_IRWXO));
	return fd;
}

/* cookie_of() - Number that no other socket has had or will have; 0: it is none */
static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) ? 0 : cookie;
}

/* busy() - Whether the last helper is still there */
static bool busy(void)
{
	uint8_t byte;
	ssize_t n;

	if (self.conn < 0 || cookie_of(self.conn) != self.cookie)
		return false;
	n = recv(self.conn, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return n > 0 || (n < 0 && errno == EAGAIN);
}

/* welcome() - Whether somebody may be our helper: see above */
static bool welcome(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return false;
	return !peer.uid || peer.uid == geteuid() || (peer.uid == OVERFLOW_UID && self.private);
}

/**
 * repair_link_accept() - A helper connected
 *
 * Return: connection for repair_use_helper(), which closes it, and the last one;
 *	   -EBUSY: there is a helper, this one was turned away; -EPERM: this one may not
 *	   be our helper, the same; -EAGAIN: nobody is there; other -errno
 */
int repair_link_accept(void)
{
	int fd = accept4(self.listen, NULL, NULL, SOCK_CLOEXEC), rc = 0;

	if (fd < 0)
		return -errno;
	if (busy())
		rc = -EBUSY;
	else if (!welcome(fd))
		rc = -EPERM;
	if (rc) {
		(void)close(fd);
		return rc;
	}
	self.conn = fd;
	self.cookie = cookie_of(fd);
	return fd;
}

/**
 * repair_link_wait() - Wait for somebody to connect
 * @ms:		How long, ms
 *
 * Return: false: nobody did, or can
 */
bool repair_link_wait(int ms)
{
	struct pollfd p = { .fd = self.listen, .events = POLLIN };

	return self.listen >= 0 && poll(&p, 1, ms) > 0;
}

/**
 * repair_link_close() - Listen no more, and remove the path if it is still ours
 *
 * A helper that was handed out stays.
 */
void repair_link_close(void)
{
	struct stat st;

	if (self.listen < 0)
		return;
	if (!lstat(self.path, &st) && st.st_dev == self.dev && st.st_ino == self.ino)
		(void)unlink(self.path);
	(void)close(self.listen);
	self.listen = -1;
}
