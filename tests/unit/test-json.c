/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/json.h"
#include "core/jsonw.h"

/* One text and its tokens, spelled: { } [ ] as they are, K and S with the unescaped text in <>,
 * N with the digits, T F Z for the literals, $ for the end; a refusal is !line:col, or !!line:col
 * when it is for a limit. */
typedef struct row {
  const char *text;
  size_t len; /* 0: up to the NUL */
  const char *tokens;
} row_t;

#define RAW(lit) (lit), sizeof(lit) - 1

static const row_t rows[] = {
    {"{}", 0, "{}$"},
    {"[]", 0, "[]$"},
    {" [ ] ", 0, "[]$"},
    {"[]\n\n ", 0, "[]$"},
    {"true", 0, "T$"},
    {" false\r\n", 0, "F$"},
    {"\tnull", 0, "Z$"},
    {"\"\"", 0, "S<>$"},
    {"\"abc\"", 0, "S<abc>$"},
    {"12", 0, "N<12>$"},
    {"-0.00", 0, "N<-0.00>$"},
    {"12345678901234567.8900", 0, "N<12345678901234567.8900>$"},
    {"[1234567890123456789012345678901234567890]", 0,
     "[N<1234567890123456789012345678901234567890>]$"},
    {"[0,-1,1e5,1E+5,1.5e-10,-0]", 0, "[N<0>N<-1>N<1e5>N<1E+5>N<1.5e-10>N<-0>]$"},
    {"{\"a\":1,\"b\":[true,false,null],\"\":{}}", 0, "{K<a>N<1>K<b>[TFZ]K<>{}}$"},
    {"{\"a\":1,\"a\":2}", 0, "{K<a>N<1>K<a>N<2>}$"},
    {"[[[]],{\"x\":{\"y\":[]}}]", 0, "[[[]]{K<x>{K<y>[]}}]$"},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 0, "S<\"\\/\b\f\n\r\t>$"},
    {"\"a\\u0041\\u00e9\\u20AC\\ud834\\udd1e!\"", 0, "S<aA\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e!>$"},
    {"\"\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e\x7f\"", 0,
     "S<\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e\x7f>$"},
    {"\"\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\"", 0,
     "S<\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80>$"},
    {"[\"a plain text that is longer than eight bytes\"]", 0,
     "[S<a plain text that is longer than eight bytes>]$"},
    {"{\"\\u006bey\":\"\\uFFFF\"}", 0, "{K<key>S<\xef\xbf\xbf>}$"},
    /* what the grammar refuses, and where */
    {" ", 0, "!1:2"},
    {"[", 0, "[!1:2"},
    {"[1", 0, "[N<1>!1:3"},
    {"[1,]", 0, "[N<1>!1:4"},
    {"[,1]", 0, "[!1:2"},
    {"[1 2]", 0, "[N<1>!1:4"},
    {"[1}", 0, "[N<1>!1:3"},
    {"{]", 0, "{!1:2"},
    {"{\"a\"}", 0, "{K<a>!1:5"},
    {"{\"a\":}", 0, "{K<a>!1:6"},
    {"{\"a\":1,}", 0, "{K<a>N<1>!1:8"},
    {"{a:1}", 0, "{!1:2"},
    {"{'a':1}", 0, "{!1:2"},
    {"{\"a\":1 \"b\"}", 0, "{K<a>N<1>!1:8"},
    {"{\"a\"\n:\n\n   ?", 0, "{K<a>!4:4"},
    {"[]x", 0, "[]!1:3"},
    {"1 2", 0, "N<1>!1:3"},
    {"]", 0, "!1:1"},
    {"tru", 0, "!1:4"},
    {"trux", 0, "!1:4"},
    {"True", 0, "!1:1"},
    {"nullx", 0, "Z!1:5"},
    {"NaN", 0, "!1:1"},
    {"[-]", 0, "[!1:3"},
    {"[+1]", 0, "[!1:2"},
    {"[01]", 0, "[!1:3"},
    {"[-01]", 0, "[!1:4"},
    {"[.5]", 0, "[!1:2"},
    {"[5.]", 0, "[!1:4"},
    {"[5.e1]", 0, "[!1:4"},
    {"[1e]", 0, "[!1:4"},
    {"[1e+]", 0, "[!1:5"},
    {"[0x1]", 0, "[N<0>!1:3"},
    {"-", 0, "!1:2"},
    {"1.", 0, "!1:3"},
    {"\"abc", 0, "!1:5"},
    {"\"ab\\", 0, "!1:5"},
    {"\"\\x\"", 0, "!1:3"},
    {RAW("\"\\\0\""), "!1:3"},
    {"\"\\u12G4\"", 0, "!1:6"},
    {"\"a\nb\"", 0, "!1:3"},
    {RAW("\"a\0b\""), "!1:3"},
    {RAW("[\0]"), "[!1:2"},
    {"\"\\ud834\"", 0, "!1:8"},
    {"\"\\ud834x\"", 0, "!1:8"},
    {"\"\\ud834\\n\"", 0, "!1:9"},
    {"\"\\ud834\\ud834\"", 0, "!1:13"},
    {"\"\\udd1e\"", 0, "!1:7"},
    {"\xef\xbb\xbf{}", 0, "!1:1"},
    {"\"\x80\"", 0, "!1:2"},
    {"\"\xc0\xaf\"", 0, "!1:2"},
    {"\"\xe0\x80\x80\"", 0, "!1:3"},
    {"\"\xed\xa0\x80\"", 0, "!1:3"},
    {"\"\xf4\x90\x80\x80\"", 0, "!1:3"},
    {"\"\xf5\x80\x80\x80\"", 0, "!1:2"},
    {"\"\xe2\x82\"", 0, "!1:4"},
    {"\"\xe2\x82", 0, "!1:4"},
    {"[1,\n  2,\n  oops]", 0, "[N<1>N<2>!3:3"},
};

