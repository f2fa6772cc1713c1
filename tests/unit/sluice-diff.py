# SPDX-License-Identifier: GPL-3.0-or-later
"""`sluice diff`: each kind of change needs the step it should; `sluice doc`: the page tells every line."""
import html.parser, json, os, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

os.environ["SL_XSD_DIR"] = os.path.join(SOURCE, "xsd")
BASE = """<mapping xmlns="urn:sluice:mapping:1" name="m" version="1.2.3">
  <system name="s" kind="rest"/>
  <type name="name" kind="text" width="30"/>
  <code-table name="st" unmapped="reject"><code legacy="A" json="active"/><code legacy="X" json="closed"/></code-table>
  <shape name="S">
    <field legacy="/no" json="/id" type="name" key="true"/>
    <field legacy="/nm" json="/name" type="name" pii="name" since="1.2.0" note="a|b &lt;c>"/>
    <field legacy="/st" json="/status" type="st"/>
    <field legacy="/ts" json="/ts" access="read-only"/>
    <list legacy="/l" json="/items"><field legacy="/q" json="/q" type="integer"/></list>
  </shape>
  <operation name="get" method="GET" path="/s/{id}">
    <request><field legacy="path:id" http="path:id" type="name"/></request>
    <outcome legacy="#status"><when is="200" status="200"/><when is="404" status="404" problem="none"/><otherwise status="502" problem="bad"/></outcome>
    <response shape="S"/>
  </operation>
  <operation name="put" method="PUT" path="/s/{id}">
    <request shape="S"/>
    <outcome legacy="#status"><when is="2*" status="204"/><otherwise status="502" problem="bad"/></outcome>
  </operation>
  <example shape="S"><legacy>{"no":"1","nm":"n","st":"A","l":[{"q":1}]}</legacy><json>{"id":"1","name":"n","status":"active","items":[{"q":1}]}</json></example>
</mapping>
"""
CASES = [  # what, step, visible, edits of the new one
    ("nothing", "none", None, []),
    ("layout", "none", None, [("  <shape", "\n\n   <shape")]),
    ("new-member", "minor", "json", [("<field legacy=\"/ts\"", "<field legacy=\"/new\" json=\"/new\"/><field legacy=\"/ts\"")]),
    ("member-gone", "major", "json", [("<field legacy=\"/ts\" json=\"/ts\" access=\"read-only\"/>", "")]),
    ("member-renamed", "major", "json", [('json="/ts"', 'json="/changed"')]),
    ("member-read-only-now", "major", "json", [('json="/status" type="st"', 'json="/status" type="st" access="read-only"')]),
    ("legacy-path", "patch", "legacy", [('legacy="/nm"', 'legacy="/name"'), ('"nm":"n"', '"name":"n"')]),
    ("legacy-code", "patch", "legacy", [('legacy="X"', 'legacy="Z"')]),
    ("code-more", "major", "json", [('<code legacy="X"', '<code legacy="B" json="blocked"/><code legacy="X"')]),
    ("code-renamed", "major", "json", [('json="closed"', 'json="gone"')]),
    ("alias", "patch", "laws legacy", [('<code legacy="X" json="closed"/>', '<code legacy="X" json="closed"/><code legacy="C" json="closed" access="read-only"/>')]),
    ("width-less", "major", "json", [('width="30"', 'width="20"')]),
    ("kind", "major", "json", [('type="integer"', 'type="text"'), ('{"q":1}]}</json>', '{"q":"1"}]}</json>')]),
    ("list-to-object", "major", "json", [('<list legacy="/l" json="/items">', '<object legacy="/l" json="/items">'), ("</list>", "</object>"), ('[{"q":1}]}</legacy>', '{"q":1}}</legacy>'), ('[{"q":1}]}</json>', '{"q":1}}</json>')]),
    ("modulo", "minor", "laws", [('type="name" pii', 'type="name" modulo="empty" pii')]),
    ("verdict", "patch", "laws legacy", [('<code legacy="X" json="closed"/>', '<code legacy="X" json="closed"/><code legacy="Y" json="closed"/>')]),
    ("mask", "major", "json", [('json="/ts" access="read-only"', 'json="/ts" access="read-only" pii="x" mask="last:2"')]),
    ("status", "major", "json", [('<when is="404" status="404"', '<when is="404" status="410"')]),
    ("problem", "major", "json", [('problem="none"', 'problem="nothing"')]),
    ("outcome-more", "minor", "json", [('<when is="404"', '<when is="409" status="409" problem="busy"/><when is="404"')]),
    ("outcome-less", "major", "json", [('<when is="404" status="404" problem="none"/>', "")]),
    ("operation-new", "minor", "json", [('<operation name="put"', '<operation name="del" method="DELETE" path="/s/{id}"><request><field legacy="path:id" http="path:id"/></request><outcome legacy="#status"><when is="2*" status="204"/><otherwise status="502" problem="b"/></outcome></operation><operation name="put"')]),
    ("operation-path", "major", "json", [('name="get" method="GET" path="/s/{id}"', 'name="get" method="GET" path="/t/{id}"')]),
    ("legacy-call", "patch", "legacy", [('path="/s/{id}">\n    <request><field', 'path="/s/{id}"><call path="/v1/s/{id}"/>\n    <request><field')]),
    ("response-status", "major", "json", [('<response shape="S"/>', '<response shape="S" status="203"/>')]),
    ("system", "major", "json", [('<system name="s"', '<system name="t"')]),
]
# One shape, and edits of it: what each needs. All of it is used in both directions.
LINES = """<type name="n" kind="integer" width="3"/><type name="at" kind="datetime" pattern="yyyyMMddHHmmss"/><type name="at2" kind="datetime" pattern="yyMMddHHmm" window="1950"/>
  <type name="tx" kind="text" width="9"/><type name="d" kind="decimal" digits="9" scale="2"/>
  <shape name="S">
    <field legacy="/n" json="/n" type="n"/><field legacy="/at" json="/at" type="at"/><field legacy="/at2" json="/at2" type="at2"/>
    <field legacy="/tx" json="/tx" type="tx" pii="name"/><field legacy="/d" json="/d" type="d"/>
    <slots legacy="/s{1..2}" json="/s" gaps="reject" type="tx"/>
    <list legacy="/p" json="/p" type="n"/>
    <list legacy="/l" json="/l"><field legacy="/v" json="/v"/></list>
    <compute legacy="/full" template="{/first} {/last}"/>
    <compute json="/label" xpath="concat(/tx, '-', /n)"/>
  </shape>
  <shape name="Unused"><field legacy="/u" json="/u" type="n"/></shape>"""
