#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# link-stream.sh - the socket of a virtual machine: its kernel is configured, moves
# bytes both ways, goes away and comes back; with --one-off that is the end
. "$(dirname "$0")/lib.sh"
need ip python3 busybox
host_up remote
guest_up
no_dad "$GUEST"
cat >"$TMP/script" <<'END'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr replace "$ip/$mask" dev "$interface"
ip route replace default via "$router"
END
chmod +x "$TMP/script"

# boot() - The guest appears, and asks for addresses
boot() {
	start_vm --seed 1
	guest timeout 10 busybox udhcpc -fnq -i eth0 -s "$TMP/script" >"$TMP/udhcpc.log" 2>&1
	within 5 guest_has_route 6
	within 5 global
}
# global() - Whether the guest made itself an address that works
global() {
	addr=$(guest ip -6 addr show dev eth0 scope global |
		sed -n 's|^ *inet6 \([^/]*\)/.*|\1|p')
	[ "$addr" ] && has_address "$GUEST" "$addr"
}

transfer() {
	ends - <<'END'
from ends import guest, move, pair, remote

for client, server, addr in ((guest, remote, "198.51.100.1"),
                             (guest, remote, "2001:db8:1::1"),
                             (remote, guest, "192.0.2.1"),
                             (remote, guest, "2001:db8::1")):
    c, s = pair(client, server, addr, 5002)
    move(c, s, 5_000_000)
    move(s, c, 5_000_000)
END
}

start_passt -t 5002
boot
transfer
stop_vm
boot
transfer
stop_vm
kill -0 "$PROG"
stop_prog

start_passt --one-off
boot
stop_vm
ended() { ! kill -0 "$PROG"; }
within 5 ended
wait "$PROG" || fail "exit status $?"
PROG=''
