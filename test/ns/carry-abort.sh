#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carry-abort.sh - a checkpoint that can not be written or read leaves all as it was
. "$(dirname "$0")/lib.sh"
need ip python3 nft mount setpriv mkfifo
host_up remote
guest_up
export TMP PROG_DIR SMALL
SMALL=/mnt
mount -t tmpfs -o size=64k none "$SMALL"

ends "$TOP/test/ns/carry-abort.py"
