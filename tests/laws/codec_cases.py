# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the cases for codec-laws.c: codecs of every kind and many parameters, boundary values and seeded random ones for
each, and what has to come of them by codec_oracle.py. `codec_cases.py [FILE] [VALUES]`; without FILE, standard output."""
import itertools, os, random, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import codec_oracle as oracle
from codec_oracle import CODES, EMPTY, FRACTION, NULL, PAD, SCALE, SIGN, WIDTH, ZONE

rnd = random.Random(20261121)
SENTINELS = [("b", "00000000", "null"), ("r", "0", "null"), ("b", "99991231", "absent"), ("w", "88888888", "later"),
             ("b", "11111111", "never")]
STATUS = [("b", "A", "active"), ("r", "C", "closed"), ("b", "X", "closed"), ("b", "", "unset"), ("w", "Q", "quiet")]
MANY = [("r", "%02d" % i, "c%d" % (i % 20)) for i in range(20, 36)] + [("b", "%02d" % i, "c%d" % (i % 20))
                                                                      for i in range(20)] + [("w", "zz", "odd")]


def product(**choices):
    """Dicts of all combinations; None is left out."""
    for values in itertools.product(*choices.values()):
        yield {k: v for k, v in zip(choices, values) if v is not None}


def number_codecs():
    for c in product(kind=["integer"], sign=[None, "trailing", "none", "overpunch", "overpunch-leading"],
                     pad=[None, "zero", "left", "right"], width=[None, 5], digits=[None, 4]):
        if "pad" not in c or "width" in c:
            yield c
    for c in product(kind=["decimal"], point=[None, "implied", "comma"],
                     sign=[None, "trailing", "none", "overpunch", "overpunch-leading"], pad=[None, "zero", "left"],
                     width=[None, 7], digits=[None, 6], scale=[0, 2], modulo=[None, SCALE]):
        if ("pad" in c) == ("width" in c) and (c["scale"] or "modulo" not in c):
            yield c
    for extra in ({}, {"as": "string"}, {"as": "number"}, {"digits": 15}, {"digits": 16}, {"min": "-5", "max": "120"},
                  {"min": "7"}, {"max": "-7"}, {"sentinel": [("b", "-1", "null"), ("b", "999", "1000000")]},
                  {"sentinel": [("b", "1-", "null"), ("b", "7", "8")], "sign": "trailing"},
                  {"sentinel": [("b", "J", "null"), ("b", "7", "8")], "sign": "overpunch"},
                  {"sentinel": [("b", "JB", "null"), ("b", "0", "8")], "sign": "overpunch-leading"},
                  {"sentinel": [("b", "99999", "null"), ("b", "7", "8")], "width": 5, "pad": "zero"},
                  {"sentinel": [("b", "-1", "unlimited"), ("b", "-2", "0")]}, {"as": "string", "sentinel": [("b", "7", "8")]},
                  {"medium": "sql", "sql_type": "INTEGER", "min": "-2147483648", "max": "2147483647"},
                  {"medium": "sql", "sql_type": "INTEGER", "modulo": SIGN, "min": "-2147483648", "max": "2147483647"},
                  {"sign": "none", "modulo": SIGN}):
        yield dict({"kind": "integer"}, **extra)
    for extra in ({}, {"as": "number"}, {"point": "implied", "scale": 2, "sign": "overpunch"}, {"point": "comma"}):
        yield dict({"kind": "decimal", "sentinel": [("b", "0", "null"), ("b", "5.50", "absent"), ("b", "9", "7.25")]}, **extra)
    for extra in ({}, {"as": "number"}, {"min": "-0.5", "max": "0.5"}, {"min": "10.25"}, {"digits": 9},
                  {"medium": "sql", "sql_type": "DECIMAL", "digits": 9, "scale": 2},
                  {"medium": "json", "scale": 2, "point": "implied"},
                  {"medium": "json", "scale": 2, "point": "implied", "as": "number", "modulo": SCALE},
                  {"medium": "json", "scale": 2, "point": "implied", "digits": 6},
                  {"medium": "json", "scale": 2, "point": "implied", "digits": 6, "width": 6, "pad": "zero", "sign": "none"},
                  {"medium": "sql", "scale": 2, "point": "implied", "digits": 6}, {"scale": 3, "modulo": SCALE | SIGN,
                                                                                  "sign": "none"}):
        yield dict({"kind": "decimal"}, **extra)
    yield {"kind": "float"}
    yield {"kind": "float", "as": "string"}


def text_codecs():
    for c in product(kind=["text"], pad=[None, "right", "left", "zero"], width=[None, 4, 6], unit=[None, "bytes", "characters"],
                     charset=[None, "ISO-8859-1", "SHIFT_JIS", "UTF-8"], overflow=[None, "truncate"], modulo=[None, WIDTH]):
        if "width" in c or not set(c) & {"pad", "unit", "overflow"}:
            if ("modulo" in c) == ("overflow" in c):
                yield c
    for charset in ("EUC-JP", "CP1252", "IBM037", "IBM273", "KOI8-R", "UTF-16LE"):
        for extra in ({}, {"medium": "sql"}, {"width": 6, "pad": "right"}, {"width": 6, "unit": "bytes"}):
            yield dict({"kind": "text", "charset": charset}, **extra)
    for extra in ({"modulo": PAD, "pad": "right", "width": 4}, {"modulo": PAD, "pad": "left", "width": 4},
                  {"modulo": PAD, "pad": "zero", "width": 4}, {"medium": "sql"}, {"medium": "json"},
                  {"enum": ["red", "green", ""]}, {"overflow": "truncate", "width": 3},
                  {"sentinel": [("b", "NONE", "null"), ("b", "ALL", "every one"), ("r", "*", "every one")]},
                  {"sentinel": [("b", "NONE", "null")], "width": 6, "pad": "right"},
                  {"sentinel": [("b", "NONE", "null"), ("b", "GONE", "absent")], "modulo": NULL}):
        yield dict({"kind": "text"}, **extra)
    for level in ("system", "type", "field"):
        for nulls in ({"read_null": "empty,blank"}, {"read_absent": "empty"}, {"null": "blank", "absent": "empty"},
                      {"null": "empty"}, {"null": "nil", "absent": "nil"}, {"absent": "missing", "null": "missing"}):
            for extra in ({}, {"width": 3, "pad": "right"}, {"modulo": EMPTY}):
                yield dict({"kind": "text"}, **extra, **{level + "." + k: v for k, v in nulls.items()})
    yield {"kind": "text", "system.null": "empty", "type.null": "blank", "field.absent": "empty", "width": 4}
    yield {"kind": "integer", "system.read_null": "empty,blank", "field.null": "empty"}
    yield {"kind": "integer", "system.null": "empty", "type.absent": "blank", "sentinel": [("b", "0", "null")]}
    yield {"kind": "opaque"}
    yield {"kind": "opaque", "medium": "json"}


def date_codecs():
    for pattern in ("yyyyMMdd", "dd.MM.yyyy", "'D'yyyy-MM-dd", "MM/dd/yyyy"):
        yield {"kind": "date", "pattern": pattern}
    for window in (1950, 2000, 1, 9900, 1999):
        yield {"kind": "date", "pattern": "ddMMyy", "window": window}
    yield {"kind": "date", "pattern": "yyyyMMdd", "sentinel": SENTINELS}
    yield {"kind": "date", "pattern": "yyyyMMdd", "sentinel": SENTINELS, "modulo": NULL}
    yield {"kind": "date", "pattern": "yyyyMMdd", "modulo": ZONE}
    for pattern in ("HHmm", "HH:mm:ss", "HHmmssSSS", "HH'h'mm"):
        for modulo in (None, FRACTION, ZONE):
            yield dict({"kind": "time", "pattern": pattern}, **({"modulo": modulo} if modulo else {}))
    for kind in ("date", "time", "datetime"):
        for medium in ("xml", "sql", "json"):
            yield {"kind": kind, "medium": medium}
    for zone in (None, "UTC", "+05:30", "-09:30", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
                 "Pacific/Apia", "America/St_Johns", "Africa/Casablanca", "Europe/Dublin"):
        for c in product(kind=["datetime"], ambiguous=[None, "earlier", "later"] if zone and "/" in zone else [None],
                         pattern=["yyyyMMddHHmmss", "yyyy-MM-dd-HH.mm.ss.SSSSSS", "dd.MM.yyyy HH:mm", None],
                         modulo=[None, ZONE, FRACTION]):
            yield dict(c, **({"zone": zone} if zone else {}), **({} if "pattern" in c else {"medium": "sql"}))
    yield {"kind": "datetime", "zone": "Europe/Berlin"}
    yield {"kind": "datetime", "zone": "Europe/Berlin", "modulo": ZONE, "medium": "json"}
    for scale in (None, 1, 3, 9):
        for modulo in (None, FRACTION, ZONE):
            yield {k: v for k, v in (("kind", "datetime"), ("pattern", "epoch-seconds"), ("scale", scale),
                                     ("modulo", modulo)) if v}
    for modulo in (0, FRACTION, ZONE):
        yield {"kind": "datetime", "pattern": "epoch-millis", "modulo": modulo}


def other_codecs():
    for medium in ("xml", "sql", "json"):
        yield {"kind": "boolean", "medium": medium}
        yield {"kind": "binary", "medium": medium}
    yield {"kind": "binary", "encoding": "hex"}
    yield {"kind": "binary", "encoding": "base64"}
    yield {"kind": "boolean", "true": "Y", "false": "N"}
    yield {"kind": "boolean", "true": "X", "false": "", "system.read_null": "empty"}
    yield {"kind": "boolean", "true": "Y", "false": "N", "sentinel": [("b", "?", "unknown"), ("r", "J", "true")]}
    yield {"kind": "null"}
    for rows in (STATUS, MANY):
        for extra in ({}, {"unmapped": "provided"}, {"unmapped": "provided", "modulo": CODES},
                      {"unmapped": "provided", "width": 3}, {"unmapped": "fixed", "fixed": "other"},
                      {"unmapped": "fixed", "fixed": rows[0][2]}, {"system.read_null": "empty,blank"},
                      {"sentinel": [("b", "NN", "null")]}):
            yield dict({"kind": "code", "code": rows}, **extra)


def impossible():
    yield {"kind": "text", "pad": "right"}
    yield {"kind": "text", "charset": "KLINGON"}
    yield {"kind": "decimal", "point": "implied"}
    yield {"kind": "decimal", "scale": 3, "digits": 2}
    yield {"kind": "integer", "scale": 1}
    yield {"kind": "integer", "width": 1, "pad": "zero"}
    yield {"kind": "integer", "min": "1x"}
    yield {"kind": "date", "pattern": "ddMMyy"}
    yield {"kind": "date", "pattern": "yyyyMM"}
    yield {"kind": "date", "pattern": "yyyyMMdd", "window": 9901}
    yield {"kind": "time", "pattern": "HHmmSSS"}
    yield {"kind": "datetime", "zone": "Mars/Olympus"}
    yield {"kind": "datetime", "zone": "+1:00"}
    yield {"kind": "datetime", "ambiguous": "never"}
    yield {"kind": "code", "code": [("b", "A", "a"), ("r", "A", "b")]}
    yield {"kind": "code"}
    yield {"kind": "text", "sentinel": [("b", "A", "a"), ("b", "A", "b")]}
    yield {"kind": "boolean", "true": "Y", "false": "Y"}
    yield {"kind": "decimal", "medium": "sql", "sql_type": "DOUBLE", "digits": 16}
    yield {"kind": "decimal", "medium": "sql", "sql_type": "BIGINT", "scale": 2}


# --- values ---------------------------------------------------------------------------------------------------------------

NUMBERS = ["0", "-0", "0.00", "-0.00", "1", "-1", "7", "-7", "12", "-12", "12.5", "-12.34", "12.30", "12.345", "0.5", "0.05",
           "-0.01", "0.50", "0.51", "-0.51", "9999", "-9999", "10000", "99999", "100000", "9999.99", "-9999.99", "10000.00",
           "99999.99", "999", "120", "121", "-5", "-6", "6", "8", "-8", "10.24", "10.25", "10.250", "2147483647", "2147483648",
           "-2147483648", "-2147483649", "123456789012345", "1234567890123456", "999999999999999", "1000000000000000",
           "12345678901234567.8900", "1234567890" * 5, "-" + "9" * 40 + "." + "1" * 20, "1e2", "1.50e1", "1.5e0", "125e-4",
           "1E+3", "-1e-2", "0e5", "1000000", "15.0", "1e15", "1e16", "12e1", "0.00e1", "1e-1"]
ODD_NUMBERS = ["", "+1", "01", "1.", ".5", "-", "--1", "1-", "1e", "1e+", "0x1", "1 ", "1,5", "NaN", "INF", "-INF", "nan", "unlimited",
               "{", "1{", "-.5", "1.2.3"]
LEGACY_NUMBERS = ["0", "-0", "+0", "00", "5", "-5", "+5", "5-", "5+", "00042", "-0042", "0042-", " 42 ", "\t7\n", "   7", "1234",
                  "12345", "123456", "-12345", "12.5", "12.50", ".5", "5.", ".", "12,5", ",5", "5,", "-", "+", "", " ", "1 2", "1.2.3",
                  "12.345", "0.5", "0.51", "120", "121", "-5", "-6", "-1", "-2", "999", "1e3", "1.5E3", "+.5", "1e-400", "1e", "INF",
                  "-INF", "NaN", "{", "}", "1{", "1}", "12C", "12L", "{12", "}12", "A12", "J12", "1A2", "12S", "-12C", "1.2K", "1,2K", "R",
                  "12-", "12{-", "0000000", "9999999", "1234567", "12345678", "1234567890123456", "9" * 40, "0.000", "00.00-", "7", "8", "٣",
                  "2147483648", "123456789012345", "999999999999999", "000000000000000000001", "-000.50", "I", "00R", "10.25", "10.24"]
CHARS = ["a", "Z", "0", "9", " ", "~", "\\", "\"", "é", "ß", "ü", "€", "Ł", "日", "本", "語", "Ж", "😀", "\t", "\n", "\x85", "\x9f", "\xa0", "\x7f",
         "<", "&", "]", "[", "{", "^"]
TEXTS = ["", " ", "   ", "a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "ab ", " ab", "a b", "ab  ", "  ab", "042", "0", "00", "0000",
         "é", "éé", "éééé", "ééééé", "aé", "日本", "日本語", "日", "a日", "😀", "😀😀", "a😀", "Łódź", "red", "green", "blue", "NONE", "NONE  ",
         "GONE", "ALL", "every one", "*", "a\x01", "\x00", "\ufffe", "\uffff", "\x1a", "\n", "\r", "a\x85", "€", "\x80", "[]{}", "日  ", "  日", "0é",
         "a\tb", "Müllers", "x" * 40]
XML = ["<a/>", "<a>x</a>", "<a b='1'/>", "a&amp;b", "&#65;", "&#x41;", "<!-- c -->", "<?p q?>", "<![CDATA[<]]>", "<?xml version='1.0'?><a/>", "<a",
       "<a>", "</a>", "<a></b>", "<a b='1' b='2'/>", "<a b=1/>", "&x;", "&lt", "]]>", "<!-- -- -->", "<!DOCTYPE a><a/>", "<?xml version='1.0'?>x",
       "<?xml version='1.0'?><a/><b/>", "&#0;", "a > b", "<a\n b = '1'\t/>", "<a b='<'/>", "<a b='&gt;'>\r\n</a >", "<a:b/>", "<_/>", "<é/>", "<1/>",
       "<?XML p?>", "<a></a", "<a b/>", "<!---->", "<!--->", "<![CDATA[]]", "<a><b><c/></b></a>", "<a><b></a></b>", "x<a/>y", "<a b='1'c='2'/>"]
ISO = ["2024-02-29", "2023-02-29", "1999-12-31", "2000-01-01", "0001-01-01", "9999-12-31", "2049-12-31", "2050-01-01", "1950-01-01", "1949-12-31",
       "1900-02-29", "2000-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "2024-04-31", "0000-01-01", "2100-02-28", "1969-12-31", "1970-01-01",
       "2024-02-29Z", "2024-02-29+01:00", "2024-2-29", "20240229", "2099-12-31", "9998-12-31", "0100-12-31", "0101-01-01", "1111-11-11"]
TIMES = ["00:00:00", "23:59:59", "12:00:00", "24:00:00", "12:60:00", "12:00:60", "09:30:00", "09:30:01", "09:30:00.5", "09:30:00.123", "09:30:00.000",
         "09:30:00.1234567", "09:30:00.1230000", "09:30:00.", "9:30:00", "02:30:00", "01:30:00", "00:30:00", "02:00:00", "03:00:00", "01:59:59",
         "02:59:59", "00:00:00.999", "23:59:59.999999", "09:30"]
OFFSETS = ["", "Z", "+01:00", "+02:00", "-05:00", "+14:00", "-14:00", "+14:01", "+05:30", "-00:00", "+00:00", "+1:00", "+01:60", "-03:30", "z"]
DAYS = ["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2011-12-29", "2011-12-30", "2011-12-31", "2026-04-05", "2026-10-04", "1970-01-01",
        "1969-12-31", "2024-02-29", "0001-01-01", "9999-12-31", "2090-07-01", "2090-10-29", "1850-06-01", "1995-05-05", "2000-01-01", "2037-10-25",
        "2038-03-28", "2026-03-22", "2026-02-15"]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
BINARY = ["", "AQID", "AQI=", "AQ==", "AQJ=", "AR==", "AQIDBA==", "AQI", "A===", "====", "AQ=D", "AQI DBA==", "/+/+", "zzzz", "AQID\n", "A-_D", "=AAA"]
HEX = ["", "00", "ff", "FF", "0", "0G", "G0", "AB CD", " AB ", "abCDef", "00FF10", "deadBEEF", "0x00", "ABC"]
EPOCHS = ["0", "-1", "1", "999", "1000", "-999", "-1000", "-1001", "1700000000", "1700000000123", "253402300799", "253402300800", "-62135596800",
          "-62135596801", "253402300799999", "253402300800000", "-62135596800000", "-62135596800001", "00012", "+12", "12.5", "-12.5", "-0.5", "0.5",
          "1.250", "-1.250", "-1.0", "1.0", "1.", ".5", "-", "", "12x", "1e3", "9999999999999999", "2147483648", "-0", "1.123456789", "1.1234567890",
          "-0.999", "-86400", "86399", "-0.000"]


def escape(text):
    out = ""
    for ch in text:
        out += "%%%02X" % ord(ch) if ord(ch) < 0x21 or ch in "%|" or ord(ch) == 0x7F else ch
    return out


def digits(n):
    return "".join(rnd.choice("0123456789") for _ in range(n))


def random_number():
    whole = str(rnd.randrange(10 ** rnd.randrange(1, 9)))
    out = rnd.choice(["", "-"]) + whole + ("." + digits(rnd.randrange(1, 5)) if rnd.random() < 0.6 else "")
    return out + (rnd.choice("eE") + rnd.choice(["", "-", "+"]) + digits(1) if rnd.random() < 0.1 else "")


def random_text():
    return "".join(rnd.choice(CHARS if rnd.random() < 0.6 else "abcdef 0") for _ in range(rnd.randrange(0, 9)))


def random_xml():
    parts = ["<a>", "</a>", "<b x='1'>", "</b>", "<c/>", "t", "&lt;", "&#65;", "<!--c-->", "<?p?>", "<![CDATA[x]]>", " ", "&", "<", ">", "'", "]]>", "--"]
    return "".join(rnd.choice(parts) for _ in range(rnd.randrange(1, 7)))


def random_day():
    return "%04d-%02d-%02d" % (rnd.choice([rnd.randrange(1, 10000), rnd.randrange(1890, 2100)]), rnd.randrange(1, 13), rnd.randrange(1, 32))


def random_time():
    return "%02d:%02d:%02d" % (rnd.randrange(24), rnd.randrange(60), rnd.choice([0, rnd.randrange(60)])) + \
        ("." + digits(rnd.randrange(1, 8)) if rnd.random() < 0.4 else "")


def json_values(c, n):
    """Fields of values to write."""
    kind = c["kind"]
    yield from ("0", "A", "t", "f", "s", "n1", "nnull")
    if kind in ("integer", "decimal", "float"):
        for v in NUMBERS + ODD_NUMBERS + [random_number() for _ in range(n)]:
            yield "n" + v
            yield "s" + v
    elif kind in ("text", "opaque"):
        for v in TEXTS + (XML + [random_xml() for _ in range(3 * n)] if kind == "opaque" else []) + [random_text() for _ in range(n)]:
            yield "s" + v
    elif kind == "binary":
        for v in BINARY + ["".join(rnd.choice(LETTERS) for _ in range(4 * rnd.randrange(1, 5))) for _ in range(n)]:
            yield "s" + v
    elif kind == "code":
        for v in [r[2] for r in c["code"]] + [r[1] for r in c["code"]] + ["gone", "other", " A ", "zzz", "zzzz", "Active", "c5 "] + TEXTS[:12]:
            yield "s" + v
    elif kind in ("date", "time", "datetime"):
        times = TIMES + [random_time() for _ in range(n)]
        if kind == "date":
            values = ISO + [random_day() for _ in range(n)] + [r[2] for r in c.get("sentinel", [])]
        elif kind == "time":
            values = [t + z for t in times for z in ("", "Z", "+01:00")]
        else:
            days = DAYS + [random_day() for _ in range(n)]
            values = [d + "T" + rnd.choice(TIMES) + rnd.choice(OFFSETS) for d in days * 3]
            values += [d + "T" + random_time() + rnd.choice(["", "Z", "+02:00", "-05:00"]) for d in days * 2]
            values += [d + "T" + t + z for d in DAYS[:2] for t in TIMES[15:22] for z in ("Z", "+01:00", "+02:00")]
            values += ["2024-02-29 12:00:00Z", "2024-02-29T12:00:00Zx", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"]
        for v in values:
            yield "s" + v


def legacy_of_date(c, text):
    """An ISO text in c's form, or None."""
    try:
        if c.get("pattern", "").startswith("epoch"):
            return None
        dt, fraction, _ = oracle.parse_iso(c["kind"], text, "T")
        if "pattern" in c:
            places = next((len(t) for what, t in oracle.tokens(c["pattern"]) if what == "part" and t[0] == "S"), 0)
            return oracle.spell_pattern(c, dt, fraction[:places])
        return text.replace("T", " ") if c.get("medium") == "sql" else text
    except oracle.Refused:
        return None


