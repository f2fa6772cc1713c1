# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes with a base against the fakes: what no line maps survives, and what becomes of a base that cannot be read."""
import json, os, re, sys, urllib.request
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

LIMITS = ("--timeout", "400ms", "--min-rate-time", "400ms", "--connect-timeout", "1s")
FULL = os.path.join(SOURCE, "mappings", "examples", "crm", "crm.map.xml")

PEOPLE = """<mapping xmlns="urn:sluice:mapping:1" name="people" version="1.0.0">
  <system name="people" kind="soap" contract="%s">
    <nulls null="nil" absent="missing"/>
    <outcome legacy="RC">
      <when is="00" status="200"/>
      <when is="08" status="404" problem="person-not-found" detail="MSG"/>
      <otherwise    status="502" problem="crm-error"/>
    </outcome>
    <fault status="502" problem="crm-error"/>
  </system>
  <type name="custno" kind="text" width="10" pad="zero"/>
  <type name="name30" kind="text" width="30" pad="right"/>
  <shape name="Person">
    <field legacy="CUST_NO"  json="/id"        type="custno" key="true"/>
    <field legacy="FIRST_NM" json="/firstName" type="name30"/>
    <field legacy="LAST_NM"  json="/lastName"  type="name30" mask="first:1" pii="name"/>
    <field legacy="STATUS_CD" http="header:ETag" access="read-only"/>
  </shape>
  <operation name="getPerson" method="GET" path="/people/{id}" calls="GetCustomer">
    <request><const legacy="CHANNEL" value="API"/><field legacy="CUST_NO" http="path:id" type="custno"/></request>
    <response shape="Person" legacy="CUSTOMER"/>
  </operation>
  %s
</mapping>
"""
WRITE = """<operation name="%s" method="%s" path="/people/{id}" calls="UpdateCustomer" base="getPerson">
    <request shape="Person" legacy="CUSTOMER">
      <const legacy="CHANNEL" value="API"/><field legacy="KEY_NO" http="path:id" type="custno"/></request>
    <response status="204"/>
  </operation>"""

SLIPS = """<mapping xmlns="urn:sluice:mapping:1" name="slips" version="1.0.0">
  <system name="slips" kind="rest">
    <outcome legacy="#status">
      <when is="2*" status="200"/><when is="404" status="404" problem="slip-not-found" detail="/err/txt"/>
      <when is="503" status="503" problem="slips-busy" retry="true"/>
      <otherwise status="502" problem="slips-error"/>
    </outcome>
  </system>
  <type name="cents" kind="decimal" scale="2" point="implied"/>
  <shape name="Slip">
    <field legacy="/tot" json="/total" type="cents"/>
    <list legacy="/itm" json="/lines" key="/pos" on-write="align">
      <field legacy="/pos" json="/no"/>
      <field legacy="/qty" json="/quantity" type="integer"/>
    </list>
  </shape>
  <operation name="get" method="GET" path="/slips/{no}">
    <call path="/v1/inv/{no}"/><request><field legacy="path:no" http="path:no"/></request><response shape="Slip"/></operation>
  <operation name="put" method="PUT" path="/slips/{no}" base="get">
    <call path="/v1/inv/{no}"/><request shape="Slip"><field legacy="path:no" http="path:no"/></request>
    <response status="204"/></operation>
  <operation name="patch" method="PATCH" path="/slips/{no}" base="get">
    <call method="PUT" path="/v1/inv/{no}"/><request shape="Slip"><field legacy="path:no" http="path:no"/></request>
    <response status="204"/></operation>
</mapping>
"""


def executed(crm):
    lines = open(crm.journal).read().splitlines() if os.path.exists(crm.journal) else []
    return sum("UpdateCustomer" in line for line in lines)


def test_soap(t, gateway, crm):
    before = get(gateway, "/customers/1").json
    person = get(gateway, "/people/1")
    tag = person.header("ETag")
    t.ok(person.json["lastName"].endswith("*"), "get_masked_shows-the-first-letter", person)
    reply = put(gateway, "/people/1", dict(person.json, firstName="Zoë"))
    after = get(gateway, "/customers/1").json
    t.equal(reply.status, 204, "put_base_204")
    t.equal(after, dict(before, firstName="Zoë"), "put_base_keeps-what-is-not-mapped")
    reply = patch(gateway, "/people/1", {"lastName": "Nowak"})
    t.equal(reply.status, 204, "patch_base_204")
    t.equal(get(gateway, "/customers/1").json, dict(after, lastName="Nowak"), "patch_base_changes-one-member")
    n = executed(crm)
    reply = put(gateway, "/people/1", {"id": "1", "firstName": "A", "lastName": "X****"})
    t.ok(is_problem(reply, 400, "invalid-request") and executed(crm) == n, "put_another-mask_400", reply)
    reply = put(gateway, "/people/1", {"id": "1", "firstName": "A", "lastName": "B"}, headers={"If-Match": '"old"'})
    t.ok(is_problem(reply, 412, "changed-meanwhile") and executed(crm) == n, "put_old-tag_412", reply)
    reply = patch(gateway, "/people/1", {"firstName": "Ada"}, headers={"If-Match": tag})
    t.ok(reply.status == 204 and executed(crm) == n + 1, "patch_right-tag_204", reply)
    reply = patch(gateway, "/people/999999", {"firstName": "Ada"})
    t.ok(is_problem(reply, 404, "person-not-found"), "patch_no-such-record_404-of-the-base", reply)


