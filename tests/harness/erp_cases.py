# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ODBC adapter must do, over any database: run by odbc-sqlite.py and odbc-postgresql.py."""
import re, threading
from urllib.parse import quote
from erp_db import *

ERP = os.path.join(SOURCE, "mappings", "examples", "erp", "erp.map.xml")
SLOW = """<mapping xmlns="urn:sluice:mapping:1" name="slow" version="1.0.0">
  <system name="slow" kind="odbc"/>
  <type name="whole" kind="integer" sql-type="BIGINT"/>
  <shape name="One"><field legacy="N" json="/n" type="whole"/></shape>
  <operation name="hang" method="GET" path="/hang">
    <select>%s</select>
    <outcome legacy="#rows"><when is="0" status="404" problem="none"/><otherwise status="200"/></outcome>
    <response shape="One"/>
  </operation>
  <operation name="quick" method="GET" path="/quick">
    <select>SELECT 1 AS N</select>
    <outcome legacy="#rows"><when is="0" status="404" problem="none"/><otherwise status="200"/></outcome>
    <response shape="One"/>
  </operation>
</mapping>
"""
STATUS = {"10": "open", "20": "packed", "90": "shipped", "99": "cancelled"}
MEMORY_KB = 30 * 1024


def next_path(reply):
    m = re.search(r'<([^>]*)>\s*;\s*rel="?next"?', reply.header("Link") or "")
    return m and m.group(1)


def pages(gateway, path):
    """All items, and the number of pages."""
    items, n = [], 0
    while path:
        r = get(gateway, path)
        if r.status != 200:
            raise RuntimeError("%s: %r" % (path, r))
        items += r.json["items"]
        n += 1
        path = next_path(r)
        if path and path.startswith("http"):
            path = "/" + path.split("/", 3)[3]
    return items, n


def iso(n8):
    return None if n8 == "0" else "%s-%s-%s" % (n8[:4], n8[4:6], n8[6:])