static size_t row_len(const row_t *row)
{
  return row->len ? row->len : strlen(row->text);
}

static void spell(sl_buf_t *out, const sl_json_t *reader, const sl_json_token_t *tok)
{
  static const char letters[] = "${}[]KSNTFZ";
  if (tok->kind == SL_JSON_ERROR) {
    const sl_err_t *err = sl_json_error(reader);
    sl_buf_printf(out, "%s%d:%d", err->code == SL_TOO_LARGE ? "!!" : "!", err->line, err->col);
    return;
  }
  sl_buf_addc(out, letters[tok->kind]);
  if (tok->kind < SL_JSON_KEY || tok->kind > SL_JSON_NUMBER) return;
  sl_buf_addc(out, '<');
  sl_buf_adds(out, tok->text);
  sl_buf_addc(out, '>');
}

/* Reads text in pieces of step bytes, the first of `first`; every piece in memory of its own, so
 * that a sanitizer sees a look beyond its end. */
static void read_pieces(const char *text, size_t len, size_t first, size_t step,
                        const sl_json_limits_t *limits, bool places, sl_buf_t *out)
{
  sl_json_t reader;
  sl_json_token_t tok;
  sl_json_init(&reader, limits);
  size_t at = 0, n = first < len ? first : len;
  do {
    char *piece = malloc(n ? n : 1);
    memcpy(piece, text + at, n);
    at += n;
    sl_json_feed(&reader, piece, n, at == len);
    while (sl_json_next(&reader, &tok) != SL_JSON_MORE) {
      spell(out, &reader, &tok);
      if (places && tok.kind > SL_JSON_ERROR) sl_buf_printf(out, "@%u:%u ", tok.line, tok.col);
      if (tok.kind <= SL_JSON_END) break;
      if (tok.stable) {
        assert_true(tok.text.p >= piece && tok.text.p + tok.text.len <= piece + n);
      }
    }
    free(piece);
    n = len - at < step ? len - at : step;
  } while (tok.kind == SL_JSON_MORE);
  sl_json_fini(&reader);
}

