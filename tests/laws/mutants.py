# SPDX-License-Identifier: GPL-3.0-or-later
"""Bugs put into the codecs on purpose: each is applied to a copy of its file, compiled, and run against the cases of
codec_cases.py, which have to show it. A mutant whose text is not in the source any more fails the test (update it), and
so do fewer than 95 % caught. `mutants.py WORD…` runs only those whose text has the word, and tells what showed them."""
import concurrent.futures, glob, os, subprocess, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from sluice_test import *

ENGINE = "mappings/engine/"
MUTANTS = [
    # states, nulls and sentinels
    ("codec.c", "if (n->read_null & 1u << s) c->read_state[s] = SL_AS_NULL;",
     "if (n->read_null & 1u << s) c->read_state[s] = SL_AS_ABSENT;"),
    ("codec.c", "if (n->has_absent) c->read_state[n->absent] = SL_AS_ABSENT;\n  if (n->has_null) c->read_state[n->null] = SL_AS_NULL;",
     "if (n->has_null) c->read_state[n->null] = SL_AS_NULL;\n  if (n->has_absent) c->read_state[n->absent] = SL_AS_ABSENT;"),
    ("codec.c", "{&spec->field_nulls, &spec->type_nulls, &spec->system_nulls};",
     "{&spec->field_nulls, &spec->system_nulls, &spec->type_nulls};"),
    ("codec.c", "for (size_t k = 0; i == 0 && k < c->n_sentinels; k++)", "for (size_t k = 0; i == 2 && k < c->n_sentinels; k++)"),
    ("codec.c", "if (s->access == SL_WRITE_ONLY) continue;", ""),
    ("codec.c", "if (sl_str_eq(s->legacy, text) || sl_str_eq(s->legacy, trimmed)) return s;", "if (sl_str_eq(s->legacy, text)) return s;"),
    ("codec_sign.c", "if (x.negative != y.negative ||", "if ("),
    ("codec_sign.c", "b.at = b.at == SIZE_MAX || !b.at ? SIZE_MAX : b.at - 1;", ""),
    ("codec.c", "if (any_kind || string == (state == SL_J_STRING)) return s;", "return s;"),
    ("codec.c", "if (ignores_blanks(c)) return sl_trim(text).len ? SL_L_TEXT : SL_L_BLANK;", ""),
    ("codec.c", "if (state != SL_L_TEXT && c->n_codes && sl_code_find(c, text)) state = SL_L_TEXT;", ""),
    ("codec.c", "return code ? code : check_back(self, out, err);",
     "out->state = state_of(self, out->text); return code;"),
    ("codec.c", "if (!s || c->unguarded ||", "if (!s || s->meaning == SL_AS_VALUE || c->unguarded ||"),
    ("codec.c", "(s->meaning != SL_AS_VALUE && c->modulo & SL_MODULO_NULL)", "(c->modulo & SL_MODULO_NULL)"),
    ("codec.c", "!(c->modulo & SL_MODULO_EMPTY) && ", ""),
    ("codec.c", "if (width > 1 && c->width_in_bytes) width /= c->blank_bytes;", "if (width > 1) width--;"),
    # text
    ("codec_text.c", "if (i < text.len) {\n    w = EACH(' ');", "if (i + 1 < text.len) {\n    w = EACH(' ');"),
    ("codec_text.c", "if (c->medium == SL_MEDIUM_SQL && ch == 0)", "if (c->medium == SL_MEDIUM_SQL && ch == 1)"),
    ("codec_text.c", "(unsigned char)p[2] >= 0xBE", "(unsigned char)p[2] > 0xBE"),
    ("codec_text.c", "return c->width_in_bytes ? bytes : sl_utf8_count(text);", "return c->width_in_bytes ? sl_utf8_count(text) : bytes;"),
    ("codec_text.c", "return width_of(c, text, bytes) > (size_t)c->width;", "return width_of(c, text, bytes) > (size_t)c->width + 1;"),
    ("codec_text.c", "if (!c->width || (text.len <= (size_t)c->width && bytes <= (size_t)c->width)) return false;",
     "if (!c->width || text.len <= (size_t)c->width) return false;"),
    ("codec_text.c", "while (text.len > 1 && text.p[0] == '0') text.p++, text.len--;", "while (text.len && text.p[0] == '0') text.p++, text.len--;"),
    ("codec_text.c", "while (text.len && text.p[text.len - 1] == ' ') text.len--;", "if (text.len && text.p[text.len - 1] == ' ') text.len--;"),
    ("codec_text.c", "if (strip(c, text).len == text.len) return SL_OK;", "return SL_OK;"),
    ("codec_text.c", "bool behind = c->pad == SL_PAD_RIGHT;", "bool behind = c->pad != SL_PAD_LEFT;"),
    ("codec_text.c", "if (c->pad == SL_PAD_RIGHT) *text = strip(c, *text);", ""),
    ("codec_text.c", "!(c->modulo & SL_MODULO_WIDTH))\n    return refuse_width", "false)\n    return refuse_width"),
    ("codec_text.c", "if (c->blank_bytes > 1) fill /= c->blank_bytes;", ""),
    ("codec_text.c", "if (width_of(c, part, bytes) <= (size_t)c->width)", "if (width_of(c, part, bytes) < (size_t)c->width)"),
    # charsets
    ("codec_charset.c", "(point >= 0x80 && point < 0xA0)", "(point > 0x80 && point < 0x9F)"),
    ("codec_charset.c", "(self->ebcdic && (point == 0x0A || point == 0x1A))", "(self->ebcdic && point == 0x1A)"),
    ("codec_charset.c", "if (point < ASCII) return self->ascii[point];", "if (point < ASCII) return true;"),
    ("codec_charset.c", "*bytes_p = n;", "*bytes_p = text.len;"),
    ("codec_charset.c", "*bytes_p = trip.bytes;", "*bytes_p = trip.back;"),
    ("codec_charset.c", "memcmp(utf8, trip->text.p + trip->back, n)) return false;", "false) return false;"),
    ("codec_charset.c", "self->unit = two - one;", "self->unit = 1; one = 1;"),
    # numbers
    ("codec_number.c", "if (x.len != y.len) return x.len < y.len ? -1 : 1;", ""),
    ("codec_number.c", "return a->negative ? -rc : rc;", "return rc;"),
    ("codec_number.c", "compare(n, &bound) < 0)", "compare(n, &bound) <= 0)"),
    ("codec_number.c", "compare(n, &bound) > 0)", "compare(n, &bound) > 1)"),
    ("codec_number.c", "if (whole_digits < c->bounded_from) return SL_OK;", "if (whole_digits <= c->bounded_from) return SL_OK;"),
    ("codec_number.c", "if (n->negative && c->sign == SL_SIGN_NONE)", "if (n->negative && !is_zero(n) && c->sign == SL_SIGN_NONE)"),
    ("codec_number.c", "n->fraction.len > (size_t)c->scale)\n    return sl_err_set(err, code,", "n->fraction.len > (size_t)c->scale + 1)\n    return sl_err_set(err, code,"),
    ("codec_sign.c", "plus_digits[] = \"{ABCDEFGHI\", minus_digits[] = \"}JKLMNOPQR\"", "plus_digits[] = \"{ABCDEFGHI\", minus_digits[] = \"}JKLMNOQPR\""),
    ("codec_number.c", "n.negative |= minus;", "n.negative |= minus && !is_zero(&n);"),
    ("codec_sign.c", "size_t at = c->sign == SL_SIGN_OVERPUNCH ? text.len - 1 : 0;", "size_t at = text.len - 1;"),
    ("codec_number.c", "sl_punch(c->sign == SL_SIGN_OVERPUNCH ? p - 1 : start, n->negative);", "sl_punch(c->sign == SL_SIGN_OVERPUNCH ? p - 1 : start, n->negative && !is_zero(n));"),
    ("codec_number.c", "size_t behind = n->whole.len < scale ? n->whole.len : scale;", "size_t behind = n->whole.len <= scale ? n->whole.len - 1 : scale;"),
    ("codec_number.c", "*p == (c->point == SL_POINT_COMMA ? ',' : '.')) {", "(*p == ',' || *p == '.')) {"),
    ("codec_number.c", "return (c->digits ? (size_t)c->digits : whole_digits) > SAFE_DIGITS;", "return whole_digits > SAFE_DIGITS;"),
    ("codec_number.c", "memset(p, '0', missing);\n    p += missing;", "p += 0;"),
    ("codec_number.c", "if (!n->whole.len || (n->whole.len > 1 && *p == '0')) return false;", "if (!n->whole.len) return false;"),
    ("codec_number.c", "if (minus) n->exponent = -n->exponent;", ""),
    ("codec_number.c", "if (!all_zeros(n->fraction) || (n->point && state == SL_J_STRING))", "if (n->point && state == SL_J_STRING)"),
    ("codec_number.c", "long point = (long)n->whole.len + n->exponent;", "long point = (long)n->whole.len + n->exponent - (n->exponent > 2);"),
    ("codec_number.c", "(c->unguarded || n->fraction.p[n->fraction.len - 1] == '0'))", "true)"),
    ("codec_number.c", "if (c->zero_fill) width = (size_t)c->width - separate;", "if (c->zero_fill) width = (size_t)c->width;"),
    ("codec_number.c", "if (c->width && out->len > (size_t)c->width)", "if (c->width && out->len > (size_t)c->width + 1)"),
    ("codec_number.c", "if (n->fraction.len == (size_t)c->scale) return SL_OK;", "return SL_OK;"),
    ("codec_number.c", "size_t zeros = implied ? (size_t)c->scale - n->fraction.len : 0;", "size_t zeros = 0;"),
    ("codec_number.c", "start = bare_digits(start, p, n->negative);", ""),
    ("codec_number.c", "!c->width && c->medium == SL_MEDIUM_XML)", "!c->width)"),
    ("codec_number.c", "if (n.negative && c->no_negative_zero && is_zero(&n))\n    return", "if (false)\n    return"),
    # dates
    ("codec_date.c", "m->day <= sl_days_in_month(m->year, m->month);", "m->day <= 31;"),
    ("codec_date.c", "(unsigned)m->second < 60;", "(unsigned)m->second < 61;"),
    ("codec_date.c", "minutes < 60 && hours * 60 + minutes <= 14 * 60;", "minutes < 60;"),
    ("codec_date.c", "m->offset = (hours * 60 + minutes) * 60 * (west ? -1 : 1);", "m->offset = (hours * 60 + minutes) * 60;"),
    ("codec_date.c", "return c->window + (two_digits - c->window % 100 + 100) % 100;", "return c->window - c->window % 100 + two_digits;"),
    ("codec_date.c", "m->year >= c->window + 100))", "m->year > c->window + 100))"),
    ("codec_date.c", "case 'Y': p = put(p, m->year % 100, 2); break;", "case 'Y': p = put(p, m->year % 10, 2); break;"),
    ("codec_date.c", "if (n == 2 && !c->ambiguous)", "if (false)"),
    ("codec_date.c", "found[n == 2 && c->ambiguous > 0 ? 1 : 0];", "found[n == 2 && c->ambiguous < 0 ? 1 : 0];"),
    ("codec_date.c", "if (back != utc)", "if (false)"),
    ("codec_date.c", "int64_t utc = sl_moment_seconds(m) - m->offset, back = utc;", "int64_t utc = sl_moment_seconds(m) + m->offset, back = utc;"),
    ("codec_date.c", "if (c->kind != SL_CODEC_DATE && !seconds && m->second && !cut)", "if (false)"),
    ("codec_date.c", "(cut || m->fraction.p[m->fraction.len - 1] == '0'))", "true)"),
    ("codec_date.c", "int64_t days = (seconds >= 0 ? seconds : seconds - 86399) / 86400;", "int64_t days = seconds / 86400;"),
    ("codec_date.c", "if (m.has_zone && !keeps_zone)", "if (false)"),
    ("codec_date.c", "memset(p, '0', op->len);\n      if", "memset(p, ' ', op->len);\n      if"),
    ("codec_epoch.c", "if (negative) seconds = -seconds - (rest > 0), rest = (1000 - rest) % 1000;", "if (negative) seconds = -seconds;"),
    ("codec_epoch.c", "if (complement(m.fraction, behind)) seconds--;", "complement(m.fraction, behind);"),
    ("codec_epoch.c", "out[last - 1]++;", ""),
    ("codec_epoch.c", "if (seconds < FIRST_SECOND || seconds > LAST_SECOND)\n    return sl_err_set(err, SL_GARBAGE,", "if (seconds < FIRST_SECOND)\n    return sl_err_set(err, SL_GARBAGE,"),
    ("codec_epoch.c", "int64_t seconds = sl_moment_seconds(&m) - m.offset;", "int64_t seconds = sl_moment_seconds(&m);"),
    ("codec_epoch.c", "if (negative && complement(m.fraction, behind)) seconds++, m.fraction.p = behind;", ""),
    # zones and calendar
    ("zone.c", "(year % 4 == 0 && year % 100 != 0) || year % 400 == 0;", "year % 4 == 0;"),
    ("zone.c", "int64_t y = month <= 2 ? year - 1 : year;", "int64_t y = month < 2 ? year - 1 : year;"),
    ("zone.c", "self->dst = self->std + 3600;", "self->dst = self->std;"),
    ("zone.c", "while (day > sl_days_in_month(year, rule->month)) day -= 7;", ""),
    ("zone.c", "bool dst = from < to ? utc >= from && utc < to : utc >= from || utc < to;", "bool dst = utc >= from && utc < to;"),
    ("zone.c", "if (self->at[mid] <= utc)", "if (self->at[mid] < utc)"),
    ("zone.c", "if (sl_zone_offset(self, local - after) == after) out[n++] = local - after;", ""),
    ("zone.c", "return lo ? self->offset[lo - 1] : self->first;", "return self->offset[lo ? lo - 1 : 0];"),
    ("zone.c", "*out_p = sign * total;", "*out_p = total;"),
    # codes and bytes
    ("codec_code.c", "if (c->codes[i].access != SL_READ_ONLY && sl_str_eq(c->codes[i].json, text))", "if (sl_str_eq(c->codes[i].json, text))"),
    ("codec_code.c", "if (c->codes[i].access != SL_WRITE_ONLY && sl_str_eq(c->codes[i].legacy, text))", "if (sl_str_eq(c->codes[i].legacy, text))"),
    ("codec_code.c", "if (row->access == SL_READ_ONLY) continue;", ""),
    ("codec_code.c", "if (!row && trimmed.len != text.len) row = find_legacy(c, trimmed);", ""),
    ("codec_code.c", "if (row && !(c->modulo & SL_MODULO_CODES)) return code_expected(c, err);", ""),
    ("codec_code.c", "*out = c->codes[state == SL_J_TRUE ? 0 : 1].legacy;", "*out = c->codes[state == SL_J_TRUE ? 1 : 0].legacy;"),
    ("codec_binary.c", "if (n % 4) return false;", ""),
    ("codec_binary.c", "if (!is_white(text.p[i])) out->p[at++] = text.p[i];", "out->p[at++] = text.p[i];"),
    ("codec_binary.c", "if (left && !c->unguarded)", "if (false)"),
    ("codec_binary.c", "int n = text.p[i + 2] == '=' ? 1 : text.p[i + 3] == '=' ? 2 : 3;", "int n = text.p[i + 3] == '=' ? 2 : 3;"),
    ("codec_binary.c", "p[3] = n > 2 ? alphabet[w & 63] : '=';", "p[3] = alphabet[w & 63];"),
    # XML as text
    ("codec_opaque.c", "if (twice(names, n, attribute)) return fail(s, \"the same attribute twice\");", ""),
    ("codec_opaque.c", "if (!s->depth || !sl_str_eq(s->open[s->depth - 1], name))", "if (!s->depth)"),
    ("codec_opaque.c", "if (ok && s.depth) ok = fail(&s, \"an element without its end\");", ""),
    ("codec_opaque.c", "if (looks_at(s, \"]]>\")) return fail(s, \"]]> in text\");", ""),
    ("codec_opaque.c", "if (!space || !attribute.len) return fail(s, \"a wrong tag\");", "if (!attribute.len) return fail(s, \"a wrong tag\");"),
    ("codec_opaque.c", "if (*s->p == '<') return fail(s, \"a < in an attribute\");", ""),
]
CORE = ["arena", "buf", "err", "json", "jsonw", "utf8"]
FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-O0", "-w", "-I" + SOURCE]
CC = os.environ.get("CC", "cc").split()


