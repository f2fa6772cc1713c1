# SPDX-License-Identifier: GPL-3.0-or-later
"""mappings/examples/orders over a real database: run by odbc-orders.py, once for each."""
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
            if d.name == "postgresql":
                procedures(t, w)
            t.equal(w.adapter.stop(), 0, "orders_sigterm_ends-well")
        finally:
            for p in list(getattr(sys.modules["sluice_test"], "_procs")):
                p.signal(signal.SIGTERM)
            if hasattr(d, "remove"):
                d.remove()
