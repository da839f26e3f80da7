#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# passtctl.sh - what passtctl asks for, the descriptors it sends, what it prints
#
# The other end is a few lines of Python that say what came and reply as told.
. "$(dirname "$0")/lib.sh"
need python3 cmp setpriv
ctl=$PROG_DIR/passtctl/passtctl
[ -x "$ctl" ] || fail "not built: $ctl"
sock=$TMP/ctl.sock

# The server appends each request and its number of descriptors to $TMP/asked.  It
# writes "image" to a descriptor that comes with a checkpoint it does not refuse, and keeps what it can
# read of the others in $TMP/read.  It replies with the first line of $TMP/reply;
# nothing: it hangs up; "silence": it does not answer; "dribble": it never ends to;
# "turned away": it hears nobody.
cat >"$TMP/server.py" <<'END'
import array
import os
import socket
import sys
import time
TMP = sys.argv[1]
listener = socket.socket(socket.AF_UNIX)
listener.bind(TMP + "/ctl.sock")
listener.listen()
kept = []
while True:
    c, _ = listener.accept()
    with open(TMP + "/reply", "rb") as f:
        reply = f.read()
    if reply == b"turned away\n":
        c.sendall(b'{"error":{"desc":"too many clients"}}\n')
        c.close()
        with open(TMP + "/asked", "ab") as f:
            f.write(b"none\n")
        continue
    line, fds = b"", array.array("i")
    while not line.endswith(b"\n"):
        data, control, _, _ = c.recvmsg(65536, socket.CMSG_SPACE(64))
        line += data
        for _, _, passed in control:
            fds.frombytes(passed)
    with open(TMP + "/asked", "ab") as f:
        f.write(line.rstrip() + b" %d\n" % len(fds))
    for fd in fds:
        if b'"checkpoint"' in line and reply.startswith(b'{"error"'):
            pass
        elif b'"checkpoint"' in line:
            os.write(fd, b"image")
        else:
            with open(TMP + "/read", "wb") as f:
                f.write(os.read(fd, 65536))
        os.close(fd)
    if reply == b"silence\n":
        kept.append(c)
        continue
    if reply == b"dribble\n":
        for _ in range(50):
            try:
                c.sendall(b" ")
            except BrokenPipeError:
                break
            time.sleep(0.1)
        continue
    # In two pieces: lines are lines however they come
    c.sendall(reply[:7])
    c.sendall(reply[7:])
    c.close()
END
python3 "$TMP/server.py" "$TMP" >"$TMP/server.log" 2>&1 &
within 10 test -S "$sock"

# ends() - Run passtctl, demand an exit status; $OUT and $ERR is what it printed
# $1:	Status
# $@:	Arguments
ends() {
	want=$1; shift
	got=0
	: >"$TMP/asked"
	"$ctl" "$@" >"$TMP/out.log" 2>"$TMP/err.log" </dev/null || got=$?
	OUT=$(cat "$TMP/out.log") ERR=$(cat "$TMP/err.log")
	is "$want" "$got" "status of passtctl $*: $OUT $ERR"
	[ "$want" = 0 ] || is 1 "$(wc -l <"$TMP/err.log")" "lines on standard error: $ERR"
}
asked() { is "$1" "$(cat "$TMP/asked")" 'request'; }
replies() { printf '%s\n' "$1" >"$TMP/reply"; }

