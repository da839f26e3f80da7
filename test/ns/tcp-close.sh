#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tcp-close.sh - each half is closed by itself, in any order, with data behind it
#
# RFC 9293, section 3.6: cases 1, 2 and 3.
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
start_pasta -t 5002

ends - <<'END'
import socket
from ends import guest, move, pair, read, remote, tcp_state, until, want

CLOSE, TIME_WAIT, FIN_WAIT2 = 7, 6, 5


def both():
    """Yield connections opened by either end, as (guest, remote)"""
    yield pair(guest, remote, "198.51.100.1", 5001)
    yield pair(guest, remote, "2001:db8:1::1", 5001)
    for near in ("192.0.2.1", "2001:db8::1"):
        yield pair(remote, guest, near, 5002)[::-1]


def half_close(a, b):
    """a ends its half, b answers for long, and ends"""
    move(a, b, 100_000)
    a.shutdown(socket.SHUT_WR)
    want(b"", read(b, 1), "end of file")
    until(lambda: tcp_state(a) == FIN_WAIT2)
    move(b, a, 1_000_000)
    b.close()
    want(b"", read(a, 1), "end of file, the other way")
    a.close()


for g, r in both():
    half_close(g, r)
for g, r in both():
    half_close(r, g)

# Both at once: each has its FIN on the way before it sees the other's
for _ in range(20):
    for g, r in both():
        g.sendall(b"from guest")
        r.sendall(b"from remote")
        g.shutdown(socket.SHUT_WR)
        r.shutdown(socket.SHUT_WR)
        want(b"from remote", read(g, 100))
        want(b"from guest", read(r, 100))
        until(lambda s=g: tcp_state(s) in (CLOSE, TIME_WAIT))
        until(lambda s=r: tcp_state(s) in (CLOSE, TIME_WAIT))

# The guest's FIN is acknowledged when the remote end has all, not before
g, r = pair(guest, remote, "198.51.100.1", 5001)
r.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 10000)
g.settimeout(0.5)
try:
    while True:
        g.send(bytes(100_000))
except TimeoutError:
    pass
g.shutdown(socket.SHUT_WR)
want(False, tcp_state(g) == FIN_WAIT2, "acknowledged though nobody read")
while r.recv(1 << 20):
    pass
until(lambda: tcp_state(g) == FIN_WAIT2)
END

