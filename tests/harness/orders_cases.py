# SPDX-License-Identifier: GPL-3.0-or-later
"""mappings/examples/orders over a real database: run by odbc-orders.py, once for each."""
import threading
from erp_db import *

ORDERS = os.path.join(SOURCE, "mappings", "examples", "orders", "orders.map.xml")
NEXT = {"sqlite": "SELECT COALESCE(MAX(ORD_ID), 0) + 1 FROM ORDERS", "postgresql": "SELECT nextval('ORD_SEQ')"}
TABLES = """
CREATE TABLE CUSTOMER (CUST_ID BIGINT PRIMARY KEY, CUST_NM VARCHAR(60) NOT NULL)
CREATE TABLE ORDERS (ORD_ID BIGINT PRIMARY KEY, STAT CHAR(2) NOT NULL, ORD_DT INTEGER NOT NULL, CUST_ID BIGINT NOT NULL
  REFERENCES CUSTOMER DEFERRABLE INITIALLY DEFERRED, TOTAL %(money)s NOT NULL, CHANNEL CHAR(3) NOT NULL DEFAULT 'EDI',
  ROW_VER BIGINT NOT NULL DEFAULT 1)
CREATE TABLE ORDER_LINE (ORD_ID BIGINT NOT NULL REFERENCES ORDERS, LINE_NO SMALLINT NOT NULL, SKU CHAR(18) NOT NULL,
  QTY %(qty)s NOT NULL, PICKED_BY CHAR(8), PRIMARY KEY (ORD_ID, LINE_NO))
CREATE TABLE JOURNAL (N INTEGER NOT NULL, WHAT VARCHAR(80) NOT NULL)
INSERT INTO CUSTOMER VALUES (7, 'Müller & Söhne')
INSERT INTO ORDERS (ORD_ID, STAT, ORD_DT, CUST_ID, TOTAL) VALUES (1, '10', 20260228, 7, '1234.50')
INSERT INTO ORDER_LINE VALUES (1, 1, 'BOLT-M8           ', '100.000', 'anna')
INSERT INTO ORDER_LINE VALUES (1, 2, 'NUT-M8            ', '1.500', 'bert')
INSERT INTO ORDER_LINE VALUES (1, 3, 'WASHER-M8         ', '7.000', NULL)
INSERT INTO ORDERS (ORD_ID, STAT, ORD_DT, CUST_ID, TOTAL) VALUES (2, '90', 0, 7, '0.00')
"""
# Each change of a row counts its version up, and every statement that touches one is written down.
TRIGGERS = {
    "sqlite": """
CREATE TRIGGER T1 AFTER UPDATE OF STAT, ORD_DT, CUST_ID, TOTAL, ORD_ID ON ORDERS BEGIN
  UPDATE ORDERS SET ROW_VER = OLD.ROW_VER + 1 WHERE ORD_ID = OLD.ORD_ID;
  INSERT INTO JOURNAL SELECT COUNT(*), 'update order ' || OLD.ORD_ID FROM JOURNAL; END
CREATE TRIGGER T2 AFTER UPDATE ON ORDER_LINE BEGIN
  INSERT INTO JOURNAL SELECT COUNT(*), 'update line ' || OLD.LINE_NO FROM JOURNAL; END
CREATE TRIGGER T3 AFTER INSERT ON ORDER_LINE BEGIN
  INSERT INTO JOURNAL SELECT COUNT(*), 'insert line ' || NEW.LINE_NO FROM JOURNAL; END
CREATE TRIGGER T4 AFTER DELETE ON ORDER_LINE BEGIN
  INSERT INTO JOURNAL SELECT COUNT(*), 'delete line ' || OLD.LINE_NO FROM JOURNAL; END
""",
    "postgresql": """
CREATE SEQUENCE ORD_SEQ START 3
CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.ROW_VER := OLD.ROW_VER + 1;
  INSERT INTO JOURNAL SELECT COUNT(*), 'update order ' || OLD.ORD_ID FROM JOURNAL; RETURN NEW; END $$
CREATE FUNCTION line() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO JOURNAL SELECT COUNT(*), lower(TG_OP) || ' line ' || COALESCE(NEW.LINE_NO, OLD.LINE_NO) FROM JOURNAL;
  RETURN NULL; END $$
CREATE TRIGGER T1 BEFORE UPDATE ON ORDERS FOR EACH ROW EXECUTE FUNCTION bump()
CREATE TRIGGER T2 AFTER INSERT OR UPDATE OR DELETE ON ORDER_LINE FOR EACH ROW EXECUTE FUNCTION line()
CREATE TABLE HIT (ORD_ID BIGINT, HIT_CD VARCHAR(10))
INSERT INTO HIT VALUES (1, 'LATE'), (1, 'NEW')
CREATE SCHEMA PKG_CREDIT
CREATE PROCEDURE PKG_CREDIT.CHECK_ORDER(P_ORD BIGINT, INOUT P_LIMIT NUMERIC, OUT P_RC SMALLINT, OUT P_HITS REFCURSOR)
  LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO JOURNAL SELECT COUNT(*), 'checked ' || P_ORD FROM JOURNAL;
    P_RC := CASE WHEN P_LIMIT > 100 THEN 4 WHEN P_ORD = 9 THEN 7 ELSE 0 END;
    IF P_ORD = 8 THEN RAISE EXCEPTION USING ERRCODE = '40001'; END IF;
    P_LIMIT := P_LIMIT * 2;
    IF P_ORD <> 2 THEN OPEN P_HITS FOR SELECT HIT_CD FROM HIT WHERE ORD_ID = P_ORD ORDER BY HIT_CD; END IF; END $$
"""}


