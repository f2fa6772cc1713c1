# SPDX-License-Identifier: GPL-3.0-or-later
"""A mapping of 500 fields is compiled and judged: how long that takes. Only ten seconds are a failure."""
import json, os, subprocess, sys, time
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

TYPES = [('<type name="t%d" kind="text" width="30" pad="right" charset="ISO-8859-1"/>', {"type": "string", "maxLength": 30, "pattern": "^[!-~]+$"}),
         ('<type name="t%d" kind="decimal" digits="13" scale="2" point="implied"/>', {"type": "string", "pattern": "^(0|[1-9][0-9]{0,10})\\.[0-9]{2}$"}),
         ('<type name="t%d" kind="date" pattern="yyyyMMdd"><sentinel legacy="00000000" json="null"/></type>', {"type": ["string", "null"], "format": "date"}),
         ('<type name="t%d" kind="integer" digits="9"/>', {"type": "integer", "minimum": 0, "maximum": 999999999}),
         ('<code-table name="t%d" unmapped="reject"><code legacy="A" json="open"/><code legacy="B" json="closed"/></code-table>', {"enum": ["open", "closed"]}),
         ('<type name="t%d" kind="datetime" pattern="yyyyMMddHHmmss" zone="UTC" modulo="zone fraction"/>', {"type": "string", "format": "date-time"})]
N = 500

with Tap() as t:
    fields = "".join('<field legacy="F%d" json="/f%d" type="t%d"/>\n' % (i, i, i % len(TYPES)) for i in range(N))
    write("map.xml", '<mapping xmlns="urn:sluice:mapping:1" name="big" version="1.0.0"><system name="x" kind="soap"/><canonical schema="schema.json"/>\n'
          + "".join(d % i for i, (d, _) in enumerate(TYPES)) + '<shape name="S">\n' + fields + "</shape></mapping>\n")
    write("schema.json", json.dumps({"type": "object", "required": ["f%d" % i for i in range(N)],
                                     "properties": {"f%d" % i: TYPES[i % len(TYPES)][1] for i in range(N)}}))
    start = time.monotonic()
    p = subprocess.run([os.path.join(BUILD, "bin", "sluice"), "check", "--json", "map.xml"], capture_output=True, text=True, cwd=work())
    took = time.monotonic() - start
    lines = json.loads(p.stdout)["lines"] if p.stdout else []
    print("# %d fields compiled and judged in %.2f s" % (N, took))
    t.ok(p.returncode == 0, "500 fields are right", p.stderr[:2000])
    t.ok(sum(l["putGet"]["verdict"] == "proved" for l in lines) == N, "and all proved",
         [l["putGet"] for l in lines if l["putGet"]["verdict"] != "proved"][:3])
    t.ok(took < (10 if not SANITIZED else 100), "within ten seconds", took)
