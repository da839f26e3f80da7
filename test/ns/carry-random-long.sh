#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carry-random-long.sh - the same for longer: each state of the host's sockets is met
# often
# long
# timeout: 500
exec "$(dirname "$0")/carry-random.sh" 200 2
