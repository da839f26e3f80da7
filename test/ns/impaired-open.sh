#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# impaired-open.sh - one frame of ten is lost: connections open and close all
# the same, each message arrives once
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
start_passt -t 5200-5219
start_vm --loss 10 --dup 10 --seed 3
guest ip addr add 192.0.2.1/24 dev eth0
guest ip route add default via 192.0.2.2

ends - <<'END'
import socket
import threading
from ends import accept, guest, read, remote, want

N = 20
failed = []


def talk(client, server, addr, port, i):
    """One connection, one message each way"""
    try:
        with server.listen("0.0.0.0", port) as ls:
            ls.settimeout(60)
            c = client.dial(addr, port, timeout=60)
            s = accept(ls)
        for a, b in (c, s), (s, c):
            a.settimeout(60)
            b.settimeout(60)
            a.sendall(b"%08d" % i)
            a.shutdown(socket.SHUT_WR)
            want(b"%08d" % i, read(b, 100))
    except (AssertionError, OSError) as e:
        failed.append(e)


threads = [threading.Thread(target=talk, args=args) for i in range(N) for args in (
    (guest, remote, "198.51.100.1", 5100 + i, i),
    (remote, guest, "192.0.2.1", 5200 + i, i))]
for t in threads:
    t.start()
for t in threads:
    t.join()
if failed:
    raise failed[0]
END

for what in tcp-syn-retry tcp-rto; do
	[ "$(counted $what)" -gt 0 ] || fail "$what: 0"
done
