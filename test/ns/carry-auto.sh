#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# carry-auto.sh - ports that are forwarded because the guest listens: their connections are
# carried, also when it does not any more
. "$(dirname "$0")/lib.sh"
need ip python3 nft
host_up remote
guest_up
export TMP PROG_DIR
ends - <<'PYTHON'
import os
from carry import TMP, Carried, Cut, resets
from ends import accept, guest, host, move, remote, until, want

NEAR = {5100: "192.0.2.1", 5101: "2001:db8::1"}


def dialled(port):
    """Return both ends of a connection from outside; None: nobody forwards that port"""
    try:
        r = remote.dial(NEAR[port], port)
    except OSError:
        return None
    return r, accept(listeners[port])


def forwarded(port):
    """Whether somebody listens at that port of the host"""
    with host:
        return bool(os.popen(f"ss -Htln 'sport = :{port}'").read())


listeners = {5100: guest.listen("0.0.0.0", 5100), 5101: guest.listen("::", 5101)}
program = Carried("pasta", "--config-net", "--netns-only", "--netns", f"{TMP}/guest.netns",
                  "-t", "auto")
cut = Cut(host, "input", "host0")
pairs = [until(dialled, port) for port in NEAR]
for s in listeners.values():
    s.close()
until(lambda: not any(map(forwarded, NEAR)))
before = [resets(p) for p in (guest, host, remote)]
program.move(cut)
for r, g in pairs:
    move(r, g, 100_000)
    move(g, r, 100_000)
want(before, [resets(p) for p in (guest, host, remote)], "resets")
want(True, " 2 TCP, 0 UDP, 0 echo, 0 not carried" in program.log(), program.log())
program.stop()
PYTHON
