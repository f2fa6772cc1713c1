# SPDX-License-Identifier: GPL-3.0-or-later
"""The customer example against its legacy service: what is read, what a write over a base leaves alone, who is refused."""
import copy, os, re, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

EXAMPLE = os.path.join(SOURCE, "mappings", "examples", "customer")
MAPPING = os.path.join(EXAMPLE, "customer.map.xml")
RECORDS = {"42": ("smith", "smith"), "B2": ("phone", "phone"), "12345": ("mail", "mail"), "0": ("bare", "bare"),
           "7": ("blank-dates", "nulls"), "99": ("aliases", "aliases")}
LIMITS = ("--timeout", "2s", "--connect-timeout", "1s")
ENVELOPE = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>%s</e:Body></e:Envelope>'


def example(name):
    with open(os.path.join(EXAMPLE, "t", name)) as f:
        return f.read()


def the_json(id):
    return json.loads(example(RECORDS[id][1] + ".json"))


def start_legacy():
    """.url, .control, .journal as of start_crm."""
    control, journal = write("customer.control", ""), work("customer.journal")
    files = [os.path.join(EXAMPLE, "t", xml + ".xml") for xml, _ in RECORDS.values()]
    p = start("sluice-fake-customer", "--control", control, "--journal", journal, *files)
    p.url = p.wait_out(r"^ready (\S+)$").group(1)
    p.port = int(p.url.split(":")[2].split("/")[0])
    p.journal = journal
    return p


def told(mode):
    write("customer.control", mode)


def updates(legacy):
    """What the service was asked to store, one text each."""
    with open(legacy.journal) as f:
        return [line.split(" ", 2)[2].rstrip("\n") for line in f if line.startswith("UpdCustomer ")]


def bare(xml):
    """Without declarations of namespaces, which stand at the root of whatever is sent."""
    return re.sub(r' xmlns:[\w-]+="[^"]*"', "", re.sub(r"^<\?xml[^>]*>\s*", "", xml))


def stored(legacy, id):
    """The record as the service spells it, asked for without Sluice."""
    body = ENVELOPE % ('<GetCustomer xmlns="urn:legacy:customer:v1"><CUST_NO>%s</CUST_NO><CHANNEL>API</CHANNEL>'
                       "</GetCustomer>" % id.zfill(10))
    c = http.client.HTTPConnection("127.0.0.1", legacy.port, timeout=30)
    try:
        c.request("POST", "/customer", body.encode(), {"Content-Type": "text/xml; charset=utf-8"})
        text = c.getresponse().read().decode()
    finally:
        c.close()
    return re.search(r"<cust:CUSTOMER.*</cust:CUSTOMER>", text, re.S).group(0)


def uncounted(xml):
    """Without what the service itself changes: the count of changes, and their time."""
    return re.sub(r"(<cust:UPD_TS>)[^<]*", r"\1", re.sub(r' rev="\d+"', "", xml))


# --- reading and writing ----------------------------------------------------------------------------


def test_read(t, gateway):
    for id, (xml, _) in RECORDS.items():
        reply = get(gateway, "/customers/" + id)
        t.ok(reply.status == 200, "get_%s_200" % xml, reply)
        t.equal(json.loads(reply.text), the_json(id), "get_%s_is-its-json" % xml)
        rev = re.search(r'rev="(\d+)"', example(xml + ".xml")).group(1)
        t.equal(reply.header("ETag"), '"%s"' % rev, "get_%s_etag" % xml)


def test_put_same(t, gateway, legacy):
    """What was read and is sent back: the service is asked to store what it has, byte for byte."""
    for id, (xml, _) in RECORDS.items():
        before = stored(legacy, id)
        reply = put(gateway, "/customers/" + id, get(gateway, "/customers/" + id).text)
        t.ok(reply.status == 204, "put-same_%s_204" % xml, reply)
        t.equal(bare(updates(legacy)[-1]), before, "put-same_%s_sends-what-there-was" % xml)
        t.equal(stored(legacy, id), before, "put-same_%s_is-the-same" % xml)


