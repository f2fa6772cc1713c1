# SPDX-License-Identifier: GPL-3.0-or-later
"""`sluice schema`: what each kind of line becomes; documents are JSON Schema 2020-12 (held against the
meta-schema where Debian's python3-jsonschema is there), and OpenAPI 3.1."""
import json, os, re, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *
try:
    import jsonschema
except ImportError:
    jsonschema = None

os.environ["SL_XSD_DIR"] = os.path.join(SOURCE, "xsd")
HEAD = '<mapping xmlns="urn:sluice:mapping:1" name="m" version="1.2.3"><system name="s" kind="soap"%s/>'
ROWS = [  # types and one field of it; its schema in answers; in requests, where it differs
    ("text width", '<type name="t" kind="text" width="5"/>', 'type="t"',
     {"type": ["string", "null"], "maxLength": 5}, None),
    ("text padded", '<type name="t" kind="text" width="5" pad="right"/>', 'type="t"',
     {"type": ["string", "null"], "maxLength": 5, "pattern": r"^([\s\S]*[^ ])?$"}, None),
    ("text zeros", '<type name="t" kind="text" width="5" pad="zero"/>', 'type="t"',
     {"type": ["string", "null"], "maxLength": 5, "pattern": r"^(0|[^0][\s\S]*)?$"},
     {"type": ["string", "null"], "minLength": 1, "maxLength": 5, "pattern": r"^(0|[^0][\s\S]*)$"}),
    ("text empty is null", '<type name="t" kind="text" width="5"/>', 'type="t" null="empty"',
     {"type": ["string", "null"], "minLength": 1, "maxLength": 5}, None),
    ("text enumerated nulls", '<type name="t" kind="text" width="5"><sentinel legacy="*none" json="null"/></type>', 'type="t"',
     {"type": ["string", "null"], "maxLength": 5, "not": {"enum": ["*none"]}}, None),
    ("integer", '<type name="t" kind="integer" digits="4"/>', 'type="t"',
     {"type": ["integer", "null"], "minimum": -9999, "maximum": 9999}, None),
    ("integer unsigned", '<type name="t" kind="integer" digits="4" sign="none"/>', 'type="t"',
     {"type": ["integer", "null"], "minimum": 0, "maximum": 9999}, None),
    ("integer text", '<type name="t" kind="integer" digits="20"/>', 'type="t"',
     {"type": ["string", "null"], "pattern": r"^-?(0|[1-9]\d{0,19})$"}, None),
    ("decimal", '<type name="t" kind="decimal" digits="13" scale="2" point="implied"/>', 'type="t"',
     {"type": ["string", "null"], "pattern": r"^-?(0|[1-9]\d{0,10})\.\d{2}$"}, None),
    ("decimal modulo", '<type name="t" kind="decimal" digits="5" scale="2" point="implied"/>', 'type="t" modulo="scale"',
     {"type": ["string", "null"], "pattern": r"^-?(0|[1-9]\d{0,2})\.\d{2}$"},
     {"type": ["string", "null"], "pattern": r"^-?(0|[1-9]\d{0,2})(\.\d+)?$"}),
    ("decimal number", '<type name="t" kind="decimal" digits="5" scale="2" as="number"/>', 'type="t"',
     {"type": ["number", "null"], "minimum": -999.99, "maximum": 999.99}, None),
    ("boolean", '<type name="t" kind="boolean" true="Y" false="N"/>', 'type="t"', {"type": ["boolean", "null"]}, None),
    ("date sentinel", '<type name="t" kind="date" pattern="yyyyMMdd"><sentinel legacy="99991231" json="null"/></type>', 'type="t"',
     {"type": ["string", "null"], "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$", "not": {"enum": ["9999-12-31"]}}, None),
    ("date window", '<type name="t" kind="date" pattern="yyMMdd" window="1950"/>', 'type="t"',
     {"type": ["string", "null"], "format": "date",
      "pattern": r"^(195\d|196\d|197\d|198\d|199\d|200\d|201\d|202\d|203\d|204\d)-\d{2}-\d{2}$"}, None),
    ("codes", '<code-table name="t" unmapped="reject"><code legacy="A" json="active"/><code legacy="X" json="closed"/>'
     '<code legacy="C" json="old" access="read-only"/></code-table>', 'type="t"',
     {"enum": ["active", "closed", "old", None]}, {"enum": ["active", "closed", None]}),
    ("access", "", 'access="read-only"', {"type": ["string", "null"], "readOnly": True}, None),
    ("default", '<type name="t" kind="integer" digits="3"/>', 'type="t" default="7" since="1.1.0" note="how many" pii="count"',
     {"type": ["integer", "null"], "minimum": -999, "maximum": 999, "description": "how many", "x-since": "1.1.0", "x-pii": "count"},
     {"type": ["integer", "null"], "minimum": -999, "maximum": 999, "default": 7, "description": "how many", "x-since": "1.1.0",
      "x-pii": "count"}),
]


def schema(*args):
    code, out, err = sluice("schema", *args)
    return (json.loads(out) if code == 0 else None), err


