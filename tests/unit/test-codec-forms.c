/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The forms in which old systems keep values: signs on digits, bytes and characters of charsets,
 * text that is cut, seconds since 1970, hexadecimal digits, XML carried as text. The table is in
 * the order of its types, so that each is made once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "tests/unit/codec_cells.h"

#define N(table) (sizeof(table) / sizeof((table)[0]))

static const sl_code_row_t short_codes[] = {{"A", "active", 0}, {"X", "closed", 0}};

static const struct {
  const char *name;
  sl_codec_spec_t spec;
} types[] = {
    {"zoned",
     {.kind = SL_CODEC_DECIMAL,
      .scale = 2,
      .digits = 5,
      .point = SL_POINT_IMPLIED,
      .sign = SL_SIGN_OVERPUNCH}},
    {"zoned-first",
     {.kind = SL_CODEC_INTEGER,
      .scale = -1,
      .width = 4,
      .pad = SL_PAD_ZERO,
      .sign = SL_SIGN_OVERPUNCH_LEADING}},
    {"zoned-one",
     {.kind = SL_CODEC_INTEGER,
      .scale = -1,
      .width = 1,
      .pad = SL_PAD_ZERO,
      .sign = SL_SIGN_OVERPUNCH}},
    {"zoned-point", {.kind = SL_CODEC_DECIMAL, .scale = -1, .sign = SL_SIGN_OVERPUNCH}},
    {"zoned-left",
     {.kind = SL_CODEC_DECIMAL,
      .scale = 1,
      .width = 6,
      .pad = SL_PAD_LEFT,
      .point = SL_POINT_COMMA,
      .sign = SL_SIGN_OVERPUNCH_LEADING}},
    {"trailing",
     {.kind = SL_CODEC_INTEGER,
      .scale = -1,
      .width = 4,
      .pad = SL_PAD_ZERO,
      .sign = SL_SIGN_TRAILING}},

    {"utf8-chars",
     {.kind = SL_CODEC_TEXT,
      .scale = -1,
      .width = 3,
      .unit = SL_UNIT_CHARACTERS,
      .charset = "UTF-8",
      .pad = SL_PAD_RIGHT}},
    {"bytes", {.kind = SL_CODEC_TEXT, .scale = -1, .width = 5, .unit = SL_UNIT_BYTES}},
    {"utf16",
     {.kind = SL_CODEC_TEXT, .scale = -1, .width = 8, .pad = SL_PAD_RIGHT, .charset = "UTF-16LE"}},
    {"sjis-left",
     {.kind = SL_CODEC_TEXT, .scale = -1, .width = 6, .pad = SL_PAD_LEFT, .charset = "SHIFT_JIS"}},
    {"jis", {.kind = SL_CODEC_TEXT, .scale = -1, .width = 10, .charset = "ISO-2022-JP"}},
    {"latin1", {.kind = SL_CODEC_TEXT, .scale = -1, .charset = "ISO-8859-1"}},
    {"latin1-sql",
     {.kind = SL_CODEC_TEXT, .scale = -1, .charset = "ISO-8859-1", .medium = SL_MEDIUM_SQL}},
    {"ebcdic", {.kind = SL_CODEC_TEXT, .scale = -1, .charset = "IBM037"}},
    {"ebcdic-sql",
     {.kind = SL_CODEC_TEXT, .scale = -1, .charset = "IBM1047", .medium = SL_MEDIUM_SQL}},
    {"ebcdic-de", {.kind = SL_CODEC_TEXT, .scale = -1, .charset = "IBM273"}},
    {"ebcdic-jp", {.kind = SL_CODEC_TEXT, .scale = -1, .charset = "IBM939", .width = 8}},
    {"din", {.kind = SL_CODEC_TEXT, .scale = -1, .charset = "ISO646-DE"}},
    {"hebrew", {.kind = SL_CODEC_TEXT, .scale = -1, .charset = "CP1255"}},

    {"cut3",
     {.kind = SL_CODEC_TEXT,
      .scale = -1,
      .width = 3,
      .overflow = SL_OVERFLOW_TRUNCATE,
      .modulo = SL_MODULO_WIDTH}},
    {"cut3-strict",
     {.kind = SL_CODEC_TEXT, .scale = -1, .width = 3, .overflow = SL_OVERFLOW_TRUNCATE}},
    {"cut-bytes",
     {.kind = SL_CODEC_TEXT,
      .scale = -1,
      .width = 5,
      .unit = SL_UNIT_BYTES,
      .pad = SL_PAD_RIGHT,
      .overflow = SL_OVERFLOW_TRUNCATE,
      .modulo = SL_MODULO_WIDTH}},
    {"cut-sjis",
     {.kind = SL_CODEC_TEXT,
      .scale = -1,
      .width = 5,
      .charset = "SHIFT_JIS",
      .overflow = SL_OVERFLOW_TRUNCATE,
      .modulo = SL_MODULO_WIDTH}},

    {"seconds", {.kind = SL_CODEC_DATETIME, .scale = -1, .pattern = "epoch-seconds"}},
    {"seconds-3",
     {.kind = SL_CODEC_DATETIME, .scale = 3, .pattern = "epoch-seconds", .zone = "Europe/Berlin"}},
    {"seconds-cut",
     {.kind = SL_CODEC_DATETIME,
      .scale = -1,
      .pattern = "epoch-seconds",
      .modulo = SL_MODULO_FRACTION | SL_MODULO_ZONE}},
    {"millis", {.kind = SL_CODEC_DATETIME, .scale = -1, .pattern = "epoch-millis"}},

    {"hex", {.kind = SL_CODEC_BINARY, .scale = -1, .encoding = SL_ENCODING_HEX}},
    {"base64", {.kind = SL_CODEC_BINARY, .scale = -1, .encoding = SL_ENCODING_BASE64}},
    {"opaque", {.kind = SL_CODEC_OPAQUE, .scale = -1}},
    {"opaque-latin1", {.kind = SL_CODEC_OPAQUE, .scale = -1, .width = 12, .charset = "ISO-8859-1"}},
    {"codes-wide",
     {.kind = SL_CODEC_CODE,
      .scale = -1,
      .codes = short_codes,
      .n_codes = 2,
      .unmapped = SL_UNMAPPED_PROVIDED,
      .width = 2}},
};