def change(t, gateway, legacy, id, name, edit, old, new):
    """PUT of the record with one member changed replaces old by new, and nothing else."""
    before = stored(legacy, id)
    customer = json.loads(get(gateway, "/customers/" + id).text)
    was = copy.deepcopy(customer)
    edit(customer)
    reply = put(gateway, "/customers/" + id, customer)
    t.ok(reply.status == 204, "put_%s_204" % name, reply)
    t.ok(old in before, "put_%s_had-been-so" % name, before)
    t.equal(uncounted(stored(legacy, id)), uncounted(before.replace(old, new, 1)), "put_%s_changes-only-that" % name)
    after = json.loads(get(gateway, "/customers/" + id).text)
    for member in ("updatedAt", "label"):
        after.pop(member, None), customer.pop(member, None)
    t.equal(after, customer, "put_%s_reads-back" % name)
    reply = put(gateway, "/customers/" + id, was)
    t.ok(reply.status == 204, "put_%s_and-back" % name, reply)


def test_put_changed(t, gateway, legacy):
    def put_in(*path):
        def edit(customer):
            for step in path[:-2]:
                customer = customer[step]
            customer[path[-2]] = path[-1]
        return edit

    def tag(name, text):
        return "<cust:%s>%s</cust:%s>" % (name, text, name)

    rows = [
        ("42", "name", put_in("name", "Smythe & Söhne"), tag("NAME1", "Smith".ljust(30)),
         tag("NAME1", "Smythe &amp; Söhne".ljust(34))),
        ("42", "credit-limit", put_in("creditLimit", "amount", "-0.05"), ">0000000125050<", ">0000000000005-<"),
        ("42", "valid-until", put_in("validUntil", "2030-01-31"), tag("VALID_TO", "99991231"), tag("VALID_TO", "20300131")),
        ("42", "account", put_in("account", "number", "4711"), "0100815   ", "0104711   "),
        ("42", "address-line", lambda c: c["addressLines"].append("Switzerland"), "<cust:CONTACTS>",
         tag("ADDR3", "Switzerland".ljust(30)) + "<cust:CONTACTS>"),
        ("42", "phone", put_in("contacts", 0, "number", "117"), tag("TEL_NO", "+41 31 555 01 23"), tag("TEL_NO", "117")),
        ("42", "extension", put_in("extensions", "size", "M"), '<cust:PROP n="size">XL<', '<cust:PROP n="size">M<'),
        ("42", "new-extension", put_in("extensions", "fit", "slim"), "</cust:EXT>", '<cust:PROP n="fit">slim</cust:PROP></cust:EXT>'),
        ("42", "vip", put_in("vip", False), 'vip="Y"', 'vip="N"'),
        ("99", "birth-date", put_in("birthDate", "1980-02-29"), '<cust:BIRTH_DT xsi:nil="true"/>', tag("BIRTH_DT", "19800229")),
        ("99", "address-of-mail", put_in("contacts", 0, "address", "a@example.com"), "<cust:EMAIL/>", tag("EMAIL", "a@example.com")),
        ("99", "vip-beside-an-alias", put_in("vip", False), 'vip="Y">C<', 'vip="N">C<'),
        ("B2", "credit-limit-away", lambda c: c.pop("creditLimit"), '<cust:CRED_LIM ccy="EUR">0000000012345-</cust:CRED_LIM>', ""),
    ]
    for id, name, edit, old, new in rows:
        change(t, gateway, legacy, id, name, edit, old, new)


def contacts_of(xml):
    return re.findall(r"<cust:CONTACT .*?</cust:CONTACT>", xml, re.S)


