#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carry-full.sh - connections whose buffers are full are moved again and again
. "$(dirname "$0")/lib.sh"
need ip python3 nft ss
host_up remote
guest_up
export TMP PROG_DIR

ends "$TOP/test/ns/carry-full.py"
