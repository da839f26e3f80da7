#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ns-command.sh - a command in a namespace of its own: what it finds there, and what
# becomes of its exit status, its orphans and its terminal
. "$(dirname "$0")/lib.sh"
need ip timeout
host_up remote

pasta() { "$PROG_DIR/pasta" --config-net "$@"; }

# status() - Exit status of a command
status() { rc=0; "$@" >/dev/null 2>&1 </dev/null || rc=$?; echo "$rc"; }

is 0 "$(status pasta true)"
is 1 "$(status pasta false)"
is 42 "$(status pasta sh -c 'exit 42')"
is 143 "$(status pasta sh -c 'kill -TERM $$')" "128 and SIGTERM"
is 137 "$(status pasta sh -c 'kill -KILL $$')" "128 and SIGKILL"
is 127 "$(status pasta /no/such/command)"
is 126 "$(status pasta /dev/null)"

# Its options are its own, its input and output are the caller's
is "-f --version x" "$(pasta echo -f --version x)"
is "piped" "$(echo piped | pasta cat)"
is "0 0" "$(pasta sh -c 'id -u; id -g' | paste -sd' ')" "root in there"

# It is connected, in a network namespace that is not ours
never pasta sh -c "[ \$(readlink /proc/self/ns/net) = $(readlink /proc/self/ns/net) ]"
like "*inet 192.0.2.1/24*inet6 2001:db8::1/64*" "$(pasta ip addr)"
like "*default via 192.0.2.2*" "$(pasta ip route)"
like "*ether 02:00:00:00:00:77*" "$(pasta --ns-mac-addr 02:00:00:00:00:77 ip link)"
is 1500 "$(pasta sh -c 'cat /sys/class/net/tap0/mtu' 2>/dev/null ||
	pasta -I tap0 ip -o link show tap0 | sed 's/.* mtu \([0-9]*\).*/\1/')"

# What it leaves behind ends with it
pasta sh -c 'sleep 4242 & exec true'
never pgrep -f 'sleep 4242'

# SIGTERM for the program ends both
pasta sleep 4343 &
pid=$!
within 5 pgrep -f 'sleep 4343'
prog=$(pgrep -P "$pid" -x pasta || echo "$pid")
kill "$prog"
wait "$pid" || :
gone() { ! pgrep -f 'sleep 4343'; }
within 5 gone