def valid(document):
    """An error text, None when it is a schema; without jsonschema there is no telling."""
    if jsonschema is None:
        return None
    try:
        jsonschema.Draft202012Validator.check_schema(document)
    except jsonschema.SchemaError as e:
        return str(e).splitlines()[0]
    return None


def rows(t):
    for name, types, attrs, answer, request in ROWS:
        path = write("m.map.xml", HEAD % "" + types +
                     '<shape name="S"><field legacy="v" json="/v" %s/></shape></mapping>' % attrs)
        document, err = schema(path)
        defs = document["$defs"] if document else {}
        got = defs.get("S", {}).get("properties", {}).get("v")
        t.equal(got, answer, "row_%s_answer" % name.replace(" ", "-"))
        if request:
            t.equal(defs.get("SInput", {}).get("properties", {}).get("v"), request, "row_%s_request" % name.replace(" ", "-"))


def charsets(t):
    for name, inside, outside in (("US-ASCII", "a~", "\u00e4"), ("ISO-8859-1", "\u00e4\u00ff", "\u20ac"), ("CP1252", "\u20ac\u0161", "\u0159")):
        path = write("c.map.xml", HEAD % (' charset="%s"' % name) + '<shape name="S"><field legacy="v" json="/v" type="text"/></shape></mapping>')
        document, err = schema("--shape", "S", path)
        pattern = document["properties"]["v"]["pattern"]
        t.ok(all(re.search(pattern, c) for c in inside) and not re.search(pattern, outside), "charset_%s" % name, pattern)


def structure(t):
    path = write("s.map.xml", HEAD % "" + '''<shape name="S">
      <const json="/kind" value="x"/>
      <field legacy="a" json="/in/a" type="text"/>
      <list legacy="l" json="/l"><field legacy="q" json="/q" type="integer"/></list>
      <slots legacy="ADDR{1..5}" json="/lines" type="text"/>
      <pairs legacy="p" name="@n" value="." json="/more" type="text"/></shape></mapping>''')
    document, err = schema("--shape", "S", path)
    p = document["properties"]
    t.equal([p["kind"], p["in"]["required"], p["lines"]["maxItems"], p["more"]["additionalProperties"]["type"], p["l"]["type"]],
            [{"const": "x", "readOnly": True}, ["a"], 5, ["string", "null"], "array"], "structure_is-told")
    t.equal(sorted(document["required"]), ["kind", "l", "lines", "more"], "structure_lists-are-always-there")
    t.ok(document["additionalProperties"] is False, "structure_is-closed")
    code, out, err = sluice("schema", "--shape", "T", path)
    t.ok(code == 1 and 'no shape "T"' in err, "shape_unknown_is-told", err)
    ops = write("ops.map.xml", '''<mapping xmlns="urn:sluice:mapping:1" name="m" version="1.0.0"><system name="m" kind="rest"><outcome legacy="#status"><when is="2*" status="200"/><otherwise status="502"/></outcome></system>
      <shape name="Order"><field legacy="/a" json="/a"/></shape><operation name="create" method="GET" path="/o"><response shape="Order"/></operation></mapping>''')
    for args in (("schema", "--shape", "Ordr", ops), ("schema", "--operation", "creat", ops), ("chek", ops)):
        code, out, err = sluice(*args)
        t.ok(code and "did you mean" in err, "%s_misspelt_what-was-meant" % " ".join(args[:-1]), err)
    code, out, err = sluice("schema", "-o", work("out.json"), path)
    t.ok(code == 0 and out == "" and json.load(open(work("out.json")))["title"] == "m", "output_goes-to-the-file", err)


def documents(t):
    folders = [os.path.join(SOURCE, "mappings/examples"), os.path.join(SOURCE, "tests/golden/mapping")]
    files = sorted(os.path.join(d, f) for top in folders for d, _, names in os.walk(top) for f in names if f.endswith(".map.xml"))
    for file in files:
        name = os.path.basename(os.path.dirname(file))
        document, err = schema(file)
        if document is None:
            if "mistakes" in name or name.startswith("file-"):
                continue
            t.ok(False, "document_%s" % name, err)
            continue
        why = [w for d in document["$defs"].values() for w in [valid(d)] if w]
        t.ok(not why, "document_%s_is-a-schema" % name, why)
        api, err = schema("--openapi", file)
        ops = [o for p in api["paths"].values() for o in p.values()]
        bodies = [c["application/json"]["schema"] for o in ops
                  for c in [o.get("requestBody", {}).get("content", {})] + [r.get("content", {}) for r in o["responses"].values()]
                  if "application/json" in c]
        why = [w for b in bodies for w in [valid(b)] if w]
        t.ok(api["openapi"] == "3.1.0" and not why, "openapi_%s" % name, why)
        if not ops:
            continue
        op, err = schema("--operation", ops[0]["operationId"], file)
        t.ok(op and set(op["$defs"]) <= {"request", "response"}, "operation_%s" % name, err)


with Tap() as t:
    rows(t)
    charsets(t)
    structure(t)
    documents(t)
    if jsonschema is None:
        t.skip("meta-schema", "python3-jsonschema is not installed: documents were not held against the meta-schema")
