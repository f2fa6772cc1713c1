# SPDX-License-Identifier: GPL-3.0-or-later
"""One mistake gives one error. Each shipped mapping is right; here it gets one mistake at a time, made by a rule
(a name misspelt, an attribute that is none, a path that leads nowhere, a line twice, …), and `sluice check` has to
tell that one, at its line, and nothing that merely follows from it: neither errors nor warnings.

`one-mistake.py --all` makes all there are instead of some of each rule, `--list` prints what was said of each; other
words choose among the mappings by name."""
import glob, os, re, shutil, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

SHARE_OF_FIXES = 0.57   # of the errors tell what to do
SHARE_OF_CARETS = 0.85  # of the carets stand in what was changed
AT_LEAST = 150
TIMEOUT = 60
EACH = 3  # of a rule in a file; --all: all there are

TOKEN = re.compile(r'<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|</[^>]*>|<([A-Za-z][\w-]*)((?:\s+[\w:-]+\s*=\s*"[^"]*")*)\s*(/?)>',
                   re.S)
ATTR = re.compile(r'([\w:-]+)\s*=\s*"([^"]*)"')


class Mistake:
    """text[start:end] becomes new; the error belongs to the line of `at` and, if `to`, to columns at … to."""
    def __init__(self, rule, start, end, new, at=None, to=None, lines=()):
        self.rule, self.start, self.end, self.new = rule, start, end, new
        self.at = start if at is None else at
        self.to = to
        self.lines = lines  # further lines (of the changed file) where it may be told as well


def elements(text):
    """(name, [(attr, value, name_start, value_start, value_end)], start, end, empty)"""
    for m in TOKEN.finditer(text):
        if not m.group(1):
            continue
        attrs = [(a.group(1), a.group(2), m.start(2) + a.start(1), m.start(2) + a.start(2), m.start(2) + a.end(2))
                 for a in ATTR.finditer(m.group(2))]
        yield m.group(1), attrs, m.start(), m.end(), m.group(3) == "/"


def typo(word):
    """The last letter but one twice as many: a mistake that a person makes."""
    i = max(1, len(word) - 2) if len(word) > 2 else len(word) - 1
    return word[:i] + "x" + word[i:] if word else "x"


NAMES = {"type", "shape", "calls", "base", "reread", "contract", "parent", "procedure"}
ENUMS = {"kind", "pad", "point", "sign", "access", "mode", "on-write", "unmapped", "null", "absent", "method", "key",
         "as", "transaction", "retry", "optional", "required", "generated", "ambiguous"}
NUMBERS = {"width", "digits", "scale", "status", "size", "max"}
REQUIRED = {("system", "name"), ("system", "kind"), ("operation", "name"), ("operation", "path"), ("operation", "method"),
            ("type", "name"), ("code-table", "name"), ("shape", "name"), ("code", "legacy"), ("code", "json"),
            ("when", "is"), ("when", "status"), ("otherwise", "status"), ("sentinel", "legacy"), ("sentinel", "json"),
            ("const", "value"), ("param", "name"), ("page", "key"), ("mapping", "name"), ("mapping", "version"),
            ("outcome", "legacy"), ("field", "legacy"), ("list", "json"), ("update", "shape"), ("update", "mode"),
            ("insert", "shape"), ("generated", "legacy"), ("fault", "status"), ("if", "present")}


def value(rule, a, new):
    return Mistake(rule, a[3], a[4], new, a[3], a[3] + max(len(new), 1))


