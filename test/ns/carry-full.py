# SPDX-License-Identifier: GPL-2.0-or-later
"""carry-full - connections with full buffers are moved again and again

Uploads wait for the remote end's window, downloads for the guest.  The network leads to the
new process before that goes on, as in a hand-over: it drops what comes until then.  So no
answer is lost, and all should go on at once.
"""
from carry import TMP, Carried, Cut, hand_over, mark, resets
from ends import guest, host, pair, remote, want
from flood import Flood, moved

MOVES = 8
EACH = 3			# connections each way
PAUSE = 0.3			# seconds that nobody is there: some windows open meanwhile
PORT, TALK = 2222, 5050
FAR, NEAR = "198.51.100.1", "192.0.2.1"


def main():
    program = Carried("pasta", "--config-net", "--netns-only", "--netns",
                      f"{TMP}/guest.netns", "-t", str(PORT))
    cut = Cut(host, "input", "host0")
    before = [resets(p) for p in (guest, host, remote)]
    streams = [(f"upload {i}", *pair(guest, remote, FAR, TALK + i)) for i in range(EACH)]
    streams += [(f"download {i}", *pair(remote, guest, NEAR, PORT)) for i in range(EACH)]
    flood = Flood(streams)
    moved(flood, MOVES, lambda: hand_over(program, cut, PAUSE))
    mark(f"{flood.finish()} bytes")
    want(before, [resets(p) for p in (guest, host, remote)], "resets")
    program.stop()


main()
