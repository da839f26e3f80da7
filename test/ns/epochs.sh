#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# epochs.sh - frames of the stand-in guest wait until a copy of it is safe elsewhere
# build: plain
# serial
. "$(dirname "$0")/lib.sh"
need ip python3 nft ss
[ -x "$TOOL_DIR/epochs" ] || skip "no stand-in guest: test/ft/mklwip, make tests"
ip link set lo up
# Of our own: what is copied there stays in memory, and goes with us
mount -t tmpfs shm /dev/shm
export TMP PROG_DIR TOOL_DIR

ends "$TOP/test/ns/epochs.py"
