# SPDX-License-Identifier: GPL-3.0-or-later
"""Each way of losing data in tests/golden/laws: the checker refutes it with a counterexample, which, run through
`sluice map`, really is lost; mended, the mapping is proved, and the counterexample comes through or is refused.

A .loss file has a head and files. The head: about (one line), code (of the error; one of several), mended (the
verdicts that the mended twin may have), legacy (the record of a GetPut loss), and what mends it: a file, a text in
it ("- …") and what replaces that ("+ …"); turned (the database gives the rows the other way round).

Where what would be lost is refused at run time, and needs no mending for that: told (what the consumer is told of
record, or of legacy), and fair (a record like it that goes through; or what mends it, and legacy goes through).
"""
import glob, json, os, re, subprocess, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

SLUICE = os.path.join(BUILD, "bin", "sluice")


def parse(path):
    head, files, name, mends = {}, {}, None, []
    for line in open(path, encoding="utf-8").read().splitlines(True):
        if line.startswith("=== "):
            name = line[4:].strip()
            files[name] = ""
        elif name:
            files[name] += line
        elif line[:2] == "- ":
            mends[-1][1] = line[2:-1].replace("\\n", "\n")
        elif line[:2] == "+ ":
            mends[-1][2] = line[2:-1].replace("\\n", "\n")
        elif not line.startswith("#"):
            key, value = line.rstrip("\n").split(": ", 1)
            if key == "mend":
                mends.append([value, None, None])
            head[key] = value
    return head, files, mends


def sluice(where, *args, given=""):
    p = subprocess.run([SLUICE, *args], input=given, capture_output=True, text=True, cwd=where)
    return p.returncode, p.stdout, p.stderr


def put_files(where, files):
    for name, text in files.items():
        write(os.path.join(where, name), text)
    return work(where)


def report(where):
    status, out, err = sluice(where, "check", "--json", "map.xml")
    return status, json.loads(out) if out.strip() else {"lines": [], "diagnostics": []}, err


def turned(csv):
    rows = csv.splitlines(True)
    return "".join(rows[:1] + rows[:0:-1])


def there_and_back(where, record, lossy, turn=False):
    """JSON → legacy → JSON; None: refused."""
    status, legacy, err = sluice(where, "map", "write", *(["--lossy"] if lossy else []), "map.xml", given=record)
    if status:
        return None, err
    status, back, err = sluice(where, "map", "read", "map.xml", given=turned(legacy) if turn else legacy)
    return (None, err) if status else (json.loads(back), legacy)


def kept(was, back):
    """Is what was written in what came back? Lines that are only read may stand beside it."""
    if isinstance(was, dict) and isinstance(back, dict):
        return all(k in back and kept(v, back[k]) for k, v in was.items()) and \
            all(k in was or v == [] for k, v in back.items())
    return was == back and type(was) == type(back)


def exact(text):
    return json.loads(text, parse_float=str, parse_int=str)


def lost(t, name, where, head, law, which):
    if which == "putGet":
        record = re.match(r"echo '(.*)' \| sluice map write --lossy", law.get("show") or "", re.S)
        if not t.ok(record, "%s shows its loss" % name, law):
            return None
        back, what = there_and_back(where, record.group(1), True, "turned" in head)
        t.ok(back is None or exact(json.dumps(back)) != exact(record.group(1)), "%s is lost" % name,
             (record.group(1), what, back))
        return record.group(1)
    shown = re.match(r"echo '(.*)' \| sluice map read ", law.get("show") or "", re.S)
    t.ok(shown or "rows" in head, "%s shows its loss" % name, law)
    record = head.get("legacy") or (shown.group(1) if shown else "")
    if shown:
        p = subprocess.run(["sh", "-c", law["show"].replace("sluice ", SLUICE + " ")], capture_output=True, text=True, cwd=where)
        t.ok(p.returncode or p.stdout.strip() != shown.group(1), "%s shows another record" % name, (law["show"], p.stdout, p.stderr))
    status, out, err = sluice(where, "map", "read", "map.xml", given=record)
    back = sluice(where, "map", "write", "--lossy", "map.xml", given=out)
    t.ok(status == 0 and (back[0] or back[1].strip() != record), "%s is lost" % name, (record, out, back, err))
    return None


