#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# demo.sh - a virtual machine, and a namespace, reach the world through passt
#
#	+-- guest: QEMU ----+          +-- host ----------+         +-- world -----------+
#	| virtio-net   eth0 |=socket=passt                |         |                    |
#	+-------------------+          | host0            |  veth   | world0             |
#	+-- guest: netns ---+          |  192.0.2.1/24    |---------|  192.0.2.2/24      |
#	| tap device   eth0 |===tap==pasta 2001:db8::1/64 |         |  2001:db8::2/64    |
#	+-------------------+          +------------------+         | www.example:       |
#	                                                            |  198.51.100.1      |
#	                                                            |  2001:db8:1::1     |
#	                                                            | resolver:          |
#	                                                            |  198.51.100.53     |
#	                                                            |  2001:db8:1::53    |
#	                                                            +--------------------+
#
# passt and pasta run on the "host" as a common user's programs: no bridge, no
# address translation, no interface of theirs is there.  What the guests send
# comes out of sockets.  Host and world are namespaces which this script makes
# for itself: nothing of the real machine is touched, and nothing leaves it.
#
# usage: doc/demo.sh		`make demo` builds what it needs first
#
# Each step prints a line: "ok" or "FAIL", what was tried, and what came of it.
# Ends 0 only if every step held.  The programs shown can be replaced: PASST,
# PASTA, QRAP in the environment.
set -u
TOP=$(cd "$(dirname "$0")/.." && pwd)
PASST=${PASST:-$TOP/passt}
PASTA=${PASTA:-$TOP/pasta}
QRAP=${QRAP:-$TOP/qrap/qrap}
PATH=$PATH:/usr/sbin:/sbin
export PASST PASTA QRAP PATH

# vm_need, vm_start, vm, vm_stop: start the machine, tell it what to do
# shellcheck source=test/vm/lib.sh
. "$TOP/test/vm/lib.sh"

# --- a world of its own ------------------------------------------------------------
#
# The script runs itself again as root of a user namespace, which any user may
# be, with network, mount and process namespaces that belong to it.  It is process
# 1 in there: when it ends, for whatever reason, the kernel ends all it started.

if [ -z "${DEMO_INSIDE:-}" ]; then
	for program in "$PASST" "$PASTA" "$QRAP"; do
		[ -x "$program" ] || { echo "demo: no $program: make it" >&2; exit 1; }
	done
	for command in ip unshare nsenter busybox dnsmasq ping curl; do
		command -v $command >/dev/null ||
			{ echo "demo: no $command: test/deps demo" >&2; exit 1; }
	done
	[ -w /dev/net/tun ] ||
		{ echo 'demo: /dev/net/tun is not ours to use: test/deps demo' >&2; exit 1; }
	vm_need || exit 1
	TMP=$(mktemp -d -t passt-demo.XXXXXX) || exit 1
	trap 'rm -rf "$TMP"' EXIT
	trap : INT TERM HUP
	export TMP
	DEMO_INSIDE=1 unshare -rUnm -pf --kill-child --mount-proc "$0"
	exit
fi
trap 'exit 130' INT TERM HUP

steps=0 failed=0
NS='' PASTA_PID='' served=''

# holds() - Take one step and say how it went
# $1:	What shall hold
# $@:	Command; it may leave something to show in $detail
holds() {
	what=$1; shift
	steps=$((steps + 1))
	detail=
	if "$@" >"$TMP/out" 2>&1; then
		printf 'ok    %-58s %s\n' "$what" "$detail"
	else
		failed=$((failed + 1))
		printf 'FAIL  %-58s %s\n' "$what" "$detail"
		sed 's/^/      | /' "$TMP/out"
	fi
}

# headline() - Say what follows
headline() { printf '\n--- %s\n' "$*"; }

# within() - Poll until a command succeeds
# $1:	Limit, seconds
# $@:	Command
within() {
	end=$(($(date +%s) + $1)); shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -le "$end" ] || return 1
		sleep 0.05
	done
}

