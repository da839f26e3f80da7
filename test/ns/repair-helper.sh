#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# repair-helper.sh - passt-repair: what it does, what it refuses, what it can not do
#
# A Python program plays passt.  In these namespaces passt-repair has every
# capability; so it shows what it gives up.
#
# Both builds are tried: with sanitizers, and as installed, which may do less.
. "$(dirname "$0")/lib.sh"
need python3
helper=$PROG_DIR/passt-repair/passt-repair
installed=$TOP/passt-repair/passt-repair
for f in "$helper" "$installed"; do
	[ -x "$f" ] || fail "not built: $f"
done
ip link set lo up
export TMP

# ends_with() - Run passt-repair, demand an exit status
# $1:	Status
# $2:	What it says, a pattern
# $@:	Arguments
ends_with() {
	want=$1; says=$2; shift 2
	got=0
	timeout 20 "$helper" "$@" >"$TMP/said.log" 2>&1 || got=$?
	is "$want" "$got" "status of passt-repair $*"
	like "$says" "$(cat "$TMP/said.log")" "passt-repair $*"
	[ "$want" = 0 ] || is 1 "$(wc -l <"$TMP/said.log")" "lines of passt-repair $*"
}

ends_with 0 'Usage: passt-repair PATH*' --help
ends_with 0 'passt-repair [0-9]*' --version
ends_with 1 'passt-repair: one PATH *'
ends_with 1 'passt-repair: one PATH *' ''
ends_with 1 'passt-repair: one PATH *' a b
ends_with 1 'passt-repair: unknown option -x*' -x
ends_with 1 'passt-repair: can not connect to *' "$TMP/nothing"
: >"$TMP/file.repair"
ends_with 1 'passt-repair: * is neither *' "$TMP/file.repair"
ends_with 1 'passt-repair: * is neither *' /dev/null
ln -s "$TMP/none" "$TMP/link"
ends_with 1 'passt-repair: * is neither *' "$TMP/link"

cat >"$TMP/peer.py" <<'PYTHON'
import array
import os
import re
import socket
import subprocess
import sys
import time
from ends import until, want

HELPER, TMP = sys.argv[1], os.environ["TMP"]
TCP_REPAIR, ON, OFF, OFF_NO_WP = 19, b"\1", b"\0", b"\xff"
WAIT = 15


def listen(path):
    """Return a socket that listens at a path"""
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    os.chmod(path, 0o600)
    s.listen(1)
    return s


class Helper:
    """passt-repair, started for a path, and our connection to it"""

    def __init__(self, path, listener=None, **more):
        self.listener = listener or listen(path)
        self.process = subprocess.Popen([HELPER, path], stderr=subprocess.PIPE, **more)
        if listener is None:
            self.accept()
            os.unlink(path)

    def accept(self):
        """Take its connection"""
        self.listener.settimeout(WAIT)
        self.conn, _ = self.listener.accept()
        self.conn.settimeout(WAIT)

    def send(self, data, socks=()):
        """Send a command as it is"""
        fds = array.array("i", [s if isinstance(s, int) else s.fileno() for s in socks])
        self.conn.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)] if fds else [])

    def do(self, command, socks):
        """Send a command that succeeds"""
        self.send(command, socks)
        want(command, self.conn.recv(10), "answer")

    def ended(self, status, says=""):
        """Demand that it ends, and says one line"""
        want(b"", self.conn.recv(10), "end of the connection")
        want(status, self.process.wait(WAIT), "exit status")
        text = self.process.stderr.read().decode()
        if not re.fullmatch(f"passt-repair: {says}\n" if says else "", text):
            raise AssertionError(f"want '{says}', it said '{text}'")


def tcp(family=socket.AF_INET):
    return socket.socket(family)


def repair(s):
    return s.getsockopt(socket.IPPROTO_TCP, TCP_REPAIR)


def status(h, name):
    with open(f"/proc/{h.process.pid}/status") as f:
        return re.search(rf"^{name}:\s*(\S+)", f.read(), re.M).group(1)


# One, several, as many as there can be; connected ones, both families
path = f"{TMP}/s"
h = Helper(path)
ls = tcp()
ls.bind(("127.0.0.1", 0))
ls.listen()
c = socket.create_connection(ls.getsockname())
a, _ = ls.accept()
for leave in (OFF, OFF_NO_WP):
    h.do(ON, [c])
    want(1, repair(c))
    want(0, repair(a))
    h.do(leave, [c])
    want(0, repair(c))
many = [tcp(socket.AF_INET6 if i % 2 else socket.AF_INET) for i in range(253)]
for _ in range(3):
    h.do(ON, many)
    want([1] * 253, [repair(s) for s in many])
    h.do(OFF_NO_WP, many)
    want([0] * 253, [repair(s) for s in many])
