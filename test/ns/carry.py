# SPDX-License-Identifier: GPL-2.0-or-later
"""carry - a program that is moved to another process in the middle of a test

Carried runs passt or pasta, has it write a checkpoint, and starts another process
from it, as a migration does.  The program is asked for that by passtctl.

While nobody is there the network does not lead to the host: Cut drops what comes, as
switches do before they learn where a host has gone.  So it also loses single packets:
losses are per connection, of one direction.

Beside it: what a namespace knows of its sockets, and how many resets it sent.
"""
import contextlib
import ctypes
import fcntl
import json
import os
import socket
import struct
import subprocess
import time

from ends import WAIT, guest, host, remote, tcp_counter, until

TMP = os.environ["TMP"]
SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
SIOCOUTQ = 0x5411
T0 = time.monotonic()


def mark(what):
    """Print what held, and when"""
    print(f"# {time.monotonic() - T0:5.2f} s {what}", flush=True)


class Carried:
    """A program with a guest, that can go on in another process"""

    def __init__(self, program, *options, before=(), place=host, name=None):
        """before: a command that runs it; name: of its files, if there are several"""
        self.program, self.options, self.before = program, options, before
        self.place, self.name = place, name or program
        self.directory = os.environ["PROG_DIR"]
        self.n, self.image = 0, f"{TMP}/ckpt"
        self.start()

    def log(self):
        """Return what the present process wrote so far"""
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def spawn(self, restore=None):
        """Start a process, from a checkpoint if one is given"""
        self.n += 1
        self.log_path, self.pid_path, self.control = (
            f"{TMP}/{self.name}-{self.n}.{x}" for x in ("log", "pid", "ctl"))
        more = ["--restore", restore] if restore else []
        with self.place, open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*self.before, f"{self.directory}/{self.program}", "-f", "-P", self.pid_path,
                 "-c", self.control, *more, *self.options], stdout=log, stderr=log)

    def start(self, restore=None):
        """The same, and wait until it is ready"""
        self.spawn(restore)
        until(self.ready)

    def ready(self):
        """Return whether it is"""
        if self.process.poll() is not None:
            raise AssertionError(f"{self.program} ended: {self.log()}")
        return os.path.exists(self.pid_path) and os.path.getsize(self.pid_path) > 0

    def begin(self, *words, **more):
        """Begin to ask it for something by passtctl; return that process"""
        return subprocess.Popen(
            [f"{os.environ['PROG_DIR']}/passtctl/passtctl", self.control, *words],
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **more})

    def told(self, *words):
        """Ask it for something, return what passtctl says"""
        p = self.begin(*words)
        said, why = p.communicate(timeout=WAIT)
        if p.returncode:
            raise AssertionError(f"{words}: {why}")
        return said

    def refuses(self, *words):
        """Ask it for what it does not do, return why"""
        p = self.begin(*words)
        _, why = p.communicate(timeout=WAIT)
        if not p.returncode:
            raise AssertionError(f"{words} succeeded")
        return why.removeprefix("passtctl: ").strip()

    def ask(self, to, mode="--exit"):
        """Ask for a checkpoint to a file, after which the process ends, or waits"""
        self.asked = self.begin("checkpoint", to, mode, stdout=subprocess.DEVNULL)

    def answer(self, wait=WAIT):
        """Return "" if it was written, and the process ended well; else why not"""
        _, why = self.asked.communicate(timeout=wait)
        if self.asked.returncode:
            return why.strip()
        self.ended()
        return ""

    def save(self, to=None):
        """Do both, and expect it to go well"""
        self.ask(to or self.image)
        why = self.answer()
        if why:
            raise AssertionError(why)

    def move(self, cut=None):
        """Go on in another process; the network comes back when it is ready"""
        with cut.off() if cut else contextlib.nullcontext():
            self.save()
            self.start(self.image)

    def declined(self, image=None):
        """Return the lines of a process that does not start, or not take a checkpoint over"""
        first = self.n, self.log_path, self.pid_path, self.control
        process = getattr(self, "process", None)
        self.spawn(image)
        # No limit: with one Python looks now and then only
        status = self.process.wait()
        lines = [x for x in self.log().splitlines() if not x.startswith("Control socket")]
        self.n, self.log_path, self.pid_path, self.control = first
        self.process = process
        if status != 1:
            raise AssertionError(f"ended with {status}: {lines}")
        return lines

    def ended(self):
        """Demand that the process ended, and well"""
        status = self.process.wait(WAIT)
        if status:
            raise AssertionError(f"ended with {status}: {self.log()}")

    def stop(self):
        """End the process, which has to do so well"""
        self.process.terminate()
        self.ended()


