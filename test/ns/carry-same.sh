#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carry-same.sh - connections go to another process on the same host
. "$(dirname "$0")/lib.sh"
need ip python3 nft ss
[ -x "$TOOL_DIR/impair" ] || fail "not built: $TOOL_DIR/impair"
ip link set lo up
guest_up
no_dad "$GUEST"
export TMP PROG_DIR TOOL_DIR

ends "$TOP/test/ns/carry-same.py"
