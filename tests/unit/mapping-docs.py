# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guide shows is what happens: every fenced block of docs/mapping.md and of the crm example's
README is executed, and its output compared. The word behind ``` says what a block is:

    xml file=NAME       a file, which later blocks use
    xml types=NAME      types, perhaps with a <system> and a <field>: the mapping file NAME.map.xml
    xml shows=PATH      a piece of a file of the source tree, as it stands there (without its examples)
    values NAME         JSON ⇄ legacy, one a line, of types=NAME. → is only written, ← only read;
                        "refused: TEXT" stands where no value does, · for a blank
    losses NAME         JSON ⇝ legacy ⇝ JSON: what --lossy writes of types=NAME, and what reads back
    exchange MAPPING    one call: asked, with, based (on what), sent, answered, gets, refused (SOAP: without the envelope)
    statements MAPPING  calls of a database: tests/unit/sql-exchange.c says how; a line that begins with a blank goes on
    console             "$ command" and what it prints

A block of another kind is a failure: it would not be checked.
"""
import os, re, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

PAGES = ["docs/mapping.md", "docs/mapping-sql.md", "docs/codecs.md", "mappings/examples/crm/README.md",
         "mappings/examples/customer/README.md"]
HEAD = ('<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
        '<soap:Body>')
TAIL = "</soap:Body></soap:Envelope>"
STATES = {"(missing)": "<Value/>", "(empty)": "<Value><v/></Value>",
          "(nil)": '<Value><v xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/></Value>'}


def blocks(page):
    """(line, words behind the fence, text) of each fenced block."""
    fence = None
    with open(os.path.join(SOURCE, page), encoding="utf-8") as f:
        for n, line in enumerate(f, 1):
            if fence is None and line.startswith("```"):
                fence, text = (n, line[3:].split()), []
            elif line.startswith("```"):
                yield fence[0], fence[1], "".join(text)
                fence = None
            elif fence:
                text.append(line)
    if fence:
        yield fence[0], ["unclosed"], ""


def whole_mapping(name, fragment):
    """Types, and perhaps <system> and <field>, as a mapping with the shape Value: one value, v."""
    system = re.search(r"<system.*?(/>|</system>)", fragment, re.S)
    field = re.search(r"<field.*?/>", fragment, re.S)
    rest = fragment
    for piece in (system, field):
        rest = rest.replace(piece.group(0), "") if piece else rest
    first = re.search(r'<(?:type|code-table)\s+name="([^"]+)"', rest)
    return ('<mapping xmlns="urn:sluice:mapping:1" name="%s" version="1.0.0">%s%s<shape name="Value">%s</shape></mapping>' %
            (name, system.group(0) if system else '<system name="x" kind="soap"/>', rest,
             field.group(0) if field else '<field legacy="v" json="/v" type="%s"/>' % first.group(1)))


def xml_escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def one(direction, name, record, *options):
    """The record through `sluice map`, or "refused: …"."""
    status, out, err = sluice("map", direction, *options, work(name + ".map.xml"), input=record)
    if status:
        return "refused: " + re.sub(r"^record 1: (/v: )?", "", err.strip())
    return out.strip("\n")


def value_line(name, line):
    """What is wrong with the line; empty if nothing."""
    m = re.match(r"^(.*?)\s*([⇄→←])\s*(.*?)\s*$", line)
    if not m:
        return "no arrow"
    json, arrow, legacy = m.groups()
    record = "{}" if json == "(absent)" else '{"v":%s}' % json
    xml = STATES.get(legacy) or "<Value><v>%s</v></Value>" % xml_escape(legacy.replace("·", " "))
    wrong = []
    if arrow in "⇄→":
        got, want = one("write", name, record), legacy if legacy.startswith("refused: ") else xml
        if got != want:
            wrong.append("written: " + got.replace(" ", "·"))
    if arrow in "⇄←":
        got, want = one("read", name, xml), json if json.startswith("refused: ") else record
        if got != want:
            wrong.append("read: " + got)
    return "; ".join(wrong)