def test_soap_faults(t, gateway, crm):
    n = executed(crm)
    for mode, status, kind in (("hang", 504, "timed-out"), ("503", 503, "unavailable"), ("close", 502, "legacy-garbage")):
        write("crm.control", "GetCustomer:" + mode)
        reply = patch(gateway, "/people/1", {"firstName": "No"})
        t.ok(is_problem(reply, status, kind), "patch_base-%s_%d-%s" % (mode, status, kind), reply)
    t.equal(executed(crm), n, "patch_no-base_not-executed")
    write("crm.control", "UpdateCustomer:hang-after")
    reply = patch(gateway, "/people/1", {"firstName": "Doubt"})
    t.ok(is_problem(reply, 504, "in-doubt") and executed(crm) == n + 1, "patch_write-hangs_in-doubt", reply)
    write("crm.control", "UpdateCustomer:503")
    reply = patch(gateway, "/people/1", {"firstName": "No"})
    t.ok(is_problem(reply, 503, "unavailable") and executed(crm) == n + 1, "patch_write-refused_503", reply)
    write("crm.control", "")
    t.equal(get(gateway, "/people/1").json["firstName"], "Doubt", "patch_in-doubt_was-executed")


def direct(peer, path):
    with urllib.request.urlopen(peer.url + path, timeout=10) as r:
        return json.load(r)


def test_rest(t, gateway, peer):
    before = direct(peer, "/v1/inv/1003")
    slip = json.loads(get(gateway, "/slips/1003").text)
    slip["lines"][0]["quantity"] = 9
    reply = put(gateway, "/slips/1003", slip)
    t.equal(reply.status, 204, "put_rest-base_204")
    before["itm"][0]["qty"] = 9
    t.equal(direct(peer, "/v1/inv/1003"), before, "put_rest-base_keeps-what-is-not-mapped")
    reply = patch(gateway, "/slips/1003", {"total": "1.00"})
    t.ok(reply.status == 204, "patch_rest-base_204", reply)
    after = direct(peer, "/v1/inv/1003")
    t.ok(str(after.pop("tot")) == "100" and after == {k: v for k, v in before.items() if k != "tot"},
         "patch_rest-base_changes-one-member", after)
    log = direct(peer, "/journal")["log"]
    for mode, status, kind in (("hang", 504, "timed-out"), ("status 503", 503, "slips-busy"),
                               ("truncate", 502, "legacy-garbage"), ("garbage", 502, "legacy-garbage")):
        write("peer.control", "GET:" + mode)
        reply = patch(gateway, "/slips/1003", {"total": "2.00"})
        t.ok(is_problem(reply, status, kind), "patch_rest-base-%s_%d-%s" % (mode.replace(" ", "-"), status, kind), reply)
    write("peer.control", "")
    t.equal(direct(peer, "/journal")["log"], log, "patch_no-rest-base_not-executed")
    write("peer.control", "PUT:hang-after")
    reply = patch(gateway, "/slips/1003", {"total": "3.00"})
    t.ok(is_problem(reply, 504, "in-doubt"), "patch_rest-write-hangs_in-doubt", reply)
    write("peer.control", "")
    reply = patch(gateway, "/slips/1", {"total": "3.00"})
    t.ok(is_problem(reply, 404, "slip-not-found"), "patch_no-slip_404-of-the-base", reply)


with Tap() as t:
    crm, bus = start_crm(), start_bus()
    peer = Process([sys.executable, "-B", os.path.join(SOURCE, "tests", "fakes", "rest_peer.py"), "--control",
                    work("peer.control")], name="rest-peer")
    peer.url = peer.wait_out(r"^ready (\S+)$").group(1)
    people = write("people.map.xml", PEOPLE % (os.path.join(os.path.abspath(SOURCE), "wsdl", "crm.wsdl"),
                                               WRITE % ("put", "PUT") + WRITE % ("patch", "PATCH")))
    adapters = [start_adapter("soap", people, "--endpoint", crm.url, *LIMITS),
                start_adapter("soap", FULL, "--endpoint", crm.url, *LIMITS),
                start_adapter("rest", write("slips.map.xml", SLIPS), "--base-url", peer.url, *LIMITS)]
    gateway = start_gateway()
    for path in ("/people/1", "/customers/1", "/slips/1003"):
        wait_route(gateway, path)
    test_soap(t, gateway, crm)
    test_soap_faults(t, gateway, crm)
    test_rest(t, gateway, peer)
    for adapter in adapters:
        t.equal(adapter.stop(), 0, "adapter_sigterm_exit-0")
