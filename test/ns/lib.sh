# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lib.sh - sourced by each test here: a private host, a guest, a result
#
# The test runs itself again in user, network, mount and PID namespaces of its
# own: no root, nothing left behind, many at once.  It is PID 1 there, so its
# end takes every child with it.
#
#	+-- guest ---------+         +-- host, this namespace --+    +-- remote --+
#	| eth0             |==prog===| host0 192.0.2.1          |----| 192.0.2.2  |
#	| or host0 (pasta) |         |       2001:db8::1        |veth| 2001:db8::2|
#	+------------------+         +--------------------------+    +------------+
#
# The remote end has 198.51.100.1 and 2001:db8:1::1 too, beyond its router, and
# is there only after "host_up remote".
#
# Result: exit 0 passed, 1 failed, 77 skipped (the first line of stderr: why).
# A failed test shows the end of each file $TMP/*.log.  So does one whose program
# left a sanitizer's report, or did not end well when asked to.
#
# A test says in a comment at the beginning of a line what test/run shall know
# ("# timeout: N", "# serial", "# long"), and "# build: plain" if it is run with
# the program as installed, without sanitizers: when it measures something.
#
# Variables: TMP, a directory of the test's own; TOP, the tree; PROG_DIR, where
# passt and pasta are; TOOL_DIR, where tools of test/*.c are; GUEST and REMOTE,
# PIDs in those namespaces; PROG, PID of the program.

TOP=$(cd "$(dirname "$0")/../.." && pwd)
export TOP
if [ -z "${NS_IN:-}" ]; then
	unshare -rUn true 2>/dev/null ||
		{ echo "no user namespaces" >&2; exit 77; }
	NS_IN=1 exec unshare -rUnm -pf --kill-child --mount-proc "$0" "$@"
fi

set -eu
if grep -q '^# build: plain$' "$0"; then
	: "${PROG_DIR:=$TOP}"
else
	: "${PROG_DIR:=$TOP/build/asan}"
fi
: "${TOOL_DIR:=$TOP/build/tool}"
TMP=$(mktemp -d -t passt-test.XXXXXX)
PROG='' GUEST='' REMOTE=''
export ASAN_OPTIONS="log_path=$TMP/sanitizer:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"

