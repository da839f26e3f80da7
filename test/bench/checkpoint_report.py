# SPDX-License-Identifier: GPL-2.0-or-later
"""checkpoint_report - tables and a picture of what checkpoint.py wrote

Reads build/bench/checkpoint.tsv; of rows measured more than once that of most runs counts.
Writes what is between two marks in doc/checkpoint.md, and doc/checkpoint.svg by gnuplot:
time by number of connections.  What was not measured is left empty.
"""
import os
import platform
import re
import subprocess
import time

from report import number, read

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOC, PICTURE = f"{TOP}/doc/checkpoint.md", f"{TOP}/doc/checkpoint.svg"
BEGIN, END = "<!-- make bench-checkpoint writes this -->\n", "<!-- as far as here -->\n"
ORDERS = (			# name, what it is, target for the last column, ms
    ("run", "checkpoint `--run`", None),
    ("hold, first of a process", "checkpoint `--hold`, the first of a process", 100),
    ("hold", "the same, in a process that restored", 100),
    ("restore", "restore `--hold`", 300),
    ("commit", "commit there, behind restore", None),
    ("commit, old process", "commit here, behind `--hold`", None),
    ("abort", "abort here", None),
    ("status", "status: does nothing", None),
)
DRAWN = {"run": "checkpoint --run", "hold": "checkpoint --hold", "restore": "restore --hold",
         "commit": "commit", "status": "status"}
QUEUES = {"unread": "in the receive queue, the guest does not read",
          "unsent": "in the send queue, the remote end does not read"}
PERIODIC_TARGET = 0.95		# of what is reached without a checkpoint
MACHINES = (			# row, column, target for the first byte, ms
    ("machine, 0 wait, 0 bytes each, bare", "none, a ping", None),
    ("machine, 0 wait, 0 bytes each, calm", "6 connections, calm", None),
    ("machine, 1000 wait, 0 bytes each, calm", "1006, calm", 50),
    ("machine, 0 wait, 0 bytes each", "6", None),
    ("machine, 1000 wait, 0 bytes each", "1006", 50),
    ("machine, 1000 wait, 80000 bytes each", "1006, 80 kB in each", 150),
)
STEPS = (
    ("A: checkpoint, held", "checkpoint written"),
    ("B: restored, held", "restored"),
    ("B: the state of the machine is there", "the state of the machine is there"),
    ("B: the address is there, announced", "the address is there"),
    ("the machine runs", "the machine runs"),
    ("B: commit: everything goes on", "`passt` goes on"),
    ("the client has a segment of B", "the client has a segment of B"),
    ("the client has a byte of B", "the client has a byte of the machine"),
)


def verdict(value, target, met):
    """A target, and whether it is met"""
    return f"{target}: {'met' if met(value) else 'missed'}" if value is not None else target


def below(value, ms):
    """A target in ms, if there is one"""
    return "" if ms is None else verdict(value, f"< {ms}", lambda v: v < ms)


class Figures:
    """Medians, by name of a row, what of it, and unit"""

    def __init__(self, path):
        self.rows = read(path)

    def of(self, row, what="", unit="ms", column="ours"):
        """Return one; None: it was not measured"""
        found = self.rows.get((f"{row}: {what}" if what else row, unit), {})
        return found[column][0] if column in found else None

    def text(self, *which):
        """The same as text"""
        value = self.of(*which)
        return "" if value is None else number(value)

    def spread(self, row, what):
        """The same with the least and the most, of this program, ms"""
        median, _, least, most = self.rows.get((f"{row}: {what}" if what else row, "ms"), {}).get(
            "ours", (None,) * 4)
        return "" if median is None else f"{median:.0f} ({least:.0f} - {most:.0f})"

    def counts(self):
        """Return the numbers of connections there are figures for"""
        found = (re.fullmatch(r"(\d+) connections", name) for name, _ in self.rows)
        return sorted(int(m[1]) for m in found if m)

    def repeats(self):
        """Return the least number of runs a median is of, and the most"""
        numbers = [n for row in self.rows.values() for _, n, _, _ in row.values()]
        return min(numbers), max(numbers)


def table(head, lines):
    """Return Markdown"""
    return "\n".join("| " + " | ".join(cells) + " |"
                     for cells in (head, ["---"] * len(head), *lines)) + "\n"


def by_count(f):
    """Orders by number of connections"""
    counts, lines = f.counts(), []
    for name, what, target in ORDERS:
        cells = []
        for n in counts:
            inside, outside = (f.text(f"{n} connections", name, u) for u in ("ms", "ms outside"))
            cells.append(f"{inside} ({outside})" if inside else f"({outside})" if outside else "")
        last = f.of(f"{counts[-1]} connections", name) if counts else None
        lines.append([what, *cells, below(last, target)])
    lines.append(["image, bytes a connection",
                  *(f.text(f"{n} connections", "", "bytes each") for n in counts), ""])
    return table(["ms", *map(str, counts), f"target, {counts[-1] if counts else ''}"], lines)


