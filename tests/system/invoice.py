# SPDX-License-Identifier: GPL-3.0-or-later
"""The invoice example end to end: gateway, bus, REST adapter, and billsys.py for the legacy system."""
import glob, json, os, re, sys, urllib.request
import xml.etree.ElementTree as ET
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

HERE = os.path.join(SOURCE, "mappings", "examples", "invoice")
MAPPING = os.path.join(HERE, "invoice.map.xml")
LIMITS = ("--timeout", "400ms", "--min-rate-time", "400ms", "--connect-timeout", "1s")
NEW = json.load(open(os.path.join(HERE, "t", "new.json")))
NS = "{urn:sluice:mapping:1}"


def start_billsys():
    p = Process([sys.executable, "-B", os.path.join(SOURCE, "tests", "fakes", "billsys.py"), "--control",
                 work("billsys.control")], name="billsys")
    p.url = p.wait_out(r"^ready (\S+)$").group(1)
    return p


def direct(peer, path, data=None):
    with urllib.request.urlopen(urllib.request.Request(peer.url + path, data and json.dumps(data).encode()), timeout=10) as r:
        return json.load(r)


def journal(peer):
    return direct(peer, "/journal")


def told(mode):
    write("billsys.control", mode)


def create(gateway, number, key=None, **changes):
    return post(gateway, "/invoices", dict(NEW, number=number, **changes), headers={"Idempotency-Key": key} if key else {})


def test_create(t, gateway, peer):
    reply = create(gateway, "11", key="k" * 65)
    t.ok(is_problem(reply, 400) and journal(peer)[-1]["line"].startswith("GET"), "create_key-too-long_400", reply)
    reply = create(gateway, "11", key="3f0c")
    t.equal((reply.status, json.loads(reply.text)), (201, dict(NEW, number="11", issuedAt="2026-11-20T22:40:01.000Z")), "create_201_the-invoice")
    sent = journal(peer)[-1]
    t.equal((sent["line"], sent["id"]), ("POST /v1/inv", "3f0c"), "create_idempotency-key_is-their-request-id")
    # The very bytes: cents in a string without zeros, milliseconds as a number, one item without its array.
    t.equal(sent["body"], '{"invNo":"11","amt":"1999","ts":1795214401000,"cust":{"ssn":"078051120"},"itm":{"p":"A","q":1},"taxCd":["V19"],'
            '"taxAmt":["319"],"meta":[{"k":"channel","v":"web"}],"src":"ACL"}', "create_body_as-the-contract-wants-it")
    again = create(gateway, "11", key="3f0c")
    t.equal((again.status, again.text), (201, reply.text), "create_same-key_same-answer")
    reply = create(gateway, "11")
    t.ok(is_problem(reply, 409, "invoice-exists") and journal(peer)[-1]["id"] is None, "create_known-number_409", reply)
    reply = create(gateway, "12", items=[{"sku": "GONE", "quantity": 1}])
    t.ok(is_problem(reply, 422, "invoice-rejected") and reply.json["detail"] == "sku GONE is not sold any more", "create_200-with-an-error_422", reply)
    told("POST:status 429")
    reply = create(gateway, "12")
    t.ok(is_problem(reply, 503, "billing-busy") and reply.header("Retry-After"), "create_429_503-and-when", reply)
    told("POST:status 500")
    reply = create(gateway, "12")
    t.ok(is_problem(reply, 502, "billing-error") and reply.json["detail"] == "as told", "create_500_502", reply)
    told("POST:status 418")
    t.ok(is_problem(create(gateway, "12"), 502, "billing-error"), "create_status-nobody-foresaw_502")
    told("")
    n = len(journal(peer))
    for name, change, field in (("number", {"total": 19.99}, "/total"), ("scale", {"total": "19.999"}, "/total"), ("digits", {"total": "12345678901.00"}, "/total"),
                                ("exponent", {"total": "1e2"}, "/total"), ("day", {"issuedAt": "2026-02-30T00:00:00Z"}, "/issuedAt"),
                                ("no-amount", {"taxes": [{"code": "V7"}]}, "/taxes/0/amount"), ("empty", {"number": ""}, "/number"),
                                ("quantity", {"items": [{"sku": "A", "quantity": 1000000}]}, "/items/0/quantity"), ("unknown", {"vat": 7}, "/vat"),
                                ("wide", {"items": [{"sku": "A" * 19, "quantity": 1}]}, "/items/0/sku"), ("no-array", {"items": {"sku": "A", "quantity": 1}}, "/items"),
                                ("label", {"labels": {"a": 7}}, "/labels")):
        reply = create(gateway, "13") if change is None else post(gateway, "/invoices", dict(NEW, **change))
        t.ok(is_problem(reply, 400) and reply.json.get("field") == field, "create_wrong-%s_400" % name, reply)
    reply = post(gateway, "/invoices", json.dumps(NEW).replace('"number"', '"number": "1", "number"'))
    t.ok(is_problem(reply, 400) and reply.json.get("field") == "/number", "create_number-twice_400", reply)
    reply = post(gateway, "/invoices", {k: v for k, v in NEW.items() if k != "total"})
    t.ok(is_problem(reply, 400) and reply.json.get("field") == "/total", "create_no-total_400", reply)
    t.equal(len(journal(peer)), n, "create_refused_nothing-sent")


