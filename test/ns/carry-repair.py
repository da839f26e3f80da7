# SPDX-License-Identifier: GPL-2.0-or-later
"""carry-repair - connections of a pasta without any capability are carried

Only passt-repair has CAP_NET_ADMIN, by its file.  So sockets go on to hear during a
checkpoint, as a filter would need that capability too: the network has to be cut off before,
and if it is not, and something came, the hand-over is refused.
"""
import array
import contextlib
import fcntl
import os
import re
import signal
import subprocess
import termios

from carry import TMP, Carried, Cut, mark, sockets, unacknowledged
from ends import WAIT, guest, host, pair, read, remote, send_all, until, want
from flood import Flood, moved
from states import DEAF, E, FORWARDED, MORE, ROWS, Row, States, Traffic, openers

FAR = {4: "198.51.100.1", 6: "2001:db8:1::1"}
NEAR = {4: "192.0.2.1", 6: "2001:db8::1"}
TALK = 5050
NONE, NET_ADMIN = 0, 1 << 12
CAPS = "CapEff", "CapPrm", "CapInh", "CapAmb"
NOBODY = "TCP_REPAIR needs CAP_NET_ADMIN, or passt-repair"
SAID = "something came or was sent since the checkpoint"
UPLOAD = 8_000_000		# bytes: more than all buffers take
TIMES = 3			# that full buffers are moved
PIPE = 65536			# bytes that fit into one


def plain(*bounding):
    """Return what runs a command as a user without capabilities would: root is nobody"""
    return ["setpriv", "--securebits", "+noroot,+noroot_locked", "--inh-caps=-all",
            "--ambient-caps=-all", "--bounding-set=" + ",".join(("-all", *bounding))]


def status(process, name):
    """Return a line of what the kernel says of a process"""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as f:
        return re.search(rf"^{name}:\s*(\S+)", f.read(), re.M).group(1)


class Helper:
    """passt-repair, connected to the program"""

    def __init__(self, path):
        self.process = subprocess.Popen([*plain("+net_admin"), os.environ["HELPER"], path])

    def ready(self):
        """Wait until it waits for a command; see what it may"""
        until(lambda: status(self.process, "Seccomp") == "2")
        for name in "CapEff", "CapPrm":
            want(NET_ADMIN, int(status(self.process, name), 16), name)
        return self

    def ended(self, how):
        want(how, self.process.wait(WAIT), "status of passt-repair")


class World:
    """The program, and connections"""

    def __init__(self):
        self.ports = ",".join(str(p + v) for p in (FORWARDED, DEAF, TALK) for v in (4, 6))
        os.mkdir(f"{TMP}/helpers")
        self.link = f"{TMP}/helpers/pasta.repair"
        self.program = Carried("pasta", "--config-net", "-t", self.ports, "--repair-path", self.link,
                               os.environ["GUEST"], before=plain())
        self.incapable()
        self.cut = Cut(host, "input", "host0")
        self.states = States(remote, NEAR, FAR, self.cut, Cut(guest, "output", "lo"))
        self.states.watch(host)
        # The first is in the image before there is anything in a queue
        self.states.open([Row(row, v, openers(row)[i % len(openers(row))])
                          for i, row in enumerate([("open", "", E), *ROWS]) for v in (4, 6)])
        self.states.reach(host)
        self.states.reached(host)
        self.traffic = Traffic([
            pair(*ends, to[v], TALK + v) for v in (4, 6)
            for ends, to in (((guest, remote), FAR), ((remote, guest), NEAR))])
        self.traffic.moves()

    def incapable(self):
        """The program has no capability at all, here"""
        for name in CAPS:
            want(NONE, int(status(self.program.process, name), 16), name)

    def state(self):
        """Return what it says it does"""
        return self.program.told("status").split()[1]

    def goes_on(self):
        """Bytes move"""
        want("running", self.state())
        self.traffic.moves()
        self.states.talk()

    def speak(self):
        """A remote end says something, which is acknowledged"""
        r = self.states.idle()[0]
        r.r.write(MORE)
        until(lambda: not unacknowledged(r.r.s))

    @contextlib.contextmanager
    def half_written(self):
        """Ask for a checkpoint, and wait until it waits for who reads it; yield what does"""
        path = f"{TMP}/pipe"
        os.mkfifo(path)
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

        def read_all():
            os.set_blocking(fd, True)
            while os.read(fd, PIPE):
                pass

        self.program.ask(path)
        seen = []

        def is_full():
            seen.append(unread(fd))
            return seen[-1] >= PIPE and seen[-5:] == 5 * [seen[-1]]
        until(is_full)
        yield read_all
        os.close(fd)
        os.unlink(path)


