/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/laws/judge.h"

#include <string.h>
#include "core/json.h"

/* --- through the codec --------------------------------------------------------------------------
 */

/* What the medium makes of it between a write and a read: a row has all its columns. */
static sl_legacy_t settled(const sl_judge_t *self, sl_legacy_t legacy)
{
  if (self->codec->medium == SL_MEDIUM_SQL && legacy.state == SL_L_MISSING) legacy.state = SL_L_NIL;
  if (legacy.state > SL_L_TEXT) legacy.state = SL_L_TEXT; /* readers find these by looking */
  if (legacy.state != SL_L_TEXT) legacy.text = sl_strn("", 0);
  return legacy;
}

/* As field.c and the writers do, with what the contract demands. */
static sl_code_t put(const sl_judge_t *self, const sl_codec_t *codec, sl_jtext_t json,
                     sl_legacy_t *out, sl_err_t *err)
{
  const sl_field_t *f = self->unit ? self->unit->carrier : self->field;
  sl_code_t code = self->unit ? sl_unit_put(self, codec, json, out, err)
                   : self->text_end
                       ? sl_codec_write_text(codec, json.text, self->scratch, out, err)
                       : sl_codec_write(codec, json.state, json.text, self->scratch, out, err);
  if (!code && json.state == SL_J_ABSENT && f->preset) *out = *f->preset;
  if (code) return code;
  if (out->state == SL_L_EMPTY) out->text = sl_strn("", 0);
  if (out->state == SL_L_NIL && !f->nillable)
    return sl_err_set(err, SL_INVALID, "null has no spelling in the legacy system");
  if (out->state == SL_L_MISSING && f->required)
    return sl_err_set(err, SL_INVALID, "the legacy system demands a value");
  *out = settled(self, *out);
  return SL_OK;
}

/* An argument is text, and means a number where its type is one: 1.0 is 1. */
static sl_jstate_t argument_kind(const sl_codec_t *codec)
{
  sl_codec_kind_t kind = sl_codec_kind(codec);
  return kind == SL_CODEC_INTEGER || kind == SL_CODEC_FLOAT ? SL_J_NUMBER : SL_J_STRING;
}

/* Legacy → JSON; its text in scratch. */
static sl_code_t get(sl_judge_t *self, const sl_codec_t *codec, sl_legacy_t legacy, sl_jtext_t *out,
                     sl_err_t *err)
{
  sl_read_t result;
  sl_buf_clear(&self->out);
  sl_code_t code = self->unit ? sl_unit_cut(self, legacy, &legacy, err) : SL_OK;
  if (!code) code = sl_codec_read_text(codec, legacy, &self->out, &result, err);
  if (code) return code;
  sl_str_t text = sl_arena_str(self->scratch, sl_buf_str(&self->out));
  if (result == SL_READ_NULL) return *out = (sl_jtext_t){SL_J_NULL, {"", 0}}, SL_OK;
  if (result == SL_READ_ABSENT) return *out = (sl_jtext_t){SL_J_ABSENT, {"", 0}}, SL_OK;
  if (self->text_end) return *out = (sl_jtext_t){argument_kind(codec), text}, SL_OK;
  sl_buf_clear(&self->out);
  code = sl_codec_read(codec, legacy, &self->out, &result, err);
  if (code) return code;
  char first = self->out.len ? self->out.p[0] : '"';
  out->state = first == '"'   ? SL_J_STRING
               : first == 't' ? SL_J_TRUE
               : first == 'f' ? SL_J_FALSE
                              : SL_J_NUMBER;
  out->text = text;
  return SL_OK;
}

/* --- verdicts -----------------------------------------------------------------------------------
 */

static void give_away(sl_law_t *law, unsigned words)
{
  law->modulo |= words;
}

static void refute(sl_law_t *law, const char *from, const char *via, const char *to, bool refused,
                   unsigned words)
{
  law->verdict = SL_LAW_REFUTED;
  law->from = from;
  law->via = via;
  law->to = to;
  law->refused = refused;
  law->modulo = words;
}

static const char *refusal(sl_judge_t *self, const sl_err_t *err)
{
  return sl_arena_strdup(self->keep, err->text);
}

/* The loss is there, unless the value cannot come. */
static bool certain(sl_member_t member, size_t *doubts_p)
{
  if (member == SL_MEMBER_MAYBE) ++*doubts_p;
  return member == SL_MEMBER_YES;
}

/* Differences that the type declares by itself, where no schema asks for more: its zone decides
 * the offset, its pattern the fraction's zeros, its null states what null and absent have in
 * common. */
enum { BY_TYPE = SL_MODULO_NULL | SL_MODULO_ZONE | SL_MODULO_FRACTION };

