# SPDX-License-Identifier: GPL-2.0-or-later
"""carry-order - behind a move all are acknowledged before anybody gets bytes

A guest may take long for bytes, and only an acknowledgement may let it send on another
connection.  So here bytes are under way to it on two connections, as it drops what comes
from their port, and between the two is a third.  The frames of the new process tell what
came first.
"""
import os
import struct
import subprocess

from carry import TMP, Carried, Cut, mark
from ends import accept, guest, host, move, remote, until, want

FAR, DROPPED, HEARD = "198.51.100.1", 5001, 5002
N = 100_000
PCAP = f"{TMP}/frames"


def frames():
    """Yield the far port and the length of each TCP segment to the guest in the capture"""
    with open(PCAP, "rb") as f:
        data = f.read()
    at = 24
    while at + 16 <= len(data):
        length, = struct.unpack_from("=I", data, at + 8)
        frame, at = data[at + 16:at + 16 + length], at + 16 + length
        if frame[12:14] == b"\x08\x00" and frame[23] == 6:
            ip = 14 + (frame[14] & 15) * 4
            sport, = struct.unpack_from("!H", frame, ip)
            if sport in (DROPPED, HEARD):
                yield sport, len(frame) - ip - (frame[ip + 12] >> 4) * 4


def main():
    """Do all of it"""
    p = Carried("pasta", "--config-net", "-p", PCAP, os.environ["GUEST"])
    cut = Cut(host, "input", "host0")
    listeners = {port: remote.listen(FAR, port) for port in (DROPPED, HEARD)}
    ends = []
    for port in DROPPED, HEARD, DROPPED:
        c = guest.dial(FAR, port)
        ends.append((c, accept(listeners[port])))
        move(*ends[-1], 1000)
    with guest:
        subprocess.run(["nft", "add table inet t; add chain inet t in { type filter hook input "
                        f"priority 0; }}; add rule inet t in tcp sport {DROPPED} drop"], check=True)
    for _, far in ends[::2]:
        far.sendall(bytes(N))
    until(lambda: sum(n for port, n in frames() if port == DROPPED) > 0)
    mark("bytes are under way on two of three")
    move(*ends[1], 1000)
    p.move(cut)
    seen = list(until(lambda: list(frames()) if sum(n for _, n in frames()) else None))
    first = next(i for i, (_, n) in enumerate(seen) if n)
    want(3, first, f"acknowledgements before the first bytes: {seen[:8]}")
    want([DROPPED, DROPPED, HEARD], sorted(port for port, _ in seen[:first]))
    mark("acknowledged are all, then come bytes")
    with guest:
        subprocess.run(["nft", "delete table inet t"], check=True)
    for c, _ in ends[::2]:
        got = 0
        while got < N:
            got += len(c.recv(N))
        want(N, got)
    mark("they come")


main()
