#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carry-hostile.sh - an image that was made up leads nowhere
. "$(dirname "$0")/lib.sh"
need ip python3 nft ss
host_up remote
guest_up
export TMP PROG_DIR

ends "$TOP/test/ns/carry-hostile.py"