/* --- tables
 * ---------------------------------------------------------------------------------------- */

enum { READ = 1, WRITE = 2, BOTH = 3 };

/* BOTH: what is written for json is legacy, and legacy reads as json. */
static const struct {
  const char *type;
  int way;
  const char *json, *legacy;
} rows[] = {
    {"zoned", BOTH, "\"123.45\"", "1234E"},
    {"zoned", BOTH, "\"-123.45\"", "1234N"},
    {"zoned", BOTH, "\"0.00\"", "0000{"},
    {"zoned", BOTH, "\"-0.00\"", "0000}"},
    {"zoned", BOTH, "\"-0.01\"", "0000J"},
    {"zoned", BOTH, "\"0.09\"", "0000I"},
    {"zoned", BOTH, "\"-999.99\"", "9999R"},
    {"zoned", READ, "\"123.45\"", "12345"},
    {"zoned", READ, "\"0.05\"", "E"},
    {"zoned", READ, "\"-0.02\"", "  K  "},
    {"zoned", READ, "!digits without a point", "-12345"},
    {"zoned", READ, "!sign on the last digit", "1234-"},
    {"zoned", READ, "!digits without a point", "1A345"},
    {"zoned", READ, "!sign on the last digit", "1234S"},
    {"zoned", READ, "!sign on the last digit", ""},
    {"zoned", WRITE, "\"1.5\"", "!2 digits behind"},
    {"zoned-first", BOTH, "12", "{012"},
    {"zoned-first", BOTH, "-12", "}012"},
    {"zoned-first", BOTH, "-9999", "R999"},
    {"zoned-first", BOTH, "-0", "}000"},
    {"zoned-first", READ, "12", "0012"},
    {"zoned-first", READ, "!sign on the first digit", "-012"},
    {"zoned-first", WRITE, "12345", "!at most 4"},
    {"zoned-one", BOTH, "-7", "P"},
    {"zoned-one", BOTH, "7", "G"},
    {"zoned-point", BOTH, "\"-12.5\"", "12.N"},
    {"zoned-point", BOTH, "\"3\"", "C"},
    {"zoned-point", READ, "!last digit", "12."},
    {"zoned-left", BOTH, "\"-0.5\"", "   },5"},
    {"zoned-left", BOTH, "\"123.4\"", " A23,4"},
    {"trailing", BOTH, "-42", "042-"},
    {"trailing", BOTH, "42", "0042"},
    {"trailing", BOTH, "-0", "000-"},
    {"trailing", READ, "42", "42+"},
    {"trailing", READ, "!an integer", "-42"},

    {"utf8-chars", BOTH, "\"Łód\"", "Łód"},
    {"utf8-chars", BOTH, "\"Łó\"", "Łó "},
    {"utf8-chars", BOTH, "\"😀\"", "😀  "},
    {"utf8-chars", WRITE, "\"Łódź\"", "!at most 3 characters"},
    {"utf8-chars", BOTH, "\"\302\205\"", "\302\205  "}, /* Unicode has its C1 controls */
    {"bytes", BOTH, "\"Łó\"", "Łó"},
    {"bytes", BOTH, "\"😀a\"", "😀a"},
    {"bytes", WRITE, "\"Łód\"", "Łód"},
    {"bytes", WRITE, "\"Łódź\"", "!at most 5 bytes"},
    {"bytes", READ, "!at most 5 bytes", "😀ab"},
    {"utf16", BOTH, "\"ab\"", "ab  "},
    {"utf16", BOTH, "\"ab😀\"", "ab😀"},
    {"utf16", BOTH, "\"a😀\"", "a😀 "},
    {"utf16", WRITE, "\"abc😀\"", "!at most 8 bytes"},
    {"utf16", WRITE, "\"abcde\"", "!at most 8 bytes"},
    {"sjis-left", BOTH, "\"日本\"", "  日本"},
    {"sjis-left", BOTH, "\"ab\"", "    ab"},
    {"sjis-left", WRITE, "\"a\\b\"", "!no U+005C"}, /* a fullwidth one would come back */
    {"sjis-left", WRITE, "\"~\"", "!no U+007E"},
    {"jis", BOTH, "\"日本\"", "日本"}, /* ESC $ B, two of two bytes, ESC ( B */
    {"jis", WRITE, "\"日本x\"", "!at most 10 bytes"},
    {"jis", WRITE, "\"😀\"", "!no U+1F600"},
    {"latin1", BOTH, "\"ÿ\u00a0\"", "ÿ\u00a0"},
    {"latin1", WRITE, "\"a\302\205\"", "!no U+0085 that would come back"},
    {"latin1", READ, "!no U+009F that would come back", "\302\237"},
    {"latin1", WRITE, "\"€\"", "!no U+20AC"},
    {"latin1", BOTH, "\"a\tb\"", "a\tb"},
    {"latin1-sql", WRITE, "\"a\x01\"", "a\x01"},
    {"ebcdic", BOTH, "\"Müller [^]{}~\"", "Müller [^]{}~"},
    {"ebcdic", WRITE, "\"a\nb\"", "!no U+000A that would come back"},
    {"ebcdic", WRITE, "\"a\302\205b\"", "!no U+0085"},
    {"ebcdic", BOTH, "\"a\tb\"", "a\tb"},
    {"ebcdic", WRITE, "\"€\"", "!no U+20AC"},
    {"ebcdic-sql", WRITE, "\"a\x1a\"", "!no U+001A that would come back"},
    {"ebcdic-sql", WRITE, "\"a\x01\"", "a\x01"},
    {"ebcdic-de", BOTH, "\"Straße §\"", "Straße §"},
    {"ebcdic-de", WRITE, "\"a\n\"", "!no U+000A"},
    {"ebcdic-jp", BOTH, "\"日本\"", "日本"}, /* SO, two of two bytes, SI */
    {"ebcdic-jp", BOTH, "\"日本ab\"", "日本ab"},
    {"ebcdic-jp", WRITE, "\"日本abc\"", "!at most 8 bytes"},
    {"ebcdic-jp", WRITE, "\"日\302\205\"", "!no U+0085"},
    {"ebcdic-jp", WRITE, "\"日\n\"", "!no U+000A"},
    {"din", BOTH, "\"Müller\"", "Müller"},
    {"din", WRITE, "\"[1]\"", "!no U+005B"},
    {"hebrew", BOTH, "\"שלום\"", "שלום"},
    {"hebrew", WRITE, "\"Łódź\"", "!no U+0141"},

    {"cut3", WRITE, "\"Łódź\"", "Łód"},
    {"cut3", BOTH, "\"Łód\"", "Łód"},
    {"cut3", WRITE, "\"😀😀😀😀\"", "😀😀😀"},
    {"cut3", READ, "!at most 3 characters", "abcd"},
    {"cut3-strict", WRITE, "\"abcd\"", "!would be cut off"},
    {"cut-bytes", WRITE, "\"aŁódź\"", "aŁó"},
    {"cut-bytes", WRITE, "\"ab cdef\"", "ab cd"},
    {"cut-bytes", WRITE, "\"abcd efg\"", "abcd "},
    {"cut-bytes", WRITE, "\"ab  😀\"", "ab   "},
    {"cut-bytes", WRITE, "\"ab \"", "!blanks at its end"},
    {"cut-sjis", WRITE, "\"日本語\"", "日本"},
    {"cut-sjis", WRITE, "\"a日本語\"", "a日本"},
    {"cut-sjis", WRITE, "\"abcdef\"", "abcde"},

    {"seconds", BOTH, "\"1970-01-01T00:00:00Z\"", "0"},
    {"seconds", BOTH, "\"1969-12-31T23:59:59Z\"", "-1"},
    {"seconds", BOTH, "\"0001-01-01T00:00:00Z\"", "-62135596800"},
    {"seconds", BOTH, "\"9999-12-31T23:59:59Z\"", "253402300799"},
    {"seconds", BOTH, "\"2038-01-19T03:14:08Z\"", "2147483648"},
    {"seconds", READ, "\"1970-01-01T00:00:05Z\"", " +0005"},
    {"seconds", READ, "\"1970-01-01T00:00:00Z\"", "-0"},
    {"seconds", READ, "!years 0001 to 9999", "253402300800"},
    {"seconds", READ, "!years 0001 to 9999", "-62135596801"},
    {"seconds", READ, "!whole number of seconds", "9999999999999999"},
    {"seconds", READ, "!whole number of seconds", "1.5"},
    {"seconds", READ, "!whole number of seconds", "1."},
    {"seconds", READ, "!whole number of seconds", "12x"},
    {"seconds", READ, "!whole number of seconds", "-"},
    {"seconds", READ, "!whole number of seconds", "1e3"},
    {"seconds", WRITE, "\"2026-11-20T23:40:01+01:00\"", "1795214401"},
    {"seconds", WRITE, "\"1970-01-01T00:00:00.000Z\"", "0"},
    {"seconds", WRITE, "\"1970-01-01T00:00:00.5Z\"", "!fractions of a second"},
    {"seconds", WRITE, "\"1970-01-01T00:00:00\"", "!with its zone"},
    {"seconds", WRITE, "\"9999-12-31T23:59:59-01:00\"", "!years 0001 to 9999"},
    {"seconds", WRITE, "\"0001-01-01T00:00:00+01:00\"", "!years 0001 to 9999"},
    {"seconds", WRITE, "12", "!a date and time like \"2026-11-20T23:40:01Z\""},
    {"seconds-3", BOTH, "\"1970-01-01T00:00:01.250Z\"", "1.250"},
    {"seconds-3", BOTH, "\"1969-12-31T23:59:59.5Z\"", "-0.5"},
    {"seconds-3", BOTH, "\"1969-12-31T23:59:58.75Z\"", "-1.25"},
    {"seconds-3", BOTH, "\"1969-12-31T23:59:59.001Z\"", "-0.999"},
    {"seconds-3", BOTH, "\"1969-12-31T23:59:59.0Z\"", "-1.0"},
    {"seconds-3", BOTH, "\"1970-01-01T00:00:07Z\"", "7"},
    {"seconds-3", READ, "!at most 3 digits", "1.2345"},
    {"seconds-3", READ, "!at most 3 digits", "1.2a"},
    {"seconds-3", WRITE, "\"1970-01-01T00:00:01.2345Z\"", "!at most 3 digits"},
    {"seconds-3", WRITE, "\"1970-01-01T00:00:01.2340Z\"", "1.234"},
    {"seconds-cut", WRITE, "\"1969-12-31T23:59:59.9Z\"", "-1"},
    {"seconds-cut", WRITE, "\"1970-01-01T00:00:01.9\"", "1"},
    {"millis", BOTH, "\"1970-01-01T00:00:00.000Z\"", "0"},
    {"millis", BOTH, "\"1969-12-31T23:59:59.999Z\"", "-1"},
    {"millis", BOTH, "\"1969-12-31T23:59:59.000Z\"", "-1000"},
    {"millis", BOTH, "\"1969-12-31T23:59:58.999Z\"", "-1001"},
    {"millis", BOTH, "\"9999-12-31T23:59:59.999Z\"", "253402300799999"},
    {"millis", BOTH, "\"0001-01-01T00:00:00.000Z\"", "-62135596800000"},
    {"millis", READ, "!years 0001 to 9999", "253402300800000"},
    {"millis", READ, "!years 0001 to 9999", "-62135596800001"},
    {"millis", READ, "!whole number of milliseconds", "1.0"},
    {"millis", WRITE, "\"1970-01-01T00:00:00.07Z\"", "70"},
    {"millis", WRITE, "\"1970-01-01T00:00:00Z\"", "0"},
    {"millis", WRITE, "\"1970-01-01T00:00:00.0001Z\"", "!at most 3 digits"},

    {"hex", BOTH, "\"AP8Q\"", "00FF10"},
    {"hex", BOTH, "\"AP8=\"", "00FF"},
    {"hex", BOTH, "\"/w==\"", "FF"},
    {"hex", BOTH, "\"++//\"", "FBEFFF"},
    {"hex", BOTH, "\"\"", "<empty>"},
    {"hex", READ, "\"q80=\"", " abCD "},
    {"hex", READ, "!two hexadecimal digits", "ABC"},
    {"hex", READ, "!two hexadecimal digits", "0G"},
    {"hex", READ, "!two hexadecimal digits", "G0"},
    {"hex", READ, "!two hexadecimal digits", "AB CD"},
    {"hex", WRITE, "\"AP9=\"", "!no bits beyond"},
    {"hex", WRITE, "\"/x==\"", "!no bits beyond"},
    {"hex", WRITE, "\"AP8\"", "!a string of base64"},
    {"hex", WRITE, "\"A===\"", "!a string of base64"},
    {"base64", BOTH, "\"AP9=\"", "AP9="},

    {"opaque", BOTH, "\"<a b='1'>x<c/>&amp;&#65;</a>\"", "<a b='1'>x<c/>&amp;&#65;</a>"},
    {"opaque", BOTH, "\"text <b>and</b> tail\"", "text <b>and</b> tail"},
    {"opaque", BOTH, "\"\"", "<empty>"},
    {"opaque", BOTH, "\"<a/><b/>\"", "<a/><b/>"},
    {"opaque", BOTH, "\"<?xml version='1.0' encoding='UTF-8'?><a/>\"",
     "<?xml version='1.0' encoding='UTF-8'?><a/>"},
    {"opaque", WRITE, "\"<a>\"", "!an element without its end"},
    {"opaque", READ, "!an end tag that closes nothing", "<a></b>"},
    {"opaque", WRITE, "\"<!DOCTYPE a><a/>\"", "!a DOCTYPE"},
    {"opaque", WRITE, "1", "!a string"},
    {"opaque-latin1", BOTH, "\"<a>é</a>\"", "<a>é</a>"},
    {"opaque-latin1", WRITE, "\"<a>Ł</a>\"", "!no U+0141"},
    {"opaque-latin1", WRITE, "\"<a>123456</a>\"", "!at most 12 characters"},
    {"codes-wide", BOTH, "\"zz\"", "zz"},
    {"codes-wide", WRITE, "\"zzz\"", "!at most 2"},
    {"codes-wide", WRITE, "\"A\"", "!active, closed"},
};

