#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# idle.sh - with nothing to do the program does nothing, after it had to do too
# build: plain
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
start_pasta -t 5002 -u 5002 -T none -U none

ends - <<'END'
from ends import guest, move, pair, remote

for client, server, addr, port in ((guest, remote, "198.51.100.1", 5001),
                                   (remote, guest, "192.0.2.1", 5002)):
    c, s = pair(client, server, addr, port)
    move(c, s, 1_000_000)
    move(s, c, 1_000_000)
END
switches() {
	awk '/^voluntary_ctxt_switches:/ { print $2 }' "/proc/$PROG/status"
}
# Not before it let go of its memory, and the connections; the guest's kernel has
# to be quiet as well
quiet() {
	before=$(switches)
	sleep 3
	[ "$(switches)" = "$before" ]
}
within 30 quiet
