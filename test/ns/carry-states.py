# SPDX-License-Identifier: GPL-2.0-or-later
"""carry-states - a matrix of connections, all carried by one checkpoint

G is the guest's socket, P the one that the program has on the host, R the remote end's.
Each row brings one connection to a state, step by step:

  w, W  G writes some, much		r, R  so does R
  u, U  the last byte written by G, R is urgent
  f, F  G, R send their FIN
  g, h  what goes to, comes from G is lost from now on
  p, q  what goes to P, to R is lost
  x     G resets

and is opened by either end, with IPv4 and IPv6:

  open  as usual			silent	nobody answers P's SYN
  half  G does not hear our SYN-ACK	deaf	G's listener does not hear our SYN

After the checkpoint nothing is lost any more, and both ends finish: each stream has to
arrive as it was written, both ends know that the other is done, and nobody was reset
but by an x.  Resets that nobody sees are counted too: a kernel answers so when a last
segment comes twice, and it has closed with the first.  That happens without a move, to
one connection in some thousands; more than a few would be a packet too many of ours.
"""
import random
import socket
import sys
import time

from carry import TMP, Carried, Cut, Resets, deafen, hear, resets, sockets, sysctl
from ends import accept, guest, host, remote, reset, tcp_state, until, want

SMALL, SOME, MUCH, MORE = 20_000, 60_000, 400_000, 1000
WINDOW = 20_000			# receive buffers of guest and remote end: they fill
CLOSE, TIME_WAIT = 7, 6
FEW = 50			# one of so many may be reset when it has ended
MOVES = 2			# what was carried is carried once more
FAR = {4: "198.51.100.1", 6: "2001:db8:1::1"}
NEAR = {4: "192.0.2.1", 6: "2001:db8::1"}
# Remote listeners that hear and that do not, forwarded ports whose listener in the guest
# hears and does not; one more for each family
HEARS, SILENT, FORWARDED, DEAF, UDP = 5000, 5010, 5020, 5030, 5040

E, F1, F2 = "ESTAB", "FIN-WAIT-1", "FIN-WAIT-2"
CW, LA, CL, TW, SS = "CLOSE-WAIT", "LAST-ACK", "CLOSING", "TIME-WAIT", "SYN-SENT"
ROWS = [
    ("silent", "", SS),
    ("half", "", E), ("half", "r", E), ("half", "rF", CW),
    ("deaf", "", E), ("deaf", "r", E), ("deaf", "rF", CW),
    ("open", "", E), ("open", "wr", E), ("open", "WR", E), ("open", "W", E),
    ("open", "R", E), ("open", "u", E), ("open", "U", E), ("open", "uwUr", E),
    ("open", "qw", E), ("open", "qW", E), ("open", "pw", E), ("open", "pr", E),
    ("open", "gr", E), ("open", "gR", E), ("open", "hw", E), ("open", "hW", E),
    ("open", "pqwr", E), ("open", "ghwr", E), ("open", "pF", E), ("open", "hf", E),
    ("open", "hwf", E), ("open", "prF", E),
    ("open", "Wf", F1), ("open", "qWf", F1), ("open", "RWf", F1),
    ("open", "qf", F1), ("open", "qwf", F1), ("open", "rqwf", F1), ("open", "pf", F1),
    ("open", "pwf", F1), ("open", "Rqwf", F1), ("open", "qwgrf", F1), ("open", "quf", F1),
    ("open", "f", F2), ("open", "wfr", F2), ("open", "fR", F2), ("open", "fpr", F2),
    ("open", "fpF", F2), ("open", "fgr", F2), ("open", "gfr", F2), ("open", "fU", F2),
    ("open", "F", CW), ("open", "rF", CW), ("open", "rFqw", CW), ("open", "gF", CW),
    ("open", "grF", CW), ("open", "FW", CW), ("open", "rFhw", CW), ("open", "UF", CW),
    ("open", "rFpw", CW), ("open", "Fhf", CW),
    ("open", "Fqf", LA), ("open", "rFqf", LA), ("open", "rFqwf", LA), ("open", "Fpf", LA),
    ("open", "rFpwf", LA), ("open", "gFqf", LA),
    ("open", "qfF", CL), ("open", "qwfF", CL), ("open", "rqwfF", CL), ("open", "grqfF", CL),
    ("open", "frF", TW), ("open", "wfrF", TW), ("open", "gfF", TW), ("open", "fgrF", TW),
    ("open", "Ff", ""), ("open", "wrFgf", ""), ("open", "rFf", ""),
    ("open", "qwx", E), ("open", "qwrx", E), ("open", "rFqwx", CW),
]