def statements(text):
    """A line that is indented goes on with the one before."""
    out = []
    for line in text.strip("\n").split("\n"):
        if line.startswith("  "):
            out[-1] += "\n" + line
        else:
            out.append(line)
    return out


def make_tables(db):
    exact = db.name == "postgresql"
    # SQLite has no exact decimals: amounts are kept as text there (docs/odbc.md).
    kinds = {"money": "NUMERIC(15,2)" if exact else "TEXT", "qty": "NUMERIC(9,3)" if exact else "TEXT"}
    for text in statements(TABLES % kinds) + statements(TRIGGERS[db.name]):
        db.sql(text)


def mapping(db):
    """The example as it stands; on SQLite without what that has not: sequences and procedures."""
    with open(ORDERS, encoding="utf-8") as f:
        text = f.read()
    if db.name == "sqlite":
        text = text.replace(NEXT["postgresql"], NEXT["sqlite"])
        at, end = text.index('  <operation name="creditCheck"'), text.index("  <example")
        text = text[:at] + text[end:]
    text = text.replace('"orders.catalog.xml"', '"%s"' % os.path.join(os.path.dirname(ORDERS), "orders.catalog.xml"))
    text = text.replace('"order.schema.json"', '"%s"' % os.path.join(os.path.dirname(ORDERS), "order.schema.json"))
    text = text.replace('"t/', '"%s/t/' % os.path.dirname(ORDERS))
    return write("orders-%s.map.xml" % db.name, text)


class Orders:
    def __init__(self, db):
        self.db = db
        self.bus = start_bus()
        self.gateway = start_gateway("--deadline", "20s")
        self.adapter = start_adapter("odbc", mapping(db), "--connection", db.connection, "--pool", 2,
                                     "--lock-timeout", "2s", "--init-sql",
                                     "PRAGMA foreign_keys = ON" if db.name == "sqlite" else "SELECT 1")
        wait_route(self.gateway, "/orders/1")

    def journal(self):
        """What was done since it was last asked."""
        rows = [r[0] for r in self.db.sql("SELECT WHAT FROM JOURNAL ORDER BY N")]
        self.db.sql("DELETE FROM JOURNAL")
        return rows

    def lines(self, order):
        return [(r[0], r[1].rstrip(), r[2], r[3] and r[3].rstrip()) for r in self.db.sql(
            "SELECT LINE_NO, SKU, QTY, PICKED_BY FROM ORDER_LINE WHERE ORD_ID = %s ORDER BY LINE_NO" % order)]