class Cut:
    """Packets lost in a place, where they come in or go out: all that come by an
    interface, or those of single connections"""

    def __init__(self, place, hook, interface):
        self.place, self.interface = place, interface
        self._nft(f"""table inet cut {{
            set lost {{ type inet_service . inet_service; }}
            chain whole {{ }}
            chain some {{ type filter hook {hook} priority 0;
                jump whole
                tcp sport . tcp dport @lost drop
            }}
        }}""")

    def _nft(self, text):
        with self.place:
            subprocess.run(["nft", "-f", "-"], input=text.encode(), check=True)

    def lose(self, ports):
        """Lose what has one of these pairs of ports, source and destination"""
        if ports:
            pairs = ", ".join(f"{a} . {b}" for a, b in ports)
            self._nft(f"add element inet cut lost {{ {pairs} }}")

    def heal(self):
        """Lose nothing any more"""
        self._nft("flush set inet cut lost")

    @contextlib.contextmanager
    def off(self):
        """For a while nobody is heard; neighbours are found all the same"""
        self._nft(f"add rule inet cut whole iifname {self.interface} "
                  "meta l4proto { tcp, udp, icmp } drop")
        try:
            yield
        finally:
            self._nft("flush chain inet cut whole")


def _blocks(place):
    """Return whether a program drops what comes"""
    with place:
        return b"inet passt-" in subprocess.run(["nft", "list", "tables"], check=True,
                                                capture_output=True).stdout


def hand_over(program, cut, pause):
    """To another process, in some seconds; the network leads there when that drops what comes,
    and the last byte of the image comes behind that"""
    pipe = f"{TMP}/pipe"
    if not os.path.exists(pipe):
        os.mkfifo(pipe)
    with cut.off():
        program.told("checkpoint", program.image, "--hold")
        time.sleep(pause)
        program.told("commit")
        program.ended()
        with open(program.image, "rb") as f:
            image = f.read()
        program.spawn(pipe)
        out = open(pipe, "wb", buffering=0)
        out.write(image[:-1])
        until(_blocks, host)
    with out:
        out.write(image[-1:])
    until(program.ready)


class _Filter(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte),
                ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]


class _Prog(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.POINTER(_Filter))]


def deafen(s):
    """Have a socket lose what comes to it: nothing is acknowledged"""
    code = (_Filter * 1)(_Filter(0x06, 0, 0, 0))
    prog = _Prog(1, code)
    s.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, bytes(prog))


def hear(s):
    """Have it hear again"""
    with contextlib.suppress(OSError):
        s.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


def unacknowledged(s):
    """Return how many bytes of a socket the other end has not acknowledged"""
    return struct.unpack("i", fcntl.ioctl(s, SIOCOUTQ, bytes(4)))[0]


def resets(place):
    """Return the number of resets that a namespace sent"""
    return tcp_counter(place, "OutRsts")


class Resets:
    """Which connections a place sends resets to, by port and peer's port"""

    def __init__(self, place):
        self.place = place
        with place:
            subprocess.run(["nft", "-f", "-"], check=True, input=b"""table inet resets {
                set sent { type inet_service . inet_service; flags dynamic; size 65535; }
                chain seen { type filter hook output priority 0;
                    tcp flags & rst == rst add @sent { tcp sport . tcp dport }
                }
            }""")

    def sent(self):
        with self.place:
            text = subprocess.run(["nft", "-j", "list", "set", "inet", "resets", "sent"],
                                  check=True, capture_output=True).stdout
        found = [x["set"] for x in json.loads(text)["nftables"] if "set" in x]
        return {tuple(e["concat"]) for e in found[0].get("elem", [])}


def sockets(place):
    """Return state, received and unsent bytes of TCP sockets, by port and peer's port"""
    with place:
        text = subprocess.run(["ss", "-Htan"], check=True, capture_output=True,
                              text=True).stdout
    found = {}
    for line in text.splitlines():
        state, unread, unsent, near, far = line.split()[:5]
        near, far = near.rpartition(":")[2], far.rpartition(":")[2]
        if far != "*":
            found[int(near), int(far)] = state, int(unread), int(unsent)
    return found


def sysctl(values, places=(guest, host, remote)):
    """Set net.ipv4.X in namespaces"""
    for place in places:
        for name, value in values.items():
            with place, open(f"/proc/sys/net/ipv4/{name}", "w", encoding="ascii") as f:
                f.write(str(value))
