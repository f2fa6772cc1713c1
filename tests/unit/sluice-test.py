# SPDX-License-Identifier: GPL-3.0-or-later
"""`sluice test` and the examples of mappings: what holds passes, what does not is told, on each kind of system."""
import os, re, sys
import xml.etree.ElementTree as ET
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

os.environ["SL_XSD_DIR"] = os.path.join(SOURCE, "xsd")


def mapping(kind, body, attrs=""):
    return ('<mapping xmlns="urn:sluice:mapping:1" name="m" version="1.0.0"><system name="m" kind="%s" %s/>\n%s\n</mapping>' %
            (kind, attrs, body))


def run(name, text, *options, boundary=False):
    status, out, err = sluice("test", "--%sboundary" % ("" if boundary else "no-"), *options, write(name, text))
    lines = [l.replace(work(name) + ": ", "") for l in out.splitlines()]
    return status, lines, err


def verdicts(lines):
    """{"Shape line 3: read": True, …} and the reasons of what failed."""
    found, why, last = {}, {}, None
    for l in lines:
        if l.startswith(("ok ", "not ok ")):
            last = l.split(" - ", 1)[1]
            found[last] = l.startswith("ok ")
        elif l.startswith("#   "):
            why[last] = l[4:]
    return found, why


SHAPE = """<type name="name" kind="text" width="6" pad="right"/>
<shape name="S">
<field legacy="NAME" json="/name" type="name"/><field legacy="N/@no" json="/no" type="integer"/>
<list legacy="L" json="/l"><field legacy="A" json="/a"/></list>
<field legacy="TS" json="/ts" access="read-only"/><field legacy="PW" json="/pw" access="write-only"/>
</shape>
"""
RIGHT = """<example shape="S"><legacy><![CDATA[<x:S xmlns:x="urn:x"><NAME>Bo    </NAME><N no="12"/>
 <L><A>1</A></L><L><A>2</A></L><TS>t</TS><PW>p</PW><UNKNOWN a="b"><C/></UNKNOWN></x:S>]]></legacy>
<json>{"pw":"p","no":12,"name":"Bo","l":[{"a":"1"},{"a":"2"}],"ts":"t"}</json></example>"""