def test_contacts(t, gateway, legacy):
    """TEL_HRS is nobody's: it goes with the contact of the same number, wherever that is put."""
    before = stored(legacy, "B2")
    ten, twenty = contacts_of(before)
    t.ok("TEL_HRS" in ten and "TEL_HRS" in twenty, "contacts_have-what-is-not-mapped", before)
    customer = json.loads(get(gateway, "/customers/B2").text)
    first, second = customer["contacts"]
    new = {"seq": 15, "kind": "email", "address": "new@example.com"}
    mail = '<cust:CONTACT xsi:type="cust:MailContact"><cust:SEQ>15</cust:SEQ><cust:EMAIL>new@example.com</cust:EMAIL></cust:CONTACT>'
    other = dict(second, number="110")
    rows = [("reordered", [second, first], [twenty, ten]),
            ("added-between", [first, new, second], [ten, mail, twenty]),
            ("removed-and-changed", [other], [twenty.replace("+33 6 55 09 87 65", "110")]),
            ("all-removed", [], []),
            ("all-new", [new], [mail])]
    for name, contacts, wanted in rows:
        reply = put(gateway, "/customers/B2", dict(customer, contacts=contacts))
        t.ok(reply.status == 204, "contacts_%s_204" % name, reply)
        t.equal(contacts_of(stored(legacy, "B2")), wanted, "contacts_%s_by-key" % name)
        if name == "added-between":  # of another kind now: what only a phone has is gone
            kind = {"seq": 10, "kind": "email", "address": None}
            reply = put(gateway, "/customers/B2", dict(customer, contacts=[kind, second]))
            t.ok(reply.status == 204, "contacts_other-kind_204", reply)
            t.equal(contacts_of(stored(legacy, "B2")),
                    ['<cust:CONTACT xsi:type="cust:MailContact"><cust:SEQ>10</cust:SEQ><cust:EMAIL/></cust:CONTACT>', twenty],
                    "contacts_other-kind_is-written")
    both = put(gateway, "/customers/B2", dict(customer, contacts=[new, new]))
    t.ok(is_problem(both, 400), "contacts_key-twice_400", both)
    t.ok("SCORE>0042.50<" in stored(legacy, "B2"), "contacts_after-all-that_score-is-there", stored(legacy, "B2"))


# --- what is refused --------------------------------------------------------------------------------


def refused(t, legacy, name, reply, status, type_, retry=False):
    t.ok(is_problem(reply, status, type_), name, reply)
    t.equal(bool(reply.header("Retry-After")), retry, name + "_retry-after")


def test_problems(t, gateway, legacy):
    smith = the_json("42")
    before, asked = stored(legacy, "42"), len(updates(legacy))
    refused(t, legacy, "get_unknown_404", get(gateway, "/customers/4711"), 404, "customer-not-found")
    refused(t, legacy, "put_unknown_404", put(gateway, "/customers/4711", dict(smith, id="4711")), 404,
            "customer-not-found")
    for name, body in (("other-id", dict(smith, id="43")), ("unknown-member", dict(smith, score="1")),
                       ("no-name", {k: v for k, v in smith.items() if k != "name"}),
                       ("wrong-charset", dict(smith, name="Łódź")),
                       ("forever-said-as-a-date", dict(smith, validUntil="9999-12-31")),
                       ("six-lines", dict(smith, addressLines=list("abcdef"))),
                       ("kind-without-its-member", dict(smith, contacts=[{"seq": 1, "kind": "phone"}])),
                       ("member-of-another-kind", dict(smith, contacts=[{"seq": 1, "kind": "phone", "address": "a"}])),
                       ("unknown-kind", dict(smith, contacts=[{"seq": 1, "kind": "fax", "number": "1"}]))):
        reply = put(gateway, "/customers/42", body)
        t.ok(is_problem(reply, 400), "put_%s_400" % name, reply)
    told("locked")
    refused(t, legacy, "get_locked_409", get(gateway, "/customers/42"), 409, "customer-locked", True)
    refused(t, legacy, "put_base-locked_409", put(gateway, "/customers/42", smith), 409, "customer-locked", True)
    told("rc 99")
    refused(t, legacy, "get_rc-99_502", get(gateway, "/customers/42"), 502, "crm-error")
    refused(t, legacy, "put_base-rc-99_502", put(gateway, "/customers/42", smith), 502, "crm-error")
    told("fault")
    refused(t, legacy, "get_fault_502", get(gateway, "/customers/42"), 502, "crm-unavailable")
    for name in ("unknown-kind", "gap"):
        told("GetCustomer:raw " + write(name, ENVELOPE % example(name + ".xml")))
        refused(t, legacy, "get_%s_502" % name, get(gateway, "/customers/42"), 502, "legacy-garbage")
        refused(t, legacy, "put_base-%s_502" % name, put(gateway, "/customers/42", smith), 502, "legacy-garbage")
    told("")
    t.equal(len(updates(legacy)), asked, "put_refused_nothing-was-asked-for")
    told("UpdCustomer:locked")
    refused(t, legacy, "put_locked_409", put(gateway, "/customers/42", smith), 409, "customer-locked", True)
    told("UpdCustomer:rc 99")
    refused(t, legacy, "put_rc-99_502", put(gateway, "/customers/42", smith), 502, "crm-error")
    told("")
    t.equal(stored(legacy, "42"), before, "put_refused_nothing-changed")