static void json_text_whole_gives_tokens(void **state)
{
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_buf_t out;
    sl_buf_init(&out, 0);
    read_pieces(rows[i].text, row_len(&rows[i]), row_len(&rows[i]), 1, NULL, false, &out);
    assert_string_equal(sl_buf_z(&out), rows[i].tokens);
    sl_buf_fini(&out);
  }
}

/* Splits at every byte, and byte by byte: the same tokens at the same places. */
static void json_text_in_pieces_gives_the_same(void **state)
{
  static const sl_json_limits_t limits[] = {{0}, {.max_depth = 2}, {.max_token = 3}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (size_t l = 0; l < 3; l++) {
      const char *text = rows[i].text;
      size_t len = row_len(&rows[i]);
      sl_buf_t whole, split;
      sl_buf_init(&whole, 0);
      sl_buf_init(&split, 0);
      read_pieces(text, len, len, 1, &limits[l], true, &whole);
      for (size_t at = 0; at <= len; at++) {
        sl_buf_clear(&split);
        read_pieces(text, len, at, at % 2 ? len : 1, &limits[l], true, &split);
        assert_string_equal(sl_buf_z(&split), sl_buf_z(&whole));
      }
      sl_buf_fini(&whole);
      sl_buf_fini(&split);
    }
}

static void json_plain_string_is_a_stable_slice(void **state)
{
  static const char text[] = "[\"plain\",12,\"esc\\n\"]";
  static const bool stable[] = {true, true, false};
  sl_json_t reader;
  sl_json_token_t tok;
  sl_json_init(&reader, NULL);
  sl_json_feed(&reader, text, sizeof text - 1, true);
  assert_int_equal(sl_json_next(&reader, &tok), SL_JSON_ARRAY);
  for (size_t i = 0; i < 3; i++) {
    assert_true(sl_json_next(&reader, &tok) > 0);
    assert_int_equal(tok.stable, stable[i]);
    assert_int_equal(tok.text.p > text && tok.text.p < text + sizeof text, stable[i]);
  }
  sl_json_fini(&reader);
}

static void json_token_tells_where_it_starts(void **state)
{
  static const char text[] = "{\n  \"a\": \"x\",\n\t\"b\" : [1,\n22]}";
  static const char *const places = "{@1:1 K<a>@2:3 S<x>@2:8 K<b>@3:2 [@3:8 N<1>@3:9 N<22>@4:1 "
                                    "]@4:3 }@4:4 $@4:5 ";
  sl_buf_t out;
  sl_buf_init(&out, 0);
  read_pieces(text, sizeof text - 1, 1, 1, NULL, true, &out);
  assert_string_equal(sl_buf_z(&out), places);
  sl_buf_fini(&out);
}

typedef struct limit_row {
  const char *text;
  sl_json_limits_t limits;
  const char *tokens;
} limit_row_t;

static const limit_row_t limit_rows[] = {
    {"[[1]]", {.max_depth = 2}, "[[N<1>]]$"},
    {"[[[1]]]", {.max_depth = 2}, "[[!!1:3"},
    {"{\"a\":{}}", {.max_depth = 1}, "{K<a>!!1:6"},
    {"[\"abc\"]", {.max_token = 3}, "[S<abc>]$"},
    {"[\"abcd\"]", {.max_token = 3}, "[!!1:2"},
    {"[\"ab\\u00e9\"]", {.max_token = 3}, "[!!1:2"},
    {"[\"a\\u00e9\"]", {.max_token = 3}, "[S<a\xc3\xa9>]$"},
    {"[\"ab\xc3\xa9\"]", {.max_token = 3}, "[!!1:2"},
    {"{\"abcd\":1}", {.max_token = 3}, "{!!1:2"},
    {"[123,1234]", {.max_token = 3}, "[N<123>!!1:6"},
    {"1234", {.max_token = 3}, "!!1:1"},
    {"123", {.max_token = 3}, "N<123>$"},
};

static void json_over_a_limit_is_too_large(void **state)
{
  for (size_t i = 0; i < sizeof limit_rows / sizeof *limit_rows; i++)
    for (size_t first = 0; first <= strlen(limit_rows[i].text); first++) {
      sl_buf_t out;
      sl_buf_init(&out, 0);
      const limit_row_t *row = &limit_rows[i];
      read_pieces(row->text, strlen(row->text), first, 1, &row->limits, false, &out);
      assert_string_equal(sl_buf_z(&out), row->tokens);
      sl_buf_fini(&out);
    }
}

/* More levels than the reader holds without allocating, alternating, and back. */
static void json_deep_text_keeps_its_levels(void **state)
{
  enum { LEVELS = 3000 };
  sl_buf_t text;
  sl_buf_init(&text, 0);
  for (int i = 0; i < LEVELS; i++) sl_buf_addz(&text, i % 3 ? "[" : "{\"k\":");
  sl_buf_addz(&text, "0");
  for (int i = LEVELS; i-- > 0;) sl_buf_addz(&text, i % 3 ? "]" : "}");
  sl_json_limits_t limits = {.max_depth = LEVELS};
  sl_json_t reader;
  sl_json_token_t tok;
  sl_json_init(&reader, &limits);
  sl_json_feed(&reader, text.p, text.len, true);
  int n = 0;
  while (sl_json_next(&reader, &tok) > SL_JSON_END) n++;
  assert_int_equal(tok.kind, SL_JSON_END);
  assert_int_equal(n, 2 * LEVELS + LEVELS / 3 + 1);
  sl_json_reset(&reader);
  sl_json_feed(&reader, "[}", 2, true);
  assert_int_equal(sl_json_next(&reader, &tok), SL_JSON_ARRAY);
  assert_int_equal(sl_json_next(&reader, &tok), SL_JSON_ERROR);
  assert_int_equal(sl_json_next(&reader, &tok), SL_JSON_ERROR);
  sl_json_fini(&reader);
  sl_buf_fini(&text);
}

static void json_default_depth_is_256(void **state)
{
  char text[257];
  memset(text, '[', sizeof text);
  sl_json_t reader;
  sl_json_token_t tok;
  sl_json_init(&reader, NULL);
  sl_json_feed(&reader, text, sizeof text, true);
  for (int i = 0; i < 256; i++) assert_int_equal(sl_json_next(&reader, &tok), SL_JSON_ARRAY);
  assert_int_equal(sl_json_next(&reader, &tok), SL_JSON_ERROR);
  assert_int_equal(sl_json_error(&reader)->code, SL_TOO_LARGE);
  sl_json_fini(&reader);
}

static void json_skip_reads_over_a_value_in_pieces(void **state)
{
  static const char text[] = "{\"a\":{\"x\":[1,{\"y\":\"}\"}],\"z\":null},\"b\":7}";
  sl_json_t reader;
  sl_json_token_t tok;
  sl_json_init(&reader, NULL);
  uint32_t depth = 0;
  sl_json_kind_t kind = SL_JSON_MORE;
  size_t at = 0;
  while (at < sizeof text - 1) { /* byte by byte up to the end of a's value */
    sl_json_feed(&reader, text + at, 1, at == sizeof text - 2);
    at++;
    if (depth == 0 && (kind = sl_json_next(&reader, &tok)) == SL_JSON_OBJECT) {
      if (at > 1) depth = 1;
    } else if (depth && sl_json_skip(&reader, &depth) == SL_JSON_END) {
      break;
    }
  }
  assert_int_equal(text[at], ',');
  sl_json_feed(&reader, text + at, sizeof text - 1 - at, true);
  assert_int_equal(sl_json_next(&reader, &tok), SL_JSON_KEY);
  assert_true(sl_str_eqz(tok.text, "b"));
  depth = 1; /* the rest of the outer object */
  assert_int_equal(sl_json_skip(&reader, &depth), SL_JSON_END);
  assert_int_equal(sl_json_next(&reader, &tok), SL_JSON_END);
  sl_json_fini(&reader);
}

static void json_is_number_follows_the_grammar(void **state)
{
  static const char *const yes[] = {"0", "-0", "10", "-1.50", "1e9", "1E-09", "0.0e+0"};
  static const char *const no[] = {"", "-", "01", "+1", "1.", ".1", "1e", " 1", "1 ", "1,5", "0x1"};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
    assert_true(sl_json_is_number(sl_str(yes[i])));
  for (size_t i = 0; i < sizeof no / sizeof *no; i++)
    assert_false(sl_json_is_number(sl_str(no[i])));
}

typedef struct utf8_row {
  const char *text;
  bool valid;
} utf8_row_t;

static void utf8_valid_refuses_what_rfc3629_refuses(void **state)
{
  static const utf8_row_t table[] = {
      {"", true},
      {"plain ascii, longer than eight", true},
      {"plain ascii, then \xc5\x81\xc3\xb3"
       "d\xc5\xba",
       true},
      {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", true},
      {"\x80", false},
      {"12345678\xff", false},
      {"\xc1\xbf", false},
      {"\xe0\x9f\xbf", false},
      {"\xed\xa0\x80", false},
      {"\xf0\x8f\xbf\xbf", false},
      {"\xf4\x90\x80\x80", false},
      {"\xe2\x82", false},
      {"\xe2\x28\xa1", false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    assert_int_equal(sl_utf8_valid(table[i].text, strlen(table[i].text)), table[i].valid);
}

static void json_quoted_text_reads_back(void **state)
{
  char text[256];
  for (int i = 0; i < 128; i++) text[i] = (char)i;
  memcpy(text + 128, "\xc5\x81\xe2\x82\xac\xf0\x9d\x84\x9e", 9);
  sl_buf_t out;
  sl_buf_init(&out, 0);
  sl_json_quote(&out, sl_strn(text, 137));
  sl_json_t reader;
  sl_json_token_t tok;
  sl_json_init(&reader, NULL);
  sl_json_feed(&reader, out.p, out.len, true);
  assert_int_equal(sl_json_next(&reader, &tok), SL_JSON_STRING);
  assert_true(sl_str_eq(tok.text, sl_strn(text, 137)));
  sl_json_fini(&reader);
  sl_buf_fini(&out);
}

static void jsonw_values_are_separated_by_commas(void **state)
{
  sl_buf_t out;
  sl_jsonw_t w;
  sl_buf_init(&out, 0);
  sl_jsonw_init(&w, &out);
  sl_jsonw_object(&w);
  sl_jsonw_key(&w, "a");
  sl_jsonw_array(&w);
  sl_jsonw_int(&w, INT64_MIN);
  sl_jsonw_bool(&w, true);
  sl_jsonw_null(&w);
  sl_jsonw_object(&w);
  sl_jsonw_object_end(&w);
  sl_jsonw_array(&w);
  sl_jsonw_array_end(&w);
  sl_jsonw_array_end(&w);
  sl_jsonw_keys(&w, sl_str("b\"\x01"));
  sl_jsonw_raw(&w, sl_str("-0.00"));
  sl_jsonw_key(&w, "c");
  sl_jsonw_z(&w, "\t/");
  sl_jsonw_object_end(&w);
  assert_string_equal(sl_buf_z(&out), "{\"a\":[-9223372036854775808,true,null,{},[]],"
                                      "\"b\\\"\\u0001\":-0.00,\"c\":\"\\t/\"}");
  sl_buf_fini(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(json_text_whole_gives_tokens),
      cmocka_unit_test(json_text_in_pieces_gives_the_same),
      cmocka_unit_test(json_plain_string_is_a_stable_slice),
      cmocka_unit_test(json_token_tells_where_it_starts),
      cmocka_unit_test(json_over_a_limit_is_too_large),
      cmocka_unit_test(json_deep_text_keeps_its_levels),
      cmocka_unit_test(json_default_depth_is_256),
      cmocka_unit_test(json_skip_reads_over_a_value_in_pieces),
      cmocka_unit_test(json_is_number_follows_the_grammar),
      cmocka_unit_test(utf8_valid_refuses_what_rfc3629_refuses),
      cmocka_unit_test(json_quoted_text_reads_back),
      cmocka_unit_test(jsonw_values_are_separated_by_commas),
  };
  return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
