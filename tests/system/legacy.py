# SPDX-License-Identifier: GPL-3.0-or-later
"""A SOAP service that misbehaves in every way the fake knows: 504, 502 or a mapped problem within the
deadline, memory bounded, and the other systems unharmed."""
import os, sys
sys.path[:0] = [os.path.join(os.environ.get("SL_SOURCE", "."), "tests", d) for d in ("harness", "bench")]
from sluice_test import *
import data

MAPPINGS = os.path.join(SOURCE, "mappings", "examples")
NULL = """<mapping xmlns="urn:sluice:mapping:1" name="other" version="1.0.0"><system name="other" kind="null"/>
  <operation name="echo" method="GET" path="/other"/></mapping>"""
BODY = '<?xml version="1.0"?>%s<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>' \
       '<GetCustomerResponse xmlns="urn:legacy:crm:customer:v1">%s</GetCustomerResponse></e:Body></e:Envelope>'


def timed(f):
    began = time.monotonic()
    r = f()
    return r, time.monotonic() - began


def misbehaves(t, gateway, crm):
    table = [  # line of the control file, status, type, longest
        ("hang", 504, "timed-out", 3.5), ("hang-after", 504, "timed-out", 3.5), ("drip 200", None, None, 20),
        ("close", 502, None, 3), ("503", 503, "unavailable", 3), ("locked", 409, "customer-locked", 3),
        ("fault", 502, "crm-error", 3)]
    for line, status, type_, longest in table:
        write("crm.control", line)
        r, seconds = timed(lambda: get(gateway, "/customers/5"))
        good = is_problem(r, status, type_) if status else (is_problem(r, 502) or is_problem(r, 504))
        t.ok(good and seconds < longest, "crm_%s_%s" % (line.replace(" ", "-"), status or "50x"), (seconds, r))
        r, seconds = timed(lambda: get(gateway, "/other"))
        t.ok(r.status == 200 and seconds < 0.5, "crm_%s_others-unharmed" % line.replace(" ", "-"), (seconds, r))
    write("crm.control", "503")
    c = customer(gateway)
    before = journal(crm)
    r = put(gateway, "/customers/6", c)
    t.ok(is_problem(r, 503) and r.header("Retry-After") and journal(crm) == before,
         "crm_503-on-a-write_503-and-not-executed", r)
    for line in ("hang-after", "close"):
        write("crm.control", line)
        r = put(gateway, "/customers/6", c)
        t.ok(is_problem(r, 504, "in-doubt") or (line == "close" and is_problem(r, 502)),
             "crm_%s-on-a-write_in-doubt" % line, r)
    t.equal(journal(crm), before + 2, "crm_writes-in-doubt_not-repeated")
    write("crm.control", "")
    t.ok(get(gateway, "/customers/5").status == 200, "crm_behaves-again_200")


def customer(gateway):
    write("crm.control", "")
    c = data.customer(data.ET.fromstring(data.fetch("127.0.0.1", gateway.crm_port, [6])[6]).find(".//" + data.NS + "CUSTOMER"))
    write("crm.control", "503")
    return data.compact(c)


def journal(crm):
    return len(open(crm.journal).readlines())


def hostile(t, gateway, adapter):
    good = "<RC>00</RC>"
    bomb = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + "".join(
        '<!ENTITY %s "%s">' % (chr(98 + i), ("&%s;" % chr(97 + i)) * 10) for i in range(9)) + "]>"
    cases = {
        "doctype": BODY % ("<!DOCTYPE e:Envelope>", good),
        "external-entity": BODY % ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "<RC>&x;</RC>"),
        "entity-bomb": BODY % (bomb, "<RC>&j;</RC>"),
        "100000-levels": BODY % ("", good + "<X>" * 100000 + "</X>" * 100000),
        "not-xml": "this is not xml at all",
        "html": "<html><body><h1>It works!</h1></body></html>",
        "empty": "",
        "cut": (BODY % ("", good))[:-30],
        "bad-utf8": (BODY % ("", "<RC>00</RC><MSG>")).encode() + b"\xff\xfe</MSG>",
        "unknown-code": BODY % ("", "<RC>77</RC><MSG>?</MSG>"),
        "no-return-code": BODY % ("", ""),
        "a-letter-for-a-number": None,
    }
    plain = data.fetch("127.0.0.1", gateway.crm_port, [5])[5]
    cases["a-letter-for-a-number"] = re.sub(r"(<crm:RISK_SC>)\d+", r"\1x7", plain)
    for name, text in cases.items():
        path = write("raw-" + name, text)
        write("crm.control", "raw " + path)
        r, seconds = timed(lambda: get(gateway, "/customers/5"))
        t.ok(is_problem(r, 502) and seconds < 3, "answer_%s_502" % name, (seconds, r))
        shown = r.text
        t.ok("root:" not in shown and "aaaaaaaaaa" not in shown, "answer_%s_not-shown" % name, r)
    big = work("raw-huge")
    with open(big, "w") as f:
        f.write('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body x="')
        for _ in range(1024):
            f.write("y" * (1 << 20))
        f.write('"/></e:Envelope>')
    write("crm.control", "raw " + big)
    r, seconds = timed(lambda: get(gateway, "/customers/5"))
    kb = memory(adapter.pid, "VmHWM")
    t.ok(r.status in (502, 504), "answer_attribute-of-1-GB_502", r)
    t.ok(kb < (600 if SANITIZED else 150) * 1024, "answer_attribute-of-1-GB_memory-bounded", "%d kB" % kb)
    os.unlink(big)
    write("crm.control", "")
    t.ok(wait_for(lambda: get(gateway, "/customers/5").status == 200, "the crm to be well again"), "crm_well-again_200")


with Tap() as t:
    start_bus()
    crm = start_crm()
    write("other.map.xml", NULL)
    adapter = start_adapter("soap", os.path.join(MAPPINGS, "crm", "crm.map.xml"), "--endpoint", crm.url,
                            "--deadline", "2s")
    start_adapter("null", work("other.map.xml"))
    gateway = start_gateway()
    gateway.crm_port = crm.port
    wait_route(gateway, "/customers/1")
    wait_route(gateway, "/other")
    misbehaves(t, gateway, crm)
    hostile(t, gateway, adapter)
