#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# config-ra.sh - router and neighbour discovery: by rdisc6, ndisc6, and the guest's
# kernel, which makes an address and a route of it
. "$(dirname "$0")/lib.sh"
need ip rdisc6 ndisc6
host_up remote
guest_up
no_dad "$GUEST"
resolver <<END
nameserver 2001:db8::2
search one.example two.example
END
start_prog pasta --netns-only --netns "$TMP/guest.netns" -I tap0 \
	--dhcp-dns --dhcp-search -m 1400
guest ip link set tap0 up

address() {
	guest ip -6 addr show dev tap0 scope global dynamic |
		sed -n 's|^ *inet6 \(2001:db8::[^/]*\)/64 .*|\1|p' | grep .
}
within 5 address
within 5 guest_has_route 6
like "default via fe80:* dev tap0 proto ra *" "$(guest ip -6 route show default)"
is 1400 "$(guest cat /proc/sys/net/ipv6/conf/tap0/mtu)" "MTU"
# What was made of the prefix is good for connections
within 5 has_address "$GUEST" "$(address)"
guest ping -q -c 1 -W 2 -I "$(address)" 2001:db8:1::1 >/dev/null

ra=$(guest rdisc6 -1 tap0)
for line in "Prefix * : 2001:db8::/64" "MTU * : * 1400 bytes" \
	"Recursive DNS server * : 2001:db8::2" "DNS search list * : one.example two.example" \
	"Stateful address conf. * : * Yes" "Source link-layer address: 9A:55:9A:55:9A:55"; do
	like "*$line*" "$ra" "router advertisement"
done
for target in 2001:db8::2 2001:db8::77 fe80::1; do
	like "*9A:55:9A:55:9A:55*" "$(guest ndisc6 -1 "$target" tap0)" "neighbour $target"
done
