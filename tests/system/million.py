# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of a million rows with a bound filter, whole, in bounded memory: a fast reader counts them, a slow one
(100 KB/s) holds nothing of it in memory, a writer commits meanwhile, and single reads stay quick.
SL_ROWS changes the number; under sanitizers it is a tenth."""
import os, sys, threading
sys.path[:0] = [os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness")]
from sluice_test import *
import erp_db

ROWS = int(os.environ.get("SL_ROWS", 100000 if SANITIZED else 1000000))
MOST_KB = 30 * 1024
MAPPING = os.path.join(SOURCE, "mappings", "examples", "erp", "erp.map.xml")


class Reader(threading.Thread):
    """Downloads the export; at rate bytes a second, or as fast as it comes."""

    def __init__(self, gateway, rate=None):
        super().__init__(daemon=True)
        self.gateway, self.rate, self.rows, self.bytes, self.ended, self.going = gateway, rate, 0, 0, False, True
        self.start()

    def run(self):
        c = http.client.HTTPConnection(self.gateway.host, self.gateway.port, timeout=120)
        c.connect()
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        c.request("GET", "/order-export?from=1900-01-01")
        r = c.getresponse()
        carry = b""
        while self.going:
            piece = r.read(self.rate // 10 if self.rate else 1 << 20)  # an answer that breaks off raises
            if not piece:
                break
            text = carry + piece
            self.rows += text.count(b'"orderedOn"') - carry.count(b'"orderedOn"')
            carry = text[-64:]
            self.bytes += len(piece)
            if self.rate:
                time.sleep(0.1)
        self.ended = carry.endswith(b"]}")
        c.close()


def anon(processes):
    """The largest of our processes now, in KiB."""
    most = {}
    for p in processes:
        for pid in [p.pid] + children(p.pid):
            try:
                most[os.path.basename(os.readlink("/proc/%d/exe" % pid))] = max(
                    memory(pid), most.get(os.path.basename(os.readlink("/proc/%d/exe" % pid)), 0))
            except (OSError, AttributeError):
                pass
    return most


def download(t, db):
    db.seed("--orders", str(ROWS), "--lines", "0", "--customers", "1000")
    wanted = int(db.sql("SELECT COUNT(*) FROM ORDERS WHERE ORD_DT >= 19000101")[0][0])
    adapter = start_adapter("odbc", MAPPING, "--connection", db.connection, "--pool", "4")
    gateway = start_gateway()
    wait_route(gateway, "/accounts/1")
    ours = [adapter, gateway]
    most, slowest, commits = {}, 0.0, 0
    slow, fast = Reader(gateway, 100000), Reader(gateway)
    end = time.monotonic() + 300
    while fast.is_alive() and time.monotonic() < end:
        for k, v in anon(ours).items():
            most[k] = max(most.get(k, 0), v)
        began = time.monotonic()
        r = get(gateway, "/accounts/%d" % (commits % 900 + 1))
        slowest = max(slowest, time.monotonic() - began)
        if r.status != 200:
            t.ok(False, db.name + "_million_others-served", r)
            break
        commits += 1
        r = post(gateway, "/entries", {"id": 100000 + commits, "amount": "1.0000", "number": "1", "memo": "m"})
        if r.status != 201:
            t.ok(False, db.name + "_million_writer-commits", r)
            break
        time.sleep(0.05)
    fast.join(1)
    t.equal(fast.rows, wanted, db.name + "_million_every-row-came")
    t.ok(fast.ended, db.name + "_million_ended-well")
    t.ok(commits > 3, db.name + "_million_a-writer-committed-meanwhile", commits)
    # The fast one is done: what the slow one holds is all there is now.
    time_ = time.monotonic() + 3
    while time.monotonic() < time_:
        for k, v in anon(ours).items():
            most[k] = max(most.get(k, 0), v)
        time.sleep(0.2)
    t.ok(slow.is_alive() and 0 < slow.bytes < fast.bytes, db.name + "_million_slow-reader-still-reads",
         (slow.bytes, fast.bytes))
    slow.going = False
    slow.join(5)
    t.note("%s: %d rows, %d MB, RssAnon in KiB %s, slowest other read %.3f s, %d commits meanwhile" %
           (db.name, fast.rows, fast.bytes >> 20, most, slowest, commits))
    t.ok(slowest < (5 if SANITIZED else 1), db.name + "_million_others-undisturbed", slowest)
    if not SANITIZED:  # its shadow memory counts as anonymous
        t.ok(max(most.values()) <= MOST_KB, db.name + "_million_no-process-above-30-MB", most)
    gateway.stop()
    adapter.stop()


with Tap() as t:
    start_bus()
    for kind in (erp_db.Sqlite, erp_db.Postgres):
        why = kind.why_not()
        if why:
            t.skip("%s_million" % kind.name, why)
            continue
        db = kind()
        try:
            if hasattr(db, "start"):
                db.start()
            download(t, db)
        finally:
            if hasattr(db, "remove"):
                db.remove()