def examples():
    """(name, legacy, json) of each example of the shape."""
    for i, x in enumerate(ET.parse(MAPPING).getroot().iter(NS + "example")):
        if x.get("shape"):
            texts = [open(os.path.join(HERE, x.get(side))).read() if x.get(side) else x.find(NS + side).text for side in ("legacy", "json")]
            yield (x.get("legacy") or "inline", *map(json.loads, texts), x.get("canonical") != "false")


def test_examples(t, gateway, peer):
    """What stands in the mapping comes so over the wire, both ways, and a PUT of what was read changes nothing."""
    n = 0
    for name, legacy, wanted, canonical in examples():
        n += 1
        stored = direct(peer, "/seed", legacy)
        reply = get(gateway, "/invoices/" + legacy["invNo"])
        t.equal((reply.status, json.loads(reply.text)), (200, wanted), "example_%s_get" % name)
        reply = put(gateway, "/invoices/" + legacy["invNo"], reply.text)
        t.equal((reply.status, json.loads(reply.text)), (200, wanted), "example_%s_put-as-read" % name)
        t.equal(direct(peer, "/v1/inv/" + legacy["invNo"]), stored, "example_%s_put-as-read_nothing-has-changed" % name)
        fresh = dict(wanted, number="X" + wanted["number"])
        reply = post(gateway, "/invoices", fresh)
        t.equal((reply.status, json.loads(reply.text)), (201, fresh), "example_%s_post" % name)
        sent = json.loads(journal(peer)[-1]["body"])
        if canonical:
            t.equal(sent, {k: v for k, v in dict(legacy, invNo=fresh["number"]).items() if k != "_links"}, "example_%s_post_the-same-record" % name)
    t.ok(n >= 4, "examples_are-there", n)


def test_list(t, gateway, peer):
    reply = get(gateway, "/invoices?limit=1&issuedFrom=1970-01-01T00:00:00%2B00:00")
    t.ok(reply.status == 200 and len(reply.json["items"]) == 1 and reply.json["count"] == "1", "list_one-is-an-object_an-array", reply)
    t.equal(journal(peer)[-1]["line"], "GET /v1/inv?tsFrom=0&max=1", "list_instant_is-milliseconds")
    reply = get(gateway, "/invoices?issuedFrom=2100-01-01T00:00:00Z")
    t.equal((reply.status, json.loads(reply.text)), (200, {"count": 0, "items": []}), "list_none-is-no-member_an-empty-array")
    reply = get(gateway, "/invoices")
    t.ok(reply.status == 200 and len(reply.json["items"]) == int(reply.json["count"]) > 5, "list_all", reply)
    for query in ("limit=0", "limit=501", "limit=x", "issuedFrom=yesterday", "colour=red"):
        t.ok(is_problem(get(gateway, "/invoices?" + query), 400), "list_%s_400" % query)


