# SPDX-License-Identifier: GPL-3.0-or-later
"""`sluice fmt` changes the layout and nothing else."""
import glob, os, sys
import xml.etree.ElementTree as ET
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

BEFORE = """<?xml version="1.0"?>
<!-- SPDX: mine -->
<mapping xmlns="urn:sluice:mapping:1"   version='1.0.0' name="a">

  <doc>  Kept as   it
   stands &amp; &#x41; </doc>


  <system kind="odbc" name="s"/>
      <!-- two
           lines -->
  <type name="t" kind="text"/> <!-- beside -->
  <shape name="S" table="T">
  <field type="t" json="/a" legacy="AA" key="true"/>
  <field http="header:ETag" legacy="VERSION" access="read-only" type="t"/>
  <ignore legacy="B" reason="it is &quot;old&quot;"/>
  <object json="/o"><field   json="/c" legacy="C"  /></object>
  <object json="/p">
  <field legacy="D" json="/d"/></object>
  <object json="/not/in/one/line/as/it/would/be/longer/than/lines/may/be"><field legacy="E" json="/e" note="then each is on its own"/></object>
  </shape>
  <operation name="get" method="GET" path="/a/{id}" note="a long note, so that the line is longer than a line may be; it goes on below">
  <param name="id" http="path:id"/>
<select>SELECT AA,
   B FROM T
 <if present="id">WHERE AA = :id</if></select></operation>
  <example><json><![CDATA[{"a":1}]]></json></example>
</mapping>
"""
AFTER = """<?xml version="1.0"?>
<!-- SPDX: mine -->
<mapping xmlns="urn:sluice:mapping:1" version='1.0.0' name="a">
  <doc>  Kept as   it
   stands &amp; &#x41; </doc>

  <system kind="odbc" name="s"/>
  <!-- two
           lines -->
  <type name="t" kind="text"/> <!-- beside -->
  <shape name="S" table="T">
    <field  legacy="AA"      json="/a"          type="t" key="true"/>
    <field  legacy="VERSION" http="header:ETag" type="t" access="read-only"/>
    <ignore legacy="B" reason="it is &quot;old&quot;"/>
    <object json="/o"><field legacy="C" json="/c"/></object>
    <object json="/p">
      <field legacy="D" json="/d"/>
    </object>
    <object json="/not/in/one/line/as/it/would/be/longer/than/lines/may/be">
      <field legacy="E" json="/e" note="then each is on its own"/>
    </object>
  </shape>
  <operation name="get" method="GET" path="/a/{id}"
             note="a long note, so that the line is longer than a line may be; it goes on below">
    <param name="id" http="path:id"/>
    <select>SELECT AA,
   B FROM T
 <if present="id">WHERE AA = :id</if></select>
  </operation>
  <example>
    <json><![CDATA[{"a":1}]]></json>
  </example>
</mapping>
"""


def infoset(el):
    text = [(el.text or ""), (el.tail or "")]
    return (el.tag, sorted(el.attrib.items()), [t if t.strip() else "" for t in text], [infoset(c) for c in el])


with Tap() as t:
    path = write("a.map.xml", BEFORE)
    t.equal(sluice("fmt", "--stdout", path), (0, AFTER, ""), "fmt_untidy-file_laid-out")
    t.equal(open(path).read(), BEFORE, "fmt-stdout_file-stays")
    t.equal(sluice("fmt", "-", input=BEFORE), (0, AFTER, ""), "fmt_standard-input_standard-output")
    t.equal(sluice("fmt", "--check", path), (1, path + "\n", ""), "fmt-check_untidy-file_named")
    os.chmod(path, 0o640)
    t.equal(sluice("fmt", path), (0, "", ""), "fmt_file_in-place")
    t.equal((open(path).read(), os.stat(path).st_mode & 0o777), (AFTER, 0o640), "fmt_file_mode-kept")
    t.equal(sluice("fmt", "--check", path), (0, "", ""), "fmt-check_tidy-file_nothing")

    for text, what in (("<a><b></a>", "not-xml"), ("<!DOCTYPE a><a/>", "doctype"), ("", "empty")):
        bad = write("bad.xml", text)
        status, out, err = sluice("fmt", bad)
        t.ok(status == 1 and "left alone" in err and open(bad).read() == text, "fmt_%s_left-alone" % what, (status, out, err))
    t.ok(sluice("fmt", work("none.xml"))[0] == 1, "fmt_no-file_error")
    t.ok(sluice("fmt", "--stdout", write("deep.xml", "<a>" * 65 + "</a>" * 65))[0] == 1, "fmt_too-deep_error")

    for path in sorted(glob.glob(os.path.join(SOURCE, "mappings/examples/*/*.map.xml")) +
                       glob.glob(os.path.join(SOURCE, "tests/golden/**/*.map.xml"), recursive=True)):
        name = os.path.relpath(path, SOURCE)
        try:
            before = ET.parse(path).getroot()
        except ET.ParseError:
            continue
        status, out, err = sluice("fmt", "--stdout", path)
        if "DOCTYPE" in err:
            continue
        t.ok(status == 0 and infoset(ET.fromstring(out)) == infoset(before), "fmt_%s_same-content" % name, err)
        t.equal(sluice("fmt", "-", input=out), (0, out, ""), "fmt_%s_twice-as-once" % name)