# --- reading ---------------------------------------------------------------------------------------

ONE = {"id": "1", "status": "open", "orderedOn": "2026-02-28", "customer": {"id": "7", "name": "Müller & Söhne"},
       "total": "1234.50", "lines": [{"no": 1, "sku": "BOLT-M8", "quantity": "100.000"}, {"no": 2, "sku": "NUT-M8", "quantity": "1.500"},
                                     {"no": 3, "sku": "WASHER-M8", "quantity": "7.000"}]}
TWO = {"id": "2", "status": "shipped", "orderedOn": None, "customer": {"id": "7", "name": "Müller & Söhne"},
       "total": "0.00", "lines": []}


def reads(t, w):
    r = get(w.gateway, "/orders/1")
    t.ok(r.status == 200 and r.json == ONE and r.header("ETag") == '"1"', "order_three-lines_joined", r)
    r = get(w.gateway, "/orders/2")
    t.ok(r.status == 200 and r.json == TWO, "order_no-line_empty-array", r)
    t.ok(is_problem(get(w.gateway, "/orders/99"), 404, "order-not-found"), "order_unknown_404")
    r = get(w.gateway, "/orders?limit=1")
    t.ok(r.status == 200 and r.json["items"] == [ONE] and 'rel="next"' in r.header("Link"), "orders_page-one_with-lines", r)
    r = get(w.gateway, "/orders?status=shipped")
    t.ok(r.status == 200 and r.json["items"] == [TWO] and not r.header("Link"), "orders_by-status_filtered", r)


# --- procedures ------------------------------------------------------------------------------------


def procedures(t, w):
    check = lambda order, limit: post(w.gateway, "/orders/%s/credit-check" % order, {"limit": limit})
    r = check(1, "12.25")
    t.ok(r.status == 200 and r.json == {"limit": "24.50", "hits": [{"code": "LATE"}, {"code": "NEW"}]},
         "procedure_inout-and-rows_answered", r)
    t.equal(w.journal(), ["checked 1"], "procedure_success_committed")
    r = check(3, "1.00")
    t.ok(r.status == 200 and r.json == {"limit": "2.00", "hits": []}, "procedure_no-rows_empty-array", r)
    r = check(2, "1.00")
    t.ok(r.status == 200 and r.json == {"limit": "2.00", "hits": []}, "procedure_cursor-not-opened_empty-array", r)
    w.journal()
    t.ok(is_problem(check(1, "100.01"), 422, "limit-exceeded"), "procedure_out-param-names-an-outcome_422")
    t.ok(is_problem(check(9, "1.00"), 502, "credit-error"), "procedure_out-param-unknown_otherwise")
    t.equal(w.journal(), [], "procedure_no-success_rolled-back")
    r = check(8, "1.00")
    t.ok(is_problem(r, 503, "deadlock") and r.header("Retry-After"), "procedure_raises_outcome-of-its-sqlstate", r)
    r = check(1, "1.001")
    t.ok(r.status in (400, 422) and "limit" in r.text, "procedure_bad-argument_refused-naming-it", r)
    r = check(1, None)
    t.ok(r.status == 200 and r.json == {"limit": None, "hits": [{"code": "LATE"}, {"code": "NEW"}]}, "procedure_null-both-ways", r)
    t.equal(w.journal(), ["checked 1"], "procedure_refused-input_not-called")


# --- writing ---------------------------------------------------------------------------------------


