#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carry-order.sh - behind a move all are acknowledged before anybody gets bytes
. "$(dirname "$0")/lib.sh"
need ip python3 nft
host_up remote
guest_up
export TMP PROG_DIR

ends "$TOP/test/ns/carry-order.py"