# finish() - Stop the program, judge, show logs if need be
finish() {
	rc=$?
	trap - EXIT
	if [ "$rc" = 0 ] && [ "$PROG" ]; then
		stop_prog || rc=1
	fi
	for f in "$TMP"/sanitizer.*; do
		[ ! -e "$f" ] || { echo "sanitizer report:" >&2; rc=1; cat "$f" >&2; }
	done
	[ "$rc" = 0 ] || [ "$rc" = 77 ] || tail -v -n 60 "$TMP"/*.log >&2 2>/dev/null || :
	! mountpoint -q "$TMP/guest.netns" || umount -l "$TMP/guest.netns"
	rm -rf "$TMP"
	exit "$rc"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

# ------------------------------------------------------------- what is asserted

fail()	{ echo "$0: $*" >&2; exit 1; }
skip()	{ echo "$*" >&2; exit 77; }

# need() - Skip the test unless each command is there
need() {
	for c; do
		command -v "$c" >/dev/null || skip "no $c"
	done
}

# is() - Fail unless two strings are the same
# $1:	Wanted
# $2:	Got
# $3:	What it is
is() { [ "$1" = "$2" ] || fail "want '$1', got '$2'${3:+ ($3)}"; }

# like() - Fail unless a string matches a shell pattern
# $1:	Pattern
# $2:	Got
# $3:	What it is
like() {
	# shellcheck disable=SC2254	# it is a pattern
	case $2 in
	$1) ;;
	*) fail "want something like '$1', got '$2'${3:+ ($3)}" ;;
	esac
}

# never() - Fail if a command succeeds
never() { if "$@" >/dev/null 2>&1; then fail "should have failed: $*"; fi; }

# within() - Poll until a command succeeds: never sleep and hope
# $1:	Limit, seconds
# $@:	Command
within() {
	end=$(($(date +%s) + $1)); shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -le "$end" ] || fail "timed out: $*"
		sleep 0.05
	done
}

# ends() - Run a Python program that holds both ends of connections: see ends.py
# $@:	"-", for standard input, and its arguments
ends() {
	GUEST=$GUEST REMOTE=$REMOTE PYTHONPATH=$TOP/test/ns PYTHONDONTWRITEBYTECODE=1 \
		python3 "$@" || fail "the program above failed"
}

# --------------------------------------------------------------------- places

# guest(), remote() - Run a command there.  In the background $! is the PID of a
# shell: to kill the command itself use nsenter as here, without the function.
guest()	 { nsenter -t "$GUEST" -n "$@"; }
remote() { nsenter -t "$REMOTE" -n "$@"; }

# listening() - Whether a TCP port has a listener; under guest() for its side
# $1:	Port
# $2:	guest or remote; the host if not given
listening()  { ${2:+"$2"} ss -Htln "sport = :$1" | grep -q .; }
listening_udp() { ${2:+"$2"} ss -Huln "sport = :$1" | grep -q .; }

# ns_new() - A process in a network namespace of its own; its PID in $NS_PID
ns_new() {
	unshare -n sleep 3600 &
	NS_PID=$!
	within 5 ns_differs "$NS_PID"
}

ns_differs() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# host_up() - Addresses and routes of this namespace, the host of the program;
# ping sockets too, unless NO_PING is set
# $1:	"alone": nobody is there; "remote": a namespace at the other end of the link;
#	"chain": two routers, $R1 and $R2, between the host and that namespace
host_up() {
	ip link set lo up
	no_dad $$
	[ "${NO_PING:-}" ] || echo "0 0" >/proc/sys/net/ipv4/ping_group_range
	case $1 in
	remote)
		place REMOTE
		cable $$ host0 "$REMOTE" host1 192.0.2 2001:db8:
		remote_up
		;;
	chain)
		place R1
		place R2
		place REMOTE
		forwards "$R1" "$R2"
		cable $$ host0 "$R1" left 192.0.2 2001:db8:
		cable "$R1" right "$R2" left 10.1.0 2001:db8:a1
		cable "$R2" right "$REMOTE" host1 10.2.0 2001:db8:a2
		chain_routes
		remote_up
		;;
	*)
		ip link add host0 type veth peer name host1
		ip link set host1 up
		ip addr add 192.0.2.1/24 dev host0
		ip addr add 2001:db8::1/64 dev host0 nodad
		ip link set host0 up
		;;
	esac
	ip route add default via 192.0.2.2
	ip route add default via 2001:db8::2
	within 5 has_address $$ 2001:db8::1
}

# in_ns() - Run a command in the network namespace of a process
# $1:	PID
in_ns() { pid=$1; shift; nsenter -t "$pid" -n "$@"; }

# no_dad() - No duplicate address detection in a namespace: it takes a second
# $1:	PID
no_dad() {
	in_ns "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.default.accept_dad=0
}

# place() - Make a namespace for the host's side
# $1:	Variable for its PID
place() {
	ns_new
	eval "$1=$NS_PID"
	no_dad "$NS_PID"
	in_ns "$NS_PID" ip link set lo up
}

# cable() - Join two namespaces: the first end is 1 in both networks, the other 2
# $1:	PID, first end
# $2:	Interface there
# $3:	PID, other end
# $4:	Interface there
# $5:	Network, three parts
# $6:	Network, without the last "::"
cable() {
	in_ns "$1" ip link add "$2" type veth peer name "$4" netns "/proc/$3/ns/net"
	cable_up "$@"
}

# cable_up() - Give both ends of a cable that is there their addresses
# $@:	As for cable()
cable_up() {
	in_ns "$1" ip addr add "$5.1/24" dev "$2"
	in_ns "$1" ip addr add "${6%:}::1/64" dev "$2" nodad
	in_ns "$1" ip link set "$2" up
	in_ns "$3" ip addr add "$5.2/24" dev "$4"
	in_ns "$3" ip addr add "${6%:}::2/64" dev "$4" nodad
	in_ns "$3" ip link set "$4" up
	within 5 has_address "$1" "${6%:}::1"
	within 5 has_address "$3" "${6%:}::2"
}

# forwards() - Make routers of namespaces: they send all errors they can
# $@:	PIDs
forwards() {
	for router; do
		in_ns "$router" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratemask=0 \
			net.ipv6.conf.all.forwarding=1 net.ipv6.icmp.ratelimit=0
	done
}

# chain_routes() - Routes of all behind the first router
chain_routes() {
	in_ns "$R1" ip route replace default via 10.1.0.2
	in_ns "$R1" ip route replace default via 2001:db8:a1::2
	in_ns "$R2" ip route replace default via 10.2.0.2
	in_ns "$R2" ip route replace default via 2001:db8:a2::2
	in_ns "$R2" ip route replace 192.0.2.0/24 via 10.1.0.1
	in_ns "$R2" ip route replace 2001:db8::/64 via 2001:db8:a1::1
	remote ip route replace default via 10.2.0.1
	remote ip route replace default via 2001:db8:a2::1
}

# remote_up() - More addresses of the remote end, beyond its interface
remote_up() {
	remote ip addr add 198.51.100.1/32 dev lo
	remote ip addr add 2001:db8:1::1/128 dev lo nodad
	within 5 has_address "$REMOTE" 2001:db8:1::1
}

# has_address() - Whether an IPv6 address works: some time after it was added only
# $1:	PID
# $2:	Address
has_address() { in_ns "$1" ip -6 route show table local | grep -q "^local $2 "; }

# resolver() - Put standard input in place of /etc/resolv.conf, for this test
resolver() {
	cat >"$TMP/resolv.conf"
	mount --bind "$TMP/resolv.conf" "$(realpath /etc/resolv.conf)"
}

# guest_up() - An empty network namespace for the guest
#
# The namespace is mounted at $TMP/guest.netns, as container engines do it: who
# may see a process's /proc/PID/ns depends on capabilities, a path does not.
guest_up() {
	ns_new
	GUEST=$NS_PID
	: >"$TMP/guest.netns"
	mount --bind "/proc/$GUEST/ns/net" "$TMP/guest.netns"
}

# guest_has_route() - Whether the guest can go anywhere
# $1:	4 or 6
guest_has_route() { guest ip "-$1" route show default | grep -q .; }

# ----------------------------------------------------------------- the program

# start_prog() - Run it in the foreground until stop_prog(), wait until it says
# that it is ready by writing its PID file
# $1:	Name: pasta or passt
# $@:	Options
start_prog() {
	PROG_NAME=$1; shift
	[ -x "$PROG_DIR/$PROG_NAME" ] || fail "not built: $PROG_DIR/$PROG_NAME"
	rm -f "$TMP/$PROG_NAME.pid"
	"$PROG_DIR/$PROG_NAME" -f -P "$TMP/$PROG_NAME.pid" "$@" >"$TMP/$PROG_NAME.log" 2>&1 &
	PROG=$!
	within 10 started "$TMP/$PROG_NAME.pid"
	kill -0 "$PROG" 2>/dev/null || fail "$PROG_NAME ended at once"
}
started() { [ -s "$1" ] || ! kill -0 "$PROG" 2>/dev/null; }

# start_pasta() - Join the guest's namespace to the host, configure it too
# $@:	Options
start_pasta() {
	start_prog pasta --config-net --netns-only --netns "$TMP/guest.netns" "$@"
}

# start_passt() - Serve the socket $TMP/passt.sock
# $@:	Options
start_passt() { start_prog passt -s "$TMP/passt.sock" "$@"; }

# start_vm() - Join a tap device eth0 of the guest's namespace to the program's
# socket, in place of a virtual machine: the guest's kernel does the rest
# $@:	Options of the tool, impairments of the link
start_vm() {
	nsenter -t "$GUEST" -n "$TOOL_DIR/impair" --socket "$TMP/passt.sock" --netns-tap eth0 "$@" \
		>"$TMP/impair.log" 2>&1 &
	VM=$!
	within 5 guest ip link show dev eth0
	guest ip link set lo up
	guest ip link set eth0 up
}

# stop_vm() - Take the link away; its counters are in $TMP/impair.log then
stop_vm() {
	kill "$VM"
	wait "$VM" || fail "impair ended with $?"
}

# counted() - Print a counter of the program, by its name in count.c; 0 if none
counted() {
	reports=$(grep -c ' flows: \|^flows: ' "$TMP/$PROG_NAME.log") || :
	kill -USR1 "$PROG"
	within 5 reported "$((reports + 1))"
	awk -v name="$1" '/flows: / { n = 0 }
		{ for (i = 1; i < NF; i++) if ($i == "count" && $(i + 1) == name) n = $(i + 2) }
		END { print n + 0 }' "$TMP/$PROG_NAME.log"
}
# reported() - Whether a report is complete: the wake-ups are last
reported() { [ "$(grep -c 'count wakeups' "$TMP/$PROG_NAME.log")" -ge "$1" ]; }

# stop_prog() - End the program, which has to do so by itself and well
stop_prog() {
	kill "$PROG" 2>/dev/null || { echo "the program had ended" >&2; return 1; }
	rc_prog=0
	wait "$PROG" || rc_prog=$?
	PROG=''
	[ "$rc_prog" = 0 ] || { echo "the program ended with $rc_prog" >&2; return 1; }
}
