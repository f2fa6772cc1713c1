/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The wire form: the examples of docs/protocol.md are the golden headers, and what the page calls
 * void is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/proto.h"

static sl_arena_t *arena;

static int setup(void **state)
{
  arena = sl_arena_new(0, 16 << 20);
  return arena ? 0 : -1;
}

static int teardown(void **state)
{
  sl_arena_destroy(&arena);
  return 0;
}

static sl_code_t decode(const char *text, sl_bus_header_t *header)
{
  sl_err_t err = {0};
  return sl_bus_decode(sl_str(text), arena, header, &err);
}

/* --- the page -------------------------------------------------------------------------------- */

static char *read_page(void)
{
  char path[512];
  const char *source = getenv("SL_SOURCE");
  snprintf(path, sizeof path, "%s/docs/protocol.md", source ? source : "..");
  FILE *f = fopen(path, "r");
  if (!f) fail_msg("%s is missing", path);
  char *text = calloc(1, 1 << 20);
  assert_non_null(text);
  assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
  fclose(f);
  return text;
}

/* Without the white space between tokens: as the encoder writes it. */
static void compact(const char *text, size_t len, sl_buf_t *out)
{
  bool in_string = false;
  for (size_t i = 0; i < len; i++) {
    if (!in_string && strchr(" \n", text[i])) continue;
    if (text[i] == '"' && (i == 0 || text[i - 1] != '\\')) in_string = !in_string;
    sl_buf_addc(out, text[i]);
  }
}

static void encode_example(const char *what, sl_str_t example, sl_buf_t *out, unsigned *kinds)
{
  sl_err_t err = {0};
  sl_bus_header_t header;
  sl_bus_offer_t offer, *offers;
  size_t n;
  if (strncmp(what, "header", 6) == 0) {
    if (sl_bus_decode(example, arena, &header, &err) != SL_OK) fail_msg("%s", err.text);
    *kinds |= 1u << header.kind;
    sl_bus_encode(&header, out);
  } else if (strncmp(what, "offers", 6) == 0) {
    if (sl_bus_offers_decode(example, arena, &offers, &n, &err) != SL_OK) fail_msg("%s", err.text);
    sl_buf_addc(out, '[');
    for (size_t i = 0; i < n; i++) {
      if (i) sl_buf_addc(out, ',');
      sl_bus_offer_encode(&offers[i], out);
    }
    sl_buf_addc(out, ']');
  } else {
    if (sl_bus_offer_decode(example, arena, &offer, &err) != SL_OK) fail_msg("%s", err.text);
    sl_bus_offer_encode(&offer, out);
  }
}

static void page_examples_decode_and_encode_to_themselves(void **state)
{
  char *page = read_page();
  unsigned kinds = 0;
  size_t n = 0;
  for (char *at = page; (at = strstr(at, "```json "));) {
    char *what = at + 8, *text = strchr(what, '\n') + 1, *end = strstr(text, "```");
    sl_buf_t want, got;
    sl_buf_init(&want, 0);
    sl_buf_init(&got, 0);
    assert_non_null(end);
    compact(text, (size_t)(end - text), &want);
    encode_example(what, sl_strn(text, (size_t)(end - text)), &got, &kinds);
    assert_string_equal(sl_buf_z(&got), sl_buf_z(&want));
    sl_buf_fini(&want);
    sl_buf_fini(&got);
    at = end + 3;
    n++;
  }
  assert_true(n >= 18);
  assert_int_equal(kinds, (1u << (SL_BUS_GONE + 1)) - 1); /* every kind has one */
  free(page);
}

/* --- what is refused ------------------------------------------------------------------------- */

