/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The representatives. Each kind of codec decides by few properties of a value; two values that
 * agree in all of them are treated alike, so one of each class is enough:
 *
 *   all kinds   null, absence, missing, nil, empty, blank; each sentinel and each code from both
 *               sides, also with blanks around it; each enumerated value of contract and schema;
 *               values of each JSON kind (a string where a number is wanted …)
 *   text        cases_text.c
 *   numbers     cases_number.c
 *   dates       cases_date.c
 *
 * What the classes do not separate, because a schema's or a contract's own bounds do, the samples
 * at those bounds add. More representatives than needed do no harm: a case is a microsecond.
 */
#include "mappings/laws/judge.h"

#include <stdio.h>
#include <string.h>

void sl_case_both(sl_judge_t *self, sl_str_t text)
{
  sl_judge_json(self, SL_J_STRING, text);
  sl_judge_legacy(self, SL_L_TEXT, text);
}

static void around(sl_judge_t *self, sl_str_t text)
{
  char buf[256];
  if (text.len + 2 > sizeof buf) return;
  buf[0] = ' ';
  if (text.len) memcpy(buf + 1, text.p, text.len);
  buf[text.len + 1] = ' ';
  sl_case_both(self, text);
  sl_case_both(self, sl_strn(buf, text.len + 1));
  sl_case_both(self, sl_strn(buf + 1, text.len + 1));
  sl_case_both(self, sl_strn(buf, text.len + 2));
  buf[0] = '0'; /* which a padding with zeros takes off */
  sl_case_both(self, sl_strn(buf, text.len + 1));
}

static void rows(sl_judge_t *self, const sl_spelling_t *v, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    around(self, v[i].legacy);
    around(self, v[i].json);
    sl_judge_json(self, SL_J_NUMBER, v[i].json);
    sl_judge_json(self, SL_J_NUMBER, v[i].legacy);
  }
}

/* The value that would be a sentinel's text if that meant nothing: 999.99 where 99999 means none.
 */
static void collisions(sl_judge_t *self)
{
  sl_codec_t bare = *self->codec;
  bare.n_sentinels = 0;
  for (size_t i = 0; i < self->codec->n_sentinels; i++) {
    char text[256];
    sl_read_t result;
    sl_buf_clear(&self->want);
    sl_legacy_t legacy = {SL_L_TEXT, self->codec->sentinels[i].legacy};
    if (sl_codec_read_text(&bare, legacy, &self->want, &result, NULL)) continue;
    if (result != SL_READ_VALUE || self->want.len > sizeof text) continue;
    if (self->want.len) memcpy(text, self->want.p, self->want.len);
    sl_case_both(self, sl_strn(text, self->want.len));
    sl_judge_json(self, SL_J_NUMBER, sl_strn(text, self->want.len));
  }
}

/* What a sentinel's value would be written as, if that meant nothing: 20240101 where 99999999 is
 * read as 2024-01-01. */
static void taken_over(sl_judge_t *self)
{
  sl_codec_t bare = *self->codec;
  bare.n_sentinels = 0;
  for (size_t i = 0; i < self->codec->n_sentinels; i++) {
    sl_legacy_t legacy;
    char text[256];
    if (self->codec->sentinels[i].meaning != SL_AS_VALUE) continue;
    if (sl_codec_write_text(&bare, self->codec->sentinels[i].json, self->scratch, &legacy, NULL) ||
        legacy.state != SL_L_TEXT || legacy.text.len > sizeof text)
      continue;
    if (legacy.text.len) memcpy(text, legacy.text.p, legacy.text.len);
    around(self, sl_strn(text, legacy.text.len));
  }
}

static void enumerated(sl_judge_t *self)
{
  const sl_xtype_t *type = self->field->xtype;
  for (size_t i = 0; type && i < type->facets.n_enums; i++)
    around(self, sl_str(type->facets.enums[i]));
  for (size_t i = 0; i < self->codec->n_enums; i++) around(self, self->codec->enums[i]);
}

