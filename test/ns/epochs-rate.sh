#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# epochs-rate.sh - how fast the stand-in guest is with copies of it, and without
# build: plain
# serial
# long
. "$(dirname "$0")/lib.sh"
need ip python3 nft ss
[ -x "$TOOL_DIR/epochs" ] || skip "no stand-in guest: test/ft/mklwip, make tests"
ip link set lo up
# Of our own: what is copied there stays in memory, and goes with us
mount -t tmpfs shm /dev/shm
export TMP PROG_DIR TOOL_DIR

ends "$TOP/test/ns/epochs-rate.py"