static void changed(sl_judge_t *self, sl_jtext_t was, sl_legacy_t via, sl_jtext_t is)
{
  unsigned words = sl_json_difference(self->codec, was, is);
  unsigned given = self->declared | (sl_domain_given(self) ? 0 : BY_TYPE);
  if (self->field->preset) given |= SL_MODULO_DEFAULT; /* default= says so */
  if (words && (words & given) == words) {
    if (sl_in_domain(self, was) != SL_MEMBER_NO) give_away(&self->putget, words);
    return;
  }
  if (!certain(sl_in_domain(self, was), &self->put_doubts)) return;
  refute(&self->putget, sl_show_json(self, was), sl_show_legacy(self, via), sl_show_json(self, is),
         false, words);
  self->putget.fix = sl_show_fix(self, true, words);
  self->putget.show = sl_show_command(self, was);
}

/* A JSON number is its value: is that taken in its shortest spelling? */
static bool taken_shorter(sl_judge_t *self, sl_jtext_t was)
{
  sl_jtext_t is, shorter = was;
  sl_legacy_t via;
  sl_err_t err;
  if (was.state != SL_J_NUMBER || !memchr(was.text.p, '.', was.text.len)) return false;
  while (shorter.text.p[shorter.text.len - 1] == '0') shorter.text.len--;
  if (shorter.text.p[shorter.text.len - 1] == '.') shorter.text.len--;
  return shorter.text.len < was.text.len && sl_json_is_number(shorter.text) &&
         !put(self, self->codec, shorter, &via, &err) && !get(self, self->codec, via, &is, &err) &&
         sl_equal_json(was, is);
}

/* Refused by the codec though the schema allows it: with what would have become of it. */
static void held_back(sl_judge_t *self, sl_jtext_t was, const sl_err_t *why)
{
  sl_legacy_t via;
  sl_jtext_t is;
  sl_err_t err;
  if (!certain(sl_in_domain(self, was), &self->put_doubts) || taken_shorter(self, was)) return;
  /* Then its object is left out, or is of another kind: that is judged of whole records. */
  if (was.state == SL_J_ABSENT && self->field->required && self->domain.beside) return;
  const char *text = refusal(self, why);
  if (!put(self, &self->loose, was, &via, &err) && !get(self, &self->loose, via, &is, &err) &&
      !sl_equal_json(was, is)) {
    unsigned words = sl_json_difference(self->codec, was, is);
    refute(&self->putget, sl_show_json(self, was), sl_show_legacy(self, via),
           sl_show_json(self, is), false, words);
    self->putget.fix = sl_show_fix(self, true, words);
  } else {
    refute(&self->putget, sl_show_json(self, was), NULL, text, true, 0);
    self->putget.fix = sl_show_fix(self, true, 0);
  }
  self->putget.show = sl_show_command(self, was);
}

/* The first value that goes through: records are made of them (shape_laws.c). */
static void remember(sl_judge_t *self, sl_jtext_t value)
{
  size_t open = self->open;
  if (self->good.text.p || value.state == SL_J_NULL || value.state == SL_J_ABSENT) return;
  if (value.state == SL_J_STRING && (!value.text.len || value.text.p[0] == ' ')) return;
  if (sl_in_domain(self, value) == SL_MEMBER_YES)
    self->good = (sl_jtext_t){value.state, sl_arena_str(self->keep, value.text)};
  self->open = open;
}

void sl_judge_json(sl_judge_t *self, sl_jstate_t state, sl_str_t text)
{
  sl_jtext_t was = {state, text}, is;
  sl_legacy_t via;
  sl_err_t err;
  if (self->visit) return self->visit(self->context, state, text);
  if (!self->put || self->putget.verdict == SL_LAW_REFUTED) return;
  if (self->text_end && state != SL_J_STRING) return;
  /* May one be left out while others are there? Only the schema of the whole knows: shape_laws.c.
   */
  if (self->unit && state == SL_J_ABSENT && sl_domain_given(self)) return;
  if (self->text_end) was.state = argument_kind(self->codec);
  sl_arena_reset(self->scratch);
  self->putget.n++;
  if (put(self, self->codec, was, &via, &err)) {
    if (sl_domain_given(self)) held_back(self, was, &err);
    return;
  }
  if (get(self, self->codec, via, &is, &err)) { /* a codec that cannot read itself */
    if (certain(sl_in_domain(self, was), &self->put_doubts))
      refute(&self->putget, sl_show_json(self, was), sl_show_legacy(self, via), refusal(self, &err),
             true, 0);
    return;
  }
  if (!sl_equal_json(was, is))
    changed(self, was, via, is);
  else
    remember(self, was);
}