def legacy_values(c, n):
    kind = c["kind"]
    yield from ("M", "N", "T", "T ", "T   ", "T\t")
    for _, legacy, _ in c.get("sentinel", []):
        yield from ("T" + legacy, "T " + legacy, "T" + legacy + "  ", "T" + legacy + "x")
    if kind in ("integer", "decimal", "float"):
        for v in LEGACY_NUMBERS + [random_number().replace(".", rnd.choice(".,")) for _ in range(n)]:
            yield "T" + v
        for _ in range(n):
            body = digits(rnd.randrange(1, 8))
            yield "T" + rnd.choice(["", "-", "+"]) + body + rnd.choice(["", "-", "+", rnd.choice("{}AIJR")])
            yield "T" + rnd.choice("{}AIJR") + body
    elif kind in ("text", "opaque"):
        for v in TEXTS + (XML + [random_xml() for _ in range(3 * n)] if kind == "opaque" else []) + [random_text() for _ in range(n)]:
            yield "T" + v
    elif kind == "binary":
        for v in BINARY + HEX + ["".join(rnd.choice("0123456789abcdefABCDEF") for _ in range(rnd.randrange(13))) for _ in range(n)]:
            yield "T" + v
    elif kind in ("code", "boolean"):
        for v in [r[1] for r in oracle.code_rows(c)] + ["Z", "zz", "zzzz", "9", "active", "closed", "c1", "quiet", "yes", "TRUE", "01", "t", "f", "1"]:
            yield from ("T" + v, "T" + v + " ", "T " + v, "T" + v + "x")
    elif kind in ("date", "time", "datetime"):
        for v in EPOCHS if c.get("pattern", "").startswith("epoch") else []:
            yield from ("T" + v, "T " + v + " ")
        days, times = ISO + [random_day() for _ in range(n)], TIMES + [random_time() for _ in range(n)]
        for v in days if kind == "date" else times if kind == "time" else \
                [d + "T" + t for d in DAYS + days[:6] for t in rnd.sample(times, 8)]:
            text = legacy_of_date(c, v) or v
            yield "T" + text
            if rnd.random() < 0.3:
                yield "T" + text[:-1]
                yield "T" + text + rnd.choice(["0", " ", "Z", "+01:00", "x"])
                at = rnd.randrange(len(text))
                yield "T" + text[:at] + rnd.choice("0123456789-: T.") + text[at + 1:]


