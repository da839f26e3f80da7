#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# impaired.sh - a virtual machine's link that loses and reorders: 100 MB arrive as
# they were sent, each way, and each way of sending again was gone
# build: plain
# serial
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
start_passt -t 5002
start_vm --loss 1 --reorder 1 --reorder-ms 2 --seed 7
guest ip addr add 192.0.2.1/24 dev eth0
guest ip route add default via 192.0.2.2

ends <<'END'
import time
from ends import guest, move, pair, remote

c, s = pair(guest, remote, "198.51.100.1", 5001)
for a, b, way in (c, s, "out"), (s, c, "in"):
    began = time.monotonic()
    move(a, b, 100_000_000)
    print(way, round(time.monotonic() - began, 1), "s")
END

for name in tcp-dupack-sent tcp-fast-retransmit tcp-rto; do
	n=$(counted $name)
	echo "$name $n"
	[ "$n" -gt 0 ] || fail "$name: 0"
done
stop_vm
