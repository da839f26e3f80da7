#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# memory.sh - no memory is allocated once the program is ready, whatever it does
# build: plain
. "$(dirname "$0")/lib.sh"
need ip python3 strace ping
host_up remote
guest_up
start_pasta -t 5002 -u 5002 -T 5003 -p "$TMP/pcap"

strace -f -p "$PROG" -e trace=brk,mmap,mremap -o "$TMP/trace" 2>"$TMP/strace.log" &
within 5 grep -q attached "$TMP/strace.log"

guest ping -q -c 3 -i 0.1 -s 3000 198.51.100.1 >/dev/null
ends - <<'END'
from ends import fails, guest, host, move, pair, remote, want

kept = []
for client, server, addr, port in ((guest, remote, "198.51.100.1", 5001),
                                   (guest, remote, "2001:db8:1::1", 5001),
                                   (remote, guest, "192.0.2.1", 5002),
                                   (guest, host, "127.0.0.1", 5003)):
    for _ in range(30):
        c, s = pair(client, server, addr, port)
        move(c, s, 300_000)
        move(s, c, 300_000)
        kept.append((c, s))
    fails("ECONNREFUSED", guest.dial, "198.51.100.1", 5009)
server = remote.udp("198.51.100.1", 5001)
for _ in range(100):
    c = guest.udp("0.0.0.0")
    c.sendto(bytes(4000), ("198.51.100.1", 5001))
    data, peer = server.recvfrom(9999)
    server.sendto(data, peer)
    want(4000, len(c.recv(9999)))
    kept.append(c)
END
counted x >/dev/null
stop_prog

grep -v '^[0-9]* *+++' "$TMP/trace" >"$TMP/calls.log" || :
is 0 "$(wc -l <"$TMP/calls.log")" "calls that change memory"
