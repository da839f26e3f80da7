#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# demo-migrate.sh - a virtual machine moves to another host while it is being used
#
#	+-- host A ---------------+     +-- client ----+     +-- host B ---------------+
#	| QEMU ==socket== passt   |     | 192.0.2.1    |     | passt ==socket== QEMU   |
#	|         eth0 192.0.2.10 |--+--| 2001:db8::1  |--+--| eth0        (waits for  |
#	|         2001:db8::10    |  |  +--------------+  |  |              the state) |
#	+-------------------------+  +------ bridge ------+  +-------------------------+
#
# Hosts and client are namespaces which this script makes for itself: nothing of the real
# machine is touched, and nothing leaves it.  The machine is a whole one, Linux in QEMU.
#
# usage: doc/demo-migrate.sh [--idle N] [--memory MB]
#			`make demo-migrate` builds what it needs first
#
# It opens connections in both directions, starts QEMU's live migration, and does what a
# hypervisor's hooks would have to (doc/migration.md): passt's checkpoint and the service
# address go along with the machine.  Each line is a step that held; the ms are since the
# machine stopped on A.  Ends 0 only if every byte came and nobody was reset.
#
# The work is done by test/vm/migrate.py; its function move() is the procedure.
TOP=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin
export PATH

for command in ip unshare nsenter python3; do
	command -v $command >/dev/null ||
		{ echo "demo: no $command: test/deps demo" >&2; exit 1; }
done
PROG_DIR=$TOP "$TOP/test/vm/migrate.sh" --explain "$@"