def cents(text):
    n = int(text)
    return "%s%d.%02d" % ("-" if n < 0 else "", abs(n) // 100, abs(n) % 100)


def order_of(row):
    return {"id": row[0], "account": row[1].lstrip("0"), "status": STATUS[row[2]], "orderedOn": iso(row[3]),
            "deliveredOn": iso(row[4]), "currency": row[5], "total": cents(row[6]), "reference": row[7]}


def same(item, want):
    """Members that are null in the database may be null or left out."""
    return all(str(item.get(k)) == str(v) if v is not None else item.get(k) is None for k, v in want.items())


class World:
    """Bus, gateway and the erp adapter over one database."""

    def __init__(self, db):
        self.db = db
        self.bus = start_bus()
        self.gateway = start_gateway("--deadline", "20s")
        self.hasty = start_gateway("--deadline", "700ms")
        self.erp = start_adapter("odbc", ERP, "--connection", db.connection, "--pool", 2, "--lock-timeout", "300ms")
        wait_route(self.gateway, "/accounts/1")
        wait_route(self.hasty, "/accounts/1")


# --- reads -----------------------------------------------------------------------------------------


def reads(t, w):
    r = get(w.gateway, "/accounts/3")
    row = w.db.sql("SELECT CUST_NM, CITY, CTRY_CD, CR_LIMIT_CT FROM CUSTOMERS WHERE CUST_NO = '0000000003'")[0]
    t.ok(r.status == 200 and r.json["id"] == "3" and r.json["name"] == row[0].rstrip() and r.json["city"] == row[1]
         and r.json["country"] == "AT" and r.json["creditLimit"] == cents(row[3]), "account_by-key_as-stored", r)
    t.ok(is_problem(get(w.gateway, "/accounts/999999"), 404, "account-not-found"), "account_unknown_404")
    r = get(w.gateway, "/orders/3")
    lines = w.db.sql("SELECT LINE_NO, SKU, QTY_M, PRICE_CT FROM ORDER_LINES WHERE ORD_ID = 3 ORDER BY LINE_NO")
    got = [(str(x["no"]), x["sku"], str(x["quantity"]), x["price"]) for x in r.json.get("lines", [])]
    t.equal(got, [(a, b.rstrip(), "%d.%03d" % (int(c) // 1000, int(c) % 1000), cents(d)) for a, b, c, d in lines],
            "order_with-lines_joined")
    t.ok(is_problem(get(w.gateway, "/orders/99999999"), 404, "order-not-found"), "order_unknown_404")
    bad = get(w.gateway, "/orders/xyz")
    t.ok(bad.status in (400, 422), "order_id-not-a-number_refused", bad)
    evil = get(w.gateway, "/accounts/" + quote("1' OR '1'='1", safe=""))
    t.ok(evil.status in (400, 404, 422), "injection_in-a-key_finds-nothing", evil)


def lists(t, w):
    columns = "ORD_ID, CUST_NO, STAT, ORD_DT, DLV_DT, CURR, TOTAL_CT, REF"
    items, n = pages(w.gateway, "/orders?limit=777")
    rows = w.db.sql("SELECT %s FROM ORDERS ORDER BY ORD_ID" % columns)
    t.ok(len(items) == len(rows) and all(same(i, order_of(r)) for i, r in zip(items, rows)),
         "orders_all-pages_equal-sql", "%d items in %d pages, %d rows" % (len(items), n, len(rows)))
    t.equal(n, -(-len(rows) // 777), "orders_pages_as-many-as-needed")
    items, n = pages(w.gateway, "/orders?status=open&from=2021-01-01&limit=100")
    rows = w.db.sql("SELECT %s FROM ORDERS WHERE STAT = '10' AND ORD_DT >= 20210101 ORDER BY ORD_ID" % columns)
    t.ok(len(rows) > 100 and len(items) == len(rows) and all(same(i, order_of(r)) for i, r in zip(items, rows)),
         "orders_two-filters_equal-sql", "%d items, %d rows" % (len(items), len(rows)))
    items, n = pages(w.gateway, "/orders?account=5")
    rows = w.db.sql("SELECT %s FROM ORDERS WHERE CUST_NO = '0000000005' ORDER BY ORD_ID" % columns)
    t.equal([str(i["id"]) for i in items], [r[0] for r in rows], "orders_of-an-account_equal-sql")
    r = get(w.gateway, "/orders?account=999999")
    t.ok(r.status == 200 and r.json["items"] == [] and not next_path(r), "orders_none_empty-array", r)
    items, n = pages(w.gateway, "/stock?limit=100")
    rows = w.db.sql("SELECT SKU, WHS, ON_HAND FROM STOCK ORDER BY SKU, WHS")
    t.equal([(i["sku"], str(i["onHand"])) for i in items], [(r[0].rstrip(), r[2]) for r in rows],
            "stock_key-of-two-columns_all-pages-equal-sql")
    r = get(w.gateway, "/orders?status=nonsense")
    t.ok(r.status in (400, 422), "orders_unknown-code_refused", r)
    r = get(w.gateway, "/orders?after=tampered")
    t.ok(r.status in (400, 422), "orders_tampered-cursor_refused", r)


# --- writes ----------------------------------------------------------------------------------------

NEW = {"account": "7", "status": "open", "orderedOn": "2026-02-28", "deliveredOn": None, "currency": "EUR",
       "total": "1234.50", "freight": "0.10", "reference": "R'1;--", "note": "Żółć \"x\"",
       "lines": [{"no": 1, "sku": "SKU-000001", "quantity": 1.5, "price": "10.00", "remark": None},
                 {"no": 2, "sku": "SKU-000002", "quantity": 2, "price": "0.01", "remark": "gift"}]}


def writes(t, w):
    before = w.db.sql("SELECT COUNT(*), MAX(ORD_ID) FROM ORDERS")[0]
    r = post(w.gateway, "/orders", NEW)
    t.ok(r.status == 201, "order_created_201", r)
    made = r.json
    t.equal(str(made.get("id")), str(int(before[1]) + 1), "order_created_has-the-next-number")
    t.ok(len(made.get("lines", [])) == 2 and made["note"] == NEW["note"] and made["total"] == "1234.50",
         "order_created_comes-back-as-sent", r)
    row = w.db.sql("SELECT CUST_NO, STAT, ORD_DT, DLV_DT, TOTAL_CT, FREIGHT, REF FROM ORDERS WHERE ORD_ID = %s" % made["id"])
    t.equal(row, [("0000000007", "10", "20260228", "0", "123450", "0.10", "R'1;--")], "order_created_in-legacy-spelling")
    t.equal(get(w.gateway, "/orders/%s" % made["id"]).json, made, "order_created_can-be-read")

    change = {k: v for k, v in NEW.items() if k != "lines"}
    change.update(status="shipped", deliveredOn="2026-03-02", note=None)
    r = put(w.gateway, "/orders/%s" % made["id"], change)
    t.ok(r.status == 200 and r.json["status"] == "shipped" and len(r.json["lines"]) == 2, "order_updated_200", r)
    row = w.db.sql("SELECT STAT, DLV_DT, NOTE FROM ORDERS WHERE ORD_ID = %s" % made["id"])
    t.equal(row, [("90", "20260302", None)], "order_updated_in-the-database")
    t.ok(is_problem(put(w.gateway, "/orders/88888888", change), 404, "order-not-found"), "order_update-unknown_404")

    count = "SELECT (SELECT COUNT(*) FROM ORDERS), (SELECT COUNT(*) FROM ORDER_LINES)"
    before = w.db.sql(count)
    twice = dict(NEW, lines=[NEW["lines"][0], NEW["lines"][0]])
    r = post(w.gateway, "/orders", twice)
    t.ok(r.status in (400, 422) and "twice" in r.text, "order_second-line-twice_refused", r)
    r = post(w.gateway, "/orders", dict(NEW, status="lost"))
    t.ok(r.status in (400, 422) and "status" in r.text, "order_unknown-code_refused-naming-it", r)
    r = post(w.gateway, "/orders", dict(NEW, surprise=1))
    t.ok(r.status in (400, 422), "order_unknown-member_refused", r)
    t.equal(w.db.sql(count), before, "refused-input_nothing-written")


def exact(t, w):
    values = [("12345678901234567.8900", "1234567890123456789012345678901234567890", "Łódź"),
              ("-0.0100", "-1", ""), ("0.0001", "9007199254740993", " x "), ("99999999999999999.9999", "0", None)]
    for i, (amount, number, memo) in enumerate(values):
        r = post(w.gateway, "/entries", {"id": 100 + i, "amount": amount, "number": number, "memo": memo})
        back = get(w.gateway, "/entries/%d" % (100 + i)).json
        t.ok(r.status == 201 and back.get("amount") == amount and back.get("number") == number
             and back.get("memo") == memo, "exact_%s_unharmed" % amount, (r, back))
    r = post(w.gateway, "/entries", {"id": 100, "amount": "2.0000", "number": "1", "memo": None})
    t.ok(is_problem(r, 409, "conflict"), "exact_key-that-is-there_409", r)
    for i, bad in enumerate([{"amount": "1.00005"}, {"amount": "123456789012345678901.0"}, {"amount": "1e5"},
                             {"number": "1" * 41}, {"memo": "x" * 61}, {"amount": "-0.00"}, {"number": "-0"},
                             {"memo": "a\0b"}]):
        body = dict({"id": 200 + i, "amount": "1.0000", "number": "1", "memo": "m"}, **bad)
        r = post(w.gateway, "/entries", body)
        name = list(bad)[0]
        t.ok(r.status in (400, 422) and name in r.text, "exact_%s-that-cannot-be-kept-%d_refused-naming-it" % (name, i), r)
        t.ok(get(w.gateway, "/entries/%d" % (200 + i)).status == 404, "exact_refused-%d_not-written" % i)


# --- trouble ---------------------------------------------------------------------------------------


def workers(adapter):
    return children(adapter.pid)


def waits_in(pid):
    """The system call that a worker's main thread is in: while it is idle, the one that reads its socket."""
    try:
        with open("/proc/%d/syscall" % pid) as f:
            return f.read().split()[:2]
    except OSError:
        return None


def locked(t, w, waits):
    """waits: the database itself waits for the lock until the deadline; else it gives up before."""
    count = "SELECT COUNT(*) FROM ORDERS"
    before = w.db.sql(count)
    unlock = w.db.lock()
    try:
        r = post(w.hasty, "/orders", NEW)
    finally:
        unlock()
    t.ok(is_problem(r, 504 if waits else 503), "write_behind-a-lock_%s" % ("timed-out" if waits else "busy"), r)
    t.ok("unknown" not in r.text and "in-doubt" not in r.text, "write_behind-a-lock_no-doubt", r)
    t.ok(get(w.gateway, "/orders/1").status == 200, "after-a-lock_served")
    t.equal(w.db.sql(count), before, "write_behind-a-lock_not-executed")


def killed_worker(t, w):
    count = "SELECT COUNT(*) FROM ORDERS"
    before = w.db.sql(count)
    unlock = w.db.lock()
    got = []
    thread = threading.Thread(target=lambda: got.append(post(w.gateway, "/orders", NEW)))
    old = set(workers(w.erp))
    idle = {pid: waits_in(pid) for pid in old}
    try:
        thread.start()
        wait_for(lambda: any(waits_in(pid) != idle[pid] for pid in old), "the call to reach a worker")
        # Whichever has it: both are killed while the lock holds it up.
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        thread.join(15)
    finally:
        unlock()
    t.ok(got and is_problem(got[0], 503), "write_worker-killed-before-the-commit_503", got)
    wait_for(lambda: len(set(workers(w.erp)) - old) == 2, "new workers")
    t.ok(get(w.gateway, "/orders/1").status == 200, "worker_killed_replaced")
    t.equal(w.db.sql(count), before, "write_worker-killed_not-executed")


def slow(t, db):
    """A statement that does not end: cut at the deadline; a worker that does not listen is killed."""
    path = write("slow.map.xml", SLOW % db.forever)
    bus = bus_endpoint()
    adapter = start_adapter("odbc", path, "--connection", db.connection, "--pool", 1, "--cancel-grace", "400ms")
    g = start_gateway("--deadline", "600ms")
    wait_route(g, "/quick")
    pid = wait_for(lambda: workers(adapter), "a worker")[0]
    begun = time.monotonic()
    r = get(g, "/hang")
    took = time.monotonic() - begun
    t.ok(is_problem(r, 504) and took < 3, "statement_endless_504-at-the-deadline", (took, r))
    t.ok(get(g, "/quick").status == 200, "statement_endless_worker-free-again")
    if db.interrupts:
        t.equal(workers(adapter), [pid], "statement_endless_same-worker-by-cancel")
    else:
        wait_for(lambda: workers(adapter) and workers(adapter) != [pid], "the worker to be replaced")
        t.ok(not os.path.exists("/proc/%d" % pid), "statement_endless_its-worker-killed")
        pid = workers(adapter)[0]

    os.kill(pid, signal.SIGSTOP)
    r = get(g, "/hang")
    t.ok(is_problem(r, 504), "worker_deaf_504", r)
    wait_for(lambda: workers(adapter) and workers(adapter) != [pid], "the deaf worker to be replaced")
    t.ok(wait_for(lambda: get(g, "/quick").status == 200, "service"), "worker_deaf_killed-and-replaced")

    got = []
    thread = threading.Thread(target=lambda: got.append(get(g, "/hang")))
    victim = workers(adapter)[0]
    idle = waits_in(victim)
    thread.start()
    wait_for(lambda: waits_in(victim) != idle, "the statement to run")
    os.kill(victim, signal.SIGKILL)
    thread.join(15)
    t.ok(got and got[0].status in (503, 504), "read_worker-killed_503", got)
    t.ok(wait_for(lambda: get(g, "/quick").status == 200, "service"), "read_worker-killed_replaced")
    t.equal(adapter.stop(), 0, "adapter_sigterm_ends-well")
    wait_for(lambda: not [p for p in (pid, victim) if os.path.exists("/proc/%d" % p)], "its workers to be gone")


# --- streams ---------------------------------------------------------------------------------------


def processes(w):
    return {"gateway": w.gateway.pid, "head": w.erp.pid, **{"worker-%d" % p: p for p in workers(w.erp)}}


def stream(t, w, rows):
    most = {}
    s = socket.create_connection((w.gateway.host, w.gateway.port), timeout=60)
    s.sendall(b"GET /order-export?from=2019-01-01 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    first = s.recv(1000)
    t.ok(first.startswith(b"HTTP/1.1 200"), "export_begins", first)
    # A reader that does not read: the rest goes on, and nobody collects for it.
    for i in range(20):
        r = get(w.gateway, "/orders/%d" % (i + 1))
        if r.status != 200:
            t.ok(False, "others_while-a-reader-sleeps_served", r)
    r = post(w.gateway, "/entries", {"id": 1000, "amount": "1.0000", "number": "1", "memo": "while reading"})
    t.ok(r.status == 201, "writer_while-a-reader-sleeps_commits", r)
    for name, pid in processes(w).items():
        most[name] = memory(pid)
    n, seen, tail = 0, first.count(b'"id":'), first
    while True:
        piece = s.recv(1 << 20)
        if not piece:
            break
        # A name may lie across two pieces.
        seen += (tail[-4:] + piece).count(b'"id":')
        tail = piece
        n += len(piece)
        if n % 16 == 0:
            for name, pid in processes(w).items():
                most[name] = max(most.get(name, 0), memory(pid))
    for name, pid in processes(w).items():
        most[name] = max(most.get(name, 0), memory(pid))
    t.ok(tail.endswith(b"0\r\n\r\n"), "export_ends-well", tail[-60:])
    t.ok(abs(seen - rows) <= rows // 1000, "export_all-rows", "%d of %d" % (seen, rows))
    if SANITIZED:
        t.skip("export_memory-bounded", "a sanitizer's shadow memory counts as anonymous")
    else:
        t.ok(max(most.values()) <= MEMORY_KB, "export_memory-bounded", most)
    t.note("RssAnon in KiB: %s" % most)


def left_reader(t, w):
    """A client that leaves in the middle frees its worker."""
    for _ in range(6):
        s = socket.create_connection((w.gateway.host, w.gateway.port), timeout=60)
        s.sendall(b"GET /order-export?from=2019-01-01 HTTP/1.1\r\nHost: x\r\n\r\n")
        s.recv(100)
        s.close()
    t.ok(wait_for(lambda: get(w.hasty, "/orders/1").status == 200, "a free worker"), "reader_gone_worker-free-again")


def database_tests(db, orders, waits, extra=None):
    with Tap() as t:
        why = db.why_not()
        if why:
            t.skip_all(why)
        d = db()
        try:
            if hasattr(d, "start"):
                d.start()
            d.seed("--orders", orders, "--lines", 3 if orders <= 10000 else 0)
            w = World(d)
            reads(t, w)
            lists(t, w)
            writes(t, w)
            exact(t, w)
            locked(t, w, waits)
            killed_worker(t, w)
            slow(t, d)
            if extra:
                extra(t, w)
            t.equal(w.erp.stop(), 0, "erp_sigterm_ends-well")
            d.seed("--orders", 100000, "--lines", 0)
            w.erp = start_adapter("odbc", ERP, "--connection", d.connection, "--pool", 2)
            wait_for(lambda: get(w.gateway, "/orders/1").status == 200, "the adapter")
            stream(t, w, 100000)
            left_reader(t, w)
        finally:
            for p in list(getattr(sys.modules["sluice_test"], "_procs")):
                p.signal(signal.SIGTERM)
            if hasattr(d, "remove"):
                d.remove()
