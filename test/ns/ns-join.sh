#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ns-join.sh - a namespace that exists: by PID, by path, by name, with its user
# namespace; and the program ends when it goes, or stays if told so
. "$(dirname "$0")/lib.sh"
need ip
host_up remote

# connected() - Whether a namespace has what it should: PID
connected() {
	in_ns "$1" ip addr | grep -q 'inet 192.0.2.1/24' &&
		in_ns "$1" ip route | grep -q 'default via 192.0.2.2'
}
ended() { ! kill -0 "$PROG"; }
# ends_well() - The program ends by itself, with exit status 0
ends_well() {
	within 5 ended
	wait "$PROG" || fail "exit status $? when $1 was gone"
	PROG=''
}

# By PID
unshare -Un sleep 3600 &
pid=$!
within 5 ns_differs "$pid"
start_prog pasta --config-net "$pid"
nsenter -t "$pid" -U --preserve-credentials -n ip addr | grep -q 'inet 192.0.2.1/24' ||
	fail "no address by PID"
kill "$pid"
ends_well "the process"

# By path
guest_up
start_prog pasta --config-net --netns-only --netns "$TMP/guest.netns"
connected "$GUEST"
umount -l "$TMP/guest.netns"
rm "$TMP/guest.netns"
ends_well "the path"
kill "$GUEST"

# By the path of a process, user namespace too
unshare -Un sleep 3600 &
pid=$!
within 5 ns_differs "$pid"
start_prog pasta --config-net --userns "/proc/$pid/ns/user" --netns "/proc/$pid/ns/net"
kill "$pid"
ends_well "the process"

# By name, as ip-netns makes it; --no-netns-quit
mount -t tmpfs none /run
ip netns add one
start_prog pasta --config-net --netns-only --netns one
ip netns exec one ip addr | grep -q 'inet 192.0.2.1/24' || fail "no address by name"
ip netns del one
ends_well "the name"
ip netns add two
start_prog pasta --config-net --netns-only --no-netns-quit --netns two
ip netns del two
sleep 0.5
kill -0 "$PROG" || fail "ended in spite of --no-netns-quit"