# world() - Run a command out there
world() { nsenter -t "$WORLD" -n "$@"; }

# sum() - Checksum of standard input
sum() { sha256sum | cut -d ' ' -f 1; }

# --- host and world ------------------------------------------------------------------

# make_world() - The namespace beyond the cable, its servers
make_world() {
	unshare -n sleep 1000 &
	WORLD=$!
	within 5 other_namespace

	# Nobody else is on this cable: no need to wait for duplicates of addresses
	world sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/dad_transmits'
	echo 0 >/proc/sys/net/ipv6/conf/default/dad_transmits

	ip link set lo up
	ip link add host0 type veth peer name world0 netns "$WORLD"
	ip addr add 192.0.2.1/24 dev host0
	ip addr add 2001:db8::1/64 dev host0 nodad
	ip link set host0 up

	world ip link set lo up
	world ip addr add 192.0.2.2/24 dev world0
	world ip addr add 2001:db8::2/64 dev world0 nodad
	world ip link set world0 up
	for address in 198.51.100.1/32 198.51.100.53/32 \
		       2001:db8:1::1/128 2001:db8:1::53/128; do
		world ip addr add $address dev lo
	done

	ip route add default via 192.0.2.2
	ip -6 route add default via 2001:db8::2

	# Users may send echo requests: most distributions allow it
	echo '0 0' >/proc/sys/net/ipv4/ping_group_range
}
other_namespace() {
	[ "$(readlink "/proc/$WORLD/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# start_servers() - A web server and a resolver in the world
start_servers() {
	mkdir "$TMP/www"
	head -c 20000000 /dev/urandom >"$TMP/www/file"
	SUM=$(sum <"$TMP/www/file")
	world busybox httpd -f -p '[::]:80' -h "$TMP/www" &

	world dnsmasq --no-daemon --conf-file=/dev/null --pid-file= \
		--no-resolv --no-hosts --bind-interfaces \
		--listen-address=198.51.100.53,2001:db8:1::53 \
		--host-record=www.example,198.51.100.1,2001:db8:1::1 \
		>"$TMP/dnsmasq.log" 2>&1 &

	# The resolvers of the host are what the guests will get
	printf 'nameserver %s\n' 198.51.100.53 2001:db8:1::53 >"$TMP/resolv.conf"
	echo 'search example' >>"$TMP/resolv.conf"
	mount --bind "$TMP/resolv.conf" "$(realpath /etc/resolv.conf)"
}

host_fetches()	{ [ "$(curl -gsS -m 60 "$1" | sum)" = "$SUM" ]; }
host_resolves() { busybox nslookup www.example "$1" | grep -F 2001:db8:1::1; }

# --- the virtual machine ---------------------------------------------------------------

# vm_fetches() - The machine fetches the file, its checksum is right
# $1:	URL
vm_fetches() {
	vm fetch "$1" || return
	[ "$detail" = "$SUM" ] || { detail="wrong: $detail"; return 1; }
	detail="sha256 $(echo "$detail" | cut -c 1-16)..., as sent"
}

# world_fetches() - Somebody in the world fetches a file from a guest
# $1:	URL
# $2:	Checksum it must have
world_fetches() {
	got=$(world curl -gsS -m 60 "$1" | sum)
	[ "$got" = "$2" ] || { detail="wrong: $got, not $2"; return 1; }
	detail="sha256 $(echo "$got" | cut -c 1-16)..., as served"
}

# vm_serves() - The machine makes a file and serves it on a port
vm_serves() {
	vm serve 8080 5000 || return
	served=$detail
	detail='5 MB'
}

vm_resolves() {
	vm dns www.example "$@" || return
	case $detail in
	*198.51.100.1*2001:db8:1::1*|*2001:db8:1::1*198.51.100.1*) ;;
	*)	return 1 ;;
	esac
}