def loss_line(name, line):
    """What is wrong with the line; empty if nothing. The value is refused without --lossy."""
    parts = [p.strip() for p in line.split("⇝")]
    if len(parts) != 3:
        return "no two arrows"
    record, xml, back = '{"v":%s}' % parts[0], STATES.get(parts[1]) or \
        "<Value><v>%s</v></Value>" % xml_escape(parts[1].replace("·", " ")), '{"v":%s}' % parts[2]
    if not one("write", name, record).startswith("refused: "):
        return "taken without --lossy"
    wrote, read = one("write", name, record, "--lossy"), one("read", name, xml)
    return "; ".join(what + got.replace(" ", "·") for what, got, want in
                     (("written: ", wrote, xml), ("read: ", read, back)) if got != want)


def do_exchange(t, where, mapping, text, n):
    """The block as steps of test-golden, which prints a TAP line for each."""
    folder = "exchange-%d" % n
    soap = 'kind="soap"' in open(work(mapping), encoding="utf-8").read()
    lines, steps, answered = [], [], False
    for line in text.splitlines():
        if line.startswith(" "):
            lines[-1] += line.strip()
        elif line:
            lines.append(line)

    def put(name, content):
        name = "%d-%s" % (len(steps), name)
        write(os.path.join(folder, name), content)
        return name
    for line in lines:
        word, rest = (line.split(None, 1) + [""])[:2]
        if word == "asked":
            steps.append("call " + rest)
            answered = False
        elif word == "with":
            steps[-1] += " body=" + put("body", rest)
        elif word == "sent":
            steps.append("request " + put("sent", HEAD + rest + TAIL if soap else rest))
        elif word == "based":
            status, body = (rest.split(None, 1) + [""])[:2]
            steps.append("base %s %s" % (status, put("base", HEAD + body + TAIL if soap else body)))
        elif word in ("target", "header"):
            steps.append(word + " " + rest)
        elif word == "answered":
            status, body = (rest.split(None, 1) + [""])[:2]
            steps.append("answer %s %s" % (status, put("answer", HEAD + body + TAIL if soap else body)))
            answered = True
        elif word == "gets":
            status, body = (rest.split(None, 1) + [""])[:2]
            if body.startswith("problem "):
                steps.append("problem %s %s" % (status, body[8:]))
            else:
                steps.append("expect " + status + (" " + put("gets", body) if body else ""))
        elif word == "refused":
            steps.append(("garbage " if answered else "refused ") + rest)
        else:
            t.ok(False, where + " unknown word " + word)
    write(os.path.join(folder, "steps"), "\n".join(steps) + "\n")
    status, out, err = run(os.path.join(BUILD, "tests", "unit", "test-golden"), work(folder), work(mapping))
    results = re.findall(r"^(not )?ok \d+ - [^:]*: (.*)$", out, re.M)
    t.ok(results and all(not bad for bad, _ in results) and status == 0, where + " exchange " + mapping, out + err)


def statements(mapping, text):
    # JSON goes on without a blank, SQL with one.
    script = write("statements", re.sub(r"\n +", " ", re.sub(r",\n +\"", ',"', text)))
    return run(os.path.join(BUILD, "tests", "unit", "sql-exchange"), work(mapping), script)


def do_statements(t, where, mapping, text):
    status, out, err = statements(mapping, text)
    t.ok(status == 0, where + " statements " + mapping, out + err)


def do_console(t, where, text):
    for part in re.split(r"^\$ ", text, flags=re.M)[1:]:
        command, _, wanted = part.partition("\n")
        while command.endswith("\\"):
            more, _, wanted = wanted.partition("\n")
            command = command[:-1] + more.lstrip("> ")
        got = run("sh", "-c", "cd '%s' && PATH='%s':$PATH && { %s; } 2>&1" % (work(), os.path.join(BUILD, "bin"), command))[1]
        wanted = wanted.replace("\\\n", "")  # a long line of output, continued
        t.equal(got.strip("\n"), wanted.strip("\n"), "%s $ %s" % (where, command[:60]))


