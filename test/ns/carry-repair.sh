#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carry-repair.sh - connections of a pasta without any capability are carried, as
# passt-repair has the one that is needed
#
# The guest's namespace belongs to a user namespace of its own, so that the user who made
# it may enter it without a capability here.
. "$(dirname "$0")/lib.sh"
need ip python3 nft ss setpriv setcap mount
host_up remote
unshare -Un sleep 3600 &
GUEST=$!
within 5 ns_differs "$GUEST"
export TMP PROG_DIR HELPER=/mnt/passt-repair

# The capability is the file's: it needs a file system that is ours
mount -t tmpfs none /mnt
cp "$PROG_DIR/passt-repair/passt-repair" "$HELPER"
setcap cap_net_admin=p "$HELPER"

ends "$TOP/test/ns/carry-repair.py"
