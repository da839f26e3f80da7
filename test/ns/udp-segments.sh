#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# udp-segments.sh - datagrams that the guest hands over in one piece (UDP_SEGMENT)
# arrive one by one; and as many datagrams as fit, back to back, none lost
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
start_pasta -t none

ends - <<'END'
import os
import socket
from ends import guest, remote, want

SOL_UDP, UDP_SEGMENT = 17, 103

for addr, size in ("198.51.100.1", 1472), ("2001:db8:1::1", 1452):
    server = remote.udp(addr, 5001)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    c = guest.socket(addr, socket.SOCK_DGRAM)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    c.connect((addr, 5001))
    for unit in 100, 1000, size:
        data = os.urandom(unit * 40 + 7)
        c.setsockopt(SOL_UDP, UDP_SEGMENT, unit)
        c.send(data)
        c.setsockopt(SOL_UDP, UDP_SEGMENT, 0)
        parts = [data[i:i + unit] for i in range(0, len(data), unit)]
        for part in parts:
            got, peer = server.recvfrom(1 << 16)
            want(part, got, f"{unit} bytes each")
        for part in parts:
            server.sendto(part, peer)
        for part in parts:
            want(part, c.recv(1 << 16), f"{unit} bytes each, back")
END
