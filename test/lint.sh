#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lint.sh - static checkers: no finding in any C or shell file
#
# cppcheck	all checks, inline suppressions off; exceptions and reasons in
#		test/cppcheck.suppress
# clang-tidy	groups and exceptions in .clang-tidy; a file is checked again
#		only if it, a header or the configuration changed (build/lint).
#		Each row of CHECKs doubles the paths through a test: its analyzer
#		gives up on a function after 20 000 states, a tenth of the default
# and shellcheck: each shell script, and lib.sh through those that source it
#
# Prints each finding and ends 1 if there is any; 77 if a checker is missing.
set -u
cd "$(dirname "$0")/.." || exit
for c in cppcheck clang-tidy shellcheck; do
	command -v $c >/dev/null || { echo "no $c" >&2; exit 77; }
done
bad=0
jobs=$(nproc)
mkdir -p build/lint

sources=$(find . \( -path ./build -o -path ./.git \) -prune -o -name '*.c' -print |
	sed 's|^\./||' | sort)
# What includes headers of lwIP: only where these were made, see test/ft/mklwip
[ -d build/lwip/include ] || sources=$(echo "$sources" | grep -v '^test/ft/')
scripts=$(find .ci doc test qrap passtctl -type f -print | sort |
	while read -r f; do
		head -n 3 "$f" | tr -d '\0' |
			grep -qE '^#!.*/(ba|da)?sh|^# shellcheck shell' && echo "$f"
	done)

# unusedFunction needs to see everything at once, so this is one job
# shellcheck disable=SC2086	# a list of names without blanks
cppcheck --quiet --enable=all --error-exitcode=1 --std=c11 --platform=unix64 \
	--library=posix --template='{file}:{line}: {message} [{id}]' \
	--template-location='{file}:{line}: note: {info}' -D_GNU_SOURCE -D__linux__ -D__x86_64__ -UDEBUG -I. \
	--suppressions-list=test/cppcheck.suppress $sources >build/lint/cppcheck.log 2>&1 ||
	bad=1
cat build/lint/cppcheck.log

# tidy FILE: nothing to do if its stamp is newer than all it depends on
newest=$(find . -path ./build -prune -o \( -name '*.h' -o -name .clang-tidy \) \
	-printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2)
export newest
# shellcheck disable=SC2016	# for the inner shell
echo "$sources" | xargs -P "$jobs" -I{} sh -c '
	stamp=build/lint/$(echo "$1" | tr / -).ok
	[ "$stamp" -nt "$1" ] && [ "$stamp" -nt "$newest" ] && exit
	rm -f "$stamp"
	case $1 in
	test/ft/*) states="-Itest/ft -isystem build/lwip/include" ;;
	test/*) states="-Xclang -analyzer-config -Xclang max-nodes=20000" ;;
	*) states= ;;
	esac
	out=$(clang-tidy --quiet "$1" -- -std=gnu11 -D_GNU_SOURCE -I. $states 2>/dev/null) &&
		[ -z "$out" ] && exec touch "$stamp"
	echo "$out"
	exit 1' sh {} || bad=1

# shellcheck disable=SC2086
shellcheck -x -P SCRIPTDIR $scripts || bad=1
exit $bad
