# SPDX-License-Identifier: GPL-2.0-or-later
"""lab - places, and what can stand between the guest and the host

A place is a network namespace with the PID of a process in it.  A translator joins
the guest's place to the host's; each is started afresh for each measurement, so that
no queue, cache or TIME_WAIT of one run meets the next.
"""
import itertools
import json
import os
import shutil
import socket
import subprocess
import time

TMP = os.environ["TMP"]
TOOLS = os.environ["TOOL_DIR"]
PROGS = os.environ["PROG_DIR"]
REMOTE4, REMOTE6 = "198.51.100.1", "2001:db8:1::1"
HOST4, HOST6 = "192.0.2.1", "2001:db8::1"
FORWARD = 5301			# port of the host that goes to the guest's
WAIT = 10.0
TICK = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A measurement that did not happen, and why"""


def until(condition, what, limit=WAIT):
    """Poll until it holds"""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"timed out: {what}")
        time.sleep(0.005)


def descendants(pid):
    """Return a process and all below it"""
    out = [pid]
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            for child in f.read().split():
                out += descendants(int(child))
    except OSError:
        pass
    return out


def cpu_seconds(pid):
    """Return the processor time of a process and all below it"""
    total = 0
    for one in descendants(pid):
        try:
            with open(f"/proc/{one}/stat", encoding="ascii") as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICK


_beside = []


def beside(name, unit, value):
    """Keep a figure that was measured along with that of the row"""
    _beside.append((name, unit, value))


def besides():
    """Return what was kept since the last call"""
    out = _beside[:]
    _beside.clear()
    return out


class Place:
    """A network namespace"""

    def __init__(self, pid=None):
        self.holder = None
        if pid is None:
            self.holder = subprocess.Popen(["unshare", "-n", "sleep", "3600"])
            pid = self.holder.pid
            mine = os.readlink("/proc/self/ns/net")
            until(lambda: os.readlink(f"/proc/{pid}/ns/net") != mine, "unshare")
        self.pid = pid
        for key, value in (("ipv6.conf.all.accept_dad", 0),
                           ("ipv6.conf.default.accept_dad", 0),
                           ("ipv4.tcp_congestion_control", os.environ["BENCH_CC"])):
            self.run("sysctl", "-qew", f"net.{key}={value}")
        self.run("ip", "link", "set", "lo", "up")

    def command(self, *argv, cpu=None):
        """Return what runs a command here, on one processor if wanted"""
        pin = ["taskset", "-c", str(cpu)] if cpu is not None else []
        return [*pin, "nsenter", "-t", str(self.pid), "-n", *map(str, argv)]

    def run(self, *argv, cpu=None, limit=120):
        """Run a command to its end; return what it printed"""
        p = subprocess.run(self.command(*argv, cpu=cpu), capture_output=True, text=True,
                           timeout=limit, check=False, stdin=subprocess.DEVNULL)
        if p.returncode:
            raise Failed(f"{' '.join(map(str, argv))}: {(p.stderr or p.stdout).strip()[-300:]}")
        return p.stdout

    def start(self, *argv, cpu=None, ready=None):
        """Start a command; wait for a line if it says when it is ready"""
        p = subprocess.Popen(self.command(*argv, cpu=cpu), stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if ready and ready not in (line := p.stdout.readline()):
            raise Failed(f"{argv[0]}: not '{ready}' but '{line.strip()}'")
        return p

    def end(self):
        """Forget the namespace"""
        if self.holder:
            stop(self.holder)


def stop(process):
    """End what was started"""
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


host = Place(os.getpid())
remote = Place(int(os.environ["REMOTE"]))
remote.run("ip", "addr", "add", "198.51.100.1/24", "dev", "lo")
_fresh = itertools.cycle(range(2, 255))


def fresh_address():
    """Return an address of the remote end that was not used for some time

    Thousands of connections a second leave as many in TIME_WAIT for a minute; with
    another address none of the next run has the ends of one of those.
    """
    return f"198.51.100.{next(_fresh)}"


def uplink_mtu(mtu):
    """Make the cable to the remote end fit for a measurement"""
    host.run("ip", "link", "set", "host0", "mtu", mtu)
    remote.run("ip", "link", "set", "host1", "mtu", mtu)


class Translator:
    """What stands between; a context manager

    name:	column of the table
    mtu:	of the guest's link
    cpu:	processor it is pinned to, or None
    guest:	place
    remote4:	address of the remote end in this run, if it must be a fresh one
    process:	the program, or None
    """
    name = ""
    program = None
    forwards = True
    where = (HOST4, FORWARD)	# how the remote end reaches the guest's port FORWARD

    def __init__(self, mtu=65520, cpu=None):
        self.mtu, self.cpu = mtu, cpu
        self.guest, self.process, self.others = None, None, []
        self.remote4 = None

    def __enter__(self):
        uplink_mtu(self.mtu)
        self.guest = Place()
        with open(self.path(), "wb"):
            host.run("mount", "--bind", f"/proc/{self.guest.pid}/ns/net", self.path())
        try:
            self.join()
            until(self.joined, f"{self.name}: the guest is not configured")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for p in [self.process, *self.others]:
            if p:
                stop(p)
        self.unjoin()
        host.run("umount", "-l", self.path())
        self.guest.end()

    def join(self):
        """Start it"""

    def unjoin(self):
        """Remove what ending the processes does not"""

    def joined(self):
        """Whether the guest is configured"""
        return "default" in self.guest.run("ip", "-4", "route") and (
            not self.has6() or "default" in self.guest.run("ip", "-6", "route"))

    def has6(self):
        """Whether IPv6 can be expected"""
        return True

    def spawn(self, *argv):
        """Start the program in the host's place"""
        with open(f"{TMP}/{self.name}.out", "wb") as log:
            self.process = subprocess.Popen(
                host.command(*argv, cpu=self.cpu), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)

    def path(self):
        """Where the guest's namespace is, for programs that join one

        A mount, as container engines make it: who may open /proc/PID/ns depends on
        capabilities, a path does not.
        """
        return f"{TMP}/guest.netns"

    def cpu_seconds(self):
        """Processor time the program took so far"""
        return cpu_seconds(self.process.pid) if self.process else 0

    def memory_kib(self):
        """Proportional set size of the program, all its processes"""
        total = 0
        for pid in descendants(self.process.pid) if self.process else []:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
        return total


