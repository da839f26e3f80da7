# SPDX-License-Identifier: GPL-2.0-or-later
"""checkpoint - what checkpoints cost

	checkpoint.py [-n REPEATS] [-k PATTERN] [GROUP...]

Groups, and what is in each:

	count		connections that wait, by their number: each order
	queue		the same, with bytes in a queue of each socket
	periodic	a stream, of which a checkpoint is made every other second
	vm		a machine that moves to another host: test/vm/migrate.py

An order is timed by the program, and from outside: passtctl from start to end.

The guest's interface can be held by one process only.  So connections are handed over for
real, by an image in memory (IMAGE): the first process holds, writes and parts; another one
is started, takes over and goes on.  That is done twice: the first time to warm up, but for
a checkpoint in a process that never made one, which is what a migration meets.

Repeats and their medians are left to bench.py; figures go to build/bench/checkpoint.tsv.
Behind each hand-over each connection is used in both directions, and each byte compared:
if one is not what it should be, or anything else goes wrong, that is the end.
"""
import contextlib
import json
import os
import re
import statistics
import subprocess
import time

import bench
import ends
from carry import Cut
from crowd import Crowd
from lab import PROGS, REMOTE4, TMP, Ours, beside, host, remote, until
from rows import SECONDS, Unstarted, iperf_server

IMAGE, TOP = os.environ["IMAGE"], os.environ["TOP"]
COUNTS = (100, 1000, 3000, 10000)
EARLY = 0.3			# in a second, so that what it does is seen in the same one
MACHINE_MB = 1024
VM_LIMIT = 600			# seconds
# Lines of migrate.py that tell how long it took, and what of it
STEP = re.compile(r"^ok +([\d.]+) ms +([AB]: .*?)(?:  .*)?$", re.M)
PAUSE = re.compile(r"^ok +pause, until (.*?) +([\d.]+) ms$", re.M)
cut = Cut(ends.host, "input", "host0")


class Ordered(Ours):
    """This program, which is given orders, and handed over to another process

    took:	by name of an order and unit, how long the last one took
    """
    control = f"{TMP}/ours.ctl"
    extra = (*Ours.extra, "--control", control)

    def __init__(self, **options):
        super().__init__(**options)
        self.took = {}

    def order(self, name, *words):
        """Have passtctl give an order; return the reply"""
        begin = time.monotonic()
        p = subprocess.run([f"{PROGS}/passtctl/passtctl", "--json", self.control, *words],
                           capture_output=True, text=True, check=False)
        self.took[name, "ms outside"] = (time.monotonic() - begin) * 1e3
        if p.returncode:
            raise AssertionError(f"{name}: {p.stderr or p.stdout}")
        reply = json.loads(p.stdout)["return"]
        if "us" in reply:
            self.took[name, "ms"] = reply["us"] / 1e3
        return reply

    def save(self, name, mode):
        """Have a checkpoint made; return the reply"""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(IMAGE)
        return self.order(name, "checkpoint", IMAGE, mode)

    def hand_over(self, count):
        """Move to another process; return the size of the image"""
        reply = self.save("hold", "--hold")
        whole(reply, count)
        with cut.off():
            self.order("commit, old process", "commit")
            ends.want(0, self.process.wait(), "status of the old process")
            self.join()
            until(self.joined, "another process is there")
            self.order("status", "status")
            whole(self.order("restore", "restore", IMAGE, "--hold"), count)
        self.order("commit", "commit")
        return reply["bytes"]

    def joined(self):
        return os.path.exists(self.control) and super().joined()


def whole(reply, count):
    """All connections are in an image"""
    ends.want((count, []), (reply["tcp"], reply["not-carried"]), "connections carried, and not")


@contextlib.contextmanager
def long_queues():
    """Queues of sockets made meanwhile hold more than they would at first"""
    key = "net.ipv4.tcp_rmem"
    before = host.run("sysctl", "-n", key).strip()
    host.run("sysctl", "-qw", f"{key}=4096 1000000 6000000")
    try:
        yield
    finally:
        host.run("sysctl", "-qw", f"{key}={before}")


