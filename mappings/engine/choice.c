/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mappings/engine/choice.h"

#include <stdio.h>
#include "core/json.h"

void sl_choice_set(const sl_choice_t *choice, sl_record_t *record, unsigned i, sl_kind_as_t kind)
{
  record->slots[choice->sel].len = i + 1;
  if (kind == SL_KIND_UNSAID) return;
  bool legacy = kind == SL_KIND_LEGACY;
  sl_str_t text = legacy ? choice->cases[i].legacy : choice->cases[i].json;
  record->slots[choice->kind->slot] =
      (sl_slot_t){.p = text.p,
                  .len = (uint32_t)text.len,
                  .state = legacy ? (uint8_t)SL_L_TEXT : (uint8_t)SL_J_STRING};
}

static int exactly(const sl_choice_t *choice, sl_str_t text, bool legacy)
{
  for (unsigned i = 0; i < choice->n_cases; i++)
    if (sl_str_eq(legacy ? choice->cases[i].legacy : choice->cases[i].json, text)) return (int)i;
  return SL_CHOICE_NONE;
}

int sl_choice_find(const sl_choice_t *choice, sl_str_t text, bool legacy)
{
  int i = exactly(choice, text, legacy);
  if (i >= 0 || !legacy || !text.len || text.p[text.len - 1] != ' ') return i;
  while (text.len && text.p[text.len - 1] == ' ') text.len--;
  return text.len ? exactly(choice, text, legacy) : SL_CHOICE_NONE;
}

const char *sl_choice_words(const sl_choice_t *choice, char *out, size_t size)
{
  size_t at = 0;
  out[0] = '\0';
  for (unsigned i = 0; i < choice->n_cases && at < size; i++)
    at += (size_t)snprintf(out + at, size - at, "%s%.*s", i ? ", " : "",
                           SL_STR_ARG(choice->cases[i].json));
  return out;
}

/* --- looking ahead
 * ------------------------------------------------------------------------------------ */

static bool scalar(const sl_json_token_t *tok)
{
  return tok->kind == SL_JSON_STRING || tok->kind == SL_JSON_NUMBER;
}

static int look(sl_json_t *json, const sl_choice_t *choice, const sl_str_t *steps, size_t n,
                bool legacy)
{
  sl_json_token_t tok;
  if (!n || sl_json_next(json, &tok) != SL_JSON_OBJECT) return SL_CHOICE_NONE;
  while (sl_json_next(json, &tok) == SL_JSON_KEY) {
    bool here = sl_str_eq(tok.text, *steps);
    if (sl_json_next(json, &tok) <= SL_JSON_END) break;
    if (here && n == 1) {
      int i = scalar(&tok) ? sl_choice_find(choice, tok.text, legacy) : SL_CHOICE_UNKNOWN;
      return i < 0 ? SL_CHOICE_UNKNOWN : i;
    }
    uint32_t depth = 1;
    if (here && tok.kind == SL_JSON_OBJECT)
      steps++, n--; /* its members come next; behind its end the search is over */
    else if (here)
      break;
    else if ((tok.kind == SL_JSON_OBJECT || tok.kind == SL_JSON_ARRAY) &&
             sl_json_skip(json, &depth) != SL_JSON_END)
      break;
  }
  return SL_CHOICE_NONE;
}

int sl_choice_look(const sl_choice_t *choice, sl_str_t text, bool legacy)
{
  sl_json_t json;
  sl_json_init(&json, NULL);
  sl_json_feed(&json, text.p, text.len, true);
  int i = legacy ? look(&json, choice, choice->legacy_steps, choice->n_legacy_steps, true)
                 : look(&json, choice, choice->steps, choice->n_steps, false);
  sl_json_fini(&json);
  return i;
}

/* --- a record of the legacy system
 * ------------------------------------------------------------------- */

static sl_code_t no_kind(const sl_choice_t *choice, sl_err_t *err)
{
  static const char *const what[] = {[SL_BY_CODE] = "the code that names it",
                                     [SL_BY_TYPE] = "its xsi:type",
                                     [SL_BY_ELEMENT] = "the element that tells it"};
  char words[160];
  return sl_err_field(err, SL_GARBAGE, choice->label,
                      "the record is of no kind: %s is missing (one of: %s)", what[choice->by],
                      sl_choice_words(choice, words, sizeof words));
}