static void check_row(const sl_codec_t *codec, size_t i, sl_arena_t *arena)
{
  char got[512];
  sl_legacy_t legacy;
  if (rows[i].way & WRITE) {
    write_cell(codec, rows[i].json, arena, &legacy, got);
    if (!matches(got, rows[i].legacy))
      fail_msg("%s writes %s as %s, not %s", rows[i].type, rows[i].json, got, rows[i].legacy);
  }
  if (rows[i].way & READ) {
    bool empty = !strcmp(rows[i].legacy, "<empty>");
    read_cell(codec, legacy_of(empty ? "" : rows[i].legacy), got);
    const char *want = rows[i].json;
    char escaped[512] = "";
    for (size_t k = 0, o = 0; want[k] && o < sizeof escaped - 3; k++) {
      if (want[k] == '\t') escaped[o++] = '\\';
      escaped[o++] = want[k] == '\t' ? 't' : want[k];
      escaped[o] = 0;
    }
    if (!matches(got, escaped))
      fail_msg("%s reads %s as %s, not %s", rows[i].type, rows[i].legacy, got, escaped);
  }
}

static void codec_forms_are_as_the_table_says(void **state)
{
  sl_arena_t *arena = sl_arena_new(0, 0);
  size_t done = 0;
  for (size_t t = 0; t < N(types); t++) {
    char message[256];
    sl_codec_t *codec = sl_codec_new(&types[t].spec, message);
    if (!codec) fail_msg("%s: %s", types[t].name, message);
    for (size_t i = 0; i < N(rows); i++)
      if (!strcmp(rows[i].type, types[t].name)) check_row(codec, i, arena), done++;
    sl_codec_destroy(&codec);
  }
  assert_int_equal(done, N(rows));
  sl_arena_destroy(&arena);
}

