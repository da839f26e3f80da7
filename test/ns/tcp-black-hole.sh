#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tcp-black-hole.sh - a link carries less, and nobody is told: the transfer ends
# all the same
. "$(dirname "$0")/lib.sh"
need ip python3 nft
host_up chain
guest_up
in_ns "$R1" ip link set right mtu 1300
in_ns "$R2" ip link set left mtu 1300
in_ns "$R1" nft 'add table ip t
	add chain ip t out { type filter hook output priority 0; }
	add rule ip t out icmp type destination-unreachable drop'
start_pasta -t none

ends - <<'END'
from ends import guest, move, pair, remote

c, s = pair(guest, remote, "198.51.100.1", 5001)
move(c, s, 300_000)
END

[ "$(counted tcp-black-hole)" -gt 0 ] || fail "no black hole was seen"