def openers(row):
    """Who can open it"""
    return {"silent": ("guest",), "half": ("guest",),
            "deaf": ("remote",)}.get(row[0], ("guest", "remote"))


def taken(row, i, v, opener):
    """Whether it is one of those that other sets of options are tried with: a few"""
    n = i % (2 * len(openers(row)))
    return row[0] != "silent" and n == 2 * openers(row).index(opener) + (v == 6)


class End:
    """One end of a connection, and what it did"""

    def __init__(self, name, seed):
        self.s, self.name = None, name
        self.data = random.Random(seed).randbytes(2 * MUCH)
        self.wrote = self.got = 0
        self.fin = self.eof = self.gone = False

    def give(self, s):
        s.setblocking(False)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        self.s = s

    def write(self, n, flags=0):
        """Write up to n bytes, as many as fit"""
        end = self.wrote + n
        while self.wrote < end:
            try:
                self.wrote += self.s.send(self.data[self.wrote:end], flags)
            except BlockingIOError:
                return
            except ConnectionResetError:
                self.gone = True
                return

    def shut(self):
        self.s.shutdown(socket.SHUT_WR)
        self.fin = True

    def read(self, other):
        """Read what there is, which the other wrote"""
        while not self.eof:
            try:
                part = self.s.recv(1 << 18)
            except BlockingIOError:
                return
            except ConnectionResetError:
                self.eof = self.gone = True
                return
            if part != other.data[self.got:self.got + len(part)]:
                raise AssertionError(f"{self.name}: other bytes from {self.got} on")
            self.got += len(part)
            self.eof = not part


