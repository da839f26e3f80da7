# SPDX-License-Identifier: GPL-2.0-or-later
"""states - connections brought to all the states there are, and finished behind a move

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

Behind the move nothing is lost any more, and both ends finish: each stream has to arrive as
it was written, both ends know that the other is done, and nobody was reset but by an x.
Resets that nobody sees are counted too: a kernel answers so when a last segment comes
twice, and it has closed with the first.  That happens without a move, to one connection in
some thousands; more than a few would be a packet too many of ours.

Beside them, Traffic: connections in which both ends write and read all the time.
"""
import random
import socket
import subprocess
import threading
import time

from carry import Resets, deafen, hear, resets, sockets, sysctl, unacknowledged
from ends import WAIT, accept, guest, host, reset, tcp_state, until, want

SMALL, SOME, MUCH, MORE = 20_000, 60_000, 400_000, 1000
WINDOW = 20_000			# receive buffers of guest and remote end: they fill
CLOSE, TIME_WAIT = 7, 6
FEW = 50			# one of so many may be reset when it has ended
TICK = 0.003			# seconds between two pieces of traffic
PIECE = 8000			# bytes of one, at most
# Remote listeners that hear and that do not, forwarded ports whose listener in the guest
# hears and does not; one more for each family
HEARS, SILENT, FORWARDED, DEAF = 5000, 5010, 5020, 5030

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
    ("open", "gU", E), ("open", "grUr", E), ("open", "gRUr", E), ("open", "grUF", CW),
    ("open", "qwx", E), ("open", "qwrx", E), ("open", "rFqwx", CW),
]


def openers(row):
    """Who can open it"""
    return {"silent": ("guest",), "half": ("guest",),
            "deaf": ("remote",)}.get(row[0], ("guest", "remote"))


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

    def __init__(self, row, version, opener, variant=""):
        self.how, self.steps, self.state = row
        self.version, self.opener, self.variant = version, opener, variant
        self.name = f"{self.how:6} {self.steps:6} IPv{version} by {opener:6} {variant}"
        self.g, self.r = End("G " + self.name, self.name), End("R " + self.name, self.name + "R")
        self.reset = "x" in self.steps
        self.was = self.after = "-"
        self.key = None

    def open(self, all_):
        """Connect; all_: the States"""
        v, at = self.version, all_.at
        near, far = all_.near[v], all_.far[v]
        small = socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW
        if self.opener == "guest":
            port = (SILENT if self.how == "silent" else HEARS) + v
            s = guest.socket(far)
            s.setsockopt(*small)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, all_.mss)
            if self.how == "half":
                deafen(s)
            s.setblocking(False)
            s.connect_ex((far, port))
            self.g.give(s)
            self.port, self.gkey = s.getsockname()[1], (s.getsockname()[1], port)
            if self.how != "silent":
                self.r.give(accept(at[port]))
        else:
            port = (DEAF if self.how == "deaf" else FORWARDED) + v
            s = all_.remote.socket(near)
            s.setsockopt(*small)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, all_.mss)
            s.connect((near, port))
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

    def ends(self):
        """For a failure: what the ends see"""
        return ", ".join(
            f"{n} {e.s and tcp_state(e.s)} {'eof' if e.eof else ''} {'reset' if e.gone else ''}"
            for n, e in (("G", self.g), ("R", self.r)))

    def text(self):
        return (f"{self.name:34} {self.was:10} {self.after:10} out {self.r.got:6} of "
                f"{self.g.wrote:6} in {self.g.got:6} of {self.r.wrote:6}")


