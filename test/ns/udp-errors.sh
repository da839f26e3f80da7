#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# udp-errors.sh - what the host learns about a datagram by ICMP, the guest learns too
. "$(dirname "$0")/lib.sh"
need ip python3
host_up chain
guest_up
in_ns "$R1" ip route add unreachable 198.18.0.0/24
in_ns "$R1" ip route add unreachable 2001:db8:e2::/64
in_ns "$R1" ip link set right mtu 1300
start_pasta -t none

ends - <<'END'
import socket
import struct
from ends import fails, guest, want

IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, DO = 10, 23, 2
IP_RECVERR, IPV6_RECVERR, MSG_ERRQUEUE = 11, 25, 0x2000


def socket_to(place, addr, port):
    s = place.socket(addr, socket.SOCK_DGRAM)
    if ":" in addr:
        s.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        s.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    s.connect((addr, port))
    return s


# (errno, type, code) of what is sent there
for addr, port, name, icmp in (
        ("198.51.100.1", 5001, "ECONNREFUSED", (3, 3)),
        ("2001:db8:1::1", 5001, "ECONNREFUSED", (1, 4)),
        ("198.18.0.1", 5001, "EHOSTUNREACH", (3, 1)),
        ("2001:db8:e2::1", 5001, "ENETUNREACH", (1, 0))):
    s = socket_to(guest, addr, port)
    s.send(b"into the void")
    fails(name, s.recv, 1)
    data, control, _, _ = s.recvmsg(100, 200, MSG_ERRQUEUE)
    want(b"into the void", data, "what the error quotes")
    want(icmp, tuple(control[0][2][5:7]), "type and code")
    s.send(b"again")			# the flow lives on

# Path MTU: a datagram that may not be fragmented, and is too large further on
for addr, size in ("198.51.100.1", 1400), ("2001:db8:1::1", 1400):
    s = socket_to(guest, addr, 5003)
    if ":" in addr:
        s.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, DO)
    else:
        s.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, DO)
    s.send(bytes(size))
    fails("EMSGSIZE", s.recv, 1)
    _, control, _, _ = s.recvmsg(2000, 200, MSG_ERRQUEUE)
    want(1300, struct.unpack("=IBBBBII", control[0][2][:16])[5], "MTU")
END