/* --- XML
 * ------------------------------------------------------------------------------------------- */

static const char *const well_formed[] = {
    "x",
    "&lt;&gt;&amp;&quot;&apos;",
    "<a/>",
    "<a></a >",
    "<a x=\"1\" y='2'/>",
    "<a x = '\"' />",
    "<!-- c -->",
    "<!---->",
    "<?p?>",
    "<?p q?r?>",
    "<?xml-stylesheet x?>",
    "<![CDATA[<&]]]>",
    "&#x10FFFF;&#9;",
    "<é:à·/>",
    "<a>]]</a>",
    "a>b",
    "<?xml version=\"1.0\"?><!-- c --><a/>\n<?p?>",
    "<?xml version='1.1' standalone='yes' ?><a/>",
    "<?xml version = '1.0' encoding = \"ISO-8859-1\" standalone = 'no'?>\n<a>t</a>",
    "<a xmlns='u' xmlns:b='v'><b:c b:d=''/></a>",
};

static const char *const not_well_formed[] = {
    "<",
    "<a",
    "<a>",
    "</a>",
    "<a></b>",
    "<a></a",
    "<a></a x>",
    "<a/",
    "<a b/>",
    "<a b=/>",
    "<a b=1/>",
    "<a b='1/>",
    "<a b='<'/>",
    "<a b='1' b='2'/>",
    "<a b='1'c='2'/>",
    "<a b='&x;'/>",
    "&",
    "&x;",
    "&lt",
    "&#;",
    "&#x;",
    "&#xG;",
    "&#0;",
    "&#xD800;",
    "&#x110000;",
    "&#99999999999;",
    "]]>",
    "<!--",
    "<!-- -- -->",
    "<!-- --->",
    "<?",
    "<?"
    "?>",
    "<?p",
    "<?p",
    "<?p/?>",
    "<? p?>",
    "<?XML x?>",
    " <?xml version='1.0'?><a/>",
    "<![CDATA[",
    "<![CDATA[]]",
    "<!ELEMENT a>",
    "<!DOCTYPE a>",
    "<1/>",
    "<a:\xc3\x97/>",
    "<-a/>",
    "<?xml?><a/>",
    "<?xml version='2.0'?><a/>",
    "<?xml version='1.'?><a/>",
    "<?xml version='1.x'?><a/>",
    "<?xml version='1.0'?>",
    "<?xml version='1.0'?>x<a/>",
    "<?xml version='1.0'?><a/><b/>",
    "<?xml version='1.0'?><a/>x",
    "<?xml version='1.0'?><a/>&amp;",
    "<?xml version='1.0'?><![CDATA[]]><a/>",
    "<?xml version='1.0' encoding='8x'?><a/>",
    "<?xml version='1.0' encoding=''?><a/>",
    "<?xml version='1.0' standalone='maybe'?><a/>",
    "<?xml version='1.0' x='1'?><a/>",
    "<?xml version='1.0'><a/>",
    "<?xml version=1.0?><a/>",
    "<?xml version='1.0?><a/>",
    "<?xml encoding='UTF-8'?><a/>",
};

