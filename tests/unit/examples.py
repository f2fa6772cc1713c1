# SPDX-License-Identifier: GPL-3.0-or-later
"""Every shipped mapping: right, without a loss that nobody gave away, its examples true, laid out."""
import glob, os, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

try:
    import jsonschema
except ImportError:
    jsonschema = None


def laws(t, name, path):
    """Of each line and law: proved; where every write has a base, proved with it."""
    status, out, err = sluice("check", "--json", path)
    report = json.loads(out)
    t.ok(status == 0, "%s_check_right" % name, out + err)
    for line in report["lines"]:
        place = "%s:%d %s" % (name, line["line"], line.get("json") or line.get("http"))
        put, get, based = (line[k]["verdict"] for k in ("putGet", "getPut", "getPutWithBase"))
        if put not in ("none", "proved") or (get not in ("none", "proved") and based != "proved"):
            t.ok(False, "%s_laws_proved" % place, line)
    t.ok(report["lines"], "%s_laws_judged" % name, report)


def schema(t, name, path):
    """Examples are held to the canonical schema, as what consumers get has to be."""
    files = glob.glob(os.path.join(os.path.dirname(path), "*.schema.json"))
    mapping = open(path).read()
    for file in files if jsonschema else []:
        canonical = json.load(open(file))
        jsonschema.Draft202012Validator.check_schema(canonical)
        for shape, sample in re.findall(r'<example shape="(\w+)"[^>]* json="([^"]+)"', mapping):
            checker = jsonschema.Draft202012Validator({"$ref": "#/$defs/" + shape, "$defs": canonical["$defs"]})
            value = json.load(open(os.path.join(os.path.dirname(path), sample)))
            wrong = [e.message for e in checker.iter_errors(value)]
            t.equal(wrong, [], "%s_%s_fits-the-schema" % (name, sample))


with Tap() as t:
    if not jsonschema:
        t.note("python3-jsonschema is not installed: examples are not held to their schemas by it")
    for path in sorted(glob.glob(os.path.join(SOURCE, "mappings", "examples", "*", "*.map.xml"))):
        name = os.path.basename(path)[: -len(".map.xml")]
        laws(t, name, path)
        status, out, err = sluice("test", path)
        t.ok(status == 0, "%s_test_passes" % name, out + err)
        t.equal(sluice("fmt", "--check", path), (0, "", ""), "%s_fmt_laid-out" % name)
        for command in ("doc", "schema"):
            status, out, err = sluice(command, path)
            t.ok(status == 0 and out, "%s_%s_written" % (name, command), err)
        schema(t, name, path)
