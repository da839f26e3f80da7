# SPDX-License-Identifier: GPL-2.0-or-later
"""carry-same - connections go to another process on the same host

    guest ==cable== passt, one or the other, host A --- bridge --- client C, the remote end

Where the first process ends before the second has the sockets, nothing of ours drops what
comes in between, and the kernel resets whom it does not know.  Two sockets of one host can
not have the same connection, so the second can not have them before the first has ended.
Connections carry bytes both ways all the time, which are compared.
"""
import contextlib
import io
import struct

from carry import TMP, Cut, mark, resets
from ends import guest, pair, tcp_info, until, want
from hosts import CLIENT4, CLIENT6, SERVICE4, SERVICE6, Network
from machine import Machine, Passt
from states import Traffic

NEAR, FAR = {4: SERVICE4, 6: SERVICE6}, {4: CLIENT4, 6: CLIENT6}
TALK, FLOWS = 5050, f"{TMP}/flows"
AGAIN = 2			# how often a remote end says something again, while nobody hears
TCPI_TOTAL_RETRANS = 100	# linux/tcp.h: offset in struct tcp_info


class World(Network):
    """Everything"""

    def __init__(self):
        super().__init__()
        self.machine = Machine()
        self.places = (self.a, self.c, guest)

    def begin(self, ports, *ways):
        """Start the first process, and traffic"""
        self.passt = Passt(self.a, ports)
        self.machine.start(self.passt.plug())
        self.resets = [resets(p) for p in self.places]
        self.traffic = Traffic([pair(*ends, to[v], TALK) for v in (4, 6) for ends, to in ways])
        self.remote = [e.s for n, e in enumerate(self.traffic.ends)
                       if ways[n // 2 % len(ways)][0][n % 2] is self.c]
        self.traffic.moves()

    def unheard(self):
        """Wait until remote ends have said again what nobody heard"""
        before = [again(s) for s in self.remote]
        until(lambda: all(again(s) >= n + AGAIN for s, n in zip(self.remote, before)))
        want(self.resets, [resets(p) for p in self.places], "resets sent")

    def finish(self):
        """All arrives, then the end; return how many bytes that were"""
        self.traffic.moves()
        n = self.traffic.finish()
        want(self.resets, [resets(p) for p in self.places], "resets sent")
        self.machine.stop()
        self.passt.stop()
        return n


def again(s):
    """Return how many segments of a socket were sent again"""
    return struct.unpack_from("I", tcp_info(s), TCPI_TOTAL_RETRANS)[0]


def both(w):
    """Held here, restored there: the kernel has each connection once"""
    b = Passt(w.a, "none")
    w.passt.told("checkpoint", w.passt.image, "--hold")
    lines = b.told("restore", w.passt.image, "--hold").splitlines()
    lost = [x for x in lines if x.endswith(": its socket: Cannot assign requested address")]
    want(len(w.remote), len(lost), f"not carried: {lines}")
    b.told("abort")
    b.ended()
    w.passt.told("abort")
    w.traffic.moves()
    want(w.resets, [resets(p) for p in w.places], "resets sent")
    mark(f"both at once: {lost[0].strip()}")


def two_steps(w):
    """Who has the first image blocks the address, from before the other ends"""
    a, b = w.passt, Passt(w.a, "none")
    plug = b.plug()
    a.told("checkpoint", FLOWS, "--flows")
    b.told("restore", FLOWS)
    w.machine.stop()
    a.told("checkpoint", a.image, "--exit", "--known")
    a.ended()
    w.unheard()
    said = b.told("restore", a.image)
    want(f"tcp {len(w.remote)}", " ".join(said.split()[:2]), said)
    w.passt = b
    w.machine.start(plug)
    mark(f"in two steps: {w.finish()} bytes, {' '.join(said.split())}")


def forwarded(w):
    """Its ports are those of the first, so it can not begin before that has ended: a rule of
    who gives the orders drops what comes"""
    cut = Cut(w.a, "input", "eth0")
    with cut.off():
        w.machine.stop()
        w.passt.save()
        w.unheard()
        w.passt.start(w.passt.image)
        w.machine.start(w.passt.plug())
    mark(f"with a rule: {w.finish()} bytes")


def unprotected(w):
    """Without all that the connections are reset: the tests above would see it"""
    w.machine.stop()
    w.passt.save()
    until(lambda: resets(w.a) - w.resets[0] >= len(w.remote))
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            w.traffic.moves()
    except AssertionError as e:
        want("traffic: ConnectionResetError", str(e).partition("(")[0])
    else:
        raise AssertionError("traffic goes on")
    # A failure of the tests shows all ends
    want(len(w.traffic.ends), said.getvalue().count("unacknowledged, read"), said.getvalue())
    mark(f"without: {resets(w.a) - w.resets[0]} resets for {len(w.remote)} connections")


def main():
    w = World()
    out, back = ((guest, w.c), FAR), ((w.c, guest), NEAR)
    w.begin("none", out)
    both(w)
    two_steps(w)
    w.begin(str(TALK), out, back)
    forwarded(w)
    w.begin(str(TALK), out, back)
    unprotected(w)


main()
