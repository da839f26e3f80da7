# SPDX-License-Identifier: GPL-2.0-or-later
"""standin - the stand-in guest of test/ft, and who talks to it

Guest is a process of it, at the socket of a passt or waiting to be one; see guest.c for its
orders.  Services is what service.c offers, on a host; Talk asks the guest for them.  Both look
at each byte.  Epochs is the driver, Driver the same by single orders.
"""
import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time

from carry import TMP, resets
from ends import WAIT, until, want
from hosts import CLIENT4, CLIENT6, SERVICE4, SERVICE6, Network, run
from machine import Passt

PORT = 7000			# where the guest listens, and Services
PERIOD, STEP, PIECE = 1048573, 104729, 1 << 18	# as in pattern.c, but for the last


def _table():
    x, out = 1, bytearray(PERIOD)
    for i in range(PERIOD):
        x = (x * 1664525 + 1013904223) & 0xffffffff
        out[i] = x >> 24
    return bytes(out + out[:PIECE])


TABLE = _table()


def pattern(stream, offset, n):
    """Return at most PIECE bytes of a stream"""
    at = (offset + stream * STEP) % PERIOD
    return TABLE[at:at + n]


class Guest:
    """A process of the stand-in guest"""

    count = 0

    def __init__(self, link=None, area=None):
        """link: the socket of a passt; without one it is a standby"""
        Guest.count += 1
        self.control = f"{TMP}/guest{Guest.count}.ctl"
        self.area = area or f"/dev/shm/guest{Guest.count}"
        with open(f"{TMP}/guest{Guest.count}.log", "wb") as log:
            self.process = subprocess.Popen(
                [f"{os.environ['TOOL_DIR']}/guest", "--control", self.control,
                 "--area", self.area, "--addr4", SERVICE4, "--gw4", CLIENT4,
                 "--addr6", SERVICE6, *(["--link", link] if link else ["--standby"])],
                stdout=log, stderr=log)
        self.orders = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.orders.settimeout(WAIT)
        until(self._connects)

    def _connects(self):
        want(None, self.process.poll(), "status of the guest")
        return not self.orders.connect_ex(self.control)

    def told(self, *words):
        """Give it an order, return what it answers"""
        self.orders.send(" ".join(str(w) for w in words).encode())
        said = self.orders.recv(4096).decode().split(" ")
        want("ok", said[0], f"answer to {words}: {said}")
        return said[1:]

    def status(self):
        """Return its names and numbers"""
        said = self.told("status")
        return {"what": said[0], **dict(zip(said[1::2], map(int, said[2::2])))}

    def dial(self, addr, port, *words):
        """Have it dial"""
        self.told("dial", addr, port, *words)

    def kill(self):
        """It is no more"""
        self.process.kill()
        self.process.wait(WAIT)

    def quit(self):
        """End it well"""
        self.told("quit")
        want(0, self.process.wait(WAIT), "status of the guest")


class Work(threading.Thread):
    """Something that is done beside the test: wait() says how it ended"""

    def __init__(self, what, *args):
        super().__init__(daemon=True)
        self.what, self.args, self.why, self.result, self.bytes = what, args, None, None, 0
        self.streams = what in (up, down)
        self.start()

    def run(self):
        try:
            self.result = self.what(self, *self.args)
        except Exception as e:		# pylint: disable=broad-except
            self.why = e

    def wait(self, limit=WAIT):
        """Return what was returned"""
        self.join(limit)
        if self.why:
            raise self.why
        want(False, self.is_alive(), f"{self.args} goes on after {self.bytes} bytes")
        return self.result


def lines(s):
    """Yield the lines that come over a socket"""
    with s.makefile("rb") as f:
        for x in f:
            yield x.decode().strip()


def send_pattern(work, s, stream, n):
    """Send n bytes of a stream"""
    at = 0
    while at < n:
        at += s.send(pattern(stream, at, min(PIECE, n - at)))
        work.bytes = at


def read_pattern(work, s, stream, begin=b""):
    """Read a stream to its end, return how many bytes came: all of them right"""
    at, data = 0, begin
    while True:
        if data:
            if data != pattern(stream, at, len(data)):
                raise AssertionError(f"stream {stream}: wrong at {at}..{at + len(data)}")
            at += len(data)
            work.bytes = at
        data = s.recv(PIECE)
        if not data:
            return at


