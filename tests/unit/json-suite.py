#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSONTestSuite (test_parsing) through core/json: y_ files are taken, n_ files are refused, and
i_ files get the same answer whole and byte by byte. The corpus is not part of this tree."""
import glob
import os
import subprocess
import sys

source = os.environ.get("SL_SOURCE", ".")
folder = os.environ.get("SL_JSON_CORPUS") or os.path.join(
    source, "..", "shared", "corpora", "json", "test_parsing")
check = os.path.join(os.environ.get("SL_BUILD", "."), "tests", "unit", "json-check")

files = sorted(glob.glob(os.path.join(folder, "*.json")))
if not files:
    print("1..0 # SKIP no JSON test suite (set SL_JSON_CORPUS to its test_parsing folder)")
    sys.exit(0)


def taken(path, step):
    status = subprocess.run([check, path, str(step)], timeout=60).returncode
    return {0: True, 1: False}.get(status, "exit status %d" % status)


print("1..%d" % (len(files) + 1))
right = {"y": 0, "n": 0, "i": 0}
for number, path in enumerate(files, 1):
    name = os.path.basename(path)
    whole, bytewise = taken(path, 0), taken(path, 1)
    wanted = {"y": True, "n": False}.get(name[0], whole)
    good = whole is wanted and bytewise is wanted
    right[name[0]] += good
    print("%s %d - %s%s" % ("ok" if good else "not ok", number, name,
                            "" if good else " (whole: %s, byte by byte: %s)" % (whole, bytewise)))
complete = right["y"] >= 95 and right["n"] >= 188
print("%s %d - %d y_ taken, %d n_ refused" % ("ok" if complete else "not ok", len(files) + 1,
                                            right["y"], right["n"]))
