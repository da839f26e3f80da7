#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# docs.sh - comments and man pages say what the code says: see docs.py
exec python3 "$(dirname "$0")/docs.py"
