/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Parts of a fixed-width record. A part has no place of its own in the legacy record: it is judged
 * within the whole text, all other parts of which have a value that goes through. What the whole
 * can be besides (missing, nil, empty, blank, cut off) is judged for the record's own line.
 */
#include <string.h>
#include "core/err.h"
#include "mappings/engine/derive.h"
#include "mappings/laws/judge.h"

static size_t index_of(const sl_whole_t *u, const sl_field_t *part)
{
  size_t i = 0;
  while (i < u->carrier->derive->n_parts && u->carrier->derive->parts[i].field != part) i++;
  return i;
}

static void put_slot(sl_record_t *record, const sl_field_t *f, sl_jtext_t v)
{
  uint8_t flags = f->json[0] ? 0 : SL_SLOT_TEXT;
  if (v.state < SL_J_STRING) flags = 0;
  record->slots[f->slot] = (sl_slot_t){v.text.p, (uint32_t)v.text.len, (uint8_t)v.state, flags};
}

/* The carrier, with codec in the place of the judged part's own. */
static const sl_field_t *with_codec(const sl_judge_t *self, const sl_codec_t *codec)
{
  const sl_field_t *carrier = self->unit->carrier;
  const sl_derive_t *from = carrier->derive;
  size_t at = index_of(self->unit, self->field);
  if (codec == self->field->codec || at == from->n_parts) return carrier;
  sl_field_t *f = sl_arena_alloc(self->scratch, 2 * sizeof *f);
  sl_derive_t *d = sl_arena_alloc(self->scratch, sizeof *d);
  sl_part_t *v = sl_arena_alloc(self->scratch, from->n_parts * sizeof *v);
  if (!f || !d || !v) return carrier;
  memcpy(v, from->parts, from->n_parts * sizeof *v);
  f[1] = *self->field;
  f[1].codec = codec;
  v[at].field = &f[1];
  *d = *from;
  d->parts = v;
  f[0] = *carrier;
  f[0].derive = d;
  return f;
}

sl_code_t sl_unit_put(const sl_judge_t *self, const sl_codec_t *codec, sl_jtext_t json,
                      sl_legacy_t *out, sl_err_t *err)
{
  const sl_derive_t *d = self->unit->carrier->derive;
  sl_record_t *record = sl_record_new(self->unit->frame, self->scratch);
  if (!record) return sl_err_set(err, SL_TOO_LARGE, "the record is too large");
  for (size_t i = 0; i < d->n_parts; i++)
    if (d->parts[i].field)
      put_slot(record, d->parts[i].field,
               d->parts[i].field == self->field ? json : self->unit->good[i]);
  return sl_derive_write(with_codec(self, codec), record, self->scratch, out, err);
}

static sl_code_t cut(const sl_judge_t *self, const sl_field_t *part, sl_legacy_t whole,
                     sl_legacy_t *out, sl_err_t *err)
{
  sl_record_t *record = sl_record_new(self->unit->frame, self->scratch);
  if (!record) return sl_err_set(err, SL_TOO_LARGE, "the record is too large");
  record->slots[self->unit->carrier->slot] =
      (sl_slot_t){whole.text.p, (uint32_t)whole.text.len, (uint8_t)whole.state, 0};
  return sl_derive_read(part, record, self->scratch, out, err);
}

sl_code_t sl_unit_cut(const sl_judge_t *self, sl_legacy_t whole, sl_legacy_t *out, sl_err_t *err)
{
  return cut(self, self->field, whole, out, err);
}

static bool add_filled(sl_buf_t *out, const sl_codec_t *c, sl_str_t text, uint32_t len)
{
  size_t width = sl_part_width(c, text);
  if (width > len) return false;
  sl_buf_adds(out, text);
  for (; width < len; width++) sl_buf_addc(out, ' ');
  return true;
}

bool sl_unit_around(sl_judge_t *self, sl_legacy_t *piece)
{
  const sl_field_t *carrier = self->unit->carrier;
  const sl_derive_t *d = carrier->derive;
  if (piece->state < SL_L_TEXT) return false; /* a part is always there, if its record is */
  sl_buf_t buf;
  sl_buf_init(&buf, 0);
  bool fits = true;
  for (size_t i = 0; i < d->n_parts && fits; i++) {
    const sl_part_t *p = &d->parts[i];
    sl_legacy_t v = {SL_L_TEXT, p->text};
    if (p->field == self->field)
      v = *piece;
    else if (p->field && sl_codec_write_text(p->field->codec, self->unit->good[i].text,
                                             self->scratch, &v, NULL))
      fits = false;
    fits = fits && add_filled(&buf, carrier->codec, v.text, p->len);
  }
  sl_str_t text = fits ? sl_arena_str(self->scratch, sl_buf_str(&buf)) : sl_str("");
  sl_buf_fini(&buf);
  *piece = (sl_legacy_t){SL_L_TEXT, text};
  return fits && text.p;
}

