#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tcp-reset.sh - a RST is relayed, each way, behind the bytes that came before it
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
start_pasta -t 5002

ends - <<'END'
import select
import socket
from ends import fails, guest, pair, read, remote, reset, want


def both():
    for far in ("198.51.100.1", "2001:db8:1::1"):
        yield pair(guest, remote, far, 5001)
    for near in ("192.0.2.1", "2001:db8::1"):
        yield pair(remote, guest, near, 5002)


def wait_error(s):
    p = select.poll()
    p.register(s, 0)
    want([(s.fileno(), select.POLLHUP | select.POLLERR)], p.poll(3000))


for c, s in both():
    reset(c)
    wait_error(s)
    fails("ECONNRESET", s.recv, 1)
for c, s in both():
    reset(s)
    wait_error(c)
    fails("ECONNRESET", c.recv, 1)

# Bytes the guest sent and saw acknowledged arrive, though it resets afterwards
for c, s in (pair(guest, remote, "198.51.100.1", 5001),
             pair(guest, remote, "2001:db8:1::1", 5001)):
    c.sendall(b"x" * 1000)
    want(1000, len(read(s, 1000)))
    s.sendall(b"unread by the guest")
    select.select([c], [], [], 3)
    c.close()			# with unread data: a RST
    fails("ECONNRESET", s.recv, 1)

# Closed with unread data while the other half is closed already
c, s = pair(guest, remote, "198.51.100.1", 5001)
s.shutdown(socket.SHUT_WR)
want(b"", c.recv(1))
c.sendall(b"never read")
select.select([s], [], [], 3)
s.close()
wait_error(c)
END