# contains() - Run a command, demand a word in what it has to show
# $1:	Word
# $@:	Command
contains() {
	word=$1; shift
	"$@" || return
	case " $detail " in *"$word"*) ;; *) return 1 ;; esac
}

passt_ends() { [ -s "$TMP/passt.pid" ] && within 5 no_process "$(cat "$TMP/passt.pid")"; }
no_process() { ! kill -0 "$1"; }

machine() {
	headline 'A virtual machine: passt, and QEMU started by qrap'

	# passt detaches when it is ready.  Connections to port 8080 of the host go
	# to the guest.  It ends with the connection of QEMU: --one-off.
	holds 'passt starts, with TCP port 8080 forwarded' \
		"$PASST" --socket "$TMP/passt.socket" --one-off --quiet \
		--pid "$TMP/passt.pid" --tcp-ports 8080

	# vm_start runs `qrap ... qemu-system-x86_64 ...` without a word about the
	# network: qrap adds that
	holds 'qrap starts QEMU, Linux boots' \
		vm_start "$QRAP" --no-start --socket "$TMP/passt.socket"

	# The addresses are those of the host
	holds 'guest has an address, a router, resolvers by DHCP' \
		contains '192.0.2.1/24 via 192.0.2.2 dns 198.51.100.53' vm dhcp4
	holds 'guest has an address, a route by router advertisement' \
		contains '2001:db8::' vm ra
	holds 'guest has an address, resolvers by DHCPv6' \
		contains '2001:db8::1/' vm dhcp6
	holds 'guest resolves www.example by DNS over IPv4' vm_resolves 198.51.100.53
	holds 'guest resolves www.example by DNS over IPv6' vm_resolves 2001:db8:1::53
	holds 'guest pings www.example over IPv4'	vm ping 198.51.100.1
	holds 'guest pings www.example over IPv6'	vm ping 2001:db8:1::1
	holds 'guest fetches 20 MB over IPv4'	vm_fetches http://198.51.100.1/file
	holds 'guest fetches 20 MB over IPv6'	vm_fetches 'http://[2001:db8:1::1]/file'
	holds 'guest serves a file on port 8080'	vm_serves
	holds 'a client in the world fetches it over IPv4' \
		world_fetches http://192.0.2.1:8080/file "$served"
	holds 'a client in the world fetches it over IPv6' \
		world_fetches 'http://[2001:db8::1]:8080/file' "$served"
	holds 'guest switches off, qrap ends with the status of QEMU' vm_stop
	holds 'passt has ended with its guest'		passt_ends
}

# --- the namespace ---------------------------------------------------------------------

# ns() - Run a command in the namespace that pasta made
ns() { nsenter -t "$NS" -U -n --preserve-credentials "$@"; }

# ns_start() - Start a command in a namespace: it says that it runs, and waits
ns_start() {
	# shellcheck disable=SC2016	# for the shell in there
	"$PASTA" --config-net --ns-ifname eth0 --quiet --tcp-ports 8081 \
		-- sh -c ': >"$TMP/ns"; sleep 999' >"$TMP/pasta.log" 2>&1 &
	PASTA_PID=$!
	within 10 test -e "$TMP/ns" || { cat "$TMP/pasta.log"; return 1; }
	# Process numbers in there are others than here
	NS=$(ps -e -o pid= -o args= | awk '$2 == "sleep" && $3 == 999 { print $1 }')
	[ "$NS" ]
}