def of_attribute(kind, name, a, start):
    """Mistakes in one attribute a of <name>."""
    key, v, name_at, at, end = a[:5]
    if key.startswith("xmlns"):
        return
    read_only = 'access="read-only"' in a[5][start:a[5].index(">", start)]
    yield Mistake("attribute misspelt", name_at, name_at + len(key), typo(key), name_at, name_at + len(key) + 1,
                  lines=(start,))
    if key in NAMES and not (name == "param" and key == "name"):
        yield value("misspelt " + key + "=", a, typo(v))
    if key in ENUMS and not (key == "key" and v != "true"):
        yield value("no such " + key + "=", a, typo(v))
    if key in NUMBERS:
        yield value("no number in " + key + "=", a, v + "x")
        yield value("number out of range in " + key + "=", a, v + "00000000")
    if key == "legacy" and name not in ("code", "sentinel", "outcome"):
        if kind == "soap" or v.startswith("/"):
            yield value("misspelt path", a, typo(v))
        if kind == "odbc" and not read_only:
            yield value("misspelt column", a, typo(v))
    if key == "legacy" and name == "outcome":
        yield value("misspelt outcome", a, typo(v))
    if key == "json" and v.startswith("/"):
        yield value("no pointer", a, v[1:])
    if key == "http":
        where, what = v.split(":")
        yield value("no such place in HTTP", a, typo(where) + ":" + what)
        if where == "path":
            yield Mistake("misspelt segment", at, end, where + ":" + typo(what), at, at + len(v) + 1,
                          lines=(a[5].rfind("<operation", 0, start),))
    if key == "is" and name == "fault":
        yield value("misspelt fault", a, typo(v))
    if key == "detail":
        yield value("misspelt detail", a, typo(v))
    if key == "path" and name == "operation" and "{" in v:
        yield value("misspelt segment", a, v.replace("}", "x}", 1))
    if key in ("present", "for") or (key == "if-match"):
        yield value("misspelt " + key + "=", a, typo(v))
    if key == "pattern":
        yield value("a pattern that is none", a, v.replace("yyyy", "jjjj"))
    if (name, key) in REQUIRED:
        before = start
        while True:  # the white space before it goes too
            name_at -= 1
            if name_at <= before or not a[5][name_at].isspace():
                break
        yield Mistake("without " + key + "=", name_at + 1, end + 1, "", start, start + len(name) + 1)


def mistakes(text):
    kind = re.search(r'<system[^>]*kind="(\w+)"', text).group(1)
    for name, attrs, start, end, empty in elements(text):
        for a in attrs:
            yield from of_attribute(kind, name, a + (text,), start)
        if name not in ("mapping",) and empty:
            yield Mistake("element misspelt", start + 1, start + 1 + len(name), typo(name), start,
                          start + len(name) + 2)
            yield Mistake("attribute that is none", end - 2, end - 2, ' colour="red"', end - 1, end + 11,
                          lines=(start,))
        if empty and name in ("field", "code", "type", "const", "param") and "name" in {x[0] for x in attrs} | {"name"}:
            line = text[start:end]
            yield Mistake("twice", end, end, line, start, None, lines=(end,))
        if name in ("otherwise",):
            yield Mistake("without <otherwise>", start, end, "", text.rfind("<outcome", 0, start), None)
        if name == "field" and empty and "type" in {x[0] for x in attrs}:
            t = [x for x in attrs if x[0] == "type"][0]
            yield value("a type that does not fit", t, "boolean")
    for m in re.finditer(r":([a-z]\w+)\b", "".join(c if inside else " " for c, inside in sql_of(text))):
        yield Mistake("misspelt :name", m.start(1), m.end(1), typo(m.group(1)), m.start(), m.end(1) + 2)


def sql_of(text):
    spans = [(m.start(1), m.end(1)) for m in re.finditer(r"<(?:select|generated)\b[^>]*>(.*?)</(?:select|generated)>", text, re.S)]
    for i, c in enumerate(text):
        yield c, any(s <= i < e for s, e in spans)


def line_col(text, i):
    return text.count("\n", 0, i) + 1, i - (text.rfind("\n", 0, i) + 1) + 1


SAID = re.compile(r"^(.*?):(\d+):(\d+): (error|warning) (\w+) (.*)$", re.M)


