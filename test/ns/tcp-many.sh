#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tcp-many.sh - 2000 short connections in a row, 200 at once: each gets its bytes,
# and none is left behind
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
start_pasta -t 5002

ends - <<'END'
import socket
import threading
from ends import accept, guest, read, remote, want

ROW, ABREAST = 1000, 100


def serve(ls, n):
    """Answer requests: the other way round, then close"""
    def one(s):
        with s:
            s.sendall(read(s, 8)[::-1])
    for _ in range(n):
        threading.Thread(target=one, args=(accept(ls),), daemon=True).start()


def ask(place, addr, port, i):
    with place.dial(addr, port) as s:
        if i % 3:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.sendall(b"%08d" % i)
        if i % 2:
            s.shutdown(socket.SHUT_WR)
        want((b"%08d" % i)[::-1], read(s, 100))


def many(client, server, addr, port):
    with server.listen(addr, port, backlog=300) as ls:
        t = threading.Thread(target=serve, args=(ls, ROW + ABREAST), daemon=True)
        t.start()
        for i in range(ROW):
            ask(client, addr, port, i)
        socks = [client.dial(addr, port) for _ in range(ABREAST)]
        for i, s in enumerate(socks):
            s.sendall(b"%08d" % i)
        for i, s in enumerate(socks):
            want((b"%08d" % i)[::-1], read(s, 100))
            s.close()
        t.join()


many(guest, remote, "198.51.100.1", 5001)
many(remote, guest, "192.0.2.1", 5002)
END

is 1100 "$(counted tcp-open-out)" "opened by the guest"
is 1100 "$(counted tcp-open-in)" "opened by the remote end"
kept() { counted x >/dev/null; grep -q 'flows: 0 TCP' "$TMP/pasta.log"; }
within 15 kept
