# SPDX-License-Identifier: GPL-3.0-or-later
"""The REST adapter between gateway and the billing service of rest_peer.py."""
import os, sys, time
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

MAPPING = os.path.join(SOURCE, "mappings", "examples", "billing", "billing.map.xml")
LIMITS = ("--timeout", "400ms", "--min-rate-time", "400ms", "--connect-timeout", "1s")
NEW = {"customerId": "7", "issuedOn": "2025-02-01", "status": "open", "currency": "EUR", "total": "12.34",
       "paid": False, "reference": "T-1", "remark": "Łódź", "lines": [
           {"position": 1, "article": "A-1", "description": "x", "quantity": 2, "amount": "6.17"}]}


def start_peer(*options):
    p = Process([sys.executable, "-B", os.path.join(SOURCE, "tests", "fakes", "rest_peer.py"), "--control",
                 work("peer.control"), *options], name="rest-peer")
    p.url = p.wait_out(r"^ready (\S+)$").group(1)
    p.port = int(p.url.rsplit(":", 1)[1])
    return p


class At:
    """Host and port, as http_ wants them."""

    def __init__(self, port):
        self.host, self.port = "127.0.0.1", port


def journal(peer):
    return get(At(peer.port), "/journal").json["log"]


def test_service(t, gateway, peer):
    reply = get(gateway, "/invoices/1003")
    t.ok(reply.status == 200, "get_known_200", reply)
    i = reply.json
    t.equal([i["number"], i["customerId"], i["issuedOn"], i["status"], i["total"], i["paid"], i["remark"]],
            ["1003", "3", "2025-01-31", "cancelled", "6.06", False, None], "get_known_values-translated")
    t.equal([i["lines"][2]["position"], i["lines"][2]["quantity"], i["lines"][2]["amount"]], ["3", "3", "3.02"],
            "get_known_lines-translated")
    t.equal(get(gateway, "/invoices/1001").json["issuedOn"], None, "get_sentinel-date_null")
    reply = get(gateway, "/invoices/9")
    t.ok(is_problem(reply, 404, "invoice-not-found"), "get_unknown_404", reply)
    reply = get(gateway, "/invoices?status=open&customer=1&limit=5")
    t.ok(reply.status == 200 and [i["number"] for i in reply.json["items"]] == ["1001"] and
         reply.json["more"] is False, "list_filtered", reply)
    reply = get(gateway, "/invoices?limit=2")
    t.ok(reply.status == 200 and len(reply.json["items"]) == 2 and reply.json["more"] is True, "list_limited", reply)
    reply = post(gateway, "/invoices", NEW)
    t.ok(reply.status == 201, "post_new_201", reply)
    number = reply.json["number"]
    again = get(gateway, "/invoices/" + number).json
    t.equal([again["remark"], again["total"], again["customerId"]], ["Łódź", "12.34", "7"], "post_new_is-kept")
    reply = post(gateway, "/invoices", NEW)
    t.ok(is_problem(reply, 409, "invoice-exists"), "post_same-reference_409", reply)
    reply = post(gateway, "/invoices", dict(NEW, reference="T-2", lines=[]))
    t.ok(is_problem(reply, 422, "invoice-rejected"), "post_no-lines_422", reply)
    reply = put(gateway, "/invoices/" + number, dict(NEW, status="paid", paid=True))
    t.ok(reply.status == 200 and reply.json["paid"] is True, "put_known_200", reply)
    t.equal(journal(peer), ["POST " + number, "PUT " + number], "journal_each-write-once")
    # Two dots as a path's argument would be another resource of the service.
    reply = get(gateway, "/invoices/%2E%2E")
    t.ok(is_problem(reply, 400), "get_dot-dot_refused", reply)
    reply = get(gateway, "/invoices/a%2Fb%3Fx")
    t.ok(is_problem(reply, 404, "invoice-not-found"), "get_slash-in-argument_stays-in-it", reply)


