#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# connections.sh - 19 000 connections at once, opened by either end: each answers, and
# costs less than 256 bytes of memory, the first as well as the last ones
# build: plain
# serial
. "$(dirname "$0")/lib.sh"
need ip python3
# shellcheck disable=SC3045	# not in POSIX, but in all shells
hard=$(ulimit -Hn)
[ "$hard" = unlimited ] || [ "$hard" -ge 20000 ] ||
	skip "hard limit of open files is $hard, 20000 are needed"
# shellcheck disable=SC3045
ulimit -n 20000
host_up remote
guest_up
start_pasta -t 5002 -u none -T none -U none

# pss() - Memory of the program, bytes
cat >"$TMP/pss" <<END
#!/bin/sh
awk '/^Pss:/ { print \$2 * 1024 }' /proc/$PROG/smaps_rollup
END
chmod +x "$TMP/pss"

ends - "$TMP/pss" <<'END'
import os
import select
import subprocess
import sys
from ends import accept, guest, remote, want

N = 19_000
FEW, MANY = 100, 10_000		# the latter have touched each page of the hash table


def serve(ready):
    """Answer whatever comes, on both listeners, for ever"""
    ls = [remote.listen("198.51.100.1", 5001, 4096),
          guest.listen("192.0.2.1", 5002, 4096)]
    socks = {}
    p = select.epoll()
    for s in ls:
        p.register(s, select.EPOLLIN)
    os.write(ready, b"1")
    while True:
        for fd, _ in p.poll():
            for s in ls:
                if s.fileno() == fd:
                    c = accept(s)
                    socks[c.fileno()] = c
                    p.register(c, select.EPOLLIN)
            if fd in socks:
                socks[fd].send(socks[fd].recv(100))


def pss():
    return int(subprocess.check_output([sys.argv[1]]))


r, w = os.pipe()
if not os.fork():
    serve(w)
os.read(r, 1)
places = ((guest, "198.51.100.1", 5001), (remote, "192.0.2.1", 5002))


def connect(i):
    place, addr, port = places[i % 2]
    c = place.dial(addr, port)
    c.send(b"%d" % i)
    want(b"%d" % i, c.recv(100))
    return c


conns = []


def cost(n):
    """Connect until there are n, return the bytes for each that came"""
    had, before = len(conns), pss()
    conns.extend(connect(i) for i in range(had, n))
    return (pss() - before) / (n - had)


conns.extend(connect(i) for i in range(FEW))
first, more = cost(MANY), cost(N)
print(f"{first:.0f} bytes each of the first, {more:.0f} of those after")
want(True, first < 256, f"{first:.0f} bytes of memory each")
want(True, more < 256, f"{more:.0f} bytes of memory each")

for i, c in enumerate(conns):
    c.send(b"%d again" % i)
for i, c in enumerate(conns):
    want(b"%d again" % i, c.recv(100))
END
counted x >/dev/null
grep -q 'flows: 19000 TCP' "$TMP/pasta.log" || fail "not 19000 connections"
