#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# installed.sh - what make install puts where, for whom, and with which capability
#
# In directories of its own.  Without being root it is that of a user namespace,
# in which the one group is root's.
set -eu
if [ "$(id -u)" != 0 ]; then
	unshare -rU true 2>/dev/null || { echo "no user namespaces" >&2; exit 77; }
	exec unshare -rU "$0" "$@"
fi
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
group=nogroup
[ "$(wc -l </proc/self/gid_map)" = 1 ] && grep -q '^ *0 *0 *4294967295$' /proc/self/gid_map ||
	group=root

fail() { echo "installed.sh: $*" >&2; exit 1; }
is() { [ "$1" = "$2" ] || fail "want '$1', got '$2'${3:+ ($3)}"; }

# installs() - Install, demand an exit status; what it said is in $TMP/said
# $1:	Status
# $@:	Variables
installs() {
	want=$1 got=0
	shift
	make -s install "$@" >"$TMP/said" 2>&1 </dev/null || got=$?
	[ "$got" = 0 ] || got=1
	is "$want" "$got" "make install $*: $(cat "$TMP/said")"
}

# For a package that decides itself: nothing is granted, and that is said
installs 0 DESTDIR="$TMP/a" PREFIX=/usr
for name in passt pasta qrap passtctl passt-repair; do
	[ -x "$TMP/a/usr/bin/$name" ] || fail "no $name"
	[ -f "$TMP/a/usr/share/man/man1/$name.1" ] || fail "no $name.1"
done
is passt "$(readlink "$TMP/a/usr/bin/pasta")"
is '755 755' "$(cd "$TMP/a/usr/bin" && stat -c %a passt passtctl | xargs)"
is 750 "$(stat -c %a "$TMP/a/usr/bin/passt-repair")"
grep -q '^	chgrp passt /usr/bin/passt-repair$' "$TMP/said" || fail "said: $(cat "$TMP/said")"
is '' "$(getcap "$TMP/a/usr/bin/passt-repair")"

# For one that leaves it to us, again and again
for _ in 1 2; do
	installs 0 DESTDIR="$TMP/b" PREFIX=/usr REPAIR_GROUP="$group" SETCAP=setcap
	is '' "$(cat "$TMP/said")" 'nothing left to do'
	is "750 $group" "$(stat -c '%a %G' "$TMP/b/usr/bin/passt-repair")"
	is "$TMP/b/usr/bin/passt-repair cap_net_admin=p" "$(getcap "$TMP/b/usr/bin/passt-repair")"
done

# One of both; what was asked for and can not be is an error
installs 0 DESTDIR="$TMP/c" REPAIR_GROUP="$group"
is "$group" "$(stat -c %G "$TMP/c/usr/local/bin/passt-repair")"
is '' "$(getcap "$TMP/c/usr/local/bin/passt-repair")"
installs 1 DESTDIR="$TMP/c" REPAIR_GROUP=no-such-group
grep -q no-such-group "$TMP/said" || fail "said: $(cat "$TMP/said")"
installs 1 DESTDIR="$TMP/c" SETCAP=false

# Where it will be run from: for the group there is, else that is said
installs 0 PREFIX="$TMP/d"
is 750 "$(stat -c %a "$TMP/d/bin/passt-repair")"
if getent group passt >/dev/null && [ "$group" != root ]; then
	is passt "$(stat -c %G "$TMP/d/bin/passt-repair")"
	is "$TMP/d/bin/passt-repair cap_net_admin=p" "$(getcap "$TMP/d/bin/passt-repair")"
else
	grep -q "^	setcap cap_net_admin=p $TMP/d/bin/passt-repair\$" "$TMP/said" ||
		fail "said: $(cat "$TMP/said")"
fi
echo "installed as it should be"
