# SPDX-License-Identifier: GPL-3.0-or-later
"""`sluice explain`: each member, where it comes from, and why, on each kind of system."""
import json, os, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

os.environ["SL_XSD_DIR"] = os.path.join(SOURCE, "xsd")


def mapping(kind, body):
    return write("m.map.xml", '<mapping xmlns="urn:sluice:mapping:1" name="m" version="1.0.0"><system name="m" kind="%s"/>\n%s\n</mapping>' % (kind, body))


XML = mapping("soap", """<type name="day" kind="date" pattern="yyyyMMdd"><sentinel legacy="00000000" json="null"/></type>
<shape name="S">
<field legacy="A/@no" json="/no" type="integer"/>
<field legacy="DAY" json="/day" type="day" read-absent="blank"/>
<list legacy="L/I" json="/l"><field legacy="V" json="/v" null="empty"/><list legacy="W" json="/w" type="text"/></list>
<record legacy="KEY" width="5"><field at="1-2" json="/key/a"/><field at="3-5" json="/key/b" type="integer"/></record>
<compute json="/label" xpath="concat(DAY, '#', A/@no)" type="text"/>
<const json="/source" value="crm"/>
<field legacy="PW" json="/pw" access="write-only"/>
</shape>""")
RECORD = '<S><A no="007"/><DAY>%s</DAY><L><I><V/><W>x</W><W>y</W></I><I><V>v</V></I></L><KEY>AB012</KEY><PW>p</PW></S>'

with Tap() as t:
    def explain(record, *args, path=XML):
        status, out, err = sluice("explain", "--json", path, *args, input=record)
        t.ok(status == 0, "explain_runs", (status, out, err))
        return {r["pointer"]: r for r in json.loads(out)}

    all_ = explain(RECORD % "20260131")
    t.equal(list(all_), ["/no", "/day", "/l/0/v", "/l/0/w/0", "/l/0/w/1", "/l/1/v", "/l/1/w", "/key/a", "/key/b", "/label", "/source"], "xml_members_in-order")
    t.equal(all_["/no"], {"pointer": "/no", "value": 7, "legacy": "A/@no", "state": "text", "raw": "007", "line": 4, "rule": "integer"}, "xml_attribute")
    t.equal(all_["/day"], {"pointer": "/day", "value": "2026-01-31", "legacy": "DAY", "state": "text", "raw": "20260131", "line": 5, "rule": "date yyyyMMdd, 00000000 = null"}, "xml_date")
    t.equal(all_["/l/0/v"], {"pointer": "/l/0/v", "value": None, "legacy": "L/I[1]/V", "state": "empty", "raw": "", "line": 6, "rule": "empty means null"}, "xml_item_empty-means-null")
    t.equal((all_["/l/0/w/1"]["legacy"], all_["/l/0/w/1"]["value"]), ("L/I[1]/W[2]", "y"), "xml_list-in-a-list_place")
    t.equal((all_["/l/1/w"]["value"], all_["/l/1/w"]["rule"]), ([], "a list without items"), "xml_empty-list")
    t.equal((all_["/key/b"]["raw"], all_["/key/b"]["value"], all_["/key/b"]["line"]), ("012", 12, 7), "record_part_its-own-characters")
    t.equal((all_["/label"]["value"], all_["/label"]["line"]), ("20260131#007", 8), "compute_value-and-line")
    t.equal((all_["/source"]["value"], all_["/source"]["rule"]), ("crm", "a constant"), "constant")
    t.equal(explain(RECORD % "00000000", "/day")["/day"]["rule"], "sentinel 00000000 means null", "sentinel_named")
    blank = explain(RECORD % "  ", "/day")["/day"]
    t.ok("value" not in blank and blank["rule"] == "blank means absent", "absent_no-value_why", blank)
    t.equal(list(explain(RECORD % "20260131", "/l/1")), ["/l/1/v", "/l/1/w"], "pointer_only-below-it")
    t.equal(list(explain(RECORD % "20260131", "/key")), ["/key/a", "/key/b"], "pointer_of-an-object")

    status, out, err = sluice("explain", XML, "/day", input=RECORD % "00000000")
    t.equal((status, out), (0, '/day = null\n    DAY "00000000", m.map.xml:5: sentinel 00000000 means null\n'), "text_two-lines-a-member")
    status, out, err = sluice("explain", XML, "/nothing", input=RECORD % "20260131")
    t.ok(status == 1 and "no member /nothing" in err, "pointer_unknown_told", err)
    status, out, err = sluice("explain", XML, input=RECORD % "20261331")
    t.ok(status == 1 and "/day" in err and "/no = 7" in out, "value-that-cannot-be-read_told-where", (out, err))
    status, out, err = sluice("explain", XML, input="<S>")
    t.ok(status == 1 and "not well-formed" in err, "record-not-xml_told", err)
    t.equal(sluice("explain", XML, "/a", "/b", input="")[0], 2, "arguments_too-many_usage")

    sql = mapping("odbc", '<shape name="S"><field legacy="ID" json="/id" type="integer"/><field legacy="N" json="/n"/></shape>')
    rows = explain("ID,N\n7,\n", path=sql)
    t.equal((rows["/id"]["raw"], rows["/n"]["state"], rows["/n"]["value"]), ("7", "nil", None), "rows_column-and-NULL")
    rest = mapping("rest", '<shape name="S"><list legacy="/l" json="/items"><field legacy="/v" json="/v"/></list></shape>')
    t.equal(explain('{"l":[{"v":"a"},{"v":"b"}]}', path=rest)["/items/1/v"]["legacy"], "/l/1/v", "json_place-as-a-pointer")

    # What stands in <object legacy=…> says the whole path; also its lists, and the cases of a choice.
    body = """<shape name="S"><object legacy="%ssite" json="/site"><field legacy="%sid" json="/id"/><list legacy="%sl" json="/l"/></object>
<field legacy="%sid" json="/top"/>%s</shape>"""
    soap = mapping("soap", body % ("", "", "", "", '<zip legacy="Z/A Z/B" json="/z"><field legacy="Z/A" json="/a"/><field legacy="Z/B" json="/b"/></zip>'))
    told = explain("<S><site><id>1</id><l>x</l></site><id>2</id><Z><A>a</A><B>b</B></Z></S>", path=soap)
    t.equal([told[p]["legacy"] for p in ("/site/id", "/site/l/0", "/top", "/z/0/a")], ["site/id", "site/l[1]", "id", "Z/A"], "xml_object_whole-path")
    laws = json.loads(sluice("check", "--laws", "--json", soap)[1])
    t.equal([(l["json"], l["legacy"]) for l in laws["lines"]][:5], [("/site/id", "site/id"), ("/site/l", "site/l"), ("/site/l", "site/l"), ("/top", "id"), ("/z", "Z/A Z/B")], "laws_object_whole-path-in-the-order-of-the-file")
    rest = mapping("rest", body % ("/", "/", "/", "/", ""))
    told = explain('{"site":{"id":"1","l":["x"]},"id":"2"}', path=rest)
    t.equal([told[p]["legacy"] for p in ("/site/id", "/site/l/0", "/top")], ["/site/id", "/site/l/0", "/id"], "json_object_whole-path")
