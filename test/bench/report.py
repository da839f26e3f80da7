# SPDX-License-Identifier: GPL-2.0-or-later
"""report - a table and a picture of what bench.py wrote

	report.py RESULTS TABLE PICTURE SCALE

RESULTS is build/bench/results.tsv: of rows measured more than once that of most runs counts.
TABLE gets Markdown, medians with the ratio to the first column of each row; PICTURE an
SVG by gnuplot: each program relative to the kernel's routing, rows that have that.  Rows
"WHAT, N open" are another table in TABLE, and drawn in SCALE: relative to N = 0.
"""
import re
import statistics
import subprocess
import sys

COLUMNS = ("routed", "bare unshare", "relay", "ours", "pasta", "passt", "slirp4netns", "QEMU user")
DRAWN = ("ours", "pasta", "slirp4netns")
COLOURS = {"ours": "#2060c0", "pasta": "#c06020", "slirp4netns": "#909090"}


def number(x):
    """Write a figure with three digits that matter"""
    return f"{x:.0f}" if abs(x) >= 100 else f"{x:.3g}"


def read(path):
    """Return by (name, unit), then by column: median, number of runs, least, most"""
    rows = {}
    with open(path, encoding="ascii") as f:
        for line in f:
            _, name, unit, column, *values = line.rstrip("\n").split("\t")
            seen = rows.setdefault((name, unit), {})
            if len(values) >= seen.get(column, (0, 0))[1]:
                values = [float(v) for v in values]
                seen[column] = (statistics.median(values), len(values), min(values), max(values))
    return rows


def table(rows, out):
    """Write the table"""
    columns = [c for c in COLUMNS if any(c in row for row in rows.values())]
    print("| what | unit |", " | ".join(columns), "|", file=out)
    print("|---|---|" + "---|" * len(columns), file=out)
    for (name, unit), row in rows.items():
        mark = next((row[c][0] for c in columns if c in row), 0)
        cells = []
        for i, c in enumerate(columns):
            text = number(row[c][0]) if c in row else ""
            if text and mark and any(d in row for d in columns[:i]):
                text += f" ({row[c][0] / mark:.2f})"
            cells.append(text)
        print(f"| {name} | {unit} |", " | ".join(cells), "|", file=out)


def by_open(rows):
    """Take rows "WHAT, N open" out; return {(WHAT, unit): {N: figure}}"""
    found = {}
    for name, unit in list(rows):
        if m := re.match(r"(.*), (\d+) open(: CPU.*)?$", name):
            row = rows.pop((name, unit))
            found.setdefault((m[1] + (m[3] or ""), unit), {})[int(m[2])] = row["ours"][0]
        elif " open" in name:
            del rows[(name, unit)]
    return found


def scale_table(found, out):
    """Write figures by the number of connections that are open"""
    counts = sorted({n for row in found.values() for n in row})
    print("\n| connections open | unit |", " | ".join(map(str, counts)), "|", file=out)
    print("|---|---|" + "---|" * len(counts), file=out)
    for (what, unit), row in found.items():
        cells = [number(row[n]) if n in row else "" for n in counts]
        print(f"| {what} | {unit} |", " | ".join(cells), "|", file=out)


def scale_picture(found, path):
    """Draw them relative to what is reached with none open"""
    drawn = {what: row for (what, unit), row in found.items() if unit in ("Gbit/s", "1/s")}
    blocks, plots = [], []
    for i, (what, row) in enumerate(drawn.items()):
        points = "\n".join(f"{max(n, 10)} {v / row[0]:.4f}" for n, v in sorted(row.items()))
        blocks.append(f"$d{i} << EOD\n{points}\nEOD")
        plots.append(f"$d{i} using 1:2 with linespoints pt 7 title '{what}'")
    script = f"""
set terminal svg size 700,380 font 'sans,11' background '#ffffff' noenhanced
set output '{path}'
set title 'With so many connections open, relative to none'
set logscale x
set xtics ('0' 10, 100, 1000, 10000, '19000' 19000)
set xrange [8:25000]
set yrange [0:1.4]
set grid y
set key bottom left
{chr(10).join(blocks)}
plot {", ".join(plots)}
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def picture(rows, path):
    """Draw ratios to the kernel's routing, as bars"""
    data = []
    for (name, unit), row in rows.items():
        if "routed" not in row or "ours" not in row or unit not in ("Gbit/s", "1/s"):
            continue
        cells = [f"{row[c][0] / row['routed'][0]:.4f}" if c in row else "NaN" for c in DRAWN]
        data.append(f'"{name}" ' + " ".join(cells))
    plots = ", ".join(
        f"$data using {i + 2}:xtic(1) with histogram title '{c}' lc rgb '{COLOURS[c]}'"
        for i, c in enumerate(DRAWN))
    script = f"""
set terminal svg size 1000,560 font 'sans,11' background '#ffffff' noenhanced
set output '{path}'
set title 'Relative to routing by the kernel, which is 1'
set style data histogram
set style histogram clustered gap 1
set style fill solid
set xtics rotate by -35 left
set grid y
set yrange [0:*]
set rmargin 22
set arrow from graph 0, first 1 to graph 1, first 1 nohead lc rgb '#303030' dt 2
set key top left
$data << EOD
{chr(10).join(data)}
EOD
plot {plots}
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def main():
    """Read, write, draw"""
    rows = read(sys.argv[1])
    found = by_open(rows)
    with open(sys.argv[2], "w", encoding="ascii") as out:
        table(rows, out)
        scale_table(found, out)
    picture(rows, sys.argv[3])
    scale_picture(found, sys.argv[4])


if __name__ == "__main__":
    main()
