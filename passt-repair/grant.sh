#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# grant.sh - who may run passt-repair, as installed, and what it may
#
# usage: [REPAIR_GROUP=NAME] [SETCAP=COMMAND] grant.sh FILE [DESTDIR]
#
# The file, mode 0750, is given to the group, then gets its capability, which
# chgrp(1) would take away.  What is asked for by a variable is done or fails.
# Without any, root has it done where the program will be run from, without
# DESTDIR, for the group "passt"; what can not be done, or is left to whoever
# makes a package, is said.
set -eu
file=$1 destdir=${2:-}
group=${REPAIR_GROUP:-} setcap=${SETCAP:-}

grant() {
	[ -z "$group" ] || chgrp "$group" "$file" || return
	[ -z "$setcap" ] || "$setcap" cap_net_admin=p "$file"
}

if [ -n "$group$setcap" ]; then
	grant
	exit
fi
if [ -z "$destdir" ] && [ "$(id -u)" = 0 ] && getent group passt >/dev/null; then
	group=passt setcap=setcap
	PATH=$PATH:/usr/sbin:/sbin
	if grant; then
		exit
	fi
fi
cat <<EOF
passt-repair is of no use but to root yet.  For the group of those who run passt:
	getent group passt || groupadd --system passt
	chgrp passt ${file#"$destdir"}
	setcap cap_net_admin=p ${file#"$destdir"}
or make install REPAIR_GROUP=passt SETCAP=setcap
EOF