static void read_opaque(const sl_codec_t *codec, const char *xml, bool want)
{
  sl_err_t err;
  sl_legacy_t out;
  sl_arena_t *arena = sl_arena_new(0, 0);
  sl_code_t code = sl_codec_write(codec, SL_J_STRING, sl_str(xml), arena, &out, &err);
  if ((code == SL_OK) != want) fail_msg("%.60s is %s", xml, code ? err.text : "taken");
  sl_arena_destroy(&arena);
}

static void codec_opaque_takes_well_formed_xml_and_no_other(void **state)
{
  char message[256], deep[3000] = "", many[8000] = "<a";
  sl_codec_spec_t spec;
  sl_codec_spec_init(&spec, SL_CODEC_OPAQUE, SL_MEDIUM_XML);
  sl_codec_t *codec = sl_codec_new(&spec, message);
  for (size_t i = 0; i < N(well_formed); i++) read_opaque(codec, well_formed[i], true);
  for (size_t i = 0; i < N(not_well_formed); i++) read_opaque(codec, not_well_formed[i], false);
  for (int i = 0; i < 256; i++) strcat(deep, "<a>");
  for (int i = 0; i < 256; i++) strcat(deep, "</a>");
  read_opaque(codec, deep, true);
  memmove(deep + 3, deep, strlen(deep) + 1);
  read_opaque(codec, deep, false);
  for (int i = 0; i < 256; i++) sprintf(many + strlen(many), " b%d=''", i);
  strcat(many, "/>");
  read_opaque(codec, many, true);
  strcpy(many + strlen(many) - 2, " z=''/>");
  read_opaque(codec, many, false);
  sl_codec_destroy(&codec);
}

