#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# boot.sh - a machine gets its addresses, talks in both directions; it is
# restarted, then QEMU is, and passt serves them again
#
#	+-- QEMU ----+              +-- host ------+    +-- remote ------------+
#	| eth0       |=qrap==passt==| 192.0.2.1    |----| 198.51.100.1  web,   |
#	|            |              | 2001:db8::1  |    | 2001:db8:1::1 names  |
#	+------------+              +--------------+    +----------------------+
#
# timeout: 240
. "$(dirname "$0")/../ns/lib.sh"
. "$(dirname "$0")/lib.sh"
need busybox dnsmasq curl
vm_need || exit

# step() - The machine takes a step and it holds
# $1:	Pattern of what it shows
# $@:	Step
step() {
	pattern=$1; shift
	vm "$@" || fail "$*: $detail"
	like "$pattern" "$detail" "$*"
}

# The machine gets what it needs to talk
dhcp4()	{ step '192.0.2.1/24 via 192.0.2.2 dns 198.51.100.1 *search example*' dhcp4; }
ra()	{ step '2001:db8::*/64 default via fe80::*' ra; }
dhcp6()	{ step '2001:db8::1/* dns 2001:db8:1::1 search example*' dhcp6; }

host_up remote
printf '%s\n' 'nameserver 198.51.100.1' 'nameserver 2001:db8:1::1' \
	'search example' | resolver
mkdir "$TMP/www"
head -c 3000000 /dev/urandom >"$TMP/www/file"
sum=$(sha256sum <"$TMP/www/file" | cut -d ' ' -f 1)
remote busybox httpd -f -p '[::]:80' -h "$TMP/www" &
remote dnsmasq --no-daemon --conf-file=/dev/null --pid-file= --no-resolv --no-hosts \
	--host-record=www.example,198.51.100.1,2001:db8:1::1 >"$TMP/dnsmasq.log" 2>&1 &
within 5 listening 80 remote
within 5 listening_udp 53 remote
start_passt -t 8080
qrap="$PROG_DIR/qrap/qrap --no-start --socket $TMP/passt.sock"

# shellcheck disable=SC2086	# a command and its options
vm_start $qrap || fail "the machine did not boot: $detail"
dhcp4
ra
dhcp6
step '*198.51.100.1*' dns www.example 198.51.100.1
step '*2001:db8:1::1*' dns www.example 2001:db8:1::1
step '*3 packets received*' ping 198.51.100.1
step '*3 packets received*' ping 2001:db8:1::1
step "$sum" fetch http://198.51.100.1/file
step "$sum" fetch 'http://[2001:db8:1::1]/file'
step '????????*' serve 8080 2000
served=$detail
is "$served" "$(remote curl -gsS -m 30 http://192.0.2.1:8080/file |
	sha256sum | cut -d ' ' -f 1)" 'served over IPv4'
is "$served" "$(remote curl -gsS -m 30 'http://[2001:db8::1]:8080/file' |
	sha256sum | cut -d ' ' -f 1)" 'served over IPv6'
! vm fetch http://198.51.100.1/nothing-is-here || fail 'fetched what is not there'

# Linux starts anew behind the same connection
vm_reboot || fail "the machine did not boot again: $detail"
dhcp4
ra
step "$sum" fetch 'http://[2001:db8:1::1]/file'

# QEMU ends and starts anew: the next connection
vm_stop || fail "qrap ended with $?"
# shellcheck disable=SC2086
vm_start $qrap || fail "QEMU did not start again: $detail"
dhcp4
step "$sum" fetch http://198.51.100.1/file
vm_stop || fail "qrap ended with $?"
