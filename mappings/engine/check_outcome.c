/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "mappings/engine/check.h"

/* --- can the code come?
 * ------------------------------------------------------------------------------------ */

static bool digits_only(const char *text, size_t len)
{
  for (size_t i = 0; i < len; i++)
    if (!isdigit((unsigned char)text[i])) return false;
  return len > 0;
}

/* What #rows, #status and #sqlstate (ISO 9075-2 §24.1: five letters or digits) look like. */
static const char *not_of_source(sl_source_t source, const sl_when_t *when)
{
  const char *is = when->is;
  size_t len = when->is_len;
  bool whole = !when->prefix;
  switch (source) {
  case SL_FROM_ROWS:
    return digits_only(is, len) && (len == 1 || is[0] != '0') ? NULL : "a number of rows";
  case SL_FROM_STATUS:
    return digits_only(is, len) && is[0] >= '1' && is[0] <= '5' && (whole ? len == 3 : len < 3)
               ? NULL
               : "an HTTP status: 404, or 4*";
  case SL_FROM_SQLSTATE:
    for (size_t i = 0; i < len; i++)
      if (!isdigit((unsigned char)is[i]) && !(is[i] >= 'A' && is[i] <= 'Z')) len = 0;
    return len && (whole ? len == 5 : len < 5) ? NULL : "an SQLSTATE: 40001, or 23*";
  default: return NULL;
  }
}

static bool comes(const sl_field_t *field, const char *is, char why[SL_WHY])
{
  if (!field) return true;
  if (field->xtype) return sl_xtype_accepts(field->xtype, is, 0, why);
  if (field->column) return sl_column_accepts(field->column, is, why);
  if (!field->schema) return true;
  sl_json_kind_t kind =
      sl_json_is_number(sl_str(is)) && !(sl_jschema_types(field->schema) & SL_JT_STRING)
          ? SL_JSON_NUMBER
      : (!strcmp(is, "true") || !strcmp(is, "false")) &&
              !(sl_jschema_types(field->schema) & SL_JT_STRING)
          ? (*is == 't' ? SL_JSON_TRUE : SL_JSON_FALSE)
          : SL_JSON_STRING;
  return sl_jschema_accepts(field->schema, kind, sl_str(is), why) != SL_JS_NO;
}

/* Does what `first` takes include all that `when` does? */
static bool covers(const sl_when_t *first, const sl_when_t *when)
{
  if (!first->is) return true;
  if (!when->is) return false;
  if (!first->prefix && when->prefix) return false;
  if (first->prefix ? when->is_len < first->is_len : when->is_len != first->is_len) return false;
  return !strncmp(first->is, when->is, first->is_len);
}

/* The rows before v[i] leave it nothing. */
static void check_reached(sl_build_t *b, const sl_when_t *v, size_t i, const sl_xel_t *el)
{
  const sl_xat_t *is = sl_xel_at(el, "is");
  for (size_t k = 0; k < i; k++) {
    bool told = !v[k].is && !sl_xel_is(el, "fault"); /* a <when> without is= */
    if (told || !covers(&v[k], &v[i])) continue;
    sl_b_error(b, "R322", is ? is->value_line : el->line, is ? is->value_col : el->col,
               "remove it, or put it before the one that takes all",
               v[k].is ? "\"%s%s\" is decided above already: this is never reached"
                       : "all faults are decided above already: this is never reached",
               v[k].is, v[k].prefix ? "*" : "");
    return;
  }
}

void sl_check_outcome(sl_build_t *b, const sl_outcome_t *outcome, const sl_xel_t *el)
{
  static const char *const names[] = {[SL_FROM_FIELD] = "",
                                      [SL_FROM_STATUS] = "#status",
                                      [SL_FROM_ROWS] = "#rows",
                                      [SL_FROM_SQLSTATE] = "#sqlstate"};
  char why[SL_WHY] = "";
  const char *legacy = sl_xel_get(el, "legacy", "");
  size_t i = 0;
  for (const sl_xel_t *o = el->parent ? el->parent->first : el; o && o != el; o = o->next)
    if (sl_xel_is(o, "outcome") && !strcmp(sl_xel_get(o, "legacy", ""), legacy))
      sl_b_error(b, "R322", el->line, el->col, "put its rows into the first one",
                 "%s is judged above already (%s)", legacy, sl_b_where(b, o->line, el->line));
  for (const sl_xel_t *w = el->first; (w = sl_xel_find(w, "when")); w = w->next, i++) {
    const sl_when_t *when = &outcome->whens[i];
    const sl_xat_t *is = sl_xel_at(w, "is");
    if (!is || !when->is) continue;
    if (legacy[0] == '#' && strcmp(legacy, names[outcome->source])) continue; /* R316: a guess */
    const char *kind = not_of_source(outcome->source, when);
    if (kind)
      sl_b_error(b, "R323", is->value_line, is->value_col, NULL, "\"%s\" is not %s", is->value,
                 kind);
    else if (!when->prefix && !comes(outcome->field, when->is, why))
      sl_b_warn(b, "W203", is->value_line, is->value_col, "correct the code, or remove the row",
                "%s is never \"%s\" by the contract: it %s", legacy, is->value, why);
    if (!kind) check_reached(b, outcome->whens, i, w);
  }
}

/* --- faults
 * ------------------------------------------------------------------------------------------------
 */

/* SOAP 1.1 §4.4.1 (a dot makes it finer), 1.2 part 1 §5.4.6. */
static bool is_fault_code(const char *is)
{
  static const char *const codes[] = {
      "Client",          "Server", "Sender", "Receiver", "MustUnderstand", "DataEncodingUnknown",
      "VersionMismatch", NULL};
  for (const char *const *c = codes; *c; c++)
    if (!strncmp(is, *c, strlen(*c)) && (!is[strlen(*c)] || is[strlen(*c)] == '.')) return true;
  return false;
}

static bool declared(const sl_wsdl_op_t *op, const sl_when_t *when, const char **words, size_t *n)
{
  for (size_t i = 0; i < op->n_faults; i++) {
    const sl_wsdl_fault_t *f = &op->faults[i];
    sl_when_t all = *when;
    if (!strncmp(f->name, all.is, all.is_len) && (all.prefix || !f->name[all.is_len])) return true;
    if (f->elem && !strncmp(f->elem->name, all.is, all.is_len) &&
        (all.prefix || !f->elem->name[all.is_len]))
      return true;
    if (*n < 64) words[(*n)++] = f->name;
  }
  return false;
}

void sl_check_faults(sl_build_t *b, const sl_op_t *op, const sl_xel_t *el)
{
  size_t i = 0;
  for (const sl_xel_t *f = el->first; (f = sl_xel_find(f, "fault")); f = f->next, i++) {
    const sl_xat_t *is = sl_xel_at(f, "is");
    const char *words[64];
    size_t n = 0;
    check_reached(b, op->faults, i, f);
    if (!is || !op->wsdl || !op->wsdl->n_faults || is_fault_code(is->value) ||
        declared(op->wsdl, &op->faults[i], words, &n))
      continue;
    sl_b_warn(b, "W204", is->value_line, is->value_col, sl_b_advice(b, is->value, words, n),
              "the contract declares no fault %s", is->value);
  }
}
