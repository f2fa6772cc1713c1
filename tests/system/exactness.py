# SPDX-License-Identifier: GPL-3.0-or-later
"""Difficult values through every path: JSON -> legacy -> JSON, the legacy bytes looked at without us.
Every cell is unharmed, or refused by a problem that names the field; docs/exactness.md says which."""
import os, sys
sys.path[:0] = [os.path.join(os.environ.get("SL_SOURCE", "."), "tests", d) for d in ("harness", "bench")]
from sluice_test import *
import erp_db, data

MAPPINGS = os.path.join(SOURCE, "mappings", "examples")
FORTY = "1234567890123456789012345678901234567890"

# value, member of the customer, element, the bytes to find (None: no element), how it is named in the page
SOAP = [
    ("12345678901234567.8900", ("account", "balance"), "BALANCE", ">12345678901234567.8900<", "`12345678901234567.8900`"),
    ("-0.00", ("account", "balance"), "BALANCE", ">-0.00<", "`-0.00`"),
    (Digits(FORTY), ("account", "riskScore"), "RISK_SC", ">%s<" % FORTY, "an integer of 40 digits"),
    ("\u0141\u00f3d\u017a", ("address", "city"), "CITY_NM", ">\u0141\u00f3d\u017a<", "`Łódź`"),
    ("", ("contact", "email"), "EMAIL", "", "empty text"),
    (None, ("contact", "email"), "EMAIL", "nil", "null"),
    (..., ("contact", "phone"), "PHONE", None, "absent"),
]
ROWS = [  # value, member, column, what SQL must say
    ("12345678901234567.8900", "amount", "AMOUNT", "12345678901234567.8900"),
    ("-0.00", "amount", "AMOUNT", "-0.0000"),
    (FORTY, "number", "BIG_NO", FORTY),
    ("\u0141\u00f3d\u017a", "memo", "MEMO", "\u0141\u00f3d\u017a"),
    ("", "memo", "MEMO", ""),
    (None, "memo", "MEMO", None),
    (..., "memo", "MEMO", None),
]


def text_of(value):
    """JSON text; Digits are numbers by their digits."""
    if isinstance(value, Digits):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(k) + ":" + text_of(v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(text_of(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def element(envelope, name):
    """The element as it stands in the legacy answer, or None."""
    m = re.search(r"<crm:%s\b[^>]*?(/>|>[^<]*</crm:%s>)" % (name, name), envelope)
    return m and m.group(0)


def names(reply, field):
    return reply.status in (400, 422) and field in reply.json.get("field", "")


def soap_cells(t, gateway, crm):
    cells = []
    for no, (value, (group, member), name, found, title) in enumerate(SOAP, 100):
        c = get(gateway, "/customers/%d" % no).json
        if value is ...:
            c[group].pop(member, None)
        else:
            c[group][member] = value
        r = put(gateway, "/customers/%d" % no, text_of(c))
        if names(r, member):
            cells.append("refused")
            continue
        raw_ = element(data.fetch("127.0.0.1", crm.port, [no])[no], name)
        held = (raw_ is None if found is None else 'nil="true"' in (raw_ or "") if found == "nil"
                else raw_ is not None and "nil" not in raw_ and ("></" in raw_ or "/>" in raw_) if found == ""
                else found in (raw_ or ""))
        back = get(gateway, "/customers/%d" % no).json
        same = back == c
        t.ok(r.status == 200 and held and same, "soap_%s_unharmed" % title, (r, raw_, back[group]))
        cells.append("unharmed" if held and same else "HARMED")
    return cells


def database_cells(t, gateway, db):
    cells = []
    for no, (value, member, column, held) in enumerate(ROWS, 9001):
        entry = {"id": Digits(no), "amount": "1.0000", "number": "1", "memo": "x"}
        if value is ...:
            del entry[member]
        else:
            entry[member] = value
        r = post(gateway, "/entries", text_of(entry))
        rows = [r[1:] for r in db.sql("SELECT ENTRY_ID, %s FROM LEDGER WHERE ENTRY_ID = %d" % (column, no))]
        title = "%s_%s" % (db.name, SOAP[no - 9001][4])
        if names(r, member):
            t.ok(rows == [], title + "_refused", (r, rows))
            cells.append("refused")
            continue
        back = get(gateway, "/entries/%d" % no).json if r.status == 201 else {}
        # A column cannot tell "absent" from NULL; erp.map.xml says that they are one: absent="nil".
        good = r.status == 201 and rows == [(held,)] and back.get(member, ...) == (None if value is ... else value)
        t.ok(good, title + "_unharmed", (r, rows, back))
        cells.append("unharmed" if good else "HARMED")
    return cells


def serve_database(t, db):
    why = db.why_not()
    if why:
        t.skip("%s_every-cell" % db.name, why)
        return None
    d = db()
    try:
        if hasattr(d, "start"):
            d.start()
        d.seed("--orders", "10", "--customers", "10")
        adapter = start_adapter("odbc", os.path.join(MAPPINGS, "erp", "erp.map.xml"), "--connection", d.connection)
        gateway = start_gateway()
        wait_route(gateway, "/accounts/1")
        cells = database_cells(t, gateway, d)
        gateway.stop()
        adapter.stop()
        return cells
    finally:
        if hasattr(d, "remove"):
            d.remove()


def page_rows():
    with open(os.path.join(SOURCE, "docs", "exactness.md"), encoding="utf-8") as f:
        return {r[0]: r[1:] for r in ([c.strip() for c in line.strip("|\n ").split("|")] for line in f
                                      if line.startswith("|")) if len(r) == 4}


with Tap() as t:
    start_bus()
    crm = start_crm()
    start_adapter("soap", os.path.join(MAPPINGS, "crm", "crm.map.xml"), "--endpoint", crm.url)
    gateway = start_gateway()
    wait_route(gateway, "/customers/1")
    columns = [soap_cells(t, gateway, crm)]
    gateway.stop()
    columns += [serve_database(t, erp_db.Sqlite), serve_database(t, erp_db.Postgres)]
    page = page_rows()
    for i, row in enumerate(SOAP):
        got = [c[i] if c else None for c in columns]
        t.note("| %s | %s |" % (row[4], " | ".join(str(g) for g in got)))
        told = page.get(row[4], ["?"] * 3)
        t.ok(all(g is None or told[k].split(":")[0].strip() == g for k, g in enumerate(got)),
             "%s_as-the-page-says" % row[4], (got, told))
