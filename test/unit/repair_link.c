// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * repair_link.c - unit test of ../../repair_link.c
 * links: sock_unix.c util.c
 *
 * Real sockets in a directory of its own.  Who a helper is, who we are, and the mode
 * of a file is what getsockopt(), geteuid() and lstat() say, which are replaced: so the
 * file is included as it is.
 */
#include "test/unit/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { NOBODY = 65534, OTHER = 4711, OUR_UID = 4712 };

static uid_t peer_uid;
static mode_t more_mode;

/* As getsockopt(), but SO_PEERCRED says what the test wants */
static int fake_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int rc = getsockopt(fd, level, name, value, len);

	if (!rc && level == SOL_SOCKET && name == SO_PEERCRED)
		((struct ucred *)value)->uid = peer_uid;
	return rc;
}

/* As geteuid(), but somebody with a number of our own, whoever runs the test */
static uid_t fake_geteuid(void)
{
	return OUR_UID;
}

/* As lstat(), but files are ours, and may be open to more than they are */
static int fake_lstat(const char *name, struct stat *st)
{
	int rc = lstat(name, st);

	if (!rc) {
		st->st_uid = OUR_UID;
		st->st_mode |= more_mode;
	}
	return rc;
}

#define getsockopt fake_getsockopt
#define geteuid fake_geteuid
#define lstat fake_lstat
#include "../../repair_link.c"	/* NOLINT(bugprone-suspicious-include): on purpose, see above */
#undef getsockopt
#undef geteuid
#undef lstat

static char dir[] = "/tmp/passt-test.XXXXXX", path[64];

/* helper() - Somebody connects; -errno */
static int helper(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), rc;

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (!connect(fd, (const struct sockaddr *)&a, sizeof(a)))
		return fd;
	rc = -errno;
	(void)close(fd);
	return rc;
}

/* hung_up() - Whether the other end closed */
static bool hung_up(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_DONTWAIT) == 0;
}

static bool there(void)
{
	return access(path, F_OK) == 0;
}

/* It is made for us alone, whatever the umask, and gone at the end */
static void test_path(void)
{
	struct stat st = { 0 };
	mode_t old = umask(0);

	CHECK(repair_link_open(path) >= 0);
	(void)umask(old);
	CHECK_EQ(lstat(path, &st), 0);
	CHECK(S_ISSOCK(st.st_mode));
	CHECK_EQ(st.st_mode & 0777, 0600);
	CHECK_EQ(repair_link_accept(), -EAGAIN);
	CHECK(!repair_link_wait(0));

	/* Once more: it begins anew */
	CHECK(repair_link_open(path) >= 0);
	repair_link_close();
	CHECK(!there());
	repair_link_close();
	CHECK(repair_link_accept() < 0);
	CHECK(!repair_link_wait(1000));
}

/* A file that is not ours stays */
static void test_not_ours(void)
{
	static char long_path[200];
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	struct stat before, after;

	CHECK_EQ(repair_link_open(path), -ENOTSOCK);
	CHECK(there());
	CHECK_EQ(unlink(path), 0);
	(void)close(fd);
	CHECK_EQ(symlink("/dev/null", path), 0);
	CHECK_EQ(repair_link_open(path), -ENOTSOCK);
	CHECK_EQ(unlink(path), 0);

	/* Somebody put another one in its place */
	CHECK(repair_link_open(path) >= 0);
	CHECK_EQ(unlink(path), 0);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	CHECK_EQ(fstat(fd, &before), 0);
	repair_link_close();
	CHECK_EQ(lstat(path, &after), 0);
	CHECK_EQ(after.st_ino, before.st_ino);
	CHECK_EQ(unlink(path), 0);
	(void)close(fd);

	memset(long_path, 'x', sizeof(long_path) - 1);
	CHECK_EQ(repair_link_open(long_path), -ENAMETOOLONG);
	CHECK_EQ(repair_link_open("/no/such/directory"), -ENOENT);
}

/* One that nobody listens at is removed, one in use is not even connected to */
static void test_stale(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	CHECK_EQ(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	CHECK_EQ(repair_link_open(path), -EADDRINUSE);
	CHECK_EQ(listen(fd, 1), 0);
	CHECK_EQ(repair_link_open(path), -EADDRINUSE);
	CHECK(accept(fd, NULL, NULL) < 0 && errno == EAGAIN);
	(void)close(fd);
	CHECK(there());
	CHECK(repair_link_open(path) >= 0);
	repair_link_close();
	CHECK(!there());
}

/* One helper; the next is turned away, until the first is gone from either end */
static void test_one(void)
{
	int unrelated = socket(AF_UNIX, SOCK_STREAM, 0), first, second, conn;

	peer_uid = 0;
	CHECK(repair_link_open(path) >= 0);
	first = helper();
	CHECK(first >= 0);
	CHECK(repair_link_wait(1000));
	conn = repair_link_accept();
	CHECK(conn >= 0);
	CHECK(!hung_up(first));
	second = helper();
	CHECK_EQ(repair_link_accept(), -EBUSY);
	CHECK(hung_up(second));
	(void)close(second);
	CHECK_EQ(repair_link_accept(), -EAGAIN);

	/* It went, and who has the connection does not know yet */
	(void)close(first);
	first = helper();
	second = repair_link_accept();
	CHECK(second >= 0);
	(void)close(conn);

	/* Who had the connection closed it, and its number is used again */
	CHECK_EQ(dup2(unrelated, second), second);
	CHECK(hung_up(first));
	(void)close(first);
	first = helper();
	conn = repair_link_accept();
	CHECK(conn >= 0);

	/* It stays when we listen no more */
	repair_link_close();
	CHECK(!hung_up(first));
	CHECK(helper() < 0);
	(void)close(first);
	(void)close(conn);
	(void)close(second);
	(void)close(unrelated);
}

/* refused() - Whether a user is turned away as a helper */
static bool refused(uid_t uid)
{
	int fd = helper(), conn;
	bool gone;

	peer_uid = uid;
	conn = repair_link_accept();
	gone = hung_up(fd);
	CHECK_EQ(gone, conn < 0);
	CHECK(conn >= 0 || conn == -EPERM);
	(void)close(conn);
	(void)close(fd);
	return gone;
}

static void test_who(void)
{
	CHECK(repair_link_open(path) >= 0);
	CHECK(!refused(0));
	CHECK(!refused(OUR_UID));
	CHECK(refused(OTHER));
	CHECK(!refused(NOBODY));
	repair_link_close();
}

/* Where the file system has modes of its own, who has no number here is nobody */
static void test_open_mode(void)
{
	more_mode = 0066;
	CHECK(repair_link_open(path) >= 0);
	more_mode = 0;
	CHECK(refused(NOBODY));
	CHECK(!refused(OUR_UID));
	CHECK(!refused(0));
	repair_link_close();
}

int main(void)
{
	if (!mkdtemp(dir)) {
		perror(dir);
		return 1;
	}
	(void)snprintf(path, sizeof(path), "%s/x.repair", dir);
	RUN(test_path);
	RUN(test_not_ours);
	RUN(test_stale);
	RUN(test_one);
	RUN(test_who);
	RUN(test_open_mode);
	(void)rmdir(dir);
	return check_done();
}
