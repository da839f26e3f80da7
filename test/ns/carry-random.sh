#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carry-random.sh - hundreds of connections at work, moved again and again: not a byte
# is lost, and nobody is reset
#
# usage: carry-random.sh [MOVES [SEED [lossy]]]
. "$(dirname "$0")/lib.sh"
need ip python3 nft ss

LOSSY=
[ "${3:-}" != lossy ] || LOSSY='--loss 0.3 --reorder 0.3 --dup 0.1'

# cable() - One that takes time, in place of the plain one
cable() {
	# shellcheck disable=SC2086	# options
	"$TOOL_DIR/impair" --netns-tap "$4@/proc/$3/ns/net" --netns-tap "$2" --delay-ms 8 \
		$LOSSY >"$TMP/cable.log" 2>&1 &
	within 5 ip link show dev "$2"
	cable_up "$@"
}
host_up remote
guest_up
export TMP PROG_DIR

ends "$TOP/test/ns/carry-random.py" "${1:-20}" "${2:-1}"
