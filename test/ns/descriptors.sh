#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# descriptors.sh - when no descriptor is left, new connections are refused, both
# ways, and those that are open stay
. "$(dirname "$0")/lib.sh"
need ip python3 prlimit
host_up remote
guest_up
start_pasta -t 5002 -u none -T none -U none
prlimit --pid "$PROG" --nofile=100:100

ends - <<'END'
import select
from ends import accept, guest, move, pair, remote, want

kept = [pair(guest, remote, "198.51.100.1", 5001),
        pair(remote, guest, "192.0.2.1", 5002)]


def exhaust(client, server, addr, port):
    """Open connections until one is refused; return how many were not"""
    ends = []
    with server.listen("0.0.0.0", port, backlog=300) as ls:
        for n in range(200):
            try:
                c = client.dial(addr, port)
                ready, _, _ = select.select([c, ls], [], [], 5)
                if c in ready:
                    c.recv(1)		# a RST
                s = accept(ls)
                c.sendall(b"?")
                want(b"?", s.recv(1))
                s.sendall(b"!")
                want(b"!", c.recv(1))
                ends.append((c, s))
            except (ConnectionRefusedError, ConnectionResetError):
                return n
    raise AssertionError("never refused")


for _ in range(2):
    for client, server, addr, port in ((guest, remote, "198.51.100.1", 5001),
                                       (remote, guest, "192.0.2.1", 5002)):
        n = exhaust(client, server, addr, port)
        want(True, 20 < n < 100, f"{n} connections")
        for c, s in kept:
            move(c, s, 100_000)
            move(s, c, 100_000)
END
like '[1-9]' "$(grep -c 'no descriptor left' "$TMP/pasta.log")" "lines in the log"