def by_queue(f):
    """Orders where bytes are in the queues: us a connection"""
    lines = []
    for key, where in QUEUES.items():
        row = f"1000 connections, {key}"
        cells = [f.text(row, "in the queue", "bytes each"), f.text(row, "", "bytes each")]
        # ms for a thousand are us for one
        cells += [f.text(row, name) for name in ("run", "hold", "restore")]
        lines.append([where, *cells, f.text(row, "commit", "ms outside")])
    return table(["bytes", "of them", "image", "`--run`", "`--hold`", "restore", "commit"], lines)


def periodic(f):
    """A stream, with and without"""
    lines = []
    for name in sorted(n for n, unit in f.rows if unit == "of the rate"):
        ratio, _, least, most = f.rows[name, "of the rate"]["ours"]
        lines.append([name, f.text(name, "without", "Gbit/s"),
                      f"{ratio:.3f} ({least:.3f} - {most:.3f})",
                      verdict(ratio, f"> {PERIODIC_TARGET}", lambda v: v > PERIODIC_TARGET),
                      f.text(name, "a checkpoint")])
    return table(["one stream, MTU 1500; so many more", "without, Gbit/s", "with, relative",
                  "target", "a checkpoint, ms"], lines)


def machines(f):
    """A machine that moves"""
    lines = [[what, *(f.spread(row, step) for row, _, _ in MACHINES)] for step, what in STEPS]
    lines.append(["target", *(below(f.of(row, STEPS[-1][0]), ms) for row, _, ms in MACHINES)])
    return table(["ms since `STOP`", *(column for _, column, _ in MACHINES)], lines)


def processor():
    """Return the name of the processor"""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        return next((line.split(":")[1].strip() for line in f if "model name" in line), "unknown")


def section(f):
    """Return all of it"""
    least, most = f.repeats()
    runs = least if least == most else f"{least} to {most}"
    return f"""
On {time.strftime("%Y-%m-%d")}, {os.cpu_count()} processors ({processor()}) for everything, \
{platform.system()} {platform.release()}; medians of {runs} runs.
`make bench-checkpoint` measures anew and writes this, `BENCH='-n 3 count'` measures a part.

![time by number of connections](checkpoint.svg)

Connections that wait, their queues empty. In ms by the program's own clock, in brackets what
`passtctl` takes from start to end:

{by_count(f)}
1000 connections with bytes in the queue of the host's socket, MTU 1500; us a connection:

{by_queue(f)}
A stream in seconds in which a checkpoint is made, `--run` to a file in memory, relative to the same
stream in the seconds between, in turn; from the least to the most of the runs:

{periodic(f)}
A machine moves ([migration.md](migration.md)), its client and it send, other connections wait; both
QEMUs (TCG, no KVM), both `passt`, client and switch share the processors. They send at full speed, or
*calm*: the client sends 13 Mbit/s and reads 105, which the machine fills. With *none* the machine
only pings each 10 ms, and its first echo request counts as segment and byte: what is there is QEMU's time
and the rig's, and the floor. Medians, and from the least to the most:

{machines(f)}"""


def picture(f):
    """Draw time by number of connections"""
    blocks, plots = [], []
    for i, (name, title) in enumerate(DRAWN.items()):
        points = [(n, f.of(f"{n} connections", name, "ms outside")) for n in f.counts()]
        text = "\n".join(f"{n} {v:.4f}" for n, v in points if v)
        if not text:
            continue
        blocks.append(f"$d{i} << EOD\n{text}\nEOD")
        style = "lines dt 2 lc rgb '#909090'" if name == "status" else "linespoints pt 7"
        plots.append(f"$d{i} using 1:2 with {style} title '{title}'")
    script = f"""
set terminal svg size 700,420 font 'sans,11' background '#ffffff' noenhanced
set output '{PICTURE}'
set title 'passtctl from start to end, ms, by number of connections'
set logscale xy
set xrange [80:13000]
set grid x y
set key top left
{chr(10).join(blocks)}
plot {", ".join(plots)}
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def main():
    """Read, write, draw"""
    f = Figures(f"{TOP}/build/bench/checkpoint.tsv")
    with open(DOC, encoding="utf-8") as doc:
        text = doc.read()
    before, _, rest = text.partition(BEGIN)
    _, _, behind = rest.partition(END)
    with open(DOC, "w", encoding="utf-8") as doc:
        doc.write(before + BEGIN + section(f) + END + behind)
    if f.counts():
        picture(f)


main()
