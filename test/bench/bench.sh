#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.sh - measure this program beside others and beside the kernel's routing
#
# usage: test/bench/bench.sh [-n REPEATS] [-k PATTERN] [GROUP...]
#
#	+-- guest --+                +-- host, this namespace --+    +-- remote -----------+
#	| eth0      |==translator====| host0 192.0.2.1          |----| 192.0.2.2           |
#	|           |  or routed     |       2001:db8::1        |veth| 198.51.100.1 and    |
#	+-----------+                +--------------------------+    | 2001:db8:1::1 beyond|
#	                                                             +---------------------+
#
# Lays this network in namespaces of its own, by the same means as the tests, and
# leaves the rest to bench.py, which see.  Not a test: it never passes or fails.
# build: plain

# All in this network shall use BENCH_CC, cubic if not said, which the system has to
# allow first
: "${BENCH_CC:=cubic}"
export BENCH_CC
if [ -z "${NS_IN:-}" ]; then
	allowed=/proc/sys/net/ipv4/tcp_allowed_congestion_control
	grep -qw "$BENCH_CC" $allowed || [ ! -w $allowed ] ||
		echo "$(cat $allowed) $BENCH_CC" >$allowed
	# shellcheck disable=SC3045	# dash, bash and busybox have it
	ulimit -n "$(ulimit -Hn)"
fi
. "$(dirname "$0")/../ns/lib.sh"
need ip iperf3 python3
export TMP REMOTE TOOL_DIR PROG_DIR
host_up remote
PYTHONPATH=$TOP/test/ns PYTHONDONTWRITEBYTECODE=1 python3 "$TOP/test/bench/bench.py" "$@"
# A part of it is no picture of the whole
[ $# = 0 ] || exit 0
results=$TOP/build/bench/results.tsv
python3 "$TOP/test/bench/report.py" "$results" "$TOP/build/bench/table.md" \
	"$TOP/doc/performance.svg" "$TOP/doc/scale.svg"
