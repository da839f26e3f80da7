# SPDX-License-Identifier: GPL-2.0-or-later
"""epochs - frames of the stand-in guest wait until a copy of it is safe elsewhere

    guest == passt, host A  --- bridge --- client C
      \\        |
       +---- driver ---- standby

The driver copies the guest to the standby, a process of the same program, forty times a
second.  Streams both ways go on meanwhile, to the last byte.  While no commit comes nothing
that the guest says is heard on the network, and nobody says anything to it again.
"""
import time

from carry import mark
from ends import until, want
from hosts import CLIENT4, SERVICE4
from standin import PORT, Driver, Ear, Talk, World, count, status

SIZE = 60 * 1000 * 1000 + 7
QUIET = 1.0			# seconds that nothing is heard
DRAIN = 0.5			# until what was committed has been sent


def protected(w):
    """Streams both ways with a copy in each 25 ms"""
    driver = w.epochs()
    begin, before = time.monotonic(), w.guest.status()
    w.finish(w.streams(SIZE))
    took, after = time.monotonic() - begin, w.guest.status()
    rates = " and ".join(f"{(after[x] - before[x]) * 8 / took / 1e9:.2f}" for x in ("up", "down"))
    said = driver.end()
    want(["on", 0], [status(w.passt)[x] for x in ("state", "open")])
    mark(f"streams to the end, {rates} Gbit/s to and of the guest; " +
         "; ".join(" ".join(x.split()) for x in said.splitlines()))


def nothing_said(w):
    """While no commit comes"""
    driver = Driver(w.passt, w.guest, w.standby)
    driver.step()
    again, ear = w.again(), Ear(w.c)
    asking = Talk(w.c, SERVICE4, count, 1)
    s = w.c.dial(SERVICE4, PORT)
    s.sendall(b"down 5 1000\n")
    w.guest.dial(CLIENT4, PORT, "up", 30, 1000)
    # The kernel takes calls before the guest does: SYN, ACK is what may be heard
    time.sleep(QUIET / 2)
    calls = ear.heard()
    epochs = [driver.begin() for _ in range(3)]
    time.sleep(QUIET)
    want((0, 0), (ear.heard(), asking.bytes), "bytes that the guest said")
    want(again, w.again(), "what was said to the guest again")
    said = status(w.passt)
    want(("on", 3), (said["state"], said["open"]))
    want(True, said["held"] > 0, said)
    driver.order(driver.COMMIT, epochs[2], rc=22)		# not before those that are older
    want(0, ear.heard(), "bytes that the guest said")
    for x in epochs:
        want(x, driver.order(driver.COMMIT))
    until(ear.heard)
    mark(f"{said['held']} bytes held for {QUIET} s and more, none heard but {calls} SYN; "
         "commit lets them out")
    ear.close()
    driver.close()
    driver = w.epochs()
    asking.wait()
    data = b""
    while len(data) < 1000:
        data += s.recv(1000)
    s.close()
    until(lambda: not w.guest.status()["open"])
    driver.end()


def driver_dies(w):
    """In the middle: nothing is heard until another comes"""
    driver = w.epochs()
    works = w.streams(SIZE)
    until(lambda: all(x.bytes for x in works if x.streams))
    w.kill(driver)
    time.sleep(DRAIN)
    ear, again = Ear(w.c), w.again()
    time.sleep(QUIET)
    want(0, ear.heard(), "bytes that the guest said")
    want(again, w.again(), "what was said to the guest again")
    ear.close()
    busy = sum(x.is_alive() for x in works)
    want(True, busy > 0, "they did not end yet")
    driver = w.epochs()
    w.finish(works)
    driver.end()
    mark(f"the driver was killed: nothing heard; {busy} connections went on with another one")


def released(w):
    """Without a driver, as protection ended"""
    driver = w.epochs()
    works = w.streams(SIZE)
    until(lambda: all(x.bytes for x in works if x.streams))
    w.kill(driver)
    time.sleep(DRAIN)
    driver = Driver(w.passt, w.guest)
    driver.order(driver.RELEASE)
    w.finish(works)
    want(None, status(w.passt), "there are no epochs")
    driver.close()
    mark("released: streams to the end without a driver")


def fenced(w):
    """The copy is the guest now: this one is nobody"""
    driver = w.epochs()
    works = w.streams(SIZE)
    until(lambda: all(x.bytes for x in works if x.streams))
    w.kill(driver)
    driver = Driver(w.passt, w.guest)
    driver.order(driver.FENCE)
    time.sleep(DRAIN)
    ear = Ear(w.c)
    time.sleep(QUIET)
    want(0, ear.heard(), "bytes that the guest said")
    ear.close()
    driver.order(driver.BEGIN, rc=1)
    want("fenced", status(w.passt)["state"])
    driver.close()
    mark(f"fenced with {sum(x.is_alive() for x in works)} connections: nothing heard")


def main():
    w = World()
    for what in protected, nothing_said, driver_dies, released, fenced:
        what(w)
    w.guest.quit()
    w.standby.quit()
    w.passt.stop()


main()
