# SPDX-License-Identifier: GPL-2.0-or-later
"""machine - a guest at the socket of passt, which may be another one's later

The guest is a kernel with a tap device that stays; a cable leads from there to the socket of
one passt or the other, as QEMU would.  Hosts are those of hosts.py.
"""
import itertools
import os
import socket
import subprocess

from carry import TMP, Carried, sysctl
from ends import WAIT, guest, want
from hosts import CLIENT4, CLIENT6, SERVICE4, SERVICE6, run


class Machine:
    """The guest, whose kernel keeps its device when the cable goes"""

    def __init__(self):
        self.cable = None
        sysctl({"tcp_wmem": "4096 400000 4000000"}, (guest,))
        with guest:
            for line in ("tuntap add dev eth0 mode tap", "link set lo up", "link set eth0 up",
                         f"addr add {SERVICE4}/24 dev eth0",
                         f"addr add {SERVICE6}/64 dev eth0 nodad",
                         f"route add default via {CLIENT4}", f"route add default via {CLIENT6}"):
                run("ip", *line.split())

    def start(self, plug):
        """Lay a cable to a connected socket of passt"""
        with guest, open(f"{TMP}/cable.log", "ab") as log:
            self.cable = subprocess.Popen(
                [f"{os.environ['TOOL_DIR']}/impair", "--netns-tap", "eth0", "--fd",
                 str(plug.fileno())], pass_fds=[plug.fileno()], stdout=log, stderr=log)
        plug.close()

    def stop(self):
        """Take it away, with the frames in it"""
        self.cable.terminate()
        want(0, self.cable.wait(WAIT), "status of the cable")


class Passt(Carried):
    """One on a host, with a socket for the machine"""

    count = itertools.count(1)

    def __init__(self, place, ports):
        n = next(self.count)
        self.socket = f"{TMP}/{place.name}{n}.sock"
        super().__init__("passt", "-s", self.socket, "-i", "eth0", "-a", SERVICE4, "-n", "24",
                         "-g", CLIENT4, "-a", SERVICE6, "--no-map-gw", "-t", ports,
                         place=place, name=f"passt-{place.name}{n}")

    def plug(self):
        """Return a connection to it, for a cable"""
        s = socket.socket(socket.AF_UNIX)
        s.connect(self.socket)
        return s

    def state(self):
        """Return what it says it does"""
        return self.told("status").split()[1]