class Routed(Translator):
    """The kernel forwards: a veth pair and two routes, the limit of what can be had"""
    name = "routed"
    where = ("10.9.0.2", FORWARD)
    back = HOST4			# next hop from the remote end

    def join(self):
        pid = self.guest.pid
        host.run("ip", "link", "add", "g0", "mtu", self.mtu, "type", "veth", "peer",
                 "name", "eth0", "mtu", self.mtu, "netns", f"/proc/{pid}/ns/net")
        for place, dev, n in ((host, "g0", 1), (self.guest, "eth0", 2)):
            place.run("ip", "addr", "add", f"10.9.0.{n}/24", "dev", dev)
            place.run("ip", "addr", "add", f"2001:db8:9::{n}/64", "dev", dev, "nodad")
            place.run("ip", "link", "set", dev, "up")
        host.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        self.guest.run("ip", "route", "add", "default", "via", "10.9.0.1")
        self.guest.run("ip", "route", "add", "default", "via", "2001:db8:9::1")
        remote.run("ip", "route", "replace", "10.9.0.0/24", "via", Routed.back)
        remote.run("ip", "route", "replace", "2001:db8:9::/64", "via", HOST6)

    def unjoin(self):
        subprocess.run(["ip", "link", "del", "g0"], check=False, stderr=subprocess.DEVNULL)


class Ours(Translator):
    """This program, for a namespace"""
    name = "ours"
    program = f"{PROGS}/pasta"
    extra = ("--no-map-gw",)

    def join(self):
        self.spawn(self.program, "-f", "--config-net", "--netns-only", "--netns", self.path(),
                   "-m", self.mtu, "-t", FORWARD, "-u", FORWARD, "-T", "none", "-U", "none",
                   *self.extra)


def builds(kind=Ours):
    """Return more builds of this program, one for each directory in BASE, like a translator"""
    return tuple(type("Base", (kind,), {
        "name": os.path.basename(d), "program": f"{d}/{os.path.basename(kind.program)}"})
        for d in os.environ.get("BASE", "").split())


class Pasta(Ours):
    """Debian's pasta"""
    name = "pasta"
    program = "/usr/bin/pasta"


class Slirp(Translator):
    """Debian's slirp4netns"""
    name = "slirp4netns"
    program = "/usr/bin/slirp4netns"

    def has6(self):
        return False

    def join(self):
        api = f"{TMP}/slirp.sock"
        if os.path.exists(api):
            os.unlink(api)
        self.spawn(self.program, "--configure", f"--mtu={self.mtu}", "--disable-host-loopback",
                   "-a", api, "--netns-type=path", self.path(), "eth0")
        until(lambda: os.path.exists(api), "slirp4netns: its socket")
        for proto in "tcp", "udp":
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(api)
                s.sendall(json.dumps({"execute": "add_hostfwd", "arguments": {
                    "proto": proto, "host_addr": "0.0.0.0", "host_port": FORWARD,
                    "guest_port": FORWARD}}).encode())
                if b"return" not in s.recv(1024):
                    raise Failed("slirp4netns: port not forwarded")


class Vm(Translator):
    """This program for a machine: a tap joined to its socket stands in for QEMU"""
    name = "ours"
    program = f"{PROGS}/passt"
    extra = ("--no-map-gw",)

    def serve(self):
        """Start the program; return the path of its socket"""
        path = f"{TMP}/{self.name}.sock"
        if os.path.exists(path):
            os.unlink(path)
        self.spawn(self.program, "-f", "-s", path, "-m", self.mtu, "-t", FORWARD,
                   "-u", FORWARD, *self.extra)
        until(lambda: os.path.exists(path), f"{self.name}: its socket")
        return path

    def join(self):
        path = self.serve()
        self.others.append(self.guest.start(f"{TOOLS}/impair", "--socket", path,
                                            "--netns-tap", "eth0"))
        until(lambda: "eth0" in self.guest.run("ip", "link"), "impair: its tap")
        self.guest.run("ip", "link", "set", "eth0", "mtu", self.mtu, "up")
        self.guest.run("ip", "addr", "add", f"{HOST4}/24", "dev", "eth0")
        self.guest.run("ip", "route", "add", "default", "via", "192.0.2.2")

    def has6(self):
        return False


class Passt(Vm):
    """Debian's passt"""
    name = "passt"
    program = "/usr/bin/passt"


def versions():
    """Return what is compared, with versions"""
    out = []
    for name, argv in (("ours", [f"{PROGS}/pasta", "--version"]),
                       ("pasta, passt", ["dpkg-query", "-f", "${Package} ${Version}", "-W", "passt"]),
                       ("slirp4netns", ["slirp4netns", "--version"]),
                       ("QEMU", ["qemu-system-x86_64", "--version"]),
                       ("iperf3", ["iperf3", "--version"]),
                       ("kernel", ["uname", "-sr"])):
        text = "not installed"
        if shutil.which(argv[0]):
            text = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
            text = text.strip().split("\n")[0]
        out.append((name, text))
    return out
