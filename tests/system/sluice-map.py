# SPDX-License-Identifier: GPL-3.0-or-later
"""`sluice map` and `sluice check` as a user calls them, on the mapping files that are shipped."""
import json, os, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

os.environ["SL_XSD_DIR"] = os.path.join(SOURCE, "xsd")
EXAMPLES = os.path.join(SOURCE, "mappings", "examples")
CRM = os.path.join(EXAMPLES, "crm", "crm.map.xml")
BILLING = os.path.join(EXAMPLES, "billing", "billing.map.xml")

CUSTOMER = ('{"id":"%d","title":"Ms","firstName":"Anna","lastName":"Łódź","birthDate":"1980-02-29",'
            '"customerSince":"2001-05-17","status":"active","segment":"premium","vip":true,'
            '"address":{"street":"Main","houseNumber":"7","postalCode":"3000","city":"Bern","country":"CH"},'
            '"contact":{"email":"a@b.c","phone":"1","language":"de"},'
            '"account":{"currency":"CHF","creditLimit":"1250.50","balance":"-0.01","riskScore":3,"branch":"b"},'
            '"lastContact":null,"terminatedOn":null,"orders":[{"number":"17","date":"2020-01-31","status":"new",'
            '"amount":"12345678901234567.8900","quantity":2}]}')