def test_faults(t, gateway, peer):
    timed_out, doubt, garbage = (504, "timed-out"), (504, "in-doubt"), (502, "legacy-garbage")
    cases = [  # mode, what becomes of a read, of a write, writes executed
        ("hang", timed_out, doubt, 0),
        ("hang-after", timed_out, doubt, 1),
        ("close", (503, "unavailable"), doubt, 1),
        ("truncate", garbage, doubt, 1),
        ("drip 300", timed_out, doubt, 1),
        ("garbage", garbage, garbage, 1),
        ("status 503", (502, "billing-error"), (503, "billing-busy"), 0),
        ("status 500", (502, "billing-error"), (502, "billing-error"), 0),
        ("status 401", (502, "billing-error"), (502, "billing-error"), 0),
    ]
    for n, (mode, read, written, executed) in enumerate(cases):
        name = mode.replace(" ", "-")
        write("peer.control", "")
        before = len(journal(peer))
        write("peer.control", mode)
        begun = time.monotonic()
        reply = get(gateway, "/invoices/1003")
        t.ok(is_problem(reply, *read), "read_%s_%d-%s" % (name, *read), reply)
        reply = post(gateway, "/invoices", dict(NEW, reference="F-%d" % n))
        t.ok(is_problem(reply, *written), "write_%s_%d-%s" % (name, *written), reply)
        t.ok(time.monotonic() - begun < 4, "both_%s_in-time" % name)
        write("peer.control", "")
        t.equal(len(journal(peer)) - before, executed, "write_%s_executed-%d" % (name, executed))


# Its outcome is in the body: what the HTTP status means is not the mapping's to say.
PLAIN = """<mapping xmlns="urn:sluice:mapping:1" name="plain" version="1.0.0">
  <system name="plain" kind="rest"/>
  <shape name="Slip"><field legacy="/extRef" json="/reference" type="text"/></shape>
  <operation name="getSlip" method="GET" path="/slips/{number}">
    <call path="/v1/inv/{no}"/>
    <request><field legacy="path:no" http="path:number" type="text"/></request>
    <response shape="Slip"/>
  </operation>
  <operation name="createSlip" method="POST" path="/slips">
    <call path="/v1/inv"/>
    <request shape="Slip"/>
    <outcome legacy="/st"><when is="X" status="409" problem="cancelled"/><otherwise status="201"/></outcome>
    <response><field legacy="/st" json="/state" type="text"/></response>
  </operation>
</mapping>
"""


def test_statuses(t, gateway, peer):
    """Without an outcome for the HTTP status it means what adapters/carrier/carrier.h says."""
    adapter = start_adapter("rest", write("plain.map.xml", PLAIN), "--base-url", peer.url, *LIMITS)
    wait_route(gateway, "/slips/1003")
    refused, doubt, other = (503, "unavailable"), (504, "in-doubt"), (502, "legacy-status")
    cases = [  # status, what becomes of a read, of a write
        (503, refused, refused),
        (502, refused, doubt),
        (504, (504, "timed-out"), doubt),
        (401, (502, "legacy-refuses-us"), (502, "legacy-refuses-us")),
        (500, other, other),
    ]
    for status, read, written in cases:
        write("peer.control", "status %d" % status)
        reply = get(gateway, "/slips/1003")
        t.ok(is_problem(reply, *read), "read_status-%d-unmapped_%d-%s" % (status, *read), reply)
        t.ok(read != refused or reply.header("Retry-After"), "read_status-%d-unmapped_retry-after" % status, reply)
        reply = post(gateway, "/slips", {"reference": "S"})
        t.ok(is_problem(reply, *written), "write_status-%d-unmapped_%d-%s" % (status, *written), reply)
    write("peer.control", "")
    t.equal(adapter.stop(), 0, "plain-adapter_sigterm_exit-0")


with Tap() as t:
    peer, bus = start_peer(), start_bus()
    adapter = start_adapter("rest", MAPPING, "--base-url", peer.url, *LIMITS)
    gateway = start_gateway()
    wait_route(gateway, "/invoices/1003")
    test_service(t, gateway, peer)
    test_faults(t, gateway, peer)
    test_statuses(t, gateway, peer)
    peer.kill()
    reply = get(gateway, "/invoices/1003")
    t.ok(is_problem(reply, 503, "unavailable") and reply.header("Retry-After"), "get_peer-is-down_503", reply)
    t.equal(adapter.stop(), 0, "adapter_sigterm_exit-0")