def test_change(t, gateway, peer):
    old = json.load(open(os.path.join(HERE, "t", "old.legacy.json")))
    before = direct(peer, "/seed", dict(old, dunLvl=3))
    reply = patch(gateway, "/invoices/9", {"taxId": "123456789"})
    t.equal((reply.status, reply.json["taxId"]), (200, "123456789"), "patch_one-member_200")
    after = direct(peer, "/v1/inv/9")
    t.equal(after, dict(before, cust={"ssn": "123456789"}), "patch_one-member_all-else-as-it-was")
    t.equal([j["line"] for j in journal(peer)[-3:-1]], ["GET /v1/inv/9", "PUT /v1/inv/9"], "patch_base-is-read-first")
    reply = patch(gateway, "/invoices/9", {"items": [{"sku": "B", "quantity": 2}, {"sku": "C", "quantity": 3}], "taxes": [], "labels": {"a": None}})
    after = direct(peer, "/v1/inv/9")
    t.ok(reply.status == 200 and after == dict(before, cust={"ssn": "123456789"}, itm=[{"p": "B", "q": 2}, {"p": "C", "q": 3}], taxCd=[], taxAmt=[],
                                               meta=[{"k": "a", "v": None}]), "patch_lists_are-replaced", (reply, after))
    reply = put(gateway, "/invoices/9", dict(NEW, number="9", total="0.06"))
    after = direct(peer, "/v1/inv/9")
    t.ok(reply.status == 200 and after["amt"] == "6" and after["dunLvl"] == 3 and after["itm"] == {"p": "A", "q": 1} and after["meta"], "put_dunning-level_kept", (reply, after))
    t.ok(is_problem(put(gateway, "/invoices/77", dict(NEW, number="77")), 404, "invoice-not-found"), "put_unknown_404-of-the-base")
    t.ok(is_problem(patch(gateway, "/invoices/77", {"total": "1.00"}), 404, "invoice-not-found"), "patch_unknown_404-of-the-base")
    n = len(journal(peer))
    t.ok(is_problem(put(gateway, "/invoices/9", dict(NEW, number="10")), 400), "put_another-number_400")
    t.equal([j for j in journal(peer)[n:] if j["line"].startswith("PUT")], [], "put_another-number_nothing-written")
    for mode, status, kind in (("GET:hang", 504, "timed-out"), ("PUT:hang-after", 504, "in-doubt"), ("PUT:status 429", 503, "billing-busy")):
        told(mode)
        reply = patch(gateway, "/invoices/9", {"total": "1.00"})
        t.ok(is_problem(reply, status, kind), "patch_%s_%d-%s" % (mode.replace(" ", "-"), status, kind), reply)
    told("")


