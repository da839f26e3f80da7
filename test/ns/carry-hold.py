# SPDX-License-Identifier: GPL-2.0-or-later
"""carry-hold - connections are handed over by agreement of both sides, or not at all

    guest ==cable== passt A, host A  ---+
                                        bridge --- client C, the remote end
                    passt B, host B  ---+

The guest is a kernel with a tap device that stays; a cable leads from there to the socket of
one passt or the other, as QEMU would.  Connections in all the states that last, and two that
carry bytes both ways all the time, are held, called off, copied, asked for in wrong orders,
and in the end handed over.  All bytes are compared; nobody may send a reset.
"""
import json
import os
import signal
import socket
import struct
import subprocess

import image
from carry import TMP, mark, resets, unacknowledged
from ends import WAIT, guest, pair, tcp_info, until, want
from hosts import CLIENT4, CLIENT6, SERVICE4, SERVICE6, Network, run
from machine import Machine, Passt
from states import CW, E, F2, FORWARDED, MORE, SS, Row, States, Traffic, openers

NEAR, FAR = {4: SERVICE4, 6: SERVICE6}, {4: CLIENT4, 6: CLIENT6}
ROWS = [("open", "", E), ("open", "wr", E), ("open", "WR", E), ("open", "F", CW),
        ("open", "rFW", CW), ("open", "f", F2), ("open", "wfR", F2), ("silent", "", SS)]
TALK, ONLY_A = 5050, 5060	# ports of traffic, and of what B can not take over
TIMES = 3
TCPI_TOTAL_RETRANS = 100	# linux/tcp.h: offset in struct tcp_info


class Farewells:
    """How many a host said: each FIN and each RST"""

    def __init__(self, place):
        self.place = place
        with place:
            run("nft", "-f", "-", input=b"""table inet farewells {
                counter said {}
                chain seen { type filter hook output priority 0;
                    tcp flags & (fin | rst) != 0 counter name said
                }
            }""")

    def said(self):
        with self.place:
            text = subprocess.run(["nft", "-j", "list", "counter", "inet", "farewells", "said"],
                                  check=True, capture_output=True).stdout
        return next(x["counter"]["packets"] for x in json.loads(text)["nftables"]
                    if "counter" in x)


def retransmissions(s):
    """Return how many segments of a socket were sent again"""
    return struct.unpack_from("I", tcp_info(s), TCPI_TOTAL_RETRANS)[0]


class World(Network):
    """Everything"""

    def __init__(self):
        super().__init__()
        # What is forwarded on A alone can not go to B
        ports = f"{FORWARDED + 4},{FORWARDED + 6},{TALK}"
        self.ports = ports
        self.passt = Passt(self.a, f"{ports},{ONLY_A}")
        self.machine = Machine()
        self.machine.start(self.passt.plug())
        self.places = (self.a, self.b, self.c, guest)
        self.resets = [resets(p) for p in self.places]
        self.farewells = {p: Farewells(p) for p in (self.a, self.b)}
        self.states = States(self.c, NEAR, FAR)
        self.states.watch(self.a, self.b)
        self.states.open([Row(row, v, opener) for row in ROWS for v in (4, 6)
                          for opener in openers(row)])
        self.states.reach(self.a)
        self.states.reached(self.a)
        self.traffic = Traffic([
            pair(*ends, to[v], TALK) for v in (4, 6)
            for ends, to in (((guest, self.c), FAR), ((self.c, guest), NEAR))])
        self.traffic.moves()

    def goes_on(self):
        """Bytes move, and what was said meanwhile came; nobody was reset"""
        self.traffic.moves()
        self.states.talk()
        want(self.resets, [resets(p) for p in self.places], "resets sent")

    def unheard(self):
        """Remote ends go on to speak, nothing is acknowledged: they say it again"""
        ends = [(r.r.s, retransmissions(r.r.s)) for r in self.states.idle()]
        for r in self.states.idle():
            r.r.write(MORE)
        until(lambda: all(retransmissions(s) > n for s, n in ends))
        # More, if what was said last before had come, and was not acknowledged yet
        for s, _ in ends:
            want(True, unacknowledged(s) >= MORE, f"{unacknowledged(s)} bytes unacknowledged")
        want("held", self.passt.state())

    def hold(self):
        """Write an image, and stand still"""
        return self.passt.told("checkpoint", self.passt.image, "--hold")

    def call_off(self):
        """It was a mistake"""
        self.passt.told("abort")
        self.goes_on()