def compile_one(source, to):
    return subprocess.run(CC + FLAGS + ["-c", source, "-o", to], capture_output=True, text=True)


def source_of(name):
    return os.path.join(SOURCE, ENGINE, name)


def objects():
    """{source name: object} of all that the driver needs, without a bug."""
    names = ["zone.c"] + [os.path.basename(p) for p in glob.glob(source_of("codec*.c"))
                         if not os.path.basename(p).startswith("codec_spec_")]  # from contracts, which it has none of
    todo = {n: source_of(n) for n in names}
    todo.update((n + ".c", os.path.join(SOURCE, "core", n + ".c")) for n in CORE)
    todo["codec-laws.c"] = os.path.join(SOURCE, "tests", "laws", "codec-laws.c")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for r in pool.map(lambda item: compile_one(item[1], work(item[0] + ".o")), todo.items()):
            if r.returncode:
                raise RuntimeError(r.stderr)
    return {n: work(n + ".o") for n in todo}


def verdict(objs, name):
    """What the driver said, or None when it found nothing."""
    program = work(name)
    r = subprocess.run(CC + ["-o", program] + list(objs.values()), capture_output=True, text=True)
    if r.returncode:
        raise RuntimeError(r.stderr)
    try:
        r = subprocess.run([program, work("cases.txt")], capture_output=True, text=True, errors="replace", timeout=60)
    except subprocess.TimeoutExpired:
        return "it does not end"
    finally:
        os.unlink(program)
    return None if r.returncode == 0 else (r.stdout or "signal %d" % -r.returncode).strip()