bool sl_unit_whole(const sl_whole_t *unit, const sl_field_t *but)
{
  const sl_derive_t *d = unit->carrier->derive;
  for (size_t i = 0; i < d->n_parts; i++)
    if (d->parts[i].field && d->parts[i].field != but && !unit->good[i].text.p) return false;
  return true;
}

/* --- the record's own line ----------------------------------------------------------------------
 */

enum { MAX_PARTS = 256 };

/* All parts at once. */
typedef struct whole {
  sl_judge_t *judge;
  sl_jtext_t v[MAX_PARTS];
  size_t n;
} whole_t;

static const sl_field_t *part_at(const whole_t *w, size_t i)
{
  return w->judge->unit->carrier->derive->parts[i].field;
}

static sl_code_t write_all(whole_t *w, sl_legacy_t *out, sl_err_t *err)
{
  sl_judge_t *j = w->judge;
  const sl_field_t *carrier = j->unit->carrier;
  sl_record_t *record = sl_record_new(j->unit->frame, j->scratch);
  if (!record) return sl_err_set(err, SL_TOO_LARGE, "the record is too large");
  for (size_t i = 0; i < w->n; i++)
    if (part_at(w, i)) put_slot(record, part_at(w, i), w->v[i]);
  sl_code_t code = sl_derive_write(carrier, record, j->scratch, out, err);
  if (code) return code;
  if (out->state == SL_L_NIL && !carrier->nillable)
    return sl_err_set(err, SL_INVALID, "null has no spelling in the legacy system");
  if (out->state == SL_L_MISSING && carrier->required)
    return sl_err_set(err, SL_INVALID, "the legacy system demands a value");
  if (out->state == SL_L_MISSING && j->codec->medium == SL_MEDIUM_SQL) out->state = SL_L_NIL;
  if (out->state > SL_L_TEXT) out->state = SL_L_TEXT;
  return SL_OK;
}

static sl_code_t read_all(whole_t *w, sl_legacy_t legacy, sl_jtext_t *v, sl_err_t *err)
{
  sl_judge_t *j = w->judge;
  for (size_t i = 0; i < w->n; i++) {
    const sl_field_t *f = part_at(w, i);
    sl_legacy_t piece;
    sl_read_t result;
    if (!f) continue;
    sl_buf_clear(&j->out);
    sl_code_t code = cut(j, f, legacy, &piece, err);
    if (!code) code = sl_codec_read_text(f->codec, piece, &j->out, &result, err);
    if (code) return code;
    sl_str_t text = sl_arena_str(j->scratch, sl_buf_str(&j->out));
    v[i] = (sl_jtext_t){result == SL_READ_ABSENT ? SL_J_ABSENT : SL_J_NULL, {"", 0}};
    if (result != SL_READ_VALUE) continue;
    sl_buf_clear(&j->out);
    if ((code = sl_codec_read(f->codec, piece, &j->out, &result, err))) return code;
    char first = j->out.len ? j->out.p[0] : '"';
    v[i].state = first == '"'   ? SL_J_STRING
                 : first == 't' ? SL_J_TRUE
                 : first == 'f' ? SL_J_FALSE
                                : SL_J_NUMBER;
    v[i].text = text;
  }
  return SL_OK;
}

/* The words that give away what differs, in *words_p; false: none do. */
static bool given_away(const whole_t *w, const sl_jtext_t *was, const sl_jtext_t *is,
                       unsigned *words_p)
{
  for (size_t i = 0; i < w->n; i++) {
    const sl_field_t *f = part_at(w, i);
    if (!f || sl_equal_json(was[i], is[i])) continue;
    unsigned given = f->codec->modulo | w->judge->declared;
    if (!sl_domain_given(w->judge)) given |= SL_MODULO_NULL;
    if (f->preset) given |= SL_MODULO_DEFAULT;
    unsigned words = sl_json_difference(f->codec, was[i], is[i]);
    if (!words || (words & given) != words) return false;
    *words_p |= words;
  }
  return true;
}

/* May a consumer send it? Each part is held to what the schema says of it. */
static bool may_be_sent(whole_t *w)
{
  for (size_t i = 0; i < w->n; i++) {
    const sl_field_t *f = part_at(w, i);
    if (!f || !f->json[0]) continue;
    sl_line_t line = *w->judge->line;
    line.field = f;
    line.json = f->json;
    sl_judge_t j = *w->judge;
    j.domain = sl_canonical_line(j.mapping, j.shape, &line);
    j.relaxed = NULL;
    if (sl_in_domain(&j, w->v[i]) != SL_MEMBER_YES) return false;
  }
  return true;
}

static const char *shown(const whole_t *w, const sl_jtext_t *v)
{
  const char *text = "";
  for (size_t i = 0; i < w->n; i++) {
    sl_judge_t j = *w->judge;
    j.field = part_at(w, i);
    if (!j.field || v[i].state == SL_J_ABSENT) continue;
    j.text_end = !j.field->json[0];
    text = sl_arena_printf(j.keep, "%s%s%s", text, *text ? ", " : "", sl_show_json(&j, v[i]));
    if (!text) return "";
  }
  return *text ? text : "{}";
}

