#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# traceroute.sh - each router on the way is seen from the guest; its TTL counts
. "$(dirname "$0")/lib.sh"
need ip traceroute
host_up chain
guest_up
start_pasta -t none

# hops() - Addresses of a trace
# $@:	Options of traceroute
hops() {
	guest traceroute -n -q 1 -w 2 -m 6 "$@" | sed '1d; s/^ *[0-9]* *\([^ ]*\).*/\1/' |
		tr '\n' ' '
}

for how in "" -I; do
	# shellcheck disable=SC2086	# none, or one
	is "192.0.2.2 10.1.0.2 198.51.100.1 " "$(hops $how 198.51.100.1)" \
		"hops by traceroute $how"
	# shellcheck disable=SC2086
	is "2001:db8::2 2001:db8:a1::2 2001:db8:1::1 " \
		"$(hops $how -6 2001:db8:1::1)" "hops by traceroute -6 $how"
done
