# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lib.sh - sourced by the benchmarks here: the network in which they measure
#
#	+-- guest --+                +-- host, this namespace --+    +-- remote -----------+
#	| eth0      |==translator====| host0 192.0.2.1          |----| 192.0.2.2           |
#	|           |  or routed     |       2001:db8::1        |veth| 198.51.100.1 and    |
#	+-----------+                +--------------------------+    | 2001:db8:1::1 beyond|
#	                                                             +---------------------+
#
# Lays this network in namespaces of its own, by the same means as the tests.  The
# guest is made by lab.py, for each measurement anew.

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

# bench() - Run a program of this directory
# $1:	Its name
# $@:	Its arguments
bench() {
	program=$TOP/test/bench/$1; shift
	PYTHONPATH=$TOP/test/ns PYTHONDONTWRITEBYTECODE=1 python3 "$program" "$@"
}