def up(work, s, stream, n):
    """Have somebody read a stream"""
    s.sendall(f"up {stream}\n".encode())
    send_pattern(work, s, stream, n)
    s.shutdown(socket.SHUT_WR)
    want([f"up {n}"], list(lines(s)), f"answer for stream {stream}")
    return n


def down(work, s, stream, n):
    """Have somebody send a stream"""
    s.sendall(f"down {stream} {n}\n".encode())
    want(n, read_pattern(work, s, stream), f"bytes of stream {stream}")
    return n


def count(work, s, n, pause=0):
    """Have somebody count n times, who counts for nobody else; return how often he did"""
    s.sendall(b"count\n")
    said, last = lines(s), None
    for i in range(n):
        s.sendall(b"%d\n" % i)
        number, counted = (int(x) for x in next(said).split())
        want((i, i if last is None else last + 1), (number, counted if last is not None else i))
        last = counted
        work.bytes = i + 1
        time.sleep(pause)
    return last


class Talk(Work):
    """Ask the guest for a service, from a place"""

    def __init__(self, place, addr, what, *args):
        super().__init__(what, place.dial(addr, PORT), *args)

    def run(self):
        with self.args[0]:
            super().run()


class Services:
    """What service.c offers, in a place, for a guest that dials"""

    def __init__(self, place):
        self.counted, self.works = 0, []
        for addr in "0.0.0.0", "::":
            with place:
                ls = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET)
                if ":" in addr:
                    ls.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                ls.bind((addr, PORT))
                ls.listen(64)
            threading.Thread(target=self._accept, args=(ls,), daemon=True).start()

    def _accept(self, ls):
        while True:
            s, _ = ls.accept()
            s.settimeout(WAIT)
            self.works.append(Work(self._serve, s))

    def _serve(self, work, s):
        with s:
            line = b""
            while not line.endswith(b"\n"):
                line += s.recv(1)
            word, *args = line.decode().split()
            work.streams = word != "count"
            if word == "up":
                n = read_pattern(work, s, int(args[0]))
                s.sendall(b"up %d\n" % n)
            elif word == "down":
                send_pattern(work, s, int(args[0]), int(args[1]))
            else:
                want("count", word)
                for line in lines(s):
                    self.counted += 1
                    s.sendall(f"{line} {self.counted}\n".encode())
        return word

    def streams(self):
        """Return those that read or send a pattern"""
        return [w for w in self.works if w.streams]

    def finish(self, limit=WAIT):
        """All ended well"""
        for w in self.works:
            w.wait(limit)


