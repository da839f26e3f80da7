# SPDX-License-Identifier: GPL-2.0-or-later
"""rows - what is measured, each by one function that runs it once

A row has a name, a unit, the translators it is run through, and a function that gets
one of these, started, and returns the figure.  Figures that come along (processor time,
latency) are kept under names of their own by beside().
"""
import contextlib
import json
import os
import subprocess
import time

import machine
from lab import (FORWARD, HOST4, REMOTE4, REMOTE6, TOOLS, Failed, Ours, Pasta, Passt, Routed,
                 Slirp, Translator, Vm, beside, builds, fresh_address, host, remote, stop, uplink_mtu, until)

WORK, RELAY = f"{TOOLS}/work", f"{TOOLS}/relay"
SECONDS = int(os.environ.get("BENCH_SECONDS", "2"))
PORT, PORTS = 6000, 8		# servers of work.c
GIB = 1 << 30
NAMESPACE = (Routed, Ours, *builds()) if builds() else (Routed, Ours, Pasta, Slirp)
MACHINE = (Vm, *builds(Vm), Passt)
REAL = (machine.Machine, *builds(machine.Machine), *machine.ALL[1:])

def words(text):
    """Return what work.c printed, "name number" again and again, as a dictionary"""
    last = text.strip().split("\n")[-1].split()
    return {k: float(v) for k, v in zip(last[::2], last[1::2])}


# ---------------------------------------------------------------- bulk transfer

@contextlib.contextmanager
def iperf_server(place, port, cpu=None):
    """Have an iperf3 serve one client meanwhile"""
    s = place.start("iperf3", "-s", "-1", "-p", port, "--forceflush", cpu=cpu)
    try:
        until(lambda: f":{port} " in place.run("ss", "-Htln"), "iperf3 listens")
        yield
    finally:
        stop(s)


def iperf(client, addr, *more, port=5201, server=remote, to_port=None):
    """Run iperf3 between two places; return Gbit/s received and bytes"""
    with iperf_server(server, to_port or port):
        out = json.loads(client.run("iperf3", "-J", "-c", addr, "-p", port, "-t", SECONDS, *more))
    end = out["end"]["sum_received"]
    return end["bits_per_second"] / 1e9, end["bytes"]


def stream(family=4, reverse=False, streams=1):
    """Throughput of connections that the guest opens; reverse: toward it"""
    addr = REMOTE4 if family == 4 else REMOTE6
    more = ["-P", streams] + (["-R"] if reverse else [])

    def run(t):
        before = t.cpu_seconds()
        gbit, size = iperf(t.guest, addr, *more)
        if t.process:
            beside("CPU of the program", "s/GiB", (t.cpu_seconds() - before) / (size / GIB))
        return gbit
    return run


def forwarded(t):
    """Throughput of a connection from outside to a port of the guest"""
    addr, port = t.where
    return iperf(remote, addr, port=port, server=t.guest)[0]


def loopback(t):
    """Throughput from the host's loopback to a port of the guest"""
    return iperf(host, "127.0.0.1", port=FORWARD, server=t.guest)[0]


class Relay(Translator):
    """No translator: a bare relay listens on the host, its client is routed there"""
    name = "relay"

    def join(self):
        Routed.join(self)
        self.remote4 = fresh_address()
        self.process = host.start(RELAY, "copy", "10.9.0.1", PORT, self.remote4, PORT, PORTS,
                                  ready="ready", cpu=self.cpu)

    def unjoin(self):
        Routed.unjoin(self)


class SpliceRelay(Relay):
    """The same on loopback, by splice(); the guest is the host itself"""

    def join(self):
        self.process = host.start(RELAY, "splice", "127.0.0.1", FORWARD, "127.0.0.1", 5202, 1,
                                  ready="ready")

    def joined(self):
        return True

    def unjoin(self):
        pass


def loopback_relay(t):
    """Throughput through the bare splice relay"""
    if t.name != "relay":
        return loopback(t)
    return iperf(host, "127.0.0.1", port=FORWARD, server=host, to_port=5202)[0]


# -------------------------------------------------------- requests, connections

def served(run):
    """Have work.c serve at the remote end meanwhile"""
    def wrapped(t):
        t.remote4 = t.remote4 or fresh_address()
        s = remote.start(WORK, "serve", t.remote4, PORT, PORTS, ready="ready", cpu=t.cpu)
        try:
            return run(t)
        finally:
            stop(s)
    return wrapped


def rr(proto):
    """Requests and responses of one byte, one at a time"""
    @served
    def run(t):
        before = t.cpu_seconds()
        out = words(t.guest.run(WORK, "rr", proto, t.remote4, PORT, SECONDS, cpu=t.cpu))
        for name in "p50", "p99":
            beside(f"round trip {name}", "us", out[name])
        if t.process:
            beside("CPU of the program", "us each",
                   (t.cpu_seconds() - before) / (out["rate"] * SECONDS) * 1e6)
        return out["rate"]
    return run


