/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Answers made to hurt: each ends with an error of the right category, in bounded memory and time,
 * whether it comes whole or in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "mappings/engine/run.h"

#define HEAD                                                                                       \
  "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>"                     \
  "<CapitalCityResponse xmlns=\"urn:test:country\">"

/* What a message's arena may hold here, and what the process may grow by while a hostile message is
 * read in pieces: libxml2 gives up at 10 MB of one name, text or tag, and doubles its buffers. */
enum { ARENA_CAP = 4 << 20, MAX_GROWTH_KB = 64 * 1024 };

static sl_mapping_t *mapping;

static int setup(void **state)
{
  (void)state;
  char path[1024];
  const char *source = getenv("SL_SOURCE");
  snprintf(path, sizeof path, "%s/tests/golden/mapping/country/case.map.xml",
           source ? source : ".");
  sl_diags_t *diags = sl_diags_new();
  mapping = sl_mapping_load(path, diags);
  sl_diags_print(diags, stderr);
  sl_diags_destroy(&diags);
  return mapping ? 0 : -1;
}

static int teardown(void **state)
{
  (void)state;
  sl_mapping_destroy(&mapping);
  return 0;
}

/* Anonymous resident memory. */
static long rss_kb(void)
{
  char line[256];
  long kb = -1;
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f))
    if (sscanf(line, "RssAnon: %ld", &kb) == 1) break;
  if (f) fclose(f);
  return kb;
}

typedef struct feeder {
  sl_arena_t *arena;
  sl_buf_t out;
  sl_run_t *run;
  sl_err_t err;
  sl_code_t code;
} feeder_t;

static void begin(feeder_t *f)
{
  static const sl_input_t none = {NULL, 0, {NULL, 0}};
  memset(f, 0, sizeof *f);
  f->arena = sl_arena_new(0, ARENA_CAP);
  sl_buf_init(&f->out, 1 << 20);
  f->run = sl_run_new(sl_mapping_op(mapping, "getCapital"), f->arena, &none, &f->out);
  assert_non_null(f->run);
}

static void feed(feeder_t *f, const char *p, size_t len, bool final)
{
  if (!f->code) f->code = sl_run_feed(f->run, 200, p, len, final, &f->err);
}

static void end(feeder_t *f)
{
  sl_run_fini(f->run);
  sl_arena_destroy(&f->arena);
  sl_buf_fini(&f->out);
}

/* before, then unit n times, then after: in pieces of 64 KiB. Returns the error's category. */
static sl_code_t flood(const char *before, const char *unit, size_t n, const char *after)
{
  static char piece[65536];
  size_t len = strlen(unit), per = sizeof piece / len;
  feeder_t f;
  long start = rss_kb(), most = start;
  for (size_t i = 0; i < per; i++) memcpy(piece + i * len, unit, len);
  begin(&f);
  feed(&f, before, strlen(before), false);
  for (; n && !f.code; n -= n < per ? n : per) {
    feed(&f, piece, (n < per ? n : per) * len, false);
    long now = rss_kb();
    if (now > most) most = now;
  }
  feed(&f, after, strlen(after), true);
  sl_code_t code = f.code;
  end(&f);
  print_message("# grew by %ld KB, %s: %s\n", most - start, sl_code_name(code), f.err.text);
#if !defined(__SANITIZE_ADDRESS__) /* whose quarantine keeps what was freed */
  assert_true(most - start < MAX_GROWTH_KB);
#endif
  return code;
}

static sl_code_t whole(const char *text)
{
  feeder_t f;
  begin(&f);
  feed(&f, text, strlen(text), true);
  sl_code_t code = f.code;
  end(&f);
  return code;
}

static void doctype_is_refused(void **state)
{
  (void)state;
  static const char text[] = "<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/x.dtd\"><a/>";
  assert_int_equal(whole(text), SL_GARBAGE);
  assert_int_equal(flood(text, " ", 1, ""), SL_GARBAGE);
}

