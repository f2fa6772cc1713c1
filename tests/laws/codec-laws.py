# SPDX-License-Identifier: GPL-3.0-or-later
"""The codecs against codec_oracle.py, which works everything out a second time: hundreds of codecs, boundary and seeded
random values, both ways, with PutGet and GetPut."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

with Tap() as t:
    status, out, err = run(sys.executable, "-B", os.path.join(SOURCE, "tests", "laws", "codec_cases.py"), work("cases.txt"), "12", seconds=300)
    t.equal((status, err), (0, ""), "cases are made")
    with open(work("cases.txt"), encoding="utf-8") as f:
        lines = f.read().split("\n")
    kinds = {}
    for line in lines:
        kinds[line[:1]] = kinds.get(line[:1], 0) + 1
    print("# codecs %(S)d, read %(R)d, written %(W)d, impossible codecs %(X)d" % kinds)
    t.ok(kinds["S"] >= 800 and kinds["R"] >= 100000 and kinds["W"] >= 100000, "there are enough of them", kinds)
    refused = sum(1 for line in lines if line.split("\t")[2:3] == ["!"])
    t.ok(0.2 < refused / len(lines) < 0.8, "about as many are taken as refused", "%d of %d" % (refused, len(lines)))
    status, out, err = run(os.path.join(BUILD, "tests", "laws", "codec-laws"), work("cases.txt"))
    t.equal((status, err), (0, ""), "every codec does what the oracle says, and keeps the laws" + ("" if not status else ": " + out))
    # The driver can fail.
    for wrong in ("S\tkind=integer\nR\tT5\t=6\n", "S\tkind=integer\nW\tn5\tT6\t~\n", "S\tkind=integer\nW\tn5\tT5\t=6\n",
                  "X\tkind=integer\n", "S\tkind=decimal\tpoint=implied\n", "S\tkind=code\tunmapped=fixed\tfixed=x\tcode=bA|a\nR\tTB\t=\"x\"\n"):
        status, out, _ = run(os.path.join(BUILD, "tests", "laws", "codec-laws"), os.path.join(work(), write("wrong.txt", wrong)))
        t.equal(status, 1, "a wrong case is found: " + wrong.replace("\n", " "))
