#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carry-host.sh - a namespace stays, its pasta and the address it has move to another host
. "$(dirname "$0")/lib.sh"
need ip python3 nft ss mount
ip link set lo up
guest_up
no_dad "$GUEST"
export TMP PROG_DIR

# The namespace has a name too, as ip-netns(8) gives them
mount -t tmpfs none /run
ip netns attach guest "$GUEST"

ends "$TOP/test/ns/carry-host.py"