static void entity_bomb_is_refused(void **state)
{
  (void)state;
  static const char text[] = "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a "
                             "\"aaaaaaaaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
                             "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d "
                             "\"&c;&c;&c;&c;&c;&c;&c;&c;\"><!ENTITY e \"&d;&d;&d;&d;&d;&d;\">"
                             "<!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;\"><!ENTITY g "
                             "\"&f;&f;&f;&f;&f;&f;&f;&f;\">]><l>&g;&g;&g;</l>";
  assert_int_equal(whole(text), SL_GARBAGE);
  assert_int_equal(flood(text, " ", 1, ""), SL_GARBAGE);
}

static void hundred_thousand_levels_are_refused(void **state)
{
  (void)state;
  assert_int_equal(flood(HEAD, "<x>", 100000, ""), SL_GARBAGE);
  assert_int_equal(flood("", "<x>", 100000, ""), SL_GARBAGE);
  char *text = malloc(strlen(HEAD) + 300000 + 1);
  strcpy(text, HEAD);
  for (char *p = text + strlen(text), *e = p + 300000; p < e; p += 3) memcpy(p, "<x>", 4);
  assert_int_equal(whole(text), SL_GARBAGE);
  free(text);
}

static void levels_within_the_limit_are_skipped(void **state)
{
  (void)state;
  char text[8192] = HEAD;
  for (int i = 0; i < 200; i++) strcat(text, "<x>");
  for (int i = 0; i < 200; i++) strcat(text, "</x>");
  strcat(text,
         "<CapitalCityResult>R</CapitalCityResult></CapitalCityResponse></s:Body></s:Envelope>");
  assert_int_equal(whole(text), SL_OK);
}

static void endless_attribute_is_refused(void **state)
{
  (void)state;
  assert_int_equal(flood(HEAD "<x a=\"", "aaaaaaaaaaaaaaaa", 1 << 26, "\"/>"),
                   SL_GARBAGE); /* 1 GiB */
}

static void endless_name_is_refused(void **state)
{
  (void)state;
  assert_int_equal(flood(HEAD "<", "aaaaaaaaaaaaaaaa", 1 << 26, "/>"), SL_GARBAGE);
}

static void endless_text_is_refused(void **state)
{
  (void)state;
  sl_code_t code =
      flood(HEAD "<CapitalCityResult>", "aaaaaaaaaaaaaaaa", 1 << 24, "</CapitalCityResult>");
  assert_int_equal(code, SL_GARBAGE);
}

static void endless_unknown_text_takes_no_memory(void **state)
{
  (void)state;
  sl_code_t code = flood(HEAD "<x>", "<y>aaaaaaaaaaaaaaaaaa</y>", 1 << 20,
                         "</x></CapitalCityResponse></s:Body></s:Envelope>");
  assert_int_equal(code, SL_OK);
}

static void endless_different_names_take_little_memory(void **state)
{
  (void)state;
  feeder_t f;
  long start = rss_kb();
  begin(&f);
  feed(&f, HEAD, strlen(HEAD), false);
  for (int i = 0; i < 200000 && !f.code; i++) {
    char text[64];
    feed(&f, text, (size_t)snprintf(text, sizeof text, "<n%d/>", i), false);
  }
  print_message("# grew by %ld KB\n", rss_kb() - start);
  assert_int_equal(f.code, SL_OK);
#if !defined(__SANITIZE_ADDRESS__)
  assert_true(rss_kb() - start < MAX_GROWTH_KB);
#endif
  end(&f);
}

static void comment_without_end_is_refused(void **state)
{
  (void)state;
  assert_int_equal(flood(HEAD "<!--", "aaaaaaaaaaaaaaaa", 1 << 20, ""), SL_GARBAGE);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(doctype_is_refused),
      cmocka_unit_test(entity_bomb_is_refused),
      cmocka_unit_test(hundred_thousand_levels_are_refused),
      cmocka_unit_test(levels_within_the_limit_are_skipped),
      cmocka_unit_test(endless_attribute_is_refused),
      cmocka_unit_test(endless_name_is_refused),
      cmocka_unit_test(endless_text_is_refused),
      cmocka_unit_test(endless_unknown_text_takes_no_memory),
      cmocka_unit_test(endless_different_names_take_little_memory),
      cmocka_unit_test(comment_without_end_is_refused),
  };
  return cmocka_run_group_tests_name("hostile-xml", tests, setup, teardown);
}