def creates(t, w):
    new = {"status": "open", "orderedOn": "2026-03-01", "customer": {"id": "7"}, "total": "10.00",
           "lines": [{"no": 1, "sku": "PIN", "quantity": 1}, {"no": 2, "sku": "ROD", "quantity": 2.5}]}
    r = post(w.gateway, "/orders", new)
    t.ok(r.status == 201 and r.json["id"] == "3" and r.header("Location") == "/orders/3" and len(r.json["lines"]) == 2
         and r.json["customer"]["name"] == "Müller & Söhne", "create_201-with-location-and-record", r)
    t.equal(w.db.sql("SELECT CHANNEL FROM ORDERS WHERE ORD_ID = 3"), [("EDI",)], "create_left-out-column_its-default")
    t.equal([x[:2] for x in w.lines(3)], [("1", "PIN"), ("2", "ROD")], "create_lines_written")
    before = w.db.sql("SELECT COUNT(*) FROM ORDERS")
    # The customer's key is checked at the commit only: what it says goes through the outcome.
    r = post(w.gateway, "/orders", dict(new, customer={"id": "8"}))
    t.ok(is_problem(r, 409, "order-conflict"), "create_commit-refused_outcome-of-its-sqlstate", r)
    t.equal(w.db.sql("SELECT COUNT(*) FROM ORDERS"), before, "create_commit-refused_nothing-written")
    w.journal()


def version(w, order):
    return w.db.sql("SELECT ROW_VER FROM ORDERS WHERE ORD_ID = %s" % order)[0][0]


def patches(t, w):
    # A spelling that we would not write, and columns that nobody maps.
    w.db.sql("UPDATE ORDER_LINE SET SKU = 'BOLT-M8', PICKED_BY = 'carl' WHERE ORD_ID = 1 AND LINE_NO = 1")
    w.db.sql("UPDATE ORDERS SET CHANNEL = 'FAX' WHERE ORD_ID = 1")
    w.journal()
    before = version(w, 1)
    r = patch(w.gateway, "/orders/1", {"status": "open", "total": "1234.50", "lines": ONE["lines"]})
    t.ok(r.status == 204 and version(w, 1) == before and w.journal() == [], "patch_as-it-is_nothing-written", r)
    r = patch(w.gateway, "/orders/1", {"total": "99.90"}, headers={"If-Match": '"%s"' % before})
    t.ok(r.status == 204, "patch_if-match-right_204", r)
    t.equal(w.db.sql("SELECT STAT, TOTAL, CHANNEL FROM ORDERS WHERE ORD_ID = 1"), [("10", "99.90", "FAX")],
            "patch_one-member_only-that")
    r = patch(w.gateway, "/orders/1", {"total": "1.00"}, headers={"If-Match": '"%s"' % before})
    t.ok(is_problem(r, 412, "stale-order"), "patch_if-match-old_412", r)
    t.ok(is_problem(patch(w.gateway, "/orders/99", {"total": "1.00"}), 404, "order-not-found"), "patch_unknown_404-of-its-base")
    w.journal()
    before = version(w, 1)
    r = patch(w.gateway, "/orders/1", {"lines": [{"no": 4, "sku": "PIN", "quantity": 1}, {"no": 1, "sku": "BOLT-M8", "quantity": 100},
                                                 {"no": 2, "sku": "NUT-M8", "quantity": 3}]})
    t.ok(r.status == 204, "align_204", r)
    t.equal([x for x in w.journal() if "line" in x], ["delete line 3", "insert line 4", "update line 2"],
            "align_changed-rows-only")
    got = w.lines(1)
    t.equal([(x[0], x[1], float(x[2]), x[3]) for x in got],
            [("1", "BOLT-M8", 100.0, "carl"), ("2", "NUT-M8", 3.0, "bert"), ("4", "PIN", 1.0, None)],
            "align_unmapped-columns-kept")
    t.ok(version(w, 1) != before, "align_lines-changed_version-counted")
    r = patch(w.gateway, "/orders/1", {"lines": [{"no": 1, "sku": "A", "quantity": 1}, {"no": 1, "sku": "B", "quantity": 1}]})
    t.ok(r.status in (400, 422) and "twice" in r.text, "align_key-twice_refused", r)
    t.equal(w.lines(1), got, "align_refused_nothing-written")


