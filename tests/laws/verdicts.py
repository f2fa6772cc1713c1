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
    "a record, its parts, and what it ignores":
        ('<record legacy="K" json="/k"><field at="1" json="/b"/><ignore at="2-4" reason="x"/><field at="5-7" json="/n"/></record>',
         ["/k <-> K  PutGet proved; GetPut proved modulo {alias, ignored}, with a base proved\n",
          "/k/b <-> K[1]  PutGet proved; GetPut proved, with a base proved\n", "/k/n <-> K[5-7]  PutGet proved; GetPut proved"]),
    "what has no law says why":
        ('<field legacy="X" json="/x"/><field legacy="Y" json="/y" access="read-only"/><field legacy="Z" json="/z" access="write-only"/>\n'
         '<compute json="/c" xpath="concat(X,Y)"/><compute legacy="T" template="{/x}-{/z}"/><const legacy="CC" value="7"/><const json="/cj" value="7"/>',
         ["/y <-> Y  PutGet -; GetPut - (read-only: never written)", "/c <-> (value)  PutGet -; GetPut - (computed from the legacy record, and never written)",
          "<-> T  PutGet -; GetPut - (made of other members, and never read back)", "(value) <-> CC  PutGet -; GetPut - (a constant)",
          "/cj <-> (value)  PutGet -; GetPut - (a constant)"]),
    "lists in other forms":
        ('<slots legacy="A{1..3}" json="/a" gaps="close" modulo="gaps"/><slots legacy="B{1..3}" json="/b"/>'
         '<slots legacy="C{1..3}" json="/c" gaps="null"/>\n<zip legacy="N V" json="/z" uneven="absent"><field legacy="N" json="/n"/>'
         '<field legacy="V" json="/v"/></zip><pairs legacy="P/E" name="@n" value="@v" json="/p"/>',
         ["/a <-> A{1..3}  PutGet proved modulo {empty}; GetPut proved modulo {gaps}, with a base proved",
          "/b <-> B{1..3}  PutGet proved modulo {empty}; GetPut proved, with a base proved",
          "/c <-> C{1..3}  PutGet proved modulo {empty}; GetPut proved modulo {alias}, with a base proved",
          "/z <-> N V  PutGet proved modulo {empty}; GetPut proved, with a base proved",
          "/p <-> P/E  PutGet proved modulo {empty}; GetPut proved, with a base proved"]),
    "a list of rows":
        ('<list legacy="L/I" json="/l"><field legacy="X" json="/x"/></list>',
         ["/l <-> L/I  PutGet proved modulo {empty}; GetPut proved, with a base proved"]),
    "a word that gives nothing away is told": ('<field legacy="F" json="/f" type="t" modulo="scale"/>', ["warning W210 ", "modulo=\"scale\" gives nothing away"],
                                               '<type name="t" kind="text" width="8"/>'),
    "one that does is not": ('<field legacy="F" json="/f" type="t" modulo="pad"/>', ["PutGet proved modulo {pad}", "!W210"],
                             '<type name="t" kind="text" width="8" pad="right"/>'),
    "nor one of the type, or of a list": ('<field legacy="F" json="/f" type="t"/><list legacy="L" json="/l" type="u" modulo="order"/>', ["PutGet proved", "!W210"],
                                          '<type name="t" kind="text" width="8" modulo="scale"/><type name="u" kind="text" width="8"/>'),
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
            there = wanted.lstrip("!") in out + err
            t.ok(there != wanted.startswith("!"), "%s: %s" % (name, wanted), out + err)
