# SPDX-License-Identifier: GPL-2.0-or-later
"""carry-shut - connections whose remote end takes nothing are moved, and then it does

The guest uploads, the remote ends have stopped to read: their windows are shut, and more is
unsent than the buffer of a new socket takes, as the system lets it be.  Some time behind
the move one after the other reads again: its bytes come at once, all of them, in order.
"""
import os
import random
import threading
import time

from carry import TMP, Carried, Cut, hand_over, mark, resets, sockets, sysctl
from ends import WAIT, guest, host, pair, remote, until, want

TALK, FAR = 5050, "198.51.100.1"
OPENS = 0.5, 4			# seconds behind the move: two fill what unsent bytes wait in
PAUSE = 0.6
WARM = 40 << 20			# bytes that buffers grow by
REST = 30 << 20			# bytes behind which it goes on well
GAP = 1.0			# seconds; a time-out that has grown is longer
TEXT = 1 << 20


class Upload(threading.Thread):
    """The guest writes all the time"""

    text = memoryview(random.Random(3).randbytes(TEXT) * 2)

    def __init__(self, i):
        super().__init__(daemon=True)
        self.g, self.r = pair(guest, remote, FAR, TALK + i)
        self.port, self.got, self.more = TALK + i, 0, True
        self.g.settimeout(None)
        self.start()

    def run(self):
        at = 0
        while self.more:
            at = (at + self.g.send(self.text[at:at + TEXT // 8])) % TEXT
        self.g.close()

    def read(self, end):
        """Read so much; return the longest time without a byte"""
        last, gap, end = time.monotonic(), 0, self.got + end
        while self.got < end:
            part = self.r.recv(TEXT)
            now = time.monotonic()
            gap, last = max(gap, now - last), now
            at = self.got % TEXT
            want(True, part == self.text[at:at + len(part)], f"bytes from {self.got} on")
            self.got += len(part)
        return gap

    def finish(self):
        """All comes, then the end"""
        self.more = False
        while part := self.r.recv(TEXT):
            at = self.got % TEXT
            want(True, part == self.text[at:at + len(part)], f"bytes from {self.got} on")
            self.got += len(part)
        self.join(WAIT)


def unsent():
    """Return what is in send queues of the host, by port of the remote end"""
    return {far: n for (_, far), (_, _, n) in sockets(host).items() if far >= TALK}


def full():
    """Wait until nobody sends any more"""
    was = {}

    def same():
        nonlocal was
        time.sleep(0.3)
        was, before = unsent(), was
        return was == before
    until(same)
    return was


def main():
    with host, open("/proc/sys/net/core/wmem_max", encoding="ascii") as f:
        most = int(f.read())
    sysctl({"tcp_wmem": f"4096 16384 {3 * most}"}, (host,))
    program = Carried("pasta", "--config-net", "--netns-only", "--netns",
                      f"{TMP}/guest.netns", "-t", "2222")
    before = [resets(p) for p in (guest, host, remote)]
    uploads = [Upload(i) for i in range(len(OPENS))]
    for u in uploads:
        u.read(WARM)
    queued = full()
    mark(f"windows are shut, in send queues: {queued}")
    hand_over(program, Cut(host, "input", "host0"), PAUSE)
    began, now = time.monotonic(), unsent()
    mark(f"moved, in send queues: {now}")
    want(True, any(now[p] < queued[p] for p in queued), "some bytes wait in the program")
    gaps = []
    for u, opens in zip(uploads, OPENS):
        time.sleep(max(0, began + opens - time.monotonic()))
        gaps.append(u.read(REST))
        mark(f"read again {opens} s behind it: at most {gaps[-1]:.2f} s without a byte")
    want([], [g for g in gaps if g > GAP], "seconds without a byte")
    for u in uploads:
        u.finish()
    mark(f"{sum(u.got for u in uploads)} bytes")
    want(before, [resets(p) for p in (guest, host, remote)], "resets")
    program.stop()


main()