def orders(count, unread=None):
    """Each order with so many connections; the figure is bytes of the image for each"""
    def run(t):
        with long_queues(), Crowd(t, count, unread) as crowd:
            crowd.fill()
            t.save("hold, first of a process", "--hold")
            t.order("abort", "abort")
            t.hand_over(count)
            crowd.check()
            queued = crowd.fill()
            size = t.hand_over(count)
            for _ in range(2):
                whole(t.save("run", "--run"), count)
            crowd.check()
        for (name, unit), value in t.took.items():
            beside(name, unit, value)
        if unread:
            beside("in the queue", "bytes each", queued)
        return size / count
    return run


def beside_stream(count, reverse):
    """One stream beside so many connections that wait; the figure is its rate in seconds in
    which a checkpoint is made, relative to the others, which come in turn"""
    def run(t):
        took = []
        with Crowd(t, count) as crowd:
            with iperf_server(remote, 5201):
                begin = time.monotonic()
                client = t.guest.start("iperf3", "-J", "-i", 1, "-c", REMOTE4, "-t", SECONDS,
                                       *(["-R"] if reverse else []))
                for second in range(1, SECONDS, 2):
                    time.sleep(max(0, begin + second + EARLY - time.monotonic()))
                    t.save("run", "--run")
                    took.append(t.took["run", "ms"])
                out = json.load(client.stdout)
                ends.want(0, client.wait(), f"iperf3: {out.get('error')}")
            crowd.check()
        # The first two find their speed
        rates = [i["sum"]["bits_per_second"] / 1e9 for i in out["intervals"][2:SECONDS]]
        without, among = statistics.mean(rates[::2]), statistics.mean(rates[1::2])
        beside("without", "Gbit/s", without)
        beside("a checkpoint", "ms", statistics.median(took))
        return among / without
    return run


class Moved(Unstarted):
    """This program and a machine, by themselves"""
    name = "ours"


def machine(idle, queued, *how):
    """A machine with so many connections that wait moves: until the client has a byte, ms"""
    def run(_):
        argv = [f"{TOP}/test/vm/migrate.sh", "--memory", MACHINE_MB, "--idle", idle,
                "--queued", queued, *how]
        # In a world of its own: not ours
        env = {k: v for k, v in os.environ.items() if k != "NS_IN"}
        p = subprocess.run([str(a) for a in argv], env=env, capture_output=True, text=True,
                           check=False, timeout=VM_LIMIT)
        if p.returncode:
            raise AssertionError(f"{argv}:\n{p.stdout}\n{p.stderr}")
        for value, what in STEP.findall(p.stdout):
            beside(what, "ms", float(value))
        pauses = {what: float(value) for what, value in PAUSE.findall(p.stdout)}
        for what, value in pauses.items():
            beside(what, "ms", value)
        return pauses["the client has a byte of B"]
    return run


def rows():
    """Yield all, as rows.py does"""
    mtu = {"mtu": 1500}
    for count in COUNTS:
        yield ("count", f"{count} connections", "bytes each", (Ordered,), mtu, orders(count))
    for way, where in ("in", "unread"), ("out", "unsent"):
        yield ("queue", f"1000 connections, {where}", "bytes each", (Ordered,), mtu,
               orders(1000, way))
    for reverse in False, True:
        way = "host to guest" if reverse else "guest to host"
        for count in 0, 1000:
            yield ("periodic", f"{way}, {count} wait", "of the rate", (Ordered,), mtu,
                   beside_stream(count, reverse))
    for idle, queued, *how in ((0, 0), (1000, 0), (1000, 80_000), (0, 0, "bare"),
                               (0, 0, "calm"), (1000, 0, "calm")):
        yield ("vm", ", ".join([f"machine, {idle} wait, {queued} bytes each", *how]), "ms",
               (Moved,), {}, machine(idle, queued, *(f"--{word}" for word in how)))


bench.main(rows(), "checkpoint.tsv", ())
