#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tcp-pmtu.sh - a link beyond the host carries less than the guest's
. "$(dirname "$0")/lib.sh"
need ip python3
host_up chain
guest_up
in_ns "$R1" ip link set right mtu 1300
in_ns "$R2" ip link set left mtu 1300
start_pasta -t 5002

ends - <<'END'
from ends import guest, move, pair, remote

for client, server, addr in ((guest, remote, "198.51.100.1"),
                             (guest, remote, "2001:db8:1::1"),
                             (remote, guest, "192.0.2.1"),
                             (remote, guest, "2001:db8::1")):
    c, s = pair(client, server, addr, 5002)
    move(c, s, 5_000_000)
    move(s, c, 5_000_000)
END