/* --- what does not go together
 * ------------------------------------------------------------------- */

static const struct {
  sl_codec_spec_t spec;
  const char *message;
} refused[] = {
    {{.kind = SL_CODEC_TEXT, .scale = -1, .unit = SL_UNIT_BYTES}, "unit is for a width of text"},
    {{.kind = SL_CODEC_INTEGER, .scale = -1, .width = 3, .unit = SL_UNIT_BYTES}, "unit is for"},
    {{.kind = SL_CODEC_TEXT, .scale = -1, .overflow = SL_OVERFLOW_TRUNCATE}, "overflow is for"},
    {{.kind = SL_CODEC_INTEGER, .scale = -1, .width = 3, .overflow = SL_OVERFLOW_TRUNCATE},
     "overflow is for text"},
    {{.kind = SL_CODEC_TEXT, .scale = -1, .encoding = SL_ENCODING_HEX}, "encoding is for binary"},
    {{.kind = SL_CODEC_OPAQUE, .scale = -1, .width = 9, .pad = SL_PAD_RIGHT}, "pad is for"},
    {{.kind = SL_CODEC_TEXT, .scale = -1, .charset = "UTF-16"}, "puts a mark"},
    {{.kind = SL_CODEC_TEXT, .scale = -1, .width = 5, .pad = SL_PAD_RIGHT, .charset = "UTF-16LE"},
     "no room for whole blanks"},
    {{.kind = SL_CODEC_DATE, .scale = -1, .pattern = "epoch-seconds"}, "is for datetime"},
    {{.kind = SL_CODEC_DATETIME, .scale = -1, .pattern = "epoch-millis", .window = 1950},
     "window says nothing"},
    {{.kind = SL_CODEC_DATETIME, .scale = -1, .pattern = "epoch-millis", .ambiguous = "later"},
     "ambiguous says nothing"},
    {{.kind = SL_CODEC_DATETIME, .scale = 10, .pattern = "epoch-seconds"}, "scale is at most 9"},
    {{.kind = SL_CODEC_DATETIME, .scale = 3, .pattern = "epoch-millis"}, "scale is for"},
    {{.kind = SL_CODEC_DECIMAL,
      .scale = 2,
      .medium = SL_MEDIUM_SQL,
      .sql_type = "DECIMAL",
      .sign = SL_SIGN_OVERPUNCH},
     "sign=\"overpunch\" needs a column of characters"},
    {{.kind = SL_CODEC_DECIMAL,
      .scale = 2,
      .medium = SL_MEDIUM_SQL,
      .sql_type = "NUMERIC",
      .sign = SL_SIGN_TRAILING},
     "sign=\"trailing\" needs a column of characters"},
};

