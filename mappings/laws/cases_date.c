/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dates and times. What the codec looks at: whether the date exists (month, day, leap year), the
 * year against the window of two digits and against 0001 and 9999, each part of the time, how many
 * digits the fraction has and whether they end in zeros, whether there is a zone and which offset,
 * and on which side of the zone's transitions the local time lies: once, never (spring), twice
 * (autumn). So: years at the edges of each century, of the window and of the calendar × days at the
 * edges of months; times at the edges of the day; fractions of 0 to 10 digits; offsets none, Z, the
 * zone's own, others; and around every transition of the zone, in JSON with both offsets.
 */
#include "mappings/laws/judge.h"

#include <stdio.h>
#include <string.h>

enum { MAX_TRANSITIONS = 400, STEP = 14 * 86400 };

typedef struct when {
  int y, mo, d, h, mi, s;
  const char *fraction, *zone; /* ".5", "Z" */
} when_t;

static void json(sl_judge_t *self, const when_t *w)
{
  char text[64];
  int y = w->y < 0 || w->y > 9999 ? 9999 : w->y;
  if (self->codec->kind == SL_CODEC_DATE)
    snprintf(text, sizeof text, "%04d-%02d-%02d%s", y, w->mo, w->d, w->zone);
  else if (self->codec->kind == SL_CODEC_TIME)
    snprintf(text, sizeof text, "%02d:%02d:%02d%s%s", w->h, w->mi, w->s, w->fraction, w->zone);
  else
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d%s%s", y, w->mo, w->d, w->h, w->mi,
             w->s, w->fraction, w->zone);
  sl_case_both(self, sl_str(text));
  if (strlen(text) > 10 && text[10] == 'T') {
    text[10] = ' '; /* SQL's */
    sl_case_both(self, sl_str(text));
  }
}

/* As the type's pattern spells it. */
static void legacy(sl_judge_t *self, const when_t *w)
{
  const sl_codec_t *c = self->codec;
  char text[128];
  size_t n = 0;
  for (int i = 0; i < c->n_ops && n < sizeof text - 12; i++) {
    const sl_date_op_t *op = &c->ops[i];
    const char *f = w->fraction + (*w->fraction == '.');
    switch (op->op) {
    case 'c': text[n++] = op->literal; break;
    case 'y': n += (size_t)snprintf(text + n, 12, "%04d", w->y % 10000); break;
    case 'Y': n += (size_t)snprintf(text + n, 12, "%02d", w->y % 100); break;
    case 'M': n += (size_t)snprintf(text + n, 12, "%02d", w->mo % 100); break;
    case 'd': n += (size_t)snprintf(text + n, 12, "%02d", w->d % 100); break;
    case 'H': n += (size_t)snprintf(text + n, 12, "%02d", w->h % 100); break;
    case 'm': n += (size_t)snprintf(text + n, 12, "%02d", w->mi % 100); break;
    case 's': n += (size_t)snprintf(text + n, 12, "%02d", w->s % 100); break;
    default:
      for (int k = 0; k < op->len; k++) text[n++] = *f ? *f++ : '0';
    }
  }
  sl_judge_legacy(self, SL_L_TEXT, sl_strn(text, n));
}

/* As a number since 1970, with and without what a second is made of. */
static void epoch(sl_judge_t *self, const when_t *w)
{
  char text[64];
  long long s =
      (long long)sl_days_from_civil(w->y, w->mo, w->d) * 86400 + w->h * 3600 + w->mi * 60 + w->s;
  const char *formats[] = {"%lld", "%lld000", "%lld.5", "%lld.000", "%lld123", "+%lld", "0%lld"};
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    snprintf(text, sizeof text, formats[i], s);
    sl_case_both(self, sl_str(text));
  }
}

static void moment(sl_judge_t *self, when_t w)
{
  json(self, &w);
  if (self->codec->epoch) epoch(self, &w);
  if (self->codec->n_ops) legacy(self, &w);
}

