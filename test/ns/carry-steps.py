# SPDX-License-Identifier: GPL-2.0-or-later
"""carry-steps - connections are handed over in two steps, between which they end and begin

A guest's passt on host A writes which flows there are, host B's begins their sockets; then
the state follows.  All that can go wrong between the two must not be seen by the client.
"""
import os

from carry import TMP, mark, resets
from ends import WAIT, accept, counter, guest, move, pair, reset, tcp_state, until, want
from hosts import CLIENT4, SERVICE4, SERVICE6, Network
from machine import Machine, Passt

FAR, IN, UDP = 6000, 5050, 7000		# ports of the client; forwarded; of datagrams
FLOWS = f"{TMP}/flows"
HOST_B = "192.0.2.20"


class World(Network):
    """Two hosts, one with a guest"""

    def __init__(self):
        super().__init__()
        self.passt = Passt(self.a, str(IN))
        self.machine = Machine()
        self.machine.start(self.passt.plug())
        self.listener = self.c.listen("0.0.0.0", FAR)
        self.before = [resets(p) for p in (self.a, self.b)]

    def call(self, port):
        """Return a connection of the guest from a port: its end, the client's"""
        s = guest.socket(CLIENT4)
        s.setsockopt(1, 2, 1)		# SO_REUSEADDR
        s.bind(("", port))
        s.connect((CLIENT4, FAR))
        return s, accept(self.listener)

    def known(self):
        """Return another passt, on B, that knows which flows there are"""
        other = Passt(self.b, str(IN))
        self.passt.told("checkpoint", FLOWS, "--flows")
        other.told("restore", FLOWS)
        want("prepared", other.state())
        return other

    def hold(self):
        self.passt.told("checkpoint", self.passt.image, "--hold", "--known")

    def flows(self, n):
        """Wait until there are so many connections"""
        until(lambda: self.passt.told("status").split()[3] == str(n))

    def call_off(self, other):
        """B, who has the address, gives it back; all goes on at A"""
        # Routes went with it
        self.b.ip(f"addr del {SERVICE4}/24 dev eth0", f"addr del {SERVICE6}/64 dev eth0",
                  "route replace 192.0.2.0/24 dev eth0",
                  f"route replace default via {CLIENT4} dev eth0")
        other.told("abort")
        other.ended()
        self.a.own()
        self.a.announce()
        self.passt.told("abort")

    def unhurt(self):
        """No host reset anybody"""
        want(self.before, [resets(p) for p in (self.a, self.b)], "resets")


def end(pair_):
    """The client resets a connection"""
    reset(pair_[1])
    until(lambda: tcp_state(pair_[0]) == 7)
    pair_[0].close()


def alone(w):
    """A flow of datagrams and nothing else: nobody says that its port is closed"""
    datagrams, mine = w.c.udp("0.0.0.0", UDP), guest.udp("0.0.0.0", 41009)
    mine.connect((CLIENT4, UDP))
    datagrams.settimeout(0.1)

    def heard():
        mine.send(b"a")		# which is lost while the link comes up
        try:
            return datagrams.recvfrom(9)[1]
        except TimeoutError:
            return None
    datagrams.connect(until(heard))
    datagrams.settimeout(WAIT)
    before = [counter(p, "Icmp", "OutDestUnreachs") for p in (w.a, w.b)]
    lose, take = w.a.losing(), w.b.taking()
    other = w.known()
    w.hold()
    datagrams.send(b"early")
    lose()
    os.truncate(w.passt.image, os.stat(w.passt.image).st_size - 1)
    # It is read as far as it goes: then there is no socket
    take()
    w.b.announce()
    other.refuses("restore", w.passt.image, "--hold")
    datagrams.send(b"early")
    w.call_off(other)
    datagrams.send(b"b")
    want(b"b", mine.recv(9))
    mine.send(b"c")
    until(lambda: datagrams.recv(9) == b"c")
    want(before, [counter(p, "Icmp", "OutDestUnreachs") for p in (w.a, w.b)], "ICMP errors")
    for s in datagrams, mine:
        s.close()
    mark("one of datagrams alone: not answered")