with Tap() as t:
    status, lines, err = run("right.map.xml", mapping("soap", SHAPE + RIGHT))
    t.equal((status, verdicts(lines)[0]), (0, {"mapping: loads": True, "S line 8: read": True, "S line 8: write": True,
                                               "S line 8: PutGet": True, "S line 8: GetPut": True}), "xml_right_all-pass")

    for what, old, new, failing, why in (
            ("value", '"name":"Bo"', '"name":"Jo"', {"read", "write"}, '/name: "Jo" was expected, "Bo" came'),
            ("kind", '"no":12', '"no":"12"', {"read", "write", "PutGet"}, '/no: "12" was expected, 12 came'),
            ("item", '{"a":"1"},', '', {"read", "write"}, '/l/0/a: "2" was expected, "1" came'),
            ("member", '"ts":"t"', '"x":1', {"read", "write", "PutGet"}, '/x: 1 was expected, nothing came'),
            ("padding", "Bo    <", "Bo<", {"write", "GetPut"}, 'S/NAME: "Bo" was expected, "Bo    " came'),
            ("attribute", 'no="12"', 'no="13"', {"read", "write"}, "/no: 12 was expected, 13 came"),
            ("order", "<L><A>1</A></L><L><A>2</A></L>", "<L><A>2</A></L><L><A>1</A></L>", {"read", "write"}, '/l/0/a: "1" was expected, "2" came'),
            ("xml", "<UNKNOWN", "<BROKEN", {"read", "GetPut", "write"}, None)):
        text = SHAPE + RIGHT.replace(old, new)
        status, lines, err = run("%s.map.xml" % what, mapping("soap", text))
        found, reasons = verdicts(lines)
        failed = {k.split(": ")[1] for k, v in found.items() if not v}
        t.equal((status, failed), (1, failing), "xml_wrong-%s_those-checks-fail" % what)
        if why:
            t.ok(why in reasons.values(), "xml_wrong-%s_told" % what, reasons)

    text = mapping("soap", SHAPE + RIGHT.replace("Bo    <", "Bo<").replace('shape="S"', 'shape="S" canonical="false"'))
    t.equal(run("canon.map.xml", text)[0], 0, "xml_not-canonical_another-spelling-passes")

    # --- files beside the mapping, in a folder of their own
    write("d/t/a.xml", "<S><NAME>Bo    </NAME><N no='12'/></S>")
    write("d/t/a.json", '{"name":"Bo","no":12,"l":[]}')
    status, lines, err = run("d/f.map.xml", mapping("soap", SHAPE + '<example shape="S" legacy="t/a.xml" json="t/a.json"/>'))
    t.ok(status == 0 and "ok 2 - S t/a.xml: read" in lines, "files_beside-the-mapping_found", lines)
    status, lines, err = run("d/g.map.xml", mapping("soap", SHAPE + '<example shape="S" legacy="t/none.xml" json="t/a.json"/>'))
    t.ok(status == 1 and any("t/none.xml cannot be read: No such file" in l for l in lines), "files_missing_told", lines)
    status, out, err = sluice("check", work("d/g.map.xml"))
    t.ok(status == 1 and "error E401" in err and "none.xml cannot be read" in err, "check_missing-file_error", err)

    # --- rows
    sql = """<shape name="S" table="T"><field legacy="ID" json="/id" type="integer" key="true"/><field legacy="TXT" json="/t"/>
<field legacy="VER" json="/v" access="read-only"/></shape>
<operation name="get" method="GET" path="/s/{id}"><param name="id" http="path:id" type="integer"/>
<select>SELECT ID, TXT, VER FROM T WHERE ID = :id</select>
<outcome legacy="#rows"><when is="0" status="404" problem="none"/><otherwise status="200"/></outcome><response shape="S"/></operation>
<operation name="put" method="PUT" path="/s/{id}"><param name="id" http="path:id" type="integer"/><update shape="S" mode="replace"/>
<outcome legacy="#rows"><when is="0" status="404" problem="none"/><otherwise status="204"/></outcome></operation>
<operation name="add" method="POST" path="/s"><insert shape="S"/>
<outcome legacy="#sqlstate"><when is="23*" status="409" problem="there"/><otherwise status="502" problem="db"/></outcome></operation>
"""
    ops = '''<example shape="S"><legacy>ID,VER,TXT
7,x,"a ""b"""</legacy><json>{"id":7,"t":"a \\"b\\"","v":"x"}</json></example>
<example operation="get" args="path:id=7" status="200"><legacy>ID,TXT,VER
7,,1</legacy><json>{"id":7,"t":null,"v":"1"}</json></example>
<example operation="get" args="path:id=8" status="404"><legacy>ID,TXT,VER</legacy></example>
<example operation="put" args="path:id=7" legacy-status="0" status="404"><body>{"id":7,"t":"x"}</body></example>
<example operation="put" args="path:id=7" legacy-status="1" status="204"><body>{"id":7,"t":"x"}</body></example>
<example operation="add" legacy-status="23505" status="409"><body>{"id":7,"t":"x"}</body></example>'''
    status, lines, err = run("sql.map.xml", mapping("odbc", sql + ops))
    t.ok(status == 0 and len(lines) == 11, "rows_shape-and-operations_all-pass", lines)
    for old, new, why in (('"t":null', '"t":""', '/t: "" was expected, null came'), ('status="409"><body', 'status="410"><body', "status 410 was expected, 409 came"),
                          ("7,x,", "8,x,", "/id: 7 was expected, 8 came"), ('7,x,"a ""b"""', '7,x,""', 'row 1, TXT: "" was expected, "a "b"" came')):
        status, lines, err = run("sql2.map.xml", mapping("odbc", sql + ops.replace(old, new)))
        t.ok(status == 1 and "#   " + why in lines, "rows_wrong_told: " + why, lines)

    # --- an operation of a SOAP system, request and fault, with and without the envelope
    crm = os.path.join(SOURCE, "mappings", "examples", "country", "country.map.xml")
    contract = os.path.join(SOURCE, "mappings", "examples", "country", "country.wsdl")
    country = re.sub(r" *<example.*</example>\n", "", open(crm).read(), flags=re.S)
    country = country.replace("country.wsdl", contract).replace("</mapping>", """<example operation="getCapital" args="path:iso=%43H" status="200">
<request><![CDATA[<CapitalCity xmlns="urn:example:country"><sCountryISOCode>CH</sCountryISOCode></CapitalCity>]]></request>
<legacy><![CDATA[<m:CapitalCityResponse xmlns:m="urn:example:country"><m:CapitalCityResult>Bern</m:CapitalCityResult></m:CapitalCityResponse>]]></legacy>
<json>{"capital":"Bern"}</json></example></mapping>""")
    status, lines, err = run("country.map.xml", country)
    t.ok(status == 0 and "ok 2 - getCapital line 8: request" in lines, "soap_request-and-answer_pass", lines + [err])
    status, lines, err = run("country2.map.xml", country.replace("<sCountryISOCode>CH<", "<sCountryISOCode>DE<"))
    t.ok(status == 1 and any('"DE" was expected, "CH" came' in l for l in lines), "soap_wrong-request_told", lines)
    status, lines, err = run("country3.map.xml", country.replace('CapitalCity xmlns="urn:example:country"', 'CapitalCity xmlns="urn:other"'))
    t.ok(status == 1 and any("urn:other" in l for l in lines), "soap_wrong-namespace_told", lines)

    # --- what is refused: the consumer's before anything is sent, the system's afterwards
    rest = """<shape name="S"><field legacy="/n" json="/no" type="integer"/></shape>
<operation name="add" method="POST" path="/s"><request shape="S"/>
<outcome legacy="#status"><when is="200" status="201"/><otherwise status="502" problem="bad"/></outcome><response shape="S"/></operation>
"""
    sent = '<example operation="add" status="400"><body>{"no":"x"}</body><json>{"field":"/no"}</json></example>'
    came = '<example operation="add" status="502"><legacy>{"n":"x"}</legacy><json>{"field":"/no","detail":"an integer was expected"}</json></example>'
    status, lines, err = run("ref.map.xml", mapping("rest", rest + sent + came))
    t.ok(status == 0 and "ok 2 - add line 5: refusal" in lines and len(lines) == 4, "refusal_right_passes", lines)
    for old, new, why in (('{"no":"x"}', '{"no":7}', "status 400 was expected, and it was not refused"),
                          ('status="400"', 'status="422"', "status 422 was expected, 400 came: /no: an integer was expected, not in a string"),
                          ('status="502"', 'status="201"', "status 201 was expected, 502 came: /no: an integer was expected"),
                          ('{"n":"x"}', '{"n":7}', "status 502 was expected, 201 came")):
        status, lines, err = run("ref2.map.xml", mapping("rest", rest + (sent + came).replace(old, new)))
        t.ok(status == 1 and "#   " + why in lines, "refusal_wrong_told: " + why, lines)

    # --- cases that nobody wrote
    status, lines, err = run("b.map.xml", mapping("soap", SHAPE + RIGHT), boundary=True)
    made = [re.match(r"ok \d+ - S line 8: (\d+) boundary cases of 3 members, (\d+) of them refused$", l) for l in lines]
    made = [m for m in made if m]
    t.ok(status == 0 and len(made) == 1 and int(made[0].group(1)) > 500 > int(made[0].group(2)) > 100, "boundary_made-and-pass", lines)
    status, lines, err = run("b.map.xml", mapping("soap", SHAPE + RIGHT), "--lossy", boundary=True)
    t.ok(status == 1 and any(l.startswith("#   /name = ") and "it comes back as" in l for l in lines), "boundary_without-the-guard_loss-is-found", lines)
    status, lines, err = run("b.map.xml", mapping("odbc", sql + ops), boundary=True)
    t.ok(status == 0 and any("boundary cases of 2 members" in l for l in lines), "boundary_rows_pass", lines)

    # --- what is shipped
    for name in ("billing", "country", "erp", "invoice", "orders"):
        status, out, err = sluice("test", "-q", os.path.join(SOURCE, "mappings", "examples", name, name + ".map.xml"))
        t.ok(status == 0, "examples_%s_pass" % name, out + err)

    # --- reports
    junit = work("j.xml")
    status, lines, err = run("j.map.xml", mapping("soap", SHAPE + RIGHT.replace('"Bo"', '"&lt;\\u0001>"')), "--junit", junit, "-q")
    suites = ET.parse(junit).getroot()
    t.equal((suites.get("tests"), suites.get("failures"), len(suites.findall(".//failure"))), ("5", "3", 3), "junit_counts")
    t.ok(not any(l.startswith("ok") for l in lines) and lines[-1] == "1..5", "quiet_only-failures-and-the-plan", lines)
    status, lines, err = run("none.map.xml", mapping("soap", SHAPE))
    t.ok(status == 1 and any("has none" in l for l in lines), "no-example_failure", lines)
    status, lines, err = run("bad.map.xml", mapping("soap", '<shape name="S"><field legacy="A" json="/a" type="nope"/></shape>'))
    t.ok(status == 1 and 'no type "nope"' in "".join(lines), "wrong-mapping_failure", lines)
    for body, code in (('<example operation="nope" status="200"/>', "R401"), ("<example/>", "R402"), ('<example shape="S" status="200"><legacy/><json/></example>', "R402"),
                       ('<example shape="S"/>', "R402"), ('<example shape="S" legacy="a" json="b"><json>1</json></example>', "R402")):
        status, out, err = sluice("check", write("r.map.xml", mapping("soap", SHAPE + body)))
        t.ok(status == 1 and ("error " + code) in err, "check_%s_%s" % (body[:40], code), err)
