# SPDX-License-Identifier: GPL-2.0-or-later
"""ft-guest - the stand-in guest talks, and goes on elsewhere from a copy of itself

    guest 1 == passt A, host A  ---+
                                   bridge --- client C
    guest 2 == passt B, host B  ---+

Streams both ways, by whoever dials, over IPv4 and IPv6, and a count.  In the middle guest 1 is
paused, copied, and killed; passt A is held, passt B restored from that; guest 2 goes on from
the copy.  No byte is lost or doubled, and nothing is counted twice.
"""
import time

from carry import mark, resets
from ends import until, want
from hosts import CLIENT4, CLIENT6, SERVICE4, SERVICE6, Network
from machine import Passt
from standin import PORT, Guest, Services, Talk, count, down, up

SIZE = 200 * 1000 * 1000 + 7
IDLE = 200


def idle(place):
    """Return connections that are not used"""
    some = [place.dial(SERVICE4, PORT) for _ in range(IDLE)]
    for s in some:
        s.sendall(b"echo\n")
    return some


def echoes(some):
    """All of them still work"""
    for i, s in enumerate(some):
        s.sendall(b"echo %d" % i)
    for i, s in enumerate(some):
        want(b"echo %d" % i, s.recv(99))


def hand_over(w, a, b, guest, other):
    """Guest and passt go to host B"""
    lose, take = w.a.losing(), w.b.taking()
    guest.told("pause")
    size, us = guest.told("snapshot", 1)
    other.told("keep", 1)
    guest.kill()
    a.told("checkpoint", a.image, "--hold")
    lose()
    said = b.told("restore", a.image, "--hold")
    take()
    w.b.announce()
    w.b.settle()
    want(["1"], other.told("go", b.socket))
    b.told("commit")
    a.told("commit")
    a.ended()
    mark(f"{size} bytes copied in {us} us; passt: {' '.join(said.split())}")


def main():
    w = Network()
    services = Services(w.c)
    a = Passt(w.a, str(PORT))
    guest = Guest(a.socket)
    other = Guest(area=guest.area)
    sent = [resets(p) for p in (w.a, w.b, w.c)]
    # The router's address is known when it has said so
    until(lambda: Talk(w.c, SERVICE6, down, 0, 100).wait() == 100)

    some = idle(w.c)
    echoes(some)
    mark(f"{IDLE} idle connections")
    begin = time.monotonic()
    works = [Talk(w.c, addr, what, i, SIZE) for i, (addr, what) in enumerate(
        (addr, what) for addr in (SERVICE4, SERVICE6) for what in (up, down))]
    counting = Talk(w.c, SERVICE4, count, 400, 0.005)
    for i, addr in enumerate((CLIENT4, CLIENT6)):
        guest.dial(addr, PORT, "up", 10 + i, SIZE)
        guest.dial(addr, PORT, "down", 20 + i, SIZE)
    guest.dial(CLIENT4, PORT, "count", 1000)
    until(lambda: len(services.streams()) == 4)
    streams = works + services.streams()
    until(lambda: all(x.bytes > SIZE / 200 for x in streams))
    before = guest.status()
    # Some are faster than others
    busy = sum(x.is_alive() for x in streams)
    want(True, busy >= 4, f"{busy} of 8 streams did not end yet")

    b = Passt(w.b, str(PORT))
    hand_over(w, a, b, guest, other)

    for x in works:
        x.wait(60)
    counting.wait()
    services.finish(60)
    until(lambda: other.status()["open"] == len(some))
    took = time.monotonic() - begin
    echoes(some)
    after = other.status()
    want(True, after["time"] >= before["time"], "time goes forward")
    want((0, 0, 400, 1000, 1000), (after["bad"], after["lost"], after["counted"],
                                   after["asked"], services.counted))
    want(SIZE * 4, after["up"], "bytes that came to the guest")
    want(sent, [resets(p) for p in (w.a, w.b, w.c)], "resets sent")
    mark(f"{SIZE * 8 * 8 / took / 1e9:.1f} Gbit/s in all; {after}")
    other.quit()
    b.stop()


main()
