# SPDX-License-Identifier: GPL-3.0-or-later
"""What the answers have to be: the crm's envelopes, and their JSON worked out here by hand, from the
XML alone and without a line of ours."""
import http.client, json
import xml.etree.ElementTree as ET

NS = "{urn:legacy:crm:customer:v1}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
CODES = {
    "TITLE_CD": {"01": "Mr", "02": "Ms", "03": "Dr"},
    "STATUS_CD": {"A": "active", "I": "inactive", "B": "blocked"},
    "SEGM_CD": {"P1": "premium", "P2": "standard", "P3": "basic"},
    "CTRY_CD": {"276": "DE", "040": "AT", "756": "CH", "616": "PL"},
    "LANG_CD": {"D": "de", "F": "fr", "E": "en"},
    "ORD_ST": {"N": "new", "S": "shipped", "C": "cancelled", "R": "returned"},
}


class Raw(str):
    """A JSON number by its digits."""


def envelope(no, soap12=False):
    ns = "http://www.w3.org/2003/05/soap-envelope" if soap12 else "http://schemas.xmlsoap.org/soap/envelope/"
    return ('<e:Envelope xmlns:e="%s"><e:Body><GetCustomer xmlns="urn:legacy:crm:customer:v1"><CHANNEL>API</CHANNEL>'
            '<CUST_NO>%010d</CUST_NO></GetCustomer></e:Body></e:Envelope>' % (ns, no))


def fetch(host, port, numbers):
    """The crm's own answers, straight from it: {number: envelope}."""
    c = http.client.HTTPConnection(host, port, timeout=30)
    out = {}
    for no in numbers:
        c.request("POST", "/crm", envelope(no).encode(), {"Content-Type": "text/xml", "SOAPAction": '""'})
        out[no] = c.getresponse().read().decode().replace("\n", "")
    c.close()
    return out


def day(text):
    return None if text == "00000000" else "%s-%s-%s" % (text[:4], text[4:6], text[6:])


def cents(text):
    sign, digits = ("-", text[:-1]) if text.endswith("-") else ("", text)
    whole = digits[:-2].lstrip("0") or "0"
    return sign + whole + "." + digits[-2:]


def customer(root):
    """The members of Customer in the order of the shape; from a CUSTOMER element."""
    absent = object()

    def raw(name):
        e = root.find(NS + name)
        if e is None:
            return absent
        return None if e.get(XSI + "nil") in ("true", "1") else e.text or ""

    def code(name):
        return CODES[name][raw(name)]

    number = lambda name: raw(name).lstrip("0") or "0"
    out = {"id": raw("CUST_NO").lstrip("0"), "title": code("TITLE_CD"), "firstName": raw("FIRST_NM").rstrip(" "),
           "lastName": raw("LAST_NM").rstrip(" "), "birthDate": day(raw("BIRTH_DT")),
           "customerSince": day(raw("SINCE_DT")), "status": code("STATUS_CD"), "segment": code("SEGM_CD"),
           "vip": raw("VIP_FLG") == "Y",
           "address": {"street": raw("STREET"), "houseNumber": raw("HOUSE_NO"), "postalCode": raw("ZIP_CD"),
                       "city": raw("CITY_NM"), "country": code("CTRY_CD")},
           "contact": {"email": raw("EMAIL"), "phone": raw("PHONE"), "language": code("LANG_CD")},
           "account": {"currency": raw("CURR_CD"), "creditLimit": cents(raw("CREDIT_LIM")),
                       "balance": raw("BALANCE"), "riskScore": Raw(number("RISK_SC")), "branch": raw("BRANCH")},
           "lastContact": day(raw("LAST_DT")), "terminatedOn": day(raw("TERM_DT")),
           "orders": [{"number": o.find(NS + "ORD_NO").text.lstrip("0"), "date": day(o.find(NS + "ORD_DT").text),
                       "status": CODES["ORD_ST"][o.find(NS + "ORD_ST").text], "amount": o.find(NS + "AMOUNT").text,
                       "quantity": Raw(o.find(NS + "QTY").text)}
                      for o in root.findall(NS + "ORDERS/" + NS + "ORDER")]}
    return {k: {m: x for m, x in v.items() if x is not absent} if isinstance(v, dict) else v
            for k, v in out.items() if v is not absent}


def compact(value):
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(k) + ":" + compact(v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(compact(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def expected(envelope_text):
    return compact(customer(ET.fromstring(envelope_text).find(".//" + NS + "CUSTOMER")))
