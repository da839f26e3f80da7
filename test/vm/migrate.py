# SPDX-License-Identifier: GPL-2.0-or-later
"""migrate - a machine moves from one host to another, and its connections with it

    +-- host A --------------+        +-- client ----+        +-- host B --------------+
    | QEMU ==socket== passt  |        | 192.0.2.1    |        | passt ==socket== QEMU  |
    |        eth0 192.0.2.10 |---+----| 2001:db8::1  |---+----| eth0                   |
    |        2001:db8::10    |   |    +--------------+   |    | lo 192.0.2.10, ::10    |
    +------------------------+   +------- bridge --------+    +------------------------+

usage: migrate.py [--idle N [--queued BYTES]] [--calm | --bare] [--memory MB] [--limit MS]
		  [--explain] [--abort | --wrong WAY]

The service address, 192.0.2.10 and 2001:db8::10, goes from A to B with the machine.  The
order of things, and why, is in doc/migration.md; move() below is it.  Connections of the
client and of the machine are in all that: one in each direction at full speed, sessions
that wait, and two others where one end has said all, either of them.  Every byte is
compared, and nobody may send or get a reset.

Each line is a step that held; during the move, when it did: ms since the machine stopped.

--idle N: so many more sessions wait.  --queued BYTES: in each the client has said so much
that the machine does not read before it is on B.  Its buffer is small, so nearly all is in
the receive queue of a socket of passt, and moves with it.

--calm: the client does not send and read as fast as two processors can, but CALM bytes each
10 ms: 13 Mbit/s, of which a machine under TCG takes all, and 105 Mbit/s.  --bare: there is no
connection at all, only a ping of the machine, each 10 ms: what is left is QEMU's time, and the
rig's.

--abort calls it off when B has got everything: all goes on where it was.

--wrong does it in a way that has to fail: A still hears and answers when its checkpoint was
written (hears), B has the address before it knows the connections (early), or the machine
runs on B before passt does (runs).
"""
import argparse
import fcntl
import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time

from carry import sockets
from ends import WAIT, accept, read, tcp_counter, until, want
from hosts import (CLIENT4, ETH_ALL, ETH_IP, SERVICE4, SERVICE6, TMP, Network, ended,
                   readable)

TOP, PROG_DIR = os.environ["TOP"], os.environ["PROG_DIR"]
VM_DIR = os.environ.get("VM_DIR", f"{TOP}/build/vm")
ECHO, HALF, UP, LATER = 2022, 2023, 2024, 2025	# ports of the machine
DOWN, HALF_OUT = 7001, 7003		# ports of the client
BLOCK, BLOCKS = 1 << 20, 16
SMALL = 4096				# receive buffer of a machine that reads later
NEARLY = 0.9				# of that has to be in the queue of passt's socket
PATIENCE = 120				# seconds, for a thousand processes that wake up at once
IP_ICMP, IP_TCP = 1, 6
CALM, CALM_PAUSE = (1 << 14, 1 << 17), 0.01	# bytes sent, read; s
PIPE = 1 << 20
SO_TIMESTAMPNS = 35
WRONG = ("hears", "early", "runs")


class Clock:
    """What time it is in the move; nothing before it began"""
    stopped = None

    def text(self, at=None):
        """Return what time it is, or was at @at, as a line begins"""
        return f"{((at or time.time()) - self.stopped) * 1e3:6.1f} ms  " if self.stopped else ""


clock = Clock()


def say(what, detail="", at=None):
    """Print a line about what held, at a time, s since 1970, or now"""
    print(f"ok    {clock.text(at) + what:<58} {detail}".rstrip(), flush=True)


def headline(what):
    """Say what follows"""
    print(f"\n--- {what}", flush=True)


def explain(*lines):
    """Say why, if that is wanted"""
    if args.explain:
        for line in lines:
            print(f"      | {line}", flush=True)