static void states(sl_judge_t *self)
{
  sl_judge_json(self, SL_J_NULL, sl_str(""));
  sl_judge_json(self, SL_J_ABSENT, sl_str(""));
  sl_judge_json(self, SL_J_TRUE, sl_str(""));
  sl_judge_json(self, SL_J_FALSE, sl_str(""));
  sl_judge_legacy(self, SL_L_MISSING, sl_str(""));
  sl_judge_legacy(self, SL_L_NIL, sl_str(""));
  around(self, sl_str(""));
  sl_case_both(self, self->codec->blank);
}

/* White space around what is read. */
static void white(sl_judge_t *self)
{
  static const char *const kinds[] = {" ", "\t", "\n", "\r"};
  char buf[sizeof self->read + 2], text[sizeof self->read];
  memcpy(text, self->read, sizeof text);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds && text[0]; i++) {
    snprintf(buf, sizeof buf, "%s%s", kinds[i], text);
    sl_judge_legacy(self, SL_L_TEXT, sl_str(buf));
    snprintf(buf, sizeof buf, "%s%s", text, kinds[i]);
    sl_judge_legacy(self, SL_L_TEXT, sl_str(buf));
  }
}

static void foreign(sl_judge_t *self)
{
  static const char *const words[] = {"x",
                                      "abc",
                                      "Y",
                                      "N",
                                      "1",
                                      "0",
                                      "true",
                                      "false",
                                      "AAAA",
                                      "AA==",
                                      "A",
                                      "-",
                                      "0A",
                                      "NaN",
                                      "INF",
                                      "-INF",
                                      "AB==",
                                      "A A A A",
                                      "AAA=",
                                      "AA AA",
                                      "0a0B",
                                      "0a0b0c",
                                      "0A0B0C",
                                      "0A0B 0C",
                                      "<a/>",
                                      "<a>&lt;</a>",
                                      "<a",
                                      "<?xml version=\"1.0\"?><a/>",
                                      "<!DOCTYPE a><a/>",
                                      "a&b"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) sl_case_both(self, sl_str(words[i]));
  sl_judge_json(self, SL_J_NUMBER, sl_str("1"));
  sl_judge_json(self, SL_J_NUMBER, sl_str("0.5"));
}

static void sample(void *context, sl_json_kind_t kind, sl_str_t text)
{
  sl_judge_t *self = context;
  char copy[512];
  if (text.len >= sizeof copy) return;
  if (text.len) memcpy(copy, text.p, text.len); /* theirs may not outlive ours */
  switch (kind) {
  case SL_JSON_STRING: sl_judge_json(self, SL_J_STRING, sl_strn(copy, text.len)); break;
  case SL_JSON_NUMBER: sl_judge_json(self, SL_J_NUMBER, sl_strn(copy, text.len)); break;
  default: break; /* states has them */
  }
}

static void legacy_sample(void *context, sl_json_kind_t kind, sl_str_t text)
{
  sl_judge_t *self = context;
  char copy[512];
  if ((kind != SL_JSON_STRING && kind != SL_JSON_NUMBER) || text.len >= sizeof copy) return;
  if (text.len) memcpy(copy, text.p, text.len);
  sl_judge_legacy(self, SL_L_TEXT, sl_strn(copy, text.len));
}

void sl_cases(sl_judge_t *self)
{
  if (self->field->schema && self->get)
    sl_jschema_samples(self->field->schema, legacy_sample, self);
  if (self->domain.schema && self->put) sl_jschema_samples(self->domain.schema, sample, self);
  states(self);
  rows(self, self->codec->sentinels, self->codec->n_sentinels);
  rows(self, self->codec->codes, self->codec->n_codes);
  collisions(self);
  taken_over(self);
  enumerated(self);
  foreign(self);
  switch (sl_codec_kind(self->codec)) {
  case SL_CODEC_INTEGER:
  case SL_CODEC_DECIMAL:
  case SL_CODEC_FLOAT: sl_cases_number(self); break;
  case SL_CODEC_DATE:
  case SL_CODEC_TIME:
  case SL_CODEC_DATETIME: sl_cases_date(self); break;
  case SL_CODEC_BOOLEAN:
  case SL_CODEC_NULL: break;
  default: sl_cases_text(self);
  }
  white(self);
  if (self->open) sl_cases_pattern(self);
}
