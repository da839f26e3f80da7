#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tcp-delay.sh - a far remote end: the host's kernel keeps a long path full
#
# Between the two routers lies a cable of 100 ms there and back, in place of the
# one of the chain.
. "$(dirname "$0")/lib.sh"
need ip python3
host_up chain
guest_up
in_ns "$R1" ip link del right
"$TOOL_DIR/impair" --netns-tap "right@/proc/$R1/ns/net" \
	--netns-tap "left@/proc/$R2/ns/net" --delay-ms 50 >"$TMP/cable.log" 2>&1 &
within 5 in_ns "$R2" ip link show dev left
for end in "$R1 right 1" "$R2 left 2"; do
	# shellcheck disable=SC2086	# three words
	set -- $end
	in_ns "$1" ip addr add "10.1.0.$3/24" dev "$2"
	in_ns "$1" ip addr add "2001:db8:a1::$3/64" dev "$2" nodad
	in_ns "$1" ip link set "$2" up
done
within 5 has_address "$R1" 2001:db8:a1::1
within 5 has_address "$R2" 2001:db8:a1::2
chain_routes
start_pasta -t 5002

ends - <<'END'
import time
from ends import guest, move, pair, remote, want

for client, server, addr in ((guest, remote, "198.51.100.1"),
                             (guest, remote, "2001:db8:1::1"),
                             (remote, guest, "192.0.2.1")):
    began = time.monotonic()
    c, s = pair(client, server, addr, 5002)
    want(True, time.monotonic() - began > 0.1, "one round trip to connect")
    for a, b in (c, s), (s, c):
        began = time.monotonic()
        move(a, b, 20_000_000)
        took = time.monotonic() - began
        # With 64 KiB a round trip it would be 30 s
        want(True, took < 5, f"{took:.1f} s")
END
