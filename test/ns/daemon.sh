#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# daemon.sh - in the background: the caller goes on when all is ready, not before,
# and keeps nothing open
. "$(dirname "$0")/lib.sh"
need ip
host_up remote
guest_up


# Read to its end, as callers do: the pipe must not stay open
out=$(timeout 10 sh -c '"$@" 2>&1; echo "status $?"' sh "$PROG_DIR/pasta" --config-net \
	--quiet --netns-only --netns "$TMP/guest.netns" --pid "$TMP/pid" \
	-t 5001 --log-file "$TMP/file.log") || fail "not released"
like "*status 0" "$out"

# At this moment everything is there
guest ip addr | grep -q 'inet 192.0.2.1/24' || fail "no address"
[ -z "$(guest ip addr show tentative to 2001:db8::1)" ] || fail "address not usable"
listening 5001 || fail "port not open"
pid=$(cat "$TMP/pid")
is 600 "$(stat -c %a "$TMP/pid")" "mode of the PID file"
kill -0 "$pid"
for fd in 0 1 2; do
	is /dev/null "$(readlink "/proc/$pid/fd/$fd")" "descriptor $fd"
done

# SIGTERM ends it; the PID file stays
kill "$pid"
gone() { ! kill -0 "$pid"; }
within 5 gone
is "$pid" "$(cat "$TMP/pid")"

# What goes wrong is said, and the caller told
out=$("$PROG_DIR/pasta" --config-net --netns-only --netns "$TMP/guest.netns" \
	-t 5001 -t 192.0.2.77/5001 2>&1) && fail "exit status 0"
like "*192.0.2.77*" "$out"
