#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# impair.sh - the impairment tool itself: what it is told is what happens
#
#	+-- guest ------+                          +-- host -----+
#	| a 10.0.0.1    |==== impair, two taps ====| b 10.0.0.2  |
#	+---------------+                          +-------------+
. "$(dirname "$0")/lib.sh"
need ip ping socat sha256sum
ip link set lo up
guest_up

# cable() - Lay it, with these impairments
cable() {
	"$TOOL_DIR/impair" --netns-tap "a@$TMP/guest.netns" --netns-tap b "$@" \
		>"$TMP/cable.log" 2>&1 &
	CABLE=$!
	within 5 ip link show dev b
	# This end first: it refuses what comes before, and b has something to say at once
	guest ip addr add 10.0.0.1/24 dev a
	guest ip link set dev a up
	ip addr add 10.0.0.2/24 dev b
	ip link set dev b up
}

# cut() - Take it away; counted $1 (in or out) $2 (what) afterwards
cut() {
	kill "$CABLE"
	wait "$CABLE"
	within 5 gone
}
gone() { ! ip link show dev b; }
counted() { sed -n "s/^$1:.* $2 \([0-9]*\).*/\1/p" "$TMP/cable.log"; }

# transfer() - Bytes from guest to host arrive as they were sent
transfer() {
	head -c "$1" /dev/urandom >"$TMP/data"
	socat -u TCP-LISTEN:5001,reuseaddr CREATE:"$TMP/got" &
	server=$!
	within 5 listening 5001
	guest socat -u OPEN:"$TMP/data" TCP:10.0.0.2:5001
	wait "$server"
	cmp "$TMP/data" "$TMP/got" || fail "different bytes arrived"
}

# Nothing impaired: all passes, nothing is counted but frames
cable
transfer 20000000
cut
is 0 "$(counted out lost)" "lost without --loss"
is 0 "$(counted in refused)" "refused by the tap"

# Delay: a round trip takes it twice
cable --delay-ms 30
rtt=$(guest ping -q -c 3 -i 0.2 10.0.0.2 | sed -n 's|^rtt.* = \([0-9]*\).*|\1|p')
case $rtt in
6? | 7?) ;;
*) fail "round trip of $rtt ms" ;;
esac
cut

# Everything at once: TCP gets through, and all of it happened
cable --delay-ms 1 --loss 2 --reorder 5 --reorder-ms 4 --dup 2 --corrupt 1 --seed 3
transfer 4000000
cut
for what in lost reordered duplicated corrupted; do
	[ "$(counted out $what)" -gt 10 ] || fail "$what: $(counted out $what)"
done

# One direction only, and a black hole for long frames
cable --only in --loss 100
never guest ping -c 1 -W 0.3 10.0.0.2
cut
is 0 "$(counted out lost)" "lost in the other direction"
[ "$(counted in lost)" -gt 0 ] || fail "nothing lost toward the guest"

cable --drop-longer 1000
guest ping -q -c 1 -s 900 10.0.0.2 >/dev/null
never guest ping -c 1 -W 0.3 -s 1200 10.0.0.2
cut
[ "$(counted out longer)" -gt 0 ] || fail "no long frame was dropped"
