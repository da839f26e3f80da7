# SPDX-License-Identifier: GPL-2.0-or-later
"""crowd - thousands of connections, both ends of each in hand

The guest opens them to the remote end.  They are spread over several processes, as the
number of descriptors of each is limited.  Each byte is compared when it is read; a
connection that does not work ends in an AssertionError.
"""
import contextlib
import multiprocessing
import random
import socket

import ends
import lab
from carry import sockets

PER_PROCESS = 2500
PORT = 6300			# of the first process
QUEUED = 80_000			# bytes that wait in a queue of the host's socket
SMALL = 16_384			# receive buffer of who does not read, bytes
KEPT = 29_000			# what it takes all the same
NEARLY = 0.95			# of the queue is good enough
WAYS = ("out", "in")


class Part:
    """Those of one process; each end says something now and then

    unread:	the way of bytes that who gets them does not read, "out" or "in"; or None
    """

    def __init__(self, guest, addr, port, count, unread):
        self.words = memoryview(random.Random(port).randbytes(1 << 20))
        self.unread, self.filled = unread, False
        self.pairs = []
        with ends.remote.listen(addr, port) as ls:
            if unread == "out":
                ls.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
            for _ in range(count):
                g = guest.socket()
                if unread == "in":
                    g.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
                g.connect((addr, port))
                self.pairs.append((g, ends.accept(ls)))
        self.check()

    def text(self, i):
        """What waits in a queue: of each connection something else"""
        at = i * 7919 % (len(self.words) - QUEUED - KEPT)
        return self.words[at:at + QUEUED + KEPT]

    def fill(self):
        """One end sends, the other one does not read"""
        for i, (g, r) in enumerate(self.pairs):
            (g if self.unread == "out" else r).sendall(self.text(i))
        self.filled = True

    def check(self):
        """What waits arrives, one word each way behind it, and no more"""
        words = [w.encode() for w in WAYS]
        for pair in self.pairs:
            for end, word in zip(pair, words):
                end.sendall(word)
        for i, pair in enumerate(self.pairs):
            for end, word, way in zip(reversed(pair), words, WAYS):
                text = bytes(self.text(i)) if self.filled and self.unread == way else b""
                got = ends.read(end, len(text) + len(word))
                if got != text + word:
                    raise AssertionError(f"{way}: {len(got)} bytes, and not those that were sent")
                silent(end)
        self.filled = False

    def close(self):
        """No connection lingers"""
        for g, r in self.pairs:
            ends.reset(g)
            r.close()


def silent(s):
    """Nothing more came, and no end of file"""
    s.settimeout(0)
    with contextlib.suppress(BlockingIOError):
        raise AssertionError(f"there is more: {s.recv(1)}")
    s.settimeout(ends.WAIT)


def work(pipe, *args):
    """One process: does what it is told to"""
    try:
        part = Part(*args)
        pipe.send("")
        while what := pipe.recv():
            getattr(part, what)()
            pipe.send("")
        part.close()
    except (OSError, AssertionError) as e:
        pipe.send(f"{type(e).__name__}: {e}")


class Crowd:
    """So many connections; a context manager"""

    def __init__(self, t, count, unread=None):
        self.count, self.unread = count, unread
        self.guest, self.addr = ends.Place(t.guest.pid), lab.fresh_address()
        self.parts = []

    def __enter__(self):
        context = multiprocessing.get_context("fork")
        for first in range(0, self.count, PER_PROCESS):
            pipe, its = context.Pipe()
            p = context.Process(target=work, daemon=True, args=(
                its, self.guest, self.addr, PORT + len(self.parts),
                min(PER_PROCESS, self.count - first), self.unread))
            p.start()
            self.parts.append((p, pipe))
        self.answers()
        return self

    def __exit__(self, *_):
        for p, pipe in self.parts:
            with contextlib.suppress(BrokenPipeError):
                pipe.send("")
            p.join()

    def answers(self):
        """Wait until all are done; they did well"""
        wrong = [why for _, pipe in self.parts if (why := pipe.recv())]
        ends.want([], wrong, "what went wrong with connections")

    def ask(self, what):
        """Have all do something"""
        for _, pipe in self.parts:
            pipe.send(what)
        self.answers()

    def check(self):
        """All connections work"""
        self.ask("check")

    def rest(self):
        """The guest has nothing under way: while no program serves it, or one that does not
        know its connections yet, it has to be silent"""
        ends.until(lambda: not any(unsent for _, _, unsent in sockets(self.guest).values()))

    def fill(self):
        """Bytes wait in the queues, if that is wanted; return how many in each"""
        if self.unread:
            return self.fill_queues()
        self.rest()
        return 0

    def fill_queues(self):
        """They do"""
        self.ask("fill")
        column = 2 if self.unread == "out" else 1
        ports = range(PORT, PORT + len(self.parts))
        before = []

        def settled():
            found = [s[column] for (_, far), s in sockets(ends.host).items() if far in ports]
            ends.want(self.count, len(found), "sockets of the host")
            same = found == before
            before[:] = found
            return same and min(found) >= NEARLY * QUEUED
        ends.until(settled)
        self.rest()
        return sum(before) / self.count
