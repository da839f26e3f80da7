# SPDX-License-Identifier: GPL-2.0-or-later
"""instructions - what the program executes per segment, by callgrind and its cache model

	python3 test/bench/instructions.py

Runs scripts of test/script, so sockets, link and clock are fakes that cost the program
nothing: the kernel is not in these figures.  Each script is run in two lengths; their
difference, by the segments it has more, is the cost of one.  Prints instructions by
file of the program, and misses of the first-level data cache (D1) and of the last one (LL).
"""
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUN = f"{TOP}/build/rate/run"
SHORT, LONG = 200, 1200			# batches
MSS = 1460


def script(batches, size, batch, end):
    """Return a script: connect, so many batches of @size bytes, @end; {at} and {to} in @batch
    are the first byte of a batch and the one behind it"""
    with open(f"{TOP}/test/script/out.inc", encoding="ascii") as f:
        text = f.read()
    for i in range(batches):
        text += batch.format(at=1 + i * size, to=1 + (i + 1) * size, size=size)
    return text + end.format(at=1 + batches * size)


# Name, segments per batch, a batch, the end
SCRIPTS = (
    ("guest to host, 1460 bytes", 32,
     f"+1\tflood {{at}}:{{to}} {MSS}\n+0\tcall send {{size}}\n+0\texpect . ack {{to}}\n",
     "+0\tguest R {at}:{at}(0)\n+0\tcall abort\n"),
    ("host to guest, 1460 bytes", 16,
     f"+1\thost data {{size}}\n+0\tburst {{at}}:{{to}} {MSS}\n+0\tguest . ack {{to}} win 512\n",
     "+0\tguest R 1:1(0)\n+0\tcall abort\n"),
)


def profile(text, directory):
    """Return {file: [Ir, D1 misses, LL misses]} of one script"""
    path, out = f"{directory}/script.t", f"{directory}/callgrind.out"
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    subprocess.run(["valgrind", "--tool=callgrind", "--cache-sim=yes",
                    f"--callgrind-out-file={out}", RUN, path],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return by_file(out)


def by_file(path):
    """Return exclusive costs by source file, read from callgrind's output"""
    names, total, current, skip = {}, {}, "?", False
    with open(path, encoding="utf-8") as f:
        for line in f:
            if m := re.match(r"(fl|fi|fe|cfi|cfl)=\((\d+)\)(?: (.*))?", line):
                if m[3]:
                    names[m[2]] = os.path.basename(m[3])
                if m[1][0] == "f":
                    current = names[m[2]]
            elif line.startswith("calls="):
                skip = True		# the next line is the cost of the called
            elif re.match(r"[+\-*\d]", line):
                cost = [int(x) for x in line.split()[1:]]
                cost += [0] * (9 - len(cost))
                if not skip:
                    t = total.setdefault(current, [0, 0, 0])
                    t[0] += cost[0]
                    t[1] += cost[4] + cost[5]
                    t[2] += cost[7] + cost[8]
                skip = False
    return total


def own(name):
    """Whether a file belongs to the program, not to the fakes"""
    return os.path.exists(f"{TOP}/{name}")


def main():
    """Measure and print"""
    if not os.path.exists(RUN):
        sys.exit("make tests first")
    print("| per segment, both ways | instructions | D1 misses | LL misses | most of it |")
    print("|---|---|---|---|---|")
    for what, per, batch, end in SCRIPTS:
        with tempfile.TemporaryDirectory() as d:
            short, long = (profile(script(n, per * MSS, batch, end), d) for n in (SHORT, LONG))
        zero = [0, 0, 0]
        cost = {f: [(a - b) / ((LONG - SHORT) * per) for a, b in zip(c, short.get(f, zero))]
                for f, c in long.items() if own(f)}
        most = sorted(cost, key=lambda f: -cost[f][0])[:5]
        sums = [sum(c[i] for c in cost.values()) for i in range(3)]
        print(f"| {what} | {sums[0]:.0f} | {sums[1]:.2f} | {sums[2]:.3f} | " +
              ", ".join(f"{f} {cost[f][0]:.0f}" for f in most) + " |", flush=True)


main()
