#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tcp-refused.sh - a connection that can not be opened fails as it does on the host,
# and as soon
. "$(dirname "$0")/lib.sh"
need ip python3 nft
host_up remote
guest_up
start_pasta -t 5002

# No route on the host; errors that the router sends
ip route add unreachable 203.0.113.0/25
ip route add unreachable 2001:db8:f::/64
ip route add prohibit 203.0.113.128/25
forwards "$REMOTE"
remote ip route add unreachable 198.18.0.0/24
remote ip link add beyond type veth peer name nowhere
remote ip link set beyond up
remote ip link set nowhere up
remote ip route add default dev beyond
remote ip -6 route add default dev beyond
reject() { remote nft "add rule inet t $1 $2 reject with $3"; }
remote nft 'add table inet t
	add chain inet t forward { type filter hook forward priority 0; }
	add chain inet t input { type filter hook input priority 0; }'
reject forward 'ip daddr 198.18.1.0/24' 'icmp type net-unreachable'
reject forward 'ip daddr 198.18.2.0/24' 'icmp type admin-prohibited'
reject forward 'ip6 daddr 2001:db8:e1::/64' 'icmpv6 type no-route'
reject forward 'ip6 daddr 2001:db8:e2::/64' 'icmpv6 type addr-unreachable'
reject input 'tcp dport 5005' 'icmpx type port-unreachable'

ends - <<'END'
from ends import fails, guest, host, remote

# What the guest sees, and what a program of the host sees itself
for place in host, guest:
    fails("ECONNREFUSED", place.dial, "198.51.100.1", 5001)
    fails("ECONNREFUSED", place.dial, "2001:db8:1::1", 5001)
    fails("ECONNREFUSED", place.dial, "198.51.100.1", 5005)
    fails("ECONNREFUSED", place.dial, "2001:db8:1::1", 5005)
    fails("EHOSTUNREACH", place.dial, "203.0.113.1", 5001)
    fails("EHOSTUNREACH", place.dial, "2001:db8:f::1", 5001)
    fails("EHOSTUNREACH", place.dial, "198.18.0.1", 5001)
    fails("ENETUNREACH", place.dial, "198.18.1.1", 5001)
    fails("ENETUNREACH", place.dial, "2001:db8:e1::1", 5001)
    fails("EHOSTUNREACH", place.dial, "198.18.2.1", 5001)
    fails("EHOSTUNREACH", place.dial, "2001:db8:e2::1", 5001)

# Nobody listens in the guest
fails("ECONNRESET", lambda: remote.dial("192.0.2.1", 5002).recv(1))
fails("ECONNRESET", lambda: remote.dial("2001:db8::1", 5002).recv(1))
END