def spec_line(letter, c):
    fields = []
    for key, value in c.items():
        if key in ("sentinel", "code"):
            fields += ["%s=%s%s|%s" % (key, a, escape(l), escape(j)) for a, l, j in value]
        elif key == "enum":
            fields += ["enum=" + escape(v) for v in value]
        else:
            fields.append("%s=%s" % (key, value if "." in key else escape(str(value))))
    return "\t".join([letter] + fields)


def lawless(c):
    """GetPut is not promised: an unknown code reads as a value that is written as another, or not at all; a sentinel that is
    only written reads as something else; null and absence have one spelling; an empty text that is null comes back so."""
    return c.get("unmapped") == "fixed" or any("." in k for k in c) or any(a == "w" for a, _, _ in c.get("sentinel", []))


def cases(values):
    codecs = [c for source in (number_codecs, text_codecs, date_codecs, other_codecs) for c in source()]
    for c in codecs:
        yield spec_line("S", c)
        tail = "\tlawless" if lawless(c) else ""
        for v in dict.fromkeys(legacy_values(c, values)):
            yield "R\t%s\t%s%s" % (escape(v), escape(oracle.read(c, v)), tail)
        for v in dict.fromkeys(json_values(c, values)):
            legacy = oracle.write(c, v)
            back = "~" if legacy in "!~" else oracle.read(c, "T" + legacy[1:] if legacy[0] in "EB" else legacy)
            yield "W\t%s\t%s\t%s" % (escape(v), escape(legacy), escape(back))
    for c in impossible():
        yield spec_line("X", c)


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8") if len(sys.argv) > 1 else sys.stdout as out:
        for line in cases(int(sys.argv[2]) if len(sys.argv) > 2 else 12):
            out.write(line + "\n")
