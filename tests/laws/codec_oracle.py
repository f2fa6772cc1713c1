# SPDX-License-Identifier: GPL-3.0-or-later
"""What a codec has to do, worked out a second time and another way: Python's own whole numbers, calendar, time zones,
charsets, base64 and XML parser. A codec is a dict of what its <type> says. read and write give the fields of a case as
codec-laws.c takes them: "M" "N" "E" "B…" "T…" for a legacy value, "A" "0" "=…" for JSON read, "!" for a refusal."""
import base64, binascii, datetime, json, re, zoneinfo
from decimal import Decimal
from xml.parsers import expat

EMPTY, PAD, SCALE, NULL, CODES, FRACTION, ZONE, WIDTH, SIGN = (1 << i for i in range(9))
STATES = ["missing", "nil", "text", "empty", "blank"]
PY_CHARSET = {"ISO-8859-1": "latin-1", "CP1252": "cp1252", "IBM037": "cp037", "IBM273": "cp273", "EUC-JP": "euc_jp", "SHIFT_JIS": "shift_jis",
              "UTF-8": "utf-8", "UTF-16LE": "utf-16-le", "KOI8-R": "koi8-r"}
EBCDIC = ("IBM037", "IBM273")


class Refused(Exception):
    pass


class Unknown(Exception):
    """Beyond what Python's calendar can say: "~"."""


def refuse_unless(ok):
    if not ok:
        raise Refused


def quote(text):
    return json.dumps(text, ensure_ascii=False)


# --- text ---------------------------------------------------------------------------------------------------------------

def sayable(c, text):
    for ch in text:
        n = ord(ch)
        if c.get("medium", "xml") == "xml":
            refuse_unless(n >= 0x20 or ch in "\t\n\r")
            refuse_unless(n not in (0xFFFE, 0xFFFF))
        if c.get("medium") == "sql":
            refuse_unless(n)
        charset = c.get("charset")
        if charset and charset not in ("UTF-8", "UTF-16LE"):
            refuse_unless(not 0x80 <= n <= 0x9F)
            refuse_unless(charset not in EBCDIC or n not in (0x0A, 0x1A))
            refuse_unless(charset != "SHIFT_JIS" or ch not in "\\~")  # JIS X 0201 has a yen and an overline there
            try:
                refuse_unless(ch.encode(PY_CHARSET[charset]).decode(PY_CHARSET[charset]) == ch)
            except UnicodeError:
                raise Refused


def counts_bytes(c):
    return c["unit"] == "bytes" if "unit" in c else c.get("charset") in ("EUC-JP", "SHIFT_JIS", "UTF-8", "UTF-16LE")


def width_of(c, text):
    return len(text.encode(PY_CHARSET.get(c.get("charset"), "utf-8"))) if counts_bytes(c) else len(text)


def strip(c, text):
    pad = c.get("pad")
    if pad == "right":
        return text.rstrip(" ")
    if pad == "left":
        return text.lstrip(" ")
    if pad == "zero":
        return text.lstrip("0") or text[-1:]
    return text


def read_text(c, text):
    refuse_unless(text or c.get("pad") != "zero")
    text = strip(c, text)
    sayable(c, text)
    refuse_unless("width" not in c or width_of(c, text) <= c["width"])
    refuse_unless("enum" not in c or text in c["enum"])
    if c["kind"] == "opaque":
        refuse_unless(well_formed(text))
    return quote(text)