class States:
    """All rows, their listeners, and what is lost on the way"""

    def __init__(self, remote, near, far, cut=None, mute=None):
        """near, far: addresses of the host's side and of the remote end, by version;
        cut, mute: what loses what goes to P, what comes from G"""
        self.remote, self.near, self.far = remote, near, far
        self.cut, self.mute = cut, mute
        self.rows, self.at, self.mss = [], {}, 0
        for v in 4, 6:
            for place, port, deaf in ((remote, HEARS, False), (remote, SILENT, True),
                                      (guest, FORWARDED, False), (guest, DEAF, True)):
                s = self.at[port + v] = listen(place, v, port + v)
                if deaf:
                    deafen(s)
        # What is written at once fits, and the FIN can follow
        sysctl({"tcp_wmem": f"4096 {4 * MUCH} {8 * MUCH}"}, (guest, remote))

    def segments(self, mss):
        """Both ends of connections from now on take segments of so many bytes; 0: any"""
        self.mss = mss
        for s in self.at.values():
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, mss)

    def watch(self, *hosts):
        """Count resets from now on; hosts: where P may be"""
        self.places = [(p, "host") for p in hosts] + [(guest, "guest"), (self.remote, "remote")]
        self.before = [resets(p) for p, _ in self.places]
        self.sent = [Resets(p) for p, _ in self.places]

    def open(self, rows):
        """More rows"""
        for r in rows:
            r.open(self)
        until(lambda: all(r.opened() for r in rows))
        self.rows += rows

    def idle(self):
        """Return the rows that can be talked in"""
        return [r for r in self.rows if r.how == "open" and not r.steps]

    def talk(self):
        """Both ends of those say something, and hear all that was said"""
        for r in self.idle():
            r.g.write(MORE)
            r.r.write(MORE)
        until(self.heard)

    def heard(self):
        """Return whether they heard all"""
        for r in self.idle():
            r.g.read(r.r)
            r.r.read(r.g)
        return all(a.got == b.wrote for r in self.idle() for a, b in ((r.g, r.r), (r.r, r.g)))

    def known(self, host):
        """Return what the host knows of its sockets"""
        found = sockets(host)
        return {r: r.look(found) for r in self.rows}

    def settle(self, host):
        """Wait until nothing moves any more, for a moment"""
        seen, same = None, 0
        while same < 2:
            time.sleep(0.03)
            now = [sockets(p) for p in (host, guest, self.remote)]
            same = same + 1 if now == seen else 0
            seen = now

    def reach(self, host):
        """Bring all rows to their states"""
        # Resets last: what is in the host's queue then has some seconds to leave it
        for k in range(max(len(r.steps) for r in self.rows)):
            now = [r for r in self.rows if k < len(r.steps) and r.steps[k] != "x"]
            lost = {"h": [], "p": []}
            for r in now:
                if r.steps[k] in "hp":
                    r.step(r.steps[k], lost)
            if lost["p"]:
                self.cut.lose(lost["p"])
            if lost["h"]:
                self.mute.lose(lost["h"])
            for r in now:
                if r.steps[k] not in "hp":
                    r.step(r.steps[k], lost)
            self.settle(host)
        for r in self.rows:
            if r.reset:
                r.step("x", {})

    def reached(self, host):
        """Wait until the host says so"""
        def right():
            for r, state in self.known(host).items():
                r.was = state
            return all(r.was == r.state for r in self.rows)

        try:
            until(right, wait=8)
        except AssertionError:
            for r in self.rows:
                if r.was != r.state:
                    print(f"{r.text()}: wanted {r.state}")
            raise

    def heal(self, host):
        """From now on nothing is lost; host: where P is by now"""
        for r, state in self.known(host).items():
            r.after = state
        for cut in self.cut, self.mute:
            if cut:
                cut.heal()
        for r in self.rows:
            r.heal()
        for s in self.at.values():
            hear(s)
            s.setblocking(False)

    def late(self):
        """Handshakes that are completed now"""
        for r in self.rows:
            try:
                if r.how == "silent" and not r.r.s:
                    r.r.give(self.at[SILENT + r.version].accept()[0])
                if r.how == "deaf" and not r.g.s:
                    s = self.at[DEAF + r.version].accept()[0]
                    port = s.getpeername()[1]
                    next(x for x in self.rows if x.how == "deaf" and x.port == port).g.give(s)
            except BlockingIOError:
                pass

    def finish(self):
        """Both ends of all rows say the rest, and close"""
        left = list(self.rows)

        def all_finished():
            self.late()
            left[:] = [r for r in left if not r.finish()]
            return not left

        try:
            until(all_finished)
        except AssertionError as e:
            print(e)
        for r in self.rows:
            print(r.text(), "" if r not in left else f"  NOT DONE, {r.ends()}")
        if left:
            self.show()
        want([], [r.name for r in left], "not finished")

    def show(self):
        """Print what kernels know of all connections that are not done"""
        for place in guest, host, self.remote:
            with place:
                print(subprocess.run(["ss", "-Htnoi", "state", "connected", "exclude",
                                      "time-wait"], check=True, capture_output=True,
                                     text=True).stdout)

    def judge(self):
        """Who has to wait in TIME-WAIT does, and nobody was reset"""
        ends = sockets(guest), sockets(self.remote)
        for r in self.rows:
            for side, key, known, waits in zip(("guest", "remote end"), (r.gkey, r.key[::-1]),
                                               ends, r.waits()):
                if waits is not None:
                    want("TIME-WAIT" if waits else "", known.get(key, ("",))[0],
                         f"{r.name}, {side}")
        x = sum(r.reset for r in self.rows)
        for (place, name), before, sent in zip(self.places, self.before, self.sent):
            keys = sent.sent()
            for r in self.rows:
                if {r.key, r.key[::-1], r.gkey, r.gkey[::-1]} & keys and not r.reset:
                    print(f"reset by the {name}, behind the end: {r.text()}")
            more = resets(place) - before - (x if name != "remote" else 0)
            want(True, 0 <= more <= 1 + len(self.rows) // FEW,
                 f"{more} resets sent by the {name}")