def crr(count, parallel):
    """Connect, request, response, close"""
    @served
    def run(t):
        addr = "10.9.0.1" if t.name == "relay" else t.remote4
        before = t.cpu_seconds()
        out = words(t.guest.run(WORK, "crr", addr, PORT, PORTS, count, parallel, cpu=t.cpu))
        if t.process:
            beside("CPU of the program", "us each", (t.cpu_seconds() - before) / count * 1e6)
        return out["rate"]
    return run


# -------------------------------------------------------------------- datagrams

def datagrams(reverse=False, mbit=0, segments=1, figure="gbit"):
    """Datagrams of 1400 bytes: those that arrive"""
    def run(t):
        if reverse:
            sender, receiver, (addr, port), at = remote, t.guest, t.where, "0.0.0.0"
        else:
            sender, receiver, addr, port, at = t.guest, remote, REMOTE4, PORT, REMOTE4
        r = receiver.start(WORK, "recv", at, port, ready="ready")
        try:
            sender.run(WORK, "send", addr, port, 1400, SECONDS, mbit, segments)
            out = words(r.stdout.readline())
        finally:
            stop(r)
        return out[figure]
    return run


# ------------------------------------------------------- start-up, memory, scale

def start_up(t):
    """From the call until a command runs in a configured namespace, ms"""
    argv = {
        "bare unshare": ["unshare", "-rn", "echo", "here"],
    }.get(t.name, [t.program, "--config-net", "-t", "none", "-u", "none", "-T", "none",
                   "-U", "none", "--", "echo", "here"])
    begin = time.monotonic()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL) as p:
        line = p.stdout.readline()
        took = time.monotonic() - begin
        p.wait(10)
    if line.strip() != b"here":
        raise Failed(f"{t.name}: the command did not run")
    return took * 1000


class Unstarted(Translator):
    """A program that the measurement itself starts"""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class StartBare(Unstarted):
    """A namespace and nothing in it"""
    name = "bare unshare"


class StartOurs(Unstarted):
    """This program"""
    name, program = Ours.name, Ours.program


class StartPasta(Unstarted):
    """Debian's pasta"""
    name, program = Pasta.name, Pasta.program


def memory(t):
    """Proportional set size at rest, and some time after eight streams"""
    time.sleep(1)
    rest = t.memory_kib()
    iperf(t.guest, REMOTE4, "-P", 8)
    time.sleep(10)
    beside("10 s after 8 streams", "KiB", t.memory_kib())
    return rest


def crowd(count, measure):
    """Something else, while so many connections are open and quiet"""
    def run(t):
        addr = fresh_address()
        s = remote.start(WORK, "serve", addr, PORT + 100, PORTS, ready="ready")
        h = None
        try:
            if count:
                h = t.guest.start(WORK, "hold", addr, PORT + 100, PORTS, count, ready="open")
            return measure(t)
        finally:
            if h:
                stop(h)
            stop(s)
    return run


def busy_crowd(t):
    """2000 connections with a request under way on each"""
    addr = fresh_address()
    s = remote.start(WORK, "serve", addr, PORT, PORTS, ready="ready")
    try:
        out = words(t.guest.run(WORK, "busy", addr, PORT, PORTS, 2000, SECONDS))
    finally:
        stop(s)
    beside("round trip p99", "us", out["p99"])
    return out["rate"]


@served
def loaded_rr(t):
    """Round trips beside a stream at full rate: the 99th percentile, us"""
    with iperf_server(remote, 5203):
        c = t.guest.start("iperf3", "-c", REMOTE4, "-p", 5203, "-t", SECONDS + 2)
        try:
            time.sleep(0.5)
            out = words(t.guest.run(WORK, "rr", "tcp", t.remote4, PORT, SECONDS))
        finally:
            stop(c)
    beside("p50", "us", out["p50"])
    beside("p99.9", "us", out["p999"])
    return out["p99"]


# --------------------------------------------------------------- the long path

class LongPath:
    """The cable between host and remote becomes a path with delay and loss

    Each end gets a tap of the impairment tool in place of its interface: the addresses
    and routes move there.
    """

    def __init__(self, rtt, loss):
        self.rtt, self.loss, self.tool = rtt, loss, None

    def __enter__(self):
        uplink_mtu(1500)
        self.tool = host.start(f"{TOOLS}/impair", "--netns-tap", f"far@/proc/{remote.pid}/ns/net",
                               "--netns-tap", "near", "--delay-ms", self.rtt / 2,
                               "--loss", self.loss)
        until(lambda: "near" in host.run("ip", "link"), "impair: its taps")
        for place, dev, n in ((host, "near", 1), (remote, "far", 2)):
            place.run("ip", "addr", "add", f"10.8.0.{n}/24", "dev", dev)
            place.run("ip", "link", "set", dev, "txqueuelen", 10000, "up")
        host.run("ip", "route", "replace", f"{REMOTE4}/32", "via", "10.8.0.2")
        remote.run("ip", "route", "replace", f"{HOST4}/32", "via", "10.8.0.1")
        Routed.back = "10.8.0.1"

    def __exit__(self, *_):
        stop(self.tool)
        Routed.back = HOST4
        subprocess.run(["ip", "route", "del", f"{REMOTE4}/32"], check=False,
                       stderr=subprocess.DEVNULL)


