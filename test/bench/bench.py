# SPDX-License-Identifier: GPL-2.0-or-later
"""bench - measure, compare, draw

	bench.py [-n REPEATS] [-k PATTERN] [GROUP...]

Each row (see rows.py) is run through each of its translators in turn, REPEATS times, the
order reversed every other time, so that what disturbs the machine disturbs all of them.
Compared are medians; beside them the ratio to the first translator of the row, a limit
or a mark, and the range seen.

Prints a table, and writes what it saw to build/bench/results.tsv.
"""
import argparse
import contextlib
import fnmatch
import os
import statistics
import subprocess
import sys

import lab
from report import number
from rows import rows

TOP = os.environ["TOP"]


def once(cls, options, function):
    """Run one translator once: the figure, and those beside it"""
    path = options.get("path") or contextlib.nullcontext()
    with path, cls(**{k: v for k, v in options.items() if k != "path"}) as t:
        return function(t), lab.besides()


def measure(row, repeats, excused):
    """Return figures by (name, unit, translator): lists in the order seen"""
    _, name, unit, classes, options, function = row
    if os.environ["BENCH_CC"] != "cubic":
        name += f", {os.environ['BENCH_CC']}"
    seen = {}
    for i in range(repeats):
        for cls in classes if i % 2 == 0 else reversed(classes):
            try:
                value, more = once(cls, options, function)
            except excused as e:
                print(f"  {cls.name}: {e}", file=sys.stderr)
                lab.besides()
                continue
            seen.setdefault((name, unit, cls.name), []).append(value)
            for also, also_unit, figure in more:
                seen.setdefault((f"{name}: {also}", also_unit, cls.name), []).append(figure)
    return seen


def show(seen):
    """Print the lines of a row"""
    by_name = {}
    for (name, unit, translator), values in seen.items():
        by_name.setdefault((name, unit), []).append((translator, values))
    for (name, unit), columns in by_name.items():
        mark = statistics.median(columns[0][1])
        line = f"{name} ({unit}):"
        for i, (translator, values) in enumerate(columns):
            m = statistics.median(values)
            line += f"  {translator} {number(m)}"
            if i and mark:
                line += f" = {m / mark:.2f}"
            line += f" [{number(min(values))}..{number(max(values))}]"
        print(line, flush=True)


def main(every, name, excused):
    """Parse the command line, run those of every row that were asked for

    name:	of the file in build/bench
    excused:	exceptions that leave one measurement out
    """
    ap = argparse.ArgumentParser()
    ap.add_argument("-n", type=int, default=5, help="repeats of each")
    ap.add_argument("-k", default="*", help="rows whose name matches")
    ap.add_argument("groups", nargs="*")
    args = ap.parse_args()
    for what, version in lab.versions():
        print(f"{what}: {version}")
    os.makedirs(f"{TOP}/build/bench", exist_ok=True)
    with open(f"{TOP}/build/bench/{name}", "a", encoding="ascii") as out:
        for row in every:
            if args.groups and row[0] not in args.groups:
                continue
            if not fnmatch.fnmatch(row[1], args.k):
                continue
            seen = measure(row, args.n, excused)
            show(seen)
            for key, values in seen.items():
                print(row[0], *key, *values, sep="\t", file=out, flush=True)


if __name__ == "__main__":
    main(rows(), "results.tsv", (lab.Failed, subprocess.TimeoutExpired, OSError, KeyError,
                                 ValueError))