def alone(w):
    """No helper is there"""
    want(NOBODY, w.program.refuses("checkpoint", w.program.image, "--exit"))
    w.goes_on()
    mark("no helper: refused")


def heard(w):
    """The network was not cut off: what came has been acknowledged, and is not in the image"""
    w.program.told("checkpoint", w.program.image, "--hold")
    w.speak()
    want(SAID, w.program.refuses("commit").rpartition(": ")[2])
    want("held", w.state())
    w.program.told("abort")
    w.goes_on()
    # So too if it comes while the image is written: who reads that is slow
    with w.half_written() as read_all:
        w.speak()
        read_all()
    why = w.program.answer()
    want(SAID, why.rpartition(": ")[2])
    w.goes_on()
    mark(f"not cut off: {why}")


def unread(fd):
    """Return how many bytes wait in a pipe"""
    n = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, n)
    return n[0]


def dies(w, helper):
    """The helper ends in the middle, when half of all sockets are in its hands"""
    with w.half_written() as read_all:
        helper.process.kill()
        helper.ended(-signal.SIGKILL)
        read_all()
    why = w.program.answer()
    mark(f"helper ended: {why}")
    want("held", w.state())
    helper = Helper(f"{TMP}/helpers").ready()
    until(lambda: w.state() == "running")
    w.goes_on()
    return helper


def dies_there(w):
    """So does the one of who holds what it was given: it can not go on, but vanish"""
    there = Carried("passt", "-s", f"{TMP}/sock", "-t", w.ports, "--repair-path",
                    f"{TMP}/there.repair", before=plain())
    helper = Helper(f"{TMP}/there.repair").ready()
    there.told("restore", w.program.image, "--hold", "--strict")
    helper.process.kill()
    helper.ended(-signal.SIGKILL)
    want(NOBODY, there.refuses("commit"))
    there.told("abort")
    there.ended()
    mark("helper there ended: nothing can go on, all can vanish")


def moves(w, helper):
    """Cut off, it goes on in another process, which waits for a helper of its own"""
    with w.cut.off():
        w.program.save()
        helper.ended(0)
        dies_there(w)
        helper = Helper(f"{TMP}/helpers")
        w.program.start(w.program.image)
    helper.ready()
    w.incapable()
    w.goes_on()
    mark(f"moved: {w.program.log().split('Checkpoint ')[1].splitlines()[0]}")


def full(w):
    """With buffers that are full; the network comes back a moment too late, so that an
    answer may be lost"""
    flood = Flood([(f"upload {v}", *pair(guest, remote, FAR[v], TALK + v)) for v in (4, 6)] +
                  [(f"download {v}", *pair(remote, guest, NEAR[v], TALK + v)) for v in (4, 6)])

    def move():
        with w.cut.off():
            w.program.save()
            Helper(f"{TMP}/helpers")
            w.program.start(w.program.image)

    moved(flood, TIMES, move, TIMES)
    mark(f"full buffers: {flood.finish()} bytes")


def opened(w):
    """Not cut off, a remote end says nothing, but that there is room: unsent bytes leave"""
    g, r = pair(guest, remote, FAR[4], TALK + 4)
    data = os.urandom(UPLOAD)
    sender = send_all(g, data)
    key = r.getpeername()[1], r.getsockname()[1]
    seen = []

    def is_full():
        seen.append((sockets(host)[key], sockets(remote)[key[::-1]]))
        return seen[-1][0][2] and seen[-5:] == 5 * [seen[-1]]
    until(is_full)
    w.program.told("checkpoint", w.program.image, "--hold")
    there = sockets(remote)[key[::-1]][1]
    got = read(r, there + MORE)
    want(SAID, w.program.refuses("commit").rpartition(": ")[2])
    want("held", w.state())
    w.program.told("abort")
    got += read(r, UPLOAD - len(got))
    sender.join(WAIT)
    want(True, got == data, "the same bytes")
    mark(f"not cut off, {there} bytes and a window: refused, and goes on")


def main():
    w = World()
    mark(f"{len(w.states.rows)} connections and {len(w.traffic.ends) // 2} with traffic")
    alone(w)
    helper = Helper(w.link).ready()
    heard(w)
    helper = dies(w, helper)
    moves(w, helper)
    print(w.traffic.finish(), "bytes of traffic")
    w.states.heal(host)
    w.states.finish()
    w.states.judge()
    full(w)
    opened(w)
    w.program.stop()


main()
