# SPDX-License-Identifier: GPL-2.0-or-later
"""imagefile - the file that a checkpoint is, read and written by somebody else

doc/checkpoint.md has its bytes.  What is written here has sums that are right, whatever is
in it: so an image can say what no program would.
"""
import ipaddress
import struct

PROGRAM, NET, FLOW, TCP, QUEUE, UDP, SOCK = range(1, 8)
FILE_HEAD = 16			# bytes before the first section
_HEAD, _SUM = struct.Struct(">HHI"), struct.Struct(">Q")

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

_ALL = (1 << 64) - 1
_P1, _P2, _P3, _P4, _P5 = (0x9e3779b185ebca87, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9,
                           0x85ebca77c2b2ae63, 0x27d4eb2f165667c5)


def _turn(x, n):
    return (x << n | x >> (64 - n)) & _ALL


def _round(acc, lane):
    return _turn((acc + lane * _P2) & _ALL, 31) * _P1 & _ALL


def xxh64(data, seed):
    """Return XXH64, as the sums of sections are"""
    def words(fmt, size, end):
        nonlocal at
        while at + size <= end:
            yield from struct.unpack_from(fmt, data, at)
            at += size

    at, n = 0, len(data)
    h = (seed + _P5) & _ALL
    if n >= 32:
        lanes = [(seed + _P1 + _P2) & _ALL, (seed + _P2) & _ALL, seed, (seed - _P1) & _ALL]
        for i, word in enumerate(words("<Q", 8, n - n % 32)):
            lanes[i % 4] = _round(lanes[i % 4], word)
        h = sum(_turn(x, k) for x, k in zip(lanes, (1, 7, 12, 18))) & _ALL
        for x in lanes:
            h = ((h ^ _round(0, x)) * _P1 + _P4) & _ALL
    h = (h + n) & _ALL
    for word in words("<Q", 8, n):
        h = (_turn(h ^ _round(0, word), 27) * _P1 + _P4) & _ALL
    for word in words("<I", 4, n):
        h = (_turn(h ^ word * _P1 & _ALL, 23) * _P2 + _P3) & _ALL
    for byte in words("B", 1, n):
        h = _turn(h ^ byte * _P5 & _ALL, 11) * _P1 & _ALL
    for shift, prime in (33, _P2), (29, _P3):
        h = (h ^ h >> shift) * prime & _ALL
    return h ^ h >> 32


def address(text):
    """Return an address as it stands in an image"""
    a = ipaddress.ip_address(text)
    return bytes(10) + b"\xff\xff" + a.packed if a.version == 4 else a.packed


def read(path):
    """Return the head of an image, and its sections: types and bodies"""
    with open(path, "rb") as f:
        data = f.read()
    at, sections = FILE_HEAD, []
    while at < len(data):
        kind, _, size = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + size
        if _SUM.unpack_from(data, end)[0] != xxh64(data[at:end], at):
            raise AssertionError(f"the sum of section {kind} at byte {at} is wrong")
        sections.append((kind, data[at + _HEAD.size:end]))
        at = end + _SUM.size
    return data[:FILE_HEAD], sections


def write(path, head, sections):
    """Write an image"""
    data = bytearray(head)
    for kind, body in sections:
        section = _HEAD.pack(kind, 0, len(body)) + body
        data += section + _SUM.pack(xxh64(section, len(data)))
    with open(path, "wb") as f:
        f.write(data)


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