def check(path):
    try:
        out = subprocess.run([SLUICE, "check", path], capture_output=True, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return None, "still running after %d s" % TIMEOUT
    if out.returncode not in (0, 1):
        return None, out.stderr
    found = []
    for block in re.split(r"(?m)^(?=\S.*:\d+:\d+: (?:error|warning) )", out.stderr):
        m = SAID.match(block)
        if m:
            found.append((m.group(4), m.group(5), int(m.group(2)), int(m.group(3)), m.group(6), "\n  fix: " in block,
                          os.path.basename(m.group(1))))
    return found, out.stderr


SLUICE = os.path.join(os.environ.get("SL_BUILD", "."), "bin", "sluice")


# Told elsewhere, and rightly so.
ELSEWHERE = {
    "R359": "the columns of a select are those of the shape: which of the two is misspelt, nobody knows",
    "R352": "the same: parent= names a column of another line",
    "E401": "the line is right by itself: only the example shows that it is not what was meant",
}


def names(text):
    return set(re.split(r"[ ,]+", text.split(": ", 1)[-1]))


def is_old(warning, normal):
    """Does the mapping as it is have this warning, of these names or more?"""
    return any(warning[1] == n[1] and names(warning[4]) <= names(n[4]) for n in normal)


def judge(job):
    """(verdict, text) for one mistake: "no mistake", "one", or what is wrong."""
    path, text, m, normal, n = job
    changed = text[:m.start] + m.new + text[m.end:]
    file = os.path.join(os.path.dirname(path), "m%d.map.xml" % n)
    with open(file, "w", encoding="utf-8") as f:
        f.write(changed)
    found, raw = check(file)
    os.unlink(file)
    if found is None:
        return "crashed", raw, None
    errors = [x for x in found if x[0] == "error"]
    new = [x for x in found if x[0] == "warning" and not is_old(x, normal)]
    if not errors:
        return "no mistake", raw, None
    if len(errors) > 1:
        return "follow-up errors", raw, errors
    if new:
        return "follow-up warnings", raw, errors
    shift = lambda i: i if i <= m.start else i + len(m.new) - (m.end - m.start) if i >= m.end else i
    lines = {line_col(changed, m.at)[0]} | {line_col(changed, shift(i))[0] for i in m.lines}
    e = errors[0]
    if e[2] not in lines and e[1] not in ELSEWHERE:
        return "another line", raw, errors
    line, col = line_col(changed, m.at)
    exact = e[2] == line and m.to is not None and col <= e[3] <= col + (m.to - m.at)
    return "one", raw, (errors, exact)


def main():
    source = os.environ.get("SL_SOURCE", ".")
    os.environ.setdefault("SL_XSD_DIR", os.path.join(source, "xsd"))
    show = "--list" in sys.argv
    whole = "--all" in sys.argv
    only = [a for a in sys.argv[1:] if not a.startswith("-")]
    with tempfile.TemporaryDirectory() as tmp:
        shutil.copytree(os.path.join(source, "mappings"), os.path.join(tmp, "mappings"),
                        ignore=lambda d, names: [n for n in names if n.endswith((".c", ".h"))])
        shutil.copytree(os.path.join(source, "wsdl"), os.path.join(tmp, "wsdl"))
        jobs = []
        for path in sorted(glob.glob(os.path.join(tmp, "mappings/examples/*/*.map.xml"))):
            if only and not any(o in path for o in only):
                continue
            text = open(path, encoding="utf-8").read()
            # Examples tell of a mistake once more, each by itself: that is what they are for.
            text = re.sub(r"\n *<example\b[^>]*(/>|>.*?</example>)", "", text, flags=re.S)
            normal = check(path)[0]
            seen = {}
            for m in mistakes(text):
                seen[m.rule] = seen.get(m.rule, 0) + 1
                if seen[m.rule] > EACH and not whole:
                    continue
                jobs.append((path, text, m, normal, len(jobs)))
        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            results = list(pool.map(judge, jobs))
    report(jobs, results, show)


def report(jobs, results, show):
    tally, fixes, carets, ones = {}, 0, 0, 0
    bad = []
    for (path, text, m, _, _), (verdict, raw, e) in zip(jobs, results):
        tally[verdict] = tally.get(verdict, 0) + 1
        if verdict == "one":
            ones += 1
            fixes += e[0][0][5]
            carets += e[1]
        if verdict not in ("one", "no mistake"):
            bad.append((path, text, m, verdict, raw))
        if show or verdict not in ("one", "no mistake"):
            print("# %s: %s %s:%d: %r -> %r\n%s" % (verdict, m.rule, os.path.basename(path),
                  line_col(text, m.start)[0], text[m.start:m.end][:40], m.new[:60],
                  re.sub(r"(?m)^", "#   ", raw) if show or verdict != "one" else ""))
    with Tap() as t:
        for what in ("crashed", "follow-up errors", "follow-up warnings", "another line"):
            t.ok(not tally.get(what), "one-mistake_is-made_no-%s" % what.replace(" ", "-"),
                 "%d of %d" % (tally.get(what, 0), len(jobs)))
        t.ok(ones >= AT_LEAST, "one-mistake_is-made_one-error-each", ones)
        t.ok(fixes >= SHARE_OF_FIXES * ones, "one-mistake_is-made_most-have-a-fix", "%d of %d" % (fixes, ones))
        t.ok(carets >= SHARE_OF_CARETS * ones, "one-mistake_is-made_most-carets-are-in-it", "%d of %d" % (carets, ones))
    print("# " + ", ".join("%d %s" % (n, v) for v, n in sorted(tally.items())))
    print("# %d mistakes, %.0f %% with a fix, %.0f %% with the caret in what was changed"
          % (ones, 100 * fixes / max(ones, 1), 100 * carets / max(ones, 1)))


main()