def holds(w):
    """Held and called off, again and again"""
    for _ in range(TIMES):
        w.hold()
        w.unheard()
        w.call_off()
    mark(f"held and called off {TIMES} times")


def copies(w):
    """Copied while all goes on, disturbing nobody"""
    for i in range(TIMES):
        w.passt.told("checkpoint", f"{TMP}/copy", "--run")
        w.traffic.moves()
    w.goes_on()
    b = Passt(w.b, w.ports)
    said = b.told("restore", f"{TMP}/copy", "--hold")
    want("not-carried:", said.split("\n")[-2], said)
    b.told("abort")
    b.ended()
    w.goes_on()
    mark(f"copied {TIMES} times, and the copy can be read: {' '.join(said.split())}")


def refused_with(passt, path):
    """Ask for a checkpoint without passtctl, to the descriptor of a file; return why not"""
    with socket.socket(socket.AF_UNIX) as s, open(path, "r+b") as f:
        s.connect(passt.control)
        socket.send_fds(s, [b'{"execute": "checkpoint", "arguments": {"mode": "hold"}}\n'],
                        [f.fileno()])
        why = json.loads(s.makefile().readline())["error"]["desc"]
        want(0, f.seek(0, os.SEEK_CUR), "the descriptor was not touched")
        return why


def orders(w):
    """What is asked for in a wrong order changes nothing"""
    path, other = w.passt.image, f"{TMP}/other"
    for word in "commit", "abort":
        want(f"{word}: nothing is held", w.passt.refuses(word))
    w.hold()
    for words in ("checkpoint", other), ("checkpoint", other, "--exit"), ("restore", path):
        want(f"{words[0]}: commit or abort comes first", w.passt.refuses(*words))
    with open(path, "rb") as f:
        written = f.read()
    want("checkpoint: commit or abort comes first", w.passt.refuses("checkpoint", path, "--hold"))
    want("checkpoint: commit or abort comes first", refused_with(w.passt, path))
    with open(path, "rb") as f:
        want(True, written == f.read(), "what is held stays in its file")
    want("held", w.passt.state())
    w.call_off()
    why = w.passt.refuses("restore", path)
    want(True, why.startswith("restore: there are ") and why.endswith(" flows already"), why)
    w.goes_on()
    mark(f"wrong orders refused: {why}")


def broken(w):
    """An image that ends too soon, or is wrong, is taken as a whole or not at all"""
    b = Passt(w.b, w.ports)
    w.hold()
    with open(w.passt.image, "rb") as f:
        whole = f.read()
    for n in len(whole) // 3, len(whole) - 1:
        with open(f"{TMP}/cut", "wb") as f:
            f.write(whole[:n])
        why = b.refuses("restore", f"{TMP}/cut", "--hold")
        want(True, f"at byte {n}" in why, why)
        want("running", b.state())
        for word in "commit", "abort":
            want(f"{word}: nothing is held", b.refuses(word))
    said = b.told("restore", w.passt.image, "--hold")
    want("restored", b.state())
    b.told("abort")
    b.ended()
    w.call_off()
    mark(f"cut off: {why}; then as a whole: {' '.join(said.split()[:2])}")


