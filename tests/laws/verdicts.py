# SPDX-License-Identifier: GPL-3.0-or-later
"""What `sluice check --laws` says of each line: its verdicts, or why it has none."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

SLUICE = os.path.join(BUILD, "bin", "sluice")

CASES = {
    "a mask is given away by itself": ('<field legacy="M" json="/m" mask="last:4"/>',
                                       ["/m <-> M  PutGet proved modulo {mask}; GetPut proved modulo {mask}, with a base proved"]),
    "so is a default": ('<field legacy="F" json="/f" default="7"/>',
                        ["/f <-> F  PutGet proved modulo {default}; GetPut proved modulo {default}, with a base proved"]),
}


def laws(n, lines, head="", system="soap"):
    path = write("%d/map.xml" % n, '<mapping xmlns="urn:sluice:mapping:1" name="v" version="1.0.0">\n'
                 '<system name="x" kind="%s"/>\n%s<shape name="S">\n%s\n</shape></mapping>\n' % (system, head, lines))
    p = subprocess.run([SLUICE, "check", "--laws", "map.xml"], capture_output=True, text=True, cwd=os.path.dirname(path))
    return p.stdout, p.stderr


with Tap() as t:
    for n, (name, case) in enumerate(CASES.items()):
        out, err = laws(n, case[0], *case[2:])
        for wanted in case[1]:
            t.ok(wanted in out + err, "%s: %s" % (name, wanted), out + err)