def mutate(objs, i, mutant):
    """(fault of the table, what showed it)"""
    name, text, replacement = mutant
    with open(source_of(name), encoding="utf-8") as f:
        source = f.read()
    if source.count(text) != 1:
        return "its text is there %d times" % source.count(text), None
    path = write("m%d/%s" % (i, name), source.replace(text, replacement))
    r = compile_one(path, path + ".o")
    if r.returncode:
        return "it does not compile: " + r.stderr, None
    return None, verdict(dict(objs, **{name: path + ".o"}), "m%d/run" % i)


with Tap() as t:
    words = sys.argv[1:]
    table = [m for m in MUTANTS if all(w in m[0] + m[1] for w in words)]
    subprocess.run([sys.executable, "-B", os.path.join(SOURCE, "tests", "laws", "codec_cases.py"), work("cases.txt"), "4"], check=True)
    objs = objects()
    t.equal(verdict(objs, "sound"), None, "the cases hold of the codecs as they are")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda im: mutate(objs, *im), enumerate(table)))
    caught = 0
    for (name, text, _), (fault, shown) in zip(table, results):
        t.ok(not fault, "%s: %s" % (name, text.split("\n")[0][:70]), fault)
        caught += shown is not None
        if shown is None or words:
            print("# %s: %s\n#   %s" % (name, text, (shown or "not caught").replace("\n", "\n#   ")))
    t.ok(words or (len(table) >= 45 and caught >= 0.95 * len(table)), "%d of %d mutants are caught" % (caught, len(table)))