with Tap() as t:
    # --- map: there and back
    wanted = "".join(CUSTOMER % i + "\n" for i in range(1, 201))
    status, xml, err = sluice("map", "write", CRM, input=wanted)
    t.ok(status == 0 and len(xml.splitlines()) == 200, "map-write_200-records_one-a-line", (status, err, xml[:500]))
    t.ok(">0000000042<" in xml and ">Łódź                          <" in xml and ">0000000125050<" in xml and
         ">12345678901234567.8900<" in xml, "map-write_legacy-spelling", xml[:2000])
    status, back, err = sluice("map", "read", CRM, input='<?xml version="1.0"?>' + xml.replace("><", ">\n <"))
    t.equal((status, back), (0, wanted), "map-read_what-was-written_same-json")

    status, out, err = sluice("map", "write", "-s", "Customer", CRM,
                              input=CUSTOMER % 1 + CUSTOMER.replace('"Ms"', '"Sir"') % 2 + CUSTOMER % 3 + '{"id"')
    t.ok(status == 1 and len(out.splitlines()) == 2, "map-write_wrong-records_others-go-on", (status, out, err))
    t.ok("record 2: /title: " in err and "record 4: " in err, "map-write_wrong-records_told", err)
    status, out, err = sluice("map", "read", CRM, input="<Customer><!DOCTYPE x></Customer><a>")
    t.ok(status == 1 and not out and "record 1: " in err, "map-read_not-xml_told", (status, out, err))
    status, out, err = sluice("map", "read", CRM, input=" \n")
    t.equal((status, out, err), (0, "", ""), "map_nothing_nothing")
    status, out, err = sluice("map", "read", "-s", "Custommer", CRM, input="")
    t.ok(status == 1 and 'did you mean "Customer"?' in err, "map_unknown-shape_nearest-told", err)
    t.equal(sluice("map", "sideways", CRM, input="")[0], 1, "map_wrong-direction_refused")

    for n, status_wanted in ((4096, 0), (4097, 1)):
        many = write("many.map.xml", '<mapping xmlns="urn:sluice:mapping:1" name="many" version="1.0.0"><system name="many" kind="soap"/>'
                     '<code-table name="codes" unmapped="reject">' + "".join('<code legacy="%d" json="c%d"/>' % (i, i) for i in range(n)) +
                     '</code-table><shape name="S"><field legacy="v" json="/v" type="codes"/></shape></mapping>')
        status, out, err = sluice("map", "write", many, input='{"v":"c4095"}')
        t.ok(status == status_wanted and (status or out == "<S><v>4095</v></S>\n"), "map_table-of-%d-codes_told-or-used" % n, (status, out, err[-300:]))

    ERP = os.path.join(EXAMPLES, "erp", "erp.map.xml")
    account = ('{"id":"%d","name":"A \\"x\\", B","name2":%s,"country":"PL","city":"Kraków","email":"c@e","status":"active",'
               '"vip":false,"creditLimit":"246.90","discount":null,"since":"2019-01-03"%s}\n')
    status, csv, err = sluice("map", "write", "-s", "Account", ERP, input=account % (1, "null", "") + account % (2, '""', ""))
    rows = csv.splitlines()
    t.ok(status == 0 and len(rows) == 3 and rows[0].startswith("CUST_NO,CUST_NM,") and ',,616,' in rows[1] and ',"",616,' in rows[2]
         and '"A ""x"", B' in rows[1], "map-write_csv_one-header_null-is-not-empty", csv + err)
    changed = ',"changedAt":"2019-01-15T02:02:14+01:00"'
    status, back, err = sluice("map", "read", "-s", "Account", ERP, input="\n".join([rows[0] + ",LAST_CHG", rows[1] + ",20190115020214",
                                                                         rows[2] + ",20190115020214", ""]))
    t.equal((status, back, err), (0, account % (1, "null", changed) + account % (2, '""', changed), ""), "map-read_csv_same-json")

    # Records with lists are as many rows as they have items, one below the other.
    ORDERS = os.path.join(EXAMPLES, "orders")
    two, none = (open(os.path.join(ORDERS, "t", n + "-lines.rows.csv"), encoding="utf-8").read() for n in ("two", "no"))
    wanted = "".join(open(os.path.join(ORDERS, "t", n + "-lines.json"), encoding="utf-8").read() for n in ("two", "no", "two"))
    all_rows = two + none.split("\n", 1)[1] + two.split("\n", 1)[1]
    status, out, err = sluice("map", "read", "-s", "Order", os.path.join(ORDERS, "orders.map.xml"), input=all_rows)
    t.equal((status, [json.loads(line) for line in out.splitlines()], err), (0, [json.loads(line) for line in wanted.splitlines()], ""),
            "map-read_csv-joined-rows_one-record-each")
    status, back, err = sluice("map", "write", "-s", "Order", os.path.join(ORDERS, "orders.map.xml"), input=wanted)
    t.ok(status == 0 and len(back.splitlines()) == 6 and back.splitlines()[2].startswith("4711,") and back.splitlines()[3].startswith("4712,"),
         "map-write_csv-joined-rows_a-row-for-each-item", back + err)

    # --- check
    status, out, err = sluice("check", CRM, BILLING)
    t.equal((status, out, err), (0, "%s: ok\n%s: ok\n" % (CRM, BILLING), ""), "check_shipped-mappings_ok")
    t.equal(sluice("check", "-q", CRM)[:2], (0, ""), "check_quiet_nothing")

    text = open(CRM).read().replace("../../../wsdl/", os.path.join(SOURCE, "wsdl") + "/")
    bad = write("bad.map.xml", text.replace('type="custno" key', 'type="custnr" key').replace('kind="boolean"', 'kind="bool"'))
    status, out, err = sluice("check", bad, CRM)
    lines = [1 + text[:text.index(s)].count("\n") for s in ('kind="boolean"', 'type="custno" key')]
    t.ok(status == 1 and all("%s:%d:" % (bad, n) in err for n in lines), "check_two-mistakes_both-told", err)
    t.ok("   ^" in err and "%s: ok" % CRM in out and "bad.map.xml: " not in out, "check_other-file_still-checked", out + err)

    deployment = write("sluice.xml", '<deployment xmlns="urn:sluice:deployment:1">\n'
                       '  <gateway listen="127.0.0.1:0"/>\n'
                       '  <adapter name="a" mapping="bad.map.xml" address="${env:SL_NOT_SET}"/>\n'
                       '  <adapter name="b" mapping="missing.map.xml"/>\n</deployment>\n')
    status, out, err = sluice("check", deployment)
    t.ok(status == 1 and "missing.map.xml" in err, "check-deployment_missing-mapping_told", err)
    t.ok("sluice.xml:3:52: warning D104" in err, "check-deployment_unset-variable_warning", err)
    write("sluice.xml", open(deployment).read().replace("missing.map.xml", CRM))
    status, out, err = sluice("check", deployment)
    t.ok(status == 1 and "bad.map.xml:%d:" % lines[1] in err, "check-deployment_its-mappings-too", err)
    write("sluice.xml", open(deployment).read().replace("bad.map.xml", CRM))
    t.equal(sluice("check", deployment)[0], 0, "check-deployment_right_ok")
    t.equal(sluice("check", "--resolve", deployment)[0], 1, "check-deployment_resolve_unset-is-an-error")
    write("sluice.xml", '<deployment xmlns="urn:sluice:deployment:1">\n'
          '  <gateway listen="127.0.0.1:0" max-connections="99999999"><option name="acces-log" value="yes"/></gateway>\n'
          '  <adapter mapping="%s" address="http://127.0.0.1:1/" timeout="5h" instances="2"/>\n</deployment>\n' % CRM)
    status, out, err = sluice("check", deployment)
    said = [line.split("sluice.xml:")[1] for line in err.splitlines() if " D109 " in line]
    t.equal(said, ['2:50: error D109 sluice-gateway: max-connections: "99999999" is out of range: 1 to 1000000',
                   '2:92: error D109 sluice-gateway: no option "acces-log": did you mean "access-log"?',
                   '3:%d: error D109 sluice-soap: timeout: "5h" is out of range: 1ms to 1h' % (62 + len(CRM))],
            "check-deployment_what-programs-refuse_told-in-place")
    status, out, err = sluice("run", deployment)
    t.ok(status == 1 and err.count(" D109 ") == 3, "run_what-programs-refuse_told-before-anything-starts", err)
    status, out, err = sluice("check", work("nowhere.xml"))
    t.ok(status == 1 and "nowhere.xml" in err, "check_no-such-file_told", err)