def nothing_known(w, keep):
    """What is no image changes nothing; one of other flows is refused; A can do without"""
    other = w.known()
    with open(f"{TMP}/none", "w", encoding="ascii") as f:
        f.write("x")
    want(True, "byte 1" in other.refuses("restore", f"{TMP}/none"))
    want("prepared", other.state())
    w.hold()
    other.told("restore", w.passt.image, "--hold")
    want("restored", other.state())
    other.told("abort")
    other.ended()
    w.passt.told("abort")
    move(*keep, 1000)

    w.known().process.kill()
    want(True, "No space" in w.passt.refuses("checkpoint", "/dev/full", "--flows"))
    want(True, "no image of the flows" in
         w.passt.refuses("checkpoint", w.passt.image, "--hold", "--known"))
    move(*keep, 1000)
    mark("no image, no flows: refused")


def too_late(w, keep):
    """B has the address when it finds that the image is damaged: it goes on to drop what comes"""
    lose, take = w.a.losing(), w.b.taking()
    other = w.known()
    w.hold()
    with open(w.passt.image, "rb") as f, open(f"{TMP}/cut", "wb") as cut:
        cut.write(f.read()[:-1])
    lose()
    take()
    w.b.announce()
    keep[1].sendall(b"meanwhile")
    want(True, "in the middle" in other.refuses("restore", f"{TMP}/cut", "--hold"))
    want("prepared", other.state())
    until(lambda: keep[1].getsockopt(6, 11, 104)[2])	# TCP_INFO: it sent again
    w.call_off(other)
    want(b"meanwhile", keep[0].recv(20))
    move(*keep, 1000)
    w.unhurt()
    mark("a damaged image, late: called off")


def between(w, keep):
    """Flows end and begin between the steps, and take the places of others"""
    first, second = w.call(41001), w.call(41002)
    in_, out = pair(w.c, guest, SERVICE4, IN)
    datagrams, mine = w.c.udp("0.0.0.0", UDP), guest.udp("0.0.0.0", 41000)
    mine.connect((CLIENT4, UDP))
    mine.send(b"a")
    peer = datagrams.recvfrom(9)[1]
    # An address of its own, which routing prefers there
    w.b.ip(f"addr add {HOST_B}/24 dev eth0", f"route replace default via {CLIENT4} src {HOST_B}",
           f"route replace 192.0.2.0/24 dev eth0 src {HOST_B}")
    other = w.known()
    plug = other.plug()
    end(second)
    w.flows(3)
    end(first)
    w.flows(2)
    # The first place that is free was that of the one that ended last
    second, third = w.call(41002), w.call(41003)
    lose, take = w.a.losing(), w.b.taking()
    w.machine.stop()
    w.hold()
    lose()
    other.told("restore", w.passt.image, "--hold")
    take()
    w.b.announce()
    w.b.settle()
    w.machine.start(plug)
    # A datagram at this moment is lost; nobody says that the port is closed
    datagrams.connect(peer)
    datagrams.send(b"early")
    datagrams.send(b"early")
    other.told("commit")
    w.passt.told("commit")
    w.passt.ended()
    mine.send(b"c")
    want((b"c", peer), datagrams.recvfrom(9), "whom the client hears")
    for a, b in keep, second, third, (in_, out):
        move(a, b, 30_000)
        move(b, a, 30_000)
    datagrams.send(b"b")
    want(b"b", mine.recv(9))
    w.unhurt()
    w.passt = other
    mark("flows ended and began between the steps: handed over")


def main():
    w = World()
    alone(w)
    keep = w.call(41010)
    nothing_known(w, keep)
    too_late(w, keep)
    between(w, keep)
    w.passt.stop()


main()
