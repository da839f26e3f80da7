# SPDX-License-Identifier: GPL-2.0-or-later
"""hosts - two hosts and a client on one network, and an address that moves between them

    +-- host A --------------+     +-- client C ----+     +-- host B --------------+
    | eth0 192.0.2.10        |--+--| 192.0.2.1      |--+--| eth0                   |
    |      2001:db8::10      |  |  | 2001:db8::1    |  |  | lo 192.0.2.10, ::10    |
    +------------------------+  |  +----------------+  |  +------------------------+
                                +------- bridge -------+

The service address is what the program has on the host's side, so it goes along with the
connections; when, and why then, is in doc/migration.md.
"""
import os
import select
import socket
import struct
import subprocess

from ends import WAIT, Place, until, want

TMP = os.environ["TMP"]
CLIENT4, CLIENT6 = "192.0.2.1", "2001:db8::1"
SERVICE4, SERVICE6 = "192.0.2.10", "2001:db8::10"
ETH_ALL, ETH_IP, ETH_IP6, ETH_ARP = 0x0003, 0x0800, 0x86dd, 0x0806


def run(*argv, **more):
    """Run a command, which has to succeed"""
    subprocess.run([str(a) for a in argv], check=True, **more)


def readable(fd):
    """Wait until a descriptor can be read; return whether it can"""
    p = select.poll()
    p.register(fd, select.POLLIN)
    return bool(p.poll(WAIT * 1e3))


def ended(process):
    """Return the status of a process when it has ended; wait() looks only now and then"""
    fd = os.pidfd_open(process.pid)
    readable(fd)
    os.close(fd)
    return process.wait(0)


class Host(Place):
    """A namespace with an interface, eth0, at the bridge"""

    def __init__(self, name):
        self.name = name
        self.holder = subprocess.Popen(["unshare", "-n", "sleep", "3600"])
        mine, its = os.readlink("/proc/self/ns/net"), f"/proc/{self.holder.pid}/ns/net"
        until(lambda: os.readlink(its) != mine)
        super().__init__(self.holder.pid)
        run("ip", "link", "add", f"to{name}", "type", "veth", "peer", "name", "eth0",
            "address", f"02:00:00:00:00:0{name.lower()}", "netns", its)
        run("ip", "link", "set", f"to{name}", "master", "bridge", "up")
        for key in ("all.accept_dad", "default.accept_dad", "eth0.accept_dad"):
            self.sysctl(f"ipv6/conf/{key.replace('.', '/')}", 0)
        self.mac = bytes((2, 0, 0, 0, 0, int(name, 16)))
        self.ip("link set lo up", "link set eth0 up")

    def sysctl(self, key, value):
        """Set net.KEY, with slashes"""
        with self, open(f"/proc/sys/net/{key}", "w", encoding="ascii") as f:
            f.write(str(value))

    def start(self, *argv, log, **more):
        """Start a command here"""
        with self, open(f"{TMP}/{log}.log", "ab") as f:
            return subprocess.Popen([str(a) for a in argv], **{"stdout": f, "stderr": f, **more})

    def prepare(self, *lines):
        """Return what carries out lines of ip(8) when it is called: at once"""
        p = self.start("ip", "-batch", "-", log=f"ip-{self.name}", stdin=subprocess.PIPE)

        def go():
            p.communicate("".join(line + "\n" for line in lines).encode())
            want(0, p.returncode, f"ip on {self.name}: {lines}")
        return go

    def ip(self, *lines):
        """Carry out lines of ip(8)"""
        self.prepare(*lines)()

    def own(self):
        """Have the service address, and routes"""
        self.ip(f"addr add {SERVICE4}/24 dev eth0", f"addr add {SERVICE6}/64 dev eth0 nodad",
                f"route replace default via {CLIENT4}", f"route replace default via {CLIENT6}")

    def expect(self):
        """Be ready for it: sockets can be bound to what is on lo, nobody is told where it is"""
        self.sysctl("ipv4/conf/eth0/arp_ignore", 1)
        self.sysctl("ipv4/conf/eth0/arp_announce", 2)
        self.ip(f"addr add {SERVICE4}/32 dev lo", f"addr add {SERVICE6}/128 dev lo nodad",
                "route replace 192.0.2.0/24 dev eth0", "route replace 2001:db8::/64 dev eth0",
                f"route replace default via {CLIENT4} dev eth0",
                f"route replace default via {CLIENT6} dev eth0")

    def losing(self):
        """Return what takes the address away when it is called"""
        return self.prepare(f"addr del {SERVICE4}/24 dev eth0",
                            f"addr del {SERVICE6}/64 dev eth0")

    def taking(self):
        """Return what has the expected address come when it is called; settle() can wait"""
        return self.prepare(f"addr add {SERVICE4}/24 dev eth0",
                            f"addr add {SERVICE6}/64 dev eth0 nodad")

    def settle(self):
        """It came: it is not expected any more"""
        self.ip(f"addr del {SERVICE4}/32 dev lo", f"addr del {SERVICE6}/128 dev lo")

    def announcing(self):
        """Return what tells everybody on the network where the address is, when it is called:
        gratuitous ARP (RFC 5227, section 3) and an unsolicited neighbour advertisement (RFC
        4861, 7.2.6)

        To close a packet socket takes the kernel a grace period, 10 ms on a busy machine: so
        they are closed when nobody has the function any more.
        """
        mac, ip = self.mac, socket.inet_aton(SERVICE4)
        ip6 = socket.inet_pton(socket.AF_INET6, SERVICE6)
        with self:
            arp = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            nd = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
            interface = socket.if_nametoindex("eth0")
        arp.bind(("eth0", 0))		# which hears nothing
        nd.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        nd.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, interface)
        nd.bind((SERVICE6, 0))

        def go():
            arp.send(b"\xff" * 6 + mac + struct.pack("!HHHBBH", ETH_ARP, 1, ETH_IP, 6, 4, 1) +
                     mac + ip + bytes(6) + ip)
            # The flag says: override what you know; the kernel fills in the checksum
            nd.sendto(struct.pack("!BBHI", 136, 0, 0, 0x20000000) + ip6 + b"\x02\x01" + mac,
                      ("ff02::1", 0))
        return go

    def announce(self):
        """Tell everybody"""
        self.announcing()()


class Network:
    """The bridge and all there is at it; the address is on A, B expects it"""

    def __init__(self):
        run("ip", "link", "add", "bridge", "type", "bridge")
        run("ip", "link", "set", "bridge", "up")
        self.a, self.b, self.c = Host("A"), Host("B"), Host("C")
        self.c.ip(f"addr add {CLIENT4}/24 dev eth0", f"addr add {CLIENT6}/64 dev eth0 nodad")
        self.a.own()
        self.b.expect()