c.sendall(b"works")
want(b"works", a.recv(10))

# What it can not do any more, while it waits for the next command
until(lambda: status(h, "State") == "S")
want("2", status(h, "Seccomp"))
want("1", status(h, "NoNewPrivs"))
for name in ("CapEff", "CapPrm"):
    want(f"{1 << 12:016x}", status(h, name), name)
for name in ("CapInh", "CapAmb"):
    want(f"{0:016x}", status(h, name), name)
want(1, len([f for f in os.listdir(f"/proc/{h.process.pid}/fd") if int(f) > 2]), "descriptors")
h.conn.close()
want(0, h.process.wait(WAIT))
want(b"", h.process.stderr.read())

# Errors end it; what had entered leaves again, with the others nothing happens
r, _ = os.pipe()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for wrong, says in ((r, "Socket operation on non-socket"), (udp, "Protocol not available"),
                    (socket.socketpair()[0], "Operation not supported"),
                    (ls, "Operation not permitted")):
    h = Helper(path)
    h.send(ON, many[:2] + [wrong] + many[2:4])
    h.ended(1, f"can not enter repair mode of descriptor 3 of 5: {says}")
    want([0] * 4, [repair(s) for s in many[:4]])
    h = Helper(path)
    h.do(ON, many[:4])
    h.send(OFF_NO_WP, many[:2] + [wrong] + many[2:4])
    h.ended(1, "can not leave repair mode of descriptor 3 of 5: .*")
    want([0] * 4, [repair(s) for s in many[:4]])
for data, socks, says in (
        (ON, [], "command 1 came without descriptors"),
        (b"\2", [c], "command 2 is unknown"), (b"\xfe", [c], "command -2 is unknown"),
        (ON + ON, [c], "several bytes .*"), (b"x" * 5000, [], "several bytes .*")):
    h = Helper(path)
    h.send(data, socks)
    try:
        h.ended(1, says)
    except ConnectionResetError:
        want(b"x" * 5000, data, "reset though all was read")
        want(1, h.process.wait(WAIT))
    want(0, repair(c))
h = Helper(path)
h.do(ON, [c])
h.do(OFF, [c])
h.send(ON)
h.ended(1, "command 1 came without descriptors")

# More descriptors than it may open: none is touched
h = Helper(path, preexec_fn=lambda: __import__("resource").setrlimit(
    __import__("resource").RLIMIT_NOFILE, (20, 20)))
h.send(ON, many)
h.ended(1, "descriptors were lost.*")
want(0, sum(repair(s) for s in many))

# Without a place for errors: they do not go to the connection
h = Helper(path, preexec_fn=lambda: [os.close(i) for i in (1, 2)])
h.do(ON, [c])
h.send(b"\2", [c])
want(b"", h.conn.recv(100))
want(1, h.process.wait(WAIT))
h = Helper(path)
h.do(OFF, [c])
h.conn.close()

# A directory: what is there already; what comes; what is of no use
where = f"{TMP}/dir"
for early in (True, False):
    os.mkdir(where)
    open(f"{where}/a.repair", "w").close()
    other = listen(f"{where}/other")
    listen(f"{where}/stale.repair").close()
    if early:
        ls = listen(f"{where}/vm.socket.repair")
    else:
        ls = socket.socket(socket.AF_UNIX)
    h = Helper(where, ls)
    if not early:
        # It waits; then there is a name, some time later somebody listens
        until(lambda: status(h, "State") == "S")
        time.sleep(0.1)
        want(None, h.process.poll())
        ls.bind(f"{where}/vm.socket.repair")
        time.sleep(0.1)
        ls.listen(1)
    h.accept()
    h.do(ON, [c])
    want("2", status(h, "Seccomp"))
    h.do(OFF, [c])
    h.conn.close()
    want(0, h.process.wait(WAIT))
    for name in os.listdir(where):
        os.unlink(f"{where}/{name}")
    os.rmdir(where)

# It comes by rename, long after the stale one was given up; the path is a long one
where = f"{TMP}/{'d' * 120}"
os.mkdir(where)
ls = listen(f"{TMP}/s")
h = Helper(where, ls)
until(lambda: status(h, "State") == "S")
os.rename(f"{TMP}/s", f"{where}/.repair")
h.accept()
h.do(ON, [c])
h.do(OFF, [c])
h.conn.close()
want(0, h.process.wait(WAIT))
os.unlink(f"{where}/.repair")

# The directory goes away
ls.close()
h = Helper(where, ls)
until(lambda: status(h, "State") == "S")
time.sleep(0.1)
os.rmdir(where)
want(1, h.process.wait(WAIT))
PYTHON
ends "$TMP/peer.py" "$helper"
ends "$TMP/peer.py" "$installed"