FINER = [
    ("nothing-of-lists", "none", []),
    ("integer-width-less", "major", [('kind="integer" width="3"', 'kind="integer" width="2"')]),
    ("integer-width-more", "major", [('kind="integer" width="3"', 'kind="integer" width="4"')]),
    ("integer-unsigned", "major", [('kind="integer" width="3"', 'kind="integer" width="3" sign="none"')]),
    ("zone", "major", [('pattern="yyyyMMddHHmmss"', 'pattern="yyyyMMddHHmmss" zone="UTC"')]),
    ("window", "major", [('window="1950"', 'window="1980"')]),
    ("finer-time", "major", [('pattern="yyMMddHHmm"', 'pattern="yyMMddHHmmss"')]),
    ("empty-refused", "major", [('kind="text" width="9"', 'kind="text" width="9" null="empty" absent="empty"')]),
    ("sentinel", "patch", [('kind="decimal" digits="9" scale="2"/>', 'kind="decimal" digits="9" scale="2"><sentinel legacy="-1" json="null" access="read-only"/></type>')]),
    ("as-number", "major", [('kind="decimal" digits="9" scale="2"', 'kind="decimal" digits="9" scale="2" as="number"')]),
    ("template-swapped", "patch", [("{/first} {/last}", "{/last} {/first}")]),
    ("template-moved", "patch", [('legacy="/full"', 'legacy="/whole"')]),
    ("xpath", "major", [("concat(/tx, '-', /n)", "concat(/n, '-', /tx)")]),
    ("pii", "patch", [(' pii="name"', '')]),
    ("slots-moved", "patch", [("/s{1..2}", "/z{1..2}")]),
    ("slots-less", "patch", [("/s{1..2}", "/s{1..3}")]),
    ("item-of-plain-values", "major", [('json="/p" type="n"', 'json="/p" type="tx"')]),
    ("array-no-more", "major", [('<list legacy="/p" json="/p" type="n"/>', '<field legacy="/p" json="/p" type="n"/>')]),
    ("unused-shape", "patch", [('legacy="/u" json="/u" type="n"', 'legacy="/u" json="/u" type="tx"')]),
]
WHOLE = """<mapping xmlns="urn:sluice:mapping:1" name="m" version="1.2.3"><system name="s" kind="rest"><outcome legacy="#status"><when is="2*" status="200"/><otherwise status="502"/></outcome></system>
%s
%s</mapping>"""
OPS = """<operation name="get" method="GET" path="/s"><response shape="S"/></operation>
<operation name="put" method="PUT" path="/s"><request shape="S"/></operation>"""
STEPS = {"none": "1.2.3", "patch": "1.2.4", "minor": "1.3.0", "major": "2.0.0"}
ORDER = list(STEPS)


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.rows, self.right = [], [], True

    def handle_starttag(self, tag, attrs):
        if tag != "meta":
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self.right = self.right and self.open and self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


