#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# config-dhcpv6.sh - dhclient gets all there is to get by DHCPv6, in two messages
# and in four
. "$(dirname "$0")/lib.sh"
need ip dhclient
host_up alone
guest_up
no_dad "$GUEST"
resolver <<END
nameserver 2001:db8::2
nameserver 2001:db8::4
search one.example two.example
END
start_prog pasta --netns-only --netns "$TMP/guest.netns" -I tap0 \
	--dhcp-dns --dhcp-search -H vm1 --fqdn vm1.example.org
guest ip link set tap0 up
link_local() { guest ip -6 addr show dev tap0 scope link | grep -q inet6; }
within 5 link_local

# lease() - Run dhclient with these lines of configuration
lease() {
	{
		echo 'also request dhcp6.name-servers, dhcp6.domain-search, dhcp6.fqdn;'
		echo 'send dhcp6.fqdn 00:02:76:6d:00;'
		printf '%s\n' "$@"
	} >"$TMP/dhclient.conf"
	rm -f "$TMP/lease6"
	guest timeout 20 dhclient -6 -1 -d -v -cf "$TMP/dhclient.conf" -lf "$TMP/lease6" \
		-pf "$TMP/dhclient.pid" -sf /bin/true tap0 >"$TMP/dhclient.log" 2>&1 &
	dhclient=$!
	within 10 grep -q '^}' "$TMP/lease6"
	kill "$dhclient"
	wait "$dhclient" || :
}
has() {
	grep -qF "$1" "$TMP/lease6" || { cat "$TMP/lease6" >&2; fail "not in the lease: $1"; }
}

lease
is 1 "$(grep -c '^RCV: Advertise' "$TMP/dhclient.log")" "Advertise messages"
is 1 "$(grep -c '^RCV: Reply' "$TMP/dhclient.log")" "Reply messages"
has 'iaaddr 2001:db8::1 {'
has 'option dhcp6.name-servers 2001:db8::2,2001:db8::4;'
has 'option dhcp6.domain-search "one.example.", "two.example.";'
has 'option fqdn.fqdn "vm1.example.org";'
has 'option dhcp6.server-id 0:3:0:1:9a:55:9a:55:9a:55;'

lease 'send dhcp6.rapid-commit;'
is 0 "$(grep -c '^RCV: Advertise' "$TMP/dhclient.log")" "Advertise messages"
has 'iaaddr 2001:db8::1 {'
has 'option dhcp6.rapid-commit;'
