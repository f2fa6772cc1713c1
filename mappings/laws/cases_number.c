/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers. What the codec looks at: the sign, how many whole digits (leading zeros apart) and how
 * many behind the point, whether the last of these are zeros, whether it is zero, whether there is
 * an exponent, and on which side of each bound it lies. Which digits they are, it never asks. So:
 *
 *   sign × whole digits (0, 1, 2, around what the type keeps, around 15) × digits behind the point
 *   (none, 1, around the scale) × filled with 9, with 10…0, zero × the point of JSON and the
 *   legacy's × written as a JSON number and in a JSON string; exponents; each bound and its
 *   neighbours; and the spellings that only the legacy side has: leading zeros, a plus, signs at
 * the end, a bare point, blanks around.
 */
#include "mappings/laws/judge.h"

#include <stdio.h>
#include <string.h>

enum { MAX_DIGITS = 320, SIZES = 16 };

static void number(sl_judge_t *self, const char *text)
{
  sl_judge_json(self, SL_J_NUMBER, sl_str(text));
  sl_judge_json(self, SL_J_STRING, sl_str(text));
  sl_judge_legacy(self, SL_L_TEXT, sl_str(text));
}

/* With the sign on the first or the last digit. */
static void overpunched(sl_judge_t *self, const char *digits, bool minus)
{
  const char *signs = minus ? "}JKLMNOPQR" : "{ABCDEFGHI";
  char buf[2 * MAX_DIGITS + 8];
  size_t n = 0;
  for (; *digits; digits++)
    if (sl_is_digit(*digits)) buf[n++] = *digits;
  char last = buf[n - 1];
  buf[n - 1] = signs[last - '0'];
  sl_judge_legacy(self, SL_L_TEXT, sl_strn(buf, n));
  buf[n - 1] = last;
  buf[0] = signs[buf[0] - '0'];
  sl_judge_legacy(self, SL_L_TEXT, sl_strn(buf, n));
}

/* Also as the legacy writes it: with its point, its sign behind, zeros in front. */
static void spellings(sl_judge_t *self, const char *text)
{
  char buf[2 * MAX_DIGITS + 8];
  const char *digits = text + (*text == '-');
  number(self, text);
  snprintf(buf, sizeof buf, "%s%s", digits, *text == '-' ? "-" : "+");
  sl_judge_legacy(self, SL_L_TEXT, sl_str(buf));
  overpunched(self, digits, *text == '-');
  snprintf(buf, sizeof buf, "%s00%s", *text == '-' ? "-" : "", digits);
  sl_case_both(self, sl_str(buf));
  snprintf(buf, sizeof buf, "%s", text);
  char *point = strchr(buf, '.');
  if (!point) return;
  *point = ',';
  sl_judge_legacy(self, SL_L_TEXT, sl_str(buf));
  memmove(point, point + 1, strlen(point));
  sl_judge_legacy(self, SL_L_TEXT, sl_str(buf));
}

static void shape(sl_judge_t *self, bool minus, int whole, int behind, char first, char rest,
                  char last)
{
  char buf[2 * MAX_DIGITS + 8], *p = buf;
  if (minus) *p++ = '-';
  if (!whole) *p++ = '0';
  for (int i = 0; i < whole; i++) *p++ = i ? rest : first;
  if (behind) *p++ = '.';
  for (int i = 0; i < behind; i++) *p++ = i + 1 == behind ? last : rest;
  *p = 0;
  spellings(self, buf);
}

static void size(int *v, int *n, int at)
{
  for (int i = at - 1; i <= at + 1; i++) {
    bool there = i < 0 || i > MAX_DIGITS || *n == SIZES;
    for (int k = 0; k < *n && !there; k++) there = v[k] == i;
    if (!there) v[(*n)++] = i;
  }
}

/* The bound itself, one more, one less in its last digit; whole or not. */
static void bound(sl_judge_t *self, const char *text)
{
  char buf[MAX_DIGITS + 16];
  if (!text || strlen(text) > MAX_DIGITS) return;
  spellings(self, text);
  for (int step = -1; step <= 1; step += 2) {
    strcpy(buf, text);
    size_t i = strlen(buf);
    while (i-- > 0) {
      if (!sl_is_digit(buf[i])) continue;
      if (buf[i] == (step > 0 ? '9' : '0')) {
        buf[i] = step > 0 ? '0' : '9';
        continue;
      }
      buf[i] = (char)(buf[i] + step);
      break;
    }
    spellings(self, buf);
  }
  snprintf(buf, sizeof buf, "%s%s1", text, strchr(text, '.') ? "" : ".");
  spellings(self, buf);
}

void sl_cases_number(sl_judge_t *self)
{
  static const char *const odd[] = {
      "+1",   "1.",  ".5",    "-.5",  "+0",    "-0",    "-0.0",   "00",   " 7",    "7 ",  "\t7\n",
      "1e2",  "1E2", "1.5e1", "1e-2", "15e-1", "1e0",   "100e-2", "-1e2", "1e400", "0e0", "1.0",
      "1.50", "0x1", "1 2",   "--1",  "1,5",   "1.5.1", "12-",    "{",    "1A",    "0.0"};
  const sl_codec_t *c = self->codec;
  int whole[SIZES], behind[SIZES], n = 0, m = 0;
  int scale = c->scale > 0 ? c->scale : 0;
  size(whole, &n, 1);
  if (c->digits) size(whole, &n, c->digits), size(whole, &n, c->digits - scale);
  if (c->width) size(whole, &n, c->width), size(whole, &n, c->width - scale);
  size(whole, &n, 16);
  size(behind, &m, scale);
  size(behind, &m, 1);
  for (int i = 0; i < n; i++)
    for (int k = 0; k < m; k++)
      for (int minus = 0; minus < 2; minus++) {
        shape(self, minus, whole[i], behind[k], '9', '9', '9');
        shape(self, minus, whole[i], behind[k], '1', '0', '0');
        shape(self, minus, 0, behind[k], '0', '0', '0');
      }
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) number(self, odd[i]);
  if (c->min.p) bound(self, sl_arena_strndup(self->keep, c->min.p, c->min.len));
  if (c->max.p) bound(self, sl_arena_strndup(self->keep, c->max.p, c->max.len));
  const sl_jschema_t *d = self->domain.schema ? sl_canonical_plain(self->domain.schema) : NULL;
  if (d) {
    const sl_str_t bounds[] = {d->minimum, d->maximum, d->above, d->below, d->multiple_of};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
      if (bounds[i].p) bound(self, sl_arena_strndup(self->keep, bounds[i].p, bounds[i].len));
  }
  const sl_facets_t *f = self->field->xtype ? &self->field->xtype->facets : NULL;
  if (!f) return;
  bound(self, f->min_inclusive);
  bound(self, f->max_inclusive);
  bound(self, f->min_exclusive);
  bound(self, f->max_exclusive);
}
