# SPDX-License-Identifier: GPL-3.0-or-later
"""What every adapter has from its host, seen through sluice-null: options, admission, deadlines, drain."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

MAPPING = """<?xml version="1.0"?>
<mapping xmlns="urn:sluice:mapping:1" name="%s" version="1.2.3">
  <system name="%s" kind="%s"/>
  <operation name="read" method="GET" path="/%s/{id}">
    <request>
      <field legacy="/id" http="path:id"/>
      <field legacy="/size" http="query:size"/>
    </request>
    <response><field legacy="/id" json="/id"/></response>
  </operation>
</mapping>
"""


def mapping(system, kind="null"):
    return write(system + ".map.xml", MAPPING % (system, system, kind, system))


def hold(gateway, path):
    """A client that asks for more than it reads: its call stays under way in the adapter."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    s.settimeout(20)
    s.connect((gateway.host, gateway.port))
    s.sendall(b"GET %s?size=%d HTTP/1.1\r\nHost: a\r\n\r\n" % (path.encode(), 100 << 20))
    got = b""
    while b"\r\n\r\n" not in got:
        got += s.recv(1024)
    return s


def send(gateway, path, wait):
    s = socket.create_connection((gateway.host, gateway.port), timeout=20)
    s.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\nPrefer: wait=%d\r\nConnection: close\r\n\r\n" % (path.encode(), wait))
    return s


def status_of(s):
    got = b""
    while True:
        piece = s.recv(65536)
        if not piece:
            break
        got += piece
    s.close()
    return int(got.split(b" ", 2)[1]), got


def test_start(t):
    null = program("sluice-null")
    status, out, err = run(null, "--help")
    t.ok(status == 0 and "--max-queue" in out and "--mapping" in out, "help_printed_exit-0", out + err)
    status, out, err = run(null, "--mapping", mapping("a"), "--no-such-option")
    t.ok(status == 2 and "no-such-option" in err, "option_unknown_exit-2", err)
    status, out, err = run(null, "--mapping", mapping("a"), "--max-in-flight", "0")
    t.ok(status == 2 and "max-in-flight" in err, "option_out-of-range_exit-2", err)
    status, out, err = run(null, "--mapping", mapping("a", "rest"), "--bus", bus_endpoint(), "--ipc-dir", work("ipc"))
    t.ok(status == 1 and "rest" in err, "mapping_of-another-kind_exit-1", err)
    bad = write("bad.map.xml", (MAPPING % ("a", "a", "null", "a")).replace('legacy="/', 'legacy="'))
    status, out, err = run(null, "--mapping", bad, "--bus", bus_endpoint(), "--ipc-dir", work("ipc"))
    shown = len(re.findall(r"bad\.map\.xml:\d+:\d+: error", err))
    t.ok(status == 1 and shown == 3, "mapping_wrong_all-errors-shown_exit-1", err)
    status, out, err = run(null, "--mapping", work("none.map.xml"))
    t.ok(status == 1 and "none.map.xml" in err, "mapping_missing_exit-1", err)
    large = write("large.map.xml", open(mapping("a")).read() + "<!-- %s -->" % ("x" * 4096))
    status, out, err = run(null, "--mapping", large, "--max-mapping", "2KiB", "--bus", bus_endpoint(), "--ipc-dir",
                           work("ipc"))
    t.ok(status == 1 and "X006" in err and "2048 bytes" in err, "mapping_over-its-limit_exit-1", err)


def test_admission(t, gw):
    adapter = start_adapter("null", mapping("one"), "--max-in-flight", "1", "--max-queue", "1")
    wait_route(gw, "/one/1")
    holder = hold(gw, "/one/1")
    began = time.monotonic()
    queued = send(gw, "/one/2", 2)
    # In the adapter's one queue the next is refused, once the first is in it.
    r = wait_for(lambda: (lambda r: r.status == 503 and r)(get(gw, "/one/3", headers={"Prefer": "wait=1"})),
                 "a call to be refused")
    t.ok(is_problem(r, 503, "unavailable") and r.header("Retry-After") and r.json["system"] == "one",
         "queue_full_503-retry-after", r)
    status, got = status_of(queued)
    t.ok(status in (503, 504) and time.monotonic() - began < 5, "queue_deadline-passes_answered", got)
    queued = send(gw, "/one/4", 10)
    get(gw, "/health")
    holder.close()
    status, got = status_of(queued)
    t.ok(status == 200 and b'"path:id":"4"' in got, "queue_place-gets-free_served", got)
    t.equal(adapter.stop(), 0, "sigterm_idle_exit-0")


def test_drain(t, gw):
    adapter = start_adapter("null", mapping("two"))
    wait_route(gw, "/two/1")
    s = hold(gw, "/two/1")
    adapter.signal(signal.SIGTERM)
    wait_for(lambda: get(gw, "/two/2").status == 503, "the adapter to have withdrawn")
    t.ok(adapter.alive(), "drain_answer-under-way_adapter-stays")
    n = 0
    while True:
        piece = s.recv(1 << 20)
        if not piece:
            break
        n += len(piece)
        if piece.endswith(b"\r\n0\r\n\r\n"):
            break
    t.ok(n > (99 << 20), "drain_answer-under-way_finished", n)
    t.equal(adapter.p.wait(15), 0, "drain_done_exit-0")
    s.close()
    adapter = start_adapter("null", mapping("two"), "--drain", "300ms")
    wait_route(gw, "/two/1")
    s = hold(gw, "/two/1")
    adapter.signal(signal.SIGTERM)
    t.equal(adapter.p.wait(10), 0, "drain_reader-never-reads_ends-in-time")
    while True:
        try:
            piece = s.recv(1 << 20)
        except ConnectionResetError:
            piece = b""
        if not piece:
            break
        tail = piece
    t.ok(not tail.endswith(b"0\r\n\r\n"), "drain_cut-short_no-final-chunk", tail[-20:])
    s.close()


def test_queued_elsewhere(t, gw):
    """What was queued when its adapter stopped was not started: another instance takes it."""
    first = start_adapter("null", mapping("three"), "--max-in-flight", "1", "--max-queue", "1", "--drain", "300ms")
    wait_route(gw, "/three/1")
    s = hold(gw, "/three/1")
    queued = send(gw, "/three/2", 15)
    wait_for(lambda: get(gw, "/three/3", headers={"Prefer": "wait=1"}).status == 503, "the queue to be full")
    second = start_adapter("null", mapping("three"))
    wait_for(lambda: get(gw, "/three/4", headers={"Prefer": "wait=1"}).status == 200, "the second instance")
    first.signal(signal.SIGTERM)
    t.equal(first.p.wait(10), 0, "drain_with-a-queue_ends-in-time")
    status, got = status_of(queued)
    t.ok(status == 200 and b'"path:id":"2"' in got, "queued_adapter-stops_served-by-another", got)
    s.close()
    t.equal(second.stop(), 0, "second-instance_exit-0")


with Tap() as t:
    start_bus()
    gw = start_gateway()
    test_start(t)
    test_admission(t, gw)
    test_drain(t, gw)
    test_queued_elsewhere(t, gw)
    t.equal(gw.stop(), 0, "gateway_sigterm_exit-0")