def listen(place, v, port):
    """Return a listener of one family, and with a small window"""
    s = place.socket("::" if v == 6 else "0.0.0.0")
    if v == 6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("::" if v == 6 else "0.0.0.0", port))
    s.listen(128)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
    return s


class Talker:
    """One end of a connection of Traffic"""

    def __init__(self, s, says):
        s.setblocking(False)
        self.s, self.says, self.other = s, says, None
        # A socket that was reset does not know it any more
        self.name = f"{s.getsockname()[:2]} to {s.getpeername()[:2]}"
        self.wrote = self.got = 0
        self.fin = self.eof = False

    def describe(self):
        """For a failure: where it is, what it did"""
        return (f"{self.name}: wrote {self.wrote}, {unacknowledged(self.s)} unacknowledged, "
                f"read {self.got}")

    def piece(self, at, n):
        """Return n bytes of what it says, which goes round"""
        at %= len(self.says) // 2
        return self.says[at:at + n]

    def turn(self, n, ending):
        """Write up to n bytes and read what there is"""
        try:
            if ending and not self.fin:
                self.s.shutdown(socket.SHUT_WR)
                self.fin = True
            elif not ending:
                self.wrote += self.s.send(self.piece(self.wrote, n))
        except BlockingIOError:
            pass
        try:
            while not self.eof:
                part = self.s.recv(PIECE)
                want(True, part == self.other.piece(self.got, len(part)),
                     f"other bytes from {self.got} on")
                self.got += len(part)
                self.eof = not part
        except BlockingIOError:
            pass


class Traffic(threading.Thread):
    """Connections in which both ends write and read all the time, until finish()"""

    def __init__(self, pairs):
        super().__init__(daemon=True)
        self.random = random.Random(1)
        self.ends, self.wrong, self.ending = [], None, False
        for two in pairs:
            a, b = (Talker(s, self.random.randbytes(65521) * 2) for s in two)
            a.other, b.other = b, a
            self.ends += a, b
        self.start()

    def run(self):
        try:
            while not all(e.fin and e.eof for e in self.ends):
                for e in self.ends:
                    e.turn(self.random.randrange(1, PIECE), self.ending)
                time.sleep(TICK)
        except (OSError, AssertionError) as e:
            self.wrong = e

    def moves(self, n=PIECE):
        """Wait until each end has read n bytes more"""
        had = [e.got for e in self.ends]

        def more():
            if self.wrong:
                raise AssertionError(f"traffic: {self.wrong!r}")
            return all(e.got >= m + n for e, m in zip(self.ends, had))

        try:
            until(more)
        except AssertionError:
            for e, m in zip(self.ends, had):
                print(f"{e.describe()}{', STANDS' if e.got < m + n else ''}")
            raise

    def finish(self):
        """All that was written arrives, then the end of file"""
        self.ending = True
        self.join(WAIT)
        want(None, self.wrong)
        want(False, self.is_alive(), "traffic still moves")
        for e in self.ends:
            want(e.other.wrote, e.got, "bytes until the end of file")
        return sum(e.got for e in self.ends)
