#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# udp-echo.sh - datagrams of all sizes, both ways and both families, as they were;
# fragments are put together, and made, where one does not fit the link
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
start_pasta -u 5002

ends - <<'END'
import os
from ends import guest, remote, want

# 1472 and 1452 fit 1500 bytes with IPv4 and IPv6; 65507 and 65487 are the largest
SIZES = (0, 1, 2, 1451, 1452, 1453, 1472, 1473, 2960, 4000, 8972, 16001, 65487, 65507)


def echo(client, server, to):
    for size in SIZES:
        if size > 65487 and ":" in to[0]:
            continue
        data = os.urandom(size)
        client.sendto(data, to)
        got, peer = server.recvfrom(1 << 16)
        want(data, got, f"{size} bytes")
        server.sendto(data[::-1], peer)
        got, peer = client.recvfrom(1 << 16)
        want(data[::-1], got, f"{size} bytes, the other way")
        want(to, peer[:2], "whom the client hears")


for any_, far, near in (("0.0.0.0", "198.51.100.1", "192.0.2.1"),
                        ("::", "2001:db8:1::1", "2001:db8::1")):
    echo(guest.udp(any_), remote.udp(far, 5001), (far, 5001))
    # One socket, many flows; one port, many clients
    servers = [remote.udp(far, 5100 + i) for i in range(20)]
    c = guest.udp(any_)
    for s in servers:
        echo(c, s, (far, s.getsockname()[1]))
    server = guest.udp(any_, 5002)
    for _ in range(20):
        echo(remote.udp(any_), server, (near, 5002))
    server.close()
END
is 0 "$(counted fragment-bad)" "fragments dropped"
