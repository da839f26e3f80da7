#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ping-forbidden.sh - without the right to make ping sockets there is one clear line,
# and nothing else suffers
. "$(dirname "$0")/lib.sh"
need ip ping
NO_PING=1
host_up remote
guest_up
start_pasta -t none

never guest ping -c 1 -W 1 198.51.100.1
never guest ping -c 1 -W 1 198.51.100.1
like '[1-9]' "$(grep -c ping_group_range "$TMP/pasta.log")" "lines about it"
never guest ping -c 1 -W 1 2001:db8:1::1
kill -0 "$PROG"
