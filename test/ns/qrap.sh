#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# qrap.sh - which passt qrap takes, how it looks after QEMU, what it says
#
# QEMU is a script here, passt is real.
. "$(dirname "$0")/lib.sh"
need socat pgrep
qrap=$PROG_DIR/qrap/qrap
[ -x "$qrap" ] || fail "not built: $qrap"
passt=$PROG_DIR/passt
host_up ""

# The script says how it was called, and if the socket is one; "-x COMMAND" runs
# a command.  It knows the back ends of $BACKENDS, one a line.
cat >"$TMP/qemu" <<'END'
#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
[ "$*" != '-netdev help' ] || { printf '%s\n' Backends: $BACKENDS; exit; }
echo "$*" >"$TMP/args"
for fd in 3 4 5 9; do
	case $(readlink /proc/$$/fd/$fd) in socket:*) echo "socket $fd" ;; esac
done >"$TMP/sockets"
[ "$1" != -x ] || eval "$2"
END
chmod 755 "$TMP/qemu"
export TMP BACKENDS='socket stream'

# passts() - How many passt there are; this is a PID namespace of our own
passts() { pgrep -c '^passt' || :; }

# ends() - Run qrap, demand an exit status
# $1:	Status
# $@:	Arguments of qrap
ends() {
	want=$1; shift
	got=0
	"$qrap" "$@" >"$TMP/qrap.log" 2>&1 || got=$?
	is "$want" "$got" "status of qrap $*"
}

# says() - Demand that the last run said one line
# $1:	Pattern
says() {
	is 1 "$(wc -l <"$TMP/qrap.log")" 'lines said'
	like "qrap: $1" "$(cat "$TMP/qrap.log")"
}

# --- Nothing runs: it starts passt, which is gone afterwards
ends 0 --passt "$passt" "$TMP/qemu" -m 512
like '-m 512 -netdev stream,id=passt0,*addr.str=3 -device virtio-net-pci,*' \
	"$(cat "$TMP/args")"
is 'socket 3' "$(cat "$TMP/sockets")"
is 0 "$(passts)" 'passt left behind'
BACKENDS=socket ends 0 --passt "$passt" "$TMP/qemu"
like '-netdev socket,id=passt0,fd=3 -device *' "$(cat "$TMP/args")"
ends 0 --passt "$passt" --backend=socket "$TMP/qemu"
like '-netdev socket,id=passt0,fd=3 -device *' "$(cat "$TMP/args")"

# Arguments for passt: its port is open, and free again afterwards
ends 0 --passt "$passt" --passt-arg -t --passt-arg 4321 "$TMP/qemu" \
	-x "ss -Htln sport = :4321 >$TMP/ports"
like '*:4321*' "$(cat "$TMP/ports")"
never listening 4321
ends 1 --passt "$passt" --passt-arg --no-such-option "$TMP/qemu"
like '*qrap: */passt did not start, its exit status is 1' "$(cat "$TMP/qrap.log")"

# --- Its status is that of QEMU
ends 7 --passt "$passt" "$TMP/qemu" -x 'exit 7'
ends 137 --passt "$passt" "$TMP/qemu" -x 'kill -9 $$'
"$qrap" --passt "$passt" "$TMP/qemu" -x "echo \$\$ >$TMP/pid; exec sleep 100" &
within 10 test -s "$TMP/pid"
kill -TERM $!
rc=0
wait $! || rc=$?
is 143 "$rc" 'status after SIGTERM'
never kill -0 "$(cat "$TMP/pid")"
is 0 "$(passts)" 'passt left behind'

# --- A passt that runs; the historical command line
start_passt --quiet
ends 0 --no-start --socket "$TMP/passt.sock" "$TMP/qemu" -net socket,fd=5 -net nic
is '-net socket,fd=3 -net nic' "$(cat "$TMP/args")"
ends 0 --no-start --socket "$TMP/passt.sock" 9 "$TMP/qemu" -net socket,fd=9
is '-net socket,fd=9' "$(cat "$TMP/args")"
is 'socket 9' "$(cat "$TMP/sockets")"

# It has a guest: the next one is told so
"$qrap" --no-start --socket "$TMP/passt.sock" "$TMP/qemu" -x 'sleep 100' &
first=$!
within 5 grep -q '^-x sleep 100 ' "$TMP/args"
ends 1 --no-start --socket "$TMP/passt.sock" "$TMP/qemu"
says "no passt answers at $TMP/passt.sock: *"
kill $first
stop_prog

# --- Default paths: the first that answers, in a /tmp where only we are
mkdir "$TMP/tmp"
cp "$passt" "$qrap" "$TMP"
# shellcheck disable=SC2016	# for the shell in there
unshare -m sh -euc 'mount --bind "$TMP" /mnt
	mount --bind "$TMP/tmp" /tmp
	TMP=/mnt
	export ASAN_OPTIONS=log_path=/mnt/sanitizer
	socat UNIX-LISTEN:/tmp/passt_1.socket,fork PIPE &
	while [ ! -S /tmp/passt_1.socket ]; do sleep 0.05; done
	! /mnt/qrap --no-start /mnt/qemu
	/mnt/passt --socket /tmp/passt_2.socket --quiet --pid /tmp/pid
	/mnt/qrap --no-start /mnt/qemu -x true
	kill $! $(cat /tmp/pid)'
like '-x true -netdev *' "$(cat "$TMP/args")"

# --- What is missing
ends 1 no-such-qemu -m 1;			says 'no program no-such-qemu: *'
ends 1 5 no-such-qemu;				says 'no program no-such-qemu: *'
ends 1 1 "$TMP/qemu";				says 'the socket can not be * 1'
got=0
PATH=/nowhere "$qrap" -m 1 >"$TMP/qrap.log" 2>&1 || got=$?
is 1 "$got";					says 'no QEMU in PATH: *'
ends 1 --no-start --socket "$TMP/none" "$TMP/qemu";	says 'no passt listens at *'
ends 1 --passt /no/passt "$TMP/qemu";		says '*no program /no/passt: *'
got=0
PATH=/nowhere "$TMP/qrap" "$TMP/qemu" >"$TMP/qrap.log" 2>&1 || got=$?
is 0 "$got" 'started the passt beside it'
rm "$TMP/passt"
got=0
PATH=/nowhere "$TMP/qrap" "$TMP/qemu" >"$TMP/qrap.log" 2>&1 || got=$?
is 1 "$got";		says 'no passt is running, and none is installed *'
ends 1 --socket "$TMP/$(printf '%0200d' 0)" "$TMP/qemu"; says 'can not connect *'
ends 1 --backend tap "$TMP/qemu";		says "--backend is * not 'tap'"
ends 1 --socket;				says '--socket needs a value'
ends 1 "$TMP/qemu" -nic none;			says "'-nic none' is a network *"