static void codec_new_names_what_does_not_go_together(void **state)
{
  for (size_t i = 0; i < N(refused); i++) {
    char message[256];
    assert_null(sl_codec_new(&refused[i].spec, message));
    if (!strstr(message, refused[i].message))
      fail_msg("message is \"%s\", not \"%s\"", message, refused[i].message);
  }
}

static void codec_writes_numbers_only_when_all_its_spellings_are(void **state)
{
  static const struct {
    const char *type;
    bool numbers;
  } of[] = {
      {"zoned", false}, {"seconds", true}, {"millis", true}, {"trailing", false}, {"hex", false}};
  for (size_t i = 0; i < N(of); i++)
    for (size_t t = 0; t < N(types); t++) {
      char message[256];
      if (strcmp(of[i].type, types[t].name)) continue;
      sl_codec_t *codec = sl_codec_new(&types[t].spec, message);
      assert_int_equal(sl_codec_writes_numbers(codec), of[i].numbers);
      sl_codec_destroy(&codec);
    }
}

/* A system that is not asked puts "?" for what it does not have. */
static void codec_unguarded_writes_a_question_mark_for_an_unknown_character(void **state)
{
  static const char *const charsets[] = {"ISO-8859-1", "SHIFT_JIS", "IBM037"};
  sl_arena_t *arena = sl_arena_new(0, 0);
  for (size_t i = 0; i < N(charsets); i++) {
    sl_codec_spec_t spec;
    sl_legacy_t out;
    char got[512], message[256];
    sl_codec_spec_init(&spec, SL_CODEC_TEXT, SL_MEDIUM_XML);
    spec.charset = charsets[i];
    spec.unguarded = true;
    sl_codec_t *codec = sl_codec_new(&spec, message);
    write_cell(codec, "\"a😀b\"", arena, &out, got);
    assert_string_equal(got, "a?b");
    write_cell(codec, "\"ab\"", arena, &out, got);
    assert_string_equal(got, "ab");
    sl_codec_destroy(&codec);
  }
  sl_arena_destroy(&arena);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codec_forms_are_as_the_table_says),
      cmocka_unit_test(codec_opaque_takes_well_formed_xml_and_no_other),
      cmocka_unit_test(codec_new_names_what_does_not_go_together),
      cmocka_unit_test(codec_writes_numbers_only_when_all_its_spellings_are),
      cmocka_unit_test(codec_unguarded_writes_a_question_mark_for_an_unknown_character),
  };
  return cmocka_run_group_tests_name("codec-forms", tests, NULL, NULL);
}
