# SPDX-License-Identifier: GPL-2.0-or-later
"""epochs-rate - how fast the stand-in guest is with copies of it, and without

Eight streams to the guest, eight of it, both; the gate off, and on with a copy in each 25 ms,
over a network whose MTU is 1500, or what MTU in the environment says.  The ends at the client are processes that look
at nothing; the guest compares what comes.
"""
import os
import signal
import time

from ends import want
from hosts import SERVICE4
from standin import PIECE, PORT, TABLE, Driver, World

STREAMS, WARM, SECONDS = 8, 1.5, 4


def sends(s, stream):
    """Send a pattern without end"""
    s.sendall(f"up {stream}\n".encode())
    # The table from where the stream begins, and again; its end is followed by its begin
    at = stream * 104729 % 1048573
    whole = memoryview(TABLE[at:1048573] + TABLE[:at])
    while True:
        s.sendall(whole)


def reads(s, stream):
    """Read one"""
    s.sendall(f"down {stream} 0\n".encode())
    buf = bytearray(PIECE)
    while s.recv_into(buf):
        pass


def begin(w, what, n):
    """Start streams, each in a process; return these"""
    children = []
    for i in range(n):
        s = w.c.dial(SERVICE4, PORT)
        s.settimeout(None)
        child = os.fork()
        if not child:
            try:
                what(s, i)
            finally:
                os._exit(0)
        s.close()
        children.append(child)
    return children


def ticks():
    """Return CPU time of the machine, and how much of it idle"""
    with open("/proc/stat", encoding="ascii") as f:
        x = [int(x) for x in f.readline().split()[1:9]]
    return sum(x), x[3] + x[4]


def measure(w, gate, ups, downs):
    """Print rates"""
    driver = w.epochs() if gate else None
    children = begin(w, sends, ups) + begin(w, reads, downs)
    time.sleep(WARM)
    if driver:			# another one, whose numbers are of what is measured only
        driver.end()
        driver = w.epochs()
    first, at, cpu = w.guest.status(), time.monotonic(), ticks()
    time.sleep(SECONDS)
    last, took, then = w.guest.status(), time.monotonic() - at, ticks()
    rate = [(last[x] - first[x]) * 8 / took / 1e9 for x in ("up", "down")]
    idle = (then[1] - cpu[1]) / (then[0] - cpu[0])
    print(f"{'on ' if gate else 'off'} {ups} to, {downs} of the guest: "
          f"{rate[0]:.2f} and {rate[1]:.2f} Gbit/s, {idle:.0%} idle, resent "
          f"{last['resent'] - first['resent']}, dropped {last['dropped'] - first['dropped']}",
          flush=True)
    if driver:
        print("    " + "\n    ".join(driver.end().splitlines()), flush=True)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if gate:
        driver = Driver(w.passt, w.guest)
        driver.order(driver.RELEASE)
        driver.close()
    want(0, w.guest.status()["bad"])
    # What a connection still has in it goes, or is reset
    time.sleep(1)


def main():
    w = World(os.environ.get("MTU", "1500"))
    for gate in False, True:
        for ups, downs in ((STREAMS, 0), (0, STREAMS), (STREAMS, STREAMS)):
            measure(w, gate, ups, downs)
    w.guest.quit()
    w.standby.quit()
    w.passt.stop()


main()
