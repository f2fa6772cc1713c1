# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of the proof: mappings are generated (types, null states, sentinels, code tables, catalogues, schemas, by
chance and from a seed), judged, and whatever is called proved has to survive random records both ways: 10,000 JSON
records through write and read, 10,000 legacy records through read and write, for each mapping. What is refuted is
counted and left out. SL_SOUNDNESS=MAPPINGS:RECORDS:SEED asks for more.

A hint tells soundness.c how to make values of a field: pointer, kind, two numbers, argument. Kinds: s text (least and
most letters; the letters), n and N numbers bare and in strings (most digits before and behind the point), d date,
t time, l date and time, D the same with a zone, b boolean, e one of those listed.
"""
import concurrent.futures, json, os, random, re, subprocess, sys, time
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

SLUICE = os.path.join(BUILD, "bin", "sluice")
DRIVER = os.path.join(BUILD, "tests", "laws", "soundness")
MAPPINGS, RECORDS, SEED = (int(n) for n in os.environ.get("SL_SOUNDNESS", "200:10000:1" if not SANITIZED else
                                                          "40:1000:1").split(":"))
LETTERS = ["ab c", "x0", "A 0-", "aé ß", "xy€z", "日本a", "a\U0001F600 ", "0123456789", " ", "zŻ"]
PATTERNS = ["^[A-Z]{1,4}$", "^[0-9]+$", "^(0|[1-9][0-9]{0,5})$", "^\\S+$", "^[ -~]*$", "^\\S(.*\\S)?$", "[a-z]", "^.{2,6}$"]


def nulls(r):
    out = ""
    if r.random() < .3:
        out += ' null="%s"' % r.choice(["nil", "empty", "blank", "missing"])
    if r.random() < .3:
        out += ' absent="%s"' % r.choice(["nil", "empty", "blank", "missing"])
    if r.random() < .3:
        out += ' read-null="%s"' % r.choice(["empty", "blank", "empty blank", "missing"])
    if r.random() < .2:
        out += ' read-absent="%s"' % r.choice(["empty", "blank", "nil"])
    return out


def modulo(r, words):
    return ' modulo="%s"' % " ".join(r.sample(words, r.randint(1, len(words)))) if r.random() < .3 else ""


def sentinel(r, values, modes=("null", "absent", "other")):
    if r.random() > .3:
        return "/>"
    rows = "".join('<sentinel legacy="%s" json="%s"%s/>' % (v, r.choice(modes), ' access="read-only"' if r.random() < .3 else "")
                   for v in r.sample(values, min(len(values), r.randint(1, 2))))
    return ">%s</type>" % rows


def text(r, name):
    width = r.choice([0, 0, 1, 3, 8, 12])
    attrs = ' width="%d"' % width if width else ""
    if width and r.random() < .7:
        attrs += ' pad="%s"' % r.choice(["left", "right", "zero"])
    if width and r.random() < .2:
        attrs += ' overflow="truncate"'
    charset = r.choice([None, None, "ISO-8859-1", "ISO-8859-2", "CP1252", "IBM037", "SHIFT_JIS", "UTF-8"])
    if charset:
        attrs += ' charset="%s"' % charset
    if width and r.random() < .2:
        attrs += ' unit="%s"' % r.choice(["bytes", "characters"])
    decl = '<type name="%s" kind="text"%s%s%s%s' % (name, attrs, nulls(r), modulo(r, ["pad", "empty", "null", "width"]),
                                                    sentinel(r, ["*", "N/A", "0", "-"]))
    schema = {"type": "string"}
    if r.random() < .6:
        schema["minLength"] = r.choice([0, 1, 2])
    if r.random() < .8:
        schema["maxLength"] = max(schema.get("minLength", 0), r.choice([1, 2, 3, width or 4, (width or 4) + 1]))
    if r.random() < .6:
        schema["pattern"] = r.choice(PATTERNS)
    return decl, schema, "s\t%d\t%d\t%s" % (0, (width or 6) + 2, r.choice(LETTERS))


def integer(r, name):
    digits = r.choice([0, 1, 3, 5, 9, 18, 25])
    attrs = ' digits="%d"' % digits if digits else ""
    if r.random() < .3:
        attrs += ' as="%s"' % r.choice(["string", "number"])
    if r.random() < .3:
        attrs += ' width="%d" pad="%s"' % ((digits or 5) + r.choice([0, 1]), r.choice(["zero", "left", "right"]))
    if r.random() < .3:
        attrs += ' sign="%s"' % r.choice(["leading", "trailing", "none", "overpunch"])
    decl = '<type name="%s" kind="integer"%s%s%s%s' % (name, attrs, nulls(r), modulo(r, ["sign", "null"]),
                                                       sentinel(r, ["0", "-1", "99", "999"],
                                                                ("null", "absent", "other", "1", "0")))
    string = 'as="string"' in attrs or ('as="number"' not in attrs and digits > 15)
    most = 10 ** (digits or 15) - 1
    schema = {"type": "string"} if string else {"type": "integer"}
    if string and r.random() < .8:
        schema["pattern"] = r.choice(["^(0|-?[1-9][0-9]{0,%d})$" % ((digits or 9) - 1), "^-?[0-9]{1,%d}$" % (digits or 9), "^[1-9][0-9]*$"])
    if not string and r.random() < .8:
        schema["minimum"], schema["maximum"] = r.choice([0, 1, -most, -5]), r.choice([most, 9, most * 10])
    return decl, schema, "%s\t%d\t0\t" % ("N" if string else "n", (digits or 9) + 1)


def decimal(r, name):
    scale = r.choice([0, 1, 2, 3])
    digits = scale + r.choice([1, 3, 7, 15])
    attrs = ' digits="%d" scale="%d"' % (digits, scale)
    if r.random() < .5:
        attrs += ' point="%s"' % r.choice(["implied", "comma", "explicit"])
    if r.random() < .3:
        attrs += ' sign="%s"' % r.choice(["leading", "trailing", "none", "overpunch"])
    if r.random() < .3:
        attrs += ' width="%d" pad="%s"' % (digits + 2, r.choice(["zero", "left", "right"]))
    number = r.random() < .3
    attrs += ' as="number"' if number else ""
    decl = '<type name="%s" kind="decimal"%s%s%s/>' % (name, attrs, nulls(r), modulo(r, ["scale", "sign", "null"]))
    whole = digits - scale - 1
    schema = {"type": "number"} if number else {"type": "string"}
    if number:
        schema["minimum"], schema["maximum"] = r.choice([0, -(10 ** whole)]), 10 ** whole
        if r.random() < .7:
            schema["multipleOf"] = float("0." + "0" * (scale - 1) + "1") if scale else 1
    elif r.random() < .8:
        schema["pattern"] = r.choice(["^(0|[1-9][0-9]{0,%d})\\.[0-9]{%d}$" % (whole, max(scale, 1)),
                                      "^-?(0|[1-9][0-9]{0,%d})(\\.[0-9]{1,%d})?$" % (whole, max(scale, 1)),
                                      "^-?[0-9]+(\\.[0-9]+)?$"])
    return decl, schema, "%s\t%d\t%d\t" % ("n" if number else "N", digits - scale + 1, scale + 1)


def boolean(r, name):
    attrs = r.choice(["", ' true="Y" false="N"', ' true="1" false="0"', ' true="TRUE" false=" "'])
    return '<type name="%s" kind="boolean"%s%s%s' % (name, attrs, nulls(r), sentinel(r, ["?", "U"])), {"type": "boolean"}, "b\t0\t0\t"


def date(r, name):
    attrs = r.choice(["", ' pattern="yyyyMMdd"', ' pattern="dd.MM.yyyy"', ' pattern="yyMMdd" window="1950"'])
    schema = {"type": "string", "format": "date"} if r.random() < .8 else {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
    return '<type name="%s" kind="date"%s%s%s%s' % (name, attrs, nulls(r), modulo(r, ["null"]), sentinel(r, ["00000000", "99991231", "0"])), schema, "d\t0\t0\t"


def clock(r, name):
    attrs = r.choice(["", ' pattern="HHmmss"', ' pattern="HHmm"', ' pattern="HH:mm:ss.SSS"'])
    schema = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,3})?$"}
    return '<type name="%s" kind="time"%s%s%s/>' % (name, attrs, nulls(r), modulo(r, ["fraction", "null"])), schema, "t\t0\t0\t"


def stamp(r, name):
    zone = r.choice(["", ' zone="UTC"', ' zone="Europe/Berlin"', ' zone="+02:00"', ' zone="America/New_York" ambiguous="earlier"',
                     ' zone="Europe/Berlin" ambiguous="later"'])
    attrs = r.choice(["", ' pattern="yyyyMMddHHmmss"', ' pattern="yyyy-MM-dd HH:mm:ss.SSS"', ' pattern="epoch-seconds"',
                      ' pattern="epoch-millis"', ' pattern="yyyyMMddHHmm"'])
    decl = '<type name="%s" kind="datetime"%s%s%s%s/>' % (name, attrs, "" if "epoch" in attrs else zone, nulls(r), modulo(r, ["zone", "fraction", "null"]))
    zoned = "epoch" in attrs or zone
    return decl, {"type": "string", "format": "date-time"}, "%s\t0\t0\t" % ("D" if zoned else "l")


def codes(r, name):
    words = r.sample(["open", "closed", "lost", "1", "A", "other"], r.randint(2, 4))
    legacy = r.sample(["A", "B", "C", "1", "01", " ", "X"], len(words))
    if r.random() < .3:
        words[1] = words[0]
    rows = "".join('<code legacy="%s" json="%s"%s/>' % (l, w, ' access="read-only"' if r.random() < .2 else "") for l, w in zip(legacy, words))
    decl = '<code-table name="%s" unmapped="%s"%s%s>%s</code-table>' % (name, r.choice(["reject", "reject", "provided", "fixed:other"]), nulls(r),
                                                                     modulo(r, ["codes"]), rows)
    listed = r.sample(words, r.randint(1, len(words))) + (["lost"] if r.random() < .2 else [])
    return decl, {"enum": sorted(set(listed))}, "e\t0\t0\t%s" % "|".join(words + listed + ["A", "B", "zz"])


def binary(r, name):
    return '<type name="%s" kind="binary"%s%s/>' % (name, r.choice(["", ' encoding="hex"']), nulls(r)), {"type": "string", "pattern": "^([A-Za-z0-9+/]{4})*$"}, \
        "e\t0\t0\tAAAA|QUJD||AA==|AB==|A|QUJDREVG"


FAMILIES = [text, text, text, integer, integer, decimal, decimal, boolean, date, clock, stamp, codes, codes, binary]
COLUMNS = [("VARCHAR", 'size="8"', text), ("CHAR", 'size="4"', text), ("VARCHAR", 'size="20"', decimal), ("DECIMAL", 'size="9" scale="2"', decimal),
           ("INTEGER", "", integer), ("BIGINT", "", integer), ("SMALLINT", "", integer), ("DATE", "", date), ("TIMESTAMP", "", stamp),
           ("CHAR", 'size="1"', codes), ("VARCHAR", 'size="14"', stamp), ("VARCHAR", 'size="10"', date), ("CHAR", 'size="8"', date)]


class Field:
    def __init__(self, r, i, kind):
        self.name, self.typed, self.nullable = "F%d" % i, True, r.random() < .5
        column = r.choice(COLUMNS)
        family = column[2] if kind == "odbc" else r.choice(FAMILIES)
        self.decl, self.schema, self.hint = family(r, "t%d" % i)
        self.column = '<column name="%s" type="%s" %s nullable="%s"/>' % (self.name, column[0], column[1], "true" if self.nullable else "false")
        if kind == "odbc" and r.random() < .3:
            self.typed = False
        self.required = r.random() < .6
        if r.random() < .4 and "type" in self.schema:
            self.schema["type"] = [self.schema["type"], "null"]
        self.legacy = ("/" if kind == "rest" else "") + self.name
        self.own = nulls(r) if r.random() < .2 else ""

    def line(self):
        return '<field legacy="%s" json="/%s"%s%s/>' % (self.legacy, self.name, ' type="t%s"' % self.name[1:] if self.typed else "", self.own)


class Generated:
    def __init__(self, seed):
        r = random.Random(SEED * 100003 + seed)
        self.seed, self.kind = seed, r.choice(["soap", "rest", "odbc"])
        self.fields = [Field(r, i, self.kind) for i in range(r.randint(3, 7))]
        self.canonical, self.nulls = r.random() < .6, r.choice(["", "<nulls%s/>" % nulls(r)])
        self.zone = r.choice(["", ' zone="Europe/Berlin"'])
        self.dir = work("m%d" % seed)

    def save(self):
        os.makedirs(self.dir, exist_ok=True)
        contract = ' contract="catalog.xml"' if self.kind == "odbc" else ""
        lines = ['<mapping xmlns="urn:sluice:mapping:1" name="g" version="1.0.0">',
                 '<system name="x" kind="%s"%s%s>%s</system>' % (self.kind, contract, self.zone, self.nulls)]
        if self.canonical:
            lines.append('<canonical schema="schema.json"/>')
        self.where = {}
        for f in self.fields:
            lines.append(f.decl)
            self.where[len(lines)] = f
        lines.append('<shape name="S"%s>' % (' table="T"' if self.kind == "odbc" else ""))
        for f in self.fields:
            lines.append(f.line())
            self.where[len(lines)] = f
        lines += ["</shape>", "</mapping>"]
        write(os.path.join(self.dir, "map.xml"), "\n".join(lines) + "\n")
        write(os.path.join(self.dir, "schema.json"), json.dumps({
            "type": "object", "properties": {f.name: f.schema for f in self.fields},
            "required": [f.name for f in self.fields if f.required], "additionalProperties": False}))
        write(os.path.join(self.dir, "catalog.xml"), '<catalog xmlns="urn:sluice:catalog:1" database="d"><table name="T">%s</table></catalog>' %
              "".join(f.column for f in self.fields))
        write(os.path.join(self.dir, "hints"), "".join("/%s\t%s\n" % (f.name, f.hint) for f in self.fields))

    def check(self):
        p = subprocess.run([SLUICE, "check", "--json", "map.xml"], capture_output=True, text=True, cwd=self.dir)
        return json.loads(p.stdout)


def drop(g, found):
    """Without the lines that are wrong."""
    bad = {g.where.get(d["line"]) for d in found["diagnostics"] if d["severity"] == "error"}
    if not bad - {None}:
        return bool(bad)
    g.fields = [f for f in g.fields if f not in bad]
    return True


def one(seed):
    """(share of verdicts, records there and back, what went wrong)"""
    g = Generated(seed)
    share = {}
    for _ in range(12):
        if not g.fields:
            return share, 0, 0, []
        g.save()
        found = g.check()
        for line in found["lines"] if not share else []:
            for law in ("putGet", "getPut"):
                v = line[law]["verdict"] + (" modulo" if line[law].get("modulo") else "")
                share[law, v] = share.get((law, v), 0) + 1
        if not drop(g, found):
            break
    p = subprocess.run([DRIVER, "map.xml", "hints", str(RECORDS), str(seed + 1)], capture_output=True, text=True, cwd=g.dir)
    counts = re.search(r"records\t(\d+)\t(\d+)", p.stdout)
    bad = re.findall(r"^violation.*$", p.stdout, re.M)
    if not counts:
        bad.append("the driver ended with %d: %s" % (p.returncode, p.stderr))
        return share, 0, 0, bad
    return share, int(counts.group(1)), int(counts.group(2)), ["m%d: %s" % (seed, b) for b in bad]


with Tap() as t:
    share, put, get, bad, full, seed, start = {}, 0, 0, [], 0, 0, time.time()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        while full < MAPPINGS and seed < 4 * MAPPINGS:
            batch = range(seed, seed + 16)
            for s, p, g, b in pool.map(one, batch):
                full += p >= RECORDS and g >= RECORDS
                put, get, bad = put + p, get + g, bad + b
                for k, n in s.items():
                    share[k] = share.get(k, 0) + n
            seed += 16
    for law in ("putGet", "getPut"):
        total = sum(n for k, n in share.items() if k[0] == law)
        print("# %s of %d lines: %s" % (law, total, ", ".join("%s %.1f %%" % (v, 100 * share[l, v] / total)
                                                           for l, v in sorted(share) if l == law)))
    print("# %d mappings generated, %d with %d records each way; %d JSON and %d legacy records in %.0f s" %
          (seed, full, RECORDS, put, get, time.time() - start))
    t.ok(not bad, "what is called proved survives", "\n".join(bad[:20]))
    t.ok(full >= MAPPINGS, "%d mappings took %d records each way" % (MAPPINGS, RECORDS), full)
    sampled = sum(n for k, n in share.items() if k[1].startswith("sampled"))
    proved = sum(n for k, n in share.items() if k[1].startswith("proved"))
    t.ok(proved > 10 * sampled, "far more is proved than sampled", (proved, sampled))
