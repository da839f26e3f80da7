#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# migrate.sh - a machine moves to another host, its connections go on: migrate.py
#
# timeout: 240
. "$(dirname "$0")/../ns/lib.sh"
. "$(dirname "$0")/lib.sh"
need ip python3
vm_need || exit
[ -x "$PROG_DIR/passtctl/passtctl" ] || fail "not built: $PROG_DIR/passtctl/passtctl"

export TMP PROG_DIR VM_DIR
ip link set lo up
ends "$TOP/test/vm/migrate.py" "$@"