static void days(sl_judge_t *self)
{
  static const int years[] = {0,    1,    99,   1582, 1899, 1900, 1949, 1950, 1969, 1970, 1999,
                              2000, 2023, 2024, 2038, 2049, 2050, 2099, 2100, 9998, 9999};
  static const int md[][2] = {{1, 1},  {2, 28}, {2, 29},  {2, 30}, {3, 31}, {4, 30},
                              {4, 31}, {6, 15}, {12, 31}, {13, 1}, {0, 1},  {1, 0}};
  const char *utc = self->codec->zone || self->codec->epoch ? "Z" : "";
  int window = self->codec->window;
  int more[] = {window - 1, window, window + 99, window + 100};
  for (size_t k = 0; k < sizeof md / sizeof *md; k++) {
    for (size_t i = 0; i < sizeof years / sizeof *years; i++)
      moment(self, (when_t){years[i], md[k][0], md[k][1], 12, 0, 0, "", utc});
    for (size_t i = 0; window && i < 4; i++)
      moment(self, (when_t){more[i], md[k][0], md[k][1], 12, 0, 0, "", utc});
  }
}

static void times(sl_judge_t *self)
{
  static const int hms[][3] = {{0, 0, 0},   {23, 59, 59}, {24, 0, 0}, {12, 34, 56}, {12, 30, 0},
                               {12, 60, 0}, {12, 30, 60}, {0, 0, 1},  {1, 30, 0}};
  static const char *const fractions[] = {"",     ".0",    ".5",      ".50",        ".123",
                                          ".000", ".1230", ".123456", ".123456789", ".1234567891"};
  static const char *const zones[] = {"",       "Z",      "+00:00", "-00:00", "+01:00", "+02:00",
                                      "-05:00", "+05:30", "+14:00", "-14:00", "+14:01", "z"};
  for (size_t i = 0; i < sizeof hms / sizeof *hms; i++)
    for (size_t z = 0; z < sizeof zones / sizeof *zones; z++)
      for (size_t k = 0; k < (i < 5 && z < 5 ? sizeof fractions / sizeof *fractions : 1); k++)
        moment(self,
               (when_t){2024, 6, 15, hms[i][0], hms[i][1], hms[i][2], fractions[k], zones[z]});
}

/* --- transitions --------------------------------------------------------------------------------
 */

static void at(sl_judge_t *self, int64_t utc, int32_t offset)
{
  int64_t local = utc + offset, day = local / 86400, rest = local % 86400;
  when_t w = {.fraction = ""};
  char zone[16];
  if (rest < 0) rest += 86400, day--;
  sl_civil_from_days(day, &w.y, &w.mo, &w.d);
  w.h = (int)(rest / 3600), w.mi = (int)(rest / 60 % 60), w.s = (int)(rest % 60);
  if (w.y < 1 || w.y > 9999) return;
  int32_t minutes = (offset < 0 ? -offset : offset) / 60;
  snprintf(zone, sizeof zone, "%c%02d:%02d", offset < 0 ? '-' : '+', (int)(minutes / 60) % 100,
           (int)(minutes % 60));
  w.zone = zone;
  moment(self, w);
  w.zone = "";
  moment(self, w);
}

static void around(sl_judge_t *self, int64_t before, int64_t after)
{
  static const int64_t steps[] = {-7200, -3600, -1800, -1, 0, 1, 1800, 3600, 7200};
  const sl_zone_t *zone = self->codec->zone;
  int32_t was = sl_zone_offset(zone, before), is = sl_zone_offset(zone, after);
  while (after - before > 1) {
    int64_t mid = before + (after - before) / 2;
    if (sl_zone_offset(zone, mid) == was)
      before = mid;
    else
      after = mid;
  }
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    at(self, after + steps[i], was);
    at(self, after + steps[i], is);
  }
}

static void transitions(sl_judge_t *self)
{
  int64_t from = sl_days_from_civil(1880, 1, 1) * 86400,
          to = sl_days_from_civil(2040, 1, 1) * 86400;
  int32_t was = sl_zone_offset(self->codec->zone, from);
  int n = 0;
  for (int64_t t = from + STEP; t < to && n < MAX_TRANSITIONS; t += STEP) {
    int32_t is = sl_zone_offset(self->codec->zone, t);
    if (is == was) continue;
    around(self, t - STEP, t);
    was = is;
    n++;
  }
}

void sl_cases_date(sl_judge_t *self)
{
  if (self->codec->kind != SL_CODEC_TIME) days(self);
  if (self->codec->kind != SL_CODEC_DATE) times(self);
  if (self->codec->kind == SL_CODEC_DATE)
    for (int i = 0; i < 3; i++)
      moment(self, (when_t){2024, 6, 15, 0, 0, 0, "", i == 0 ? "Z" : i == 1 ? "+01:00" : "-00:00"});
  if (self->codec->kind == SL_CODEC_DATETIME && self->codec->zone) transitions(self);
}