class Passt:
    """Our program on a host"""

    def __init__(self, host):
        self.host, self.ctl, self.sock = host, f"{TMP}/{host.name}.ctl", f"{TMP}/{host.name}.sock"
        self.process = host.start(
            f"{PROG_DIR}/passt", "-f", "-s", self.sock, "--control", self.ctl, "-i", "eth0",
            "-a", SERVICE4, "-n", 24, "-g", CLIENT4, "-a", SERVICE6, "--no-map-gw",
            "-t", f"{ECHO},{HALF},{UP},{LATER}", log=f"passt-{host.name}")
        until(lambda: self.process.poll() is not None or os.path.exists(self.ctl))
        want(None, self.process.poll(), f"passt on {host.name} ended")

        # What passtctl does, without a process for each order: that takes longer than they do
        self.orders = socket.socket(socket.AF_UNIX)
        self.orders.settimeout(60)
        self.orders.connect(self.ctl)
        self.replies = self.orders.makefile("r", encoding="utf-8")

    def begin(self, order, fd=None, **arguments):
        """Give it an order, and a descriptor that belongs to it"""
        line = json.dumps({"execute": order, "arguments": arguments}) + "\n"
        socket.send_fds(self.orders, [line.encode()], [] if fd is None else [fd])

    def end(self):
        """Wait for what it answers"""
        answer = json.loads(self.replies.readline())
        if "return" not in answer:
            raise AssertionError(f"passt on {self.host.name}: {answer}")

    def ask(self, order):
        """Give it an order, and wait"""
        self.begin(order)
        self.end()

    def said(self):
        """Return its last line"""
        with open(f"{TMP}/passt-{self.host.name}.log", encoding="utf-8") as f:
            lines = f.read().splitlines()
        return next((line for line in reversed(lines) if "heckpoint" in line), "")


def odd(megabytes):
    """Return an amount of memory for -m: a bit less, so that it is no multiple of 256 kB

    Of what is a multiple QEMU 7.2 with TCG loses some that the machine writes meanwhile, and
    the machine crashes behind the move (doc/migration.md, "QEMU without KVM").
    """
    return f"{megabytes * 1024 - 8}K"