def do_block(t, where, kind, text, n):
    word, _, name = (kind[1] if len(kind) > 1 else "").partition("=")
    if kind[:1] == ["xml"] and word == "file" and name:
        write(name, text)
    elif kind[:1] == ["xml"] and word == "types" and name:
        write(name + ".map.xml", whole_mapping(name, text))
        status, _, err = sluice("check", "-q", work(name + ".map.xml"))
        t.equal((status, err), (0, ""), "%s types %s load" % (where, name))
    elif kind[:1] == ["xml"] and word == "shows" and name:
        shown = open(os.path.join(SOURCE, name), encoding="utf-8").read()
        if "<example" not in text:  # those of a whole mapping are left out
            shown = re.sub(r" *<example [^>]*>.*?</example>\n", "", shown, flags=re.S)
        t.ok(text.strip("\n") and text.strip("\n") in shown,
             "%s stands in %s" % (where, name))
    elif kind[:1] == ["values"] and word:
        for line in filter(None, text.splitlines()):
            wrong = value_line(word, line)
            t.ok(not wrong, "%s %s %s" % (where, word, line), wrong)
    elif kind[:1] == ["losses"] and word:
        for line in filter(None, text.splitlines()):
            wrong = loss_line(word, line)
            t.ok(not wrong, "%s %s %s" % (where, word, line), wrong)
    elif kind[:1] == ["exchange"] and word:
        do_exchange(t, where, word, text, n)
    elif kind[:1] == ["statements"] and word:
        do_statements(t, where, word, text)
    elif kind == ["console"]:
        do_console(t, where, text)
    else:
        t.ok(False, "%s a block that nothing checks: %s" % (where, " ".join(kind)))


os.environ["SL_XSD_DIR"] = os.path.join(SOURCE, "xsd")
pages = sys.argv[1:] or PAGES
with Tap() as t:
    for folder in ("mappings", "wsdl"):
        os.symlink(os.path.join(os.path.abspath(SOURCE), folder), work(folder))
    n = 0
    for page in pages:
        found = list(blocks(page))
        t.ok(found, page + " has blocks")
        for line, kind, text in found:
            n += 1
            do_block(t, "%s:%d" % (page, line), kind, text, n)

    # Each kind of check can fail.
    write("self.map.xml", whole_mapping("self", '<type name="n" kind="text" width="3" pad="zero"/>'))
    for line in ('"1" ⇄ 01', '"1" → 01', '"2" ← 001', '"01" → 001', '"1" → refused: no', '"1" 001', '(absent) ← (nil)'):
        t.ok(value_line("self", line), "a wrong line is found: " + line)
    t.equal(value_line("self", '"1" ⇄ 001'), "", "a right line is right")
    for line in ('"01" ⇝ 001 ⇝ "01"', '"01" ⇝ 01 ⇝ "1"', '"1" ⇝ 001 ⇝ "1"', '"01" ⇝ 001'):
        t.ok(loss_line("self", line), "a wrong loss is found: " + line)
    t.equal(loss_line("self", '"01" ⇝ 001 ⇝ "1"'), "", "a right loss is right")
    orders = "mappings/examples/orders/orders.map.xml"
    right = 'asked creditCheck path:id=1\nwith {"limit":"1.00"}\nexecutes CALL PKG_CREDIT.CHECK_ORDER(?, ?, ?)\n' \
        'values 1|1.00|~\ncolumns HIT_CD\nback 1.00|0\ngets 200 {"limit":"1.00","hits":[]}\n'
    t.equal(statements(orders, right)[0], 0, "right statements are right")
    for was, instead in (("1.00|~", "1.00|1"), ("?, ?, ?", "?, ?"), ("gets 200", "gets 201"), ("|0", "|4"), ("with", "wiht")):
        t.ok(statements(orders, right.replace(was, instead))[0], "wrong statements are found: " + instead)