def other_versions(w):
    """What a later version may write: members and sections that we do not know"""
    w.hold()
    with open(w.passt.image, "rb") as f:
        version, sections = image.apart(f.read())
    want((1, 0), version)
    want(image.END, sections[-1][0], "the last section")
    new = f"{TMP}/new"
    there = Passt(w.b, w.ports)

    def write(*args):
        data, where = image.together(*args)
        with open(new, "wb") as f:
            f.write(data)
        return where

    def with_one(kind, at):
        return sections[:at] + [(kind, b"what nobody knows")] + sections[at:]

    middle = next(i for i, (kind, _) in enumerate(sections) if kind == image.QUEUE)
    for at in 1, middle, middle + 1, len(sections) - 1:
        byte = write(with_one(99, at))[at]
        want(f"section 99 at byte {byte}: Protocol not supported",
             there.refuses("restore", new, "--hold"))
        want("running", there.state())
    write(sections, (2, 0))
    want("version 2, not 1, byte 8", there.refuses("restore", new, "--hold"))
    want("running", there.state())

    # A section TCP that is too short is the matter of its flow alone
    flow = next(i for i, (kind, _) in enumerate(sections) if kind == image.TCP)
    write([(kind, body[:-1] if i == flow else body) for i, (kind, body) in enumerate(sections)])
    said = there.told("restore", new, "--hold").splitlines()
    n = len([kind for kind, _ in sections if kind == image.TCP])
    want(["tcp", str(n - 1), "lost", "1"], said[0].split() + said[3].split(), said)
    want(True, said[-1].endswith(": the section is too short"), said)
    there.told("abort")
    there.ended()

    more = [x for one in sections[:-1] for x in (one, (image.SKIP | 99, b"?" * 999))]
    for what, sections_, v in (
            ("sections that may be skipped", more + sections[-1:], (1, 0)),
            ("a later minor version", sections, (1, 7)),
            ("one before sndbuf and rcvbuf", [(kind, body[:-8] if kind == image.TCP else body)
                                              for kind, body in sections], (1, 0)),
            ("longer sections", [(kind, body if kind in (image.QUEUE, image.END) else
                                  body + b"more") for kind, body in sections], (1, 1))):
        write(sections_, v)
        there = Passt(w.b, w.ports)
        want([str(n), "0"], there.told("restore", new, "--hold", "--strict").split()[1:8:6], what)
        there.told("abort")
        there.ended()
    w.call_off()
    mark(f"{len(sections)} sections: later minor versions are taken, other major ones are not")


def strict(w):
    """One that can not go: all but that one, or none"""
    a, b = pair(w.c, guest, SERVICE4, ONLY_A)
    w.hold()
    there = Passt(w.b, w.ports)
    want("1 flows can not be carried",
         there.refuses("restore", w.passt.image, "--hold", "--strict"))
    want("running", there.state())
    said = there.told("restore", w.passt.image, "--hold").splitlines()
    want(["not-carried:"], said[-2:-1], said)
    want(True, said[-1].endswith(f": port {ONLY_A} is not forwarded here"), said)
    there.told("abort")
    there.ended()
    w.call_off()
    a.sendall(b"still")
    want(b"still", b.recv(9))
    a.close()
    b.close()
    mark(f"strict: {said[-1].strip()}")


def called_off(w, how):
    """Held there too, then called off: there first, without a packet"""
    b = Passt(w.b, w.ports)
    # As between hosts: one writes what the other reads
    out, into = os.pipe()
    save = w.passt.begin("checkpoint", "-", "--hold", stdout=into)
    load = b.begin("restore", "-", "--hold", stdin=out)
    os.close(out)
    os.close(into)
    for p in save, load:
        _, why = p.communicate(timeout=WAIT)
        want(0, p.returncode, why)
    want(("held", "restored"), (w.passt.state(), b.state()))
    w.unheard()
    said = w.farewells[w.b].said()
    if how == "abort":
        b.told("abort")
        b.ended()
    else:
        b.process.send_signal(how)
        b.process.wait(WAIT)
    want(said, w.farewells[w.b].said(), "FINs and RSTs of B")
    w.call_off()
    mark(f"called off there by {getattr(how, 'name', how)}, and here")


def handed_over(w):
    """From A to B, in the order of doc/checkpoint.md"""
    a, b = w.passt, Passt(w.b, w.ports)
    plug = b.plug()
    lose, take = w.a.losing(), w.b.taking()
    w.machine.stop()
    w.hold()
    farewells = w.farewells[w.a].said()
    lose()
    said = b.told("restore", a.image, "--hold")
    w.unheard()
    take()
    w.b.announce()
    w.b.settle()
    w.machine.start(plug)
    b.told("commit")
    a.told("commit")
    a.ended()
    want(farewells, w.farewells[w.a].said(), "FINs and RSTs of A")
    w.passt = b
    w.goes_on()
    mark(f"handed over: {' '.join(said.split())}")


def main():
    w = World()
    mark(f"{len(w.states.rows)} connections and {len(w.traffic.ends) // 2} with traffic")
    holds(w)
    copies(w)
    orders(w)
    broken(w)
    other_versions(w)
    strict(w)
    for how in "abort", signal.SIGTERM, signal.SIGKILL:
        called_off(w, how)
    handed_over(w)
    print(w.traffic.finish(), "bytes of traffic")
    w.states.heal(w.b)
    w.states.finish()
    w.states.judge()
    w.passt.stop()


main()