def write_text(c, kind, text):
    refuse_unless(kind == "s")
    sayable(c, text)
    if "width" in c and width_of(c, text) > c["width"]:
        refuse_unless(c.get("overflow") == "truncate" and c.get("modulo", 0) & WIDTH)
        while width_of(c, text) > c["width"]:
            text = text[:-1]
        if c.get("pad") == "right":
            text = text.rstrip(" ")
    refuse_unless("enum" not in c or text in c["enum"])
    pad = c.get("pad")
    if pad:
        refuse_unless(text or pad != "zero")
        refuse_unless(strip(c, text) == text or c.get("modulo", 0) & PAD)
        blank = "0" if pad == "zero" else " "
        each = 2 if counts_bytes(c) and c.get("charset") == "UTF-16LE" else 1
        fill = blank * ((c["width"] - width_of(c, text)) // each)
        text = text + fill if pad == "right" else fill + text
    if c["kind"] == "opaque":
        refuse_unless(well_formed(text))
    return text


def well_formed(text):
    """By expat, within an element of ours: content, or a document."""
    parser = expat.ParserCreate("UTF-8")
    parser.StartDoctypeDeclHandler = lambda *a: (_ for _ in ()).throw(Refused)
    document = re.match(r"<\?xml[ \t\r\n]", text)
    try:
        parser.Parse((text if document else "<zqx>" + text + "</zqx>").encode("utf-8"), True)
        return True
    except (expat.ExpatError, Refused):
        return False


# --- numbers ------------------------------------------------------------------------------------------------------------

PLUS, MINUS = "{ABCDEFGHI", "}JKLMNOPQR"


def as_string(c, whole):
    if "as" in c:
        return c["as"] == "string"
    return c["kind"] == "decimal" or (c.get("digits") or len(whole)) > 15


def keeps_no_sign(c):
    return c.get("medium") == "sql" and c.get("sql_type", "") not in ("", "CHAR", "VARCHAR")


def check_number(c, minus, whole, fraction):
    scale = c.get("scale", -1)
    zero = not (whole + fraction).strip("0")
    refuse_unless(not (minus and c.get("sign") == "none"))
    refuse_unless(scale < 0 or len(fraction) <= scale)
    behind = scale if scale >= 0 else len(fraction)
    refuse_unless(not c.get("digits") or len(whole.lstrip("0")) + behind <= c["digits"])
    value = Decimal(("-" if minus and not zero else "") + whole + "." + fraction + "0")
    refuse_unless("min" not in c or value >= Decimal(c["min"]))
    refuse_unless("max" not in c or value <= Decimal(c["max"]))


def read_number(c, text):
    sign, implied = c.get("sign", "leading"), c["kind"] == "decimal" and c.get("point") == "implied"
    refuse_unless("width" not in c or len(text) <= c["width"])
    minus = False
    if sign.startswith("overpunch"):
        refuse_unless(text)
        at = 0 if sign.endswith("leading") else len(text) - 1
        ch = text[at]
        if ch in MINUS:
            minus, digit = True, str(MINUS.index(ch))
        else:
            digit = str(PLUS.index(ch)) if ch in PLUS else ch
        refuse_unless(digit in "0123456789")
        text = text[:at] + digit + text[at + 1:]
    elif sign == "trailing" and text[-1:] in ("-", "+"):
        text, minus = text[:-1], text[-1] == "-"
    elif sign == "leading" and text[:1] in ("-", "+"):
        text, minus = text[1:], text[0] == "-"
    point = "," if c.get("point") == "comma" else "."
    if c["kind"] == "integer" or implied:
        refuse_unless(re.fullmatch(r"[0-9]+", text))
        whole, fraction = text, ""
        if implied and c["scale"]:
            text = text.rjust(c["scale"], "0")
            whole, fraction = text[:-c["scale"]], text[-c["scale"]:]
            check_number(c, minus, whole, fraction)
    else:
        refuse_unless(re.fullmatch(r"([0-9]+\%s?[0-9]*|\%s[0-9]+)" % (point, point), text))
        whole, _, fraction = text.partition(point)
    if keeps_no_sign(c) and not (whole + fraction).strip("0"):
        minus = False
    check_number(c, minus, whole, fraction)
    whole = whole.lstrip("0") or "0"
    out = ("-" if minus else "") + whole + ("." + fraction if fraction else "")
    return quote(out) if as_string(c, whole) else out


def write_number(c, kind, text):
    refuse_unless(kind in "sn")
    m = re.fullmatch(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?", text)
    refuse_unless(m)
    minus, whole, fraction, exponent = m.group(1) == "-", m.group(2), m.group(3) or "", m.group(4)
    refuse_unless(kind == "n" or exponent is None)
    if exponent is not None:
        digits, at = whole + fraction, len(whole) + int(exponent)
        refuse_unless(-6000 < at < 6000)
        digits = "0" * max(0, -at) + digits
        at = max(at, 0)
        digits = digits.ljust(at, "0")
        whole, fraction = digits[:at].lstrip("0") or "0", digits[at:]
    if c["kind"] == "integer":
        refuse_unless(not fraction.strip("0") and not (m.group(3) and kind == "s"))
        fraction = ""
    refuse_unless((kind == "s") == as_string(c, whole))
    scale, modulo = c.get("scale", -1), c.get("modulo", 0)
    if modulo & SCALE and scale >= 0:
        while len(fraction) > scale and fraction.endswith("0"):
            fraction = fraction[:-1]
    zero = not (whole + fraction).strip("0")
    column = keeps_no_sign(c)
    if zero and minus and modulo & SIGN and (column or c.get("sign") == "none"):
        minus = False
    check_number(c, minus, whole, fraction)
    refuse_unless(not (zero and minus and column))
    return spell_number(c, minus, whole, fraction, scale, modulo)


def spell_number(c, minus, whole, fraction, scale, modulo):
    sign, pad, width = c.get("sign", "leading"), c.get("pad"), c.get("width")
    digits = whole
    if c["kind"] == "decimal" and c.get("point") == "implied":
        refuse_unless(len(fraction) == scale or modulo & SCALE)
        digits = str(int(whole)) if int(whole) else ""
        digits += fraction.ljust(scale, "0")
        digits = digits or "0"
        if width is None and c.get("medium", "xml") == "xml" and c.get("digits"):
            digits = digits.rjust(c["digits"], "0")
        bare = c.get("medium") == "json" and pad is None and sign in ("leading", "none")
        if bare:
            digits = digits.lstrip("0") or "0"
    elif fraction:
        digits += ("," if c.get("point") == "comma" else ".") + fraction
    apart = minus and sign in ("leading", "trailing")
    if pad == "zero":
        digits = digits.rjust(width - apart, "0")
    if sign == "overpunch":
        digits = digits[:-1] + (MINUS if minus else PLUS)[int(digits[-1])]
    elif sign == "overpunch-leading":
        digits = (MINUS if minus else PLUS)[int(digits[0])] + digits[1:]
    elif minus:
        digits = digits + "-" if sign == "trailing" else "-" + digits
    refuse_unless(width is None or len(digits) <= width)
    if pad in ("left", "right"):
        digits = digits.rjust(width) if pad == "left" else digits.ljust(width)
    return digits


FLOAT = r"([+-]?)([0-9]*)(?:\.([0-9]*))?((?:[eE][+-]?[0-9]+)?)"


def read_float(c, text):
    string = c.get("as") == "string"
    if text in ("NaN", "INF", "-INF"):
        refuse_unless(string)
        return quote(text)
    m = re.fullmatch(FLOAT, text)
    refuse_unless(m and (m.group(2) or m.group(3)))
    out = ("-" if m.group(1) == "-" else "") + (m.group(2).lstrip("0") or "0")
    out += ("." + m.group(3) if m.group(3) else "") + m.group(4)
    return quote(out) if string else out


def write_float(c, kind, text):
    string = c.get("as") == "string"
    refuse_unless(kind == ("s" if string else "n"))
    if not (string and text in ("NaN", "INF", "-INF")):
        refuse_unless(re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", text))
    return text


# --- dates --------------------------------------------------------------------------------------------------------------

ISO_DATE, ISO_TIME = r"(\d{4})-(\d\d)-(\d\d)", r"(\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
ISO_ZONE = r"(?:(Z)|([+-])(\d\d):(\d\d))?"
UTC = datetime.timezone.utc
PARTS = {"yyyy": "year", "yy": "short", "MM": "month", "dd": "day", "HH": "hour", "mm": "minute", "ss": "second"}
EPOCH = datetime.datetime(1970, 1, 1)


def moment(parts):
    """A datetime without zone from parts; Refused when there is no such."""
    try:
        return datetime.datetime(*[int(parts.get(k, d)) for k, d in
                                   (("year", 2000), ("month", 1), ("day", 1), ("hour", 0), ("minute", 0), ("second", 0))])
    except ValueError:
        raise Refused


def parse_iso(kind, text, separator):
    pattern = {"date": ISO_DATE, "time": ISO_TIME, "datetime": ISO_DATE + separator + ISO_TIME}[kind] + ISO_ZONE
    m = re.fullmatch(pattern, text, re.A)
    refuse_unless(m)
    g = list(m.groups())
    parts = {}
    if kind != "time":
        parts["year"], parts["month"], parts["day"] = g[:3]
        g = g[3:]
    fraction = ""
    if kind != "date":
        parts["hour"], parts["minute"], parts["second"] = g[:3]
        fraction = g[3] or ""
        g = g[4:]
    offset = None
    if g[0]:
        offset = 0
    elif g[1]:
        minutes = int(g[2]) * 60 + int(g[3])
        refuse_unless(int(g[3]) < 60 and minutes <= 14 * 60)
        offset = minutes * 60 * (-1 if g[1] == "-" else 1)
    return moment(parts), fraction, offset


def iso(kind, dt, fraction, offset):
    day = "%04d-%02d-%02d" % (dt.year, dt.month, dt.day)
    time = "%02d:%02d:%02d" % (dt.hour, dt.minute, dt.second) + ("." + fraction if fraction else "")
    out = {"date": day, "time": time, "datetime": day + "T" + time}[kind]
    if offset is None:
        return out
    if not offset:
        return out + "Z"
    sign, minutes = "-" if offset < 0 else "+", abs(offset) // 60
    return out + "%s%02d:%02d" % (sign, minutes // 60, minutes % 60)


def tokens(pattern):
    for m in re.finditer(r"'([^']*)'|([A-Za-z])\2*|.", pattern, re.S):
        if m.group(1) is not None:
            yield from (("literal", ch) for ch in m.group(1))
        elif m.group(2):
            yield ("part", m.group(0))
        else:
            yield ("literal", m.group(0))


def parse_pattern(c, text):
    regex, names = "", []
    for what, t in tokens(c["pattern"]):
        regex += re.escape(t) if what == "literal" else r"(\d{%d})" % len(t)
        if what == "part":
            names.append(PARTS.get(t, "fraction"))
    m = re.fullmatch(regex, text, re.A | re.S)
    refuse_unless(m)
    parts = dict(zip(names, m.groups()))
    if "short" in parts:
        parts["year"] = next(y for y in range(c["window"], c["window"] + 100) if y % 100 == int(parts["short"]))
    return moment(parts), parts.get("fraction", "")


def spell_pattern(c, dt, fraction):
    out = ""
    for what, t in tokens(c["pattern"]):
        if what == "literal":
            out += t
        elif t[0] == "S":
            out += fraction.ljust(len(t), "0")
        elif t == "yy":
            out += "%02d" % (dt.year % 100)
        else:
            out += "%0*d" % (len(t), getattr(dt, PARTS[t]))
    return out


ZONES = {}


def zone_of(name):
    if name not in ZONES:
        m = re.fullmatch(r"([+-])(\d\d):(\d\d)", name)
        minutes = (int(m.group(2)) * 60 + int(m.group(3))) * (-1 if m.group(1) == "-" else 1) if m else 0
        ZONES[name] = datetime.timezone(datetime.timedelta(minutes=minutes)) if m else \
            UTC if name in ("UTC", "Z") else zoneinfo.ZoneInfo(name)
    return ZONES[name]


def offsets(c, local):
    """Offsets in seconds, of the instants at which clocks show local; the earlier instant first."""
    found = []
    zone = zone_of(c["zone"])
    for fold in (0, 1):
        offset = local.replace(tzinfo=zone, fold=fold).utcoffset()
        utc = (local - offset).replace(tzinfo=UTC)
        if utc.astimezone(zone).replace(tzinfo=None) == local and offset not in found:
            found.append(offset)
    return sorted((int(o.total_seconds()) for o in found), reverse=True)


def one_offset(c, local):
    try:
        found = offsets(c, local)
    except OverflowError:
        raise Unknown
    refuse_unless(found and (len(found) == 1 or "ambiguous" in c))
    offset = found[-1 if c.get("ambiguous") == "later" else 0]
    refuse_unless(offset % 60 == 0)
    return offset


def keeps_zone(c):
    return "pattern" not in c and c.get("medium") != "sql"


def read_date(c, text):
    kind, offset = c["kind"], None
    if c.get("pattern", "").startswith("epoch"):
        return read_epoch(c, text)
    if "pattern" in c:
        dt, fraction = parse_pattern(c, text)
    else:
        dt, fraction, offset = parse_iso(kind, text, "[ T]" if c.get("medium") == "sql" else "T")
        refuse_unless(offset is None or keeps_zone(c))
        if offset is not None:
            return quote(text)
    if kind == "datetime" and "zone" in c:
        offset = one_offset(c, dt)
    return quote(iso(kind, dt, fraction, offset))


def write_date(c, json_kind, text):
    kind, modulo = c["kind"], c.get("modulo", 0)
    refuse_unless(json_kind == "s")
    dt, fraction, offset = parse_iso(kind, text, "T")
    zoned = kind == "datetime" and ("zone" in c or c.get("pattern", "").startswith("epoch"))
    if keeps_zone(c):
        refuse_unless(not zoned or offset is not None or modulo & ZONE)
        return text
    if c.get("pattern", "").startswith("epoch"):
        refuse_unless(offset is not None or modulo & ZONE)
        return write_epoch(c, dt, fraction, offset or 0)
    refuse_unless(modulo & ZONE or (offset is not None) == zoned)
    if zoned and offset is not None:
        try:
            utc = dt - datetime.timedelta(seconds=offset)
            dt = utc.replace(tzinfo=UTC).astimezone(zone_of(c["zone"])).replace(tzinfo=None)
        except OverflowError:
            raise Unknown
        refuse_unless(dt - datetime.timedelta(seconds=one_offset(c, dt)) == utc)
    elif zoned:
        one_offset(c, dt)
    if "pattern" not in c:
        return iso(kind, dt, fraction, None).replace("T", " ")
    parts = [t for what, t in tokens(c["pattern"]) if what == "part"]
    places = next((len(t) for t in parts if t[0] == "S"), 0)
    refuse_unless(kind == "date" or "ss" in parts or not dt.second or modulo & FRACTION)
    refuse_unless("yy" not in parts or c["window"] <= dt.year < c["window"] + 100)
    return spell_pattern(c, dt, cut_fraction(c, fraction, places))


def cut_fraction(c, fraction, places):
    if not c.get("modulo", 0) & FRACTION:
        refuse_unless(not fraction[places:].strip("0"))
    return fraction[:places]


def places_of(c):
    return 3 if c["pattern"] == "epoch-millis" else max(c.get("scale", 0), 0)


def read_epoch(c, text):
    millis = c["pattern"] == "epoch-millis"
    m = re.fullmatch(r"([+-]?)(\d+)(?:\.(\d+))?", text, re.A)
    refuse_unless(m and not (m.group(3) and (millis or len(m.group(3)) > places_of(c))))
    places = 3 if millis else len(m.group(3) or "")
    value = int(m.group(2) + (m.group(3) or "")) * (-1 if m.group(1) == "-" else 1)
    seconds, rest = divmod(value, 10 ** places)
    try:
        dt = EPOCH + datetime.timedelta(days=seconds // 86400, seconds=seconds % 86400)
    except OverflowError:
        raise Refused
    return quote(iso("datetime", dt, "%0*d" % (places, rest) if places else "", 0))


def write_epoch(c, dt, fraction, offset):
    fraction = cut_fraction(c, fraction, places_of(c))
    delta = dt - EPOCH
    seconds = delta.days * 86400 + delta.seconds - offset
    refuse_unless(-62135596800 <= seconds <= 253402300799)
    if c["pattern"] == "epoch-millis":
        return str(seconds * 1000 + int(fraction.ljust(3, "0")))
    places = len(fraction)
    value = seconds * 10 ** places + int(fraction or "0")
    whole, rest = divmod(abs(value), 10 ** places)
    return ("-" if value < 0 or seconds < 0 else "") + str(whole) + ("." + "%0*d" % (places, rest) if places else "")


# --- bytes, booleans, codes -----------------------------------------------------------------------------------------------

BASE64 = r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"


def read_binary(c, text):
    if c.get("encoding") == "hex":
        refuse_unless(re.fullmatch(r"([0-9A-Fa-f]{2})*", text))
        return quote(base64.b64encode(binascii.unhexlify(text)).decode())
    text = re.sub(r"[ \t\r\n]", "", text)
    refuse_unless(re.fullmatch(BASE64, text))
    return quote(text)


def write_binary(c, kind, text):
    refuse_unless(kind == "s" and re.fullmatch(BASE64, text))
    if c.get("encoding") != "hex":
        return text
    data = base64.b64decode(text)
    refuse_unless(base64.b64encode(data).decode() == text)
    return data.hex().upper()


def spellings(c):
    """(access, legacy, json) rows of a boolean; the first of each is canonical."""
    if "true" in c:
        return [("b", c["true"], True), ("b", c["false"], False)]
    rows = [("b", "true", True), ("b", "false", False), ("r", "1", True), ("r", "0", False)]
    if c.get("medium") == "sql":
        rows = [("b", "1", True), ("b", "0", False), ("r", "true", True), ("r", "false", False),
                ("r", "t", True), ("r", "f", False)]
    return rows


def code_rows(c):
    return spellings(c) if c["kind"] == "boolean" else c.get("code", [])


def known_code(c, text):
    return next((json for access, legacy, json in code_rows(c) if legacy == text and access != "w"), None)


def read_code(c, text):
    found = known_code(c, text)
    if found is None:
        found = known_code(c, text.strip(" \t\r\n"))
    if found is not None:
        return json.dumps(found, ensure_ascii=False)
    if c.get("unmapped") == "fixed":
        return quote(c["fixed"])
    refuse_unless(c.get("unmapped") == "provided")
    refuse_unless(not any(json == text and access != "r" for access, _, json in code_rows(c)))
    return read_text(c, text)


def write_code(c, kind, text):
    if c["kind"] == "boolean":
        refuse_unless(kind in "tf")
        return next(legacy for access, legacy, json in code_rows(c) if json == (kind == "t"))
    refuse_unless(kind == "s")
    for access, legacy, value in code_rows(c):
        if value == text and access != "r":
            return legacy
    refuse_unless(c.get("unmapped") == "provided")
    refuse_unless(c.get("modulo", 0) & CODES or
                  (known_code(c, text.strip(" \t\r\n")) is None and known_code(c, text) is None))
    return write_text(c, kind, text)


# --- states, sentinels, the whole -------------------------------------------------------------------------------------------

READERS = {"text": read_text, "opaque": read_text, "integer": read_number, "decimal": read_number, "float": read_float,
           "boolean": read_code, "code": read_code, "date": read_date, "time": read_date, "datetime": read_date,
           "binary": read_binary}
WRITERS = {"text": write_text, "opaque": write_text, "integer": write_number, "decimal": write_number,
           "float": write_float, "boolean": write_code, "code": write_code, "date": write_date, "time": write_date,
           "datetime": write_date, "binary": write_binary}
MEANING = {"null": "0", "absent": "A"}


def keeps_blanks(c):
    return c["kind"] in ("text", "opaque", "code")


def meanings(c):
    """What each legacy state reads as: None is a value."""
    of = {"missing": "A", "nil": "0"}
    for level in ("system", "type", "field"):
        for what, meaning in (("read_null", "0"), ("read_absent", "A"), ("absent", "A"), ("null", "0")):
            of.update((state, meaning) for state in c.get(level + "." + what, "").split(",") if state)
    return of


def sentinel_of(c, text):
    for access, legacy, json in c.get("sentinel", []):
        if access != "w" and legacy in (text, text.strip(" \t\r\n")):
            return json
    if c["kind"] in ("integer", "decimal", "float"):
        for access, legacy, json in c.get("sentinel", []):
            if access != "w" and bare_number(c, legacy) == bare_number(c, text.strip(" \t\r\n")) is not None:
                return json
    return None


def bare_number(c, text):
    """(minus, digits without zeros in front) of what begins like a number: one number has one."""
    sign = c.get("sign", "leading")
    m = re.fullmatch(r"(.*?)([-+{}A-R0-9]?)" if sign in ("trailing", "overpunch") else r"([-+{}A-R]?)(.*)", text, re.S)
    before, behind = m.groups()
    if sign.startswith("overpunch"):
        end = sign == "overpunch"
        ch = behind if end else before
        minus = ch in MINUS and ch != ""
        digit = "" if not ch else str(MINUS.index(ch)) if minus else str(PLUS.index(ch)) if ch in PLUS else ch
        text = before + digit if end else digit + behind
    else:
        mark, text = (behind, before) if sign == "trailing" else (before, behind)
        if mark not in ("-", "+"):
            mark, text = "", (text + mark if sign == "trailing" else mark + text)
        minus = mark == "-"
    text = re.sub(r"^0+(?=[0-9])", "", text)
    return (minus, text) if re.match(r"[0-9]", text) else None


def bare(c, json):
    """Is a sentinel's JSON value a token, not a string?"""
    if c["kind"] == "boolean":
        return json in ("true", "false")
    number = c["kind"] in ("integer", "float") or c.get("as") == "number"
    if c["kind"] == "integer" and "as" not in c and c.get("digits", 0) > 15:
        number = False
    return number and c.get("as") != "string" and c["kind"] in ("integer", "decimal", "float") and \
        re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", json) is not None


def state_of(c, text):
    if not text:
        return "empty"
    blank = not text.strip(" ") if keeps_blanks(c) else not text.strip(" \t\r\n")
    return "blank" if blank else "text"


def read(c, field):
    try:
        state, text = {"M": "missing", "N": "nil"}.get(field[0], "text"), field[1:]
        if state == "text":
            json = sentinel_of(c, text)
            if json is not None:
                return MEANING.get(json) or "=" + (json if bare(c, json) else quote(json))
            state = state_of(c, text)
            if state != "text" and known_code(c, text) is not None:
                state = "text"
        if meanings(c).get(state):
            return meanings(c)[state]
        refuse_unless(c["kind"] != "null")
        if c["kind"] == "null" or state in ("missing", "nil"):
            raise Refused
        return "=" + READERS[c["kind"]](c, text if keeps_blanks(c) else text.strip(" \t\r\n"))
    except Refused:
        return "!"
    except Unknown:
        return "~"


def shown(c, text):
    state = state_of(c, text)
    return {"empty": "E", "blank": "B" + text, "text": "T" + text}[state]


def write_state(c, meaning):
    for level in ("field", "type", "system"):
        state = c.get(level + "." + meaning)
        if state:
            blanks = c["width"] if "width" in c and c["kind"] == "text" else 1
            each = 2 if counts_bytes(c) and c.get("charset") == "UTF-16LE" and blanks > 1 else 1
            return {"missing": "M", "nil": "N", "empty": "E", "blank": "B" + " " * (blanks // each)}[state]
        if level == "field":
            for access, legacy, json in c.get("sentinel", []):
                if json == meaning and access != "r":
                    return "T" + legacy
    return "N" if meaning == "null" else "M"


def write(c, field):
    kind, text, modulo = field[0], field[1:], c.get("modulo", 0)
    try:
        if kind in "0A":
            return write_state(c, "null" if kind == "0" else "absent")
        token = {"t": "true", "f": "false"}.get(kind, text)
        for access, legacy, json in c.get("sentinel", []):
            if json not in MEANING and access != "r" and json == token and bare(c, json) == (kind != "s"):
                return shown(c, legacy)
        refuse_unless(c["kind"] != "null")
        out = WRITERS[c["kind"]](c, kind, text)
        state = state_of(c, out)
        if state != "text" and known_code(c, out) is None:
            refuse_unless(not meanings(c).get(state) or modulo & EMPTY)
        hit = sentinel_of(c, out)
        refuse_unless(hit is None or (hit in MEANING and modulo & NULL))
        return shown(c, out)
    except Refused:
        return "!"
    except Unknown:
        return "~"
