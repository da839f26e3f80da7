#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ft-guest.sh - the stand-in guest: it talks, and goes on elsewhere from a copy of itself
# build: plain
. "$(dirname "$0")/lib.sh"
need ip python3 nft ss
[ -x "$TOOL_DIR/guest" ] || skip "no stand-in guest: test/ft/mklwip, make tests"
ip link set lo up
# Of our own: what is copied there stays in memory, and goes with us
mount -t tmpfs shm /dev/shm
export TMP PROG_DIR TOOL_DIR

ends "$TOP/test/ns/ft-guest.py"
