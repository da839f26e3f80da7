# SPDX-License-Identifier: GPL-2.0-or-later
"""carry-full - connections with full buffers are moved again and again

Uploads wait for the remote end's window, downloads for the guest.  The network leads to the
new process before that goes on, as in a hand-over: it drops what comes until then.  So no
answer is lost, and all should go on at once.
"""
import os
import subprocess
import time

from carry import TMP, Carried, Cut, mark, resets
from ends import guest, host, pair, remote, until, want
from flood import Flood, moved

MOVES = 8
EACH = 3			# connections each way
PAUSE = 0.3			# seconds that nobody is there: some windows open meanwhile
PORT, TALK = 2222, 5050
FAR, NEAR = "198.51.100.1", "192.0.2.1"


def blocked():
    """Return whether the program drops what comes"""
    with host:
        return b"inet passt-" in subprocess.run(["nft", "list", "tables"], check=True,
                                                capture_output=True).stdout


def move(program, cut):
    """Hand over; the last byte of the image comes when the network is there"""
    with cut.off():
        program.told("checkpoint", program.image, "--hold")
        time.sleep(PAUSE)
        program.told("commit")
        program.ended()
        with open(program.image, "rb") as f:
            image = f.read()
        program.spawn(f"{TMP}/pipe")
        out = open(f"{TMP}/pipe", "wb", buffering=0)
        out.write(image[:-1])
        until(blocked)
    with out:
        out.write(image[-1:])
    until(program.ready)


def main():
    os.mkfifo(f"{TMP}/pipe")
    program = Carried("pasta", "--config-net", "--netns-only", "--netns",
                      f"{TMP}/guest.netns", "-t", str(PORT))
    cut = Cut(host, "input", "host0")
    before = [resets(p) for p in (guest, host, remote)]
    streams = [(f"upload {i}", *pair(guest, remote, FAR, TALK + i)) for i in range(EACH)]
    streams += [(f"download {i}", *pair(remote, guest, NEAR, PORT)) for i in range(EACH)]
    flood = Flood(streams)
    moved(flood, MOVES, lambda: move(program, cut))
    mark(f"{flood.finish()} bytes")
    want(before, [resets(p) for p in (guest, host, remote)], "resets")
    program.stop()


main()
