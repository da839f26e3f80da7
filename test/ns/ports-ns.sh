#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ports-ns.sh - the loopback path: from the host's loopback to the namespace's, and
# from there to the host's, without passing the tap
. "$(dirname "$0")/lib.sh"
need ip python3
host_up alone
guest_up
start_pasta -t 5001 -u 5001 -T 5002,5010:6010 -U 5002

ends - <<'END'
import random
import socket
from ends import fails, guest, host, move, pair, read, reset, want


def tap_packets():
    """Packets that passed the tap device"""
    with guest, open("/proc/thread-self/net/dev", encoding="ascii") as f:
        return sum(int(line.split()[i]) for line in f
                   if "lo:" not in line and ":" in line for i in (2, 10))


for lo in "127.0.0.1", "::1":
    before = tap_packets()
    for client, server, port, at in ((host, guest, 5001, 5001),
                                     (guest, host, 5002, 5002),
                                     (guest, host, 5010, 6010)):
        with server.listen(lo, at) as ls:
            c = client.dial(lo, port)
            s, peer = ls.accept()
        s.settimeout(15)
        want(lo, peer[0])
        move(c, s, 20_000_000)
        move(s, c, 20_000_000)
        for _ in range(40):		# of any length, whoever has to wait
            n = random.randrange(1, 3_000_000)
            move(c, s, n)
            move(s, c, n)
        c.shutdown(socket.SHUT_WR)
        want(b"", read(s, 1), "end of file")
        move(s, c, 100_000)
        s.close()
        want(b"", read(c, 1), "end of file, the other way")
        # Reset, each way
        c, s = pair(client, server, lo, port, at=at)
        reset(c)
        fails("ECONNRESET", s.recv, 1)
        c, s = pair(client, server, lo, port, at=at)
        reset(s)
        fails("ECONNRESET", c.recv, 1)
    fails("ECONNREFUSED", guest.dial, lo, 5003)
    for client, server, port in (host, guest, 5001), (guest, host, 5002):
        s = server.udp(lo, port)
        c = client.udp(lo)
        for size in 1, 1400, 60000:
            c.sendto(bytes(size), (lo, port))
            data, peer = s.recvfrom(65536)
            want(size, len(data))
            s.sendto(bytes(size), peer)
            want(size, len(c.recv(65536)))
        s.close()
    want(True, tap_packets() - before < 20, "what passed the tap")

# By the host's own address it is a connection as any other
c, s = pair(host, guest, "192.0.2.1", 5001)
move(c, s, 1_000_000)
move(s, c, 1_000_000)
END