def mended(t, name, head, files, mends, record):
    files = dict(files)
    for file, old, new in mends:
        if not t.ok(old in files[file], "%s has what is mended" % name, old):
            return
        files[file] = files[file].replace(old, new, 1)
    where = put_files(name + ".mended", files)
    status, found, err = report(where)
    t.ok(status == 0, "%s mended has no error" % name, err)
    words = head["mended"].split()
    if "xsi:type" in head.get("legacy", ""):
        t.ok(again(where, head["legacy"]) == head["legacy"], "%s mended keeps it" % name, again(where, head["legacy"]))
    for line in found["lines"]:
        for which in ("putGet", "getPut"):
            law = line[which]
            good = law["verdict"] == "none" or (law["verdict"] == "proved" and set(law.get("modulo", [])) <=
                                                set(words[2:]) | {"alias", "spelling"})
            t.ok(good, "%s mended: %s of %s is proved" % (name, which, line.get("json", line["legacy"])), law)
    if record:
        back, what = there_and_back(where, record, False)
        outside = back is not None and exact(json.dumps(back)) != exact(record)
        t.ok(not outside or len(words) > 2 or excluded(files, record), "%s mended keeps or refuses it" % name,
             (record, what, back))


def again(where, legacy):
    """Legacy → JSON → legacy."""
    status, record, err = sluice(where, "map", "read", "map.xml", given=legacy)
    return sluice(where, "map", "write", "--lossy", "map.xml", given=record)[1].strip() if status == 0 else err


def told(t, name, where, head, found, err):
    codes = {d["code"] for d in found["diagnostics"]}
    t.ok(codes == set(head["code"].split()) - {"-"}, "%s is as it says: %s" % (name, head["code"]), err)
    ways = [["read"]] if "legacy" in head else [["write"], ["write", "--lossy"]]
    for way in ways:
        status, out, err = sluice(where, "map", *way, "map.xml", given=head.get("legacy") or head["record"])
        t.ok(status == 1 and not out and head["told"] in err, "%s is told: %s" % (name, " ".join(way)), out + err)


def unloaded(t, name, head, files):
    """What is lost where an error of the operations stops the mapping: shown without them."""
    alone = dict(files, **{"map.xml": re.sub("<operation.*</operation>", "", files["map.xml"], flags=re.S)})
    where = put_files(name + ".alone", alone)
    back = again(where, head["legacy"])
    t.ok(back.startswith("<") and back != head["legacy"], "%s is lost" % name, back)


def excluded(files, record):
    """Has the schema been mended, so that it does not allow the record any longer?"""
    try:
        import jsonschema
    except ImportError:
        return True  # cannot be told without python3-jsonschema; the verdicts above are
    try:
        jsonschema.validate(json.loads(record), json.loads(files["schema.json"]))
    except jsonschema.ValidationError:
        return True
    return False


def one(t, path):
    name = os.path.basename(path)[:-5]
    head, files, mends = parse(path)
    where = put_files(name, files)
    status, found, err = report(where)
    if "told" in head:
        told(t, name, where, head, found, err)
        return mended(t, name, head, files, mends, head.get("fair"))
    codes = [d["code"] for d in found["diagnostics"] if d["severity"] == "error"]
    wanted = head["code"].split()
    t.ok(status == 1 and codes and set(codes) <= set(wanted), "%s is refuted: %s" % (name, head["code"]), err)
    record = None
    for line in found["lines"]:
        for which in ("putGet", "getPut"):
            if line[which]["verdict"] == "refuted":
                record = lost(t, name, where, head, line[which], which) or record
    if "legacy" in head and not any(l[w]["verdict"] == "refuted" for l in found["lines"] for w in ("putGet", "getPut")):
        unloaded(t, name, head, files)
    mended(t, name, head, files, mends, record)


with Tap() as t:
    paths = sorted(glob.glob(os.path.join(SOURCE, "tests", "golden", "laws", "*.loss")))
    for path in paths:
        if len(sys.argv) < 2 or sys.argv[1] in path:
            one(t, path)
    t.ok(len(sys.argv) > 1 or len(paths) >= 40, "there are 40 ways of losing data, or more", len(paths))
