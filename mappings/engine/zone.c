/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/zone.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A change of clocks by the footer's rule: month, week (5: last), weekday (0: Sunday), second. */
typedef struct rule {
  int month, week, weekday;
  int32_t at;
} rule_t;

struct sl_zone {
  char name[64];
  int64_t *at;     /* UTC instants of the table's changes */
  int32_t *offset; /* from at[i] on */
  size_t n;
  int32_t first; /* before at[0] */
  /* after the table */
  int32_t std, dst;
  bool has_dst;
  rule_t dst_from, dst_to;
};

/* --- calendar: the era arithmetic of 400 Gregorian years (146,097 days)
 * --------------------------- */

int64_t sl_days_from_civil(int year, int month, int day)
{
  int64_t y = month <= 2 ? year - 1 : year;
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t year_of_era = y - era * 400;
  int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468; /* days from 0000-03-01 to 1970-01-01 */
}

void sl_civil_from_days(int64_t days, int *year_p, int *month_p, int *day_p)
{
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  int64_t doe = days - era * 146097;
  int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  int64_t mp = (5 * doy + 2) / 153;
  *day_p = (int)(doy - (153 * mp + 2) / 5 + 1);
  *month_p = (int)(mp < 10 ? mp + 3 : mp - 9);
  *year_p = (int)(yoe + era * 400 + (*month_p <= 2));
}

int sl_days_in_month(int year, int month)
{
  static const char days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[month - 1];
}

/* --- the footer: a POSIX TZ string, in the form that RFC 8536 §3.3 leaves
 * -------------------------- */