# --- What is asked for
replies '{"return":{}}'
ends 0 "$sock" status
asked '{"execute":"status","arguments":{}} 0'
is '' "$OUT$ERR" 'nothing to print'
ends 0 -s "$sock" commit
asked '{"execute":"commit","arguments":{}} 0'
ends 0 abort --socket="$sock"
asked '{"execute":"abort","arguments":{}} 0'
umask 000
echo old, and longer >"$TMP/old"
ends 0 "$sock" checkpoint "$TMP/old"
asked '{"execute":"checkpoint","arguments":{"mode":"run"}} 1'
is image "$(cat "$TMP/old")"
ends 0 --hold "$sock" checkpoint "$TMP/image"
asked '{"execute":"checkpoint","arguments":{"mode":"hold"}} 1'
is image "$(cat "$TMP/image")"
is 600 "$(stat -c %a "$TMP/image")" 'permissions'
ends 0 "$sock" checkpoint "$TMP/image" --exit
asked '{"execute":"checkpoint","arguments":{"mode":"exit"}} 1'
ends 0 "$sock" checkpoint "$TMP/image" --flows
asked '{"execute":"checkpoint","arguments":{"mode":"flows"}} 1'
ends 0 "$sock" checkpoint "$TMP/image" --known --hold --progress
asked '{"execute":"checkpoint","arguments":{"mode":"hold","known":true,"progress":true}} 1'
ends 0 "$sock" restore --strict "$TMP/image"
asked '{"execute":"restore","arguments":{"strict":true}} 1'
ends 0 "$sock" restore "$TMP/image"
asked '{"execute":"restore","arguments":{}} 1'
is image "$(cat "$TMP/read")"
echo from a pipe | "$ctl" "$sock" restore - --hold
asked '{"execute":"restore","arguments":{}} 1
{"execute":"restore","arguments":{"hold":true}} 1'
is 'from a pipe' "$(cat "$TMP/read")"
ends 0 "$sock" raw ' {"execute":
	"x", "id":7} '
asked '{"execute": 	"x", "id":7} 0'
is '{"return":{}}' "$OUT"

# --- How far it is comes before the reply, in one piece with it or not
replies '{"event":"progress","data":{"done":1024,"of":3000}}
{"event":"progress","data":{"done":2048,"of":3000}}
{"return":{"tcp":3000}}'
ends 0 "$sock" checkpoint "$TMP/image"
is 'passtctl: 1024 of 3000
passtctl: 2048 of 3000' "$ERR"
is 'tcp                      3000' "$OUT"
replies '{"event":"something new"}
{"return":{"tcp":1}}'
ends 0 "$sock" status
is 'tcp                      1' "$OUT$ERR"
replies '{"return":{}}'

# --- What is printed: a checkpoint in standard output has no line of ours in it
replies '{"return":{"connections":2,"bytes":4711,"left":[{"name":"192.0.2.1:80","why":"urgent\u001bdata"},{"name":"b","why":"c"}],"guest":{"up":true,"mac":"52:54:00:12:34:56"},"list":[1,"two"],"none":[]}}'
ends 0 "$sock" checkpoint "$TMP/image"
cat >"$TMP/want" <<'END'
connections              2
bytes                    4711
left:
  192.0.2.1:80  urgent?data
  b  c
guest.up                 true
guest.mac                52:54:00:12:34:56
list:
  1
  two
none:
END
cmp "$TMP/want" "$TMP/out.log" || fail "printed: $OUT"
ends 0 "$sock" checkpoint -
is image "$OUT"
cmp "$TMP/want" "$TMP/err.log" || fail "printed on standard error: $ERR"
ends 0 --json "$sock" status
is "$(cat "$TMP/reply")" "$OUT"
replies '{"entries":[{"id":1}]}'
ends 0 "$sock" status
is 'entries:
  1' "$OUT"

# --- What goes wrong at the other end
replies '{"error":{"desc":"no such \"thing\"\nfoo"}}'
ends 1 "$sock" status
is 'passtctl: no such "thing"?foo' "$ERR"
ends 1 --json "$sock" status
is "$(cat "$TMP/reply")" "$OUT"
replies 'turned away'
ends 1 "$sock" status
is 'passtctl: too many clients' "$ERR"
# It had hung up before it was asked: the file can be opened only then
mkfifo "$TMP/fifo"
: >"$TMP/asked"
"$ctl" "$sock" restore "$TMP/fifo" 2>"$TMP/err.log" &
within 10 test -s "$TMP/asked"
: >"$TMP/fifo"
got=0
wait $! || got=$?
is 'passtctl: too many clients 1' "$(cat "$TMP/err.log") $got"
replies '{"return":'
ends 1 "$sock" status
like 'passtctl: the reply makes no sense: byte 11: *' "$ERR"
: >"$TMP/reply"
ends 1 "$sock" status
like 'passtctl: the connection ended without a reply*' "$ERR"
replies silence
ends 1 -t 1 "$sock" status
is 'passtctl: no reply within 1 s (--timeout)' "$ERR"
replies dribble
ends 1 -t 1 "$sock" status
is 'passtctl: no reply within 1 s (--timeout)' "$ERR"