static void put_whole(whole_t *w, sl_jstate_t state)
{
  sl_judge_t *j = w->judge;
  sl_law_t *law = &j->putget;
  sl_jtext_t is[MAX_PARTS];
  sl_legacy_t via;
  sl_err_t err;
  unsigned words = 0;
  if (!j->put || law->verdict == SL_LAW_REFUTED) return;
  sl_arena_reset(j->scratch);
  law->n++;
  for (size_t i = 0; i < w->n; i++)
    w->v[i] = state == SL_J_STRING ? j->unit->good[i] : (sl_jtext_t){state, {"", 0}};
  if (!may_be_sent(w)) return;
  bool refused = write_all(w, &via, &err) != SL_OK;
  if (refused && !sl_domain_given(j)) return;
  bool unread = !refused && read_all(w, via, is, &err);
  if (!refused && !unread && given_away(w, w->v, is, &words)) {
    law->modulo |= words;
    return;
  }
  law->verdict = SL_LAW_REFUTED;
  law->refused = refused || unread;
  law->from = shown(w, w->v);
  law->via = refused ? NULL : sl_show_legacy(j, via);
  law->to = law->refused ? sl_arena_strdup(j->keep, err.text) : shown(w, is);
  law->fix = sl_show_fix(j, true, SL_MODULO_NULL);
}

static bool blanks_apart(sl_str_t a, sl_str_t b)
{
  while (a.len && a.p[a.len - 1] == ' ') a.len--;
  while (b.len && b.p[b.len - 1] == ' ') b.len--;
  return sl_str_eq(a, b);
}

static void get_whole(whole_t *w, sl_lstate_t state, sl_str_t text)
{
  sl_judge_t *j = w->judge;
  sl_law_t *law = &j->getput;
  sl_legacy_t was = {state, text}, is;
  sl_jtext_t again[MAX_PARTS];
  sl_err_t err;
  unsigned words = 0;
  if (!j->get || law->verdict == SL_LAW_REFUTED) return;
  law->n++;
  if (read_all(w, was, w->v, &err) || !may_be_sent(w)) return;
  bool refused = write_all(w, &is, &err) != SL_OK;
  if (!refused && was.state == is.state && (state != SL_L_TEXT || sl_str_eq(was.text, is.text)))
    return;
  sl_member_t member = sl_in_contract(j, was);
  if (member == SL_MEMBER_NO) return;
  if (!refused && !read_all(w, is, again, &err) && given_away(w, w->v, again, &words)) {
    bool filled =
        state == SL_L_TEXT && is.state == state && text.len && blanks_apart(text, is.text);
    law->modulo |= words | (filled ? 0 : SL_MODULO_ALIAS); /* the width fills it up */
    return;
  }
  if (member == SL_MEMBER_MAYBE) {
    j->get_doubts++;
    return;
  }
  law->verdict = SL_LAW_REFUTED;
  law->refused = refused;
  law->from = sl_show_legacy(j, was);
  law->via = shown(w, w->v);
  law->to = refused ? sl_arena_strdup(j->keep, err.text) : sl_show_legacy(j, is);
  law->fix = sl_show_fix(j, false, SL_MODULO_NULL);
}

static bool has_ignored(const sl_derive_t *d)
{
  for (size_t i = 0; i < d->n_parts; i++)
    if (d->parts[i].ignored) return true;
  return false;
}

void sl_unit_states(sl_judge_t *self)
{
  whole_t w = {.judge = self, .n = self->unit->carrier->derive->n_parts};
  sl_legacy_t good;
  sl_err_t err;
  if (w.n > MAX_PARTS) return;
  put_whole(&w, SL_J_NULL);
  put_whole(&w, SL_J_ABSENT);
  if (sl_unit_whole(self->unit, NULL)) put_whole(&w, SL_J_STRING);
  sl_arena_reset(self->scratch);
  get_whole(&w, SL_L_NIL, sl_str(""));
  if (self->codec->medium != SL_MEDIUM_SQL) get_whole(&w, SL_L_MISSING, sl_str(""));
  get_whole(&w, SL_L_TEXT, sl_str(""));
  get_whole(&w, SL_L_TEXT, sl_str(" "));
  memcpy(w.v, self->unit->good, w.n * sizeof *w.v);
  if (!sl_unit_whole(self->unit, NULL) || write_all(&w, &good, &err) || good.state != SL_L_TEXT)
    return;
  sl_str_t text = good.text;
  get_whole(&w, SL_L_TEXT, text);
  if (self->get && self->getput.verdict != SL_LAW_REFUTED &&
      has_ignored(self->unit->carrier->derive))
    self->getput.modulo |= SL_MODULO_IGNORED; /* the user says that it means nothing */
  while (text.len && text.p[text.len - 1] == ' ') text.len--;
  get_whole(&w, SL_L_TEXT, text);
  const char *longer = sl_arena_printf(self->scratch, "%.*s  ", SL_STR_ARG(good.text));
  if (longer) get_whole(&w, SL_L_TEXT, sl_str(longer));
}
