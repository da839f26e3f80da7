#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# impaired.sh - a virtual machine's link that loses and reorders: what arrives is
# what was sent, and each way of sending again was gone
# build: plain
# serial
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
start_passt -t none

# link() - A link of the virtual machine, impaired
link() {
	start_vm --seed 7 "$@"
	guest ip addr add 192.0.2.1/24 dev eth0
	guest ip route add default via 192.0.2.2
	guest sysctl -qw net.ipv4.tcp_congestion_control=cubic
}

# move() - Move bytes: out or in, how many, how many connections
move() {
	ends - "$@" <<'END'
import sys
import threading
import time
from ends import guest, move, pair, remote

way, size, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
pairs = [pair(guest, remote, "198.51.100.1", 5001) for _ in range(n)]
for c, s in pairs:
    c.settimeout(60)
    s.settimeout(60)
failed = []


def one(c, s):
    try:
        move(*((c, s) if way == "out" else (s, c)), size)
    except (AssertionError, OSError) as e:
        failed.append(e)


began = time.monotonic()
threads = [threading.Thread(target=one, args=p) for p in pairs]
for t in threads:
    t.start()
for t in threads:
    t.join()
if failed:
    raise failed[0]
took = time.monotonic() - began
print(f"{way}, {n} at once: {size * n / 1e6:.0f} MB in {took:.1f} s")
END
}

link --loss 1 --reorder 1 --reorder-ms 2 --dup 1
move in 100000000 1
move out 100000000 1
move in 25000000 4
move out 25000000 4
stop_vm

for what in tcp-dupack-sent tcp-late tcp-fast-retransmit tcp-rto; do
	n=$(counted $what)
	echo "$what $n"
	[ "$n" -gt 0 ] || fail "$what: 0"
done