# --- What was refused has touched no file; what nobody replied about is there still
echo of yesterday >"$TMP/image"
replies '{"error":{"desc":"commit or abort comes first"}}'
ends 1 "$sock" checkpoint "$TMP/image"
is 'passtctl: commit or abort comes first' "$ERR"
is 'of yesterday' "$(cat "$TMP/image")"
is "$TMP/image" "$(ls "$TMP"/image*)" 'what was refused is removed'
ends 1 "$sock" checkpoint "$TMP/new"
[ ! -e "$TMP/new" ] || fail 'a new file stays'
replies silence
ends 1 -t 1 "$sock" checkpoint "$TMP/image"
is 'of yesterday' "$(cat "$TMP/image")"
beside=${ERR##* }; beside=${beside%)}
like "$TMP/image.??????" "$beside"
is image "$(cat "$beside")"
is "passtctl: no reply within 1 s (--timeout) (what was written, if anything, is in $beside)" "$ERR"
rm "$beside"

# --- What has no place beside it is written as it is, and only cut behind the image
refused='{"error":{"desc":"no"}}'
echo of yesterday >"$TMP/fixed"
replies "$refused"
"$ctl" "$sock" checkpoint /proc/self/fd/7 7<>"$TMP/fixed" 2>/dev/null || :
is 'of yesterday' "$(cat "$TMP/fixed")"
mkdir "$TMP/closed"
echo of yesterday >"$TMP/closed/image"
chmod 500 "$TMP/closed"
setpriv --inh-caps=-all --bounding-set=-all "$ctl" "$sock" checkpoint "$TMP/closed/image" \
	2>"$TMP/err.log" && fail 'no refusal'
is 'passtctl: no' "$(cat "$TMP/err.log")"
replies '{"return":{}}'
setpriv --inh-caps=-all --bounding-set=-all "$ctl" "$sock" checkpoint "$TMP/closed/image"
is image "$(cat "$TMP/closed/image")"
chmod 700 "$TMP/closed"
ln -s old "$TMP/link"
ends 0 "$sock" checkpoint "$TMP/link"
is old "$(readlink "$TMP/link")" 'a link stays one'
is image "$(cat "$TMP/old")"
mkfifo "$TMP/pipe"
cat "$TMP/pipe" >"$TMP/piped" & reader=$!
ends 0 "$sock" checkpoint "$TMP/pipe"
wait "$reader"
is image "$(cat "$TMP/piped")"
(cd "$TMP" && "$ctl" "$sock" checkpoint plain)
is image "$(cat "$TMP/plain")"
ends 0 "$sock" checkpoint /dev/null

# --- What goes wrong here: nothing is asked, no file is cut off
ends 1 "$sock" explode
is "passtctl: no such command: 'explode' (see --help)" "$ERR"
ends 1 "$sock" checkpoint
like '*checkpoint needs a FILE' "$ERR"
ends 1 "$sock" status now
ends 1 "$sock" restore "$TMP/image" --exit
like '*restore has no --exit' "$ERR"
ends 1 "$sock" checkpoint "$TMP/image" --exit --hold
ends 1 "$sock" checkpoint "$TMP/image" "$TMP/old"
ends 1 "$sock" restore "$TMP/missing"
like "*can not open $TMP/missing: No such file*" "$ERR"
ends 1 "$sock" raw '{"a":}'
is 'passtctl: no JSON: byte 6: no value' "$ERR"
ends 1 -t soon "$sock" status
ends 1 --no-such-option "$sock" status
asked ''
ends 1 "$TMP/nowhere" checkpoint "$TMP/image"
like "*can not connect to $TMP/nowhere: *--control?)" "$ERR"
is 'of yesterday' "$(cat "$TMP/image")"
ends 1 "$(printf '%0200d' 0)" status
like '*the path of a socket has at most 107 bytes*' "$ERR"
got=0
"$ctl" >/dev/null 2>"$TMP/err.log" || got=$?
is 1 "$got" 'status without arguments'
like 'Usage: *' "$(cat "$TMP/err.log")"
"$ctl" --help >"$TMP/out.log"
