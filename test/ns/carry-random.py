# SPDX-License-Identifier: GPL-2.0-or-later
"""carry-random - connections at work are moved at random moments

usage: carry-random.py MOVES SEED

One loop does all that both ends do: it opens connections, writes, reads, pauses, and
closes halves, all at random.  Now and then the program moves, while the loop goes on.
Each stream is a piece of one long random text, so that every byte is checked as it is
read.  At the end all is read, and nobody was reset.

A handshake that waits in the kernel for its last packet has no descriptor that could be
carried: the program waits for those, and names who it waited for in vain.  Where packets
are lost that happens, and that one connection may be reset, or hang.

One reset can not be avoided: a SYN that a new socket sends again has another time stamp
than the first one, which the remote end's SYN-ACK echoes.  Linux takes that for an old
duplicate, and tries again a second later.  And when both ends are done, a kernel that has
forgotten a connection resets who answers a second copy of the last FIN: a few do no harm.
Whoever still has a byte, or an end of file, to come sees a reset, and fails.
"""
import collections
import errno
import os
import random
import re
import socket
import sys
import time

from carry import TMP, Carried, Cut, Resets, resets, sockets, sysctl
from ends import WAIT, guest, host, remote, until, want

CONNS = 250			# at once
LONGEST = 120_000		# bytes of a stream
AT_ONCE = 30_000
BETWEEN = 0.1, 0.5		# seconds from one move to the next
ENOUGH = 50			# of each state, in a long run
LONG = 100			# moves: so many are a long run
CALLER = re.compile(r"port (\d+), calls port \d+: not carried: its handshake")
STATES = ("SYN-SENT", "ESTAB", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "LAST-ACK",
          "CLOSING", "TIME-WAIT")
PORT, FORWARDED = 5000, 5020
FAR = {4: "198.51.100.1", 6: "2001:db8:1::1"}
NEAR = {4: "192.0.2.1", 6: "2001:db8::1"}


class End:
    """One end of a connection; rest: what it has still to write"""

    def __init__(self, load, text):
        self.load, self.text = load, text
        self.s, self.other = None, None
        self.wrote = self.got = 0
        self.fin = self.eof = False
        self.reads = True

    def step(self):
        """Do something that can be done; at most one write and one read"""
        r = self.load.random
        self.reads = r.random() < (0.8 if self.reads else 0.3)
        try:
            if not self.fin and self.wrote == len(self.text):
                if r.random() < 0.3:
                    self.s.shutdown(socket.SHUT_WR)
                    self.fin = True
            elif not self.fin:
                n = r.randrange(1, AT_ONCE)
                self.wrote += self.s.send(self.text[self.wrote:self.wrote + n])
        except BlockingIOError:
            pass
        except OSError as e:
            if e.errno not in (errno.ENOTCONN, errno.EPIPE):
                raise
        if self.reads or self.load.ending:
            self.read()

    def read(self):
        """Read and compare"""
        try:
            while not self.eof:
                part = self.s.recv(AT_ONCE)
                text = self.other.text
                if part != text[self.got:self.got + len(part)]:
                    raise AssertionError(f"other bytes, from {self.got} on")
                self.got += len(part)
                self.eof = not part
                if self.eof:
                    want(len(text), self.got, "bytes until the end of file")
        except BlockingIOError:
            pass

    def done(self):
        return self.fin and self.eof


class Conn:
    """A connection: two ends, of which the second appears when it is accepted"""

    def __init__(self, load):
        r = load.random
        sizes = r.choice((0, r.randrange(LONGEST))), r.choice((0, r.randrange(LONGEST)))
        self.g, self.r = (End(load, load.text(n)) for n in sizes)
        self.g.other, self.r.other = self.r, self.g
        self.name = ""

    def text(self):
        """For a failure: both ends, and what they did"""
        return self.name + "; ".join(
            f"{n}: wrote {e.wrote} of {len(e.text)}{' FIN' if e.fin else ''}, read {e.got}"
            f"{' EOF' if e.eof else ''}" for n, e in (("guest", self.g), ("remote", self.r)))

    def kernels(self, host_knows, remote_knows):
        """For a failure too: what the kernels of host and remote end know of it"""
        if not self.r.s:
            return ""
        try:
            key = self.r.s.getpeername()[1], self.r.s.getsockname()[1]
        except OSError as e:
            return str(e)
        return f"host {host_knows.get(key)}, remote {remote_knows.get(key[::-1])}"

    def step(self):
        for end in self.g, self.r:
            if end.s and not end.done():
                end.step()
        return self.g.done() and self.r.done()