ns_has() {
	detail=$(ns ip -o "$1" addr show dev eth0 scope global | awk '{ print $4 }' | tr '\n' ' ')
	contains "$2" :
}
ns_pings() {
	out=$(ns ping -c 3 -i 0.2 -W 3 "$1") || { echo "$out"; return 1; }
	detail=$(echo "$out" | sed -n 's/.*\(rtt.*\)/\1/p')
}
ns_resolves() {
	out=$(ns busybox nslookup www.example "$1") || { echo "$out"; return 1; }
	detail=$(echo "$out" | sed -n '/^Name:/,$s/^Address: *//p' | tr '\n' ' ')
	contains 198.51.100.1 : && contains 2001:db8:1::1 :
}
ns_fetches() {
	got=$(ns curl -gsS -m 60 "$1" | sum)
	[ "$got" = "$SUM" ] || { detail="wrong: $got"; return 1; }
	detail="sha256 $(echo "$got" | cut -c 1-16)..., as sent"
}
ns_serves() {
	mkdir "$TMP/ns-www"
	head -c 5000000 /dev/urandom >"$TMP/ns-www/file"
	served=$(sum <"$TMP/ns-www/file")
	ns busybox httpd -f -p '[::]:8081' -h "$TMP/ns-www" &
	within 5 ns curl -s http://127.0.0.1:8081/
	detail='5 MB'
}

# ns_leases() - A DHCP client in a namespace that pasta did not configure
ns_leases() {
	# shellcheck disable=SC2016	# for udhcpc
	printf '#!/bin/sh\n%s\n' \
		'[ "$1" != bound ] || echo "lease $ip/$mask via $router${dns:+ dns $dns}"' \
		>"$TMP/udhcpc"
	chmod 755 "$TMP/udhcpc"
	out=$("$PASTA" --ns-ifname eth0 --quiet -- sh -c \
		"ip link set eth0 up; busybox udhcpc -i eth0 -f -n -q -s '$TMP/udhcpc'") ||
		{ echo "$out"; return 1; }
	detail=$(echo "$out" | sed -n 's/^lease //p')
	contains '192.0.2.1/24 via 192.0.2.2' :
}

# The status of pasta is that of its command
ns_status() {
	"$PASTA" --config-net --quiet -- sh -c 'exit 42'
	rc=$?
	detail="status $rc"
	[ "$rc" = 42 ]
}

# ns_ends() - End the command: pasta has to end with it, and its status is 128 + 15
ns_ends() {
	kill "$NS"
	wait "$PASTA_PID"
	detail="status $?"
	[ "$detail" = 'status 143' ]
}

namespace() {
	headline 'A command in a namespace without privileges: pasta'

	holds 'pasta starts a command, with TCP port 8081 forwarded' ns_start
	holds 'the namespace has the IPv4 address of the host'	ns_has -4 192.0.2.1/24
	holds 'the namespace has the IPv6 address of the host'	ns_has -6 2001:db8::1/64
	holds 'it resolves www.example by DNS over IPv4'	ns_resolves 198.51.100.53
	holds 'it resolves www.example by DNS over IPv6'	ns_resolves 2001:db8:1::53
	holds 'it pings www.example over IPv4'		ns_pings 198.51.100.1
	holds 'it pings www.example over IPv6'		ns_pings 2001:db8:1::1
	holds 'it fetches 20 MB over IPv4'	ns_fetches http://198.51.100.1/file
	holds 'it fetches 20 MB over IPv6'	ns_fetches 'http://[2001:db8:1::1]/file'
	holds 'it serves a file on port 8081'		ns_serves
	holds 'a client in the world fetches it over IPv4' \
		world_fetches http://192.0.2.1:8081/file "$served"
	holds 'a client in the world fetches it over IPv6' \
		world_fetches 'http://[2001:db8::1]:8081/file' "$served"
	holds 'pasta ends when the command does'	ns_ends
	holds 'the status of the command is that of pasta'	ns_status
	holds 'a DHCP client of the namespace gets a lease'	ns_leases
}

headline 'The host, and a world beyond it, in namespaces'
make_world
start_servers
holds 'the host resolves www.example over IPv4' within 10 host_resolves 198.51.100.53
holds 'the host resolves www.example over IPv6' within 10 host_resolves 2001:db8:1::53
holds 'the host fetches 20 MB over IPv4'	host_fetches http://198.51.100.1/file
holds 'the host fetches 20 MB over IPv6'	host_fetches 'http://[2001:db8:1::1]/file'
machine
namespace

headline "$((steps - failed)) of $steps steps held"
[ "$failed" = 0 ]