static sl_code_t by_code(const sl_choice_t *choice, const sl_record_t *record, sl_err_t *err)
{
  const sl_slot_t *kind = &record->slots[choice->kind->slot];
  sl_slot_t *sel = &record->slots[choice->sel];
  sl_str_t text = {kind->p, kind->len};
  int i = kind->state == SL_L_TEXT ? sl_choice_find(choice, text, true) : SL_CHOICE_NONE;
  sel->len = (uint32_t)(i + 1);
  if (i >= 0 || sl_legacy_state(kind) != SL_L_TEXT) return SL_OK;
  return sl_err_field(err, SL_GARBAGE, choice->label, "the code \"%.*s\" is no kind of record",
                      (int)(text.len < 60 ? text.len : 60), text.p);
}

static bool shared(const sl_record_t *record, const sl_field_t *field)
{
  const sl_frame_t *f = record->frame;
  for (size_t i = 0; i < f->n_slots; i++)
    if (f->fields[i]->slot == field->slot && sl_only_holds(&f->fields[i]->only, record))
      return true;
  return false;
}

static sl_code_t stranger(const sl_record_t *record, const sl_only_t *only, const char *label,
                          sl_err_t *err)
{
  unsigned own = 0;
  while (!(only->cases >> own & 1)) own++;
  int is = sl_choice_case(only->choice, record);
  sl_str_t a = only->choice->cases[own].json,
           b = is >= 0 ? only->choice->cases[is].json : sl_str("(none)");
  return sl_err_field(err, SL_GARBAGE, label,
                      "belongs to kind \"%.*s\", and the record is of kind \"%.*s\"", SL_STR_ARG(a),
                      SL_STR_ARG(b));
}

/* Does a list say anything? Numbered places are always there: their values tell. */
static bool is_filled(const sl_list_t *list, const sl_items_t *items)
{
  if (sl_list_has_rows(list)) return items->n > 0;
  for (const sl_record_t *item = items->first; item; item = item->next) {
    for (size_t i = 0; i < item->frame->n_slots; i++)
      if (sl_legacy_state(&item->slots[i]) == SL_L_TEXT) return true;
    for (size_t i = 0; i < item->frame->n_lists; i++)
      if (is_filled(item->frame->lists[i], &item->lists[i])) return true;
  }
  return false;
}

/* What belongs to other kinds has to be empty. */
static sl_code_t strangers(const sl_record_t *record, sl_err_t *err)
{
  const sl_frame_t *f = record->frame;
  for (size_t i = 0; i < f->n_slots; i++) {
    const sl_field_t *field = f->fields[i];
    if (sl_only_holds(&field->only, record) ||
        sl_legacy_state(&record->slots[field->slot]) != SL_L_TEXT || shared(record, field))
      continue;
    return stranger(record, &field->only, field->legacy, err);
  }
  for (size_t i = 0; i < f->n_lists; i++)
    if (!sl_only_holds(&f->lists[i]->only, record) && is_filled(f->lists[i], &record->lists[i]))
      return stranger(record, &f->lists[i]->only, f->lists[i]->legacy, err);
  return SL_OK;
}

sl_code_t sl_choices_read(const sl_record_t *record, sl_err_t *err)
{
  const sl_frame_t *f = record->frame;
  for (size_t i = 0; i < f->n_choices; i++) {
    const sl_choice_t *c = f->choices[i];
    sl_code_t code = SL_OK;
    if (!sl_only_holds(&c->within, record) || c->access == SL_WRITE_ONLY) {
      record->slots[c->sel].len = 0;
      continue;
    }
    record->slots[c->sel].flags = 0;
    if (c->by == SL_BY_CODE) code = by_code(c, record, err);
    if (!code && !record->slots[c->sel].len && !c->optional) code = no_kind(c, err);
    if (code) return code;
  }
  return f->n_choices ? strangers(record, err) : SL_OK;
}

void sl_choice_show(const sl_only_t *only, const sl_record_t *record)
{
  for (; only->choice; only = &only->choice->within)
    record->slots[only->choice->sel].flags |= SL_SLOT_SHOWN;
}

sl_code_t sl_choices_shown(const sl_record_t *record, sl_err_t *err)
{
  for (size_t i = 0; i < record->frame->n_choices; i++) {
    const sl_choice_t *c = record->frame->choices[i];
    const sl_slot_t *sel = &record->slots[c->sel];
    if (c->told || !sel->len || sel->flags & SL_SLOT_SHOWN) continue;
    return sl_err_field(err, SL_GARBAGE, c->label,
                        "a record of kind \"%.*s\" without any value that would tell it",
                        SL_STR_ARG(c->cases[sel->len - 1].json));
  }
  return SL_OK;
}