class Qemu:
    """A machine, or what is going to be it, at the socket of passt"""

    def __init__(self, host, passt, memory, *more):
        self.host, self.steps = host, 0
        path = f"{TMP}/{host.name}.qmp"
        self.process = host.start(
            "qemu-system-x86_64", "-M", "pc,accel=tcg", "-cpu", "max", "-m", odd(memory),
            "-nodefaults", "-display", "none", "-serial", "stdio",
            "-kernel", f"{VM_DIR}/kernel/vmlinuz", "-initrd", f"{VM_DIR}/initrd",
            "-append", "console=ttyS0 quiet loglevel=3",
            "-netdev", f"stream,id=n0,server=off,addr.type=unix,addr.path={passt.sock}",
            "-device", "virtio-net-pci,netdev=n0,mac=52:54:00:12:34:56",
            "-qmp", f"unix:{path},server=on,wait=off", *more, log=f"qemu-{host.name}",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        until(lambda: self.process.poll() is not None or os.path.exists(path))
        want(None, self.process.poll(), f"QEMU on {host.name} ended")
        self.qmp = socket.socket(socket.AF_UNIX)
        until(lambda: not self.qmp.connect_ex(path))
        self.qmp.settimeout(60)
        self.lines = self.qmp.makefile("r", encoding="utf-8")
        self.events = []
        self.lines.readline()
        self.ask("qmp_capabilities")
        self.ask("migrate-set-capabilities",
                 capabilities=[{"capability": "events", "state": True}])

    def ask(self, command, **arguments):
        """Ask QEMU for something"""
        self.qmp.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
        while True:
            answer = json.loads(self.lines.readline())
            if "error" in answer:
                raise AssertionError(f"QEMU, {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
            self.events.append(answer)

    def last_words(self):
        """Return what else it says on its console: a kernel that crashed does, and why"""
        os.set_blocking(self.process.stdout.fileno(), False)
        time.sleep(0.1)
        return (self.process.stdout.read() or b"").decode(errors="replace")

    def event(self, name, status=None):
        """Wait for an event; return when it was, s since 1970"""
        while True:
            for e in self.events:
                data = e.get("data", {})
                if data.get("status") == "failed":
                    raise AssertionError("the migration failed")
                if e["event"] == name and status in (None, data.get("status")):
                    self.events.remove(e)
                    return e["timestamp"]["seconds"] + e["timestamp"]["microseconds"] / 1e6
            self.events.append(json.loads(self.lines.readline()))

    def answer(self):
        """Return what the machine says of the step it was told"""
        mark = b"STEP %d " % self.steps
        for line in self.process.stdout:
            at = line.find(mark)
            if at >= 0:
                rest = line[at:].decode().split(" ", 3)[3].strip()
                if not rest.startswith("ok"):
                    raise AssertionError(f"the machine: {line}")
                return rest[2:].strip()
        raise AssertionError("the machine ended")

    def step(self, *words):
        """Have the machine take a step (test/vm/init); return what it says about it"""
        self.steps += 1
        self.process.stdin.write(f"{self.steps} {' '.join(words)}\n".encode())
        self.process.stdin.flush()
        return self.answer()

    def sh(self, command):
        """Have it run a command; return the last line of it"""
        return self.step("sh", command)

    def script(self, name, *lines):
        """Give it a program"""
        self.sh(f"echo '#!/bin/sh' >/tmp/{name}; chmod 755 /tmp/{name}")
        for line in lines:
            self.sh(f"echo '{line}' >>/tmp/{name}")

    def summed(self, name):
        """Return the checksum in a file of the machine that a program writes at its end"""
        return self.sh(f"until [ -s /tmp/{name} ]; do usleep 20000; done; cut -c 1-64 /tmp/{name}")


class Sender(threading.Thread):
    """Sends until it is told to stop, at full speed or calmly"""

    def __init__(self, s):
        super().__init__(daemon=True)
        self.s, self.sum, self.sent, self.more = s, hashlib.sha256(), 0, True
        self.start()

    def run(self):
        while self.more:
            block = os.urandom(CALM[0] if args.calm else BLOCK // 16)
            self.s.sendall(block)
            self.sum.update(block)
            self.sent += len(block)
            if args.calm:
                time.sleep(CALM_PAUSE)
        self.s.shutdown(socket.SHUT_WR)


class Reader(threading.Thread):
    """Reads blocks, which all have to be like the first one"""

    def __init__(self, s):
        super().__init__(daemon=True)
        self.s, self.got, self.first, self.wrong = s, 0, b"", None
        self.start()

    def run(self):
        try:
            self.first = read(self.s, BLOCK)
            self.got = len(self.first)
            while data := self.s.recv(CALM[1] if args.calm else BLOCK):
                place = self.got % BLOCK
                if data != (self.first + self.first)[place:place + len(data)]:
                    raise AssertionError(f"wrong byte behind {self.got}")
                self.got += len(data)
                if args.calm:
                    time.sleep(CALM_PAUSE)
        except (OSError, AssertionError) as e:
            self.wrong = e


class Watch:
    """Sees what comes to the client by itself: when it hears of a host first"""

    def __init__(self, client, mac):
        self.mac = mac
        with client:
            # Bound later, from hearing nothing: else that takes the kernel a grace period
            self.s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.s.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

    def begin(self):
        """From now on"""
        self.s.bind(("eth0", ETH_ALL))

    def packet(self, protocol):
        """Wait for the next packet of that host: return when it came, and its bytes"""
        while True:
            want(True, readable(self.s), "segments of B")
            frame, extra, _, _ = self.s.recvmsg(256, 64, socket.MSG_TRUNC)
            if frame[6:12] != self.mac or frame[12:14] != ETH_IP.to_bytes(2, "big") or \
                    frame[23] != protocol:
                continue
            seconds, nanoseconds = struct.unpack("qq", extra[0][2])
            return seconds + nanoseconds / 1e9, frame[14:]

    def segment(self):
        """Wait for the next TCP segment of that host: return when it came, and its length"""
        at, packet = self.packet(IP_TCP)
        ip = (packet[0] & 15) * 4
        return at, int.from_bytes(packet[2:4], "big") - ip - (packet[ip + 12] >> 4) * 4

    def first(self):
        """Return when the first one came, and the first one with bytes in it"""
        at, length = self.segment()
        begin = at
        while not length:
            at, length = self.segment()
        return begin, at


class World(Network):
    """The hosts, the client, the machine, and its connections"""

    def __init__(self):
        super().__init__()
        if args.queued:
            self.a.sysctl("ipv4/tcp_rmem", f"4096 {8 * args.queued} {6 << 20}")
        self.passt_a, self.passt_b = Passt(self.a), Passt(self.b)
        for host in (self.a, self.b) if args.bare else ():
            host.sysctl("ipv4/ping_group_range", "0 0")
        self.listeners = {p: self.c.listen(CLIENT4, p) for p in (DOWN, HALF_OUT)}
        self.vm = self.next = None
        self.idle = []

    def boot(self):
        """Start the machine on A, and its servers"""
        self.vm = vm = Qemu(self.a, self.passt_a, args.memory)
        say("host A: passt, QEMU, the machine boots", vm.answer())
        say("the machine has addresses", vm.step("dhcp4") + ", " + vm.step("ra"))
        vm.sh(f"head -c {BLOCK} /dev/urandom >/tmp/block")
        vm.script("half", "sha256sum | cut -c 1-64",
                  "until [ -e /tmp/go ]; do usleep 20000; done", "cat /tmp/block")
        # A new process takes long in there, so seldom one
        vm.script("up", "until [ -e /tmp/stop ]; do",
                  f"cat {' '.join(['/tmp/block'] * BLOCKS)} && echo >>/tmp/blocks", "done")
        for port, program in ((ECHO, "cat"), (HALF, "/tmp/half"), (UP, "/tmp/up")):
            serve(vm, port, program)
        if args.queued:
            # An echo that waits, once it has been used, until somebody opens the gate
            vm.sh("mkfifo /tmp/gate")
            vm.script("later", "read -r -n 5 word", "echo -n $word", "read -r go </tmp/gate",
                      "exec cat")
            rmem = "/proc/sys/net/ipv4/tcp_rmem"
            vm.sh(f"cat {rmem} >/tmp/rmem; echo {SMALL} {SMALL} {SMALL} >{rmem}")
            serve(vm, LATER, "/tmp/later")
            vm.sh(f"cat /tmp/rmem >{rmem}")

    def connect(self):
        """Open all connections"""
        vm, c = self.vm, self.c
        if args.bare:
            vm.sh(f"ping -i {CALM_PAUSE} {CLIENT4} >/dev/null 2>/dev/null &")
            say("no connection, a ping")
            return
        self.ssh4, self.ssh6 = c.dial(SERVICE4, ECHO), c.dial(SERVICE6, ECHO)
        for s in (self.ssh4, self.ssh6):
            typed(s, b"before")
        say("two sessions that wait, IPv4 and IPv6")

        self.half_in = c.dial(SERVICE4, HALF)
        data = os.urandom(300000)
        self.half_in.sendall(data)
        self.half_in.shutdown(socket.SHUT_WR)
        want(hashlib.sha256(data).hexdigest(), read(self.half_in, 65).decode().strip())
        say("one where the client has said all")

        vm.sh(f"nc {CLIENT4} {HALF_OUT} </dev/null 2>/dev/null | sha256sum >/tmp/half-out &")
        self.half_out = accept(self.listeners[HALF_OUT])
        want(b"", self.half_out.recv(1), "the end of what the machine says")
        self.half_data = os.urandom(200000)
        self.half_out.sendall(self.half_data)
        say("one where the machine has said all")
        self.more_idle()

        vm.sh(f"sleep 9999 | nc {CLIENT4} {DOWN} 2>/dev/null | sha256sum >/tmp/down &")
        self.sender = Sender(accept(self.listeners[DOWN]))
        self.reader = Reader(c.dial(SERVICE4, UP))
        until(lambda: self.reader.got > BLOCK and self.sender.sent > BLOCK)
        say(f"one that receives and one that sends, {'calmly' if args.calm else 'at full speed'}")

    def more_idle(self):
        """Some more that wait"""
        began = time.time()
        for _ in range(args.idle):
            self.idle.append(self.c.dial(SERVICE4, LATER if args.queued else ECHO))
            typed(self.idle[-1], b"hello")
        if self.idle:
            say(f"{len(self.idle)} that wait, and have been used",
                f"opened in {time.time() - began:.1f} s")
        self.words = memoryview(os.urandom(args.queued + args.idle))
        if self.idle and args.queued:
            self.queue()

    def said(self):
        """Yield each of those that wait, and what it said that was not read"""
        for i, s in enumerate(self.idle):
            yield s, self.words[i:i + args.queued]

    def queue(self):
        """They say it"""
        for s, text in self.said():
            s.sendall(text)

        def waiting():
            found = [n for (near, _), (_, n, _) in sockets(self.a).items() if near == LATER]
            return sum(found) >= NEARLY * args.idle * args.queued and found
        queues = until(waiting)
        say(f"and {args.queued} bytes in each that the machine does not read",
            f"in queues on A: {min(queues)} to {max(queues)}")

    def check(self):
        """All bytes come to where they belong, behind the move"""
        if args.bare:
            return
        vm, reader, sender = self.next, self.reader, self.sender
        for s, said in ((self.ssh4, b"typed meanwhile, "), (self.ssh6, b"")):
            s.sendall(b"after")
            want(said + b"after", read(s, len(said) + 5))
        say("both sessions answer", "what was typed meanwhile too")

        got, sent = reader.got, sender.sent
        until(lambda: reader.wrong or reader.got > got + 2 * BLOCK)
        until(lambda: sender.sent > sent + 4 * BLOCK)
        vm.sh("echo >/tmp/stop; echo >/tmp/go")
        sender.more = False
        for thread in (reader, sender):
            thread.join(WAIT)
            want(False, thread.is_alive(), "the end comes")
        want(None, reader.wrong)
        want(vm.sh("sha256sum /tmp/block | cut -c 1-64"),
             hashlib.sha256(reader.first).hexdigest(), "first block")
        want(int(vm.sh("wc -l </tmp/blocks")) * BLOCKS * BLOCK, reader.got,
             "bytes the machine sent")
        say("all the machine sent came", f"{reader.got} bytes, {reader.got >> 20} times a block")
        want(sender.sum.hexdigest(), vm.summed("down"), "bytes the machine received")
        say("it received all that was sent", f"{sender.sent} bytes, "
            f"sha256 {sender.sum.hexdigest()[:16]}...")

        want(hashlib.sha256(reader.first).hexdigest(),
             hashlib.sha256(read(self.half_in, 2 * BLOCK)).hexdigest(), "half-closed, in")
        more = os.urandom(100000)
        self.half_out.sendall(more)
        self.half_out.close()
        want(hashlib.sha256(self.half_data + more).hexdigest(), vm.summed("half-out"),
             "half-closed, out")
        say("who had said all heard the rest", "1048576 and 300000 bytes, sha256 as sent")
        if self.idle:
            self.wake()

    def wake(self):
        """Those that wait answer; in front of it comes what was not read"""
        if args.queued:
            self.next.sh("echo >/tmp/gate")
        for s, text in self.said():
            s.settimeout(PATIENCE)
            s.sendall(b"there")
            got = read(s, len(text) + 5)
            want(True, got == bytes(text) + b"there", f"{len(got)} bytes echoed as sent")
        say(f"those that wait answer: {len(self.idle)}",
            f"{args.queued} bytes first, of each" if args.queued else "")

    def fresh(self):
        """Connections are made in both directions as before"""
        typed(self.late, b"late")
        say("a connection begun meanwhile was made")
        if args.bare:
            return
        with self.c.dial(SERVICE6, ECHO) as s:
            typed(s, b"new")
        self.next.sh(f"echo fine | nc {CLIENT4} {DOWN} >/dev/null &")
        with accept(self.listeners[DOWN]) as s:
            want(b"fine\n", read(s, 5))
        say("new connections come in and go out")


def serve(vm, port, program):
    """Have the machine run a program for whoever calls"""
    vm.sh(f"nc -ll -p {port} -e {program} </dev/null >/dev/null 2>/dev/null &")
    vm.sh(f"until netstat -tln | grep -q :{port}; do usleep 20000; done")


def typed(s, text):
    """Type something: it has to be echoed"""
    s.sendall(text)
    want(text, read(s, len(text)), "echo")


def counters(host):
    """Return how many resets were sent; and by the client, how many connections of its ended
    so: on the hosts that counts what vanishes too"""
    what = ("OutRsts", "EstabResets") if host.name == "C" else ("OutRsts",)
    return {n: tcp_counter(host, n) for n in what}


def begin_hand_over(a, b, save, **load):
    """What one writes the other reads: a pipe here, ssh between hosts"""
    out, into = os.pipe()
    fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, PIPE)	# neither has to wait for its turn so often
    a.begin("checkpoint", into, **save)
    b.begin("restore", out, **load)
    os.close(out)
    os.close(into)


def end_hand_over(a, b):
    """Both are done"""
    a.end()
    b.end()


def move(w):
    """From A to B; this order loses nothing (doc/migration.md)"""
    wrong, qa, a, b, path = args.wrong, w.vm, w.passt_a, w.passt_b, f"{TMP}/migration"
    stays = not args.resumes and wrong != "runs"
    w.next = qb = Qemu(w.b, b, args.memory, "-incoming", f"unix:{path}", *["-S"] * stays)
    qb.steps = qa.steps
    say("host B: passt, QEMU, both wait")
    watch = Watch(w.c, w.b.mac)
    lose, have, tell = w.a.losing(), w.b.taking(), w.b.announcing()
    explain("B has the service address on lo, so that sockets can be bound to it, and tells nobody",
            "(arp_ignore).  Its machine does not run before it is told to (-S).")
    if not wrong:
        begin_hand_over(a, b, {"mode": "flows"})
        end_hand_over(a, b)
        say("B: knows which connections there are", b.said().partition(": ")[2])
        explain("Their sockets are begun.  From now on B drops what comes for the service address.")
    qa.ask("migrate-set-parameters",
           **{"max-bandwidth": 1 << 34, "downtime-limit": args.limit})
    qa.ask("migrate", uri=f"unix:{path}")
    say("memory goes, the machine runs, bytes flow")

    clock.stopped = qa.event("STOP")
    say("A: the machine has stopped", "QMP event STOP")
    if wrong == "runs":
        qb.event("RESUME")
        qb.sh("sleep 1")
    if wrong == "early":
        have()
        tell()
        meanwhile(w)
    explain("The guest does nothing any more.  Now A drops what comes for the service address and",
            "writes down the state of each connection; B reads that as it is written.")
    begin_hand_over(a, b, {"mode": "run" if wrong == "hears" else "hold", "known": not wrong},
                    hold=True)
    if wrong != "hears":
        lose()
    say("A: the address is gone", "packets to it are dropped")
    watch.begin()			# what A sent has not to fill its buffer
    explain("Meanwhile the client types into a session, and begins a new connection:",
            "nobody answers, so its TCP will try again.")
    if wrong != "early":
        meanwhile(w)
    end_hand_over(a, b)
    say("A: checkpoint, held", a.said().partition(": ")[2])
    say("B: restored, held", b.said().partition(": ")[2])
    if wrong != "early":
        have()
        tell()
        say("B: the address is there, announced", "gratuitous ARP, unsolicited NA")
    if args.abort:
        return call_off(w, qb)
    say("B: the state of the machine is there", at=qb.event("MIGRATION", "completed"))
    explain("Until here it can be called off: abort on both hosts, and A's machine goes on.",
            "B knows all connections.  What comes is acknowledged from the commit on.")
    if stays:
        qb.ask("cont")
    resumed = qb.event("RESUME") if wrong != "runs" else clock.stopped
    say("B: the machine runs", "what it sends waits in the socket to passt", resumed)
    b.ask("commit")
    say("B: commit: everything goes on", "each socket asks for the other end's window")
    heard, first = watch.packet(IP_ICMP)[:1] * 2 if args.bare else watch.first()
    if wrong != "hears":
        a.ask("commit")
        want(0, ended(a.process), "passt on A")
    say("A: commit: passt has ended, without a packet")
    w.b.settle()
    stopped, clock.stopped = clock.stopped, None
    return {"the machine runs": resumed - stopped,
            "the client has a segment of B": heard - stopped,
            "the client has a byte of B": first - stopped}


def call_off(w, qb):
    """It was a mistake: all goes on where it was"""
    qb.event("MIGRATION", "completed")
    qb.process.terminate()
    # On lo too: the client sends here until A is announced, and then nobody drops it
    w.b.ip(f"addr del {SERVICE4}/24 dev eth0", f"addr del {SERVICE6}/64 dev eth0")
    w.b.settle()
    say("B: the address is gone", "until now packets to it were dropped")
    w.passt_b.ask("abort")
    want(0, ended(w.passt_b.process), "passt on B")
    say("B: abort: passt has ended, without a packet")
    w.a.own()
    w.a.announce()
    say("A: the address is back, announced")
    w.passt_a.ask("abort")
    w.vm.ask("cont")
    w.vm.event("RESUME")
    say("A: abort, the machine runs", "QEMU had sent everything, and kept it")
    clock.stopped = None
    w.next = w.vm
    return {}


def meanwhile(w):
    """What a client does while nobody is there: it types, it calls"""
    if not args.bare:
        w.ssh4.sendall(b"typed meanwhile, ")
    w.late = w.c.socket(SERVICE4)
    w.late.setblocking(False)
    want(115, w.late.connect_ex((SERVICE4, ECHO)), "EINPROGRESS")
    w.late.settimeout(WAIT)


def options():
    """Return those of the command line"""
    parser = argparse.ArgumentParser()
    parser.add_argument("--idle", type=int, default=0, help="so many more that wait")
    parser.add_argument("--queued", type=int, default=0, help="bytes that wait in each of them")
    parser.add_argument("--calm", action="store_true", help="bytes flow slowly")
    parser.add_argument("--bare", action="store_true", help="no connections")
    parser.add_argument("--memory", type=int, default=256, help="of the machine, MB")
    parser.add_argument("--limit", type=int, default=30, help="ms QEMU may need, it thinks")
    parser.add_argument("--resumes", action="store_true", help="B's machine does not wait")
    parser.add_argument("--explain", action="store_true", help="say why")
    parser.add_argument("--abort", action="store_true", help="call it off, late")
    parser.add_argument("--wrong", choices=WRONG, help="a way that has to fail")
    return parser.parse_args()


def main():
    """Do all of it"""
    sys.setswitchinterval(0.0005)	# who moves has not to wait for who sends
    w = World()
    headline("A machine with connections, on host A")
    w.boot()
    try:
        w.connect()
    except (AssertionError, OSError):
        print(w.vm.last_words(), file=sys.stderr)
        raise
    places = (w.a, w.b, w.c)
    before = [counters(p) for p in places]
    headline("It moves from host A to host B")
    try:
        took = move(w)
        headline("Behind the move")
        w.check()
        w.fresh()
    except (AssertionError, OSError):
        print(w.next.last_words() if w.next else "", file=sys.stderr)
        raise
    for place, was in zip(places, before):
        want(was, counters(place), f"resets sent and suffered by {place.name}")
    say("nobody sent or got a reset", "A, B, client")
    for to, seconds in took.items():
        say(f"pause, until {to}", f"{seconds * 1e3:.1f} ms")


args = options()
main()
