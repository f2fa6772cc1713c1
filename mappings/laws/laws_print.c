/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include "core/jsonw.h"
#include "mappings/engine/codec.h"
#include "mappings/laws/laws.h"

static const struct {
  unsigned bit;
  const char *word;
} words[] = {
    {SL_MODULO_EMPTY, "empty"}, {SL_MODULO_PAD, "pad"},
    {SL_MODULO_SCALE, "scale"}, {SL_MODULO_NULL, "null"},
    {SL_MODULO_CODES, "codes"}, {SL_MODULO_FRACTION, "fraction"},
    {SL_MODULO_ZONE, "zone"},   {SL_MODULO_WIDTH, "width"},
    {SL_MODULO_SIGN, "sign"},   {SL_MODULO_ORDER, "order"},
    {SL_MODULO_GAPS, "gaps"},   {SL_MODULO_DEFAULT, "default"},
    {SL_MODULO_ALIAS, "alias"}, {SL_MODULO_SPELLING, "spelling"},
    {SL_MODULO_MASK, "mask"},   {SL_MODULO_IGNORED, "ignored"},
};
enum { N_WORDS = sizeof words / sizeof *words };

const char *sl_modulo_text(unsigned set, sl_arena_t *arena)
{
  const char *text = "";
  for (size_t i = 0; text && i < N_WORDS; i++)
    if (set & words[i].bit)
      text = sl_arena_printf(arena, "%s%s%s", text, *text ? ", " : "", words[i].word);
  return text ? text : "";
}

static const char *const names[] = {"-", "proved", "sampled", "refuted"};

const char *sl_law_text(const sl_law_t *law, sl_arena_t *arena)
{
  const char *text = names[law->verdict];
  const char *modulo =
      law->modulo && law->verdict != SL_LAW_REFUTED
          ? sl_arena_printf(arena, " modulo {%s}", sl_modulo_text(law->modulo, arena))
          : "";
  if (law->verdict == SL_LAW_SAMPLED) text = sl_arena_printf(arena, "sampled (%zu)", law->n);
  text = sl_arena_printf(arena, "%s%s", text, modulo ? modulo : "");
  return text ? text : "";
}

/* --- for people ---------------------------------------------------------------------------------
 */

static const char *consumer_end(const sl_line_t *l, sl_arena_t *arena)
{
  const char *name = sl_line_name(l, arena);
  return name[0] ? name : "(value)";
}

typedef struct tally {
  size_t none, proved, modulo, sampled, refuted;
} tally_t;

static void count(tally_t *t, const sl_law_t *law)
{
  switch (law->verdict) {
  case SL_LAW_NONE: t->none++; break;
  case SL_LAW_PROVED: law->modulo ? t->modulo++ : t->proved++; break;
  case SL_LAW_SAMPLED: t->sampled++; break;
  case SL_LAW_REFUTED: t->refuted++; break;
  }
}

static void print_tally(sl_buf_t *out, const char *name, const tally_t *t)
{
  sl_buf_printf(out, "  %s: %zu proved, %zu proved modulo, %zu sampled, %zu refuted, %zu without\n",
                name, t->proved, t->modulo, t->sampled, t->refuted, t->none);
}

static void print_counterexample(sl_buf_t *out, const char *law, const sl_law_t *l)
{
  if (l->verdict != SL_LAW_REFUTED) return;
  if (l->refused && !l->via)
    sl_buf_printf(out, "    %s: %s is refused: %s\n", law, l->from, l->to);
  else
    sl_buf_printf(out, "    %s: %s -> %s -> %s%s\n", law, l->from, l->via,
                  l->refused ? "refused: " : "", l->to);
}

void sl_laws_print(const sl_laws_t *self, sl_buf_t *out)
{
  tally_t put = {0}, get = {0}, base = {0};
  sl_arena_t *arena = sl_arena_new(0, 0);
  if (!arena) return;
  for (size_t i = 0; i < self->n_lines; i++) {
    const sl_law_line_t *l = &self->lines[i];
    sl_arena_reset(arena);
    sl_buf_printf(out, "%s:%d:%d: %s <-> %s  PutGet %s", l->line.file, l->line.line, l->line.col,
                  consumer_end(&l->line, arena), *l->line.legacy ? l->line.legacy : "(value)",
                  sl_law_text(&l->putget, arena));
    sl_buf_printf(out, "; GetPut %s", sl_law_text(&l->getput, arena));
    if (l->getput.verdict != SL_LAW_NONE)
      sl_buf_printf(out, ", with a base %s", sl_law_text(&l->getput_base, arena));
    if (l->reason && *l->reason) sl_buf_printf(out, " (%s)", l->reason);
    sl_buf_addc(out, '\n');
    print_counterexample(out, "PutGet", &l->putget);
    print_counterexample(out, "GetPut", &l->getput);
    count(&put, &l->putget);
    count(&get, &l->getput);
    count(&base, &l->getput_base);
  }
  sl_buf_printf(out, "%s: %zu lines, %zu cases\n", self->file, self->n_lines, self->cases);
  print_tally(out, "PutGet", &put);
  print_tally(out, "GetPut", &get);
  print_tally(out, "GetPut with a base", &base);
  sl_arena_destroy(&arena);
}

