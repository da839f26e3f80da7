# SPDX-License-Identifier: GPL-2.0-or-later
"""carry-abort - a checkpoint fails: where it is written nothing is lost, where it is
read a process ends with one line

Streams go both ways all the time, by connections opened by either end.
"""
import os
import random
import resource
import socket
import time

from carry import TMP, Carried, Cut, deafen, hear, resets, sysctl
from ends import WAIT, accept, guest, host, pair, read, remote, until, want

FORWARDED, UNHEARD, QUEUED, CUTS, FLIPS = 5020, 5021, 100_000, 200, 40
STALL = 5			# seconds without progress, then it is given up


class Streams:
    """Connections in which something is queued, both ways, all the time"""

    def __init__(self):
        self.all = []
        for far, near in ("198.51.100.1", "192.0.2.1"), ("2001:db8:1::1", "2001:db8::1"):
            self.all.append(pair(guest, remote, far, 5001))
            self.all.append(pair(remote, guest, near, FORWARDED))
        self.queued = [[random.Random(i).randbytes(QUEUED) for i in range(2)]
                       for _ in self.all]
        for (a, b), (x, y) in zip(self.all, self.queued):
            a.sendall(x)
            b.sendall(y)

    def check(self):
        """All that was queued arrives, and more is queued"""
        for (a, b), (x, y) in zip(self.all, self.queued):
            for s, data in (b, x), (a, y):
                got = bytearray()
                while len(got) < QUEUED:
                    part = s.recv(QUEUED - len(got))
                    want(True, bool(part), "no end of file")
                    got += part
                want(True, data == bytes(got), "the same bytes")
            a.sendall(x)
            b.sendall(y)


def fails(program, to, how, wait=WAIT):
    """It can not be written there; the program runs on"""
    began = time.monotonic()
    program.ask(to)
    why = program.answer(wait)
    print(f"{how}: {why} ({time.monotonic() - began:.1f} s)", flush=True)
    want(True, "write at byte " in why, how)
    want(None, program.process.poll(), "it runs")
    return time.monotonic() - began


def pipe_end(path):
    """Return a reader of a pipe with a name"""
    os.mkfifo(path)
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK)


def has_bytes(fd):
    """Whether there was a byte to read"""
    try:
        return os.read(fd, 1)
    except BlockingIOError:
        return b""


def writing(program, streams):
    """Where it is written"""
    fails(program, "/dev/full", "disk full")
    streams.check()
    fails(program, f"{os.environ['SMALL']}/ckpt", "disk full behind the first bytes")
    streams.check()

    # A file may not become so large
    resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
    fails(program, f"{TMP}/large", "limit on the size of files")
    resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, 2 * (resource.RLIM_INFINITY,))
    streams.check()

    # Nobody reads: the pipe is full, and stays so
    fd = pipe_end(f"{TMP}/unread")
    took = fails(program, f"{TMP}/unread", "nobody reads", STALL + WAIT)
    want(True, STALL - 0.5 < took < STALL + 3, f"{took} s")
    os.close(fd)
    streams.check()

    # The reader goes away in the middle
    fd = pipe_end(f"{TMP}/left")
    program.ask(f"{TMP}/left")
    until(has_bytes, fd)
    os.close(fd)
    why = program.answer()
    print(f"reader goes away: {why}")
    want(True, "write at byte " in why)
    streams.check()


def refused(program, image, what):
    """A process that is given these bytes says in one line that it can not"""
    path = f"{TMP}/bad"
    with open(path, "wb") as f:
        f.write(image)
    lines = program.declined(path)
    said = [x for x in lines if not x.startswith("Checkpoint ")]
    if len(said) != 1 or len(said[0]) > 200:
        raise AssertionError(f"{what}: {lines}")
    return said[0]


def reading(program, image):
    """Where it is read: most by the program without sanitizers, which starts sooner"""
    cuts = sorted({*range(0, 40, 3), *(i * len(image) // CUTS for i in range(CUTS)),
                   len(image) - 1})
    rng = random.Random(7)
    bad = [(image[:n], f"cut at {n}") for n in cuts]
    for _ in range(FLIPS):
        at = rng.randrange(16, len(image))
        flipped = bytes([image[at] ^ 1 << rng.randrange(8)])
        bad.append((image[:at] + flipped + image[at + 1:], f"another bit at {at}"))
    bad += [(b"\0" * 100, "zeros"), (b"", "nothing"), (b"#!/bin/sh\n" * 30, "a script"),
            (image[:8] + b"\0\x02" + image[10:], "another version"),
            (image[:16] + image, "begins again")]
    said = {}
    for i, (data, what) in enumerate(bad):
        program.directory = os.environ["PROG_DIR" if not i % 10 else "TOP"]
        line = refused(program, data, what)
        said.setdefault("".join(c for c in line if not c.isdigit()), (what, line))
    program.directory = os.environ["PROG_DIR"]
    for what, line in said.values():
        print(f"{what}: {line}")
    return len(bad)


def unprivileged():
    """Without CAP_NET_ADMIN it says so, and runs on"""
    program = Carried("passt", "-t", "none", before=(
        "setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"))
    program.ask(f"{TMP}/never")
    why = program.answer()
    print(f"no capability: {why}")
    want(True, "CAP_NET_ADMIN" in why)
    program.stop()


class Call:
    """A connection that the guest does not hear of yet, though bytes came for it"""

    def __init__(self):
        self.listener = guest.listen("0.0.0.0", UNHEARD)
        deafen(self.listener)
        self.r = remote.dial("192.0.2.1", UNHEARD)
        self.r.sendall(b"first bytes")

    def check(self):
        hear(self.listener)
        with accept(self.listener) as g:
            want(b"first bytes", read(g, 11))


def main():
    unprivileged()
    program = Carried("pasta", "--config-net", "--netns-only", "--netns",
                      f"{TMP}/guest.netns", "-t", f"{FORWARDED},{UNHEARD}")
    cut = Cut(host, "input", "host0")
    before = {p: resets(p) for p in (host, guest, remote)}
    # Most is in the queues between them
    sysctl({"tcp_rmem": "4096 20000 20000"}, (guest, remote))
    call = Call()			# the first in the image
    streams = Streams()
    writing(program, streams)
    call.check()
    want(0, sum(resets(p) - n for p, n in before.items()), "resets while writing")

    # It goes on in another process after all that; between them, others try
    program.told("checkpoint", f"{TMP}/flows", "--flows")
    with cut.off():
        program.save()
        with open(program.image, "rb") as f:
            image = f.read()
        n = reading(program, image)
        with open(f"{TMP}/flows", "rb") as f:
            want(True, "it has no state" in refused(program, f.read(), "flows alone"))
        program.start(program.image)
    print(f"{n} images refused, of {len(image)} bytes")
    streams.check()
    want(0, sum(resets(p) - n for p, n in before.items()), "resets at all")
    program.stop()


main()