static const char *skip_name(const char *p)
{
  if (*p == '<') {
    while (*p && *p != '>') p++;
    return *p ? p + 1 : p;
  }
  while ((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z')) p++;
  return p;
}

/* [+-]h[h][h][:mm[:ss]] in seconds; NULL if it is none. */
static const char *read_seconds(const char *p, int32_t *out_p)
{
  int sign = 1;
  if (*p == '+' || *p == '-') sign = *p++ == '-' ? -1 : 1;
  int32_t total = 0, unit = 3600;
  for (int part = 0; part < 3; part++, unit /= 60) {
    int value = 0, n = 0;
    for (; *p >= '0' && *p <= '9' && n < 3; p++, n++) value = value * 10 + (*p - '0');
    if (!n) return NULL;
    total += value * unit;
    if (*p != ':') break;
    p++;
  }
  *out_p = sign * total;
  return p;
}

static const char *read_rule(const char *p, rule_t *out)
{
  int used = 0;
  if (sscanf(p, ",M%d.%d.%d%n", &out->month, &out->week, &out->weekday, &used) != 3) return NULL;
  if (out->month < 1 || out->month > 12 || out->week < 1 || out->week > 5) return NULL;
  if (out->weekday < 0 || out->weekday > 6) return NULL;
  p += used;
  out->at = 2 * 3600;
  return *p == '/' ? read_seconds(p + 1, &out->at) : p;
}

static bool read_footer(sl_zone_t *self, const char *p)
{
  int32_t west;
  if (!*p) return false;
  p = read_seconds(skip_name(p), &west);
  if (!p) return false;
  self->std = self->dst = -west; /* POSIX counts to the west */
  if (!*p) return true;
  p = skip_name(p);
  self->dst = self->std + 3600;
  if (*p && *p != ',') {
    p = read_seconds(p, &west);
    if (!p) return false;
    self->dst = -west;
  }
  p = read_rule(p, &self->dst_from);
  if (p) p = read_rule(p, &self->dst_to);
  self->has_dst = p != NULL;
  return self->has_dst;
}

/* Local second (on the clock before the change) of a rule in a year. */
static int64_t rule_local(const rule_t *rule, int year)
{
  int64_t first = sl_days_from_civil(year, rule->month, 1);
  int weekday = (int)(((first + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
  int day = 1 + (rule->weekday - weekday + 7) % 7 + (rule->week - 1) * 7;
  while (day > sl_days_in_month(year, rule->month)) day -= 7;
  return (first + day - 1) * 86400 + rule->at;
}

static int32_t footer_offset(const sl_zone_t *self, int64_t utc)
{
  if (!self->has_dst) return self->std;
  int year, month, day;
  int64_t local = utc + self->std;
  sl_civil_from_days((local >= 0 ? local : local - 86399) / 86400, &year, &month, &day);
  int64_t from = rule_local(&self->dst_from, year) - self->std;
  int64_t to = rule_local(&self->dst_to, year) - self->dst;
  bool dst = from < to ? utc >= from && utc < to : utc >= from || utc < to;
  return dst ? self->dst : self->std;
}

/* --- the file
 * --------------------------------------------------------------------------------------- */

static int64_t big(const unsigned char *p, int len)
{
  uint64_t v = p[0] & 0x80 ? ~UINT64_C(0) : 0;
  for (int i = 0; i < len; i++) v = v << 8 | p[i];
  return (int64_t)v;
}

typedef struct block {
  size_t isut, isstd, leap, times, types, chars, len;
} block_t;

/* A header (RFC 8536 §3.1) at p, and the length of the data behind it. */
static bool read_header(const unsigned char *p, size_t len, size_t time_len, block_t *b)
{
  if (len < 44 || memcmp(p, "TZif", 4) != 0) return false;
  size_t n[6];
  for (int i = 0; i < 6; i++) n[i] = (uint32_t)big(p + 20 + 4 * i, 4);
  *b = (block_t){n[0], n[1], n[2], n[3], n[4], n[5], 0};
  for (int i = 0; i < 6; i++)
    if (n[i] > 100000) return false;
  b->len = b->times * (time_len + 1) + b->types * 6 + b->chars + b->leap * (time_len + 4) +
           b->isstd + b->isut;
  return b->types > 0 && len - 44 >= b->len;
}

static bool read_table(sl_zone_t *self, const unsigned char *p, const block_t *b)
{
  const unsigned char *index = p + b->times * 8, *types = index + b->times;
  self->at = calloc(b->times + 1, sizeof *self->at);
  self->offset = calloc(b->times + 1, sizeof *self->offset);
  if (!self->at || !self->offset) return false;
  for (size_t i = 0; i < b->times; i++) {
    if (index[i] >= b->types) return false;
    self->at[i] = big(p + 8 * i, 8);
    self->offset[i] = (int32_t)big(types + 6 * index[i], 4);
  }
  self->n = b->times;
  self->first = (int32_t)big(types, 4);
  return true;
}

static bool read_tzif(sl_zone_t *self, unsigned char *p, size_t len)
{
  block_t b;
  if (!read_header(p, len, 4, &b) || p[4] < '2') return false;
  size_t at = 44 + b.len;
  if (!read_header(p + at, len - at, 8, &b)) return false;
  if (!read_table(self, p + at + 44, &b)) return false;
  at += 44 + b.len;
  unsigned char *end = at < len ? memchr(p + at + 1, '\n', len - at - 1) : NULL;
  if (!end || p[at] != '\n') return false;
  *end = 0;
  if (read_footer(self, (const char *)p + at + 1)) return true;
  /* No rule: the last change holds for ever. */
  self->std = self->n ? self->offset[self->n - 1] : self->first;
  self->has_dst = false;
  return true;
}

static bool load(sl_zone_t *self, const char *name)
{
  char path[320];
  unsigned char data[64 * 1024]; /* the largest of tzdata 2024 has 4 KiB */
  if (name[0] == '/' || strstr(name, "..") || strlen(name) > 255) return false;
  snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
  FILE *f = fopen(path, "rb");
  if (!f) return false;
  size_t len = fread(data, 1, sizeof data, f);
  fclose(f);
  return read_tzif(self, data, len);
}

static bool fixed(sl_zone_t *self, const char *name)
{
  if (!strcmp(name, "UTC") || !strcmp(name, "Z")) return true;
  if (name[0] != '+' && name[0] != '-') return false;
  if (strlen(name) != 6 || name[3] != ':') return false;
  const char *end = read_seconds(name, &self->std);
  return end && !*end && self->std > -86400 && self->std < 86400;
}

sl_zone_t *sl_zone_new(const char *name, char message[256])
{
  sl_zone_t *self = calloc(1, sizeof *self);
  if (self) snprintf(self->name, sizeof self->name, "%s", name);
  if (self && (fixed(self, name) || load(self, name))) return self;
  snprintf(message, 256, "no time zone \"%.60s\" in /usr/share/zoneinfo (is tzdata installed?)",
           name);
  sl_zone_destroy(&self);
  return NULL;
}

void sl_zone_destroy(sl_zone_t **self_p)
{
  sl_zone_t *self = *self_p;
  if (!self) return;
  free(self->at);
  free(self->offset);
  free(self);
  *self_p = NULL;
}

const char *sl_zone_name(const sl_zone_t *self)
{
  return self->name;
}

int32_t sl_zone_offset(const sl_zone_t *self, int64_t utc)
{
  if (!self->n || utc >= self->at[self->n - 1]) return footer_offset(self, utc);
  size_t lo = 0, hi = self->n; /* the last change at or before utc */
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    if (self->at[mid] <= utc)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo ? self->offset[lo - 1] : self->first;
}

int sl_zone_instants(const sl_zone_t *self, int64_t local, int64_t out[2])
{
  /* No offset is more than a day away, and no zone changed twice within two days: the offsets a
   * day before and a day after are the only candidates. */
  int32_t before = sl_zone_offset(self, local - 86400), after = sl_zone_offset(self, local + 86400);
  int n = 0;
  if (before != after) {
    if (sl_zone_offset(self, local - before) == before) out[n++] = local - before;
    if (sl_zone_offset(self, local - after) == after) out[n++] = local - after;
    return n;
  }
  if (sl_zone_offset(self, local - before) == before) out[n++] = local - before;
  return n;
}
