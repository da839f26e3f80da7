#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tcp-keepalive.sh - probes of the guest's kernel are answered, so are those of the
# remote end
. "$(dirname "$0")/lib.sh"
need ip python3 nstat
host_up remote
guest_up
start_pasta -t none

ends - <<'END'
import socket
import subprocess
from ends import guest, move, pair, remote, until


def keep(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 1)


def probes(place):
    """How many probes the kernel sent there"""
    with place:
        out = subprocess.run(["nstat", "-asz", "TcpExtTCPKeepAlive"], check=True,
                             capture_output=True, text=True).stdout
    return int(out.split()[-2])


c, s = pair(guest, remote, "198.51.100.1", 5001)
keep(c)
keep(s)
# One without an answer would end the connection at the next
until(lambda: probes(guest) >= 3 and probes(remote) >= 3)
move(c, s, 1000)
move(s, c, 1000)
END
