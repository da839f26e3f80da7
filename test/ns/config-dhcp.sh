#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# config-dhcp.sh - udhcpc and dhclient get all there is to get by DHCP
. "$(dirname "$0")/lib.sh"
need ip busybox dhclient
host_up alone
guest_up
resolver <<END
nameserver 192.0.2.2
nameserver 192.0.2.4
search one.example two.example
END
unconfigured() {
	start_prog pasta --netns-only --netns "$TMP/guest.netns" -I tap0 \
		--dhcp-dns --dhcp-search -H vm1 --fqdn vm1.example.org "$@"
	guest ip link set tap0 up
}

cat >"$TMP/script" <<END
#!/bin/sh
set >"$TMP/lease.\$1"
END
chmod +x "$TMP/script"
# udhcpc_got() - Compare what udhcpc was told: variable, value
udhcpc_got() { is "$2" "$(sed -n "s/^$1='\(.*\)'$/\1/p" "$TMP/lease.bound")" "$1"; }

cat >"$TMP/dhclient.conf" <<END
option routes121 code 121 = string;
request subnet-mask, routers, domain-name-servers, host-name, interface-mtu,
	domain-search, routes121;
send fqdn.fqdn "asked.";
send fqdn.encoded on;
END
# lease() - Run dhclient, and check lines of its lease
lease() {
	rm -f "$TMP/lease4"
	guest timeout 20 dhclient -4 -1 -d -q -cf "$TMP/dhclient.conf" -lf "$TMP/lease4" \
		-pf "$TMP/dhclient.pid" -sf /bin/true tap0 >"$TMP/dhclient.log" 2>&1 &
	dhclient=$!
	within 10 grep -q '^}' "$TMP/lease4"
	kill "$dhclient"
	for line; do
		grep -qF "  $line;" "$TMP/lease4" || {
			cat "$TMP/lease4" >&2
			fail "not in the lease: $line"
		}
	done
}

unconfigured
guest timeout 10 busybox udhcpc -fnq -i tap0 -s "$TMP/script" -O search -O mtu \
	-x hostname:asked -r 192.0.2.77 >"$TMP/udhcpc.log" 2>&1
udhcpc_got ip 192.0.2.1
udhcpc_got mask 24
udhcpc_got router 192.0.2.2
udhcpc_got dns '192.0.2.2 192.0.2.4'
udhcpc_got search 'one.example two.example'
udhcpc_got hostname vm1
udhcpc_got mtu 1500
udhcpc_got serverid 192.0.2.2

lease 'fixed-address 192.0.2.1' \
	'option subnet-mask 255.255.255.0' 'option routers 192.0.2.2' \
	'option domain-name-servers 192.0.2.2,192.0.2.4' 'option host-name "vm1"' \
	'option interface-mtu 1500' 'option dhcp-lease-time 3600' \
	'option dhcp-message-type 5' 'option dhcp-server-identifier 192.0.2.2' \
	'option fqdn.fqdn "vm1.example.org"' \
	'option domain-search "one.example.", "two.example."'
stop_prog

# Another address, and a gateway that can be reached by a route of its own only
unconfigured -a 198.51.100.7 -n 32 -g 198.51.100.254 -m 1400 -D 203.0.113.53
lease 'fixed-address 198.51.100.7' 'option subnet-mask 255.255.255.255' \
	'option interface-mtu 1400' 'option domain-name-servers 203.0.113.53' \
	'option routes121 20:c6:33:64:fe:0:0:0:0:0:c6:33:64:fe'
