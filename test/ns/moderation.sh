#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# moderation.sh - frames of a guest that sends one way, one by one, gather before
# they are looked at; those of one that waits for answers do not
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
start_passt -m 1500
start_vm --seed 1
guest ip addr add 192.0.2.1/24 dev eth0
guest ip route add default via 192.0.2.2

is 0 "$(counted pauses)" "at rest"

ends - <<'END'
from ends import guest, pair, read, remote

c, s = pair(guest, remote, "198.51.100.1", 5002)
for _ in range(300):
    c.sendall(bytes(1400))
    read(s, 1400)
    s.sendall(bytes(1400))
    read(c, 1400)
END
is 0 "$(counted pauses)" "requests of a whole segment"

# One every 100 us
before=$(counted wakeups)
ends - <<'END'
import time
from ends import guest, remote

s, r = guest.udp("192.0.2.1"), remote.udp("198.51.100.1", 5003)
r.setblocking(False)
got, due = 0, time.monotonic()
for _ in range(8000):
    s.sendto(bytes(1400), ("198.51.100.1", 5003))
    due += 0.0001
    while time.monotonic() < due:
        pass
    try:
        while r.recv(2000):
            got += 1
    except BlockingIOError:
        pass
assert got > 7600, f"{got} of 8000 arrived"
END
# In a busy machine they gather by themselves
wakeups=$(($(counted wakeups) - before))
[ "$wakeups" -lt 6000 ] || fail "$wakeups wake-ups for 8000 frames, $(counted pauses) pauses"