def rows():
    """Yield all: group, name, unit, translators, options of theirs, function"""
    for mtu in 65520, 1500:
        for reverse in False, True:
            way = "host to guest" if reverse else "guest to host"
            for family, streams in ((4, 1), (4, 8), (6, 1), (6, 8)):
                what = f"{way}, MTU {mtu}, IPv{family}, {streams} stream{'s' * (streams > 1)}"
                yield ("tcp", what, "Gbit/s", (NAMESPACE if family == 4 else NAMESPACE[:3]), {"mtu": mtu},
                       stream(family, reverse, streams))
    yield "forward", "forwarded port, MTU 65520", "Gbit/s", NAMESPACE, {}, forwarded
    yield "forward", "forwarded port, MTU 1500", "Gbit/s", NAMESPACE, {"mtu": 1500}, forwarded
    yield "splice", "loopback to guest", "Gbit/s", (SpliceRelay, Ours, Pasta), {}, loopback_relay
    for proto in "tcp", "udp":
        yield "rr", f"{proto.upper()} request/response", "1/s", NAMESPACE, {}, rr(proto)
        yield ("rr", f"{proto.upper()} request/response, all on one CPU", "1/s", NAMESPACE,
               {"cpu": 0}, rr(proto))
    for count, parallel in ((5000, 1), (20000, 32)):
        yield ("crr", f"connections, {parallel} at once", "1/s", (Routed, Relay, *NAMESPACE[1:]),
               {}, crr(count, parallel))
    for mtu in 65520, 1500:
        for reverse in False, True:
            way = "in" if reverse else "out"
            yield ("udp", f"UDP {way}, MTU {mtu}", "Gbit/s", NAMESPACE, {"mtu": mtu},
                   datagrams(reverse))
            yield ("udp", f"UDP {way}, UDP_SEGMENT, MTU {mtu}", "Gbit/s", NAMESPACE, {"mtu": mtu},
                   datagrams(reverse, segments=40))
    for reverse in False, True:
        yield ("udp", f"UDP {'in' if reverse else 'out'}, 1 Gbit/s sent: lost", "%", NAMESPACE,
               {"mtu": 1500}, datagrams(reverse, mbit=1000, figure="loss"))
    yield ("start", "start-up until a command runs", "ms", (StartBare, StartOurs, StartPasta), {},
           start_up)
    yield "memory", "PSS at rest", "KiB", (Ours, Pasta, Slirp), {}, memory
    yield "latency", "round trip p99 beside a stream", "us", NAMESPACE, {}, loaded_rr
    for count in 0, 100, 1000, 10000, 19000:
        for name, unit, measure in (("guest to host", "Gbit/s", stream()),
                                    ("host to guest", "Gbit/s", stream(reverse=True)),
                                    ("request/response", "1/s", rr("tcp")),
                                    ("connections, 32 at once", "1/s", crr(10000, 32))):
            if count == 19000 and name.startswith("connections"):
                continue
            yield ("scale", f"{name}, {count} open", unit, (Ours,), {}, crowd(count, measure))
    yield "scale", "request/response, 2000 busy", "1/s", NAMESPACE, {}, busy_crowd
    for mtu in 1500, 65520:
        for reverse in False, True:
            way = "host to machine" if reverse else "machine to host"
            yield ("qemu", f"QEMU socket, {way}, MTU {mtu}", "Gbit/s", MACHINE, {"mtu": mtu},
                   stream(reverse=reverse))
        yield ("qemu", f"QEMU socket, connections, 32 at once, MTU {mtu}", "1/s", MACHINE,
               {"mtu": mtu}, crr(20000, 32))
    for reverse in False, True:
        way = "host to machine" if reverse else "machine to host"
        for mtu in 1500, 65520:
            yield ("vm", f"emulated machine, {way}, MTU {mtu}", "Mbit/s",
                   REAL if mtu == 1500 else REAL[:-1], {"mtu": mtu},
                   machine.transfer(reverse))
    for rtt in 20, 200:
        for loss in 0, 0.01, 1:
            for reverse in False, True:
                way = "host to guest" if reverse else "guest to host"
                yield ("long", f"{way}, {rtt} ms, {loss} % lost", "Gbit/s", (Routed, Ours, *builds()),
                       {"mtu": 1500, "path": LongPath(rtt, loss)}, stream(reverse=reverse))
