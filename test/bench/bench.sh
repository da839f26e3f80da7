#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bench.sh - measure this program beside others and beside the kernel's routing
#
# usage: test/bench/bench.sh [-n REPEATS] [-k PATTERN] [GROUP...]
#
# What is measured is left to bench.py, which see.  Not a test: it never passes or fails.
# build: plain
. "$(dirname "$0")/lib.sh"
bench bench.py "$@"
# A part of it is no picture of the whole
[ $# = 0 ] || exit 0
bench report.py "$TOP/build/bench/results.tsv" "$TOP/build/bench/table.md" \
	"$TOP/doc/performance.svg" "$TOP/doc/scale.svg"
