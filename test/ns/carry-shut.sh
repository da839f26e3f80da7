#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carry-shut.sh - connections whose remote end takes nothing are moved, and then it does
. "$(dirname "$0")/lib.sh"
need ip python3 nft ss
[ -x "$TOOL_DIR/impair" ] || fail "not built: $TOOL_DIR/impair"

# A path with a round trip: an answer does not come in the call that asked for it
cable() {
	"$TOOL_DIR/impair" --netns-tap "$4@/proc/$3/ns/net" --netns-tap "$2" --delay-ms 8 \
		>"$TMP/cable.log" 2>&1 &
	within 5 ip link show dev "$2"
	cable_up "$@"
}
host_up remote
guest_up
export TMP PROG_DIR TOOL_DIR

ends "$TOP/test/ns/carry-shut.py"
