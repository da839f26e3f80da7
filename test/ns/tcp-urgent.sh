#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tcp-urgent.sh - urgent data stays in its place in the stream
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
start_pasta -t none

ends - <<'END'
import socket
from ends import guest, pair, read, remote, want

for far in "198.51.100.1", "2001:db8:1::1":
    c, s = pair(guest, remote, far, 5001)
    for a, b in (c, s), (s, c):
        b.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        a.sendall(b"before ")
        a.send(b"!", socket.MSG_OOB)
        a.sendall(b" behind")
        want(b"before ! behind", read(b, 15))
END