def test_two_writers(t, gateway, legacy):
    smith = json.loads(get(gateway, "/customers/42").text)
    etag = get(gateway, "/customers/42").header("ETag")
    older = ENVELOPE % ('<c:GetCustomerResponse xmlns:c="urn:legacy:customer:v1" '
                        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><c:RC>00</c:RC>%s</c:GetCustomerResponse>'
                        % stored(legacy, "42").replace("cust:", "c:"))
    first = put(gateway, "/customers/42", dict(smith, name="First"), headers={"If-Match": etag})
    t.ok(first.status == 204, "first-writer_if-match_204", first)
    asked = len(updates(legacy))
    second = put(gateway, "/customers/42", dict(smith, name="Second"), headers={"If-Match": etag})
    t.ok(is_problem(second, 412), "second-writer_if-match_412", second)
    t.equal(len(updates(legacy)), asked, "second-writer_if-match_nothing-was-asked-for")
    # Between reading and writing there is the service's own count: nothing is overwritten.
    told("GetCustomer:raw " + write("older", older))
    late = put(gateway, "/customers/42", dict(smith, name="Late"))
    told("")
    t.ok(is_problem(late, 409, "customer-changed"), "late-writer_changed-meanwhile_409", late)
    t.equal(get(gateway, "/customers/42").json["name"], "First", "first-writer_is-what-is-stored")
    newest = get(gateway, "/customers/42").header("ETag")
    t.ok(newest != etag, "etag_after-a-change_another", newest)
    third = put(gateway, "/customers/42", dict(smith, name="Third"), headers={"If-Match": newest})
    t.ok(third.status == 204, "third-writer_new-if-match_204", third)


def test_personal_data(t, legacy, *processes):
    names = [the_json(id)["name"] for id in RECORDS] + ["1961-07-04", "19610704"]
    said = "".join(p.err() + p.out() for p in processes)
    t.equal([n for n in names if len(n) > 1 and n in said], [], "logs_no-personal-data")
    with open(legacy.journal) as f:
        t.equal({line.split(" ")[1] for line in f}, {"/customer"}, "legacy-urls_no-personal-data")


with Tap() as t:
    legacy, bus = start_legacy(), start_bus()
    adapter = start_adapter("soap", MAPPING, "--endpoint", legacy.url, *LIMITS)
    gateway = start_gateway()
    wait_route(gateway, "/customers/42")
    test_read(t, gateway)
    test_put_same(t, gateway, legacy)
    test_put_changed(t, gateway, legacy)
    test_contacts(t, gateway, legacy)
    test_problems(t, gateway, legacy)
    test_two_writers(t, gateway, legacy)
    test_personal_data(t, legacy, gateway, adapter, bus)
    t.equal(adapter.stop(), 0, "adapter_sigterm_exit-0")