class Epochs:
    """A process of the driver, test/ft/epochs.c"""

    def __init__(self, passt, guest, standby, *options):
        self.process = subprocess.Popen(
            [f"{os.environ['TOOL_DIR']}/epochs", "--passt", passt.control, "--guest",
             guest.control, "--standby", standby.control, *options],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def kill(self):
        """It is no more"""
        self.process.kill()
        self.process.wait(WAIT)

    def end(self):
        """It ends, and well; return what it says"""
        self.process.terminate()
        said, _ = self.process.communicate(timeout=WAIT)
        want(0, self.process.returncode, said)
        return said


class Ear:
    """Hears in a place what comes from the guest's addresses, until it is asked"""

    FIN, SYN = 1, 2

    def __init__(self, place):
        with place:
            self.s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
        self.from4 = socket.inet_aton(SERVICE4)
        self.from6 = socket.inet_pton(socket.AF_INET6, SERVICE6)

    def _said(self, p):
        """Return how many bytes a packet says, SYN and FIN counted; and RST, as one"""
        if p[0] >> 4 == 4 and p[9] == socket.IPPROTO_TCP and p[12:16] == self.from4:
            at, end = (p[0] & 15) * 4, struct.unpack_from("!H", p, 2)[0]
        elif p[0] >> 4 == 6 and p[6] == socket.IPPROTO_TCP and p[8:24] == self.from6:
            at, end = 40, 40 + struct.unpack_from("!H", p, 4)[0]
        else:
            return 0
        return end - at - (p[at + 12] >> 4) * 4 + (p[at + 13] & 7).bit_count()

    def heard(self):
        """Return how many bytes the guest said"""
        said = 0
        while True:
            try:
                said += self._said(self.s.recv(1 << 17, socket.MSG_DONTWAIT))
            except BlockingIOError:
                return said

    def close(self):
        """Hear no more"""
        self.s.close()


def status(passt):
    """Return what it says of epochs"""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(passt.control)
        s.sendall(b'{"execute": "status"}\n')
        return json.loads(s.makefile().readline())["return"].get("epoch")


def orders_of(passt):
    """Return a socket that takes orders about epochs, beside whoever gave them before"""
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(passt.control)
        socket.send_fds(s, [b'{"execute": "epoch-attach"}\n'], [its.fileno()])
        want(True, '"return"' in s.makefile().readline())
    its.close()
    mine.settimeout(WAIT)
    return mine


class Driver:
    """Gives single orders about epochs, as driver.h has them"""

    BEGIN, COMMIT, ABORT, RELEASE, FENCE = range(1, 6)

    def __init__(self, passt, guest, standby=None):
        self.passt, self.guest, self.standby = orders_of(passt), guest, standby

    def order(self, op, epoch=0, rc=0):
        """Give one, return the number of the epoch"""
        self.passt.send(struct.pack("=IIQ", op, 0, epoch))
        op_, rc_, epoch = struct.unpack("=IIQ", self.passt.recv(16))
        want((op, rc), (op_, rc_), "answer of passt")
        return epoch

    def begin(self):
        """Begin an epoch, with a copy that the standby has; return its number"""
        self.guest.told("pause")
        epoch = self.order(self.BEGIN)
        self.guest.told("snapshot", epoch)
        self.guest.told("resume")
        if self.standby:
            self.standby.told("keep", epoch)
        return epoch

    def step(self):
        """A whole epoch"""
        return self.order(self.COMMIT, self.begin())

    def close(self):
        """Go away"""
        self.passt.close()


class World(Network):
    """Guest, passt and standby on host A, and the client C"""

    def __init__(self, mtu=1500):
        super().__init__()
        for name in "toA", "toB", "toC", "bridge":
            run("ip", "link", "set", name, "mtu", mtu)
        for place in self.a, self.b, self.c:
            place.ip(f"link set eth0 mtu {mtu}")
        # What is not acknowledged for an epoch or two waits in sockets of the host
        for key in "tcp_rmem", "tcp_wmem":
            self.a.sysctl(f"ipv4/{key}", "4096 4000000 8000000")
        self.services = Services(self.c)
        self.passt = Passt(self.a, str(PORT))
        self.guest = Guest(self.passt.socket)
        self.standby = Guest(area=self.guest.area)
        self.resets = [resets(p) for p in (self.a, self.c)]
        # The router's address is known when it has said so
        until(lambda: Talk(self.c, SERVICE6, down, 0, 100).wait() == 100)

    def epochs(self, *options):
        """Start a driver, wait until it has driven for a while"""
        before = (status(self.passt) or {"committed": 0})["committed"]
        driver = Epochs(self.passt, self.guest, self.standby, *options)
        # How long frames wait as a rule is known after some: patience depends on that
        until(lambda: (status(self.passt) or {"committed": 0})["committed"] > before + 40)
        return driver

    def kill(self, driver):
        """A driver is no more; the guest, which may have been paused just then, runs"""
        driver.kill()
        self.guest.status()		# the last order was carried out then
        self.guest.told("resume")

    def streams(self, size):
        """Start some both ways, and counts; return them"""
        here = len(self.services.works)
        works = [Talk(self.c, addr, what, i, size) for i, (addr, what) in enumerate(
            (addr, what) for addr in (SERVICE4, SERVICE6) for what in (up, down))]
        works.append(Talk(self.c, SERVICE4, count, 20))
        for i, addr in enumerate((CLIENT4, CLIENT6)):
            self.guest.dial(addr, PORT, "up", 10 + i, size)
            self.guest.dial(addr, PORT, "down", 20 + i, size)
        self.guest.dial(CLIENT4, PORT, "count", 20)
        until(lambda: len(self.services.works) == here + 5)
        return works + self.services.works[here:]

    def finish(self, works):
        """All came, and nothing was wrong"""
        for x in works:
            x.wait(60)
        until(lambda: not self.guest.status()["open"])
        said = self.guest.status()
        want((0, 0), (said["bad"], said["lost"]), said)
        want(self.resets, [resets(p) for p in (self.a, self.c)], "resets sent")

    def again(self):
        """Return how often passt said something to the guest again"""
        n = self.passt.log().count("count wakeups")
        self.passt.process.send_signal(signal.SIGUSR1)
        until(lambda: self.passt.log().count("count wakeups") > n)
        said = self.passt.log().split("flows: ")[-1]
        return sum(int(x) for x in re.findall(r"count tcp-(?:rto|fast-retransmit) (\d+)", said))
