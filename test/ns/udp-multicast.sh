#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# udp-multicast.sh - multicast and broadcast of the guest leave the host
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
start_pasta -t none

ends - <<'END'
import socket
import struct
from ends import guest, remote, want

with remote:
    index = socket.if_nametoindex("host1")
with guest:
    out = [i for i, name in socket.if_nameindex() if name != "lo"][0]

groups = remote.udp("0.0.0.0", 5001)
groups.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                  struct.pack("4s4si", socket.inet_aton("239.1.2.3"), bytes(4), index))
s = guest.udp("0.0.0.0")
s.sendto(b"group", ("239.1.2.3", 5001))
want(b"group", groups.recv(9))
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.sendto(b"network", ("192.0.2.255", 5001))
want(b"network", groups.recv(9))
s.sendto(b"all", ("255.255.255.255", 5001))
want(b"all", groups.recv(9))

groups = remote.udp("::", 5002)
for group in "ff02::4242", "ff05::4242":
    groups.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                      struct.pack("16si", socket.inet_pton(socket.AF_INET6, group),
                                  index))
    s = guest.udp("::")
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, out)
    s.sendto(group.encode(), (group, 5002))
    want(group.encode(), groups.recv(99))
END
