#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# options.sh - what is wrong with the command line is said in one line that names
# it, with exit status 1
. "$(dirname "$0")/lib.sh"
need ip
host_up alone

# wrong() - Check that it is refused
# $1:	Pattern of the one line
# $@:	Program and options
wrong() {
	text=$1 name=$2
	shift 2
	rc=0
	"$PROG_DIR/$name" "$@" >"$TMP/out" 2>"$TMP/err" </dev/null || rc=$?
	is 1 "$rc" "exit status of $name $*"
	is 0 "$(wc -c <"$TMP/out")" "bytes on stdout of $name $*"
	like "$text" "$(head -n 1 "$TMP/err")" "$name $*"
	# Nothing else but the usage, which follows if the form is wrong
	like '[1U]*' "$(sed -n '2p' "$TMP/err" | cut -c1)$(grep -c '' "$TMP/err")" \
		"lines of $name $*: $(cat "$TMP/err")"
}

wrong "*unrecognized option '--bogus'" pasta --bogus --version
wrong "*unrecognized option '--map-guest-addrx'" pasta --map-guest-addrx 1
wrong "*option '--mtu' requires an argument" pasta --mtu
wrong "*invalid option -- 'X'" pasta -X
wrong "*--socket*passt mode only*" pasta --socket /tmp/x
wrong "*--netns*pasta mode only*" passt --netns x
wrong "Extra non-option argument: x" passt x
wrong "Invalid port specifier 'foo'*--tcp-ports*" pasta -t foo
wrong "*'70000'*" pasta -t 70000
wrong "*'5-4'*" pasta -u 5-4
wrong "MTU 70000 too large*" pasta --mtu 70000
wrong "MTU 10 too small*" pasta --mtu 10
wrong "Invalid guest address: bogus*" pasta -a bogus
wrong "*--gateway*" pasta -g 1.2.3
wrong "*--netmask*" pasta -n 255.0.255.0
wrong "*--mac-addr*" passt -M 01:02:03:04:05:06
wrong "*nope0*" pasta -i nope0 true
wrong "*/no/such/namespace*" pasta --netns /no/such/namespace
wrong "*999999*" pasta 999999
wrong "*/no/such/dir/pid*--pid*" passt --pid /no/such/dir/pid
wrong "*--fd*" passt --fd 77
wrong "*/no/such/dir/socket*" passt -f -s /no/such/dir/socket
wrong "*--log-file*" passt --log-file /no/such/dir/log
wrong "*--pcap*" passt --pcap /dev/full
ln -s "$PROG_DIR/passt" "$TMP/other"
PROG_DIR=$TMP wrong 'Cannot determine mode*' other

# Left to right: what comes first counts
"$PROG_DIR/pasta" --version --bogus >"$TMP/version.log"
like "pasta *" "$(head -n 1 "$TMP/version.log")"
"$PROG_DIR/passt" --help | grep -q -- --socket
