#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tcp-transfer.sh - what arrives is what was sent: 20 MB each way, whoever opens
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
start_pasta -t 5002

ends - <<'END'
from ends import guest, move, pair, remote, want

for far, near in (("198.51.100.1", "192.0.2.1"), ("2001:db8:1::1", "2001:db8::1")):
    # The guest opens it
    c, s = pair(guest, remote, far, 5001)
    want((far, 5001), c.getpeername()[:2])
    move(c, s, 20_000_000)
    move(s, c, 20_000_000)
    # The remote end opens it
    c, s = pair(remote, guest, near, 5002)
    move(c, s, 20_000_000)
    move(s, c, 20_000_000)
END
