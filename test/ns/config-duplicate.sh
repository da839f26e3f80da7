#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# config-duplicate.sh - ARP: we are everybody, but not who the guest is, or asks
# whether it may be; IPv6: the guest's kernel finds no duplicate
. "$(dirname "$0")/lib.sh"
need ip python3
host_up alone
guest_up
start_pasta -I tap0

ends - <<'END'
import socket
import struct
from ends import guest, want

ARP = 0x0806
with guest:
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP))
    s.bind(("tap0", ARP))
s.settimeout(2)
mac = s.getsockname()[4]


def ask(sender, target, op=1):
    """Send an ARP request, or an announcement"""
    s.send(b"\xff" * 6 + mac + struct.pack(">HHHBBH", ARP, 1, 0x800, 6, 4, op) + mac +
           socket.inet_aton(sender) + bytes(6) + socket.inet_aton(target))


def answer():
    """Return who says to be where"""
    frame = s.recv(100)
    want(b"\x00\x02", frame[20:22], "an ARP reply")
    want(mac, frame[:6], "to whom")
    want(bytes.fromhex("9a559a559a55"), frame[22:28], "from whom")
    return socket.inet_ntoa(frame[28:32])


# What must not be answered, each followed by what must: so no time is waited for
silent = (("0.0.0.0", "192.0.2.1"),	# probe for its own address (RFC 5227)
          ("0.0.0.0", "192.0.2.9"),	# or for another one
          ("192.0.2.1", "192.0.2.1"))	# announcement
for sender, target in silent:
    ask(sender, target)
    ask("192.0.2.1", "192.0.2.2")
    want("192.0.2.2", answer())
for target in "192.0.2.2", "192.0.2.77", "192.0.2.254":
    ask("192.0.2.1", target)
    want(target, answer())
END

guest sysctl -qw net.ipv6.conf.tap0.accept_dad=1 net.ipv6.conf.all.accept_dad=1
guest ip addr add 2001:db8::99/64 dev tap0
checked() { guest ip -6 addr show dev tap0 | grep -A1 ::99/64 | grep -v tentative | grep -q ::99; }
within 5 checked
never sh -c "nsenter -t $GUEST -n ip -6 addr show dev tap0 | grep -q dadfailed"
