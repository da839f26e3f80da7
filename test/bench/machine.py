# SPDX-License-Identifier: GPL-2.0-or-later
"""machine - a real virtual machine behind each program that can serve one

The machine is that of the tests (test/vm): its init takes steps from the console and
answers each with a line.  QEMU emulates the processor, which is the limit here: what
counts is the processor time that each program takes for the same bytes.
"""
import os
import socket
import time

import ends
from lab import REMOTE4, Failed, Passt, Vm, beside, cpu_seconds, host, remote

TOP = os.environ["TOP"]
SIZE = 100 << 20
PORT = 5400


class Machine(Vm):
    """A machine at this program's socket"""

    def __init__(self, mtu=1500, cpu=None):
        super().__init__(mtu, cpu)
        self.console, self.steps = None, 0

    def join(self):
        self.console = host.start(
            "qemu-system-x86_64", "-M", "pc,accel=tcg", "-cpu", "max", "-m", 256,
            "-nodefaults", "-display", "none", "-serial", "stdio",
            "-kernel", f"{TOP}/build/vm/kernel/vmlinuz", "-initrd", f"{TOP}/build/vm/initrd",
            "-append", "console=ttyS0 quiet loglevel=3", "-netdev", self.link(),
            "-device", "virtio-net-pci,netdev=n0")
        self.others.append(self.console)
        self.answer()

    def joined(self):
        return self.step("dhcp4")

    def link(self):
        """Return QEMU's word for the link, whose other end is there"""
        return f"stream,id=n0,server=off,addr.type=unix,addr.path={self.serve()}"

    def answer(self):
        """Return what the machine says of the step it was told"""
        mark = f"STEP {self.steps} "
        for line in self.console.stdout:
            at = line.find(mark)
            if at >= 0:
                _, _, _, rest = (line[at:].split(" ", 3) + [""])[:4]
                if not rest.startswith("ok"):
                    raise Failed(f"{self.name}: machine: {line.strip()}")
                return rest[2:].strip()
        raise Failed(f"{self.name}: the machine ended")

    def tell(self, *words):
        """Have it take a step, do not wait"""
        self.steps += 1
        self.console.stdin.write(f"{self.steps} {' '.join(words)}\n")
        self.console.stdin.flush()

    def step(self, *words):
        """Have it take a step; return what it says about it"""
        self.tell(*words)
        return self.answer()


class MachinePasst(Machine):
    """A machine at Debian's passt"""
    name, program = Passt.name, Passt.program


class MachineUser(Machine):
    """A machine with the network that is built into QEMU (libslirp)"""
    name = "QEMU user"

    def link(self):
        return "user,id=n0"


ALL = (Machine, MachinePasst, MachineUser)


def transfer(reverse):
    """Bytes between the machine and the remote end: Mbit/s"""
    def run(t):
        with ends.Place(remote.pid).listen(REMOTE4, PORT) as listener:
            t.tell("sh", f"nc {REMOTE4} {PORT} " +
                   (">/dev/null </dev/null" if reverse else "</dev/zero >/dev/null; true"))
            conn = ends.accept(listener)
        conn.settimeout(60)
        before, begin = t.cpu_seconds(), time.monotonic()
        qemu = cpu_seconds(t.console.pid)
        left, block = SIZE, bytearray(1 << 20)
        with conn:
            while left > 0:
                left -= conn.send(block) if reverse else conn.recv_into(block)
            if reverse:
                conn.shutdown(socket.SHUT_WR)
                conn.recv(1)
        took = time.monotonic() - begin
        t.answer()
        gib = SIZE / (1 << 30)
        if t.process:
            beside("CPU of the program", "s/GiB", (t.cpu_seconds() - before) / gib)
        beside("CPU with QEMU", "s/GiB",
               (t.cpu_seconds() - before + cpu_seconds(t.console.pid) - qemu) / gib)
        return SIZE * 8 / took / 1e6
    return run