static void refused_headers(void **state)
{
  static const struct {
    const char *text, *why;
  } rows[] = {
      {"", "ends too early"},
      {"[]", "an object expected"},
      {"{}", "no version"},
      {"{\"v\":1}", "no kind"},
      {"{\"kind\":\"subscribe\"}", "no version"},
      {"{\"v\":2,\"kind\":\"subscribe\"}", "version 2 is not spoken here"},
      {"{\"v\":\"1\",\"kind\":\"subscribe\"}", "a whole number"},
      {"{\"v\":1,\"kind\":\"shout\"}", "unknown kind"},
      {"{\"v\":1,\"kind\":\"call\",\"operation\":\"a.b\"}", "a call needs id"},
      {"{\"v\":1,\"kind\":\"call\",\"id\":\"1\"}", "a call needs operation"},
      {"{\"v\":1,\"kind\":\"gone\"}", "a gone needs instance"},
      {"{\"v\":1,\"kind\":\"cancel\",\"id\":7}", "a string expected"},
      {"{\"v\":1,\"kind\":\"credit\",\"id\":\"1\",\"bytes\":-1}", "a whole number"},
      {"{\"v\":1,\"kind\":\"credit\",\"id\":\"1\",\"bytes\":1.5}", "a whole number"},
      {"{\"v\":1,\"kind\":\"credit\",\"id\":\"1\",\"bytes\":9007199254740993}", "a whole number"},
      {"{\"v\":1,\"kind\":\"reply\",\"id\":\"1\",\"status\":1000}", "above 999"},
      {"{\"v\":1,\"kind\":\"reply\",\"id\":\"1\",\"more\":1}", "true or false"},
      {"{\"v\":1,\"kind\":\"reply\",\"id\":\"1\",\"more\":null}", "true or false"},
      {"{\"v\":1,\"kind\":\"reply\",\"id\":\"1\",\"load\":-0.5}", "≥ 0"},
      {"{\"v\":1,\"kind\":\"reply\",\"id\":\"1\",\"load\":1e300}", "below 1e9"},
      {"{\"v\":1,\"kind\":\"reply\",\"id\":\"1\",\"headers\":{}}", "an array"},
      {"{\"v\":1,\"kind\":\"reply\",\"id\":\"1\",\"headers\":[[\"a\"]]}", "a string"},
      {"{\"v\":1,\"kind\":\"reply\",\"id\":\"1\",\"headers\":[[\"a\",\"b\",\"c\"]]}",
       "a pair has two"},
      {"{\"v\":1,\"kind\":\"reply\",\"id\":\"1\",\"headers\":[\"a\"]}", "a pair"},
      {"{\"v\":1,\"kind\":\"reply\",\"id\":\"1\",\"problem\":[]}", "an object"},
      {"{\"v\":1,\"kind\":\"subscribe\"} {}", "header"},
      {"{\"v\":1,\"kind\":\"subscribe\",}", "header"},
      {"{\"v\":1,\"kind\":\"subscribe\",\"x\":\"\xff\"}", "header"},
      {"{\"v\":1,\"kind\":\"subscribe\"", "ends"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_bus_header_t header;
    sl_err_t err = {0};
    sl_code_t code = sl_bus_decode(sl_str(rows[i].text), arena, &header, &err);
    if (code == SL_OK) fail_msg("accepted: %s", rows[i].text);
    assert_int_equal(code, SL_INVALID);
    assert_int_equal(err.code, code);
    if (!strstr(err.text, rows[i].why)) fail_msg("%s: %s", rows[i].text, err.text);
  }
}

static void unknown_members_are_ignored(void **state)
{
  sl_bus_header_t header;
  assert_int_equal(decode("{\"new\":{\"a\":[1,{\"b\":null}]},\"v\":1,\"kind\":\"reply\",\"id\":"
                          "\"1\",\"later\":[],\"problem\":{\"category\":\"of-tomorrow\",\"x\":[]},"
                          "\"status\":200}",
                          &header),
                   SL_OK);
  assert_int_equal(header.status, 200);
  assert_int_equal(header.problem.code, SL_BUG);
}

static void bounds_are_kept(void **state)
{
  sl_bus_header_t header;
  sl_buf_t text;
  sl_buf_init(&text, 0);
  sl_buf_addz(&text, "{\"v\":1,\"kind\":\"call\",\"id\":\"1\",\"operation\":\"a.b\",\"args\":[");
  size_t head_len = text.len;
  for (int i = 0; i < SL_BUS_MAX_PAIRS; i++)
    sl_buf_addz(&text, i ? ",[\"a\",\"b\"]" : "[\"a\",\"b\"]");
  size_t full_len = text.len;
  sl_buf_addz(&text, "]}");
  assert_int_equal(decode(sl_buf_z(&text), &header), SL_OK);
  assert_int_equal(header.n_args, SL_BUS_MAX_PAIRS);
  assert_true(sl_str_eqz(header.args[SL_BUS_MAX_PAIRS - 1].value, "b"));
  text.len = full_len;
  sl_buf_addz(&text, ",[\"a\",\"b\"]]}");
  assert_int_equal(decode(sl_buf_z(&text), &header), SL_TOO_LARGE);
  text.len = head_len;
  sl_buf_addz(&text, "[\"a\",\"");
  while (text.len < SL_BUS_MAX_HEADER) sl_buf_addc(&text, 'x');
  sl_buf_addz(&text, "\"]]}");
  assert_int_equal(decode(sl_buf_z(&text), &header), SL_TOO_LARGE);
  sl_buf_clear(&text);
  sl_buf_addz(&text, "{\"v\":1,\"kind\":\"cancel\",\"id\":\"");
  for (int i = 0; i < SL_BUS_MAX_ID + 1; i++) sl_buf_addc(&text, 'x');
  sl_buf_addz(&text, "\"}");
  assert_int_equal(decode(sl_buf_z(&text), &header), SL_TOO_LARGE);
  sl_buf_fini(&text);
}

static void refused_offers(void **state)
{
  static const char *const rows[] = {
      "",
      "[]",
      "{}",
      "{\"instance\":\"a\",\"incarnation\":\"b\"}",
      "{\"v\":2,\"instance\":\"a\",\"incarnation\":\"b\",\"system\":\"c\"}",
      "{\"instance\":\"a\",\"incarnation\":\"b\",\"system\":\"c\",\"operations\":[{}]}",
      "{\"instance\":\"a\",\"incarnation\":\"b\",\"system\":\"c\",\"operations\":[7]}",
      "{\"instance\":\"a\",\"incarnation\":\"b\",\"system\":\"c\",\"endpoints\":\"ipc:///x\"}",
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    sl_bus_offer_t offer;
    if (sl_bus_offer_decode(sl_str(rows[i]), arena, &offer, NULL) == SL_OK)
      fail_msg("accepted: %s", rows[i]);
  }
}

/* --- text ------------------------------------------------------------------------------------ */

static void text_survives_the_way(void **state)
{
  sl_bus_pair_t pairs[] = {{SL_STR("query:name"), SL_STR("Łódź \"x\" \\ \n\t\x01")},
                           {SL_STR("query:name"), SL_STR("")}};
  sl_bus_header_t out, in = {.kind = SL_BUS_CALL,
                             .id = SL_STR("1"),
                             .operation = SL_STR("a.b"),
                             .args = pairs,
                             .n_args = 2};
  sl_buf_t text;
  sl_buf_init(&text, 0);
  sl_bus_encode(&in, &text);
  assert_int_equal(decode(sl_buf_z(&text), &out), SL_OK);
  assert_int_equal(out.n_args, 2);
  assert_true(sl_str_eq(out.args[0].value, pairs[0].value));
  assert_int_equal(out.args[1].value.len, 0);
  sl_buf_fini(&text);
}

static void broken_utf8_is_sent_as_replacement(void **state)
{
  sl_bus_header_t out, in = {.kind = SL_BUS_REPLY, .id = SL_STR("1"), .status = 200};
  in.wire = sl_str("a\xff\xc5\x81\xe2\x82z");
  sl_buf_t text;
  sl_buf_init(&text, 0);
  sl_bus_encode(&in, &text);
  assert_int_equal(decode(sl_buf_z(&text), &out), SL_OK);
  assert_true(sl_str_eqz(out.wire, "a\xEF\xBF\xBD\xc5\x81\xEF\xBF\xBD\xEF\xBF\xBDz"));
  sl_buf_fini(&text);
}

static void long_problem_text_is_cut_between_characters(void **state)
{
  sl_bus_header_t header;
  sl_buf_t text;
  sl_buf_init(&text, 0);
  sl_buf_addz(&text, "{\"v\":1,\"kind\":\"reply\",\"id\":\"1\",\"problem\":{\"system\":\"");
  for (int i = 0; i < 40; i++) sl_buf_addz(&text, "Ł"); /* 80 bytes into 64 */
  sl_buf_addz(&text, "\"}}");
  assert_int_equal(decode(sl_buf_z(&text), &header), SL_OK);
  assert_int_equal(strlen(header.problem.system), 62);
  sl_buf_fini(&text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
  const struct CMUnitTest tests[] = {
      CASE(page_examples_decode_and_encode_to_themselves),
      CASE(refused_headers),
      CASE(unknown_members_are_ignored),
      CASE(bounds_are_kept),
      CASE(refused_offers),
      CASE(text_survives_the_way),
      CASE(broken_utf8_is_sent_as_replacement),
      CASE(long_problem_text_is_cut_between_characters),
  };
  return cmocka_run_group_tests_name("proto", tests, NULL, NULL);
}
