#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# one-off.sh - passt ends with its only guest: when it was told so, and when
# qrap started it
#
# timeout: 120
. "$(dirname "$0")/../ns/lib.sh"
. "$(dirname "$0")/lib.sh"
vm_need || exit
qrap=$PROG_DIR/qrap/qrap

# passts() - PIDs of all passt there are; this is a PID namespace of our own
passts() { ps -e -o pid= -o comm= | awk '$2 ~ /^passt/ { print $1 }'; }

host_up ""
start_passt --one-off
vm_start "$qrap" --no-start --socket "$TMP/passt.sock" ||
	fail "the machine did not boot: $detail"
vm dhcp4 || fail "no address: $detail"
like '192.0.2.1/24 *' "$detail"
kill -0 "$PROG" || fail 'passt ended too early'
vm_stop || fail "qrap ended with $?"
rc=0
wait "$PROG" || rc=$?
PROG=''
is 0 "$rc" 'status of passt'
is '' "$(passts)" 'passt running'

# Nobody listens: qrap starts one, which is gone when qrap is
vm_start "$qrap" --socket "$TMP/other.sock" --passt "$PROG_DIR/passt" ||
	fail "the machine did not boot: $detail"
[ "$(passts)" ] || fail 'no passt was started'
vm dhcp4 || fail "no address: $detail"
like '192.0.2.1/24 *' "$detail"
kill -TERM "$VM"
rc=0
wait "$VM" || rc=$?
is 0 "$rc" 'status of QEMU after SIGTERM'
is '' "$(passts)" 'passt left behind'