class Load:
    """All connections, and the loop"""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.words = memoryview(self.random.randbytes(1 << 22))
        self.ending = False
        self.conns, self.waiting, self.listeners = [], {}, []
        self.opened = self.left = 0
        for v in 4, 6:
            for place, port in (remote, PORT + v), (guest, FORWARDED + v):
                s = place.socket(FAR[v])
                if v == 6:
                    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                s.bind(("::" if v == 6 else "0.0.0.0", port))
                s.listen(512)
                s.setblocking(False)
                self.listeners.append((s, place, v))

    def text(self, n):
        at = self.random.randrange(len(self.words) - LONGEST)
        return self.words[at:at + n]

    def open(self):
        """One end dials: the other is known by how the first is seen, or says"""
        v = self.random.choice((4, 6))
        out = self.random.random() < 0.5
        place, to = (guest, (FAR[v], PORT + v)) if out else (remote, (NEAR[v], FORWARDED + v))
        s = place.socket(to[0])
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.random.choice((8000, 100_000)))
        s.setblocking(False)
        c = Conn(self)
        # A guest's port is not seen by the remote end: the first bytes say who it is
        mine = c.g if out else c.r
        name = self.opened.to_bytes(4, "big")
        mine.text = memoryview(name + bytes(mine.text))
        # Between two processes the guest has no interface
        if s.connect_ex(to) != errno.EINPROGRESS:
            s.close()
            return
        mine.s = s
        c.name = f"from {'guest' if out else 'remote'} {s.getsockname()[1]}, "
        self.waiting[name] = c
        self.conns.append(c)
        self.opened += 1

    def accept(self):
        for s, place, _ in self.listeners:
            try:
                while True:
                    one, _ = s.accept()
                    one.setblocking(False)
                    self.strange.append((one, place))
            except BlockingIOError:
                pass

    strange = []

    def greet(self):
        """Who is it that was accepted?"""
        left = []
        for s, place in self.strange:
            try:
                name = s.recv(4, socket.MSG_PEEK)
            except BlockingIOError:
                name = b""
            if len(name) < 4:
                left.append((s, place))
                continue
            c = self.waiting.pop(bytes(name))
            end = c.r if place is remote else c.g
            end.s = s
        self.strange[:] = left

    def tick(self):
        """A little of everything"""
        self.accept()
        self.greet()
        for _ in range(4):
            if not self.ending and len(self.conns) < CONNS:
                self.open()
        busy = self.conns if self.ending else \
            self.random.sample(self.conns, min(len(self.conns), 40))
        for c in busy:
            try:
                done = c.step()
            except (OSError, AssertionError) as e:
                raise AssertionError(f"{e}: {c.text()}") from e
            if done:
                c.g.s.close()
                c.r.s.close()
                self.conns.remove(c)
        time.sleep(0.002)

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.tick()

    def during(self, f):
        """Go on until something is true"""
        end = time.monotonic() + WAIT
        while not f():
            self.tick()
            if time.monotonic() > end:
                raise AssertionError("timed out")

    def leave(self, ports):
        """Forget what was not carried: handshakes that remote ends at these ports began"""
        for c in list(self.conns):
            if c.r.s and not c.g.s and c.r.s.getsockname()[1] in ports:
                self.conns.remove(c)
                self.waiting = {k: v for k, v in self.waiting.items() if v is not c}
                c.r.s.close()
                self.left += 1

    def keys(self):
        """How the host knows the connections: its port, the remote end's"""
        for c in self.conns:
            try:
                if c.r.s:
                    yield c.r.s.getpeername()[1], c.r.s.getsockname()[1]
            except OSError:
                pass


def wait_for(load, asked):
    """Go on until something that was asked for is done"""
    load.during(lambda: asked.poll() is not None)
    want("", asked.communicate()[1])
    want(0, asked.returncode)


def move(load, program, cut, total, calling):
    """One move: the program waits until the network is cut off, then it goes"""
    program.ask(program.image, "--hold")
    wait_for(load, program.asked)
    load.leave({int(port) for port in CALLER.findall(program.log())})
    with cut.off():
        keys = set(load.keys())
        known = sockets(host)
        now = collections.Counter(
            state for key, (state, _, _) in known.items()
            if key in keys or key[1] in (PORT + 4, PORT + 6) or key[0] > FORWARDED)
        total.update(now)
        calling |= {k for k, v in known.items() if v[0] == "SYN-SENT"}
        wait_for(load, program.begin("commit"))
        load.during(lambda: program.process.poll() is not None)
        want(0, program.process.returncode)
        program.spawn(program.image)
        load.during(program.ready)
    line = program.log().split("taken over: ")[1].splitlines()[0]
    print(f"{program.n - 1:3}", " ".join(f"{s} {now[s]:3}" for s in STATES), line, flush=True)
    if " 0 not carried" not in line:
        raise AssertionError(program.log())


def main():
    moves, seed = int(sys.argv[1]), int(sys.argv[2])
    load, total = Load(seed), collections.Counter()
    program = Carried("pasta", *os.environ.get("PASTA_OPTIONS", "").split(),
                      "--config-net", "--netns-only", "--netns",
                      f"{TMP}/guest.netns", "-t", f"{FORWARDED + 4},{FORWARDED + 6}")
    # Some call again and again when nobody is there, and do not give up for that
    sysctl({"tcp_syn_linear_timeouts": 100, "tcp_syn_retries": 100})
    cut = Cut(host, "input", "host0")
    before = {p: resets(p) for p in (guest, remote)}
    sent, calling = Resets(host), set()
    for _ in range(moves):
        load.run(load.random.uniform(*BETWEEN))
        move(load, program, cut, total, calling)
    load.ending = True
    # Whose segments were lost at many moves in a row tries again after minutes only
    end = time.monotonic() + (10 if moves >= LONG else 2) * WAIT
    while load.conns and time.monotonic() < end:
        load.tick()
    known = sockets(host), sockets(remote)
    for c in load.conns:
        print("not done:", c.text(), c.kernels(*known))
    if load.conns:
        print("host:", {k: v for k, v in sockets(host).items() if v[0] == "SYN-SENT"})
    want(0, len(load.conns), "connections that did not end")
    print(f"{load.opened} connections;", *(f"{s} {total[s]}" for s in STATES))
    late = len(sent.sent() - calling) + sum(resets(p) - n for p, n in before.items())
    print(f"{load.left} not carried, {len(calling)} carried before they were answered, {late} resets behind the end")
    want(True, late <= load.opened // 50, "few resets")
    if moves >= LONG:
        want([], [s for s in STATES if total[s] < ENOUGH], "seldom met")
    program.stop()


main()