def test_hostile(t, gateway, peer):
    """Answers that no contract allows: a 502 that names the place, and the next call is served."""
    good = {"invNo": "7", "amt": "5", "ts": 0, "src": "ACL"}
    cases = [("comma", dict(good, amt="12,50"), "/total"), ("letters", dict(good, amt="x"), "/total"), ("too-long", dict(good, amt="1" * 13), "/total"),
             ("blank", dict(good, amt=" "), "/total"), ("list-for-value", dict(good, amt=["5"]), "/amt"), ("object-for-value", dict(good, ts={}), "/ts"),
             ("far-future", dict(good, ts=10**20), "/issuedAt"), ("half-millis", dict(good, ts=0.5), "/issuedAt"), ("text-for-items", dict(good, itm="A"), "/items/0"),
             ("nested-arrays", dict(good, itm=[[{"p": "A"}]]), "/items/0"), ("uneven", dict(good, taxCd=["A", "B"], taxAmt=["1"]), "/taxes"),
             ("label-twice", dict(good, meta=[{"k": "a", "v": "1"}, {"k": "a", "v": "2"}]), "/labels/a"), ("label-without-name", dict(good, meta=[{"v": "1"}]), None),
             ("long-number", dict(good, invNo="7" * 13), "/number"), ("member-twice", b'{"invNo":"7","amt":"5","amt":"6","ts":0}', None),
             ("array", b"[]", None), ("null", b"null", None), ("nothing", b"", None), ("html", b"<html>", None), ("two-values", b"{}{}", None),
             ("cut", b'{"invNo":"7","amt', None), ("not-utf-8", b'{"invNo":"\xff","amt":"5","ts":0}', None), ("half-a-pair", b'{"invNo":"\\ud800","amt":"5","ts":0}', None),
             ("deep", b'{"x":' + b"[" * 100000 + b"]" * 100000 + b"}", None), ("nan", b'{"invNo":"7","amt":NaN}', None), ("leading-zeros", b'{"invNo":"7","ts":007}', None)]
    for name, answer, field in cases:
        write("answer", answer if isinstance(answer, bytes) else json.dumps(answer))
        told("GET:answer 200 " + work("answer"))
        reply = get(gateway, "/invoices/7")
        t.ok(is_problem(reply, 502, "legacy-garbage") and (field is None or reply.json.get("field") == field), "hostile_%s_502" % name, reply)
    big = json.dumps(dict(good, junk="x" * 3000000, itm=[{"p": "A", "q": i} for i in range(50000)]))
    write("answer", big)
    reply = get(gateway, "/invoices/7")
    t.ok(reply.status == 200 and len(reply.json["items"]) == 50000, "hostile_large-but-right_served", reply.status)
    write("answer", json.dumps(dict(good, itm=None, taxCd=None, meta=None, cust=None, more=[{}])))
    reply = get(gateway, "/invoices/7")
    t.equal((reply.status, json.loads(reply.text)), (200, {"number": "7", "total": "0.05", "issuedAt": "1970-01-01T00:00:00.000Z", "items": [],
                                                           "taxes": [], "labels": {}}), "hostile_null-for-lists-and-objects_none")
    told("POST:answer 201 " + work("answer"))
    write("answer", b"<ok/>")
    t.ok(is_problem(create(gateway, "H1"), 502, "legacy-garbage"), "hostile_created-but-garbage_502")
    told("POST:answer 200 " + work("answer"))
    write("answer", json.dumps({"err": {"txt": ["a"]}}))
    reply = create(gateway, "H2")
    t.ok(is_problem(reply, 502, "legacy-garbage") and reply.json.get("field") == "/err/txt", "hostile_odd-error-text_502", reply)
    told("")
    for mode, read, written in (("hang", (504, "timed-out"), (504, "in-doubt")), ("truncate", (502, "legacy-garbage"), (504, "in-doubt")),
                                ("garbage", (502, "legacy-garbage"), (502, "legacy-garbage"))):
        told(mode)
        t.ok(is_problem(get(gateway, "/invoices/7"), *read), "hostile_%s_read" % mode)
        t.ok(is_problem(create(gateway, "H-" + mode), *written), "hostile_%s_write" % mode)
    told("")
    t.equal(get(gateway, "/invoices/11").status, 200, "hostile_afterwards_served")


with Tap() as t:
    for command in (("check", "--laws"), ("test", "-q"), ("fmt", "--check"), ("doc",), ("schema",), ("schema", "--openapi")):
        status, out, err = sluice(*command, MAPPING)
        t.ok(status == 0 and not re.search(r"PutGet refuted|GetPut refuted|[1-9][0-9]* refuted", out) and "sampled (" not in out, "sluice_%s_good" % "-".join(command), (status, out[-2000:], err))
    peer, bus = start_billsys(), start_bus()
    adapter = start_adapter("rest", MAPPING, "--base-url", peer.url, *LIMITS)
    gateway = start_gateway()
    wait_route(gateway, "/invoices")
    test_create(t, gateway, peer)
    test_examples(t, gateway, peer)
    test_list(t, gateway, peer)
    test_change(t, gateway, peer)
    test_hostile(t, gateway, peer)
    t.equal(adapter.stop(), 0, "adapter_sigterm_exit-0")
