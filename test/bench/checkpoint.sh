#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# checkpoint.sh - measure checkpoints: orders, streams beside them, machines that move
#
# usage: test/bench/checkpoint.sh [-n REPEATS] [-k PATTERN] [GROUP...]
#
# What is measured is left to checkpoint.py, which see.  If all is, table and picture in
# doc/ are made anew; after a part this does it:
#	python3 test/bench/checkpoint_report.py
# It never passes or fails on figures, but fails if a connection or a byte is lost.
# build: plain

# Of a stream: half of them with a checkpoint
: "${BENCH_SECONDS:=14}"
export BENCH_SECONDS
. "$(dirname "$0")/lib.sh"
need nft ss
[ -x "$PROG_DIR/passtctl/passtctl" ] || fail "not built: $PROG_DIR/passtctl/passtctl"
mount -t tmpfs none /mnt
export IMAGE=/mnt/image
[ $# -gt 0 ] || rm -f "$TOP/build/bench/checkpoint.tsv"
bench checkpoint.py "$@"
[ $# = 0 ] || exit 0
bench checkpoint_report.py
