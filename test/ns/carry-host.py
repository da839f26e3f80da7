# SPDX-License-Identifier: GPL-2.0-or-later
"""carry-host - a namespace stays, its pasta and the address it has move to another host

    pasta, host A  ---+
     |                bridge --- client C
    guest             |
     |  pasta, host B-+

Only one process can have the device in the namespace: so one ends before the next begins,
and what both know is a file (doc/checkpoint.md).  Three moves, A to B, back, and again; each
names the namespace in another way.  Connections out of the guest and into it wait, are half
closed, and carry bytes both ways all the time.
"""
import os
import time

from carry import TMP, Carried, Cut, mark, resets
from ends import guest, pair, want
from hosts import CLIENT4, CLIENT6, SERVICE4, SERVICE6, Network
from states import CW, E, F2, FORWARDED, Row, States, Traffic, openers

NEAR, FAR = {4: SERVICE4, 6: SERVICE6}, {4: CLIENT4, 6: CLIENT6}
ROWS = [("open", "", E), ("open", "wr", E), ("open", "F", CW), ("open", "rFW", CW),
        ("open", "f", F2), ("open", "wfR", F2)]
TALK = 5050
FORMS = {
    "path": ("--netns", f"{TMP}/guest.netns"),
    "PID": (os.environ["GUEST"],),
    "name": ("--netns", "guest"),
}


class World(Network):
    """Everything"""

    def __init__(self):
        super().__init__()
        ports = ",".join(str(p) for p in (FORWARDED + 4, FORWARDED + 6, TALK))
        self.options = ("--config-net", "-i", "eth0", "-a", SERVICE4, "-n", "24",
                        "-g", CLIENT4, "-a", SERVICE6, "-g", CLIENT6, "--no-map-gw",
                        "-t", ports, "-T", "none", "-U", "none")
        self.pasta = Carried("pasta", *self.options, *FORMS["name"], place=self.a)
        self.places = (self.a, self.b, self.c, guest)
        self.resets = [resets(p) for p in self.places]
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

    def leave(self, here):
        """It ends on a host; what it knew is a file"""
        lose = here.losing()
        self.pasta.ask(self.pasta.image)
        lose()
        want("", self.pasta.answer())

    def arrive(self, there, form):
        """It begins on a host that expects the address"""
        take = there.taking()
        self.on(there, form)
        self.pasta.start(self.pasta.image)
        take()
        there.announce()
        there.settle()

    def on(self, place, form):
        """Where it begins next, and how that is told where the guest is"""
        self.pasta.place, self.pasta.options = place, (*self.options, *FORMS[form])

    def goes_on(self):
        """Bytes move, and nobody was reset"""
        self.traffic.moves()
        self.states.talk()
        want(self.resets, [resets(p) for p in self.places], "resets sent")

    def move(self, here, there, form):
        """From one host to the other; this order loses nothing"""
        began = time.monotonic()
        self.leave(here)
        self.arrive(there, form)
        up = time.monotonic()
        self.traffic.moves()
        end = time.monotonic()
        self.goes_on()
        here.expect()
        line = self.pasta.log().split("taken over: ")[1].splitlines()[0]
        mark(f"{here.name} to {there.name}, by {form}: {line}; {(up - began) * 1e3:.0f} ms "
             f"without an address, {(end - up) * 1e3:.0f} ms until bytes move")


def refused(w):
    """A second one can not even start: only one can have the device in the namespace"""
    w.on(w.b, "path")
    said = w.pasta.declined()
    want(True, "Device or resource busy" in said[-1], said)
    w.goes_on()
    mark(said[-1])


def turned_back(w):
    """What was in the way of B is found when A has ended: then A takes it back.

    All others still know where the address was: so what comes is dropped until it is there."""
    cut = Cut(w.a, "input", "eth0")
    w.leave(w.a)
    with open(w.pasta.image, "rb") as f, open(f"{TMP}/short", "wb") as short:
        short.write(f.read()[:-1])
    w.on(w.b, "path")
    said = w.pasta.declined(f"{TMP}/short")
    want(True, said[-1].startswith("Cannot restore (--restore): it ends at byte "), said)
    with cut.off():
        w.a.expect()
        w.arrive(w.a, "path")
    w.goes_on()
    mark(f"turned back: {said[-1]}")


def main():
    w = World()
    mark(f"{len(w.states.rows)} connections and {len(w.traffic.ends) // 2} with traffic")
    refused(w)
    turned_back(w)
    w.move(w.a, w.b, "PID")
    w.move(w.b, w.a, "path")
    w.move(w.a, w.b, "name")
    print(w.traffic.finish(), "bytes of traffic")
    w.states.heal(w.b)
    w.states.finish()
    w.states.judge()
    w.pasta.stop()


main()
