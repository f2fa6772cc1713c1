/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "mappings/engine/schema_impl.h"

static const char day[] = "2024-02-28", clock_time[] = "10:00:00";

/* day, time or both, with something behind: does the codec take it? */
static bool takes(sl_scheme_t *self, const char *time, const char *behind)
{
  char text[64];
  const char *d = self->c->kind == SL_CODEC_TIME ? "" : day;
  const char *t = self->c->kind == SL_CODEC_DATE ? "" : time;
  snprintf(text, sizeof text, "%s%s%s%s", d, *d && *t ? "T" : "", t, behind);
  return sl_scheme_takes(self, SL_J_STRING, text);
}

/* The years from `from` on, 100 of them, as alternatives of at most ten. */
static void put_window(int from, sl_buf_t *to)
{
  int last = from + 99;
  sl_buf_addc(to, '(');
  for (int y = from, n = 0; y <= last; n++) {
    int end = y - y % 10 + 9 < last ? y - y % 10 + 9 : last;
    sl_buf_printf(to, "%s%03d", n ? "|" : "", y / 10);
    if (y % 10 == 0 && end % 10 == 9)
      sl_buf_addz(to, "\\d");
    else
      sl_buf_printf(to, "[%d-%d]", y % 10, end % 10);
    y = end + 1;
  }
  sl_buf_addc(to, ')');
}

static void put_day(sl_scheme_t *self, sl_buf_t *to)
{
  const sl_codec_t *c = self->c;
  bool two = false;
  for (size_t i = 0; i < c->n_ops; i++) two |= c->ops[i].op == 'Y';
  if (two && c->window)
    put_window(c->window, to);
  else if (c->iso && c->medium != SL_MEDIUM_SQL)
    sl_buf_addz(to, "-?\\d{4,}");
  else
    sl_buf_addz(to, "\\d{4}");
  sl_buf_addz(to, "-\\d{2}-\\d{2}");
}

/* Digits of a fraction are not counted: what is finer than the pattern, the codec refuses. */
static void put_time(sl_scheme_t *self, sl_buf_t *to)
{
  const sl_codec_t *c = self->c;
  bool fraction = c->iso || c->fraction || c->epoch || takes(self, clock_time, ".5") ||
                  takes(self, clock_time, ".5Z");
  sl_buf_addz(to, "\\d{2}:\\d{2}:\\d{2}");
  if (fraction) sl_buf_addz(to, "(\\.\\d+)?");
}

static const char *zone(sl_scheme_t *self)
{
  static const char some[] = "(Z|[+-]\\d{2}:\\d{2})";
  bool without = takes(self, clock_time, ""), with = takes(self, clock_time, "Z") ||
                                                     takes(self, clock_time, "+01:00") ||
                                                     takes(self, clock_time, "-05:00");
  if (self->c->zone || self->c->epoch) return without ? "(Z|[+-]\\d{2}:\\d{2})?" : some;
  if (!self->c->iso) return with ? "(Z|[+-]\\d{2}:\\d{2})?" : "";
  return self->c->medium == SL_MEDIUM_SQL && !with ? "" : "(Z|[+-]\\d{2}:\\d{2})?";
}

void sl_scheme_date(sl_scheme_t *self)
{
  sl_codec_kind_t kind = (sl_codec_kind_t)self->c->kind;
  const char *behind = kind == SL_CODEC_DATE && !self->c->iso ? "" : zone(self);
  sl_buf_t to;
  sl_buf_init(&to, 0);
  sl_buf_addc(&to, '^');
  if (kind != SL_CODEC_TIME) put_day(self, &to);
  if (kind == SL_CODEC_DATETIME) sl_buf_addc(&to, 'T');
  if (kind != SL_CODEC_DATE) put_time(self, &to);
  sl_buf_addz(&to, behind);
  sl_buf_addc(&to, '$');
  sl_scheme_type(self, "string");
  bool sure = *behind && behind[strlen(behind) - 1] != '?';
  const char *format = kind == SL_CODEC_DATE   ? (*behind ? NULL : "date")
                       : !sure                 ? NULL
                       : kind == SL_CODEC_TIME ? "time"
                                               : "date-time";
  if (format) sl_jsonw_key(&self->w, "format"), sl_jsonw_z(&self->w, format);
  sl_jsonw_key(&self->w, "pattern");
  sl_jsonw_str(&self->w, sl_buf_str(&to));
  sl_buf_fini(&to);
}
