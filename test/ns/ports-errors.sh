#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ports-errors.sh - ports that can not be had: named before the program begins
. "$(dirname "$0")/lib.sh"
need ip python3 socat
host_up alone
guest_up

# refused() - Check that these options end the program, and what it says
# $1:	Pattern
refused() {
	text=$1
	shift
	rc=0
	out=$("$PROG_DIR/pasta" -f --config-net --netns-only --netns "$TMP/guest.netns" \
		-t none -u none -T none -U none "$@" 2>&1 </dev/null) || rc=$?
	is 1 "$rc" "exit status with $*"
	is 1 "$(echo "$out" | grep -ci listen)" "lines with $*"
	like "$text" "$out" "with $*"
}

socat TCP-LISTEN:5001,bind=127.0.0.1 - >/dev/null &
socat UDP-LISTEN:5002,bind=127.0.0.1 - >/dev/null &
guest socat TCP-LISTEN:5003,bind=127.0.0.1 - >/dev/null &
within 5 listening 5001
within 5 listening_udp 5002
guest ip link set lo up
within 5 listening 5003 guest

refused '*127.0.0.1/5001*Address already in use*' -t 127.0.0.1/5001
refused '*127.0.0.1/5002*Address already in use*' -u 127.0.0.1/5002
refused '*5003*Address already in use*' -T 5003
refused '*203.0.113.9*annot assign requested address*' -t 203.0.113.9/5004