/* --- for machines -------------------------------------------------------------------------------
 */

static void json_text(sl_jsonw_t *w, const char *key, const char *text)
{
  if (!text) return;
  sl_jsonw_key(w, key);
  sl_jsonw_z(w, text);
}

static void json_law(sl_jsonw_t *w, const char *key, const sl_law_t *law)
{
  sl_jsonw_key(w, key);
  sl_jsonw_object(w);
  json_text(w, "verdict", law->verdict == SL_LAW_NONE ? "none" : names[law->verdict]);
  if (law->modulo && law->verdict != SL_LAW_REFUTED) {
    sl_jsonw_key(w, "modulo");
    sl_jsonw_array(w);
    for (size_t i = 0; i < N_WORDS; i++)
      if (law->modulo & words[i].bit) sl_jsonw_z(w, words[i].word);
    sl_jsonw_array_end(w);
  }
  if (law->verdict != SL_LAW_NONE && law->n) {
    sl_jsonw_key(w, "cases");
    sl_jsonw_int(w, (int64_t)law->n);
  }
  if (law->verdict == SL_LAW_REFUTED) {
    json_text(w, "from", law->from);
    json_text(w, "via", law->via);
    json_text(w, law->refused ? "refused" : "to", law->to);
    json_text(w, "fix", law->fix);
    json_text(w, "show", law->show);
  }
  sl_jsonw_object_end(w);
}

static void json_line(sl_jsonw_t *w, const sl_law_line_t *l)
{
  static const char *const access[] = {"read-write", "read-only", "write-only"};
  sl_jsonw_object(w);
  json_text(w, "file", l->line.file);
  sl_jsonw_key(w, "line");
  sl_jsonw_int(w, l->line.line);
  sl_jsonw_key(w, "column");
  sl_jsonw_int(w, l->line.col);
  json_text(w, "in", *l->shape ? l->shape : NULL);
  json_text(w, "json", l->line.json[0] ? l->line.json : NULL);
  json_text(w, "http", l->line.http[0] ? l->line.http : NULL);
  json_text(w, "legacy", l->line.legacy);
  json_text(w, "access", access[l->line.access]);
  json_text(w, "reason", l->reason && *l->reason ? l->reason : NULL);
  json_law(w, "putGet", &l->putget);
  json_law(w, "getPut", &l->getput);
  json_law(w, "getPutWithBase", &l->getput_base);
  sl_jsonw_object_end(w);
}

static void json_diag(sl_jsonw_t *w, const sl_diag_t *d)
{
  static const char *const severity[] = {"note", "warning", "error"};
  sl_jsonw_object(w);
  json_text(w, "severity", severity[d->severity]);
  json_text(w, "code", d->code);
  json_text(w, "file", d->file);
  sl_jsonw_key(w, "line");
  sl_jsonw_int(w, d->line);
  sl_jsonw_key(w, "column");
  sl_jsonw_int(w, d->col);
  json_text(w, "text", d->text);
  json_text(w, "fix", d->fix);
  sl_jsonw_object_end(w);
}

void sl_laws_json(const sl_laws_t *self, sl_diags_t *diags, sl_buf_t *out)
{
  sl_jsonw_t w;
  sl_jsonw_init(&w, out);
  sl_jsonw_object(&w);
  json_text(&w, "file", self ? self->file : NULL);
  sl_jsonw_key(&w, "lines");
  sl_jsonw_array(&w);
  for (size_t i = 0; self && i < self->n_lines; i++) json_line(&w, &self->lines[i]);
  sl_jsonw_array_end(&w);
  sl_jsonw_key(&w, "diagnostics");
  sl_jsonw_array(&w);
  for (size_t i = 0; diags && i < sl_diags_count(diags); i++) json_diag(&w, sl_diags_at(diags, i));
  sl_jsonw_array_end(&w);
  sl_jsonw_object_end(&w);
  sl_buf_addc(out, '\n');
}