class Row:
    """One connection"""

    def __init__(self, row, version, opener, variant):
        self.how, self.steps, self.state = row
        self.version, self.opener, self.variant = version, opener, variant
        self.name = f"{self.how:6} {self.steps:6} IPv{version} by {opener:6} {variant}"
        self.g, self.r = End("G " + self.name, self.name), End("R " + self.name, self.name + "R")
        self.reset = "x" in self.steps
        self.was = self.after = "-"
        self.key = None

    def open(self, at):
        """Connect; at: listeners by port"""
        v, small = self.version, (socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
        if self.opener == "guest":
            port = (SILENT if self.how == "silent" else HEARS) + v
            s = guest.socket(FAR[v])
            s.setsockopt(*small)
            if self.how == "half":
                deafen(s)
            s.setblocking(False)
            s.connect_ex((FAR[v], port))
            self.g.give(s)
            self.port, self.gkey = s.getsockname()[1], (s.getsockname()[1], port)
            if self.how != "silent":
                self.r.give(accept(at[port]))
        else:
            port = (DEAF if self.how == "deaf" else FORWARDED) + v
            s = remote.socket(NEAR[v])
            s.setsockopt(*small)
            s.connect((NEAR[v], port))
            self.r.give(s)
            self.port = s.getsockname()[1]
            self.gkey = port, self.port
            if self.how != "deaf":
                self.g.give(accept(at[port]))
        if self.r.s:
            self.key = self.r.s.getpeername()[1], self.r.s.getsockname()[1]

    def opened(self):
        return self.how != "open" or tcp_state(self.g.s) == tcp_state(self.r.s) == 1

    def look(self, known):
        """Return P's state"""
        if not self.key:
            self.key = next((k for k in known if k[1] == SILENT + self.version), None)
        return known.get(self.key, ("",))[0]

    def step(self, c, lost):
        """Do one step, but for losses: those are noted"""
        end = self.g if c in "wWuf" else self.r
        if c in "wWrR":
            # What is small goes into P's queues as a whole
            end.write({"w": SMALL, "W": MUCH, "r": SOME, "R": MUCH}[c])
        elif c in "uU":
            end.write(MORE)
            end.write(1, socket.MSG_OOB)
        elif c in "fF":
            end.shut()
        elif c in "gq":
            deafen((self.g if c == "g" else self.r).s)
        elif c == "h":
            lost["h"].append((self.g.s.getsockname()[1], self.g.s.getpeername()[1]))
        elif c == "p":
            lost["p"].append(self.key[::-1])
        elif c == "x":
            reset(self.g.s)
            self.g.s = None

    def heal(self):
        for end in self.g, self.r:
            if end.s:
                hear(end.s)

    def finish(self):
        """Both ends write a little more and close, the guest first; done?"""
        if not self.r.s:
            return False
        if self.reset:
            self.r.read(self.g)
            return self.r.eof and self.r.got == self.g.wrote
        if not self.g.s:
            return False
        if not self.g.fin and tcp_state(self.g.s) != 2:
            self.g.write(MORE)
            self.g.shut()
        self.g.read(self.r)
        self.r.read(self.g)
        if not self.r.fin and self.r.eof:
            self.r.write(MORE)
            self.r.shut()
        return self.g.eof and self.r.eof and self.g.got == self.r.wrote and \
            self.r.got == self.g.wrote and not (self.g.gone or self.r.gone) and \
            all(tcp_state(e.s) in (CLOSE, TIME_WAIT) for e in (self.g, self.r))

    def waits(self):
        """Who has to wait in TIME-WAIT, guest and remote end; None: it depends"""
        first, own = self.steps.find("F"), self.steps.find("f")
        if self.reset:
            return None, None
        if first < 0 or 0 <= own < first:
            unheard = "q" in self.steps[:max(own, 0)] and first >= 0
            return True, unheard
        return None if set("ghprRU") & set(self.steps) or self.how != "open" else False, True

    def text(self):
        return (f"{self.name:34} {self.was:10} {self.after:10} out {self.r.got:6} of "
                f"{self.g.wrote:6} in {self.g.got:6} of {self.r.wrote:6}")


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
            s.settimeout(10)
            s.send(b"call")
            want(b"call", g.recv(9))
            want(s.getsockname()[1], g.getpeername()[1])
            g.close()
            want(b"", s.recv(9))
            s.close()


def main():
    variants = {
        "": {}, "no-stamps": {"tcp_timestamps": 0}, "no-sack": {"tcp_sack": 0},
        "no-scale": {"tcp_window_scaling": 0},
        "nothing": {"tcp_timestamps": 0, "tcp_sack": 0, "tcp_window_scaling": 0},
    }
    everything = {"tcp_timestamps": 1, "tcp_sack": 1, "tcp_window_scaling": 1}
    mine = sys.argv[1:]
    t0 = time.monotonic()

    def mark(what):
        print(f"# {time.monotonic() - t0:5.2f} s {what}", flush=True)

    ports = ",".join(str(p + v) for p in (FORWARDED, DEAF) for v in (4, 6))
    program = Carried("pasta", "--config-net", "--netns-only", "--netns",
                      f"{TMP}/guest.netns", "-t", ports,
                      "-u", f"{UDP + 4},{UDP + 6}")
    with guest, open("/proc/sys/net/ipv4/ping_group_range", "w", encoding="ascii") as f:
        f.write("0 0")
    others = Others(program)
    at = {}
    for v in 4, 6:
        any_ = "0.0.0.0" if v == 4 else "::"
        for place, port, deaf in ((remote, HEARS, False), (remote, SILENT, True),
                                  (guest, FORWARDED, False), (guest, DEAF, True)):
            if v == 6:
                s = place.socket("::")
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind((any_, port + v))
                s.listen(128)
            else:
                s = place.listen(any_, port + v)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
            if deaf:
                deafen(s)
            at[port + v] = s
    # What is written at once fits, and the FIN can follow
    sysctl({"tcp_wmem": f"4096 {4 * MUCH} {8 * MUCH}"}, (guest, remote))
    cut = Cut(host, "input", "host0")
    mute = Cut(guest, "output", "lo")
    before = {p: resets(p) for p in (host, guest, remote)}
    sent = {p: Resets(p) for p in (host, guest, remote)}

    rows = []
    for name in variants:
        if mine and name not in mine:
            continue
        sysctl(everything)
        sysctl(variants[name])
        rows += [Row(row, v, opener, name) for i, row in enumerate(ROWS)
                 for v in (4, 6) for opener in openers(row) if not name or
                 taken(row, i, v, opener)]
        for r in rows:
            if r.variant == name:
                r.open(at)
        until(lambda: all(r.opened() for r in rows))
    sysctl(everything)
    mark(f"{len(rows)} connections open")

    # Resets last: what is in the host's queue then has some seconds to leave it
    for k in range(max(len(r.steps) for r in rows)):
        now = [r for r in rows if k < len(r.steps) and r.steps[k] != "x"]
        lost = {"h": [], "p": []}
        for r in now:
            if r.steps[k] in "hp":
                r.step(r.steps[k], lost)
        cut.lose(lost["p"])
        mute.lose(lost["h"])
        for r in now:
            if r.steps[k] not in "hp":
                r.step(r.steps[k], lost)
        settle()
    for r in rows:
        if r.reset:
            r.step("x", {})
    mark("all in their states")

    def states():
        known = sockets(host)
        for r in rows:
            r.was = r.look(known)
        return all(r.was == r.state for r in rows)

    try:
        until(states, wait=8)
    except AssertionError:
        for r in rows:
            if r.was != r.state:
                print(f"{r.text()}: wanted {r.state}")
        raise
    mark("as wanted")
    for i in range(MOVES):
        with cut.off():
            program.save()
            if not i:
                others.call()
            program.start(program.image)
        others.check()
        mark(f"moved: {program.log().split('Checkpoint ')[1].splitlines()[0]}")
        settle()
    for line in program.log().splitlines():
        if "not carried: " in line:
            print(line)
    known = sockets(host)
    for r in rows:
        r.after = r.look(known)
    cut.heal()
    mute.heal()
    for r in rows:
        r.heal()
    for s in at.values():
        hear(s)
    others.called(at)
    for s in at.values():
        s.setblocking(False)

    def late():
        """Handshakes that are completed now"""
        for r in rows:
            v = r.version
            try:
                if r.how == "silent" and not r.r.s:
                    r.r.give(at[SILENT + v].accept()[0])
                if r.how == "deaf" and not r.g.s:
                    s = at[DEAF + v].accept()[0]
                    port = s.getpeername()[1]
                    next(x for x in rows if x.how == "deaf" and x.port == port).g.give(s)
            except BlockingIOError:
                pass

    left = list(rows)

    def all_finished():
        late()
        left[:] = [r for r in left if not r.finish()]
        return not left

    try:
        until(all_finished)
    except AssertionError as e:
        print(e)
    mark("finished")
    for r in rows:
        print(r.text(), "" if r not in left else
              f"  NOT DONE, G {r.g.s and tcp_state(r.g.s)} "
              f"{'eof' if r.g.eof else ''} {'reset' if r.g.gone else ''}"
              f", R {r.r.s and tcp_state(r.r.s)} "
              f"{'eof' if r.r.eof else ''} {'reset' if r.r.gone else ''}")
    want([], [r.name for r in left], "not finished")
    ends = sockets(guest), sockets(remote)
    for r in rows:
        for side, key, known, waits in zip(("guest", "remote end"), (r.gkey, r.key[::-1]), ends,
                                           r.waits()):
            if waits is not None:
                want("TIME-WAIT" if waits else "", known.get(key, ("",))[0],
                     f"{r.name}, {side}")
    x = sum(r.reset for r in rows)
    for place, name, n in (host, "host", x), (guest, "guest", x), (remote, "remote", 0):
        keys = sent[place].sent()
        for r in rows:
            if {r.key, r.key[::-1], r.gkey, r.gkey[::-1]} & keys and not r.reset:
                print(f"reset by the {name}, behind the end: {r.text()}")
        more = resets(place) - before[place] - n
        want(True, 0 <= more <= len(rows) // FEW, f"{more} resets sent by the {name}")
    program.stop()


def settle():
    """Wait until nothing moves any more, for a moment"""
    seen, same = None, 0
    while same < 2:
        time.sleep(0.03)
        now = sockets(host), sockets(guest), sockets(remote)
        same = same + 1 if now == seen else 0
        seen = now


main()