def puts(t, w):
    body = {"status": "shipped", "orderedOn": None, "customer": {"id": "7"}, "total": "99.90"}
    r = put(w.gateway, "/orders/1", dict(body, lines=[{"no": 2, "sku": "NUT-M8", "quantity": 3}]))
    t.ok(r.status == 200 and r.json["status"] == "shipped" and [x["no"] for x in r.json["lines"]] == ["2"] or
         [x["no"] for x in r.json.get("lines", [])] == [2], "put_answers-with-the-record", r)
    t.equal([(x[0], x[3]) for x in w.lines(1)], [("2", "bert")], "put_lines-not-sent_gone")
    t.equal(w.db.sql("SELECT CHANNEL FROM ORDERS WHERE ORD_ID = 1"), [("FAX",)], "put_unmapped-column_kept")
    r = put(w.gateway, "/orders/1", body)
    t.ok(r.status == 200 and r.json["lines"] == [], "put_without-lines_none", r)


def races(t, w):
    """Many at once, each with the version that it has read: one at a time wins, the others are told."""
    before, won, told = int(version(w, 2)), [], []

    def change(i):
        for k in range(5):
            tag = get(w.gateway, "/orders/2").header("ETag")
            r = patch(w.gateway, "/orders/2", {"total": "%d.%02d" % (i + 1, k)}, headers={"If-Match": tag})
            (won if r.status == 204 else told).append(r)
    threads = [threading.Thread(target=change, args=(i,)) for i in range(4)]
    [x.start() for x in threads]
    [x.join() for x in threads]
    t.ok(won and all(is_problem(r, 412, "stale-order") or is_problem(r, 503, "deadlock") for r in told),
         "races_losers_told", ("%d won" % len(won), told[:2]))
    t.equal(int(version(w, 2)) - before, len(won), "races_every-change-counted-once")
    w.journal()


FUNCTION = """<mapping xmlns="urn:sluice:mapping:1" name="functions" version="1.0.0">
  <system name="functions" kind="odbc"/>
  <type name="id" kind="integer" sql-type="BIGINT"/>
  <type name="money" kind="decimal" digits="15" scale="2" sql-type="DECIMAL"/>
  <shape name="Hit"><field legacy="HIT_CD" json="/code" type="text" access="read-only"/></shape>
  <operation name="double" method="POST" path="/double/{id}">
    <call procedure="DOUBLED"/>
    <param name="result" mode="return" json="/sum" type="money"/>
    <param name="id" http="path:id" type="id"/>
    <param name="by" json="/by" type="money" optional="true"/>
    <outcome legacy="#sqlstate"><when is="22*" status="422" problem="bad-value"/><otherwise status="502" problem="error"/></outcome>
  </operation>
  <operation name="hits" method="POST" path="/hits/{id}" transaction="true">
    <param name="id" http="path:id" type="id"/>
    <select>SELECT HIT_CD FROM HITS(:id)</select>
    <outcome legacy="#sqlstate"><when is="22*" status="422" problem="bad-value"/><otherwise status="502" problem="error"/></outcome>
    <response shape="Hit" json="/hits"/>
  </operation>
</mapping>
"""