with Tap() as t:
    old = write("old.map.xml", BASE)
    for what, step, visible, edits in CASES:
        text = BASE
        for a, b in edits:
            t.ok(a in text, "case_%s_edit-applies" % what, a)
            text = text.replace(a, b, 1)
        for version, number in STEPS.items():
            new = write("%s.%s.map.xml" % (what, version), text.replace("1.2.3", number))
            status, out, err = sluice("diff", "--json", old, new)
            if err or not out:
                t.ok(False, "diff_%s_runs" % what, err)
                break
            told = json.loads(out)
            honest = ORDER.index(version) >= ORDER.index(step)
            t.equal((status, told["honest"], told["needed"], told["step"]), (0 if honest else 1, honest, step, version), "diff_%s-as-%s_%s" % (what, version, "honest" if honest else "not honest"))
        t.equal(sorted({d["visible"] for d in told["differences"] if d["step"] == step}), visible.split() if visible else [], "diff_%s_visible" % what)
    first, alone = write("old2.map.xml", WHOLE % (LINES, OPS)), write("old3.map.xml", WHOLE % (LINES, ""))
    t.equal(sluice("check", first)[0], 0, "diff_finer_the-mapping-is-right")
    for what, step, edits in FINER:
        text = LINES
        for a, b in edits:
            t.ok(a in text, "case_%s_edit-applies" % what, a)
            text = text.replace(a, b, 1)
        status, out, err = sluice("diff", "--json", first, write(what + ".map.xml", WHOLE % (text, OPS)))
        told = json.loads(out or "{}")
        t.equal((told.get("needed"), status), (step, 0 if step == "none" else 1), "diff_%s" % what)
        t.ok("was , is" not in out, "diff_%s_says-what" % what, out)
        if step != "none" and told:
            told = json.loads(sluice("diff", "--json", alone, write(what + ".map.xml", WHOLE % (text, "")))[1] or "{}")
            t.ok(told.get("differences"), "diff_%s_without-operations" % what, told)
    half = OPS.split("\n")[1] # nothing reads S
    status, out, err = sluice("diff", write("h1.map.xml", WHOLE % (LINES, half)), write("h2.map.xml", WHOLE % (LINES.replace("concat(/tx, '-', /n)", "/tx").replace('"/v" json', '"/w" json'), half)))
    t.equal([l.split(":")[0].strip() for l in out.splitlines() if l.startswith("  ")], ["patch shape S response /label", "patch put request /l/v"], "diff_unused-direction_once")
    back = write("back.map.xml", BASE.replace("1.2.3", "1.2.2"))
    status, out, err = sluice("diff", old, back)
    t.ok(status == 1 and "1.2.3 -> 1.2.2: that is an earlier version" in out, "diff_back_told", out)
    t.equal(json.loads(sluice("diff", "--json", old, back)[1])["honest"], False, "diff_back_not-honest")

    status, out, err = sluice("diff", old, write("n.map.xml", BASE.replace('json="/ts"', 'json="/changed"')))
    t.ok(status == 1 and "Consumers see:" in out and "major get response /ts: is gone (line 9)" in out and "1.2.3 -> 1.2.3: a major step is needed" in out, "diff_text", out)
    early = write("e.map.xml", BASE.replace("1.2.3", "0.1.0")), write("f.map.xml", BASE.replace("1.2.3", "0.2.0").replace('json="/ts"', 'json="/t"'))
    t.equal(sluice("diff", *early)[0], 0, "diff_before-1.0.0_minor-is-enough")
    t.equal(sluice("diff", *reversed(early))[0], 1, "diff_earlier-version_not-honest")
    t.equal(sluice("diff", old, work("none"))[0], 1, "diff_no-file_1")
    t.equal(sluice("diff", old)[0], 2, "diff_one-file_usage")

    status, out, err = sluice("doc", old)
    lines = [[c.strip() for c in l.replace("\\|", "\0").split("|")[1:-1]] for l in out.splitlines() if l.startswith("|")]
    cells = {c[0]: c for c in lines}
    t.equal(cells.get("/name"), ["/name", "/nm", "text, at most 30 characters", "missing = absent, nil = null", "read-write", "name", "proved", "since 1.2.0: a\0b &lt;c>", "7", "line 21"], "doc_line")
    t.equal((cells.get("/items/q") or [None])[0:2], ["/items/q", "/l/q"], "doc_item-of-a-list")
    t.ok("200: 200" in cells["get"][3] and "404: 404 none" in cells["get"][3], "doc_operation_outcomes", cells.get("get"))
    status, out, err = sluice("doc", write("doc.map.xml", BASE.replace('<response shape="S"/>', '<response shape="S" status="203"/>').replace('<request shape="S"/>', "<request><field legacy=\"path:id\" http=\"path:id\"/></request>")))
    t.ok("| status 200: 203; status 404: 404 none;" in out, "doc_response-status_told", out)
    t.ok("| /name | /nm | text, at most 30 characters | missing = absent, nil = null | read-only |" in out, "doc_only-in-answers_read-only", out)
    status, out, err = sluice("doc", first)
    column = [l.split("|")[1].strip() for l in out.split("## Shape S")[1].splitlines() if l.startswith("| ")]
    t.equal(column, ["JSON", "/n", "/at", "/at2", "/tx", "/d", "/s", "/s/\\*", "/p", "/p/\\*", "/l", "/l/v", "", "/label", "/first", "/last", "JSON", "/u"], "doc_order-of-the-file")
    status, out, err = sluice("doc", os.path.join(SOURCE, "mappings", "examples", "crm", "crm.map.xml"))
    t.ok("| /id | CUST\\_NO | text, 10 characters, zeros before |  | read-write |" in out, "doc_contract-demands-it_not-missing", out)
    t.ok("| /contact/email | EMAIL | text | nil = null | read-write |" in out, "doc_contract-lets-nil_told", out)
    page = Page()
    status, out, err = sluice("doc", "--html", old, "-o", work("p.html"))
    page.feed(open(work("p.html")).read())
    t.ok(status == 0 and page.right and not page.open, "doc-html_tags-close", page.open)
    t.ok(any(r[0] == "/name" and r[7] == "since 1.2.0: a|b <c>" for r in page.rows), "doc-html_text-as-it-is", page.rows)
    t.equal(sluice("doc", "-o", "/dev/full", old)[0], 1, "doc_disk-full_1")
