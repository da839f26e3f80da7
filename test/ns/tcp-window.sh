#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tcp-window.sh - a reader that pauses stops the writer, nothing is lost, it goes on
. "$(dirname "$0")/lib.sh"
need ip python3
host_up remote
guest_up
start_pasta -t none

ends - <<'END'
import hashlib
import os
import socket
import threading
from ends import accept, guest, read, remote, want

SIZE = 16_000_000


def transfer(a, b):
    """Fill what is between a and b, let it rest, read the rest"""
    data = os.urandom(SIZE)
    sent = 0
    a.settimeout(1.5)			# long enough for some probes
    try:
        while sent < SIZE:
            sent += a.send(data[sent:sent + 65536])
    except TimeoutError:
        pass
    want(True, 0 < sent < SIZE, f"a writer that was stopped: {sent}")
    a.settimeout(15)
    t = threading.Thread(target=a.sendall, args=(data[sent:],))
    t.start()
    # Slowly at first: windows that open by little
    got = [read(b, 500) for _ in range(200)]
    got.append(read(b, SIZE - 100_000))
    t.join()
    want(hashlib.sha256(data).digest(), hashlib.sha256(b"".join(got)).digest())


for far in "198.51.100.1", "2001:db8:1::1":
    # Small buffers, so that the windows close: set where connections inherit them
    with remote.listen(far, 5001) as ls:
        for out in True, False:
            ls.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 50000)
            c = guest.socket(far)
            c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 50000)
            c.connect((far, 5001))
            s = accept(ls)
            transfer(*((c, s) if out else (s, c)))
END

# Toward a guest that does not read it is ours to ask
[ "$(counted tcp-window-probe)" -gt 0 ] || fail "the window was never probed"