/* What became of it. It is another spelling only if it is read as the same JSON. */
static unsigned became(sl_judge_t *self, sl_legacy_t was, sl_jtext_t json, sl_legacy_t is,
                       unsigned *given_p, bool *same_p)
{
  sl_jtext_t again;
  sl_err_t err;
  if (get(self, self->codec, is, &again, &err)) return 0;
  if (self->unit && (sl_unit_cut(self, was, &was, &err) || sl_unit_cut(self, is, &is, &err)))
    return 0;
  if (sl_equal_json(json, again)) {
    *same_p = sl_equal_legacy(self, was, is);
    *given_p |= SL_MODULO_ALIAS | SL_MODULO_SPELLING;
    if (json.state == SL_J_ABSENT && self->field->preset) return SL_MODULO_ALIAS;
    return sl_legacy_difference(self, was, is, json);
  }
  if (json.state == SL_J_ABSENT && self->field->preset) *given_p |= SL_MODULO_DEFAULT;
  if (!sl_domain_given(self)) *given_p |= BY_TYPE;
  return sl_json_difference(self->codec, json, again);
}

/* What the schema does not allow, no consumer sends back. */
static bool can_be_sent(sl_judge_t *self, sl_jtext_t json)
{
  size_t open = self->open;
  bool can = sl_in_domain(self, json) != SL_MEMBER_NO;
  self->open = open;
  return can;
}

/* Written back as something else, or refused: then it is as if a code had become another. */
static void not_kept(sl_judge_t *self, sl_legacy_t was, sl_jtext_t json, const sl_legacy_t *is,
                     const sl_err_t *why)
{
  unsigned given = self->declared, words = 0;
  bool same = false;
  if (is)
    words = became(self, was, json, *is, &given, &same);
  else if (sl_codec_kind(self->codec) == SL_CODEC_CODE)
    words = SL_MODULO_CODES;
  if (same || !can_be_sent(self, json)) return;
  if (words && (words & given) == words) {
    if (sl_in_contract(self, was) != SL_MEMBER_NO) give_away(&self->getput, words);
    return;
  }
  if (!certain(sl_in_contract(self, was), &self->get_doubts)) return;
  self->lost = (sl_legacy_t){was.state, sl_arena_str(self->keep, was.text)};
  refute(&self->getput, sl_show_legacy(self, was), sl_show_json(self, json),
         is ? sl_show_legacy(self, *is) : refusal(self, why), !is, words);
  self->getput.fix = sl_show_fix(self, false, words);
  if (!is && was.state == SL_L_TEXT && !was.text.len)
    self->getput.fix =
        "read-null=\"empty\" or read-absent=\"empty\", if it means nothing | base= on "
        "the operations that write";
  sl_legacy_t own = is ? *is : was;
  sl_err_t err;
  if (is && self->unit && sl_unit_cut(self, *is, &own, &err)) return;
  if (!words && is && own.state == SL_L_TEXT && sl_is_sentinel(self->codec, own.text))
    self->getput.fix =
        "access=\"read-only\" on the sentinel's row | another json= in it | base= on "
        "the operations that write";
}

static bool is_listed(const sl_codec_t *c, sl_str_t text)
{
  for (size_t i = 0; i < c->n_sentinels; i++)
    if (sl_str_eq(c->sentinels[i].legacy, text)) return true;
  return false;
}

void sl_judge_legacy(sl_judge_t *self, sl_lstate_t state, sl_str_t text)
{
  sl_legacy_t was = {state, text}, is;
  sl_jtext_t json;
  sl_err_t err;
  if (self->visit) return;
  if (!self->get || self->getput.verdict == SL_LAW_REFUTED) return;
  sl_arena_reset(self->scratch);
  was = settled(self, was);
  if (self->unit && !sl_unit_around(self, &was)) return;
  self->getput.n++;
  if (get(self, self->codec, was, &json, &err)) return;
  size_t have = strlen(self->read);
  if (json.state >= SL_J_STRING && was.state == SL_L_TEXT && text.len > 1 &&
      text.len < (have ? have : sizeof self->read) && !is_listed(self->codec, sl_trim(text)) &&
      can_be_sent(self, json)) { /* the shorter, the more room around it */
    memcpy(self->read, text.p, text.len);
    self->read[text.len] = 0;
  }
  if (put(self, self->codec, json, &is, &err))
    not_kept(self, was, json, NULL, &err);
  else if (was.state != is.state || (was.state == SL_L_TEXT && !sl_str_eq(was.text, is.text)))
    not_kept(self, was, json, &is, NULL);
}

void sl_judge_values(const sl_mapping_t *mapping, const sl_line_t *line, const char *shape,
                     sl_arena_t *keep, sl_judge_visit_t *visit, void *context)
{
  sl_judge_t j = {.visit = visit,
                  .context = context,
                  .mapping = mapping,
                  .line = line,
                  .shape = shape,
                  .field = line->field,
                  .codec = line->field->codec,
                  .loose = *line->field->codec,
                  .put = true,
                  .domain = sl_canonical_line(mapping, shape, line),
                  .scratch = keep,
                  .keep = keep};
  sl_buf_init(&j.out, 0);
  sl_buf_init(&j.want, 0);
  sl_cases(&j);
  sl_buf_fini(&j.out);
  sl_buf_fini(&j.want);
}
