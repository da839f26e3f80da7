# SPDX-License-Identifier: GPL-2.0-or-later
"""carry-hostile - an image from who wants to reach what the host did not offer

An image that the program wrote is changed: a flow's other end is a service on the host's
loopback, or not whom the guest sees, or its own address is none of this host.  The sums are
right.  Such a flow is left out and named with its reason; the guest reaches no service, and
addresses that are not used are not blocked.  The same image as it was is taken as a whole.
"""
import subprocess

from carry import TMP, Carried, mark
from ends import WAIT, accept, guest, host, move, remote, tcp_counter, until, want
from image import FLOW, SOCK, TCP, UDP, address, changed, member, read, write

PORT, TCP_SERVICE, UDP_SERVICE = 2222, 5432, 5353
LOOP, NEAR, FAR, GATEWAY, NOWHERE = ("127.0.0.1", "192.0.2.1", "198.51.100.1", "192.0.2.2",
                                     "10.9.8.7")
SYN_SENT, ESTABLISHED = 2, 1
OPTIONS = "-t", str(PORT), "-u", str(PORT), "--no-map-gw"
SEEN = "its source is another one toward the guest here"
TCP_CASES = [
    ({"local": LOOP, "peer": LOOP, "pport": TCP_SERVICE, "state": SYN_SENT},
     "its socket is in state 2"),
    ({"state": SYN_SENT}, "its socket is in state 2"),
    ({"local": LOOP, "peer": LOOP, "pport": TCP_SERVICE}, SEEN),
    ({"peer": GATEWAY}, SEEN),
    ({"lport": PORT + 1}, f"port {PORT + 1} is not forwarded here"),
    ({"local": NOWHERE}, "its socket: Cannot assign requested address"),
]
REFUSED = "Operation not permitted"
# Without a mapping the guest sees callers from the host's loopback as the gateway
UDP_CASES = [
    (FAR, {"local": LOOP, "peer": LOOP, "pport": UDP_SERVICE}, REFUSED),
    (FAR, {"peer": GATEWAY}, REFUSED),
    (GATEWAY, {"local": LOOP, "peer": LOOP, "pport": UDP_SERVICE}, REFUSED),
    (GATEWAY, {"peer": NEAR, "pport": UDP_SERVICE}, REFUSED),
]


class World:
    """A guest that was called, by TCP and by UDP, and an image of that"""

    def __init__(self):
        self.services = host.listen(LOOP, TCP_SERVICE), host.udp("0.0.0.0", UDP_SERVICE)
        for s in self.services:
            s.setblocking(False)
        self.program = Carried("pasta", "--config-net", "--netns-only", "--netns",
                               f"{TMP}/guest.netns", *OPTIONS)
        with guest.listen("0.0.0.0", PORT) as ls:
            self.r = remote.dial(NEAR, PORT, (FAR, 0))
            self.g = accept(ls)
        self.udp = guest.udp("0.0.0.0", PORT)
        self.callers = {a: remote.udp(a) for a in (FAR, GATEWAY)}
        for r in self.callers.values():
            r.sendto(b"call", (NEAR, PORT))
            want((b"call", r.getsockname()), self.udp.recvfrom(99))
            self.udp.sendto(b"answer", r.getsockname())
            want((b"answer", (NEAR, PORT)), r.recvfrom(99))
        # One that the guest began: it has a socket of its own
        self.began = guest.udp("0.0.0.0")
        self.began.sendto(b"mine", self.callers[FAR].getsockname())
        want(b"mine", self.callers[FAR].recv(99))
        move(self.g, self.r, 1000)
        until(lambda: not self.unfinished())
        self.program.told("checkpoint", f"{TMP}/flows", "--flows")
        self.flows = read(f"{TMP}/flows")
        self.program.save(f"{TMP}/whole")
        self.whole = read(f"{TMP}/whole")
        self.calls = tcp_counter(host, "ActiveOpens")

    def unfinished(self):
        """Return whether there are bytes in queues: those are not in these images"""
        with host:
            return any(x.split()[1:3] != ["0", "0"] for x in subprocess.run(
                ["ss", "-Htn"], check=True, capture_output=True, text=True).stdout.splitlines())

    def edit(self, sections, kind, far=None, **members):
        """Write an image, with other members in the sections of a kind; far: of flows of
        datagrams that came from there, and the image has no others"""
        if kind == UDP:
            # TCP would end with the process, and is wanted once more
            sections = [s for s in sections if s[0] != TCP and (s[0] != FLOW or s[1][4] != 1)]
        flows = {s[1][:4]: member(s, "far") for s in sections if s[0] == FLOW}
        mine = [s[0] == kind and (not far or s[1][4] and flows[s[1][:4]] == far)
                for s in sections]
        want(True, any(mine), f"sections {kind}")
        write(self.program.image,
              [changed(s, **members) if m else s for m, s in zip(mine, sections)])

    def unreached(self):
        """No service of the host heard anything"""
        tcp_, udp_ = self.services
        for hears in tcp_.accept, lambda: udp_.recvfrom(99):
            try:
                raise AssertionError(f"a service was reached: {hears()}")
            except BlockingIOError:
                pass
        want(self.calls, tcp_counter(host, "ActiveOpens"), "connections that the host began")

    def taken(self, why=None):
        """A process takes the image over: all but one flow, or all"""
        self.program.start(self.program.image)
        lost = [x.partition(": not carried: ")[2] for x in self.program.log().splitlines()
                if ": not carried: " in x]
        want([why] if why else [], lost, self.program.log())


def tcp(w):
    """Connections that are said to have come from outside"""
    for members, why in TCP_CASES:
        w.edit(w.whole, TCP, **members)
        w.taken(why)
        w.unreached()
        w.program.process.kill()
        w.program.process.wait(WAIT)
        mark(f"TCP {members}: {why}")


def udp(w):
    """Flows of datagrams: those of the guest begin anew, and lead where they should"""
    for far, members, why in UDP_CASES:
        w.edit(w.whole, UDP, address(far), **members)
        w.taken(why)
        r = w.callers[far]
        w.udp.sendto(b"hostile", r.getsockname())
        until(lambda: r.recv(99) == b"hostile")
        w.unreached()
        w.program.stop()
        mark(f"UDP {members}: {why}")


def blocked():
    """Return what is dropped, as nf_tables has it"""
    with host:
        return subprocess.run(["nft", "list", "ruleset"], check=True, capture_output=True,
                              text=True).stdout


def addresses(w):
    """One that the host does not have is not blocked, those of other flows are"""
    for image, kind, left in (w.flows, SOCK, False), (w.whole, TCP, True), (w.whole, UDP, False):
        w.edit(image, kind, local=NOWHERE)
        there = Carried("passt", "-s", f"{TMP}/sock", *OPTIONS, name=f"there{kind}")
        there.told("restore", w.program.image, "--hold")
        rules = blocked()
        want((False, left), (NOWHERE in rules, f"daddr {NEAR} " in rules), rules)
        there.told("abort")
        there.ended()
        mark(f"not blocked, section {kind}: {NOWHERE}")


def as_it_was(w):
    """All is taken from the same image, read and written"""
    write(w.program.image, w.whole)
    w.taken()
    move(w.g, w.r, 1000)
    move(w.r, w.g, 1000)
    for r in w.callers.values():
        w.udp.sendto(b"more", r.getsockname())
        want((b"more", (NEAR, PORT)), r.recvfrom(99))
    w.program.stop()
    mark("as it was: all taken")


def main():
    w = World()
    tcp(w)
    udp(w)
    addresses(w)
    as_it_was(w)


main()
