#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ping.sh - echo requests of the guest, answered by whom they ask
. "$(dirname "$0")/lib.sh"
need ip ping
host_up chain
guest_up
in_ns "$R1" ip route add unreachable 198.18.0.0/24
start_pasta -t none

for far in 198.51.100.1 2001:db8:1::1; do
	guest ping -q -c 20 -i 0.01 "$far" >/dev/null
	guest ping -q -c 2 -i 0.1 -s 1400 "$far" >/dev/null
	guest ping -q -c 2 -i 0.1 -s 9000 "$far" >/dev/null		# in fragments
	guest ping -q -c 2 -i 0.1 -s 60000 "$far" >/dev/null
	# Ten at once: identifiers are kept apart
	for i in 1 2 3 4 5 6 7 8 9 10; do
		guest ping -q -c 5 -i 0.02 -p "$i$i" "$far" >"$TMP/ping$i.out" &
		pids="${pids:-} $!"
	done
	for pid in $pids; do
		wait "$pid" || fail "one of ten pings failed"
	done
	pids=
done
# The gateway's address leads to the host's loopback
guest ping -q -c 1 192.0.2.2 >/dev/null
guest ping -q -c 1 2001:db8::2 >/dev/null

like "*Time to live exceeded*" "$(guest ping -c 1 -t 2 -W 2 198.51.100.1 || :)" "TTL of 2"
like "*From 10.1.0.2*" "$(guest ping -c 1 -t 2 -W 2 198.51.100.1 || :)" "TTL of 2"
like "*From 2001:db8::2*exceeded*" "$(guest ping -c 1 -t 1 -W 2 2001:db8:1::1 || :)"
like "*Host Unreachable*" "$(guest ping -c 1 -W 2 198.18.0.1 || :)"
