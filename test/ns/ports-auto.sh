#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ports-auto.sh - ports follow what is bound on the other side, in both directions
. "$(dirname "$0")/lib.sh"
need ip python3 ss
host_up remote
guest_up
start_pasta -T auto		# as is the default of all four

ends - <<'END'
from ends import guest, host, remote, until, want


def opens(place, addr, port):
    """Whether a connection can be made"""
    try:
        place.dial(addr, port).close()
        return True
    except ConnectionResetError:	# by the other side, behind the port
        return True
    except ConnectionRefusedError:
        return False


def follows(server, at, client, addr, port):
    """A port is open while somebody listens at the other side"""
    want(False, opens(client, addr, port))
    ls = server.listen(at, port)
    until(opens, client, addr, port, wait=5)
    ls.close()
    until(lambda: not opens(client, addr, port), wait=5)


follows(guest, "0.0.0.0", remote, "192.0.2.1", 5001)
follows(guest, "::", remote, "2001:db8::1", 5002)
follows(host, "127.0.0.1", guest, "127.0.0.1", 5003)
follows(host, "::1", guest, "::1", 5004)


def answers(client, addr, server):
    """Whether a datagram gets there and the answer back"""
    c = client.socket(addr, 2)
    c.settimeout(0.2)
    server.settimeout(0.2)
    try:
        c.sendto(b"in", (addr, server.getsockname()[1]))
        _, peer = server.recvfrom(9)
        server.sendto(b"out", peer)
        return c.recv(9) == b"out"
    except (TimeoutError, ConnectionRefusedError):
        return False


with guest.udp("0.0.0.0", 5005) as s:
    until(answers, remote, "192.0.2.1", s, wait=5)
with host.udp("127.0.0.1", 5006) as s:
    until(answers, guest, "127.0.0.1", s, wait=5)
END
