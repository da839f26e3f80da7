#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ports-in.sh - forwarded TCP and UDP ports: which are open, where they lead, and
# whom the guest sees
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
ip addr add 192.0.2.3/24 dev host0
start_pasta -T none -U none \
	-t 5001,5003-5006,~5004,5010-5011:6010-6011 -t 192.0.2.3%host0/5020 \
	-t 2001:db8::1/5030 -t %host0/5031 -t 127.0.0.1/5032 \
	-u 5001,5003-5006,~5004,5010:6010 -u 192.0.2.3/5020

ends - <<'END'
from ends import accept, fails, guest, remote, want


def tcp(addr, port, at=None):
    """The guest is reached, and sees the client's address and port"""
    with guest.listen("::" if ":" in addr else "0.0.0.0", at or port) as ls:
        c = remote.dial(addr, port)
        s = accept(ls)
        want(c.getsockname()[:2], s.getpeername()[:2], "the client's address")
        c.sendall(b"in")
        want(b"in", s.recv(9))
        s.sendall(b"out")
        want(b"out", c.recv(9))


def udp(addr, port, at=None):
    v6 = ":" in addr
    s = guest.udp("::" if v6 else "0.0.0.0", at or port)
    c = remote.udp("2001:db8::2" if v6 else "192.0.2.2")
    c.sendto(b"in", (addr, port))
    data, peer = s.recvfrom(99)
    want(b"in", data)
    want(c.getsockname()[:2], peer[:2], "the client's address")
    s.sendto(b"out", peer)
    data, peer = c.recvfrom(99)
    want(b"out", data)
    want((addr, port), peer[:2], "whom the client hears")
    s.close()


def udp_closed(addr, port):
    c = remote.socket(addr, 2)
    c.connect((addr, port))
    c.send(b"in")
    fails("ECONNREFUSED", c.recv, 1)


for near in "192.0.2.1", "2001:db8::1":
    for port in 5001, 5003, 5005, 5006:
        tcp(near, port)
        udp(near, port)
    tcp(near, 5010, 6010)
    tcp(near, 5011, 6011)
    udp(near, 5010, 6010)
    for port in 5000, 5002, 5004, 5007, 5020, 5032:
        fails("ECONNREFUSED", remote.dial, near, port)
    for port in 5002, 5004, 5020:
        udp_closed(near, port)
    tcp(near, 5031)
tcp("192.0.2.3", 5020)
udp("192.0.2.3", 5020)
tcp("2001:db8::1", 5030)
fails("ECONNREFUSED", remote.dial, "192.0.2.1", 5030)
END
