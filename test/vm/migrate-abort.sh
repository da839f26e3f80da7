#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# migrate-abort.sh - a move to another host is called off, connections go on: migrate.py
#
# timeout: 240
exec "$(dirname "$0")/migrate.sh" --abort "$@"
