#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tcp-blocked.sh - 1500 connections whose remote end does not read for a while: each
# window closes, and when it reads all of them finish soon, with every byte
#
# What all windows promise together must fit into what the kernel has for all
# sockets, and what is on its way into the queue of the tap: else each connection
# waits for time-outs of its own.
# build: plain
# serial
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
start_pasta -t none

ends - <<'END'
import select
import time
from ends import guest, remote, want

N, WRITE, SOON = 1500, 3, 20
block = b"x" * 65536
server = remote.listen("198.51.100.1", 5001)
pairs = []
for _ in range(N):
    c = guest.dial("198.51.100.1", 5001)
    pairs.append((c, server.accept()[0]))
for c, s in pairs:
    c.setblocking(False)
    s.setblocking(False)

sent, until = 0, time.monotonic() + WRITE
writers = select.poll()
by = {}
for c, s in pairs:
    writers.register(c, select.POLLOUT)
    by[c.fileno()] = c
while time.monotonic() < until:
    for fd, _ in writers.poll(100):
        try:
            sent += by[fd].send(block)
        except BlockingIOError:
            pass
for c, s in pairs:
    c.shutdown(1)

began, got, left = time.monotonic(), 0, {s.fileno(): s for c, s in pairs}
readers = select.epoll()
for fd in left:
    readers.register(fd, select.EPOLLIN)
while left and time.monotonic() - began < 2 * SOON:
    for fd, _ in readers.poll(1):
        data = left[fd].recv(1 << 18)
        got += len(data)
        if not data:
            readers.unregister(fd)
            del left[fd]
took = time.monotonic() - began
print(f"{sent / 1e6:.0f} MB written, all read in {took:.1f} s")
want(0, len(left), "connections that do not end")
want(sent, got)
want(True, took < SOON, f"{took:.1f} s")
END
