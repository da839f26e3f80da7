# SPDX-License-Identifier: GPL-2.0-or-later
"""image - a checkpoint taken apart and put together again, as doc/checkpoint.md has it

Written from that text, not from the program: what the two understand differently is found.
"""
import ipaddress
import struct

MAGIC = b"passt\x1a\r\n"
END, PROGRAM, NET, FLOW, TCP, QUEUE, UDP, SOCK = range(8)
SKIP = 0x8000
HEAD, SUM = 8, 8
MASK = (1 << 64) - 1
PRIMES = (0x9e3779b185ebca87, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9, 0x85ebca77c2b2ae63,
          0x27d4eb2f165667c5)

# Members at the end of the body of a section, each with its number of bytes
MEMBERS = {
    FLOW: [("far", 16)],
    TCP: [("local", 16), ("peer", 16), ("lport", 2), ("pport", 2), ("state", 1), ("options", 1),
          ("wscale", 2), ("mss", 4), ("stamp", 4), ("write_seq", 4), ("rcv_nxt", 4),
          ("window", 20), ("unread", 4), ("sent", 4), ("unsent", 4), ("sndbuf", 4),
          ("rcvbuf", 4)],
    UDP: [("peer", 16), ("pport", 2), ("local", 16)],
    SOCK: [("local", 16), ("peer", 16), ("lport", 2), ("pport", 2)],
}


def xxh64(data, seed):
    """Return XXH64 of bytes (Y. Collet, "xxHash fast digest algorithm")"""
    p1, p2, p3, p4, p5 = PRIMES

    def rotate(x, n):
        x &= MASK
        return (x << n | x >> (64 - n)) & MASK

    def turn(acc, lane):
        return rotate(acc + lane * p2, 31) * p1 & MASK

    at, n = 0, len(data)
    h = seed + p5
    if n >= 32:
        acc = [seed + p1 + p2, seed + p2, seed, seed - p1]
        while at + 32 <= n:
            acc = [turn(a, x) for a, x in zip(acc, struct.unpack_from("<4Q", data, at))]
            at += 32
        h = sum(rotate(a, r) for a, r in zip(acc, (1, 7, 12, 18)))
        for a in acc:
            h = ((h ^ turn(0, a)) * p1 + p4) & MASK
    h += n
    while at + 8 <= n:
        h = rotate(h ^ turn(0, struct.unpack_from("<Q", data, at)[0]), 27) * p1 + p4
        at += 8
    if at + 4 <= n:
        h = rotate(h ^ struct.unpack_from("<I", data, at)[0] * p1, 23) * p2 + p3
        at += 4
    for byte in data[at:]:
        h = rotate(h ^ byte * p5, 11) * p1
    h &= MASK
    h = (h ^ h >> 33) * p2 & MASK
    h = (h ^ h >> 29) * p3 & MASK
    return h ^ h >> 32


def apart(data):
    """Return version and sections, type and body, of an image, whose sums have to be right"""
    magic, major, minor, zero = struct.unpack_from(">8sHHI", data)
    if magic != MAGIC or zero:
        raise AssertionError(f"no image: {data[:16]}")
    at, sections = 16, []
    while at < len(data):
        kind, zero, n = struct.unpack_from(">HHI", data, at)
        end = at + HEAD + n
        if zero or struct.unpack_from(">Q", data, end)[0] != xxh64(data[at:end], at):
            raise AssertionError(f"section {kind} at {at}: wrong")
        sections.append((kind, data[at + HEAD:end]))
        at = end + SUM
    return (major, minor), sections


def together(sections, version=(1, 0)):
    """Return an image of sections, and where in it each of them begins"""
    data, where = struct.pack(">8sHHI", MAGIC, *version, 0), []
    for kind, body in sections:
        where.append(len(data))
        section = struct.pack(">HHI", kind, 0, len(body)) + body
        data += section + struct.pack(">Q", xxh64(section, len(data)))
    return data, where


def address(text):
    """Return an address as it stands in an image"""
    a = ipaddress.ip_address(text)
    return bytes(10) + b"\xff\xff" + a.packed if a.version == 4 else a.packed


def read(path):
    """Return the sections of an image in a file"""
    with open(path, "rb") as f:
        return apart(f.read())[1]


def write(path, sections):
    """Write an image"""
    with open(path, "wb") as f:
        f.write(together(sections)[0])


def _places(kind, size):
    """Yield name, begin and end of each member of a section's end"""
    at = size - sum(n for _, n in MEMBERS[kind])
    for name, n in MEMBERS[kind]:
        yield name, at, at + n
        at += n


def member(section, name):
    """Return a member of a section"""
    kind, body = section
    return next(body[a:b] for n, a, b in _places(kind, len(body)) if n == name)


def changed(section, **members):
    """Return a section some of whose members are others: numbers, or addresses as text"""
    kind, body = section
    body = bytearray(body)
    for name, a, b in _places(kind, len(body)):
        if name in members:
            value = members.pop(name)
            body[a:b] = address(value) if isinstance(value, str) else value.to_bytes(b - a, "big")
    if members:
        raise AssertionError(f"section {kind} has no {members}")
    return kind, bytes(body)
