// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pcap.c - capture file: what passed the guest link
 *
 * Theory of operation
 *
 *   The classic libpcap format (draft-ietf-opsawg-pcap), with a snapshot length
 *   that takes the longest frame, as unsegmented ones of 64 KiB pass here.  Each
 *   frame is one writev(): the file can be read while it grows, and ends with a
 *   whole frame.  A file that can not be written any more ends the capture, not
 *   the program.
 */
#include "pcap.h"

#include <errno.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

enum { SNAPLEN = 65535 + 14 + 4, LINKTYPE_ETHERNET = 1, IOV_FRAME = 8 };

/* File and record headers, in the byte order of the writer */
struct pcap_file_header {
	uint32_t magic;
	uint16_t major;
	uint16_t minor;
	uint32_t zone;
	uint32_t sigfigs;
	uint32_t snaplen;
	uint32_t linktype;
};

struct pcap_record {
	uint32_t sec;
	uint32_t usec;
	uint32_t caplen;
	uint32_t len;
};

/**
 * struct pcap_self - state of this file
 * @fd:		capture file, -1: none
 */
static struct {
	int fd;
} self = { .fd = -1 };

/* put() - Write what is in one piece in the file, or end the capture */
static void put(const struct iovec *iov, int niov, size_t len)
{
	if (writev(self.fd, iov, niov) == (ssize_t)len)
		return;
	warn("Capture file can not be written any more: capture ends");
	close(self.fd);
	self.fd = -1;
}

/**
 * pcap_init() - Begin a capture
 * @fd:		Empty file, ours from now on; -1: there is to be none
 *
 * Return: 0; -errno: it can not be written (caller dies)
 */
int pcap_init(int fd)
{
	static const struct pcap_file_header head = {
		.magic = 0xa1b2c3d4, .major = 2, .minor = 4,
		.snaplen = SNAPLEN, .linktype = LINKTYPE_ETHERNET,
	};

	self.fd = fd;
	return fd < 0 || write(fd, &head, sizeof(head)) == sizeof(head) ? 0 : -errno;
}

/**
 * pcap_on() - Whether frames are wanted
 *
 * Return: true from pcap_init() on, until a write fails
 */
bool pcap_on(void)
{
	return self.fd >= 0;
}

/**
 * pcap_frame() - Append one frame
 * @iov:	Its pieces, up to 7
 * @niov:	Their number
 * @len:	Bytes in all
 */
void pcap_frame(const struct iovec *iov, int niov, uint32_t len)
{
	struct pcap_record rec = { .caplen = len, .len = len };
	struct iovec v[IOV_FRAME] = { { &rec, sizeof(rec) } };
	struct timespec now;
	int n = 1;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	rec.sec = (uint32_t)now.tv_sec;
	rec.usec = (uint32_t)(now.tv_nsec / 1000);
	for (int i = 0; i < niov && n < IOV_FRAME; i++)
		v[n++] = iov[i];
	put(v, n, sizeof(rec) + len);
}
