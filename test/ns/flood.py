# SPDX-License-Identifier: GPL-2.0-or-later
"""flood - connections whose buffers are full, as all read slower than others write

Uploads fill send queues of the program's sockets, downloads their receive queues.  Every
byte is compared.  What a kernel spends for the buffers can be asked for.
"""
import random
import re
import subprocess
import threading
import time

from carry import mark, sysctl
from ends import WAIT, host, until, want

TEXT = 1 << 20			# bytes after which what is written begins again
PIECE = 128 * 1024		# that are read in one go
TICK = 0.004			# seconds in between
STANDS = 4			# so many are too many without a byte
SLOW = 2.5			# and so many nearly: the time-out of who knows no round trip is 3
_SKMEM = re.compile(r":(\d+) .*\n.*skmem:\(r\d+,rb(\d+),t\d+,tb(\d+)")


class Stream:
    """One connection, and how far its ends are"""

    def __init__(self, name, writer, reader):
        self.name, self.writer, self.reader = name, writer, reader
        self.wrote = self.got = 0
        self.eof = False
        for s in writer, reader:
            s.setblocking(False)

    def write(self, text):
        """Write what fits"""
        try:
            while True:
                at = self.wrote % TEXT
                self.wrote += self.writer.send(text[at:at + TEXT])
        except BlockingIOError:
            pass

    def read(self, text):
        """Read one piece"""
        try:
            part = self.reader.recv(PIECE)
        except BlockingIOError:
            return
        at = self.got % TEXT
        want(True, part == text[at:at + len(part)], f"{self.name}: other bytes from {self.got} on")
        self.got += len(part)
        self.eof = not part


class Flood(threading.Thread):
    """All of them, until finish()"""

    def __init__(self, streams):
        """streams: name, who writes, who reads"""
        super().__init__(daemon=True)
        limit()
        self.text = memoryview(random.Random(2).randbytes(TEXT) * 2)
        self.streams = [Stream(*s) for s in streams]
        self.wrong, self.ending = None, False
        self.start()

    def run(self):
        try:
            while not self.ending:
                for s in self.streams:
                    s.write(self.text)
                    s.read(self.text)
                time.sleep(TICK)
            for s in self.streams:
                s.writer.close()
            while not all(s.eof for s in self.streams):
                for s in self.streams:
                    s.read(self.text)
                time.sleep(TICK / 8)
        except (OSError, AssertionError) as e:
            self.wrong = e

    def goes_on(self):
        """Wait until each has got more, which takes less than STANDS seconds; how many"""
        had, began = [s.got for s in self.streams], time.monotonic()

        def more():
            if self.wrong:
                raise AssertionError(f"flood: {self.wrong!r}")
            return all(s.got > n + PIECE for s, n in zip(self.streams, had))

        try:
            until(more, wait=STANDS)
        except AssertionError:
            print("stand still:", [s.name for s, n in zip(self.streams, had) if s.got <= n + PIECE])
            show()
            raise
        return time.monotonic() - began

    def finish(self):
        """All that was written arrives, then the end of file"""
        self.ending = True
        self.join(WAIT)
        want(None, self.wrong)
        want([], [(s.name, s.wrote - s.got) for s in self.streams if not s.eof or s.got != s.wrote],
             "bytes that did not come")
        return sum(s.got for s in self.streams)


def show():
    """Print what the host's kernel knows of its connections"""
    with host:
        print(subprocess.run(["ss", "-Htnoim"], check=True, capture_output=True, text=True).stdout)


def limit():
    """A send buffer gets no longer than can be asked for: what waits elsewhere is for carry-shut"""
    with host:
        with open("/proc/sys/net/core/wmem_max", encoding="ascii") as f:
            most = 2 * int(f.read())
        sysctl({"tcp_wmem": f"4096 16384 {min(most, limits()[1])}"}, (host,))


def limits():
    """Return the sizes that the host's kernel gives to receive and send buffers at most"""
    found = []
    for name in "rmem", "wmem":
        with host, open(f"/proc/sys/net/ipv4/tcp_{name}", encoding="ascii") as f:
            found.append(int(f.read().split()[2]))
    return found


def buffers():
    """Return the sizes of the largest receive and send buffer the host has"""
    with host:
        text = subprocess.run(["ss", "-Htnm"], check=True, capture_output=True,
                              text=True).stdout
    found = [(int(rb), int(tb)) for _, rb, tb in _SKMEM.findall(text)]
    return max(rb for rb, _ in found), max(tb for _, tb in found)


def moved(flood, times, move, slow=1):
    """Move again and again: nobody stands still, at most so often for long, and no buffer
    gets larger than the kernel makes it"""
    took = []
    for _ in range(times):
        flood.goes_on()
        move()
        took.append(flood.goes_on())
        now = buffers()
        mark(f"moved, all go on after {took[-1]:.2f} s; largest buffers {now}")
        want(True, all(n <= most for n, most in zip(now, limits())), f"{now} within {limits()}")
    want(True, sum(t > SLOW for t in took) <= slow, f"slow: {took}")
