# SPDX-License-Identifier: GPL-2.0-or-later
"""ends - both ends of a connection in one process

A network namespace is a property of a socket, and of whom it was made by only at
that moment.  So one program can hold sockets in all namespaces of a test, and say
in one sequence what each end does and has to see: no polling, no races.

Tests pipe such programs to ends() of lib.sh; they begin with

	from ends import guest, host, remote, ...

All sockets time out, so that a test fails instead of hanging.
"""
import ctypes
import errno
import hashlib
import os
import socket
import struct
import threading
import time

CLONE_NEWNET = 0x40000000
WAIT = 15.0			# seconds until a test gives up
CHUNK = 1 << 20

_libc = ctypes.CDLL(None, use_errno=True)


def _enter(fd):
    if _libc.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class Place:
    """A namespace where sockets can be made; by a process that is in it"""

    def __init__(self, pid):
        self.fd = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def __enter__(self):
        _enter(self.fd)

    def __exit__(self, *_):
        _enter(_home)

    def socket(self, addr="192.0.2.1", kind=socket.SOCK_STREAM, proto=0):
        """Return a socket of this place and of the family of an address"""
        family = socket.AF_INET6 if ":" in addr else socket.AF_INET
        with self:
            s = socket.socket(family, kind, proto)
        s.settimeout(WAIT)
        return s

    def listen(self, addr, port, backlog=128):
        """Return a TCP listener; its connections belong here too"""
        s = self.socket(addr)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((addr, port))
        s.listen(backlog)
        return s

    def dial(self, addr, port, source=None, timeout=WAIT):
        """Return a connected TCP socket"""
        s = self.socket(addr)
        s.settimeout(timeout)
        if source:
            s.bind(source)
        try:
            s.connect((addr, port))
        except OSError:
            s.close()
            raise
        s.settimeout(WAIT)
        return s

    def udp(self, addr, port=0):
        """Return a bound UDP socket"""
        s = self.socket(addr, socket.SOCK_DGRAM)
        s.bind((addr, port))
        return s


_home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
host = Place("self")
guest = Place(os.environ["GUEST"]) if os.environ.get("GUEST") else None
remote = Place(os.environ["REMOTE"]) if os.environ.get("REMOTE") else None


def accept(listener):
    """Return the next connection of a listener"""
    s, _ = listener.accept()
    s.settimeout(WAIT)
    return s


def pair(client, server, addr, port, at=None):
    """Return two ends of a new connection: the one that dials, the other, which
    listens at another port if that is given"""
    with server.listen("::" if ":" in addr else "0.0.0.0", at or port) as ls:
        c = client.dial(addr, port)
        return c, accept(ls)


def send_all(s, data):
    """Send in a thread of its own; join() it"""
    def work():
        view = memoryview(data)
        while view:			# sendall() has one time-out for all
            view = view[s.send(view):]

    t = threading.Thread(target=work, daemon=True)
    t.start()
    return t


def read(s, n):
    """Return n bytes, or less at the end of file"""
    parts = []
    while n:
        part = s.recv(min(n, CHUNK))
        if not part:
            break
        parts.append(part)
        n -= len(part)
    return b"".join(parts)


def move(a, b, n):
    """Move n random bytes from a to b, fail unless they are the same"""
    data = os.urandom(n)
    t = send_all(a, data)
    got = read(b, n)
    t.join(WAIT)
    want(hashlib.sha256(data).hexdigest(), hashlib.sha256(got).hexdigest(),
         f"{n} bytes sent, {len(got)} read: checksum")


def reset(s):
    """Close with a RST"""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def want(wanted, got, what=""):
    """Fail unless two things are the same"""
    if wanted != got:
        raise AssertionError(f"want {wanted!r}, got {got!r}"
                             f"{' (' + what + ')' if what else ''}")


def fails(name, f, *args, within=3.0):
    """Fail unless a call raises this errno, and soon"""
    began = time.monotonic()
    try:
        f(*args)
    except OSError as e:
        if e.errno is None:
            raise
        want(name, errno.errorcode[e.errno], f"{args}")
        took = time.monotonic() - began
        if took > within:
            raise AssertionError(f"{name} after {took:.1f} s") from e
        return
    raise AssertionError(f"no {name}")


def until(f, *args, wait=WAIT):
    """Poll until a call returns something true, return it"""
    end = time.monotonic() + wait
    while not (got := f(*args)):
        if time.monotonic() > end:
            raise AssertionError(f"timed out: {f.__name__}{args}")
        time.sleep(0.01)
    return got


def counter(place, kind, name):
    """Return a counter of a namespace, as netstat(8) calls it; of Tcp, Udp, Icmp"""
    with place, open("/proc/thread-self/net/snmp", encoding="ascii") as f:
        names, values = [line.split() for line in f if line.startswith(f"{kind}:")]
    return int(values[names.index(name)])


def tcp_counter(place, name):
    """Return one of TCP"""
    return counter(place, "Tcp", name)


def tcp_info(s):
    """Return struct tcp_info, as bytes"""
    return s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)


def tcp_state(s):
    """Return the TCP state of a socket: 1 ESTABLISHED, 5 FIN-WAIT-2, 7 CLOSE ..."""
    return tcp_info(s)[0]
