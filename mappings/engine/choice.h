/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * choice: which case a record is of, and what of its frame is there in that case.
 *
 * A reader settles a choice as soon as it can: an xsi:type at its start tag, the element or the
 * member that only one case has when it comes. JSON may name the kind behind the members that
 * depend on it: then the reader looks ahead, once for each choice of a record, so that the work
 * stays within the body's length times what the mapping nests. What a code decides (an element, a
 * column) is settled once the record is whole.
 *
 * Data of a case that the record is not of is never passed over: SL_GARBAGE from the legacy
 * system, SL_INVALID from the consumer. Nothing here blocks or takes memory from a heap.
 */
#ifndef SL_ENGINE_CHOICE_H
#define SL_ENGINE_CHOICE_H

#include "core/err.h"
#include "mappings/engine/plan.h"

static inline bool sl_only_holds(const sl_only_t *only, const sl_record_t *record)
{
  if (!only->choice) return true;
  uint32_t at = record->slots[only->choice->sel].len;
  return at && (only->cases >> (at - 1) & 1);
}

/* Of those that share a place, the one that is there in this record; NULL: none. */
static inline const sl_field_t *sl_field_in(const sl_field_t *field, const sl_record_t *record)
{
  while (field && !sl_only_holds(&field->only, record)) field = field->other;
  return field;
}

/* The same for writing: NULL, too, where a constant of the case stands in the place. */
static inline const sl_field_t *sl_field_out(const sl_field_t *field, const sl_record_t *record)
{
  const sl_field_t *in = sl_field_in(field, record);
  return in && in->codec ? in : NULL;
}

static inline const sl_const_t *sl_const_in(const sl_const_t *c, const sl_record_t *record)
{
  while (c && !sl_only_holds(&c->only, record)) c = c->other;
  return c;
}

/* Is anything written to the place that these share? */
static inline bool sl_fields_write(const sl_field_t *field)
{
  while (field && field->access == SL_READ_ONLY) field = field->other;
  return field != NULL;
}

/* The case, -1 while none is known. */
static inline int sl_choice_case(const sl_choice_t *choice, const sl_record_t *record)
{
  return (int)record->slots[choice->sel].len - 1;
}

/* The record is of case i. With `kind`, the kind's slot says so, too: in legacy spelling, or in
 * JSON. */
typedef enum sl_kind_as { SL_KIND_UNSAID, SL_KIND_LEGACY, SL_KIND_JSON } sl_kind_as_t;
void sl_choice_set(const sl_choice_t *choice, sl_record_t *record, unsigned i, sl_kind_as_t kind);

/* The case whose literal text is (of the legacy side: also with blanks behind it); -1: none. */
int sl_choice_find(const sl_choice_t *choice, sl_str_t text, bool legacy);
/* "phone, email": the JSON words of the cases, for messages; cut to size. */
const char *sl_choice_words(const sl_choice_t *choice, char *out, size_t size);

/* Looks for the kind in the JSON object that text begins with: the member that steps lead to. -1:
 * it is not there, or the text is broken (the reader will say so); -2: it is no kind. */
enum { SL_CHOICE_NONE = -1, SL_CHOICE_UNKNOWN = -2 };
int sl_choice_look(const sl_choice_t *choice, sl_str_t text, bool legacy);

/* A record in legacy spelling is whole: settles what codes decide, and refuses a record of no
 * kind, of an unknown one, or with values of another one than its own (SL_GARBAGE). Blank text is
 * no value here: flat records are full of it. */
sl_code_t sl_choices_read(const sl_record_t *record, sl_err_t *err);
/* A member of these cases was written, which tells the kind where no member names it. */
void sl_choice_show(const sl_only_t *only, const sl_record_t *record);
/* The record was written: SL_GARBAGE when members had to tell its kind, and none was there. */
sl_code_t sl_choices_shown(const sl_record_t *record, sl_err_t *err);

#endif
