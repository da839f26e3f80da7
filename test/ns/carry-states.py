# SPDX-License-Identifier: GPL-2.0-or-later
"""carry-states - a matrix of connections, all carried by one checkpoint

usage: carry-states.py [VARIANT...]

The rows are in states.py.  All are moved together, twice, with UDP and echo flows; some
also where the ends agreed to fewer options of TCP.
"""
import re
import socket
import subprocess
import sys

from carry import TMP, Carried, Cut, mark, sysctl
from ends import accept, guest, host, remote, want
from states import DEAF, FORWARDED, ROWS, Row, States, openers

MOVES = 2			# what was carried is carried once more
FAR = {4: "198.51.100.1", 6: "2001:db8:1::1"}
NEAR = {4: "192.0.2.1", 6: "2001:db8::1"}
UDP = 5040			# one more for each family
VARIANTS = {
    "": {}, "no-stamps": {"tcp_timestamps": 0}, "no-sack": {"tcp_sack": 0},
    "no-scale": {"tcp_window_scaling": 0},
    "nothing": {"tcp_timestamps": 0, "tcp_sack": 0, "tcp_window_scaling": 0},
    "small": {},
}
MSS = {"small": 700}		# both ends take segments of so many bytes
# BBR's window stays at 4 segments when all were lost and there is no SACK: new ones that it
# sent first fill it, and the rest waits for one RTO after the other
EVERYTHING = {"tcp_timestamps": 1, "tcp_sack": 1, "tcp_window_scaling": 1,
              "tcp_congestion_control": "reno"}


def taken(row, i, v, opener):
    """Whether it is one of those that other sets of options are tried with: a few"""
    n = i % (2 * len(openers(row)))
    return row[0] != "silent" and n == 2 * openers(row).index(opener) + (v == 6)


class Others:
    """Flows without a handshake, and one whose handshake falls into the move"""

    def __init__(self, program):
        self.program, self.flows, self.pings, self.n = program, [], [], 0
        for v in 4, 6:
            server = remote.udp(FAR[v], UDP + v)
            client = guest.udp("::" if v == 6 else "0.0.0.0")
            self.flows.append((client, (FAR[v], UDP + v), server))
            server = guest.udp("::" if v == 6 else "0.0.0.0", UDP + v)
            client = remote.udp("::" if v == 6 else "0.0.0.0")
            self.flows.append((client, (NEAR[v], UDP + v), server))
            ping = guest.socket(FAR[v], socket.SOCK_DGRAM,
                                socket.IPPROTO_ICMPV6 if v == 6 else socket.IPPROTO_ICMP)
            self.pings.append((ping, FAR[v], b"\x80" if v == 6 else b"\x08"))
        self.peers = [self.ask(*f) for f in self.flows]
        self.check()

    def ask(self, client, to, server):
        """A question and its answer; return whom the server hears"""
        self.n += 1
        client.sendto(b"%d" % self.n, to)
        data, peer = server.recvfrom(99)
        want(b"%d" % self.n, data)
        server.sendto(data[::-1], peer)
        want((data[::-1], to), (lambda d, p: (d, p[:2]))(*client.recvfrom(99)))
        return peer

    def check(self):
        """All go on: between the same ports"""
        # The server first: who was asked can go on by itself
        for (client, to, server), peer in zip(self.flows, self.peers):
            server.sendto(b"more", peer)
            want((b"more", to), (lambda d, p: (d, p[:2]))(*client.recvfrom(99)))
        for flow, peer in zip(self.flows, self.peers):
            want(peer, self.ask(*flow), "whom the server hears")
        for s, to, kind in self.pings:
            self.n += 1
            s.sendto(kind + bytes(5) + self.n.to_bytes(3, "big"), (to, 0))
            want(self.n, int.from_bytes(s.recv(99)[6:9], "big"), "echo")

    def call(self):
        """The remote end's SYN falls into the move"""
        self.calls = []
        for v in 4, 6:
            s = remote.socket(NEAR[v])
            s.setblocking(False)
            s.connect_ex((NEAR[v], FORWARDED + v))
            self.calls.append((s, FORWARDED + v))

    def called(self, at):
        """It is answered by the new process"""
        for s, port in self.calls:
            at[port].settimeout(10)
            g = accept(at[port])
            at[port].setblocking(False)
            s.settimeout(10)
            s.send(b"call")
            want(b"call", g.recv(9))
            want(s.getsockname()[1], g.getpeername()[1])
            g.close()
            want(b"", s.recv(9))
            s.close()


def segments(states):
    """Return how long the host's segments are, by port and peer's port: of small ones"""
    with host:
        text = subprocess.run(["ss", "-Htni"], check=True, capture_output=True,
                              text=True).stdout
    found = {(int(a), int(b)): int(n) for a, b, n in re.findall(
        r":(\d+) +\S+:(\d+).*\n.* mss:(\d+)", text)}
    small = {r.key: found[r.key] for r in states.rows if MSS.get(r.variant) and r.key in found}
    want(True, all(n <= MSS["small"] for n in small.values()), str(small))
    return small


def main():
    mine = sys.argv[1:]
    ports = ",".join(str(p + v) for p in (FORWARDED, DEAF) for v in (4, 6))
    program = Carried("pasta", "--config-net", "--netns-only", "--netns",
                      f"{TMP}/guest.netns", "-t", ports,
                      "-u", f"{UDP + 4},{UDP + 6}")
    with guest, open("/proc/sys/net/ipv4/ping_group_range", "w", encoding="ascii") as f:
        f.write("0 0")
    others = Others(program)
    cut = Cut(host, "input", "host0")
    states = States(remote, NEAR, FAR, cut, Cut(guest, "output", "lo"))
    states.watch(host)
    for name, values in VARIANTS.items():
        if mine and name not in mine:
            continue
        sysctl(EVERYTHING)
        sysctl(values)
        states.segments(MSS.get(name, 0))
        states.open([Row(row, v, opener, name) for i, row in enumerate(ROWS)
                     for v in (4, 6) for opener in openers(row) if not name or
                     taken(row, i, v, opener)])
    sysctl(EVERYTHING)
    mark(f"{len(states.rows)} connections open")
    states.reach(host)
    mark("all in their states")
    states.reached(host)
    mark("as wanted")
    sizes = segments(states)
    for i in range(MOVES):
        with cut.off():
            program.save()
            if not i:
                others.call()
            program.start(program.image)
        others.check()
        mark(f"moved: {program.log().split('Checkpoint ')[1].splitlines()[0]}")
        states.settle(host)
        now = segments(states)
        want({}, {k: (n, now[k]) for k, n in sizes.items() if now.get(k, n) != n},
             "bytes in a segment, before and now")
    for line in program.log().splitlines():
        if "not carried: " in line:
            print(line)
    states.heal(host)
    others.called(states.at)
    states.finish()
    mark("finished")
    states.judge()
    program.stop()


main()