def functions(t, w):
    """What gives a value back is read; what gives rows back is a select."""
    w.db.sql("CREATE FUNCTION DOUBLED(ID BIGINT, BY NUMERIC) RETURNS NUMERIC LANGUAGE plpgsql AS $$ BEGIN "
             "INSERT INTO JOURNAL SELECT COUNT(*), 'doubled' FROM JOURNAL; "
             "IF BY = 0 THEN RAISE EXCEPTION USING ERRCODE = '22012'; END IF; RETURN ID * COALESCE(BY, 2); END $$")
    w.db.sql("CREATE FUNCTION HITS(P BIGINT) RETURNS TABLE (HIT_CD VARCHAR) LANGUAGE sql AS "
             "$$ SELECT HIT.HIT_CD FROM HIT WHERE ORD_ID = P ORDER BY 1 $$")
    a = start_adapter("odbc", write("functions.map.xml", FUNCTION), "--connection", w.db.connection, "--pool", 1)
    wait_for(lambda: post(w.gateway, "/hits/1", "").status == 200, "the functions")
    r = post(w.gateway, "/hits/1", "")
    t.ok(r.status == 200 and r.json == {"hits": [{"code": "LATE"}, {"code": "NEW"}]}, "function_rows_by-select", r)
    r = post(w.gateway, "/double/21", {"by": "1.50"})
    t.ok(r.status == 200 and r.json == {"sum": "31.50"}, "function_return_answered", r)
    r = post(w.gateway, "/double/21", {})
    t.ok(r.status == 200 and r.json == {"sum": "42"}, "function_optional-argument_null", r)
    t.equal(w.journal(), ["doubled", "doubled"], "function_committed")
    t.ok(is_problem(post(w.gateway, "/double/21", {"by": "0.00"}), 422, "bad-value"), "function_raises_outcome")
    t.equal(w.journal(), [], "function_raises_rolled-back")
    a.stop()


def without_procedures(t, w):
    """A mapping that calls one is refused where there are none, at once and by name."""
    a = start_adapter("odbc", write("functions.map.xml", FUNCTION), "--connection", w.db.connection, "--pool", 1)
    said = wait_for(lambda: (lambda s: "has no procedures" in s and s)(a.err()), "the adapter's word")
    t.ok("double" in said and "SQLite" in said, "procedure_database-without_told-at-start", said)
    t.ok(wait_for(lambda: is_problem(post(w.gateway, "/double/1", {}), 503), "503"), "procedure_database-without_503")
    a.stop()


def busy_commit(t, w):
    """A reader keeps SQLite from committing: the mapping's outcome says what that is."""
    before = w.db.sql("SELECT COUNT(*) FROM ORDERS")
    reader = sqlite3.connect(w.db.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT COUNT(*) FROM ORDERS").fetchall()
    r = post(w.gateway, "/orders", {"status": "open", "orderedOn": None, "customer": {"id": "7"}, "total": "1.00", "lines": []})
    reader.execute("ROLLBACK")
    reader.close()
    t.ok(is_problem(r, 503, "deadlock") and r.header("Retry-After"), "commit_behind-a-reader_outcome-of-its-sqlstate", r)
    t.equal(w.db.sql("SELECT COUNT(*) FROM ORDERS"), before, "commit_behind-a-reader_nothing-written")
    r = post(w.gateway, "/orders", {"status": "open", "orderedOn": None, "customer": {"id": "7"}, "total": "1.00", "lines": []})
    t.ok(r.status == 201, "commit_reader-gone_201", r)


def orders_tests(db):
    with Tap() as t:
        why = db.why_not()
        if why:
            t.skip_all(why)
        d = db()
        try:
            if hasattr(d, "start"):
                d.start()
            make_tables(d)
            w = Orders(d)
            reads(t, w)
            creates(t, w)
            patches(t, w)
            puts(t, w)
            races(t, w)
            if d.name == "postgresql":
                procedures(t, w)
                functions(t, w)
            else:
                busy_commit(t, w)
                without_procedures(t, w)
            t.equal(w.adapter.stop(), 0, "orders_sigterm_ends-well")
        finally:
            for p in list(getattr(sys.modules["sluice_test"], "_procs")):
                p.signal(signal.SIGTERM)
            if hasattr(d, "remove"):
                d.remove()
